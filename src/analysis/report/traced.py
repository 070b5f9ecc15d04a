"""Where does each number of a page come from? Its words and line in the notice, or how it was made."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.language import _, write_range
from analysis.notices.tokens import Passage
from analysis.report.figures import Figure, Figures, Html
from analysis.report.layout import heading, join, reference, source_list, table
from analysis.scorecards.entities import SYNTHETIC
from analysis.scorecards.sources import Source


def notice(figures: Figures, sources: Mapping[str, Source], passages: Mapping[str, Passage]) -> Html:
    """Every published figure with its words and its line: where the numbers come from.

    The words open the sentence they stand in, where the notice is kept (`passages`: file and line → sentence).
    """
    printed = [item for item in figures.values() if item.where and item.kind in ("published", "entered", SYNTHETIC)]
    published = [item for item in printed if item.id != "ranked"]
    published = [item for item in published if not item.id.startswith(("past.", "indicator.", "card.", "units."))]
    others = [item for item in figures.values() if item not in published]
    units = {"points": _("points"), "percent": "%", "count": "", "rank": "", "days": _("days")}
    rows = [
        [item.label, item.plain, units[item.unit], _words(item.quote, passages.get(item.where)), reference(item.where)]
        for item in published
    ]
    made = [
        [
            reference(item.label),
            item.plain,
            _ends(item),
            units[item.unit],
            reference(item.rule),
            reference(" ".join(filter(None, (item.source, item.where, item.quote and f"“{item.quote}”")))),
        ]
        for item in others
    ]
    made_heads = [_("Figure"), _("Value"), _("Lies between"), _("Unit"), _("How it was made"), _("Source")]
    heads = [_("Figure"), _("Value"), _("Unit"), _("As printed"), _("File and line")]
    used = {item.source for item in published}
    return join(
        heading(_("Where do the numbers come from?")),
        table(_("Figures of the notice"), heads, rows, (2, 3, 4), [item.anchor for item in published]),
        Html('<details class="all"><summary>{}</summary>{}</details>').format(
            _("Every other number on this page: how it was made"),
            table(_("Other numbers of this page"), made_heads, made, (3, 4, 5), [item.anchor for item in others]),
        ),
        source_list({name: source for name, source in sources.items() if name in used}),
        Html("<p>{}</p>").format(
            _("figures.csv beside this page has every number on it, with its range, its rule and its source.")
        ),
    )


def _words(quote: str, passage: Passage | None) -> Html:
    """The words of a figure; a click opens their sentence."""
    short = Html('<q class="ref">{}</q>').format(quote)
    if passage is None:
        return short
    sentence = Html("<p>{}<mark>{}</mark>{}</p>").format(passage.before, passage.quote, passage.after)
    return Html('<details class="ref"><summary>{}</summary>{}</details>').format(short, sentence)


def _ends(item: Figure) -> Html:
    """The ends of what is known of a number, finer than it is printed; nothing where it is known exactly."""
    if item.low is None or item.high is None or item.low == item.high:
        return Html()
    return reference(write_range(item.low, item.high, item.decimals + 2))

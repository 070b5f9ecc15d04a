"""How do the results read on a page? Result frame → HTML. Knows no rubric.

Only figures and our own words reach the page, and everything is escaped on the way. The same HTML shows in JupyterLab.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.decisions.whatif import TOGETHER
from analysis.identification.identify import Identified
from analysis.language import _, nfc
from analysis.report import sentences
from analysis.report.figures import Figures, Html
from analysis.report.layout import heading, items, join, paragraph, source_list, source_words, table
from analysis.report.sentences import part_name
from analysis.scorecards.checks import check_name
from analysis.scorecards.entities import SYNTHETIC, synthetic_label
from analysis.scorecards.sources import Source

KIND_NAMES = {
    "published": lambda: _("Published figures"),
    "derived": lambda: _("Figures derived from a publication"),
    "entered": lambda: _("Figures entered by hand"),
    SYNTHETIC: synthetic_label,
}
WEAKEST_FIRST = (SYNTHETIC, "entered", "derived", "published")


def actions(figures: Figures, gained: pd.DataFrame, by_rule: pd.DataFrame, identified: Identified) -> Html:
    """What an improvement is worth, and why that is a range."""
    rows = []
    for row in gained.itertuples():
        lever = f"lever.{row.code}"
        rate = figures.get(f"indicator.{row.code}.rate")
        rows.append(
            [
                row.name,
                "" if row.code == TOGETHER else _("not printed") if rate is None else rate,
                "" if row.code == TOGETHER else figures[f"{lever}.target"],
                figures[f"{lever}.gain"],
                figures[f"{lever}.total"],
                figures[f"{lever}.remaining"],
            ]
        )
    heads = [_("Improvement"), _("Rate today, %"), _("Target, %"), _("Gain, points"), _("New total"), _("Still lost")]
    why = sentences.reasons(figures, by_rule)
    return join(
        heading(_("What is an improvement worth?")),
        items(sentences.improvement(figures, gained, identified)),
        table(_("Gain of each improvement over every rule that fits"), heads, rows),
        paragraph([sentences.caution(figures)], "note"),
        join(Html("<h3>{}</h3>").format(_("Why the gain is a range")), items(why)) if why else Html(),
    )


def groups(figures: Figures, by_group: pd.DataFrame) -> Html:
    """Points lost by group."""
    heads = [
        _("Group"),
        _("Score"),
        _("Maximum"),
        _("Lost"),
        _("Lost, within rounding"),
        _("Share of the loss, %"),
        _("Achieved, %"),
        _("Place by loss"),
    ]
    rows = []
    for row in by_group.itertuples():
        group = f"group.{row.code}"
        lost = figures[f"{group}.lost"]
        rows.append(
            [
                row.name,
                figures.get(f"{group}.score", _("not printed")),
                figures[f"{group}.max"],
                lost if lost.value is not None else "",
                figures[f"{group}.rounding"],
                figures[f"{group}.share"],
                figures.get(f"{group}.achieved", ""),
                figures.get(f"{group}.place", ""),
            ]
        )
    return join(
        heading(_("Where did the points go?")),
        table(_("Score, maximum and loss of each group, most lost first"), heads, rows),
        paragraph([sentences.say(_("Shares are of the published loss; rounded, they need not sum to 100 %."))], "note"),
    )


def disclosed(figures: Figures, ledger: pd.DataFrame) -> Html:
    """The loss by what the notice discloses of it."""
    rows = [
        [
            part_name(row.part),
            figures[f"ledger.{row.part}.indicators"],
            figures["lost"] if row.part == "total" else figures[f"ledger.{row.part}.lost"],
            figures[f"ledger.{row.part}.share"],
        ]
        for row in ledger.itertuples()
    ]
    note = _(
        "Under each rule that fits, the first three rows sum to everything lost exactly; the ranges are their lowest "
        "and highest values over all those rules, so their ends do not add up."
    )
    return join(
        heading(_("How much of the loss can be seen?")),
        table(
            _("Points lost by what the notice discloses"),
            [_("Part of the loss"), _("Indicators"), _("Points lost"), _("Share of the loss, %")],
            rows,
        ),
        paragraph([sentences.say(note)], "note"),
    )


def indicators(figures: Figures, by_indicator: pd.DataFrame, by_group: pd.DataFrame) -> Html:
    """Every scored indicator: its rate, where printed, and what it lost."""
    words = {"printed": _("printed"), "derivable": _("derivable"), "undisclosed": _("undisclosed")}
    groups_named = dict(zip(by_group["code"], by_group["name"], strict=True))
    rows = []
    for row in by_indicator.itertuples():
        indicator = f"indicator.{row.code}"
        rows.append(
            [
                row.name,
                groups_named.get(row.group, row.group),
                figures.get(f"{indicator}.rate", _("not printed")),
                figures[f"{indicator}.max"],
                figures[f"{indicator}.lost"],
                words[row.disclosure],
            ]
        )
    heads = [_("Indicator"), _("Group"), _("Rate, %"), _("Maximum"), _("Points lost"), _("Disclosure")]
    return join(
        heading(_("Indicator by indicator")), table(_("Points lost by each indicator"), heads, rows, text=(1, 5))
    )


def rules(figures: Figures, open_rules: pd.DataFrame, sources: Mapping[str, Source]) -> Html:
    """Which rules were tried, which survive, and how sure each parameter is."""
    rows = []
    every = list(open_rules.itertuples())
    for code in dict.fromkeys(row.code for row in every):
        maxima, targets = (
            [row for row in every if (row.code, row.parameter) == (code, name)] for name in ("max", "target")
        )
        rows.append(
            [
                maxima[0].name,
                _alternatives(figures, maxima, fits=True),
                status_name(maxima[0].status),
                _alternatives(figures, targets, fits=True),
                _alternatives(figures, targets, fits=False),
                status_name(targets[0].status),
            ]
        )
    heads = [
        _("Indicator"),
        _("Maximum"),
        _("Status of the maximum"),
        _("Full marks from, %"),
        _("Ruled out, %"),
        _("Status of the target"),
    ]
    used = set(open_rules["source"])
    return join(
        heading(_("Which rules fit?")),
        paragraph([sentences.caution(figures)], ""),
        table(_("What is known of each rule, and what the published figures leave of it"), heads, rows, text=(2, 5)),
        source_list({name: source for name, source in sources.items() if name in used}),
    )


def history(figures: Figures, past: pd.DataFrame, identified: Identified) -> Html:
    """Whether the history allows a change or a trend, and why not."""
    return join(
        heading(_("How did the score move?")), paragraph([sentences.history_length(figures, past, identified)], "")
    )


def checked(figures: Figures, checks: pd.DataFrame, alone: pd.DataFrame, identified: Identified) -> Html:
    """The checks of this card, and the figures that nothing checks."""
    units = {"points": _("points"), "percent": "%", "count": _("count"), "rank": _("rank"), "days": _("days")}
    mine = checks[(checks["entity"] == identified.entity) & (checks["period"] == identified.period)]
    rows = [
        [
            check_name(row.check),
            identified.rubric.name_of(row.codes[0][0]),
            figures[f"check.{number}.printed"],
            figures[f"check.{number}.expected"],
            _("agrees") if row.ok else _("known disagreement") if row.accepted else _("DISAGREES"),
        ]
        for number, row in enumerate(mine.itertuples())
    ]
    heads = [_("Check"), _("Figure"), _("Held against"), _("What rounding allows"), _("Result")]
    alone = alone[(alone["entity"] == identified.entity) & (alone["period"] == identified.period)]
    words = [f"{identified.rubric.name_of(row.code)} ({units[row.unit]})" for row in alone.itertuples()]
    return join(
        heading(_("Do the figures agree with each other?")),
        table(_("Checks of this notice"), heads, rows, text=(1, 4)) if rows else Html(),
        Html("<p>{}</p>").format(_("Nothing cross-checks these figures; an error in one of them would not be seen:")),
        Html("<ul>{}</ul>").format(join(*(Html("<li>{}</li>").format(word) for word in words))),
    )


def footer(identified: Identified, data: str, version: str, commit: str) -> Html:
    """What reproduces this page: rubric, data, version and commit."""
    return Html('<footer class="ref"><p>{}</p></footer>').format(
        _("Rules {rubric} · data {data} · package {version} · commit {commit}").format(
            rubric=identified.rubric.id, data=data[:12], version=version, commit=commit or _("unknown")
        )
    )


def title(figures: Figures, by_group: pd.DataFrame, identified: Identified) -> str:
    """The page's title: its finding, after the label of simulated figures."""
    finding = nfc(str(sentences.headline(figures, by_group, identified)))
    return f"{figures.label}: {finding}" if figures.label else finding


def described(figures: Figures, prefix: str, measure: str, sources: Mapping[str, Source]) -> tuple[str, str, str]:
    """A chart of the figures `prefix.*.measure`, in words, its source line, and the label of simulated figures."""
    shown = [item for item in figures.values() if item.id.startswith(f"{prefix}.") and item.id.endswith(f".{measure}")]
    words = "; ".join(f"{item.label}: {item}" for item in shown) or _("Nothing to show was published")
    used = dict.fromkeys(item.source for item in shown if item.source) or [figures["total"].source]
    source = _("Source: {source}.").format(source="; ".join(source_words(sources[name]) for name in used))
    return f"{words}.", source, figures.label


def weakest_kind(figures: Figures) -> str:
    """What the label of a page says: the weakest kind among the figures that were read, not made."""
    read = ("total", "rank", "group.", "printed.")
    kinds = {item.kind for item in figures.values() if item.where and item.id.startswith(read)}
    return next(kind for kind in WEAKEST_FIRST if kind in kinds)


def status_name(status: str) -> str:
    """How a rule is known, in the reader's language."""
    return {
        "legal": _("legal"),
        "reverse_engineered": _("reverse engineered"),
        "inferred": _("inferred"),
        "assumed": _("assumed"),
        "unknown": _("unknown"),
    }[status]


def _alternatives(figures: Figures, rows: Sequence[Any], fits: bool) -> Html:
    shown = [figures[f"alternative.{row.code}.{row.parameter}.{row.value:g}"] for row in rows if row.fits == fits]
    return Html(_(" or ")).join(shown) if shown else Html("–")

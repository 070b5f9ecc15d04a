"""What is new in the rules since an earlier month?

A parameter of which the two rubrics allow no common value has changed. Where they share one it may be the same rule,
better known: that is said, too.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from analysis.diagnosis.changes import GONE, GROUP, MAX, NEW, TARGET, ZERO, Value
from analysis.language import _, write_period
from analysis.report.figures import Figure, Figures, Html, exact
from analysis.report.layout import heading, items, join, table
from analysis.report.sentences import Sentence, say


def with_news(figures: Figures, frame: pd.DataFrame) -> Figures:
    """The figures with those of changed rules added: `news.sure`, `news.unsure`, `news.<row>.before.<number>`, …"""
    added = Figures(figures)
    added.add(_of_news(frame))
    return added


def news_words(figures: Figures, frame: pd.DataFrame, before: str) -> list[Sentence]:
    """Whether the rules are those of an earlier month."""
    if not before:
        return [say(_("No earlier total of this entity is known, so there are no rules to compare these with."))]
    period = write_period(before)
    if frame.empty:
        return [say(_("The rules of this report are the same as those of {period}."), period=period)]
    parts = {name: figures[f"news.{name}"] for name in ("sure", "unsure")}
    return [
        say(_("Other rules are in force than in {period}."), period=period),
        say(
            _(
                "Surely changed: {sure}. Known differently: {unsure}; these may have changed, or may be the same rule "
                "of which more is known now."
            ),
            **parts,
        ),
    ]


def news_section(figures: Figures, frame: pd.DataFrame, before: str) -> Html:
    """What is new in the rules: sentences and a table."""
    rows = [
        [
            row.name,
            parameter_name(row.parameter),
            _cell(figures, row.before, f"news.{number}.before"),
            _cell(figures, row.after, f"news.{number}.after"),
            _("changed") if row.sure else _("may be the same"),
        ]
        for number, row in enumerate(frame.itertuples())
    ]
    heads = [_("Group or indicator"), _("Parameter"), _("Before"), _("Now"), _("Changed?")]
    return join(
        heading(_("What is new in the rules?")),
        items(news_words(figures, frame, before)),
        table(_("What the rules say differently"), heads, rows, text=(1, 4)) if rows else Html(),
    )


def parameter_name(parameter: str) -> str:
    """A parameter of a rule in the reader's language."""
    return {
        MAX: _("maximum, points"),
        TARGET: _("full marks from, %"),
        ZERO: _("where there was nothing to count"),
        GROUP: _("group"),
        NEW: _("new; its maximum, points"),
        GONE: _("no longer scored; its maximum, points"),
    }[parameter]


def _cell(figures: Figures, values: tuple[Value, ...], prefix: str) -> Html:
    words = {"no_points": _("no points"), "full": _("full marks")}
    shown = [
        words.get(value, value) if isinstance(value, str) else figures[f"{prefix}.{number}"]
        for number, value in enumerate(values)
    ]
    return Html(_(" or ")).join(shown) if shown else Html("–")


def _of_news(frame: pd.DataFrame) -> Iterator[Figure]:
    if len(frame):
        for name, label, count in (
            ("sure", _("Parameters of the rules that changed"), int(frame["sure"].sum())),
            ("unsure", _("Parameters of the rules that may have changed"), int((~frame["sure"]).sum())),
        ):
            yield exact(f"news.{name}", label, float(count), "count", 0, "derived", "news.*")
    for number, row in enumerate(frame.itertuples()):
        unit = "percent" if row.parameter == TARGET else "points"
        for when, status in (("before", row.status_before), ("after", row.status_after)):
            for place, value in enumerate(getattr(row, when)):
                if not isinstance(value, str):
                    decimals = 0 if value == int(value) else 2
                    rule, name = f"{row.parameter} {status}", f"news.{number}.{when}.{place}"
                    yield exact(name, row.name, value, unit, decimals, "derived", rule)

"""What was promised last time, and what happened?

A report weighs improvements and may aim at a total. Nobody need have promised them, so the words say weighed; whether
they came true is said as exactly as the figures are printed, and no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from analysis.diagnosis.follow_up import (
    KEPT,
    MISSED,
    NAMES,
    NO_LONGER_SCORED,
    NOT_PRINTED,
    NOTHING_TO_COUNT,
    OPEN,
    PARTLY,
)
from analysis.language import _, write_period
from analysis.report.figures import Figure, Figures, Html, between, exact
from analysis.report.layout import heading, items, join, table
from analysis.report.sentences import Sentence, say
from analysis.scorecards.history import TOTAL


def with_promises(figures: Figures, frame: pd.DataFrame) -> Figures:
    """The figures with those of what an earlier report weighed added: `promise.<code>.target`, `.before`, `.now`."""
    added = Figures(figures)
    added.add(_of_promises(frame))
    return added


def promise_words(figures: Figures, frame: pd.DataFrame, promised: Mapping[str, Any]) -> list[Sentence]:
    """What became of what an earlier report weighed."""
    if frame.empty:
        return [say(_("No earlier report of this entity set targets, so nothing can be held against them."))]
    said = [
        say(
            _("The report of {period} weighed what follows; that says what it is worth, not that anyone promised it."),
            period=write_period(promised["month"]),
        )
    ]
    for row in frame.itertuples():
        parts = {name: figures.get(f"promise.{row.code}.{name}") for name in ("target", "now")}
        said.append(say(_template(row), name=row.name, **parts))
    if TOTAL in set(frame["code"]) and not frame["same_rules"].all():
        said.append(say(_("Other rules are in force since, so the total is not measured as it was then.")))
    if not frame["same_scope"].all():
        said.append(
            say(_("It is not known that both reports count alike, so what is printed may differ for that alone."))
        )
    return said


def promises_section(figures: Figures, frame: pd.DataFrame, promised: Mapping[str, Any]) -> Html:
    """What an earlier report weighed against what happened: sentences and a table."""
    rows = [
        [
            _("{name}, %").format(name=row.name) if row.unit == "percent" else row.name,
            figures.get(f"promise.{row.code}.before", _("not printed")),
            figures[f"promise.{row.code}.target"],
            figures.get(f"promise.{row.code}.now", _("not printed")),
            state_name(row.state),
        ]
        for row in frame.itertuples()
    ]
    heads = [_("What was weighed"), _("Then"), _("Target"), _("Now"), _("What happened")]
    return join(
        heading(_("What was weighed last time, and what happened?")),
        items(promise_words(figures, frame, promised)),
        table(_("Targets of an earlier report and what is printed now"), heads, rows, text=(4,)) if rows else Html(),
    )


def state_name(state: str) -> str:
    """What became of a target, in the reader's language."""
    return {
        KEPT: _("reached"),
        PARTLY: _("higher than printed then, not reached"),
        MISSED: _("not reached"),
        OPEN: _("open: rounding hides it"),
        NOT_PRINTED: _("open: not printed"),
        NOTHING_TO_COUNT: _("open: nothing to count"),
        NO_LONGER_SCORED: _("not scored any more"),
    }[state]


def _template(row: Any) -> str:
    if row.unit == "points":
        return {
            KEPT: _("{name}: {target} was aimed at and is reached, with {now}."),
            OPEN: _("{name}: {target} was aimed at, {now} is printed; rounding hides whether it is reached."),
        }.get(row.state, _("{name}: {target} was aimed at and is not reached, with {now}."))
    return {
        KEPT: _("{name}: {target} % was weighed and is reached, with {now} %."),
        PARTLY: _(
            "{name}: {target} % was weighed and is not reached, with {now} %; that is more than was printed then."
        ),
        MISSED: _("{name}: {target} % was weighed and is not reached, with {now} %."),
        OPEN: _("{name}: {target} % was weighed, {now} % is printed; rounding hides whether it is reached."),
        NOT_PRINTED: _("{name}: {target} % was weighed; whether it is reached is open, the notice does not print it."),
        NOTHING_TO_COUNT: _("{name}: {target} % was weighed; there was nothing to count, so it says nothing."),
        NO_LONGER_SCORED: _("{name}: {target} % was weighed; the rules of this report do not score it any more."),
    }[row.state]


def _of_promises(frame: pd.DataFrame) -> Iterator[Figure]:
    for row in frame.itertuples():
        decimals = 0 if row.target == int(row.target) else 2
        rule = _("parameter of the earlier report")
        yield exact(f"promise.{row.code}.target", row.name, row.target, row.unit, decimals, "entered", rule)
        for when in ("before", "now"):
            value, low, high, printed = (getattr(row, f"{when}_{name}") for name in NAMES)
            if not pd.isna(value):
                ends = (min(low, value), max(high, value))
                name = f"promise.{row.code}.{when}"
                yield between(name, row.name, ends, row.unit, int(printed), _("as published"), value)

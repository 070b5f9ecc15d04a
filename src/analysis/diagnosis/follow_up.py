"""What became of the rates and the total that an earlier report weighed?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.errors import UnknownNameError
from analysis.identification.evidence import Evidence, read_card
from analysis.identification.identify import Identified
from analysis.interval import TOLERANCE
from analysis.scorecards.checks import figure
from analysis.scorecards.history import TOTAL, shown
from analysis.scorecards.rubric import Rubric, rubric_in_force

KEPT, PARTLY, MISSED, OPEN = "kept", "partly", "missed", "open"
NOT_PRINTED, NOTHING_TO_COUNT, NO_LONGER_SCORED = "not_printed", "nothing_to_count", "no_longer_scored"
NAMES = ("value", "low", "high", "decimals")
COLUMNS = [
    *("code", "name", "unit", "target", "same_rules", "same_scope"),
    *(f"{when}_{name}" for when in ("before", "now") for name in NAMES),
    "state",
]


def kept(
    history: pd.DataFrame, rubrics: tuple[Rubric, ...], identified: Identified, promised: Mapping[str, Any]
) -> pd.DataFrame:
    """What became of each rate that an earlier report weighed, and of the total that it aimed at.

    Parameters
    ----------
    promised : a dumped `Promised`, or empty where no earlier report weighed anything.

    Returns
    -------
    One row a rate, in the order in which they were weighed, then one for the total if there was a target: `code`,
    `name`, `unit` (percent or points), `target`, `same_rules` (the rules in force then are those of today),
    `same_scope` (both cards are known to count alike), `before_value`, `before_low`, `before_high`, `before_decimals`
    (as printed then, and what rounding allows; missing where it was not printed), the same four of `now`, and `state`:

    `kept` (surely reached), `partly` (not reached, but surely higher than then), `missed` (not reached), `open`
    (rounding hides whether it is reached), `not_printed`, `nothing_to_count` (a denominator of zero) or
    `no_longer_scored`.
    """
    if not promised:
        return pd.DataFrame(columns=COLUMNS)
    wanted = [(code, "percent", target) for code, target in promised["levers"].items()]
    if promised["target_score"] is not None:
        wanted.append((TOTAL, "points", promised["target_score"]))
    old, then = _card_then(history, rubrics, identified.entity, promised["month"])
    now = read_card(history, identified.rubric, identified.entity, identified.period)
    rows = []
    for code, unit, target in wanted:
        was, today = _told(then, code), _told(now, code)
        rows.append(
            {
                "code": code,
                "name": _name(code, identified.rubric, old),
                "unit": unit,
                "target": float(target),
                "same_rules": old is not None and old.id == identified.rubric.id,
                "same_scope": then is not None and _scope(then) == _scope(now) != "unknown",
                **{f"before_{name}": value for name, value in was.items()},
                **{f"now_{name}": value for name, value in today.items()},
                "state": _unseen(code, now, identified.rubric) or _state(float(target), was, today),
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def _card_then(
    history: pd.DataFrame, rubrics: tuple[Rubric, ...], entity: str, month: str
) -> tuple[Rubric | None, Evidence | None]:
    """The rules and the card of an earlier month, as far as the project still has them."""
    try:
        rubric = rubric_in_force(rubrics, shown(history, entity, month).ruled)
    except UnknownNameError:
        return None, None
    try:
        return rubric, read_card(history, rubric, entity, month)
    except UnknownNameError:
        return rubric, None


def _scope(item: Evidence) -> str:
    """What a card counts: the month, the year so far, …"""
    return str(item.figures["scope"].iloc[0])


def _told(item: Evidence | None, code: str) -> dict[str, float]:
    """A total or a rate as a card prints it and what rounding allows; all missing where it does not."""
    reading = item.readings.get(code) if item else None
    span = figure(item.figures, code, "points") if item and code == TOTAL else reading.rate if reading else None
    if item is None or span is None:
        return dict.fromkeys(NAMES, float("nan"))
    value, decimals, key = (span.low + span.high) / 2, 2, (code, "points" if code == TOTAL else "percent")
    if key in item.figures.index and span.contains(float(item.figures.loc[key, "value"])):  # else counts are more exact
        value, decimals = float(item.figures.loc[key, "value"]), int(item.figures.loc[key, "decimals"])
    return {"value": value, "low": span.low, "high": span.high, "decimals": decimals}


def _unseen(code: str, now: Evidence, rubric: Rubric) -> str:
    """Why nothing can be said of a rate; "" where something can."""
    if code == TOTAL:
        return ""
    indicator = rubric.indicators.get(code)
    if indicator is None or not any(indicator.max.alternatives):
        return NO_LONGER_SCORED
    reading = now.readings[code]
    return NOTHING_TO_COUNT if reading.empty else "" if reading.rate else NOT_PRINTED


def _state(target: float, was: Mapping[str, float], today: Mapping[str, float]) -> str:
    if today["low"] >= target - TOLERANCE:
        return KEPT
    if today["high"] >= target - TOLERANCE:
        return OPEN
    return PARTLY if today["low"] > was["high"] + TOLERANCE else MISSED


def _name(code: str, today: Rubric, old: Rubric | None) -> str:
    named = next((rubric for rubric in (today, old) if rubric and code in rubric.indicators), None)
    return today.name_of(TOTAL) if code == TOTAL else named.name_of(code) if named else code

"""Which figure can a number be, if it is of this code?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from analysis.pieces import Amount
from analysis.scorecards.history import BASE, RANK, TOTAL
from analysis.scorecards.rubric import Rubric

Level = Literal["total", "rank", "group", "indicator"]
Unit = Literal["points", "percent", "count", "rank"]


@dataclass(frozen=True)
class Reading:
    """One figure: `value` with the `decimals` printed, from `start` to `end` of the text, end EXCLUDED."""

    code: str
    level: Level
    unit: Unit
    value: Decimal
    decimals: int
    max: Decimal | None
    start: int
    end: int
    max_printed: bool = False


@dataclass(frozen=True)
class Unread:
    """A number that was left unread, and why."""

    start: int
    end: int
    why: str


@dataclass(frozen=True)
class Tops:
    """The highest that a figure may be: the maxima of total and groups, and how many provinces were ranked then.

    `indicators` are the highest maxima that the rubric's alternatives give an indicator; `ever_ranked` are all numbers
    of provinces that were ever ranked under the rubric.
    """

    maxima: Mapping[str, Decimal]
    indicators: Mapping[str, Decimal]
    ranked: Decimal
    ever_ranked: frozenset[Decimal]

    @classmethod
    def of(cls, rubric: Rubric, period: str) -> Tops:
        """Those of a rubric in a period; no province ranked where the rubric does not say."""
        maxima = {group.code: Decimal(str(group.points)) for group in rubric.groups}
        maxima |= {entry.code: sum((maxima[part] for part in entry.groups), Decimal(0)) for entry in rubric.combined}
        maxima[TOTAL] = Decimal(str(rubric.points))
        ever = frozenset(Decimal(entry.units) for entry in rubric.ranked)
        indicators = {code: Decimal(str(max(entry.max.alternatives))) for code, entry in rubric.indicators.items()}
        return cls(maxima, indicators, Decimal(rubric.ranked_units(period) or 0), ever)


def readings_of(code: str, amount: Amount, tops: Tops) -> list[Reading]:
    """The figures that a number is, if it is of this code; none if it cannot be."""
    value, second = amount.value, amount.second
    span = (amount.start, amount.end)
    if code == RANK:
        units = tops.ranked or None
        whole = not amount.decimals and value >= 1 and (units is None or value <= units)
        if whole and (amount.shape in ("ordinal", "bare") or (amount.shape == "pair" and second == units)):
            return [Reading(code, "rank", "rank", value, 0, units, *span, second is not None)]
        return []
    if code in tops.maxima:
        maximum = tops.maxima[code]
        scored = amount.shape == "points" or (amount.shape == "pair" and second == maximum)
        if (scored or (amount.shape == "bare" and amount.decimals)) and value <= maximum:
            level: Level = "total" if code == TOTAL else "group"
            printed = amount.shape == "pair"
            return [Reading(code, level, "points", value, amount.decimals, maximum, *span, printed)]
        return []
    if amount.shape == "percent":
        return [Reading(code, "indicator", "percent", value, amount.decimals, None, *span)] if value <= 100 else []
    if amount.points:
        if second in tops.maxima.values():
            return []  # the score of a group
        if value > tops.indicators.get(code, value):
            return []
        return [Reading(code, "indicator", "points", value, amount.decimals, second, *span)]
    if amount.decimals or amount.second_decimals or amount.shape not in ("bare", "pair"):
        return []
    if amount.shape == "bare":
        return [Reading(code, "indicator", "count", value, 0, None, *span)]
    if second is None or value > second:
        return []
    return [
        Reading(code, "indicator", "count", value, 0, None, amount.start, amount.first_end),
        Reading(code + BASE, "indicator", "count", second, 0, None, amount.second_start, amount.end),
    ]

"""What does a card say of each indicator, each group and the total?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.contract import BASE, TOTAL
from analysis.errors import NoTotalError
from analysis.history import card
from analysis.interval import Interval, total
from analysis.reconcile import figure
from analysis.rubric import Group, Indicator, Rubric, Rule
from analysis.vietnamese import _, write_number

FigureKey = tuple[str, str, str, str]  # entity, period, code, unit


@dataclass(frozen=True)
class Reading:
    """What a card says of one indicator: its rate in percent, its points, or that there was nothing to count.

    `cap` is a rate that an indicator without a printed one cannot be above.
    """

    rate: Interval | None
    points: Interval | None
    empty: bool
    cap: float = 100.0

    @property
    def printed(self) -> bool:
        return self.empty or self.rate is not None or self.points is not None

    def score(self, rule: Rule, rounding: float) -> Interval | None:
        """What the indicator may have scored under a rule, or None if its printed points say otherwise."""
        if self.empty:
            score = Interval.point(rule.points_when_empty())
        elif self.rate is not None:
            exact = Interval(rule.points(self.rate.low), rule.points(self.rate.high)).widened(rounding)
            score = Interval(max(exact.low, 0.0), min(exact.high, rule.max))
        else:
            score = Interval(0.0, min(rule.points(self.cap) + rounding, rule.max))
        return score if self.points is None else score.meet(self.points)


@dataclass(frozen=True)
class Card:
    """One card as evidence: `groups` as it prints them, `printed` the rounding interval of each group's score.

    A group without a printed score is anything from 0 to its maximum; so is the total where there is none.
    """

    entity: str
    period: str
    figures: pd.DataFrame
    groups: tuple[Group, ...]
    readings: Mapping[str, Reading]
    printed: Mapping[str, Interval]
    total: Interval


def read_card(
    history: pd.DataFrame, rubric: Rubric, entity: str, period: str, without: Collection[FigureKey] = ()
) -> Card:
    """The evidence of one card; `without` are figures to leave out.

    Raises UnknownNameError where the entity has no figure for the period.
    """
    try:
        figures = card(history, entity, period)
    except NoTotalError:
        rows = history[(history["entity"] == entity) & (history["period"] == period)]
        last = rows[rows["as_of"] == rows["as_of"].max()]
        figures = last.set_index(["code", "unit"], drop=False).rename_axis(["", ""])
    groups = rubric.groups_as_printed(set(figures["code"]))
    dropped = [(code, unit) for where, when, code, unit in without if (where, when) == (entity, period)]
    figures = figures.drop(index=[key for key in dropped if key in figures.index])
    return Card(
        entity=entity,
        period=period,
        figures=figures,
        groups=groups,
        readings={code: read(figures, indicator) for code, indicator in rubric.indicators.items()},
        printed={group.code: figure(figures, group.code, "points") or Interval(0.0, group.points) for group in groups},
        total=figure(figures, TOTAL, "points") or Interval(0.0, rubric.points),
    )


def read(figures: pd.DataFrame, indicator: Indicator) -> Reading:
    """What a card says of one indicator; a rate is as exact as the counts behind it where they are printed."""
    empty = figure(figures, f"{indicator.code}{BASE}", "count") == Interval.point(0)
    return Reading(
        rate=None if empty else _rate(figures, indicator),
        points=figure(figures, indicator.code, "points"),
        empty=empty,
    )


def figure_words(figures: pd.DataFrame, code: str, unit: str) -> str:
    """A figure with its file and line, for an error."""
    if (code, unit) not in figures.index:
        return _("{code}: not printed").format(code=code)
    row = figures.loc[(code, unit)]
    value = write_number(row["value"], row["decimals"]) if pd.notna(row["value"]) else "–"
    return f"{code} {value}{' %' if unit == 'percent' else ''} ({row['file']}:{row['line']})"


def _rate(figures: pd.DataFrame, indicator: Indicator) -> Interval | None:
    codes = indicator.rate_from or (indicator.code,)
    printed = [figure(figures, code, "percent") for code in codes]
    rate = figure(figures, indicator.code, "percent")
    if rate is None and all(part is not None for part in printed):
        rate = total(part for part in printed if part is not None)
    count = figure(figures, indicator.code, "count")
    base = figure(figures, f"{indicator.code}{BASE}", "count")
    if count is not None and base is not None:
        rate = Interval.point(100 * count.low / base.low)
    return None if rate is None else Interval(max(rate.low, 0.0), min(rate.high, 100.0))

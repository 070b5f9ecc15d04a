"""What does a card say of each indicator, each group and the total?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from analysis import project
from analysis.errors import NoTotalError, RubricError
from analysis.files import Toml
from analysis.interval import Interval, total
from analysis.language import _, write_number
from analysis.scorecards.checks import Printed
from analysis.scorecards.history import BASE, COLUMNS, TOTAL, card, of_cards, shown_cards
from analysis.scorecards.periods import months_of
from analysis.scorecards.rubric import Group, Indicator, Rubric, Rule, Status, ruling

FigureKey = tuple[str, str, str, str]  # entity, period, code, unit


@dataclass(frozen=True)
class Reading:
    """What a card says of one indicator: its rate in percent, its points, or that there was nothing to count.

    `cap` is a rate that an indicator without a printed one cannot be above; `counted`, that something was counted.
    """

    rate: Interval | None
    points: Interval | None
    empty: bool
    cap: float = 100.0
    counted: bool = False

    @property
    def printed(self) -> bool:
        return self.empty or self.rate is not None or self.points is not None

    def may_be_empty(self, rule: Rule) -> bool:
        """Whether there may have been nothing to count, and no points for it: then there is no rate to raise."""
        hidden = self.rate is None and not self.counted
        return hidden and rule.max > 0 and rule.points_when_empty() == 0

    def score(self, rule: Rule, rounding: float) -> Interval | None:
        """What the indicator may have scored under a rule, or None if its printed points say otherwise."""
        if self.empty:
            score = Interval.point(rule.points_when_empty())
        elif self.rate is not None:
            exact = Interval(rule.points(self.rate.low), rule.most_points(self.rate.high)).widened(rounding)
            score = Interval(max(exact.low, 0.0), min(exact.high, rule.max))
        else:
            score = Interval(0.0, min(rule.most_points(self.cap) + rounding, rule.max))
        return score if self.points is None else score.meet(self.points)


class Relation(BaseModel):
    """A rate that cannot be above another, as some document says of some time; used only when it is asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: str
    at_most: str
    status: Status
    source: str
    note: str


class Bases(BaseModel):
    """Indicators whose bases count the same dossiers, and how many times another one a base may plausibly be."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    indicators: tuple[str, ...] = Field(min_length=2)
    times: float = Field(ge=1, allow_inf_nan=False)
    status: Status
    source: str


class _Relations(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    relation: tuple[Relation, ...]
    bases: tuple[Bases, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """One card as evidence: `groups` as it prints them, `printed` the rounding interval of each group's score.

    `told` is what the figures in evidence may be, `published` gives all of them as published. A group without a printed
    score is anything from 0 to its maximum; so is the total where there is none. `relations` are those assumed to hold
    in the month. `rounding` is how far that of an indicator may move its score. `day` is that of the capture (an ISO
    date), "" for a notice.
    """

    entity: str
    period: str
    published: Callable[[], pd.DataFrame]
    told: Printed
    groups: tuple[Group, ...]
    readings: Mapping[str, Reading]
    printed: Mapping[str, Interval]
    total: Interval
    relations: tuple[Relation, ...] = ()
    rounding: float = 0.0
    day: str = ""

    @property
    def months(self) -> tuple[str, str]:
        """The first and the last month, both INCLUDED, in one of which the rule was in force that scored the card.

        A notice of a quarter or a year may have been scored in any of its months: those of 2025 came out before its
        end. A card without a period may be of any time.
        """
        return months_of(ruling(self.period, self.day)) if self.period else ("", "~")

    @cached_property
    def figures(self) -> pd.DataFrame:
        """The figures as published, indexed by code and unit."""
        return self.published()


def read_card(history: pd.DataFrame, rubric: Rubric, entity: str, period: str) -> Evidence:
    """The evidence of one card; of a period without a total, what was published last.

    Raises UnknownNameError where the entity has no figure for the period.
    """
    figures = _last_published(history, entity, period)
    told = Printed.of(figures)
    groups, day = rubric.groups_as_printed(set(told.codes)), str(next(iter(figures["day"]), ""))
    return _evidence(lambda: figures, told, groups, rubric, entity, period, day)


def read_cards(history: pd.DataFrame, rubric: Rubric, keys: Collection[tuple[str, str]]) -> list[Evidence]:
    """`read_card` of each entity and period in `keys`, for many at once. Raises as it does."""
    rows = of_cards(history, set(keys))
    told = {(entity, period): printed for entity, period, printed in Printed.of_all(rows)}
    shown, found = shown_cards(rows), []
    for key in keys:
        if key not in told:
            found.append(read_card(history, rubric, *key))
            continue
        groups = rubric.groups_as_printed(set(told[key].codes))
        of_key = partial(_last_published, history, *key)
        found.append(_evidence(of_key, told[key], groups, rubric, *key, shown[key].day))
    return found


def _last_published(history: pd.DataFrame, entity: str, period: str) -> pd.DataFrame:
    try:
        return card(history, entity, period)
    except NoTotalError:
        rows = history[(history["entity"] == entity) & (history["period"] == period)]
        return rows[rows["superseded_by"] == ""].set_index(["code", "unit"], drop=False).rename_axis(["", ""])


def blank_card(rubric: Rubric) -> Evidence:
    """A card that prints nothing."""
    figures = pd.DataFrame(columns=[*COLUMNS, "file", "line"]).set_index(["code", "unit"], drop=False)
    return _evidence(lambda: figures.rename_axis(["", ""]), Printed(), rubric.groups, rubric, "", "")


def leave_out(item: Evidence, rubric: Rubric, dropped: Collection[FigureKey]) -> Evidence:
    """The same card as if some of its figures had not been published."""
    keys = {(code, unit) for entity, period, code, unit in dropped if (entity, period) == (item.entity, item.period)}
    if not keys:
        return item
    told = Printed({key: span for key, span in item.told.items() if key not in keys})
    codes = {code.removesuffix(BASE) for code, _unit in keys}
    touched = [
        one
        for one in rubric.indicators.values()
        if item.relations or one.code in codes or not codes.isdisjoint(one.rate_from)
    ]
    less = replace(
        item,
        told=told,
        readings={**item.readings, **{one.code: read(told, one) for one in touched}},
        printed={**item.printed, **{one.code: _printed(told, one) for one in item.groups if one.code in codes}},
        total=told.get((TOTAL, "points")) or Interval(0.0, rubric.points),
    )
    return assume(less, item.relations) if item.relations else less


def with_figure(item: Evidence, code: str, unit: str, within: Interval) -> Evidence:
    """The same card as if it told an indicator's rate (`percent`) or score (`points`) as exactly as an interval."""
    reading = item.readings[code]
    if unit == "percent":
        reading = replace(reading, rate=Interval(max(within.low, 0.0), min(within.high, 100.0)))
    else:
        reading = replace(reading, points=within)
    return assume(replace(item, readings={**item.readings, code: reading}), item.relations)


def keys_of(item: Evidence, rubric: Rubric) -> list[FigureKey]:
    """The figures of a card that identification uses, in the order of the card."""
    used = {TOTAL, *item.printed}
    for indicator in rubric.indicators.values():
        used |= {indicator.code, f"{indicator.code}{BASE}", *indicator.rate_from}
    return [
        (item.entity, item.period, code, unit)
        for code, unit in item.told
        if code in used and unit in ("points", "percent", "count")
    ]


def assume(item: Evidence, relations: Iterable[Relation]) -> Evidence:
    """The same card where the rates that are not printed keep relations to others.

    The other rate is as its own figure says, or, where it is alone in its group, as the group's score allows.
    """
    relations, readings = tuple(relations), dict(item.readings)
    for relation in relations:
        reading = readings[relation.code]
        if not reading.printed:
            readings[relation.code] = replace(reading, cap=min(reading.cap, _highest(item, relation.at_most)))
    return replace(item, readings=readings, relations=relations)


def _highest(item: Evidence, code: str) -> float:
    """The highest rate in percent that an indicator may have on a card."""
    rate = item.readings[code].rate
    if rate is not None:
        return rate.high
    for group in item.groups:
        top = item.printed[group.code].high + item.rounding
        if [indicator.code for indicator in group.indicators] == [code] and top < group.points:
            rules = [rule for (maximum,) in group.allotments() for rule in group.indicators[0].rules(maximum)]
            return max(found for rule in rules if (found := rule.rate_for(top)) is not None)
    return 100.0


def load_relations(rubric: Rubric) -> tuple[Relation, ...]:
    """The relations of data/relations.toml between indicators of a rubric. Raises RubricError for a bad file."""
    entries, known = _relations().relation, rubric.indicators
    return tuple(entry for entry in entries if entry.code in known and entry.at_most in known)


def load_bases() -> tuple[Bases, ...]:
    """The bases of data/relations.toml that belong together. Raises RubricError for a bad file."""
    return _relations().bases


def _relations() -> _Relations:
    return Toml(project.root() / "data" / "relations.toml", RubricError).read_as(_Relations)


def _evidence(
    published: Callable[[], pd.DataFrame],
    told: Printed,
    groups: tuple[Group, ...],
    rubric: Rubric,
    entity: str,
    period: str,
    day: str = "",
) -> Evidence:
    return Evidence(
        entity=entity,
        period=period,
        published=published,
        told=told,
        groups=groups,
        readings={code: read(told, indicator) for code, indicator in rubric.indicators.items()},
        printed={group.code: _printed(told, group) for group in groups},
        total=told.get((TOTAL, "points")) or Interval(0.0, rubric.points),
        rounding=rubric.rounding,
        day=day,
    )


def _printed(told: Printed, group: Group) -> Interval:
    return told.get((group.code, "points")) or Interval(0.0, group.points)


def read(told: Printed, indicator: Indicator) -> Reading:
    """What a card says of one indicator; a rate is as exact as the counts behind it where they are printed."""
    counts = [told.get((code, "count")) for code in (indicator.code, f"{indicator.code}{BASE}")]
    empty = counts[1] == Interval.point(0)
    return Reading(
        rate=None if empty else _rate(told, indicator),
        points=told.get((indicator.code, "points")),
        empty=empty,
        counted=any(count is not None and count.low > 0 for count in counts),
    )


def figure_words(figures: pd.DataFrame, code: str, unit: str) -> str:
    """A figure with its file and line, for an error."""
    if (code, unit) not in figures.index:
        return _("{code}: not published").format(code=code)
    row = figures.loc[(code, unit)]
    value = write_number(row["value"], row["decimals"]) if pd.notna(row["value"]) else "–"
    return f"{code} {value}{' %' if unit == 'percent' else ''} ({row['file']}:{row['line']})"


def _rate(told: Printed, indicator: Indicator) -> Interval | None:
    codes = indicator.rate_from or (indicator.code,)
    printed = [told.get((code, "percent")) for code in codes]
    rate = told.get((indicator.code, "percent"))
    if rate is None and all(part is not None for part in printed):
        rate = total(part for part in printed if part is not None)
    count = told.get((indicator.code, "count"))
    base = told.get((f"{indicator.code}{BASE}", "count"))
    if count is not None and base is not None:
        rate = Interval.point(100 * count.low / base.low)
    return None if rate is None else Interval(min(max(rate.low, 0.0), 100.0), min(rate.high, 100.0))

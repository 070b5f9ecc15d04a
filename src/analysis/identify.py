"""Which rules fit what was published, and what do they leave open?

A rubric is a family of rules. A member survives a month when some true rates and scores behind the printed ones would
give every printed figure: each group inside its rounding, and the sum of all groups inside the total's. Everything
later (losses, gains) is a bound over the survivors, and attained by one of them.

Groups depend on each other only through the total, so members are never multiplied out: each group keeps its own
survivors, and sums over groups are combined from a few numbers each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np
import pandas as pd

from analysis.contract import BASE, TOTAL
from analysis.errors import ContradictionError
from analysis.history import card
from analysis.interval import TOLERANCE, Interval, total, union
from analysis.reconcile import figure
from analysis.rubric import Group, Indicator, Rubric, Rule
from analysis.vietnamese import _, write_number, write_range


@dataclass(frozen=True)
class Reading:
    """What a card says of one indicator: its rate in percent, its points, or that there was nothing to count."""

    rate: Interval | None
    points: Interval | None
    empty: bool

    @property
    def printed(self) -> bool:
        return self.empty or self.rate is not None or self.points is not None


@dataclass(frozen=True)
class Hypothesis:
    """Members of the family that score one group of one month alike.

    `scores` is what each indicator may have scored, `rules` the rules that say so; one rule of each indicator makes one
    member. `printed` is the rounding interval of the group's published score.
    """

    scores: Mapping[str, Interval]
    rules: Mapping[str, tuple[Rule, ...]]
    printed: Interval

    @property
    def members(self) -> int:
        return prod(len(rules) for rules in self.rules.values())

    @property
    def allotment(self) -> dict[str, float]:
        """The maximum of each indicator."""
        return {code: rules[0].max for code, rules in self.rules.items()}

    def group_score(self) -> Interval | None:
        """The group's unrounded score, or None if these rules cannot give the printed one."""
        return total(self.scores.values()).meet(self.printed)


@dataclass(frozen=True)
class Identified:
    """The survivors of one month: the contract between identification and every question asked of it."""

    rubric: Rubric
    entity: str
    period: str
    groups: tuple[Group, ...]
    readings: Mapping[str, Reading]
    hypotheses: Mapping[str, tuple[Hypothesis, ...]]
    total: Interval
    survivors: int

    def group_of(self, code: str) -> Group:
        """The group that holds an indicator."""
        return next(group for group in self.groups if any(item.code == code for item in group.indicators))

    def scores(self, codes: Iterable[str]) -> Interval:
        """Bounds of the points that these indicators scored together."""
        chosen = frozenset(codes)
        return self.bound(lambda hypothesis: [Part(hypothesis.scores, chosen & set(hypothesis.scores), 0.0)], sign=1)

    def lost(self, codes: Iterable[str]) -> Interval:
        """Bounds of the points that these indicators lost together."""
        chosen = frozenset(codes)

        def parts(hypothesis: Hypothesis) -> list[Part]:
            inside = chosen & set(hypothesis.scores)
            return [Part(hypothesis.scores, inside, sum(hypothesis.allotment[code] for code in inside))]

        return self.bound(parts)

    def bound(self, parts: Callable[[Hypothesis], list[Part]], sign: int = -1) -> Interval:
        """Sharp bounds of `constant + sign × Σ chosen scores` over all survivors and all scores they allow.

        `parts` splits a hypothesis into cases; each case narrows the scores and names those that count.
        """
        sums = np.zeros((1, 7))
        for group in self.groups:
            rows = [
                row
                for hypothesis in self.hypotheses[group.code]
                for part in parts(hypothesis)
                if (row := part.summary(hypothesis.printed)) is not None
            ]
            sums = (sums[:, None, :] + np.unique(np.array(rows).round(10), axis=0)[None, :, :]).reshape(-1, 7)
            sums = np.unique(sums.round(10), axis=0)
        low, high, most, most_room, least, least_room, constant = sums.T
        first, last = np.maximum(low, self.total.low), np.minimum(high, self.total.high)
        possible = first <= last + TOLERANCE
        chosen_high = most + np.minimum(np.maximum(last - low, 0), most_room)
        chosen_low = least + np.maximum(np.maximum(first - low, 0) - least_room, 0)
        ends = np.concatenate([(constant + sign * end)[possible] for end in (chosen_low, chosen_high)])
        return Interval(float(ends.min()), float(ends.max()))


@dataclass(frozen=True)
class Part:
    """One case of a hypothesis: what each indicator may have scored, which of them count, and a constant to add."""

    scores: Mapping[str, Interval]
    chosen: frozenset[str]
    constant: float

    def summary(self, printed: Interval) -> tuple[float, ...] | None:
        """Seven numbers that add over groups, or None if the case cannot give the printed group score.

        Lowest and highest group score; the most that the chosen may have at the lowest score, and by how much that
        grows point for point as the score rises; the least that they must have there, and by how much the score may
        rise before that grows; the constant. The chosen and the rest are boxes with one sum, so both curves have
        slopes of 0 and 1 only, and over several groups the slope of 1 comes first (most) or last (least).
        """
        chosen = total(self.scores[code] for code in self.chosen)
        rest = total(score for code, score in self.scores.items() if code not in self.chosen)
        score = (chosen + rest).meet(printed)
        if score is None:
            return None
        low, high = score.low, score.high
        most = min(chosen.high, max(low - rest.low, chosen.low))
        least = max(chosen.low, min(low - rest.high, chosen.high))
        most_room = max(0.0, min(high, chosen.high + rest.low) - low)
        least_room = min(max(0.0, chosen.low + rest.high - low), high - low)
        return low, high, most, most_room, least, least_room, self.constant


def identify(history: pd.DataFrame, rubric: Rubric, entity: str, period: str) -> Identified:
    """The members of the family that agree with every figure of the month jointly.

    Finite alternatives only: a parameter given as an interval is refused.

    Raises
    ------
    ContradictionError: no member agrees; the figures in conflict and the rules tried are named.
    NoTotalError, UnknownNameError: from `history.card`.
    RubricError: a parameter is an interval.
    """
    figures = card(history, entity, period)
    groups = rubric.groups_as_printed(set(figures["code"]))
    readings = {code: read(figures, indicator) for code, indicator in rubric.indicators.items()}
    hypotheses = {group.code: tuple(_hypotheses(group, figures, readings, rubric)) for group in groups}
    whole = figure(figures, TOTAL, "points")
    assert whole is not None  # card() guarantees a total
    survivors = _joint_survivors(figures, groups, hypotheses, whole)
    return Identified(
        rubric=rubric,
        entity=entity,
        period=period,
        groups=groups,
        readings=readings,
        hypotheses=survivors,
        total=whole,
        survivors=_count(survivors, whole),
    )


def alternatives(identified: Identified) -> pd.DataFrame:
    """What identification left of each parameter.

    Returns
    -------
    One row an alternative, in the order of the index: `code`, `name`, `parameter` (`max` in points or `target` in
    percent, 100 where there is none), `value`, `fits` (some survivor has it), `status`, `source`.
    """
    rows = []
    for group in identified.groups:
        tried = {indicator.code: indicator for indicator in group.indicators}
        kept = {code: [r for item in identified.hypotheses[group.code] for r in item.rules[code]] for code in tried}
        for code, indicator in tried.items():
            maxima = {float(value) for value in indicator.max.alternatives}
            targets = {rule.target for value in maxima if value for rule in indicator.rules(value)}
            fit = {"max": {rule.max for rule in kept[code]}, "target": {r.target for r in kept[code] if r.max}}
            for parameter, values, known in (
                ("max", maxima, indicator.max),
                ("target", targets, indicator.target),
            ):
                rows += [
                    {
                        "code": code,
                        "name": indicator.name,
                        "parameter": parameter,
                        "value": value,
                        "fits": value in fit[parameter],
                        "status": known.status,
                        "source": known.source,
                    }
                    for value in sorted(values, reverse=True)
                ]
    return pd.DataFrame(rows)


def read(figures: pd.DataFrame, indicator: Indicator) -> Reading:
    """What a card says of one indicator; a rate is as exact as the counts behind it where they are printed."""
    empty = figure(figures, f"{indicator.code}{BASE}", "count") == Interval.point(0)
    return Reading(
        rate=None if empty else _rate(figures, indicator),
        points=figure(figures, indicator.code, "points"),
        empty=empty,
    )


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


def _score(rule: Rule, reading: Reading, rounding: float) -> Interval | None:
    """What an indicator may have scored under one rule, or None if its printed points say otherwise."""
    if reading.empty:
        score = Interval.point(rule.points_when_empty())
    elif reading.rate is not None:
        exact = Interval(rule.points(reading.rate.low), rule.points(reading.rate.high)).widened(rounding)
        score = Interval(max(exact.low, 0.0), min(exact.high, rule.max))
    else:
        score = Interval(0.0, rule.max)
    return score if reading.points is None else score.meet(reading.points)


def _hypotheses(
    group: Group, figures: pd.DataFrame, readings: Mapping[str, Reading], rubric: Rubric
) -> Iterable[Hypothesis]:
    """The members of one group that can give its printed score, those that score alike taken together.

    Raises ContradictionError when there is none.
    """
    printed = figure(figures, group.code, "points") or Interval(0.0, group.points)
    found: list[Hypothesis] = []
    tried: list[Interval] = []
    for maxima in group.allotments():
        alike: list[dict[Interval, list[Rule]]] = []
        for indicator, maximum in zip(group.indicators, maxima, strict=True):
            by_score: dict[Interval, list[Rule]] = {}
            for rule in indicator.rules(maximum):
                score = _score(rule, readings[indicator.code], rubric.rounding)
                if score is not None:
                    by_score.setdefault(score, []).append(rule)
            alike.append(by_score)
        codes = [indicator.code for indicator in group.indicators]
        for scores in product(*alike):
            hypothesis = Hypothesis(
                scores=dict(zip(codes, scores, strict=True)),
                rules={
                    code: tuple(by_score[score]) for code, by_score, score in zip(codes, alike, scores, strict=True)
                },
                printed=printed,
            )
            tried.append(total(scores))
            if hypothesis.group_score() is not None:
                found.append(hypothesis)
    if not found:
        raise ContradictionError(
            _("No rule of {rubric} gives the score of {group} from its printed rates.").format(
                rubric=rubric.id, group=group.name
            ),
            [
                _figure_words(figures, group.code, "points"),
                *_printed_in_words(group, figures),
                _("rules tried: {count}; they give {scores}").format(
                    count=group.size(),
                    scores="; ".join(write_range(item.low, item.high, 2) for item in union(tried)) or _("no score"),
                ),
            ],
            _("A figure is wrong, or the rules in force were others. Check these figures against the source."),
        )
    return found


def _joint_survivors(
    figures: pd.DataFrame,
    groups: tuple[Group, ...],
    hypotheses: Mapping[str, tuple[Hypothesis, ...]],
    whole: Interval,
) -> dict[str, tuple[Hypothesis, ...]]:
    """The hypotheses of each group for which the other groups can supply the rest of the total."""
    spans = {code: union(_span(item) for item in items) for code, items in hypotheses.items()}
    survivors: dict[str, tuple[Hypothesis, ...]] = {}
    for group in groups:
        others = [Interval.point(0.0)]
        for code, items in spans.items():
            if code != group.code:
                others = union(first + second for first in others for second in items)
        kept = [
            item
            for item in hypotheses[group.code]
            if any((_span(item) + other).meet(whole) is not None for other in others)
        ]
        if not kept:
            raise ContradictionError(
                _("No rules give all the groups and the total together."),
                [_figure_words(figures, code, "points") for code in (TOTAL, *spans)]
                + [
                    _("groups that the rules allow sum to {scores}").format(
                        scores="; ".join(write_range(item.low, item.high, 3) for item in _sum_of(spans.values()))
                    )
                ],
                _("One of these figures is wrong, or the rules in force were others."),
            )
        survivors[group.code] = tuple(kept)
    return survivors


def _span(hypothesis: Hypothesis) -> Interval:
    score = hypothesis.group_score()
    assert score is not None  # only hypotheses that can give the printed score are kept
    return score


def _sum_of(spans: Iterable[list[Interval]]) -> list[Interval]:
    sums = [Interval.point(0.0)]
    for items in spans:
        sums = union(first + second for first in sums for second in items)
    return sums


def _count(hypotheses: Mapping[str, tuple[Hypothesis, ...]], whole: Interval) -> int:
    """How many joint members survive: one hypothesis of each group, their scores able to sum to the total."""
    sums: dict[tuple[float, float], int] = {(0.0, 0.0): 1}
    for items in hypotheses.values():
        combined: dict[tuple[float, float], int] = {}
        for (low, high), members in sums.items():
            for item in items:
                span = _span(item)
                key = (round(low + span.low, 10), round(high + span.high, 10))
                combined[key] = combined.get(key, 0) + members * item.members
        sums = combined
    return sum(members for (low, high), members in sums.items() if Interval(low, high).meet(whole) is not None)


def _figure_words(figures: pd.DataFrame, code: str, unit: str) -> str:
    if (code, unit) not in figures.index:
        return _("{code}: not printed").format(code=code)
    row = figures.loc[(code, unit)]
    value = write_number(row["value"], row["decimals"]) if pd.notna(row["value"]) else "–"
    return f"{code} {value}{' %' if unit == 'percent' else ''} ({row['file']}:{row['line']})"


def _printed_in_words(group: Group, figures: pd.DataFrame) -> list[str]:
    """Every figure of the group's indicators that the card prints."""
    codes = [code for item in group.indicators for code in (item.code, f"{item.code}{BASE}", *item.rate_from)]
    return [_figure_words(figures, code, unit) for code, unit in figures.index if code in codes]

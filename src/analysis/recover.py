"""Which maxima and targets give every published group score, when the maxima are only known as intervals?

The same member of the family must explain every card (see `hull` for the search).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, product
from math import inf, nan
from typing import NoReturn

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint
from scipy.sparse import block_diag, csr_array, vstack

from analysis.contract import TOTAL
from analysis.errors import ContradictionError, ParameterError
from analysis.evidence import Card, Reading, figure_words, read_card
from analysis.hull import (
    MAXIMUM,
    NEAR,
    Choice,
    Open,
    Program,
    block,
    count_choices,
    ends_of,
    least,
    open_choices,
    surely_least,
)
from analysis.interval import Interval
from analysis.rubric import Group, Indicator, Rubric, Rule
from analysis.vietnamese import _

BOUNDS = ["entity", "period", "code", "low", "high"]


@dataclass(frozen=True, eq=False)
class Recovered:
    """What the cards leave of the family.

    `parameters`, in the order of the index: `code`, `name`, `group`, `parameter`, and for each `max` (points) sharp
    bounds over all survivors, `low` and `high`; for each alternative of a `target` (percent, 100 where there is none)
    its `value`, and whether it `fits`: some survivor has it.
    """

    rubric: Rubric
    cards: tuple[Card, ...]
    programs: Mapping[str, tuple[Program, Program]]
    opened: Open
    parameters: pd.DataFrame

    def groups(self, entity: str, period: str) -> pd.DataFrame:
        """The unrounded score of every group on one card, points: `entity`, `period`, `code`, `low`, `high`; sharp.

        Raises ValueError for a card that was not given.
        """
        card = self._number(entity, period)
        rows = []
        for group in self.rubric.groups:
            whole = dict.fromkeys(((item.code, card) for item in group.indicators), 1.0)
            rows.append((entity, period, group.code, *ends_of(self.programs[group.code], whole, self.opened)))
        return pd.DataFrame(rows, columns=BOUNDS)

    def rates(self, entity: str, period: str) -> pd.DataFrame:
        """Every rate that one card does not print, percent: `entity`, `period`, `code`, `low`, `high`; sharp.

        Where the maximum may be 0, any rate may be. A rate whose denominator is printed as 0 does not exist: no row.
        Raises ValueError for a card that was not given.
        """
        card = self._number(entity, period)
        rows = []
        for group, item in _indicators(self.rubric):
            reading = self.cards[card].readings[item.code]
            if reading.rate is None and not reading.empty:
                bounds = _rate(self.programs[group.code], item.code, card, reading.cap, self.opened)
                rows.append((entity, period, item.code, *bounds))
        return pd.DataFrame(rows, columns=BOUNDS)

    def members(self, most: int = 1000) -> dict[str, int]:
        """Group → how many choices of targets, alternative maxima and worths of 0 of 0 survive; `most` ends a count.

        Choices that score alike on every card are one.
        """
        return {code: count_choices(programs, self.opened, most) for code, programs in self.programs.items()}

    def _number(self, entity: str, period: str) -> int:
        return [(item.entity, item.period) for item in self.cards].index((entity, period))


def recover(
    history: pd.DataFrame, rubric: Rubric, cards: Sequence[tuple[str, str]], without_points: bool = True
) -> Recovered:
    """The members of the family that agree with every figure of every card (entity, period) together.

    A maximum may be a value, alternatives or an interval. `without_points` holds back printed scores of indicators.

    Raises
    ------
    ContradictionError: nothing survives; the group or the total is named with its figures, on the cards without which
    the others agree where there are such.
    ParameterError: no card is given.
    UnknownNameError: from `history.card`.
    """
    if not cards:
        raise ParameterError(_("No card is given."))
    taken = tuple(read_card(history, rubric, *key) for key in dict.fromkeys(cards))
    if without_points:
        taken = tuple(
            replace(item, readings={code: replace(one, points=None) for code, one in item.readings.items()})
            for item in taken
        )
    choices = {
        item.code: tuple(_choices(item, group.points, [one.readings[item.code] for one in taken]))
        for group, item in _indicators(rubric)
    }
    for group in rubric.groups:
        alive = open_choices([_program(rubric, taken, [group], choices)], _all(choices))
        for code, numbers in (alive or _refuse(rubric, taken, [group], choices)).items():
            choices[code] = tuple(choices[code][number] for number in numbers)
    together, opened = _program(rubric, taken, rubric.groups, choices), _all(choices)
    programs = {group.code: (_program(rubric, taken, [group], choices), together) for group in rubric.groups}
    for group in rubric.groups:
        opened |= open_choices(programs[group.code], opened) or _refuse(rubric, taken, rubric.groups, choices)
    rows: list[dict[str, object]] = []
    for group, item in _indicators(rubric):
        names = {"code": item.code, "name": item.name, "group": group.code}
        low, high = ends_of(programs[group.code], {(item.code, MAXIMUM): 1.0}, opened)
        rows.append({**names, "parameter": "max", "value": nan, "low": low, "high": high, "fits": True})
        kept = [choices[item.code][number] for number in opened[item.code]]
        fits = {target for choice in kept if choice.maximum.high > 0 for target in choice.targets}
        for target in sorted(set(item.target.alternatives), reverse=True):
            row = {"parameter": "target", "value": target, "low": nan, "high": nan, "fits": target in fits}
            rows.append({**names, **row})
    return Recovered(rubric, taken, programs, opened, pd.DataFrame(rows))


def _indicators(rubric: Rubric) -> Iterator[tuple[Group, Indicator]]:
    return ((group, item) for group in rubric.groups for item in group.indicators)


def _all(choices: Mapping[str, tuple[Choice, ...]]) -> dict[str, tuple[int, ...]]:
    return {code: tuple(range(len(found))) for code, found in choices.items()}


def _choices(item: Indicator, most: float, readings: Sequence[Reading]) -> Iterator[Choice]:
    """The choices of one indicator; `most` is the maximum of its group."""
    known = item.max
    if known.low is None or known.high is None:
        maxima = [Interval.point(value) for value in known.alternatives]
    else:
        low = max(known.low, 0.0)
        maxima = [Interval(low, max(low, min(known.high, most)))]
    alike: dict[tuple[Interval, tuple[Interval, ...]], list[float]] = {}
    pairs = product(item.target.alternatives, item.zero_denominator.alternatives)
    for maximum, (target, zero) in product(maxima, pairs):
        rule = Rule(1.0 if maximum.high else 0.0, target, zero)
        alike.setdefault((maximum, tuple(_share(rule, reading) for reading in readings)), []).append(target)
    for (maximum, shares), targets in alike.items():
        lows, highs = (np.array([share.low for share in shares]), np.array([share.high for share in shares]))
        yield Choice(maximum, lows, highs, tuple(dict.fromkeys(targets)))


def _share(rule: Rule, reading: Reading) -> Interval:
    if reading.empty:
        return Interval.point(rule.points_when_empty())
    rate = reading.rate or Interval(0.0, reading.cap)
    return Interval(rule.points(rate.low), rule.points(rate.high))


def _program(
    rubric: Rubric,
    cards: Sequence[Card],
    groups: Sequence[Group],
    choices: Mapping[str, tuple[Choice, ...]],
    skip: int | None = None,
) -> Program:
    """The program of some groups; the scores printed on card number `skip` are left out."""
    codes = [item.code for group in groups for item in group.indicators]
    slack = {c: np.array([0.0 if card.readings[c].empty else rubric.rounding for card in cards]) for c in codes}
    blocks = [block(choices[code], slack[code]) for code in codes]
    *begins, width = accumulate((matrix.shape[1] for matrix, _low, _high in blocks), initial=0)
    starts = dict(zip(codes, begins, strict=True))
    least, most = np.zeros(width), np.full(width, max(rubric.points, 1.0))  # 1 is the most of a weight
    sums = [({starts[item.code] for item in group.indicators}, Interval.point(group.points)) for group in groups]
    for number, card in enumerate(cards):
        for code in codes:
            if (points := card.readings[code].points) is not None:
                at = starts[code] + 1 + number
                least[at], most[at] = max(points.low, 0.0), points.high
        whole = [([item.code for item in group.indicators], card.printed[group.code]) for group in card.groups]
        for inside, printed in [*whole, (list(rubric.indicators), card.total)]:
            if number != skip and set(inside) <= set(codes):
                sums.append(({starts[code] + 1 + number for code in inside}, printed))
    added = np.array([[float(column in inside) for column in range(width)] for inside, _printed in sums])
    lows = np.concatenate([*(low for _matrix, low, _high in blocks), [printed.low for _inside, printed in sums]])
    highs = np.concatenate([*(high for _matrix, _low, high in blocks), [printed.high for _inside, printed in sums]])
    matrix = vstack([block_diag([matrix for matrix, _low, _high in blocks]), csr_array(added)], format="csr")
    known = {code: choices[code] for code in codes}
    return Program(known, slack, starts, Bounds(least, most), LinearConstraint(matrix, lows, highs))


def _rate(programs: Sequence[Program], code: str, card: int, cap: float, opened: Open) -> tuple[float, float]:
    """Bounds of a rate that is not printed, percent, from those of score / maximum (Dinkelbach's steps)."""
    together = programs[-1]
    slack, start = together.slack[code][card], together.starts[code]
    bounds = []
    for number in opened[code]:
        given = {**opened, code: (number,)}
        first = surely_least(programs, {(code, MAXIMUM): 1.0}, given)
        if first.least <= NEAR:
            return 0.0, cap
        ends = []
        for sign in (1.0, -1.0):
            found, gap, ratio = first, -inf, 0.0
            while gap < -NEAR:
                ratio = (sign * found.numbers[start + 1 + card] - slack) / found.numbers[start]
                found = surely_least(programs, {(code, card): sign, (code, MAXIMUM): -ratio}, given)
                gap = found.least - slack
            ends.append(sign * ratio)
        targets = together.choices[code][number].targets
        high = cap if ends[1] >= 1 - NEAR else min(cap, max(targets) * ends[1])
        bounds.append(Interval(min(targets) * max(ends[0], 0.0), high))
    return min(item.low for item in bounds), max(item.high for item in bounds)


def _refuse(
    rubric: Rubric, cards: Sequence[Card], groups: Sequence[Group], choices: Mapping[str, tuple[Choice, ...]]
) -> NoReturn:
    """Raises ContradictionError with the cards without which the others agree, or all where there is no such card."""
    blamed = [
        card
        for number, card in enumerate(cards)
        if least([_program(rubric, cards, groups, choices, skip=number)], {}, _all(choices)) is not None
    ]
    what, next_step = (
        _("No rules give all the groups and the total together on every card."),
        _("A figure is wrong, or the rules in force were others. Check these figures against the source."),
    )
    if alone := groups[0] if len(groups) == 1 else None:
        what = _("No rule of {rubric} gives the score of {group} on every card.").format(
            rubric=rubric.id, group=alone.name
        )
    if blamed:
        next_step = _("Without one of these cards the others agree: check its figures against the source.")
    rows = []
    for card in blamed or cards:
        keys = [(code, "points") for code in (TOTAL, *card.printed)]
        if alone:
            keys = [(alone.code, "points"), *((item.code, "percent") for item in alone.indicators)]
        figures = [figure_words(card.figures, *key) for key in keys if key in card.figures.index]
        rows.append(f"{card.entity} {card.period}: {', '.join(figures)}")
    raise ContradictionError(what, rows, next_step)

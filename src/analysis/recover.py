"""Which maxima and targets give every published group score, when the maxima are only known as intervals?

The same member of the family must explain every card. With its targets chosen, a member is a point of a polytope: its
maxima, and the score of every indicator on every card. Where a target is open, these lie in the convex hull of what its
alternatives allow (Balas, Disjunctive programming, Discrete Applied Mathematics 89, 1998). That is a linear program;
branch and bound over it ends at the exact bound without listing the members. A bound is sought first in the program of
its own group, then in that of all groups, which only totals and combined groups tie together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import accumulate, count, product
from math import inf, nan
from typing import NoReturn

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import block_diag, csr_array, vstack

from analysis.contract import TOTAL
from analysis.errors import ContradictionError, ParameterError
from analysis.evidence import Card, Reading, figure_words, read_card
from analysis.interval import Interval
from analysis.rubric import Group, Indicator, Rubric, Rule
from analysis.vietnamese import _

NEAR = 1e-7  # how far HiGHS lets a row be missed
SAME = 9  # decimals to which two bounds are the same: among these the search goes deeper, not wider
MAXIMUM = -1
BOUNDS = ["entity", "period", "code", "low", "high"]

Array = NDArray[np.float64]
Costs = Mapping[tuple[str, int], float]  # indicator, and the number of a card for its score there or MAXIMUM → weight
Open = Mapping[str, tuple[int, ...]]  # indicator → the numbers of its choices that are still open


@dataclass(frozen=True, eq=False)
class Choice:
    """Rules of one indicator that score alike on every card: a card's rate gives `low` to `high` of the maximum."""

    maximum: Interval
    low: Array
    high: Array
    targets: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Solution:
    """The least of what was asked; the columns that give it; the choices of each indicator that explain them."""

    least: float
    numbers: Array
    choices: Open


@dataclass(frozen=True, eq=False)
class Program:
    """Some groups on all cards, in points.

    From `starts` on, each indicator has as columns its maximum, its score on each card, the part of the maximum that
    is each choice's, and the weight of each choice.
    """

    choices: Mapping[str, tuple[Choice, ...]]
    slack: Mapping[str, Array]
    starts: Mapping[str, int]
    ends: Bounds
    rows: LinearConstraint

    def least(self, costs: Costs, opened: Open) -> tuple[float, Array] | None:
        """The least Σ weight × column while indicators may mix their open choices, or None if nothing is left."""
        cost, high = np.zeros(len(self.ends.ub)), self.ends.ub.copy()
        for (code, number), weight in costs.items():
            cost[self.starts[code] + 1 + number] = weight
        for code, choices in self.choices.items():
            closed = set(range(len(choices))) - set(opened[code])
            high[[self._part(code, number) + len(choices) for number in closed]] = 0.0
        found = milp(cost, bounds=Bounds(self.ends.lb, high), constraints=self.rows)
        if found.status not in (0, 2):  # neither solved nor infeasible
            raise ArithmeticError(found.message)
        return None if found.x is None else (float(cost @ found.x), found.x)

    def explaining(self, numbers: Array, code: str, opened: tuple[int, ...]) -> tuple[int, ...]:
        """The open choices of an indicator that give its columns without mixing."""
        slack, start = self.slack[code] + NEAR, self.starts[code]
        maximum, scores = numbers[start], numbers[start + 1 : self._part(code, 0)]
        found = []
        for number in opened:
            choice = self.choices[code][number]
            inside = (maximum * choice.low - slack <= scores) & (scores <= maximum * choice.high + slack)
            if len(opened) == 1 or (inside.all() and choice.maximum.widened(NEAR).contains(maximum)):
                found.append(number)
        return tuple(found)

    def heaviest(self, numbers: Array, code: str, opened: tuple[int, ...]) -> int:
        """The open choice that has most of an indicator's maximum."""
        several = len(self.choices[code])
        return max(opened, key=lambda choice: tuple(numbers[self._part(code, choice) :: several][:2]))

    def _part(self, code: str, choice: int) -> int:
        return self.starts[code] + 1 + len(self.slack[code]) + choice


def _block(choices: Sequence[Choice], slack: Array) -> tuple[Array, Array, Array]:
    """`lows <= matrix @ columns <= highs` for one indicator: what its choices, mixed by weight, allow."""
    cards, several = len(slack), len(choices)
    one, none, eye = np.ones, np.zeros, np.eye
    low, high = (np.array([getattr(choice, end) for choice in choices]).T for end in ("low", "high"))
    first, last = (np.diag([getattr(choice.maximum, end) for choice in choices]) for end in ("low", "high"))
    exact = (low == high).all(axis=1)
    above, below = exact | (low > 0).any(axis=1), ~exact & (high < 1).any(axis=1)  # the cards where it says something
    rows: list[tuple[list[Array], Array | float, Array | float]] = [
        ([none((1, 1 + cards + several)), one((1, several))], 1.0, 1.0),
        ([-one((1, 1)), none((1, cards)), one((1, several)), none((1, several))], 0.0, 0.0),
        ([none((several, 1 + cards)), eye(several), -first], 0.0, inf),
        ([none((several, 1 + cards)), eye(several), -last], -inf, 0.0),
        ([-one((cards, 1)), eye(cards), none((cards, 2 * several))], -inf, 0.0),
        (
            [none((above.sum(), 1)), eye(cards)[above], -low[above], none((above.sum(), several))],
            -slack[above],
            np.where(exact, slack, inf)[above],
        ),
        ([none((below.sum(), 1)), eye(cards)[below], -high[below], none((below.sum(), several))], -inf, slack[below]),
    ]
    lows, highs = (np.concatenate([np.broadcast_to(row[end], len(row[0][0])) for row in rows]) for end in (1, 2))
    return np.block([cells for cells, _low, _high in rows]), lows, highs


def _least(programs: Sequence[Program], costs: Costs, opened: Open) -> Solution | None:
    """The least Σ weight × column over all members, or None if there is none; each program contains the one before.

    Best first, and deepest among equals: a part of the family is solved, or looked at in a larger program, only when
    nothing else may be lower.
    """
    ticket = count()
    heap: list[tuple[float, int, int, int, Open, tuple[float, Array] | None]] = [
        (-inf, 0, 0, next(ticket), opened, None)
    ]
    while heap:
        bound, level, depth, _ticket, opened, solved = heappop(heap)
        program = programs[-level]
        if solved is None:
            if (solved := program.least(costs, opened)) is None:
                continue
            if round(solved[0], SAME) > bound:
                heappush(heap, (round(solved[0], SAME), level, depth, next(ticket), opened, solved))
                continue
        least, numbers = solved
        explaining = {code: program.explaining(numbers, code, opened[code]) for code in program.choices}
        mixed = [code for code, found in explaining.items() if not found]
        if not mixed and program is programs[-1]:
            return Solution(least, numbers, explaining)
        if not mixed:
            heappush(heap, (bound, level - 1, depth, next(ticket), opened, None))
            continue
        pure = {code: (program.heaviest(numbers, code, opened[code]),) for code in mixed}
        heappush(heap, (bound, level, depth - len(mixed), next(ticket), {**opened, **pure}, None))
        for place, code in enumerate(mixed):
            rest = tuple(number for number in opened[code] if number not in pure[code])
            part = {**opened, **{other: pure[other] for other in mixed[:place]}, code: rest}
            heappush(heap, (bound, level, depth - place - 1, next(ticket), part, None))
    return None


def _known(programs: Sequence[Program], costs: Costs, opened: Open) -> Solution:
    """As `_least`, where it is known that some member survives."""
    found = _least(programs, costs, opened)
    assert found is not None
    return found


def _ends(programs: Sequence[Program], costs: Costs, opened: Open) -> tuple[float, float]:
    """The least and the most of Σ weight × column over all survivors."""
    most = _known(programs, {key: -weight for key, weight in costs.items()}, opened).least
    return _known(programs, costs, opened).least, -most


def _alive(programs: Sequence[Program], opened: Open) -> Open | None:
    """The open choices of the first program's indicators that some member has, or None if there is no member."""
    if (found := _least(programs, {}, opened)) is None:
        return None
    alive = {code: set(found.choices[code]) for code in programs[0].choices}
    for code in alive:
        for number in opened[code]:
            if number not in alive[code] and (found := _least(programs, {}, {**opened, code: (number,)})) is not None:
                for other, numbers in alive.items():
                    numbers |= set(found.choices[other])
    return {code: tuple(sorted(numbers)) for code, numbers in alive.items()}


def _leaves(programs: Sequence[Program], opened: Open, most: int) -> int:
    """How many choices of one rule for each indicator of a group some member has; at most `most`."""
    stack, found = [opened], 0
    while stack and found < most:
        opened = stack.pop()
        if _least(programs, {}, opened) is not None:
            code = next((code for code in programs[0].choices if len(opened[code]) > 1), None)
            found += code is None
            stack += [{**opened, code: (number,)} for number in opened[code]] if code else []
    return found


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
            rows.append((entity, period, group.code, *_ends(self.programs[group.code], whole, self.opened)))
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
        """Group → how many choices of its targets survive, those that score alike counted once; `most` ends a count."""
        return {code: _leaves(programs, self.opened, most) for code, programs in self.programs.items()}

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
        alive = _alive([_program(rubric, taken, [group], choices)], _all(choices))
        for code, numbers in (alive or _refuse(rubric, taken, [group], choices)).items():
            choices[code] = tuple(choices[code][number] for number in numbers)
    together, opened = _program(rubric, taken, rubric.groups, choices), _all(choices)
    programs = {group.code: (_program(rubric, taken, [group], choices), together) for group in rubric.groups}
    for group in rubric.groups:
        opened |= _alive(programs[group.code], opened) or _refuse(rubric, taken, rubric.groups, choices)
    rows: list[dict[str, object]] = []
    for group, item in _indicators(rubric):
        names = {"code": item.code, "name": item.name, "group": group.code}
        low, high = _ends(programs[group.code], {(item.code, MAXIMUM): 1.0}, opened)
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
    blocks = [_block(choices[code], slack[code]) for code in codes]
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
        first = _known(programs, {(code, MAXIMUM): 1.0}, given)
        if first.least <= NEAR:
            return 0.0, cap
        ends = []
        for sign in (1.0, -1.0):
            found, gap, ratio = first, -inf, 0.0
            while gap < -NEAR:
                ratio = (sign * found.numbers[start + 1 + card] - slack) / found.numbers[start]
                found = _known(programs, {(code, card): sign, (code, MAXIMUM): -ratio}, given)
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
        if _least([_program(rubric, cards, groups, choices, skip=number)], {}, _all(choices)) is not None
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

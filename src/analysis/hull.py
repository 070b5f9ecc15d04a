"""What is the least of a sum when indicators have alternatives? Exact, by branch and bound over linear programs.

With its alternatives chosen, a member of a family is a point of a polytope: its maxima, and the score of every
indicator on every card. Where one is open, these lie in the convex hull of what its alternatives allow (Balas,
Disjunctive programming, Discrete Applied Mathematics 89, 1998). That is a linear program; branch and bound over it ends
at the exact bound without listing the members. A bound is sought first in the program of its own group, then in that of
all groups, which only totals and combined groups tie together. Knows no rubric and no card.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from math import inf

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from analysis.interval import Interval

NEAR = 1e-7  # how far HiGHS lets a row be missed
SAME = 9  # decimals to which two bounds are the same: among these the search goes deeper, not wider
MAXIMUM = -1

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


def block(choices: Sequence[Choice], slack: Array) -> tuple[Array, Array, Array]:
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


def least(programs: Sequence[Program], costs: Costs, opened: Open) -> Solution | None:
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


def surely_least(programs: Sequence[Program], costs: Costs, opened: Open) -> Solution:
    """As `least`, where it is known that some member survives."""
    found = least(programs, costs, opened)
    assert found is not None
    return found


def ends_of(programs: Sequence[Program], costs: Costs, opened: Open) -> tuple[float, float]:
    """The least and the most of Σ weight × column over all survivors."""
    most = surely_least(programs, {key: -weight for key, weight in costs.items()}, opened).least
    return surely_least(programs, costs, opened).least, -most


def open_choices(programs: Sequence[Program], opened: Open) -> Open | None:
    """The open choices of the first program's indicators that some member has, or None if there is no member."""
    if (found := least(programs, {}, opened)) is None:
        return None
    alive = {code: set(found.choices[code]) for code in programs[0].choices}
    for code in alive:
        for number in opened[code]:
            if number not in alive[code] and (found := least(programs, {}, {**opened, code: (number,)})) is not None:
                for other, numbers in alive.items():
                    numbers |= set(found.choices[other])
    return {code: tuple(sorted(numbers)) for code, numbers in alive.items()}


def count_choices(programs: Sequence[Program], opened: Open, most: int) -> int:
    """How many choices of one rule for each indicator of a group some member has; at most `most`."""
    stack, found = [opened], 0
    while stack and found < most:
        opened = stack.pop()
        if least(programs, {}, opened) is not None:
            code = next((code for code in programs[0].choices if len(opened[code]) > 1), None)
            found += code is None
            stack += [{**opened, code: (number,)} for number in opened[code]] if code else []
    return found

"""Which choices, one of each group, hold in every month together? Sums of boxes that must meet the totals.

A choice is a box: what a group may have scored in each month. One choice of each group holds together when the sum of
their boxes meets the total of every month; months do not depend on each other once the choice is made. Sums are built
group by group; a sum that no later group can bring to a total is dropped at once, and sums that every later choice
treats alike are kept once, so the choices are never multiplied out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from math import prod
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from analysis.interval import TOLERANCE, Interval

DIGITS, SCALE = 10, 1e10
AT_ONCE = 4_000_000  # numbers in one array
FEW = 256  # joint choices of one month that are added sooner one by one than as arrays
Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True)
class Boxes:
    """The choices of one group, one a row: `low` and `high` of its score in each month, and numbers that only add up.

    `members` is how many rules each choice stands for.
    """

    low: Array
    high: Array
    extra: Array
    members: Array

    @cached_property
    def ends(self) -> tuple[Array, Array]:
        """The least and the most of `low` in each month, and those of `high`: two rows each."""
        low, high = self.low, self.high
        return np.array([low.min(axis=0), low.max(axis=0)]), np.array([high.min(axis=0), high.max(axis=0)])

    @cached_property
    def rows(self) -> list[tuple[float, float, list[float], float]]:
        """Of one month: `low`, `high`, `extra` and `members` of each choice."""
        low, high = self.low[:, 0].tolist(), self.high[:, 0].tolist()
        return list(zip(low, high, self.extra.tolist(), self.members.tolist(), strict=True))

    @classmethod
    def of(cls, boxes: Sequence[Sequence[Interval]], members: Sequence[int], extra: Sequence[Sequence[float]]) -> Boxes:
        return cls(
            np.array([[item.low for item in box] for box in boxes], dtype=float),
            np.array([[item.high for item in box] for box in boxes], dtype=float),
            np.array(extra, dtype=float).reshape(len(boxes), -1),
            np.array(members, dtype=float),
        )


@dataclass(frozen=True)
class Sum:
    """Groups that one month prints as one: their numbers, the month's, and the printed interval."""

    month: int
    groups: frozenset[int]
    printed: Interval


@dataclass(frozen=True)
class Joined:
    """Every sum that meets all totals: `low`, `high`, `extra` one a row, and how each was made.

    `low` and `high` are of the months whose sums are wanted; sums that differ in other months only share a row. `steps`
    holds for each group the pairs of an earlier sum and a choice that were added, and the sum they gave.
    """

    low: Array
    high: Array
    extra: Array
    members: Array
    steps: tuple[tuple[Index, Index, Index], ...]

    def choices_alive(self) -> list[set[int]]:
        """For each group the choices that stand in some sum that meets all totals."""
        alive = np.ones(len(self.low), dtype=bool)
        found: list[set[int]] = []
        for number, (left, right, into) in reversed(list(enumerate(self.steps))):
            used = alive[into]
            found.append(set(right[used].tolist()))
            alive = np.zeros(self.steps[number - 1][2].max() + 1 if number else 1, dtype=bool)
            alive[left[used]] = True
        return found[::-1]

    def choices_of(self, row: int) -> list[int]:
        """One choice of each group that gives the sum in a row."""
        found = []
        for left, right, into in reversed(self.steps):
            pair = int(np.flatnonzero(into == row)[0])
            found.append(int(right[pair]))
            row = int(left[pair])
        return found[::-1]


def join(groups: Sequence[Boxes], totals: Sequence[Interval], sums: Sequence[Sum] = (), exact: int = 1) -> Joined:
    """Every sum of one choice of each group that meets the totals, one a month; no row where none does.

    `sums` are groups that a month prints as one: their sum is held to the printed interval first, then added. `exact`
    is for how many months, from the first, the sums themselves are wanted.
    """
    months, width = len(totals), len(totals) + len(sums)
    target = np.array([[item.low, item.high] for item in totals])
    if not sums and all(len(group.low) == 1 for group in groups):
        return _only_one(groups, target, exact)
    if months == 1 and not sums and prod(len(group.low) for group in groups) <= FEW:
        return _join_few(groups, totals[0], exact)
    low, high = (np.zeros((1, width)) for _side in range(2))
    extra: Array = np.zeros((1, groups[0].extra.shape[1]))
    members: Array = np.ones(1)
    steps: list[tuple[Index, Index, Index]] = []
    for number, (group, (lows, highs)) in enumerate(zip(groups, _rests(groups, sums, months), strict=True)):
        own_low, own_high = _spread(group, number, sums, months)
        if len(own_low) == 1:  # no choice: nothing is multiplied out, and sums that were apart stay apart
            low, high = low + own_low, high + own_high
            possible = _settle(low, high, number, sums, months)
            possible &= (low[:, :months] + lows[0] <= target[:, 1] + TOLERANCE).all(axis=1)
            possible &= (high[:, :months] + highs[1] >= target[:, 0] - TOLERANCE).all(axis=1)
            left = np.flatnonzero(possible)
            low, high, extra = low[left], high[left], extra[left] + group.extra
            members = members[left] * group.members
            if not len(left):
                return Joined(low[:, :exact], high[:, :exact], extra, members, tuple(steps))
            steps.append((left, np.zeros(len(left), dtype=np.intp), np.arange(len(left))))
            continue
        kept: list[tuple[Index, Index]] = []
        results: list[tuple[Array, Array]] = []
        chunk = max(1, AT_ONCE // own_low.size)
        for start in range(0, len(low), chunk):
            part = slice(start, start + chunk)
            new_low = (low[part, None, :] + own_low[None, :, :]).reshape(-1, width)
            new_high = (high[part, None, :] + own_high[None, :, :]).reshape(-1, width)
            possible = _settle(new_low, new_high, number, sums, months)
            possible &= (new_low[:, :months] + lows[0] <= target[:, 1] + TOLERANCE).all(axis=1)
            possible &= (new_high[:, :months] + highs[1] >= target[:, 0] - TOLERANCE).all(axis=1)
            at = np.flatnonzero(possible)
            kept.append((at // len(own_low) + start, at % len(own_low)))
            results.append((new_low[at], new_high[at]))
        left, right = (np.concatenate(part) for part in zip(*kept, strict=True))
        low, high = (np.concatenate(sides) for sides in zip(*results, strict=True))
        loose = slice(exact, months)  # where a sum counts only as far as some later choice can miss the total
        low[:, loose] = np.maximum(low[:, loose], (target[:, 1] - lows[1])[loose])
        high[:, loose] = np.minimum(high[:, loose], (target[:, 0] - highs[0])[loose])
        extra = extra[left] + group.extra[right]
        weights = members[left] * group.members[right]
        if not len(low):
            return Joined(low[:, :exact], high[:, :exact], extra, weights, tuple(steps))
        together = np.hstack([low, high, extra]).round(DIGITS) + 0.0
        alike = np.ascontiguousarray(together).view(np.dtype((np.void, together.itemsize * together.shape[1])))
        _rows, first, inverse = np.unique(alike.reshape(-1), return_index=True, return_inverse=True)
        into: Index = inverse.reshape(-1)
        members = np.bincount(into, weights=weights).astype(float)
        low, high, extra = low[first], high[first], extra[first]
        steps.append((left, right, into))
    return Joined(low[:, :exact], high[:, :exact], extra, members, tuple(steps))


def _join_few(groups: Sequence[Boxes], total: Interval, exact: int) -> Joined:
    """What `join` gives for one month with few choices, number by number: the same sums, in the same order."""
    width = groups[0].extra.shape[1]
    pack, most_sum, least_sum = _packing(2 + width), total.high + TOLERANCE, total.low - TOLERANCE
    rests, rest = list[tuple[float, float, float, float]](), (0.0, 0.0, 0.0, 0.0)  # what later groups may add
    for group in reversed(groups):
        rests.append(rest)
        lows, highs = [row[0] for row in group.rows], [row[1] for row in group.rows]
        rest = rest[0] + min(lows), rest[1] + max(lows), rest[2] + min(highs), rest[3] + max(highs)
    sums: list[tuple[float, float, Sequence[float], float]] = [(0.0, 0.0, (0.0,) * width, 1.0)]
    steps: list[tuple[Index, Index, Index]] = []
    for group, (least, most, low_rest, high_rest) in zip(groups, reversed(rests), strict=True):
        own = group.rows
        found, pairs = list[tuple[float, float, Sequence[float], float]](), list[tuple[int, int]]()
        for left, (low, high, extra, members) in enumerate(sums):
            for right, (own_low, own_high, own_extra, own_members) in enumerate(own):
                new_low, new_high = low + own_low, high + own_high
                if new_low + least <= most_sum and new_high + high_rest >= least_sum:
                    if exact == 0 and len(own) > 1:
                        new_low, new_high = max(new_low, total.high - most), min(new_high, total.low - low_rest)
                    added = [one + other for one, other in zip(extra, own_extra, strict=True)]
                    found.append((new_low, new_high, added, members * own_members))
                    pairs.append((left, right))
        sums = found
        if not sums:
            break
        into = list(range(len(sums)))
        if len(own) > 1:
            alike = [
                pack(*[round(number * SCALE) / SCALE + 0.0 for number in (low, high, *extra)])
                for low, high, extra, _members in sums
            ]
            first = {key: place for place, key in reversed(list(enumerate(alike)))}
            number_of = {key: number for number, key in enumerate(sorted(first))}
            into = [number_of[key] for key in alike]
            counts = [0.0] * len(number_of)
            for number, (*_ends, members) in zip(into, sums, strict=True):
                counts[number] += members
            sums = [(*sums[first[key]][:3], counts[number]) for key, number in number_of.items()]
        lefts, rights = zip(*pairs, strict=True)
        steps.append((np.array(lefts), np.array(rights), np.array(into)))
    return Joined(
        np.array([row[0] for row in sums], dtype=float).reshape(-1, 1)[:, :exact],
        np.array([row[1] for row in sums], dtype=float).reshape(-1, 1)[:, :exact],
        np.array([row[2] for row in sums], dtype=float).reshape(len(sums), width),
        np.array([row[3] for row in sums], dtype=float),
        tuple(steps),
    )


@cache
def _packing(many: int) -> Callable[..., bytes]:
    """Numbers as bytes, by whose order `join` sorts them."""
    return Struct(f"={many}d").pack


def _only_one(groups: Sequence[Boxes], target: Array, exact: int) -> Joined:
    """What `join` gives where no group has a choice."""
    low, high, extra = (
        np.sum(sides, axis=0) for sides in zip(*((g.low, g.high, g.extra) for g in groups), strict=True)
    )
    members = np.prod([group.members for group in groups], axis=0)
    meets = ((low <= target[:, 1] + TOLERANCE) & (high >= target[:, 0] - TOLERANCE)).all(axis=1)
    step: Index = np.zeros(1, dtype=np.intp)
    return Joined(low[meets, :exact], high[meets, :exact], extra[meets], members[meets], ((step,) * 3,) * len(groups))


def _spread(group: Boxes, number: int, sums: Sequence[Sum], months: int) -> tuple[Array, Array]:
    """A group's boxes with a column more for each sum; what goes into a sum is not added to its month yet."""
    if not sums:
        return group.low, group.high
    low, high = (np.hstack([side, np.zeros((len(side), len(sums)))]) for side in (group.low, group.high))
    for place, item in enumerate(sums):
        if number in item.groups:
            for side in (low, high):
                side[:, months + place] = side[:, item.month]
                side[:, item.month] = 0.0
    return low, high


def _settle(low: Array, high: Array, number: int, sums: Sequence[Sum], months: int) -> NDArray[np.bool_]:
    """Hold the sums that are complete with this group to what is printed, and add them to their month (in place)."""
    possible = np.ones(len(low), dtype=bool)
    for place, item in enumerate(sums):
        if number == max(item.groups):
            column = months + place
            first = np.maximum(low[:, column], item.printed.low)
            last = np.minimum(high[:, column], item.printed.high)
            possible &= first <= last + TOLERANCE
            low[:, item.month] += np.minimum(first, last)
            high[:, item.month] += np.maximum(first, last)
            low[:, column] = high[:, column] = 0.0
    return possible


def _rests(groups: Sequence[Boxes], sums: Sequence[Sum], months: int) -> list[tuple[Array, Array]]:
    """For each group what those after it, and sums not complete yet, may add to the low and to the high of each month.

    Each of the two has the least in its first row and the most in its second.
    """
    found: list[tuple[Array, Array]] = []
    lows, highs = (np.zeros((2, months)) for _side in range(2))
    if not sums:
        for group in reversed(groups):
            found.append((lows, highs))
            lows, highs = lows + group.ends[0], highs + group.ends[1]
        return found[::-1]
    for number in reversed(range(len(groups))):
        inside = [item for item in sums if max(item.groups) > number]
        between = np.zeros((2, months))
        for item in inside:
            between[:, item.month] += (max(item.printed.low, 0.0), item.printed.high)
        found.append((lows + between, highs + between))
        group = groups[number]
        free = np.ones(months)
        free[[item.month for item in sums if number in item.groups]] = 0.0
        lows, highs = lows + free * group.ends[0], highs + free * group.ends[1]
    return found[::-1]

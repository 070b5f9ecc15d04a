"""Under which survivor, and which scores of today, do some steps bring least, and most?"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import inf

import numpy as np
from numpy.typing import NDArray

from analysis.decisions.levers import Lever, check_levers
from analysis.errors import ParameterError
from analysis.identification.identify import Hypothesis, Identified, Part
from analysis.interval import TOLERANCE, Interval, total
from analysis.language import _

REST = "rest"
World = dict[str, tuple[float, float]]  # indicator → maximum and target
Way = tuple[Interval, bool, float]  # a box of today's score, whether the score still counts in it, points to add
IDLE: Way = Interval.point(0.0), True, 0.0  # nothing was counted, so there is no rate to raise
NEAR = 1e-7  # points by which a total may miss its target
FINE = 10.0  # programs count in tenths of a point: finer, HiGHS rejects its own solutions; coarser, it misses NEAR
Array = NDArray[np.float64]
Terms = dict[int, float]


@dataclass(frozen=True)
class Profile:
    """What counts of a hypothesis: the boxes of the indicators that levers move, and of the sum of all others.

    `maxima` in points; `slopes` in points per percentage point, from the least favourable of its rules to the most;
    `idle` are those for which there may have been nothing to count, and no points for it: these may not rise at all.
    """

    hypothesis: Hypothesis
    boxes: Mapping[str, Interval]
    maxima: Mapping[str, float]
    slopes: Mapping[str, Interval]
    idle: frozenset[str]


@dataclass(frozen=True)
class Scenario:
    """Scores that a survivor allows: their total; of each moved indicator the points left to its maximum, and rules.

    The rules score alike today, so each of them makes a scenario; the least favourable counts.
    """

    total: float
    room: Mapping[str, float]
    rules: Mapping[str, set[tuple[float, float]]]

    def slope(self, code: str) -> float:
        """Points per percentage point."""
        return min(maximum / target for maximum, target in self.rules[code])

    def within(self, world: World) -> list[Scenario]:
        """The same scores under the rules of a world, where these rules allow them."""
        if any(rule not in self.rules[code] for code, rule in world.items()):
            return []
        return [replace(self, rules={**self.rules, **{code: {rule} for code, rule in world.items()}})]


@dataclass(frozen=True, eq=False)
class Task:
    """Levers by code; `sizes` of a step in percentage points, `caps` on the steps of each.

    `sure` and `possible`: percentage points that an indicator (a row of `moved`) rises per step of a lever (a column).
    `profiles` of one group, and of one score in other months, stand together.
    """

    identified: Identified
    levers: tuple[Lever, ...]
    months: int
    whole: bool
    sizes: Array
    caps: Array
    moved: tuple[str, ...]
    sure: Array
    possible: Array
    profiles: tuple[tuple[Profile, ...], ...]

    @property
    def prices(self) -> Array:
        """Of a step of each lever, without its setup."""
        return self.sizes * [lever.effort.cost or 1.0 for lever in self.levers]

    def cost(self, steps: Array) -> float:
        setups = [lever.effort.setup for lever, many in zip(self.levers, steps, strict=True) if many > 0]
        return float(steps @ self.prices + sum(setups))


def task_of(identified: Identified, levers: Iterable[Lever], months: int = 1, whole: bool = True) -> Task:
    """What can be done, and what it moves. Raises ParameterError as `plan`."""
    ordered = tuple(sorted(levers, key=lambda lever: lever.code))
    check_levers(identified, {lever.code: 100.0 for lever in ordered})
    unpriced = [lever.code for lever in ordered if lever.effort.cost is None]
    if 0 < len(unpriced) < len(ordered):
        raise ParameterError(
            _("Some levers have a cost and others have none."), unpriced, _("Give each of them a cost.")
        )
    effects = [lever.effects for lever in ordered]
    readings = identified.readings
    moved = tuple(code for code in readings if not readings[code].empty and any(code in found for found in effects))
    links = [[found.get(code, Interval.point(0.0)) for found in effects] for code in moved]
    sizes = np.array([lever.effort.step if whole else 1.0 for lever in ordered])
    caps = np.array([_room(identified, lever, months) for lever in ordered]) / sizes
    if whole:
        up = [_ends_at_full(lever) for lever in ordered]
        caps = np.where(up, np.ceil(caps - 1e-9), np.floor(caps + 1e-9))
    return Task(
        identified=identified,
        levers=ordered,
        months=months,
        whole=whole,
        sizes=sizes,
        caps=caps,
        moved=moved,
        sure=np.array([[link.low for link in row] for row in links]).reshape(-1, len(ordered)) * sizes,
        possible=np.array([[link.high for link in row] for row in links]).reshape(-1, len(ordered)) * sizes,
        profiles=profiles_of(identified, moved),
    )


def _room(identified: Identified, lever: Lever, months: int) -> float:
    """Percentage points that can be added to a lever's own indicator."""
    reading, effort = identified.readings[lever.code], lever.effort
    today = reading.rate.low if reading.rate else 0.0
    room = max(effort.ceiling - today, 0.0)
    return room if effort.per_month is None else min(room, effort.per_month * months)


def _ends_at_full(lever: Lever) -> bool:
    """Whether a step that would pass 100 % ends there and counts as a whole one.

    A score is full at 100 % at the latest, so that step never says too much of it; it would of others surely moved.
    """
    moved = [link for code, link in lever.effects.items() if code != lever.code and link.low > 0]
    return lever.effort.ceiling == 100 and lever.effort.per_month is None and not moved


def profiles_of(identified: Identified, moved: Sequence[str]) -> tuple[tuple[Profile, ...], ...]:
    """The hypotheses of each group that differ in what counts; those that other months see alike stand together."""
    found: dict[tuple[object, ...], dict[tuple[object, ...], Profile]] = {}
    for group, items in identified.hypotheses.items():
        for item in items:
            inside = [code for code in moved if code in item.scores]
            slopes = {}
            for code in inside:
                points = [maximum / target for maximum, target in rules_of(item, code)]
                slopes[code] = Interval(min(points), max(points))
            profile = Profile(
                hypothesis=item,
                boxes={code: item.scores[code] for code in inside}
                | {REST: total(score for code, score in item.scores.items() if code not in inside)},
                maxima={code: item.rules[code][0].max for code in inside},
                slopes=slopes,
                idle=frozenset(
                    code for code in inside if any(map(identified.readings[code].may_be_empty, item.rules[code]))
                ),
            )
            key = (*profile.boxes.values(), *profile.maxima.values(), *slopes.values(), profile.idle)
            found.setdefault((group, *item.elsewhere), {}).setdefault(key, profile)
    return tuple(tuple(profiles.values()) for profiles in found.values())


def rules_of(hypothesis: Hypothesis, code: str) -> set[tuple[float, float]]:
    """Maximum and target of every rule that a hypothesis has for an indicator."""
    return {(rule.max, rule.target) for rule in hypothesis.rules[code]}


def alive(identified: Identified, hypotheses: Iterable[Hypothesis]) -> bool:
    """Whether some survivor consists of these hypotheses alone."""
    kept = {id(hypothesis) for hypothesis in hypotheses}

    def parts(hypothesis: Hypothesis) -> list[Part]:
        return [Part(hypothesis.scores, frozenset(), 0.0 if id(hypothesis) in kept else -1.0)]

    return identified.bound(parts, sign=1).high > -0.5


def surely(task: Task, steps: Array) -> float:
    """The least total with these steps over all survivors and scores."""
    rise = dict(zip(task.moved, task.sure @ steps, strict=True))
    return task.identified.bound(_parts(task, rise), sign=1).low


def worst(task: Task, steps: Array) -> tuple[float, Scenario]:
    """What `surely` gives, and a scenario that gives it."""
    rise = dict(zip(task.moved, task.sure @ steps, strict=True))
    value, cases = task.identified.extreme(_parts(task, rise), sign=1)
    program = Program()
    columns: dict[str, int] = {}
    aim: Terms = {}
    for case in cases.values():
        sums = {program.column(box.high, box.low): code for code, box in case.scores.items()}
        program.row(dict.fromkeys(sums, 1.0), *ends_of(case.origin[0].hypothesis.printed))
        aim |= {column: 1.0 if code in case.chosen else -1e-3 for column, code in sums.items()}  # full ones rather full
        columns |= {code: column for column, code in sums.items() if code != REST}
    program.row(dict.fromkeys(aim, 1.0), *ends_of(task.identified.total))
    scores = must(program.least(aim)).round(10)  # ends that differ by the noise of floats would trouble the programs
    room, rules = dict[str, float](), {}
    for profile, idle in (case.origin for case in cases.values()):
        for code, maximum in profile.maxima.items():
            room[code] = 0.0 if code in idle else max(maximum - float(scores[columns[code]]), 0.0)
            rules[code] = rules_of(profile.hypothesis, code)
    scenario = Scenario(total=float(scores.sum()), room=room, rules=rules)
    again = scenario.total + sum(min(scenario.slope(code) * rise[code], room) for code, room in scenario.room.items())
    if abs(again - value) > NEAR:
        raise RuntimeError(f"a scenario gives {again}, its bound is {value}")
    return value, scenario


def best(task: Task, steps: Array) -> float:
    """The highest total with these steps over all survivors and scores."""
    rise = dict(zip(task.moved, task.possible @ steps, strict=True))
    return task.identified.bound(_parts(task, rise, highest=True), sign=1).high


def _parts(task: Task, rise: Mapping[str, float], highest: bool = False) -> Callable[[Hypothesis], list[Part]]:
    """For `Identified.bound` of the new total: each indicator stays below its maximum, reaches it, or has no rate.

    Cases that others of the same group make needless, whatever the other groups score, are left out.
    """
    parts: dict[int, list[Part]] = {}
    for alike in task.profiles:
        every = [
            [list(_ways(profile, code, rise.get(code, 0.0), highest)) for code in profile.boxes] for profile in alike
        ]
        tables = [_table(ways) for ways in every]
        ends = np.cumsum([len(table) for table in tables])
        for row in _needed(np.concatenate(tables), alike[0].hypothesis.printed, highest):
            number = int(np.searchsorted(ends, row, side="right"))
            profile, ways = alike[number], every[number]
            picks = np.unravel_index(row - ends[number] + len(tables[number]), [len(choices) for choices in ways])
            chosen = {code: choices[pick] for code, choices, pick in zip(profile.boxes, ways, picks, strict=True)}
            part = Part(
                scores={code: box for code, (box, _counts, _points) in chosen.items()},
                chosen=frozenset(code for code, (_box, counts, _points) in chosen.items() if counts),
                constant=sum(points for _box, _counts, points in chosen.values()),
                origin=(profile, {code for code in profile.idle if rise.get(code) and chosen[code] == IDLE}),
            )
            parts.setdefault(id(profile.hypothesis), []).append(part)
    return lambda hypothesis: parts.get(id(hypothesis), [])


def _ways(profile: Profile, code: str, rise: float, highest: bool) -> Iterator[Way]:
    box = profile.boxes[code]
    if code == REST or not rise:
        yield box, True, 0.0
        return
    slope, maximum = profile.slopes[code], profile.maxima[code]
    added = rise * (slope.high if highest else slope.low)
    if code in profile.idle and box.low <= 0 and not highest:
        yield IDLE
    if box.low <= maximum - added:
        yield Interval(box.low, min(box.high, maximum - added)), True, added
    if box.high > maximum - added:
        yield Interval(max(box.low, maximum - added), box.high), False, maximum


def _table(ways: Sequence[Sequence[Way]]) -> Array:
    """A row a case: lowest and highest sum of the scores that count and of the others, and the points to add."""
    table: Array = np.zeros((1, 5))
    for choices in ways:
        own = [
            (box.low, box.high, 0.0, 0.0, points) if counts else (0.0, 0.0, box.low, box.high, points)
            for box, counts, points in choices
        ]
        table = (table[:, None, :] + np.array(own)).reshape(-1, 5)
    return table


def _needed(cases: Array, printed: Interval, highest: bool) -> list[int]:
    """The cases of a group that may be extreme for some score of the group; `cases` as from `_table`.

    With a group score S from `first` to `last` a case gives at least max(level, S + shift), or at most min(level, S +
    shift). It is needless when another one is possible for the same S and gives no more, or no less, for each.
    """
    low, high, rest_low, rest_high, points = cases.T
    first, last = np.maximum(low + rest_low, printed.low), np.minimum(high + rest_high, printed.high)
    if highest:  # the least of what is given, negated
        level, shift, near, far = -points - high, rest_low - points, -last, -first
    else:
        level, shift, near, far = points + low, points - rest_high, first, last
    offered = np.column_stack([first, -last, level, shift])
    real = np.column_stack([first, -last, np.maximum(level, near + shift), np.maximum(shift, level - far)])
    alive = first <= last + TOLERANCE
    for row in range(len(cases)):
        if alive[row]:
            beaten = (offered[row] <= real + 1e-12).all(axis=1)
            beaten[row] = False
            alive &= ~beaten
    return [int(row) for row in np.flatnonzero(alive)]


@contextmanager
def _silent() -> Iterator[None]:
    """Keep what HiGHS prints past every option (its own `transformNewIntegerFeasibleSolution`) out of our output."""
    try:
        ours = os.dup(1)
    except OSError:  # there is no output
        yield
        return
    try:
        with open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), 1)
        yield
    finally:
        os.dup2(ours, 1)
        os.close(ours)


@dataclass
class Program:
    """A mixed-integer program, built column by column and row by row."""

    bounds: list[tuple[float, float]] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    rows: list[tuple[Terms, float, float]] = field(default_factory=list)

    def column(self, high: float = inf, low: float = 0.0, whole: bool = False) -> int:
        self.bounds.append((low, high))
        self.whole.append(whole)
        return len(self.whole) - 1

    def row(self, terms: Terms, low: float = -inf, high: float = inf) -> None:
        self.rows.append((terms, low, high))

    def least(self, aim: Terms, relaxed: bool = False) -> Array | None:
        """Where the aim is least, or None where nothing meets every row; `relaxed`, whole columns need not be whole.

        What was solved once is remembered: one lever after another is asked from the same scores of today.
        """
        rows = tuple((tuple(terms.items()), low, high) for terms, low, high in self.rows)
        whole = tuple(one and not relaxed for one in self.whole)
        return _solved(tuple(aim.get(column, 0.0) for column in range(len(whole))), rows, tuple(self.bounds), whole)


@lru_cache(maxsize=256)
def _solved(
    aim: tuple[float, ...],
    asked: tuple[tuple[tuple[tuple[int, float], ...], float, float], ...],
    bounds: tuple[tuple[float, float], ...],
    whole: tuple[bool, ...],
) -> Array | None:
    """What `Program.least` gives; not to be written into.

    HiGHS may reject its own solution for missing a row by its tolerance after presolve; then it solves without.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp  # most questions solve none: half a second
    from scipy.sparse import csr_array

    cells = [(row, *cell) for row, (terms, _low, _high) in enumerate(asked) for cell in terms]
    rows, columns, values = np.array(cells).reshape(-1, 3).T if cells else np.zeros((3, 0))
    matrix = csr_array((values, (rows, columns)), shape=(len(asked), len(whole)))
    for presolve in (True, False):
        with _silent() if any(whole) else nullcontext():
            found = milp(
                c=aim,
                integrality=np.array(whole),
                bounds=Bounds(*np.array(bounds).T),
                constraints=LinearConstraint(matrix, *np.array([ends for _terms, *ends in asked]).T),
                options={"mip_rel_gap": 0.0, "presolve": presolve},
            )
        if found.status in (0, 2):
            return None if found.status == 2 else np.asarray(found.x)
    raise RuntimeError(found.message)


def must(steps: Array | None) -> Array:
    """Steps that must exist, because others with the same cost or total were found before."""
    if steps is None:
        raise RuntimeError("a program lost a plan that it had found")
    return steps


def ends_of(interval: Interval, factor: float = 1.0) -> tuple[float, float]:
    return factor * interval.low, factor * interval.high

"""What is the cheapest way to a target, sure under every rule that fits?

A survivor turns percentage points added into points by `min(score + maximum / target × added, maximum)`, so its total
is concave in what is added, and so is the least total of all survivors. Plans are exact: a program (scipy's HiGHS) over
the few survivors met so far proposes one, `Identified.extreme` names the survivor and the scores under which it gives
least, that scenario joins the program, and so on until a proposal holds under every survivor.

An indicator that had nothing to count stays as it is. How the portal will round new scores is not foreseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, product
from math import floor, inf, nan, prod, sqrt
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from analysis.errors import ParameterError
from analysis.identify import Hypothesis, Identified, Part
from analysis.interval import TOLERANCE, Interval, total
from analysis.levers import Effort, Lever
from analysis.vietnamese import _, write_number
from analysis.whatif import TOGETHER, check_levers

NEAR = 1e-7  # points by which a total may miss its target
FINE = 10.0  # programs count in tenths of a point: finer, HiGHS rejects its own solutions; coarser, it misses NEAR
MOST_WORLDS = 60
REST = "rest"

Array = NDArray[np.float64]
Terms = dict[int, float]
Goal = Literal["cost", "points", "order", "equal"]
World = dict[str, tuple[float, float]]  # indicator → maximum and target
Way = tuple[Interval, bool, float]  # a box of today's score, whether the score still counts in it, points to add


@dataclass(frozen=True)
class Plan:
    """The cheapest whole steps to a total that is sure, and what it costs to be sure.

    Attributes
    ----------
    target, budget, months : what was asked; None for no target or no budget.
    feasible : whether the target is reached for sure. If not, the plan is the cheapest to the most that can be.
    priced : whether the user gave costs. If not, cost is percentage points of effort.
    cost, best_cost : of this plan; of the cheapest that reaches the target (or the same total) under the most
        favourable survivor and scores, NaN where none does even there.
    sure_total, best_total : the total with this plan under the least and the most favourable survivor, in points.
    largest_regret : the largest `regret`, NaN where the target is not reached.
    worlds_joint : whether a world is the rules of all moved indicators; where these are too many, of one at a time.
    steps : a row a lever used, in the order of the index: `lever`, `name`, `rate_low`, `rate_high` (percent, today;
        missing where not printed), `added` (percentage points), `after_low`, `after_high`, `cost`.
    schedule : a row a month and lever: `month` (from 1), `lever`, `name`, `added`, `sure_total` (of all rows so far).
    limits : a row a limit: `limit` (`target`, `budget`, `months`, `per_month`, `ceiling`), `lever`, `name`, `value`,
        `objective` (`cost`, or `points` where the plan is the most that can be reached), `shadow_price`: by how much
        the objective changes, exactly, when the limit is one unit larger; missing where no plan is then left.
    regret : a row a world, largest regret first: `world` (its rules in words), `cost_known` (of the cheapest plan to
        the same total if that world were known; missing where there is none), `regret` (cost − cost_known).
    """

    target: float | None
    budget: float | None
    months: int
    feasible: bool
    priced: bool
    cost: float
    best_cost: float
    sure_total: float
    best_total: float
    largest_regret: float
    worlds_joint: bool
    steps: pd.DataFrame
    schedule: pd.DataFrame
    limits: pd.DataFrame
    regret: pd.DataFrame


def plan(
    identified: Identified,
    levers: Mapping[str, Lever],
    target: float | None = None,
    months: int = 1,
    budget: float | None = None,
) -> Plan:
    """The cheapest plan to a target total within `months` and a budget; without a target, the most the budget buys.

    Of plans of one cost the surest is taken, of equally sure ones always the same, whatever the order of the levers.

    Raises
    ------
    ParameterError: no lever, neither target nor budget, a month or budget below what makes sense, a lever that is no
    indicator, costs of some levers only, or more than `whatif.MOST_UNKNOWN` rates that are not printed.
    """
    if not levers or (target is None and budget is None) or months < 1 or (budget is not None and budget < 0):
        raise ParameterError(_("A plan needs a lever, one month or more, and a target or a budget of 0 or more."))
    task = task_of(identified, levers.values(), months)
    pool: list[Scenario] = []
    most = most_for_sure(task, pool, budget)
    feasible = target is not None and most >= target - NEAR
    steps = _chosen(task, pool, target if target is not None and feasible else most)
    cost, wanted = task.cost(steps), most if target is None else target
    worlds, joint = worlds_of(task)
    regret = regret_of(task, pool, worlds, wanted, steps if feasible or target is None else None)
    return Plan(
        target=target,
        budget=budget,
        months=months,
        feasible=feasible,
        priced=task.levers[0].effort.cost is not None,
        cost=cost,
        best_cost=least_at_best(task, wanted, "cost"),
        sure_total=worst(task, steps)[0],
        best_total=best(task, steps),
        largest_regret=float(regret["regret"].max()),
        worlds_joint=joint,
        steps=_steps(task, steps),
        schedule=_schedule(task, steps),
        limits=_limits(task, pool, steps, target if feasible else None, budget),
        regret=regret,
    )


def rates_for(identified: Identified, levers: Mapping[str, Lever], target_score: float) -> pd.DataFrame:
    """What brings the total to a score: each lever alone, and all by equally many percentage points.

    Months, steps and costs do not count here; ceilings do.

    Returns
    -------
    A row a lever, in the order of the index, then `together` where there are several: `lever`, `name`, `rate_low`,
    `rate_high` (percent, today), `added_best`, `added_sure` (percentage points needed at best and for sure; missing
    where none suffice), `rate_best`, `rate_sure` (the lowest rate of today with the former, the highest with the
    latter; missing where no rate is printed), `most_best`, `most_sure` (the total with all there is to add).

    Raises
    ------
    ParameterError: a lever that is no indicator, or too many unprinted rates.
    """
    order = [code for code in identified.rubric.indicators if code in levers]
    rows = []
    for name, codes in [(code, [code]) for code in order] + [(TOGETHER, order)] * (len(order) > 1):
        free = {code: Effort(ceiling=levers[code].effort.ceiling) for code in codes}
        task = task_of(
            identified, [levers[code].model_copy(update={"effort": free[code]}) for code in codes], whole=False
        )
        most_sure, most_best = worst(task, task.caps)[0], best(task, task.caps)
        enough = least_for_sure(task, [], "equal", target_score) if most_sure >= target_score - NEAR else None
        sure = nan if enough is None else float(enough.max())
        at_best = least_at_best(task, target_score, "equal")
        rate = identified.readings[name].rate if name != TOGETHER else None
        rows.append(
            {
                "lever": name,
                "name": _("All together") if name == TOGETHER else levers[name].name,
                "rate_low": rate.low if rate else nan,
                "rate_high": rate.high if rate else nan,
                "added_best": at_best,
                "added_sure": sure,
                "rate_best": rate.low + at_best if rate else nan,
                "rate_sure": min(rate.high + sure, 100.0) if rate else nan,
                "most_best": most_best,
                "most_sure": most_sure,
            }
        )
    return pd.DataFrame(rows)


def _chosen(task: Task, pool: list[Scenario], target: float) -> Array:
    """The cheapest steps to a target within reach; of these the surest; of these the first."""
    cost = task.cost(must(least_for_sure(task, pool, "cost", target)))
    surest = worst(task, must(least_for_sure(task, pool, "points", budget=cost)))[0]
    return must(least_for_sure(task, pool, "order", max(surest, target), cost))


def _steps(task: Task, steps: Array) -> pd.DataFrame:
    rows = []
    for lever, added, cost in zip(task.levers, steps * task.sizes, steps * task.prices, strict=True):
        if added > 0:
            rate = task.identified.readings[lever.code].rate
            low, high = (rate.low, rate.high) if rate else (nan, nan)
            rows.append(
                {
                    "lever": lever.code,
                    "name": lever.name,
                    "rate_low": low,
                    "rate_high": high,
                    "added": added,
                    "after_low": low + added,
                    "after_high": min(high + added, 100.0),
                    "cost": cost + lever.effort.setup,
                }
            )
    columns = ["lever", "name", "rate_low", "rate_high", "added", "after_low", "after_high", "cost"]
    order = list(task.identified.rubric.indicators)
    return pd.DataFrame(rows, columns=columns).sort_values(
        "lever", key=lambda codes: codes.map(order.index), ignore_index=True
    )


def _schedule(task: Task, steps: Array) -> pd.DataFrame:
    """The lever that alone surely gives most per cost goes first, each as early as its limit a month lets it."""
    alone = np.diag(steps)
    today = worst(task, steps * 0.0)[0]
    used = [int(place) for place in np.flatnonzero(steps)]
    worth = {place: (worst(task, alone[place])[0] - today) / task.cost(alone[place]) for place in used}
    done, rows = steps * 0.0, []
    for month in range(1, task.months + 1):
        for place in sorted(used, key=lambda place: (-round(worth[place], 9), place)):
            lever, size, left = task.levers[place], task.sizes[place], steps[place] - done[place]
            if (pace := lever.effort.per_month) is not None:
                left = min(left, floor(pace * month / size + 1e-9) - floor(pace * (month - 1) / size + 1e-9))
            if left > 0:
                done[place] += left
                row = {"month": month, "lever": lever.code, "name": lever.name, "added": left * size}
                rows.append(row | {"sure_total": worst(task, done)[0]})
    return pd.DataFrame(rows, columns=["month", "lever", "name", "added", "sure_total"])


def _limits(task: Task, pool: list[Scenario], steps: Array, target: float | None, budget: float | None) -> pd.DataFrame:
    """Each limit, and what one unit more of it changes; without a target, of the most that is sure."""

    def objective(task: Task, target: float | None, budget: float | None, harder: bool = False) -> float:
        if target is None:
            return most_for_sure(task, pool, budget)
        found = least_for_sure(task, pool, "cost", target, budget, known=None if harder else steps)
        return nan if found is None else task.cost(found)

    def relaxed(code: str = "", months: int = task.months, **limit: float) -> Task:
        efforts = {
            lever.code: lever.effort.model_copy(update=limit if lever.code == code else {}) for lever in task.levers
        }
        levers = [lever.model_copy(update={"effort": efforts[lever.code]}) for lever in task.levers]
        return task_of(task.identified, levers, months)

    cases: list[tuple[str, str, float, tuple[Task, float | None, float | None, bool]]] = []
    if target is not None:
        cases.append(("target", "", target, (task, target + 1.0, budget, True)))
    if budget is not None:
        cases.append(("budget", "", budget, (task, target, budget + 1.0, False)))
    if any(lever.effort.per_month is not None for lever in task.levers):
        cases.append(("months", "", task.months, (relaxed(months=task.months + 1), target, budget, False)))
    for lever in task.levers:
        code, pace, ceiling = lever.code, lever.effort.per_month, lever.effort.ceiling
        if pace is not None:
            cases.append(("per_month", code, pace, (relaxed(code, per_month=pace + 1.0), target, budget, False)))
        if ceiling < 100:
            cases.append(
                ("ceiling", code, ceiling, (relaxed(code, ceiling=min(ceiling + 1.0, 100.0)), target, budget, False))
            )
    today = objective(task, target, budget)
    rows = []
    for limit, code, value, case in cases:
        same = case[1:3] == (target, budget) and np.array_equal(case[0].caps, task.caps)
        rows.append(
            {
                "limit": limit,
                "lever": code,
                "name": task.identified.rubric.name_of(code) if code else "",
                "value": value,
                "objective": "points" if target is None else "cost",
                "shadow_price": 0.0 if same else objective(*case) - today,
            }
        )
    return pd.DataFrame(rows, columns=["limit", "lever", "name", "value", "objective", "shadow_price"])


# What it would be worth to know the rules


def worlds_of(task: Task) -> tuple[list[World], bool]:
    """The rules of all moved indicators that survive together; where these are too many, the rule of one at a time."""
    every: list[list[World]] = []
    for items in task.identified.hypotheses.values():
        found: dict[tuple[tuple[float, float], ...], World] = {}
        for item in items:
            inside = [code for code in task.moved if code in item.rules]
            for choice in product(*(rules_of(item, code) for code in inside)):
                found[choice] = dict(zip(inside, choice, strict=True))
        every.append([found[choice] for choice in sorted(found, reverse=True)])
    if prod(len(worlds) for worlds in every) <= MOST_WORLDS:
        joint = [{code: rule for part in parts for code, rule in part.items()} for parts in product(*every)]
        return [world for world in joint if alive(task.identified, _those_that_fit(task, world))], True
    worlds = []
    for code in task.moved:
        items = task.identified.hypotheses[task.identified.group_of(code).code]
        rules = {rule for item in items for rule in rules_of(item, code)}
        worlds += [{code: rule} for rule in sorted(rules, reverse=True) if len(rules) > 1]
    return worlds, False


def _those_that_fit(task: Task, world: World) -> list[Hypothesis]:
    return [item for items in task.identified.hypotheses.values() for item in items if _fits(item, world)]


def _fits(hypothesis: Hypothesis, world: World) -> bool:
    return all(rule in rules_of(hypothesis, code) for code, rule in world.items() if code in hypothesis.rules)


def regret_of(
    task: Task, pool: list[Scenario], worlds: list[World], target: float, known: Array | None
) -> pd.DataFrame:
    """What the cheapest plan to the target costs if a world is known, against `known`, which reaches it in all."""
    cost = nan if known is None else task.cost(known)
    rows = []
    for world in worlds:
        hypotheses = {}
        for group, items in task.identified.hypotheses.items():
            hypotheses[group] = tuple(_narrowed(item, world) for item in items if _fits(item, world))
        narrowed = replace(task.identified, hypotheses=hypotheses)
        inside = replace(task, identified=narrowed, profiles=profiles_of(narrowed, task.moved))
        own = [found for item in pool for found in item.within(world)]
        steps = least_for_sure(inside, own, "cost", target, known=known)
        cost_known = nan if steps is None else task.cost(steps)
        rows.append({"world": _words(task, world, worlds), "cost_known": cost_known, "regret": cost - cost_known})
    frame = pd.DataFrame(rows, columns=["world", "cost_known", "regret"])
    return frame.sort_values("regret", ascending=False, kind="stable", ignore_index=True)


def _narrowed(hypothesis: Hypothesis, world: World) -> Hypothesis:
    rules = {
        code: tuple(rule for rule in rules if world.get(code, (rule.max, rule.target)) == (rule.max, rule.target))
        for code, rules in hypothesis.rules.items()
    }
    return replace(hypothesis, rules=rules)


def _words(task: Task, world: World, worlds: list[World]) -> str:
    """The rules of a world, as far as they differ from those of another."""
    words = []
    for code, (maximum, target) in world.items():
        if len({other.get(code) for other in worlds}) > 1:
            text = (
                _("{name}: {points} points, full from {target} %")
                if target < 100
                else _("{name}: {points} points, linear")
            )
            points, share = (write_number(number, 0 if number == round(number) else 1) for number in (maximum, target))
            words.append(text.format(name=task.identified.rubric.name_of(code), points=points, target=share))
    return "; ".join(words) or _("the rules that fit are alike")


# Which steps are best


def _acts(task: Task, program: Program, goal: Goal) -> tuple[list[int], Terms, Terms, int]:
    """Columns of the steps, terms of the cost in units of the smallest price, the aim, and its column."""
    unit = float(task.prices.min())
    level = program.column()
    steps = [program.column(cap, whole=task.whole) for cap in task.caps]
    cost = {step: price / unit for step, price in zip(steps, task.prices.tolist(), strict=True)}
    for step, lever, cap in zip(steps, task.levers, task.caps.tolist(), strict=True):
        if lever.effort.setup:
            used = program.column(1.0, whole=True)
            program.row({step: 1.0, used: -cap}, high=0.0)
            cost[used] = lever.effort.setup / unit
        if goal == "equal":
            program.row({step: 1.0, level: -1.0}, high=0.0)
    roots = dict(zip(steps, map(sqrt, _primes(len(steps))), strict=True))  # weigh no two choices of whole steps alike
    aims: dict[Goal, Terms] = {"cost": cost, "points": {level: -1.0}, "equal": {level: 1.0}, "order": roots}
    return steps, cost, aims[goal], level


def _primes(many: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < many:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def _negated(steps: list[int], rise: Array) -> Terms:
    return {step: -own for step, own in zip(steps, rise.tolist(), strict=True) if own}


def least_for_sure(
    task: Task,
    pool: list[Scenario],
    goal: Goal,
    target: float = 0.0,
    budget: float | None = None,
    known: Array | None = None,
) -> Array | None:
    """The steps of each lever that are best for a goal and hold under every survivor; None where none do.

    `pool` are scenarios met before; those met here join it. The goals: least `cost` to the target, most sure `points`
    (no target), the first in a fixed `order` of those that reach the target, the least `equal` rise of all levers.
    `known` are steps that hold, taken where the scenarios show that none cost less.
    """
    if not pool:
        pool += [worst(task, steps)[1] for steps in (task.caps * 0.0, task.caps)]
    before, lift = None, -NEAR / 2
    relaxed = task.whole  # most scenarios are met by programs without whole numbers, which are much faster
    while True:
        program = Program()
        steps, cost, aim, level = _acts(task, program, goal)
        if budget is not None:
            program.row(cost, high=budget / task.prices.min() * (1 + 1e-9))
        gains: dict[tuple[str, float, float], int] = {}
        for scenario in pool:
            reached = {level: -1.0} if goal == "points" else {}
            for row, code in enumerate(task.moved):
                key = code, scenario.slope(code), round(scenario.room[code], 12)
                if key not in gains:
                    gains[key] = program.column(FINE * scenario.room[code])
                    terms = _negated(steps, task.sure[row] * (FINE * scenario.slope(code)))
                    program.row({gains[key]: 1.0, **terms}, high=0.0)
                reached[gains[key]] = 1.0
            program.row(reached, low=FINE * ((0.0 if goal == "points" else target + lift) - scenario.total))
        found = program.least(aim, relaxed)
        if found is None:
            return None
        bound = sum(value * float(found[column]) for column, value in cost.items()) * task.prices.min()
        if known is not None and bound >= task.cost(known) * (1 - 1e-9):
            return known
        chosen = found[steps] if relaxed else np.rint(found[steps])
        if goal == "equal":
            chosen = np.minimum(found[level], task.caps)
        value, scenario = worst(task, chosen)
        again = before is not None and np.array_equal(before, chosen)
        if value >= (found[level] / FINE if goal == "points" else target) - NEAR or (again and goal == "points"):
            if not relaxed:
                return chosen
            relaxed = False
        else:
            pool.append(scenario)
        before, lift = chosen, lift + NEAR * again


def most_for_sure(task: Task, pool: list[Scenario], budget: float | None) -> float:
    """The highest total that is sure within the budget."""
    return worst(task, task.caps if budget is None else must(least_for_sure(task, pool, "points", budget=budget)))[0]


def least_at_best(task: Task, target: float, goal: Goal) -> float:
    """The least `cost`, or `equal` rise, that reaches the target under some survivor and scores; NaN where none does.

    The program knows the scores of this month alone; a survivor that other months exclude is taken out when met.
    """
    if best(task, task.caps) < target - NEAR:
        return nan
    program = Program()
    steps, _cost, aim, level = _acts(task, program, goal)
    everything: Terms = {}
    reached: Terms = {}
    rises: dict[str, Terms] = {}
    taken: dict[int, Profile] = {}
    groups = groupby(
        (item for alike in task.profiles for item in alike), key=lambda item: tuple(item.hypothesis.scores)
    )
    for _codes, profiles in groups:
        sums: Terms = {}
        one: Terms = {}
        for profile in profiles:
            here = program.column(1.0, whole=True)
            taken[here], one[here] = profile, 1.0
            for code, box in profile.boxes.items():
                score = program.column(FINE * box.high)
                program.row({score: 1.0, here: -FINE * box.low}, low=0.0)
                program.row({score: 1.0, here: -FINE * box.high}, high=0.0)
                sums[score] = 1.0
                if code != REST and profile.slopes[code].high:
                    gain = program.column()
                    program.row({gain: 1.0, score: 1.0, here: -FINE * profile.maxima[code]}, high=0.0)
                    rises.setdefault(code, {})[gain] = 1.0 / (FINE * profile.slopes[code].high)
                    reached[gain] = 1.0
            printed = profile.hypothesis.printed
        program.row(one, low=1.0, high=1.0)
        program.row(sums, *ends_of(printed, FINE))
        everything |= sums
    program.row(everything, *ends_of(task.identified.total, FINE))
    for code, terms in rises.items():  # one profile counts, so that what all of them gain shares one rise
        program.row(terms | _negated(steps, task.possible[task.moved.index(code)]), high=0.0)
    lift = -NEAR / 2
    while True:
        program.row({**everything, **reached}, low=FINE * (target + lift))
        found = program.least(aim)
        if found is None:
            return nan
        chosen = np.rint(found[steps]) if task.whole else np.minimum(found[level], task.caps)
        if best(task, chosen) >= target - NEAR:
            return float(found[level]) if goal == "equal" else task.cost(chosen)
        picked = [here for here in taken if found[here] > 0.5]
        if alive(task.identified, [taken[here].hypothesis for here in picked]):
            lift += NEAR
        else:
            program.row(dict.fromkeys(picked, 1.0), high=len(picked) - 1.0)


# What levers do to the total


@dataclass(frozen=True)
class Profile:
    """What counts of a hypothesis: the boxes of the indicators that levers move, and of the sum of all others.

    `maxima` in points; `slopes` in points per percentage point, from the least favourable of its rules to the most.
    """

    hypothesis: Hypothesis
    boxes: Mapping[str, Interval]
    maxima: Mapping[str, float]
    slopes: Mapping[str, Interval]


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
    return Task(
        identified=identified,
        levers=ordered,
        months=months,
        whole=whole,
        sizes=sizes,
        caps=np.floor(caps + 1e-9) if whole else caps,
        moved=moved,
        sure=np.array([[link.low for link in row] for row in links]).reshape(-1, len(ordered)) * sizes,
        possible=np.array([[link.high for link in row] for row in links]).reshape(-1, len(ordered)) * sizes,
        profiles=profiles_of(identified, moved),
    )


def _room(identified: Identified, lever: Lever, months: int) -> float:
    """Percentage points that can be added to a lever's own indicator; none where there was nothing to count."""
    reading, effort = identified.readings[lever.code], lever.effort
    today = reading.rate.low if reading.rate else 0.0
    room = 0.0 if reading.empty else max(effort.ceiling - today, 0.0)
    return room if effort.per_month is None else min(room, effort.per_month * months)


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
            )
            key = (*profile.boxes.values(), *profile.maxima.values(), *slopes.values())
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


def worst(task: Task, steps: Array) -> tuple[float, Scenario]:
    """The least total with these steps over all survivors and scores, and a scenario that gives it."""
    rise = dict(zip(task.moved, task.sure @ steps, strict=True))
    value, cases = task.identified.extreme(_parts(task, rise), sign=1)
    program = Program()
    columns: dict[str, int] = {}
    aim: Terms = {}
    for case in cases.values():
        sums = {program.column(box.high, box.low): code for code, box in case.scores.items()}
        program.row(dict.fromkeys(sums, 1.0), *ends_of(case.origin.hypothesis.printed))
        aim |= {column: 1.0 if code in case.chosen else -1e-3 for column, code in sums.items()}  # full ones rather full
        columns |= {code: column for column, code in sums.items() if code != REST}
    program.row(dict.fromkeys(aim, 1.0), *ends_of(task.identified.total))
    scores = must(program.least(aim)).round(10)  # ends that differ by the noise of floats would trouble the programs
    maxima = {code: maximum for case in cases.values() for code, maximum in case.origin.maxima.items()}
    scenario = Scenario(
        total=float(scores.sum()),
        room={code: max(maximum - float(scores[columns[code]]), 0.0) for code, maximum in maxima.items()},
        rules={code: rules_of(case.origin.hypothesis, code) for case in cases.values() for code in case.origin.maxima},
    )
    again = scenario.total + sum(min(scenario.slope(code) * rise[code], room) for code, room in scenario.room.items())
    if abs(again - value) > NEAR:
        raise RuntimeError(f"a scenario gives {again}, its bound is {value}")
    return value, scenario


def best(task: Task, steps: Array) -> float:
    """The highest total with these steps over all survivors and scores."""
    rise = dict(zip(task.moved, task.possible @ steps, strict=True))
    return task.identified.bound(_parts(task, rise, highest=True), sign=1).high


def _parts(task: Task, rise: Mapping[str, float], highest: bool = False) -> Callable[[Hypothesis], list[Part]]:
    """For `Identified.bound` of the new total: each indicator stays below its maximum, or reaches it.

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
                origin=profile,
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


# Programs


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

        HiGHS may reject its own solution for missing a row by its tolerance after presolve; then it solves without.
        """
        cells = [(row, *cell) for row, (terms, _low, _high) in enumerate(self.rows) for cell in terms.items()]
        rows, columns, values = (np.array(part) for part in zip(*cells, strict=True))
        matrix = csr_array((values, (rows, columns)), shape=(len(self.rows), len(self.whole)))
        for presolve in (True, False):
            found = milp(
                c=[aim.get(column, 0.0) for column in range(len(self.whole))],
                integrality=np.array(self.whole) & (not relaxed),
                bounds=Bounds(*np.array(self.bounds).T),
                constraints=LinearConstraint(matrix, *np.array([ends for _terms, *ends in self.rows]).T),
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

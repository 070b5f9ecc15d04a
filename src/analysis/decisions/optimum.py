"""Which steps are cheapest, or bring most, for sure or at best? Exact, by a program that scenarios join one by one.

The program proposes steps that hold under the scenarios met so far; `worst_case.worst` names the survivor and the
scores under which they give least; that scenario joins, and so on until a proposal holds under every survivor.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, product
from math import nan, prod, sqrt
from typing import Literal

import numpy as np
import pandas as pd

from analysis.decisions.worst_case import (
    FINE,
    NEAR,
    REST,
    Array,
    Profile,
    Program,
    Scenario,
    Task,
    Terms,
    World,
    alive,
    best,
    ends_of,
    must,
    profiles_of,
    rules_of,
    surely,
    worst,
)
from analysis.identification.identify import Hypothesis
from analysis.language import _, write_number

Goal = Literal["cost", "points", "order", "equal", "acts"]
MOST_WORLDS = 60


def _acts(task: Task, program: Program, goal: Goal) -> tuple[list[int], Terms, Terms, int]:
    """Columns of the steps, terms of the cost in units of the smallest price, the aim, and its column."""
    unit = float(task.prices.min())
    level = program.column()
    steps = [program.column(cap, whole=task.whole) for cap in task.caps]
    cost = {step: price / unit for step, price in zip(steps, task.prices.tolist(), strict=True)}
    acts: Terms = {}
    for step, lever, cap in zip(steps, task.levers, task.caps.tolist(), strict=True):
        if lever.effort.setup or goal == "acts":
            used = program.column(1.0, whole=True)
            program.row({step: 1.0, used: -cap}, high=0.0)
            cost[used] = lever.effort.setup / unit
            acts[used] = 1.0
        if goal == "equal":
            program.row({step: 1.0, level: -1.0}, high=0.0)
    roots = dict(zip(steps, map(sqrt, _primes(len(steps))), strict=True))  # weigh no two choices of whole steps alike
    dearest = 1.0 + task.cost(task.caps) / unit
    few = {**cost, **{used: own + cost[used] / dearest for used, own in acts.items()}}
    few |= {step: price / dearest for step, price in cost.items() if step not in acts}
    aims: dict[Goal, Terms] = {
        "cost": cost,
        "points": {level: -1.0},
        "equal": {level: 1.0},
        "order": roots,
        "acts": few,
    }
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
    (no target), the first in a fixed `order` of those that reach the target, the least `equal` rise of all levers, the
    fewest `acts` to the target (levers that are used at all), and of these the least cost.
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
    return surely(task, task.caps if budget is None else must(least_for_sure(task, pool, "points", budget=budget)))


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

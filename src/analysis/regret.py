"""What does it cost a plan that the rules are not known? Set against the plan if one world of them were known."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import nan, prod

import pandas as pd

from analysis.identification.identify import Hypothesis
from analysis.language import _, write_number
from analysis.program import Array
from analysis.scenarios import Scenario, Task, World, alive, profiles_of, rules_of
from analysis.solve import least_for_sure

MOST_WORLDS = 60


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

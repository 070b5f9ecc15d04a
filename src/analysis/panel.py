"""What may be tried in the page itself? The surviving rules in the form that `page/whatif.js` computes with.

The script uses the definitions of `whatif` (`gains`, `group_scores_then`) and `ranks.outlook`; nothing is sampled or
tabulated, so any rates may be tried.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pandas as pd

from analysis.comparisons.ranks import RankSet, Standing
from analysis.decisions.levers import MOST_UNKNOWN, Lever
from analysis.identification.identify import Identified
from analysis.identification.joint import Boxes, join
from analysis.interval import Interval
from analysis.scorecards.rubric import Rule

FULL_RATE = 100.0
STEPS_PER_POINT = 100


def rules_to_try(
    identified: Identified,
    acts: Mapping[str, Lever],
    by_indicator: pd.DataFrame,
    scores: pd.DataFrame,
    hidden: pd.DataFrame,
) -> dict[str, Any]:
    """The survivors as plain data: groups with their hypotheses, which of these hold together, and every lever.

    Intervals are pairs; a hypothesis is its class of choices that other months treat alike, and for each indicator its
    score today and the numbers of its rules. `joins` has for each group `[state, class, next state]` for all choices
    that some other month's totals do not forbid; the first state is 0. `by_indicator`, `scores` and `hidden` are what
    `losses_by_indicator`, `group_scores` and `unprinted_rates` found.
    """
    rules = list(
        dict.fromkeys(
            rule
            for items in identified.hypotheses.values()
            for item in items
            for each in item.rules.values()
            for rule in each
        )
    )
    numbers = {rule: number for number, rule in enumerate(rules)}
    today = {row.code: [row.low, row.high] for row in scores.itertuples()}
    lost = dict(zip(by_indicator["code"], by_indicator["lost_high"], strict=True))
    rates = {row.code: [row.low, row.high] for row in hidden.itertuples()}
    classes = {
        code: list(dict.fromkeys(item.elsewhere for item in items)) for code, items in identified.hypotheses.items()
    }
    return {
        "points": identified.rubric.points,
        "rounding": identified.rubric.rounding,
        "mostUnknown": MOST_UNKNOWN,
        "total": _pair(identified.total),
        "rules": [[rule.max, rule.target] for rule in rules],
        "groups": [
            {
                "code": group.code,
                "points": group.points,
                "indicators": [indicator.code for indicator in group.indicators],
                "printed": _pair(identified.hypotheses[group.code][0].printed),
                "today": today[group.code],
                "hypotheses": [
                    [
                        classes[group.code].index(item.elsewhere),
                        [
                            [
                                *_pair(item.scores[indicator.code]),
                                [numbers[rule] for rule in item.rules[indicator.code]],
                            ]
                            for indicator in group.indicators
                        ],
                    ]
                    for item in identified.hypotheses[group.code]
                ],
            }
            for group in identified.groups
        ],
        "joins": _joins(identified, classes),
        "indicators": {
            code: {**_indicator(identified, code, acts.get(code), rates.get(code)), "lost": lost[code]}
            for code in identified.readings
        },
    }


def rank_steps(known: Standing | None, identified: Identified) -> dict[str, Any] | None:
    """The rank by how many hundredths of a point the total rises, the others as they are; None where any is possible.

    `best` and `worst` are lists of `[hundredths, rank]`: the rank from that many on, up to all that was lost.
    """
    if known is None:
        return None

    @cache
    def after(hundredths: int) -> RankSet:
        return known.after(Interval.point(hundredths / STEPS_PER_POINT))

    last = int((identified.rubric.points - identified.total.low) * STEPS_PER_POINT) + 1
    if after(0).says_nothing and after(last).says_nothing:
        return None

    def best(step: int) -> int:
        return after(step).rank_best

    def worst(step: int) -> int:
        return after(step).rank_worst

    return {
        "known": known.known,
        "ranked": known.ranked,
        "best": [[0, best(0)], *_changes(best, 0, last)],
        "worst": [[0, worst(0)], *_changes(worst, 0, last)],
    }


def _changes(value: Callable[[int], int], first: int, last: int) -> list[list[int]]:
    """Where a falling step function changes in (first, last]: `[step, value from there]`."""
    if value(first) == value(last):
        return []
    if last - first == 1:
        return [[last, value(last)]]
    middle = (first + last) // 2
    return _changes(value, first, middle) + _changes(value, middle, last)


def _indicator(identified: Identified, code: str, lever: Lever | None, unprinted: list[float] | None) -> dict[str, Any]:
    """What is known of an indicator: its rate, and, where it is a lever, what it moves besides and its targets."""
    reading = identified.readings[code]
    rules: set[Rule] = {
        rule for item in identified.hypotheses[identified.group_of(code).code] for rule in item.rules[code]
    }
    rate = None if reading.rate is None else _pair(reading.rate)
    return {
        "rate": rate,
        "today": [0.0, FULL_RATE] if reading.empty else rate or unprinted,
        "printed": reading.printed,
        "empty": reading.empty,
        "lever": lever is not None and not reading.empty and any(rule.max for rule in rules),
        "effects": {} if lever is None else {moved: _pair(by) for moved, by in lever.effects.items() if moved != code},
        "targets": sorted({rule.target for rule in rules if rule.max and rule.target < FULL_RATE}),
    }


def _joins(identified: Identified, classes: Mapping[str, list[tuple[Interval, ...]]]) -> list[list[list[int]]]:
    """Which choices of the groups hold together in every other month, as steps from state to state."""
    if not identified.totals[1:]:
        return [[[0, 0, 0]] for _group in identified.groups]
    boxes = [
        Boxes.of(classes[group.code], [1] * len(classes[group.code]), [[]] * len(classes[group.code]))
        for group in identified.groups
    ]
    sums = [type(item)(item.month - 1, item.groups, item.printed) for item in identified.sums]
    joined = join(boxes, identified.totals[1:], sums, exact=0)
    return [
        [[int(state), int(choice), int(after)] for state, choice, after in zip(*step, strict=True)]
        for step in joined.steps
    ]


def _pair(interval: Interval) -> list[float]:
    return [interval.low, interval.high]

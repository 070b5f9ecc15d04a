"""What is a raise worth by what is best supported, by what is documented, and if targets may be any?

In the open tier an indicator with rate r, maximum M and a target T that nobody wrote down scores s = M·min(1, r/T).
What it gains at r' then depends on s alone: M·min(1, r'/T) − s, where T is r·M/s below full marks. That is straight in
pieces of s, so that the least and the most over every s that the month allows are ends of linear programs, one a
choice of pieces: exact, and attained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import inf, nan

import numpy as np
import pandas as pd

from analysis.decisions.levers import Lever
from analysis.decisions.plan import Plan
from analysis.decisions.whatif import TOGETHER, gains
from analysis.decisions.worst_case import surely, task_of
from analysis.errors import CheckError, ContradictionError
from analysis.identification.evidence import Evidence, Relation, assume, read_card, with_figure
from analysis.identification.identify import Hypothesis, Identified, explained, identify_cards
from analysis.interval import TOLERANCE, Interval, union
from analysis.language import _
from analysis.scorecards.rubric import Rubric, Rule
from analysis.scorecards.tiers import (
    DOCUMENTED,
    LEAST_TARGET,
    OPEN,
    SUPPORTED,
    Support,
    is_open,
    opened,
    supported,
    with_target,
)

BY_TIER = ["tier", "code", "name", "target", "gain_low", "gain_high", "total_low", "total_high", "survivors"]
BY_TARGET = ["code", "target", "gain_low", "gain_high"]
REACHED = ["code", "name", "target", "sure_total"]
TARGETS = (30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0)
FULL = 100.0


@dataclass(frozen=True)
class Piece:
    """Where the gain is `slope` × score + `constant`, for scores from `low` to `high`."""

    low: float
    high: float
    slope: float
    constant: float


def in_each_tier(
    history: pd.DataFrame, documented: Identified, readings: Sequence[Support], relations: Sequence[Relation] = ()
) -> dict[str, Identified | None]:
    """The rules of each tier that fit: of `documented` as they are; of the other two by the month's own figures.

    `history` is that of the entity. The supported tier is None where a figure of the month contradicts its readings;
    without readings there is none, and a family without open targets has one tier only. Raises ContradictionError where
    nothing fits even the open one. `relations` are those assumed to hold.
    """
    if not is_open(documented.rubric):
        return {DOCUMENTED: documented}

    def alone(rubric: Rubric) -> Identified:
        return identify_cards(
            [assume(read_card(history, rubric, documented.entity, documented.period), relations)], rubric
        )

    best: dict[str, Identified | None] = {}
    if readings:
        try:
            best[SUPPORTED] = alone(supported(documented.rubric, readings))
        except ContradictionError:
            best[SUPPORTED] = None
    return {**best, DOCUMENTED: documented, OPEN: alone(opened(documented.rubric))}


def gains_by_tier(tiers: Mapping[str, Identified | None], levers: Mapping[str, float]) -> pd.DataFrame:
    """What each raise alone and all together gain by their own indicators, in each tier; nothing is carried along.

    Returns
    -------
    For each tier that fits, a row a lever and one with code `together` where there are several: `tier`, `code`, `name`,
    `target` (percent), `gain_low`, `gain_high`, `total_low`, `total_high` (points), `survivors` (members of the
    family that fit; missing where it is continuous). Raises ParameterError as `whatif.gains`.
    """
    rows = []
    asked = [*({code: target} for code, target in levers.items()), *([dict(levers)] if len(levers) > 1 else [])]
    for tier, identified in tiers.items():
        if identified is None:
            continue
        closed = gains(identified, levers) if tier != OPEN else pd.DataFrame()
        for place, some in enumerate(asked):
            code, target = next(iter(some.items())) if len(some) == 1 else (TOGETHER, nan)
            name = _("All together") if code == TOGETHER else identified.rubric.name_of(code)
            if tier == OPEN:
                gain, whole, survivors = open_gain(identified, some), open_total(identified, some), nan
            else:
                row, survivors = closed.iloc[place], identified.survivors
                gain = Interval(row["gain_low"], row["gain_high"])
                whole = Interval(row["total_low"], row["total_high"])
            rows.append((tier, code, name, target, gain.low, gain.high, whole.low, whole.high, survivors))
    return pd.DataFrame(rows, columns=BY_TIER)


def gains_by_target(
    history: pd.DataFrame, documented: Identified, code: str, rate: float, targets: Sequence[float] = TARGETS
) -> pd.DataFrame:
    """What raising one rate gains for each target that its indicator may have; all other targets may be any.

    Returns
    -------
    One row a target that no figure of the month excludes: `code`, `target` (percent; 100 is none), `gain_low`,
    `gain_high` in points.
    """
    family, rows = opened(documented.rubric), []
    for target in targets:
        rubric = with_target(family, code, target)
        try:
            found = identify_cards([read_card(history, rubric, documented.entity, documented.period)], rubric)
        except ContradictionError:
            continue
        gain = open_gain(found, {code: rate})
        rows.append((code, target, gain.low, gain.high))
    return pd.DataFrame(rows, columns=BY_TARGET)


def plan_by_target(
    cards: Sequence[Evidence],
    documented: Identified,
    levers: Mapping[str, Lever],
    chosen: Plan,
    targets: Sequence[float] = (50.0, 60.0, 70.0),
) -> pd.DataFrame:
    """What a plan still reaches where one of its indicators has full marks from a rate that no document names.

    Returns
    -------
    For each step of the plan whose rate is published and whose target is open, a row a target that every card allows:
    `code`, `name`, `target` (percent), `sure_total` (points, the least over all other rules that fit).
    """
    added, rows = dict(zip(chosen.steps["lever"], chosen.steps["added"], strict=True)), []
    for code in chosen.steps["lever"]:
        named = documented.rubric.indicators[code].target.alternatives
        if len(named) < 2 or documented.readings[code].rate is None:
            continue
        for target in (target for target in targets if target not in named):
            rubric = with_target(documented.rubric, code, target)
            told = [replace(card, groups=rubric.groups_as_printed(set(card.told.codes))) for card in cards]
            if not explained(told, rubric):
                continue
            task = task_of(identify_cards(told, rubric), levers.values(), chosen.months)
            steps = np.array([added.get(lever.code, 0.0) for lever in task.levers]) / task.sizes
            rows.append((code, documented.rubric.name_of(code), target, surely(task, steps)))
    return pd.DataFrame(rows, columns=REACHED)


def failing_target(history: pd.DataFrame, documented: Identified, code: str, rate: float) -> float | None:
    """The target below which a raise to `rate` gains less than the documented rules say; None where none does.

    Today's rate is taken as printed, without its rounding. With the rate above it a target T gives M·(1 − r/T).
    """
    reading = documented.readings[code].rate
    if reading is None:
        return None
    printed = Interval.point((reading.low + reading.high) / 2)
    card = with_figure(
        read_card(history, documented.rubric, documented.entity, documented.period), code, "percent", printed
    )
    found = identify_cards([card], documented.rubric)
    least = float(gains(found, {code: rate})["gain_low"].iloc[0])
    most = max(rule.max for item in found.hypotheses[found.group_of(code).code] for rule in item.rules[code])
    target = printed.low / (1 - least / most) if 0 < least < most else 0.0
    return target if LEAST_TARGET < target < min(rate, FULL) else None


def open_gain(identified: Identified, levers: Mapping[str, float]) -> Interval:
    """The least and the most that raises gain together by their own indicators, over all targets and scores."""
    return _over(identified, levers, whole=False)


def open_total(identified: Identified, levers: Mapping[str, float]) -> Interval:
    """The least and the most that the total may be after these raises."""
    found = _over(identified, levers, whole=True)
    points = identified.rubric.points
    return Interval(min(found.low, points), min(found.high, points))


def pieces(rule: Rule, rate: Interval, score: Interval, aim: float, highest: bool) -> Iterator[Piece]:
    """The gain of raising a rate to `aim` as a function of today's score, least or most over the rule's targets.

    `rate` is today's, in percent: with a score below full marks it fixes the target to rate × maximum / score.
    """
    whole = rule.max
    first, last = rule.target if rule.open_from is None else rule.open_from, rule.target

    def gain(today: float) -> float:
        """The target is the highest that gives the score for the least gain, the lowest for the most."""
        if today >= whole:
            target = first if highest else min(last, max(first, rate.high))
        elif today <= 0:
            target = first if highest else last
        else:
            known = whole * (rate.low if highest else rate.high) / today
            target = max(first, known) if highest else min(last, known)
        return max(whole * min(1.0, aim / target) - today, 0.0)

    marks = [whole * end / mark for end in (rate.low, rate.high) for mark in (first, last, aim) if mark > 0]
    marks += [whole * min(1.0, aim / mark) for mark in (first, last)]
    cuts = sorted({score.low, score.high, *(mark for mark in marks if score.low < mark < score.high)})
    for low, high in zip(cuts, cuts[1:] or cuts, strict=False):
        if high - low <= TOLERANCE:
            yield Piece(low, high, 0.0, gain((low + high) / 2))
            continue
        third = (high - low) / 3  # the ends belong to two pieces, or are where a gain jumps
        at, then = low + third, high - third
        slope = (gain(then) - gain(at)) / (then - at)
        yield Piece(low, high, slope, gain(at) - slope * at)


def _over(identified: Identified, levers: Mapping[str, float], whole: bool) -> Interval:
    """Bounds of the joint gain, or of the total after it, over every choice of hypotheses and pieces."""
    choices: list[list[tuple[Hypothesis | Interval, list[str]]]] = []
    for group in identified.groups:
        inside = [code for code in levers if any(one.code == code for one in group.indicators)]
        hypotheses = identified.hypotheses[group.code]
        if inside:
            choices.append([(item, inside) for item in hypotheses])
        else:
            spans = union(score for item in hypotheses if (score := item.group_score()) is not None)
            choices.append([(span, []) for span in spans])
    low, high = inf, -inf
    for choice in product(*choices):
        for highest in (False, True):
            for value in _ends(identified, choice, levers, whole, highest):
                low, high = (low, max(high, value)) if highest else (min(low, value), high)
    if low > high:
        raise CheckError(_("No scores agree with these figures."))
    return Interval(low, high)


def _ends(
    identified: Identified,
    choice: Sequence[tuple[Hypothesis | Interval, list[str]]],
    levers: Mapping[str, float],
    whole: bool,
    highest: bool,
) -> Iterator[float]:
    """The least or the most of each choice of pieces, one of each lever."""
    from scipy.optimize import linprog

    bounds: list[tuple[float, float]] = []
    rows: list[tuple[list[int], Interval]] = []
    of_lever: list[tuple[int, list[Piece]]] = []
    for item, inside in choice:
        if isinstance(item, Interval):
            bounds.append((item.low, item.high))
            continue
        first = len(bounds)
        rest = [score for code, score in item.scores.items() if code not in inside]
        bounds.append((sum(score.low for score in rest), sum(score.high for score in rest)))
        for code in inside:
            reading = identified.readings[code]
            rate = reading.rate or Interval(0.0, reading.cap)
            found = [
                piece
                for rule in item.rules[code]
                for piece in pieces(rule, rate, item.scores[code], levers[code], highest)
            ]
            of_lever.append((len(bounds), found))
            bounds.append((item.scores[code].low, item.scores[code].high))
        rows.append((list(range(first, len(bounds))), item.printed))
    rows.append((list(range(len(bounds))), identified.total))
    matrix = np.zeros((len(rows), len(bounds)))
    for number, (columns, _span) in enumerate(rows):
        matrix[number, columns] = 1.0
    limits = np.array([(span.low, span.high) for _columns, span in rows])
    sign = -1.0 if highest else 1.0
    for chosen in product(*(found for _column, found in of_lever)):
        aim, ends, constant = np.full(len(bounds), 1.0 if whole else 0.0), list(bounds), 0.0
        for (column, _found), piece in zip(of_lever, chosen, strict=True):
            aim[column] += piece.slope
            ends[column] = (piece.low, piece.high)
            constant += piece.constant
        found = linprog(
            sign * aim,
            A_ub=np.vstack([matrix, -matrix]),
            b_ub=np.concatenate([limits[:, 1], -limits[:, 0]]),
            bounds=ends,
            method="highs",
        )
        if found.status == 0:
            yield sign * float(found.fun) + constant

"""What is an improvement worth? The gain of raising rates, over every rule that survived identification.

A range here is a range of rules and of rounding, not a confidence interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import replace
from itertools import product
from math import inf

import pandas as pd

from analysis.decisions.levers import Lever, check_levers
from analysis.identification.bounds import rate_of
from analysis.identification.identify import Hypothesis, Identified, Part
from analysis.interval import Interval
from analysis.language import _

TOGETHER = "together"


def gains(identified: Identified, levers: Mapping[str, float], acts: Mapping[str, Lever] | None = None) -> pd.DataFrame:
    """The gain of raising each rate to its target, and of all together; rates that no act moves stay as they are.

    Parameters
    ----------
    levers : indicator code → target rate in percent, 0 to 100.
    acts : what each lever moves besides (see `levers.load_levers`). The lowest gain counts what it surely moves, the
        highest what it may move.

    Returns
    -------
    One row a lever, in the order given, then one with code `together` when there are several: `code`, `name`,
    `rate_low`, `rate_high` (today's rate; missing where it is not printed), `target` (percent), `gain_low`,
    `gain_high`, `total_low`, `total_high` (the new total), `remaining_low`, `remaining_high` (still lost), in points;
    `own_low`, `own_high`, the gain of the lever's own indicator alone, and `moved`, codes of what else it may move.
    A rate that is not printed may already be at its target, or there may have been nothing to count and no points for
    it, and so no rate to raise: then the lowest gain is 0.

    Raises
    ------
    ParameterError: a code that is no indicator, or a target below today's printed rate.
    """
    check_levers(identified, levers)
    acts = acts or {}
    rows = [_row(identified, {code: target}, code, acts) for code, target in levers.items()]
    if len(levers) > 1:
        rows.append(_row(identified, levers, TOGETHER, acts))
    return pd.DataFrame(rows)


def group_scores_then(
    identified: Identified, levers: Mapping[str, float], acts: Mapping[str, Lever] | None = None
) -> dict[str, Interval]:
    """What each group scores with every lever at its target: its code → bounds in points, as in `gains`."""
    least, most, hidden = _moved(identified, levers, acts or {})
    scores = {}
    for group in identified.groups:
        codes = frozenset(indicator.code for indicator in group.indicators)
        unseen = sum(points for code, points in hidden.items() if code in codes)
        low, high = _new_score(identified, least, codes).low, _new_score(identified, most, codes).high
        scores[group.code] = Interval(low, min(high + unseen, group.points))
    return scores


def total_after(identified: Identified, levers: Mapping[str, float], acts: Mapping[str, Lever]) -> Interval:
    """The total with every lever at its target, in points, as in `gains`."""
    least, most, hidden = _moved(identified, levers, acts)
    return _total(identified, least, most, sum(hidden.values()))


def _total(identified: Identified, least: Mapping[str, float], most: Mapping[str, float], unseen: float) -> Interval:
    """The total where what is moved ends at `least` or at `most`; `unseen` are the points of what has no rate."""
    everything = frozenset(identified.readings)
    lowest = _new_score(identified, least, everything)
    highest = lowest if most == least else _new_score(identified, most, everything)
    return Interval(lowest.low, min(highest.high + unseen, identified.rubric.points))


def gain_of(gained: pd.DataFrame) -> Interval:
    """The gain of all improvements of a frame of `gains` together, in points."""
    last = gained.iloc[-1]
    return Interval(float(last["gain_low"]), float(last["gain_high"]))


def gains_by_rule(identified: Identified, levers: Mapping[str, float]) -> pd.DataFrame:
    """Why the gain is a range: the same gain under each alternative that identification left open.

    Returns
    -------
    One row an alternative: `parameter` (`target` of a lever or `allotment` of a group with several), `code`, `name`,
    `alternative` (a target in percent, 100 where there is none, or the maxima of the group as text), `lever`,
    `gain_low`, `gain_high`.
    """
    rows = []
    for lever, target in levers.items():
        group = identified.group_of(lever)
        rules = {rule for item in identified.hypotheses[group.code] for rule in item.rules[lever]}
        for share in sorted({rule.target for rule in rules}, reverse=True):
            narrowed = _with_target(identified, group.code, lever, share)
            rows.append(_alternative(narrowed, "target", lever, f"{share:g}", lever, target))
        for other in identified.groups:
            allotments = {tuple(item.allotment.values()) for item in identified.hypotheses[other.code]}
            distinct = len({tuple(filter(None, maxima)) for maxima in allotments}) == len(allotments)
            for maxima in sorted(allotments, reverse=True) if len(allotments) > 1 else ():
                kept = [item for item in identified.hypotheses[other.code] if tuple(item.allotment.values()) == maxima]
                narrowed = _narrowed(identified, other.code, kept)
                words = " + ".join(f"{maximum:g}" for maximum in maxima if maximum or not distinct)
                rows.append(_alternative(narrowed, "allotment", other.code, words, lever, target))
    return pd.DataFrame(rows)


def _row(
    identified: Identified, levers: Mapping[str, float], code: str, acts: Mapping[str, Lever]
) -> dict[str, object]:
    least, most, hidden = _moved(identified, levers, acts)
    unseen = sum(hidden.values())
    own, room = joint_gain(identified, levers), identified.rubric.points
    left = identified.lost({*levers, *_side_effects(identified, levers, acts)}).high if unseen else inf
    gain = Interval(joint_gain(identified, least).low, min(joint_gain(identified, most).high + unseen, left))
    new = _total(identified, least, most, unseen)
    reading = identified.readings[code].rate if code != TOGETHER else None
    return {
        "code": code,
        "name": _("All together") if code == TOGETHER else identified.rubric.indicators[code].name,
        "rate_low": reading.low if reading else float("nan"),
        "rate_high": reading.high if reading else float("nan"),
        "target": float("nan") if code == TOGETHER else levers[code],
        "gain_low": gain.low,
        "gain_high": gain.high,
        "total_low": new.low,
        "total_high": new.high,
        "remaining_low": room - new.high,
        "remaining_high": room - new.low,
        "own_low": own.low,
        "own_high": own.high,
        "moved": tuple(_side_effects(identified, levers, acts)),
    }


def _side_effects(identified: Identified, levers: Mapping[str, float], acts: Mapping[str, Lever]) -> list[str]:
    """The indicators that the levers may move besides their own; where there was nothing to count, nothing moves."""
    moved = [code for lever in levers if lever in acts for code in acts[lever].effects]
    return [code for code in dict.fromkeys(moved) if code not in levers and not identified.readings[code].empty]


def _moved(
    identified: Identified, levers: Mapping[str, float], acts: Mapping[str, Lever]
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Targets of everything the levers surely move and may move, and the points of what moves from an unknown rate.

    What is a lever itself ends at the higher of its target and where others carry it.
    """
    least, most = dict(levers), dict(levers)
    unseen: dict[str, float] = {}
    for code in dict.fromkeys(code for lever in levers if lever in acts for code in acts[lever].effects):
        raised = Interval.point(0.0)
        for lever, target in levers.items():
            effect = acts[lever].effects.get(code) if lever in acts and lever != code else None
            if effect is not None:
                today = raised_from(identified, lever)
                up = Interval(max(target - today.high, 0.0), max(target - today.low, 0.0))
                raised = raised + Interval(effect.low * up.low, effect.high * up.high)
        rate = identified.readings[code].rate
        if rate is not None:
            least |= {code: max(levers.get(code, 0.0), min(rate.low + raised.low, 100.0))} if raised.low else {}
            most |= {code: max(levers.get(code, 0.0), min(rate.high + raised.high, 100.0))} if raised.high else {}
        elif raised.high and not identified.readings[code].empty:
            rules = {
                rule for item in identified.hypotheses[identified.group_of(code).code] for rule in item.rules[code]
            }
            points = max(rule.points(min(raised.high, 100.0)) for rule in rules) + identified.rubric.rounding
            unseen[code] = min(identified.lost([code]).high, points)
    return least, most, unseen


def joint_gain(identified: Identified, levers: Mapping[str, float]) -> Interval:
    """Sharp bounds of the joint gain: Σ max(0, points at the target − points today) over every survivor."""

    def parts(hypothesis: Hypothesis) -> list[Part]:
        cases = _cases(identified, hypothesis, levers)
        return [Part(scores, frozenset(goals), sum(goals.values())) for scores, goals in cases]

    gain = identified.bound(parts)
    return Interval(max(gain.low, 0.0), max(gain.high, 0.0))


def _new_score(identified: Identified, levers: Mapping[str, float], codes: Set[str]) -> Interval:
    """Sharp bounds of what these indicators score with the levers at their targets or above, the others as today."""

    def parts(hypothesis: Hypothesis) -> list[Part]:
        return [
            Part(scores, frozenset(scores) & codes - goals.keys(), sum(goals[code] for code in codes & goals.keys()))
            for scores, goals in _cases(identified, hypothesis, levers)
        ]

    return identified.bound(parts, sign=1)


def may_be_nothing(identified: Identified, hypothesis: Hypothesis, code: str) -> bool:
    """Whether an indicator may have had nothing to count, and no points for it: a score of 0 and no rate to raise."""
    reading = identified.readings[code]
    return hypothesis.scores[code].low <= 0 and any(reading.may_be_empty(rule) for rule in hypothesis.rules[code])


def perhaps_nothing(identified: Identified, code: str) -> bool:
    """Whether that is so of an indicator under some survivor."""
    items = identified.hypotheses[identified.group_of(code).code]
    return any(may_be_nothing(identified, item, code) for item in items) and rate_of(identified, code).low <= 0


def raised_from(identified: Identified, lever: str) -> Interval:
    """Today's rate of a lever in percent, as far as it can be raised: 100 at most where there may be nothing to raise.

    For what a lever moves besides its own indicator.
    """
    today = rate_of(identified, lever)
    return Interval(today.low, 100.0) if perhaps_nothing(identified, lever) else today


def _cases(
    identified: Identified, hypothesis: Hypothesis, levers: Mapping[str, float]
) -> Iterator[tuple[Mapping[str, Interval], dict[str, float]]]:
    """Each way a hypothesis may stand to the targets: scores today, and the goals of the levers still below them.

    What had nothing to count has no goal.
    """
    inside = [code for code in levers if code in hypothesis.scores]
    choices: list[list[tuple[str, Interval, float | None]]] = []
    for code in inside:
        score = hypothesis.scores[code]
        ways: set[tuple[str, Interval, float | None]] = set()
        for goal in {rule.points(levers[code]) for rule in hypothesis.rules[code]}:
            if goal > score.low:
                ways.add((code, Interval(score.low, min(score.high, goal)), goal))
            if goal < score.high:
                ways.add((code, Interval(max(score.low, goal), score.high), None))
            if goal == score.low == score.high:
                ways.add((code, score, None))
        if may_be_nothing(identified, hypothesis, code):
            ways.add((code, Interval.point(0.0), None))
        choices.append(sorted(ways, key=repr))
    for case in product(*choices):
        goals = {code: goal for code, _score, goal in case if goal is not None}
        yield {**hypothesis.scores, **{code: score for code, score, _goal in case}}, goals


def _narrowed(identified: Identified, group: str, kept: Iterable[Hypothesis]) -> Identified:
    return replace(identified, hypotheses={**identified.hypotheses, group: tuple(kept)})


def _with_target(identified: Identified, group: str, code: str, target: float) -> Identified:
    kept = []
    for item in identified.hypotheses[group]:
        rules = tuple(rule for rule in item.rules[code] if rule.target == target)
        if rules:
            kept.append(replace(item, rules={**item.rules, code: rules}))
    return _narrowed(identified, group, kept)


def _alternative(
    narrowed: Identified, parameter: str, code: str, alternative: str, lever: str, target: float
) -> dict[str, object]:
    gain = joint_gain(narrowed, {lever: target})
    return {
        "parameter": parameter,
        "code": code,
        "name": narrowed.rubric.named[code].name,
        "alternative": alternative,
        "lever": lever,
        "gain_low": gain.low,
        "gain_high": gain.high,
    }


def gain_width(levers: Mapping[str, float]) -> Callable[[Identified], float]:
    """How wide the gain of some improvements is, in points, over the rules that fit."""

    def width(identified: Identified) -> float:
        return joint_gain(identified, levers).width

    return width

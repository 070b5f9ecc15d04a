"""What is a raise worth by what is best supported, by what is documented, and if targets may be any?

In the open tier an indicator with rate r, maximum M and a target T that nobody wrote down scores s = M·min(1, r/T).
What it gains at r' then depends on s alone: M·min(1, r'/T) − s, where T is r·M/s below full marks. That is straight in
pieces of s. What a group may gain at each score of its own, and all groups at each total, is straight in pieces too:
two such functions are added by taking the steeper piece first, and only the highest pieces are kept. So the least and
the most over every s that the month allows are exact, and attained. `page/whatif.js` does the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from math import inf, nan

import pandas as pd

from analysis.decisions.levers import check_levers
from analysis.decisions.whatif import TOGETHER, gains, may_be_nothing, total_after
from analysis.errors import CheckError, ContradictionError
from analysis.identification.evidence import Evidence, read_card, with_figure
from analysis.identification.identify import Hypothesis, Identified, explained, identify_cards
from analysis.identification.proof import regrouped
from analysis.interval import TOLERANCE, Interval
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
WIDEST = ["answer", "code", "name", "width", "left"]
TARGETS = (30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0)
FULL = 100.0
TINY, EVERYWHERE = 1e-12, Interval(-inf, inf)
Segment = tuple[float, float, float, float]  # from, to, the value at the first of them, and its slope


def in_each_tier(
    cards: Sequence[Evidence], documented: Identified, readings: Sequence[Support]
) -> dict[str, Identified | None]:
    """The rules of each tier that fit: of `documented` as they are, of the others by `cards`.

    The first card is the one asked about. The supported tier is held against all of them, and None where some figure
    contradicts its readings; without readings there is none. Targets that may be any are held against the first alone.
    A family without open targets has one tier only. Raises ContradictionError where nothing fits even the open one.
    """
    if not is_open(documented.rubric):
        return {DOCUMENTED: documented}
    found: dict[str, Identified | None] = {}
    if readings:
        best = supported(documented.rubric, readings)
        with suppress(ContradictionError):
            found[SUPPORTED] = None
            found[SUPPORTED] = identify_cards([regrouped(card, best) for card in cards], best)
    family = opened(documented.rubric)
    return {**found, DOCUMENTED: documented, OPEN: identify_cards([regrouped(cards[0], family)], family)}


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
        check_levers(identified, levers)
        for some in asked:
            code, target = next(iter(some.items())) if len(some) == 1 else (TOGETHER, nan)
            name = _("All together") if code == TOGETHER else identified.rubric.name_of(code)
            if len(identified.totals) > 1:  # another month forbids some joint choices of rules
                row = gains(identified, some).iloc[-1]
                gain = Interval(row["gain_low"], row["gain_high"])
                whole = Interval(row["total_low"], row["total_high"])
            else:
                gain, whole = gain_and_total(identified, some)
            survivors = nan if tier == OPEN else identified.survivors
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
    card = read_card(history, family, documented.entity, documented.period)
    for target in targets:
        rubric = with_target(family, code, target)
        try:
            found = identify_cards([regrouped(card, rubric)], rubric)
        except ContradictionError:
            continue
        gain = own_gain(found, {code: rate})
        rows.append((code, target, gain.low, gain.high))
    return pd.DataFrame(rows, columns=BY_TARGET)


def plan_by_target(
    cards: Sequence[Evidence],
    documented: Identified,
    aims: Mapping[str, float],
    targets: Sequence[float] = TARGETS,
) -> pd.DataFrame:
    """What rates still reach together where one of them has full marks from a rate that no document names.

    Returns
    -------
    For each rate that is published and whose target is open, a row a target that every card allows: `code`, `name`,
    `target` (percent), `sure_total` (points, the least over all other rules that fit).
    """
    rows = []
    for code in aims:
        named = documented.rubric.indicators[code].target.alternatives
        if len(named) < 2 or documented.readings[code].rate is None:
            continue
        for target in (target for target in targets if target not in named):
            rubric = with_target(documented.rubric, code, target)
            told = [regrouped(card, rubric) for card in cards]
            if explained(told, rubric):
                total = total_after(identify_cards(told, rubric), aims, {})
                rows.append((code, documented.rubric.name_of(code), target, total.low))
    return pd.DataFrame(rows, columns=REACHED)


def widest_target(
    history: pd.DataFrame,
    documented: Identified,
    levers: Mapping[str, float],
    targets: Sequence[float] = TARGETS,
) -> pd.DataFrame:
    """Which target, not being known, widens the joint gain and the new total of raises most, all else being open.

    Returns
    -------
    A row for `gain` and one for `total`: `answer`, `code`, `name` (of the indicator with that target), `width` (of the
    answer in points, every target open), `left` (the most that is left of it with that target one of `targets`). No row
    where no open target narrows the answer. Only targets that bear on it are tried: of the raised indicators, and of
    those in their groups whose rate is published.
    """
    family = opened(documented.rubric)
    card = read_card(history, family, documented.entity, documented.period)

    def answers(rubric: Rubric) -> dict[str, float]:
        found = identify_cards([regrouped(card, rubric)], rubric)
        gain, whole = gain_and_total(found, levers)
        return {"gain": gain.width, "total": whole.width}

    beside = {one.code for code in levers for one in documented.group_of(code).indicators}
    printed = {code for code in beside if documented.readings[code].rate is not None}
    asked = [code for code in family.indicators if code in printed | set(levers)]
    left: dict[str, dict[str, float]] = {}
    for code in asked:
        if len(documented.rubric.indicators[code].target.alternatives) < 2:
            continue
        for target in targets:
            with suppress(ContradictionError):
                for answer, width in answers(with_target(family, code, target)).items():
                    most = left.setdefault(answer, {})
                    most[code] = max(most.get(code, 0.0), width)
    rows = []
    for answer, width in answers(family).items():
        code = min(left.get(answer, {}), key=lambda code: left[answer][code], default="")
        if code and left[answer][code] < width - TOLERANCE:
            rows.append((answer, code, documented.rubric.name_of(code), width, left[answer][code]))
    return pd.DataFrame(rows, columns=WIDEST)


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


def own_gain(identified: Identified, levers: Mapping[str, float]) -> Interval:
    """The least and the most that raises gain together by their own indicators, over all rules and scores."""
    return gain_and_total(identified, levers)[0]


def gain_and_total(identified: Identified, levers: Mapping[str, float]) -> tuple[Interval, Interval]:
    """`own_gain`, and the total after it, by the figures of the month alone; of any family, of closed targets too.

    The most that all groups may gain at each score of theirs is added up over the groups; the least is the most of the
    loss. Raises CheckError where no scores agree with the figures.
    """
    ends = []
    for highest in (False, True):
        groups = []
        for group in identified.groups:
            ways = [_way(identified, item, levers, highest) for item in identified.hypotheses[group.code]]
            groups.append(upper(segment for way in ways for segment in way))
        sums, sign = added(groups, identified.total), 1 if highest else -1
        if not sums:
            raise CheckError(_("No scores agree with these figures."))
        at_ends = [(x, at + slope * (x - low)) for low, high, at, slope in sums for x in (low, high)]
        gain, whole = max(value for _x, value in at_ends), max(sign * x + value for x, value in at_ends)
        ends.append((sign * gain, sign * whole))
    (low, then_low), (high, then_high) = ends
    points = identified.rubric.points
    gain_ends = Interval(max(0.0, min(low, high)), max(0.0, high))
    return gain_ends, Interval(min(then_low, then_high, points), min(then_high, points))


def _way(identified: Identified, item: Hypothesis, levers: Mapping[str, float], highest: bool) -> list[Segment]:
    """What a group may gain at most at each score of its own; at the least, as the most of a loss."""
    rest = [score for code, score in item.scores.items() if code not in levers]
    found: list[list[Segment]] = [[(sum(score.low for score in rest), sum(score.high for score in rest), 0.0, 0.0)]]
    for code in item.scores:
        if code in levers:
            reading, score = identified.readings[code], item.scores[code]
            rate = reading.rate or Interval(0.0, reading.cap)
            own = [part for rule in item.rules[code] for part in pieces(rule, rate, score, levers[code], highest)]
            if may_be_nothing(identified, item, code):
                own.append((0.0, 0.0, 0.0, 0.0))
            found.append(upper(own if highest else [(low, high, -at, -slope) for low, high, at, slope in own]))
    return added(found, item.printed)


def pieces(rule: Rule, rate: Interval, score: Interval, aim: float, highest: bool) -> Iterator[Segment]:
    """The gain of raising a rate to `aim` as a function of today's score, least or most over the rule's targets.

    `rate` is today's, in percent: with a score below full marks it fixes the target to rate × maximum / score.
    """
    whole, today = rule.max, rate.low if highest else rate.high
    first, last = rule.target if rule.open_from is None else rule.open_from, rule.target

    def gain(at: float) -> float:
        """The target is the highest that gives the score for the least gain, the lowest for the most."""
        if at >= whole:
            return 0.0
        known = whole * today / at if at > 0 else 0.0 if highest else last
        return max(whole * min(1.0, aim / min(max(known, first), last)) - at, 0.0)

    marks = [whole * today / mark for mark in (first, last, aim) if mark > 0]
    marks += [whole * min(1.0, aim / mark) for mark in (first, last)]
    cuts = sorted({score.low, score.high, *(mark for mark in marks if score.low < mark < score.high)})
    for low, high in zip(cuts, cuts[1:] or cuts, strict=False):
        third = (high - low) / 3  # the ends belong to two pieces, or are where a gain jumps
        if third <= TINY:
            yield low, high, gain((low + high) / 2), 0.0
            continue
        slope = (gain(high - third) - gain(low + third)) / (high - third - (low + third))
        yield low, high, gain(low + third) - slope * third, slope


def added(functions: Sequence[Sequence[Segment]], span: Interval = EVERYWHERE) -> list[Segment]:
    """The most that functions give together for each sum of their arguments in an interval.

    Of two pieces the steeper goes first. Each half of the functions is added first, as then the interval leaves little.
    """
    if len(functions) == 1:
        return within(functions[0], span)
    half = len(functions) // 2
    one, other, found = added(functions[:half]), added(functions[half:]), list[Segment]()
    for low, high, at, slope in one:
        for own_low, own_high, own_at, own_slope in other:
            if low + own_low > span.high + TOLERANCE or high + own_high < span.low - TOLERANCE:
                continue
            (steep, first), (flat, then) = sorted([(slope, high - low), (own_slope, own_high - own_low)], reverse=True)
            start, middle, value = low + own_low, low + own_low + first, at + own_at
            found.append((start, middle, value, steep))
            found.append((middle, middle + then, value + steep * first, flat))
    return upper(within(found, span))


def upper(segments: Iterable[Segment]) -> list[Segment]:
    """The highest of some segments wherever any is: no two overlap, rising; a jump, or a point alone, is kept."""
    every = list(dict.fromkeys(segments))
    cuts = sorted({end for low, high, _at, _slope in every for end in (low, high)})
    found: list[Segment] = []
    for low, high in pairwise(cuts):
        lines = [(at + slope * (low - own), slope) for own, to, at, slope in every if own <= low and high <= to]
        if not lines or high - low <= TINY:
            continue
        top = max(lines)[0]
        slope, value = max((slope, value) for value, slope in lines if value >= top - TINY)
        start = low
        while start < high:  # the highest line, until a steeper one crosses it
            crossing = [
                (start + max(value - own - own_slope * (start - low), 0.0) / (own_slope - slope), -own_slope, own)
                for own, own_slope in lines
                if own_slope > slope
            ]
            end, steeper, own = min(crossing, default=(high, 0.0, 0.0))
            if end >= high - TINY:
                _append(found, (start, high, value, slope))
                break
            if end > start:
                _append(found, (start, end, value, slope))
            start, slope, value = end, -steeper, own - steeper * (end - low)
    for low, high, at, slope in every:
        top = max(at, at + slope * (high - low))
        if high - low <= TINY and all(
            top > own_at + own_slope * (low - own) + TINY for own, to, own_at, own_slope in found if own <= low <= to
        ):
            found.append((low, low, top, 0.0))
    return sorted(found)


def _append(found: list[Segment], last: Segment) -> None:
    """Add a segment at the end, in one with the one before where that goes straight on."""
    if found:
        low, high, at, slope = found[-1]
        alike = abs(slope - last[3]) <= TINY and abs(at + slope * (high - low) - last[2]) <= TINY
        if high == last[0] and alike:
            found[-1] = (low, last[1], at, slope)
            return
    found.append(last)


def within(segments: Iterable[Segment], span: Interval) -> list[Segment]:
    """The parts of segments inside an interval; what misses it by less than 1e-9 touches."""
    found = []
    for low, high, at, slope in segments:
        first, last = max(low, span.low), min(high, span.high)
        if first <= last:
            found.append((first, last, at + slope * (first - low), slope))
        elif first - last <= TOLERANCE:
            end = low if low > span.high else high
            found.append((end, end, at + slope * (end - low), 0.0))
    return found

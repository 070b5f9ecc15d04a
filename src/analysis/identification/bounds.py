"""What did identification leave of each parameter, each group score and each rate that is not printed?"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from analysis.identification.identify import Hypothesis, Identified
from analysis.interval import TOLERANCE, Interval, hull
from analysis.scorecards.rubric import Rule


def alternatives(identified: Identified) -> pd.DataFrame:
    """What identification left of each parameter.

    Returns
    -------
    One row an alternative, in the order of the index: `code`, `name`, `parameter` (`max` in points or `target` in
    percent, 100 where there is none), `value`, `fits` (some survivor has it), `status`, `source`.
    """
    rows = []
    for group in identified.groups:
        tried = {indicator.code: indicator for indicator in group.indicators}
        kept = {code: [r for item in identified.hypotheses[group.code] for r in item.rules[code]] for code in tried}
        for code, indicator in tried.items():
            maxima = {float(value) for value in indicator.max.alternatives}
            targets = {rule.target for value in maxima if value for rule in indicator.rules(value)}
            fit = {"max": {rule.max for rule in kept[code]}, "target": {r.target for r in kept[code] if r.max}}
            for parameter, values, known in (
                ("max", maxima, indicator.max),
                ("target", targets, indicator.target),
            ):
                rows += [
                    {
                        "code": code,
                        "name": indicator.name,
                        "parameter": parameter,
                        "value": value,
                        "fits": value in fit[parameter],
                        "status": known.status,
                        "source": known.source,
                    }
                    for value in sorted(values, reverse=True)
                ]
    return pd.DataFrame(rows)


def group_scores(identified: Identified) -> pd.DataFrame:
    """The unrounded score of each group, and of the whole: sharp over every survivor.

    Returns
    -------
    One row a group as printed, then one with code `total_score`: `code`, `name`, `printed_low`, `printed_high` (what
    the printed decimals alone allow), `low`, `high` (what all figures together allow), in points.
    """
    rows = []
    for group in identified.groups:
        printed = identified.hypotheses[group.code][0].printed
        score = identified.scores(indicator.code for indicator in group.indicators)
        rows.append(_score_row(group.code, group.name, printed, score))
    everything = identified.scores(identified.readings)
    rows.append(_score_row("total_score", identified.rubric.name_of("total_score"), identified.total, everything))
    return pd.DataFrame(rows)


def unprinted_rates(identified: Identified) -> pd.DataFrame:
    """What each rate that is not printed may be: sharp over every survivor.

    Returns
    -------
    One row an indicator without a printed rate that had something to count, in the order of the index: `group`, `code`,
    `name`, `low`, `high` (percent). 0 to 100 where nothing is known.
    """
    rows = []
    for group in identified.groups:
        for indicator in group.indicators:
            reading = identified.readings[indicator.code]
            if reading.rate is not None or reading.empty:
                continue
            rate = rate_of(identified, indicator.code)
            rows.append(
                {
                    "group": group.code,
                    "code": indicator.code,
                    "name": indicator.name,
                    "low": rate.low,
                    "high": rate.high,
                }
            )
    return pd.DataFrame(rows, columns=["group", "code", "name", "low", "high"])


def rate_of(identified: Identified, code: str) -> Interval:
    """What the rate of an indicator may be, in percent: as printed, or sharp over every survivor."""
    known: Interval | None = identified.readings[code].rate or identified.memo.get(("rate", code))
    if known is None:
        known = identified.memo["rate", code] = _hidden_rate(identified, code)
    return known


def _hidden_rate(identified: Identified, code: str) -> Interval:
    reading, group, spans = identified.readings[code], identified.group_of(code), []
    for item in identified.hypotheses[group.code]:
        narrowed = replace(identified, hypotheses={**identified.hypotheses, group.code: (item,)})
        score = narrowed.scores([code])
        spans += [_rate(rule, score, identified.rubric.rounding) for rule in item.rules[code]]
    rate = hull(spans)
    return Interval(rate.low, max(rate.low, min(rate.high, reading.cap)))


def open_targets(identified: Identified) -> pd.DataFrame:
    """Which targets are left of those that nobody wrote down: sharp over every survivor of an open family.

    An indicator with the rate r, the maximum M and a score s below M has the target M·r/s; with s = M any up to r.

    Returns
    -------
    One row an indicator whose target is open and whose rate is published, in the order of the index: `code`, `name`,
    `rate_low`, `rate_high`, `low`, `high` (percent, both ends INCLUDED; 100 is none), `least`, `most` (what was tried).
    """
    rows = []
    for group in identified.groups:
        for indicator in group.indicators:
            rate, code = identified.readings[indicator.code].rate, indicator.code
            if rate is None or not any(_is_open(item, code) for item in identified.hypotheses[group.code]):
                continue
            spans, tried = [], []
            for item in identified.hypotheses[group.code]:
                if _is_open(item, code):
                    narrowed = replace(identified, hypotheses={**identified.hypotheses, group.code: (item,)})
                    score = narrowed.scores([code]).widened(identified.rubric.rounding)
                    spans += [_target(rule, rate, score) for rule in item.rules[code]]
                    tried += [Interval(rule.open_from or rule.target, rule.target) for rule in item.rules[code]]
            left, all_tried = hull(spans), hull(tried)
            rows.append(
                {
                    "code": code,
                    "name": indicator.name,
                    "rate_low": rate.low,
                    "rate_high": rate.high,
                    "low": left.low,
                    "high": left.high,
                    "least": all_tried.low,
                    "most": all_tried.high,
                }
            )
    return pd.DataFrame(rows, columns=["code", "name", "rate_low", "rate_high", "low", "high", "least", "most"])


def _is_open(hypothesis: Hypothesis, code: str) -> bool:
    return any(rule.open_from is not None for rule in hypothesis.rules[code])


def _target(rule: Rule, rate: Interval, score: Interval) -> Interval:
    """The targets that turn some of these rates into some of these scores."""
    least = rule.target if rule.open_from is None else rule.open_from
    loose = score.high <= 0 or score.high >= rule.max - TOLERANCE
    low = least if loose else max(least, rule.max * rate.low / score.high)
    high = rule.target if score.low <= 0 else min(rule.target, rule.max * rate.high / score.low)
    return Interval(low, max(low, high))


def _rate(rule: Rule, score: Interval, rounding: float) -> Interval:
    """The rates that give a score under a rule; all where the rule gives no points."""
    if rule.max == 0:
        return Interval(0.0, 100.0)
    low = rule.target * max(score.low - rounding, 0.0) / rule.max
    full = score.high >= rule.max - rounding - 1e-9
    return Interval(min(low, 100.0), 100.0 if full else min(rule.target * (score.high + rounding) / rule.max, 100.0))


def _score_row(code: str, name: str, printed: Interval, score: Interval) -> dict[str, object]:
    return {
        "code": code,
        "name": name,
        "printed_low": printed.low,
        "printed_high": printed.high,
        "low": score.low,
        "high": score.high,
    }

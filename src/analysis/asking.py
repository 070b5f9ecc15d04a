"""Which number to ask for next? The undisclosed figure that, once known, leaves least open of a plan.

A figure is tried at several of the values that it may have: it may leave as little open as at the best of them. What
it may have is also cut into parts; whatever its value, it lies in one of them, and known to lie there it leaves no less
open than the value itself would. So it leaves no more open than the worst part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from analysis.errors import ContradictionError
from analysis.identification.bounds import rate_of
from analysis.identification.evidence import Evidence, with_figure
from analysis.identification.identify import Identified, identify_cards
from analysis.interval import TOLERANCE, Interval, union

TRIED, PARTS = 3, 4
DECIMALS = 2
NEAR = 10.0**-DECIMALS  # a figure printed so may have been this far off another value that prints alike


def next_figures(
    identified: Identified,
    cards: Sequence[Evidence],
    open_now: Callable[[Identified], float],
    groups: Sequence[str] = (),
) -> pd.DataFrame:
    """What each undisclosed figure would leave open, the most helpful first.

    Parameters
    ----------
    cards : those that `identified` was made from, the one asked about first.
    open_now : how much of the plan is open, in any unit; `plan.points_open` for one.
    groups : only figures of these groups; all where none is named.

    Returns
    -------
    One row a figure that would leave less open in some case: `code`, `name`, `unit` (`percent` for a rate, `points` for
    an indicator's score), `low`, `high` (what it may be), `tried` (values), `open_now`, `open_most` (whatever its
    value), `open_least` (after the best value tried), `sure` (now − most) and `possible` (now − least).
    """
    now, (first, *rest) = open_now(identified), cards

    def left_open(told: Evidence) -> float | None:
        try:
            return open_now(identify_cards([told, *rest], identified.rubric))
        except ContradictionError:
            return None  # no survivor allows it

    rows = []
    for asked in _candidates(identified, groups):
        code, unit = asked.code, asked.unit
        printed = [Interval.of_printed(round(value, DECIMALS), DECIMALS) for value in asked.values]
        tried = [left_open(with_figure(first, code, unit, span)) for span in printed]
        left = [number for number in tried if number is not None]
        if left and now - min(left) > TOLERANCE:
            within = [left_open(with_figure(first, code, unit, part.widened(NEAR))) for part in asked.parts]
            most = max(number for number in (*left, *within) if number is not None)
            rows.append(
                {
                    "code": code,
                    "name": identified.rubric.indicators[code].name,
                    "unit": unit,
                    "low": asked.span.low,
                    "high": asked.span.high,
                    "tried": len(left),
                    "open_now": now,
                    "open_most": most,
                    "open_least": min(left),
                    "sure": max(now - most, 0.0),
                    "possible": now - min(left),
                }
            )
    columns = [
        "code",
        "name",
        "unit",
        "low",
        "high",
        "tried",
        "open_now",
        "open_most",
        "open_least",
        "sure",
        "possible",
    ]
    frame = pd.DataFrame(rows, columns=columns)
    order = frame.assign(most=frame["open_most"].round(6), least=frame["open_least"].round(6))
    return frame.loc[order.sort_values(["most", "least"], kind="stable").index].reset_index(drop=True)


@dataclass(frozen=True)
class _Asked:
    """A figure worth asking for: what it may be, values of it to try, and parts that cover what it may be."""

    code: str
    unit: str
    span: Interval
    values: Sequence[float]
    parts: Sequence[Interval]


def _candidates(identified: Identified, groups: Sequence[str]) -> Iterator[_Asked]:
    """Every figure worth asking for.

    Of an indicator without a printed rate that is the rate; of one whose rate is printed and whose rule is open, the
    score, which would tell the rule.
    """
    for group in identified.groups:
        for indicator in group.indicators if not groups or group.code in groups else ():
            code, reading = indicator.code, identified.readings[indicator.code]
            if reading.empty:
                continue
            if reading.rate is None and reading.points is None:
                rate = rate_of(identified, code)
                if rate.width > NEAR:
                    ends = _spread(rate, PARTS + 1)
                    parts = [Interval(*pair) for pair in pairwise(ends)]
                    yield _Asked(code, "percent", rate, _spread(rate, TRIED), parts)
            elif reading.points is None:
                scores = sorted({item.scores[code] for item in identified.hypotheses[group.code]})
                if len(scores) > 1:  # else its rate says as much
                    span = Interval(scores[0].low, max(score.high for score in scores))
                    values = [(score.low + score.high) / 2 for score in scores]
                    yield _Asked(code, "points", span, values, union(scores))


def _spread(span: Interval, many: int) -> list[float]:
    return [span.low + place * span.width / (many - 1) for place in range(many)]

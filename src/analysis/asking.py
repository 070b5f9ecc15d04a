"""Which number to ask for next? The undisclosed figure that, once known, leaves least open of a plan.

A figure is tried at several of the values that it may have; what it leaves open is known to be no more than at its
worst value tried, and may be as little as at its best.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pandas as pd

from analysis.bounds import rate_of
from analysis.errors import ContradictionError
from analysis.evidence import Card, with_figure
from analysis.identify import Identified, identify_cards
from analysis.interval import TOLERANCE, Interval

TRIED = 3
DECIMALS = 2


def next_figures(
    identified: Identified, cards: Sequence[Card], open_now: Callable[[Identified], float], groups: Sequence[str] = ()
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
    an indicator's score), `low`, `high` (what it may be), `tried` (values), `open_now`, `open_most`, `open_least`
    (after the worst and the best value tried), `sure` (now − most) and `possible` (now − least).
    """
    now = open_now(identified)
    rows = []
    for code, unit, span, values in _candidates(identified, groups):
        left = []
        for value in values:
            try:
                told = with_figure(cards[0], identified.rubric, code, unit, value, DECIMALS)
                left.append(open_now(identify_cards([told, *cards[1:]], identified.rubric)))
            except ContradictionError:
                continue  # no survivor allows this value
        if left and now - min(left) > TOLERANCE:
            rows.append(
                {
                    "code": code,
                    "name": identified.rubric.indicators[code].name,
                    "unit": unit,
                    "low": span.low,
                    "high": span.high,
                    "tried": len(left),
                    "open_now": now,
                    "open_most": max(left),
                    "open_least": min(left),
                    "sure": max(now - max(left), 0.0),
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


def _candidates(identified: Identified, groups: Sequence[str]) -> Iterator[tuple[str, str, Interval, list[float]]]:
    """Every figure worth asking for: code, unit, what it may be, the values to try.

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
                if rate.width > 10.0**-DECIMALS:
                    yield code, "percent", rate, _spread(rate)
            elif reading.points is None:
                scores = sorted({item.scores[code] for item in identified.hypotheses[group.code]})
                if len(scores) > 1:  # else its rate says as much
                    span = Interval(scores[0].low, scores[-1].high)
                    yield code, "points", span, [(score.low + score.high) / 2 for score in scores]


def _spread(span: Interval) -> list[float]:
    return [span.low + place * span.width / (TRIED - 1) for place in range(TRIED)]

"""Can a rate still reach its target by the end of the year?

If a score counts the dossiers since January, those of past months cannot be mended: each stays in the rate until
December. A notice rarely says how it counts, so both ways are answered, one below the other.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analysis.errors import ParameterError
from analysis.identification.identify import Identified
from analysis.interval import TOLERANCE, Interval
from analysis.language import _
from analysis.scorecards.periods import is_month

MONTHLY, YEAR_TO_DATE = "monthly", "year_to_date"
YES, NO, OPEN = "yes", "no", "open"
MONTHS = 12
FULL = Interval.point(100.0)
COLUMNS = [
    "counting",
    "rate_low",
    "rate_high",
    "target",
    "months_left",
    "needed_low",
    "needed_high",
    "possible",
    "most_low",
    "most_high",
]


def rate_needed_by_december(rate: Interval, month: int, target: float) -> pd.DataFrame:
    """The rate needed in each month that is left, for a target at the end of the year.

    With `monthly` counting a month stands alone, and the target itself is needed. With `year_to_date` counting the
    dossiers of all months make one rate, and months are taken to have equally many: (12 × target − months gone × rate)
    / months left is needed.

    Parameters
    ----------
    rate : today's rate in percent, as exactly as it is known; what rounding adds outside 0 to 100 is left out. In the
        row `year_to_date` it is taken for the rate of months 1 to `month`, both INCLUDED.
    month : the month of the rate, 1 to 11.
    target : percent, 0 to 100.

    Returns
    -------
    Two rows, `monthly` then `year_to_date`: `counting`, `rate_low`, `rate_high` (today), `target`, `months_left`,
    `needed_low`, `needed_high` (the same rate in every month left, in percent: never below 0, and above 100 where no
    rate is enough), `possible` (`yes`, `no`, or `open` where what is known of the rate allows both), `most_low`,
    `most_high` (the rate at the end of the year with 100 % from the next month on).

    Raises
    ------
    ParameterError: a month, rate or target out of range.
    """
    if not 1 <= month < MONTHS:
        raise ParameterError(_("The month must lie between 1 and {last}, not at {month}.").format(last=11, month=month))
    today, left = rate.meet(Interval(0.0, FULL.high)), MONTHS - month
    if today is None:
        raise ParameterError(_("A rate must be from 0 to 100 %, not {rate:g}.").format(rate=rate.low))
    if not 0 <= target <= FULL.high:
        raise ParameterError(_("The target must be from 0 to 100 %, not {target:g}.").format(target=target))
    needed = Interval(*(max((target * MONTHS - known * month) / left, 0.0) for known in (today.high, today.low)))
    most = today.scaled(month / MONTHS) + FULL.scaled(left / MONTHS)
    rows = [
        _row(MONTHLY, today, target, left, Interval.point(target), FULL),
        _row(YEAR_TO_DATE, today, target, left, needed, most),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def by_december(identified: Identified, levers: Mapping[str, float]) -> pd.DataFrame:
    """`rate_needed_by_december` for each lever with a printed rate, with `code` and `name` before its columns.

    No row where the period is no month, or December.
    """
    frames = []
    month = int(identified.period[5:]) if is_month(identified.period) else MONTHS
    for code, target in levers.items() if month < MONTHS else ():
        rate = identified.readings[code].rate
        if rate is not None:
            frame = rate_needed_by_december(rate, month, target)
            frame.insert(0, "code", code)
            frame.insert(1, "name", identified.rubric.indicators[code].name)
            frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["code", "name", *COLUMNS])


def _row(
    counting: str, rate: Interval, target: float, months_left: int, needed: Interval, most: Interval
) -> dict[str, object]:
    sure, never = needed.high <= FULL.high + TOLERANCE, needed.low > FULL.high + TOLERANCE
    return {
        "counting": counting,
        "rate_low": rate.low,
        "rate_high": rate.high,
        "target": float(target),
        "months_left": months_left,
        "needed_low": needed.low,
        "needed_high": needed.high,
        "possible": YES if sure else NO if never else OPEN,
        "most_low": most.low,
        "most_high": most.high,
    }

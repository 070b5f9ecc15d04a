"""Can a rate still reach its target by the end of the year?

If a score counts the dossiers since January, those of past months cannot be mended: each stays in the rate until
December. A notice rarely says how it counts, so both ways are answered, one below the other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import isfinite

import pandas as pd

from analysis.errors import ParameterError
from analysis.identification.identify import Identified
from analysis.interval import TOLERANCE, Interval
from analysis.language import _

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


def rate_needed_by(
    rate: Interval, month: int, target: float, last: int = MONTHS, volumes: Sequence[float] | None = None
) -> pd.DataFrame:
    """The rate needed in each month that is left, for a target at the end of `last`.

    With `monthly` counting a month stands alone, and the target itself is needed. With `year_to_date` counting the
    dossiers of months 1 to `last` make one rate; then (target × all − rate × past) / left is needed, all, past and
    left being dossiers.

    Parameters
    ----------
    rate : today's rate in percent, as exactly as it is known; what rounding adds outside 0 to 100 is left out. In the
        row `year_to_date` it is taken for the rate of all dossiers of months 1 to `month`, both INCLUDED; a month not
        yet over counts as a past one.
    month : the month of the rate, 1 to `last` − 1.
    target : percent, 0 to 100.
    last : the month at whose end the target is due, at most 12; INCLUDED.
    volumes : dossiers of each month, 1 to `last`, in any unit; equal when not given. Those to come are a forecast.

    Returns
    -------
    Two rows, `monthly` then `year_to_date`: `counting`, `rate_low`, `rate_high` (today), `target`, `months_left`,
    `needed_low`, `needed_high` (the same rate in every month left, in percent: never below 0, and above 100 where no
    rate is enough), `possible` (`yes`, `no`, or `open` where what is known of the rate allows both), `most_low`,
    `most_high` (the rate at the end of `last` with 100 % from the next month on).

    Raises
    ------
    ParameterError: no month left, a month, rate or target out of range, or volumes of a wrong number, below 0, or
    without any dossier before or after the month.
    """
    _check_months(month, last)
    today = _check_rates(rate, target)
    past, left = _dossiers(month, last, volumes)
    needed = Interval(*(max((target * (past + left) - known * past) / left, 0.0) for known in (today.high, today.low)))
    most = today.scaled(past / (past + left)) + FULL.scaled(left / (past + left))
    rows = [
        _row(MONTHLY, today, target, last - month, Interval.point(target), FULL),
        _row(YEAR_TO_DATE, today, target, last - month, needed, most),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


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


def _check_months(month: int, last: int) -> None:
    if not 1 <= last <= MONTHS:
        raise ParameterError(_("The last month must be from 1 to 12, not {last}.").format(last=last))
    if month == last:
        raise ParameterError(
            _("No month is left after month {month}: nothing can change the rate any more.").format(month=month),
            [],
            _("Ask from an earlier month, or for next year."),
        )
    if not 1 <= month < last:
        raise ParameterError(
            _("The month must lie between 1 and {last}, not at {month}.").format(last=last, month=month)
        )


def _check_rates(rate: Interval, target: float) -> Interval:
    """Today's rate, without what rounding would add below 0 % or above 100 %."""
    today = rate.meet(Interval(0.0, FULL.high))
    if today is None:
        raise ParameterError(_("A rate must be from 0 to 100 %, not {rate:g}.").format(rate=rate.low))
    if not 0 <= target <= FULL.high:
        raise ParameterError(_("The target must be from 0 to 100 %, not {target:g}.").format(target=target))
    return today


def _dossiers(month: int, last: int, volumes: Sequence[float] | None) -> tuple[float, float]:
    """The dossiers of months 1 to `month`, and those of the months after it to `last`."""
    each = [1.0] * last if volumes is None else [float(volume) for volume in volumes]
    if len(each) != last:
        raise ParameterError(
            _("{count} volumes are given for {last} months.").format(count=len(each), last=last),
            [],
            _("Give one for each month from January on, those to come included."),
        )
    if wrong := [number for number, volume in enumerate(each, start=1) if not (isfinite(volume) and volume >= 0)]:
        raise ParameterError(
            _("A volume must be a number of dossiers, 0 or more."),
            [_("month {month}: {volume:g}").format(month=number, volume=each[number - 1]) for number in wrong],
        )
    past, left = sum(each[:month]), sum(each[month:])
    if not past:
        raise ParameterError(
            _("There is no dossier up to month {month}, so its rate cannot be one of dossiers.").format(month=month)
        )
    if not left:
        raise ParameterError(
            _("There is no dossier after month {month}, so nothing can be mended.").format(month=month),
            [],
            _("Give the dossiers expected in each month left, or no volumes at all."),
        )
    return past, left


def by_december(identified: Identified, levers: Mapping[str, float]) -> pd.DataFrame:
    """`rate_needed_by` for each lever with a printed rate, at equal volumes, by the end of the year.

    Returns
    -------
    The rows of `rate_needed_by` with `code` and `name` before them; none where the period is no month or December.
    """
    period, frames = identified.period, []
    month = int(period[5:]) if re.fullmatch("[0-9]{4}-[0-9]{2}", period) else MONTHS
    for code, target in levers.items() if month < MONTHS else ():
        rate = identified.readings[code].rate
        if rate is not None:
            frame = rate_needed_by(rate, month, target)
            frame.insert(0, "code", code)
            frame.insert(1, "name", identified.rubric.indicators[code].name)
            frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["code", "name", *COLUMNS])

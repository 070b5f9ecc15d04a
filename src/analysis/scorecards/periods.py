"""Which months does a period hold, and which comes before another? Periods are YYYY-MM, YYYY-Qn or YYYY."""

from __future__ import annotations

import re
from functools import lru_cache

from analysis.errors import UnknownNameError
from analysis.language import _

MONTH = r"^[12][0-9]{3}-(0[1-9]|1[0-2])$"
PERIOD = re.compile(r"[12][0-9]{3}(-(0[1-9]|1[0-2]|Q[1-4]))?", re.ASCII)


def month_before(period: str) -> str:
    """`2023-01` is after `2022-12`. Raises ValueError for a period that is no month."""
    year, month = (int(part) for part in period.split("-"))
    return f"{year - (month == 1)}-{(month - 2) % 12 + 1:02d}"


def month_after(period: str, count: int = 1) -> str:
    """`2023-12` is followed by `2024-01`."""
    year, month = (int(part) for part in period.split("-"))
    whole = 12 * year + month - 1 + count
    return f"{whole // 12}-{whole % 12 + 1:02d}"


def months_between(first: str, last: str) -> list[str]:
    """Every month from one to another, both INCLUDED."""
    months = [first]
    while months[-1] < last:
        months.append(month_after(months[-1]))
    return months


def check_period(period: str) -> None:
    """Raises UnknownNameError for what is no period: `4/2023`."""
    if not PERIOD.fullmatch(period):
        raise UnknownNameError(
            _("“{period}” is not a period.").format(period=period), [], _("Write YYYY-MM, YYYY-Qn or YYYY.")
        )


def period_order(period: str) -> tuple[str, int]:
    """Sorts periods: by their last month, a longer one after those inside it."""
    first, last = months_of(period)
    return last, -month_number(first)


def month_number(period: str) -> int:
    """How many months a period's last month lies after the year 0."""
    year, month = months_of(period)[1].split("-")
    return 12 * int(year) + int(month)


def is_month(period: str) -> bool:
    """Whether a period is YYYY-MM, not a quarter or a year."""
    return len(period) == len("YYYY-MM") and "Q" not in period


def months_in(period: str) -> int:
    """Of how many months a period is: one, three or twelve."""
    return 1 if is_month(period) else 3 if "Q" in period else 12


@lru_cache(maxsize=1024)
def months_of(period: str) -> tuple[str, str]:
    """First and last month of a period, both INCLUDED: `2025-Q4` is October to December 2025.

    Raises ValueError for what is no period.
    """
    if not PERIOD.fullmatch(period):
        raise ValueError(period)
    year, _sep, part = period.partition("-")
    if not part:
        return f"{year}-01", f"{year}-12"
    if part.startswith("Q"):
        last = 3 * int(part[1:])
        return f"{year}-{last - 2:02d}", f"{year}-{last:02d}"
    return period, period


def months_left(period: str) -> int:
    """How many months of the year are left after a period: at least 1, as a plan needs one."""
    return max(12 - int(months_of(period)[1][5:]), 1)

"""Which month comes before or after another? Months are YYYY-MM."""

from __future__ import annotations


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

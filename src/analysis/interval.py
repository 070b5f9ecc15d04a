"""How far is a number known? A closed interval, and the rounding that a printed figure allows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

TOLERANCE = 1e-9


@dataclass(frozen=True, order=True)
class Interval:
    """All numbers from `low` to `high`, both ends INCLUDED.

    Both ends count because it is unknown whether a source rounds half up or half to even.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"empty interval: {self.low} > {self.high}")

    @classmethod
    def point(cls, value: float) -> Interval:
        return cls(value, value)

    @classmethod
    def of_printed(cls, value: float, decimals: int) -> Interval:
        """Every number that prints as `value` with `decimals` decimals: 2.2 is 2.15 to 2.25."""
        half = 0.5 * 10.0**-decimals
        return cls(value - half, value + half)

    @property
    def width(self) -> float:
        return self.high - self.low

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.high + other.high)

    def __rsub__(self, number: float) -> Interval:
        return Interval(number - self.high, number - self.low)

    def widened(self, by: float) -> Interval:
        return Interval(self.low - by, self.high + by)

    def contains(self, number: float) -> bool:
        return self.low - TOLERANCE <= number <= self.high + TOLERANCE

    def meet(self, other: Interval) -> Interval | None:
        """The numbers in both, or None; ends that miss by less than 1e-9 touch."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        if low <= high:
            return Interval(low, high)
        return Interval(high, low) if low - high <= TOLERANCE else None

    def scaled(self, factor: float) -> Interval:
        """Times a factor of 0 or more."""
        return Interval(self.low * factor, self.high * factor)


def hull(intervals: Iterable[Interval]) -> Interval:
    """The smallest interval that holds them all. Raises ValueError when there is none."""
    items = list(intervals)
    return Interval(min(item.low for item in items), max(item.high for item in items))


def total(intervals: Iterable[Interval]) -> Interval:
    """The sum of independent intervals; of none, 0."""
    low = high = 0.0
    for item in intervals:
        low += item.low
        high += item.high
    return Interval(low, high)


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Disjoint intervals, rising, that hold the same numbers."""
    merged: list[Interval] = []
    for item in sorted(intervals):
        if merged and item.low <= merged[-1].high + TOLERANCE:
            merged[-1] = Interval(merged[-1].low, max(merged[-1].high, item.high))
        else:
            merged.append(item)
    return merged

"""Which months a period holds, and which comes before another."""

import pytest

from analysis.scorecards.periods import (
    is_month,
    month_after,
    month_before,
    month_number,
    months_between,
    months_left,
    months_of,
    period_order,
)


@pytest.mark.parametrize(
    ("period", "first", "last", "left"),
    [
        ("2023-04", "2023-04", "2023-04", 8),
        ("2023-12", "2023-12", "2023-12", 1),
        ("2023", "2023-01", "2023-12", 1),
        ("2025-Q1", "2025-01", "2025-03", 9),
        ("2025-Q4", "2025-10", "2025-12", 1),
    ],
)
def test_the_months_of_a_period_and_how_many_are_left_after_it(period, first, last, left):
    assert months_of(period) == (first, last)
    assert months_left(period) == left
    assert is_month(period) == (first == last)


@pytest.mark.parametrize("period", ["2023-13", "2023-00", "2025-Q5", "04/2023", "", "2023-4"])
def test_what_is_no_period_has_no_months(period):
    with pytest.raises(ValueError):
        months_of(period)


@pytest.mark.parametrize(("before", "after"), [("2023-03", "2023-04"), ("2022-12", "2023-01"), ("2023-11", "2023-12")])
def test_the_month_before_and_after(before, after):
    assert month_before(after) == before and month_after(before) == after
    assert month_number(after) - month_number(before) == 1
    assert month_after(after, -1) == before and month_after(before, 13) == month_after(month_after(after, 6), 6)
    assert months_between(before, after) == [before, after] and months_between(after, after) == [after]


@pytest.mark.parametrize("period", ["2023", "2025-Q4", ""])
def test_month_before_something_else(period):
    with pytest.raises(ValueError):
        month_before(period)


def test_a_longer_period_comes_after_those_inside_it():
    rising = ["2022", "2023-11", "2023-12", "2023-Q4", "2023", "2024-01"]
    assert sorted(sorted(rising), key=period_order) == rising

"""Closed intervals: what they hold, and what is printed alike."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.interval import TOLERANCE, Interval, hull, total, union
from analysis.language import rounded

# Eighths, so that sums and differences of floats are exact.
numbers = st.integers(-8000, 8000).map(lambda eighths: eighths / 8)
intervals = st.tuples(numbers, numbers).map(lambda ends: Interval(min(ends), max(ends)))


@given(st.floats(-1e6, 1e6), st.integers(0, 3))
def test_a_number_is_among_those_that_print_as_it_does(number, decimals):
    assert Interval.of_printed(float(rounded(number, decimals)), decimals).contains(number)


@given(numbers, st.integers(0, 3))
def test_of_printed_holds_nothing_that_prints_otherwise(value, decimals):
    interval = Interval.of_printed(value, decimals)
    assert not interval.contains(value + 0.51 * 10**-decimals)
    assert not interval.contains(value - 0.51 * 10**-decimals)


@pytest.mark.parametrize(("low", "high"), [(1, 0), (float("nan"), 1), (0, float("nan"))])
def test_refuses_an_empty_interval(low, high):
    with pytest.raises(ValueError, match="empty interval"):
        Interval(low, high)


@given(intervals, intervals, numbers)
def test_meet_holds_what_both_hold(one, other, probe):
    both = one.meet(other)
    assert both == other.meet(one)
    assert (both is not None and both.contains(probe)) == (one.contains(probe) and other.contains(probe))


@pytest.mark.parametrize(("gap", "touches"), [(0, True), (0.5 * TOLERANCE, True), (2 * TOLERANCE, False)])
def test_meet_touches_within_the_tolerance(gap, touches):
    one, other = Interval(-1, 0), Interval(gap, 1)
    assert one.meet(other) == other.meet(one) == (Interval(0, gap) if touches else None)
    assert one.contains(gap) == touches


@given(st.lists(intervals, max_size=8), numbers)
def test_union_is_disjoint_and_rising_and_holds_the_same(items, probe):
    merged = union(items)
    assert all(before.high < after.low for before, after in pairwise(merged))
    assert any(item.contains(probe) for item in merged) == any(item.contains(probe) for item in items)


def test_union_joins_what_touches_within_the_tolerance():
    assert union([Interval(0, 1), Interval(1 + 0.5 * TOLERANCE, 2)]) == [Interval(0, 2)]


@given(st.lists(intervals, max_size=6))
def test_total_runs_from_the_sum_of_the_lows_to_that_of_the_highs(items):
    whole = total(items)
    assert (whole.low, whole.high) == (sum(item.low for item in items), sum(item.high for item in items))
    assert whole == sum(items, Interval.point(0))


@given(st.lists(intervals, min_size=1, max_size=6))
def test_hull_is_the_smallest_that_holds_all(items):
    whole = hull(items)
    assert all(item.meet(whole) == item for item in items)
    assert whole.low in {item.low for item in items} and whole.high in {item.high for item in items}
    with pytest.raises(ValueError):
        hull([])


def test_what_can_be_added_in_the_head():
    assert 10 - Interval(2, 3) == Interval(7, 8)
    assert Interval(1, 2).widened(0.5) == Interval(0.5, 2.5)
    assert Interval(1, 2).scaled(4) == Interval(4, 8)
    assert Interval.point(3) == Interval(3, 3)
    assert Interval.of_printed(2.2, 1).width == pytest.approx(0.1)

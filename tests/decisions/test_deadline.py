"""The rate needed by December: the closed form against a stream of dossiers counted one by one."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analysis.decisions.deadline import rate_needed_by
from analysis.errors import ParameterError
from analysis.interval import Interval

APRIL = Interval.of_printed(33.83, 2)


def rows(*arguments, **named):
    frame = rate_needed_by(*arguments, **named)
    assert list(frame["counting"]) == ["monthly", "year_to_date"]
    return dict(zip(frame["counting"], frame.itertuples(), strict=True))


def year(*arguments, **named):
    return rows(*arguments, **named)["year_to_date"]


@pytest.mark.parametrize(
    ("target", "needed", "possible"), [(80, 103.1, "no"), (70, 88.1, "yes"), (60, 73.1, "yes"), (10, 0.0, "yes")]
)
def test_electronic_results_after_april_2023(target, needed, possible):
    row = year(APRIL, 4, target)
    assert row.needed_low <= row.needed_high
    assert (row.needed_low, row.needed_high) == pytest.approx((needed, needed), abs=0.05)
    assert row.possible == possible
    assert (row.most_low, row.most_high) == pytest.approx(((4 * 33.825 + 800) / 12, (4 * 33.835 + 800) / 12))
    assert (row.rate_low, row.rate_high, row.target, row.months_left) == (APRIL.low, APRIL.high, target, 8)


def test_a_month_that_stands_alone_needs_the_target_itself():
    row = rows(APRIL, 4, 80)["monthly"]
    assert (row.needed_low, row.needed_high, row.most_low, row.most_high) == (80, 80, 100, 100)
    assert (row.possible, row.months_left, row.rate_low) == ("yes", 8, APRIL.low)


def test_columns_and_their_order():
    assert list(rate_needed_by(APRIL, 4, 80)) == [
        "counting", "rate_low", "rate_high", "target", "months_left", "needed_low", "needed_high", "possible",
        "most_low", "most_high",
    ]  # fmt: skip


def test_open_when_the_rounding_of_the_rate_decides():
    """40 % after 6 months and 70 % by December need exactly 100 %; printed `40` it may be a little less or more."""
    assert year(Interval.point(40), 6, 70).possible == "yes"
    assert year(Interval.of_printed(40, 0), 6, 70).possible == "open"
    assert year(Interval.point(39.9), 6, 70).possible == "no"
    row = year(Interval(0, 100), 6, 70)
    assert (row.needed_low, row.needed_high, row.possible) == (40, 140, "open")


def test_volumes_weigh_the_months():
    """Past 10 of 100 dossiers, 200 to come: 70 % of 300 are 210, so all 200 of those left."""
    row = year(Interval.point(10), 1, 70, last=3, volumes=[100, 50, 150])
    assert (row.needed_low, row.possible, row.most_high) == (pytest.approx(100), "yes", pytest.approx(70))


def test_a_month_without_dossiers_counts_for_nothing():
    with_gap = year(APRIL, 4, 70, last=6, volumes=[1, 0, 1, 1, 0, 3])
    without = year(APRIL, 3, 70, last=4, volumes=[1, 1, 1, 3])
    assert (with_gap.needed_low, with_gap.most_low) == pytest.approx((without.needed_low, without.most_low))


def test_what_rounding_adds_past_0_and_100_is_left_out():
    assert year(Interval.of_printed(0, 2), 4, 50).rate_low == 0
    assert year(Interval.of_printed(100, 2), 4, 50).rate_high == 100
    assert year(Interval.point(100), 4, 100).possible == "yes"


@pytest.mark.parametrize(
    ("arguments", "named", "words"),
    [
        ((APRIL, 12, 80), {}, "No month is left after month 12"),
        ((APRIL, 6, 80, 6), {}, "No month is left after month 6"),
        ((APRIL, 7, 80, 6), {}, "between 1 and 6, not at 7"),
        ((APRIL, 0, 80), {}, "between 1 and 12, not at 0"),
        ((APRIL, 13, 80), {}, "between 1 and 12, not at 13"),
        ((APRIL, 4, 80, 13), {}, "The last month must be from 1 to 12, not 13"),
        ((APRIL, 4, 80, 0), {}, "The last month must be from 1 to 12, not 0"),
        ((APRIL, 4, 100.5), {}, "The target must be from 0 to 100 %, not 100.5"),
        ((APRIL, 4, -1), {}, "The target must be from 0 to 100 %, not -1"),
        ((APRIL, 4, float("nan")), {}, "The target must be from 0 to 100 %, not nan"),
        ((Interval.point(101), 4, 80), {}, "A rate must be from 0 to 100 %, not 101"),
        ((Interval.point(-1), 4, 80), {}, "A rate must be from 0 to 100 %, not -1"),
        ((APRIL, 4, 80), {"volumes": [1] * 11}, "11 volumes are given for 12 months"),
        ((APRIL, 4, 80), {"volumes": []}, "0 volumes are given for 12 months"),
        ((APRIL, 4, 80, 6), {"volumes": [1] * 12}, "12 volumes are given for 6 months"),
        ((APRIL, 4, 80), {"volumes": [1] * 11 + [-1]}, "month 12: -1"),
        ((APRIL, 4, 80), {"volumes": [float("nan")] + [1] * 11}, "month 1: nan"),
        ((APRIL, 4, 80), {"volumes": [float("inf")] + [1] * 11}, "month 1: inf"),
        ((APRIL, 4, 80), {"volumes": [0] * 12}, "There is no dossier up to month 4"),
        ((APRIL, 4, 80), {"volumes": [0] * 4 + [1] * 8}, "There is no dossier up to month 4"),
        ((APRIL, 4, 80), {"volumes": [1] * 4 + [0] * 8}, "There is no dossier after month 4"),
    ],
)
def test_refuses_what_makes_no_question(arguments, named, words):
    with pytest.raises(ParameterError) as refused:
        rate_needed_by(*arguments, **named)
    assert words in str(refused.value)


@st.composite
def streams(draw):
    """Dossiers of each month to `last`, how many were good in each month so far, and a target in whole percent."""
    last = draw(st.integers(2, 12))
    month = draw(st.integers(1, last - 1))
    volumes = draw(st.lists(st.integers(0, 40), min_size=last, max_size=last))
    assume(sum(volumes[:month]) and sum(volumes[month:]))
    good = [draw(st.integers(0, volume)) for volume in volumes[:month]]
    return volumes, good, draw(st.integers(0, 100))


def rate_of(dossiers):
    return Fraction(100 * sum(dossiers), len(dossiers))


@given(streams())
def test_as_counted_one_by_one(stream):
    """A dossier is 1 or 0, those to come are worth the needed rate each; the whole stream has the target's rate."""
    volumes, good, target = stream
    past = [number < of for of, all_of in zip(good, volumes, strict=False) for number in range(all_of)]
    left = sum(volumes[len(good) :])
    today = rate_of(past)
    row = year(Interval.point(float(today)), len(good), target, last=len(volumes), volumes=volumes)

    best = rate_of(past + [True] * left)
    assert (row.most_low, row.most_high) == pytest.approx((float(best), float(best)))
    assert row.possible == ("yes" if best >= target else "no")
    if row.needed_low > 0:
        stream_rate = (100 * sum(past) + row.needed_low * left) / (len(past) + left)
        assert stream_rate == pytest.approx(target)
    else:
        assert rate_of(past + [False] * left) >= target or target == 0 or row.needed_low == pytest.approx(0)
    fewest = next(
        (count for count in range(left + 1) if rate_of(past + [True] * count + [False] * (left - count)) >= target),
        None,
    )
    assert (fewest is None) == (row.possible == "no")
    if fewest is not None:
        assert 100 * fewest / left >= row.needed_low - 1e-9
        assert fewest == 0 or 100 * (fewest - 1) / left < row.needed_low + 1e-9


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0, 1), st.integers(1, 11), st.floats(0, 100))
def test_the_bounds_are_attained_and_nothing_is_outside(one, other, at, month, target):
    rate = Interval(min(one, other), max(one, other))
    row = year(rate, month, target)
    inside = year(Interval.point(min(rate.low + at * rate.width, rate.high)), month, target)
    best, worst = year(Interval.point(rate.high), month, target), year(Interval.point(rate.low), month, target)
    assert (row.needed_low, row.needed_high) == (best.needed_low, worst.needed_low)
    assert (row.most_low, row.most_high) == (worst.most_low, best.most_high)
    assert row.needed_low <= inside.needed_low <= row.needed_high
    assert row.most_low <= inside.most_low <= row.most_high
    assert row.possible == (best.possible if best.possible == worst.possible else "open")
    assert row.possible in ("open", inside.possible)

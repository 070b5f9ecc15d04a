"""The rate needed by December: the closed form against a stream of dossiers counted one by one."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.decisions.deadline import COLUMNS, by_december, rate_needed_by_december
from analysis.errors import ParameterError
from analysis.identification.identify import identify
from analysis.interval import Interval
from analysis.scorecards.rubric import rubric_in_force

APRIL = Interval.of_printed(33.83, 2)


def rows(rate, month, target):
    frame = rate_needed_by_december(rate, month, target)
    assert list(frame) == COLUMNS and list(frame["counting"]) == ["monthly", "year_to_date"]
    return dict(zip(frame["counting"], frame.itertuples(), strict=True))


def year(*arguments):
    return rows(*arguments)["year_to_date"]


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


def test_what_rounding_adds_past_0_and_100_is_left_out():
    assert year(Interval.of_printed(0, 2), 4, 50).rate_low == 0
    assert year(Interval.of_printed(100, 2), 4, 50).rate_high == 100
    assert year(Interval.point(100), 4, 100).possible == "yes"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((APRIL, 0, 80), "between 1 and 11, not at 0"),
        ((APRIL, 12, 80), "between 1 and 11, not at 12"),
        ((APRIL, 4, 100.5), "The target must be from 0 to 100 %, not 100.5"),
        ((APRIL, 4, -1), "The target must be from 0 to 100 %, not -1"),
        ((APRIL, 4, float("nan")), "The target must be from 0 to 100 %, not nan"),
        ((Interval.point(101), 4, 80), "A rate must be from 0 to 100 %, not 101"),
        ((Interval.point(-1), 4, 80), "A rate must be from 0 to 100 %, not -1"),
    ],
)
def test_refuses_what_makes_no_question(arguments, words):
    with pytest.raises(ParameterError) as refused:
        rate_needed_by_december(*arguments)
    assert words in str(refused.value)


@st.composite
def streams(draw):
    """Of equally many dossiers in every month, how many were good in each month so far; a target in whole percent."""
    each = draw(st.integers(1, 40))
    good = draw(st.lists(st.integers(0, each), min_size=1, max_size=11))
    return each, good, draw(st.integers(0, 100))


@given(streams())
def test_as_counted_one_by_one(stream):
    """A dossier is 1 or 0, those to come are worth the needed rate each; the whole stream has the target's rate."""
    each, good, target = stream
    left, everything, past = each * (12 - len(good)), 12 * each, sum(good)

    def rate_of(more):
        return Fraction(100 * (past + more), everything)

    row = year(Interval.point(100 * past / (each * len(good))), len(good), target)
    best = rate_of(left)
    assert (row.most_low, row.most_high) == pytest.approx((float(best), float(best)))
    assert row.possible == ("yes" if best >= target else "no")
    if row.needed_low > 0:
        assert (100 * past + row.needed_low * left) / everything == pytest.approx(target)
    else:
        assert rate_of(0) >= target or row.needed_low == pytest.approx(0)
    fewest = next((count for count in range(left + 1) if rate_of(count) >= target), None)
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


def test_each_lever_with_a_printed_rate_has_its_two_rows(history, rubrics):
    levers = {"e_result": 80.0, "citizen_data_dossier": 80.0, "data_reuse": 60.0}  # the second is not printed
    april = identify(history, rubric_in_force(rubrics, "2023-04"), "Hòa Bình", "2023-04")
    found = by_december(april, levers)
    assert list(found.columns) == ["code", "name", *COLUMNS]
    assert list(found["code"]) == ["e_result"] * 2 + ["data_reuse"] * 2
    assert found["name"].iloc[0] == april.rubric.indicators["e_result"].name
    assert set(found["months_left"]) == {8} and list(found["target"]) == [80, 80, 60, 60]
    assert (found["rate_low"].iloc[0], found["rate_high"].iloc[0]) == (APRIL.low, APRIL.high)


@pytest.mark.parametrize(("entity", "period", "left"), [("Phú Thọ", "2026", 0), ("Phú Thọ", "2026-08", 4)])
def test_a_year_has_no_december_to_come(history, rubrics, entity, period, left):
    found = by_december(identify(history, rubric_in_force(rubrics, period), entity, period), {"on_time": 99.0})
    assert list(found.columns) == ["code", "name", *COLUMNS] and set(found["months_left"]) == ({left} - {0})


def test_december_is_the_end(tiny_rubric, tiny_history):
    """The card of January, printed as of November and of December."""
    for month, many in (("2023-11", 2), ("2023-12", 0)):
        identified = identify(tiny_history.assign(period=month), tiny_rubric, "Mẫu", month)
        assert len(by_december(identified, {"a": 60.0})) == many

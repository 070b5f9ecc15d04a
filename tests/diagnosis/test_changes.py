"""The bridge between two months: it adds up, and calls performance only what one rule and one way of counting allow.

What is new in the rules is told from what is only known better.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, product
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.diagnosis.changes import bridge_between, card_before, change_bridge, period_before, rule_news, since
from analysis.errors import CheckError, ContradictionError, NoTotalError, ParameterError, UnknownNameError
from analysis.interval import Interval
from analysis.language import rounded
from analysis.report.figures import Figures
from analysis.report.rules import news_section
from analysis.scorecards.history import COLUMNS
from analysis.scorecards.rubric import Rubric
from shown import said

ENTITY, BEFORE, AFTER = "Mẫu", "2023-01", "2023-02"
COLUMNS_OF_A_BRIDGE = ["group", "code", "name", "effect", "value", "low", "high", "certainty", "why"]
Printed = dict[str, Any]


# A small index, and cards of it: total and groups to one decimal, rates to none.


def known(value):
    return {"value": value, "status": "assumed", "source": "tests"}


def named(code):
    return {"code": code, "name": {"vi": f"Số {code}", "en": f"Number {code}"}}


def indicator(code, points=5, target="none", zero="no_points"):
    """A tuple is a list of alternatives."""

    def parameter(value):
        alternatives = {"any_of": value, "status": "assumed", "source": "tests"}
        return alternatives if isinstance(value, tuple) else known(value)

    return named(code) | {"max": parameter(points), "target": parameter(target), "zero_denominator": parameter(zero)}


def rubric(groups, **changed):
    """`groups` are group → (points, indicators)."""
    listed = [named(code) | {"max": known(points), "indicator": items} for code, (points, items) in groups.items()]
    whole = known(sum(points for points, _items in groups.values()))
    start = {"id": "tiny", "decision": "0/QĐ", "valid_from": "2023-01", "max": whole, "group": listed}
    return Rubric.model_validate(start | changed)


def card(period, figures: Printed, entity=ENTITY, scope="month", decimals=1):
    """`x_base` is a count, `x%` a rate without decimals, `total` and the rest points."""
    rows = []
    for code, value in figures.items():
        unit = "percent" if code.endswith("%") else "count" if code.endswith("_base") else "points"
        level = "indicator" if unit != "points" else "total" if code == "total" else "group"
        code = "total_score" if code == "total" else code.removesuffix("%")
        places = decimals if unit == "points" else 0
        row = (entity, period, scope, "2023-03-01", level, code, value, unit, None, places, "synthetic", "tests", "")
        rows.append(row)
    frame = pd.DataFrame(rows, columns=COLUMNS).assign(file="tiny.csv", line=range(2, 2 + len(rows)))
    return frame.astype({"value": float, "max": float, "decimals": int, "line": int})


def bridge(rubrics, *cards, before=BEFORE, after=AFTER, entity=ENTITY):
    """The bridge, after what must hold of every one."""
    history = pd.concat(cards, ignore_index=True)
    frame = change_bridge(history, rubrics if isinstance(rubrics, tuple) else (rubrics,), entity, before, after)
    points = history[(history["entity"] == entity) & (history["code"] == "total_score")].set_index("period")["value"]
    check(frame, points[after] - points[before])
    return frame


def check(frame, change):
    assert list(frame) == COLUMNS_OF_A_BRIDGE
    assert abs(frame["value"].sum() - change) < 1e-9
    assert frame.notna().all(axis=None)
    assert (frame["low"] <= frame["value"]).all() and (frame["value"] <= frame["high"]).all()
    assert (frame["name"] != "").all() and frame["why"].str.endswith(".").all()
    assert list(frame["effect"]).count("rounding") == 1 and frame["effect"].iloc[-1] == "rounding"
    certainty = {
        "performance": {"assumes_one_rule", "published"},
        "rule": {"published"},
        "counting": {"assumes_one_rule", "not_separable", "published"},
        "not_separable": {"not_separable"},
        "rounding": {"published"},
    }
    assert all(row.certainty in certainty[row.effect] for row in frame.itertuples())


def parts(frame):
    """(group, code, effect) → value, without rounding."""
    return {(row.group, row.code, row.effect): row.value for row in frame.iloc[:-1].itertuples()}


FIRST = (5, [indicator("a", 3), indicator("b", 2, 50)])
SECOND = (5, [indicator("c", 4), indicator("d", 1)])
TINY = {"first": FIRST, "second": SECOND}
JANUARY = {"total": 7.7, "first": 3.5, "second": 4.2, "a%": 50, "b%": 50, "c%": 80, "d%": 100}
FEBRUARY = {"total": 7.6, "first": 4.2, "second": 3.3, "a%": 80, "b%": 45, "c%": 60, "d%": 90}


def test_performance_under_one_rule():
    """3 × 80 % + 2 × 45/50 = 4.2 and 4 × 60 % + 1 × 90 % = 3.3: together 7.5, printed 7.6 for what rounding hides."""
    frame = bridge(rubric(TINY), card(BEFORE, JANUARY), card(AFTER, FEBRUARY))
    assert list(frame["effect"]) == ["performance", "performance", "rounding"]
    assert list(frame["value"]) == pytest.approx([0.7, -0.9, 0.1])
    assert list(frame["low"]) == pytest.approx([0.6, -1.0, 0.1])
    assert list(frame["high"]) == pytest.approx([0.8, -0.8, 0.1])
    assert list(frame["certainty"]) == ["assumes_one_rule", "assumes_one_rule", "published"]
    assert "none is proved" in frame["why"][0]
    assert list(frame["group"]) == ["first", "second", ""] and list(frame["code"]) == ["first", "second", "rounding"]


def test_bounds_stay_inside_the_scale():
    """5.0 of 5 is 4.95 to 5, not 5.05."""
    full = {"total": 9.2, "first": 5.0, "second": 4.2, "a%": 100, "b%": 90, "c%": 80, "d%": 100}
    frame = bridge(rubric(TINY), card(BEFORE, JANUARY), card(AFTER, full))
    assert (frame["low"][0], frame["high"][0]) == pytest.approx((4.95 - 3.55, 5.0 - 3.45))


@pytest.mark.parametrize("unexplained", [{}, {"a%": 0}])
def test_the_same_card_twice_needs_no_rule(unexplained):
    frame = bridge(rubric(TINY), card(BEFORE, JANUARY | unexplained), after=BEFORE)
    assert (frame[["value", "low", "high"]] == 0).all(axis=None)
    assert set(frame["certainty"]) == {"published"}


def test_the_same_card_under_two_periods():
    frame = bridge(rubric(TINY), card(BEFORE, JANUARY), card(AFTER, JANUARY))
    assert (frame["value"] == 0).all()
    assert set(frame["effect"]) == {"performance", "rounding"}


# Rules


def two_regimes(**second):
    """`tiny` for January 2023, and another file from February on."""
    later = {"id": "later", "valid_from": "2023-02"}
    return rubric(TINY, valid_to="2023-01"), rubric(TINY | second, **later)


def test_nothing_is_performance_under_two_rubrics():
    frame = bridge(two_regimes(), card(BEFORE, JANUARY), card(AFTER, FEBRUARY))
    assert list(frame["effect"]) == ["not_separable", "not_separable", "rounding"]
    assert list(frame["value"]) == pytest.approx([0.7, -0.9, 0.1])
    assert list(frame["low"][:2]) == pytest.approx([0.6, -1.0])
    assert "under different rules (tiny; later)" in frame["why"][0]


@pytest.mark.parametrize("swapped", [False, True])
def test_the_same_rates_under_two_rubrics_are_no_performance(swapped):
    """Without its target, b at 40 % is worth 0.8 and no longer 1.6; the other group scores as before."""
    targets = ("none", 50) if swapped else (50, "none")
    scores = ({"total": 7.3, "first": 3.1}, {"total": 6.5, "first": 2.3})
    first = [(5, [indicator("a", 3), indicator("b", 2, target)]) for target in targets]
    rubrics = two_regimes(first=first[1])
    rubrics = (rubric(TINY | {"first": first[0]}, valid_to="2023-01"), rubrics[1])
    figures = [JANUARY | {"b%": 40} | score for score in (scores[::-1] if swapped else scores)]
    frame = bridge(rubrics, card(BEFORE, figures[0]), card(AFTER, figures[1]))
    sign = -1 if swapped else 1
    assert list(frame["effect"]) == ["rule", "rule", "rounding"]
    assert list(frame["value"]) == pytest.approx([-0.8 * sign, 0.0, 0.0])
    assert frame.loc[frame["effect"] == "performance", "value"].sum() == 0
    # Unseen behind `50` and `40`: 1 % of 3 points, and of b 1 % of 2 points, which a target of 50 % doubles.
    assert (frame["low"][0], frame["high"][0]) == pytest.approx((-0.8 * sign - 0.17, -0.8 * sign + 0.17))


def without(month, *codes):
    return {code: value for code, value in month.items() if code not in codes}


@pytest.mark.parametrize("hidden", ["a%", "b%"])
def test_a_rate_that_is_not_printed_may_have_moved(hidden):
    frame = bridge(two_regimes(), *(card(month, without(JANUARY, hidden)) for month in (BEFORE, AFTER)))
    assert list(frame["effect"]) == ["not_separable", "rule", "rounding"]


def test_nothing_to_count_and_nothing_printed_are_not_alike():
    hidden = without(JANUARY, "c%") | {"total": 4.5, "second": 1.0}
    frame = bridge(two_regimes(), card(BEFORE, hidden | {"c_base": 0}), card(AFTER, hidden))
    assert list(frame["effect"]) == ["rule", "not_separable", "rounding"]


def test_an_indicator_that_only_one_rubric_has_is_not_compared():
    more = 5, [indicator("a", 3), indicator("b", 1, 50), indicator("new", 1)]
    rubrics = two_regimes(first=more)
    frame = bridge(rubrics, card(BEFORE, JANUARY), card(AFTER, JANUARY | {"new%": 50}))
    assert list(frame["effect"]) == ["not_separable", "rule", "rounding"]
    rubrics = (rubric(TINY | {"first": more}, valid_to="2023-01"), two_regimes()[1])
    frame = bridge(rubrics, card(BEFORE, JANUARY | {"new%": 50}), card(AFTER, JANUARY))
    assert list(frame["effect"]) == ["not_separable", "rule", "rounding"]


def test_a_group_that_only_one_rubric_has():
    rubrics = (
        rubric(TINY, valid_to="2023-01"),
        rubric(TINY | {"third": (2, [indicator("e", 2)])}, id="later", valid_from="2023-02"),
    )
    later = JANUARY | {"total": 9.2, "third": 1.5, "e%": 75}
    frame = bridge(rubrics, card(BEFORE, JANUARY), card(AFTER, later))
    assert parts(frame) == {
        ("first", "first", "rule"): 0,
        ("second", "second", "rule"): 0,
        ("third", "third", "not_separable"): 1.5,
    }
    assert (frame["low"][2], frame["high"][2]) == pytest.approx((1.45, 1.55))


OPEN = {"first": (5, [indicator("a", 3), indicator("b", 2, ("none", 50))]), "second": SECOND}


def test_no_rule_gives_both_months():
    """b at 45 % is 1.8 with a target of 50 %, at 50 % it is 1.0 without one: each month fits, both together do not."""
    january = card(BEFORE, JANUARY | {"total": 6.7, "first": 2.5})
    frame = bridge(rubric(OPEN), january, card(AFTER, FEBRUARY))
    assert list(frame["effect"]) == ["not_separable", "performance", "rounding"]
    assert list(frame["value"]) == pytest.approx([1.7, -0.9, 0.1])
    assert "a rule, or what is counted, must have changed" in frame["why"][0]
    no_rate_moved = parts(bridge(rubric(OPEN), january, card(AFTER, JANUARY)))
    assert no_rate_moved == pytest.approx({("first", "first", "rule"): 1.0, ("second", "second", "performance"): 0.0})


def test_a_rule_that_is_left_open_by_both_months_is_one_rule():
    """b at 0 % is 0 whatever its target."""
    january = card(BEFORE, JANUARY | {"total": 5.7, "first": 1.5, "b%": 0})
    frame = bridge(rubric(OPEN), january, card(AFTER, FEBRUARY))
    assert set(frame["effect"]) == {"performance", "rounding"}


# What is counted


def test_nothing_to_count_in_one_month():
    """c is 80 % of 4 points in January (79,5 to 80,5 %), and no points in February, when there was nothing to count."""
    february = without(JANUARY, "c%") | {"total": 4.5, "second": 1.0, "c_base": 0}
    frame = bridge(rubric(TINY), card(BEFORE, JANUARY), card(AFTER, february))
    assert parts(frame) == pytest.approx(
        {
            ("first", "first", "performance"): 0.0,
            ("second", "second", "performance"): 0.0,
            ("second", "c", "counting"): -3.2,
        },
        abs=0.01,
    )
    row = frame.iloc[2]
    assert (row["low"], row["high"]) == pytest.approx((-3.22, -3.18))
    assert (row["name"], row["certainty"]) == ("Number c", "assumes_one_rule")
    assert "In February 2023 there was nothing to count" in row["why"]


def test_points_for_nothing_to_count():
    rubrics = rubric(TINY | {"second": (5, [indicator("c", 4, zero="full"), indicator("d", 1)])})
    january = without(JANUARY, "c%") | {"total": 8.5, "second": 5.0, "c_base": 0}
    frame = bridge(rubrics, card(BEFORE, january), card(AFTER, FEBRUARY))
    assert parts(frame)["second", "c", "counting"] == pytest.approx(-1.6, abs=0.03)
    assert parts(frame)["second", "second", "performance"] == pytest.approx(-0.1, abs=0.03)
    assert "In January 2023" in frame["why"][2]


NOTHING_IN_SECOND = {"total": 3.5, "first": 3.5, "second": 0.0, "a%": 50, "b%": 50, "c_base": 0, "d_base": 0}


def test_a_whole_group_without_anything_to_count_has_no_performance():
    frame = bridge(rubric(TINY), card(BEFORE, JANUARY), card(AFTER, NOTHING_IN_SECOND))
    values = parts(frame)
    assert set(values) == {("first", "first", "performance"), ("second", "c", "counting"), ("second", "d", "counting")}
    assert values["second", "c", "counting"] == pytest.approx(-3.2, abs=0.03)
    assert values["second", "c", "counting"] + values["second", "d", "counting"] == pytest.approx(-4.2)


def test_each_share_stays_inside_its_own_bounds():
    """January: d had 99,5 to 100 % of 1, so c, whose rate is not printed, had the rest of 4.15 to 4.25."""
    cards = card(BEFORE, without(JANUARY, "c%")), card(AFTER, NOTHING_IN_SECOND)
    frame = bridge(rubric(TINY), *cards).set_index("code")
    assert tuple(frame.loc["c", ["low", "high"]]) == pytest.approx((-3.255, -3.15))
    assert tuple(frame.loc["d", ["low", "high"]]) == pytest.approx((-1, -0.995))
    assert frame.loc["c", "value"] + frame.loc["d", "value"] == pytest.approx(-4.2)


def test_nothing_to_count_in_both_months():
    january = without(JANUARY, "c%") | {"c_base": 0, "second": 1.0, "total": 4.5}
    february = without(FEBRUARY, "c%") | {"c_base": 0, "second": 0.9, "total": 5.1}
    frame = bridge(rubric(TINY), card(BEFORE, january), card(AFTER, february))
    assert set(frame["effect"]) == {"performance", "rounding"}


def test_the_share_of_a_rate_that_is_not_printed_is_a_range():
    """January: c and d sum to 4.15 to 4.25, so c had 3.15 to 4 and d 0.15 to 1. February: d had 89,5 to 90,5 % of 1."""
    february = {"total": 4.4, "first": 3.5, "second": 0.9, "a%": 50, "b%": 50, "c_base": 0, "d%": 90}
    frame = bridge(rubric(TINY), card(BEFORE, without(JANUARY, "c%", "d%")), card(AFTER, february))
    performance, counting = frame.iloc[1], frame.iloc[2]
    assert (counting["low"], counting["high"]) == pytest.approx((-4.0, -3.15))
    assert (performance["low"], performance["high"]) == pytest.approx((0.895 - 1, 0.905 - 0.15))
    assert performance["value"] + counting["value"] == pytest.approx(-3.3)


@pytest.mark.parametrize(
    ("scopes", "effect", "words"),
    [
        (("month", "year_to_date"), "counting", "counts the month, February 2023 counts everything since January"),
        (("month", "unknown"), "not_separable", "It is not known"),
        (("unknown", "unknown"), "not_separable", "It is not known"),
    ],
)
def test_another_scope(scopes, effect, words):
    frame = bridge(rubric(TINY), card(BEFORE, JANUARY, scope=scopes[0]), card(AFTER, FEBRUARY, scope=scopes[1]))
    assert list(frame["effect"]) == [effect, effect, "rounding"]
    assert list(frame["certainty"]) == ["not_separable", "not_separable", "published"]
    assert words in frame["why"][0]


@pytest.mark.parametrize("figures", [FEBRUARY, JANUARY])
def test_another_scope_under_other_rules_is_neither_counting_nor_rules_alone(figures):
    later = card(AFTER, figures, scope="year_to_date")
    frame = bridge(two_regimes(), card(BEFORE, JANUARY), later)
    assert list(frame["effect"]) == ["not_separable", "not_separable", "rounding"]
    assert "under different rules" in frame["why"][0] and "since January" in frame["why"][0]


def ranked(first, second):
    entry = {"units": 63, "valid_from": "2023-01", "valid_to": "2023-01", "source": "tests"}
    return [entry | {"units": first}, entry | {"units": second, "valid_from": "2023-02", "valid_to": None}]


@pytest.mark.parametrize("after", [FEBRUARY, JANUARY])
def test_a_merger_in_between_may_have_made_it_another_province(after):
    months = card(BEFORE, JANUARY), card(AFTER, after)
    frame = bridge(rubric(TINY, ranked=ranked(63, 34)), *months)
    assert list(frame["effect"]) == ["not_separable", "not_separable", "rounding"]
    assert "(63 were ranked, then 34): Mẫu may be another one" in frame["why"][0]
    same = bridge(rubric(TINY, ranked=ranked(63, 63)), *months)
    assert set(same["effect"]) == {"performance", "rounding"}


BOTH = [named("both") | {"groups": ["first", "second"]}]


@pytest.mark.parametrize("swapped", [False, True])
def test_two_groups_printed_as_one_are_added_up(swapped):
    together = without(JANUARY, *TINY) | {"both": 7.7}
    cards = card(BEFORE, together), card(AFTER, FEBRUARY)
    if swapped:
        cards = card(BEFORE, FEBRUARY), card(AFTER, together)
    frame = bridge(rubric(TINY | {"third": (2, [indicator("e", 2)])}, combined=BOTH), *map(with_third, cards))
    sign = -1 if swapped else 1
    assert parts(frame) == pytest.approx(
        {
            ("both", "both", "performance"): -0.2 * sign,
            ("both", "both", "counting"): 0.0,
            ("third", "third", "performance"): 0.0,
        }
    )
    assert (frame["low"][0], frame["high"][0]) == pytest.approx((-0.2 * sign - 0.15, -0.2 * sign + 0.15))
    assert "as Number first and Number second" in frame["why"][1]


def with_third(frame):
    """The card with a third group of 2.0, which e at 100 % gives."""
    frame = frame.copy()
    frame.loc[frame["code"] == "total_score", "value"] += 2
    more = card(frame["period"][0], {"third": 2.0, "e%": 100})
    return pd.concat([frame, more], ignore_index=True)


def test_both_months_printed_as_one():
    cards = [
        card(period, without(month, *TINY) | {"both": both})
        for period, month, both in ((BEFORE, JANUARY, 7.7), (AFTER, FEBRUARY, 7.6))
    ]
    frame = bridge(rubric(TINY, combined=BOTH), *cards)
    assert parts(frame) == pytest.approx({("both", "both", "performance"): -0.1})


def test_no_rule_gives_the_one_group_and_the_two():
    """Together 6.7 needs b without a target; apart, 4.2 needs it."""
    together = without(JANUARY, *TINY) | {"total": 6.7, "both": 6.7}
    frame = bridge(rubric(OPEN, combined=BOTH), card(BEFORE, together), card(AFTER, FEBRUARY))
    assert list(frame["effect"]) == ["not_separable", "counting", "rounding"]


# What cannot be compared


@pytest.mark.parametrize(
    ("cards", "error", "words"),
    [
        ([card(BEFORE, JANUARY), card(AFTER, FEBRUARY, entity="Khác")], ParameterError, "put for another.\n  - Khác"),
        ([card(BEFORE, JANUARY)], UnknownNameError, "no figure of Mẫu for February 2023"),
        ([card(AFTER, FEBRUARY, entity="Khác")], UnknownNameError, "no figure of Mẫu for January 2023"),
        ([card(BEFORE, JANUARY, entity="Khác")], UnknownNameError, "no figure of Mẫu for January 2023"),
        ([card(BEFORE, JANUARY), card(AFTER, {"first": 4.2})], NoTotalError, "first 4.2"),
        (
            [card(BEFORE, JANUARY), card(AFTER, without(FEBRUARY, "second"))],
            UnknownNameError,
            "no score of Number second for February 2023",
        ),
        (
            [card(BEFORE, JANUARY | {"second": float("nan")}), card(AFTER, FEBRUARY)],
            UnknownNameError,
            "  - 2023-01 second",
        ),
        (
            [card(BEFORE, JANUARY), card(AFTER, FEBRUARY | {"total": 7.9})],
            CheckError,
            "do not sum to its total.\n  - 7.40 to 7.60 ≠ 7.90",
        ),
        (
            [card(BEFORE, JANUARY), card(AFTER, FEBRUARY | {"a%": 20})],
            ContradictionError,
            "No rule of tiny gives the score of Number first",
        ),
    ],
)
def test_refuses(cards, error, words):
    with pytest.raises(error) as refused:
        bridge(rubric(TINY), *cards)
    assert words in str(refused.value)


def test_refuses_the_later_month_first():
    with pytest.raises(ParameterError, match=r"February 2023 comes after January 2023\."):
        bridge(rubric(TINY), card(BEFORE, JANUARY), card(AFTER, FEBRUARY), before=AFTER, after=BEFORE)


def test_refuses_cards_of_two_provinces():
    cards = [card(BEFORE, JANUARY), card(AFTER, FEBRUARY, entity="Khác")]
    with pytest.raises(ParameterError, match="these are two") as refused:
        bridge_between(pd.concat(cards), (rubric(TINY),), (ENTITY, BEFORE), ("Khác", AFTER))
    assert refused.value.rows == ("Khác", "Mẫu")


def test_cards_that_each_err_by_the_same_are_refused_though_their_change_adds_up():
    wrong = [JANUARY | {"total": 8.2}, FEBRUARY | {"total": 8.1}]
    with pytest.raises(CheckError):
        bridge(rubric(TINY), card(BEFORE, wrong[0]), card(AFTER, wrong[1]))


def test_a_bridge_starts_from_the_last_card_of_like_length_that_adds_up():
    """February does not sum to its total, March has no score of a group, and a year is not set against a month."""
    months = {BEFORE: JANUARY, AFTER: FEBRUARY | {"total": 7.9}, "2023-03": without(FEBRUARY, "second")}
    later = {"2023": FEBRUARY, "2024-01": JANUARY, "2025": {"total": 7.7}}
    history = pd.concat([card(period, figures) for period, figures in (months | later).items()], ignore_index=True)
    expected = {BEFORE: "", "2023-03": BEFORE, "2024-01": BEFORE, "2023": "", "2025": "2023"}
    rubrics = (rubric(TINY),)
    assert {period: card_before(history, rubrics, ENTITY, period) for period in expected} == expected
    assert since(history, rubrics, ENTITY, BEFORE, "2024-01")["value"].sum() == 0
    for before, after in (("", "2024-01"), ("2023", "2025")):
        assert list(since(history, rubrics, ENTITY, before, after)) == COLUMNS_OF_A_BRIDGE
        assert since(history, rubrics, ENTITY, before, after).empty


def test_parts_that_do_not_add_up_are_refused(monkeypatch):
    monkeypatch.setattr("analysis.diagnosis.changes.round", lambda *_number: 0.5, raising=False)
    with pytest.raises(CheckError, match=r"The parts sum to 0\.3 points, the published change is -0\.1\."):
        bridge(rubric(TINY), card(BEFORE, JANUARY), card(AFTER, FEBRUARY))


# Real months


def test_hoa_binh_from_april_2023_to_july_2024(history, rubrics):
    frame = change_bridge(history, rubrics, "Hòa Bình", "2023-04", "2024-07")
    check(frame, 24.25)
    assert dict(zip(frame["code"], frame["value"], strict=True)) == pytest.approx(
        {
            "transparency": 13.5,
            "processing_progress": 1.0,
            "online_service_provision": -0.1,
            "online_payment": -0.5,
            "satisfaction": 6.7,
            "digitisation": 3.8,
            "rounding": -0.15,
        }
    )
    assert set(frame["effect"]) == {"performance", "rounding"}


def test_a_month_and_a_year_of_phu_tho_are_not_counted_alike(history, rubrics):
    frame = change_bridge(history, rubrics, "Phú Thọ", "2026-08", "2026")
    check(frame, 2.27)
    assert set(frame["effect"]) == {"counting", "rounding"}


def test_lao_cai_under_two_rubrics_printed_as_five_groups_and_as_six(history, rubrics):
    frame = change_bridge(history, rubrics, "Lào Cai", "2025-07", "2026")
    check(frame, 61.72 - 78.96)
    assert list(frame["group"]).count("online_service") == 2
    assert "performance" not in set(frame["effect"])


def test_hoa_binh_ends_with_the_merger(history, rubrics):
    with pytest.raises(ParameterError, match="Phú Thọ"):
        change_bridge(history, rubrics, "Hòa Bình", "2024-07", "2026-08")
    with pytest.raises(NoTotalError):
        change_bridge(history, rubrics, "Hòa Bình", "2024-06", "2024-07")


def test_a_card_known_to_be_misprinted_makes_no_bridge(history, rubrics):
    with pytest.raises(CheckError, match="Bắc Kạn"):
        change_bridge(history, rubrics, "Bắc Kạn", "2024-07", "2024-07")


# What is new in the rules


def news(before, after):
    """What two files say differently; each is a dictionary of groups as `rubric` takes it."""
    rubrics = rubric(before, id="old", valid_to=BEFORE), rubric(after, id="new", valid_from=AFTER)
    return rule_news(rubrics, BEFORE, AFTER)


def pair(first, *more):
    """Groups `g0` of the indicators given, and `g1` of b alone."""
    return {"g0": (5, [first, *more]), "g1": (5, [indicator("b")])}


def test_the_same_rubric_has_no_news():
    later = rubric(TINY | {"first": (5, [indicator("a", 3), indicator("b", 2)])}, id="later", valid_from="2023-03")
    frame = rule_news((rubric(TINY, valid_to=AFTER), later), BEFORE, AFTER)
    assert frame.empty
    section = news_section(Figures(), frame, BEFORE)
    assert said(section) == ["The rules of this report are the same as those of January 2023."]
    assert "<table" not in section.html
    assert rule_news((later,), "", "2023-03").empty
    assert "No earlier total" in str(news_section(Figures(), frame, ""))


@pytest.mark.parametrize(
    ("before", "after", "sure"),
    [
        (100, 80, True),
        ("none", 100, None),
        ("none", (100, 80), False),
        ((100, 80), (80, 100), None),
        ((100, 80), 80, False),
        ((100, 80), 50, True),
    ],
)
def test_a_target_surely_changed_only_where_no_alternative_is_common(before, after, sure):
    frame = news(pair(indicator("a", target=before)), pair(indicator("a", target=after)))
    assert [(row.code, row.parameter, row.sure) for row in frame.itertuples()] == (
        [] if sure is None else [("a", "target", sure)]
    )


def test_maxima_denominators_groups_and_what_is_new_or_gone():
    frame = news(
        pair(indicator("a"), indicator("q", (0, 1), zero=("full", "no_points"))),
        {
            "g0": (6, [indicator("a", 3), indicator("q", (0, 1), zero="full"), indicator("b", 2)]),
            "g1": (4, [indicator("c", 4), indicator("d", (0, 4))]),
        },
    )
    told = {(row.code, row.parameter): (row.before, row.after, row.sure) for row in frame.itertuples()}
    assert told == {
        ("g0", "max"): ((5.0,), (6.0,), True),
        ("a", "max"): ((5.0,), (3.0,), True),
        ("q", "zero_denominator"): (("full", "no_points"), ("full",), False),
        ("b", "max"): ((5.0,), (2.0,), True),
        ("g1", "max"): ((5.0,), (4.0,), True),
        ("c", "new"): ((), (4.0,), True),
        ("d", "new"): ((), (0.0, 4.0), False),
        ("b", "group"): (("Number g1",), ("Number g0",), True),
    }
    assert list(frame["sure"]) == sorted(frame["sure"], reverse=True)
    back = news(pair(indicator("c"), indicator("q", (0, 2))), pair(indicator("c")))
    assert [(row.code, row.parameter, row.after, row.sure) for row in back.itertuples()] == [("q", "gone", (), False)]


def test_statuses_and_source():
    after = indicator("a", target=80)
    after["target"] |= {"status": "legal", "source": "law"}
    (row,) = news(pair(indicator("a")), pair(after)).itertuples()
    assert (row.name, row.status_before, row.status_after, row.source) == ("Number a", "assumed", "legal", "law")


def test_every_number_of_the_news_is_a_figure():
    frame = news(
        {"g0": (5, [indicator("a", target=(100, 62.5))]), "g1": (5, [indicator("b", target=(50, 70))])},
        {"g0": (5, [indicator("a", target=(62.5, 50))]), "g1": (5, [indicator("b", target=90)])},
    )
    section = news_section(Figures(), frame, BEFORE)
    assert {name: str(figure) for name, figure in section.figures.items()} == {
        "news.sure": "1",
        "news.unsure": "1",
        "news.0.before.0": "50",
        "news.0.before.1": "70",
        "news.0.after.0": "90",
        "news.1.before.0": "100",
        "news.1.before.1": "62.50",
        "news.1.after.0": "62.50",
        "news.1.after.1": "50",
    }
    rest = re.sub(r"<data.*?</data>|<[^>]*>|January 2023", "", section.html)
    assert not re.search(r"\d", rest), rest
    assert "Surely changed: " in rest and "may be the same" in rest


def test_the_news_of_the_real_rubrics(rubrics):
    """Every target of 2026 was among those tried before it: none of them need have changed."""
    frame = rule_news(rubrics, "2025-12", "2026-01")
    assert len(frame) == 21 and not frame["sure"].any()
    assert list(frame[frame["parameter"] == "gone"]["code"]) == ["petition_classification"]
    assert rule_news(rubrics, "2023-04", "2024-07").empty
    with pytest.raises(UnknownNameError):
        rule_news(rubrics, "2021-01", "2024-07")


def test_the_last_period_with_a_total_and_rules(history, rubrics):
    expected = {
        ("Hòa Bình", "2024-07"): "2023-04",
        ("Hòa Bình", "2023-04"): "",
        ("Bắc Ninh", "2026"): "2025-12",
        ("Phú Thọ", "2026"): "",
        ("Lâm Đồng", "2026"): "2025",
    }
    assert {key: period_before(history, rubrics, *key) for key in expected} == expected


# Planted: two months printed from known rules and rates, and every member written out.


@dataclass(frozen=True, eq=False)
class Planted:
    """`scores` are the true points of each month; `rules` the rules they came of, (maximum, target, zero)."""

    rubrics: tuple[Rubric, ...]
    cards: tuple[pd.DataFrame, pd.DataFrame]
    rules: tuple[dict[str, tuple], dict[str, tuple]]
    rates: tuple[dict[str, float | None], dict[str, float | None]]
    alternatives: dict[str, list[tuple]]
    printed: tuple[Printed, Printed]


GROUPS = {"first": ["a", "b"], "second": ["c", "d"]}
CODES = [*chain.from_iterable(GROUPS.values())]


def points(rule, rate):
    """Points under (maximum, target, zero); a rate of None had nothing to count."""
    maximum, target, zero = rule
    if rate is None:
        return maximum if zero == "full" else 0.0
    return min(maximum, maximum * rate / (100 if target == "none" else target))


@st.composite
def planted(draw):
    targets, zeros = ("none", 50, 80), ("no_points", "full")
    family = {
        code: (
            (2, 4) if code in ("a", "b") and draw(st.booleans()) else (3,),
            draw(
                st.sets(st.sampled_from(targets), min_size=1, max_size=2).map(lambda some: tuple(sorted(some, key=str)))
            ),
            draw(st.sets(st.sampled_from(zeros), min_size=1, max_size=2).map(lambda some: tuple(sorted(some)))),
        )
        for code in CODES
    }
    family["b"] = (family["a"][0], *family["b"][1:])
    groups = {group: (6, [indicator(code, *family[code]) for code in codes]) for group, codes in GROUPS.items()}
    alternatives = {code: [*product(*family[code])] for code in CODES}
    rules = [draw(st.fixed_dictionaries({code: st.sampled_from(alternatives[code]) for code in CODES})) for _ in "12"]
    for one in rules:
        one["b"] = (6 - one["a"][0], *one["b"][1:])
    if draw(st.booleans()):
        rules[1] = rules[0]
    rate = st.none() | st.integers(0, 100).map(float)
    rates = [draw(st.fixed_dictionaries(dict.fromkeys(CODES, rate))) for _ in "12"]
    if draw(st.integers(0, 4)) == 0:
        rates[1] = rates[0]
    hidden = draw(st.sets(st.tuples(st.sampled_from("12"), st.sampled_from(CODES)), max_size=3))
    as_one = [draw(st.integers(0, 4)) == 0 for _ in "12"]
    printed = []
    for number, (of, at, one) in enumerate(zip(rules, rates, as_one, strict=True), start=1):
        scores = {group: sum(points(of[code], at[code]) for code in codes) for group, codes in GROUPS.items()}
        whole = sum(scores.values())
        shown = {"both": whole} if one else scores
        figures = {code: float(rounded(value, 1)) for code, value in ({"total": whole} | shown).items()}
        for code in CODES:
            if at[code] is None:
                figures[f"{code}_base"] = 0
            elif (str(number), code) not in hidden:
                figures[f"{code}%"] = at[code]
        printed.append(figures)
    combined = {"combined": BOTH}
    if draw(st.integers(0, 4)) == 0:
        rubrics = (
            rubric(groups, valid_to=BEFORE, **combined),
            rubric(groups, id="later", valid_from=AFTER, **combined),
        )
    else:
        rubrics = (rubric(groups, **combined),)
    cards = card(BEFORE, printed[0]), card(AFTER, printed[1])
    return Planted(rubrics, cards, tuple(rules), tuple(rates), alternatives, tuple(printed))


@lru_cache
def survivors(case: Planted, month: int) -> set[tuple]:
    """Every joint member that can give the month's figures: rules in the order of `CODES`."""
    figures, alternatives, found = case.printed[month], case.alternatives, set()

    def box(code, rule):
        if f"{code}_base" in figures:
            return Interval.point(points(rule, None))
        if f"{code}%" not in figures:
            return Interval(0, rule[0])
        rate = figures[f"{code}%"]
        return Interval(points(rule, max(rate - 0.5, 0)), points(rule, min(rate + 0.5, 100)))

    def sums(boxes, code):
        low, high = sum(item.low for item in boxes), sum(item.high for item in boxes)
        return Interval(low, high).meet(Interval.of_printed(figures[code], 1))

    for member in product(*(alternatives[code] for code in CODES)):
        rules = dict(zip(CODES, member, strict=True))
        if rules["a"][0] + rules["b"][0] != 6:
            continue
        boxes = {code: box(code, rule) for code, rule in rules.items()}
        shown = {"both": CODES} if "both" in figures else GROUPS
        spans = [sums([boxes[code] for code in codes], group) for group, codes in shown.items()]
        if all(span is not None for span in spans) and sums(spans, "total") is not None:
            found.add(member)
    return found


def one_rule(case: Planted, codes: list[str]) -> bool:
    """Whether the rules of these indicators survive both months; in a month that prints two groups, each by itself."""
    by_month = []
    for month in (0, 1):
        units = (
            [CODES] if "both" in case.printed[month] else [unit for unit in GROUPS.values() if set(unit) <= set(codes)]
        )
        alive = survivors(case, month)
        each = [{tuple(member[CODES.index(code)] for code in unit) for member in alive} for unit in units]
        by_month.append({tuple(chain.from_iterable(parts)) for parts in product(*each)})
    return bool(by_month[0] & by_month[1])


def check_planted(case):
    frame = bridge(case.rubrics, *case.cards)
    groups = {"both": CODES} if any("both" in printed for printed in case.printed) else GROUPS
    assert list(dict.fromkeys(frame["group"][:-1])) == list(groups)
    true = [{code: points(of[code], at[code]) for code in CODES} for of, at in zip(case.rules, case.rates, strict=True)]
    moved = {code: true[1][code] - true[0][code] for code in CODES}
    for group, codes in groups.items():
        rows = frame[frame["group"] == group].set_index("code")
        effects = set(rows["effect"])
        change = printed_change(case, group)
        assert rows["value"].sum() == pytest.approx(change, abs=1e-9)
        first, *counted = list(rows.itertuples())
        once = [code for code in codes if (case.rates[0][code] is None) != (case.rates[1][code] is None)]
        if len(case.rubrics) == 2 or not one_rule(case, codes):
            assert effects & {"not_separable", "rule"} and "performance" not in effects
            assert (first.effect == "rule") == nothing_moved(case, codes)
            by_rule = sum(points(case.rules[1][code], case.rates[0][code]) - true[0][code] for code in codes)
            assert within(first, by_rule if first.effect == "rule" else sum(moved[code] for code in codes))
            assert case.rules[0] != case.rules[1] or len(case.rubrics) == 2
            continue
        assert not effects & {"not_separable", "rule"}
        assert {row.Index for row in counted if row.Index != "both"} | ({first.Index} - {group}) == set(once)
        if len(once) < len(codes):
            assert (first.effect, first.certainty) == ("performance", "assumes_one_rule")
        if case.rules[0] == case.rules[1]:
            for code in once:
                assert within(rows.loc[code], moved[code])
            assert first.Index in once or within(first, sum(moved[code] for code in codes if code not in once))


def printed_change(case, group):
    def score(figures):
        return figures[group] if group in figures else sum(figures[part] for part in GROUPS)

    return score(case.printed[1]) - score(case.printed[0])


def nothing_moved(case, codes):
    one, other = case.printed
    keys = [key for code in codes for key in (f"{code}%", f"{code}_base")]
    printed = all(f"{code}%" in one or f"{code}_base" in one for code in codes)
    return printed and all(one.get(key) == other.get(key) for key in keys)


def within(row, number):
    return row.low - 1e-6 <= number <= row.high + 1e-6


@pytest.mark.parametrize("examples", [40, pytest.param(500, marks=pytest.mark.slow)])
def test_planted_changes_come_back(examples):
    settings(max_examples=examples, deadline=None)(given(planted())(check_planted))()

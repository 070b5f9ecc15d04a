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

import planted
from analysis.diagnosis.changes import bridge_between, card_before, change_bridge, period_before, rule_news, since
from analysis.errors import CheckError, ContradictionError, NoTotalError, ParameterError, UnknownNameError
from analysis.interval import Interval, total
from analysis.language import rounded
from analysis.report.figures import Figures
from analysis.report.rules import news_section
from analysis.scorecards.history import AS_PRINTED, TOTAL, with_standing
from analysis.scorecards.rubric import Rubric
from planted import parameter
from shown import said

ENTITY, BEFORE, AFTER = "Mẫu", "2023-01", "2023-02"
COLUMNS_OF_A_BRIDGE = ["group", "code", "name", "effect", "value", "low", "high", "certainty", "why"]
PERFORMED, OPEN_BOTH = ["performance"] * 2, ["not_separable"] * 2


# A small index, and cards of it: total and groups to one decimal, rates to none.


def named(code):
    return {"code": code, "name": {"vi": f"Số {code}", "en": f"Number {code}"}}


def indicator(code, points=5, target="none", zero="no_points"):
    """A tuple is a list of alternatives."""
    values = {"max": points, "target": target, "zero_denominator": zero}
    return named(code) | {
        name: parameter(*(value if isinstance(value, tuple) else [value])) for name, value in values.items()
    }


def rubric(groups, **changed):
    """`groups` are group → (points, indicators)."""
    listed = [named(code) | {"max": parameter(points), "indicator": items} for code, (points, items) in groups.items()]
    whole = parameter(sum(points for points, _items in groups.values()))
    start = {"id": "tiny", "decision": "0/QĐ", "valid_from": "2023-01", "max": whole, "group": listed}
    return Rubric.model_validate(start | changed)


def card(period, figures, entity=ENTITY, scope="month"):
    """`x_base` is a count, `x%` a rate without decimals, `total` and the rest points."""
    rows = []
    for code, value in figures.items():
        unit = "percent" if code.endswith("%") else "count" if code.endswith("_base") else "points"
        level = "indicator" if unit != "points" else "total" if code == "total" else "group"
        code = TOTAL if code == "total" else code.removesuffix("%")
        places = 1 if unit == "points" else 0
        rows.append((entity, period, scope, "2023-03-01", level, code, value, unit, None, places, "synthetic", "t", ""))
    frame = pd.DataFrame(rows, columns=AS_PRINTED).assign(file="tiny.csv", line=range(2, 2 + len(rows)))
    return with_standing(frame.astype({"value": float, "max": float, "decimals": int, "line": int}))


def bridge(rubrics, *cards, before=BEFORE, after=AFTER, entity=ENTITY):
    """The bridge, after what must hold of every one."""
    history = pd.concat(cards, ignore_index=True)
    frame = change_bridge(history, rubrics if isinstance(rubrics, tuple) else (rubrics,), entity, before, after)
    points = history[(history["entity"] == entity) & (history["code"] == TOTAL)].set_index("period")["value"]
    check(frame, points[after] - points[before])
    return frame


def between(rubrics, january, february):
    return bridge(rubrics, card(BEFORE, january), card(AFTER, february))


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
    """(code, effect) → value, without rounding."""
    return {(row.code, row.effect): row.value for row in frame.iloc[:-1].itertuples()}


def effects(frame):
    return list(frame["effect"][:-1])


def ends(frame, row=0):
    return frame["low"][row], frame["high"][row]


FIRST = (5, [indicator("a", 3), indicator("b", 2, 50)])
SECOND = (5, [indicator("c", 4), indicator("d", 1)])
TINY = {"first": FIRST, "second": SECOND}
OPEN = {"first": (5, [indicator("a", 3), indicator("b", 2, ("none", 50))]), "second": SECOND}
THIRD = {"third": (2, [indicator("e", 2)])}
BOTH = {"combined": [named("both") | {"groups": ["first", "second"]}]}
JANUARY = {"total": 7.7, "first": 3.5, "second": 4.2, "a%": 50, "b%": 50, "c%": 80, "d%": 100}
FEBRUARY = {"total": 7.6, "first": 4.2, "second": 3.3, "a%": 80, "b%": 45, "c%": 60, "d%": 90}
TOGETHER = {"total": 7.7, "both": 7.7, "a%": 50, "b%": 50, "c%": 80, "d%": 100}


def without(month, *codes):
    return {code: value for code, value in month.items() if code not in codes}


def test_performance_under_one_rule():
    """3 × 80 % + 2 × 45/50 = 4.2 and 4 × 60 % + 1 × 90 % = 3.3: together 7.5, printed 7.6 for what rounding hides."""
    frame = between(rubric(TINY), JANUARY, FEBRUARY)
    assert list(frame["effect"]) == ["performance", "performance", "rounding"]
    assert list(frame["value"]) == pytest.approx([0.7, -0.9, 0.1])
    assert list(frame["low"]) == pytest.approx([0.6, -1.0, 0.1])
    assert list(frame["high"]) == pytest.approx([0.8, -0.8, 0.1])
    assert list(frame["certainty"]) == ["assumes_one_rule", "assumes_one_rule", "published"]
    assert "none is proved" in frame["why"][0]
    assert list(frame["group"]) == ["first", "second", ""] and list(frame["code"]) == ["first", "second", "rounding"]
    full = {"total": 9.2, "first": 5.0, "second": 4.2, "a%": 100, "b%": 90, "c%": 80, "d%": 100}
    assert ends(between(rubric(TINY), JANUARY, full)) == pytest.approx((4.95 - 3.55, 5.0 - 3.45))  # not 5.05


@pytest.mark.parametrize("unexplained", [{}, {"a%": 0}])
def test_the_same_card_twice_needs_no_rule(unexplained):
    frame = bridge(rubric(TINY), card(BEFORE, JANUARY | unexplained), after=BEFORE)
    assert (frame[["value", "low", "high"]] == 0).all(axis=None)
    assert set(frame["certainty"]) == {"published"}


# Rules


def two_regimes(before=TINY, after=TINY):
    """A file for January 2023, and another from February on."""
    return rubric(before, valid_to=BEFORE), rubric(after, id="later", valid_from=AFTER)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_same_rates_under_two_rubrics_are_no_performance(sign):
    """Without its target, b at 40 % is worth 0.8 and no longer 1.6; the other group scores as before."""
    linear = TINY | {"first": (5, [indicator("a", 3), indicator("b", 2)])}
    rules = [TINY, linear][::sign]
    months = [JANUARY | {"b%": 40, "total": 7.3, "first": 3.1}, JANUARY | {"b%": 40, "total": 6.5, "first": 2.3}][
        ::sign
    ]
    frame = between(two_regimes(*rules), *months)
    assert effects(frame) == ["rule", "rule"]
    assert list(frame["value"]) == pytest.approx([-0.8 * sign, 0.0, 0.0])
    # Unseen behind `50` and `40`: 1 % of 3 points, and of b 1 % of 2 points, which a target of 50 % doubles.
    assert ends(frame) == pytest.approx((-0.8 * sign - 0.17, -0.8 * sign + 0.17))


MORE = TINY | {"first": (5, [indicator("a", 3), indicator("b", 1, 50), indicator("new", 1)])}
UNCOUNTED = without(JANUARY, "c%") | {"total": 4.5, "second": 1.0}


@pytest.mark.parametrize(
    ("rubrics", "january", "february", "expected"),
    [
        (two_regimes(), JANUARY, FEBRUARY, OPEN_BOTH),
        (two_regimes(), without(JANUARY, "a%"), without(JANUARY, "a%"), ["not_separable", "rule"]),
        (two_regimes(), without(JANUARY, "b%"), without(JANUARY, "b%"), ["not_separable", "rule"]),
        (two_regimes(), UNCOUNTED | {"c_base": 0}, UNCOUNTED, ["rule", "not_separable"]),
        (two_regimes(after=MORE), JANUARY, JANUARY | {"new%": 50}, ["not_separable", "rule"]),
        (two_regimes(MORE), JANUARY | {"new%": 50}, JANUARY, ["not_separable", "rule"]),
        (rubric(TINY), JANUARY, JANUARY, PERFORMED),
        # b at 0 % is 0 whatever its target, so that both months leave it open
        (rubric(OPEN), JANUARY | {"total": 5.7, "first": 1.5, "b%": 0}, FEBRUARY, PERFORMED),
        (rubric(TINY), UNCOUNTED | {"c_base": 0}, UNCOUNTED | {"c_base": 0}, PERFORMED),
        (rubric(TINY, **BOTH), TOGETHER, without(FEBRUARY, *TINY) | {"both": 7.6}, ["performance"]),
        # together 6.7 needs b without a target; apart, 4.2 needs it
        (rubric(OPEN, **BOTH), TOGETHER | {"total": 6.7, "both": 6.7}, FEBRUARY, ["not_separable", "counting"]),
    ],
)
def test_what_the_parts_of_a_change_are_called(rubrics, january, february, expected):
    assert effects(between(rubrics, january, february)) == expected


def test_a_group_that_only_one_rubric_has():
    frame = between(two_regimes(after=TINY | THIRD), JANUARY, JANUARY | {"total": 9.2, "third": 1.5, "e%": 75})
    assert parts(frame) == {("first", "rule"): 0, ("second", "rule"): 0, ("third", "not_separable"): 1.5}
    assert ends(frame, 2) == pytest.approx((1.45, 1.55))


def test_no_rule_gives_both_months():
    """b at 45 % is 1.8 with a target of 50 %, at 50 % it is 1.0 without one: each month fits, both together do not."""
    january = JANUARY | {"total": 6.7, "first": 2.5}
    frame = between(rubric(OPEN), january, FEBRUARY)
    assert parts(frame) == pytest.approx({("first", "not_separable"): 1.7, ("second", "performance"): -0.9})
    assert "a rule, or what is counted, must have changed" in frame["why"][0]
    no_rate_moved = parts(between(rubric(OPEN), january, JANUARY))
    assert no_rate_moved == pytest.approx({("first", "rule"): 1.0, ("second", "performance"): 0.0})


# What is counted


def test_nothing_to_count_in_one_month():
    """c is 80 % of 4 points in January (79,5 to 80,5 %), and no points in February, when there was nothing to count."""
    frame = between(rubric(TINY), JANUARY, UNCOUNTED | {"c_base": 0})
    expected = {("first", "performance"): 0.0, ("second", "performance"): 0.0, ("c", "counting"): -3.2}
    assert parts(frame) == pytest.approx(expected, abs=0.01)
    row = frame.iloc[2]
    assert (row["low"], row["high"]) == pytest.approx((-3.22, -3.18))
    assert (row["group"], row["name"], row["certainty"]) == ("second", "Number c", "assumes_one_rule")
    assert "In February 2023 there was nothing to count" in row["why"]


def test_points_for_nothing_to_count():
    rubrics = rubric(TINY | {"second": (5, [indicator("c", 4, zero="full"), indicator("d", 1)])})
    frame = between(rubrics, UNCOUNTED | {"total": 8.5, "second": 5.0, "c_base": 0}, FEBRUARY)
    assert parts(frame)["c", "counting"] == pytest.approx(-1.6, abs=0.03)
    assert parts(frame)["second", "performance"] == pytest.approx(-0.1, abs=0.03)
    assert "In January 2023" in frame["why"][2]


def test_the_shares_of_a_whole_group_stay_inside_their_own_bounds():
    """January: d had 99,5 to 100 % of 1, so c, whose rate is not printed, had the rest of 4.15 to 4.25."""
    nothing = {"total": 3.5, "first": 3.5, "second": 0.0, "a%": 50, "b%": 50, "c_base": 0, "d_base": 0}
    frame = between(rubric(TINY), without(JANUARY, "c%"), nothing)
    assert list(parts(frame)) == [("first", "performance"), ("c", "counting"), ("d", "counting")]
    assert ends(frame, 1) == pytest.approx((-3.255, -3.15)) and ends(frame, 2) == pytest.approx((-1, -0.995))
    assert frame["value"][1:3].sum() == pytest.approx(-4.2)


def test_the_share_of_a_rate_that_is_not_printed_is_a_range():
    """January: c and d sum to 4.15 to 4.25, so c had 3.15 to 4 and d 0.15 to 1. February: d had 89,5 to 90,5 % of 1."""
    february = {"total": 4.4, "first": 3.5, "second": 0.9, "a%": 50, "b%": 50, "c_base": 0, "d%": 90}
    frame = between(rubric(TINY), without(JANUARY, "c%", "d%"), february)
    assert ends(frame, 1) == pytest.approx((0.895 - 1, 0.905 - 0.15)) and ends(frame, 2) == pytest.approx((-4, -3.15))
    assert frame["value"][1:3].sum() == pytest.approx(-3.3)


@pytest.mark.parametrize(
    ("rubrics", "february", "scopes", "effect", "words"),
    [
        (
            rubric(TINY),
            FEBRUARY,
            ("month", "year_to_date"),
            "counting",
            "counts the month, February 2023 counts everything since January",
        ),
        (rubric(TINY), FEBRUARY, ("month", "unknown"), "not_separable", "It is not known"),
        (rubric(TINY), FEBRUARY, ("unknown", "unknown"), "not_separable", "It is not known"),
        (two_regimes(), FEBRUARY, ("month", "year_to_date"), "not_separable", "under different rules"),
        (two_regimes(), JANUARY, ("month", "year_to_date"), "not_separable", "everything since January"),
    ],
)
def test_another_scope(rubrics, february, scopes, effect, words):
    frame = bridge(rubrics, card(BEFORE, JANUARY, scope=scopes[0]), card(AFTER, february, scope=scopes[1]))
    assert effects(frame) == [effect, effect]
    assert list(frame["certainty"]) == ["not_separable", "not_separable", "published"]
    assert words in frame["why"][0]


@pytest.mark.parametrize("february", [FEBRUARY, JANUARY])
def test_a_merger_in_between_may_have_made_it_another_province(february):
    def ranked(first, second):
        months = {"valid_from": BEFORE, "valid_to": BEFORE}, {"valid_from": AFTER, "valid_to": None}
        return [own | {"units": units, "source": "t"} for own, units in zip(months, (first, second), strict=True)]

    frame = between(rubric(TINY, ranked=ranked(63, 34)), JANUARY, february)
    assert effects(frame) == OPEN_BOTH
    assert "(63 were ranked, then 34): Mẫu may be another one" in frame["why"][0]
    assert effects(between(rubric(TINY, ranked=ranked(63, 63)), JANUARY, february)) == PERFORMED


@pytest.mark.parametrize("sign", [1, -1])
def test_two_groups_printed_as_one_are_added_up(sign):
    """A third group has 2.0, which e at 100 % gives."""
    months = [month | {"total": month["total"] + 2, "third": 2.0, "e%": 100} for month in (TOGETHER, FEBRUARY)]
    frame = between(rubric(TINY | THIRD, **BOTH), *months[::sign])
    moved = {("both", "performance"): -0.2 * sign, ("both", "counting"): 0.0, ("third", "performance"): 0.0}
    assert parts(frame) == pytest.approx(moved)
    assert ends(frame) == pytest.approx((-0.2 * sign - 0.15, -0.2 * sign + 0.15))
    assert "as Number first and Number second" in frame["why"][1]


# What cannot be compared


@pytest.mark.parametrize(
    ("cards", "error", "words"),
    [
        ([card(BEFORE, JANUARY), card(AFTER, FEBRUARY, "Khác")], ParameterError, "put for another.\n  - Khác"),
        ([card(BEFORE, JANUARY)], UnknownNameError, "no figure of Mẫu for February 2023"),
        ([card(AFTER, FEBRUARY, "Khác")], UnknownNameError, "no figure of Mẫu for January 2023"),
        ([card(BEFORE, JANUARY, "Khác")], UnknownNameError, "no figure of Mẫu for January 2023"),
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
        # each errs by the same, so that their change adds up
        ([card(BEFORE, JANUARY | {"total": 8.2}), card(AFTER, FEBRUARY | {"total": 8.1})], CheckError, "8.20"),
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


def test_refuses_the_later_month_first_and_cards_of_two_provinces():
    cards = [card(BEFORE, JANUARY), card(AFTER, FEBRUARY)]
    with pytest.raises(ParameterError, match=r"February 2023 comes after January 2023\."):
        bridge(rubric(TINY), *cards, before=AFTER, after=BEFORE)
    with pytest.raises(ParameterError, match="these are two") as refused:
        bridge_between(pd.concat(cards), (rubric(TINY),), (ENTITY, BEFORE), ("Khác", AFTER))
    assert refused.value.rows == ("Khác", "Mẫu")


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
        between(rubric(TINY), JANUARY, FEBRUARY)


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
    return rule_news(rubric(before, id="old", valid_to=BEFORE), rubric(after, id="new", valid_from=AFTER))


def pair(first, *more):
    """Groups `g0` of the indicators given, and `g1` of b alone."""
    return {"g0": (5, [first, *more]), "g1": (5, [indicator("b")])}


def test_the_same_rubric_has_no_news():
    later = rubric(TINY | {"first": (5, [indicator("a", 3), indicator("b", 2)])}, id="later", valid_from="2023-03")
    frame = rule_news(later, later)
    assert frame.empty
    section = news_section(Figures(), frame, BEFORE)
    assert said(section) == ["The rules of this report are the same as those of January 2023."]
    assert "<table" not in section.html
    assert rule_news(None, later).empty
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
    frame = rule_news(*rubrics)
    assert len(frame) == 21 and not frame["sure"].any()
    assert list(frame[frame["parameter"] == "gone"]["code"]) == ["petition_classification"]


def test_the_last_period_with_a_total_and_rules(history, rubrics):
    expected = {
        ("Hòa Bình", "2024-07"): "2023-04",
        ("Hòa Bình", "2023-04"): "",
        ("Bắc Ninh", "2026"): "2025",
        ("Phú Thọ", "2026"): "2025",
        ("Lâm Đồng", "2026"): "2025",
    }
    assert {key: period_before(history, rubrics, *key) for key in expected} == expected


# Planted: two months printed from known rules and rates, and every member written out.


@dataclass(frozen=True, eq=False)
class Planted:
    """Two months as printed, and the rules and rates that they came of; `apart` where a rubric governs each."""

    case: planted.Case
    apart: bool
    rules: tuple[planted.Member, planted.Member]

    @property
    def rubrics(self) -> tuple[Rubric, ...]:
        first, second = (period for _entity, period in self.case.keys)
        ways = [{"valid_to": first}, {"id": "later", "valid_from": second}] if self.apart else [{}]
        return tuple(Rubric.model_validate(self.case.toml | way) for way in ways)


def score(rule: planted.RuleTuple, rate: float | None) -> float:
    """Points under a rule; a rate of None had nothing to count."""
    return planted.points(rule, rate) if rate is not None else rule[0] if rule[2] == "full" else 0.0


@st.composite
def planted_changes(draw: Any) -> Planted:
    def some(*pool: Any) -> dict[str, Any]:
        return parameter(*draw(st.lists(st.sampled_from(pool), min_size=1, max_size=2, unique=True)))

    groups = []
    for maxima in draw(st.sampled_from([(2, 4), (3,)])), (3,):
        rules = [(parameter(*maxima), some("none", 50, 80), some("no_points", "full")) for _indicator in "12"]
        groups.append((6, [dict(zip(("max", "target", "zero_denominator"), rule, strict=True)) for rule in rules]))
    toml = planted.family(groups)
    codes = list(chain.from_iterable(planted.indicators_of(toml).values()))
    rules = [draw(st.sampled_from(planted.members(toml))) for _month in "12"]
    if draw(st.booleans()):
        rules[1] = rules[0]
    rates = [draw(st.fixed_dictionaries(dict.fromkeys(codes, st.none() | st.integers(0, 100)))) for _month in "12"]
    if draw(st.integers(0, 4)) == 0:
        rates[1] = rates[0]
    hidden = draw(st.sets(st.tuples(st.sampled_from([0, 1]), st.sampled_from(codes)), max_size=3))
    cards = []
    for month, (of, at) in enumerate(zip(rules, rates, strict=True)):
        scores = {
            name: sum(score(of[code], at[code]) for code in own) for name, own in planted.indicators_of(toml).items()
        }
        whole = sum(scores.values())
        shown = {TOTAL: whole} | ({planted.BOTH: whole} if draw(st.integers(0, 4)) == 0 else scores)
        figures = {(name, "points"): (float(rounded(value, 1)), 1) for name, value in shown.items()}
        for code, rate in at.items():
            if rate is None:
                figures[f"{code}_base", "count"] = 0, 0
            elif (month, code) not in hidden:
                figures[code, "percent"] = rate, 0
        cards.append(figures)
    case = planted.Case(toml, cards, rules[0], rates, [], frozenset(), {})
    return Planted(case, draw(st.integers(0, 4)) == 0, tuple(rules))


@lru_cache
def survivors(change: Planted, month: int) -> list[planted.Member]:
    """Every joint member that can give the month's figures."""
    figures = change.case.cards[month]

    def met(spans: Any, code: str) -> Interval | None:
        return total(spans).meet(Interval(*planted.span(figures, code, "points")))

    found = []
    for member in planted.members(change.case.toml):
        boxes = {code: Interval(*planted.box(rule, figures, code, 0.0)) for code, rule in member.items()}
        spans = [met((boxes[code] for code in codes), group) for group, codes in change.case.groups(month).items()]
        if None not in spans and met(spans, TOTAL) is not None:
            found.append(member)
    return found


def one_rule(change: Planted, codes: list[str]) -> bool:
    """Whether the rules of these indicators survive both months; in a month that prints two groups, each by itself."""
    by_month = []
    for month in (0, 1):
        units = [unit for unit in change.case.groups(month).values() if set(unit) & set(codes)]
        each = [{tuple(member[code] for code in unit) for member in survivors(change, month)} for unit in units]
        by_month.append({tuple(chain.from_iterable(parts)) for parts in product(*each)})
    return bool(by_month[0] & by_month[1])


def check_planted(change: Planted) -> None:
    case, rates = change.case, change.case.rates
    (entity, before), (_entity, after) = case.keys
    frame = bridge(change.rubrics, case.history, before=before, after=after, entity=entity)
    groups = min(case.groups(0), case.groups(1), key=len)
    assert list(dict.fromkeys(frame["group"][:-1])) == list(groups)
    true = [{code: score(of[code], at[code]) for code in at} for of, at in zip(change.rules, rates, strict=True)]
    moved = {code: true[1][code] - true[0][code] for code in true[0]}
    for group, codes in groups.items():
        rows = frame[frame["group"] == group].set_index("code")
        kinds = set(rows["effect"])
        scores = [sum(card[part, "points"][0] for part in parts_of(card, group)) for card in case.cards]
        assert rows["value"].sum() == pytest.approx(scores[1] - scores[0], abs=1e-9)
        first, *counted = list(rows.itertuples())
        once = [code for code in codes if (rates[0][code] is None) != (rates[1][code] is None)]
        if change.apart or not one_rule(change, codes):
            assert kinds & {"not_separable", "rule"} and "performance" not in kinds
            assert (first.effect == "rule") == nothing_moved(case, codes)
            by_rule = sum(score(change.rules[1][code], rates[0][code]) - true[0][code] for code in codes)
            assert within(first, by_rule if first.effect == "rule" else sum(moved[code] for code in codes))
            assert change.rules[0] != change.rules[1] or change.apart
            continue
        assert not kinds & {"not_separable", "rule"}
        assert {row.Index for row in counted if row.Index != planted.BOTH} | ({first.Index} - {group}) == set(once)
        if len(once) < len(codes):
            assert (first.effect, first.certainty) == ("performance", "assumes_one_rule")
        if change.rules[0] == change.rules[1]:
            for code in once:
                assert within(rows.loc[code], moved[code])
            assert first.Index in once or within(first, sum(moved[code] for code in codes if code not in once))


def parts_of(figures: planted.Figures, group: str) -> list[str]:
    return [group] if (group, "points") in figures else ["group_0", "group_1"]


def nothing_moved(case: planted.Case, codes: list[str]) -> bool:
    keys = [(code, "percent") for code in codes] + [(f"{code}_base", "count") for code in codes]
    one, other = ({key: card[key] for key in keys if key in card} for card in case.cards)
    return one == other and len(one) == len(codes)


def within(row: Any, number: float) -> bool:
    return row.low - 1e-6 <= number <= row.high + 1e-6


@pytest.mark.parametrize("examples", [20, pytest.param(150, marks=pytest.mark.slow)])
def test_planted_changes_come_back(examples):
    settings(max_examples=examples)(given(planted_changes())(check_planted))()

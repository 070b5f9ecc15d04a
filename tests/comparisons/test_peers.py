"""Provinces compared: shares that add up, places against a count by hand, and planted leaders."""

from fractions import Fraction
from math import fsum, isnan, nan, sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, norm

from analysis.comparisons.peers import (
    against_alike,
    compared,
    leaders,
    leaders_sentence,
    newcombe,
    positions,
    spread,
    spread_sentence,
)
from analysis.comparisons.refit import implied_missing, rules_misfit, rules_regression
from analysis.errors import CheckError, NoTotalError, ParameterError, UnknownNameError
from analysis.scorecards.history import TOTAL, with_standing
from analysis.scorecards.rubric import rubric_in_force
from tables import NAMES, YEAR, changed, figures, of_points, of_rates, only, some_rates

RISING = [{"first": number / 2, "second": 1.0} for number in range(8)]


@pytest.fixture(scope="module")
def shares(provinces, rubric):
    return spread(provinces, rubric, "Phú Thọ", YEAR)


# Who is compared


def in_columns(table):
    """Printed points, one row a province, highest total first."""
    wide = table[table["unit"] == "points"].pivot(index="entity", columns="code", values="value")
    return wide.sort_values(TOTAL, ascending=False)


def test_scores_are_as_printed(provinces, rubric):
    rows = compared(provinces, rubric, "Phú Thọ", YEAR)
    pd.testing.assert_frame_equal(rows.sort_index(), provinces.sort_index())
    own = positions(provinces, rubric, "Phú Thọ", YEAR).set_index("code")["value"]
    assert (own[TOTAL], own["transparency"], own["e_result"]) == (62.18, 8.07, 4.49)
    assert in_columns(provinces)["published_on_time"].isna().sum() == 1  # nothing to count there: missing, not 0


def test_too_few_provinces_are_not_compared(tiny):
    for question in (compared, spread, positions, leaders, against_alike, rules_regression, rules_misfit):
        with pytest.raises(CheckError, match="2026: 7; a comparison needs at least 8"):
            question(of_points(RISING[:7]), tiny, "P00", YEAR)
    assert compared(of_points(RISING), tiny, "P00", YEAR)["entity"].nunique() == 8


def test_names_and_rules_that_do_not_belong_are_refused(history, rubric, rubrics):
    with pytest.raises(CheckError, match="April 2023: 1; a comparison"):
        positions(history, rubric_in_force(rubrics, "2023-04"), "Hòa Bình", "2023-04")
    with pytest.raises(UnknownNameError):
        compared(history, rubric, "Hòa Bình", YEAR)
    with pytest.raises(UnknownNameError, match="does not govern"):
        compared(history, rubric, "Hòa Bình", "2023-04")
    with pytest.raises(NoTotalError):
        compared(figures(("P00", "first", 1.0)), rubric, "P00", YEAR)


@pytest.mark.slow
def test_the_order_of_rows_and_other_tables_change_nothing(tiny):
    table = of_rates(some_rates(count=9), hidden="b")
    foreign = [
        table.assign(value=table["value"] / 2, **change)
        for change in (
            {"as_of": "2026-09-10"},
            {"period": "2026-09", "scope": "month"},
            {"as_of": "2026-10-09", "scope": "quarter"},
        )
    ]
    stranger = table[table["entity"] == "P00"].assign(entity="Q", as_of="2026-11-10")
    more = with_standing(pd.concat([*foreign, stranger, table], ignore_index=True).sample(frac=1, random_state=5))
    for question in (spread, positions, leaders, rules_regression, rules_misfit, implied_missing):
        one, other = (question(rows, tiny, "P03", YEAR) for rows in (table, more))
        pd.testing.assert_frame_equal(one, other, rtol=1e-9, atol=1e-9)


# Shares of the differences


def test_real_shares_are_those_of_numpy(shares, provinces, rubric):
    top = shares[shares["level"] == "group"].set_index("code")
    wide = in_columns(provinces)
    for code in top.index.drop("rounding"):
        assert top.loc[code, "share"] == pytest.approx(wide[code].cov(wide[TOTAL]) / wide[TOTAL].var())
        assert top.loc[code, "variance_alone"] == pytest.approx(wide[code].var() / wide[TOTAL].var())
        assert top.loc[code, "correlation"] == pytest.approx(wide[code].corr(wide[TOTAL]))
    assert [(code, round(100 * share)) for code, share in top["share"].items()] == [
        ("transparency", 31), ("satisfaction", 30), ("digitisation", 12), ("processing_progress", 10),
        ("online_service_provision", 9), ("online_payment", 8), ("rounding", 0),
    ]  # fmt: skip
    assert set(shares["provinces"]) == {34}


def test_what_is_not_published_by_indicator_is_a_remainder(shares):
    below = shares[shares["level"] == "indicator"]
    for code, named in (("online_payment", "Fee procedures"), ("online_service_provision", "Dossiers submitted")):
        row = only(below, group=code)
        assert (row.code, row.share) == ("remainder", only(shares, level="group", code=code).share)
        assert row.name.startswith("Points not published by indicator") and named in row.name
    rest = only(below, group="transparency", code="remainder")
    assert (rest.name, abs(rest.share) < 0.001) == ("Rounding of the group", True)
    assert "published_on_time" in set(below["code"])  # one province had nothing to count, and so 0 points by the rule


def test_shares_one_can_take_in_ones_head(tiny):
    """The second group falls by half a point as the first rises by one: the total rises by half of the first."""
    points = [{"first": number / 2, "second": 4 - number / 4} for number in range(8)]
    found = spread(of_points(points), tiny, "P00", YEAR).set_index(["level", "code"])
    assert list(found.loc["group"].index) == ["first", "second", "rounding"]
    assert found.loc["group", "share"].to_dict() == {"first": 2.0, "second": -1.0, "rounding": 0.0}
    assert found.loc["group", "variance_alone"].to_dict() == {"first": 4.0, "second": 1.0, "rounding": 0.0}
    assert found.loc["group", "correlation"].to_dict() == pytest.approx(
        {"first": 1.0, "second": -1.0, "rounding": nan}, nan_ok=True
    )
    words = spread_sentence(found.reset_index())
    assert "Group first 200 %" in words.replace("\u00a0", " ") and "A share below 0" in words


def test_a_group_the_same_everywhere_has_no_share_and_a_total_that_is_not_the_sum_shows_as_rounding(tiny):
    found = spread(of_points(RISING), tiny, "P00", YEAR)
    assert only(found, level="group", code="second").share == 0
    assert isnan(only(found, level="group", code="second").correlation)
    assert "A share below 0" not in spread_sentence(found)
    points = [item | {TOTAL: 1.0 + number} for number, item in enumerate(RISING)]
    assert only(spread(of_points(points), tiny, "P00", YEAR), code="rounding").share == 0.5


cents = st.integers(0, 500).map(lambda number: number / 100)


@pytest.mark.parametrize("examples", [5, pytest.param(60, marks=pytest.mark.slow)])
def test_shares_of_any_table_sum_to_one(tiny_rubric, examples):
    tables = st.lists(st.tuples(cents, cents, cents, st.integers(-1, 1)), min_size=8, max_size=12)
    settings(max_examples=examples)(given(tables)(lambda table: check_shares(tiny_rubric, table)))()


def check_shares(tiny_rubric, table):
    points = [
        {"first": first, "second": second, "a": min(a, 3.0), TOTAL: max(0, round(first + second + off / 100, 2))}
        for first, second, a, off in table
    ]
    assume(len({item[TOTAL] for item in points}) > 1)
    found = spread(of_points(points), tiny_rubric, "P00", YEAR)
    top = found[found["level"] == "group"].set_index("code")["share"]
    assert abs(fsum(top) - 1) <= 1e-12
    below = found[(found["level"] == "indicator") & (found["group"] == "first")]
    assert list(below["code"]) == ["a", "remainder"]
    assert abs(fsum(below["share"]) - top["first"]) <= 1e-12


def test_differences_that_cannot_be_split_are_refused(tiny):
    with pytest.raises(CheckError, match="equal"):
        spread(of_points([{"first": 1.0, "second": 2.0}] * 8), tiny, "P00", YEAR)
    points = [*RISING[:3], {"first": 1.5}, *RISING[4:]]
    with pytest.raises(CheckError, match="not published") as told:
        spread(of_points(points), tiny, "P00", YEAR)
    assert told.value.rows == ("P03: second",)


# Positions


@pytest.mark.parametrize("entity", ["Phú Thọ", "Đồng Tháp", "Cao Bằng"])
def test_positions_against_a_count_by_hand(provinces, rubric, entity):
    found = positions(provinces, rubric, entity, YEAR).set_index("code")
    printed = provinces[provinces["unit"] == "points"]
    assert set(found.index) == set(printed["code"])
    for code, rows in printed.groupby("code"):
        scores = [Fraction(str(value)) for value in rows["value"].dropna()]
        row, own = found.loc[code], rows.loc[rows["entity"] == entity, "value"].item()
        assert (row["value"], row["of"]) == (pytest.approx(own, nan_ok=True), len(scores))
        if isnan(own):
            assert row[["place_best", "quantile_low", "to_median"]].isna().all()
            continue
        own = Fraction(str(own))
        order = sorted(scores, reverse=True)
        assert row["place_best"] == 1 + order.index(own)
        assert row["place_worst"] == len(order) - order[::-1].index(own)
        below, same = sum(score < own for score in scores), scores.count(own) - 1
        assert row["quantile_low"] == pytest.approx(below / (len(scores) - 1))
        assert row["quantile_high"] == pytest.approx((below + same) / (len(scores) - 1))
        quarters = np.percentile([float(score) for score in scores], [25, 50, 75])
        assert list(row[["lower_quarter", "median", "upper_quarter"]]) == pytest.approx(list(quarters))
        assert row["best"] == float(order[0])
        assert row["to_median"] == pytest.approx(max(0, quarters[1] - float(own)), abs=1e-9)


def test_phu_tho_is_nineteenth_and_weak_in_transparency(provinces, rubric):
    found = positions(provinces, rubric, "Phú Thọ", YEAR).set_index("code")
    columns = ["level", "value", "place_best", "place_worst", "max"]
    assert found.loc[TOTAL, columns].to_list() == ["total", 62.18, 19, 19, 100]
    assert found.loc["transparency", ["place_best", "to_median"]].to_list() == [26, 3.11]
    assert found.loc["online_payment", "place_best"] == 7
    assert list(found.index[:3]) == [TOTAL, "transparency", "published_on_time"]
    assert "online_services" not in found.index
    columns = ["place_best", "place_worst", "quantile_low", "quantile_high"]
    assert found.loc["dossier_sync", columns].to_list() == [1, 34, 0, 1]


# Leaders


def planted(count=12):
    """The three first lead by a; b is the same everywhere, c falls as the total rises, d nobody has."""
    rows = []
    for number in range(count):
        a, c = (3.0 if number < 3 else 1.0 - number / 100), number / 20
        rows.append({"a": a, "b": 2.0, "c": c, "d": 0.1, "first": a + 2.0, "second": round(c + 0.1, 2)})
    return of_points(rows)


def test_planted_leaders_come_back(tiny):
    found = leaders(planted(), tiny, "P05", YEAR).set_index("code")
    assert list(found.index) == ["a", "b", "d", "c"]
    assert found["separation"].to_dict() == {"a": 1.0, "b": 0.5, "d": 0.5, "c": 0.0}
    assert found["held_by"].to_dict() == {"a": "leaders", "b": "most", "d": "nobody", "c": "nobody"}
    assert found.loc["a", ["leaders", "others", "leaders_full", "others_full"]].to_list() == [3, 9, 3, 0]
    assert found.loc["a", ["leaders_median", "others_median", "difference"]].to_list() == [3.0, 0.93, 2.07]
    assert found["everyone_has"].to_dict() == {"a": 0.25, "b": 1.0, "d": 0.0, "c": 0.0}
    assert ((found["conf_low"] <= found["separation"]) & (found["separation"] <= found["conf_high"])).all()
    words = leaders_sentence(found.reset_index())
    assert "Indicator a (100" in words and "not an order in time" in words and "by construction" in words
    assert "association between provinces in one table" in words
    held = "everywhere: Indicator b.", "among the leaders: Indicator a.", "nowhere: Indicator d and Indicator c."
    assert all(f"Nearly full {kind}" in words for kind in (f"almost {held[0]}", f"mostly {held[1]}", held[2]))
    assert leaders_sentence(found.reset_index().assign(conf_low=0.5)).startswith("No indicator alone tells")
    with pytest.raises(CheckError):
        leaders_sentence(found.head(0))


@pytest.mark.parametrize(
    ("full", "held_by"),
    [("0", "leaders"), ("01234", "some"), ("012345", "most"), ("2345", "some"), ("", "nobody"), (None, "")],
)
def test_who_has_nearly_all_of_an_indicator(tiny, full, held_by):
    """The first two of eight lead; where the rules leave the maximum open, nobody knows."""
    rules = changed(tiny, a={"max": (2.0, 3.0)}) if full is None else tiny
    points = [{"first": 5 - n / 2, "second": 1.0, "a": 3.0 if str(n) in (full or "") else 1.0} for n in range(8)]
    assert only(leaders(of_points(points), rules, "P00", YEAR), code="a").held_by == held_by


def test_all_level_with_the_last_leader_lead(tiny):
    table = of_points([{"first": first, "second": 1.0, "a": 1.0} for first in (5, 4, 4, 4, 2, 2, 2, 1)])
    assert only(leaders(table, tiny, "P00", YEAR), code="a").leaders == 4
    with pytest.raises(CheckError, match="level with the leaders"):
        leaders(of_points([{"first": 1.0, "second": 1.0, "a": 1.0}] * 8), tiny, "P00", YEAR)


def test_ninety_percent_is_nearly_full(rubric, provinces):
    table = provinces.copy()
    rows = (table["code"] == "e_result") & (table["unit"] == "points")
    found = only(leaders(table.assign(value=table["value"].mask(rows, 5.4)), rubric, "Phú Thọ", YEAR), code="e_result")
    assert (found.leaders_full, found.others_full, found.held_by) == (8, 26, "most")


def test_real_separation_is_mann_whitney(provinces, rubric):
    found = leaders(provinces, rubric, "Phú Thọ", YEAR).set_index("code")
    wide = in_columns(provinces)
    for code, row in found.iterrows():
        first, rest = wide[code].head(8).dropna(), wide[code].tail(26).dropna()
        assert row["separation"] == pytest.approx(mannwhitneyu(first, rest).statistic / (len(first) * len(rest)))
    assert found["separation"].is_monotonic_decreasing
    assert list(found.index[:3]) == ["petition_satisfaction", "updated_on_time", "petition_on_time"]
    assert found.loc["updated_on_time", "held_by"] == "leaders"
    assert found.loc["on_time", "separation"] < 0.5  # leaders are not the punctual ones


@given(st.floats(0.01, 0.99), st.integers(2, 30), st.integers(2, 30))
def test_the_interval_of_a_separation_solves_its_equation(separation, first, second):
    low, high = newcombe(separation, first, second, 0.9)
    assert 0 < low < separation < high < 1
    star, z = (first + second) / 2 - 1, norm.ppf(0.95)
    for theta in (low, high):
        variance = theta * (1 - theta) * (1 + star * ((1 - theta) / (2 - theta) + theta / (1 + theta)))
        assert abs(separation - theta) == pytest.approx(z * sqrt(variance / (first * second)), abs=1e-7)
    mirrored = newcombe(1 - separation, second, first, 0.9)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=1e-7)


def test_an_interval_at_the_end_is_open_on_one_side_only():
    assert newcombe(1.0, 8, 26)[1] == 1.0 and 0.7 < newcombe(1.0, 8, 26)[0] < 1.0
    assert newcombe(0.0, 8, 26)[0] == 0.0 and 0.0 < newcombe(0.0, 8, 26)[1] < 0.3


def test_refuses_shares_and_levels_that_are_none(tiny):
    for wrong in ({"top": 0}, {"top": 1}, {"top": nan}, {"level": 1}, {"level": 0}):
        with pytest.raises(ParameterError):
            leaders(planted(), tiny, "P00", YEAR, **wrong)
    with pytest.raises(ParameterError):
        rules_regression(planted(), tiny, "P00", YEAR, level=1.0)
    with pytest.raises(CheckError, match="No indicator"):
        leaders(of_points(RISING), tiny, "P00", YEAR)
    with pytest.raises(CheckError, match="No rate"):
        rules_regression(of_points(RISING), tiny, "P00", YEAR)


# Like for like


def test_phu_tho_against_provinces_of_its_size(provinces, rubric):
    """Đồng Nai, Hải Phòng, Ninh Bình and Nghệ An: 67.48, 67.18, 63.93 and 61.82."""
    found, reason = against_alike(provinces, rubric, "Phú Thọ", YEAR)
    assert reason == ""
    first = found.iloc[0]
    assert (first["code"], first["of"], first["alike_median"], first["difference"]) == (TOTAL, 4, 65.555, -3.375)
    assert found.set_index("code")["difference"].idxmin() == "transparency"
    assert len(found) == 7


def test_nobody_alike_and_no_volume_are_told(tiny):
    table = planted()
    found, reason = against_alike(table, tiny, "P00", YEAR)
    assert found.empty and "not published" in reason
    volumes = figures(*((name, "on_time_base", 1000 * 2**number, "count") for number, name in enumerate(NAMES[:12])))
    found, reason = against_alike(pd.concat([table, volumes], ignore_index=True), tiny, "P00", YEAR)
    assert found.empty and reason == "No other province has within 20\u00a0% of the dossiers of P00."

"""Provinces compared: shares that add up, places against a count by hand, planted leaders, and the rules' maxima back
from the scores, on the published table and where the truth was planted."""

from fractions import Fraction
from math import fsum, isnan, nan, sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, norm
from scipy.stats import t as student

from analysis.comparisons.peers import (
    against_alike,
    leaders,
    leaders_sentence,
    newcombe,
    positions,
    scores_of_all,
    spread,
    spread_sentence,
)
from analysis.comparisons.refit import (
    allowed,
    fit,
    implied_missing,
    misfit,
    regression_sentence,
    rules_misfit,
    rules_regression,
)
from analysis.errors import CheckError, NoTotalError, ParameterError, UnknownNameError
from analysis.language import rounded
from analysis.scorecards.history import COLUMNS, TOTAL
from analysis.scorecards.rubric import rubric_in_force

YEAR = "2026"
CARD = {"period": YEAR, "scope": "year_to_date", "as_of": "2026-10-10"}
NAMES = [f"P{number:02d}" for number in range(40)]
some = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


def figures(*rows):
    """(entity, code, value) or (entity, code, value, unit) → a history; what is not a number of an indicator is points
    with two decimals."""
    made = []
    for line, (entity, code, value, *unit) in enumerate(rows, start=2):
        level = "total" if code == TOTAL else "group" if code in ("first", "second") else "indicator"
        row = {"entity": entity, **CARD, "level": level, "code": code, "value": value, "max": nan}
        row |= {"unit": unit[0] if unit else "points", "decimals": 0 if unit == ["count"] else 2, "kind": "synthetic"}
        made.append(row | {"source": "tests", "quote": "", "file": "tests.csv", "line": line})
    return pd.DataFrame(made)[[*COLUMNS, "file", "line"]].astype({"value": float})


def of_points(points):
    """One row a province of {code: points} → a history; the total is the sum of the groups unless it is given."""
    rows = []
    for name, scores in zip(NAMES, points, strict=False):
        total = scores.get(TOTAL, fsum(scores.get(code, 0) for code in ("first", "second")))
        rows += [(name, code, value) for code, value in ({TOTAL: round(total, 2)} | scores).items()]
    return figures(*rows)


def of_rates(rates, maxima, hidden=()):
    """Rates in percent of a to d → a history where each scores its maximum up to its target, as the portal rounds it,
    with every count out of 10 000; codes in `hidden` count and are not published."""
    rows = []
    for name, own in zip(NAMES, rates, strict=False):
        points = {}
        for code, rate in own.items():
            exact = Fraction(str(maxima[code])) * min(Fraction(1), Fraction(str(rate)) / (50 if code == "b" else 100))
            points[code] = float(rounded(float(exact), 2))
            if code not in hidden:
                counts = [(name, code, round(rate * 100), "count"), (name, f"{code}_base", 10_000, "count")]
                rows += [(name, code, points[code]), *counts]
        first, second = points["a"] + points["b"], points["c"] + points["d"]
        sums = {"first": first, "second": second, TOTAL: first + second}
        rows += [(name, code, round(value, 2)) for code, value in sums.items()]
    return figures(*rows)


def some_rates(count=12, seed=1, **same):
    """Rates that differ; b stays below its target of 50 %."""
    draw = np.random.default_rng(seed)
    tops = {"a": 99, "b": 49, "c": 99, "d": 99}
    return [
        {code: same.get(code, round(float(draw.uniform(5, top)), 2)) for code, top in tops.items()}
        for _province in range(count)
    ]


RULES = {"a": 3, "b": 2, "c": 4, "d": 1}


@pytest.fixture
def tiny(tiny_rubric):
    """The rubric of one's head, with indicators rounded to two decimals before they are added."""
    return tiny_rubric.model_copy(update={"indicator_decimals": 2})


@pytest.fixture(scope="module")
def rubric(rubrics):
    return rubric_in_force(rubrics, YEAR)


@pytest.fixture(scope="module")
def provinces(history):
    """Only the figures of the table of all provinces. To read, not to change."""
    return history[history["source"] == "portal-2026-10-10"]


@pytest.fixture(scope="module")
def shares(provinces, rubric):
    return spread(provinces, rubric, "Phú Thọ", YEAR)


@pytest.fixture(scope="module")
def coefficients(provinces, rubric):
    return rules_regression(provinces, rubric, "Phú Thọ", YEAR)


@pytest.fixture(scope="module")
def unexplained(provinces, rubric):
    return rules_misfit(provinces, rubric, "Phú Thọ", YEAR)


@pytest.fixture(scope="module")
def implied(provinces, rubric):
    return implied_missing(provinces, rubric, "Phú Thọ", YEAR)


def only(frame, **wanted):
    (row,) = frame[(frame[list(wanted)] == pd.Series(wanted)).all(axis=1)].itertuples()
    return row


# Who is compared


def test_scores_are_as_printed(provinces, rubric):
    wide = scores_of_all(provinces, rubric, "Phú Thọ", YEAR)
    assert len(wide) == 34
    assert list(wide.columns[:4]) == ["entity", TOTAL, "transparency", "published_on_time"]
    assert wide[TOTAL].is_monotonic_decreasing
    assert wide.iloc[0]["entity"] == "Đồng Tháp"
    own = wide.set_index("entity").loc["Phú Thọ"]
    assert (own[TOTAL], own["transparency"], own["e_result"]) == (62.18, 8.07, 4.49)
    assert isnan(own["online_services"])
    assert wide["published_on_time"].isna().sum() == 1  # nothing to count there: missing, not 0


def test_too_few_provinces_are_not_compared(tiny):
    seven, eight = (of_points([{"first": number / 2, "second": 1.0} for number in range(count)]) for count in (7, 8))
    for question in (scores_of_all, spread, positions, leaders, against_alike, rules_regression, rules_misfit):
        with pytest.raises(CheckError, match="2026: 7; a comparison needs at least 8"):
            question(seven, tiny, "P00", YEAR)
    assert len(scores_of_all(eight, tiny, "P00", YEAR)) == 8


def test_hoa_binh_of_2023_has_nobody_to_be_compared_with(history, rubrics):
    with pytest.raises(CheckError, match="April 2023: 1; a comparison"):
        positions(history, rubric_in_force(rubrics, "2023-04"), "Hòa Bình", "2023-04")


def test_names_and_rules_that_do_not_belong_are_refused(history, rubric):
    with pytest.raises(UnknownNameError):
        scores_of_all(history, rubric, "Hòa Bình", YEAR)
    with pytest.raises(UnknownNameError, match="does not govern"):
        scores_of_all(history, rubric, "Hòa Bình", "2023-04")
    with pytest.raises(NoTotalError):
        scores_of_all(figures(("P00", "first", 1.0)), rubric, "P00", YEAR)


QUESTIONS = (scores_of_all, spread, positions, leaders, rules_regression, rules_misfit, implied_missing)


def same_answers(one, other, rubric, entity="P03"):
    for question in QUESTIONS:
        pd.testing.assert_frame_equal(
            question(one, rubric, entity, YEAR), question(other, rubric, entity, YEAR), rtol=1e-9, atol=1e-9
        )


def test_the_order_of_rows_and_other_tables_change_nothing(tiny):
    table = of_rates(some_rates(count=9), RULES, hidden="b")
    foreign = [
        table.assign(value=table["value"] / 2, **change)
        for change in (
            {"as_of": "2026-09-10"},
            {"period": "2026-09", "scope": "month"},
            {"as_of": "2026-10-09", "scope": "quarter"},
        )
    ]
    stranger = table[table["entity"] == "P00"].assign(entity="Q", as_of="2026-11-10")
    more = pd.concat([*foreign, stranger, table], ignore_index=True)
    same_answers(table, more.sample(frac=1, random_state=5), tiny)


# Shares of the differences


def test_real_shares_sum_to_one_and_to_their_groups(shares, provinces, rubric):
    top = shares[shares["level"] == "group"].set_index("code")
    assert abs(fsum(top["share"]) - 1) <= 1e-12
    for code, rows in shares[shares["level"] == "indicator"].groupby("group"):
        assert abs(fsum(rows["share"]) - top.loc[code, "share"]) <= 1e-12
    wide = scores_of_all(provinces, rubric, "Phú Thọ", YEAR)
    for code in top.index.drop("rounding"):  # the same by numpy
        assert top.loc[code, "share"] == pytest.approx(wide[code].cov(wide[TOTAL]) / wide[TOTAL].var())
        assert top.loc[code, "variance_alone"] == pytest.approx(wide[code].var() / wide[TOTAL].var())
        assert top.loc[code, "correlation"] == pytest.approx(wide[code].corr(wide[TOTAL]))
    found = {code: round(100 * share) for code, share in top["share"].items()}
    assert found == {
        "transparency": 31, "satisfaction": 30, "digitisation": 12, "processing_progress": 10,
        "online_service_provision": 9, "online_payment": 8, "rounding": 0,
    }  # fmt: skip
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


def test_a_group_the_same_everywhere_has_no_share(tiny):
    found = spread(of_points([{"first": number / 2, "second": 1.0} for number in range(8)]), tiny, "P00", YEAR)
    assert only(found, level="group", code="second").share == 0
    assert isnan(only(found, level="group", code="second").correlation)


def test_a_total_that_is_not_the_sum_shows_as_rounding(tiny):
    points = [{"first": number / 2, "second": 1.0, TOTAL: 1.0 + number} for number in range(8)]
    assert only(spread(of_points(points), tiny, "P00", YEAR), code="rounding").share == 0.5


cents = st.integers(0, 500).map(lambda number: number / 100)


@some
@given(st.lists(st.tuples(cents, cents, cents, st.integers(-1, 1)), min_size=8, max_size=12))
def test_shares_of_any_table_sum_to_one(tiny_rubric, table):
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
    points = [{"first": number / 2, "second": 1.0} for number in range(8)]
    del points[3]["second"]
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
    assert found.loc[TOTAL, ["level", "value", "place_best", "place_worst", "max"]].to_list() == [
        "total",
        62.18,
        19,
        19,
        100,
    ]
    assert found.loc["transparency", ["place_best", "to_median"]].to_list() == [26, 3.11]
    assert found.loc["online_payment", "place_best"] == 7
    assert list(found.index[:3]) == [TOTAL, "transparency", "published_on_time"]
    assert "online_services" not in found.index
    assert found.loc["dossier_sync", ["place_best", "place_worst", "quantile_low", "quantile_high"]].to_list() == [
        1,
        34,
        0,
        1,
    ]


def test_ties_share_a_place(tiny):
    table = of_points([{"first": first, "second": 1.0} for first in (5, 4, 4, 3, 2, 2, 2, 1)])
    places = [only(positions(table, tiny, name, YEAR), code="first") for name in NAMES[:8]]
    assert [row.place_best for row in places] == [1, 2, 2, 4, 5, 5, 5, 8]
    assert [row.place_worst for row in places] == [1, 3, 3, 4, 7, 7, 7, 8]
    assert (places[1].quantile_low, places[1].quantile_high) == (5 / 7, 6 / 7)


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
    wide = scores_of_all(provinces, rubric, "Phú Thọ", YEAR)
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
    without = of_points([{"first": number / 2, "second": 1.0} for number in range(8)])
    with pytest.raises(CheckError, match="No indicator"):
        leaders(without, tiny, "P00", YEAR)
    with pytest.raises(CheckError, match="No rate"):
        rules_regression(without, tiny, "P00", YEAR)


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


# The rules back from the scores


def test_the_published_table_gives_the_maxima_of_2026(coefficients, rubric):
    sure = coefficients[coefficients["group"] != "online_payment"]
    tried = sure[sure["estimate"].notna()]
    assert len(tried) == 28
    assert tried["agrees"].all() and (tried["why"] == "").all()
    assert ((tried["conf_low"] <= tried["expected"]) & (tried["expected"] <= tried["conf_high"])).all()
    assert coefficients["possible"].dropna().all()
    for row in coefficients[coefficients["code"] != "constant"].itertuples():
        assert row.expected == rubric.indicators[row.code].max.value
    assert only(coefficients, level="indicator", code="on_time").estimate == pytest.approx(20, abs=0.002)
    widths = (tried["conf_high"] - tried["conf_low"])[tried["level"] == "indicator"]
    assert widths.max() < 0.08  # it would see another rule


def test_a_rate_the_same_everywhere_is_not_estimated(coefficients):
    for group, code, points in (("transparency", "dossier_sync", 6), ("digitisation", "certified_e_copy", 2)):
        row = only(coefficients, level="group", code=code)
        assert isnan(row.estimate) and row.agrees is pd.NA and "same everywhere" in row.why
        alone = only(coefficients, level="indicator", code=code)
        assert isnan(alone.estimate) and alone.low <= points <= alone.high and alone.high - alone.low < 0.011
        constant = only(coefficients, group=group, code="constant")
        assert constant.expected == pytest.approx(points, abs=1e-3) and constant.agrees


def test_the_missing_payment_component_is_named_and_not_fitted_away(coefficients, unexplained, implied):
    rows = coefficients[coefficients["group"] == "online_payment"].set_index("code")
    assert "constant" not in rows.index
    assert isnan(rows.loc["fee_procedures_integrated", "estimate"])
    known = rows.drop("fee_procedures_integrated")
    assert known["why"].str.contains("not published .Fee procedures with payment integrated.").all()
    assert not rows.loc["procedures_with_online_payment", "agrees"]  # biased by what is missing
    assert rows.loc["procedures_with_online_payment", "conf_low"] > 2
    assert known["possible"].all()
    misfits = unexplained.set_index("group")
    payment = misfits.loc["online_payment"]
    assert (payment["missing"], payment["missing_max"]) == ("fee_procedures_integrated", 2)
    assert payment["residual_spread"] > 10 * payment["rounding_spread"]
    assert payment["why"].startswith("Includes a component that is not published")
    assert misfits.loc["online_service_provision", "missing_max"] == 12
    assert isnan(misfits.loc["online_service_provision", "worst"])
    whole = misfits[misfits["missing"] == ""]
    assert (whole["worst"].abs() <= whole["rounding_most"]).all() and (whole["worst"].abs() < 0.0151).all()
    assert (whole["residual_spread"] < 1.5 * whole["rounding_spread"]).all() and (whole["why"] == "").all()
    assert len(implied) == 34 and implied["inside"].all() and (implied["max"] == 2).all()
    assert implied["missing_low"].min() > 0.1 and implied["missing_high"].max() < 0.8
    own = only(implied, entity="Phú Thọ")
    assert own.missing_low < 0.555 < own.missing_high  # 6.82 less 6 × 84.5 % and 2 × 59.9 %
    words = regression_sentence(coefficients, unexplained, implied)
    assert words.startswith("28 of 28 maxima") and "not published (Fee procedures with payment integrated)" in words
    assert "worth 0.14 to 0.74 of 2 points" in words


@pytest.mark.parametrize("code", ["b", "c"])
def test_another_rule_is_seen(tiny, code):
    table = of_rates(some_rates(), RULES | {code: 1.5 * RULES[code]})
    found, misfits, none = (
        question(table, tiny, "P00", YEAR) for question in (rules_regression, rules_misfit, implied_missing)
    )
    wrong = found[found["code"] == code]
    assert len(wrong) == 2 and not wrong["agrees"].any() and not wrong["possible"].any()
    assert wrong["estimate"].to_list() == pytest.approx([1.5 * RULES[code]] * 2, abs=0.02)
    assert (wrong["why"] == "The maximum of the rules is outside the interval.").all()
    rest = found[found["code"] != code]
    assert rest["agrees"].all()
    words = regression_sentence(found, misfits, none)
    assert none.empty and words.startswith("6 of 8 maxima") and f"These do not: Indicator {code}." in words


def test_a_planted_missing_component_comes_back(tiny):
    rates = some_rates()
    table = of_rates(rates, RULES, hidden="b")
    found = implied_missing(table, tiny, "P00", YEAR)
    for row, own in zip(found.itertuples(), rates, strict=True):
        assert row.missing_low <= 2 * min(1, own["b"] / 50) + 0.005 and row.missing_high >= 2 * own["b"] / 50 - 0.005
    assert found["inside"].all() and set(found["group"]) == {"first"}
    more = table.assign(value=table["value"].mask((table["code"] == "first") & (table["entity"] == "P04"), 5.0))
    seen = implied_missing(more, tiny, "P00", YEAR).set_index("entity")
    assert not seen.loc["P04", "inside"] and seen["inside"].sum() == 11


def test_scores_that_no_maxima_give_are_told(tiny):
    table = of_rates(some_rates(), RULES)
    wrong = table["value"].mask((table["code"] == "second") & (table["entity"] == "P04"), 0.5)
    found = rules_regression(table.assign(value=wrong), tiny, "P00", YEAR)
    pair = found[(found["level"] == "group") & (found["group"] == "second")]
    assert (pair["why"] == "No maxima at all give every printed score within its rounding.").all()
    assert not pair["possible"].any() and pair["low"].isna().all()


def test_a_rate_that_follows_from_another_is_not_estimated(tiny):
    rates = [own | {"d": own["c"]} for own in some_rates()]
    found = rules_regression(of_rates(rates, RULES), tiny, "P00", YEAR)
    pair = found[(found["level"] == "group") & (found["group"] == "second")]
    assert pair["estimate"].isna().all() and pair["why"].str.contains("follows from").all()
    assert found[found["level"] == "indicator"]["agrees"].all()


def test_too_few_provinces_for_the_coefficients(tiny):
    """Eight provinces carry two coefficients, and with one rate unknown in one of them they do not."""
    table = of_rates(some_rates(count=8), RULES)
    assert rules_regression(table, tiny, "P00", YEAR)["agrees"].all()
    less = table[~((table["entity"] == "P03") & (table["code"] == "first"))]
    found = rules_regression(less, tiny, "P00", YEAR)
    pair = found[(found["level"] == "group") & (found["group"] == "first")]
    assert (pair["why"] == "7 provinces are too few for 2 coefficients.").all() and pair["estimate"].isna().all()


@pytest.mark.parametrize(("zero", "share"), [("full", 1.0), ("no_points", 0.0)])
def test_nothing_to_count_is_what_the_rule_says(tiny, zero, share):
    items = list(tiny.groups[0].indicators)
    items[0] = items[0].model_copy(
        update={"zero_denominator": items[0].zero_denominator.model_copy(update={"value": zero})}
    )
    first = tiny.groups[0].model_copy(update={"indicators": tuple(items)})
    rules = tiny.model_copy(update={"groups": (first, tiny.groups[1])})
    rates = some_rates()
    rates[2]["a"] = 100 * share
    table = of_rates(rates, RULES)
    of_a = table["entity"] == "P02"
    table.loc[of_a & table["code"].isin(("a", "a_base")) & (table["unit"] == "count"), "value"] = 0
    table = table[~(of_a & (table["code"] == "a") & (table["unit"] == "points"))]
    found = rules_regression(table, rules, "P00", YEAR)
    assert found["agrees"].all() and found["possible"].fillna(False).all()
    assert found.loc[found["code"] == "a", "provinces"].to_list() == [12, 11]
    assert only(spread(table, rules, "P00", YEAR), group="first", code="a").share > 0


def test_rules_that_are_open_are_not_checked(tiny):
    items = list(tiny.groups[0].indicators)
    open_target = items[1].target.model_copy(update={"value": None, "any_of": (50.0, 100.0)})
    items[1] = items[1].model_copy(update={"target": open_target})
    first = tiny.groups[0].model_copy(update={"indicators": tuple(items)})
    rules = tiny.model_copy(update={"groups": (first, tiny.groups[1])})
    found = rules_regression(of_rates(some_rates(), RULES), rules, "P00", YEAR)
    row = only(found, level="group", code="b")
    assert isnan(row.estimate) and row.why == "Its target is not known for sure."
    assert "not published" in only(found, level="group", code="a").why


# Intervals under the rule


def rounded_rules(draw, count=34):
    """Shares of targets like the published ones: many zeros, one almost the same everywhere, one with a long tail and a
    constant; and the scores that the rules make of them, each indicator rounded to a hundredth."""
    maxima = np.array([6.0, 2.0, 4.0, 6.0])
    zeros = np.where(draw.random(count) < 0.6, 0.0, draw.random(count))
    nearly = np.where(draw.random(count) < 0.8, 1.0, draw.uniform(0.97, 1.0, count))
    shares = np.column_stack([zeros, nearly, draw.lognormal(-4.5, 1.0, count).clip(0, 1), np.ones(count)])
    cents = np.floor(100 * shares * maxima + 0.5) / 100
    return pd.Series(cents.sum(axis=1)), pd.DataFrame(shares, columns=list("abck")), maxima


def test_simultaneous_intervals_hold_the_truth_as_often_as_they_say():
    draw, runs, inside, robust = np.random.default_rng(766), 200, 0, 0
    for _run in range(runs):
        scores, shares, maxima = rounded_rules(draw)
        variance = (shares > 0).sum(axis=1) * 0.01**2 / 12
        found, residuals = fit(scores, shares, variance, 1 - 0.05 / 4)
        inside += ((found["conf_low"] <= maxima) & (maxima <= found["conf_high"])).all()
        weights, hat = np.linalg.pinv(shares), np.diag(shares @ np.linalg.pinv(shares))
        errors = np.sqrt(weights**2 @ (residuals / (1 - hat)).to_numpy() ** 2)
        quantile = student.ppf(1 - 0.05 / 8, len(scores) - 4)
        robust += (np.abs(found["estimate"] - maxima) <= quantile * errors).all()
    sampling = 3 * sqrt(0.95 * 0.05 / runs)
    assert inside / runs >= 0.95 - sampling
    assert robust / runs < 0.95 - sampling  # why HC3 alone is not enough


def test_intervals_of_the_published_rates_hold_the_rules_of_2026(provinces, rubric):
    """The rates of the 34 provinces, each moved by about a twentieth, scored by the rule; all coefficients together."""
    percent = provinces[provinces["unit"] == "percent"].pivot(index="entity", columns="code", values="value").fillna(0)
    groups = [group for group in rubric.groups if {item.code for item in group.indicators} <= set(percent.columns)]
    assert [len(group.indicators) for group in groups] == [4, 1, 3, 7]
    many = sum(len(group.indicators) for group in groups)
    draw, runs, inside = np.random.default_rng(10), 40, 0
    for _run in range(runs):
        held = True
        for group in groups:
            maxima = np.array([item.max.value for item in group.indicators])
            share = percent[[item.code for item in group.indicators]] / [item.target.value for item in group.indicators]
            moved = share * np.where((share > 0) & (share < 1), draw.lognormal(0, 0.05, share.shape), 1)
            moved = moved.clip(upper=1)
            scores = (np.floor(100 * moved * maxima + 0.5) / 100).sum(axis=1)
            found, _residuals = fit(scores, moved, (moved > 0).sum(axis=1) * 0.01**2 / 12, 1 - 0.05 / many)
            held &= bool(((found["conf_low"] <= maxima) & (maxima <= found["conf_high"])).all())
        inside += held
    assert inside / runs >= 0.95 - 3 * sqrt(0.95 * 0.05 / runs)


def test_rounding_always_allows_the_true_rule():
    draw = np.random.default_rng(34)
    for _run in range(20):
        scores, shares, maxima = rounded_rules(draw)
        spans = allowed(scores, shares, (shares > 0).sum(axis=1) * 0.005)
        for code, points in zip(shares.columns, maxima, strict=True):
            assert spans[code].widened(1e-6).contains(points)
        left = misfit(scores, shares, (shares > 0).sum(axis=1) * 0.005, pd.Series(0.0, index=scores.index))
        assert abs(left["worst"]) <= left["rounding_most"]


@some
@given(st.lists(st.tuples(st.integers(1, 100), st.integers(-55, 55)), min_size=3, max_size=8), st.integers(0, 50))
def test_one_coefficient_is_bounded_by_each_score(table, extra):
    """Each score alone bounds it: (score − half − extra) / share to (score + half) / share."""
    shares = pd.Series([share / 100 for share, _off in table])
    scores = 3 * shares + [off / 100 for _share, off in table]
    low = max(0.0, ((scores - 0.5 - extra / 100) / shares).max())
    high = ((scores + 0.5) / shares).min()
    assume(abs(low - high) > 1e-6)
    found = allowed(scores, shares.to_frame("x"), pd.Series(0.5, index=scores.index), extra / 100)
    if low > high:
        assert found == {}
    else:
        assert (found["x"].low, found["x"].high) == pytest.approx((low, high), abs=1e-6)


def test_an_exact_fit_has_still_the_width_of_rounding():
    """Every score exact: no residual is left, so HC3 is 0, yet another rule might have been rounded to the same."""
    shares = pd.DataFrame({"x": [0.25, 0.5, 0.75, 1.0] * 3})
    found, residuals = fit(4 * shares["x"], shares, pd.Series(0.01**2 / 12, index=shares.index), 0.95)
    assert residuals.abs().max() < 1e-12
    half = student.ppf(0.975, 11) * 0.01 / sqrt(12 * (shares["x"] ** 2).sum())
    assert found.loc["x"].to_list() == pytest.approx([4, 4 - half, 4 + half], abs=1e-9)


# Words


def test_every_sentence_says_what_it_does_not_mean(shares, coefficients, unexplained, implied, provinces, rubric):
    found = leaders(provinces, rubric, "Phú Thọ", YEAR)
    of_rules = regression_sentence(coefficients, unexplained, implied)
    for words in (spread_sentence(shares), of_rules, leaders_sentence(found)):
        assert "association between provinces in one table" in words
        assert "effect" not in words and "cause" not in words
    with pytest.raises(CheckError):
        leaders_sentence(found.head(0))
    with pytest.raises(CheckError):
        regression_sentence(coefficients.head(0), unexplained, implied)

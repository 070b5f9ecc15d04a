"""The rules' maxima back from the scores of all provinces, on the published table and where the truth was planted."""

from math import isnan, sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from analysis.comparisons.peers import spread
from analysis.comparisons.refit import (
    allowed,
    fit,
    implied_missing,
    misfit,
    regression_sentence,
    rules_misfit,
    rules_regression,
)
from analysis.errors import CheckError
from tables import RULES, YEAR, changed, of_rates, only, some_rates


@pytest.fixture(scope="module")
def coefficients(provinces, rubric):
    return rules_regression(provinces, rubric, "Phú Thọ", YEAR)


@pytest.fixture(scope="module")
def unexplained(provinces, rubric):
    return rules_misfit(provinces, rubric, "Phú Thọ", YEAR)


@pytest.fixture(scope="module")
def implied(provinces, rubric):
    return implied_missing(provinces, rubric, "Phú Thọ", YEAR)


# The table and planted truths


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
    one = misfits.loc["processing_progress", "rounding_spread"]  # the sum of one rounded indicator is rounded no more
    assert one == pytest.approx(0.01 / sqrt(12), rel=0.001)
    assert 0.0049 < misfits.loc["satisfaction", "rounding_spread"] < 0.00499  # three, some of them 0 and so not rounded
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
    assert "association between provinces in one table" in words and "effect" not in words and "cause" not in words
    with pytest.raises(CheckError):
        regression_sentence(coefficients.head(0), unexplained, implied)


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
    table = of_rates(rates, hidden="b")
    found = implied_missing(table, tiny, "P00", YEAR)
    for row, own in zip(found.itertuples(), rates, strict=True):
        assert row.missing_low <= 2 * min(1, own["b"] / 50) + 0.005 and row.missing_high >= 2 * own["b"] / 50 - 0.005
    assert found["inside"].all() and set(found["group"]) == {"first"}
    more = table.assign(value=table["value"].mask((table["code"] == "first") & (table["entity"] == "P04"), 5.0))
    seen = implied_missing(more, tiny, "P00", YEAR).set_index("entity")
    assert not seen.loc["P04", "inside"] and seen["inside"].sum() == 11


def test_scores_that_no_maxima_give_are_told(tiny):
    table = of_rates(some_rates())
    wrong = table["value"].mask((table["code"] == "second") & (table["entity"] == "P04"), 0.5)
    found = rules_regression(table.assign(value=wrong), tiny, "P00", YEAR)
    pair = found[(found["level"] == "group") & (found["group"] == "second")]
    assert (pair["why"] == "No maxima at all give every printed score within its rounding.").all()
    assert not pair["possible"].any() and pair["low"].isna().all()


def test_a_rate_that_follows_from_another_is_not_estimated(tiny):
    rates = [own | {"d": own["c"]} for own in some_rates()]
    found = rules_regression(of_rates(rates), tiny, "P00", YEAR)
    pair = found[(found["level"] == "group") & (found["group"] == "second")]
    assert pair["estimate"].isna().all() and pair["why"].str.contains("follows from").all()
    assert found[found["level"] == "indicator"]["agrees"].all()


def test_too_few_provinces_for_the_coefficients(tiny, provinces, rubric):
    """Eight provinces carry two coefficients, and with one rate unknown in one of them they do not."""
    table = of_rates(some_rates(count=8))
    assert rules_regression(table, tiny, "P00", YEAR)["agrees"].all()
    less = table[~((table["entity"] == "P03") & (table["code"] == "first"))]
    found = rules_regression(less, tiny, "P00", YEAR)
    pair = found[(found["level"] == "group") & (found["group"] == "first")]
    assert (pair["why"] == "7 provinces are too few for 2 coefficients.").all() and pair["estimate"].isna().all()
    some = provinces["entity"].isin([*provinces["entity"].unique()[:9], "Phú Thọ"])
    found = rules_regression(provinces[some], rubric, "Phú Thọ", YEAR)
    assert found["why"].str.contains("provinces are too few for 7 coefficients.").any()


@pytest.mark.parametrize(("zero", "share"), [("full", 1.0), ("no_points", 0.0)])
def test_nothing_to_count_is_what_the_rule_says(tiny, zero, share):
    rules = changed(tiny, a={"zero_denominator": zero})
    rates = some_rates()
    rates[2]["a"] = 100 * share
    table = of_rates(rates)
    of_a = table["entity"] == "P02"
    table.loc[of_a & table["code"].isin(("a", "a_base")) & (table["unit"] == "count"), "value"] = 0
    table = table[~(of_a & (table["code"] == "a") & (table["unit"] == "points"))]
    found = rules_regression(table, rules, "P00", YEAR)
    assert found["agrees"].all() and found["possible"].fillna(False).all()
    assert found.loc[found["code"] == "a", "provinces"].to_list() == [12, 11]
    assert only(spread(table, rules, "P00", YEAR), group="first", code="a").share > 0


def test_rules_that_are_open_are_not_checked(tiny):
    rules = changed(tiny, b={"target": (50.0, 100.0)})
    found = rules_regression(of_rates(some_rates()), rules, "P00", YEAR)
    row = only(found, level="group", code="b")
    assert isnan(row.estimate) and row.why == "Its target is not known for sure."
    assert "not published" in only(found, level="group", code="a").why


# Intervals under the rule


@pytest.mark.parametrize("runs", [8, pytest.param(40, marks=pytest.mark.slow)])
def test_intervals_of_the_published_rates_hold_the_rules_of_2026(provinces, rubric, runs):
    """The rates of the 34 provinces, each moved by about a twentieth, scored by the rule; all coefficients together."""
    percent = provinces[provinces["unit"] == "percent"].pivot(index="entity", columns="code", values="value").fillna(0)
    groups = [group for group in rubric.groups if {item.code for item in group.indicators} <= set(percent.columns)]
    assert [len(group.indicators) for group in groups] == [4, 1, 3, 7]
    many = sum(len(group.indicators) for group in groups)
    draw, inside = np.random.default_rng(10), 0
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


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
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


def test_what_a_fit_leaves_and_what_rounding_could_leave():
    """Scores of 0, 0, 0 and 4 are 1 each: 3 are left, and half a point a score could leave (3/4 + 3 × 1/4) / 2."""
    scores = pd.Series({"P": 0.0, "Q": 0.0, "R": 0.0, "S": 4.0})
    shares = pd.DataFrame({"x": 1.0}, index=scores.index)
    found = misfit(scores, shares, 0 * scores + 0.5, 0 * scores + 0.25)
    numbers = [found[name] for name in ("r_squared", "worst", "rounding_most", "residual_spread", "rounding_spread")]
    assert numbers == pytest.approx([0, 3, 0.75, 2, 0.5]) and found["worst_entity"] == "S"

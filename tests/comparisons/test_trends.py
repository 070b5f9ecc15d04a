"""Where a figure is heading by its own months: what is comparable, what is foretold, what jumped, what is refused.

The histories are made up, but for the months of Hòa Bình. Rates of error are measured on drawn histories of fixed seeds
and set against binomial bounds.
"""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import binom
from scipy.stats import t as student

from analysis.comparisons import forecasts
from analysis.comparisons.forecasts import (
    CANDIDATES,
    LEVEL_BREAK,
    NAIVE,
    OUTLIER,
    Line,
    backtest,
    bands,
    best,
    find_breaks,
)
from analysis.comparisons.trends import FLAGS, FORECAST, KNOWN_BREAK, SERIES, monthly_series, sentence, trend
from analysis.errors import ParameterError, UnknownNameError
from analysis.language import use_language, write_period
from analysis.scorecards.history import COLUMNS
from analysis.scorecards.periods import month_after
from analysis.scorecards.rubric import Rubric, comparable_span

pytestmark = pytest.mark.filterwarnings("error")

ENTITY = "Mô phỏng A"
NAN = float("nan")
SIGMA = 0.15  # of the drawn logits


def made(values, first="2023-01", entity=ENTITY, code="a", unit="percent", decimals=2, **changes):
    """A made-up history of one figure, month after month; None is a month without it."""
    rows = []
    for step, value in enumerate(values):
        row = {"entity": entity, "period": month_after(first, step), "scope": "month", "as_of": ""}
        row |= {"level": "indicator" if unit == "percent" else "total", "code": code, "value": value, "unit": unit}
        row |= {"max": NAN, "decimals": decimals, "kind": "synthetic", "source": "tests", "quote": ""}
        rows.append(row | changes | {"file": "made.csv", "line": step + 2})
    rows = [row for row in rows if row["value"] is not None]
    return pd.DataFrame(rows, columns=[*COLUMNS, "file", "line"]).astype({"value": float})


def percents(logits):
    return np.round(100 * expit(np.asarray(logits)), 2)


def line(values, top=100.0, decimals=2):
    return Line(np.asarray(values, dtype=float), top, 0.5 * 10.0**-decimals)


def last_only(model, known, ahead=3, level=0.8):
    """One forecast from the last month: (ahead, 3)."""
    return bands(model, known, known.valued[-1:], ahead, level)[0]


def noise(draw, months):
    return draw.normal(0, SIGMA, months)


def walk(draw, months):
    return np.cumsum(noise(draw, months))


def share_lasting(draw, months, share=0.2):
    """A wandering level under noise."""
    return walk(draw, months) * np.sqrt(share) + noise(draw, months) * np.sqrt(1 - share)


def climbing_level(draw, months):
    return share_lasting(draw, months) + 0.03 * np.arange(months)


def climbing(months=30, seed=3):
    draw = np.random.default_rng(seed)
    return percents(-1.5 + np.cumsum(0.1 + draw.normal(0, 0.05, months)))


# Which months make a line


def test_a_line_has_a_row_for_each_month_and_what_is_missing_stays_missing(tiny_rubric):
    history = made([40.0, None, None, 55.5, 60.0])
    series = monthly_series(history, (tiny_rubric,), ENTITY, "a", "percent")
    assert list(series.columns) == SERIES
    assert list(series["period"]) == ["2023-01", "2023-02", "2023-03", "2023-04", "2023-05"]
    assert series["value"].fillna(-1).tolist() == [40.0, -1, -1, 55.5, 60.0]
    assert series["line"].isna().tolist() == series["value"].isna().tolist() == [False, True, True, False, False]
    assert set(series["part"]) == {0} and set(series["why"]) == {""}
    assert set(series["top"]) == {100.0}


def test_the_bound_of_a_score_is_that_of_the_rubric(rubrics, history):
    tops = {
        code: monthly_series(history, rubrics, "Hòa Bình", code)["top"].iloc[0]
        for code in ("total_score", "satisfaction", "digitisation")
    }
    assert tops == {"total_score": 100.0, "satisfaction": 18.0, "digitisation": 22.0}


def test_a_merger_and_other_rules_begin_a_new_part_and_a_gap_does_not(rubrics):
    values = [*range(50, 56), *range(60, 66), None, *range(70, 76)]
    history = made(values, "2025-01", code="total_score", unit="points")
    series = monthly_series(history, rubrics, ENTITY, "total_score")
    begins = series[series["why"] != ""]
    assert list(begins["period"]) == ["2025-07", "2026-01"]
    assert list(begins["part"]) == [1, 2]
    assert "merged" in begins["why"].iloc[0] and "63" in begins["why"].iloc[0] and "34" in begins["why"].iloc[0]
    assert "different rules" in begins["why"].iloc[1]
    found = trend(history, rubrics, ENTITY, "total_score")
    known = found.flags[found.flags["flag"] == KNOWN_BREAK]
    assert list(known["period"]) == ["2025-07", "2026-01"]
    assert known["size"].isna().all()
    assert found.refusals == ()
    assert found.forecast["period"].iloc[0] == "2026-08"
    alone = trend(made(values[13:], "2026-02", code="total_score", unit="points"), rubrics, ENTITY, "total_score")
    pd.testing.assert_frame_equal(found.forecast, alone.forecast)
    assert len(found.backtest) == 0, "six months of the last part, eighteen in all"


def test_months_that_no_rubric_governs_part_those_before_from_those_after(tiny_rubric):
    early = tiny_rubric.model_copy(update={"valid_to": "2023-03"})
    late = tiny_rubric.model_copy(update={"valid_from": "2023-06", "id": "late"})
    series = monthly_series(made([50.0] * 3 + [None] * 2 + [50.0]), (early, late), ENTITY, "a", "percent")
    assert series["part"].tolist() == [0, 0, 0, 1, 1, 2]


def test_the_latest_publication_of_a_month_counts(tiny_rubric):
    first = made([40.0, 50.0, 60.0], as_of="2023-05-01")
    second = made([45.0], "2023-02", as_of="2023-06-01")
    for history in (pd.concat([first, second]), pd.concat([second, first])):
        series = monthly_series(history, (tiny_rubric,), ENTITY, "a", "percent")
        assert series["value"].tolist() == [40.0, 45.0, 60.0]
        assert series["as_of"].tolist() == ["2023-05-01", "2023-06-01", "2023-05-01"]


@pytest.mark.parametrize(("scope", "word"), [("year_to_date", "since January"), ("unknown", "not known")])
def test_figures_not_of_one_month_stay_out_and_are_named(tiny_rubric, scope, word):
    history = pd.concat([made([40.0, 50.0]), made([60.0] * 8, "2023-03", scope=scope)])
    found = trend(history, (tiny_rubric,), ENTITY, "a", "percent")
    assert len(found.series) == 2
    (named,) = [reason for reason in found.refusals if word in reason]
    assert "March 2023" in named and "October 2023" in named


def test_only_scores_and_rates_of_known_names_make_a_line(tiny_rubric):
    history = made([40.0])
    with pytest.raises(ParameterError):
        monthly_series(history, (tiny_rubric,), ENTITY, "a", "count")
    with pytest.raises(UnknownNameError):
        monthly_series(history, (tiny_rubric,), "Mô phỏng B", "a", "percent")
    with pytest.raises(UnknownNameError):
        monthly_series(history, (tiny_rubric,), ENTITY, "e", "percent")
    spare = [{"code": "spare", "name": {"vi": "Thêm", "en": "Spare"}}]
    spare = Rubric.model_validate(tiny_rubric.model_dump(by_alias=True) | {"figure": spare})
    with pytest.raises(ParameterError, match="maximum"):
        monthly_series(made([40.0], code="spare", unit="points"), (spare,), ENTITY, "spare")
    for wrong in ({"ahead": 0}, {"level": 1.0}, {"level": 0.0}):
        with pytest.raises(ParameterError):
            trend(history, (tiny_rubric,), ENTITY, "a", "percent", **wrong)


# What is refused


@pytest.mark.parametrize(
    ("code", "unit", "known"),
    [
        ("total_score", "points", ["2023-04", "2024-07"]),
        ("transparency", "points", ["2023-04", "2024-07"]),
        ("processing_progress", "points", ["2023-04", "2024-06", "2024-07"]),
        ("online_service_provision", "points", ["2023-04", "2024-06", "2024-07"]),
        ("online_payment", "points", ["2023-04", "2024-07"]),
        ("satisfaction", "points", ["2023-04", "2024-06", "2024-07"]),
        ("digitisation", "points", ["2023-04", "2024-06", "2024-07"]),
        ("e_result", "percent", ["2023-04"]),
    ],
)
def test_the_real_months_are_refused_with_reasons(rubrics, history, code, unit, known):
    found = trend(history, rubrics, "Hòa Bình", code, unit)
    assert found.series.loc[found.series["value"].notna(), "period"].tolist() == known
    assert (len(found.backtest), len(found.forecast), len(found.flags), found.chosen) == (0, 0, 0, "")
    assert list(found.forecast.columns) == FORECAST and list(found.flags.columns) == FLAGS
    reasons = " ".join(found.refusals)
    assert f"a figure: {len(known)};" in reasons
    assert all(write_period(month) in reasons for month in known)
    assert f"needed: {6 - len(known)}, of August 2022 to June 2025" in reasons
    assert "Nothing is said" in sentence(found)


def test_a_refusal_names_the_break_that_cut_the_months(rubrics):
    history = made(range(50, 60), "2024-11", code="total_score", unit="points")
    found = trend(history, rubrics, ENTITY, "total_score")
    assert found.series["part"].tolist() == [0] * 8 + [1] * 2
    assert any("Earlier months do not count" in reason and "merged" in reason for reason in found.refusals)
    assert any("needed: 4, of July 2025 to December 2025" in reason for reason in found.refusals)


def test_a_figure_that_no_month_has_is_refused(rubrics, history):
    found = trend(history, rubrics, "Hà Nội", "total_score")
    assert found.series.empty and list(found.series.columns) == SERIES
    assert any("a figure: 0;" in reason for reason in found.refusals)
    assert any("since January" in reason for reason in found.refusals)


@pytest.mark.parametrize(("months", "modelled"), [(5, 0), (6, 1), (11, 1), (12, 2)])
def test_six_months_give_a_band_and_twelve_a_model(tiny_rubric, months, modelled):
    found = trend(made(climbing()[:months]), (tiny_rubric,), ENTITY, "a", "percent")
    assert bool(found.refusals) == (modelled == 0)
    assert len(found.forecast[found.forecast["model"] == NAIVE]) == (3 if modelled else 0)
    assert (len(found.backtest) > 0) == (modelled == 2)
    assert any("at least 12" in note for note in found.notes) == (modelled == 1)


# What is foretold

shares = st.one_of(st.none(), st.floats(0, 1), st.sampled_from([0.0, 1.0, 0.5]))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(shares, min_size=4, max_size=22), st.sampled_from([0, 1, 2]), st.sampled_from([18.0, 100.0]))
@example([1.0] * 20, 2, 100.0)
@example([0.0] * 12, 1, 18.0)
@example([1.0, *[None] * 18, 0.0], 0, 18.0)
@example([0.0, 1.0] * 9, 2, 100.0)
def test_no_forecast_and_no_size_leaves_the_bounds(values, decimals, top):
    values = [NAN if value is None else round(value * top, decimals) for value in [0.5, 0.5, *values, 0.4, 0.9]]
    if np.isnan(values[2:-2]).all():
        values[3] = 0.0
    known = line(values, top, decimals)
    for model in (NAIVE, *CANDIDATES):
        found = bands(model, known, known.valued[4:], 3, 0.8)
        assert np.isfinite(found).all()
        assert (found >= 0).all() and (found <= top).all()
        assert (np.diff(found, axis=2) >= -1e-9).all(), "lower end, middle, upper end"
    jumps = find_breaks(known, 0.8)
    assert jumps[["size", "conf_low", "conf_high", "p_value"]].notna().all(axis=None)
    assert (jumps["size"].abs() <= top).all()
    assert jumps["p_value"].between(0, 0.05).all()


@pytest.mark.parametrize("value", [0.0, 40.0, 100.0])
def test_a_figure_that_never_moved_is_carried_on_within_its_rounding(tiny_rubric, value):
    found = trend(made([value] * 20), (tiny_rubric,), ENTITY, "a", "percent")
    assert found.chosen == "" and found.flags.empty
    assert found.forecast["middle"].tolist() == pytest.approx([value] * 3)
    assert (found.forecast["conf_low"] <= value).all() and (found.forecast["conf_high"] >= value).all()
    assert (found.forecast["conf_high"] - found.forecast["conf_low"]).max() < 0.05
    assert (found.backtest["covered"] == 1).all()


def test_as_last_month_over_a_gap_has_the_variance_of_the_months_between():
    """Logits 0, 1, and after three months 0: σ² = (1² + 1²/3) / 2; two steps ahead have twice that."""
    known = line(100 * expit([0.0, 1.0, NAN, NAN, 0.0]), decimals=9)
    reach = student.ppf(0.9, 2) * np.sqrt((1 + 1 / 3) / 2 * 2)
    assert last_only(NAIVE, known)[1] == pytest.approx(100 * expit([-reach, 0, reach]))


def test_drift_over_a_gap_is_the_average_change():
    """Logits 0, 1, 4 at months 0, 1, 3: slope 4/3; left 1/9 and 1/9 · 2/4; one month ahead 1 + 1/3 of it."""
    known = line(100 * expit([0.0, 1.0, NAN, 4.0]), decimals=9)
    variance = ((1 - 4 / 3) ** 2 + (3 - 8 / 3) ** 2 / 2) / 1
    reach = student.ppf(0.9, 1) * np.sqrt(variance * (1 + 1 / 3))
    assert last_only("drift", known)[0] == pytest.approx(100 * expit(4 + 4 / 3 + np.array([-reach, 0, reach])))


@pytest.mark.parametrize("model", ["level", "line"])
def test_the_mixture_agrees_with_least_squares_on_the_whole_covariance(model):
    """Without a Kalman filter: generalised least squares and the normal law of what is to come given what is known."""
    draw = np.random.default_rng(8)
    logits = share_lasting(draw, 14)
    logits[[3, 4, 9]] = NAN
    known = line(100 * expit(logits), decimals=9)
    ahead, at = 3, known.valued
    everything = np.append(at, 13 + np.arange(1, ahead + 1)).astype(float)
    trend_of = np.vander(everything, 1 if model == "level" else 2, increasing=True)
    free = len(at) - trend_of.shape[1]
    weights, centres, scales = [], [], []
    for share in forecasts._SHARES:
        whole = (1 - share) * np.eye(len(everything)) + share * np.minimum.outer(everything, everything)
        inside, across = whole[: len(at), : len(at)], whole[len(at) :, : len(at)]
        x, inverse = trend_of[: len(at)], np.linalg.inv(inside)
        normal = x.T @ inverse @ x
        beta = np.linalg.solve(normal, x.T @ inverse @ logits[at])
        rest = logits[at] - x @ beta
        variance = rest @ inverse @ rest / free
        lever = trend_of[len(at) :] - across @ inverse @ x
        spread = whole[len(at) :, len(at) :] - across @ inverse @ across.T + lever @ np.linalg.solve(normal, lever.T)
        centres.append(trend_of[len(at) :] @ beta + across @ inverse @ rest)
        scales.append(np.sqrt(variance * np.diag(spread)))
        determinants = np.linalg.slogdet(inside)[1] + np.linalg.slogdet(normal)[1]
        weights.append(-0.5 * (determinants + free * np.log(variance)))
    weights = np.exp(np.array(weights) - max(weights))
    found = np.log(last_only(model, known) / (100 - last_only(model, known)))
    for horizon, tail in product(range(ahead), range(3)):
        below = [
            student.cdf(found[horizon, tail], free, centre[horizon], scale[horizon])
            for centre, scale in zip(centres, scales, strict=True)
        ]
        assert np.average(below, weights=weights) == pytest.approx([0.1, 0.5, 0.9][tail], abs=1e-5)


@pytest.mark.parametrize("model", [NAIVE, *CANDIDATES])
def test_a_forecast_knows_nothing_of_what_came_after_its_origin(model):
    values = percents(walk(np.random.default_rng(4), 20))
    values[[5, 6, 11]] = NAN
    from_whole = bands(model, line(values), np.array([12]), 3, 0.8)
    assert from_whole == pytest.approx(bands(model, line(values[:13]), np.array([12]), 3, 0.8))


@pytest.mark.parametrize(
    ("model", "course", "histories"), [(NAIVE, walk, 200), ("level", share_lasting, 100), ("line", climbing_level, 100)]
)
@pytest.mark.parametrize("months", [12, 30])
def test_an_interval_holds_as_many_outcomes_as_it_says(model, course, histories, months):
    draw = np.random.default_rng(21)
    inside = np.zeros(3)
    for _history in range(histories):
        values = percents(course(draw, months + 3))
        found = last_only(model, line(values[:months]))
        inside += (values[months:] >= found[:, 0]) & (values[months:] <= found[:, 2])
    error = np.sqrt(0.8 * 0.2 / histories)
    assert abs(inside[0] / histories - 0.8) < 3 * error
    assert abs(inside[2] / histories - 0.8) < 3 * error


def test_a_planted_climb_is_found_and_beats_as_last_month(tiny_rubric):
    values = climbing(33)
    found = trend(made(values[:30]), (tiny_rubric,), ENTITY, "a", "percent")
    assert found.chosen in CANDIDATES
    tested = found.backtest[found.backtest["model"] == found.chosen]
    assert (tested["relative"] < 0.6).all() and (tested["p_value"] < 0.05).all() and tested["shown"].all()
    assert list(tested["origins"]) == [22, 21, 20]
    shown = found.forecast[found.forecast["model"] == found.chosen]
    assert list(shown["period"]) == ["2025-07", "2025-08", "2025-09"]
    assert ((values[30:] >= shown["conf_low"]) & (values[30:] <= shown["conf_high"])).all()
    assert (shown["middle"] > values[29]).all()
    assert set(found.forecast["model"]) == {NAIVE, found.chosen}
    assert "promises nothing" in sentence(found) and "made up" in sentence(found)


def test_on_random_walks_a_model_is_hardly_ever_shown():
    draw = np.random.default_rng(5)
    shown = sum(bool(best(backtest(line(percents(walk(draw, 20))), 3, 0.8))) for _history in range(25))
    assert shown <= binom.ppf(0.99, 25, 0.05)


def test_the_test_against_as_last_month_is_that_of_diebold_and_mariano_for_few_origins():
    known = line(climbing(18, seed=1))
    tested = backtest(known, 2, 0.8).set_index(["model", "horizon"])
    outcome = np.array([[known.values[origin + 1], *known.values[origin + 2 : origin + 3]] for origin in range(7, 16)])
    raw = {}
    for model in CANDIDATES:
        wrong = {
            name: np.abs(
                bands(name, known, np.arange(7, 17), 2, 0.8)[:, :, 1] - np.vstack([outcome, [known.values[17], NAN]])
            )
            for name in (NAIVE, model)
        }
        gain = np.nanmean(wrong[NAIVE] - wrong[model], axis=1)
        n, off = len(gain), gain - gain.mean()
        variance = max((off @ off + 2 * off[1:] @ off[:-1]) / n, off @ off / n) / n
        statistic = gain.mean() / np.sqrt(variance) * np.sqrt((n + 1 - 4 + 2 / n) / n)
        raw[model] = student.sf(statistic, n - 1)
        assert tested.loc[(model, 1), "mae"] == pytest.approx(wrong[model][:, 0].mean())
        assert tested.loc[(model, 2), "relative"] == pytest.approx(
            np.nanmean(wrong[model][:, 1]) / np.nanmean(wrong[NAIVE][:, 1])
        )
    least = min(raw, key=raw.get)
    assert tested.loc[(least, 1), "p_value"] == pytest.approx(min(1, 4 * raw[least]))
    assert (tested["p_value"].dropna() >= min(raw.values())).all()
    assert tested.loc[NAIVE, "p_value"].isna().all() and not tested.loc[NAIVE, "shown"].any()


def test_nothing_is_foretold_across_a_known_break(rubrics):
    history = made(climbing(), "2022-12", code="total_score", unit="points")
    found = trend(history, rubrics, ENTITY, "total_score", ahead=3)
    assert found.series["period"].iloc[-1] == "2025-05"
    assert set(found.forecast["period"]) == {"2025-06"}
    assert any("from July 2025 on" in note and "merged" in note for note in found.notes)
    assert comparable_span(rubrics, "2025-05") == ("2022-08", "2025-06")


# What jumped


def planted(draw, months, flag, size):
    """Noise around a level with one jump or outlier, away from the ends; and its month."""
    logits, at = noise(draw, months), int(draw.integers(6, months - 6))
    step = size * SIGMA * draw.choice([-1, 1])
    logits[at : (months if flag == LEVEL_BREAK else at + 1)] += step
    return logits, at, step


@pytest.mark.parametrize(
    ("flag", "size", "least"), [(LEVEL_BREAK, 3, 12), (LEVEL_BREAK, 5, 22), (OUTLIER, 5, 19), (OUTLIER, 7, 23)]
)
def test_a_planted_jump_or_outlier_is_found_at_its_month(flag, size, least):
    """Of 25 histories of 36 months; the month may be one off for a jump."""
    draw = np.random.default_rng(12)
    hits = 0
    for _history in range(25):
        logits, at, step = planted(draw, 36, flag, size)
        found = find_breaks(line(percents(logits)), 0.8)
        right = found[(found["flag"] == flag) & ((found["month"] - at).abs() <= (flag == LEVEL_BREAK))]
        hits += bool(len(right)) and np.sign(right["size"].iloc[0]) == np.sign(step)
    assert hits >= least


@pytest.mark.parametrize("course", [noise, walk, lambda draw, months: noise(draw, months) + 0.05 * np.arange(months)])
def test_where_nothing_jumped_hardly_anything_is_flagged(course):
    draw = np.random.default_rng(13)
    flagged = sum(bool(len(find_breaks(line(percents(course(draw, 24))), 0.8))) for _history in range(50))
    assert flagged <= binom.ppf(0.99, 50, 0.05)


def test_a_jump_and_an_outlier_are_both_found_over_missing_months(tiny_rubric):
    logits = noise(np.random.default_rng(0), 30)
    logits[12:] += 1.2
    logits[20] -= 1.2
    values = [None if at in (3, 17, 18) else value for at, value in enumerate(percents(logits))]
    found = trend(made(values), (tiny_rubric,), ENTITY, "a", "percent")
    assert list(zip(found.flags["period"], found.flags["flag"], strict=True)) == [
        ("2024-01", LEVEL_BREAK),
        ("2024-09", OUTLIER),
    ]
    jump, outlier = found.flags.itertuples()
    assert jump.conf_low < 100 * (expit(1.2) - 0.5) < jump.conf_high
    assert outlier.conf_low < 100 * (0.5 - expit(1.2)) < outlier.conf_high
    assert (found.flags["p_value"] < 0.05).all()
    assert "January 2024" in jump.why and "percentage points" in jump.why and jump.why in sentence(found)


# What must not matter


def test_neither_the_order_of_the_rows_nor_other_entities_matter(tiny_rubric):
    own = made(climbing(16))
    others = [
        made(np.full(16, 99.0), entity="Mô phỏng B"),
        made(np.full(16, 1.0), code="b"),
        made(np.full(16, 1.0), unit="points"),
    ]
    mixed = pd.concat([*others, own]).sample(frac=1, random_state=1)
    before = mixed.copy()
    one, other = (trend(frame, (tiny_rubric,), ENTITY, "a", "percent") for frame in (own, mixed))
    for name in ("series", "backtest", "forecast", "flags"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    assert (one.chosen, one.notes, one.name) == (other.chosen, other.notes, other.name)
    pd.testing.assert_frame_equal(mixed, before)


@pytest.mark.parametrize("months", [3, 8, 20])
def test_the_sentence_says_what_it_does_not_mean_in_either_language(tiny_rubric, months):
    history = made(climbing(months))
    for language in ("en", "vi"):
        use_language(language)
        said = sentence(trend(history, (tiny_rubric,), ENTITY, "a", "percent"))
        assert ENTITY in said and "{" not in said

"""Forecasts of one line of months: bounds, intervals and tests against oracles of their own, and what jumped.

Rates of error are measured on drawn histories of fixed seeds and set against binomial bounds.
"""

from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
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
from tables import climbing

pytestmark = pytest.mark.filterwarnings("error")

NAN = float("nan")
SIGMA = 0.15  # of the drawn logits


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


# What is foretold

shares = st.one_of(st.none(), st.floats(0, 1), st.sampled_from([0.0, 1.0, 0.5]))


@pytest.mark.parametrize("examples", [1, pytest.param(60, marks=pytest.mark.slow)])
def test_no_forecast_and_no_size_leaves_the_bounds(examples):
    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(st.lists(shares, min_size=4, max_size=22), st.sampled_from([0, 1, 2]), st.sampled_from([18.0, 100.0]))
    @example([1.0] * 20, 2, 100.0)
    @example([0.0] * 12, 1, 18.0)
    @example([1.0, *[None] * 18, 0.0], 0, 18.0)
    @example([0.0, 1.0] * 9, 2, 100.0)
    def check(values, decimals, top):
        check_bounds(values, decimals, top)

    check()


def check_bounds(values, decimals, top):
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


def test_as_last_month_over_a_gap_has_the_variance_of_the_months_between():
    """Logits 0, 1, and after three months 0: σ² = (1² + 1²/3) / 2; two steps ahead have twice that."""
    known = line(100 * expit([0.0, 1.0, NAN, NAN, 0.0]), decimals=9)
    reach = student.ppf(0.9, 2) * np.sqrt((1 + 1 / 3) / 2 * 2)
    assert last_only(NAIVE, known)[1] == pytest.approx(100 * expit([-reach, 0, reach]))


def test_a_line_that_never_moved_has_the_width_of_its_rounding():
    """40 % printed without decimals may be 39,5 to 40,5 %."""
    reach = student.ppf(0.9, 5) * np.sqrt((logit(0.405) - logit(0.395)) ** 2 / 12 * 2)
    found = last_only(NAIVE, line([40.0] * 6, decimals=0))[1]
    assert found == pytest.approx(100 * expit(logit(0.4) + np.array([-reach, 0, reach])))
    for model in (NAIVE, *CANDIDATES):
        found = last_only(model, line([40.0] * 6, decimals=0))
        assert (found[:, 0] < 39.9).all() and (found[:, 2] > 40.1).all()
    assert not last_only(NAIVE, line([0.0] * 6))[:, 1].any()  # and within half a printed unit of a bound is the bound


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
def test_the_same_course_on_another_level_is_carried_on_alike(model):
    course = walk(np.random.default_rng(4), 16)
    found = [logit(last_only(model, line(100 * expit(course + shift), decimals=9)) / 100) for shift in (0.0, 1.5)]
    assert found[1] == pytest.approx(found[0] + 1.5, abs=1e-4)


@pytest.mark.parametrize("model", [NAIVE, *CANDIDATES])
def test_a_forecast_knows_nothing_of_what_came_after_its_origin(model):
    values = percents(walk(np.random.default_rng(4), 20))
    values[[5, 6, 11]] = NAN
    from_whole = bands(model, line(values), np.array([12]), 3, 0.8)
    assert from_whole == pytest.approx(bands(model, line(values[:13]), np.array([12]), 3, 0.8))


@pytest.mark.slow
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


@pytest.mark.slow
def test_on_random_walks_a_model_is_hardly_ever_shown():
    draw = np.random.default_rng(5)
    shown = sum(bool(best(backtest(line(percents(walk(draw, 20))), 3, 0.8))) for _history in range(25))
    assert shown <= binom.ppf(0.99, 25, 0.05)


@pytest.mark.parametrize("seed", [1, 3])
def test_the_test_against_as_last_month_is_that_of_diebold_and_mariano_for_few_origins(seed):
    known = line(climbing(18, seed=seed))
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
    order = sorted(raw, key=raw.get)
    holm = np.maximum.accumulate([(4 - place) * raw[model] for place, model in enumerate(order)]).clip(max=1)
    assert tested.loc[[(model, 1) for model in order], "p_value"].to_list() == pytest.approx(list(holm))
    assert tested.loc[NAIVE, "p_value"].isna().all() and not tested.loc[NAIVE, "shown"].any()


# What jumped


def planted(draw, months, flag, size):
    """Noise around a level with one jump or outlier, away from the ends; and its month."""
    logits, at = noise(draw, months), int(draw.integers(6, months - 6))
    step = size * SIGMA * draw.choice([-1, 1])
    logits[at : (months if flag == LEVEL_BREAK else at + 1)] += step
    return logits, at, step


FULL = [(LEVEL_BREAK, 3, 12), (LEVEL_BREAK, 5, 22), (OUTLIER, 5, 19), (OUTLIER, 7, 23)]


@pytest.mark.parametrize(
    ("flag", "size", "least", "histories"),
    [
        (LEVEL_BREAK, 8, 3, 3),
        (OUTLIER, 8, 3, 3),
        *(pytest.param(*case, 25, marks=pytest.mark.slow) for case in FULL),
    ],
)
def test_a_planted_jump_or_outlier_is_found_at_its_month(flag, size, least, histories):
    """In histories of 36 months; the month may be one off for a jump."""
    draw = np.random.default_rng(12)
    hits = 0
    for _history in range(histories):
        logits, at, step = planted(draw, 36, flag, size)
        found = find_breaks(line(percents(logits)), 0.8)
        assert (found["p_value"] >= 1 / (1 + forecasts._DRAWS)).all()  # no draw is never proof
        right = found[(found["flag"] == flag) & ((found["month"] - at).abs() <= (flag == LEVEL_BREAK))]
        hits += bool(len(right)) and np.sign(right["size"].iloc[0]) == np.sign(step)
    assert hits >= least


@pytest.mark.parametrize("course", [noise, walk, lambda draw, months: noise(draw, months) + 0.05 * np.arange(months)])
@pytest.mark.parametrize("histories", [8, pytest.param(50, marks=pytest.mark.slow)])
def test_where_nothing_jumped_hardly_anything_is_flagged(course, histories):
    draw = np.random.default_rng(13)
    flagged = sum(bool(len(find_breaks(line(percents(course(draw, 24))), 0.8))) for _history in range(histories))
    assert flagged <= binom.ppf(0.99, histories, 0.05)

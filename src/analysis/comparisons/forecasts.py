"""What may the next values of one line of months be, and which way of guessing has earned its place?

Values are worked on as logits of their share of the bound, kept half a printed unit inside it, so that everything
turned back lies in 0 to the bound. A missing month stays missing: the Kalman filter passes over it, and a difference
over g months has g times the variance of one.

The interval of a model fitted to a dozen months is too narrow if its estimated parameters are taken for the truth
(Ansley and Kohn 1986, doi:10.1093/biomet/73.2.467). So none is estimated: each model is filtered once for every point
of a grid of its parameters, and the forecasts, each a Student t as level and scale are unknown too, are mixed by how
well the point foretold the months up to the origin (multi-process models of class I, Harrison and Stevens 1976,
doi:10.1111/j.2517-6161.1976.tb01586.x). There is no search for an optimum, so none that could fail to converge; and one
pass over the months gives the forecasts from every origin, each from the months up to it alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit, stdtr, stdtrit

from analysis.interval import TOLERANCE

NAIVE = "naive"
CANDIDATES = ("drift", "level", "line", "ets")
BACKTEST = ["model", "horizon", "origins", "mae", "relative", "covered", "p_value", "shown"]
FIRST_ORIGIN = 8  # valued months that an origin has behind it, itself among them
SIGNIFICANT = 0.05
Floats = NDArray[np.float64]
_SHARES = np.sin(np.pi * (np.arange(12) + 0.5) / 24) ** 2  # of the variance that lasts; most of them near 0 and 1
_SMOOTHING = [(a, a * b, phi) for a, b, phi in product((0.1, 0.3, 0.5, 0.7, 0.95), (0.05, 0.3), (0.8, 0.9, 0.98))]
_HALVINGS = 24
LEVEL_BREAK, OUTLIER = "level_break", "outlier"
FOUND = ["month", "flag", "size", "conf_low", "conf_high", "p_value"]
EITHER_SIDE = 3
_LASTING = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0)
_DRAWS = 399
_SEED = 766
_LEAST = 1e-12


@dataclass(frozen=True)
class Line:
    """Months of one figure that can be compared: first and last have a value, NaN in between is a missing month.

    `values` and `top` in the unit of the figure; `half` is half a printed unit.
    """

    values: Floats
    top: float
    half: float

    @property
    def valued(self) -> NDArray[np.intp]:
        return np.flatnonzero(~np.isnan(self.values))

    @property
    def logits(self) -> Floats:
        return np.asarray(logit(np.clip(self.values, self.half, self.top - self.half) / self.top))

    @property
    def rounding(self) -> Floats:
        """The variance that rounding alone gives each logit; NaN where missing."""
        inside = np.clip(self.values, self.half, self.top - self.half)
        ends = [np.clip(inside + side * self.half, self.half / 2, self.top - self.half / 2) for side in (-1, 1)]
        return np.asarray((logit(ends[1] / self.top) - logit(ends[0] / self.top)) ** 2 / 12)

    def back(self, logits: Floats) -> Floats:
        """Logits as values. From half a printed unit before a bound on, what is printed is the bound."""
        values = self.top * expit(logits)
        values = np.where(values <= self.half + TOLERANCE, 0.0, values)
        return np.where(values >= self.top - self.half - TOLERANCE, self.top, values)


def bands(model: str, line: Line, origins: NDArray[np.intp], ahead: int, level: float) -> Floats:
    """Forecasts from some valued months, each from the months up to it alone.

    Returns
    -------
    Shape (origins, ahead, 3): lower end, median and upper end of the central interval, in the unit of the figure.
    """
    tails = np.array([(1 - level) / 2, 0.5, (1 + level) / 2])
    made = _closed if model in (NAIVE, "drift") else _mixed
    return line.back(made(model, line, origins, ahead, tails))


def backtest(line: Line, ahead: int, level: float) -> pd.DataFrame:
    """Every model from every origin from the 8th valued month on, against what came.

    Returns
    -------
    One row a model and horizon, the naive forecast first: `model`, `horizon` (months), `origins` (how many had an
    outcome), `mae` (unit of the figure), `relative` (to the naive forecast's on the same origins; missing where that
    never erred), `covered` (share of outcomes inside the interval), `p_value`, `shown`.

    `p_value` belongs to the model, so all its rows have the same: one-sided, that its absolute error averaged over the
    horizons is less than that of the naive forecast (Diebold and Mariano with the correction for few origins of Harvey,
    Leybourne and Newbold 1997, doi:10.1016/S0169-2070(96)00719-4), then corrected for as many models as were tried
    (Holm). `shown` where it is below 5 %.
    """
    origins = line.valued[FIRST_ORIGIN - 1 : -1]
    errors, inside = {}, {}
    outcome = np.full((len(origins), ahead), np.nan)
    for row, origin in enumerate(origins):
        known = line.values[origin + 1 : origin + 1 + ahead]
        outcome[row, : len(known)] = known
    for model in (NAIVE, *CANDIDATES):
        found = bands(model, line, origins, ahead, level)
        errors[model] = np.abs(outcome - found[:, :, 1])
        within = (outcome >= found[:, :, 0] - TOLERANCE) & (outcome <= found[:, :, 2] + TOLERANCE)
        inside[model] = np.where(np.isnan(outcome), np.nan, within)
    from statsmodels.stats.multitest import multipletests

    single = [_beats(errors[NAIVE], errors[model], ahead) for model in CANDIDATES]
    p_values = dict(zip(CANDIDATES, multipletests(single, method="holm")[1].tolist(), strict=True))
    rows = []
    for model, horizon in product((NAIVE, *CANDIDATES), range(1, ahead + 1)):
        of = errors[model][:, horizon - 1], errors[NAIVE][:, horizon - 1], inside[model][:, horizon - 1]
        count = int(np.sum(~np.isnan(of[0])))
        mae, base, covered = (float(np.nanmean(column)) if count else np.nan for column in of)
        p_value = p_values.get(model, np.nan)
        relative = mae / base if base else np.nan
        rows.append((model, horizon, count, mae, relative, covered, p_value, p_value < SIGNIFICANT))
    return pd.DataFrame(rows, columns=BACKTEST)


def best(tested: pd.DataFrame) -> str:
    """The model shown that errs least over the horizons, or "" where none is shown."""
    shown = tested[tested["shown"]]
    return str(shown.groupby("model", sort=False)["mae"].mean().idxmin()) if len(shown) else ""


def _beats(naive: Floats, model: Floats, ahead: int) -> float:
    """The p-value that the errors (origins × horizons) of a model are no smaller than the naive ones."""
    gain = (naive - model)[~np.isnan(naive).all(axis=1)]
    gain = np.nanmean(gain, axis=1)
    count = len(gain)
    shrink = (count + 1 - 2 * ahead + ahead * (ahead - 1) / count) / count if count else 0.0
    if count <= ahead or shrink <= 0 or np.ptp(gain) <= TOLERANCE:
        return 1.0
    centred = gain - gain.mean()
    lags = [float(centred[lag:] @ centred[: count - lag]) / count for lag in range(ahead)]
    variance = max(lags[0] + 2 * sum(lags[1:]), lags[0])  # the sum may be negative
    return float(1 - stdtr(count - 1, gain.mean() / np.sqrt(variance / count) * np.sqrt(shrink)))


def _closed(model: str, line: Line, origins: NDArray[np.intp], ahead: int, tails: Floats) -> Floats:
    """A random walk of logits, without and with drift; quantiles of Student's t, shape (origins, ahead, tails)."""
    horizon = np.arange(1, ahead + 1)
    values, months = line.logits[line.valued], line.valued
    steps, gaps, floor = np.diff(values), np.diff(months), line.rounding[line.valued]
    made = np.empty((len(origins), ahead, len(tails)))
    for row, last in enumerate(np.searchsorted(months, origins)):
        span = months[last] - months[0]
        slope = (values[last] - values[0]) / span if model == "drift" else 0.0
        left = float(np.sum((steps[:last] - slope * gaps[:last]) ** 2 / gaps[:last]))
        free = last - (model == "drift")
        variance = max(left / free, float(np.mean(floor[: last + 1])))
        spread = horizon + horizon**2 / span if model == "drift" else horizon
        scale = np.sqrt(variance * spread)
        made[row] = (values[last] + slope * horizon)[:, None] + scale[:, None] * stdtrit(float(free), tails)
    return made


def _mixed(model: str, line: Line, origins: NDArray[np.intp], ahead: int, tails: Floats) -> Floats:
    """Quantiles of the mixture over the grid of a state-space model, shape (origins, ahead, tails)."""
    valued = ~np.isnan(line.values)
    rounding = np.cumsum(np.where(valued, line.rounding, 0.0))[origins]
    count = np.cumsum(valued)[origins]
    centres, scales, weights = [], [], []
    for filtered, unknown in _filtered(model, line.logits):
        told = np.flatnonzero(valued)[unknown:]
        wrong, width = np.zeros(len(valued)), np.zeros(len(valued))
        wrong[told] = filtered.forecasts_error[0, told] ** 2 / filtered.forecasts_error_cov[0, 0, told]
        width[told] = np.log(filtered.forecasts_error_cov[0, 0, told])
        free = count - unknown
        variance = np.maximum(np.cumsum(wrong)[origins], rounding) / free
        weights.append(-0.5 * (np.cumsum(width)[origins] + free * np.log(variance)))
        centre, spread = _onwards(filtered, origins, ahead)
        centres.append(centre)
        scales.append(np.sqrt(variance[:, None] * spread))
    weight = np.exp(np.array(weights) - np.max(weights, axis=0))
    weight /= weight.sum(axis=0)
    return _quantiles(np.array(centres), np.array(scales), weight, free, tails)


def _onwards(filtered: Any, origins: NDArray[np.intp], ahead: int) -> tuple[Floats, Floats]:
    """Mean and variance, in units of the scale, of the months after each origin; both (origins, ahead)."""
    read = {name: getattr(filtered, name)[..., 0] for name in ("design", "transition", "selection", "state_cov")}
    design, transition, noise = read["design"], read["transition"], read["selection"]
    noise = noise @ read["state_cov"] @ noise.T
    state = filtered.filtered_state[:, origins].T[:, :, None]
    cov = np.moveaxis(filtered.filtered_state_cov, 2, 0)[origins]
    centre, spread = np.empty((len(origins), ahead)), np.empty((len(origins), ahead))
    for step in range(ahead):
        state, cov = transition @ state, transition @ cov @ transition.T + noise
        centre[:, step] = (design @ state)[:, 0, 0]
        spread[:, step] = (design @ cov @ design.T)[:, 0, 0] + filtered.obs_cov[0, 0, 0]
    return centre, spread


def _filtered(model: str, logits: Floats) -> Iterator[tuple[Any, int]]:
    """The months filtered with each point of the model's grid; and how many unknown starting values it has."""
    from statsmodels.tsa.statespace.exponential_smoothing import ExponentialSmoothing
    from statsmodels.tsa.statespace.initialization import Initialization
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    if model == "ets":
        smoothing = ExponentialSmoothing(
            logits,
            trend=True,
            damped_trend=True,
            initialization_method="known",
            initial_level=0.0,
            initial_trend=0.0,
            concentrate_scale=False,
        )
        start = Initialization(3)
        start.set(0, "known", constant=[0.0], stationary_cov=[[1.0]])
        start.set((1, 3), "diffuse")
        for params in _SMOOTHING:
            smoothing.update([*params, 1.0])
            smoothing.ssm.initialization = start
            yield smoothing.ssm.filter(), 2
        return
    kind = {"level": "local level", "line": "local linear deterministic trend"}[model]
    walk = UnobservedComponents(logits, kind, use_exact_diffuse=True)
    for share in _SHARES:
        walk.update(np.array([1 - share, share]))
        yield walk.ssm.filter(), 1 if model == "level" else 2


def _quantiles(centres: Floats, scales: Floats, weight: Floats, free: Floats, tails: Floats) -> Floats:
    """Of a mixture of Student t, by halving; in: (grid, origins, ahead), (grid, origins), (origins,)."""
    df = free[None, :, None, None].astype(float)
    each = centres[..., None] + scales[..., None] * stdtrit(df, tails)
    low, high = each.min(axis=0), each.max(axis=0)
    for _halving in range(_HALVINGS):
        middle = (low + high) / 2
        below = (weight[:, :, None, None] * stdtr(df, (middle - centres[..., None]) / scales[..., None])).sum(axis=0)
        low, high = np.where(below < tails, middle, low), np.where(below < tails, high, middle)
    return np.asarray((low + high) / 2)


@dataclass(frozen=True)
class _World:
    """One way in which months may hang together, as their whitened regression.

    `root` is that of the covariance. Times `price`, sums of squares of different worlds can be compared: half the
    months times the logarithm is minus the log-likelihood at the likeliest scale. A slope costs half the logarithm of
    the number of months (Schwarz's criterion).
    """

    root: Floats
    regressors: Floats
    price: float


@dataclass(frozen=True)
class _Fit:
    """A line in one world; the least `cost` (priced sum of squares) is the likeliest.

    `variances` of the coefficients are in units of the scale's square.
    """

    cost: float
    world: _World
    coefficients: Floats
    variances: Floats
    scale: float
    free: int


def find_breaks(line: Line, level: float) -> pd.DataFrame:
    """The jumps and outliers of a line, the clearest first.

    Returns
    -------
    One row each: `month` (its place in the line, from 0); `flag` (`level_break`: the first month of the new level; or
    `outlier`); `size` (unit of the figure: the new level less the old, or the month less what it would have been) with
    `conf_low` and `conf_high` at `level`; `p_value` (that a line with nothing more than the rows above has anything
    this clear anywhere). The interval takes the month for known; a jump found by searching is rather smaller.
    """
    months, values = line.valued, line.logits[line.valued]
    floor = float(np.sum(line.rounding[months]))
    names, dummies = _dummies(months)
    draws = np.random.default_rng(_SEED).standard_normal((_DRAWS, len(months)))
    taken: dict[int, float] = {}
    while len(taken) <= len(months) // 4:
        worlds = list(_worlds(months, dummies[:, list(taken)]))
        ratios = _ratios(worlds, values[None, :], dummies, floor)[0]
        clearest = int(np.argmax(ratios))
        if ratios[clearest] <= 0:
            break
        drawn = _drawn(_fits(worlds, values, floor), draws)
        above = _ratios(worlds, drawn, dummies, 0.0).max(axis=1) >= ratios[clearest]
        p_value = (1 + int(above.sum())) / (1 + _DRAWS)
        if p_value >= SIGNIFICANT:
            break
        taken[clearest] = p_value
    if not taken:
        return pd.DataFrame(columns=FOUND)
    worlds = list(_worlds(months, dummies[:, list(taken)]))
    fit = min(_fits(worlds, values, floor), key=lambda fit: fit.cost)
    rows = []
    for number, (dummy, p_value) in enumerate(taken.items(), start=1):
        month, flag = names[dummy]
        rows.append((month, flag, *_size(line, fit, number, month, flag, level), p_value))
    return pd.DataFrame(rows, columns=FOUND)


def _dummies(months: NDArray[np.intp]) -> tuple[list[tuple[int, str]], Floats]:
    """Month and flag of every dummy, and the dummies as columns: each outlier, then each jump."""
    count = len(months)
    firsts = range(EITHER_SIDE, count - EITHER_SIDE + 1)
    names = [(int(month), OUTLIER) for month in months] + [(int(months[first]), LEVEL_BREAK) for first in firsts]
    return names, np.hstack([np.eye(count), np.tri(count)[:, firsts.start : firsts.stop]])


def _worlds(months: NDArray[np.intp], taken: Floats) -> Iterator[_World]:
    """Every share of the variance that lasts, without and with a slope; the first regressor is the level."""
    count = len(months)
    walk = np.minimum.outer(months, months) + 1.0
    flat = np.hstack([np.ones((count, 1)), taken])
    sloping = np.hstack([flat, (months / months[-1])[:, None]])
    for lasting in _LASTING:
        root = np.asarray(np.linalg.cholesky((1 - lasting) * np.eye(count) + lasting * walk), dtype=np.float64)
        volume = float(np.sum(np.log(np.diag(root))))
        yield _World(root, flat, float(np.exp(2 * volume / count)))
        yield _World(root, sloping, float(np.exp((2 * volume + np.log(count)) / count)))


def _ratios(worlds: list[_World], lines: Floats, dummies: Floats, floor: float) -> Floats:
    """By how much each dummy raises the log-likelihood of each line: (lines, dummies), 0 where it adds nothing."""
    tried, least = dummies.shape[1], max(floor, _LEAST)
    without, adding = np.full((len(lines), 1), np.inf), np.full((len(lines), tried), np.inf)
    for world in worlds:
        white = np.linalg.solve(world.root, np.hstack([world.regressors, dummies, lines.T]))
        basis = np.linalg.qr(white[:, : world.regressors.shape[1]])[0]
        rest = white[:, world.regressors.shape[1] :]
        rest = rest - basis @ (basis.T @ rest)
        length = np.sum(rest[:, :tried] ** 2, axis=0)
        new = length > 1e-8
        wrong = np.sum(rest[:, tried:] ** 2, axis=0)[:, None]
        explained = (rest[:, tried:].T @ (rest[:, :tried] / np.sqrt(np.where(new, length, np.inf)))) ** 2
        without = np.minimum(without, world.price * np.maximum(wrong, least))
        adding = np.minimum(adding, world.price * np.maximum(wrong - explained, least))
    return np.asarray(0.5 * dummies.shape[0] * np.log(without / adding))


def _fits(worlds: list[_World], values: Floats, floor: float) -> list[_Fit]:
    fits = []
    for world in worlds:
        white = np.linalg.solve(world.root, np.hstack([world.regressors, values[:, None]]))
        inverse = np.linalg.pinv(white[:, :-1].T @ white[:, :-1])
        coefficients = inverse @ (white[:, :-1].T @ white[:, -1])
        wrong = max(float(np.sum((white[:, -1] - white[:, :-1] @ coefficients) ** 2)), floor, _LEAST)
        free = len(values) - len(coefficients)
        scale = float(np.sqrt(wrong / free))
        fits.append(_Fit(world.price * wrong, world, coefficients, np.diag(inverse), scale, free))
    return fits


def _drawn(fits: list[_Fit], draws: Floats) -> Floats:
    """Lines without another dummy, from each world as many as it is likely."""
    costs = np.array([fit.cost for fit in fits])
    likely = (costs / costs.min()) ** (-draws.shape[1] / 2)
    bounds = np.rint(len(draws) * np.cumsum(likely) / likely.sum()).astype(int)
    drawn = np.empty_like(draws)
    for fit, first, last in zip(fits, [0, *bounds[:-1]], bounds, strict=True):
        drawn[first:last] = fit.world.regressors @ fit.coefficients + fit.scale * draws[first:last] @ fit.world.root.T
    return drawn


def _size(line: Line, fit: _Fit, number: int, month: int, flag: str, level: float) -> tuple[float, float, float]:
    """Size and its interval in the unit of the figure, beside the month or the first three months of the new level."""
    reach = stdtrit(float(fit.free), (1 + level) / 2) * fit.scale * np.sqrt(fit.variances[number])
    stay = line.valued >= month
    after = line.logits[line.valued][stay][: EITHER_SIDE if flag == LEVEL_BREAK else 1].mean()
    steps = fit.coefficients[number] + np.array([0.0, -reach, reach])
    size, low, high = line.back(np.full(3, after)) - line.back(after - steps)
    return float(size), float(low), float(high)

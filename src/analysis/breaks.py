"""Did a line of months jump, or did one month fall out of it?

A jump is a step of the level with at least three known months on either side; an outlier is one month. Each month is
tried as either, as a dummy in the regression of the months (as logits, see `forecasts`) on a level that may wander and
may have a slope: noise of which a share lasts. The share, and whether there is a slope, are chosen anew with each
dummy, so that a level that wanders or climbs all the time is no row of jumps. These are the interventions of Harvey and
Koopman (1992, doi:10.1080/07350015.1992.10509913), found by their likelihood ratios instead of auxiliary residuals:
with a dozen months, variances estimated without the dummy hide it.

As all months are searched, the largest ratio is set against the largest ratios of drawn lines that have the same gaps
and neither jump nor outlier (a parametric bootstrap of the supremum; Andrews 1993, doi:10.2307/2951764, on why the
chi-squared will not do). They are drawn with every share that the months leave likely, as the largest ratios depend on
it. What is found joins the regression, and the search is repeated until nothing is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from analysis.forecasts import SIGNIFICANT, Floats, Line

LEVEL_BREAK, OUTLIER = "level_break", "outlier"
FOUND = ["month", "flag", "size", "conf_low", "conf_high", "p_value"]
EITHER_SIDE = 3
_LASTING = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0)
_DRAWS = 399
_SEED = 766
_LEAST = 1e-12


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

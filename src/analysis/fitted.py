"""Which coefficients do scores and rates give, how sure are they, and which of them does rounding allow?

Errors need not be equal (HC3: MacKinnon & White 1985, doi:10.1016/0304-4076(85)90158-7). Where a rule holds, all that
is left is rounding, whose size is known; HC3 alone then misses the truth too often where a rate is nearly the same
everywhere, so an error is never taken to be smaller than what rounding gives (each uniform, on its own).
"""

from __future__ import annotations

from math import nan, sqrt

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.stats import t as student

from analysis.interval import Interval


def fit(scores: pd.Series, shares: pd.DataFrame, variance: pd.Series, level: float) -> tuple[pd.DataFrame, pd.Series]:
    """Ordinary least squares without a constant, each coefficient with its own interval at `level`.

    An error is that of HC3, or that which roundings of the known `variance` (points², one value a score) would give,
    whichever is larger; `n − rank` degrees of freedom.

    Returns
    -------
    (coefficients, residuals). One row a column of `shares`: `estimate`, `conf_low`, `conf_high`; missing for a column
    that follows from the others. Residuals in points, one a score.
    """
    from statsmodels.regression.linear_model import OLS

    whole = shares.to_numpy(float)
    basis: list[int] = []
    for at in range(whole.shape[1]):
        basis += [at] if np.linalg.matrix_rank(whole[:, [*basis, at]]) > len(basis) else []
    design = whole[:, basis]
    fitted = OLS(scores.to_numpy(float), design).fit()
    with np.errstate(divide="ignore", invalid="ignore"):
        robust = np.asarray(fitted.HC3_se)  # not a number where one score alone decides
    errors = np.fmax(np.where(np.isfinite(robust), robust, 0.0), np.sqrt(np.linalg.pinv(design) ** 2 @ variance))
    errors = student.ppf(0.5 + level / 2, fitted.df_resid) * errors
    found = {"estimate": fitted.params, "conf_low": fitted.params - errors, "conf_high": fitted.params + errors}
    frame = pd.DataFrame(found, index=shares.columns[basis]).reindex(shares.columns)
    follows = [np.linalg.matrix_rank(np.delete(whole, at, axis=1)) == len(basis) for at in range(whole.shape[1])]
    frame.loc[follows] = np.nan
    return frame, pd.Series(fitted.resid, index=scores.index)


def allowed(scores: pd.Series, shares: pd.DataFrame, half: pd.Series, extra: float = 0.0) -> dict[str, Interval]:
    """For each column, every coefficient of 0 or more with which all scores come out within `half`.

    In each score something between 0 and `extra` is not explained by the columns. Sharp: both ends are attained. No
    entry for a column that nothing bounds, or where no coefficients do.
    """
    design = shares.to_numpy(float)
    limits = np.concatenate([scores + half, extra + half - scores])
    found = {}
    for at, code in enumerate(shares.columns):
        aim = np.zeros(design.shape[1])
        aim[at] = 1.0
        ends = [linprog(sign * aim, np.vstack([design, -design]), limits, bounds=(0, None)) for sign in (1, -1)]
        if all(end.status == 0 for end in ends):
            low, high = ends[0].fun, -ends[1].fun
            found[code] = Interval(min(low, high), max(low, high))
    return found


def misfit(scores: pd.Series, shares: pd.DataFrame, half: pd.Series, variance: pd.Series) -> dict[str, float | str]:
    """What a fit leaves, against what roundings would leave that move each score by `half` at most.

    Returns
    -------
    `r_squared` about the mean; `worst` residual (points, with its sign), the score's name `worst_entity`, and
    `rounding_most`, the largest residual that rounding could leave there; `residual_spread`, with n − rank degrees of
    freedom, and `rounding_spread`: standard deviations in points.
    """
    residuals, design = fit(scores, shares, variance, 0.95)[1], shares.to_numpy(float)
    hat = design @ np.linalg.pinv(design)
    worst = residuals.abs().idxmax()
    reach = pd.Series(np.abs(np.eye(len(hat)) - hat) @ half.to_numpy(float), index=residuals.index)
    left, about = float((residuals**2).sum()), float(((scores - scores.mean()) ** 2).sum())
    return {
        "r_squared": 1 - left / about if about else nan,
        "worst": float(residuals[worst]),
        "worst_entity": worst,
        "rounding_most": float(reach[worst]),
        "residual_spread": sqrt(left / (len(hat) - np.linalg.matrix_rank(design))),
        "rounding_spread": sqrt(float(variance.mean())),
    }

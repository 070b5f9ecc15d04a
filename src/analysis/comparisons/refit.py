"""Do the published scores of all provinces give back the maxima of the rules?

An independent check: an estimate uses only the targets of the rules, at which a rate is capped, not the maxima. A
component whose rate is not published is named and bounded, never fitted away by a constant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isnan, nan, sqrt
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.stats import t as student

from analysis.comparisons.peers import LEAST_PROVINCES, association, compared, groups_compared
from analysis.errors import CheckError, ParameterError
from analysis.identification.evidence import Evidence, Reading, read_card
from analysis.interval import TOLERANCE, Interval, total
from analysis.language import _, write_list, write_number, write_range
from analysis.scorecards.checks import figure
from analysis.scorecards.rubric import Group, Indicator, Rubric

GROUP, INDICATOR, CONSTANT = "group", "indicator", "constant"
SEEN = 0.01  # points: the least that shows in a printed score
COEFFICIENTS = ["level", "group", "code", "name", "provinces", "estimate", "conf_low", "conf_high", "expected"]
COEFFICIENTS += ["agrees", "low", "high", "possible", "why"]


@dataclass(frozen=True)
class _Job:
    """One regression: scores on shares of targets, provinces in the same order; `half` is how far rounding may move
    each score, `variance` that of its roundings, `missing` the indicators whose rates are not published."""

    level: str
    group: Group
    scores: pd.Series
    shares: pd.DataFrame
    half: pd.Series
    variance: pd.Series
    rates: pd.DataFrame
    same: tuple[Indicator, ...] = ()
    missing: tuple[Indicator, ...] = ()

    @property
    def ready(self) -> bool:
        return self.enough and bool(len(self.shares.columns))

    @property
    def enough(self) -> bool:
        return len(self.scores) >= max(LEAST_PROVINCES, 2 * len(self.shares.columns))


def rules_regression(
    history: pd.DataFrame, rubric: Rubric, entity: str, period: str, level: float = 0.95
) -> pd.DataFrame:
    """The maximum of each indicator as the published scores give it, against that of the rules.

    Each group's printed score is regressed on min(1, rate / target) of its indicators, without a constant; the rate is
    that of the counts where both are published, else as printed. Indicators whose rate is the same everywhere cannot be
    told from a constant, nor from each other: one row `constant` holds them together. Where there was nothing to
    count, the share is what the rule says: 1 for full points, 0 for none. Then each indicator with points and a rate
    is regressed alone.

    Returns
    -------
    `level` is `group`, then `indicator`; in the order of the index, `constant` after the indicators of its group.
    `group`, `code`, `name`; `provinces`, how many were used; `estimate` (points), `conf_low`, `conf_high`: at `level`
    for all rows together (Bonferroni, Student's t); `expected`, the maximum of the rules; `agrees`: it is inside.
    `low`, `high`: every maximum with which all printed scores come out within their rounding, no statistics, the
    unpublished components anywhere from 0 to their maxima; `possible`: `expected` is inside. Missing where it cannot
    be said, and `why` says so in words; it also does where a group has an unpublished component: then an estimate is
    biased as far as that component goes with the rate, and a row that does not agree is no evidence against the rule.

    Raises
    ------
    As `peers.compared`; ParameterError for a level not between 0 and 1; CheckError if nothing at all can be estimated.
    """
    if not 0 < level < 1:
        raise ParameterError(_("A level must lie between 0 and 1, not {level:g}.").format(level=level))
    jobs = list(_jobs(history, rubric, entity, period))
    many = sum(job.shares.shape[1] for job in jobs if job.enough)
    if not many:
        raise CheckError(_("No rate is published with its score, so no rule can be checked by regression."))
    rows = [row for job in jobs for row in _rows(job, 1 - (1 - level) / many)]
    return pd.DataFrame(rows, columns=COEFFICIENTS).astype({"agrees": "boolean", "possible": "boolean"})


def rules_misfit(history: pd.DataFrame, rubric: Rubric, entity: str, period: str) -> pd.DataFrame:
    """What each group's regression leaves unexplained, against what rounding alone would leave.

    Returns
    -------
    One row a group, in the order of the index: `group`, `name`, `provinces`, `coefficients`; `r_squared` (about the
    mean, so that it does not flatter a regression without a constant); `worst` (the largest residual, with its sign)
    and `worst_entity`; `rounding_most`, the largest residual that rounding could leave there; `residual_spread` and
    `rounding_spread`, standard deviations in points, the first with n − coefficients; `missing`, the codes of
    components whose rate is not published or whose target is open, `; ` between; `missing_max`, their points; `why` in
    words. Figures are missing where a group has no published rate at all. Raises as `peers.compared`.
    """
    rows = []
    for job in (job for job in _jobs(history, rubric, entity, period) if job.level == GROUP):
        left = misfit(job.scores, job.shares, job.half, job.variance) if job.ready else {}
        row = {"group": job.group.code, "name": job.group.name, "provinces": len(job.scores), **left}
        row |= {"coefficients": job.shares.shape[1], "missing": "; ".join(item.code for item in job.missing)}
        none = _("No rate of this group is published ({names}).")
        words = _("Includes a component that is not published ({names}).") if job.shares.size else none
        why = words.format(names=write_list(item.name for item in job.missing))
        rows.append(row | {"missing_max": _most(job.missing), "why": why if job.missing else ""})
    columns = ["group", "name", "provinces", "coefficients", "r_squared", "worst", "worst_entity", "rounding_most"]
    columns += ["residual_spread", "rounding_spread", "missing", "missing_max", "why"]
    return pd.DataFrame(rows, columns=columns)


def implied_missing(history: pd.DataFrame, rubric: Rubric, entity: str, period: str) -> pd.DataFrame:
    """The points of unpublished components, if the rules hold: the printed group less what its known rates give.

    Returns
    -------
    One row a province and group that has both known and unpublished components, provinces by name: `group`, `entity`,
    `printed` (points), `missing_low`, `missing_high`: the points of the unpublished ones together, as rounding leaves
    them; `max`, their maximum; `inside`: some of that range lies in 0 to the maximum. Empty where no group is such.
    Raises as `peers.compared`.
    """
    rows = compared(history, rubric, entity, period)
    cards, found = _cards(rows, rubric, period), []
    for group in groups_compared(rows, rubric, entity):
        known, missing = _split(group, cards)
        for name, card in cards.items() if known and missing and not isnan(_most(known)) else ():
            shares = _shares(known, card)
            if shares is None or figure(card.figures, group.code, "points") is None:
                continue
            parts = [span.scaled(_worth(item, group)) for item, span in zip(known, shares, strict=True)]
            inside = total(part.widened(rubric.rounding) for part in parts)
            rest = card.printed[group.code] + Interval(-inside.high, -inside.low)
            fits = rest.meet(Interval(0.0, _most(missing))) is not None
            printed = card.figures.loc[(group.code, "points"), "value"]
            found.append((group.code, name, printed, rest.low, rest.high, _most(missing), fits))
    return pd.DataFrame(found, columns=["group", "entity", "printed", "missing_low", "missing_high", "max", "inside"])


def regression_sentence(coefficients: pd.DataFrame, misfits: pd.DataFrame, implied: pd.DataFrame) -> str:
    """What the three functions above found, in words. Raises CheckError where nothing was estimated."""
    whole = set(misfits.loc[misfits["missing"] == "", "group"])
    tried = coefficients[coefficients["estimate"].notna() & coefficients["agrees"].notna()]
    sure = tried[(tried["level"] == INDICATOR) | tried["group"].isin(whole)]
    if sure.empty:
        raise CheckError(_("No rate is published with its score, so no rule can be checked by regression."))
    against = sure[~sure["agrees"].astype(bool)]
    words = _("{agree} of {count} maxima estimated from the scores and rates of the provinces agree with the rules.")
    parts = [words.format(count=len(sure), agree=len(sure) - len(against))]
    if not against.empty:
        parts.append(_("These do not: {names}.").format(names=write_list(dict.fromkeys(against["name"]))))
    for row in misfits[misfits["missing"] != ""].itertuples():
        parts.append(_("{group}: {why}").format(group=row.name, why=row.why))
        rest = implied[implied["group"] == row.group]
        if not rest.empty:
            words = _("If the rules hold, that is worth {points} of {most} points, depending on the province.")
            span = write_range(rest["missing_low"].min(), rest["missing_high"].max(), 2)
            parts.append(words.format(points=span, most=write_number(row.missing_max, 0)))
    parts.append(
        _("Agreement says that the rules give the published scores; it does not say why a rate is high or low.")
    )
    return " ".join([*parts, association()])


def _jobs(history: pd.DataFrame, rubric: Rubric, entity: str, period: str) -> Iterator[_Job]:
    """The regressions of the groups, then those of the single indicators."""
    rows = compared(history, rubric, entity, period)
    cards, groups = _cards(rows, rubric, period), groups_compared(rows, rubric, entity)
    for group in groups:
        known, missing = _split(group, cards)
        yield _job(GROUP, group, group.code, known, missing, cards, rubric)
    for group in groups:
        for item in _split(group, cards)[0]:
            if any(card.readings[item.code].points is not None for card in cards.values()):
                yield _job(INDICATOR, group, item.code, (item,), (), cards, rubric)


def _job(
    level: str,
    group: Group,
    code: str,
    known: tuple[Indicator, ...],
    missing: tuple[Indicator, ...],
    cards: Mapping[str, Evidence],
    rubric: Rubric,
) -> _Job:
    found, unit = {}, rubric.rounding if level == GROUP else 0.0
    for name, card in cards.items():
        printed, shares = figure(card.figures, code, "points"), _shares(known, card)
        if printed is not None and shares is not None:
            used = unit * sum(span.high > 0 for span in shares)  # no points, no rounding
            blur = sum(span.width / 2 * _worth(item, group) for item, span in zip(known, shares, strict=True))
            own = printed.width**2 if printed.width > 2 * unit + TOLERANCE else 0.0
            middle, half = (printed.low + printed.high) / 2, printed.width / 2 + used + blur
            variance = (own + 4 * unit * used + 4 * blur**2) / 12  # each uniform
            found[name] = (middle, half, variance, *((span.low + span.high) / 2 for span in shares))
    codes = [item.code for item in known]
    table = pd.DataFrame.from_dict(found, orient="index", columns=["score", "half", "variance", *codes], dtype=float)
    same = [item for item in known if _worth(item, group) * np.ptp(table[item.code]) < SEEN] if found else []
    design = table[codes].drop(columns=[item.code for item in same])
    if same and level == GROUP:
        design[CONSTANT] = 1.0
    columns = table["score"], design, table["half"], table["variance"], table[codes]
    return _Job(level, group, *columns, tuple(same), missing)


def _rows(job: _Job, level: float) -> Iterator[dict[str, Any]]:
    """One row of `rules_regression` for each indicator of a regression, and for the constant."""
    fitted = fit(job.scores, job.shares, job.variance, level)[0] if job.ready else pd.DataFrame()
    most = job.group.points if isnan(_most(job.missing)) else _most(job.missing)
    alone = job.level == INDICATOR and job.enough  # then a rate that is the same everywhere is bounded all the same
    design = job.rates if alone else job.shares
    spans = allowed(job.scores, design, job.half, most) if job.ready or alone else {}
    listed = [item for item in job.group.indicators if job.level == GROUP or item.code in job.rates]
    names = {item.code: item.name for item in listed}
    expected = {item.code: nan if item.max.value is None else float(item.max.value) for item in listed}
    if CONSTANT in job.shares:
        names[CONSTANT] = _("The same everywhere: {names}").format(names=write_list(item.name for item in job.same))
        expected[CONSTANT] = sum(expected[item.code] * job.rates[item.code].mean() for item in job.same)
    for code, name in names.items():
        row: dict[str, Any] = {"level": job.level, "group": job.group.code, "code": code, "name": name}
        row |= {"provinces": len(job.scores)} | (dict(fitted.loc[code]) if code in fitted.index else {})
        row |= {"expected": expected[code], "agrees": pd.NA, "possible": pd.NA}
        if not isnan(expected[code]) and not isnan(row.get("estimate", nan)):
            row["agrees"] = row["conf_low"] - TOLERANCE <= expected[code] <= row["conf_high"] + TOLERANCE
        if code in spans:
            row |= {"low": spans[code].low, "high": spans[code].high}
        if (job.ready or alone) and code in design and not isnan(expected[code]):
            row["possible"] = code in spans and spans[code].widened(1e-6).contains(expected[code])
        yield row | {"why": _why(job, code, row)}


def _why(job: _Job, code: str, row: Mapping[str, Any]) -> str:
    missing = {item.code: item for item in job.missing}
    if code in missing:
        unpublished = _("Its rate is not published, or by too few provinces.")
        return _("Its target is not known for sure.") if missing[code].target.value is None else unpublished
    if code in {item.code for item in job.same}:
        return _("Its rate is the same everywhere, so its points cannot be told from a constant.")
    if not job.enough:
        words = _("{count} provinces are too few for {coefficients} coefficients.")
        return words.format(count=len(job.scores), coefficients=job.shares.shape[1])
    if isnan(row["estimate"]):
        return _("Its rate follows from the other rates of the group, so their points cannot be told apart.")
    if "low" not in row:
        return _("No maxima at all give every printed score within its rounding.")
    if job.missing:
        words = _(
            "The group includes a component that is not published ({names}): as far as that goes with this rate, the "
            "estimate takes up its points too, and is not an estimate of this maximum alone."
        )
        return words.format(names=write_list(item.name for item in job.missing))
    if row["agrees"] is pd.NA:
        return _("Its maximum is not known for sure.")
    return "" if row["agrees"] else _("The maximum of the rules is outside the interval.")


def _cards(rows: pd.DataFrame, rubric: Rubric, period: str) -> dict[str, Evidence]:
    """The card of every province compared, by name."""
    return {str(name): read_card(part, rubric, str(name), period) for name, part in rows.groupby("entity")}


def _split(group: Group, cards: Mapping[str, Evidence]) -> tuple[tuple[Indicator, ...], tuple[Indicator, ...]]:
    """The indicators whose target is known and whose rate enough provinces publish, and the others."""
    known: list[Indicator] = []
    missing: list[Indicator] = []
    for item in group.indicators:
        many = sum(_share(item, card.readings[item.code]) is not None for card in cards.values())
        (known if many >= LEAST_PROVINCES else missing).append(item)
    return tuple(known), tuple(missing)


def _shares(indicators: Iterable[Indicator], card: Evidence) -> list[Interval] | None:
    found = [_share(item, card.readings[item.code]) for item in indicators]
    known = [span for span in found if span is not None]
    return known if len(known) == len(found) else None


def _share(indicator: Indicator, reading: Reading) -> Interval | None:
    """min(1, rate / target), or what the rule says where there was nothing to count; None where that is not known."""
    if reading.empty:
        zero = indicator.zero_denominator.value
        return None if zero is None else Interval.point(1.0 if zero == "full" else 0.0)
    if reading.rate is None or indicator.target.value is None:
        return None
    return Interval(*(min(1.0, end / indicator.target.value) for end in (reading.rate.low, reading.rate.high)))


def _worth(indicator: Indicator, group: Group) -> float:
    return group.points if indicator.max.value is None else float(indicator.max.value)


def _most(indicators: Iterable[Indicator]) -> float:
    """The sum of their maxima in points; missing where one is not known for sure."""
    return sum(nan if item.max.value is None else float(item.max.value) for item in indicators)


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

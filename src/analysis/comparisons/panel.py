"""How far do years tell of later years, over all siblings?

Places that stay, leads that shrink, spread that moves. The siblings are all there are, seen in a few years that one
rule scored: what is found is an association in one panel, not what a step would bring. Intervals say how far chance
would carry panels like this one.
"""

from __future__ import annotations

from math import atanh, isclose, nan, sqrt, tanh
from statistics import NormalDist

import pandas as pd

from analysis.comparisons.years import LEAST, common_card, rises
from analysis.errors import CheckError, ParameterError
from analysis.language import _, write_date, write_list, write_number, write_period
from analysis.scorecards.entities import SIBLINGS, same_world
from analysis.scorecards.history import TOTAL
from analysis.scorecards.periods import is_month
from analysis.scorecards.rubric import Rubric

PERSISTENCE = ["first", "last", "provinces", "correlation", "conf_low", "conf_high"]
SLOWING = ["slope", "conf_low", "conf_high", "deviation_before", "deviation_after", "p_value", "provinces"]
SPREAD = ["period", "code", "name", "share", "deviation", "provinces"]
PLACES = ["entity", "period", "scope", "total", "place", "of", "own"]
REVISED = ["entity", "period", "first_day", "first_value", "last_day", "last_value", "revised", "captures"]
SIGNIFICANT = 0.05


def persistence(
    history: pd.DataFrame, rubrics: tuple[Rubric, ...], entity: str, first: str, last: str, level: float
) -> pd.DataFrame:
    """How far the place in one year tells the place in another, over the entity and its siblings.

    Returns
    -------
    One row: `first`, `last`; `provinces` that have both; `correlation` of ranks (Spearman, ties share the mean rank),
    `conf_low`, `conf_high` by Fisher's transformation with the variance of Bonett & Wright 2000
    (doi:10.1007/BF02294183). Raises as `rises`; CheckError too where all have the same total.
    """
    wide = _totals(history, rubrics, entity, first, last, level)
    ranks = wide.rank()
    if (ranks.std() == 0).any():
        raise CheckError(_("All have the same total, so no place tells of another."))
    found = float(ranks["before"].corr(ranks["after"]))
    if isclose(abs(found), 1.0):
        low = high = found
    else:
        reach = NormalDist().inv_cdf((1 + level) / 2) * sqrt((1 + found**2 / 2) / (len(wide) - 3))
        low, high = tanh(atanh(found) - reach), tanh(atanh(found) + reach)
    return pd.DataFrame([(first, last, len(wide), found, low, high)], columns=PERSISTENCE)


def slowing(
    history: pd.DataFrame, rubrics: tuple[Rubric, ...], entity: str, first: str, last: str, level: float
) -> pd.DataFrame:
    """Whether those who led rose less, and whether that is more than regression to the mean.

    Whoever leads by chance falls back without anybody slowing: a slope below 0 alone shows nothing. Only where the
    totals lie closer together afterwards have the others caught up.

    Returns
    -------
    One row: `slope`, the rise for each point of the first total (least squares with HC3 errors, by statsmodels), with
    `conf_low`, `conf_high`; `deviation_before`, `deviation_after`, the standard deviations of totals; `p_value` that
    they are the same (Pitman 1939, Morgan 1939, for pairs); `provinces`. Raises as `rises`.
    """
    import statsmodels.api as sm
    from scipy.stats import pearsonr

    wide = _totals(history, rubrics, entity, first, last, level)
    fitted = sm.OLS(wide["after"] - wide["before"], sm.add_constant(wide["before"])).fit(cov_type="HC3", use_t=True)
    low, high = fitted.conf_int(1 - level).loc["before"]
    pairs = pearsonr(wide["after"] - wide["before"], wide["after"] + wide["before"])
    deviations = wide["before"].std(), wide["after"].std()
    row = (float(fitted.params["before"]), low, high, *deviations, float(pairs.pvalue), len(wide))
    return pd.DataFrame([row], columns=SLOWING)


def _totals(
    history: pd.DataFrame, rubrics: tuple[Rubric, ...], entity: str, first: str, last: str, level: float
) -> pd.DataFrame:
    if not 0 < level < 1:
        raise ParameterError(_("A level lies between 0 and 1, not {level:g}.").format(level=level))
    found = rises(history, rubrics, entity, first, last)
    return found[found["code"] == TOTAL].set_index("entity")[["before", "after"]].sort_index()


def spread_by_year(history: pd.DataFrame, rubric: Rubric, entity: str, periods: list[str]) -> pd.DataFrame:
    """Through which groups the totals of a year differ.

    Returns
    -------
    One row a year and group: `period`, `code`, `name`; `share`, the covariance of group and total over the variance of
    totals, which sum to 1 over the groups but for rounding; `deviation`, the standard deviation of totals (points);
    `provinces`. Groups are those that every year prints. A year of fewer than 8 cards has no row.
    """
    cards = {period: common_card(history, entity, period) for period in periods}
    codes = set.intersection(*(_codes(rows, rubric) for rows in cards.values())) if cards else set()
    found = []
    for period, rows in cards.items():
        points = rows[(rows["unit"] == "points") & rows["value"].notna()]
        wide = points.drop_duplicates(["entity", "code"]).pivot(index="entity", columns="code", values="value")
        for combined in rubric.combined:
            if combined.code not in wide and set(combined.groups) <= set(wide):
                wide[combined.code] = wide[list(combined.groups)].sum(axis=1, skipna=False)
        if TOTAL not in wide or len(wide) < LEAST:
            continue
        variance = wide[TOTAL].var()
        for group in rubric.groups_as_printed(codes):
            if group.code in wide and variance > 0:
                share = float(wide[group.code].cov(wide[TOTAL])) / variance
                found.append((period, group.code, rubric.name_of(group.code), share, sqrt(variance), len(wide)))
    return pd.DataFrame(found, columns=SPREAD)


def places(history: pd.DataFrame, entity: str, periods: list[str]) -> pd.DataFrame:
    """The rank of the entity and each of its siblings in each year, counted from the totals of `years.common_card`.

    Returns
    -------
    One row an entity and year, best first within a year: `entity`, `period`, `scope`, `total` (points), `place`
    (competition rank; level totals share the better one), `of`, `own` (whether it is the entity's).
    """
    found = []
    for period in periods:
        rows = common_card(history, entity, period)
        rows = rows[(rows["code"] == TOTAL) & rows["value"].notna()]
        ranks = rows["value"].rank(method="min", ascending=False).astype(int)
        by_place = sorted(zip(ranks, rows["entity"], rows["scope"], rows["value"], strict=True))
        found += [
            (name, period, scope, total, rank, len(rows), name == entity) for rank, name, scope, total in by_place
        ]
    return pd.DataFrame(found, columns=PLACES)


def after_their_end(history: pd.DataFrame, entity: str, code: str, unit: str) -> pd.DataFrame:
    """The rows of one figure, of months that were over, in all provinces of the entity's world and in their mean."""
    rows = same_world(history, entity)
    rows = rows[(rows["code"] == code) & (rows["unit"] == unit) & rows["value"].notna()]
    rows = rows[rows["period"].map(is_month).astype(bool) & (rows["day"].str[:7] > rows["period"])]
    return rows[rows[SIBLINGS] == ""] if SIBLINGS in rows else rows


def revisions(rows: pd.DataFrame) -> pd.DataFrame:
    """How the portal showed a figure of each month first and last: what it moved by is no performance.

    Parameters
    ----------
    rows : from `after_their_end`.

    Returns
    -------
    One row an entity and month: `entity`, `period`, `first_day`, `first_value`, `last_day`, `last_value`, `revised`
    (by how much, in the figure's unit; missing where there is one capture), `captures`.
    """
    found = []
    for (entity, period), same in rows.sort_values("day", kind="stable").groupby(["entity", "period"], sort=True):
        first, last, many = same.iloc[0], same.iloc[-1], same["day"].nunique()
        revised = round(last["value"] - first["value"], 9) if many > 1 else nan
        found.append((entity, period, first["day"], first["value"], last["day"], last["value"], revised, many))
    return pd.DataFrame(found, columns=REVISED)


def _codes(rows: pd.DataFrame, rubric: Rubric) -> set[str]:
    """The groups of a card, and those combined of them."""
    codes = set(rows["code"])
    return codes | {item.code for item in rubric.combined if set(item.groups) <= codes}


def persistence_sentence(found: pd.DataFrame) -> str:
    """How far places stay, in words."""
    row = found.iloc[0]
    words = _(
        "The places of {first} and {last} of {count} provinces go together with a rank correlation of {correlation} "
        "({low} to {high}); 1 is the same order, 0 none."
    )
    return words.format(
        first=write_period(row["first"]), last=write_period(row["last"]), count=write_number(row["provinces"], 0),
        correlation=write_number(row["correlation"], 2), low=write_number(row["conf_low"], 2),
        high=write_number(row["conf_high"], 2),
    )  # fmt: skip


def slowing_sentence(found: pd.DataFrame) -> str:
    """Whether leaders slowed, in words that do not take regression to the mean for it."""
    row = found.iloc[0]
    if row["conf_high"] >= 0 and row["conf_low"] <= 0:
        words = _("Who led did not surely rise less: {slope} points for each point of lead ({low} to {high}).")
    elif row["slope"] > 0:
        words = _("Who led rose more: {slope} points for each point of lead ({low} to {high}).")
    elif row["p_value"] < SIGNIFICANT and row["deviation_after"] < row["deviation_before"]:
        words = _(
            "Who led rose less, {slope} points for each point of lead ({low} to {high}), and totals lie closer "
            "together (deviation {before} → {after} points): the others caught up, which is more than chance."
        )
    else:
        words = _(
            "Who led rose less, {slope} points for each point of lead ({low} to {high}), but totals do not surely "
            "lie closer together (deviation {before} → {after} points): regression to the mean brings that by itself."
        )
    numbers = {"slope": "slope", "low": "conf_low", "high": "conf_high"}
    numbers |= {"before": "deviation_before", "after": "deviation_after"}
    return words.format(**{name: write_number(row[column], 2) for name, column in numbers.items()})


def spread_by_year_sentence(found: pd.DataFrame) -> str:
    """Through which group the totals differed most, year by year."""
    said = []
    for period, rows in found.groupby("period", sort=False):
        most = rows.loc[rows["share"].idxmax()]
        said.append(
            _("{period}: {name}, {share} %").format(
                period=write_period(str(period)), name=most["name"], share=write_number(100 * most["share"], 0)
            )
        )
    return _("Totals differed most through: {years}.").format(years=write_list(said))


def revisions_sentence(found: pd.DataFrame) -> str:
    """How far what was shown of a month that is over moved afterwards, in words."""
    again = found[found["captures"] > 1]
    moved = again[again["revised"] != 0]
    if again.empty:
        return _("No month was captured twice after its end.")
    if moved.empty:
        return _("{count} months were captured again after their end; none had changed.").format(count=len(again))
    most = moved.loc[moved["revised"].abs().idxmax()]
    words = _(
        "Of {count} months captured again after their end, {moved} had changed; most {entity}, {period}: {before} → "
        "{after} between {first} and {last}. That is a revision, not performance."
    )
    return words.format(
        count=len(again), moved=len(moved), entity=most["entity"], period=write_period(most["period"]),
        before=write_number(most["first_value"], 2), after=write_number(most["last_value"], 2),
        first=write_date(most["first_day"]), last=write_date(most["last_day"]),
    )  # fmt: skip

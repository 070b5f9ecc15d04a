"""What sets provinces apart, and where does one stand among them?

The provinces compared are always those of `ranks.peers`: the same period, scope and date as the entity's card. They are
all there are, not a sample, and seen once: what is found is an association between provinces in one table. It does not
say what a step would bring (that is `whatif`), nor what came first in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor, fsum, isnan, nan, sqrt
from statistics import NormalDist
from typing import Any

import pandas as pd
from scipy.optimize import brentq

from analysis.comparisons.ranks import alike, peers, same_card
from analysis.errors import CheckError, ParameterError, UnknownNameError
from analysis.interval import TOLERANCE
from analysis.language import _, write_list, write_number, write_period
from analysis.scorecards.history import BASE, TOTAL, shown
from analysis.scorecards.rubric import Group, Indicator, Rubric

LEAST_PROVINCES = 8
NEARLY_FULL = 0.9
MOST_SHARE = 0.75
ALIKE = ["code", "name", "value", "alike_median", "alike_lowest", "alike_highest", "of", "difference"]
NOBODY, SOME, LEADERS, MOST = "nobody", "some", "leaders", "most"
SUMS_TO_ONE = 1e-12
ROUNDING, REMAINDER = "rounding", "remainder"
SPREAD = ["level", "group", "code", "name", "share", "variance_alone", "correlation", "provinces"]
Column = Sequence[Fraction]  # one exact number a province


def compared(history: pd.DataFrame, rubric: Rubric, entity: str, period: str) -> pd.DataFrame:
    """The figures of the provinces ranked together with the entity's, one row a figure as in `history`.

    Raises
    ------
    UnknownNameError: the rubric does not govern the period; from `ranks.peers` too.
    CheckError: fewer than 8 provinces with a total.
    """
    if not rubric.covers(shown(history, entity, period).ruled):
        raise UnknownNameError(
            _("{rubric} does not govern {period}.").format(rubric=rubric.id, period=write_period(period))
        )
    ranked = set(peers(history, entity, period)["entity"])
    if len(ranked) < LEAST_PROVINCES:
        words = _("Provinces with a total for {period}: {count}; a comparison needs at least {needed}.")
        raise CheckError(
            words.format(count=len(ranked), period=write_period(period), needed=LEAST_PROVINCES),
            sorted(ranked),
            _("Choose a period for which the figures of all provinces are known, such as the latest portal table."),
        )
    rows = same_card(history, entity, period)
    return rows[rows["entity"].isin(ranked)]


def groups_compared(rows: pd.DataFrame, rubric: Rubric, entity: str) -> tuple[Group, ...]:
    """The groups as the entity's card prints them."""
    return rubric.groups_as_printed(set(rows.loc[rows["entity"] == entity, "code"]))


def _in_columns(rows: pd.DataFrame, groups: tuple[Group, ...]) -> pd.DataFrame:
    """Every published score of rows as from `compared`: one row a province, highest total first, by name where equal.

    `entity`, `total_score`, then for each group its code followed by those of its indicators, in the index's order.
    Points as printed; missing where not published. A code that nobody has is there all the same.
    """
    codes = [TOTAL]
    for group in groups:
        codes += [group.code, *(indicator.code for indicator in group.indicators)]
    wide = rows[rows["unit"] == "points"].pivot(index="entity", columns="code", values="value")
    wide = wide.reindex(columns=codes).rename_axis(columns=None).reset_index()
    return wide.sort_values([TOTAL, "entity"], ascending=[False, True], ignore_index=True)


def positions(history: pd.DataFrame, rubric: Rubric, entity: str, period: str) -> pd.DataFrame:
    """Where the entity stands in the total, each group and each indicator; scores are compared as printed.

    Returns
    -------
    The total, then each group followed by its indicators, in the order of the index; a score that nobody publishes has
    no row. `level`, `group`, `code`, `name`; `value` and `max` (points; `max` is missing where the rules leave it
    open); `of`, how many have the score; `place_best` (competition rank: one more than how many are above) and
    `place_worst` (how many are not below), equal unless others have the same score; `quantile_low`, `quantile_high`:
    the shares of the others that are below, and not above; `lower_quarter`, `median`, `upper_quarter` of all that have
    it, the entity among them (linear between neighbours: type 7 of Hyndman & Fan 1996, doi:10.2307/2684934); `best`;
    `to_median`, the points up to the median, 0 from there on. Missing where the entity's own score is not published.
    Raises as `compared`.
    """
    rows = compared(history, rubric, entity, period)
    groups = groups_compared(rows, rubric, entity)
    wide = _in_columns(rows, groups).set_index("entity")
    maxima: dict[str, tuple[str, str, float]] = {TOTAL: ("total", "", rubric.points)}
    for group in groups:
        maxima[group.code] = ("group", group.code, group.points)
        maxima |= {item.code: ("indicator", group.code, _maximum(item)) for item in group.indicators}
    found = []
    for code, (level, group_code, most) in maxima.items():
        scores, own = wide[code].dropna(), float(wide.loc[entity, code])
        if scores.empty:
            continue
        above, same, others = int((scores > own).sum()), int((scores == own).sum()), len(scores) - 1
        places = (above + 1, above + same) if same else (nan, nan)
        shares = ((others + 1 - above - same) / others, (others - above) / others) if same and others else (nan, nan)
        lower, median, upper = scores.quantile([0.25, 0.5, 0.75])
        found.append(
            {"level": level, "group": group_code, "code": code, "name": rubric.name_of(code), "value": own, "max": most}
            | {"of": len(scores), "place_best": places[0], "place_worst": places[1]}
            | {"quantile_low": shares[0], "quantile_high": shares[1]}
            | {"lower_quarter": lower, "median": median, "upper_quarter": upper, "best": scores.max()}
            | {"to_median": nan if isnan(own) else max(0.0, round(median - own, 10))}
        )
    return pd.DataFrame(found)


def leaders(
    history: pd.DataFrame, rubric: Rubric, entity: str, period: str, top: float = 0.25, level: float = 0.95
) -> pd.DataFrame:
    """In which indicators do the provinces with the highest totals differ from the rest?

    Leaders are the whole number of provinces in the share `top`, and all level with the last of them. Indicators are
    part of the total that makes a leader, so that leaders have more of most of them is partly so by construction.

    Returns
    -------
    One row an indicator with published points, largest `separation` first, then in the order of the index: `group`,
    `code`, `name`, `max`; `leaders`, `others`: how many have a score; `leaders_median`, `others_median`, `difference`
    (points); `separation`: the share of pairs of a leader and another in which the leader has more, a tie counting
    half (U / mn), with `conf_low`, `conf_high` at `level` by method 5 of Newcombe 2006 (doi:10.1002/sim.2324), as if
    these were draws from many more provinces, each indicator on its own; `leaders_full`, `others_full`: how many have
    at least 90 % of the maximum; `everyone_has`: the share of all that do; `held_by`: `most` (at least three quarters
    of all), `leaders` (at least half of the leaders and less than half of the others), `some`, or `nobody`. Sorted by
    `everyone_has`, this is an order of difficulty across provinces in one table (as in Guttman 1944,
    doi:10.2307/2086306), not an order in time: who had which indicator first cannot be seen.

    Raises
    ------
    As `compared`; ParameterError for a share or a level not between 0 and 1; CheckError if level totals leave no rest,
    or no indicator has published points.
    """
    if not (0 < top < 1 and 0 < level < 1):
        raise ParameterError(_("The share of leaders and the level must lie between 0 and 1."), [f"{top:g}, {level:g}"])
    rows = compared(history, rubric, entity, period)
    groups = groups_compared(rows, rubric, entity)
    wide = _in_columns(rows, groups)
    last = wide[TOTAL].iloc[max(1, floor(Fraction(str(top)) * len(wide))) - 1]
    first, rest = wide[wide[TOTAL] >= last], wide[wide[TOTAL] < last]
    if rest.empty:
        raise CheckError(_("All provinces are level with the leaders: there is no rest to compare them with."))
    found = []
    for group in groups:
        for item in group.indicators:
            high, low, most = first[item.code].dropna(), rest[item.code].dropna(), _maximum(item)
            if high.empty or low.empty:
                continue
            wins = sum(0.5 * (own > other) + 0.5 * (own >= other) for own in high for other in low)
            separation = wins / (len(high) * len(low))
            ends = newcombe(separation, len(high), len(low), level)
            full = [_nearly_full(part, most) for part in (high, low)]
            found.append(
                {"group": group.code, "code": item.code, "name": item.name, "max": most}
                | {"leaders": len(high), "others": len(low)}
                | {"leaders_median": round(high.median(), 10), "others_median": round(low.median(), 10)}
                | {"difference": round(high.median() - low.median(), 10), "separation": separation}
                | {"conf_low": ends[0], "conf_high": ends[1], "leaders_full": full[0], "others_full": full[1]}
                | {"everyone_has": sum(full) / (len(high) + len(low))}
                | {"held_by": _held_by(full[0] / len(high), full[1] / len(low), sum(full) / (len(high) + len(low)))}
            )
    if not found:
        raise CheckError(_("No indicator has published points, so leaders cannot be compared by indicator."))
    return pd.DataFrame(found).sort_values("separation", ascending=False, kind="stable", ignore_index=True)


def newcombe(separation: float, first: int, second: int, level: float = 0.95) -> tuple[float, float]:
    """A confidence interval of P(X > Y) + P(X = Y) / 2 from its estimate and the two numbers of values.

    Both ends solve |estimate − θ| = z √V(θ) with V of the exponential model and m* = n* = (m + n) / 2 − 1: method 5 of
    Newcombe 2006 (doi:10.1002/sim.2324). They stay between 0 and 1, at an estimate of 0 or 1 too.
    """
    z, star = NormalDist().inv_cdf(0.5 + level / 2), (first + second) / 2 - 1

    def beyond(theta: float) -> float:
        shape = 1 + star * (1 - theta) / (2 - theta) + star * theta / (1 + theta)
        return float((separation - theta) ** 2 - z * z * theta * (1 - theta) * shape / (first * second))

    inside = min(max(separation, TOLERANCE), 1 - TOLERANCE)  # an estimate of 0 or 1 solves the equation itself
    low = 0.0 if separation <= 0 else brentq(beyond, 0.0, inside)
    high = 1.0 if separation >= 1 else brentq(beyond, inside, 1.0)
    return float(low), float(high)


def against_alike(
    history: pd.DataFrame, rubric: Rubric, entity: str, period: str, within: float = 0.2
) -> tuple[pd.DataFrame, str]:
    """How does the entity stand against those of about its own volume of dossiers (`ranks.alike`)?

    Returns
    -------
    (frame, reason). The total, then one row a group in the order of the index: `code`, `name`; `value` (points);
    `alike_median`, `alike_lowest`, `alike_highest` of the others alike, without the entity; `of`, how many they are;
    `difference` (value − median). No row, and the reason in words, where the volume is not published or nobody is
    alike; else "". Raises as `compared` and `ranks.alike`.
    """
    rows = compared(history, rubric, entity, period)
    groups = groups_compared(rows, rubric, entity)
    wide = _in_columns(rows, groups)
    near, reason = alike(history, entity, period, within=within)
    others = wide[wide["entity"].isin(set(near["entity"]) - {entity})]
    own = wide.set_index("entity").loc[entity]
    if not reason and others.empty:
        words = _("No other province has within {share}\u00a0% of the dossiers of {entity}.")
        reason = words.format(share=write_number(100 * within, 0), entity=entity)
    found = []
    for code in [] if reason else [TOTAL, *(group.code for group in groups)]:
        scores = others[code].dropna()
        found.append(
            {"code": code, "name": rubric.name_of(code), "value": own[code], "alike_median": scores.median()}
            | {"alike_lowest": scores.min(), "alike_highest": scores.max(), "of": len(scores)}
            | {"difference": round(own[code] - scores.median(), 10)}
        )
    return pd.DataFrame(found, columns=ALIKE), reason


def leaders_sentence(frame: pd.DataFrame) -> str:
    """What `leaders` found, in words, and what it does not mean. Raises CheckError for a frame without rows."""
    if frame.empty:
        raise CheckError(_("No indicator has published points, so leaders cannot be compared by indicator."))
    apart = frame[frame["conf_low"] > 0.5].head(3)
    parts = []
    if apart.empty:
        parts.append(_("No indicator alone tells the leading provinces from the others for sure."))
    else:
        named = [
            _("{name} ({share}\u00a0% of pairs)").format(name=row.name, share=write_number(100 * row.separation, 0))
            for row in apart.itertuples()
        ]
        words = _("The {leaders} leading provinces differ most from the {others} others in: {names}.")
        parts.append(
            words.format(leaders=frame["leaders"].max(), others=frame["others"].max(), names=write_list(named))
        )
    for kind, words in (
        (MOST, _("Nearly full almost everywhere: {names}.")),
        (LEADERS, _("Nearly full mostly among the leaders: {names}.")),
        (NOBODY, _("Nearly full nowhere: {names}.")),
    ):
        names = list(frame.loc[frame["held_by"] == kind, "name"])
        parts += [words.format(names=write_list(names))] if names else []
    parts.append(_("This is an order of difficulty across provinces in one table, not an order in time."))
    parts.append(_("An indicator is part of the total that makes a leader, so some of this is so by construction."))
    return " ".join([*parts, association()])


def association() -> str:
    """What a comparison of provinces does not say."""
    return _(
        "This is an association between provinces in one table; it does not say that raising one score would raise the "
        "total by that much: that is what the what-if calculation is for."
    )


def _maximum(indicator: Indicator) -> float:
    return nan if indicator.max.value is None else float(indicator.max.value)


def _nearly_full(scores: pd.Series, most: float) -> float:
    """How many scores are at least 90 % of the maximum; missing where there is no maximum."""
    if isnan(most) or most == 0:
        return nan
    return float((scores >= NEARLY_FULL * most - TOLERANCE).sum())


def _held_by(leaders_share: float, others_share: float, everyone: float) -> str:
    if isnan(everyone):
        return ""
    if everyone == 0:
        return NOBODY
    if everyone >= MOST_SHARE:
        return MOST
    return LEADERS if leaders_share >= 0.5 > others_share else SOME


def spread(history: pd.DataFrame, rubric: Rubric, entity: str, period: str) -> pd.DataFrame:
    """How much of the differences between totals goes with each group, and in it with each indicator.

    The share of a part is cov(part, total) / var(total). As the parts sum to the total, the shares sum to 1 exactly,
    whatever the order of the parts (Shorrocks 1982, doi:10.2307/1912537). A share is below 0 where provinces with more
    of the part have lower totals. Where an indicator had nothing to count, its points are those that the rule gives.

    Returns
    -------
    `level` is `group`: one row a group, largest `share` first, then `rounding` (printed total less printed groups).
    `level` is `indicator`: for each group, in the same order, one row an indicator whose points are known everywhere,
    largest share first, then `remainder` (what the group has beyond them); these sum to the share of the group.
    `group`, `code`, `name`; `share` of the variance; `variance_alone` = var(part) / var(total), which does not sum to
    1; `correlation` with the total, missing for a part that is the same everywhere; `provinces`, how many.

    Raises
    ------
    As `compared`; CheckError where a group of a province is not published, or all totals are equal.
    """
    rows = compared(history, rubric, entity, period)
    groups = groups_compared(rows, rubric, entity)
    wide = _in_columns(rows, groups).set_index("entity")
    unknown = [f"{name}: {group.code}" for group in groups for name in wide.index[wide[group.code].isna()]]
    if unknown:
        raise CheckError(_("Some groups are not published, so the differences cannot be split."), unknown)
    exact = {code: [Fraction(str(value)) for value in wide[code]] for code in [TOTAL, *(item.code for item in groups)]}
    whole = _centred(exact[TOTAL])
    if not any(whole):
        raise CheckError(_("All totals are equal: there is no difference to split."))

    def row(level: str, group: str, code: str, name: str, part: Column) -> dict[str, Any]:
        return {"level": level, "group": group, "code": code, "name": name, **_shares(part, whole)}

    top = [row("group", group.code, group.code, group.name, exact[group.code]) for group in groups]
    rest = _less(exact[TOTAL], [exact[group.code] for group in groups])
    top = [*_falling(top), row("group", "", ROUNDING, _("Rounding of the total"), rest)]
    counts = rows[rows["unit"] == "count"].pivot(index="entity", columns="code", values="value").reindex(wide.index)
    order = [entry["code"] for entry in top]
    below = []
    for group in sorted(groups, key=lambda item: order.index(item.code)):
        points = {
            item.code: _points(item, wide[item.code], counts.get(f"{item.code}{BASE}")) for item in group.indicators
        }
        known = {code: exact_points for code, exact_points in points.items() if exact_points is not None}
        named = [row("indicator", group.code, code, rubric.name_of(code), part) for code, part in known.items()]
        rest = _less(exact[group.code], list(known.values()))
        open_names = [item.name for item in group.indicators if item.code not in known]
        words = _("Points not published by indicator: {names}") if open_names else _("Rounding of the group")
        name = words.format(names=write_list(open_names))
        below += [*_falling(named), row("indicator", group.code, REMAINDER, name, rest)]
    frame = pd.DataFrame([*top, *below]).assign(provinces=len(wide))[SPREAD]
    _check_sums(frame)
    return frame


def spread_sentence(frame: pd.DataFrame) -> str:
    """What `spread` found of the groups, in words, and what it does not mean."""
    groups = frame[(frame["level"] == "group") & (frame["code"] != ROUNDING)]
    named = [
        _("{name} {share}\u00a0%").format(name=row.name, share=write_number(100 * row.share, 0))
        for row in groups.itertuples()
    ]
    words = _("The differences between the totals of {count} provinces go with: {names}.")
    parts = [words.format(count=frame["provinces"].iloc[0], names=write_list(named))]
    below = list(groups.loc[groups["share"] < 0, "name"])
    if below:
        words = _("A share below 0 means that provinces with more points in it tend to have lower totals: {names}.")
        parts.append(words.format(names=write_list(below)))
    return " ".join([*parts, association()])


def _points(indicator: Indicator, printed: pd.Series, base: pd.Series | None) -> Column | None:
    """Its points in every province, or None where some are unknown; with nothing to count, what the rule gives."""
    points = printed.copy()
    if base is not None and indicator.max.value is not None and indicator.zero_denominator.value is not None:
        worth = {rule.points_when_empty() for rule in indicator.rules(indicator.max.value)}
        points[points.isna() & (base == 0)] = worth.pop()
    return None if points.isna().any() else [Fraction(str(value)) for value in points]


def _shares(part: Column, whole: Column) -> dict[str, float]:
    """`share`, `variance_alone` and `correlation` of a part with the whole, which is centred and not all 0."""
    own = _centred(part)
    with_whole, of_whole, alone = _product(own, whole), _product(whole, whole), _product(own, own)
    return {
        "share": float(with_whole / of_whole),
        "variance_alone": float(alone / of_whole),
        "correlation": float(with_whole) / sqrt(alone * of_whole) if alone else nan,
    }


def _centred(values: Column) -> Column:
    mean = sum(values, Fraction(0)) / len(values)
    return [value - mean for value in values]


def _product(first: Column, second: Column) -> Fraction:
    return sum((one * other for one, other in zip(first, second, strict=True)), Fraction(0))


def _less(whole: Column, parts: Sequence[Column]) -> Column:
    return [value - sum(inside, Fraction(0)) for value, *inside in zip(whole, *parts, strict=True)]


def _falling(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: -row["share"])


def _check_sums(frame: pd.DataFrame) -> None:
    top = frame[frame["level"] == "group"].set_index("code")["share"]
    sums = {"": (fsum(top), 1.0)}
    for code, rows in frame[frame["level"] == "indicator"].groupby("group"):
        sums[code] = (fsum(rows["share"]), top[code])
    wrong = [
        f"{code} {found:.15g} ≠ {due:.15g}" for code, (found, due) in sums.items() if abs(found - due) > SUMS_TO_ONE
    ]
    if wrong:
        raise CheckError(_("The shares do not sum to what they are shares of."), wrong)

"""How much of the differences between the totals of provinces goes with each group and each indicator?"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import fsum, nan, sqrt
from typing import Any

import pandas as pd

from analysis.errors import CheckError
from analysis.language import _, write_list, write_number
from analysis.peers import association, compared, groups_compared, in_columns
from analysis.scorecards.history import BASE, TOTAL
from analysis.scorecards.rubric import Indicator, Rubric

SUMS_TO_ONE = 1e-12
ROUNDING, REMAINDER = "rounding", "remainder"
SPREAD = ["level", "group", "code", "name", "share", "variance_alone", "correlation", "provinces"]
Column = Sequence[Fraction]  # one exact number a province


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
    wide = in_columns(rows, groups).set_index("entity")
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

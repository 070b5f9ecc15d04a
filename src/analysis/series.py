"""Which months of one figure of one entity make a line, and where does one line end and another begin?

Only figures of a single month are taken. Months are comparable where the same rubric governs them and the same number
of provinces is ranked (63 before the merger of July 2025, 34 after): `changes` calls nothing performance across these.
A missing month is missing, and breaks nothing.
"""

from __future__ import annotations

import pandas as pd

from analysis.errors import ParameterError, UnknownNameError
from analysis.language import _, nearest, write_list, write_period
from analysis.scorecards.history import TOTAL
from analysis.scorecards.periods import is_month, month_before, months_between
from analysis.scorecards.rubric import Rubric, governing, not_comparable

SERIES = ["period", "value", "top", "decimals", "part", "why", "as_of", "kind", "file", "line"]
PERCENT = 100.0


def monthly_series(
    history: pd.DataFrame, rubrics: tuple[Rubric, ...], entity: str, code: str, unit: str = "points"
) -> pd.DataFrame:
    """One figure of one entity month by month, from the first to the last month that has it, both INCLUDED.

    Where a month was published several times, the figure with the latest `as_of` counts, as in `history.card`.

    Returns
    -------
    One row a calendar month: `period`; `value` (points or percent, NaN where missing); `top` (the bound: the maximum of
    the rubric in force, 100 for percent; NaN in a missing month that no rubric governs); `decimals` (missing as the
    value is); `part` (0, 1, …: months of different parts are not comparable); `why` (a sentence, in the first month of
    each part but the first; else ""); `as_of`, `kind`, `file`, `line` of the figure. No row where no month has it.

    Raises
    ------
    ParameterError: a unit other than points and percent, or points of something without a maximum.
    UnknownNameError: no figure of the entity at all, or a code that no rubric has.
    """
    rows = _figures(history, rubrics, entity, code, unit)
    rows = rows[(rows["scope"] == "month") & rows["period"].map(is_month)]
    rows = rows.sort_values(["period", "as_of", "file", "line"], kind="stable").groupby("period").tail(1)
    if rows.empty:
        return pd.DataFrame(columns=SERIES)
    by_month = rows.set_index("period")
    months = months_between(by_month.index[0], by_month.index[-1])
    frame = by_month.reindex(months)[["value", "decimals", "as_of", "kind", "file", "line"]]
    frame = frame.fillna({"as_of": "", "kind": "", "file": ""}).astype({"decimals": "Int64", "line": "Int64"})
    why = ["", *(" ".join(not_comparable(rubrics, entity, month_before(month), month)) for month in months[1:])]
    frame = frame.assign(top=[_top(rubrics, month, code, unit) for month in months], why=why)
    if not (frame.loc[frame["value"].notna(), "top"] > 0).all():
        words = _("No rubric gives {code} a maximum, so it is not known what its points are out of.")
        raise ParameterError(words.format(code=code), [], _("Choose a score or a rate."))
    frame["part"] = (frame["why"] != "").cumsum()
    return frame.rename_axis("period").reset_index()[SERIES]


def left_out(history: pd.DataFrame, rubrics: tuple[Rubric, ...], entity: str, code: str, unit: str) -> list[str]:
    """Sentences on the figures that exist and are not of a single month, one for each thing they count."""
    rows = _figures(history, rubrics, entity, code, unit)
    rows = rows[~((rows["scope"] == "month") & rows["period"].map(is_month))]
    words = {
        "year_to_date": _("The figure of {periods} counts everything since January, not one month."),
        "quarter": _("The figure of {periods} counts a quarter, not one month."),
        "unknown": _("It is not known what the figure of {periods} counts, so it is not taken for one month."),
    }
    found = []
    for scope, sentence in words.items():
        periods = sorted(set(rows.loc[rows["scope"] == scope, "period"]))
        found += [sentence.format(periods=write_list(map(write_period, periods)))] if periods else []
    return found


def _figures(history: pd.DataFrame, rubrics: tuple[Rubric, ...], entity: str, code: str, unit: str) -> pd.DataFrame:
    """The rows of the figure that have a value. Raises as `monthly_series`."""
    if unit not in ("points", "percent"):
        words = _("A line of months is made of points or percent, not of {unit}.")
        raise ParameterError(words.format(unit=unit), [], _("Choose a score or a rate."))
    if entity not in set(history["entity"]):
        near = nearest(entity, history["entity"].unique())
        raise UnknownNameError(_("There is no figure of “{name}”.").format(name=entity), near)
    known = [TOTAL, *dict.fromkeys(name for rubric in rubrics for name in rubric.named)]
    if code not in known:
        raise UnknownNameError(_("No rubric has the code “{code}”.").format(code=code), nearest(code, known))
    same = (history["entity"] == entity) & (history["code"] == code) & (history["unit"] == unit)
    return history[same & history["value"].notna()]


def _top(rubrics: tuple[Rubric, ...], period: str, code: str, unit: str) -> float:
    """The bound of the figure in a month: of an indicator's points, the largest maximum that the rubric allows."""
    rubric = governing(rubrics, period)
    if unit == "percent":
        return PERCENT
    if rubric is None:
        return float("nan")
    if code == TOTAL:
        return rubric.points
    points = {group.code: group.points for group in rubric.groups}
    points |= {entry.code: sum(points[part] for part in entry.groups) for entry in rubric.combined}
    points |= {item.code: float(max(item.max.alternatives)) for item in rubric.indicators.values()}
    return points.get(code, float("nan"))

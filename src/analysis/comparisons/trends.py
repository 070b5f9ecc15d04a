"""Where is a score or a rate heading, as far as its own months can say?

The last line of comparable months is carried on as last month, and by one model beside that only if it did surely
better on the months known (`forecasts`); jumps and months out of line are named. Under six months nothing is
said, under twelve no model is tried: the reasons are part of the answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import pandas as pd

from analysis.comparisons.forecasts import BACKTEST, LEVEL_BREAK, NAIVE, Line, backtest, bands, best, find_breaks
from analysis.errors import ParameterError, UnknownNameError
from analysis.language import _, nearest, write_list, write_number, write_period, write_range
from analysis.scorecards.history import TOTAL
from analysis.scorecards.periods import is_month, month_after, month_before, months_between
from analysis.scorecards.rubric import LEAST_FOR_TREND, Rubric, Shown, comparable_span, governing, not_comparable

LEAST_FOR_MODEL = 12
FORECAST = ["period", "model", "middle", "conf_low", "conf_high", "level"]
FLAGS = ["period", "flag", "size", "conf_low", "conf_high", "p_value", "why"]
KNOWN_BREAK = "known_break"
SERIES = ["period", "value", "top", "decimals", "part", "why", "as_of", "day", "kind", "file", "line"]
PERCENT = 100.0


@dataclass(frozen=True)
class Trend:
    """What the months of one figure say of its course.

    `series` as from `monthly_series`. `refusals` are sentences on why nothing is said of the months to come; then
    `backtest`, `forecast` and all of `flags` but the known breaks are empty. `notes` are sentences on what limits the
    rest. `backtest` as from `forecasts.backtest`; no row under twelve months.

    `forecast`, in the unit of the figure, one row a month and model: `period`, `model` (`naive`: as last month, always
    there; then the chosen one), `middle` (median), `conf_low`, `conf_high` (central interval at `level`).

    `flags`, earliest first: `period`, `flag` (`level_break`, `outlier`, `known_break`: a part of the series begins),
    `size`, `conf_low`, `conf_high` (unit of the figure, at the forecast's level), `p_value` (corrected for having
    searched all months), these four missing for known breaks; `why` (a sentence). `chosen` is a model or "".
    """

    entity: str
    code: str
    name: str
    unit: str
    series: pd.DataFrame
    refusals: tuple[str, ...]
    notes: tuple[str, ...]
    backtest: pd.DataFrame
    forecast: pd.DataFrame
    flags: pd.DataFrame
    chosen: str


def trend(
    history: pd.DataFrame,
    rubrics: tuple[Rubric, ...],
    entity: str,
    code: str,
    unit: str = "points",
    ahead: int = 3,
    level: float = 0.8,
) -> Trend:
    """The course of one figure of one entity, from the last part of its months alone.

    `ahead` months are forecast, as far as they will be comparable; intervals hold the share `level` of outcomes.

    Raises
    ------
    ParameterError: a unit other than points and percent, less than one month ahead, a level not between 0 and 1.
    UnknownNameError: no figure of the entity at all, or a code that no rubric has.
    """
    if ahead < 1 or not 0 < level < 1:
        given = [f"ahead = {ahead}", f"level = {level:g}"]
        raise ParameterError(_("Months ahead must be at least 1, and a level between 0 and 1."), given)
    series = monthly_series(history, rubrics, entity, code, unit)
    last = str(series["period"].iloc[-1]) if len(series) else ""
    shown = _last_shown(series) if last else Shown(last)
    name = ((last and governing(rubrics, shown.ruled)) or rubrics[-1]).name_of(code)
    known = _known_breaks(series)
    months = _last_part(series)
    if (count := int(months["value"].notna().sum())) < LEAST_FOR_TREND:
        other = left_out(history, rubrics, entity, code, unit)
        refusals = tuple(_refusals(rubrics, entity, name, series, count, other))
        empty = [pd.DataFrame(columns=columns) for columns in (BACKTEST, FORECAST)]
        return Trend(entity, code, name, unit, series, refusals, (), empty[0], empty[1], known, "")
    line = _line(months)
    tested = backtest(line, ahead, level) if count >= LEAST_FOR_MODEL else pd.DataFrame(columns=BACKTEST)
    chosen = best(tested)
    beyond = [month_after(last, step) for step in range(1, ahead + 1)]
    ahead_of = {month: not_comparable(rubrics, entity, shown, replace(shown, period=month)) for month in beyond}
    reached = [month for month, reasons in ahead_of.items() if not list(reasons)]
    rows = []
    for model in filter(None, (NAIVE, chosen)):
        made = bands(model, line, line.valued[-1:], ahead, level)[0]
        rows += [
            (month, model, middle, low, high, level)
            for month, (low, middle, high) in zip(beyond, made.tolist(), strict=True)
            if month in reached
        ]
    forecast = pd.DataFrame(rows, columns=FORECAST)
    notes = tuple(_notes(rubrics, entity, series, count, beyond, len(reached)))
    flags = _flags(months, line, find_breaks(line, level), known, unit)
    return Trend(entity, code, name, unit, series, (), notes, tested, forecast, flags, chosen)


def _last_shown(series: pd.DataFrame) -> Shown:
    """The last month with a figure, and how it is known."""
    return Shown(str(series["period"].iloc[-1]), str(series["day"].iloc[-1]))


def model_name(model: str) -> str:
    """What a model does, in words that follow “carried on”."""
    names = {
        NAIVE: _("as last month (the baseline)"),
        "drift": _("by its average change so far"),
        "level": _("at a level smoothed over the months"),
        "line": _("along a steady slope, smoothed over the months"),
        "ets": _("along a slope that fades"),
    }
    return names[model]


def sentence(found: Trend) -> str:
    """What the months say of the course of the figure, and what that does not mean."""
    if found.refusals:
        closing = _("Nothing is said about where {name} of {entity} is heading.")
        return " ".join([*found.refusals, closing.format(name=found.name, entity=found.entity)])
    decimals = int(_last_part(found.series)["decimals"].min())
    said = list(found.notes)
    for row in found.forecast.groupby("model", sort=False).tail(1).itertuples():
        template = _(
            "{name} of {entity}, carried on {model}: {middle} in {period}; {chance} times in 100 it lies in {range}."
        )
        said.append(
            template.format(
                name=found.name,
                entity=found.entity,
                model=model_name(row.model),
                middle=_amount(row.middle, decimals, found.unit),
                period=write_period(row.period),
                chance=write_number(100 * row.level, 0),
                range=_span(row.conf_low, row.conf_high, decimals, found.unit),
            )
        )
    if len(found.backtest) and not found.chosen:
        said.append(_("No model did surely better on the known months than “as last month”, so none is shown."))
    if found.chosen:
        mine = found.backtest[found.backtest["model"] == found.chosen]
        naive = found.backtest[found.backtest["model"] == NAIVE]
        less = 100 * (1 - mine["mae"].mean() / naive["mae"].mean())
        words = _("On the known months that model erred {less} % less than “as last month”.")
        said.append(words.format(less=write_number(less, 0)))
    flagged = [why for flag, why in zip(found.flags["flag"], found.flags["why"], strict=True) if flag != KNOWN_BREAK]
    said += flagged
    if flagged:
        said.append(
            _(
                "Such marks take the ups and downs to be normal (Gaussian): where single months stray far by "
                "themselves, more lines get a mark for nothing than the confidence says."
            )
        )
    said.append(
        _(
            "This only carries on the own months of {entity}: it does not say what an action would bring, "
            "and it promises nothing."
        ).format(entity=found.entity)
    )
    return " ".join(said)


def _last_part(series: pd.DataFrame) -> pd.DataFrame:
    """The months of the last part, from the first with a value on."""
    part = series[series["part"] == series["part"].max()]
    return part[part["value"].notna().cumsum() > 0].reset_index(drop=True)


def _line(months: pd.DataFrame) -> Line:
    values = months["value"].to_numpy(dtype=float)
    return Line(values, float(months["top"].iloc[-1]), 0.5 * 10.0 ** -int(months["decimals"].min()))


def _known_breaks(series: pd.DataFrame) -> pd.DataFrame:
    rows = series.loc[series["why"] != "", ["period", "why"]]
    return rows.assign(flag=KNOWN_BREAK).reindex(columns=FLAGS).reset_index(drop=True)


def _flags(months: pd.DataFrame, line: Line, breaks: pd.DataFrame, known: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Known breaks and what was found, earliest first."""
    decimals = int(months["decimals"].min())
    rows = []
    for row in breaks.itertuples():
        period = str(months["period"].iloc[row.month])
        if row.flag == LEVEL_BREAK:
            words = _(
                "From {period} on the level is another: by {size} ({range}), more than its ups and downs explain."
            )
        else:
            words = _("{period} is out of line: by {size} ({range}), more than its ups and downs explain.")
        why = words.format(
            period=write_period(period),
            size=_difference(write_number(row.size, decimals), unit),
            range=write_range(row.conf_low, row.conf_high, decimals),
        )
        rows.append((period, row.flag, row.size, row.conf_low, row.conf_high, row.p_value, why))
    found = pd.DataFrame(rows, columns=FLAGS)
    whole = pd.concat([frame for frame in (known, found) if len(frame)]) if len(known) + len(found) else found
    return whole.sort_values(["period", "flag"], ignore_index=True)


def _refusals(
    rubrics: tuple[Rubric, ...], entity: str, name: str, series: pd.DataFrame, count: int, other: list[str]
) -> Iterator[str]:
    """How many months there are and which, what cut them, what is not of one month, and what would be needed."""
    words = _("{name} of {entity}: comparable months with a figure: {count}; at least {least} are needed.")
    yield words.format(name=name, entity=entity, count=count, least=LEAST_FOR_TREND)
    if len(series):
        months = _last_part(series)
        valued = months.loc[months["value"].notna(), "period"]
        yield _("These are {months}.").format(months=write_list(map(write_period, valued)))
        if gaps := int(months["value"].isna().sum()):
            yield _("Months between them without a figure: {count}.").format(count=gaps)
        for why in series.loc[series["why"] != "", "why"]:
            yield _("Earlier months do not count: {why}").format(why=why)
    yield from other
    if len(series):
        first, last = comparable_span(rubrics, _last_shown(series))
        words = _("More months needed: {count}, from {first} on.")
        if last:
            words = _("More months needed: {count}, of {first} to {last}, as only these can be compared.")
        yield words.format(
            count=LEAST_FOR_TREND - count, first=write_period(first), last=write_period(last) if last else ""
        )


def _notes(
    rubrics: tuple[Rubric, ...], entity: str, series: pd.DataFrame, count: int, beyond: list[str], reached: int
) -> Iterator[str]:
    """What limits what is said."""
    months = _last_part(series)
    if (months["kind"] == "synthetic").any():
        yield _("Some or all of these figures are made up: nothing real is foretold.")
    if count < LEAST_FOR_MODEL:
        words = _("Comparable months with a figure: {count}; to tell a model from chance, at least {least} are needed.")
        yield words.format(count=count, least=LEAST_FOR_MODEL)
    for why in series.loc[series["why"] != "", "why"]:
        yield _("Earlier months do not count: {why}").format(why=why)
    if reached < len(beyond):
        shown = replace(_last_shown(series), period=month_before(beyond[reached]))
        why = " ".join(not_comparable(rubrics, entity, shown, replace(shown, period=beyond[reached])))
        words = _("Nothing is foretold from {period} on: {why}")
        yield words.format(period=write_period(beyond[reached]), why=why)


def _amount(value: float, decimals: int, unit: str) -> str:
    return _with_unit(write_number(value, decimals), unit)


def _span(low: float, high: float, decimals: int, unit: str) -> str:
    return _with_unit(write_range(low, high, decimals), unit)


def _with_unit(number: str, unit: str) -> str:
    return f"{number} %" if unit == "percent" else _("{number} points").format(number=number)


def _difference(number: str, unit: str) -> str:
    words = _("{number} percentage points") if unit == "percent" else _("{number} points")
    return words.format(number=number)


def monthly_series(
    history: pd.DataFrame, rubrics: tuple[Rubric, ...], entity: str, code: str, unit: str = "points"
) -> pd.DataFrame:
    """One figure of one entity month by month, from the first to the last month that has it, both INCLUDED.

    Where a month was published several times, the card that stands counts, as in `history.card`.

    Returns
    -------
    One row a calendar month: `period`; `value` (points or percent, NaN where missing); `top` (the bound: the maximum of
    the rubric in force, 100 for percent; NaN in a missing month that no rubric governs); `decimals` (missing as the
    value is); `part` (0, 1, …: months of different parts are not comparable); `why` (a sentence, in the first month of
    each part but the first; else ""); `as_of`, `day`, `kind`, `file`, `line` of the figure. No row where no month has
    it.

    Raises
    ------
    ParameterError: a unit other than points and percent, or points of something without a maximum.
    UnknownNameError: no figure of the entity at all, or a code that no rubric has.
    """
    rows = _figures(history, rubrics, entity, code, unit)
    rows = rows[(rows["scope"] == "month") & rows["period"].map(is_month)]
    rows = rows[rows["superseded_by"] == ""].sort_values(["period", "file", "line"], kind="stable")
    rows = rows.groupby("period").tail(1)
    if rows.empty:
        return pd.DataFrame(columns=SERIES)
    by_month = rows.set_index("period")
    months = months_between(by_month.index[0], by_month.index[-1])
    frame = by_month.reindex(months)[["value", "decimals", "as_of", "day", "kind", "file", "line"]]
    frame["day"] = frame["day"].ffill()  # a month that is missing is known as the one before it
    frame = frame.fillna({"as_of": "", "kind": "", "file": ""}).astype({"decimals": "Int64", "line": "Int64"})
    known = [Shown(month, day) for month, day in zip(months, frame["day"], strict=True)]
    why = ["", *(" ".join(not_comparable(rubrics, entity, *both)) for both in pairwise(known))]
    frame = frame.assign(top=[_top(rubrics, month.ruled, code, unit) for month in known], why=why)
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

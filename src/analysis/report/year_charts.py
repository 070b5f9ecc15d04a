"""How do the years look as a picture? As `charts`: result frame → picture, the title states the finding."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from analysis.language import _, write_number, write_period
from analysis.report.charts import LEAST
from analysis.report.drawing import GRID, INK, MUTED, SMALL, WIDE, axes, below, finished, fitted, wrapped
from analysis.report.figures import COLOURS
from analysis.scorecards.history import TOTAL


def course_of_years(years: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Total and groups of each year (`years.years`, with `doubt`): bars in one row, a line across it at each break.

    Years whose figures may be those of a part of the province alone are hatched.
    """
    periods = list(dict.fromkeys(years["period"]))
    ax = ax or axes(7.5)
    totals = years[years["code"] == TOTAL].set_index("period")
    in_all = years.groupby("code")["period"].transform("nunique") == len(periods)
    scores = years[(years["code"] != TOTAL) & (in_all if (in_all & (years["code"] != TOTAL)).any() else True)]
    order = {code: place for place, code in enumerate(dict.fromkeys(scores["code"]))}
    for place, period in enumerate(periods):
        rows, left = scores[scores["period"] == period], 0.0
        rows = rows.sort_values("code", key=lambda codes: codes.map(order))
        for row in rows.itertuples():
            hatch = "///" if row.doubt else ""
            colour = COLOURS.get(row.code, MUTED)
            ax.bar(place, row.value, 0.62, left, color=colour, hatch=hatch, edgecolor="white", linewidth=0.8)
            left += row.value
        total = totals.loc[period]
        if rows.empty:
            ax.bar(place, total["value"], color=MUTED, width=0.62, edgecolor="white")
        words = write_number(total["value"], int(total["decimals"]))
        if not pd.isna(total["place"]):
            words += "\n" + _("rank {place}/{of}").format(
                place=write_number(total["place"], 0), of=write_number(total["of"], 0)
            )
        at = (place, max(left, total["value"]))
        ax.annotate(words, at, xytext=(0, 4), textcoords="offset points", ha="center", fontsize=SMALL)
    for place in (number for number, period in enumerate(periods) if totals.loc[period, "why"]):
        ax.axvline(place - 0.5, color=COLOURS["satisfaction"], linestyle=":", linewidth=1.8)
    so_far = [_("{year}\nto date").format(year=period) for period in periods]
    whole = totals["scope"] == "year"
    ax.set_xticks(range(len(periods)), [p if whole[p] else said for p, said in zip(periods, so_far, strict=True)])
    ax.set_ylim(0, 118)
    ax.set_yticks(range(0, 101, 25))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _place: write_number(value, 0)))
    ax.set_ylabel(_("points"))
    sns.despine(ax=ax)
    handles: list[Any] = [
        Patch(color=COLOURS.get(row.code, MUTED), label=wrapped(row.name, 26))
        for row in scores.drop_duplicates("code").itertuples()
    ]
    if (totals["why"] != "").any():
        handles.append(
            Line2D(
                [], [], color=COLOURS["satisfaction"], linestyle=":", linewidth=1.8, label=_("not comparable across")
            )
        )
    if years["doubt"].any():
        words = _("before the merger: whole or part, not known")
        handles.append(Patch(facecolor=MUTED, edgecolor="white", hatch="///", label=wrapped(words, 30)))
    below(ax, handles)
    of_part = totals.groupby("part", sort=False)["part"].transform("size")
    longest = totals[of_part == of_part.max()]
    first, last = longest.iloc[0], longest.iloc[-1]
    title = _("Total of {first}: {before}").format(first=longest.index[0], before=write_number(first["value"], 2))
    if len(longest) > 1:
        title = _("Under one rule the total went from {before} in {first} to {after} in {last}").format(
            first=longest.index[0],
            before=write_number(first["value"], int(first["decimals"])),
            last=longest.index[-1],
            after=write_number(last["value"], int(last["decimals"])),
        )
    return fitted(ax, title)


def rises_side_by_side(rises: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """How far the total of each entity moved from one year to another, by group (`years.rises`); highest rise first."""
    totals = rises[rises["code"] == TOTAL]
    groups = rises[rises["code"] != TOTAL]
    ax = ax or axes(max(0.42 * len(totals), LEAST), WIDE)
    for place, total in enumerate(totals.itertuples()):
        ends = {True: 0.0, False: 0.0}
        for row in groups[groups["entity"] == total.entity].itertuples():
            up = row.change >= 0
            ax.barh(
                place, row.change, 0.7, ends[up], color=COLOURS.get(row.code, MUTED), edgecolor="white", linewidth=0.5
            )
            ends[up] += row.change
        at = (max(ends[True], 0.0), place)
        text = write_number(total.change, 2)
        ax.annotate(text, at, xytext=(4, 0), textcoords="offset points", va="center", fontsize=SMALL)
    ax.axvline(0, color=INK, linewidth=0.8)
    ax.set_yticks(range(len(totals)), totals["entity"], fontsize=SMALL)
    ax.invert_yaxis()
    ax.margins(x=0.12, y=0.01)
    handles = [
        Patch(color=COLOURS.get(row.code, MUTED), label=wrapped(row.name, 26))
        for row in groups.drop_duplicates("code").itertuples()
    ]
    below(ax, handles, 2)
    first = totals.iloc[0]
    title = _("{entity} rose most, by {change} points").format(
        entity=first["entity"], change=write_number(first["change"], 2)
    )
    return finished(ax, title, _("points"))


def spread_by_year(spread: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Through which groups totals differed, year by year (`panel.spread_by_year`): bars that sum to 100 %."""
    periods = list(dict.fromkeys(spread["period"]))
    ax = ax or axes(max(len(periods), LEAST), WIDE)
    for place, period in enumerate(periods):
        ends = {True: 0.0, False: 0.0}
        for row in spread[spread["period"] == period].itertuples():
            up, share = row.share >= 0, 100 * row.share
            ax.barh(place, share, 0.6, ends[up], color=COLOURS.get(row.code, MUTED), edgecolor="white", linewidth=0.8)
            if share >= 8:
                at = (ends[up] + share / 2, place)
                ax.annotate(write_number(share, 0), at, ha="center", va="center", color="white", fontsize=SMALL)
            ends[up] += share
    ax.axvline(0, color=INK, linewidth=0.8)
    ax.set_yticks(range(len(periods)), [write_period(period) for period in periods])
    ax.invert_yaxis()
    handles = [
        Patch(color=COLOURS.get(row.code, MUTED), label=wrapped(row.name, 26))
        for row in spread.drop_duplicates("code").itertuples()
    ]
    below(ax, handles, 2)
    last = spread[spread["period"] == periods[-1]]
    most = last.loc[last["share"].idxmax()]
    title = _("In {year} totals differ most through {name}").format(year=periods[-1], name=most["name"])
    return finished(ax, title, _("percent of the variance of totals"))


def rank_paths(places: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The rank of each entity year by year (`panel.places`), its own in colour; no line from a whole year to a part."""
    periods = list(dict.fromkeys(places["period"]))
    wide = places.pivot(index="entity", columns="period", values="place")[periods]
    own = str(places.loc[places["own"], "entity"].iloc[0])
    whole = places.groupby("period")["scope"].first()
    ax = ax or axes(0.33 * len(wide), WIDE)
    for entity, row in wide.iterrows():
        mine = entity == own
        style: dict[str, Any] = {"color": COLOURS["transparency"] if mine else GRID, "zorder": 3 if mine else 1}
        for (left, before), (right, after) in pairwise(enumerate(periods)):
            if whole[before] == whole[after]:
                ax.plot((left, right), (row[before], row[after]), linewidth=2.5 if mine else 1.2, **style)
        ax.plot(range(len(periods)), row, "o", markersize=6 if mine else 4, **style)
        for place, period in enumerate(periods) if mine else ():
            if not pd.isna(row[period]):
                at, text = (place, row[period]), write_number(row[period], 0)
                ax.annotate(text, at, xytext=(0, 7), textcoords="offset points", ha="center", fontweight="bold")
    for place, names in wide[periods[-1]].dropna().groupby(wide[periods[-1]]):
        at, said = (len(periods) - 1, float(str(place))), ", ".join(map(str, names.index))
        bold = "bold" if own in names.index else "normal"
        ax.annotate(said, at, xytext=(8, 0), textcoords="offset points", va="center", fontsize=SMALL, fontweight=bold)
    names = [period if whole[period] == "year" else _("{year}\nto date").format(year=period) for period in periods]
    ax.set_xticks(range(len(periods)), names)
    ax.margins(x=0.02, y=0.03)
    ax.invert_yaxis()
    ax.set_ylabel(_("rank"))
    sns.despine(ax=ax)
    path = " → ".join("?" if pd.isna(place) else write_number(place, 0) for place in wide.loc[own])
    return fitted(ax, _("{entity}: rank {path}").format(entity=own, path=path))

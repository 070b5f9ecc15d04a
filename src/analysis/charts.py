"""How do the results of a report look? Result frame → picture. Knows no rubric.

Every chart takes `ax=None` and returns the Axes; its title states the finding; a group has the same colour everywhere.
"""

from __future__ import annotations

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from analysis.drawing import GRID, INK, MUTED, axes, colours, finished, fitted, wrapped
from analysis.figures import COLOURS
from analysis.language import _, write_number, write_period, write_range
from analysis.scorecards.periods import is_month


def loss_by_group(by_group: pd.DataFrame, title: str = "", ax: Axes | None = None) -> Axes:
    """Points lost by each group, longest bar first; a thin line where the score is not printed: what it may be."""
    ax = ax or axes(len(by_group))
    rows = by_group.assign(label=[wrapped(name) for name in by_group["name"]])
    ax.barh(rows["label"], rows["lost"], color=colours(rows), height=0.62)
    hidden = rows[rows["lost"].isna()]
    ax.hlines(hidden.index, hidden["lost_low"], hidden["lost_high"], color=INK, linewidth=1.5)
    for place, row in enumerate(rows.itertuples()):
        text = (
            write_range(row.lost_low, row.lost_high, 1) if pd.isna(row.lost) else write_number(row.lost, row.decimals)
        )
        ax.annotate(text, (row.lost_high, place), xytext=(5, 0), textcoords="offset points", va="center")
    ax.invert_yaxis()
    ax.set_xlim(0, max(rows["lost_high"].max() * 1.3, 1))
    first, rest = rows.iloc[0], rows.iloc[1:]
    finding = _("Points lost by group")
    if first["lost_low"] >= rest["lost_high"].max():
        lost = write_range(first["lost_low"], first["lost_high"], 1)
        if pd.notna(first["lost"]):
            lost = write_number(first["lost"], first["decimals"])
        finding = _("{name} lost most: {lost} points").format(name=first["name"], lost=lost)
    return finished(ax, title or finding, _("points"))


def achieved_against_maximum(by_group: pd.DataFrame, title: str = "", ax: Axes | None = None) -> Axes:
    """Score (filled) inside the maximum (outline) of each group, in the same order as the losses."""
    ax = ax or axes(len(by_group))
    rows = by_group.assign(label=[wrapped(name) for name in by_group["name"]])
    ax.barh(rows["label"], rows["max"], color="white", edgecolor=MUTED, linewidth=1, height=0.62)
    ax.barh(rows["label"], rows["score"], color=colours(rows), height=0.62)
    for place, row in enumerate(rows.itertuples()):
        score = "?" if pd.isna(row.score) else write_number(row.score, row.decimals)
        text = f"{score}/{write_number(row.max, 0)}"
        ax.annotate(text, (row.max, place), xytext=(5, 0), textcoords="offset points", va="center")
    ax.invert_yaxis()
    ax.set_xlim(0, rows["max"].max() * 1.32)
    finding = _("No group has a published score")
    for least in rows.sort_values("achieved").head(1).itertuples():
        if pd.notna(least.achieved):
            finding = _("{name} achieved least: {share} % of its maximum").format(
                name=least.name, share=write_number(100 * least.achieved, 0)
            )
    return finished(ax, title or finding, _("points"))


def gain_ranges(gained: pd.DataFrame, title: str = "", ax: Axes | None = None) -> Axes:
    """The gain of each lever as a range of rules: a bar from the lowest to the highest, never a midpoint alone."""
    ax = ax or axes(len(gained))
    labels = [wrapped(name) for name in gained["name"]]
    ax.barh(
        labels,
        gained["gain_high"] - gained["gain_low"],
        left=gained["gain_low"],
        color=COLOURS["transparency"],
        edgecolor=COLOURS["transparency"],
        linewidth=2,
        height=0.5,
    )
    for place, row in enumerate(gained.itertuples()):
        text = write_range(row.gain_low, row.gain_high, 2)
        ax.annotate(text, (row.gain_high, place), xytext=(5, 0), textcoords="offset points", va="center")
    ax.invert_yaxis()
    ax.set_xlim(0, max(gained["gain_high"].max() * 1.9, 1))
    last = gained.iloc[-1]
    finding = _("{name}: {gain} points more").format(
        name=last["name"], gain=write_range(last["gain_low"], last["gain_high"], 2)
    )
    return finished(ax, title or finding, _("points"))


def history_of_totals(past: pd.DataFrame, title: str = "", ax: Axes | None = None) -> Axes:
    """Published totals by month; months without a total stay empty, and points across a gap are not joined."""
    ax = ax or axes(4)
    months = past[past["period"].map(is_month)]
    number = [12 * int(period[:4]) + int(period[5:]) for period in months["period"]]
    rows = months.assign(number=number, run=(pd.Series(number, index=months.index).diff() != 1).cumsum())
    for _run, points in rows.groupby("run"):
        ax.plot(points["number"], points["value"], color=COLOURS["transparency"], marker="o", linewidth=2)
    for row in rows.itertuples():
        text = write_number(row.value, row.decimals)
        ax.annotate(text, (row.number, row.value), xytext=(0, 9), textcoords="offset points", ha="center")
    ax.set_ylim(0, 105)
    ax.margins(x=0.22)
    ax.set_xticks(rows["number"], [wrapped(write_period(period), 10) for period in rows["period"]])
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _place: write_number(value, 0)))
    ax.set_ylabel(_("points"))
    ax.grid(axis="y", color=GRID, linewidth=0.6)
    sns.despine(ax=ax)
    finding = _("No month has a published total") if rows.empty else _("Published totals by month")
    return fitted(ax, title or finding)

"""How do the results look? Result frame → picture. Knows no rubric.

Every chart takes `ax=None` and returns the Axes; its title states the finding; a group has the same colour everywhere.
Pictures have a white ground and dark text, so that they read alike on a dark page and on paper.
"""

from __future__ import annotations

import base64
import io
import re
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from analysis.figures import COLOURS, Html
from analysis.vietnamese import _, is_month, write_number, write_period, write_range

INK, MUTED, GRID = "#1a1a1a", "#595959", "#d0d0d0"
WIDTH = 4.6
SIZE = 12
STRIP = 0.65  # inches below a picture, for the label of simulated figures

sns.set_theme(
    style="white",
    rc={
        "font.family": ["DejaVu Sans", "sans-serif"],
        "font.size": SIZE,
        "axes.titlesize": SIZE,
        "axes.labelsize": SIZE,
        "xtick.labelsize": SIZE,
        "ytick.labelsize": SIZE,
        "axes.edgecolor": MUTED,
        "text.color": INK,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "svg.fonttype": "none",
        "svg.hashsalt": "scorecard",
        "axes.unicode_minus": True,
    },
)


def loss_by_group(by_group: pd.DataFrame, title: str = "", ax: Axes | None = None) -> Axes:
    """Points lost by each group, longest bar first; a thin line where the score is not printed: what it may be."""
    ax = ax or _axes(len(by_group))
    rows = by_group.assign(label=[_wrapped(name) for name in by_group["name"]])
    sns.barplot(
        rows, x="lost", y="label", hue="label", palette=_palette(rows), legend=False, ax=ax, width=0.62, saturation=1
    )
    hidden = rows[rows["lost"].isna()]
    ax.hlines(hidden.index, hidden["lost_low"], hidden["lost_high"], color=INK, linewidth=1.5)
    for place, row in enumerate(rows.itertuples()):
        text = (
            write_range(row.lost_low, row.lost_high, 1) if pd.isna(row.lost) else write_number(row.lost, row.decimals)
        )
        ax.annotate(text, (row.lost_high, place), xytext=(5, 0), textcoords="offset points", va="center")
    ax.set_xlim(0, max(rows["lost_high"].max() * 1.3, 1))
    first, rest = rows.iloc[0], rows.iloc[1:]
    finding = _("Points lost by group")
    if first["lost_low"] >= rest["lost_high"].max():
        lost = write_range(first["lost_low"], first["lost_high"], 1)
        if pd.notna(first["lost"]):
            lost = write_number(first["lost"], first["decimals"])
        finding = _("{name} lost most: {lost} points").format(name=first["name"], lost=lost)
    return _finished(ax, title or finding, _("points"))


def achieved_against_maximum(by_group: pd.DataFrame, title: str = "", ax: Axes | None = None) -> Axes:
    """Score (filled) inside the maximum (outline) of each group, in the same order as the losses."""
    ax = ax or _axes(len(by_group))
    rows = by_group.assign(label=[_wrapped(name) for name in by_group["name"]])
    sns.barplot(rows, x="max", y="label", color="white", edgecolor=MUTED, linewidth=1, ax=ax, width=0.62)
    sns.barplot(
        rows, x="score", y="label", hue="label", palette=_palette(rows), legend=False, ax=ax, width=0.62, saturation=1
    )
    for place, row in enumerate(rows.itertuples()):
        score = "?" if pd.isna(row.score) else write_number(row.score, row.decimals)
        text = f"{score}/{write_number(row.max, 0)}"
        ax.annotate(text, (row.max, place), xytext=(5, 0), textcoords="offset points", va="center")
    ax.set_xlim(0, rows["max"].max() * 1.32)
    finding = _("No group has a published score")
    for least in rows.sort_values("achieved").head(1).itertuples():
        if pd.notna(least.achieved):
            finding = _("{name} achieved least: {share} % of its maximum").format(
                name=least.name, share=write_number(100 * least.achieved, 0)
            )
    return _finished(ax, title or finding, _("points"))


def gain_ranges(gained: pd.DataFrame, title: str = "", ax: Axes | None = None) -> Axes:
    """The gain of each lever as a range of rules: a bar from the lowest to the highest, never a midpoint alone."""
    ax = ax or _axes(len(gained))
    labels = [_wrapped(name) for name in gained["name"]]
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
    return _finished(ax, title or finding, _("points"))


def history_of_totals(past: pd.DataFrame, title: str = "", ax: Axes | None = None) -> Axes:
    """Published totals by month; months without a total stay empty, and points across a gap are not joined."""
    ax = ax or _axes(4)
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
    ax.set_xticks(rows["number"], [_wrapped(write_period(period), 10) for period in rows["period"]])
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _place: write_number(value, 0)))
    ax.set_ylabel(_("points"))
    ax.grid(axis="y", color=GRID, linewidth=0.6)
    sns.despine(ax=ax)
    finding = _("No month has a published total") if rows.empty else _("Published totals by month")
    return _fitted(ax, title or finding)


def picture(ax: Axes, text: str, source: str, label: str = "") -> Html:
    """The chart as a figure that needs no other file: SVG, with its words for those who do not see it.

    `label` is that of simulated figures (`Figures.label`); it stands in the picture itself.
    """
    figure: Any = ax.figure
    if label:
        stamp(figure, label)
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    svg = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>", "", file.getvalue(), flags=re.S).strip()
    data = base64.b64encode(svg.encode()).decode()
    width, height = (round(96 * inches) for inches in figure.get_size_inches())
    return Html(
        '<figure class="chart"><img src="data:image/svg+xml;base64,{data}" width="{width}" height="{height}" '
        'alt="{alt}"><figcaption>{source}</figcaption></figure>'
    ).format(data=data, width=width, height=height, alt=text, source=source)


def stamp(figure: Any, label: str) -> None:
    """A label that goes where the picture goes, in a strip of its own below it."""
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + STRIP)
    figure.tight_layout(rect=(0, STRIP / (height + STRIP), 1, 1))
    look = {"facecolor": "white", "edgecolor": INK, "linestyle": "--"}
    figure.text(
        0.5,
        STRIP / (height + STRIP) / 2,
        label.replace(" – ", " –\n"),
        ha="center",
        va="center",
        weight="bold",
        bbox=look,
    )


def _fitted(ax: Axes, title: str) -> Axes:
    """The title from the left edge of the picture, and margins in which every word fits."""
    figure: Any = ax.figure
    figure.suptitle(_wrapped(title, 40), x=0.02, ha="left", fontsize=SIZE, fontweight="bold")
    figure.tight_layout()
    return ax


def _axes(bars: int) -> Axes:
    _figure, ax = plt.subplots(figsize=(WIDTH, 1.5 + 0.6 * bars))
    return ax


def _palette(rows: pd.DataFrame) -> dict[str, str]:
    return {label: COLOURS.get(code, MUTED) for label, code in zip(rows["label"], rows["code"], strict=True)}


def _wrapped(words: str, width: int = 18) -> str:
    lines = [""]
    for word in words.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def _finished(ax: Axes, title: str, unit: str) -> Axes:
    ax.set(ylabel="", xlabel=unit)
    ax.tick_params(left=False)
    ax.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _place: write_number(value, 0 if value == int(value) else 1))
    )
    sns.despine(ax=ax, left=True)
    ax.grid(axis="x", color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    return _fitted(ax, title)

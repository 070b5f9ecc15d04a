"""What do all our pictures have in common? One theme, one way to finish a chart, to show it, and to save it.

Pictures have a white ground and dark text, so that they read alike on a dark page and on paper. Their letters are text,
in fonts that have every Vietnamese one.
"""

from __future__ import annotations

import base64
import io
import re
import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib
import pandas as pd
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import TightLayoutEngine
from matplotlib.ticker import FuncFormatter
from matplotlib.transforms import offset_copy

from analysis.language import write_number
from analysis.report.figures import COLOURS

INK, MUTED, GRID = "#1a1a1a", "#595959", "#d0d0d0"
WIDTH, WIDE = 4.6, 6.4  # inches: in a report, in a notebook
SIZE, SMALL = 12, 9
STRIP = 0.65  # inches below a picture, for the label of simulated figures
LEGEND_DOWN = 44  # points, under the unit of the axis
DOTS = 200  # of a saved PNG, per inch
matplotlib.rcdefaults()  # no file of the user, or of the folder we are in, changes our pictures
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


def svg(ax: Axes, label: str = "") -> dict[str, Any]:
    """The chart as SVG that needs no other file: `data` (base64), `width` and `height` in pixels.

    `label` is that of simulated figures (`Figures.label`); it stands in the picture itself.
    """
    figure: Any = ax.figure
    if label:
        frame = {"facecolor": "white", "edgecolor": INK, "linestyle": "--"}
        _foot(figure, STRIP, label.replace(" – ", " –\n"), x=0.5, ha="center", weight="bold", bbox=frame)
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    drawn = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>", "", file.getvalue(), flags=re.S).strip()
    width, height = (round(96 * inches) for inches in figure.get_size_inches())
    return {"data": base64.b64encode(drawn.encode()).decode(), "width": width, "height": height}


def finding(ax: Axes) -> str:
    """The title of a chart as one line: what it finds."""
    figure: Any = ax.figure
    return " ".join(figure.get_suptitle().split())


def as_files(ax: Axes, source: str, label: str = "") -> dict[str, bytes]:
    """The chart as `svg` and `png`, with its source line under it.

    `label` is that of simulated figures; it comes first in that line, in bold.
    """
    figure: Any = ax.figure
    words = wrapped(f"{label}. {source}" if label else source, 62)
    room = 0.2 + 0.16 * (words.count("\n") + 1)
    weight = "bold" if label else "normal"
    _foot(figure, room, words, x=0.02, ha="left", fontsize=SMALL, color=MUTED, weight=weight, linespacing=1.2)
    files = {}
    for form, settings in (("svg", {"Date": None, "Creator": None}), ("png", {"Software": None})):
        file = io.BytesIO()
        figure.savefig(file, format=form, metadata=settings, dpi=DOTS)
        files[form] = file.getvalue()
    return files


def _foot(figure: Any, room: float, words: str, **look: Any) -> None:
    """Words that go where the picture goes, in a strip of its own below it, `room` inches high; what is there stays."""
    width, height = figure.get_size_inches()

    def raised(share: float) -> float:
        return float((share * height + room) / (height + room))

    figure.set_size_inches(width, height + room)
    figure.subplots_adjust(bottom=raised(figure.subplotpars.bottom), top=raised(figure.subplotpars.top))
    for text in figure.texts:
        text.set_y(raised(text.get_position()[1]))
    figure.text(y=room / (height + room) / 2, s=words, va="center", **look)


def fitted(ax: Axes, title: str) -> Axes:
    """The title from the left edge of the picture, and margins in which every word fits."""
    figure: Any = ax.figure
    figure.suptitle(wrapped(title, 40), x=0.02, ha="left", fontsize=SIZE, fontweight="bold")
    TightLayoutEngine().execute(figure)  # its own method leaves an engine behind, for which saving draws twice
    return ax


def axes(bars: float, width: float = WIDTH) -> Axes:
    """An empty chart with room for horizontal bars."""
    return Figure(figsize=(width, 1.5 + 0.6 * bars)).subplots()  # not pyplot's, which a notebook would show once more


def below(ax: Axes, handles: Sequence[Artist] | None = None, columns: int = 1) -> None:
    """The legend under the chart, from the left edge of its axes."""
    handles = ax.get_legend_handles_labels()[0] if handles is None else handles
    figure: Any = ax.figure
    place = offset_copy(ax.transAxes, figure, y=-LEGEND_DOWN, units="points")
    ax.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0, 0), bbox_transform=place, frameon=False, ncols=columns
    )


def colours(rows: pd.DataFrame) -> list[str]:
    """The colour of each group, by its `code`."""
    return [COLOURS.get(code, MUTED) for code in rows["code"]]


def wrapped(words: str, width: int = 18) -> str:
    """Words over lines of at most so many characters, unless a word is longer."""
    return textwrap.fill(words, width, break_long_words=False, break_on_hyphens=False)


def finished(ax: Axes, title: str, unit: str) -> Axes:
    """Horizontal bars with their title, unit and grid."""
    ax.set(ylabel="", xlabel=unit)
    ax.tick_params(left=False)
    ax.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _place: write_number(value, 0 if value == int(value) else 1))
    )
    sns.despine(ax=ax, left=True)
    ax.grid(axis="x", color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    return fitted(ax, title)

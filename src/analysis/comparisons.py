"""How do months and indicators look side by side? Result frame → picture, for the explorer. Knows no rubric.

A range over rules is a pale bar behind or after the sure part; what cannot be told apart is hatched.
"""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from analysis.drawing import INK, MUTED, WIDE, axes, below, finished, wrapped
from analysis.figures import COLOURS
from analysis.vietnamese import _, write_number, write_range

MARKERS = ("o", "D", "s", "^", "v", "P")
PALE = 0.35


def lost_by_indicator(by_indicator: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Points lost by each indicator: the sure part full, what the rules leave open pale (`losses_by_indicator`).

    The indicators that may have lost most come first; at most twelve.
    """
    rows = by_indicator.sort_values(["lost_high", "lost_low"], ascending=False, kind="stable").head(12)
    rows = rows[rows["lost_high"] > 0].reset_index(drop=True)
    ax = ax or axes(len(rows), WIDE)
    for place, row in enumerate(rows.itertuples()):
        colour = COLOURS.get(row.group, MUTED)
        ax.barh(place, row.lost_low, color=colour, height=0.6)
        ax.barh(place, row.lost_high - row.lost_low, left=row.lost_low, color=colour, alpha=PALE, height=0.6)
        text = write_range(row.lost_low, row.lost_high, 2)
        ax.annotate(text, (row.lost_high, place), xytext=(5, 0), textcoords="offset points", va="center")
    ax.set_yticks(range(len(rows)), [wrapped(name, 26) for name in rows["name"]])
    ax.invert_yaxis()
    ax.set_xlim(0, max(rows["lost_high"].max() * 1.5, 1) if len(rows) else 1)
    below(ax, [Patch(color=MUTED, label=_("surely lost")), Patch(color=MUTED, alpha=PALE, label=_("may be lost"))])
    finding = _("No indicator lost points")
    if len(rows):
        surest = rows.loc[rows["lost_low"].idxmax()]
        finding = _("{name} surely lost {lost} points or more").format(
            name=surest["name"], lost=write_number(surest["lost_low"], 2)
        )
    return finished(ax, finding, _("points"))


def cards_side_by_side(cards: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Points lost by each group in several cards: a mark a card, a line where the score is not printed.

    `cards` has one row a card and group: `card` (its name), `code`, `name`, `lost` (may be missing), `lost_low`,
    `lost_high`.
    """
    names = list(dict.fromkeys(cards["name"]))
    ax = ax or axes(len(names), WIDE)
    labels = list(dict.fromkeys(cards["card"]))
    step = 0.6 / max(len(labels), 2)
    for number, label in enumerate(labels):
        marker, shade = MARKERS[number % len(MARKERS)], INK if number == 0 else MUTED
        rows = cards[cards["card"] == label]
        places = [
            names.index(row.name) + step * (number - (len(labels) - 1) / 2) for row in rows.itertuples(index=False)
        ]
        ax.hlines(places, rows["lost_low"], rows["lost_high"], color=shade, linewidth=2)
        colours = [COLOURS.get(code, MUTED) for code in rows["code"]]
        ax.scatter(rows["lost"], places, c=colours, marker=marker, s=64, edgecolor=shade, zorder=3, clip_on=False)
        ax.scatter([], [], color="white", edgecolor=shade, marker=marker, s=64, label=label)
    ax.set_yticks(range(len(names)), [wrapped(name) for name in names])
    ax.invert_yaxis()
    ax.set_xlim(left=0)
    ax.margins(x=0.12)
    below(ax)
    return finished(ax, _("Points lost by group: {cards}").format(cards="; ".join(labels)), _("points"))


def change_steps(moved: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The bridge of `changes.change_bridge`: each part begins where the last one ended; hatched if not performance."""
    parts = moved[moved["value"].abs() > 0].reset_index(drop=True)
    ax = ax or axes(len(parts) + 1, WIDE)
    start = 0.0
    for place, row in enumerate(parts.itertuples()):
        hatch = "" if row.effect == "performance" else "///"
        colour = COLOURS.get(row.group, MUTED)
        ax.barh(
            place,
            row.value,
            left=start,
            height=0.6,
            facecolor=colour if not hatch else "white",
            edgecolor=colour,
            hatch=hatch,
        )
        end = max(start, start + row.value)
        ax.annotate(_signed(row.value), (end, place), xytext=(5, 0), textcoords="offset points", va="center")
        start += row.value
    ax.barh(len(parts), start, height=0.6, color=INK)
    ax.annotate(_signed(start), (max(start, 0), len(parts)), xytext=(5, 0), textcoords="offset points", va="center")
    ax.axvline(0, color=MUTED, linewidth=1)
    ax.set_yticks(range(len(parts) + 1), [*(wrapped(name, 22) for name in parts["name"]), _("Change of the total")])
    ax.invert_yaxis()
    ax.margins(x=0.2)
    kinds = (
        [Patch(facecolor=MUTED, label=_("performance, if one rule held"))] if _some(parts, "performance", True) else []
    )
    if _some(parts, "performance", False):
        kinds.append(
            Patch(facecolor="white", edgecolor=MUTED, hatch="///", label=_("cannot be told apart, or not performance"))
        )
    below(ax, kinds)
    return finished(ax, _("The total changed by {change} points").format(change=_signed(start)), _("points"))


def _some(parts: pd.DataFrame, effect: str, present: bool) -> bool:
    return bool(((parts["effect"] == effect) == present).any())


def _signed(value: float) -> str:
    words = write_number(value, 2)
    return f"+{words}" if value > 0 else words

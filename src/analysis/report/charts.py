"""How does each result look as a picture? Result frame → picture. Knows no rubric.

Every chart takes `ax=None` and returns the Axes; its title states the finding; a group has the same colour everywhere.
"""

from __future__ import annotations

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from analysis.language import _, write_number, write_period, write_range
from analysis.report.drawing import GRID, INK, MUTED, WIDE, axes, below, colours, finished, fitted, wrapped
from analysis.report.figures import COLOURS
from analysis.scorecards.history import TOTAL
from analysis.scorecards.periods import is_month

MARKERS = ("o", "D", "s", "^", "v", "P")
PALE = 0.35
LEAST = 2  # bars that a picture has room for, so that a legend fits under it


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


def lost_by_indicator(by_indicator: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Points lost by each indicator: the sure part full, what the rules leave open pale (`losses_by_indicator`).

    The indicators that may have lost most come first; at most twelve.
    """
    rows = by_indicator.sort_values(["lost_high", "lost_low"], ascending=False, kind="stable").head(12)
    rows = rows[rows["lost_high"] > 0].reset_index(drop=True)
    ax = ax or axes(max(len(rows), LEAST), WIDE)
    for place, row in enumerate(rows.itertuples()):
        colour = COLOURS.get(row.group, MUTED)
        ax.barh(place, row.lost_low, color=colour, height=0.6)
        ax.barh(place, row.lost_high - row.lost_low, left=row.lost_low, color=colour, alpha=PALE, height=0.6)
        text = write_range(row.lost_low, row.lost_high, 2)
        ax.annotate(text, (row.lost_high, place), xytext=(5, 0), textcoords="offset points", va="center")
    ax.set_yticks(range(len(rows)), [wrapped(name, 26) for name in rows["name"]])
    ax.invert_yaxis()
    ax.set_xlim(0, max(rows["lost_high"].max() * 1.5, 1) if len(rows) else 1)
    below(
        ax,
        [
            Patch(color=MUTED, label=_("lost under every documented rule that fits")),
            Patch(color=MUTED, alpha=PALE, label=_("may be lost")),
        ],
    )
    finding = _("No indicator lost points")
    if len(rows):
        surest = rows.loc[rows["lost_low"].idxmax()]
        finding = _("What each indicator lost is mostly open: too few rates are published")
    if len(rows) and rows["lost_low"].sum() >= rows["lost_high"].sum() / 3:
        finding = _("{name} lost {lost} points or more under every documented rule that fits").format(
            name=surest["name"], lost=write_number(surest["lost_low"], 2)
        )
    return finished(ax, finding, _("points"))


def cards_side_by_side(cards: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Points lost by each group in several cards: a mark a card, a line where the score is not printed.

    `cards` has one row a card and group: `card` (its name), `code`, `name`, `lost` (may be missing), `lost_low`,
    `lost_high`.
    """
    names = list(dict.fromkeys(cards["name"]))
    ax = ax or axes(max(len(names), LEAST), WIDE)
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
    ax.set_yticks(range(len(names)), [wrapped(name, 26) for name in names])
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
    ax.set_yticks(range(len(parts) + 1), [*(wrapped(name, 26) for name in parts["name"]), _("Change of the total")])
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


def standing(positions: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Where one province stands in each group (`peers.positions`): the middle half of all pale, their median a line.

    Everything in percent of the maximum, so that groups of different worth can be read on one axis.
    """
    rows = positions[(positions["level"] == "group") & positions["value"].notna()].reset_index(drop=True)
    ax = ax or axes(max(len(rows), LEAST), WIDE)
    for place, row in enumerate(rows.itertuples()):
        colour, part = COLOURS.get(row.code, MUTED), 100 / row.max
        width = part * (row.upper_quarter - row.lower_quarter)
        ax.barh(place, width, left=part * row.lower_quarter, color=colour, alpha=PALE, height=0.5)
        ax.vlines(part * row.median, place - 0.3, place + 0.3, color=INK, linewidth=1.5)
        ax.scatter(part * row.value, place, color=colour, edgecolor=INK, marker="D", s=64, zorder=3, clip_on=False)
        ranked = write_range(row.place_best, row.place_worst, 0)
        text = _("rank {rank} of {of}").format(rank=ranked, of=write_number(row.of, 0))
        ax.annotate(text, (102, place), va="center", annotation_clip=False)
    ax.set_yticks(range(len(rows)), [wrapped(name, 26) for name in rows["name"]])
    ax.invert_yaxis()
    ax.set_xlim(0, 100)
    below(
        ax,
        [
            Line2D([], [], color="white", markeredgecolor=INK, marker="D", markersize=8, label=_("this province")),
            Patch(color=MUTED, alpha=PALE, label=_("the middle half of all")),
            Line2D([], [], color=INK, linewidth=1.5, label=_("median")),
        ],
    )
    title = _("No score of a group is published")
    if len(rows):
        worst = rows.loc[rows["quantile_high"].idxmin()]
        title = _("Lowest-ranked group: {name}, {rank} of {of}").format(
            name=worst["name"],
            rank=write_range(worst["place_best"], worst["place_worst"], 0),
            of=write_number(worst["of"], 0),
        )
    return finished(ax, title, _("percent of the maximum"))


def beside_alike(alike: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The score of each group (`peers.against_alike`) beside those of about as many dossiers: range and median."""
    rows = alike[alike["code"] != TOTAL].reset_index(drop=True)
    ax = ax or axes(max(len(rows), LEAST), WIDE)
    for place, row in enumerate(rows.itertuples()):
        colour = COLOURS.get(row.code, MUTED)
        ax.hlines(place, row.alike_lowest, row.alike_highest, color=colour, alpha=PALE, linewidth=9)
        ax.vlines(row.alike_median, place - 0.3, place + 0.3, color=INK, linewidth=1.5)
        ax.scatter(row.value, place, color=colour, edgecolor=INK, marker="D", s=64, zorder=3, clip_on=False)
    ax.set_yticks(range(len(rows)), [wrapped(name, 26) for name in rows["name"]])
    ax.invert_yaxis()
    ax.set_xlim(left=0)
    below(
        ax,
        [
            Line2D([], [], color="white", markeredgecolor=INK, marker="D", markersize=8, label=_("this province")),
            Line2D([], [], color=MUTED, alpha=PALE, linewidth=9, label=_("the others alike, lowest to highest")),
            Line2D([], [], color=INK, linewidth=1.5, label=_("median of the others alike")),
        ],
    )
    total = alike[alike["code"] == TOTAL].iloc[0]
    title = _("{count} others with about as many dossiers: their median total is {median}, here {value}").format(
        count=write_number(total["of"], 0),
        median=write_number(total["alike_median"], 2),
        value=write_number(total["value"], 2),
    )
    return finished(ax, title, _("points"))


def shares_of_spread(spread: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Which groups go with the differences between totals (`peers.spread`): shares that sum to 100 %."""
    rows = spread[(spread["level"] == "group") & (spread["share"].abs() > 1e-4)].reset_index(drop=True)
    ax = ax or axes(len(rows), WIDE)
    ax.barh(
        range(len(rows)), 100 * rows["share"], color=[COLOURS.get(code, MUTED) for code in rows["code"]], height=0.6
    )
    for place, share in enumerate(rows["share"]):
        text = f"{write_number(100 * share, 1)} %"
        ax.annotate(text, (100 * max(share, 0), place), xytext=(5, 0), textcoords="offset points", va="center")
    ax.axvline(0, color=MUTED, linewidth=1)
    ax.set_yticks(range(len(rows)), [wrapped(name, 26) for name in rows["name"]])
    ax.invert_yaxis()
    ax.margins(x=0.2)
    title = _("{name} goes with {share} % of the differences").format(
        name=rows.loc[0, "name"], share=write_number(100 * rows.loc[0, "share"], 0)
    )
    return finished(ax, title, _("percent of the variance of totals"))


def leaders_and_others(apart: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Medians of the leading provinces and of the others in the indicators that set them apart most; at most ten."""
    rows = apart.head(10).reset_index(drop=True)
    ax = ax or axes(len(rows), WIDE)
    for place, row in enumerate(rows.itertuples()):
        colour = COLOURS.get(row.group, MUTED)
        ax.plot([row.others_median, row.leaders_median], [place, place], color=colour, linewidth=2)
        ax.scatter(row.others_median, place, color="white", edgecolor=colour, s=64, zorder=3, clip_on=False)
        ax.scatter(row.leaders_median, place, color=colour, s=64, zorder=3, clip_on=False)
    ax.set_yticks(range(len(rows)), [wrapped(name, 26) for name in rows["name"]])
    ax.invert_yaxis()
    ax.set_xlim(left=0)
    ax.margins(x=0.1)
    below(
        ax,
        [
            Line2D([], [], linestyle="", color=MUTED, marker="o", markersize=8, label=_("median of the leaders")),
            Line2D([], [], linestyle="", color="white", markeredgecolor=MUTED, marker="o", markersize=8,
                   label=_("median of the others")),
        ],
    )  # fmt: skip
    return finished(ax, _("What tells leaders apart best: {name}").format(name=rows.loc[0, "name"]), _("points"))


def course_of_months(months: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """A figure month by month, and where its own months carry it: dashed medians with dotted confidence bands.

    `months` has one row a month and line: `period`, `model` (empty for what is known), `value`, `conf_low`,
    `conf_high`, `run` (not comparable with another run), `flag`, `top` (the bound), `said` (the model in words).
    """
    if ax is None:
        ax = axes(4, WIDE)
    rows = months.assign(number=[12 * int(period[:4]) + int(period[5:]) for period in months["period"]])
    known = rows[rows["model"] == ""]
    run = (known["value"].isna() | (known["run"] != known["run"].shift())).cumsum()
    for _run, points in known[known["value"].notna()].groupby(run):
        ax.plot(points["number"], points["value"], color=INK, marker="o", markersize=5, linewidth=1.5)
    for row in known[known["flag"] != ""].itertuples():
        if row.flag == "outlier":
            ax.scatter(row.number, row.value, s=170, facecolor="none", edgecolor=COLOURS["satisfaction"], linewidth=2)
        else:
            style = "-" if row.flag == "known_break" else ":"
            ax.axvline(row.number - 0.5, color=COLOURS["satisfaction"], linestyle=style, linewidth=1.5)
    last = known[known["value"].notna()].tail(1)
    shades = (MUTED, COLOURS["digitisation"])
    for shade, (_model, ahead) in zip(shades, rows[rows["model"] != ""].groupby("model", sort=False), strict=False):
        line = pd.concat([last.assign(conf_low=last["value"], conf_high=last["value"]), ahead])
        ax.fill_between(
            line["number"], line["conf_low"], line["conf_high"], facecolor="none", edgecolor=shade, hatch="///"
        )
        ax.plot(line["number"], line["value"], color=shade, linestyle="--", linewidth=1.5, label=ahead["said"].iloc[0])
    ticks = rows.drop_duplicates("number").iloc[:: max(1, rows["number"].nunique() // 5)]
    ax.set_xticks(ticks["number"], [f"{int(period[5:])}/{period[:4]}" for period in ticks["period"]])
    top, shown = rows["top"].max(), rows[["value", "conf_low", "conf_high"]]
    ax.set_ylim(max(0, shown.min().min() - 0.1 * top), min(1.02 * top, shown.max().max() + 0.1 * top))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _place: write_number(value, 0)))
    ax.grid(axis="y", color=GRID, linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    handles = [Line2D([], [], color=INK, marker="o", label=_("known"))]
    if (known["flag"] == "outlier").any():
        handles.append(
            Line2D(
                [],
                [],
                linestyle="",
                marker="o",
                markersize=12,
                markerfacecolor="none",
                markeredgecolor=COLOURS["satisfaction"],
                label=_("out of line"),
            )
        )
    if known["flag"].isin(["level_break", "known_break"]).any():
        handles.append(Line2D([], [], color=COLOURS["satisfaction"], linestyle=":", label=_("a break")))
    below(ax, [*handles, *ax.get_legend_handles_labels()[0]])
    title = _("No month has a figure")
    if len(last):
        title = _("{name}, last known, {period}: {value}").format(
            name=last["figure"].iloc[0],
            period=write_period(last["period"].iloc[0]),
            value=write_number(last["value"].iloc[0], 2),
        )
    return fitted(ax, title)

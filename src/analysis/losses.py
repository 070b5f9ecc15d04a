"""Where did the points go? By group, by indicator, and by what the notice discloses of them."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from analysis.identification.identify import Identified
from analysis.interval import TOLERANCE, Interval, hull, total
from analysis.language import _
from analysis.scorecards.checks import figure
from analysis.scorecards.history import TOTAL, card
from analysis.scorecards.rubric import Rubric

NAMED_SHARE = 0.5
PRINTED, DERIVABLE, UNDISCLOSED = "printed", "derivable", "undisclosed"


def losses_by_group(history: pd.DataFrame, rubric: Rubric, entity: str, period: str) -> pd.DataFrame:
    """Points lost by each group, from the published scores alone; no scoring rule is used.

    Returns
    -------
    One row a group as the notice shows them, sorted by `lost_low` falling: `code`, `name`, `score` and `max` in points
    (`score` is missing where it is not printed), `decimals`, `lost` (max − score), `lost_low` and `lost_high` (what
    the printed decimals of the group, and of the total with the other groups, allow), `share`, `share_low`,
    `share_high` (of everything lost, 0 to 1), `achieved` (score / max), `rank` (1 lost most; ties
    share a rank; missing where a group that is not printed may stand on either side).

    Raises
    ------
    NoTotalError, UnknownNameError: from `history.card`.
    """
    figures = card(history, entity, period)
    groups = rubric.groups_as_printed(set(figures["code"]))
    whole = figure(figures, TOTAL, "points")
    assert whole is not None  # card() guarantees a total
    printed = {group.code: figure(figures, group.code, "points") for group in groups}
    spans = {group.code: _within(printed[group.code], group.points) for group in groups}
    all_lost = rubric.points - whole
    all_lost_value = rubric.points - figures.loc[(TOTAL, "points"), "value"]
    rows = []
    for group in groups:
        others = total(span for code, span in spans.items() if code != group.code)
        score = spans[group.code].meet(Interval(whole.low - others.high, whole.high - others.low)) or spans[group.code]
        lost = group.points - score
        known = printed[group.code] is not None
        value = figures.loc[(group.code, "points"), "value"] if known else float("nan")
        rows.append(
            {
                "code": group.code,
                "name": group.name,
                "score": value,
                "max": group.points,
                "decimals": figures.loc[(group.code, "points"), "decimals"] if known else 1,
                "lost": group.points - value,
                "lost_low": lost.low,
                "lost_high": lost.high,
                "share": (group.points - value) / all_lost_value if all_lost_value else 0.0,
                "share_low": lost.low / all_lost.high if all_lost.high else 0.0,
                "share_high": min(lost.high / all_lost.low, 1.0) if all_lost.low > 0 else 1.0,
                "achieved": value / group.points,
            }
        )
    frame = pd.DataFrame(rows)
    frame["rank"] = [_place(row, frame) for row in frame.itertuples()]
    return frame.sort_values("lost_low", ascending=False, kind="stable", ignore_index=True)


def named_groups(by_group: pd.DataFrame) -> pd.DataFrame:
    """The groups a headline names: the fewest that surely hold half of everything lost; none if that cannot be said."""
    enough = by_group["share_low"].cumsum() >= NAMED_SHARE
    return by_group.loc[: enough.idxmax()] if enough.any() else by_group.head(0)


def losses_by_indicator(identified: Identified) -> pd.DataFrame:
    """Points lost by each indicator under every surviving rule.

    Returns
    -------
    One row an indicator, in the order of the index: `group`, `code`, `name`, `max_low`, `max_high` (points),
    `rate_low`, `rate_high` (percent, as printed; missing where it is not), `lost_low`, `lost_high` (sharp bounds, in
    points), `disclosure`: `printed` (its rate or points are published), `derivable` (not published, yet its loss is
    known as exactly as the rounding of its group's score allows, whatever the rule) or `undisclosed`.
    """
    rows = []
    for group in identified.groups:
        hypotheses = identified.hypotheses[group.code]
        rounding = hypotheses[0].printed.width + 2 * len(group.indicators) * identified.rubric.rounding
        for indicator in group.indicators:
            reading = identified.readings[indicator.code]
            lost = identified.lost([indicator.code])
            maxima = hull(Interval.point(item.allotment[indicator.code]) for item in hypotheses)
            if reading.printed:
                disclosure = PRINTED
            elif lost.width <= rounding + TOLERANCE and rounding < group.points:
                disclosure = DERIVABLE
            else:
                disclosure = UNDISCLOSED
            rows.append(
                {
                    "group": group.code,
                    "code": indicator.code,
                    "name": indicator.name,
                    "max_low": maxima.low,
                    "max_high": maxima.high,
                    "rate_low": reading.rate.low if reading.rate else float("nan"),
                    "rate_high": reading.rate.high if reading.rate else float("nan"),
                    "lost_low": lost.low,
                    "lost_high": lost.high,
                    "disclosure": disclosure,
                }
            )
    return pd.DataFrame(rows)


def loss_ledger(identified: Identified, by_indicator: pd.DataFrame) -> pd.DataFrame:
    """Everything lost, split by what the notice discloses of it.

    Under each surviving rule the parts sum to the loss exactly; each part's bounds are sharp over all of them.

    Returns
    -------
    One row for `printed`, `derivable`, `undisclosed`, `not_printed` (the last two together) and `total`: `part`,
    `indicators` (how many), `lost_low`, `lost_high` (points), `share_low`, `share_high` (of the loss, 0 to 1).
    """
    codes = {part: list(rows["code"]) for part, rows in by_indicator.groupby("disclosure")}
    parts = {part: codes.get(part, []) for part in (PRINTED, DERIVABLE, UNDISCLOSED)}
    parts["not_printed"] = parts[DERIVABLE] + parts[UNDISCLOSED]
    whole = _within(identified.rubric.points - identified.total, identified.rubric.points)
    rows = []
    for part, members in parts.items():
        lost = identified.lost(members)
        rows.append({"part": part, "indicators": len(members), "lost_low": lost.low, "lost_high": lost.high})
    rows.append({"part": "total", "indicators": len(by_indicator), "lost_low": whole.low, "lost_high": whole.high})
    frame = pd.DataFrame(rows)
    middle = (whole.low + whole.high) / 2 or 1.0
    frame["share_low"] = frame["lost_low"] / middle
    frame["share_high"] = (frame["lost_high"] / middle).clip(upper=1.0)
    return frame


def _place(row: Any, frame: pd.DataFrame) -> float:
    if math.isnan(row.lost):
        return float("nan")
    hidden = frame[frame["lost"].isna()]
    above, below = hidden["lost_low"] >= row.lost_high, hidden["lost_high"] <= row.lost_low
    if not (above | below).all():
        return float("nan")
    return float(1 + (frame["lost"] > row.lost).sum() + above.sum())


def part_name(part: str) -> str:
    """A part of the ledger in the reader's language."""
    return {
        "printed": _("Printed: the notice gives the rate"),
        "derivable": _("Derivable: follows from the published scores"),
        "undisclosed": _("Undisclosed: neither printed nor derivable"),
        "not_printed": _("Not printed: derivable and undisclosed together"),
        "total": _("Everything lost"),
    }[part]


def _within(score: Interval | None, maximum: float) -> Interval:
    span = Interval(0.0, maximum)
    return span if score is None else score.meet(span) or span

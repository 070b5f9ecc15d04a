"""How did an entity fare over the years, and what made it rise?

Whole years and years to date, as far as one rule scored them: what the portal showed on later days restates every year
by the rules of those days, and no change is told across a rule, a merger or a capture that scored otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import pandas as pd

from analysis.comparisons.ranks import ONE_CARD
from analysis.errors import CheckError
from analysis.interval import Interval, total
from analysis.language import _, write_list, write_number, write_period
from analysis.scorecards.checks import interval_of
from analysis.scorecards.entities import siblings
from analysis.scorecards.history import RANK, TOTAL, card, periods_with_total
from analysis.scorecards.rubric import Rubric, Shown, apart, rubric_in_force

YEARS = [
    "period", "scope", "as_of", "day", "code", "name", "value", "decimals", "max", "place", "of", "part", "why",
    "kind", "source", "quote", "file", "line",
]  # fmt: skip
WHENCE = ("kind", "source", "quote", "file", "line")
RISES = ["entity", "code", "name", "before", "after", "change", "low", "high", "share"]
LEAST = 8  # entities, under which nobody is set beside the others


def years(history: pd.DataFrame, rubrics: tuple[Rubric, ...], entity: str) -> pd.DataFrame:
    """The total and the groups of an entity in every year that has a total, earliest first.

    Returns
    -------
    One row a year and score, the total first: `period` (YYYY), `scope` (`year`, `year_to_date`), `as_of`, `day` (of a
    capture, else ""), `code`, `name`, `value`, `max` (points), `decimals`; of totals `place` among the siblings and
    `of` how many (published, or counted where all of them are known; else missing). Groups that some year prints as one
    have a row of `kind` derived, their sum, in the years that print them apart. `part` (0, 1, …: years of
    different parts are not comparable), `why` (a sentence at the first year of each part but the first). `kind`,
    `source`, `quote`, `file`, `line` of the figure.
    """
    own = history[history["entity"] == entity]
    found, before, part = list[dict[str, Any]](), None, 0
    cards = {period: card(own, entity, period) for period in periods_with_total(own, entity) if len(period) == 4}
    printed = {str(code) for rows in cards.values() for code in rows["code"]}
    for period, rows in cards.items():
        shown = Shown(period, str(rows["day"].iloc[0]))
        rubric = rubric_in_force(rubrics, shown.ruled)
        here = rubric, shown, str(rows["scope"].iloc[0])
        why = " ".join(_apart(before, here, entity)) if before else ""
        part, before = part + bool(why), here
        place, of = _place(history, entity, rows, rubric.ranked_units(shown.ruled))
        shared = {"period": period, "scope": here[2], "day": shown.day, "part": part, "why": why}
        codes = [TOTAL, *(group.code for group in rubric.groups_as_printed(set(rows["code"])))]
        for code in (code for code in codes if (code, "points") in rows.index):
            row = rows.loc[(code, "points")]
            name = _("Total") if code == TOTAL else rubric.name_of(code)
            about = {name: row[name] for name in ("as_of", "value", "decimals", "max", *WHENCE)}
            ranked = {"place": place, "of": of} if code == TOTAL else {}
            found.append({**shared, **about, **ranked, "code": code, "name": name})
        for item in (item for item in rubric.combined if item.code in printed and item.code not in codes):
            parts = [rows.loc[(code, "points")] for code in item.groups if (code, "points") in rows.index]
            if len(parts) == len(item.groups):
                about = {name: parts[0][name] for name in ("as_of", "decimals", *WHENCE)}
                sums = {name: round(sum(row[name] for row in parts), 9) for name in ("value", "max")}
                name = rubric.name_of(item.code)
                found.append({**shared, **about, **sums, "kind": "derived", "code": item.code, "name": name})
    return pd.DataFrame(found, columns=YEARS)


def _apart(before: tuple[Rubric, Shown, str], after: tuple[Rubric, Shown, str], entity: str) -> list[str]:
    reasons = list(apart(before[:2], after[:2], entity).values())
    if not reasons and before[2] != after[2]:
        whole, so_far = (before, after) if before[2] == "year" else (after, before)
        words = _("{whole} is the whole year, {so_far} the year to date.")
        reasons = [words.format(whole=write_period(whole[1].period), so_far=write_period(so_far[1].period))]
    return reasons


def _place(history: pd.DataFrame, entity: str, rows: pd.DataFrame, ranked: int | None) -> tuple[float, float]:
    """The rank that is published, or counted where the totals of all that are ranked are known; else missing."""
    if (RANK, "rank") in rows.index:
        row = rows.loc[(RANK, "rank")]
        return float(row["value"]), float(row["max"])
    totals = _totals(history, entity, rows.loc[(TOTAL, "points")])
    if ranked is None or len(totals) != ranked:
        return float("nan"), float("nan")
    return 1.0 + float((totals > totals[entity]).sum()), float(ranked)


def _totals(history: pd.DataFrame, entity: str, row: pd.Series) -> pd.Series:
    """The totals of the entity and its siblings on cards of the same day, capture and scope, by entity."""
    same = siblings(history[(history["period"] == row["period"]) & (history["code"] == TOTAL)], entity)
    same = same[(same[ONE_CARD] == row[ONE_CARD]).all(axis=1) & same["value"].notna()]
    return same.drop_duplicates("entity").set_index("entity")["value"]


def common_card(history: pd.DataFrame, entity: str, period: str) -> pd.DataFrame:
    """The figures of the entity and its siblings on the card of a period that most of them have, the latest of several.

    That need not be the card that stands for each: a notice of one province is of another day than all the others'.
    """
    rows = siblings(history, entity, [period])
    totals = rows[(rows["code"] == TOTAL) & rows["value"].notna()]
    if totals.empty:
        return rows.iloc[:0]
    count = totals.groupby(ONE_CARD, sort=True).size()
    key = count[count == count.max()].index[-1]
    return rows[(rows[ONE_CARD] == list(key)).all(axis=1)]


def rises(history: pd.DataFrame, rubrics: tuple[Rubric, ...], entity: str, first: str, last: str) -> pd.DataFrame:
    """What made the totals of the entity and its siblings rise from one year to another, group by group.

    Both years are those of the cards that most of them have (`common_card`). Groups are those that both print.

    Returns
    -------
    For each entity that has both, highest rise first, its total and then its groups: `entity`, `code`, `name`,
    `before`, `after`, `change` (points), `low`, `high` (the change within rounding), `share` of the rise of the total.

    Raises
    ------
    CheckError: fewer than 8 entities have both, or the years are not comparable; the reasons are named.
    """
    cards = [common_card(history, entity, period) for period in (first, last)]
    known = [set(rows.loc[(rows["code"] == TOTAL) & rows["value"].notna(), "entity"]) for rows in cards]
    both = known[0] & known[1]
    if len(both) < LEAST:
        words = _("Totals for {first} and {last} are known of {count}; at least {needed} are needed.")
        raise CheckError(
            words.format(first=write_period(first), last=write_period(last), count=len(both), needed=LEAST),
            sorted(both),
        )
    shown = [Shown(period, str(rows["day"].iloc[0])) for period, rows in zip((first, last), cards, strict=True)]
    old, new = (rubric_in_force(rubrics, one.ruled) for one in shown)
    if reasons := list(apart((old, shown[0]), (new, shown[1]), entity).values()):
        words = _("{first} and {last} cannot be compared.")
        raise CheckError(words.format(first=write_period(first), last=write_period(last)), reasons)
    spans = [_spans(rows) for rows in cards]
    groups = new.groups_as_printed(
        set(cards[0]["code"]) | (set(cards[1]["code"]) & {item.code for item in new.combined})
    )
    found = []
    for name in both:
        ends = [_score(spans[side], name, TOTAL, new) for side in (0, 1)]
        assert ends[0] and ends[1]
        rise = _middle(ends[1]) - _middle(ends[0])
        for code in (TOTAL, *(group.code for group in groups)):
            before, after = (_score(spans[side], name, code, new) for side in (0, 1))
            if before is None or after is None:
                continue
            change = _middle(after) - _middle(before)
            said = _("Total") if code == TOTAL else new.name_of(code)
            low, high = after.low - before.high, after.high - before.low
            share = change / rise if rise else float("nan")
            found.append((rise, name, code, said, _middle(before), _middle(after), change, low, high, share))
    frame = pd.DataFrame(found, columns=["rise", *RISES])
    order = frame.sort_values(["rise", "entity"], ascending=[False, True], kind="stable")
    return order.drop(columns="rise").reset_index(drop=True)


def _spans(rows: pd.DataFrame) -> dict[tuple[str, str], Interval]:
    points = rows[(rows["unit"] == "points") & rows["value"].notna() & rows["level"].isin(("total", "group"))]
    return {(str(row["entity"]), str(row["code"])): interval_of(row) for _place, row in points.iterrows()}


def _score(spans: Mapping[tuple[str, str], Interval], entity: str, code: str, rubric: Rubric) -> Interval | None:
    """A score, or that of the groups that are combined in it."""
    if (entity, code) in spans:
        return spans[entity, code]
    for combined in rubric.combined:
        parts = [spans.get((entity, part)) for part in combined.groups]
        if combined.code == code and all(parts):
            return total(part for part in parts if part)
    return None


def _middle(span: Interval) -> float:
    return (span.low + span.high) / 2


def rise_sentence(found: pd.DataFrame, entity: str, first: str, last: str) -> str:
    """What made an entity rise, beside the others."""
    totals = found[found["code"] == TOTAL].reset_index(drop=True)
    groups = found[found["code"] != TOTAL]
    top = totals.head(max(len(totals) // 4, 1))["entity"]
    by_group = groups[groups["entity"].isin(top)].groupby("code", sort=False)["change"].mean()
    everyone = groups.groupby("code", sort=False)["change"].mean()
    name_of = dict(zip(groups["code"], groups["name"], strict=True))
    ahead = (by_group - everyone).sort_values(ascending=False, kind="stable")
    words = _(
        "From {first} to {last} the total of {entity} changed by {change} points, {place} of {of} by their rise; the "
        "quarter that rose most did it above all by {groups}."
    )
    own = totals[totals["entity"] == entity]
    return words.format(
        first=write_period(first), last=write_period(last), entity=entity,
        change=write_number(float(own["change"].iloc[0]), 2), place=write_number(float(own.index[0]) + 1, 0),
        of=write_number(len(totals), 0), groups=write_list([name_of[code] for code in ahead.head(2).index]),
    )  # fmt: skip


def span_of(history: pd.DataFrame, rubrics: tuple[Rubric, ...], entity: str) -> tuple[str, str] | None:
    """The years furthest apart of which `rises` can tell for the entity; None where there are no two."""
    own = history.loc[(history["entity"] == entity) & (history["code"] == TOTAL), "period"]
    periods = sorted({period for period in own if len(period) == 4})
    if len(periods) < 2:
        return None
    cards = {period: common_card(history, entity, period) for period in periods}
    known = {
        period: (Shown(period, str(rows["day"].iloc[0])), set(rows.loc[rows["code"] == TOTAL, "entity"]))
        for period, rows in cards.items()
        if len(rows)
    }
    spans = []
    for (first, (old, before)), (last, (new, after)) in combinations(known.items(), 2):
        rules = rubric_in_force(rubrics, old.ruled), rubric_in_force(rubrics, new.ruled)
        both = before & after
        if entity in both and len(both) >= LEAST and not apart((rules[0], old), (rules[1], new), entity):
            spans.append((first, last))
    return max(spans, key=lambda span: (int(span[1]) - int(span[0]), span[1]), default=None)

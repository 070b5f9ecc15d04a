"""What of a change between two months is performance, and what is not?

The published change of the total is split by group, and adds up exactly. A part is called performance only where the
same rules can give both months' figures and the same things are counted; that one rule did hold in both months is an
assumption, which no figure can prove, and the row says so. The rest is said not to be separable, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from analysis.errors import CheckError, ParameterError, UnknownNameError
from analysis.identification.evidence import read
from analysis.identification.identify import Hypothesis, Identified, identify
from analysis.interval import TOLERANCE, Interval, total
from analysis.language import _, write_list, write_number, write_period, write_range
from analysis.scorecards.checks import Printed, figure
from analysis.scorecards.entities import siblings
from analysis.scorecards.history import TOTAL, card, periods_with_total, shown
from analysis.scorecards.periods import months_of
from analysis.scorecards.rubric import (
    RULE,
    Group,
    Indicator,
    Known,
    Parameter,
    Rubric,
    Shown,
    apart,
    rubric_in_force,
)

PERFORMANCE, COUNTING, ROUNDING = "performance", "counting", "rounding"
NOT_SEPARABLE = "not_separable"
PUBLISHED, ASSUMES_ONE_RULE = "published", "assumes_one_rule"
COLUMNS = ["group", "code", "name", "effect", "value", "low", "high", "certainty", "why"]
NOTHING = Interval.point(0.0)
Row = dict[str, Any]
MAX, TARGET, ZERO, GROUP, NEW, GONE = "max", "target", "zero_denominator", "group", "new", "gone"
NEWS = ["code", "name", "parameter", "before", "after", "status_before", "status_after", "sure", "source"]
RESTATED = ["period", "scope", "code", "name", "unit", "change", "over", "why"]
OF_A_CAPTURE = ("day", "value", "decimals", "source", "quote", "file", "line")
Value = float | str
News = dict[str, Any]


@dataclass(frozen=True)
class _Month:
    """One card, whose total and groups are all printed; `groups` are the groups as it prints them."""

    entity: str
    shown: Shown
    rubric: Rubric
    figures: pd.DataFrame
    groups: tuple[Group, ...]

    @property
    def period(self) -> str:
        return self.shown.period

    @property
    def total(self) -> pd.Series:
        return self.figures.loc[(TOTAL, "points")]

    def parts(self, group: Group) -> list[Group]:
        """The printed groups that make up a group of the bridge; none where this rubric does not have it."""
        inside = {group.code, *(part.code for part in group.parts)}
        return [item for item in self.groups if item.code in inside]

    def value(self, group: Group) -> float:
        return sum(float(self.figures.loc[(part.code, "points"), "value"]) for part in self.parts(group))

    def score(self, group: Group) -> Interval:
        """What the unrounded score of a group of the bridge may have been."""
        spans = [(figure(self.figures, part.code, "points"), part) for part in self.parts(group)]
        return total(span.meet(Interval(0.0, part.points)) or span for span, part in spans if span is not None)


Months = tuple[_Month, _Month]


def change_bridge(
    history: pd.DataFrame, rubrics: tuple[Rubric, ...], entity: str, before: str, after: str
) -> pd.DataFrame:
    """The published change of the total between two cards of one entity, by group and effect.

    Whether one rule can give both months is asked of each group by itself, among the rules that survive each month.

    Returns
    -------
    One row a part, groups in the order of the index, then what rounding leaves: `group` (code; "" for rounding),
    `code` (of the group, or of the indicator that was counted in one month only), `name`, `effect`, `value` (points;
    the column sums to the published change of the total), `low` and `high` (points that the unrounded figures allow),
    `certainty`, `why` (a sentence).

    `effect` is `performance` (the rates moved), `rule` (no printed rate moved, so the rules did), `counting`
    (something else is counted), `not_separable` (several of these together) or `rounding`. `certainty` is `published`
    (the figures alone say so), `assumes_one_rule` (one rule of the file held in both months) or `not_separable`.

    Raises
    ------
    ParameterError: only other entities have figures of a month, or the later month is given first.
    NoTotalError, UnknownNameError: a month without a figure, a total or the score of a group; which one is named.
    CheckError: the groups of a month do not sum to its total within rounding, so no bridge can be exact.
    ContradictionError, RubricError: from `identify`, where one rubric governs both months.
    """
    first, second = _month(history, rubrics, entity, before), _month(history, rubrics, entity, after)
    if months_of(before)[1] > months_of(after)[1]:
        words = _("{before} comes after {after}.").format(before=write_period(before), after=write_period(after))
        raise ParameterError(words, [], _("Give the earlier month first."))
    obstacles = _obstacles(first, second)
    asked = () if obstacles or before == after else (before, after)  # one card needs no rule
    found = [identify(history, first.rubric, entity, period) for period in asked]
    groups = _groups_of_both(first, second)
    rows = [row for group in groups for row in _rows(group, (first, second), obstacles, found)]
    return _summed(rows, float(second.total["value"] - first.total["value"]))


def since(history: pd.DataFrame, rubrics: tuple[Rubric, ...], entity: str, before: str, after: str) -> pd.DataFrame:
    """`change_bridge`, without a row where there is no earlier month or a figure of the later one is missing."""
    try:
        return change_bridge(history, rubrics, entity, before, after) if before else pd.DataFrame(columns=COLUMNS)
    except UnknownNameError:
        return pd.DataFrame(columns=COLUMNS)


def bridge_between(
    history: pd.DataFrame, rubrics: tuple[Rubric, ...], before: tuple[str, str], after: tuple[str, str]
) -> pd.DataFrame:
    """`change_bridge` between two cards, each an entity and a period. Raises ParameterError where they are of two."""
    if before[0] != after[0]:
        raise ParameterError(_("A change is that of one province; these are two."), sorted((before[0], after[0])))
    return change_bridge(history, rubrics, after[0], before[1], after[1])


def card_before(history: pd.DataFrame, rubrics: tuple[Rubric, ...], entity: str, period: str) -> str:
    """The last period before one that a bridge can start from: total and groups are printed and agree; else ""."""
    for before in reversed(periods_with_total(history, entity)):
        if months_of(before)[1] < months_of(period)[0] and len(before) == len(period):
            try:
                _month(history, rubrics, entity, before)
            except (UnknownNameError, CheckError):
                continue
            return before
    return ""


def _month(history: pd.DataFrame, rubrics: tuple[Rubric, ...], entity: str, period: str) -> _Month:
    """One card that can be one end of a bridge. Raises as `change_bridge`."""
    others = siblings(history, entity)
    having = others.loc[others["period"] == period, "entity"].unique()
    if entity in set(history["entity"]) and len(having) and entity not in having:
        raise ParameterError(
            _("There is no figure of {entity} for {period}, only of others, and one is never put for another.").format(
                entity=entity, period=write_period(period)
            ),
            list(having),
            _("After a merger the new province is another one. Periods of {entity}: {periods}.").format(
                entity=entity, periods=write_list(periods_with_total(history, entity)) or "–"
            ),
        )
    figures = card(history, entity, period)
    known = shown(history, entity, period)
    rubric = rubric_in_force(rubrics, known.ruled)
    groups = rubric.groups_as_printed(set(figures["code"]))
    if missing := [group for group in groups if figure(figures, group.code, "points") is None]:
        words, names = _("{entity} has no score of {groups} for {period}."), write_list(item.name for item in missing)
        raise UnknownNameError(
            words.format(entity=entity, groups=names, period=write_period(period)),
            [f"{period} {group.code}" for group in missing],
            _("Add the score to data/observations, or choose another month."),
        )
    month = _Month(entity, known, rubric, figures, groups)
    whole, together = figure(figures, TOTAL, "points"), total(month.score(group) for group in groups)
    assert whole is not None  # card() guarantees a total
    if whole.meet(together) is None:
        words = _("The groups of {entity} for {period} do not sum to its total.")
        raise CheckError(
            words.format(entity=entity, period=write_period(period)),
            [f"{write_range(together.low, together.high, 2)} ≠ {write_number(month.total['value'], 2)}"],
            _("One of these figures is wrong; a change from or to this month cannot be split."),
        )
    return month


def _groups_of_both(first: _Month, second: _Month) -> tuple[Group, ...]:
    """The groups of the bridge: where either month prints two groups as one, that one."""
    coarse = {group.code for month in (first, second) for group in month.groups if group.parts}
    groups = [group for month in (first, second) for group in month.rubric.groups_as_printed(coarse)]
    return tuple({group.code: group for group in groups}.values())


def _obstacles(first: _Month, second: _Month) -> dict[str, str]:
    """Why nothing of the whole change can be called performance: what changed or may have, and a sentence on each."""
    periods = {"before": write_period(first.period), "after": write_period(second.period)}
    found = apart((first.rubric, first.shown), (second.rubric, second.shown), first.entity)
    scopes = [month.total["scope"] for month in (first, second)]
    counted = {"month": _("the month"), "quarter": _("the quarter"), "year_to_date": _("everything since January")}
    counted |= {"year": _("the whole year")}
    if "unknown" in scopes:
        found["scope"] = _("It is not known that {before} and {after} count alike.").format(**periods)
    elif scopes[0] != scopes[1]:
        words = _("{before} counts {old}, {after} counts {new}.")
        found[COUNTING] = words.format(**periods, old=counted[scopes[0]], new=counted[scopes[1]])
    return found


def _rows(group: Group, months: Months, obstacles: dict[str, str], found: list[Identified]) -> Iterator[Row]:
    """What of a group's change is performance: its parts, each decided here.

    `found` are the survivors of each month, none where there are obstacles.
    """
    one, other = sorted((month.parts(group) for month in months), key=len)
    if months[0].period == months[1].period:
        yield _row(group, PERFORMANCE, (0.0, NOTHING), PUBLISHED, _("Both months are the same card."))
    elif obstacles:
        yield _set_apart(group, months, obstacles)
    elif _one_rule_gives_both(group, found):
        yield from _under_one_rule(group, months, found)
    else:
        words = _("No rule in {rubric} gives both months: a rule, or what is counted, must have changed.")
        yield _set_apart(group, months, {RULE: words.format(rubric=months[0].rubric.id)})
    if one and len(one) < len(other):
        words = _("One month prints this as one group, the other as {names}; added up, it is the same.")
        why = words.format(names=write_list(part.name for part in other))
        yield _row(group, COUNTING, (0.0, NOTHING), PUBLISHED, why)


def _set_apart(group: Group, months: Months, obstacles: dict[str, str]) -> Row:
    """The change of a group of which nothing is called performance."""
    change, span = _change(group, months)
    unseen = _unseen(group, months) if set(obstacles) == {RULE} else None
    if unseen is not None:
        why = _("Every printed rate of the group is the same in both months: the rules changed, or what a rate counts.")
        return _row(group, RULE, (change, span.widened(unseen)), PUBLISHED, why)
    effect = COUNTING if set(obstacles) == {COUNTING} else NOT_SEPARABLE
    why = " ".join([*obstacles.values(), _("What performance changed cannot be told apart from that.")])
    return _row(group, effect, (change, span), NOT_SEPARABLE, why)


def _unseen(group: Group, months: Months) -> float | None:
    """What rates can have moved inside their rounding, in points; None unless all are printed and both times alike."""
    scored = [{item.code for part in month.parts(group) for item in part.indicators} for month in months]
    if scored[0] != scored[1]:
        return None
    most, told = [0.0, 0.0], [Printed.of(month.figures) for month in months]
    for item in group.indicators:
        one, other = (read(figures, item) for figures in told)
        if (one.rate, one.empty) != (other.rate, other.empty) or not (one.rate or one.empty):
            return None
        rate = one.rate or NOTHING
        for side, month in enumerate(months):
            own = month.rubric.indicators[item.code]
            rules = [rule for maximum in own.max.alternatives for rule in own.rules(maximum)]
            most[side] += max(rule.points(rate.high) - rule.points(rate.low) for rule in rules)
    return max(most)


def _one_rule_gives_both(group: Group, found: list[Identified]) -> bool:
    """Whether some rules of the group's indicators survive both months, the group taken by itself."""
    inside = {group.code, *(part.code for part in group.parts)}
    split = [[one.hypotheses[part.code] for part in one.groups if part.code in inside] for one in found]
    coarse, fine = sorted(split, key=len)  # two groups printed as one are one group in at least one month

    def alike(whole: Hypothesis, part: Hypothesis) -> bool:
        return all(set(rules) & set(whole.rules[code]) for code, rules in part.rules.items())

    return any(all(any(alike(whole, item) for item in part) for part in fine) for whole in coarse[0])


def _under_one_rule(group: Group, months: Months, found: list[Identified]) -> Iterator[Row]:
    """Performance, and the shares of indicators that had nothing to count in just one of the two months.

    Only bounds of such a share are known. Its value is a place inside them: the shares together are put in the middle
    of theirs, and what is left of the group's published change is the performance.
    """
    (change, span), codes = _change(group, months), [item.code for item in group.indicators]
    once = [code for code in codes if found[0].readings[code].empty != found[1].readings[code].empty]
    rest = [code for code in codes if code not in once]
    shares = {code: _minus(found[1].scores([code]), found[0].scores([code])) for code in once}
    counted = 0.0
    if once:
        together, span = (_minus(found[1].scores(some), found[0].scores(some)) for some in (once, rest))
        counted = (together.low + together.high) / 2 if rest else change
    if rest:
        why = _("This came of the rates, if one rule held in both months: some rule gives both, but none is proved.")
        yield _row(group, PERFORMANCE, (change - counted, span), ASSUMES_ONE_RULE, why)
    room = sum(share.width for share in shares.values())
    missing = counted - sum(share.low for share in shares.values())
    for code, share in shares.items():
        value = share.low + missing * (share.width / room if room else 1 / len(once))
        empty = months[0] if found[0].readings[code].empty else months[1]
        words = _("In {period} there was nothing to count, so its points of the other month have no counterpart.")
        row = _row(group, COUNTING, (value, share), ASSUMES_ONE_RULE, words.format(period=write_period(empty.period)))
        yield row | {"code": code, "name": empty.rubric.indicators[code].name}


def _change(group: Group, months: Months) -> tuple[float, Interval]:
    """The printed change of a group, and what it may have been before rounding."""
    first, second = months
    return second.value(group) - first.value(group), _minus(second.score(group), first.score(group))


def _minus(second: Interval, first: Interval) -> Interval:
    return Interval(second.low - first.high, second.high - first.low)


def _row(group: Group, effect: str, change: tuple[float, Interval], certainty: str, why: str) -> Row:
    """One part. Its bounds reach out to the value, which printed figures make, where rounding sets it outside."""
    value, span = change
    of = {"group": group.code, "code": group.code, "name": group.name, "effect": effect, "value": value}
    return of | {"low": min(span.low, value), "high": max(span.high, value), "certainty": certainty, "why": why}


def _summed(rows: list[Row], change: float) -> pd.DataFrame:
    """The rows, and one for what rounding leaves. Raises CheckError unless they sum to the published change."""
    left = round(change - sum(row["value"] for row in rows), 9) + 0.0  # never −0
    why = _("The total and each group are rounded by themselves; this is left between the printed figures.")
    last = {"group": "", "code": ROUNDING, "name": _("Rounding"), "effect": ROUNDING, "value": left}
    frame = pd.DataFrame([*rows, last | {"low": left, "high": left, "certainty": PUBLISHED, "why": why}])
    if abs(frame["value"].sum() - change) > TOLERANCE:
        words = _("The parts sum to {sum:g} points, the published change is {change:g}.")
        raise CheckError(words.format(sum=frame["value"].sum(), change=change))
    return frame


def period_before(history: pd.DataFrame, rubrics: tuple[Rubric, ...], entity: str, period: str) -> str:
    """The entity's last period before one that has a total and one rubric; "" where there is none."""
    for before in reversed(periods_with_total(history, entity)):
        ruled = shown(history, entity, before).ruled
        if months_of(before)[1] < months_of(period)[0] and any(rubric.covers(ruled) for rubric in rubrics):
            return before
    return ""


def rule_news(old: Rubric | None, new: Rubric) -> pd.DataFrame:
    """What one rubric says differently from an earlier one; nothing where they are the same, or none was before.

    Returns
    -------
    One row a parameter, what surely changed first, else in the order of the later rubric and then what it no longer
    has: `code`, `name` (of a group or an indicator), `parameter` (`max` in points, `target` in percent,
    `zero_denominator`, the `group` of an indicator; `new` or `gone` with its maximum), `before` and `after` (tuples of
    alternatives, each a number or a word; empty where there is none), `status_before`, `status_after`, `sure` (no
    alternative is common to both), `source`.
    """
    if old is None or old.id == new.id:
        return pd.DataFrame(columns=NEWS)
    earlier, later = _entries(old), _entries(new)
    rows = [row for code, entry in later.items() for row in _said_differently(earlier.get(code), entry)]
    rows += [row for code, entry in earlier.items() if code not in later for row in _said_differently(entry, None)]
    rows += _regrouped(old, new)
    frame = pd.DataFrame(rows, columns=NEWS).astype({"sure": bool})
    return frame.sort_values("sure", ascending=False, kind="stable", ignore_index=True)


def _entries(rubric: Rubric) -> dict[str, Group | Indicator]:
    """Groups, each before its indicators."""
    entries: list[Group | Indicator] = []
    for group in rubric.groups:
        entries += [group, *group.indicators]
    return {entry.code: entry for entry in entries}


def _said_differently(old: Group | Indicator | None, new: Group | Indicator | None) -> Iterator[News]:
    """What two rubrics say differently of one group or indicator; None where one does not have it."""
    entry = new or old
    assert entry is not None
    if old is None or new is None:
        yield {
            **{"code": entry.code, "name": entry.name, "parameter": NEW if old is None else GONE},
            **{"before": _values(old.max) if old else (), "after": _values(new.max) if new else ()},
            **{"status_before": old.max.status if old else "", "status_after": new.max.status if new else ""},
            **{"sure": 0.0 not in _values(entry.max), "source": entry.max.source},
        }
        return
    names = (MAX, TARGET, ZERO) if isinstance(old, Indicator) and isinstance(new, Indicator) else (MAX,)
    for name in names:
        one, other = getattr(old, name), getattr(new, name)
        before, after = _values(one), _values(other)
        if set(before) != set(after):
            yield {
                **{"code": new.code, "name": new.name, "parameter": name, "before": before, "after": after},
                **{"status_before": one.status, "status_after": other.status, "source": other.source},
                "sure": not set(before) & set(after),
            }


def _regrouped(old: Rubric, new: Rubric) -> Iterator[News]:
    """Indicators that stand in another group."""
    homes = [{item.code: group for group in rubric.groups for item in group.indicators} for rubric in (old, new)]
    for code, group in homes[1].items():
        if code in homes[0] and homes[0][code].code != group.code:
            yield {
                **{"code": code, "name": new.name_of(code), "parameter": GROUP, "sure": True},
                **{"before": (homes[0][code].name,), "after": (group.name,)},
                **{"status_before": homes[0][code].max.status, "status_after": group.max.status},
                "source": group.max.source,
            }


def _values(parameter: Known | Parameter) -> tuple[Value, ...]:
    """The alternatives of a parameter."""
    if isinstance(parameter, Known):
        return (parameter.value,)
    return tuple(value if isinstance(value, str) else float(value) for value in parameter.alternatives)


def restated(history: pd.DataFrame, rubrics: tuple[Rubric, ...], entity: str) -> pd.DataFrame:
    """What the portal showed otherwise on a later day: the same figure of the same period, captured again.

    Nothing of it is performance once a period is over. While it runs, dossiers are counted on too, and the two cannot
    be told apart.

    Returns
    -------
    One row a figure and two captures in a row, by period and day: `period`, `scope`, `code`, `name`, `unit`, `change`,
    `over` (the period had ended on the first day), `why` (what is known to have changed in the rules between them, else
    ""); of each capture `before_day`, `before_value`, `before_source` …, `after_day` … (`OF_A_CAPTURE`). Figures that
    stayed the same have a row too.
    """
    rows = history[(history["entity"] == entity) & (history["day"] != "") & history["value"].notna()]
    found = list[tuple[Any, ...]]()
    for (period, scope, code, unit), same in rows.groupby(["period", "scope", "code", "unit"], sort=False):
        of_days = same.sort_values("day", kind="stable").drop_duplicates("day", keep="last")
        for old, new in pairwise(of_days.itertuples()):
            rubric = rubric_in_force(rubrics, Shown(period, new.day).ruled)
            why = "; ".join(item.what.text for item in rubric.changes_between(old.day, new.day))
            over = old.day[:7] > months_of(period)[1]
            change = round(new.value - old.value, 9)
            both = [getattr(row, name) for row in (old, new) for name in OF_A_CAPTURE]
            found.append((period, scope, code, rubric.name_of(code), unit, change, over, why, *both))
    sides = [f"{side}_{name}" for side in ("before", "after") for name in OF_A_CAPTURE]
    frame = pd.DataFrame(found, columns=[*RESTATED, *sides])
    return frame.sort_values(["period", "before_day", "scope"], kind="stable", ignore_index=True)

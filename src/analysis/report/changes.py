"""What moved since the last card, what became of what was weighed then, and which totals are known?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from analysis.diagnosis.changes import ROUNDING
from analysis.diagnosis.follow_up import (
    KEPT,
    MISSED,
    NAMES,
    NO_LONGER_SCORED,
    NOT_PRINTED,
    NOTHING_TO_COUNT,
    OPEN,
    PARTLY,
)
from analysis.identification.identify import Identified
from analysis.language import _, write_date, write_list, write_period
from analysis.report.figures import Figure, Figures, between, exact, printed_figure, whole
from analysis.report.section import (
    Heading,
    Part,
    Picture,
    Section,
    Sentence,
    Slide,
    Table,
    Words,
    described,
    say,
)
from analysis.report.wording import effect_name, so_far
from analysis.scorecards.history import TOTAL, shown
from analysis.scorecards.periods import is_month, month_before, months_in, months_of
from analysis.scorecards.rubric import LEAST_FOR_TREND, comparable_span, ruling
from analysis.scorecards.sources import Source

ALWAYS = "9999-12"  # after every month

# The change since the last card


def change_figures(moved: pd.DataFrame) -> Iterator[Figure]:
    """`bridge.total`, `bridge.size`, and of each part `bridge.<row>` and `bridge.<row>.span`."""
    if len(moved):
        change, name = float(moved["value"].sum()), _("Change of the total")
        yield exact("bridge.total", name, change, "points", 2, "derived", _("sum of the parts of the change"))
        yield exact("bridge.size", name, abs(change), "points", 2, "derived", _("the change without its sign"))
    for number, row in enumerate(moved.itertuples()):
        rule = _("the group's score now less its score then: {effect}").format(effect=effect_name(row.effect))
        yield between(f"bridge.{number}", row.name, (row.low, row.high), "points", 2, rule, row.value)
        yield between(f"bridge.{number}.span", row.name, (row.low, row.high), "points", 2, rule)


def change_words(figures: Figures, moved: pd.DataFrame, before: str) -> list[Sentence]:
    """What of the change since an earlier month is performance, and what cannot be told apart."""
    if moved.empty:
        return [say(_("No earlier card is known from which a change could be told apart."))]
    period = write_period(before)
    said = [say(_direction(figures["bridge.total"].value or 0.0), period=period, change=figures["bridge.size"])]
    if (moved["certainty"] == "assumes_one_rule").any():
        said.append(
            say(
                _(
                    "Rules exist that explain both months, so the changes marked as performance may be that. It is an "
                    "assumption: no figure proves that the same rules held."
                )
            )
        )
    reasons = list(dict.fromkeys(row.why for row in moved.itertuples() if row.certainty == "not_separable"))
    return said + [say("{why}", why=why[0].upper() + why[1:]) for why in reasons]


def _direction(change: float) -> str:
    if change > 0:
        return _("Since {period} the total rose by {change} points.")
    if change < 0:
        return _("Since {period} the total fell by {change} points.")
    return _("Since {period} the total stayed the same ({change} points).")


def change_section(
    moved: pd.DataFrame, before: str, picture: Picture | None = None, facts: Mapping[str, Any] | None = None
) -> Section:
    """The bridge of the change: every part with what it is, adding up to the published change.

    `before` is the earlier period, "" where there is none.
    """
    own = Figures.of(change_figures(moved))
    title = _("What of the change is performance?")
    parts: list[Part] = [Heading(title), Words(change_words(own, moved, before), as_list=True)]
    if moved.empty:
        return Section(
            title, [Words(change_words(own, moved, before), style="note")], own, {"parts": moved}, facts or {}
        )
    effects = moved.loc[moved["effect"] != ROUNDING, "effect"].unique()
    several = len(effects) > 1
    rows = [
        [
            row.name,
            *([effect_name(row.effect)] if several else []),
            say("+{change}", change=change) if (change.value or 0.0) > 0 else change,
            own[f"bridge.{number}.span"],
        ]
        for number, row in enumerate(moved.itertuples())
        for change in [own[f"bridge.{number}"]]
    ]
    heads = [_("Part"), *([_("What it is")] if several else []), _("Change, points"), _("Change, within rounding")]
    caption = _("The change of the total by part; the parts sum to it")
    if len(effects) == 1:
        words = _("The change of the total by part ({effect}); the parts sum to it")
        caption = words.format(effect=effect_name(effects[0]))
    parts.append(Table(caption, heads, rows, text_columns=(1,) if several else ()))
    shown: list[Part] = [Slide(parts), *([picture] if picture else [])]
    return Section(title, shown, own, {"parts": moved}, {**(facts or {}), "total": float(moved["value"].sum())})


# What an earlier report weighed


def follow_up_figures(frame: pd.DataFrame) -> Iterator[Figure]:
    """`promise.<code>.target`, `.before` and `.now`."""
    for row in frame.itertuples():
        rule = _("parameter of the earlier report")
        yield exact(f"promise.{row.code}.target", row.name, row.target, row.unit, whole(row.target), "entered", rule)
        for when in ("before", "now"):
            value, low, high, printed = (getattr(row, f"{when}_{name}") for name in NAMES)
            if not pd.isna(value):
                ends = (min(low, value), max(high, value))
                name = f"promise.{row.code}.{when}"
                yield between(name, row.name, ends, row.unit, int(printed), _("as published"), value)


def follow_up_words(figures: Figures, frame: pd.DataFrame, promised: Mapping[str, Any]) -> list[Sentence]:
    """What became of what an earlier report weighed."""
    if frame.empty:
        return [say(_("No earlier report was made with this tool, so there is none to hold this one against."))]
    said = [
        say(
            _("The report of {period} weighed what follows; that says what it is worth, not that anyone promised it."),
            period=write_period(promised["month"]),
        )
    ]
    for row in frame.itertuples():
        parts = {name: figures.get(f"promise.{row.code}.{name}") for name in ("target", "now")}
        said.append(say(_template(row), name=row.name, **parts))
    if TOTAL in set(frame["code"]) and not frame["same_rules"].all():
        said.append(say(_("Other rules are in force since, so the total is not measured as it was then.")))
    if not frame["same_scope"].all():
        said.append(
            say(_("It is not known that both reports count alike, so what is printed may differ for that alone."))
        )
    return said


def _template(row: Any) -> str:
    if row.unit == "points":
        return {
            KEPT: _("{name}: {target} was aimed at and is reached, with {now}."),
            OPEN: _("{name}: {target} was aimed at, {now} is printed; rounding hides whether it is reached."),
        }.get(row.state, _("{name}: {target} was aimed at and is not reached, with {now}."))
    return {
        KEPT: _("{name}: {target} % was weighed and is reached, with {now} %."),
        PARTLY: _(
            "{name}: {target} % was weighed and is not reached, with {now} %; that is more than was printed then."
        ),
        MISSED: _("{name}: {target} % was weighed and is not reached, with {now} %."),
        OPEN: _("{name}: {target} % was weighed, {now} % is printed; rounding hides whether it is reached."),
        NOT_PRINTED: _("{name}: {target} % was weighed; whether it is reached is open, it is not published."),
        NOTHING_TO_COUNT: _("{name}: {target} % was weighed; there was nothing to count, so it says nothing."),
        NO_LONGER_SCORED: _("{name}: {target} % was weighed; the rules of this report do not score it any more."),
    }[row.state]


def follow_up_section(frame: pd.DataFrame, promised: Mapping[str, Any]) -> Section:
    """What an earlier report weighed against what happened: sentences and a table."""
    own = Figures.of(follow_up_figures(frame))
    rows = [
        [
            _("{name}, %").format(name=row.name) if row.unit == "percent" else row.name,
            own.get(f"promise.{row.code}.before", _("not published")),
            own[f"promise.{row.code}.target"],
            own.get(f"promise.{row.code}.now", _("not published")),
            _state_name(row.state),
        ]
        for row in frame.itertuples()
    ]
    heads = [_("What was weighed"), _("Then"), _("Target"), _("Now"), _("What happened")]
    title = _("What was weighed last time, and what happened?")
    parts: list[Part] = [Heading(title), Words(follow_up_words(own, frame, promised), as_list=True)]
    if not rows:
        return Section(title, [Words(follow_up_words(own, frame, promised), style="note")], own, {"follow_up": frame})
    caption = _("Targets of an earlier report and what is printed now")
    parts.append(Table(caption, heads, rows, text_columns=(4,)))
    return Section(title, parts, own, {"follow_up": frame})


def _state_name(state: str) -> str:
    """What became of a target, in the reader's language."""
    return {
        KEPT: _("reached"),
        PARTLY: _("higher than printed then, not reached"),
        MISSED: _("not reached"),
        OPEN: _("open: rounding hides it"),
        NOT_PRINTED: _("open: not published"),
        NOTHING_TO_COUNT: _("open: nothing to count"),
        NO_LONGER_SCORED: _("not scored any more"),
    }[state]


# The totals that are known


def under_its_rules(past: pd.DataFrame, identified: Identified) -> pd.DataFrame:
    """The totals that the rules of the card scored too: of notices if it is of one, else of captures scored alike."""
    day, rubric = shown(past, identified.entity, identified.period).day, identified.rubric
    same = [
        bool(row.day) == bool(day)
        and rubric.covers(ruling(row.period, row.day))
        and not rubric.changes_between(row.day, day)
        for row in past.itertuples()
    ]
    return past[same]


def total_figures(past: pd.DataFrame, identified: Identified) -> Iterator[Figure]:
    """`trend.needed`, `trend.known`, and `past.<period>.total` of each total under the rules of the card."""
    past = under_its_rules(past, identified)
    first, last = comparable_span((identified.rubric,), shown(past, identified.entity, identified.period))
    monthly = past[past["period"].map(is_month) & (past["scope"] == "month")]["period"]
    known = float(monthly.between(first, last or ALWAYS).sum())
    yield exact(
        "trend.needed",
        _("Comparable months that a trend needs"),
        float(LEAST_FOR_TREND),
        "count",
        0,
        "entered",
        _("rule of this package"),
    )
    yield exact(
        "trend.known",
        _("Comparable months with a total"),
        known,
        "count",
        0,
        "derived",
        _("the published totals, counted"),
    )
    for _place, row in past.iterrows():
        yield _total_then(row)


def _total_then(row: pd.Series) -> Figure:
    """`past.<period>.total` (`.longer_period` of a year or quarter) of a published total."""
    name = f"past.{row['period']}.{'total' if is_month(row['period']) else 'longer_period'}"
    return printed_figure(name, write_period(row["period"]), row)


def counted_on(past: pd.DataFrame, identified: Identified) -> str:
    """The day on which the portal showed a month that was not over yet; else ""."""
    day = shown(past, identified.entity, identified.period).day
    return day if day and is_month(identified.period) and day[:7] <= identified.period else ""


def compared_with(past: pd.DataFrame, identified: Identified) -> str:
    """The last earlier period of the same kind whose total the same rules scored; "" where there is none.

    None either where the portal showed a month that was not over.
    """
    if counted_on(past, identified):
        return ""
    start = months_of(identified.period)[0]
    periods = under_its_rules(past, identified)["period"]
    earlier = [period for period in periods if months_of(period)[1] < start]
    alike = [period for period in earlier if months_in(period) == months_in(identified.period)]
    return max(alike, default="")


def change_since_figures(
    figures: Figures, past: pd.DataFrame, ranks: Mapping[str, float], identified: Identified, otherwise: str = ""
) -> Iterator[Figure]:
    """`since.change` and `since.size`, its size, from the period `compared_with`; `since.rank`, the rank then.

    Where there is none, from the period `otherwise`, which other rules scored, and `since.<period>.total` its total.
    `change` is the same where that is the month before. `ranks` are the published ranks of the entity by period.
    """
    period, total = compared_with(past, identified) or otherwise, figures["total"]
    rows = past[past["period"] == period]
    if rows.empty or total.value is None:
        return
    before = _total_then(rows.iloc[0])
    low, high = identified.total.low - (before.high or 0.0), identified.total.high - (before.low or 0.0)
    rule = _("total less that of {period}").format(period=write_period(period))
    decimals, change = max(total.decimals, before.decimals), total.value - (before.value or 0.0)
    yield between("since.change", _("Change"), (low, high), "points", decimals, rule, change)
    if period == otherwise:
        yield replace(before, id=f"since.{period}.total")
    yield exact("since.size", _("Change"), abs(change), "points", decimals, "derived", rule)
    if period != otherwise and is_month(period) and period == month_before(identified.period):
        yield between("change", _("Change"), (low, high), "points", decimals, rule, change)
    if period in ranks:
        yield exact("since.rank", _("Rank"), ranks[period], "rank", 0, "published", write_period(period), before.source)


def since_before(
    figures: Figures, past: pd.DataFrame, identified: Identified, otherwise: str = ""
) -> tuple[Sentence, Sentence, list[Sentence]]:
    """What the total is compared with, by how much it moved, and in which direction, with the rank then and now.

    `otherwise` as in `change_since_figures`. Where nothing can be compared, why; and no words besides.
    """
    if "since.change" not in figures:
        title = say(_("Since the period before"))
        if day := counted_on(past, identified):
            return title, say(_("not compared: the month was not over on {date}"), date=write_date(day)), []
        if len(past) > 1 and months_of(past["period"].min())[1] < months_of(identified.period)[0]:
            return title, say(_("other rules scored what is known before: see the change below")), []
        return title, say(_("no earlier total is known")), []
    alike = compared_with(past, identified)
    before = alike or otherwise
    title = say(_("Since {period}"), period=so_far(before, past.loc[past["period"] == before, "as_of"].max()))
    change = figures["since.change"]
    value, rank = change.value or 0.0, figures.get("rank")
    direction = _("up") if value > 0 else _("down") if value < 0 else _("unchanged")
    said = [say("{direction}", direction=direction)]
    if rank is not None and "since.rank" in figures:
        said = [
            say(_("{direction}; rank {before} → {rank}"), direction=direction, before=figures["since.rank"], rank=rank)
        ]
    said = said if alike else [say(_("{said}; scored by other rules, so not all of it is performance"), said=said[0])]
    return title, say("+{change}" if value > 0 else "{change}", change=change), said


def moved_words(figures: Figures, past: pd.DataFrame, identified: Identified) -> list[Sentence]:
    """In a sentence how the total moved since the period it is compared with; none where there is none."""
    period = compared_with(past, identified)
    if "since.change" not in figures or not period:
        return []
    words = _direction(figures["since.change"].value or 0.0)
    return [say(words, period=write_period(period), change=figures["since.size"])]


def history_length(figures: Figures, past: pd.DataFrame, identified: Identified) -> Sentence:
    """Which totals are known under these rules, and whether they allow a trend."""
    few = (figures["trend.known"].value or 0.0) < (figures["trend.needed"].value or 0.0)
    return say(
        _(
            "{entity} has a published total for these periods under the rules of this report: {periods}. A trend needs "
            "at least {needed} comparable months; {known} are known, so none is shown and no gap is joined."
        )
        if few
        else _("{entity} has a published total for these periods under the rules of this report: {periods}."),
        entity=identified.entity,
        periods=write_list(write_period(period) for period in under_its_rules(past, identified)["period"]),
        needed=figures["trend.needed"],
        known=figures["trend.known"],
    )


def months_section(
    own: Figures, figures: Figures, past: pd.DataFrame, identified: Identified, sources: Mapping[str, Source]
) -> Section:
    """Which totals are known, whether they allow a trend, and their picture; `own` are the figures of these totals."""
    title = _("How did the score move?")
    known = under_its_rules(past, identified)
    parts: list[Part] = [Heading(title), Words([history_length(own, past, identified)])]
    if known["period"].map(is_month).any():
        parts.append(Picture("history_of_totals", known, **described(figures, "past", "total", sources)))
    return Section(title, parts, own, {"totals": past})

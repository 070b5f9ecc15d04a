"""Which numbers does the monthly report show, and how was each made?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from analysis.decisions.whatif import TOGETHER
from analysis.diagnosis.losses import named_groups
from analysis.identification.identify import Identified
from analysis.language import _, write_number, write_period
from analysis.report.figures import Ends, Figure, Figures, between, exact
from analysis.report.sentences import part_name
from analysis.scorecards.checks import check_name, interval_of
from analysis.scorecards.history import RANK, TOTAL, card
from analysis.scorecards.periods import is_month, month_before, months_of
from analysis.scorecards.rubric import LEAST_FOR_TREND, comparable_span

ALWAYS = "9999-12"  # after every month


def collect(
    history: pd.DataFrame,
    identified: Identified,
    open_rules: pd.DataFrame,
    checks: pd.DataFrame,
    by_group: pd.DataFrame,
    by_indicator: pd.DataFrame,
    ledger: pd.DataFrame,
    gained: pd.DataFrame,
    by_rule: pd.DataFrame,
    past: pd.DataFrame,
) -> Figures:
    """Every number that the monthly report shows, from the frames that the analysis returned."""
    figures = Figures()
    figures.add(_of_card(card(history, identified.entity, identified.period), identified))
    figures.add(_of_rules(identified))
    figures.add(_of_alternatives(open_rules, identified))
    figures.add(_of_groups(by_group, identified, figures["lost"]))
    mine = (checks["entity"] == identified.entity) & (checks["period"] == identified.period)
    figures.add(_of_checks(checks[mine], figures))
    figures.add(_of_indicators(by_indicator, identified, figures))
    figures.add(_of_ledger(ledger, identified))
    figures.add(_of_gains(gained, by_rule, identified))
    figures.add(_of_past(past[past["period"].map(identified.rubric.covers)], identified))
    figures.add(_of_change(past, identified, figures))
    return figures


def _ends(row: Any, name: str, factor: float = 1.0) -> Ends:
    low, high = getattr(row, f"{name}_low"), getattr(row, f"{name}_high")
    return (None, None) if math.isnan(low) or math.isnan(high) else (factor * low, factor * high)


def _of_card(rows: pd.DataFrame, identified: Identified) -> Iterator[Figure]:
    """The published figures, each with its words and its line; and what is lost of the total."""
    ids = {TOTAL: "total", RANK: "rank"}
    groups = {group.code for group in identified.groups}
    as_published = _("as published")
    for row in rows.itertuples():
        if pd.isna(row.value):
            continue
        figure_id = ids.get(row.code) or (f"group.{row.code}.score" if row.code in groups else "")
        span = interval_of(rows.loc[(row.code, row.unit)])
        yield Figure(
            id=figure_id or f"printed.{row.code}.{row.unit}",
            label=identified.rubric.name_of(row.code),
            value=row.value,
            low=span.low,
            high=span.high,
            unit=row.unit,
            decimals=row.decimals,
            kind=row.kind,
            rule=as_published,
            source=row.source,
            where=f"{row.file}:{row.line}",
            quote=row.quote,
            as_of=row.as_of,
        )
        if row.code == RANK and not pd.isna(row.max):
            yield exact("ranked", _("Provinces ranked"), row.max, "count", 0, row.kind, as_published, row.source)
    total = rows.loc[(TOTAL, "points")]
    points = identified.rubric.points
    lost = points - identified.total
    yield between(
        "lost",
        _("Points lost"),
        (lost.low, lost.high),
        "points",
        int(total["decimals"]),
        f"{points:g} − total",
        points - float(total["value"]),
    )


def _of_rules(identified: Identified) -> Iterator[Figure]:
    rubric = identified.rubric
    rule = _("alternatives of {rubric} multiplied out").format(rubric=rubric.id)
    status = f"{rubric.id}: {rubric.max.status}"
    yield exact("max", _("Highest total"), rubric.points, "points", 0, "published", status, rubric.max.source)
    yield exact("rules.family", _("Rules tried"), float(rubric.size()), "count", 0, "derived", rule)
    yield exact("rules.survivors", _("Rules that fit"), float(identified.survivors), "count", 0, "derived", rule)


def _of_alternatives(open_rules: pd.DataFrame, identified: Identified) -> Iterator[Figure]:
    units = {"max": "points", "target": "percent"}
    for row in open_rules.itertuples():
        fits = _("fits") if row.fits else _("ruled out")
        rule = f"{identified.rubric.id}: {row.parameter} {row.status}; {fits}"
        name = f"alternative.{row.code}.{row.parameter}.{row.value:g}"
        kind = "published" if row.status == "legal" else "derived"
        yield exact(name, row.name, row.value, units[row.parameter], 0, kind, rule, row.source)


def _of_groups(by_group: pd.DataFrame, identified: Identified, lost: Figure) -> Iterator[Figure]:
    parameters = {group.code: group.max for group in identified.groups}
    for row in by_group.itertuples():
        group, known = f"group.{row.code}", not math.isnan(row.score)
        status = f"{identified.rubric.id}: {parameters[row.code].status}"
        rule, part = f"{group}.max − {group}.score", f"{group}.lost / lost"
        value, percent = (row.lost, 100 * row.share) if known else (None, None)
        yield exact(f"{group}.max", row.name, row.max, "points", 0, "published", status, parameters[row.code].source)
        yield between(f"{group}.lost", row.name, _ends(row, "lost"), "points", row.decimals, rule, value)
        yield between(f"{group}.rounding", row.name, _ends(row, "lost"), "points", row.decimals + 1, rule)
        yield between(f"{group}.share", row.name, _ends(row, "share", 100), "percent", 0, part, percent)
        if known:
            rule = f"{group}.score / {group}.max"
            yield exact(f"{group}.achieved", row.name, 100 * row.achieved, "percent", 0, "derived", rule)
        if not math.isnan(row.rank):
            yield exact(f"{group}.place", row.name, row.rank, "rank", 0, "derived", f"{group}.lost")
    named = named_groups(by_group)
    if lost.value and not named.empty:
        share = float(named["lost"].sum(skipna=False)) / lost.value
        low, high = float(named["share_low"].sum()), min(float(named["share_high"].sum()), 1.0)
        label, rule = _("Share of the loss in the groups named"), "Σ group.*.lost / lost"
        printed = None if math.isnan(share) else 100 * share
        item = between("headline.share", label, (100 * low, 100 * high), "percent", 0, rule, printed)
        words = _("{share} %").format(share=item) if printed is None else _share_words(share)
        yield replace(item, words=words)


def _share_words(share: float) -> str:
    """`about two thirds` where a simple fraction is within two points of a hundred; else the percentage."""
    fractions = {
        1 / 4: _("about a quarter"),
        1 / 3: _("about a third"),
        1 / 2: _("about half"),
        2 / 3: _("about two thirds"),
        3 / 4: _("about three quarters"),
    }
    fraction = min(fractions, key=lambda item: abs(item - share))
    if abs(fraction - share) <= 0.02:
        return fractions[fraction]
    return _("{share} %").format(share=write_number(100 * share, 0))


def _of_checks(checks: pd.DataFrame, figures: Figures) -> Iterator[Figure]:
    for number, row in enumerate(checks.itertuples()):
        rule = f"{row.check}: {row.where}"
        name, unit = check_name(row.check), row.codes[0][1]
        yield exact(f"check.{number}.printed", name, row.printed, unit, 2, "derived", rule)
        yield between(f"check.{number}.expected", name, _ends(row, "expected"), unit, 3, rule)
    for row in checks[checks["check"] == "groups_to_total"].itertuples():
        middle = (row.expected_low + row.expected_high) / 2
        slack = (row.expected_high - row.expected_low) / 2 + 0.5 * 10.0 ** -figures["total"].decimals
        decimals = max(item.decimals for item in figures.values() if item.id.endswith(".score"))
        rule = "Σ group.*.score"
        yield exact("sum", _("Sum of the groups"), middle, "points", decimals, "derived", rule)
        yield exact("sum.gap", _("Total less the sum"), row.printed - middle, "points", 2, "derived", f"total − {rule}")
        yield exact("sum.slack", _("Gap that rounding allows"), slack, "points", 3, "derived", "Σ ½·10^−decimals")


def _of_indicators(by_indicator: pd.DataFrame, identified: Identified, figures: Figures) -> Iterator[Figure]:
    for row in by_indicator.itertuples():
        indicator, name = identified.rubric.indicators[row.code], f"indicator.{row.code}"
        rule = f"{identified.rubric.id}: max {indicator.max.status}, target {indicator.target.status}"
        yield between(f"{name}.max", row.name, _ends(row, "max"), "points", 0, rule)
        yield between(f"{name}.lost", row.name, _ends(row, "lost"), "points", 2, f"{rule}; {row.disclosure}")
        if not math.isnan(row.rate_low):
            printed = figures.get(f"printed.{row.code}.percent")
            if printed is not None:
                yield replace(printed, id=f"{name}.rate")
                continue
            rule = " + ".join(indicator.rate_from) or "count / base"
            middle = (row.rate_low + row.rate_high) / 2
            yield between(f"{name}.rate", row.name, _ends(row, "rate"), "percent", 2, rule, middle)


def _of_ledger(ledger: pd.DataFrame, identified: Identified) -> Iterator[Figure]:
    rule = _bounds_rule(identified)
    for row in ledger.itertuples():
        part, name, count = f"ledger.{row.part}", part_name(row.part), float(row.indicators)
        yield between(f"{part}.lost", name, _ends(row, "lost"), "points", 1, rule)
        yield between(f"{part}.share", name, _ends(row, "share", 100), "percent", 0, rule)
        yield exact(f"{part}.indicators", name, count, "count", 0, "derived", rule)


def _of_gains(gained: pd.DataFrame, by_rule: pd.DataFrame, identified: Identified) -> Iterator[Figure]:
    rule = _bounds_rule(identified)
    for row in gained.itertuples():
        lever = f"lever.{row.code}"
        yield between(f"{lever}.gain", row.name, _ends(row, "gain"), "points", 2, rule)
        yield between(f"{lever}.own", row.name, (row.own_low, row.own_high), "points", 2, rule)
        yield between(f"{lever}.total", row.name, _ends(row, "total"), "points", 1, rule)
        yield between(f"{lever}.remaining", row.name, _ends(row, "remaining"), "points", 1, rule)
        if row.code != TOGETHER:
            decimals = 0 if row.target == int(row.target) else 2
            source = _("parameter of the report")
            yield exact(f"{lever}.target", row.name, row.target, "percent", decimals, "entered", source)
    for number, row in enumerate(by_rule.itertuples()):
        case = f"{rule}; lever.{row.lever}.gain, {row.parameter} {row.code} = {row.alternative}"
        yield between(f"rule.{number}.gain", row.name, _ends(row, "gain"), "points", 2, case)
        if row.parameter == "target":
            target = identified.rubric.indicators[row.code].target
            status = f"{identified.rubric.id}: {target.status}"
            share = float(row.alternative)
            kind = "published" if target.status == "legal" else "derived"
            yield exact(f"rule.{number}.target", row.name, share, "percent", 0, kind, status, target.source)


def _of_past(past: pd.DataFrame, identified: Identified) -> Iterator[Figure]:
    first, last = comparable_span((identified.rubric,), months_of(identified.period)[1])
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
    yield exact("trend.known", _("Comparable months with a total"), known, "count", 0, "derived", "past.*.total")
    for _place, row in past.iterrows():
        span = interval_of(row)
        yield Figure(
            id=f"past.{row['period']}.{'total' if is_month(row['period']) else 'longer_period'}",
            label=write_period(row["period"]),
            value=row["value"],
            low=span.low,
            high=span.high,
            unit=row["unit"],
            decimals=row["decimals"],
            kind=row["kind"],
            rule=_("as published"),
            source=row["source"],
            where=f"{row['file']}:{row['line']}",
            quote=row["quote"],
        )


def _of_change(past: pd.DataFrame, identified: Identified, figures: Figures) -> Iterator[Figure]:
    """The change since the month before, where its total is known under the same rules."""
    if is_month(identified.period):
        before = figures.get(f"past.{month_before(identified.period)}.total")
        total = figures["total"]
        if before and before.value is not None and total.value is not None:
            ends = (identified.total.low - (before.high or 0.0), identified.total.high - (before.low or 0.0))
            rule, decimals = f"total − {before.id}", max(total.decimals, before.decimals)
            yield between("change", _("Change"), ends, "points", decimals, rule, total.value - before.value)


def _bounds_rule(identified: Identified) -> str:
    return _("sharp bounds over {count} rules of {rubric}").format(
        count=identified.survivors, rubric=identified.rubric.id
    )

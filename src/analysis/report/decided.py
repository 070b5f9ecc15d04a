"""Which numbers do the decision sections of a report show, and how was each made?"""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from analysis.decisions.deadline import YEAR_TO_DATE
from analysis.decisions.plan import Plan
from analysis.identification.bounds import rate_of
from analysis.identification.identify import Identified
from analysis.interval import Interval
from analysis.language import _
from analysis.report.figures import Figure, Figures, between, exact

PRINTED_WIDTH = 0.011  # percent; a rate printed with two decimals is this wide


def decide(
    figures: Figures,
    identified: Identified,
    best: Plan,
    ways: pd.DataFrame,
    late: pd.DataFrame,
    ranked: pd.DataFrame,
    asked: pd.DataFrame,
    first: pd.DataFrame,
) -> Figures:
    """The figures of a report with every number of its decision sections added, each under an id of its own."""
    decided = Figures(figures)
    decided.add(_of_plan(best, identified))
    if best.target is not None:
        decided = with_ways(decided, identified, ways, best.target)
    decided.add(_of_late(late))
    decided.add(_of_ranks(ranked))
    decided.add(_of_asked(asked))
    decided.add(_of_acts(first, identified))
    return decided


def _of_plan(best: Plan, identified: Identified) -> Iterator[Figure]:
    rule = _("cheapest plan that holds under all {count} rules").format(count=identified.survivors)
    entered = _("parameter of the report")
    yield exact("plan.months", _("Months of the plan"), float(best.months), "count", 0, "entered", entered)
    for name, label, value, unit in (
        ("cost", _("Effort of the plan"), best.cost, "percent"),
        ("best_cost", _("Effort under the most favourable rules"), best.best_cost, "percent"),
        ("sure_total", _("Total with the plan, for sure"), best.sure_total, "points"),
        ("best_total", _("Total with the plan, at best"), best.best_total, "points"),
        ("regret", _("Most that not knowing the rules costs"), best.largest_regret, "percent"),
    ):
        if not math.isnan(value):
            decimals = 2 if unit == "points" else _whole(value)
            yield exact(f"plan.{name}", label, value, unit, decimals, "derived", rule)
    for row in best.steps.itertuples():
        step = f"step.{row.lever}"
        yield _amount(f"{step}.added", row.name, row.added, rule)
        yield _amount(f"{step}.cost", row.name, row.cost, rule)
        today = rate_of(identified, row.lever)
        known = today.width < 100
        then = Interval(min(today.low + row.added, 100.0), min(today.high + row.added, 100.0))
        printed = identified.readings[row.lever].rate is not None
        decimals, origin = (2, _("as published")) if printed else (1, _("sharp bounds over every rule that fits"))
        if known:
            yield between(
                f"{step}.rate", row.name, (today.low, today.high), "percent", decimals, origin, _middle(today)
            )
            yield between(f"{step}.after", row.name, (then.low, then.high), "percent", decimals, rule, _middle(then))
    for number, row in enumerate(best.schedule.itertuples()):
        yield exact(f"month.{number}.month", row.name, float(row.month), "count", 0, "derived", rule)
        yield _amount(f"month.{number}.added", row.name, row.added, rule)
        yield exact(f"month.{number}.total", row.name, row.sure_total, "points", 2, "derived", rule)
    for number, row in enumerate(best.limits.itertuples()):
        if not math.isnan(row.shadow_price):
            yield _amount(f"limit.{number}.price", _("One unit more of a limit"), abs(row.shadow_price), rule)
    for number, row in enumerate(best.regret.itertuples()):
        if not math.isnan(row.regret):
            yield exact(
                f"world.{number}.cost",
                row.world,
                row.cost_known,
                "percent",
                _whole(row.cost_known),
                "derived",
                row.world,
            )
            yield exact(
                f"world.{number}.regret", row.world, row.regret, "percent", _whole(row.regret), "derived", row.world
            )


def with_ways(figures: Figures, identified: Identified, ways: pd.DataFrame, target: float) -> Figures:
    """The figures with those of what a target needs added."""
    decimals = 0 if target == int(target) else 2
    entered = _("parameter of the report")
    added = Figures(figures)
    added.add([exact("plan.target", _("Target score"), target, "points", decimals, "entered", entered)])
    added.add(_of_ways(ways, identified))
    return added


def _of_ways(ways: pd.DataFrame, identified: Identified) -> Iterator[Figure]:
    rule = _("inverse of the score under each of {count} rules").format(count=identified.survivors)
    rounded_up = _("{rule}, rounded up").format(rule=rule)
    for row in ways.itertuples():
        way = f"way.{row.lever}"
        for name in ("added_best", "added_sure", "rate_best", "rate_sure"):
            value = getattr(row, name)
            if not math.isnan(value):
                enough = math.ceil(value * 100 - 1e-7) / 100
                yield between(f"{way}.{name}", row.name, (value, value), "percent", 2, rounded_up, enough)
        yield exact(f"{way}.most_sure", row.name, row.most_sure, "points", 2, "derived", rule)
        yield exact(f"{way}.most_best", row.name, row.most_best, "points", 2, "derived", rule)


def _of_late(late: pd.DataFrame) -> Iterator[Figure]:
    for row in late.itertuples():
        if row.counting != YEAR_TO_DATE:
            yield exact(
                f"late.{row.code}.target",
                row.name,
                row.target,
                "percent",
                _whole(row.target),
                "entered",
                _("parameter of the report"),
            )
            continue
        rule = _("(target × months of the year − rate × months gone) / months left, equal volumes")
        yield exact(f"late.{row.code}.left", row.name, float(row.months_left), "count", 0, "derived", rule)
        yield between(f"late.{row.code}.needed", row.name, (row.needed_low, row.needed_high), "percent", 1, rule)
        yield between(f"late.{row.code}.most", row.name, (row.most_low, row.most_high), "percent", 1, rule)


def _of_ranks(ranked: pd.DataFrame) -> Iterator[Figure]:
    for row in ranked.itertuples():
        rule = _("{known} of {ranked} totals are known").format(known=row.known, ranked=row.ranked)
        ends = (float(row.rank_best), float(row.rank_worst))
        yield between(f"outlook.{row.case}", _("Rank"), ends, "rank", 0, rule)
        yield exact(f"outlook.{row.case}.known", _("Totals known"), float(row.known), "count", 0, "derived", rule)
        yield exact(f"outlook.{row.case}.ranked", _("Provinces ranked"), float(row.ranked), "count", 0, "derived", rule)


def _of_asked(asked: pd.DataFrame) -> Iterator[Figure]:
    rule = _("the figure tried at the values it may have")
    for number, row in enumerate(asked.itertuples()):
        decimals = 1 if row.unit == "percent" else 2
        yield between(f"ask.{number}.span", row.name, (row.low, row.high), row.unit, decimals, rule)
        yield exact(f"ask.{number}.now", row.name, row.open_now, "points", 2, "derived", rule)
        yield exact(f"ask.{number}.most", row.name, row.open_most, "points", 2, "derived", rule)
        yield exact(f"ask.{number}.least", row.name, row.open_least, "points", 2, "derived", rule)


def _of_acts(first: pd.DataFrame, identified: Identified) -> Iterator[Figure]:
    rule = _("sharp bounds over {count} rules of {rubric}").format(
        count=identified.survivors, rubric=identified.rubric.id
    )
    for row in first.itertuples():
        reached = _("today's rate (its highest where it is a range) + percentage points of the plan")
        yield exact(f"act.{row.code}.target", row.name, row.target, "percent", _whole(row.target), "derived", reached)
        yield between(f"act.{row.code}.own", row.name, (row.own_low, row.own_high), "points", 2, rule)
        yield between(f"act.{row.code}.gain", row.name, (row.gain_low, row.gain_high), "points", 2, rule)


def _middle(span: Interval) -> float | None:
    """The one value of a rate that is printed; None where it is a range."""
    return (span.low + span.high) / 2 if span.width <= PRINTED_WIDTH else None


def _amount(figure_id: str, label: str, value: float, rule: str, kind: str = "derived") -> Figure:
    """Percentage points, effort or cost: whole where it is."""
    return exact(figure_id, label, value, "percent", _whole(value), kind, rule)


def _whole(value: float) -> int:
    return 0 if abs(value - round(value)) < 1e-9 else 2

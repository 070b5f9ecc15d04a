"""What do `identify`, `plan`, `change` and `rank` answer? As data for programs and as words for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from analysis import advice, changes, deadline, findings, ranks
from analysis.answer import Answer
from analysis.answers import about, records, rounded
from analysis.decided import decide
from analysis.figures import Figures
from analysis.identification.bounds import alternatives, group_scores, unprinted_rates
from analysis.identification.evidence import Evidence, assume, load_relations
from analysis.identification.identify import Identified
from analysis.identification.proof import contributions, explained_by, gain_width, ruled_out
from analysis.identification.regime import cards_of, load_project
from analysis.interval import Interval
from analysis.language import _, write_list, write_number, write_period, write_range
from analysis.levers import load_costs, load_levers, with_costs
from analysis.opened import open_month
from analysis.plan import plan, rates_for
from analysis.scorecards.periods import months_left
from analysis.usual import ask, next_target, workable
from analysis.whatif import gains, usual_levers

NOTHING = pd.DataFrame()


def identify(month: str, entity: str, alone: bool, assumed: bool) -> Answer:
    """Which rules fit the month and all others of the regime, and which figures say so."""
    loaded = load_project()
    entity, month = loaded.meant(entity, month)
    rubric = loaded.rules(month)
    cards = cards_of(loaded.history, rubric, entity, month, loaded.corrections)[: 1 if alone else None]
    relations = load_relations(rubric) if assumed else ()
    if relations:
        cards = [assume(item, relations) for item in cards]
    identified = explained_by(cards, rubric)
    open_rules = alternatives(identified)
    ruled, scores, hidden = (
        ruled_out(identified, cards, open_rules),
        group_scores(identified),
        unprinted_rates(identified),
    )
    helped = contributions(identified, cards, gain_width(usual_levers(identified)))
    return Answer(
        data={
            **about(identified),
            "together_with": [list(key) for key in identified.others],
            "assumed": [relation.model_dump() for relation in relations],
            "alternatives": records(open_rules),
            "ruled_out": records(ruled),
            "groups": records(scores),
            "rates": records(hidden),
            "contributions": records(helped),
        },
        text="\n".join(_identified_in_words(identified, cards, ruled, scores, hidden, len(relations))),
    )


def make_plan(
    month: str,
    entity: str,
    codes: tuple[str, ...],
    target: float | None,
    months: int | None,
    budget: float | None,
    costs: Path | None,
) -> Answer:
    """The cheapest way to a target that is sure, what it needs, and which number to ask for next."""
    opened = open_month(month, entity)
    identified = opened.identified
    known = load_levers(identified.rubric, identified.period)
    if costs is not None:
        known = with_costs(known, load_costs(costs))
    acts = workable(identified, known, codes)
    if target is None and budget is None:
        target = next_target(identified)
    best = plan(identified, acts, target, months or months_left(identified.period), budget)
    ways = NOTHING if target is None else rates_for(identified, acts, target)
    late = deadline.by_december(identified, usual_levers(identified))
    asked = ask(identified, opened.cards, acts, best)
    figures = decide(Figures(), identified, best, ways, late, NOTHING, asked, NOTHING)
    return Answer(
        data={
            **about(identified),
            **{
                name: getattr(best, name)
                for name in ("target", "budget", "months", "feasible", "priced", "worlds_joint")
            },
            **{
                name: rounded(getattr(best, name))
                for name in ("cost", "best_cost", "sure_total", "best_total", "largest_regret")
            },
            "steps": records(best.steps),
            "schedule": records(best.schedule),
            "limits": records(best.limits),
            "regret": records(best.regret),
            "needed": records(ways),
            "by_december": records(late),
            "ask_next": records(asked),
        },
        text=advice.said_together(
            advice.plan_words(figures, best),
            advice.ways_words(figures, ways) if len(ways) else [],
            advice.late_words(figures, late) if len(late) else [],
            advice.ask_words(figures, asked),
        ),
    )


def change(before: str, after: str, entity: str) -> Answer:
    """What of the change between two months is performance."""
    loaded = load_project()
    entity, after = loaded.meant(entity, after)
    before = before or changes.card_before(loaded.own(entity), loaded.rubrics, entity, after) or after
    moved = changes.change_bridge(loaded.history, loaded.rubrics, entity, before, after)
    figures = findings.with_bridge(Figures(), moved)
    lines = []
    for number, row in enumerate(moved.itertuples()):
        effect, span = findings.effect_name(row.effect), write_range(row.low, row.high, 2)
        lines.append(f"  {row.name}: {figures[f'bridge.{number}']} ({span}) – {effect}")
    said = [str(sentence) for sentence in findings.change_words(figures, moved, before)]
    return Answer(
        data={
            "entity": entity,
            "before": before,
            "after": after,
            "total": float(moved["value"].sum()),
            "parts": records(moved),
        },
        text="\n".join([said[0], *lines, *said[1:]]),
    )


def rank(month: str, entity: str, levers: Mapping[str, float], gain: float | None, drift: float) -> Answer:
    """The rank after a gain, as far as the totals of others are known."""
    opened = open_month(month, entity)
    identified = opened.identified
    levers = levers or usual_levers(identified)
    worth = gains(identified, levers, load_levers(identified.rubric, identified.period)).iloc[-1]
    added = Interval(worth["gain_low"], worth["gain_high"]) if gain is None else Interval.point(gain)
    known = ranks.standing(opened.history, identified.rubric, identified.entity, identified.period)
    seen = ranks.outlook(known, added)
    others = ranks.peers(opened.history, identified.entity, identified.period)
    complete = len(seen) > 0 and len(others) == int(seen["ranked"].iloc[0])
    counted = ranks.rank_after_gain(others, identified.entity, added, drift) if complete else NOTHING
    alike, why = ranks.alike(opened.history, identified.entity, identified.period)
    lines = [_("A gain of {gain} points:").format(gain=write_range(added.low, added.high, 2))]
    lines += [_rank_line(row) for row in seen.itertuples() if row.case == "after"]
    lines += [
        "  "
        + _("if the others move by up to {drift} points either way: {ranks}").format(
            drift=write_number(row.drift, 1), ranks=write_range(row.rank_best, row.rank_worst, 0)
        )
        for row in counted.itertuples()
        if row.case == "others_drift"
    ]
    own = alike[alike["entity"] == identified.entity]
    lines += (
        [why]
        if why
        else [
            _("Among {count} provinces with a like number of dossiers: place {place}.").format(
                count=len(alike), place=write_number(float(own["place"].iloc[0]), 0)
            )
        ]
    )
    return Answer(
        data={
            **about(identified),
            "gain": {"low": added.low, "high": added.high},
            "outlook": records(seen),
            "counted": records(counted),
            "alike": records(alike),
            "alike_reason": why,
        },
        text="\n".join(lines),
    )


def _rank_line(row: Any) -> str:
    if row.open:
        return "  " + _("of {ranked} totals {known} are known: nothing can be said of the rank").format(
            ranked=row.ranked, known=row.known
        )
    words = (
        _("rank {ranks} of {ranked}, if the others stay as they are")
        if row.known == row.ranked
        else _("rank {ranks} of {ranked}, if the others stay as they are, whatever the {unseen} unseen totals are")
    )
    return "  " + words.format(
        ranks=write_range(row.rank_best, row.rank_worst, 0), ranked=row.ranked, unseen=row.ranked - row.known
    )


def _identified_in_words(
    identified: Identified,
    cards: Sequence[Evidence],
    ruled: pd.DataFrame,
    scores: pd.DataFrame,
    hidden: pd.DataFrame,
    assumed: int,
) -> list[str]:
    rubric = identified.rubric
    words = [
        _("{entity}, {period}: of {family} rules {survivors} fit, together with {others} other cards.").format(
            entity=identified.entity,
            period=write_period(identified.period),
            family=write_number(rubric.size(), 0),
            survivors=write_number(identified.survivors, 0),
            others=len(identified.others),
        )
    ]
    if assumed:
        words.append(
            _("Assumed besides: satisfaction with handling is at most the rate on time (formula 5.4 of 2026).")
        )
    printed = {(item.entity, item.period): item.figures for item in cards}
    killers: dict[str, list[str]] = {}
    for (code, parameter, value), rows in ruled.groupby(["code", "parameter", "value"], sort=False):
        figures = []
        for row in rows.itertuples():
            of = printed[row.entity, row.period].loc[(row.figure, row.unit)]
            amount = write_number(of["value"], int(of["decimals"])) + (" %" if row.unit == "percent" else "")
            when = "" if row.period == identified.period else f" ({write_period(row.period)})"
            figures.append(f"{rubric.name_of(row.figure)} {amount}{when}")
        what = f"{rubric.name_of(str(code))}, {rule_words(str(parameter), value)}"
        killers.setdefault(write_list(figures), []).append(what)
    words += [
        _("Ruled out: {rules} – by {figures}.").format(rules=write_list(rules), figures=figures)
        for figures, rules in killers.items()
    ]
    words.append(_("Scores before rounding:"))
    words += [f"  {row.name}: {write_range(row.low, row.high, 3)}" for row in scores.itertuples()]
    narrow = hidden[hidden["high"] - hidden["low"] < 100 - 1e-9]
    if len(narrow):
        words.append(_("Rates that are not printed must be (%):"))
        words += [f"  {row.name}: {write_range(row.low, row.high, 1)}" for row in narrow.itertuples()]
    if len(hidden) > len(narrow):
        words.append(_("Of {count} more rates nothing is known.").format(count=len(hidden) - len(narrow)))
    return words


def rule_words(parameter: str, value: float) -> str:
    """An alternative of the family in words."""
    if parameter == "max":
        return _("a maximum of {value} points").format(value=write_number(value, 0))
    if value == 100:
        return _("points for every percent up to 100 %")
    return _("full marks from {value} %").format(value=write_number(value, 0))

"""What does each command answer, and the sentences and rows that it is made of?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis import advice, archive, sentences
from analysis.answer import Answer
from analysis.collected import collect
from analysis.decided import with_ways
from analysis.errors import ContradictionError
from analysis.figures import Figures
from analysis.identification.bounds import alternatives
from analysis.identification.identify import Identified, identify
from analysis.identification.regime import load_project
from analysis.language import _, write_number, write_period
from analysis.levers import load_levers
from analysis.opened import Month, open_month
from analysis.plan import rates_for
from analysis.scorecards import history
from analysis.scorecards.checks import check_name, failures
from analysis.scorecards.rubric import Rubric, rubric_in_force
from analysis.whatif import check_target, gains, gains_by_rule, usual_levers


def figures_of(opened: Month, levers: Mapping[str, float]) -> Figures:
    """The figures of a report that weighs these improvements."""
    identified, own = opened.identified, opened.loaded.own(opened.identified.entity)
    return collect(
        own,
        identified,
        alternatives(identified),
        opened.loaded.checks,
        opened.by_group,
        opened.by_indicator,
        opened.ledger,
        gains(identified, levers, load_levers(identified.rubric, identified.period)),
        gains_by_rule(identified, levers),
        history.totals(own, identified.entity),
    )


def losses(month: str, entity: str) -> Answer:
    """Where the points went."""
    opened = open_month(month, entity)
    identified = opened.identified
    figures = figures_of(opened, {})
    said = [sentences.headline(figures, opened.by_group, identified)]
    said += sentences.disclosure(figures, opened.ledger)
    said += [sentences.reconciliation(figures)]
    rows = [
        f"  {row.name}: {figures[f'group.{row.code}.lost']} ({figures.get(f'group.{row.code}.score', '?')}/"
        f"{write_number(row.max, 0)})"
        for row in opened.by_group.itertuples()
    ]
    return Answer(
        data={
            **about(identified),
            "sentence": str(said[0]),
            "groups": records(opened.by_group),
            "indicators": records(opened.by_indicator),
            "ledger": records(opened.ledger),
        },
        text="\n".join([str(said[0]), *rows, *(str(sentence) for sentence in said[1:])]),
    )


def whatif(month: str, entity: str, levers: Mapping[str, float], target: float | None) -> Answer:
    """What some improvements are worth."""
    opened = open_month(month, entity)
    identified = opened.identified
    levers = levers or usual_levers(identified)
    gained = gains(identified, levers, load_levers(identified.rubric, identified.period))
    by_rule = gains_by_rule(identified, levers)
    check_target(identified, target)
    figures = figures_of(opened, levers)
    said = [
        *sentences.improvement(figures, gained, identified),
        sentences.caution(figures),
        *sentences.reasons(figures, by_rule),
    ]
    ways = pd.DataFrame()
    if target is not None:
        acts = load_levers(identified.rubric, identified.period)
        ways = rates_for(identified, {code: acts[code] for code in levers if code in acts}, target)
        said += advice.ways_words(with_ways(figures, identified, ways, target), ways)
    return Answer(
        data={
            **about(identified),
            "gains": records(gained),
            "by_rule": records(by_rule),
            "target": records(ways),
        },
        text="\n".join(str(sentence) for sentence in said),
    )


def check() -> Answer:
    """Whether the figures keep their contract, agree with each other, and can be explained by a rule."""
    loaded = load_project()
    rubrics, checks, alone = loaded.rubrics, loaded.checks, loaded.unchecked
    failed = failures(checks)
    failed += archive.faults(loaded.sources)
    accepted = {(row.entity, row.period) for row in checks[checks["accepted"]].itertuples()}
    explained = 0
    for entity in loaded.entities:
        for period in history.periods_with_total(loaded.own(entity), entity):
            if (entity, period) in accepted:
                continue
            problem = _unexplained(loaded.own(entity), rubric_in_force(rubrics, period), entity, period)
            failed += [problem] if problem else []
            explained += not problem
    words = [
        _("{count} figures keep their contract.").format(count=write_number(len(loaded.history), 0)),
        _("{count} checks of figures against each other: {failed} failed, {accepted} known disagreements.").format(
            count=write_number(len(checks), 0),
            failed=int((~checks["ok"] & ~checks["accepted"]).sum()),
            accepted=int(checks["accepted"].sum()),
        ),
        _("{count} cards can be explained by a rule.").format(count=explained),
        _("Figures that nothing cross-checks ({count}):").format(count=write_number(len(alone), 0)),
        *_alone_in_words(alone),
    ]
    return Answer(
        data={
            "figures": len(loaded.history),
            "checks": records(checks.assign(check=[check_name(name) for name in checks["check"]])),
            "explained": explained,
            "failures": failed,
            "unchecked": records(alone[["entity", "period", "code", "unit", "value", "file", "line"]]),
        },
        text="\n".join(words),
        failures=failed,
    )


def _unexplained(own: pd.DataFrame, rubric: Rubric, entity: str, period: str) -> str:
    try:
        identify(own, rubric, entity, period)
    except ContradictionError as error:
        return f"{entity} {period}: {error.what} {'; '.join(error.rows)}"
    return ""


def _alone_in_words(alone: pd.DataFrame) -> list[str]:
    lines = []
    for (entity, period), rows in alone.groupby(["entity", "period"], sort=False):
        codes = ", ".join(f"{row.code} ({row.unit})" for row in rows.itertuples())
        lines.append(f"  {entity}, {write_period(period)}: {codes}")
    return lines


def about(identified: Identified) -> dict[str, Any]:
    """What every answer about a month says first."""
    return {
        "entity": identified.entity,
        "period": identified.period,
        "rubric": identified.rubric.id,
        "rules_tried": identified.rubric.size(),
        "rules_that_fit": identified.survivors,
        "total": {"low": identified.total.low, "high": identified.total.high, "max": identified.rubric.points},
    }


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON: missing is null, and the noise of floats is cut at ten decimals."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def rounded(value: float | None) -> float | None:
    """A number for JSON: missing is null."""
    return None if value is None or math.isnan(value) else round(value, 10)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return rounded(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.item() if hasattr(value, "item") else value

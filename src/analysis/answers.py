"""What does each command answer? The same numbers twice: as data for programs and as words for people."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis import history as figures_of
from analysis import losses as lost
from analysis import sentences
from analysis.collected import collect
from analysis.errors import ContradictionError
from analysis.figures import Figures
from analysis.identify import Identified, alternatives, identify
from analysis.reconcile import check_name, failures, reconcile, unchecked
from analysis.rubric import Rubric, load_rubrics, rubric_in_force
from analysis.vietnamese import _, write_number, write_period
from analysis.whatif import gains, gains_by_rule, rates_needed, usual_levers


@dataclass(frozen=True)
class Answer:
    """`data` for `--json`, `text` for people, and what makes the command fail."""

    data: dict[str, Any]
    text: str
    failures: Sequence[str] = ()


@dataclass(frozen=True)
class Month:
    """One month of one entity, identified, with everything that the answers are made from."""

    history: pd.DataFrame
    checks: pd.DataFrame
    identified: Identified
    by_group: pd.DataFrame
    by_indicator: pd.DataFrame
    ledger: pd.DataFrame

    def figures(self, levers: Mapping[str, float], target: float | None) -> Figures:
        needed = rates_needed(self.identified, levers, target)
        past = figures_of.totals(self.history, self.identified.entity)
        return collect(
            self.history,
            self.identified,
            alternatives(self.identified),
            self.checks,
            self.by_group,
            self.by_indicator,
            self.ledger,
            gains(self.identified, levers),
            gains_by_rule(self.identified, levers),
            needed,
            past,
        )


def open_month(month: str, entity: str) -> Month:
    """Read everything and identify one month; `month` may be empty for the latest.

    Raises any AnalysisError that the figures, the rules or the names deserve.
    """
    rubrics = load_rubrics()
    history = figures_of.load_history(rubrics)
    entity = figures_of.find_entity(history, entity)
    month = month or figures_of.latest_period(history, entity)
    figures_of.card(history, entity, month)
    rubric = rubric_in_force(rubrics, month)
    identified = identify(history, rubric, entity, month)
    by_indicator = lost.losses_by_indicator(identified)
    return Month(
        history=history,
        checks=reconcile(history, rubrics, figures_of.load_corrections()),
        identified=identified,
        by_group=lost.losses_by_group(history, rubric, entity, month),
        by_indicator=by_indicator,
        ledger=lost.loss_ledger(identified, by_indicator),
    )


def losses(month: str, entity: str) -> Answer:
    """Where the points went."""
    opened = open_month(month, entity)
    identified = opened.identified
    figures = opened.figures({}, None)
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
            **_about(identified),
            "sentence": str(said[0]),
            "groups": _records(opened.by_group),
            "indicators": _records(opened.by_indicator),
            "ledger": _records(opened.ledger),
        },
        text="\n".join([str(said[0]), *rows, *(str(sentence) for sentence in said[1:])]),
    )


def whatif(month: str, entity: str, levers: Mapping[str, float], target: float | None) -> Answer:
    """What some improvements are worth."""
    opened = open_month(month, entity)
    identified = opened.identified
    levers = levers or usual_levers(identified)
    gained = gains(identified, levers)
    by_rule = gains_by_rule(identified, levers)
    needed = rates_needed(identified, levers, target)
    figures = opened.figures(levers, target)
    said = [*sentences.improvement(figures, gained), sentences.caution(figures), *sentences.reasons(figures, by_rule)]
    said += sentences.needs(figures, needed)
    return Answer(
        data={
            **_about(identified),
            "gains": _records(gained),
            "by_rule": _records(by_rule),
            "target": _records(needed),
        },
        text="\n".join(str(sentence) for sentence in said),
    )


def check() -> Answer:
    """Whether the figures keep their contract, agree with each other, and can be explained by a rule."""
    rubrics = load_rubrics()
    history = figures_of.load_history(rubrics)
    checks = reconcile(history, rubrics, figures_of.load_corrections())
    alone = unchecked(history, checks)
    failed = failures(checks)
    accepted = {(row.entity, row.period) for row in checks[checks["accepted"]].itertuples()}
    explained = 0
    for entity in history["entity"].unique():
        for period in figures_of.periods_with_total(history, entity):
            if (entity, period) in accepted:
                continue
            problem = _unexplained(history, rubric_in_force(rubrics, period), entity, period)
            failed += [problem] if problem else []
            explained += not problem
    words = [
        _("{count} figures keep their contract.").format(count=write_number(len(history), 0)),
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
            "figures": len(history),
            "checks": _records(checks.assign(check=[check_name(name) for name in checks["check"]])),
            "explained": explained,
            "failures": failed,
            "unchecked": _records(alone[["entity", "period", "code", "unit", "value", "file", "line"]]),
        },
        text="\n".join(words),
        failures=failed,
    )


def _unexplained(history: pd.DataFrame, rubric: Rubric, entity: str, period: str) -> str:
    try:
        identify(history, rubric, entity, period)
    except ContradictionError as error:
        return f"{entity} {period}: {error.what} {'; '.join(error.rows)}"
    return ""


def _alone_in_words(alone: pd.DataFrame) -> list[str]:
    lines = []
    for (entity, period), rows in alone.groupby(["entity", "period"], sort=False):
        codes = ", ".join(f"{row.code} ({row.unit})" for row in rows.itertuples())
        lines.append(f"  {entity}, {write_period(period)}: {codes}")
    return lines


def _about(identified: Identified) -> dict[str, Any]:
    return {
        "entity": identified.entity,
        "period": identified.period,
        "rubric": identified.rubric.id,
        "rules_tried": identified.rubric.size(),
        "rules_that_fit": identified.survivors,
        "total": {"low": identified.total.low, "high": identified.total.high, "max": identified.rubric.points},
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON: missing is null, and the noise of floats is cut at ten decimals."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 10)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.item() if hasattr(value, "item") else value

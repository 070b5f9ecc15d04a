"""What does each command answer? The same numbers twice: as data for programs and as words for people."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from analysis import advice, archive, sentences
from analysis import history as figures_of
from analysis import losses as lost
from analysis.bounds import alternatives
from analysis.collected import collect
from analysis.contract import is_synthetic
from analysis.decided import with_ways
from analysis.errors import ContradictionError
from analysis.evidence import Card, cards_of
from analysis.figures import SYNTHETIC, Figures, synthetic_label
from analysis.identify import Identified, identify, identify_cards
from analysis.levers import load_levers
from analysis.plan import rates_for
from analysis.reconcile import check_name, failures, reconcile, unchecked
from analysis.rubric import Rubric, load_rubrics, rubric_in_force
from analysis.vietnamese import _, write_number, write_period, write_range
from analysis.whatif import check_target, gains, gains_by_rule, usual_levers


@dataclass(frozen=True)
class Answer:
    """`data` for `--json`, `text` for people, and what makes the command fail.

    An answer about simulated figures says so by itself: as `kind`, and in its first line.
    """

    data: dict[str, Any]
    text: str
    failures: Sequence[str] = ()

    def __post_init__(self) -> None:
        if is_synthetic(self.data.get("entity", "")):
            object.__setattr__(self, "data", {**self.data, "kind": SYNTHETIC})
            object.__setattr__(self, "text", f"{synthetic_label()}\n{self.text}")


@dataclass(frozen=True, repr=False)
class Month:
    """One month of one entity, identified, with everything that the answers are made from."""

    history: pd.DataFrame
    cards: tuple[Card, ...]
    identified: Identified
    by_group: pd.DataFrame
    by_indicator: pd.DataFrame
    ledger: pd.DataFrame

    @cached_property
    def checks(self) -> pd.DataFrame:
        """Every check of the history; made when it is asked for, as it takes most of the time (see `reconcile`)."""
        return reconcile(self.history, load_rubrics(), figures_of.load_corrections())

    def __repr__(self) -> str:
        total = write_range(self.identified.total.low, self.identified.total.high, 2)
        when = write_period(self.identified.period)
        return f"<{self.identified.entity}, {when}: {total}/{write_number(self.identified.rubric.points, 0)}>"

    def figures(self, levers: Mapping[str, float]) -> Figures:
        past = figures_of.totals(self.history, self.identified.entity)
        return collect(
            self.history,
            self.identified,
            alternatives(self.identified),
            self.checks,
            self.by_group,
            self.by_indicator,
            self.ledger,
            gains(self.identified, levers, load_levers(self.identified.rubric, self.identified.period)),
            gains_by_rule(self.identified, levers),
            past,
        )


def open_history(month: str, entity: str) -> tuple[tuple[Rubric, ...], pd.DataFrame, str, str]:
    """Rules, figures, and the entity and the period that the user means; an empty period is the latest with a total."""
    rubrics = load_rubrics()
    history = figures_of.load_history(rubrics)
    entity = figures_of.find_entity(history, entity)
    month = month or figures_of.latest_period(history, entity)
    figures_of.check_period(month)
    return rubrics, history, entity, month


def open_month(month: str, entity: str, alone: bool = False) -> Month:
    """Read everything and identify one month; `month` may be empty for the latest.

    The rules must explain every other card of the regime as well, unless the month is to stand `alone`.

    Raises any AnalysisError that the figures, the rules or the names deserve.
    """
    rubrics, history, entity, month = open_history(month, entity)
    rubric = rubric_in_force(rubrics, month)
    cards = cards_of(history, rubric, entity, month, figures_of.load_corrections())[: 1 if alone else None]
    identified = identify_cards(cards, rubric)
    by_indicator = lost.losses_by_indicator(identified)
    return Month(
        history=history,
        cards=tuple(cards),
        identified=identified,
        by_group=lost.losses_by_group(history, rubric, entity, month),
        by_indicator=by_indicator,
        ledger=lost.loss_ledger(identified, by_indicator),
    )


def losses(month: str, entity: str) -> Answer:
    """Where the points went."""
    opened = open_month(month, entity)
    identified = opened.identified
    figures = opened.figures({})
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
    figures = opened.figures(levers)
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
    rubrics = load_rubrics()
    history = figures_of.load_history(rubrics)
    checks = reconcile(history, rubrics, figures_of.load_corrections())
    alone = unchecked(history, checks)
    failed = failures(checks)
    failed += archive.faults(figures_of.load_sources())
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
            "checks": records(checks.assign(check=[check_name(name) for name in checks["check"]])),
            "explained": explained,
            "failures": failed,
            "unchecked": records(alone[["entity", "period", "code", "unit", "value", "file", "line"]]),
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

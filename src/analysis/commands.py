"""What does each command answer? A section of a card, or of what it did: as text, or its data as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from analysis.card import open_card
from analysis.decisions.levers import load_costs
from analysis.errors import CheckError, ContradictionError
from analysis.identification.evidence import Evidence, read_cards
from analysis.identification.identify import identify_cards
from analysis.identification.regime import Project, load_project, outlier_words
from analysis.language import _, write_number, write_period
from analysis.report.section import Section, Words
from analysis.scorecards import history
from analysis.scorecards.checks import check_name, failures
from analysis.scorecards.rubric import Rubric

MOST_CARDS = 8  # that one line names


def losses(month: str, entity: str, as_of: str = "") -> Section:
    """Where the points went."""
    asked = open_card(entity, month, as_of=as_of)
    return Section.together(asked.summary, asked.losses)


def whatif(month: str, entity: str, levers: Mapping[str, float], target: float | None, as_of: str = "") -> Section:
    """What some improvements are worth."""
    return open_card(entity, month, levers=levers, as_of=as_of).what_if(target_score=target)


def rules(month: str, entity: str, alone: bool, assumed: bool, as_of: str = "") -> Section:
    """Which rules fit the month and all others of the regime, and which figures say so."""
    asked = open_card(entity, month, as_of=as_of)
    asked = asked.alone if alone else asked
    return (asked.assuming if assumed else asked).rules


def plan(
    month: str,
    entity: str,
    codes: tuple[str, ...],
    target: float | None,
    months: int | None,
    budget: float | None,
    costs: Path | None,
    as_of: str = "",
) -> Section:
    """The cheapest way to a target that is sure, what it needs, and which number to ask for next."""
    efforts = None if costs is None else load_costs(costs)
    return open_card(entity, month, as_of=as_of).plan(target, codes, months, budget, efforts)


def change(before: str, after: str, entity: str, as_of: str = "") -> Section:
    """What of the change between two months is performance; by default since the last card that tells."""
    asked = open_card(entity, after, as_of=as_of)
    return asked.change_from(asked.of(before or asked.results.before or asked.month))


def rank(
    month: str, entity: str, levers: Mapping[str, float], gain: float | None, drift: float, as_of: str = ""
) -> Section:
    """The rank after a gain, as far as the totals of others are known."""
    return open_card(entity, month, levers=levers, as_of=as_of).rank_after(gain, drift)


def check() -> Section:
    """Whether the figures keep their contract, agree with each other, and can be explained by a rule."""
    from analysis.notices import store

    known = load_project()
    layers = [known, *known.superseded]
    alone = known.unchecked
    checks = pd.concat([layer.checks for layer in layers], ignore_index=True)
    if checks.empty:
        raise CheckError(_("No check could be made: no card has two figures that depend on each other."))
    failed = [
        f"{outlier_words(item.entity, item.period)} {'; '.join(known.against_others(item, rubric, day))}"
        for item, rubric, day in known.outliers
    ]
    failed += failures(checks)
    failed += store.faults(known.history, known.sources)
    doubtful = [
        _("corrections.toml: the note on {entity} {period} ({source}) is of no figures any more").format(
            entity=note.entity, period=note.period, source=note.source
        )
        for note in known.stale_notes
    ]
    accepted = {(row.entity, row.period) for row in checks[checks["accepted"]].itertuples()}
    cards = explained = 0
    for layer in layers:
        for rubric, item in _evidence_of(layer):
            cards += 1
            if (item.entity, item.period) in accepted:
                continue
            problem = _unexplained(item, rubric)
            if problem and layer is not known:
                problem = _("Superseded, and explained by no rule: {problem}").format(problem=problem)
            (failed if layer is known else doubtful).extend([problem] if problem else [])
            explained += not problem
    words = [
        _("{count} figures keep their contract.").format(count=write_number(len(known.history), 0)),
        _("{count} checks of figures against each other: {failed} failed, {accepted} known disagreements.").format(
            count=write_number(len(checks), 0),
            failed=int((~checks["ok"] & ~checks["accepted"]).sum()),
            accepted=int(checks["accepted"].sum()),
        ),
        _("{count} of {cards} cards can be explained by a rule, those that a later one superseded among them.").format(
            count=write_number(explained, 0), cards=write_number(cards, 0)
        ),
        *doubtful,
        _("Figures that nothing cross-checks ({count}):").format(count=write_number(len(alone), 0)),
        *_alone_in_words(alone, known),
    ]
    shown = checks.assign(check=[check_name(name) for name in checks["check"]])
    return Section(
        _("Do the figures agree with each other?"),
        [Words(words)],
        facts={
            "figures": len(known.history),
            "cards": cards,
            "explained": explained,
            "doubtful": doubtful,
            "failures": failed,
        },
        tables={"checks": shown, "unchecked": alone[["entity", "period", "code", "unit", "value", "file", "line"]]},
        failures=failed,
    )


def _evidence_of(layer: Project) -> Iterator[tuple[Rubric, Evidence]]:
    """Every card, in its order, with the family of rules that scored it."""
    keys = list(history.cards(layer.history))
    rubrics = {key: layer.rules(*key) for key in keys}
    found: dict[tuple[str, str], Evidence] = {}
    for rubric in layer.rubrics:
        of_rubric = [key for key in keys if rubrics[key] is rubric]
        found |= dict(zip(of_rubric, read_cards(layer.history, rubric, of_rubric), strict=True))
    yield from ((rubrics[key], found[key]) for key in keys)


def _unexplained(item: Evidence, rubric: Rubric) -> str:
    try:
        identify_cards([item], rubric)
    except ContradictionError as error:
        return f"{item.entity} {item.period}: {error.what} {'; '.join(error.rows)}"
    return ""


def _alone_in_words(alone: pd.DataFrame, known: Project) -> list[str]:
    """A line for all cards of which the same is not cross-checked."""
    same: dict[str, list[str]] = {}
    for (entity, period), rows in alone.groupby(["entity", "period"], sort=False):
        name_of = known.rules(entity, period).name_of
        figures = ", ".join(f"{name_of(row.code)} ({history.unit_name(row.unit)})" for row in rows.itertuples())
        same.setdefault(figures, []).append(f"{entity} {write_period(period)}")
    return [f"  {_some(cards)}: {figures}" for figures, cards in same.items()]


def _some(cards: list[str]) -> str:
    more = len(cards) - MOST_CARDS
    return ", ".join(cards) if more <= 1 else ", ".join([*cards[:MOST_CARDS], _("and {count} more").format(count=more)])

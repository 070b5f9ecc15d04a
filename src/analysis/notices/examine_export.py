"""Do the cards of a whole table add up, and what do they restate? Nothing is changed here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

import pandas as pd

from analysis.identification.regime import Project, outlier_words
from analysis.language import _, write_date, write_list, write_number, write_period
from analysis.notices.documents import Document
from analysis.notices.exports import PRINTED, Export, Problem, Row
from analysis.scorecards.checks import Printed, card_checks, failures
from analysis.scorecards.entities import COMMUNE, Unit
from analysis.scorecards.history import AS_PRINTED, TOTAL, row_problems, with_standing
from analysis.scorecards.rubric import Rubric, rubric_in_force, ruling
from analysis.scorecards.sources import Source

MOST_NAMED = 12  # of one kind, before the rest is counted


@dataclass(frozen=True)
class Tabled:
    """A card of a table, and what storing it would do.

    `state` is "new"; "same" (every figure is known); "more" (the known ones agree); "restated" (an earlier capture or
    notice says otherwise and no longer counts); "older" (it is kept, but a later one counts); "other" (the same day is
    known with other figures). `before` is the total that counts so far, of the day `day`.
    """

    entity: str
    period: str
    rows: list[Row]
    state: Literal["new", "same", "more", "restated", "older", "other"]
    before: float | None
    day: str

    @property
    def total(self) -> float | None:
        return next((float(row["value"]) for row in self.rows if row["code"] == TOTAL), None)

    @property
    def moved(self) -> float:
        """By how much the total is restated; 0 where one of them is not known."""
        return 0.0 if None in (self.total, self.before) else (self.total or 0.0) - (self.before or 0.0)


@dataclass(frozen=True)
class ExaminedExport:
    """A table held against itself and against what is known; `fresh` are the rows that would be stored.

    `failures` forbid storing. `unsound` says of each card that was left out why.
    """

    export: Export
    source_id: str
    source: Source
    cards: list[Tabled]
    fresh: list[Row]
    checks: pd.DataFrame
    failures: list[str]
    unsound: list[str]

    @property
    def units(self) -> dict[str, Unit]:
        """The new units of the cards."""
        named = {card.entity for card in self.cards}
        return {name: unit for name, unit in self.export.units.items() if name in named}


def examine_export(
    export: Export,
    document: Document,
    history: pd.DataFrame,
    rubrics: tuple[Rubric, ...],
    sources: Mapping[str, Source],
    units: Mapping[str, Unit],
    only_sound: bool,
) -> ExaminedExport:
    """Hold every card against its total, its rules and the figures known. Changes nothing.

    With `only_sound` the cards that do not add up, and what is of no card, are left out instead of refused.
    """
    source_id, source = _source_of(export, document, sources)
    known_sources = {**sources, source_id: source}
    rows = [{**row, "source": row["source"] if row.get("source") in sources else source_id} for row in export.rows]
    cards: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        cards.setdefault((row["entity"], row["period"]), []).append(row)
    problems = list(export.problems)
    all_units = {*units, *export.units}
    checks = []
    for key, of_card in cards.items():
        found = [
            Problem(f"{row['where']}: {row['code']}: {words}", key)
            for row in of_card
            for words in row_problems(row, rubrics, known_sources, all_units)
        ]
        problems += found
        if not found:
            made = _checked(of_card, key, rubrics, known_sources)
            checks.append(made)
            problems += [Problem(words, key) for words in failures(made.assign(accepted=False))] if len(made) else []
    bad = {problem.card for problem in problems}
    if only_sound:
        cards = {key: of_card for key, of_card in cards.items() if key not in bad}
    by_card = dict(iter(history.groupby(["entity", "period"], sort=False)))
    tabled = [_tabled(key, of_card, by_card.get(key), known_sources) for key, of_card in cards.items()]
    words = [problem.words for problem in problems]
    other = [_other(card) for card in tabled if card.state == "other"]
    return ExaminedExport(
        export=export,
        source_id=source_id,
        source=source,
        cards=tabled,
        fresh=[
            row
            for card in tabled
            if card.state != "same"
            for row in _fresh(card, by_card.get((card.entity, card.period)))
        ],
        checks=pd.concat(checks, ignore_index=True) if any(map(len, checks)) else pd.DataFrame(columns=["ok"]),
        failures=other if only_sound else [*words, *other],
        unsound=words if only_sound else [],
    )


def against_others(examined: ExaminedExport, known: Project) -> list[str]:
    """Which new cards fit by themselves but not with all others of their regime and day, in words."""
    if examined.failures or not examined.fresh:
        return []
    new = pd.DataFrame(examined.fresh, columns=AS_PRINTED).assign(day=examined.source.day, file="", line=0)
    new[["value", "max"]] = new[["value", "max"]].replace("", "nan")
    new = new.astype({"value": float, "max": float, "decimals": int})
    together = with_standing(pd.concat([known.history, new], ignore_index=True))
    then = replace(known, history=together, sources={**known.sources, examined.source_id: examined.source})
    fresh = {(row["entity"], row["period"]) for row in examined.fresh}
    return [
        f"{outlier_words(item.entity, item.period)} {'; '.join(then.against_others(item, rubric, day))}"
        for item, rubric, day in then.outliers
        if (item.entity, item.period) in fresh
    ]


def _source_of(export: Export, document: Document, sources: Mapping[str, Source]) -> tuple[str, Source]:
    """The record of this table and its id: that of the same file if it is known, else a new one."""
    for name, known in sources.items():
        if known.sha256 == document.sha256:
            return name, known
    base = f"portal-{export.day}" if export.day else f"table-{date.today().isoformat()}"
    name, number = base, 1
    while name in sources:
        number += 1
        name = f"{base}-{number}"
    return name, Source(
        kind="capture" if export.day else "notice",
        captured=date.fromisoformat(export.day) if export.day else None,
        publisher=_("National Public Service Portal") if export.day else _("Own table"),
        title=_("Table of scores ({file})").format(file=document.name),
        accessed=date.today(),
        sha256=document.sha256,
    )


def _checked(
    rows: list[Row], key: tuple[str, str], rubrics: tuple[Rubric, ...], sources: Mapping[str, Source]
) -> pd.DataFrame:
    """The checks of one card (see `checks.reconcile`)."""
    frame = pd.DataFrame(rows).assign(file=[row["where"] for row in rows], line=0)
    frame = frame.astype({"value": float, "decimals": int})
    rubric = rubric_in_force(rubrics, ruling(key[1], sources[rows[0]["source"]].day))
    same = {"entity": key[0], "period": key[1], "where": rows[0]["where"]}
    return pd.DataFrame([{**check, **same} for check in card_checks(Printed.of(frame), rubric)])


def _tabled(key: tuple[str, str], rows: list[Row], known: pd.DataFrame | None, sources: Mapping[str, Source]) -> Tabled:
    if known is None:
        return Tabled(*key, rows, "new", None, "")
    stands = known[known["superseded_by"] == ""]
    total = stands.loc[stands["code"] == TOTAL, "value"].dropna()
    before = float(total.iloc[0]) if len(total) else None
    day = max(stands["day"].max(), stands["as_of"].max())
    own = _same_card(known, rows[0], sources)
    if own.empty:
        newer = max(rows[0]["as_of"], sources[rows[0]["source"]].day) >= day
        return Tabled(*key, rows, "restated" if newer else "older", before, day)
    values = {(row.code, row.unit): row.value for row in own.itertuples()}
    shared = [row for row in rows if values.get((row["code"], row["unit"])) is not None]
    if any(float(row["value"]) != values[row["code"], row["unit"]] for row in shared):
        return Tabled(*key, rows, "other", before, day)
    return Tabled(*key, rows, "same" if len(shared) == len(rows) else "more", before, day)


def _same_card(known: pd.DataFrame, row: Row, sources: Mapping[str, Source]) -> pd.DataFrame:
    same = (known["scope"] == row["scope"]) & (known["as_of"] == row["as_of"])
    return known[same & (known["day"] == sources[row["source"]].day)]


def _fresh(card: Tabled, known: pd.DataFrame | None) -> list[Row]:
    if known is None or card.state != "more":
        return card.rows
    first = card.rows[0]
    there = known[(known["scope"] == first["scope"]) & (known["as_of"] == first["as_of"])]
    stored = set(zip(there["code"], there["unit"], strict=True))
    return [row for row in card.rows if (row["code"], row["unit"]) not in stored]


def in_words(examined: ExaminedExport) -> Iterator[str]:
    """How many cards, which agree with their totals, what they restate, what was not understood."""
    cards, export = examined.cards, examined.export
    periods = Counter((card.period, card.rows[0]["scope"]) for card in cards)
    held = [
        _("{count} of {period}").format(count=count, period=scope_words(period, scope))
        for (period, scope), count in periods.items()
    ]
    yield _("Cards: {count}, with {figures} figures: {periods}.").format(
        count=len(cards), figures=write_number(sum(len(card.rows) for card in cards), 0), periods=write_list(held)
    )
    if export.day:
        yield _("As the portal showed them on {day}.").format(day=write_date(export.day))
    made = examined.checks
    totals = made.loc[made["check"] == "groups_to_total", "ok"].tolist() if len(made) else []
    yield _("Adding up to their total: {agree} of the {count} that have all groups.").format(
        agree=sum(map(bool, totals)), count=len(totals)
    )
    states = Counter(card.state for card in cards)
    words = {
        "new": _("New cards: {count}."),
        "same": _("Known already, with the same figures: {count}."),
        "more": _("Known, with some figures that are new and none that differs: {count}."),
        "restated": _("Restating what is known of an earlier day, which is a correction and no performance: {count}."),
        "older": _("Older than what is known, so kept without counting: {count}."),
        "other": _("Known with other figures of the same day: {count}."),
    }
    yield from (words[state].format(count=count) for state, count in states.items())
    moved = [card for card in cards if card.state == "restated" and card.moved]
    if moved:
        most = max(moved, key=lambda card: abs(card.moved))
        yield _("Totals that are restated: {count}; most that of {entity}, {period}: {before} → {total}.").format(
            count=len(moved),
            entity=most.entity,
            period=write_period(most.period),
            before=_number(most.before),
            total=_number(most.total),
        )
    if examined.units:
        parents = Counter((unit.parent, unit.kind) for unit in examined.units.values())
        yield _("Units that are new in units.csv: {units}.").format(
            units=write_list(
                [
                    (
                        _("{count} communes of {parent}") if kind == COMMUNE else _("{count} departments of {parent}")
                    ).format(count=count, parent=parent)
                    for (parent, kind), count in parents.items()
                ]
            )
        )
    yield from _listed(_("Not understood, so not stored:"), export.left)
    yield from _listed(_("Left out because they are not sound:"), examined.unsound)


def _listed(head: str, words: list[str]) -> Iterator[str]:
    if words:
        yield head
        yield from (f"  - {item}" for item in words[:MOST_NAMED])
        if len(words) > MOST_NAMED:
            yield "  - " + _("… and {count} more; --json lists all").format(count=len(words) - MOST_NAMED)


def scope_words(period: str, scope: str) -> str:
    """A period, and whether it is the year so far."""
    return (
        _("{period} to date").format(period=write_period(period)) if scope == "year_to_date" else write_period(period)
    )


def as_data(examined: ExaminedExport) -> dict[str, Any]:
    """For programs."""
    return {
        "cards": [
            {
                "entity": card.entity,
                "period": card.period,
                "scope": card.rows[0]["scope"],
                "as_of": card.rows[0]["as_of"],
                "state": card.state,
                "total": card.total,
                "total_before": card.before,
                "known_to": card.day,
                "figures": [
                    {name: row[name] for name in ("code", "unit", "value", "max", "decimals", "quote", "where")}
                    for row in card.rows
                ],
            }
            for card in examined.cards
        ],
        "source": {"id": examined.source_id, **examined.source.model_dump(mode="json")},
        "new_units": [vars(unit) for unit in examined.units.values()],
        "not_understood": examined.export.left,
        "unsound": examined.unsound,
        "failures": examined.failures,
    }


def _other(card: Tabled) -> str:
    words = _("{entity} {period}: other figures are stored of the same day ({day}); total {before}, here {total}")
    return words.format(
        entity=card.entity,
        period=write_period(card.period),
        day=write_date(card.day) if card.day else "–",
        before=_number(card.before),
        total=_number(card.total),
    )


def _number(value: float | None) -> str:
    return "–" if value is None else write_number(value, PRINTED)

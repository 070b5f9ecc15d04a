"""What does each command answer? A section of a card, or of what it did: as text, or its data as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pandas as pd

from analysis.card import open_card
from analysis.decisions.levers import load_costs
from analysis.errors import ContradictionError, UnknownNameError, UsageError, WriteError
from analysis.files import writing
from analysis.identification.identify import identify
from analysis.identification.regime import load_project
from analysis.language import _, nearest, slug, write_number, write_period
from analysis.notices import documents, examine, forms, store
from analysis.notices.phrasebook import load_phrasebook
from analysis.notices.reader import read
from analysis.report.section import Section, Words
from analysis.scorecards import history
from analysis.scorecards.checks import check_name, failures
from analysis.scorecards.entities import find_entity
from analysis.scorecards.history import card, load_history
from analysis.scorecards.periods import PERIOD
from analysis.scorecards.rubric import Rubric, load_rubrics, rubric_in_force


def losses(month: str, entity: str) -> Section:
    """Where the points went."""
    asked = open_card(entity, month)
    return Section.together(asked.summary, asked.losses)


def whatif(month: str, entity: str, levers: Mapping[str, float], target: float | None) -> Section:
    """What some improvements are worth."""
    return open_card(entity, month, levers=levers).what_if(target_score=target)


def rules(month: str, entity: str, alone: bool, assumed: bool) -> Section:
    """Which rules fit the month and all others of the regime, and which figures say so."""
    asked = open_card(entity, month)
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
) -> Section:
    """The cheapest way to a target that is sure, what it needs, and which number to ask for next."""
    efforts = None if costs is None else load_costs(costs)
    return open_card(entity, month).plan(target, codes, months, budget, efforts)


def change(before: str, after: str, entity: str) -> Section:
    """What of the change between two months is performance; by default since the last card that tells."""
    asked = open_card(entity, after)
    return asked.change_from(asked.of(before or asked.results.before or asked.month))


def rank(month: str, entity: str, levers: Mapping[str, float], gain: float | None, drift: float) -> Section:
    """The rank after a gain, as far as the totals of others are known."""
    return open_card(entity, month, levers=levers).rank_after(gain, drift)


def check() -> Section:
    """Whether the figures keep their contract, agree with each other, and can be explained by a rule."""
    known = load_project()
    rubrics, checks, alone = known.rubrics, known.checks, known.unchecked
    failed = failures(checks)
    failed += store.faults(known.sources)
    accepted = {(row.entity, row.period) for row in checks[checks["accepted"]].itertuples()}
    explained = 0
    for entity in known.entities:
        for period in history.periods_with_total(known.own(entity), entity):
            if (entity, period) in accepted:
                continue
            problem = _unexplained(known.own(entity), rubric_in_force(rubrics, period), entity, period)
            failed += [problem] if problem else []
            explained += not problem
    words = [
        _("{count} figures keep their contract.").format(count=write_number(len(known.history), 0)),
        _("{count} checks of figures against each other: {failed} failed, {accepted} known disagreements.").format(
            count=write_number(len(checks), 0),
            failed=int((~checks["ok"] & ~checks["accepted"]).sum()),
            accepted=int(checks["accepted"].sum()),
        ),
        _("{count} cards can be explained by a rule.").format(count=explained),
        _("Figures that nothing cross-checks ({count}):").format(count=write_number(len(alone), 0)),
        *_alone_in_words(alone, rubrics),
    ]
    shown = checks.assign(check=[check_name(name) for name in checks["check"]])
    return Section(
        _("Do the figures agree with each other?"),
        [Words(words)],
        facts={"figures": len(known.history), "explained": explained, "failures": failed},
        tables={"checks": shown, "unchecked": alone[["entity", "period", "code", "unit", "value", "file", "line"]]},
        failures=failed,
    )


def _unexplained(own: pd.DataFrame, rubric: Rubric, entity: str, period: str) -> str:
    try:
        identify(own, rubric, entity, period)
    except ContradictionError as error:
        return f"{entity} {period}: {error.what} {'; '.join(error.rows)}"
    return ""


def _alone_in_words(alone: pd.DataFrame, rubrics: tuple[Rubric, ...]) -> list[str]:
    """A line for all cards of which the same is not cross-checked."""
    same: dict[str, list[str]] = {}
    for (entity, period), rows in alone.groupby(["entity", "period"], sort=False):
        name_of = rubric_in_force(rubrics, period).name_of
        figures = ", ".join(f"{name_of(row.code)} ({history.unit_name(row.unit)})" for row in rows.itertuples())
        same.setdefault(figures, []).append(f"{entity} {write_period(period)}")
    return [f"  {', '.join(cards)}: {figures}" for figures, cards in same.items()]


def add(file: Path, content: bytes | None, entity: str, month: str) -> tuple[Section, Callable[[bool], list[Path]]]:
    """What a notice says and whether it adds up; and how to store it (`correct` → the files that changed).

    `content` is the notice itself where it comes from no file. Raises any AnalysisError that it deserves.
    """
    rubrics = load_rubrics()
    book = load_phrasebook()
    document = documents.read_file(file) if content is None else documents.read_bytes(content, _("standard input"))
    if month and not PERIOD.fullmatch(month):
        raise UsageError(
            _("“{period}” is not a period.").format(period=month), [], _("Write YYYY-MM, YYYY-Qn or YYYY.")
        )
    typed = forms.is_form(document.text)
    notice = (
        forms.read_form(document.text, rubrics, book) if typed else read(document.text, rubrics, book, entity, month)
    )
    examined = examine.examine(notice, document, rubrics, date.today(), "entered" if typed else "published")
    rubric = rubric_in_force(rubrics, notice.period)
    found = Section(
        notice.title,
        [Words([examine.in_words(examined, rubric)])],
        facts={**examine.as_data(examined, stored=False), "keeps": store.keeps(examined)},
        failures=examined.failures,
    )
    return found, lambda correct: store.store(examined, document, rubrics, correct)


def template(month: str, entity: str) -> list[Path]:
    """Write the form of a month into this folder; the files. Raises WriteError when one is there already."""
    rubrics = load_rubrics()
    names = list(load_phrasebook().provinces)
    known = next((name for name in names if slug(name) == slug(entity)), None)
    if known is None:
        near = nearest(entity, names)
        raise UnknownNameError(
            _("“{name}” is not a province.").format(name=entity), near, _("Did you mean one of these?")
        )
    rubric = rubric_in_force(rubrics, month) if month else rubrics[-1]
    rows = forms.form_rows(rubric, known, month)
    base = Path.cwd() / "-".join(part for part in ("scorecard", slug(known), month.lower()) if part)
    paths = [base.with_name(f"{base.name}{suffix}") for suffix in (".xlsx", ".csv")]
    if there := [path.name for path in paths if path.exists()]:
        raise WriteError(
            _("A form is there already; it is not written over."),
            there,
            _("Move it away or fill it in: scorecard add FILE."),
        )
    with writing(_("No form was written.")):
        forms.write_xlsx(rows, paths[0])
        forms.write_csv(rows, paths[1])
    return paths


def export(month: str, entity: str) -> Path:
    """Write an entity's figures, of one period or all, for Excel; the file."""
    history = load_history(load_rubrics())
    entity = find_entity(history, entity)
    rows = history[history["entity"] == entity]
    if month:
        rows = rows[rows["period"] == month]
    if rows.empty:
        card(history, entity, month)
    path = Path.cwd() / ("-".join(part for part in ("figures", slug(entity), month.lower()) if part) + ".csv")
    with writing(_("No file was written.")):
        forms.write_csv(forms.export_rows(rows), path)
    return path

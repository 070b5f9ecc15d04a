"""What do `add`, `template` and `export` do? Figures come in from a file, or go out to one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from analysis import added, documents, forms, intake, store
from analysis.answer import Answer
from analysis.bulletin import read
from analysis.errors import UnknownNameError, UsageError, WriteError
from analysis.files import writing
from analysis.language import _, nearest, slug
from analysis.scorecards import entities
from analysis.scorecards import history as figures_of
from analysis.scorecards.periods import PERIOD
from analysis.scorecards.rubric import load_rubrics, rubric_in_force
from analysis.wordings import load_phrasebook


def add(file: Path, content: bytes | None, entity: str, month: str) -> tuple[Answer, Callable[[bool], list[Path]]]:
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
    examined = intake.examine(notice, document, rubrics, date.today(), "entered" if typed else "published")
    rubric = rubric_in_force(rubrics, notice.period)
    answer = Answer(
        data={**added.as_data(examined, stored=False), "keeps": store.keeps(examined)},
        text=added.in_words(examined, rubric),
        failures=examined.failures,
    )
    return answer, lambda correct: store.store(examined, document, rubrics, correct)


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
    history = figures_of.load_history(load_rubrics())
    entity = entities.find_entity(history, entity)
    rows = history[history["entity"] == entity]
    if month:
        rows = rows[rows["period"] == month]
    if rows.empty:
        figures_of.card(history, entity, month)
    path = Path.cwd() / ("-".join(part for part in ("figures", slug(entity), month.lower()) if part) + ".csv")
    with writing(_("No file was written.")):
        forms.write_csv(forms.export_rows(rows), path)
    return path

"""What do the commands answer that put figures into a project, take them out, hand them on, or begin one?"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

from analysis import project
from analysis.errors import BulletinError, UnknownNameError, UsageError, WriteError
from analysis.files import recover, writing
from analysis.identification.regime import load_project
from analysis.language import _, nearest, slug, write_date, write_number, write_period
from analysis.notices import documents, examine, examine_export, exports, forms, removal, store
from analysis.notices.phrasebook import load_phrasebook
from analysis.notices.reader import read
from analysis.report.section import Section, Words
from analysis.scorecards import history
from analysis.scorecards.entities import find_entity, load_units, spellings
from analysis.scorecards.history import card, load_history
from analysis.scorecards.log import read_log
from analysis.scorecards.periods import PERIOD
from analysis.scorecards.rubric import load_rubrics, rubric_in_force


def add(
    file: Path,
    content: bytes | None,
    entity: str,
    month: str,
    as_of: str = "",
    only_sound: bool = False,
    as_printed: str = "",
) -> tuple[Section, Callable[[bool], list[Path]]]:
    """What a notice or a table says and whether it adds up; and how to store it (`correct` → the files that changed).

    `content` is the notice itself where it comes from no file. `as_of` (the day of a capture) and `only_sound` are for
    tables of many cards, `as_printed` is why a notice that does not add up is kept. Raises any AnalysisError that it
    deserves.
    """
    recover(project.root() / "data")
    rubrics = load_rubrics()
    book = load_phrasebook()
    document = documents.read_file(file) if content is None else documents.read_bytes(content, _("standard input"))
    if month and not PERIOD.fullmatch(month):
        raise UsageError(
            _("“{period}” is not a period.").format(period=month), [], _("Write YYYY-MM, YYYY-Qn or YYYY.")
        )
    typed = forms.is_form(document.text)
    if not typed and exports.is_export(document, book):
        export = exports.read_export(document, rubrics, book, load_units(), month, as_of)
        return _add_table(export, document, only_sound)
    try:
        notice = (
            forms.read_form(document.text, rubrics, book)
            if typed
            else read(document.text, rubrics, book, entity, month)
        )
    except BulletinError as error:
        raise BulletinError(error.what, [*document.left, *error.rows], error.next_step) from error
    notice = replace(notice, notes=(*(words.rstrip(".") for words in document.left), *notice.notes))

    def again() -> examine.Examined:
        kind = "entered" if typed else "published"
        return examine.examine(notice, document, rubrics, date.today(), kind, as_printed)

    examined = again()
    odd = examine.against_others(examined, load_project())
    examined = replace(examined, warnings=[*odd, *examined.warnings])
    keeps = store.keeps(examined)
    has_total = any(item.code == history.TOTAL for item in notice.figures)
    rubric = rubric_in_force(rubrics, notice.period)
    found = Section(
        notice.title,
        [Words([examine.in_words(examined, rubric, keeps)])],
        facts={
            **examine.as_data(examined, stored=False),
            "keeps": keeps,
            "to_store": len(examined.rows),
            "recognised": document.recognised,
            "only_disagrees": bool(len(examined.checks)),
            "next": f"scorecard report {notice.period} -e {slug(notice.entity)}" if has_total else "",
        },
        failures=examined.failures,
    )
    return found, lambda correct: store.store(examined, document, rubrics, correct, again)


def _add_table(
    export: exports.Export, document: documents.Document, only_sound: bool
) -> tuple[Section, Callable[[bool], list[Path]]]:
    """`add` for a table of many cards."""
    known = load_project()
    examined = examine_export.examine_export(
        export, document, known.history, known.rubrics, known.sources, known.units, only_sound
    )
    odd = examine_export.against_others(examined, known)
    warned = [_("Look at this: {warning}.").format(warning=words.rstrip(".")) for words in odd]
    named = {card.entity for card in examined.cards}
    next_step = f"scorecard batch --months {max((card.period for card in examined.cards), default='')}"
    if len(named) == 1:
        next_step = f"scorecard report {examined.cards[-1].period} -e {slug(examined.cards[-1].entity)}"
    facts = {"keeps": False, "state": "new" if examined.fresh else "same", "to_store": len(examined.fresh)}
    facts |= {"recognised": document.recognised}
    found = Section(
        document.name,
        [Words(["\n".join(examine_export.in_words(examined)), *warned])],
        facts={**examine_export.as_data(examined), **facts, "warnings": odd, "next": next_step},
        failures=examined.failures,
    )
    return found, lambda _correct: store.store_export(examined, document, known.rubrics)


def remove(name: str, period: str) -> tuple[Section, Callable[[], list[Path]]]:
    """What goes with a source or a card, and how to take it back. Raises any AnalysisError that it deserves."""
    found = removal.find_removal(name, period)
    shown = Section(found.source_id, [Words([removal.in_words(found)])], facts=removal.as_data(found, removed=False))
    return shown, lambda: removal.remove(found, load_rubrics(), date.today())


def log() -> Section:
    """What was added, corrected and removed, the latest last."""
    entries = read_log()
    names = {"added": _("added"), "corrected": _("corrected"), "kept": _("document kept"), "removed": _("removed")}
    words = []
    for entry in entries:
        day, _t, clock = entry.when.partition("T")
        card = f"{entry.entity}, {write_period(entry.period)}" if entry.entity else entry.source
        told = [_("{count} figures").format(count=entry.figures)]
        told += [_("total {total}").format(total=write_number(float(entry.total), 2))] if entry.total else []
        about = f"{names[entry.what]}: {card} ({'; '.join(told)}; {entry.source})"
        words.append(f"{write_date(day)} {clock}  {about}")
    return Section(
        _("What was added, corrected and removed?"),
        [Words(words or [_("Nothing was added yet.")])],
        facts={"log": [entry._asdict() for entry in entries]},
    )


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
    entity = find_entity(spellings(list(history["entity"].unique())), entity)
    rows = history[history["entity"] == entity]
    if month:
        rows = rows[rows["period"] == month]
    if rows.empty:
        card(history, entity, month)
    path = Path.cwd() / ("-".join(part for part in ("figures", slug(entity), month.lower()) if part) + ".csv")
    with writing(_("No file was written.")):
        forms.write_csv(forms.export_rows(rows), path)
    return path


def init(folder: Path) -> Path:
    """Copy the data and the notebooks that come with this package into a folder, and make one for reports; the folder.

    Raises WriteError when it is not empty, or cannot be written; ProjectError where there is nothing to copy.
    """
    shipped = project.shipped()
    with writing(_("No project was made.")):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise WriteError(
                _("{folder} is not empty; nothing was written.").format(folder=folder),
                [],
                _("Name a new folder, or an empty one."),
            )
        new = [path for path in (folder, *folder.parents) if not path.exists()]
        making = folder / f".init-{uuid.uuid4().hex[:12]}"
        try:
            for path in _to_ship(shipped):
                (making / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(shipped / path, making / path)
            (folder / "reports").mkdir()
            for part in reversed(project.PARTS):  # the data last: with them it is a project
                (making / part).rename(folder / part)
        except BaseException:  # an interrupt too: half a project is none
            for name in ("reports", *project.PARTS):
                shutil.rmtree(folder / name, ignore_errors=True)
            raise
        finally:
            shutil.rmtree(making, ignore_errors=True)
            if not (folder / project.PARTS[0]).exists():
                for path in new:
                    with suppress(OSError):
                        path.rmdir()
    return folder


def _to_ship(shipped: Path) -> list[Path]:
    """The files of a new project, from its top: not what was taken back, nor what begins with a dot."""
    files = [
        path.relative_to(shipped) for part in project.PARTS for path in (shipped / part).rglob("*") if path.is_file()
    ]
    kept = [path for path in files if not any(name.startswith(".") for name in path.parts)]
    return sorted(path for path in kept if path.parts[:2] != ("data", "removed"))

"""What does each command answer? A section of a card, or of what it did: as text, or its data as JSON."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from analysis import project
from analysis.card import open_card
from analysis.decisions.levers import load_costs
from analysis.errors import BulletinError, CheckError, ContradictionError, UnknownNameError, UsageError, WriteError
from analysis.files import recover, writing
from analysis.identification.evidence import Evidence, read_cards
from analysis.identification.identify import identify_cards
from analysis.identification.regime import Project, load_project, outlier_words
from analysis.language import _, nearest, slug, write_date, write_number, write_period
from analysis.notices import documents, examine, examine_export, exports, forms, removal, store
from analysis.notices.phrasebook import load_phrasebook
from analysis.notices.reader import read
from analysis.report.section import Section, Words
from analysis.scorecards import history
from analysis.scorecards.checks import check_name, failures
from analysis.scorecards.entities import find_entity, load_units
from analysis.scorecards.history import card, load_history
from analysis.scorecards.log import read_log
from analysis.scorecards.periods import PERIOD
from analysis.scorecards.rubric import Rubric, load_rubrics, rubric_in_force

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

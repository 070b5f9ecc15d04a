"""How is an examined notice stored, whole or not at all?

The store as it would be is loaded and checked; then all its files change together (`files.replace_for_good`), with a
line in the log.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from analysis import project
from analysis.errors import BusyError, HistoryError, KnownMonthError
from analysis.files import UNDO, held, replace_for_good, settle, writing
from analysis.language import _, slug, write_period
from analysis.notices.documents import SUFFIXES, Document
from analysis.notices.examine import Examined
from analysis.notices.examine_export import ExaminedExport
from analysis.notices.tokens import Passage, passage
from analysis.scorecards.checks import reconcile
from analysis.scorecards.entities import FIELDS
from analysis.scorecards.history import COLUMNS, TOTAL, load_history, printed_in, superseded
from analysis.scorecards.log import Entry, What, with_entry
from analysis.scorecards.rubric import Rubric
from analysis.scorecards.sources import (
    Correction,
    Replacement,
    Source,
    load_corrections,
    load_replacements,
    load_sources,
)

NOTICE, TEXT, PLACES = "notice", "text.txt", "places.csv"
Place = tuple[str, str, int, int]
Files = dict[Path, bytes | None]  # the new content of each file; None for one that goes


def store(
    examined: Examined,
    document: Document,
    rubrics: tuple[Rubric, ...],
    correct: bool,
    again: Callable[[], Examined] | None = None,
) -> list[Path]:
    """Write what was examined; the files that changed. With nothing new, none.

    `again` examines once more, when nobody else changes the figures any longer: what it finds must be what was shown.

    Raises
    ------
    KnownMonthError: the month is known with other values and `correct` is not set.
    HistoryError: the store would break its contract; nothing is written.
    WriteError; BusyError: another run has changed these figures since they were examined.
    """
    if examined.state == "other" and not correct:
        raise KnownMonthError(
            _("{entity}, {period} is already known with other values.").format(
                entity=examined.notice.entity, period=write_period(examined.notice.period)
            ),
            examined.differences,
            _("Look at both notices. If this one is right, run again with --correct: both are kept, dated."),
        )

    def changes(data: Path) -> Files:
        now = again() if again else examined
        if (now.state, now.differences) != (examined.state, examined.differences):
            raise BusyError(
                _("Another run has changed these figures meanwhile; nothing was stored."), [], _("Run again.")
            )
        return _changes(now, document, data)

    return write(changes, rubrics)


def store_export(examined: ExaminedExport, document: Document, rubrics: tuple[Rubric, ...]) -> list[Path]:
    """Write the cards of a table; the files that changed. Raises as `store`, but for KnownMonthError."""
    return write(lambda data: _changes_of_export(examined, document, data), rubrics)


def write(changes: Callable[[Path], Files], rubrics: tuple[Rubric, ...]) -> list[Path]:
    """Change files together, once the store as it would be was loaded and checked; the files."""
    data = project.root() / "data"
    with writing(_("The figures are as they were.")), held(data):
        settle(data)
        try:
            files = changes(data)
            if files:
                _check_staged(files, data, rubrics)
                replace_for_good(data, files)
        finally:
            settle(data)
    return list(files)


def keeps(examined: Examined) -> bool:
    """Whether the figures are known but their notice is yet to be kept, so that they open their sentences."""
    kept = (bulletins() / examined.source_id).is_dir()
    recorded = load_sources().get(examined.source_id)
    return examined.state == "same" and recorded is not None and not kept


def _changes(examined: Examined, document: Document, data: Path) -> Files:
    """The new contents of each file, in the order in which they are to be replaced."""
    notice, files = examined.notice, Files()
    if examined.state != "same" or keeps(examined):
        places = [(item.code, item.unit, item.start, item.end) for item in notice.figures]
        kept = contents(notice.text, places, document.data, SUFFIXES[document.form])
        files |= {bulletins(data) / examined.source_id / name: content for name, content in kept.items()}
        files = {path: content for path, content in files.items() if not path.is_file() or path.read_bytes() != content}
        sources = data / "sources.toml"
        text = _with_source(sources.read_text(encoding="utf-8"), examined.source_id, examined.source)
        if text is not None:
            files[sources] = text.encode()
    what: What = "corrected" if examined.replaces else "added" if examined.rows else "kept"
    if files or examined.rows:
        files |= logged(data, what, examined.source_id, examined.rows, (notice.entity, notice.period))
    if examined.state == "same":
        return files
    replacements, records = load_replacements(data), [_in_toml("correction", entry) for entry in examined.accepts]
    if examined.replaces:
        entry = _replacement(examined)
        replacements, records = (*replacements, entry), [*records, _in_toml("replacement", entry)]
    if records:
        corrections = data / "corrections.toml"
        files[corrections] = (corrections.read_text(encoding="utf-8") + "".join(records)).encode()
    observations = data / "observations" / f"{slug(notice.entity)}.csv"
    files[observations] = _with_rows(observations, COLUMNS, examined.rows)
    known = load_sources(data) | {examined.source_id: examined.source}
    return files | standing_anew(files, data, known, replacements)


def _changes_of_export(examined: ExaminedExport, document: Document, data: Path) -> Files:
    """As `_changes`; the cards of a table stand in a file of their own."""
    if not examined.fresh:
        return {}
    files: Files = {bulletins(data) / examined.source_id / (NOTICE + SUFFIXES[document.form]): document.data}
    sources = data / "sources.toml"
    text = _with_source(sources.read_text(encoding="utf-8"), examined.source_id, examined.source)
    files |= {} if text is None else {sources: text.encode()}
    if examined.units:
        rows = [{**vars(unit), "source": examined.source_id} for unit in examined.units.values()]
        files[data / "units.csv"] = _with_rows(data / "units.csv", FIELDS, rows)
    observations = data / "observations" / f"{examined.source_id}.csv"
    files[observations] = _with_rows(observations, COLUMNS, examined.fresh)
    known = load_sources(data) | {examined.source_id: examined.source}
    files |= logged(data, "added", examined.source_id, examined.fresh)
    return files | standing_anew(files, data, known, load_replacements(data))


def logged(
    data: Path, what: What, source: str, rows: Sequence[Mapping[str, str]], card: tuple[str, str] | None = None
) -> dict[Path, bytes]:
    """The log with a line on these rows, of one card or of those that they are of."""
    cards = {(row["entity"], row["period"]) for row in rows} | ({card} if card else set())
    entity, period = cards.pop() if len(cards) == 1 else ("", "")
    totals = [row["value"] for row in rows if row["code"] == TOTAL]
    when = datetime.now().isoformat(timespec="minutes")
    total = totals[0] if len(totals) == 1 else ""
    return with_entry(data, Entry(when, what, entity, period, source, str(len(rows)), total))


def _with_rows(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    """A table and some rows after those it has."""
    before = path.read_bytes() if path.is_file() else (",".join(columns) + "\n").encode()
    new: str = pd.DataFrame(rows, columns=list(columns)).to_csv(index=False, header=False, lineterminator="\n")
    return before + (b"" if before.endswith(b"\n") else b"\n") + new.encode()


def tables(data: Path, files: Mapping[Path, bytes | None] | None = None) -> dict[Path, list[list[str]]]:
    """The lines of every table of figures, its header first, once these files are what they will be."""
    contents: Files = {path: path.read_bytes() for path in sorted(data.glob("observations/*.csv"))}
    contents |= {path: content for path, content in (files or {}).items() if path.parent.name == "observations"}
    read = {
        path: list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        for path, content in contents.items()
        if content
    }
    return {path: lines for path, lines in read.items() if lines and lines[0] == COLUMNS}


def table_of(lines: Iterable[Sequence[str]]) -> bytes:
    """Lines as a table is written."""
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows(lines)
    return table.getvalue().encode()


def standing_anew(
    files: Mapping[Path, bytes | None],
    data: Path,
    sources: Mapping[str, Source],
    replacements: tuple[Replacement, ...],
) -> Files:
    """The tables of figures in which other rows count, once these files are what they will be (`superseded_by`)."""
    read = tables(data, files)
    rows = [dict(zip(COLUMNS, line, strict=False)) for lines in read.values() for line in lines[1:]]
    if any(row.get("source") not in sources or len(row) < len(COLUMNS) for row in rows):
        return {}  # the staged store says what is wrong
    stands = iter(superseded([{**row, "day": sources[row["source"]].day} for row in rows], replacements))
    changed = Files()
    for path, lines in read.items():
        anew = [lines[0], *([*line[:-1], by] for line, by in zip(lines[1:], stands, strict=False))]
        if anew != lines:
            changed[path] = table_of(anew)
    return changed


def _check_staged(files: Mapping[Path, bytes | None], data: Path, rubrics: tuple[Rubric, ...]) -> None:
    """Load the store as it would be. Raises what the load and the checks of the store raise."""
    staged = data / UNDO / "staged"
    (staged / "observations").mkdir(parents=True)
    for path in [*data.glob("*.toml"), *data.glob("units.csv"), *data.glob("observations/*.csv")]:
        if files.get(path, b"") is not None:
            shutil.copyfile(path, staged / path.relative_to(data))
    for path, content in files.items():
        if content is not None:
            target = staged / path.relative_to(data)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    reconcile(load_history(rubrics, staged), rubrics, load_corrections(staged))


def _with_source(text: str, source_id: str, source: Source) -> str | None:
    """`sources.toml` with the record of this notice, or None where it is there already.

    A record that was typed before its document arrived takes the document's hash.
    """
    header = f"[{source_id}]"
    hashed = f'sha256 = "{source.sha256}"'
    lines = text.rstrip("\n").splitlines()
    if header in lines:
        first = lines.index(header) + 1
        last = next((at for at in range(first, len(lines)) if not lines[at].strip()), len(lines))
        if any(line.startswith("sha256 ") for line in lines[first:last]):
            return None
        return "\n".join([*lines[:last], hashed, *lines[last:]]) + "\n"
    fields = {"publisher": source.publisher, "title": source.title, "number": source.number}
    lines += ["", header]
    if source.captured:
        lines += [f'kind = "{source.kind}"', f"captured = {source.day}"]
    lines += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items() if value]
    lines += [f"published = {source.published.isoformat()}"] if source.published else []
    lines += [f"accessed = {source.accessed.isoformat()}", hashed]
    return "\n".join(lines) + "\n"


def _replacement(examined: Examined) -> Replacement:
    return Replacement(
        entity=examined.notice.entity,
        period=examined.notice.period,
        source=examined.replaces,
        by=examined.source_id,
        date=examined.source.accessed,
        reason=_("a later notice with other values was added with --correct"),
    )


def _in_toml(name: str, entry: Correction | Replacement) -> str:
    """A record as it stands in corrections.toml."""

    def value_of(value: Any) -> str:
        if isinstance(value, dict):
            return "{ " + ", ".join(f"{key} = {value_of(part)}" for key, part in value.items()) + " }"
        return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)

    lines = [f"{field} = {value_of(value)}" for field, value in entry.model_dump().items()]
    return f"\n[[{name}]]\n" + "\n".join(lines) + "\n"


def bulletins(folder: Path | None = None) -> Path:
    """The folder of the kept notices; it is not there before the first."""
    return (folder or project.root() / "data") / "bulletins"


def contents(text: str, places: Iterable[Place], notice: bytes, suffix: str) -> dict[str, bytes]:
    """The files of one kept notice, by name."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerows([("code", "unit", "start", "end"), *places])
    return {NOTICE + suffix: notice, TEXT: text.encode(), PLACES: table.getvalue().encode()}


def passages(figures: pd.DataFrame, folder: Path | None = None) -> dict[str, Passage]:
    """`file:line` of a figure → the sentence it was read from, for the figures whose notice is kept.

    A figure whose words were changed by hand since is left out: they are not those of the notice.

    Raises HistoryError where the notice has another number at the place of a figure.
    """
    found: dict[str, Passage] = {}
    wrong: list[str] = []
    for row, text, start, end in _placed(figures, folder):
        words = " ".join(text[start:end].split())
        if not printed_in(words, row.value, row.decimals):
            wrong.append(_other_words(row, words))
        elif words == row.quote:
            found[f"{row.file}:{row.line}"] = passage(text, start, end)
    if wrong:
        raise HistoryError(
            _("Figures are not what their notice says."),
            wrong,
            _("Look at the notice in data/bulletins, then correct the line; or remove and add the notice again."),
        )
    return found


def _placed(figures: pd.DataFrame, folder: Path | None) -> Iterator[tuple[Any, str, int, int]]:
    """Each figure whose notice is kept, with the text of the notice and its place there."""
    figures = figures[figures["value"].notna()]
    for source, rows in figures.groupby("source", sort=False):
        kept = bulletins(folder) / str(source)
        if not (kept / PLACES).is_file() or not (kept / TEXT).is_file():
            continue
        text = (kept / TEXT).read_bytes().decode("utf-8")
        with (kept / PLACES).open(encoding="utf-8", newline="") as file:
            places = {(row["code"], row["unit"]): (int(row["start"]), int(row["end"])) for row in csv.DictReader(file)}
        for row in rows.itertuples():
            if (row.code, row.unit) in places:
                yield row, text, *places[row.code, row.unit]


def _other_words(row: Any, words: str) -> str:
    return _("{file}:{line} {code}: {value} is stored, and “{words}” stands at its place in the notice").format(
        file=row.file, line=row.line, code=row.code, value=f"{row.value:g}", words=words
    )


def faults(history: pd.DataFrame, sources: Mapping[str, Source], folder: Path | None = None) -> list[str]:
    """Kept notices that are not those their figures were read from, and what has lost its figures, in words."""
    found = []
    for name, source in sources.items():
        kept = bulletins(folder) / name
        if not source.sha256 or not kept.is_dir():
            continue
        notices = sorted(kept.glob(f"{NOTICE}.*"))
        if len(notices) != 1 or hashlib.sha256(notices[0].read_bytes()).hexdigest() != source.sha256:
            found.append(
                _("{folder}: the notice is not the one that the figures were read from").format(
                    folder=f"bulletins/{name}"
                )
            )
    for row, text, start, end in _placed(history, folder):
        if not printed_in(words := " ".join(text[start:end].split()), row.value, row.decimals):
            found.append(_other_words(row, words))
    used = {*history["source"], *(entry.source for entry in load_replacements(folder))}
    return found + _orphans(used, sources, folder)


def _orphans(used: set[str], sources: Mapping[str, Source], folder: Path | None) -> list[str]:
    """Added notices and their records of which no figure is left, in words."""
    kept = {path.name for path in bulletins(folder).glob("*") if path.is_dir()}
    known = {name for name, source in sources.items() if source.sha256}
    words = _("{source}: no figure of it is left; take back the rest: scorecard remove {source}")
    return [words.format(source=name) for name in sorted((kept | known) - used)]

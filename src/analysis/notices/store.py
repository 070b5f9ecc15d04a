"""How is an examined notice stored, whole or not at all?

The notice and its places are written first, its source next and its figures last, each file replaced in one step, after
the store as it would be was loaded and checked.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from analysis import project
from analysis.errors import KnownMonthError
from analysis.files import only_one, replace_all, writing
from analysis.language import _, slug, write_period
from analysis.notices.documents import SUFFIXES, Document
from analysis.notices.examine import Examined
from analysis.notices.examine_export import ExaminedExport
from analysis.notices.tokens import Passage, passage
from analysis.scorecards.checks import reconcile
from analysis.scorecards.entities import FIELDS
from analysis.scorecards.history import COLUMNS, load_history, superseded
from analysis.scorecards.rubric import Rubric
from analysis.scorecards.sources import Replacement, Source, load_corrections, load_replacements, load_sources

NOTICE, TEXT, PLACES = "notice", "text.txt", "places.csv"
Place = tuple[str, str, int, int]


def store(examined: Examined, document: Document, rubrics: tuple[Rubric, ...], correct: bool) -> list[Path]:
    """Write what was examined; the files that changed. With nothing new, none.

    Raises
    ------
    KnownMonthError: the month is known with other values and `correct` is not set.
    HistoryError: the store would break its contract; nothing is written.
    WriteError, BusyError.
    """
    if examined.state == "other" and not correct:
        raise KnownMonthError(
            _("{entity}, {period} is already known with other values.").format(
                entity=examined.notice.entity, period=write_period(examined.notice.period)
            ),
            examined.differences,
            _("Look at both notices. If this one is right, run again with --correct: both are kept, dated."),
        )
    return _write(lambda data: _changes(examined, document, data), rubrics)


def store_export(examined: ExaminedExport, document: Document, rubrics: tuple[Rubric, ...]) -> list[Path]:
    """Write the cards of a table; the files that changed. Raises as `store`, but for KnownMonthError."""
    return _write(lambda data: _changes_of_export(examined, document, data), rubrics)


def _write(changes: Callable[[Path], dict[Path, bytes]], rubrics: tuple[Rubric, ...]) -> list[Path]:
    """Replace files by their new contents, once the store as it would be was loaded and checked."""
    data = project.root() / "data"
    with (
        writing(_("The figures are as they were.")),
        only_one(project.root() / "reports", "add", busy=_("Another run is storing figures.")),
    ):
        files = changes(data)
        if files:
            _check_staged(files, data, rubrics)
            replace_all(files)
    return list(files)


def keeps(examined: Examined) -> bool:
    """Whether the figures are known but their notice is yet to be kept, so that they open their sentences."""
    kept = (bulletins() / examined.source_id).is_dir()
    recorded = load_sources().get(examined.source_id)
    return examined.state == "same" and recorded is not None and not kept


def _changes(examined: Examined, document: Document, data: Path) -> dict[Path, bytes]:
    """The new contents of each file, in the order in which they are to be replaced."""
    notice, files = examined.notice, dict[Path, bytes]()
    if examined.state != "same" or keeps(examined):
        places = [(item.code, item.unit, item.start, item.end) for item in notice.figures]
        kept = contents(notice.text, places, document.data, SUFFIXES[document.form])
        files |= {bulletins(data) / examined.source_id / name: content for name, content in kept.items()}
        files = {path: content for path, content in files.items() if not path.is_file() or path.read_bytes() != content}
        sources = data / "sources.toml"
        text = _with_source(sources.read_text(encoding="utf-8"), examined.source_id, examined.source)
        if text is not None:
            files[sources] = text.encode()
    if examined.state == "same":
        return files
    replacements = load_replacements(data)
    if examined.replaces:
        corrections, entry = data / "corrections.toml", _replacement(examined)
        files[corrections] = (corrections.read_text(encoding="utf-8") + _in_toml(entry)).encode()
        replacements = (*replacements, entry)
    observations = data / "observations" / f"{slug(notice.entity)}.csv"
    files[observations] = _with_rows(observations, COLUMNS, examined.rows)
    known = load_sources(data) | {examined.source_id: examined.source}
    return files | _standing_anew(files, data, known, replacements)


def _changes_of_export(examined: ExaminedExport, document: Document, data: Path) -> dict[Path, bytes]:
    """As `_changes`; the cards of a table stand in a file of their own."""
    if not examined.fresh:
        return {}
    files = {bulletins(data) / examined.source_id / (NOTICE + SUFFIXES[document.form]): document.data}
    sources = data / "sources.toml"
    text = _with_source(sources.read_text(encoding="utf-8"), examined.source_id, examined.source)
    files |= {} if text is None else {sources: text.encode()}
    if examined.units:
        rows = [{**vars(unit), "source": examined.source_id} for unit in examined.units.values()]
        files[data / "units.csv"] = _with_rows(data / "units.csv", FIELDS, rows)
    observations = data / "observations" / f"{examined.source_id}.csv"
    files[observations] = _with_rows(observations, COLUMNS, examined.fresh)
    known = load_sources(data) | {examined.source_id: examined.source}
    return files | _standing_anew(files, data, known, load_replacements(data))


def _with_rows(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    """A table and some rows after those it has."""
    before = path.read_bytes() if path.is_file() else (",".join(columns) + "\n").encode()
    new: str = pd.DataFrame(rows, columns=list(columns)).to_csv(index=False, header=False, lineterminator="\n")
    return before + (b"" if before.endswith(b"\n") else b"\n") + new.encode()


def _standing_anew(
    files: Mapping[Path, bytes], data: Path, sources: Mapping[str, Source], replacements: tuple[Replacement, ...]
) -> dict[Path, bytes]:
    """The tables of figures in which other rows count, once these files are what they will be (`superseded_by`)."""
    tables = {path: path.read_bytes() for path in sorted(data.glob("observations/*.csv"))} | {
        path: content for path, content in files.items() if path.parent.name == "observations"
    }
    read = {path: list(csv.reader(io.StringIO(content.decode("utf-8-sig")))) for path, content in tables.items()}
    read = {path: lines for path, lines in read.items() if lines and lines[0] == COLUMNS}
    rows = [dict(zip(COLUMNS, line, strict=False)) for lines in read.values() for line in lines[1:]]
    if any(row.get("source") not in sources or len(row) < len(COLUMNS) for row in rows):
        return {}  # the staged store says what is wrong
    stands = iter(superseded([{**row, "day": sources[row["source"]].day} for row in rows], replacements))
    changed = {}
    for path, lines in read.items():
        anew = [lines[0], *([*line[:-1], by] for line, by in zip(lines[1:], stands, strict=False))]
        if anew != lines:
            table = io.StringIO()
            csv.writer(table, lineterminator="\n").writerows(anew)
            changed[path] = table.getvalue().encode()
    return changed


def _check_staged(files: dict[Path, bytes], data: Path, rubrics: tuple[Rubric, ...]) -> None:
    """Load the store as it would be. Raises what the load and the checks of the store raise."""
    with tempfile.TemporaryDirectory(prefix="scorecard-add-") as folder:
        staged = Path(folder) / "data"
        (staged / "observations").mkdir(parents=True)
        for path in [*data.glob("*.toml"), *data.glob("units.csv"), *data.glob("observations/*.csv")]:
            shutil.copyfile(path, staged / path.relative_to(data))
        for path, content in files.items():
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


def _in_toml(entry: Replacement) -> str:
    fields = entry.model_dump()
    lines = [
        f"{name} = {value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)}"
        for name, value in fields.items()
    ]
    return "\n[[replacement]]\n" + "\n".join(lines) + "\n"


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

    A figure that was changed by hand since is left out: its words are not those of the notice.
    """
    found: dict[str, Passage] = {}
    for source, rows in figures.groupby("source", sort=False):
        kept = bulletins(folder) / str(source)
        if not (kept / PLACES).is_file() or not (kept / TEXT).is_file():
            continue
        text = (kept / TEXT).read_bytes().decode("utf-8")
        with (kept / PLACES).open(encoding="utf-8", newline="") as file:
            places = {(row["code"], row["unit"]): (int(row["start"]), int(row["end"])) for row in csv.DictReader(file)}
        for row in rows.itertuples():
            start, end = places.get((row.code, row.unit), (0, 0))
            if end and " ".join(text[start:end].split()) == row.quote:
                found[f"{row.file}:{row.line}"] = passage(text, start, end)
    return found


def faults(sources: Mapping[str, Source], folder: Path | None = None) -> list[str]:
    """Kept notices that are not those their figures were read from, in words."""
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
    return found

"""What goes when an added notice is taken back, and what counts again?

An `add` is undone whole: rows, source, notice, replacement records. A copy stays in `data/removed`.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from analysis import project
from analysis.errors import HistoryError, ParameterError, UnknownNameError
from analysis.files import recover
from analysis.language import _, nearest, slug, write_date, write_list, write_period
from analysis.notices.store import NOTICE, Files, bulletins, logged, standing_anew, table_of, tables, write
from analysis.scorecards.entities import FIELDS
from analysis.scorecards.history import COLUMNS, RANK, TOTAL
from analysis.scorecards.log import read_log
from analysis.scorecards.periods import PERIOD
from analysis.scorecards.rubric import Rubric
from analysis.scorecards.sources import Source, load_replacements, load_sources

Row = dict[str, str]


@dataclass(frozen=True)
class Removal:
    """What goes with a source. `rows` are as in the store; none where `only_document` of known figures goes.

    `source` is None where its record is gone already. `again` are the sources of which figures count again. `records`
    are what goes from `corrections.toml`, as tables.
    """

    source_id: str
    source: Source | None
    rows: list[Row]
    again: list[str]
    records: list[Mapping[str, Any]]
    notice: Path | None
    only_document: bool = False


def find_removal(name: str, period: str = "") -> Removal:
    """What goes with a source, or with the source of a card that was added last.

    Raises
    ------
    UnknownNameError: no such source or card. ParameterError: the card came with others, or was corrected later.
    """
    data = project.root() / "data"
    recover(data)
    rows = _rows(data)
    source = _source_of(name, period, rows, data) if period else _known(name, rows, data)
    later = [entry.by for entry in load_replacements(data) if entry.source == source]
    if later:
        raise ParameterError(
            _("The figures of {source} were corrected later.").format(source=source),
            [],
            _("Take back the correction first: scorecard remove {source}").format(source=later[-1]),
        )
    return _removal(source, rows, data)


def remove(found: Removal, rubrics: tuple[Rubric, ...], today: date) -> list[Path]:
    """Take a source back; the files that changed.

    Raises HistoryError where the other figures cannot stand without it; nothing is removed then. WriteError, BusyError.
    """
    try:
        return write(lambda data: _changes(_removal(found.source_id, _rows(data), data), data, today), rubrics)
    except HistoryError as error:
        raise HistoryError(
            _("Without {source} the other figures do not hold together; nothing was removed.").format(
                source=found.source_id
            ),
            error.rows,
            _("Take back first what was added after it: scorecard log."),
        ) from error


def _rows(data: Path) -> list[Row]:
    return [dict(zip(COLUMNS, line, strict=False)) for lines in tables(data).values() for line in lines[1:]]


def _known(name: str, rows: list[Row], data: Path) -> str:
    known = {*load_sources(data), *(path.name for path in bulletins(data).glob("*"))}
    if name in known:
        return name
    if slug(name) in {slug(row["entity"]) for row in rows}:
        raise ParameterError(
            _("Which period of {entity}?").format(entity=name),
            sorted({row["period"] for row in rows if slug(row["entity"]) == slug(name)}),
            _("Write it too: scorecard remove {entity} PERIOD").format(entity=slug(name)),
        )
    raise UnknownNameError(
        _("There is no source and no entity “{name}”.").format(name=name),
        nearest(name, known),
        _("Write an entity and a period, or a source of `scorecard log`."),
    )


def _source_of(name: str, period: str, rows: list[Row], data: Path) -> str:
    """The source of a card that was added last."""
    of_entity = [row for row in rows if slug(row["entity"]) == slug(name)]
    of_card = [row for row in of_entity if row["period"] == period]
    if not of_card:
        known = sorted({row["period"] for row in of_entity}) if PERIOD.fullmatch(period) else []
        raise UnknownNameError(
            _("No figures of {entity} for {period} are known.").format(entity=name, period=period),
            known or nearest(name, {row["entity"] for row in rows}),
            _("Choose one of these."),
        )
    order = [*load_sources(data), *(entry.source for entry in read_log(data))]
    source = max({row["source"] for row in of_card}, key=lambda one: len(order) - order[::-1].index(one))
    cards = {(row["entity"], row["period"]) for row in rows if row["source"] == source}
    if len(cards) > 1:
        raise ParameterError(
            _("This card came with {count} others, in {source}.").format(count=len(cards) - 1, source=source),
            [],
            _("All of them go together: scorecard remove {source}").format(source=source),
        )
    return source


def _removal(source: str, rows: list[Row], data: Path) -> Removal:
    notice = next(iter(sorted((bulletins(data) / source).glob(f"{NOTICE}.*"))), None)
    record = load_sources(data).get(source)
    last = next((entry for entry in reversed(read_log(data)) if entry.source == source), None)
    if last and last.what == "kept":
        return Removal(source, record, [], [], [], notice, only_document=True)
    own = [row for row in rows if row["source"] == source]
    again = dict.fromkeys(row["source"] for row in rows if row["superseded_by"] == source != row["source"])
    left = {(row["entity"], row["period"]) for row in rows if row["source"] != source}
    gone = {(row["entity"], row["period"]) for row in own} - left
    corrections = tomllib.loads((data / "corrections.toml").read_text(encoding="utf-8"))
    records = [entry for entry in corrections.get("replacement", ()) if entry.get("by") == source]
    records += [entry for entry in corrections.get("note", ()) if entry.get("source") == source]
    records += [entry for entry in corrections.get("correction", ()) if (entry["entity"], entry["period"]) in gone]
    return Removal(source, record, own, list(again), records, notice)


def _changes(found: Removal, data: Path, today: date) -> Files:
    """The new contents of each file; a copy of what goes in a folder of its own."""
    kept = bulletins(data) / found.source_id
    files: Files = {path: None for path in sorted(kept.rglob("*")) if path.is_file()}
    copies = {path.name: path.read_bytes() for path in files}
    sources, corrections = data / "sources.toml", data / "corrections.toml"
    header = f"[{found.source_id}]"
    if found.only_document:
        files |= _edited(sources, lambda table: _without_hash(table) if _header(table) == header else table)[0]
    else:
        records, goes = _edited(sources, lambda table: None if _header(table) == header else table)
        files |= records
        records, also = _edited(corrections, lambda table: None if _entry(table) in found.records else table)
        files |= records
        if goes := goes + also:
            copies["records.toml"] = ("\n\n".join(goes) + "\n").encode()
        if found.rows:
            copies["figures.csv"] = table_of([COLUMNS, *(list(row.values()) for row in found.rows)])
        files |= _without_rows(found.source_id, data)
        files |= _without_units(found, data, files)
        known = {name: source for name, source in load_sources(data).items() if name != found.source_id}
        left = tuple(entry for entry in load_replacements(data) if entry.by != found.source_id)
        files |= standing_anew(files, data, known, left)
    folder = _free(data / "removed", f"{today.isoformat()}-{found.source_id}")
    files |= {folder / name: content for name, content in copies.items()}
    return files | logged(data, "removed", found.source_id, found.rows)


def _without_rows(source: str, data: Path) -> Files:
    files = Files()
    place = COLUMNS.index("source")
    for path, lines in tables(data).items():
        left = [lines[0], *(line for line in lines[1:] if line[place] != source)]
        if len(left) < len(lines):
            files[path] = table_of(left) if len(left) > 1 else None
    return files


def _without_units(found: Removal, data: Path, files: Files) -> Files:
    """`units.csv` without the units that came with a table and of which nothing is left."""
    path = data / "units.csv"
    if not path.is_file():
        return {}
    named = {line[0] for lines in tables(data, files).values() for line in lines[1:]}
    header, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    place = FIELDS.index("source")
    goes = {
        line
        for line in lines
        if (cells := next(csv.reader([line])))[place] == found.source_id and cells[0] not in named
    }
    left = [line for line in lines if line not in goes]
    return {path: "".join([header, *left]).encode() if left else None} if goes else {}


def _free(folder: Path, name: str) -> Path:
    """A folder that is not there yet."""
    path, number = folder / name, 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}"
    return path


def _edited(path: Path, change: Callable[[str], str | None]) -> tuple[Files, list[str]]:
    """A TOML file in which each table is as it is to be, if any changes; and the tables that go (None).

    A table is its lines from the header on, without the empty lines and comments before the next one. The empty line
    before one that goes, goes with it.
    """
    text = path.read_text(encoding="utf-8")
    changed, *tables = re.split(r"^(?=\[)", text, flags=re.MULTILINE)
    goes = list[str]()
    for table in tables:
        lines = table.split("\n")
        last = max(at for at, line in enumerate(lines) if line.strip() and not line.startswith("#"))
        body, after = "\n".join(lines[: last + 1]), "\n".join(["", *lines[last + 1 :]])
        new = change(body)
        if new is None:
            goes.append(body)
            changed, after = changed.removesuffix("\n") if changed.endswith("\n\n") else changed, after[1:]
        changed += (new or "") + after
    return ({path: changed.encode()} if changed != text else {}), goes


def _without_hash(table: str) -> str:
    return "\n".join(line for line in table.split("\n") if not line.startswith("sha256 "))


def _header(table: str) -> str:
    return table.partition("\n")[0].strip()


def _entry(table: str) -> Mapping[str, Any]:
    """The entry of a list that a table holds."""
    ((entry,),) = tomllib.loads(table).values()
    found: Mapping[str, Any] = entry
    return found


def in_words(found: Removal) -> str:
    """For people: what goes, and what counts again."""
    about = found.source.in_full if found.source else ""
    lines = [f"{found.source_id}: {about}" if about else found.source_id]
    cards: dict[tuple[str, str], list[Row]] = {}
    for row in found.rows:
        cards.setdefault((row["entity"], row["period"]), []).append(row)
    for (entity, period), rows in list(cards.items())[:5]:
        printed = {row["code"]: row["quote"] or row["value"] for row in rows}
        told = [_("{count} figures").format(count=len(rows))]
        told += [_("total {total}").format(total=printed[TOTAL])] if TOTAL in printed else []
        told += [_("rank {rank}").format(rank=printed[RANK])] if RANK in printed else []
        lines.append(f"  - {entity}, {write_period(period)}: {'; '.join(told)}")
    if len(cards) > 5:
        lines.append("  - " + _("and {count} more cards").format(count=len(cards) - 5))
    if found.notice and not found.rows and found.source:
        lines.append("  - " + _("only the document; its figures were known before and stay"))
    elif found.notice:
        lines.append("  - " + _("the notice that is kept in data/bulletins"))
    for entry in found.records:
        if "by" in entry:
            words = _("the record of {date} that it corrected {source}")
            lines.append("  - " + words.format(date=write_date(str(entry["date"])), source=entry["source"]))
        else:
            lines.append("  - " + _("a record in corrections.toml: {words}").format(words=_words_of(entry)))
    if found.again:
        lines.append(_("These count again: {sources}.").format(sources=write_list(found.again)))
    lines.append(_("A copy stays in data/removed."))
    return "\n".join(lines)


def _words_of(entry: Mapping[str, Any]) -> str:
    what = entry.get("what") or {}
    return str(entry.get("reason") or what.get("vi") or what.get("en") or "")[:120]


def as_data(found: Removal, removed: bool) -> dict[str, Any]:
    """For programs."""
    return {
        "source": found.source_id,
        "rows": found.rows,
        "counts_again": found.again,
        "records": [{name: str(value) for name, value in entry.items()} for entry in found.records],
        "document": found.notice is not None,
        "removed": removed,
    }

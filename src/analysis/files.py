"""How are the files of a project read and written? Tables and TOML, whole or not at all."""

from __future__ import annotations

import csv
import io
import os
import tomllib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import filelock

from analysis.errors import BusyError, HistoryError, WriteError
from analysis.language import _, nfc

WORK = ".work"


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, str], str]]:
    """Each line as (place, row, problem); a problem ends that line, and a wrong header or encoding the file."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        yield f"{path.name}:{line}", {}, _("is not UTF-8; save the file as CSV UTF-8")
        return
    done = 0
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        done = 1
        if len(header) == 1 and ";" in header[0]:
            yield f"{path.name}:1", {}, _("the columns are separated by semicolons; separate them by commas")
            return
        if header != columns:
            wrong = [name for name in header if name not in columns] + [name for name in columns if name not in header]
            yield (
                f"{path.name}:1",
                {},
                _("the columns must be {columns}; look at: {wrong}").format(
                    columns=",".join(columns), wrong=", ".join(wrong) or _("their order")
                ),
            )
            return
        for cells in reader:
            where, done = f"{path.name}:{done + 1}", reader.line_num
            if len(cells) != len(columns):
                yield (
                    where,
                    {},
                    _("has {count} fields instead of {expected}").format(count=len(cells), expected=len(columns)),
                )
                continue
            row = dict(zip(columns, cells, strict=True))
            yield where, {**row, "file": path.name, "line": where.rpartition(":")[2]}, ""
    except csv.Error:
        yield f"{path.name}:{done + 1}", {}, _("a quotation mark is not closed, or is closed too early")


def untidy(row: Mapping[str, str]) -> Iterator[str]:
    """Which fields have spaces around them, or are not composed as all others are."""
    for name, value in () if all(map(_tidy, row.values())) else row.items():
        if value != value.strip():
            yield _("{field} has spaces around it: “{value}”").format(field=name, value=value)
        if value != nfc(value):
            yield _("{field} is not in composed Unicode (NFC): “{value}”").format(field=name, value=value)


@lru_cache(maxsize=65536)
def _tidy(value: str) -> bool:
    """Whether a text is as it should be; thousands of figures share most of their texts."""
    return value == value.strip() == nfc(value)


def read_toml(path: Path) -> dict[str, Any]:
    """The entries of a TOML file. Raises HistoryError for one that cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise HistoryError(
            _("{file} cannot be read.").format(file=path.name), [str(error)], _("Correct it, then run again.")
        ) from error


def replace_file(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    temporary = path.parent / WORK / f"{path.name}-{uuid.uuid4().hex[:12]}"
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def replace_all(files: Mapping[Path, bytes]) -> None:
    """Write several files in their order, whole or not at all; folders are made where they are missing.

    Everything is on the disk under other names before the first file is replaced. Raises OSError, with every file as it
    was before.
    """
    run = uuid.uuid4().hex[:12]
    ready = {path: path.with_name(f".{path.name}-{run}") for path in files}
    made = [folder for path in files for folder in (path.parent, *path.parent.parents) if not folder.exists()]
    before = {path: path.read_bytes() if path.is_file() else None for path in files}
    done: list[Path] = []
    try:
        for path, temporary in ready.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                file.write(files[path])
                file.flush()
                os.fsync(file.fileno())
        for path, temporary in ready.items():
            done.append(path)
            temporary.replace(path)
    except BaseException:  # an interrupt too: every file must stand as it was
        for path in reversed(done):
            content = before[path]
            if content is None:
                path.unlink(missing_ok=True)
            elif path.read_bytes() != content:
                ready[path].write_bytes(content)
                ready[path].replace(path)
        for temporary in ready.values():
            temporary.unlink(missing_ok=True)
        for folder in sorted(set(made), reverse=True):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        raise


@contextmanager
def only_one(reports: Path, name: str, wait: float = 0, busy: str = "") -> Iterator[None]:
    """Hold the lock of one report, or of another work that `busy` tells.

    Raises BusyError when another run has it for longer than `wait` seconds.
    """
    locks = reports / WORK
    locks.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(locks / f"{name}.lock", timeout=wait)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise BusyError(
            busy or _("Another run is making the report {name}.").format(name=name),
            [],
            _("Wait for it to end, then run again."),
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def writing(afterwards: str) -> Iterator[None]:
    """Tell a full disk, a missing permission or a file open elsewhere as what it is: WriteError.

    `afterwards` says what stands in the reports folder then.
    """
    try:
        yield
    except OSError as error:
        raise WriteError(
            _("A file could not be written: {reason}.").format(reason=error.strerror or error),
            [str(error.filename)] if error.filename else [],
            _("Free some space, or close the file where it is open, then run again. {afterwards}").format(
                afterwards=afterwards
            ),
        ) from error

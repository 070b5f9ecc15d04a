"""How are the files of a project read and written? Tables and TOML, whole or not at all."""

from __future__ import annotations

import csv
import errno
import io
import os
import re
import tomllib
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import filelock
from pydantic import BaseModel, ValidationError

from analysis.errors import AnalysisError, BusyError, HistoryError, WriteError
from analysis.language import _, finding_in_words, nfc

WORK = ".work"
_ENDLESS = re.compile(rb"\b[0-9][0-9a-fxob_]{300}|(?:[\w\"'-]{1,100}[ \t]?\.[ \t]?){50}")  # a number, a dotted name
M = TypeVar("M", bound=BaseModel)
Stamp = tuple[tuple[str, int, int], ...]


def read_plain(path: Path, most: int = -1) -> bytes:
    """The bytes of a file, at most so many. Raises OSError with what is in its place: nothing, a folder, a pipe."""
    if not path.exists():
        words = _("it is a link to a file that is not there") if path.is_symlink() else _("there is no such file")
        raise FileNotFoundError(errno.ENOENT, words, str(path))
    if not path.is_file():
        words = _("it is a folder") if path.is_dir() else _("it is no plain file")
        raise OSError(errno.EINVAL, words, str(path))
    with path.open("rb") as file:
        return file.read(most)


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, str], str]]:
    """Each line as (place, row, problem); a problem ends that line, and a wrong header or encoding the file."""
    try:
        content = read_plain(path)
        text = content.decode("utf-8-sig")
    except OSError as error:
        yield path.name, {}, _("cannot be opened: {reason}").format(reason=error.strerror or error)
        return
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
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


class Toml:
    """A TOML file that was read: its `tables`, and where each of its fields stands.

    `error` is what is raised of it, with file, line, field and words of every finding.
    """

    def __init__(self, path: Path, error: type[AnalysisError] = HistoryError, largest: int = 0) -> None:
        """Read a file, of at most `largest` bytes if given. Raises `error` where it is missing or not TOML."""
        self.name, self._error = path.name, error
        try:
            content = read_plain(path, largest + 1 if largest else -1)
            if largest and len(content) > largest:
                raise ValueError(_("it is larger than {size} kB").format(size=largest // 1024))
            if _ENDLESS.search(content):
                raise ValueError(_("a number or a name is longer than any that is used"))
            self._lines = content.decode("utf-8").splitlines()
            self.tables: dict[str, Any] = tomllib.loads(content.decode("utf-8"))
        except FileNotFoundError as cause:
            raise error(_("There is no file {file}.").format(file=path)) from cause
        except OSError as cause:
            raise error(_("{file} cannot be read.").format(file=path.name), [cause.strerror or str(cause)]) from cause
        except RecursionError as cause:
            raise error(
                _("{file} is not valid TOML.").format(file=path.name), [_("brackets within brackets")]
            ) from cause
        except ValueError as cause:  # not UTF-8, not TOML, too large
            then = _("Correct that line, then run again.")
            raise error(_("{file} is not valid TOML.").format(file=path.name), [str(cause)], then) from cause

    def read_as(self, model: type[M], *place: str | int) -> M:
        """The whole file, or the table at a place such as ("correction", 2), as a model. Raises `error`."""
        entry: Any = self.tables
        for key in place:
            entry = entry[key]
        try:
            return model.model_validate(entry)
        except ValidationError as cause:
            rows = [self.row(finding_in_words(item), *place, *item["loc"]) for item in cause.errors()]
            raise self.broken(rows) from cause

    def row(self, words: str, *place: str | int) -> str:
        """What is wrong at a place, with file, line and field."""
        line, field = self._at(place)
        return f"{self.name}:{line} {field}: {words}" if field else f"{self.name}: {words}"

    def broken(self, rows: Sequence[str]) -> AnalysisError:
        """The error of a file that does not hold what it should."""
        what = _("{file} does not keep its contract.").format(file=self.name)
        return self._error(what, rows, _("Correct these, then run again."))

    def _at(self, place: Sequence[str | int]) -> tuple[int, str]:
        """The line and the name of a field, or of its table's header where the field has no line.

        ("group", 5, "indicator", 2, "max") is the third [[group.indicator]] after the sixth [[group]].
        """
        names, header, at = list(place), "", -1
        while names:
            deeper = f"{header}.{names[0]}".strip(".")
            tables = [
                row
                for row in range(at + 1, len(self._lines))
                if self._lines[row].strip() in (f"[{deeper}]", f"[[{deeper}]]")
            ]
            number = names[1] if len(names) > 1 and isinstance(names[1], int) else 0
            if number >= len(tables):
                break
            header, at = deeper, tables[number]
            names = names[2:] if len(names) > 1 and isinstance(names[1], int) else names[1:]
        fields = [str(name) for name in names if isinstance(name, str)]
        for row in range(at + 1, len(self._lines)):
            if self._lines[row].startswith("["):
                break
            if fields and re.match(rf"{re.escape(fields[0])}\s*=", self._lines[row]):
                return row + 1, ".".join(fields)
        return max(at, 0) + 1, ".".join(fields) or header


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


def stamp_of(files: Iterable[Path]) -> Stamp:
    """What changes when one of these files does: name, time and size of each."""
    return tuple((str(path), (status := path.stat()).st_mtime_ns, status.st_size) for path in files)

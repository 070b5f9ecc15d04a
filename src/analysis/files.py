"""How are the files of a project read and written? Tables and TOML, whole or not at all."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
import shutil
import tomllib
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from sys import intern
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from analysis.errors import AnalysisError, BusyError, HistoryError, WriteError
from analysis.language import _, finding_in_words, nfc

WORK = ".work"
FORMULA = "=+-@\t\r＝＋－＠"  # what a spreadsheet may take for one begins with these
UNDO, BEFORE = ".undo", "before.json"  # what a change that has not come to its end began with
WAIT = 20.0  # seconds for another run to end its change of the figures
_TEMPORARY = re.compile(r"\..+-[0-9a-f]{12}")
_LONG_NUMBER = re.compile(rb"\b[0-9][0-9a-fxob_]{300}")
_DOTTED = re.compile(rb"(?:[\w\"'-]{1,100}[ \t]?\.[ \t]?){50}")  # slow, so lines with few dots are not asked
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
        content.decode("utf-8-sig")
    except OSError as error:
        yield path.name, {}, _("cannot be opened: {reason}").format(reason=error.strerror or error)
        return
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        words = _("is not UTF-8: was it saved by Excel? Save it as CSV UTF-8, or bring it back: {command}")
        yield f"{path.name}:{line}", {}, words.format(command=_bring_back(path))
        return
    done, name = 0, path.name
    lines = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")  # never the whole text at once
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, [])
        done = 1
        if len(header) == 1 and ";" in header[0]:
            words = _("the columns are separated by semicolons, as Excel saves them; bring the file back: {command}")
            yield f"{path.name}:1", {}, words.format(command=_bring_back(path))
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
            line, done = done + 1, reader.line_num
            where = f"{name}:{line}"
            if len(cells) != len(columns):
                yield (
                    where,
                    {},
                    _("has {count} fields instead of {expected}").format(count=len(cells), expected=len(columns)),
                )
                continue
            row = dict(zip(columns, map(intern, cells), strict=True))  # most texts stand in many rows
            row["file"], row["line"] = name, str(line)
            yield where, row, ""
    except csv.Error:
        yield f"{path.name}:{done + 1}", {}, _("a quotation mark is not closed, or is closed too early")


def _bring_back(path: Path) -> str:
    """The command that undoes what was saved over a table of the project."""
    return f"git checkout -- {'/'.join(path.parts[-3:])}"


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
            dotted = [line for line in content.splitlines() if line.count(b".") >= 50]
            if _LONG_NUMBER.search(content) or any(map(_DOTTED.search, dotted)):
                raise ValueError(_("a number or a name is longer than any that is used"))
            text = content.decode("utf-8")
            self._lines = text.splitlines()
            self.tables: Mapping[str, Any] = _tables_of(text)
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


@lru_cache(maxsize=64)
def _tables_of(text: str) -> Mapping[str, Any]:
    """What a TOML text holds; several files are read by more than one reader. Never changed."""
    return tomllib.loads(text)


def replace_file(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    temporary = path.parent / WORK / f"{path.name}-{uuid.uuid4().hex[:12]}"
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def replace_all(files: Mapping[Path, bytes | None]) -> None:
    """Write several files in their order, whole or not at all; folders are made where they are missing.

    A file that is to be None is removed. Everything is on the disk under other names before the first file is replaced.
    Raises OSError, with every file as it was before.
    """
    run = uuid.uuid4().hex[:12]
    ready = {path: path.with_name(f".{path.name}-{run}") for path in files}
    made = [folder for path in files for folder in (path.parent, *path.parent.parents) if not folder.exists()]
    before = {path: path.read_bytes() if path.is_file() else None for path in files}
    done: list[Path] = []
    try:
        for path, temporary in ready.items():
            if (content := files[path]) is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                _write_through(temporary, content)
        for path, temporary in ready.items():
            done.append(path)
            if files[path] is None:
                path.unlink(missing_ok=True)
            else:
                temporary.replace(path)
    except BaseException:  # an interrupt too: every file must stand as it was
        for path in reversed(done):
            content = before[path]
            if content is None:
                path.unlink(missing_ok=True)
            elif not path.is_file() or path.read_bytes() != content:
                ready[path].write_bytes(content)
                ready[path].replace(path)
        for temporary in ready.values():
            temporary.unlink(missing_ok=True)
        for folder in sorted(set(made), reverse=True):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        raise


def replace_for_good(folder: Path, files: Mapping[Path, bytes | None]) -> None:
    """`replace_all` for files below a folder, which holds whatever ends the program, and when.

    What the files were stands in `.undo` until the last of them is replaced; the end of that record is the one step
    from old to new. Where it is never reached, `settle` brings back what was, as the rollback journals of SQLite and
    Mercurial do. Whoever calls this holds the folder (`held`). Raises OSError, with every file as it was before.
    """
    undo = folder / UNDO
    undo.mkdir(exist_ok=True)
    try:
        for number, path in enumerate(files):
            if path.is_file():
                _write_through(undo / str(number), path.read_bytes())
        names = {path.relative_to(folder).as_posix(): path.is_file() for path in files}
        _write_through(undo / f"{BEFORE}.part", json.dumps(names).encode())
        (undo / f"{BEFORE}.part").replace(undo / BEFORE)
        replace_all(files)
        _drop_empty(folder, names)
        (undo / BEFORE).unlink()
    finally:
        settle(folder)


def settle(folder: Path) -> None:
    """Bring back what a change of a folder began with, if it did not come to its end, and sweep what it left.

    Whoever calls this holds the folder (`held`). To be ended at any step and begun again.
    """
    undo = folder / UNDO
    for path in folder.rglob(".*"):
        if _TEMPORARY.fullmatch(path.name) and path.is_file():
            path.unlink(missing_ok=True)
    if (undo / BEFORE).is_file():
        names = json.loads((undo / BEFORE).read_bytes())
        for number, (name, was_there) in enumerate(names.items()):
            path, before = folder / name, undo / str(number)
            if not was_there:
                path.unlink(missing_ok=True)
            elif before.is_file():  # else it is back already
                path.parent.mkdir(parents=True, exist_ok=True)
                before.replace(path)
        _drop_empty(folder, names)
        (undo / BEFORE).unlink()
    if undo.is_dir():
        shutil.rmtree(undo)


def recover(folder: Path) -> None:
    """`settle` before a folder is read, where a run that is gone left something.

    Raises BusyError where another run changes files for longer than `WAIT`, WriteError where they cannot be written.
    """
    undo = folder / UNDO
    if not undo.is_dir():
        return
    if (undo / BEFORE).is_file():
        with writing(_("The figures are half old, half new until then.")), held(folder):
            settle(folder)
    else:
        with suppress(BusyError, OSError), held(folder, wait=0):  # who is at work sweeps by itself
            settle(folder)


def held(folder: Path, wait: float | None = None) -> AbstractContextManager[None]:
    """Hold the figures: nobody else changes them. Raises BusyError after `wait` seconds, by default `WAIT`."""
    busy = _("Another run is storing figures.")
    return only_one(folder.parent / "reports", "add", WAIT if wait is None else wait, busy)


def _write_through(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _drop_empty(folder: Path, names: Iterable[str]) -> None:
    """Drop what is empty among the folders of these files below a folder."""
    for name in names:
        for parent in list((folder / name).parents)[: name.count("/")]:
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()


@contextmanager
def only_one(reports: Path, name: str, wait: float = 0, busy: str = "") -> Iterator[None]:
    """Hold the lock of one report, or of another work that `busy` tells.

    Raises BusyError when another run has it for longer than `wait` seconds.
    """
    import filelock  # which many commands never need

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

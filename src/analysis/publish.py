"""How does a finished folder take the place of the last one, whole or not at all?"""

from __future__ import annotations

import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import filelock

from analysis.errors import BusyError, WriteError
from analysis.vietnamese import _

WORK = ".work"


def publish(work: Path, final: Path) -> None:
    """Rename the finished folder into place; the one before it goes only when the new one stands.

    Raises OSError when a file cannot be flushed or the folder not renamed; the one before is then back in place.
    """
    for path in work.iterdir():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    final.parent.mkdir(parents=True, exist_ok=True)
    before = _before(final)
    if final.exists():
        final.rename(before)
    try:
        work.rename(final)
    except BaseException:  # an interrupt too: something must stand in place
        if before.exists() and not final.exists():
            before.rename(final)
        raise
    if before.exists():
        shutil.rmtree(before)


def recover(final: Path) -> None:
    """Put the last good folder back if a run was killed between the two renames; else sweep what it left."""
    before = _before(final)
    if before.exists() and not final.exists():
        before.rename(final)
    elif before.exists():
        shutil.rmtree(before)


def sweep(reports: Path, name: str) -> None:
    """Remove the working folders that earlier runs of a report left, now that it has been published."""
    for folder in (reports / WORK).iterdir():
        if folder.is_dir() and re.fullmatch(re.escape(name) + "-[0-9a-f]{12}", folder.name):
            shutil.rmtree(folder, ignore_errors=True)


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


def _before(final: Path) -> Path:
    return final.with_name(f"{final.name}.prev")

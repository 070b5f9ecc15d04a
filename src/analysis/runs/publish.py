"""How does a report take the place of the one before it, and what does a run that fails leave?

By a rename of its whole folder; the files of another language go with it as they are.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from analysis.errors import BusyError, ParameterError
from analysis.files import WORK, only_one, replace_file, writing
from analysis.language import LANGUAGES, _, language, slug, use_language
from analysis.report.result import PAGE, RECORD, in_language
from analysis.runs.board import index_of_reports
from analysis.runs.digest import write_changes
from analysis.runs.page import one_cell, page_of
from analysis.runs.record import CHANGES, FAILED, MADE, save_failure
from analysis.runs.reports import BEFORE, RUN, failed, published, published_folder, reports_folder

LISTS = tuple(in_language(PAGE, spoken) for spoken in LANGUAGES)
FAILURE_SECONDS = 5  # that one who tells of a failed run waits for others
UNREAD = "unread"  # the runs whose report is not known, because the figures or the rules cannot be read


def publish(work: Path, final: Path) -> None:
    """Rename the finished folder into place; the one before it goes only when the new one stands.

    On Linux the two are exchanged in one step, so that no reader finds neither; elsewhere a reader waits (`restore`).
    Raises OSError when a file cannot be flushed or the folder not renamed; the one before is then back in place.
    """
    for path in work.iterdir():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    final.parent.mkdir(parents=True, exist_ok=True)
    before = _before(final)
    exchanged = final.exists() and _exchange(work, final)
    try:
        if exchanged:
            work.rename(before)
        else:
            if final.exists():
                final.rename(before)
            work.rename(final)
    except BaseException:  # an interrupt too: something must stand in place
        if exchanged and work.exists():
            _exchange(work, final)
        elif before.exists() and not final.exists():
            before.rename(final)
        raise
    if before.exists():
        shutil.rmtree(before)


def _exchange(one: Path, other: Path) -> bool:
    """Whether two folders took each other's names in one step; where system or disk cannot do that nothing is done."""
    if sys.platform != "linux":
        return False
    exchange = getattr(ctypes.CDLL(None), "renameat2", None)
    here, flag = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return exchange is not None and exchange(here, os.fsencode(one), here, os.fsencode(other), flag) == 0


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


def sweep_killed(reports: Path) -> None:
    """Remove what killed runs were writing: the working folders of reports that no run holds, and lists (held)."""
    for path in (reports / WORK).iterdir():
        run = RUN.fullmatch(path.name)
        with suppress(BusyError, OSError):
            if run and path.is_file() and run["report"] in LISTS:
                path.unlink()
            elif run and path.is_dir() and not path.is_symlink() and not (path / FAILED).exists():
                with only_one(reports, run["report"]):
                    if not (path / FAILED).exists():
                        shutil.rmtree(path)


def _before(final: Path) -> Path:
    return final.with_name(f"{final.name}{BEFORE}")


def publish_files(entity: str, month: str, files: Mapping[str, bytes]) -> None:
    """Publish a report that was made elsewhere. Raises WriteError, BusyError; the last one is then unchanged.

    After a WriteError the failed run is kept in `reports/.work`, for a list of reports to name.
    """
    with publishing(entity, month, listed=False) as work:
        for name, content in files.items():
            (work / name).write_bytes(content)


@contextmanager
def publishing(entity: str, month: str, listed: bool) -> Iterator[Path]:
    """A working folder that takes the place of the last report when all inside has gone well. Raises as `render`."""
    reports, final = reports_folder(), published_folder(entity, month)
    if not final.resolve().is_relative_to(reports.resolve()):
        raise ParameterError(_("The report would be written outside the reports folder."), [str(final)])
    name = f"{final.parent.name}-{final.name}"
    with writing(_("The last report is unchanged.")), only_one(reports, name):
        recover(final)
        work = working_folder(reports, name)
        with failing(work, entity, month, listed), writing(_("The last report is unchanged.")):
            yield work
            for spoken in LANGUAGES:
                if (work / in_language(RECORD, spoken)).is_file():
                    write_changes(work, spoken, published(reports, slug(entity), spoken))
            _keep_other_languages(work, final)
            publish(work, final)
        for succeeded in (name, UNREAD):
            sweep(reports, succeeded)


def _keep_other_languages(work: Path, final: Path) -> None:
    """Copy the report of another language beside the new one. Raises OSError."""
    for spoken in LANGUAGES:
        if not any((work / in_language(name, spoken)).exists() for name in (PAGE, RECORD)):
            for name in (in_language(plain, spoken) for plain in (*MADE, CHANGES, RECORD)):
                if (final / name).is_file():
                    shutil.copy2(final / name, work / name)


def name_in_language(work: Path, spoken: str) -> None:
    """Give the files of a run the names that they have in its language. Raises OSError."""
    for name in MADE:
        if (work / name).is_file():
            (work / name).rename(work / in_language(name, spoken))


def write_index(wait: float = 60) -> None:
    """`reports/index.html`, and `index.en.html` where English is spoken: the published reports and the failed runs.

    What killed runs left goes. Raises BusyError, OSError.
    """
    reports, spoken = reports_folder(), language()
    with only_one(reports, "index", wait):
        sweep_killed(reports)
        for one in LANGUAGES:
            place = reports / in_language(PAGE, one)
            if one in (LANGUAGES[0], spoken) or place.exists():
                use_language(one)
                try:
                    words = index_of_reports(published(reports), failed(reports), reports)
                    replace_file(place, page_of(one_cell(words), _("Reports")))
                finally:
                    use_language(spoken)


@contextmanager
def failing(work: Path, entity: str, period: str, listed: bool) -> Iterator[None]:
    """Have what fails inside leave a record and be listed. Its own error is the one raised, whatever happens to that.

    A record that a full disk does not take is given up; and nobody waits long to renew the list.
    """
    try:
        yield
    except Exception as error:
        with suppress(Exception):
            save_failure(work, entity, period, error)
            if listed:
                write_index(FAILURE_SECONDS)
        raise


def leave_failure(entity: str, period: str, error: Exception, files: Mapping[str, bytes] | None = None) -> None:
    """List a report that was not made here: with what its run left elsewhere, if anything. Never raises."""
    reports, report = reports_folder(), f"{slug(entity)}-{period}"
    with suppress(Exception), only_one(reports, report, FAILURE_SECONDS):  # held, lest it is swept
        work = working_folder(reports, report)
        for name, content in (files or {}).items():
            (work / name).write_bytes(content)
        save_failure(work, entity, period, error)


def working_folder(reports: Path, name: str) -> Path:
    work = reports / WORK / f"{name}-{uuid.uuid4().hex[:12]}"
    work.mkdir(parents=True)
    return work

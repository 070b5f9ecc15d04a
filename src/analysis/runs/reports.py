"""Which reports are there, which runs failed, and how is a report opened?

A failed run is listed until the same report succeeds, which sweeps its working folder away. It is never linked.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from analysis import project
from analysis.errors import NoReportError, ParameterError, UnknownNameError
from analysis.files import WORK, only_one, replace_file, writing
from analysis.language import _, slug, write_date, write_number, write_period
from analysis.report.result import EXECUTED, FIGURES, PAGE, RECORD, Period, Result
from analysis.report.section import Piece, Section
from analysis.report.wording import kind_name
from analysis.report.workbook import FILE as WORKBOOK
from analysis.runs.page import one_cell, page_of
from analysis.runs.record import FAILED, PDF, Failure, save_failure
from analysis.scorecards.entities import SYNTHETIC
from analysis.scorecards.periods import PERIOD, is_month, months_of

FILES: dict[str, Callable[[], str]] = {
    FIGURES: lambda: "CSV",
    WORKBOOK: lambda: _("workbook"),
    PDF: lambda: "PDF",
    EXECUTED: lambda: _("notebook"),
}
RUN = re.compile(r"(?P<report>.+)-[0-9a-f]{12}")
VIETNAM = timezone(timedelta(hours=7))
BROWSER_SECONDS = 5
BROWSE = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"
UNREAD = "unread"  # the runs whose report is not known, because the figures or the rules cannot be read


@dataclass(frozen=True)
class Published:
    """A published report; its record is None where that cannot be read."""

    folder: Path
    record: Result | None

    @property
    def period(self) -> str:
        return self.folder.name

    @property
    def name(self) -> str:
        """Its entity and period, in words."""
        return f"{self.record.entity if self.record else self.folder.parent.name}, {write_period(self.period)}"


@dataclass(frozen=True)
class Failed:
    """The newest failed run of a report, when it ended in Vietnam, and how many of its runs failed.

    `failure` is None where its record is damaged; `ended` is then when that was written.
    """

    folder: Path
    ended: datetime
    failure: Failure | None
    count: int = 1


def published(reports: Path, entity: str = "[!.]*") -> list[Published]:
    """The published reports, or those of one folder, newest period first; a longer one before the last month inside."""
    folders = [path.parent for path in reports.glob(f"{entity}/*/{RECORD}") if PERIOD.fullmatch(path.parent.name)]
    folders.sort(key=lambda folder: (months_of(folder.name)[0], folder.parent.name))
    folders.sort(key=lambda folder: months_of(folder.name)[1], reverse=True)
    return [Published(folder, _record(folder)) for folder in folders]


def failed(reports: Path) -> list[Failed]:
    """The reports whose runs failed since they last succeeded, newest failure first."""
    newest: dict[str, Failed] = {}
    for path in (reports / WORK).glob(f"*/{FAILED}"):
        run = RUN.fullmatch(path.parent.name)
        try:
            found = _failure(path) if run else None
        except FileNotFoundError:  # its report has just succeeded
            continue
        if run and found:
            other = newest.get(run["report"])
            count, last = (other.count, max(other, found, key=lambda item: item.ended)) if other else (0, found)
            newest[run["report"]] = Failed(last.folder, last.ended, last.failure, count + 1)
    return sorted(newest.values(), key=lambda item: (item.ended, item.folder.name), reverse=True)


def index_of_reports(there: Sequence[Published], broken: Sequence[Failed], reports: Path) -> Section:
    """The page that lists the published reports, and below them what failed."""
    title = _("Reports on the index of Decision 766/QĐ-TTg")
    heads = [_("Report"), _("Total score"), _("Rank"), _("Change, points"), _("Figures"), _("Finding"), _("Files")]
    values = {
        "title": title,
        "caption": _("Published reports, newest first"),
        "heads": heads,
        "reports": [_row_of_report(item, reports) for item in there],
        "none": _("No report was published yet."),
        "failures_title": _("Which runs failed?"),
        "failures_note": _("These runs published nothing; a report above is of an earlier run that succeeded."),
        "failures_caption": _("Reports whose last run failed, newest first"),
        "failures_heads": [
            _("Report"),
            _("When (Vietnam time)"),
            _("Exit code"),
            _("What happened"),
            _("Broken notebook"),
        ],
        "failures": [_row_of_failure(item, reports) for item in broken],
    }
    return Section(title, [Piece("reports.html.j2", values)])


def find_report(reports: Path, entity: str, month: str) -> Path:
    """The page of a published report; without a month that of the entity's newest month, or newest longer period.

    Raises
    ------
    UnknownNameError: what is given as a month is no period.
    NoReportError: no such report was made; those that were are named.
    """
    if month and not PERIOD.fullmatch(month):
        raise UnknownNameError(
            _("“{period}” is not a period.").format(period=month), [], _("Write YYYY-MM, YYYY-Qn or YYYY.")
        )
    there = [item for item in published(reports) if _inside(item.folder / PAGE, reports)]
    own = [item for item in there if item.folder.parent.name == slug(entity)]
    months = [item for item in own if is_month(item.period)]
    for item in [item for item in own if item.period == month] if month else months or own:
        return item.folder / PAGE
    if month:
        words = _("There is no report of {entity} for {period}.").format(entity=entity, period=write_period(month))
    else:
        words = _("There is no report of {entity}.").format(entity=entity)
    command = " ".join(
        word for word in ("scorecard report", month, slug(entity) and f"--entity {slug(entity)}") if word
    )
    raise NoReportError(
        words,
        [
            _("made: {name}, {path}").format(name=item.name, path=_place(item.folder / PAGE, reports))
            for item in [*own, *(item for item in there if item not in own)]
        ],
        _("Make it: {command}").format(command=command),
    )


def browse(page: Path) -> bool:
    """Show a page in the browser; whether there is one. What a browser says or waits for does not concern the caller.

    Browsers in a terminal are not used: they would take it over.
    """
    quiet = {name: value for name, value in os.environ.items() if name != "TERM"}
    if sys.platform not in ("win32", "darwin") and not {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"} & quiet.keys():
        return False
    nothing = subprocess.DEVNULL
    try:
        asked = subprocess.Popen(
            [sys.executable, "-P", "-c", BROWSE, page.absolute().as_uri()],
            env=quiet,
            stdin=nothing,
            stdout=nothing,
            stderr=nothing,
            start_new_session=True,
        )
        return asked.wait(BROWSER_SECONDS) == 0
    except subprocess.TimeoutExpired:
        return True  # a browser that stays in front of the one who called it
    except OSError:
        return False


def _record(folder: Path) -> Result | None:
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return Result.model_validate({name: record[name] for name in Result.model_fields if name in record})
    except (OSError, ValueError, TypeError):
        return None


def _failure(path: Path) -> Failed:
    """A failed run. Raises FileNotFoundError when it is gone."""
    try:
        failure = Failure.model_validate_json(path.read_bytes())
        return Failed(path.parent, failure.ended.astimezone(VIETNAM), failure)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, OverflowError):
        return Failed(path.parent, datetime.fromtimestamp(path.stat().st_mtime, VIETNAM), None)


def _row_of_report(item: Published, reports: Path) -> dict[str, Any]:
    where = quote(item.folder.relative_to(reports).as_posix())
    record = item.record
    row = {
        "name": item.name,
        "page": f"{where}/{PAGE}" if (item.folder / PAGE).is_file() else "",
        "files": [(f"{where}/{name}", words()) for name, words in FILES.items() if (item.folder / name).is_file()],
    }
    if record is None:
        words = _("its run.json cannot be read; make this report again")
        damaged = {"kind": "damaged", "kind_name": _("Damaged record"), "finding": words, "language": ""}
        return {**row, **damaged, "total": "", "rank": "", "change": ""}
    rank = _("not published") if record.rank is None else str(record.rank)
    return {
        **row,
        "total": f"{write_number(record.total, 2)}/{write_number(record.total_max, 0)}",
        "rank": f"{rank}/{record.ranked}" if record.rank and record.ranked else rank,
        "change": _change_words(record),
        "kind": record.kind,
        "kind_name": kind_name(record.kind),
        "finding": _finding(record),
        "language": record.language,
    }


def _finding(record: Result) -> str:
    """The title without the label of simulated figures, in whichever language: it stands beside it."""
    label, _colon, finding = record.title.partition(": ")
    return finding if record.kind == SYNTHETIC and label.isupper() else record.title


def _change_words(record: Result) -> str:
    """The change since the month before, with its sign; or why there is none."""
    if record.change is not None:
        sign = "+" if record.change > 0.005 else ""
        return f"{sign}{write_number(record.change, 2)}"
    if not is_month(record.period):
        return _("not a month: nothing to compare with")
    if "change" not in record.model_fields_set:
        return _("not known")
    return _("no total of the month before under the same rules")


def _row_of_failure(item: Failed, reports: Path) -> dict[str, Any]:
    words = f"{item.ended:%H:%M} {write_date(f'{item.ended:%Y-%m-%d}')}"
    if item.count > 1:
        words = _("{when}, the last of {count} failures").format(when=words, count=item.count)
    notebook, failure = item.folder / EXECUTED, item.failure
    row = {
        "when": words,
        "notebook": _place(notebook, reports) if notebook.is_file() else "",
        "no_notebook": _("no notebook was kept"),
        "failure": failure,
    }
    if failure is None:
        return {**row, "name": item.folder.name, "unread": _("its failed.json cannot be read")}
    period = write_period(failure.period) if failure.period else _("the latest month")
    return {**row, "name": f"{failure.entity}, {period}"}


def _inside(page: Path, reports: Path) -> bool:
    """Whether a page is there, and in the reports folder even where a folder on its way is a link."""
    return page.is_file() and page.resolve().is_relative_to(reports.resolve())


def _place(path: Path, reports: Path) -> str:
    return path.relative_to(reports.parent).as_posix()


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


def _before(final: Path) -> Path:
    return final.with_name(f"{final.name}.prev")


class Promised(BaseModel):
    """What the report of an earlier `month` weighed: indicator → rate in percent, and the total it aimed at."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
    month: Period
    levers: dict[str, Annotated[float, Field(ge=0, le=100)]]
    target_score: float | None = Field(default=None, gt=0, le=100)


def last_promised(there: Sequence[Published], entity: str, period: str) -> Promised | None:
    """What the latest report of the entity before a period weighed, under whatever rules; None where there is none.

    Of two that end together the shorter counts. A report whose record cannot be read is passed over.
    """
    spans = {item.folder: months_of(item.period) for item in there if item.record and item.record.entity == entity}
    earlier = [folder for folder, (_first, last) in spans.items() if last < months_of(period)[0]]
    for folder in sorted(earlier, key=lambda folder: spans[folder][::-1], reverse=True):
        if promised := _promised(folder / RECORD):
            return promised
    return None


def _promised(path: Path) -> Promised | None:
    """What a report weighed, by its record; None where that cannot be read."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        parameters = record["parameters"]
        names = ("levers", "target_score")
        return Promised.model_validate({"month": record["period"], **{name: parameters[name] for name in names}})
    except (OSError, ValueError, KeyError, TypeError):
        return None


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
            publish(work, final)
        for succeeded in (name, UNREAD):
            sweep(reports, succeeded)


def published_folder(entity: str, month: str) -> Path:
    """Where a report is published."""
    return reports_folder() / slug(entity) / month


def write_index(wait: float = 60) -> None:
    """`reports/index.html`: the published reports, newest first, and the failed runs. Raises BusyError, OSError."""
    reports = reports_folder()
    with only_one(reports, "index", wait):
        words = index_of_reports(published(reports), failed(reports), reports)
        replace_file(reports / PAGE, page_of(one_cell(words), _("Reports")))


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
                write_index(wait=5)
        raise


def leave_failure(entity: str, period: str, error: Exception, files: Mapping[str, bytes] | None = None) -> None:
    """List a report that was not made here: with what its run left elsewhere, if anything. Never raises."""
    with suppress(Exception):
        work = working_folder(reports_folder(), f"{slug(entity)}-{period}")
        for name, content in (files or {}).items():
            (work / name).write_bytes(content)
        save_failure(work, entity, period, error)


def working_folder(reports: Path, name: str) -> Path:
    work = reports / WORK / f"{name}-{uuid.uuid4().hex[:12]}"
    work.mkdir(parents=True)
    return work


def reports_folder() -> Path:
    return project.root() / "reports"

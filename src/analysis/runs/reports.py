"""Which reports are there, which runs failed, and how is a report opened?

A failed run is listed until the same report succeeds, which sweeps its working folder away. It is never linked.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from analysis import project
from analysis.errors import BusyError, NoReportError, UnknownNameError
from analysis.files import WORK, only_one, read_plain
from analysis.language import LANGUAGES, _, language, slug, write_period
from analysis.report.result import PAGE, RECORD, Period, Result, in_language
from analysis.runs.record import FAILED, Failure, read_record
from analysis.scorecards.periods import PERIOD, is_month, months_of

BEFORE = ".prev"  # what a report is called while the next takes its place
RUN = re.compile(r"(?P<report>.+)-[0-9a-f]{12}")
VIETNAM = timezone(timedelta(hours=7))
BROWSER_SECONDS = 5
MOMENTS = 1  # second, that a reader waits for a report between its two renames
BROWSE = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"


@dataclass(frozen=True)
class Published:
    """A published report in one of its languages; its record is None where that cannot be read."""

    folder: Path
    record: Result | None
    language: str = LANGUAGES[0]

    @property
    def period(self) -> str:
        return self.folder.name

    @property
    def entity(self) -> str:
        return self.record.entity if self.record else self.folder.parent.name

    @property
    def name(self) -> str:
        """Its entity and period, in words."""
        return f"{self.entity}, {write_period(self.period)}"

    @property
    def page(self) -> Path:
        return self.folder / in_language(PAGE, self.language)

    def other_pages(self) -> list[tuple[str, Path]]:
        """Each other language in which the page is there, and the page."""
        pages = [(spoken, self.folder / in_language(PAGE, spoken)) for spoken in LANGUAGES]
        return [(spoken, page) for spoken, page in pages if spoken != self.language and page.is_file()]


@dataclass(frozen=True)
class Failed:
    """The newest failed run of a report, when it ended in Vietnam, and how many of its runs failed.

    `failure` is None where its record is damaged; `ended` is then when that was written.
    """

    folder: Path
    ended: datetime
    failure: Failure | None
    count: int = 1


def published(reports: Path, entity: str = "[!.]*", spoken: str = "") -> list[Published]:
    """The published reports, or those of one folder, newest period first; a longer one before the last month inside.

    Each in the language `spoken` (by default the current one) if it is there in it, else in another.
    """
    restore(reports)
    first = spoken or language()
    order = [first, *(other for other in LANGUAGES if other != first)]
    found: dict[Path, str] = {}
    for folder in reports.glob(f"{entity}/*"):
        there = [one for one in order if os.path.lexists(folder / in_language(RECORD, one))]
        if there and PERIOD.fullmatch(folder.name):
            found[folder] = there[0]
    folders = sorted(found, key=lambda folder: (months_of(folder.name)[0], folder.parent.name))
    folders.sort(key=lambda folder: months_of(folder.name)[1], reverse=True)
    return [Published(folder, record_in(folder, found[folder]), found[folder]) for folder in folders]


def restore(reports: Path) -> None:
    """Put back the good reports that runs killed between the two renames of `publish` took away; never raises.

    A run that is still publishing has the lock, and does it itself within moments, which are waited for.
    """
    for before in reports.glob(f"[!.]*/*{BEFORE}"):
        final = before.with_name(before.name.removesuffix(BEFORE))
        ends = time.monotonic() + MOMENTS
        while PERIOD.fullmatch(final.name) and not final.exists() and before.exists() and time.monotonic() < ends:
            with suppress(BusyError, OSError), only_one(reports, f"{final.parent.name}-{final.name}", wait=0.02):
                if not final.exists():
                    before.rename(final)


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


def find_report(reports: Path, entity: str, month: str) -> Path:
    """The page of a published report; without a month that of the entity's newest month, or newest longer period.

    The page in the current language where there is one, else that in another.

    Raises
    ------
    UnknownNameError: what is given as a month is no period.
    NoReportError: no such report was made; those that were are named.
    """
    if month and not PERIOD.fullmatch(month):
        raise UnknownNameError(
            _("“{period}” is not a period.").format(period=month), [], _("Write YYYY-MM, YYYY-Qn or YYYY.")
        )
    there = [item for item in published(reports) if _inside(item.page, reports)]
    own = [item for item in there if item.folder.parent.name == slug(entity)]
    months = [item for item in own if is_month(item.period)]
    for item in [item for item in own if item.period == month] if month else months or own:
        return item.page
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
            _("made: {name}, {path}").format(name=item.name, path=_place(item.page, reports))
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


def record_in(folder: Path, spoken: str) -> Result | None:
    """The record of a report in a language; None where it cannot be read."""
    try:
        record = read_record(folder, spoken)
        return Result.model_validate({name: record[name] for name in Result.model_fields if name in record})
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def _failure(path: Path) -> Failed:
    """A failed run. Raises FileNotFoundError when it is gone."""
    try:
        failure = Failure.model_validate_json(read_plain(path))
        return Failed(path.parent, failure.ended.astimezone(VIETNAM), failure)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, OverflowError):
        return Failed(path.parent, datetime.fromtimestamp(path.stat().st_mtime, VIETNAM), None)


def _inside(page: Path, reports: Path) -> bool:
    """Whether a page is there, and in the reports folder even where a folder on its way is a link."""
    return page.is_file() and page.resolve().is_relative_to(reports.resolve())


def _place(path: Path, reports: Path) -> str:
    return path.relative_to(reports.parent).as_posix()


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
    own = [item for item in there if item.record and item.record.entity == entity]
    earlier = [item for item in own if months_of(item.period)[1] < months_of(period)[0]]
    for item in sorted(earlier, key=lambda item: months_of(item.period)[::-1], reverse=True):
        if promised := _promised(read_record(item.folder, item.language)):
            return promised
    return None


def _promised(record: Mapping[str, Any]) -> Promised | None:
    """What a report weighed, by its record; None where that does not tell."""
    try:
        parameters = record["parameters"]
        names = ("levers", "target_score")
        return Promised.model_validate({"month": record["period"], **{name: parameters[name] for name in names}})
    except (ValueError, KeyError, TypeError):
        return None


def published_folder(entity: str, month: str) -> Path:
    """Where a report is published."""
    return reports_folder() / slug(entity) / month


def reports_folder() -> Path:
    return project.root() / "reports"

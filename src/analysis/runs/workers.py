"""What is asked of whoever makes reports, and what became of it? Imports little, as workers start before all else."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue
from time import monotonic
from typing import Literal

from analysis import project
from analysis.errors import AnalysisError, KernelDiedError, RunTimeoutError
from analysis.language import _, use_language, write_period
from analysis.runs import forked

START_SECONDS, CELL_SECONDS, RUN_SECONDS = 60, 300, 900
SPARE_SECONDS = 120  # beyond the limit of a run, for what comes before and after it


@dataclass(frozen=True)
class Limits:
    """How long a run may take, in seconds: for the kernel to start, for one cell, for everything."""

    start: float = START_SECONDS
    cell: float = CELL_SECONDS
    run: float = RUN_SECONDS


USUAL = Limits()


@dataclass(frozen=True)
class Job:
    """One report of a batch.

    `promised` is what an earlier report weighed, as from `reports.last_promised`, and `made_from` what the published
    report was made from, as from `record.made_from`: empty where it shall be made in any case.
    """

    entity: str
    month: str
    language: str
    allow_synthetic: bool = False
    promised: Mapping[str, object] | None = None
    made_from: str = ""

    @property
    def name(self) -> str:
        return f"{self.entity}, {write_period(self.month)}"


@dataclass(frozen=True)
class Outcome:
    """What became of a job: `made`, `kept` (the published report is of the same inputs) or `failed`, and why.

    `files` are those of the report, or what a failed run left, where whoever made it could not publish it. `unrecorded`
    is a failure that no record in the reports folder tells yet.
    """

    job: Job
    state: Literal["made", "kept", "failed"]
    seconds: float
    exit_code: int = 0
    what: str = ""
    rows: tuple[str, ...] = ()
    next_step: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    unrecorded: bool = False


def failure(job: Job, error: Exception, started: float) -> Outcome:
    """The outcome of a job that failed, as its user is told it."""
    told = error if isinstance(error, AnalysisError) else AnalysisError(f"{type(error).__name__}: {error}")
    return Outcome(job, "failed", monotonic() - started, told.exit_code, told.what, told.rows, told.next_step)


Submit = Callable[[Job], Future[Outcome]]


@contextmanager
def local_workers(jobs: int, limits: Limits = USUAL) -> Iterator[Submit]:
    """So many processes on this machine, each of which makes one report at a time; they end with the context.

    They get ready while the caller goes on, and have their kernels from one server.
    """
    place = forked.to_share()
    workers, free = [Worker(project.root(), limits, place) for _number in range(jobs)], SimpleQueue[Worker]()
    for worker in workers:
        worker.start()
        free.put(worker)

    def make(job: Job) -> Outcome:
        worker = free.get()
        try:
            return worker.make(job)
        finally:
            free.put(worker)

    try:
        with ThreadPoolExecutor(jobs) as executor:
            try:
                yield lambda job: executor.submit(make, job)
            finally:
                for worker in workers:
                    worker.close()
    except KeyboardInterrupt:  # until they ended, workers may have published more than was listed
        from analysis.runs.publish import write_index

        write_index()
        raise


class Worker:
    """A process that makes the reports of the project in a folder, one at a time; a new one where the last has died.

    Its kernels are forks of the server in `place` (`forked.to_share`), or of one of its own.
    """

    def __init__(self, folder: Path, limits: Limits, place: forked.Place | None = None) -> None:
        self._folder, self._limits, self._place = folder, limits, place
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> subprocess.Popen[bytes]:
        """The process, which gets ready; the one that runs, if it does."""
        if self._process is None:
            forked.prepare_environment()
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "analysis.runs.worker"],
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            assert self._process.stdin is not None
            pickle.dump((self._limits, self._place), self._process.stdin)
            self._process.stdin.flush()
        return self._process

    def make(self, job: Job) -> Outcome:
        """What became of a job. Never raises: a process that dies or hangs is a failure of its job alone."""
        started = monotonic()
        process = self.start()
        assert process.stdin is not None and process.stdout is not None
        late = threading.Timer(self._limits.run + SPARE_SECONDS, process.kill)
        late.start()
        try:
            pickle.dump(job, process.stdin)
            process.stdin.flush()
            outcome: Outcome = pickle.load(process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):
            hung = not late.is_alive()
            self.close()
            use_language(job.language)
            error = (
                RunTimeoutError(_("The process that made this report hung, and was ended."))
                if hung
                else KernelDiedError(_("The process that made this report died: killed, or out of memory."))
            )
            outcome = replace(failure(job, error, started), unrecorded=True)
        finally:
            late.cancel()
        return outcome

    def close(self) -> None:
        """End the process, and what it runs."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()  # its pipes are left to whoever still reads from them

"""Which processes of this machine make the reports of a batch? They live long, and get ready while the caller goes on.

Imports little, so that they start at once (see `worker`, which is what runs in them).
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from time import monotonic

from analysis import forked, project
from analysis.errors import KernelDiedError, RunTimeoutError
from analysis.jobs import USUAL, Job, Limits, Outcome, failure
from analysis.language import _, use_language

SPARE_SECONDS = 120  # beyond the limit of a run, for what comes before and after it

Submit = Callable[[Job], Future[Outcome]]


@contextmanager
def local_workers(jobs: int, limits: Limits = USUAL) -> Iterator[Submit]:
    """So many processes on this machine, each of which makes one report at a time; they end with the context.

    They get ready while the caller goes on.
    """
    workers, free = [Worker(project.root(), limits) for _number in range(jobs)], SimpleQueue[Worker]()
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
        from analysis.report import write_index

        write_index()
        raise


class Worker:
    """A process that makes the reports of the project in a folder, one at a time; a new one where the last has died."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder, self._limits = folder, limits
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> subprocess.Popen[bytes]:
        """The process, which gets ready; the one that runs, if it does."""
        if self._process is None:
            forked.prepare_environment()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "analysis.worker"],
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            assert self._process.stdin is not None
            pickle.dump(self._limits, self._process.stdin)
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

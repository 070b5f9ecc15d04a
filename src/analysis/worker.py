"""Who makes the reports of a batch? Processes that live long: what they import and read once serves all their reports.

A worker takes one job after another and runs each as a single report is run, in a kernel of its own. It speaks pickles
over its standard input and output, and ends when its input does: nothing outlives who started it.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from time import monotonic
from typing import BinaryIO

from analysis import forked, history
from analysis.errors import AnalysisError, KernelDiedError, NoTotalError, RunTimeoutError
from analysis.jobs import Job, Outcome
from analysis.report import prepare, render
from analysis.result import made_from
from analysis.running import Limits, load_engine
from analysis.vietnamese import _, use_language

SPARE_SECONDS = 120  # beyond the limit of a run, for what comes before and after it


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


def failure(job: Job, error: Exception, started: float) -> Outcome:
    """The outcome of a job that failed, as its user is told it."""
    told = error if isinstance(error, AnalysisError) else AnalysisError(f"{type(error).__name__}: {error}")
    return Outcome(job, "failed", monotonic() - started, told.exit_code, told.what, told.rows, told.next_step)


def make(job: Job, limits: Limits) -> Outcome:
    """Make a report as `scorecard report` does, but for the list of reports. Never raises what a report may raise."""
    started = monotonic()
    use_language(job.language)
    values = {"entity": job.entity, "month": job.month, "language": job.language, "promised": job.promised}
    try:
        parameters = forked.ask(prepare, values, job.allow_synthetic, False)
        if job.made_from and job.made_from == made_from(parameters.model_dump(), history.data_hash()):
            return Outcome(job, "kept", monotonic() - started)
        render(parameters, limits, listed=False)
    except NoTotalError as error:  # a wrong request, of which `prepare` leaves no record; in a batch it is a failure
        return replace(failure(job, error, started), unrecorded=True)
    except Exception as error:
        return failure(job, error, started)
    return Outcome(job, "made", monotonic() - started)


def main() -> None:
    """Answer jobs from standard input on standard output until there are no more."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started this one is interrupted, and ends it
    limits: Limits = pickle.load(sys.stdin.buffer)
    forked.warm()
    load_engine()
    jobs: SimpleQueue[Job] = SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, jobs), daemon=True).start()
    while True:
        pickle.dump(make(jobs.get(), limits), answers)
        answers.flush()


def _listen(wire: BinaryIO, jobs: SimpleQueue[Job]) -> None:
    """Take in jobs; where no more can come, end at once: kernels end with their worker."""
    while True:
        try:
            jobs.put(pickle.load(wire))
        except (OSError, EOFError):
            os._exit(0)


if __name__ == "__main__":
    main()

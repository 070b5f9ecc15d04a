"""Who makes the reports of a batch? Processes that live long: what they import and read once serves all their reports.

A worker takes one job after another and runs each as a single report is run, in a kernel of its own. It speaks pickles
over its standard input and output, and ends when its input does: nothing outlives who started it.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from dataclasses import replace
from queue import SimpleQueue
from time import monotonic
from typing import BinaryIO

from analysis.errors import NoTotalError, UnknownNameError
from analysis.language import use_language
from analysis.runs import forked
from analysis.runs.record import made_from
from analysis.runs.run import load_engine, prepare, render
from analysis.runs.workers import Job, Limits, Outcome, failure
from analysis.scorecards import history

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started this one is interrupted, and ends it


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
    except (
        NoTotalError,
        UnknownNameError,
    ) as error:  # a wrong request, of which `prepare` leaves no record; in a batch it is a failure
        return replace(failure(job, error, started), unrecorded=True)
    except Exception as error:
        return failure(job, error, started)
    return Outcome(job, "made", monotonic() - started)


def main() -> None:
    """Answer jobs from standard input on standard output until there are no more."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    limits, place = pickle.load(sys.stdin.buffer)
    if place:
        forked.share(place)
    else:
        forked.warm()  # the server of its kernels imports what they need, while this process imports its own
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

"""Do the processes that make reports end when they should, and is a lost one the failure of its report alone?"""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from analysis.runs import workers
from analysis.runs.workers import Job, Limits, Outcome, Worker, local_workers
from made import ONE, THREE, TWO

JOBS = [Job(entity, "2024-05", "en") for entity in (ONE, TWO, THREE)]


@pytest.fixture
def worker(simulated):
    """A worker that was started, and is still about its imports."""
    worker = Worker(Path.cwd(), Limits(run=0.1))
    process = worker.start()
    yield worker
    worker.close()
    assert process.poll() is not None


def test_a_worker_that_dies_fails_its_report_and_the_next_has_a_new_one(worker):
    first = worker.start()
    assert worker.start() is first
    first.kill()
    outcome = worker.make(JOBS[0])
    assert (outcome.job, outcome.state, outcome.exit_code, outcome.unrecorded) == (JOBS[0], "failed", 21, True)
    assert "died" in outcome.what
    second = worker.start()
    assert second is not first and second.poll() is None


def test_a_worker_that_hangs_is_ended(worker, monkeypatch):
    monkeypatch.setattr(workers, "SPARE_SECONDS", 0.1)
    process = worker.start()
    outcome = worker.make(JOBS[0])
    assert (outcome.state, outcome.exit_code, outcome.unrecorded) == ("failed", 23, True)
    assert "hung" in outcome.what and process.poll() is not None


class Fake(Worker):
    """A worker without a process. Of each job it says whose it was, and how many were made at that moment."""

    every: list[Fake]
    together: threading.Barrier
    made_now = 0

    def __init__(self, *given: object) -> None:
        self.busy = self.closed = False
        self.every.append(self)

    def start(self) -> None:  # type: ignore[override]
        self.closed = False

    def make(self, job: Job) -> Outcome:
        assert not self.busy
        self.busy = True
        self.together.wait(60)
        made_now = sum(worker.busy for worker in self.every)
        self.together.wait(60)
        self.busy = False
        return Outcome(job, "made", made_now)

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("jobs", [1, 2])
def test_so_many_reports_are_made_at_a_time(simulated, monkeypatch, jobs):
    Fake.every, Fake.together = [], threading.Barrier(jobs)
    monkeypatch.setattr(workers, "Worker", Fake)
    with local_workers(jobs) as submit:
        outcomes = [future.result() for future in [submit(job) for job in (JOBS + JOBS)[:4]]]
    assert [outcome.job for outcome in outcomes] == (JOBS + JOBS)[:4]
    assert [outcome.seconds for outcome in outcomes] == [jobs] * 4
    assert len(Fake.every) == jobs and all(worker.closed for worker in Fake.every)


def test_interrupted_workers_are_ended_and_what_they_published_is_listed(simulated, monkeypatch):
    Fake.every = []
    monkeypatch.setattr(workers, "Worker", Fake)
    with pytest.raises(KeyboardInterrupt), local_workers(2):
        raise KeyboardInterrupt
    assert all(worker.closed for worker in Fake.every)
    assert (simulated / "reports" / "index.html").is_file()

"""Does a Dask cluster make the same reports as this machine, and does it survive the loss of a worker?

Scheduler and workers are in this process, or in slow tests processes of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from analysis import errors
from analysis.runs import cluster
from analysis.runs.record import code_hash
from analysis.runs.workers import Job, Outcome
from made import (
    GONE_SECONDS,
    MONTHS,
    ONE,
    TWO,
    alive,
    all_whole,
    ask,
    begin,
    counts,
    finish,
    listed,
    names,
    plant,
    same_files,
    sockets,
    times,
    wait_for,
    work_folders,
)

distributed = pytest.importorskip("distributed", reason="Dask is missing: pip install -e .[dask]")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
slow = pytest.mark.slow
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def scheduler(apart) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Where the scheduler of this test listens, and its process."""
    file = apart / "scheduler.json"
    command = ["dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
    process = dask(*command)
    try:
        wait_for(lambda: file.exists() and file.stat().st_size)
        yield json.loads(file.read_bytes())["address"], process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def address(scheduler) -> str:
    return scheduler[0]


@pytest.fixture
def worker(address, apart) -> Iterator[Start]:
    """Starts a worker of this test's scheduler, with one thread."""
    started = []

    def begin_worker(**environment: str) -> subprocess.Popen[bytes]:
        folder = apart / f"worker-{len(started)}"
        words = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(folder)]
        started.append(dask("dask_worker", address, *words, **environment))
        return started[-1]

    yield begin_worker
    for process in started:
        process.terminate()
    for process in started:
        process.wait(60)


def dask(module: str, *words: str, **environment: str) -> subprocess.Popen[bytes]:
    """Of Dask, in a folder that is no project."""
    return subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{module}", *words],
        cwd=os.environ["TMPDIR"],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def busy(apart: Path, workers: list[subprocess.Popen[bytes]]) -> list[subprocess.Popen[bytes]]:
    """The workers that are making a report."""
    return [one for one in workers if list(apart.glob(f"scorecard-cluster-{one.pid}-*/*/reports/.work/*/"))]


class StandIn:
    """The worker of a Dask worker: leaves what a good run left, or for one entity a broken notebook."""

    good: Path
    closed = 0

    def __init__(self, folder: Path, _limits: object) -> None:
        self.reports = folder / "reports"
        assert (folder / "COMMIT").read_text(encoding="utf-8") == "abc+"

    def make(self, job: Job) -> Outcome:
        assert not list(self.reports.glob("[!.]*/*")), "what was made before is gone"
        if job.entity == TWO:
            left = self.reports / ".work" / f"mo-phong-02-{job.month}-{'0' * 12}"
            left.mkdir(parents=True)
            (left / "report.ipynb").write_text("planted", encoding="utf-8")
            return Outcome(job, "failed", 1.0, 20, "planted")
        shutil.copytree(self.good, self.reports / "mo-phong-01" / job.month)
        return Outcome(job, "made", 1.0)

    def close(self) -> None:
        StandIn.closed += 1


def test_reports_made_on_a_cluster_are_published_and_failures_listed_here(simulated, good, monkeypatch):
    StandIn.good, StandIn.closed = good / "hoa-binh" / "2023-04", 0
    monkeypatch.setattr(cluster, "Worker", StandIn)
    (simulated / "COMMIT").write_text("abc+", encoding="utf-8")
    wanted = ["--entities", names(simulated, ONE, TWO), "--months", MONTHS[0], "--allow-synthetic"]
    here = {"processes": False, "n_workers": 1, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**here) as scheduler:
        code, said = ask("batch", *wanted, "--scheduler", scheduler.scheduler_address)
    assert code == 29 and f"{ONE}, May 2024: made" in said and f"{TWO}, May 2024: FAILED: planted" in said
    assert listed(simulated) == [f"mo-phong-01/{MONTHS[0]}/"] and all_whole(simulated)
    (left,) = work_folders(simulated)
    failed = json.loads((left / "failed.json").read_bytes())
    assert (failed["entity"], failed["exit_code"], failed["run_id"]) == (TWO, 20, left.name)
    assert (left / "report.ipynb").read_text(encoding="utf-8") == "planted"
    assert StandIn.closed == 1 and not list(cluster._home().iterdir())


@slow
def test_a_report_of_a_lost_worker_is_made_by_another_and_a_failure_is_told(simulated, apart, address, worker):
    """What a killed worker left on its machine goes with the next report made there."""
    workers = [worker(), worker()]
    plant(simulated, "first", f'if entity == "{TWO}":\n    raise ValueError("planted")')
    go = apart / "go"
    plant(simulated, "first", f"import os, time\nwhile not os.path.exists({str(go)!r}):\n    time.sleep(0.05)")
    (simulated / "COMMIT").write_text("abc+", encoding="utf-8")
    wanted = ["--entities", names(simulated, ONE, TWO), "--scheduler", address, "--json"]
    process = begin(simulated, *wanted, months=MONTHS[0])
    wait_for(lambda: busy(apart, workers))
    lost = busy(apart, workers)[0]
    lost.kill()
    lost.wait()
    go.touch()
    run = finish(process)
    assert (run.code, counts(run)) == (29, (1, 0, 1)), run.err
    assert list(apart.glob("scorecard-cluster-*/*")) == []
    assert listed(simulated) == [f"mo-phong-01/{MONTHS[0]}/"] and all_whole(simulated)
    made = simulated / "reports" / "mo-phong-01" / MONTHS[0]
    assert json.loads((made / "run.en.json").read_bytes())["commit"] == "abc+"
    (left,) = work_folders(simulated)
    failed = json.loads((left / "failed.json").read_bytes())
    assert (failed["entity"], failed["exit_code"], failed["run_id"]) == (TWO, 20, left.name)
    assert "planted" in (left / "report.ipynb").read_text(encoding="utf-8")
    wait_for(lambda: not alive(apart, "analysis.runs.worker"), GONE_SECONDS)
    wait_for(lambda: not alive(apart, "forkserver"), GONE_SECONDS)


@slow
def test_a_lost_scheduler_ends_the_batch_and_what_is_published_stays(simulated, apart, scheduler, worker):
    address, process_of_scheduler = scheduler
    worker(), worker()
    go = apart / "go"
    plant(
        simulated,
        "first",
        f"import os, time\nwhile entity == '{TWO}' and not os.path.exists({str(go)!r}):\n    time.sleep(0.05)",
    )
    (simulated / "COMMIT").write_text("abc+", encoding="utf-8")
    wanted = ["--entities", names(simulated, ONE, TWO), "--scheduler", address]
    process = begin(simulated, *wanted, months=f"{MONTHS[0]}..{MONTHS[1]}")
    wait_for(lambda: times(simulated), 120)
    process_of_scheduler.kill()
    run = finish(process)
    assert run.code == 29 and "Traceback" not in run.err
    lost = (f"{ONE}, June 2024", f"{TWO}, May 2024", f"{TWO}, June 2024")
    told = [f"{name}: FAILED: The Dask scheduler was lost before this report was made." for name in lost]
    assert [words for words in told if words not in run.err] == [] and "--resume" in run.err
    assert listed(simulated) == [f"mo-phong-01/{MONTHS[0]}/"] and all_whole(simulated)


@slow
def test_cluster_makes_the_same_files(simulated, apart, address, worker):
    worker(), worker()
    here = simulated.parent / "here"
    shutil.copytree(simulated, here)
    for folder, where in ((simulated, ["--scheduler", address]), (here, [])):
        run = finish(begin(folder, "--entities", names(folder, ONE, TWO), *where, months=MONTHS[0]))
        assert run.code == 0, run.err
    assert list(apart.glob("scorecard-cluster-*/*")) == []  # nothing of it stays on the machines of the cluster
    assert sockets(apart) == [] and len(times(here)) == 2
    for name in times(here):
        assert same_files(simulated / "reports" / name, here / "reports" / name)


# Without a scheduler


class Scheduler:
    """What the cluster is asked for, answered by one worker in this very process."""

    def __init__(self, waits: Exception | None = None, version: str | Exception = "") -> None:
        self.waits, self.version = waits, version

    def wait_for_workers(self, count: int, timeout: float) -> None:
        assert (count, timeout) == (1, cluster.WAIT_SECONDS)
        if self.waits:
            raise self.waits

    def run(self, asked: Callable[[], str]) -> dict[str, str]:
        if isinstance(self.version, Exception):
            raise self.version
        return {"tcp://one": asked(), "tcp://two": self.version or asked()}


@pytest.mark.parametrize(
    ("scheduler", "words", "rows", "then"),
    [
        (Scheduler(TimeoutError()), "has no worker", (), "dask worker ADDRESS"),
        (Scheduler(version="0" * 100), "^1 workers .* another version", (f"tcp://two {'0' * 80}",), "same version"),
        (Scheduler(version=ModuleNotFoundError("no analysis")), "or none", (" ModuleNotFoundError: no analysis",), ""),
    ],
    ids=["no worker", "another version", "no package"],
)
def test_workers_that_are_not_of_use(scheduler, words, rows, then):
    with pytest.raises(errors.ClusterError, match=words) as caught:
        cluster._check_workers(scheduler)
    assert caught.value.exit_code == 33 and caught.value.rows == rows and then in caught.value.next_step


def test_workers_of_the_same_version_are_of_use():
    assert len(code_hash()) == 64
    cluster._check_workers(Scheduler())


@pytest.mark.parametrize("nowhere", ["tcp://127.0.0.1:1", "127.0.0.1:1", "no address"])
def test_no_scheduler_at_the_address(simulated, monkeypatch, nowhere):
    monkeypatch.setattr(cluster, "WAIT_SECONDS", 0.5)
    code, said = ask("batch", "--months", MONTHS[0], "--allow-synthetic", "--scheduler", nowhere)
    assert code == 33
    assert f"No Dask scheduler answers at {nowhere}" in said and "dask scheduler" in said
    assert not (simulated / "reports").exists()


def test_dask_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(errors.ClusterError, match="not installed") as caught, cluster.dask_workers("tcp://127.0.0.1:1"):
        pass
    assert "[dask]" in caught.value.next_step

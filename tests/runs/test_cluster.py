"""Does a Dask cluster make the same reports as this machine, and does it survive the loss of a worker?

A real scheduler and real workers, each a process of its own on this machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import analysis
from analysis import errors
from analysis.runs import cluster
from made import (
    FOUR,
    GONE_SECONDS,
    MONTHS,
    ONE,
    THREE,
    TWO,
    alive,
    all_whole,
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

pytest.importorskip("distributed", reason="Dask is missing: pip install -e .[dask]")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def address(apart) -> Iterator[str]:
    """Where the scheduler of this test listens."""
    file = apart / "scheduler.json"
    command = ["dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
    process = dask(*command)
    try:
        wait_for(lambda: file.exists() and file.stat().st_size)
        yield json.loads(file.read_bytes())["address"]
    finally:
        process.kill()
        process.wait()


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


def unpacked(apart: Path) -> list[Path]:
    return list(apart.glob(f"{cluster.PREFIX}*/*"))


def test_cluster_makes_the_same_files_and_tells_what_fails(simulated, apart, address, worker):
    worker(), worker()
    plant(simulated, "middle", f'assert entity != "{THREE}", "planted"')
    here = simulated.parent / "here"
    shutil.copytree(simulated, here)
    months, wanted = MONTHS[0], ["--entities", names(simulated, ONE, TWO, THREE), "--json"]
    names(here, ONE, TWO, THREE)
    run = finish(begin(simulated, *wanted, "--scheduler", address, months=months))
    assert (run.code, counts(run)) == (29, (2, 0, 1)), run.err
    assert unpacked(apart) == []  # nothing of it stays on the machines of the cluster
    wait_for(lambda: not alive(apart, "analysis.runs.worker"), GONE_SECONDS)
    assert sockets(apart) == []
    local = finish(begin(here, *wanted, months=months))
    assert (local.code, counts(local)) == (29, (2, 0, 1)), local.err
    assert times(simulated).keys() == times(here).keys() and len(listed(simulated)) == 2
    for name in times(simulated):
        assert same_files(simulated / "reports" / name, here / "reports" / name, FOUR)
    for folder in work_folders(simulated):
        failure = json.loads((folder / "failed.json").read_bytes())
        assert (failure["entity"], failure["exit_code"], failure["run_id"]) == (THREE, 20, folder.name)
        assert "planted" in (folder / "report.ipynb").read_text(encoding="utf-8")
    assert len(work_folders(simulated)) == 1


def test_lost_worker_of_the_cluster(simulated, apart, address, worker):
    """Its report is made by the other one, and no process of it stays."""
    workers = [worker(), worker()]
    wanted = ["--entities", names(simulated, ONE, TWO), "--scheduler", address, "--json"]
    process = begin(simulated, *wanted, months=f"{MONTHS[0]}..{MONTHS[1]}")

    def busy() -> list[subprocess.Popen[bytes]]:
        making = {path.parents[3].name for path in apart.glob(f"{cluster.PREFIX}*/*/reports/.work/*/")}
        return [one for one in workers if f"{cluster.PREFIX}{one.pid}" in making]

    wait_for(busy)
    lost = busy()[0]
    lost.kill()
    lost.wait()
    run = finish(process)
    assert (run.code, counts(run)) == (0, (4, 0, 0)), run.err
    assert len(listed(simulated)) == 4 and all_whole(simulated)
    wait_for(lambda: not alive(apart, "analysis.runs.worker"), GONE_SECONDS)
    wait_for(lambda: not alive(apart, "forkserver"), GONE_SECONDS)


def refused(project: Path, address: str) -> str:
    """A batch that no cluster makes: what the user is told."""
    run = finish(begin(project, "--scheduler", address))
    assert (run.code, run.out) == (33, ""), run.err
    assert "Traceback" not in run.err
    assert not (project / "reports").exists() or times(project) == {}
    return run.err


def test_worker_with_another_version(simulated, apart, address, worker):
    changed = apart / "changed"
    shutil.copytree(Path(analysis.__file__).parent, changed / "analysis")
    with (changed / "analysis" / "losses.py").open("a", encoding="utf-8") as file:
        file.write("# newer\n")
    worker(PYTHONPATH=str(changed))
    said = refused(simulated, address)
    assert "1 workers of the cluster have another version" in said and "Install the same version there" in said
    assert "tcp://127.0.0.1" in said


def test_cluster_without_a_worker(address, monkeypatch):
    monkeypatch.setattr(cluster, "WAIT_SECONDS", 1)
    began = time.monotonic()
    with pytest.raises(errors.ClusterError, match="has no worker") as caught, cluster.dask_workers(address):
        pass
    assert caught.value.exit_code == 33 and "dask worker ADDRESS" in caught.value.next_step
    assert time.monotonic() - began < 15


@pytest.mark.parametrize("nowhere", ["tcp://127.0.0.1:1", "127.0.0.1:1", "no address", "http://127.0.0.1:1"])
def test_no_scheduler_at_the_address(monkeypatch, nowhere):
    monkeypatch.setattr(cluster, "WAIT_SECONDS", 1)
    began = time.monotonic()
    with pytest.raises(errors.ClusterError, match="No Dask scheduler answers") as caught, cluster.dask_workers(nowhere):
        pass
    assert "dask scheduler" in caught.value.next_step
    assert time.monotonic() - began < 15


IMPATIENT = "from analysis import cli, cluster\ncluster.WAIT_SECONDS = 1\ncli.main()"


def test_no_scheduler_from_the_command_line(simulated, apart):
    words = ["batch", "--months", MONTHS[0], "--allow-synthetic", "--scheduler", "tcp://127.0.0.1:1", "--lang", "en"]
    run = subprocess.run([sys.executable, "-c", IMPATIENT, *words], capture_output=True, text=True, encoding="utf-8")
    assert (run.returncode, run.stdout) == (33, ""), run.stderr
    assert "No Dask scheduler answers at tcp://127.0.0.1:1" in run.stderr and "Traceback" not in run.stderr
    assert not (simulated / "reports").exists()


def test_dask_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(errors.ClusterError, match="not installed") as caught, cluster.dask_workers("tcp://127.0.0.1:1"):
        pass
    assert "[dask]" in caught.value.next_step

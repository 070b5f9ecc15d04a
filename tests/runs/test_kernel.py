"""Is a forked kernel as good as an ordinary one: clean, alone, mortal, and with its figures?"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty

import nbformat
import pytest
from jupyter_client.channels import AsyncZMQSocketChannel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from analysis.runs import forked, kernel
from analysis.runs.kernel import ReportKernelClient, ReportKernelManager
from made import GONE_SECONDS, alive, same_files, wait_for

slow = pytest.mark.slow
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are made on Linux only")
WHERE = "import pathlib; print('forkserver' in pathlib.Path('/proc/self/cmdline').read_text(encoding='utf-8'))"


@pytest.fixture(params=["forked", pytest.param("ordinary", marks=slow)])
def kind(request, monkeypatch) -> str:
    if request.param == "ordinary":
        monkeypatch.setattr(forked, "possible", lambda: False)
    return request.param


def run_cells(*sources: str, folder: Path | None = None) -> list[str]:
    """What each cell of a notebook of its own printed or showed, in a kernel as reports have it."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    place = {"metadata": {"path": str(folder)}} if folder else {}
    NotebookClient(notebook, kernel_manager_class=ReportKernelManager, timeout=60, resources=place).execute()
    return ["".join(map(shown, cell.outputs)) for cell in notebook.cells]


def shown(output) -> str:
    return output["text"] if "text" in output else output["data"].get("image/png", output["data"]["text/plain"])


def test_kernels_are_forked_where_that_is_possible(project_copy, kind):
    """In the folder that is asked for, without a history and without a debugger."""
    looks = "import os, sys; print(os.getcwd(), sys.modules['debugpy'], get_ipython().history_manager.enabled)"
    forks, found = run_cells(WHERE, looks if kind == "forked" else "", folder=project_copy / "data")
    assert forks == f"{kind == 'forked'}\n"
    assert found == (f"{project_copy / 'data'} None False\n" if kind == "forked" else "")


def test_a_kernel_is_asked_once_whether_it_is_ready(project_copy, monkeypatch):
    """It is heard from its welcome on, so that no answer is missed and asked for again after some silence."""
    asked = []
    own = ReportKernelClient.kernel_info

    def counted(client, *given, **more):
        asked.append(client)
        return own(client, *given, **more)

    monkeypatch.setattr(ReportKernelClient, "kernel_info", counted)
    for _time in range(5):
        assert run_cells("print(1)") == ["1\n"]
    assert len(asked) == 10  # nbclient asks each once more, for its language


def test_a_kernel_that_does_not_welcome_is_heard_all_the_same(project_copy, monkeypatch):
    unwelcome = []
    own = AsyncZMQSocketChannel.get_msg

    async def dropped(channel, *given, **more):
        heard = await own(channel, *given, **more)
        if heard["header"]["msg_type"] == "iopub_welcome":
            unwelcome.append(heard)
            raise Empty
        return heard

    monkeypatch.setattr(AsyncZMQSocketChannel, "get_msg", dropped)
    assert run_cells("print(1)") == ["1\n"]
    assert unwelcome


def test_state_of_a_kernel_is_not_seen_by_the_next(project_copy, monkeypatch):
    """Nor are their random numbers the same, as they would be in forks of one process."""
    changes = [
        "import builtins, os, analysis.language\nbuiltins.planted = analysis.language.planted = 1",
        'os.environ["PLANTED"] = "1"; os.chdir("/")',
        "import matplotlib.pyplot as plt\nplt.rcParams['lines.linewidth'] = 99",
        "import numpy; print(numpy.random.random())",
    ]
    looks = [
        "import builtins, os, analysis.language\n"
        "print(hasattr(builtins, 'planted'), hasattr(analysis.language, 'planted'))",
        "print(os.environ.get('PLANTED'), os.environ.get('HOME'), os.getcwd())",
        "import matplotlib.pyplot as plt\nprint(plt.rcParams['lines.linewidth'] == 99)",
        "import numpy; print(numpy.random.random())",
    ]
    first = run_cells(WHERE, *changes)
    monkeypatch.delenv("HOME")
    second = run_cells(WHERE, *looks)
    assert first[0] == second[0] == "True\n"
    assert second[1:4] == ["False False\n", f"None None {project_copy}\n", "False\n"]
    assert first[4] != second[4]


@slow
def test_multiprocessing_inside_a_cell(project_copy):
    pool = (
        "import multiprocessing\nwith multiprocessing.get_context('{}').Pool(2) as pool: print(pool.map(abs, [-1, -2]))"
    )
    assert run_cells(WHERE, *map(pool.format, ("fork", "spawn"))) == ["True\n", "[1, 2]\n", "[1, 2]\n"]


def test_killed_kernel_is_noticed(project_copy, kind):
    with pytest.raises(CellExecutionError, match="planted"):
        run_cells('raise ValueError("planted")')
    with pytest.raises(DeadKernelError):
        run_cells("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    assert run_cells("print(1)") == ["1\n"]


@pytest.mark.parametrize(
    "why", ["died before it answered", pytest.param("did not answer within 1 s", marks=pytest.mark.slow)]
)
def test_kernel_that_never_answers(project_copy, monkeypatch, why):
    if why.startswith("died"):
        monkeypatch.setattr(kernel, "_be_a_kernel", repr)  # ends at once
    else:
        begin = kernel._Fork.__init__

        def begin_stopped(fork, *given):
            begin(fork, *given)
            os.kill(fork.pid, signal.SIGSTOP)

        monkeypatch.setattr(kernel._Fork, "__init__", begin_stopped)
    settings = {"kernel_manager_class": ReportKernelManager, "startup_timeout": 1, "shutdown_kernel": "immediate"}
    client = NotebookClient(nbformat.v4.new_notebook(), **settings)
    with pytest.raises(RuntimeError, match=why), client.setup_kernel():
        pass
    assert client.km is None  # it is cleaned up


def test_figures_are_shown(project_copy, kind):
    """pyplot is imported before the kernel begins, which must not keep it from showing its figures."""
    figures = [
        "import matplotlib.pyplot as plt\nfrom analysis.report import charts",
        "plt.plot([1, 3, 2]);",
        "import pandas; pandas.Series([1, 2]).plot();",
    ]
    assert [len(shown) > 1000 for shown in run_cells(*figures)] == [False, True, True]


SLEEPS = """
import nbformat
from nbclient import NotebookClient
from analysis.runs.kernel import ReportKernelClient, ReportKernelManager
cell = nbformat.v4.new_code_cell("import pathlib, time; pathlib.Path('begun').touch(); time.sleep(600)")
NotebookClient(nbformat.v4.new_notebook(cells=[cell]), kernel_manager_class=ReportKernelManager).execute()
"""


@slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_its_runner(project_copy, apart, number):
    process = subprocess.Popen([sys.executable, "-c", SLEEPS], stderr=subprocess.DEVNULL)
    wait_for(Path("begun").exists)
    assert len(alive(apart)) >= 3  # itself, the server, the kernel
    assert alive(apart, "forkserver")
    process.send_signal(number)
    process.wait(60)
    wait_for(lambda: not alive(apart), GONE_SECONDS)


LEFT = """
import asyncio
from analysis.runs.kernel import ReportKernelClient, ReportKernelManager
manager = ReportKernelManager()
asyncio.run(manager.start_kernel())
print(manager.provisioner.pid, flush=True)
"""


def test_a_runner_that_ends_without_ending_its_kernel_ends_all_the_same(project_copy, apart):
    """As after an interrupt while papermill ends the kernel: Python would wait for a fork that is left."""
    run = subprocess.run([sys.executable, "-c", LEFT], capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout.strip().isdigit()
    wait_for(lambda: not alive(apart), GONE_SECONDS)


ORDINARY = "from analysis import cli\nfrom analysis.runs import forked\nforked.possible = lambda: False\ncli.main()"


@slow
def test_ordinary_kernels_make_the_same_files(small, good, apart):
    command = [sys.executable, "-c", ORDINARY, "report", "2023-04", "--lang", "en"]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert run.returncode == 0, run.stderr
    assert same_files(small / "reports" / "hoa-binh" / "2023-04", good / "hoa-binh" / "2023-04")


def test_temporary_folders_of_killed_runs_are_swept(monkeypatch):
    """Of a process that is gone, or of a run a day ago; never another user's, a link, or what only looks alike."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    own = os.getpid()
    kept = {
        f"scorecard-kernel-{own}-new": 23,
        f"scorecard-fork-{own}-old": 25,
        f"scorecard-cluster-{own}-old": 25,
        f"scorecard-other-{gone.pid}-x": 25,
        f"scorecard-fork-{gone.pid}": 25,
        "pymp-old": 25,
    }
    swept = {f"scorecard-{kind}-{gone.pid}-x": 0 for kind in ("kernel", "print", "fork", "cluster")} | {
        f"scorecard-kernel-{own}-old": 25,
        f"scorecard-print-{own}-old": 25,
    }
    with tempfile.TemporaryDirectory(prefix="t-") as name:
        folder = Path(name)
        monkeypatch.setattr(tempfile, "gettempdir", lambda: name)
        for path, hours in (kept | swept).items():
            (folder / path).mkdir()
            (folder / path / "listener").touch()
            os.utime(folder / path, (time.time() - hours * 3600,) * 2)
        (folder / "elsewhere").mkdir()
        (folder / "elsewhere" / "file").touch()
        (folder / f"scorecard-fork-{gone.pid}-link").symlink_to("elsewhere")
        (folder / f"scorecard-fork-{gone.pid}-file").touch()
        other = os.getuid() + 1
        monkeypatch.setattr(os, "getuid", lambda: other)
        forked.sweep_temporary()
        assert len(list(folder.iterdir())) == len(kept) + len(swept) + 3, "nothing is of this user"
        monkeypatch.undo()
        monkeypatch.setattr(tempfile, "gettempdir", lambda: name)
        forked.sweep_temporary()
        left = {f"scorecard-fork-{gone.pid}-link", f"scorecard-fork-{gone.pid}-file", "elsewhere"}
        assert {path.name for path in folder.iterdir()} == kept.keys() | left
        assert (folder / "elsewhere" / "file").exists()


def test_what_a_killed_runner_leaves_goes_with_the_next(project_copy, apart):
    """Its sockets, its kernel's folder with the connection, and no file that says not whose it is."""
    process = subprocess.Popen([sys.executable, "-c", SLEEPS], stderr=subprocess.DEVNULL)
    wait_for(Path("begun").exists)
    process.kill()
    process.wait(60)
    wait_for(lambda: not alive(apart), GONE_SECONDS)
    left = sorted(path.name.rpartition("-")[0] for path in apart.iterdir())
    assert left == [f"scorecard-fork-{process.pid}", f"scorecard-kernel-{process.pid}"]
    run = subprocess.run([sys.executable, "-c", LEFT], timeout=60)
    assert run.returncode == 0
    assert not [path for path in apart.iterdir() if str(process.pid) in path.name]


def test_a_temporary_folder_with_a_long_name_has_no_sockets_and_no_forks(monkeypatch, tmp_path):
    """The address of a socket holds 108 letters."""
    assert forked.possible() and ReportKernelManager().transport == "ipc"
    long = tmp_path / ("x" * 60)
    long.mkdir()
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(long))
    assert not forked.possible() and ReportKernelManager().transport == "tcp"


def test_a_fork_that_cannot_be_had_is_an_ordinary_process(project_copy, monkeypatch):

    def gone(*_given: object) -> None:
        raise EOFError

    async def ordinary(self: object, command: list[str], **_settings: object) -> str:
        return command[0]

    monkeypatch.setattr(forked, "start", gone)
    monkeypatch.setattr(kernel.LocalProvisioner, "launch_kernel", ordinary)
    asked = kernel.ForkedKernel().launch_kernel([sys.executable, "-f", "x.json"])
    with ThreadPoolExecutor(1) as thread:  # in this one a loop of Playwright's may be running
        assert thread.submit(asyncio.run, asked).result() == sys.executable

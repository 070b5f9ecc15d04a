"""Is a forked kernel as good as an ordinary one: clean, alone, mortal, and with its figures?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from analysis import errors, project
from analysis.runs import forked, kernel
from analysis.runs.kernel import ReportKernelManager
from analysis.runs.run import prepare
from made import FOUR, GONE_SECONDS, alive, same_files, sockets, wait_for
from places import REPOSITORY

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are made on Linux only")
WHERE = "import pathlib; print('forkserver' in pathlib.Path('/proc/self/cmdline').read_text(encoding='utf-8'))"


@pytest.fixture(params=["forked", "ordinary"])
def kind(request, monkeypatch) -> str:
    if request.param == "ordinary":
        monkeypatch.setattr(forked, "possible", lambda: False)
    return request.param


def run_cells(*sources: str) -> list[str]:
    """What each cell of a notebook of its own printed or showed, in a kernel as reports have it."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(notebook, kernel_manager_class=ReportKernelManager, timeout=60).execute()
    return ["".join(map(shown, cell.outputs)) for cell in notebook.cells]


def shown(output) -> str:
    return output["text"] if "text" in output else output["data"].get("image/png", output["data"]["text/plain"])


def run_script(words: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A script as people write it: a file without a guard, started in the current folder."""
    Path("script.py").write_text(words, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "script.py", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        env={**os.environ, **environment},
    )


def test_kernels_are_forked_where_that_is_possible(project_copy, kind):
    assert run_cells(WHERE) == [f"{kind == 'forked'}\n"]


def test_state_of_a_kernel_is_not_seen_by_the_next(project_copy):
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
        "print(os.environ.get('PLANTED'), os.getcwd())",
        "import matplotlib.pyplot as plt\nprint(plt.rcParams['lines.linewidth'] == 99)",
        "import numpy; print(numpy.random.random())",
    ]
    first, second = run_cells(WHERE, *changes), run_cells(WHERE, *looks)
    assert first[0] == second[0] == "True\n"
    assert second[1:4] == ["False False\n", f"None {project_copy}\n", "False\n"]
    assert first[4] != second[4]


def test_multiprocessing_inside_a_cell(project_copy):
    pool = (
        "import multiprocessing\nwith multiprocessing.get_context('{}').Pool(2) as pool: print(pool.map(abs, [-1, -2]))"
    )
    assert run_cells(WHERE, *map(pool.format, ("fork", "spawn"))) == ["True\n", "[1, 2]\n", "[1, 2]\n"]


def test_killed_kernel_is_noticed(project_copy, kind):
    with pytest.raises(DeadKernelError):
        run_cells("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    assert run_cells("print(1)") == ["1\n"]


@pytest.mark.parametrize("why", ["died before it answered", "did not answer within 1 s"])
def test_kernel_that_never_answers(project_copy, monkeypatch, why):
    if why.startswith("died"):
        monkeypatch.setattr(kernel, "_be_a_kernel", repr)  # ends at once
    else:
        begin = kernel._Fork.__init__

        def begin_stopped(fork, *given):
            begin(fork, *given)
            os.kill(fork.pid, signal.SIGSTOP)

        monkeypatch.setattr(kernel._Fork, "__init__", begin_stopped)
    client = NotebookClient(nbformat.v4.new_notebook(), kernel_manager_class=ReportKernelManager, startup_timeout=1)
    with pytest.raises(RuntimeError, match=why), client.setup_kernel():
        pass
    assert client.km is None  # it is cleaned up


def test_kernel_keeps_no_history_and_has_no_debugger(project_copy):
    looks = "import sys; print(sys.modules['debugpy'], get_ipython().history_manager.enabled)"
    assert run_cells(looks) == ["None False\n"]


def test_failing_cell(project_copy, kind):
    with pytest.raises(CellExecutionError, match="planted"):
        run_cells('raise ValueError("planted")')


def test_figures_are_shown_as_in_an_ordinary_kernel(project_copy, monkeypatch):
    """pyplot is imported before the kernel begins, which must not keep it from showing its figures."""
    cells = [
        "import matplotlib.pyplot as plt\nfrom analysis import charts",
        "plt.plot([1, 3, 2]);",
        "import pandas; pandas.Series([1, 2]).plot();",
    ]
    fork = run_cells(WHERE, *cells)
    monkeypatch.setattr(forked, "possible", lambda: False)
    ordinary = run_cells(WHERE, *cells)
    assert (fork[0], ordinary[0]) == ("True\n", "False\n")
    assert len(fork[2]) > 1000 and len(fork[3]) > 1000
    assert fork[1:] == ordinary[1:]


SLEEPS = """
import nbformat
from nbclient import NotebookClient
from analysis.runs.kernel import ReportKernelManager
cell = nbformat.v4.new_code_cell("import pathlib, time; pathlib.Path('begun').touch(); time.sleep(600)")
NotebookClient(nbformat.v4.new_notebook(cells=[cell]), kernel_manager_class=ReportKernelManager).execute()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_its_runner(project_copy, apart, number):
    process = subprocess.Popen([sys.executable, "-c", SLEEPS], stderr=subprocess.DEVNULL)
    wait_for(Path("begun").exists)
    assert len(alive(apart)) >= 3  # itself, the server, the kernel
    assert alive(apart, "forkserver")
    process.send_signal(number)
    process.wait(60)
    wait_for(lambda: not alive(apart), GONE_SECONDS)


WITHOUT_A_GUARD = """
print("once")
from analysis import forked, project, report
assert forked.possible()
print(forked.ask(project.version))
parameters = forked.ask(report.prepare, {"entity": "hoa-binh", "month": "2023-04", "language": "en"})
print(report.render(parameters).parent.name)
"""


def test_script_without_a_guard_is_not_run_twice(small, apart):
    run = run_script(WITHOUT_A_GUARD)
    assert (run.returncode, run.stdout) == (0, f"once\n{project.version()}\n2023-04\n"), run.stderr
    assert run.stderr == ""
    wait_for(lambda: not alive(apart), GONE_SECONDS)
    assert sockets(apart) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"month": "2023-04", "entity": "hoa-bin"}, errors.UnknownNameError),
        ({"month": "2024-06"}, errors.NoTotalError),
        ({"month": "2023-04", "levers": {"e_rsult": 80.0}}, errors.ParameterError),
    ],
)
def test_error_of_a_question_is_the_one_raised_there(small, values, expected):
    with pytest.raises(expected) as here:
        prepare(values)
    with pytest.raises(expected) as there:
        forked.ask(prepare, values)
    assert (there.value.what, there.value.rows, there.value.next_step) == (
        here.value.what,
        here.value.rows,
        here.value.next_step,
    )
    assert there.value.rows and type(there.value) is expected


def test_question_is_answered_in_a_fork(project_copy, kind):
    assert (forked.ask(os.getpid) == os.getpid()) == (kind == "ordinary")
    with pytest.raises(FileNotFoundError):
        forked.ask(os.listdir, "nowhere")


IMPORTED = """
import sys
import analysis.runs.preloaded
from IPython.core.interactiveshell import InteractiveShell
before = set(sys.modules)
exec(sys.argv[1])
print(*sorted(set(sys.modules) - before))
"""


def test_everything_that_the_notebook_imports_is_preloaded(project_copy):
    notebook = nbformat.read(REPOSITORY / "notebooks" / "monthly_report.ipynb", as_version=4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    imports = [line for cell in code for line in cell.splitlines() if line.startswith(("import ", "from "))]
    assert len(imports) > 3
    run = run_script(IMPORTED, "\n".join(imports))
    assert (run.returncode, run.stdout) == (0, "\n"), run.stderr or run.stdout


ORDINARY = "from analysis import cli, forked\nforked.possible = lambda: False\ncli.main()"


def test_ordinary_kernels_make_the_same_files(small, good, apart):
    assert not (small / "reports").exists()
    run = run_script(ORDINARY, "report", "2023-04", "--lang", "en")
    assert run.returncode == 0, run.stderr
    assert same_files(small / "reports" / "hoa-binh" / "2023-04", good / "hoa-binh" / "2023-04", FOUR)

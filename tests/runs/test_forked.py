"""Are questions answered by a fork as they are here, and does a script need to know nothing of it?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from analysis import errors, project
from analysis.language import language, use_language
from analysis.runs import forked
from analysis.runs.run import prepare
from made import GONE_SECONDS, alive, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are made on Linux only")


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


WITHOUT_A_GUARD = """
print("once")
import os
from multiprocessing import forkserver
from analysis import project
from analysis.runs import forked
assert forked.possible()
print(forked.ask(project.version))
answers, task = forkserver.connect_to_new_process([])
os.close(task)  # as if it was interrupted before it told what to do
forkserver.read_signed(answers), forkserver.read_signed(answers)
"""


@pytest.mark.slow
def test_script_without_a_guard_is_not_run_twice(tmp_path, monkeypatch, apart):
    """A fork that is never told what to do says nothing."""
    monkeypatch.chdir(tmp_path)
    run = run_script(WITHOUT_A_GUARD)
    assert (run.returncode, run.stdout, run.stderr) == (0, f"once\n{project.version()}\n", "")
    wait_for(lambda: not alive(apart), GONE_SECONDS)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"month": "2023-04", "entity": "hoa-bin"}, errors.UnknownNameError),
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


def test_question_is_answered_in_a_fork(project_copy, monkeypatch):
    """In the language and the folder of who asks."""
    use_language("vi")
    assert forked.ask(os.getpid) != os.getpid()
    assert (forked.ask(language), forked.ask(os.getcwd)) == ("vi", str(project_copy))
    with pytest.raises(FileNotFoundError):
        forked.ask(os.listdir, "nowhere")
    with monkeypatch.context() as patch:
        patch.setattr(forked, "_answer", repr)  # ends without an answer, as if it was killed
        assert forked.ask(os.getpid) == os.getpid()
    monkeypatch.setattr(forked, "possible", lambda: False)
    assert forked.ask(os.getpid) == os.getpid()


IMPORTED = """
import sys
import analysis.runs.preloaded
from IPython.core.interactiveshell import InteractiveShell
import nbformat
cells = nbformat.read("notebooks/monthly_report.ipynb", as_version=4).cells
before, names = set(sys.modules), {}
for cell in cells:
    if cell.cell_type == "code":
        exec(cell.source, names)
        if cell.source.startswith("card."):
            str(eval(cell.source, names))
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""
HEAVY = {"analysis", "matplotlib", "nbformat", "scipy", "seaborn", "statsmodels"}


@pytest.mark.slow
def test_everything_heavy_that_the_notebook_imports_is_preloaded(project_copy):
    run = run_script(IMPORTED)
    assert run.returncode == 0, run.stderr
    assert not HEAVY & set(run.stdout.split())


SHARES = """
import multiprocessing, os, pickle, signal, subprocess, sys, time
from multiprocessing import forkserver
from analysis.runs import forked
if len(sys.argv) == 1:
    place = pickle.dumps(forked.to_share())
    print(forked.ask(os.getppid), flush=True)
    subprocess.run([sys.executable, __file__, "another"], input=place, check=True)
else:
    forked.share(pickle.load(sys.stdin.buffer))
    shared = forked.ask(os.getppid)
    print(shared, flush=True)
    os.kill(shared, signal.SIGKILL)
    time.sleep(0.5)
    own = forked.ask(os.getppid)
    print(own not in (shared, os.getpid()))
"""


@pytest.mark.slow
def test_a_server_may_be_shared_and_one_of_our_own_comes_when_it_is_gone(tmp_path, monkeypatch, apart):
    monkeypatch.chdir(tmp_path)
    run = run_script(SHARES)
    ours, shared, after = run.stdout.split()
    assert (run.returncode, run.stderr) == (0, "") and ours == shared and after == "True"
    wait_for(lambda: not alive(apart), GONE_SECONDS)

"""Does every way in which a notebook can fail leave what was published alone, and say in Vietnamese what to do next?

Thirteen ways. Those that happen in a cell are planted in the first, a middle and the last cell; a kernel that never
starts, one that is not there, and a working folder that an earlier run left have no cell and count once each.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys

import pytest
from click.testing import CliRunner

from analysis import errors
from analysis.cli import app
from analysis.runs import kernel, run
from analysis.runs.workers import Limits
from made import finish, kernels, left_behind, plant, start, wait_for, whole

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]
KERNEL_SECONDS = 10
PLACES = ("first", "middle", "last")
BAD_RESULT = "from analysis.card import Card\nCard.save = lambda *_asked, **_named: None"
HOARD = """import resource
pages = int(open("/proc/self/statm", encoding="ascii").read().split()[0])
room = pages * resource.getpagesize() + (64 << 20)
resource.setrlimit(resource.RLIMIT_AS, (room, room))
hoard = [bytearray(1 << 20) for _ in range(1 << 20)]"""
OTHER_RUN = """import analysis.card as module
save = module.Card.save
module.Card.save = lambda card, run_id: save(card, "hoa-binh-2023-04-000000000000")"""
WAIT = "import pathlib, time\npathlib.Path({mark!r}).touch()\ntime.sleep(600)"
# Way → what is planted, the error that it is, its limits.
IN_A_CELL = {
    "an error": ('raise ValueError("planted")', errors.NotebookError, Limits()),
    "an early end": ("import sys\nsys.exit(0)", errors.IncompleteRunError, Limits()),
    "a killed kernel": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", errors.KernelDiedError, Limits()),
    "no memory left": (HOARD, errors.NotebookError, Limits()),
    "a cell that takes too long": ("import time\ntime.sleep(600)", errors.RunTimeoutError, Limits(cell=4)),
    "a run that takes too long": ("import time\ntime.sleep(600)", errors.RunTimeoutError, Limits(run=6)),
    "no result": (BAD_RESULT, errors.IncompleteRunError, Limits()),
    "the result of another run": (OTHER_RUN, errors.IncompleteRunError, Limits()),
}
BEFORE_THE_LAST = ("no result", "the result of another run")  # in the last cell they must stand before it saves


def place_code(project, place: str, code: str, before: bool = False) -> None:
    """`plant`, but in the last cell before what it does, where asked."""
    if not (before and place == "last"):
        plant(project, place, code)
        return
    path = project / "notebooks" / "monthly_report.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"][-1]
    cell["source"] = f"{code}\n{''.join(cell['source'])}"
    path.write_text(json.dumps(notebook), encoding="utf-8")


def published(project) -> dict[str, bytes]:
    """Every published file; the lists of reports, which tell failures, left out."""
    reports = project / "reports"
    return {str(path.relative_to(reports)): path.read_bytes() for path in reports.glob("[!.]*/*/*")}


def ask_for_it() -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["report", "2023-04"])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def fails(project, expected: type[errors.AnalysisError]) -> str:
    """Ask for the report, which must fail as every failure must; what was said."""
    before = published(project)
    code, out, said = ask_for_it()
    assert code == expected.exit_code, said
    assert out == "" and "Traceback" not in said
    assert (told := re.search(r"^Lỗi: .+", said, re.MULTILINE | re.DOTALL)), said
    assert len(told[0].strip().splitlines()) >= 2  # what, and what to do next
    assert re.search(r"reports/\.work/\S+\.ipynb|[Cc]hạy lại", told[0].partition("\n")[2]), said
    assert published(project) == before
    assert "hoa-binh/2023-04/index.html" not in (project / "reports" / "index.html").read_text(encoding="utf-8")
    wait_for(lambda: not kernels(project), KERNEL_SECONDS)
    return said


def succeeds(project) -> None:
    code, out, said = ask_for_it()
    assert code == 0, said
    assert out.strip() == "reports/hoa-binh/2023-04/index.html"
    assert left_behind(project) == set()
    wait_for(lambda: not kernels(project), KERNEL_SECONDS)


def mend(project) -> None:
    shutil.copy(project / "as it was.ipynb", project / "notebooks" / "monthly_report.ipynb")


@pytest.fixture
def failing(project, monkeypatch):
    """failing(way limits) has reports run with these limits; the notebook as it was is kept beside."""
    shutil.copy(project / "notebooks" / "monthly_report.ipynb", project / "as it was.ipynb")
    return lambda limits: monkeypatch.setattr(run.render, "__defaults__", (limits, False, True))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("way", IN_A_CELL)
def test_a_failure_in_a_cell(project, failing, way, place):
    code, expected, limits = IN_A_CELL[way]
    place_code(project, place, code, way in BEFORE_THE_LAST)
    failing(limits)
    fails(project, expected)
    mend(project)
    failing(Limits())
    if place == "first" and way in ("an error", "a killed kernel"):
        succeeds(project)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "ended from outside"])
def test_a_run_that_is_stopped(project, place, number):
    """Who ends it from outside (SIGTERM) is told by the exit code alone, as of any program."""
    mark = project / "begun"
    place_code(project, place, WAIT.format(mark=str(mark)))
    before = published(project)
    process = start(project, "report", "2023-04", language="vi")
    wait_for(mark.exists)
    process.send_signal(number)
    done = finish(process)
    assert done.out == "" and "Traceback" not in done.err
    if number == signal.SIGINT:
        assert done.code == 130 and "Đã dừng." in done.err, done.err
    else:
        assert done.code == -number
    assert published(project) == before
    wait_for(lambda: not kernels(project), KERNEL_SECONDS)


LETTERS = 10_000_000


@pytest.mark.parametrize("place", PLACES)
def test_a_cell_that_prints_very_much(project, place):
    """Refused, or published whole: never a part of it."""
    plant(project, place, f'print("một dòng " * {LETTERS // 9})')
    before = published(project)
    code, _out, said = ask_for_it()
    if code:
        assert "\nLỗi: " in said and published(project) == before
    else:
        assert whole_in_vietnamese(project)
    wait_for(lambda: not kernels(project), KERNEL_SECONDS)


def whole_in_vietnamese(project) -> bool:
    """The report in Vietnamese stands beside the English one, each as its record says."""
    import hashlib

    folder = project / "reports" / "hoa-binh" / "2023-04"
    record = json.loads((folder / "run.json").read_bytes())
    found = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in record["files"]}
    return found == record["files"] and (folder / "run.en.json").is_file()


LATE = "import time\nget_ipython().kernel.iopub_thread.io_loop.add_callback(time.sleep, 5)"


def test_output_that_comes_late_is_waited_for(project):
    """As where a cell prints much, or the machine is busy: it is no cell that took too long."""
    plant(project, "first", LATE)
    succeeds(project)


@pytest.mark.parametrize("place", PLACES)
def test_a_cell_that_only_warns(project, place):
    plant(project, place, 'import warnings\nwarnings.warn("only a warning")')
    succeeds(project)
    assert whole_in_vietnamese(project)


def test_a_kernel_that_never_starts(project, failing, monkeypatch):
    async def silent(*_asked, **_named):
        raise RuntimeError("The kernel did not answer within 1 s.")

    monkeypatch.setattr(kernel.ReportKernelClient, "wait_for_ready", silent)
    failing(Limits(start=1))
    fails(project, errors.KernelDiedError)


def test_a_kernel_that_is_not_there(project, monkeypatch):
    """As where ipykernel was taken away: neither a fork nor a process of its own can be one."""
    monkeypatch.setattr(kernel.forked, "possible", lambda: False)
    spec = kernel.KernelSpec(argv=[str(project / "no python"), "-f", "{connection_file}"], language="python")
    monkeypatch.setattr(kernel.ReportKernelManager, "kernel_spec", spec)
    fails(project, errors.KernelDiedError)


def test_a_working_folder_that_an_earlier_run_left(project):
    """It belongs to nobody any more; the next run is made beside it, and takes it away."""
    left = project / "reports" / ".work" / "hoa-binh-2023-04-0123456789ab"
    left.mkdir(parents=True)
    for name in ("result.json", "report.ipynb", "index.html", "figures.csv"):
        (left / name).write_text("{}", encoding="utf-8")
    (left / "sub").mkdir()
    os.chmod(left / "sub", 0o500)
    succeeds(project)
    assert whole_in_vietnamese(project) and whole(project / "reports" / "hoa-binh" / "2023-04") is False
    assert not left.exists()

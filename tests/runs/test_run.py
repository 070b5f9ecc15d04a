"""Does the last good report survive everything that can happen to a run, and does the run say what to do next?

Real faults: killed kernels and runners, a full disk, a full memory. To be quick, most runs use a small copy of the
project (`made`).
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest

from analysis import errors, files
from analysis.report.result import in_language
from analysis.runs.run import Parameters, check_parameters, prepare, render
from analysis.runs.workers import Limits
from made import (
    NOTEBOOK,
    ONE,
    ask,
    copy_project,
    finish,
    kernels,
    left_behind,
    listed,
    plant,
    same_files,
    start,
    wait_for,
    whole,
)

HOA_BINH = Parameters(entity="Hòa Bình", month="2023-04", language="en", levers={"e_result": 80.0})
KERNEL_SECONDS = 10
USUAL_LIMITS = Limits()
KEPT = "is kept in reports/.work/hoa-binh-2023-04-"
slow = pytest.mark.slow
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc and mounts a disk")


def hashes(folder: Path, without: str = files.WORK) -> dict[str, str]:
    """Each file below a folder with its hash; not those below `without`, nor the list of reports: it tells failures."""
    return {
        name.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and without not in (name := path.relative_to(folder)).parts
        if path.parent != folder or not path.name.startswith("index.") or folder.name != "reports"
    }


def no_kernel_left(project: Path) -> None:
    wait_for(lambda: not kernels(project), KERNEL_SECONDS)


def fails(project: Path, expected: type[errors.AnalysisError], limits: Limits = USUAL_LIMITS) -> errors.AnalysisError:
    """Make a report that must fail: nothing published changes, no kernel stays, and the error says what to do."""
    reports = project / "reports"
    before = hashes(reports)
    with pytest.raises(errors.AnalysisError) as caught:
        render(HOA_BINH, limits)
    error = caught.value
    assert type(error) is expected, str(error)
    assert error.next_step
    assert hashes(reports) == before
    assert Path.cwd() == project
    for kept in re.findall(r"reports/\.work/\S+\.ipynb", str(error)):
        nbformat.validate(nbformat.read(project / kept, as_version=4))
    no_kernel_left(project)
    return error


def succeeds(project: Path) -> None:
    """A plain run: a whole report, listed, and nothing left of the runs before it."""
    page = render(HOA_BINH)
    assert whole(page.parent)
    assert listed(project).count(f"{page.parent.relative_to(project / 'reports').as_posix()}/") == 1
    assert left_behind(project) == set()
    assert {path.name for path in page.parent.parent.iterdir()} == {page.parent.name}
    no_kernel_left(project)


# 1. Faults in the notebook.

SHUN = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(100)"
HOARD = """import resource
pages = int(open("/proc/self/statm", encoding="ascii").read().split()[0])
room = pages * resource.getpagesize() + (64 << 20)
resource.setrlimit(resource.RLIMIT_AS, (room, room))
hoard = [bytearray(1 << 20) for _ in range(1 << 20)]"""
FULL = 'import errno\nraise OSError(errno.ENOSPC, "No space left on device", "figures.csv")'
UNSHOWN = """import IPython, jinja2, pathlib
pathlib.Path("odd.j2").write_text("{{ a.b }} (\\n", encoding="utf-8")
class Odd:
    def _repr_html_(self):
        odd = jinja2.Environment(loader=jinja2.FileSystemLoader("."), undefined=jinja2.StrictUndefined)
        return odd.get_template("odd.j2").render(a={})
IPython.display.display(Odd())"""
FAULTS = {
    "unshown": (UNSHOWN, errors.NotebookError, 20),
    "raise": ('raise ValueError("planted")', errors.NotebookError, 20),
    "kill": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", errors.KernelDiedError, 21),
    "exit": ("import sys\nsys.exit(0)", errors.IncompleteRunError, 22),
    "hang": (SHUN, errors.RunTimeoutError, 23),
    "memory": (HOARD, errors.NotebookError, 20),
    "disk": (FULL, errors.WriteError, 24),
}
EVERY = [(fault, place) for fault in FAULTS for place in ("first", "middle", "last")]


def quick(fault: str, place: str) -> bool:
    return place == {"raise": "middle", "exit": "last", "unshown": "middle"}.get(fault, "first")


@pytest.mark.parametrize(("fault", "place"), [pytest.param(*it, marks=[] if quick(*it) else slow) for it in EVERY])
def test_fault_in_a_cell(project, fault, place):
    code, expected, exit_code = FAULTS[fault]
    plant(project, place, code)
    error = fails(project, expected, Limits(cell=0.5) if fault == "hang" and place == "first" else Limits(cell=5))
    assert error.exit_code == exit_code
    assert KEPT in error.next_step or fault == "disk"
    if fault == "raise" and place == "middle":
        assert error.what == "Cell [3] of the notebook failed: ValueError."
        assert error.rows == ('raise ValueError("planted")', "planted")
    if fault == "unshown":
        assert error.what.startswith("What cell [") and error.what.endswith(
            "] of the notebook made could not be shown."
        )
        assert error.rows[1:] == ("jinja2.exceptions.UndefinedError: 'dict object' has no attribute 'b'",)
    if fault == "exit" and place == "middle":
        assert error.what == "The notebook ended early: 2 cells did not run."
        assert error.rows == ('vars(card)["figures"] = card.results.figures', "SystemExit: 0")


def test_a_report_that_fails_from_the_command_line(project):
    plant(project, "first", FAULTS["raise"][0])
    before = hashes(project / "reports")
    code, said = ask("report", "2023-04")
    assert code == 20
    assert "Error: Cell [2] of the notebook failed: ValueError." in said and KEPT in said
    assert hashes(project / "reports") == before


def changed(**values: object) -> Callable[[Path], object]:
    def change(work: Path) -> None:
        result = json.loads((work / "result.json").read_bytes())
        (work / "result.json").write_text(json.dumps({**result, **values}), encoding="utf-8")

    return change


RESULTS: dict[str, Callable[[Path], object]] = {
    "missing": lambda work: (work / "result.json").unlink(),
    "of another run": changed(run_id="hoa-binh-2023-04-000000000000"),
    "in another language": changed(language="vi"),
    "of another month": changed(period="2024-07"),
    "of another entity": changed(entity="Bắc Kạn"),
    "with no figure": changed(figures=0),
    "with an unknown field": changed(more=1),
    "that is no number": changed(total=float("nan")),
    "cut short": lambda work: os.truncate(work / "result.json", 40),
    "without its figures": lambda work: (work / "figures.csv").unlink(),
}


@pytest.mark.parametrize("result", RESULTS)
def test_result_that_is_not_of_this_run(project, stand_in, result):
    stand_in(RESULTS[result])
    error = fails(project, errors.IncompleteRunError)
    assert error.exit_code == 22
    assert KEPT in error.next_step


def test_limit_of_the_whole_run(project):
    """Cells that each keep to their limit may still take too long together."""
    notebook = nbformat.read(project / NOTEBOOK, as_version=4)
    notebook.cells[1:1] = [nbformat.v4.new_code_cell("import time; time.sleep(0.3)") for _ in range(12)]
    nbformat.write(notebook, project / NOTEBOOK)
    error = fails(project, errors.RunTimeoutError, Limits(run=1.5))
    assert error.what == "The report took longer than it may (300 s a cell, 1.5 s in all)."


@pytest.mark.parametrize(
    "content",
    [b"", b"not JSON", b"{}", b"[" * 50_000, None, "pipe"],
    ids=["empty", "text", "no cells", "brackets", "missing", "a pipe"],
)
def test_notebook_that_cannot_be_read(project, at_once, content):
    before = hashes(project / "reports")
    (project / NOTEBOOK).unlink()
    if content == "pipe":
        os.mkfifo(project / NOTEBOOK)
    elif content is not None:
        (project / NOTEBOOK).write_bytes(content)
    code, words = ask("report", "2023-04")
    assert code not in (0, 1)
    assert "monthly_report.ipynb" in words
    assert hashes(project / "reports") == before


def test_notebook_that_lacks_a_parameter(project):
    text = (project / NOTEBOOK).read_text(encoding="utf-8")
    (project / NOTEBOOK).write_text(text.replace("target_score: float", "target: float"), encoding="utf-8")
    error = fails(project, errors.ParameterError)
    assert error.what == "The notebook does not know these parameters: target_score."


# 2. What cannot be written.


@pytest.fixture
def small_disk(small) -> Iterator[Path]:
    """The reports folder of the project on a disk of its own of 4 MB."""
    reports = small / "reports"
    reports.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(reports)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount a small disk: {mounted.stderr.decode(errors='replace').strip()}")
    yield reports
    subprocess.run(["umount", "-l", str(reports)], check=True)


def fill(disk: Path, free: int) -> Path:
    """A file that leaves only so many bytes free."""
    state = os.statvfs(disk)
    path = disk / "filler"
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, state.f_bavail * state.f_frsize - free)
    return path


WRITTEN = ["workbook.xlsx", "figures.csv", "report.ipynb", "index.html", "run.json"]


@slow
@pytest.mark.parametrize("stage", ["at once", *WRITTEN])
def test_full_disk(small_disk, good, stage):
    project = small_disk.parent
    shutil.copytree(good, small_disk, dirs_exist_ok=True)
    pages = [
        math.ceil((good / "hoa-binh" / "2023-04" / in_language(name, "en")).stat().st_size / 4096) for name in WRITTEN
    ]
    filler = fill(small_disk, 4096 * sum(pages[: WRITTEN.index(stage)]) if stage in WRITTEN else 0)
    error = fails(project, errors.WriteError)
    assert error.exit_code == 24
    assert "No space left on device" in error.what
    assert "Free some space" in error.next_step
    filler.unlink()
    succeeds(project)


def test_index_that_cannot_be_written(project, stand_in):
    """The report itself is new by then; so nobody may be told that it is unchanged."""
    stand_in()
    index, final = project / "reports" / "index.en.html", project / "reports" / "hoa-binh" / "2023-04"
    index.unlink()
    (index / "in the way").mkdir(parents=True)
    before = hashes(final)
    with pytest.raises(errors.WriteError, match="only the list of reports is old"):
        render(HOA_BINH)
    assert whole(final) and hashes(final) != before
    shutil.rmtree(index)
    succeeds(project)


def test_report_whose_pdf_is_not_printed(project, stand_in, monkeypatch):
    def no_browser(page: Path, target: Path) -> None:
        assert page.is_file() and target.parent == page.parent
        raise errors.BrowserError("no browser")

    stand_in()
    monkeypatch.setattr("analysis.runs.run.print_pdf", no_browser)
    with pytest.raises(errors.BrowserError):
        render(HOA_BINH, pdf=True)
    assert whole(project / "reports" / "hoa-binh" / "2023-04")
    assert listed(project) == ["hoa-binh/2023-04/"] and left_behind(project) == set()


# 3. A runner that is killed or interrupted.


@slow
def test_runner_killed_at_random_moments(project):
    final = project / "reports" / "hoa-binh" / "2023-04"
    began = time.monotonic()
    assert finish(start(project, "report", "2023-04")).code == 0
    takes, chance = time.monotonic() - began, random.Random(766)
    for number in range(6):
        process = start(project, "report", "2023-04", "--set", f"e_result={50 + number}")
        time.sleep(takes * (number + chance.random()) / 6)
        process.kill()
        process.communicate()
        assert whole(final if final.exists() else final.with_name(f"{final.name}.prev")), number
    no_kernel_left(project)
    succeeds(project)


# The notebook is saved a moment before all is published; here that lasts.
HELD = "import time; from analysis.runs import run; run.name_in_language = lambda *_given: time.sleep(600)"
MOMENTS: dict[str, Callable[[Path], object]] = {
    "work folder": lambda project: left_behind(project),
    "start of the kernel": kernels,  # the runner itself is in its working folder from then on
    "figures": lambda project: list((project / "reports" / ".work").glob("*/figures.csv")),
    "notebook": lambda project: list((project / "reports" / ".work").glob("*/report.ipynb")),
}


def interrupt(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    run = finish(process)
    assert (run.code, run.out) == (130, ""), run.err
    assert "Interrupted. Every report is whole" in run.err
    assert "Traceback (most recent call last)" not in run.err


def test_an_interrupted_run_and_another_beside_it_change_nothing(project):
    plant(project, "first", f"import pathlib, time\npathlib.Path({str(project)!r}, 'begun').touch(); time.sleep(600)")
    before = hashes(project / "reports")
    first = start(project, "report", "2023-04")
    wait_for((project / "begun").exists)
    with pytest.raises(errors.BusyError, match="Another run is making the report"):
        render(HOA_BINH)
    interrupt(first)
    assert hashes(project / "reports") == before
    no_kernel_left(project)


@slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_interrupted_run(project, moment):
    before = hashes(project / "reports")
    process = start(project, "report", "2023-04", before=HELD if moment == "notebook" else "")
    wait_for(lambda: MOMENTS[moment](project))
    interrupt(process)
    assert hashes(project / "reports") == before
    no_kernel_left(project)


# 4. Parameters.

USUAL = {"month": "2023-04", "levers": {"e_result": 80.0}}


@pytest.mark.parametrize("check", [check_parameters, prepare])
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"entiti": "Hòa Bình"}, "did you mean entity?"),
        ({"lever": {"e_result": 80.0}}, "did you mean levers?"),
        ({"Month": "2023-04"}, "did you mean month?"),
        ({"month": 202304}, "month = 202304"),
        ({"month": "2023-4"}, "month = '2023-4'"),
        ({"month": "2023-13"}, "month = "),
        ({"month": "2023-04\n"}, "month = "),
        ({"month": "２０２３-04"}, "month = "),
        ({"month": "../../x"}, "month = "),
        ({"month": "2" * 5000}, "month = "),
        ({"entity": "x" * 81}, "entity = "),
        ({"entity": 1}, "entity = 1"),
        ({"language": "fr"}, "language = 'fr'"),
        ({"levers": {"e_result": "80"}}, "levers.e_result = '80'"),
        ({"levers": {"e_result": float("nan")}}, "levers.e_result = nan"),
        ({"levers": {"e_result": float("inf")}}, "levers.e_result = inf"),
        ({"levers": {"e_result": True}}, "levers.e_result = True"),
        ({"levers": {1: 80.0}}, "levers"),
        ({"levers": ["e_result"]}, "levers"),
        ({"target_score": "70"}, "target_score = '70'"),
        ({"target_score": True}, "target_score = True"),
        ({"target_score": float("nan")}, "target_score = nan"),
        ({"target_score": 0.0}, "target_score = 0.0"),
        ({"target_score": 100.01}, "target_score = 100.01"),
    ],
)
def test_wrong_parameter(small, check, changed, words):
    with pytest.raises(errors.ParameterError) as caught:
        check({**USUAL, **changed})
    assert caught.value.exit_code == 11
    assert words in str(caught.value)
    assert caught.value.next_step == "Correct them, then run again."
    assert not (small / "reports").exists()


def test_empty_parameters(small):
    """None is a choice of its own; left out or empty they are the usual ones."""
    with pytest.raises(errors.ParameterError):
        check_parameters({**USUAL, "levers": {}})
    assert prepare({"month": "", "levers": {}, "entity": "", "target_score": None}).model_dump() == {
        "entity": "Hòa Bình",
        "month": "2024-07",
        "language": "vi",
        "levers": {"e_result": 80.0, "data_reuse": 80.0},
        "target_score": None,
        "promised": {},
    }


@pytest.mark.parametrize("rate", [101.0, -1.0])
def test_a_rate_that_is_none(small, rate):
    """The command line refuses it before."""
    with pytest.raises(errors.ParameterError):
        prepare({**USUAL, "levers": {"e_result": rate}})


def test_what_an_earlier_report_promised_may_be_given(small):
    """As it is where the reports are on another machine."""
    promised = {"month": "2022-12", "levers": {"e_result": 50.0}, "target_score": None}
    assert prepare({**USUAL, "promised": promised}).model_dump()["promised"] == promised


def test_a_simulated_province_must_be_allowed(simulated):
    asked = {"entity": ONE, "month": "2024-05"}
    with pytest.raises(errors.SyntheticError, match="these figures are not real") as caught:
        prepare(asked)
    assert "--allow-synthetic" in caught.value.next_step and len(caught.value.rows) > 5
    assert prepare(asked, allow_synthetic=True).entity == ONE


@pytest.mark.parametrize("words", [["../../x"], ["2023-04", "-e", "../../x"], ["2023-04", "-e", "x" * 5000]])
def test_nothing_is_written_for_a_name_that_is_a_path(small, words):
    before = hashes(small), set(os.listdir(small.parent))
    code, said = ask("report", *words)
    assert code in (10, 11) and "Error: " in said
    assert (hashes(small), set(os.listdir(small.parent))) == before
    assert not (small / "reports").exists() and not (small.parents[1] / "x").exists()


@pytest.mark.parametrize("field", ["entity", "month", "link"])
def test_a_path_past_the_checks(project, stand_in, tmp_path_factory, field):
    """Even if `prepare` was left out: the run stays inside its folder, fails, and publishes nothing."""
    outside = tmp_path_factory.mktemp("outside")
    if field == "link":
        shutil.rmtree(project / "reports" / "hoa-binh")
        (project / "reports" / "hoa-binh").symlink_to(outside)
    stand_in(RESULTS["missing"])
    before = hashes(project, without="reports"), hashes(project / "reports"), set(os.listdir(project.parent))
    with pytest.raises(errors.IncompleteRunError if field == "entity" else errors.ParameterError):
        render(HOA_BINH if field == "link" else HOA_BINH.model_copy(update={field: "../../../x"}))
    assert (hashes(project, without="reports"), hashes(project / "reports"), set(os.listdir(project.parent))) == before
    assert os.listdir(outside) == []


# 5. Bad data.


def refused(project: Path, *words: str) -> tuple[int, str]:
    """A report that must be refused before anything runs; only where figures or rules are at fault it is listed."""
    before = hashes(project / "reports")
    code, said = ask("report", *(words or ["2023-04"]))
    assert hashes(project / "reports") == before
    assert bool(left_behind(project)) == (code in (13, 14, 15))
    return code, said


SUMMED = [f'2.{digit},points,18,1,published,hoa-binh-2023-04,"2,{digit}/18"' for digit in (2, 7)]


@pytest.mark.parametrize(
    ("file", "old", "new", "exit_code", "named"),
    [
        ("data/observations/hoa-binh.csv", ",2.2,", ',"2,2",', 13, "hoa-binh.csv:4"),
        pytest.param(
            "data/observations/hoa-binh.csv", '"2,2/18"', '"2,2/18" x', 13, "hoa-binh.csv:4", marks=pytest.mark.slow
        ),
        ("data/observations/hoa-binh.csv", ",2.2,", ",2.7,", 13, "is not what its words print"),
        ("data/observations/hoa-binh.csv", *SUMMED, 15, "total_score"),
        ("data/rubrics/2022-08_766-QD-TTg.toml", "max = {", "max = [", 14, "2022-08_766-QD-TTg.toml"),
        pytest.param(
            "data/rubrics/2022-08_766-QD-TTg.toml",
            "max = { value = 6,",
            "max = { value = 7,",
            14,
            "transparency",
            marks=pytest.mark.slow,
        ),
    ],
    ids=["figure", "line", "words", "sum", "syntax of the rules", "sum of the rules"],
)
def test_figures_or_rules_at_fault(project, rewrite, file, old, new, exit_code, named):
    rewrite(file, old, new)
    code, said = refused(project)
    assert code == exit_code
    assert named in said


def test_contradictory_figures(project, change):
    """100 % of an indicator of 2 points cannot give its group 1,7; the sum still holds, so only the rules can tell."""
    change("hoa-binh.csv", 4, value="1.7", quote="1,7/18")
    change("hoa-binh.csv", 5, value="18.2", quote="18,2/20")
    code, said = refused(project)
    assert code == 15
    assert "transparency" in said and "hoa-binh.csv:4" in said


@pytest.mark.parametrize(
    ("words", "exit_code", "named"),
    [
        (["2024-06"], 12, "Periods with a total: 2023-04 and 2024-07."),
        (["2023-05"], 10, "2023-04"),
        (["2023-04", "-e", "hoa-bin"], 10, "Hòa Bình"),
        (["2023-04", "-e", "zzz"], 10, "data/observations"),
        (["2023-04", "-e", "CON"], 10, "data/observations"),
        (["2023-04", "--set", "e_rsult=80"], 11, "e_result"),
        (["2023-04", "--set", "e_result=10"], 11, "33.83"),
        (["2023-04", "--set", "e_result=abc"], 2, "e_result=abc"),
        (["2023-04", "--set", "e_result"], 2, "indicator=rate"),
        (["2023-04", "--set", "e_result=80", "--set", "e_result=90"], 2, "once each"),
        (["2023-04", "--set", "e_result=80", "--set", " e_result=90"], 2, "once each"),
        (["2023-04", "--target", "50"], 11, "58.83"),
        (["2023-04", "--target", "abc"], 2, "--target"),
    ],
    ids=str,
)
def test_request_that_cannot_be_met(project, words, exit_code, named):
    code, said = refused(project, *words)
    assert code == exit_code
    assert named in said


# 6. The same report from the same figures.


def test_a_report_is_made_and_made_again_alike(project, good):
    """The good one was made by the command line elsewhere. The damaged record of another report is in nobody's way."""
    other = project / "reports" / "hoa-binh" / "2022-12"
    shutil.copytree(project / "reports" / "hoa-binh" / "2023-04", other)
    (other / "run.en.json").write_text("{}", encoding="utf-8")
    page = render(prepare({"month": "2023-04", "entity": "hoa-binh", "language": "en"}))
    assert page == project / "reports" / "hoa-binh" / "2023-04" / "index.en.html"
    assert same_files(page.parent, good / "hoa-binh" / "2023-04")
    assert listed(project) == ["hoa-binh/2023-04/", "hoa-binh/2022-12/"]
    assert left_behind(project) == set()
    cells = nbformat.read(page.parent / "report.en.ipynb", as_version=4).cells
    assert [(cell.id, cell.execution_count) for cell in cells] == [(f"cell-{at:02d}", at + 1) for at in range(4)]
    assert 'month = "2023-04"' in cells[0].source and "run_id = " not in cells[0].source
    record = json.loads((page.parent / "run.en.json").read_bytes())
    assert (record["change"], record["kind"], record["commit"]) == (None, "published", "")


@slow
def test_same_figures_give_the_same_files(tmp_path):
    one, two = tmp_path / "one", tmp_path / "Báo cáo tháng 4 của tỉnh"
    here = {"TZ": "America/Los_Angeles", "LANG": "C", "LC_ALL": "", "PYTHONHASHSEED": "1", "COLUMNS": "40"}
    there = {"TZ": "Asia/Tokyo", "LANG": "vi_VN.UTF-8", "PYTHONHASHSEED": "4242", "NO_COLOR": "1"}
    for folder in (one, two):
        copy_project(folder)
    started = [
        start(folder, "report", "2023-04", **around) for folder, around in ((one, here), (two / "notebooks", there))
    ]
    runs = [finish(process) for process in started]
    published = [folder / "reports" / "hoa-binh" / "2023-04" for folder in (one, two)]
    for run in runs:
        assert run.code == 0, run.err
        assert "Traceback" not in run.err and "Warning" not in run.err and "WARNING" not in run.err
    assert [run.out for run in runs] == [
        "reports/hoa-binh/2023-04/index.en.html\n",
        f"{published[1] / 'index.en.html'}\n",
    ]
    assert same_files(*published)
    for path in published[0].iterdir():
        assert str(tmp_path).encode() not in path.read_bytes()


def test_project_folder_with_any_name(small):
    folder = small / "{month} a {brace 100% #1 & it's"
    folder.mkdir()
    for part in ("data", "notebooks"):
        (small / part).rename(folder / part)
    os.chdir(folder)
    succeeds(folder)


# 7. Parameters are data.

CODE = 'open("ran.txt", "w")'
SPELLS = [
    f'x"; {CODE} #',
    f"x'; {CODE} #",
    f'x"""\n{CODE}\n"""',
    f"x\\'; {CODE} #",
    f'x\\"; {CODE} #',
    f'"}}\n{CODE}\n#',
    f"{{{{ {CODE} }}}}",
    f"x\r{CODE}",
    f"x\u2028{CODE}",
    "%run x\n!touch ran.txt\n",
    f"x\nrun_id = {CODE}",
]


def test_parameter_never_runs_as_code(project):
    """Past the checks that would refuse such a name, and into the notebook both as entity and as levers."""
    before = hashes(project, without="reports"), hashes(project / "reports")
    levers = dict.fromkeys(SPELLS, 80.0)
    with pytest.raises(errors.NotebookError):
        render(HOA_BINH.model_copy(update={"entity": SPELLS[-1], "levers": levers}))
    kept = next((project / "reports" / ".work").glob("*/report.ipynb"))
    cells = nbformat.read(kept, as_version=4).cells
    values: dict[str, object] = {}
    exec(next(cell.source for cell in cells if "parameters" in cell.metadata.get("tags", [])), values)
    assert values["entity"] == SPELLS[-1]
    assert values["levers"] == levers
    assert (hashes(project, without="reports"), hashes(project / "reports")) == before
    assert not list(project.rglob("ran.txt"))


def test_entity_with_every_sign_is_reported_as_it_is(small):
    """A name from the figures, not from an attacker: it goes through code, HTML, JSON and file names unharmed."""
    name = "Tỉnh \"A\" 'B' {month} {{7*7}} {} %s $x_$ \\n <b>&amp;</b> </script> #"
    path = small / "data" / "observations" / "hoa-binh.csv"
    text = path.read_text(encoding="utf-8")
    quoted = '"{}"'.format(name.replace('"', '""'))
    path.write_text(text.replace("Hòa Bình,", f"{quoted},"), encoding="utf-8", newline="\n")
    parameters = prepare({"entity": name, "month": "2023-04", "language": "en"})
    assert parameters.entity == name
    page = render(parameters)
    assert page.parent.is_relative_to(small / "reports")
    assert whole(page.parent)
    assert json.loads((page.parent / "run.en.json").read_bytes())["entity"] == name
    for html in (page, small / "reports" / "index.en.html"):
        words = html.read_text(encoding="utf-8")
        assert "<b>&amp;</b>" not in words
        assert "&lt;b&gt;&amp;amp;&lt;/b&gt;" in words
        assert "{{7*7}}" in words

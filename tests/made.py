"""Small projects and runs for the tests of `runs`: a short notebook, processes to watch, folders to compare."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from click.testing import CliRunner

from analysis.cli import app
from analysis.report.result import Result, in_language
from analysis.scorecards.history import data_hash
from analysis.scorecards.synthetic import synthetic_history, write_project
from places import REPOSITORY, made_once

COMMAND = "from analysis.cli import main; main()"
NOTEBOOK = "notebooks/monthly_report.ipynb"
MADE = {"index.html", "report.ipynb", "figures.csv", "workbook.xlsx", "run.json"}
FILES = {in_language(name, "en") for name in (*MADE, "changes.txt")}
SMALL_DATA = {"hoa-binh.csv", "bac-kan.csv", "lam-dong.csv"}
LONG = 120
MONTHS = ["2024-05", "2024-06", "2024-07"]
ALL_MONTHS = f"{MONTHS[0]}..{MONTHS[-1]}"
ONE, TWO, THREE = (f"Mô phỏng 0{number}" for number in (1, 2, 3))
GONE_SECONDS = 15
# A small project with a good report, and what can be asked of it.


@pytest.fixture(autouse=True)
def same_environment():
    """A run in this process sets TZ, PYTHONHASHSEED and more for its kernel; no other test may see that."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def make_small(project: Path) -> None:
    for path in (project / "data" / "observations").glob("*.csv"):
        if path.name not in SMALL_DATA:
            path.unlink()
    cut_notebook(project)


def cut_notebook(project: Path) -> None:
    """Leave the first screen and the last cell, with the figures that these alone show."""
    notebook = nbformat.read(project / NOTEBOOK, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    parameters, opened, summary, *_rest, saved = cells
    assert (summary.source, saved.source) == ("card.summary", "card.save(run_id)")
    saved.source = f'vars(card)["figures"] = card.results.figures\n{saved.source}'
    notebook.cells = [parameters, opened, summary, saved]
    nbformat.write(notebook, project / NOTEBOOK)


def copy_project(project: Path) -> Path:
    for name in ("data", "notebooks"):
        shutil.copytree(REPOSITORY / name, project / name)
    return project


@pytest.fixture(scope="session")
def good(tmp_path_factory) -> Path:
    """A published reports folder, made by the command line. To copy, not to change."""

    def make(project: Path) -> None:
        make_small(copy_project(project))
        run = finish(start(project, "report", "2023-04"))
        assert run.code == 0, run.err

    return made_once(tmp_path_factory, "good", make) / "reports"


@pytest.fixture
def small(project_copy) -> Path:
    """A small project with no report yet."""
    make_small(project_copy)
    return project_copy


@pytest.fixture
def project(small, good) -> Path:
    """A small project with a good report."""
    shutil.copytree(good, small / "reports")
    return small


@pytest.fixture
def stand_in(good, monkeypatch) -> Callable[[Callable[[Path], object]], None]:
    """stand_in(then) has no notebook run any more: what a good run left is left again, and then `then(work)`.

    `then` may change what was left, or raise.
    """

    def replace(then: Callable[[Path], object] = lambda work: None) -> None:
        def execute(parameters: dict, work: Path, _limits: object) -> nbformat.NotebookNode:
            published = good / "hoa-binh" / "2023-04"
            record = json.loads((published / "run.en.json").read_bytes())
            for name in MADE - {"run.json", "index.html"}:
                shutil.copy(published / in_language(name, "en"), work / name)
            own = {"run_id": work.name, "entity": parameters["entity"], "period": parameters["month"]}
            own["language"] = parameters["language"]
            result = {name: record[name] for name in Result.model_fields} | own | {"data_hash": data_hash()}
            (work / "result.json").write_text(json.dumps(result), encoding="utf-8")
            then(work)
            return nbformat.read(work / "report.ipynb", as_version=4)

        monkeypatch.setattr("analysis.runs.run.execute", execute)

    return replace


def whole(folder: Path) -> bool:
    """A report with all its files and nothing else, each as its run left it."""
    if {path.name for path in folder.iterdir()} != FILES:
        return False
    hashed = FILES - {"run.en.json", "changes.en.txt"}
    record = json.loads((folder / "run.en.json").read_bytes())
    return record["files"] == {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in hashed}


def listed(project: Path) -> list[str]:
    """The reports that the index links to, in its order."""
    page = (project / "reports" / "index.en.html").read_text(encoding="utf-8")
    return [unquote(link) for link in re.findall(r'href="([^"]+/)index\.en\.html"', page)]


def left_behind(project: Path) -> set[str]:
    """What stands in the folder of working folders, locks aside."""
    return {path.name for path in (project / "reports" / ".work").iterdir() if path.suffix != ".lock"}


def kernels(project: Path) -> list[int]:
    """The kernels of this project, forked or not: nothing else runs inside its reports folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.readlink(process / "cwd").startswith(f"{project / 'reports'}{os.sep}"):
                found.append(int(process.name))
    return found


def wait_for(happens: Callable[[], object], seconds: float = LONG) -> None:
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


class Run:
    """A command that was started and its end."""

    def __init__(self, process: subprocess.Popen[str], seconds: float = 2 * LONG) -> None:
        self.process = process
        self.out, self.err = process.communicate(timeout=seconds)
        self.code, self.ended = process.returncode, time.monotonic()


def hear_interrupts() -> None:
    """A shell that starts this suite in the background has its children ignore SIGINT; the runner must hear it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(
    project: Path, *words: str, language: str = "en", before: str = "", **environment: str
) -> subprocess.Popen[str]:
    """A command in a process of its own, which does `before` first."""
    return subprocess.Popen(
        [sys.executable, "-c", f"{before}\n{COMMAND}", *words, "--lang", language],
        cwd=project,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        preexec_fn=hear_interrupts,
    )


finish = Run


def ask(*words: str) -> tuple[int, str]:
    """A command in this process: its exit code and what it says; an exception that is not an exit fails."""
    result = CliRunner().invoke(app, [*words, "--lang", "en"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stderr


def plant(project: Path, place: str, code: str) -> None:
    """Put code before the first or middle cell after the parameters, or after the last one."""
    notebook = nbformat.read(project / NOTEBOOK, as_version=4)
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    cells = [cell for cell in code_cells if "parameters" not in cell.metadata.get("tags", [])]
    if place == "last":
        cells[-1].source = f"{cells[-1].source}\n{code}"
    else:
        cell = cells[{"first": 0, "middle": len(cells) // 2}[place]]
        cell.source = f"{code}\n{cell.source}"
    nbformat.write(notebook, project / NOTEBOOK)


# Simulated projects, and what can be asked of them.


def simulate(folder: Path, rubrics, **asked) -> Path:
    write_project(synthetic_history(rubrics, **asked), folder)
    return folder


@pytest.fixture(scope="session")
def three(tmp_path_factory, rubrics) -> Path:
    """Three simulated provinces with two units each, three months, and the whole notebook. To copy, not to change."""

    def make(folder: Path) -> None:
        simulate(folder / "project", rubrics, entities=3, first=MONTHS[0], last=MONTHS[-1], units=2)

    return made_once(tmp_path_factory, "three", make) / "project"


@pytest.fixture
def simulated(three, tmp_path, monkeypatch) -> Path:
    """A copy with the small notebook; it is the current folder."""
    shutil.copytree(three, tmp_path / "project")
    cut_notebook(tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def at_once() -> Iterator[None]:
    """Within this, nothing may wait for what never comes."""

    def late(*_told: object) -> None:
        raise KeyboardInterrupt("it waits")  # which nothing takes for an error of a file

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, 20, 1)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def apart(monkeypatch) -> Iterator[Path]:
    """A temporary folder for the processes of one test, by which they are known; in the end none may be left."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)
        monkeypatch.undo()
        try:
            wait_for(lambda: not alive(Path(folder)), GONE_SECONDS)
        finally:
            for process in alive(Path(folder)):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)


def alive(apart: Path, command: str = "") -> list[int]:
    """The processes that were started with this temporary folder: children of children and forks too."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            environment = (process / "environ").read_bytes().split(b"\0")
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if f"TMPDIR={apart}".encode() in environment and command in words:
                found.append(int(process.name))
    return found


def sockets(apart: Path) -> list[Path]:
    return list(apart.glob("scorecard-kernel-*"))


def names(project: Path, *entities: str) -> str:
    (project / "names.txt").write_text("\n".join(entities), encoding="utf-8")
    return "names.txt"


def begin(project: Path, *words: str, months: str = ALL_MONTHS, **environment: str) -> subprocess.Popen[str]:
    return start(project, "batch", "--months", months, "--allow-synthetic", "--jobs", "2", *words, **environment)


def counts(run) -> tuple[int, int, int]:
    """How many were made, kept and failed, of a run with --json."""
    return tuple(json.loads(run.out)[state] for state in ("made", "kept", "failed"))


def times(project: Path) -> dict[str, int]:
    """Each published report, and when its record was written."""
    found = (project / "reports").glob("[!.]*/*/run.en.json")
    return {path.parent.relative_to(project / "reports").as_posix(): path.stat().st_mtime_ns for path in found}


def all_whole(project: Path) -> bool:
    folders = [path.parent for path in (project / "reports").glob("[!.]*/*/run.en.json")]
    beside = {path.name for path in (project / "reports").glob("[!.]*/*")}
    return all(map(whole, folders)) and not any(name.endswith(".prev") for name in beside)


def work_folders(project: Path) -> list[Path]:
    return [project / "reports" / ".work" / name for name in left_behind(project)]


def same_files(one: Path, two: Path) -> bool:
    """Two reports that differ in nothing but their runs: name, beginning and end."""
    records = [json.loads((folder / "run.en.json").read_bytes()) for folder in (one, two)]
    assert whole(one) and whole(two)
    for name in sorted(FILES - {"run.en.json"}):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
    different = {name for name in records[0].keys() | records[1].keys() if records[0].get(name) != records[1].get(name)}
    return different <= {"run_id", "started", "ended"}

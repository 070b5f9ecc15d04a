"""Windows, as far as Linux can pretend: names that it keeps, files that are open elsewhere, line ends, code pages.

Nothing here was run on Windows; docs/reliability.md says so.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.files import replace_all, replace_file
from analysis.language import slug, use_language
from analysis.notices.phrasebook import load_phrasebook
from analysis.scorecards.history import load_history
from analysis.scorecards.rubric import load_rubrics
from analysis.scorecards.sources import load_sources
from places import REPOSITORY

DEVICES = ["CON", "PRN", "AUX", "NUL", *(f"{name}{number}" for name in ("COM", "LPT") for number in range(1, 10))]
FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]|[ .]$')
LONGEST = 260  # letters of a whole path, where long ones are not allowed
ROOM = len(r"C:\Users\nguyen.van.a\Documents\bao-cao-766")


@pytest.mark.parametrize("name", DEVICES)
def test_no_folder_has_a_name_that_windows_keeps(name):
    for spelling in (name, name.lower(), f" {name}. ", f"{name}:"):
        assert slug(spelling).upper() not in DEVICES
        assert slug(slug(spelling)) == slug(spelling)


def test_no_file_of_the_project_has_a_name_that_windows_cannot_have():
    tracked = subprocess.run(["git", "-C", REPOSITORY, "ls-files", "-z"], capture_output=True, text=True, check=True)
    names = tracked.stdout.strip("\0").split("\0")
    assert len(names) > 200
    for name in names:
        for part in Path(name).parts:
            assert not FORBIDDEN.search(part) and part.partition(".")[0].upper() not in DEVICES, name
        assert ROOM + 1 + len(name) < LONGEST, name
    assert len({name.lower() for name in names}) == len(names)


def test_the_longest_path_of_a_report_is_short_enough():
    """The longest name of a unit, its working folder and the longest file in it, under a folder of usual depth."""
    units = (REPOSITORY / "data" / "units.csv").read_text(encoding="utf-8")
    longest = max((slug(field) for line in units.splitlines() for field in line.split(",")[:2]), key=len)
    work = f"reports\\.work\\{longest}-2026-Q1-0123456789ab\\workbook.en.xlsx"
    assert ROOM + 1 + len(work) < LONGEST


IN_USE = PermissionError(13, "The process cannot access the file because it is being used by another process", "x", 32)


@pytest.mark.parametrize("at", range(1, 5))
def test_a_rename_onto_a_file_that_is_open_elsewhere_changes_nothing(tmp_path, monkeypatch, at):
    """As Excel holds what it shows: WinError 32 at the n-th rename."""
    places = [tmp_path / f"{number}.csv" for number in range(3)]
    for path in places:
        path.write_text("old", encoding="utf-8")
    calls, real = iter(range(1, 100)), os.replace

    def replace(*names, **more):
        if next(calls) == at:
            raise IN_USE
        return real(*names, **more)

    monkeypatch.setattr(os, "replace", replace)
    try:
        replace_all({path: b"new" for path in places})
        failed = False
    except PermissionError:
        failed = True
    monkeypatch.undo()
    assert {path.read_text(encoding="utf-8") for path in places} == {"old" if failed else "new"}
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in places}
    assert failed or at > len(places)


def test_a_file_that_is_open_elsewhere_is_not_torn(tmp_path, monkeypatch):
    (tmp_path / ".work").mkdir()
    path = tmp_path / "index.html"
    replace_file(path, "old")

    def refused(*_names, **_more):
        raise IN_USE

    monkeypatch.setattr(os, "replace", refused)
    with pytest.raises(PermissionError):
        replace_file(path, "new")
    assert path.read_text(encoding="utf-8") == "old"


def with_line_ends(project: Path) -> int:
    """Every text of the data as Git for Windows may write it; how many files changed."""
    changed = 0
    for path in [*project.rglob("*.csv"), *project.rglob("*.toml"), *project.rglob("*.txt")]:
        data = path.read_bytes()
        path.write_bytes(data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        changed += path.read_bytes() != data
    return changed


def test_line_ends_of_windows_change_no_figure(project_copy, history):
    assert with_line_ends(project_copy / "data") > 30
    rubrics = load_rubrics()
    found = load_history(rubrics)
    columns = ["entity", "period", "code", "value", "decimals", "source", "quote"]
    assert found[columns].equals(history[columns].reset_index(drop=True)) or found[columns].equals(history[columns])
    assert load_sources() and load_phrasebook()


PRETEND = """
import importlib, pkgutil, sys
for name in (
    "babel bs4 click filelock ipykernel.kernelapp ipywidgets jupyter_client.asynchronous.client jupyter_client.manager "
    "jupyter_client.provisioning.local_provisioner jupyterlab.labapp lxml mammoth matplotlib.pyplot "
    "multiprocessing.connection multiprocessing.context multiprocessing.managers nbclient nbconvert nbformat openpyxl "
    "pandas papermill pdfplumber pydantic scipy.optimize scipy.stats seaborn statsmodels.api tinycss2 webbrowser"
).split():
    importlib.import_module(name)
import analysis
sys.platform = "win32"
names = [item.name for item in pkgutil.walk_packages(analysis.__path__, "analysis.")]
for name in names:
    if name != "analysis.__main__":
        importlib.import_module(name)
from analysis.runs import forked, publish
assert not forked.possible()
assert forked._gone(1) is False
assert publish._exchange("no", "such") is False
print(len(names))
"""


@pytest.mark.slow
def test_every_module_can_be_imported_where_there_is_no_fork(tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", PRETEND], capture_output=True, text=True, cwd=tmp_path, encoding="utf-8"
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert int(run.stdout) > 90


CP1258 = {"PYTHONIOENCODING": "cp1258", "PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("words", [["losses", "2023-04"], ["check"], ["losses", "2023-05"]], ids=" ".join)
def test_a_command_under_a_code_page_says_it_in_utf_8(project_copy, words):
    use_language("vi")
    for path in (project_copy / "data" / "observations").glob("*.csv"):
        if path.name not in ("hoa-binh.csv", "bac-kan.csv"):
            path.unlink()
    command = [sys.executable, "-c", "from analysis.cli import main; main()", *words]
    plain, paged = (
        subprocess.run(command, cwd=project_copy, env={**os.environ, **more}, capture_output=True)
        for more in ({}, CP1258)
    )
    assert plain.returncode == paged.returncode and "Traceback" not in paged.stderr.decode("utf-8")
    assert (paged.stdout, paged.stderr) == (plain.stdout, plain.stderr)
    shutil.rmtree(project_copy / "reports", ignore_errors=True)

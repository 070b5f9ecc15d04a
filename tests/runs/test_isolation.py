"""Does anything run that lies in the current folder, or in the user's profile, and do they change what is made?"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from made import same_files
from places import REPOSITORY

COMMAND = Path(sys.executable).parent / "scorecard"
OURS = (
    "analysis",
    "numpy",
    "pandas",
    "matplotlib",
    "seaborn",
    "scipy",
    "openpyxl",
    "pydantic",
    "papermill",
    "nbformat",
)
PLANTED = sorted({*sys.stdlib_module_names, *OURS, "usercustomize", "sitecustomize"} - {"__main__"})
MARK = "import pathlib\npathlib.Path({mark!r}).write_text(__name__)\nraise SystemExit('planted')\n"
NOTICE = "Kết quả tháng 12/2024: tỉnh Sơn La đạt 71,5 điểm, xếp hạng 30/63.\n"


def run(words: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith(("IPYTHON", "JUPYTER", "PYTHON"))}
    return subprocess.run(
        [COMMAND, *words], cwd=folder, env=known | environment, capture_output=True, text=True, timeout=300
    )


@pytest.fixture
def own_project(tmp_path):
    folder = tmp_path / "project"
    for name in ("data", "notebooks"):
        shutil.copytree(REPOSITORY / name, folder / name)
    return folder


@pytest.mark.slow
def test_modules_in_the_current_folder_never_run(own_project, tmp_path):
    """Whatever is asked there, with a notice beside them; what `git` is told to run in its configuration neither."""
    mailed, mark = tmp_path / "mailed", tmp_path / "ran"
    mailed.mkdir()
    for name in PLANTED:
        (mailed / f"{name}.py").write_text(MARK.format(mark=str(mark)), encoding="utf-8")
    (mailed / "matplotlibrc").write_text("lines.linewidth: 30\n", encoding="utf-8")
    (mailed / "notice.txt").write_text(NOTICE, encoding="utf-8")
    subprocess.run(["git", "init", "-q", own_project], check=True)
    subprocess.run(["git", "-C", own_project, "config", "core.fsmonitor", f"touch {mark}; false"], check=True)
    named = {"SCORECARD_PROJECT": str(own_project), "BROWSER": "true"}
    for words in (
        ["report", "2023-04", "--lang", "en"],
        ["add", "notice.txt"],
        ["open", "2023-04"],
        ["check"],
        ["losses", "2023-04"],
    ):
        done = run(words, mailed, **named)
        assert not mark.exists(), (words, mark.read_text(encoding="utf-8"))
        assert "planted" not in done.stderr
        assert done.returncode == (4 if words[0] == "add" else 0) or words[0] == "add", done.stderr
    assert len(PLANTED) > 250
    page = own_project / "reports" / "hoa-binh" / "2023-04"
    kept = shutil.copytree(page, tmp_path / "kept")
    assert run(["report", "2023-04", "--lang", "en"], own_project, **named).returncode == 0
    assert same_files(kept, page)


@pytest.mark.slow
def test_a_profile_of_the_user_changes_no_report(own_project, tmp_path):
    """Startup files, lines to run, configuration of kernels and pictures: with all of them a report is the same."""
    home = tmp_path / "home"
    startup = home / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-first.py").write_text("import os; os._exit(3)\n", encoding="utf-8")
    for name in ("ipython_config.py", "ipython_kernel_config.py"):
        words = "c.InteractiveShellApp.exec_lines = ['import os; os._exit(4)']\n"
        (startup.parent / name).write_text(words, encoding="utf-8")
    (home / ".jupyter").mkdir()
    for name in ("jupyter_config.py", "jupyter_nbconvert_config.py"):
        (home / ".jupyter" / name).write_text("raise SystemExit('profile')\n", encoding="utf-8")
    (home / ".config" / "matplotlib").mkdir(parents=True)
    (home / ".config" / "matplotlib" / "matplotlibrc").write_text("lines.linewidth: 30\n", encoding="utf-8")
    day = {"SOURCE_DATE_EPOCH": "1700000000"}
    done = run(
        ["report", "2023-04", "--lang", "en"], own_project, HOME=str(home), IPYTHONDIR=str(home / ".ipython"), **day
    )
    assert done.returncode == 0, done.stderr
    page = own_project / "reports" / "hoa-binh" / "2023-04"
    kept = shutil.copytree(page, tmp_path / "kept")
    (tmp_path / "clean").mkdir()
    assert run(["report", "2023-04", "--lang", "en"], own_project, HOME=str(tmp_path / "clean"), **day).returncode == 0
    assert same_files(kept, page)

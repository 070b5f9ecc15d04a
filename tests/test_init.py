"""A project of one's own: what `scorecard init` makes of an installed wheel, and whether everything runs there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from analysis import errors, filing, project
from analysis.language import use_language
from places import REPOSITORY, made_once

FIRST = ["scorecard", "report"]


def tracked() -> set[str]:
    """The files of data and notebooks that belong to the repository."""
    words = ["git", "-C", str(REPOSITORY), "ls-files", "-z", *project.PARTS]
    return set(filter(None, subprocess.run(words, capture_output=True, check=True).stdout.decode().split("\0")))


def below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# From a checkout


@pytest.mark.parametrize("there", ["missing", "two above missing", "empty", "current"])
def test_a_project_is_made_where_nothing_is(tmp_path, monkeypatch, there):
    folder = {"two above missing": tmp_path / "a" / "b" / "c", "current": Path()}.get(there, tmp_path / "new")
    if there == "empty":
        folder.mkdir()
    monkeypatch.chdir(tmp_path)
    assert filing.init(folder) == folder
    assert {path.name for path in folder.iterdir()} == {"data", "notebooks", "reports"}
    made = below(folder)
    assert made.keys() >= tracked() and not [name for name in made if "/." in name or name.startswith("data/removed")]
    assert all(made[name] == (REPOSITORY / name).read_bytes() for name in made)
    monkeypatch.chdir(folder)
    assert project.root() == folder.resolve() or project.root() == Path.cwd()


def test_what_is_there_already_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("x", encoding="utf-8")
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for name in ("mine", "file"):
        with pytest.raises(errors.WriteError, match="is not empty; nothing was written") as caught:
            filing.init(tmp_path / name)
        assert "Name a new folder" in caught.value.next_step
    assert below(tmp_path) == {"mine/notes.txt": b"x", "file": b"x"}


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("stage", ["first file", "last file", "rename"])
def test_half_a_project_is_none(tmp_path, monkeypatch, fault, stage):
    copy, files = filing.shutil.copyfile, len(filing._to_ship(REPOSITORY))
    left = {"first file": 0, "last file": files - 1}.get(stage, files)

    def broken(*given: Path) -> None:
        nonlocal left
        if left == 0:
            raise fault
        left -= 1
        copy(*given)

    monkeypatch.setattr(filing.shutil, "copyfile", broken)
    if stage == "rename":
        rename = Path.rename
        monkeypatch.setattr(
            Path, "rename", lambda path, to: (_ for _ in ()).throw(fault) if path.name == "data" else rename(path, to)
        )
    (tmp_path / "there").mkdir()
    for folder in (tmp_path / "new" / "one", tmp_path / "there"):
        with pytest.raises((errors.WriteError, KeyboardInterrupt)):
            filing.init(folder)
    monkeypatch.undo()
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]


def test_a_package_without_a_project_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(project, "__file__", str(tmp_path / "site-packages" / "analysis" / "project.py"))
    with pytest.raises(errors.ProjectError, match="installed without the data and notebooks"):
        filing.init(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


# From a wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    def make(folder: Path) -> None:
        words = ["wheel", "-q", "--no-build-isolation", "--no-deps", "--no-index", "-w", str(folder), str(REPOSITORY)]
        subprocess.run([sys.executable, "-m", "pip", *words], check=True)

    (found,) = made_once(tmp_path_factory, "wheel", make).glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The folder of programs of an environment that has the wheel, and of this one what it needs, but no checkout."""

    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    ask = [programs / "python", "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"]
    place = Path(subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip())
    (place / "needed.pth").write_text(sysconfig.get_paths()["purelib"], encoding="utf-8")
    words = ["--python", str(programs / "python"), "install", "-q", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True)
    return programs


def call(installed: Path, folder: Path, *words: str, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
    """A program of that environment, offline and with nothing of this one's surroundings."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", project.NAMED_BY)}
    offline = {name: "http://127.0.0.1:9" for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")}
    share = {"JUPYTER_PATH": str(Path(sys.prefix) / "share" / "jupyter")}  # the templates of nbconvert
    environment = {**kept, **offline, **share, **more, "PATH": f"{installed}{os.pathsep}{os.environ['PATH']}"}
    program, *rest = words
    run = subprocess.run(
        [str(installed / program), *rest], cwd=folder, env=environment, capture_output=True, encoding="utf-8"
    )
    assert run.returncode == code, run.stderr
    return run


def test_the_wheel_carries_what_a_project_needs_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    carried = {name.removeprefix("analysis/_project/") for name in names if name.startswith("analysis/_project/")}
    assert carried == tracked()
    own = {name for name in names if not name.startswith(("analysis/_project/", "scorecard_766-"))}
    package = {f"analysis/{path}" for path in below(REPOSITORY / "src" / "analysis") if "__pycache__" not in path}
    assert own == package
    assert wheel.stat().st_size < 3_000_000


@pytest.fixture(scope="module")
def own(installed, tmp_path_factory) -> Path:
    """A project made by the command in an empty folder, and its first report."""
    folder = tmp_path_factory.mktemp("empty")
    lost = call(installed, folder, *FIRST, "--lang", "en", code=3)
    assert "scorecard init FOLDER" in lost.stderr and list(folder.iterdir()) == []
    made = call(installed, folder, "scorecard", "init", "own", "--lang", "en")
    assert made.stdout == "own\n" and made.stderr == "Next, in that folder: scorecard report\n"
    said = call(installed, folder / "own", *FIRST)
    assert said.stdout == str(Path("reports/hoa-binh/2024-07/index.html")) + "\n"
    return folder / "own"


def test_the_first_report_of_an_empty_folder(own, installed):
    folder = own / "reports" / "hoa-binh" / "2024-07"
    record = json.loads((folder / "run.json").read_bytes())
    assert (record["entity"], record["total"]) == ("Hòa Bình", 83.08) and (
        folder / "index.html"
    ).stat().st_size > 100_000
    assert (own / "reports" / "index.html").is_file()
    checked = json.loads(call(installed, own / "notebooks", "scorecard", "check", "--json").stdout)
    assert checked["failures"] == []


def test_the_project_is_named_or_the_folder(own, installed, tmp_path):
    lost = call(installed, tmp_path, "scorecard", "losses", "2023-04", code=3)
    assert lost.stdout == ""
    named = call(installed, tmp_path, "scorecard", "losses", "2023-04", "--json", SCORECARD_PROJECT=str(own))
    here = call(installed, own / "data", "scorecard", "losses", "2023-04", "--json")
    assert named.stdout == here.stdout and "41,17" in json.loads(here.stdout)["sentence"]


BARE = {
    "papermill": ["-m", "papermill", "notebooks/monthly_report.ipynb", "out.ipynb", "-p", "month", "2023-04"],
    "nbconvert": [
        *("-m", "nbconvert", "--execute", "--to", "notebook", "--output-dir", "."),
        *("--output", "out.ipynb", "notebooks/monthly_report.ipynb"),
    ],
    "jupyter execute": [
        *(
            "-c",
            "from nbclient.cli import main; main()",
            "--output={notebook_name}-out",
            "notebooks/explore_start.ipynb",
        ),
    ],
    # jupyter-scheduler copies the notebook to a folder of its own, and runs it there with nbconvert
    "elsewhere": [
        "-m",
        "nbconvert",
        "--execute",
        "--to",
        "notebook",
        "--output",
        "out.ipynb",
        "there/explore_losses.ipynb",
    ],
}


@pytest.mark.parametrize("tool", [pytest.param(tool, marks=pytest.mark.slow) for tool in BARE])
def test_bare_tools_run_the_notebooks_of_the_project(own, installed, tool, tmp_path):
    folder = own
    named = {}
    if tool == "elsewhere":
        (tmp_path / "there").mkdir()
        source = own / "notebooks" / "explore_losses.ipynb"
        (tmp_path / "there" / source.name).write_bytes(source.read_bytes())
        folder, named = tmp_path, {"SCORECARD_PROJECT": str(own)}
    before = set(folder.rglob("*.ipynb"))
    call(installed, folder, "python", *BARE[tool], **named)
    (made,) = set(folder.rglob("*.ipynb")) - before
    cells = [cell for cell in json.loads(made.read_bytes())["cells"] if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in cells) and any(cell["outputs"] for cell in cells)
    assert not [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"]
    made.unlink()


def test_the_command_says_what_comes_next(tmp_path, monkeypatch, capsys):
    from analysis.cli import app

    use_language("en")
    monkeypatch.chdir(tmp_path)
    app(["init", "one", "--lang", "en"], standalone_mode=False)
    assert capsys.readouterr() == ("one\n", "Next, in that folder: scorecard report\n")

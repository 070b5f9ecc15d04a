"""Is the project found from wherever it is asked for, and is it told at which commit it stands?"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from analysis import __version__, project
from analysis.errors import ProjectError
from places import REPOSITORY


def make(folder: Path) -> Path:
    for name in ("rubrics", "observations"):
        (folder / "data" / name).mkdir(parents=True)
    return folder


def test_the_nearest_project_above_is_found(tmp_path, monkeypatch):
    outer, inner = make(tmp_path / "outer"), make(tmp_path / "outer" / "one" / "inner")
    (inner / "notebooks" / "data" / "rubrics").mkdir(parents=True)  # not both of its folders
    for here, expected in ((inner / "notebooks", inner), (inner, inner), (inner.parent, outer)):
        monkeypatch.chdir(here)
        assert project.root() == expected


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and links of POSIX")
@pytest.mark.parametrize("name", ["data/observations", "data/rubrics", "data"])
@pytest.mark.parametrize("make_other", [Path.touch, os.mkfifo, lambda path: path.symlink_to(path.name)])
def test_a_damaged_project_is_not_passed_over_for_another(tmp_path, monkeypatch, name, make_other):
    """Its figures would be taken for those of the one above, or of the checkout."""
    outer = make(tmp_path / "outer")
    inner = make(outer / "inner")
    (inner / "notebooks").mkdir()
    monkeypatch.chdir(inner / "notebooks")
    assert project.root() == inner
    shutil.rmtree(inner / name)
    make_other(inner / name)
    with pytest.raises(ProjectError, match=f"{inner / name} should be a folder, and is none"):
        project.root()


def test_the_project_that_is_named_wins(tmp_path, monkeypatch):
    named, here = make(tmp_path / "named"), make(tmp_path / "here")
    monkeypatch.chdir(here)
    monkeypatch.setenv("SCORECARD_PROJECT", str(named))
    assert project.root() == named
    monkeypatch.setenv("SCORECARD_PROJECT", str(tmp_path))
    with pytest.raises(ProjectError, match=f"SCORECARD_PROJECT names {tmp_path}, which is no project") as caught:
        project.root()
    assert "unset it" in caught.value.next_step


def test_outside_of_all_it_is_the_one_that_the_package_was_installed_from(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert project.root() == REPOSITORY
    monkeypatch.setattr(project, "__file__", str(tmp_path / "site-packages" / "analysis" / "project.py"))
    with pytest.raises(ProjectError, match="no project in this folder or above it") as caught:
        project.root()
    assert "scorecard init FOLDER" in caught.value.next_step


def test_the_commit_of_a_project_and_whether_files_were_changed_since(tmp_path, monkeypatch):
    monkeypatch.chdir(make(tmp_path))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert project.commit() == ""

    def git(*words: str) -> str:
        command = ["git", "-c", "user.name=x", "-c", "user.email=x@x", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init")
    assert project.commit() == ""
    git("commit", "--allow-empty", "-m", "first")
    head = git("rev-parse", "HEAD")
    assert project.commit() == head[:12]
    (tmp_path / "new").touch()
    assert project.commit() == f"{head[:12]}+"
    (tmp_path / "COMMIT").write_text("sent+", encoding="utf-8")
    assert project.commit() == "sent+"


def test_a_machine_without_git_knows_no_commit(tmp_path, monkeypatch):
    monkeypatch.chdir(make(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert project.commit() == ""


def test_the_version_is_that_of_the_package():
    assert project.version() == __version__

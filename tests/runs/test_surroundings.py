"""The same report, byte for byte, whatever surrounds the command: eight surroundings against one more."""

from __future__ import annotations

import os
import shutil

import pytest

from made import copy_project, finish, make_small, same_files, start

pytestmark = pytest.mark.slow
USER = "Nguyễn Văn A"
# Surroundings → environment, the folder of the project, the folder in it where the command is called.
SURROUNDINGS = {
    "west of here": ({"TZ": "America/Los_Angeles"}, "project", "."),
    "east, in Vietnamese": ({"TZ": "Asia/Tokyo", "LANG": "vi_VN.UTF-8"}, "project", "."),
    "no locale, no UTF-8": (
        {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        "project",
        ".",
    ),
    "one hash seed": ({"PYTHONHASHSEED": "1"}, "project", "."),
    "another, many threads": (
        {"PYTHONHASHSEED": "4242", "OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4"},
        "project",
        ".",
    ),
    "another current folder": ({"COLUMNS": "40", "NO_COLOR": "1"}, "project", "data/observations"),
    "a user with marks and a space": ({"HOME": USER}, f"{USER}/Báo cáo tháng 4", "."),
    "another day": ({"SOURCE_DATE_EPOCH": "1700000000", "PYTHONIOENCODING": "cp1258"}, "project", "."),
}


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_the_same_bytes_in(tmp_path, good, name):
    environment, folder, inside = SURROUNDINGS[name]
    project = tmp_path / folder
    project.mkdir(parents=True)
    make_small(copy_project(project))
    if "HOME" in environment:
        environment = {**environment, "HOME": str(tmp_path / environment["HOME"])}
        shutil.rmtree(tmp_path / USER / ".cache", ignore_errors=True)
    run = finish(start(project / inside, "report", "2023-04", **environment))
    assert run.code == 0, run.err
    made = project / "reports" / "hoa-binh" / "2023-04"
    assert same_files(made, good / "hoa-binh" / "2023-04")
    for path in made.iterdir():
        assert os.fsencode(tmp_path) not in path.read_bytes() and USER.encode() not in path.read_bytes()

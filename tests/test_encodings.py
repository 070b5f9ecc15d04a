"""Every command under every code page: UTF-8 on both streams, the right exit code, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from analysis.cli import app

pytestmark = pytest.mark.slow
ENCODINGS = ("cp1258", "cp1252", "cp437", "ascii", "utf-8")
CALL = "from analysis.cli import main; main()"
# Each command once, with words that end quickly: an answer, or a refusal in Vietnamese; its exit code.
WORDS = {
    "add": (["add", "missing.txt", "--yes"], 30),
    "batch": (["batch", "--months", "2031-01"], None),
    "change": (["change", "2023-04", "2024-07"], 0),
    "check": (["check"], 0),
    "export": (["export", "2031-01"], None),
    "identify": (["identify", "2031-01"], 10),
    "init": (["init", "data"], None),
    "lab": (["lab", "khong-co"], None),
    "log": (["log"], 0),
    "losses": (["losses", "2023-04"], 0),
    "open": (["open", "2023-04"], 27),
    "plan": (["plan", "2031-01"], None),
    "rank": (["rank", "2023-04"], 0),
    "remove": (["remove", "khong-co"], None),
    "report": (["report", "2031-01"], 10),
    "synthetic": (["synthetic", "data"], None),
    "template": (["template", "khong-co", "2031-01"], None),
    "verify": (["verify", "2023-04"], None),
    "whatif": (["whatif", "2031-01"], 10),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    import shutil

    from places import REPOSITORY

    project = tmp_path_factory.mktemp("encodings")
    for name in ("data", "notebooks"):
        shutil.copytree(REPOSITORY / name, project / name)
    for path in (project / "data" / "observations").glob("*.csv"):
        if path.name not in ("hoa-binh.csv", "bac-kan.csv", "lam-dong.csv"):
            path.unlink()
    return project


def say(folder, words, encoding: str) -> subprocess.CompletedProcess[bytes]:
    strange = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
    return subprocess.run([sys.executable, "-c", CALL, *words], cwd=folder, env={**os.environ, **strange},
                          capture_output=True, stdin=subprocess.DEVNULL)  # fmt: skip


def test_every_command_is_tried():
    assert set(WORDS) >= set(app.commands) - {"completion"}


@pytest.mark.parametrize("name", sorted(set(WORDS) & set(app.commands)))
def test_a_command_under_each_encoding(folder, record_property, name):
    words, code = WORDS[name]
    plain = say(folder, words, "utf-8:strict")
    out, err = plain.stdout.decode("utf-8"), plain.stderr.decode("utf-8")
    assert "Traceback" not in err and (out or err)
    assert plain.returncode == code if code is not None else plain.returncode < 64, err
    for encoding in ENCODINGS:
        again = say(folder, words, encoding)
        assert (again.returncode, again.stdout, again.stderr) == (plain.returncode, plain.stdout, plain.stderr), (
            encoding
        )
    record_property("cases", len(ENCODINGS))

"""Does the shell offer months, provinces and indicators, quickly, and nothing where there is no project?"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib

import pytest

from analysis.scorecards.entities import find_entity, spellings

SHELLS = ("bash", "zsh", "fish", "powershell")


def answered(folder, shell: str, words: list[str], last: str) -> subprocess.CompletedProcess[str]:
    """What the command answers to a shell that asks for the word `last` after `words`."""
    before = " ".join(["scorecard", *words])
    asked = {
        "bash": {"COMP_WORDS": f"{before} {last}", "COMP_CWORD": str(1 + len(words))},
        "zsh": {"COMP_WORDS": f"{before} {last}", "COMP_CWORD": str(1 + len(words))},
        "fish": {"COMP_WORDS": f"{before} {last}", "COMP_CWORD": last},
        "powershell": {"COMP_WORDS": f"{before} {last}", "COMP_WORD": last},
    }[shell]
    return subprocess.run(
        [sys.executable, "-m", "analysis"],
        cwd=folder,
        env={**os.environ, **asked, "_SCORECARD_COMPLETE": f"{shell}_complete"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )


def offered(folder, words: list[str], last: str) -> list[str]:
    said = answered(folder, "powershell", words, last)
    assert said.stderr == ""
    return [line.split("\t")[0] for line in said.stdout.splitlines() if line]


def test_the_periods_of_the_entity_that_is_named(project_copy, history):
    totals = history[history["code"] == "total_score"]
    for words, name in (([], "Hòa Bình"), (["-e", "phu-tho"], "Phú Thọ"), (["--entity", "lam-dong"], "Lâm Đồng")):
        known = sorted(set(totals.loc[totals["entity"] == name, "period"]), reverse=True)
        assert known and offered(project_copy, ["report", *words], "") == known
    assert offered(project_copy, ["change"], "2023-") == ["2023-04"]
    assert offered(project_copy, ["report", "-e", "nobody"], "") == []


def test_entities_without_marks_and_with_their_name(project_copy, history):
    names = offered(project_copy, ["losses", "-e"], "")
    known = set(history.loc[history["code"] == "total_score", "entity"])
    spelt = spellings(sorted(known))
    assert {find_entity(spelt, name) for name in names} == known and names == sorted(set(names))
    assert offered(project_copy, ["losses", "-e"], "hoa-b") == ["hoa-binh"]
    assert offered(project_copy, ["losses", "-e"], "Hòa-B") == ["hoa-binh"]
    assert "hoa-binh\tHòa Bình" in answered(project_copy, "powershell", ["losses", "-e"], "hoa").stdout


def test_indicators_and_rates_to_choose_from_where_one_is_meant(project_copy):
    known = set()
    for path in (project_copy / "data" / "rubrics").glob("*.toml"):
        for group in tomllib.loads(path.read_text(encoding="utf-8"))["group"]:
            known |= {item["code"] for item in group["indicator"]}
    assert set(offered(project_copy, ["plan", "--lever"], "")) == known
    assert set(offered(project_copy, ["whatif", "2023-04", "--set"], "")) == {f"{code}=" for code in known}
    assert offered(project_copy, ["whatif", "--set"], "e_r") == ["e_result=80", "e_result=100"]
    assert offered(project_copy, ["whatif", "--set"], "e_result=1") == ["e_result=100"]
    assert offered(project_copy, ["whatif", "--set"], "nothing") == []


def test_a_range_of_months(project_copy):
    months = offered(project_copy, ["batch", "--months"], "2026-0")
    assert len(months) == 9 and months == sorted(months, reverse=True)
    assert offered(project_copy, ["batch", "--months"], "2026-01..2026-0")[0] == "2026-01..2026-09"


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_is_answered_as_it_reads(project_copy, shell):
    said = answered(project_copy, shell, ["report", "-e"], "hoa-b").stdout
    shown = {
        "bash": "plain,hoa-binh\n",
        "zsh": "plain\nhoa-binh\nHòa Bình\n",
        "fish": None,
        "powershell": "hoa-binh\tHòa Bình\n",
    }[shell]
    assert said == shown if shown else ("hoa-binh" in said and "Hòa Bình" in said)
    script = subprocess.run(
        [sys.executable, "-m", "analysis"],
        env={**os.environ, "_SCORECARD_COMPLETE": f"{shell}_source"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout
    assert "_SCORECARD_COMPLETE" in script and f"{shell}_complete" in script and "scorecard" in script


def test_bash_itself_completes(project_copy, tmp_path):
    """In a real bash, with the lines of docs/install.md."""
    place = tmp_path / "bin"
    place.mkdir()
    command = place / "scorecard"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m analysis "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    script = """
    eval "$(_SCORECARD_COMPLETE=bash_source scorecard)"
    COMP_WORDS=(scorecard report --entity hoa-b); COMP_CWORD=3; COMPREPLY=()
    _scorecard_completion scorecard; echo "${COMPREPLY[*]}"
    """
    path = f"{place}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        ["bash", "-c", script], cwd=project_copy, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert (run.stdout, run.stderr) == ("hoa-binh\n", "")


def test_a_project_that_is_missing_or_broken_offers_nothing_and_says_nothing(project_copy, monkeypatch):
    (project_copy / "data" / "observations" / "bad.csv").write_bytes(b"\xff\xfe entity,period\n\0")
    (project_copy / "data" / "rubrics" / "bad.toml").write_text("group = 7", encoding="utf-8")
    (project_copy / "data" / "rubrics" / "worse.toml").write_text("= [", encoding="utf-8")
    assert offered(project_copy, ["report"], "2023") == ["2023-04"]
    assert offered(project_copy, ["plan", "--lever"], "e_r") == ["e_result"]
    monkeypatch.setenv("SCORECARD_PROJECT", str(project_copy / "data"))
    assert offered(project_copy, ["report"], "") == offered(project_copy, ["plan", "--lever"], "") == []


def test_it_is_quick(project_copy):
    """Nothing heavy is imported while somebody waits with a finger on Tab."""
    code = """
import sys
from analysis.cli import app, completion
completion.improvements(None, None, "")
list(completion._totals())
print([name for name in ("pandas", "numpy", "pydantic", "babel", "jinja2") if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=project_copy, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"\[\]\n", run.stdout)

"""Do the commands of docs/automation.md do what it says: what is printed, where it is logged, which exit code?"""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from analysis.cli import app
from made import make_small, same_environment
from places import REPOSITORY

__all__ = ["same_environment"]

PAGE = (REPOSITORY / "docs" / "automation.md").read_text(encoding="utf-8")
HOME = "/home/office/scorecard"
NOTHING_NEW = "Không có gì mới: báo cáo Hòa Bình, tháng 7/2024 giữ nguyên."
REPORT = "reports/hoa-binh/2024-07"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def office(project_copy) -> Path:
    """A project with the program in its .venv, as the page has it."""
    make_small(project_copy)
    program = project_copy / ".venv" / "bin" / "scorecard"
    program.parent.mkdir(parents=True)
    path = os.environ.get("PYTHONPATH", "")
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(path)} exec {shlex.quote(sys.executable)} -m analysis "$@"\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    (project_copy / "reports").mkdir()
    return project_copy


def run(office: Path, command: str, folder: Path, code: int = 0, **named: str) -> str:
    """What a command prints that is run as cron does: by sh, with next to nothing in the environment."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "SHELL": "/bin/sh", **named}
    words = ["/bin/sh", "-c", command.replace(HOME, str(office))]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_cron_makes_a_report_once_and_logs_it(office, tmp_path):
    (block,) = blocks("cron")
    setting, line = block.strip().splitlines()
    name, _equals, value = setting.partition("=")
    fields = line.split(None, 5)
    assert all(re.fullmatch(r"[\d*]+", field) for field in fields[:5]) and "%" not in fields[5], "% ends a line of cron"
    log = office / "reports" / "monthly.log"
    home = tmp_path / "home"
    home.mkdir()
    named = {name: value.replace(HOME, str(office))}
    assert run(office, fields[5], home, **named) == ""
    said = log.read_text(encoding="utf-8").splitlines()
    assert said[-1] == str(office / REPORT / "index.html")
    moved = (office / REPORT / "changes.txt").read_text(encoding="utf-8").splitlines()
    assert len(moved) == 3 and said[-5:-2] == moved
    made = (office / REPORT / "run.json").read_bytes()
    assert run(office, fields[5], home, **named) == ""
    assert log.read_text(encoding="utf-8").splitlines()[len(said) :] == ["Đọc số liệu và quy tắc…", NOTHING_NEW]
    assert (office / REPORT / "run.json").read_bytes() == made

    figures = office / "data" / "observations" / "hoa-binh.csv"
    figures.write_bytes(figures.read_bytes() + b"broken\n")
    run(office, fields[5], home, 13, **named)
    assert "hoa-binh.csv" in log.read_text(encoding="utf-8").rpartition(NOTHING_NEW)[2]
    assert (office / REPORT / "run.json").read_bytes() == made


def test_a_mail_is_sent_when_something_is_new_and_none_otherwise(office, tmp_path):
    (script,) = blocks("sh")
    place = tmp_path / "bin"
    place.mkdir()
    (place / "mail").write_text(f'#!/bin/sh\n{{ echo "$@"; cat; }} >> {tmp_path}/sent\n', encoding="utf-8")
    (place / "mail").chmod(0o755)
    path = f"{place}:/usr/bin:/bin"
    run(office, script, tmp_path, PATH=path)
    sent = (tmp_path / "sent").read_text(encoding="utf-8").splitlines()
    assert sent[0] == "-s Scorecard lanh-dao@example.vn" and len(sent) == 4
    assert sent[1].startswith("Hòa Bình, tháng 7/2024: 83,08/100 điểm")
    run(office, script, tmp_path, PATH=path)
    assert len((tmp_path / "sent").read_text(encoding="utf-8").splitlines()) == 4
    (office / "data" / "rubrics" / "2026-01_766-QD-TTg.toml").write_text("= broken", encoding="utf-8")
    run(office, script, tmp_path, 14, PATH=path)
    assert len((tmp_path / "sent").read_text(encoding="utf-8").splitlines()) == 4


def parsed(unit: str) -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None)
    found.optionxform = str
    found.read_string(unit)
    return found


def test_systemd_units(office, tmp_path):
    service, timer = map(parsed, blocks("ini"))
    assert service["Service"]["Type"] == "oneshot" and timer["Install"]["WantedBy"] == "timers.target"
    folder = Path(service["Service"]["WorkingDirectory"].replace(HOME, str(office)))
    assert run(office, service["Service"]["ExecStart"], folder) == f"{REPORT}/index.html\n"
    assert run(office, service["Service"]["ExecStart"], folder) == ""
    if verify := shutil.which("systemd-analyze"):
        for name, unit in zip(("scorecard.service", "scorecard.timer"), blocks("ini"), strict=True):
            (tmp_path / name).write_text(unit.replace(HOME, str(office)), encoding="utf-8")
        done = subprocess.run(
            [verify, "verify", "--user", tmp_path / "scorecard.timer"], capture_output=True, text=True
        )
        assert "scorecard" not in done.stderr, done.stderr
        subprocess.run([verify, "calendar", timer["Timer"]["OnCalendar"]], capture_output=True, check=True)


def options_of(words: str) -> dict[str, object]:
    """The options that a `scorecard report …` gives, as the command reads them."""
    (line,) = re.findall(r"scorecard (report [^>&\n\"]*)", words)
    name, *rest = shlex.split(line)
    return app.commands[name].make_context(name, rest).params


def test_the_windows_task_is_one_command_of_ours(monkeypatch):
    (block,) = blocks("bat")
    (task,) = re.findall(r'/TR "(.*)"$', block, re.MULTILINE)
    assert len(task) <= 261, "the longest that schtasks takes"
    assert options_of(task)["if_new"] is True and task.startswith("cmd /c cd /d ")
    assert re.search(r"/SC DAILY /ST \d\d:\d\d ", block)


def test_the_jobs_of_github_and_gitlab_are_read_and_their_step_runs(office):
    github, gitlab = (yaml.safe_load(block) for block in blocks("yaml"))
    steps = github["jobs"]["report"]["steps"]
    (step,) = [item["run"] for item in steps if "scorecard report" in item.get("run", "")]
    assert step in gitlab["report"]["script"] and options_of(step)["if_new"] is True
    cached, kept = (item["with"]["path"] for item in steps if "path" in item.get("with", {}))
    assert [cached, kept] == gitlab["report"]["cache"]["paths"] + gitlab["report"]["artifacts"]["paths"]
    assert github[True]["schedule"] and github["permissions"] == {"contents": "read"}  # `on` is true in YAML 1.1
    path = f"{office / '.venv' / 'bin'}:/usr/bin:/bin"
    assert run(office, step, office, PATH=path) == f"{REPORT}/index.html\n"
    assert run(office, step, office, PATH=path) == ""


def test_the_page_names_the_exit_codes_and_the_words_that_are_said():
    from analysis import errors

    busy = errors.BusyError.exit_code
    assert f"| another run is making this report | nothing | that it is busy | {busy} |" in PAGE
    codes = [errors.DocumentError.exit_code, errors.BulletinError.exit_code, errors.KnownMonthError.exit_code]
    assert "exit codes {}, {} and {}".format(*codes) in PAGE
    assert NOTHING_NEW.split(":")[0] in PAGE

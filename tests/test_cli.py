"""Does each command say the right numbers, in the right place, in every surrounding it may be called from?"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from analysis import __version__
from analysis.cli import app, main
from analysis.language import use_language
from analysis.scorecards.history import COLUMNS

CALL = "from analysis.cli import main; main()"
SMALL_DATA = {"hoa-binh.csv", "bac-kan.csv", "lam-dong.csv"}
VIETNAMESE = re.compile(r"[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE)
Said = tuple[str, str]  # what a command writes to standard output and to standard error
needs_sh = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")


@pytest.fixture
def small(project_copy) -> Path:
    """A project with three files of figures, to be quick."""
    for path in (project_copy / "data" / "observations").glob("*.csv"):
        if path.name not in SMALL_DATA:
            path.unlink()
    return project_copy


def call(folder: Path, *words: str, code: int = 0, script: str = CALL, **environment: str) -> Said:
    """What a command says in a Python of its own, which must be UTF-8."""
    run = subprocess.run(
        [sys.executable, "-c", script, *words], cwd=folder, env={**os.environ, **environment}, capture_output=True
    )
    out, err = run.stdout.decode("utf-8"), run.stderr.decode("utf-8")
    assert "Traceback (most recent call last)" not in err, err
    assert run.returncode == code, err
    return out, err


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """`call` in this Python, which saves a second; a warning, which would be seen on standard error, is an error."""

    def run(folder: Path, *words: str, codes: tuple[int, ...] = (0,)) -> Said:
        use_language("vi")
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["scorecard", *words])
        monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
        monkeypatch.setenv("LANGUAGE", "vi")  # as `main` does; so the old one comes back
        monkeypatch.delenv("COLUMNS", raising=False)
        for command in (app, *app.commands.values()):
            monkeypatch.setattr(command, "_help_option", None)  # which keeps the language of its first call
        with warnings.catch_warnings(), pytest.raises(SystemExit) as ended:
            warnings.simplefilter("error")
            for unseen in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
                warnings.simplefilter("ignore", unseen)  # as Python itself does
            main()
        out, err = capfd.readouterr()
        assert "Traceback (most recent call last)" not in err, err
        assert (ended.value.code or 0) in codes, err
        return out, err

    return run


def strict(text: str) -> Any:
    """JSON as every program reads it: one value, no NaN, no Infinity, no name twice."""

    def no_constant(name: str) -> None:
        raise ValueError(name)

    def no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({name for name, _value in pairs}) == len(pairs)
        return dict(pairs)

    return json.loads(text, parse_constant=no_constant, object_pairs_hook=no_name_twice)


def by_code(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["code"]: row for row in rows}


def line_of(folder: Path, code: str) -> int:
    lines = (folder / "data" / "observations" / "hoa-binh.csv").read_text(encoding="utf-8").splitlines()
    at = COLUMNS.index("period"), COLUMNS.index("code")
    found = ([line.split(",")[column] for column in at] for line in lines)
    return list(found).index(["2023-04", code]) + 1


# The numbers of April 2023, from the figures as shipped.

LOST = [
    ("transparency", 15.8),
    ("digitisation", 12.0),
    ("satisfaction", 6.7),
    ("online_service_provision", 4.0),
    ("processing_progress", 2.3),
    ("online_payment", 0.5),
]


def test_losses(project_copy):
    out, err = call(project_copy, "losses", "2023-04", "--json")
    data = strict(out)
    assert err == ""
    assert (data["entity"], data["period"]) == ("Hòa Bình", "2023-04")
    assert [(row["code"], row["lost"]) for row in data["groups"]] == LOST
    assert data["total"]["low"] == pytest.approx(58.825) and data["total"]["high"] == pytest.approx(58.835)
    ledger = {row["part"]: row for row in data["ledger"]}
    assert ledger["total"]["lost_low"] == pytest.approx(41.165)
    assert ledger["total"]["lost_high"] == pytest.approx(41.175)
    assert "41,17" in data["sentence"]


def test_whatif(project_copy):
    out, err = call(project_copy, "whatif", "2023-04", "--set", "e_result=80", "--set", "data_reuse=80", "--json")
    data = strict(out)
    assert err == ""
    gains = by_code(data["gains"])
    assert list(gains) == ["e_result", "data_reuse", "together"]
    for code, low, high in (("e_result", 2.77, 3.46), ("data_reuse", 1.60, 2.00), ("together", 4.37, 5.46)):
        assert gains[code]["gain_low"] == pytest.approx(low, abs=0.005)
        assert gains[code]["gain_high"] == pytest.approx(high, abs=0.005)
        assert gains[code]["total_low"] == pytest.approx(58.825 + gains[code]["gain_low"], abs=0.011)
    assert "needed" not in data


def test_check(project_copy, change):
    data = strict(call(project_copy, "check", "--json")[0])
    assert data["failures"] == []
    assert data["figures"] > 2000 and data["explained"] > 40
    assert all(row["ok"] or row["accepted"] for row in data["checks"])

    line = line_of(project_copy, "digitisation")
    change("hoa-binh.csv", line, value="10.5", quote="10,5/22")
    out, err = call(project_copy, "check", "--json", "--lang", "en", code=16)
    assert strict(out)["failures"]
    assert f"hoa-binh.csv:{line}" in err and "Hòa Bình 2023-04" in err


# Words.


def test_same_numbers_in_words(small, quick):
    out, err = quick(small, "losses", "2023-04")
    assert err == ""
    assert "41,17" in out
    for name, lost in (("Công khai, minh bạch", "15,8"), ("Số hóa hồ sơ", "12,0"), ("Thanh toán trực tuyến", "0,5")):
        assert re.search(rf"^  {name} +[0-9,]+ +[0-9]+ +{lost} ", out, re.MULTILINE)
    out, err = quick(small, "losses", "2023-04", "--lang", "en")
    assert "41.17" in out and re.search(r"^  Transparency .*2\.2 +18 +15\.8 ", out, re.MULTILINE)
    out, err = quick(small, "whatif", "2023-04")
    assert err == ""
    for words in ("2,77 đến 3,46", "1,60 đến 2,00", "4,37 đến 5,46"):
        assert words in out
    out, err = quick(small, "whatif", "2023-04", "--lang", "en")
    assert "2.77 to 3.46" in out and "4.37 to 5.46" in out


def test_rates_may_be_written_in_either_way(small, quick):
    texts = ("33.84", "33,84", "33,84%", " 33.84 %")
    answers = {quick(small, "whatif", "2023-04", "--set", f"e_result={text}", "--json")[0] for text in texts}
    assert len(answers) == 1
    assert strict(answers.pop())["gains"][0]["target"] == 33.84


@pytest.mark.parametrize(
    ("words", "comma", "point"),
    [
        (("whatif", "2023-04", "--target"), "62,5", "62.5"),
        (("rank", "2024-07", "--gain"), "1,25", "1.25"),
        (("rank", "2024-07", "--gain", "1", "--drift"), "0,5", "0.5"),
    ],
)
def test_amounts_may_be_written_in_either_way_too(small, quick, words, comma, point):
    assert quick(small, *words, comma, "--json")[0] == quick(small, *words, point, "--json")[0]
    for text in ("abc", "62.500", "1e1"):
        out, err = quick(small, *words, text, codes=(2,))
        assert out == "" and f"“{text}” không phải là số" in err and words[-1] in err


def values_of(command: click.Command) -> list[click.Option]:
    return [
        item for item in command.params if isinstance(item, click.Option) and not item.is_flag and not item.multiple
    ]


EVERY_OPTION = [(name, option.opts[0]) for name, command in app.commands.items() for option in values_of(command)]


@pytest.mark.parametrize(("name", "option"), EVERY_OPTION, ids=" ".join)
def test_an_option_that_is_no_list_is_given_once(tmp_path, quick, name, option):
    """Click would take the last of two, and say nothing of the first. It is refused before anything is read."""
    value = {"--lang": "vi", "--seed": "1", "--units": "1", "--entities": "2", "--jobs": "2"}.get(option, "2023")
    _out, err = quick(tmp_path, name, option, value, option, value, codes=(2,))
    assert option in err and "chỉ được nêu một lần" in err


def test_options_that_are_lists_are_added_to(small, quick):
    given = ("--set", "e_result=80", "--set", "data_reuse=80")
    gains = strict(quick(small, "whatif", "2023-04", *given, "--json")[0])["gains"]
    assert [row["code"] for row in gains] == ["e_result", "data_reuse", "together"]
    for twice in (("--set", "e_result=80", "--set", "e_result=90"), ("--set", "e_result=80", "--set", "e_result=80")):
        assert "--set" in quick(small, "whatif", "2023-04", *twice, codes=(2,))[1]
    lists = {option.opts[0] for command in app.commands.values() for option in command.params if option.multiple}
    assert lists == {"--set", "--lever"}
    one = ("plan", "2023-04", "--target", "60", "--lever", "e_result")
    both = strict(quick(small, *one, "--lever", "data_reuse", "--json")[0])
    assert both != strict(quick(small, *one, "--json")[0])
    assert quick(small, *one, "--lever", "e_result", "--json") == quick(small, *one, "--json"), "said twice"


def test_the_module_is_the_command_and_knows_its_version(tmp_path):
    run = [sys.executable, "-m", "analysis"]
    said = subprocess.run([*run, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (said.stdout, said.stderr) == (f"scorecard {__version__}\n", "")
    helped = subprocess.run([*run, "whatif", "--help"], cwd=tmp_path, capture_output=True, check=True)
    assert helped.stdout.decode().startswith("Cách dùng: scorecard whatif")


def test_latest_month_and_names_without_marks(small, quick):
    given, _err = quick(small, "losses", "2024-07", "-e", "Hòa Bình", "--json")
    assert quick(small, "losses", "--json")[0] == given
    assert quick(small, "losses", "-e", "hoa-binh", "--json")[0] == given
    assert quick(small, "losses", "--entity=HOA BINH", "--json")[0] == given


@pytest.mark.parametrize("language", ["vi", pytest.param("en", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "words",
    [
        ["losses", "2024-07"],
        ["losses", "2025", "-e", "lam-dong"],
        ["losses", "2023-08", "-e", "bac-kan"],
        ["whatif", "2024-07", "--target", "90"],
        ["whatif", "2025", "-e", "lam-dong", "--set", "e_result=100"],
        ["identify", "2024-07"],
        ["plan", "2025", "-e", "lam-dong"],
        ["change", "2023-04", "2024-07"],
        ["rank", "2024-07"],
        ["check"],
    ],
    ids=" ".join,
)
def test_an_answer_and_nothing_else(small, quick, words, language):
    out, err = quick(small, *words, "--json", "--lang", language)
    assert strict(out)
    assert err == ""
    out, err = quick(small, *words, "--lang", language)
    assert len(out.splitlines()) > 1 and "{" not in out and "None" not in out
    assert err == ""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["losses", "2023-05"], 10),
        (["losses", "2024-06"], 12),
        (["losses", "2023-04", "-e", "zzz"], 10),
        (["losses", "abc"], 10),
        (["losses", "2023-13"], 10),
        (["losses", "13/2023"], 10),
        (["losses", "../../x"], 10),
        (["whatif", "abc"], 10),
        (["whatif", "2023-04", "--set", "e_rsult=80"], 11),
        (["whatif", "2023-04", "--set", "e_result=abc"], 2),
        (["whatif", "2023-04", "--set", "e_result=101"], 2),
        (["whatif", "2023-04", "--set", "e_result=-1"], 2),
        (["whatif", "2023-04", "--set", "e_result=80.000"], 2),
        (["whatif", "2023-04", "--set", "=80"], 11),
        (["whatif", "2023-04", "--target", "nan"], 2),
        (["whatif", "2023-04", "--target", "101"], 11),
        (["losses", "--nope"], 2),
        (["losses", "2023-04", "more"], 2),
        (["nope"], 2),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else None,
)
def test_an_error_leaves_standard_output_empty(small, quick, words, code):
    """A month that is no month may be an unknown name or a wrong parameter, but never a traceback."""
    known = [*words, "--json"] if words[0] != "nope" else words
    odd = len(words) > 1 and words[1] in ("abc", "2023-13", "13/2023", "../../x")
    out, err = quick(small, *known, codes=(code, 11) if odd else (code,))
    assert out == ""
    assert "Lỗi: " in err


def test_a_month_may_be_written_as_people_write_it(small, quick):
    expected = quick(small, "losses", "2023-04", "--json")
    assert quick(small, "losses", "tháng 4/2023", "--json") == expected


def test_what_was_added_last_is_reported_next(small, quick, monkeypatch):
    from analysis.runs import forked, run

    asked = []
    monkeypatch.setattr(forked, "warm", lambda: None)
    monkeypatch.setattr(run, "load_engine", lambda: None)
    monkeypatch.setattr(
        forked,
        "ask",
        lambda _prepare, given, _allowed: (
            asked.append(given) or run.Parameters(entity="x", month="2024-01", levers={"a": 1.0})
        ),
    )
    monkeypatch.setattr(run, "render", lambda *_given, **_named: small / "page")
    log = small / "data" / "log.csv"
    head = "when,what,entity,period,source,figures,total\n2026-11-30T08:00,added,Bắc Kạn,2024-07,x,8,82.88\n"
    log.write_text(head, encoding="utf-8")
    for words in ([], ["-e", "bac-kan"], ["-e", "lam-dong"], ["2023-04"]):
        quick(small, "report", *words)
    log.write_text(f"{head}2026-11-30T09:00,removed,Bắc Kạn,2024-07,x,8,82.88\n", encoding="utf-8")
    quick(small, "report")
    found = [(given["entity"], given["month"]) for given in asked]
    assert found == [
        ("Bắc Kạn", "2024-07"),
        ("Bắc Kạn", "2024-07"),
        ("lam-dong", ""),
        ("Hòa Bình", "2023-04"),
        ("Hòa Bình", ""),
    ]


# Help.


@pytest.mark.parametrize("command", [[], ["report"], ["losses"], ["whatif"], ["check"]], ids=" ".join)
def test_help_is_vietnamese(project_copy, quick, monkeypatch, command):
    monkeypatch.setenv("LANG", "C")
    out, err = quick(project_copy, *command, "--help")
    assert err == ""
    assert out.startswith("Cách dùng: scorecard")
    assert "Tùy chọn:" in out and "Hiện hướng dẫn này rồi thoát." in out
    assert len(VIETNAMESE.findall(out)) > 20
    for english in ("Usage:", "Options:", "Commands:", "Show this", "default:", "The ", "Print", "Language"):
        assert english not in out
    assert quick(project_copy, *command, "-h")[0] == out


def test_help_does_not_ask_the_machine_for_a_language(project_copy):
    out, _err = call(project_copy, "--help", LANG="C", LANGUAGE="de")
    assert out.startswith("Cách dùng: scorecard") and "Tùy chọn:" in out


def test_help_is_quick(project_copy):
    script = f"import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); {CALL}"
    for command in ([], ["report"], ["whatif"]):
        _out, err = call(project_copy, *command, "--help", script=script)
        loaded = {name.partition(".")[0] for name in err.split()}
        assert "click" in loaded
        assert not loaded & {"pandas", "numpy", "matplotlib", "seaborn", "pydantic", "babel", "papermill", "nbformat"}


def test_help_needs_no_project(tmp_path):
    out, _err = call(tmp_path, "--help")
    assert "scorecard" in out


# Surroundings.


@pytest.mark.parametrize(
    "surroundings",
    [
        {"PYTHONIOENCODING": "cp1258:strict"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        *(
            pytest.param({"PYTHONIOENCODING": encoding}, marks=pytest.mark.slow)
            for encoding in ("cp1258", "cp1252", "ascii", "utf-16")
        ),
    ],
    ids=lambda surroundings: " ".join(surroundings.values()),
)
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["losses", "2023-05"], 10),
        pytest.param(["--help"], 0, marks=pytest.mark.slow),
        pytest.param(["losses", "2023-04"], 0, marks=pytest.mark.slow),
        pytest.param(["losses", "--nope"], 2, marks=pytest.mark.slow),
    ],
    ids=["error", "help", "answer", "usage"],
)
def test_output_is_utf8_whatever_the_terminal_says(small, quick, words, code, surroundings):
    plain = quick(small, *words, codes=(code,))
    assert VIETNAMESE.search("".join(plain))
    assert call(small, *words, code=code, **surroundings) == plain


@needs_sh
def test_name_that_is_not_utf8(small):
    run = subprocess.run([sys.executable, "-c", CALL, "losses", "-e", b"\xff\xfe"], cwd=small, capture_output=True)
    assert run.returncode == 10
    assert b"Traceback" not in run.stderr


@needs_sh
@pytest.mark.parametrize("closed", [">&-", *(pytest.param(it, marks=pytest.mark.slow) for it in ("2>&-", ">&- 2>&-"))])
def test_closed_stream(small, closed):
    """As under some schedulers, and pythonw on Windows. What is still open is written; no output may be an error."""
    command = f'"$0" -c "$1" losses 2023-04 {closed}'
    run = subprocess.run(["sh", "-c", command, sys.executable, CALL], cwd=small, capture_output=True)
    assert b"Traceback" not in run.stderr
    if not closed.startswith(">&-"):
        assert run.returncode == 0
        assert b"41,17" in run.stdout


@needs_sh
def test_reader_that_stops_reading(small):
    command = '"$0" -c "$1" check --json | head -c 10; exit 0'
    run = subprocess.run(["sh", "-c", command, sys.executable, CALL], cwd=small, capture_output=True)
    assert len(run.stdout) == 10
    assert b"Traceback" not in run.stderr


@pytest.mark.parametrize(
    "folder", ["deep/er", *(pytest.param(it, marks=pytest.mark.slow) for it in ("notebooks", "data/observations"))]
)
def test_command_from_inside_the_project(small, quick, folder):
    (small / folder).mkdir(parents=True, exist_ok=True)
    expected = quick(small, "losses", "2023-04", "--json")
    assert call(small / folder, "losses", "2023-04", "--json") == expected


def test_commands_that_only_read_write_nothing(small, quick):
    def files() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in small.rglob("*")}

    before = files()
    for words in (["losses"], ["whatif"], ["check"], ["--help"]):
        quick(small, *words)
    assert files() == before


INTERRUPTED_IN_A_CALLBACK = f"""
import os, signal, threading, time, weakref
from analysis import commands

signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background has its children ignore it

def wait(*_asked):
    lock = type("Lock", (), {{}})()
    dropped = weakref.ref(lock, lambda _lock: signal.raise_signal(signal.SIGINT))
    del lock
    watch = threading.Timer(20, os._exit, [3])
    watch.daemon = True
    watch.start()
    time.sleep(30)

commands.losses = wait
{CALL}
"""


def test_interrupt_that_python_drops(small):
    """What is raised in a callback, as those of imports, is dropped by Python; the command must end all the same."""
    out, err = call(small, "losses", "2023-04", script=INTERRUPTED_IN_A_CALLBACK, code=130)
    assert out == "" and err.startswith("Đã dừng") and err.count("\n") == 1

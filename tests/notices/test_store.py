"""From a notice to figures in the store: shown, checked, stored whole or not at all; forms and exports."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from analysis import commands
from analysis.cli import app
from analysis.errors import AnalysisError, BusyError, HistoryError, KnownMonthError, WriteError
from analysis.files import only_one
from analysis.language import use_language
from analysis.notices import examine, forms, store
from analysis.notices.documents import Document
from analysis.notices.phrasebook import load_phrasebook
from analysis.notices.reader import read
from analysis.scorecards import history, sources
from analysis.scorecards.history import COLUMNS
from analysis.scorecards.rubric import load_rubrics
from places import REPOSITORY

NOTICES = Path(__file__).parent / "files"
GOLDEN = NOTICES / "hoa-binh-2023-04.docx"
SAME = NOTICES / "hoa-binh-2023-04.pdf"
APRIL = "2023-04"
CALL = "from analysis.cli import main; main()"


@pytest.fixture
def without_april(project_copy) -> Path:
    """A project where April 2023 is yet to be added, with few other figures, to be quick."""
    folder = project_copy / "data" / "observations"
    for path in folder.glob("*.csv"):
        if path.name not in ("hoa-binh.csv", "bac-kan.csv"):
            path.unlink()
    lines = (folder / "hoa-binh.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "hoa-binh.csv").write_text("".join(line for line in lines if f",{APRIL}," not in line), encoding="utf-8")
    (project_copy / "reports").mkdir()
    return project_copy


def run(*words: str, code: int = 0, given: bytes | None = None) -> tuple[str, str]:
    """What `scorecard` writes to standard output and to standard error."""
    made = CliRunner().invoke(app, list(words), input=given)
    assert made.exit_code == code, (made.exit_code, made.output, made.exception)
    return made.stdout, made.stderr


def stored(project: Path, period: str = APRIL) -> list[dict[str, str]]:
    with (project / "data" / "observations" / "hoa-binh.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["period"] == period]


def known() -> list[dict[str, str]]:
    with (REPOSITORY / "data" / "observations" / "hoa-binh.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["period"] == APRIL]


def files(project: Path) -> dict[str, bytes]:
    """Everything in the project but the locks."""
    return {
        path.relative_to(project).as_posix(): path.read_bytes()
        for path in sorted(project.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


def letter(project: Path, text: str, name: str = "notice.txt") -> str:
    path = project / name
    path.write_text(text, encoding="utf-8")
    return str(path)


SMALL = "Tỉnh Hòa Bình tháng 8/2024 (đến 31/8/2024): tổng điểm 81,20/100 điểm, xếp hạng 3/63."


# Adding.


def test_a_notice_becomes_figures(without_april):
    out, err = run("add", str(GOLDEN), "--yes", "--lang", "en")
    bare = [{**row, "source": ""} for row in stored(without_april)]
    assert sorted(bare, key=lambda row: (row["code"], row["unit"])) == sorted(
        ({**row, "value": row["value"], "source": ""} for row in known()), key=lambda row: (row["code"], row["unit"])
    )
    assert "36 figures were read" in out and "«58,83/100»" in out
    assert "scorecard report 2023-04 --entity hoa-binh" in err
    (source,) = {row["source"] for row in stored(without_april)}
    record = tomllib.loads((without_april / "data" / "sources.toml").read_text(encoding="utf-8"))[source]
    assert record["number"] == "3220/VPUBND-NVK" and record["published"] == date(2023, 4, 25)
    kept = without_april / "data" / "bulletins" / source
    assert (kept / "notice.docx").read_bytes() == GOLDEN.read_bytes()
    assert store.faults(sources.load_sources()) == []


def test_then_check_and_report_go_on(without_april):
    run("add", str(GOLDEN), "--yes")
    assert "0" in run("check", "--lang", "en")[0]
    out, _err = run("report", APRIL, "--lang", "en")
    page = Path(out.strip()).read_text(encoding="utf-8")
    assert "<mark>33,83%</mark>" in page and "<mark>58,83/100</mark>" in page
    assert page.count("<mark>") == 36
    assert "sha256" in page


def test_every_figure_opens_its_sentence(without_april):
    run("add", str(GOLDEN), "--yes")
    figures = history.load_history(load_rubrics())
    passages = store.passages(history.card(figures, "Hòa Bình", APRIL))
    assert len(passages) == 36
    for row in history.card(figures, "Hòa Bình", APRIL).itertuples():
        assert passages[f"{row.file}:{row.line}"].quote == row.quote


def test_a_figure_changed_by_hand_opens_no_sentence(without_april):
    run("add", str(GOLDEN), "--yes")
    path = without_april / "data" / "observations" / "hoa-binh.csv"
    path.write_text(path.read_text(encoding="utf-8").replace('"33,83%"', '"33,84%"'), encoding="utf-8")
    figures = history.load_history(load_rubrics())
    assert len(store.passages(history.card(figures, "Hòa Bình", APRIL))) == 35


def test_a_kept_notice_that_was_changed_is_found(without_april):
    run("add", str(GOLDEN), "--yes")
    (kept,) = (without_april / "data" / "bulletins").glob("*/notice.docx")
    kept.write_bytes(b"other")
    _out, err = run("check", "--lang", "en", code=16)
    assert "is not the one that the figures were read from" in err


def test_the_same_notice_twice_changes_nothing(without_april):
    run("add", str(GOLDEN), "--yes")
    before = files(without_april)
    for again in (GOLDEN, SAME):
        out, _err = run("add", str(again), "--yes", "--lang", "en")
        assert "known already" in out
        assert files(without_april) == before


def test_a_notice_of_figures_typed_before_is_kept_with_them(project_copy):
    run("add", str(GOLDEN), "--yes")
    source = tomllib.loads((project_copy / "data" / "sources.toml").read_text(encoding="utf-8"))["hoa-binh-2023-04"]
    assert len(source["sha256"]) == 64 and source["url"]
    assert stored(project_copy) == known()
    before = files(project_copy)
    run("add", str(GOLDEN), "--yes")
    assert files(project_copy) == before


def test_showing_changes_nothing(without_april):
    before = files(without_april)
    run("add", str(GOLDEN), "--dry-run")
    run("add", str(GOLDEN), "--dry-run", "--json")
    assert files(without_april) == before


def test_nobody_is_asked_where_nobody_can_answer(without_april):
    before = files(without_april)
    _out, err = run("add", str(GOLDEN), "--lang", "en", code=2)
    assert "--yes" in err
    assert files(without_april) == before


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX terminal")
@pytest.mark.parametrize(("answer", "count"), [(b"c\n", 36), (b"y\n", 36), (b"\n", 0), (b"k\n", 0)])
def test_it_asks_once(without_april, answer, count):
    import pty

    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", CALL, "add", str(GOLDEN)], stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    os.write(master, answer)
    out, err = process.communicate(timeout=60)
    os.close(master)
    os.close(slave)
    assert process.returncode == 0
    assert err.decode("utf-8").count("?") == 1
    assert "36 số" in out.decode("utf-8") or "36" in out.decode("utf-8")
    assert len(stored(without_april)) == count


def test_standard_input(without_april):
    text = SMALL.encode()
    data = json.loads(run("add", "-", "--dry-run", "--json", given=text)[0])
    assert (data["entity"], data["period"], data["as_of"], data["stored"]) == (
        "Hòa Bình",
        "2024-08",
        "2024-08-31",
        False,
    )
    run("add", "-", "--yes", given=text)
    assert [row["code"] for row in stored(without_april, "2024-08")] == ["total_score", "national_rank"]


def test_json_has_the_place_of_every_figure(without_april):
    data = json.loads(run("add", str(NOTICES / "hoa-binh-2023-04.txt"), "--dry-run", "--json")[0])
    assert len(data["figures"]) == 36
    for item in data["figures"]:
        assert " ".join(data["text"][item["start"] : item["end"]].split()) == item["quote"]
        assert item["quote"] in item["sentence"]
    assert data["state"] == "new" and data["failures"] == [] and data["missing"] == ["certified_e_copy"]
    assert {row["check"] for row in data["checks"]} == {
        "groups_to_total",
        "shares_to_100",
        "count_to_percent",
        "whole_exists",
    }


# Refusals.


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("17,7/20", "18,9/20", "groups against total"),
        ("537 (36,09%)", "547 (36,09%)", "count against percent"),
        ("2,2/18", "2,2/20", "the maximum printed is 20"),
        ("24/63", "24/34", "34 provinces are printed"),
        ("24/4/2023", "24/4/2022", "a day before"),
    ],
)
def test_what_does_not_add_up_is_not_stored(without_april, old, new, words):
    text = (NOTICES / "hoa-binh-2023-04.txt").read_text(encoding="utf-8")
    assert old in text
    path = letter(without_april, text.replace(old, new))
    before = files(without_april)
    _out, err = run("add", path, "--yes", "--lang", "en", code=31)
    assert words in err and "“" in err
    assert files(without_april) == before


def test_a_date_yet_to_come_is_refused(without_april, rubrics):
    text = "Tỉnh Phú Thọ tháng 11/2026 (đến 30/11/2026): tổng điểm 81,20/100 điểm, xếp hạng 3/34."
    notice = read(text, rubrics, load_phrasebook())
    document = Document("x.txt", b"x", "text", text)
    assert examine.examine(notice, document, rubrics, date(2026, 12, 1)).failures == []
    (words,) = examine.examine(notice, document, rubrics, date(2026, 11, 24)).failures
    assert "yet to come" in words


def test_a_known_month_with_other_values_is_refused(without_april):
    run("add", letter(without_april, SMALL), "--yes")
    before = files(without_april)
    other = letter(without_april, SMALL.replace("81,20", "81,90"), "other.txt")
    _out, err = run("add", other, "--yes", "--lang", "en", code=32)
    assert "81,90/100 ≠ 81,20/100" in err and "--correct" in err
    del before["notice.txt"]
    assert {
        name: content for name, content in files(without_april).items() if name not in ("notice.txt", "other.txt")
    } == before


def test_correct_keeps_both_dated(without_april):
    run("add", letter(without_april, SMALL), "--yes")
    run("add", letter(without_april, SMALL.replace("81,20", "81,90"), "other.txt"), "--yes", "--correct")
    values = [row["value"] for row in stored(without_april, "2024-08") if row["code"] == "total_score"]
    assert values == ["81.20", "81.90"]
    (entry,) = sources.load_replacements()
    assert (entry.source, entry.by, entry.date) == ("hoa-binh-2024-08", "hoa-binh-2024-08-2", date.today())
    figures = history.load_history(load_rubrics())
    assert history.card(figures, "Hòa Bình", "2024-08").loc[("total_score", "points"), "value"] == 81.9
    before = files(without_april)
    run("add", str(without_april / "other.txt"), "--yes", "--correct")
    assert files(without_april) == before


def test_a_later_day_of_the_same_month_needs_correct_and_stands_beside(without_april):
    run("add", letter(without_april, SMALL.replace("31/8", "24/8")), "--yes")
    later = letter(without_april, SMALL.replace("81,20", "82,00"), "later.txt")
    run("add", later, "--yes", code=32)
    run("add", later, "--yes", "--correct")
    assert sources.load_replacements() == ()
    figures = history.load_history(load_rubrics())
    assert history.card(figures, "Hòa Bình", "2024-08").loc[("total_score", "points"), "value"] == 82.0
    assert len(stored(without_april, "2024-08")) == 4


def test_a_fuller_notice_adds_what_is_new(without_april):
    run("add", letter(without_april, SMALL), "--yes")
    fuller = letter(without_april, SMALL + " Tỷ lệ cấp kết quả điện tử đạt 40,50%.", "fuller.txt")
    out, _err = run("add", fuller, "--yes", "--lang", "en")
    assert "1 are new" in out
    assert [row["code"] for row in stored(without_april, "2024-08")] == ["total_score", "national_rank", "e_result"]


def test_a_replacement_that_matches_nothing_stops(without_april):
    path = without_april / "data" / "corrections.toml"
    entry = (
        '\n[[replacement]]\nentity = "Hòa Bình"\nperiod = "2024-07"\nsource = "bao-hoa-binh-2024-07"\nby = "nothing"\n'
        'date = 2026-11-24\nreason = "x"\n'
    )
    path.write_text(path.read_text(encoding="utf-8") + entry, encoding="utf-8")
    with pytest.raises(HistoryError, match="matches no figures"):
        history.load_history(load_rubrics())


def test_a_jump_is_named_and_not_refused(without_april):
    text = SMALL.replace("81,20", "61,20").replace("3/63", "50/63") + " Mức độ hài lòng: 9,0/18 điểm."
    out, _err = run("add", letter(without_april, text), "--yes", "--lang", "en")
    assert "Total score: 83.08 in July 2024, now 61.20: a jump" in out
    assert "Rank: 1 in July 2024, now 50: a jump" in out
    assert "Satisfaction: 18.0 in July 2024, now 9.0: a jump" in out
    assert len(stored(without_april, "2024-08")) == 3


def test_what_no_rule_explains_is_named(without_april):
    text = (
        SMALL
        + " Tiến độ giải quyết: 19,5/20 điểm. Thanh toán trực tuyến: 9,5/10 điểm. Hồ sơ thanh toán trực tuyến: 1,00%."
    )
    data = json.loads(run("add", letter(without_april, text), "--dry-run", "--json", "--lang", "en")[0])
    assert any("rule" in words or "rules" in words for words in data["warnings"])
    assert data["failures"] == []


def test_what_is_not_printed_is_said(without_april):
    data = json.loads(run("add", letter(without_april, SMALL), "--dry-run", "--json", "--lang", "en")[0])
    assert any("the total was not checked" in words for words in data["warnings"])
    no_total = SMALL.replace("tổng điểm 81,20/100 điểm, ", "")
    data = json.loads(run("add", letter(without_april, no_total), "--dry-run", "--json", "--lang", "en")[0])
    assert any("no total is printed" in words for words in data["warnings"])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["add", "nothing.docx"], 30),
        (["add", "."], 30),
        (["add", str(GOLDEN), "--month", "4/2023"], 2),
        (["add", str(GOLDEN), "--month", "2023-05", "--yes"], 31),
        (["add", str(GOLDEN), "--entity", "ha-nam", "--yes"], 31),
        (["add"], 2),
        (["template", "2024-08", "-e", "nowhere"], 10),
        (["template", "1999-01"], 10),
        (["export", "2031-01"], 10),
    ],
    ids=lambda words: " ".join(Path(word).name for word in words) if isinstance(words, list) else None,
)
def test_exit_codes(without_april, words, code):
    before = files(without_april)
    _out, err = run(*words, code=code)
    assert err.strip()
    assert files(without_april) == before


# Whole or not at all.


def add(path: Path = GOLDEN, correct: bool = False) -> list[Path]:
    _answer, keep = commands.add(path, None, "", "")
    return keep(correct)


STEPS = ("write", "sync", "replace", "mkdir")


ERRORS = (errno.ENOSPC, errno.EACCES, errno.EIO)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("step", STEPS)
def test_a_fault_at_any_step_leaves_everything_as_it_was(without_april, monkeypatch, step, error):
    """The n-th call of each kind fails, for every n that is reached."""
    _answer, keep = commands.add(GOLDEN, None, "", "")
    before = files(without_april)
    (without_april / "reports" / ".work").mkdir(exist_ok=True)
    reached = 0
    for number in range(12):
        calls = 0

        def failing(real: Any, number: int = number) -> Any:
            def call(*values: Any, **names: Any) -> Any:
                nonlocal calls
                calls += 1
                if calls == number + 1:
                    raise OSError(error, os.strerror(error), "x")
                return real(*values, **names)

            return call

        with monkeypatch.context() as patch:
            patch.setattr(store, "_check_staged", lambda *_values: None)
            if step == "sync":
                patch.setattr(os, "fsync", failing(os.fsync))
            elif step == "replace":
                patch.setattr(Path, "replace", failing(Path.replace))
            elif step == "mkdir":
                patch.setattr(Path, "mkdir", failing(Path.mkdir))
            else:
                patch.setattr(Path, "open", failing(Path.open))
            try:
                keep(False)
            except WriteError:
                reached += 1
                assert files(without_april) == before, (step, number)
                continue
        break
    assert reached >= 3
    assert len(stored(without_april)) == 36
    assert not [path for path in without_april.rglob(".*") if path.is_file() and path.suffix != ".lock"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a fork")
def test_a_kill_at_any_moment_is_mended_by_running_again(without_april):
    """Whenever it is killed, what is read is as before or as after, and a plain run ends the work."""
    data = without_april / "data"
    shutil.copytree(data, without_april / "first")
    chance = random.Random(7)
    kills = 0
    for _try in range(8):
        shutil.rmtree(data)
        shutil.copytree(without_april / "first", data)
        child = os.fork()
        if not child:
            try:
                _answer, keep = commands.add(GOLDEN, None, "", "")
                keep(False)
            finally:
                os._exit(0)
        ended = 0
        while not (data / "bulletins").exists() and not ended:
            ended, _status = os.waitpid(child, os.WNOHANG)
            time.sleep(0.001)
        time.sleep(chance.random() * 0.004)
        if not ended:
            os.kill(child, signal.SIGKILL)
            kills += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        assert len(history.load_history(load_rubrics()).query("entity == 'Hòa Bình' and period == @APRIL")) in (0, 36)
        run("add", str(GOLDEN), "--yes")
        assert len(stored(without_april)) == 36
        assert {row["source"] for row in stored(without_april)} <= set(sources.load_sources())
    assert kills >= 4


def test_an_interrupt_between_two_files_puts_both_back(without_april, monkeypatch):
    _answer, keep = commands.add(GOLDEN, None, "", "")
    before, real, calls = files(without_april), Path.replace, 0

    def interrupted(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        keep(False)
    assert files(without_april) == before


def test_two_at_once(without_april):
    _answer, keep = commands.add(GOLDEN, None, "", "")
    with only_one(without_april / "reports", "add"), pytest.raises(BusyError, match="storing figures"):
        keep(False)
    assert stored(without_april) == []
    assert keep(False)


def test_a_store_that_would_break_is_not_written(without_april, monkeypatch):
    _answer, keep = commands.add(GOLDEN, None, "", "")
    before = files(without_april)
    real = store._changes

    def broken(*values: Any) -> dict[Path, bytes]:
        changes = real(*values)
        (path,) = [path for path in changes if path.suffix == ".csv" and path.parent.name == "observations"]
        return {**changes, path: changes[path].replace(b"58.83", b"158.83")}

    monkeypatch.setattr(store, "_changes", broken)
    with pytest.raises(HistoryError):
        keep(False)
    assert files(without_april) == before


def test_a_line_without_an_end_is_ended_first(without_april):
    path = without_april / "data" / "observations" / "hoa-binh.csv"
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert add()
    assert len(stored(without_april)) == 36


def test_a_new_province_gets_a_file(without_april):
    text = "Tỉnh Hà Giang tháng 8/2024: tổng điểm 81,20/100 điểm, xếp hạng 3/63."
    run("add", letter(without_april, text), "--yes")
    assert (
        (without_april / "data" / "observations" / "ha-giang.csv")
        .read_text(encoding="utf-8")
        .startswith(",".join(COLUMNS))
    )
    assert "Hà Giang" in run("losses", "-e", "ha-giang")[0]


# Forms.


def filled(project: Path, suffix: str, edit: Any = None) -> Path:
    """The form of August 2024 with a total, a group and a rate, as a user fills it in."""
    run("template", "2024-08")
    path = project / f"scorecard-hoa-binh-2024-08{suffix}"
    values = {
        "as_of": {2: "31/8/2024"},
        "title": {2: "Công văn 12"},
        "total_score": {2: "81,20"},
        "national_rank": {2: "3"},
        "satisfaction": {2: "18,0"},
        "e_result": {4: "1.205", 5: "2.975", 6: "40,50"},
    }
    values |= edit or {}
    if suffix == ".csv":
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig")), delimiter=";"))
        for row in rows:
            for column, value in values.get(row[0], {}).items():
                row += [""] * (column + 1 - len(row))
                row[column] = value
        forms.write_csv(rows, path)
    else:
        book = load_workbook(path)
        for row in book.active.iter_rows():
            for column, value in values.get(row[0].value, {}).items():
                row[column].value = value
        book.save(path)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_form_is_read_back(without_april, suffix):
    out, _err = run("add", str(filled(without_april, suffix)), "--yes", "--lang", "en")
    assert " 81.20/100 " in out and " 18.0/18 " in out and " 3/63 " in out and " 40.50% " in out
    rows = {(row["code"], row["unit"]): row for row in stored(without_april, "2024-08")}
    assert {key: (row["value"], row["decimals"]) for key, row in rows.items()} == {
        ("total_score", "points"): ("81.20", "2"),
        ("national_rank", "rank"): ("3", "0"),
        ("satisfaction", "points"): ("18.0", "1"),
        ("e_result", "count"): ("1205", "0"),
        ("e_result_base", "count"): ("2975", "0"),
        ("e_result", "percent"): ("40.50", "2"),
    }
    assert {row["kind"] for row in rows.values()} == {"entered"}
    assert {row["as_of"] for row in rows.values()} == {"2024-08-31"}


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"e_result": {6: "40,5O"}}, "not a number"),
        ({"satisfaction": {2: "19,0"}}, "more than the maximum"),
        ({"satisfaction": {3: "20"}}, "the maximum printed is 20"),
        ({"e_result": {4: "1.205", 5: "2.975", 6: "45,50"}}, "count against percent"),
        ({"as_of": {2: "31/31/2024"}}, "not a date"),
        ({"satisfaction": {6: "18,0"}}, "only points"),
        ({"period": {2: ""}}, "does not say which province and period"),
        ({"entity": {2: "Hòa Bin"}}, "does not say which province and period"),
    ],
)
def test_a_wrong_form_is_refused(without_april, edit, words):
    path = filled(without_april, ".csv", edit)
    before = files(without_april)
    _out, err = run("add", str(path), "--yes", "--lang", "en", code=31)
    assert words in err
    assert files(without_april) == before


def test_an_empty_form_is_refused_and_a_form_is_not_written_over(without_april):
    run("template", "2024-08")
    _out, err = run("add", "scorecard-hoa-binh-2024-08.xlsx", "--yes", "--lang", "en", code=31)
    assert "no figure in it" in err
    before = files(without_april)
    run("template", "2024-08", code=24)
    assert files(without_april) == before


def test_a_form_has_every_code_of_its_rubric(without_april, rubrics):
    codes = {row[0] for row in forms.form_rows(rubrics[-1], "Phú Thọ", "2026-11")}
    assert {
        code for group in rubrics[-1].groups for code in (group.code, *(item.code for item in group.indicators))
    } <= codes
    assert "34" in next(row for row in forms.form_rows(rubrics[-1], "Phú Thọ", "2026-11") if row[0] == "national_rank")


def test_the_same_form_is_the_same_file(without_april):
    run("template", "2024-08")
    first = files(without_april)
    for path in without_april.glob("scorecard-*"):
        path.unlink()
    run("template", "2024-08")
    again = files(without_april)
    name = "scorecard-hoa-binh-2024-08.csv"
    assert again[name] == first[name]


# Exports.


def test_an_export_is_for_excel_of_a_vietnamese_computer(project_copy):
    out, _err = run("export", APRIL)
    data = Path(out.strip()).read_bytes()
    assert data.startswith(b"\xef\xbb\xbf") and b"\r\n" in data
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 36
    assert {row["code"]: row["value"] for row in rows}["total_score"] == "58,83"
    assert {(row["code"], row["unit"]): row["value"] for row in rows}["dossier_sync", "count"] == "23636"


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1"])
def test_text_of_an_export_starts_no_formula(project_copy, change, start):
    change("hoa-binh.csv", 2, quote=start.strip() or start)
    figures = history.load_history(load_rubrics())
    figures.loc[0, "quote"] = start
    rows = forms.export_rows(figures.head(1))
    assert rows[1][rows[0].index("quote")] == "'" + start
    assert rows[1][rows[0].index("value")][0] not in forms.FORMULA


def test_an_export_is_never_read_as_the_store(project_copy):
    out, _err = run("export", APRIL)
    shutil.copyfile(out.strip(), project_copy / "data" / "observations" / "export.csv")
    use_language("en")
    with pytest.raises(HistoryError, match="separated by semicolons"):
        history.load_history(load_rubrics())


def test_all_figures_of_a_province(project_copy):
    out, _err = run("export")
    assert len(Path(out.strip()).read_bytes().splitlines()) == 1 + 57 - 1


# Words.


def test_messages_are_vietnamese_by_default(without_april):
    out, err = run("add", str(GOLDEN), "--yes")
    assert "Tổng điểm" in out and "«58,83/100»" in out
    for english in ("figures", "Stored", "Checks", "known", "Next"):
        assert english not in out + err
    with pytest.raises(AnalysisError) as refusal:
        commands.add(without_april / "none.txt", None, "", "")
    assert refusal.value.exit_code == 30


def test_known_month_error_is_its_own(without_april):
    assert KnownMonthError.exit_code == 32

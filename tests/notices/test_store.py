"""From a notice to figures in the store: shown, stored whole or not at all, and kept with what they were read from."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import sys
import threading
import time
import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from analysis import files as package_files
from analysis import filing
from analysis.cli import app
from analysis.errors import BusyError, HistoryError, KnownMonthError, WriteError
from analysis.files import held
from analysis.notices import documents, store
from analysis.scorecards import history, sources
from analysis.scorecards.history import COLUMNS
from analysis.scorecards.rubric import load_rubrics
from noticed import APRIL, GOLDEN, NOTICES, SMALL, files, letter, names_in, run, stored
from places import REPOSITORY

TEXT, DOCX, PDF = (NOTICES / f"{GOLDEN}{suffix}" for suffix in (".txt", ".docx", ".pdf"))


def card_of(period: str) -> Any:
    return history.card(history.load_history(load_rubrics()), "Hòa Bình", period)


def without_source(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(({**row, "source": ""} for row in rows), key=lambda row: (row["code"], row["unit"]))


# Adding.


def test_a_notice_becomes_figures(without_april):
    out, err = run("add", str(DOCX), "--yes", "--lang", "en")
    assert without_source(stored(without_april)) == without_source(stored(REPOSITORY))
    assert "36 figures were read" in out and "«58,83/100»" in out
    assert "scorecard report 2023-04 -e hoa-binh" in err
    (source,) = {row["source"] for row in stored(without_april)}
    record = tomllib.loads((without_april / "data" / "sources.toml").read_text(encoding="utf-8"))[source]
    assert record["number"] == "3220/VPUBND-NVK" and record["published"] == date(2023, 4, 25)
    kept = without_april / "data" / "bulletins" / source
    assert (kept / "notice.docx").read_bytes() == DOCX.read_bytes()
    assert store.faults(history.load_history(load_rubrics()), sources.load_sources()) == []
    figures = card_of(APRIL)
    passages = store.passages(figures)
    assert len(passages) == 36
    assert {place: found.quote for place, found in passages.items()} == {
        f"{row.file}:{row.line}": row.quote for row in figures.itertuples()
    }


def test_words_changed_by_hand_open_no_sentence_and_a_changed_notice_is_found(without_april):
    run("add", str(TEXT), "--yes")
    path = without_april / "data" / "observations" / "hoa-binh.csv"
    path.write_text(path.read_text(encoding="utf-8").replace('"33,83%"', '"33,83 %"'), encoding="utf-8")
    assert len(store.passages(card_of(APRIL))) == 35
    (kept,) = (without_april / "data" / "bulletins").glob("*/notice.txt")
    kept.write_bytes(b"other")
    _out, err = run("check", "--lang", "en", code=16)
    assert "is not the one that the figures were read from" in err


def test_a_value_that_is_not_what_its_words_print_stops_everything(without_april):
    run("add", str(TEXT), "--yes")
    path = without_april / "data" / "observations" / "hoa-binh.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("33.83,percent,,2,published", "38.33,percent,,2,published"), encoding="utf-8")
    for command in ("check", "losses"):
        _out, err = run(command, "--lang", "en", code=13)
        assert "38.33 is not what its words print: “33,83%”" in err
    path.write_text(text.replace("33.83,percent", "38.33,percent").replace('"33,83%"', '"38,33%"'), encoding="utf-8")
    _out, err = run("check", "--lang", "en", code=16)
    assert "38.33 is stored, and “33,83%” stands at its place in the notice" in err
    with pytest.raises(HistoryError, match="not what their notice says"):
        store.passages(card_of(APRIL))


def test_the_same_notice_twice_changes_nothing(without_april):
    run("add", str(TEXT), "--yes")
    before = files(without_april)
    for again in (TEXT, PDF):
        out, _err = run("add", str(again), "--yes", "--lang", "en")
        assert "known already" in out
        assert files(without_april) == before


def test_a_notice_of_figures_typed_before_is_kept_with_them(project_copy):
    run("add", str(TEXT), "--yes")
    source = tomllib.loads((project_copy / "data" / "sources.toml").read_text(encoding="utf-8"))["hoa-binh-2023-04"]
    assert len(source["sha256"]) == 64 and source["url"]
    assert stored(project_copy) == stored(REPOSITORY)
    before = files(project_copy)
    run("add", str(TEXT), "--yes")
    assert files(project_copy) == before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["add", str(TEXT), "--dry-run"], 0),
        (["add", str(TEXT), "--dry-run", "--json"], 0),
        (["add", str(TEXT)], 2),  # nobody can be asked here
        (["add", "nothing.docx"], 30),
        (["add", "."], 30),
        (["add", str(TEXT), "--month", "13/2023"], 2),
        (["add", str(TEXT), "--month", "2023-05", "--yes"], 31),
        (["add", str(TEXT), "--entity", "ha-nam", "--yes"], 31),
        (["add"], 2),
        (["template", "2024-08", "-e", "nowhere"], 10),
        (["template", "1999-01"], 10),
        (["export", "2031-01"], 10),
    ],
    ids=lambda words: " ".join(Path(word).name for word in words) if isinstance(words, list) else None,
)
def test_showing_and_refusing_change_nothing(without_april, words, code):
    before = files(without_april)
    _out, err = run(*words, code=code)
    assert err.strip()
    assert "--yes" in err or words != ["add", str(TEXT)]
    assert files(without_april) == before


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "count"), [("c\n", 36), ("y\n", 36), ("\n", 0), ("k\n", 0)])
def test_it_asks_once(without_april, monkeypatch, capsys, answer, count):
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    asked = {"file": TEXT, "entity": "", "month": "", "as_of": "", "only_sound": False, "as_printed": "", "lang": "en"}
    app.commands["add"].callback(**asked, yes=False, dry_run=False, correct=False, as_json=False)
    out, err = capsys.readouterr()
    assert err.count("Store these 36 figures? [y/N]") == 1 and "36" in out
    assert len(stored(without_april)) == count


def test_the_figures_of_a_scan_are_stored_only_by_who_has_seen_each(without_april, monkeypatch, capsys):
    """Its letters are a machine's guess, so that --yes alone stores nothing."""
    read_file = documents.read_file
    monkeypatch.setattr(documents, "read_file", lambda path: replace(read_file(path), recognised=True))
    _out, err = run("add", str(TEXT), "--yes", "--lang", "en", code=2)
    assert "stored only by somebody who has held each against it" in err and stored(without_april) == []
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    asked = {"file": TEXT, "entity": "", "month": "", "as_of": "", "only_sound": False, "as_printed": "", "lang": "en"}
    app.commands["add"].callback(**asked, yes=True, dry_run=False, correct=False, as_json=False)
    assert "Has each of these 36 figures been held against the scan?" in capsys.readouterr()[1]
    assert len(stored(without_april)) == 36


def test_standard_input(without_april):
    text = SMALL.encode()
    data = json.loads(run("add", "-", "--dry-run", "--json", given=text)[0])
    about = [data[name] for name in ("entity", "period", "as_of", "stored")]
    assert about == ["Hòa Bình", "2024-08", "2024-08-31", False]
    run("add", "-", "--yes", given=text)
    assert [row["code"] for row in stored(without_april, "2024-08")] == ["total_score", "national_rank"]


# A notice that does not add up, as real ones do not.


def test_figures_that_disagree_are_stored_as_printed_with_why(without_april):
    """With 18,9 for 17,7 the groups sum to 59,9 beside 58,83: kept, known from then on, and taken back whole."""
    before = files(without_april)
    path = letter(without_april, TEXT.read_text(encoding="utf-8").replace("17,7/20", "18,9/20"))
    _out, err = run("add", path, "--yes", "--lang", "en", code=31)
    assert "--as-printed REASON stores them" in err
    out, _err = run("add", path, "--yes", "--as-printed", "Printed so.", "--lang", "en")
    assert "groups against total" in out and len(stored(without_april)) == 36
    last = tomllib.loads((without_april / "data" / "corrections.toml").read_text(encoding="utf-8"))["correction"][-1]
    assert (last["entity"], last["period"], last["check"], last["reason"]) == (
        "Hòa Bình", APRIL, "groups_to_total", "Printed so."
    )  # fmt: skip
    assert last["expect"] == {"sum": pytest.approx(59.9), "total": 58.83}
    run("check")
    run("remove", "hoa-binh", APRIL, "--yes")
    after = files(without_april, without=["notice.txt", "log.csv"])
    assert {name: text for name, text in after.items() if "/removed/" not in name} == {
        name: text for name, text in before.items() if not name.endswith("log.csv")
    }
    bad = letter(without_april, TEXT.read_text(encoding="utf-8").replace("17,7/20", "-17,7/20"), "bad.txt")
    _out, err = run("add", bad, "--yes", "--as-printed", "Printed so.", "--lang", "en", code=31)
    assert "--as-printed" not in err, "a number that cannot be read is no disagreement"


# A month that is known.


def test_a_known_month_with_other_values_is_refused(without_april):
    run("add", letter(without_april, SMALL), "--yes")
    before = files(without_april)
    other = letter(without_april, SMALL.replace("81,20", "81,90"), "other.txt")
    _out, err = run("add", other, "--yes", "--lang", "en", code=32)
    assert KnownMonthError.exit_code == 32
    assert "81,90/100 ≠ 81,20/100" in err and "--correct" in err
    assert files(without_april, without=["other.txt"]) == before


def test_correct_keeps_both_dated(without_april):
    run("add", letter(without_april, SMALL), "--yes")
    run("add", letter(without_april, SMALL.replace("81,20", "81,90"), "other.txt"), "--yes", "--correct")
    values = [row["value"] for row in stored(without_april, "2024-08") if row["code"] == "total_score"]
    assert values == ["81.20", "81.90"]
    run("check")
    (entry,) = sources.load_replacements()
    assert (entry.source, entry.by, entry.date) == ("hoa-binh-2024-08", "hoa-binh-2024-08-2", date.today())
    assert card_of("2024-08").loc[("total_score", "points"), "value"] == 81.9
    before = files(without_april)
    run("add", str(without_april / "other.txt"), "--yes", "--correct")
    assert files(without_april) == before


def test_a_later_day_of_the_same_month_needs_correct_and_stands_beside(without_april):
    run("add", letter(without_april, SMALL.replace("31/8", "24/8")), "--yes")
    later = letter(without_april, SMALL.replace("81,20", "82,00"), "later.txt")
    run("add", later, "--yes", code=32)
    run("add", later, "--yes", "--correct")
    assert sources.load_replacements() == ()
    assert card_of("2024-08").loc[("total_score", "points"), "value"] == 82.0
    assert len(stored(without_april, "2024-08")) == 4


MORE = "Tỷ lệ cấp kết quả điện tử đạt 40,50%."


@pytest.mark.parametrize("day", [" (đến 31/8/2024)", ""])
def test_a_fuller_notice_adds_what_is_new_to_the_day_of_the_others(without_april, day):
    run("add", letter(without_april, SMALL), "--yes")
    fuller = letter(without_april, f"{SMALL.replace(' (đến 31/8/2024)', day)} {MORE}", "fuller.txt")
    out, _err = run("add", fuller, "--yes", "--lang", "en")
    assert "1 are new" in out
    rows = stored(without_april, "2024-08")
    assert [row["code"] for row in rows] == ["total_score", "national_rank", "e_result"]
    assert {row["as_of"] for row in rows} == {"2024-08-31"}


def test_a_fuller_notice_of_another_day_is_another(without_april):
    run("add", letter(without_april, SMALL.replace("31/8", "24/8")), "--yes")
    _out, err = run("add", letter(without_april, f"{SMALL} {MORE}", "fuller.txt"), "--yes", "--lang", "en", code=32)
    assert "known to 24/8/2024, this one runs to 31/8/2024" in err


def test_a_notice_with_another_number_is_not_the_one_that_known_figures_were_typed_from(project_copy):
    text = TEXT.read_text(encoding="utf-8").replace("3220/VPUBND", "3221/VPUBND")
    before = files(project_copy)
    run("add", letter(project_copy, text), "--yes")
    assert files(project_copy, without=["notice.txt"]) == before


# Whole or not at all.


def add(path: Path = TEXT) -> Any:
    """What stores a notice when it is called: keep(correct) → the files that changed."""
    return filing.add(path, None, "", "")[1]


STEPS = {"write": (Path, "open"), "sync": (os, "fsync"), "replace": (Path, "replace"), "mkdir": (Path, "mkdir")}
FAULTS = [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "x"), KeyboardInterrupt()]


def at_call(step: str, number: int, end: Callable[[], object]) -> tuple[Any, str, Callable[..., object]]:
    """What to set where, so that the n-th call of one kind ends the work; opening a file to read it is none."""
    (place, name), calls = STEPS[step], count(1)
    real = getattr(place, name)

    def called(*values: Any, **names: Any) -> object:
        reads = step == "write" and not {"w", "x", "a"} & set("".join(values[1:2]) or names.get("mode", "r"))
        return end() if not reads and next(calls) == number else real(*values, **names)

    return place, name, called


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
@pytest.mark.parametrize("step", STEPS)
def test_a_fault_at_any_step_leaves_everything_as_it_was(without_april, monkeypatch, step, fault):
    """The n-th call of each kind fails, for every n that is reached."""

    def fail() -> None:
        raise fault

    keep = add()
    before = files(without_april)
    (without_april / "reports" / ".work").mkdir(exist_ok=True)
    monkeypatch.setattr(store, "_check_staged", lambda *_values: None)
    for number in range(1, 60):
        with monkeypatch.context() as patch:
            patch.setattr(*at_call(step, number, fail))
            try:
                keep(False)
            except (WriteError, KeyboardInterrupt):
                assert files(without_april) == before, (step, number)
                continue
        break
    assert number > 3
    assert len(stored(without_april)) == 36
    assert left_behind(without_april) == []


def left_behind(project: Path) -> list[Path]:
    """What a run that ended leaves to nobody: temporary files and folders, empty folders."""
    found = project.rglob("*")
    return [
        path
        for path in found
        if (path.name.startswith(".") and path.name != ".work" and path.suffix != ".lock")
        or (path.is_dir() and path.parent != project and path.name != ".work" and not any(path.iterdir()))
    ]


OTHER = SMALL.replace("81,20", "81,90")
WORK = {
    "add": lambda project: add(Path(letter(project, SMALL))),
    "correct": lambda project: add(Path(letter(project, OTHER, "other.txt"))),
    "remove": lambda _project: lambda _correct: filing.remove("hoa-binh", "2024-08")[1](),
}
CALLS = ("fsync", "replace", "unlink", "mkdir", "rmdir")


def killed_at(call: str, number: int, work: Callable[[], object]) -> bool:
    """Whether a process that does this work was killed as it began its n-th call of one kind, or came to its end."""
    child = os.fork()
    if not child:
        calls, real = count(1), getattr(os, call)

        def called(*values: Any, **names: Any) -> object:
            return os._exit(9) if next(calls) == number else real(*values, **names)

        setattr(os, call, called)
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a fork")
@pytest.mark.parametrize(
    ("work", "calls"),
    [
        ("correct", ["replace"]),
        *(pytest.param(work, CALLS, marks=pytest.mark.slow) for work in ("add", "correct", "remove")),
    ],
)
def test_a_kill_at_any_write_leaves_old_or_new(without_april, monkeypatch, work, calls):
    """Whatever is killed when: the next that reads finds all as before or all as after, and nothing besides."""
    if work != "add":
        WORK["add"](without_april)(False)
    if work == "remove":
        WORK["correct"](without_april)(True)
    data, tried = without_april / "data", Path(f"{without_april}-tried")
    todo = WORK[work](without_april)
    monkeypatch.setattr(store, "reconcile", lambda *_staged: None)  # what is staged is written, not judged

    def begin() -> None:
        shutil.rmtree(data)
        shutil.copytree(tried, data)

    shutil.copytree(data, tried)
    old = timeless(without_april)
    todo(True)
    new = timeless(without_april)
    assert old != new
    kills = dict.fromkeys(("old", "new"), 0)
    for call in calls:
        for number in count(1):
            begin()
            if not killed_at(call, number, lambda: todo(True)):
                break
            history.load_history(load_rubrics())
            found = timeless(without_april)
            assert found in (old, new), (call, number)
            kills["old" if found == old else "new"] += 1
            assert left_behind(without_april) == [], (call, number)
    assert kills["old"] and sum(kills.values()) >= 8 * len(calls)
    assert kills["new"] or "unlink" not in calls


def timeless(project: Path) -> dict[str, bytes]:
    """`files`, without the minutes of the log."""
    found = files(project)
    log = found.pop("data/log.csv", b"")
    return found | {"log": b"".join(line.partition(b",")[2] for line in log.splitlines(keepends=True))}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a fork")
def test_after_a_kill_the_next_run_stores_it(without_april):
    assert killed_at("replace", 3, lambda: add()(False))
    run("add", str(TEXT), "--yes")
    assert len(stored(without_april)) == 36 and left_behind(without_april) == []
    assert {row["source"] for row in stored(without_april)} <= set(sources.load_sources())


def test_two_at_once_wait_for_each_other(without_april, monkeypatch):
    keep, data = add(), without_april / "data"
    monkeypatch.setattr(package_files, "WAIT", 0.1)
    with held(data), pytest.raises(BusyError, match="storing figures"):
        keep(False)
    assert stored(without_april) == []
    monkeypatch.setattr(package_files, "WAIT", 20)
    first = threading.Thread(target=lambda: hold_for_a_moment(data))
    first.start()
    started.wait()
    assert keep(False)
    first.join()


started = threading.Event()


def hold_for_a_moment(data: Path) -> None:
    with held(data):
        started.set()
        time.sleep(0.3)


def test_what_another_run_stored_meanwhile_is_not_stored_twice(without_april):
    first, second = add(), add(DOCX)
    first(False)
    before = files(without_april)
    with pytest.raises(BusyError, match="changed these figures meanwhile"):
        second(False)
    assert files(without_april) == before


def test_a_store_that_would_break_is_not_written(without_april, monkeypatch):
    keep = add()
    before = files(without_april)
    real = store._changes

    def broken(*values: Any) -> store.Files:
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
    assert add()(False)
    assert len(stored(without_april)) == 36


def test_a_new_province_gets_a_file(without_april):
    text = "Tỉnh Hà Giang tháng 8/2024: tổng điểm 81,20/100 điểm, xếp hạng 3/63."
    run("add", letter(without_april, text), "--yes")
    made = without_april / "data" / "observations" / "ha-giang.csv"
    assert made.read_text(encoding="utf-8").startswith(",".join(COLUMNS))
    assert "Hà Giang" in run("losses", "-e", "ha-giang")[0]


# Taking back.


def test_add_then_remove_leaves_the_store_as_it_was(without_april):
    before = files(without_april)
    for path in (TEXT, DOCX, PDF):
        run("add", str(path), "--yes")
        out, err = run("remove", "hoa-binh", "4/2023", "--yes", "--lang", "en")
        assert "36 figures; total 58,83/100; rank 24/63" in out and "data/removed/" in err
    assert kept_of(without_april) == before
    copies = sorted((without_april / "data" / "removed").iterdir())
    assert len(copies) == 3 and (copies[0] / "notice.txt").read_bytes() == TEXT.read_bytes()
    assert len((copies[0] / "figures.csv").read_text(encoding="utf-8").splitlines()) == 37
    assert left_behind(without_april) == []


def kept_of(project: Path) -> dict[str, bytes]:
    """The files of a project without its log and its copies of what was removed."""
    return {
        name: content
        for name, content in files(project).items()
        if name != "data/log.csv" and not name.startswith("data/removed/")
    }


def test_the_document_of_known_figures_is_taken_back_without_them(project_copy):
    before = files(project_copy)
    run("add", str(TEXT), "--yes")
    out, _err = run("remove", "hoa-binh", "2023-04", "--yes", "--lang", "en")
    assert "only the document" in out
    assert kept_of(project_copy) == before


def test_taking_back_a_correction_brings_the_earlier_value_back(without_april):
    before = files(without_april)
    first, second = letter(without_april, SMALL), letter(without_april, OTHER, "other.txt")
    run("add", first, "--yes")
    corrected = kept_of(without_april)
    run("add", second, "--yes", "--correct")
    out, _err = run("remove", "hoa-binh-2024-08", "--yes", "--lang", "en", code=11)
    out, _err = run("remove", "hoa-binh", "tháng 8/2024", "--yes", "--lang", "en")
    assert "These count again: hoa-binh-2024-08." in out and "total 81,90/100" in out
    assert kept_of(without_april) == corrected | {"other.txt": OTHER.encode()}
    assert card_of("2024-08").loc[("total_score", "points"), "value"] == 81.2
    run("remove", "hoa-binh-2024-08", "--yes")
    assert kept_of(without_april) == before | {"notice.txt": SMALL.encode(), "other.txt": OTHER.encode()}
    out, _err = run("log", "--lang", "en")
    told = [line.split("  ")[1].split(":")[0] for line in out.strip().splitlines()]
    assert told == ["added", "corrected", "removed", "removed"]
    assert [entry["total"] for entry in json.loads(run("log", "--json")[0])["log"]] == [
        "81.20",
        "81.90",
        "81.90",
        "81.20",
    ]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["hoa-binh"], 11, "Which period"),
        (["nowhere"], 10, "no source and no entity"),
        (["hoa-binh", "2031-01"], 10, "2023-04"),
        (["bao-hoa-binh-2024-07"], 2, "--yes"),  # nobody can be asked here
        (["hoa-binh", "2024-07"], 11, "bao-hoa-binh-2024-07"),  # it came with June
    ],
)
def test_what_cannot_be_taken_back_changes_nothing(project_copy, words, code, told):
    before = files(project_copy)
    _out, err = run("remove", *words, "--lang", "en", code=code)
    assert told in err
    run("remove", "bao-hoa-binh-2024-07", "--dry-run")
    assert files(project_copy) == before


def test_a_table_goes_as_a_whole(without_april):
    groups = "Công khai minh bạch,Tiến độ giải quyết,Dịch vụ công trực tuyến,Thanh toán trực tuyến,Mức độ hài lòng"
    rows = [f"UBND tỉnh {name},15,19,9,8,17,12,80" for name in ("Lai Châu", "Sơn La")]
    path = letter(without_april, "\n".join([f"Đơn vị,{groups},Số hóa hồ sơ,Tổng điểm", *rows]), "table.csv")
    before = files(without_april)
    run("add", path, "--as-of", "2025-11-20", "--month", "11/2025", "--yes")
    _out, err = run("remove", "lai-chau", "11/2025", "--yes", "--lang", "en", code=11)
    assert "This card came with 1 others" in err and "scorecard remove portal-2025-11-20" in err
    run("remove", "portal-2025-11-20", "--yes")
    assert kept_of(without_april) == before


def test_what_rows_deleted_by_hand_leave_is_named_and_taken_back(without_april):
    before = files(without_april)
    run("add", letter(without_april, SMALL), "--yes")
    path = without_april / "data" / "observations" / "hoa-binh.csv"
    path.write_bytes(before["data/observations/hoa-binh.csv"])
    _out, err = run("check", "--lang", "en", code=16)
    assert "hoa-binh-2024-08: no figure of it is left" in err
    run("remove", "hoa-binh-2024-08", "--yes")
    assert kept_of(without_april) == before | {"notice.txt": SMALL.encode()}


def test_excel_is_not_blamed_on_a_correction(without_april):
    run("add", letter(without_april, SMALL), "--yes")
    run("add", letter(without_april, OTHER, "other.txt"), "--yes", "--correct")
    path = without_april / "data" / "observations" / "hoa-binh.csv"
    whole = path.read_text(encoding="utf-8")
    for content in (whole.replace(",", ";").encode(), whole.encode("utf-16")):
        path.write_bytes(content)
        _out, err = run("check", "--lang", "en", code=13)
        assert "git checkout -- data/observations/hoa-binh.csv" in err and "replacement" not in err


@pytest.mark.slow
@pytest.mark.parametrize("name", names_in(NOTICES))
def test_every_notice_is_added_and_taken_back_without_a_trace(project_copy, name):
    before = files(project_copy)
    done = CliRunner().invoke(app, ["add", str(NOTICES / f"{name}.txt"), "--yes", "--lang", "en"])
    if done.exit_code == 0 and "Nothing was stored" not in done.stderr:
        source = done.stderr.partition("scorecard remove ")[2].split()[0]
        run("remove", source, "--yes")
        assert (project_copy / "data" / "log.csv").read_bytes().count(b"\n") == 3
    assert kept_of(project_copy) == before


# All cards together.

FIRST = NOTICES / "01-hai-duong.txt"


def test_a_card_that_fits_alone_but_not_with_the_others_is_named_and_the_others_go_on(project_copy):
    out, _err = run("add", str(FIRST), "--yes", "--lang", "en")
    odd = "Hải Dương, March 2023: its figures agree with a rule, but with none that explains the other cards too."
    assert odd in out and "Hòa Bình, April 2023" in out
    _out, err = run("check", "--lang", "en", code=16)
    assert err.splitlines()[1].startswith(f"  - {odd}")
    run("identify", "2024-07", "--lang", "en")
    _out, err = run("identify", "3/2023", "-e", "hai-duong", "--lang", "en", code=15)
    assert err.startswith(f"Error: {odd}")
    run("export", "3/2023", "-e", "hai-duong")
    run("remove", "hai-duong", "3/2023", "--yes")
    run("check")
    (table,) = project_copy.glob("figures-*.csv")
    out, _err = run("add", str(table), "--dry-run", "--lang", "en")
    assert odd in out

"""From a notice to figures in the store: shown, stored whole or not at all, and kept with what they were read from."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
import tomllib
from collections.abc import Callable
from datetime import date
from itertools import count, product
from pathlib import Path
from typing import Any

import pytest

from analysis import commands
from analysis.cli import app
from analysis.errors import BusyError, HistoryError, KnownMonthError, WriteError
from analysis.files import only_one
from analysis.notices import store
from analysis.scorecards import history, sources
from analysis.scorecards.history import COLUMNS
from analysis.scorecards.rubric import load_rubrics
from noticed import APRIL, GOLDEN, NOTICES, SMALL, files, letter, run, stored
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
    assert "scorecard report 2023-04 --entity hoa-binh" in err
    (source,) = {row["source"] for row in stored(without_april)}
    record = tomllib.loads((without_april / "data" / "sources.toml").read_text(encoding="utf-8"))[source]
    assert record["number"] == "3220/VPUBND-NVK" and record["published"] == date(2023, 4, 25)
    kept = without_april / "data" / "bulletins" / source
    assert (kept / "notice.docx").read_bytes() == DOCX.read_bytes()
    assert store.faults(sources.load_sources()) == []
    figures = card_of(APRIL)
    passages = store.passages(figures)
    assert len(passages) == 36
    assert {place: found.quote for place, found in passages.items()} == {
        f"{row.file}:{row.line}": row.quote for row in figures.itertuples()
    }


def test_a_figure_changed_by_hand_opens_no_sentence_and_a_changed_notice_is_found(without_april):
    run("add", str(TEXT), "--yes")
    path = without_april / "data" / "observations" / "hoa-binh.csv"
    path.write_text(path.read_text(encoding="utf-8").replace('"33,83%"', '"33,84%"'), encoding="utf-8")
    assert len(store.passages(card_of(APRIL))) == 35
    (kept,) = (without_april / "data" / "bulletins").glob("*/notice.txt")
    kept.write_bytes(b"other")
    _out, err = run("check", "--lang", "en", code=16)
    assert "is not the one that the figures were read from" in err


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
        (["add", str(TEXT), "--month", "4/2023"], 2),
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
    asked = {"file": TEXT, "entity": "", "month": "", "as_of": "", "only_sound": False, "lang": "en"}
    app.commands["add"].callback(**asked, yes=False, dry_run=False, correct=False, as_json=False)
    out, err = capsys.readouterr()
    assert err.count("?") == 1 and "36" in out
    assert len(stored(without_april)) == count


def test_standard_input(without_april):
    text = SMALL.encode()
    data = json.loads(run("add", "-", "--dry-run", "--json", given=text)[0])
    about = [data[name] for name in ("entity", "period", "as_of", "stored")]
    assert about == ["Hòa Bình", "2024-08", "2024-08-31", False]
    run("add", "-", "--yes", given=text)
    assert [row["code"] for row in stored(without_april, "2024-08")] == ["total_score", "national_rank"]


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
    return commands.add(path, None, "", "")[1]


STEPS = {"write": (Path, "open"), "sync": (os, "fsync"), "replace": (Path, "replace"), "mkdir": (Path, "mkdir")}
FAULTS = [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "x"), KeyboardInterrupt()]

QUICK = [("replace", 4), ("sync", 3)]
KILLS = [
    pytest.param(*kill, marks=[pytest.mark.slow] * (kill not in QUICK))
    for kill in [*product(("sync", "replace"), range(1, 6)), ("mkdir", 1), ("mkdir", 2)]
]


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
    for number in range(1, 12):
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
    assert not [path for path in without_april.rglob(".*") if path.is_file() and path.suffix != ".lock"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a fork")
@pytest.mark.parametrize(("step", "number"), KILLS)
def test_a_kill_at_any_step_is_mended_by_running_again(without_april, step, number):
    """What is read is as before or as after, and a plain run ends the work."""
    child = os.fork()
    if not child:
        setattr(*at_call(step, number, lambda: os._exit(9)))
        try:
            add()(False)
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert len(history.load_history(load_rubrics()).query("entity == 'Hòa Bình' and period == @APRIL")) in (0, 36)
    run("add", str(TEXT), "--yes")
    assert len(stored(without_april)) == 36
    assert {row["source"] for row in stored(without_april)} <= set(sources.load_sources())


def test_two_at_once(without_april):
    keep = add()
    with only_one(without_april / "reports", "add"), pytest.raises(BusyError, match="storing figures"):
        keep(False)
    assert stored(without_april) == []
    assert keep(False)


def test_a_store_that_would_break_is_not_written(without_april, monkeypatch):
    keep = add()
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
    assert add()(False)
    assert len(stored(without_april)) == 36


def test_a_new_province_gets_a_file(without_april):
    text = "Tỉnh Hà Giang tháng 8/2024: tổng điểm 81,20/100 điểm, xếp hạng 3/63."
    run("add", letter(without_april, text), "--yes")
    made = without_april / "data" / "observations" / "ha-giang.csv"
    assert made.read_text(encoding="utf-8").startswith(",".join(COLUMNS))
    assert "Hà Giang" in run("losses", "-e", "ha-giang")[0]

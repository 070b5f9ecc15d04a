"""Are files read with the place of every mistake, and written whole or not at all?"""

import os
import sys
import time
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from analysis import files
from analysis.decisions.levers import load_levers
from analysis.errors import AnalysisError, BusyError, HistoryError, RubricError, WriteError
from analysis.files import (
    BEFORE,
    UNDO,
    Toml,
    held,
    only_one,
    read_rows,
    recover,
    replace_all,
    replace_file,
    replace_for_good,
    stamp_of,
    untidy,
    writing,
)
from analysis.identification.evidence import load_relations
from analysis.identification.regime import load_project
from analysis.notices.phrasebook import load_phrasebook
from analysis.scorecards.entities import load_mergers, load_units
from analysis.scorecards.findings import load_findings
from analysis.scorecards.log import read_log
from analysis.scorecards.rubric import load_changes, load_rubrics
from analysis.scorecards.sources import load_corrections, load_sources
from analysis.scorecards.tiers import load_support
from places import REPOSITORY

# Tables


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xef\xbb\xbfa,b\n1,2\n", [("t.csv:2", {"a": "1", "b": "2", "file": "t.csv", "line": "2"}, "")]),
        (b'a,b\n"1\n1",2\n3\n', ["t.csv:2", "t.csv:4 has 1 fields instead of 2"]),
        (
            b"a;b\n1;2\n",
            ["t.csv:1 the columns are separated by semicolons, as Excel saves them; bring the file back: "],
        ),
        (b"b,a\n", ["t.csv:1 the columns must be a,b; look at: their order"]),
        (b"a,c\n", ["t.csv:1 the columns must be a,b; look at: c, b"]),
        (b"", ["t.csv:1 the columns must be a,b; look at: a, b"]),
        (b'a,b\n1,2\n"1"x,2\n', ["t.csv:2", "t.csv:3 a quotation mark is not closed, or is closed too early"]),
        (b"a,b\n1,\xff\n", ["t.csv:2 is not UTF-8: was it saved by Excel? Save it as CSV UTF-8, or bring it back: "]),
    ],
)
def test_each_line_is_read_with_its_place_or_its_problem(tmp_path, content, expected):
    (tmp_path / "t.csv").write_bytes(content)
    found = list(read_rows(tmp_path / "t.csv", ["a", "b"]))
    told = [f"{where} {problem}".strip() for where, _row, problem in found]
    assert found == expected or [words.partition("git checkout")[0] for words in told] == expected
    assert all(not row for _where, row, problem in found if problem)


def test_spaces_around_a_text_and_uncomposed_letters_are_untidy():
    row = {"a": "Hòa Bình", "b": " x", "c": "Ho\u0300a"}
    assert list(untidy(row)) == ["b has spaces around it: “ x”", "c is not in composed Unicode (NFC): “Ho\u0300a”"]


# TOML


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    top: float = 0


class Group(BaseModel):
    item: list[Item]
    word: str = ""


NESTED = """word = 1

[[group]]
word = "x"
[[group.item]]
name = "a"
[[group]]
[[group.item]]
name = "b"
[[group.item]]
name = 3
top = "many"
[table]
name = "c"
more = 1
"""


def toml(folder: Path, text: str | bytes, **settings: object) -> Toml:
    (folder / "t.toml").write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return Toml(folder / "t.toml", **settings)


def test_what_is_wrong_in_a_toml_file_is_told_with_line_and_field(tmp_path):
    found = toml(tmp_path, NESTED)
    assert found.tables == tomllib.loads(NESTED) and found.name == "t.toml"
    assert found.read_as(Group, "group", 0) == Group(item=[Item(name="a")], word="x")
    with pytest.raises(HistoryError, match=r"t\.toml does not keep its contract") as caught:
        found.read_as(Group, "group", 1)
    assert caught.value.rows == ("t.toml:11 name: is not text", "t.toml:12 top: is not a number")
    with pytest.raises(HistoryError) as caught:
        found.read_as(Item, "table")
    assert caught.value.rows == ("t.toml:15 more: is not a field known here",)
    assert caught.value.next_step == "Correct these, then run again."


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (("word",), "t.toml:1 word: wrong"),
        (("group", 0, "item", 0, "name"), "t.toml:6 name: wrong"),
        (("group", 1, "word"), "t.toml:7 word: wrong"),  # not there: the line of its table
        (("group", 1, "item", 1), "t.toml:10 group.item: wrong"),
        (("group", 1, "item", 1, "top"), "t.toml:12 top: wrong"),
        (("table", "name"), "t.toml:14 name: wrong"),
        (("table", "name", "deeper"), "t.toml:14 name.deeper: wrong"),
        (("group", 0, "item", 0, "top"), "t.toml:5 top: wrong"),  # another table has such a field
        (("table", "mo"), "t.toml:13 mo: wrong"),  # `more` is another field
        ((), "t.toml: wrong"),
    ],
    ids=str,
)
def test_the_line_of_a_field(tmp_path, place, expected):
    assert toml(tmp_path, NESTED).row("wrong", *place) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [(b"a = 1\nb = \n", "line 2"), (b"a = '\xff'", "utf-8"), (b"a = 1 # " + b"x" * 2048, "it is larger than 2 kB")],
    ids=["syntax", "encoding", "size"],
)
def test_what_is_no_toml(tmp_path, text, words):
    with pytest.raises(RubricError, match=r"t\.toml is not valid TOML") as caught:
        toml(tmp_path, text, error=RubricError, largest=2048)
    assert words in caught.value.rows[0] and caught.value.next_step == "Correct that line, then run again."


def test_a_toml_file_that_is_not_there(tmp_path):
    with pytest.raises(HistoryError, match=r"There is no file .*none\.toml"):
        Toml(tmp_path / "none.toml")
    with pytest.raises(HistoryError, match="cannot be read"):
        Toml(tmp_path)
    assert toml(tmp_path, "x" * 5 + " = 1", largest=9).tables == {"xxxxx": 1}  # exactly the largest


# Writing


def test_a_file_is_replaced_whole(tmp_path, monkeypatch):
    (tmp_path / ".work").mkdir()
    replace_file(tmp_path / "page", "một\n")
    assert (tmp_path / "page").read_bytes() == "một\n".encode()
    monkeypatch.setattr(Path, "replace", lambda *_paths: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        replace_file(tmp_path / "page", "two")
    assert (tmp_path / "page").read_bytes() == "một\n".encode() and not list((tmp_path / ".work").iterdir())


@pytest.mark.parametrize("fault", [OSError("full"), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("step", range(4))
def test_several_files_are_replaced_or_none(tmp_path, monkeypatch, step, late, fault):
    old, new = tmp_path / "old", tmp_path / "deep" / "er" / "new"
    old.write_bytes(b"1")
    steps = iter([*[None] * step, fault])

    def failing(real):
        def call(*given):
            error = next(steps, None)
            found = real(*given) if late or not error else None
            if error:
                raise error
            return found

        return call

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing(os.fsync))
        patch.setattr(Path, "replace", failing(Path.replace))
        with pytest.raises(type(fault)):
            replace_all({old: b"2", new: b"3"})
    assert [path.name for path in tmp_path.rglob("*")] == ["old"] and old.read_bytes() == b"1"
    replace_all({old: b"2", new: b"3"})
    assert (old.read_bytes(), new.read_bytes()) == (b"2", b"3")
    assert len(list(tmp_path.rglob("*"))) == 4


def test_a_change_that_never_ended_is_undone_and_swept(tmp_path):
    data, old = tmp_path / "data", tmp_path / "data" / "old"
    data.mkdir()
    old.write_bytes(b"1")
    undo = data / UNDO
    undo.mkdir()
    (undo / "0").write_bytes(b"1")
    recover(data)  # what was never begun is only swept
    assert not undo.exists() and old.read_bytes() == b"1"
    undo.mkdir()
    (undo / "0").write_bytes(b"1")
    (undo / BEFORE).write_text('{"old": true, "gone": true, "deep/new": false}')
    (undo / "1").write_bytes(b"0")
    old.write_bytes(b"2")
    (data / "deep").mkdir()
    (data / "deep" / "new").touch()
    (data / "deep" / ".new-0123456789ab").touch()
    recover(data)
    assert sorted(path.name for path in data.rglob("*")) == ["gone", "old"]
    assert (old.read_bytes(), (data / "gone").read_bytes()) == (b"1", b"0")
    replace_for_good(data, {old: None, data / "a" / "b": b"3"})
    assert sorted(path.name for path in data.rglob("*")) == ["a", "b", "gone"]


def test_who_reads_waits_for_a_change_and_not_for_its_preparation(tmp_path, monkeypatch):
    data = tmp_path / "data"
    (data / UNDO).mkdir(parents=True)
    monkeypatch.setattr(files, "WAIT", 0.1)
    with held(data):
        recover(data)
        assert (data / UNDO).is_dir()
        (data / UNDO / BEFORE).write_text("{}")
        with pytest.raises(BusyError):
            recover(data)
    recover(data)
    assert not (data / UNDO).exists()


def test_only_one_at_a_time(tmp_path):
    with only_one(tmp_path, "april"):
        with pytest.raises(BusyError, match=r"^Another run is making the report april\.") as caught:
            only_one(tmp_path, "april").__enter__()
        with pytest.raises(BusyError, match="Later"):
            only_one(tmp_path, "april", busy="Later.").__enter__()
        with only_one(tmp_path, "may"):
            pass
    assert caught.value.next_step == "Wait for it to end, then run again."
    with pytest.raises(ValueError), only_one(tmp_path, "april"):
        raise ValueError
    with only_one(tmp_path, "april"):
        assert {path.name for path in (tmp_path / ".work").iterdir()} == {"april.lock", "may.lock"}


def test_what_cannot_be_written_is_told(tmp_path):
    with pytest.raises(WriteError, match="written: No such file") as caught, writing("The last one stands."):
        (tmp_path / "none" / "x").touch()
    assert caught.value.rows == (str(tmp_path / "none" / "x"),)
    assert caught.value.next_step.endswith("then run again. The last one stands.")
    with pytest.raises(WriteError, match=r"written: full\."), writing(""):
        raise OSError("full")


def test_a_stamp_changes_with_name_time_and_size(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for path in (one, two):
        path.write_bytes(b"1")
        os.utime(path, (1, 1))
    first = stamp_of([one])
    assert first == stamp_of([one]) != stamp_of([two])
    one.write_bytes(b"22")
    os.utime(one, (1, 1))
    larger = stamp_of([one])
    os.utime(one, (2, 2))
    assert len({first, larger, stamp_of([one])}) == 3


IN_PLACE = {
    "a folder": lambda path: path.mkdir(),
    "no plain file": os.mkfifo,
    "a link to a file that is not there": lambda path: path.symlink_to("nowhere"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and links of POSIX")
@pytest.mark.parametrize("what", IN_PLACE)
def test_what_stands_in_the_place_of_a_table_is_named(tmp_path, what):
    IN_PLACE[what](tmp_path / "x.csv")
    ((where, row, problem),) = read_rows(tmp_path / "x.csv", ["a"])
    assert (where, row) == ("x.csv", {})
    assert what in problem


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and links of POSIX")
@pytest.mark.parametrize("what", IN_PLACE)
def test_what_stands_in_the_place_of_a_toml_file_is_refused(tmp_path, what):
    IN_PLACE[what](tmp_path / "x.toml")
    with pytest.raises(HistoryError, match=r"cannot be read|There is no file"):
        Toml(tmp_path / "x.toml")


READERS = {
    "changes.toml": lambda rubric: load_changes(rubric),
    "corrections.toml": lambda _rubric: load_corrections(),
    "findings.toml": lambda rubric: load_findings(rubric),
    "levers.toml": lambda rubric: load_levers(rubric, "2023-04"),
    "log.csv": lambda _rubric: read_log(),
    "mergers.toml": lambda _rubric: load_mergers(),
    "relations.toml": lambda rubric: load_relations(rubric),
    "sources.toml": lambda _rubric: load_sources(),
    "support.toml": lambda rubric: load_support(rubric),
    "units.csv": lambda _rubric: load_units(),
    "wordings.toml": lambda _rubric: load_phrasebook(),
    "rubrics/2022-08_766-QD-TTg.toml": lambda _rubric: load_rubrics(),
    "observations/hoa-binh.csv": lambda _rubric: load_project(),
}
SEEMING = IN_PLACE | {
    "a loop": lambda path: path.symlink_to(path.name),
    "brackets": lambda path: path.write_text("a = " + "[" * 50_000, encoding="utf-8"),
}


def test_every_table_of_the_data_has_a_reader_here():
    data = REPOSITORY / "data"
    there = {path.name for path in data.iterdir() if path.suffix in (".toml", ".csv")}
    assert there | {"log.csv"} == {name for name in READERS if "/" not in name}


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and links of POSIX")
@pytest.mark.parametrize("what", SEEMING)
@pytest.mark.parametrize("name", READERS)
def test_a_table_of_the_data_that_is_none_is_refused_at_once(project_copy, rubrics, name, what):
    """A table that may be missing is not taken for a missing one."""
    path = project_copy / "data" / name
    path.unlink(missing_ok=True)
    SEEMING[what](path)
    before = time.process_time()
    with pytest.raises(AnalysisError) as refusal:
        READERS[name](rubrics[0])
    assert time.process_time() - before < 2
    assert path.name in str(refusal.value) and refusal.value.exit_code


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "1" * 6_000,
        "a = 0x" + "1" * 6_000,
        "a = " + "1" * 6_000 + ".5",
        "a = " + "[" * 50_000,
        "a = " + "{a = " * 50_000,
        "a" + ".a" * 50_000 + " = 1",
        "[a" + ".a" * 50_000 + "]",
    ],
    ids=["digits", "hexadecimal digits", "decimals", "brackets", "braces", "a dotted name", "a dotted table"],
)
def test_hostile_toml_is_refused_at_once(tmp_path, text):
    (tmp_path / "x.toml").write_text(text, encoding="utf-8")
    before = time.process_time()
    with pytest.raises(HistoryError, match="not valid TOML") as refusal:
        Toml(tmp_path / "x.toml")
    assert time.process_time() - before < 2
    assert "int_max_str_digits" not in str(refusal.value)

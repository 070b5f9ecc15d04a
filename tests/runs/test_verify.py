"""Does `verify` see every file and every number that is not as it was made, and nothing else?"""

import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.errors import NoReportError
from analysis.report.figures import read_figures, write_figures
from analysis.runs.publish import write_index
from analysis.runs.record import made_from
from analysis.runs.reports import failed, find_report, last_promised, published
from analysis.runs.verify import verify_reports
from analysis.scorecards.history import data_hash
from made import ask
from pages import put_failure, put_report

REPORT = "reports/hoa-binh/2023-04"


@pytest.fixture
def report(project) -> Path:
    return project / REPORT


def signed(report: Path) -> None:
    """Have the record name the files as they are now, as somebody who covers a change would."""
    path = report / "run.en.json"
    record = json.loads(path.read_bytes())
    record["files"] = {name: hashlib.sha256((report / name).read_bytes()).hexdigest() for name in record["files"]}
    path.write_text(json.dumps(record), encoding="utf-8")


def test_what_was_made_is_what_is_there(report):
    answer = verify_reports()
    (row,) = answer.tables["reports"].to_dict("records")
    assert answer.failures == []
    assert (row["entity"], row["period"], row["language"], row["wrong"]) == ("Hòa Bình", "2023-04", "en", 0)
    assert row["files"] == 4 and row["numbers"] == len(read_figures(report / "figures.en.csv")) and not answer.failures
    assert verify_reports("hoa-binh", "2023-04").failures == []
    with pytest.raises(NoReportError, match="no published report"):
        verify_reports("", "2023-05")


def other_total(report: Path) -> str:
    frame = read_figures(report / "figures.en.csv")
    frame.loc[frame["id"] == "total", "value"] = 68.83
    write_figures(frame, report / "figures.en.csv")
    return "figures.en.csv: total is not what it is worked out to be"


def other_words(report: Path) -> str:
    page = report / "index.en.html"
    text = page.read_text(encoding="utf-8")
    assert 'data-figure="total">58.83<' in text
    page.write_text(text.replace('data-figure="total">58.83<', 'data-figure="total">68.83<', 1), encoding="utf-8")
    return "index.en.html: total is 68.83, and should be 58.83"


def fewer_rows(report: Path) -> str:
    frame = read_figures(report / "figures.en.csv")
    write_figures(frame[:-1], report / "figures.en.csv")
    return f"figures.en.csv: {len(frame) - 1} rows, and {len(frame)} were made"


@pytest.mark.parametrize("change", [other_total, other_words, fewer_rows])
def test_a_number_that_was_changed_is_named_even_where_the_record_covers_it(report, change: Callable[[Path], str]):
    words = change(report)
    file = words.partition(":")[0]
    assert f"{REPORT}: {file} is not the file that was made" in verify_reports().failures
    signed(report)
    assert verify_reports().failures == [f"{REPORT}: {words}"]


def test_a_file_that_is_gone_a_record_that_cannot_be_read_and_one_that_names_too_little(report):
    (report / "workbook.en.xlsx").unlink()
    assert verify_reports().failures == [f"{REPORT}: workbook.en.xlsx is gone"]
    record = json.loads((report / "run.en.json").read_bytes())
    del record["files"]["index.en.html"]
    del record["files"]["workbook.en.xlsx"]
    (report / "run.en.json").write_text(json.dumps(record), encoding="utf-8")
    assert verify_reports().failures == [f"{REPORT}: the record does not name index.en.html"]
    (report / "run.en.json").write_text("[" * 100_000, encoding="utf-8")
    assert verify_reports().failures == [f"{REPORT}: run.en.json cannot be read"]


def test_numbers_are_not_worked_out_where_the_data_have_changed(report, rewrite):
    rewrite("data/observations/hoa-binh.csv", "58,83/100", "58,83/100 điểm")
    answer = verify_reports()
    assert answer.failures == [] and answer.tables["reports"]["numbers"].isna().all()
    assert "numbers not worked out: data or program have changed since" in str(answer)


def test_a_report_that_a_kill_left_between_two_renames_is_found_by_whoever_reads(tmp_path, monkeypatch):
    reports = tmp_path / "reports"
    put_report(reports, "hoa-binh/2023-04")
    (reports / "hoa-binh" / "2023-04").rename(reports / "hoa-binh" / "2023-04.prev")
    assert find_report(reports, "hoa-binh", "2023-04") == reports / "hoa-binh" / "2023-04" / "index.html"
    put_report(reports, "hoa-binh/2023-04.prev")
    assert [item.folder.name for item in published(reports)] == ["2023-04"], "the new one stands"
    assert (reports / "hoa-binh" / "2023-04.prev").is_dir(), "which the next run sweeps"


# What is not what it seems

posix = pytest.mark.skipif(sys.platform == "win32", reason="pipes and links of POSIX")
slow = pytest.mark.slow
IN_PLACE = {
    "a loop": lambda path: path.symlink_to(path.name),
    "a folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "brackets": lambda path: path.write_text("[" * 50_000, encoding="utf-8"),
    "braces": lambda path: path.write_text('{"a":' * 50_000, encoding="utf-8"),
}
OWN = ("index.en.html", "report.en.ipynb", "figures.en.csv", "workbook.en.xlsx", "run.en.json")


def of_other_data(report: Path) -> None:
    """Its numbers are then not worked out, which takes long."""
    path = report / "run.en.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "made_from": ""}), encoding="utf-8")


@posix
@pytest.mark.parametrize("what", IN_PLACE)
@pytest.mark.parametrize("name", OWN)
def test_a_file_of_a_report_that_is_no_file_is_told_and_stops_nothing_else(report, at_once, name, what):
    of_other_data(report)
    (report / name).unlink()
    IN_PLACE[what](report / name)
    reports = report.parents[1]
    code, said = ask("verify")
    assert code == 16 and name in said and "Traceback" not in said
    put_report(reports, "ha-noi/2023-05", entity="Hà Nội", period="2023-05")
    assert [item.period for item in published(reports)] == ["2023-05", "2023-04"]
    write_index()
    assert "ha-noi/2023-05/" in (reports / "index.en.html").read_text(encoding="utf-8")
    assert (last_promised(published(reports), "Hòa Bình", "2023-06") is None) == (name == "run.en.json")
    code, said = ask("open", "2023-04", "--entity", "hoa-binh")
    is_page = name == "index.en.html" and what not in ("brackets", "braces")
    assert code == (27 if is_page else 0) and "Traceback" not in said


@slow
@posix
@pytest.mark.parametrize("what", IN_PLACE)
@pytest.mark.parametrize("name", ["index.en.html", "figures.en.csv"])
def test_numbers_in_what_is_no_file_are_told(report, at_once, name, what):
    (report / name).unlink()
    IN_PLACE[what](report / name)
    assert any(words.startswith(f"{REPORT}: {name}") for words in verify_reports().failures)
    assert len(verify_reports().failures) >= (1 if name == "index.en.html" and what in ("brackets", "braces") else 2)


@posix
@pytest.mark.parametrize("what", IN_PLACE)
def test_the_record_of_a_failed_run_that_is_no_file_is_listed_or_passed_over(report, at_once, what):
    folder = put_failure(report.parents[1], "hoa-binh-2023-04-000000000001")
    (folder / "failed.json").unlink()
    IN_PLACE[what](folder / "failed.json")
    write_index()
    assert [item.failure for item in failed(report.parents[1])] == ([] if what == "a loop" else [None])


def test_a_record_that_another_wrote_is_told(report):
    """As one would who knows how its hash is made: the parameters are of no report."""
    path = report / "run.en.json"
    for parameters in ({}, {"entity": "Hòa Bình", "month": "2023-04", "strange": 1}, [1], "x"):
        record = {**json.loads(path.read_bytes()), "parameters": parameters}
        path.write_text(json.dumps({**record, "made_from": made_from(parameters, data_hash())}), encoding="utf-8")
        assert verify_reports().failures == [f"{REPORT}: run.en.json cannot be read"]

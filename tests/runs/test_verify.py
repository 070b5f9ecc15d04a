"""Does `verify` see every file and every number that is not as it was made, and nothing else?"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.errors import NoReportError
from analysis.report.figures import read_figures, write_figures
from analysis.runs.reports import find_report, published
from analysis.runs.verify import verify_reports
from pages import put_report

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

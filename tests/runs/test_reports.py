"""Does the list of reports say what is published and what failed, whatever it finds, and is the right page opened?"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from bs4 import BeautifulSoup, Tag
from click.testing import CliRunner

from analysis import errors, files
from analysis.cli import app
from analysis.language import use_language
from analysis.runs import run
from analysis.runs.record import Failure
from analysis.runs.reports import browse, failed, find_report, index_of_reports, published
from pages import RESULT, put_report, reports

HOA_BINH = run.Parameters(entity="Hòa Bình", month="2023-04", language="en", levers={"e_result": 80.0})
NOTEBOOK = "notebooks/monthly_report.ipynb"
BAD = "<script>alert(1)</script>"
FAILURE = {
    "run_id": "x",
    "entity": "Hòa Bình",
    "period": "2023-04",
    "language": "vi",
    "ended": "2026-11-20T20:30:00Z",
    "exit_code": 20,
    "what": "Ô 5 bị lỗi.",
    "rows": ["một", "hai"],
    "next_step": "Mở sổ tay.",
}
posix = pytest.mark.skipif(sys.platform == "win32", reason="a browser that is a shell script")


@pytest.fixture(autouse=True)
def same_environment():
    """A run in this process sets TZ, PYTHONHASHSEED and more for its kernel; no other test may see that."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def put_failure(reports: Path, name: str, text: str | None = None, notebook: bool = False, **changed: object) -> Path:
    folder = reports / ".work" / name
    folder.mkdir(parents=True)
    values = {**FAILURE, "run_id": name, **changed}
    (folder / "failed.json").write_text(json.dumps(values) if text is None else text, encoding="utf-8")
    if notebook:
        (folder / "report.ipynb").write_text("{}", encoding="utf-8")
    return folder


def shown(reports: Path) -> BeautifulSoup:
    html = index_of_reports(published(reports), failed(reports), reports)
    return BeautifulSoup(str(html), "html.parser")


def rows(soup: BeautifulSoup, number: int) -> list[list[Tag]]:
    return [row.find_all(["th", "td"]) for row in soup.find_all("tbody")[number].find_all("tr")]


def words(soup: BeautifulSoup, number: int = 0) -> list[list[str]]:
    return [[" ".join(cell.get_text(" ").split()) for cell in row] for row in rows(soup, number)]


def index(project: Path) -> BeautifulSoup:
    return BeautifulSoup((project / "reports" / "index.html").read_text(encoding="utf-8"), "html.parser")


# Published reports


def test_newest_period_first_and_a_year_before_its_last_month(reports):
    names = (
        "hoa-binh/2023-04",
        "lam-dong/2025-Q4",
        "lam-dong/2025-12",
        "lam-dong/2025",
        "bac-ninh/2025-12",
        "x/2026-01",
    )
    for name in names:
        put_report(reports, name)
    put_report(reports, "lam-dong/2025-11.prev")
    put_report(reports, ".work/hoa-binh-2024-07-0123456789ab")
    links = [row[0].a["href"] for row in rows(shown(reports), 0)]
    expected = (
        "x/2026-01",
        "lam-dong/2025",
        "lam-dong/2025-Q4",
        "bac-ninh/2025-12",
        "lam-dong/2025-12",
        "hoa-binh/2023-04",
    )
    assert links == [f"{name}/index.html" for name in expected]


def test_a_row_says_what_the_record_says(reports):
    put_report(reports, "hoa-binh/2023-04", change=2.295)
    assert words(shown(reports)) == [
        [
            "Hòa Bình, April 2023",
            "58.83/100",
            "24/63",
            "+2.30",
            "Published figures",
            "Hòa Bình mất 41,17 điểm",
            "CSV · notebook",
        ]
    ]
    assert shown(reports).find(string="Hòa Bình mất 41,17 điểm").parent["lang"] == "vi"


@pytest.mark.parametrize(
    ("period", "changed", "expected"),
    [
        ("2023-04", {"change": 1.0}, "+1.00"),
        ("2023-04", {"change": -0.5}, "−0.50"),
        ("2023-04", {"change": 0.0}, "0.00"),
        ("2023-04", {"change": -0.001}, "0.00"),
        ("2023-04", {}, "no total of the month before under the same rules"),
        ("2025", {}, "not a month: nothing to compare with"),
        ("2025-Q4", {}, "not a month: nothing to compare with"),
    ],
)
def test_change_is_a_number_or_words(reports, period, changed, expected):
    put_report(reports, f"hoa-binh/{period}", **changed)
    assert words(shown(reports))[0][3] == expected


def test_a_record_from_before_changes_were_kept_claims_nothing(reports):
    old = {name: value for name, value in RESULT.items() if name != "change"}
    put_report(reports, "hoa-binh/2023-04", text=json.dumps(old))
    assert words(shown(reports))[0][3] == "not known"


def test_rank_without_the_number_of_ranked(reports):
    put_report(reports, "hoa-binh/2023-04", ranked=None)
    put_report(reports, "hoa-binh/2023-03", rank=None)
    assert [row[2] for row in words(shown(reports))] == ["24", "not published"]


@pytest.mark.parametrize("kind", ["published", "derived", "entered", "synthetic"])
def test_the_chip_says_what_the_figures_are(reports, kind):
    put_report(reports, "hoa-binh/2023-04", kind=kind)
    chip = shown(reports).select_one(".chip")
    assert chip["class"] == ["chip", kind]
    assert ("SYNTHETIC" in chip.get_text()) == (kind == "synthetic")


@pytest.mark.parametrize(
    ("kind", "title", "expected"),
    [
        (
            "synthetic",
            "SỐ LIỆU MÔ PHỎNG – KHÔNG PHẢI SỐ THẬT: X mất 2 điểm; hai nhóm: A, B",
            "X mất 2 điểm; hai nhóm: A, B",
        ),
        ("synthetic", "SYNTHETIC FIGURES – NOT REAL DATA: X lost 2 points", "X lost 2 points"),
        ("synthetic", "X mất 2 điểm: A", "X mất 2 điểm: A"),
        ("published", "TP. HCM: X", "TP. HCM: X"),
    ],
)
def test_label_of_simulated_figures_stands_once_in_a_row(reports, kind, title, expected):
    put_report(reports, "x/2023-04", kind=kind, title=title)
    assert rows(shown(reports), 0)[0][5].get_text() == expected


def test_files_are_linked_where_they_are(reports):
    folder = put_report(reports, "hoa-binh/2023-04", files=("report.pdf", "workbook.xlsx", "notes.txt"))
    (folder / "figures.csv").unlink()
    soup = shown(reports)
    links = {link.get_text(): link["href"] for link in soup.find_all("a")}
    assert list(links) == ["Hòa Bình, April 2023", "workbook", "PDF", "notebook"]
    assert all((reports / unquote(href)).is_file() for href in links.values())
    (folder / "index.html").unlink()
    assert rows(shown(reports), 0)[0][0].a is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        "7",
        '"x"',
        "\x00",
        json.dumps({**RESULT, "kind": "made up"}),
        json.dumps({**RESULT, "period": "2023-99"}),
        json.dumps({**RESULT, "language": "fr"}),
        json.dumps({**RESULT, "total": "many"}),
        json.dumps({**RESULT, "total": float("nan")}),
        json.dumps({**RESULT, "title": None}),
    ],
)
def test_a_damaged_record_is_said_to_be_damaged(reports, text):
    put_report(reports, "hoa-binh/2023-04", text=text)
    put_report(reports, "hoa-binh/2022-12")
    first, second = words(shown(reports))
    assert first[0] == "hoa-binh, April 2023" and first[4] == "Damaged record" and "run.json" in first[5]
    assert rows(shown(reports), 0)[0][0].a["href"] == "hoa-binh/2023-04/index.html"
    assert second[0] == "Hòa Bình, December 2022"


def test_no_report_at_all(reports):
    soup = shown(reports)
    assert not soup.find("table") and "No report was published yet." in soup.get_text()


def test_markup_is_shown_as_text(reports):
    put_report(reports, "hoa-binh/2023-04", title=BAD, entity=BAD)
    put_failure(reports, "hoa-binh-2023-05-0123456789ab", entity=BAD, what=BAD, rows=[BAD], next_step=BAD)
    soup = shown(reports)
    assert not soup.find("script") and soup.get_text().count(BAD) == 6


# Failed runs


def test_the_newest_failure_of_each_report_with_their_number(reports):
    put_failure(reports, "hoa-binh-2023-04-000000000001", ended="2026-11-20T20:30:00Z", what="old")
    put_failure(reports, "hoa-binh-2023-04-000000000002", ended="2026-11-21T01:00:00+00:00", what="new", notebook=True)
    put_failure(reports, "hoa-binh-2024-07-000000000003", period="2024-07", ended="2026-11-22T00:00:00Z", exit_code=15)
    put_failure(reports, "unread-000000000004", period="", ended="2026-11-19T00:00:00Z", exit_code=13)
    for other in ("hoa-binh-2023-04.lock", "x", "hoa-binh-2023-04-00000000000z"):
        put_failure(reports, other)
    found = words(shown(reports))
    assert [row[:3] for row in found] == [
        ["Hòa Bình, July 2024", "07:00 22/11/2026", "15"],
        ["Hòa Bình, April 2023", "08:00 21/11/2026, the last of 2 failures", "20"],
        ["Hòa Bình, the latest month", "07:00 19/11/2026", "13"],
    ]
    assert found[1][3:] == ["new một hai Mở sổ tay.", "reports/.work/hoa-binh-2023-04-000000000002/report.ipynb"]
    assert found[0][4] == "no notebook was kept"
    assert not shown(reports).find("a")
    assert shown(reports).find(string="new").find_parent(attrs={"lang": True})["lang"] == "vi"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "null",
        "\udcff",
        json.dumps({**FAILURE, "more": 1}),
        json.dumps({**FAILURE, "exit_code": "20"}),
        json.dumps({**FAILURE, "period": "2023-13"}),
        json.dumps({**FAILURE, "ended": "2026-11-20T20:30:00"}),
        json.dumps({**FAILURE, "ended": "9999-12-31T23:59:59Z"}),
    ],
)
def test_a_damaged_failure_is_listed_as_unreadable(reports, text):
    folder = put_failure(reports, "hoa-binh-2023-04-000000000001", text="")
    (folder / "failed.json").write_bytes(text.encode("utf-8", errors="surrogateescape"))
    ((row,),) = [words(shown(reports))]
    assert row[0] == "hoa-binh-2023-04-000000000001"
    assert row[2:] == ["", "its failed.json cannot be read", "no notebook was kept"]


def test_a_folder_in_the_place_of_a_failure(reports):
    (reports / ".work" / "hoa-binh-2023-04-000000000001" / "failed.json").mkdir(parents=True)
    assert "cannot be read" in words(shown(reports))[0][3]


@pytest.fixture
def no_kernel(project_copy, monkeypatch):
    """A project in which running the notebook raises what `fail.with_` is."""

    class Fault:
        with_: BaseException = errors.NotebookError("Cell 3 failed.", [f"row {number}" for number in range(9)], "Look.")

    def fail(*_args: object) -> None:
        raise Fault.with_

    monkeypatch.setattr(run, "execute", fail)
    return Fault


def test_a_failed_run_is_listed_with_what_it_said(project_copy, no_kernel):
    put_report(project_copy / "reports", "hoa-binh/2024-07")
    before = datetime.now(UTC).replace(microsecond=0)
    with pytest.raises(errors.NotebookError):
        run.render(HOA_BINH)
    (path,) = (project_copy / "reports" / ".work").glob("hoa-binh-2023-04-*/failed.json")
    failure = Failure.model_validate_json(path.read_bytes())
    assert (failure.run_id, failure.entity, failure.period) == (path.parent.name, "Hòa Bình", "2023-04")
    assert before <= failure.ended <= datetime.now(UTC)
    assert failure.rows == ("row 0", "row 1", "row 2", "row 3", "row 4", "… +4")
    page = index(project_copy)
    ((row,),) = [words(page, 1)]
    assert row[0] == "Hòa Bình, April 2023" and row[2] == "20"
    assert row[3] == "Cell 3 failed. row 0 row 1 row 2 row 3 row 4 … +4 Look."
    assert [link["href"] for link in page.main.find_all("a") if "html" in link["href"]] == [
        "hoa-binh/2024-07/index.html"
    ]


def test_a_fault_of_the_program_and_a_full_disk_are_listed_too(project_copy, no_kernel):
    for fault, raised, code in (
        (ZeroDivisionError("by zero"), ZeroDivisionError, "1"),
        (OSError(28, "No space left on device"), errors.WriteError, "24"),
    ):
        no_kernel.with_ = fault
        with pytest.raises(raised):
            run.render(HOA_BINH)
        time.sleep(1.1)  # the times of failures are whole seconds
        assert words(index(project_copy))[0][2] == code
    assert "the last of 2 failures" in words(index(project_copy))[0][1]


def test_interrupted_and_busy_runs_are_not_listed(project_copy, no_kernel):
    no_kernel.with_ = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        run.render(HOA_BINH)
    with files.only_one(project_copy / "reports", "hoa-binh-2023-04"), pytest.raises(errors.BusyError):
        run.render(HOA_BINH)
    assert failed(project_copy / "reports") == []
    assert not (project_copy / "reports" / "index.html").exists()


@pytest.mark.parametrize("broken", ["save_failure", "index_of_reports", "page_of"])
@pytest.mark.parametrize("fault", [OSError(28, "full"), MemoryError(), ZeroDivisionError()], ids=repr)
def test_the_first_error_is_the_one_raised(project_copy, no_kernel, monkeypatch, broken, fault):
    def fail(*_args: object, **_named: object) -> None:
        raise fault

    monkeypatch.setattr(run, broken, fail)
    with pytest.raises(errors.NotebookError) as caught:
        run.render(HOA_BINH)
    assert caught.value is no_kernel.with_


def test_a_list_that_another_run_writes_does_not_hide_the_error(project_copy, no_kernel):
    with files.only_one(project_copy / "reports", "index"):
        began = time.monotonic()
        with pytest.raises(errors.NotebookError):
            run.render(HOA_BINH)
        assert time.monotonic() - began < 15
    assert len(failed(project_copy / "reports")) == 1


def test_figures_that_contradict_each_other_are_listed(project_copy, change):
    change("hoa-binh.csv", 4, value="2.7")
    with pytest.raises(errors.ContradictionError):
        run.prepare({"entity": "hoa-binh", "month": "2023-04"})
    ((row,),) = [words(index(project_copy))]
    assert row[0] == "Hòa Bình, April 2023" and row[2] == "15"
    assert [path.name.rpartition("-")[0] for path in (project_copy / "reports" / ".work").glob("*/")] == [
        "hoa-binh-2023-04"
    ]


def test_figures_that_cannot_be_read_are_listed_as_asked(project_copy, change):
    change("hoa-binh.csv", 4, value="two")
    for month, named in (("", "the latest month"), ("2023-04", "April 2023")):
        with pytest.raises(errors.HistoryError):
            run.prepare({"entity": "hoa-binh", "month": month})
        time.sleep(1.1)
        ((row,),) = [words(index(project_copy))]
        assert row[0] == f"hoa-binh, {named}" and row[2] == "13"


@pytest.mark.parametrize(
    "values",
    [
        {"entiti": "x"},
        {"month": "2023-4"},
        {"month": "2023-05"},
        {"month": "2024-06"},
        {"entity": "zzz"},
        {"entity": "../../x"},
        {"levers": {"e_rsult": 80.0}},
        {"month": "2023-04", "target_score": 50.0},
    ],
    ids=str,
)
def test_a_wrong_request_is_not_listed(project_copy, values):
    with pytest.raises(errors.AnalysisError):
        run.prepare(values)
    assert not (project_copy / "reports").exists()


def test_success_sweeps_the_failures_of_its_report(project_copy):
    """A whole run: the failure goes from the list and the disk; that of another report stays."""
    reports = project_copy / "reports"
    own = [put_failure(reports, f"hoa-binh-2023-04-00000000000{number}", notebook=True) for number in range(2)]
    own.append(put_failure(reports, "unread-000000000000", period=""))
    other = put_failure(reports, "hoa-binh-2024-07-000000000000", period="2024-07")
    notebook = nbformat.read(project_copy / NOTEBOOK, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if not cell.source.startswith(("drawing.", "tables.rules"))]
    nbformat.write(notebook, project_copy / NOTEBOOK)
    page = run.render(run.prepare({"month": "2023-04", "language": "en"}))
    assert not any(folder.exists() for folder in own) and other.is_dir()
    assert [row[0] for row in words(index(project_copy), 1)] == ["Hòa Bình, July 2024"]
    record = json.loads((page.parent / "run.json").read_bytes())
    assert record["change"] is None and record["kind"] == "published"


# Opening


def test_the_newest_month_of_the_entity_is_opened(reports):
    for name in ("lam-dong/2025-11", "lam-dong/2025", "lam-dong/2025-Q3", "hoa-binh/2026-01"):
        put_report(reports, name)
    assert find_report(reports, "Lâm Đồng", "") == reports / "lam-dong/2025-11/index.html"
    assert find_report(reports, "lam-dong", "2025") == reports / "lam-dong/2025/index.html"
    put_report(reports, "bac-ninh/2025", text="damaged")
    assert find_report(reports, "bac ninh", "") == reports / "bac-ninh/2025/index.html"


def test_no_such_report_names_those_there_are_and_the_command(reports):
    with pytest.raises(errors.NoReportError) as caught:
        find_report(reports, "Hòa Bình", "")
    assert str(caught.value) == "There is no report of Hòa Bình.\nMake it: scorecard report --entity hoa-binh"
    for number in range(1, 8):
        put_report(reports, f"lam-dong/2025-0{number}", entity="Lâm Đồng")
    put_report(reports, "hoa-binh/2023-04")
    with pytest.raises(errors.NoReportError) as caught:
        find_report(reports, "Hòa Bình", "2023-05")
    first, *made, more, command = str(caught.value).splitlines()
    assert first == "There is no report of Hòa Bình for May 2023."
    assert made[0] == "  - made: Hòa Bình, April 2023, reports/hoa-binh/2023-04/index.html"
    assert made[1] == "  - made: Lâm Đồng, July 2025, reports/lam-dong/2025-07/index.html"
    assert (len(made), more) == (5, "  - … +3")
    assert command == "Make it: scorecard report 2023-05 --entity hoa-binh"


@pytest.mark.parametrize("month", ["abc", "../../x", "2023-13", "2023-04/..", "/etc", "2023-04\n", "list"])
def test_a_month_that_is_none_is_not_looked_for(reports, month):
    put_report(reports, "hoa-binh/2023-04")
    with pytest.raises(errors.UnknownNameError):
        find_report(reports, "Hòa Bình", month)


@pytest.mark.parametrize("entity", ["../reports/hoa-binh", "..", "", "/", "hoa-binh/2023-04", ".work"])
def test_an_entity_that_is_a_path_is_none(reports, entity):
    put_report(reports, "hoa-binh/2023-04")
    with pytest.raises(errors.NoReportError):
        find_report(reports, entity, "")


@posix
def test_a_report_outside_the_folder_is_not_opened(reports, tmp_path):
    outside = put_report(tmp_path / "outside", "hoa-binh/2023-04")
    (reports / "hoa-binh").symlink_to(outside.parent)
    with pytest.raises(errors.NoReportError):
        find_report(reports, "Hòa Bình", "2023-04")


def browser(tmp_path: Path, monkeypatch, code: str) -> None:
    script = tmp_path / "browser"
    script.write_text(f"#!/bin/sh\n{code}\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{script} %s")


@posix
def test_a_browser_gets_the_address_of_the_page(reports, tmp_path, monkeypatch, capfd):
    page = put_report(reports, "hoa-binh/2023-04") / "index.html"
    browser(tmp_path, monkeypatch, f'echo noise; echo noise >&2; printf %s "$1" > {tmp_path}/asked')
    assert browse(page)
    assert (tmp_path / "asked").read_text(encoding="utf-8") == page.as_uri()
    assert capfd.readouterr() == ("", "")


@posix
def test_a_browser_that_does_not_return_is_not_waited_for(reports, tmp_path, monkeypatch):
    monkeypatch.setattr(reports, "BROWSER_SECONDS", 1)
    browser(tmp_path, monkeypatch, "exec sleep 20")
    began = time.monotonic()
    assert browse(put_report(reports, "hoa-binh/2023-04") / "index.html")
    assert time.monotonic() - began < 10


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a browser")
def test_no_browser(reports, tmp_path, monkeypatch):
    page = put_report(reports, "hoa-binh/2023-04") / "index.html"
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    assert not browse(page)
    browser(tmp_path, monkeypatch, "exit 1")
    assert not browse(page)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    assert not browse(page)


@pytest.mark.parametrize("there", [True, False])
def test_the_command_prints_where_the_page_is(project_copy, monkeypatch, there):
    put_report(project_copy / "reports", "hoa-binh/2023-04")
    monkeypatch.setattr(reports, "browse", lambda page: there)
    run = CliRunner().invoke(app, ["open", "--lang", "en"])
    assert (run.exit_code, run.stdout) == (0, str(Path("reports/hoa-binh/2023-04/index.html")) + "\n")
    assert run.stderr == ("" if there else "No browser was found here. Open this file in one.\n")
    run = CliRunner().invoke(app, ["open", "2023-05", "--lang", "en"])
    assert (run.exit_code, run.stdout) == (27, "")
    assert "scorecard report 2023-05 --entity hoa-binh" in run.stderr


def test_words_are_in_the_language_of_the_user(reports):
    use_language("vi")
    put_failure(reports, "hoa-binh-2023-04-000000000001")
    assert "tháng 4/2023" in words(shown(reports))[0][0]

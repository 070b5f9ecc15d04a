"""Does the list of reports say what is published and what failed, whatever it finds, and is the right page opened?"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup, Tag
from click.testing import CliRunner

from analysis import errors, files
from analysis.cli import app
from analysis.language import use_language
from analysis.runs import publish as publishing
from analysis.runs import reports as opening
from analysis.runs import run
from analysis.runs.board import index_of_reports
from analysis.runs.record import Failure
from analysis.runs.reports import browse, failed, find_report, last_promised, published
from made import FILES, MADE, whole
from pages import FAILURE, GROUPS, RESULT, put_failure, put_report

HOA_BINH = run.Parameters(entity="Hòa Bình", month="2023-04", language="en", levers={"e_result": 80.0})
BAD = "<script>alert(1)</script>"
linux = pytest.mark.skipif(sys.platform != "linux", reason="forks a process")
posix = pytest.mark.skipif(sys.platform == "win32", reason="a browser that is a shell script")


def shown(reports: Path) -> BeautifulSoup:
    found = index_of_reports(published(reports), failed(reports), reports)
    return BeautifulSoup(found.html, "html.parser")


def rows(soup: BeautifulSoup, number: int) -> list[list[Tag]]:
    return [row.find_all(["th", "td"]) for row in soup.find_all("tbody")[number].find_all("tr")]


def words(soup: BeautifulSoup, number: int = 0) -> list[list[str]]:
    return [[" ".join(cell.get_text(" ").split()) for cell in row] for row in rows(soup, number)]


def index(project: Path, name: str = "index.en.html") -> BeautifulSoup:
    return BeautifulSoup((project / "reports" / name).read_text(encoding="utf-8"), "html.parser")


# Published reports


def test_the_newest_entity_first_its_periods_together_and_a_year_before_its_last_month(reports):
    newest_first = "x/2026-01 lam-dong/2025 lam-dong/2025-Q4 lam-dong/2025-12 bac-ninh/2025-12 hoa-binh/2023-04"
    for name in sorted(newest_first.split()):
        put_report(reports, name, entity=name.split("/")[0], total=50.0 if name.startswith("bac") else 60.0)
    put_report(reports, "lam-dong/2025-12.prev")
    put_report(reports, ".work/hoa-binh-2024-07-0123456789ab")
    links = [row.a["href"] for row in shown(reports).select("#board tbody tr")]
    assert links == [f"{name}/index.html" for name in newest_first.split()]
    assert [len(body.find_all("tr")) for body in shown(reports).select("#board tbody")] == [1, 3, 1, 1]
    put_report(reports, "ha-noi/2025-12", entity="Hà Nội", total=60.5)
    first = [body.th.get_text() for body in shown(reports).select("#board tbody")]
    assert first == ["x", "Hà Nội", "lam-dong", "bac-ninh", "hoa-binh"], "of one period the one with most points first"


def test_a_row_says_what_the_record_says(reports):
    put_report(reports, "hoa-binh/2023-04", change=2.295, groups=GROUPS)
    (row,) = words(shown(reports))
    assert row[:6] == ["Hòa Bình", "April 2023", "58.83/100", "24/63", "+2.30", ""]
    assert row[6] == "More Hòa Bình, April 2023 Hòa Bình mất 41,17 điểm CSV · notebook"
    assert shown(reports).find(string="Hòa Bình mất 41,17 điểm").parent["lang"] == "vi"
    data = shown(reports).select_one("#board tbody tr").attrs
    assert [data[f"data-{key}"] for key in ("name", "period", "total", "rank", "change")] == [
        *("hoa binh", "2023-04", "58.83", "24", "2.295")
    ]


def test_a_bar_is_the_share_of_a_group_in_its_colour(reports):
    put_report(reports, "hoa-binh/2023-04", groups=GROUPS)
    drawn = shown(reports).select_one("#board td svg")
    assert drawn["aria-label"] == "Công khai: 4.50/18; Số hóa: not known/22"
    (bar,) = drawn.select("rect:not(.track)")
    assert (bar["class"], bar["height"], bar["y"]) == (["g-transparency"], "5.0", "15.0")  # a quarter of 20
    assert len(drawn.select("rect.track")) == 2
    legend = shown(reports).select(".board-legend li")
    assert [(item.rect["class"], item.get_text()) for item in legend] == [
        (["g-transparency"], "Công khai"),
        (["g-digitisation"], "Số hóa"),
    ]


LABEL = "SỐ LIỆU MÔ PHỎNG – KHÔNG PHẢI SỐ THẬT"


@pytest.mark.parametrize(
    ("changed", "head", "expected"),
    [
        ({"change": 0.006}, "Change, points", "+0.01"),
        ({"change": -0.5}, "Change, points", "−0.50"),
        ({"change": 0.004}, "Change, points", "0.00"),
        ({"change": -0.001}, "Change, points", "0.00"),
        ({}, "Change, points", "–"),
        ({"period": "2025-Q4"}, "Period", "quarter 4/2025"),
        ({"ranked": None}, "Rank", "24"),
        ({"rank": None}, "Rank", "–"),
        ({"kind": "derived"}, "Province or unit", "Hòa Bình Figures derived from a publication"),
        ({"kind": "entered"}, "Province or unit", "Hòa Bình Figures entered by hand"),
        ({"kind": "synthetic"}, "Province or unit", "Hòa Bình SYNTHETIC FIGURES – NOT REAL DATA"),
        ({"kind": "synthetic", "title": f"{LABEL}: X mất 2; hai nhóm: A, B"}, "More", "X mất 2; hai nhóm: A, B"),
        ({"kind": "synthetic", "title": "SYNTHETIC FIGURES – NOT REAL DATA: X lost 2"}, "More", "X lost 2"),
        ({"kind": "synthetic", "title": "X mất 2 điểm: A"}, "More", "X mất 2 điểm: A"),
        ({"title": "TP. HCM: X"}, "More", "TP. HCM: X"),
    ],
    ids=str,
)
def test_a_cell_of_a_row(reports, changed, head, expected):
    put_report(reports, f"hoa-binh/{changed.get('period', '2023-04')}", **changed)
    heads = [cell.get_text() for cell in shown(reports).thead.find_all("th")]
    cell = rows(shown(reports), 0)[0][heads.index(head)]
    assert (cell.p.get_text() if head == "More" else " ".join(cell.get_text(" ").split())) == expected
    chips = [chip["class"] for chip in shown(reports).select(".chip")]
    kind = changed.get("kind", "published")
    assert chips == ([] if kind == "published" else [["chip", kind]]), "what is usual needs no badge in every row"


def test_what_the_signs_mean_is_said_once_where_they_stand(reports):
    put_report(reports, "hoa-binh/2023-04", groups=GROUPS, change=1.0)
    said = shown(reports).select_one(".note").get_text()
    assert said == "A bar is a group: how much of its points it has. All figures are published ones."
    put_report(reports, "hoa-binh/2023-05", kind="entered")
    said = shown(reports).select_one(".note").get_text()
    assert "–: no rank was published, or there is no period before" in said
    assert said.endswith("Figures are published ones where nothing else is said.")


def test_files_are_linked_where_they_are(reports):
    folder = put_report(reports, "hoa-binh/2023-04", files=("report.pdf", "workbook.xlsx", "changes.txt", "notes.txt"))
    (folder / "figures.csv").unlink()
    soup = shown(reports)
    links = {link.get_text(): link["href"] for link in soup.find_all("a")}
    assert list(links) == ["Hòa Bình", "what moved", "workbook", "PDF", "notebook"]
    assert all((reports / unquote(href)).is_file() for href in links.values())
    (folder / "index.html").unlink()
    assert rows(shown(reports), 0)[0][0].a is None


def test_a_row_leads_to_the_page_in_its_language_and_names_the_other(reports):
    put_report(reports, "hoa-binh/2023-04")
    put_report(reports, "hoa-binh/2023-04", language="en", title="Hòa Bình lost 41.17 points")
    put_report(reports, "hoa-binh/2024-07", language="en", title="English alone")
    for spoken, other, name in (("en", "vi", "Tiếng Việt"), ("vi", "en", "English")):
        use_language(spoken)
        newest, both = shown(reports).select("#board tbody tr")
        places = {"vi": "hoa-binh/2023-04/index.html", "en": "hoa-binh/2023-04/index.en.html"}
        assert both.a["href"] == places[spoken]
        (link,) = both.select("[hreflang]")
        assert (link["href"], link["lang"], link.get_text()) == (places[other], other, name)
        assert both.p["lang"] == spoken
        assert newest.a["href"] == "hoa-binh/2024-07/index.en.html" and not newest.select("[hreflang]")
        csv = both.find("a", string="CSV")["href"]
        assert csv == f"hoa-binh/2023-04/figures{'.en' if spoken == 'en' else ''}.csv"
        assert find_report(reports, "Hòa Bình", "2023-04") == reports / places[spoken]
        assert find_report(reports, "Hòa Bình", "").name == "index.en.html"


WRONG = ("kind", "made up"), ("period", "2023-99"), ("language", "fr"), ("total", "many"), ("total", float("nan"))
WRONG += (("groups", [{"code": "a"}]), ("groups", [{"code": "a", "name": "A", "score": 1.0, "max": 0.0}]))
NO_RECORDS = ["", "{}", "[]", "null", "7", '"x"', "\x00"]
NO_RECORDS += [json.dumps({**RESULT, name: value}) for name, value in (*WRONG, ("title", None))]


@pytest.mark.parametrize("text", NO_RECORDS)
def test_a_damaged_record_is_said_to_be_damaged(reports, text):
    put_report(reports, "hoa-binh/2023-04", text=text)
    put_report(reports, "hoa-binh/2022-12")
    first, second = words(shown(reports))
    assert first[:2] == ["hoa-binh Damaged record", "April 2023"] and "run.json" in first[6]
    assert rows(shown(reports), 0)[0][0].a["href"] == "hoa-binh/2023-04/index.html"
    assert second[:2] == ["Hòa Bình", "December 2022"]


def test_no_report_at_all(reports):
    soup = shown(reports)
    assert not soup.find("table") and "No report was published yet." in soup.get_text()


def test_markup_is_shown_as_text(reports):
    put_report(reports, "hoa-binh/2023-04", title=BAD, entity=BAD)
    put_failure(reports, "hoa-binh-2023-05-0123456789ab", entity=BAD, what=BAD, rows=[BAD], next_step=BAD)
    soup = shown(reports)
    assert not soup.find("script") and soup.get_text().count(BAD) == 7


# Failed runs


def test_the_newest_failure_of_each_report_with_their_number(reports):
    put_failure(reports, "hoa-binh-2023-04-000000000001", ended="2026-11-20T20:30:00Z", what="old")
    put_failure(reports, "hoa-binh-2023-04-000000000009", ended="2026-11-20T20:29:00Z", what="older")
    put_failure(reports, "hoa-binh-2023-04-000000000002", ended="2026-11-21T01:00:00+00:00", what="new", notebook=True)
    put_failure(reports, "hoa-binh-2024-07-000000000003", period="2024-07", ended="2026-11-22T00:00:00Z", exit_code=15)
    put_failure(reports, "unread-000000000004", period="", ended="2026-11-19T00:00:00Z", exit_code=13)
    for other in ("hoa-binh-2023-04.lock", "x", "hoa-binh-2023-04-00000000000z", f"hoa-binh-2023-04-{13 * '0'}"):
        put_failure(reports, other)
    found = words(shown(reports))
    assert [row[:3] for row in found] == [
        ["Hòa Bình, July 2024", "07:00 22/11/2026", "15"],
        ["Hòa Bình, April 2023", "08:00 21/11/2026, the last of 3 failures", "20"],
        ["Hòa Bình, the latest month", "07:00 19/11/2026", "13"],
    ]
    assert found[1][3:] == ["new một hai Mở sổ tay.", "reports/.work/hoa-binh-2023-04-000000000002/report.ipynb"]
    assert found[0][4] == "no notebook was kept"
    assert not shown(reports).find("a")
    assert shown(reports).find(string="new").find_parent(attrs={"lang": True})["lang"] == "vi"
    use_language("vi")
    assert words(shown(reports))[0][0] == "Hòa Bình, tháng 7/2024"


WRONG = ("more", 1), ("exit_code", "20"), ("period", "2023-13"), ("ended", "2026-11-20T20:30:00")
NO_FAILURES = ["", "{}", "null", "\udcff"]
NO_FAILURES += [json.dumps({**FAILURE, name: value}) for name, value in (*WRONG, ("ended", "9999-12-31T23:59:59Z"))]


@pytest.mark.parametrize("text", NO_FAILURES)
def test_a_damaged_failure_is_listed_as_unreadable(reports, text):
    folder = put_failure(reports, "hoa-binh-2023-04-000000000001", text="")
    (folder / "failed.json").write_bytes(text.encode("utf-8", errors="surrogateescape"))
    ((row,),) = [words(shown(reports))]
    assert row[0] == "hoa-binh-2023-04-000000000001"
    assert row[2:] == ["", "its failed.json cannot be read", "no notebook was kept"]
    (folder / "failed.json").unlink()
    (folder / "failed.json").mkdir()
    assert "cannot be read" in words(shown(reports))[0][3]


def failing(error: BaseException):
    def fail(*_given: object, **_named: object) -> None:
        raise error

    return fail


CELL_FAILED = errors.NotebookError("Cell 3 failed.", [f"row {number}" for number in range(9)], "Look.")


def test_a_failed_run_is_listed_with_what_it_said(small, stand_in):
    put_report(small / "reports", "hoa-binh/2024-07")
    before = datetime.now(UTC).replace(microsecond=0)
    stand_in(failing(CELL_FAILED))
    with pytest.raises(errors.NotebookError):
        run.render(HOA_BINH)
    (path,) = (small / "reports" / ".work").glob("hoa-binh-2023-04-*/failed.json")
    failure = Failure.model_validate_json(path.read_bytes())
    assert (failure.run_id, failure.entity, failure.period) == (path.parent.name, "Hòa Bình", "2023-04")
    assert before <= failure.ended <= datetime.now(UTC)
    assert failure.rows == ("row 0", "row 1", "row 2", "row 3", "row 4", "… +4")
    page = index(small)
    ((row,),) = [words(page, 1)]
    assert row[0] == "Hòa Bình, April 2023" and row[2] == "20"
    assert row[3] == "Cell 3 failed. row 0 row 1 row 2 row 3 row 4 … +4 Look."
    assert [link["href"] for link in page.main.find_all("a") if "html" in link["href"]] == [
        "hoa-binh/2024-07/index.html"
    ]


@pytest.mark.parametrize(
    ("fault", "raised", "code"),
    [
        (ZeroDivisionError("by zero" * 100), ZeroDivisionError, "1"),
        (OSError(28, "No space left on device"), errors.WriteError, "24"),
        (errors.NotebookError("Cell 3 failed.", ["row " * 200]), errors.NotebookError, "20"),
    ],
    ids=["program", "disk", "long row"],
)
def test_a_fault_of_the_program_and_a_full_disk_are_listed_too(small, stand_in, fault, raised, code):
    stand_in(failing(fault))
    with pytest.raises(raised):
        run.render(HOA_BINH)
    ((row,),) = [words(index(small))]
    assert row[2] == code and len(row[3]) < 400


def test_interrupted_and_busy_runs_are_not_listed(small, stand_in):
    stand_in(failing(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        run.render(HOA_BINH)
    with files.only_one(small / "reports", "hoa-binh-2023-04"), pytest.raises(errors.BusyError) as caught:
        run.render(HOA_BINH)
    assert "hoa-binh-2023-04" in caught.value.what and "Wait" in caught.value.next_step
    assert failed(small / "reports") == []
    assert not (small / "reports" / "index.en.html").exists()


@pytest.mark.parametrize("broken", ["save_failure", "index_of_reports", "page_of"])
@pytest.mark.parametrize("fault", [OSError(28, "full"), MemoryError(), ZeroDivisionError()], ids=repr)
def test_the_first_error_is_the_one_raised(small, stand_in, monkeypatch, broken, fault):
    stand_in(failing(CELL_FAILED))
    monkeypatch.setattr(publishing, broken, failing(fault))
    with pytest.raises(errors.NotebookError) as caught:
        run.render(HOA_BINH)
    assert caught.value is CELL_FAILED


def test_a_list_that_another_run_writes_does_not_hide_the_error(small, stand_in, monkeypatch):
    """Nor is it waited for as long as after a good report."""
    waited, write = [], publishing.write_index
    monkeypatch.setattr(publishing, "write_index", lambda wait: write(waited.append(wait) or 0.1))
    stand_in(failing(CELL_FAILED))
    with files.only_one(small / "reports", "index"), pytest.raises(errors.NotebookError):
        run.render(HOA_BINH)
    assert len(failed(small / "reports")) == 1 and waited[0] <= 10


def test_a_list_waits_for_the_one_that_another_run_writes(small):
    """Or the later of two would be the one that read the reports first, and miss one."""
    writer = threading.Thread(target=publishing.write_index)
    with files.only_one(small / "reports", "index"):
        writer.start()
        time.sleep(0.2)
        assert writer.is_alive() and not (small / "reports" / "index.html").exists()
        put_report(small / "reports", "hoa-binh/2024-07")
    writer.join(60)
    assert len(words(index(small, "index.html"))) == 1  # a thread of its own speaks Vietnamese


def test_figures_that_contradict_each_other_are_listed(small, change):
    change("hoa-binh.csv", 4, value="2.7", quote="2,7/18")
    with pytest.raises(errors.ContradictionError):
        run.prepare({"entity": "hoa-binh", "month": "2023-04"})
    ((row,),) = [words(index(small))]
    assert row[0] == "Hòa Bình, April 2023" and row[2] == "15"
    assert [path.name.rpartition("-")[0] for path in (small / "reports" / ".work").glob("*/")] == ["hoa-binh-2023-04"]


@pytest.mark.parametrize(("month", "named"), [("", "the latest month"), ("2023-04", "April 2023")])
def test_figures_that_cannot_be_read_are_listed_as_asked(small, change, month, named):
    change("hoa-binh.csv", 4, value="two")
    with pytest.raises(errors.HistoryError):
        run.prepare({"entity": "hoa-binh", "month": month})
    ((row,),) = [words(index(small))]
    assert row[0] == f"hoa-binh, {named}" and row[2] == "13"


def test_success_sweeps_the_failures_of_its_report(small, stand_in):
    reports = small / "reports"
    own = [put_failure(reports, f"hoa-binh-2023-00000000000{number}", notebook=True) for number in range(2)]
    own.append(put_failure(reports, "unread-000000000000", period=""))
    others = [
        put_failure(reports, "hoa-binh-2024-000000000000", period="2024"),
        put_failure(reports, "hoa-binh-2023-04-000000000000"),
        put_failure(reports, "ban-hoa-binh-2023-000000000000", period="2025"),
    ]
    stand_in()
    run.render(HOA_BINH.model_copy(update={"month": "2023"}))
    assert not any(folder.exists() for folder in own) and all(folder.is_dir() for folder in others)
    assert len(words(index(small), 1)) == 3


def test_a_working_folder_that_cannot_be_removed_stops_nothing(small, monkeypatch):
    """As where a notebook in it is open; the next good run removes it."""
    folder = put_failure(small / "reports", "hoa-binh-2023-04-000000000001")
    with monkeypatch.context() as patch:
        patch.setattr(os, "rmdir", failing(OSError(32, "open elsewhere")))
        publishing.sweep(small / "reports", "hoa-binh-2023-04")
    assert folder.is_dir()
    publishing.sweep(small / "reports", "hoa-binh-2023-04")
    assert not folder.exists()


def test_what_killed_runs_were_writing_goes_with_the_next_list(small):
    """Not what a run holds, what tells a failure, or what is none of ours."""
    work = small / "reports" / ".work"
    failed = put_failure(small / "reports", "hoa-binh-2023-04-000000000001")
    for name in ("hoa-binh-2023-04-000000000000", "ha-noi-2023-04-000000000000", "notes", "elsewhere"):
        (work / name).mkdir()
        (work / name / "report.ipynb").touch()
    (work / "an-giang-2023-04-000000000000").symlink_to("elsewhere")
    for name in ("index.html-000000000000", "index.en.html-000000000000", "other.html-000000000000", "index.html"):
        (work / name).touch()
    with files.only_one(small / "reports", "ha-noi-2023-04"):
        publishing.write_index()
    left = {path.name for path in work.iterdir() if path.suffix != ".lock"}
    assert left == {
        failed.name,
        *("ha-noi-2023-04-000000000000", "notes", "elsewhere", "an-giang-2023-04-000000000000"),
        *("other.html-000000000000", "index.html"),
    }
    assert (work / "elsewhere" / "report.ipynb").exists()
    publishing.write_index()
    assert not (work / "ha-noi-2023-04-000000000000").exists()


# Publishing: whole or not at all


def stopped_at(step: int, number: int, work: Path, final: Path) -> None:
    """Publish, and send a signal to this very process at one step."""
    left = step

    def count(event: str, _arguments: object) -> None:
        nonlocal left
        if event in ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir"):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), number)

    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    sys.addaudithook(count)
    publishing.publish(work, final)


def publish_stopped(folder: Path, good: Path, step: int, number: int) -> int:
    """Publish a copy of a good report over it in a process that gets a signal at one step; its exit code."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(good, folder)
    final, work = folder / "hoa-binh" / "2023-04", folder / ".work" / "run"
    shutil.copytree(final, work)
    record = json.loads((work / "run.en.json").read_bytes())
    (work / "run.en.json").write_text(json.dumps({**record, "run_id": "new"}), encoding="utf-8")
    child = multiprocessing.get_context("fork").Process(target=stopped_at, args=(step, number, work, final))
    child.start()
    child.join()
    return child.exitcode


@linux
@pytest.mark.parametrize("exchanged", [True, False])
def test_a_runner_killed_at_each_step_of_publishing(tmp_path, good, monkeypatch, exchanged):
    """There is a whole report; where the two cannot be exchanged, for a moment the last one beside, which is mended."""
    if not exchanged:
        monkeypatch.setattr(publishing, "_exchange", lambda *_folders: False)
    folder, found = tmp_path / "reports", []
    final = folder / "hoa-binh" / "2023-04"
    before = final.with_name("2023-04.prev")
    for step in range(1, 100):
        code = publish_stopped(folder, good, step, signal.SIGKILL)
        if code != -signal.SIGKILL:
            break
        assert whole(final if final.exists() else before), step
        found.append((final.exists(), before.exists()))
        publishing.recover(final)
        assert whole(final), step
        assert {path.name for path in final.parent.iterdir()} == {"2023-04"}
    assert code == 0
    assert set(found) == {(True, False), (True, True)} | (set() if exchanged else {(False, True)})
    assert json.loads((final / "run.en.json").read_bytes())["run_id"] == "new"


def test_a_reader_waits_for_a_report_between_its_two_renames(project):
    """A moment, while another run has the lock; what does not come is not waited for."""
    reports = project / "reports"
    final = reports / "hoa-binh" / "2023-04"
    before = final.with_name("2023-04.prev")
    final.rename(before)
    with files.only_one(reports, "hoa-binh-2023-04"):
        later = threading.Timer(0.2, before.rename, (final,))
        later.start()
        assert [item.folder for item in published(reports)] == [final]
        later.join()
        final.rename(before)
        started = time.monotonic()
        assert published(reports) == []
        assert time.monotonic() - started < 5
    assert [item.folder for item in published(reports)] == [final] and not before.exists()


@linux
@pytest.mark.parametrize("exchanged", [True, False])
def test_a_runner_interrupted_at_each_step_of_publishing(tmp_path, good, monkeypatch, exchanged):
    """An interrupted run goes on to its end, or puts back what it moved: it can still act, unlike a killed one."""
    if not exchanged:
        monkeypatch.setattr(publishing, "_exchange", lambda *_folders: False)
    step, final = 1, tmp_path / "reports" / "hoa-binh" / "2023-04"
    while publish_stopped(tmp_path / "reports", good, step, signal.SIGINT):
        assert whole(final), step
        step += 1
    assert 5 < step < 100


@pytest.mark.parametrize("fault", [None, ValueError()], ids=["good run", "failing run"])
@pytest.mark.parametrize("left", ["instead", "beside"])
def test_the_next_run_after_a_kill_mends_what_it_left(project, left, fault):
    """Killed between the two renames, or later; the folder before it may have been half removed by then."""
    final = project / "reports" / "hoa-binh" / "2023-04"
    new, before = project / "new", final.with_name("2023-04.prev")
    shutil.copytree(final, new)
    (new / "figures.en.csv").write_text("new", encoding="utf-8")
    if left == "instead":
        final.rename(before)
    else:
        shutil.copytree(final, before)
        (before / "index.en.html").unlink()
    try:
        with publishing.publishing("Hòa Bình", "2023-04", listed=False) as work:
            shutil.copytree(new, work, dirs_exist_ok=True)
            assert whole(final)
            if fault:
                raise fault
    except ValueError:
        assert fault
    assert {path.name for path in final.parent.iterdir()} == {"2023-04"}
    assert ((final / "figures.en.csv").read_text(encoding="utf-8") == "new") == (fault is None)
    assert whole(final) == (fault is not None)


def test_what_was_made_elsewhere_is_published_or_listed(project):
    """By the batch that made it, which renews the list once, at its end."""
    index = project / "reports" / "index.en.html"
    written = index.stat().st_mtime_ns
    final = project / "reports" / "hoa-binh" / "2023-04"
    new = {"figures.en.csv": b"new", "index.en.html": b"page"}
    publishing.publish_files("Hòa Bình", "2023-04", new)
    assert {path.name: path.read_bytes() for path in final.iterdir()} == new
    publishing.leave_failure("Hòa Bình", "2024-07", CELL_FAILED, {"report.ipynb": b"{}"})
    publishing.leave_failure("Hòa Bình", "no period", CELL_FAILED)
    (found,) = [item for item in failed(project / "reports") if item.failure]
    assert (found.failure.period, found.failure.exit_code) == ("2024-07", 20)
    assert {path.name for path in found.folder.iterdir()} == {"failed.json", "report.ipynb"}
    with pytest.raises(errors.WriteError):
        publishing.publish_files("Hòa Bình", "2023-04", {"no/folder": b""})
    assert (final / "figures.en.csv").read_bytes() == b"new"
    assert index.stat().st_mtime_ns == written


# Two languages


def test_a_report_in_one_language_stays_beside_that_in_the_other(project, stand_in):
    """Byte for byte, with all its files; the lists of reports are in both languages."""
    final = project / "reports" / "hoa-binh" / "2023-04"
    english = {path.name: path.read_bytes() for path in final.iterdir()}
    stand_in()
    page = run.render(HOA_BINH.model_copy(update={"language": "vi"}))
    use_language("en")
    assert page == final / "index.html"
    both = {path.name: path.read_bytes() for path in final.iterdir()}
    assert english.keys() == FILES and both.keys() == FILES | MADE | {"changes.txt"}
    assert {name: both[name] for name in FILES} == english
    record = json.loads(both["run.json"])
    assert record["files"].keys() == MADE - {"run.json"} and json.loads(both["run.en.json"])["files"].keys() < FILES
    again = run.render(HOA_BINH)
    after = {path.name: path.read_bytes() for path in final.iterdir()}
    assert again == final / "index.en.html" and after.keys() == both.keys()
    assert {name: after[name] for name in MADE} == {name: both[name] for name in MADE}
    for name, title in (("index.html", "Báo cáo"), ("index.en.html", "Reports")):
        listed = BeautifulSoup((project / "reports" / name).read_text(encoding="utf-8"), "html.parser")
        assert listed.html["lang"] == ("vi" if name == "index.html" else "en") and listed.title.get_text() == title
        assert listed.select_one("#board a")["href"] == f"hoa-binh/2023-04/{name}"


def test_a_run_that_fails_leaves_the_reports_in_both_languages(project, stand_in):
    final = project / "reports" / "hoa-binh" / "2023-04"
    stand_in()
    run.render(HOA_BINH.model_copy(update={"language": "vi"}))
    before = {path.name: path.read_bytes() for path in final.iterdir()}
    stand_in(failing(CELL_FAILED))
    for spoken in ("vi", "en"):
        with pytest.raises(errors.NotebookError):
            run.render(HOA_BINH.model_copy(update={"language": spoken}))
    assert {path.name: path.read_bytes() for path in final.iterdir()} == before


# Opening


def test_the_newest_month_of_the_entity_is_opened(reports):
    for name in ("lam-dong/2025-11", "lam-dong/2025", "lam-dong/2025-Q3", "hoa-binh/2026-01"):
        put_report(reports, name)
    assert find_report(reports, "Lâm Đồng", "") == reports / "lam-dong/2025-11/index.html"
    assert find_report(reports, "lam-dong", "2025") == reports / "lam-dong/2025/index.html"
    put_report(reports, "bac-ninh/2025", text="damaged")
    assert find_report(reports, "bac ninh", "") == reports / "bac-ninh/2025/index.html"


def test_the_last_promise_is_that_of_the_period_that_ended_last_and_of_two_of_the_shorter(reports):
    promised = {"levers": {"e_result": 80.0}, "target_score": None}
    for period, latest in (("2024-11", "2024-11"), ("2024", "2024"), ("2024-12", "2024-12"), ("2025-01", "2024-12")):
        put_report(reports, f"hoa-binh/{period}", parameters=promised)
        assert last_promised(published(reports), "Hòa Bình", "2025-01").month == latest


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
    browser(tmp_path, monkeypatch, f'echo noise; echo noise >&2; printf %s "$1$TERM" > {tmp_path}/asked')
    monkeypatch.setenv("TERM", "xterm")  # in which no browser may open
    assert browse(page)
    assert (tmp_path / "asked").read_text(encoding="utf-8") == page.as_uri()
    assert capfd.readouterr() == ("", "")


@posix
def test_a_browser_that_does_not_return_is_not_waited_for(reports, tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "BROWSER_SECONDS", 0.3)
    browser(tmp_path, monkeypatch, "exec sleep 4")
    began = time.monotonic()
    assert browse(put_report(reports, "hoa-binh/2023-04") / "index.html")
    assert time.monotonic() - began < 4


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
    monkeypatch.setattr(opening, "browse", lambda page: there)
    run = CliRunner().invoke(app, ["open", "--lang", "en"])
    assert (run.exit_code, run.stdout) == (0, str(Path("reports/hoa-binh/2023-04/index.html")) + "\n")
    assert run.stderr == ("" if there else "No browser was found here. Open this file in one.\n")
    run = CliRunner().invoke(app, ["open", "2023-05", "--lang", "en"])
    assert (run.exit_code, run.stdout) == (27, "")
    assert "scorecard report 2023-05 --entity hoa-binh" in run.stderr

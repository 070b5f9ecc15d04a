"""Do three lines say what moved since the last report, and is nothing made where nothing is new?"""

from __future__ import annotations

import json
import os
import shutil

import pytest

from analysis.language import use_language
from analysis.report.result import Result
from analysis.runs import run
from analysis.runs.digest import lines
from analysis.runs.reports import published
from made import ask
from pages import GROUPS, RESULT, put_report
from places import REPOSITORY

NOW = {**RESULT, "period": "2023-06", "total": 60.0, "rank": 20, "title": "Hòa Bình lost 40 points."}


def groups(transparency, digitisation):
    first, second = GROUPS
    return [{**first, "score": transparency}, {**second, "score": digitisation}]


def said(reports, **changed) -> list[str]:
    return lines(Result.model_validate({**NOW, "groups": groups(5.0, 8.0), **changed}), published(reports))


def test_the_first_report_has_none_to_compare_with(reports):
    put_report(reports, "lam-dong/2023-05", entity="Lâm Đồng")
    assert said(reports) == [
        "Hòa Bình, June 2023: 60.00/100 points; rank 20/63.",
        "It is the first report of this entity here: there is none to compare with.",
        "Hòa Bình lost 40 points.",
    ]
    assert said(reports, rank=None)[0] == "Hòa Bình, June 2023: 60.00/100 points."
    assert said(reports, ranked=None)[0] == "Hòa Bình, June 2023: 60.00/100 points; rank 20."


def test_what_moved_since_the_period_before(reports):
    put_report(reports, "hoa-binh/2023-01", total=10.0)
    put_report(reports, "hoa-binh/2023-04", groups=groups(4.5, 9.0))
    put_report(reports, "hoa-binh/2023-07", total=99.0)  # groups with one decimal change by tenths
    moved = (
        "Since the last report (April 2023): up 1.17 points; rank 24 → 20; "
        "most up: Công khai (+0.50); most down: Số hóa (−1.0)."
    )
    assert said(reports)[1] == moved
    use_language("vi")
    assert said(reports)[:2] == [
        "Hòa Bình, tháng 6/2023: 60,00/100 điểm; hạng 20/63.",
        "So với báo cáo trước (tháng 4/2023): tăng 1,17 điểm; hạng 24 → 20; tăng nhiều nhất: Công khai (+0,50); "
        "giảm nhiều nhất: Số hóa (−1,0).",
    ]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"total": 58.83, "rank": 24}, "total unchanged; rank unchanged; most up"),
        ({"total": 58.0, "rank": 24}, "down 0.83 points; rank unchanged; most up"),
        ({"total": 58.834, "rank": None}, "total unchanged; most up"),
        ({"rank": 3, "ranked": 34}, "up 1.17 points; most up"),  # of 34 others, not of 63
        ({"groups": groups(4.5, None)}, "up 1.17 points; rank 24 → 20."),
        ({"groups": groups(4.504, 9.0)}, "up 1.17 points; rank 24 → 20."),
        ({"groups": ()}, "up 1.17 points; rank 24 → 20."),
    ],
    ids=str,
)
def test_only_what_is_known_and_comparable_is_compared(reports, changed, expected):
    put_report(reports, "hoa-binh/2023-04", groups=groups(4.5, 9.0))
    assert said(reports, **changed)[1].startswith(f"Since the last report (April 2023): {expected}")


@pytest.mark.parametrize(
    "changed", [{"rubric": "other"}, {"period": "2024"}, {"period": "2024-Q1"}], ids=lambda changed: str(changed)
)
def test_other_rules_and_other_periods_are_not_compared(reports, changed):
    put_report(reports, "hoa-binh/2023-04")
    words = "Since the last report (April 2023): not comparable, other rules or another kind of period."
    assert said(reports, **changed)[1] == words


def test_figures_of_the_same_period_that_were_corrected(reports):
    put_report(reports, "hoa-binh/2023-05", total=50.0)
    put_report(reports, "hoa-binh/2023-06", total=59.5, rank=21, groups=groups(5.0, 7.5))
    words = (
        "The figures of this period are others than in its last report: up 0.50 points; rank 21 → 20; "
        "most up: Số hóa (+0.5)."
    )
    assert said(reports)[1] == words
    put_report(reports, "hoa-binh/2023-06", total=60.0, rank=20, groups=groups(5.0, 8.0))
    assert said(reports)[1].startswith("Since the last report (May 2023): up 10.00 points")


def test_simulated_figures_say_so_in_each_line(reports):
    label = "SYNTHETIC FIGURES – NOT REAL DATA"
    told = said(reports, kind="synthetic", title=f"{label}: X lost 2.")
    assert all(line.startswith(f"{label}: ") for line in told) and told[2] == f"{label}: X lost 2."


def test_the_lines_stand_beside_the_page_and_are_said(small):
    """With the real notebook, and once more for the month after."""
    code, told = ask("report", "2023-04")
    folder = small / "reports" / "hoa-binh" / "2023-04"
    written = (folder / "changes.en.txt").read_text(encoding="utf-8")
    assert code == 0 and written.endswith(".\n") and len(written.splitlines()) == 3
    assert written.splitlines()[0] == "Hòa Bình, April 2023: 58.83/100 points; rank 24/63."
    record = json.loads((folder / "run.en.json").read_bytes())
    assert written.splitlines()[2] == record["title"]
    assert all(line in told for line in written.splitlines())
    assert [group["code"] for group in record["groups"]] == [
        *("transparency", "processing_progress", "online_service_provision"),
        *("online_payment", "satisfaction", "digitisation"),
    ]
    assert {group["code"]: group["score"] for group in record["groups"]}["digitisation"] == 10.0
    code, told = ask("report", "2024-07")
    later = (folder.with_name("2024-07") / "changes.en.txt").read_text(encoding="utf-8")
    assert code == 0 and later.splitlines()[1] in told
    assert "Since the last report (April 2023): up 24.25 points; rank 24 → 1; most up: Transparency" in later


def test_the_example_of_the_page_is_what_is_said(small):
    run.render(run.prepare({"entity": "Hòa Bình", "month": "2023-04"}))
    page = run.render(run.prepare({"entity": "Hòa Bình", "month": "2024-07"}))
    first, second, _title = page.with_name("changes.txt").read_text(encoding="utf-8").splitlines()
    assert f"{first}\n{second}\n" in (REPOSITORY / "docs" / "automation.md").read_text(encoding="utf-8")


# --if-new


def times(project) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in (project / "reports" / "hoa-binh").rglob("*")}


def test_nothing_is_made_where_nothing_is_new(project):
    before = times(project)
    code, told = ask("report", "2023-04", "--if-new")
    assert code == 0 and "Nothing is new: the report of Hòa Bình, April 2023 stands as it is." in told
    assert times(project) == before


def new_figure(project):
    path = project / "data" / "sources.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\n# looked at again\n", encoding="utf-8")


MENDED = {
    "data": new_figure,
    "notebook": lambda project: (project / "notebooks" / "monthly_report.ipynb").open("a").write("\n"),
    "a tampered page": lambda project: next(project.glob("reports/hoa-binh/2023-04/index.en.html")).write_text("x"),
    "a lost record": lambda project: next(project.glob("reports/hoa-binh/2023-04/run.en.json")).unlink(),
    "no report": lambda project: shutil.rmtree(project / "reports" / "hoa-binh"),
}


@pytest.mark.parametrize("mend", MENDED)
def test_what_is_new_is_made(project, stand_in, monkeypatch, mend):
    monkeypatch.chdir(project)
    parameters = run.prepare({"entity": "Hòa Bình", "month": "2023-04", "language": "en"})
    assert run.stands(parameters)
    MENDED[mend](project)
    assert not run.stands(parameters)
    stand_in()
    run.render(parameters)
    assert run.stands(parameters)


def test_code_that_changed_is_new(project, monkeypatch):
    parameters = run.prepare({"entity": "Hòa Bình", "month": "2023-04", "language": "en"})
    monkeypatch.setattr("analysis.runs.record.code_hash", lambda: "other")
    assert not run.stands(parameters)


def test_another_language_and_a_pdf_are_new(project):
    values = {"entity": "Hòa Bình", "month": "2023-04"}
    assert not run.stands(run.prepare({**values, "language": "vi"}))
    assert not run.stands(run.prepare({**values, "language": "en"}), pdf=True)


def test_what_somebody_weighed_stands_until_figures_change(project, stand_in):
    """A scheduled run must not undo what a person chose by hand."""
    stand_in()
    values = {"entity": "Hòa Bình", "month": "2023-04", "language": "en"}
    run.render(run.prepare({**values, "levers": {"e_result": 90.0}, "target_score": 62.0}))
    usual = run.prepare(values)
    assert run.stands(usual) and not run.stands(usual, asked=True)
    os.utime(project / "data" / "sources.toml")
    assert run.stands(usual), "only what is in a file counts"
    new_figure(project)
    assert not run.stands(usual)

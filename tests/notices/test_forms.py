"""Figures typed into a form are read back as typed or refused, and an export starts no formula in Excel."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from analysis.errors import BulletinError, HistoryError
from analysis.language import use_language
from analysis.notices import forms
from analysis.scorecards.history import load_history
from analysis.scorecards.rubric import load_rubrics, rubric_in_force
from noticed import APRIL, files, run, stored

FORM = "scorecard-hoa-binh-2024-08"
FILLED = {
    "as_of": {2: "31/8/2024"},
    "title": {2: "Công văn 12"},
    "total_score": {2: "81,20"},
    "national_rank": {2: "3"},
    "satisfaction": {2: "18,0"},
    "e_result": {4: "1.205", 5: "2.975", 6: "40,50"},
}


def filled(project: Path, suffix: str, edit: Any = None) -> Path:
    """The form of August 2024 with a total, a group and a rate, as a user fills it in."""
    run("template", "2024-08")
    path, values = project / f"{FORM}{suffix}", FILLED | (edit or {})
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


def test_a_form_has_every_code_of_its_rubric(rubrics):
    rows = {row[0]: row for row in forms.form_rows(rubrics[-1], "Phú Thọ", "2026-11")}
    assert rows.keys() >= rubrics[-1].named.keys() - {entry.code for entry in rubrics[-1].combined}
    assert "34" in rows["national_rank"]


def typed(rubrics, book, period, *rows, entity="Hòa Bình"):
    """The notice of a form with these rows beside its own."""
    form = forms.form_rows(rubric_in_force(rubrics, period), entity, period)
    return forms.read_form("\n".join("\t".join(row) for row in [*form, *rows]), rubrics, book)


@pytest.mark.parametrize(("period", "scope"), [("2024-08", "month"), ("2024-Q3", "quarter"), ("2024", "year")])
def test_a_form_is_of_a_month_a_quarter_or_a_year(rubrics, book, period, scope):
    notice = typed(rubrics, book, period, ["certified_e_copy", "", "", "", "12"])
    assert (notice.scope, [str(item.value) for item in notice.figures]) == (scope, ["12"])


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([["e_reslt", "", "", "", "5"]], "no figure has this code"),
        ([["e_result", "", "", "", "5"], ["e_result", "", "", "", "6"]], "this code stands twice in the form"),
    ],
)
def test_a_row_that_the_form_does_not_have_is_named(rubrics, book, rows, why):
    assert [item.why for item in typed(rubrics, book, "2024-08", *rows).problems] == [why]


def test_a_form_of_a_province_that_had_ended_is_refused(rubrics, book):
    with pytest.raises(BulletinError, match="ended with June 2025"):
        typed(rubrics, book, "2025-07", ["total_score", "", "50,00"])


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
def test_text_of_an_export_starts_no_formula(history, start):
    rows = forms.export_rows(history.head(1).assign(quote=start))
    assert rows[1][rows[0].index("quote")] == "'" + start
    assert rows[1][rows[0].index("value")][0] not in forms.FORMULA


def test_an_export_is_never_read_as_the_store(project_copy):
    out, _err = run("export", APRIL)
    shutil.copyfile(out.strip(), project_copy / "data" / "observations" / "export.csv")
    use_language("en")
    with pytest.raises(HistoryError, match="separated by semicolons"):
        load_history(load_rubrics())


def test_all_figures_of_a_province(project_copy):
    out, _err = run("export")
    assert len(Path(out.strip()).read_bytes().splitlines()) == 1 + 57 - 1

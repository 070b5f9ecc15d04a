"""What a page, a letter and a workbook show is read with its columns; what they hide, strike out or change is not."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from openpyxl import Workbook

from analysis.notices import extract
from analysis.notices.extract import of_docx, of_html, of_pdf, of_xlsx
from noticed import GOLDEN, NOTICES, figures_of

DOCX = NOTICES / f"{GOLDEN}.docx"
MATH = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


def text_of_page(body: str) -> str:
    return of_html(f"<!doctype html><html><head><title>x</title></head><body>{body}</body></html>".encode())


def text_of_letter(paragraph: str) -> str:
    """The text of the golden letter with one paragraph instead of all its own."""
    made = io.BytesIO()
    with zipfile.ZipFile(DOCX) as before, zipfile.ZipFile(made, "w") as after:
        for entry in before.infolist():
            content = before.read(entry).decode("utf-8", "surrogateescape")
            if entry.filename == "word/document.xml":
                body = f"<w:body><w:p>{paragraph}</w:p></w:body>"
                content = re.sub(r"<w:body>.*</w:body>", body, content, flags=re.DOTALL)
                content = content.replace("<w:document ", f"<w:document {MATH} ", 1)
            after.writestr(entry.filename, content.encode("utf-8", "surrogateescape"))
    return of_docx(made.getvalue()).strip()


def run_of(text: str, *marks: str) -> str:
    shape = f"<w:rPr>{''.join(f'<w:{mark}/>' for mark in marks)}</w:rPr>" if marks else ""
    return f'<w:r>{shape}<w:t xml:space="preserve">{text}</w:t></w:r>'


def text_of_book(book: Workbook) -> str:
    made = io.BytesIO()
    book.save(made)
    return of_xlsx(made.getvalue())


def workbook(rows: list[list[object]], formats: dict[str, str] | None = None) -> Workbook:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for place, shape in (formats or {}).items():
        book.active[place].number_format = shape
    return book


# Pages.


def test_what_a_page_does_not_show_is_not_read():
    shown = text_of_page(
        "<nav>Menu 9,9/18</nav><p>Công khai, minh bạch: <s>3,3/18</s> 2,2/18</p><p hidden>4,4/18</p>"
        "<p style='display: none'>5,5/18</p><!-- 6,6/18 --><script>var x='7,7/18'</script><footer>8,8/18</footer>"
    )
    assert re.findall(r"[0-9],[0-9]/18", shown) == ["2,2/18"]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (
            "<div>Tin khác: 24/63</div><article><p>Hòa Bình 58,83/100, 36,09%, 2,2/18</p></article>"
            "<div>Tin nữa: 1/63</div>",
            ["Hòa Bình 58,83/100, 36,09%, 2,2/18"],
        ),
        (
            "<table><tr><td>Menu</td><td><p>Một.</p><p>Hai.</p><p>Ba.</p><table><tr><td>A</td><td>2,2</td></tr>"
            "</table></td></tr></table>",
            ["Menu", "Một.", "Hai.", "Ba.", "A\t2,2"],
        ),
        *((f"<p>Đạt 88,32{mark}%.</p>", ["Đạt 88,32%."]) for mark in ("<sup>1</sup>", "<sub>2</sub>")),
        ("<p>Đạt 88,32<sup><a href='#n'>[1]</a></sup>%.</p>", ["Đạt 88,32%."]),
    ],
    ids=["an article alone", "a page laid out with tables", "a footnote", "one below", "one with a link"],
)
def test_the_lines_of_a_page(body, shown):
    assert [line for line in text_of_page(body).split("\n") if line] == shown


ROWS = (
    "<tr><td>1</td><td>Công khai, minh bạch</td><td>18</td><td>2,2</td><td></td><td></td></tr>"
    "<tr><td>2</td><td>Tiến độ giải quyết</td><td>20</td><td>17,7</td><td></td><td></td></tr>"
    "<tr><td>3</td><td>Thanh toán trực tuyến</td><td>10</td><td>9,5</td><td></td><td></td></tr>"
    "<tr><td>4</td><td>Hồ sơ thanh toán trực tuyến</td>{empty}<td>8.665</td><td>76,04</td></tr>"
    "<tr><td colspan='2'>Tổng điểm</td><td>100</td><td>58,83</td><td></td><td></td></tr>"
)
ONE_ROW = (
    "<tr><th>STT</th><th>Chỉ tiêu</th><th>Điểm tối đa</th><th>Điểm đạt</th><th>Số lượng</th><th>Tỷ lệ (%)</th></tr>"
)
HEADS = {
    "one row": ONE_ROW,
    "two rows": (
        "<tr><th rowspan=2>STT</th><th rowspan=2>Chỉ tiêu</th><th colspan=2>Điểm</th><th rowspan=2>Số lượng</th>"
        "<th rowspan=2>Tỷ lệ (%)</th></tr><tr><th>Tối đa</th><th>Đạt</th></tr>"
    ),
    "tags left open": "<tr><td>STT<td>Chỉ tiêu<td>Điểm tối đa<td>Điểm đạt<td>Số lượng<td>Tỷ lệ (%)</tr>",
    "numbered columns": f"{ONE_ROW}<tr><td>A</td><td>B</td><td>(1)</td><td>(2)</td><td>(3)</td><td>(4)</td></tr>",
}


@pytest.mark.parametrize("empty", ["<td></td><td></td>", "<td colspan='2'></td>"], ids=["two cells", "one over two"])
@pytest.mark.parametrize("heads", HEADS)
def test_a_table_keeps_its_columns(reader, heads, empty):
    table = f"<table>{HEADS[heads]}{ROWS.format(empty=empty)}</table>"
    found = figures_of(reader(text_of_page(f"<p>Tỉnh Hòa Bình, tháng 4/2023</p>{table}")))
    assert {key: float(value[0]) for key, value in found.items()} == {
        ("transparency", "points"): 2.2,
        ("processing_progress", "points"): 17.7,
        ("online_payment", "points"): 9.5,
        ("online_payment_dossiers", "count"): 8665,
        ("online_payment_dossiers", "percent"): 76.04,
        ("total_score", "points"): 58.83,
    }


# Letters.


@pytest.mark.parametrize(
    ("paragraph", "shown"),
    [
        (
            f'{run_of("Đạt ")}<w:del w:id="1" w:author="a"><w:r><w:delText>3,3</w:delText></w:r></w:del>'
            f'<w:ins w:id="2" w:author="a">{run_of("2,2")}</w:ins>{run_of("/18 điểm")}',
            "Đạt 2,2/18 điểm",
        ),
        (run_of("3,3/18", "strike") + run_of("2,2/18"), "2,2/18"),
        (f'{run_of("8")}<w:fldSimple w:instr="x">{run_of("8,32%")}</w:fldSimple>', "88,32%"),
    ],
    ids=["changes as accepted", "without what is struck out", "with fields"],
)
def test_a_letter_is_read_as_it_is_shown(paragraph, shown):
    assert text_of_letter(paragraph) == shown


@pytest.mark.parametrize(
    "run", [run_of("3", "vanish"), run_of("3", "dstrike"), "<m:oMath><m:r><m:t>3</m:t></m:r></m:oMath>"]
)
def test_words_of_a_letter_that_may_not_hold_are_refused(run):
    with pytest.raises(Hidden):
        text_of_letter(run_of("2,2") + run + run_of("/18"))


# Workbooks.


@pytest.mark.parametrize(
    ("shape", "value", "shown"),
    [
        ("0.00%", 0.3383, "33,83%"),
        ("0.0", 10, "10,0"),
        ("0.00", 33.8349, "33,83"),
        ("0.##", 88.32, "88,32"),
        ("0.##", 88.3, "88,3"),
        ("0.0#", 88, "88,0"),
        ('0.00"%"', 0.45, "0,45"),
        ("0.00%", 0.45, "45,00%"),
        ("#,##0", 23636, "23636"),
        ("General", 2.2, "2,2"),
        ("General", "58,83", "58,83"),
        ("General", True, ""),
        ("General", None, ""),
        ("#,##0,", 23636, "\ufffd"),
    ],
)
def test_a_cell_is_read_as_it_is_shown(shape, value, shown):
    assert text_of_book(workbook([["x", value]], {"B1": shape})).strip("\n") == f"x\t{shown}".strip("\t")


def test_merged_cells_of_a_workbook_keep_their_columns(reader):
    book = workbook(
        [
            ["Tỉnh Hòa Bình, tháng 4/2023"],
            ["STT", "Chỉ tiêu", "Điểm", None],
            [None, None, "Tối đa", "Đạt"],
            ["Tổng điểm", None, 100, 58.83],
            [1, "Công khai, minh bạch", 18, 2.2],
        ]
    )
    for area in ("A2:A3", "B2:B3", "C2:D2", "A4:B4"):
        book.active.merge_cells(area)
    values = {key: float(value[0]) for key, value in figures_of(reader(text_of_book(book))).items()}
    assert values == {("total_score", "points"): 58.83, ("transparency", "points"): 2.2}


def test_hidden_sheets_rows_and_columns_of_a_workbook_are_not_read():
    book = workbook([["a", "ẩn", "b"], ["ẩn", "ẩn", "ẩn"], ["c", "ẩn", "d"]])
    book.active.row_dimensions[2].hidden = True
    book.active.column_dimensions["B"].hidden = True
    hidden = book.create_sheet("x")
    hidden.append(["ẩn"])
    hidden.sheet_state = "hidden"
    assert text_of_book(book).split() == ["a", "b", "c", "d"]


@pytest.mark.parametrize(("limit", "most"), [("CELLS", 4), ("SHEETS", 1), ("SHEET_BYTES", 1_000), ("PAGES", 1)])
def test_what_is_more_than_a_notice_has_is_refused(monkeypatch, limit, most):
    """Five cells in two sheets of some thousand bytes, or two pages."""
    pages = limit == "PAGES"
    book = workbook([["a", "b"], ["c", "d"], ["e"]])
    book.create_sheet("x")
    read = (lambda: of_pdf((NOTICES / f"{GOLDEN}.pdf").read_bytes())) if pages else (lambda: text_of_book(book))
    monkeypatch.setattr(extract, limit, most)
    with pytest.raises(TooMuch):
        read()
    monkeypatch.setattr(extract, limit, most + (10_000 if limit == "SHEET_BYTES" else 1))
    assert read()

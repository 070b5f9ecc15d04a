"""What a page, a letter and a workbook show is read with its columns; what they hide, strike out or change is not."""

from __future__ import annotations

import datetime
import io
import re
import zipfile

import pytest
from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill

from analysis.notices import pages, sheets
from analysis.notices.content import UNREAD, Content, TooMuch
from analysis.notices.letters import of_docx
from analysis.notices.pages import of_pdf
from analysis.notices.sheets import of_xlsx
from analysis.notices.web import of_html
from noticed import GOLDEN, NOTICES, figures_of

DOCX = NOTICES / f"{GOLDEN}.docx"
OFFICE = "http://schemas.openxmlformats.org"
NAMES = (
    f'xmlns:m="{OFFICE}/officeDocument/2006/math"',
    f'xmlns:mc="{OFFICE}/markup-compatibility/2006"',
    f'xmlns:r="{OFFICE}/officeDocument/2006/relationships"',
    'xmlns:v="urn:schemas-microsoft-com:vml"',
)


def of_page(body: str, head: str = "") -> Content:
    return of_html(f"<!doctype html><html><head><title>x</title>{head}</head><body>{body}</body></html>".encode())


def text_of_page(body: str) -> str:
    return of_page(body).text


def of_letter(body: str, parts: dict[str, str] | None = None) -> Content:
    """The golden letter with one body instead of its own, and some parts changed or added."""
    made, parts = io.BytesIO(), dict(parts or {})
    with zipfile.ZipFile(DOCX) as before, zipfile.ZipFile(made, "w") as after:
        for entry in before.infolist():
            content = before.read(entry).decode("utf-8", "surrogateescape")
            if entry.filename == "word/document.xml":
                content = re.sub(r"<w:body>.*</w:body>", f"<w:body>{body}</w:body>", content, flags=re.DOTALL)
                names = [name for name in NAMES if f"{name.partition(chr(61))[0]}=" not in content]
                content = content.replace("<w:document ", f"<w:document {' '.join(names)} ", 1)
            content = parts.pop(entry.filename, content)
            after.writestr(entry.filename, content.encode("utf-8", "surrogateescape"))
        for name, content in parts.items():
            after.writestr(name, content)
    shown = of_docx(made.getvalue())
    shown.text = shown.text.strip()
    return shown


def text_of_letter(paragraph: str) -> str:
    return of_letter(f"<w:p>{paragraph}</w:p>").text


def run_of(text: str, *marks: str) -> str:
    shape = f"<w:rPr>{''.join(f'<w:{mark}/>' for mark in marks)}</w:rPr>" if marks else ""
    return f'<w:r>{shape}<w:t xml:space="preserve">{text}</w:t></w:r>'


def of_book(book: Workbook) -> Content:
    made = io.BytesIO()
    book.save(made)
    return of_xlsx(made.getvalue())


def text_of_book(book: Workbook) -> str:
    return of_book(book).text


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


SHEET = (
    "<style>.d-none{display:none!important} .tab{display:none} .tab.active{display:block} #t b{color:white}"
    "@media print{.p{display:none}} .away{position:absolute;left:-9999px} .pale{color:#fff;background:navy}</style>"
)


@pytest.mark.parametrize(
    ("element", "is_seen"),
    [
        ("p class=d-none", False),
        ("div class=tab", False),
        ("div class='tab active'", True),
        ("p class=p", True),
        ("p class=away", False),
        ("p class=pale", True),
        ("p style='opacity:0'", False),
        ("p style='color:#fefefe'", False),
        ("p style='color:#fff;background:#12436d'", True),
        ("p style='font-size:0'", False),
        ("p style='font-size:.9em'", True),
        ("p style='height:0;overflow:hidden'", False),
        ("p style='text-decoration:line-through'", False),
        ("p style='mso-hide:all'", False),
        ("dialog", False),
        ("dialog open", True),
    ],
)
def test_the_style_of_a_page_says_what_is_seen(element, is_seen):
    shown = of_page(f"<p>Công khai:</p><{element}>2,2/18</{element.split()[0]}>", SHEET)
    assert ("2,2/18" in shown.text) == is_seen
    assert shown.left == ([] if is_seen else [("hidden", "2,2/18")])


def test_the_usual_classes_hide_where_the_style_is_another_file():
    body = "<p class='d-none'>1,1</p><div class=tab-pane>2,2</div><div class='tab-pane active'>3,3</div>"
    assert of_page(body, "<link rel=stylesheet href=x.css>").text == "3,3"
    assert of_page(body).text.split() == ["1,1", "2,2", "3,3"]


def test_what_a_page_shows_by_other_means_is_read_or_named():
    body = "<input value='58,83'><select><option>1<option selected>24/63</select><details><p>9,9</p></details>"
    shown = of_page(
        f"<p>Đạt</p>{body}<p class=x>Hạng</p><p><img src=x></p>", "<style>.x::after{content:'7/63'}</style>"
    )
    assert shown.text.split() == ["Đạt", "58,8324/63", "Hạng"]
    assert shown.left == [("styled", '"7/63"'), ("hidden", "9,9"), ("pictures", "1")]


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
    "run",
    [
        run_of("3,3", "vanish"),
        run_of("3,3", "dstrike"),
        run_of("3,3", 'color w:val="FFFFFF"'),
        run_of("3,3", 'sz w:val="2"'),
        run_of("3,3", 'rStyle w:val="Unseen"'),
    ],
)
def test_words_of_a_letter_that_are_not_seen_are_named_and_not_read(run):
    style = f'<w:styles xmlns:w="{OFFICE}/wordprocessingml/2006/main">' + (
        '<w:style w:type="character" w:styleId="Base"><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="Unseen"><w:basedOn w:val="Base"/></w:style></w:styles>'
    )
    shown = of_letter(f"<w:p>{run_of('Đạt ')}{run}{run_of('2,2/18')}</w:p>", {"word/styles.xml": style})
    assert shown.text == "Đạt 2,2/18"
    assert shown.left == [("hidden", "3,3")]


def test_white_letters_on_a_dark_ground_are_seen():
    shade = '<w:tcPr><w:shd w:val="clear" w:fill="12436D"/></w:tcPr>'
    white = run_of("2,2/18", 'color w:val="FFFFFF"')
    assert of_letter(f"<w:tbl><w:tr><w:tc>{shade}<w:p>{white}</w:p></w:tc></w:tr></w:tbl>").text == "2,2/18"


M_ROW = "<m:r><m:t>33,83</m:t></m:r>"


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        (M_ROW, "33,83"),
        ("<m:f><m:num><m:r><m:t>2,2</m:t></m:r></m:num><m:den><m:r><m:t>18</m:t></m:r></m:den></m:f>", "2,2/18"),
        (f"<m:rad><m:deg/><m:e>{M_ROW}</m:e></m:rad>", UNREAD),
    ],
)
def test_a_formula_is_read_where_it_is_plain(formula, shown):
    assert text_of_letter(f"{run_of('Đạt ')}<m:oMath>{formula}</m:oMath>") == f"Đạt {shown}"


def test_a_box_is_read_once_behind_its_paragraph():
    inner = f"<w:txbxContent><w:p>{run_of('Trong khung: 33,83%')}</w:p></w:txbxContent>"
    box = (
        f"<mc:AlternateContent><mc:Choice><w:drawing>{inner}</w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict><v:textbox>{inner}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent>"
    )
    for drawn in (box, f"<w:drawing>{inner}</w:drawing>", f"<w:pict><v:textbox>{inner}</v:textbox></w:pict>"):
        body = f"<w:p>{run_of('Trước')}<w:r>{drawn}</w:r></w:p><w:p>{run_of('Sau')}</w:p>"
        assert of_letter(body).text.split() == ["Trước", "Trong", "khung:", "33,83%", "Sau"]


def test_headers_and_footers_are_read_without_numbers_of_pages():
    page = run_of("24", "b").replace("<w:t", '<w:instrText xml:space="preserve"> PAGE </w:instrText><w:t')
    field = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    number = field.format("begin") + page.split("<w:t ")[0] + "</w:r>" + field.format("separate") + run_of("7")
    text = run_of("Số: 3220/VPUBND ") + number + field.format("end")
    parts = {
        f"word/{name}1.xml": f'<w:{mark} xmlns:w="{OFFICE}/wordprocessingml/2006/main"><w:p>{content}</w:p></w:{mark}>'
        for name, mark, content in (("header", "hdr", text), ("footer", "ftr", run_of("Nơi nhận")))
    }
    relation = f'Type="{OFFICE}/officeDocument/2006/relationships'
    parts["word/_rels/document.xml.rels"] = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="h1" {relation}/header" Target="header1.xml"/>'
        f'<Relationship Id="f1" {relation}/footer" Target="footer1.xml"/></Relationships>'
    )
    section = (
        '<w:sectPr><w:headerReference w:type="default" r:id="h1"/><w:headerReference w:type="first" r:id="h9"/>'
        '<w:footerReference w:type="default" r:id="f1"/></w:sectPr>'
    )
    shown = of_letter(f"<w:p>{run_of('Đạt 58,83/100')}</w:p>{section}", parts).text
    assert [line for line in shown.split("\n") if line] == ["Số: 3220/VPUBND", "Đạt 58,83/100", "Nơi nhận"]


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
        ('0.00"%"', 0.45, "0,45%"),
        ("0.00%", 0.45, "45,00%"),
        ("#,##0", 23636, "23636"),
        ("General", 2.2, "2,2"),
        ("General", "58,83", "58,83"),
        ("General", True, ""),
        ("General", None, ""),
        ("#,##0,", 23636, "24"),
        ('0.0"/20"', 17.7, "17,7/20"),
        ('_(* #,##0.0_);_(* (#,##0.0);_(* "-"??_);_(@_)', 17.7, "17,7"),
        (";;;", 17.7, ""),
        ("0.0;;;", -1, ""),
        ("0.0;-0.0;;@", 0, ""),
        ("# ?/?", 0.5, UNREAD),
        ("0.00E+00", 58.83, UNREAD),
        ("@", 58.83, "58,83"),
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


def test_hidden_sheets_rows_and_columns_of_a_workbook_are_named_and_not_read():
    """Columns B and C, hidden as one run; row 2; a column and a row too narrow to be seen; another sheet."""
    book = workbook([["a", "ẩn", "ẩn", "b", "hẹp"], ["ẩn"] * 5, ["thấp"] * 5, ["c", "ẩn", "ẩn", "d", "hẹp"]])
    sheet = book.active
    sheet.title = "T"
    sheet.row_dimensions[2].hidden = True
    sheet.row_dimensions[3].height = 0.5
    sheet.column_dimensions.group("B", "C", hidden=True)
    sheet.column_dimensions["E"].width = 0.1
    hidden = book.create_sheet("x")
    hidden.append(["ẩn"])
    hidden.sheet_state = "veryHidden"
    shown = of_book(book)
    assert shown.text.split() == ["a", "b", "c", "d"]
    assert shown.left == [("hidden_sheet", "x"), ("hidden_columns", "B, C, E", "T"), ("hidden_rows", "2, 3", "T")]


def test_a_merged_number_that_begins_in_a_hidden_column_stands_in_the_first_that_is_seen():
    book = workbook([["Điểm", 58.83, None, None]])
    book.active.merge_cells("B1:D1")
    book.active.column_dimensions["B"].hidden = True
    assert text_of_book(book).strip() == "Điểm\t58,83"


def test_cells_of_the_colour_of_the_paper_are_not_read():
    book = workbook([["trắng", 11.11], ["đầu", 2]])
    for cell in (book.active["B1"], book.active["A2"]):
        cell.font = Font(color="FFFFFF")
    book.active["A2"].fill = PatternFill("solid", fgColor="12436D")
    shown = of_book(book)
    assert shown.text.split() == ["trắng", "đầu", "2"]
    assert shown.left == [("unseen", "Sheet!B1")]


def test_a_formula_that_was_never_calculated_is_named():
    shown = of_book(workbook([["Tổng điểm", "=1+2"]]))
    assert shown.text.strip() == f"Tổng điểm\t{UNREAD}"
    assert shown.left == [("formula", "Sheet!B1")]


def test_a_score_that_became_a_date_is_named_and_a_day_is_read():
    day = datetime.date(2023, 2, 18)
    book = workbook([["Đến ngày", day], ["Nhóm", day], ["Công khai", 18, day]], {"B2": "mmm-yy", "C3": "d-mmm"})
    shown = of_book(book)
    assert [line for line in shown.text.split("\n") if line] == [
        "Đến ngày\t18/2/2023",
        "Nhóm\t2/2023",
        f"Công khai\t18\t{UNREAD}",
    ]
    assert shown.left == [("date", "Sheet!C3")]


def test_a_far_cell_that_is_only_coloured_costs_nothing_and_one_with_words_is_refused():
    book = workbook([["Tổng điểm", 58.83]])
    book.active["XFD1048576"].fill = PatternFill("solid", fgColor="FF0000")
    assert text_of_book(book).split("\t") == ["Tổng điểm", "58,83\n"]
    book.active["XFD1048576"] = "x"
    with pytest.raises(TooMuch, match="XFD1048576"):
        of_book(book)


def test_strict_open_xml_is_read():
    book, made, strict = workbook([["Tổng điểm", 58.83]]), io.BytesIO(), io.BytesIO()
    book.save(made)
    with zipfile.ZipFile(made) as before, zipfile.ZipFile(strict, "w") as after:
        for entry in before.infolist():
            content = before.read(entry)
            content = content.replace(
                f"{OFFICE}/spreadsheetml/2006".encode(), b"http://purl.oclc.org/ooxml/spreadsheetml"
            )
            content = content.replace(
                f"{OFFICE}/officeDocument/2006".encode(), b"http://purl.oclc.org/ooxml/officeDocument"
            )
            after.writestr(entry.filename, content)
    assert of_xlsx(strict.getvalue()).text.strip() == "Tổng điểm\t58,83"


@pytest.mark.parametrize(("limit", "most"), [("CELLS", 4), ("SHEETS", 1), ("SHEET_BYTES", 1_000), ("PAGES", 1)])
def test_what_is_more_than_a_notice_has_is_refused(monkeypatch, limit, most):
    """Five cells in two sheets of some thousand bytes, or two pages."""
    room = pages if limit == "PAGES" else sheets
    book = workbook([["a", "b"], ["c", "d"], ["e"]])
    book.create_sheet("x")
    read = (lambda: of_pdf((NOTICES / f"{GOLDEN}.pdf").read_bytes())) if room is pages else (lambda: text_of_book(book))
    monkeypatch.setattr(room, limit, most)
    with pytest.raises(TooMuch):
        read()
    monkeypatch.setattr(room, limit, most + (10_000 if limit == "SHEET_BYTES" else 1))
    assert read()

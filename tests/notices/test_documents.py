"""The forms a notice arrives in: each gives the same figures, or a refusal that says why."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from analysis.errors import AnalysisError, BulletinError, DocumentError
from analysis.notices import documents
from analysis.notices.documents import read_bytes, read_file
from analysis.notices.phrasebook import load_phrasebook
from analysis.notices.reader import read
from places import REPOSITORY

NOTICES = Path(__file__).parent / "files"
GOLDEN = NOTICES / "hoa-binh-2023-04.txt"
FORMS = sorted(path.name for path in NOTICES.glob("hoa-binh-2023-04*") if path.suffix not in (".csv", ".json"))
DOCX, XLSX = NOTICES / "hoa-binh-2023-04.docx", NOTICES / "hoa-binh-2023-04.xlsx"


@pytest.fixture(scope="module")
def figures(rubrics):
    book = load_phrasebook(REPOSITORY / "data" / "wordings.toml")
    return lambda text: {
        (item.code, item.unit): (item.value, item.decimals, item.max) for item in read(text, rubrics, book).figures
    }


@pytest.fixture(scope="module")
def golden(figures):
    found = figures(GOLDEN.read_text(encoding="utf-8"))
    assert len(found) == 36
    return found


def repacked(source: Path, **parts: bytes | None) -> bytes:
    """A package with some parts changed; a new part is added; `__` stands for `/` and `_dot_` for a point."""
    wanted = {name.replace("__", "/").replace("_dot_", "."): content for name, content in parts.items()}
    made = io.BytesIO()
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as after:
        for entry in before.infolist():
            content = wanted.pop(entry.filename, before.read(entry))
            if content is not None:
                after.writestr(entry.filename, content)
        for name, content in wanted.items():
            after.writestr(name, content or b"")
    return made.getvalue()


def document_xml() -> str:
    with zipfile.ZipFile(DOCX) as package:
        return package.read("word/document.xml").decode("utf-8")


def docx(xml: str) -> bytes:
    return repacked(DOCX, word__document_dot_xml=xml.encode())


def page(body: str, head: str = "") -> bytes:
    return f"<!doctype html><html><head><title>x</title>{head}</head><body>{body}</body></html>".encode()


def workbook(rows: list[list[object]], formats: dict[str, str] | None = None) -> bytes:
    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    for place, shape in (formats or {}).items():
        sheet[place].number_format = shape
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


# The same figures in every form.


def test_there_is_every_form():
    assert {Path(name).suffix for name in FORMS} == {".txt", ".html", ".docx", ".pdf", ".xlsx"}
    assert len(FORMS) >= 10


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_figures(figures, golden, name):
    assert figures(read_file(NOTICES / name).text) == golden


TEXT = GOLDEN.read_text(encoding="utf-8")


ENCODED = {
    "utf-8": TEXT.encode("utf-8"),
    "utf-8 with a mark": TEXT.encode("utf-8-sig"),
    "utf-16 with a mark": TEXT.encode("utf-16"),
    "utf-16-be with a mark": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "utf-16-le": TEXT.encode("utf-16-le"),
    "utf-16-be": TEXT.encode("utf-16-be"),
    "entities": page(
        "".join(f"<p>{line}</p>" for line in TEXT.split("\n")).encode("ascii", "xmlcharrefreplace").decode()
    ),
    "utf-16 page": page(f"<pre>{TEXT}</pre>").decode().encode("utf-16"),
    "page with one of two encodings named": page(TEXT.replace("\n", "<br>"), '<meta charset="iso-8859-1">'),
}


@pytest.mark.parametrize("how", ENCODED)
def test_encodings(figures, golden, how):
    assert figures(read_bytes(ENCODED[how], "notice").text) == golden


def test_a_page_in_cp1258(figures):
    import unicodedata

    line = "Tỉnh Hòa Bình tháng 4/2023: tổng điểm 58,83/100, xếp hạng 24/63."
    marked = unicodedata.normalize("NFD", line)  # cp1258 has marks of its own, and some letters with theirs
    for short, whole in (
        ("o\u0302", "ô"),
        ("a\u0302", "â"),
        ("e\u0302", "ê"),
        ("u\u031b", "ư"),
        ("o\u031b", "ơ"),
        ("a\u0306", "ă"),
    ):
        marked = marked.replace(short, whole)
    marked = marked.replace("o\u0323\u0302", "ô\u0323").replace("e\u0323\u0302", "ê\u0323")
    body = page("<p>@</p>", '<meta charset="windows-1258">').replace(b"@", marked.encode("cp1258"))
    assert ("total_score", "points") in figures(read_bytes(body, "x.html").text)


@pytest.mark.parametrize(
    "data", [TEXT.encode("cp1258", "replace"), b"H\xdfa B\xd7nh \xae\xb9t 58,83 \xaei\xd3m", b"\x80\x81\x82" * 50]
)
def test_other_encodings_are_refused_and_not_guessed(data):
    with pytest.raises(DocumentError, match="not UTF-8"):
        read_bytes(data, "notice.txt")


def test_letters_of_an_old_font_are_refused_with_advice(figures):
    text = "Hßa B×nh th¸ng 4/2023 ®¹t 58,83/100 ®iÓm, xÕp h¹ng 24/63; c«ng khai minh b¹ch 2,2/18"
    with pytest.raises(BulletinError, match="old font"):
        figures(read_bytes(text.encode(), "x.txt").text)


# What a form hides, strikes out or changes.


def test_what_a_page_does_not_show_is_not_read():
    shown = read_bytes(
        page(
            "<nav>Menu 9,9/18</nav><p>Công khai, minh bạch: <s>3,3/18</s> 2,2/18</p><p hidden>4,4/18</p>"
            "<p style='display: none'>5,5/18</p><!-- 6,6/18 --><script>var x='7,7/18'</script><footer>8,8/18</footer>"
        ),
        "x.html",
    ).text
    assert re.findall(r"[0-9],[0-9]/18", shown) == ["2,2/18"]


def test_the_article_of_a_page_is_read_alone():
    body = page(
        "<div>Tin khác: 24/63</div><article><p>Hòa Bình 58,83/100, 36,09%, 2,2/18</p></article><div>Tin nữa: 1/63</div>"
    )
    assert read_bytes(body, "x.html").text.strip() == "Hòa Bình 58,83/100, 36,09%, 2,2/18"


def test_a_page_laid_out_with_tables_keeps_its_paragraphs():
    body = page(
        "<table><tr><td>Menu</td><td><p>Một.</p><p>Hai.</p><p>Ba.</p><table><tr><td>A</td><td>2,2</td></tr></table></td></tr></table>"
    )
    lines = [line for line in read_bytes(body, "x.html").text.split("\n") if line]
    assert lines == ["Menu", "Một.", "Hai.", "Ba.", "A\t2,2"]


def test_changes_of_a_letter_are_read_as_accepted():
    run = "<w:r><w:t>{}</w:t></w:r>"
    body = (
        '<w:p><w:r><w:t xml:space="preserve">Công khai, minh bạch: </w:t></w:r>'
        f'<w:del w:id="1" w:author="a"><w:r><w:delText>3,3</w:delText></w:r></w:del>'
        f'<w:ins w:id="2" w:author="a">{run.format("2,2")}</w:ins>{run.format("/18 điểm")}</w:p>'
    )
    xml = re.sub(r"<w:body>.*</w:body>", f"<w:body>{body}</w:body>", document_xml(), flags=re.DOTALL)
    assert read_bytes(docx(xml), "x.docx").text.strip() == "Công khai, minh bạch: 2,2/18 điểm"


def test_struck_out_words_of_a_letter_are_not_read():
    body = "<w:p><w:r><w:rPr><w:strike/></w:rPr><w:t>3,3/18</w:t></w:r><w:r><w:t>2,2/18</w:t></w:r></w:p>"
    xml = re.sub(r"<w:body>.*</w:body>", f"<w:body>{body}</w:body>", document_xml(), flags=re.DOTALL)
    assert read_bytes(docx(xml), "x.docx").text.strip() == "2,2/18"


def test_cells_are_read_as_they_are_shown():
    rows = [
        ["Tỷ lệ", 0.3383],
        ["Điểm", 10],
        ["Số", 23636],
        ["Tròn", 33.8349],
        ["Chữ", "58,83"],
        ["Sai", True],
        ["Trống", None],
    ]
    text = read_bytes(workbook(rows, {"B1": "0.00%", "B2": "0.0", "B3": "#,##0", "B4": "0.00"}), "x.xlsx").text
    assert text.split("\n")[:6] == ["Tỷ lệ\t33,83%", "Điểm\t10,0", "Số\t23636", "Tròn\t33,83", "Chữ\t58,83", "Sai"]


def test_hidden_sheets_are_not_read():
    book = Workbook()
    book.active.append(["hiện"])
    hidden = book.create_sheet("x")
    hidden.append(["ẩn"])
    hidden.sheet_state = "hidden"
    made = io.BytesIO()
    book.save(made)
    assert read_bytes(made.getvalue(), "x.xlsx").text.split() == ["hiện"]


def test_a_csv_of_any_mark_has_cells():
    for mark in ";,\t":
        assert read_bytes(f"a{mark}b\n1{mark}2".encode(), "x.csv").text == "a\tb\n1\t2"


# What is refused.


def bomb() -> bytes:
    return repacked(DOCX, word__media__zeros_dot_xml=b"0" * 60_000_000)


def locked() -> bytes:
    data = bytearray(DOCX.read_bytes())
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        data[at + 8] |= 1
    return bytes(data)


def many_entries() -> bytes:
    return repacked(DOCX, **{f"word__x{number}_dot_xml": b"" for number in range(2_100)})


def scan() -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )


REFUSED = {
    "empty": (lambda: b"", "is empty"),
    "spaces": (lambda: b" \n\t ", "is empty"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n" + b"0" * 50, "a picture"),
    "an old letter": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, "old Word or Excel"),
    "rtf": (lambda: b"{\\rtf1 x}", "RTF"),
    "a mail": (lambda: b"MIME-Version: 1.0\nContent-Type: multipart/related\n\nx", "MHTML"),
    "an archive": (lambda: repacked(DOCX, word__document_dot_xml=None), "an archive"),
    "a cut letter": (lambda: DOCX.read_bytes()[:3_000], "damaged"),
    "a letter that is no XML": (lambda: docx("<w:document><w:body>"), "damaged"),
    "a cut workbook": (lambda: repacked(XLSX, xl__workbook_dot_xml=b"<workbook"), "damaged"),
    "a broken PDF": (lambda: b"%PDF-1.7\n" + b"junk " * 100, "damaged|no text"),
    "a scan": (scan, "pictures of pages"),
    "a bomb": (bomb, "unpacks to"),
    "many parts": (many_entries, "unpacks to"),
    "a password": (locked, "password"),
    "macros": (lambda: repacked(DOCX, word__vbaProject_dot_bin=b"x"), "macros"),
    "a path outside": (lambda: repacked(DOCX, **{"..__..__x_dot_xml": b"x"}), "macros or parts"),
    "a document type": (lambda: docx('<!DOCTYPE x [<!ENTITY a "58,83">]>' + document_xml()), "macros or parts"),
    "a document type in UTF-16": (
        lambda: repacked(DOCX, word__document_dot_xml="<!DOCTYPE x>".encode("utf-16")),
        "macros or parts",
    ),
    "too large": (lambda: b"a" * (documents.LARGEST + 1), "larger than"),
    "too many cells": (lambda: workbook([[1] * 300] * 200), "more pages, sheets or cells"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_read_is_refused_with_advice(what):
    make, words = REFUSED[what]
    data = make()
    started = time.monotonic()
    with pytest.raises(DocumentError, match=words) as refusal:
        read_bytes(data, "notice")
    assert refusal.value.exit_code == 30
    assert refusal.value.next_step
    assert time.monotonic() - started < 20


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DocumentError, match="there is no such file"):
        read_file(tmp_path / "không có.docx")
    with pytest.raises(DocumentError, match="it is no plain file"):
        read_file(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_the_reader_of_documents_has_limits():
    """A file that would take all memory ends the small process, not the command."""
    code = (
        "from analysis import extract\nimport sys\n"
        "extract.FORMS['docx'] = lambda data: 'x' * (3 * 10**9)\nsys.argv = ['extract', 'docx']\nextract.main()"
    )
    run = subprocess.run([sys.executable, "-c", code], input=b"", capture_output=True, timeout=60)
    assert run.stdout == b'{"error": "memory"}'


def test_a_reader_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(documents, "SECONDS", 0.01)
    with pytest.raises(DocumentError, match="damaged, or takes too long"):
        read_file(DOCX)


@pytest.mark.parametrize(
    "name", ["hoa-binh-2023-04.docx", "hoa-binh-2023-04.xlsx", "hoa-binh-2023-04.pdf", "hoa-binh-2023-04.html"]
)
def test_a_damaged_file_gives_right_figures_or_a_refusal(figures, golden, name):
    """Bytes changed anywhere: what still opens is the notice, or is refused."""
    import random

    data = (NOTICES / name).read_bytes()
    chance = random.Random(name)
    for _try in range(6):
        at = chance.randrange(len(data))
        made = data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
        try:
            found = figures(read_bytes(made, name).text)
        except AnalysisError:
            continue
        assert len({key for key in found if found[key] != golden.get(key)}) <= 1


# Tables as offices make them.

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


EMPTY = {"two cells": "<td></td><td></td>", "one cell over two": "<td colspan='2'></td>"}


@pytest.mark.parametrize("empty", EMPTY)
@pytest.mark.parametrize("heads", HEADS)
def test_a_table_keeps_its_columns(figures, heads, empty):
    table = f"<table>{HEADS[heads]}{ROWS.format(empty=EMPTY[empty])}</table>"
    text = read_bytes(page(f"<p>Tỉnh Hòa Bình, tháng 4/2023</p>{table}"), "x.html").text
    values = {key: float(value[0]) for key, value in figures(text).items()}
    assert values == {
        ("transparency", "points"): 2.2,
        ("processing_progress", "points"): 17.7,
        ("online_payment", "points"): 9.5,
        ("online_payment_dossiers", "count"): 8665,
        ("online_payment_dossiers", "percent"): 76.04,
        ("total_score", "points"): 58.83,
    }


def test_merged_cells_of_a_workbook_keep_their_columns(figures):
    book = Workbook()
    sheet = book.active
    for row in (
        ["Tỉnh Hòa Bình, tháng 4/2023"],
        ["STT", "Chỉ tiêu", "Điểm", None],
        [None, None, "Tối đa", "Đạt"],
        ["Tổng điểm", None, 100, 58.83],
        [1, "Công khai, minh bạch", 18, 2.2],
    ):
        sheet.append(row)
    for area in ("A2:A3", "B2:B3", "C2:D2", "A4:B4"):
        sheet.merge_cells(area)
    made = io.BytesIO()
    book.save(made)
    values = {key: float(value[0]) for key, value in figures(read_bytes(made.getvalue(), "x.xlsx").text).items()}
    assert values == {("total_score", "points"): 58.83, ("transparency", "points"): 2.2}


def test_hidden_rows_and_columns_of_a_workbook_are_not_read():
    book = Workbook()
    sheet = book.active
    for row in (["a", "ẩn", "b"], ["ẩn", "ẩn", "ẩn"], ["c", "ẩn", "d"]):
        sheet.append(row)
    sheet.row_dimensions[2].hidden = True
    sheet.column_dimensions["B"].hidden = True
    made = io.BytesIO()
    book.save(made)
    assert read_bytes(made.getvalue(), "x.xlsx").text.split() == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("shape", "value", "shown"),
    [
        ("0.##", 88.32, "88,32"),
        ("0.##", 88.3, "88,3"),
        ("0.0#", 88, "88,0"),
        ('0.00"%"', 0.45, "0,45"),
        ("0.00%", 0.45, "45,00%"),
        ("#,##0", 23636, "23636"),
        ("General", 2.2, "2,2"),
        ("#,##0,", 23636, "\ufffd"),
    ],
)
def test_number_formats(shape, value, shown):
    assert read_bytes(workbook([["x", value]], {"B1": shape}), "x.xlsx").text.strip() == f"x\t{shown}"


@pytest.mark.parametrize("mark", ["<sup>1</sup>", "<sub>2</sub>", "<sup><a href='#n'>[1]</a></sup>"])
def test_the_mark_of_a_footnote_is_no_digit(mark):
    assert read_bytes(page(f"<p>Đạt 88,32{mark}%.</p>"), "x.html").text.strip() == "Đạt 88,32%."


@pytest.mark.parametrize(
    "run", ["<w:r><w:rPr><w:vanish/></w:rPr><w:t>3</w:t></w:r>", "<w:r><w:rPr><w:dstrike/></w:rPr><w:t>3</w:t></w:r>",
            "<m:oMath><m:r><m:t>3</m:t></m:r></m:oMath>"]
)  # fmt: skip
def test_words_of_a_letter_that_may_not_hold_are_refused(run):
    body = f"<w:p><w:r><w:t>2,2</w:t></w:r>{run}<w:r><w:t>/18</w:t></w:r></w:p>"
    xml = re.sub(r"<w:body>.*</w:body>", f"<w:body>{body}</w:body>", document_xml(), flags=re.DOTALL)
    xml = xml.replace(
        "<w:document ", '<w:document xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" ', 1
    )
    with pytest.raises(DocumentError, match="hidden, struck out"):
        read_bytes(docx(xml), "x.docx")


def test_a_field_of_a_letter_is_read():
    body = '<w:p><w:r><w:t>8</w:t></w:r><w:fldSimple w:instr="x"><w:r><w:t>8,32%</w:t></w:r></w:fldSimple></w:p>'
    xml = re.sub(r"<w:body>.*</w:body>", f"<w:body>{body}</w:body>", document_xml(), flags=re.DOTALL)
    assert read_bytes(docx(xml), "x.docx").text.strip() == "88,32%"


def test_a_lost_letter_is_refused(figures):
    with pytest.raises(BulletinError, match="letter was lost"):
        figures("Hòa Bình tháng 4/2023: 58\ufffd83/100 điểm")


def test_the_maxima_are_not_taken_for_scores(rubrics):
    text = (
        "Hòa Bình tháng 4/2023\nCông khai, minh bạch: 18,0 điểm\nTiến độ giải quyết: 20,0 điểm\nSố hóa hồ sơ: 22,0 điểm"
    )
    notice = read(text, rubrics, load_phrasebook(REPOSITORY / "data" / "wordings.toml"))
    assert len(notice.problems) == 3


@pytest.mark.parametrize(
    "start", ["<!-- saved from url -->\n<html>", "<div>", "<h3>", "<table><tr><td>", "\ufeff<!DOCTYPE html><html>"]
)
def test_a_page_is_known_however_it_begins(start):
    data = f"{start}<script>99,9/100</script><p>Hòa Bình</p>".encode()
    assert read_bytes(data, "x.txt").text.strip() == "Hòa Bình"

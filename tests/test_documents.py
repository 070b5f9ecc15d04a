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

from analysis import documents
from analysis.bulletin import read
from analysis.documents import read_bytes, read_file
from analysis.errors import AnalysisError, BulletinError, DocumentError
from analysis.wordings import load_phrasebook
from conftest import REPOSITORY

NOTICES = Path(__file__).parent / "notices"
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
    with pytest.raises(DocumentError, match="cannot be opened"):
        read_file(tmp_path / "không có.docx")
    with pytest.raises(DocumentError, match="cannot be opened"):
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

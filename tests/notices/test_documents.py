"""The forms a notice arrives in: each gives the same figures, or a refusal that says why."""

from __future__ import annotations

import io
import random
import subprocess
import sys
import unicodedata
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from analysis.errors import AnalysisError, BulletinError, DocumentError
from analysis.notices import documents
from analysis.notices.documents import read_bytes, read_file
from noticed import GOLDEN, NOTICES, figures_of, text_of

TEXT = text_of(GOLDEN)
FORMS = sorted(path.name for path in NOTICES.glob(f"{GOLDEN}*") if path.suffix not in (".csv", ".json"))
DOCX, XLSX = NOTICES / f"{GOLDEN}.docx", NOTICES / f"{GOLDEN}.xlsx"


@pytest.fixture(scope="module")
def golden(reader):
    found = figures_of(reader(TEXT))
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


def docx(xml: str, encoding: str = "utf-8") -> bytes:
    return repacked(DOCX, word__document_dot_xml=xml.encode(encoding))


def page(body: str, head: str = "") -> bytes:
    return f"<!doctype html><html><head><title>x</title>{head}</head><body>{body}</body></html>".encode()


# The same figures in every form.


def test_there_is_every_form():
    assert {Path(name).suffix for name in FORMS} == {".txt", ".html", ".docx", ".pdf", ".xlsx"}
    assert len(FORMS) >= 10


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_figures(reader, golden, name):
    assert figures_of(reader(read_file(NOTICES / name).text)) == golden


PARAGRAPHS = "".join(f"<p>{line}</p>" for line in TEXT.split("\n"))
ENCODED = {
    "utf-8": TEXT.encode("utf-8"),
    "utf-8 with a mark": TEXT.encode("utf-8-sig"),
    "utf-16 with a mark": TEXT.encode("utf-16"),
    "utf-16-be with a mark": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "utf-16-le": TEXT.encode("utf-16-le"),
    "utf-16-be": TEXT.encode("utf-16-be"),
    "entities": page(PARAGRAPHS.encode("ascii", "xmlcharrefreplace").decode()),
    "utf-16 page": page(f"<pre>{TEXT}</pre>").decode().encode("utf-16"),
    "page with one of two encodings named": page(TEXT.replace("\n", "<br>"), '<meta charset="iso-8859-1">'),
}


@pytest.mark.parametrize("how", ENCODED)
def test_encodings(reader, golden, how):
    assert figures_of(reader(read_bytes(ENCODED[how], "notice").text)) == golden


def test_a_page_in_cp1258(reader):
    """It has marks of its own, and some letters with theirs."""
    marked = unicodedata.normalize("NFD", "Tỉnh Hòa Bình tháng 4/2023: tổng điểm 58,83/100, xếp hạng 24/63.")
    marked = marked.replace("o\u0323\u0302", "ô\u0323").replace("e\u0323\u0302", "ê\u0323")
    for letter in "ôâêươă":
        marked = marked.replace(unicodedata.normalize("NFD", letter), letter)
    body = page("<p>@</p>", '<meta charset="windows-1258">').replace(b"@", marked.encode("cp1258"))
    assert ("total_score", "points") in figures_of(reader(read_bytes(body, "x.html").text))


@pytest.mark.parametrize(
    "data", [TEXT.encode("cp1258", "replace"), b"H\xdfa B\xd7nh \xae\xb9t 58,83 \xaei\xd3m", b"\x80\x81\x82" * 50]
)
def test_other_encodings_are_refused_and_not_guessed(data):
    with pytest.raises(DocumentError, match="not UTF-8"):
        read_bytes(data, "notice.txt")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hßa B×nh th¸ng 4/2023 ®¹t 58,83/100 ®iÓm, xÕp h¹ng 24/63; c«ng khai minh b¹ch 2,2/18", "old font"),
        ("Hòa Bình tháng 4/2023: 58\ufffd83/100 điểm", "letter was lost"),
    ],
)
def test_letters_that_are_lost_or_of_an_old_font_are_refused_with_advice(reader, text, words):
    with pytest.raises(BulletinError, match=words):
        reader(read_bytes(text.encode(), "x.txt").text)


def test_a_csv_of_any_mark_has_cells():
    for mark in ";,\t":
        assert read_bytes(f"a{mark}b\n1{mark}2".encode(), "x.csv").text == "a\tb\n1\t2"


@pytest.mark.parametrize(
    "start", ["<!-- saved from url -->\n<html>", "<div>", "<h3>", "<table><tr><td>", "\ufeff<!DOCTYPE html><html>"]
)
def test_a_page_is_known_however_it_begins(start):
    assert documents._form(f"{start}<script>99,9/100</script><p>Hòa Bình</p>".encode(), "x.txt") == "html"


# What is refused.


def locked() -> bytes:
    data = bytearray(DOCX.read_bytes())
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        data[at + 8] |= 1
    return bytes(data)


def scan() -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )


def document_xml() -> str:
    with zipfile.ZipFile(DOCX) as package:
        return package.read("word/document.xml").decode("utf-8")


def many_sheets() -> bytes:
    book, made = Workbook(), io.BytesIO()
    for _sheet in range(20):
        book.create_sheet()
    book.save(made)
    return made.getvalue()


def empty_parts(many: int) -> bytes:
    return repacked(DOCX, **{f"word__x{number}_dot_xml": b"" for number in range(many)})


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
    "a scan": (scan, "not recognised"),
    "a bomb": (lambda: repacked(DOCX, word__media__zeros_dot_xml=b"0" * 20_000_000), "unpacks to"),
    "many parts": (lambda: empty_parts(2_100), "unpacks to"),
    "a password": (locked, "password"),
    "macros": (lambda: repacked(DOCX, word__vbaProject_dot_bin=b"x"), "macros"),
    "a path outside": (lambda: repacked(DOCX, **{"..__..__x_dot_xml": b"x"}), "macros or parts"),
    "a document type": (lambda: docx('<!DOCTYPE x [<!ENTITY a "58,83">]>' + document_xml()), "macros or parts"),
    "a document type in UTF-16": (lambda: docx("<!DOCTYPE x>", "utf-16"), "macros or parts"),
    "too large": (lambda: b"a" * (documents.LARGEST + 1), "larger than"),
    "too many sheets": (many_sheets, "more pages, sheets, cells"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_read_is_refused_with_advice(what):
    make, words = REFUSED[what]
    with pytest.raises(DocumentError, match=words) as refusal:
        read_bytes(make(), "notice")
    assert refusal.value.exit_code == 30
    assert refusal.value.next_step


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DocumentError, match="there is no such file"):
        read_file(tmp_path / "không có.docx")
    with pytest.raises(DocumentError, match="it is a folder"):
        read_file(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_the_reader_of_documents_has_limits():
    """A file that would take all memory ends the small process, not the command."""
    code = (
        "from analysis.notices import extract\nimport sys\n"
        "extract.FORMS['docx'] = lambda data: 'x' * (3 * 10**8)\nsys.argv = ['extract', 'docx']\nextract.main()"
    )
    run = subprocess.run([sys.executable, "-c", code], input=b"", capture_output=True, timeout=60)
    assert run.stdout == b'{"error": "memory"}'


def test_a_reader_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(documents, "SECONDS", 0.01)
    with pytest.raises(DocumentError, match="damaged, or takes too long"):
        read_file(DOCX)


@pytest.mark.parametrize("suffix", [".docx", ".xlsx", ".pdf", ".html"])
def test_a_damaged_file_gives_right_figures_or_a_refusal(reader, golden, suffix):
    """Bytes changed anywhere: what still opens is the notice, or is refused."""
    data = (NOTICES / f"{GOLDEN}{suffix}").read_bytes()
    for number in range(2):
        chance = random.Random(f"{suffix} {number}")
        at = chance.randrange(len(data))
        made = data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
        try:
            found = figures_of(reader(read_bytes(made, f"x{suffix}").text))
        except AnalysisError:
            continue
        assert len({key for key in found if found[key] != golden.get(key)}) <= 1

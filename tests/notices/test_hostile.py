"""Files made to take all time or memory are refused in two seconds and 300 MB, and never with a traceback."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest
from openpyxl import Workbook

from analysis.errors import BulletinError, DocumentError
from analysis.notices.documents import read_bytes, read_file
from analysis.notices.exports import read_export
from analysis.notices.phrasebook import load_phrasebook
from noticed import GOLDEN, NOTICES

CPU, MEMORY = 5.0, 300_000_000  # two seconds of a quiet machine, more beside other tests; bytes
MEASURED = """import json, os, subprocess, sys
run = subprocess.Popen([sys.executable, "-m", "analysis.notices.extract", sys.argv[1]], stdout=subprocess.PIPE)
answer = json.loads(run.stdout.read() or b'{"error": "ended"}')
_pid, _status, used = os.wait4(run.pid, 0)
run.returncode = 0
print(json.dumps([answer, used.ru_utime + used.ru_stime, used.ru_maxrss]))"""  # of a small parent: a child has its peak


def book(change: bytes = b"", far: str = "B2") -> bytes:
    """A workbook with one cell somewhere; `change` is set behind the cells."""
    workbook, made, changed = Workbook(), io.BytesIO(), io.BytesIO()
    workbook.active["A1"], workbook.active[far] = "Tổng điểm", "x"
    workbook.save(made)
    with zipfile.ZipFile(made) as before, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as after:
        for entry in before.infolist():
            after.writestr(entry.filename, before.read(entry).replace(b"</sheetData>", b"</sheetData>" + change))
    return changed.getvalue()


def merged(*areas: str) -> bytes:
    cells = b"".join(b'<mergeCell ref="%s"/>' % area.encode() for area in areas)
    return b"<mergeCells>" + cells + b"</mergeCells>"


def letter(body: bytes) -> bytes:
    made = io.BytesIO()
    golden = NOTICES / f"{GOLDEN}.docx"
    with zipfile.ZipFile(golden) as before, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as after:
        for entry in before.infolist():
            content = before.read(entry)
            if entry.filename == "word/document.xml":
                content = re.sub(rb"<w:body>.*</w:body>", b"<w:body>" + body + b"</w:body>", content, flags=re.DOTALL)
            after.writestr(entry.filename, content)
    return made.getvalue()


def page(body: str, style: str = "") -> bytes:
    return f"<!doctype html><html><head><style>{style}</style></head><body>{body}</body></html>".encode()


def pdf(content: bytes, times: int = 1, filters: bytes = b"/FlateDecode") -> bytes:
    packer = zlib.compressobj(1)
    packed = b"".join([*(packer.compress(content) for _part in range(times)), packer.flush()])
    if filters.count(b"/") > 1:
        packed = zlib.compress(packed)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d/Filter[%s]>>stream\n" % (len(packed), filters) + packed + b"\nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    made = b"%PDF-1.4\n" + b"".join(b"%d 0 obj%s\nendobj\n" % pair for pair in enumerate(objects, start=1))
    return made + b"trailer<</Root 1 0 R>>\n%%EOF"


HOSTILE = {
    "a far cell": ("xlsx", lambda: book(far="XFD1048576")),
    "a merge over the whole sheet": ("xlsx", lambda: book(merged("A1:XFD1048576"), far="ZZ5000")),
    "many merges": ("xlsx", lambda: book(merged(*(f"A{at}:AX{at + 49}" for at in range(1, 9_000, 50))), far="A9000")),
    "a merge over columns as far": ("xlsx", lambda: book(merged("A1:A1048576"), far="A1048576")),
    "elements within elements": ("html", lambda: page("<div>" * 100_000)),
    "open elements": ("html", lambda: page("<b>" * 50_000)),
    "tables within tables": ("html", lambda: page("<table><tr><td>" * 3_000)),
    "many rows of wide cells": ("html", lambda: page("<table>" + "<tr><td colspan=50 rowspan=50>x" * 5_000)),
    "many selectors": ("html", lambda: page("<p class=a>x" * 9_000, ":not(.b) :has(.c){display:none}" * 2_000)),
    "many rules": ("html", lambda: page("<p>x", ".a{display:none}" * 100_000)),
    "many elements": ("html", lambda: page("<i>x</i>" * 500_000)),
    "controls within controls": ("docx", lambda: letter(b"<w:sdt><w:sdtContent>" * 50_000)),
    "a long letter": ("docx", lambda: letter(b"<w:p><w:r><w:t>x</w:t></w:r></w:p>" * 100_000)),
    "a bomb of spaces": ("pdf", lambda: pdf(b" " * 1_000_000, 320)),
    "a bomb in a bomb": ("pdf", lambda: pdf(b" " * 1_000_000, 320, b"/FlateDecode/FlateDecode")),
    "a bomb of words": ("pdf", lambda: pdf(b"BT /F 12 Tf 10 10 Td (abc) Tj ET " * 30_000, 100)),
    "many rectangles": ("pdf", lambda: pdf(b"0 0 1 1 re f " * 150_000)),
    "brackets in a page": ("pdf", lambda: pdf(b"[" * 3_000_000)),
    "brackets in a file": ("pdf", lambda: b"%PDF-1.4\n1 0 obj" + b"[" * 500_000),
}


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_at_once(tmp_path, what):
    form, make = HOSTILE[what]
    data = make()
    (tmp_path / "in").write_bytes(data)
    with (tmp_path / "in").open("rb") as given:
        run = subprocess.run([sys.executable, "-c", MEASURED, form], stdin=given, stdout=subprocess.PIPE, check=True)
    answer, seconds, peak = json.loads(run.stdout)
    assert "text" not in answer
    assert seconds < CPU
    assert peak * (1 if sys.platform == "darwin" else 1024) < MEMORY
    with pytest.raises(DocumentError):
        read_bytes(data, "x")


def test_a_merge_over_the_whole_sheet_of_few_cells_is_read():
    assert read_bytes(book(merged("A1:XFD1048576")), "x").text.strip() == "Tổng điểm"


@pytest.mark.parametrize("data", [b"[" * 50_000, b'{"a":' * 50_000], ids=["brackets", "braces"])
def test_json_within_json_is_refused(data, rubrics):
    document = read_bytes(b"[[" + data, "x.json")
    with pytest.raises(BulletinError, match="not valid JSON"):
        read_export(document, rubrics, load_phrasebook(), {})


def test_a_page_with_its_pictures_in_it_is_read():
    picture = "data:image/png;base64," + "A" * 6_000_000
    assert read_bytes(page(f"<img src='{picture}'><p>Đạt 58,83/100</p>"), "x.html").text.strip() == "Đạt 58,83/100"


def test_a_link_to_nothing_is_told(tmp_path: Path):
    (tmp_path / "x.docx").symlink_to("nowhere")
    with pytest.raises(DocumentError, match="a link to a file that is not there"):
        read_file(tmp_path / "x.docx")

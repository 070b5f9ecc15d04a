"""The PDF of a report: A4, tagged, its fonts inside, the leader's part on two pages, and the numbers of figures.csv."""

import csv
import re
import shutil
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import pytest
from pdfminer.pdfdocument import PDFDocument
from pdfminer.pdfparser import PDFParser
from pdfminer.pdftypes import resolve1

from analysis.errors import BrowserError
from analysis.language import use_language, write_number
from analysis.runs import page
from pages import make_report, parsed

ANALYST, OTHERS = "Phần cho chuyên viên", ("july", "year")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not any(map(shutil.which, page.NAMES)), reason="there is no Chromium on this machine"),
]


@dataclass(frozen=True)
class Paper:
    """A report and its PDF: what its pages say, how large they are and which fonts are in it, by name."""

    folder: Path
    target: Path
    texts: list[str]
    sizes: set[tuple[int, int]]
    fonts: dict[str, bool]


@pytest.fixture(scope="module", params=["april", *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)])
def printed(request, tmp_path_factory) -> Paper:
    folder = make_report(tmp_path_factory, request.param).folder
    target = tmp_path_factory.mktemp("paper") / "report.pdf"
    page.print_pdf(folder / "index.html", target)
    with pypdfium2.PdfDocument(target) as pages:
        texts = [page.get_textpage().get_text_range() for page in pages]
        sizes = {(round(width), round(height)) for width, height in map(pypdfium2.PdfPage.get_size, pages)}
    return Paper(folder, target, texts, sizes, fonts_of(target))


def fonts_of(target: Path) -> dict[str, bool]:
    """The fonts of a PDF and whether each is inside it."""
    with target.open("rb") as file:
        document = PDFDocument(PDFParser(file))
        objects = [resolve1(document.getobj(number)) for xref in document.xrefs for number in xref.get_objids()]
    descriptors = [item for item in objects if isinstance(item, dict) and "FontName" in item]
    return {str(item["FontName"]): any(key.startswith("FontFile") for key in item) for item in descriptors}


def test_it_is_a4_and_tagged_with_every_font_inside(printed):
    data = printed.target.read_bytes()
    assert b"/MarkInfo" in data and re.search(rb"/Marked\s+true", data) and b"/StructTreeRoot" in data
    assert b"/Lang" in data
    assert printed.sizes == {(595, 842)} and 4 <= len(printed.texts) <= 17
    assert len(printed.fonts) > 1 and all(printed.fonts.values())


def test_the_leaders_part_has_two_pages_at_most_and_reads_as_vietnamese(printed):
    assert all(unicodedata.is_normalized("NFC", text) for text in printed.texts)
    (first,) = [number for number, text in enumerate(printed.texts) if text.startswith(ANALYST)]
    assert first <= 2
    leader = " ".join(" ".join(printed.texts[:first]).split())
    of_the_rank = "trong 63 tổng điểm mới biết 1." if "2023-04" in str(printed.folder) else "Thứ hạng sẽ ra sao?"
    for words in ("Điểm mất theo nhóm", "Nên làm gì trước?", of_the_rank):
        assert words in leader


def test_what_is_folded_on_the_screen_is_on_paper_as_tables(printed):
    """A heading, and each head of a column once a page, not once a row."""
    soup = parsed((printed.folder / "index.html").read_text(encoding="utf-8"))
    paper = " ".join(" ".join(printed.texts).split())
    heads = [" ".join(head.get_text().split()) for head in soup.select("section:has(> .analyst) ~ section > h2")]
    assert len(heads) >= 10 and [words for words in heads if words not in paper] == []
    table = soup.select_one("#f-total").find_parent("table")
    head = table.thead.find_all("th")[-1].get_text()
    assert 0 < paper.count(head) <= len(printed.texts) < len(table.tbody.find_all("tr"))


def test_the_numbers_on_paper_are_those_of_the_figures(printed):
    with (printed.folder / "figures.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    leader = " ".join(" ".join(printed.texts[:2]).split())
    use_language("vi")
    groups = [row for name, row in rows.items() if re.fullmatch(r"group\.\w+\.(lost|score|max)", name) and row["value"]]
    assert len(groups) >= 12
    for row in [rows["total"], rows["lost"], *groups]:
        assert write_number(float(row["value"]), int(row["decimals"])) in leader, row["id"]


def test_a_machine_without_a_browser_says_how_to_print(printed, tmp_path, monkeypatch):
    monkeypatch.setattr(page, "NAMES", ())
    monkeypatch.setattr(page, "PLACES", {})
    with pytest.raises(BrowserError) as caught:
        page.print_pdf(printed.folder / "index.html", tmp_path / "report.pdf")
    assert "Ctrl+P" in str(caught.value)
    assert not (tmp_path / "report.pdf").exists()


def test_a_browser_that_prints_nothing_is_told(printed, tmp_path, monkeypatch):
    monkeypatch.setattr(page, "NAMES", ("false",))
    with pytest.raises(BrowserError, match="did not print"):
        page.print_pdf(printed.folder / "index.html", tmp_path / "report.pdf")
    assert not (tmp_path / "report.pdf").exists()

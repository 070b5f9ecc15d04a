"""What text does a web page, a letter or a workbook hold? Runs by itself, with bounded memory and time.

`python -m analysis.notices.extract FORM` reads a file from standard input and prints JSON: `text`, with tabs between
cells, or `error`. A file from outside may be broken or hostile, so nothing else reads it.
"""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from analysis.language import rounded

MEMORY, SECONDS = 1_500_000_000, 30  # bytes and seconds of processor time
PAGES, SHEETS, CELLS, SHEET_BYTES = 60, 20, 50_000, 10_000_000
LONGEST_CELL, LONGEST_NOTE, LARGEST_SPAN = 300, 5, 50  # letters, letters, columns
SMALL = 0.8  # of the size of the letter before a mark of a footnote has
REACHES_MARGIN = 0.9  # of the right edge of the longest line a line reaches that goes on
LEFT_OUT = (
    "head", "script", "style", "noscript", "template", "nav", "footer", "aside", "button", "input", "textarea",
    "select", "svg", "iframe", "s", "del", "strike",
)  # fmt: skip
BLOCKS = (
    "address", "article", "blockquote", "dd", "div", "dl", "dt", "figcaption", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "tr", "ul",
)  # fmt: skip


class TooMuch(Exception):
    """More pages, sheets or cells than a notice has."""


class Hidden(Exception):
    """Words that a reader of the page does not see."""


class Locked(Exception):
    """A file that needs a password."""


def of_html(data: bytes) -> str:
    """The text of a page without its menus and what is hidden or struck out.

    Of its article alone where that has most of the figures.
    """
    return _html_text(data.decode("utf-8"))


def of_docx(data: bytes) -> str:
    """The text of a letter as it reads with all changes accepted.

    Raises Hidden for words that are hidden, doubly struck out or in a formula: they would be read, or lost.
    """
    import mammoth

    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = {entry.filename: package.read(entry) for entry in package.infolist()}
    xml = parts["word/document.xml"]
    xml = re.sub(rb"</?w:(?:fldSimple|bdo|dir)(?:\s[^>]*)?>", b"", xml)
    off = rb"(?!\s[^>]*w:val=\"(?:0|false|off)\")"
    if re.search(rb"<w:(?:dstrike|vanish|webHidden)" + off + rb"[\s/>]|<m:t[\s>]|<w:ruby[\s>]", xml):
        raise Hidden
    if re.search(rb"<w:(?:d?strike|vanish|webHidden)" + off + rb"[\s/>]", parts.get("word/styles.xml", b"")):
        raise Hidden
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        for name, part in {**parts, "word/document.xml": xml}.items():
            package.writestr(name, part)
    no_images = mammoth.images.img_element(lambda _image: {})
    page = mammoth.convert_to_html(made, convert_image=no_images, include_default_style_map=True)
    return _html_text(page.value)


def of_pdf(data: bytes) -> str:
    """The text of a PDF: its tables row by row, its lines joined to paragraphs where they reach the margin."""
    import pdfplumber
    from pdfminer.pdfdocument import PDFPasswordIncorrect
    from pdfplumber.utils.exceptions import PdfminerException

    try:
        with pdfplumber.open(io.BytesIO(data)) as document:
            if len(document.pages) > PAGES:
                raise TooMuch
            return "\n".join(line for page in document.pages for line in _page_lines(page))
    except PdfminerException as error:
        if error.args and isinstance(error.args[0], PDFPasswordIncorrect):
            raise Locked from error
        raise


def of_xlsx(data: bytes) -> str:
    """The cells of a workbook that are not hidden, as Excel shows them, numbers with a decimal comma."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line for sheet in _sheets(data) for line in [*_sheet_lines(sheet), ""]))


def of_tables(data: bytes) -> str:
    """The cells of a workbook as `of_xlsx`, every line kept; a form feed and its title begin each sheet."""
    return "\n".join(line for sheet in _sheets(data) for line in [f"\f{sheet.title}", *_sheet_lines(sheet)])


def _sheets(data: bytes) -> list[Any]:
    """The sheets of a workbook that are not hidden."""
    import openpyxl

    with zipfile.ZipFile(io.BytesIO(data)) as package:
        if sum(entry.file_size for entry in package.infolist() if "/worksheets/" in entry.filename) > SHEET_BYTES:
            raise TooMuch
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if len(sheets) > SHEETS:
        raise TooMuch
    return sheets


def _sheet_lines(sheet: Any) -> Iterator[str]:
    """The rows of a sheet; a merged cell's words stand in each column it covers, its number in the first."""
    merged: dict[tuple[int, int], str] = {}
    for area in sheet.merged_cells.ranges:
        words = _shown(sheet.cell(area.min_row, area.min_col))
        if words and not re.search(r"[0-9]", words) and area.size["rows"] * area.size["columns"] <= LARGEST_SPAN**2:
            merged |= {(cell[0], cell[1]): words for cell in area.cells}
    cells = 0
    for row in sheet.iter_rows():
        cells += sum(cell.value is not None for cell in row)
        if cells > CELLS:
            raise TooMuch
        shown = [merged.get((cell.row, cell.column), "") or _shown(cell) for cell in row if not _hides(sheet, cell)]
        yield "\t".join(shown).rstrip("\t")


def _hides(sheet: Any, cell: Any) -> bool:
    """Whether a cell's row or column is hidden, or its words are struck out."""
    from openpyxl.utils import get_column_letter

    column = sheet.column_dimensions.get(get_column_letter(cell.column))
    return bool(
        sheet.row_dimensions[cell.row].hidden
        or (column is not None and column.hidden)
        or (cell.font and cell.font.strike)
    )


def _html_text(page: str) -> str:
    from bs4 import BeautifulSoup
    from bs4.element import PreformattedString

    soup = BeautifulSoup(page, "lxml")
    for element in soup(LEFT_OUT) + soup.find_all(_is_hidden):
        if not element.decomposed:
            element.decompose()
    for string in soup.find_all(string=True):
        spaces = r"[ \t\r\xa0]+" if string.find_parent("pre") else r"[ \t\r\n\xa0]+"
        plain = "" if isinstance(string, PreformattedString) else re.sub(spaces, " ", string)
        string.replace_with(plain)
    for note in soup(("sup", "sub")):
        if len(note.get_text(strip=True)) <= LONGEST_NOTE:
            note.decompose()
    for table in soup("table"):
        _write_rows(table)
    for element in soup([*BLOCKS, "br", "td", "th"]):
        element.insert_before("\n")
        element.insert_after("\n")
    articles = soup("article") or soup("main")
    whole = soup.get_text()
    alone = articles[0].get_text() if len(articles) == 1 else ""
    figures = re.compile(r"[0-9]\s?[%/]")
    text = alone if len(figures.findall(alone)) > len(figures.findall(whole)) / 2 else whole
    lines = (re.sub(r" *\t *", "\t", re.sub(" +", " ", line)).strip(" ").rstrip("\t") for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _is_hidden(element: Any) -> bool:
    style = re.sub(r"\s", "", element.get("style") or "").lower()
    return (
        element.has_attr("hidden")
        or element.get("aria-hidden") == "true"
        or "display:none" in style
        or "visibility:hidden" in style
    )


def _is_data(cell: Any) -> bool:
    """Whether a cell holds a figure or its name; tables are also used to lay out whole pages."""
    return cell.find("table") is None and len(cell(("p", "div", "li"))) <= 2 and len(cell.get_text()) <= LONGEST_CELL


def _write_rows(table: Any) -> None:
    """Write each row of data as its cells with tabs between; cells that span columns or rows have their places."""
    spans: dict[int, tuple[int, str]] = {}
    for row in table("tr"):
        cells = [cell for cell in row(("td", "th"), recursive=False)]
        if not cells or not all(map(_is_data, cells)) or row.find_parent("table") is not table:
            continue
        words: list[str] = []
        for cell in cells:
            words += _spanned(spans, len(words))
            text = " ".join(cell.get_text(" ").split())
            again = "" if re.search(r"[0-9]", text) else text  # a head is that of all its columns, a figure of one
            wide, high = (min(_whole(cell.get(name)), LARGEST_SPAN) for name in ("colspan", "rowspan"))
            for step in range(wide):
                if high > 1:
                    spans[len(words)] = (high - 1, again)
                words.append(text if step == 0 else again)
        words += _spanned(spans, len(words))
        row.clear()
        row.append("\t".join(words))


def _spanned(spans: dict[int, tuple[int, str]], place: int) -> list[str]:
    """What cells of rows above put at this place and after it."""
    words = []
    while place in spans:
        left, text = spans.pop(place)
        if left > 1:
            spans[place] = (left - 1, text)
        words.append(text)
        place += 1
    return words


def _whole(text: Any) -> int:
    return int(text) if text and re.fullmatch(r"[1-9][0-9]{0,3}", str(text).strip()) else 1


def _page_lines(page: Any) -> Iterator[str]:
    tables = page.find_tables()
    boxes = [table.bbox for table in tables]

    def outside(thing: Any) -> bool:
        middle = ((thing["x0"] + thing["x1"]) / 2, (thing["top"] + thing["bottom"]) / 2)
        return not any(x0 <= middle[0] <= x1 and top <= middle[1] <= bottom for x0, top, x1, bottom in boxes)

    lines = page.filter(outside).filter(_is_of_the_line(page)).extract_text_lines(strip=True, return_chars=False)
    margin = max((line["x1"] for line in lines), default=0)
    parts: list[tuple[float, str, bool]] = []
    for line in lines:
        full = line["x1"] >= REACHES_MARGIN * margin and not re.search(r"[.:;!?]$", line["text"])
        parts.append((line["top"], line["text"], full))
    for table in tables:
        for row, cells in zip(table.rows, table.extract(), strict=True):
            words = "\t".join(" ".join((cell or "").split()) for cell in cells)
            parts.append((row.bbox[1], words.rstrip("\t"), False))
    joined, goes_on = "", False
    for _top, words, full in sorted(parts, key=lambda part: part[0]):
        if (
            goes_on
            and not re.match(r"[-•*+]\s|(?:[0-9]{1,2}(?:\.[0-9]{1,2})*|[a-zđ]|[IVX]{1,4})[.)]\s", words)
            and "\t" not in words
        ):
            joined += " " + words
        else:
            if joined:
                yield joined
            joined = words
        goes_on = full
    if joined:
        yield joined


def _is_of_the_line(page: Any) -> Callable[[Any], bool]:
    """Leaves out small digits set right after a number: the marks of footnotes, which would become part of it."""
    small: set[tuple[float, float]] = set()
    for before, after in pairwise(page.chars):
        follows = (before["x0"], before["top"]) in small and after["size"] <= before["size"]
        begins = before["text"] in "0123456789%" and after["size"] < SMALL * before["size"]
        if after["text"] in "0123456789" and (follows or begins):
            small.add((after["x0"], after["top"]))
    return lambda thing: (thing["x0"], thing["top"]) not in small


def _shown(cell: Any) -> str:
    """A cell as Excel shows it: 0.3383 formatted as 0.00% is 33,83%."""
    value, shape = cell.value, str(getattr(cell, "number_format", None) or "General").split(";")[0]
    if isinstance(value, datetime | date):
        return f"{value.day}/{value.month}/{value.year}"
    if isinstance(value, bool) or value is None:
        return ""
    if not isinstance(value, int | float):
        return " ".join(str(value).split())
    plain = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", shape)
    percent = "%" in plain
    number = value * 100 if percent else value
    places = re.match(r"[0#?]*", plain.partition(".")[2])
    if re.search(r"[0#],+(?![0#?])", plain):
        return "\ufffd"  # shown in thousands or millions: what was typed is not what is shown
    if "0" in plain or "#" in plain:
        least, most = (places[0].count("0"), len(places[0])) if places else (0, 0)
    else:
        least, most = 0, 6
    whole, _mark, rest = str(rounded(number, most)).partition(".")
    rest = rest.rstrip("0").ljust(least, "0")
    return whole + ("," + rest if rest else "") + ("%" if percent else "")


FORMS: dict[str, Callable[[bytes], str]] = {
    "html": of_html,
    "docx": of_docx,
    "pdf": of_pdf,
    "xlsx": of_xlsx,
    "tables": of_tables,
}


def main() -> None:
    """Print what the file on standard input holds. The exit code says nothing; `error` does."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    except ImportError:  # Windows: the caller's time limit alone
        pass
    answer: dict[str, object]
    try:
        text = FORMS[sys.argv[1]](sys.stdin.buffer.read())
        answer = {"text": text}
    except TooMuch:
        answer = {"error": "too_much"}
    except Locked:
        answer = {"error": "locked"}
    except Hidden:
        answer = {"error": "hidden"}
    except MemoryError:
        answer = {"error": "memory"}
    except Exception as error:  # whatever a library makes of a broken file is the answer, never a traceback
        answer = {"error": "damaged", "detail": f"{type(error).__name__}: {error}"[:200]}
    sys.stdout.buffer.write(json.dumps(answer).encode())


if __name__ == "__main__":
    main()

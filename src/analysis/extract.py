"""What text does a web page, a letter or a workbook hold? Runs by itself, with bounded memory and time.

`python -m analysis.extract FORM` reads a file from standard input and prints JSON: `text`, with tabs between cells, or
`error`. A file from outside may be broken or hostile, so nothing else reads it.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

from analysis.vietnamese import rounded

MEMORY, SECONDS = 1_500_000_000, 30  # bytes and seconds of processor time
PAGES, SHEETS, CELLS, LONGEST_CELL = 60, 20, 50_000, 300
REACHES_MARGIN = 0.9  # of the right edge of the longest line a line reaches that goes on
LEFT_OUT = (
    "head", "script", "style", "noscript", "template", "nav", "footer", "aside", "form", "button", "select", "svg",
    "iframe", "s", "del", "strike",
)  # fmt: skip
BLOCKS = (
    "address", "article", "blockquote", "dd", "div", "dl", "dt", "figcaption", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "tr", "ul",
)  # fmt: skip


class TooMuch(Exception):
    """More pages, sheets or cells than a notice has."""


class Locked(Exception):
    """A file that needs a password."""


def of_html(data: bytes) -> str:
    """The text of a page: the article where it marks one, without menus and what is hidden or struck out."""
    return _html_text(data.decode("utf-8"))


def of_docx(data: bytes) -> str:
    """The text of a letter as it reads with all changes accepted."""
    import mammoth

    no_images = mammoth.images.img_element(lambda _image: {})
    page = mammoth.convert_to_html(io.BytesIO(data), convert_image=no_images, include_default_style_map=True)
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
    """The cells of the sheets that are not hidden, as Excel shows them, numbers with a decimal comma."""
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if len(sheets) > SHEETS:
        raise TooMuch
    lines, cells = [], 0
    for sheet in sheets:
        sheet.reset_dimensions()
        for row in sheet.iter_rows():
            cells += len(row)
            if cells > CELLS:
                raise TooMuch
            lines.append("\t".join(_shown(cell) for cell in row).rstrip("\t"))
        lines.append("")
    return "\n".join(lines)


def _html_text(page: str) -> str:
    from bs4 import BeautifulSoup
    from bs4.element import PreformattedString

    soup = BeautifulSoup(page, "html.parser")
    for element in soup(LEFT_OUT) + soup.find_all(_is_hidden):
        if not element.decomposed:
            element.decompose()
    for string in soup.find_all(string=True):
        spaces = r"[ \t\r\xa0]+" if string.find_parent("pre") else r"[ \t\r\n\xa0]+"
        plain = "" if isinstance(string, PreformattedString) else re.sub(spaces, " ", string)
        string.replace_with(plain)
    cells = [cell for cell in soup(("td", "th")) if _is_data(cell)]
    for cell in cells:
        for inner in cell([*BLOCKS, "br"]):
            inner.insert_before(" ")
        cell.insert_after("\t")
    data = {id(inner) for cell in cells for inner in cell.find_all(True)}
    for element in soup([*BLOCKS, "br", "td", "th"]):
        if id(element) not in data and element not in cells:
            element.insert_before("\n")
            element.insert_after("\n")
    articles = soup("article") or soup("main")
    text = (articles[0] if len(articles) == 1 else soup).get_text()
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


def _page_lines(page: Any) -> Iterator[str]:
    tables = page.find_tables()
    boxes = [table.bbox for table in tables]

    def outside(thing: Any) -> bool:
        middle = ((thing["x0"] + thing["x1"]) / 2, (thing["top"] + thing["bottom"]) / 2)
        return not any(x0 <= middle[0] <= x1 and top <= middle[1] <= bottom for x0, top, x1, bottom in boxes)

    lines = page.filter(outside).extract_text_lines(strip=True, return_chars=False)
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


def _shown(cell: Any) -> str:
    """A cell as Excel shows it: 0.3383 formatted as 0.00% is 33,83%."""
    value, shape = cell.value, str(getattr(cell, "number_format", None) or "General").split(";")[0]
    if isinstance(value, datetime | date):
        return f"{value.day}/{value.month}/{value.year}"
    if isinstance(value, bool) or value is None:
        return ""
    if not isinstance(value, int | float):
        return " ".join(str(value).split())
    percent = "%" in shape
    number = value * 100 if percent else value
    plain = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", shape)
    if "0" in plain:
        decimals = len(re.match(r"0*", plain.partition(".")[2])[0])  # type: ignore[index]
    else:
        decimals = len(f"{number:.6f}".rstrip("0").partition(".")[2])
    return str(rounded(number, decimals)).replace(".", ",") + ("%" if percent else "")


FORMS: dict[str, Callable[[bytes], str]] = {
    "html": of_html,
    "docx": of_docx,
    "pdf": of_pdf,
    "xlsx": of_xlsx,
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
    except MemoryError:
        answer = {"error": "memory"}
    except Exception as error:  # whatever a library makes of a broken file is the answer, never a traceback
        answer = {"error": "damaged", "detail": f"{type(error).__name__}: {error}"[:200]}
    sys.stdout.buffer.write(json.dumps(answer).encode())


if __name__ == "__main__":
    main()

"""What text does a file hold, in whatever form it arrived?

The form is told by the content, not by the name. A form that cannot be read for sure is refused with what to do about
it; one that is not plain text is taken apart by `extract`, in a process with limits.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import subprocess
import sys
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from analysis.errors import DocumentError
from analysis.files import read_plain
from analysis.language import _
from analysis.notices.content import FEW, UNREAD

LARGEST, LARGEST_TEXT, LARGEST_UNPACKED, MOST_FILES, HIGHEST_RATIO = 20_000_000, 5_000_000, 100_000_000, 2_000, 100
SECONDS = 20
SMALL = 5_000_000  # bytes that any package may unpack to
MOST_PLACES = 12  # of one kind that are named
Form = Literal["text", "csv", "json", "html", "docx", "pdf", "xlsx"]
SUFFIXES: dict[Form, str] = {
    "text": ".txt",
    "csv": ".csv",
    "json": ".json",
    "html": ".html",
    "docx": ".docx",
    "pdf": ".pdf",
    "xlsx": ".xlsx",
}
HEADERS = rb"\s*(?:mime-version|content-type|received|return-path|from|to|subject|date|x-[a-z-]+):"
HALF = 0.5  # of the words of a text, of which no letter may be known
_SHAPES, _TONES = "\u0302\u0306\u031b", "\u0300\u0301\u0303\u0309\u0323"  # of Vietnamese letters
_PICTURE = rb"data:[\w/+.;=-]{1,100},[A-Za-z0-9+/=%]{100,}"  # within a page
CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "utf-16": "utf-16", "windows-1258": "cp1258", "us-ascii": "ascii"}


@dataclass(frozen=True)
class Document:
    """A file as received, and its text, with tabs between the cells of tables.

    `left` says what is in it but was not read, why, and what to do; in the text `shown.UNREAD` stands in its place.
    `recognised` is whether a machine read its letters from a scan, so that each figure must be held against it.
    """

    name: str
    data: bytes = field(repr=False)
    form: Form
    text: str = field(repr=False)
    left: tuple[str, ...] = ()
    recognised: bool = False

    @property
    def sha256(self) -> str:
        """The hash of the file as received."""
        return hashlib.sha256(self.data).hexdigest()


def read_file(path: Path) -> Document:
    """The document in a file. Raises DocumentError for one that is not there or cannot be read."""
    try:
        data = read_plain(path, LARGEST + 1)
    except OSError as error:
        raise DocumentError(
            _("{file} cannot be opened: {reason}.").format(file=path.name, reason=error.strerror or error),
            [],
            _("Check the name; a file that is open elsewhere may have to be closed."),
        ) from error
    return read_bytes(data, path.name)


def read_bytes(data: bytes, name: str) -> Document:
    """The document in some bytes; `name` is for messages and for its suffix `.csv`.

    Raises
    ------
    DocumentError: too large, empty, damaged, locked, of a form that is not read, or in an unknown encoding.
    """
    if len(data) > LARGEST:
        raise _too_large(name)
    if not data.strip():
        raise DocumentError(_("{file} is empty.").format(file=name), [], _("Save the notice again, then run again."))
    form = _form(data, name)
    if form in ("docx", "xlsx"):
        _check_package(data, name)
    left: list[list[str]] = []
    if form in ("docx", "pdf", "xlsx"):
        text, left = _extracted(data, form, name)
    else:
        content = re.sub(_PICTURE, b"data:,", data) if form == "html" else data
        if len(content) > LARGEST_TEXT:
            raise _too_large(name, LARGEST_TEXT)
        text = _decode(content, name)
    if form == "html":
        text, left = _extracted(text.encode(), form, name)
    if form == "csv":
        text = _cells(text)
    kinds = {kind for kind, *_words in left}
    if form == "pdf" and ("scan" in kinds or not text.strip()) and len("".join(text.split())) < FEW:
        raise DocumentError(
            _("{file} is a scan whose letters were not recognised: pictures of pages, no text.").format(file=name),
            [],
            _("Ask for the letter as a file, or type its figures into a form: scorecard template."),
        )
    if text.count(UNREAD) > HALF * len(text.split()):
        raise DocumentError(
            _("The letters of {file} have no Unicode: the font says only how they look.").format(file=name),
            list(_in_words(left)),
            _("Ask for the letter as a Word file, or type its figures into a form: scorecard template."),
        )
    return Document(name, data, form, ordered_marks(text), tuple(_in_words(left)), "recognised" in kinds)


def read_sheets(document: Document) -> list[tuple[str, list[list[str]]]]:
    """The tables of a document: the title of each sheet, "" where there is but one, and its lines, cell by cell.

    Raises DocumentError as `read_bytes`.
    """
    text = document.text
    if document.form == "xlsx":
        text, _left = _extracted(document.data, "tables", document.name)
    parts = text.split("\f") if "\f" in text else [f"\n{text}"]
    named = [part.partition("\n")[::2] for part in parts if part.strip()]
    return [(title, [line.split("\t") for line in lines.split("\n")]) for title, lines in named]


def ordered_marks(text: str) -> str:
    """The marks of each letter in the order in which they make it: the roof of “ế” before its accent."""
    return re.sub(f"([{_TONES}])([{_SHAPES}])", r"\2\1", _apart(text)) if re.search(f"[{_SHAPES}]", text) else text


def _apart(text: str) -> str:
    """Letters of which a mark is set behind a whole one, such as é and a roof, in their parts."""
    return re.sub(f"[^\\W\\d_][{_TONES}]*[{_SHAPES}]", lambda found: unicodedata.normalize("NFD", found[0]), text)


def _in_words(left: list[list[str]]) -> Iterator[str]:
    """What was not read of a document, one sentence a kind."""
    kinds = {
        "hidden": _("Hidden, struck out or of the colour of the paper, so not read: {words}."),
        "hidden_sheet": _("Hidden sheets, so not read: {words}."),
        "hidden_columns": _("Hidden columns, so not read: {words}."),
        "hidden_rows": _("Hidden rows, so not read: {words}."),
        "unseen": _("Cells that are struck out or white on white, so not read: {words}."),
        "formula": _("Formulas that were never calculated: {words}. Open the file in Excel, save it, then run again."),
        "date": _("Dates in the place of a number: {words}. Excel makes one of 2/18; type the score again as text."),
        "format": _("Numbers shown as fractions or powers of ten, so not read: {words}."),
        "pictures": _("Pictures, of which no letter was read: {words}."),
        "objects": _("Charts, drawings or embedded files that were not read: {words}."),
        "letters": _("Letters without Unicode, so not read, on page {words}: the font says only how they look."),
        "turned": _("Words set sideways, so not read: {words}."),
        "note": _("Notes or fields of a form, so not read: {words}."),
        "styled": _("Words that the style of the page adds, so not read: {words}."),
        "scan": _("A scan whose letters were not recognised, so not read: page {words}."),
        "recognised": _("The letters of a scan, recognised by a machine: page {words}. Hold each figure against it."),
    }
    for kind in dict.fromkeys(entry[0] for entry in left):
        places = [_place(kind, words) for of, *words in left if of == kind]
        more = len(places) - MOST_PLACES
        words = "; ".join(places[:MOST_PLACES]) + (_("; and {count} more").format(count=more) if more > 0 else "")
        yield kinds[kind].format(words=words)


def _place(kind: str, words: list[str]) -> str:
    if kind in ("hidden_columns", "hidden_rows"):
        return f"{words[1]}!{words[0]}"
    if kind in ("hidden", "turned", "note", "styled"):
        return f"“{words[0]}”" + (_(" (page {page})").format(page=words[1]) if len(words) > 1 else "")
    return words[0] + (_(" (page {page})").format(page=words[1]) if len(words) > 1 else "")


def _too_large(name: str, limit: int = LARGEST) -> DocumentError:
    return DocumentError(
        _("{file} is larger than {limit} MB: no notice is.").format(file=name, limit=limit // 1_000_000),
        [],
        _("Give the notice alone, without what is not part of it."),
    )


def _form(data: bytes, name: str) -> Form:
    """The form by its content."""
    if data.startswith(b"PK\x03\x04"):
        return _package_form(data, name)
    if data.lstrip().startswith(b"%PDF-"):
        return "pdf"
    refused = {
        b"\xd0\xcf\x11\xe0": _("an old Word or Excel file, or one that needs a password"),
        b"{\\rtf": _("an RTF file"),
        b"\x89PNG": _("a picture"),
        b"\xff\xd8\xff": _("a picture"),
        b"Rar!": _("an archive"),
        b"7z\xbc\xaf": _("an archive"),
        b"\x1f\x8b": _("an archive"),
    }
    for magic, what in refused.items():
        if data.startswith(magic):
            raise DocumentError(
                _("{file} is {what}, which is not read.").format(file=name, what=what),
                [],
                _("Save it as .docx, .xlsx, .pdf, .html or .txt, without a password, then run again."),
            )
    if re.match(HEADERS, data[:2000].lower()) and b"content-type:" in data[:4000].lower():
        raise DocumentError(
            _("{file} is {what}, which is not read.").format(
                file=name, what=_("a mail or a page saved as one file (MHTML)")
            ),
            [],
            _("Save it as .docx, .xlsx, .pdf, .html or .txt, without a password, then run again."),
        )
    if _is_page(data):
        return "html"
    if b"\x00h\x00t\x00m\x00l" in data[:400].lower() or b"h\x00t\x00m\x00l\x00" in data[:400].lower():
        return "html"
    if re.match(rb"(\xef\xbb\xbf)?\s*[\[{]\s*[\"{\[]", data):
        return "json"
    return "csv" if name.lower().endswith(".csv") else "text"


def _is_page(data: bytes) -> bool:
    """Whether a text begins with a tag, comments left out, and has more of them."""
    start = re.sub(rb"<!--.{0,2000}?-->", b"", data[:20_000], flags=re.DOTALL).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    tags = set(
        re.findall(
            rb"<(html|head|body|meta|title|link|div|p|table|tr|td|span|br|h[1-6]|article|section|b|ul|center)\b", start
        )
    )
    return start.startswith((b"<!doctype html", b"<html")) or (start.startswith(b"<") and len(tags) >= 1)


def _package_form(data: bytes, name: str) -> Form:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            names = set(package.namelist())
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise _damaged(name, str(error)) from error
    if any(re.fullmatch(r"word/document\d*\.xml", part) for part in names):
        return "docx"
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "xl/workbook.bin" in names or {"mimetype", "content.xml"} <= names:
        raise DocumentError(
            _("{file} is {what}, which is not read.").format(
                file=name, what=_("a file of LibreOffice, or a binary one of Excel")
            ),
            [],
            _("Save it as .docx, .xlsx, .pdf, .html or .txt, without a password, then run again."),
        )
    raise DocumentError(
        _("{file} is an archive, neither a Word nor an Excel file.").format(file=name),
        [],
        _("Take the notice out of the archive first."),
    )


def _check_package(data: bytes, name: str) -> None:
    """Refuse a package that would unpack to far more than it is, runs macros or defines its own XML."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        entries = package.infolist()
        size = sum(entry.file_size for entry in entries)
        if len(entries) > MOST_FILES or size > LARGEST_UNPACKED or size > max(HIGHEST_RATIO * len(data), SMALL):
            raise DocumentError(
                _("{file} unpacks to {size} MB: no notice does.").format(file=name, size=size // 1_000_000),
                [],
                _("Open it and copy the notice into a new file."),
            )
        if any(entry.flag_bits & 1 for entry in entries):
            raise _locked(name)
        unsafe = [entry.filename for entry in entries if re.search(r"(^|[\\/])\.\.([\\/]|$)|^[\\/]|:", entry.filename)]
        unsafe += [entry.filename for entry in entries if entry.filename.lower().endswith("vbaproject.bin")]
        try:
            for entry in entries:
                if entry.filename.endswith((".xml", ".rels")):
                    with package.open(entry) as part:
                        unsafe += [entry.filename] if _has_doctype(part) else []
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
            raise _damaged(name, str(error)) from error
    if unsafe:
        raise DocumentError(
            _("{file} holds macros or parts that a notice has no use for.").format(file=name),
            unsafe,
            _("Open it and copy the notice into a new file without macros."),
        )


def _has_doctype(part: IO[bytes]) -> bool:
    marks = [mark.encode(code) for mark in ("<!DOCTYPE", "<!ENTITY") for code in ("ascii", "utf-16-le", "utf-16-be")]
    end = b""
    while piece := part.read(1_000_000):
        if any(mark in end + piece for mark in marks):
            return True
        end = piece[-20:]
    return False


def _decode(data: bytes, name: str) -> str:
    """Text from bytes: UTF-8 or UTF-16; for a page also the encoding it names, if it is one that is known."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif data[1:200:2].count(0) > 0.4 * len(data[1:200:2]):
        encoding = "utf-16-le"
    elif data[0:200:2].count(0) > 0.4 * len(data[0:200:2]):
        encoding = "utf-16-be"
    else:
        named = re.search(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]{1,20})", data[:4096], re.IGNORECASE)
        encoding = CHARSETS.get(named[1].decode().lower(), "utf-8") if named else "utf-8"
    try:
        text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        text = "" if error.encoding == "utf-8" else _as_utf8(data)
    if not text or "\x00" in text:
        raise DocumentError(
            _("The letters of {file} are not UTF-8; they are not guessed.").format(file=name),
            [repr(data[:40])[2:-1]],
            _("Open it and save it as UTF-8; a text in an old font (TCVN3, VNI) must be converted first."),
        )
    return text


def _as_utf8(data: bytes) -> str:
    """A page that names another encoding may be UTF-8 all the same."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""


def _cells(text: str, marks: str = ";\t,") -> str:
    """A CSV file with tabs between its cells; the mark between them is the one that most lines have alike."""
    counts = {mark: Counter(line.count(mark) for line in text.split("\n") if line.strip()) for mark in marks}
    mark = max(marks, key=lambda one: max((lines for count, lines in counts[one].items() if count), default=0))
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        return "\n".join("\t".join(" ".join(cell.split()) for cell in row) for row in rows)
    except csv.Error:  # a quotation mark that is not one of CSV: the cells hold what is between the marks
        return "\n".join("\t".join(cell.strip(' "') for cell in line.split(mark)) for line in text.split("\n"))


def _extracted(data: bytes, form: str, name: str) -> tuple[str, list[list[str]]]:
    """The text of a file, and what was not read of it: a kind and its words."""
    try:
        run = subprocess.run(
            [sys.executable, "-P", "-m", "analysis.notices.extract", form],
            input=data,
            capture_output=True,
            timeout=SECONDS,
        )
        answer = json.loads(run.stdout or b"{}")
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise _damaged(name, type(error).__name__) from error
    if "text" in answer:
        return str(answer["text"]), answer["left"]
    if answer.get("error") == "too_much":
        raise DocumentError(
            _("{file} has more pages, sheets, cells or parts within parts than a notice has.").format(file=name),
            [answer["detail"]] if answer["detail"] else [],
            _("Give the notice alone, without what is not part of it."),
        )
    if answer.get("error") == "locked":
        raise _locked(name)
    raise _damaged(name, str(answer.get("detail", answer.get("error", _("the reader ended early")))))


def _locked(name: str) -> DocumentError:
    return DocumentError(
        _("{file} needs a password.").format(file=name), [], _("Save it without a password, then run again.")
    )


def _damaged(name: str, detail: str) -> DocumentError:
    return DocumentError(
        _("{file} is damaged, or takes too long or too much memory to read.").format(file=name),
        [detail],
        _("Open it and save it again, or copy its text into a .txt file."),
    )

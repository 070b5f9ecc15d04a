"""What text does a file hold, in whatever form it arrived?

The form is told by the content, not by the name. A form that cannot be read for sure is refused with what to do about
it; one that is not plain text is taken apart by `extract`, in a process with limits.
"""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from analysis.errors import DocumentError
from analysis.language import _

LARGEST, LARGEST_UNPACKED, MOST_FILES, HIGHEST_RATIO = 20_000_000, 100_000_000, 2_000, 100
SECONDS = 60
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
CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "utf-16": "utf-16", "windows-1258": "cp1258", "us-ascii": "ascii"}


@dataclass(frozen=True)
class Document:
    """A file as received, and its text, with tabs between the cells of tables."""

    name: str
    data: bytes = field(repr=False)
    form: Form
    text: str = field(repr=False)

    @property
    def sha256(self) -> str:
        """The hash of the file as received."""
        return hashlib.sha256(self.data).hexdigest()


def read_file(path: Path) -> Document:
    """The document in a file. Raises DocumentError for one that is not there or cannot be read."""
    try:
        if not path.exists():
            raise OSError(errno.ENOENT, _("there is no such file"))
        if not path.is_file():
            raise OSError(errno.EINVAL, _("it is no plain file"))
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
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
    if form == "html":
        text = _extracted(_decode(data, name).encode(), form, name)
    elif form in ("docx", "pdf", "xlsx"):
        text = _extracted(data, form, name)
    else:
        text = _decode(data, name)
    if form == "csv":
        text = _cells(text)
    if form == "pdf" and not text.strip():
        raise DocumentError(
            _("{file} holds pictures of pages, no text.").format(file=name),
            [],
            _("Ask for the letter as a file, or type its figures into a form: scorecard template."),
        )
    return Document(name, data, form, text)


def read_sheets(document: Document) -> list[tuple[str, list[list[str]]]]:
    """The tables of a document: the title of each sheet, "" where there is but one, and its lines, cell by cell.

    Raises DocumentError as `read_bytes`.
    """
    text = document.text
    if document.form == "xlsx":
        text = _extracted(document.data, "tables", document.name)
    parts = text.split("\f") if "\f" in text else [f"\n{text}"]
    named = [part.partition("\n")[::2] for part in parts if part.strip()]
    return [(title, [line.split("\t") for line in lines.split("\n")]) for title, lines in named]


def _too_large(name: str) -> DocumentError:
    return DocumentError(
        _("{file} is larger than {limit} MB: no notice is.").format(file=name, limit=LARGEST // 1_000_000),
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
    if "word/document.xml" in names:
        return "docx"
    if "xl/workbook.xml" in names:
        return "xlsx"
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
        if len(entries) > MOST_FILES or size > LARGEST_UNPACKED or size > HIGHEST_RATIO * len(data):
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
                if entry.filename.endswith((".xml", ".rels")) and _has_doctype(package.read(entry)):
                    unsafe.append(entry.filename)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
            raise _damaged(name, str(error)) from error
    if unsafe:
        raise DocumentError(
            _("{file} holds macros or parts that a notice has no use for.").format(file=name),
            unsafe,
            _("Open it and copy the notice into a new file without macros."),
        )


def _has_doctype(part: bytes) -> bool:
    return any(word in part for mark in ("<!DOCTYPE", "<!ENTITY") for word in (mark.encode(), mark.encode("utf-16-le")))


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


def _extracted(data: bytes, form: str, name: str) -> str:
    try:
        run = subprocess.run(
            [sys.executable, "-m", "analysis.notices.extract", form], input=data, capture_output=True, timeout=SECONDS
        )
        answer = json.loads(run.stdout or b"{}")
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise _damaged(name, type(error).__name__) from error
    if "text" in answer:
        return str(answer["text"])
    if answer.get("error") == "too_much":
        raise DocumentError(
            _("{file} has more pages, sheets or cells than a notice has.").format(file=name),
            [],
            _("Give the notice alone, without what is not part of it."),
        )
    if answer.get("error") == "hidden":
        raise DocumentError(
            _(
                "{file} has words that are hidden, struck out or in a formula; which of them hold is not guessed."
            ).format(file=name),
            [],
            _("Open it, remove them and save it, or copy its text into a .txt file."),
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

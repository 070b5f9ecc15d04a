"""How is one cell written, so that no words become a formula and no file depends on the clock?"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from copy import copy
from datetime import datetime
from html import escape
from typing import Any
from weakref import WeakKeyDictionary

from analysis.files import FORMULA

BAND = "E8EEF4"
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
Shown = dict[tuple[str, str], float | str]  # sheet and cell → what its formula gives before anyone has typed


def put_text(cell: Any, words: str, wrap: bool = False) -> None:
    """Words that no spreadsheet takes for a formula, whatever they begin with."""
    if words:
        cell.value = clean(words)
        cell.data_type = "s"
        _set_style(cell, wrap, quoted=words[0] in FORMULA)


def put_number(cell: Any, value: float | None, number_format: str = "General") -> None:
    """A number, or nothing; never as text."""
    cell.value = None if value is None else float(value)
    _set_style(cell, number_format=number_format)


def put_formula(cell: Any, words: str, number_format: str, shown: Shown, value: float | str) -> None:
    """A formula, with the value that is shown where nothing is calculated, as in Excel's protected view."""
    cell.value = words
    _set_style(cell, isinstance(value, str), number_format)
    shown[cell.parent.title, cell.coordinate] = value


def _set_style(cell: Any, wrap: bool = False, number_format: str = "General", quoted: bool = False) -> None:
    """Set what a cell looks like; copied from one that looks alike, as openpyxl takes long to make a style."""
    known = _styles.setdefault(cell.parent.parent, {})
    key = wrap, number_format, quoted
    if key in known and not cell.has_style:
        cell._style = copy(known[key])
        return
    from openpyxl.styles import Alignment

    plain = not cell.has_style
    cell.number_format, cell.quotePrefix = number_format, quoted
    cell.alignment = Alignment(vertical="top", wrap_text=wrap)
    if plain:
        known[key] = copy(cell._style)


_styles: WeakKeyDictionary[Any, dict[tuple[bool, str, bool], Any]] = WeakKeyDictionary()


def put_note(cell: Any, words: str, to: int) -> None:
    """A sentence over several columns, up to number `to`."""
    sheet, row = cell.parent, cell.row
    put_text(cell, words, wrap=True)
    sheet.merge_cells(start_row=row, end_row=row, start_column=cell.column, end_column=to)
    sheet.row_dimensions[row].height = 30 if len(words) > 120 else 16


def put_heads(sheet: Any, row: int, heads: Sequence[str], widths: Sequence[int] = ()) -> None:
    """The heads of a table, from column A on; and the widths of its columns."""
    from openpyxl.styles import Alignment, PatternFill
    from openpyxl.utils import get_column_letter

    for column, words in enumerate(heads, start=1):
        cell = sheet.cell(row, column)
        put_text(cell, words)
        cell.font, cell.fill = font(bold=True), PatternFill("solid", fgColor=BAND)
        cell.alignment = Alignment(vertical="top", wrap_text=True)
    sheet.row_dimensions[row].height = 48 if max(map(len, heads)) > 14 else 18
    for column, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width


def font(**look: Any) -> Any:
    from openpyxl.styles import Font

    return Font(name="Calibri", **{"size": 11, **look})


def number_format_of(decimals: int) -> str:
    return "#,##0" + ("." + "0" * decimals if decimals else "")


def clean(words: str) -> str:
    """The words without what XML cannot hold; `_x0041_` stays those letters."""
    words = words.replace("\r\n", "\n").replace("\r", "\n")
    return LOOKS_ESCAPED.sub("_x005F_", NOT_IN_XML.sub("\ufffd", words))


def quoted(words: str) -> str:
    """A text inside a formula."""
    return '"{}"'.format(words.replace('"', '""'))


def quoted_sheet(name: str) -> str:
    return "'{}'".format(name.replace("'", "''"))


def sheet_name(words: str) -> str:
    return re.sub(r"[\[\]:*?/\\]", " ", words)[:31].strip(" '")


def protect(sheet: Any) -> None:
    sheet.protection.sheet = True
    sheet.protection.formatColumns = sheet.protection.formatRows = False  # which is to say: allowed


def to_print(sheet: Any) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToHeight = 0


def as_bytes(book: Any, moment: datetime, shown: Shown) -> bytes:
    """The file's bytes with one date everywhere, and with values in the cells of formulas that are `shown`."""
    from openpyxl.writer.excel import ExcelWriter

    book.properties.created = moment
    raw, file = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        ExcelWriter(book, archive).save()
    names = {f"xl/worksheets/sheet{number}.xml": sheet.title for number, sheet in enumerate(book.worksheets, start=1)}
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(file, "w") as new:
        for entry in old.infolist():
            text = old.read(entry)
            if entry.filename == "docProps/core.xml":
                stamp = rf"\g<1>{moment:%Y-%m-%dT%H:%M:%SZ}".encode()
                text = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", stamp, text)
            elif entry.filename in names:
                text = _with_values(text.decode(), names[entry.filename], shown).encode()
            info = zipfile.ZipInfo(entry.filename, moment.timetuple()[:6])
            info.create_system, info.compress_type = 0, zipfile.ZIP_DEFLATED
            new.writestr(info, text)
    return file.getvalue()


def _with_values(xml: str, sheet: str, shown: Shown) -> str:
    def fill(found: re.Match[str]) -> str:
        cell, rest, words = found.groups()
        value = shown.get((sheet, cell))
        if value is None:
            return found[0]
        is_text = isinstance(value, str)
        kind, result = (' t="str"', escape(str(value), quote=False)) if is_text else ("", repr(float(value)))
        return f'<c r="{cell}"{rest}{kind}><f>{words}</f><v>{result}</v></c>'

    return re.sub(r'<c r="([A-Z]+[0-9]+)"([^>]*)><f>([^<]*)</f><v ?(?:/>|></v>)</c>', fill, xml)

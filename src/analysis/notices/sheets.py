"""Which cells does a workbook show? Those that are hidden, or hold what Excel has yet to work out, are named.

A sheet is cut down to its cells, columns and merged areas before openpyxl reads it, so that what no eye sees (a million
cells that are only coloured, charts, pivot tables) costs nothing.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from analysis.language import rounded
from analysis.notices.content import UNREAD, Content, TooMuch, parsed_part, plain_part

SHEETS, CELLS, AREA, SHEET_BYTES, BYTES = 20, 50_000, 300_000, 10_000_000, 30_000_000
LARGEST_SPAN = 50  # columns or rows of one merged area whose words are repeated
NARROW, LOW = 0.3, 1.5  # characters and points, under which a column or row is not seen
PLACES_NAMED = 12
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_DRAWN = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ANY = ("General", "@")  # formats that show a number as it is
_KEPT = ("sheetPr", "sheetFormatPr", "cols", "sheetData", "mergeCells")
_FORMULA, _WHITE = "\ue002", re.compile(r"(?:[0-9A-F]{2})?F[C-F]F[C-F]F[C-F]", re.IGNORECASE)
_PIECES = re.compile(r'"([^"]*)"|\\(.)|[_*].|\[\$([^\]-]*)[^\]]*\]|\[[^\]]*\]|(General|@|[0#?.,]+)|(.)', re.DOTALL)


def of_xlsx(data: bytes) -> Content:
    """The cells of a workbook that are seen, as Excel shows them, numbers with a decimal comma."""
    content = Content()
    lines = [line for sheet, drawn in _sheets(data, content) for line in [*drawn, *_lines(sheet, content), ""]]
    content.text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
    return content


def of_tables(data: bytes) -> Content:
    """The cells of a workbook as `of_xlsx`, every line kept; a form feed and its title begin each sheet."""
    content = Content()
    lines = [line for sheet, _drawn in _sheets(data, content) for line in [f"\f{sheet.title}", *_lines(sheet, content)]]
    content.text = "\n".join(lines)
    return content


def _sheets(data: bytes, content: Content) -> list[tuple[Any, list[str]]]:
    """The sheets of a workbook that are not hidden, each with the words drawn on it. Raises TooMuch."""
    import openpyxl

    with zipfile.ZipFile(io.BytesIO(data)) as package:
        sizes = {entry.filename: entry.file_size for entry in package.infolist() if entry.filename.endswith(".xml")}
        if sum(size for name, size in sizes.items() if "/worksheets/" in name) > SHEET_BYTES:
            raise TooMuch
        if sum(size for name, size in sizes.items() if re.match(r"xl/(?:styles|sharedStrings|workbook)", name)) > BYTES:
            raise TooMuch
        parts = {
            entry.filename: plain_part(package.read(entry))
            for entry in package.infolist()
            if entry.filename.endswith((".xml", ".rels")) and not entry.filename.startswith("xl/pivot")
        }
    links = {name: part for name, part in parts.items() if name.startswith("xl/worksheets/_rels/")}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        for name, part in parts.items():
            if name not in links:
                package.writestr(name, _cut_down(part) if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name) else part)
    book = openpyxl.load_workbook(made, data_only=True, keep_links=False)
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if len(visible) > SHEETS:
        raise TooMuch
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible" and any(cell is not None for row in sheet.values for cell in row):
            content.leave("hidden_sheet", sheet.title)
    places = _places(parts)
    return [(sheet, _drawn_on(places.get(sheet.title, ""), parts, content)) for sheet in visible]


def _cut_down(part: bytes) -> bytes:
    """A sheet with its filled cells only; a formula without a result has a mark for one. Raises TooMuch."""
    from lxml import etree
    from openpyxl.utils.cell import coordinate_to_tuple

    part = re.sub(rb"<(?:[\w.-]+:)?(?:c|row)(?:\s[^<>]*)?/>", b"", part)
    if len(re.findall(rb"<(?:[\w.-]+:)?c\s", part)) > CELLS:
        raise TooMuch
    sheet = parsed_part(part)
    for child in list(sheet):
        if child.tag not in [_MAIN + name for name in _KEPT]:
            sheet.remove(child)
    rows = columns = 0
    place = ""
    for row in list(sheet.iter(f"{_MAIN}row")):
        for cell in list(row):
            value, formula = cell.find(f"{_MAIN}v"), cell.find(f"{_MAIN}f")
            if formula is not None and (value is None or not (value.text or cell.get("t") == "str")):
                cell.set("t", "str")
                (etree.SubElement(cell, f"{_MAIN}v") if value is None else value).text = _FORMULA
            elif value is None and cell.find(f"{_MAIN}is") is None:
                row.remove(cell)
                continue
            at = coordinate_to_tuple(cell.get("r")) if cell.get("r") else (rows + 1, len(row))
            place = cell.get("r") or place
            rows, columns = max(rows, at[0]), max(columns, at[1])
            if rows * columns > AREA:
                raise TooMuch(place)
        if len(row) == 0:
            row.getparent().remove(row)
    _clip_merged(sheet, rows, columns)
    return bytes(etree.tostring(sheet))


def _clip_merged(sheet: Any, rows: int, columns: int) -> None:
    """Merged areas not much larger than what is filled. Raises TooMuch."""
    from openpyxl.utils.cell import range_boundaries

    covered = 0
    for area in list(sheet.iter(f"{_MAIN}mergeCell")):
        left, top, right, bottom = range_boundaries(area.get("ref"))
        right, bottom = min(right, max(columns, left) + LARGEST_SPAN), min(bottom, max(rows, top) + LARGEST_SPAN)
        covered += (right - left + 1) * (bottom - top + 1)
        if left > columns or top > rows:
            area.getparent().remove(area)
        else:
            area.set("ref", f"{_letters(left)}{top}:{_letters(right)}{bottom}")
        if covered > AREA:
            raise TooMuch(area.get("ref"))
    for merged in sheet.findall(f"{_MAIN}mergeCells"):
        if len(merged) == 0:
            sheet.remove(merged)


def _letters(column: int) -> str:
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(column))


def _places(parts: dict[str, bytes]) -> dict[str, str]:
    """Which part each sheet is, by its title."""
    from posixpath import join, normpath

    targets = {
        link.get("Id"): normpath(join("/xl", link.get("Target", "")))[1:]
        for link in parsed_part(parts.get("xl/_rels/workbook.xml.rels", b"<x/>"))
    }
    sheets = parsed_part(parts["xl/workbook.xml"]).iter(f"{_MAIN}sheet")
    return {sheet.get("name"): targets.get(sheet.get(_LINK), "") for sheet in sheets}


def _drawn_on(place: str, parts: dict[str, bytes], content: Content) -> list[str]:
    """The words of the boxes drawn on a sheet; its pictures are named."""
    from posixpath import basename, dirname, join, normpath

    links = parts.get(join(dirname(place), "_rels", f"{basename(place)}.rels"), b"<x/>")
    lines, pictures = [], 0
    for link in parsed_part(links):
        drawing = parts.get(normpath(join("/", dirname(place), link.get("Target", "")))[1:])
        if drawing is None or not link.get("Type", "").endswith("/drawing"):
            continue
        for element in parsed_part(drawing).iter():
            if element.tag == f"{_DRAWN}p":
                lines.append("".join(piece.text or "" for piece in element.iter(f"{_DRAWN}t")))
            pictures += str(element.tag).endswith("}pic")
    if pictures:
        content.leave("pictures", str(pictures))
    return [line for line in lines if line.strip()]


def _lines(sheet: Any, content: Content) -> Iterator[str]:
    """The rows of a sheet; a merged cell's words stand in each column it covers, its number in the first one seen."""
    rows, columns = sheet.max_row, sheet.max_column
    hidden_columns = {
        place
        for dimension in sheet.column_dimensions.values()
        if dimension.hidden or dimension.width < NARROW
        for place in range(dimension.min or 0, min(dimension.max or 0, columns) + 1)
    }
    hidden_rows = {
        place
        for place, dimension in sheet.row_dimensions.items()
        if dimension.hidden or (dimension.height is not None and dimension.height < LOW)
    }
    words = _words(sheet, content)
    seen = dict(words)
    for area in sheet.merged_cells.ranges:
        first = words.get((area.min_row, area.min_col), "")
        repeats = not re.search(r"[0-9]", first) and max(area.size.values()) <= LARGEST_SPAN
        inside = [
            (row, column) for row, column in area.cells if row not in hidden_rows and column not in hidden_columns
        ]
        for place in inside if repeats else sorted(inside)[:1]:
            seen[place] = first
    left_out: dict[str, list[str]] = {}
    for (row, column), text in words.items():
        if text and (row in hidden_rows or column in hidden_columns):
            kind, name = ("hidden_columns", _letters(column)) if column in hidden_columns else ("hidden_rows", str(row))
            left_out.setdefault(kind, []).append(name)
    for kind, names in left_out.items():
        content.leave(kind, ", ".join(list(dict.fromkeys(names))[:PLACES_NAMED]), sheet.title)
    shown_columns = [place for place in range(1, columns + 1) if place not in hidden_columns]
    for row in range(1, rows + 1):
        if row not in hidden_rows:
            yield "\t".join(seen.get((row, column), "") for column in shown_columns).rstrip("\t")


def _words(sheet: Any, content: Content) -> dict[tuple[int, int], str]:
    """What each filled cell shows; a mark where it cannot be read, which is named."""
    found: dict[tuple[int, int], str] = {}
    numbers: dict[int, bool] = {}  # by column: whether the last cell that is filled holds a number
    styles: dict[int, tuple[bool, str]] = {}  # whether a style is not seen, and its format
    for row in sheet.iter_rows():
        filled = [cell for cell in row if cell.value is not None]
        has_number = any(_is_number(cell.value) and not 1900 < cell.value < 2100 for cell in filled)
        for cell in filled:
            problem = ""
            if cell.style_id not in styles:
                styles[cell.style_id] = _is_unseen(cell), str(cell.number_format or "General")
            unseen, shape = styles[cell.style_id]
            if unseen:
                problem, text = "unseen", ""
            elif cell.value == _FORMULA:
                problem, text = "formula", UNREAD
            elif isinstance(cell.value, datetime | date) and (has_number or numbers.get(cell.column)):
                problem, text = "date", UNREAD
            else:
                text = as_shown(cell.value, shape)
                problem = "format" if text == UNREAD else ""
            if problem:
                content.leave(problem, f"{sheet.title}!{cell.coordinate}")
            numbers[cell.column] = _is_number(cell.value) or problem == "date"
            found[cell.row, cell.column] = text
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_unseen(cell: Any) -> bool:
    """Whether the words of a cell are struck out, or of the colour of the paper."""
    if cell.font is None:
        return False
    paper = cell.fill is None or cell.fill.fill_type is None or _is_white(cell.fill.fgColor)
    return bool(cell.font.strike) or (paper and _is_white(cell.font.color))


def _is_white(color: Any) -> bool:
    if color is None or color.tint:
        return False
    if color.type == "rgb":
        return bool(_WHITE.fullmatch(str(color.rgb)))
    return bool((color.type == "theme" and color.theme == 0) or (color.type == "indexed" and color.indexed in (1, 9)))


def as_shown(value: Any, shape: str) -> str:
    """A value as Excel shows it in a format: 0.3383 in `0.00%` is 33,83%; the mark of what cannot be read for sure."""
    if isinstance(value, datetime | date):
        return _date_as_shown(value, shape)
    if isinstance(value, bool) or value is None:
        return ""
    sections = _sections(shape)
    if not isinstance(value, int | float):
        return "" if len(sections) > 3 and sections[3] == ("", "", "", False) else " ".join(str(value).split())
    at = 0 if len(sections) == 1 else 1 if value < 0 else 2 if value == 0 and len(sections) > 2 else 0
    if (section := sections[at]) is None:
        return UNREAD
    before, core, after, percent = section
    if not core:
        return before.strip()
    number = (abs(value) if at == 1 else value) * (100 if percent else 1)
    for _thousand in core[len(core.rstrip(",")) :]:
        number = float(Decimal(str(number)) / 1000)
    places = core.partition(".")[2].rstrip(",")
    least, most = (0, 6) if core in _ANY else (places.count("0"), len(places))
    whole, _mark, rest = str(rounded(number, most)).partition(".")
    rest = rest.rstrip("0").ljust(least, "0")
    whole = whole if number or core in _ANY or "0" in core else ""
    return f"{before}{whole}{',' + rest if rest else ''}{after}".strip()


@lru_cache(maxsize=1024)
def _sections(shape: str) -> tuple[tuple[str, str, str, bool] | None, ...]:
    """The parts of a format for numbers above 0, below, 0 and words: what stands before, the digits, after; percent.

    None for a part that shows fractions or powers of ten.
    """
    found: list[tuple[str, str, str, bool] | None] = []
    for section in re.split(r';(?=(?:[^"]*"[^"]*")*[^"]*$)', shape):
        before = core = after = ""
        for quoted, escaped, money, places, other in _PIECES.findall(section):
            if places and not after:
                core += places
            elif core:
                after += quoted or escaped or money or other
            else:
                before += quoted or escaped or money or other
        odd = re.search(r"[0#?]\s*/|[0#?][eE][+-]", re.sub(r'"[^"]*"|\\.', "", section)) is not None
        percent = "%" in re.sub(r'"[^"]*"|\\.', "", section)
        found.append(None if odd else (before, core, after, percent))
    return tuple(found)


def _date_as_shown(value: date, shape: str) -> str:
    plain = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", shape).lower()
    parts = [(value.day, "d"), (value.month, "m"), (value.year, "y")]
    kept = [str(number) for number, letter in parts if letter in plain]
    return "/".join(kept if len(kept) > 1 else [str(number) for number, _letter in parts])

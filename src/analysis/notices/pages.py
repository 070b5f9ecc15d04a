"""Which lines do the pages of a PDF show? A picture of each page tells which of its letters are seen at all.

A PDF sets letters in any order: twice for bold, their marks apart, under a white box, under the scan they were
recognised from. What is not seen, or has no Unicode, is named and left out.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from analysis.notices.content import FEW, UNREAD, Content, Locked, TooMuch

PAGES, OBJECTS, CONTENT_BYTES = 60, 60_000, 2_000_000
PIXELS, PICTURE_PIXELS, SCALE = 4_000_000, 12_000_000, 1.5  # of a page, of the pictures on it; pixels a point
INK = 24  # levels of grey between a letter that is seen and its ground
SCANNED = 0.5  # share of a page that a scan covers
TWICE = 1.6  # points between two prints of one letter
SMALL = 0.8  # of the size of the letter before a mark of a footnote has
REACHES_MARGIN = 0.9  # of the right edge of the longest line a line reaches that goes on
GAP, COLUMN_LINES, COLUMN_LETTERS = 9, 4, 24  # points between columns; lines and letters a line of each, at least
EDGE = 0.08  # of the height of a page, where its number stands
UNSEEN_MODE = 3  # of letters that are there to be searched only
_NO_UNICODE = re.compile(r"\(cid:\d+\)|[\ue000-\uf8ff\ufffd]")
_BESIDE = dict(zip("´ˊ`ˋˆ^˜~˘", "\u0301\u0301\u0300\u0300\u0302\u0302\u0303\u0303\u0306", strict=True))
_NUMBER_OF_PAGE = re.compile(r"[-–]?\s*(?:trang\s*)?\d{1,3}\s*[-–]?|trang\s*\d{1,3}\s*/\s*\d{1,3}", re.IGNORECASE)
_STARTS = re.compile(r"[-•*+]\s|(?:[0-9]{1,2}(?:\.[0-9]{1,2})*|[a-zđ]|[IVX]{1,4})[.)]\s")
_NESTED = re.compile(rb"(?:(?:\[|<<)\s*(?:/\w+\s*)?){200}")  # lists in lists, of no real file
Char = dict[str, Any]


def of_pdf(data: bytes) -> Content:
    """The text of a PDF: its tables row by row, its lines joined to paragraphs where they reach the margin.

    Raises TooMuch or Locked.
    """
    import pdfplumber
    from pdfminer.pdfdocument import PDFPasswordIncorrect
    from pdfplumber.utils.exceptions import PdfminerException

    if re.search(_NESTED, data):
        raise TooMuch
    _remember_order()
    content = Content()
    try:
        with pdfplumber.open(io.BytesIO(data)) as document:
            if len(document.pages) > PAGES:
                raise TooMuch
            lines = [line for page in document.pages for line in _page_lines(document, page, data, content)]
    except PdfminerException as error:
        cause = error.args[0] if error.args else None
        if isinstance(cause, PDFPasswordIncorrect):
            raise Locked from error
        if isinstance(cause, TooMuch | MemoryError):
            raise cause from error
        raise
    content.text = "\n".join(lines)
    return content


def _remember_order() -> None:
    """Let pdfplumber keep, of each thing on a page, when it was drawn and how: in the field of its tag, `mcid`."""
    import pdfplumber.page

    class Device(pdfplumber.page.PDFPageAggregator):  # type: ignore[name-defined]
        drawn = mode = 0

        def render_string(self, textstate: Any, *rest: Any) -> None:
            self.mode = textstate.render
            super().render_string(textstate, *rest)

        def _remember(self) -> None:
            self.drawn += 1
            if self.drawn > OBJECTS:
                raise TooMuch
            if self.cur_item._objs:
                self.cur_item._objs[-1].mcid = (self.drawn, self.mode)

        def render_char(self, *what: Any, **named: Any) -> float:
            advance = super().render_char(*what, **named)
            self._remember()
            return float(advance)

        def render_image(self, *what: Any, **named: Any) -> None:
            super().render_image(*what, **named)
            self._remember()

        def paint_path(self, *what: Any, **named: Any) -> None:
            super().paint_path(*what, **named)
            self._remember()

    pdfplumber.page.PDFPageAggregatorWithMarkedContent = Device  # type: ignore[misc]


def _page_lines(document: Any, page: Any, data: bytes, content: Content) -> Iterator[str]:
    from pdfminer.pdftypes import resolve1

    contents = resolve1(page.page_obj.attrs.get("Contents"))
    streams = map(resolve1, contents if isinstance(contents, list) else [contents])
    if sum(len(stream.get_data()) for stream in streams if stream is not None) > CONTENT_BYTES:
        raise TooMuch
    page = _upright(document, page)
    gone = _unseen(page, data, content)
    _name_annotations(page, content)
    kept = page.filter(lambda thing: id(thing) not in gone).filter(_is_of_the_line(page))
    tables = [table for table in kept.find_tables() if len(table.rows) > 1 or len(table.columns) > 1]
    tables = [table for table in tables if len(table.columns) > 1]
    boxes = [table.bbox for table in tables]

    def outside(thing: Any) -> bool:
        middle = ((thing["x0"] + thing["x1"]) / 2, (thing["top"] + thing["bottom"]) / 2)
        return not any(x0 <= middle[0] <= x1 and top <= middle[1] <= bottom for x0, top, x1, bottom in boxes)

    parts: list[tuple[float, str, bool]] = []
    height = float(page.height)
    for line in _lines(kept.filter(outside)):
        at_edge = line["top"] < EDGE * height or line["bottom"] > (1 - EDGE) * height
        if not (at_edge and _NUMBER_OF_PAGE.fullmatch(line["text"].strip())):
            parts.append((line["place"], line["text"], line["full"]))
    for table in tables:
        parts += [(top, words, False) for top, words in _rows(table)]
    joined, goes_on = "", False
    for _top, words, full in sorted(parts, key=lambda part: part[0]):
        if goes_on and not _STARTS.match(words) and "\t" not in words:
            joined += " " + words
        else:
            if joined:
                yield joined
            joined = words
        goes_on = full
    if joined:
        yield joined


def _upright(document: Any, page: Any) -> Any:
    """The page turned so that most of its letters stand upright."""
    from pdfplumber.page import Page

    turns: dict[int, int] = {}
    for char in page.chars:
        along, up = char["matrix"][:2]
        turn = (0 if along > 0 else 180) if abs(along) >= abs(up) else 90 if up > 0 else 270
        turns[turn] = turns.get(turn, 0) + 1
    turn = max(turns, key=lambda one: turns[one], default=0)
    if turn == 0:
        return page
    rotation = ((page.rotation or 0) + turn) % 360
    page.page_obj.rotate = rotation
    page.page_obj.attrs["Rotate"] = rotation
    return Page(document, page.page_obj, page.page_number, page.initial_doctop)


# Which letters are seen.


def _unseen(page: Any, data: bytes, content: Content) -> set[int]:
    """The ids of the letters that are not seen or not read; the text of others is made whole in its place."""
    name = str(page.page_number)
    chars = [char for char in page.chars if char["text"].strip()]
    gone = {id(char) for char in page.chars if not _is_on(page, char)}
    turned = [char for char in chars if not char["upright"]]
    gone |= {id(char) for char in turned}
    _name_words("turned", "".join(char["text"] for char in page.chars if not char["upright"]), name, content)
    scans = [image for image in page.images if _area(image, page) > 0]
    covered = sum(_area(image, page) for image in scans) / (float(page.width) * float(page.height))
    first = max((image["mcid"][0] for image in scans if image.get("mcid")), default=0) if covered >= SCANNED else 0
    under = [char for char in chars if char["mcid"][1] == UNSEEN_MODE or char["mcid"][0] < first]
    if covered >= SCANNED and len(under) > len(chars) / 2:
        content.leave("recognised", name)
    elif covered >= SCANNED and len(chars) < FEW:
        content.leave("scan", name)
    else:
        gone |= _without_ink(page, chars, data, content)
    if covered < SCANNED and scans:
        content.leave("pictures", str(len(scans)), name)
    left = [char for char in page.chars if id(char) not in gone]
    gone |= _printed_twice(left)
    _join_marks([char for char in left if id(char) not in gone], gone)
    _mark_unknown([char for char in left if id(char) not in gone], gone, name, content)
    return gone


def _is_on(page: Any, thing: Char) -> bool:
    x0, top, x1, bottom = page.cropbox
    return bool(x0 <= (thing["x0"] + thing["x1"]) / 2 <= x1 and top <= (thing["top"] + thing["bottom"]) / 2 <= bottom)


def _area(image: Char, page: Any) -> float:
    width = min(image["x1"], page.width) - max(image["x0"], 0)
    height = min(image["bottom"], page.height) - max(image["top"], 0)
    return float(max(width, 0) * max(height, 0))


def _without_ink(page: Any, chars: Sequence[Char], data: bytes, content: Content) -> set[int]:
    """The letters of which a picture of the page shows nothing, or that a white box and other letters cover."""
    name = str(page.page_number)
    outside = [char for char in chars if not _is_on(page, char)]
    _name("hidden", outside, name, content)
    inside = [char for char in chars if _is_on(page, char) and char["upright"]]
    if not inside or sum(image["srcsize"][0] * image["srcsize"][1] for image in page.images) > PICTURE_PIXELS:
        return set()
    inked = _inked(page, data)
    white = [box for box in [*page.rects, *page.curves] if box["fill"] and _is_white(box.get("non_stroking_color"))]
    bare = [char for char in inside if not inked(char)]
    if white and inside:
        bare += [char for char in inside if inked(char) and _is_overwritten(char, white, inside)]
    gone = {id(char) for char in bare}
    written = [char for char in page.chars if _is_on(page, char) and char["upright"]]
    for word in _words(written):
        letters = [char for char in word if char["text"].isalnum()]
        unseen = [char for char in letters if id(char) in gone]
        if unseen and len(unseen) == len(letters):
            gone |= {id(char) for char in word}
        elif not unseen:
            gone -= {id(char) for char in word}  # a point or a stroke is too thin to tell
    _name("hidden", [char for char in written if id(char) in gone or not char["text"].strip()], name, content)
    for word in _words([char for char in written if id(char) not in gone]):
        beside = [char for char in bare if char["text"].isdigit() and _follows(char, word)]
        if beside and any(char["text"].isdigit() for char in word):
            word[0]["text"] = UNREAD  # part of a number is not seen: the rest is no number
            gone |= {id(char) for char in word[1:]}
    return gone


def _inked(page: Any, data: bytes) -> Callable[[Char], bool]:
    """Whether a letter differs from its ground, in a picture of the page."""
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    drawn = document[page.page_number - 1]
    drawn.set_rotation(page.rotation)
    scale = min(SCALE, (PIXELS / max(1.0, float(page.width) * float(page.height))) ** 0.5)
    bitmap = drawn.render(scale=scale, grayscale=True)
    pixels, stride, width, height = bytes(bitmap.buffer), bitmap.stride, bitmap.width, bitmap.height
    left, above = page.cropbox[:2]

    def inked(char: Char) -> bool:
        wide, high = char["x1"] - char["x0"], char["bottom"] - char["top"]
        x0, x1 = (round((char["x0"] + part * wide - left) * scale) for part in (0.1, 0.9))
        y0, y1 = (round((char["top"] + part * high - above) * scale) for part in (0.2, 0.85))
        darkest, lightest = 255, 0
        for row in range(max(y0, 0), min(max(y1, y0 + 1), height)):
            part = pixels[row * stride + max(x0, 0) : row * stride + min(max(x1, x0 + 1), width)]
            if part:
                darkest, lightest = min(darkest, min(part)), max(lightest, max(part))
                if lightest - darkest >= INK:
                    return True
        return False

    return inked


def _is_white(color: Any) -> bool:
    values = tuple(color) if isinstance(color, list | tuple) else (color,)
    if not all(isinstance(value, int | float) for value in values):
        return False
    return values in ((0, 0, 0, 0),) if len(values) == 4 else bool(values) and min(values) > 0.95


def _is_overwritten(char: Char, boxes: Sequence[Char], chars: Sequence[Char]) -> bool:
    """Whether a white box was drawn over a letter, and other letters over the box."""
    across, down = (char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2

    def over(thing: Char) -> bool:
        return bool(thing["x0"] <= across <= thing["x1"] and thing["top"] <= down <= thing["bottom"])

    drawn = [box["mcid"][0] for box in boxes if box.get("mcid") and box["mcid"][0] > char["mcid"][0] and over(box)]
    return bool(drawn) and any(other["mcid"][0] > min(drawn) and over(other) for other in chars)


def _follows(char: Char, word: Sequence[Char]) -> bool:
    """Whether a letter was drawn with those of a word, right before, among or behind them."""
    orders = [one["mcid"][0] for one in word]
    if not min(orders) - 1 <= char["mcid"][0] <= max(orders) + 1:
        return False
    same_line = abs(char["top"] - word[0]["top"]) < char["size"] / 2
    return bool(same_line and word[0]["x0"] - 2 <= char["x1"] and char["x0"] <= word[-1]["x1"] + 2)


def _words(chars: Sequence[Char]) -> list[list[Char]]:
    from pdfplumber.utils import extract_words  # type: ignore[attr-defined]

    return [word["chars"] for word in extract_words(list(chars), return_chars=True)]


def _name(kind: str, chars: Sequence[Char], page: str, content: Content) -> None:
    _name_words(kind, " ".join("".join(char["text"] for char in word) for word in _words(chars)), page, content)


def _name_words(kind: str, words: str, page: str, content: Content) -> None:
    words = " ".join(words.split())
    if re.search(r"[0-9]", words):
        content.leave(kind, words if len(words) <= 160 else words[:159] + "…", page)


def _name_annotations(page: Any, content: Content) -> None:
    """Name the words of notes and of fields of forms, which are no text of the page."""
    from pdfminer.utils import decode_text

    for note in page.annots:
        kind = str(note["data"].get("Subtype", ""))
        value = note["data"].get("V") if "Widget" in kind else note.get("contents") if "FreeText" in kind else None
        words = decode_text(value) if isinstance(value, bytes) else value if isinstance(value, str) else ""
        if re.search(r"[0-9]", words):
            content.leave("note", " ".join(words.split())[:160], str(page.page_number))


# Letters made whole.


def _printed_twice(chars: Sequence[Char]) -> set[int]:
    """The second prints of letters that were printed twice to look bold."""
    places: dict[tuple[str, int, int], list[Char]] = {}
    again: set[int] = set()
    for char in chars:
        across, down = round(char["x0"] / TWICE), round(char["top"] / TWICE)
        near = (places.get((char["text"], across + x, down + y), []) for x in (-1, 0, 1) for y in (-1, 0, 1))
        if any(
            abs(one["x0"] - char["x0"]) <= TWICE and abs(one["top"] - char["top"]) <= TWICE
            and one["x1"] - one["x0"] > TWICE / 2
            for some in near for one in some
        ):  # fmt: skip
            again.add(id(char))
        else:
            places.setdefault((char["text"], across, down), []).append(char)
    return again


def _join_marks(chars: Sequence[Char], gone: set[int]) -> None:
    """Give each mark that was set apart to the letter it stands on."""
    letters: dict[int, list[Char]] = {}
    for char in chars:
        if char["text"][:1].isalpha():
            letters.setdefault(round(char["top"] / 4), []).append(char)
    for char in chars:
        apart = _BESIDE.get(char["text"])
        mark = char["text"] if char["text"] and all(map(unicodedata.combining, char["text"])) else apart
        if not mark:
            continue
        middle = (char["x0"] + char["x1"]) / 2
        row = round(char["top"] / 4)
        near = [one for step in (-1, 0, 1) for one in letters.get(row + step, ()) if one is not char]
        base = min(near, key=lambda one: _far(one, middle), default=None)
        if base is not None and _far(base, middle) < (0.1 if apart else char["size"] / 2):
            base["text"] += mark
            gone.add(id(char))


def _far(letter: Char, place: float) -> float:
    """How far a place is from the inside of a letter, or from its end."""
    inside = letter["x0"] + 0.05 < place < letter["x1"] - 0.05
    return 0.0 if inside else abs(letter["x1"] - place) + 0.01


def _mark_unknown(chars: Sequence[Char], gone: set[int], page: str, content: Content) -> None:
    """Put the mark of what is unread where letters have no Unicode; a bullet of a symbol font is a stroke."""
    if not any(_NO_UNICODE.search(char["text"]) for char in chars):
        return
    for word in _words(chars):
        if not any(_NO_UNICODE.search(char["text"]) for char in word):
            continue
        if len(word) == 1 and "\uf000" <= word[0]["text"] <= "\uf0ff":
            word[0]["text"] = "-"
            continue
        word[0]["text"] = UNREAD
        gone |= {id(char) for char in word[1:]}
        content.leave("letters", page)


def _is_of_the_line(page: Any) -> Callable[[Any], bool]:
    """Leaves out small digits set right after a number: the marks of footnotes, which would become part of it."""
    small: set[tuple[float, float]] = set()
    for before, after in pairwise(page.chars):
        follows = (before["x0"], before["top"]) in small and after["size"] <= before["size"]
        begins = before["text"] in "0123456789%" and after["size"] < SMALL * before["size"]
        if after["text"] in "0123456789" and (follows or begins):
            small.add((after["x0"], after["top"]))
    return lambda thing: (thing["x0"], thing["top"]) not in small


# Lines, columns and tables.


def _lines(page: Any) -> list[dict[str, Any]]:
    """The lines of a page in the order in which they are read, with their `place` in it and whether each is `full`."""
    found: list[dict[str, Any]] = []
    parts = [(part.place, part.extract_text_lines(strip=True, return_chars=False)) for part in _columns(page)]
    across = max((line["x1"] for place, lines in parts if place is None for line in lines), default=0)
    for number, (start, lines) in enumerate(parts):
        margin = across if start is None else max((line["x1"] for line in lines), default=0)
        for line in lines:
            full = line["x1"] >= REACHES_MARGIN * margin and not re.search(r"[.:;!?]$", line["text"])
            place = line["top"] if start is None else start + number / 1e3 + line["top"] / 1e7
            found.append({**line, "place": place, "full": full})
    return found


def _columns(page: Any) -> list[Any]:
    """The page, or its parts where it is set in two columns, in the order in which they are read.

    The `place` of a part is None, or the height at which its columns begin.
    """
    from pdfplumber.utils import cluster_objects  # type: ignore[attr-defined]

    page.place = None
    rows = cluster_objects(page.extract_words(), "bottom", 3)
    best = _gutter(rows, float(page.width))
    if not best[0]:
        return [page]
    _count, x, first, last = best
    while not all(_sides(rows[first], x) or (0, 0)):
        first += 1
    while not all(_sides(rows[last - 1], x) or (0, 0)):
        last -= 1
    edges = [min(word["x0"] for word in rows[first] if (word["x0"] >= x) == right) for right in (False, True)]
    while first > 0 and _goes_on(rows[first - 1], rows[first], x, edges):
        first -= 1
    while last < len(rows) and _goes_on(rows[last], rows[last - 1], x, edges):
        last += 1
    top, bottom = min(word["top"] for word in rows[first]) - 1, max(word["bottom"] for word in rows[last - 1]) + 1

    def within(left: float, above: float, right: float, below: float) -> Any:
        return page.filter(
            lambda thing: (
                left <= (thing["x0"] + thing["x1"]) / 2 < right
                and above <= (thing["top"] + thing["bottom"]) / 2 < below
            )
        )

    halves = [within(-1e6, top, x, bottom), within(x, top, 1e6, bottom)]
    for half in halves:
        half.place = top
    return [*_columns(within(-1e6, -1e6, 1e6, top)), *halves, *_columns(within(-1e6, bottom, 1e6, 1e6))]


def _gutter(rows: Sequence[Sequence[dict[str, Any]]], width: float) -> tuple[int, float, int, int]:
    """The place between two columns: how many lines have both, its x, the first of its lines, the last EXCLUDED."""
    best: tuple[int, float, int, int] = (0, 0.0, 0, 0)
    for step in range(30, 71, 2):
        x = width * step / 100
        start = None
        sides = [_sides(row, x) for row in rows]
        for number, side in enumerate([*sides, None]):
            if side is None or (side == (0, 0)):
                if start is not None:
                    both = [one for one in sides[start:number] if one and one[0] and one[1]]
                    even = len(both) >= COLUMN_LINES and all(
                        sum(one[half] for one in both) >= COLUMN_LETTERS * len(both) for half in (0, 1)
                    )
                    if even and len(both) > best[0]:
                        best = (len(both), x, start, number)
                    start = None
            elif start is None:
                start = number
    return best


def _goes_on(row: Sequence[dict[str, Any]], beside: Sequence[dict[str, Any]], x: float, edges: Sequence[float]) -> bool:
    """Whether a line is of one of two columns: it begins where that does, right above or below a line of them."""
    high = max(word["bottom"] - word["top"] for word in beside)
    near = abs(row[0]["bottom"] - beside[0]["bottom"]) < 1.8 * high
    return near and _sides(row, x) is not None and any(abs(min(w["x0"] for w in row) - edge) < 3 for edge in edges)


def _sides(row: Sequence[dict[str, Any]], x: float) -> tuple[int, int] | None:
    """How many letters of a line stand left and right of a place; None where words stand across it."""
    if any(word["x0"] - GAP / 2 < x < word["x1"] + GAP / 2 for word in row):
        return None
    left = sum(len(word["text"]) for word in row if word["x1"] <= x)
    return left, sum(len(word["text"]) for word in row if word["x0"] >= x)


def _rows(table: Any) -> Iterator[tuple[float, str]]:
    """The rows of a table with their places; the words of a merged cell stand in each place that it covers."""
    texts = [[" ".join((text or "").split()) for text in row] for row in table.extract()]
    pairs = (pair for row, line in zip(table.rows, texts, strict=True) for pair in zip(row.cells, line, strict=True))
    cells = {box: text for box, text in pairs if box}
    lefts = [*sorted({box[0] for box in cells}), table.bbox[2]]
    tops = [*sorted({box[1] for box in cells}), table.bbox[3]]
    for number, (row, line) in enumerate(zip(table.rows, texts, strict=True)):
        for place, box in enumerate(row.cells):
            if box is None and place + 1 < len(lefts) and number + 1 < len(tops):
                across, down = (lefts[place] + lefts[place + 1]) / 2, (tops[number] + tops[number + 1]) / 2
                around = next(
                    (text for (x0, top, x1, bottom), text in cells.items() if x0 < across < x1 and top < down < bottom),
                    "",
                )
                line[place] = "" if re.search(rf"[0-9{UNREAD}]", around) else around
        yield row.bbox[1], "\t".join(line).rstrip("\t")

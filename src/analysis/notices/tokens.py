"""Which words, numbers and dates does a text hold, and where?

A number is read only where nothing around it makes it doubtful: `17, 7/20`, `5O,3`, `8,,0` and `23 636` are broken, not
guessed. Every pattern is bounded, so the time grows with the text and not faster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Literal, NamedTuple

from analysis.language import nfc, read_number

Style = Literal[",", ".", "mixed"] | None
Kind = Literal["number", "word", "mark", "date", "document", "other"]
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_QUARTERS = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "first": 1, "second": 2, "third": 3, "fourth": 4}
_QUARTERS |= {str(quarter): quarter for quarter in range(1, 5)}
# Characters that stand for plainer ones. One for one, so that places in the text stay.
_PLAIN = {ord(wide): ord(wide) - 0xFEE0 for wide in "０１２３４５６７８９，．／％：；（）＝＋－"}
_PLAIN |= {space: 0x20 for space in (0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)}
_PLAIN |= {0x2212: 0x2D, 0x2010: 0x2D, 0x2011: 0x2D, 0x2044: 0x2F, 0x2215: 0x2F, 0x66A: 0x25}
_PLAIN |= {line_end: 0x0A for line_end in (0x0B, 0x0C, 0x85, 0x2028, 0x2029)}
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufe00-\ufe0f\U000e0001-\U000e007f"
    "\x00-\x08\x0e-\x1f\x7f]"
)
# For comparing only: look-alike letters, and the two places where a tone may stand (hoà and hòa), in one spelling.
_TONES = (("òóỏõọ", "a", "àáảãạ"), ("òóỏõọ", "e", "èéẻẽẹ"), ("ùúủũụ", "y", "ỳýỷỹỵ"))
_LATE_TONE = {
    early_base + late: early + last
    for earlies, last, lates in _TONES
    for early_base in ("u" if last == "y" else "o")
    for early, late in zip(earlies, lates, strict=True)
}
_LATE = re.compile("|".join(_LATE_TONE))
_TOKEN = re.compile(r"(?P<number>[0-9]+(?:[.,][0-9]+)*)|(?P<word>[^\W\d_]+|[\w_])|(?P<mark>[\n\t%/()\[\]:;.,!?])")
_DAY, _MONTH, _YEAR = r"(?P<day>[0-9]{1,2})", r"(?P<month>[0-9]{1,2})", r"(?P<year>(?:19|20)[0-9]{2})(?![0-9])"
_NAME = rf"(?P<name>{'|'.join(MONTHS)})\b"
_ORDER = r"(?P<quarter>iv|i{1,3}|[1-4]|first|second|third|fourth)"
# In the spelling of `fold`: quý is qúy.
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{_DAY}\s?[/.-]\s?{_MONTH}\s?[/.-]\s?{_YEAR}",
        rf"ngày\s{{1,3}}{_DAY}\s{{1,3}}tháng\s{{1,3}}{_MONTH}\s{{1,3}}năm\s{{1,3}}{_YEAR}",
        rf"\b{_DAY}(?:st|nd|rd|th)?\s{{1,3}}(?:of\s{{1,3}})?{_NAME}(?:,?\s{{1,3}}{_YEAR})?",
        rf"\b{_NAME}\s{{1,3}}{_DAY}(?:st|nd|rd|th)?(?:,?\s{{1,3}}{_YEAR}|(?![0-9.,%/]))",
        rf"\b(?:ngày|đến|từ)\s{{1,3}}{_DAY}/{_MONTH}(?![0-9/])",
        rf"\b(?P<since>(?:từ\s{{1,3}})?đầu\s{{1,3}}năm)\s{{1,3}}{_YEAR}",
        rf"\b(?P<since>{_MONTH}\s{{1,3}}tháng\s{{1,3}}đầu\s{{1,3}}năm)\s{{1,3}}{_YEAR}",
        rf"\b(?P<since>{_MONTH}\s{{1,3}}tháng)(?:\s{{1,3}}(?:đầu(?: năm)?|qua|cuối|liên\s{{1,3}}tiếp))?\b(?! +[0-9])",
        rf"\b(?:tháng|t)\s{{0,3}}{_MONTH}\s{{0,2}}(?:[/.-]|năm)\s{{0,3}}{_YEAR}",
        rf"\b{_NAME}(?:\s{{1,3}}of)?,?\s{{1,3}}{_YEAR}",
        rf"(?<=\t){_NAME}(?=[\t\n])",
        rf"\b(?:in|for|of|by|from)\s{{1,3}}{_NAME}(?!\s{{1,3}}[0-9]{{1,2}}\b)(?:,?\s{{1,3}}{_YEAR})?",
        rf"\b(?:qúy|quarter)\s{{1,3}}{_ORDER}\b(?:\s{{0,2}}(?:[/-]|năm|of)?\s{{0,3}}{_YEAR})?",
        rf"\b{_ORDER}[\s-]{{1,3}}quarter(?:\s{{1,3}}(?:of\s{{1,3}})?{_YEAR})?",
        rf"\bq{_ORDER}\b(?:\s{{0,2}}[/-]?\s{{0,3}}{_YEAR})?",
        rf"\b(?P<whole>cả\s{{1,3}})?(?:năm|year|in|of)\s{{1,3}}{_YEAR}",
        rf"\btháng[ \t]{{1,3}}{_MONTH}(?![0-9/]|[.,][0-9])",
        rf"(?<![0-9/.,]){_MONTH}[/-]{_YEAR}(?![/-])",
    )
)
_NOT_A_FIGURE = re.compile(
    r"(?P<document>\b[0-9]{1,6}(?:\s?/\s?[0-9]{4})?\s?/\s?[A-ZĐ][A-ZĐa-z&]{0,30}(?:\s?[-–.]\s?[A-ZĐ][A-ZĐƯa-z0-9]{0,30}){0,4})"
    r"|\b766\b(?![.,/]?[0-9])(?!\s?%)"
    r"|(?i:\b(?:mục|tiêu\s{1,3}chí|chỉ\s{1,3}số|biểu|bảng|phụ\s{1,3}lục|nhóm|tuần(?:\s{1,3}(?:thứ|số))?|điều|khoản|group|table|annex|criterion|indicator))"
    r" {1,2}[0-9]{1,2}(?:\.[0-9]{1,2}){0,2}(?![0-9]|\s?[,./%][0-9]|\s?%|\s?/)"
    r"|(?<![0-9,.])\(?\b[0-9]{1,2}\)(?= {1,3}[^\W\d_])"
    r"|(?:(?<=\n)|^)[ •*+-]{0,4}[0-9]{1,2}(?:\.[0-9]{1,2}){0,3}[:.]?(?: ?[-–])? {1,3}"
    r"(?=[A-ZĐÁÀẢÃẠĂÂÉÈÊÍÌÓÒÔƠÚÙƯÝ][^\W\d_]{0,3}[a-zà-ỹ ])"
    r"|\b[0-9]{1,2}\s?(?:h|giờ)\s?(?:[0-9]{2}\b)?(?:\s?phút)?|\b[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?\b"
    r"|(?:(?<=\n)|^)[ •*+-]{0,4}\(?[0-9]{1,2}(?:\.[0-9]{1,2}){0,3}[.)](?=\s{1,4}[^\s0-9])"
    r"|(?:(?<=\n)|^)[0-9]{1,2}(?:\.[0-9]{1,2}){0,3}(?=\t)"
    r"|\b[0-9]{1,3}-[a-z]{2,20}\b|\bhttps?://\S{1,300}|\bwww\.\S{1,300}"
)
_LEAD = re.compile(r"(?:(?:từ|đến|ngày)\s+)*")
_OPENS = re.compile(r"(?:(?:từ|from|since)\s+(?:ngày\s+)?|\()$")
_TO = re.compile(r"\s*(?:[-–]|đến|tới|to|until|through)\s*(?:hết\s+)?(?:ngày\s+)?")
# What a number may touch: a space, a bracket, a mark that ends a word. Anything else may be a part of it.
MAY_STAND_BEFORE = r"(?:^|[\s(\[{:/]|(?:^|[^0-9])[;\"“«‘•>≥≤=])$"
MAY_STAND_AFTER = r"(?! ?[–-] ?[0-9])[.,;:!?…]*(?:[\s)\]}\"”’»]|$)|%(?![0-9])|[/(]|[^\W_]|[⁰¹²³⁴⁵⁶⁷⁸⁹]"
_UNITS_THAT_TOUCH = ("điểm", "đ", "hồ", "tthc", "th", "st", "nd", "rd", "points")
_FOOTNOTE_MARKS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_STRANGE = re.compile(r"(?<=[^\W\d_])[¡-¿×÷äåæçëîïðñöøûüþÿßÄÅÆÇËÎÏÐÑÖØÛÜÞ]|[§®©«¨µ¶¸×ßÞÑñ](?=[a-z])")
_MODERN = re.compile(r"[ăđơưĂĐƠƯ\u1ea0-\u1ef9]")


class Token(NamedTuple):
    """A piece of the text from `start` to `end`, end EXCLUDED; `text` is folded for comparing."""

    kind: Kind
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class PrintedDate:
    """A day, month, quarter or year as printed; what is not printed is None.

    `since_january`: it counts from the beginning of the year; `whole`: all of the year is meant, `cả năm 2025`;
    `opens`: the first day of a span that it ends.
    """

    start: int
    end: int
    year: int | None = None
    month: int | None = None
    day: int | None = None
    quarter: int | None = None
    since_january: bool = False
    whole: bool = False
    opens: PrintedDate | None = None

    def period(self, year: int | None = None) -> str | None:
        """YYYY-MM, YYYY-Qn or YYYY, with `year` where none is printed; None for a day."""
        wanted = self.year or year
        if self.day is not None or wanted is None:
            return None
        return f"{wanted}" + (f"-Q{self.quarter}" if self.quarter else f"-{self.month:02d}" if self.month else "")

    def iso(self, year: int | None = None) -> str | None:
        """The day as YYYY-MM-DD, with `year` where none is printed; None for what is no day."""
        wanted = self.year or year
        if self.day is None or self.month is None or wanted is None:
            return None
        try:
            return date(wanted, self.month, self.day).isoformat()
        except ValueError:
            return None


@dataclass(frozen=True)
class Clean:
    """A text in one form, and what was done to make it so."""

    text: str
    composed: bool
    plainer: bool
    invisible: int


def clean(text: str) -> Clean:
    """The text with composed letters, plain digits and spaces, and without invisible characters.

    Never NFKC: it would turn a footnote mark into a digit.
    """
    visible, invisible = _INVISIBLE.subn("", text.replace("\r\n", "\n").replace("\r", "\n"))
    composed = nfc(visible)
    plain = composed.translate(_PLAIN)
    return Clean(plain, composed != visible, plain != composed, invisible)


def fold(text: str) -> str:
    """The text for comparing: lower case, one spelling of look-alike letters and of tones. As long as the text."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
    return _LATE.sub(lambda match: _LATE_TONE[match[0]], lower.replace("ð", "đ").replace("ɖ", "đ"))


def is_legacy(text: str) -> bool:
    """Whether the letters are those of an old Vietnamese font (TCVN3, VNI) or of a wrong decoding, shown as Latin-1."""
    strange = len(_STRANGE.findall(text))
    return strange >= 5 and strange > len(_MODERN.findall(text))


def tokenise(text: str) -> tuple[list[Token], list[PrintedDate]]:
    """The tokens of a clean text in order, and the dates in it.

    A date, a document's number, a time, an address and the number of a list entry are one token each, so that no digit
    in them is taken for a figure.
    """
    folded = fold(text)
    found = sorted(
        (match.start(), order, match) for order, pattern in enumerate(_DATES) for match in pattern.finditer(folded)
    )
    dates: list[PrintedDate] = []
    for start, _order, match in found:
        if (not dates or start >= dates[-1].end) and (item := _date(match)):
            dates.append(item)
    taken = [Token("date", folded[item.start : item.end], item.start, item.end) for item in dates]
    for match in _NOT_A_FIGURE.finditer(text):
        kind: Kind = "document" if match["document"] else "other"
        taken.append(Token(kind, folded[match.start() : match.end()], *match.span()))
    taken.sort(key=lambda token: (token.start, -token.end))
    tokens = list(_merged(folded, taken))
    starts = {token.start for token in tokens if token.kind == "date"}
    return tokens, _with_spans(folded, [item for item in dates if item.start in starts])


def is_broken(text: str, tokens: list[Token], place: int) -> bool:
    """Whether something touches the number at `place` so that it may be part of another, or two numbers in one."""
    token = tokens[place]
    before, after = text[max(0, token.start - 2) : token.start], text[token.end : token.end + 12]
    if not re.search(MAY_STAND_BEFORE, before) or not re.match(MAY_STAND_AFTER, after) or _runs_on(after):
        return True
    return any(
        other is not None and _one_number(text, *sorted((token, other), key=lambda item: item.start))
        for other in (_number_at(tokens, place, -1), _number_at(tokens, place, 1))
    )


def number_style(tokens: list[Token]) -> Style:
    """Which mark the numbers have before their decimals; None where nothing shows it."""
    styles = {style for token in tokens if token.kind == "number" if (style := _style(token.text))}
    return styles.pop() if len(styles) == 1 else "mixed" if styles else None


def read_printed(printed: str, style: Style) -> tuple[Decimal, int]:
    """The value of a printed number and its decimals.

    Raises
    ------
    ValueError: it may be read in two ways (`23.636` where nothing shows the style), or in none.
    """
    own = _style(printed) or (None if printed.isdigit() else style)
    if own not in (",", ".", None) or (own is None and not printed.isdigit()):
        raise ValueError(printed)
    if re.fullmatch(r"[0-9]+", printed):
        return Decimal(printed), 0  # 09 of 34 too
    value = read_number(printed if own != "." else printed.translate({0x2E: ",", 0x2C: "."}))
    return value, -int(value.as_tuple().exponent)


def _style(printed: str) -> Literal[",", "."] | None:
    """The decimal mark that one number shows by itself: 58,83 and 1.234,5 show a comma; 23.636 shows nothing."""
    marks = [letter for letter in printed if letter in ".,"]
    if not marks:
        return None
    if len(marks) == 1:
        whole, _mark, rest = printed.partition(marks[0])
        if len(rest) == 3 and len(whole) <= 3 and whole[0] != "0":
            return None
        return "," if marks[0] == "," else "."
    if len(set(marks)) == 2:
        return "," if marks[-1] == "," else "."
    return "," if marks[0] == "." else "."


def _date(match: re.Match[str]) -> PrintedDate | None:
    found = match.groupdict()
    month = MONTHS.index(found["name"]) + 1 if found.get("name") else int(found.get("month") or 0) or None
    if (month is not None and month > 12) or found.get("month") in ("0", "00"):
        return None
    return PrintedDate(
        start=match.start(),
        end=match.end(),
        year=int(found["year"]) if found.get("year") else None,
        month=month,
        day=int(found["day"]) if found.get("day") else None,
        quarter=_QUARTERS.get(found.get("quarter") or ""),
        since_january=bool(found.get("since")),
        whole=bool(found.get("whole")),
    )


def _with_spans(folded: str, dates: list[PrintedDate]) -> list[PrintedDate]:
    """The dates; a day that ends a span, `từ ngày 1/7 đến 19/11`, knows the day that opens it."""
    found = dates[:1]
    for first, last in pairwise(dates):
        starts = [_LEAD.match(folded, item.start).end() for item in (first, last)]  # type: ignore[union-attr]
        spans = _OPENS.search(folded, max(0, starts[0] - 12), starts[0]) and _TO.fullmatch(folded, first.end, starts[1])
        found.append(replace(last, opens=first) if spans and first.day and last.day else last)
    return found


def _merged(folded: str, taken: list[Token]) -> Iterator[Token]:
    """The plain tokens between the taken ones, in order; of two taken ones that overlap, the first."""
    at = 0
    for token in [*taken, Token("other", "", len(folded), len(folded))]:
        if token.start < at:
            continue
        for match in _TOKEN.finditer(folded, at, token.start):
            yield Token(match.lastgroup, match[0], *match.span())  # type: ignore[arg-type]
        if token.text:
            yield token
        at = token.end


def _runs_on(after: str) -> bool:
    """Whether letters that are no unit follow without a space: `5O`, but not `17,7điểm`, `24th` or a footnote mark."""
    run = re.match(r"[^\W_]+", after)
    if run is None or all(letter in _FOOTNOTE_MARKS for letter in run[0]):
        return False
    return fold(run[0]) not in _UNITS_THAT_TOUCH


def _number_at(tokens: list[Token], place: int, step: int) -> Token | None:
    """The number next to the one at `place`, with at most a comma or full stop and the end of a line between."""
    at = place + step
    while 0 <= at < len(tokens) and abs(at - place) <= 6:
        if tokens[at].kind == "number":
            return tokens[at]
        if tokens[at].text not in (".", ",", "\n", "\t"):
            return None
        at += step
    return None


def _one_number(text: str, first: Token, second: Token) -> bool:
    """Whether two numbers may be one that came apart: `23 636`, `17, 7`, `17 ,7`, also at the end of a line."""
    between = text[first.end : second.start]
    if not between.strip(" "):
        return True
    if not between.strip():
        return "\n" in between and first.text.isdigit() and len(second.text) == 3 and second.text.isdigit()
    return between.strip() in (".", ",") and second.text.isdigit()


def sentence_at(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the sentence around `start` to `end` begins and ends, end EXCLUDED; at most 600 letters either side."""
    line = max(text.rfind("\n", 0, start) + 1, start - 600)
    stops = [match.end() for match in re.finditer(r"[.;!?]\s+(?=\S)", text[line:start])]
    line_end = text.find("\n", end)
    last = min(line_end if line_end >= 0 else len(text), end + 600)
    stop = re.search(r"[.;!?](?=\s|$)", text[end:last])
    return line + (stops[-1] if stops else 0), end + stop.end() if stop else last


@dataclass(frozen=True)
class Passage:
    """A printed figure in its sentence: the words before it, its own and those after it."""

    before: str
    quote: str
    after: str


def passage(text: str, start: int, end: int) -> Passage:
    """The sentence around a place, or the row of the table."""
    first, last = sentence_at(text, start, end)
    parts = (text[first:start], text[start:end], text[end:last])
    before, quote, after = (" ".join(part.replace("\t", " | ").split()) for part in parts)
    left = " " if text[start - 1 : start].isspace() and before else ""
    right = " " if text[end : end + 1].isspace() and after else ""
    return Passage(before + left, quote, right + after)

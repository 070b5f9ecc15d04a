"""Of which pieces is a notice made? Phrases that mean something, numbers with their units, dates, words."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from analysis.notices.phrasebook import Found, Meaning, Phrasebook
from analysis.notices.tokens import PrintedDate, Style, Token, is_broken, read_printed
from analysis.scorecards.history import BASE, RANK, TOTAL
from analysis.scorecards.rubric import Rubric

Shape = Literal["pair", "percent", "points", "ordinal", "bare", "maximum", "other", "broken", "ambiguous"]
POINT_WORDS = ("điểm", "đ", "points", "point")
BETWEEN_PAIR = (
    "thang",
    "tổng",
    "số",
    "tối",
    "đa",
    "the",
    "a",
    "maximum",
    "of",
    "total",
    "possible",
    "điểm",
    "available",
    "có",
)
RANKED_WORDS = ("tỉnh", "địa", "thành", "province", "provinces", "localities", "cities", "units")
SCALES = (
    "nghìn", "ngàn", "triệu", "tỷ", "tỉ", "đồng", "ngày", "giờ", "phút", "lần", "bậc",
    "thousand", "million", "billion", "days", "hours", "times",
)  # fmt: skip
COUNTED = (
    "hồ", "hs", "tthc", "thủ", "tài", "dịch", "dvc", "dvctt", "pakn", "phản",
    "administrative", "procedure", "procedures", "dossier", "dossiers", "service", "services", "petition", "petitions",
    "accounts",
)  # fmt: skip
PAST = r"(?:(?! thì )[^\n.!?])*"
OPPOSES = rf"nếu như (?=tháng|quý|năm|kỳ|cùng kỳ){PAST} thì (?:đến |sang )?(?:tháng|quý|năm|kỳ)\b"  # supposes nothing
PERCENT = (("%",), ("(", "%", ")"), ("phần", "trăm"), ("per", "cent"), ("percent",))
MOST_DECIMALS = 2
REACH_OF_BEFORE = 250  # letters between the A and the B of `A … B`
Level = Literal["total", "rank", "group", "indicator"]
Unit = Literal["points", "percent", "count", "rank"]


@dataclass(frozen=True)
class Amount:
    """A number as printed, with what stands by it; `start` to `end` are its words, end EXCLUDED.

    `counted`: a word such as `hồ sơ` says what it counts. Of a broken or an ambiguous one only the number it ends with
    (`second`) is known, which may be a maximum; of an `other`, such as `5 triệu`, that it counts something else.
    """

    shape: Shape
    start: int
    end: int
    value: Decimal = Decimal(0)
    decimals: int = 0
    second: Decimal | None = None
    second_decimals: int = 0
    first_end: int = 0
    second_start: int = 0
    points: bool = False
    ranked: bool = False
    counted: bool = False


@dataclass(frozen=True)
class Item:
    """A piece of a sentence: a phrase, a number, a date, a mark or a word that is not known.

    `comma`: the phrase has a comma behind one of its first two words.
    """

    kind: Literal["phrase", "amount", "date", "mark", "word"]
    start: int
    end: int
    meanings: tuple[Meaning, ...] = ()
    amount: Amount | None = None
    date: PrintedDate | None = None
    text: str = ""
    comma: bool = False


def items_of(
    text: str,
    tokens: Sequence[Token],
    dates: Sequence[PrintedDate],
    book: Phrasebook,
    rubric: Rubric | None,
    style: Style,
) -> list[Item]:
    """The text as phrases, numbers, dates, marks and unknown words, in order."""
    known = frozenset([TOTAL, RANK, *rubric.named]) if rubric else frozenset([TOTAL])
    words, places = book.words(tokens)
    befores = {number: [tokens[places[at]].start for at in found] for number, found in book.befores(words).items()}
    phrases: dict[int, tuple[int, tuple[Meaning, ...]]] = {}
    for found in book.phrases(words, known):
        for choice in book.at(words, found.first, known):
            start = tokens[places[choice.first]].start
            if meanings := _in_place(choice, start, text, befores):
                phrases.setdefault(places[choice.first], (places[choice.last - 1] + 1, meanings))
                break
    day_of = {day.start: day for day in dates}
    items: list[Item] = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if place in phrases:
            after, meanings = phrases[place]
            end = tokens[after - 1].end
            comma = "," in "".join(text[token.start : end].split()[:2])
            items.append(Item("phrase", token.start, end, meanings, text=token.text, comma=comma))
            place = max(after, place + 1)
        elif token.kind == "number":
            amount, place = _amount(text, list(tokens), place, style)
            items.append(Item("amount", amount.start, amount.end, amount=amount))
        else:
            kind = {"date": "date", "mark": "mark"}.get(token.kind, "word")
            items.append(Item(kind, token.start, token.end, date=day_of.get(token.start), text=token.text))  # type: ignore[arg-type]
            place += 1
    return items


def figures_of_item(item: Item) -> tuple[str, ...]:
    """The codes of the figures that a phrase may name."""
    return tuple(dict.fromkeys(meaning.name for meaning in item.meanings if meaning.kind == "figure"))


def _in_place(found: Found, start: int, text: str, befores: dict[int, list[int]]) -> tuple[Meaning, ...]:
    """The meanings that a phrase has here: figures whose `A …` stands before, else the others."""
    after = [
        meaning
        for meaning in found.meanings
        if meaning.after is not None and _stands_before(befores.get(meaning.after, []), start)
    ]
    if after:
        return tuple(after)
    plain = tuple(meaning for meaning in found.meanings if meaning.after is None)
    figures = tuple(meaning for meaning in plain if meaning.kind == "figure")
    supposes = any(meaning.name == "supposition" for meaning in plain)
    if supposes and re.match(OPPOSES, text[start : start + 250], re.IGNORECASE):
        plain = (Meaning("marker", "change"),)
    if any(meaning.kind == "province" for meaning in plain) and not text[start : start + 1].isupper():
        plain = tuple(meaning for meaning in plain if meaning.kind != "province")
    return figures or plain


def _stands_before(places: list[int], start: int) -> bool:
    """Whether one of these places, rising, lies within reach before `start`."""
    last = bisect_left(places, start)
    return last > 0 and start - places[last - 1] <= REACH_OF_BEFORE


def _value(printed: str, style: Style) -> tuple[Decimal, int] | None:
    try:
        return read_printed(printed, style)
    except ValueError:
        return None


def _amount(text: str, tokens: list[Token], place: int, style: Style) -> tuple[Amount, int]:
    """The number at `place` with its unit or its second number, and the place after it."""
    token, after = tokens[place], place + 1

    def text_at(number: int) -> str:
        return tokens[number].text if number < len(tokens) else ""

    if text_at(after) in ("st", "nd", "rd", "th"):
        after += 1
    points = text_at(after) in POINT_WORDS
    joined = after + points
    if points and text_at(joined) == "phần":
        return Amount("broken", token.start, token.end), joined + (text_at(joined + 1) == "trăm") + 1
    if text_at(joined) == "/":
        joined += 1
    elif text_at(joined) in ("trên", "trong", "of", "out"):
        joined += 1
        for _step in range(5):
            joined += text_at(joined) in BETWEEN_PAIR
    else:
        joined = len(tokens)
    pair = joined < len(tokens) and tokens[joined].kind == "number"
    parts = [place, joined] if pair else [place]
    end = tokens[parts[-1]].end
    following = parts[-1] + 1
    values = [_value(tokens[part].text, style) for part in parts]
    if any(value is not None and value[1] > MOST_DECIMALS for value in values):
        values[0] = None  # the portal prints two; a third may be the mark of a footnote
    alone = bool(re.search(r"[^\s] */ *$", text[max(0, token.start - 8) : token.start]))
    alone = alone or (pair and text_at(following) == "/")
    broken = alone or any(is_broken(text, tokens, part) for part in parts)
    if broken or None in values:
        ends_with = values[-1] and values[-1][0]
        return Amount("broken" if broken else "ambiguous", token.start, end, second=ends_with), following
    value, decimals = values[0] or (Decimal(0), 0)
    if text_at(following) in SCALES or (pair and text_at(following) == "%"):
        return Amount("other", token.start, end, value, decimals), following + (text_at(following) in SCALES)
    if pair:
        scale = any(part.text == "thang" for part in tokens[after:joined])  # `86,51 điểm trên thang điểm 100`
        points = points or text_at(following) in POINT_WORDS
        ranked = text_at(following) in RANKED_WORDS or bool(re.search(r"thứ\s*$", text[: token.start].lower()[-6:]))
        second, second_decimals = values[1] or (Decimal(0), 0)
        amount = Amount(
            "pair",
            token.start,
            token.end if scale else end,
            value,
            decimals,
            second=second,
            second_decimals=second_decimals,
            first_end=token.end,
            second_start=tokens[joined].start,
            points=points,
            ranked=ranked,
        )
        return amount, following
    if signs := next(
        (len(signs) for signs in PERCENT if tuple(map(text_at, range(after, after + len(signs)))) == signs), 0
    ):
        end = tokens[after + signs - 1].end
        return Amount("percent", token.start, end, value, decimals), after + signs
    shape: Shape = "points" if points else "bare"
    counted = text_at(after) in COUNTED or [text_at(after), text_at(after + 2)] == ["(", "%"]
    amount = Amount(shape, token.start, token.end, value, decimals, first_end=token.end, points=points, counted=counted)
    return amount, after + points


@dataclass(frozen=True)
class Candidate:
    """One figure: `value` with the `decimals` printed, from `start` to `end` of the text, end EXCLUDED."""

    code: str
    level: Level
    unit: Unit
    value: Decimal
    decimals: int
    max: Decimal | None
    start: int
    end: int
    max_printed: bool = False


@dataclass(frozen=True)
class Unread:
    """A number that was left unread, and why."""

    start: int
    end: int
    why: str


@dataclass(frozen=True)
class Tops:
    """The highest that a figure may be: the maxima of total and groups, and how many provinces were ranked then.

    `indicators` are the highest maxima that the rubric's alternatives give an indicator; `ever_ranked` are all numbers
    of provinces that were ever ranked under the rubric.
    """

    maxima: Mapping[str, Decimal]
    indicators: Mapping[str, Decimal]
    ranked: Decimal
    ever_ranked: frozenset[Decimal]

    @property
    def largest_group(self) -> Decimal:
        """A score above it can only be a total."""
        return max(points for code, points in self.maxima.items() if code != TOTAL)

    @classmethod
    def of(cls, rubric: Rubric, period: str) -> Tops:
        """Those of a rubric in a period; no province ranked where the rubric does not say."""
        maxima = {group.code: Decimal(str(group.points)) for group in rubric.groups}
        maxima |= {entry.code: sum((maxima[part] for part in entry.groups), Decimal(0)) for entry in rubric.combined}
        maxima[TOTAL] = Decimal(str(rubric.points))
        ever = frozenset(Decimal(entry.units) for entry in rubric.ranked)
        indicators = {code: Decimal(str(max(entry.max.alternatives))) for code, entry in rubric.indicators.items()}
        return cls(maxima, indicators, Decimal(rubric.ranked_units(period) or 0), ever)


def candidates_of(code: str, amount: Amount, tops: Tops) -> list[Candidate]:
    """The figures that a number is, if it is of this code; none if it cannot be."""
    value, second = amount.value, amount.second
    span = (amount.start, amount.end)
    if code == RANK:
        units = tops.ranked or None
        whole = not amount.decimals and value >= 1 and (units is None or value <= units)
        if whole and (amount.shape in ("ordinal", "bare") or (amount.shape == "pair" and second == units)):
            return [Candidate(code, "rank", "rank", value, 0, units, *span, second is not None)]
        return []
    if code in tops.maxima:
        maximum = tops.maxima[code]
        scored = amount.shape == "points" or (amount.shape == "pair" and second == maximum)
        if (scored or (amount.shape == "bare" and amount.decimals)) and value <= maximum:
            level: Level = "total" if code == TOTAL else "group"
            printed = amount.shape == "pair"
            return [Candidate(code, level, "points", value, amount.decimals, maximum, *span, printed)]
        return []
    if amount.shape == "percent":
        return [Candidate(code, "indicator", "percent", value, amount.decimals, None, *span)] if value <= 100 else []
    if amount.points:
        if second in tops.maxima.values():
            return []  # the score of a group
        if value > tops.indicators.get(code, value):
            return []
        return [Candidate(code, "indicator", "points", value, amount.decimals, second, *span)]
    if amount.decimals or amount.second_decimals or amount.shape not in ("bare", "pair"):
        return []
    if amount.shape == "bare":
        return [Candidate(code, "indicator", "count", value, 0, None, *span)]
    if second is None or value > second:
        return []
    return [
        Candidate(code, "indicator", "count", value, 0, None, amount.start, amount.first_end),
        Candidate(code + BASE, "indicator", "count", second, 0, None, amount.second_start, amount.end),
    ]

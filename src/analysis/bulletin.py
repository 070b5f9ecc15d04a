"""What does a notice say? Its text → the figures, each with its place and its words, and everything left unread.

The notice may be of any province, in prose or a table, Vietnamese or English; by which words it calls the figures is in
`data/wordings.toml`. A figure is read for sure or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from analysis.attribution import Attribution, Attributor, Item, Reading, Unread, figures_of_item, items_of
from analysis.contract import BASE, TOTAL
from analysis.errors import BulletinError
from analysis.rubric import Rubric, months_of, rubric_in_force
from analysis.tokens import PrintedDate, clean, is_legacy, number_style, tokenise
from analysis.vietnamese import _, nearest, slug, write_list, write_period
from analysis.wordings import Phrasebook

LONGEST, MOST_NUMBERS = 100_000, 5_000  # letters and numbers of a text that may be a notice: five hundred times a usual one
REPORTED_ON_TIME, ON_TIME = "reported_on_time", "on_time"
DAYS_AFTER = 45  # a month's figures may be drawn until then
LAW = re.compile(r"q[đd]-ttg|nđ-cp|nq-cp|ct-ttg|/qh|tt-|/2[0-9]{3}/", re.IGNORECASE)
DATELINE = r"[^\W\d_],\s*$|(?:đăng|công bố|ban hành|announced|announced on|dated|published|published on):?\s*(?:ngày\s*)?$"
REACH_OF_DRAWN = 60  # letters between `trích xuất` and its day
BEFORE_DAY = r"[\s:]*(?:lúc\s*)?(?:[0-9]{1,2}\s?(?:h|giờ|:)\s?[0-9]{0,2}(?:\s?phút)?\s*)?(?:(?:hết\s*)?ngày\s*)?"
WIDTHS = range(50, 161)  # letters of the longest line, where lines may have been broken to fit a page
WRAPPED = 0.92  # of that width a broken line and the next word fill at least, as letters are not equally wide


@dataclass(frozen=True)
class Notice:
    """What a text says, `figures` in the order of the text; places are those of `text`."""

    text: str
    entity: str
    period: str
    scope: str
    as_of: str
    number: str
    published: str
    title: str
    publisher: str
    figures: tuple[Reading, ...]
    unread: tuple[Unread, ...]
    problems: tuple[Unread, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]

    def quote(self, item: Reading | Unread) -> str:
        """The printed words."""
        return " ".join(self.text[item.start : item.end].split())

    def sentence(self, item: Reading | Unread) -> str:
        """The sentence, or the row of the table, that the words stand in."""
        first, last = sentence_at(self.text, item.start, item.end)
        return " ".join(self.text[first:last].replace("\t", " | ").split())


def read(text: str, rubrics: tuple[Rubric, ...], book: Phrasebook, entity: str = "", period: str = "") -> Notice:
    """The figures of a notice.

    `entity` and `period` (YYYY-MM, YYYY-Qn or YYYY) are what the user says it is about, where the text names none or
    several; a text that names another is refused.

    Raises
    ------
    BulletinError: no text, letters of an old font, no figure of the index, or no sure entity or period.
    UnknownNameError: no rubric governs the period.
    """
    cleaned = clean(text)
    _check_readable(cleaned.text)
    flat = unwrap(cleaned.text)
    tokens, dates = tokenise(flat)
    if sum(token.kind == "number" for token in tokens) > MOST_NUMBERS:
        raise BulletinError(_("This is not a notice: it has too many numbers."), [], _whole_notice())
    style = number_style(tokens)
    items = items_of(flat, tokens, dates, book, None, style)
    of_total = _sentence_of_total(flat, items)
    entity = _entity(flat, items, of_total, book, entity)
    days = [item for item in dates if item.day is not None]
    period, since_january = _period(flat, items, dates, of_total, period)
    check_exists(entity, period, book)
    rubric = rubric_in_force(rubrics, period)
    reader = Attributor(rubric, book, entity, period, since_january)
    _feed(reader, flat, items_of(flat, tokens, dates, book, rubric, style), book)
    found = reader.result
    as_of = _as_of(flat, items, days, period, found)
    figures = _finished(found, rubric)
    if not figures and not found.problems:
        raise BulletinError(
            _("No figure of the index was found in this text."),
            _sentences(flat, found.unread),
            _("Check that it is a notice of the index; add the words it uses to data/wordings.toml."),
        )
    number, published = _document(flat, items, days, as_of, period)
    figures = _scored_on_time(figures, rubric)
    return Notice(
        text=flat,
        entity=entity,
        period=period,
        scope=_scope(period, as_of, since_january),
        as_of=as_of,
        number=number,
        published=published,
        title=_title(cleaned.text, entity, period),
        publisher=_publisher(flat, entity),
        figures=figures,
        unread=tuple(found.unread),
        problems=tuple(found.problems),
        missing=_missing(found, figures, rubric),
        notes=tuple(_notes(cleaned.composed, cleaned.plainer, cleaned.invisible, style)),
    )


def unwrap(text: str) -> str:
    """The text with its lines and cells made plain; as long as the text, so that places stay.

    A line that was broken only to fit the page goes on; cells set apart by spaces or bars are set apart by tabs; dotted
    leaders are spaces.
    """
    text = re.sub(r"[.…_]{2,}(?=[.…_:\s])|[.…]+(?=:)|-{4,}", lambda match: " " * len(match[0]), text)
    text = re.sub(r"(?<=\S)(?: {3,}| ?[|¦] ?)(?=\S)", lambda match: "\t" + " " * (len(match[0]) - 1), text)
    lines = text.split("\n")
    width = max((len(line.rstrip()) for line in lines if "\t" not in line), default=0)
    if width not in WIDTHS:
        return text
    parts = [lines[0]]
    for line, following in zip(lines, lines[1:], strict=False):
        word = re.match(r"\s*([^\W_]\S*|\([^\W_]\S*)", following)
        goes_on = (
            word is not None
            and "\t" not in line + following
            and len(line.rstrip()) + 1 + len(word[1]) > WRAPPED * width
            and not re.search(r"[.:;!?]\s*$", line)
            and not re.match(r"\s*(?:[0-9]{1,2}(?:\.[0-9]{1,2})*|[a-zđ]|[IVX]{1,4})[.)]\s", following)
        )
        parts.append((" " if goes_on else "\n") + following)
    return "".join(parts)


def sentence_at(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the sentence around `start` to `end` begins and ends, end EXCLUDED; at most 600 letters either side."""
    line = max(text.rfind("\n", 0, start) + 1, start - 600)
    stops = [match.end() for match in re.finditer(r"[.;!?]\s+(?=\S)", text[line:start])]
    line_end = text.find("\n", end)
    last = min(line_end if line_end >= 0 else len(text), end + 600)
    stop = re.search(r"[.;!?](?=\s|$)", text[end:last])
    return line + (stops[-1] if stops else 0), end + stop.end() if stop else last


def _check_readable(text: str) -> None:
    if not text.strip():
        raise BulletinError(_("There is no text in it."), [], _("If it is a scan, type its figures into a template."))
    if len(text) > LONGEST:
        raise BulletinError(
            _("This is not a notice: its text has {count} letters, a notice has some thousand.").format(count=len(text)),
            [],
            _whole_notice(),
        )
    if is_legacy(text):
        raise BulletinError(
            _("The letters are those of an old font (TCVN3 or VNI) or were decoded wrongly; they are not guessed."),
            [" ".join(text.split())[:100]],
            _("Convert the text to Unicode, for example with Unikey, and save it as UTF-8; then run again."),
        )


def _whole_notice() -> str:
    return _("Give the notice alone, without what is not part of it.")


def _feed(reader: Attributor, text: str, items: Sequence[Item], book: Phrasebook) -> None:
    """Give the reader the sentences and the rows of tables, in order."""
    roles: list[str | tuple[str, ...]] = []
    for line in _split(items, "\n"):
        cells = _split(line, "\t")
        if not line:
            continue
        if len(cells) == 1:
            roles = []
            for number, sentence in enumerate(_split(line, ".", "!", "?")):
                if number:
                    reader.stop()
                reader.sentence(sentence)
        elif header := _roles(text, cells, book):
            roles = header
            reader.stop()
        elif roles:
            reader.row(cells, roles)
        else:
            reader.stop()
            zone = ""
            for cell in cells:
                zone = reader.sentence(cell, zone)
            reader.stop()


def _split(items: Sequence[Item], *marks: str) -> list[list[Item]]:
    parts: list[list[Item]] = [[]]
    for item in items:
        if item.kind == "mark" and item.text in marks:
            parts.append([])
        else:
            parts[-1].append(item)
    return parts


def _roles(text: str, cells: Sequence[Sequence[Item]], book: Phrasebook) -> list[str | tuple[str, ...]]:
    """The roles of the columns, if these cells are the header of a table.

    A column headed by a figure's name holds that figure. One whose header is not known is part of the name before the
    first column of numbers, and free to say what it holds after it; one of changes or of other months is ignored.
    """
    if any(item.amount for cell in cells for item in cell):
        return []
    roles: list[str | tuple[str, ...] | None] = []
    for cell in cells:
        words = text[cell[0].start : cell[-1].end] if cell else ""
        role = book.column([word for word in book.words(tokenise(words)[0])[0] if word]) if words else None
        figures = next((figures_of_item(item) for item in cell if figures_of_item(item)), ())
        markers = [meaning for item in cell for meaning in item.meanings if meaning.kind == "marker"]
        foreign = any(meaning.name in ("change", "before", "target", "average") for meaning in markers)
        foreign = foreign or any(item.date for item in cell)
        roles.append(role or ("ignored" if foreign else figures or None))
    known = [role for role in roles if role is not None]
    values = [role for role in known if role not in ("name", "order", "ignored")]
    if not (len(known) >= 2 and (values or "name" in known)) or all(isinstance(role, tuple) for role in known) and len(known) < 2:
        return []
    first = next((place for place, role in enumerate(roles) if role not in (None, "name", "order", "ignored")), len(roles))
    filled: list[str | tuple[str, ...]] = []
    for place, role in enumerate(roles):
        unknown = "name" if place < first and "name" not in roles else "free"
        filled.append(unknown if role is None else "ignored" if role == "order" else role)
    return filled


def _sentence_of_total(text: str, items: Sequence[Item]) -> tuple[int, int, int] | None:
    """Where the sentence that prints the total begins, where the total stands in it, and where it ends."""
    markers = {item.start for item in items for m in item.meanings if m.kind == "marker" and m.name in ("target", "before")}
    for item in items:
        pair = item.amount is not None and item.amount.second == 100 and item.amount.decimals > 0
        if pair or TOTAL in figures_of_item(item):
            first, last = sentence_at(text, item.start, item.end)
            if not any(first <= start < item.start for start in markers):
                return first, item.start, last
    return None


def _entity(text: str, items: Sequence[Item], of_total: tuple[int, int, int] | None, book: Phrasebook, wanted: str) -> str:
    """The province that the notice is of: the one it names first and beside the total."""
    named = [(meaning.name, item.start) for item in items for meaning in item.meanings if meaning.kind == "province"]
    in_order = list(dict.fromkeys(name for name, _start in named))
    if wanted:
        known = next((name for name in book.provinces if slug(name) == slug(wanted)), None)
        if known is None:
            near = nearest(wanted, book.provinces)
            raise BulletinError(_("“{name}” is not a province.").format(name=wanted), near, _("Did you mean one of these?"))
        if named and known not in in_order:
            raise BulletinError(
                _("The notice is not of {entity}: it names {others}.").format(entity=known, others=write_list(in_order)),
                [],
                _("Leave out --entity, or look whether it is the right file."),
            )
        return known
    if not named:
        raise BulletinError(
            _("The notice names no province."), [], _("Say which one it is of: --entity hoa-binh.")
        )
    beside = [name for name, start in named if of_total and of_total[0] <= start < of_total[1]]
    if beside and beside[0] != in_order[0]:
        raise BulletinError(
            _("The notice names several provinces: {names}.").format(names=write_list(in_order)),
            [_shown(text, (of_total[0], of_total[2]))] if of_total else [],
            _("Say which one it is of: --entity hoa-binh."),
        )
    return in_order[0]


def _period(
    text: str, items: Sequence[Item], dates: Sequence[PrintedDate], of_total: tuple[int, int, int] | None, wanted: str
) -> tuple[str, bool]:
    """The month, quarter or year of the notice; and whether it counts since January."""
    starts = [item.start for item in items for meaning in item.meanings if meaning.kind == "since_january"]
    since = any(start < (of_total[2] if of_total else len(text)) for start in starts)
    years = {item.year for item in dates if item.year}
    year = years.pop() if len(years) == 1 else None
    own = [item for item in dates if item.day is None and not _compared(text, item.start)]
    named = [(printed, item) for item in own if (printed := item.period(year))]
    chosen = [pair for pair in named if len(pair[0]) == 7] or named
    if since and of_total:  # `from January to 25 November`: the year, unless the sentence names a month
        inside = [pair for pair in chosen if of_total[0] <= pair[1].start < of_total[2]]
        ends = [day for day in dates if day.day and day.year and of_total[0] <= day.start < of_total[2]]
        if not inside and ends:
            chosen = [(str(ends[0].year), ends[0])]
    in_order = list(dict.fromkeys(printed for printed, _item in chosen))
    if wanted:
        if in_order and not any(_overlap(wanted, period) for period, _item in named):
            raise BulletinError(
                _("The notice is not of {period}: it names {others}.").format(
                    period=write_period(wanted), others=write_list(write_period(period) for period in in_order)
                ),
                [],
                _("Leave out --month, or look whether it is the right file."),
            )
        return wanted, since
    if not in_order:
        raise BulletinError(
            _("The notice does not say which month it is of."), [], _("Say which one it is of: --month 2023-04.")
        )
    beside = [period for period, item in chosen if of_total and of_total[0] <= item.start < of_total[2]]
    if beside and beside[0] != in_order[0]:
        raise BulletinError(
            _("The notice names several months: {names}.").format(
                names=write_list(write_period(period) for period in in_order)
            ),
            [_shown(text, (of_total[0], of_total[2]))] if of_total else [],
            _("Say which one it is of: --month 2023-04."),
        )
    return in_order[0], since or chosen[0][1].since_january


def _compared(text: str, start: int) -> bool:
    before = text[max(0, start - 24) : start].lower()
    return bool(re.search(r"so với|cùng kỳ|trước|compared|than|\bfrom|\bsince|từ\s*$|kế hoạch|đến hết\s*$", before))


def _overlap(period: str, other: str) -> bool:
    first, last = months_of(period)
    other_first, other_last = months_of(other)
    return first <= other_last and other_first <= last


def check_exists(entity: str, period: str, book: Phrasebook) -> None:
    """Raises BulletinError for a province that had ended before the period."""
    province = book.provinces[entity]
    if province.until and months_of(period)[0] > province.until:
        raise BulletinError(
            _("{entity} ended with {last}: no notice of {period} can be of it.").format(
                entity=entity, last=write_period(province.until), period=write_period(period)
            ),
            [_("It became part of {into}.").format(into=province.into)] if province.into else [],
            _("Look at the month and the province in the notice."),
        )


def _as_of(
    text: str, items: Sequence[Item], days: Sequence[PrintedDate], period: str, found: Attribution
) -> str:
    """The day that the figures run to, or "" where the notice does not say."""
    first, last = months_of(period)
    beginning = date.fromisoformat(f"{first}-01")
    latest = date.fromisoformat(f"{last}-28") + timedelta(days=3 + DAYS_AFTER)
    good: dict[str, PrintedDate] = {}
    early: list[PrintedDate] = []
    for day in days:
        iso = day.iso(int(period[:4]))
        if iso is None or not _as_of_day(text, items, day):
            continue
        if beginning <= date.fromisoformat(iso) <= latest:
            good.setdefault(iso, day)
        elif date.fromisoformat(iso) < beginning:
            early.append(day)
    if len(good) > 1:
        found.problems += [Unread(day.start, day.end, _("two dates are given to which the figures run")) for day in good.values()]
    elif not good:
        why = _("the figures run to a day before {period}").format(period=write_period(period))
        found.problems += [Unread(day.start, day.end, why) for day in early]
    return next(iter(good)) if len(good) == 1 else ""


def _as_of_day(text: str, items: Sequence[Item], day: PrintedDate) -> bool:
    """Whether words that mean `until` stand right before a day."""
    ends = [item.end for item in items if item.end <= day.start and any(m.kind == "as_of" for m in item.meanings)]
    within = text[day.start : day.start + 3].lower() == "đến"
    drawn = [item.end for item in items if item.end <= day.start and any(m.kind == "drawn" for m in item.meanings)]
    if drawn and day.start - drawn[-1] <= REACH_OF_DRAWN and not re.search(r"[.;,)\n]", text[drawn[-1] : day.start]):
        return True
    return within or any(re.fullmatch(BEFORE_DAY, text[end[-1] : day.start].lower()) for end in (ends, drawn) if end)


def _scope(period: str, as_of: str, since_january: bool) -> str:
    if since_january:
        return "year_to_date"
    if "-" not in period:
        return "year_to_date" if as_of else "unknown"
    return "quarter" if "Q" in period else "month"


def _document(text: str, items: Sequence[Item], days: Sequence[PrintedDate], as_of: str, period: str) -> tuple[str, str]:
    """The number and the day of the document; "" for what it does not print."""
    numbers = [
        item
        for item in items
        if item.kind == "word" and re.match(r"[0-9]+\s?/", item.text) and not LAW.search(item.text)
        and re.search(r"(?:số|no\.?):?\s*$", text[max(0, item.start - 12) : item.start].lower())
    ]  # fmt: skip
    number = re.sub(r"\s", "", text[numbers[0].start : numbers[0].end]) if numbers else ""
    beginning = f"{months_of(period)[0]}-01"
    candidates = [
        (abs(day.start - numbers[0].start) if numbers else day.start, iso)
        for day in days
        if (iso := day.iso(int(period[:4]))) and iso >= max(beginning, as_of) and not _as_of_day(text, items, day)
        and ((numbers and abs(day.start - numbers[0].start) < 200) or re.search(DATELINE, text[max(0, day.start - 30) : day.start].lower()))
    ]  # fmt: skip
    return number, min(candidates)[1] if candidates else ""


def _title(text: str, entity: str, period: str) -> str:
    """The notice's own title where it has one, else a plain one."""
    for line in text.split("\n")[:20]:
        words = " ".join(line.split())
        if 15 <= len(words) <= 200 and "\t" not in line and re.search(r"766|điểm|chỉ số|score|index", words.lower()):
            return words
    return _("Score of {entity}, {period}").format(entity=entity, period=write_period(period))


def _publisher(text: str, entity: str) -> str:
    """The office that signs, where it is named; else a plain word for it."""
    place = rf"tỉnh\s+{re.escape(entity)}"
    for pattern in (rf"Văn phòng (?:Ủy ban nhân dân|UBND) {place}", rf"(?:Ủy ban nhân dân|UBND) {place}"):
        if match := re.search(pattern, text, re.IGNORECASE):
            return " ".join(match[0].split())
    return _("Not named in the notice ({entity})").format(entity=entity)


def _finished(found: Attribution, rubric: Rubric) -> tuple[Reading, ...]:
    """The figures in the order of the text, with what only the whole notice decides."""
    figures = sorted(found.readings, key=lambda item: (item.start, item.code))
    percents = [item for item in figures if item.unit == "percent"]
    shown = {item.decimals for item in percents if item.decimals}
    if len(shown) == 1 and all(item.decimals or item.value in (0, 100) for item in percents):
        (decimals,) = shown
        figures = [replace(item, decimals=decimals) if item.unit == "percent" else item for item in figures]
    return tuple(_combined(figures, rubric))


def _scored_on_time(figures: tuple[Reading, ...], rubric: Rubric) -> tuple[Reading, ...]:
    """The printed rate on time is the rate scored only where it gives the printed score to two decimals.

    The press prints another one: 99,3 % beside 18,7 of 20 (Hòa Bình, July 2024).
    """
    read_as = {(item.code, item.unit): item for item in figures}
    rate = read_as.get((REPORTED_ON_TIME, "percent"))
    indicator = rubric.indicators.get(ON_TIME)
    group = next((group.code for group in rubric.groups if indicator in group.indicators), "")
    score = read_as.get((group, "points"))
    if rate is None or score is None or indicator is None or min(rate.decimals, score.decimals) < 2:
        return figures
    if all(abs(Decimal(str(points)) * rate.value / 100 - score.value) > Decimal("0.006") for points in indicator.max.alternatives):
        return figures
    names = {REPORTED_ON_TIME: ON_TIME, REPORTED_ON_TIME + BASE: ON_TIME + BASE}
    return tuple(replace(item, code=names.get(item.code, item.code)) for item in figures)


def _combined(figures: list[Reading], rubric: Rubric) -> Iterator[Reading]:
    """A group printed without its maximum may be two groups taken together: the total decides."""
    scores = {item.code: item for item in figures if item.unit == "points"}
    for entry in rubric.combined:
        first, others = entry.groups[0], entry.groups[1:]
        item = scores.get(first)
        if item is None or item.max_printed or any(code in scores for code in others) or TOTAL not in scores:
            continue
        groups = [code for code in (group.code for group in rubric.groups) if code not in others]
        if all(code in scores for code in groups):
            gap = scores[TOTAL].value - sum((scores[code].value for code in groups), Decimal(0))
            slack = sum((Decimal(10) ** -scores[code].decimals / 2 for code in [*groups, TOTAL]), Decimal(0))
            if abs(gap) <= slack:
                maximum = sum((Decimal(str(group.points)) for group in rubric.groups if group.code in entry.groups), Decimal(0))
                figures[figures.index(item)] = replace(item, code=entry.code, max=maximum)
    yield from figures


def _missing(found: Attribution, figures: Sequence[Reading], rubric: Rubric) -> tuple[str, ...]:
    """The codes that the notice names without a figure."""
    read_codes = {item.code for item in figures}
    combined = {code for entry in rubric.combined if entry.code in read_codes for code in entry.groups}
    combined |= {entry.code for entry in rubric.combined if read_codes & set(entry.groups)}
    groups = {group.code for group in rubric.groups} | {entry.code for entry in rubric.combined}
    return tuple(code for code in found.named if code not in read_codes | combined and (code in groups or code in rubric.named))


def _notes(composed: bool, plainer: bool, invisible: int, style: str | None) -> Iterator[str]:
    if composed:
        yield _("letters and marks written apart were joined")
    if plainer:
        yield _("wide digits or unusual spaces were made plain")
    if invisible:
        yield _("{count} invisible characters were left out").format(count=invisible)
    if style == "mixed":
        yield _("decimals are printed with commas and with points")


def _sentences(text: str, unread: Sequence[Unread]) -> list[str]:
    return [f"“{_shown(text, sentence_at(text, item.start, item.end))}”: {item.why}" for item in unread[:5]]


def _shown(text: str, span: tuple[int, int]) -> str:
    return " ".join(text[span[0] : span[1]].split())[:160]


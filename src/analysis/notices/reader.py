"""What does a notice say? Its text → the figures, each with its place and its words, and everything left unread.

The notice may be of any province, in prose or a table, Vietnamese or English; by which words it calls the figures is in
`data/wordings.toml`. A figure is read for sure or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby, pairwise, takewhile

from analysis.errors import BulletinError
from analysis.language import _, write_period
from analysis.notices.attribution import NOWHERE, Attribution, Attributor, Column
from analysis.notices.content import UNREAD
from analysis.notices.doubts import OF_A_PLAN, Zone, aside, marker_of
from analysis.notices.identity import (
    check_exists,
    document_of,
    drawn_on,
    entity_of,
    period_of,
    publisher_of,
    scope_of,
    sentence_of_total,
    title_of,
    week_of,
)
from analysis.notices.items import Candidate, Item, Unread, figures_of_item, items_of
from analysis.notices.phrasebook import Phrasebook
from analysis.notices.tokens import Clean, clean, is_legacy, number_style, sentence_at, tokenise
from analysis.scorecards.history import BASE, RANK, TOTAL
from analysis.scorecards.rubric import Rubric, rubric_in_force

Row = list[list[Item]]
LONGEST, MOST_PIECES, MOST_NUMBERS = 100_000, 20_000, 2_000  # letters, words with marks, numbers of a notice at most
REPORTED_ON_TIME, ON_TIME = "reported_on_time", "on_time"
SHORT = re.compile(r"(?:^|[^\w])(?:tp|tx|tt|ths|ts|đ/c|v)$", re.IGNORECASE)
LISTED = re.compile(
    r"(?P<bullet>[-–+*•])|\(?(?:(?P<roman>[IVX]{1,4})|(?P<capital>[A-HĐ])|(?P<number>[0-9]{1,2}(?:\.[0-9]{1,2})*)|(?P<letter>[a-zđ]))[.)]\s"
)
GOES_ON = re.compile(r"(?:nhóm|chỉ số|phần) này\b", re.IGNORECASE)  # opens a sentence on what the one before names
PAGE_NUMBER = re.compile(r"(?<=[^\W\d_]|,)\s*\n\s*[0-9]{1,3}\s*\n\s*(?=[a-zà-ỹđ])")  # within a sentence
IN_A_HEAD = re.compile(r"20[0-9]{2}|100|63|34|22|20|18|12|10")  # years, maxima and how many are ranked
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
    figures: tuple[Candidate, ...]
    unread: tuple[Unread, ...]
    problems: tuple[Unread, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]

    def quote(self, item: Candidate | Unread) -> str:
        """The printed words."""
        return " ".join(self.text[item.start : item.end].split())

    def sentence(self, item: Candidate | Unread) -> str:
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
    if len(tokens) > MOST_PIECES or sum(token.kind == "number" for token in tokens) > MOST_NUMBERS:
        raise BulletinError(_("This is not a notice: it has too many words or numbers."), [], _whole_notice())
    style = number_style(tokens)
    items = items_of(flat, tokens, dates, book, None, style)
    of_total = sentence_of_total(flat, items)
    asides, tasks = aside(items)
    entity = entity_of(flat, items, of_total, book, rubrics, entity, asides)
    days = [item for item in dates if item.day is not None]
    period, since_january, proposed = period_of(flat, items, dates, asides, tasks, of_total, period)
    check_exists(entity, period, book)
    rubric = rubric_in_force(rubrics, period)
    week = week_of(flat, items, of_total)
    as_of, doubtful_days = drawn_on(flat, items, [day for day in days if day.start not in asides], period)
    reader = Attributor(rubric, book, entity, period, since_january, as_of, week)
    _feed(reader, flat, items_of(flat, tokens, dates, book, rubric, style), book)
    reader.finish()
    found = reader.result
    found.problems += doubtful_days
    figures = _finished(found, rubric)
    if not figures and not found.problems:
        raise BulletinError(
            _("No figure of the index was found in this text."),
            _sentences(flat, found.unread),
            _("Check that it is a notice of the index; add the words it uses to data/wordings.toml."),
        )
    number, published = document_of(flat, items, days, as_of, period)
    figures = _scored_on_time(figures, rubric)
    why = _("what stands here could not be read")
    found.unread += [Unread(place.start(), place.end(), why) for place in re.finditer(UNREAD, flat)]
    return Notice(
        text=flat,
        entity=entity,
        period=period,
        scope=scope_of(period, as_of, published, since_january),
        as_of=as_of,
        number=number,
        published=published,
        title=title_of(cleaned.text, entity, period),
        publisher=publisher_of(flat, entity),
        figures=figures,
        unread=tuple(found.unread),
        problems=tuple(found.problems),
        missing=_missing(flat, found, figures, rubric),
        notes=tuple(_notes(cleaned, style, period if proposed else "", week if len(period) == 7 else "")),
    )


def unwrap(text: str) -> str:
    """The text with its lines and cells made plain; as long as the text, so that places stay.

    A line that was broken only to fit the page goes on; cells set apart by spaces or bars are set apart by tabs; dotted
    leaders are spaces.
    """
    text = re.sub(r"[.…_]{2,}(?=[.…_:\s])|[.…]+(?=:)|-{4,}", lambda match: " " * len(match[0]), text)
    text = re.sub(r"(?m)^ *[|¦] ?|[|¦] *$", lambda match: " " * len(match[0]), text)
    text = re.sub(
        r"(?<![0-9])[|¦]|[|¦](?![0-9])|(?<=\S) {3,}(?=\S)", lambda match: "\t" + " " * (len(match[0]) - 1), text
    )
    text = PAGE_NUMBER.sub(lambda match: " " * len(match[0]), text)
    lines = text.split("\n")
    width = max((len(line.rstrip()) for line in lines if "\t" not in line), default=0)
    if width not in WIDTHS:
        return text
    parts = [lines[0]]
    for line, following in pairwise(lines):
        word = re.match(r"\s*([^\W_]\S*|\([^\W_]\S*)", following)
        goes_on = (
            word is not None
            and "\t" not in line + following
            and len(line.rstrip()) + 1 + len(word[1]) > WRAPPED * width
            and not re.search(r"[.:;!?]\s*$", line)
            and not re.match(r"\s*(?:[0-9]{1,2}(?:\.[0-9]{1,2})*|[a-zđA-HĐ]|[IVX]{1,4})[.)]\s", following)
        )
        parts.append((" " if goes_on else "\n") + following)
    return "".join(parts)


def _check_readable(text: str) -> None:
    if not text.strip():
        raise BulletinError(_("There is no text in it."), [], _("If it is a scan, type its figures into a template."))
    if "\ufffd" in text:
        at = text.index("\ufffd")
        raise BulletinError(
            _("A letter was lost when the text was saved or copied; it is not guessed."),
            [" ".join(text[max(0, at - 60) : at + 60].split())],
            _("Copy the text again from where it came, save it as UTF-8, then run again."),
        )
    if len(text) > LONGEST:
        raise BulletinError(
            _("This is not a notice: its text has {count} letters, a notice has some thousand.").format(
                count=len(text)
            ),
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
    """Give the reader the sentences and the tables, in order, each with what holds from the text before it.

    A heading, `Cấp xã:`, `Kết quả tháng 3/2023:`, holds for the table or list under it, and to the next heading once
    there are figures; a numbered one to the next of its kind, `II. Cả năm 2024`, one of plans for all that follows.
    What a sentence opens with holds to the end of its paragraph, the whole country until the text returns to the
    province. What is asked, `… chỉ 5 điểm?`, is not told.
    """
    percents, lasting, level, heading, section, carried = False, False, "", NOWHERE, NOWHERE, NOWHERE
    lines = [_split(line, "\t") for line in _split(items, "\n") if line]
    for is_table, block in groupby(lines, key=lambda cells: len(cells) > 1):
        if is_table:
            told = {**section, **heading}
            told.pop("kind" if told.get("kind") != "plan" else "", "")
            _feed_table(reader, text, list(block), book, percents, told)
            continue
        for (line,) in block:
            titled = not any(item.amount for item in line)
            entry = LISTED.match(text[text.rfind("\n", 0, line[0].start) + 1 : line[0].end + 2].lstrip())
            if titled or not (entry or lasting):
                heading = NOWHERE
            if entry and entry.lastgroup == level and (titled or "kind" not in section):
                section = NOWHERE
            percents = titled and "%" in text[line[0].start : line[-1].end + 2]
            names = 0
            for number, (sentence, mark) in enumerate(_sentences_of(text, line)):
                if number and not (names == 1 and sentence and GOES_ON.match(text, sentence[0].start)):
                    reader.stop()
                names = sum(bool(figures_of_item(item)) for item in sentence)
                asked = {"kind": "supposition"} if mark == "?" else NOWHERE
                scope = reader.sentence(sentence, {**section, **heading, **carried, **asked})
                carried = {axis: why if why == "country" else "carried" for axis, why in scope.carried.items()}
            carried = {"whose": "country"} if carried.get("whose") == "country" else NOWHERE
            if titled or (line[-1].text == ":" and not any(item.amount for item in sentence)):
                heading = {axis: why for axis, why in scope.zone.items() if axis != "kind" or axis in scope.opened}
                compares = scope.reference or heading.get("kind", "plan") not in OF_A_PLAN
                lasting = titled and bool(reader.result.readings) and not compares
                if heading.get("kind") == "plan":
                    section, level = {"kind": heading["kind"]}, (entry and entry.lastgroup) or ""
                elif titled and entry and entry.lastgroup != "bullet" and heading.keys() - {"kind"}:
                    section, level = heading, entry.lastgroup or ""


def _sentences_of(text: str, line: Sequence[Item]) -> Iterator[tuple[list[Item], str]]:
    """The sentences of a line with the marks that end them; the full stop of `TP. Hòa Bình` ends none."""
    sentence: list[Item] = []
    for item in line:
        if item.kind == "mark" and item.text in ".!?" and not SHORT.search(text, max(0, item.start - 5), item.start):
            yield sentence, item.text
            sentence = []
        else:
            sentence.append(item)
    yield sentence, ""


def _feed_table(reader: Attributor, text: str, rows: list[Row], book: Phrasebook, percents: bool, zone: Zone) -> None:
    """Give the reader the rows of a table; its header is what stands above the first number, at most three rows.

    `zone`: what the headings over it say that its numbers are,
    but for when and whose they are where its own heads say it.
    """
    heads = list(takewhile(lambda cells: _may_be_head(text, cells), rows[:3]))
    columns = _columns(text, heads, book, reader)
    heads_say = {
        "when": any(column.why for column in columns),
        "whose": any(column.why == "leader" for column in columns),
    }
    zone = {axis: why for axis, why in zone.items() if not heads_say.get(axis)}
    for cells in rows[len(heads) if columns else 0 :]:
        if columns:
            reader.row(cells, columns, zone, percents)
        else:
            reader.loose_row(cells, zone)


def _may_be_head(text: str, cells: Row) -> bool:
    printed = [text[item.start : item.end] for cell in cells for item in cell if item.amount]
    return sum(bool(cell) for cell in cells) > 1 and all(IN_A_HEAD.fullmatch(words) for words in printed)


def _split(items: Sequence[Item], *marks: str) -> list[list[Item]]:
    parts: list[list[Item]] = [[]]
    for item in items:
        if item.kind == "mark" and item.text in marks:
            parts.append([])
        else:
            parts[-1].append(item)
    return parts


def _columns(text: str, heads: list[Row], book: Phrasebook, reader: Attributor) -> list[Column]:
    """The columns under these rows of heads; none if they are not the heads of a table that is known.

    A column headed by a figure's name holds that figure, one headed by this period, day or province what its rows
    name; one of changes, of other periods or provinces holds nothing of the notice. One whose head is not known is part
    of the name before the first column of numbers, and after it the only one that says what the rows hold.
    """
    found: list[Column | None] = []
    for place in range(max(map(len, heads), default=0)):
        cells = [cells[place] for cells in heads if place < len(cells) and cells[place]]
        items = [item for cell in cells for item in cell]
        why, own = _of_head(items, reader)
        role = _column(text, cells, book)
        markers = [marker for item in items if (marker := marker_of(item)) not in ("", "negation", "threshold")]
        if why or (role is None and place and set(markers) - {"maximum", "now", "task"}):
            found.append(Column(why=why or markers[0]))
        elif own and "%" in "".join(text[cell[0].start : cell[-1].end] for cell in cells):
            found.append(Column("percent"))
        else:
            codes = next((figures_of_item(item) for item in items if figures_of_item(item)), ())
            head = Column(role) if role else Column("free") if own else Column(codes=codes) if codes else None
            found.append(head)
    if any(column and column.codes for column in found):
        found = [Column(codes=(RANK,)) if column and column.role == "rank" else column for column in found]
    values = [
        place
        for place, column in enumerate(found)
        if column and not column.why and column.role not in ("name", "order")
    ]
    named = any(column is not None and column.role == "name" for column in found)
    if sum(column is not None for column in found) < 2 or not (values or named):
        return []
    first = values[0] if values else len(found)
    after = [place for place, column in enumerate(found) if column is None and (place >= first or named)]
    roles = {column.role for column in found if column}
    sure = len(after) == 1 and not roles & {"free", "score", "percent", "count"}
    unknown = Column("free") if sure else Column(why=_("the heads of the columns are not known"))
    return [column or (unknown if place in after else Column("name")) for place, column in enumerate(found)]


def _of_head(items: Sequence[Item], reader: Attributor) -> tuple[str, bool]:
    """Why a column with this head is of another period, day or province, or ""; and whether it names ours."""
    year = int(reader.period[:4])
    weeks = [item.text.split()[-1] for item in items if item.text.startswith("tuần ") and item.text[-1].isdigit()]
    if weeks and reader.week not in weeks:
        return ("before" if reader.week else _("the heads of the columns are not known")), False
    if any(meaning.kind == "since_january" for item in items for meaning in item.meanings):
        return ("", True) if reader.since_january else ("since", False)
    provinces = [meaning.name for item in items for meaning in item.meanings if meaning.kind == "province"]
    if any(name != reader.entity for name in provinces):
        return "leader", False
    days = [item.date for item in items if item.date]
    for day in days:
        printed = day.period(year)
        if day.since_january and not reader.since_january:
            return "since", False
        ours = reader.period.startswith(printed) if printed else day.iso(year) == reader.as_of
        if not ours:
            return "before", False
    return "", bool(days or provinces or weeks)


def _column(text: str, cells: list[list[Item]], book: Phrasebook) -> str | None:
    """The role that the heads of one column give it: all of them together, else the lowest, else the first."""
    words: list[list[str]] = []
    for cell in cells:
        own = [word for word in book.words(tokenise(text[cell[0].start : cell[-1].end])[0])[0] if word]
        if own not in words:
            words.append(own)
    together = [word for own in words for word in own]
    return next((role for own in (together, *words[::-1]) if (role := book.column(own))), None)


def _finished(found: Attribution, rubric: Rubric) -> tuple[Candidate, ...]:
    """The figures in the order of the text, with what only the whole notice decides."""
    figures = sorted(found.readings, key=lambda item: (item.start, item.code))
    percents = [item for item in figures if item.unit == "percent"]
    shown = {item.decimals for item in percents if item.decimals}
    if len(shown) == 1 and all(item.decimals or item.value in (0, 100) for item in percents):
        (decimals,) = shown
        figures = [replace(item, decimals=decimals) if item.unit == "percent" else item for item in figures]
    return tuple(_combined(figures, rubric))


def _scored_on_time(figures: tuple[Candidate, ...], rubric: Rubric) -> tuple[Candidate, ...]:
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
    if all(
        abs(Decimal(str(points)) * rate.value / 100 - score.value) > Decimal("0.006")
        for points in indicator.max.alternatives
    ):
        return figures
    names = {REPORTED_ON_TIME: ON_TIME, REPORTED_ON_TIME + BASE: ON_TIME + BASE}
    return tuple(replace(item, code=names.get(item.code, item.code)) for item in figures)


def _combined(figures: list[Candidate], rubric: Rubric) -> Iterator[Candidate]:
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
                maximum = sum(
                    (Decimal(str(group.points)) for group in rubric.groups if group.code in entry.groups), Decimal(0)
                )
                figures[figures.index(item)] = replace(item, code=entry.code, max=maximum)
    yield from figures


def _missing(text: str, found: Attribution, figures: Sequence[Candidate], rubric: Rubric) -> tuple[str, ...]:
    """The codes that the notice names in lines without a number that is unread."""
    unread = {text.count("\n", 0, item.start) for item in (*found.unread, *found.problems)}
    read_codes = {item.code for item in figures}
    combined = {code for entry in rubric.combined if entry.code in read_codes for code in entry.groups}
    combined |= {entry.code for entry in rubric.combined if read_codes & set(entry.groups)}
    groups = {group.code for group in rubric.groups} | {entry.code for entry in rubric.combined}
    return tuple(
        code
        for code, places in found.named.items()
        if code not in read_codes | combined
        and (code in groups or code in rubric.named)
        and unread.isdisjoint(text.count("\n", 0, place) for place in places)
    )


def _notes(cleaned: Clean, style: str | None, proposed: str, week: str) -> Iterator[str]:
    if proposed:
        yield _("only a day is printed, no month: {period} was taken; if it is another, say so with --month").format(
            period=write_period(proposed)
        )
    if week:
        yield _("it is of a week, “{words}”: its scores were taken for those of the month up to then").format(
            words=week
        )
    if cleaned.composed:
        yield _("letters and marks written apart were joined")
    if cleaned.plainer:
        yield _("wide digits or unusual spaces were made plain")
    if cleaned.invisible:
        yield _("{count} invisible characters were left out").format(count=cleaned.invisible)
    if style == "mixed":
        yield _("decimals are printed with commas and with points")


def _sentences(text: str, unread: Sequence[Unread]) -> list[str]:
    return [f"“{_shown(text, sentence_at(text, item.start, item.end))}”: {item.why}" for item in unread[:5]]


def _shown(text: str, span: tuple[int, int]) -> str:
    return " ".join(text[span[0] : span[1]].split())[:160]

"""Whose notice is it, of which month, drawn on which day, and who published it?

Where a text names several provinces or months and it is not sure which it is of, it is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from analysis.errors import BulletinError
from analysis.language import _, nearest, slug, write_list, write_period
from analysis.notices.doubts import OF_A_PLAN, marker_of
from analysis.notices.items import Item, Unread, figures_of_item
from analysis.notices.phrasebook import Phrasebook
from analysis.notices.tokens import PrintedDate, sentence_at
from analysis.scorecards.history import TOTAL
from analysis.scorecards.periods import months_of
from analysis.scorecards.rubric import Rubric

LAW = re.compile(r"q[đd]-ttg|nđ-cp|nq-cp|ct-ttg|/qh|tt-|/2[0-9]{3}/", re.IGNORECASE)
BEFORE_DAY = r"[\s:]*(?:lúc\s*)?(?:[0-9]{1,2}\s?(?:h|giờ|:)\s?[0-9]{0,2}(?:\s?phút)?\s*)?(?:(?:hết\s*)?ngày\s*)?"
OF_A_PART = re.compile(
    r"^ *(?:UBND|ỦY BAN NHÂN DÂN|Uỷ ban nhân dân) +(?:HUYỆN|XÃ|PHƯỜNG|THỊ XÃ|THỊ TRẤN) .{2,40}",
    re.MULTILINE | re.IGNORECASE,
)
UNIT = re.compile(  # a department, a commune or an office with its name, as far as the province behind it
    r"(?<!cơ )(?<!CƠ )\b"
    r"(?i:sở|ban quản lý|đặc khu|xã|phường|huyện|thị xã|thị trấn|chi cục|trung tâm phục vụ hành chính công)"
    r"[ ]+(?!HỘI\b)(?=[A-ZĐÀ-ỸẠ-Ỹ])[^\n.;:|]{1,90}"
)
OFFICE = r"trung tâm phục vụ hành chính công +(?:tỉnh{cities})\b"  # speaks for the province
ENDS_A_NAME = re.compile(r" (?:cho biết|thông báo|công bố|báo cáo|đạt|được|đã|và cho)\b|, *(?:tháng|năm|quý)\b| - |:")
OF_THE_PROVINCE = r"\b(?:tỉnh|thành phố)(?! (?:ủy|uỷ))\b(?! *,? *(?:thành phố|thành|trực))"
OUT_OF = r"(?:/ ?|\btrong (?:số )?|\btrên (?:tổng số )?)(?:{numbers})\b"  # a rank among provinces
REACH_OF_DRAWN = 60  # letters between `trích xuất` and its day
DATELINE = (
    r"[^\W\d_],\s*$|(?:đăng|công bố|ban hành|announced|announced on|dated|published|published on):?\s*(?:ngày\s*)?$"
)
NO_MONTH = r"\btháng\s{1,3}(?:(?:00?|1[3-9]|[2-9][0-9])\s?[/-]\s?[0-9]{4}|[0-9]{1,2}\s?[/-]\s?(?!19|20)[0-9]{4})\b"
WEEK = (
    r"(?:(?:báo cáo|bản tin|kết quả|thông tin|theo dõi|số liệu|trong|kỳ)\s+tuần\b(?!\s+(?:trước|sau|tới|liền|lễ))"
    r"|\btuần\s+(?:từ|thứ|số|này|qua|[0-9]+)|\b(?:weekly|week of|in the week)\b)(?: [^\s.;|]+){0,5}"
)
OF_A_WEEK = (
    r"\btuần\s+(?:(?:thứ|số)\s+)?(?:[0-9]{1,2}|[ivx]{1,4}|nhất|hai|ba|tư|đầu|cuối)\s*,?\s*(?:(?:của|trong)\s+)?$"
)
OPENS_A_SPAN = r"(?:từ|from|since)\s*(?:ngày\s*)?$"
BOTH = r"(?i:{first},? (?:và|với|and|with) (?:(?:tỉnh|thành phố) )?(?:{others})\b)"
EACH_ALONE = r"(?im:^ *(?:(?:tỉnh|thành phố) +)?{first} *:?$(?s:.*)^ *(?:(?:tỉnh|thành phố) +)?(?:{others}) *:?$)"
OF_WHICH = r"(?:riêng|trong đó)\s*$"
LEADS = r"[.!?\n]\s+(?:(?:tỉnh|thành phố|tp\.?)\s+)?$"
LARGEST_GROUP = 22  # points: a score above it can only be a total
DAYS_AFTER = 45  # a month's figures may be drawn until then


def sentence_of_total(text: str, items: Sequence[Item]) -> tuple[int, int, int] | None:
    """Where the sentence that prints the total begins, where the total stands in it, and where it ends.

    Where none calls it the total, the first sentence with points that are no target and no number of before.
    """
    others = (*OF_A_PLAN, "before", "leader", "country", "index")
    markers = [item.start for item in items if marker_of(item) in others]
    sure, likely = [], []
    for item in items:
        amount = item.amount
        if (amount is not None and amount.second == 100 and amount.decimals > 0) or TOTAL in figures_of_item(item):
            sure.append(item)
        elif amount is not None and amount.points and amount.decimals > 0:
            likely.append(item)
    for item in [*sure, *likely]:
        first, last = sentence_at(text, item.start, item.end)
        if not any(first <= start < item.start for start in markers):
            numbers = [other.start for other in items if other.amount and other.start >= item.start]
            return first, min([*numbers, last]), last
    return None


def entity_of(
    text: str,
    items: Sequence[Item],
    of_total: tuple[int, int, int] | None,
    book: Phrasebook,
    rubrics: Sequence[Rubric],
    wanted: str,
    asides: set[int],
) -> str:
    """The province that the notice is of: the one it names first and beside the total, not one it compares with."""
    named = [(meaning.name, item.start) for item in items for meaning in item.meanings if meaning.kind == "province"]
    named = [pair for pair in named if pair[1] not in asides] or named
    in_order = list(dict.fromkeys(name for name, _start in named))
    if wanted:
        known = next((name for name in book.provinces if slug(name) == slug(wanted)), None)
        if known is None:
            near = nearest(wanted, book.provinces)
            raise BulletinError(
                _("“{name}” is not a province.").format(name=wanted), near, _("Did you mean one of these?")
            )
        if named and known not in in_order:
            raise BulletinError(
                _("The notice is not of {entity}: it names {others}.").format(
                    entity=known, others=write_list(in_order)
                ),
                [],
                _("Leave out --entity, or look whether it is the right file."),
            )
        return known
    if issuer := re.search(OF_A_PART, text[:400]):
        raise BulletinError(
            _("The notice is issued by a part of the province: {words}.").format(words=" ".join(issuer[0].split())),
            [],
            _("If its figures are those of the province, say so: --entity {entity}.").format(
                entity=slug(in_order[0]) if in_order else "hoa-binh"
            ),
        )
    cities = [name for name in in_order if book.provinces[name].city]
    if named and (unit := _unit_whose(text, named, of_total, rubrics, cities)):
        raise BulletinError(
            _("The figures seem to be those of a part of the province: {words}.").format(words=unit),
            [],
            _("If its figures are those of the province, say so: --entity {entity}.").format(entity=slug(in_order[0])),
        )
    if not named:
        raise BulletinError(_("The notice names no province."), [], _("Say which one it is of: --entity hoa-binh."))
    beside = [name for name, start in named if of_total and of_total[0] <= start < of_total[1]]
    leading = {name for name, start in named if re.search(LEADS, text[:start][-30:], re.IGNORECASE)}
    times, first = Counter(name for name, _start in named), named[0][1]
    dated = _has([item.start for item in items if item.date], *sentence_at(text, first, first))
    rivals = [name for name in leading if times[name] >= times[in_order[0]] and name != in_order[0]]
    dated = dated and all(times[name] == times[in_order[0]] for name in rivals)
    title = text[slice(*_line_at(text, first))] if _is_titled(text, items, first) else ""
    names = {"first": re.escape(in_order[0]), "others": "|".join(map(re.escape, in_order[1:]))}
    both = in_order[1:] and (re.search(BOTH.format(**names), title) or re.search(EACH_ALONE.format(**names), text))
    if both or (beside and beside[0] != in_order[0]) or (rivals and not dated and not _is_titled(text, items, first)):
        raise BulletinError(
            _("The notice names several provinces: {names}.").format(names=write_list(in_order)),
            [" ".join(text[of_total[0] : of_total[2]].split())[:160]] if of_total else [],
            _("Say which one it is of, such as --entity {entity}.").format(entity=slug(in_order[0])),
        )
    return in_order[0]


def _unit_whose(
    text: str,
    named: Sequence[tuple[str, int]],
    of_total: tuple[int, int, int] | None,
    rubrics: Sequence[Rubric],
    cities: Sequence[str],
) -> str:
    """The unit whose card this seems to be: one heads the text or the total, and nothing speaks of the province itself.

    The province in the unit's own name, alone on a line, or before the date of a letter speaks of nothing.
    """
    spans = []
    own = re.compile(OFFICE.format(cities="".join(f"|thành phố {re.escape(name)}" for name in cities)), re.IGNORECASE)
    for found in UNIT.finditer(text):
        if own.match(found[0]):
            continue
        called = ENDS_A_NAME.split(found[0])[0]
        last = found.start() + len(called)
        ends = [start + len(name) for name, start in named if found.start() < start < last]
        spans.append((found.start(), min(ends, default=found.start() + len(" ".join(called.split(" ")[:8])))))
    first, last = (of_total[0], of_total[2]) if of_total else (0, 0)
    heads = [span for span in spans if span[0] < 200 or first <= span[0] < last]
    if not heads:
        return ""
    rest = list(text)
    for start, end in spans:
        rest[start:end] = " " * (end - start)
    left = re.sub(r"(?m)^ *(?:(?:UBND|ỦY BAN NHÂN DÂN|TỈNH|THÀNH PHỐ) +)+[^\n]{2,30}$", "", "".join(rest))
    left = re.sub(r"[^\n,.]{2,30}, *ngày [^\n]{0,40}", "", left)
    numbers = "|".join({str(entry.units) for rubric in rubrics for entry in rubric.ranked})
    names = "|".join({re.escape(name) for name, _start in named})
    words = (OF_THE_PROVINCE, OUT_OF.format(numbers=numbers), rf"\b(?:{names})\b")
    if any(re.search(pattern, left, re.IGNORECASE) for pattern in words):
        return ""
    start, end = heads[0]
    return " ".join(text[start:end].split())


def period_of(
    text: str,
    items: Sequence[Item],
    dates: Sequence[PrintedDate],
    asides: set[int],
    tasks: set[int],
    of_total: tuple[int, int, int] | None,
    wanted: str,
) -> tuple[str, bool, bool]:
    """The month, quarter or year of the notice; whether it counts since January; and whether only a day proposes it.

    A period that stands aside (see `doubts.aside`) is not that of the notice. The sentence of the total decides
    whether it counts since January; else a heading does.
    """
    if (mistake := re.search(NO_MONTH, text, re.IGNORECASE)) and not wanted:
        raise BulletinError(
            _("“{words}” is no month.").format(words=" ".join(mistake[0].split())),
            [],
            _("Correct the text, or say which month it is of: --month 2023-04."),
        )
    months = [item for item in dates if item.day is None and item.start not in asides]
    months = [item for item in months if item.year or not item.since_january]  # `6 tháng` names no month
    months = [item for item in months if not re.search(OPENS_A_SPAN, _before(text, item.start))]
    of_weeks = [item for item in months if re.search(OF_A_WEEK, text[max(0, item.start - 24) : item.start].lower())]
    months = [item for item in months if item not in of_weeks]
    weak = tasks | {item.start for item in months if re.search(r"đến hết\s*$", _before(text, item.start))}
    own = [item for item in months if item.start not in weak] or months
    named = [(printed, item) for item in own if (printed := item.period(_year_of(item, dates)))]
    chosen = [pair for pair in named if len(pair[0]) == 7] or named
    beside = [period for period, item in chosen if of_total and of_total[0] <= item.start < of_total[1]]
    beside = beside or _over_total(text, items, chosen, of_total)
    since = _since_january(text, items, dates, of_total, asides, bool(beside))
    counts = not all(since.values())
    if since:
        years = [day.year for day in dates if day.year and day.start >= min(since) - len("6 tháng đầu năm 2024")]
        years += [int(period[:4]) for period, _item in named]
        chosen, beside = [(str(year), dates[0]) for year in years[:1]], []
    in_order = list(dict.fromkeys(printed for printed, _item in chosen))
    if wanted:
        if in_order and not any(
            _overlap(wanted, period) for period in [*in_order, *(period for period, _item in named)]
        ):
            raise BulletinError(
                _("The notice is not of {period}: it names {others}.").format(
                    period=write_period(wanted), others=write_list(write_period(period) for period in in_order)
                ),
                [],
                _("Leave out --month, or look whether it is the right file."),
            )
        return wanted, counts, False
    if not in_order:
        days = {iso for day in dates if day.start not in asides and (iso := day.iso())}
        until = {
            iso[:7] for day in dates if day.start in _as_of_days(text, items, dates) and (iso := day.iso()) in days
        }
        until |= {printed for item in of_weeks if len(printed := item.period(_year_of(item, dates)) or "") == 7}
        if len(until) == 1 and (week := week_of(text, items, of_total)):
            what = _("The notice is of a week, “{words}”; the portal scores months, quarters and years.")
            then = _("If these are the scores of the month up to then, say so: --month {month}.")
            raise BulletinError(what.format(words=week), [], then.format(month=until.pop()))
        if len(until) == 1:
            return until.pop(), False, True
        raise BulletinError(
            _("The notice does not say which month it is of."), [], _("Say which one it is of: --month 2023-04.")
        )
    of_year = [p for p, item in named if len(p) == 4 and of_total and of_total[0] <= item.start < of_total[1]]
    mixed = of_total and of_year and not beside and of_year[0] != in_order[0]
    if of_total and mixed:
        first = chosen[0][1].start
        titled = any(period == of_year[0] and _is_titled(text, items, item.start) for period, item in named)
        if first > of_total[1] and (titled or re.search(OF_WHICH, _before(text, first))):
            return of_year[0], counts, False
        in_order.insert(0, of_year[0])  # `Năm 2024 đạt 81,7 điểm. Tháng 12/2024 đạt 83,3 điểm`
    several = mixed or _are_several(text, items, chosen, dates)
    own_total = _is_titled(text, items, chosen[0][1].start) and any(
        period == in_order[0] and _scored(text, items, item, dates) for period, item in chosen
    )
    if several or (beside and set(beside) != {in_order[0]} and not own_total):
        raise BulletinError(
            _("The notice names several months: {names}.").format(
                names=write_list(write_period(period) for period in in_order)
            ),
            [" ".join(text[of_total[0] : of_total[2]].split())[:160]] if of_total else [],
            _("Say which one it is of, such as --month {month}.").format(month=in_order[0]),
        )
    return in_order[0], counts, False


def _are_several(
    text: str, items: Sequence[Item], chosen: Sequence[tuple[str, PrintedDate]], dates: Sequence[PrintedDate]
) -> bool:
    """Whether a later period than the first has its own total, or a table without a title has columns of several."""
    (period, first), *others = chosen
    if _in_table(text, first.start):
        return any(other != period and item.start < _line_at(text, first.start)[1] for other, item in others)
    kind = (len(period), "Q" in period)
    later = [item for other, item in others if other > period and (len(other), "Q" in other) == kind]
    return not _is_titled(text, items, first.start) and any(_scored(text, items, item, dates) for item in later)


def _over_total(
    text: str, items: Sequence[Item], chosen: Sequence[tuple[str, PrintedDate]], of_total: tuple[int, int, int] | None
) -> list[str]:
    """The only period in the heading right above the line of the total: `A. Tháng 12/2024`."""
    if of_total is None:
        return []
    last = len(text[: _line_at(text, of_total[0])[0]].rstrip())
    first = _line_at(text, last)[0]
    own = [period for period, item in chosen if first <= item.start < last and _is_titled(text, items, item.start)]
    return own if sum(first <= item.start < last for item in items if item.date) == 1 else []


def _since_january(
    text: str,
    items: Sequence[Item],
    dates: Sequence[PrintedDate],
    of_total: tuple[int, int, int] | None,
    asides: set[int],
    of_a_month: bool,
) -> dict[int, bool]:
    """Where words say that the notice counts since January, and whether all of the year, `cả năm`.

    Beside its total, else in a heading or before the total, but not in the head of one column of several.
    """
    kinds = {"since_january": False, "whole_year": True}
    said = [(item.start, meaning.kind) for item in items for meaning in item.meanings if meaning.kind in kinds]
    found = {start: kinds[kind] for start, kind in said}
    found |= {day.start: day.whole for day in dates if day.year and (day.since_january or day.whole)}
    found |= {day.start: False for day in dates if day.opens and (day.opens.month, day.opens.day or 1) == (1, 1)}
    columns = [day.start for day in dates if day.month and not day.since_january and _in_table(text, day.start)]
    found = {
        start: found[start] for start in found if start not in asides and not _has(columns, *_line_at(text, start))
    }
    if of_total is None:
        return found
    beside = {start: whole for start, whole in found.items() if of_total[0] <= start < of_total[1]}
    numbered = [item.start for item in items if item.amount]
    titles = {
        start: whole
        for start, whole in found.items()
        if start < of_total[0] and not _has(numbered, *_line_at(text, start))
    }
    return beside or ({} if of_a_month else titles)


def _in_table(text: str, place: int) -> bool:
    return "\t" in text[slice(*_line_at(text, place))]


def _scored(text: str, items: Sequence[Item], day: PrintedDate, dates: Sequence[PrintedDate]) -> bool:
    """Whether a score that can only be a total stands behind a period, before the next one in its sentence."""
    end = min([sentence_at(text, day.start, day.end)[1], *(other.start for other in dates if other.start > day.start)])
    amounts = [item.amount for item in items if item.amount and item.amount.decimals and day.end <= item.start < end]
    return any(amount.second == 100 or (amount.points and amount.value > LARGEST_GROUP) for amount in amounts)


def _is_titled(text: str, items: Sequence[Item], place: int) -> bool:
    """Whether a place is in a line without numbers."""
    return not _has([item.start for item in items if item.amount], *_line_at(text, place))


def _before(text: str, place: int) -> str:
    return text[max(0, place - 12) : place].lower()


def _line_at(text: str, place: int) -> tuple[int, int]:
    end = text.find("\n", place)
    return text.rfind("\n", 0, place) + 1, end if end >= 0 else len(text)


def _has(starts: Sequence[int], first: int, last: int) -> bool:
    return any(first <= start < last for start in starts)


def _year_of(item: PrintedDate, dates: Sequence[PrintedDate]) -> int | None:
    """The year of a month that is printed without one: that of its days, else the only year of the text."""
    of_days = {day.year for day in dates if day.day and day.year and day.month == item.month}
    years = {day.year for day in dates if day.year}
    return next(iter(of_days if len(of_days) == 1 else years)) if len(of_days) == 1 or len(years) == 1 else None


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


def drawn_on(text: str, items: Sequence[Item], days: Sequence[PrintedDate], period: str) -> tuple[str, list[Unread]]:
    """The day that the figures run to, or "" where the notice does not say; and the days that leave it in doubt."""
    first, last = months_of(period)
    beginning = date.fromisoformat(f"{first}-01")
    latest = date.fromisoformat(f"{last}-28") + timedelta(days=3 + DAYS_AFTER)
    good: dict[str, PrintedDate] = {}
    early: list[PrintedDate] = []
    until = _as_of_days(text, items, days)
    for day in days:
        iso = day.iso(int(period[:4]))
        if iso is None or day.start not in until or _of_a_longer_span(day, period):
            continue
        if beginning <= date.fromisoformat(iso) <= latest:
            good.setdefault(iso, day)
        elif date.fromisoformat(iso) < beginning:
            early.append(day)
    if not good:
        good = dict(sorted((iso, day) for day in days if (iso := _heads_a_column(text, day, period)))[-1:])
    if len(good) == 1:
        return next(iter(good)), []
    if good:
        why = _("two dates are given to which the figures run")
        return "", [Unread(day.start, day.end, why) for day in good.values()]
    why = _("the figures run to a day before {period}").format(period=write_period(period))
    return "", [Unread(day.start, day.end, why) for day in early]


def _heads_a_column(text: str, day: PrintedDate, period: str) -> str:
    """The day of the period that stands alone in the head of a column, as ISO, else ""; the last one shows it now."""
    first, last = _line_at(text, day.start)
    alone = re.search(r"\t *(?:ngày *)?$", text[first : day.start].lower()) and re.match(
        r" *(?:\t|$)", text[day.end : last]
    )
    iso = day.iso(int(period[:4])) or ""
    return iso if alone and period in (iso[:7], iso[:4]) else ""


def _of_a_longer_span(day: PrintedDate, period: str) -> bool:
    """Whether a day ends a span that began before the period: `từ ngày 1/7 đến 19/11` in a notice of November."""
    return day.opens is not None and (day.opens.iso(day.year or int(period[:4])) or "") < months_of(period)[0]


def _as_of_days(text: str, items: Sequence[Item], days: Sequence[PrintedDate]) -> set[int]:
    """The places of the days that words such as `đến` or `trích xuất` stand before."""
    found: set[int] = set()
    of_a_week = re.search(WEEK, text, re.IGNORECASE) is not None
    ends = {"as_of": -1, "drawn": -1}
    waiting = iter(sorted(days, key=lambda day: day.start))
    day = next(waiting, None)
    for item in [*items, Item("mark", len(text), len(text))]:
        while day is not None and day.start <= item.start:
            before = [text[end : day.start] for end in ends.values() if 0 <= end <= day.start <= end + REACH_OF_DRAWN]
            drawn = ends["drawn"] if 0 <= day.start - ends["drawn"] <= REACH_OF_DRAWN else -1
            opens = re.search(OPENS_A_SPAN, _before(text, day.start + 3))
            if not opens and (
                text[day.start : day.start + 3].lower() == "đến"
                or (day.opens and of_a_week)
                or any(re.fullmatch(BEFORE_DAY, between.lower()) for between in before)
                or (drawn >= 0 and not re.search(r"[.;,)\n]", text[drawn : day.start]))
            ):
                found.add(day.start)
            day = next(waiting, None)
        ends |= {meaning.kind: item.end for meaning in item.meanings if meaning.kind in ends}
    return found


def week_of(text: str, items: Sequence[Item], of_total: tuple[int, int, int] | None) -> str:
    """The words in a heading or beside the total that say that a notice is of a week, or ""."""
    for found in re.finditer(WEEK, text, re.IGNORECASE):
        beside = of_total and of_total[0] <= found.start() < of_total[1]
        if not _in_table(text, found.start()) and (beside or _is_titled(text, items, found.start())):
            return " ".join(found[0].split())
    return ""


def scope_of(period: str, as_of: str, published: str, since_january: bool) -> str:
    """What the figures of a period count; of a year that was not over on the day of the document it is not known."""
    if since_january:
        return "year_to_date"
    if "-" not in period:
        until = as_of or published
        over = not until or until >= f"{period}-12-31"
        return "year" if over else "year_to_date" if as_of else "unknown"
    return "quarter" if "Q" in period else "month"


def document_of(
    text: str, items: Sequence[Item], days: Sequence[PrintedDate], as_of: str, period: str
) -> tuple[str, str]:
    """The number and the day of the document; "" for what it does not print."""
    numbers = [
        item
        for item in items
        if item.kind == "word" and re.match(r"[0-9]+\s?/", item.text) and not LAW.search(item.text)
        and re.search(r"(?:số|no\.?):?\s*$", text[max(0, item.start - 12) : item.start].lower())
    ]  # fmt: skip
    number = re.sub(r"\s", "", text[numbers[0].start : numbers[0].end]) if numbers else ""
    beginning = f"{months_of(period)[0]}-01"
    candidates = []
    until = _as_of_days(text, items, days)
    for day in days:
        iso = day.iso(int(period[:4]))
        if iso is None or iso < max(beginning, as_of) or day.start in until:
            continue
        distance = abs(day.start - numbers[0].start) if numbers else day.start
        dateline = re.search(DATELINE, text[max(0, day.start - 30) : day.start].lower())
        if dateline or (numbers and distance < 200):
            candidates.append((distance, iso))
    return number, min(candidates)[1] if candidates else ""


def title_of(text: str, entity: str, period: str) -> str:
    """The notice's own title where it has one, else a plain one."""
    for line in text.split("\n")[:20]:
        words = " ".join(line.split())
        if (
            15 <= len(words) <= 200
            and "\t" not in line
            and words[-1] not in ".;:"
            and re.search(r"766|điểm|chỉ số|score|index", words.lower())
        ):
            return words
    return _("Score of {entity}, {period}").format(entity=entity, period=write_period(period))


def publisher_of(text: str, entity: str) -> str:
    """The office that signs, where it is named, also in a letterhead of two lines; else a plain word for it."""
    committee = rf"(?:Ủy ban nhân dân|Uỷ ban nhân dân|UBND)\s+(?P<kind>tỉnh|thành phố)\s+{re.escape(entity)}\b"
    for name, pattern in (
        (
            "Trung tâm Phục vụ hành chính công",
            rf"trung tâm phục vụ hành chính công\s+(?P<kind>tỉnh|thành phố)\s+{entity}\b",
        ),
        (
            "Văn phòng UBND",
            rf"văn phòng\s+{committee}|^\s*{committee}[^\n]*\n\s*văn phòng\s*(?:$|\s{{3}})".replace(
                "?P<kind>", "?:", 1
            ),
        ),
        ("UBND", committee),
    ):
        if match := re.search(pattern, text, re.IGNORECASE | re.MULTILINE):
            kind = "thành phố" if "thành phố" in match[0].lower() else "tỉnh"
            return f"{name} {kind} {entity}"
    return _("Not named in the notice ({entity})").format(entity=entity)

"""Which number of a notice belongs to which name?

A name takes the number that follows it, with nothing between them but words that do not change what is meant. In
`2,2 điểm về công khai` the name follows. Whatever leaves a doubt is left unread with its reason: a change, a target,
another month, another province or a part of this one, a word that is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import takewhile
from types import MappingProxyType

from analysis.language import _
from analysis.notices.doubts import (
    BECAME,
    STATED,
    Scope,
    Zone,
    clauses,
    contrasted,
    counts_something_else,
    in_words,
    marker_of,
    may_be_rank,
    name_behind,
    paired,
    says,
    stated,
    why_not,
)
from analysis.notices.items import Amount, Candidate, Item, Shape, Tops, Unread, candidates_of, figures_of_item
from analysis.notices.phrasebook import Phrasebook
from analysis.notices.tokens import PrintedDate
from analysis.scorecards.history import BASE, RANK, TOTAL
from analysis.scorecards.periods import months_of
from analysis.scorecards.rubric import Rubric

DOUBT = 99  # strangers of a name that takes no number
LOOSE = 40  # letters between a name and a number that may be its score
STRANGERS = 8  # words that may stand between a group and its score with the right maximum
NEARLY = 3  # provinces: `32/35` is a rank misprinted, `12/130` is one of communes
NOWHERE: Zone = MappingProxyType({})


@dataclass
class Attribution:
    """What was read, what was not, and what forbids storing any of it.

    `named` are the places of the names, `loose` the numbers that were left for want of a sure name.
    """

    readings: list[Candidate] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    problems: list[Unread] = field(default_factory=list)
    named: dict[str, list[int]] = field(default_factory=dict)
    loose: list[Amount] = field(default_factory=list)


@dataclass(frozen=True)
class Column:
    """What a column of a table holds: its role, or the codes of the figures that its head names.

    `why`: the reason why it holds nothing of this notice.
    """

    role: str = ""
    codes: tuple[str, ...] = ()
    why: str = ""


@dataclass
class _Name:
    """The name that the next number may belong to; `strangers` counts the words after it that are not known.

    `behind`: it stands after its number; `listed`: in a list of names without numbers; `passed`: a number that was
    left stands after it.
    """

    codes: tuple[str, ...]
    clause: int
    sentence: int
    strangers: int = 0
    behind: bool = False
    listed: bool = False
    passed: bool = False
    taken: set[str] = field(default_factory=set)


class Attributor:
    """Reads sentences and rows of tables one after another; what is found collects in `result`."""

    def __init__(
        self, rubric: Rubric, book: Phrasebook, entity: str, period: str, since_january: bool, as_of: str, week: str
    ) -> None:
        """`week`: the words that say that the notice is of one, or ""."""
        self.rubric, self.book, self.entity, self.period = rubric, book, entity, period
        self.since_january, self.as_of, self.until, self.of_week = since_january, as_of, as_of[:7], week
        self.week = re.sub(r"(?i).*tuần\D{0,5}([0-9]{1,2})\b.*|.*", r"\1", week, count=1)
        self.tops = Tops.of(rubric, as_of[:7] if since_january and as_of else period)
        self.result = Attribution()
        self.name: _Name | None = None
        self.weak: _Name | None = None
        self.clause = self.sentences = 0
        self.joined = self.first_clause = False
        self.of_group = False
        self.in_week = False  # whether the sentence is of the notice's own week
        self.shared = 0  # the sentence of the last reading
        self.then: tuple[bool, list[Item]] = (False, [])  # the next clause, and whether it is joined by `and`

    def sentence(self, items: Sequence[Item], zone: Zone = NOWHERE) -> Scope:
        """Read the items of one sentence, line or cell; the scope at its end says of what the following may be."""
        scope = Scope.after(zone)
        if self._tells_maxima(items):
            scope.hold("kind", "maximum")
        self.sentences += 1
        self.of_group = self.in_week = False
        parts = list(clauses(paired(items)))
        for number, (self.joined, clause) in enumerate(parts):
            self.clause += 1
            self.first_clause = number == 0
            self.then = parts[number + 1] if number + 1 < len(parts) else (False, [])
            scope.next_clause(self.joined and self._is_unanswered())
            if number == 0 and len(parts) > 1 and clause and clause[0].text in ("với", "with"):
                self._expect_total(parts[1][1])
            self._clause(clause, scope)
        return scope

    def _tells_maxima(self, items: Sequence[Item]) -> bool:
        """Whether a sentence says what the groups are out of: `công khai, minh bạch 18 điểm; tiến độ 20 điểm; …`."""
        scores = [item.amount for item in items if item.amount is not None and item.amount.points]
        tops = self.tops.maxima.values()
        return len(scores) > 2 and all(
            score.shape == "points" and not score.decimals and score.value in tops for score in scores
        )

    def _expect_total(self, following: Sequence[Item]) -> None:
        """`Với 86,56 điểm, tỉnh …`: the score is that of the province which the next clause opens with."""
        if any(self._is_home(following, place) for place in range(min(2, len(following)))):
            self.weak = _Name((TOTAL,), self.clause, self.sentences)

    def stop(self) -> None:
        """What follows belongs to no name before it."""
        self.name, self.weak, self.of_group = None, None, False

    def row(self, cells: Sequence[Sequence[Item]], columns: Sequence[Column], zone: Zone, percents: bool) -> None:
        """Read a row of a table under its columns; `zone` is that of the table.

        `percents`: the caption says that the table is of percentages.
        """
        self.stop()
        unknown = Column(why=_("the heads of the columns are not known"))
        pairs = [
            (items, columns[place] if place < len(columns) else unknown) for place, items in enumerate(cells) if items
        ]
        why = Scope.after(zone).why_of_name
        for items, _column in [pair for pair in pairs if pair[1].role == "name"] or [
            pair for pair in pairs if pair[1].role == "order"
        ]:
            scope = self.sentence(items, zone)
            zone, why = scope.zone, scope.why_of_name
            if [item.text for item in takewhile(lambda item: item.text != "(", items)] in (["tổng"], ["cộng"]):
                self.name = _Name((TOTAL,), self.clause, self.sentences)
        if any(column.codes for column in columns):
            why = why or self._of_another([items for items, column in pairs if not column.codes])
        percents = percents or any(
            item.text == "%" for items, column in pairs if column.role in ("unit", "name") for item in items
        )
        for items, column in pairs:
            self.clause += 1
            if column.why:
                for item in items:
                    if item.amount is not None:
                        self._leave(item.amount, column.why)
            elif column.role not in ("name", "order", "unit"):
                self._cell(items, column, why, percents)
        self.stop()

    def _of_another(self, cells: Sequence[Sequence[Item]]) -> str:
        """Why a row of a table whose columns are figures is not of the province: `Cả nước`, a district's name."""
        named = [item for items in cells for item in items]
        meanings = [meaning for item in named for meaning in item.meanings]
        if any(meaning.name == self.entity for meaning in meanings):
            return ""
        markers = [meaning.name for meaning in meanings if meaning.kind == "marker"]
        return (markers or ["part" if any(item.kind == "word" for item in named) else ""])[0]

    def loose_row(self, cells: Sequence[Sequence[Item]], zone: Zone) -> None:
        """Read a row of a table without a header that is known: of two numbers of one kind neither is read."""
        self.stop()
        amounts = [item.amount for cell in cells for item in cell if item.amount is not None]
        maxima = set(self.tops.maxima.values())
        bare = [item for item in amounts if item.shape == "bare" and not (item.value in maxima and not item.decimals)]
        percents = [item for item in amounts if item.shape == "percent"]
        doubtful = [*(bare if len(bare) > 1 else ()), *(percents if len(percents) > 1 else ())]
        for cell in cells:
            kept = [item for item in cell if item.amount is None or item.amount not in doubtful]
            zone = self.sentence(kept, zone).zone
        for amount in doubtful:
            self._leave(amount, _("the heads of the columns are not known"))
        self.stop()

    def _cell(self, items: Sequence[Item], column: Column, zone: str, percents: bool) -> None:
        amounts = [item.amount for item in items if item.amount is not None]
        name = _Name(column.codes, self.clause, self.sentences) if column.codes else self.name
        if column.role == "rank" and name is not None and name.codes == (TOTAL,):
            name = _Name((RANK,), self.clause, self.sentences)  # in the row of the total
        if name is None and self.weak is not None:  # the row of the province in a table of provinces
            name = _Name((RANK if column.role == "rank" else TOTAL,), self.clause, self.sentences)
        for amount in amounts:
            if zone or name is None or name.strangers or len(amounts) > 1:
                self._leave(amount, zone or _("no name that is known stands before it"))
            elif column.role == "base" and amount.shape == "bare" and not amount.decimals:
                codes = [item.code for item in self.result.readings if item.code in name.codes] or name.codes[:1]
                self._add(
                    Candidate(codes[0] + BASE, "indicator", "count", amount.value, 0, None, amount.start, amount.end)
                )
            elif (
                (column.role == "free" or column.codes)
                and amount.shape == "bare"
                and not set(name.codes) & {*self.tops.maxima, RANK}
            ):
                if percents and column.role == "free":
                    self._give(name, replace(amount, shape="percent"))
                else:
                    self._leave(amount, _("the heads of the columns are not known"))
            else:
                self._give(name, _as_column(amount, column.role, RANK in name.codes))

    def _is_unanswered(self) -> bool:
        """Whether a name stands at the end of the last clause without a number: `A và B: 76 %` is of both."""
        name = self.name
        return name is not None and name.clause == self.clause - 1 and not name.taken and not name.strangers

    def _clause(self, items: Sequence[Item], scope: Scope) -> None:
        if any(meaning.kind == "own_index" for item in items for meaning in item.meanings):
            scope.ours("index")
        for place, item in enumerate(items):
            scope.step(item)
            if item.kind == "mark":
                scope.mark(item.text)
            elif item.date is not None:
                self._dated(items[:place], item.date, scope)
            elif item.amount is not None:
                self._number(items, place, item.amount, scope)
                scope.numbered()
            elif item.meanings:
                self._phrase(items, place, scope)
            elif item.text.startswith("tuần "):
                self._of_week(item.text.split()[-1], scope)
            elif item.text != "766":
                scope.skip = ""
                self._stranger()

    def _phrase(self, items: Sequence[Item], place: int, scope: Scope) -> None:
        item = items[place]
        kinds = {meaning.kind: meaning.name for meaning in item.meanings}
        if "figure" in kinds:
            told = {
                marker_of(other) or says(other)
                for number, other in enumerate(items[:place])
                if not self._is_home(items, number)
            }
            if "extreme" in told <= {"extreme", False} and set(figures_of_item(item)) & self.tops.maxima.keys():
                scope.here = ""  # `cao nhất là công khai, minh bạch với 16,1/18 điểm`
                scope.ours("kind")
            self._named(item, scope.why_of_name, scope.negated or scope.joined)
            scope.joined, scope.first, scope.skip = False, False, ""
        elif "province" in kinds:
            before = [other for other in items[:place] if other.text != "."][-1:]
            town = any(other.text in ("thị", "tx") or ("home", "city") in _kinds(other) for other in before)
            area = any(marker_of(other) == "region" for other in before)
            former = [other.text for other in items[place + 1 : place + 3] if other.text != "("][:1] == ["cũ"]
            if area or former or (town and not self.book.provinces[kinds["province"]].city):
                scope.hold("whose", "part")
            elif kinds["province"] == self.entity:
                self._home(items[:place], scope)
            else:
                scope.hold("whose", "leader")
        elif "marker" in kinds:
            self._marked(items, place, kinds["marker"], scope)
        elif "own_index" in kinds:
            scope.ours("index")
            self.weak = _Name((TOTAL,), self.clause, self.sentences)
        elif self._is_home(items, place):
            self._home(items[:place], scope)
        elif "ordinal" in kinds:
            self._ordinal(items, place, kinds["ordinal"], scope.why_of_name)
        elif ("since_january" in kinds and not self.since_january) or ("whole_year" in kinds and len(self.period) > 4):
            scope.hold("when", "since")
        elif not kinds.keys() & {"filler", "as_of", "since_january", "whole_year"}:
            scope.skip = ""
            self._stranger()

    def _is_home(self, items: Sequence[Item], place: int) -> bool:
        """Whether words say that it is of the province: `toàn tỉnh`, `tỉnh đạt`; not `63 tỉnh`, `tỉnh Hà Nam`."""
        item = items[place]
        homes = [meaning.name for meaning in item.meanings if meaning.kind in ("home", "province")]
        if self.entity in homes:
            return True
        if ("city" if self.book.provinces[self.entity].city else "province") not in homes:
            return False
        before, following = items[:place], items[place + 1 : place + 2]
        named = any(meaning.kind == "province" for other in following for meaning in other.meanings)
        strange = [other for other in [*before[-1:], *following] if other.kind in ("word", "amount")]
        alone = item.text in ("tỉnh", "thành", "province", "city")
        return not named and not (alone and (strange or not following))

    def _home(self, before: Sequence[Item], scope: Scope) -> None:
        """The text returns to the province; where it leads its clause, a score that follows is its total."""
        if not any(map(says, before)) or "whose" in scope.opened:
            scope.returns()
            scope.ours("whose")
        kept = [item for item in before if item.text not in ("tỉnh", "thành", "của", "tp", ".", "the")]
        free = scope.zone in ({}, {"kind": "compared"})
        if free and (not kept or kept[-1].kind != "word"):  # not `Công an tỉnh …`, `PAR Index của …`
            self.weak = _Name((TOTAL,), self.clause, self.sentences)

    def _marked(self, items: Sequence[Item], place: int, marker: str, scope: Scope) -> None:
        item = items[place]
        waits = self.name is not None and self.name.clause == self.clause
        if marker == "country" and self.name is not None and RANK in self.name.codes:
            return  # `xếp hạng toàn quốc`
        if marker == "share" and not scope.first:
            self._stranger()
            return
        opens = not any(map(says, items[:place]))
        if marker == "within" and self._of_a_share(opens and self.first_clause):
            scope.hold("kind", marker)
        self.in_week = self.in_week or (marker == "week" and bool(self.of_week))
        if marker == "within" or (marker == "earlier" and not opens) or (marker == "week" and self.of_week):
            return
        if marker == "negation" and waits:
            scope.here = scope.here or marker
        scope.marked(item, marker, self.book.reach[marker])

    def _of_a_share(self, opens: bool) -> bool:
        """Whether the last reading is a share, of this sentence or of the one before it that this one goes on."""
        last = self.result.readings[-1:]
        return bool(last) and last[0].unit == "percent" and self.sentences - self.shared <= opens

    def _of_week(self, number: str, scope: Scope) -> None:
        """A week holds as an other period, unless it is that of the notice."""
        self.in_week = bool(self.of_week) and number == (self.week or number)
        if not self.in_week:
            scope.hold("when", "before" if self.of_week else "week")

    def _is_of_week(self, iso: str) -> bool:
        """Whether a day is one of the seven to the last day of the figures."""
        return bool(iso and self.as_of) and 0 <= (date.fromisoformat(self.as_of) - date.fromisoformat(iso)).days < 7

    def _dated(self, before: Sequence[Item], day: PrintedDate, scope: Scope) -> None:
        """Another period holds to the end of the sentence, unless it is only compared with; so does a span."""
        year, first = int(self.period[:4]), months_of(self.period)[0]
        period, iso = day.period(year), day.iso(year) or ""
        numbers = [item.text.rstrip() for item in before[-2:] if item.kind == "word" and item.text[:1].isdigit()]
        if any(words[-1] not in ".)" for words in numbers):
            return  # of a document; that of a list entry has a mark
        if self.of_week and self._is_of_week(iso):
            self.in_week = True
            scope.ours("when")
        elif day.opens is not None:
            since = day.opens.iso(day.year or year) or day.opens.period(day.year or year) or ""
            whole = since[:7] == first and since[7:] in ("", "-01")
            scope.turn("when", "" if whole else "span")
        elif iso and iso == self.as_of:
            scope.ours("when")
        elif period is None:  # an evaluation of another day
            if first <= iso < self.as_of or (scope.outside and not self.as_of):
                scope.hold("when", "before")
        elif self.since_january and day.month and (day.since_january or (before and _until(before[-1]))):
            self.until = self.until or period  # `6 tháng đầu năm`, `đến hết tháng 6`
            scope.turn("when", "" if period == self.until else "before")
        elif (day.whole or (day.since_january and not self.since_january)) and (day.month or period != self.period):
            scope.hold("when", "since")
        elif self.period.startswith(period):
            if scope.returns():
                self.weak = _Name((TOTAL,), self.clause, self.sentences)
            scope.ours("when")
        else:
            scope.another("before")

    def _named(self, item: Item, zone: str, negated: bool) -> None:
        codes = figures_of_item(item)
        listed = self._is_listed(codes)
        same = self.name is not None and self.name.codes[:1] == codes[:1] and self.name.clause == self.clause
        if same and self.name is not None and self.name.taken:
            self.name.strangers = 0
            return
        doubt = negated or listed
        self.name = _Name(codes, self.clause, self.sentences, strangers=DOUBT if doubt else 0, listed=listed)
        if TOTAL in codes:
            self.of_group = False
        elif RANK not in codes:
            self.weak = None
            self.of_group = True
        if not zone and not negated:
            self.result.named.setdefault(codes[0], []).append(item.end)

    def _is_listed(self, codes: tuple[str, ...]) -> bool:
        """Whether names stand one after another without numbers: `A, B đạt 45 %; 60 %` says of neither which."""
        name = self.name
        if name is None or name.taken or name.passed or {RANK, *codes} & set(name.codes):
            return False
        if name.sentence != self.sentences or (name.strangers and not name.listed):
            return False
        tops = {*self.tops.maxima, RANK}
        return name.clause != self.clause and bool(set(codes) & tops) == bool(set(name.codes) & tops)

    def _ordinal(self, items: Sequence[Item], place: int, words: str, zone: str) -> None:
        name, item = self.name, items[place]
        after_rank = name is not None and RANK in name.codes and not name.strangers and "rank" not in name.taken
        amount = Amount("ordinal", item.start, item.end, Decimal(self.book.ordinals[words]))
        first = words in self.book.first_places
        counted = [other.amount.value for other in items[place + 1 : place + 3] if other.amount]
        among = self.tops.ranked in counted
        joined, then = self.then
        if (
            joined
            and not items[place + 1 :]
            and any(meaning.kind == "ordinal" for item in then[:2] for meaning in item.meanings)
        ):
            zone = zone or "leader"  # `vị trí thứ hai và thứ ba thuộc về …`
        zone = zone or ("region" if counted and not among else "")
        zone = zone or why_not(items[place + 1 :], self.period, self.entity, named=True)
        if zone and (after_rank or first):
            self._leave(amount, zone)
        elif after_rank and name is not None:
            self._give(name, amount)
        elif among or (first and self.weak is not None and not _names_province_after(items, place)):
            self._give(_Name((RANK,), self.clause, self.sentences), amount)
        else:
            self._stranger()

    def _stranger(self) -> None:
        for name in (self.name, self.weak):
            if name is not None:
                name.strangers += 1

    def _number(self, items: Sequence[Item], place: int, amount: Amount, scope: Scope) -> None:
        name, zone = self.name, scope.why
        full = (
            name is not None
            and name.clause == self.clause
            and amount.second == amount.value in map(self.tops.maxima.get, name.codes)
        )
        if zone == "maximum" and not full:  # `đạt tối đa 18/18 điểm` is a score
            if name is not None and amount.shape in ("bare", "points"):
                self._maximum(name, amount)
            return
        if zone and ((full and zone == "maximum") or self._is_value(items, place, amount, scope)):
            zone = ""
        became = zone == "change" and items[place - 1].text in BECAME and not marker_of(items[place - 1])
        if became and name is not None and name.clause == self.clause and self._is_second(name, amount):
            self._refuse(amount, _("another number of this kind stands before it, after the same name"), [])
            return
        if why := zone or self._why_left(items, place, amount):
            self.name = name and replace(name, passed=True)
            self._leave(amount, why)
            return
        choice = next((one for one in self._choices(items, place, amount) if self._may_take(one, amount)), None)
        here = name is not None and name.clause == self.clause and not name.strangers
        if choice is not None:
            self.name = choice if choice.behind else name
            self._give(choice, amount)
        elif name is not None and here and items[place - 1].text != "(" and self._is_second(name, amount):
            self._refuse(amount, _("another number of this kind stands before it, after the same name"), [])
        elif name is not None and here:
            self._give(name, amount)
        else:
            self.result.loose.append(amount)
            self._leave(amount, _("no name that is known stands before it"))

    def _why_left(self, items: Sequence[Item], place: int, amount: Amount) -> str:
        """Why a number in no zone is none of the card all the same, by the words around it."""
        name, following = self.name, items[place + 1 :]
        named = name is not None and name.clause == self.clause
        if why := why_not(following, self.period, self.entity, named):
            return why
        if name is not None and RANK in name.codes:
            why = "" if may_be_rank(following, amount) else "part"
        elif counts_something_else(items, place, amount):
            why = _("it counts something else")
        elif name is not None and items[place - 1].text == "(" and self._is_top(name, amount):
            why = _("it may only be the maximum")
        return why or (_("it counts something else") if amount.shape == "other" else "")

    def _is_value(self, items: Sequence[Item], place: int, amount: Amount, scope: Scope) -> bool:
        """Whether a number is a value of ours although its sentence compares; with it what is compared with is over."""
        why, following = scope.why, items[place + 1 :]
        if why != "compared":
            of_then = why == scope.zone.get("when") and contrasted(following)
            return of_then or (why == scope.here == "change" and self._is_place(amount))
        total = self.weak is not None and amount.points and amount.value > self.tops.largest_group
        if scope.back and (total or stated(items[:place], following, amount)):
            del scope.zone["kind"]
            return True
        return stated(items[:place], following, amount)

    def _is_place(self, amount: Amount) -> bool:
        """Whether a number can only be a rank: `tăng 1 bậc lên thứ 2/34`."""
        return amount.shape == "pair" and not amount.decimals and amount.second == self.tops.ranked

    def _is_indicator(self, name: _Name, following: Sequence[Item], amount: Amount) -> bool:
        """Whether points of an indicator stand behind a percent after a group: `số hóa HS 11,51% (0,46đ/4đ)`."""
        points = following[1].amount if len(following) > 1 and following[0].text == "(" else None
        tops = set(self.tops.indicators.values()) - set(self.tops.maxima.values())
        of_group = name.codes == ("digitisation",) and "points" not in name.taken
        return amount.shape == "percent" and of_group and points is not None and points.second in tops

    def _is_top(self, name: _Name, amount: Amount) -> bool:
        """Whether points are those that a group may have at most: `gồm dịch vụ công trực tuyến (12 điểm)`."""
        tops = {self.tops.maxima.get(code) for code in name.codes}
        return amount.shape == "points" and not amount.decimals and amount.value in tops

    def _choices(self, items: Sequence[Item], place: int, amount: Amount) -> Iterator[_Name]:
        """The names that a number may belong to, the likeliest first."""
        here = self.name is not None and self.name.clause == self.clause
        if self.name is not None and here:
            if self._is_indicator(self.name, items[place + 1 :], amount):
                self.name.codes = ("digitised",)
            yield self.name
        if behind := name_behind(items[place + 1 :], amount):
            yield _Name(behind, self.clause, self.sentences, behind=True)
        if self.name is not None and not here:
            yield self.name
        weak = self.weak if self.weak is not None and self.weak.sentence == self.sentences else None
        score = amount.shape == "points" and amount.decimals and amount.value > self.tops.largest_group
        if weak is not None and weak.strangers <= STRANGERS and score:
            yield replace(weak, strangers=0, clause=self.clause)
        if amount.shape == "pair" and amount.second == self.tops.maxima[TOTAL] and amount.decimals:
            yield _Name((TOTAL,), self.clause, self.sentences)
        counted = any(item.text in STATED for item in items[place + 2 : place + 4])  # `3/34 tỉnh đạt …`
        if self._is_place(amount) and amount.ranked and not counted:
            yield _Name((RANK,), self.clause, self.sentences)

    def _is_second(self, name: _Name, amount: Amount) -> bool:
        """Whether a name that has its figure is followed by another, different one: an old value and a new?"""
        if self._is_share(name, amount):
            return False
        same = [item for code in name.codes for item in self._readings(code, amount) if item.unit in name.taken]
        have = {(item.code, item.unit): item.value for item in self.result.readings}
        return any(have.get((reading.code, reading.unit)) not in (None, reading.value) for reading in same)

    def _may_take(self, name: _Name, amount: Amount) -> bool:
        """Whether the number is a figure of the name that it does not have yet, and nothing between them forbids it.

        A score printed with the right maximum is one beyond doubt, whatever words stand between. A name that has no
        number yet reaches into the next clause, but not past `and`, and a bare number is only of the clause it is in.
        """
        fits = any(reading.unit not in name.taken for code in name.codes for reading in self._readings(code, amount))
        if amount.shape in ("broken", "ambiguous"):
            return name is self.name and name.clause == self.clause and not name.strangers and not name.taken
        if name.strangers:
            maxima = [self.tops.maxima.get(code) for code in name.codes]
            near = self.clause - name.clause <= 1 and name.strangers <= STRANGERS
            return fits and near and amount.second is not None and amount.second in maxima
        if name.clause == self.clause or name.taken:
            scored = amount.shape == "points" and not set(name.codes) & set(self.tops.maxima)  # `90 %, 12 điểm`
            return fits and not (name.clause != self.clause and (amount.shape == "bare" or scored))
        if name.sentence < self.sentences:  # a name at the end of its line, its number on the next
            return fits and self.first_clause and name.sentence == self.sentences - 1
        return fits and amount.shape != "bare" and not self.joined

    def _maximum(self, name: _Name, amount: Amount) -> None:
        maxima = [self.tops.maxima[code] for code in name.codes if code in self.tops.maxima]
        maxima += [self.tops.ranked] if RANK in name.codes and self.tops.ranked else []
        if maxima and amount.value not in maxima:
            self._refuse(amount, _("the maximum printed is {printed}, the rubric says {expected}"), maxima)

    def _give(self, name: _Name, amount: Amount) -> None:
        """Give a number to a name, or leave it with the reason."""
        if amount.shape in ("broken", "ambiguous") and name.taken:
            self._leave(amount, _("the number cannot be read for sure: something touches it"))
            return
        if amount.shape in ("broken", "ambiguous"):
            why = (
                _("the number cannot be read for sure: something touches it")
                if amount.shape == "broken"
                else _("the number can be read in two ways: the notice does not show one decimal mark")
            )
            self.result.problems.append(Unread(amount.start, amount.end, why))
            return
        if amount.shape == "maximum":
            self._maximum(name, amount)
            return
        if RANK in name.codes and self.of_group:
            self._leave(amount, _("it is the rank of a group"))
            return
        for code in name.codes:
            readings = self._readings(code, amount)
            fresh = [reading for reading in readings if reading.unit not in name.taken]
            if fresh:
                name.taken |= {reading.unit for reading in fresh}
                name.codes, name.strangers = (code,), 0
                for reading in fresh:
                    self._add(reading)
                return
        if not self._is_share(name, amount) and not self._is_again(name, amount):
            self._misfit(name, amount)

    def _misfit(self, name: _Name, amount: Amount) -> None:
        """Say why a number is not a figure of the name it follows; a score that contradicts the rubric is refused."""
        maxima = [self.tops.maxima[code] for code in name.codes if code in self.tops.maxima]
        only_scores = len(maxima) == len(name.codes) and "points" not in name.taken
        of_an_indicator = amount.points and amount.second in self.tops.indicators.values()
        if of_an_indicator and amount.second not in (*self.tops.maxima.values(), *maxima):
            self._leave(amount, _("it does not fit the name before it"))  # `số hóa hồ sơ 11,51% (0,46đ/4đ)`
        elif only_scores and amount.shape in ("pair", "points") and (amount.second or 0) <= self.tops.maxima[TOTAL]:
            template = _("more points are printed than the maximum of {expected}")
            if amount.second not in (None, *maxima):
                template = _("the maximum printed is {printed}, the rubric says {expected}")
            self._refuse(amount, template, maxima)
        elif (
            amount.shape == "pair"
            and RANK in name.codes
            and "rank" not in name.taken
            and any(abs(units - (amount.second or 0)) <= NEARLY for units in self.tops.ever_ranked)
        ):
            self._refuse(amount, _("{printed} provinces are printed, {expected} were ranked"), [self.tops.ranked])
        elif amount.shape != "bare" or amount.decimals or amount.value not in maxima:
            self.result.loose.append(amount)
            self._leave(amount, _("it does not fit the name before it"))

    def finish(self) -> None:
        """Refuse what looks like the score of a group, the total or the rank, after its name, and was not read."""
        read_codes = {item.code for item in self.result.readings}
        groups = [item for item in self.result.readings if item.level == "group"]
        if len(groups) >= 3 and all(item.value == item.max for item in groups):
            why = _("every score read is the maximum of its group: the column of the maxima may have been taken")
            self.result.problems += [Unread(item.start, item.end, why) for item in groups]
        scores = {item.code: item for item in groups}
        for entry in self.rubric.combined:
            parts = [scores[code] for code in (entry.code, *entry.groups) if code in scores]
            if len(parts) == 1 + len(entry.groups):
                slack = sum((Decimal(10) ** -item.decimals / 2 for item in parts), Decimal(0))
                if abs(parts[0].value - sum(item.value for item in parts[1:])) > slack:
                    why = _("the scores of its parts do not give it")
                    self.result.problems.append(Unread(parts[0].start, parts[0].end, why))
        for code, top in {RANK: self.tops.ranked, **self.tops.maxima}.items():
            for amount in self.result.loose if code not in read_codes else ():
                near = any(0 <= amount.start - place <= LOOSE for place in self.result.named.get(code, ()))
                doubtful = amount.shape in ("broken", "ambiguous") or amount.second == top
                if (near and doubtful) or (code == TOTAL and amount.second == top):
                    words = _("it may be the {name}, but cannot be read for sure").format(
                        name=self.rubric.name_of(code)
                    )
                    self.result.problems.append(Unread(amount.start, amount.end, words))

    def _readings(self, code: str, amount: Amount) -> list[Candidate]:
        """The figures that a number may be; a rank after the score of a group is that group's."""
        return [] if code == RANK and self.of_group else candidates_of(code, amount, self.tops)

    def _is_again(self, name: _Name, amount: Amount) -> bool:
        """Whether a number only repeats the figure: `thứ hai mươi tư (24/63)`."""
        have = {(item.code, item.value) for item in self.result.readings}
        return any(
            (reading.code, reading.value) in have for code in name.codes for reading in self._readings(code, amount)
        )

    def _is_share(self, name: _Name, amount: Amount) -> bool:
        """Whether a percent beside a score only says how much of the maximum the score is."""
        if amount.shape != "percent" or len(name.codes) != 1 or "points" not in name.taken:
            return False
        score = next((item for item in self.result.readings if item.code == name.codes[0]), None)
        if score is None or not score.max:
            return False
        slack = Decimal(50) * Decimal(10) ** -score.decimals / score.max + Decimal(10) ** -amount.decimals / 2
        return abs(100 * score.value / score.max - amount.value) <= slack

    def _add(self, reading: Candidate) -> None:
        same = [item for item in self.result.readings if (item.code, item.unit) == (reading.code, reading.unit)]
        if self.in_week and reading.level == "indicator":  # a rate of the week is none of the month, a score is
            self.result.unread.append(Unread(reading.start, reading.end, in_words("week")))
            return
        self.shared = self.sentences
        self.of_group = reading.level == "group" or (self.of_group and reading.level == "indicator")
        if not same:
            self.result.readings.append(reading)
        elif all(item.value != reading.value for item in same):
            why = _("the same figure is printed twice with different values")
            self.result.problems += [Unread(item.start, item.end, why) for item in (same[0], reading)]

    def _refuse(self, amount: Amount, template: str, expected: Sequence[Decimal]) -> None:
        printed = amount.second if amount.second is not None else amount.value
        words = template.format(
            printed=printed, expected=", ".join(f"{number:f}" for number in dict.fromkeys(expected))
        )
        self.result.problems.append(Unread(amount.start, amount.end, words))

    def _leave(self, amount: Amount, why: str) -> None:
        self.result.unread.append(Unread(amount.start, amount.end, in_words(why)))


def _until(item: Item) -> bool:
    return any(meaning.kind == "as_of" for meaning in item.meanings)


def _kinds(item: Item) -> set[tuple[str, str]]:
    return {(meaning.kind, meaning.name) for meaning in item.meanings}


def _names_province_after(items: Sequence[Item], place: int) -> bool:
    return any(meaning.kind == "province" for item in items[place + 1 :] for meaning in item.meanings)


def _as_column(amount: Amount, role: str, rank: bool) -> Amount:
    """A bare number of a table with the unit that its column gives it."""
    if amount.shape != "bare":
        return amount
    if role == "score" and not rank:
        return replace(amount, shape="points", points=True)
    shapes: dict[str, Shape] = {"maximum": "maximum", "percent": "percent"}
    return replace(amount, shape=shapes.get(role, "bare"))

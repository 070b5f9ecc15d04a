"""Is a number in a sentence one of this notice, or is it a change, a target, of another month or place?

A sentence has zones: whose its numbers are, of when, of which index, and what kind of number they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise, takewhile

from analysis.language import _
from analysis.notices.items import Amount, Item, figures_of_item
from analysis.notices.phrasebook import AND
from analysis.scorecards.history import RANK

# What a marker makes doubtful: whose a number is, of when, of which index; the others, what kind of number it is.
AXES = {
    "country": "whose", "region": "whose", "part": "whose", "leader": "whose",
    "before": "when", "earlier": "when", "week": "when", "index": "index",
}  # fmt: skip
CARRIED = ("whose", "when", "index")  # hold beyond the sentence that opens with them, until the text returns
SKIPPED = {True: 5, False: 3}  # words within which the number follows that a maximum, or a threshold, is of
BECAME = ("lên", "xuống", "còn", "thành", "đến", "→", "->", "to")  # `81 % tăng lên 85 %`: the first is the old one
STATED = (*BECAME, "đạt", "được", "là", "ở", "mức", "giữ")  # what is said of a value, not of a difference
BEFORE_A_MARKER = ("vào", "trong", "tại", "ở", "của", "theo", "là", "in", "of", "at", "for")
COMPARING = ("so", "nếu", "compared", "cao", "thấp", "higher", "lower", "more", "less")
IN_ORDER = ("lần", "tương")  # `lần lượt`, `tương ứng`
BETWEEN = (",", ";", "lượt", *AND)  # numbers in that order
RATE_WORDS = ("tỷ", "tỉ", "mức", "rate", "share", "percentage")
AFTER_RANK = (  # as tokens are spelt
    "tòan", "cả", "trong", "trên", "tỉnh", "cho", "so", "tăng", "giảm", "sau",
    "of", "out", "nationwide", "nationally", "among",
)  # fmt: skip
MEANS = ("average", "mean", "country")
OF_A_PLAN = ("target", "aim", "plan", "supposition")
Zone = Mapping[str, str]


@dataclass
class Scope:
    """The markers that make numbers another's: `zone` for the sentence, `here` for the clause, `skip` for the next one.

    `zone` is axis → marker, `opened` what of it stands at the opening of the sentence. `negated` and `joined` forbid
    the next name; `first` is true until the sentence has a name or a number; `outside` is what held around the open
    parentheses, `told` why the last number of the clause was left. `reference`: the text is at what it compares with,
    `so với tháng 8 (82,1 điểm)`; `answered`: it has had its numbers; `back`: the text has come back from it.
    """

    zone: dict[str, str]
    opened: set[str] = field(default_factory=set)
    here: str = ""
    skip: str = ""
    steps: int = 0
    told: str = ""
    negated: bool = False
    joined: bool = False
    first: bool = True
    outside: list[tuple[dict[str, str], str]] = field(default_factory=list)
    reference: bool = False
    answered: bool = False
    back: bool = False

    @classmethod
    def after(cls, zone: Zone) -> Scope:
        """The scope of a sentence on which a zone of an earlier one still lies."""
        return cls(dict(zone), set(zone))

    @property
    def why(self) -> str:
        return self.skip or self.why_of_name

    @property
    def why_of_name(self) -> str:
        return self.here or next(
            (self.zone[axis] for axis in ("index", "when", "whose", "kind") if axis in self.zone), ""
        )

    @property
    def carried(self) -> dict[str, str]:
        """What the next sentence is of, too, unless it says otherwise."""
        return {axis: self.zone[axis] for axis in CARRIED if axis in self.opened & self.zone.keys()}

    def hold(self, axis: str, why: str) -> None:
        """Numbers to the end of the sentence are not ours."""
        self.zone.setdefault(axis, why)
        if self.first:
            self.opened.add(axis)

    def ours(self, axis: str) -> None:
        """The text returns to this province, this month, this index; a span that is named stays one."""
        if self.zone.get(axis) not in ("since", "span", "week"):
            self.zone.pop(axis, None)

    def turn(self, axis: str, why: str) -> None:
        """To the notice's own, or away from it for a reason."""
        if why:
            self.hold(axis, why)
        else:
            self.ours(axis)

    def another(self, why: str) -> None:
        """Another period is named: to the end of the sentence, but one it compares with only until the text returns.

        `So với tháng 8, …` is over with its clause, `So với tháng 8 (82,1 điểm), …` with the parentheses.
        """
        if self.first and self.zone.get("kind") == "compared":
            self.zone["when"], self.reference = why, True
        elif not self.compares:
            self.zone["when"] = why
            if self.first:
                self.opened.add("when")

    def returns(self) -> bool:
        """The text comes to this month or province; what it compares with is over if it has had its numbers."""
        if not self.answered or self.outside:
            return False
        self.reference, self.answered, self.back = False, False, True
        if self.zone.get("kind") in MEANS:
            self.zone["kind"] = "compared"
        return True

    def numbered(self) -> None:
        """A number has been read or left."""
        self.told, self.skip, self.first = self.why, "", False
        self.answered |= self.told in (*MEANS, "leader", "target") or (self.reference and self.told == "before")

    def next_clause(self, joined: bool) -> None:
        if self.reference and not self.answered and not self.outside:
            self.ours("when")
            self.reference = False
        self.here, self.skip, self.told, self.negated, self.joined = "", "", "", False, joined

    def step(self, item: Item) -> None:
        if item.kind != "mark":
            self.skip = self.skip if self.steps > 0 else ""
            self.steps -= 1

    def mark(self, text: str) -> None:
        if text == "(":  # what is compared with may go on in the parentheses, past a comma
            self.outside.append((dict(self.zone), self.here))
            if self.here:
                self.zone.setdefault("kind", self.here)
        elif text == ")" and self.outside:
            inside = self.zone
            self.zone, self.here = self.outside.pop()
            self.zone |= {axis: why for axis, why in inside.items() if axis == "index"}  # `(PAR INDEX)`
            if self.reference and self.returns():
                self.ours("when")
        elif text == ":" and self.zone.get("kind") == "compared":
            self.here = ""

    def marked(self, item: Item, marker: str, reach: str) -> None:
        """A marker stands here; one that opens the sentence holds to its end."""
        axis = AXES.get(marker, "kind")
        if reach == "period":
            return
        if reach == "none":
            self.ours("when")
            if marker == "after":
                self.ours("whose")
            self.here = "" if self.here == "change" else self.here
        elif reach == "name":
            self.negated = True
        elif reach == "number":
            self.skip = "change" if marker == "from" else marker
            self.steps = SKIPPED[marker == "maximum"]
        elif marker == "change" and self.first and item.text in COMPARING:
            self.hold("kind", "compared")
        elif self.compares and axis == "when":
            self.another(marker)  # `so với tháng trước`
        elif reach == "sentence" or (self.first and not self.compares):
            self.hold(axis, marker)
        else:
            self.here = self.here or marker

    @property
    def compares(self) -> bool:
        """Whether what follows is what something is compared with: `so với …`, `tăng từ 87,6 điểm của tháng 9`."""
        changes = "change" in (self.here, self.told)
        return changes or (self.first and self.zone.get("kind") == "compared")


def in_words(why: str) -> str:
    """Why a number is not a figure of this notice: the name of a marker, or words already, in the user's language."""
    reasons = {
        "change": _("it is a change or a comparison"),
        "compared": _("it may be a difference: its sentence compares"),
        "before": _("it is of another period"),
        "earlier": _("it is of another period"),
        "span": _("it counts from another day on"),
        "week": _("it counts from another day on"),
        "since": _("it counts since January"),
        "target": _("it is a target"),
        "aim": _("it is a target"),
        "plan": _("it is of a plan"),
        "supposition": _("it is a supposition"),
        "average": _("it is an average"),
        "mean": _("it is an average"),
        "within": _("it is a share of a share"),
        "subset": _("it is a share of a share"),
        "extreme": _("it is the highest or the lowest of several"),
        "carried": _("the text before it is of another period, place or index, and it does not say that it returns"),
        "leader": _("it is of another province"),
        "part": _("it is of a part of the province"),
        "maximum": _("it is a maximum"),
        "country": _("it is of the whole country"),
        "index": _("it is of another index"),
        "region": _("it is of a region"),
        "negation": _("the sentence says that it is not so"),
        "threshold": _("it is a threshold or an approximation"),
    }
    return reasons.get(why, why)


def says(item: Item) -> bool:
    """Whether an item is more than a mark or a word that changes nothing."""
    return item.kind != "mark" and "filler" not in {meaning.kind for meaning in item.meanings}


def marker_of(item: Item) -> str:
    """The name of the marker that a phrase is, or ""."""
    return next((meaning.name for meaning in item.meanings if meaning.kind == "marker"), "")


def clauses(items: Sequence[Item]) -> Iterator[tuple[bool, list[Item]]]:
    """The clauses of a sentence, and whether each is joined to the one before by `and`."""
    joined, clause = False, list[Item]()
    for item in items:
        word = item.text if item.kind == "word" else ""
        if (item.kind == "mark" and item.text in ",;") or word in (*AND, "while", "còn"):
            yield joined, clause
            joined, clause = word in AND, []
        else:
            clause.append(item)
    yield joined, clause


def aside(items: Sequence[Item]) -> tuple[set[int], set[int]]:
    """Where dates stand that are not those of the notice: of a plan, a supposition, another period or a comparison.

    So do the provinces that it compares with. Second, where dates stand in sentences of tasks, which are the notice's
    own only if it has no other. A plan holds to the end of its sentence and reaches back to the number before it, as
    in `Trong quý IV, tỉnh phấn đấu …`.
    """
    asides: set[int] = set()
    tasks: set[int] = set()
    for ends, sentence in groupby(items, lambda item: item.kind == "mark" and item.text in "\n.!?"):
        waiting: list[int] = []
        of_a_plan = compared = of_a_task = False
        depth = 0
        for item in () if ends else sentence:
            marker = marker_of(item)
            if item.kind == "mark" and item.text in "()":
                depth += 1 if item.text == "(" else -1
            if marker in OF_A_PLAN and not compared:
                of_a_plan = True
                asides.update(waiting)
            elif marker == "task":
                of_a_task = True
                tasks.update(waiting)
            elif marker == "before" or (marker == "change" and item.text in COMPARING):
                compared = True
            elif item.kind == "mark" and item.text == "\t":
                waiting, of_a_plan, compared, of_a_task = [], False, False, False  # another cell
            elif (item.text in (",", ";", "thì") and depth <= 0) or item.text == ")":
                compared = False
            elif compared and any(meaning.kind == "province" for meaning in item.meanings):
                asides.add(item.start)
            elif item.amount is not None:
                waiting = []
            elif item.date is not None:
                waiting.append(item.start)
                (asides if of_a_plan or compared else tasks if of_a_task else set()).add(item.start)
    return asides, tasks


def paired(items: Sequence[Item]) -> Sequence[Item]:
    """The sentence with each name before its number where it says `A, B lần lượt đạt 15,0 và 18,9 điểm`.

    Only where as many numbers of one kind follow as names stand before, and no marker between.
    """
    place = next((number for number, item in enumerate(items) if item.text in IN_ORDER), len(items))
    before, after = items[:place], items[place + 1 :]
    names = [item for item in before if figures_of_item(item)]
    last, each = place + 1, list[Item]()
    for item in takewhile(lambda item: item.amount or item.text in BETWEEN or not says(item), after):
        last += 1
        each += [item] if item.amount else []
    kind = each[-1].amount if each else None
    alike = kind and {item.amount.shape for item in each if item.amount} <= {"bare", kind.shape}
    own = list(takewhile(lambda item: not item.amount, reversed(before)))
    if kind is None or not alike or not 1 < len(names) == len(each) or any(map(marker_of, own)):
        return items
    if len(own) == len(before):
        before = [item for item in before if item not in names]
    made = list(before)
    for name, item in zip(names, each, strict=True):
        amount = item.amount and replace(item.amount, shape=kind.shape, points=kind.points)
        made += [name, replace(item, amount=amount), Item("mark", item.end, item.end, text=";")]
    return [*made, *items[last:]]


def contrasted(following: Sequence[Item]) -> bool:
    """Whether the number of an earlier period, or an average, stands behind this one in parentheses."""
    if not following or following[0].text != "(":
        return False
    own = list(takewhile(lambda other: other.text != ")", following[1:]))
    told = any(marker_of(item) in ("before", "average", "mean", "country") or item.date is not None for item in own)
    return told and any(item.amount for item in own)


def stated(before: Sequence[Item], following: Sequence[Item], amount: Amount) -> bool:
    """Whether a number in a comparison is a value, no difference: `đạt 13,8`, `13,8/22`, `13,8 (tháng 6 là 13,6)`."""
    return amount.shape == "pair" or contrasted(following) or bool(before and before[-1].text in STATED)


def why_not(following: Sequence[Item], period: str, entity: str, named: bool) -> str:
    """Why what follows a number in its clause makes it another than the province's of this month, if anything does.

    `named`: a name stands before the number in its clause; else one may stand between the number and such words. In
    parentheses the words count only where no number stands there too.
    """
    if following and following[0].text in BECAME and any(item.amount for item in following[1:3]):
        return "change"
    inside, passed = False, {"filler"} if named else {"filler", "figure"}
    for number, item in enumerate(following):
        kinds = {meaning.kind: meaning.name for meaning in item.meanings}
        if item.text == "(" and not inside:
            own = takewhile(lambda other: other.text != ")", following[number + 1 :])
            if any(other.amount for other in own):
                return ""
            inside = True
        elif item.date is not None:
            printed = item.date.period(int(period[:4]))
            return "" if printed is None or period.startswith(printed) else "before"
        elif kinds.get("marker") in ("part", "target", "average", "before", "earlier", "index", "region", "subset"):
            return kinds["marker"]
        elif kinds.get("marker") == "change":
            goal = "target" in map(marker_of, following[number + 1 : number + 2])
            goal = goal and item.text == "so" and any(other.amount for other in following[number + 2 : number + 3])
            return "change" if item.text in COMPARING and not goal else ""  # `59,9% so với chỉ tiêu 60%`
        elif "province" in kinds and kinds["province"] != entity:
            return "leader"
        elif item.amount or not (kinds.keys() & passed or item.text in BEFORE_A_MARKER):
            return ""
    return ""


def may_be_rank(following: Sequence[Item], amount: Amount) -> bool:
    """Whether what follows lets a number be the province's rank: not `05 sở`, `5 bậc`, `thứ 5 về số hóa hồ sơ`."""
    if any(item.text in ("về", "ở", "in", "on") and figures_of_item(other) for item, other in pairwise(following)):
        return False
    if amount.shape != "bare" or not following or following[0].kind in ("mark", "date"):
        return True
    return following[0].text in AFTER_RANK


def counts_something_else(items: Sequence[Item], place: int, amount: Amount) -> bool:
    """Whether nobody knows what a bare number counts: `1 tin`, or a rate that has lost its sign, `tỷ lệ …: 3.`."""
    if amount.shape != "bare" or amount.counted:
        return False
    following = items[place + 1 : place + 2]
    if following and following[0].kind == "word":
        return True
    rate = any(item.text in RATE_WORDS and not figures_of_item(item) for item in items[:place])
    return rate and not (following and following[0].text == "(")


def name_behind(following: Sequence[Item], amount: Amount) -> tuple[str, ...]:
    """The codes of a name that follows the number in its clause and takes no number of the same kind itself."""
    if amount.shape == "bare" and not amount.counted:
        return ()  # the number of a list or a table, as likely as a figure
    depth = 0
    for number, item in enumerate(following):
        kinds = {meaning.kind for meaning in item.meanings}
        opens = item.text == "(" and depth == 0 and any(map(figures_of_item, following[number + 1 : number + 2]))
        if opens:
            continue  # `60,3 % (hồ sơ nộp trực tuyến)`
        if item.kind == "mark" and item.text in "()":
            depth += 1 if item.text == "(" else -1
        elif depth > 0:
            continue
        elif codes := figures_of_item(item):
            later = [other for other in following[number + 1 :] if other.text not in ("(", ")", ":") and says(other)]
            own = later[0].amount if later else None
            taken = own is not None and (own.shape == "percent") == (amount.shape == "percent")
            rank = RANK in codes and amount.shape != "pair"
            return () if taken or rank or (item.comma and amount.shape == "bare") else codes
        elif not kinds & {"filler", "province"} and item.text != ":":
            return ()
    return ()

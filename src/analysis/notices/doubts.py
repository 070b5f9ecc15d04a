"""Is a number in a sentence one of this notice, or is it a change, a target, of another month or place?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile

from analysis.language import _
from analysis.notices.items import Amount, Item, figures_of_item
from analysis.notices.phrasebook import AND
from analysis.scorecards.history import RANK

SKIPPED = {True: 5, False: 3}  # words within which the number follows that a maximum, or a threshold, is of
BECAME = ("lên", "xuống", "còn", "thành", "đến", "→", "->", "to")  # `81 % tăng lên 85 %`: the first is the old one
BEFORE_A_MARKER = ("vào", "trong", "tại", "ở", "của", "theo", "là", "in", "of", "at", "for")
COMPARING = ("so", "compared", "higher", "lower", "more", "less")
RATE_WORDS = ("tỷ", "tỉ", "mức", "rate", "share", "percentage")
AFTER_RANK = (  # as tokens are spelt
    "tòan", "cả", "trong", "trên", "tỉnh", "cho", "so", "tăng", "giảm",
    "of", "out", "nationwide", "nationally", "among",
)  # fmt: skip


@dataclass
class Scope:
    """Why numbers are not this notice's: `zone` holds for the sentence, `here` for the clause, `skip` for the next.

    `negated` and `joined` forbid the next name; `first` is true until the sentence has a name or a number; `outside`
    are the zones around the open parentheses.
    """

    zone: str
    here: str = ""
    skip: str = ""
    steps: int = 0
    negated: bool = False
    joined: bool = False
    first: bool = True
    outside: list[str] = field(default_factory=list)

    @property
    def why(self) -> str:
        return self.skip or self.here or self.zone

    def next_clause(self, joined: bool) -> None:
        self.here, self.skip, self.negated, self.joined = "", "", False, joined

    def step(self, item: Item) -> None:
        if item.kind != "mark":
            self.skip = self.skip if self.steps > 0 else ""
            self.steps -= 1

    def mark(self, text: str) -> None:
        if text == "(":  # what is compared with may go on in the parentheses, past a comma
            self.outside.append(self.zone)
            self.zone = self.zone or self.here
        elif text == ")" and self.outside:
            self.zone = self.outside.pop()

    def marked(self, marker: str, reach: str) -> None:
        why = not_ours(marker)
        if reach == "none":
            self.zone = "" if self.zone == not_ours("before") else self.zone
            self.here = "" if self.here == not_ours("change") else self.here
        elif reach == "name":
            self.negated = True
        elif reach == "number":
            self.skip, self.steps = why, SKIPPED[marker == "maximum"]
        elif reach == "sentence" or self.first:
            self.zone = self.zone or why
        else:
            self.here = self.here or why


def not_ours(marker: str) -> str:
    """Why a number after a marker is not a figure of this notice."""
    reasons = {
        "change": _("it is a change or a comparison"),
        "before": _("it is of another period"),
        "target": _("it is a target"),
        "average": _("it is an average"),
        "part": _("it is of a part of the province"),
        "maximum": _("it is a maximum"),
        "from": _("it is a change or a comparison"),
        "country": _("it is of the whole country"),
        "index": _("it is of another index"),
        "region": _("it is of a region"),
        "negation": _("the sentence says that it is not so"),
        "threshold": _("it is a threshold or an approximation"),
    }
    return reasons.get(marker, marker)


def says(item: Item) -> bool:
    """Whether an item is more than a mark or a word that changes nothing."""
    return item.kind != "mark" and "filler" not in {meaning.kind for meaning in item.meanings}


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


def why_not(following: Sequence[Item], period: str, entity: str, named: bool) -> str:
    """Why what follows a number in its clause makes it another than the province's of this month, if anything does.

    `named`: a name stands before the number in its clause; else one may stand between the number and such words. In
    parentheses the words count only where no number stands there too.
    """
    if following and following[0].text in BECAME and any(item.amount for item in following[1:3]):
        return not_ours("change")
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
            return "" if printed is None or period.startswith(printed) else not_ours("before")
        elif kinds.get("marker") in ("part", "target", "average", "before", "index", "region"):
            return not_ours(kinds["marker"])
        elif kinds.get("marker") == "change":
            return not_ours("change") if item.text in COMPARING else ""
        elif "province" in kinds and kinds["province"] != entity:
            return _("it is of another province")
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
    rate = any(item.text in RATE_WORDS for item in items[:place])
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

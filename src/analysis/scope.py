"""Is a number in this part of a sentence one of this notice, or a change, a target, of another month or place?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from analysis.language import _
from analysis.pieces import Item
from analysis.wordings import AND

SKIPPED = {True: 5, False: 3}  # words within which the number follows that a maximum, or a threshold, is of


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

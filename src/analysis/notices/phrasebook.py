"""By which words do notices call the figures? The phrases of `data/wordings.toml`, and where a text holds them.

All phrases together are one automaton over words, so a text is read once however many wordings the file has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from analysis import project
from analysis.errors import HistoryError
from analysis.files import Stamp, Toml, stamp_of
from analysis.language import _, slug
from analysis.notices.tokens import Token, fold

AND = ("và", "and")
Reach = Literal["sentence", "clause", "number", "name", "none", "period"]
_ELEMENT = re.compile(r"\[([^\[\]]+)\]|\(([^()]+)\)|([^\[\]()\s]+)")
_PHRASE_WORDS = re.compile(r"[^\W\d_]+|[%]")
# Totals, ranks and groups take points or a rank alone, so that one word is enough to name them.
MAY_BE_SHORT = frozenset(
    {
        "total_score",
        "national_rank",
        "transparency",
        "processing_progress",
        "online_service_provision",
        "online_service",
        "online_payment",
        "satisfaction",
        "digitisation",
    }
)


class Marker(BaseModel):
    """Words after which a number is not this notice's figure, and how far that reaches."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    reach: Reach
    words: tuple[str, ...]


class Fillers(BaseModel):
    """Words that may stand between a name and its number."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    words: tuple[str, ...]


class Province(BaseModel):
    """A province: its other spellings, whether it is a city, the last month it existed, and what it became part of."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    also: tuple[str, ...] = ()
    city: bool = False
    until: str | None = None
    into: str | None = None


class Context(BaseModel):
    """Words that tell which day, month and count a notice is about."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    as_of: tuple[str, ...]
    drawn: tuple[str, ...]
    since_january: tuple[str, ...]
    whole_year: tuple[str, ...]
    document: tuple[str, ...]
    own_index: tuple[str, ...]
    home: dict[str, tuple[str, ...]]


class Exports(BaseModel):
    """What tables of many cards call their columns; `metrics` and `parts` are those of the portal's API.

    `figures` are scores and ranks; a part is written as code and unit, such as "on_time_base count".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    entity: tuple[str, ...]
    year: tuple[str, ...]
    passed_over: tuple[str, ...]
    figures: dict[str, tuple[str, ...]]
    metrics: dict[str, str]
    parts: dict[str, str]

    def columns(self) -> dict[str, tuple[str, str]]:
        """`slug` of a column → what it is, `entity`, `year` or a code, and its unit; "" for one passed over."""
        found = {slug(name): ("", "") for name in self.passed_over}
        found |= {slug(name): ("entity", "") for name in self.entity} | {slug(name): ("year", "") for name in self.year}
        for code, names in self.figures.items():
            found |= {slug(name): (code, "rank" if code.endswith("_rank") else "points") for name in names}
        for name, code in self.metrics.items():
            parts = (("ratio", "percent"), ("numerator", "count"), ("score", "points"))
            found |= {slug(f"{name} {part}"): (code, unit) for part, unit in parts}
            found |= {slug(f"{name} denominator"): (f"{code}_base", "count")}
            found |= {slug(f"{name} maxScore"): (f"max {code}", "points")}
        for name, meaning in self.parts.items():
            code, _space, unit = meaning.rpartition(" ")
            found[slug(name)] = code, unit
        return found


class Wordings(BaseModel):
    """The file `data/wordings.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    abbreviations: dict[str, str]
    figures: dict[str, tuple[str, ...]]
    fillers: Fillers
    markers: dict[str, Marker]
    columns: dict[str, tuple[str, ...]]
    ordinals: dict[str, int]
    context: Context
    provinces: dict[str, Province]
    exports: Exports


class Meaning(NamedTuple):
    """What a phrase stands for: a kind, a name, and for `A … B` the words A that must come before."""

    kind: Literal[
        "figure", "marker", "filler", "ordinal", "as_of", "drawn", "since_january", "whole_year", "document", "column",
        "province", "own_index", "home"
    ]  # fmt: skip
    name: str
    after: int | None = None


class Found(NamedTuple):
    """A phrase in the text: the words from `first` to `last` (EXCLUDED), and everything it may stand for."""

    first: int
    last: int
    meanings: tuple[Meaning, ...]


@dataclass
class _State:
    """A set of places in the graph: where each word leads, and what ends here. Made once and kept."""

    places: frozenset[int]
    found: tuple[Meaning, ...]
    following: dict[str, _State | None] = field(default_factory=dict)


@dataclass
class _Automaton:
    """Phrases as a graph over words, walked by states that are made when they are first reached."""

    edges: list[dict[str, set[int]]] = field(default_factory=lambda: [{}])
    skips: list[set[int]] = field(default_factory=lambda: [set()])
    ends: dict[int, list[Meaning]] = field(default_factory=dict)
    states: dict[frozenset[int], _State] = field(default_factory=dict)

    def add(self, phrase: str, meaning: Meaning, words_of: dict[str, tuple[str, ...]]) -> None:
        at = 0
        for optional, choices, plain in _ELEMENT.findall(phrase):
            after = self._new()
            variants = [
                words for choice in (optional or choices or plain).split("|") if (words := _words(choice, words_of))
            ]
            if not variants:
                continue  # the dash of `Bà Rịa - Vũng Tàu`
            for words in variants:
                place = at
                for number, word in enumerate(words):
                    following = after if number == len(words) - 1 else self._new()
                    self.edges[place].setdefault(word, set()).add(following)
                    place = following
            if optional:
                self.skips[at].add(after)
            at = after
        self.ends.setdefault(at, []).append(meaning)

    def matches(self, words: Sequence[str], first: int) -> Iterator[tuple[int, tuple[Meaning, ...]]]:
        """The ends (EXCLUDED) of the phrases that begin at `first`, shortest first; "" is a word no phrase has."""
        state = self._state({0})
        for last in range(first, len(words)):
            word = words[last]
            if word not in state.following:
                reached = {place for at in state.places for place in self.edges[at].get(word, ())}
                state.following[word] = self._state(reached) if reached else None
            following = state.following[word]
            if following is None:
                return
            state = following
            if state.found:
                yield last + 1, state.found

    def _state(self, reached: set[int]) -> _State:
        """The state of these places and of all that optional words lead to."""
        key = frozenset(reached)
        if key not in self.states:
            todo, places = list(reached), set(reached)
            while todo:
                fresh = self.skips[todo.pop()] - places
                places |= fresh
                todo += fresh
            found = tuple(meaning for at in sorted(places) for meaning in self.ends.get(at, ()))
            self.states[key] = _State(frozenset(places), found)
        return self.states[key]

    def _new(self) -> int:
        self.edges.append({})
        self.skips.append(set())
        return len(self.edges) - 1


class Phrasebook:
    """The wordings, ready to be looked for in a text."""

    def __init__(self, wordings: Wordings) -> None:
        self.provinces, self.exports = wordings.provinces, wordings.exports
        self.export_columns = wordings.exports.columns()
        named = ((name, (name, *province.also)) for name, province in wordings.provinces.items())
        self._provinces = {slug(word): name for name, words in named for word in words}
        self.reach: dict[str, Reach] = {name: marker.reach for name, marker in wordings.markers.items()}
        ordinals = {**{words: number for number, words in enumerate(_in_words(), start=1)}, **wordings.ordinals}
        self.first_places = {fold(words) for words in wordings.ordinals if " " in words}
        self.ordinals = {" ".join(_words(words, {})): value for words, value in ordinals.items()}
        self._words_of = {fold(short): _words(full, {}) for short, full in wordings.abbreviations.items()}
        self._phrases, self._before, self._columns = _Automaton(), _Automaton(), _Automaton()
        before: dict[str, int] = {}
        for code, phrases in wordings.figures.items():
            for phrase in phrases:
                earlier, mark, own = phrase.rpartition("…")
                if code not in MAY_BE_SHORT and len(_words(re.sub(r"\[[^]]*\]", "", own), {})) + bool(mark) < 2:
                    raise HistoryError(
                        _("A wording of {code} has less than two words that may not be missing: {phrase}").format(
                            code=code, phrase=phrase
                        ),
                        [],
                        _("Write it out in data/wordings.toml: it would be found everywhere."),
                    )
                after = before.setdefault(earlier.strip(), len(before)) if mark else None
                self._phrases.add(own, Meaning("figure", code, after), self._words_of)
        for earlier, number in before.items():
            self._before.add(earlier, Meaning("figure", earlier, number), self._words_of)
        self._add("filler", {"": wordings.fillers.words})
        self._add("marker", {name: marker.words for name, marker in wordings.markers.items()})
        self._add("ordinal", {words: (words,) for words in self.ordinals})
        for name in ("as_of", "drawn", "since_january", "whole_year", "document", "own_index"):
            self._add(name, {"": getattr(wordings.context, name)})
        self._add("home", wordings.context.home)
        for name, province in wordings.provinces.items():
            self._add("province", {name: (name, slug(name).replace("-", " "), *province.also)})
        for role, phrases in wordings.columns.items():
            for phrase in phrases:
                self._columns.add(phrase, Meaning("column", role), self._words_of)

    def province_named(self, name: str) -> str:
        """The province with this name or spelling, accents and case ignored; "" where there is none."""
        return self._provinces.get(slug(name), "")

    def words(self, tokens: Sequence[Token]) -> tuple[list[str], list[int]]:
        """The words of the tokens, abbreviations written out, and for each the token it is in.

        What no phrase may hold in its middle (a number, a full stop, the end of a line) is the word "".
        """
        words: list[str] = []
        places: list[int] = []
        for place, token in enumerate(tokens):
            if token.kind == "word":
                full = self._words_of.get(token.text, (token.text,))
                if words[-1:] == ["thủ"] and full == ("tục",) and _text(tokens, place + 1) != "hành":
                    full = ("tục", "hành", "chính")
            elif token.text in (",", "/") or _joins_letters(tokens, place):
                continue
            else:
                full = ("",)
            words += full
            places += [place] * len(full)
        return words, places

    def phrases(self, words: Sequence[str], known: frozenset[str]) -> Iterator[Found]:
        """The phrases from left to right, none within another, the longest at each place.

        `known` are the codes of the rubric: other figures are not looked for. A phrase that needs words before it is
        given whether or not they are there.
        """
        longest = [next(iter(self.at(words, first, known)), None) for first in range(len(words))]
        first = 0
        while first < len(words):
            found = longest[first]
            if found is None:
                first += 1
                continue
            for other in longest[first + 1 : found.last]:  # `mức độ` + `hài lòng trong xử lý …`: the longer one wins
                if other and other.last > found.last and other.last - other.first >= found.last - found.first:
                    found = other
            yield found
            first = found.last

    def at(self, words: Sequence[str], first: int, known: frozenset[str]) -> list[Found]:
        """The phrases that begin at one word, longest first; of the figures only the known ones."""
        choices = []
        for last, meanings in self._phrases.matches(words, first) if words[first] else ():
            if words[last - 1] in AND:
                continue  # optional words may end with one; it joins what follows
            kept = dict.fromkeys(item for item in meanings if item.kind != "figure" or item.name in known)
            if kept:
                choices.append(Found(first, last, tuple(kept)))
        return choices[::-1]

    def befores(self, words: Sequence[str]) -> dict[int, list[int]]:
        """Where words of an `A …` stand: their number → the places of their first words."""
        places: dict[int, list[int]] = {}
        for first, word in enumerate(words):
            for _last, meanings in self._before.matches(words, first) if word else ():
                for meaning in meanings:
                    places.setdefault(meaning.after or 0, []).append(first)
        return places

    def column(self, words: Sequence[str]) -> str | None:
        """The role of a column whose header is these words, or None."""
        for last, meanings in self._columns.matches(words, 0):
            if last == len(words):
                return meanings[0].name
        return None

    def _add(self, kind: str, phrases: dict[str, tuple[str, ...]]) -> None:
        for name, variants in phrases.items():
            for phrase in variants:
                self._phrases.add(phrase, Meaning(kind, name), self._words_of)  # type: ignore[arg-type]


def load_phrasebook(path: Path | None = None) -> Phrasebook:
    """The phrases of `data/wordings.toml`. Raises HistoryError naming the line and field that is wrong."""
    path = path or project.root() / "data" / "wordings.toml"
    return _phrasebook(path, stamp_of([path]) if path.is_file() else ())


@lru_cache(maxsize=4)
def _phrasebook(path: Path, _stamp: Stamp) -> Phrasebook:
    return Phrasebook(Toml(path).read_as(Wordings))


def _text(tokens: Sequence[Token], place: int) -> str:
    return tokens[place].text if place < len(tokens) else ""


def _in_words() -> list[str]:
    """The numbers from 1 to 63 as ordinals are written: `nhất`, …, `hai mươi tư`, …, `sáu mươi ba`."""
    ones = ["", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"]
    after_tens = ["", "mốt", "hai", "ba", "tư", "lăm", "sáu", "bảy", "tám", "chín"]
    written = ["nhất", "hai", "ba", "tư", "năm", "sáu", "bảy", "tám", "chín", "mười"]
    written += [f"mười {'lăm' if one == 'năm' else one}" for one in ones[1:]]
    return written + [f"{ones[ten]} mươi {one}".strip() for ten in range(2, 7) for one in after_tens][:44]


def _words(text: str, words_of: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    parts = _PHRASE_WORDS.findall(fold(text))
    return tuple(word for part in parts for word in words_of.get(part, (part,)))


def _joins_letters(tokens: Sequence[Token], place: int) -> bool:
    """Whether a full stop stands between letters without a space, as in `TP.HCM`."""
    if tokens[place].text != "." or not 0 < place < len(tokens) - 1:
        return False
    before, after = tokens[place - 1], tokens[place + 1]
    return (
        before.kind == after.kind == "word" and before.end == tokens[place].start and tokens[place].end == after.start
    )

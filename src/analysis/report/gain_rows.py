"""Which few rows must a sheet keep so that plain formulas give the gain of any rates that are typed?

Within one hypothesis a higher goal never lowers a gain, so the lowest target of its rules gives the highest gain and
the highest target the lowest. The gain falls point for point, or not at all, as today's score of a group rises:

* the least gain Σ max(0, goal − score) is convex in the scores: what a group scores above its lowest goes into the
  levers first, each up to its goal, and only then into the rest;
* the greatest gain is a maximum over which levers stand above their goals today (they take any score at no cost), and
  is linear once that is said: what is above the lowest goes into the rest first, then into the levers below.

So a row holds one hypothesis of a group and one set of levers above their goals, and nothing in it has to be ruled out
when a rate changes: a set that does not occur gives less than one that does. A lever above its goal matters only where
its rate is not printed (see `Handle.doubtful`). Where it may have had nothing to count there is no rate to raise: rows
of their own have it among the rest, with a score of 0. Sums over groups meet the totals once, before any rate is known.

What levers move besides (`levers.toml`) is raised with them, at the least and at the most, as in `whatif.gains`: an
indicator with a printed rate is one more lever whose rate wanted is a formula; one without adds at most what it lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import ceil, prod

from analysis.decisions.levers import Lever
from analysis.decisions.whatif import TOGETHER, may_be_nothing
from analysis.identification.identify import Hypothesis, Identified
from analysis.identification.joint import Boxes, join
from analysis.interval import TOLERANCE, Interval, total
from analysis.scorecards.rubric import Group

STEP = 100  # rates are typed to 0,01
DIGITS = 12


@dataclass(frozen=True)
class Handle:
    """A lever as a sheet offers it: the lowest rate in percent that may be typed, and the rate that the report uses.

    From the lowest rate on, the goal is at least today's highest score under every rule; unless the lever is
    `doubtful`, which costs twice as many rows.
    """

    code: str
    lowest: float
    target: float | None
    doubtful: bool


@dataclass(frozen=True)
class Scored:
    """A lever under one hypothesis: its maximum in points, the targets of its rules, and today's score."""

    code: str
    max: float
    target_low: float
    target_high: float
    low: float
    high: float


@dataclass(frozen=True)
class Kind:
    """Hypotheses of one group that treat its levers alike. `rest_high` is the most that the other indicators score.

    Levers that had nothing to count are among the others.

    `low` and `high` are of the group's score, `bottom` is the sum of the lowest scores, all in points.
    """

    group: str
    low: float
    high: float
    bottom: float
    rest_high: float
    levers: tuple[Scored, ...]


@dataclass(frozen=True)
class Row:
    """A kind, and which of its levers stand at or above their goals today."""

    kind: Kind
    above: frozenset[str]


@dataclass(frozen=True)
class Sum:
    """One row of each group with levers, by number, that hold together in every month.

    `low` and `high` are of today's total before it is held to the printed one; `room` is by how much the groups without
    levers may rise.
    """

    rows: tuple[int, ...]
    low: float
    high: float
    room: float


@dataclass(frozen=True)
class Block:
    """Levers that a sheet weighs together, and what they may move besides.

    `carried` have a printed rate; of those `unseen` it is not known where they start.
    """

    name: str
    typed: tuple[Handle, ...]
    carried: tuple[str, ...]
    unseen: tuple[str, ...]

    @classmethod
    def of(cls, name: str, typed: Sequence[Handle], identified: Identified, acts: Mapping[str, Lever]) -> Block:
        """The block of some levers; `acts` say what each moves."""
        moved = dict.fromkeys(
            code
            for item in typed
            for code, by in effects_of(item, acts).items()
            if code != item.code and by.high > 0 and not identified.readings[code].empty
        )
        printed = [code for code in moved if identified.readings[code].rate is not None]
        return cls(name, tuple(typed), tuple(printed), tuple(code for code in moved if code not in printed))

    @property
    def handles(self) -> list[Handle]:
        """All that may be raised. What is carried may end below today's highest score, so it is doubtful."""
        own = {item.code: item for item in self.typed}
        moved = {code: own.get(code, Handle(code, 0.0, None, True)) for code in (*self.carried, *self.unseen)}
        return list((own | {code: replace(item, doubtful=True) for code, item in moved.items()}).values())


def handles(identified: Identified, levers: Mapping[str, float]) -> list[Handle]:
    """The report's own levers, then every other indicator with a printed rate below 100 % that can score."""
    found = [_handle(identified, code, target) for code, target in levers.items()]
    for code, reading in identified.readings.items():
        scored = any(item.allotment.get(code) for item in hypotheses_of(identified, code))
        if code not in levers and reading.rate is not None and reading.rate.high < 100 and scored:
            found.append(_handle(identified, code, None))
    return found


def within(
    identified: Identified, offered: Sequence[Handle], acts: Mapping[str, Lever], most: int
) -> tuple[list[Handle], list[Handle]]:
    """The levers that fit into so many rows, and those left out: of the groups that multiply most, last ones first.

    A lever of the report is left out only where its rate is not printed and nothing else is left to leave out.
    """
    kept = list(offered)

    def count(levers: Sequence[Handle]) -> int:
        return _count(identified, Block.of(TOGETHER, levers, identified, acts).handles)

    while count(kept) > most:
        candidates = [item for item in kept if item.target is None] or [item for item in kept if item.doubtful]
        if not candidates:
            break
        counts = {item: count([one for one in kept if one is not item]) for item in reversed(candidates)}
        kept.remove(min(counts, key=lambda item: counts[item]))
    return kept, [item for item in offered if item not in kept]


def survey(identified: Identified, levers: Sequence[Handle]) -> tuple[list[Row], list[Sum]]:
    """The rows of the groups with levers, and which of them hold together under the totals of all months."""
    kinds: dict[str, list[Kind]] = {}
    boxes = []
    touched = [group.code for group in identified.groups if _inside(group, levers)]
    for group in identified.groups:
        ways = _ways(identified, group, levers)
        items = [item for item, _inside in ways]
        found = [_kind(group, item, inside) for item, inside in ways]
        kinds[group.code] = list(dict.fromkeys(found))
        extra = []
        for kind in found:
            numbers = [float(kinds[group.code].index(kind)) * (group.code == code) for code in touched]
            extra.append([*numbers, 0.0 if group.code in touched else kind.high - kind.low])
        spans = [item.group_score() for item in items]
        parts = [[span, *item.elsewhere] for span, item in zip(spans, items, strict=True) if span is not None]
        boxes.append(Boxes.of(parts, [1] * len(items), extra))
    joined = join(boxes, identified.totals or (identified.total,), identified.sums)
    doubtful = {handle.code for handle in levers if handle.doubtful}
    rows: dict[Row, int] = {}
    sums = []
    for low, high, extra_row in zip(joined.low[:, 0], joined.high[:, 0], joined.extra, strict=True):
        chosen = [kinds[code][round(number)] for code, number in zip(touched, extra_row, strict=False)]
        for case in product(*(_rows(kind, doubtful) for kind in chosen)):
            numbered = tuple(rows.setdefault(row, len(rows)) for row in case)
            sums.append(Sum(numbered, float(low), float(high), float(extra_row[-1])))
    return list(rows), sums


def _handle(identified: Identified, code: str, target: float | None) -> Handle:
    rate = identified.readings[code].rate
    if rate is None:
        return Handle(code, 0.0, target, doubtful=True)
    sure = rate.high
    for item in hypotheses_of(identified, code):
        if maximum := item.allotment[code]:
            sure = max(sure, max(rule.target for rule in item.rules[code]) * item.scores[code].high / maximum)
    doubtful = target is not None and target < sure
    lowest = _upwards(rate.low if doubtful else sure)
    return Handle(code, lowest if target is None else min(lowest, target), target, doubtful)


def hypotheses_of(identified: Identified, code: str) -> Sequence[Hypothesis]:
    return identified.hypotheses[identified.group_of(code).code]


def _upwards(rate: float) -> float:
    """The lowest rate with two decimals that is not below a rate."""
    step = ceil(rate * STEP - TOLERANCE)
    return min((step if step / STEP >= rate else step + 1) / STEP, 100.0)


def _inside(group: Group, levers: Iterable[Handle]) -> list[str]:
    codes = {indicator.code for indicator in group.indicators}
    return [handle.code for handle in levers if handle.code in codes]


def _ways(identified: Identified, group: Group, levers: Sequence[Handle]) -> list[tuple[Hypothesis, list[str]]]:
    """The hypotheses of a group, each with its levers; with and without those that may have had nothing to count."""
    inside, ways = _inside(group, levers), []
    for item in identified.hypotheses[group.code]:
        doubted = [code for code in inside if may_be_nothing(identified, item, code)]
        for case in product((False, True), repeat=len(doubted)):
            empty = [code for code, chosen in zip(doubted, case, strict=True) if chosen]
            narrowed = replace(item, scores={**item.scores, **dict.fromkeys(empty, Interval.point(0.0))})
            if narrowed.group_score() is not None:
                ways.append((narrowed, [code for code in inside if code not in empty]))
    return ways


def _kind(group: Group, hypothesis: Hypothesis, inside: Sequence[str]) -> Kind:
    score = hypothesis.group_score()
    assert score is not None  # only hypotheses that can give the printed score survive
    rest = total(span for code, span in hypothesis.scores.items() if code not in inside)
    scored = []
    for code in inside:
        targets, span = [rule.target for rule in hypothesis.rules[code]], hypothesis.scores[code]
        scored.append(
            Scored(code, hypothesis.allotment[code], min(targets), max(targets), _plain(span.low), _plain(span.high))
        )
    bottom = rest.low + sum(item.low for item in scored)
    low, high, bottom, rest_high = (_plain(number) for number in (score.low, score.high, bottom, rest.high))
    return Kind(group.code, low, high, bottom, rest_high, tuple(scored))


def _plain(number: float) -> float:
    return round(number, DIGITS) + 0.0


def _rows(kind: Kind, doubtful: Iterable[str]) -> list[Row]:
    """A kind under each set of levers that may stand above their goals."""
    open_levers = [item.code for item in kind.levers if item.code in doubtful and item.high > item.low]
    cases = product((False, True), repeat=len(open_levers))
    return [Row(kind, frozenset(code for code, high in zip(open_levers, case, strict=True) if high)) for case in cases]


def _count(identified: Identified, levers: Sequence[Handle]) -> int:
    """How many sums there are at most: the product over the groups."""
    doubtful = {handle.code for handle in levers if handle.doubtful}
    by_group = []
    for group in identified.groups:
        kinds = {_kind(group, item, inside) for item, inside in _ways(identified, group, levers)}
        if not _inside(group, levers):
            kinds = {Kind(kind.group, kind.low, kind.high, 0.0, 0.0, ()) for kind in kinds}
        by_group.append(sum(len(_rows(kind, doubtful)) for kind in kinds))
    return prod(by_group)


def effects_of(item: Handle, acts: Mapping[str, Lever]) -> Mapping[str, Interval]:
    return acts[item.code].effects if item.code in acts else {}

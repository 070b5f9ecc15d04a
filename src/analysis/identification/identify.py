"""Which rules fit what was published, and what do they leave open?

A rubric is a family of rules. A member survives when some true rates and scores behind the printed ones would give
every printed figure: each group inside its rounding, and the sum of all groups inside the total's, in the month asked
about and in every other month that is held against the same rules. Everything later (losses, gains) is a bound over the
survivors, and attained by one of them.

A target may have changed inside the regime (`Indicator.over_time`). A member is then what was in force in the month
asked about; it survives when some course of time explains every other month: earlier ones by its own target or one
before it, later ones by its own or one after it, each change at one month for all.

Groups depend on each other only through the totals, so members are never multiplied out: each group keeps its own
survivors, and sums over groups are combined from a few numbers each (see `joint`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import combinations_with_replacement
from math import prod
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import ContradictionError
from analysis.identification.evidence import Evidence, Reading, figure_words, read_card
from analysis.identification.joint import Boxes, Joined, Sum, join
from analysis.interval import TOLERANCE, Interval, hull, total, union
from analysis.language import _, write_range
from analysis.scorecards.history import BASE, TOTAL, card
from analysis.scorecards.rubric import Group, Indicator, Rubric, Rule

Key = tuple[str, str]  # entity, period
Months = tuple[str, str]  # first and last, both INCLUDED
Scores = tuple[Interval, ...]  # one a card


@dataclass(frozen=True)
class Identified:
    """The survivors: the contract between identification and every question asked of it.

    `others` are the other months that the same rules explain. `totals` are those of the month asked about and then of
    those others whose total any joint choice of survivors may miss (`Hypothesis.elsewhere` has these only); `sums` are
    groups that such a month prints as one.
    """

    rubric: Rubric
    entity: str
    period: str
    groups: tuple[Group, ...]
    readings: Mapping[str, Reading]
    hypotheses: Mapping[str, tuple[Hypothesis, ...]]
    total: Interval
    survivors: int
    others: tuple[Key, ...] = ()
    totals: tuple[Interval, ...] = ()
    sums: tuple[Sum, ...] = ()
    _boxes_of: dict[int, tuple[tuple[Hypothesis, ...], list[Part], Boxes]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @cached_property
    def memo(self) -> dict[Any, Any]:
        """What was worked out of it by whoever asked, so that nothing is worked out twice."""
        return {}

    def group_of(self, code: str) -> Group:
        """The group that holds an indicator."""
        return next(group for group in self.groups if any(item.code == code for item in group.indicators))

    def scores(self, codes: Iterable[str]) -> Interval:
        """Bounds of the points that these indicators scored together."""
        chosen = frozenset(codes)
        return self.bound(lambda hypothesis: [Part(hypothesis.scores, chosen & set(hypothesis.scores), 0.0)], sign=1)

    def lost(self, codes: Iterable[str]) -> Interval:
        """Bounds of the points that these indicators lost together; many answers ask for the same."""
        chosen = frozenset(codes)
        known: Interval | None = self.memo.get(("lost", chosen))
        if known is not None:
            return known

        def parts(hypothesis: Hypothesis) -> list[Part]:
            inside = chosen & set(hypothesis.scores)
            return [Part(hypothesis.scores, inside, sum(hypothesis.allotment[code] for code in inside))]

        lost = self.memo["lost", chosen] = self.bound(parts)
        return lost

    def bound(self, parts: Callable[[Hypothesis], list[Part]], sign: int = -1) -> Interval:
        """Sharp bounds of `constant + sign × Σ chosen scores` over all survivors and all scores they allow.

        `parts` splits a hypothesis into cases; each case narrows the scores and names those that count.
        """
        _cases, joined = self._joined(parts)
        ends = self._ends(joined, sign)
        return Interval(float(ends.min()), float(ends.max()))

    def extreme(
        self, parts: Callable[[Hypothesis], list[Part]], sign: int = -1, highest: bool = False
    ) -> tuple[float, dict[str, Part]]:
        """One end of `bound`, and the case of each group under which it is attained."""
        cases, joined = self._joined(parts)
        ends = self._ends(joined, sign)
        end, row = np.unravel_index(ends.argmax() if highest else ends.argmin(), ends.shape)
        chosen = joined.choices_of(int(row))
        attained = {group.code: cases[group.code][choice] for group, choice in zip(self.groups, chosen, strict=True)}
        return float(ends[end, row]), attained

    def _ends(self, joined: Joined, sign: int) -> NDArray[np.float64]:
        """The least and the most of `constant + sign × Σ chosen`, shape (2, joint choices)."""
        most, most_room, least, least_room, constant = joined.extra.T
        low, high = joined.low[:, 0], joined.high[:, 0]
        first, last = np.maximum(low, self.total.low), np.minimum(high, self.total.high)
        chosen_high = most + np.minimum(np.maximum(last - low, 0), most_room)
        chosen_low = least + np.maximum(np.maximum(first - low, 0) - least_room, 0)
        ends = np.stack([constant + sign * chosen_low, constant + sign * chosen_high])
        return ends if sign > 0 else ends[::-1]

    def _joined(self, parts: Callable[[Hypothesis], list[Part]]) -> tuple[dict[str, list[Part]], Joined]:
        cases: dict[str, list[Part]] = {}
        boxes = []
        for group in self.groups:
            asked = [(hypothesis, parts(hypothesis)) for hypothesis in self.hypotheses[group.code]]
            if all(len(found) == 1 and found[0].is_plain(hypothesis) for hypothesis, found in asked):
                cases[group.code], box = self._plain(group.code, asked)
            else:
                cases[group.code], box = _boxes(asked)
            boxes.append(box)
        return cases, join(boxes, self.totals or (self.total,), self.sums)

    def _plain(self, group: str, asked: Sequence[tuple[Hypothesis, list[Part]]]) -> tuple[list[Part], Boxes]:
        """`_boxes` of a group of which nothing is asked: most questions are of few groups, the others stay the same."""
        items = self.hypotheses[group]
        if id(items) not in self._boxes_of:
            self._boxes_of[id(items)] = items, *_boxes(asked)
        _items, cases, boxes = self._boxes_of[id(items)]
        return cases, boxes


def _boxes(asked: Iterable[tuple[Hypothesis, list[Part]]]) -> tuple[list[Part], Boxes]:
    """The cases of a group's hypotheses that can give its printed score, those alike as one; and their boxes."""
    rows: dict[tuple[float, ...], tuple[Part, Sequence[Interval]]] = {}
    for hypothesis, parts in asked:
        elsewhere = [number for item in hypothesis.elsewhere for number in (item.low, item.high)]
        for part in parts:
            summary = part.summary(hypothesis.printed)
            if summary is not None:
                key = tuple([round(number, 10) for number in (*summary, *elsewhere)])
                rows.setdefault(key, (part, hypothesis.elsewhere))
    boxes = Boxes.of(
        [[Interval(key[0], key[1]), *elsewhere] for key, (_part, elsewhere) in rows.items()],
        [1] * len(rows),
        [key[2:7] for key in rows],
    )
    return [part for part, _elsewhere in rows.values()], boxes


@dataclass(frozen=True)
class Part:
    """One case of a hypothesis: what each indicator may have scored, which of them count, and a constant to add."""

    scores: Mapping[str, Interval]
    chosen: frozenset[str]
    constant: float
    origin: Any = None

    def is_plain(self, hypothesis: Hypothesis) -> bool:
        """Whether it is the hypothesis as it stands, of which nothing counts."""
        nothing = not self.chosen and self.constant == 0 and self.origin is None
        return nothing and self.scores is hypothesis.scores

    def summary(self, printed: Interval) -> tuple[float, ...] | None:
        """Seven numbers that add over groups, or None if the case cannot give the printed group score.

        Lowest and highest group score; the most that the chosen may have at the lowest score, and by how much that
        grows point for point as the score rises; the least that they must have there, and by how much the score may
        rise before that grows; the constant. The chosen and the rest are boxes with one sum, so both curves have
        slopes of 0 and 1 only, and over several groups the slope of 1 comes first (most) or last (least).
        """
        chosen = total(self.scores[code] for code in self.chosen)
        rest = total(score for code, score in self.scores.items() if code not in self.chosen)
        score = (chosen + rest).meet(printed)
        if score is None:
            return None
        low, high = score.low, score.high
        most = min(chosen.high, max(low - rest.low, chosen.low))
        least = max(chosen.low, min(low - rest.high, chosen.high))
        most_room = max(0.0, min(high, chosen.high + rest.low) - low)
        least_room = min(max(0.0, chosen.low + rest.high - low), high - low)
        return low, high, most, most_room, least, least_room, self.constant


def identify(
    history: pd.DataFrame,
    rubric: Rubric,
    entity: str,
    period: str,
    together: Iterable[Key] = (),
) -> Identified:
    """The members of the family that agree with every figure of the month jointly, and of the months `together` too.

    Raises
    ------
    ContradictionError: no member agrees; the figures in conflict and the rules tried are named.
    NoTotalError, UnknownNameError: from `history.card`.
    """
    card(history, entity, period)
    others = tuple(key for key in dict.fromkeys(together) if key != (entity, period))
    cards = [read_card(history, rubric, *key) for key in ((entity, period), *others)]
    return identify_cards(cards, rubric)


def identify_cards(cards: Sequence[Evidence], rubric: Rubric) -> Identified:
    """The members of the family that agree with every card; the first is the one asked about. Raises as `identify`."""
    first, *rest = cards
    found = {group.code: tuple(hypotheses_of(group, cards, rubric)) for group in first.groups}
    totals, sums = tuple(item.total for item in cards), tuple(_sums(first, rest))
    joined = _join_all(found.values(), totals, sums)
    if not len(joined.low):
        raise ContradictionError(
            _("No rules give all the groups and the total together."),
            [figure_words(item.figures, code, "points") for item in cards for code in (TOTAL, *item.printed)]
            + [
                _("groups that the rules allow sum to {scores}").format(
                    scores="; ".join(write_range(item.low, item.high, 3) for item in _sum_of(found.values()))
                )
            ],
            _("One of these figures is wrong, or the rules in force were others."),
        )
    alive = joined.choices_alive()
    kept = {
        code: [items[choice] for choice in sorted(alive[number])] for number, (code, items) in enumerate(found.items())
    }
    telling = _telling(kept.values(), totals, sums)
    return Identified(
        rubric=rubric,
        entity=first.entity,
        period=first.period,
        groups=first.groups,
        readings=first.readings,
        hypotheses={
            code: tuple(replace(one, elsewhere=tuple(one.elsewhere[month - 1] for month in telling)) for one in items)
            for code, items in kept.items()
        },
        total=first.total,
        survivors=round(joined.members.sum()),
        others=tuple((item.entity, item.period) for item in rest),
        totals=(first.total, *(totals[month] for month in telling)),
        sums=tuple(replace(item, month=1 + telling.index(item.month)) for item in sums),
    )


def explained(cards: Sequence[Evidence], rubric: Rubric) -> bool:
    """Whether some member of the family agrees with every card."""
    first, *rest = cards
    found = []
    for group in first.groups:
        found.append(explaining(group, cards, rubric))
        if not found[-1]:
            return False
    return bool(len(_join_all(found, [item.total for item in cards], tuple(_sums(first, rest))).low))


def _join_all(groups: Iterable[Sequence[Hypothesis]], totals: Sequence[Interval], sums: Sequence[Sum]) -> Joined:
    """Every joint choice of hypotheses, one of each group, that meets the totals."""
    boxes = [
        Boxes.of(
            [[_span(item), *item.elsewhere] for item in items], [item.members for item in items], [[]] * len(items)
        )
        for items in groups
    ]
    return join(boxes, totals, sums, exact=0)


def _telling(groups: Iterable[Sequence[Hypothesis]], totals: Sequence[Interval], sums: Sequence[Sum]) -> list[int]:
    """The other months whose total some choice of hypotheses misses, or that print groups as one: number from 1."""
    lowest, highest = np.zeros(len(totals) - 1), np.zeros(len(totals) - 1)
    for items in groups:
        lowest += np.array([[span.low for span in item.elsewhere] for item in items]).max(axis=0)
        highest += np.array([[span.high for span in item.elsewhere] for item in items]).min(axis=0)
    return [
        month
        for month, (low, high) in enumerate(zip(lowest, highest, strict=True), start=1)
        if low > totals[month].high + TOLERANCE
        or high < totals[month].low - TOLERANCE
        or any(item.month == month for item in sums)
    ]


def _sums(first: Evidence, rest: Sequence[Evidence]) -> Iterator[Sum]:
    """The groups of the first card that another card prints as one."""
    for month, item in enumerate(rest, start=1):
        for group in item.groups:
            inside = {indicator.code for indicator in group.indicators}
            numbers = frozenset(
                number
                for number, own in enumerate(first.groups)
                if inside > {indicator.code for indicator in own.indicators}
            )
            if numbers:
                yield Sum(month, numbers, item.printed[group.code])


def _span(hypothesis: Hypothesis) -> Interval:
    score = hypothesis.group_score()
    assert score is not None  # only hypotheses that can give the printed score are kept
    return score


def _sum_of(groups: Iterable[tuple[Hypothesis, ...]]) -> list[Interval]:
    sums = [Interval.point(0.0)]
    for items in groups:
        spans = union(_span(item) for item in items)
        sums = union(first + second for first in sums for second in spans)
    return sums


@dataclass(frozen=True)
class Hypothesis:
    """Members of the family that score one group alike, in the month asked about and in every other one.

    `scores` is what each indicator may have scored in the month asked about, `rules` the rules that say so; one rule of
    each indicator makes one member. `printed` is the rounding interval of the group's published score. `elsewhere` is
    what the group may have scored in each of the other months: where a target changed, the hull over every course of
    time that explains the group, each of which was held to every printed score of it.
    """

    scores: Mapping[str, Interval]
    rules: Mapping[str, tuple[Rule, ...]]
    printed: Interval
    elsewhere: tuple[Interval, ...] = ()

    @property
    def members(self) -> int:
        return prod(len(rules) for rules in self.rules.values())

    @property
    def allotment(self) -> dict[str, float]:
        """The maximum of each indicator."""
        return {code: rules[0].max for code, rules in self.rules.items()}

    def group_score(self) -> Interval | None:
        """The group's unrounded score, or None if these rules cannot give the printed one."""
        return total(self.scores.values()).meet(self.printed)


def hypotheses_of(group: Group, cards: Sequence[Evidence], rubric: Rubric) -> Iterator[Hypothesis]:
    """The members of one group that can give its printed score on every card, those that score alike taken together.

    Raises ContradictionError when there is none.
    """
    found = explaining(group, cards, rubric)
    yield from found
    if not found:
        raise ContradictionError(
            _("No rule of {rubric} gives the score of {group} from its printed rates.").format(
                rubric=rubric.id, group=group.name
            ),
            [
                *(words for item in cards for words in _printed_in_words(group, item)),
                _("rules tried: {count}; they give {scores}").format(
                    count=group.size(),
                    scores="; ".join(write_range(item.low, item.high, 2) for item in _tried(group, cards[0], rubric))
                    or _("no score"),
                ),
            ],
            _("A figure is wrong, or the rules in force were others. Check these figures against the source."),
        )


def explains(group: Group, cards: Sequence[Evidence], rubric: Rubric) -> bool:
    """Whether some rules of one group give its printed score on every card, whatever the totals say."""
    return _some_explains(*_asked(group, cards, rubric))


def explaining(group: Group, cards: Sequence[Evidence], rubric: Rubric) -> tuple[Hypothesis, ...]:
    """`hypotheses_of`, none where there is none."""
    return _explaining(*_asked(group, cards, rubric))


def _asked(group: Group, cards: Sequence[Evidence], rubric: Rubric) -> _Asked:
    """What cards say of one group, for `_hypotheses`."""
    readings = tuple(tuple(item.readings[one.code] for item in cards) for one in group.indicators)
    times = tuple(item.months for item in cards) if any(one.over_time for one in group.indicators) else ()
    limits = tuple(_limits(group, cards))
    return group, readings, limits, rubric.rounding, cards[0].printed[group.code], times


@dataclass(frozen=True)
class _Limit:
    """A printed sum that the rules of a group must give: the month's number, which indicators, the interval."""

    month: int
    inside: tuple[bool, ...]
    printed: Interval


_Asked = tuple[Group, tuple[tuple[Reading, ...], ...], tuple[_Limit, ...], float, Interval, tuple[Months, ...]]


@lru_cache(maxsize=512)
def _explaining(*asked: *_Asked) -> tuple[Hypothesis, ...]:
    """`_hypotheses`; remembered, as many questions change what one card says of one group only."""
    return tuple(_hypotheses(*asked))


@lru_cache(maxsize=2048)
def _some_explains(*asked: *_Asked) -> bool:
    """Whether there is one of `_hypotheses`."""
    return any(True for _first in _hypotheses(*asked))


def _hypotheses(
    group: Group,
    readings: tuple[tuple[Reading, ...], ...],
    limits: tuple[_Limit, ...],
    rounding: float,
    printed: Interval,
    times: tuple[Months, ...],
) -> Iterator[Hypothesis]:
    """The hypotheses of `hypotheses_of`.

    `readings` holds what each card says of each indicator, `times` the months of each card where a target changed.
    """
    codes = [indicator.code for indicator in group.indicators]
    months = len(readings[0])
    for maxima in group.allotments():
        alike: list[dict[tuple[Scores, ...], list[Rule]]] = []
        for indicator, maximum, said in zip(group.indicators, maxima, readings, strict=True):
            by_score: dict[tuple[Scores, ...], list[Rule]] = {}
            for rule in indicator.rules(maximum):
                if courses := tuple(_courses(indicator, rule, said, rounding, times)):
                    by_score.setdefault(courses, []).append(rule)
            alike.append(by_score)
        options = [
            [(number, scores) for number, courses in enumerate(by_score) for scores in courses] for by_score in alike
        ]
        explaining: dict[tuple[int, ...], list[list[Interval]]] = {}
        for choice, sums in _members([[scores for _number, scores in some] for some in options], limits):
            numbers = tuple(some[place][0] for some, place in zip(options, choice, strict=True))
            explaining.setdefault(numbers, []).append(sums)
        for numbers, ways in explaining.items():
            chosen = [list(by_score.items())[number] for by_score, number in zip(alike, numbers, strict=True)]
            spans = [Interval.point(0.0)] * months
            for limit, *own in zip(limits, *ways, strict=True):
                spans[limit.month] = spans[limit.month] + hull(own)
            yield Hypothesis(
                scores={code: courses[0][0] for code, (courses, _rules) in zip(codes, chosen, strict=True)},
                rules={code: tuple(rules) for code, (_courses, rules) in zip(codes, chosen, strict=True)},
                printed=printed,
                elsewhere=tuple(spans[1:]),
            )


def _courses(
    indicator: Indicator, rule: Rule, said: Sequence[Reading], rounding: float, times: tuple[Months, ...]
) -> list[Scores]:
    """What an indicator may have scored on every card, for each course of time that fits a rule in force in the first.

    One where nothing changed. A course that allows no more than another one is left out.
    """
    found: list[Scores] = []
    for course in _targets(indicator.over_time, rule, times) if times else [[(rule.target,)] * len(said)]:
        spans = [
            [score for target in targets if (score := one.score(_at(rule, target), rounding)) is not None]
            for one, targets in zip(said, course, strict=True)
        ]
        if all(spans):
            found.append(tuple(hull(some) for some in spans))
    distinct = list(dict.fromkeys(found))
    return [one for one in distinct if not any(one is not other and _inside(one, other) for other in distinct)]


def _at(rule: Rule, target: float) -> Rule:
    return rule if target == rule.target else replace(rule, target=target)


def _inside(one: Scores, other: Scores) -> bool:
    return all(a.low >= b.low and a.high <= b.high for a, b in zip(one, other, strict=True))


@lru_cache(maxsize=512)
def _targets(over_time: tuple[float, ...], rule: Rule, times: tuple[Months, ...]) -> list[list[tuple[float, ...]]]:
    """The targets that each card may have been scored by, for each way to lay the changes among the cards.

    `rule` is that of the first card. A card whose months lie on both sides of a change may have either target. What
    was never declared to change, or is any number anyway, holds at all times.
    """
    if rule.max == 0 or rule.open_from is not None or rule.target not in over_time:
        return [[(rule.target,)] * len(times)]
    ends = sorted({month for months in times for month in months} - {"", "~"})
    cuts = ["0", *(f"{month}~" for month in ends)]  # just after each
    found = []
    for begins in combinations_with_replacement(cuts, len(over_time) - 1):
        spans = list(zip(over_time, ("", *begins), (*begins, "~"), strict=True))
        course = [
            tuple(target for target, begin, end in spans if begin < end and begin <= last and first < end)
            for first, last in times
        ]
        if rule.target in course[0]:
            found.append([(rule.target,), *course[1:]])
    return found


def _limits(group: Group, cards: Sequence[Evidence]) -> list[_Limit]:
    codes = [indicator.code for indicator in group.indicators]
    limits = []
    for month, item in enumerate(cards):
        for other in item.groups:
            named = {indicator.code for indicator in other.indicators}
            inside = tuple(code in named for code in codes)
            if any(inside):
                whole = named <= set(codes)  # else the card prints it together with another group: see `_sums`
                limits.append(_Limit(month, inside, item.printed[other.code] if whole else Interval(0.0, group.points)))
    return limits


def _members(
    options: Sequence[Sequence[tuple[Interval, ...]]], limits: Sequence[_Limit]
) -> Iterator[tuple[tuple[int, ...], list[Interval]]]:
    """Each choice of one option an indicator that meets every limit, and its sum within each limit.

    Built indicator by indicator; what no later indicator can bring inside a limit is dropped at once.
    """
    if not all(options):
        return
    months = [limit.month for limit in limits]
    inside = np.array([limit.inside for limit in limits], dtype=float).T
    ends = []
    for counts, choices in zip(inside, options, strict=True):
        low = np.array([[scores[month].low for month in months] for scores in choices]) * counts
        high = np.array([[scores[month].high for month in months] for scores in choices]) * counts
        ends.append((low, high))
    first = np.array([limit.printed.low for limit in limits])
    last = np.array([limit.printed.high for limit in limits])
    low, high = (np.zeros((1, len(limits))) for _side in range(2))
    choice = np.zeros((1, 0), dtype=int)
    for place, (own_low, own_high) in enumerate(ends):
        later = ends[place + 1 :]
        least = sum((item.min(axis=0) for item, _high in later), np.zeros(len(limits)))
        most = sum((item.max(axis=0) for _low, item in later), np.zeros(len(limits)))
        low = (low[:, None, :] + own_low).reshape(-1, len(limits))
        high = (high[:, None, :] + own_high).reshape(-1, len(limits))
        numbers = np.tile(np.arange(len(own_low)), len(choice))[:, None]
        choice = np.hstack([np.repeat(choice, len(own_low), axis=0), numbers])
        kept = ((low + least <= last + TOLERANCE) & (high + most >= first - TOLERANCE)).all(axis=1)
        low, high, choice = low[kept], high[kept], choice[kept]
    for row, lows, highs in zip(choice.tolist(), np.maximum(low, first), np.minimum(high, last), strict=True):
        sums = [Interval(min(a, b), max(a, b)) for a, b in zip(lows.tolist(), highs.tolist(), strict=True)]
        yield tuple(row), sums


def _tried(group: Group, item: Evidence, rubric: Rubric) -> list[Interval]:
    """The scores that the family's rules give a group on one card, whatever it prints for the group."""
    tried: list[Interval] = []
    for maxima in group.allotments():
        sums = [Interval.point(0.0)]
        for indicator, maximum in zip(group.indicators, maxima, strict=True):
            scores = [item.readings[indicator.code].score(rule, rubric.rounding) for rule in indicator.rules(maximum)]
            sums = union(first + second for first in sums for second in scores if second is not None)
        tried += sums
    return union(tried)


def _printed_in_words(group: Group, item: Evidence) -> list[str]:
    """The printed score of the group, and every figure of its indicators that the card prints."""
    codes = [code for one in group.indicators for code in (one.code, f"{one.code}{BASE}", *one.rate_from)]
    printed = [other.code for other in item.groups if {one.code for one in other.indicators} & set(codes)]
    return [figure_words(item.figures, code, "points") for code in printed] + [
        figure_words(item.figures, code, unit) for code, unit in item.figures.index if code in codes
    ]

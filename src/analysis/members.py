"""Which rules of one group give its printed scores? Those that score alike on every card stand together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod

import numpy as np

from analysis.errors import ContradictionError
from analysis.evidence import Card, Reading, figure_words
from analysis.interval import TOLERANCE, Interval, total, union
from analysis.language import _, write_range
from analysis.scorecards.history import BASE
from analysis.scorecards.rubric import Group, Rubric, Rule


@dataclass(frozen=True)
class Hypothesis:
    """Members of the family that score one group alike, in the month asked about and in every other one.

    `scores` is what each indicator may have scored in the month asked about, `rules` the rules that say so; one rule of
    each indicator makes one member. `printed` is the rounding interval of the group's published score. `elsewhere` is
    what the group may have scored in each of the other months.
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


def hypotheses_of(group: Group, cards: Sequence[Card], rubric: Rubric) -> Iterator[Hypothesis]:
    """The members of one group that can give its printed score on every card, those that score alike taken together.

    Raises ContradictionError when there is none.
    """
    found = _found(group, cards, rubric)
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


def explains(group: Group, cards: Sequence[Card], rubric: Rubric) -> bool:
    """Whether some rules of one group give its printed score on every card, whatever the totals say."""
    return bool(_found(group, cards, rubric))


def _found(group: Group, cards: Sequence[Card], rubric: Rubric) -> tuple[Hypothesis, ...]:
    readings = tuple(tuple(item.readings[one.code] for item in cards) for one in group.indicators)
    return _explaining(group, readings, tuple(_limits(group, cards)), rubric.rounding, cards[0].printed[group.code])


@dataclass(frozen=True)
class _Limit:
    """A printed sum that the rules of a group must give: the month's number, which indicators, the interval."""

    month: int
    inside: tuple[bool, ...]
    printed: Interval


@lru_cache(maxsize=512)
def _explaining(
    group: Group,
    readings: tuple[tuple[Reading, ...], ...],
    limits: tuple[_Limit, ...],
    rounding: float,
    printed: Interval,
) -> tuple[Hypothesis, ...]:
    """The hypotheses of `hypotheses_of`; remembered, as many questions change what one card says of one group only.

    `readings` holds what each card says of each indicator.
    """
    codes = [indicator.code for indicator in group.indicators]
    months = len(readings[0])
    found = []
    for maxima in group.allotments():
        alike: list[dict[tuple[Interval, ...], list[Rule]]] = []
        for indicator, maximum, said in zip(group.indicators, maxima, readings, strict=True):
            by_score: dict[tuple[Interval, ...], list[Rule]] = {}
            for rule in indicator.rules(maximum):
                scores = tuple(score for one in said if (score := one.score(rule, rounding)) is not None)
                if len(scores) == months:
                    by_score.setdefault(scores, []).append(rule)
            alike.append(by_score)
        for choice, sums in _members([list(by_score) for by_score in alike], limits):
            chosen = [list(by_score.items())[place] for by_score, place in zip(alike, choice, strict=True)]
            spans = [Interval.point(0.0)] * months
            for limit, own in zip(limits, sums, strict=True):
                spans[limit.month] = spans[limit.month] + own
            found.append(
                Hypothesis(
                    scores={code: scores[0] for code, (scores, _rules) in zip(codes, chosen, strict=True)},
                    rules={code: tuple(rules) for code, (_scores, rules) in zip(codes, chosen, strict=True)},
                    printed=printed,
                    elsewhere=tuple(spans[1:]),
                )
            )
    return tuple(found)


def _limits(group: Group, cards: Sequence[Card]) -> list[_Limit]:
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


def _tried(group: Group, item: Card, rubric: Rubric) -> list[Interval]:
    """The scores that the family's rules give a group on one card, whatever it prints for the group."""
    tried: list[Interval] = []
    for maxima in group.allotments():
        sums = [Interval.point(0.0)]
        for indicator, maximum in zip(group.indicators, maxima, strict=True):
            scores = [item.readings[indicator.code].score(rule, rubric.rounding) for rule in indicator.rules(maximum)]
            sums = union(first + second for first in sums for second in scores if second is not None)
        tried += sums
    return union(tried)


def _printed_in_words(group: Group, item: Card) -> list[str]:
    """The printed score of the group, and every figure of its indicators that the card prints."""
    codes = [code for one in group.indicators for code in (one.code, f"{one.code}{BASE}", *one.rate_from)]
    printed = [other.code for other in item.groups if {one.code for one in other.indicators} & set(codes)]
    return [figure_words(item.figures, code, "points") for code in printed] + [
        figure_words(item.figures, code, unit) for code, unit in item.figures.index if code in codes
    ]

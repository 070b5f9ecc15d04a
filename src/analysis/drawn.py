"""How are the rates of a simulation drawn, scored and printed?

Each draw has its own stream of random numbers (seed, purpose, number), so that it depends on nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.contract import RANK, TOTAL
from analysis.errors import ParameterError
from analysis.rubric import Rubric, Rule
from analysis.vietnamese import _, is_month, rounded

RATE_DECIMALS, GROUP_DECIMALS, TOTAL_DECIMALS = 2, 1, 2
START = (30.0, 95.0)  # percent, between which a rate starts where no start is given
RULES, RATES, PUBLISHED = range(3)  # the purposes of random numbers
Matrix = np.ndarray[Any, np.dtype[np.float64]]
Cells = tuple[str, str, float, str, float, int]  # level, code, value, unit, max, decimals


@dataclass(frozen=True)
class Break:
    """A lasting jump of one rate, of every entity: `shift` in logits from the month `period` on, that month INCLUDED.

    A shift of 0.5 moves 50 % to 62.2 %, and 90 % to 93.7 %.
    """

    period: str
    code: str
    shift: float


def draw_rules(rubric: Rubric, seed: int, place: int) -> dict[str, Rule]:
    """One member of the family: maxima that sum, and a target and a worth of nothing to count for each indicator."""
    rng = np.random.default_rng([seed, RULES, place])
    chosen: dict[str, Rule] = {}
    for group in rubric.groups:
        allotments = list(group.allotments())
        allotment = allotments[rng.integers(len(allotments))]
        for indicator, maximum in zip(group.indicators, allotment, strict=True):
            rules = indicator.rules(maximum)
            chosen[indicator.code] = rules[rng.integers(len(rules))]
    return chosen


def planted(months: Sequence[str], codes: Sequence[str], trend: Mapping[str, float], breaks: Sequence[Break]) -> Matrix:
    """What trends and breaks add in logits: a row a month, a column a code."""
    added = np.outer(np.arange(len(months)), [trend.get(code, 0.0) for code in codes])
    for item in breaks:
        if not is_month(item.period):
            raise ParameterError(_("“{period}” is not a month.").format(period=item.period), [], _("Write YYYY-MM."))
        added[[month >= item.period for month in months], codes.index(item.code)] += item.shift
    return added


def draw_rates(
    seed: int,
    number: int,
    codes: Sequence[str],
    planted: Matrix,
    start: Mapping[str, float],
    noise: float,
) -> Matrix:
    """The rates of one entity in percent: a row a month, a column a code."""
    rng = np.random.default_rng([seed, RATES, number])
    begun = rng.uniform(*START, len(codes))
    begun = np.array([start.get(code, rate) for code, rate in zip(codes, begun, strict=True)]) / 100
    logits = np.log(begun / (1 - begun)) + planted + noise * rng.standard_normal(planted.shape)
    return 100 / (1 + np.exp(-logits))


def draw_published(seed: int, number: int, months: int, missing: float) -> list[bool]:
    kept = np.random.default_rng([seed, PUBLISHED, number]).random(months) >= missing
    return [*kept[:-1].tolist(), True]


def card_of(
    rubric: Rubric, rules: Mapping[str, Rule], rates: Mapping[str, float], printed: Collection[str]
) -> Iterator[Cells]:
    """The figures of one card, the total first: level, code, value, unit, max, decimals."""
    places = rubric.indicator_decimals
    scores = {code: rule.points(rates[code]) for code, rule in rules.items()}
    if places is not None:
        scores = {code: float(rounded(score, places)) for code, score in scores.items()}
    groups = {group.code: sum(scores[item.code] for item in group.indicators) for group in rubric.groups}
    of_group = GROUP_DECIMALS if places is None else places
    yield "total", TOTAL, _printed(sum(groups.values()), TOTAL_DECIMALS), "points", rubric.points, TOTAL_DECIMALS
    for group in rubric.groups:
        yield "group", group.code, _printed(groups[group.code], of_group), "points", group.points, of_group
        for item in group.indicators:
            if item.code in printed:
                rate = _printed(rates[item.code], RATE_DECIMALS)
                yield "indicator", item.code, rate, "percent", math.nan, RATE_DECIMALS
                if places is not None:
                    yield "indicator", item.code, scores[item.code], "points", rules[item.code].max, places


def add_ranks(cards: Mapping[str, list[Cells]], ranked: int) -> None:
    """Add the competition ranks of the printed totals, below each total; of months not published too."""
    totals = {name: card[0][2] for name, card in cards.items()}
    for name, card in cards.items():
        rank = 1 + sum(total > totals[name] for total in totals.values())
        card.insert(1, ("rank", RANK, float(rank), "rank", float(ranked), 0))


def _printed(value: float, decimals: int) -> float:
    return float(rounded(value, decimals))

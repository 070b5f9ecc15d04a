"""How are the rates of a simulation drawn, scored and printed?

Each draw has its own stream of random numbers (seed, purpose, number), so that it depends on nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.contract import BASE, RANK, TOTAL
from analysis.errors import ParameterError
from analysis.language import _, is_month, rounded
from analysis.rubric import Rubric, Rule

RATE_DECIMALS, GROUP_DECIMALS, TOTAL_DECIMALS = 2, 1, 2
START = (30.0, 95.0)  # percent, between which a rate starts where no start is given
RULES, RATES, PUBLISHED, UNITS = range(4)  # the purposes of random numbers
Matrix = np.ndarray[Any, np.dtype[np.float64]]
DOSSIERS = 300  # of the unit in the middle, in a month
SPREAD = 1.0  # of the logarithm of volumes: one unit in forty has more than seven times as many
APART = 0.7  # standard deviation of units around their province, in logits
LEAST = 5  # of what a rate of a unit is a share of
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


def draw_counts(seed: int, number: int, rates: Matrix, units: int) -> tuple[Matrix, Matrix]:
    """Counts and bases of an entity's units, whole numbers: months × units × codes; `rates` are months × codes.

    Volumes are skewed. A unit stays as far from its province's rate, in logits, as it is drawn once for each code.
    """
    months, codes = rates.shape
    rng = np.random.default_rng([seed, UNITS, number])
    volumes = np.exp(math.log(DOSSIERS) + SPREAD * rng.standard_normal((units, 1))) * rng.uniform(0.2, 1.0, codes)
    apart = APART * rng.standard_normal((units, codes))
    counts, bases = [], []
    for month in range(months):
        of_month = np.random.default_rng([seed, UNITS, number, month])
        base = np.maximum(volumes * np.exp(0.1 * of_month.standard_normal((units, codes))), LEAST).round()
        logits = np.log(rates[month] / (100 - rates[month])) + apart
        counts.append(of_month.binomial(base.astype(int), 1 / (1 + np.exp(-logits))))
        bases.append(base)
    return np.array(counts, dtype=float), np.array(bases)


def with_counts(card: Iterable[Cells], counts: Mapping[str, float], bases: Mapping[str, float]) -> Iterator[Cells]:
    """A card with the count and the base of each rate that it prints, as far as they are given."""
    for cells in card:
        yield cells
        if cells[3] == "percent":
            for code, value in ((cells[1], counts.get(cells[1])), (f"{cells[1]}{BASE}", bases.get(cells[1]))):
                if value is not None:
                    yield "indicator", code, value, "count", math.nan, 0


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

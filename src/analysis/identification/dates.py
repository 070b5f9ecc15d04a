"""In which months did a target change, as far as each card by itself tells?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import pandas as pd

from analysis.identification.evidence import Evidence
from analysis.identification.identify import explaining
from analysis.identification.proof import conflict, fixed, regrouped
from analysis.scorecards.periods import month_after
from analysis.scorecards.rubric import Indicator, Rubric

DATES = ["code", "name", "before", "after", "first", "last", "cards_before", "cards_after", "cards"]
PRINTED = ["unit", "value", "decimals", "kind", "source", "file", "line", "quote"]
DATED_BY = ["code", "step", "side", "excluded", "entity", "period", "day", "figure", *PRINTED]


def change_dates(cards: Sequence[Evidence], rubric: Rubric) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Between which months each target changed, and the figures of the two cards that say so.

    A card that no target but earlier ones explain says that the later one began after its first month; one that only
    later ones explain, that it began by its last. No card is held against another.

    Parameters
    ----------
    cards : notices of a regime and captures in it, with the relations that are assumed; `rubric` is the family.

    Returns
    -------
    dates : one row a change, in the order of the index and of time: `code`, `name`, `before`, `after` (percent; 100 is
        none), `first`, `last` (months YYYY-MM in which the later target may have come into force, both INCLUDED; ""
        where no card says; `first` after `last` where cards contradict each other), `cards_before`, `cards_after` (how
        many say one or the other) and `cards` (that some target explains).
    dated_by : one row a figure of the last card before and the first after: `code`, `step` (the number of the change),
        `side` (`before`, `after`), `excluded` (the target that the figures exclude), `entity`, `period`, `day`,
        `figure`, and what is printed as in the history.
    """
    dates: list[tuple[object, ...]] = []
    figures: list[tuple[object, ...]] = []
    for indicator in rubric.indicators.values():
        steps = list(pairwise(indicator.over_time))
        if not steps:
            continue
        fitting = [(item, _fitting(item, rubric, indicator)) for item in cards]
        known = [(item, some) for item, some in fitting if some]
        for number, (before, after) in enumerate(steps):
            old = [item for item, some in known if max(some) <= number]
            new = [item for item, some in known if min(some) > number]
            first = last = ""
            if old:
                latest = max(old, key=lambda item: item.months[0])
                first = month_after(latest.months[0])
                figures += _excluding(latest, rubric, indicator.code, number, "before", after)
            if new:
                earliest = min(new, key=lambda item: item.months[1])
                last = earliest.months[1]
                figures += _excluding(earliest, rubric, indicator.code, number, "after", before)
            counts = len(old), len(new), len(known)
            dates.append((indicator.code, indicator.name, before, after, first, last, *counts))
    return pd.DataFrame(dates, columns=DATES), pd.DataFrame(figures, columns=DATED_BY)


def _fitting(item: Evidence, rubric: Rubric, indicator: Indicator) -> list[int]:
    """The places of the targets over time by which some rule gives the score of the group of an indicator on a card."""
    printed = rubric.groups_as_printed({group.code for group in item.groups})
    (group,) = (one for one in printed if indicator in one.indicators)
    targets = {rule.target for found in explaining(group, [item], rubric) for rule in found.rules[indicator.code]}
    return [place for place, target in enumerate(indicator.over_time) if target in targets]


def _excluding(
    item: Evidence, rubric: Rubric, code: str, step: int, side: str, target: float
) -> Iterator[tuple[object, ...]]:
    """A smallest set of figures of a card that exclude a target."""
    narrowed = fixed(rubric, code, "target", target)
    for entity, period, figure, unit in conflict([regrouped(item, narrowed)], narrowed):
        printed = item.figures.loc[(figure, unit)]
        of_card = code, step, side, target, entity, period, item.day, figure
        yield *of_card, *(printed[name] for name in PRINTED)

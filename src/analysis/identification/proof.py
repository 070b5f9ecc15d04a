"""Which figures rule an alternative out, which cannot hold together, and what did each figure contribute?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.errors import ContradictionError
from analysis.identification.evidence import Evidence, FigureKey, Reading, assume, keys_of, leave_out
from analysis.identification.identify import Identified, explained, explains, identify_cards
from analysis.interval import Interval
from analysis.language import _
from analysis.scorecards.checks import Printed
from analysis.scorecards.history import BASE, unit_name
from analysis.scorecards.rubric import Group, Parameter, Rubric
from analysis.scorecards.tiers import with_targets

MOST_LOOKS = 2000  # for a least set, before a solver is asked


def smallest_conflict(figures: Sequence[FigureKey], holds: Callable[[Collection[FigureKey]], bool]) -> list[FigureKey]:
    """A smallest set of figures that cannot hold together, in the order given; none where all of them can.

    `holds` says whether some rule explains a set of figures; fewer figures never make it false. Every set of figures
    whose absence makes the rest hold must be hit; a least hitting set that does not hold is a smallest conflict
    (Ignatiev, Previti, Liffiton and Marques-Silva, Smallest MUS extraction with minimal hitting set dualization, 2015,
    doi:10.1007/978-3-319-23219-5_13).
    """
    if holds(figures):
        return []
    absences: list[set[int]] = []
    while True:
        chosen = _least_hitting(absences, len(figures))
        if not holds([figures[place] for place in sorted(chosen)]):
            return [figures[place] for place in sorted(chosen)]
        grown = set(chosen)
        for place in range(len(figures)):
            if place not in grown and holds([figures[item] for item in sorted({*grown, place})]):
                grown.add(place)
        absences.append(set(range(len(figures))) - grown)


def irreducible_conflict(
    figures: Sequence[FigureKey], holds: Callable[[Collection[FigureKey]], bool]
) -> list[FigureKey]:
    """Figures that cannot hold together, in the order given, but any fewer of them can; none where all of them can.

    Each is left out in turn, the last first, and stays out where the rest still does not hold. Needs one look a figure,
    where a smallest set may need many more than there are figures.
    """
    kept = list(figures)
    if holds(kept):
        return []
    for key in reversed(figures):
        rest = [other for other in kept if other != key]
        if not holds(rest):
            kept = rest
    return kept


def conflict(cards: Sequence[Evidence], rubric: Rubric) -> list[FigureKey]:
    """Figures of these cards that no member of the family explains together, of which none can be left out; or none.

    Looked for in one group first, as groups depend on each other only through the totals: there it is a smallest set.
    Where every group alone can be explained it is an irreducible one, of many figures.
    """
    if explained(cards, rubric):
        return []
    for group in cards[0].groups:
        if not explains(group, cards, rubric):
            return _in_group(group, cards, rubric)

    return irreducible_conflict(
        [key for item in cards for key in keys_of(item, rubric)],
        lambda kept: explained([_only(item, rubric, kept) for item in cards], rubric),
    )


def ruled_out(identified: Identified, cards: Sequence[Evidence], open_rules: pd.DataFrame) -> pd.DataFrame:
    """Which figures rule each alternative out that does not fit: a smallest set of one card, else of all together.

    A card of another month rules a target out only where it leaves no course of time by which it held in this one.

    Parameters
    ----------
    open_rules : from `bounds.alternatives`.

    Returns
    -------
    One row a figure: `code`, `parameter` and `value` of the alternative, and `entity`, `period`, `figure`, `unit` of
    the figure. No row where every alternative fits.
    """
    rows = []
    for row in open_rules[~open_rules["fits"]].itertuples():
        narrowed = fixed(identified.rubric, row.code, row.parameter, row.value)
        narrow_cards = [regrouped(item, narrowed) for item in cards]
        alone = (found for item in narrow_cards if (found := conflict([_untold(item, cards[0]), item], narrowed)))
        for entity, period, code, unit in next(alone, None) or conflict(narrow_cards, narrowed):
            rows.append(
                {
                    "code": row.code,
                    "parameter": row.parameter,
                    "value": row.value,
                    "entity": entity,
                    "period": period,
                    "figure": code,
                    "unit": unit,
                }
            )
    return pd.DataFrame(rows, columns=["code", "parameter", "value", "entity", "period", "figure", "unit"])


def targets_ruled_out(identified: Identified, item: Evidence, left: pd.DataFrame, apart: float = 0.01) -> pd.DataFrame:
    """Which figures of a card rule out the open targets below and above those that are left: a smallest set each.

    Parameters
    ----------
    identified, item : the survivors of an open family on one card.
    left : from `bounds.open_targets`; targets nearer than `apart` (percentage points) to one that is left are not asked
        about.

    Returns
    -------
    One row a figure: `code`, `side` (`below`, `above`) and `entity`, `period`, `figure`, `unit` of the figure.
    """
    rows = []
    for row in left.itertuples():
        for side, least, most in (("below", row.least, row.low - apart), ("above", row.high + apart, row.most)):
            if least >= most:
                continue
            narrowed = with_targets(identified.rubric, row.code, least, most)
            rows += [(row.code, side, *key) for key in conflict([regrouped(item, narrowed)], narrowed)]
    return pd.DataFrame(rows, columns=["code", "side", "entity", "period", "figure", "unit"])


def contributions(
    identified: Identified, cards: Sequence[Evidence], width: Callable[[Identified], float]
) -> pd.DataFrame:
    """What each figure of the card asked about contributed: what widens without it.

    `width` says how wide an answer is, such as `gain_width`, in points.

    Returns
    -------
    One row a figure that identification uses, in the order of the card: `code`, `unit`, `survivors` (without it) and
    `wider` (by how much the answer is wider without it).
    """
    first, *rest = cards
    before = width(identified)
    rows = []
    for key in keys_of(first, identified.rubric):
        without = identify_cards([leave_out(first, identified.rubric, [key]), *rest], identified.rubric)
        wider = max(width(without) - before, 0.0)
        rows.append({"code": key[2], "unit": key[3], "survivors": without.survivors, "wider": wider})
    return pd.DataFrame(rows, columns=["code", "unit", "survivors", "wider"])


def fixed(rubric: Rubric, code: str, parameter: str, value: float, *others: float) -> Rubric:
    """The members of a family where one indicator's `max` (points) or `target` (percent) is one of these values."""
    only = {"value": None, "any_of": (value, *others)} if others else {"value": value, "any_of": ()}
    groups = []
    for group in rubric.groups:
        indicators = []
        for indicator in group.indicators:
            if indicator.code == code:
                known: Parameter[float] = getattr(indicator, parameter)
                alone = known.model_copy(update={**only, "status": "assumed", "source": ""})
                indicator = indicator.model_copy(update={parameter: alone})
            indicators.append(indicator)
        groups.append(group.model_copy(update={"indicators": tuple(indicators)}))
    return rubric.model_copy(update={"groups": tuple(groups)})


def regrouped(item: Evidence, rubric: Rubric) -> Evidence:
    """A card whose groups are those of another family of the same index."""
    groups = rubric.groups_as_printed({group.code for group in item.groups})
    return assume(replace(item, groups=groups), item.relations)


def _in_group(group: Group, cards: Sequence[Evidence], rubric: Rubric) -> list[FigureKey]:
    """A smallest conflict among the figures that say something of one group's indicators."""
    own = {item.code for item in group.indicators}
    own |= {relation.at_most for item in cards for relation in item.relations if relation.code in own}
    codes = own | {part for code in own for part in rubric.indicators[code].rate_from}
    codes |= {f"{code}{BASE}" for code in codes}
    codes |= {
        other.code
        for item in cards
        for other in item.groups
        if own & {indicator.code for indicator in other.indicators}
    }
    figures = [key for item in cards for key in keys_of(item, rubric) if key[2] in codes]
    return smallest_conflict(
        figures, lambda kept: explains(group, [_only(item, rubric, kept) for item in cards], rubric)
    )


def _untold(item: Evidence, asked: Evidence) -> Evidence:
    """A card of the time of the one asked about, in the groups of another, that prints nothing."""
    told = dict.fromkeys(item.readings, Reading(None, None, empty=False))
    free = {group.code: Interval(0.0, group.points) for group in item.groups}
    most = Interval(0.0, sum(group.points for group in item.groups))
    return replace(
        item, entity="", period=asked.period, day=asked.day, told=Printed(), readings=told, printed=free, total=most,
        relations=(),
    )  # fmt: skip


def _only(item: Evidence, rubric: Rubric, kept: Collection[FigureKey]) -> Evidence:
    return leave_out(item, rubric, [key for key in keys_of(item, rubric) if key not in kept])


def _least_hitting(sets: Sequence[set[int]], count: int) -> set[int]:
    """A least set of places that has one of each set; of several the one of the earliest places."""
    looks = iter(range(MOST_LOOKS))
    for size in range(count + 1):
        found = set(_hitting(frozenset(), [frozenset(one) for one in sets], size, looks))
        if next(looks, None) is None:
            return _least_by_solver(sets, count)
        if found:
            return set(min(found, key=lambda places: (sum(places), sorted(places))))
    raise ValueError(sets)  # one of them is empty


def _hitting(
    chosen: frozenset[int], sets: Sequence[frozenset[int]], more: int, looks: Iterator[int]
) -> Iterator[frozenset[int]]:
    """Every way to hit the sets with so many places more; cut off where `looks` end."""
    if not sets:
        yield chosen
    elif more and next(looks, None) is not None:
        smallest: frozenset[int] = min(sets, key=len)
        for place in sorted(smallest):
            yield from _hitting(chosen | {place}, [one for one in sets if place not in one], more - 1, looks)


def _least_by_solver(sets: Sequence[set[int]], count: int) -> set[int]:
    """The same where it takes long to look for."""
    from scipy.optimize import Bounds, LinearConstraint, milp  # half a second, which most reports never need

    rows = np.zeros((len(sets), count))
    for number, places in enumerate(sets):
        rows[number, sorted(places)] = 1.0
    cost = 1.0 + np.arange(count) / (2.0 * count * count)  # earlier figures first among sets of one size
    found = milp(cost, constraints=LinearConstraint(rows, lb=1.0), integrality=np.ones(count), bounds=Bounds(0, 1))
    return set(np.flatnonzero(found.x > 0.5).tolist())


def explained_by(cards: Sequence[Evidence], rubric: Rubric) -> Identified:
    """The rules that fit these cards. Raises ContradictionError with a smallest set of figures in conflict."""
    try:
        return identify_cards(cards, rubric)
    except ContradictionError as error:
        named = [
            f"{where} {when}: {rubric.name_of(code)} ({unit_name(unit)})"
            for where, when, code, unit in conflict(cards, rubric)
        ]
        raise ContradictionError(
            error.what, [_("a smallest set that cannot hold together:"), *named], error.next_step
        ) from error

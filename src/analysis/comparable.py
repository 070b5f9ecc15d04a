"""Which months may be held against each other, whatever was published for them?

Those that the same rubric governs and in which the same number of provinces was ranked: 63 before the merger of July
2025, 34 after.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.language import _, write_period
from analysis.rubric import Rubric, rubric_in_force

RULE = "rule"
LEAST_FOR_TREND = 6  # comparable months with a figure, under which nothing is said of where it is heading


def apart(before: tuple[Rubric, str], after: tuple[Rubric, str], entity: str) -> dict[str, str]:
    """Why two periods, each with its rules, are not comparable: `rule`, `merger` → a sentence; empty where they are."""
    (old, first), (new, second) = before, after
    found = {}
    if old.id != new.id:
        words = _("{before} and {after} are under different rules ({old}; {new}).")
        found[RULE] = words.format(before=write_period(first), after=write_period(second), old=old.id, new=new.id)
    units = old.ranked_units(first), new.ranked_units(second)
    if None not in units and units[0] != units[1]:
        words = _("Provinces were merged in between ({old} were ranked, then {new}): {entity} may be another one.")
        found["merger"] = words.format(old=units[0], new=units[1], entity=entity)
    return found


def not_comparable(rubrics: tuple[Rubric, ...], entity: str, before: str, after: str) -> Iterator[str]:
    """Why figures of two months are not comparable, a sentence for each reason; none where they are."""
    old, new = governing(rubrics, before), governing(rubrics, after)
    if old is None or new is None:
        if old is not new:
            yield _("No rubric governs {period}.").format(period=before if old is None else after)
        return
    yield from apart((old, before), (new, after), entity).values()


def governing(rubrics: tuple[Rubric, ...], period: str) -> Rubric | None:
    """The rubric in force, or None where none is."""
    return next((rubric for rubric in rubrics if rubric.covers(period)), None)


def comparable_span(rubrics: tuple[Rubric, ...], period: str) -> tuple[str, str]:
    """First and last month, both INCLUDED, that can be compared with one; the last is "" where no end is known.

    Raises UnknownNameError where no rubric governs the month.
    """
    rubric = rubric_in_force(rubrics, period)
    first, last = rubric.valid_from, rubric.valid_to or ""
    for entry in rubric.ranked:
        if entry.valid_from <= period and (entry.valid_to is None or period <= entry.valid_to):
            first = max(first, entry.valid_from)
            last = min(filter(None, (last, entry.valid_to or "")), default="")
    return first, last

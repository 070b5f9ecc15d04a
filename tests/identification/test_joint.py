"""Sums of boxes, one choice of each group, that meet the totals: in one's head, and against every combination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from analysis.identification.joint import Boxes, Sum, join
from analysis.interval import Interval
from planted import Box


def boxes(*rows: tuple[list[Box], float], members: Sequence[int] = ()) -> Boxes:
    """Choices of a group, each its scores in every month and a number that only adds up."""
    spans = [[Interval(*item) for item in row] for row, _extra in rows]
    return Boxes.of(spans, members or [1] * len(rows), [[extra] for _row, extra in rows])


def test_two_groups_one_can_add_in_ones_head() -> None:
    """1 + 3, 1 + 5, 2 + 3 and 2 + 5: of these 2 + 5 alone prints as 7.1."""
    one = boxes(([(1, 1.2)], 10), ([(2, 2.2)], 20), members=[3, 4])
    two = boxes(([(3, 3.1)], 1), ([(5, 5)], 2), members=[1, 5])
    joined = join([one, two], [Interval(7.05, 7.15)])
    assert (joined.low.tolist(), joined.high.tolist(), joined.extra.tolist()) == ([[7.0]], [[7.2]], [[22.0]])
    assert joined.members.tolist() == [20.0]
    assert joined.choices_alive() == [{1}, {1}]
    assert joined.choices_of(0) == [1, 1]


def test_groups_that_another_month_prints_as_one() -> None:
    """The second month prints no total, and groups 0 and 1 together as 5: 1 + 3 is not, 2 + 3 is."""
    one, two = boxes(([(1, 1), (1, 1)], 0), ([(1, 1), (2, 2)], 0)), boxes(([(3, 3), (3, 3)], 0))
    last = boxes(([(0, 9), (0, 9)], 0))
    anything = [Interval(0, 20), Interval(0, 20)]
    assert join([one, two, last], anything).choices_alive() == [{0, 1}, {0}, {0}]
    as_one = Sum(1, frozenset([0, 1]), Interval(4.5, 5.5))
    assert join([one, two, last], anything, [as_one]).choices_alive() == [{1}, {0}, {0}]
    assert len(join([one, two, last], anything, [replace(as_one, printed=Interval(6, 7))]).low) == 0


def test_a_sum_printed_as_one_is_narrowed_before_it_is_added() -> None:
    """Each of two groups is 0 to 5, together printed 4 to 5; with 1 for the rest the total is 5 to 6, never 1 or 11."""
    wide, rest = boxes(([(0, 5), (0, 5)], 0)), boxes(([(1, 1), (1, 1)], 0))
    as_one = Sum(1, frozenset([0, 1]), Interval(4, 5))
    for whole, fits in ((1.0, False), (4.9, False), (5.0, True), (6.0, True), (6.1, False), (11.0, False)):
        joined = join([wide, wide, rest], [Interval(0, 20), Interval.point(whole)], [as_one], exact=2)
        assert bool(len(joined.low)) == fits
        if fits:
            assert joined.low.tolist() == [[1.0, 5.0]] and joined.high.tolist() == [[11.0, 6.0]]


def test_a_sum_that_no_choice_of_the_last_group_can_complete() -> None:
    """5 + 1 and 5 + 9 miss 10, and yet 10 lies between them: the choice 5 is alive until the last group."""
    one, two = boxes(([(1, 1)], 0), ([(5, 5)], 0)), boxes(([(1, 1)], 0), ([(9, 9)], 0))
    assert join([one, two], [Interval.point(10)]).choices_alive() == [{0}, {1}]


@pytest.mark.parametrize("batch", range(4))
def test_sums_equal_those_of_every_combination(batch: int) -> None:
    found = 0
    for seed in range(batch * 100, (batch + 1) * 100):
        rng = np.random.default_rng(seed)
        months, many = int(rng.integers(1, 4)), int(rng.integers(2, 5))
        groups = [random_boxes(rng, months, choices=5 if seed % 5 else 2) for _group in range(many)]
        sums = [
            Sum(month, frozenset([0, int(rng.integers(1, many))]), random_interval(rng, 8.0))
            for month in range(1, months)
            if rng.random() < 0.4
        ]
        totals = [random_interval(rng, 5.0 * many) for _month in range(months)]
        found += compare_sums(groups, totals, sums, int(rng.integers(0, months + 1)))
    assert 25 <= found <= 95


def random_boxes(rng: np.random.Generator, months: int, choices: int) -> Boxes:
    """Whole and half points, so that many sums are equal and many just touch a total."""
    many = int(rng.integers(1, choices))
    low = rng.integers(0, 10, (many, months)) / 2
    high = low + rng.integers(0, 3, (many, months)) / 2
    return Boxes(low, high, rng.integers(0, 2, (many, 1)).astype(float), rng.integers(1, 4, many).astype(float))


def random_interval(rng: np.random.Generator, most: float) -> Interval:
    low = float(rng.integers(0, int(most))) - 0.5
    return Interval(low, low + float(rng.choice([0.5, 1, 1, 3, most])))


def compare_sums(groups: list[Boxes], totals: list[Interval], sums: list[Sum], exact: int) -> bool:
    """Whether anything meets the totals, after every combination was tried."""
    rows: dict[tuple[float, ...], float] = {}
    alive: list[set[int]] = [set() for _group in groups]
    for choice in product(*(range(len(group.low)) for group in groups)):
        spans = [month_of(groups, choice, month, sums) for month in range(len(totals))]
        if all(item and item.meet(whole) for item, whole in zip(spans, totals, strict=True)):
            kept = [item for item in spans[:exact] if item]
            extra = sum(float(group.extra[place, 0]) for group, place in zip(groups, choice, strict=True))
            row = (*(item.low for item in kept), *(item.high for item in kept), extra)
            weight = np.prod([group.members[place] for group, place in zip(groups, choice, strict=True)])
            rows[row] = rows.get(row, 0.0) + float(weight)
            for places, place in zip(alive, choice, strict=True):
                places.add(place)

    joined = join(groups, totals, sums, exact)
    table = np.hstack([joined.low, joined.high, joined.extra]).tolist()
    got: dict[tuple[float, ...], float] = {}
    for number, (row, weight) in enumerate(zip(table, joined.members.tolist(), strict=True)):
        got[tuple(row)] = got.get(tuple(row), 0.0) + weight
        choice = joined.choices_of(number)
        spans = [month_of(groups, choice, month, sums) for month in range(len(totals))]
        assert all(item and item.meet(whole) for item, whole in zip(spans, totals, strict=True))
        assert [item.low for item in spans[:exact] if item] == row[:exact]
    assert got == rows
    if rows:
        assert joined.choices_alive() == alive
    return bool(rows)


def month_of(groups: list[Boxes], choice: Sequence[int], month: int, sums: list[Sum]) -> Interval | None:
    """The sum of a month, or None where groups printed as one cannot give what is printed."""
    spans = [
        Interval(group.low[place, month], group.high[place, month]) for group, place in zip(groups, choice, strict=True)
    ]
    result = Interval.point(0.0)
    for item in sums:
        if item.month == month:
            together = sum((spans[number] for number in item.groups), Interval.point(0.0)).meet(item.printed)
            if together is None:
                return None
            result = result + together
            spans = [span for number, span in enumerate(spans) if number not in item.groups]
    return sum(spans, result)


@pytest.mark.parametrize("exact", [0, 1])
def test_few_choices_are_added_to_the_same_bits_as_many(monkeypatch: pytest.MonkeyPatch, exact: int) -> None:
    """One by one or as arrays: rows in the same order, and every number the same to its last bit."""
    rng = np.random.default_rng(19)
    for seed in range(60):
        numbers = [rng.uniform(0, 3, (rng.integers(1, 5), 2)).round(rng.integers(1, 13)) for _group in range(5)]
        groups = [
            Boxes.of([[Interval(*sorted(row))] for row in rows], list(range(1, 1 + len(rows))), rows.round(1).tolist())
            for rows in numbers
        ]
        total = Interval(5.0, 5.0 + seed % 3)
        few = join(groups, [total], exact=exact)
        with monkeypatch.context() as patch:
            patch.setattr("analysis.identification.joint.FEW", 0)
            many = join(groups, [total], exact=exact)
        for name in ("low", "high", "extra", "members"):
            assert getattr(few, name).tobytes() == getattr(many, name).tobytes(), (seed, name)
        assert [[part.tolist() for part in step] for step in few.steps] == [
            [part.tolist() for part in step] for step in many.steps
        ]

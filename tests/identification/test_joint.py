"""Identification over several months at once, against planted truths, a brute force oracle and a large family.

One hidden member explains every month of a random family. Some months print the first two groups as one, some lack a
group's score, a rate or the total, and figures have 0 to 2 decimals. The oracle writes out every joint member; for each
one linear programs over the scores of ALL months decide whether it survives and what any set of indicators may have
scored. Nothing of `analysis` is used to get there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, permutations, product

import numpy as np
import pytest

from analysis.decisions.whatif import gains
from analysis.identification.bounds import group_scores, unprinted_rates
from analysis.identification.evidence import Relation, assume
from analysis.identification.identify import Identified, identify, identify_cards
from analysis.identification.joint import Boxes, Sum, join
from analysis.interval import Interval
from analysis.scorecards.history import TOTAL
from planted import (
    Box,
    Case,
    Figures,
    Member,
    RuleTuple,
    Toml,
    box,
    ends,
    family,
    indicators_of,
    is_printed,
    members,
    members_of,
    minima,
    pair,
    parameter,
    plant,
    points,
    random_member,
    rate_span,
    span,
)

PLANTED, BATCH = 1000, 20
COMPARED, LARGEST = 200, 24  # cases against the oracle, and members of their families at most
NEAR, EXACT = 1e-6, 1e-8
# Planted truths


@pytest.mark.parametrize("batch", range(PLANTED // BATCH))
def test_planted_truth_survives(batch: int) -> None:
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        case = plant(seed)
        identified = identify_cards(case.cards_at_once(), case.rubric)
        check_truth(case, identified)


def check_truth(case: Case, identified: Identified) -> None:
    """The member behind the figures survives in every group at once, and every answer holds what was true."""
    narrowed = fixed_at(identified, case.rules)
    scores, rates = case.scores[0], case.rates[0]
    true_sum = sum(scores[code] for code in case.some)
    assert inside(narrowed.scores(case.some), true_sum)  # were the member not feasible jointly, there would be no bound
    assert inside(identified.scores(case.some), true_sum)
    assert inside(identified.lost(case.some), sum(case.rules[code][0] for code in case.some) - true_sum)

    hidden = unprinted_rates(identified)
    assert list(hidden["code"]) == [
        code for code in rates if rate_span(case.cards[0], code) is None and rates[code] is not None
    ]
    for row in hidden.itertuples():
        assert row.low - EXACT <= rates[row.code] <= row.high + EXACT
    true = {code: sum(scores[item] for item in items) for code, items in case.groups(0).items()}
    for row in group_scores(identified).itertuples():
        score = true.get(row.code, sum(scores.values()))
        assert row.low - EXACT <= score <= row.high + EXACT
        assert row.printed_low - EXACT <= row.low and row.high <= row.printed_high + EXACT

    gained = {code: max(0.0, points(case.rules[code], target) - scores[code]) for code, target in case.levers.items()}
    for row in gains(identified, case.levers).itertuples():
        gain = gained.get(row.code, sum(gained.values()))
        assert row.gain_low - EXACT <= gain <= row.gain_high + EXACT
        assert row.total_low - EXACT <= sum(scores.values()) + gain <= row.total_high + EXACT


def fixed_at(identified: Identified, rules: Member) -> Identified:
    """The survivors that hold one member alone; in each group one hypothesis holds it."""
    hypotheses = {}
    for group, items in identified.hypotheses.items():
        codes = list(items[0].rules)
        truth = tuple(rules[code] for code in codes)
        (hypotheses[group],) = [(item,) for item in items if truth in members_of(item.rules, codes)]
    return replace(identified, hypotheses=hypotheses)


def inside(interval: Interval, number: float) -> bool:
    return interval.low - EXACT <= number <= interval.high + EXACT


# The oracle: linear programs over the scores of all months, one for each joint member


@dataclass(frozen=True)
class Oracle:
    """The surviving members, and what the scores of all months (columns: month by month) must keep under each."""

    case: Case
    members: list[Member]
    boxes: np.ndarray
    matrix: np.ndarray
    limits: np.ndarray

    @classmethod
    def of(cls, case: Case) -> Oracle:
        codes, months = list(case.rules), len(case.cards)
        rows, limits = [], []
        for month, figures in enumerate(case.cards):
            for whole, inside in {**case.groups(month), TOTAL: codes}.items():
                if found := span(figures, whole, "points"):
                    row = np.zeros((months, len(codes)))
                    row[month] = [code in inside for code in codes]
                    rows += [row.ravel(), -row.ravel()]
                    limits += [found[1], -found[0]]
        everyone = members(case.toml)
        rounding = 0.005 if "indicator_decimals" in case.toml else 0.0
        boxes = np.array(
            [[box(member[code], card, code, rounding) for card in case.cards for code in codes] for member in everyone]
        )
        possible = (boxes[:, :, 0] <= boxes[:, :, 1] + 1e-9).all(axis=1)
        boxes[:, :, 1] = boxes.max(axis=2)
        matrix = np.array(rows).reshape(-1, months * len(codes))
        return cls(case, everyone, boxes, matrix, np.array(limits))._only(possible)._feasible()

    def _only(self, kept: np.ndarray) -> Oracle:
        chosen = [member for member, keep in zip(self.members, kept, strict=True) if keep]
        return replace(self, members=chosen, boxes=self.boxes[kept])

    def _feasible(self) -> Oracle:
        """Those that need to miss no printed sum, in whatever month: the least miss is a program's minimum."""
        many = len(self.members)
        matrix = np.hstack([self.matrix, -np.ones((len(self.limits), 1))])
        costs = np.tile([0.0] * self.matrix.shape[1] + [1.0], (many, 1))
        boxes = np.concatenate([self.boxes, np.tile([0.0, np.inf], (many, 1, 1))], axis=1)
        return self._only(minima(costs, matrix, np.tile(self.limits, (many, 1)), boxes) < 1e-7)

    def sums(self, chosen: Sequence[frozenset[str]]) -> list[np.ndarray]:
        """For each set the lowest and the highest sum (columns) of its scores in the first month, a row a member."""
        own = np.zeros((len(chosen), self.matrix.shape[1]))
        own[:, : len(self.case.rules)] = [[code in item for code in self.case.rules] for item in chosen]
        costs = np.vstack([own, -own])
        many, several = len(self.members), len(costs)
        found = minima(
            np.tile(costs, (many, 1)),
            self.matrix,
            np.tile(self.limits, (many * several, 1)),
            self.boxes.repeat(several, axis=0),
        ).reshape(many, 2, len(chosen))
        return [np.stack([found[:, 0, number], -found[:, 1, number]], axis=1) for number in range(len(chosen))]

    def rates(self, code: str, scores: np.ndarray) -> Box:
        """The rates behind the scores: on the slope of a rule, up to its target; above it at its maximum."""
        rounding = 0.005 if "indicator_decimals" in self.case.toml else 0.0
        found = []
        for member, (low, high) in zip(self.members, scores, strict=True):
            maximum, target, _zero = member[code]
            if maximum == 0:
                return 0.0, 100.0
            at_full = high + rounding >= maximum - NEAR
            found += [max(0.0, (low - rounding) * target / maximum), min(target, (high + rounding) * target / maximum)]
            found += [target, 100.0] if at_full else []
        return min(found), max(found)


@pytest.mark.parametrize("batch", range(COMPARED // BATCH))
def test_package_agrees_with_brute_force(batch: int) -> None:
    """Alone and together, in either order of the other months."""
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        case = plant(10_000 + seed, LARGEST, 3)
        compare(case, Oracle.of(case))


def compare(case: Case, oracle: Oracle) -> None:
    identified = case.identified()
    assert case.rules in oracle.members
    assert identified == identify_cards(case.cards_at_once(), case.rubric)
    assert identified.survivors == len(oracle.members)
    for group, codes in case.groups(0).items():
        expected = {tuple(member[code] for code in codes) for member in oracle.members}
        found = chain.from_iterable(members_of(item.rules, codes) for item in identified.hypotheses[group])
        assert sorted(found) == sorted(expected)  # as a list: none may stand there twice

    hidden = unprinted_rates(identified)
    asked = [
        case.some,
        *(frozenset(codes) for codes in case.groups(0).values()),
        *(frozenset([c]) for c in hidden["code"]),
    ]
    some, *rest = oracle.sums(asked)
    maxima = np.array([[sum(member[code][0] for code in case.some)] for member in oracle.members])
    assert pair(identified.scores(case.some)) == pytest.approx(ends(some), abs=NEAR)
    assert pair(identified.lost(case.some)) == pytest.approx(ends(maxima - some), abs=NEAR)
    for row, sums in zip(group_scores(identified).itertuples(), rest[: len(case.groups(0))], strict=False):
        assert (row.low, row.high) == pytest.approx(ends(sums), abs=NEAR)
    for row, sums in zip(hidden.itertuples(), rest[len(case.groups(0)) :], strict=True):
        assert (row.low, row.high) == pytest.approx(oracle.rates(row.code, sums), abs=100 * NEAR)


def test_score_within_its_rounding_of_the_maximum_may_come_from_any_rate_above_the_target() -> None:
    """2.95 less 0.958 − 0.005 is 1.997: it may be 2 points less the rounding, so a rate of 50 to 100."""
    half = {"max": parameter(2), "target": parameter(50), "zero_denominator": parameter("no_points")}
    toml = family([(3, [half, known(1)]), (1, [known(1)])]) | {"indicator_decimals": 2}
    codes = list(members(toml)[0])
    figures: Figures = {(codes[1], "count"): (958, 0), (f"{codes[1]}_base", "count"): (1000, 0)}
    figures |= {("group_0", "points"): (2.9, 1), (TOTAL, "points"): (3.45, 2)}
    rates, scores = dict(zip(codes, (49.7, 95.8, 50.0), strict=True)), dict(zip(codes, (1.99, 0.96, 0.5), strict=True))
    case = Case(toml, [figures], members(toml)[0], [rates], [scores], frozenset(codes[:1]), {codes[0]: 60.0})
    compare(case, Oracle.of(case))
    assert unprinted_rates(case.identified()).loc[0, "high"] == 100.0


# One month against several


def test_other_months_narrow_and_never_widen() -> None:
    """What survives together survives in each month alone; the order of the other months does not matter."""
    narrower, sums_printed = 0, 0
    for seed in range(60):
        case = plant(20_000 + seed)
        first, *rest = case.cards_at_once()
        identified = identify_cards([first, *rest], case.rubric)
        alone = [identify_cards([card], case.rubric) for card in (first, *rest)]
        for single in alone:
            assert identified.survivors <= single.survivors
            for code in case.rules:
                assert rules_of(identified, code) <= rules_of(single, code)
        assert inside(alone[0].scores(case.some), identified.scores(case.some).low)
        assert inside(alone[0].scores(case.some), identified.scores(case.some).high)
        narrower += identified.survivors < min(single.survivors for single in alone)
        sums_printed += bool(identified.sums)

        for order in list(permutations(rest))[1:3]:
            other = identify_cards([first, *order], case.rubric)
            assert other.survivors == identified.survivors
            assert set(other.others) == set(identified.others)
            for code in case.rules:
                assert rules_of(other, code) == rules_of(identified, code)
            assert pair(other.scores(case.some)) == pytest.approx(pair(identified.scores(case.some)), abs=EXACT)
            assert pair(other.lost(case.some)) == pytest.approx(pair(identified.lost(case.some)), abs=EXACT)
    assert narrower >= 20 and sums_printed >= 10


def rules_of(identified: Identified, code: str) -> set[RuleTuple]:
    items = identified.hypotheses[identified.group_of(code).code]
    return {(rule.max, rule.target, str(rule.zero_denominator)) for item in items for rule in item.rules[code]}


def test_together_names_each_other_month_once_in_any_order() -> None:
    case = plant(20_001)
    first, *rest = case.keys
    assert len(rest) > 1
    again = identify(case.history, case.rubric, *first, [*reversed(rest), first, *rest])
    assert again.others == tuple(reversed(rest))
    assert again.survivors == case.identified().survivors < again.rubric.size()


# Relations between rates


def test_planted_truth_that_keeps_a_relation_survives_it() -> None:
    """The rate of one indicator is not printed and at most that of another, in each month where that was true."""
    capped = 0
    for seed in range(60):
        case = plant(30_000 + seed)
        rates, figures = case.rates[0], case.cards[0]
        pairs = [pair for pair in permutations(case.rules, 2) if keeps(*(rates[code] for code in pair))]
        pairs = [pair for pair in pairs if not is_printed(figures, pair[0]) and rate_span(figures, pair[1])] or pairs
        if not pairs:
            continue
        code, other = pairs[seed % len(pairs)]
        relation = Relation(code=code, at_most=other, status="assumed", source="test", note="test")
        cards = [
            assume(item, [relation] if keeps(true[code], true[other]) else [])
            for item, true in zip(case.cards_at_once(), case.rates, strict=True)
        ]
        capped += cards[0].readings[code].cap < 100
        check_truth(case, identify_cards(cards, case.rubric))
    assert capped >= 12


def keeps(rate: float | None, at_most: float | None) -> bool:
    return rate is not None and at_most is not None and rate <= at_most


def test_relation_allows_for_the_rounding_of_indicators() -> None:
    """13,2745 % of 20 points is 2.6549, rounded 2.65 and printed 2.6: the other rate may be 13,2745 % as well."""
    toml = family([(20, [known(20)]), (10, [known(10)])]) | {"indicator_decimals": 2}
    upper, lower = members(toml)[0]
    relation = Relation(code=lower, at_most=upper, status="assumed", source="test", note="test")
    figures: Figures = {("group_0", "points"): (2.6, 1), (TOTAL, "points"): (3.98, 2)}
    rates = {upper: 13.2745, lower: 13.2745}
    scores = {upper: 2.65, lower: 1.33}
    case = Case(toml, [figures], members(toml)[0], [rates], [scores], frozenset([lower]), {lower: 60.0})
    (item,) = case.cards_at_once()
    check_truth(case, identify_cards([assume(item, [relation])], case.rubric))


def known(maximum: float) -> Toml:
    return {"max": parameter(maximum), "target": parameter("none"), "zero_denominator": parameter("no_points")}


# Sums of boxes


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


def test_equal_sums_share_a_row_and_both_choices_live() -> None:
    """1 + 4 and 2 + 3 are 5."""
    one, two = boxes(([(1, 1)], 0), ([(2, 2)], 0)), boxes(([(3, 3)], 0), ([(4, 4)], 0))
    joined = join([one, two], [Interval.point(5)])
    assert joined.low.tolist() == [[5.0]] and joined.members.tolist() == [2.0]
    assert joined.choices_alive() == [{0, 1}, {0, 1}]
    assert joined.choices_of(0) in ([0, 1], [1, 0])


def test_second_month_decides_what_the_first_leaves_open() -> None:
    one = boxes(([(1, 1), (1, 1)], 0), ([(1, 1), (2, 2)], 0))
    two = boxes(([(3, 3), (3, 3)], 0))
    assert join([one, two], [Interval.point(4), Interval(4, 5)]).choices_alive() == [{0, 1}, {0}]
    assert join([one, two], [Interval.point(4), Interval.point(5)]).choices_alive() == [{1}, {0}]
    assert len(join([one, two], [Interval.point(4), Interval.point(6)]).low) == 0


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
        groups = [random_boxes(rng, months) for _group in range(many)]
        sums = [
            Sum(month, frozenset([0, int(rng.integers(1, many))]), random_interval(rng, 8.0))
            for month in range(1, months)
            if rng.random() < 0.4
        ]
        totals = [random_interval(rng, 5.0 * many) for _month in range(months)]
        found += compare_sums(groups, totals, sums, int(rng.integers(0, months + 1)))
    assert 25 <= found <= 95


def test_sums_where_no_group_has_a_choice():
    rng, found = np.random.default_rng(12), 0
    for _case in range(100):
        months, many = int(rng.integers(1, 4)), int(rng.integers(1, 5))
        every = [random_boxes(rng, months) for _group in range(many)]
        alone = [Boxes(item.low[:1], item.high[:1], item.extra[:1], item.members[:1]) for item in every]
        totals = [random_interval(rng, 5.0 * many) for _month in range(months)]
        found += compare_sums(alone, totals, [], exact=int(rng.integers(0, months + 1)))
    assert 10 <= found <= 90


def random_boxes(rng: np.random.Generator, months: int) -> Boxes:
    """Whole and half points, so that many sums are equal and many just touch a total."""
    many = int(rng.integers(1, 5))
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


# Large families


@pytest.mark.parametrize(
    ("hidden", "groups_shown", "least"),
    [(0.4, 1.0, 1), (0.7, 1.0, 2), (0.9, 1.0, 10_000), (0.9, 0.5, 1_000_000)],
)
def test_large_family_and_many_months(
    hidden: float, groups_shown: float, least: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """27 rules a group, 387 million in all, over 36 months; the last case leaves 38 million, whose sums differ."""
    case = large(hidden, groups_shown)
    assert case.rubric.size() == 27**6
    start = time.perf_counter()
    identified = identify_cards(case.cards_at_once(), case.rubric)
    check_truth(case, identified)
    taken = time.perf_counter() - start
    with capsys.disabled():
        print(f"\n{identified.survivors} of {27**6} rules over 36 months in {taken:.2f} s")
    assert least <= identified.survivors <= 27**6
    assert taken < 60


def large(hidden: float, groups_shown: float) -> Case:
    """Six groups of three indicators, each of three targets; groups with 1 decimal, totals and rates with 2."""
    rng = np.random.default_rng(0)
    item = {"max": parameter(4), "target": parameter("none", 80, 50), "zero_denominator": parameter("no_points")}
    toml = family([(12, [item] * 3) for _group in range(6)])
    rules = random_member(rng, toml)
    cards: list[Figures] = []
    rates: list[dict[str, float | None]] = []
    scores: list[dict[str, float]] = []
    for _month in range(36):
        rate = {code: float(rng.uniform(0, 100)) for code in rules}
        score = {code: points(rules[code], rate[code]) for code in rules}
        figures: Figures = {(code, "percent"): (round(rate[code], 2), 2) for code in rules if rng.random() > hidden}
        for group, codes in indicators_of(toml).items():
            if rng.random() < groups_shown:
                figures[group, "points"] = (round(sum(score[code] for code in codes), 1), 1)
        figures[TOTAL, "points"] = (round(sum(score.values()), 2), 2)
        cards, rates, scores = [*cards, figures], [*rates, dict(rate)], [*scores, score]
    return Case(toml, cards, rules, rates, scores, frozenset(list(rules)[:4]), dict.fromkeys(list(rules)[:2], 100.0))

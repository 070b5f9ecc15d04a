"""A second implementation of identification, by brute force, as the oracle of the first.

One hidden member explains every month of a random family. Some months print the first two groups as one, some lack a
group's score, a rate or the total, and figures have 0 to 2 decimals. The oracle writes out every joint member; for each
one linear programs over the scores of all months decide whether it survives and what any set of indicators may have
scored. Nothing of `analysis` is used to get there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations, permutations

import numpy as np
import pytest

from analysis.decisions.whatif import gains
from analysis.diagnosis.losses import loss_ledger, losses_by_indicator
from analysis.errors import ContradictionError
from analysis.identification.bounds import alternatives, group_scores, unprinted_rates
from analysis.identification.evidence import Relation, assume
from analysis.identification.identify import Identified, identify, identify_cards
from analysis.interval import Interval
from analysis.scorecards.history import TOTAL
from planted import (
    Box,
    Case,
    Figures,
    Member,
    Toml,
    box,
    ends,
    family,
    indicators_of,
    is_empty,
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
    with_a_rate,
)

BATCH = 20
LARGEST = 24  # members of a family that the oracle writes out
NEAR, EXACT = 1e-6, 1e-8


def batches(many: int, quick: int) -> list[object]:
    """Seeds in batches, those after the first `quick` of them slow."""
    return [
        pytest.param(range(at, at + BATCH), marks=[pytest.mark.slow] * (at >= quick), id=f"from-{at}")
        for at in range(0, many, BATCH)
    ]


def alone(case: Case) -> Case:
    """The month asked about without the others."""
    return replace(case, cards=case.cards[:1])


# Planted truths


@pytest.mark.parametrize("seeds", batches(400, quick=80))
def test_planted_truth_survives(seeds: range) -> None:
    for seed in seeds:
        case = plant(seed)
        check_truth(case, identify_cards(case.cards_at_once(), case.rubric))


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
    for row in group_scores(identified).itertuples():
        score = sum(scores[code] for code in case.groups(0).get(row.code, scores))
        assert row.low - EXACT <= score <= row.high + EXACT
        assert row.printed_low - EXACT <= row.low and row.high <= row.printed_high + EXACT
    gained = {code: max(0.0, points(case.rules[code], target) - scores[code]) for code, target in case.levers.items()}
    for row in gains(identified, case.levers).itertuples():
        total = sum(scores.values()) + gained.get(row.code, sum(gained.values()))
        assert row.total_low - EXACT <= total <= row.total_high + EXACT


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
        everyone, rounding = members(case.toml), rounding_of(case)
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

    def _row(self, codes: Iterable[str]) -> np.ndarray:
        """Ones at the scores of some indicators in the first month."""
        chosen, row = set(codes), np.zeros(self.matrix.shape[1])
        row[: len(self.case.rules)] = [code in chosen for code in self.case.rules]
        return row

    def sums(self, chosen: Sequence[frozenset[str]]) -> list[np.ndarray]:
        """For each set the lowest and the highest sum (columns) of its scores in the first month, a row a member."""
        own = np.array([self._row(item) for item in chosen])
        costs = np.vstack([own, -own])
        many, several = len(self.members), len(costs)
        found = minima(
            np.tile(costs, (many, 1)),
            self.matrix,
            np.tile(self.limits, (many * several, 1)),
            self.boxes.repeat(several, axis=0),
        ).reshape(many, 2, len(chosen))
        return [np.stack([found[:, 0, number], -found[:, 1, number]], axis=1) for number in range(len(chosen))]

    def maxima(self, chosen: Iterable[str]) -> np.ndarray:
        items = list(chosen)
        return np.array([[sum(member[code][0] for code in items)] for member in self.members])

    def lost(self, chosen: Sequence[frozenset[str]]) -> list[Box]:
        """What the indicators of each set lost together."""
        return [ends(self.maxima(item) - sums) for item, sums in zip(chosen, self.sums(chosen), strict=True)]

    def gain(self, levers: Mapping[str, float]) -> Box:
        """With each set of levers that may have had nothing to count, scored 0 and so cannot be raised."""
        unknown = [code for code in levers if rate_span(self.case.cards[0], code) is None]
        found = [self._gain(levers)]
        for some in chain.from_iterable(combinations(unknown, size) for size in range(1, len(unknown) + 1)):
            columns = [list(self.case.rules).index(code) for code in some]
            possible = (self.boxes[:, columns, 0] <= 1e-9).all(axis=1)
            possible &= [all(item[code][0] and item[code][2] == "no_points" for code in some) for item in self.members]
            boxes = self.boxes.copy()
            boxes[:, columns] = 0.0
            left = replace(self, boxes=boxes)._only(possible)._feasible()
            if left.members:
                found.append(left._gain({code: target for code, target in levers.items() if code not in some}))
        return min(low for low, _high in found), max(high for _low, high in found)

    def _gain(self, levers: Mapping[str, float]) -> Box:
        """Σ max(0, goal − score): its maximum is that of some set of levers counted without the max; its minimum is a
        program with one more variable a lever, at least 0 and at least goal − score."""
        if not levers:
            return 0.0, 0.0
        goals = np.array([[points(member[code], target) for code, target in levers.items()] for member in self.members])
        sets = [frozenset(some) for size in range(1, len(levers) + 1) for some in combinations(levers, size)]
        most = 0.0
        for counted, sums in zip(sets, self.sums(sets), strict=True):
            inside = [code in counted for code in levers]
            most = max(most, float((goals[:, inside].sum(axis=1) - sums[:, 0]).max()))
        (many, several), width = goals.shape, self.matrix.shape[1]
        picks = np.array([self._row([lever]) for lever in levers])
        matrix = np.block([[self.matrix, np.zeros((len(self.limits), several))], [-picks, -np.eye(several)]])
        least = minima(
            np.tile([0.0] * width + [1.0] * several, (many, 1)),
            matrix,
            np.hstack([np.tile(self.limits, (many, 1)), -goals]),
            np.concatenate([self.boxes, np.tile([0.0, np.inf], (many, several, 1))], axis=1),
        )
        return float(least.min()), most

    def rates(self, code: str, scores: np.ndarray) -> Box:
        """The rates behind the scores: on the slope of a rule, up to its target; above it at its maximum."""
        rounding, found = rounding_of(self.case), []
        for member, (low, high) in zip(self.members, scores, strict=True):
            maximum, target, _zero = member[code]
            if maximum == 0:
                return 0.0, 100.0
            at_full = high + rounding >= maximum - NEAR
            found += [max(0.0, (low - rounding) * target / maximum), min(target, (high + rounding) * target / maximum)]
            found += [target, 100.0] if at_full else []
        return min(found), max(found)


def rounding_of(case: Case) -> float:
    return 0.005 if "indicator_decimals" in case.toml else 0.0


@pytest.mark.parametrize("seeds", batches(100, quick=10))
def test_package_agrees_with_brute_force(seeds: range) -> None:
    """The month alone, and held against the others."""
    for seed in seeds:
        case = plant(10_000 + seed, LARGEST, 3)
        compare(case)
        compare(alone(case))


def compare(case: Case) -> None:
    oracle, identified = Oracle.of(case), case.identified()
    assert case.rules in oracle.members
    assert identified == identify_cards(case.cards_at_once(), case.rubric)
    assert identified.rubric.size() == len(members(case.toml))
    assert identified.survivors == len(oracle.members)
    joined = [month for month in range(len(case.cards)) if len(case.groups(month)) < len(case.groups(0))]
    assert joined or not identified.sums  # only what the month asked about prints apart adds up to a sum of another
    for group, codes in case.groups(0).items():
        expected = {tuple(member[code] for code in codes) for member in oracle.members}
        found = chain.from_iterable(members_of(item.rules, codes) for item in identified.hypotheses[group])
        assert sorted(found) == sorted(expected)  # as a list: none may stand there twice

    hidden = unprinted_rates(identified)
    asked = [case.some, *map(frozenset, case.groups(0).values()), *(frozenset([code]) for code in hidden["code"])]
    some, *rest = oracle.sums(asked)
    assert pair(identified.scores(case.some)) == pytest.approx(ends(some), abs=NEAR)
    for row, sums in zip(group_scores(identified).itertuples(), rest[: len(case.groups(0))], strict=False):
        assert (row.low, row.high) == pytest.approx(ends(sums), abs=NEAR)
    for row, sums in zip(hidden.itertuples(), rest[len(case.groups(0)) :], strict=True):
        assert (row.low, row.high) == pytest.approx(oracle.rates(row.code, sums), abs=100 * NEAR)
    compare_losses(case, oracle, identified)
    compare_gains(case, oracle, identified)


def compare_losses(case: Case, oracle: Oracle, identified: Identified) -> None:
    table, figures = losses_by_indicator(identified).set_index("code"), case.cards[0]
    assert list(table.index) == list(case.rules)
    lost = dict(zip(case.rules, oracle.lost([frozenset([code]) for code in case.rules]), strict=True))
    parts: dict[str, list[str]] = {"printed": [], "derivable": [], "undisclosed": []}
    for group, codes in case.groups(0).items():
        for code in codes:
            row = table.loc[code]
            assert (row["lost_low"], row["lost_high"]) == pytest.approx(lost[code], abs=NEAR)
            assert (row["max_low"], row["max_high"]) == ends(oracle.maxima([code]))
            rate = rate_span(figures, code) or (np.nan, np.nan)
            assert (row["rate_low"], row["rate_high"]) == pytest.approx(rate, nan_ok=True)
            assert row["disclosure"] == disclosure(case, group, code, lost[code])
            parts[row["disclosure"]].append(code)

    ledger = loss_ledger(identified, table.reset_index()).set_index("part")
    parts["not_printed"] = parts["derivable"] + parts["undisclosed"]
    sets = [*map(frozenset, parts.values()), frozenset(case.rules)]
    *of_parts, everything = oracle.lost(sets)
    for (part, codes), bounds in zip(parts.items(), of_parts, strict=True):
        row = ledger.loc[part]
        assert row["indicators"] == len(codes)
        assert (row["lost_low"], row["lost_high"]) == pytest.approx(bounds, abs=NEAR)
    whole, (low, high) = case.toml["max"]["value"], span(figures, TOTAL, "points")
    total, apart = ledger.loc["total"], ledger.loc[["printed", "derivable", "undisclosed"]]
    expected = (max(0.0, whole - high), min(whole, whole - low))
    assert (total["lost_low"], total["lost_high"]) == pytest.approx(expected)
    assert total["lost_low"] - NEAR <= everything[0] <= everything[1] <= total["lost_high"] + NEAR
    assert apart["lost_low"].sum() <= everything[0] + NEAR
    assert apart["lost_high"].sum() >= everything[1] - NEAR


def disclosure(case: Case, group: str, code: str, lost: Box) -> str:
    """Derivable: as narrow as the rounding of the group's printed score, and of its indicators, lets it be."""
    figures, codes = case.cards[0], case.groups(0)[group]
    if is_empty(figures, code) or rate_span(figures, code) or (code, "points") in figures:
        return "printed"
    printed = span(figures, group, "points")
    worth = sum(item["max"]["value"] for item in case.toml["group"] if item["indicator"][0]["code"] in codes)
    rounding = printed[1] - printed[0] + 2 * len(codes) * rounding_of(case) if printed else worth
    return "derivable" if lost[1] - lost[0] <= rounding + NEAR and rounding < worth else "undisclosed"


def compare_gains(case: Case, oracle: Oracle, identified: Identified) -> None:
    """Of the levers of the case, and with them of another one that is raised to 100 %."""
    another = {code: 100.0 for code in with_a_rate(case.rules, case.cards[0]) if code not in case.levers}
    levers = case.levers | dict(list(another.items())[:1])
    table = gains(identified, levers).set_index("code")
    asked = {code: {code: target} for code, target in levers.items()}
    if len(levers) > 1:
        asked["together"] = levers
    assert list(table.index) == list(asked)
    for name, some in asked.items():
        row = table.loc[name]
        assert (row["gain_low"], row["gain_high"]) == pytest.approx(oracle.gain(some), abs=NEAR)
        assert row["gain_high"] <= identified.lost(some).high + NEAR
        of_group = [codes for codes in case.groups(0).values() if set(codes) & set(some)]
        assert row["gain_high"] <= sum(identified.lost(codes).high for codes in of_group) + NEAR


def test_contradictions_are_found_where_brute_force_finds_them() -> None:
    """One printed figure of a good case is moved: sometimes some member still agrees, sometimes none."""
    impossible = {"total": 0, "group": 0, "indicator": 0}
    for seed in range(1000, 1060):
        case, rng = alone(plant(seed, LARGEST)), np.random.default_rng(seed)
        movable = [key for key in case.cards[0] if key[1] in ("points", "percent")]
        code, unit = movable[rng.integers(len(movable))]
        value, decimals = case.cards[0][code, unit]
        step = rng.choice([-1, 1]) * rng.uniform(0.1, 2) * (10 if unit == "percent" else 1)
        moved = round(min(abs(value + step), 100.0), decimals)
        case = replace(case, cards=[{**case.cards[0], (code, unit): (moved, decimals)}])
        survivors = len(Oracle.of(case).members)
        if survivors:
            assert case.identified().survivors == survivors
            continue
        with pytest.raises(ContradictionError) as error:
            case.identified()
        kind = code.split("_")[0]
        assert kind == "indicator" or any(row.startswith(f"{code} ") for row in error.value.rows)
        impossible[kind] += 1
    assert min(impossible.values()) >= 5 and sum(impossible.values()) <= 50


def test_a_contradiction_names_the_figures_and_what_the_rules_give() -> None:
    """20 % of 10 points are 2 without a target, and 4 with one of 50 %."""
    item = {"max": parameter(10), "target": parameter("none", 50), "zero_denominator": parameter("full")}
    toml = family([(10, [item]), (1, [known(1)])])
    code, rules = next(iter(members(toml)[0])), members(toml)[0]
    figures: Figures = {("group_0", "points"): (3.0, 1), (code, "percent"): (20.0, 2), (TOTAL, "points"): (4.0, 1)}
    with pytest.raises(ContradictionError, match="No rule of test gives the score of group_0") as error:
        Case(toml, [figures], rules, [], [], frozenset(), {}).identified()
    assert error.value.rows == (
        "group_0 3.0 (test.csv:2)",
        f"{code} 20.00 % (test.csv:3)",
        "rules tried: 2; they give 2.00; 4.00",
    )


def test_a_target_fits_only_where_an_indicator_that_has_points_may_have_it() -> None:
    """50 % of 4 points, or of 2 and 25 % of 2 more with a target of 50 %, are 2; without a target they are 1.5."""
    one = {"max": parameter(4, 2), "target": parameter("none"), "zero_denominator": parameter("full")}
    other = {"max": parameter(0, 2), "target": parameter("none", 50), "zero_denominator": parameter("full")}
    toml = family([(4, [one, other]), (1, [known(1)])])
    first, second, *_rest = members(toml)[0]
    figures: Figures = {(first, "percent"): (50.0, 2), (second, "percent"): (25.0, 2)}
    figures |= {("group_0", "points"): (2.0, 2), (TOTAL, "points"): (2.5, 2)}
    table = alternatives(Case(toml, [figures], members(toml)[0], [], [], frozenset(), {}).identified())
    rows = table[table["code"] == second]
    found = list(zip(rows["parameter"], rows["value"], rows["fits"], strict=True))
    assert found == [("max", 2, True), ("max", 0, True), ("target", 100, False), ("target", 50, True)]


# Cases on an edge


def known(maximum: float) -> Toml:
    """An indicator of one rule, without a target."""
    return {"max": parameter(maximum), "target": parameter("none"), "zero_denominator": parameter("no_points")}


@pytest.mark.parametrize("seed", range(3))
def test_rules_tied_by_the_total_alone(seed: int) -> None:
    """Three groups of one indicator, at one rate, not printed: their targets may trade places and nothing else."""
    rng = np.random.default_rng(seed)
    item = {"max": parameter(3), "target": parameter("none", 80, 50), "zero_denominator": parameter("full")}
    toml, rate = family([(3, [item])] * 3), rng.uniform(5, 45)
    rules = members(toml)[rng.integers(27)]
    scores = {code: points(item, rate) for code, item in rules.items()}
    figures: Figures = {(code, "percent"): (round(rate, 2), 2) for code in rules}
    figures[TOTAL, "points"] = (round(sum(scores.values()), 2), 2)
    some, levers = frozenset(list(rules)[:2]), dict.fromkeys(list(rules)[:2], 60.0)
    case = Case(toml, [figures], rules, [dict.fromkeys(rules, rate)], [scores], some, levers)
    assert case.identified().survivors == len(set(permutations(rules.values())))
    compare(case)


def test_sum_on_the_edge_of_its_rounding_survives() -> None:
    """1/20 + 2/20 + 4/20 is 0.35 and may print as 0.3; in floats the sum is above 0.3 + 0.05."""
    toml = family([(3, [known(1)] * 3), (1, [known(1)])])
    codes = list(members(toml)[0])
    scores = dict(zip(codes, (0.05, 0.1, 0.2, 0.5), strict=True))
    figures: Figures = {("group_0", "points"): (0.3, 1), (TOTAL, "points"): (0.85, 2)}
    for code, count in zip(codes, (1, 2, 4), strict=False):
        figures |= {(code, "count"): (count, 0), (f"{code}_base", "count"): (20, 0)}
    case = Case(toml, [figures], members(toml)[0], [], [scores], frozenset(codes[2:]), {codes[3]: 60.0})
    assert case.identified().survivors == 1
    compare(case)


def test_rounding_of_indicators_leaves_a_loss_derivable() -> None:
    """Group 2.45 to 2.55 less 1.5 ± 0.00515 is 0.1103 wide: no more than 0.1 of the group and 0.01 an indicator."""
    toml = family([(5, [known(3), known(2)]), (2, [known(2)])]) | {"indicator_decimals": 2}
    codes = list(members(toml)[0])
    figures: Figures = {("group_0", "points"): (2.5, 1), (TOTAL, "points"): (3.73, 2), (codes[0], "percent"): (50.0, 2)}
    scores = dict(zip(codes, (1.5, 1.0, 1.23), strict=True))
    case = Case(toml, [figures], members(toml)[0], [], [scores], frozenset(codes[:2]), {codes[1]: 60.0})
    table = losses_by_indicator(case.identified())
    assert list(table["disclosure"]) == ["printed", "derivable", "undisclosed"]
    assert (table.loc[1, "lost_low"], table.loc[1, "lost_high"]) == pytest.approx((2 - 1.05515, 2 - 0.94485))
    compare(case)


def test_score_within_its_rounding_of_the_maximum_may_come_from_any_rate_above_the_target() -> None:
    """2.95 less 0.958 − 0.005 is 1.997: it may be 2 points less the rounding, so a rate of 50 to 100."""
    half = {"max": parameter(2), "target": parameter(50), "zero_denominator": parameter("no_points")}
    toml = family([(3, [half, known(1)]), (1, [known(1)])]) | {"indicator_decimals": 2}
    codes = list(members(toml)[0])
    figures: Figures = {(codes[1], "count"): (958, 0), (f"{codes[1]}_base", "count"): (1000, 0)}
    figures |= {("group_0", "points"): (2.9, 1), (TOTAL, "points"): (3.45, 2)}
    rates, scores = dict(zip(codes, (49.7, 95.8, 50.0), strict=True)), dict(zip(codes, (1.99, 0.96, 0.5), strict=True))
    case = Case(toml, [figures], members(toml)[0], [rates], [scores], frozenset(codes[:1]), {codes[0]: 60.0})
    compare(case)
    assert unprinted_rates(case.identified()).loc[0, "high"] == 100.0


# One month against several


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
    for seed in range(45):
        case = plant(30_000 + seed)
        rates, figures = case.rates[0], case.cards[0]
        pairs = [pair for pair in permutations(case.rules, 2) if keeps(*(rates[code] for code in pair))]
        pairs = [pair for pair in pairs if not is_printed(figures, pair[0]) and rate_span(figures, pair[1])] or pairs
        if not pairs:
            continue
        code, other = pairs[seed % len(pairs)]
        cards = [
            assume(item, [at_most(code, other)] if keeps(true[code], true[other]) else [])
            for item, true in zip(case.cards_at_once(), case.rates, strict=True)
        ]
        identified, cap = identify_cards(cards, case.rubric), cards[0].readings[code].cap
        capped += cap < 100
        check_truth(case, identified)
        hidden = unprinted_rates(identified).set_index("code")
        assert code not in hidden.index or hidden.loc[code, "high"] <= max(cap, hidden.loc[code, "low"]) + EXACT
    assert capped >= 9


def at_most(code: str, other: str) -> Relation:
    return Relation(code=code, at_most=other, status="assumed", source="test", note="test")


def keeps(rate: float | None, other: float | None) -> bool:
    return rate is not None and other is not None and rate <= other


def test_relation_allows_for_the_rounding_of_indicators() -> None:
    """13,2745 % of 20 points is 2.6549, rounded 2.65 and printed 2.6: the other rate may be 13,2745 % as well."""
    toml = family([(20, [known(20)]), (10, [known(10)])]) | {"indicator_decimals": 2}
    upper, lower = members(toml)[0]
    figures: Figures = {("group_0", "points"): (2.6, 1), (TOTAL, "points"): (3.98, 2)}
    rates, scores = {upper: 13.2745, lower: 13.2745}, {upper: 2.65, lower: 1.33}
    case = Case(toml, [figures], members(toml)[0], [rates], [scores], frozenset([lower]), {lower: 60.0})
    (item,) = case.cards_at_once()
    check_truth(case, identify_cards([assume(item, [at_most(lower, upper)])], case.rubric))


# Large families


@pytest.mark.parametrize(
    ("hidden", "groups_shown", "least"),
    [(0.4, 1.0, 1), (0.7, 1.0, 2), (0.9, 1.0, 10_000), pytest.param(0.9, 0.5, 1_000_000, marks=pytest.mark.slow)],
)
def test_large_family_and_many_months(hidden: float, groups_shown: float, least: int) -> None:
    """27 rules a group, 387 million in all, over 36 months; the last case leaves 38 million, whose sums differ."""
    case = large(hidden, groups_shown)
    assert case.rubric.size() == 27**6
    identified = identify_cards(case.cards_at_once(), case.rubric)
    check_truth(case, identified)
    assert least <= identified.survivors <= 27**6


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

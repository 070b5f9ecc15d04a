"""A second implementation of identification, by brute force, as the oracle of the first.

Every joint member of a small family is written out, and for each one linear programs (scipy) say whether it survives
and how few and how many points any set of indicators may have scored under it. Nothing of `analysis` is used to get
there. Families, figures and levers are random; the figures are printed from a planted truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain, combinations, permutations

import numpy as np
import pandas as pd
import pytest

from analysis.decisions.whatif import gains
from analysis.diagnosis.losses import loss_ledger, losses_by_indicator
from analysis.errors import ContradictionError
from analysis.identification.identify import Identified, identify
from analysis.scorecards.history import COLUMNS, TOTAL
from analysis.scorecards.rubric import Rubric
from planted import (
    BOTH,
    Box,
    Figures,
    Member,
    RuleTuple,
    Toml,
    box,
    ends,
    family,
    indicators_of,
    is_empty,
    members,
    members_of,
    minima,
    pair,
    parameter,
    points,
    random_family,
    rate_span,
    span,
)

ENTITY, PERIOD = "Thử nghiệm", "2024-01"
CASES, TIED, DOUBTFUL, LARGEST = 160, 12, 60, 48
NEAR = 1e-6
Sets = list[frozenset[str]]


@dataclass(frozen=True)
class Case:
    """A family, what was printed, what to ask, and the truth it was printed from."""

    toml: Toml
    figures: Figures
    levers: dict[str, float]
    some: frozenset[str]
    rules: Member
    scores: dict[str, float]

    @property
    def groups(self) -> dict[str, list[str]]:
        """The indicators of each group as printed: the first two groups may be printed as one."""
        groups = indicators_of(self.toml)
        if (BOTH, "points") not in self.figures:
            return groups
        (_, one), (_, other), *rest = groups.items()
        return {BOTH: one + other, **dict(rest)}

    def identified(self) -> Identified:
        return identify(history(self.figures), Rubric.model_validate(self.toml), ENTITY, PERIOD)


def history(figures: Figures) -> pd.DataFrame:
    """The figures as `load_history` would give them."""
    rows = []
    for line, ((code, unit), (value, decimals)) in enumerate(figures.items(), start=2):
        level = "total" if code == TOTAL else "group" if code.startswith("group") else "indicator"
        text = dict.fromkeys(COLUMNS, "") | {"entity": ENTITY, "period": PERIOD, "scope": "month", "level": level}
        numbers = {"value": value, "max": float("nan"), "decimals": decimals, "line": line}
        rows.append({**text, "code": code, "unit": unit, "kind": "published", **numbers, "file": "test.csv"})
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Oracle:
    """The surviving members, and the boxes and sums that their scores must keep (matrix @ scores <= limits)."""

    codes: list[str]
    members: list[Member]
    boxes: np.ndarray
    matrix: np.ndarray
    limits: np.ndarray

    @classmethod
    def of(cls, case: Case) -> Oracle:
        codes = list(case.rules)
        rows, limits = [], []
        for whole, parts in {**case.groups, TOTAL: codes}.items():
            if printed := span(case.figures, whole, "points"):
                row = [float(code in parts) for code in codes]
                rows += [row, [-number for number in row]]
                limits += [printed[1], -printed[0]]
        everyone = members(case.toml)
        rounding = 0.005 if "indicator_decimals" in case.toml else 0.0
        boxes = np.array([[box(member[code], case.figures, code, rounding) for code in codes] for member in everyone])
        whole_boxes = (boxes[:, :, 0] <= boxes[:, :, 1] + 1e-9).all(axis=1)
        boxes[:, :, 1] = boxes.max(axis=2)
        oracle = cls(codes, everyone, boxes, np.array(rows), np.array(limits))._only(whole_boxes)
        return oracle._only(oracle._breach() < 1e-7)

    def _only(self, kept: np.ndarray) -> Oracle:
        chosen = [member for member, keep in zip(self.members, kept, strict=True) if keep]
        return replace(self, members=chosen, boxes=self.boxes[kept])

    def _breach(self) -> np.ndarray:
        """By how many points each member must miss some printed sum."""
        many = len(self.members)
        matrix = np.hstack([self.matrix, -np.ones((len(self.limits), 1))])
        costs = np.tile([0.0] * len(self.codes) + [1.0], (many, 1))
        boxes = np.concatenate([self.boxes, np.tile([0.0, np.inf], (many, 1, 1))], axis=1)
        return minima(costs, matrix, np.tile(self.limits, (many, 1)), boxes)

    def sums(self, sets: Sets) -> dict[frozenset[str], np.ndarray]:
        """Set of indicators → the lowest and highest sum of their scores (columns) under each member (rows)."""
        signs = [(item, sign) for item in sets for sign in (1.0, -1.0)]
        costs = np.array([[sign * (code in item) for code in self.codes] for item, sign in signs])
        many, several = len(self.members), len(signs)
        found = minima(
            np.tile(costs, (many, 1)),
            self.matrix,
            np.tile(self.limits, (many * several, 1)),
            self.boxes.repeat(several, axis=0),
        ).reshape(many, len(sets), 2)
        return {item: found[:, number] * [1.0, -1.0] for number, item in enumerate(sets)}

    def maxima(self, chosen: Iterable[str]) -> np.ndarray:
        items = list(chosen)
        return np.array([[sum(member[code][0] for code in items)] for member in self.members])

    def lost(self, chosen: frozenset[str]) -> Box:
        return ends(self.maxima(chosen) - self.sums([chosen])[chosen])

    def gain(self, levers: Mapping[str, float]) -> Box:
        """Σ max(0, goal − score): its maximum is that of some set of levers counted without the max; its minimum is a
        program with one more variable a lever, at least 0 and at least goal − score."""
        goals = np.array([[points(member[code], target) for code, target in levers.items()] for member in self.members])
        sets = [frozenset(some) for size in range(1, len(levers) + 1) for some in combinations(levers, size)]
        most = 0.0
        for counted, sums in self.sums(sets).items():
            inside = [code in counted for code in levers]
            most = max(most, float((goals[:, inside].sum(axis=1) - sums[:, 0]).max()))
        (many, several), width = goals.shape, len(self.codes)
        picks = np.array([[float(code == lever) for code in self.codes] for lever in levers])
        matrix = np.block([[self.matrix, np.zeros((len(self.limits), several))], [-picks, -np.eye(several)]])
        least = minima(
            np.tile([0.0] * width + [1.0] * several, (many, 1)),
            matrix,
            np.hstack([np.tile(self.limits, (many, 1)), -goals]),
            np.concatenate([self.boxes, np.tile([0.0, np.inf], (many, several, 1))], axis=1),
        )
        return float(least.min()), most


# Random cases


def plant(seed: int) -> Case:
    """A random family of at most LARGEST members and figures printed from a random truth."""
    rng = np.random.default_rng(seed)
    toml = random_family(rng)
    while not (2 <= len(members(toml)) <= LARGEST and all(group["max"]["value"] for group in toml["group"])):
        toml = random_family(rng)
    rules = members(toml)[rng.integers(len(members(toml)))]
    hidden, group_shown = rng.choice([(0, 0.9), (0.3, 0.4), (0.4, 0.95), (0.7, 0.95)])
    figures: Figures = {}
    scores = {code: random_figures(rng, code, item, hidden, figures) for code, item in rules.items()}
    if "indicator_decimals" in toml:
        scores = {code: round(score, 2) for code, score in scores.items()}
    by_group = {group: sum(scores[code] for code in codes) for group, codes in indicators_of(toml).items()}
    if rng.random() < 0.2:
        by_group[BOTH] = by_group.pop("group_0") + by_group.pop("group_1")
    figures |= {
        (code, "points"): (round(score, 1), 1) for code, score in by_group.items() if rng.random() < group_shown
    }
    figures[TOTAL, "points"] = (round(sum(scores.values()), 2), 2)
    codes = list(rules)
    several = rng.integers(1, min(3, len(codes)) + 1)
    levers = {str(code): random_target(rng, figures, code, rules[code]) for code in rng.permutation(codes)[:several]}
    some = frozenset(code for code in codes if rng.random() < 0.5)
    return Case(toml, figures, levers, some, rules, scores)


def random_figures(rng: np.random.Generator, code: str, rule: RuleTuple, hidden: float, figures: Figures) -> float:
    """Adds what is printed of one indicator to the figures; returns its true score."""
    ways = ["percent"] * 4 + ["count", "count and percent", "points", "points and percent", "empty"]
    shown = "hidden" if rng.random() < hidden else rng.choice(ways)
    rate = rng.choice([rng.uniform(0, 100), rng.uniform(0, 100), rng.uniform(0, 100), 0.0, 100.0, rule[1]])
    if "count" in shown:
        base = int(rng.choice([20, 40, rng.integers(1, 400)]))  # 20 and 40 put scores on the edge of a rounding
        count = int(rng.integers(0, base + 1))
        figures[code, "count"], figures[f"{code}_base", "count"] = (count, 0), (base, 0)
        rate = 100 * count / base
    if shown == "empty":
        figures[f"{code}_base", "count"] = (0, 0)
    if "percent" in shown:
        figures[code, "percent"] = (round(rate, 2), 2)
    score = points(rule, rate) if shown != "empty" else rule[0] if rule[2] == "full" else 0.0
    if "points" in shown:
        figures[code, "points"] = (round(score, 2), 2)
    return float(score)


def random_target(rng: np.random.Generator, figures: Figures, code: str, rule: RuleTuple) -> float:
    """Today's rate, the target of the rule, or anything above today's rate."""
    today = rate_span(figures, code)
    least = (today[0] + today[1]) / 2 if today else 0.0
    return float(max(least, rng.choice([least, rule[1], rng.uniform(least, 100), rng.uniform(least, 100)])))


# The comparison


@pytest.mark.parametrize("seed", range(CASES))
def test_package_agrees_with_brute_force(seed: int) -> None:
    compare(plant(seed))


@pytest.mark.parametrize("seed", range(TIED))
def test_rules_tied_by_the_total_alone(seed: int) -> None:
    """Three groups of one indicator, at one rate, not printed: their targets may trade places and nothing else."""
    rng = np.random.default_rng(seed)
    item = {"max": parameter(3), "target": parameter("none", 80, 50), "zero_denominator": parameter("full")}
    toml, rate = family([(3, [item])] * 3), rng.uniform(5, 45)
    rules = members(toml)[rng.integers(27)]
    scores = {code: points(item, rate) for code, item in rules.items()}
    figures: Figures = {(code, "percent"): (round(rate, 2), 2) for code in rules}
    figures[TOTAL, "points"] = (round(sum(scores.values()), 2), 2)
    case = Case(toml, figures, dict.fromkeys(rules, 60.0), frozenset(list(rules)[:2]), rules, scores)
    assert case.identified().survivors == len(set(permutations(rules.values())))
    compare(case)


def known(maximum: float) -> Toml:
    """An indicator of one rule, without a target."""
    return {"max": parameter(maximum), "target": parameter("none"), "zero_denominator": parameter("full")}


def test_sum_on_the_edge_of_its_rounding_survives() -> None:
    """1/20 + 2/20 + 4/20 is 0.35 and may print as 0.3; in floats the sum is above 0.3 + 0.05."""
    toml = family([(3, [known(1)] * 3), (1, [known(1)])])
    codes = list(members(toml)[0])
    scores = dict(zip(codes, (0.05, 0.1, 0.2, 0.5), strict=True))
    figures: Figures = {("group_0", "points"): (0.3, 1), (TOTAL, "points"): (0.85, 2)}
    for code, count in zip(codes, (1, 2, 4), strict=False):
        figures |= {(code, "count"): (count, 0), (f"{code}_base", "count"): (20, 0)}
    case = Case(toml, figures, {codes[3]: 60.0}, frozenset(codes[2:]), members(toml)[0], scores)
    assert case.identified().survivors == 1
    compare(case)


def test_rounding_of_indicators_leaves_a_loss_derivable() -> None:
    """Group 2.45 to 2.55 less 1.5 ± 0.00515 is 0.1103 wide: no more than 0.1 of the group and 0.01 an indicator."""
    toml = family([(5, [known(3), known(2)]), (2, [known(2)])]) | {"indicator_decimals": 2}
    codes = list(members(toml)[0])
    figures: Figures = {("group_0", "points"): (2.5, 1), (TOTAL, "points"): (3.73, 2), (codes[0], "percent"): (50.0, 2)}
    scores = dict(zip(codes, (1.5, 1.0, 1.23), strict=True))
    case = Case(toml, figures, {codes[1]: 60.0}, frozenset(codes[:2]), members(toml)[0], scores)
    table = losses_by_indicator(case.identified())
    assert list(table["disclosure"]) == ["printed", "derivable", "undisclosed"]
    assert (table.loc[1, "lost_low"], table.loc[1, "lost_high"]) == pytest.approx((2 - 1.05515, 2 - 0.94485))
    compare(case)


def compare(case: Case) -> None:
    oracle, identified = Oracle.of(case), case.identified()

    assert identified.rubric.size() == len(members(case.toml))
    assert identified.survivors == len(oracle.members)
    for group, codes in case.groups.items():
        expected = {tuple(member[code] for code in codes) for member in oracle.members}
        found = [members_of(item.rules, codes) for item in identified.hypotheses[group]]
        assert sorted(chain.from_iterable(found)) == sorted(expected)  # as a list: none may stand there twice

    sums = oracle.sums([case.some])[case.some]
    assert pair(identified.scores(case.some)) == pytest.approx(ends(sums), abs=NEAR)
    assert pair(identified.lost(case.some)) == pytest.approx(oracle.lost(case.some), abs=NEAR)
    compare_losses(case, oracle, identified)
    compare_gains(case, oracle, identified)


def compare_losses(case: Case, oracle: Oracle, identified: Identified) -> None:
    table = losses_by_indicator(identified).set_index("code")
    assert list(table.index) == oracle.codes
    parts: dict[str, list[str]] = {"printed": [], "derivable": [], "undisclosed": []}
    for group, codes in case.groups.items():
        for code in codes:
            row, lost = table.loc[code], oracle.lost(frozenset([code]))
            assert (row["lost_low"], row["lost_high"]) == pytest.approx(lost, abs=NEAR)
            assert (row["max_low"], row["max_high"]) == ends(oracle.maxima([code]))
            rate = rate_span(case.figures, code) or (np.nan, np.nan)
            assert (row["rate_low"], row["rate_high"]) == pytest.approx(rate, nan_ok=True)
            assert row["disclosure"] == disclosure(case, group, code, lost)
            parts[row["disclosure"]].append(code)

    ledger = loss_ledger(identified, table.reset_index()).set_index("part")
    parts["not_printed"] = parts["derivable"] + parts["undisclosed"]
    for part, codes in parts.items():
        row = ledger.loc[part]
        assert row["indicators"] == len(codes)
        assert (row["lost_low"], row["lost_high"]) == pytest.approx(oracle.lost(frozenset(codes)), abs=NEAR)
    whole, printed = case.toml["max"]["value"], case.figures[TOTAL, "points"][0]
    total = ledger.loc["total"]
    assert (total["lost_low"], total["lost_high"]) == pytest.approx(
        (max(0.0, whole - printed - 0.005), whole - printed + 0.005)
    )
    apart = ledger.loc[["printed", "derivable", "undisclosed"]]
    everything = oracle.lost(frozenset(oracle.codes))
    assert total["lost_low"] - NEAR <= everything[0] <= everything[1] <= total["lost_high"] + NEAR
    assert apart["lost_low"].sum() <= everything[0] + NEAR
    assert apart["lost_high"].sum() >= everything[1] - NEAR


def disclosure(case: Case, group: str, code: str, lost: Box) -> str:
    """Derivable: as narrow as the rounding of the group's printed score, and of its indicators, lets it be."""
    if is_empty(case.figures, code) or rate_span(case.figures, code) or (code, "points") in case.figures:
        return "printed"
    rounding = 0.1 + ("indicator_decimals" in case.toml) * 0.01 * len(case.groups[group])
    known = (group, "points") in case.figures and lost[1] - lost[0] <= rounding + NEAR
    return "derivable" if known else "undisclosed"


def compare_gains(case: Case, oracle: Oracle, identified: Identified) -> None:
    table = gains(identified, case.levers).set_index("code")
    asked = {code: {code: target} for code, target in case.levers.items()}
    if len(case.levers) > 1:
        asked["together"] = case.levers
    assert list(table.index) == list(asked)
    for name, levers in asked.items():
        row = table.loc[name]
        assert (row["gain_low"], row["gain_high"]) == pytest.approx(oracle.gain(levers), abs=NEAR)
        assert row["gain_high"] <= oracle.lost(frozenset(levers))[1] + NEAR
        of_group = [codes for codes in case.groups.values() if set(codes) & set(levers)]
        left = sum(identified.lost(codes).high for codes in of_group)
        assert row["gain_high"] <= left + NEAR


@pytest.mark.parametrize("seed", range(CASES))
def test_planted_truth_survives(seed: int) -> None:
    case = plant(seed)
    identified = case.identified()
    assert case.rules in Oracle.of(case).members
    for group, codes in case.groups.items():
        truth = tuple(case.rules[code] for code in codes)
        assert any(truth in members_of(item.rules, codes) for item in identified.hypotheses[group])

    table = losses_by_indicator(identified).set_index("code")
    for code, score in case.scores.items():
        row = table.loc[code]
        assert row["lost_low"] - 1e-8 <= case.rules[code][0] - score <= row["lost_high"] + 1e-8

    true = {code: max(0.0, points(case.rules[code], case.levers[code]) - case.scores[code]) for code in case.levers}
    for row in gains(identified, case.levers).itertuples():
        gain = sum(true.values()) if row.code == "together" else true[row.code]
        assert row.gain_low - 1e-8 <= gain <= row.gain_high + 1e-8
        assert row.total_low - 1e-8 <= sum(case.scores.values()) + gain <= row.total_high + 1e-8


def test_contradictions_are_found_where_brute_force_finds_them() -> None:
    """One printed figure of a good case is moved: sometimes some member still agrees, sometimes none."""
    impossible = {"total": 0, "group": 0, "indicator": 0}
    for seed in range(1000, 1000 + DOUBTFUL):
        case, rng = plant(seed), np.random.default_rng(seed)
        movable = [key for key in case.figures if key[1] in ("points", "percent")]
        code, unit = movable[rng.integers(len(movable))]
        value, decimals = case.figures[code, unit]
        step = rng.choice([-1, 1]) * rng.uniform(0.1, 2) * (10 if unit == "percent" else 1)
        moved = round(min(abs(value + step), 100.0), decimals)
        case = replace(case, figures={**case.figures, (code, unit): (moved, decimals)})
        survivors = len(Oracle.of(case).members)
        if survivors:
            assert case.identified().survivors == survivors
            continue
        with pytest.raises(ContradictionError) as error:
            case.identified()
        kind = code.split("_")[0]
        assert kind == "indicator" or any(row.startswith(f"{code} ") for row in error.value.rows)
        impossible[kind] += 1
    assert min(impossible.values()) >= 5 and sum(impossible.values()) <= DOUBTFUL - 10


def test_random_cases_are_worth_comparing() -> None:
    """Families shrink but seldom to one member, and every kind of indicator occurs often."""
    cases = [plant(seed) for seed in range(CASES)]
    assert sum((BOTH, "points") in case.figures for case in cases) >= 15
    found = [case.identified() for case in cases]
    assert sum(item.survivors < item.rubric.size() for item in found) >= 50
    assert sum(item.survivors > 1 for item in found) >= 100
    kinds = pd.concat([losses_by_indicator(item)["disclosure"] for item in found]).value_counts()
    assert kinds.to_dict().keys() == {"printed", "derivable", "undisclosed"} and kinds.min() >= 50

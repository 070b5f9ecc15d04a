"""Families of rules whose truth is known, and cards that they print: for oracles of identification and decisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, product
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import eye_array, kron

from analysis.decisions.levers import Effort, Lever, Move
from analysis.identification.evidence import Evidence, Reading
from analysis.identification.identify import Identified, identify
from analysis.interval import Interval
from analysis.scorecards.checks import Printed
from analysis.scorecards.history import COLUMNS, TOTAL
from analysis.scorecards.rubric import Rubric, Rule

BOTH = "group_both"
Figures = dict[tuple[str, str], tuple[float, int]]  # (code, unit) → value and decimals, as printed
Toml = dict[str, Any]
RuleTuple = tuple[float, float, str]  # maximum, target, worth of a denominator of zero
Member = dict[str, RuleTuple]  # indicator → rule
Box = tuple[float, float]
ENTITY = "Thử nghiệm"
Links = dict[tuple[str, str], float]  # lever and moved indicator → true coefficient
# The oracle: what a member is, what it allows, and linear programs over that.


def indicators_of(toml: Toml) -> dict[str, list[str]]:
    return {group["code"]: [item["code"] for item in group["indicator"]] for group in toml["group"]}


def members(toml: Toml) -> list[Member]:
    """Every joint member; the target and the zero of an indicator worth 0 points are no alternatives."""
    by_group: list[list[Member]] = []
    for group in toml["group"]:
        rules = [dict.fromkeys(map(rule, product(*map(values, parameters(item))))) for item in group["indicator"]]
        codes = [item["code"] for item in group["indicator"]]
        joint = [dict(zip(codes, chosen, strict=True)) for chosen in product(*rules)]
        (points,) = values(group["max"])
        by_group.append([member for member in joint if sum(maximum for maximum, _, _ in member.values()) == points])
    return [dict(chain.from_iterable(map(dict.items, parts))) for parts in product(*by_group)]


def parameters(item: Toml) -> list[Toml]:
    return [item["max"], item["target"], item["zero_denominator"]]


def values(parameter: Toml) -> list[Any]:
    return list(parameter.get("any_of", [parameter.get("value")]))


def rule(written: tuple[float, Any, str]) -> RuleTuple:
    maximum, target, zero = written
    return (
        (float(maximum), 100.0 if target == "none" else float(target), zero) if maximum else (0.0, 100.0, "no_points")
    )


def points(rule: RuleTuple, rate: float) -> float:
    return min(rule[0], rule[0] * rate / rule[1])


def span(figures: Figures, code: str, unit: str) -> Box | None:
    """What a printed figure may have been."""
    if (code, unit) not in figures:
        return None
    value, decimals = figures[code, unit]
    half = 0.0 if unit == "count" else 0.5 / 10**decimals
    return value - half, value + half


def rate_span(figures: Figures, code: str) -> Box | None:
    if base := figures.get((f"{code}_base", "count")):
        rate = 100 * figures[code, "count"][0] / base[0] if base[0] else None
        return None if rate is None else (rate, rate)
    printed = span(figures, code, "percent")
    return printed and (max(printed[0], 0.0), min(printed[1], 100.0))


def is_empty(figures: Figures, code: str) -> bool:
    return figures.get((f"{code}_base", "count"), (1.0, 0))[0] == 0


def with_a_rate(codes: Iterable[str], figures: Figures) -> list[str]:
    """Those for which there was something to count: they have a rate that can be raised."""
    return [code for code in codes if not is_empty(figures, code)]


def box(rule: RuleTuple, figures: Figures, code: str, rounding: float) -> Box:
    """What an indicator may have scored under a rule; low above high where its points say otherwise."""
    low, high = 0.0, rule[0]
    if is_empty(figures, code):
        low = high = rule[0] if rule[2] == "full" else 0.0
    elif rate := rate_span(figures, code):
        low = max(low, points(rule, rate[0]) - rounding)
        high = min(high, points(rule, rate[1]) + rounding)
    if printed := span(figures, code, "points"):
        low, high = max(low, printed[0]), min(high, printed[1])
    return low, high


def minima(costs: np.ndarray, matrix: np.ndarray, limits: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The minimum of each row of costs with matrix @ x <= its limits and x in its boxes, solved side by side."""
    if not len(costs):
        return np.zeros(0)
    sparse = kron(eye_array(len(costs)), matrix, format="csr")
    result = linprog(costs.ravel(), A_ub=sparse, b_ub=limits.ravel(), bounds=boxes.reshape(-1, 2), method="highs")
    assert result.status == 0, result.message
    return (costs * result.x.reshape(costs.shape)).sum(axis=1)


def ends(numbers: np.ndarray) -> Box:
    return float(numbers.min()), float(numbers.max())


def random_family(rng: np.random.Generator) -> Toml:
    def some(pool: list[Any], most: int) -> Toml:
        return parameter(*(pool[place] for place in rng.permutation(len(pool))[: rng.integers(1, most + 1)]))

    groups = []
    for _group in range(rng.integers(2, 4)):
        items = [
            {
                "max": some([1, 2, 3, 4.5, 0], 3),
                "target": some(["none", 90, 80, 50, 30], 3),
                "zero_denominator": some(["full", "no_points"], 2 if rng.random() < 0.2 else 1),
            }
            for _item in range(rng.integers(1, 4))
        ]
        groups.append((sum(rng.choice(values(item["max"])) for item in items), items))
    return family(groups) | ({"indicator_decimals": 2} if rng.random() < 0.4 else {})


def parameter(*found: Any) -> Toml:
    return {"status": "assumed", "source": "test"} | ({"any_of": found} if len(found) > 1 else {"value": found[0]})


def family(groups: list[tuple[float, list[Toml]]]) -> Toml:
    """Names and codes for groups, each a maximum and the parameters of its indicators."""

    def named(code: str) -> Toml:
        return {"code": code, "name": {"vi": code, "en": code}}

    return {
        "id": "test",
        "decision": "test",
        "valid_from": "2024-01",
        "max": parameter(sum(worth for worth, _ in groups)),
        "combined": [named(BOTH) | {"groups": ["group_0", "group_1"]}],
        "group": [
            named(f"group_{number}")
            | {"max": parameter(worth)}
            | {"indicator": [named(f"indicator_{number}_{place}") | item for place, item in enumerate(items)]}
            for number, (worth, items) in enumerate(groups)
        ],
    }


def members_of(rules: Mapping[str, tuple[Rule, ...]], codes: list[str]) -> Iterator[tuple[RuleTuple, ...]]:
    for chosen in product(*(rules[code] for code in codes)):
        yield tuple((item.max, item.target, str(item.zero_denominator)) for item in chosen)


def pair(interval: Interval) -> Box:
    return interval.low, interval.high


@dataclass(frozen=True)
class Case:
    """A family, the cards of several months, the asked about first, and the truth that they were printed from."""

    toml: Toml
    cards: list[Figures]
    rules: Member
    rates: list[dict[str, float | None]]  # of each month; None where there was nothing to count
    scores: list[dict[str, float]]
    some: frozenset[str]
    levers: dict[str, float]

    @property
    def keys(self) -> list[tuple[str, str]]:
        return [(ENTITY, f"{2024 + month // 12}-{month % 12 + 1:02d}") for month in range(len(self.cards))]

    @property
    def rubric(self) -> Rubric:
        return Rubric.model_validate(self.toml)

    @property
    def history(self) -> pd.DataFrame:
        rows = []
        for (entity, period), figures in zip(self.keys, self.cards, strict=True):
            for line, ((code, unit), (value, decimals)) in enumerate(figures.items(), start=2):
                level = "total" if code == TOTAL else "group" if code.startswith("group") else "indicator"
                text = dict.fromkeys(COLUMNS, "") | {"entity": entity, "period": period, "scope": "month"}
                numbers = {"value": value, "max": float("nan"), "decimals": decimals, "line": line, "file": "test.csv"}
                rows.append({**text, "level": level, "code": code, "unit": unit, "kind": "published", **numbers})
        return pd.DataFrame(rows).assign(day="")

    def identified(self) -> Identified:
        first, *rest = self.keys
        return identify(self.history, self.rubric, *first, rest)

    def cards_at_once(self) -> list[Evidence]:
        """The cards as `read_card` gives them (see `test_package_agrees_with_brute_force`), without a history."""
        rubric = self.rubric
        cards = []
        for (entity, period), figures in zip(self.keys, self.cards, strict=True):
            groups = rubric.groups_as_printed({code for code, _unit in figures})
            readings = {
                code: Reading(
                    between(None if is_empty(figures, code) else rate_span(figures, code)),
                    between(span(figures, code, "points")),
                    is_empty(figures, code),
                    counted=any(figures.get((one, "count"), (0,))[0] for one in (code, f"{code}_base")),
                )
                for code in self.rules
            }
            sums = {
                group.code: between(span(figures, group.code, "points")) or Interval(0, group.points)
                for group in groups
            }
            whole = between(span(figures, TOTAL, "points")) or Interval(0, rubric.points)
            cards.append(
                Evidence(entity, period, pd.DataFrame(), Printed(), groups, readings, sums, whole, (), rubric.rounding)
            )
        return cards

    def groups(self, month: int) -> dict[str, list[str]]:
        """The indicators of each group as a month prints them."""
        groups = indicators_of(self.toml)
        if (BOTH, "points") not in self.cards[month]:
            return groups
        (_, one), (_, other), *rest = groups.items()
        return {BOTH: one + other, **dict(rest)}


def between(found: Box | None) -> Interval | None:
    return None if found is None else Interval(*found)


# Random cases


def plant(seed: int, largest: int = 2000, months: int = 4) -> Case:
    """A random family of 2 to `largest` members, and figures of 2 to `months` months printed from one member."""
    rng = np.random.default_rng(seed)
    toml = random_family(rng)
    while not (all(item["max"]["value"] for item in toml["group"]) and 2 <= size(toml) <= largest):
        toml = random_family(rng)
    rules = random_member(rng, toml)
    several = int(rng.integers(2, months + 1))
    cards, rates, scores = zip(
        *(random_month(rng, toml, rules, first=not number) for number in range(several)), strict=True
    )
    codes = list(rules)
    levers = {}
    for code in rng.permutation(with_a_rate(codes, cards[0]))[: rng.choice([1, 1, 2])].tolist():
        today = rate_span(cards[0], code)
        least = (today[0] + today[1]) / 2 if today else 0.0
        levers[code] = float(max(least, rng.choice([least, rules[code][1], rng.uniform(least, 100)])))
    some = frozenset(code for code in codes if rng.random() < 0.5)
    return Case(toml, list(cards), rules, list(rates), list(scores), some, levers)


def size(toml: Toml) -> int:
    return Rubric.model_validate(toml).size()


def random_member(rng: np.random.Generator, toml: Toml) -> Member:
    """A member whose groups have their maxima, without listing the others."""
    rules: Member = {}
    for group in toml["group"]:
        while True:
            maxima = [float(rng.choice(values(item["max"]))) for item in group["indicator"]]
            if sum(maxima) == group["max"]["value"]:
                break
        for item, maximum in zip(group["indicator"], maxima, strict=True):
            target = values(item["target"])[rng.integers(len(values(item["target"])))]
            zero = values(item["zero_denominator"])[rng.integers(len(values(item["zero_denominator"])))]
            share = 100.0 if target == "none" else float(target)
            rules[item["code"]] = (maximum, share, zero) if maximum else (0.0, 100.0, "no_points")
    return rules


def random_month(
    rng: np.random.Generator, toml: Toml, rules: Member, first: bool
) -> tuple[Figures, dict[str, float | None], dict[str, float]]:
    """What one month prints, its true rates and its true scores."""
    hidden, group_shown = rng.choice([(0.0, 0.9), (0.3, 0.5), (0.4, 0.95), (0.7, 0.95)])
    figures: Figures = {}
    rates: dict[str, float | None] = {}
    scores: dict[str, float] = {}
    for code, rule in rules.items():
        ways = ["percent"] * 4 + ["count", "count and percent", "points", "points and percent", "empty"]
        shown = "hidden" if rng.random() < hidden else str(rng.choice(ways))
        rate = float(rng.choice([rng.uniform(0, 100), rng.uniform(0, 100), 0.0, 100.0, rule[1]]))
        if "count" in shown:
            base = int(rng.choice([20, 40, rng.integers(1, 400)]))  # 20 and 40 put scores on the edge of a rounding
            count = int(rng.integers(0, base + 1))
            figures[code, "count"], figures[f"{code}_base", "count"] = (count, 0), (base, 0)
            rate = 100 * count / base
        if shown == "empty":
            figures[f"{code}_base", "count"] = (0, 0)
        rates[code] = None if shown == "empty" else rate
        score = points(rule, rate) if shown != "empty" else rule[0] if rule[2] == "full" else 0.0
        scores[code] = round(score, 2) if "indicator_decimals" in toml else score
        for unit, value in (("percent", rate), ("points", scores[code])):
            if unit in shown:
                figures[code, unit] = printed(rng, value)
    by_group = {group: sum(scores[code] for code in codes) for group, codes in indicators_of(toml).items()}
    if rng.random() < 0.3:
        by_group = {BOTH: by_group.pop("group_0") + by_group.pop("group_1")} | by_group
    figures |= {(code, "points"): printed(rng, score) for code, score in by_group.items() if rng.random() < group_shown}
    if first or rng.random() < 0.7:
        figures[TOTAL, "points"] = printed(rng, sum(scores.values()))
    if not figures:  # no card without a figure
        figures[TOTAL, "points"] = printed(rng, sum(scores.values()))
    return figures, rates, scores


def printed(rng: np.random.Generator, value: float) -> tuple[float, int]:
    decimals = int(rng.choice([0, 1, 1, 2, 2]))
    return round(value, decimals), decimals


def is_printed(figures: Figures, code: str) -> bool:
    return bool({(code, "percent"), (code, "points"), (code, "count"), (f"{code}_base", "count")} & figures.keys())


def lever(code: str, moves: Iterable[tuple[str, float, float]] = (), **effort: float) -> Lever:
    links = [Move(indicator=to, low=low, high=high, status="assumed", source="t", note="t") for to, low, high in moves]
    return Lever(code=code, name={"vi": code, "en": code}, moves=tuple(links), effort=Effort(**effort))


# Planted truths


def with_links(case: Case, seed: int) -> tuple[Case, dict[str, Lever], Links]:
    """The case with 1 to 3 levers, what they move with low and high, and the true coefficients."""
    rng = np.random.default_rng(seed)
    codes = list(case.rules)
    levers, acts, links = {}, {}, {}
    for code in rng.permutation(with_a_rate(codes, case.cards[0]))[: rng.integers(1, 4)].tolist():
        today = rate_span(case.cards[0], code)
        least = (today[0] + today[1]) / 2 if today else 0.0
        levers[code] = float(
            max(least, rng.choice([case.rules[code][1], rng.uniform(least, 100), rng.uniform(least, 100)]))
        )
        moves = []
        for other in codes:
            if other != code and rng.random() < 0.5:
                low, high = np.sort(rng.choice([0.0, 0.0, 0.3, 0.7, 1.0, 2.0], 2)).tolist()
                moves.append((other, low, high))
                links[code, other] = float(rng.choice([low, high, rng.uniform(low, high)]))
        if moves or rng.random() < 0.5:
            acts[code] = lever(code, moves)
    return replace(case, levers=levers), acts, links

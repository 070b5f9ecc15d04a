"""How does the time for identification and plans grow with members, months and levers? Ratios of one run.

    .venv/bin/python benchmarks/decisions.py

Families and figures are made up: a truth is planted, and its scores are printed as notices print them. Each case is
run several times; the median is set against the first case of its table.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from statistics import median
from time import perf_counter
from typing import Any

import pandas as pd

from analysis.decisions.levers import Lever
from analysis.decisions.plan import plan
from analysis.identification.evidence import read_card
from analysis.identification.identify import Identified, identify_cards
from analysis.scorecards.history import COLUMNS, TOTAL
from analysis.scorecards.rubric import Rubric, Rule

ENTITY = "Synthetic"
GROUPS, INDICATORS = 6, 4
RUNS = 5


def family(alternatives: int) -> Rubric:
    """Six groups of four indicators, each with as many targets as asked: `alternatives ** 24` members."""
    targets = [100.0, 90.0, 80.0, 70.0, 60.0, 50.0, 40.0, 30.0][:alternatives]
    known = {"status": "assumed", "source": "made-up"}
    groups = []
    for group in range(GROUPS):
        indicators = [
            {
                "code": f"i{group}_{number}",
                "name": {"vi": "x", "en": "x"},
                "max": {**known, "value": 5.0},
                "target": {**known, "any_of": targets},
                "zero_denominator": {**known, "value": "no_points"},
            }
            for number in range(INDICATORS)
        ]
        name = {"vi": f"g{group}", "en": f"g{group}"}
        groups.append({"code": f"g{group}", "name": name, "max": {**known, "value": 20.0}, "indicator": indicators})
    whole = {"id": "made-up", "decision": "made-up", "valid_from": "2020-01", "max": {**known, "value": 120.0}}
    return Rubric.model_validate({**whole, "group": groups})


def figures(rubric: Rubric, months: int, hidden: float, seed: int = 1) -> pd.DataFrame:
    """A planted truth as notices print it: groups to 0.1, the total and rates to 0.01; some rates are not printed."""
    draw = random.Random(seed)
    truth = {code: draw.choice(indicator.rules(5.0)) for code, indicator in rubric.indicators.items()}
    shown = {code: draw.random() >= hidden for code in truth}
    rows: list[dict[str, Any]] = []
    for month in range(months):
        period = f"{2020 + month // 12}-{month % 12 + 1:02d}"
        total = 0.0
        for group in rubric.groups:
            score = 0.0
            for indicator in group.indicators:
                rate = round(draw.uniform(5, 95), 2)
                score += Rule(5.0, truth[indicator.code].target, "no_points").points(rate)
                if shown[indicator.code]:
                    rows.append(_row(period, "indicator", indicator.code, rate, "percent", 2))
            rows.append(_row(period, "group", group.code, round(score, 1), "points", 1))
            total += score
        rows.append(_row(period, "total", TOTAL, round(total, 2), "points", 2))
    return pd.DataFrame(rows)


def identified(alternatives: int, months: int, hidden: float = 0.0) -> Callable[[], Identified]:
    rubric = family(alternatives)
    history = figures(rubric, months, hidden)
    cards = [read_card(history, rubric, ENTITY, period) for period in dict.fromkeys(history["period"])]
    return lambda: identify_cards(cards, rubric)


def planned(alternatives: int, levers: int, months: int) -> tuple[Callable[[], object], int]:
    """A plan over a made-up month with open rules, for a total five points higher."""
    found = identified(alternatives, 1, hidden=0.25)()
    codes = list(found.rubric.indicators)[:levers]
    acts = {code: Lever.model_validate({"code": code, "name": {"vi": code, "en": code}}) for code in codes}
    return lambda: plan(found, acts, target=found.total.high + 5.0, months=months), found.survivors


def table(title: str, cases: Iterable[tuple[str, Callable[[], object]]]) -> None:
    print(f"\n{title}\n{'case':>44}  {'ratio':>7}  {'least':>6}  {'most':>6}")
    first = 0.0
    for name, run in cases:
        run()
        times = []
        for _number in range(RUNS):
            start = perf_counter()
            run()
            times.append(perf_counter() - start)
        first = first or median(times)
        print(f"{name:>44}  {median(times) / first:7.2f}  {min(times) / first:6.2f}  {max(times) / first:6.2f}")


def _row(period: str, level: str, code: str, value: float, unit: str, decimals: int) -> dict[str, Any]:
    text: dict[str, Any] = dict.fromkeys(COLUMNS, "") | {"entity": ENTITY, "period": period, "scope": "month"}
    numbers = {"value": value, "max": float("nan"), "decimals": decimals, "line": 1}
    return {**text, "level": level, "code": code, "unit": unit, "kind": "synthetic", **numbers, "file": "made-up"}


def main() -> None:
    print(
        "Made-up families and figures; every number is a ratio to the first case of its table (medians of five runs)."
    )
    table(
        "identification, 12 months, by members of the family",
        ((f"{many}^24 = {many**24:.0e} members", identified(many, 12)) for many in (2, 3, 4, 6, 8)),
    )
    table(
        "identification, 3^24 members, by months",
        ((f"{months} months", identified(3, months)) for months in (1, 3, 6, 12, 24, 36)),
    )
    cases = [(levers, *planned(3, levers, 12)) for levers in (2, 5, 10, 15, 20)]
    table(
        "plans over 12 months, by levers",
        ((f"{levers} levers, {survivors:,} survivors", run) for levers, run, survivors in cases),
    )
    more = [(many, *planned(many, 10, 12)) for many in (2, 3, 4)]
    table(
        "plans with 10 levers over 12 months, by survivors",
        ((f"{survivors:,} survivors", run) for _many, run, survivors in more),
    )


if __name__ == "__main__":
    main()

"""Which targets are left where any may hold: by hand, by brute force and on April 2023."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from analysis.identification.bounds import open_targets
from analysis.identification.evidence import keys_of, leave_out, read_card
from analysis.identification.identify import explained, identify_cards
from analysis.identification.proof import targets_ruled_out
from analysis.scorecards.tiers import opened, with_target, with_targets
from planted import Case, Figures, family, parameter

TARGETS = ("none", 80.0, 50.0)


def indicator(maximum: float, *targets: object) -> dict[str, object]:
    return {"max": parameter(maximum), "target": parameter(*targets), "zero_denominator": parameter("no_points")}


def one_group(figures: Figures, *maxima: float) -> Case:
    toml = family(
        [(sum(maxima), [indicator(points, *TARGETS) for points in maxima]), (10.0, [indicator(10.0, "none")])]
    )
    return Case(toml, [figures], {}, [{}], [], frozenset(), {})


def counts(*rates: int) -> Figures:
    """Rates in whole percent, exact by their counts."""
    figures: Figures = {}
    for place, rate in enumerate(rates):
        code = f"indicator_0_{place}"
        figures |= {(code, "count"): (rate, 0), (f"{code}_base", "count"): (100, 0)}
    return figures


def left(case: Case):
    rubric = opened(case.rubric)
    card = read_card(case.history, rubric, *case.keys[0])
    found = identify_cards([card], rubric)
    return found, card, open_targets(found)


@pytest.mark.parametrize(
    ("rate", "group", "expected"),
    [
        (40, (10.0, 0), (30.0, 10 * 40 / 9.5)),  # full marks, or 9.5 by rounding: 42.1 at most
        (40, (5.0, 1), (10 * 40 / 5.05, 10 * 40 / 4.95)),
        (40, (4.0, 2), (10 * 40 / 4.005, 100.0)),
        (20, (6.0, 1), (10 * 20 / 6.05, 10 * 20 / 5.95)),
        (0, (0.0, 1), (30.0, 100.0)),  # nothing counted says nothing of the target
        (90, (10.0, 1), (30.0, 10 * 90 / 9.95)),
    ],
)
def test_one_target_by_hand(rate, group, expected):
    _found, _card, table = left(one_group(counts(rate) | {("group_0", "points"): group}, 10.0))
    assert table[["low", "high"]].to_numpy().tolist() == [pytest.approx(expected)]


@pytest.mark.parametrize("seed", range(12))
def test_brute_force_over_targets_leaves_the_same(seed):
    """Two or three indicators of one group at exact rates, every target in steps, the group's score printed."""
    rng = np.random.default_rng(seed)
    maxima = rng.choice([2.0, 4.0, 6.0], int(rng.integers(2, 4))).tolist()
    rates, true = rng.integers(5, 95, len(maxima)), rng.uniform(30, 100, len(maxima))
    printed = round(sum(m * min(1, r / t) for m, t, r in zip(maxima, true, rates, strict=True)), 1)
    _found, _card, table = left(one_group(counts(*rates.tolist()) | {("group_0", "points"): (printed, 1)}, *maxima))
    step = 0.5 if len(maxima) == 2 else 2.0
    grid = np.arange(30, 100.01, step)
    fitting = np.array(
        [
            targets
            for targets in product(grid, repeat=len(maxima))
            if abs(sum(m * min(1, r / t) for m, t, r in zip(maxima, targets, rates, strict=True)) - printed) <= 0.05
        ]
    )
    assert len(fitting)
    for place, row in enumerate(table.itertuples()):
        low, high = fitting[:, place].min(), fitting[:, place].max()
        assert row.low - 1e-7 <= true[place] <= row.high + 1e-7, "the truth is left"
        assert row.low <= low + 1e-7 and high <= row.high + 1e-7, "nothing that fits is ruled out"
        assert low - row.low < 4 * step and row.high - high < 4 * step, "the ends are attained"


def test_the_ends_fit_and_what_lies_beyond_does_not():
    """Each end as the one target of its indicator is explained; a hundredth beyond is not."""
    beyond = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        maxima = rng.choice([2.0, 4.0, 6.0], 2).tolist()
        rates = rng.integers(5, 95, 2).tolist()
        printed = round(
            sum(m * min(1, r / t) for m, t, r in zip(maxima, rng.uniform(30, 100, 2), rates, strict=True)), 1
        )
        found, card, table = left(one_group(counts(*rates) | {("group_0", "points"): (printed, 1)}, *maxima))
        for row in table.itertuples():
            for target in (row.low, row.high):
                rubric = with_target(found.rubric, row.code, target)
                assert explained([replace(card, groups=rubric.groups_as_printed(set(card.told.codes)))], rubric)
            for least, most in ((30.0, row.low - 0.01), (row.high + 0.01, 100.0)):
                if least <= most:
                    beyond += 1
                    rubric = with_targets(found.rubric, row.code, least, most)
                    assert not explained([replace(card, groups=rubric.groups_as_printed(set(card.told.codes)))], rubric)
        for (code, side), named in targets_ruled_out(found, card, table).groupby(["code", "side"]):
            row = table.set_index("code").loc[code]
            span = (30.0, row["low"] - 0.01) if side == "below" else (row["high"] + 0.01, 100.0)
            rubric = with_targets(found.rubric, code, *span)
            keys = set(named[["entity", "period", "figure", "unit"]].itertuples(index=False, name=None))
            groups = replace(card, groups=rubric.groups_as_printed(set(card.told.codes)))
            kept = leave_out(groups, rubric, set(keys_of(groups, rubric)) - keys)
            assert keys and not explained([kept], rubric)
            assert all(explained([leave_out(kept, rubric, [key])], rubric) for key in keys), "each figure is needed"
    assert beyond > 20


def test_april_2023(april):
    """Payment is 9.45 or more: 2 + 6 leave 1.45 for integrated procedures at 50.14 %, 2 + 2 leave 5.45 for dossiers."""
    table = april.results.open_targets.set_index("code")
    narrowed = table[(table["low"] > 30) | (table["high"] < 100)]
    assert (
        list(narrowed.index) == ["fee_procedures_integrated", "online_payment_dossiers"] and (table["low"] == 30).all()
    )
    assert narrowed["high"].tolist() == pytest.approx([2 * 50.145 / 1.45, 6 * 76.045 / 5.45])
    by = april.results.targets_ruled_out
    assert set(by["side"]) == {"above"} and set(by["figure"]) == {"online_payment", *narrowed.index}

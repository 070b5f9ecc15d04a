"""What acts move besides their own indicator: planted truths, finite differences and acts that move nothing.

The true gain is scored here: every act raises its indicator to the target, and others by a true coefficient between the
two ends of a link. An indicator that has a target and is moved by another act ends at the higher of the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.decisions.levers import Lever, load_levers
from analysis.decisions.whatif import (
    gain_of,
    gain_width,
    gains,
    gains_by_rule,
    group_scores_then,
    may_be_nothing,
    total_after,
)
from analysis.identification.identify import Identified, identify_cards
from analysis.interval import Interval
from analysis.scorecards.history import TOTAL
from places import REPOSITORY
from planted import Case, Figures, Links, Toml, family, lever, members, parameter, plant, points, rate_span, with_links

APRIL = "2023-04"
NUMBERS = ["gain_low", "gain_high", "total_low", "total_high", "remaining_low", "remaining_high", "own_low", "own_high"]
FEW, MANY = range(20), range(20, 300)
SEEDS = pytest.mark.parametrize("seeds", [FEW, pytest.param(MANY, marks=pytest.mark.slow)], ids=["few", "many"])
EXACT = 1e-8


def true_gains(
    case: Case, levers: Mapping[str, float], links: Links, started: Mapping[str, float], nothing: Set[str] = frozenset()
) -> dict[str, float]:
    """Of each indicator max(0, points of the new rate − score today); what had nothing to count has `started`.

    `nothing` are levers whose rate of 0 is none: there was nothing to count, and so there is nothing to raise.
    """
    rates, scores = case.rates[0], case.scores[0]
    levers = {code: target for code, target in levers.items() if code not in nothing}
    found = {}
    for code, rule in case.rules.items():
        raised = 0.0
        for acting, target in levers.items():
            today = rates[acting]
            raised += links.get((acting, code), 0.0) * max(target - (started[acting] if today is None else today), 0.0)
        rate = rates[code]
        carried = None if rate is None or not raised or code in nothing else min(rate + raised, 100.0)
        ends = [end for end in (levers.get(code), carried) if end is not None]
        found[code] = max(0.0, points(rule, max(ends)) - scores[code]) if ends else 0.0
    return found


def perhaps_nothing(case: Case) -> frozenset[str]:
    """Levers at a rate of 0 that is not printed and gives no points, as an empty base would."""
    return frozenset(
        code
        for code in case.levers
        if case.rates[0][code] == 0 and rate_span(case.cards[0], code) is None and case.rules[code][2] == "no_points"
    )


def started_of(case: Case, seed: int) -> dict[str, float]:
    return {code: float(np.random.default_rng(seed).uniform(0, 100)) for code in case.levers}


def planted(seed: int) -> tuple[Case, dict[str, Lever], Links]:
    return with_links(plant(60_000 + seed, largest=200, months=3), seed)


@lru_cache(maxsize=len(FEW))
def identified_of(seed: int) -> Identified:
    case = planted(seed)[0]
    return identify_cards(case.cards_at_once(), case.rubric)


@SEEDS
def test_planted_gain_lies_between_low_and_high(seeds: range) -> None:
    unraised = 0
    for seed in seeds:
        case, acts, links = planted(seed)
        unraised += len(perhaps_nothing(case))
        for row in gains(identified_of(seed), case.levers, acts).itertuples():
            levers = case.levers if row.code == "together" else {row.code: case.levers[row.code]}
            for nothing in (frozenset(), perhaps_nothing(case)):
                gain = sum(true_gains(case, levers, links, started_of(case, seed), nothing).values())
                assert row.gain_low - EXACT <= gain <= row.gain_high + EXACT
                assert row.total_low - EXACT <= sum(case.scores[0].values()) + gain <= row.total_high + EXACT
            assert row.remaining_low == pytest.approx(case.rubric.points - row.total_high)
            assert row.remaining_high == pytest.approx(case.rubric.points - row.total_low)
    assert unraised > 0


@SEEDS
def test_more_acts_never_gain_less_and_links_of_0_move_nothing(seeds: range) -> None:
    """Together is at least what each act brings, and what acts move besides never lowers a gain."""
    for seed in seeds:
        case, acts, _links = planted(seed)
        identified = identified_of(seed)
        through, alone = gains(identified, case.levers, acts), gains(identified, case.levers)
        assert (through["gain_low"] >= alone["gain_low"] - EXACT).all()
        assert (through["gain_high"] >= alone["gain_high"] - EXACT).all()
        assert through["gain_low"].max() <= through["gain_low"].iloc[-1] + EXACT
        assert through["gain_high"].max() <= through["gain_high"].iloc[-1] + EXACT
        assert (through["gain_high"] <= identified.lost(case.rules).high + EXACT).all()
        still = {code: lever(code, [(move.indicator, 0.0, 0.0) for move in act.moves]) for code, act in acts.items()}
        zero = gains(identified, case.levers, still)
        pd.testing.assert_frame_equal(alone[NUMBERS], zero[NUMBERS], check_exact=False, atol=1e-9)
        assert (alone["gain_low"] == alone["own_low"]).all() and (alone["gain_high"] == alone["own_high"]).all()
        pd.testing.assert_frame_equal(alone[["own_low", "own_high"]], through[["own_low", "own_high"]])


@SEEDS
def test_the_scores_of_the_groups_then_hold_the_truth(seeds: range) -> None:
    for seed in seeds:
        case, acts, links = planted(seed)
        for moves, coefficients in (({}, {}), (acts, links)):
            then = group_scores_then(identified_of(seed), case.levers, moves)
            gained = true_gains(case, case.levers, coefficients, started_of(case, seed))
            for group, codes in case.groups(0).items():
                true = sum(case.scores[0][code] + gained[code] for code in codes)
                assert then[group].low - EXACT <= true <= then[group].high + EXACT


# Links one can work out in one's head


def known(maximum: float, target: object = "none") -> dict[str, object]:
    return {"max": parameter(maximum), "target": parameter(target), "zero_denominator": parameter("no_points")}


MAIN, SIDE = "indicator_0_0", "indicator_1_0"


def identified_from(toml: Toml, figures: Figures) -> Identified:
    case = Case(toml, [figures], members(toml)[0], [], [], frozenset(), {})
    return identify_cards(case.cards_at_once(), case.rubric)


def small(zero: str = "no_points", whole: float = 20.0, of_main: int = 100, **more: tuple[float, int]) -> Identified:
    """`main` at 50 of 100 %, 10 points; `side` of 20 points; 10 points of others. Counts, so that rates are exact."""
    figures: Figures = {(MAIN, "count"): (of_main // 2, 0), (f"{MAIN}_base", "count"): (of_main, 0)}
    figures |= {(TOTAL, "points"): (whole, 2)}
    figures |= {(SIDE, unit): figure for unit, figure in more.items() if unit != "base"}
    figures |= {(f"{SIDE}_base", "count"): more["base"]} if "base" in more else {}
    side = known(20) | {"zero_denominator": parameter(zero)}
    return identified_from(family([(10, [known(10)]), (20, [side]), (10, [known(10)])]), figures)


def gain(identified: Identified, levers: Mapping[str, float], *moves: tuple[str, float, float]) -> tuple[float, float]:
    row = gains(identified, levers, {MAIN: lever(MAIN, moves)}).iloc[-1]
    return row["gain_low"], row["gain_high"]


@pytest.mark.parametrize(
    ("card", "levers", "link", "expected"),
    [
        # 10 points more of main are 1; the side rises by 5 to 10 of 100 %, which is 1 to 2 of its 20 points
        ({"count": (40, 0), "base": (100, 0)}, {MAIN: 60.0}, (0.5, 1.0), (2.0, 3.0)),
        ({"count": (40, 0), "base": (100, 0)}, {MAIN: 100.0}, (2.0, 2.0), (17.0, 17.0)),  # full
        ({"count": (40, 0), "base": (100, 0)}, {MAIN: 50.0}, (0.5, 1.0), (0.0, 0.0)),
        # the side has 19.495 of its 20 points at least, so 5 to 10 % more of them are 0.505 points at most
        ({"whole": 34.5}, {MAIN: 60.0}, (0.5, 1.0), (1.0, 1.505)),
        # the side has 5 to 15 points (20 less 5 and 0 to 10): it may rise by 2 of its 20 points, and nothing is sure
        ({}, {MAIN: 60.0}, (0.5, 1.0), (1.0, 3.0)),
        ({}, {MAIN: 100.0}, (0.5, 2.0), (5.0, 20.005)),  # of the side 15 at most, as it has at least 4.995
        ({"whole": 12.0, "base": (0, 0)}, {MAIN: 60.0}, (0.5, 1.0), (1.0, 1.0)),  # nothing to count stays so
        # the side from 40 to its target 45 % (1 point) or, moved with main by 10, to 50 % (2 points)
        ({"count": (40, 0), "base": (100, 0)}, {MAIN: 60.0, SIDE: 45.0}, (0.0, 0.0), (2.0, 2.0)),
        ({"count": (40, 0), "base": (100, 0)}, {MAIN: 60.0, SIDE: 45.0}, (0.0, 1.0), (2.0, 3.0)),
        ({"count": (40, 0), "base": (100, 0)}, {MAIN: 60.0, SIDE: 45.0}, (1.0, 1.0), (3.0, 3.0)),
    ],
)
def test_what_a_link_brings(
    card: dict[str, Any], levers: dict[str, float], link: tuple[float, float], expected: tuple[float, float]
) -> None:
    assert gain(small(**card), levers, (SIDE, *link)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("zero", "card", "expected", "carried", "total"),
    [
        # the side has 10 to 20 of its 20 points: something was counted; to 80 %, 16 points, it gains 6 or less
        ("no_points", {"whole": 25.0}, (0.0, 6.005), 0.0, 24.995),
        # it has 0 to 10: at 80 % it gains 6 to 16, or nothing where nothing was counted
        ("no_points", {"whole": 15.0}, (0.0, 16.0), 0.0, 14.995),
        ("full", {"whole": 15.0}, (5.995, 16.0), 1.49875, 22.49875),  # an empty base would give 20 points
        ("no_points", {"whole": 15.0, "count": (7, 0)}, (5.995, 16.0), 1.49875, 22.49875),  # something was counted
        (
            "no_points",
            {"whole": 15.5},
            (5.495, 15.505),
            1.37375,
            22.37375,
        ),  # it has 0.495 at least, the others 10 at most
    ],
)
def test_nothing_may_be_behind_a_rate_that_is_not_printed(
    zero: str, card: dict[str, Any], expected: tuple[float, float], carried: float, total: float
) -> None:
    """Where its base may be 0 and that gives no points there is no rate to raise, nor does it move others for sure.

    The side moves main by half: from 50.025 or 52.525 % at most to 80 %, 14.9875 or 13.7375 of its 100 %; the
    total is least where the others have nothing, 5 and 16 points, or where nothing is gained, that of today.
    """
    found = small(zero, **card)
    assert gain(found, {SIDE: 80.0}) == pytest.approx(expected, abs=1e-9)
    moving = gains(found, {SIDE: 80.0}, {SIDE: lever(SIDE, [(MAIN, 0.5, 0.5)])}).iloc[0]
    assert moving["gain_low"] == pytest.approx(expected[0] + carried, abs=1e-9)
    assert moving["total_low"] == pytest.approx(total, abs=1e-9)


def test_rounding_of_the_sides_rate_widens_what_its_group_scores_then() -> None:
    """From 39.5 to 40.5 % it rises by 10 of 100 %, to 9.9 to 10.1 of its 20 points."""
    acts = {MAIN: lever(MAIN, [(SIDE, 1.0, 1.0)])}
    then = group_scores_then(small(percent=(40, 0)), {MAIN: 60.0}, acts)
    assert (then["group_0"].low, then["group_0"].high) == pytest.approx((6.0, 6.0))
    assert (then["group_1"].low, then["group_1"].high) == pytest.approx((9.9, 10.1))


def test_side_without_a_rate_may_have_been_rounded_down() -> None:
    """Main has 5.0049 points and the side 1.2349, rounded 5.00 and 1.23: 1 % more of both is 0.1 and 0.2049 points."""
    toml = family([(10, [known(10)]), (20, [known(20)])]) | {"indicator_decimals": 2}
    figures = {(MAIN, "count"): (50_049, 0), (f"{MAIN}_base", "count"): (100_000, 0), (TOTAL, "points"): (6.23, 2)}
    true = 0.1 + 20 * (6.1745 + 51.0 - 50.049) / 100 - 1.23
    low, high = gain(identified_from(toml, figures), {MAIN: 51.0}, (SIDE, 1.0, 1.0))
    assert low - EXACT <= true <= high + EXACT


def test_the_gain_under_each_rule_that_is_left_open() -> None:
    """One of 3 or 4 points from 50 to 100 %; another of 2 or 1, full from 50 or 80 %, from 40 to 60 %."""
    open_one, open_other = known(3) | {"max": parameter(3, 4)}, known(2, 50) | {"max": parameter(2, 1)}
    toml = family([(5, [open_one, open_other | {"target": parameter(50, 80)}]), (1, [known(1)])])
    one, other = "indicator_0_0", "indicator_0_1"
    figures: Figures = {(one, "count"): (50, 0), (other, "count"): (40, 0)}
    figures |= {(f"{code}_base", "count"): (100, 0) for code in (one, other)}
    identified = identified_from(toml, figures)
    table = gains_by_rule(identified, {one: 100.0, other: 60.0})
    found = [(row.lever, row.parameter, row.code, row.alternative) for row in table.itertuples()]
    assert found == [
        (one, "target", one, "100"),
        (one, "allotment", "group_0", "4 + 1"),
        (one, "allotment", "group_0", "3 + 2"),
        (other, "target", other, "80"),
        (other, "target", other, "50"),
        (other, "allotment", "group_0", "4 + 1"),
        (other, "allotment", "group_0", "3 + 2"),
    ]
    assert list(table["gain_low"]) == pytest.approx([1.5, 2.0, 1.5, 0.25, 0.2, 0.2, 0.4])
    assert list(table["gain_high"]) == pytest.approx([2.0, 2.0, 1.5, 0.5, 0.4, 0.25, 0.5])
    assert gain_width({one: 100.0})(identified) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("first", "second", "words"), [((4, 3), (0, 1), ["4", "3 + 1"]), ((4, 0), (0, 4), ["4 + 0", "0 + 4"])]
)
def test_an_allotment_is_told_without_its_zeros_where_that_tells_it(first, second, words) -> None:
    opened = [known(4) | {"max": parameter(*first)}, known(0) | {"max": parameter(*second)}]
    toml = family([(4, opened), (1, [known(1)])])
    figures: Figures = {("indicator_0_0", "count"): (0, 0), ("indicator_0_0_base", "count"): (100, 0)}
    table = gains_by_rule(identified_from(toml, figures), {"indicator_0_0": 50.0})
    assert list(table[table["parameter"] == "allotment"]["alternative"]) == words


# The real rules


@pytest.fixture
def identified(card_of: Any) -> Identified:
    return card_of("Hòa Bình", APRIL).results.identified


def test_one_percentage_point_more_on_time_before_2026(identified: Identified) -> None:
    """0.20 points for sure, and besides 0 to 0.06 of satisfaction, or 6/90 = 0.067 while a target of 90 % may bind."""
    links = load_levers(identified.rubric, APRIL, REPOSITORY / "data")
    assert links["on_time"].effects["handling_satisfaction"] == Interval(0.0, 1.0)

    def step(target: float) -> tuple[pd.Series, pd.Series]:
        first, second = (gains(identified, {"on_time": end}, links).iloc[0] for end in (target, target + 1))
        assert first["moved"] == second["moved"] == ("handling_satisfaction",)
        return first[NUMBERS], second[NUMBERS] - first[NUMBERS]

    for target in (88.75, 91.0, 97.0):
        gained, more = step(target)
        assert more[["gain_low", "own_low", "own_high", "total_low"]].tolist() == pytest.approx([0.2] * 4)
        assert 0.2 + 0.05 <= more["gain_high"] <= 0.2 + 6 / 90 + EXACT
        assert gained["gain_high"] > gained["own_high"]
    assert step(88.75)[1]["gain_high"] == pytest.approx(0.2 + 6 / 90)  # from 88,83 to 89,83 % at best: below 90 %
    assert step(95.0)[1]["gain_high"] == pytest.approx(0.2 + 6 / 100)  # the linear rule is then the better one


def test_links_of_2026_are_none_before(identified: Identified) -> None:
    """E-results move digitisation and online submission from 2026 on: in 2023 the gain is that of e-results alone."""
    row = gains(identified, {"e_result": 80.0}, load_levers(identified.rubric, APRIL, REPOSITORY / "data")).iloc[0]
    assert row["moved"] == () and (row["gain_low"], row["gain_high"]) == (row["own_low"], row["own_high"])


def test_the_gain_of_all_is_that_of_the_last_row() -> None:
    """Alone or together."""
    for seed in range(4):
        case, acts, _links = planted(seed)
        frame = gains(identified_of(seed), case.levers, acts)
        last = frame[frame["code"] == "together"].iloc[0] if len(case.levers) > 1 else frame.iloc[0]
        assert gain_of(frame) == Interval(last["gain_low"], last["gain_high"])
        assert total_after(identified_of(seed), case.levers, acts) == Interval(last["total_low"], last["total_high"])


def test_what_surely_scored_had_something_to_count() -> None:
    """A score of a tenth or more, however small, is no empty base; one that may be 0 may be one."""
    for seed in FEW:
        identified = identified_of(seed)
        for items in identified.hypotheses.values():
            for item in items:
                for code, score in item.scores.items():
                    assert not (score.low > 0 and may_be_nothing(identified, item, code))

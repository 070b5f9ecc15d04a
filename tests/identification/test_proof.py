"""Which figures conflict, which rule an alternative out, and what each contributed: by brute force and on real months.

Whether figures conflict is asked here of a history that holds nothing else, never of the proof's own cards.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import chain, combinations

import numpy as np
import pandas as pd
import pytest

from analysis.decisions.whatif import gain_width
from analysis.errors import ContradictionError
from analysis.identification.bounds import alternatives
from analysis.identification.evidence import Evidence, FigureKey, Relation, assume, keys_of, load_relations, read_card
from analysis.identification.identify import identify_cards
from analysis.identification.proof import (
    conflict,
    contributions,
    explained_by,
    fixed,
    irreducible_conflict,
    regrouped,
    ruled_out,
    smallest_conflict,
)
from analysis.identification.regime import cards_of
from analysis.scorecards.history import RANK, TOTAL
from analysis.scorecards.rubric import Rubric, rubric_in_force
from analysis.scorecards.sources import load_corrections
from places import REPOSITORY
from planted import ENTITY, Case, Figures, Toml, family, parameter, plant

HOA_BINH, APRIL, JULY = "Hòa Bình", "2023-04", "2024-07"
LEVERS = {"e_result": 80.0, "data_reuse": 80.0}


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch):
    monkeypatch.chdir(REPOSITORY)


# Conflicts against every subset


@pytest.mark.parametrize("seed", range(24))
def test_a_conflict_is_what_all_subsets_show(seed: int) -> None:
    """What cannot hold together is drawn first; a set of figures holds when it contains none of these sets."""
    figures, cores = random_cores(seed)

    def holds(kept: Collection[FigureKey]) -> bool:
        return not any(core <= set(kept) for core in cores)

    smallest, irreducible = smallest_conflict(figures, holds), irreducible_conflict(figures, holds)
    conflicts = [some for some in subsets(figures) if not holds(some)]
    if not conflicts:
        assert smallest == irreducible == []
        return
    for found in (smallest, irreducible):
        assert not holds(found)
        assert all(holds([other for other in found if other != key]) for key in found)
        assert found == [key for key in figures if key in found]  # in the order given
    assert len(smallest) == min(map(len, conflicts))
    assert smallest_conflict(figures, holds) == smallest


def test_of_conflicts_of_one_size_the_earlier_figures_are_named() -> None:
    figures = [(ENTITY, "2024-01", f"figure_{number}", "points") for number in range(4)]
    found = smallest_conflict(figures, lambda kept: not ({*figures[:2]} <= {*kept} or {*figures[2:]} <= {*kept}))
    assert found == figures[:2]


def random_cores(seed: int) -> tuple[list[FigureKey], list[set[FigureKey]]]:
    rng = np.random.default_rng(seed)
    figures = [(ENTITY, "2024-01", f"figure_{number}", "points") for number in range(rng.integers(2, 10))]
    cores = [
        {figures[place] for place in rng.permutation(len(figures))[: rng.integers(1, 6)]}
        for _core in range(rng.integers(0, 6))
    ]
    return figures, cores


def subsets(figures: Sequence[FigureKey]) -> list[tuple[FigureKey, ...]]:
    return list(chain.from_iterable(combinations(figures, many) for many in range(len(figures) + 1)))


# What really conflicts: a history of these figures alone


def conflicts(
    history: pd.DataFrame,
    rubric: Rubric,
    keys: Sequence[tuple[str, str]],
    kept: Collection[FigureKey],
    relations: Sequence[Relation] = (),
) -> bool:
    """Whether nothing in the family explains these figures, were no other printed."""
    wanted = set(kept)
    rows = [
        key in wanted or key[2] == RANK
        for key in zip(history["entity"], history["period"], history["code"], history["unit"], strict=True)
    ]
    cards = [assume(read_card(history[rows], rubric, *key), relations) for key in keys]
    try:
        identify_cards(cards, rubric)
    except ContradictionError:
        return True
    return False


def proves(
    history: pd.DataFrame,
    rubric: Rubric,
    keys: Sequence[tuple[str, str]],
    named: Sequence[FigureKey],
    relations: Sequence[Relation] = (),
) -> bool:
    """Whether these figures conflict and no proper subset of them does."""
    return conflicts(history, rubric, keys, named, relations) and not any(
        conflicts(history, rubric, keys, some, relations) for some in subsets(named)[:-1]
    )


# Hòa Bình, July 2024 and April 2023


@pytest.fixture(scope="module")
def rubric(rubrics) -> Rubric:
    return rubric_in_force(rubrics, APRIL)


@pytest.fixture(scope="module")
def both(history, rubric) -> list[Evidence]:
    return [read_card(history, rubric, HOA_BINH, month) for month in (JULY, APRIL)]


def test_both_months_together(both, rubric) -> None:
    """Of the 160 rules of satisfaction April leaves 144: by 6 + 6 only those without a target for handling (16 of 32),
    by 5 + 5 + 2 all 128. July may have the target that April had, or the one after it: 16 + 64 with each."""
    assert rubric.size() == 14_929_920
    assert identify_cards(both[1:], rubric).survivors == identify_cards(both[::-1], rubric).survivors == 995_328
    assert identify_cards(both, rubric).survivors == 995_328 / 144 * 160
    assert conflict(both, rubric) == []


IN_JULY = {(JULY, "processing_progress", "points"), (JULY, "satisfaction", "points")}
IN_APRIL = {(APRIL, "satisfaction", "points")} | {
    (APRIL, f"{name}_satisfaction", "percent") for name in ("handling", "petition")
}


def test_what_the_relation_rules_out_in_july(both, rubric, history) -> None:
    """Satisfaction with handling at most on time: 18 of 18 beside 18.7 of 20 points on time is no linear score."""
    relations = load_relations(rubric)
    narrowed = fixed(rubric, "handling_satisfaction", "target", 100.0)
    cards = [regrouped(assume(item, relations), narrowed) for item in both]
    found = conflict(cards, narrowed)
    assert set(found) == {(HOA_BINH, *figure) for figure in IN_JULY}
    assert proves(history, narrowed, [(HOA_BINH, JULY), (HOA_BINH, APRIL)], found, relations)
    assert conflict([regrouped(item, narrowed) for item in both], narrowed) == []  # without it both fit


@pytest.mark.parametrize("asked", [APRIL, JULY])
def test_april_and_july_do_not_contradict_each_other_by_6_and_6(both, rubric, history, asked) -> None:
    """April had no target and July one of 90 %; were it one target for both, these figures would conflict."""
    relations = load_relations(rubric)
    cards = [assume(item, relations) for item in (both[::-1] if asked == APRIL else both)]
    found = identify_cards(cards, rubric)
    open_rules = alternatives(found).query("code == 'petition_classification' and parameter == 'max'")
    assert open_rules["fits"].all()
    by_six = fixed(rubric, "petition_classification", "max", 0.0)
    now = identify_cards([regrouped(item, by_six) for item in cards], by_six)
    targets = {rule.target for item in now.hypotheses["satisfaction"] for rule in item.rules["handling_satisfaction"]}
    assert targets == ({100.0} if asked == APRIL else {90.0})
    one = by_six.indicators["handling_satisfaction"].model_copy(update={"over_time": ()})
    timeless = by_six.with_indicators({one.code: one})
    together = conflict([regrouped(item, timeless) for item in cards], timeless)
    assert set(together) == {(HOA_BINH, *figure) for figure in IN_JULY | IN_APRIL}
    assert proves(history, timeless, [(HOA_BINH, JULY), (HOA_BINH, APRIL)], together, relations)


@pytest.mark.parametrize("alone", [True, False])
def test_figures_that_rule_an_alternative_out_conflict_with_it(history, rubric, alone: bool) -> None:
    """April 2023, alone and with every other card of the regime: each named set is needed, figure by figure."""
    cards = cards_of(history, rubric, HOA_BINH, APRIL, load_corrections(REPOSITORY / "data"))
    cards = cards[:1] if alone else cards
    identified = identify_cards(cards, rubric)
    open_rules = alternatives(identified)
    ruled = ruled_out(identified, cards, open_rules)
    assert len(cards) == 1 or len(cards) >= 5
    excluded = {(row.code, row.parameter, row.value) for row in open_rules[~open_rules["fits"]].itertuples()}
    assert len(excluded) == 4
    assert set(zip(ruled["code"], ruled["parameter"], ruled["value"], strict=True)) == excluded
    assert ruled_out(identified, cards, open_rules[open_rules["fits"]]).empty
    for (code, name, value), rows in ruled.groupby(["code", "parameter", "value"]):
        named = list(rows[["entity", "period", "figure", "unit"]].itertuples(index=False, name=None))
        keys = list(dict.fromkeys((entity, period) for entity, period, _code, _unit in named))
        assert proves(history, fixed(rubric, str(code), str(name), float(value)), keys, named)


def test_each_figure_contributes_what_its_absence_widens(history, rubric) -> None:
    """Against a history without the figure, read anew."""
    card = read_card(history, rubric, HOA_BINH, APRIL)
    identified = identify_cards([card], rubric)
    width = gain_width(LEVERS)
    table = contributions(identified, [card], width)
    assert list(zip(table["code"], table["unit"], strict=True)) == [key[2:] for key in keys_of(card, rubric)]
    for row in table.itertuples():
        gone = (history["period"] == APRIL) & (history["code"] == row.code) & (history["unit"] == row.unit)
        without = identify_cards([read_card(history[~gone], rubric, HOA_BINH, APRIL)], rubric)
        assert row.survivors == without.survivors >= identified.survivors
        assert row.wider == pytest.approx(max(width(without) - width(identified), 0.0), abs=1e-9)
    wider = table.set_index(["code", "unit"])["wider"]
    assert wider["e_result", "percent"] > 5 and wider["data_reuse", "percent"] > 1
    assert wider.drop([("e_result", "percent"), ("data_reuse", "percent")]).max() < 1e-9
    more = table.set_index(["code", "unit"])["survivors"] > identified.survivors
    assert more["online_payment", "points"] and more["fee_procedures_integrated", "percent"]
    assert not more["total_score", "points"]


def test_what_no_rule_explains_is_named_figure_by_figure(history, rubric) -> None:
    cards = [read_card(history, rubric, "Bắc Kạn", JULY)]
    with pytest.raises(ContradictionError) as error:
        explained_by(cards, rubric)
    # 14.15 + 7.95 + 8.25 + 14.45, and 20 and 18 at most: 82.8 is less than 82.875
    assert len(error.value.rows) == 1 + len(conflict(cards, rubric)) == 1 + 5


# Planted contradictions


def with_ranks(case: Case) -> pd.DataFrame:
    """A history in which every card has a rank, so that a card without figures is still a card."""
    history = case.history
    ranks = history.drop_duplicates(["entity", "period"]).assign(level="rank", code=RANK, unit="rank", value=1.0)
    return pd.concat([history, ranks], ignore_index=True)


@pytest.mark.parametrize(
    ("seeds", "least"), [(range(6), 2), pytest.param(range(6, 18), 4, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_conflict_of_moved_figures_is_needed_figure_by_figure(seeds: range, least: int) -> None:
    """A score of a group or a total is moved until nothing explains all months any more."""
    sizes = []
    for seed in seeds:
        case = plant(40_000 + seed, largest=100, months=2)
        rng = np.random.default_rng(seed)
        month = int(rng.integers(len(case.cards)))
        movable = [key for key in case.cards[month] if key[0] == TOTAL or key[0].startswith("group")]
        if not movable:
            continue
        code, unit = movable[rng.integers(len(movable))]
        value, decimals = case.cards[month][code, unit]
        figures: Figures = {
            **case.cards[month],
            (code, unit): (round(abs(value + rng.choice([-1.5, 1.5])), decimals), decimals),
        }
        case = replace(case, cards=[figures if number == month else card for number, card in enumerate(case.cards)])
        history = with_ranks(case)
        cards = [read_card(history, case.rubric, *key) for key in case.keys]
        named = conflict(cards, case.rubric)
        every = [key for card in cards for key in keys_of(card, case.rubric)]
        assert conflicts(history, case.rubric, case.keys, every) == bool(named)
        if named:
            assert conflicts(history, case.rubric, case.keys, named)
            for key in named:
                assert not conflicts(history, case.rubric, case.keys, [other for other in named if other != key])
            sizes.append(len(named))
    assert len(sizes) >= least and max(sizes) >= 4


# Relations and other families


def test_regrouped_card_keeps_relations_under_the_narrowed_rules() -> None:
    """2 of 4 points are 50 % without a target and 25 % with one of 50 %: `lower` is at most that, with all figures or
    with fewer."""

    def item(maximum: float, *targets: object) -> Toml:
        return {"max": parameter(maximum), "target": parameter(*targets), "zero_denominator": parameter("no_points")}

    toml = family([(4, [item(4, "none", 50)]), (6, [item(6, "none")])])
    rubric = Rubric.model_validate(toml)
    upper, lower = rubric.indicators
    figures: Figures = {("group_0", "points"): (2.0, 2), (TOTAL, "points"): (3.0, 2), ("group_1", "points"): (1.0, 2)}
    case = Case(
        toml, [figures], {upper: (4.0, 100.0, "no_points"), lower: (6.0, 100.0, "no_points")}, [], [], frozenset(), {}
    )
    relation = Relation(code=lower, at_most=upper, status="assumed", source="test", note="test")
    card = assume(read_card(case.history, rubric, *case.keys[0]), [relation])
    assert card.readings[lower].cap == pytest.approx(2.005 / 4 * 100)
    narrowed = fixed(rubric, upper, "target", 50.0)
    assert regrouped(card, narrowed).readings[lower].cap == pytest.approx(2.005 / 4 * 50)


def test_family_with_one_value_fixed_holds_the_other_members(rubric) -> None:
    narrowed = fixed(rubric, "handling_satisfaction", "target", 90.0)
    assert narrowed.size() * 2 == rubric.size()
    assert fixed(rubric, "petition_classification", "max", 0.0).size() < rubric.size()
    assert [item.code for item in narrowed.indicators.values()] == list(rubric.indicators)

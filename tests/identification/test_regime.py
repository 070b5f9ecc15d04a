"""Does a month held against a few cards say what all of them say, and is what changed read again?"""

import random

import pytest

from analysis.errors import ContradictionError
from analysis.identification import evidence, regime
from analysis.identification.identify import explained, identify_cards
from analysis.identification.regime import outliers, telling
from analysis.scorecards import history
from analysis.scorecards.rubric import load_rubrics
from analysis.scorecards.synthetic import synthetic_history

REGIMES = {"open": ("2024-01", "2024-02"), "known": ("2026-01", "2026-02")}


def cards_of(regime: str, seed: int, hidden: float):
    """Cards of simulated provinces, some of whose rates are not printed."""
    rubrics = load_rubrics()
    first, last = REGIMES[regime]
    rubric = next(item for item in rubrics if item.covers(first))
    draw = random.Random(seed)
    printed = [code for code in rubric.indicators if draw.random() >= hidden]
    made = synthetic_history(rubrics, entities=6, first=first, last=last, seed=seed, printed=printed).figures
    keys = list(history.cards(made))
    return rubric, evidence.read_cards(made, rubric, keys)


def members(identified):
    """Every single rule that is left of each indicator."""
    found = {}
    for items in identified.hypotheses.values():
        for item in items:
            for code, rules in item.rules.items():
                found.setdefault(code, set()).update(rules)
    return found


@pytest.mark.parametrize("hidden", [0.0, 0.4, 0.8])
@pytest.mark.parametrize("regime", REGIMES)
def test_a_month_held_against_the_telling_cards_is_held_against_all(regime, hidden):
    rubric, cards = cards_of(regime, seed=round(10 * hidden), hidden=hidden)
    kept, wrong = telling(cards, rubric)
    assert not wrong
    assert len(kept) < len(cards)
    for first in cards[:4]:
        others = [item for item in cards if item is not first]
        few = identify_cards([first, *(item for item in kept if item is not first)], rubric)
        if first in kept:  # then the others must be asked anew, as `Project.cards` does
            few = identify_cards([first, *telling(others, rubric)[0]], rubric)
        everything = identify_cards([first, *others], rubric)
        assert few.survivors == everything.survivors
        assert members(few) == members(everything)


def test_real_months_are_explained_by_the_rules_that_explain_all_cards():
    known = regime.load_project()
    for entity, month in (("Hòa Bình", "2024-07"), ("Phú Thọ", "2026"), ("Lào Cai", "2025-07")):
        rubric = known.rules(entity, month)
        cards = regime.cards_of(known.history, rubric, entity, month, known.corrections)
        found = known.identified(entity, month)
        assert len(known.cards(entity, month)) <= len(cards) == 1 + len(found.others)
        assert found.survivors == identify_cards(cards, rubric).survivors
        assert members(found) == members(identify_cards(cards, rubric))


def test_a_card_that_nothing_explains_is_evidence_of_nothing(project_copy, change):
    change("hoa-binh.csv", 7, value="3.5", quote="3,5/10")
    known = regime.load_project()
    assert known.left_out("Hòa Bình", "2024-07") == [("Hòa Bình", "2023-04")]
    assert ("Hòa Bình", "2023-04") not in known.identified("Hòa Bình", "2024-07").others
    with pytest.raises(ContradictionError):
        known.identified("Hòa Bình", "2023-04")


def test_cards_that_contradict_each_other_stop_every_month():
    rubric, cards = cards_of("open", seed=3, hidden=0.0)
    other = cards_of("open", seed=4, hidden=0.0)[1]
    assert explained(cards, rubric) and explained(other, rubric) and not explained([*cards, *other], rubric)
    kept, wrong = telling([*cards, *other], rubric)
    assert not wrong
    with pytest.raises(ContradictionError):
        identify_cards([cards[0], *kept], rubric)


def odd_one(seed: int):
    """Cards of one world, and one of another that they exclude."""
    rubric, cards = cards_of("open", seed=3, hidden=0.0)
    others = cards_of("open", seed=seed, hidden=0.0)[1]
    odd = next(item for item in others if not explained([*cards, item], rubric))
    return rubric, cards, odd


@pytest.mark.parametrize("seed", [4, 5])
def test_the_one_card_of_another_world_is_the_outlier_wherever_it_stands(seed):
    rubric, cards, odd = odd_one(seed)
    assert outliers(cards, rubric) == []
    for at in (0, 5, len(cards)):
        mixed = [*cards[:at], odd, *cards[at:]]
        assert outliers(mixed, rubric) == [odd]
        assert explained([item for item in mixed if item is not odd], rubric)


def test_of_two_that_exclude_each_other_the_later_is_doubted_first():
    rubric, cards, odd = odd_one(4)
    other = next(item for item in cards if not explained([item, odd], rubric))
    assert outliers([other, odd], rubric) == [odd]
    assert outliers([odd, other], rubric) == [other]


def test_half_of_the_cards_are_no_outliers():
    rubric, cards = cards_of("open", seed=3, hidden=0.0)
    other = cards_of("open", seed=4, hidden=0.0)[1]
    assert outliers([*cards, *other], rubric) == []


def test_what_was_read_is_read_again_when_a_file_changes(project_copy, change):
    before = regime.load_project()
    assert regime.load_project() is before
    change("hoa-binh.csv", 2, value="58.84", quote="58,84/100")
    after = regime.load_project()
    assert after is not before
    assert after.own("Hòa Bình")["value"].iloc[0] == 58.84

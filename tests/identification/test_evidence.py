"""What a card says: with a figure more or less it is read as if it had been printed so."""

import pandas as pd
import pytest

from analysis.identification.evidence import keys_of, leave_out, read_card, read_cards, with_figure
from analysis.interval import Interval
from analysis.scorecards.history import TOTAL, with_standing
from planted import BOTH, plant


@pytest.mark.parametrize("seed", range(50_000, 50_012))
def test_a_card_without_a_figure_is_read_as_if_it_had_not_been_published(seed):
    case = plant(seed, months=2)
    history, (entity, period) = case.history, case.keys[0]
    card = read_card(history, case.rubric, entity, period)
    keys = [key for key in keys_of(card, case.rubric) if key[2] != BOTH]
    assert len(keys) >= len(case.cards[0]) - 1
    for key in keys:
        gone = (history["period"] == period) & (history["code"] == key[2]) & (history["unit"] == key[3])
        less = leave_out(card, case.rubric, [key])
        if (history["period"] == period).sum() > 1:
            anew = read_card(history[~gone], case.rubric, entity, period)
            assert (less.told, less.readings) == (anew.told, anew.readings)
            assert (less.printed, less.total) == (anew.printed, anew.total)
    assert leave_out(card, case.rubric, [(entity, "1999-01", TOTAL, "points")]) is card


def test_a_figure_that_is_told_more_exactly_is_a_rate_or_points(tiny_history, tiny_rubric):
    card = read_card(tiny_history, tiny_rubric, "Mẫu", "2023-01")
    assert card.readings["a"].rate == Interval(49.5, 50.5) and card.readings["d"].rate == Interval(99.5, 100)
    assert with_figure(card, "a", "percent", Interval(99.9, 100.1)).readings["a"].rate == Interval(99.9, 100)
    assert with_figure(card, "a", "percent", Interval(-0.1, 0.1)).readings["a"].rate == Interval(0, 0.1)
    told = with_figure(card, "a", "points", Interval(1.5, 1.6)).readings["a"]
    assert told.points == Interval(1.5, 1.6) and told.rate == Interval(49.5, 50.5)


def test_a_card_without_a_total_is_what_was_published_last(tiny_history, tiny_rubric):
    first = tiny_history[tiny_history["code"] != TOTAL]
    later = first[first["code"] == "a"].assign(as_of="2023-02-01", value=60.0)
    history = with_standing(pd.concat([first, later], ignore_index=True))
    (card,) = read_cards(history, tiny_rubric, [("Mẫu", "2023-01")])
    assert card.total == Interval(0, 10) and card.printed["first"] == Interval(0, 5)
    assert card.readings["a"].rate == Interval(59.5, 60.5) and card.readings["c"].rate is None
    assert list(card.figures["value"]) == [60.0]

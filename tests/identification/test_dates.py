"""When did a target change? The real regime, and cards whose dates are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.identification.dates import change_dates
from analysis.identification.evidence import Evidence, read_card
from analysis.identification.regime import load_project
from analysis.scorecards.periods import months_of
from analysis.scorecards.rubric import Rubric
from places import REPOSITORY
from planted import Case, Figures, Toml, family, parameter

CODE = "indicator_0_0"


@pytest.fixture
def known(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    return load_project()


def test_satisfaction_had_its_target_from_some_month_between_may_2023_and_june_2024(known):
    rubric = known.rules("Hòa Bình", "2023-04")
    dates, by = known.change_dates(rubric)
    (row,) = dates.itertuples()
    assert (row.code, row.before, row.after) == ("handling_satisfaction", 100.0, 90.0)
    assert (row.first, row.last) == ("2023-05", "2024-06")
    print(f"\n{row.cards} cards: {row.cards_before} before, {row.cards_after} after")
    assert row.cards_before == 1 and row.cards_after > 100 and row.cards > 300
    told = {
        side: set(rows[["entity", "period", "figure", "value"]].itertuples(index=False, name=None))
        for side, rows in by.groupby("side")
    }
    assert told["before"] == {
        ("Hòa Bình", "2023-04", "satisfaction", 11.3),
        ("Hòa Bình", "2023-04", "handling_satisfaction", 88.32),
        ("Hòa Bình", "2023-04", "petition_satisfaction", 100.0),
    }
    assert told["after"] == {
        ("Hòa Bình", "2024-06", "satisfaction", 18.0),
        ("Hòa Bình", "2024-06", "processing_progress", 18.6),
    }


def test_a_regime_in_which_nothing_changed_has_no_dates(known):
    dates, by = known.change_dates(known.rules("Phú Thọ", "2026"))
    assert dates.empty and by.empty


def test_what_was_not_known_yet_tells_nothing(known):
    """On the day after April's notice only that one card tells."""
    early = known.as_of("2023-04-30")
    (row,) = early.change_dates(early.rules("Hòa Bình", "2023-04"))[0].itertuples()
    assert (row.first, row.last, row.cards_before, row.cards_after) == ("2023-05", "", 1, 0)


# One group of 10 points, one indicator, whose target went from none to 80 to 50


def rubric(*over_time: object) -> Rubric:
    def indicator(*targets: object) -> Toml:
        return {"max": parameter(10.0), "target": parameter(*targets), "zero_denominator": parameter("no_points")}

    toml = family([(10.0, [indicator("none", 80, 50)]), (10.0, [indicator("none")])])
    toml["group"][0]["indicator"][0]["over_time"] = list(over_time)
    return Rubric.model_validate(toml)


def card(family_: Rubric, period: str, score: float, rate: int = 40, day: str = "") -> Evidence:
    figures: Figures = {
        (CODE, "count"): (rate, 0),
        (f"{CODE}_base", "count"): (100, 0),
        ("group_0", "points"): (score, 1),
    }
    history = Case({}, [figures], {}, [{}], [], frozenset(), {}).history
    return replace(read_card(history.assign(period=period), family_, "Thử nghiệm", period), day=day)


def dated(family_: Rubric, *cards: Evidence) -> list[tuple[str, str]]:
    return list(change_dates(cards, family_)[0][["first", "last"]].itertuples(index=False, name=None))


def test_dates_by_hand():
    """40 % are 4, 5 or 8 points: without a target, with 80 % and with 50 %."""
    one = rubric("none", 80, 50)
    assert dated(one) == [("", ""), ("", "")]
    assert dated(one, card(one, "2024-03", 4.0)) == [("2024-04", ""), ("2024-04", "")]
    assert dated(one, card(one, "2024-03", 5.0)) == [("", "2024-03"), ("2024-04", "")]
    assert dated(one, card(one, "2024-03", 4.0), card(one, "2024-09", 8.0)) == [("2024-04", "2024-09")] * 2
    three = card(one, "2024-01", 4.0), card(one, "2024-05", 5.0), card(one, "2024-07", 8.0)
    assert dated(one, *three) == [("2024-02", "2024-05"), ("2024-06", "2024-07")]
    assert dated(one, card(one, "2024-03", 9.0)) == [("", ""), ("", "")]  # explained by no target: evidence of nothing
    assert dated(one, card(one, "2024-03", 0.0, rate=0)) == [("", ""), ("", "")]  # by each


def test_a_quarter_may_be_of_its_first_month_or_its_last_and_a_capture_is_of_its_day():
    one = rubric("none", 80)
    assert dated(one, card(one, "2024-Q2", 4.0)) == [("2024-05", "")]
    assert dated(one, card(one, "2024-Q2", 5.0)) == [("", "2024-06")]
    assert dated(one, card(one, "2024-01", 5.0, day="2024-11-05")) == [("", "2024-11")]


def test_cards_that_contradict_each_other_give_no_month():
    one = rubric("none", 80)
    ((first, last),) = dated(one, card(one, "2024-03", 5.0), card(one, "2024-07", 4.0))
    assert first > last


def test_the_planted_month_lies_between_the_dates():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        one, begin = rubric("none", 80), f"2024-{rng.integers(1, 13):02d}"
        cards = []
        for period in rng.choice([*(f"2024-{month:02d}" for month in range(1, 13)), "2024-Q2", "2024-Q3"], 5):
            target = 80 if str(rng.choice(months_of(str(period)))) >= begin else 100
            rate = int(rng.integers(0, 101))
            cards.append(card(one, str(period), round(10 * min(1, rate / target), 1), rate))
        ((first, last),) = dated(one, *cards)
        assert (first or "0") <= begin <= (last or "9"), seed


def test_the_figures_named_are_as_the_card_prints_them():
    one = rubric("none", 80)
    by = change_dates([card(one, "2024-03", 5.0)], one)[1]
    assert set(by["figure"]) == {"group_0", CODE, f"{CODE}_base"} and set(by["side"]) == {"after"}
    assert pd.Series(by["value"]).tolist() == by["figure"].map({"group_0": 5.0, CODE: 40, f"{CODE}_base": 100}).tolist()

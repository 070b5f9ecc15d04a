"""Are the plan, what a target needs and what to ask for told in words that follow the results?"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from analysis.decisions.deadline import YEAR_TO_DATE
from analysis.decisions.tiers import REACHED
from analysis.identification.bases import ODD
from analysis.report.plan import ask_section, late_words, needs_section, plan_section
from analysis.report.section import Folded, Section
from shown import frame, said, tables

NONE = float("nan")
SHOWN = {
    "target": 64.0,
    "feasible": True,
    "cost": 18.0,
    "steps": frame(
        "lever name added cost",
        ("on_time", "Handle dossiers", 10.0, 12.5),
        ("fee_procedures_integrated", "Integrate fees", 5.5, 5.5),
        ("online_services", "Offer services", 1.0, 1.0),
    ),
    "schedule": frame("month name added sure_total", (1, "Handle dossiers", 10.0, 63.0), (2, "Fees", 5.5, 64.175)),
    "limits": frame("limit shadow_price", ("months", NONE), ("target", 14.0)),
}
EFFORTLESS = (
    "No costs were given, so one percentage point of any improvement counts as one unit of effort; with real costs the "
    "cheapest way may be another."
)
NO_FIGURE = "No single figure that is not published would narrow this plan by a tenth of a point."
SURE = "With this plan the total is 64.2 to 66.0."
DEARER = "One more point of total would take 14 percentage points of effort more."


GAINS = "gain_low gain_high total_low total_high"
AIMED = (
    ("on_time", "Handle dossiers", 100.0, 2.0, 2.1, 2.0, 2.3, 64.0, 64.3),
    ("fee_procedures_integrated", "Integrate fees", 27.5, 0.5, 0.5, 0.5, 0.5, 62.7, 62.7),
    ("online_services", "Offer services", 90.0, 0.0, 0.1, 0.0, 0.1, 62.2, 62.3),
    ("together", "All together", NONE, 2.5, 2.7, 2.5, 2.9, 64.175, 66.0),
)


@pytest.fixture
def planned(year):
    """planned(target=62) gives the section of a plan with these results; tiers are (name, lowest, highest total)."""

    def made(*in_tiers, aimed=AIMED, **changed):
        it = year.results
        best = replace(it.best, **(SHOWN | changed))
        aims = frame(f"code name target own_low own_high {GAINS}", *aimed)
        rows = [(tier, "together", "All together", 2.5, 2.7, low, high) for tier, low, high in in_tiers]
        by_tier = frame(f"tier code name {GAINS}", *(rows or [("documented", *AIMED[-1][:2], 2.5, 2.7, 64.2, 66.0)]))
        return plan_section(it.identified, best, aims, by_tier, frame("lever"), pd.DataFrame(columns=REACHED))

    return made


def test_a_plan_that_is_sure_says_its_steps_its_total_and_its_price(planned):
    first, *rest = said(planned())
    assert first == (
        "64 is reached under the rules recovered from published figures with 3 improvements, and not with fewer: "
        "Handle dossiers "
        "to 100 %; Integrate fees to 27.50 %; Offer services to 90 %. Together they take 18 percentage points at least."
    )
    assert rest == [SURE, DEARER, EFFORTLESS]


@pytest.mark.parametrize(
    ("least", "words"),
    [(63.96, "63.96 to 66.00"), (63.996, "64.0 to 66.0"), (64.04, "64.0 to 66.0"), (63.94, "63.9 to 66.0")],
)
def test_a_total_below_its_goal_is_not_rounded_up_to_it(planned, least, words):
    aimed = (*AIMED[:-1], (*AIMED[-1][:-2], least, 66.0))
    assert str(planned(aimed=aimed).figures["plan.total"]) == words


def test_a_plan_that_stands_on_a_doubted_rate_says_so_behind_its_steps(april, july):
    """23,636 synchronised dossiers would need a base 20 times the most that any other figure allows."""
    assert said(april.plan(70))[1] == (
        "The plan stands on a rate of today that is in doubt (Synchronise dossiers to the national portal): ask before "
        "acting."
    )
    assert not any("in doubt" in words for words in said(july.plan(85)))


def test_a_plan_says_what_it_brings_in_each_tier(planned):
    documented, open_ = ("documented", 64.175, 65.0), ("open", 60.5, 67.0)
    every = said(planned(("supported", 64.175, 64.5), documented, open_))
    assert every[1] == (
        "With this plan the total is 64.2 to 66.0 by all that some document names, with what it may move besides. By "
        "these indicators alone: 64.2 to 64.5 by the best supported reading, 64.2 to 65.0 by all that some document "
        "names; 60.5 to 67.0 if full marks start at rates that nobody wrote down."
    )
    assert said(planned(documented, open_))[1] == (
        "With this plan the total is 64.2 to 66.0 by all that some document names, with what it may move besides. By "
        "these indicators alone: 64.2 to 65.0; 60.5 to 67.0 if full marks start at rates that nobody wrote down."
    )
    assert said(planned(documented))[1] == SURE


def test_the_tables_of_a_plan_have_its_steps_and_its_months(planned):
    regret = frame("world cost_known regret", ("w", 16.0, 2.0), ("v", NONE, NONE))
    section = planned(regret=regret)
    found, figures = tables(section), section.figures
    assert found["The plan that holds under the rules recovered from published figures"] == [
        ["Handle dossiers", "89.05", "10", "100"],
        ["Integrate fees", "21.4 to 23.0", "5.50", "27.50"],
        ["Offer services", "not known", "1", "90"],
    ]
    assert [row[1:] for row in found["The plan month by month"]] == [["1", "10", "63.00"], ["2", "5.50", "64.18"]]
    assert (str(figures["world.0.cost"]), str(figures["world.0.regret"])) == ("16", "2")
    assert "world.1.cost" not in figures and "limit.0.price" not in figures and figures["limit.1.price"].value == 14
    assert str(figures["step.on_time.cost"]) == "12.50"
    assert figures["aim.on_time.rate"].value == pytest.approx(89.047358)
    assert (str(figures["aim.on_time.own"]), str(figures["aim.on_time.gain"])) == ("2.00 to 2.10", "2.00 to 2.30")
    assert (str(figures["plan.gain"]), str(figures["plan.acts"])) == ("2.50 to 2.90", "3")
    assert (section.data["low_total"], section.data["high_total"]) == (64.175, 66.0)


@pytest.mark.parametrize(
    ("changed", "place", "words"),
    [
        ({"target": 50.0}, 1, "From 50 on a total is of a higher class of the index."),
        ({"target": 90.0}, 1, "From 90 on a total is of a higher class of the index."),
        ({"target": 80.0}, 1, "From 80 on a total is of a higher class; that limit is inferred from the labels of "
                              "published totals."),
        ({"feasible": False, "largest_regret": 5.0}, 0,
         "64 is not reached under the rules recovered from published figures. What brings most under them: Handle "
         "dossiers to 100 %; Integrate fees to 27.50 %; Offer services to 90 %; the total is then 64.2 to 66.0. "
         "Improvements whose rate may already be full, or may have nothing behind it, are not counted on."),
        ({"feasible": False, "largest_regret": 5.0}, 1, EFFORTLESS),
        ({"target": None, "months": 3}, 1, SURE),
        ({"target": None, "months": 3}, 2, DEARER),
        ({"largest_regret": 2.5}, 2,
         "If the rules were known the same target could take less: not knowing them costs up to 2.50 of the 18."),
        ({"largest_regret": 2.5, "worlds_joint": False}, 2,
         "If one more rule were known the same target could take less, by up to 2.50 of the 18; if all were, "
         "perhaps by more."),
        ({"largest_regret": 0.0}, 2, DEARER),
        ({"priced": True}, -1, "One more point of total would take 14 units of cost more."),
    ],
)  # fmt: skip
def test_a_plan_says_what_it_rests_on(planned, changed, place, words):
    assert said(planned(**changed))[place] == words


def test_a_budget_and_costs_are_named_in_the_first_sentence(planned):
    section = planned(target=None, budget=20.0, months=3)
    assert said(section)[0] == (
        "What 3 months and this effort surely bring most under the rules recovered from published figures: "
        "Handle dossiers to 100 "
        "%; Integrate fees to 27.50 %; Offer services to 90 %. The total is then 64.2 to 66.0."
    )
    assert "plan.target" not in section.figures and section.data["budget"] == 20
    assert "the cheapest way takes 18 units of cost: " in said(planned(priced=True))[0]


# What a target needs


def needs(year, target: float, *rows: tuple) -> Section:
    columns = "lever name rate_low rate_high added_best added_sure rate_best rate_sure most_best most_sure"
    return needs_section(year.results.identified, frame(columns, *rows), None, target)


def test_what_each_improvement_needs_is_told_as_far_as_it_is_sure(year):
    section = needs(
        year,
        64.0,
        ("a", "A", 10.0, 10.0, 20.0, 21.000001, 30.001, 31.0, 66.0, 65.0),
        ("b", "B", 10.0, 10.0, 20.0, NONE, 30.0, NONE, 66.0, 63.5),
        ("c", "C", NONE, NONE, 20.0, 21.5, NONE, NONE, 66.0, 65.0),
        ("d", "D", NONE, NONE, 20.0, NONE, NONE, NONE, 66.0, 63.5),
        ("e", "E", 10.0, 10.0, NONE, NONE, NONE, NONE, 63.0, 62.5),
        ("f", "F", 10.0, 10.0, NONE, NONE, NONE, NONE, 63.9, 62.5),
        ("together", "All together", NONE, NONE, 2.0, 3.0, NONE, NONE, 99.0, 98.0),
    )
    assert said(section) == [
        "A: 64 needs 31.00 % under the rules recovered from published figures, 30.01 % by the kindest.",
        "B: 64 needs 30.00 % or more, and may not be reached: by the harshest rule 63.50.",
        "C: 64 needs 21.50 percentage points more under the rules recovered from published figures, 20.00 by the "
        "kindest.",
        "D: 64 needs 20.00 percentage points more or above, and may not be reached: by the harshest rule 63.50.",
        "All together: 64 needs 3.00 percentage points more of each under the rules recovered from published figures, "
        "2.00 by the kindest.",
        "No other improvement alone can bring 64; the furthest is F, with 63.90 at best.",
    ]
    (folded,) = [part for part in section.parts if isinstance(part, Folded)]
    (rows,) = tables(replace(section, parts=folded.parts)).values()
    assert not tables(section), "on demand"
    assert rows[0] == ["A", "31.00", "30.01", "65.00", "66.00"]
    assert rows[1] == ["B", "out of reach", "30.00", "63.50", "66.00"]
    assert rows[2] == ["C", "+21.50", "+20.00", "65.00", "66.00"]
    assert rows[3] == ["D", "out of reach", "+20.00", "63.50", "66.00"]
    assert section.figures["way.a.added_sure"].value == 21.01 and section.figures["plan.target"].value == 64


MORE = "Indicators whose rate is not published may bring more."


def test_a_total_out_of_reach_is_said_once(year):
    """In 2026 some rates are not published, and none of them is among these improvements."""
    never = ("e", "E", 10.0, 10.0, NONE, NONE, NONE, NONE, 63.0, 62.5)
    all_of_them = ("together", "All together", NONE, NONE, NONE, NONE, NONE, NONE, 89.6, 87.3)
    assert said(needs(year, 90.0, never)) == [
        "No improvement alone can bring 90; the furthest is E, with 63.00 at best.",
        MORE,
    ]
    assert said(needs(year, 90.0, never, all_of_them)) == [
        "90 cannot be reached with what has room; 89.60 is the most.",
        MORE,
    ]
    assert needs(year, 64.0).parts == needs_section(year.results.identified, pd.DataFrame(), None, None).parts == []


def test_where_every_rate_is_published_or_counted_on_nothing_may_bring_more(year):
    hidden = [code for code, reading in year.results.identified.readings.items() if reading.rate is None]
    rows = [(code, code, NONE, NONE, NONE, NONE, NONE, NONE, 63.0, 62.5) for code in hidden]
    assert len(hidden) > 1 and MORE not in said(needs(year, 90.0, *rows)) and MORE in said(needs(year, 90.0, *rows[1:]))


@pytest.mark.parametrize(
    ("possible", "words"),
    [
        (
            "yes",
            "90.0 to 91.0 % is needed in each of the 4 months left; if it counts each month alone, 80 % in the last",
        ),
        ("no", "would be needed in each of the 4 months left, which is impossible; 70.0 to 71.0 % is the most. If it"),
        ("open", "90.0 to 91.0 % would be needed in each of the 4 months left; whether that is possible is open."),
    ],
)
def test_what_the_year_still_allows_is_told_for_both_ways_of_counting(year, possible, words):
    late = frame(
        "code name counting target months_left needed_low needed_high possible most_low most_high",
        ("a", "A", YEAR_TO_DATE, 80.0, 4, 90.0, 91.0, possible, 70.0, 71.0),
        ("a", "A", "month", 80.0, 4, 80.0, 80.0, "yes", 100.0, 100.0),
    )
    section = needs_section(year.results.identified, pd.DataFrame(), late, 64.0)
    first, note = said(section)
    assert first.startswith("A, 80 % by the end of the year: if the score counts since its start, ") and words in first
    assert note.startswith("Months are taken to have equally many dossiers")
    assert section.parts[0].words == "What is still possible by the end of the year?"
    assert late_words(section.figures, late.iloc[1:]) == []


# Which number to ask for


def test_what_to_ask_for_is_told_the_most_helpful_first():
    columns = "code name unit low high open_now open_most open_least sure"
    asked = frame(
        columns,
        ("a", "A", "points", 1.0, 2.0, 0.83, 0.67, 0.2, 0.16),
        ("b", "B", "percent", 10.0, 20.0, 0.83, 0.83, 0.29, 0.0),
        ("c", "C", "percent", 10.0, 20.0, 0.83, 0.83, 0.5, 0.005),
        ("d", "D", "percent", 10.0, 20.0, 0.83, 0.83, 0.6, 0.0),
    )
    section = ask_section(asked, pd.DataFrame(columns=ODD))
    assert said(section) == [
        "Please tell the points of A: the total of the plan would then be open by at most 0.67 points, not 0.83.",
        "Please tell the rate of B: the total of the plan may then be open by 0.29 points, not 0.83.",
        "Please tell the rate of C: the total of the plan may then be open by 0.50 points, not 0.83.",
    ]
    (rows,) = tables(section).values()
    assert rows[:2] == [
        ["A", "points of the indicator", "1.00 to 2.00", "0.67", "0.20"],
        ["B", "rate, %", "10.0 to 20.0", "0.83", "0.29"],
    ]
    assert len(rows) == 4
    little = ask_section(
        frame(columns, ("a", "A", "points", 1.0, 2.0, 0.01, 0.01, 0.005, 0.0)), pd.DataFrame(columns=ODD)
    )
    assert said(little) == [NO_FIGURE], "not for a hundredth"
    nothing = ask_section(frame(columns), pd.DataFrame(columns=ODD))
    assert said(nothing) == [NO_FIGURE] and not tables(nothing)

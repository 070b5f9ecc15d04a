"""Is it told what moved, from which month on, and which totals are known?"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from analysis.card import open_card
from analysis.report.changes import (
    change_section,
    change_since_figures,
    compared_with,
    months_section,
    total_figures,
    under_its_rules,
)
from analysis.report.figures import Figures
from analysis.report.section import Picture, Slide
from shown import said, tables


def moved(*values: float, certainty: str = "published") -> pd.DataFrame:
    rows = [
        ("performance", f"Part {number}", value, value - 0.05, value + 0.05, certainty, f"reason {number % 2}")
        for number, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=["effect", "name", "value", "low", "high", "certainty", "why"])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((2.0, -0.5), "Since March 2023 the total rose by 1.50 points."),
        ((-2.0, 0.5), "Since March 2023 the total fell by 1.50 points."),
        ((2.0, -2.0), "Since March 2023 the total stayed the same (0.00 points)."),
    ],
)
def test_a_change_is_a_rise_or_a_fall(values, words):
    section = change_section(moved(*values), "2023-03")
    assert said(section) == [words]
    assert section.figures["bridge.total"].value == section.data["total"] == pytest.approx(sum(values))
    assert section.figures["bridge.size"].value == pytest.approx(abs(sum(values)))
    (rows,) = tables(replace(section, parts=section.parts[0].parts)).values()
    first = f"{values[0]:+.2f}".replace("-", "−")
    assert rows[0][:2] == ["Part 0", first] and " to " in rows[0][2] and "(performance)" in str(section.html)
    mixed = moved(*values).assign(effect=["performance", "rule"])
    (rows,) = tables(replace(section, parts=change_section(mixed, "2023-03").parts[0].parts)).values()
    assert [row[1] for row in rows] == ["performance", "other rules"]
    assert isinstance(section.parts[0], Slide) and len(section.parts) == 1


def test_what_cannot_be_told_apart_says_why_once():
    assumed = said(change_section(moved(1.0, certainty="assumes_one_rule"), "2023-03"))
    assert assumed[1].startswith(
        "Rules exist that explain both months, so the changes marked as performance may be that."
    )
    reasons = said(change_section(moved(1.0, 1.0, 1.0, certainty="not_separable"), "2023-03"))
    assert reasons[1:] == ["Reason 0", "Reason 1"]


def test_without_an_earlier_month_that_is_said(april):
    section = april.change
    assert said(section) == ["No earlier card is known from which a change could be told apart."]
    assert [part.style for part in section.parts] == ["note"], "one short line, without a heading"
    assert not section.figures and section.data["parts"] == [] and "total" not in change_section(moved(), "").data
    picture = Picture("change_steps", moved(1.0), "s")
    assert change_section(moved(1.0), "2023-03", picture, {"entity": "E"}).parts[1] is picture
    assert change_section(moved(1.0), "2023-03", picture, {"entity": "E"}).data["entity"] == "E"


# The totals that are known


def test_the_months_that_are_known_are_counted_and_too_few_make_no_trend(july):
    assert said(july.months)[:1] == [
        "Hòa Bình has a published total for these periods under the rules of this report: April 2023 and July 2024. A "
        "trend needs at least 6 comparable months; 2 are known, so none is shown and no gap is joined."
    ]
    known = july.months.figures
    assert (known["trend.needed"].value, known["trend.known"].value) == (6, 2)
    total = known["past.2023-04.total"]
    assert (total.value, total.where, total.quote) == (58.83, "hoa-binh.csv:2", "58,83/100") and total.low < 58.83
    picture = next(part for part in july.months.parts if isinstance(part, Picture))
    assert picture.words == "April 2023: 58.83; July 2024: 83.08." and "3220/VPUBND-NVK" in picture.source


def totals(july, *periods: str, scope: str = "month") -> pd.DataFrame:
    row = july.results.past.iloc[0]
    return pd.DataFrame([{**row, "period": period, "scope": scope} for period in periods])


SIX = [f"2024-0{month}" for month in range(1, 7)]


@pytest.mark.parametrize(
    ("periods", "scope", "known"),
    [
        (SIX, "month", 6),
        (SIX[:5], "month", 5),
        ([*SIX[:5], "2024", "2024-Q2"], "month", 5),  # no months
        ([*SIX[:5], "2026-01", "2022-07"], "month", 5),  # other rules
        (SIX, "year_to_date", 0),
    ],
)
def test_only_months_of_their_own_under_these_rules_count(july, periods, scope, known):
    past, identified = totals(july, *periods, scope=scope), july.results.identified
    figures = Figures.of(total_figures(past, identified))
    assert figures["trend.known"].value == known
    words = said(months_section(figures, july.results.figures, past, identified, july.results.project.sources))[0]
    assert ("A trend needs" in words) == (known < 6) and "2026" not in words and "July 2022" not in words
    assert ("past.2024.longer_period" in figures) == ("2024" in periods) and "past.2026-01.total" not in figures


def since(july, before: str, **known: object) -> Figures:
    """The change since a period whose total was 81.5, or as `known`."""
    past, it = totals(july, "2023-04", before, "2024-07"), july.results
    past.loc[past["period"] == before, ["value", "decimals"]] = known.get("value", 81.5), known.get("decimals", 1)
    return Figures.of(change_since_figures(it.figures, past, {before: 4.0}, it.identified))


def test_a_change_has_the_ends_of_both_totals_its_size_and_the_rank_then(july):
    found = since(july, "2024-06")
    for name in ("since.change", "change"):
        change = found[name]
        assert change.value == pytest.approx(1.58)
        assert (change.low, change.high) == (pytest.approx(83.075 - 81.55), pytest.approx(83.085 - 81.45))
        assert (change.decimals, str(change), change.rule) == (2, "1.58", "total less that of June 2024")
    assert found["since.rank"].value == 4
    fell = since(july, "2024-06", value=84.0, decimals=2)
    assert (fell["since.change"].value, fell["since.size"].value) == (pytest.approx(-0.92), pytest.approx(0.92))
    assert list(since(july, "2024-05")) == ["since.change", "since.size", "since.rank"], "not the month before"


@pytest.mark.parametrize(
    ("period", "known", "before"),
    [
        ("2024-07", ["2023-04", "2024-05", "2024-Q2", "2023", "2024-08"], "2024-05"),
        ("2024-07", ["2022-07", "2026-01"], ""),  # other rules
        ("2024-07", ["2024-Q1", "2023"], ""),  # of another length
        ("2024-Q3", ["2024-06", "2024-Q1", "2024-Q2", "2023"], "2024-Q2"),
        ("2024", ["2022", "2023", "2024-06", "2023-Q4"], "2023"),
    ],
)
def test_what_a_total_is_held_against_is_the_last_of_the_same_length(july, period, known, before):
    identified = replace(july.results.identified, period=period)
    assert compared_with(totals(july, *known, period), identified) == before


def test_a_month_that_was_not_over_is_not_held_against_the_month_before():
    """The portal showed An Giang's October 2025 on its 16th, and September whole."""
    it = open_card("An Giang", "2025-10", language="en").results
    assert "past.2025-09.total" in it.of_past and not {"change", "since.change"} & set(it.of_past)
    of = it.figures, it.past.assign(day="2025-11-01"), {}, it.identified
    found = [item.id for item in change_since_figures(*of)]
    assert found == ["since.change", "since.size", "change"]


def test_a_year_has_no_month_before_and_may_have_a_year_before(year, card_of):
    """2024 is held against 2023: 78.75 less 71.89; 2026 has other rules than 2025: 62.18 less 87.13."""
    assert year.results.otherwise == "2025" and "change" not in year.results.of_past
    assert year.results.of_past["since.2025.total"].value == 87.13
    assert year.results.of_past["since.change"].value == pytest.approx(-24.95)
    assert said(year.summary)[4:6] == [
        "Since the year 2025 (to 16/10/2025): −24.95",
        "down; rank 12 → 19; scored by other rules, so not all of it is performance",
    ]
    assert card_of("Phú Thọ", "2025").results.otherwise == "", "provinces were merged in between"
    found = card_of("Phú Thọ", "2024").results.of_past
    assert "change" not in found and found["since.change"].value == pytest.approx(6.86)


def test_an_earlier_report_is_followed_up(july):
    promised = {"month": "2023-04", "levers": {"digitised": 98.0, "e_result": 20.0}, "target_score": 80.0}
    card = open_card("Hòa Bình", "2024-07", promised=promised, language="en")
    words = said(card.follow_up)
    assert words[0].startswith("The report of April 2023 weighed what follows")
    assert any(line.startswith("Total score: 80 was aimed at and is reached, with 83.08") for line in words)
    (rows,) = tables(card.follow_up).values()
    assert rows[-1][-1] == "reached" and len(rows) == 3


def test_without_an_earlier_report_that_is_one_short_line(april):
    assert said(april.follow_up) == [
        "No earlier report was made with this tool, so there is none to hold this one against."
    ]
    assert [part.style for part in april.follow_up.parts] == ["note"]


def test_a_total_that_the_portal_scored_otherwise_is_not_under_the_rules_of_a_card():
    """Of a capture before and one after 16 October 2025, when satisfaction was scored anew."""
    card = open_card("An Giang", "2025-10")
    past = card.results.past
    assert set(past.loc[past["period"] == "2025-09", "day"]) == {"2025-10-16"}
    shown = under_its_rules(past, card.results.identified)["period"]
    before = past.assign(
        day=[
            day if period == "2025-10" else "2025-10-15"
            for day, period in zip(past["day"], past["period"], strict=True)
        ]
    )
    assert "2025-09" in set(shown) and "2025-09" not in set(under_its_rules(before, card.results.identified)["period"])

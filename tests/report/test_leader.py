"""Does the first screen say what a leader must know: where from, how much, whether it changed, and what to do?"""

from __future__ import annotations

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from analysis.card import open_card
from analysis.decisions.plan import class_of
from analysis.interval import Interval
from analysis.language import slug
from analysis.report.figures import Figures, exact
from analysis.report.leader import first_steps_section, summary_section
from analysis.report.section import Section
from analysis.scorecards.history import COLUMNS
from pages import parsed
from shown import said


def first_screen(entity: str, period: str) -> BeautifulSoup:
    return parsed(open_card(entity, period, language="en").summary.html)


def test_april_2023_names_the_two_groups_and_what_is_not_printed(april):
    assert said(april.summary) == [
        "Hòa Bình lost 41.17 points in April 2023; about two thirds of them in two groups: Transparency and disclosure "
        "and Dossier digitisation.",
        "Most of the loss sits in 11 indicators whose rate is not published: 33.9 to 34.0 points by the best supported "
        "reading, 33.5 to 35.1 by all that some document names.",
        "By that reading 12.1 to 12.2 follow from the published scores; where 21.7 to 21.8 went is not known.",
        "Total score: 58.83/100",
        "Average (inferred); 11.17 points short of Fair",
        "Rank: 24/63",
        "The groups sum to 58.7; published 58.83; the gap of 0.13 is within rounding (±0.305).",
    ]
    soup = parsed(april.summary.html)
    assert soup.select_one(".chip.published").get_text() == "Published figures"
    assert soup.select_one(".origin .ref").get_text() == (
        "Index of Decision 766/QĐ-TTg · April 2023 · figures to 24/4/2023 · "
        "Văn phòng Ủy ban nhân dân tỉnh Hòa Bình, 3220/VPUBND-NVK"
    )
    numbers = {item.dt.get_text(): item.dd.get_text() for item in soup.select(".numbers div")}
    assert numbers == {
        "Total score": "58.83/100",
        "Rank": "24/63",
        "Since the month before": "the total of March 2023 is not known",
    }
    assert april.summary.data["sentence"] == said(april.summary)[0] == april.summary.title


def test_the_bars_are_as_long_as_the_losses_and_those_named_stand_out(april, card_of):
    bars = parsed(april.summary.html).select(".bars li")
    widths = [float(bar.rect["width"]) for bar in bars]
    lost = [float(bar.b.data["value"]) for bar in bars]
    longest = april.results.by_group["lost_high"].max()
    assert widths == pytest.approx([100 * value / longest for value in lost], abs=0.01)
    assert ["named" in bar["class"] for bar in bars] == [True, True, False, False, False, False]
    assert bars[0].rect["fill"] == "#12436d" and bars[0].small.get_text() == "(2.2/18)"
    hidden = parsed(card_of("Bắc Kạn", "2023-08").summary.html).select(".bars li")
    assert {float(bar.rect["width"]) == 100 for bar in hidden if "(?/" in bar.small.get_text()} == {True, False}


def test_without_a_rank_that_is_said_and_one_without_their_number_stands_alone(april, card_of):
    section, it = card_of("Phú Thọ", "2026-08").summary, april.results
    rank = parsed(section.html).select(".numbers div")[1].dd
    assert (rank["class"], rank.get_text()) == (["words"], "not published")
    assert not any(words.startswith("Rank") for words in said(section))
    figures = Figures.of(item for item in it.figures.values() if item.id != "ranked")
    frames = it.by_group, it.ledger, it.lost_by_tier, it.by_indicator, it.past
    alone = summary_section(figures, *frames, it.identified, it.project.sources)
    assert parsed(alone.html).select(".numbers div")[1].dd.get_text() == "24"


@pytest.mark.parametrize(
    ("entity", "period", "words"),
    [
        ("Hòa Bình", "2024-07", "Good (inferred); 6.92 points short of Excellent"),  # 90 less 83.08
        ("Phú Thọ", "2026", "Average (inferred); 7.82 points short of Fair"),  # 70 less 62.18
        ("Gia Lai", "2025-11", "Excellent"),  # 91.06
        ("Gia Lai", "2026-03", "Average (inferred); 19.54 points short of Fair"),  # 70 less 50.46
    ],
)
def test_the_class_is_named_with_what_lacks_to_the_next(card_of, entity, period, words):
    assert words in said(card_of(entity, period).summary)


def test_no_unit_of_a_province_has_a_class(card_of):
    found = said(card_of("Sở Du lịch, An Giang", "2025-10").summary)
    assert not any("short of" in words for words in found) and any(words.startswith("Total score") for words in found)


@pytest.mark.parametrize(("low", "high", "least"), [(89.995, 90.004, None), (90.0, 90.1, 90.0), (49.9, 49.95, 0.0)])
def test_a_total_whose_rounding_lies_in_two_classes_has_none(low, high, least):
    assert class_of(Interval(low, high)) == least


# What to do first


def steps(section: Section) -> list[list[str]]:
    return [[" ".join(part.get_text().split()) for part in item.find_all(True, recursive=False)]
            for item in parsed(section.html).select(".acts li")]  # fmt: skip


def test_the_first_actions_say_what_each_is_worth(year):
    first, *_others = steps(year.first_steps)
    assert first[:3] == ["Petitions handled on time", "from 50.21 % to 99.21 %", "+2.94 to 5.89 points"]
    words = said(year.first_steps)[0].replace("\u00a0", " ")
    assert words == "Petitions handled on time: from 50.21 % to 99.21 %, +2.94 to 5.89 points"
    assert year.first_steps.table is year.results.first and len(year.first_steps.parts) == 2
    (_heading, ask) = year.first_steps.parts[1].parts
    assert len(ask.said) == 1 < len(year.results.asked), "one number to ask for, of several"
    assert "Each is counted alone." in said(year.first_steps), "one set of rules leaves no range to explain"


def test_an_action_without_a_rate_and_one_that_moves_others_are_told(april):
    it = april.results
    row = {"code": "certified_e_copy", "name": "Copies", "target": 62.5, "own_low": 1.0, "own_high": 1.5}
    row |= {"gain_low": 1.0, "gain_high": 2.0, "moved": ("e_result",)}

    def told(figures: Figures, **changed: object) -> Section:
        return first_steps_section(
            figures,
            pd.DataFrame([row | changed]),
            it.first_by_tier.head(0),
            it.odd_bases,
            pd.DataFrame(),
            it.identified,
        )

    section = told(it.figures)
    ((name, change, worth, besides),) = steps(section)
    assert (name, change, worth) == ("Copies", "to 62.50 %; today's rate is not published", "+1.00 to 2.00 points")
    assert besides.startswith("1.00 to 1.50 points are its own; the rest depends on Electronic results issued, ")
    planned = it.figures.plus([exact("step.certified_e_copy.rate", "", 40.0, "percent", 2, "derived", "")])
    assert steps(told(planned))[0][1] == "from 40.00 % to 62.50 %", "the rate of a plan, where the notice has none"
    assert steps(told(it.figures, code="e_result", moved=()))[0][1] == "from 33.83 % to 62.50 %"
    assert said(section)[1:] == [
        "Each is counted alone. A range is what the rules that fit allow; which of them holds is not public.",
        "No single figure that is not published would narrow this plan by a tenth of a point.",
    ]


def test_where_the_leaders_part_ends_paper_begins_a_new_page(april):
    heading = parsed(april.for_the_analyst.html).find("h2", class_="analyst")
    assert heading.get_text() == "For the analyst: how these results were reached"
    assert "from here on each result is shown with its evidence" in str(april.for_the_analyst)


# The first screen of other data


@pytest.mark.parametrize(
    ("rows", "entity", "period", "words"),
    [
        (["2024-06,month,,total,total_score,81.5,points,100,2,derived,bao-hoa-binh-2024-07,,"], "Hòa Bình", "2024-07",
         "1.58 points"),
        (["2025-12,month,,total,total_score,50,points,100,2,published,bao-hoa-binh-2024-07,50,",
          "2026-01,month,,total,total_score,60,points,100,2,published,bao-hoa-binh-2024-07,60,"], "Sơn La", "2026-01",
         "other rules were in force in December 2025"),
        ([], "Hòa Bình", "2024-07", "the total of June 2024 is not known"),
        ([], "Phú Thọ", "2026", "not a month: nothing to compare with"),
    ],
)  # fmt: skip
def test_a_change_is_told_only_from_the_month_before_under_the_same_rules(project_copy, rows, entity, period, words):
    path = project_copy / "data" / "observations" / f"{slug(entity)}.csv"
    added = "".join(f"{entity},{row}\n" for row in rows)
    before = path.read_text(encoding="utf-8") if path.is_file() else ",".join(COLUMNS) + "\n"
    path.write_text(before + added, encoding="utf-8", newline="\n")
    assert first_screen(entity, period).select_one(".numbers div:last-child dd").get_text() == words


def test_a_card_of_one_kind_has_its_label(project_copy):
    """A real entity has no simulated figure, so all of such a card are."""
    path = project_copy / "data" / "observations" / "hoa-binh.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(",published,", ",derived,"), encoding="utf-8")
    assert first_screen("Hòa Bình", "2023-04").select_one(".chip").get_text() == "Figures derived from a publication"
    text = text.replace(",published,", ",synthetic,").replace(",derived,", ",synthetic,")
    path.write_text(text.replace("\nHòa Bình,", "\nMô phỏng Hòa Bình,"), encoding="utf-8")
    card = open_card("Mô phỏng Hòa Bình", "2023-04")
    assert parsed(card.summary.html).select_one(".chip.synthetic").get_text() == "SYNTHETIC FIGURES – NOT REAL DATA"
    assert (
        str(card.summary).startswith("SYNTHETIC FIGURES – NOT REAL DATA\n") and card.summary.data["kind"] == "synthetic"
    )

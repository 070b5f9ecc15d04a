"""Do the answers of the notebooks say what was asked: as printed, as ranges, as far as the months can say?"""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.card import open_card
from analysis.comparisons.trends import Trend
from analysis.language import use_language
from analysis.report.explore import beside_section, standing_section, table_of, trend_section
from analysis.report.section import Section
from analysis.scorecards.synthetic import example
from pages import parsed
from shown import frame

pytestmark = pytest.mark.filterwarnings("error")


def table(results: pd.DataFrame) -> pd.DataFrame:
    """A frame as the table that is shown."""
    shown = table_of(results, "T")
    return pd.DataFrame(shown.rows, columns=shown.heads)


# Tables


def test_a_range_is_one_column_and_no_midpoint_is_left(april):
    shown = table(april.losses.tables["groups"])
    row = shown.set_index("Name").loc["Transparency and disclosure"]
    assert (row["Lost, points"], row["Score"], row["Maximum"]) == ("15.75 to 15.85", "2.20", "18")
    assert " | ".join(shown) == "Name | Code | Score | Maximum | Lost, points | Share, % | Of its maximum, % | Rank"


def test_a_value_is_shown_as_it_was_printed(april):
    shown = table(april.published.table)
    row = shown[shown["Code"] == "transparency"].iloc[0]
    assert (row["Value"], row["As the source prints it"], row["Line"]) == ("2.2", "2,2/18", "4")
    assert len(shown) == len(april.results.card) and shown.columns[0] == "Name"
    bare = table(april.published.table[["name", "value"]]).set_index("Name")["Value"]
    assert (bare["Rank"], bare["Total score"], bare["Processing progress"]) == ("24", "58.83", "17.7")


def test_a_printed_rate_is_no_range_and_an_open_one_is():
    rates = frame("name rate_low rate_high", ("a", 33.825, 33.835), ("b", 10.0, 20.0))
    assert list(table(rates)["Rate, %"]) == ["33.83", "10.00 to 20.00"]
    gained = rates.rename(columns={"rate_low": "gain_low", "rate_high": "gain_high"})
    assert table(gained)["Gain, points"][1] == "10.00 to 20.00" and " to " in table(gained)["Gain, points"][0]


def test_what_is_missing_is_a_dash_and_never_zero():
    lost = frame("name lost_low lost_high score", ("a", 1.0, 2.0, None), ("b", None, None, 1.0))
    assert list(table(lost)["Lost, points"]) == ["1.00 to 2.00", "–"] and list(table(lost)["Score"]) == ["–", "1.00"]
    printed = frame("value decimals fits source", (None, 2, None, ""), (1.5, 2, True, "s"))
    assert table(printed).to_dict("list") == {"Value": ["–", "1.50"], "Fits": ["–", "yes"], "Source": ["–", "s"]}


def test_ends_shares_and_places_have_their_names():
    found = frame(
        "share low high place_best place_worst p_value name decimals", (0.256, 1.0, 2.0, 3, 4, 0.0315, "a", 2)
    )
    assert table(found).to_dict("records") == [
        {"Name": "a", "Share, %": "25.6", "Within rounding": "1.00 to 2.00", "Rank": "3 to 4", "p-value": "0.032"}
    ]


@pytest.mark.parametrize(
    ("column", "code", "words"),
    [
        ("level", "group", "group"),
        ("unit", "percent", "%"),
        ("effect", "rule", "other rules"),
        ("certainty", "assumes_one_rule", "if one rule held"),
        ("case", "after", "afterwards"),
        ("parameter", "target", "target"),
        ("held_by", "nobody", "nobody"),
        ("flag", "outlier", "out of line"),
        ("status", "legal", "legal"),
        ("model", "", "known"),
        ("part", "printed", "Published: the rate is known"),
        ("disclosure", "derivable", "derivable"),
        ("period", "2023-04", "April 2023"),
    ],
)
def test_codes_are_said_in_words(column, code, words):
    assert table(frame(column, (code,))).iloc[0, 0] == words


def test_an_unknown_column_keeps_its_name_and_numbers_stand_to_the_right():
    shown = table_of(frame("name mine half word yes", ("a", 3, 0.5, "w", True)), "T")
    assert (shown.heads, shown.rows) == (["Name", "mine", "half", "word", "yes"], [["a", "3", "0.50", "w", "True"]])
    assert [shown.numeric(column) for column in range(5)] == [False, True, True, False, False]


def test_every_heading_is_in_vietnamese(april, july):
    answers = (july.beside(april), july.change_from(april), july.what_if(), july.rules)
    use_language("vi")
    english = {"Name", "Code", "Card", "Score", "Why", "Fits", "Rule", "Lost, points", "Gain, points", "Value"}
    assert not english & {head for answer in answers for head in table(answer.table).columns}


# Answers


def shown(section: Section) -> tuple[list[str], str]:
    """The kinds of the parts of a section, and its words."""
    return [type(part).__name__ for part in section.parts], " ".join(map(str, section.said))


def test_a_picture_stands_over_its_sentences_and_its_table_is_folded(april, july, year):
    for section in (april.indicators, april.beside(july), year.spread):
        soup = parsed(section.html)
        assert soup.figure.figcaption.get_text() == section.source and section.source.startswith("Source: ")
        assert soup.details.summary.get_text() == "The same as a table"
        assert len(soup.details.find_all("tr")) == len(section.table) + 1
        assert shown(section)[0][0] == "Picture" and soup.caption.get_text() == section.title.removesuffix(
            " of Hòa Bình"
        )
    assert shown(april.published) == (["Table", "Words"], april.published.source)


def test_sentences_of_provinces_say_that_they_are_associations_and_how_sure(year):
    for answer, sure in ((year.spread, False), (year.leaders(), True), (year.regression, True)):
        words = shown(answer)[1]
        assert "association between provinces" in words
        assert ("Confidence intervals are meant to hold 95 times in 100." in words) == sure
    assert "They hold for all rows together." in shown(year.regression)[1]


def test_without_others_alike_the_reason_stands_in_their_place(year):
    positions = year.peers.tables["positions"]
    section = standing_section(positions, pd.DataFrame(), "Nobody is alike.", "s", "")
    assert shown(section) == (["Picture", "Folded", "Heading", "Words"], "Nobody is alike.")
    assert shown(year.peers)[0] == ["Picture", "Folded", "Picture", "Folded"]
    assert list(year.peers.tables) == ["positions", "alike"]


def test_cards_are_named_by_entity_and_period(april):
    by_group = april.results.by_group
    section = beside_section([("A", "2023-04", by_group), ("B", "2023", by_group)], "s", "")
    assert list(section.table["card"]) == ["A, April 2023"] * 6 + ["B, the year 2023"] * 6


@pytest.mark.parametrize(
    ("code", "unit", "of"),
    [("total_score", "", "points"), ("digitisation", "points", "points"), ("e_result", "", "percent")],
)
def test_three_months_are_refused_with_reasons(april, code, unit, of):
    course = april.trend(code, unit)
    words = shown(course)[1]
    assert "at least 6 are needed" in words and "More months needed" in words
    assert set(course.table["model"]) == {""} and course.tables["backtest"].empty
    known = april.history.query("entity == 'Hòa Bình' and code == @code and unit == @of")
    assert set(course.table["value"].dropna()) == set(known["value"])


def test_a_planted_course_is_found_and_labelled(rubrics):
    figures = example(rubrics, 1, "2022-09", "2024-12", 0).figures
    course = open_card("mo-phong-01", "2024-12", figures=figures).trend("e_result")
    months = course.table
    assert set(months["model"]) > {"", "naive"} and (months.loc[months["model"] != "", "period"] > "2024-12").all()
    assert months["conf_low"].min() >= 0 and months["conf_high"].max() <= 100
    assert course.label.startswith("SYNTHETIC FIGURES") and "simulated by this program" in course.source
    assert course.label.split(" –")[0] in str(course) and course.label in course._repr_mimebundle_()[0]["text/html"]
    kinds, words = shown(course)
    assert kinds == ["Picture", "Words", "Folded", "Table", "Words"] and "A model is sure enough" in words
    assert "Sure enough" in course.parts[3].heads


def test_flags_and_forecasts_reach_their_months():
    series = frame("period value part top", ("2024-01", 1.0, 1, 10.0), ("2024-02", 2.0, 2, 10.0))
    forecast = frame("period model middle conf_low conf_high", ("2024-03", "naive", 2.0, 1.0, 3.0))
    flags = frame("period flag", ("2024-02", "outlier"))
    found = Trend("E", "x", "X", "points", series, ("Too few.",), (), pd.DataFrame(), forecast, flags, "")
    months = trend_section(found, "s", "").table
    assert list(months["flag"]) == ["", "outlier", ""] and list(months["model"]) == ["", "", "naive"]
    assert list(months["value"]) == [1.0, 2.0, 2.0] and list(months["run"]) == [1, 2, 2]
    assert shown(trend_section(found, "s", ""))[0] == ["Picture", "Words", "Folded", "Table", "Words"]
    assert "80 times in 100" in shown(trend_section(found, "s", ""))[1]
    assert list(months["said"])[:2] == ["known", "known"] and set(months["top"]) == {10.0}

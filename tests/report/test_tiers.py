"""Is it told how many rules fit in each tier, which targets are left, when one changed, and what else is known?"""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.report.figures import Figures, exact
from analysis.report.tiers import change_words, counted, tiers_section
from analysis.scorecards.findings import load_findings
from analysis.scorecards.rubric import load_changes
from shown import said, tables


def test_april_by_tier(april):
    found = tables(april.rules)
    assert found["Rules that fit in each tier"] == [
        ["Best supported", "4,608", "256", "this card and 23 others"],
        ["By any document", "14,929,920", "995,328", f"this card and {len(april.results.identified.others)} others"],
        ["Any target", "countless", "countless", "this card"],
    ]
    out = found["What the card rules out by what is best supported"]
    assert ["Satisfaction with dossier handling", "full marks from, %", "90"] in [row[:3] for row in out]
    assert out[-1][3] == (
        "Satisfaction 11.3; Satisfaction with dossier handling 88.32 %; Satisfaction with petition handling 100 %"
    )
    assert found["Targets that are left where any may hold"] == [
        [
            "Fee procedures with payment integrated",
            "at most 69.17",
            "Online payment 9.5; Fee procedures with payment integrated 50.14 %",
        ],
        ["Dossiers paid online", "at most 83.72", "Online payment 9.5; Dossiers paid online 76.04 %"],
    ]


def test_april_says_when_the_target_of_satisfaction_changed(april):
    words = said(april.rules)
    (told,) = [line for line in words if "the target changed" in line]
    assert told.startswith(
        "“Satisfaction with dossier handling”: the target changed from 100 % (no target) to 90 %, in some month from "
        "May 2023 to June 2024. (inferred; [hoa-binh-2023-04]"
    )
    first, second = tables(april.rules)["Which cards tell when"]
    assert first[:2] == ["Hòa Bình, April 2023", "not yet 90 %: the last card that says so"]
    assert second == [
        "Hòa Bình, June 2024",
        "no longer 100 % (no target): the first card",
        "Processing progress 18.6; Satisfaction 18.0",
    ]


def test_as_data(april):
    data = april.rules.data
    assert [(row["tier"], row["tried"], row["fit"]) for row in data["rules_by_tier"]] == [
        ("supported", 4608, 256),
        ("documented", 14_929_920, 995_328),
        ("open", None, None),
    ]
    (change,) = data["changes_in_time"]
    assert (change["first"], change["last"], change["before"], change["after"]) == ("2023-05", "2024-06", 100, 90)
    assert {row["code"]: row["high"] for row in data["open_targets"]}["fee_procedures_integrated"] < 69.17
    assert [entry["kind"] for entry in data["findings"]].count("rule") == 5
    assert data["changes"][0]["readings"] == [100.0, 90.0]


def test_what_is_assumed_rules_no_share_of_petitions_out(april, july):
    """April 2023 and notices of 2025 no longer contradict each other; July 2024 had the target of 90 %."""
    ruled = april.assuming.rules.tables["ruled_out"]
    assert len(ruled) and not ruled["code"].str.startswith("petition").any()
    assert "handling_satisfaction" not in set(ruled["code"])
    tables_ = july.assuming.rules.tables
    july_out = tables_["ruled_out"].query("code == 'handling_satisfaction'")
    assert set(july_out["value"]) == {100.0} and set(july_out["period"]) == {"2024-07"}
    fits = [found["rules_by_tier"].set_index("tier").loc["supported", "fit"] for found in (july.rules.tables, tables_)]
    assert fits == [512, 256], "with April 2023 one in nine of 4 608 is left; of these half have 90 %"


def test_a_month_whose_figures_narrow_no_target_says_so(july):
    assert "If any target from 30 % may hold, the figures of this card rule none out." in said(july.rules)
    assert "Targets that are left where any may hold" not in tables(july.rules)


def test_rules_that_are_known_have_no_tiers(year):
    words = said(year.rules)
    assert "Rules that fit in each tier" not in tables(year.rules) and not any("changed from" in line for line in words)
    assert any("Phú Thọ lacked 10 of 18 points" in line for line in words)


def test_findings_say_whose_targets_they_are(april):
    words = said(april.rules)
    assert len([line for line in words if line.startswith("A target of the State, not known to be one of the")]) == 2
    assert any(
        line.startswith("A province's own aim, not a target of the index: Lâm Đồng aimed at 50 %") for line in words
    )


def test_where_what_is_best_supported_does_not_fit_no_rule_does(april):
    it = april.results
    table = counted({**it.tiers, "supported": None}, it.identified).set_index("tier")
    assert table.loc["supported", "fit"] == 0 and pd.isna(table.loc["supported", "tried"])
    frames = it.ruled_out_best.head(0), it.open_targets, it.targets_ruled_out, *it.change_dates
    tiers = {**it.tiers, "supported": None}
    stands_on = load_changes(it.rubric), (), {}
    section = tiers_section(it.figures, it.identified, it.cards[0], tiers, *frames, *stands_on)
    assert tables(section)["Rules that fit in each tier"][0][1:3] == ["–", "0"]


@pytest.mark.parametrize(
    ("first", "last", "ends"),
    [
        ("", "", "no card tells when."),
        ("", "2024-06", "in June 2024 at the latest."),
        ("2023-05", "", "in May 2023 at the earliest."),
        ("2024-06", "2023-05", "but the cards contradict each other."),
        ("2023-05", "2024-06", "in some month from May 2023 to June 2024."),
    ],
)
def test_what_is_said_of_each_kind_of_date(april, first, last, ends):
    ends_of = {"before": [100.0], "after": [90.0], "first": first, "last": last}
    dates = pd.DataFrame({"code": ["handling_satisfaction"], "name": ["S"], **ends_of})
    figures = Figures.of(
        exact(f"changed.0.{name}", "S", value, "percent", 0, "derived", "")
        for name, value in (("before", 100.0), ("after", 90.0))
    )
    rubric = april.results.rubric
    (told,) = change_words(figures, dates, load_changes(rubric))
    assert str(told).split(" (inferred")[0].endswith(ends) and load_findings(rubric)

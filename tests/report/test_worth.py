"""Is it told what an improvement is worth, why that is a range, and where it leads in the rank?"""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.interval import Interval
from analysis.report.worth import rank_after_section, rank_section, worth_section
from shown import said, tables


def test_april_says_what_each_improvement_is_worth_and_why_that_is_a_range(april):
    section = april.what_if()
    assert said(section) == [
        "Electronic results issued: from 33.83 % to 80 % gains 2.77 points by the best supported reading, and the "
        "total becomes 61.6; 2.77 to 3.46 and 61.6 to 62.3 by all that some document names.",
        "Reuse of digitised data: from 0 % to 80 % gains 2.00 points by the best supported reading, and the total "
        "becomes 60.8; 1.60 to 2.00 and 60.4 to 60.8 by all that some document names.",
        "All together gain 4.77 points by the best supported reading, and the total becomes 63.6; 4.37 to 5.46 and "
        "63.2 to 64.3 by all that some document names, and 35.7 to 36.8 points remain lost.",
        "The rules of this period are not fully public: of 14,929,920 that documents name, 995,328 fit every published "
        "figure. Each range covers all of them. It is not a confidence interval.",
        "Electronic results issued: 2.77 points if every percent up to 100 % counts; 3.46 points if 80 % already earns "
        "full marks. These are the targets that some document names.",
        "Reuse of digitised data: 1.60 points if every percent up to 100 % counts; 2.00 points if 80 % already earns "
        "full marks. These are the targets that some document names.",
        "Electronic results issued: 2.77 points by the reading that independent documents agree on; 2.77 to 3.46 by "
        "all that some document names; 0.00 to 3.46 if it has full marks from a rate that nobody wrote down.",
        "Electronic results issued gains less than that if it has full marks below 62.85 %: 1.94 at 50 %, 2.62 at "
        "60 %, 3.10 at 70 %, 3.08 at 90 %.",
        "That Electronic results issued is worth at most 6 points is no law: it is inferred.",
        "Reuse of digitised data: 2.00 points by the reading that independent documents agree on; 1.60 to 2.00 "
        "whatever the rate from which it has full marks.",
        "That Reuse of digitised data is worth at most 2 points is no law: it is inferred.",
        "What widens this most is not knowing where Electronic results issued has full marks: if that is known, the "
        "gain of all together is open by 0.40 points instead of 3.86, the new total by 0.41 instead of 3.87.",
    ]
    rows, by_tier = tables(section).values()
    assert by_tier == [
        ["Electronic results issued", "2.77", "2.77 to 3.46", "0.00 to 3.46"],
        ["Reuse of digitised data", "2.00", "1.60 to 2.00", "1.60 to 2.00"],
        ["All together", "4.77", "4.37 to 5.46", "1.60 to 5.46"],
    ]
    assert rows[0] == ["Electronic results issued", "33.83", "80", "2.77 to 3.46", "61.6 to 62.3", "37.7 to 38.4"]
    assert rows[2] == ["All together", "", "", "4.37 to 5.46", "63.2 to 64.3", "35.7 to 36.8"]
    target = section.figures["rule.1.target"]
    assert (target.value, target.kind) == (80, "derived")
    assert section.figures["rule.1.gain"].rule.endswith("; Electronic results issued: 80")
    assert section.figures["rule.2.gain"].rule.endswith("; Electronic results issued, Satisfaction: 6 + 6 + 6")


def test_a_rate_that_is_not_printed_and_one_that_moves_others_are_told_so(april, year):
    section = april.what_if({"on_time": 95.5})
    first, only = said(section)[0], tables(section)["Gain of each improvement under every documented rule that fits"]
    assert first.startswith("Dossiers handled on time: today's rate is not published; raising it to 95.50 % ")
    assert first.endswith(" points, depending on where it stands.") and only[0][1:3] == ["not published", "95.50"]
    assert [row[0] for row in only] == ["Dossiers handled on time"]
    moved = said(year.what_if())
    assert moved[1] == (
        "Electronic results issued: 0.31 to 0.32 points are its own; the rest comes only where Dossiers and "
        "results digitised and Dossiers submitted online gets better too."
    )
    assert moved[-1].startswith("One set of rules, recovered or inferred")


def test_a_rate_that_may_be_of_nothing_is_told_so(april):
    """On-time petitions may be none, which gives no points: there may be no rate to raise."""
    section = april.what_if({"petition_on_time": 100.0})
    assert said(section)[0].endswith(
        "% gains 0.00 to 6.00 points, depending on where it stands, and on whether there was anything to count."
    )


def test_a_target_that_is_known_is_no_reason_for_a_range(april):
    """One alternative is left, or the maximum is open: nothing to choose between."""
    it = april.results
    rows = it.by_rule.iloc[[0, 2, 3]].reset_index(drop=True)
    tiers = it.gained_by_tier, it.gained_by_target, it.failing_targets, it.widest, False
    section = worth_section(it.figures, it.gained, rows, *tiers, it.identified, it.project.sources)
    assert not any("These are the targets" in words for words in said(section))


# The rank


def ranked(known: int, open_: bool = False) -> pd.DataFrame:
    columns = ["case", "rank_best", "rank_worst", "known", "ranked", "open"]
    return pd.DataFrame([("today", 24, 24, known, 63, False), ("after", 9, 13, known, 63, open_)], columns=columns)


@pytest.mark.parametrize(
    ("outlook", "words"),
    [
        (
            ranked(63),
            "With the 11.31 to 12.51 points of the steps above, and the others as they are, the rank "
            "would be 9 to 13 of 63 (today 24).",
        ),
        (
            ranked(5),
            "With the 11.31 to 12.51 points of the steps above the rank would be 9 to 13 of 63 (today 24), "
            "if the others stay as they are: 5 of the 63 totals are known, and the range holds whatever the "
            "others are.",
        ),
        (ranked(1, True), "Nothing can be said of the rank: of 63 totals 1 is known."),
        (ranked(1).assign(rank_best=[24, 1]), "Nothing can be said of the rank: of 63 totals 1 is known."),
        (ranked(0).iloc[:0], "How many were ranked is not known, so nothing can be said of the rank."),
    ],
)
def test_the_rank_is_told_as_far_as_the_others_are_known(april, outlook, words):
    section = rank_section(april.plan().figures, outlook, in_tiers())
    assert said(section)[0] == words
    nothing = "be said of the rank" in words
    assert len(said(section)) == 2 - nothing, "level totals are told of"
    assert not nothing or [part.style for part in section.parts] == ["note"], "one short line"
    assert len(section.figures) == 3 * len(outlook)
    if len(outlook):
        assert section.figures["outlook.after.known"].value == outlook["known"].iloc[0]


def in_tiers(**ranks: tuple[int, int]) -> pd.DataFrame:
    rows = [(tier, case, *ends, False) for tier, ends in ranks.items() for case in ("today", "after")]
    return pd.DataFrame(rows, columns=["tier", "case", "rank_best", "rank_worst", "open"])


def test_the_rank_is_told_by_tier_where_tiers_differ(april):
    gains, tiers = april.plan().figures, {"supported": (9, 9), "documented": (9, 13), "open": (9, 24)}
    section = rank_section(gains, ranked(63), in_tiers(**tiers))
    assert said(section)[1] == (
        "Counting only what the improvements gain by their own indicators, the rank would be 9 by the best supported "
        "reading, 9 to 13 by all that some document names, 9 to 24 if full marks start at a rate that nobody wrote "
        "down."
    )
    assert section.tables["by_tier"]["tier"].nunique() == 3
    alike = rank_section(gains, ranked(63), in_tiers(documented=(9, 13), open=(9, 13)))
    assert len(said(alike)) == 2, "the rank, and that level totals share it"


def test_a_rank_after_any_gain_is_counted_where_all_are_known():
    counted = pd.DataFrame(
        {"case": ["others_stay", "others_drift"], "drift": [0.0, 1.0], "rank_best": [3, 2], "rank_worst": [3, 5]}
    )
    alike = pd.DataFrame({"entity": ["A", "B"], "place": [1, 2]})
    section = rank_after_section(Interval(1.0, 2.5), ranked(63), counted, alike, "", "B")
    assert said(section) == [
        "With 1.00 to 2.50 points more, and the others as they are, the rank would be 9 to 13 of 63 (today 24).",
        "If the others move by up to 1.0 points either way, the rank would be 2 to 5.",
        "Among 2 provinces with a like number of dossiers: place 2.",
    ]
    assert section.data["gain"] == {"low": 1.0, "high": 2.5} and list(section.tables) == ["outlook", "counted", "alike"]
    unknown = rank_after_section(Interval(1.0, 1.0), ranked(5), counted.iloc[:0], alike, "Nobody is alike.", "B")
    assert said(unknown)[1:] == ["Nobody is alike."] and unknown.data["alike_reason"] == "Nobody is alike."


def test_the_first_of_the_others_stands_beside_the_rank_where_all_totals_are_known(year, july):
    words = [line for line in said(year.rank) if line.startswith("The highest total of the others")]
    assert words == ["The highest total of the others today is 68.80 (Đồng Tháp)."]
    first = year.rank.figures["outlook.highest"]
    assert (first.value, first.quote, first.kind) == (68.8, "68.8", "published")
    assert (first.source, first.where[:25]) == ("portal-2026-10-10", "provinces-2026-10-10.csv:")
    assert july.results.first_of_others is None and "outlook.highest" not in july.rank.figures

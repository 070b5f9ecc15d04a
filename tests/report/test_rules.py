"""Is it told which rules fit, what was ruled out by which figures, and what follows from them?

What is new in the rules has its sentences held by tests/diagnosis.
"""

from __future__ import annotations

import pandas as pd

from analysis.identification.evidence import load_relations
from analysis.report.rules import caution, proof_section, rules_section
from shown import said, tables


def test_april_says_how_many_rules_fit_and_what_is_left_of_each(april):
    found = tables(april.rules)
    known, *_by_tier, groups, rates, ruled_out, useful = found.values()
    rows = {row[0]: row[1:] for row in known}
    assert rows["Fee procedures with payment integrated"] == ["2", "reverse engineered", "30", "100 or 80", "assumed"]
    assert rows["Petitions by class"] == ["2 or 0", "reverse engineered", "100 or 90", "–", "assumed"]
    assert rows["Dossiers handled on time"] == ["20", "legal", "100", "–", "inferred"] and len(rows) == 22
    assert ["Online payment", "9.452 to 9.518"] in groups
    assert ["Dossiers handled on time", "88.3 to 88.8"] in rates and len(rates) == 6
    killers = "Online payment 9.5; Fee procedures with payment integrated 50.14 %"
    assert ruled_out[1] == ["Fee procedures with payment integrated", "points up to", "100", killers]
    assert [row[1:3] for row in ruled_out[::2]] == [["full marks from, %", "30"], ["full marks from, %", "80"]]
    assert ["Electronic results issued", "995,328", "5.31"] in useful
    assert ["Online payment", "1,966,080", "0.00"] in useful
    assert said(april.rules)[0] == (
        "The rules of this period are not fully public: of 14,929,920 that documents name, 995,328 fit every published "
        "figure. Each range covers all of them. It is not a confidence interval."
    )
    assert "[legal-digest-2022]" in str(april.rules) and len(april.rules.data["together_with"]) > 5


def test_a_figure_of_another_card_says_of_which(july):
    ruled_out = tables(july.rules)["What was ruled out, and by which figures: a smallest set of them"]
    assert ruled_out[-1][-1] == (
        "Online payment 9.5 (Hòa Bình, April 2023); Dossiers paid online 76.04 % (Hòa Bình, April 2023)"
    )
    killer = july.rules.figures["card.Hòa Bình.2023-04.online_payment.points"]
    assert (killer.value, killer.where, killer.quote) == (9.5, "hoa-binh.csv:7", "9,5/10") and killer.low == 9.45


def test_one_set_of_rules_leaves_rounding_alone(year):
    assert str(caution(year.results.figures)).startswith("One set of rules, recovered or inferred")


def proved(april, **changed):
    it = april.results
    frames = {"scores": it.scores, "hidden": it.hidden, "odd": it.odd_bases, "ruled": it.ruled_out, "helped": it.helped}
    return proof_section(it.figures, it.identified, it.cards, **frames | changed)


def test_what_tells_nothing_is_left_out(april):
    it = april.results
    codes = ["certified_e_copy", "on_time", "e_result"]
    hidden = pd.DataFrame({"code": codes, "name": list("abc"), "low": [0.0, 0.0, 0.0], "high": [100.0, 99.9, 100.0]})
    helped = pd.DataFrame(
        {"code": codes, "survivors": [it.identified.survivors] * 2 + [it.identified.survivors + 1]}
    ).assign(wider=[0.005, 0.006, 0.0])
    found = tables(proved(april, hidden=hidden, helped=helped, ruled=it.ruled_out.iloc[:0]))
    assert [row[0] for row in found["Rates that are not published, and what they must be"]] == ["b"]
    useful = found["What each figure contributed: without it more rules fit, or the gain is wider"]
    assert [row[2] for row in useful] == ["0.01", "0.00"]
    assert "What was ruled out, and by which figures: a smallest set of them" not in found


def test_cards_that_no_rule_explains_are_named(april):
    cards = [(f"Tỉnh {number}", "2024-07") for number in range(7)]
    words = said(proved(april, left_out=cards))
    assert words[0].startswith("These cards were left out of the evidence")
    assert words[1] == "; ".join([f"Tỉnh {number}, July 2024" for number in range(5)]) + "; … +2"
    assert said(proved(april, left_out=cards[:1]))[1] == "Tỉnh 0, July 2024"
    assert not said(proved(april, odd=april.results.odd_bases.head(0)))


def test_a_rule_that_is_law_is_published_and_others_are_derived(april):
    """Whoever reads figures.csv must see which rules are law."""
    legal = april.results.figures["alternative.on_time.max.20"]
    assumed = april.results.figures["alternative.fee_procedures_integrated.target.80"]
    assert (legal.kind, assumed.kind) == ("published", "derived")
    assert "fits" in legal.rule and "ruled out" in assumed.rule
    assert (legal.unit, assumed.unit, assumed.value) == ("points", "percent", 80)


def test_what_is_assumed_besides_is_said(april):
    it, assumed = april.results, load_relations(april.results.rubric)
    section = rules_section(it.figures, it.identified, it.open_rules, {}, assumed)
    assert said(section)[1:] == [
        "Assumed besides: “Satisfaction with dossier handling” is at most “Dossiers handled on time”."
    ]
    assert [item["code"] for item in section.data["assumed"]] == ["handling_satisfaction"]

"""Is it told where the points went, with fractions, places and sums only where they are known?

Units have their sentences held by tests/diagnosis.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from analysis.diagnosis.losses import losses_by_group
from analysis.report.figures import Figures, between, exact
from analysis.report.losses import disclosure, group_figures, headline, reconciliation
from analysis.report.section import Table
from shown import tables

COLUMNS = ["code", "name", "score", "max", "lost", "lost_low", "lost_high", "share", "share_low", "share_high"]
NONE = float("nan")


def told(april, *losses: float | None, lost: float = 10.0, printed: bool = True) -> str:
    """The headline of a card whose groups lost so much."""
    codes = [group.code for group in april.results.identified.groups]
    rows = []
    for code, loss in zip(codes, losses, strict=False):
        known = loss if printed else NONE
        score = NONE if not printed else 20 - loss
        share = loss / lost if lost else 0.0
        rows.append((code, f"Group {len(rows)}", score, 20.0, known, loss, loss, known and share, share, share))
    frame = pd.DataFrame(rows, columns=COLUMNS).assign(decimals=1, achieved=0.5, rank=1.0)
    whole = between("lost", "", (lost, lost), "points", 1, "", lost)
    figures = Figures.of([whole, exact("total", "", 100 - lost, "points", 1, "published", "")])
    figures.add(group_figures(frame, april.results.identified, whole))
    return str(headline(figures, frame, april.results.identified))


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        ((6.6, 2.0, 1.0), "Hòa Bình lost 10.0 points in April 2023; about two thirds of them in Group 0."),
        ((6.0, 2.0, 1.0), "Hòa Bình lost 10.0 points in April 2023; 60 % of them in Group 0."),
        ((7.4, 2.0, 1.0), "Hòa Bình lost 10.0 points in April 2023; about three quarters of them in Group 0."),
        ((2.6, 2.5, 2.4, 2.0), "Hòa Bình lost 10.0 points in April 2023; about half of them in two groups: Group 0 and "
                               "Group 1."),
        ((2.0, 2.0, 2.0, 2.0), "Hòa Bình lost 10.0 points in April 2023; 60 % of them in these groups: Group 0; Group "
                               "1 and Group 2."),
        ((5.5, 4.5), "Hòa Bình lost 10.0 points in April 2023; 55 % of them in Group 0."),
        ((10.0,), "Hòa Bình lost 10.0 points in April 2023."),
    ],
)  # fmt: skip
def test_the_headline_names_the_fewest_groups_that_hold_half(april, losses, words):
    assert told(april, *losses) == words


def test_where_nothing_was_lost_no_group_is_named(april):
    assert told(april, 0.0, 0.0, lost=0.0) == "Hòa Bình lost no point in April 2023."


def test_a_share_that_is_not_printed_is_a_range_in_percent(april):
    words = told(april, 6.6, 2.0, 1.0, printed=False)
    assert words == "Hòa Bình lost 10.0 points in April 2023; 66 % of them in Group 0."


def test_what_is_lost_of_a_group_is_known_within_rounding(april, rubrics, history):
    it = april.results
    by_group = losses_by_group(history, rubrics[0], "Hòa Bình", "2023-04")
    figures = Figures.of(group_figures(by_group, it.identified, it.figures["lost"]))
    lost, share = figures["group.transparency.lost"], figures["group.transparency.share"]
    assert (lost.value, lost.low, lost.high) == (pytest.approx(15.8), pytest.approx(15.75), pytest.approx(15.85))
    assert str(figures["group.transparency.rounding"]) == "15.75 to 15.85" and str(share) == "38"
    assert str(figures["group.transparency.achieved"]) == "12" and str(figures["group.digitisation.place"]) == "2"
    assert figures["headline.share"].value == pytest.approx(67.52, abs=0.01)


def test_a_rate_is_as_printed_or_that_of_its_counts(april):
    it = april.results
    printed, counted = (it.figures[f"indicator.{code}.rate"] for code in ("e_result", "online_services"))
    assert printed == replace(it.figures["printed.e_result.percent"], id="indicator.e_result.rate")
    assert counted.value == pytest.approx(90.12)
    assert counted.rule == "Procedures provided partly online + Procedures provided online end to end"
    assert "indicator.on_time.rate" not in it.figures


# How much of the loss can be seen


def ledger(
    printed: int, derivable: int, undisclosed: int, share: float, best: dict[str, float] | None = None
) -> tuple[Figures, pd.DataFrame, pd.DataFrame]:
    """Figures, ledger and losses by tier where `share` of ten points sits, in the least, where nothing is printed."""
    hidden = {"derivable": derivable, "undisclosed": undisclosed, "not_printed": derivable + undisclosed}
    counts = hidden | {"printed": printed}
    rows = [(part, count, share, 3.0 * bool(count)) for part, count in counts.items()]
    figures = Figures.of(exact(f"ledger.{part}.lost", "", 3.0, "points", 1, "derived", "") for part in hidden)
    figures.add(exact(f"ledger.{name}.indicators", "", count, "count", 0, "derived", "") for name, count, *_ in rows)
    figures.add(
        exact(f"tier.supported.ledger.{name}", "", value, "points", 1, "derived", "")
        for name, value in (best or {}).items()
    )
    frame = pd.DataFrame([*rows, ("total", 9, 1.0, 10.0)], columns=["part", "indicators", "share_low", "lost_high"])
    tiers = [("documented", "not_printed", 6.0), ("open", "not_printed", 10 * share), ("open", "printed", 0.0)]
    return figures, frame, pd.DataFrame(tiers, columns=["tier", "code", "lost_low"])


@pytest.mark.parametrize(
    ("counts", "share", "words"),
    [
        ((5, 0, 0), 0.0, ["The rate of every indicator that lost points is published."]),
        ((5, 2, 0), 0.51, ["Most of the loss, 3.0 points, sits in 2 indicators whose rate is not published."]),
        ((5, 0, 2), 0.5, ["3.0 of the points lost sit in 2 indicators whose rate is not published."]),
        ((5, 1, 1), 0.5, ["3.0 of the points lost sit in 2 indicators whose rate is not published.",
                          "3.0 points of these follow from the published scores; where 3.0 points went cannot be "
                          "worked out from what was published."]),
    ],
)  # fmt: skip
def test_how_much_of_the_loss_is_hidden_is_told(counts, share, words):
    """Most of it only where that holds in every tier."""
    assert [str(each) for each in disclosure(*ledger(*counts, share))] == words


def test_what_is_best_supported_leads(april):
    best = {"not_printed": 2.8, "derivable": 1.1, "undisclosed": 1.7}
    most, follows = disclosure(*ledger(5, 1, 1, 0.51, best))
    assert str(most) == (
        "Most of the loss sits in 2 indicators whose rate is not published: 2.8 points by the best supported reading, "
        "3.0 by all that some document names."
    )
    assert str(follows) == ("By that reading 1.1 follow from the published scores; where 1.7 went is not known.")
    fewer, *_rest = disclosure(*ledger(5, 1, 1, 0.5, best))
    assert str(fewer).startswith("In 2 indicators whose rate is not published 2.8 points were lost by the best")
    same, *_rest = disclosure(*ledger(5, 1, 1, 0.5, best | {"not_printed": 3.0}))
    assert str(same).startswith("3.0 of the points lost sit in")
    table = next(
        part for part in april.losses.parts if isinstance(part, Table) and "known of the rules" in part.caption
    )
    shown = {str(row[0]): [str(cell) for cell in row[1:]] for row in table.rows}
    assert shown["Electronic results issued"] == ["3.97", "3.46 to 3.97", "0.00 to 3.97"]
    assert shown["Not published: derivable and undisclosed together"] == [
        "33.9 to 34.0",
        "33.5 to 35.1",
        "33.5 to 38.7",
    ]
    assert "Reuse of digitised data" not in shown, "2.00 by all of them"


def test_the_groups_add_up_or_it_is_said_that_they_do_not():
    def summed(gap: float) -> str:
        values = {"sum": 58.7, "total": 58.7 + gap, "sum.gap": gap, "sum.slack": 0.305}
        figures = (exact(name, "", value, "points", 3, "derived", "") for name, value in values.items())
        return str(reconciliation(Figures.of(figures)))

    within = "The groups sum to 58.700; published 58.395; the gap of −0.305 is within rounding (±0.305)."
    assert summed(-0.305) == within and "within rounding" in summed(0.305)
    assert "the gap of 0.306 is more than rounding" in summed(0.306) and "more than rounding" in summed(-0.306)
    assert str(reconciliation(Figures())).startswith("Not every group is published")


def test_the_tables_show_what_is_printed_and_what_is_not(april, card_of):
    by_group, by_part, _by_tier, by_indicator = tables(april.losses).values()
    assert by_group[0] == ["Transparency and disclosure", "2.2", "18", "15.8", "15.75 to 15.85", "38", "12", "1"]
    assert by_part[-1][0] == "Everything lost" and by_part[-1][2] == "41.17"
    rows = {row[0]: row[1:] for row in by_indicator}
    assert rows["Electronic results issued"] == ["Dossier digitisation", "33.83", "6", "3.46 to 3.97", "printed"]
    assert rows["Petitions handled on time"] == [
        "Satisfaction",
        "not published",
        "5 to 6",
        "3.95 to 6.00",
        "undisclosed",
    ]
    groups = next(iter(tables(card_of("Bắc Kạn", "2023-08").losses).values()))
    assert [row[1] for row in groups].count("not published") == 5
    assert all(row[3] == "" and " to " in row[4] for row in groups if row[1] == "not published")
    assert list(april.losses.tables) == ["groups", "indicators", "ledger", "by_tier"]

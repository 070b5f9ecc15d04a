"""Published figures that disagree are found, within the rounding that their decimals allow and no more."""

import csv
import re

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from analysis.errors import HistoryError
from analysis.scorecards.checks import CHECK_COLUMNS, failures, interval_of, reconcile, unchecked
from analysis.scorecards.sources import Correction, load_corrections
from places import REPOSITORY

with (REPOSITORY / "data/observations/hoa-binh.csv").open(encoding="utf-8", newline="") as file:
    APRIL = [(line, row) for line, row in enumerate(csv.DictReader(file), 2) if row["period"] == "2023-04"]
UNITS = {row["code"]: {other["unit"] for _line, other in APRIL if other["code"] == row["code"]} for _line, row in APRIL}
SCORES = [(line, row) for line, row in APRIL if row["level"] in ("total", "group")]
SEVEN = (
    "total_score, transparency, processing_progress, online_service_provision, online_payment, satisfaction, "
    "digitisation"
)
PAIRS = [(line, row) for line, row in APRIL if UNITS[row["code"]] >= {"count", "percent"}]


@pytest.fixture
def hoa_binh(history):
    """hoa_binh({line: value}) is the figures of Hòa Bình alone, some of them changed."""

    def changed(values):
        frame = history[history["file"] == "hoa-binh.csv"].reset_index(drop=True)
        return frame.assign(value=frame["line"].map(values).fillna(frame["value"]))

    return changed


@pytest.fixture
def bac_kan(history):
    return history[history["entity"] == "Bắc Kạn"].reset_index(drop=True)


def test_no_case_is_lost():
    assert [row["code"] for _line, row in SCORES] == SEVEN.split(", ")
    assert len(PAIRS) == 8 * 2


@pytest.mark.parametrize("by", [0.5, -0.5])
@pytest.mark.parametrize(("line", "figure"), SCORES)
def test_a_score_half_a_point_off_is_seen(hoa_binh, rubrics, line, figure, by):
    (row,) = failures(reconcile(hoa_binh({line: float(figure["value"]) + by}), rubrics))
    assert row.startswith("Hòa Bình, April 2023, groups against total: ")
    assert re.search(rf"hoa-binh\.csv:{line}\b", row) and f"{float(figure['value']) + by:.10g}" in row


@pytest.mark.parametrize("factor", [1.02, 0.98])
@pytest.mark.parametrize(("line", "figure"), PAIRS)
def test_a_count_or_a_percent_two_percent_off_is_seen(hoa_binh, rubrics, line, figure, factor):
    value = round(float(figure["value"]) * factor, int(figure["decimals"]))
    assert value != float(figure["value"])
    rows = failures(reconcile(hoa_binh({line: value}), rubrics))
    assert all(row.startswith("Hòa Bình, April 2023, ") for row in rows)
    assert any(re.search(rf"hoa-binh\.csv:{line}\b", row) for row in rows), rows


def test_what_is_wrong_is_said_as_a_person_would(hoa_binh, rubrics):
    """98 of 134 is 73.134 %, 98 of 135 is 72.593 %: 72.95 % is neither."""
    (row,) = failures(reconcile(hoa_binh({23: 72.95}), rubrics))
    name = "Procedures with online payments: 98 cannot be 72.95% of anything; nearest is 73.13% (98/134)"
    assert row.endswith(f"{name} (hoa-binh.csv:23 hoa-binh.csv:22)")


# The project as it is


@pytest.fixture(scope="module")
def checks(history, rubrics):
    return reconcile(history, rubrics, load_corrections(REPOSITORY / "data"))


def test_the_project_has_no_failure(checks):
    assert failures(checks) == []
    assert checks["accepted"].sum() == (~checks["ok"]).sum() == 1
    assert list(checks.columns) == [*CHECK_COLUMNS, "accepted"]
    counts = {"groups_to_total": 1, "shares_to_100": 5, "count_to_percent": 7, "whole_exists": 1}
    assert set(checks["check"]) == {*counts, "indicators_to_group"}
    april = checks[(checks["entity"] == "Hòa Bình") & (checks["period"] == "2023-04")]
    assert april["check"].value_counts().to_dict() == counts


def test_unchecked_in_april_2023(history, checks):
    rows = unchecked(history, checks)
    april = rows[(rows["entity"] == "Hòa Bình") & (rows["period"] == "2023-04")]
    assert list(april["code"] + " " + april["unit"]) == [
        "national_rank rank",
        "full_content percent",
        "dossier_sync count",
        *(f"{code} percent" for code in ("handling_satisfaction", "petition_satisfaction", "e_result", "digitised")),
        "data_reuse percent",
        "authenticated_accounts count",
    ]


def test_nothing_given_is_changed(bac_kan, rubrics):
    before = bac_kan.copy(deep=True)
    checks = reconcile(bac_kan, rubrics, load_corrections(REPOSITORY / "data"))
    checks_before = checks.copy(deep=True)
    unchecked(bac_kan, checks)
    failures(checks)
    assert_frame_equal(bac_kan, before)
    assert_frame_equal(checks, checks_before)


# Corrections


def test_the_disagreement_of_bac_kan_is_a_failure_until_accepted(bac_kan, rubrics):
    assert failures(reconcile(bac_kan, rubrics)) == [
        "Bắc Kạn, July 2024, groups against total: the groups 14.1 + 19.5 + 7.9 + 8.2 + 18 + 14.4 sum to 82.1, "
        "and the total is printed as 82.88; rounding allows 81.350 to 82.850 (bac-kan.csv:12 "
        + " ".join(f"bac-kan.csv:{line}" for line in (6, 7, 8, 9, 11, 10))
        + ")"
    ]
    checks = reconcile(bac_kan, rubrics, load_corrections(REPOSITORY / "data"))
    assert failures(checks) == []
    (accepted,) = checks[checks["accepted"]].to_dict("records")
    assert (accepted["entity"], accepted["period"], accepted["check"]) == ("Bắc Kạn", "2024-07", "groups_to_total")
    assert not accepted["ok"]


NOTHING, OTHERS = "matches no disagreement any more", "expects other figures than the data hold"


@pytest.mark.parametrize(
    ("changes", "total", "words", "named"),
    [
        ({"entity": "Bắc Ninh"}, 82.88, NOTHING, "Bắc Ninh 2024-07 groups_to_total"),
        ({"period": "2024-08"}, 82.88, NOTHING, "Bắc Kạn 2024-08 groups_to_total"),
        ({"check": "shares_to_100"}, 82.88, NOTHING, "Bắc Kạn 2024-07 shares_to_100"),
        ({}, 82.18, NOTHING, "Bắc Kạn 2024-07 groups_to_total"),
        ({}, 82.98, OTHERS, "Bắc Kạn 2024-07 groups_to_total"),
        ({"expect": {"sum": 82.2, "total": 82.88}}, 82.88, OTHERS, "Bắc Kạn 2024-07 groups_to_total"),
        ({"expect": {"sum": 82.1, "total": 82.98}}, 82.88, OTHERS, "Bắc Kạn 2024-07 groups_to_total"),
    ],
)
def test_a_correction_that_matches_nothing_or_other_figures(bac_kan, rubrics, changes, total, words, named):
    (known,) = load_corrections(REPOSITORY / "data")
    with pytest.raises(HistoryError, match=words) as caught:
        reconcile(bac_kan.replace({"value": {82.88: total}}), rubrics, (known.model_copy(update=changes),))
    (row,) = caught.value.rows
    assert named in row


def test_a_correction_accepts_no_other_disagreement_of_the_card(hoa_binh, rubrics):
    """Two breakdowns disagree; what is written for one must not hide the other."""
    history = hoa_binh({24: 193.0, 28: 8865.0})
    checks = reconcile(history, rubrics)
    first = checks[~checks["ok"]].iloc[0]
    assert "fee_procedures_integrated" in dict(first["codes"])
    correction = Correction(
        entity="Hòa Bình",
        period="2023-04",
        check="count_to_percent",
        action="accept",
        reason="one breakdown",
        expect={"sum": (first["expected_low"] + first["expected_high"]) / 2, "total": first["printed"]},
    )
    rows = failures(reconcile(history, rubrics, (correction,)))
    assert any("Dossiers paid online" in row for row in rows)


# Cards that one can add in one's head


def test_the_tiny_card_agrees(tiny_history, tiny_rubric):
    checks = reconcile(tiny_history, (tiny_rubric,))
    (row,) = checks.to_dict("records")
    assert (row["check"], row["ok"]) == ("groups_to_total", True)
    assert (row["printed"], row["expected_low"], row["expected_high"]) == pytest.approx((7.7, 7.6, 7.8))
    assert row["where"] == "tiny.csv:2 tiny.csv:3 tiny.csv:4"
    assert list(unchecked(tiny_history, checks)["code"]) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("total", "decimals", "agrees"),
    [(7.5, 1, False), (7.6, 1, True), (7.8, 1, True), (7.9, 1, False), (7.59, 2, False), (7.6, 2, True), (8, 0, True)],
)
def test_groups_and_total_agree_within_their_rounding(tiny_history, tiny_rubric, total, decimals, agrees):
    tiny_history.loc[0, ["value", "decimals"]] = total, decimals
    assert (failures(reconcile(tiny_history, (tiny_rubric,))) == []) == agrees


def figure(code, value, unit, decimals=0):
    return {"level": "indicator", "code": code, "value": value, "unit": unit, "decimals": decimals, "max": float("nan")}


def with_figures(history, *figures):
    """The card with more figures."""
    rows = [{**history.iloc[0], **figure, "line": 100 + number} for number, figure in enumerate(figures)]
    return pd.concat([history, pd.DataFrame(rows)], ignore_index=True)


A, B, NO_B = figure("a", 1.5, "points", 1), figure("b", 2.0, "points", 1), figure("b_base", 0, "count")


@pytest.mark.parametrize(
    ("points", "other", "agrees"),
    [(1.5, B, True), (1.6, B, True), (1.8, B, False), (1.2, B, False), (3.5, NO_B, True), (3.0, NO_B, False)],
)
def test_indicators_and_group_agree_and_one_with_nothing_to_count_needs_no_points(
    tiny_history, tiny_rubric, points, other, agrees
):
    rows = failures(reconcile(with_figures(tiny_history, A | {"value": points}, other), (tiny_rubric,)))
    assert (rows == []) == agrees
    assert all("indicators against group" in row and "Group first" in row for row in rows)


@pytest.mark.parametrize(
    ("count", "base", "percent", "decimals", "agrees"),
    [
        *((1, 3, 33, 0, True), (1, 3, 34, 0, False), (2, 3, 67, 0, True), (0, 3, 0, 0, True), (0, 3, 10, 0, False)),
        *((98, None, 72.59, 2, True), (97, None, 72.59, 2, False)),  # of some whole number
        *((3, None, 19, 0, True), (0, None, 72.59, 2, False), (0, None, 0, 2, True)),
    ],
)
def test_a_count_agrees_with_its_percent(tiny_history, tiny_rubric, count, base, percent, decimals, agrees):
    bases = [] if base is None else [figure("a_base", base, "count")]
    history = with_figures(tiny_history, figure("a", count, "count"), *bases)
    history.loc[history["unit"].eq("percent") & history["code"].eq("a"), ["value", "decimals"]] = percent, decimals
    rows = failures(reconcile(history, (tiny_rubric,)))
    assert (rows == []) == agrees
    assert all("count against percent" in row and f"{count} of {base} is" in row for row in rows if base)


def test_a_failure_shows_enough_decimals_to_see_it(tiny_history, tiny_rubric):
    history = with_figures(tiny_history, figure("a", 36096, "count"), figure("a_base", 100_000, "count"))
    history.loc[history["unit"].eq("percent") & history["code"].eq("a"), ["value", "decimals"]] = 36.09, 2
    (row,) = failures(reconcile(history, (tiny_rubric,)))
    assert "36,096 of 100,000 is 36.10%, not 36.09%" in row


def test_a_missing_group_is_not_a_group_of_zero(tiny_history, tiny_rubric):
    history = with_figures(tiny_history, A, B)
    history.loc[history["code"] == "second", "value"] = float("nan")
    checks = reconcile(history, (tiny_rubric,))
    assert list(checks["check"]) == ["indicators_to_group"]
    assert "second" not in set(unchecked(history, checks)["code"])


@pytest.mark.parametrize("keep", [["total_score"], ["total_score", "first", "a"], ["first", "second"], []])
def test_no_check_can_be_made(tiny_history, tiny_rubric, keep):
    history = tiny_history[tiny_history["code"].isin(keep)]
    checks = reconcile(history, (tiny_rubric,))
    assert checks.empty and failures(checks) == [] and checks["ok"].dtype == bool


@pytest.mark.parametrize(
    ("code", "unit", "width"),
    [("total_score", "points", 0.01), ("transparency", "points", 0.1), ("national_rank", "rank", 0)],
)
def test_interval_of_a_printed_figure(history, code, unit, width):
    rows = history[(history["file"] == "hoa-binh.csv") & (history["code"] == code) & (history["unit"] == unit)]
    assert interval_of(rows.iloc[0]).width == pytest.approx(width)

import csv
import re

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from analysis.errors import CheckError, HistoryError
from analysis.scorecards.checks import CHECK_COLUMNS, failures, interval_of, reconcile, unchecked
from analysis.scorecards.history import load_history
from analysis.scorecards.sources import Correction, load_corrections
from places import REPOSITORY

APRIL = [
    (line, row)
    for line, row in enumerate(
        csv.DictReader((REPOSITORY / "data/observations/hoa-binh.csv").read_text(encoding="utf-8").splitlines()), 2
    )
    if row["period"] == "2023-04"
]
SCORES = [(line, row) for line, row in APRIL if row["level"] in ("total", "group")]
PAIRED = {row["code"] for _line, row in APRIL if row["unit"] == "count"} & {
    row["code"] for _line, row in APRIL if row["unit"] == "percent"
}
PAIRS = [(line, row) for line, row in APRIL if row["code"] in PAIRED]
SCORE_CASES = [
    (line, row["code"], f"{float(row['value']) + by:.{row['decimals']}f}") for line, row in SCORES for by in (0.5, -0.5)
]
PAIR_CASES = [
    (line, row["code"], f"{float(row['value']) * factor:.{row['decimals']}f}")
    for line, row in PAIRS
    for factor in (1.02, 0.98)
]


@pytest.fixture
def hoa_binh(project_copy, rubrics):
    """hoa_binh() loads the copy with the figures of Hòa Bình alone, which is quick."""
    for path in (project_copy / "data" / "observations").iterdir():
        if path.name != "hoa-binh.csv":
            path.unlink()
    return lambda: load_history(rubrics)


@pytest.fixture
def bac_kan(history):
    return history[history["entity"] == "Bắc Kạn"].reset_index(drop=True)


def test_no_case_is_lost():
    assert {row["code"] for _line, row in SCORES} == {
        "total_score",
        "transparency",
        "processing_progress",
        "online_service_provision",
        "online_payment",
        "satisfaction",
        "digitisation",
    }
    assert {
        "partial_online_services",
        "full_online_services",
        "no_online_services",
        "procedures_with_online_payment",
        "fee_procedures_integrated",
        "fee_procedures_not_integrated",
        "online_payment_dossiers",
        "direct_payment_dossiers",
    } == PAIRED
    assert len(SCORE_CASES) == 7 * 2
    assert len(PAIR_CASES) == 8 * 2 * 2
    values = {line: row["value"] for line, row in APRIL}
    assert all(value != values[line] for line, _code, value in SCORE_CASES + PAIR_CASES)


@pytest.mark.parametrize(("line", "code", "value"), SCORE_CASES)
def test_a_score_half_a_point_off_is_seen(change, hoa_binh, rubrics, line, code, value):
    change("hoa-binh.csv", line, value=value)
    (row,) = failures(reconcile(hoa_binh(), rubrics))
    assert row.startswith("Hòa Bình 2023-04, groups against total: ")
    assert re.search(rf"\b{code}\b.*hoa-binh\.csv:{line}\b", row)


@pytest.mark.parametrize(("line", "code", "value"), PAIR_CASES)
def test_a_count_or_a_percent_two_percent_off_is_seen(change, hoa_binh, rubrics, line, code, value):
    change("hoa-binh.csv", line, value=value)
    rows = failures(reconcile(hoa_binh(), rubrics))
    assert all(row.startswith("Hòa Bình 2023-04, ") for row in rows)
    assert any(re.search(rf"\b{code}\b.*hoa-binh\.csv:{line}\b", row) for row in rows), rows


# The project as it is


@pytest.fixture(scope="module")
def checks(history, rubrics):
    return reconcile(history, rubrics, load_corrections(REPOSITORY / "data"))


def test_the_project_has_no_failure(checks):
    assert failures(checks) == []
    assert checks["accepted"].sum() == (~checks["ok"]).sum() == 1
    assert list(checks.columns) == [*CHECK_COLUMNS, "accepted"]
    assert set(checks["check"]) == {
        "groups_to_total",
        "indicators_to_group",
        "shares_to_100",
        "count_to_percent",
        "whole_exists",
    }


def test_the_checks_of_april_2023(checks):
    april = checks[(checks["entity"] == "Hòa Bình") & (checks["period"] == "2023-04")]
    assert april["check"].value_counts().to_dict() == {
        "groups_to_total": 1,
        "shares_to_100": 5,
        "count_to_percent": 7,
        "whole_exists": 1,
    }


def test_unchecked_in_april_2023(history, checks):
    rows = unchecked(history, checks)
    april = rows[(rows["entity"] == "Hòa Bình") & (rows["period"] == "2023-04")]
    assert list(zip(april["code"], april["unit"], strict=True)) == [
        ("national_rank", "rank"),
        ("full_content", "percent"),
        ("dossier_sync", "count"),
        ("handling_satisfaction", "percent"),
        ("petition_satisfaction", "percent"),
        ("e_result", "percent"),
        ("digitised", "percent"),
        ("data_reuse", "percent"),
        ("authenticated_accounts", "count"),
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
        "Bắc Kạn 2024-07, groups against total: 82.880 against 81.350 to 82.850 (total_score, transparency, "
        "processing_progress, online_service_provision, online_payment, satisfaction, digitisation; bac-kan.csv:12 "
        + " ".join(f"bac-kan.csv:{line}" for line in (6, 7, 8, 9, 11, 10))
        + ")"
    ]
    checks = reconcile(bac_kan, rubrics, load_corrections(REPOSITORY / "data"))
    assert failures(checks) == []
    (accepted,) = checks[checks["accepted"]].to_dict("records")
    assert (accepted["entity"], accepted["period"], accepted["check"]) == ("Bắc Kạn", "2024-07", "groups_to_total")
    assert not accepted["ok"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('entity = "Bắc Kạn"', 'entity = "Bắc Ninh"'),
        ('period = "2024-07"', 'period = "2024-08"'),
        ('"groups_to_total"', '"shares_to_100"'),
    ],
)
def test_a_correction_that_matches_nothing(rewrite, bac_kan, rubrics, old, new):
    rewrite("data/corrections.toml", old, new)
    with pytest.raises(HistoryError, match="A correction matches no disagreement") as caught:
        reconcile(bac_kan, rubrics, load_corrections())
    (row,) = caught.value.rows
    assert row.startswith("corrections.toml: ") and new.split('"')[1] in row


def test_a_correction_that_the_source_has_made_needless(bac_kan, rubrics):
    mended = bac_kan.replace({"value": {82.88: 82.18}})
    with pytest.raises(HistoryError, match="matches no disagreement any more") as caught:
        reconcile(mended, rubrics, load_corrections(REPOSITORY / "data"))
    assert caught.value.rows == ("corrections.toml: Bắc Kạn 2024-07 groups_to_total",)


@pytest.mark.parametrize(("old", "new"), [("82.1,", "82.2,"), ("82.88 }", "82.98 }")])
def test_a_correction_that_expects_something_else(rewrite, bac_kan, rubrics, old, new):
    rewrite("data/corrections.toml", old, new)
    with pytest.raises(HistoryError, match="expects other figures than the data hold") as caught:
        reconcile(bac_kan, rubrics, load_corrections())
    assert "Bắc Kạn 2024-07 groups_to_total" in caught.value.rows[0]


def test_a_correction_whose_figures_have_changed(bac_kan, rubrics):
    changed = bac_kan.replace({"value": {82.88: 82.98}})
    with pytest.raises(HistoryError, match="expects other figures than the data hold"):
        reconcile(changed, rubrics, load_corrections(REPOSITORY / "data"))


def test_a_correction_accepts_no_other_disagreement_of_the_card(change, hoa_binh, rubrics):
    """Two breakdowns disagree; what is written for one must not hide the other."""
    change("hoa-binh.csv", 24, value="193")
    change("hoa-binh.csv", 28, value="8865")
    history = hoa_binh()
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
    assert any("online_payment_dossiers" in row for row in rows)


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


@pytest.mark.parametrize(("points", "agrees"), [(1.5, True), (1.6, True), (1.8, False), (1.2, False)])
def test_indicators_and_group_agree(tiny_history, tiny_rubric, points, agrees):
    history = with_figures(tiny_history, figure("a", points, "points", 1), figure("b", 2.0, "points", 1))
    rows = failures(reconcile(history, (tiny_rubric,)))
    assert (rows == []) == agrees
    assert all("indicators against group" in row and "first, a, b" in row for row in rows)


@pytest.mark.parametrize(
    ("count", "base", "percent", "agrees"),
    [(1, 3, 33.0, True), (1, 3, 34.0, False), (2, 3, 67.0, True), (0, 3, 0.0, True), (0, 3, 10.0, False)],
)
def test_count_over_base_is_the_percent(tiny_history, tiny_rubric, count, base, percent, agrees):
    history = with_figures(tiny_history, figure("a", count, "count"), figure("a_base", base, "count"))
    history.loc[history["unit"].eq("percent") & history["code"].eq("a"), "value"] = percent
    rows = failures(reconcile(history, (tiny_rubric,)))
    assert (rows == []) == agrees
    assert all("count against percent" in row and "a_base" in row for row in rows)


def test_a_failure_shows_enough_decimals_to_see_it(tiny_history, tiny_rubric):
    history = with_figures(tiny_history, figure("a", 36096, "count"), figure("a_base", 100_000, "count"))
    history.loc[history["unit"].eq("percent") & history["code"].eq("a"), ["value", "decimals"]] = 36.09, 2
    (row,) = failures(reconcile(history, (tiny_rubric,)))
    printed, low, high = (float(text) for text in re.search(r": (\S+) against (\S+) to (\S+) ", row).groups())
    assert not low <= printed <= high, row


@pytest.mark.parametrize(
    ("count", "percent", "agrees"), [(98, 72.59, True), (97, 72.59, False), (0, 72.59, False), (0, 0.0, True)]
)
def test_some_whole_number_must_give_the_percent(tiny_history, tiny_rubric, count, percent, agrees):
    history = with_figures(tiny_history, figure("a", count, "count"))
    history.loc[history["unit"].eq("percent") & history["code"].eq("a"), ["value", "decimals"]] = percent, 2
    assert (failures(reconcile(history, (tiny_rubric,))) == []) == agrees


def test_a_missing_group_is_not_a_group_of_zero(tiny_history, tiny_rubric):
    history = with_figures(tiny_history, figure("a", 1.5, "points", 1), figure("b", 2.0, "points", 1))
    history.loc[history["code"] == "second", "value"] = float("nan")
    checks = reconcile(history, (tiny_rubric,))
    assert list(checks["check"]) == ["indicators_to_group"]
    assert "second" not in set(unchecked(history, checks)["code"])


@pytest.mark.parametrize("keep", [["total_score"], ["total_score", "first", "a"], ["first", "second"], []])
def test_no_check_can_be_made(tiny_history, tiny_rubric, keep):
    with pytest.raises(CheckError, match="No check could be made"):
        reconcile(tiny_history[tiny_history["code"].isin(keep)], (tiny_rubric,))


def test_no_check_can_be_made_of_a_notice_with_one_group(history, rubrics):
    with pytest.raises(CheckError, match="No check could be made"):
        reconcile(history[history["entity"] == "Bình Dương"], rubrics)


@pytest.mark.parametrize(
    ("code", "unit", "width"),
    [
        ("total_score", "points", 0.01),
        ("transparency", "points", 0.1),
        ("national_rank", "rank", 0),
        ("dossier_sync", "count", 0),
    ],
)
def test_interval_of_a_printed_figure(history, code, unit, width):
    rows = history[(history["file"] == "hoa-binh.csv") & (history["code"] == code) & (history["unit"] == unit)]
    assert interval_of(rows.iloc[0]).width == pytest.approx(width)

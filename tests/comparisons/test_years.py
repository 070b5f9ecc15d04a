"""Years of a province beside each other: what may be compared, what made totals rise, what one panel tells."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.card import open_card
from analysis.comparisons.panel import (
    after_their_end,
    persistence,
    places,
    revisions,
    revisions_sentence,
    slowing,
    slowing_sentence,
    spread_by_year,
)
from analysis.comparisons.years import rise_sentence, rises, span_of, years
from analysis.errors import CheckError, ParameterError, UnknownNameError
from analysis.report.drawing import finding
from analysis.report.year_charts import rank_paths
from analysis.scorecards.entities import load_mergers
from analysis.scorecards.history import AS_PRINTED, TOTAL, with_standing
from places import REPOSITORY
from tables import figures

ONE = ("Phú Thọ", "2022", "2025")
GROUPS = {"transparency": 18, "processing_progress": 20, "online_service": 22, "satisfaction": 18, "digitisation": 22}
# Typed by hand from the file that the portal's capture of 5 November 2025 and of 16 October 2025 is kept in.
BY_HAND = {
    ("Phú Thọ", "2022"): (54.64, 19, {"transparency": 7.05, "online_service": 4.38, "digitisation": 6.5}),
    ("Phú Thọ", "2023"): (71.89, 17, {"transparency": 13.36, "online_service": 9.18, "digitisation": 13.0}),
    ("Phú Thọ", "2024"): (78.75, 21, {}),
    ("Phú Thọ", "2025"): (87.13, 12, {"online_service": 17.4}),
    ("Khánh Hòa", "2022"): (65.06, 1, {"processing_progress": 19.05, "satisfaction": 17.68}),
    ("Cà Mau", "2023"): (89.64, 1, {"transparency": 17.3, "digitisation": 19.9}),
}


@pytest.mark.parametrize(("entity", "year"), BY_HAND)
def test_a_year_is_as_its_source_has_it(history, rubrics, entity, year):
    total, place, groups = BY_HAND[entity, year]
    frame = years(history, rubrics, entity)
    found = frame[frame["period"] == year].set_index("code")
    assert (found.loc[TOTAL, "value"], found.loc[TOTAL, "place"], found.loc[TOTAL, "of"]) == (total, place, 34)
    assert {code: found.loc[code, "value"] for code in groups} == pytest.approx(groups)


def test_breaks_are_named_and_parts_are_what_may_be_compared(history, rubrics):
    totals = years(history, rubrics, "Phú Thọ").query("code == @TOTAL").set_index("period")
    assert list(totals["part"]) == [0, 0, 0, 1, 2] and (totals["why"] != "").sum() == 2
    assert totals.loc["2025", "why"] == "the year 2024 is the whole year, the year 2025 the year to date."
    assert totals.loc["2026", "why"] == "the year 2025 and the year 2026 are under different rules."
    assert years(history, rubrics, "Hòa Bình").empty


def test_what_made_totals_rise_adds_up_for_all(history, rubrics):
    assert span_of(history, rubrics, "Phú Thọ") == ("2022", "2025")
    frame = rises(history, rubrics, *ONE)
    wide = frame.pivot(index="entity", columns="code", values="change")
    assert len(wide) == 34 and wide[list(GROUPS)].sum(axis=1).sub(wide[TOTAL]).abs().max() < 0.04
    assert (frame["low"] <= frame["change"]).all() and (frame["change"] <= frame["high"]).all()
    own = frame[frame["entity"] == "Phú Thọ"].set_index("code")
    assert own.loc[TOTAL, "change"] == pytest.approx(87.13 - 54.64)
    assert own.loc["online_service", "after"] == pytest.approx(8.2 + 9.2)
    assert list(frame.loc[frame["code"] == TOTAL, "change"]) == sorted(wide[TOTAL], reverse=True)
    said = rise_sentence(frame, *ONE)
    assert "32.49 points, 13 of 34" in said and "Dossier digitisation" in said


@pytest.mark.parametrize(("first", "last"), [("2025", "2026"), ("2021", "2022")])
def test_years_of_other_rules_are_not_compared(history, rubrics, first, last):
    with pytest.raises(CheckError):
        rises(history, rubrics, "Phú Thọ", first, last)


def test_a_merged_province_is_in_doubt_before_its_merger_and_one_that_is_not_never():
    known = load_mergers(REPOSITORY / "data")
    assert known.became_part_of("Hòa Bình") == "Phú Thọ" and known.became_part_of("Phú Thọ") == ""
    assert known.in_doubt("Phú Thọ", "2024") and not known.in_doubt("Phú Thọ", "2026")
    assert not known.in_doubt("Hà Nội", "2022") and not known.in_doubt("Mô phỏng 01", "2022")


# What was known on a day, and what was restated


def test_as_of_a_day_nothing_later_is_known(history):
    now, then = (open_card("An Giang", "2025-10", as_of=day).results.card for day in ("2025-10-31", "2025-10-12"))
    assert (now.loc[(TOTAL, "points"), "value"], then.loc[(TOTAL, "points"), "value"]) == (86.74, 80.17)
    with pytest.raises(UnknownNameError, match="Nothing was known on 1/1/2020"):
        open_card("An Giang", "2025-10", as_of="2020-01-01")
    with pytest.raises(ParameterError, match="is no date"):
        open_card("An Giang", "2025-10", as_of="12/10/2025")


def test_what_the_portal_restated_is_shown_and_no_performance(history):
    frame = open_card("An Giang", "2025-10").results.restated.query("code == @TOTAL and change != 0")
    september = frame[(frame["period"] == "2025-09") & (frame["after_day"] == "2025-10-16")].iloc[0]
    assert (september["before_value"], september["after_value"], september["over"]) == (74.7, 80.8, True)
    assert september["why"].startswith("Satisfaction")
    october = frame[(frame["period"] == "2025-10") & (frame["after_day"] == "2025-10-16")].iloc[0]
    assert not october["over"]


# One panel


def panel(rng: np.random.Generator, rho: float, spread: float = 1.0, count: int = 34) -> pd.DataFrame:
    """Made-up provinces whose totals of 2022 and 2023 have this correlation; all of it is in digitisation."""
    first = rng.normal(size=count)
    second = spread * (rho * first + np.sqrt(1 - rho**2) * rng.normal(size=count))
    rows = []
    for period, values in (("2022", first), ("2023", second)):
        for number, value in enumerate(np.round(50 + 3 * values, 2)):
            scores = {TOTAL: value, **{code: 8.0 for code in GROUPS if code != "digitisation"}}
            scores["digitisation"] = round(value - 32.0, 2)
            for code, points in scores.items():
                level = "total" if code == TOTAL else "group"
                rows.append((f"T{number:02d}", period, "year", "", level, code, points, "points", 100.0, 2, "published",
                             "portal-2025-11-05", str(points)))  # fmt: skip
    frame = pd.DataFrame(rows, columns=AS_PRINTED).assign(file="t.csv", line=2, day="2025-11-05")
    return with_standing(frame)


@pytest.mark.parametrize("draws", [40, pytest.param(150, marks=pytest.mark.slow)])
@pytest.mark.parametrize("rho", [0.0, 0.8])
def test_a_planted_persistence_comes_back_as_often_as_the_interval_says(rubrics, rho, draws):
    rng, truth = np.random.default_rng(766), 6 / np.pi * np.arcsin(rho / 2)  # of ranks, for normal totals
    found = [persistence(panel(rng, rho), rubrics, "T00", "2022", "2023", 0.95).iloc[0] for _ in range(draws)]
    covered = sum(row["conf_low"] <= truth <= row["conf_high"] for row in found)
    assert covered >= stats.binom.ppf(0.001, draws, 0.94)
    assert np.mean([row["correlation"] for row in found]) == pytest.approx(truth, abs=0.08)


def test_the_panel_of_the_provinces_is_what_scipy_and_least_squares_give(history, rubrics):
    frame = rises(history, rubrics, *ONE)
    totals = frame[frame["code"] == TOTAL]
    row = persistence(history, rubrics, *ONE, 0.95).iloc[0]
    assert row["correlation"] == pytest.approx(stats.spearmanr(totals["before"], totals["after"]).statistic)
    slope = slowing(history, rubrics, *ONE, 0.95).iloc[0]
    assert slope["slope"] == pytest.approx(np.polyfit(totals["before"], totals["change"], 1)[0])
    assert slope["deviation_before"] == pytest.approx(np.std(totals["before"], ddof=1))


def test_regression_to_the_mean_is_not_taken_for_catching_up(rubrics):
    """Totals that are drawn anew each year: who led falls back, and nobody has slowed down."""
    rng = np.random.default_rng(1)
    said = slowing_sentence(slowing(panel(rng, 0.0), rubrics, "T00", "2022", "2023", 0.95))
    assert "regression to the mean" in said
    said = slowing_sentence(slowing(panel(rng, 0.5, spread=0.3), rubrics, "T00", "2022", "2023", 0.95))
    assert "caught up" in said
    said = slowing_sentence(slowing(panel(rng, 0.9, spread=2.5), rubrics, "T00", "2022", "2023", 0.95))
    assert "rose more" in said


def test_the_shares_of_the_spread_sum_to_one_and_find_the_group_that_was_planted(history, rubrics):
    found = spread_by_year(history, rubrics[0], "Phú Thọ", ["2022", "2023", "2024", "2025"])
    assert found.groupby("period")["share"].sum().tolist() == pytest.approx([1.0] * 4, abs=0.01)
    made = spread_by_year(panel(np.random.default_rng(2), 0.5), rubrics[0], "T00", ["2022"]).set_index("code")
    assert made.loc["digitisation", "share"] == pytest.approx(1.0) and made["share"].sum() == pytest.approx(1.0)


def test_the_rank_of_every_province_year_by_year(history):
    """Counted from the totals, they are the ranks that the portal gave the 34 of 2025."""
    found = places(history, "Phú Thọ", ["2022", "2023", "2024", "2025"])
    assert found.groupby("period").size().tolist() == [34] * 4 and set(found["of"]) == {34}
    own = found[found["own"]]
    assert own["place"].tolist() == [19, 17, 21, 12] and set(own["entity"]) == {"Phú Thọ"}
    assert own["total"].tolist() == [54.64, 71.89, 78.75, 87.13]
    published = history[
        (history["period"] == "2025") & (history["code"] == "national_rank") & (history["day"] == "2025-10-16")
    ].set_index("entity")["value"]
    counted = found[found["period"] == "2025"].set_index("entity")["place"]
    assert len(counted) == 34 and (counted == published.reindex(counted.index)).all()


def test_no_line_of_ranks_from_a_whole_year_to_a_part_of_one(history):
    axes = rank_paths(places(history, "Phú Thọ", ["2023", "2024", "2025"]))
    assert finding(axes) == "Phú Thọ: rank 17 → 21 → 12"
    lines = [line for line in axes.get_lines() if line.get_linestyle() == "-"]
    assert len(lines) == 34 and all(list(line.get_xdata()) == [0, 1] for line in lines)


def test_what_the_portal_changed_of_a_month_after_its_end():
    """The capture of a running month counts dossiers on: it is the first of no revision."""
    history = pd.concat(
        [
            figures(("A", "on_time", value, {"unit": "percent", "period": period, "scope": "month"})).assign(day=day)
            for period, day, value in [
                ("2026-03", "2026-03-20", 10.0),
                ("2026-03", "2026-04-02", 37.6),
                ("2026-03", "2026-09-17", 45.0),
                ("2026-03", "2026-10-10", 50.55),
                ("2026-04", "2026-10-10", 44.0),
                ("2026", "2027-01-10", 44.0),
            ]
        ]
    )
    found = revisions(after_their_end(history, "A", "on_time", "percent"))
    assert found.fillna(-1).to_numpy().tolist() == [
        ["A", "2026-03", "2026-04-02", 37.6, "2026-10-10", 50.55, 12.95, 3],
        ["A", "2026-04", "2026-10-10", 44.0, "2026-10-10", 44.0, -1, 1],
    ]
    said = revisions_sentence(found)
    assert said.startswith(
        "Of 1 months captured again after their end, 1 had changed; most A, March 2026: 37.60 → 50.55"
    )
    assert revisions_sentence(found[found["captures"] == 1]) == "No month was captured twice after its end."
    assert "none had changed" in revisions_sentence(found.assign(revised=0.0))

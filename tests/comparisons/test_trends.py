"""Where a figure is heading by its own months: what is comparable, what is said of it, and what is refused.

The histories are made up, but for the months of Hòa Bình.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from analysis.comparisons.forecasts import CANDIDATES, LEVEL_BREAK, NAIVE, OUTLIER
from analysis.comparisons.trends import FLAGS, FORECAST, KNOWN_BREAK, SERIES, monthly_series, sentence, trend
from analysis.errors import ParameterError, UnknownNameError
from analysis.language import use_language, write_period
from analysis.scorecards.history import with_standing
from analysis.scorecards.periods import month_after
from analysis.scorecards.rubric import Rubric, Shown, comparable_span
from tables import changed, climbing, figures

pytestmark = pytest.mark.filterwarnings("error")

ENTITY = "Mô phỏng A"


def made(values, first="2023-01", entity=ENTITY, code="a", unit="percent", **changes):
    """A made-up history of one figure, month after month; None is a month without it."""
    same = {"scope": "month", "as_of": "", "unit": unit, "decimals": 2} | changes
    months = [(month_after(first, step), value) for step, value in enumerate(values) if value is not None]
    return figures(*((entity, code, value, {"period": month} | same) for month, value in months))


# Which months make a line


def test_a_line_has_a_row_for_each_month_and_what_is_missing_stays_missing(tiny_rubric):
    history = made([40.0, None, None, 55.5, 60.0])
    series = monthly_series(history, (tiny_rubric,), ENTITY, "a", "percent")
    assert list(series.columns) == SERIES
    assert list(series["period"]) == ["2023-01", "2023-02", "2023-03", "2023-04", "2023-05"]
    assert series["value"].fillna(-1).tolist() == [40.0, -1, -1, 55.5, 60.0]
    assert series["line"].isna().tolist() == series["value"].isna().tolist() == [False, True, True, False, False]
    assert set(series["part"]) == {0} and set(series["why"]) == {""}
    assert set(series["top"]) == {100.0}


def test_the_bound_of_a_score_is_that_of_the_rubric(rubrics, history, tiny_rubric):
    tops = {
        code: monthly_series(history, rubrics, "Hòa Bình", code)["top"].iloc[0]
        for code in ("total_score", "satisfaction", "digitisation")
    }
    assert tops == {"total_score": 100.0, "satisfaction": 18.0, "digitisation": 22.0}
    open_maximum = changed(tiny_rubric, a={"max": (2.0, 3.0)})
    assert monthly_series(made([1.0], unit="points"), (open_maximum,), ENTITY, "a")["top"].tolist() == [3.0]


def test_a_merger_and_other_rules_begin_a_new_part_and_a_gap_does_not(rubrics):
    values = [*range(50, 56), *range(60, 66), None, *range(70, 76)]
    history = made(values, "2025-01", code="total_score", unit="points")
    series = monthly_series(history, rubrics, ENTITY, "total_score")
    begins = series[series["why"] != ""]
    assert list(begins["period"]) == ["2025-07", "2026-01"]
    assert list(begins["part"]) == [1, 2]
    assert "merged" in begins["why"].iloc[0] and "63" in begins["why"].iloc[0] and "34" in begins["why"].iloc[0]
    assert "different rules" in begins["why"].iloc[1]
    found = trend(history, rubrics, ENTITY, "total_score")
    known = found.flags[found.flags["flag"] == KNOWN_BREAK]
    assert list(known["period"]) == ["2025-07", "2026-01"]
    assert known["size"].isna().all()
    assert found.refusals == ()
    assert found.forecast["period"].iloc[0] == "2026-08"
    alone = trend(made(values[13:], "2026-02", code="total_score", unit="points"), rubrics, ENTITY, "total_score")
    pd.testing.assert_frame_equal(found.forecast, alone.forecast)
    assert len(found.backtest) == 0, "six months of the last part, eighteen in all"


def test_months_that_no_rubric_governs_part_those_before_from_those_after(tiny_rubric):
    early = tiny_rubric.model_copy(update={"valid_to": "2023-03"})
    late = tiny_rubric.model_copy(update={"valid_from": "2023-06", "id": "late"})
    series = monthly_series(made([50.0] * 3 + [None] * 2 + [50.0]), (early, late), ENTITY, "a", "percent")
    assert series["part"].tolist() == [0, 0, 0, 1, 1, 2]


def test_the_latest_publication_of_a_month_counts(tiny_rubric):
    first = made([40.0, 50.0, 60.0], as_of="2023-05-01")
    second = made([45.0], "2023-02", as_of="2023-06-01")
    for history in (with_standing(pd.concat([first, second])), with_standing(pd.concat([second, first]))):
        series = monthly_series(history, (tiny_rubric,), ENTITY, "a", "percent")
        assert series["value"].tolist() == [40.0, 45.0, 60.0]
        assert series["as_of"].tolist() == ["2023-05-01", "2023-06-01", "2023-05-01"]


@pytest.mark.parametrize(("scope", "word"), [("year_to_date", "since January"), ("unknown", "not known")])
def test_figures_not_of_one_month_stay_out_and_are_named(tiny_rubric, scope, word):
    history = pd.concat([made([40.0, 50.0]), made([60.0] * 8, "2023-03", scope=scope)])
    found = trend(history, (tiny_rubric,), ENTITY, "a", "percent")
    assert len(found.series) == 2
    (named,) = [reason for reason in found.refusals if word in reason]
    assert "March 2023" in named and "October 2023" in named


def test_only_scores_and_rates_of_known_names_make_a_line(tiny_rubric):
    history = made([40.0])
    with pytest.raises(ParameterError):
        monthly_series(history, (tiny_rubric,), ENTITY, "a", "count")
    with pytest.raises(UnknownNameError):
        monthly_series(history, (tiny_rubric,), "Mô phỏng B", "a", "percent")
    with pytest.raises(UnknownNameError):
        monthly_series(history, (tiny_rubric,), ENTITY, "e", "percent")
    spare = [{"code": "spare", "name": {"vi": "Thêm", "en": "Spare"}}]
    spare = Rubric.model_validate(tiny_rubric.model_dump(by_alias=True) | {"figure": spare})
    with pytest.raises(ParameterError, match="maximum"):
        monthly_series(made([40.0], code="spare", unit="points"), (spare,), ENTITY, "spare")
    for wrong in ({"ahead": 0}, {"level": 1.0}, {"level": 0.0}):
        with pytest.raises(ParameterError):
            trend(history, (tiny_rubric,), ENTITY, "a", "percent", **wrong)


# What is refused


@pytest.mark.parametrize(
    ("code", "unit", "known"),
    [
        ("total_score", "points", ["2023-04", "2024-07"]),
        ("processing_progress", "points", ["2023-04", "2024-06", "2024-07"]),
        ("e_result", "percent", ["2023-04"]),
    ],
)
def test_the_real_months_are_refused_with_reasons(rubrics, history, code, unit, known):
    found = trend(history, rubrics, "Hòa Bình", code, unit)
    assert found.series.loc[found.series["value"].notna(), "period"].tolist() == known
    assert (len(found.backtest), len(found.forecast), len(found.flags), found.chosen) == (0, 0, 0, "")
    assert list(found.forecast.columns) == FORECAST and list(found.flags.columns) == FLAGS
    reasons = " ".join(found.refusals)
    assert f"a figure: {len(known)};" in reasons
    assert all(write_period(month) in reasons for month in known)
    assert f"needed: {6 - len(known)}, of August 2022 to June 2025" in reasons
    assert "Nothing is said" in sentence(found)


def test_a_refusal_names_the_break_that_cut_the_months(rubrics):
    history = made([*range(50, 58), None, 60, 61], "2024-11", code="total_score", unit="points")
    found = trend(history, rubrics, ENTITY, "total_score")
    assert found.series["part"].tolist() == [0] * 8 + [1] * 3
    assert not any("Months between them" in reason for reason in found.refusals)  # the part begins with its first value
    assert any("Earlier months do not count" in reason and "merged" in reason for reason in found.refusals)
    assert any("needed: 4, of July 2025 to December 2025" in reason for reason in found.refusals)


def test_a_figure_that_no_month_has_is_refused(rubrics, history):
    found = trend(history[history["scope"] != "month"], rubrics, "Hà Nội", "total_score")
    assert found.series.empty and list(found.series.columns) == SERIES
    assert any("a figure: 0;" in reason for reason in found.refusals)
    assert any("since January" in reason for reason in found.refusals)


@pytest.mark.parametrize(("months", "modelled"), [(5, 0), (6, 1), (11, 1), (12, 2)])
def test_six_months_give_a_band_and_twelve_a_model(tiny_rubric, months, modelled):
    history = made(climbing()[:months])
    history.loc[1:, "kind"] = "published"  # all but one
    found = trend(history, (tiny_rubric,), ENTITY, "a", "percent")
    assert bool(found.refusals) == (modelled == 0)
    assert len(found.forecast[found.forecast["model"] == NAIVE]) == (3 if modelled else 0)
    assert (len(found.backtest) > 0) == (modelled == 2)
    assert any("at least 12" in note for note in found.notes) == (modelled == 1)
    assert any("made up" in note for note in found.notes) == (modelled > 0)


# What is foretold


@pytest.mark.parametrize("value", [100.0, *(pytest.param(it, marks=pytest.mark.slow) for it in (0.0, 40.0))])
def test_a_figure_that_never_moved_is_carried_on_within_its_rounding(tiny_rubric, value):
    found = trend(made([value] * 20), (tiny_rubric,), ENTITY, "a", "percent")
    assert found.chosen == "" and found.flags.empty
    assert found.forecast["middle"].tolist() == pytest.approx([value] * 3)
    assert (found.forecast["conf_low"] <= value).all() and (found.forecast["conf_high"] >= value).all()
    assert (found.forecast["conf_high"] - found.forecast["conf_low"]).max() < 0.05
    assert (found.backtest["covered"] == 1).all()


def test_a_planted_climb_is_found_and_beats_as_last_month(tiny_rubric):
    values = climbing(33)
    found = trend(made(values[:30]), (tiny_rubric,), ENTITY, "a", "percent")
    assert found.chosen in CANDIDATES
    tested = found.backtest[found.backtest["model"] == found.chosen]
    assert (tested["relative"] < 0.6).all() and (tested["p_value"] < 0.05).all() and tested["shown"].all()
    assert list(tested["origins"]) == [22, 21, 20]
    shown = found.forecast[found.forecast["model"] == found.chosen]
    assert list(shown["period"]) == ["2025-07", "2025-08", "2025-09"]
    assert ((values[30:] >= shown["conf_low"]) & (values[30:] <= shown["conf_high"])).all()
    assert (shown["middle"] > values[29]).all()
    assert set(found.forecast["model"]) == {NAIVE, found.chosen}
    assert "promises nothing" in sentence(found) and "made up" in sentence(found)
    naive = found.backtest[found.backtest["model"] == NAIVE]
    assert f"erred {100 * (1 - tested['mae'].mean() / naive['mae'].mean()):.0f} % less" in sentence(found)


def test_nothing_is_foretold_across_a_known_break(rubrics):
    history = made(climbing(), "2022-12", code="total_score", unit="points")
    found = trend(history, rubrics, ENTITY, "total_score", ahead=3)
    assert found.series["period"].iloc[-1] == "2025-05"
    assert set(found.forecast["period"]) == {"2025-06"}
    assert any("from July 2025 on" in note and "merged" in note for note in found.notes)
    assert comparable_span(rubrics, Shown("2025-05")) == ("2022-08", "2025-06")


# What jumped


def test_a_jump_and_an_outlier_are_both_found_over_missing_months(tiny_rubric):
    logits = np.random.default_rng(0).normal(0, 0.15, 30)
    logits[12:] += 1.2
    logits[20] -= 1.2
    values = [None if at in (3, 17, 18) else value for at, value in enumerate(np.round(100 * expit(logits), 2))]
    found = trend(made(values), (tiny_rubric,), ENTITY, "a", "percent")
    assert list(zip(found.flags["period"], found.flags["flag"], strict=True)) == [
        ("2024-01", LEVEL_BREAK),
        ("2024-09", OUTLIER),
    ]
    jump, outlier = found.flags.itertuples()
    assert jump.conf_low < 100 * (expit(1.2) - 0.5) < jump.conf_high
    assert outlier.conf_low < 100 * (0.5 - expit(1.2)) < outlier.conf_high
    assert (found.flags["p_value"] < 0.05).all()
    assert "January 2024" in jump.why and "percentage points" in jump.why and jump.why in sentence(found)


# What must not matter


def test_neither_the_order_of_the_rows_nor_other_entities_matter(tiny_rubric):
    own = made(climbing(16))
    others = [
        made(np.full(16, 99.0), entity="Mô phỏng B"),
        made(np.full(16, 1.0), code="b"),
        made(np.full(16, 1.0), unit="points"),
    ]
    mixed = pd.concat([*others, own]).sample(frac=1, random_state=1)
    before = mixed.copy()
    one, other = (trend(frame, (tiny_rubric,), ENTITY, "a", "percent") for frame in (own, mixed))
    for name in ("series", "backtest", "forecast", "flags"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    assert (one.chosen, one.notes, one.name) == (other.chosen, other.notes, other.name)
    pd.testing.assert_frame_equal(mixed, before)


@pytest.mark.parametrize("months", [8, *(pytest.param(it, marks=pytest.mark.slow) for it in (3, 20))])
def test_the_sentence_says_what_it_does_not_mean_in_either_language(tiny_rubric, months):
    history = made(climbing(months))
    for language in ("en", "vi"):
        use_language(language)
        said = sentence(trend(history, (tiny_rubric,), ENTITY, "a", "percent"))
        assert ENTITY in said and "{" not in said

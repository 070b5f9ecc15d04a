"""Do the explorer's answers say what the modules behind them say, as a table, as a picture, and on file?"""

import base64
import io
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from analysis.questions import (
    do_scores_give_the_rules,
    how_to_reach,
    open_month,
    suppose,
    what_changed,
    what_each_figure_told,
    what_it_is_worth,
    what_leaders_have,
    what_sets_apart,
    what_was_published,
    where_it_is_heading,
    where_one_stands,
    where_points_went,
    which_rank,
    which_rules_fit,
)
from bs4 import BeautifulSoup
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.image import imread

import analysis
from analysis import commands
from analysis.decisions import whatif
from analysis.diagnosis import changes, losses
from analysis.errors import ContradictionError, ParameterError, RubricError, UnknownNameError
from analysis.identification import bounds
from analysis.language import use_language, write_number, write_range
from analysis.report import charts
from analysis.report.explore import PICTURES, Seen, chart, show
from analysis.report.figures import COLOURS
from analysis.scorecards.synthetic import example
from places import REPOSITORY

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module")
def april():
    use_language("en")
    return open_month("2023-04", "hoa-binh")


@pytest.fixture(scope="module")
def july():
    return open_month("2024-07", "hoa-binh")


@pytest.fixture(scope="module")
def ranked():
    return open_month("2026", "phu-tho")


def cells(html):
    """A table as a frame of words; its caption."""
    (table,) = BeautifulSoup(str(html), "html.parser").find_all("table")
    heads = [head.get_text() for head in table.thead.find_all("th")]
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in table.tbody.find_all("tr")]
    assert all(cell.get("scope") == "col" for cell in table.thead.find_all("th"))
    assert all(row.find("th").get("scope") == "row" for row in table.tbody.find_all("tr"))
    return pd.DataFrame(rows, columns=heads), table.caption.get_text()


# Questions


def test_a_question_answers_what_its_module_answers(april, history, rubrics):
    identified = april.identified
    pairs = [
        (where_points_went(april), april.by_group),
        (where_points_went(april, by="indicator"), losses.losses_by_indicator(identified)),
        (which_rules_fit(april), bounds.alternatives(identified)),
        (what_it_is_worth(april, e_result=80), whatif.gains(identified, {"e_result": 80.0})),
    ]
    for answer, expected in pairs:
        pd.testing.assert_frame_equal(answer, expected, check_like=True)
        assert "3220/VPUBND-NVK" in answer.attrs["source"]


def test_a_change_is_the_bridge_and_adds_up(april, july, history, rubrics):
    moved = what_changed(april, july)
    expected = changes.change_bridge(history, rubrics, "Hòa Bình", "2023-04", "2024-07")
    pd.testing.assert_frame_equal(moved, expected)
    assert moved["value"].sum() == pytest.approx(83.08 - 58.83)
    assert "Báo Hòa Bình" in moved.attrs["source"] and "3220/VPUBND-NVK" in moved.attrs["source"]


def test_a_change_between_two_provinces_is_refused(april):
    with pytest.raises(ParameterError, match="two"):
        what_changed(april, open_month("2026", "phu-tho"))


def test_several_cards_stand_below_each_other(april, july):
    both = where_points_went(april, july)
    assert list(both["card"].unique()) == ["Hòa Bình, April 2023", "Hòa Bình, July 2024"]
    assert len(both) == 12
    assert repr(chart(both)) == "<Points lost by group: Hòa Bình, April 2023; Hòa Bình, July 2024>"


@pytest.mark.parametrize("asked", [{"by": "province"}, {"by": ""}])
def test_points_by_something_else_are_refused(april, asked):
    with pytest.raises(ParameterError):
        where_points_went(april, **asked)


def test_what_each_figure_told(april):
    told = what_each_figure_told(april, e_result=80).set_index(["code", "unit"])
    assert told.loc[("e_result", "percent"), "wider"] > 1
    assert (told["wider"] >= 0).all()


def test_a_plan_is_sure_of_its_target(april):
    plan = how_to_reach(april, 62)
    assert plan.feasible and plan.sure_total >= 62
    assert plan.steps.attrs["source"]
    with pytest.raises(ParameterError):
        how_to_reach(april, 50)


def test_the_rank_is_the_published_one_today(april):
    today, after = which_rank(april, e_result=80).to_dict("records")
    assert (today["rank_best"], today["rank_worst"], today["ranked"]) == (24, 24, 63)
    assert after["rank_worst"] <= 24


def test_an_edited_family_keeps_what_it_was_told_and_changes_nothing_else(april):
    rules = which_rules_fit(suppose(april, "e_result", targets=[50]))
    own = rules[(rules["code"] == "e_result") & (rules["parameter"] == "target")]
    assert list(own["value"]) == [50.0]
    before = which_rules_fit(april)
    assert set(before["code"]) == set(rules["code"])
    assert list(before.loc[(before["code"] == "e_result") & (before["parameter"] == "target"), "value"]) == [
        100.0,
        80.0,
    ]
    gained = what_it_is_worth(suppose(april, "e_result", targets=[50]), e_result=50)
    assert gained.loc[0, "gain_low"] == pytest.approx(6 * (50 - 33.835) / 50, abs=1e-6)


def test_several_targets_are_alternatives(april):
    one, two = (suppose(april, "data_reuse", targets=targets).identified.survivors for targets in ([80], [80, 60]))
    assert two == 2 * one


def test_a_family_that_cannot_be_is_refused_with_the_figures(april):
    ruled_out = which_rules_fit(april).query("not fits and parameter == 'target'").iloc[0]
    with pytest.raises(ContradictionError) as raised:
        suppose(april, ruled_out["code"], targets=[ruled_out["value"]])
    assert any("2023-04" in row for row in raised.value.rows)
    with pytest.raises(RubricError, match="do not sum"):
        suppose(april, "on_time", maxima=[19])
    with pytest.raises(ParameterError) as raised:
        suppose(april, "e_results", targets=[50])
    assert "e_result" in raised.value.rows


def test_the_names_are_there(april):
    assert analysis.where_points_went is where_points_went
    with pytest.raises(UnknownNameError):
        analysis.open_month("2023-05")


def test_what_was_published_is_the_card(april, history):
    published = what_was_published(april)
    rows = history[(history["entity"] == "Hòa Bình") & (history["period"] == "2023-04")]
    assert list(published["value"]) == list(rows["value"]) and list(published["code"]) == list(rows["code"])


def test_provinces_are_compared_with_their_sentences(ranked):
    stands, apart = where_one_stands(ranked), what_sets_apart(ranked)
    assert stands.loc[stands["code"] == "total_score", "place_best"].item() == 19
    assert apart.loc[apart["level"] == "group", "share"].sum() == pytest.approx(1, abs=1e-12)
    for answer in (apart, what_leaders_have(ranked), do_scores_give_the_rules(ranked)):
        assert "association between provinces" in answer.attrs["said"]
        assert "association between provinces" in str(show(answer))


def test_three_months_are_refused_with_reasons(april):
    for code, unit in (("total_score", "points"), ("digitisation", "points"), ("e_result", "percent")):
        course = where_it_is_heading(april.history, "hoa-binh", code, unit)
        assert "at least 6 are needed" in course.said and "More months needed" in course.said
        assert set(course.months["model"]) == {""} and course.backtest.empty
        assert course.said in BeautifulSoup(chart(course.months)._repr_html_(), "html.parser").get_text()


def test_the_report_and_the_explorer_count_the_same_months(april, july):
    for month in (april, july):
        figures = commands.figures_of(month, {})
        said = where_it_is_heading(month.history).said
        known, needed = int(figures["trend.known"].value), int(figures["trend.needed"].value)
        assert f"comparable months with a figure: {known}; at least {needed} are needed" in said
        assert f"More months needed: {needed - known}" in said


def test_every_confidence_interval_says_its_level(ranked, april):
    for answer in (what_leaders_have(ranked), do_scores_give_the_rules(ranked)):
        assert "Confidence intervals are meant to hold 95 times in 100" in answer.attrs["said"]
    assert "80 times in 100" in where_it_is_heading(april.history).flags.attrs["said"]


def test_the_numbers_in_the_text_of_explore_start_are_those_of_the_figures(april):
    use_language("vi")
    notebook = json.loads((REPOSITORY / "notebooks" / "explore_start.ipynb").read_text(encoding="utf-8"))
    text = "".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    text = " ".join(text.split())
    rates = april.cards[0].figures["value"]
    today, _after = which_rank(april).to_dict("records")
    lost = april.by_group.iloc[0]
    for words in (
        f"`e_result`, nay {write_number(rates['e_result', 'percent'], 2)} %",
        f"`data_reuse`, nay {write_number(rates['data_reuse', 'percent'], 0)} %",
        f"tổng điểm của {today['known']} trong {today['ranked']} tỉnh",
        f"không thấp hơn hạng {today['rank_worst']}",
        f"{write_number(lost['score'], 1)} có thể là {write_range(18 - lost['lost_high'], 18 - lost['lost_low'], 2)}",
    ):
        assert words in text, words


def test_a_planted_course_is_found_and_drawn_with_its_label(project_copy, rubrics):
    figures = example(rubrics, 1, "2022-09", "2024-12", 0).figures
    course = where_it_is_heading(figures, "mo-phong-01", "e_result", "percent")
    shown = course.months
    assert set(shown["model"]) > {"", "naive"} and (shown.loc[shown["model"] != "", "period"] > "2024-12").all()
    assert shown["conf_low"].min() >= 0 and shown["conf_high"].max() <= 100
    files = chart(shown).save("simulated")
    for name in files:
        if not name.endswith("png"):
            assert "SYNTHETIC FIGURES" in Path(name).read_text(encoding="utf-8"), name
    page = chart(shown)._repr_html_()
    picture = base64.b64decode(re.search(r"base64,([A-Za-z0-9+/=]+)", page)[1]).decode()
    assert "SYNTHETIC FIGURES" in " ".join(re.findall(r">([^<>]+)</text>", picture))
    assert "SYNTHETIC FIGURES" in str(show(course.backtest)) and "simulated by this program" in page


# Tables


def test_a_range_is_one_column_and_no_midpoint_is_left(april):
    table, caption = cells(show(where_points_went(april), "Lost"))
    assert caption == "Lost"
    row = table.set_index("Name").loc[april.by_group.loc[0, "name"]]
    assert row["Lost, points"] == "15.75 to 15.85"
    assert row["Score"] == "2.20" and row["Maximum"] == "18"
    assert list(table.columns).count("Lost, points") == 1


def test_a_value_is_shown_as_it_was_printed(april):
    table, _caption = cells(show(what_was_published(april), "Published"))
    shown = table[table["Code"] == "transparency"].iloc[0]
    assert shown["Value"] == "2.2" and shown["As the source prints it"] == "2,2/18"
    assert len(table) == len(what_was_published(april))


def test_without_its_decimals_a_value_gets_none_that_it_does_not_need(april):
    table, _caption = cells(show(what_was_published(april)[["name", "value"]]))
    shown = table.set_index("Name")["Value"]
    assert (shown["Rank"], shown["Total score"], shown["Processing progress"]) == ("24", "58.83", "17.7")
    rules, _caption = cells(show(which_rules_fit(april)[["name", "value"]]))
    assert {"100", "80", "6"} <= set(rules["Value"])


def test_what_is_missing_is_a_dash_and_never_zero():
    frame = pd.DataFrame({"name": ["a", "b"], "lost_low": [1.0, None], "lost_high": [2.0, None], "score": [None, 1.0]})
    table, _caption = cells(show(frame))
    assert list(table["Lost, points"]) == ["1.00 to 2.00", "–"]
    assert list(table["Score"]) == ["–", "1.00"]


def test_an_unknown_column_keeps_its_name():
    table, caption = cells(show(pd.DataFrame({"name": ["a"], "mine": [3], "half": [0.5], "word": ["w"]})))
    assert list(table.columns) == ["Name", "mine", "half", "word"]
    assert list(table.iloc[0]) == ["a", "3", "0.50", "w"]
    assert caption


def test_words_are_escaped():
    assert "<script>" not in str(show(pd.DataFrame({"name": ["<script>alert(1)</script>"]}), "<b>x</b>"))


def test_every_heading_is_in_vietnamese(april, july):
    use_language("vi")
    for answer in (
        where_points_went(april, july),
        what_changed(april, july),
        what_it_is_worth(april),
        which_rules_fit(april),
    ):
        table, _caption = cells(show(answer))
        english = {"Name", "Code", "Card", "Score", "Why", "Fits", "Rule", "Lost, points", "Gain, points", "Value"}
        assert not english & set(table.columns)


# Pictures


def pictures(april, july, ranked):
    return {
        "loss_by_group": where_points_went(april),
        "lost_by_indicator": where_points_went(april, by="indicator"),
        "cards_side_by_side": where_points_went(april, july),
        "change_steps": what_changed(april, july),
        "gain_ranges": what_it_is_worth(april, e_result=80, data_reuse=80),
        "standing": where_one_stands(ranked),
        "shares_of_spread": what_sets_apart(ranked),
        "leaders_and_others": what_leaders_have(ranked),
        "course_of_months": where_it_is_heading(april.history).months,
    }


def test_every_answer_with_a_picture_shows_it_with_its_table(april, july, ranked):
    for name, answer in pictures(april, july, ranked).items():
        page = BeautifulSoup(chart(answer)._repr_html_(), "html.parser")
        image = page.figure.img
        assert image["src"].startswith("data:image/svg+xml;base64,") and f"<{image['alt']}>" == repr(chart(answer)), (
            name
        )
        assert page.figcaption.get_text().startswith("Source: ")
        assert page.details.summary.get_text() == "The same as a table"
        assert len(page.details.table.tbody.find_all("tr")) == len(answer)
    assert set(pictures(april, july, ranked)) == set(PICTURES)


def test_a_frame_without_a_picture_is_refused(april):
    with pytest.raises(ParameterError, match="not drawn"):
        chart(which_rules_fit(april))
    with pytest.raises(ParameterError, match="not drawn"):
        chart(pd.DataFrame({"a": [1]}))


def test_no_word_leaves_the_picture_and_no_two_labels_meet(april, july, ranked):
    for name, answer in pictures(april, july, ranked).items():
        figure = PICTURES[name](answer).figure
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        width, height = figure.bbox.width, figure.bbox.height
        for ax in figure.axes:
            for text in [*ax.texts, *ax.get_yticklabels(), *figure.texts]:
                box = text.get_window_extent(renderer)
                inside = box.x0 >= -1 and box.x1 <= width + 1 and box.y0 >= -1 and box.y1 <= height + 1
                assert inside, (name, text.get_text())
            labels = [label.get_window_extent(renderer) for label in ax.get_yticklabels()]
            assert not any(one.overlaps(other) for number, one in enumerate(labels) for other in labels[:number]), name


def test_a_group_has_its_colour(april):
    ax = charts.lost_by_indicator(where_points_went(april, by="indicator"))
    rows = april.by_indicator.sort_values(["lost_high", "lost_low"], ascending=False, kind="stable").head(12)
    expected = [COLOURS[group] for group in rows["group"] for _part in range(2)]
    assert [to_hex(patch.get_facecolor()) for patch in ax.patches] == expected


def test_the_bridge_ends_at_the_change(april, july):
    ax = charts.change_steps(what_changed(april, july))
    last = ax.patches[-1]
    assert last.get_width() == pytest.approx(24.25)
    steps = ax.patches[:-1]
    assert [patch.get_x() for patch in steps[1:]] == pytest.approx(
        [patch.get_x() + patch.get_width() for patch in steps[:-1]]
    )


def test_what_is_no_performance_is_hatched(july):
    moved = pd.DataFrame(
        {
            "group": ["transparency", "digitisation"],
            "name": ["a", "b"],
            "effect": ["performance", "not_separable"],
            "value": [1.0, -2.0],
        }
    )
    ax = charts.change_steps(moved)
    assert [bool(patch.get_hatch()) for patch in ax.patches[:2]] == [False, True]
    assert [text.get_text() for text in ax.texts] == ["+1.00", "−2.00", "−1.00"]


# Files


def test_a_picture_is_saved_with_its_source(project_copy, april):
    seen = chart(where_points_went(april))
    before = seen._repr_html_()
    files = seen.save("Điểm mất, tháng 4")
    assert files == [f"reports/pictures/diem-mat-thang-4.{form}" for form in ("svg", "png", "csv")]
    svg = Path(files[0]).read_text(encoding="utf-8")
    words = " ".join(re.findall(r">([^<>]+)</text>", svg))
    assert "3220/VPUBND-NVK" in words and "lost most" in words
    assert imread(io.BytesIO(Path(files[1]).read_bytes())).shape[1] >= 900
    assert len(pd.read_csv(files[2])) == 6
    assert seen._repr_html_() == before, "saving leaves the shown picture as it was"
    again = {name: Path(name).read_bytes() for name in files}
    chart(where_points_went(april)).save("diem mat thang 4")
    assert again == {name: Path(name).read_bytes() for name in files}, "the same answer gives the same files"


@pytest.mark.parametrize("name", ["", "…", "../"])
def test_a_name_without_letters_is_refused(project_copy, april, name):
    with pytest.raises(ParameterError):
        chart(where_points_went(april)).save(name)
    assert not (project_copy / "reports").exists()


def test_a_name_cannot_leave_the_folder(project_copy, april):
    (first, *_rest) = Seen(PICTURES["loss_by_group"], april.by_group, "s").save("../../etc/x")
    assert first == "reports/pictures/etc-x.svg"

"""Do the pictures show what their frames say, in the colours of their groups, with every word inside?"""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from analysis.language import use_language
from analysis.report import charts
from analysis.report.drawing import INK, MUTED, SMALL, as_files, finding, svg, wrapped
from analysis.report.figures import COLOURS
from shown import frame

pytestmark = pytest.mark.filterwarnings("error")
NONE = float("nan")
LABEL = "SYNTHETIC FIGURES – NOT REAL DATA"


@pytest.fixture
def drawn(april, july, year):
    """drawn("standing") gives a picture of real figures."""
    frames = {
        "loss_by_group": lambda: april.results.by_group,
        "achieved_against_maximum": lambda: april.results.by_group,
        "gain_ranges": lambda: april.results.gained,
        "history_of_totals": lambda: april.results.past,
        "lost_by_indicator": lambda: april.results.by_indicator,
        "cards_side_by_side": lambda: april.beside(july).table,
        "change_steps": lambda: july.change_from(april).table,
        "standing": lambda: year.peers.tables["positions"],
        "beside_alike": lambda: year.peers.tables["alike"],
        "shares_of_spread": lambda: year.spread.table,
        "leaders_and_others": lambda: year.leaders().table,
        "course_of_months": lambda: april.trend().table,
    }
    return lambda name: getattr(charts, name)(frames[name]())


FOUND = {  # chart → what it finds, and the words of its first bar
    "loss_by_group": ("Transparency and disclosure lost most: 15.8 points", ["15.8"]),
    "achieved_against_maximum": ("Transparency and disclosure achieved least: 12 % of its maximum", ["2.2/18"]),
    "gain_ranges": ("All together: 4.37 to 5.46 points more", ["2.77 to 3.46"]),
    "history_of_totals": ("Published totals by month", ["58.83"]),
    "lost_by_indicator": (
        "Procedures announced on time lost 5.75 points or more under every documented rule that fits",
        ["5.75 to 6.00"],
    ),
    "cards_side_by_side": ("Points lost by group: Hòa Bình, April 2023; Hòa Bình, July 2024", []),
    "change_steps": ("The total changed by +24.25 points", ["+13.50"]),
    "standing": ("Lowest-ranked group: Transparency and disclosure, 26 of 34", ["rank 26 of 34"]),
    "beside_alike": ("4 others with about as many dossiers: their median total is 65.56, here 62.18", []),
    "shares_of_spread": ("Transparency and disclosure goes with 31 % of the differences", ["31.4 %"]),
    "leaders_and_others": ("What tells leaders apart best: Satisfaction with petition handling", []),
    "course_of_months": ("Total score, last known, July 2024: 83.08", []),
}


@pytest.mark.parametrize("name", FOUND)
def test_a_picture_says_what_it_finds_no_word_leaves_it_and_no_two_labels_meet(drawn, name):
    picture = drawn(name)
    figure = picture.figure
    assert (finding(picture), told(picture)[:1]) == FOUND[name]
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer, width, height = canvas.get_renderer(), figure.bbox.width, figure.bbox.height
    legend = picture.get_legend()
    for text in [*picture.texts, *picture.get_yticklabels(), *figure.texts, *(legend.get_texts() if legend else ())]:
        box = text.get_window_extent(renderer)
        inside = box.x0 >= -1 and box.x1 <= width + 1 and box.y0 >= -1 and box.y1 <= height + 1
        assert inside, text.get_text()
    labels = [label.get_window_extent(renderer) for label in picture.get_yticklabels()]
    assert not any(one.overlaps(other) for number, one in enumerate(labels) for other in labels[:number])


def told(picture) -> list[str]:
    return [text.get_text() for text in picture.texts]


def bars(picture) -> list[tuple[float, float, str]]:
    """Where each bar begins and ends, and its colour."""
    return [(bar.get_x(), bar.get_x() + bar.get_width(), to_hex(bar.get_facecolor())) for bar in picture.patches]


def groups(**changed) -> pd.DataFrame:
    return frame(
        "code name lost lost_low lost_high score max achieved decimals",
        ("transparency", "a", 5.25, 5.2, 5.3, 4.75, 10.0, 0.475, 2),
        ("online_payment", "b", 2.5, 2.4, 2.6, 2.5, 5.0, 0.5, 1),
        ("satisfaction", "c", NONE, 0.5, 5.0, NONE, 6.0, NONE, 1),
    ).assign(**changed)


def test_losses_are_bars_and_what_is_not_printed_a_line():
    picture = charts.loss_by_group(groups())
    assert bars(picture)[:2] == [(0, 5.25, COLOURS["transparency"]), (0, 2.5, COLOURS["online_payment"])]
    assert told(picture) == ["5.25", "2.5", "0.5 to 5.0"]
    ((line,),) = [lines.get_segments() for lines in picture.collections]
    assert line.tolist() == [[0.5, 2], [5.0, 2]]
    assert picture.get_ylim()[0] > picture.get_ylim()[1] and picture.get_xlim() == (0, pytest.approx(5.3 * 1.3))
    assert finding(picture) == "a lost most: 5.25 points"
    assert finding(charts.loss_by_group(groups(lost_high=[5.3, 2.6, 5.21]))) == "Points lost by group"
    assert finding(charts.loss_by_group(groups(lost=[None, 1.0, 1.0]))) == "a lost most: 5.2 to 5.3 points"
    assert finding(charts.loss_by_group(groups(), "Mine")) == "Mine"
    assert charts.loss_by_group(groups(lost=0.0, lost_low=0.0, lost_high=0.0)).get_xlim()[1] == 1


def test_scores_stand_inside_their_maxima():
    picture = charts.achieved_against_maximum(groups())
    assert [end for _start, end, _colour in bars(picture)[:5]] == [10, 5, 6, 4.75, 2.5]
    assert {colour for _start, _end, colour in bars(picture)[:3]} == {"#ffffff"}
    assert bars(picture)[3][2] == COLOURS["transparency"]
    assert told(picture) == ["4.75/10", "2.5/5", "?/6"] and picture.get_xlim()[1] == pytest.approx(13.2)
    assert finding(picture) == "a achieved least: 48 % of its maximum"
    unknown = groups(score=NONE, achieved=NONE)
    assert finding(charts.achieved_against_maximum(unknown)) == "No group has a published score"


def test_totals_across_a_gap_are_not_joined():
    known = ("2023-01", 50.0, 0), ("2023-02", 51.5, 1), ("2023-04", 53.0, 2), ("2023", 60.0, 2)
    past = frame("period value decimals", *known)
    picture = charts.history_of_totals(past)
    assert [list(line.get_ydata()) for line in picture.lines] == [[50, 51.5], [53]]
    assert told(picture) == ["50", "51.5", "53.00"] and picture.get_ylim() == (0, 105)
    assert finding(charts.history_of_totals(past[past["period"] == "2023"])) == "No month has a published total"


def test_an_indicator_has_the_colour_of_its_group_and_what_is_open_is_pale(april):
    rows = april.results.by_indicator.sort_values(["lost_high", "lost_low"], ascending=False, kind="stable").head(12)
    picture = charts.lost_by_indicator(april.results.by_indicator)
    found = bars(picture)
    assert [colour for *_ends, colour in found] == [COLOURS[group] for group in rows["group"] for _part in range(2)]
    assert [patch.get_alpha() for patch in picture.patches[:2]] == [None, charts.PALE]
    assert [(start, end) for start, end, _colour in found[::2]] == [(0, low) for low in rows["lost_low"]]
    assert [end for _start, end, _colour in found[1::2]] == pytest.approx(list(rows["lost_high"]))
    nearly = rows.assign(lost_low=rows["lost_high"] / 3.01)
    assert finding(charts.lost_by_indicator(nearly)).startswith("What each indicator lost is mostly open")
    nothing = charts.lost_by_indicator(rows.assign(lost_low=0.0, lost_high=0.0))
    assert finding(nothing) == "No indicator lost points" and not nothing.patches


def test_cards_are_told_apart_by_their_marks():
    picture = charts.cards_side_by_side(pd.concat([groups(card="x"), groups(card="y", lost=[1.0, 2.0, 3.0])]))
    places = [[segment[0][1] for segment in lines.get_segments()] for lines in picture.collections[::3]]
    assert places == [pytest.approx([-0.15, 0.85, 1.85]), pytest.approx([0.15, 1.15, 2.15])]
    assert [to_hex(lines.get_color()[0]) for lines in picture.collections[::3]] == [INK, MUTED]
    assert picture.collections[4].get_offsets()[:, 0].tolist() == [1, 2, 3]
    assert [text.get_text() for text in picture.get_legend().get_texts()] == ["x", "y"]


def test_the_bridge_ends_at_the_change_and_what_is_no_performance_is_hatched():
    parts = ("x", "a", "performance", 1.0), ("y", "b", "not_separable", -2.0), ("z", "c", "performance", 0.0)
    moved = frame("group name effect value", *parts)
    picture = charts.change_steps(moved)
    assert [(start, end) for start, end, _colour in bars(picture)] == [(0, 1), (1, -1), (0, -1)]
    assert [bool(patch.get_hatch()) for patch in picture.patches] == [False, True, False]
    assert told(picture) == ["+1.00", "−2.00", "−1.00"]
    legend = [text.get_text() for text in picture.get_legend().get_texts()]
    assert legend == ["performance, if one rule held", "cannot be told apart, or not performance"]
    assert len(charts.change_steps(moved.iloc[:1]).get_legend().get_texts()) == 1


def test_a_standing_is_in_percent_of_the_maximum():
    positions = frame(
        "level code name value max lower_quarter median upper_quarter place_best place_worst of quantile_high",
        ("group", "transparency", "a", 9.0, 18.0, 1.8, 3.6, 7.2, 2, 4, 34, 0.9),
        ("group", "satisfaction", "b", 5.0, 10.0, 4.0, 5.0, 6.0, 3, 3, 33, 0.5),
        ("total", "total_score", "c", 60.0, 100.0, 1.0, 1.0, 1.0, 1, 1, 34, 0.1),
    )
    picture = charts.standing(positions)
    assert [(start, end) for start, end, _colour in bars(picture)] == [pytest.approx((10, 40)), pytest.approx((40, 60))]
    assert told(picture) == ["rank 2 to 4 of 34", "rank 3 of 33"]
    assert finding(picture) == "Lowest-ranked group: b, 3 of 33"
    assert [marks.get_offsets()[0].tolist() for marks in picture.collections[1::2]] == [[50, 0], [50, 1]]
    assert finding(charts.standing(positions.iloc[2:])) == "No score of a group is published"
    assert finding(charts.standing(positions.iloc[:1])) == "Lowest-ranked group: a, 2 to 4 of 34"


def test_what_is_nothing_is_left_out_and_the_list_of_leaders_is_cut():
    shares = ("group", "a", 0.75), ("group", "b", -0.05), ("group", "c", 5e-5), ("indicator", "d", 0.5)
    assert told(charts.shares_of_spread(frame("level name share", *shares).assign(code="x"))) == ["75.0 %", "−5.0 %"]
    rows = [("transparency", name, 2.0, 1.0) for name in "abcdefghijkl"]
    picture = charts.leaders_and_others(frame("group name leaders_median others_median", *rows))
    assert len(picture.lines) == 10 and picture.lines[0].get_xdata().tolist() == [1, 2]
    colours = [to_hex(marks.get_facecolor()[0]) for marks in picture.collections[:2]]
    assert colours == ["#ffffff", COLOURS["transparency"]]


def course(**changed) -> pd.DataFrame:
    return frame(
        "period model value conf_low conf_high run flag said",
        ("2024-10", "", 50.0, NONE, NONE, 1, "", "known"),
        ("2024-11", "", NONE, NONE, NONE, 1, "", "known"),
        ("2024-12", "", 52.0, NONE, NONE, 1, "outlier", "known"),
        ("2025-01", "", 53.0, NONE, NONE, 2, "known_break", "known"),
        ("2025-02", "naive", 54.0, 51.0, 57.0, 2, "", "as last month"),
        ("2025-03", "naive", 55.0, 50.0, 60.0, 2, "", "as last month"),
    ).assign(top=100.0, figure="Total score", **changed)


def test_a_course_is_broken_where_months_are_missing_or_do_not_compare():
    picture = charts.course_of_months(course())
    lines = [list(line.get_ydata()) for line in picture.lines]
    assert lines[:3] == [[50], [52], [53]] and lines[-1] == [53, 54, 55]
    joined = charts.course_of_months(course(run=1, flag="", value=[50.0, 51.0, 52.0, 53.0, 54.0, 55.0]))
    assert [list(line.get_ydata()) for line in joined.lines] == [[50, 51, 52, 53], [53, 54, 55]]
    legend = [text.get_text() for text in picture.get_legend().get_texts()]
    assert legend == ["known", "out of line", "a break", "as last month"]
    assert [text.get_text() for text in joined.get_legend().get_texts()] == ["known", "as last month"]
    assert picture.lines[3].get_xdata()[0] == 12 * 2025 + 1 - 0.5 and picture.lines[3].get_linestyle() == "-"
    assert charts.course_of_months(course(flag=["level_break"] * 4 + [""] * 2)).lines[3].get_linestyle() == ":"
    assert picture.get_ylim() == pytest.approx((40, 70))
    assert finding(picture) == "Total score, last known, January 2025: 53.00"
    unknown = course(value=NONE, conf_low=NONE, model="", flag="")
    assert finding(charts.course_of_months(unknown)) == "No month has a figure"


# What all have in common


def test_a_picture_is_svg_that_needs_no_other_file_and_says_what_is_simulated(drawn):
    plain, labelled = (svg(drawn("gain_ranges"), label) for label in ("", LABEL))
    assert labelled["height"] - plain["height"] == round(96 * 0.65) and labelled["width"] == plain["width"]
    assert svg(drawn("gain_ranges"))["data"] == plain["data"], "the same figures give the same picture"


def test_a_picture_is_drawn_once(drawn, monkeypatch):
    """matplotlib draws one that has a layout engine twice, to throw the first away."""
    ax, times = drawn("loss_by_group"), []
    own = ax.figure.draw
    monkeypatch.setattr(ax.figure, "draw", lambda renderer: times.append(1) or own(renderer))
    svg(ax)
    assert times == [1]


def test_a_saved_picture_keeps_its_words_apart_from_its_source(drawn):
    picture = drawn("gain_ranges")
    before = picture.figure.get_size_inches()[1]
    files = as_files(picture, "Source: " + "long words " * 12)
    words = files["svg"].decode()
    assert picture.figure.get_size_inches()[1] == pytest.approx(before + 0.2 + 0.16 * 3)
    assert files["png"].startswith(b"\x89PNG")
    title, source = picture.figure.texts
    assert title.get_window_extent().y0 > source.get_window_extent().y1
    assert (source.get_fontsize(), source.get_fontweight()) == (SMALL, "normal") and LABEL not in words
    labelled = drawn("gain_ranges")
    assert LABEL in as_files(labelled, "s", LABEL)["svg"].decode()
    assert labelled.figure.texts[-1].get_fontweight() == "bold"


def test_words_are_wrapped_but_never_cut():
    assert wrapped("one-two three four", 9) == "one-two\nthree\nfour"
    assert wrapped("unbreakable", 4) == "unbreakable"


def test_numbers_of_an_axis_are_in_the_readers_language():
    use_language("vi")
    picture = charts.gain_ranges(frame("name gain_low gain_high", ("a", 0.1, 0.2)))
    FigureCanvasAgg(picture.figure).draw()
    ticks = [label.get_text() for label in picture.get_xticklabels()]
    assert "0" in ticks and "0,2" in ticks

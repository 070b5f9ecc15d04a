"""Is a number shown once as it is known, with its id, and simulated among simulated ones?"""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from analysis.interval import Interval
from analysis.language import use_language
from analysis.report.figures import Figure, Figures, amount, between, ends_of, exact, middle, whole


def figure(value=None, low=None, high=None, unit="points", decimals=1, **more) -> Figure:
    return Figure("a.b c/ý", "A", value, low, high, unit, decimals, "derived", "r", **more)


@pytest.mark.parametrize(
    ("known", "words", "number"),
    [
        (figure(1.25), "1.3", "1.25"),
        (figure(1.25, 1.2, 1.3), "1.3", "1.25"),
        (figure(None, 1.0, 2.0), "1.0 to 2.0", "1"),
        (figure(None, 1.01, 1.02), "1.0", "1.01"),
        (figure(None, 1.0, None), "unknown", "1"),
        (figure(None, None, 1.0), "unknown", ""),
        (figure(100.0, unit="percent", decimals=2), "100", "100"),
        (figure(0.0, unit="percent", decimals=2), "0", "0"),
        (figure(0.0, decimals=2), "0.00", "0"),
        (figure(99.0, unit="percent", decimals=2), "99.00", "99"),
        (figure(1.0, words="about <half>"), "about <half>", "1"),
        (figure(1 / 3), "0.3", "0.3333333333"),
    ],
)
def test_a_number_is_shown_as_it_is_known(known, words, number):
    assert str(known) == words
    escaped = words.replace("<", "&lt;").replace(">", "&gt;")
    assert known.plain == f'<data value="{number}" data-figure="a.b c/ý">{escaped}</data>'
    assert known.__html__() == f'<a class="f" href="#f-a.b_20c_2f_fd">{known.plain}</a>'


def test_a_number_is_written_in_the_readers_language():
    use_language("vi")
    assert str(figure(None, 1.25, 2.0, decimals=2)) == "1,25 đến 2,00"


def test_two_figures_cannot_have_one_id_and_none_is_added_then():
    figures = Figures.of([exact("a", "A", 1, "points", 0, "derived", "")])
    with pytest.raises(KeyError):
        figures.add([exact("b", "B", 1, "points", 0, "derived", ""), exact("a", "A", 2, "points", 0, "derived", "")])
    with pytest.raises(KeyError):
        figures.plus([exact("c", "C", 1, "points", 0, "derived", "")] * 2)
    assert list(figures) == ["a"] and list(figures.plus([exact("b", "B", 1, "points", 0, "derived", "")])) == ["a", "b"]


def test_what_stands_among_simulated_figures_is_simulated():
    real, made = exact("a", "A", 1, "points", 0, "published", ""), exact("b", "B", 1, "points", 0, "synthetic", "")
    later = exact("c", "C", 1, "points", 0, "entered", "")
    for order in ([real, made, later], [made, real, later], [real, later, made]):
        figures = Figures()
        for item in order:
            figures.add([item])
        assert {item.kind for item in figures.values()} == {"synthetic"}
        assert list(figures) == [item.id for item in order] and figures.label.startswith("SYNTHETIC FIGURES")
    assert Figures.of([real]).label == Figures().label == ""


def test_a_frame_has_a_row_a_figure_and_no_words():
    frame = Figures.of([between("a", "A", (1.0, 2.0), "points", 1, "r", 1.5)]).frame("E", "2023-04")
    assert list(frame.columns[:5]) == ["id", "label", "entity", "period", "value"] and "words" not in frame
    row = frame.iloc[0]
    assert (row["entity"], row["value"], row["low"], row["high"], row["kind"]) == ("E", 1.5, 1.0, 2.0, "derived")


def test_ends_are_both_known_or_neither():
    row = SimpleNamespace(
        lost_low=0.25, lost_high=0.5, open_low=1.0, open_high=math.nan, none_low=math.nan, none_high=1.0
    )
    assert ends_of(row, "lost", 100) == (25, 50)
    assert ends_of(row, "open") == ends_of(row, "none") == (None, None)


def test_a_rate_printed_with_two_decimals_is_one_value_and_a_wider_one_a_range():
    assert middle(Interval(33.825, 33.835)) == pytest.approx(33.83) and middle(Interval(33.8, 33.82)) is None
    assert (whole(80.0), whole(80.0000000001), whole(80.5)) == (0, 0, 2)
    assert (str(amount("a", "A", 15.0, "r")), str(amount("a", "A", 15.25, "r"))) == ("15", "15.25")

"""Is a number shown once as it is known, with its id, and simulated among simulated ones?"""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

import analysis
from analysis.interval import Interval
from analysis.language import use_language
from analysis.report.figures import (
    Figure,
    Figures,
    amount,
    between,
    ends_of,
    exact,
    middle,
    read_figures,
    whole,
    write_figures,
)


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


HOSTILE = [
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\n=1", " =1", "\xa0=1", "＝1+1", "＋1", "－1", "＠x"),
    *("'=1", "''=1", '=HYPERLINK("http://x","y")'),
]
HARMLESS = ["58,83/100", "−0,5", "a=1", "'quoted'", "", "NA", "null", 'a,b\n"c"']


def test_words_of_the_table_are_never_a_formula_and_come_back_as_they_were(tmp_path):
    """A notice may print `=1+1`; Excel would run it when the file is opened."""
    every = [*HOSTILE, *HARMLESS]
    items = [
        replace(exact(f"a{n}", words, -1.5, "points", 1, "published", words), quote=words)
        for n, words in enumerate(every)
    ]
    frame = Figures.of(items).frame("Hòa Bình", "2023-04")
    write_figures(frame, tmp_path / "figures.csv")
    content = (tmp_path / "figures.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfid,"), "Excel takes it for UTF-8 by this mark alone"
    with (tmp_path / "figures.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, words in zip(rows, every, strict=True):
        for name in ("label", "rule", "quote"):
            assert row[name] == (f"'{words}" if words in HOSTILE else words)
        assert (row["value"], row["decimals"]) == ("-1.5", "1"), "a number stays one, with its sign"
    back = read_figures(tmp_path / "figures.csv")
    pd.testing.assert_frame_equal(back, frame, check_dtype=False)
    assert pd.read_csv(tmp_path / "figures.csv")["value"].dtype == float, "pandas needs to be told nothing"


def test_a_lone_carriage_return_ends_no_row(tmp_path):
    items = [replace(exact("a", "A", 1, "points", 0, "published", "r"), quote="one\rtwo\r\n=3")]
    write_figures(Figures.of(items).frame("Hòa Bình", "2023-04"), tmp_path / "figures.csv")
    assert list(read_figures(tmp_path / "figures.csv")["quote"]) == ["one\ntwo\n=3"]


def test_every_published_figure_is_in_one_frame(project_copy, history):
    found = analysis.figures()
    assert list(found.columns) == [*history.columns, "name"]
    assert found["value"].sum() == pytest.approx(history["value"].sum()) and len(found) == len(history)
    (row,) = found.query("entity == 'Hòa Bình' and period == '2023-04' and code == 'e_result'").to_dict("records")
    known = {"value": 33.83, "unit": "percent", "quote": "33,83%", "name": "Electronic results issued"}
    assert {name: row[name] for name in known} == known
    assert set(found.loc[found["code"] == "total_score", "name"]) == {"Total score"}


def test_every_figure_of_the_reports_is_in_one_frame(project_copy):
    folder = project_copy / "reports" / "hoa-binh" / "2023-04"
    for place in (folder, folder.parents[1] / "pictures" / "x", folder.parents[1] / ".work" / "2023-04"):
        place.mkdir(parents=True)
    for name, label in (("figures.csv", "=1+1"), ("figures.en.csv", "B")):
        frame = Figures.of([exact("a", label, 1, "points", 0, "derived", "")]).frame("Hòa Bình", "2023-04")
        write_figures(frame, folder / name)
        (folder.parents[1] / "pictures" / "x" / name).write_text("none of ours", encoding="utf-8")
    found = analysis.figures(made=True)
    assert list(found["report"]) == ["hoa-binh/2023-04/figures.csv", "hoa-binh/2023-04/figures.en.csv"]
    assert list(found.columns[:5]) == ["id", "label", "entity", "period", "value"]
    assert list(found["label"]) == ["=1+1", "B"] and found["value"].dtype == float


def test_no_report_gives_an_empty_frame_with_its_columns(project_copy):
    found = analysis.figures(made=True)
    assert found.empty and "report" in found and "value" in found


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

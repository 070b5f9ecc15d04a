"""What is published is read as printed, and every line that breaks its contract is named."""

import csv
import shutil
import unicodedata

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from analysis import project
from analysis.errors import HistoryError, NoTotalError, UnknownNameError
from analysis.scorecards.history import (
    COLUMNS,
    card,
    cards,
    data_hash,
    latest_period,
    load_history,
    periods_with_total,
    row_problems,
    totals,
    with_standing,
)
from analysis.scorecards.sources import load_sources
from places import REPOSITORY

HEADER = ",".join(COLUMNS)
NUMBERS = "{} is “{}”, not a plain number with a point, such as 58.83"


@pytest.fixture
def error_of(rubrics):
    """The error of loading the copy."""

    def load():
        with pytest.raises(HistoryError) as caught:
            load_history(rubrics)
        return caught.value

    return load


@pytest.fixture
def bytes_of(project_copy):
    """bytes_of(edit) rewrites the bytes of a file of figures."""

    def rewrite(edit, file="hoa-binh.csv"):
        path = project_copy / "data" / "observations" / file
        path.write_bytes(edit(path.read_bytes()))

    return rewrite


# What loads


def test_the_copy_is_the_project(project_copy, history, rubrics):
    assert project.root() == project_copy
    assert_frame_equal(load_history(rubrics), history)


def test_every_line_of_every_file_is_a_row_in_order(history):
    assert list(history.columns) == [*COLUMNS, "file", "line", "day", "siblings"]
    assert history["value"].dtype == history["max"].dtype == float
    assert history["decimals"].dtype == history["line"].dtype == int
    places = list(zip(history["file"], history["line"], strict=True))
    assert places == sorted(places)
    lines = {path.name: path.read_bytes().count(b"\n") - 1 for path in REPOSITORY.glob("data/observations/*.csv")}
    assert history.groupby("file").size().to_dict() == lines


def test_missing_is_missing_and_zero_is_zero(change, rubrics):
    change("hoa-binh.csv", 4, value="", quote="")
    figures = card(load_history(rubrics), "Hòa Bình", "2023-04")
    assert pd.isna(figures.loc[("transparency", "points"), "value"])
    assert pd.isna(figures.loc[("full_content", "percent"), "max"])
    assert figures.loc[("data_reuse", "percent"), "value"] == 0


@pytest.mark.parametrize("edit", [lambda data: data.replace(b"\n", b"\r\n"), lambda data: b"\xef\xbb\xbf" + data])
def test_line_endings_and_a_byte_order_mark_do_not_matter(bytes_of, rubrics, history, edit):
    """Excel writes both."""
    bytes_of(edit)
    assert_frame_equal(load_history(rubrics), history)


# What does not

DECOMPOSED = unicodedata.normalize("NFD", "Hòa Bình")
MAXIMA = [(2, "101", "100"), (3, "64", "63"), (4, "19", "18")]
BROKEN_ROWS = [
    *((4, {"entity": bad}, "entity") for bad in ("", " Hòa Bình", DECOMPOSED)),
    (4, {"entity": "---"}, "entity is “---”: a name has letters"),
    (4, {"quote": "2,2/18 "}, "quote"),
    (4, {"quote": ""}, "a published figure needs its quote"),
    *((4, {"period": bad}, f"period is “{bad}”, not YYYY, YYYY-MM or YYYY-Qn") for bad in ("", "2023-13", "2023-4")),
    *((4, {"period": bad}, f"period is “{bad}”") for bad in ("04/2023", "2023-Q5", "２０２３-04")),
    *((4, {"period": old}, f"no rubric governs {old}") for old in ("2022-07", "2022")),
    (4, {"scope": "monthly"}, "scope is “monthly”, not one of month, quarter, year, year_to_date, unknown"),
    (4, {"scope": "quarter"}, "scope “quarter” does not go with period 2023-04"),
    (4, {"as_of": "24/4/2023"}, "as_of is “24/4/2023”, not a date such as 2023-04-24"),
    (4, {"as_of": "9999-01-01"}, "as_of 9999-01-01 is after today"),
    *((4, {"as_of": bad}, f"as_of is “{bad}”") for bad in ("2023-02-30", "20230424")),
    (4, {"level": "groups"}, "level is “groups”, not one of total, rank, group, indicator"),
    (4, {"level": "indicator"}, "code is not known"),
    *((4, {"unit": bad}, f"unit “{bad}” does not go with level “group”") for bad in ("percent", "score")),
    (10, {"unit": "rank"}, "unit “rank” does not go with level “indicator”"),
    (3, {"unit": "count"}, "unit “count” does not go with level “rank”"),
    (4, {"code": "transparancy"}, "code is not known to 2022-08_766-QD-TTg; nearest: transparency"),
    (4, {"code": ""}, "code is not known"),
    (2, {"code": "total"}, "nearest: total_score"),
    (10, {"code": "avg_processing_time"}, "code is not known to 2022-08_766-QD-TTg"),
    *((4, {"value": bad}, NUMBERS.format("value", bad)) for bad in ("2,2", "1e1", "-2.2", "02.2", ".5", "٢", "nan")),
    *((4, {"max": bad}, NUMBERS.format("max", bad)) for bad in ("1O", "1O0")),
    *((4, {"decimals": bad}, NUMBERS.format("decimals", bad)) for bad in ("", "10")),
    (4, {"value": "2.25"}, "value 2.25 has more than 1 decimals"),
    *((4, {"value": "18.1", **no}, "18.1 is more than the maximum 18") for no in ({}, {"max": ""})),
    *((3, {"value": "64", **no}, "64 is more than the maximum 63") for no in ({}, {"max": ""})),
    (10, {"value": "100.01"}, "100.01 % is more than 100 %"),
    (11, {"value": "23636.5"}, "a count must be a whole number, not 23636.5"),
    (11, {"decimals": "1"}, "a count must be a whole number"),
    (11, {"value": "9" * 400}, "not a plain number"),
    (3, {"value": "0"}, "a rank starts at 1"),
    (3, {"value": "24.5"}, "a rank must be a whole number, not 24.5"),
    *((line, {"max": bad}, f"max is {bad}, but 2022-08_766-QD-TTg says {good}") for line, bad, good in MAXIMA),
    (4, {"kind": "guess"}, "kind is “guess”, not one of published, derived, entered, synthetic"),
    *((4, {"source": bad}, f"source “{bad}” is not in sources.toml") for bad in ("nowhere", "")),
]
SOURCES = load_sources(REPOSITORY / "data")


@pytest.mark.parametrize(
    ("line", "fields", "text"), BROKEN_ROWS, ids=[f"{line}-{str(fields)[:30]}" for line, fields, _text in BROKEN_ROWS]
)
def test_a_broken_row_is_said_in_words(rubrics, line, fields, text):
    with (REPOSITORY / "data/observations/hoa-binh.csv").open(encoding="utf-8", newline="") as file:
        row = list(csv.DictReader(file))[line - 2]
    assert list(row_problems(row, rubrics, SOURCES)) == []
    found = list(row_problems({**row, **fields}, rubrics, SOURCES))
    assert any(text in words for words in found), found


@pytest.mark.parametrize(
    ("line", "fields"),
    [(2, {"level": "totals"}), (4, {"scope": "monthly"}), (4, {"max": "19"}), (4, {"code": ""})],
)
def test_one_mistake_is_one_finding_with_file_line_and_code(change, error_of, history, line, fields):
    change("hoa-binh.csv", line, **fields)
    error = error_of()
    (row,) = error.rows
    code = history[(history["file"] == "hoa-binh.csv") & (history["line"] == line)]["code"].iloc[0]
    place = f"hoa-binh.csv:{line} {fields.get('code', code) or '?'}: "
    assert row.startswith(place) and place in str(error)
    assert error.what == "1 findings in the figures." and "scorecard check" in error.next_step


def test_every_breakage_is_reported(change, bytes_of, error_of):
    change("bac-kan.csv", 3, value="0", quote="0")
    bytes_of(lambda data: data.replace(b"entity,", b"province,", 1), "binh-duong.csv")
    change("hoa-binh.csv", 4, value="2,2")
    change("hoa-binh.csv", 5, scope="monthly", source="nowhere")
    change("hoa-binh.csv", 57, kind="guess")
    change("lao-cai.csv", 2, max="10")
    error = error_of()
    of_hoa_binh = [f"hoa-binh.csv:{line}" for line in (4, 5, 5, 57)]
    lines = ["bac-kan.csv:3", "binh-duong.csv:1", *of_hoa_binh, "lao-cai.csv:2", "lao-cai.csv:2"]
    assert [row.split()[0] for row in error.rows] == lines
    assert error.what == "8 findings in the figures."
    assert str(error).count("\n  - ") == 6
    assert "… +3" in str(error)


@pytest.mark.parametrize(
    ("edit", "line", "text"),
    [
        (lambda data: data.replace(b"as_of", b"date", 1), 1, f"the columns must be {HEADER}; look at: date, as_of"),
        (lambda data: data.replace(b"entity,period", b"period,entity", 1), 1, "look at: their order"),
        (lambda data: data.replace(b",quote", b"", 1), 1, "look at: quote"),
        (lambda data: data.split(b"\n", 1)[1], 1, "the columns must be"),
        (lambda data: b"", 1, "the columns must be"),
        (lambda data: data.replace(b",", b";"), 1, "separated by semicolons"),  # Excel of a Vietnamese computer
        (lambda data: data.decode().encode("utf-16"), 1, "is not UTF-8: was it saved by Excel?"),
        (lambda data: data.replace("Bình,2023-04,month,2023-04-24,group".encode(), b"B\xecnh", 1), 4, "is not UTF-8"),
        (lambda data: data.replace(b',"2,2/18"', b"", 1), 4, "has 13 fields instead of 14"),
        (lambda data: data.replace(b'"2,2/18"', b"2,2/18", 1), 4, "has 15 fields instead of 14"),
        (lambda data: data.replace(b"\n", b"\n\n", 1), 2, "has 0 fields instead of 14"),
        (lambda data: data.replace(b'"2,2/18"', b'"2,2/18', 1), 4, ""),
        (lambda data: data.replace(b'"2,2/18"', b'"2,2"/18', 1), 4, ""),
        (lambda data: data.replace(b"24/63", b"24\x0b/63", 1).replace(b",2.2,", b",x,", 1), 4, "value is “x”"),
    ],
)
def test_a_file_that_is_no_table_of_figures(project_copy, bytes_of, error_of, edit, line, text):
    for path in project_copy.glob("data/observations/[!h]*.csv"):
        path.unlink()
    bytes_of(edit)
    (row,) = error_of().rows
    assert row.startswith(f"hoa-binh.csv:{line} ") and text in row


def test_what_a_later_notice_prints_replaces_the_same_figures_and_no_others(rewrite, change, rubrics):
    change("hoa-binh.csv", 5, code="transparency", max="18", source="hoa-binh-2023-04-2", as_of="2023-04-25")
    rewrite(
        "data/sources.toml",
        "[hoa-binh-2023-04]",
        '[hoa-binh-2023-04-2]\npublisher = "x"\ntitle = "x"\naccessed = 2023-05-01\n\n[hoa-binh-2023-04]',
    )
    replacement = 'entity = "Hòa Bình"\nperiod = "2023-04"\nsource = "{}"\nby = "hoa-binh-2023-04-2"\ndate = 2023-05-01'
    lines = "[[replacement]]\n" + replacement.format("hoa-binh-2023-04") + '\nreason = "x"\n\n[[correction]]'
    rewrite("data/corrections.toml", "[[correction]]", lines)
    change("hoa-binh.csv", 4, superseded_by="hoa-binh-2023-04-2")
    change("hoa-binh.csv", 5, superseded_by="hoa-binh-2023-04")
    figures = load_history(rubrics)
    found = figures[(figures["file"] == "hoa-binh.csv") & (figures["period"] == "2023-04")]
    assert len(found) == 35 and 4 not in set(found["line"]) and 5 in set(found["line"])
    rewrite("data/corrections.toml", 'source = "hoa-binh-2023-04"', 'source = "hoa-binh-2023-05"')
    with pytest.raises(HistoryError, match="matches no figures any more") as caught:
        load_history(rubrics)
    assert "hoa-binh-2023-05 → hoa-binh-2023-04-2" in caught.value.rows[0]


def test_the_same_figure_in_two_files(project_copy, error_of):
    folder = project_copy / "data" / "observations"
    shutil.copy(folder / "lao-cai.csv", folder / "yen-bai.csv")
    error = error_of()
    assert len(error.rows) == 7
    assert error.rows[0] == "yen-bai.csv:2 total_score: the same figure stands in lao-cai.csv:2"


def test_the_same_figure_twice_in_one_file_unless_of_another_date(change, error_of, rubrics, history):
    change("hoa-binh.csv", 5, code="transparency", max="18")
    assert error_of().rows == ("hoa-binh.csv:5 transparency: the same figure stands in hoa-binh.csv:4",)
    change("hoa-binh.csv", 5, as_of="2023-04-25")
    stands = "superseded_by: is “”, but the card of hoa-binh-2023-04 stands"
    assert error_of().rows == (f"hoa-binh.csv:5 {stands}",)
    change("hoa-binh.csv", 5, superseded_by="hoa-binh-2023-04")
    assert len(load_history(rubrics)) == len(history)


@pytest.mark.parametrize("leave", ["nothing", "no folder", "headers"])
def test_no_figure_at_all(project_copy, rubrics, leave):
    folder = project_copy / "data" / "observations"
    files = [path.name for path in folder.iterdir()]
    shutil.rmtree(folder)
    if leave != "no folder":
        folder.mkdir()
    if leave == "headers":
        for name in files:
            (folder / name).write_text(f"{HEADER}\n", encoding="utf-8")
    with pytest.raises(HistoryError, match="there is no figure in data/observations"):
        load_history(rubrics, project_copy / "data")


# Periods and cards


@pytest.mark.parametrize(
    ("entity", "period"),
    [("Hòa Bình", "2024-07"), ("Bắc Ninh", "2026"), ("Lâm Đồng", "2026"), ("Phú Thọ", "2026-08")],
)
def test_latest_period(history, entity, period):
    assert latest_period(history, entity) == period


@pytest.mark.parametrize("first", [0, 1, 2])
def test_a_longer_period_comes_after_those_inside_it(tiny_history, first):
    periods = ["2023", "2023-Q4", "2023-12"]
    periods = periods[first:] + periods[:first]
    history = pd.concat([tiny_history.assign(period=period) for period in periods])
    assert periods_with_total(history, "Mẫu") == ["2023-12", "2023-Q4", "2023"]
    assert latest_period(history, "Mẫu") == "2023-12"


def test_totals(history):
    rows = totals(history, "Hòa Bình")
    assert list(zip(rows["period"], rows["value"], strict=True)) == [("2023-04", 58.83), ("2024-07", 83.08)]


@pytest.mark.parametrize(
    ("name", "later", "revised_first"),
    [("as_of", "2023-02-05", True), ("as_of", "2023-02-05", False), ("scope", "unknown", False)],
)
def test_card_is_the_one_last_published(tiny_history, name, later, revised_first):
    revised = tiny_history.assign(**{name: later}, value=tiny_history["value"] + 0.1)
    published = [revised, tiny_history] if revised_first else [tiny_history, revised]
    both = with_standing(pd.concat(published, ignore_index=True))
    figures = card(both, "Mẫu", "2023-01")
    assert len(figures) == len(tiny_history)
    assert set(figures[name]) == {later}
    assert both.iloc[cards(both)["Mẫu", "2023-01"]][name].eq(later).all()


@pytest.mark.parametrize(
    ("period", "words", "near"),
    [
        ("2023-05", "Mẫu for May 2023", ("2023-01", "2023-03", "2023-06")),
        ("2030-01", "Mẫu for January 2030", ("2023-03", "2023-06", "2023-12")),
    ],
)
def test_card_of_an_unknown_month_names_it_and_suggests_the_nearest(tiny_history, period, words, near):
    months = ["2023-01", "2023-03", "2023-06", "2023-12"]
    history = pd.concat([tiny_history.assign(period=month) for month in months])
    with pytest.raises(UnknownNameError, match=f"There is no figure of {words}") as caught:
        card(history, "Mẫu", period)
    assert caught.value.rows == near


@pytest.mark.parametrize("period", ["2023-13", "04/2023", "2023-Q9", "2023-Qx", "tháng 4", ""])
def test_card_of_something_that_is_no_period(history, period):
    with pytest.raises(UnknownNameError, match="is not a period"):
        card(history, "Hòa Bình", period)


def test_card_without_total(history):
    with pytest.raises(NoTotalError, match="Hòa Bình has figures for June 2024 but no total") as caught:
        card(history, "Hòa Bình", "2024-06")
    assert len(caught.value.rows) == 5
    assert caught.value.rows[0] == "hoa-binh.csv:53 national_rank 4"
    assert caught.value.next_step == "Periods with a total: 2023-04 and 2024-07."


def test_a_total_that_is_missing_is_none(tiny_history):
    tiny_history.loc[tiny_history["code"] == "total_score", "value"] = float("nan")
    assert periods_with_total(tiny_history, "Mẫu") == [] and cards(tiny_history) == {}
    with pytest.raises(NoTotalError, match="no total"):
        card(tiny_history, "Mẫu", "2023-01")
    with pytest.raises(NoTotalError, match="No total of Mẫu is known"):
        latest_period(tiny_history, "Mẫu")


def test_many_cards_are_read_as_each_of_them_is(history):
    for entity in ("Hòa Bình", "Phú Thọ", "Bắc Kạn"):
        rows = history[history["entity"] == entity]
        found = cards(rows)
        assert [period for _entity, period in found] == periods_with_total(rows, entity)
        for (_entity, period), numbers in found.items():
            one = card(rows, entity, period)
            assert one.reset_index(drop=True).equals(rows.iloc[numbers].reset_index(drop=True))


def test_nothing_changes_the_history(history):
    before = history.copy(deep=True)
    for asked in (card(history, "Hòa Bình", "2023-04"), totals(history, "Hòa Bình")):
        asked["value"] = 0.0
    assert_frame_equal(history, before)


# The hash


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("data/observations/hoa-binh.csv", ",58.83,", ",58.84,"),
        ("data/sources.toml", "Báo Hòa Bình", "Báo Phú Thọ"),
        ("data/corrections.toml", "82.1,", "82.2,"),
        ("data/rubrics/2026-01_766-QD-TTg.toml", "value = 90", "value = 80"),
    ],
)
def test_the_hash_changes_with_every_input(rewrite, file, old, new):
    before = data_hash()
    rewrite(file, old, new)
    assert data_hash() != before


def test_the_hash_changes_with_a_name(project_copy):
    before, file = data_hash(), project_copy / "data" / "observations" / "lao-cai.csv"
    file.rename(file.with_stem("lao-cai-2"))
    assert data_hash() != before


def test_the_hash_is_that_of_the_repository_with_any_line_ending(project_copy):
    for path in [*project_copy.glob("data/**/*.csv"), *project_copy.glob("data/**/*.toml")]:
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    assert data_hash() == data_hash(REPOSITORY / "data")


def test_a_name_that_other_lines_write_otherwise_is_said(change, project_copy, rubrics):
    change("hoa-binh.csv", 4, entity="Hoá Bình")
    with pytest.raises(HistoryError) as told:
        load_history(rubrics, project_copy / "data")
    assert list(told.value.rows) == ["hoa-binh.csv:4 entity: “Hoá Bình” is “Hòa Bình” in other lines"]

import re
import shutil
import unicodedata
from itertools import pairwise

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from analysis import project
from analysis.errors import HistoryError, NoTotalError, UnknownNameError
from analysis.scorecards.entities import find_entity
from analysis.scorecards.history import (
    COLUMNS,
    card,
    data_hash,
    latest_period,
    load_history,
    periods_with_total,
    totals,
)
from analysis.scorecards.periods import month_before
from analysis.scorecards.sources import load_corrections, load_sources
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


def test_columns_types_and_order(history):
    assert list(history.columns) == [*COLUMNS, "file", "line"]
    assert history["value"].dtype == history["max"].dtype == float
    assert history["decimals"].dtype == history["line"].dtype == int
    places = list(zip(history["file"], history["line"], strict=True))
    assert places == sorted(places)


def test_every_line_of_every_file_is_a_row(history):
    lines = {path.name: path.read_bytes().count(b"\n") - 1 for path in REPOSITORY.glob("data/observations/*.csv")}
    assert history.groupby("file").size().to_dict() == lines


def test_a_figure_is_read_as_printed(history):
    total = history[(history["file"] == "hoa-binh.csv") & (history["line"] == 2)].iloc[0]
    assert total["value"] == 58.83 and total["max"] == 100 and total["decimals"] == 2
    assert total["as_of"] == "2023-04-24" and total["quote"] == "58,83/100"


def test_missing_is_missing_and_zero_is_zero(change, rubrics):
    change("hoa-binh.csv", 4, value="", quote="")
    figures = card(load_history(rubrics), "Hòa Bình", "2023-04")
    assert pd.isna(figures.loc[("transparency", "points"), "value"])
    assert pd.isna(figures.loc[("full_content", "percent"), "max"])
    assert figures.loc[("data_reuse", "percent"), "value"] == 0


@pytest.mark.parametrize("ending", [b"\r\n", b"\n"])
def test_line_endings_do_not_matter(bytes_of, rubrics, history, ending):
    bytes_of(lambda data: data.replace(b"\n", ending))
    assert_frame_equal(load_history(rubrics), history)


# What does not

DECOMPOSED = unicodedata.normalize("NFD", "Hòa Bình")


BROKEN_ROWS = [
    (4, {"entity": ""}, "entity"),
    (4, {"entity": " Hòa Bình"}, "entity"),
    (4, {"entity": DECOMPOSED}, "entity"),
    (4, {"quote": "2,2/18 "}, "quote"),
    (4, {"period": ""}, "period is “”, not YYYY, YYYY-MM or YYYY-Qn"),
    (4, {"period": "2023-13"}, "period is “2023-13”"),
    (4, {"period": "2023-4"}, "period is “2023-4”"),
    (4, {"period": "04/2023"}, "period is “04/2023”"),
    (4, {"period": "2023-Q5"}, "period is “2023-Q5”"),
    (4, {"period": "２０２３-04"}, "period is “２０２３-04”"),
    (4, {"period": "2022-07"}, "no rubric governs 2022-07"),
    (4, {"period": "2022"}, "no rubric governs 2022"),
    (4, {"scope": "monthly"}, "scope is “monthly”, not one of month, year_to_date, quarter, unknown"),
    (4, {"as_of": "24/4/2023"}, "as_of is “24/4/2023”, not a date such as 2023-04-24"),
    (4, {"as_of": "2023-02-30"}, "as_of is “2023-02-30”"),
    (4, {"as_of": "20230424"}, "as_of is “20230424”"),
    (4, {"level": "groups"}, "level is “groups”, not one of total, rank, group, indicator"),
    (4, {"level": "indicator"}, "code is not known"),
    (4, {"unit": "percent"}, "unit “percent” does not go with level “group”"),
    (4, {"unit": "score"}, "unit “score” does not go with level “group”"),
    (10, {"unit": "rank"}, "unit “rank” does not go with level “indicator”"),
    (3, {"unit": "count"}, "unit “count” does not go with level “rank”"),
    (4, {"code": "transparancy"}, "code is not known to 2022-08_766-QD-TTg; nearest: transparency"),
    (4, {"code": ""}, "code is not known"),
    (2, {"code": "total"}, "nearest: total_score"),
    (10, {"code": "avg_processing_time"}, "code is not known to 2022-08_766-QD-TTg"),
    (4, {"value": "2,2"}, NUMBERS.format("value", "2,2")),
    (4, {"value": "1e1"}, NUMBERS.format("value", "1e1")),
    (4, {"value": "-2.2"}, NUMBERS.format("value", "-2.2")),
    (4, {"value": "02.2"}, NUMBERS.format("value", "02.2")),
    (4, {"value": ".5"}, NUMBERS.format("value", ".5")),
    (4, {"value": "٢"}, NUMBERS.format("value", "٢")),
    (4, {"value": "nan"}, NUMBERS.format("value", "nan")),
    (4, {"value": "2.25"}, "value 2.25 has more than 1 decimals"),
    (4, {"value": "18.1"}, "18.1 is more than the maximum 18"),
    (4, {"value": "18.1", "max": ""}, "18.1 is more than the maximum 18"),
    (10, {"value": "100.01"}, "100.01 % is more than 100 %"),
    (11, {"value": "23636.5"}, "a count must be a whole number, not 23636.5"),
    (11, {"decimals": "1"}, "a count must be a whole number"),
    (11, {"value": "9" * 400}, "not a plain number"),
    (3, {"value": "0"}, "a rank starts at 1"),
    (3, {"value": "24.5"}, "a rank must be a whole number, not 24.5"),
    (3, {"value": "64"}, "64 is more than the maximum 63"),
    (3, {"value": "64", "max": ""}, "64 is more than the maximum 63"),
    (3, {"max": "64"}, "max is 64, but 2022-08_766-QD-TTg says 63"),
    (4, {"max": "19"}, "max is 19, but 2022-08_766-QD-TTg says 18"),
    (2, {"max": "101"}, "max is 101, but 2022-08_766-QD-TTg says 100"),
    (4, {"max": "1O"}, NUMBERS.format("max", "1O")),
    (10, {"max": "1O0"}, NUMBERS.format("max", "1O0")),
    (4, {"decimals": ""}, NUMBERS.format("decimals", "")),
    (4, {"decimals": "10"}, NUMBERS.format("decimals", "10")),
    (4, {"kind": "guess"}, "kind is “guess”, not one of published, derived, entered, synthetic"),
    (4, {"source": "nowhere"}, "source “nowhere” is not in sources.toml"),
    (4, {"source": ""}, "source “” is not in sources.toml"),
    (4, {"quote": ""}, "a published figure needs its quote"),
]


@pytest.mark.parametrize(
    ("line", "fields", "text"), BROKEN_ROWS, ids=[f"{line}-{str(fields)[:30]}" for line, fields, _text in BROKEN_ROWS]
)
def test_a_broken_row_is_named_with_file_line_and_code(change, error_of, history, line, fields, text):
    change("hoa-binh.csv", line, **fields)
    error = error_of()
    row = history[(history["file"] == "hoa-binh.csv") & (history["line"] == line)].iloc[0]
    place = f"hoa-binh.csv:{line} {fields.get('code', row['code']) or '?'}: "
    assert all(found.startswith(place) for found in error.rows), error.rows
    assert any(text in found.removeprefix(place) for found in error.rows), error.rows
    assert str(len(error.rows)) in error.what and place in str(error)
    assert "scorecard check" in error.next_step


def test_enough_kinds_of_broken_rows():
    assert len({text for _line, _fields, text in BROKEN_ROWS}) >= 25


@pytest.mark.parametrize(
    ("line", "fields"),
    [(2, {"level": "totals"}), (4, {"scope": "monthly"}), (4, {"max": "19"})],
)
def test_one_mistake_is_one_finding(change, error_of, line, fields):
    change("hoa-binh.csv", line, **fields)
    assert len(error_of().rows) == 1


def test_every_breakage_is_reported(change, bytes_of, error_of):
    change("bac-kan.csv", 3, value="0")
    bytes_of(lambda data: data.replace(b"entity,", b"province,", 1), "binh-duong.csv")
    change("hoa-binh.csv", 4, value="2,2")
    change("hoa-binh.csv", 5, scope="monthly", source="nowhere")
    change("hoa-binh.csv", 57, kind="guess")
    change("lao-cai.csv", 2, max="10")
    error = error_of()
    assert [row.split()[0] for row in error.rows] == [
        "bac-kan.csv:3",
        "binh-duong.csv:1",
        "hoa-binh.csv:4",
        "hoa-binh.csv:5",
        "hoa-binh.csv:5",
        "hoa-binh.csv:57",
        "lao-cai.csv:2",
        "lao-cai.csv:2",
    ]
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
        (lambda data: data.decode().encode("utf-16"), 1, "is not UTF-8; save the file as CSV UTF-8"),
        (lambda data: data.replace("Bình,2023-04,month,2023-04-24,group".encode(), b"B\xecnh", 1), 4, "is not UTF-8"),
        (lambda data: data.replace(b',"2,2/18"', b"", 1), 4, "has 12 fields instead of 13"),
        (lambda data: data.replace(b'"2,2/18"', b"2,2/18", 1), 4, "has 14 fields instead of 13"),
        (lambda data: data.replace(b"\n", b"\n\n", 1), 2, "has 0 fields instead of 13"),
        (lambda data: data.replace(b'"2,2/18"', b'"2,2/18', 1), 4, ""),
        (lambda data: data.replace(b'"2,2/18"', b'"2,2"/18', 1), 4, ""),
        (lambda data: data.replace(b"24/63", b"24\x0b/63", 1).replace(b",2.2,", b",x,", 1), 4, "value is “x”"),
    ],
)
def test_a_file_that_is_no_table_of_figures(bytes_of, error_of, edit, line, text):
    bytes_of(edit)
    (row,) = error_of().rows
    assert row.startswith(f"hoa-binh.csv:{line} ") and text in row


def test_a_separator_that_is_no_comma_is_named(bytes_of, error_of):
    """Excel writes semicolons on a Vietnamese computer."""
    bytes_of(lambda data: data.replace(b",", b";"))
    (row,) = error_of().rows
    assert "semicolon" in row or "“;”" in row or "comma" in row


def test_the_same_figure_in_two_files(project_copy, error_of):
    folder = project_copy / "data" / "observations"
    shutil.copy(folder / "lao-cai.csv", folder / "yen-bai.csv")
    error = error_of()
    assert len(error.rows) == 7
    assert error.rows[0] == "yen-bai.csv:2 total_score: the same figure stands in lao-cai.csv:2"


def test_the_same_figure_twice_in_one_file(change, error_of):
    change("hoa-binh.csv", 5, code="transparency", max="18")
    assert error_of().rows == ("hoa-binh.csv:5 transparency: the same figure stands in hoa-binh.csv:4",)


def test_a_figure_of_another_date_is_not_a_repetition(change, rubrics, history):
    change("hoa-binh.csv", 5, code="transparency", max="18", as_of="2023-04-25")
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


# Entities, periods and cards


@pytest.mark.parametrize("name", ["Hòa Bình", "Hoà Bình", DECOMPOSED, "hoa-binh", "HOA BINH"])
def test_find_entity(history, name):
    assert find_entity(history, name) == "Hòa Bình"


@pytest.mark.parametrize(("name", "best"), [("Hoa Bin", "Hòa Bình"), ("laocay", "Lào Cai"), ("Phú Thị", "Phú Thọ")])
def test_find_entity_suggests_the_nearest(history, name, best):
    with pytest.raises(UnknownNameError, match=f"There is no figure of “{name}”") as caught:
        find_entity(history, name)
    assert caught.value.rows[0] == best
    assert caught.value.next_step == "Did you mean one of these?"


def test_find_entity_without_a_suggestion(history):
    with pytest.raises(UnknownNameError, match="Look at the entities in data/observations") as caught:
        find_entity(history, "xyz")
    assert caught.value.rows == ()


@pytest.mark.parametrize(
    ("entity", "period"),
    [("Hòa Bình", "2024-07"), ("Bắc Ninh", "2025-12"), ("Lâm Đồng", "2026"), ("Phú Thọ", "2026-08")],
)
def test_latest_period(history, entity, period):
    assert latest_period(history, entity) == period


def test_latest_period_of_an_entity_without_total(history):
    without = history[history["code"] != "total_score"]
    with pytest.raises(NoTotalError, match="No total of Hòa Bình is known"):
        latest_period(without, "Hòa Bình")


def test_periods_with_total(history):
    assert periods_with_total(history, "Hòa Bình") == ["2023-04", "2024-07"]
    assert periods_with_total(history, "Bắc Ninh") == ["2025-10", "2025-12", "2026"]


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


@pytest.mark.parametrize(("period", "before"), [("2023-04", "2023-03"), ("2023-01", "2022-12"), ("2023-12", "2023-11")])
def test_month_before(period, before):
    assert month_before(period) == before


@pytest.mark.parametrize("period", ["2023", "2025-Q4", ""])
def test_month_before_something_else(period):
    with pytest.raises(ValueError):
        month_before(period)


def test_card(history):
    figures = card(history, "Hòa Bình", "2023-04")
    assert len(figures) == 36 and figures.index.is_unique
    assert set(figures["entity"]) == {"Hòa Bình"} and set(figures["period"]) == {"2023-04"}
    assert figures.loc[("dossier_sync", "count"), "value"] == 23636


@pytest.mark.parametrize("revised_first", [True, False])
def test_card_is_the_one_last_published(tiny_history, revised_first):
    revised = tiny_history.assign(as_of="2023-02-05", value=tiny_history["value"] + 0.1)
    cards = [revised, tiny_history] if revised_first else [tiny_history, revised]
    figures = card(pd.concat(cards), "Mẫu", "2023-01")
    assert len(figures) == len(tiny_history)
    assert set(figures["as_of"]) == {"2023-02-05"}


@pytest.mark.parametrize(
    ("period", "near"),
    [("2023-05", ("2023-01", "2023-03", "2023-06")), ("2030-01", ("2023-03", "2023-06", "2023-12"))],
)
def test_card_of_an_unknown_month_suggests_the_nearest(tiny_history, period, near):
    months = ["2023-01", "2023-03", "2023-06", "2023-12"]
    history = pd.concat([tiny_history.assign(period=month) for month in months])
    with pytest.raises(UnknownNameError, match="There is no figure of Mẫu for") as caught:
        card(history, "Mẫu", period)
    assert caught.value.rows == near


def test_card_of_an_unknown_month_names_it(history):
    with pytest.raises(UnknownNameError, match="There is no figure of Hòa Bình for May 2024") as caught:
        card(history, "Hòa Bình", "2024-05")
    assert caught.value.rows == ("2023-04", "2024-07")


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


def test_card_with_a_total_that_is_missing(tiny_history):
    tiny_history.loc[tiny_history["code"] == "total_score", "value"] = float("nan")
    assert periods_with_total(tiny_history, "Mẫu") == []
    with pytest.raises(NoTotalError, match="no total"):
        card(tiny_history, "Mẫu", "2023-01")


def test_nothing_changes_the_history(history):
    before = history.copy(deep=True)
    for entity in ("Hòa Bình", "Bắc Ninh"):
        for period in periods_with_total(history, entity):
            figures = card(history, entity, period)
            figures["value"] = 0.0
        rows = totals(history, entity)
        rows["value"] = 0.0
        latest_period(history, entity)
    find_entity(history, "hoa-binh")
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
def test_the_hash_changes_with_every_input(project_copy, rewrite, file, old, new):
    before = data_hash()
    rewrite(file, old, new)
    assert data_hash() != before


def test_the_hash_changes_with_a_name(project_copy):
    before = data_hash()
    (project_copy / "data/observations/lao-cai.csv").rename(project_copy / "data/observations/lao-cai-2.csv")
    assert data_hash() != before


def test_the_hash_is_that_of_the_repository_with_any_line_ending(project_copy):
    for path in [*project_copy.glob("data/**/*.csv"), *project_copy.glob("data/**/*.toml")]:
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    assert data_hash() == data_hash(REPOSITORY / "data")


# Sources and corrections


@pytest.mark.parametrize("load", [load_sources, load_corrections])
@pytest.mark.parametrize("break_it", ["missing", "syntax", "encoding"])
def test_a_file_that_cannot_be_read(project_copy, load, break_it):
    name = "sources.toml" if load is load_sources else "corrections.toml"
    path = project_copy / "data" / name
    data = path.read_bytes()
    line = 1 + data.split(b" = ")[0].count(b"\n")
    if break_it == "missing":
        path.unlink()
    else:
        path.write_bytes(data.replace(b" = ", b" ", 1) if break_it == "syntax" else b"# \xf2\n" + data)
    with pytest.raises(HistoryError, match=f"{name} cannot be read") as caught:
        load()
    expected = {"missing": "No such file", "syntax": f"line {line},", "encoding": "utf-8"}
    assert expected[break_it] in caught.value.rows[0]


@pytest.mark.parametrize(
    ("old", "new", "field", "text"),
    [
        ('publisher = "Báo Hòa Bình"\n', "", "publisher", "is missing"),
        ('publisher = "Báo Hòa Bình"', 'publishr = "Báo Hòa Bình"', "publishr", "not a field known"),
        ('publisher = "Báo Hòa Bình"', 'publisher = "Báo Hòa Bình"\npublished = "7/2024"', "published", "valid date"),
    ],
)
def test_a_bad_source_is_named(rewrite, old, new, field, text):
    rewrite("data/sources.toml", old, new)
    with pytest.raises(HistoryError, match=r"sources.toml does not keep its contract") as caught:
        load_sources()
    row = next(row for row in caught.value.rows if field in row and text in row)
    assert "bao-hoa-binh-2024-07" in row


@pytest.mark.parametrize(
    ("old", "new", "field", "text"),
    [
        ("reason = ", "why = ", "reason", "is missing"),
        ("reason = ", "why = ", "why", "not a field known"),
        ('"accept"', '"ignore"', "action", "'accept'"),
        ("82.1,", '"82,1",', "expect.sum", "not a number"),
        ("[[correction]]", 'correction = ["Bắc Kạn"]\n[[other]]', "", "correction, other"),
        ("[[correction]]", "correction = 5\n[[other]]", "correction", ""),
    ],
)
def test_a_bad_correction_is_named(rewrite, old, new, field, text):
    rewrite("data/corrections.toml", old, new)
    with pytest.raises(HistoryError, match=r"corrections.toml does not keep its contract") as caught:
        load_corrections()
    assert any(row.startswith("corrections.toml") and field in row and text in row for row in caught.value.rows)


def test_the_second_correction_is_told_from_the_first(rewrite):
    good = '[[correction]]\nentity = "A"\nperiod = "2023"\ncheck = "groups_to_total"\naction = "accept"\nreason = "r"\n'
    rewrite("data/corrections.toml", "[[correction]]", f"{good}expect = {{ sum = 1 }}\n\n[[correction]]")
    rewrite("data/corrections.toml", 'reason = "The', 'why = "The')
    with pytest.raises(HistoryError) as caught:
        load_corrections()
    assert all(re.search(r"Bắc Kạn|corrections\.toml:\d+|\b[12]\b", row) for row in caught.value.rows)


def test_shipped_sources_and_corrections():
    sources = load_sources(REPOSITORY / "data")
    assert sources["hoa-binh-2023-04"].number == "3220/VPUBND-NVK"
    (correction,) = load_corrections(REPOSITORY / "data")
    assert (correction.entity, correction.expect) == ("Bắc Kạn", {"sum": 82.1, "total": 82.88})


def test_no_correction_is_no_error(project_copy):
    (project_copy / "data" / "corrections.toml").write_text("", encoding="utf-8")
    assert load_corrections() == ()


def test_every_source_of_a_figure_is_older_than_its_reading(history):
    sources = load_sources(REPOSITORY / "data")
    dated = [source for source in sources.values() if source.published]
    assert dated and all(source.published <= source.accessed for source in dated)
    assert set(history["source"]) <= sources.keys()


def test_rubrics_leave_no_gap_for_figures(history, rubrics):
    assert all(sum(rubric.covers(period) for rubric in rubrics) == 1 for period in history["period"].unique())
    assert all(earlier.valid_to for earlier, _later in pairwise(rubrics))


def test_a_byte_order_mark_is_read_over(bytes_of, rubrics):
    """Excel writes one into every CSV UTF-8."""
    bytes_of(lambda data: b"\xef\xbb\xbf" + data)
    assert not load_history(rubrics).empty

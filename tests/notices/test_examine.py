"""Does a notice add up, and is it new? What does not is refused with its sentence, what is odd is named."""

from __future__ import annotations

import json
from datetime import date

import pytest

from analysis.notices import examine
from analysis.notices.documents import Document
from noticed import GOLDEN, SMALL, files, letter, run, stored, text_of


def shown(project, text: str) -> dict:
    """What `add` would store, for programs."""
    return json.loads(run("add", letter(project, text), "--dry-run", "--json", "--lang", "en")[0])


def test_json_has_the_place_of_every_figure(without_april):
    data = shown(without_april, text_of(GOLDEN))
    assert len(data["figures"]) == 36
    for item in data["figures"]:
        assert " ".join(data["text"][item["start"] : item["end"]].split()) == item["quote"]
        assert item["quote"] in item["sentence"]
    assert data["state"] == "new" and data["failures"] == [] and data["missing"] == ["certified_e_copy"]
    assert {row["check"] for row in data["checks"]} == {
        "groups_to_total",
        "shares_to_100",
        "count_to_percent",
        "whole_exists",
    }


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("17,7/20", "18,9/20", "groups against total"),
        ("58,83/100", "68,83/100", "groups against total"),
        ("537 (36,09%)", "547 (36,09%)", "count against percent"),
        ("2,2/18", "2,2/20", "the maximum printed is 20"),
        ("11,3/18", "18,5/18", "more points are printed"),
        ("17,7/20", "-17,7/20", "cannot be read for sure"),
        ("24/63", "24/34", "34 provinces are printed"),
        ("24/4/2023", "24/4/2022", "a day before"),
    ],
)
def test_what_does_not_add_up_is_named_with_its_sentence(examined, old, new, words):
    text = text_of(GOLDEN)
    assert old in text
    failures = examined(text.replace(old, new)).failures
    assert any(words in row for row in failures) and all("“" in row for row in failures), failures


def test_a_total_that_is_printed_or_known_is_not_said_to_lack(project_copy):
    """The store has all of April 2023, so that a notice of one rate of it lacks nothing that a report needs."""
    april = "Tỉnh Hòa Bình, tháng 4/2023. Tổng điểm 58,83/100."
    rate = "Tỉnh Hòa Bình, tháng 4/2023. Tỷ lệ hồ sơ cấp kết quả điện tử: 33,83%."
    assert not any("no total" in words for text in (april, rate) for words in shown(project_copy, text)["warnings"])
    other = rate.replace("4/2023", "5/2023")
    assert any("no total is printed" in words for words in shown(project_copy, other)["warnings"])


def test_what_does_not_add_up_is_not_stored(without_april):
    path = letter(without_april, text_of(GOLDEN).replace("17,7/20", "18,9/20"))
    before = files(without_april)
    _out, err = run("add", path, "--yes", "--lang", "en", code=31)
    assert "groups against total" in err and "“" in err
    assert files(without_april) == before


def test_a_date_yet_to_come_is_refused(without_april, reader, rubrics):
    text = "Tỉnh Phú Thọ tháng 11/2026 (đến 30/11/2026): tổng điểm 81,20/100 điểm, xếp hạng 3/34."
    notice, document = reader(text), Document("x.txt", b"x", "text", text)
    assert examine.examine(notice, document, rubrics, date(2026, 11, 30)).failures == []
    (words,) = examine.examine(notice, document, rubrics, date(2026, 11, 29)).failures
    assert "yet to come" in words


def test_a_jump_is_named_and_not_refused(without_april):
    text = SMALL.replace("81,20", "61,20").replace("3/63", "50/63") + " Mức độ hài lòng: 9,0/18 điểm."
    out, _err = run("add", letter(without_april, text), "--yes", "--lang", "en")
    assert "Total score: 83.08 in July 2024, now 61.20: a jump" in out
    assert "Rank: 1 in July 2024, now 50: a jump" in out
    assert "Satisfaction: 18.0 in July 2024, now 9.0: a jump" in out
    assert len(stored(without_april, "2024-08")) == 3


def test_a_jump_is_one_since_an_earlier_month_and_from_ten_points_on(without_april):
    for text in (SMALL.replace("8/2024", "5/2024").replace("81,20", "61,20"), SMALL.replace("81,20", "73,09")):
        assert not [words for words in shown(without_april, text)["warnings"] if "jump" in words]
    assert "now 73.08: a jump" in shown(without_april, SMALL.replace("81,20", "73,08"))["warnings"][-1]


@pytest.mark.parametrize(
    ("rate", "named"),
    [("6,75", True), ("77,54", False), ("77,55", True), ("57,54", False), ("57,53", True)],
)
def test_a_rate_far_from_those_of_the_last_cards_is_named(without_april, rate, named):
    """67,54 % in July 2024; ten points are the most that passes in silence."""
    warnings = shown(without_april, f"{SMALL} Tỷ lệ hồ sơ nộp trực tuyến: {rate}%.")["warnings"]
    assert any("in the last cards 67.54% to 67.54%" in words for words in warnings) == named


@pytest.mark.parametrize(("rate", "named"), [("5,24", True), ("75,20", False)])
def test_a_rate_of_a_province_without_cards_is_held_against_the_others(
    rubrics, reader, history, monkeypatch, rate, named
):
    monkeypatch.setattr(examine, "load_history", lambda _rubrics: history[history["entity"] != "Sơn La"])
    text = f"Tỉnh Sơn La tháng 9/2026 đạt 60,00/100 điểm. Tỷ lệ cấp kết quả điện tử: {rate}%."
    found = examine.examine(reader(text), Document("x.txt", b"x", "text", text), rubrics, date(2026, 11, 24))
    assert any("in other provinces" in words for words in found.warnings) == named and not found.failures


def test_rates_that_nothing_can_be_held_against_are_named(rubrics, reader, history, monkeypatch):
    monkeypatch.setattr(examine, "load_history", lambda _rubrics: history[history["kind"] == "none"])
    text = "Tỉnh Sơn La tháng 9/2026 đạt 60,00/100 điểm. Tỷ lệ cấp kết quả điện tử: 5,24%."
    found = examine.examine(reader(text), Document("x.txt", b"x", "text", text), rubrics, date(2026, 11, 24))
    assert any("too few of other provinces" in words for words in found.warnings) and not found.failures


@pytest.mark.parametrize(("today", "scope"), [(date(2024, 12, 31), "unknown"), (date(2025, 1, 1), "year")])
def test_a_year_that_is_not_over_is_not_whole(rubrics, reader, today, scope):
    text = "Năm 2024, tỉnh Sơn La đạt 78,5/100 điểm, xếp thứ 20/63."
    found = examine.examine(reader(text), Document("x.txt", b"x", "text", text), rubrics, today)
    assert {row["scope"] for row in found.rows} == {found.notice.scope} == {scope}


def test_a_total_that_was_read_is_not_called_unprinted(examined):
    found = examined(text_of(GOLDEN).replace("24/63", "24/34"))
    assert found.failures and not any("no total is printed" in words for words in found.warnings)


def test_a_month_whose_figures_are_derived_is_new(rubrics, reader, history, monkeypatch):
    text = text_of(GOLDEN)
    for kind, state in (("published", "same"), ("derived", "new")):
        monkeypatch.setattr(examine, "load_history", lambda _rubrics, kind=kind: history.assign(kind=kind))
        assert (
            examine.examine(reader(text), Document("x.txt", b"x", "text", text), rubrics, date.today()).state == state
        )


def test_a_figure_is_shown_beside_its_words(without_april):
    text = f"{SMALL} Tỷ lệ tái sử dụng dữ liệu: 0%; cấp kết quả điện tử: 40,50%."
    out, _err = run("add", letter(without_april, text), "--dry-run", "--lang", "en")
    assert "  81.20/100   …ình tháng 8/2024 (đến 31/8/2024): tổng điểm «81,20/100» điểm, xếp hạng 3/63.\n" in out
    assert "  0%   Tỷ lệ tái sử dụng dữ liệu: «0%»;\n" in out
    assert "  40.50%   cấp kết quả điện tử: «40,50%».\n" in out


def test_what_is_not_stored_is_listed_up_to_a_dozen(without_april):
    left = " ".join(f"Huyện Đà Bắc đạt {number},50%." for number in range(14))
    out, _err = run("add", letter(without_april, f"{SMALL} {left}"), "--dry-run", "--lang", "en")
    assert "Not stored (14):" in out and "  - 11,50%" in out and "12,50%" not in out
    assert "… and 2 more; --json lists all" in out


def test_a_figure_printed_anew_agrees_where_it_only_has_other_decimals(without_april):
    run("add", letter(without_april, SMALL), "--yes")
    for total, state in (("81,2", "same"), ("81,3", "other"), ("81,21", "other")):
        assert shown(without_april, SMALL.replace("81,20", total))["state"] == state


def test_what_no_rule_explains_is_named(without_april):
    data = shown(
        without_april,
        f"{SMALL} Tiến độ giải quyết: 19,5/20 điểm. Thanh toán trực tuyến: 9,5/10 điểm. "
        "Hồ sơ thanh toán trực tuyến: 1,00%.",
    )
    assert any("rule" in words or "rules" in words for words in data["warnings"])
    assert data["failures"] == []


def test_what_is_not_printed_is_said(without_april):
    assert any("the total was not checked" in words for words in shown(without_april, SMALL)["warnings"])
    no_total = shown(without_april, SMALL.replace("tổng điểm 81,20/100 điểm, ", ""))
    assert any("no total is printed" in words for words in no_total["warnings"])

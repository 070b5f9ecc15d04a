"""Numbers, dates and letters of a notice: read for sure, or broken."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.notices.tokens import clean, fold, is_broken, is_legacy, number_style, passage, read_printed, tokenise


def numbers(text: str) -> list[tuple[str, bool]]:
    """Each number of a text and whether it is broken."""
    tokens, _dates = tokenise(text)
    return [(item.text, is_broken(text, tokens, at)) for at, item in enumerate(tokens) if item.kind == "number"]


@pytest.mark.parametrize(
    "text", [
        "58,83", "(36,09%)", "17,7điểm", "58,83²", "24th", "2,2/18, 17,7/20", "đạt 537 (36,09%).",
        "18.7 out of 20", "5; 3",
    ],
)  # fmt: skip
def test_a_number_that_nothing_touches_is_whole(text):
    assert numbers(text) and all(not broken for _number, broken in numbers(text))


@pytest.mark.parametrize(
    "text", [
        "17, 7", "17 ,7", "17. 7", "5O,3", "O5,3", "8,,0", "23 636", "-2,5", "+0,5", "3-5", "3 – 5", "8,/12",
        "½5", "88·32", "88‚32", "88`32", "88|32", "5;3", "17,\n7", "447\n450", "1'234",
    ],
)  # fmt: skip
def test_a_number_that_may_be_another_is_broken(text):
    assert numbers(text)
    assert any(broken for _number, broken in numbers(text))


@pytest.mark.parametrize("text", ["17, 7", "17 ,7", "17,\n7", "58\n,83", "5 . 3", "12.\n345"])
def test_both_halves_of_a_number_that_came_apart_are_broken(text):
    found = numbers(text)
    assert len(found) == 2 and all(broken for _number, broken in found)


def test_digits_of_other_scripts_are_no_digits():
    assert [item for item in numbers("٥٨,٨٣")] == []
    assert numbers("5٢,83") and all(broken for _number, broken in numbers("5٢,83"))


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("58,83 và 23.636", ","),
        ("58.83 and 23,636", "."),
        ("23.636", None),
        ("58,83 và 58.83", "mixed"),
        ("0.338", "."),
        ("1.234,5", ","),
        ("1,234.5", "."),
        ("1.234.567", ","),
        ("1,234,567", "."),
    ],
)
def test_the_decimal_mark_is_told_by_the_text(text, style):
    assert number_style(tokenise(text)[0]) == style


@pytest.mark.parametrize(
    ("printed", "style", "value", "decimals"),
    [
        *(("58,83", ",", "58.83", 2), ("23.636", ",", "23636", 0), ("1.234,5", ",", "1234.5", 1)),
        *(("23,636", ".", "23636", 0), ("1,234.50", ".", "1234.50", 2), ("58.83", "mixed", "58.83", 2)),
        *(("447.450", ",", "447450", 0), ("09", None, "9", 0), ("10,0", ",", "10.0", 1)),
    ],
)
def test_a_printed_number_has_one_value(printed, style, value, decimals):
    assert read_printed(printed, style) == (Decimal(value), decimals)


@pytest.mark.parametrize(
    ("printed", "style"), [("23.636", None), ("23.636", "mixed"), ("08,83", ","), ("1.23,4", ","), ("", ",")]
)
def test_a_number_of_two_values_has_none(printed, style):
    with pytest.raises(ValueError):
        read_printed(printed, style)


@given(st.decimals(min_value=0, max_value=999_999, places=2), st.sampled_from([",", "."]))
def test_what_is_written_is_read_in_either_style(value, style):
    printed = f"{value:,.2f}"
    if style == ",":
        printed = printed.translate({0x2C: ".", 0x2E: ","})
    assert read_printed(printed, style) == (value, 2)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        *((text, "2023-04") for text in ("tháng 4/2023", "tháng 4 năm 2023", "Tháng 04-2023", "in April 2023")),
        *(("July 2024", "2024-07"), ("năm 2026", "2026"), ("quý IV/2025", "2025-Q4"), ("Q3/2025", "2025-Q3")),
        *((text, "2026-Q2") for text in ("Quý 2 năm 2026", "the second quarter of 2026")),
        *((text, "2023-04-24") for text in ("ngày 24/4/2023", "ngày 24 tháng 4 năm 2023", "24-4-2023")),
        *((text, "2025-09-04") for text in ("September 4, 2025", "4th of September 2025")),
    ],
)
def test_dates(text, found):
    (day,) = tokenise(text)[1]
    assert (day.iso() or day.period()) == found
    assert text[day.start : day.end].lower() in text.lower()
    assert numbers(text) == []


def test_a_day_or_month_that_does_not_exist_is_none():
    (day,) = tokenise("ngày 31/2/2023")[1]
    assert day.iso() is None
    assert tokenise("tháng 13/2023")[1] == []


def test_no_piece_stands_in_two_tokens():
    tokens, _dates = tokenise("THÁNG\n1. Nhóm 5")
    assert all(before.end <= after.start for before, after in pairwise(tokens))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Một. Đạt 58,83 điểm; hạng 3.", ("Đạt ", "58,83", " điểm;")),
        ("(58,83)", ("(", "58,83", ")")),
        ("A\t58,83\tB\nC", ("A | ", "58,83", " | B")),
        ("Một. " + "từ " * 100 + "58,83", ("từ " * 100, "58,83", "")),
    ],
)
def test_a_figure_in_its_sentence_or_its_row(text, shown):
    start = text.index("58,83")
    found = passage(text, start, start + 5)
    assert (found.before, found.quote, found.after) == shown


@pytest.mark.parametrize(
    "text", [
        "766/QĐ-TTg", "3220/VPUBND-NVK", "61/2018/NĐ-CP", "lúc 17:30", "17h00", "Bộ chỉ số 766 ", "1. Nhóm",
        "https://a.vn/58,83",
    ],
)  # fmt: skip
def test_what_is_no_figure_is_no_number(text):
    assert numbers(text) == []


def test_clean_joins_and_makes_plain_but_never_turns_a_footnote_into_a_digit():
    found = clean("Ho\u0300a Bi\u0300nh\u200b\u00a0５８，８３²\r\n½")
    assert found.text == "Hòa Bình 58,83²\n½"
    assert found.composed and found.plainer and found.invisible == 1
    same = clean("Hòa Bình 58,83")
    assert not same.composed and not same.plainer and not same.invisible


@given(st.text())
def test_folding_keeps_every_place(text):
    assert len(fold(clean(text).text)) == len(clean(text).text)


def test_the_two_places_of_a_tone_are_one_word():
    assert fold("HOÀ BÌNH") == fold("Hòa Bình")
    assert fold("thuỷ, quý, khoẻ") == fold("thủy, qúy, khỏe")
    assert fold("Ðiểm") == fold("Điểm")
    assert fold("hoa") != fold("hòa")


@pytest.mark.parametrize(
    "text", [
        "Hßa B×nh ®¹t 58,83 ®iÓm, xÕp h¹ng 24/63; c«ng khai minh b¹ch",
        "Hoøa Bình ñaït 58,83 ñieåm, xeáp haïng thöù 24; coâng khai minh baïch",
        "HÃ²a BÃ¬nh Ä‘áº¡t 58,83 Ä‘iá»ƒm, xáº¿p háº¡ng 24/63",
    ],
)  # fmt: skip
def test_letters_of_old_fonts_and_wrong_decodings_are_known(text):
    assert is_legacy(text)


@pytest.mark.parametrize("text", ["Hòa Bình đạt 58,83 điểm", "Hoa Binh scored 58.83 points", "m² và §1, «trích»", ""])
def test_other_letters_are_not_taken_for_old_fonts(text):
    assert not is_legacy(text)

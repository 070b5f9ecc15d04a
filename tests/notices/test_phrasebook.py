"""By which words notices call the figures: a new wording needs no programmer, and a wrong one is named."""

from __future__ import annotations

import tomllib
from decimal import Decimal

import pytest

from analysis.errors import HistoryError
from analysis.notices.phrasebook import load_phrasebook
from analysis.notices.reader import read
from analysis.notices.tokens import tokenise
from noticed import figures_of
from places import REPOSITORY

WORDINGS = (REPOSITORY / "data" / "wordings.toml").read_text(encoding="utf-8")


def test_a_new_wording_needs_no_programmer(rubrics, tmp_path):
    text = "Hòa Bình tháng 4/2023: 58,83/100 điểm. Kết quả số ký số đạt 33,83%."
    path = tmp_path / "wordings.toml"
    path.write_text(WORDINGS, encoding="utf-8")
    assert ("e_result", "percent") not in figures_of(read(text, rubrics, load_phrasebook(path)))
    path.write_text(WORDINGS.replace("e_result = [", 'e_result = ["kết quả số [ký] số",', 1), encoding="utf-8")
    assert figures_of(read(text, rubrics, load_phrasebook(path)))["e_result", "percent"][0] == Decimal("33.83")


def test_words_that_no_phrase_may_hold_part_it_and_a_comma_or_letters_that_touch_do_not(book):
    words, places = book.words(tokenise("Hồ sơ, TP.HCM. Đạt 5/3")[0])
    assert words == ["hồ", "sơ", "thành", "phố", "hcm", "", "đạt", "", ""]
    assert places == [0, 1, 3, 3, 5, 6, 7, 8, 10]


def test_a_phrase_does_not_end_with_the_word_that_joins_it_to_the_next(tmp_path):
    path = tmp_path / "wordings.toml"
    path.write_text(WORDINGS.replace("e_result = [", 'e_result = ["kết quả số [và]",', 1), encoding="utf-8")
    found = load_phrasebook(path).at(["kết", "quả", "số", "và", "hồ"], 0, frozenset(["e_result"]))
    assert [(item.last, item.meanings[0].name) for item in found if item.meanings[0].kind == "figure"] == [
        (3, "e_result")
    ]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("e_result = [", 'e_result = ["[hồ sơ] điện",', "less than two words"),
        ("[fillers]", "[filers]", "filers"),
        ('reach = "name"', 'reach = "nothing"', "reach"),
        ("[ordinals]", "[ordinals", "wordings.toml"),
    ],
)
def test_a_wrong_wordings_file_is_named(tmp_path, old, new, words):
    path = tmp_path / "wordings.toml"
    assert old in WORDINGS
    path.write_text(WORDINGS.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(HistoryError, match=words):
        load_phrasebook(path)


def test_every_code_of_a_rubric_has_a_wording_and_no_other_code_has(rubrics):
    known = {code for rubric in rubrics for code in rubric.named}
    assert known <= set(tomllib.loads(WORDINGS)["figures"]) <= known | {"total_score", "national_rank"}


def test_every_province_ranked_in_2026_is_known(book, history):
    ranked = set(history[history["period"] == "2026"]["entity"])
    assert len(ranked) == 34
    assert ranked == {name for name, province in book.provinces.items() if province.until is None}
    assert len(book.provinces) == 64  # the 63 of before and Huế

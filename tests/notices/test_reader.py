"""The reader of notices: the right figures with the right places, or a refusal; never other figures.

The notices are ours (`tests/notices`, figures invented but for Hòa Bình, April 2023, which are the public ones).
`hard` are notices written by someone who did not know the reader.
"""

from __future__ import annotations

import contextlib
import csv
import itertools
import json
import random
import re
import runpy
import unicodedata
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.errors import AnalysisError, BulletinError, HistoryError, UnknownNameError
from analysis.notices import examine
from analysis.notices.documents import Document
from analysis.notices.items import Candidate
from analysis.notices.phrasebook import load_phrasebook
from analysis.notices.reader import Notice, read, unwrap
from analysis.notices.tokens import sentence_at
from analysis.scorecards.history import BASE
from analysis.scorecards.sources import load_sources
from places import REPOSITORY

NOTICES = Path(__file__).parent / "files"
OURS = sorted(path.stem for path in NOTICES.glob("*.txt"))
HARD = sorted(path.stem for path in (NOTICES / "hard").glob("*.txt"))
GOLDEN = "hoa-binh-2023-04"
TODAY = date(2026, 11, 24)
Figures = dict[tuple[str, str], tuple[Decimal, int, Decimal | None]]


@pytest.fixture(scope="session")
def book():
    return load_phrasebook(REPOSITORY / "data" / "wordings.toml")


@pytest.fixture(scope="session")
def reader(rubrics, book):
    return lambda text, **about: read(text, rubrics, book, **about)


@pytest.fixture(scope="session")
def judge(rubrics, reader, history):
    """judge(text) → the figures of a notice that adds up, or None for a refusal; what is known is left out."""
    unknown = history[history["kind"] == "none"]
    sources = load_sources(REPOSITORY / "data")

    def verdict(text: str) -> Figures | None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(examine, "load_history", lambda _rubrics: unknown)
            patch.setattr(examine, "load_sources", lambda: sources)
            try:
                notice = reader(text)
                found = examine.examine(notice, Document("x.txt", b"x", "text", text), rubrics, TODAY)
            except (BulletinError, UnknownNameError):
                return None
            return None if found.failures else figures_of(notice)

    return verdict


def text_of(name: str, folder: Path = NOTICES) -> str:
    return (folder / f"{name}.txt").read_text(encoding="utf-8")


def rows_of(name: str, folder: Path = NOTICES) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def expected(name: str, folder: Path = NOTICES) -> Figures:
    return {
        (row["code"], row["unit"]): (
            Decimal(row["value"]),
            int(row["decimals"]),
            Decimal(row["max"]) if row["max"] else None,
        )
        for row in rows_of(name, folder)
    }


def figures_of(notice: Notice) -> Figures:
    return {(item.code, item.unit): (item.value, item.decimals, item.max) for item in notice.figures}


def wrong(found: Figures, wanted: Figures) -> dict:
    """The figures that are not those of the notice: other values, or figures it does not have.

    A bare 0 % or 100 % has the decimals of the other percents; where those are cut away it has none, and is then wider.
    """
    same = {key: (value[0], value[2]) for key, value in wanted.items()}
    return {
        key: (value, wanted.get(key))
        for key, value in found.items()
        if (value[0], value[2]) != same.get(key) or value[1] > wanted[key][1]
    }


# The golden notice.


def test_the_golden_notice_gives_exactly_the_known_figures(reader, history):
    notice = reader(text_of(GOLDEN))
    known = history[(history["entity"] == "Hòa Bình") & (history["period"] == "2023-04")]
    assert len(known) == 36
    assert figures_of(notice) == {
        (row.code, row.unit): (Decimal(repr(row.value)), row.decimals, None if row.max != row.max else Decimal(row.max))
        for row in known.itertuples()
    }
    assert {(item.code, item.unit): notice.quote(item) for item in notice.figures} == {
        (row.code, row.unit): row.quote for row in known.itertuples()
    }
    assert not notice.problems
    assert (notice.entity, notice.period, notice.scope, notice.as_of) == ("Hòa Bình", "2023-04", "month", "2023-04-24")
    assert (notice.number, notice.published) == ("3220/VPUBND-NVK", "2023-04-25")
    assert "certified_e_copy" in notice.missing


def test_a_place_is_where_the_words_stand(reader):
    text = text_of(GOLDEN)
    notice = reader(text)
    assert len(notice.text) == len(text)
    for item in notice.figures:
        assert text[item.start : item.end] == notice.quote(item)
        assert notice.quote(item) in notice.sentence(item)
    rate = next(item for item in notice.figures if (item.code, item.unit) == ("e_result", "percent"))
    assert "điện tử" in notice.sentence(rate)


# Notices in many styles.


@pytest.mark.parametrize("name", OURS)
def test_a_notice_gives_its_figures_and_no_others(reader, name):
    notice = reader(text_of(name))
    wanted = expected(name)
    assert wrong(figures_of(notice), wanted) == {}
    assert not notice.problems
    about = json.loads((NOTICES / f"{name}.json").read_text(encoding="utf-8"))
    assert (notice.entity, notice.period, notice.scope) == (about["entity"], about["period"], about["scope"])
    assert notice.as_of == about["as_of"]
    assert notice.number == about["number"]
    assert notice.published in (about["published"], "")
    assert len(wanted) - len(notice.figures) <= 2


def test_nearly_all_figures_of_our_notices_are_read(reader):
    assert len(OURS) >= 30
    wanted = sum(len(expected(name)) for name in OURS)
    found = sum(len(reader(text_of(name)).figures) for name in OURS)
    assert wanted > 600 and found / wanted > 0.99


@pytest.mark.parametrize("name", HARD)
def test_a_hard_notice_gives_no_other_figures(judge, name):
    found = judge(text_of(name, NOTICES / "hard"))
    assert found is None or wrong(found, expected(name, NOTICES / "hard")) == {}


def test_most_figures_of_hard_notices_are_read(reader):
    assert len(HARD) >= 15
    wanted = found = 0
    for name in HARD:
        wanted += len(expected(name, NOTICES / "hard"))
        try:
            found += len(reader(text_of(name, NOTICES / "hard")).figures)
        except BulletinError:
            continue
    assert wanted > 700 and found / wanted > 0.75


def test_quotes_are_the_words_of_the_notice(reader):
    checked = 0
    for name in OURS:
        notice = reader(text_of(name))
        quotes = {(row["code"], row["unit"]): row["quote"] for row in rows_of(name)}
        for item in notice.figures:
            quote = quotes.get((item.code, item.unit))
            if quote is not None and item.unit != "rank":
                assert " ".join(quote.split()) == notice.quote(item), name
                checked += 1
    assert checked > 600


# One notice altered.


def edits(word: str) -> list[str]:
    """Every word that one wrong key makes of this one: a mark or digit replaced, left out, or swapped with the next."""
    made = set()
    for place in range(len(word)):
        made |= {word[:place] + key + word[place + 1 :] for key in "0123456789,. "}
        made.add(word[:place] + word[place + 1 :])
        made.add(word[:place] + word[place + 1 : place + 2] + word[place] + word[place + 2 :])
    return sorted(made - {word})


def test_single_character_edits_of_the_seven_scores(reader, judge, record_property):
    """At least 85 % are caught by the notice alone; none that passes moves a score by more than 0,4."""
    text = text_of(GOLDEN)
    notice = reader(text)
    wanted = figures_of(notice)
    scores = [item for item in notice.figures if item.level in ("total", "group")]
    assert len(scores) == 7
    tried = caught = 0
    worst = Decimal(0)
    for item in scores:
        printed = text[item.start : item.end].partition("/")[0]
        for edited in edits(printed):
            found = judge(text[: item.start] + edited + text[item.start + len(printed) :])
            tried += 1
            if found is None:
                caught += 1
                continue
            key = (item.code, item.unit)
            assert key in found, edited
            assert {**found, key: None} == {**wanted, key: None}, edited
            worst = max(worst, abs(found[key][0] - item.value))
    record_property("edits", f"{caught} of {tried} caught; the worst that passes moves a score by {worst}")
    assert tried == 355
    assert caught / tried >= 0.85
    assert worst <= Decimal("0.4")


def paragraphs() -> list[str]:
    return [part for part in re.split(r"\n+", text_of(GOLDEN)) if part.strip()]


def altered() -> dict[str, str]:
    """The golden notice altered in every way that a copy may be."""
    text, parts = text_of(GOLDEN), paragraphs()
    made = {f"cut after paragraph {number}": "\n".join(parts[:number]) for number in range(len(parts))}
    made |= {
        f"without paragraph {number}": "\n".join(parts[:number] + parts[number + 1 :]) for number in range(len(parts))
    }
    made |= {
        f"paragraph {number} twice": "\n".join(parts[: number + 1] + parts[number:]) for number in range(len(parts))
    }
    made |= {
        "in NFD": unicodedata.normalize("NFD", text),
        "half in NFD": text[: len(text) // 2] + unicodedata.normalize("NFD", text[len(text) // 2 :]),
        "with wide digits": text.translate({ord(d): ord(d) + 0xFEE0 for d in "0123456789"}),
        "with wide marks": text.translate({ord(","): 0xFF0C, ord("/"): 0xFF0F, ord("%"): 0xFF05}),
        "with hard spaces": text.replace(" ", "\u00a0"),
        "with narrow spaces": text.replace(" ", "\u202f"),
        "with zero-width spaces": "\u200b".join(text),
        "with soft hyphens": text.replace("điểm", "đi\u00adểm"),
        "with marks of direction": f"\u202a{text}\u202c",
        "with a byte order mark": "\ufeff" + text,
        "with line ends of Windows": text.replace("\n", "\r\n"),
        "in capitals": text.upper(),
        "in small letters": text.lower(),
        "old tones": text.replace("òa", "oà").replace("óa", "oá").replace("ủy", "uỷ"),
        "tabs for spaces after colons": text.replace(": ", ":  "),
        "one long line": re.sub(r"\n+", ". ", text),
        "reversed paragraphs": "\n".join(reversed(parts)),
        "other total": text.replace("58,83/100", "68,83/100"),
        "other province in the total": text.replace("tỉnh đạt", "tỉnh Hà Nam đạt", 1),
        "other month in the end date": text.replace("24/4/2023", "24/4/2022"),
        "rank of 34": text.replace("24/63", "24/34"),
        "rank beyond the last": text.replace("24/63", "64/63"),
        "percent above 100": text.replace("97,05%", "197,05%"),
        "negative": text.replace("17,7/20", "-17,7/20"),
        "points for commas": text.replace(",", "."),
        "empty": "",
        "spaces": " \n\t ",
        "binary": "".join(chr(code) for code in range(1, 500)) * 3,
        "another text": "Nhân dân tỉnh Hòa Bình chào mừng ngày 30 tháng 4 năm 2023. Có 25 tiết mục và 300 người.",
        "a line of 5 MB": text + "\n" + "Hòa Bình đạt 58,83/100 điểm " * 180_000,
        "a 5 MB word": "a" * 5_000_000,
    }
    for group, top in (
        ("2,2/18", 18),
        ("17,7/20", 20),
        ("8,0/12", 12),
        ("9,5/10", 10),
        ("11,3/18", 18),
        ("10,0/22", 22),
    ):
        made[f"{group} of another maximum"] = text.replace(group, group.replace(f"/{top}", f"/{top + 2}"))
        made[f"{group} with another score besides"] = text + f"\n{group_name(text, group)}: 1,1/{top} điểm"
        made[f"{group} more than its maximum"] = text.replace(group, f"{top},5/{top}")
    shuffler = random.Random(1)
    for number in range(6):
        made[f"shuffled {number}"] = "\n".join(shuffler.sample(parts, len(parts)))
    return made


def group_name(text: str, score: str) -> str:
    line = next(line for line in text.split("\n") if score in line)
    return re.sub(r"^[^\w]*[\w.]*\)?\s*", "", line[: line.index(score)]).strip(" :,-")


ALTERED = altered()


def test_there_are_enough_altered_notices():
    assert len(ALTERED) >= 80


@pytest.mark.parametrize("how", ALTERED)
def test_an_altered_notice_gives_right_figures_or_a_refusal(judge, how):
    found = judge(ALTERED[how])
    assert found is None or wrong(found, expected(GOLDEN)) == {}


@pytest.mark.parametrize(
    "how",
    ["in NFD", "half in NFD", "with wide digits", "with wide marks", "with hard spaces", "with narrow spaces",
     "with zero-width spaces", "with marks of direction", "with a byte order mark", "with line ends of Windows",
     "in capitals", "old tones", "reversed paragraphs", "with soft hyphens"],
)  # fmt: skip
def test_a_harmless_change_changes_nothing(judge, how):
    found = judge(ALTERED[how])
    assert found is not None
    assert len(found) >= 34


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("2,2/18 of another maximum", "the maximum printed is 20"),
        ("11,3/18 more than its maximum", "more points are printed"),
        ("17,7/20 with another score besides", "printed twice with different values"),
        ("rank of 34", "provinces are printed"),
        ("other total", "58,83|68,83|groups against total"),
        ("negative", "cannot be read for sure"),
    ],
)
def test_a_refusal_names_the_sentence(reader, rubrics, history, how, words, monkeypatch):
    monkeypatch.setattr(examine, "load_history", lambda _rubrics: history[history["kind"] == "none"])
    monkeypatch.setattr(examine, "load_sources", lambda: load_sources(REPOSITORY / "data"))
    notice = reader(ALTERED[how])
    found = examine.examine(notice, Document("x.txt", b"x", "text", ALTERED[how]), rubrics, TODAY)
    assert any(re.search(words, row) for row in found.failures), found.failures
    assert all("“" in row for row in found.failures)


# Which province, which month.

ONE = "Tỉnh {entity} tháng {month}/2023: tổng điểm 58,83/100 điểm, xếp hạng 24/63."


def test_the_province_and_the_month_come_from_the_text(reader):
    notice = reader(ONE.format(entity="Hà Giang", month=5))
    assert (notice.entity, notice.period) == ("Hà Giang", "2023-05")


@pytest.mark.parametrize(
    ("text", "about", "words"),
    [
        ("Tổng điểm tháng 4/2023: 58,83/100 điểm.", {}, "names no province"),
        (ONE.format(entity="Hà Giang", month=4), {"entity": "Hòa Bình"}, "not of Hòa Bình"),
        (ONE.format(entity="Hà Giang", month=4), {"entity": "Hoa Binhh"}, "is not a province"),
        ("Tỉnh Hòa Bình: tổng điểm 58,83/100 điểm.", {}, "does not say which month"),
        (ONE.format(entity="Hòa Bình", month=4), {"period": "2023-05"}, "not of May 2023"),
        ("Hòa Bình. Tháng 4/2023 tỉnh Hà Nam đạt 58,83/100 điểm.", {}, "names several provinces"),
        ("Tháng 3/2023. Tỉnh Hòa Bình tháng 4/2023 đạt tổng điểm 58,83/100.", {}, "names several months"),
        ("Tỉnh Hòa Bình tháng 8/2025: tổng điểm 58,83/100 điểm.", {}, "ended with June 2025"),
    ],
)
def test_what_the_notice_is_of_is_not_guessed(reader, text, about, words):
    with pytest.raises(BulletinError, match=words):
        reader(text, **about)


def test_a_month_without_rules_is_an_unknown_name(reader):
    with pytest.raises(UnknownNameError):
        reader(ONE.format(entity="Hòa Bình", month=4).replace("2023", "2021"))


def test_what_the_user_says_helps_where_the_text_is_silent(reader):
    notice = reader("Tổng điểm: 58,83/100 điểm.", entity="hoa-binh", period="2023-04")
    assert (notice.entity, notice.period) == ("Hòa Bình", "2023-04")


# What a number may not be taken for.


@pytest.mark.parametrize(
    "sentence",
    [
        "Tỷ lệ hồ sơ nộp trực tuyến tăng 5,25% so với tháng 3/2023.",
        "Tháng trước tỷ lệ hồ sơ nộp trực tuyến đạt 91,80%.",
        "Tỷ lệ hồ sơ nộp trực tuyến của huyện Đà Bắc đạt 91,80%.",
        "Mục tiêu tỷ lệ hồ sơ nộp trực tuyến đạt 91,80%.",
        "Tỷ lệ hồ sơ nộp trực tuyến bình quân chung cả nước là 91,80%.",
        "Hà Nam: tỷ lệ hồ sơ nộp trực tuyến 91,80%.",
        "Tỷ lệ hồ sơ không nộp trực tuyến là 8,20%.",
        "Tỷ lệ hồ sơ nộp trực tuyến đạt hơn 91,80%.",
        "Tỷ lệ hồ sơ nộp trực tuyến tháng 3/2023 là 91,80%.",
        "Tỷ lệ hồ sơ nộp trực tuyến và hồ sơ thanh toán trực tuyến là 91,80%.",
        "Tỷ lệ hồ sơ nộp trực tuyến qua bưu cục xã hội hóa: 91,80%.",
        "Tỷ lệ hồ sơ nộp trực tuyến đạt 91,80% kế hoạch.",
        "Tỷ lệ hồ sơ nộp trực tuyến đạt 91,80% vào tháng 3/2023.",
        "Có 91,80% hồ sơ nộp trực tuyến ở cấp xã.",
        "Tỷ lệ hồ sơ nộp trực tuyến cả nước đạt 91,80%.",
        "Năm ngoái, tỷ lệ hồ sơ nộp trực tuyến đạt 91,80%.",
        "Tỉnh đứng thứ 5 khu vực.",
        "Tỉnh đứng thứ 5/63 về số hóa hồ sơ.",
        "Số hồ sơ nộp trực tuyến trị giá 5 triệu.",
        "Tại TP. Hòa Bình, tỷ lệ hồ sơ nộp trực tuyến đạt 91,80%.",
        "Tỷ lệ hồ sơ nộp trực tuyến, hồ sơ thanh toán trực tuyến lần lượt: 91,80%; 60,10%.",
    ],
)
def test_another_number_is_not_the_figure(reader, sentence):
    notice = reader(f"Hòa Bình tháng 4/2023 đạt 58,83/100 điểm. {sentence}")
    assert [item.code for item in notice.figures] == ["total_score"]
    assert any(notice.quote(item) in sentence for item in notice.unread)


def test_of_an_old_and_a_new_value_the_new_one_is_read(reader):
    notice = reader("Hòa Bình tháng 4/2023 đạt 58,83/100 điểm. Tỷ lệ hồ sơ nộp trực tuyến từ 60,10% lên 65,20%.")
    assert [str(item.value) for item in notice.figures if item.code == "online_submission"] == ["65.20"]


@pytest.mark.parametrize("number", ["2.", "2)", "(2)", "2.1", "Mục 2:", "Chỉ số 2"])
def test_the_number_of_a_list_is_not_a_figure(reader, number):
    notice = reader(f"Hòa Bình tháng 4/2023 đạt 58,83/100 điểm.\n{number} Hồ sơ nộp trực tuyến: 91,80%.")
    assert [(item.code, item.unit) for item in notice.figures[1:]] == [("online_submission", "percent")]


def test_a_row_of_another_unit_in_a_table_is_left(reader):
    notice = reader(
        "Hòa Bình tháng 4/2023 đạt 58,83/100 điểm.\n"
        "Đơn vị\tHồ sơ nộp trực tuyến\tHồ sơ thanh toán trực tuyến\nLạc Sơn\t50,1%\t40,2%\nCả nước\t61,1%\t51,2%"
    )
    assert [item.code for item in notice.figures] == ["total_score"]
    assert len(notice.unread) == 4


def test_the_notice_of_a_district_is_refused(reader):
    text = "UBND HUYỆN ĐÀ BẮC\nHòa Bình tháng 4/2023 đạt 58,83/100 điểm."
    with pytest.raises(BulletinError, match="ĐÀ BẮC"):
        reader(text)
    assert reader(text, entity="hoa-binh").entity == "Hòa Bình"


def test_a_named_indicator_without_a_figure_is_missing_and_not_zero(reader):
    notice = reader("Hòa Bình tháng 4/2023 đạt 58,83/100 điểm. Tỷ lệ cấp kết quả điện tử: chưa có số liệu.")
    assert notice.missing == ("e_result",)
    assert [item.code for item in notice.figures] == ["total_score"]


def test_a_count_called_a_rate_is_a_count(reader):
    notice = reader("Hòa Bình tháng 4/2023: 58,83/100 điểm. Tỷ lệ hồ sơ đồng bộ lên Cổng DVCQG: 23.636 hồ sơ.")
    (item,) = [item for item in notice.figures if item.code == "dossier_sync"]
    assert (item.unit, item.value) == ("count", 23636)


def test_five_groups_without_maxima_are_told_by_the_total(reader):
    text = (
        "Hòa Bình tháng 4/2023 tổng điểm 60,0/100. Công khai, minh bạch: 10,0 điểm. Tiến độ giải quyết: 15,0 điểm. "
        "Dịch vụ công trực tuyến: {online} điểm. Mức độ hài lòng: 10,0 điểm. Số hóa hồ sơ: 14,0 điểm."
    )
    codes = {item.code for item in reader(text.format(online="11,0")).figures}
    assert "online_service" in codes and "online_service_provision" not in codes


def test_the_scored_rate_on_time_is_told_by_the_score(reader):
    text = (
        "Phú Thọ tháng 5/2026: 70,00/100 điểm. Tiến độ giải quyết: 19,10/20 điểm. Hồ sơ giải quyết đúng hạn: {rate}%."
    )
    assert ("on_time", "percent") in figures_of(reader(text.format(rate="95,50")))
    assert ("reported_on_time", "percent") in figures_of(reader(text.format(rate="99,30")))


def test_a_count_of_a_whole_keeps_the_whole(reader):
    found = figures_of(reader("Hòa Bình tháng 4/2023: 58,83/100. Hồ sơ nộp trực tuyến: 97,05% (1.940/1.999 hồ sơ)."))
    assert found["online_submission", "count"][0] == 1940
    assert found["online_submission" + BASE, "count"][0] == 1999


def test_a_column_that_is_not_known_is_not_read(reader):
    text = "Hòa Bình tháng 4/2023: 58,83/100 điểm.\nChỉ tiêu\t{head}\tTỷ lệ (%)\nCấp kết quả điện tử\t50,00\t33,83\n"
    for head in ("Tháng 3/2023", "Kế hoạch năm", "Bình quân cả nước", "So với kỳ trước"):
        found = figures_of(reader(text.format(head=head)))
        assert found["e_result", "percent"][0] == Decimal("33.83"), head


def test_broken_lines_are_joined_and_lists_are_not():
    wrapped = (
        "một hai ba bốn năm sáu bảy tám chín mười mười một mười hai\n"
        "mười ba mười bốn mười lăm mười sáu mười bảy mười tám ngày\nhết."
    )
    assert "\n" not in unwrap(wrapped)
    listed = "- một hai ba bốn năm sáu bảy tám chín mười mười một mười hai;\n- hai\n- ba"
    assert unwrap(listed) == listed
    assert len(unwrap(wrapped)) == len(wrapped)


# Wordings.


def test_a_new_wording_needs_no_programmer(rubrics, tmp_path):
    text = "Hòa Bình tháng 4/2023: 58,83/100 điểm. Kết quả số ký số đạt 33,83%."
    path = tmp_path / "wordings.toml"
    words = (REPOSITORY / "data" / "wordings.toml").read_text(encoding="utf-8")
    path.write_text(words, encoding="utf-8")
    assert ("e_result", "percent") not in figures_of(read(text, rubrics, load_phrasebook(path)))
    path.write_text(words.replace("e_result = [", 'e_result = ["kết quả số [ký] số",', 1), encoding="utf-8")
    assert figures_of(read(text, rubrics, load_phrasebook(path)))["e_result", "percent"][0] == Decimal("33.83")


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
    text = (REPOSITORY / "data" / "wordings.toml").read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(HistoryError, match=words):
        load_phrasebook(path)


def test_every_wording_is_of_a_code_that_a_rubric_has(book, rubrics):
    import tomllib

    words = tomllib.loads((REPOSITORY / "data" / "wordings.toml").read_text(encoding="utf-8"))
    known = {code for rubric in rubrics for code in rubric.named} | {"total_score", "national_rank"}
    assert set(words["figures"]) <= known
    assert {code for rubric in rubrics for code in rubric.named} - set(words["figures"]) == set()


def test_every_province_ranked_in_2026_is_known(book, history):
    ranked = set(history[history["period"] == "2026"]["entity"])
    assert len(ranked) == 34
    assert ranked == {name for name, province in book.provinces.items() if province.until is None}
    assert len(book.provinces) == 64  # the 63 of before and Huế


# Hostile texts.

WORDS = [line for name in OURS[:12] for line in text_of(name).split("\n") if line.strip()]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=30)), max_size=25),
    st.sampled_from(["\n", " ", "\t", ". "]),
)
def test_no_text_breaks_the_reader(reader, lines, mark):
    try:
        notice = reader(mark.join(lines))
    except AnalysisError:
        return
    assert all(
        isinstance(item, Candidate) and 0 <= item.start < item.end <= len(notice.text) for item in notice.figures
    )
    assert len({(item.code, item.unit) for item in notice.figures}) == len(notice.figures)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_cut_or_doubled_piece_changes_only_its_own_sentences(reader, judge, data):
    text = text_of(GOLDEN)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 400)))
    made = text[:start] + data.draw(st.sampled_from(["", text[start:end] * 2])) + text[end:]
    found = judge(made)
    touched = [
        item
        for item in reader(text).figures
        for first, last in [sentence_at(text, item.start, item.end)]
        if first <= end + 1 and start <= last + 1
    ]
    keys, values = {(item.code, item.unit) for item in touched}, {item.value for item in touched}
    for key, (figure, _wanted) in wrong(found or {}, expected(GOLDEN)).items():
        assert key in keys or figure[0] in values, (made[start - 80 : start + 80], key, figure)


MASSES = runpy.run_path(str(REPOSITORY / "benchmarks" / "notices.py"))["PIECES"]


@pytest.mark.parametrize("piece", MASSES.values(), ids=MASSES)
def test_a_mass_of_one_piece_moves_no_score(reader, piece):
    """How the time grows with it: benchmarks/notices.py."""
    head = "Hòa Bình tháng 4/2023 đạt 58,83/100 điểm. "
    with contextlib.suppress(AnalysisError):
        assert figures_of(reader(head + piece * (9_000 // len(piece)))).get(("total_score", "points")) in (
            None,
            (Decimal("58.83"), 2, Decimal(100)),
        )
    with pytest.raises(BulletinError):
        reader(head + piece * (200_000 // len(piece)))


def test_all_pairs_of_lines_keep_their_figures(reader):
    """Two lines of a notice one after the other give the figures that each gives, or fewer."""
    head = "Hòa Bình tháng 4/2023 đạt 58,83/100 điểm."
    lines = [line for line in paragraphs() if re.search(r"\d", line)][6:26]
    alone = {line: figures_of(reader(f"{head}\n{line}")) for line in lines}
    for first, second in itertools.permutations(lines, 2):
        both = figures_of(reader(f"{head}\n{first}\n{second}"))
        either = {**alone[first], **alone[second]}
        assert {key: value for key, value in both.items() if value[0] != either.get(key, value)[0]} == {}

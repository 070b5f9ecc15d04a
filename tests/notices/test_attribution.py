"""Which number of a notice belongs to which name, and which to none?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from analysis.notices.items import Amount, Tops, candidates_of, items_of
from analysis.notices.phrasebook import load_phrasebook
from analysis.notices.tokens import tokenise
from analysis.scorecards.history import BASE, RANK
from noticed import figures_of

HEAD = "Hòa Bình tháng 4/2023 đạt 58,83/100 điểm."


def beside(reader, words: str) -> dict[tuple[str, str], str]:
    """The figures of a notice of Hòa Bình beside its total: (code, unit) → value."""
    found = {key: str(value[0]) for key, value in figures_of(reader(f"{HEAD} {words}")).items()}
    assert found.pop(("total_score", "points")) == "58.83"
    return found


@pytest.mark.parametrize(
    "sentence",
    [
        "\nĐơn vị\tHồ sơ nộp trực tuyến\nLạc Sơn\t50,1%\nCả nước\t61,1%",
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
        "Xét trên phạm vi cả nước, có 90 % thủ tục. Tỷ lệ hồ sơ nộp trực tuyến đạt 91,80%.",
        "Huyện Đà Bắc dẫn đầu. Tỷ lệ hồ sơ nộp trực tuyến đạt 91,80%.",
        "Nếu tỷ lệ hồ sơ nộp trực tuyến đạt 91,80%, điểm sẽ tăng.",
        "Từ ngày 01/01/2022 đến 19/4/2023, tỷ lệ hồ sơ nộp trực tuyến đạt 91,80%.",
        "Trong 4 tháng năm 2023, tỷ lệ hồ sơ nộp trực tuyến đạt 91,80%.",
        "Phấn đấu đạt chuẩn, tỷ lệ hồ sơ nộp trực tuyến 91,80%.",
        "So với tháng 3/2023: công khai, minh bạch 0,5 điểm.",
        "Mỗi phần trăm cấp kết quả điện tử tương ứng 0,06 điểm.",
        "Trong số hồ sơ trực tuyến, 60% thanh toán trực tuyến.",
        "Có 3/63 tỉnh đạt chuẩn.",
        "Mục tiêu quý II:\n- Công khai, minh bạch: 16,5 điểm",
        "Theo chỉ số khác (PAR INDEX), tỉnh đạt 92,18 điểm.",
        "Gồm dịch vụ công trực tuyến (12 điểm) và thanh toán trực tuyến (10 điểm).",
        "Hòa Bình cao hơn trung bình cả nước 2,35 điểm.",
        "Tại TP. Hòa Bình, tỷ lệ hồ sơ nộp trực tuyến đạt 91,80%.",
        "Công khai, minh bạch và tiến độ giải quyết tăng lần lượt 0,5 và 0,1 điểm.",
        "Bình quân cả nước công khai, minh bạch và số hóa hồ sơ lần lượt đạt 14,0 và 13,0 điểm.",
        "Công khai, minh bạch tháng 3 và tháng 4 lần lượt đạt 15,0 và 15,4 điểm.",
        "So với tháng 3/2023 (57,10 điểm), tỉnh tiến bộ ở thanh toán trực tuyến 0,5 điểm.",
        "Tỷ lệ hồ sơ nộp trực tuyến đạt 95% so với kế hoạch.",
        "Khu vực Hòa Bình cũ đạt 59,10 điểm, thanh toán trực tuyến 8,6 điểm.",
        "Vì sao tỷ lệ hồ sơ nộp trực tuyến chỉ đạt 91,80%?",
        "\nKết quả tháng 3/2023\nTỷ lệ hồ sơ nộp trực tuyến đạt 91,80%.",
        "\nKết quả của Sở Tư pháp\nCông khai, minh bạch đạt 15,5 điểm.",
        "\nSố liệu tỉnh Sơn La\nCông khai, minh bạch đạt 15,5 điểm.",
        "\nB. Quý I năm 2023\nCông khai, minh bạch đạt 15,5 điểm.\n- Số hóa hồ sơ đạt 9,1 điểm.",
        "\nII. Sở Tư pháp\nNhóm chỉ số\tĐiểm\nCông khai, minh bạch\t17,5",
        "\nKết quả tháng 3/2023:\nNhóm chỉ số\tĐiểm\nCông khai, minh bạch\t15,5",
        "Theo kết quả tự chấm, công khai, minh bạch đạt 15,5 điểm.",
        "\nThanh toán trực tuyến tốt hơn số hóa hồ sơ. Nhóm này đạt 8,5 điểm.",
        "\nTập trung thực hiện chỉ tiêu tỷ lệ hồ sơ nộp trực tuyến 91,80%.",
    ],
)
def test_another_number_is_not_the_figure(reader, sentence):
    notice = reader(f"{HEAD} {sentence}")
    assert [item.code for item in notice.figures] == ["total_score"]
    assert any(notice.quote(item) in sentence for item in notice.unread)


SCORES = "\nChỉ tiêu\tĐiểm tối đa\tĐiểm đạt\nCông khai, minh bạch\t18\t{score}\nXếp hạng\t{ranked}\t24"
STRANGE = "anh bà chị dì em già hai ích kia"
UNSURE = "cannot be read for sure"
OF_LISTS = ("2.", "2)", "(2)", "2.1", "Mục 2:", "Chỉ số 2")
COLUMNS = "\nChỉ tiêu\t{head}\tTỷ lệ (%)\nCấp kết quả điện tử\t50,00\t33,83"
UNKNOWN = ("Tháng 3/2023", "Kế hoạch năm", "Bình quân cả nước", "So với kỳ trước")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        *((f"\n{number} Hồ sơ nộp trực tuyến: 91,80%.", {"online_submission": "91.80"}) for number in OF_LISTS),
        *((COLUMNS.format(head=head), {"e_result": "33.83"}) for head in UNKNOWN),
        ("Hồ sơ nộp trực tuyến từ 60,10% lên 65,20%.", {"online_submission": "65.20"}),
        ("Hồ sơ nộp trực tuyến 60,10% lên 65,20%.", {"online_submission": "65.20"}),
        ("Tỷ lệ hồ sơ đồng bộ lên Cổng DVCQG: 23.636 hồ sơ.", {"dossier_sync": "23636"}),
        ("Xếp hạng toàn quốc 24/63.", {"national_rank": "24"}),
        ("Hòa Bình đứng đầu cả nước.", {"national_rank": "1"}),
        ("Xếp thứ hai mươi tư (24/63).", {"national_rank": "24"}),
        ("Xếp hạng tăng 1 bậc lên thứ 24/63.", {"national_rank": "24"}),
        ("Hòa Bình was second among 63 provinces.", {"national_rank": "2"}),
        ("Số hóa HS 11,51% (0,46đ/4đ).", {"digitised": "0.46"}),
        (
            "So với tháng 3/2023, các nhóm như sau:\n- Số hóa hồ sơ 13,8 điểm (tháng 3 là 13,6)",
            {"digitisation": "13.8"},
        ),
        ("Số hóa hồ sơ giảm từ 15,3 xuống còn 15,1 điểm.", {"digitisation": "15.1"}),
        ("Cao nhất là mức độ hài lòng với 16,1/18 điểm.", {"satisfaction": "16.1"}),
        (
            "Xét trên phạm vi cả nước là thấp. Tại tỉnh, hồ sơ nộp trực tuyến đạt 91,80%.",
            {"online_submission": "91.80"},
        ),
        ("Tỷ lệ thủ tục công bố đúng hạn 91,8 phần trăm.", {"published_on_time": "91.8"}),
        ("Có 352 TTHC có nghĩa vụ tài chính được cung cấp trên Cổng.", {"fee_procedures_integrated": "352"}),
        (
            "\nNhóm\tNgày 23/4\tNgày 24/4\nCông khai, minh bạch\t2,1\t2,2\nSố liệu đến ngày 24/4/2023",
            {"transparency": "2.2"},
        ),
        ("\nNhóm\tHà Nam\tHòa Bình\nCông khai, minh bạch\t2,1\t2,2", {"transparency": "2.2"}),
        ("Hòa Bình đứng đầu cả nước cùng Hà Nam.", {}),
        ("Hòa Bình được 58,83/100, thứ 24/63.", {"national_rank": "24"}),
        (
            "Công khai, minh bạch 2,2/18 điểm; 58,83/100, xếp hạng 24/63.",
            {"transparency": "2.2", "national_rank": "24"},
        ),
        ("Công khai, minh bạch 2,2/18, tổng điểm xếp thứ 24/63.", {"transparency": "2.2", "national_rank": "24"}),
        ("Công khai, minh bạch ngành, 2,2/18 điểm.", {"transparency": "2.2"}),
        (f"Công khai, minh bạch {STRANGE[:-4]} 2,2/18 điểm.", {"transparency": "2.2"}),
        ("Sau tháng 3/2023, tháng 4/2023 hồ sơ nộp trực tuyến đạt 91,80%.", {"online_submission": "91.80"}),
        ("91,80% cấp kết quả điện tử 60,10%.", {"e_result": "60.10"}),
        ("Hồ sơ nộp trực tuyến 91,80%, 1940.", {"online_submission": "91.80"}),
        ("Hồ sơ nộp trực tuyến: 5,5 điểm.", {"online_submission": "5.5"}),
        ("Số hóa hồ sơ tối đa của nhóm hồ sơ là 22 điểm.", {}),
        ("Hà Nam đạt 60,10%, Hòa Bình có hồ sơ nộp trực tuyến 91,80%.", {"online_submission": "91.80"}),
        ("\nTỷ lệ hồ sơ nộp trực tuyến:\n91,80%", {"online_submission": "91.80"}),
        (SCORES.format(score="2,2", ranked=63), {"transparency": "2.2", "national_rank": "24"}),
        ("\nChỉ tiêu\tĐơn vị tính\tTháng 4/2023\nCấp kết quả điện tử\t%\t33,83", {"e_result": "33.83"}),
        (
            "\nChỉ tiêu\tHà Nam\tTháng 4/2023\n\tTỷ lệ (%)\tTỷ lệ (%)\nCấp kết quả điện tử\t50,00\t33,83",
            {"e_result": "33.83"},
        ),
        ("\nSTT\tChỉ tiêu\tCột một\tCột hai\n1\tCấp kết quả điện tử\t50,00%\t33,83%", {}),
        ("Mức độ hài lòng trong xử lý phản ánh kiến nghị đạt 91,80%.", {"petition_satisfaction": "91.80"}),
        (
            "\nĐơn vị\tHồ sơ nộp trực tuyến\tCấp kết quả điện tử\nUBND tỉnh Hòa Bình\t50,1%\t40,2%",
            {"online_submission": "50.1", "e_result": "40.2"},
        ),
    ],
)
def test_a_number_goes_to_its_name_and_to_no_other(reader, words, found):
    assert {code: value for (code, _unit), value in beside(reader, words).items()} == found


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("Công khai, minh bạch xếp hạng 5/63.", "the rank of a group"),
        ("Tỷ lệ hồ sơ nộp trực tuyến không đạt 91,80%.", "says that it is not so"),
        ("Tỷ lệ hồ sơ nộp trực tuyến 3 tháng đầu năm 2023 đạt 91,80%.", "since January"),
        ("Tỷ lệ hồ sơ nộp trực tuyến và đạt 91,80%.", "no name that is known"),
        ("Hồ sơ nộp trực tuyến, hồ sơ thanh toán trực tuyến, cấp kết quả điện tử: 91,80%.", "no name that is known"),
        ("\nTỷ lệ hồ sơ nộp trực tuyến:\nđạt, 91,80%", "no name that is known"),
        ("Tỷ lệ hồ sơ nộp trực tuyến: 3.", "counts something else"),
        ("Tỷ lệ hồ sơ nộp trực tuyến: 191,80%.", "does not fit"),
        ("Hồ sơ nộp trực tuyến: 1.999/1.940 hồ sơ.", "does not fit"),
        ("Hồ sơ nộp trực tuyến: 9,5 điểm.", "does not fit"),
        ("Hồ sơ nộp trực tuyến: 5,5/18 điểm.", "does not fit"),
        ("\nCấp xã:\n- Hồ sơ nộp trực tuyến: 91,80%\n- Cấp kết quả điện tử: 33,83%", "a part of the province"),
        ("\nCấp kết quả điện tử\t33,83%\t40,00%", "the heads of the columns are not known"),
        ("\nCông khai, minh bạch\t10,0\t12,5", "the heads of the columns are not known"),
        (SCORES.format(score="2,2; 3,3", ranked=""), "no name that is known"),
        ("Bệnh viện Hòa Bình đạt 50,12 điểm.", "no name that is known"),
        (f"Hòa Bình {STRANGE} 50,12 điểm.", "no name that is known"),
    ],
)
def test_a_number_that_no_name_may_take_is_left_with_its_reason(reader, words, why):
    notice = reader(f"{HEAD} {words}")
    assert {item.code for item in notice.figures} <= {"total_score", "national_rank"} and not notice.problems
    assert notice.unread and all(why in item.why for item in notice.unread)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("Công khai, minh bạch ngành y tế, giáo dục, 2,2/18 điểm.", UNSURE),
        (f"Công khai, minh bạch {STRANGE} 2,2/18 điểm.", UNSURE),
        ("Tỷ lệ hồ sơ nộp trực tuyến 8,,0.", UNSURE),
        ("Hồ sơ nộp trực tuyến 5,20 điểm phần trăm.", UNSURE),
        ("Công khai, minh bạch: đạt/2,2 điểm.", UNSURE),
        ("Tỷ lệ hồ sơ nộp trực tuyến 91,801%.", "read in two ways"),
        ("Xếp hạng 0/63.", "provinces are printed"),
        ("Xếp hạng 24/34.", "34 provinces are printed, 63 were ranked"),
        ("Tỷ lệ hồ sơ nộp trực tuyến 91,80% đạt 93,10%.", "another number of this kind"),
        ("Tỷ lệ hồ sơ nộp trực tuyến 60,10% tăng lên 65,20%.", "another number of this kind"),
        ("Công khai, minh bạch: 2,2/18 điểm. Công khai, minh bạch: 3,3/18 điểm.", "with different values"),
        ("Xếp hạng (tối đa 34): 24.", "the maximum printed is 34, the rubric says 63"),
        ("Công khai, minh bạch: 18,5 điểm.", "more points are printed than the maximum of 18"),
    ],
)
def test_a_number_that_may_be_wrong_forbids_storing(reader, words, why):
    assert why in reader(f"{HEAD} {words}").problems[0].why


def test_what_only_repeats_a_score_or_stands_after_a_rate_forbids_nothing(reader):
    notice = reader(f"{HEAD} Công khai, minh bạch: 2,2/18 điểm (12,2%). Tỷ lệ hồ sơ nộp trực tuyến 91,80% 8,,0.")
    assert not notice.problems
    assert [notice.quote(item) for item in notice.unread] == ["8", "0"]


def test_a_named_indicator_without_a_figure_is_missing_and_not_zero(reader):
    notice = reader(f"{HEAD} Tỷ lệ cấp kết quả điện tử: chưa có số liệu.")
    assert notice.missing == ("e_result",)
    assert [item.code for item in notice.figures] == ["total_score"]


def test_a_group_whose_parts_have_figures_is_not_missing(reader):
    notice = reader(
        f"{HEAD} Dịch vụ công trực tuyến và thanh toán trực tuyến gồm: cung cấp dịch vụ công trực tuyến 8,0/12 điểm; "
        "thanh toán trực tuyến 9,5/10 điểm."
    )
    assert len(notice.figures) == 3 and notice.missing == ()


def test_a_count_of_a_whole_keeps_the_whole(reader):
    found = beside(reader, "Hồ sơ nộp trực tuyến: 97,05% (1.940/1.999 hồ sơ).")
    assert found == {
        ("online_submission", "percent"): "97.05",
        ("online_submission", "count"): "1940",
        ("online_submission" + BASE, "count"): "1999",
    }


def test_five_groups_without_maxima_are_told_by_the_total(reader):
    text = (
        "Hòa Bình tháng 4/2023 tổng điểm 60,0/100. Công khai, minh bạch: 10,0 điểm. Tiến độ giải quyết: 15,0 điểm. "
        "Dịch vụ công trực tuyến: 11,0 điểm. Mức độ hài lòng: 10,0 điểm. Số hóa hồ sơ: 14,0 điểm."
    )
    codes = {item.code for item in reader(text).figures}
    assert "online_service" in codes and "online_service_provision" not in codes


@pytest.mark.parametrize(
    ("rate", "code"), [("95,50", "on_time"), ("95,5", "reported_on_time"), ("99,30", "reported_on_time")]
)
def test_the_scored_rate_on_time_is_told_by_the_score(reader, rate, code):
    text = (
        f"Phú Thọ tháng 5/2026: 70,00/100 điểm. Tiến độ giải quyết: 19,10/20 điểm. Hồ sơ giải quyết đúng hạn: {rate}%."
    )
    assert (code, "percent") in figures_of(reader(text))


def test_a_number_out_of_100_may_be_the_total_however_far_its_name(reader):
    notice = reader("Hòa Bình tháng 4/2023: công khai, minh bạch 2,2/18 điểm. Bệnh viện được 58/100.")
    assert [(notice.quote(item), "it may be the Total score" in item.why) for item in notice.problems] == [
        ("58/100", True)
    ]


def test_the_maxima_are_not_taken_for_scores(reader):
    notice = reader(
        "Hòa Bình tháng 4/2023\nCông khai, minh bạch: 18,0 điểm\nTiến độ giải quyết: 20,0 điểm\nSố hóa hồ sơ: 22,0 điểm"
    )
    assert len(notice.problems) == 3


def test_a_neighbour_called_by_a_pronoun_is_a_neighbour(reader):
    notice = reader(
        "Tháng 3/2024, tỉnh Lạng Sơn đạt 80,4 điểm Bộ chỉ số 766, xếp thứ 20/63, sau tỉnh Bắc Giang. Tỉnh này đạt 81,9 "
        "điểm, trong đó thanh toán trực tuyến 9,0 điểm. Tỉnh bạn còn đạt mức độ hài lòng 17,9 điểm. Tỉnh Lạng Sơn đạt "
        "mức độ hài lòng 17,2 điểm."
    )
    found = {item.code: float(item.value) for item in notice.figures}
    assert found == {"total_score": 80.4, "national_rank": 20, "satisfaction": 17.2}


# Pieces of a sentence


@pytest.mark.parametrize("words", ["5,20 điểm phần trăm và 91,80%", "5,20 điểm phần nghìn và 91,80%"])
def test_points_of_percent_are_one_piece_that_is_no_figure(words):
    tokens, dates = tokenise(words)
    found = items_of(words, tokens, dates, load_phrasebook(), None, ",")
    left = ["word"] if "nghìn" in words else []
    assert [item.kind for item in found] == ["amount", *left, "word", "amount"]
    assert found[0].amount.shape == "broken" and found[-1].amount.value == Decimal("91.80")


def test_an_indicator_may_score_its_maximum_and_no_more(rubrics):
    """3 points by the highest of its alternatives; one that the rubric does not name has no maximum."""
    tops = replace(Tops.of(rubrics[0], "2023-04"), indicators={"e_result": Decimal(3)})

    def points(code: str, printed: str) -> list[Decimal]:
        amount = Amount("points", 0, 1, Decimal(printed), 1, points=True)
        return [found.value for found in candidates_of(code, amount, tops)]

    assert points("e_result", "3.0") == [Decimal(3)] and points("e_result", "3.1") == []
    assert points("other", "3.1") == [Decimal("3.1")]


def test_a_rank_is_one_of_those_that_were_ranked(rubrics):
    ranked = replace(Tops.of(rubrics[0], "2023-04"), ranked=Decimal(63))

    def rank(shape: str, value: int, second: int | None = None, tops: Tops = ranked) -> list[Decimal | None]:
        amount = Amount(shape, 0, 1, Decimal(value), second=None if second is None else Decimal(second))
        return [found.max for found in candidates_of(RANK, amount, tops)]

    assert rank("ordinal", 63) == rank("pair", 24, 63) == [Decimal(63)]
    assert rank("ordinal", 64) == rank("ordinal", 0) == rank("pair", 24, 60) == rank("points", 24) == []
    unknown = Tops.of(rubrics[0], "2021-01")  # of which it says nothing
    assert rank("ordinal", 64, tops=unknown) == [None] and rank("ordinal", 1, tops=unknown) == [None]

"""Whose notice is it, and of which month? Never guessed."""

from __future__ import annotations

import pytest

from analysis.errors import BulletinError, UnknownNameError

ONE = "Tỉnh {entity} tháng {month}/2023: tổng điểm 58,83/100 điểm, xếp hạng 24/63."


TOTAL = "tổng điểm 58,83/100 điểm."
OF_APRIL = f"Hòa Bình tháng 4/2023: {TOTAL}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (ONE.format(entity="Hà Giang", month=5), {"entity": "Hà Giang", "period": "2023-05", "scope": "month"}),
        (f"Hòa Bình quý 1/2023: {TOTAL}", {"period": "2023-Q1", "scope": "quarter"}),
        (f"Hòa Bình tháng 6/2025: {TOTAL}", {"period": "2025-06"}),  # its last month
        (f"Hòa Bình tháng 4: {TOTAL} Kế hoạch năm 2023.", {"period": "2023-04"}),
        (f"So với tháng 3/2023, {OF_APRIL}", {"period": "2023-04"}),
        (f"Ước vọng hòa bình. Hà Nam tháng 4/2023: {TOTAL}", {"entity": "Hà Nam"}),  # no name without a capital
        (f"{OF_APRIL} Trích xuất từ Cổng dịch vụ công quốc gia lúc 17h00 ngày 24/4/2023.", {"as_of": "2023-04-24"}),
        (f"{OF_APRIL} Số liệu đến 31/12/2023.", {"as_of": ""}),  # no month's figures are drawn so late
        (f"Số: 766/QĐ-TTg\nSố: 12/BC-UBND\n{OF_APRIL}", {"number": "12/BC-UBND"}),
        (f"Số: 12/BC Hòa Bình, ngày 25/4/2023\n{OF_APRIL} Đến 24/4/2023.", {"published": "2023-04-25"}),
        (f"Số: 12/BC Hòa Bình, ngày 20/4/2023\n{OF_APRIL} Đến 24/4/2023.", {"published": ""}),
        (f"Kết quả Bộ chỉ số 766 tháng 4\n{OF_APRIL}", {"title": "Kết quả Bộ chỉ số 766 tháng 4"}),
        (f"Văn phòng UBND tỉnh Hòa Bình: {OF_APRIL}", {"publisher": "Văn phòng UBND tỉnh Hòa Bình"}),
        (f"UBND TỈNH HÒA BÌNH\nVĂN PHÒNG\n{OF_APRIL}", {"publisher": "Văn phòng UBND tỉnh Hòa Bình"}),
        (f"UBND TỈNH HÒA BÌNH\n{OF_APRIL}", {"publisher": "UBND tỉnh Hòa Bình"}),
        (f"{OF_APRIL} Trong quý IV/2023, tỉnh tập trung nâng điểm.", {"period": "2023-04"}),
        (f"Hòa Bình từ đầu năm 2023 đến ngày 10/10/2023: {TOTAL}", {"period": "2023", "as_of": "2023-10-10"}),
        (f"Họp tháng 10/2023. Hòa Bình lũy kế từ đầu năm đến 10/10/2023: {TOTAL}", {"scope": "year_to_date"}),
        (f"Hòa Bình tính đến ngày 24/4/2023: {TOTAL}", {"period": "2023-04", "as_of": "2023-04-24"}),
        (f"{OF_APRIL} Đến 24/4/2023. Bảo đảm đến 30/4/2023 xong.", {"as_of": "2023-04-24"}),
        (f"{OF_APRIL} Từ ngày 1/1/2022 đến 19/4/2023 có 5 hồ sơ.", {"as_of": ""}),
    ],
)
def test_what_a_notice_tells_of_itself(reader, text, told):
    notice = reader(text)
    assert {name: getattr(notice, name) for name in told} == told


def test_two_days_to_which_the_figures_run_forbid_storing(reader):
    notice = reader(f"{OF_APRIL} Số liệu đến 24/4/2023. Số liệu đến 25/4/2023.")
    assert [notice.quote(item) for item in notice.problems] == ["24/4/2023", "25/4/2023"]


@pytest.mark.parametrize("text", ["Tổng điểm: 58,83/100 điểm.", OF_APRIL])
def test_where_the_text_is_silent_or_agrees_the_user_may_say_what_it_is_of(reader, text):
    notice = reader(text, entity="hoa-binh", period="2023-04")
    assert (notice.entity, notice.period) == ("Hòa Bình", "2023-04")


@pytest.mark.parametrize(
    ("text", "about", "words"),
    [
        ("Tổng điểm tháng 4/2023: 58,83/100 điểm.", {}, "names no province"),
        (ONE.format(entity="Hà Giang", month=4), {"entity": "Hòa Bình"}, "not of Hòa Bình"),
        (ONE.format(entity="Hà Giang", month=4), {"entity": "Hoa Binhh"}, "is not a province"),
        ("Tỉnh Hòa Bình: tổng điểm 58,83/100 điểm.", {}, "does not say which month"),
        ("Hòa Bình tháng 13/2023: tổng điểm 58,83/100 điểm.", {}, "“tháng 13/2023” is no month"),
        ("Hòa Bình tháng 3/9999: tổng điểm 58,83/100 điểm.", {}, "“tháng 3/9999” is no month"),
        (f"Hòa Bình\nTháng 3/2023: {TOTAL}\nTháng 4/2023: {TOTAL}", {}, "names several months"),
        ("Hà Nam đạt 58,83 điểm. Hòa Bình đạt 57,83 điểm (tháng 4/2023).", {}, "names several provinces"),
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


def test_the_notice_of_a_district_is_refused(reader):
    text = "UBND HUYỆN ĐÀ BẮC\nHòa Bình tháng 4/2023 đạt 58,83/100 điểm."
    with pytest.raises(BulletinError, match="ĐÀ BẮC"):
        reader(text)
    assert reader(text, entity="hoa-binh").entity == "Hòa Bình"


OF_A_UNIT = [
    "SỞ NỘI VỤ LÀO CAI\nBẢNG ĐIỂM BỘ CHỈ SỐ 766 THÁNG 8/2024\nTổng điểm: 88,0/100 (xếp hạng 3/19 sở, ngành)",
    "Tháng 10/2024, Sở Tư pháp Bắc Giang đạt 91,0/100 điểm Bộ chỉ số 766, công khai, minh bạch 17,2/18 điểm.",
    "Tháng 10/2024, Sở Tư pháp tỉnh Bắc Giang đạt 91,0/100 điểm Bộ chỉ số 766, công khai, minh bạch 17,2/18 điểm.",
    "Đặc khu Phú Quốc (tỉnh An Giang): Bộ chỉ số 766 tháng 12/2025 đạt 87,9/100 điểm.",
    "Kết quả Bộ chỉ số 766 tháng 7/2026 của xã Mường Bi, tỉnh Phú Thọ\nTổng điểm: 85,3/100",
    "TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG XÃ MƯỜNG BI, TỈNH PHÚ THỌ\nBộ chỉ số 766 tháng 7/2026: tổng điểm 85,3/100.",
    "THÀNH PHỐ HẢI PHÒNG\nPHƯỜNG LÊ CHÂN\nKết quả Bộ chỉ số 766 tháng 9/2025\nTổng điểm: 93,1/100.",
    "BAN QUẢN LÝ KKT DUNG QUẤT VÀ CÁC KCN QUẢNG NGÃI\nKết quả Bộ chỉ số 766 tháng 5/2025: tổng điểm 84,0 điểm.",
    "SỞ Y TẾ THANH HÓA - Kết quả Bộ chỉ số 766 tháng 8/2024\n| Công khai, minh bạch | 18 | 17,0 |",
    "SỞ NỘI VỤ LÀO CAI\nLào Cai, ngày 5 tháng 9 năm 2024\nBộ chỉ số 766 tháng 8/2024: tổng điểm 88,0/100.",
]


@pytest.mark.parametrize("text", OF_A_UNIT)
def test_the_card_of_a_unit_is_not_taken_for_that_of_its_province(reader, text):
    with pytest.raises(BulletinError, match="seem to be those of a part of the province"):
        reader(text)


@pytest.mark.parametrize(
    ("entity", "text"),
    [
        ("Long An", "SỞ THÔNG TIN VÀ TRUYỀN THÔNG\nLong An, ngày 5 tháng 6 năm 2024\n"
                    "Bộ chỉ số 766 của tỉnh tháng 5/2024: tổng điểm 80,1/100 điểm."),
        ("Lào Cai", "Sở Nội vụ tỉnh Lào Cai cho biết, tháng 8/2024 tỉnh đạt 80,1/100 điểm Bộ chỉ số 766."),
        ("Lào Cai", "SỞ NỘI VỤ LÀO CAI\nBộ chỉ số 766 tháng 8/2024: tổng điểm 80,1/100, xếp hạng 20/63."),
        ("Đồng Nai", "Tháng 5/2025, Đồng Nai đạt 90,53/100 điểm Bộ chỉ số 766, theo Sở Khoa học và Công nghệ."),
    ],
)  # fmt: skip
def test_a_unit_may_tell_of_its_province(reader, entity, text):
    notice = reader(text)
    assert notice.entity == entity and "total_score" in {item.code for item in notice.figures}


YEAR = "năm 2024, tỉnh Bình Thuận đạt 81,7 điểm Bộ chỉ số 766, xếp thứ 25/63."


def test_the_total_of_a_year_is_not_that_of_a_month_named_behind_it(reader):
    text = f"Tổng kết {YEAR} Tháng 12/2024 đạt 83,3 điểm."
    with pytest.raises(BulletinError, match="names several months"):
        reader(text)
    assert reader(text, period="2024").period == "2024"


@pytest.mark.parametrize(
    ("text", "about"),
    [
        (f"Tổng kết {YEAR} Riêng tháng 12/2024 đạt 83,3 điểm.", ("2024", "year", "")),
        (f"Kết quả năm 2024\nTổng kết {YEAR} Quý IV/2024: 82,0 điểm, xếp thứ 20/63.", ("2024", "year", "")),
        (f"Cả {YEAR} Quý IV/2024: 82,0 điểm, xếp thứ 20/63.", ("2024", "year", "")),
        (f"Số liệu đến 31/12/2024: {YEAR}", ("2024", "year", "2024-12-31")),
        (f"Số liệu đến 15/11/2024: {YEAR}", ("2024", "year_to_date", "2024-11-15")),
        (f"Lũy kế {YEAR}", ("2024", "year_to_date", "")),
        (f"Số: 12/BC-UBND\nBình Thuận, ngày 06/01/2025\nTổng kết {YEAR}", ("2024", "year", "")),
        (f"Số: 12/BC-UBND\nBình Thuận, ngày 06/12/2024\nTổng kết {YEAR}", ("2024", "unknown", "")),
    ],
)
def test_a_year_is_whole_unless_the_text_says_that_it_is_not(reader, text, about):
    notice = reader(text)
    assert (notice.period, notice.scope, notice.as_of) == about
    assert {item.code: str(item.value) for item in notice.figures} == {"total_score": "81.7", "national_rank": "25"}


@pytest.mark.parametrize(
    ("text", "words", "month"),
    [
        ("Tuần từ 06/01 đến 12/01/2025, tỉnh Bắc Kạn đạt 71,2 điểm, xếp thứ 40/63.", "of a week", "2025-01"),
        ("Báo cáo tuần 3 tháng 01/2025\nTỉnh Bắc Kạn đạt 71,2 điểm, xếp thứ 40/63.", "of a week", "2025-01"),
        ("Trong tuần qua, tỉnh Bắc Kạn đạt 71,2 điểm, xếp thứ 40/63 (đến 12/01/2025).", "of a week", "2025-01"),
        ("So với tháng 12/2024, tỉnh Bắc Kạn đạt 71,2 điểm, xếp thứ 40/63.", "which month", "2025-01"),
    ],
)
def test_a_week_is_no_month(reader, text, words, month):
    with pytest.raises(BulletinError) as told:
        reader(text)
    assert words in str(told.value) and "--month" in told.value.next_step
    assert reader(text, period=month).period == month


def test_a_week_whose_month_is_named_is_noted(reader):
    notice = reader("Bản tin tuần 2, kỳ đánh giá tháng 01/2025: tỉnh Bắc Kạn đạt 71,2/100 điểm (đến 12/01/2025).")
    assert (notice.period, notice.as_of) == ("2025-01", "2025-01-12")
    assert any("it is of a week" in words for words in notice.notes)


def test_a_week_in_a_notice_of_a_month_is_not_its_month(reader):
    text = "Tháng 01/2025 tỉnh Bắc Kạn đạt 71,2/100 điểm. {} tỷ lệ hồ sơ nộp trực tuyến đạt 91,0%."
    for words in ("Trong tuần 2,", "Tuần 2,", "Trong tuần đầu tháng 01,"):
        notice = reader(text.format(words))
        assert [item.code for item in notice.figures] == ["total_score"] and not notice.notes


def test_a_province_that_is_compared_with_is_not_that_of_the_notice(reader):
    notice = reader(
        "So với Gia Lai (75,1 điểm, xếp thứ 20/63), tháng 8/2024 tỉnh Kon Tum đạt 62,5 điểm, xếp thứ 50/63."
    )
    assert notice.entity == "Kon Tum"
    assert {item.code: str(item.value) for item in notice.figures} == {"total_score": "62.5", "national_rank": "50"}

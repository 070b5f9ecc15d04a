"""Numbers, months and names are read and written as people do, in either language."""

import unicodedata
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.language import (
    language,
    nearest,
    nfc,
    read_amount,
    read_number,
    read_period,
    read_rate,
    rounded,
    slug,
    use_language,
    write_date,
    write_list,
    write_number,
    write_period,
    write_range,
)


def numbers(places, least, most):
    """Decimals with so many places."""
    return st.integers(least * 10**places, most * 10**places).map(lambda whole: Decimal(whole).scaleb(-places))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("0", "0"), ("5", "5"), ("23636", "23636"), ("23.636", "23636"), ("1.234.567", "1234567")),
        *(("58,83", "58.83"), ("0,125", "0.125"), ("8,0", "8.0"), ("23.636,5", "23636.5"), ("23636,5", "23636.5")),
    ],
)
def test_reads_numbers_as_printed_in_vietnamese(text, number):
    assert read_number(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        *("58.83", "1.23.456", "1234.567", "0.125", "0123", "00", "01,5", "1,2,3", "1,", ",5", "1.", ".5", "1.234."),
        *("", " 5", "5 ", "5\n", "-5", "−5", "+5", "5%", "1e3", "nan", "năm", "1 234"),
        *("٢", "５８", "５８,８３", "²", "58，83"),
    ],
)
def test_refuses_anything_else(text):
    with pytest.raises(ValueError):
        read_number(text)


@given(st.integers(0, 4).flatmap(lambda places: st.tuples(st.just(places), numbers(places, 0, 10**9))))
def test_what_is_written_reads_back(case):
    places, number = case
    use_language("vi")
    assert read_number(write_number(float(number), places)) == number


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        *(("80", 80), ("33,83", 33.83), ("33.83", 33.83), ("0", 0), ("100", 100), ("100,00", 100)),
        *((" 80 % ", 80), ("5%", 5)),
    ],
)
def test_reads_a_typed_rate(text, rate):
    assert read_rate(text) == rate


@pytest.mark.parametrize(
    ("text", "amount"),
    [("62,5", 62.5), ("62.5", 62.5), (" 90 ", 90), ("-1,25", -1.25), ("−1", -1), ("+3", 3)],
)
def test_reads_a_typed_amount(text, amount):
    assert read_amount(text) == amount


@pytest.mark.parametrize("text", ["", "1.000", "62,555", "1,2,3", "nan", "inf", "1e3", "٢", "62,", ",5", "--1", "5 %"])
def test_refuses_an_amount(text):
    with pytest.raises(ValueError):
        read_amount(text)


@pytest.mark.parametrize(
    "text", ["", "%", "33,833", "1.000", "100,01", "101", "-5", "1,2,3", "80 %%", "٢", "５", "nan", "abc"]
)
def test_refuses_a_rate(text):
    with pytest.raises(ValueError):
        read_rate(text)


@pytest.mark.parametrize(
    ("value", "decimals", "vi", "en"),
    [
        (58.83, 2, "58,83", "58.83"),
        (23636, 0, "23.636", "23,636"),
        (2.25, 1, "2,3", "2.3"),
        (8, 1, "8,0", "8.0"),
        (-0.04, 1, "0,0", "0.0"),
        (-0.05, 1, "−0,1", "−0.1"),
        (-1234.5, 1, "−1.234,5", "−1,234.5"),
    ],
)
def test_writes_numbers_half_up(value, decimals, vi, en):
    assert write_number(value, decimals) == en
    use_language("vi")
    assert write_number(value, decimals) == vi


@given(numbers(3, -(10**5), 10**5))
def test_rounds_half_away_from_zero_as_decimals_do(number):
    assert rounded(float(number), 2) == number.quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.mark.parametrize(
    ("write", "given", "text"),
    [
        (write_range, (2.77, 3.46, 2), "2.77 to 3.46"),
        (write_range, (2.771, 2.774, 2), "2.77"),
        (write_range, (-0.001, 0.001, 2), "0.00"),
        (write_date, ("2023-04-01",), "1/4/2023"),
        (write_list, ([],), ""),
        (write_list, (["a"],), "a"),
        (write_list, (["a", "b"],), "a and b"),
        (write_list, (["a", "b", "c"],), "a; b and c"),
    ],
)
def test_writes_ranges_dates_and_lists(write, given, text):
    assert write(*given) == text


@pytest.mark.parametrize(
    ("period", "en", "vi"),
    [
        ("2023-04", "April 2023", "tháng 4/2023"),
        ("2023-12", "December 2023", "tháng 12/2023"),
        ("2026", "the year 2026", "năm 2026"),
        ("2025-Q4", "quarter 4/2025", "quý 4/2025"),
    ],
)
def test_writes_periods(period, en, vi):
    assert write_period(period) == en
    use_language("vi")
    assert write_period(period) == vi


@pytest.mark.parametrize("name", ["Hòa Bình", "Hoà Bình", "HÒA BÌNH", "hoa-binh", "  Hòa   Bình "])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_slug_is_the_same_in_both_spellings(name, form):
    assert slug(unicodedata.normalize(form, name)) == "hoa-binh"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Đắk Lắk", "dak-lak"), ("Bà Rịa – Vũng Tàu", "ba-ria-vung-tau"), ("Thừa Thiên Huế", "thua-thien-hue"), ("", "")],
)
def test_slug(name, expected):
    assert slug(name) == expected


@pytest.mark.parametrize(
    ("word", "best"), [("Hoa Bin", "Hòa Bình"), ("hoà bình", "Hòa Bình"), ("laocai", "Lào Cai"), ("Ha Noy", "Hà Nội")]
)
def test_nearest_puts_the_likeliest_first(word, best):
    assert nearest(word, ["Hà Nội", "Lào Cai", "Hòa Bình", "Thái Bình"])[0] == best


def test_nearest_gives_no_more_than_asked_and_nothing_far():
    provinces = ["Bình Dương", "Bình Định", "Bình Phước", "Bình Thuận"]
    assert len(nearest("Bình D", provinces, count=2)) == 2
    assert nearest("xyz", provinces) == nearest("Sơn La", provinces) == []


def test_nfc_composes_letters_and_leaves_footnote_marks():
    assert nfc(unicodedata.normalize("NFD", "Hòa Bình")) == "Hòa Bình"
    assert nfc("58,83²") == "58,83²"


def test_an_unknown_language_is_refused_and_nothing_changes():
    with pytest.raises(ValueError, match="fr"):
        use_language("fr")
    assert language() == "en"


@pytest.mark.parametrize(
    ("text", "period"),
    [
        *((text, "2024-08") for text in ("8/2024", "08/2024", "2024-8", "2024-08", "tháng 8/2024", "Tháng 8 năm 2024")),
        *((text, "2024-08") for text in ("T8/2024", "thang 08-2024", "8-2024", " 2024/8 ")),
        *((text, "2025-Q4") for text in ("2025-Q4", "quý IV/2025", "Q4/2025", "quý 4 năm 2025", "2025-q4")),
        *((text, "2024") for text in ("2024", "năm 2024")),
        *(
            (text, text)
            for text in ("", "13/2024", "0/2024", "tháng 8", "8/24", "quý V/2025", "2024-13", "abc", "../../x")
        ),
    ],
)
def test_a_period_as_people_write_it(text, period):
    assert read_period(text) == period

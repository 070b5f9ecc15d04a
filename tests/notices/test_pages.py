"""What the pages of a PDF show is read in the order of the eye; what is under, beside or behind it is named."""

from __future__ import annotations

import zlib
from itertools import pairwise

import pytest

from analysis.errors import DocumentError
from analysis.notices.content import UNREAD
from analysis.notices.documents import read_bytes
from analysis.notices.pages import of_pdf

MARKS = b"""/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange
1 beginbfrange <20> <7E> <0020> endbfrange
4 beginbfchar <80> <0301> <81> <0302> <82> <E001> <83> <F0B7> endbfchar endcmap end"""


def pdf(content: bytes, page: bytes = b"", *more: bytes) -> bytes:
    """One page of 600 by 800 points. Font F is Helvetica, whose codes 128 to 131 are two marks, a letter of a private
    font and a bullet; font G has no Unicode; `more` are objects from number 9 on."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 5 0 R/G 7 0 R>>"
        b"/XObject<</I 9 0 R>>>>" + page + b">>",
        stream(content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>",
        stream(MARKS),
        b"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts[8 0 R]>>",
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/X/CIDSystemInfo"
        b"<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>",
        *(more or (b"null",)),
    ]
    made, places = b"%PDF-1.4\n", []
    for number, item in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj " % number + item + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    return (
        made + head + table + b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(made))
    )


def stream(data: bytes, about: bytes = b"") -> bytes:
    packed = zlib.compress(data)
    return b"<</Length %d/Filter/FlateDecode%s>>stream\n" % (len(packed), about) + packed + b"\nendstream"


def words(text: bytes, x: float = 50, y: float = 700, look: bytes = b"", size: int = 12) -> bytes:
    return b"q BT /F %d Tf %s %f %f Td (%s) Tj ET Q\n" % (size, look, x, y, text)


def paragraph(text: str, x: int, y: int = 700) -> bytes:
    return b"".join(words(line.encode(), x, y - 14 * number) for number, line in enumerate(text.split("\n")))


PICTURE = stream(
    bytes([0, 255] * 5_000),
    b"/Type/XObject/Subtype/Image/Width 100/Height 100/ColorSpace/DeviceGray/BitsPerComponent 8",
)
SCAN = b"q 600 0 0 800 0 0 cm /I Do Q\n"
NOW, OLD = words(b"Hoa Binh: 58,83/100."), b"11,11/100"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (words(OLD, y=650, look=b"1 g"), "hidden"),
        (words(OLD, y=650, look=b"3 Tr"), "hidden"),
        (words(OLD, y=650) + b"1 g 40 640 300 30 re f\n", "hidden"),
        (words(OLD, y=650, look=b"0.98 0.99 1 rg"), "hidden"),
        (words(OLD, x=-200), "hidden"),
        (words(OLD, y=900), "hidden"),
        (b"q 0 0 10 10 re W n\n" + words(OLD, y=650) + b"Q\n", "hidden"),
        (b"q BT /F 12 Tf 0 1 -1 0 400 400 Tm (" + OLD + b") Tj ET Q\n", "turned"),
    ],
    ids=["white", "invisible", "under a white box", "nearly white", "left of it", "above it", "cut away", "sideways"],
)
def test_words_that_are_not_seen_are_named_and_not_read(content, kind):
    shown = of_pdf(pdf(NOW + content))
    assert shown.text == "Hoa Binh: 58,83/100."
    assert [(entry[0], entry[1]) for entry in shown.left] == [(kind, OLD.decode())]


def test_what_stands_on_a_white_box_is_read_instead_of_what_is_under_it():
    content = words(b"Tong: 11,11/100") + b"q 1 g 82 690 60 20 re f Q\n" + words(b"58,83/100", x=82.7)
    shown = of_pdf(pdf(content))
    assert shown.text == "Tong: 58,83/100"
    assert shown.left == [("hidden", "11,11/100", "1")]


def test_a_number_of_which_a_part_is_covered_is_unread():
    shown = of_pdf(pdf(words(b"Tong: 58,83") + b"q 1 g 100 690 8 20 re f Q\n"))
    assert shown.text == f"Tong: {UNREAD} {UNREAD}"


@pytest.mark.parametrize("shift", [0, 0.3, 1.0])
def test_letters_printed_twice_are_one(shift):
    bold = b"".join(words(b"Hoa Binh 100,11/1110", x=50 + step * shift) for step in (0, 1))
    assert of_pdf(pdf(bold)).text == "Hoa Binh 100,11/1110"


@pytest.mark.parametrize(
    ("matrix", "place"), [(b"0 1 -1 0", b"300 100"), (b"0 -1 1 0", b"300 700"), (b"-1 0 0 -1", b"500 300")]
)
def test_a_page_set_sideways_is_turned(matrix, place):
    lines = b"BT /F 12 Tf 14 TL " + matrix + b" " + place + b" Tm (Tong diem: 58,83/100.) Tj T* (Hang 24/63) Tj ET"
    assert of_pdf(pdf(lines)).text == "Tong diem: 58,83/100.\nHang 24/63"
    assert of_pdf(pdf(lines, b"/Rotate 90")).text == "Tong diem: 58,83/100.\nHang 24/63"


def test_marks_apart_from_their_letters_are_joined_in_any_order():
    """A roof and an accent behind the line, at the end of the letter e: Helvetica's is 6.672 points wide."""
    e_ends = 50 + 8.004 + 6.672
    marks = b"".join(words(mark, x=e_ends) for mark in (b"\\200", b"\\201"))
    assert read_bytes(pdf(words(b"Ket") + marks), "x.pdf").text == "Ke\u0302\u0301t"


LEFT = "\n".join(f"Cot trai dong so {number} cua trang nay." for number in range(1, 6))
RIGHT = "\n".join(f"Cot ben phai dong so {number} cua trang." for number in range(1, 6))


def test_two_columns_are_read_one_after_the_other():
    content = words(b"Dau trang.") + paragraph(LEFT, 50, 650) + paragraph(RIGHT, 320, 650) + words(b"Cuoi trang", y=400)
    assert of_pdf(pdf(content)).text.split("\n") == ["Dau trang.", *LEFT.split("\n"), *RIGHT.split("\n"), "Cuoi trang"]


def test_names_and_their_numbers_are_no_columns():
    names = [f"Chi so thanh phan thu {number}:" for number in range(1, 9)]
    content = paragraph("\n".join(names), 50) + paragraph("\n".join(f"{number},5/10." for number in range(1, 9)), 400)
    assert of_pdf(pdf(content)).text.split("\n") == [f"{name} {at},5/10." for at, name in enumerate(names, start=1)]


def grid(columns: list[int], rows: list[int], without: list[tuple[int, int, int, int]]) -> bytes:
    lines = [(x, rows[0], x, rows[-1]) for x in columns] + [(columns[0], y, columns[-1], y) for y in rows]
    pieces = []
    for x0, y0, x1, y1 in lines:
        steps = list(pairwise(rows)) if x0 == x1 else list(pairwise(columns))
        pieces += [(x0, a, x1, b) if x0 == x1 else (a, y0, b, y1) for a, b in steps]
    return b"".join(b"%d %d m %d %d l S\n" % piece for piece in pieces if piece not in without)


def test_a_merged_head_is_that_of_all_its_columns():
    table = grid([50, 200, 300, 400], [700, 680, 660, 640], [(300, 700, 300, 680), (50, 680, 200, 680)])
    cells = words(b"Nhom", 55, 675, size=9) + words(b"Diem", 205, 685, size=9) + words(b"Dat", 205, 665, size=9)
    cells += words(b"Toi da", 305, 665, size=9) + words(b"Cong khai", 55, 645, size=9)
    cells += words(b"2,2", 205, 645, size=9) + words(b"18", 305, 645, size=9)
    assert of_pdf(pdf(table + cells)).text.split("\n") == [
        "Nhom\tDiem\tDiem",
        "Nhom\tDat\tToi da",
        "Cong khai\t2,2\t18",
    ]


def test_a_scan_whose_letters_were_recognised_is_read_and_named():
    hidden = b"".join(words(b"Dong %d: 58,83/100." % number, y=700 - 20 * number, look=b"3 Tr") for number in range(3))
    under = hidden.replace(b"3 Tr", b"")
    for content in (SCAN + hidden, under + SCAN):
        document = read_bytes(pdf(content, b"", PICTURE), "x.pdf")
        assert document.text.split("\n") == [f"Dong {number}: 58,83/100." for number in range(3)]
        assert document.recognised
        assert "recognised by a machine: 1. " in document.left[0].replace("page ", "")


def test_a_scan_that_only_a_stamp_stands_on_is_refused():
    with pytest.raises(DocumentError, match="a scan whose letters were not recognised"):
        read_bytes(pdf(SCAN + words(b"Ky boi: UBND 25/4/2023"), b"", PICTURE), "x.pdf")


def test_letters_without_unicode_are_marked_and_named():
    strange = b"q BT /G 12 Tf 50 650 Td <000100020003> Tj ET Q\n" + words(b"8\\2028,32% .", y=600)
    document = read_bytes(pdf(NOW + words(b"Tong so ho so da nhan", y=500) + strange), "x.pdf")
    assert document.text.split("\n") == ["Hoa Binh: 58,83/100.", UNREAD, f"{UNREAD} .", "Tong so ho so da nhan"]
    assert len(document.left) == 1
    assert "without Unicode" in document.left[0]
    with pytest.raises(DocumentError, match="have no Unicode"):
        read_bytes(pdf(strange), "x.pdf")


def test_a_bullet_of_a_symbol_font_is_a_stroke_and_a_number_of_a_page_no_line():
    content = words(b"\\203 Hoa Binh") + words(b"2", 300, 20) + words(b"Trang 2/24", 300, 780)
    assert of_pdf(pdf(content)).text == "- Hoa Binh"


def test_notes_on_a_page_are_named():
    note = b"/Annots[<</Type/Annot/Subtype/FreeText/Rect[50 600 200 620]/Contents(Sua thanh 60,00)/DA(/F 9 Tf)>>]"
    assert of_pdf(pdf(NOW, note)).left == [("note", "Sua thanh 60,00", "1")]

"""Is the list of reports found through by a ministry: sorted, filtered, on a phone, without scripts, by everybody?"""

from __future__ import annotations

import pytest

from analysis.language import use_language
from analysis.runs.publish import write_index
from chromium import (
    AXE,
    CONTRASTS,
    CUT_OFF,
    SMALL_TEXT,
    WIDER_THAN_THE_PAGE,
    axe,
    change_mode,
    needs_axe,
    open_page,
)
from pages import GROUPS, put_failure, put_report

pytestmark = pytest.mark.browser
CARDS = {  # place: entity, total, rank, change
    "phu-tho/2026-01": ("Phú Thọ", 60.0, 3, -1.5),
    "phu-tho/2025-12": ("Phú Thọ", 61.5, 2, None),
    "phu-tho/2025-11": ("Phú Thọ", 50.0, 9, 0.5),
    "dak-lak/2026-01": ("Đắk Lắk", 70.0, None, 2.0),
    "an-giang/2026-01": ("An Giang", 65.0, 2, None),
    "hoa-binh/2025-12": ("Hòa Bình", 80.0, 1, 4.0),
}


@pytest.fixture
def board(small, browser):
    """A list of six reports of four provinces and one failed run, opened in a mode."""
    opened = []
    for name, (entity, total, rank, change) in CARDS.items():
        values = {"total": total, "rank": rank, "change": change, "groups": GROUPS}
        put_report(small / "reports", name, entity=entity, **values)
    put_failure(small / "reports", "hoa-binh-2024-08-0123456789ab", notebook=True)
    use_language("vi")
    write_index()

    def look(mode: str = "light", **more):
        page = open_page(browser, (small / "reports" / "index.html").as_uri(), mode, **more)
        opened.append(page)
        return page

    yield look
    for page in opened:
        assert page.said == [] and len(page.asked) == 1
        page.context.close()


def seen(page) -> list[str]:
    """The rows that are seen, in their order: entity and period."""
    found = [row for row in page.locator("#board tbody tr").all() if row.is_visible()]
    return [f"{row.locator('th').inner_text()} {row.get_attribute('data-period')}" for row in found]


NEWEST = ["Đắk Lắk 2026-01", "An Giang 2026-01", "Phú Thọ 2026-01", "Hòa Bình 2025-12"]


def test_an_entity_is_one_line_until_its_other_periods_are_asked_for(board):
    page = board()
    assert seen(page) == NEWEST
    heights = page.evaluate("[...document.querySelectorAll('#board tbody tr')].map((row) => row.offsetHeight)")
    assert max(heights) <= 44, "one line a row"
    button = page.locator("#board .period button")
    assert (button.inner_text(), button.get_attribute("aria-label")) == ("+2", "+2: thêm 2 kỳ của Phú Thọ")
    button.click()
    assert seen(page) == [*NEWEST[:3], "Phú Thọ 2025-12", "Phú Thọ 2025-11", NEWEST[3]]
    assert button.get_attribute("aria-expanded") == "true"
    button.click()
    assert seen(page) == NEWEST


def test_rows_are_filtered_by_period_and_by_entity_with_or_without_marks(board):
    page = board()
    period, entity, count = page.locator("#board-period"), page.locator("#board-entity"), page.locator("#board-count")
    assert count.inner_text() == "4 trên 6 báo cáo"
    assert period.locator("option").all_inner_texts() == [
        *("Mới nhất của mỗi đơn vị", "Mọi kỳ", "tháng 1/2026", "tháng 12/2025", "tháng 11/2025")
    ]
    period.select_option("2025-12")
    assert seen(page) == ["Phú Thọ 2025-12", "Hòa Bình 2025-12"] and count.inner_text() == "2 trên 6 báo cáo"
    entity.fill("hòa")
    assert seen(page) == ["Hòa Bình 2025-12"]
    for words in ("phu tho", "PHÚ thọ", "phú"):
        entity.fill(words)
        assert seen(page) == ["Phú Thọ 2025-12"]
    entity.fill("dak")
    assert seen(page) == []
    period.select_option("")
    assert seen(page) == ["Đắk Lắk 2026-01"]
    entity.fill("")
    assert len(seen(page)) == 6


def names(page) -> list[str]:
    return [row.rpartition(" ")[0] for row in seen(page)]


@pytest.mark.parametrize(
    ("head", "first", "then"),
    [
        ("Tổng điểm", "Hòa Bình, Đắk Lắk, An Giang, Phú Thọ", "Phú Thọ, An Giang, Đắk Lắk, Hòa Bình"),
        ("Xếp hạng", "Hòa Bình, An Giang, Phú Thọ, Đắk Lắk", "Phú Thọ, An Giang, Hòa Bình, Đắk Lắk"),
        ("Thay đổi, điểm", "Hòa Bình, Đắk Lắk, Phú Thọ, An Giang", "Phú Thọ, Đắk Lắk, Hòa Bình, An Giang"),
        ("Tỉnh, đơn vị", "An Giang, Đắk Lắk, Hòa Bình, Phú Thọ", "Phú Thọ, Hòa Bình, Đắk Lắk, An Giang"),
    ],
)
def test_a_head_sorts_and_what_is_not_known_comes_last(board, head, first, then):
    page = board()
    button = page.locator("#board thead button", has_text=head)
    ways = []
    for wanted in (first, then):
        button.click()
        assert ", ".join(names(page)) == wanted
        ways.append(button.locator("..").get_attribute("aria-sort"))
    assert sorted(ways) == ["ascending", "descending"]


def test_what_is_sorted_is_what_is_filtered(board):
    """Of November Phú Thọ has 50 points, whatever it has now."""
    page = board()
    page.locator("#board-sort").select_option("total")
    assert names(page)[0] == "Hòa Bình"
    page.locator("#board-period").select_option("2025-12")
    assert names(page) == ["Hòa Bình", "Phú Thọ"]
    page.locator("#board-sort").select_option("")
    assert names(page) == ["Phú Thọ", "Hòa Bình"], "as the list was made"


def test_without_scripts_every_row_stands_there_and_no_control(board):
    page = board("no script")
    assert len(seen(page)) == 6 and seen(page)[2:5] == [
        f"Phú Thọ {month}" for month in ("2026-01", "2025-12", "2025-11")
    ]
    assert not page.locator("#board-controls").is_visible() and page.locator("#board button").count() == 0


@pytest.mark.parametrize("mode", ["phone", "small phone"])
def test_on_a_phone_each_row_is_a_card(board, mode):
    page = board(mode)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(WIDER_THAN_THE_PAGE) == [] and page.evaluate(SMALL_TEXT) == []
    card = page.locator("#board tbody tr").first
    box = card.bounding_box()
    for cell in card.locator("th, td").all():
        inside = cell.bounding_box()
        assert box["x"] <= inside["x"] and inside["x"] + inside["width"] <= box["x"] + box["width"] + 1
    shown = page.evaluate(
        """[...document.querySelector('#board tbody tr').querySelectorAll('[data-head]')]
          .map((cell) => getComputedStyle(cell, '::before').content)"""
    )
    assert shown == ['"Tổng điểm"', '"Xếp hạng"', '"Thay đổi, điểm"']
    assert not page.locator("#board thead th").first.bounding_box()["width"] > 1


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_bars_stand_out_and_text_too(board, mode):
    page = board(mode)
    page.evaluate("document.querySelectorAll('#board .groups').forEach((cell) => cell.classList.add('bars'))")
    found = page.evaluate(CONTRASTS.replace("header .bars rect", ".bars rect:not(.track)"))
    assert len(found["bars"]) == 6 and [item for item in found["bars"] if item[0] < 3] == []
    assert [item for item in found["text"] if item[0] < 4.5] == []


def test_on_paper_nothing_is_cut_off(board):
    page = board("print")
    assert page.evaluate(CUT_OFF) == [] and not page.locator("#board-controls").is_visible()


@needs_axe
def test_axe_finds_nothing_in_the_list(board):
    page = board("light", bypass_csp=True)
    page.locator("#board .period button").click()
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    page.add_script_tag(path=AXE)
    for mode in ("light", "dark", "phone", "small phone"):
        change_mode(page, mode)
        assert axe(page) == [], mode
    page.asked[:] = page.asked[:1]  # axe itself

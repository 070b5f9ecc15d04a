"""The pages in a real browser: what it loads, whether everyone can read and reach everything, and what it prints."""

import json
import re

import pytest
from openpyxl import load_workbook

from analysis import commands
from analysis.language import use_language, write_range
from analysis.report.result import in_language
from chromium import (
    AXE,
    CONTRASTS,
    CUT_OFF,
    MODES,
    SMALL_TEXT,
    WIDER_THAN_THE_PAGE,
    axe,
    change_mode,
    needs_axe,
    open_page,
)
from pages import WANTED, every_report

pytestmark = pytest.mark.browser
PAGES = (*WANTED, "index")
QUICK_VIEWS = {*(("april", mode) for mode in ("light", "dark", "phone", "print", "no script"))}
QUICK_VIEWS |= {("year", "light"), ("index", "phone")}


def views(*modes):
    """Every page in each of these modes; those that are not in `QUICK_VIEWS` are slow."""
    return pytest.mark.parametrize(
        ("name", "mode"),
        [
            pytest.param(name, mode, marks=() if (name, mode) in QUICK_VIEWS else pytest.mark.slow)
            for name in PAGES
            for mode in modes
        ],
    )


# What the tests ask of a page

REACHABLE = "a[href], summary, button, input, select, [tabindex]"
FOCUSED = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const style = getComputedStyle(at);
  const box = at.getClientRects()[0];
  const middle = document.elementFromPoint(
    Math.min(Math.max(box.left + 4, 0), innerWidth - 1),
    Math.min(Math.max(box.top + Math.min(box.height / 2, 20), 0), innerHeight - 1));
  return {
    place: [...document.querySelectorAll('a[href], summary, button, input, select, [tabindex]')]
      .filter((item) => item.checkVisibility()).indexOf(at),
    tag: at.tagName.toLowerCase(),
    words: at.textContent.trim().slice(0, 60),
    visible: at.matches(':focus-visible'),
    outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
    outlineColour: style.outlineColor,
    inView: box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight,
    onTop: !!middle && (at.contains(middle) || middle.contains(at)),
  };
}"""


@pytest.fixture(scope="session")
def address_of(report_of):
    """address_of("april") gives the address of a report, address_of("index") that of a list of reports."""

    def found(name):
        folder = report_of("april" if name == "index" else name).folder
        page = in_language("index.html", "en" if name == "english" else "vi")
        return ((folder.parents[1] if name == "index" else folder) / page).as_uri()

    return found


@pytest.fixture(scope="session")
def seen(browser, address_of):
    """seen("april", "dark") gives the page in that mode, the same page to every test: to measure, not to change."""
    pages = {}

    def look(name, mode):
        scripts = MODES[mode][-1]
        if (name, scripts) not in pages:
            pages[name, scripts] = open_page(browser, address_of(name), mode)
        change_mode(pages[name, scripts], mode)
        return pages[name, scripts]

    return look


@pytest.fixture
def opened(browser, address_of):
    """opened("april", "dark") gives a page of one's own, with more settings if wanted."""
    pages = []

    def look(name, mode, **more):
        pages.append(open_page(browser, address_of(name), mode, **more))
        return pages[-1]

    yield look
    for page in pages:
        page.context.close()


# Loading and layout


@views(*MODES)
def test_a_page_loads_nothing_says_nothing_and_fits(seen, address_of, name, mode):
    page = seen(name, mode)
    asked = [url for url in page.asked if not url.startswith("data:")]
    assert asked == [address_of(name)]
    assert page.said == []
    if mode != "no script":  # the same layout as with scripts, of which there are none
        width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1]
        assert page.evaluate(WIDER_THAN_THE_PAGE) == []
    if mode.startswith("print"):
        assert page.evaluate(CUT_OFF) == []


@views("no script")
def test_a_page_without_scripts_shows_everything(seen, name, mode):
    page, other = seen(name, mode), seen(name, "light")
    assert not page.locator("#trial").count() or not page.locator("#trial").is_visible()
    for control in ("#trial", ".tools", "[data-preset]"):
        other.evaluate("(name) => document.querySelectorAll(name).forEach((item) => { item.hidden = true; })", control)
    other.evaluate("document.querySelectorAll('.fold').forEach((fold) => { fold.open = true; })")
    assert page.inner_text("main").split() == other.inner_text("main").split()
    other.reload()
    assert page.locator("h1").is_visible()
    for picture in page.locator("img").all():
        assert picture.is_visible()
        assert picture.bounding_box()["height"] > 100


@views("light")
def test_pictures_are_drawn_and_what_opens_can_be_seen_to_open(seen, name, mode):
    """A summary that looks like a link, with no mark of its own, is taken for one."""
    page = seen(name, mode)
    widths = page.evaluate("[...document.images].map((image) => image.complete && image.naturalWidth)")
    assert len(widths) == (0 if name == "index" else 5 if name == "year" else 4)
    assert all(width > 300 for width in widths)
    marks = page.evaluate(
        """() => [...document.querySelectorAll('summary')].map((summary) => {
          const own = getComputedStyle(summary).display === 'list-item'
            && getComputedStyle(summary).listStyleType !== 'none';
          const made = ['::before', '::after'].map((part) => getComputedStyle(summary, part).content);
          return own || made.some((content) => !['none', 'normal', '""'].includes(content));
        })"""
    )
    assert all(marks) and len(marks) >= (0 if name == "index" else 3)


@views("phone", "small phone")
def test_a_phone_shows_text_and_targets_large_enough_and_whole_captions(seen, name, mode):
    """A caption wraps at the width of the screen, not at that of the table. WCAG 2.5.8: 24 pixels, or inside a line."""
    page = seen(name, mode)
    assert page.evaluate(SMALL_TEXT) == []
    cut = page.evaluate(
        """() => [...document.querySelectorAll('caption')].filter((caption) => {
          const range = document.createRange();
          range.selectNodeContents(caption);
          return range.getBoundingClientRect().right > innerWidth;
        }).map((caption) => caption.textContent)"""
    )
    assert cut == []
    small = page.evaluate(
        """() => [...document.querySelectorAll('a[href], summary')]
          .filter((element) => element.checkVisibility() && !element.matches('.skip'))
          .filter((element) => element.getBoundingClientRect().height < 24
            && !element.closest('li, p, td, th, dd, h1, .note'))
          .map((element) => element.textContent)"""
    )
    assert small == []


@pytest.mark.parametrize("name", ["april", pytest.param("july", marks=pytest.mark.slow), "year"])
def test_on_a_phone_the_finding_the_links_and_the_three_boxes_are_the_first_screen(seen, name):
    page = seen(name, "phone")
    for selector in ("h1", ".contents", ".numbers"):
        box = page.locator(selector).bounding_box()
        assert box["y"] + box["height"] < 740, selector


@views("phone")
def test_text_may_be_spaced_wider(opened, name, mode):
    """WCAG 1.4.12: wider letters, words and lines cut nothing off."""
    page = opened(name, mode, bypass_csp=True)
    page.add_style_tag(
        content="* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }"
        "p { margin-bottom: 2em !important; }"
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(WIDER_THAN_THE_PAGE) == []


# Finding one's way

MOST_SCREENS = {"light": 10, "phone": 15}  # of 1000 pixels, as the page opens
FOLDS = "[...document.querySelectorAll('details.fold')].map((fold) => fold.open)"


@pytest.mark.parametrize("mode", MOST_SCREENS)
@every_report
def test_a_page_is_not_long(seen, name, mode):
    assert seen(name, mode).evaluate("document.documentElement.scrollHeight") <= 1000 * MOST_SCREENS[mode]


@every_report
def test_at_most_a_dozen_numbers_of_the_first_screen_are_marked(seen, name):
    """Each still opens its source."""
    marked = seen(name, "phone").evaluate(
        "[...document.querySelectorAll('header a.f')].map((link) => getComputedStyle(link).textDecorationLine)"
    )
    assert 0 < marked.count("underline") <= 12 < len(marked)


@every_report
def test_no_wide_table_scrolls_on_a_phone_and_each_of_its_numbers_says_what_it_is_of(opened, name):
    page = opened(name, "phone")
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    tables = page.evaluate(
        """[...document.querySelectorAll('table')].map((table) => ({
          name: table.caption.textContent,
          heads: [...table.querySelectorAll('thead th')].map((head) => head.textContent),
          over: table.parentElement.scrollWidth - table.parentElement.clientWidth,
          wrong: [...table.querySelectorAll('tbody td')].filter((cell) => cell.checkVisibility()
            && getComputedStyle(cell, '::before').content !== JSON.stringify(
              table.querySelectorAll('thead th')[cell.cellIndex].textContent)).length,
          lost: [...table.querySelectorAll('tbody :is(th, td)')].filter((cell) =>
            cell.textContent.trim() && !cell.checkVisibility()).length,
        }))"""
    )
    wide = [table for table in tables if len(table["heads"]) >= 3]
    assert len(wide) >= 10
    assert [table for table in wide if table["over"] > 0 or table["wrong"] or table["lost"]] == []


def test_the_analysts_part_is_folded_and_opens_all_at_once_by_a_link_and_on_paper(opened, address_of):
    page = opened("april", "light")
    folds = page.evaluate(FOLDS)
    assert len(folds) >= 10 and not any(folds)
    assert page.locator("details.fold > summary > h2").count() == len(folds)
    button = page.get_by_role("button", name="Mở tất cả các mục")
    button.click()
    assert all(page.evaluate(FOLDS))
    page.locator("section:has(> .analyst) button").click()
    assert not any(page.evaluate(FOLDS))
    page.evaluate("location.hash = '#f-total'")
    page.wait_for_timeout(100)
    assert sum(page.evaluate(FOLDS)) == 1 and page.locator("#f-total").is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert all(page.evaluate(FOLDS))
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert sum(page.evaluate(FOLDS)) == 1, "as it was"
    other = opened("april", "phone")
    other.goto(f"{address_of('april')}#f-lost")
    other.reload()
    row = other.locator("#f-lost")
    assert row.is_visible() and -1 < row.bounding_box()["y"] < 740, "two folds deep"


@pytest.mark.parametrize("name", ["april", "year"])
def test_the_contents_lead_to_every_part_of_the_leader(opened, name):
    page = opened(name, "phone")
    links = page.locator("nav.contents a")
    heads = page.locator("main h2:not(.fold h2, .bars-title)").all_inner_texts()
    parts = [words.split(":")[0] for words in heads]
    parts.insert(-1, "Ngày lập, nguồn")
    assert parts == links.all_inner_texts() and len(heads) >= 3
    assert page.locator("nav.contents").get_attribute("aria-label") == "Mục lục"
    first = links.first.bounding_box()
    assert first["y"] + first["height"] < 740 and first["x"] + first["width"] < 360, "on the first screen"
    for link in links.all():
        link.click()
        head = page.locator(link.get_attribute("href"))
        assert head.is_visible() and head.evaluate("(head) => head.getBoundingClientRect().top < innerHeight")
        page.evaluate("scrollTo(0, 0)")


# Accessibility


@needs_axe
@pytest.mark.parametrize("name", ["index", *(pytest.param(name, marks=pytest.mark.slow) for name in WANTED)])
def test_axe_finds_nothing(opened, name):
    """In the dark only colours differ, on a phone the rest; test_added has a report that is not slow."""
    page = opened(name, "light", bypass_csp=True)
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    page.add_script_tag(path=AXE)
    assert axe(page) == []
    change_mode(page, "dark")
    assert axe(page, runOnly=["color-contrast"]) == []
    change_mode(page, "small phone")
    assert axe(page, rules={"color-contrast": {"enabled": False}}) == []


@views("light", "dark", "phone", "print", "print in the dark")
def test_text_and_bars_stand_out_from_their_ground(seen, name, mode):
    page = seen(name, mode)
    found = page.evaluate(CONTRASTS)
    assert len(found["text"]) > 10
    assert [item for item in found["text"] if item[0] < 4.5] == []
    assert len(found["bars"]) == (0 if name == "index" else 6)
    assert [item for item in found["bars"] if item[0] < 3] == []


@pytest.mark.parametrize(
    ("name", "mode", "most"),
    [
        ("april", "phone", 24),
        ("index", "phone", None),
        *(pytest.param("april", mode, None, marks=pytest.mark.slow) for mode in ("dark", "phone")),
    ],
)
def test_the_keyboard_reaches_everything_and_shows_where_it_is(opened, name, mode, most):
    page = opened(name, mode)
    count = (
        f"[...document.querySelectorAll('{REACHABLE}')].filter((e) => e.checkVisibility() && e.tabIndex >= 0).length"
    )
    wanted = page.evaluate(count)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    reached = []
    for _press in range(most or 10 * wanted):  # what folds hold comes in when they are opened
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        if at is None or at["place"] in [other["place"] for other in reached]:
            break
        reached.append(at)
        assert at["visible"] and at["outline"] >= 2 and contrast(at["outlineColour"], ground) >= 3, at
        assert at["inView"] and at["onTop"], at
        if at["tag"] == "summary":
            page.keyboard.press("Enter")
            assert page.evaluate("document.activeElement.parentElement.open")
    assert len(reached) == (most or page.evaluate(count)) and (most or page.evaluate(count) >= wanted)
    assert (reached[0]["tag"], reached[0]["words"]) == ("a", page.locator(".skip").text_content())
    scrolls = page.evaluate(
        "[...document.querySelectorAll('body *:not(nav)')].filter((e) =>"
        " e.scrollWidth > e.clientWidth && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX))"
        ".map((e) => [e.tabIndex, e.getAttribute('role'), e.getAttribute('aria-label') || ''])"
    )
    assert all(index == 0 and role == "region" and label for index, role, label in scrolls)


def contrast(one, two):
    """The WCAG contrast of two computed colours, rgb(…)."""
    lights = []
    for colour in (one, two):
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        lights.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    low, high = sorted(lights)
    return (high + 0.05) / (low + 0.05)


def test_the_skip_link_skips(opened):
    page = opened("april", "light")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["inView"]
    page.keyboard.press("Enter")
    assert page.url.endswith("#content")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_forced_colours_keep_the_bars(opened):
    """Windows' high contrast replaces colours; the bars are the one place where they carry the length."""
    page = opened("april", "light", forced_colors="active")
    fills = page.evaluate(
        "[...document.querySelectorAll('header .bars rect')].map((bar) => getComputedStyle(bar).fill)"
    )
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert len(fills) == 6
    assert min(contrast(fill, ground) for fill in fills) >= 3


def test_bars_are_as_long_as_their_losses(seen):
    page = seen("april", "light")
    widths = page.evaluate(
        "[...document.querySelectorAll('header .bars rect')].map((b) => b.getBoundingClientRect().width)"
    )
    lost = page.evaluate("[...document.querySelectorAll('header .bars b data')].map((b) => parseFloat(b.value))")
    assert len(widths) == len(lost) == 6
    assert widths == pytest.approx([widths[0] * value / lost[0] for value in lost], rel=0.02, abs=0.5)


# Paper


def test_the_list_of_reports_prints_on_one_page(opened, tmp_path):
    page = opened("index", "light")
    page.emulate_media(media="null")  # as a reader prints it
    pdf = page.pdf(format="A4", prefer_css_page_size=True)
    width, height = map(float, re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf).groups())
    assert (width, height) == pytest.approx((595, 842), abs=1.5)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1


@every_report
def test_paper_holds_the_first_screen_on_its_first_page_and_shows_where_everything_comes_from(seen, name):
    """The text area of A4 is 257 mm high: 971 pixels. Nobody can open a summary on paper, nor skip to the content."""
    page = seen(name, "print")
    first = page.locator("header").bounding_box()
    assert page.locator("h1").is_visible()
    assert first["y"] + first["height"] < 971
    assert not page.locator(".skip").is_visible()
    for bar in page.locator("header .bars svg").all():
        assert bar.bounding_box()["height"] > 5
        assert bar.evaluate("(svg) => getComputedStyle(svg).printColorAdjust") == "exact"
    assert page.locator("details li").count() > 2
    assert page.evaluate("[...document.querySelectorAll('details li')].every((item) => item.checkVisibility())")


@views("print", "phone")
def test_a_number_in_a_table_stays_on_one_line(seen, name, mode):
    """`5,75 đến` over `6,00` reads as two numbers."""
    broken = seen(name, mode).evaluate(
        "[...document.querySelectorAll('td.n, td.n data')].filter((cell) => {"
        "  const words = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), tops = [];"
        "  while (words.nextNode()) {"
        "    const range = document.createRange(); range.selectNodeContents(words.currentNode);"
        "    tops.push(...[...range.getClientRects()].map((box) => box.top));"
        "  }"
        "  return Math.max(...tops) - Math.min(...tops) > 4; }).map((cell) => cell.textContent)"
    )
    assert broken == []


# Trying improvements, sources and slides

DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
SIZES = ((1024, 768), (1920, 1080))


def total_said(page):
    return page.inner_text("#trial-total")


def set_to(page, preset):
    page.click(f'#trial [data-preset="{preset}"]')
    page.evaluate(DRAWN)


@pytest.mark.parametrize("name", ["april", "year"])
def test_the_panel_starts_with_the_steps_and_says_what_the_plan_says(seen, report_of, name):
    """Total, class, gain and, where it is known, rank, written by the script; in 2026 0.98 of 6 points and more."""
    page, rows = seen(name, "light"), report_of(name).rows
    said = total_said(page)
    use_language("vi")
    for figure, decimals in (("plan.total", 1), ("plan.gain", 2)):
        ends = [float(rows[figure][end]) for end in ("low", "high")]
        assert write_range(*ends, decimals) in said
    use_language("en")
    assert {"april": "Trung bình", "year": "Khá"}[name] in said.splitlines()[0]
    assert ("hạng 1 " in said.casefold()) == (name == "year") and ("hạng" in said.splitlines()[-1]) <= (name == "year")


def test_the_presets_set_the_panel_and_a_button_below_the_steps_leads_there(opened, report_of):
    page, rows = opened("year", "phone"), report_of("year").rows
    rates = {code: page.input_value(f"#rate-{code}") for code in ("published_on_time", "on_time", "e_result")}
    begun, today = total_said(page), f"{float(rows['total']['value']):.1f}".replace(".", ",")
    assert rates["published_on_time"] == rows["aim.published_on_time.target"]["value"].removesuffix(".0")
    set_to(page, "weighed")
    assert page.input_value("#rate-e_result") == "80" != rates["e_result"] and total_said(page) not in (begun, "")
    set_to(page, "")
    assert page.input_value("#rate-published_on_time") == "0" and today in total_said(page)
    page.evaluate("scrollTo(0, 0)")
    page.click('.acts + .buttons [data-preset="steps"]')
    page.evaluate(DRAWN)
    assert {code: page.input_value(f"#rate-{code}") for code in rates} == rates and total_said(page) == begun
    assert -1 <= page.locator("#trial").bounding_box()["y"] < 100


def test_page_workbook_and_command_give_the_same_gains_in_each_tier(opened, report_of):
    """The panel, the page's table, the sheet and `whatif --json`: each lever, all together, each target."""
    page, report = opened("april", "light"), report_of("april")
    set_to(page, "weighed")
    told = commands.whatif("2023-04", "Hòa Bình", {"e_result": 80.0, "data_reuse": 80.0}, None).data
    data = json.loads(page.text_content("#trial-data"))
    weighed = data["presets"]["weighed"]
    every = {**{code: {code: rate} for code, rate in weighed.items()}, "together": weighed}
    sheet = load_workbook(report.file("workbook.xlsx")).worksheets[4]
    rows = [[cell.value for cell in line] for line in sheet.iter_rows(min_row=5)]
    tiers = list(dict.fromkeys(row["tier"] for row in told["tiers"]))
    assert tiers == ["supported", "documented", "open"] and len(told["tiers"]) == 9
    use_language("vi")
    for row in told["tiers"]:
        ends = [row["gain_low"], row["gain_high"]]
        name = f"tier.{row['tier']}.{row['code']}.gain"
        place, column = list(every).index(row["code"]), 2 + 2 * tiers.index(row["tier"])
        panel = page.evaluate("([data, levers]) => trying(data).tiers(levers)", [data, every[row["code"]]])
        assert panel[row["tier"]] == pytest.approx(ends, abs=1e-9)
        assert rows[place][column : column + 2] == pytest.approx(ends, abs=1e-9)
        assert [float(report.rows[name][end]) for end in ("low", "high")] == pytest.approx(ends, abs=1e-9)
        shown = page.locator(f'data[data-figure="{name}"]').first.text_content()
        assert shown == write_range(*ends, 2)
        assert row["code"] != "together" or f"+{shown} " in total_said(page)
    use_language("en")
    below = rows[-len(told["by_target"]) :]
    assert len(below) == 8
    for row, (_name, rate, *numbers) in zip(told["by_target"], below, strict=True):
        expected = [row["target"], row["gain_low"], row["gain_high"]]
        assert rate == weighed[row["code"]] and numbers[:3] == pytest.approx(expected, abs=1e-9)


def test_sliders_move_by_keys_and_rates_can_be_typed(opened):
    page = opened("april", "light")
    set_to(page, "weighed")
    before = total_said(page)
    page.focus("#slide-e_result")
    for key, rate in (("ArrowRight", "81"), ("PageDown", "71"), ("Home", "33,83"), ("ArrowRight", "34")):
        page.keyboard.press(key)
        assert page.input_value("#rate-e_result") == rate
    page.fill("#rate-e_result", "70,5")
    page.keyboard.press("Tab")
    assert page.get_attribute("#slide-e_result", "aria-valuetext") == "70,50%"
    page.evaluate(DRAWN)
    after = total_said(page)
    assert after != before
    for wrong in ("abc", "12", "101", "1e2", "70,555"):
        page.fill("#rate-e_result", wrong)
        page.keyboard.press("Tab")
        assert page.get_attribute("#rate-e_result", "aria-invalid") == "true", wrong
        assert total_said(page) == after


@pytest.mark.parametrize("name", ["year", pytest.param("april", marks=pytest.mark.slow)])
def test_every_lever_can_be_moved_by_the_keyboard_alone(opened, name):
    page = opened(name, "phone")
    page.evaluate("document.querySelector('#trial details').open = true")
    sliders = page.locator("#trial input[type=range]")
    assert sliders.count() >= 12
    for slide in sliders.all():
        before = slide.input_value()
        slide.focus()
        page.keyboard.press("ArrowLeft" if float(before) >= 99 else "ArrowRight")
        assert slide.input_value() != before


def test_a_total_typed_gives_the_rates_that_it_needs(opened):
    page = opened("april", "light")
    set_to(page, "")
    assert "e_result=" not in page.url and not re.search(r"\d", page.inner_text("#gain-e_result")), "nothing is moved"
    page.fill("#trial-goal", "61")
    page.keyboard.press("Tab")
    page.wait_for_selector("#trial-needed span")
    said = page.inner_text("#trial-needed")
    assert "61" in said and "Cấp kết quả điện tử" in said
    page.fill("#trial-goal", "20")
    page.keyboard.press("Tab")
    assert page.get_attribute("#trial-goal", "aria-invalid") == "true"


def test_a_total_that_may_be_reached_already_asks_for_nothing_to_be_lowered(opened):
    """With the two rates at 80 % July 2024 may have 91.1 points or 83.1: what is left is what makes it sure."""
    page = opened("july", "light")
    set_to(page, "weighed")
    page.fill("#trial-goal", "88")
    page.keyboard.press("Tab")
    page.wait_for_selector("#trial-needed span")
    first, *others = page.inner_text("#trial-needed").splitlines()
    assert first == "Với các mức này có thể đã đạt 88, còn tùy quy tắc và tỷ lệ chưa biết."
    assert all(
        line.endswith("thì đạt theo mọi quy tắc có văn bản và khớp số công bố.") and " 0%" not in line
        for line in others
    )
    page.fill("#trial-goal", "83.2")
    page.keyboard.press("Tab")
    page.wait_for_function("document.querySelector('#trial-needed').innerText.includes('83,2')")
    assert "Hồ sơ xử lý trước hạn, đúng hạn: từ 9" in page.inner_text("#trial-needed")


def test_the_address_keeps_the_panel_and_knows_its_rules(opened, address_of):
    page = opened("april", "light")
    page.fill("#rate-e_result", "70")
    page.keyboard.press("Tab")
    page.evaluate(DRAWN)
    address, said = page.url, total_said(page)
    assert "#try?" in address and "e_result=70" in address and "rules=2022-08_766-QD-TTg" in address
    other = opened("april", "light")
    other.goto(address)
    other.reload()
    assert (other.input_value("#rate-e_result"), total_said(other)) == ("70", said)
    other.goto(address.replace("rules=2022-08", "rules=2021-01"))
    other.reload()
    told = other.inner_text("#trial-other")
    assert "quy tắc hoặc số liệu khác" in told and "2021-01" not in told, "nothing of the address is shown"
    assert other.input_value("#rate-e_result") == "33,83", "no step of this plan"
    other.click("#trial-other button")
    assert (other.input_value("#rate-e_result"), total_said(other)) == ("70", said)
    other.goto(f"{address_of('april')}#try?e_result=<img src=x>&nobody=70&rules=2022-08_766-QD-TTg&data=0")
    other.reload()
    other.click("#trial-other button")
    told = other.inner_text("#trial-other")
    assert "Cấp kết quả điện tử" in told and "không có" in told and "nobody" not in told and "img" not in told
    assert other.said == []


def test_a_number_opens_its_source(opened, report_of):
    page = opened("april", "light")
    page.locator("dd a.f").first.click()
    source = page.locator("dialog")
    assert source.is_visible()
    assert "58,83/100" in source.inner_text() and "hoa-binh.csv:" in source.inner_text()
    assert source.locator("mark").inner_text() == "58,83/100", "the sentence of the kept notice"
    page.keyboard.press("Escape")
    assert not source.is_visible()
    page.locator("h1 a.f").first.focus()
    page.keyboard.press("Enter")
    rule = report_of("april").rows["lost"]["rule"]
    assert rule in source.inner_text() and not re.search(r"\d", rule)
    page.click("dialog button")
    assert not source.is_visible()


def test_back_closes_what_a_number_opened_and_stays_on_the_page(opened, address_of):
    page = opened("april", "phone")
    address = page.url
    page.goto(f"{address}#f-lost")
    for close in (page.go_back, lambda: page.keyboard.press("Escape"), lambda: page.click("dialog button")):
        page.locator("dd a.f").first.click()
        assert page.locator("dialog").is_visible()
        close()
        page.wait_for_timeout(100)
        assert not page.locator("dialog").is_visible() and page.url == f"{address}#f-lost"
        assert page.evaluate("history.state") is None, "nothing is left to go back through"
    page.go_back()
    assert page.url == address


def test_without_a_script_a_number_leads_to_its_row(opened):
    page = opened("april", "no script")
    page.locator("h1 a.f").first.click()
    assert page.locator("#f-lost").is_visible()


@pytest.mark.parametrize(
    ("name", "size"),
    [
        pytest.param(name, size, marks=() if (name, size) == ("april", SIZES[0]) else pytest.mark.slow)
        for name in WANTED
        for size in SIZES
    ],
)
def test_slides_fit_and_carry_their_label(opened, address_of, name, size):
    page = opened(name, "light")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{address_of(name)}?slides")
    page.reload()
    count = page.locator(".slide").count()
    assert count >= 4
    seen_words = set()
    for _slide in range(count):
        assert page.locator(".slide.on").count() == 1
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), page.inner_text(".slide.on")[:60]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        bottom = page.evaluate("document.querySelector('.slide.on').lastElementChild.getBoundingClientRect().bottom")
        assert bottom <= page.locator(".slide-bar").bounding_box()["y"]
        assert page.locator(".slide-bar .chip").is_visible()
        seen_words.add(page.inner_text(".slide.on"))
        page.keyboard.press("ArrowRight")
    assert len(seen_words) == count
    page.keyboard.press("Home")
    assert page.locator("h1").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("footer").is_visible() and not page.locator(".slide-bar").is_visible()
    assert [url for url in page.asked if not url.startswith(("data:", address_of(name)))] == []
    assert page.said == []


@needs_axe
@pytest.mark.slow
def test_axe_finds_nothing_on_a_page_whose_scripts_did_not_run(opened, report_of, tmp_path):
    """axe is a script itself, so the page is the same without its own."""
    bare = tmp_path / "bare.html"
    bare.write_text(re.sub(r"<script>.*?</script>", "", report_of("april").html, flags=re.S), encoding="utf-8")
    page = opened("april", "light", bypass_csp=True)
    page.goto(bare.as_uri())
    assert not page.locator("#trial").is_visible()
    page.add_script_tag(path=AXE)
    assert axe(page) == []


@needs_axe
@pytest.mark.slow
def test_axe_finds_nothing_in_slides_dialog_and_print(opened, address_of):
    page = opened("april", "light", bypass_csp=True)
    page.add_script_tag(path=AXE)
    page.locator("dd a.f").first.click()
    assert axe(page) == [], "a dialog"
    page.keyboard.press("Escape")
    change_mode(page, "print")
    assert axe(page) == [], "print"
    page.goto(f"{address_of('april')}?slides")
    page.reload()
    page.add_script_tag(path=AXE)
    for number in range(page.locator(".slide").count()):
        change_mode(page, ("light", "dark")[number % 2])
        assert axe(page, ".slide.on") == [], number
        page.keyboard.press("ArrowRight")

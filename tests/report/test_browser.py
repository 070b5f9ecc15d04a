"""The pages in a real browser: what it loads, whether everyone can read and reach everything, and what it prints.

Needs Chromium and playwright; the tests with axe-core need `npm install --prefix tests`, or AXE_PATH.
"""

import csv
import json
import os
import re
import shutil
from itertools import cycle
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from analysis import commands
from analysis.language import use_language, write_range
from analysis.runs import run
from pages import ADDRESS, WANTED, Report, make_reports, parsed
from places import REPOSITORY

AXE = Path(os.environ.get("AXE_PATH") or Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js")
needs_axe = pytest.mark.skipif(
    not AXE.is_file(), reason=f"{AXE} is missing: run npm install --prefix tests, or set AXE_PATH"
)
pytestmark = pytest.mark.browser
PAGES = (*WANTED, "kept", "index")
A4_TEXT = 661  # CSS pixels between the margins of A4: 210 − 20 − 15 mm
MODES = {  # width, height, colours, medium, scripts
    "light": (1280, 900, "light", "screen", True),
    "dark": (1280, 900, "dark", "screen", True),
    "phone": (360, 740, "light", "screen", True),
    "small phone": (320, 600, "light", "screen", True),
    "twice as large": (640, 450, "light", "screen", True),  # 1280 × 900 at 200 %
    "print": (A4_TEXT, 900, "light", "print", True),
    "print in the dark": (A4_TEXT, 900, "dark", "print", True),
    "no script": (1280, 900, "light", "screen", False),
}
PHONES = ("phone", "small phone")
every_page = pytest.mark.parametrize("name", PAGES)
# What the tests ask of a page

SMALL_TEXT = """() => {
  const small = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !element.checkVisibility()) continue;
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (size < 12) small.push(`${size} ${node.textContent.trim()}`);
  }
  return small;
}"""
CONTRASTS = """() => {
  const probe = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const known = new Map();
  const read = (colour) => {
    if (!known.has(colour)) {
      probe.clearRect(0, 0, 1, 1);
      probe.fillStyle = colour;
      probe.fillRect(0, 0, 1, 1);
      known.set(colour, [...probe.getImageData(0, 0, 1, 1).data]);
    }
    return known.get(colour);
  };
  const light = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, two) => {
    const [low, high] = [light(one), light(two)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = read(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
      if (colour[3] !== 0) throw new Error('half transparent ground');
    }
    throw new Error('no ground');
  };
  const text = [];
  const closed = [...document.querySelectorAll('details:not([open])')];
  for (const details of closed) details.open = true;
  for (const element of document.body.querySelectorAll('*')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.matches('.skip')) continue;
    const style = getComputedStyle(element);
    const words = `${element.tagName}.${element.className}: ${element.textContent.trim().slice(0, 40)}`;
    text.push([ratio(read(style.color), ground(element)), words]);
  }
  const bars = [...document.querySelectorAll('header .bars rect')].map((bar) =>
    [ratio(read(getComputedStyle(bar).fill), ground(bar)), bar.getAttribute('class') || '']);
  for (const details of closed) details.open = false;
  return {text, bars};
}"""
REACHABLE = "a[href], summary, button, input, [tabindex]"
FOCUSED = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const style = getComputedStyle(at);
  const box = at.getClientRects()[0];
  const middle = document.elementFromPoint(
    Math.min(Math.max(box.left + 4, 0), innerWidth - 1),
    Math.min(Math.max(box.top + Math.min(box.height / 2, 20), 0), innerHeight - 1));
  return {
    place: [...document.querySelectorAll('a[href], summary, button, input, [tabindex]')]
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
# axe cannot see the ground of a cell that a table on a phone scrolls out of sight; CONTRASTS measures those.
UNSEEN = ("incomplete", "color-contrast")
CLIPPED = """(target) => {
  const element = document.querySelector(target);
  const region = element.closest('.scroll');
  return region !== null && element.getBoundingClientRect().right > region.getBoundingClientRect().right;
}"""
WIDER_THAN_THE_PAGE = """() => {
  const wide = [];
  const inside = document.documentElement.clientWidth;
  for (const element of document.body.querySelectorAll('*')) {
    if (element.closest('.skip')) continue;
    const box = element.getBoundingClientRect();
    if (box.right > inside + 1 && !element.closest('.scroll')) wide.push(`${element.tagName} ${box.right}`);
  }
  return wide;
}"""
CUT_OFF = """() => [...document.querySelectorAll('table, img, figure, p, li, h1, h2, h3')]
  .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map((element) => `${element.tagName} ${element.textContent.trim().slice(0, 50)} ` +
                    `${Math.round(element.getBoundingClientRect().right)}`)"""


@pytest.fixture(scope="session")
def addresses(tmp_path_factory) -> dict[str, str]:
    """The four reports, one whose notice is kept, and the list of reports: name → file: address."""
    folders = make_reports(tmp_path_factory)
    pages = {name: folders[name] / "index.html" for name in ADDRESS}
    pages["kept"] = make_kept(tmp_path_factory.mktemp("kept"))
    pages["index"] = folders["april"].parents[1] / "index.html"
    return {name: path.as_uri() for name, path in pages.items()}


@pytest.fixture(scope="session")
def reports_of(tmp_path_factory):
    """reports_of("april") gives the figures of a report."""
    folders = make_reports(tmp_path_factory)
    return lambda name: Report(folders[name], WANTED[name]["language"])


def make_kept(project: Path) -> Path:
    """The report of April 2023 with its notice: every figure opens its sentence."""
    for name in ("data", "notebooks"):
        shutil.copytree(REPOSITORY / name, project / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        _answer, store = commands.add(REPOSITORY / "tests" / "notices" / "files" / "hoa-binh-2023-04.docx", None, "", "")
        assert store(False)
        page = run.render(run.prepare(WANTED["april"]))
    use_language("en")
    assert page.read_text(encoding="utf-8").count("<mark>") == 36
    return page


def open_page(browser, address, mode, **more):
    """A page that notes what it asked for and what it said, in `asked` and `said`."""
    page = browser.new_context(java_script_enabled=MODES[mode][-1], **more).new_page()
    page.asked, page.said = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    change_mode(page, mode)
    page.goto(address, wait_until="load")
    return page


def change_mode(page, mode):
    width, height, colours, medium, _scripts = MODES[mode]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=colours, media=medium)


@pytest.fixture(scope="session")
def seen(browser, addresses):
    """seen("april", "dark") gives the page in that mode, the same page to every test: to measure, not to change."""
    pages = {}

    def look(name, mode):
        scripts = MODES[mode][-1]
        if (name, scripts) not in pages:
            pages[name, scripts] = open_page(browser, addresses[name], mode)
        change_mode(pages[name, scripts], mode)
        return pages[name, scripts]

    return look


@pytest.fixture
def opened(browser, addresses):
    """opened("april", "dark") gives a page of one's own, with more settings if wanted."""
    pages = []

    def look(name, mode, **more):
        pages.append(open_page(browser, addresses[name], mode, **more))
        return pages[-1]

    yield look
    for page in pages:
        page.context.close()


# Loading and layout


@every_page
@pytest.mark.parametrize("mode", MODES)
def test_a_page_loads_nothing_says_nothing_and_fits(seen, addresses, name, mode):
    page = seen(name, mode)
    asked = [url for url in page.asked if not url.startswith("data:")]
    assert asked == [addresses[name]]
    assert page.said == []
    if mode != "no script":  # the same layout as with scripts, of which there are none
        width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1]
        assert page.evaluate(WIDER_THAN_THE_PAGE) == []
    if mode.startswith("print"):
        assert page.evaluate(CUT_OFF) == []


@every_page
def test_a_page_without_scripts_shows_everything(seen, name):
    page, other = seen(name, "no script"), seen(name, "light")
    assert not page.locator("#trial").count() or not page.locator("#trial").is_visible()
    for control in ("#trial", ".tools"):
        other.evaluate("(name) => document.querySelectorAll(name).forEach((item) => { item.hidden = true; })", control)
    assert page.inner_text("main") == other.inner_text("main")
    other.reload()
    assert page.locator("h1").is_visible()
    for picture in page.locator("img").all():
        assert picture.is_visible()
        assert picture.bounding_box()["height"] > 100


@every_page
def test_pictures_are_drawn(seen, name):
    page = seen(name, "light")
    widths = page.evaluate("[...document.images].map((image) => image.complete && image.naturalWidth)")
    assert len(widths) == (0 if name == "index" else 4)
    assert all(width > 300 for width in widths)


@every_page
@pytest.mark.parametrize("mode", PHONES)
def test_a_phone_shows_text_large_enough(seen, name, mode):
    page = seen(name, mode)
    assert page.evaluate(SMALL_TEXT) == []


@every_page
@pytest.mark.parametrize("mode", PHONES)
def test_on_a_phone_a_table_says_what_it_is_without_scrolling(seen, name, mode):
    """The caption wraps at the width of the screen, not at that of the table."""
    cut = seen(name, mode).evaluate(
        """() => [...document.querySelectorAll('caption')].filter((caption) => {
          const range = document.createRange();
          range.selectNodeContents(caption);
          return range.getBoundingClientRect().right > innerWidth;
        }).map((caption) => caption.textContent)"""
    )
    assert cut == []


def test_on_a_phone_the_finding_and_the_three_numbers_come_first(seen):
    page = seen("april", "phone")
    for selector in ("h1", ".lead", ".numbers dd.number >> nth=0", ".numbers dd.number >> nth=1"):
        box = page.locator(selector).bounding_box()
        assert box["y"] + box["height"] < 740, selector


@every_page
def test_text_may_be_spaced_wider(opened, name):
    """WCAG 1.4.12: wider letters, words and lines cut nothing off."""
    page = opened(name, "phone", bypass_csp=True)
    page.add_style_tag(
        content="* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }"
        "p { margin-bottom: 2em !important; }"
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(WIDER_THAN_THE_PAGE) == []


# Accessibility


@needs_axe
@pytest.mark.parametrize("name", ["april", "july", "year", "index"])  # the others are made of the same parts
def test_axe_finds_nothing(opened, name):
    """In the dark only colours differ, on a phone the rest; most of the time of axe goes to contrasts."""
    page = opened(name, "light", bypass_csp=True)
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    page.add_script_tag(path=AXE)
    assert axe(page) == []
    change_mode(page, "dark")
    assert axe(page, runOnly=["color-contrast"]) == []
    change_mode(page, "small phone")
    assert axe(page, rules={"color-contrast": {"enabled": False}}) == []


@every_page
@pytest.mark.parametrize("mode", ["light", "dark", "phone", "print", "print in the dark"])
def test_text_and_bars_stand_out_from_their_ground(seen, name, mode):
    page = seen(name, mode)
    found = page.evaluate(CONTRASTS)
    assert len(found["text"]) > 10
    assert [item for item in found["text"] if item[0] < 4.5] == []
    assert len(found["bars"]) == (0 if name == "index" else 6)
    assert [item for item in found["bars"] if item[0] < 3] == []


@pytest.mark.parametrize("name", ["april", "index"])
@pytest.mark.parametrize("mode", ["dark", "phone"])
def test_the_keyboard_reaches_everything_and_shows_where_it_is(opened, name, mode):
    page = opened(name, mode)
    count = (
        f"[...document.querySelectorAll('{REACHABLE}')].filter((e) => e.checkVisibility() && e.tabIndex >= 0).length"
    )
    wanted = page.evaluate(count)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    reached = []
    for _press in range(2 * wanted):
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
    assert len(reached) == page.evaluate(count) >= wanted
    assert (reached[0]["tag"], reached[0]["words"]) == ("a", page.locator(".skip").text_content())
    scrolls = page.evaluate(
        "[...document.querySelectorAll('*')].filter((e) => e !== document.documentElement && e !== document.body &&"
        " e.scrollWidth > e.clientWidth && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX))"
        ".map((e) => [e.tabIndex, e.getAttribute('role'), e.getAttribute('aria-label') || ''])"
    )
    assert mode != "phone" or len(scrolls) >= (1 if name == "index" else 5)
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


def test_arrow_keys_scroll_a_table(opened):
    page = opened("april", "phone", bypass_csp=True)  # waiting for a condition needs eval
    page.locator(".scroll").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0", timeout=3000)


@every_page
def test_what_opens_can_be_seen_to_open(seen, name):
    """A summary that looks like a link, with no mark of its own, is taken for one."""
    marks = seen(name, "light").evaluate(
        """() => [...document.querySelectorAll('summary')].map((summary) => {
          const own = getComputedStyle(summary).display === 'list-item'
            && getComputedStyle(summary).listStyleType !== 'none';
          const made = ['::before', '::after'].map((part) => getComputedStyle(summary, part).content);
          return own || made.some((content) => !['none', 'normal', '""'].includes(content));
        })"""
    )
    assert all(marks)


@every_page
def test_targets_are_large_enough(seen, name):
    """WCAG 2.5.8: 24 pixels, or a link inside a line of text."""
    small = seen(name, "phone").evaluate(
        """() => [...document.querySelectorAll('a[href], summary')]
          .filter((element) => element.checkVisibility() && !element.matches('.skip'))
          .filter((element) => element.getBoundingClientRect().height < 24
            && !element.closest('li, p, td, th, dd, h1, .note'))
          .map((element) => element.textContent)"""
    )
    assert small == []


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


@every_page
def test_a_page_prints_on_a4(opened, name, tmp_path):
    page = opened(name, "light")
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    page.emulate_media(media="null")  # as a reader prints it
    path = tmp_path / "page.pdf"
    page.pdf(path=path, format="A4", prefer_css_page_size=True)
    pdf = path.read_bytes()
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert len(pdf) > 10_000
    assert pages == 1 if name == "index" else 4 <= pages <= 14
    width, height = map(float, re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf).groups())
    assert (width, height) == pytest.approx((595, 842), abs=1.5)


@pytest.mark.parametrize("name", WANTED)
def test_the_first_printed_page_holds_the_first_screen(seen, name):
    """The text area of A4 is 257 mm high: 971 pixels."""
    page = seen(name, "print")
    first = page.locator("header").bounding_box()
    assert page.locator("h1").is_visible()
    assert first["y"] + first["height"] < 971


@pytest.mark.parametrize("name", WANTED)
def test_print_keeps_the_bars_and_drops_the_skip_link(seen, name):
    page = seen(name, "print")
    assert not page.locator(".skip").is_visible()
    for bar in page.locator("header .bars svg").all():
        assert bar.bounding_box()["height"] > 5
        assert bar.evaluate("(svg) => getComputedStyle(svg).printColorAdjust") == "exact"


@pytest.mark.parametrize("name", WANTED)
def test_paper_shows_where_everything_comes_from(seen, name):
    """Nobody can open a summary on paper."""
    page = seen(name, "print")
    assert page.locator("details li").count() > 2
    assert page.evaluate("[...document.querySelectorAll('details li')].every((item) => item.checkVisibility())")


@every_page
def test_a_number_in_a_table_stays_on_one_line(seen, name):
    """`5,75 đến` over `6,00` reads as two numbers."""
    for mode in ("print", "phone"):
        broken = seen(name, mode).evaluate(
            "[...document.querySelectorAll('td.n, td.n data')].filter((cell) => {"
            "  const range = document.createRange(); range.selectNodeContents(cell);"
            "  const tops = [...range.getClientRects()].map((box) => box.top);"
            "  return Math.max(...tops) - Math.min(...tops) > 4; }).map((cell) => cell.textContent)"
        )
        assert broken == [], mode


# Trying improvements, sources and slides

SIZES = ((1024, 768), (1920, 1080))


def total_said(page):
    return page.inner_text("#trial-total")


def test_the_panel_starts_where_the_report_stands(seen, reports_of):
    """The same words as in the report's own table, written by the script."""
    page, rows = seen("april", "light"), reports_of("april").rows
    for name, decimals in (("total", 1), ("gain", 2), ("remaining", 1)):
        ends = [float(rows[f"lever.together.{name}"][end]) for end in ("low", "high")]
        use_language("vi")
        assert write_range(*ends, decimals) in total_said(page)
        use_language("en")


def test_sliders_move_by_keys_and_rates_can_be_typed(opened):
    page = opened("april", "light")
    before = total_said(page)
    page.focus("#slide-e_result")
    page.keyboard.press("ArrowRight")
    assert page.input_value("#rate-e_result") == "81"
    page.keyboard.press("PageDown")
    assert page.input_value("#rate-e_result") == "71"
    page.keyboard.press("Home")
    assert page.input_value("#rate-e_result") == "33,83"
    page.keyboard.press("ArrowRight")
    assert page.input_value("#rate-e_result") == "34"
    page.fill("#rate-e_result", "70,5")
    page.keyboard.press("Tab")
    assert page.get_attribute("#slide-e_result", "aria-valuetext") == "70,50 %"
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    after = total_said(page)
    assert after != before
    for wrong in ("abc", "12", "101", "1e2", "70,555"):
        page.fill("#rate-e_result", wrong)
        page.keyboard.press("Tab")
        assert page.get_attribute("#rate-e_result", "aria-invalid") == "true", wrong
        assert total_said(page) == after


def test_every_lever_can_be_moved_by_the_keyboard_alone(opened):
    page = opened("april", "phone")
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
    page.click("#trial-today")
    page.fill("#trial-goal", "61")
    page.keyboard.press("Tab")
    page.wait_for_selector("#trial-needed span")
    said = page.inner_text("#trial-needed")
    assert "61" in said and "Cấp kết quả điện tử" in said
    page.fill("#trial-goal", "20")
    page.keyboard.press("Tab")
    assert page.get_attribute("#trial-goal", "aria-invalid") == "true"


def test_the_address_keeps_the_panel_and_knows_its_rules(opened, addresses):
    page = opened("april", "light")
    page.fill("#rate-e_result", "70")
    page.keyboard.press("Tab")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    address, said = page.url, total_said(page)
    assert "#try?" in address and "e_result=70" in address and "rules=2022-08_766-QD-TTg" in address
    other = opened("april", "light")
    other.goto(address)
    other.reload()
    assert (other.input_value("#rate-e_result"), total_said(other)) == ("70", said)
    other.goto(address.replace("rules=2022-08", "rules=2021-01"))
    other.reload()
    assert "2021-01" in other.inner_text("#trial-other")
    assert other.input_value("#rate-e_result") == "80"
    other.click("#trial-other button")
    assert (other.input_value("#rate-e_result"), total_said(other)) == ("70", said)
    other.goto(f"{addresses['april']}#try?e_result=<img src=x>&nobody=70&rules=2022-08_766-QD-TTg&data=0")
    other.reload()
    other.click("#trial-other button")
    assert "nobody" in other.inner_text("#trial-other")
    assert other.said == []


def test_a_number_opens_its_source(opened):
    page = opened("april", "light")
    page.locator("dd a.f").first.click()
    source = page.locator("dialog")
    assert source.is_visible()
    assert "58,83/100" in source.inner_text() and "hoa-binh.csv:" in source.inner_text()
    page.keyboard.press("Escape")
    assert not source.is_visible()
    page.locator("h1 a.f").first.focus()
    page.keyboard.press("Enter")
    assert "100 − total" in source.inner_text()
    page.click("dialog button")
    assert not source.is_visible()


def test_without_a_script_a_number_leads_to_its_row(opened):
    page = opened("april", "no script")
    page.locator("h1 a.f").first.click()
    assert page.locator("#f-lost").is_visible()


@pytest.mark.parametrize("name", ["april", "july", "year", "english"])
@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
def test_slides_fit_and_carry_their_label(opened, addresses, name, size):
    page = opened(name, "light")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{addresses[name]}?slides")
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
    assert [url for url in page.asked if not url.startswith(("data:", addresses[name]))] == []
    assert page.said == []


@needs_axe
def test_axe_finds_nothing_on_a_page_whose_scripts_did_not_run(opened, addresses, tmp_path):
    """axe is a script itself, so the page is the same without its own."""
    text = Path(unquote(urlparse(addresses["april"]).path)).read_text(encoding="utf-8")
    bare = tmp_path / "bare.html"
    bare.write_text(re.sub(r"<script>.*?</script>", "", text, flags=re.S), encoding="utf-8")
    page = opened("april", "light", bypass_csp=True)
    page.goto(bare.as_uri())
    assert not page.locator("#trial").is_visible()
    page.add_script_tag(path=AXE)
    assert axe(page) == []


@needs_axe
def test_axe_finds_nothing_in_slides_dialog_and_print(opened, addresses):
    page = opened("april", "light", bypass_csp=True)
    page.add_script_tag(path=AXE)
    page.locator("dd a.f").first.click()
    states = [("dialog", "light"), ("closed", "print")]
    for state, mode in states:
        if state == "closed":
            page.keyboard.press("Escape")
        change_mode(page, mode)
        assert axe(page) == [], state
    page.goto(f"{addresses['april']}?slides")
    page.reload()
    page.add_script_tag(path=AXE)
    for number in range(page.locator(".slide").count()):
        change_mode(page, ("light", "dark")[number % 2])
        assert axe(page, ".slide.on") == [], number
        page.keyboard.press("ArrowRight")


def axe(page, part="html", **settings):
    """What axe finds wrong in part of a page or cannot decide; a text that is cut off on purpose aside."""
    settings["resultTypes"] = ["violations", "incomplete"]
    found = page.evaluate("([part, settings]) => axe.run(part, settings)", [part, settings])
    assert len(found["passes"]) > (10 if part == "html" and "runOnly" not in settings else 0)
    return [
        f"{kind} {rule['id']}: {node['html'][:120]} {[item['message'] for item in node['any'] + node['all']][:2]}"
        for kind in ("violations", "incomplete")
        for rule in found[kind]
        for node in rule["nodes"]
        if kind == "violations" or rule["id"] != "color-contrast" or not page.evaluate(CLIPPED, node["target"][0])
    ]


# Hostile text

PAYLOADS = [
    line.replace("RUN", "document.title='ran'").replace("TAB", "\t")
    for line in (REPOSITORY / "tests" / "report" / "hostile.txt").read_text(encoding="utf-8").splitlines()
]


def test_no_text_can_run(opened, tmp_path, monkeypatch):
    """48 payloads through words of the notice, publishers, titles, groups, indicators and provinces."""
    assert len(set(PAYLOADS)) == 48
    for name in ("data", "notebooks"):
        shutil.copytree(REPOSITORY / name, tmp_path / name)
    hostile = cycle(PAYLOADS)
    figures = tmp_path / "data" / "observations" / "hoa-binh.csv"
    with figures.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["period"] == "2023-04":
            row["quote"] += f" {next(hostile)} {next(hostile)}"
    with figures.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    hostile = cycle(reversed(PAYLOADS))
    for path in (tmp_path / "data" / "rubrics" / "2022-08_766-QD-TTg.toml", tmp_path / "data" / "sources.toml"):
        lines = []
        for line in path.read_text(encoding="utf-8").splitlines():
            if match := re.match(r'(name = \{ vi = |publisher = |title = )"([^"]*)"(.*)', line):
                line = f"{match[1]}{json.dumps(f'{match[2]} {next(hostile)}')}{match[3]}"
            lines.append(line)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    address = run.render(run.prepare(WANTED["april"])).as_uri()
    text = Path(tmp_path / "reports" / "hoa-binh" / "2023-04" / "index.html").read_text(encoding="utf-8")
    words = parsed(text).get_text()
    assert sum(" ".join(payload.split()) in " ".join(words.split()) for payload in PAYLOADS) == 48
    for mode, where in (
        ("light", address),
        ("no script", address),
        ("light", f"{address}?slides"),
        ("light", (tmp_path / "reports" / "index.html").as_uri()),
    ):
        page = opened("april", mode)
        page.goto(where)
        page.evaluate("document.querySelectorAll('details').forEach((item) => { item.open = true; })")
        page.evaluate(
            """document.querySelectorAll('*').forEach((item) => ['mouseover', 'focus'].forEach(
              (name) => { if (item.tagName !== 'BUTTON') item.dispatchEvent(new MouseEvent(name)); }))"""
        )
        assert page.title() != "ran"
        assert all(url.startswith(("data:", "file:")) for url in page.asked)
        assert page.said == []

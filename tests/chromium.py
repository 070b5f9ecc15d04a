"""What the tests ask of a page in a real browser: modes, what is too small, too pale or too wide, and axe-core.

Needs Chromium and playwright; axe-core needs `npm install --prefix tests`, or AXE_PATH.
"""

import os
from pathlib import Path

import pytest

from places import REPOSITORY

AXE = Path(os.environ.get("AXE_PATH") or Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js")
needs_axe = pytest.mark.skipif(
    not AXE.is_file(), reason=f"{AXE} is missing: run npm install --prefix tests, or set AXE_PATH"
)
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
# axe cannot see the ground of a cell that a table on a phone scrolls out of sight; CONTRASTS measures those.
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


# Words that a page must show and never run
PAYLOADS = [
    line.replace("RUN", "document.title='ran'").replace("TAB", "\t")
    for line in (REPOSITORY / "tests" / "report" / "hostile.txt").read_text(encoding="utf-8").splitlines()
]

"""What others wrote, in cells of the notebook or in the data: is it on the page, read well, and does nothing run?"""

from __future__ import annotations

import base64
import csv
import json
import re
import shutil
from itertools import cycle
from pathlib import Path

import nbformat
import pytest
from matplotlib.figure import Figure
from nbformat import v4

from analysis.language import use_language
from analysis.runs import run
from analysis.runs.page import shown_on_page
from chromium import AXE, CONTRASTS, CUT_OFF, PAYLOADS, WIDER_THAN_THE_PAGE, axe, change_mode, needs_axe, open_page
from pages import WANTED, parsed
from places import REPOSITORY, made_once

PLACE = "Ô của chuyên viên"  # the marked place of the notebook
WORDS = """# Nhận xét của phòng

Các xã **nộp muộn**; xem [cổng dịch vụ](https://dichvucong.gov.vn).

- một
- hai

> Cần đôn đốc.

| Huyện | Hồ sơ | Đúng hạn, % |
|:--|--:|--:|
| Lương Sơn | 1 234 | 98,5 |

![Buổi họp](hinh.png) ![đèn](https://example.com/x.png)

<script>document.title = 'ran'</script><style>body { display: none }</style>
<iframe src="https://example.com"></iframe><p onclick="document.title = 'ran'" style="position: fixed">Hết.</p>
"""
CELLS = (
    """print("Tổng hồ sơ:", 12345)
print("từ " * 100, "khong_co_dau_cach_" * 20)""",
    """import pandas as pd

pd.DataFrame({f"Cột {n}": [1.5 * n, -22222.25] for n in range(14)}, index=["Huyện Lương Sơn", "Đà Bắc"])""",
    """import matplotlib.pyplot as plt
import seaborn as sns

sns.barplot(x=[1, 2], y=["Lương Sơn", "Đà Bắc"], orient="h")
plt.show()""",
    """from IPython.display import HTML, Image, display

Image(data=open("../../../notebooks/hinh.png", "rb").read())""",
    """display(HTML("<h2>Ngoài ra</h2><script>document.title = 'ran'</script>"
             "<img src=x onerror=\\"document.title='ran'\\">"
             "<svg onload=\\"document.title='ran'\\"></svg><a href=\\"javascript:document.title='ran'\\">bấm</a>"))""",
)  # fmt: skip


def png() -> bytes:
    figure = Figure(figsize=(6, 3))
    figure.subplots().plot([1, 3, 2])
    path = Path("hinh.png")
    figure.savefig(path)
    return path.read_bytes()


# Cell by cell


def shown(cell) -> str:
    return "".join(shown_on_page(cell))


def output(**data: str) -> str:
    """What is shown of an output with this data, by the kinds `html`, `png`, `plain`, …"""
    kinds = {"html": "text/html", "plain": "text/plain", "markdown": "text/markdown", "png": "image/png"}
    kinds |= {"svg": "image/svg+xml", "widget": "application/vnd.jupyter.widget-view+json"}
    named = {kinds[kind]: value for kind, value in data.items()}
    return shown(v4.new_code_cell(outputs=[v4.new_output("display_data", named)], execution_count=7))


def test_words_and_what_is_printed_are_shown_as_they_are():
    assert shown(v4.new_markdown_cell("# A\n\nb *c* <b>d</b>")) == (
        '<section class="added"><h2>A</h2>\n<p>b <em>c</em> <b>d</b></p>\n</section>'
    )
    assert shown(v4.new_markdown_cell("a", metadata={"tags": ["notebook-only"]})) == ""
    printed = [v4.new_output("stream", name=name, text=text) for name, text in
               (("stdout", "a <b>\n  1\n\n"), ("stderr", "warning"), ("stdout", " \n"))]  # fmt: skip
    assert shown(v4.new_code_cell(outputs=printed)) == '<section class="added"><pre>a &lt;b&gt;\n  1</pre></section>'
    assert shown(v4.new_code_cell("x = 1")) == ""
    assert shown(v4.new_markdown_cell("Ti\u0302nh")).count("Tình") == 0 and "Tình" in shown(
        v4.new_markdown_cell("Ti\u0300nh")
    )


def test_the_richest_form_of_an_output_is_shown_and_what_tells_nobody_anything_is_not():
    assert output(plain="3.5") == '<section class="added"><pre>3.5</pre></section>'
    assert output(plain="<Axes: xlabel='x'>") == output(html="<p>w</p>", widget="{}", plain="Slider()") == ""
    assert output(widget="{}", plain="Slider()") == ""
    assert "<p>rich</p>" in output(html="<p>rich</p>", png="AAAA", plain="poor")
    assert output(markdown="**m**", plain="p") == '<section class="added"><p><strong>m</strong></p>\n</section>'
    assert output(png="AA\nAA", plain="p") == (
        '<section class="added"><img src="data:image/png;base64,AAAA" alt="Picture of cell 7.1"></section>'
    )
    image = parsed(output(svg="<svg/>")).img
    assert base64.b64decode(image["src"].removeprefix("data:image/svg+xml;base64,")) == b"<svg/>"


def test_pictures_of_the_notebook_are_put_in_and_others_left_out(project_copy, monkeypatch):
    monkeypatch.chdir(project_copy / "notebooks")
    data = base64.b64encode(png()).decode()
    monkeypatch.chdir(project_copy)
    own = v4.new_markdown_cell("![a](hinh.png) ![b](attachment:x.png)", attachments={"x.png": {"image/png": data}})
    images = parsed(shown(own)).find_all("img")
    assert [image["alt"] for image in images] == ["a", "b"]
    assert all(base64.b64decode(image["src"].split(",")[1]) == base64.b64decode(data) for image in images)
    for address in ("https://example.com/x.png", "//example.com/x.png", "file:///etc/passwd", "data:text/html,x"):
        soup = parsed(shown(v4.new_markdown_cell(f'<img src="{address}" alt="x">')))
        assert not soup.find("img") and soup.get_text(strip=True) == "(a picture that is not in the notebook)"
    gone = parsed(shown(v4.new_markdown_cell("a ![b](attachment:gone.png) c")))
    assert gone.get_text(strip=True) == "a (a picture that is not in the notebook) c"


def test_nothing_of_a_hostile_cell_is_left_but_words():
    seen = set()
    for payload in PAYLOADS:
        for html in (shown(v4.new_markdown_cell(payload)), output(html=payload)):
            for element in parsed(html).find_all(True):
                seen.add(element.name)
                assert not {name for name in element.attrs if name.startswith("on")}, payload
                assert not {"style", "srcdoc", "srcset", "formaction", "xlink:href"} & set(element.attrs), payload
                assert re.match(r"https?:|mailto:|#|[^:]*$", element.get("href", "")), payload
                assert element.get("src", "data:image/").startswith("data:image/"), payload
                assert element.name == "section" or element.get("class") in (None, ["scroll", "usual"]), payload
    assert seen == {"section", "p", "a", "code"}


def rows(html: str) -> list[list[str]]:
    """The words of each cell, those of a number with `>` before them and those of a head with `#`."""
    return [
        [
            f"{'#' * (cell.name == 'th')}{'>' * ('n' in cell.get('class', []))}{cell.get_text(strip=True)}"
            for cell in row.find_all(["td", "th"])
        ]
        for row in parsed(html).find_all("tr")
    ]


def test_a_table_is_styled_as_the_pages_own():
    table = (
        "<style>th { color: red }</style><table border=1 class='dataframe'><thead><tr><th></th><th>a</th><th>b</th>"
        "<th>c</th></tr></thead><tbody><tr><th>0</th><td>1,5 %</td><td>x</td><td>NaN</td></tr>"
        "<tr><th>1</th><td>−2</td><td>3</td><td>1e-05</td></tr></tbody></table>"
    )
    soup = parsed(output(html=f"{table}{table}"))
    assert rows(str(soup.table)) == [
        [">", "#>a", "#b", "#>c"],
        ["#>0", ">1,5 %", "x", ">NaN"],
        ["#>1", ">−2", "3", ">1e-05"],
    ]
    assert [head.get("scope") for head in soup.table.find_all("th")] == ["col"] * 3 + ["row"] * 2
    one, other = soup.select("div.scroll.usual")
    assert (one["role"], one["tabindex"]) == ("region", "0") and one["aria-label"] != other["aria-label"]
    assert not soup.find(attrs={"border": True}) and "color" not in str(soup)


def test_an_index_of_several_levels_leaves_numbers_in_their_columns():
    body = "<tr><th rowspan='2'>A</th><th>x</th><td>1</td><td>w</td></tr><tr><th>y</th><td>2</td><td>v</td></tr>"
    assert rows(output(html=f"<table><thead><tr><th></th><th></th><th>n</th><th>s</th></tr></thead>{body}</table>"))[
        1:
    ] == [
        ["#A", "#x", ">1", "w"],
        ["#y", ">2", "v"],
    ]
    headless = output(html="<table><tr><th>2023</th><td>5</td></tr><tr><th>2024</th><td>-</td></tr></table>")
    assert rows(headless) == [["#2023", ">5"], ["#2024", ">-"]]


@pytest.mark.parametrize(("columns", "size"), [(3, "usual"), (12, "small"), (14, "smaller"), (30, "smallest")])
def test_a_wide_table_is_printed_smaller(columns, size):
    cells = "<td>123,456</td>" * columns
    assert parsed(output(html=f"<table><tr>{cells}</tr></table>")).div["class"] == ["scroll", size]


# On the page, beside hostile words


@pytest.fixture(scope="module")
def added(tmp_path_factory) -> Path:
    """The page of a report with cells of all kinds at the marked place, and payloads in the words of others."""
    return made_once(tmp_path_factory, "added", make_added) / "reports" / "hoa-binh" / "2024-07" / "index.html"


def make_added(project: Path) -> None:
    for name in ("data", "notebooks"):
        shutil.copytree(REPOSITORY / name, project / name)
    make_hostile(project / "data")
    path = project / "notebooks" / run.NOTEBOOK
    notebook = nbformat.read(path, as_version=4)
    (place,) = [number for number, cell in enumerate(notebook.cells, start=1) if PLACE in cell.source]
    notebook.cells[place:place] = [v4.new_markdown_cell(WORDS), *map(v4.new_code_cell, CELLS)]
    nbformat.write(notebook, path)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project / "notebooks")
        png()
        patch.chdir(project)
        run.render(run.prepare(WANTED["july"]))
    use_language("en")


def make_hostile(data: Path) -> None:
    """Payloads in the words of the notice, publishers, titles, groups and indicators."""
    hostile, figures = cycle(PAYLOADS), data / "observations" / "hoa-binh.csv"
    with figures.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["period"] == "2024-07":
            row["quote"] += "".join(f" {next(hostile)}" for _payload in range(4))
    with figures.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    hostile = cycle(reversed(PAYLOADS))
    for path in (data / "rubrics" / "2022-08_766-QD-TTg.toml", data / "sources.toml"):
        lines = []
        for line in path.read_text(encoding="utf-8").splitlines():
            if match := re.match(r'(name = \{ vi = |publisher = |title = )"([^"]*)"(.*)', line):
                line = f"{match[1]}{json.dumps(f'{match[2]} {next(hostile)}')}{match[3]}"
            lines.append(line)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_added_cells_stand_in_their_order_between_the_months_and_the_checks(added):
    soup = parsed(added.read_text(encoding="utf-8"))
    sections = soup.find_all("section", class_="added")
    assert len(sections) == 6
    assert sections[0].find_previous("h2").get_text() == "Các năm qua thế nào?"
    assert sections[-1].find_next_sibling("section").h2.get_text() == "Số liệu có khớp với nhau không?"
    kinds = [("h2", "p", "ul", "blockquote", "table", "img"), ("pre",), ("table",), ("img",), ("img",), ("h2",)]
    for section, names in zip(sections, kinds, strict=True):
        assert all(section.find(name) for name in names), names
    assert not [element for section in sections for element in section.find_all(["script", "style", "iframe", "svg"])]


@pytest.mark.browser
@needs_axe
@pytest.mark.parametrize(
    "mode", ["light", *(pytest.param(mode, marks=pytest.mark.slow) for mode in ("dark", "phone", "print", "no script"))]
)
def test_added_cells_are_seen_read_well_and_bring_nothing_along(browser, added, mode):
    page = open_page(browser, added.as_uri(), mode, bypass_csp=mode != "no script")
    parts = page.evaluate(
        """[...document.querySelectorAll('section.added :is(h2, p, li, blockquote, pre, table, img)')].map((part) => {
          const {width, height} = part.getBoundingClientRect();
          return part.checkVisibility() && width > 10 && height > 10 ? '' : part.outerHTML;
        })"""
    )
    assert len(parts) >= 15 and set(parts) == {""}
    drawn = page.evaluate("[...document.querySelectorAll('.added img')].map((image) => image.naturalWidth)")
    assert len(drawn) == 3 and min(drawn) > 300
    assert page.evaluate(WIDER_THAN_THE_PAGE) == []
    assert [item for item in page.evaluate(CONTRASTS)["text"] if item[0] < 4.5] == []
    assert page.evaluate(CUT_OFF) == [] or not mode.startswith("print")
    look = page.evaluate(
        """() => {
          const of = (selector) => getComputedStyle(document.querySelector(selector));
          return [of('.added pre').whiteSpace, of('.added td.n').textAlign, of('.added thead th.n').textAlign,
                  of('.added img').backgroundColor, of('.added h2').fontSize === of('.analyst').fontSize];
        }"""
    )
    assert look == ["pre-wrap", "right", "right", "rgb(255, 255, 255)", True]
    if mode != "no script":
        page.add_script_tag(path=AXE)
        assert axe(page) == []
    assert page.title() != "ran" and page.said == []
    assert [url for url in page.asked if not url.startswith("data:")] == [added.as_uri()]
    page.context.close()


@pytest.mark.browser
def test_a_wide_table_is_cards_on_a_phone_scrolls_above_and_paper_cuts_nothing_off(browser, added):
    """The rows of a table of words have no heading cell: what they begin with stays."""
    page = open_page(browser, added.as_uri(), "phone", bypass_csp=True)  # waiting for a condition needs eval
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(
        "[...document.querySelectorAll('.added .scroll')].every((part) => part.scrollWidth <= part.clientWidth)"
    )
    cells = page.locator(".added table").first.locator("tbody td")
    assert cells.all_inner_texts() == ["Lương Sơn", "1 234", "98,5"]
    heads = cells.evaluate_all("(cells) => cells.map((cell) => getComputedStyle(cell, '::before').content)")
    assert heads == ["none", '"Hồ sơ"', '"Đúng hạn, %"']
    page.set_viewport_size({"width": 800, "height": 740})
    wide = page.locator(".added .scroll").nth(1)
    assert wide.evaluate("(region) => region.scrollWidth > region.clientWidth && region.tabIndex === 0")
    wide.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0", timeout=3000)
    change_mode(page, "print")
    assert page.evaluate(CUT_OFF) == []
    lines = page.evaluate(
        """[...document.querySelectorAll('.added td.n')].map((cell) => {
          const range = document.createRange();
          range.selectNodeContents(cell);
          return range.getClientRects().length;
        })"""
    )
    assert len(lines) > 20 and set(lines) == {1}, "a number is not broken"
    page.context.close()


def test_hostile_text_is_shown_as_text(added):
    assert len(set(PAYLOADS)) == 48
    for page in (added, added.parents[2] / "index.html"):
        soup = parsed(page.read_text(encoding="utf-8"))
        assert len(soup.find_all("script")) == (2 if page == added else 1)
        assert not soup.select("iframe, object, embed, form, link, base, svg script")
        assert all(
            image["src"].startswith(("data:image/svg+xml;base64,", "data:image/png;base64,"))
            for image in soup.find_all("img")
        )
        assert not [element for element in soup.find_all(True) for name in element.attrs if name.startswith("on")]
    soup = parsed(added.read_text(encoding="utf-8"))
    assert soup.title.get_text() == soup.h1.get_text()

    def shown(words: str) -> int:
        return sum(" ".join(payload.split()) in " ".join(words.split()) for payload in PAYLOADS)

    assert shown(soup.get_text()) == 48
    parts = (soup.h1, soup.select_one(".origin"), soup.figcaption, soup.find("q"), soup.find("details", class_="ref"))
    assert all(shown(part.get_text()) >= 1 for part in parts)
    assert shown(" ".join(image["alt"] for image in soup.find_all("img"))) >= 3


@pytest.mark.browser
@pytest.mark.parametrize(
    ("mode", "page"),
    [
        ("light", "index.html"),
        *(
            pytest.param(*view, marks=pytest.mark.slow)
            for view in (("no script", "index.html"), ("light", "index.html?slides"), ("light", "../../index.html"))
        ),
    ],
)
def test_no_text_can_run(browser, added, mode, page):
    opened = open_page(browser, f"{added.parent.as_uri()}/{page}", mode)
    opened.evaluate("document.querySelectorAll('details').forEach((item) => { item.open = true; })")
    opened.evaluate(
        """document.querySelectorAll('*').forEach((item) => ['mouseover', 'focus'].forEach(
          (name) => { if (item.tagName !== 'BUTTON') item.dispatchEvent(new MouseEvent(name)); }))"""
    )
    assert opened.title() != "ran"
    assert all(url.startswith(("data:", "file:")) for url in opened.asked)
    assert opened.said == []
    opened.context.close()

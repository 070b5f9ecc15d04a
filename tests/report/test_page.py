"""The page of a report: every digit on it is accounted for, and it is safe, whole and readable without a browser."""

import ast
import base64
import hashlib
import json
import random
import re
import tempfile
import unicodedata
import zipfile
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import openpyxl
import pytest
from analysis.opened import open_month
from babel.messages.pofile import read_po
from bs4 import BeautifulSoup, Comment, NavigableString, Tag

from analysis import commands
from analysis.language import (
    LOCALE_FOLDER,
    _,
    use_language,
    write_date,
    write_list,
    write_number,
    write_period,
    write_range,
)
from analysis.report import charts, leader
from analysis.runs import run
from analysis.runs.page import PAGE_FOLDER, SCRIPTS
from analysis.runs.reports import index_of_reports, published
from analysis.scorecards.history import periods_with_total, totals
from analysis.scorecards.periods import month_before
from analysis.scorecards.sources import load_sources
from pages import ADDRESS, INDEXES, WANTED, Report, make_reports, parsed, source_words
from places import REPOSITORY

FRACTIONS = {
    "khoảng một phần tư": 1 / 4,
    "khoảng một phần ba": 1 / 3,
    "khoảng một nửa": 1 / 2,
    "khoảng hai phần ba": 2 / 3,
    "khoảng ba phần tư": 3 / 4,
    "about a quarter": 1 / 4,
    "about a third": 1 / 3,
    "about half": 1 / 2,
    "about two thirds": 2 / 3,
    "about three quarters": 3 / 4,
}
# Digits in the visible text that are neither figures nor references: the element they may stand in, and there the
# only words they may be part of.
EXCEPTIONS = (
    ("h1", "{period}"),  # which month the report is about: its name, not a measurement
    (".numbers .words", "{month_before}"),  # the month that is missing
    ("section > p", "{periods_known}"),  # the months that have a total
    ("li", "{a_period_known}"),  # since when the total changed
    ("td", "{a_period_of_proof}"),  # the month of a figure of another card that ruled something out
    (".note", "100 %"),  # what shares are shares of: the whole
    ("th[scope=row]", "100 %"),  # in the name of the check that shares sum to the whole
    ("figcaption", "{a_source}"),  # who published, and the number of the notice
)
BLOCKS = ("p", "li", "td", "th", "h1", "h2", "h3", "dt", "dd", "caption", "figcaption", "summary", "label", "button")
VIETNAMESE_PAGES = tuple(name for name, wanted in WANTED.items() if wanted["language"] == "vi")


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    return make_reports(tmp_path_factory)


@pytest.fixture(scope="session")
def reports(folders) -> dict[str, Report]:
    return {name: Report(folder, WANTED[name]["language"]) for name, folder in folders.items()}


@pytest.fixture(scope="session")
def indexes(folders) -> dict[str, Path]:
    """Language → reports/index.html."""
    return {"vi": folders["april"].parents[1] / "index.html", "en": folders["english"].parents[1] / "index.html"}


@pytest.fixture(scope="session")
def pages(reports, indexes) -> dict[str, str]:
    """The HTML of all pages: the four reports and the two lists of reports."""
    listed = {f"index-{language}": path.read_text(encoding="utf-8") for language, path in indexes.items()}
    return {name: made.html for name, made in reports.items()} | listed


every_report = pytest.mark.parametrize("name", WANTED)


every_page = pytest.mark.parametrize("name", [*WANTED, *(f"index-{language}" for language in INDEXES)])


# What accounts for a digit


def as_shown(row: dict[str, str]) -> str:
    """A row of figures.csv as the page must show it, in the current language."""
    decimals = int(row["decimals"])
    if row["value"]:
        bare = row["unit"] == "percent" and float(row["value"]) in (0, 100)
        return write_number(float(row["value"]), 0 if bare else decimals)
    return write_range(float(row["low"]), float(row["high"]), decimals)


def wrong_figure(shown: str, row: dict[str, str]) -> bool:
    """Whether the words of a figure are not those of its row."""
    if row["id"] == "headline.share":
        if shown in FRACTIONS:
            return abs(FRACTIONS[shown] - float(row["value"]) / 100) > 0.02
        return shown != f"{as_shown(row)} %"
    return shown != as_shown(row)


def phrases(made: Report) -> dict[str, list[str]]:
    """What the names in `EXCEPTIONS` stand for on one page."""
    period = made.record["period"]
    is_month = len(period) == len("YYYY-MM") and "Q" not in period
    known = [figure.split(".")[1] for figure in made.rows if figure.startswith("past.")]
    return {
        "period": [write_period(period)],
        "month_before": [write_period(month_before(period))] if is_month else [],
        "a_period_known": [write_period(item) for item in known],
        "a_period_of_proof": [write_period(figure.split(".")[2]) for figure in made.rows if figure.startswith("card.")],
        "periods_known": [write_list(write_period(item) for item in known)],
        "a_source": [source_words(source, "publisher", "number") for source in made.sources.values()],
    }


def accounted_references(made: Report, element: Tag) -> set[str]:
    """What the text of a reference may be, from the files that it refers to."""
    if element.name == "li":
        return set(made.listed_sources)
    if element.find_parent("footer"):
        record = made.record
        text = _("Rules {rubric} · data {data} · package {version} · commit {commit}")
        values = {"rubric": record["rubric"], "data": record["data_hash"][:12], "version": record["version"]}
        return {text.format(commit=record["commit"] or _("unknown"), **values)}
    if element.find_parent(class_="origin"):
        total = made.observation(made.rows["total"]["where"])
        date = [_("figures to {date}").format(date=write_date(total["as_of"]))] if total["as_of"] else []
        decision = _("Index of Decision {decision}").format(decision="766/QĐ-TTg")
        source = source_words(made.sources[total["source"]], "publisher", "number")
        return {" · ".join([decision, write_period(made.record["period"]), *date, source])}
    row = element.find_parent("tr")
    figure = row.find(attrs={"data-figure": True}) if row else None
    if figure is None or figure["data-figure"] not in made.rows:
        return set()
    known = made.rows[figure["data-figure"]]
    if element.name == "q":
        return {known["quote"]}
    quote = known["quote"] and f"“{known['quote']}”"
    origin = " ".join(filter(None, (known["source"], known["where"], quote)))
    ends = (
        {write_range(float(known["low"]), float(known["high"]), int(known["decimals"]) + 2)} if known["low"] else set()
    )
    return {known["where"], known["label"], known["rule"], " ".join(origin.split())} | ends


def visible(part: Tag) -> list[NavigableString]:
    """The pieces of text that a reader sees in a page or a part of one."""
    texts = [text for text in (part.body or part).find_all(string=True) if not isinstance(text, Comment)]
    return [text for text in texts if text.parent.name != "script"]


def unaccounted(made: Report, part: Tag) -> set[str]:
    """The words of a page, or of a part, that hold a digit which no figure, reference or exception accounts for."""
    use_language(made.language)
    found = set()
    for element in part.find_all(attrs={"data-figure": True}):
        row = made.rows.get(element["data-figure"])
        if row is None or wrong_figure(element.get_text(), row):
            found.add(f"{element['data-figure']}: {element.get_text()}")
    allowed = phrases(made)
    rest: dict[int, tuple[Tag, str]] = {}
    for text in visible(part):
        if not re.search(r"\d", text) or text.find_parent(attrs={"data-figure": True}):
            continue
        if text.find_parent(class_="ref"):
            element = text.find_parent(["li", "q", "p", "span"])
            if " ".join(element.get_text().split()) not in accounted_references(made, element):
                found.add(f"reference: {element.get_text()}")
        else:
            block = text.find_parent(BLOCKS) or text.parent
            rest[id(block)] = (block, rest.get(id(block), (block, ""))[1] + text)
    for block, words in rest.values():
        left = words
        for selector, phrase in EXCEPTIONS:
            if block.css.match(selector):
                for known in allowed.get(phrase.strip("{}"), [phrase]):
                    left = left.replace(known, "")
        if re.search(r"\d", left):
            found.add(f"{block.name}: {words}")
    use_language("en")
    return found


# Claim trace


@every_report
def test_every_digit_on_a_page_is_a_figure_or_a_reference(reports, name):
    made = reports[name]
    shown = made.soup.body.find_all(attrs={"data-figure": True})
    assert len(shown) > 200
    assert len({element["data-figure"] for element in shown}) > 120
    assert unaccounted(made, made.soup) == set()


@every_report
def test_the_checker_sees_each_of_a_hundred_wrong_digits(reports, name):
    made = reports[name]
    soup = parsed(re.sub(r'src="data:[^"]*"', 'src="data:,"', made.html))
    before = unaccounted(made, soup)
    places = [(text, place) for text in visible(soup) for place, letter in enumerate(text) if letter.isdigit()]
    assert len(places) > 800
    chance = random.Random(766)
    unseen = []
    for text, place in chance.sample(places, 100):
        wrong = chance.choice([digit for digit in "0123456789" if digit != text[place]])
        changed = NavigableString(f"{text[:place]}{wrong}{text[place + 1 :]}")
        part = text.find_parent("tr") or text.find_parent("section")
        text.replace_with(changed)
        if not unaccounted(made, part) - before:
            unseen.append(f"{text.strip()} → {changed.strip()}")
        changed.replace_with(text)
    assert unseen == []
    assert unaccounted(made, soup) == before  # every change was taken back


DIRECTIONS = {  # words that claim a rise, and a fall
    "vi": (r"\btăng\b", r"\bgiảm\b"),
    "en": (r"\b(?:rose|rises?|increased?)\b", r"\b(?:fell|falls?|decreased?)\b"),
}


OPPOSITE = {"tăng": "giảm", "giảm": "tăng", "rose": "fell", "fell": "rose"}


RISES = re.compile(r"(way|step|month)\..*added")  # figures that are percentage points to add


def directions(made: Report, soup: BeautifulSoup) -> list[tuple[Tag, bool]]:
    """Every sentence that claims a rise or a fall, and whether a figure in it has that sign."""
    found = []
    for block in soup.body.select("p, li, h1"):
        for word, sign in zip(DIRECTIONS[made.language], (1, -1), strict=True):
            if re.search(word, block.get_text()):
                shown = [made.rows[item["data-figure"]] for item in block.select("[data-figure]")]
                signs = [1 for row in shown if RISES.match(row["id"]) and float(row["value"]) > 0]
                if any(row["id"] == "bridge.size" for row in shown):
                    signs.append(1 if float(made.rows["bridge.total"]["value"]) > 0 else -1)
                found.append((block, sign in signs))
    return found


def test_every_rise_and_fall_is_that_of_a_figure(reports):
    claims = [(made, block) for made in reports.values() for block, holds in directions(made, made.soup)]
    assert len(claims) >= 4
    for made in reports.values():
        assert [block.get_text() for block, holds in directions(made, made.soup) if not holds] == []
    for made, block in claims:
        flipped = re.sub(r"\b(tăng|giảm|rose|fell)\b", lambda word: OPPOSITE[word[0]], str(block))
        assert flipped != str(block)
        assert not all(holds for _block, holds in directions(made, parsed(f"<body>{flipped}</body>")))


@every_report
def test_the_checker_sees_a_figure_without_a_row_and_a_bare_number(reports, name):
    made = reports[name]
    for tag in ('<p><data data-figure="lost.twice">41,17</data></p>', "<p>41,17</p>", '<p class="note">99 %</p>'):
        assert unaccounted(made, parsed(f"<body>{tag}</body>"))


@every_report
def test_the_machine_readable_value_of_a_figure_is_that_of_its_row(reports, name):
    made = reports[name]
    for element in made.soup.find_all(attrs={"data-figure": True}):
        row = made.rows[element["data-figure"]]
        assert element["value"] == f"{float(row['value'] or row['low']):.10g}", row["id"]


@every_report
def test_a_figure_that_prints_one_number_does_not_carry_another(reports, name):
    """A rate printed as `0` is 0 to a program too, not the middle of what it may have been before rounding."""
    made = reports[name]
    for row in made.rows.values():
        if row["value"] and row["id"].endswith(".rate") and row["unit"] == "percent":
            code = row["id"].split(".")[1]
            printed = made.rows.get(f"printed.{code}.percent")
            if printed and not made.rows.get(f"printed.{code}.count"):
                assert float(row["value"]) == pytest.approx(float(printed["value"])), row["id"]


@every_report
def test_the_words_of_a_chart_are_figures(reports, name):
    made = reports[name]
    use_language(made.language)
    known = {f"{row['label']}: {as_shown(row)}" for row in made.rows.values()}
    pictures = made.soup.find_all("img")
    assert len(pictures) == 4
    for picture in pictures:
        assert picture["alt"].endswith(".")
        pieces = picture["alt"].removesuffix(".").split("; ")
        assert pieces
        assert set(pieces) <= known


@every_report
def test_a_chart_names_the_source_of_everything_it_shows(reports, name):
    """The history shows totals of several notices; naming only this month's would credit it with the others'."""
    made = reports[name]
    last = made.soup.find_all("figure")[-1]
    assert "past" not in last.figcaption.get_text()
    for row in made.rows.values():
        if row["id"].startswith("past."):
            source = made.sources[row["source"]]
            assert source_words(source, "publisher", "number") in last.figcaption.get_text(), row["id"]


# figures.csv


@every_report
def test_every_row_of_the_figures_says_what_it_is(reports, name):
    for row in reports[name].rows.values():
        assert all(row[column] for column in ("id", "label", "entity", "period", "unit", "decimals", "kind", "rule"))
        assert row["value"] or (row["low"] and row["high"]), row["id"]
        assert (row["entity"], row["period"]) == (WANTED[name]["entity"], WANTED[name]["month"])
        assert row["unit"] in ("points", "percent", "count", "rank", "days"), row["id"]
        assert row["kind"] in ("published", "derived", "entered", "synthetic"), row["id"]


@every_report
def test_the_labels_of_the_figures_are_words(reports, name):
    """`online_payment_dossiers_base` or `groups_to_total` is the name of a thing in the program."""
    codes = [row["id"] for row in reports[name].rows.values() if re.fullmatch(r"[a-z0-9_]+", row["label"])]
    assert codes == []


@every_report
def test_no_two_figures_are_described_alike_yet_differ(reports, name):
    """Who reads figures.csv alone must be able to tell what each number is."""
    seen: dict[tuple[str, ...], dict[str, str]] = {}
    for row in reports[name].rows.values():
        if re.fullmatch(r"rule\..+\.gain", row["id"]):
            key = tuple(row[column] for column in ("label", "unit", "rule", "source"))
            other = seen.setdefault(key, row)
            assert (other["low"], other["high"]) == (row["low"], row["high"]), (other["id"], row["id"])


@every_report
def test_the_value_of_a_figure_is_inside_its_ends(reports, name):
    rounded_up = {"vi": "làm tròn lên", "en": "rounded up"}[reports[name].language]
    for row in reports[name].rows.values():
        if not row["low"]:
            continue
        low, high = float(row["low"]), float(row["high"])
        assert low <= high + 1e-9, row["id"]
        if row["value"] and rounded_up not in row["rule"]:
            assert low - 1e-9 <= float(row["value"]) <= high + 1e-9, row["id"]
        elif row["value"]:
            assert high - 1e-9 <= float(row["value"]) <= high + 0.01, row["id"]


@every_report
def test_a_published_figure_leads_to_its_line_and_its_words(reports, name):
    made = reports[name]
    published = [row for row in made.rows.values() if row["kind"] == "published"]
    assert len(published) > 30
    for row in published:
        assert row["source"] in made.sources, row["id"]
    placed = [row for row in made.rows.values() if row["where"]]
    assert len(placed) > 10
    for row in placed:
        observed = made.observation(row["where"])
        entity, period = row["entity"], row["period"]
        if row["id"].startswith("card."):  # a figure of another card that ruled something out
            entity, period = row["id"].split(".")[1:3]
        assert observed["entity"] == entity
        assert float(observed["value"]) == float(row["value"]), row["id"]
        for column in ("quote", "source", "kind", "decimals", "unit"):
            assert observed[column] == row[column], (row["id"], column)
        period = row["id"].split(".")[1] if row["id"].startswith("past.") else period
        assert observed["period"] == period


# run.json, and what must not be in the other files


@every_report
def test_the_record_has_the_parameters_and_the_hash_of_each_file(reports, name):
    made, wanted = reports[name], WANTED[name]
    parameters = made.record["parameters"]
    assert {key: parameters[key] for key in wanted} == wanted
    assert parameters["levers"] == {"e_result": 80.0, "data_reuse": 80.0}
    assert parameters["target_score"] == wanted.get("target_score")
    assert made.record["figures"] == len(made.rows)
    assert made.record["title"] == made.soup.h1.get_text() == made.soup.title.get_text()
    assert made.record["total"] == float(made.rows["total"]["value"])
    assert {path.name for path in made.folder.iterdir()} == {"run.json", *made.record["files"]}
    assert set(made.record["files"]) == {"index.html", "report.ipynb", "figures.csv", "workbook.xlsx"}
    for file, digest in made.record["files"].items():
        assert hashlib.sha256((made.folder / file).read_bytes()).hexdigest() == digest, file


@every_report
@pytest.mark.parametrize("file", ["index.html", "report.ipynb", "figures.csv"])
def test_no_file_says_when_or_where_it_was_made(reports, name, file):
    made = reports[name]
    text = (made.folder / file).read_text(encoding="utf-8")
    pictures = [base64.b64decode(data).decode() for data in re.findall(r"base64,([A-Za-z0-9+/=]+)", text)]
    text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", text)
    assert bool(pictures) == (file != "figures.csv")
    for part in (text, *pictures):
        folders = (tempfile.gettempdir(), "/home", "/Users", "C:", str(Path.home()), str(made.folder), str(REPOSITORY))
        for place in (f"{folder}/" for folder in folders):
            assert place not in part, place
        assert made.record["run_id"] not in part
        assert not re.search(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", part)
    assert made.record["started"][:16] not in text


# The page itself


@every_page
def test_the_page_is_in_its_language_with_one_title(pages, name):
    soup = parsed(pages[name])
    assert soup.html["lang"] == ("en" if name in ("english", "index-en") else "vi")
    assert pages[name].lower().startswith("<!doctype html>")
    assert soup.find("meta", charset="utf-8")
    assert soup.title.get_text().strip()
    assert len(soup.find_all("h1")) == 1
    assert len(soup.find_all("main")) == 1
    levels = [int(heading.name[1]) for heading in soup.find_all(re.compile(r"^h[1-6]$"))]
    assert levels[0] == 1
    assert all(deeper <= level + 1 for level, deeper in pairwise(levels)), levels


@every_page
def test_nothing_on_the_page_can_run_or_load(pages, name):
    html, soup = pages[name], parsed(pages[name])
    assert not soup.find_all(["iframe", "object", "embed", "link", "base", "form", "template"])
    scripts = soup.find_all("script")
    ours = "\n".join((PAGE_FOLDER / file).read_text(encoding="utf-8") for file in SCRIPTS)
    assert [script.get("type") for script in scripts] == (
        [] if name.startswith("index") else ["application/json", None]
    )
    assert [script.string for script in scripts[1:]] == ([] if name.startswith("index") else [ours])
    assert not re.search(r"\beval\b|\bFunction\b|innerHTML|insertAdjacent|document\.write|fetch|XMLHttp|import", ours)
    for control in soup.find_all(["input", "button", "output"]):
        assert control.find_parent(id="trial").has_attr("hidden")
    for element in soup.find_all(True):
        for attribute, value in element.attrs.items():
            assert not attribute.lower().startswith("on"), (element.name, attribute)
            assert attribute != "style", element.name
            if attribute in ("src", "srcset", "poster", "data", "xlink:href", "action"):
                assert element.name == "img" and value.startswith("data:image/svg+xml;base64,")
            if attribute == "href":
                assert element.name == "a"
                assert re.match(r"https?://|#|[a-z0-9-]+/", value), value
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.S)
    assert not re.search(r"url\(|@import|expression", style)
    (policy,) = soup.find_all("meta", attrs={"http-equiv": "Content-Security-Policy"})
    digest, of_script = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, ours))
    assert [part.strip() for part in policy["content"].split(";")] == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        *([] if name.startswith("index") else [f"script-src 'sha256-{of_script}'"]),
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert html.index("Content-Security-Policy") < html.index("<style>")


@every_report
def test_nothing_in_a_picture_can_run_or_load(reports, name):
    pictures = re.findall(r"base64,([A-Za-z0-9+/=]+)", reports[name].html)
    assert pictures
    for data in pictures:
        svg = base64.b64decode(data).decode()
        assert svg.startswith("<svg")
        assert not re.search(r"<script|<foreignObject|\son[a-z]+=|<image", svg)
        assert not re.search(r'href="(?!#)', svg)


@every_page
def test_tables_and_pictures_can_be_read_aloud(pages, name):
    soup = parsed(pages[name])
    for table in soup.find_all("table"):
        assert table.caption is not None and table.caption.get_text().strip()
        for cell in table.find_all("th"):
            assert cell.get("scope") in ("col", "row")
            assert cell.get_text().strip()
        widths = {len(row.find_all(["th", "td"])) for row in table.find_all("tr")}
        assert len(widths) == 1
    for picture in soup.find_all("img"):
        assert len(picture["alt"]) > 10
        assert picture["src"].startswith("data:")
        assert int(picture["width"]) > 0 and int(picture["height"]) > 0
    for drawing in soup.find_all("svg"):
        assert drawing.get("aria-hidden") == "true"


@every_page
def test_the_page_is_small_composed_and_without_leftovers_of_the_program(pages, name):
    html, soup = pages[name], parsed(pages[name])
    assert len(html.encode()) < 500_000
    assert unicodedata.is_normalized("NFC", html)
    text = " ".join([*visible(soup), *(item["alt"] for item in soup.find_all("img")), soup.title.get_text()])
    assert not re.search(r"\b(nan|NaN|None|null|inf|undefined)\b|[{}]|\ufffd", text)
    assert "  " not in " ".join(soup.h1.get_text().split("\n"))


@every_report
def test_the_other_files_are_composed_too(reports, name):
    for path in reports[name].folder.iterdir():
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as parts:
                texts = [parts.read(part).decode("utf-8") for part in parts.namelist()]
        else:
            texts = [path.read_text(encoding="utf-8")]
        assert all(unicodedata.is_normalized("NFC", text) for text in texts), path.name


@every_report
def test_each_number_is_the_same_in_the_workbook(reports, name):
    """`figures.csv`, against which the page is held, and the sheet of figures have the same ids, values and ends."""
    made = reports[name]
    sheet = openpyxl.load_workbook(made.folder / "workbook.xlsx").worksheets[0]
    found = {row[0].value: [cell.value for cell in row] for row in sheet.iter_rows() if row[0].value in made.rows}
    assert found.keys() == made.rows.keys()
    for row in made.rows.values():
        numbers = [float(row[field]) for field in ("value", "low", "high") if row[field]]
        told = [value for value in found[row["id"]] if isinstance(value, int | float)]
        assert told[: len(numbers)] == pytest.approx(numbers, abs=1e-12), row["id"]


@every_report
def test_every_number_leads_to_its_row(reports, name):
    soup = reports[name].soup
    links = soup.select("a.f")
    assert len(links) > 200
    rows = {row["id"]: row for row in soup.select("tr[id]")}
    assert len(rows) == len(soup.select("tr[id]")) == len(reports[name].rows)
    for link in links:
        figure = link.data["data-figure"]
        assert figure in [item["data-figure"] for item in rows[link["href"][1:]].select("[data-figure]")]


@every_page
def test_no_code_stands_where_a_reader_expects_a_name(pages, name):
    soup = parsed(pages[name])
    for element in soup.select(".ref, code, style"):
        element.decompose()
    codes = re.findall(r"\b[a-z0-9]+_[a-z0-9_]+\b", soup.body.get_text(" "))
    assert codes == []


# What the page says


def test_april_2023_names_the_two_groups_and_what_is_not_printed(reports):
    soup = reports["april"].soup
    headline = soup.h1.get_text()
    assert headline.startswith("Hòa Bình mất 41,17 điểm trong tháng 4/2023")
    for words in ("Công khai, minh bạch", "Số hóa hồ sơ", "hai phần ba", "hai nhóm"):
        assert words in headline
    first, second, *_more = soup.header.find("p", class_="lead").get_text().split(". ")
    assert re.match(r"Phần lớn số điểm mất, .* nằm ở 11 chỉ số mà thông báo không in tỷ lệ", first)
    assert "suy ra được" in second


def test_english_april_2023_says_the_same(reports):
    soup = reports["english"].soup
    headline = soup.h1.get_text()
    assert headline.startswith("Hòa Bình lost 41.17 points in April 2023")
    for words in ("Transparency", "digitisation", "two thirds", "two groups"):
        assert words in headline
    lead = soup.header.find("p", class_="lead").get_text()
    assert re.match(r"Most of the loss, .* sits in 11 indicators whose rate the notice does not print\.", lead)


def test_july_2024_says_why_there_is_no_change_and_no_trend(reports):
    soup = reports["july"].soup
    change = soup.select_one(".numbers div:last-child dd").get_text()
    assert change == "chưa so sánh được: không biết tổng điểm tháng 6/2024"
    heading = soup.find("h2", string="Điểm số qua các tháng")
    said = heading.find_next("p").get_text()
    assert "tháng 4/2023 và tháng 7/2024" in said
    assert "không nêu xu hướng" in said
    assert "không nối các tháng cách quãng" in said
    assert "ít nhất 6 tháng so sánh được; hiện có 2," in said


def test_a_year_is_not_compared_with_a_month(reports):
    change = reports["year"].soup.select_one(".numbers div:last-child dd").get_text()
    assert change == "không phải kỳ tháng nên không so sánh"


@every_report
def test_the_words_of_the_history_chart_name_the_months_that_it_draws(reports, name):
    """A total of a year is no point among months: it is not drawn, so it is not named."""
    made = reports[name]
    alt = made.soup.find_all("img")[-1]["alt"]
    months = [row["label"] for key, row in made.rows.items() if re.fullmatch(r"past\.\d{4}-\d\d\.total", key)]
    assert [piece.split(": ")[0] for piece in alt.removesuffix(".").split("; ")] == months


@every_report
def test_a_reconciliation_is_told(reports, name):
    words = reports[name].soup.header.find("p", class_="note").get_text()
    assert ("trong sai số làm tròn" if reports[name].language == "vi" else "is within rounding") in words


@every_report
def test_the_page_says_of_recovered_rules_only_what_its_table_says(reports, name):
    """Rules that are inferred are not `recovered from the portal's own figures`."""
    made = reports[name]
    table = made.soup.find("h2", string=re.compile("Which rules fit|Quy tắc nào còn phù hợp")).find_next("table")
    statuses = {cell.get_text() for row in table.tbody.find_all("tr") for cell in row.find_all("td")[1::3]}
    recovered = re.search("được phục dựng từ chính số liệu|are recovered from the portal", made.soup.body.get_text())
    if recovered:
        assert statuses <= {"phục dựng từ số liệu", "văn bản pháp luật", "reverse engineered", "legal"}


# The first screen of other data


def first_screen(entity: str, period: str) -> BeautifulSoup:
    """What the notebook shows first, without running it."""
    opened = open_month(period, entity)
    past = totals(opened.history, entity)
    figures = commands.figures_of(opened, {})
    html = leader.first_screen(
        figures, opened.by_group, opened.ledger, past, opened.identified, load_sources()
    )  # fmt: skip
    return parsed(str(html))


def test_the_change_since_a_known_month_is_told(project_copy):
    path = project_copy / "data" / "observations" / "hoa-binh.csv"
    line = "Hòa Bình,2024-06,month,,total,total_score,81.5,points,100,2,derived,bao-hoa-binh-2024-07,\n"
    path.write_text(path.read_text(encoding="utf-8") + line, encoding="utf-8", newline="\n")
    change = first_screen("Hòa Bình", "2024-07").select_one(".numbers div:last-child dd").get_text()
    assert "1.58" in change
    assert "other rules" not in change


def test_the_change_across_two_sets_of_rules_is_not_told(project_copy):
    path = project_copy / "data" / "observations" / "phu-tho.csv"
    rows = [
        "Phú Thọ,2025-12,month,,total,total_score,50,points,100,2,published,portal-2026-10-10,50\n",
        "Phú Thọ,2026-01,month,,total,total_score,60,points,100,2,published,portal-2026-10-10,60\n",
    ]
    path.write_text(path.read_text(encoding="utf-8") + "".join(rows), encoding="utf-8", newline="\n")
    change = first_screen("Phú Thọ", "2026-01").select_one(".numbers div:last-child dd").get_text()
    assert change == "other rules were in force in December 2025"


@pytest.mark.parametrize(
    ("line", "kind", "label"),
    [
        (2, "derived", "Figures derived from a publication"),
        (2, "entered", "Figures entered by hand"),
        (4, "entered", "Figures entered by hand"),
        (34, "entered", "Figures entered by hand"),
    ],
)
def test_the_label_of_a_page_is_that_of_its_weakest_figure(change, line, kind, label):
    """Line 2 is the total, line 4 a group, line 34 a rate."""
    change("hoa-binh.csv", line, kind=kind)
    assert first_screen("Hòa Bình", "2023-04").select_one(".chip").get_text() == label


def test_a_card_of_derived_figures_only_has_its_label(project_copy):
    path = project_copy / "data" / "observations" / "hoa-binh.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",published,", ",derived,"), encoding="utf-8")
    assert first_screen("Hòa Bình", "2023-04").select_one(".chip").get_text() == "Figures derived from a publication"


def test_a_card_of_simulated_figures_has_its_label(project_copy):
    """A real entity has none of them, so all of a card are."""
    path = project_copy / "data" / "observations" / "hoa-binh.csv"
    text = path.read_text(encoding="utf-8").replace(",published,", ",synthetic,").replace(",derived,", ",synthetic,")
    path.write_text(text.replace("\nHòa Bình,", "\nMô phỏng Hòa Bình,"), encoding="utf-8")
    chip = first_screen("Mô phỏng Hòa Bình", "2023-04").select_one(".chip")
    assert chip.get_text() == "SYNTHETIC FIGURES – NOT REAL DATA"


@every_report
def test_nothing_real_is_called_simulated(reports, pages, name):
    made = reports[name]
    listed = parsed(pages[f"index-{WANTED[name]['language']}"])
    for soup in (made.soup, listed):
        assert not soup.select("aside, .chip.synthetic")
        assert not re.search(r"synthetic|mô phỏng", soup.title.get_text() + soup.main.get_text(), re.IGNORECASE)
    pictures = [base64.b64decode(image["src"].split(",")[1]).decode() for image in made.soup.select("figure.chart img")]
    assert pictures and not re.search(r"synthetic|mô phỏng", "".join(pictures), re.IGNORECASE)
    assert "synthetic" not in {made.record["kind"], *(row["kind"] for row in made.rows.values())}
    for sheet in openpyxl.load_workbook(made.folder / "workbook.xlsx").worksheets:
        assert not re.search(r"synthetic|mô phỏng", f"{sheet['A1'].value} {sheet.oddHeader.center.text}", re.IGNORECASE)


# Every card that the project holds

CARDS = (
    ("Bắc Kạn", "2023-08"),  # one group printed of six
    ("Bắc Ninh", "2025-10"),  # the group that is not printed lost most
    ("Bắc Ninh", "2025-12"),
    ("Bình Dương", "2024-01"),
    ("Hòa Bình", "2023-04"),
    ("Hòa Bình", "2024-07"),
    ("Lâm Đồng", "2025"),  # no group printed
    ("Lào Cai", "2025-07"),  # five groups
    ("Phú Thọ", "2026-08"),  # no rank
    ("Đồng Tháp", "2026"),  # no month has a total
    ("Bắc Ninh", "2026"),  # totals under other rules
)


every_card = pytest.mark.parametrize("card", CARDS, ids=lambda card: " ".join(card))


@cache
def run_cells(entity: str, month: str) -> tuple[dict, BeautifulSoup, list[str]]:
    """The names that the notebook defines for a card, in English, all that its cells show, and which of them failed.

    The cells run here, one after the other, as in a kernel.
    """
    text = (REPOSITORY / "notebooks" / run.NOTEBOOK).read_text(encoding="utf-8")
    levers = {"e_result": 100.0, "data_reuse": 100.0}
    given = {"entity": entity, "month": month, "language": "en", "levers": levers}
    names: dict = {}
    shown, failed = [], []
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] != "code":
            continue
        lines = ast.parse("".join(cell["source"])).body
        last = lines.pop() if isinstance(lines[-1], ast.Expr) else None
        try:
            exec(compile(ast.Module(lines, type_ignores=[]), run.NOTEBOOK, "exec"), names)
            if last is not None:
                shown.append(eval(compile(ast.Expression(last.value), run.NOTEBOOK, "eval"), names))
        except Exception as error:
            failed.append(f"{cell['source'][0][:60]} {error!r}")
        if "parameters" in cell["metadata"].get("tags", []):
            names |= given
    return names, parsed(f"<body>{''.join(str(item or '') for item in shown)}</body>"), failed


def test_the_cards_are_all_that_rules_explain(history):
    entities = history["entity"].unique()
    known = {(entity, period) for entity in entities for period in periods_with_total(history, entity)}
    rest = known - set(CARDS) - {("Bắc Kạn", "2024-07")}  # its figures contradict each other: see corrections.toml
    assert set(CARDS) <= known
    assert {period for _entity, period in rest} == {"2026"}


@every_card
def test_every_card_can_be_shown(card):
    _names, soup, failed = run_cells(*card)
    assert failed == []
    text = soup.body.get_text(" ")
    assert len(soup.find_all("table")) >= 6
    assert not re.search(r"\b(nan|None|null|inf)\b|[{}]", text)
    assert not re.search(r"[:;,] ?\.(\s|$)| ,|: *;", soup.h1.get_text())
    assert all(item.get_text().strip() for item in soup.find_all(["p", "li", "th", "dd", "h1", "h2", "h3"]))
    for picture in soup.find_all("img"):
        assert len(picture["alt"]) > 10


@every_card
def test_a_headline_names_the_fewest_groups_that_surely_hold_half(card):
    """Where the printed groups do not hold half of the loss for sure, to name them would mislead."""
    names, soup, _failed = run_cells(*card)
    by_group = names["by_group"]
    named = [row for row in by_group.itertuples() if row.name in soup.h1.get_text()]
    if not named:
        return
    assert sum(row.share_low for row in named) >= 0.5
    largest = by_group["share_low"].sort_values(ascending=False)
    assert len(named) == 1 + int((largest.cumsum() < 0.5).sum())


@every_card
def test_a_place_by_loss_is_one_that_no_other_group_may_take(card):
    """Only printed scores are ranked by what is printed; what is not printed may be anywhere in its range."""
    names, _soup, _failed = run_cells(*card)
    by_group = names["by_group"]
    for row in by_group.itertuples():
        place = names["shown"].get(f"group.{row.code}.place")
        for other in by_group[by_group["lost"].isna()].itertuples():
            if place is None or other.code == row.code:
                continue
            surely_below, surely_above = other.lost_high <= row.lost_low, other.lost_low >= row.lost_high
            assert surely_below or surely_above, f"{row.name} has place {place}, yet {other.name} may be on either side"
            assert not surely_above or place.value > 1


@every_card
def test_a_chart_says_who_lost_most_only_where_it_is_known(card):
    names, _soup, _failed = run_cells(*card)
    by_group = names["by_group"]
    axes = charts.loss_by_group(by_group)
    title = " ".join(axes.figure.get_suptitle().split())
    first = next((row for row in by_group.itertuples() if title.startswith(f"{row.name} lost most")), None)
    if first is not None:
        for other in by_group[by_group["code"] != first.code].itertuples():
            assert first.lost_low >= (other.lost_high if other.lost != other.lost else other.lost_low), other.name


@every_card
def test_a_history_shows_only_totals_under_the_rules_of_its_report(card):
    """Totals under other rules do not compare: the sentence beside the chart leaves them out, and so must it."""
    names, soup, _failed = run_cells(*card)
    words = soup.find_all("img")[-1]["alt"]
    for period in names["past"]["period"]:
        if not names["rules"].covers(period):
            assert write_period(period) not in words


# Two languages


def test_the_english_page_has_vietnamese_only_in_names_and_references(reports):
    made = reports["english"]
    soup = parsed(made.html)
    for element in soup.select(".ref, code"):
        element.decompose()
    names = [made.record["entity"], *(source_words(item, "publisher", "number") for item in made.sources.values())]
    texts = [*visible(soup), *(item["alt"] for item in soup.find_all("img")), soup.title.get_text()]
    texts += [element["aria-label"] for element in soup.find_all(attrs={"aria-label": True})]
    for text in texts:
        for known in sorted(names, key=len, reverse=True):
            text = text.replace(known, "")
        assert not [letter for letter in text if letter.isalpha() and ord(letter) > 127], text


@pytest.mark.parametrize("name", VIETNAMESE_PAGES)
def test_the_vietnamese_page_has_no_english_sentence_left(reports, name):
    soup = reports[name].soup
    texts = [*visible(soup), *(item["alt"] for item in soup.find_all("img")), soup.title.get_text()]
    texts += [element["aria-label"] for element in soup.find_all(attrs={"aria-label": True})]
    text = "\n".join(texts)
    with (LOCALE_FOLDER / "vi" / "LC_MESSAGES" / "analysis.po").open("rb") as file:
        messages = [message for message in read_po(file) if message.id]
    english = {part.strip() for message in messages for part in re.split(r"\{[^}]*\}", message.id)}
    english |= set(re.findall(r'\ben = "([^"]+)"', "".join(map(_text_of, _rubrics(reports[name])))))
    english = {part for part in english if len(part) > 15}
    assert len(english) > 100
    assert {part for part in english if part in text} == set()


@pytest.mark.parametrize("name", VIETNAMESE_PAGES)
def test_the_vietnamese_page_translates_everything_that_the_english_one_says(reports, name):
    """What both pages say alike is a name, a number or a reference: nothing was left untranslated in either."""
    english = {text.strip() for text in visible(reports["english"].soup) if not text.find_parent(class_="ref")}
    alike = {text.strip() for text in visible(reports[name].soup) if not text.find_parent(class_="ref")} & english
    assert {text for text in alike if re.search(r"[A-Za-z]{4}", text) and "Văn phòng" not in text} == set()


def _rubrics(made: Report) -> list[Path]:
    return sorted((made.data / "rubrics").glob("*.toml"))


def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


# The list of reports


def test_the_list_of_reports_shows_what_the_records_say(reports, indexes):
    rows = parsed(indexes["vi"].read_text(encoding="utf-8")).tbody.find_all("tr")
    made = {name: reports[name] for name in ("year", "july", "april")}  # newest first
    assert len(rows) == len(made)
    use_language("vi")
    for row, (name, one) in zip(rows, made.items(), strict=True):
        record = one.record
        cells = [cell.get_text() for cell in row.find_all(["th", "td"])]
        assert cells[0] == f"{record['entity']}, {write_period(record['period'])}"
        assert cells[1] == f"{write_number(record['total'], 2)}/100"
        assert cells[2] == f"{record['rank']}/{record['ranked']}"
        assert cells[5] == record["title"]
        assert row.a["href"] == f"{ADDRESS[name]}/index.html"
        for link in row.find_all("a"):
            assert (indexes["vi"].parent / link["href"]).is_file()


def test_a_finding_in_another_language_says_so_in_the_list(reports):
    """One list, several languages: a screen reader must be told which words are not in the language of the page."""
    there = [item for name in ("april", "english") for item in published(reports[name].folder.parents[1])]
    april = [item for item in there if item.period == "2023-04"]
    folder = reports["april"].folder.parents[1]
    moved = [replace(item, folder=folder / "hoa-binh" / "2023-04") for item in april]
    soup = parsed(f'<html lang="en">{index_of_reports(moved, [], folder)}</html>')
    for words, language in (("Hòa Bình mất", "vi"), ("Hòa Bình lost", "en")):
        finding = soup.tbody.find(string=re.compile(words))
        assert finding.find_parent(attrs={"lang": True})["lang"] == language


# Escaping

SCRIPT = "<script>alert(1)</script>"


IMAGE = '"><img src=x onerror=alert(1)>'


def test_markup_in_the_data_is_shown_as_text(project_copy, change, rewrite):
    change("hoa-binh.csv", 4, quote=f"2,2/18 {SCRIPT} {IMAGE}")
    publisher = 'publisher = "Văn phòng Ủy ban nhân dân tỉnh Hòa Bình"'
    rewrite("data/sources.toml", publisher, f"publisher = '''{SCRIPT} {IMAGE}'''")
    group = 'name = { vi = "Công khai, minh bạch"'
    rewrite("data/rubrics/2022-08_766-QD-TTg.toml", group, f"name = {{ vi = '''Nhóm {SCRIPT} {IMAGE} {{lost}}'''")
    indicator = 'name = { vi = "Cấp kết quả điện tử"'
    rewrite("data/rubrics/2022-08_766-QD-TTg.toml", indicator, f"name = {{ vi = '''Tỷ lệ {SCRIPT} {IMAGE} {{0}}'''")
    page = run.render(run.prepare({"entity": "Hòa Bình", "month": "2023-04", "target_score": 62.0}))
    for path in (page, project_copy / "reports" / "index.html"):
        html = path.read_text(encoding="utf-8")
        soup = parsed(html)
        assert "<script>alert" not in html and "<img src=x" not in html
        assert len(soup.find_all("script")) == (2 if path == page else 0)
        assert all(image["src"].startswith("data:image/svg+xml;base64,") for image in soup.find_all("img"))
        assert not [element for element in soup.find_all(True) for name in element.attrs if name.startswith("on")]
        assert f"Nhóm {SCRIPT} {IMAGE} {{lost}}" in soup.body.get_text()
    soup = parsed(page.read_text(encoding="utf-8"))
    assert soup.title.get_text() == soup.h1.get_text()
    assert f"Nhóm {SCRIPT} {IMAGE} {{lost}}" in soup.h1.get_text()
    assert f"Tỷ lệ {SCRIPT} {IMAGE} {{0}}: nâng từ 33,83 %" in soup.body.get_text()
    assert soup.find("q", string=re.compile("alert")).get_text() == f"2,2/18 {SCRIPT} {IMAGE}"
    assert f"{SCRIPT} {IMAGE}, 3220/VPUBND-NVK" in soup.select_one(".origin").get_text()
    assert f"{SCRIPT} {IMAGE}, 3220/VPUBND-NVK" in soup.figcaption.get_text()
    assert any(SCRIPT in image["alt"] and IMAGE in image["alt"] for image in soup.find_all("img"))

"""The page of a report: every digit on it is accounted for, and it is safe, whole and readable without a browser."""

import base64
import hashlib
import random
import re
import tempfile
import unicodedata
import zipfile
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from bs4 import BeautifulSoup, Comment, NavigableString, Tag

from analysis.language import (
    _,
    use_language,
    write_date,
    write_list,
    write_number,
    write_period,
    write_range,
)
from analysis.runs.page import PAGE_FOLDER, SCRIPTS
from analysis.scorecards.findings import Finding, load_findings
from analysis.scorecards.history import load_history
from analysis.scorecards.periods import is_month, month_after, month_before
from analysis.scorecards.rubric import Change, Rubric, load_changes, load_rubrics
from pages import QUICK, WANTED, Report, every_report, parsed, source_words
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
    ("h1", "{the_day}"),  # to which a year that is not over counts
    ("dt", "{a_day}"),  # the same of the one before
    ("h1", "{period}"),  # which month the report is about: its name, not a measurement
    (".slide > p", "{period}"),  # whose rates the steps begin with, where it is no month
    (".numbers .words", "{month_before}"),  # the month that is missing
    ("section > p", "{periods_known}"),  # the months that have a total
    ("li, p.lead, dt", "{a_period_known}"),  # since when the total changed
    ("td", "{a_period_of_proof}"),  # the month of a figure of another card that ruled something out
    (".slide > p, li", "{a_period_of_a_base}"),  # the month of the base that another figure allows
    (".note", "{the_whole}"),  # what shares are shares of
    ("th[scope=row]", "{the_whole}"),  # in the name of the check that shares sum to the whole
    ("button", "{a_preset}"),  # the improvements weighed, which the panel may be set to
    ("section > p, li, th, td", "{a_day}"),  # of a capture, or to which a year runs
    ("section > p, li, th, td", "{a_period_shown}"),  # a year, or a period that was restated
    (
        "section > p, td, th",
        "{a_month_of_a_change}",
    ),  # of the cards that tell when a target changed, and after the first
    ("figcaption", "{a_source}"),  # who published, and the number of the notice
)
BLOCKS = ("p", "li", "td", "th", "h1", "h2", "h3", "dt", "dd", "caption", "figcaption", "summary", "label", "button")


@pytest.fixture
def made(report_of, name) -> Report:
    """The report that a test is about; everything is said in its language."""
    report = report_of(name)
    use_language(report.language)
    return report


@pytest.fixture
def page(report_of, name) -> str:
    """The HTML of a page: of a report, or of a list of reports."""
    return page_of(report_of, name)


def page_of(report_of, name) -> str:
    if not name.startswith("index"):
        return report_of(name).html
    report = report_of({"index-vi": "april", "index-en": "english"}[name])
    return (report.folder.parents[1] / report.file("index.html").name).read_text(encoding="utf-8")


@pytest.fixture
def soup(report_of, name) -> BeautifulSoup:
    """The same, parsed: to read, not to change."""
    return parsed_once(page_of(report_of, name)) if name.startswith("index") else report_of(name).soup


parsed_once = cache(parsed)


slow_names = [name for name in (*WANTED, "index-en") if name not in QUICK]
every_page = pytest.mark.parametrize(
    "name", [*QUICK, "index-vi", *(pytest.param(name, marks=pytest.mark.slow) for name in slow_names)]
)


# What accounts for a digit


def as_shown(row: dict[str, str]) -> str:
    """A row of figures.csv as the page must show it, in the current language."""
    decimals = int(row["decimals"])
    if row["value"]:
        bare = row["unit"] == "percent" and float(row["value"]) in (0, 100)
        return write_number(float(row["value"]), 0 if bare else decimals)
    return write_range(float(row["low"]), float(row["high"]), decimals)


def percent(number: str, language: str) -> str:
    """In Vietnamese the sign stands at its number."""
    return f"{number}%" if language == "vi" else f"{number} %"


def wrong_figure(shown: str, row: dict[str, str], language: str) -> bool:
    """Whether the words of a figure are not those of its row."""
    if row["id"] == "headline.share":
        if shown in FRACTIONS:
            return abs(FRACTIONS[shown] - float(row["value"]) / 100) > 0.02
        return shown != percent(as_shown(row), language)
    return shown != as_shown(row)


def phrases(made: Report) -> dict[str, list[str]]:
    """What the names in `EXCEPTIONS` stand for on one page."""
    period = made.record["period"]
    is_month = len(period) == len("YYYY-MM") and "Q" not in period
    known = [figure.split(".")[1] for figure in made.rows if figure.startswith("past.")]
    then = [
        row["label"] for name, row in made.rows.items() if re.fullmatch(r"since\..*\.total", name)
    ]  # which other rules scored
    rates = made.record["parameters"]["levers"].values()
    level = {"vi": "{} tỷ lệ lên {:g}", "en": "{} rates at {:g}"}[made.language].format(len(rates), min(rates))
    return {
        "the_whole": [percent("100", made.language)],
        "a_preset": [percent(level, made.language)] if len(set(rates)) == 1 else [],
        "period": [write_period(period)],
        "the_day": [write_date(made.rows["total"]["as_of"])] if made.rows["total"]["as_of"] else [],
        "month_before": [write_period(month_before(period))] if is_month else [],
        "a_period_known": [write_period(item) for item in known] + then,
        "a_period_of_proof": [write_period(figure.split(".")[2]) for figure in made.rows if figure.startswith("card.")],
        "a_month_of_a_change": months_of_changes(made),
        "a_period_of_a_base": [
            write_period(made.rows[name]["rule"][-7:]) for name in made.rows if re.fullmatch(r"base\..*\.known", name)
        ],
        "periods_known": [write_list(write_period(item) for item in known)],
        "a_day": [write_date(day) for day in sorted(days_known(), reverse=True)],
        "a_period_shown": periods_shown(made),
        "a_source": [source_words(source, "publisher", "number") for source in made.sources.values()],
    }


def months_of_changes(made: Report) -> list[str]:
    """The months of the cards that tell when a target changed, and the month after each, in words."""
    months = {figure.split(".")[2] for figure in made.rows if figure.startswith("told.")}
    return [write_period(month) for one in months if is_month(one) for month in (one, month_after(one))]


@cache
def known_of_rules() -> set[str]:
    """What the files say of the rules besides parameters, in both languages, and their sources as they are named."""
    entries = [entry for rubric in load_rubrics(REPOSITORY / "data" / "rubrics") for entry in rules_known(rubric)]
    named = {", ".join(f"[{source}]" for source in entry.sources) for entry in entries}
    return named | {
        words for entry in entries if isinstance(entry, Finding) for words in (entry.words.vi, entry.words.en)
    }


def rules_known(rubric: Rubric) -> list[Finding | Change]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(REPOSITORY)
        return [*load_findings(rubric), *load_changes(rubric)]


@cache
def days_known() -> set[str]:
    """The days of the captures that the history has, and those to which its figures run."""
    history = load_history(load_rubrics(), REPOSITORY / "data")
    return (set(history["day"]) | set(history["as_of"])) - {""}


def periods_shown(made: Report) -> list[str]:
    """The years and the restated periods on a page, in words, of years in a heading too; the month of the merger."""
    ids = [figure.split(".")[1] for figure in made.rows if figure.startswith("year.")]
    restated = [row["label"].rpartition(", ")[0] for row in made.rows.values() if row["id"].startswith("restated.")]
    labels = [label.rpartition(", ")[0] for label in restated]
    known = [*(write_period(year) for year in ids), *labels, *restated, write_period("2025-07"), *ids]
    return sorted({words for words in known if words}, key=len, reverse=True)


def accounted_references(made: Report, element: Tag) -> set[str]:
    """What the text of a reference may be, from the files that it refers to."""
    if element.name == "li":
        return set(made.listed_sources)
    if element.find_parent("footer"):
        record = made.record
        text = _("Made {day} from {source}, by the rules {rubric}. scorecard {version}, commit {commit}, data {data}")
        total = made.observation(made.rows["total"]["where"])
        source = source_words(made.sources[total["source"]], "publisher", "number")
        values = {"rubric": record["rubric"], "data": record["data_hash"][:12], "version": record["version"]}
        there = datetime.fromisoformat(record["started"]).astimezone(ZoneInfo("Asia/Ho_Chi_Minh"))
        values["day"] = write_date(there.date().isoformat())
        return {text.format(commit=record["commit"] or _("unknown"), source=source, **values)}
    if element.find_parent(class_="origin"):
        total = made.observation(made.rows["total"]["where"])
        day = made.sources[total["source"]].get("captured")
        date = [_("figures to {date}").format(date=write_date(total["as_of"]))] if total["as_of"] else []
        date = [_("as the portal showed it on {date}").format(date=write_date(day.isoformat()))] if day else date
        decision = _("Index of Decision {decision}").format(decision="766/QĐ-TTg")
        source = source_words(made.sources[total["source"]], "publisher", "number")
        return {" · ".join([decision, write_period(made.record["period"]), *date, source])}
    if (words := " ".join(element.get_text().split())) in known_of_rules():
        return {words}
    row = element.find_parent("tr")
    figure = row.find(attrs={"data-figure": True}) if row else None
    if figure is None or figure["data-figure"] not in made.rows:
        return set()
    known = made.rows[figure["data-figure"]]
    if element.name == "q":
        return {known["quote"]}
    if element.mark:  # the sentence of the kept notice that a figure was read from
        words = " ".join(element.get_text().split())
        return {words} if element.mark.get_text() == known["quote"] and words in made.kept else set()
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


def years_of_the_row(block: Tag) -> list[str]:
    """The years whose figures stand beside the name of a row, in words."""
    row = block.find_parent("tr") if block.name == "th" else None
    ids = [item["data-figure"].split(".") for item in row.find_all(attrs={"data-figure": True})] if row else []
    return sorted({write_period(parts[1]) for parts in ids if parts[0] == "year"})


def unaccounted(made: Report, part: Tag) -> set[str]:
    """The words of a page, or of a part, that hold a digit which no figure, reference or exception accounts for."""
    use_language(made.language)
    found = set()
    for element in part.find_all(attrs={"data-figure": True}):
        row = made.rows.get(element["data-figure"])
        if row is None or wrong_figure(element.get_text(), row, made.language):
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
        own = years_of_the_row(block)
        for selector, phrase in EXCEPTIONS:
            if block.css.match(selector):
                for known in own if own and phrase == "{a_period_shown}" else allowed.get(phrase.strip("{}"), [phrase]):
                    left = left.replace(known, "")
        if re.search(r"\d", left):
            found.add(f"{block.name}: {words}")
    use_language("en")
    return found


# Claim trace


@every_report
def test_every_digit_on_a_page_is_a_figure_or_a_reference(made):
    shown = made.soup.body.find_all(attrs={"data-figure": True})
    assert len(shown) > 200
    assert len({element["data-figure"] for element in shown}) > 120
    assert unaccounted(made, made.soup) == set()
    assert len(made.soup.find_all("mark")) == (36 if made.record["title"].startswith("Hòa Bình mất 41,17") else 0)


@pytest.mark.parametrize(
    ("name", "count"),
    [("april", 25), *(pytest.param(name, 100, marks=pytest.mark.slow) for name in WANTED)],
)
def test_the_checker_sees_each_of_many_wrong_digits(made, count):
    soup = parsed(re.sub(r'src="data:[^"]*"', 'src="data:,"', made.html))
    before = unaccounted(made, soup)
    places = [(text, place) for text in visible(soup) for place, letter in enumerate(text) if letter.isdigit()]
    assert len(places) > 800
    chance = random.Random(766)
    unseen = []
    for text, place in chance.sample(places, count):
        wrong = chance.choice([digit for digit in "0123456789" if digit != text[place]])
        changed = NavigableString(f"{text[:place]}{wrong}{text[place + 1 :]}")
        part = text.find_parent("tr") or text.find_parent("section")
        text.replace_with(changed)
        if not unaccounted(made, part) - before:
            unseen.append(f"{text.strip()} → {changed.strip()}")
        changed.replace_with(text)
    assert unseen == []
    assert unaccounted(made, soup) == before  # every change was taken back


@every_report
def test_the_checker_sees_a_figure_without_a_row_and_a_bare_number(made):
    for tag in ('<p><data data-figure="lost.twice">41,17</data></p>', "<p>41,17</p>", '<p class="note">99 %</p>'):
        assert unaccounted(made, parsed(f"<body>{tag}</body>"))


DIRECTIONS = {  # words that claim a rise, and a fall
    "vi": (r"\btăng\b", r"\bgiảm\b"),
    "en": (r"\b(?:rose|rises?|increased?)\b", r"\b(?:fell|falls?|decreased?)\b"),
}
RISES = re.compile(r"(way|step|month)\..*added|rise\.total_score$")  # figures that are percentage points to add


def directions(made: Report, part: Tag) -> list[tuple[Tag, bool]]:
    """Every sentence that claims a rise or a fall, and whether a figure in it has that sign."""
    found = []
    for block in part.body.select("p, li, h1"):
        for word, sign in zip(DIRECTIONS[made.language], (1, -1), strict=True):
            if re.search(word, block.get_text()):
                shown = [made.rows[item["data-figure"]] for item in block.select("[data-figure]")]
                signs = [1 for row in shown if RISES.match(row["id"]) and float(row["value"]) > 0]
                if any(row["id"] == "since.size" for row in shown):
                    signs.append(1 if float(made.rows["since.change"]["value"]) > 0 else -1)
                if any(row["id"] == "bridge.size" for row in shown):
                    signs.append(1 if float(made.rows["bridge.total"]["value"]) > 0 else -1)
                found.append((block, sign in signs))
    return found


@every_report
def test_every_rise_and_fall_is_that_of_a_figure(made):
    claims = directions(made, made.soup)
    assert [block.get_text() for block, holds in claims if not holds] == []
    assert len(claims) >= (1 if made.language == "vi" else 0)


SURE = {  # words that claim what no rule that nobody wrote down could change
    "vi": r"(?<!không )(?<!chưa )\bchắc\b|\b(?:bảo|đảm) đảm\b|\bcam đoan\b|\bít nhất\b",
    "en": r"(?<!not )\b(?:for sure|surely|certain(?:ly)?|guaranteed?|at least)\b",
}


def too_sure(made: Report, part: Tag) -> list[str]:
    """Every sentence that claims certainty beside points that do not hold in the open tier; a goal claims nothing."""
    found = []
    for block in part.select("p, li, h1, figcaption, caption"):
        if re.search(SURE[made.language], block.get_text(), re.IGNORECASE):
            shown = [made.rows[item["data-figure"]] for item in block.select("[data-figure]")]
            points = [row["id"] for row in shown if row["unit"] == "points" and row["id"] != "plan.target"]
            if any(not re.search(r"(^|\.)open(\.|$)", name) for name in points):
                found.append(block.get_text())
    return found


@every_report
def test_certainty_is_claimed_only_of_what_holds_in_the_open_tier(made):
    assert too_sure(made, made.soup.body) == []
    words = {"vi": "Chắc chắn mất", "en": "This surely lost"}[made.language]
    claimed = parsed(f'<body><p>{words} <data data-figure="lost">41,17</data>.</p></body>')
    assert len(too_sure(made, claimed.body)) == 1


@every_report
def test_a_number_says_to_a_program_what_it_says_to_a_reader(made):
    """A rate printed as `0` is 0 to a program too, not the middle of what it may have been before rounding."""
    for element in made.soup.find_all(attrs={"data-figure": True}):
        row = made.rows[element["data-figure"]]
        assert element["value"] == f"{float(row['value'] or row['low']):.10g}", row["id"]
    for row in made.rows.values():
        if row["value"] and row["id"].endswith(".rate") and row["unit"] == "percent":
            code = row["id"].split(".")[1]
            printed = made.rows.get(f"printed.{code}.percent")
            if printed and not made.rows.get(f"printed.{code}.count"):
                assert float(row["value"]) == pytest.approx(float(printed["value"])), row["id"]


@every_report
def test_the_words_of_a_chart_are_figures_and_its_sources_are_all_named(made):
    """A total of a year is no point among months. The history shows totals of several notices, so it names several."""
    known = {f"{row['label']}: {as_shown(row)}" for row in made.rows.values()}
    pictures = made.soup.find_all("img")
    years = {key: row for key, row in made.rows.items() if re.fullmatch(r"year\.\d{4}\.total_score", key)}
    assert len(pictures) == 4 + bool(years)
    for picture in pictures:
        assert picture["alt"].endswith(".") and set(picture["alt"].removesuffix(".").split("; ")) <= known
    months = {key: row for key, row in made.rows.items() if re.fullmatch(r"past\.\d{4}-\d\d\.total", key)}
    for picture, rows in zip(reversed(pictures), [years, months] if years else [months], strict=False):
        named = [piece.split(": ")[0] for piece in picture["alt"].removesuffix(".").split("; ")]
        assert named == [row["label"] for row in rows.values()]
    words = made.soup.find_all("figure")[-1 - bool(years)].figcaption.get_text()
    for key, row in made.rows.items():
        if key.startswith("past."):
            assert source_words(made.sources[row["source"]], "publisher", "number") in words, key


# figures.csv


@every_report
def test_every_row_of_the_figures_says_what_it_is(made, name):
    """`online_payment_dossiers_base` is no label, and two gains of one label, rule and source are the same gain."""
    seen: dict[tuple[str, ...], dict[str, str]] = {}
    for row in made.rows.values():
        assert all(row[column] for column in ("id", "label", "entity", "period", "unit", "decimals", "kind", "rule"))
        assert not re.fullmatch(r"[a-z0-9_]+", row["label"]), row["id"]
        assert row["value"] or (row["low"] and row["high"]), row["id"]
        assert (row["entity"], row["period"]) == (WANTED[name]["entity"], WANTED[name]["month"])
        assert row["unit"] in ("points", "percent", "count", "rank", "days"), row["id"]
        assert row["kind"] in ("published", "derived", "entered"), row["id"]
        if re.fullmatch(r"rule\..+\.gain", row["id"]):
            other = seen.setdefault(tuple(row[column] for column in ("label", "unit", "rule", "source")), row)
            assert (other["low"], other["high"]) == (row["low"], row["high"]), (other["id"], row["id"])


@every_report
def test_the_value_of_a_figure_is_inside_its_ends(made):
    rounded_up = {"vi": "làm tròn lên", "en": "rounded up"}[made.language]
    for row in made.rows.values():
        if row["low"]:
            low, high, slack = float(row["low"]), float(row["high"]), 1e-9
            assert low <= high + slack, row["id"]
            if row["value"] and rounded_up in row["rule"]:
                low, high = high, high + 0.01
            assert not row["value"] or low - slack <= float(row["value"]) <= high + slack, row["id"]


@every_report
def test_a_published_figure_leads_to_its_line_and_its_words(made):
    of_the_notice = [row for row in made.rows.values() if row["kind"] == "published"]
    assert len(of_the_notice) > 30
    assert all(row["source"] in made.sources for row in of_the_notice)
    placed = [row for row in made.rows.values() if row["where"]]
    assert len(placed) > 10
    for row in placed:
        observed = made.observation(row["where"])
        entity, period = row["entity"], row["period"]
        if row["id"].startswith(("card.", "told.")):  # a figure of another card that ruled something out
            entity, period = row["id"].split(".")[1:3]
        period = row["id"].split(".")[1] if row["id"].startswith(("past.", "since.", "year.")) else period
        period = observed["period"] if row["id"].startswith("restated.") else period
        entity = row["label"] if row["id"] == "outlook.highest" else entity
        assert (observed["entity"], observed["period"]) == (entity, period)
        assert float(observed["value"]) == float(row["value"]), row["id"]
        for column in ("quote", "source", "kind", "decimals", "unit"):
            assert observed[column] == row[column], (row["id"], column)


# run.json, and what must not be in the other files


@every_report
def test_the_record_has_the_parameters_and_the_hash_of_each_file(made, name):
    wanted, parameters = WANTED[name], made.record["parameters"]
    assert {key: parameters[key] for key in wanted} == wanted
    assert parameters["levers"] == {"e_result": 80.0, "data_reuse": 80.0}
    assert parameters["target_score"] == wanted.get("target_score")
    assert made.record["figures"] == len(made.rows)
    assert made.record["title"] == made.soup.h1.get_text() == made.soup.title.get_text()
    assert made.record["total"] == float(made.rows["total"]["value"]) and made.record["total_max"] == 100
    ranks = [made.rows[key]["value"] if key in made.rows else "nan" for key in ("rank", "ranked")]
    assert [made.record["rank"], made.record["ranked"]] == [float(value) for value in ranks]
    assert (made.record["kind"], made.record["change"], made.record["language"]) == ("published", None, made.language)
    assert {path.name for path in made.folder.iterdir()} == {
        made.file("run.json").name,
        made.file("changes.txt").name,
        *made.record["files"],
    }
    names = ("index.html", "report.ipynb", "figures.csv", "workbook.xlsx")
    assert set(made.record["files"]) == {made.file(name).name for name in names}
    for file, digest in made.record["files"].items():
        assert hashlib.sha256((made.folder / file).read_bytes()).hexdigest() == digest, file


@every_report
@pytest.mark.parametrize("file", ["index.html", "report.ipynb", "figures.csv"])
def test_no_file_says_when_or_where_it_was_made(made, file):
    text = made.file(file).read_text(encoding="utf-8")
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


@every_report
def test_every_file_has_composed_letters(made):
    for path in made.folder.iterdir():
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as parts:
                texts = [parts.read(part).decode("utf-8") for part in parts.namelist()]
        else:
            texts = [path.read_text(encoding="utf-8")]
        assert all(unicodedata.is_normalized("NFC", text) for text in texts), path.name


# The page itself


@every_page
def test_the_page_is_in_its_language_with_one_title(page, soup, name):
    assert soup.html["lang"] == ("en" if name in ("english", "index-en") else "vi")
    assert page.lower().startswith("<!doctype html>")
    assert soup.find("meta", charset="utf-8")
    assert soup.title.get_text().strip()
    assert len(soup.find_all("h1")) == len(soup.find_all("main")) == 1
    levels = [int(heading.name[1]) for heading in soup.find_all(re.compile(r"^h[1-6]$"))]
    assert levels[0] == 1
    assert all(deeper <= level + 1 for level, deeper in pairwise(levels)), levels


@every_page
def test_nothing_on_the_page_can_run_or_load(page, soup, name):
    listed = name.startswith("index")
    assert not soup.find_all(["iframe", "object", "embed", "link", "base", "form", "template"])
    scripts = soup.find_all("script")
    files = ("board.js",) if listed else SCRIPTS
    ours = "\n".join((PAGE_FOLDER / file).read_text(encoding="utf-8") for file in files)
    assert [script.get("type") for script in scripts] == ([None] if listed else ["application/json", None])
    assert scripts[-1].string == ours
    assert not re.search(r"\beval\b|\bFunction\b|innerHTML|insertAdjacent|document\.write|fetch|XMLHttp|import", ours)
    for control in soup.find_all(["input", "button", "output"]):
        steps = control.has_attr("data-preset") and not control.find_parent(id="trial")
        hidden = control if steps else control.find_parent(id="board-controls" if listed else "trial")
        assert hidden.has_attr("hidden")
    for element in soup.find_all(True):
        for attribute, value in element.attrs.items():
            assert not attribute.lower().startswith("on"), (element.name, attribute)
            assert attribute != "style", element.name
            if attribute in ("src", "srcset", "poster", "data", "xlink:href", "action"):
                assert element.name == "img" and value.startswith("data:image/svg+xml;base64,")
            if attribute == "href":
                assert element.name == "a"
                assert re.match(r"https?://|#|[a-z0-9-]+/", value), value
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.S)
    assert not re.search(r"url\(|@import|expression", style)
    (policy,) = soup.find_all("meta", attrs={"http-equiv": "Content-Security-Policy"})
    digest, of_script = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, ours))
    assert [part.strip() for part in policy["content"].split(";")] == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        f"script-src 'sha256-{of_script}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert page.index("Content-Security-Policy") < page.index("<style>")
    for data in re.findall(r"base64,([A-Za-z0-9+/=]+)", page):
        svg = base64.b64decode(data).decode()
        assert svg.startswith("<svg") and not re.search(r'href="(?!#)', svg)
        assert not re.search(r"<script|<foreignObject|\son[a-z]+=|<image", svg)


@every_page
def test_tables_and_pictures_can_be_read_aloud(soup):
    for table in soup.find_all("table"):
        assert table.caption is not None and table.caption.get_text().strip()
        for cell in table.find_all("th"):
            assert cell.get("scope") in ("col", "row")
            assert cell.get_text().strip()
        assert len({len(row.find_all(["th", "td"])) for row in table.find_all("tr")}) == 1
    for picture in soup.find_all("img"):
        assert len(picture["alt"]) > 10
        assert picture["src"].startswith("data:")
        assert int(picture["width"]) > 0 and int(picture["height"]) > 0
    for drawing in soup.find_all("svg"):
        assert drawing.get("aria-hidden") == "true" or (drawing["role"] == "img" and len(drawing["aria-label"]) > 60)


@every_page
def test_the_page_is_small_composed_and_without_leftovers_of_the_program(page, soup):
    assert len(page.encode()) < 550_000
    assert unicodedata.is_normalized("NFC", page)
    text = " ".join([*visible(soup), *(item["alt"] for item in soup.find_all("img")), soup.title.get_text()])
    assert not re.search(r"\b(nan|NaN|None|null|inf|undefined)\b|[{}]|\ufffd", text)
    assert "  " not in " ".join(soup.h1.get_text().split("\n"))
    names = [text for text in visible(soup) if not text.find_parent(class_="ref") and not text.find_parent("code")]
    assert re.findall(r"\b[a-z0-9]+_[a-z0-9_]+\b", " ".join(names)) == [], "codes where names belong"


@every_report
def test_every_number_leads_to_its_row(made):
    links = made.soup.select("a.f")
    assert len(links) > 200
    rows = {row["id"]: row for row in made.soup.select("tr[id]")}
    assert len(rows) == len(made.soup.select("tr[id]")) == len(made.rows)
    for link in links:
        figure = link.data["data-figure"]
        assert figure in [item["data-figure"] for item in rows[link["href"][1:]].select("[data-figure]")]


# What the page says


@every_report
def test_the_page_says_of_recovered_rules_only_what_its_table_says(made):
    """Rules that are inferred are not `recovered from the portal's own figures`."""
    table = made.soup.find("h2", string=re.compile("Which rules fit|Quy tắc nào còn phù hợp")).find_next("table")
    statuses = {cell.get_text() for row in table.tbody.find_all("tr") for cell in row.find_all("td")[1::3]}
    if re.search("được phục dựng từ chính số liệu|are recovered from the portal", made.soup.body.get_text()):
        assert statuses <= {"phục dựng từ số liệu", "văn bản pháp luật", "reverse engineered", "legal"}


@every_report
def test_nothing_real_is_called_simulated(made):
    said = re.compile(r"synthetic|mô phỏng", re.IGNORECASE)
    listed = parsed((made.folder.parents[1] / made.file("index.html").name).read_text(encoding="utf-8"))
    for soup in (made.soup, listed):
        assert not soup.select("aside, .chip.synthetic")
        assert not said.search(soup.title.get_text() + soup.main.get_text())
    pictures = [base64.b64decode(image["src"].split(",")[1]).decode() for image in made.soup.select("figure.chart img")]
    assert pictures and not said.search("".join(pictures))
    assert "synthetic" not in {made.record["kind"], *(row["kind"] for row in made.rows.values())}
    for sheet in openpyxl.load_workbook(made.file("workbook.xlsx")).worksheets:
        assert not said.search(f"{sheet['A1'].value} {sheet.oddHeader.center.text}")


# Two languages


def said_to_anyone(soup: BeautifulSoup) -> set[str]:
    """What is read, or read aloud, references aside."""
    read = {text.strip() for text in visible(soup) if not text.find_parent(class_="ref")}
    aloud = {element.get(name, "") for element in soup.find_all(True) for name in ("alt", "aria-label", "title")}
    return read | {part for words in aloud for part in words.split("; ")}


@pytest.mark.parametrize("name", ["year", pytest.param("april", marks=pytest.mark.slow)])
def test_the_vietnamese_page_translates_everything_that_the_english_answers_say(made, year, april, name):
    """What both say alike is a name, a number or a reference: nothing was left untranslated in either."""
    use_language("en")
    card = {"year": year, "april": april}[name]
    asked = (card.summary, card.first_steps, card.try_it, card.rank, card.change, card.follow_up, card.what_if())
    asked += (card.plan(), card.losses, card.rules, card.months, card.checks, card.sources)
    english = said_to_anyone(parsed(f"<body>{''.join(section.html for section in asked)}</body>"))
    assert len(english) > 300
    alike = said_to_anyone(made.soup) & english
    assert {text for text in alike if re.search(r"[A-Za-z]{4}", text) and "Văn phòng" not in text} == set()

"""A report of simulated figures is refused until it is allowed, and then says so on every page, slide and picture."""

import base64
import csv
import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from matplotlib.backends.backend_agg import FigureCanvasAgg

import noticed
from analysis.errors import CheckError, SyntheticError
from analysis.identification import regime
from analysis.language import use_language
from analysis.report import drawing
from analysis.report.figures import Figures, exact
from analysis.report.section import Picture, Section
from analysis.runs import run
from analysis.runs.page import one_cell, page_of
from analysis.scorecards.entities import synthetic_label
from analysis.scorecards.history import TOTAL
from analysis.scorecards.rubric import load_rubrics
from made import simulate
from places import REPOSITORY, made_once

LABEL = "SYNTHETIC FIGURES – NOT REAL DATA"
ENTITY, MONTH = "Mô phỏng 01", "2024-06"
FOLDER = f"reports/mo-phong-01/{MONTH}"
FEW = ("on_time", "e_result", "digitised", "data_reuse", "online_submission")
TOTALS = pd.DataFrame([("2024-05", 50.0, 2), (MONTH, 51.0, 2)], columns=["period", "value", "decimals"])


def make_simulated(folder: Path) -> None:
    simulate(
        folder / "simulated", load_rubrics(REPOSITORY / "data" / "rubrics"), first="2024-05", last=MONTH, printed=FEW
    )
    words = ["report", MONTH, "--entity", "mo-phong-01", "--lang", "en"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder / "simulated")
        _out, refused = noticed.run(*words, code=SyntheticError.exit_code)
        assert not list(Path("reports").rglob("*"))
        _out, done = noticed.run(*words, "--allow-synthetic")
    (folder / "told.json").write_text(json.dumps([refused, done]), encoding="utf-8")
    use_language("en")


@pytest.fixture(scope="module")
def simulated(tmp_path_factory) -> Path:
    """A simulated project with the report of its last month, and what the command said."""
    return made_once(tmp_path_factory, "simulated", make_simulated)


@pytest.fixture(scope="module")
def folder(simulated) -> Path:
    return simulated / "simulated" / FOLDER


@pytest.fixture(scope="module")
def soup(folder) -> BeautifulSoup:
    return BeautifulSoup((folder / "index.en.html").read_text(encoding="utf-8"), "html.parser")


def test_a_report_of_simulated_figures_is_refused_until_it_is_allowed(simulated):
    refused, done = json.loads((simulated / "told.json").read_text(encoding="utf-8"))
    assert SyntheticError.exit_code == 17
    assert "Mô phỏng 01 is simulated: these figures are not real." in refused and "--allow-synthetic" in refused
    assert done.count(LABEL) == 2 + 3  # twice by the command, and before each line of what moved


def test_one_simulated_figure_on_a_real_card_is_enough(project_copy, monkeypatch):
    """The contract lets none in; a card that has one all the same is refused."""
    figures = regime.load_project().cards("Hòa Bình", "2023-04")[0].figures.copy()
    figures.loc[(TOTAL, "points"), "kind"] = "synthetic"
    monkeypatch.setattr(run, "card", lambda *_asked: figures)
    with pytest.raises(SyntheticError, match=r"hoa-binh\.csv:2 total_score"):
        run.prepare({"entity": "Hòa Bình", "month": "2023-04", "language": "en"})
    assert run.prepare({"entity": "Hòa Bình", "month": "2023-04", "language": "en"}, allow_synthetic=True)


def test_the_page_says_it(soup):
    assert soup.title.get_text().startswith(f"{LABEL}: Mô phỏng 01 lost")
    assert soup.select_one(".origin .chip.synthetic").get_text() == LABEL
    assert soup.select_one("body > .synthetic-label").get_text() == LABEL
    assert "Mô phỏng 01" in soup.h1.get_text()


def words_of(image) -> str:
    svg = base64.b64decode(image["src"].split(",")[1]).decode()
    return " ".join(BeautifulSoup(svg, "html.parser").get_text(" ").split())


def test_every_chart_says_it_inside_the_picture(soup):
    images = soup.select("figure.chart img")
    assert len(images) >= 4
    for image in images:
        assert LABEL in words_of(image)


def test_every_figure_is_synthetic_in_the_table(folder):
    with (folder / "figures.en.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 200
    assert {row["kind"] for row in rows} == {"synthetic"}
    assert {row["entity"] for row in rows} == {ENTITY}


def test_every_sheet_says_it(folder):
    book = openpyxl.load_workbook(folder / "workbook.en.xlsx")
    assert len(book.worksheets) >= 4
    for sheet in book.worksheets:
        assert str(sheet["A1"].value).startswith(LABEL), sheet.title
        assert sheet.oddHeader.center.text == LABEL
        assert sheet.sheet_properties.tabColor.rgb == "00C00000"


def test_the_record_and_the_list_of_reports_say_it(folder):
    record = json.loads((folder / "run.en.json").read_text(encoding="utf-8"))
    assert record["kind"] == "synthetic"
    assert record["title"].startswith(LABEL)
    page = BeautifulSoup((folder.parents[1] / "index.en.html").read_text(encoding="utf-8"), "html.parser")
    (chip,) = page.select(".chip")
    assert (chip["class"], chip.get_text()) == (["chip", "synthetic"], LABEL)


def test_nothing_real_says_it():
    real = Figures()
    real.add([figure("total", "published"), figure("lost", "derived")])
    assert real.label == ""
    assert [item.kind for item in real.values()] == ["published", "derived"]
    body = BeautifulSoup(page_of(one_cell(Section("Totals", [shown(real.label)])), "Title", real.label), "html.parser")
    assert LABEL not in body.get_text() and LABEL not in words_of(body.img) and "aside" not in str(body.body)


def figure(code, kind):
    return exact(code, code, 1.0, "points", 2, kind, "")


def shown(label):
    return Picture("history_of_totals", TOTALS, "source", "words", label)


def test_a_figure_made_from_simulated_ones_is_simulated():
    made = Figures()
    for item in (figure("lost", "derived"), figure("total", "synthetic"), figure("share", "derived")):
        made.add([item])
    assert [item.kind for item in made.values()] == ["synthetic"] * 3
    assert made.label == synthetic_label() == LABEL
    assert Figures(made).label == LABEL


def test_a_picture_without_the_label_is_not_published():
    assert LABEL in page_of(one_cell(Section("Totals", [shown(LABEL)])), "Title", LABEL)
    with pytest.raises(CheckError, match="1 pictures"):
        page_of(one_cell(Section("Totals", [shown(LABEL), shown("")])), "Title", LABEL)


def test_the_label_hides_nothing_of_a_picture():
    ax = shown(LABEL).draw()
    figure, before = ax.figure, ax.figure.get_size_inches().copy()
    drawing.svg(ax, LABEL)
    FigureCanvasAgg(figure).draw()
    assert figure.get_size_inches() == pytest.approx((before[0], before[1] + drawing.STRIP))
    box = figure.texts[-1].get_bbox_patch().get_window_extent()
    assert box.y1 < ax.get_tightbbox().y0 and box.y0 >= 0
    assert box.x0 >= 0 and box.x1 <= figure.bbox.width


# In a browser


SEEN = """() => {
  const label = document.querySelector('.synthetic-label').getBoundingClientRect();
  const over = document.elementFromPoint(label.x + label.width / 2, label.y + label.height / 2);
  return [label.top, label.bottom, Boolean(over.closest('.synthetic-label'))];
}"""


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(320, 600), pytest.param(1280, 900, marks=pytest.mark.slow)])
def test_the_banner_is_seen_at_every_place_of_the_page(browser, folder, width, height):
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto((folder / "index.en.html").as_uri())
    first = page.locator("h1").bounding_box()
    for share in (0, 0.1, 0.35, 0.7, 1):
        page.evaluate("share => scrollTo(0, share * document.body.scrollHeight)", share)
        top, bottom, on_top = page.evaluate(SEEN)
        assert top == 0 and on_top, share
    assert bottom <= first["y"]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.evaluate("location.hash = document.querySelector('tr[id]').id")
    assert page.evaluate("document.querySelector(':target').getBoundingClientRect().top") >= bottom
    page.close()


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
def test_the_banner_is_on_every_slide_and_covers_nothing(browser, folder, width, height):
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto((folder / "index.en.html").as_uri() + "?slides")
    slides = page.locator(".slide").count()
    assert slides >= 5
    for number in range(slides):
        top, bottom, on_top = page.evaluate(SEEN)
        assert top == 0 and on_top, number
        inside = page.evaluate(
            "[...document.querySelectorAll('.slide.on > *')].filter((item) => item.checkVisibility())"
            ".map((item) => item.getBoundingClientRect().top)"
        )
        assert min(inside) >= bottom, number
        assert page.evaluate("document.documentElement.scrollHeight") <= height, number
        page.keyboard.press("ArrowRight")
    page.close()


@pytest.mark.slow
@pytest.mark.browser
def test_the_banner_is_on_every_printed_page_and_covers_nothing(browser, folder, tmp_path):
    pdfplumber = pytest.importorskip("pdfplumber")
    page = browser.new_page()
    page.goto((folder / "index.en.html").as_uri())
    page.pdf(path=tmp_path / "page.pdf", format="A4", prefer_css_page_size=True)
    page.close()
    with pdfplumber.open(tmp_path / "page.pdf") as pdf:
        assert len(pdf.pages) > 5
        for sheet in pdf.pages:
            words = sorted(sheet.extract_words(), key=lambda word: (word["top"], word["x0"]))
            label, rest = words[: len(LABEL.split())], words[len(LABEL.split()) :]
            assert " ".join(word["text"] for word in label) == LABEL, sheet.page_number
            assert rest and min(word["top"] for word in rest) > label[0]["bottom"], sheet.page_number

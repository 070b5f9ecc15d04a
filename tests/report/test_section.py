"""Is one section the same as HTML, as text, as data and on file?"""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from analysis.errors import ParameterError
from analysis.language import use_language
from analysis.notices.tokens import Passage
from analysis.report.figures import Figures, between, exact
from analysis.report.section import (
    Folded,
    Heading,
    Picture,
    Piece,
    Quote,
    Reference,
    Section,
    Slide,
    SourceList,
    Table,
    Words,
    described,
    listed,
    records,
    rounded,
    say,
    source_line,
)
from analysis.scorecards.sources import Source
from pages import parsed

SCRIPT = "<script>alert(1)</script>"
LABEL = "SYNTHETIC FIGURES – NOT REAL DATA"
LOST = exact("lost", "Points lost", 41.17, "points", 2, "derived", "100 − total")
SOURCE = Source.model_validate(
    {"publisher": "P", "title": "T", "number": "7", "url": "https://p", "accessed": "2023-04-24", "sha256": "ab" * 32}
)


@pytest.fixture
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "110")


# Words


def test_a_sentence_says_the_same_as_text_and_as_html():
    said = say("{who} lost {lost} points & more", who=SCRIPT, lost=LOST)
    assert str(said) == f"{SCRIPT} lost 41.17 points & more"
    assert parsed(said.__html__()).get_text() == str(said)
    assert parsed(said.__html__()).find("a", href="#f-lost").data["value"] == "41.17"
    assert not parsed(said.__html__()).find("script")


def test_several_parts_are_one_sentence_with_words_between_them():
    assert str(listed([LOST, "b", say("{c}", c="c")], " or ")) == "41.17 or b or c"
    assert str(listed([LOST], " or ")) == "41.17"


def test_what_refers_to_a_source_is_no_figure():
    for words, text, html in (
        (Reference("a.csv:2"), "a.csv:2", '<span class="ref">a.csv:2</span>'),
        (Reference(""), "", ""),
        (Quote("2,2/18"), "“2,2/18”", '<q class="ref">2,2/18</q>'),
        (Quote(""), "", '<q class="ref"></q>'),
    ):
        assert (str(words), str(words.__html__())) == (text, html)
    opened = Quote("2,2/18", Passage("Trong tháng, ", "2,2/18", " điểm <b>."))
    assert str(opened) == "“2,2/18”"
    assert parsed(opened.__html__()).p.decode() == "<p>Trong tháng, <mark>2,2/18</mark> điểm &lt;b&gt;.</p>"
    assert parsed(opened.__html__()).select_one("details.ref summary q.ref").get_text() == "2,2/18"


# Parts

TABLE = Table(
    "Losses",
    ["Group", "Lost, points", "Why"],
    [["A", LOST, "w " * 30], [SCRIPT, "–", ""]],
    text_columns=(2,),
    anchors=("row-a", "row-b"),
)
PARTS = [
    Heading("One", style="analyst"),
    Words([say("It lost {lost}.", lost=LOST), SCRIPT]),
    Words(["x", "y"], as_list=True),
    TABLE,
    Heading("Smaller", level=3),
    Words(["small"], style="note"),
    Heading("Two"),
    Folded("More & more", [Words(["folded"])], style="all"),
    Slide([Heading("Shown alone"), Words(["slide"])]),
    SourceList({"s": SOURCE, "t": SOURCE.model_copy(update={"url": "", "sha256": ""})}),
    Piece("footer.html.j2", {"words": "end"}, ["end"]),
]


def test_a_table_is_aligned_and_wraps_where_there_is_no_room():
    assert Table("T", ["Name", "Points", "Kind"], [["A", "1.5", "x"], ["Long name", "10.25", "y"]], (2,)).text(80) == (
        "T\n  Name       Points  Kind\n  A             1.5  x\n  Long name   10.25  y"
    )
    assert TABLE.text(80).splitlines() == [
        "Losses",
        f"  Group{' ' * 22}Lost, points  Why",
        f"  A{' ' * 33}41.17  {'w ' * 19}".rstrip(),
        f"{' ' * 43}{'w ' * 11}".rstrip(),
        f"  {SCRIPT}{' ' * 13}–",
    ]
    heads = Table("T", ["A", "Lost, within rounding"], [["a", "1"]]).text(80)
    assert heads == "T\n  A  Lost, within\n         rounding\n  a             1"
    unbroken = Table("T", ["A", "B"], [["a", "x" * 60]], (1,)).text(40)
    assert "x" * 60 in unbroken, "a word is never cut, however narrow the terminal"
    squeezed = Table("T", ["Name", "Points"], [["word " * 20, "1"]]).text(40).splitlines()
    assert max(map(len, squeezed)) <= 40 and sum("word" in line for line in squeezed) > 3


def test_a_section_is_html_whose_headings_begin_its_sections():
    soup = parsed(Section("T", PARTS).html)
    first, second = soup.find_all("section")
    assert first.h2["class"] == ["analyst"] and first.h2.get_text() == "One"
    assert first.p.get_text() == f"It lost 41.17. {SCRIPT}"
    assert [item.get_text() for item in first.ul.find_all("li")] == ["x", "y"]
    assert (first.h3.get_text(), first.find("p", class_="note").get_text()) == ("Smaller", "small")
    region = first.find(class_="scroll")
    assert (region["role"], region["tabindex"], region["aria-label"]) == ("region", "0", "Losses")
    assert region.caption.get_text() == "Losses"
    assert [head.get("class") for head in region.thead.find_all("th")] == [None, ["n"], None]
    assert [row["id"] for row in region.tbody.find_all("tr")] == ["row-a", "row-b"]
    assert [row.th.get_text() for row in region.tbody.find_all("tr")] == ["A", SCRIPT]
    assert [cell.get("class") for cell in region.tbody.tr.find_all("td")] == [["n"], None]
    assert second.h2.get_text() == "Two" and second.find("div", class_="slide").h2.get_text() == "Shown alone"
    folded, listed_sources = second.find_all("details")
    assert (folded["class"], folded.summary.get_text(), folded.p.get_text()) == (["all"], "More & more", "folded")
    known, unlinked = listed_sources.find_all("li")
    assert known.a["href"] == "https://p" and known.get_text() == "s: P, 7, T [sha256 abababababab…]"
    assert not unlinked.a and unlinked.get_text() == "t: P, 7, T"
    assert second.footer.get_text() == "end"
    assert not soup.find("script")


def test_a_picture_stands_in_a_section_of_its_own(april):
    picture = Picture("loss_by_group", april.results.by_group, "Source: <P>.", "Words.")
    blocks = parsed(Section("T", [Heading("One"), picture, picture, Words(["after"])]).html).find_all("section")
    assert [bool(block.figure) for block in blocks] == [False, True, True, False]
    image = blocks[1].img
    assert image["alt"] == "Words." and image["src"].startswith("data:image/svg+xml;base64,")
    assert int(image["width"]) > 300 and int(image["height"]) > 300
    assert blocks[1].figcaption.get_text() == "Source: <P>."
    unsaid = parsed(Section("T", [Picture("loss_by_group", april.results.by_group, "s")]).html).img
    assert unsaid["alt"] == "Transparency and disclosure lost most: 15.8 points"


def test_a_section_is_text_with_room_around_headings_and_tables(wide):
    lines = str(Section("T", PARTS)).splitlines()
    assert lines[:5] == ["One", f"It lost 41.17.\n{SCRIPT}".split("\n")[0], SCRIPT, "- x", "- y"]
    table = lines.index("Losses")
    assert lines[table - 1] == "" and lines[lines.index("Smaller") - 1] == ""
    assert lines[lines.index("Two") - 1] == "" and lines[lines.index("Shown alone") - 1] == ""
    assert lines[-3:] == ["[s] P, 7, T [sha256 abababababab…]", "[t] P, 7, T", "end"]
    assert str(Section("T", [Words(["a"])], label=LABEL)) == f"{LABEL}\na"
    assert str(Section("T", [Heading("a")])) == "a" and repr(Section("T")) == "<T>"


@pytest.mark.parametrize(("columns", "width"), [("300", 300), ("20", 80)])
def test_text_is_as_wide_as_the_terminal_but_never_narrow(monkeypatch, columns, width):
    monkeypatch.setitem(os.environ, "COLUMNS", columns)
    section = Section("T", [Table("T", ["A", "B"], [["a", "word " * 100]], (1,))])
    assert width - 50 < max(map(len, str(section).splitlines())) <= width or width == 300
    assert str(section) == f"{section.parts[0].text(width)}"


def test_what_is_said_is_every_sentence_in_order():
    said = [str(words) for words in Section("T", PARTS).said]
    assert said == ["It lost 41.17.", SCRIPT, "x", "y", "small", "folded", "slide", "end"]


# Data


def test_data_are_facts_and_rows_without_the_noise_of_floats():
    frame = pd.DataFrame({"a": [0.1 + 0.2, np.nan], "b": [np.int64(3), np.int64(4)], "c": [(1.0, np.nan), ()]})
    frame["d"] = [np.bool_(True), np.bool_(False)]
    rows = [{"a": 0.3, "b": 3, "c": [1.0, None], "d": True}, {"a": None, "b": 4, "c": [], "d": False}]
    assert records(frame) == rows
    assert (rounded(None), rounded(float("nan")), rounded(1 / 3)) == (None, None, 0.3333333333)
    assert Section("T", tables={"rows": frame}, facts={"x": 1}).data == {"x": 1, "rows": rows}
    assert Section("T", facts={"x": 1}, label=LABEL).data == {"x": 1, "kind": "synthetic"}


def test_sections_together_are_one():
    one = Section("One", [Words(["a"])], Figures.of([LOST]), {"t": pd.DataFrame({"a": [1]})}, {"f": 1}, "s", LABEL)
    two = Section("Two", [Words(["b"])], tables={"u": pd.DataFrame({"b": [2]})}, facts={"g": 2}, source="other")
    both = Section.together(one, two)
    assert (both.title, both.source, both.label, both.said) == ("One", "s", LABEL, ["a", "b"])
    assert list(both.figures) == ["lost"] and list(both.tables) == ["t", "u"] and both.facts == {"f": 1, "g": 2}
    assert both.table is one.tables["t"]
    with pytest.raises(ParameterError, match="“Three” has no table"):
        _none = Section("Three").table


def test_a_picture_says_its_figures_and_their_sources():
    figures = Figures.of(
        [exact("total", "Total", 58.83, "points", 2, "published", "", "s")],
        [
            exact("group.a.lost", "A", 1.5, "points", 1, "published", "", "t"),
            between("group.b.lost", "B", (1.0, 2.0), "points", 1, ""),
            exact("group.a.max", "A", 18, "points", 0, "published", ""),
            exact("past.a.lost", "past", 3, "points", 0, "published", ""),
        ],
    )
    known = {"s": SOURCE, "t": SOURCE.model_copy(update={"publisher": "Q", "number": ""})}
    assert described(figures, "group", "lost", known) == dict(
        words="A: 1.5; B: 1.0 to 2.0.", source="Source: Q.", label=""
    )
    nothing = described(figures, "indicator", "lost", known)
    assert nothing == dict(words="Nothing to show was published.", source="Source: P, 7.", label="")
    rows = pd.DataFrame({"source": ["t", "s", "t", "made"]})
    assert source_line(rows, known) == "Source: Q, T; P, 7, T; simulated by this program."
    use_language("vi")
    assert source_line(rows, known).startswith("Nguồn: ") and SourceList({}).summary == "Nguồn"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,<b>", "file:///a", "//b", '" onclick="a()'])
def test_an_address_that_is_not_of_the_web_is_text_and_no_link(address):
    sources = SourceList({"s": SOURCE.model_copy(update={"url": address}), "t": SOURCE})
    soup = parsed(Section("T", [sources]).html)
    (link,) = soup.select("a")
    assert link["href"] == SOURCE.url and not soup.select("[onclick]")
    assert address in soup.select("li")[0].get_text() and address in sources.text(80)


# What JupyterLab shows, and files


def test_a_notebook_shows_the_html_and_says_how_much_is_for_jupyterlab_alone():
    for label in ("", LABEL):
        section = Section("T", [Words(["a"])], label=label)
        data, metadata = section._repr_mimebundle_()
        head, tail = metadata["text/html"]["scorecard"]
        html = data["text/html"]
        assert html[head : len(html) - tail] == section.html and data["text/plain"] == "<T>"
        assert html.startswith("<style>") and (LABEL in html[:head]) == bool(label)


def test_a_section_is_saved_as_picture_and_table_with_its_source(project_copy, april):
    picture = Picture("gain_ranges", april.results.gained, april.what_if().source)
    section = Section("T", [picture], tables={"gains": april.results.gained}, source=picture.source)
    before = section.html
    files = section.save("Điểm mất, tháng 4")
    assert files == [f"reports/pictures/diem-mat-thang-4.{form}" for form in ("svg", "png", "csv")]
    svg = Path(files[0]).read_text(encoding="utf-8")
    words = " ".join(re.findall(r">([^<>]+)</text>", svg))
    assert "3220/VPUBND-NVK" in words and "points more" in words
    assert imread(io.BytesIO(Path(files[1]).read_bytes())).shape[1] >= 900
    assert len(pd.read_csv(files[2])) == len(section.table) and "label" not in pd.read_csv(files[2])
    assert section.html == before, "saving leaves the shown picture as it was"
    again = {name: Path(name).read_bytes() for name in files}
    section.save("diem mat thang 4")
    assert again == {name: Path(name).read_bytes() for name in files}, "the same answer gives the same files"
    assert april.rules.save("../../etc/x") == ["reports/pictures/etc-x.csv"], "a name cannot leave the folder"


def test_what_is_saved_of_simulated_figures_says_so(project_copy, april):
    picture = Picture("loss_by_group", april.results.by_group, "s", label=LABEL)
    files = Section("T", [picture], tables={"t": april.results.by_group}, source="s", label=LABEL).save("made")
    assert LABEL in " ".join(re.findall(r">([^<>]+)</text>", Path(files[0]).read_text(encoding="utf-8")))
    assert set(pd.read_csv(files[2])["label"]) == {LABEL}


@pytest.mark.parametrize("name", ["", "…", "../"])
def test_a_name_without_letters_is_refused(project_copy, april, name):
    with pytest.raises(ParameterError):
        april.indicators.save(name)
    assert not (project_copy / "reports").exists()

"""Is it told where each number comes from, how it was made, and whether the published ones agree?"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from analysis.notices.tokens import Passage
from analysis.report.figures import Figures, between, exact
from analysis.report.sources import check_figures, checks_section, sources_section
from analysis.report.wording import weakest_kind
from pages import parsed
from shown import said, tables


def test_the_figures_of_a_card_have_their_words_and_their_line(april):
    figures = april.results.figures
    names = ("total", "rank", "group.transparency.score", "printed.e_result.percent")
    total, rank, group, rate = (figures[name] for name in names)
    assert (total.value, total.as_of) == (58.83, "2023-04-24")
    assert (total.low, total.high) == (pytest.approx(58.825), pytest.approx(58.835))
    assert (total.quote, total.where, total.source) == ("58,83/100", "hoa-binh.csv:2", "hoa-binh-2023-04")
    assert (rank.value, rank.unit, figures["ranked"].value) == (24, "rank", 63)
    assert (group.value, group.low, group.high) == (2.2, pytest.approx(2.15), pytest.approx(2.25))
    assert (group.where, rate.where) == ("hoa-binh.csv:4", "hoa-binh.csv:34"), "read: see the weakest figure"
    assert (rate.value, rate.decimals, rate.kind, rate.label) == (33.83, 2, "published", "Electronic results issued")
    lost = figures["lost"]
    assert (lost.value, lost.low, lost.high) == (pytest.approx(41.17), pytest.approx(41.165), pytest.approx(41.175))
    assert lost.rule == "highest total less the total" and lost.decimals == 2


# Do they agree?


def test_the_checks_of_a_card_are_shown_and_what_nothing_checks(april):
    (rows,) = tables(april.checks).values()
    assert rows[0] == ["groups against total", "Total score", "58.83", "58.400 to 59.000", "agrees"]
    assert ["shares against 100 %", "Dossiers submitted online", "100", "99.990 to 100.010", "agrees"] in rows
    assert said(april.checks)[1:3] == ["Rank (rank)", "Procedures disclosed in full (%)"]
    assert len(april.checks.tables["unchecked"]) == len(said(april.checks)) - 1
    figures = april.results.figures
    assert (figures["sum"].value, figures["sum"].decimals) == (pytest.approx(58.7), 1)
    assert figures["sum.gap"].value == pytest.approx(0.13) and figures["sum.slack"].value == pytest.approx(0.305)


def test_what_disagrees_is_said_and_a_known_disagreement_is_not_shouted(april):
    checks = april.results.project.checks
    own = checks[(checks["entity"] == "Hòa Bình") & (checks["period"] == "2023-04")].head(3)
    changed = own.assign(ok=[True, False, False], accepted=[False, True, False])
    figures = Figures.of([april.results.figures["total"], exact("group.a.score", "", 1, "points", 1, "published", "")])
    figures.add(check_figures(changed, figures))
    section = checks_section(figures, changed, april.results.project.unchecked, april.results.identified)
    ends = [row[-1] for row in tables(section)["Checks of this notice"]]
    assert ends == ["agrees", "known disagreement", "DISAGREES"]
    assert not tables(checks_section(figures, changed.iloc[:0], checks.iloc[:0], april.results.identified))


# Where do they come from?


@pytest.fixture
def shown(april):
    """What the section shows of some figures."""
    total = april.results.figures["total"]
    made = [
        between("range", "<b>A range</b>", (1.0, 2.0), "percent", 1, "a rule"),
        replace(exact("sure", "Sure", 3.0, "count", 0, "entered", "a parameter"), words="three"),
        between("open", "Open", (None, None), "points", 1, "a rule"),
    ]
    others = [replace(total, id="past.2023-04.total"), replace(total, id="group.a.score", kind="derived")]
    rank, ranked = replace(april.results.figures["rank"], source="other"), april.results.figures["ranked"]
    figures = Figures.of([total, rank, ranked, *others, *made])
    passage = {"hoa-binh.csv:2": Passage("Tổng điểm ", "58,83/100", " điểm.")}
    return sources_section(
        figures, april.results.project.sources, passage, april.results.identified, "ab" * 32, "0.1", "", "2026-10-12"
    )


def test_every_published_figure_shows_its_words_and_line_and_every_other_how_it_was_made(shown):
    soup = parsed(shown.html)
    published, others = soup.find_all("table")
    assert [row["id"] for row in published.tbody.find_all("tr")] == ["f-total", "f-rank"]
    first = [cell.get_text() for cell in published.tbody.tr.find_all(["th", "td"])]
    assert first == ["Total score", "58.83", "points", "58,83/100Tổng điểm 58,83/100 điểm.", "hoa-binh.csv:2"]
    assert published.tbody.tr.mark.get_text() == "58,83/100"
    second = [cell.get_text() for cell in published.tbody.find_all("tr")[1].find_all(["th", "td"])]
    assert second == ["Rank", "24", "", "24/63", "hoa-binh.csv:3"]
    rows = {row["id"]: [cell.get_text() for cell in row.find_all(["th", "td"])] for row in others.tbody.find_all("tr")}
    assert list(rows) == ["f-ranked", "f-past.2023-04.total", "f-group.a.score", "f-range", "f-sure", "f-open"]
    assert rows["f-range"] == ["<b>A range</b>", "1.0 to 2.0", "1.000 to 2.000", "%", "a rule", ""]
    assert rows["f-sure"] == ["Sure", "three", "", "", "a parameter", ""]
    assert rows["f-open"][1:3] == ["unknown", ""]
    assert rows["f-past.2023-04.total"][-1] == "hoa-binh-2023-04 hoa-binh.csv:2 “58,83/100”"
    assert rows["f-past.2023-04.total"][2] == "58.8250 to 58.8350"
    assert soup.find("details", class_="all").summary.get_text().startswith("Every other number on this page")


def test_what_reproduces_the_page_stands_at_its_end(shown):
    notice = "Văn phòng Ủy ban nhân dân tỉnh Hòa Bình, 3220/VPUBND-NVK"
    end = f"Made 12/10/2026 from {notice}, by the rules 2022-08_766-QD-TTg. "
    end += "scorecard 0.1, commit unknown, data abababababab"
    assert said(shown)[-1] == parsed(shown.html).footer.get_text() == end
    assert "[hoa-binh-2023-04] " in str(shown) and "[portal" not in str(shown)
    assert list(shown.tables["published"]["id"]) == ["total", "rank"] and len(shown.tables["figures"]) == 8


def test_simulated_figures_are_published_in_their_world(april):
    figures = Figures.of([replace(april.results.figures["total"], kind="synthetic")])
    made = april.results.identified, "ab" * 32, "0.1", "abcdef", "2026-10-12"
    section = sources_section(figures, april._sources, {}, *made)
    assert len(tables(section)["Published figures"]) == 1 and "commit abcdef" in said(section)[-1]


@pytest.mark.parametrize("weakest", range(4))
def test_the_weakest_figure_that_was_read_names_the_page(april, weakest):
    kinds, total = ["published", "derived", "entered", "synthetic"][: weakest + 1], april.results.figures["total"]
    names = ("total", "rank", "group.a.score", "printed.b.count")
    read = [replace(total, id=name, kind=kind) for name, kind in zip(names, kinds, strict=False)]
    made = exact("lever.x", "", 1.0, "points", 0, "entered", ""), replace(total, id="ranked", where="", kind="entered")
    for order in (read, read[::-1]):
        assert weakest_kind(Figures({item.id: item for item in (*order, *made)})) == kinds[-1]


def test_a_check_of_another_card_is_not_shown(april, july):
    assert len(tables(july.checks)["Checks of this notice"]) != len(tables(april.checks)["Checks of this notice"])
    assert set(july.checks.tables["checks"]["period"]) == {"2024-07"}
    assert set(july.checks.tables["unchecked"]["period"]) == {"2024-07"}
    assert isinstance(july.checks.table, pd.DataFrame)

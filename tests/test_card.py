"""Do the answers of a card say what the modules behind them say, for every card that the project holds?"""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from typing import Any

import pandas as pd
import pytest
from bs4 import BeautifulSoup

import analysis
from analysis import commands
from analysis.card import Card, open_card
from analysis.comparisons import peers, refit
from analysis.decisions import whatif
from analysis.diagnosis import changes, losses
from analysis.errors import CheckError, ContradictionError, ParameterError, RubricError, UnknownNameError
from analysis.identification import bounds, proof
from analysis.interval import Interval
from analysis.language import use_language, write_number, write_period, write_range
from analysis.report import charts
from analysis.report.changes import under_its_rules
from analysis.report.explore import LEVEL
from analysis.runs import run
from analysis.scorecards.history import cards
from pages import parsed
from places import REPOSITORY
from shown import said

pytestmark = pytest.mark.filterwarnings("error")


# Questions


def test_a_project_whose_only_card_lacks_a_group_answers(project_copy):
    """No two of its figures depend on each other, so nothing can be checked; what it lost is known all the same."""
    path = project_copy / "data" / "observations" / "hoa-binh.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    words = (",total,", ",group,", ",e_result,")
    kept = [row for row in rows if "2023-04" in row and any(word in row for word in words)]
    for other in path.parent.glob("*.csv"):
        other.unlink()
    path.write_text("\n".join([head, *(row for row in kept if ",satisfaction," not in row)]), encoding="utf-8")
    (project_copy / "data" / "corrections.toml").write_text("", encoding="utf-8")
    card = open_card("Hòa Bình", "2023-04", language="en")
    lost = card.losses.tables["groups"].set_index("code")
    assert lost.loc["satisfaction", ["lost_low", "lost_high"]].to_list() == pytest.approx([6.315, 6.825])
    assert card.what_if({"e_result": 80}).table["own_high"].to_list() == pytest.approx([6 * (80 - 33.825) / 80])
    assert card.checks.tables["checks"].empty and len(card.checks.tables["unchecked"]) == 7
    with pytest.raises(CheckError, match="No check could be made"):
        commands.check()


def test_an_answer_is_what_its_module_answers(april, history, rubrics):
    identified, of = april.results.identified, ("Hòa Bình", "2023-04")
    weighed = {"e_result": 80.0, "data_reuse": 80.0}
    one, gained = (whatif.gains(identified, asked, april.results.acts) for asked in ({"e_result": 80.0}, weighed))
    answers = [
        (april.losses.tables["groups"], losses.losses_by_group(history, rubrics[0], *of, identified)),
        (april.losses.tables["indicators"], losses.losses_by_indicator(identified)),
        (april.indicators.table, losses.losses_by_indicator(identified)),
        (april.rules.tables["alternatives"], bounds.alternatives(identified)),
        (april.what_if({"e_result": 80}).table, one),
        (april.weighing({"e_result": 80}).what_if().table, one),
        (april.what_if().tables["gains"], gained),
        (april.what_if().tables["by_rule"], whatif.gains_by_rule(identified, weighed)),
    ]
    for answer, expected in answers:
        pd.testing.assert_frame_equal(answer, expected)


def test_a_card_says_what_it_is_of_and_where_that_comes_from(april, year):
    assert repr(april) == "<Hòa Bình, April 2023: 58.83/100>"
    assert analysis.open_card is open_card
    for answer in (year.losses, year.what_if(), year.plan(), year.rules, year.rank, year.years):
        assert answer.source.startswith("Source: Cổng Dịch vụ công quốc gia, ") and answer.label == ""
        assert (answer.data["entity"], answer.data["period"], answer.data["rules_that_fit"]) == ("Phú Thọ", "2026", 1)
        assert answer.data["total"]["high"] == pytest.approx(62.185) and "kind" not in answer.data
    with pytest.raises(UnknownNameError):
        open_card("Hòa Bình", "2023-05")


def test_a_change_is_the_bridge_and_adds_up(april, july, history, rubrics):
    moved = july.change_from(april)
    pd.testing.assert_frame_equal(
        moved.table, changes.change_bridge(history, rubrics, "Hòa Bình", "2023-04", "2024-07")
    )
    assert moved.data["total"] == pytest.approx(83.08 - 58.83)
    assert (moved.data["before"], moved.data["after"]) == ("2023-04", "2024-07")
    assert "Báo Hòa Bình" in moved.source and "3220/VPUBND-NVK" in moved.source


def test_a_change_between_two_provinces_is_refused(april, year):
    with pytest.raises(ParameterError, match="two"):
        april.change_from(year)


def test_several_cards_stand_below_each_other(april, july):
    both = april.beside(july)
    assert list(both.table["card"].unique()) == ["Hòa Bình, April 2023", "Hòa Bình, July 2024"]
    assert len(both.table) == 12 and "Báo Hòa Bình" in both.source
    assert (july.of("2023-04").entity, july.of("2023-04").month) == ("Hòa Bình", "2023-04")


def test_a_plan_is_sure_of_its_target(year):
    plans = year.plan(65), year.plan(65, codes=["e_result", "on_time"], months=2)
    for plan in plans:
        assert plan.data["feasible"] and 65 <= plan.data["low_total"] <= plan.data["high_total"]
        assert set(plan.tables) >= {"steps", "schedule", "limits", "regret", "needed", "by_december", "ask_next"}
    assert set(plans[1].tables["steps"]["lever"]) == {"e_result", "on_time"} and plans[1].data["months"] == 2
    assert len(plans[0].tables["needed"]) > 5 and set(plans[1].tables["schedule"]["month"]) <= {1, 2}
    assert year.plan(budget=20).data["target"] is None
    with pytest.raises(ParameterError, match="above today's"):
        year.plan(60)


def test_what_improvements_need_for_a_total_is_told_of_them_alone(april):
    asked = april.what_if({"e_result": 80}, target_score=60)
    assert list(asked.tables["needed"]["lever"]) == ["e_result"]
    assert "Issue electronic results: 60 needs" in str(asked)
    with pytest.raises(ParameterError):
        april.what_if(target_score=50)


def test_the_rank_is_the_published_one_today(april, year):
    today, after = april.rank_after(3).table.to_dict("records")
    assert (today["rank_best"], today["rank_worst"], today["ranked"]) == (24, 24, 63)
    assert after["rank_worst"] <= 24
    assert [str(words) for words in year.rank_after(5).said] == [
        "With 5.00 points more, and the others as they are, the rank would be 3 of 34 (today 19).",
        "If the others move by up to 1.0 points either way, the rank would be 2 to 5.",
        "Among 5 provinces with a like number of dossiers: place 4.",
    ]
    usual = year.rank_after().data["gain"]
    assert Interval(usual["low"], usual["high"]) == whatif.gain_of(year.results.gained)


def remembered(ask):
    """The same function, which remembers what it was given and what it found."""

    def asked(*given):
        asked.given, asked.found = given, ask(*given)
        return asked.found

    return asked


def test_provinces_are_compared_as_their_modules_do(year, monkeypatch):
    """Each module is asked once, and what it found is the table."""
    asked = year.history, year.results.rubric, "Phú Thọ", "2026"
    for module, name, answer, more in (
        (peers, "positions", lambda card: card.peers.tables["positions"], ()),
        (peers, "against_alike", lambda card: card.peers.tables["alike"], ()),
        (peers, "spread", lambda card: card.spread.table, ()),
        (peers, "leaders", lambda card: card.leaders(0.5).table, (0.5, LEVEL)),
        (refit, "rules_regression", lambda card: card.regression.table, (LEVEL,)),
    ):
        remembering = remembered(getattr(module, name))
        monkeypatch.setattr(module, name, remembering)
        shown, found = answer(Card(year.results)), remembering.found
        pd.testing.assert_frame_equal(shown, found[0] if isinstance(found, tuple) else found)
        assert remembering.given[0] is asked[0] and remembering.given[1:] == (*asked[1:], *more)


def test_a_trend_counts_the_months_that_the_page_counts(april, july):
    for card in (april, july):
        known, needed = (int(card.results.of_past[f"trend.{name}"].value) for name in ("known", "needed"))
        said = str(card.trend().said[0])
        assert f"comparable months with a figure: {known}; at least {needed} are needed" in said
        assert f"More months needed: {needed - known}" in said


def test_an_edited_family_keeps_what_it_was_told_and_changes_nothing_else(april):
    def targets(card: Card) -> list[float]:
        rules = card.rules.tables["alternatives"]
        return list(rules.loc[(rules["code"] == "e_result") & (rules["parameter"] == "target"), "value"])

    supposed = april.suppose("e_result", targets=[50])
    assert (targets(april), targets(supposed)) == ([100.0, 80.0], [50.0])
    gained = supposed.what_if({"e_result": 50}).table
    assert gained.loc[0, "gain_low"] == pytest.approx(6 * (50 - 33.835) / 50, abs=1e-6)
    one, two = (april.suppose("data_reuse", each).results.identified.survivors for each in ([80], [80, 60]))
    assert two == 2 * one


def test_a_family_that_cannot_be_is_refused_with_the_figures(april):
    ruled_out = april.rules.tables["alternatives"].query("not fits and parameter == 'target'").iloc[0]
    with pytest.raises(ContradictionError) as raised:
        str(april.suppose(ruled_out["code"], targets=[ruled_out["value"]]).rules)
    assert any("2023-04" in row for row in raised.value.rows)
    with pytest.raises(RubricError, match="do not sum"):
        april.suppose("on_time", maxima=[19])
    with pytest.raises(ParameterError) as raised:
        april.suppose("e_results", targets=[50])
    assert "e_result" in raised.value.rows


def test_a_card_alone_is_held_against_no_other_and_an_assumption_holds_in_all(year):
    assert year.alone.results.identified.others == () and len(year.results.identified.others) > 5
    assumed = year.assuming.results
    assert [item.code for item in assumed.relations] == ["handling_satisfaction"]
    assert len(assumed.cards) > 5 and assumed.identified.survivors <= year.results.identified.survivors


def test_the_numbers_in_the_text_of_explore_start_are_those_of_the_figures(april):
    use_language("vi")
    notebook = json.loads((REPOSITORY / "notebooks" / "explore_start.ipynb").read_text(encoding="utf-8"))
    text = "".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    text = " ".join(text.split())
    rates = april.results.card["value"]
    today = april.rank.table.iloc[0]
    lost = april.results.by_group.iloc[0]
    for words in (
        f"`e_result`, nay {write_number(rates['e_result', 'percent'], 2)} %",
        f"`data_reuse`, nay {write_number(rates['data_reuse', 'percent'], 0)} %",
        f"tổng điểm của {today['known']} trong {today['ranked']} tỉnh",
        f"không thấp hơn hạng {today['rank_worst']}",
        f"{write_number(lost['score'], 1)} có thể là {write_range(18 - lost['lost_high'], 18 - lost['lost_low'], 2)}",
    ):
        assert words in text, words


# Every card that the project holds

CARDS = {
    ("Bắc Kạn", "2023-08"): "one group printed of six",
    ("Bắc Ninh", "2026"): "totals under other rules",
}
SLOW_CARDS = {
    ("Lâm Đồng", "2025"): "no group printed",
    ("Đồng Tháp", "2026"): "no month has a total",
    ("Bắc Ninh", "2025"): "a notice among captures",
    ("Bình Dương", "2024-01"): "",
    ("Hòa Bình", "2023-04"): "",
    ("Hòa Bình", "2024-07"): "",
    ("Lào Cai", "2025-07"): "five groups",
    ("Phú Thọ", "2022"): "a whole year, captured",
    ("Gia Lai", "2026-01"): "restated",
    ("An Giang", "2025-10"): "units below it",
    ("Xã Hòn Đất, An Giang", "2025-10"): "a unit",
    ("Phú Thọ", "2026-08"): "no rank",
}
every_card = pytest.mark.parametrize(
    "shown", [*CARDS, *(pytest.param(card, marks=pytest.mark.slow) for card in SLOW_CARDS)], indirect=True, ids=" ".join
)


@pytest.fixture
def shown(request) -> tuple[Card, BeautifulSoup]:
    """A card, and all that the cells of the notebook of the report show of it, in English."""
    return run_cells(*request.param)


@cache
def run_cells(entity: str, month: str) -> tuple[Card, BeautifulSoup]:
    """The cells run here, one after the other, as in a kernel."""
    text = (REPOSITORY / "notebooks" / run.NOTEBOOK).read_text(encoding="utf-8")
    given = {"entity": entity, "month": month, "language": "en", "levers": {"e_result": 100.0, "data_reuse": 100.0}}
    names: dict[str, Any] = {}
    pieces = []
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] == "code":
            lines = ast.parse("".join(cell["source"])).body
            last = lines.pop() if isinstance(lines[-1], ast.Expr) else None
            exec(compile(ast.Module(lines, type_ignores=[]), run.NOTEBOOK, "exec"), names)
            if last is not None:
                section = eval(compile(ast.Expression(last.value), run.NOTEBOOK, "eval"), names)
                pieces.append(section.html if section else "")
            names |= given if "parameters" in cell["metadata"].get("tags", []) else {}
    return names["card"], parsed(f"<body>{''.join(pieces)}</body>")


def test_the_cards_are_of_every_kind(history):
    """A notice, a capture; a month, a year, a year to date; every group, five, one, none; a province, a unit."""
    known = cards(history)
    rows = history.iloc[[number for key in (*CARDS, *SLOW_CARDS) for number in known[key]]]
    assert set(history["scope"]) - {"unknown", "quarter"} <= set(rows["scope"]) and len(set(rows["day"])) >= 4


@every_card
def test_every_card_can_be_shown(shown):
    _card, soup = shown
    assert len(soup.find_all("table")) >= 6
    assert not re.search(r"\b(nan|None|null|inf)\b|[{}]", soup.body.get_text(" "))
    assert not re.search(r"[:;,] ?\.(\s|$)| ,|: *;", soup.h1.get_text())
    assert all(item.get_text().strip() for item in soup.find_all(["p", "li", "th", "dd", "h1", "h2", "h3"]))
    assert all(len(picture["alt"]) > 10 for picture in soup.find_all("img"))


@every_card
def test_a_headline_names_the_fewest_groups_that_surely_hold_half(shown):
    """Where the printed groups do not hold half of the loss for sure, to name them would mislead."""
    card, soup = shown
    by_group = card.results.by_group
    named = [row for row in by_group.itertuples() if row.name in soup.h1.get_text()]
    largest = by_group["share_low"].sort_values(ascending=False)
    fewest = 1 + int((largest.cumsum() < 0.5).sum())
    assert len(named) in (0, fewest)
    assert not named or sum(row.share_low for row in named) >= 0.5


@every_card
def test_a_place_by_loss_is_one_that_no_other_group_may_take(shown):
    """Only printed scores are ranked by what is printed; what is not printed may be anywhere in its range."""
    card, _soup = shown
    by_group = card.results.by_group
    for row in by_group.itertuples():
        place = card.results.figures.get(f"group.{row.code}.place")
        for other in by_group[by_group["lost"].isna()].itertuples():
            if place is None or other.code == row.code:
                continue
            surely_below, surely_above = other.lost_high <= row.lost_low, other.lost_low >= row.lost_high
            assert surely_below or surely_above, f"{row.name} has place {place}, yet {other.name} may be on either side"
            assert not surely_above or place.value > 1


@every_card
def test_a_chart_says_who_lost_most_only_where_it_is_known(shown):
    by_group = shown[0].results.by_group
    title = " ".join(charts.loss_by_group(by_group).figure.get_suptitle().split())
    first = next((row for row in by_group.itertuples() if title.startswith(f"{row.name} lost most")), None)
    for other in by_group[by_group["code"] != first.code].itertuples() if first else ():
        assert first.lost_low >= (other.lost_high if other.lost != other.lost else other.lost_low), other.name


@every_card
def test_a_history_shows_only_totals_under_the_rules_of_its_report(shown):
    """Totals under other rules do not compare: the sentence beside the chart leaves them out, and so must it."""
    card, _soup = shown
    words = said(card.months)[0]
    past = card.results.past
    known = {row.period for row in under_its_rules(past, card.results.identified).itertuples()}
    for period in set(past["period"]) - known:
        assert write_period(period) not in words


@every_card
def test_what_is_ruled_out_is_ruled_out_by_figures_that_are_shown(shown):
    card, soup = shown
    ruled = proof.ruled_out(card.results.identified, card.results.cards, card.results.open_rules)
    pd.testing.assert_frame_equal(card.rules.tables["ruled_out"], ruled)
    shown_here = {element["data-figure"] for element in soup.find_all(attrs={"data-figure": True})}
    assert {f"card.{row.entity}.{row.period}.{row.figure}.{row.unit}" for row in ruled.itertuples()} <= shown_here

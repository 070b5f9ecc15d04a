"""What the file of levers says, and what is refused in it and in a user's costs."""

from __future__ import annotations

import pytest

from analysis.decisions.levers import Effort, load_costs, load_levers, with_costs
from analysis.errors import ParameterError, RubricError
from analysis.interval import Interval
from places import REPOSITORY

NONE = Interval.point(1.0)
MAYBE = Interval(0.0, 1.0)
LINKS_2026 = {
    "on_time": {"handling_satisfaction"},
    "e_result": {"digitised", "online_submission"},
    "dossier_sync": {"online_submission"},
    "petition_on_time": {"petition_satisfaction"},
}


@pytest.mark.parametrize(
    ("number", "period", "links"), [(0, "2023-04", {"on_time": {"handling_satisfaction"}}), (1, "2026", LINKS_2026)]
)
def test_levers_of_a_period(rubrics, number, period, links):
    levers = load_levers(rubrics[number], period)
    assert list(levers) == list(rubrics[number].indicators)
    for code, lever in levers.items():
        assert lever.code == code and lever.name
        assert lever.effects == {code: NONE} | dict.fromkeys(links.get(code, ()), MAYBE)
        assert lever.effort == Effort() and lever.effort.cost is None


def test_an_indicator_that_cannot_score_is_no_lever(rubrics, project_copy, rewrite):
    table = rubrics[0].model_dump(by_alias=True)
    for group in table["group"]:
        for indicator in group["indicator"]:
            if indicator["code"] == "petition_classification":
                indicator["max"] |= {"any_of": (0,)}
            elif indicator["code"].startswith("petition"):
                indicator["max"] |= {"any_of": (6,)}
    levers = load_levers(type(rubrics[0]).model_validate(table), "2023-04")
    assert "petition_classification" not in levers and "petition_on_time" in levers


def test_every_link_says_where_it_is_from_and_why(rubrics):
    for rubric in rubrics:
        for lever in load_levers(rubric, rubric.valid_from).values():
            for move in lever.moves:
                assert move.source == "formula-document" and len(move.note) > 40
                assert move.status == ("assumed" if rubric.valid_from < "2026" else "documented")


WHOLE = "[["  # what is wrong with a whole table stands at its header


@pytest.mark.parametrize(
    ("old", "new", "at", "words"),
    [
        ('code = "on_time"', 'code = "on_tme"', "", "code: “on_tme” is not an indicator"),
        ('indicator = "digitised"', 'indicator = "digitized"', "", "indicator: “digitized” is not an indicator"),
        ('indicator = "digitised"', 'indicator = "e_result"', "", "indicator: a lever moves its own indicator"),
        ('indicator = "digitised"', 'indicator = "online_submission"', "", "online_submission is moved twice"),
        ('code = "e_result"', 'code = "on_time"', "", "code: the same code stands twice"),
        ('source = "formula-document"', 'source = "hearsay"', "", "source: source “hearsay” is not in sources.toml"),
        ("high = 1", "high = -1", "", "high: must be at least 0"),
        ("low = 0", "low = 2", WHOLE, "low is more than high"),
        ("low = 0", "least = 0", "", "least: is not a field known here"),
        ('valid_to = "2025-12"', 'valid_to = "2025-13"', "", "valid_to: does not have the form"),
        ('valid_from = "2026-01"', 'valid_from = "2026-02"\nvalid_to = "2026-01"', WHOLE, "valid_to is before"),
        ('status = "assumed"', 'status = "guessed"', "", "status: is not one of 'legal'"),
        ('note = "The', 'note = ""\n# "', "", "note: is empty"),
        (
            'code = "data_reuse"',
            'code = "data_reuse"\neffort = { cost = 2 }',
            None,
            "costs belong to a user's own file",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(rubrics, project_copy, rewrite, old, new, at, words):
    lines = rewrite("data/levers.toml", old, new).splitlines()
    with pytest.raises(RubricError) as error:
        load_levers(rubrics[1], "2026")
    row = next(row for row in error.value.rows if words in row)
    line = int(row.removeprefix("levers.toml:").split()[0])
    assert at is None or lines[line - 1].startswith(at or new.split("\n")[0])


def test_a_file_that_is_no_toml_is_refused(rubrics, project_copy, rewrite):
    rewrite("data/levers.toml", "[[lever]]", "[[lever]")
    with pytest.raises(RubricError, match="not valid TOML"):
        load_levers(rubrics[1], "2026")


def test_costs_of_a_user(rubrics, tmp_path):
    path = tmp_path / "costs.toml"
    path.write_text("[e_result]\ncost = 3.5\nsetup = 20\nper_month = 5\n\n[on_time]\nceiling = 95\n", encoding="utf-8")
    levers = load_levers(rubrics[1], "2026")
    priced = with_costs(levers, load_costs(path))
    assert list(priced) == list(levers)
    assert priced["e_result"].effort == Effort(cost=3.5, setup=20, per_month=5)
    assert priced["on_time"].effort == Effort(ceiling=95)
    assert priced["data_reuse"] == levers["data_reuse"] and levers["e_result"].effort == Effort()


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("[e_result]\nprice = 3", "costs.toml:2 e_result.price: is not a field known here"),
        ("[on_time]\ncost = 1\n[e_result]\ncost = 0", "costs.toml:4 e_result.cost: must be more than 0"),
        ("[e_result]\ncost = 1\nceiling = 101", "costs.toml:3 e_result.ceiling: must be at most 100"),
        ("[e_result]\nsetup = 5", "costs.toml:1 e_result: setup needs a cost"),
        ("e_result = 3", "costs.toml:1 e_result: is not a table"),
        ("[e_result", "at the end of a table declaration"),
    ],
)
def test_wrong_costs_are_refused_with_their_line(tmp_path, text, row):
    path = tmp_path / "costs.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError) as error:
        load_costs(path)
    assert row in " ".join(error.value.rows)


def test_costs_of_no_lever_and_no_file(rubrics, tmp_path):
    with pytest.raises(ParameterError, match="e_reslt") as error:
        with_costs(load_levers(rubrics[1], "2026"), {"e_reslt": Effort(cost=1)})
    assert "e_result" in error.value.rows
    with pytest.raises(ParameterError, match="no file"):
        load_costs(tmp_path / "costs.toml")


def test_the_links_are_not_contradicted_by_the_portal(history):
    """34 provinces of 2026: satisfaction, digitised and petition satisfaction are at or below what moves them."""
    rows = history[(history["period"] == "2026") & (history["unit"] == "percent")]
    table = rows.pivot_table(index="entity", columns="code", values="value").dropna(subset=["on_time"])
    assert len(table) >= 34
    gap = table["on_time"] - table["handling_satisfaction"]
    assert gap.between(0, 0.33).all()
    assert (table["digitised"] <= table["e_result"]).all()
    assert (table["petition_satisfaction"] <= table["petition_on_time"]).all()


def test_no_cost_is_shipped():
    text = (REPOSITORY / "data" / "levers.toml").read_text(encoding="utf-8")
    assert "effort" not in text and "cost =" not in text

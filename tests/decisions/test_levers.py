"""What the file of levers says, what is refused in it and in a user's costs, and improvements that are written down."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner

from analysis import cli
from analysis.card import open_card
from analysis.decisions import levers
from analysis.decisions.levers import (
    Effort,
    load_costs,
    load_improvements,
    load_levers,
    out_of_date,
    save_improvements,
    with_costs,
)
from analysis.errors import ParameterError, RubricError, WriteError
from analysis.interval import Interval
from analysis.runs import forked, run
from tables import changed

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
    found = load_levers(rubrics[number], period)
    assert list(found) == list(rubrics[number].indicators)
    for code, lever in found.items():
        assert lever.code == code and lever.name
        assert lever.effects == {code: NONE} | dict.fromkeys(links.get(code, ()), MAYBE)
        assert lever.effort == Effort() and lever.effort.cost is None


def test_an_indicator_that_cannot_score_is_no_lever(rubrics):
    worth = {"petition_classification": 0, "petition_on_time": 6, "petition_satisfaction": 6}
    found = load_levers(changed(rubrics[0], **{code: {"max": points} for code, points in worth.items()}), "2023-04")
    assert "petition_classification" not in found and "petition_on_time" in found


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
        ("low = 0", "low = nan", "", "low: is not a finite number"),
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
    (row,) = [row for row in error.value.rows if words in row]
    if at is not None:
        line = int(row.removeprefix("levers.toml:").split()[0])
        assert lines[line - 1].startswith(at or new.split("\n")[0])


def test_a_link_counts_in_a_period_that_it_holds_in_throughout(rubrics, project_copy, rewrite):
    rewrite("data/levers.toml", 'indicator = "digitised"', 'indicator = "digitised"\nvalid_to = "2026-06"')
    for period, valid in {"2026-06": True, "2026-Q3": False, "2026": False}.items():
        assert ("digitised" in load_levers(rubrics[1], period)["e_result"].effects) == valid


def test_a_link_of_other_months_is_not_held_against_the_rules_of_these(rubrics, project_copy, rewrite):
    """`digitized` was an indicator of no rubric, but the link ended before the rules of 2026 began."""
    rewrite(
        "data/levers.toml",
        'indicator = "digitised"\nlow = 0\nhigh = 1\nvalid_from = "2026-01"',
        'indicator = "digitized"\nlow = 0\nhigh = 1\nvalid_from = "2025-01"\nvalid_to = "2025-12"',
    )
    assert "digitized" not in load_levers(rubrics[1], "2026")["e_result"].effects
    assert "online_submission" in load_levers(rubrics[1], "2026")["e_result"].effects
    with pytest.raises(RubricError, match="keep its contract"):
        load_levers(rubrics[0], "2025-12")


def test_a_file_that_is_no_toml_is_refused(rubrics, project_copy, rewrite):
    rewrite("data/levers.toml", "[[lever]]", "[[lever]")
    with pytest.raises(RubricError, match="not valid TOML"):
        load_levers(rubrics[1], "2026")


def test_costs_of_a_user(rubrics, tmp_path):
    path = tmp_path / "costs.toml"
    path.write_text("[e_result]\ncost = 3.5\nsetup = 20\nper_month = 5\n\n[on_time]\nceiling = 95\n", encoding="utf-8")
    found = load_levers(rubrics[1], "2026")
    priced = with_costs(found, load_costs(path))
    assert list(priced) == list(found)
    assert priced["e_result"].effort == Effort(cost=3.5, setup=20, per_month=5)
    assert priced["on_time"].effort == Effort(ceiling=95)
    assert priced["data_reuse"] == found["data_reuse"] and found["e_result"].effort == Effort()


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("[e_result]\nprice = 3", "costs.toml:2 price: is not a field known here"),
        ("[on_time]\ncost = 1\n[e_result]\ncost = 0", "costs.toml:4 cost: must be more than 0"),
        ("[e_result]\ncost = 1\nceiling = 101", "costs.toml:3 ceiling: must be at most 100"),
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


# What can be weighed


@pytest.fixture
def april(card_of):
    return card_of("Hòa Bình", "2023-04").results.identified


@pytest.mark.parametrize(
    ("weighed", "words"),
    [
        ({"e_reslt": 80.0}, "“e_reslt” is not an indicator"),
        ({"e_result": 100.5}, "from 0 to 100 %, not 100.5"),
        ({"data_reuse": -1.0}, "from 0 to 100 %, not -1"),
        ({"e_result": 33.82}, "already stands at 33.83 %, above the target of 33.82 %"),
    ],
)
def test_a_rate_that_cannot_be_weighed(april, weighed, words):
    with pytest.raises(ParameterError) as refused:
        levers.check_levers(april, weighed)
    assert words in str(refused.value)
    levers.check_levers(april, {"e_result": 33.825, "data_reuse": 0.0, "digitised": 100.0})


def test_where_there_was_nothing_to_count_there_is_no_rate_to_raise(april):
    """Phú Thọ had no procedure to publish or update in August 2026: 10 points that nobody could have had."""
    card = open_card("Phú Thọ", "2026-08", language="en")
    words = "in August 2026 there was nothing to count, so there is no rate to raise"
    for ask in (
        lambda: card.what_if({"published_on_time": 80.0}),
        lambda: card.plan(target_score=65.0, codes=["published_on_time"]),
    ):
        with pytest.raises(ParameterError, match=words):
            str(ask())
    empty = {"published_on_time", "updated_on_time"}
    lost = card.results.by_indicator.set_index("code")
    assert set(lost.index[lost["empty"]]) == empty and not empty & set(card.results.workable)
    figure = card.results.figures["empty.lost"]
    assert (figure.low, figure.high) == (pytest.approx(10.0), pytest.approx(10.0))
    assert "10.00 of the points lost were not to be had: there was nothing to count for Procedures" in str(card.summary)
    assert "empty.lost" not in open_card("Hòa Bình", "2023-04").results.figures


def test_the_usual_levers_pass_over_what_had_nothing_to_count(april):
    def without(*codes):
        readings = {code: replace(item, empty=code in codes) for code, item in april.readings.items()}
        return levers.usual_levers(replace(april, readings=readings))

    assert without("e_result") == {"data_reuse": 80.0}
    others = without("e_result", "data_reuse")
    assert set(others) == set(april.readings) - {"e_result", "data_reuse"} and set(others.values()) == {100.0}


@pytest.mark.parametrize(("target", "right"), [(58.83, False), (58.84, True), (100.0, True), (100.1, False)])
def test_a_total_to_reach_lies_above_todays(april, target, right):
    if right:
        levers.check_target(april, target)
    else:
        with pytest.raises(ParameterError, match=r"above today's 58\.83 and at most 100"):
            levers.check_target(april, target)


@pytest.mark.parametrize(("rate", "usual"), [(79.99, 80.0), (80.0, 100.0)])
def test_the_usual_levers_aim_at_80_percent_or_where_that_is_reached_at_all(april, rate, usual):
    assert levers.usual_levers(april) == {"e_result": 80.0, "data_reuse": 80.0}
    readings = {**april.readings, "e_result": replace(april.readings["e_result"], rate=Interval.point(rate))}
    assert levers.usual_levers(replace(april, readings=readings))["e_result"] == usual


def test_rates_are_numbers():
    assert levers.as_rates({"a": 80, "b": "62.5"}) == {"a": 80.0, "b": 62.5}
    with pytest.raises(ParameterError, match="without a sign"):
        levers.as_rates({"a": "80 %"})


# Improvements written down

LEVERS = {"e_result": 80.0, "data_reuse": 62.5}


def test_what_is_written_is_read(project_copy, april):
    path = save_improvements(april, LEVERS, 62)
    assert path == project_copy / "reports" / "scenarios" / "hoa-binh-2023-04.toml"
    written = load_improvements(path)
    assert (written.entity, written.month, written.target_score) == ("Hòa Bình", "2023-04", 62)
    assert written.levers == LEVERS
    assert out_of_date(written, "Hòa Bình", "2023-04") == []
    assert [item.name for item in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("rate", [33.84, 100 / 3 + 50, 99.99999999999999, 100.0])
def test_a_rate_is_kept_to_its_last_digit(april, tmp_path, rate):
    path = save_improvements(april, {"e_result": rate}, path=tmp_path / "one.toml")
    assert load_improvements(path).levers == {"e_result": rate}


def test_by_hand_only_the_levers_are_needed(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[levers]\ne_result = 80\n", encoding="utf-8")
    written = load_improvements(path)
    assert (written.entity, written.month, written.target_score, written.rubric) == ("", "", None, "")
    assert written.levers == {"e_result": 80.0}
    assert out_of_date(written, "Hòa Bình", "2023-04") == []


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "levers: is missing"),
        (b"[levers]\n", "levers"),
        (b"[levers]\ne_result = '80'\n", "e_result: is not a number"),
        (b"[levers]\ne_result = true\n", "e_result: is not a number"),
        (b"[levers]\ne_result = nan\n", "e_result: is not a finite number"),
        (b"target_score = 101\n[levers]\ne_result = 80\n", "target_score"),
        (b"lever = 3\n[levers]\ne_result = 80\n", "lever: is not a field known here"),
        (b"levers = [\n", "Invalid value"),
        (b"\xff\xfe", "utf-8"),
        (b"#" * 70_000, "larger than 64 kB"),
    ],
)
def test_a_bad_file_is_refused_with_its_field(tmp_path, content, word):
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(ParameterError) as raised:
        load_improvements(path)
    assert "bad.toml" in raised.value.what and word in "\n".join(raised.value.rows)


@pytest.mark.parametrize(
    ("weighed", "target"), [({}, None), ({"e_result": 20.0}, None), ({"no_such": 80.0}, None), (LEVERS, 50.0)]
)
def test_what_cannot_be_weighed_is_not_written(project_copy, april, weighed, target):
    with pytest.raises(ParameterError):
        save_improvements(april, weighed, target)
    assert not (project_copy / "reports").exists()


def test_a_file_that_cannot_be_written_leaves_the_old_one(project_copy, april):
    path = save_improvements(april, LEVERS)
    before = path.read_bytes()
    with pytest.raises(WriteError):
        save_improvements(april, {"e_result": 90.0}, path=path / "inside-a-file.toml")
    assert path.read_bytes() == before


def test_other_figures_or_rules_are_told(change, project_copy, april):
    written = load_improvements(save_improvements(april, LEVERS))
    assert out_of_date(written, "Hòa Bình", "2026") == [
        "The file was made under the rules 2022-08_766-QD-TTg; they are weighed under 2026-01_766-QD-TTg now."
    ]
    change("hoa-binh.csv", 4, value="2.3", quote="2,3/18")
    assert out_of_date(written, "Hòa Bình", "2023-04") == [
        "Figures or rules changed since the file was made; they are weighed on those of today."
    ]


@pytest.fixture
def command(monkeypatch):
    """command("report", …) in this process alone: no engine is loaded, and no fork made that would not see a patch."""
    monkeypatch.setattr(forked, "possible", lambda: False)
    monkeypatch.setattr(forked, "warm", lambda: None)
    monkeypatch.setattr(run, "load_engine", lambda: None)
    return lambda *words: CliRunner().invoke(cli.app, [*words, "--lang", "en"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--levers", "FILE"], ("Hòa Bình", "2023-04", LEVERS, 62)),
        (
            ["2024-07", "-e", "phu-tho", "--levers", "FILE", "--set", "e_result=90", "--target", "70"],
            ("phu-tho", "2024-07", {**LEVERS, "e_result": 90.0}, 70),
        ),
        (["2023-04"], ("Hòa Bình", "2023-04", {}, None)),
    ],
)
def test_the_command_takes_the_file_and_its_own_words_first(command, project_copy, april, monkeypatch, words, expected):
    """What `scorecard report` would run with; the report itself is not made."""
    seen = {}

    def prepare(values, allow_synthetic):
        seen.update(values)
        raise ParameterError("enough")

    monkeypatch.setattr(run, "prepare", prepare)
    path = str(save_improvements(april, LEVERS, 62))
    done = command("report", *(path if word == "FILE" else word for word in words))
    assert done.exit_code == ParameterError.exit_code
    assert tuple(seen[name] for name in ("entity", "month", "levers", "target_score")) == expected


def test_a_file_that_is_not_there_ends_the_command_before_anything_is_made(command, project_copy):
    done = command("report", "--levers", "none.toml")
    assert done.exit_code == ParameterError.exit_code and done.stdout == ""
    assert "There is no file none.toml" in done.stderr
    assert not (project_copy / "reports").exists()

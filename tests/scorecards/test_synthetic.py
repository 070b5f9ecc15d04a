"""Simulated histories: what was planted comes back, and nothing simulated passes for real."""

import csv
import json
import math
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.comparisons import ranks
from analysis.errors import HistoryError, ParameterError, UnknownNameError, WriteError
from analysis.identification.identify import identify_cards
from analysis.identification.regime import cards_of
from analysis.language import rounded
from analysis.scorecards.entities import load_units, same_world, with_siblings
from analysis.scorecards.history import AS_PRINTED, COLUMNS, TOTAL, load_history, row_problems
from analysis.scorecards.rubric import rubric_in_force
from analysis.scorecards.sources import Source, load_corrections, load_sources
from analysis.scorecards.synthetic import Break, Synthetic, draw_counts, example, synthetic_history, write_project
from noticed import run
from places import REPOSITORY

LABEL = "SYNTHETIC FIGURES – NOT REAL DATA"
ENTITY, MONTH = "Mô phỏng 01", "2024-06"
SHORT = {"first": "2024-05", "last": MONTH}
FEW = ("on_time", "e_result", "digitised", "data_reuse", "online_submission")
EXACT = 1e-9


def logit(percent: pd.Series) -> pd.Series:
    return np.log(percent / (100 - percent))


def series(made: Synthetic, code: str, entity: str = ENTITY) -> pd.Series:
    """The true rates of one indicator, by month."""
    rows = made.rates[(made.rates["entity"] == entity) & (made.rates["code"] == code)]
    return rows.set_index("period")["rate"]


# What is drawn


@pytest.mark.parametrize("units", [0, 2])
def test_the_same_seed_gives_the_same_and_another_seed_another(rubrics, units):
    asked = {**SHORT, "missing": 0.3, "units": units}
    first, again, other = (synthetic_history(rubrics, **asked, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first.figures, again.figures)
    pd.testing.assert_frame_equal(first.rates, again.rates)
    assert first.rules == again.rules == synthetic_history(rubrics, **SHORT, seed=1).rules
    assert units or list(first.figures.columns) == [*COLUMNS, "file", "line", "day"]
    assert not first.rates["rate"].equals(other.rates["rate"])
    assert first.rules != other.rules


def test_an_entity_does_not_depend_on_how_many_there_are_nor_a_month_on_the_last(rubrics):
    """Across a change of rules, too."""
    alone = synthetic_history(rubrics, first="2025-09", last="2025-12", missing=0.4)
    among = synthetic_history(rubrics, first="2025-09", last="2026-02", missing=0.4, entities=3)
    shared = among.rates[(among.rates["entity"] == ENTITY) & (among.rates["period"] <= "2025-12")]
    pd.testing.assert_frame_equal(alone.rates, shared.reset_index(drop=True))
    assert not series(among, "on_time").equals(series(among, "on_time", "Mô phỏng 02"))
    assert alone.rules == {rubrics[0].id: among.rules[rubrics[0].id]}
    before = among.figures[(among.figures["entity"] == ENTITY) & (among.figures["period"] < "2025-12")]
    assert len(before)
    pd.testing.assert_frame_equal(alone.figures[alone.figures["period"] < "2025-12"], before)


@pytest.mark.parametrize("noise", [0.0, 0.1, 5.0])
def test_rates_are_between_0_and_100_percent(rubrics, noise):
    made = synthetic_history(rubrics, noise=noise, trend={"e_result": 0.4, "on_time": -0.4})
    rates = made.rates["rate"]
    assert len(rates) > 600
    assert rates.notna().all()
    assert rates.between(0, 100).all()


def test_trend_and_break_are_those_that_were_planted(rubrics):
    """Without noise exactly; with it within five standard errors of a level, 0.1 × √(1/12 + 1/12). All else stays."""
    asked = {"first": "2023-01", "last": "2024-12", "start": {"e_result": 50.0, "on_time": 80.0}}
    asked |= {"trend": {"e_result": 0.05}, "breaks": [Break("2024-01", "on_time", -1.0)]}
    made = synthetic_history(rubrics, noise=0.0, **asked)
    assert made.trend["e_result"] == 0.05 and made.trend["on_time"] == 0.0
    rising = logit(series(made, "e_result"))
    assert rising.iloc[0] == pytest.approx(0.0, abs=EXACT)
    assert rising.diff().dropna().to_numpy() == pytest.approx(0.05)
    levels = logit(series(made, "on_time")).round(9)
    assert levels[:"2023-12"].unique() == pytest.approx([math.log(4)])
    assert levels["2024-01":].unique() == pytest.approx([math.log(4) - 1])
    others = made.rates[~made.rates["code"].isin(["e_result", "on_time"])].groupby("code")["rate"]
    assert (others.max() - others.min()).max() < EXACT
    noisy = logit(series(synthetic_history(rubrics, **asked), "on_time"))
    assert 0.05 < noisy[:"2023-12"].std() < 0.2
    assert noisy["2024-01":].mean() - noisy[:"2023-12"].mean() == pytest.approx(-1, abs=0.5 * math.sqrt(1 / 6))


def test_months_without_publication_are_absent_and_the_last_is_not(rubrics):
    made = synthetic_history(rubrics, missing=0.5, entities=4)
    months = made.figures.groupby("entity")["period"].agg(["nunique", "max"])
    assert (months["max"] == "2025-06").all()
    assert 40 <= months["nunique"].sum() <= 80  # 120 × a half, and some standard deviations
    assert made.rates.groupby("entity")["period"].nunique().eq(30).all()
    assert months["nunique"].nunique() > 1


def test_units_lie_apart_and_count_no_less_than_five():
    """Of a rate of 50 % in one month, in logits."""
    counts, bases = draw_counts(0, 0, np.full((1, 22), 50.0), 2000)
    assert counts.shape == bases.shape == (1, 2000, 22) and (counts <= bases).all()
    assert bases.min() == 5 and 100 < np.median(bases) < 300
    rates = counts[bases > 300] / bases[bases > 300]
    assert 0.6 < np.log(rates / (1 - rates)).std() < 0.8


# What is printed


def expected_card(made: Synthetic, rubric, entity: str, month: str) -> dict[tuple[str, str], float]:
    """Every figure of a card, computed anew from the true rates."""
    rates = made.rates[(made.rates["entity"] == entity) & (made.rates["period"] == month)].set_index("code")["rate"]
    rules, places = made.rules[rubric.id], rubric.indicator_decimals
    found, total = {}, 0.0
    for group in rubric.groups:
        score = 0.0
        for item in group.indicators:
            rule = rules[item.code]
            own = rule.max * min(rates[item.code] / rule.target, 1.0)
            own = own if places is None else float(rounded(own, places))
            found[item.code, "percent"] = float(rounded(rates[item.code], 2))
            if places is not None:
                found[item.code, "points"] = own
            score += own
        found[group.code, "points"] = float(rounded(score, 1 if places is None else places))
        total += score
    return {**found, (TOTAL, "points"): float(rounded(total, 2))}


@pytest.mark.parametrize("month", ["2024-06", "2026-03"])
def test_printed_figures_are_the_truth_rounded(rubrics, month):
    made = synthetic_history(rubrics, entities=2, first=month, last=month, seed=5)
    rubric = rubric_in_force(rubrics, month)
    for entity, rows in made.figures.groupby("entity"):
        printed = rows.set_index(["code", "unit"])["value"].to_dict()
        assert printed == expected_card(made, rubric, entity, month)
    assert (made.figures["kind"] == "synthetic").all()
    assert (made.figures["source"] == "synthetic").all()
    assert (made.figures["quote"] == "").all()
    decimals = made.figures.groupby(["level", "unit"])["decimals"].unique().map(list).to_dict()
    groups = 1 if rubric.indicator_decimals is None else 2
    points = {} if rubric.indicator_decimals is None else {("indicator", "points"): [2]}
    expected = {("total", "points"): [2], ("group", "points"): [groups], ("indicator", "percent"): [2], **points}
    assert decimals == expected


def test_the_rules_are_a_member_of_the_family(rubrics):
    seen = set()
    for seed in range(6):
        made = synthetic_history(rubrics, first="2025-12", last="2026-01", seed=seed)
        assert list(made.rules) == [rubric.id for rubric in rubrics]
        for rubric in rubrics:
            rules = made.rules[rubric.id]
            for group in rubric.groups:
                assert sum(rules[item.code].max for item in group.indicators) == pytest.approx(group.points)
                for item in group.indicators:
                    assert rules[item.code] in item.rules(rules[item.code].max)
        seen.add(tuple(made.rules[rubrics[0].id].values()))
    assert len(seen) == 6


def test_only_what_is_asked_for_is_printed(rubrics):
    made = synthetic_history(rubrics, **SHORT, printed=FEW)
    rows = made.figures
    assert set(rows.loc[rows["level"] == "indicator", "code"]) == set(FEW)
    assert len(rows) == 2 * (1 + 6 + len(FEW))


def test_ranks_are_printed_only_where_all_are_simulated(rubrics):
    few = synthetic_history(rubrics, **SHORT, entities=62, printed=())
    assert not (few.figures["level"] == "rank").any()
    made = synthetic_history(rubrics, first="2025-06", last="2025-07", entities=63, printed=(), missing=0.5)
    placed = made.figures[made.figures["level"] == "rank"]
    assert set(placed["period"]) == {"2025-06"}
    everyone = synthetic_history(rubrics, first="2025-06", last="2025-06", entities=63, printed=()).figures
    totals = everyone[everyone["code"] == TOTAL].set_index("entity")["value"]
    assert 5 < len(placed) < 63
    assert (placed["max"] == 63).all()
    expected = totals.rank(ascending=False, method="min")  # those that publish nothing are ranked too
    assert placed.set_index("entity")["value"].to_dict() == expected[placed["entity"]].to_dict()


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"entities": 0}, ParameterError, "entities = 0"),
        ({"entities": 100}, ParameterError, "entities = 100"),
        ({"units": 1000}, ParameterError, "units = 1000: 0 … 999"),
        ({"noise": -0.1}, ParameterError, "noise"),
        ({"noise": math.nan}, ParameterError, "noise"),
        ({"trend": {"e_result": math.inf}}, ParameterError, "trend, breaks: inf"),
        ({"breaks": [Break("2024-05", "on_time", math.nan)]}, ParameterError, "trend, breaks: nan"),
        ({"missing": 1.0}, ParameterError, "missing"),
        ({"start": {"e_result": 100}}, ParameterError, "start e_result"),
        ({"first": "2024-07", "last": "2024-06"}, ParameterError, "no months"),
        ({"first": "2024"}, ParameterError, "no months"),
        ({"first": "2022-07"}, UnknownNameError, "No rubric governs 2022-07"),
        ({"trend": {"e_reslt": 0.1}}, UnknownNameError, "e_result"),
        ({"breaks": [Break("2024-05", "onn_time", 1.0)]}, UnknownNameError, "on_time"),
        ({"breaks": [Break("2024", "on_time", 1.0)]}, ParameterError, "not a month"),
        ({"printed": ["data_reus"]}, UnknownNameError, "data_reuse"),
    ],
)
def test_what_cannot_be_simulated_is_refused(rubrics, asked, error, words):
    with pytest.raises(error, match=words):
        synthetic_history(rubrics, **{**SHORT, **asked})


# The contract

SOURCES = {"s": Source(publisher="x", title="x", accessed=date(2026, 1, 1))}


def row_of(**fields: str) -> dict[str, str]:
    plain = ("Mô phỏng 01", "2024-06", "month", "", "total", TOTAL, "50.00", "points", "100", "2", "synthetic", "s", "")
    return {**dict(zip(AS_PRINTED, plain, strict=True)), **fields}


def test_simulated_figures_and_simulated_entities_go_together(rubrics):
    assert list(row_problems(row_of(), rubrics, SOURCES)) == []
    for entity in ("Hòa Bình", "Mô phỏng", "Mô phỏngX", "mô phỏng 1", "Tỉnh Mô phỏng 01"):
        (found,) = row_problems(row_of(entity=entity), rubrics, SOURCES)
        assert found == f"a synthetic figure must be of an entity called “Mô phỏng …”, not of “{entity}”"
    for kind in ("published", "derived", "entered"):
        (found,) = row_problems(row_of(kind=kind, quote="50"), rubrics, SOURCES)
        assert found == f"“Mô phỏng 01” is simulated, so each of its figures must be of kind synthetic, not {kind}"


def test_a_real_file_with_one_simulated_figure_is_refused(change, rubrics):
    change("hoa-binh.csv", 4, kind="synthetic")
    with pytest.raises(HistoryError, match=r"hoa-binh.csv:4 transparency: a synthetic figure must"):
        load_history(rubrics)


# A project of its own


@pytest.mark.parametrize("units", [0, 4])
def test_a_written_project_reads_as_what_was_drawn(project_copy, rubrics, tmp_path, units):
    made = synthetic_history(rubrics, entities=2, first="2025-11", last="2026-02", missing=0.3, units=units)
    folder = write_project(made, tmp_path / "new" / "simulated")
    pd.testing.assert_frame_equal(
        load_history(rubrics, folder / "data"), made.figures, check_dtype=False, check_like=True
    )
    names = {f"mo-phong-0{number}{kind}.csv" for number in (1, 2) for kind in ("", ".units")[: 1 + bool(units)]}
    assert {path.name for path in (folder / "data" / "observations").iterdir()} == set(made.figures["file"]) == names
    assert load_units(folder / "data") == dict(made.units) and len(made.units) == 2 * units
    assert all(unit.kind == "commune" for unit in made.units.values())
    assert load_sources(folder / "data").keys() >= {unit.source for unit in made.units.values()}
    truth = pd.read_csv(folder / "data" / "truth.csv")
    assert truth["rate"].to_numpy() == pytest.approx(made.rates["rate"].to_numpy())
    source = load_sources(folder / "data")["synthetic"]
    assert "mô phỏng" in source.publisher and "không phải số thật" in source.publisher
    assert load_corrections(folder / "data") == ()
    for name in ("data/rubrics/2026-01_766-QD-TTg.toml", "data/levers.toml", "notebooks/monthly_report.ipynb"):
        assert (folder / name).read_bytes() == (project_copy / name).read_bytes()


def test_the_truth_is_told_in_words(project_copy, rubrics, tmp_path):
    made = example(rubrics, 1, "2024-01", "2024-06", 7)
    words = (write_project(made, tmp_path / "simulated") / "data" / "TRUTH.md").read_text(encoding="utf-8")
    assert "(seed 7)" in words and "* 2024-04, `on_time`: -0.8" in words and "* `e_result`: 0.05" in words
    rule = made.rules[rubrics[0].id]["e_result"]
    assert f"| `e_result` | {rule.max:g} | {rule.target:g} |" in words


@pytest.mark.parametrize("place", ["data", "data/simulated", ".", "full", "file"])
def test_nothing_is_written_among_other_things(project_copy, rubrics, place):
    (project_copy / "full").mkdir()
    (project_copy / "full" / "note.txt").write_text("mine")
    (project_copy / "file").write_text("mine")
    before = sorted(project_copy.rglob("*"))
    with pytest.raises(WriteError):
        write_project(synthetic_history(rubrics, **SHORT), project_copy / place)
    assert sorted(project_copy.rglob("*")) == before


def test_a_project_is_written_whole_or_not_at_all(project_copy, rubrics, tmp_path, monkeypatch):
    made, real, done = synthetic_history(rubrics, **SHORT), Path.replace, []

    def full(self, target):
        done.append(target)
        if len(done) == 5:
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(WriteError, match="No space left"):
        write_project(made, tmp_path / "new" / "simulated")
    assert not (tmp_path / "new").exists()


def test_the_command_writes_a_project_that_every_command_answers_from(project_copy, monkeypatch):
    words = ["synthetic", "simulated", "--from", "2024-05", "--to", MONTH, "--entities", "2", "--lang", "en"]
    out, err = run(*words)
    assert out == "simulated\n"
    assert LABEL in err and "scorecard report --entity mo-phong-01 --allow-synthetic" in err
    monkeypatch.chdir("simulated")
    own = ("--entity", "mo-phong-01", "--lang", "en")
    for command in ("losses", "whatif", "change", "rank"):
        assert run(command, *own)[0].splitlines()[0] == LABEL, command
        assert json.loads(run(command, *own, "--json")[0])["kind"] == "synthetic", command
    run("check")
    exported = Path(run("export", *own)[0].strip())
    assert exported.name == "figures-mo-phong-01.csv"
    rows = list(csv.DictReader(exported.read_text(encoding="utf-8-sig").splitlines(), delimiter=";"))
    assert {row["kind"] for row in rows} == {"synthetic"}


# Truth comes back


@pytest.mark.parametrize("seed", range(8))
def test_the_true_rules_survive(rubrics, seed):
    printed = None if seed % 2 else FEW
    month = "2026-02" if seed % 4 == 3 else MONTH
    made = synthetic_history(rubrics, entities=2, first=month, last=month, seed=seed, printed=printed)
    rubric = rubric_in_force(rubrics, month)
    identified = identify_cards(cards_of(made.figures, rubric, ENTITY, month), rubric)
    rules = made.rules[rubric.id]
    for items in identified.hypotheses.values():
        assert any(all(rules[code] in known for code, known in item.rules.items()) for item in items)
    if printed is None and rubric.size() > 1:
        assert identified.survivors < rubric.size()
    rates = made.rates[(made.rates["entity"] == ENTITY)].set_index("code")["rate"]
    for code, rule in rules.items():
        assert identified.scores([code]).widened(0.005).contains(rule.points(rates[code])), code


# Two worlds


@pytest.fixture(scope="module")
def both(history, rubrics):
    """Simulated cards of the periods, days and names that the real ones have, among the real ones."""
    made = synthetic_history(rubrics, entities=2, first="2023-04", last="2023-05", seed=3).figures
    april = made.assign(as_of=made["as_of"].replace("2023-04-30", "2023-04-24"))
    year = synthetic_history(rubrics, entities=2, first="2026-01", last="2026-01").figures
    year = year.assign(period="2026", scope="year_to_date", as_of="2026-10-10", day="2026-10-10")
    twins = with_siblings(pd.concat([april, year], ignore_index=True), {})
    assert set(twins["kind"]) == {"synthetic"}
    mixed = pd.concat([twins, history], ignore_index=True)
    pd.testing.assert_frame_equal(same_world(mixed, "Hòa Bình").reset_index(drop=True), history)
    pd.testing.assert_frame_equal(same_world(mixed, ENTITY).reset_index(drop=True), twins)
    return mixed, twins


def test_simulated_figures_are_no_evidence_for_real_ones_nor_the_reverse(both, history, rubrics):
    mixed, twins = both
    corrections = load_corrections(REPOSITORY / "data")
    for entity, own in (("Hòa Bình", history), (ENTITY, twins)):
        rubric = rubric_in_force(rubrics, "2023-04")
        alone, among = (cards_of(frame, rubric, entity, "2023-04", corrections) for frame in (own, mixed))
        assert [(item.entity, item.period) for item in among] == [(item.entity, item.period) for item in alone]
        first, second = (identify_cards(cards, rubric) for cards in (alone, among))
        assert first == second
        assert len(first.others) >= 3


@pytest.mark.parametrize(("entity", "period"), [("Hòa Bình", "2023-04"), ("Phú Thọ", "2026"), (ENTITY, "2026")])
def test_nobody_is_ranked_against_the_other_world(both, history, rubrics, entity, period):
    mixed, twins = both
    own = twins if entity == ENTITY else history
    rubric = rubric_in_force(rubrics, period)
    seen, alone = (
        (
            ranks.peers(frame, entity, period),
            ranks.outlook(ranks.standing(frame, rubric, entity, period), ranks.Interval(1.0, 2.0)),
            *ranks.alike(frame, entity, period),
        )
        for frame in (mixed, own)
    )
    for found, expected in zip(seen[:3], alone[:3], strict=True):
        pd.testing.assert_frame_equal(found, expected)
    assert seen[3] == alone[3]

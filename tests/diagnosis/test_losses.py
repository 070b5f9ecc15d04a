"""Units below an entity: who belongs to whom, who carries the loss, and who is ranked with whom."""

import json
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.cli import app
from analysis.comparisons import ranks
from analysis.diagnosis import losses
from analysis.diagnosis.changes import change_bridge
from analysis.errors import CheckError, HistoryError, ParameterError, UnknownNameError
from analysis.identification.identify import identify, identify_cards
from analysis.identification.regime import cards_of
from analysis.interval import Interval
from analysis.language import rounded, use_language
from analysis.report import sharing
from analysis.report.figures import Figures
from analysis.scorecards.entities import Unit, children_of, is_unit, load_units, same_world, siblings
from analysis.scorecards.history import COLUMNS, TOTAL, data_hash, load_history
from analysis.scorecards.rubric import load_rubrics, rubric_in_force
from analysis.scorecards.sources import load_sources
from analysis.scorecards.synthetic import synthetic_history, write_project
from places import REPOSITORY, made_once

PROVINCE, MONTH = "Mẫu", "2023-01"
TREE = {name: Unit(name, PROVINCE, "commune", "tests") for name in ("Xã A", "Xã B", "Xã C")}
# indicator → of each unit: of how many, how many. a: 3 points, no target; b: 2 points, all of them from 50 %.
COUNTS = {
    "a": {"Xã A": (50, 20), "Xã B": (30, 25), "Xã C": (20, 15)},  # together 60 of 100
    "b": {"Xã A": (50, 10), "Xã B": (30, 15), "Xã C": (20, 15)},  # together 40 of 100
}
EXACT = 1e-9
HEADER = "entity,parent,kind,source\n"
KNOWN = "portal-2026-10-10"


def row(entity, level, code, value, unit, decimals=0, **other):
    cells = (entity, MONTH, "month", "2023-01-31", level, code, value, unit, np.nan, decimals, "entered", "tests", "")
    return dict(zip(COLUMNS, cells, strict=True)) | other


def frame(rows) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=COLUMNS)
    made = made.assign(file="tests.csv", line=range(2, 2 + len(made)))
    return made.astype({"value": float, "max": float, "decimals": int, "line": int})


def unit_rows(counts, without=()):
    """Counts and bases of the units; `without` are (unit, code) that are not printed."""
    found = []
    for code, of_code in counts.items():
        for unit, (base, count) in of_code.items():
            cells = ((f"{code}_base", base), (code, count))
            found += [
                row(unit, "indicator", name, value, "count") for name, value in cells if (unit, name) not in without
            ]
    return found


def province_rows(counts, base=True):
    """The rates of the sums, with two decimals, `c` at 80 % and `d` at 100 %; the total with one."""
    score, rows = 3.2 + 1.0, []
    for code, of_code in counts.items():
        whole, share = sum(base for base, _count in of_code.values()), sum(count for _base, count in of_code.values())
        rate = 100 * share / whole
        score += {"a": 3 * rate / 100, "b": 2 * min(rate / 50, 1)}[code]
        rows.append(row(PROVINCE, "indicator", code, float(rounded(rate, 2)), "percent", 2))
        rows += [row(PROVINCE, "indicator", f"{code}_base", whole, "count")] if base else []
    rows += [row(PROVINCE, "indicator", code, rate, "percent", 2) for code, rate in (("c", 80.0), ("d", 100.0))]
    return [row(PROVINCE, "total", TOTAL, float(rounded(score, 1)), "points", 1), *rows]


def shared_out(rubric, counts, tree=TREE, without=(), **printed):
    history = frame(province_rows(counts, **printed) + unit_rows(counts, without))
    return losses.unit_losses(history, tree, identify(history, rubric, PROVINCE, MONTH))


def carried(lost) -> dict[str, tuple[float, float]]:
    return {row.unit or row.kind: (row.lost_low, row.lost_high) for row in lost.units.itertuples()}


# Who carries the loss


def test_what_each_unit_carries_can_be_added_in_the_head(tiny_rubric):
    """a: 3 × (0.5 × 0.6, 0.3 × 1/6, 0.2 × 0.25) = 0.9, 0.15, 0.15; b: 2 × (0.5 × 0.6, 0, −0.2 × 0.5) = 0.6, 0, −0.2."""
    lost = shared_out(tiny_rubric, COUNTS)
    frame = lost.units.set_index("unit")
    assert list(lost.units["unit"]) == ["Xã A", "Xã B", "Xã C", ""]
    assert list(lost.units["kind"]) == ["commune"] * 3 + ["unexplained"]
    for name, points in {"Xã A": 1.5, "Xã B": 0.15, "Xã C": -0.05}.items():
        assert tuple(frame.loc[name, ["lost_low", "lost_high"]]) == pytest.approx((points, points))
    assert tuple(frame.loc["Xã A", ["worst", "worst_name", "indicators"]]) == ("a", "Indicator a", 2)
    assert frame.loc["Xã A", "worst_high"] == pytest.approx(0.9)
    assert frame["dossiers"].isna().all()
    found = lost.indicators.set_index("code")
    assert list(found.index) == ["a", "b"]
    assert found.loc["a", "lost_low"] == pytest.approx(1.2 - 3 * 0.00005)  # 60.00 % is 59.995 to 60.005
    assert found.loc["b", "lost_high"] == pytest.approx(0.4 + 2 * 0.0001)
    assert found[["carried_low", "carried_high"]].to_numpy().ravel() == pytest.approx([1.2, 1.2, 0.4, 0.4])
    assert (found["dossiers"] == 100).all() and (found["base"] == 100).all() and (found["units"] == 3).all()
    assert (found[["bases_agree", "counts_agree", "reconciled"]] == "yes").all(axis=None)
    assert lost.whole.contains(1.6) and lost.whole.width == pytest.approx(2 * (0.00015 + 0.0002))
    assert carried(lost)["unexplained"] == pytest.approx((-0.00035, 0.00035))
    assert lost.unweighted == ("Indicator c",)  # d loses nothing, so nothing of it is left to share out
    assert lost.silent == ()


def test_without_a_base_of_the_province_the_units_are_the_whole_and_it_is_not_known_to_be_so(tiny_rubric):
    lost = shared_out(tiny_rubric, COUNTS, base=False)
    assert carried(lost)["Xã A"] == pytest.approx((1.5, 1.5))
    assert lost.indicators["base"].isna().all()
    assert (lost.indicators["bases_agree"] == "unknown").all() and (lost.indicators["counts_agree"] == "yes").all()
    assert (lost.indicators["reconciled"] == "unknown").all()


@pytest.mark.parametrize("without", [[("Xã A", "a_base"), ("Xã A", "b_base")], [("Xã A", "a"), ("Xã A", "b")]])
def test_what_a_unit_without_base_or_rate_would_carry_is_not_explained(tiny_rubric, without):
    lost = shared_out(tiny_rubric, COUNTS, without=without)
    assert carried(lost)["Xã B"] == pytest.approx((0.15, 0.15))
    assert carried(lost)["unexplained"] == pytest.approx((1.5 - 0.00035, 1.5 + 0.00035))
    assert np.isnan(carried(lost)["Xã A"]).all()
    assert list(lost.units["unit"])[-2:] == ["Xã A", ""]
    bases = "no" if "a_base" in without[0] else "yes"
    assert (lost.indicators["bases_agree"] == bases).all() and (lost.indicators["counts_agree"] == "unknown").all()


def test_a_unit_without_a_card_is_named_on_the_page_and_its_part_is_not_explained(tiny_rubric):
    lost = shared_out(tiny_rubric, COUNTS, tree=TREE | {"Xã D": Unit("Xã D", PROVINCE, "commune", "tests")})
    assert lost.silent == ("Xã D",)
    shown = sharing.with_units(Figures(), lost)
    words = [str(sentence) for sentence in sharing.units_words(shown, lost)]
    assert words[0] == "3 of the 4 units of Mẫu have figures for this period."
    assert words[1] == "Without figures: Xã D."
    everyone = {code: of_code | {"Xã D": (100, 0)} for code, of_code in COUNTS.items()}  # nobody counts these
    history = frame(province_rows(everyone) + unit_rows(COUNTS))
    lost = losses.unit_losses(history, TREE, identify(history, tiny_rubric, PROVINCE, MONTH))
    assert carried(lost)["Xã A"] == pytest.approx((0.75, 0.75))
    assert carried(lost)["unexplained"] == pytest.approx((2.5 - 0.00035, 2.5 + 0.00035))  # 200 / 200 × (3 + 2) / 2
    assert (lost.indicators["bases_agree"] == "no").all()
    said = " ".join(map(str, sharing.units_words(sharing.with_units(Figures(), lost), lost)))
    assert "2.50 of them are not explained by the units" in said
    assert "The figures of the units do not add up to those of Mẫu in: Indicator a and Indicator b." in said


def test_counts_that_do_not_give_the_rate_are_shown_as_such(tiny_rubric):
    """One dossier more than the province's 60 %: the bases agree, the counts do not."""
    history = frame(province_rows(COUNTS) + unit_rows({**COUNTS, "a": {**COUNTS["a"], "Xã A": (50, 21)}}))
    lost = losses.unit_losses(history, TREE, identify(history, tiny_rubric, PROVINCE, MONTH))
    assert dict(zip(lost.indicators["code"], lost.indicators["counts_agree"], strict=True)) == {"a": "no", "b": "yes"}
    assert dict(zip(lost.indicators["code"], lost.indicators["reconciled"], strict=True)) == {"a": "no", "b": "yes"}
    assert carried(lost)["unexplained"] == pytest.approx((0.03 - 0.00035, 0.03 + 0.00035))
    page = BeautifulSoup(sharing.units_section(sharing.with_units(Figures(), lost), lost), "html.parser")
    states = [line.find_all("td")[-1].get_text() for line in page.find_all("table")[1].tbody.find_all("tr")]
    assert states == ["NO", "yes"]


def test_a_full_rate_shares_nothing_out_and_one_that_may_be_full_both_ways(tiny_rubric):
    """50 of 100 is all of b. Printed as 50 % with no decimals it may be 49.5 %, of which 0.5/50 × 2 is lost."""
    counts = {"b": {"Xã A": (50, 15), "Xã B": (50, 35)}}
    tree = dict(list(TREE.items())[:2])
    full = shared_out(tiny_rubric, {"b": {"Xã A": (50, 16), "Xã B": (50, 35)}}, tree)
    assert full.whole == Interval(0.0, 0.0)
    assert set(carried(full).values()) == {(0.0, 0.0)}
    assert (full.units["worst"] == "").all()
    rows = province_rows(counts)
    rows[1] |= {"value": 50.0, "decimals": 0}
    history = frame(rows + unit_rows(counts))
    lost = losses.unit_losses(history, tree, identify(history, tiny_rubric, PROVINCE, MONTH))
    assert (lost.whole.low, lost.whole.high) == pytest.approx((0.0, 0.02))
    assert carried(lost)["Xã A"] == pytest.approx((0.0, 0.4))  # nothing, or 2 × 0.5 × (1 − 30/50)
    assert carried(lost)["Xã B"] == pytest.approx((-0.4, 0.0))


def test_parts_that_do_not_add_up_are_refused(tiny_rubric, monkeypatch):
    """As if a unit without a rate were taken for known."""
    monkeypatch.setattr(losses._Weights, "known", property(lambda item: ~np.isnan(item.bases)))
    assert len(shared_out(tiny_rubric, COUNTS).units) == 4
    with pytest.raises(CheckError, match="do not add up to the loss"):
        shared_out(tiny_rubric, COUNTS, without=[("Xã A", "a")])


def test_every_rule_that_fits_is_in_the_bounds(tiny_rubric):
    """b may be worth all from 50 % or from 80 %: at 40 % it loses 0.4 or 1.0; no score of the group tells which."""
    data = tiny_rubric.model_dump(by_alias=True)
    target = {"any_of": (50.0, 80.0), "status": "assumed", "source": "tests"}
    data["group"][0]["indicator"][1]["target"] = target
    rubric = type(tiny_rubric).model_validate(data)
    rows = [item for item in province_rows(COUNTS) if item["code"] != "c"]  # which may have any rate
    history = frame(rows + unit_rows(COUNTS))
    lost = losses.unit_losses(history, TREE, identify(history, rubric, PROVINCE, MONTH))
    assert carried(lost)["Xã A"] == pytest.approx((0.9 + 0.6, 0.9 + 0.75))  # 2 × 0.5 × (1 − 20/80)
    assert carried(lost)["Xã C"] == pytest.approx((0.15 - 0.2, 0.15 + 0.025))  # 2 × 0.2 × (1 − 75/80)
    assert (lost.whole.low, lost.whole.high) == pytest.approx((1.6, 2.2), abs=0.001)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)).map(sorted), min_size=1, max_size=6))
def test_the_parts_sum_to_the_loss_whatever_the_counts(tiny_rubric, drawn):
    """Held against the formula in exact fractions."""
    counts = {f"Xã {number}": (base, count) for number, (count, base) in enumerate(drawn)}
    tree = {name: Unit(name, PROVINCE, "commune", "tests") for name in counts}
    whole, share = (sum(pair[end] for pair in counts.values()) for end in (0, 1))
    if not whole:
        return
    lost = shared_out(tiny_rubric, {"a": counts, "b": counts}, tree)
    parts = carried(lost)
    rates = {"a": (3, 100), "b": (2, 50)}
    true = sum(points * (1 - min(Fraction(100 * share, whole) / target, 1)) for points, target in rates.values())
    assert lost.whole.contains(float(true))
    assert sum(low for low, _high in parts.values()) <= lost.whole.low + EXACT
    assert sum(high for _low, high in parts.values()) >= lost.whole.high - EXACT
    if 2 * share + whole / 50 < whole:  # surely below 50 %
        for name, (base, count) in counts.items():
            own = Fraction(100 * count, base) if base else 0
            exact = sum(points * Fraction(base, whole) * (1 - own / target) for points, target in rates.values())
            assert parts[name] == pytest.approx((float(exact), float(exact)), abs=1e-7)
        units_only = sum(low for name, (low, _high) in parts.items() if name != "unexplained")
        assert (units_only + parts["unexplained"][0], units_only + parts["unexplained"][1]) == pytest.approx(
            (lost.whole.low, lost.whole.high), abs=1e-7
        )


def test_the_truth_that_was_planted_comes_back(rubrics):
    """The sum is the province's true loss; a commune that leaves 100 000 more dossiers undone comes first."""
    made = synthetic_history(rubrics, first="2026-09", last="2026-09", units=30, seed=4)
    rubric, entity = rubric_in_force(rubrics, "2026-09"), "Mô phỏng 01"
    identified = identify(made.figures, rubric, entity, "2026-09")
    lost = losses.unit_losses(made.figures, made.units, identified)
    assert len(lost.units) == 31 and (lost.indicators["reconciled"] == "yes").all()
    assert len(lost.indicators) == len(rubric.indicators)
    rules = made.rules[rubric.id]
    of_entity = made.rates[made.rates["entity"] == entity].set_index("code")["rate"]
    true = sum(rule.max - rule.points(of_entity[code]) for code, rule in rules.items())
    assert lost.whole.contains(true)
    alone = lost.units[lost.units["kind"] == "commune"]
    assert alone["lost_low"].sum() == pytest.approx(true, abs=1e-6)
    assert alone["lost_low"].is_monotonic_decreasing
    assert carried(lost)["unexplained"] == pytest.approx((0, 0), abs=0.02)
    planted = "Mô phỏng 01, xã 007"
    worse = made.figures.copy()
    bases = worse["code"].str.endswith("_base") & worse["entity"].isin([planted, entity])
    worse.loc[bases, "value"] += 100_000  # of the province's bases, too
    found = losses.unit_losses(worse, made.units, identified).units
    assert found["unit"].iloc[0] == planted and lost.units["unit"].iloc[0] != planted


# Which entity belongs to which


@pytest.fixture
def listed(project_copy):
    """listed("Xã A,Phú Thọ,commune", …) writes units.csv of the copy; a source is added."""

    def write(*lines):
        text = HEADER + "".join(f"{line},{KNOWN}\n" for line in lines)
        (project_copy / "data" / "units.csv").write_text(text, encoding="utf-8")

    return write


def test_the_project_ships_no_unit():
    assert (REPOSITORY / "data" / "units.csv").read_text(encoding="utf-8") == HEADER
    assert load_units(REPOSITORY / "data") == {}


def below(entity):
    """The units of an entity, beside the figures that the project has."""
    return children_of(load_units(), load_history(load_rubrics())["entity"].unique(), entity)


def test_a_tree_of_units(listed, project_copy):
    listed(
        "Sở Y tế Phú Thọ,Phú Thọ,department",
        '"Xã Cao Phong, Phú Thọ",Phú Thọ,commune',
        "Chi cục A,Sở Y tế Phú Thọ,department",
    )
    tree = load_units()
    assert list(tree) == ["Sở Y tế Phú Thọ", "Xã Cao Phong, Phú Thọ", "Chi cục A"]
    assert tree["Chi cục A"] == Unit("Chi cục A", "Sở Y tế Phú Thọ", "department", KNOWN)
    assert below("phu-tho") == ["Sở Y tế Phú Thọ", "Xã Cao Phong, Phú Thọ"]
    assert below("Sở Y tế Phú Thọ") == ["Chi cục A"]
    with pytest.raises(ParameterError, match="Hòa Bình has no units") as told:
        below("Hòa Bình")
    assert told.value.rows == ("Phú Thọ", "Sở Y tế Phú Thọ") and "data/units.csv" in told.value.next_step
    with pytest.raises(UnknownNameError, match="neither a figure nor a unit of “Xa Cao Phon”") as told:
        below("Xa Cao Phon")
    assert told.value.rows[0] == "Xã Cao Phong, Phú Thọ"
    (project_copy / "data" / "units.csv").unlink()
    assert load_units() == {}
    with pytest.raises(ParameterError, match="Phú Thọ has no units") as told:
        below("Phú Thọ")
    assert "entity,parent,kind,source" in told.value.next_step


@pytest.mark.parametrize(
    ("lines", "finding"),
    [
        (["Xã A,Phú Thọ,village"], "units.csv:2 kind is “village”, not one of department, commune"),
        (["Xã A,Phú Thọ,commune", "Xã B,,commune"], "units.csv:3 parent is empty"),
        ([" Xã A,Phú Thọ,commune"], "units.csv:2 entity has spaces around it: “ Xã A”"),
        (["Xa\u0303 A,Phú Thọ,commune"], "units.csv:2 entity is not in composed Unicode (NFC): “Xa\u0303 A”"),
        (["Xã A,Phú Thọ,commune", "Xã A,Hòa Bình,commune"], "units.csv:3 “Xã A” stands in line 2 already"),
        (["Xã A,Phú Thọ,commune", "Xá A,Phú Thọ,commune"], "units.csv:3 “Xá A” and “Xã A” of line 2 differ in accents"),
        (["Xã A,Phú Tho,commune", "Xã B,Phú Thọ,commune"], "units.csv:3 “Phú Thọ” and “Phú Tho” of line 2 differ"),
        (["Xã A,Xã A,commune"], "units.csv:2 “Xã A” is its own parent"),
        (["Xã A,Xã B,commune", "Xã B,Xã C,commune", "Xã C,Xã A,commune"], "units.csv:4 “Xã C” is below itself"),
        (["Xã A,Mô phỏng 01,commune"], "units.csv:2 “Xã A” and “Mô phỏng 01”: both are simulated"),
        (["Mô phỏng 01 A,Phú Thọ,commune"], "units.csv:2 “Mô phỏng 01 A” and “Phú Thọ”: both are simulated"),
        (["Xã A,Phú Thọ"], "units.csv:2 has 3 fields instead of 4"),
    ],
)
def test_what_is_wrong_in_the_tree_is_named_with_its_line(listed, rubrics, lines, finding):
    listed(*lines)
    with pytest.raises(HistoryError, match=r"findings in units\.csv") as told:
        load_history(rubrics)
    assert any(line.startswith(finding) for line in told.value.rows), told.value.rows


def test_a_source_must_be_known_and_the_columns_right(listed, project_copy, rubrics):
    path = project_copy / "data" / "units.csv"
    path.write_text(HEADER + "Xã A,Phú Thọ,commune,nobody\n", encoding="utf-8")
    with pytest.raises(HistoryError) as told:
        load_history(rubrics)
    assert told.value.rows == ("units.csv:2 source “nobody” is not in sources.toml",)
    path.write_text("entity,parent\n", encoding="utf-8")
    with pytest.raises(HistoryError) as told:
        load_history(rubrics)
    assert told.value.rows[0].startswith("units.csv:1 the columns must be entity,parent,kind,source; look at: kind")


def test_the_hash_changes_with_the_tree(listed):
    before = data_hash()
    listed("Xã A,Phú Thọ,commune")
    assert data_hash() != before


# Figures of a unit, and who is ranked with whom


def written(entity, total, rank, of):
    lines = [f'"{entity}",2026-08,month,2026-08-31,total,total_score,{total},points,100,2,entered,{KNOWN},']
    lines += (
        [f'"{entity}",2026-08,month,2026-08-31,rank,national_rank,{rank},rank,{of},0,entered,{KNOWN},'] if rank else []
    )
    return "".join(f"{line}\n" for line in lines)


def add_figures(folder: Path, *cards: str):
    text = ",".join(COLUMNS) + "\n" + "".join(cards)
    (folder / "data" / "observations" / "units.csv").write_text(text, encoding="utf-8")


def test_the_rank_of_a_unit_is_one_among_its_siblings(listed, project_copy, rubrics, history):
    add_figures(project_copy, written("Xã A, Phú Thọ", 70, 12, 148))
    with pytest.raises(HistoryError, match="1 findings") as told:  # no unit yet: a province is ranked among 34
        load_history(rubrics)
    assert "max is 148" in told.value.rows[0]
    listed('"Xã A, Phú Thọ",Phú Thọ,commune', "Sở Y tế Phú Thọ,Phú Thọ,department", "Xã A,Hà Nội,commune")
    cards = [("Xã A, Phú Thọ", 70, 1, 2), ("Sở Y tế Phú Thọ", 60, 0, 0), ("Xã A", 90, 0, 0), ("Hà Nội", 50, 0, 0)]
    add_figures(project_copy, *(written(*card) for card in cards))
    found = load_history(rubrics)
    assert is_unit(found, "Xã A, Phú Thọ") and not is_unit(found, "Hà Nội") and not is_unit(history, "Phú Thọ")
    rubric = rubric_in_force(rubrics, "2026-08")
    for entity in (
        "Xã A, Phú Thọ",
        "Sở Y tế Phú Thọ",
        "Xã A",
        "Hà Nội",
    ):  # of one date, and of no common parent or kind
        assert list(ranks.peers(found, entity, "2026-08")["entity"]) == [entity]
    assert ranks.standing(found, rubric, "Xã A", "2026-08") is None  # nobody says how many communes are ranked
    assert ranks.standing(found, rubric, "Xã A, Phú Thọ", "2026-08").ranked == 2
    assert ranks.standing(found, rubric, "Hà Nội", "2026-08").ranked == 34
    assert len(same_world(found, "Hà Nội")) == len(found)  # the rules are the same for all
    with pytest.raises(UnknownNameError, match="July 2026"):  # others that have the month are no others of a unit
        change_bridge(found, rubrics, "Xã A", "2026-07", "2026-08")


def test_a_name_that_the_figures_spell_otherwise_is_refused(listed, project_copy, rubrics):
    listed("Xã A,Phu Tho,commune")
    with pytest.raises(HistoryError) as told:
        load_history(rubrics)
    (finding,) = told.value.rows
    assert finding.endswith("entity: “Phú Thọ” is “Phu Tho” in units.csv")


def test_simulated_units_are_held_against_their_siblings_only(rubrics):
    made = synthetic_history(rubrics, entities=2, first="2026-09", last="2026-09", units=3)
    provinces = ["Mô phỏng 01", "Mô phỏng 02"]
    communes = [f"Mô phỏng 02, xã 00{number}" for number in (1, 2, 3)]
    for entity, expected in ((provinces[0], provinces), (communes[1], communes)):
        assert sorted(ranks.peers(made.figures, entity, "2026-09")["entity"]) == expected
        assert sorted(siblings(made.figures, entity)["entity"].unique()) == expected
        near, why = ranks.alike(made.figures, entity, "2026-09", within=1000)
        assert sorted(near["entity"]) == expected and why == ""
    rubric = rubric_in_force(rubrics, "2026-09")
    evidence = cards_of(made.figures, rubric, provinces[0], "2026-09")
    assert len(evidence) == 8  # every card may tell of the rules
    assert identify_cards(evidence, rubric).survivors >= 1


# Simulated units


def test_a_written_project_with_units_reads_as_what_was_drawn(project_copy, rubrics, tmp_path):
    asked = {"entities": 2, "first": "2026-08", "last": "2026-09", "units": 4, "seed": 3, "missing": 0.4}
    made, again = (synthetic_history(rubrics, **asked) for _time in range(2))
    pd.testing.assert_frame_equal(made.figures, again.figures)
    folder = write_project(made, tmp_path / "simulated")
    pd.testing.assert_frame_equal(load_history(rubrics, folder / "data"), made.figures)
    assert load_units(folder / "data") == dict(made.units)
    assert load_sources(folder / "data").keys() >= {unit.source for unit in made.units.values()}
    names = sorted(path.name for path in (folder / "data" / "observations").iterdir())
    assert names == ["mo-phong-01.csv", "mo-phong-01.units.csv", "mo-phong-02.csv", "mo-phong-02.units.csv"]
    assert len(children_of(load_units(folder / "data"), ["Mô phỏng 02"], "mo-phong-02")) == 4


def test_the_rates_of_a_simulated_province_are_those_of_its_units_sums(rubrics):
    made = synthetic_history(rubrics, first="2024-05", last="2024-06", units=12, seed=2)
    counts = made.figures[made.figures["unit"] == "count"]
    of_units = counts[counts["entity"] != "Mô phỏng 01"].groupby(["period", "code"])["value"].sum()
    printed = made.figures[(made.figures["entity"] == "Mô phỏng 01") & (made.figures["unit"] == "percent")]
    assert len(printed) > 40
    for figure in printed.itertuples():
        whole = of_units[figure.period, f"{figure.code}_base"]
        assert figure.value == float(rounded(100 * of_units[figure.period, figure.code] / whole, 2))
    bases = counts[(counts["code"] == "on_time_base") & (counts["entity"] != "Mô phỏng 01")]["value"]
    assert bases.mean() > 1.1 * bases.median()  # skewed


def test_without_units_nothing_of_a_simulation_changes(rubrics):
    made = synthetic_history(rubrics, first="2024-06", last="2024-06")
    assert list(made.figures.columns) == [*COLUMNS, "file", "line"] and not made.units
    among = synthetic_history(rubrics, first="2024-06", last="2024-06", units=2)
    assert made.rules == among.rules
    with pytest.raises(ParameterError, match="cannot be simulated") as told:
        synthetic_history(rubrics, units=1000)
    assert told.value.rows == ("units = 1000: 0 … 999",)


# The section


def test_an_entity_without_units_has_no_section_and_no_figure(tiny_rubric, tiny_history):
    lost = losses.unit_losses(tiny_history, {}, identify(tiny_history, tiny_rubric, PROVINCE, MONTH))
    assert lost.units.empty and lost.indicators.empty
    shown = Figures()
    assert sharing.with_units(shown, lost) == shown
    assert sharing.units_section(shown, lost) is None


def test_at_most_twenty_units_are_shown_and_the_rest_together(rubrics):
    made = synthetic_history(rubrics, first="2026-09", last="2026-09", units=23)
    rubric = rubric_in_force(rubrics, "2026-09")
    lost = losses.unit_losses(made.figures, made.units, identify(made.figures, rubric, "Mô phỏng 01", "2026-09"))
    shown = sharing.with_units(Figures(), lost)
    page = BeautifulSoup(sharing.units_section(shown, lost), "html.parser")
    lines = page.find("table").tbody.find_all("tr")
    assert [line.th.get_text() for line in lines[:20]] == list(lost.units["unit"].head(20))
    assert [line.th.get_text() for line in lines[20:]] == [
        "3 more units together",
        "Not explained by the units",
        "Lost in these indicators",
    ]
    rest = lost.units.iloc[20:23]["lost_low"].sum()
    assert shown["units.rest.lost"].low == pytest.approx(rest) and shown["units.rest"].value == 3
    assert all(tag["data-figure"] in shown for tag in page.select("[data-figure]"))
    assert shown["units.0.dossiers"].where.startswith("mo-phong-01.units.csv:")


@pytest.mark.parametrize(
    ("language", "heading", "first"),
    [
        ("en", "Which units lose the points?", "3 of the 3 units of Mẫu have figures for this period."),
        ("vi", "Đơn vị nào làm mất điểm?", "3 trong 3 đơn vị của Mẫu có số liệu kỳ này."),
    ],
)
def test_the_words_of_the_section(tiny_rubric, language, heading, first):
    use_language(language)
    lost = shared_out(tiny_rubric, COUNTS)
    page = BeautifulSoup(sharing.units_section(sharing.with_units(Figures(), lost), lost), "html.parser")
    said = [item.get_text() for item in page.find_all("li")]
    assert page.h2.get_text() == heading and said[0] == first
    if language == "en":
        assert said[1].startswith(
            "Mẫu lost 1.60 points in the 2 indicators that can be shared out; 0.00 of them are not"
        )
        assert said[2] == "Most is carried by Xã A: 1.50 points, above all in “Indicator a” (0.90)."
        assert said[3].endswith("1 indicators (Indicator c).") and len(said) == 4
        assert "not how well a unit works" in page.find(class_="note").get_text()


def make_report(folder: Path):
    for name in ("data", "notebooks"):
        shutil.copytree(REPOSITORY / name, folder / "real" / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder / "real")
        words = ["synthetic", str(folder / "made"), "--units", "22", "--from", "2026-09", "--to", "2026-09"]
        assert CliRunner().invoke(app, words).exit_code == 0
        patch.chdir(folder / "made")
        done = CliRunner().invoke(app, ["report", "-e", "mo-phong-01", "--lang", "en", "--allow-synthetic"])
    (folder / "told.json").write_text(json.dumps([done.exit_code, done.stderr]), encoding="utf-8")
    use_language("en")


def test_the_report_of_a_province_with_units_has_the_section(tmp_path_factory):
    folder = made_once(tmp_path_factory, "units", make_report)
    code, words = json.loads((folder / "told.json").read_text(encoding="utf-8"))
    assert code == 0, words
    report = folder / "made" / "reports" / "mo-phong-01" / "2026-09"
    page = BeautifulSoup((report / "index.html").read_text(encoding="utf-8"), "html.parser")
    (section,) = [item for item in page.find_all("section") if item.h2 and "Which units" in item.h2.get_text()]
    figures = pd.read_csv(report / "figures.csv").set_index("id")
    shown = [tag["data-figure"] for tag in section.select("[data-figure]")]
    assert len(shown) > 150 and set(shown) <= set(figures.index)
    assert {f"#{link['href'].removeprefix('#')}" for link in section.select("a.f")} <= {
        f"#{line['id']}" for line in page.select("tr[id]")
    }
    assert figures.loc["units.all", "value"] == 22

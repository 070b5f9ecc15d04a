"""Which entity belongs to which, what is wrong in the tree of units, and who is ranked with whom."""

from pathlib import Path

import pytest

from analysis.comparisons import ranks
from analysis.diagnosis.changes import change_bridge
from analysis.errors import HistoryError, ParameterError, UnknownNameError
from analysis.identification.identify import identify_cards
from analysis.identification.regime import cards_of
from analysis.language import rounded
from analysis.scorecards.entities import Unit, children_of, is_unit, load_units, same_world, siblings
from analysis.scorecards.history import COLUMNS, data_hash, load_history
from analysis.scorecards.rubric import load_rubrics, rubric_in_force
from analysis.scorecards.synthetic import synthetic_history
from places import REPOSITORY

HEADER = "entity,parent,kind,source\n"
KNOWN = "portal-2026-10-10"


@pytest.fixture
def listed(project_copy):
    """listed("Xã A,Phú Thọ,commune", …) writes units.csv of the copy; a source is added."""

    def write(*lines):
        text = HEADER + "".join(f"{line},{KNOWN}\n" for line in lines)
        (project_copy / "data" / "units.csv").write_text(text, encoding="utf-8")

    for path in project_copy.glob("data/observations/an-giang-units-*.csv"):
        path.unlink()  # whose units the table would not know
    return write


def test_the_project_ships_the_units_of_one_province():
    units = load_units(REPOSITORY / "data")
    kinds = [unit.kind for unit in units.values()]
    assert {unit.parent for unit in units.values()} == {"An Giang"}
    assert (kinds.count("department"), kinds.count("commune")) == (15, 102)


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
    lines = [f'"{entity}",2026-08,month,2026-08-31,total,total_score,{total},points,100,2,entered,{KNOWN},,']
    lines += (
        [f'"{entity}",2026-08,month,2026-08-31,rank,national_rank,{rank},rank,{of},0,entered,{KNOWN},,'] if rank else []
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
    both = ["Xã A, Phú Thọ", "Sở Y tế Phú Thọ"]  # the portal ranks departments and communes together
    for entity, others in ((both[0], both), (both[1], both), ("Xã A", ["Xã A"]), ("Hà Nội", ["Hà Nội"])):
        assert sorted(ranks.peers(found, entity, "2026-08")["entity"]) == sorted(others)
    assert ranks.standing(found, rubric, "Xã A", "2026-08") is None  # nobody says how many communes are ranked
    assert ranks.standing(found, rubric, "Xã A, Phú Thọ", "2026-08").ranked == 2
    assert ranks.standing(found, rubric, "Hà Nội", "2026-08").ranked == 34
    assert len(same_world(found, "Hà Nội")) == len(found)  # the rules are the same for all
    with pytest.raises(UnknownNameError, match="July 2026"):  # others that have the month are no others of a unit
        change_bridge(found, rubrics, "Xã A", "2026-07", "2026-08")


@pytest.mark.parametrize("entity", ["Phú Thọ", "Sở Du lịch, An Giang"])
def test_siblings_of_some_periods_are_those_of_all_in_them(history, entity):
    found, all_of_them = siblings(history, entity, ["2025-10", "2026"]), siblings(history, entity)
    assert found.equals(all_of_them[all_of_them["period"].isin(["2025-10", "2026"])])
    assert 30 < found["entity"].nunique() < history["entity"].nunique()


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

"""What is known besides the parameters of the rubrics, and what changed inside a regime: the files and their faults."""

from __future__ import annotations

import pytest

from analysis.errors import RubricError
from analysis.language import use_language
from analysis.scorecards.findings import load_findings
from analysis.scorecards.rubric import load_changes, load_rubrics
from analysis.scorecards.sources import load_sources
from places import REPOSITORY


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch):
    monkeypatch.chdir(REPOSITORY)


def test_every_finding_names_its_sources_and_is_of_its_regime(rubrics):
    sources = load_sources(REPOSITORY / "data")
    known = {rubric.id: load_findings(rubric) for rubric in rubrics}
    everything = [entry for entries in known.values() for entry in entries]
    assert len({entry.id for entry in everything}) == len(everything) == 9
    assert {source for entry in everything for source in entry.sources} <= set(sources)
    for rubric in rubrics:
        for entry in known[rubric.id]:
            assert rubric.covers(f"{entry.last:%Y-%m}") and (entry.first is None or entry.first <= entry.last)


def test_targets_of_the_state_and_of_a_province_are_told_apart_from_those_of_a_rule(rubrics):
    """Resolution 76 names 80 % for services online and for payment; Lâm Đồng's 50 % for reuse is its own."""
    old = load_findings(rubrics[0])
    state = {code: entry for entry in old if entry.kind == "programme" for code in entry.codes}
    assert list(state) == ["online_services", "procedures_with_online_payment", "fee_procedures_integrated"]
    assert all("80 %" in entry.words.en and entry.status == "legal" for entry in state.values())
    (own,) = [entry for entry in old if entry.kind == "own"]
    assert own.codes == ("data_reuse",) and "50 %" in own.words.en and own.sources == ("lam-dong-2025-11",)
    assert 50.0 not in rubrics[0].indicators["data_reuse"].target.alternatives


def test_both_languages_say_the_same_numbers(rubrics):
    for entry in (entry for rubric in rubrics for entry in load_findings(rubric)):
        use_language("vi")
        vi = entry.words.text
        use_language("en")
        assert vi != entry.words.text
        for number in ("0.0034", "89.95", "90.05", "86.15", "9.17", "52–58", "92", "102"):
            assert (number in entry.words.text) == (number.replace(".", ",") in vi), (entry.id, number)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "rule"', 'kind = "law"', r"findings\.toml:\d+ kind"),
        ("first = 2025-10-11", 'first = "autumn"', r"findings\.toml:\d+ first"),
        ('codes = ["data_reuse"]', 'codes = ["reuse"]', r"findings\.toml:\d+ codes: reuse"),
        ('sources = ["lam-dong-2025-11"]', "sources = []", r"findings\.toml:\d+ sources"),
        ("[[finding]]", "[finding", r"findings\.toml"),
    ],
)
def test_a_bad_file_of_findings_is_named_with_its_line(rewrite, rubrics, old, new, said):
    rewrite("data/findings.toml", old, new)
    with pytest.raises(RubricError, match=said):
        load_findings(rubrics[0])


def test_without_a_file_nothing_is_known_besides(project_copy, rubrics):
    (project_copy / "data" / "findings.toml").unlink()
    (project_copy / "data" / "changes.toml").unlink()
    assert load_findings(rubrics[0]) == () and load_changes(rubrics[0]) == ()
    assert not any(one.over_time for rubric in load_rubrics() for one in rubric.indicators.values())


def test_what_changed_is_a_fact_of_one_indicator(rubrics):
    changed = {one.code: one.over_time for rubric in rubrics for one in rubric.indicators.values() if one.over_time}
    assert changed == {"handling_satisfaction": (100.0, 90.0)}
    (entry,) = load_changes(rubrics[0])
    assert entry.code == "handling_satisfaction" and set(entry.sources) <= set(load_sources(REPOSITORY / "data"))
    assert load_changes(rubrics[1]) == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('readings = ["none", 90]', 'readings = ["none"]', r"changes\.toml:\d+ readings"),
        ('readings = ["none", 90]', 'readings = ["none", 70]', r"changes\.toml:\d+ code: .*does not know"),
        ('code = "handling_satisfaction"', 'code = "handling"', r"changes\.toml:\d+ code: .*no indicator"),
        ('rubric = "2022-08_766-QD-TTg"', 'rubric = "2022"', r"changes\.toml:\d+ code"),
        ('parameter = "target"', 'parameter = "max"', r"changes\.toml:\d+ parameter"),
    ],
)
def test_a_bad_file_of_changes_is_named_with_its_line(rewrite, old, new, said):
    rewrite("data/changes.toml", old, new)
    with pytest.raises(RubricError, match=said):
        load_rubrics()

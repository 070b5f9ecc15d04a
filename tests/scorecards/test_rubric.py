"""How rates become points, which rules a rubric may have, and a file that is none is named with line and field."""

import re
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import RubricError, UnknownNameError
from analysis.language import use_language
from analysis.scorecards.rubric import (
    Indicator,
    Rule,
    Shown,
    comparable_span,
    load_rubrics,
    not_comparable,
    rubric_in_force,
)
from analysis.scorecards.sources import load_sources
from places import REPOSITORY

FILES = sorted((REPOSITORY / "data" / "rubrics").glob("*.toml"))
OLD, NEW = "2022-08_766-QD-TTg", "2026-01_766-QD-TTg"
SIX = [
    "transparency",
    "processing_progress",
    "online_service_provision",
    "online_payment",
    "satisfaction",
    "digitisation",
]
maxima = st.integers(1, 200).map(lambda halves: halves / 2)
targets = st.integers(1, 10_000).map(lambda hundredths: hundredths / 100)
rates = st.integers(0, 10_000).map(lambda hundredths: hundredths / 100)
rules = st.builds(Rule, maxima, targets, st.just("no_points"))


def group_of(rubric, code):
    return next(group for group in rubric.groups if group.code == code)


# Scoring


@given(rules, rates)
def test_points_from_the_target_on_are_the_maximum_exactly_and_below_it_proportional(rule, rate):
    assert rule.points(rule.target) == rule.max
    if rate > rule.target:
        assert rule.points(rate) == rule.max
    else:
        assert rule.points(rate) == pytest.approx(rule.max * rate / rule.target)
        assert rule.points(rate) <= rule.max


@given(rules, rates)
def test_rate_for_is_the_inverse_up_to_the_target(rule, rate):
    assert rule.rate_for(rule.points(rate)) == pytest.approx(min(rate, rule.target))


@given(rules, st.floats(0.001, 100))
def test_no_rate_gives_more_than_the_maximum(rule, more):
    assert rule.rate_for(rule.max + more) is None


def test_rate_for_when_nothing_can_be_scored():
    rule = Rule(0.0, 100.0, "no_points")
    assert rule.rate_for(0) == 0
    assert rule.rate_for(1) is None


def test_points_for_a_denominator_of_zero():
    assert [Rule(6, 90, zero).points_when_empty() for zero in ("full", "no_points")] == [6, 0]


# The family


def parameter(**form):
    return {"status": "assumed", "source": "tests", **form}


def indicator(target, zero, maximum=6):
    name = {"vi": "Chỉ số", "en": "Indicator"}
    fields = {"max": parameter(value=maximum), "target": parameter(**target), "zero_denominator": parameter(**zero)}
    return Indicator.model_validate({"code": "a", "name": name, **fields})


def test_rules_are_every_target_with_every_worth_of_zero():
    both = {"any_of": ["full", "no_points"]}
    item = indicator({"any_of": ["none", 80]}, both)
    assert item.rules(6) == tuple(Rule(6, target, zero) for target in (100, 80) for zero in ("full", "no_points"))
    assert item.rules(0) == (Rule(0, 100, "no_points"),)
    assert indicator({"any_of": ["none", 100]}, {"value": "full"}).rules(6) == (Rule(6, 100, "full"),)


def test_allotments_of_satisfaction(rubrics):
    old, new = (group_of(rubric, "satisfaction") for rubric in rubrics)
    assert list(old.allotments()) == [(6, 6, 0, 6), (5, 5, 2, 6)]
    assert list(new.allotments()) == [(6, 6, 6)]


def test_size_of_the_family(rubrics):
    satisfaction = 4 * 4 * 1 * 2 + 4 * 4 * 4 * 2  # of either allotment
    assert [group.size() for group in rubrics[0].groups] == [1, 1, 3**3, 3**3, satisfaction, 2**7]
    assert [rubric.size() for rubric in rubrics] == [3**3 * 3**3 * satisfaction * 2**7, 1]


# Periods


@pytest.mark.parametrize(
    ("period", "governed_by"),
    [
        *((period, OLD) for period in ("2022-08", "2022-Q4", "2023", "2025", "2025-12", "2025-Q4")),
        *((period, NEW) for period in ("2026-01", "2026-Q1", "2026", "2031-05")),
    ],
)
def test_rubric_in_force(rubrics, period, governed_by):
    assert rubric_in_force(rubrics, period).id == governed_by
    assert [rubric.id for rubric in rubrics if rubric.covers(period)] == [governed_by]


@pytest.mark.parametrize("period", ["2022-07", "2022", "2022-Q3", "2021", "04/2023", "2026-99", "tháng 4"])
def test_no_rubric_in_force(rubrics, period):
    with pytest.raises(UnknownNameError, match=f"No rubric governs {period}") as caught:
        rubric_in_force(rubrics, period)
    assert caught.value.rows == (f"{OLD}: 2022-08 – 2025-12", f"{NEW}: 2026-01 – …")
    assert "data/rubrics" in caught.value.next_step


@pytest.mark.parametrize(
    ("period", "units"), [("2022-08", 63), ("2025-06", 63), ("2025-07", 34), ("2025", 34), ("2022-07", None)]
)
def test_ranked_units(rubrics, period, units):
    assert rubrics[0].ranked_units(period) == units


def test_the_portal_rounds_indicators_since_2026(rubrics):
    assert [rubric.rounding for rubric in rubrics] == [0.0, 0.005]


# Groups, names and sources


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize("printed", [set(), {"online_payment"}, {"online_service", "online_payment"}, set(SIX)])
def test_six_groups_unless_the_combined_one_is_printed_alone(rubrics, position, printed):
    assert [group.code for group in rubrics[position].groups_as_printed(printed)] == SIX


@pytest.mark.parametrize("position", [0, 1])
def test_groups_as_printed_merges_to_five(rubrics, position):
    rubric = rubrics[position]
    groups = rubric.groups_as_printed({"total_score", "online_service", "transparency"})
    assert [group.code for group in groups] == [*SIX[:2], "online_service", *SIX[4:]]
    assert groups[2].points == sum(group.points for group in rubric.groups[2:4]) == 22
    assert groups[2].indicators == rubric.groups[2].indicators + rubric.groups[3].indicators
    assert [group.code for group in rubric.groups] == SIX


def test_names_follow_the_language(rubrics):
    digitisation = rubrics[0].named["digitisation"]
    assert digitisation.name == "Dossier digitisation"
    assert rubrics[0].name_of("on_time_base") == f"{rubrics[0].name_of('on_time')}: whole"
    use_language("vi")
    assert digitisation.name == "Số hóa hồ sơ"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_source_of_a_rubric_is_known(file):
    found = re.findall(r'\bsource = "(.*?)"', file.read_text(encoding="utf-8"))
    assert len(found) > 60 and set(found) <= load_sources(REPOSITORY / "data").keys()


# Files that are not a rubric

ON_TIME = 'max = { value = 20, status = "legal", source = "legal-digest-2022" }'
TRANSPARENCY = 'max = { value = 18, status = "legal", source = "nam-dinh-766" }'
WHOLE = 'max = { value = 100, status = "legal", source = "nam-dinh-766" }'
TARGETS = 'any_of = ["none", 80, 50]'
FORMS = "give exactly one of: value; any_of"


@pytest.fixture
def broken(project_copy, rewrite):
    """broken(old, new) edits the earlier rubric and gives its text and the error of loading it."""

    def load(old, new):
        text = rewrite(f"data/rubrics/{OLD}.toml", old, new)
        with pytest.raises(RubricError) as caught:
            load_rubrics()
        return text, caught.value

    return load


@pytest.mark.parametrize(
    ("old", "new", "field", "message"),
    [
        ('code = "on_time"', 'code = "on_time"\nweight = 3', "weight", "not a field known"),
        ("decision =", 'colour = "red"\ndecision =', "colour", "not a field known"),
        (ON_TIME, ON_TIME.replace(" }", ", unit = 1 }"), "max.unit", "not a field known"),
        (ON_TIME, ON_TIME.replace("= 20", '= "twenty"'), "max.value", "not a number"),
        (ON_TIME, ON_TIME.replace("= 20", "= nan"), "max.value", "finite number"),
        (ON_TIME, ON_TIME.replace('"legal"', '"certain"'), "max.status", "'reverse_engineered'"),
        (ON_TIME, 'max = { value = 20, status = "legal" }', "max.source", "is missing"),
        (ON_TIME, ON_TIME.replace("value = 20", "value = 20, any_of = [20]"), "max", FORMS),
        (ON_TIME, ON_TIME.replace("value = 20, ", ""), "max", FORMS),
        (TRANSPARENCY, "max = 18", "max", "not a table"),
        *((TARGETS, TARGETS.replace("80", bad), "target", "must be") for bad in ("0", "-5", "200")),
        ('code = "on_time"', 'code = "On time"', "code", "form"),
        ('en = "Transparency and disclosure"', 'en = ""', "name.en", "is empty"),
        (TARGETS, TARGETS.replace("80", '"eighty"'), "target", "not a number"),
        ("units = 63", 'units = "many"', "units", "whole number"),
        ('valid_to = "2025-12"', 'valid_to = "2025-13"', "valid_to", "form"),
    ],
)
def test_a_bad_field_is_named_with_its_file_and_line(broken, old, new, field, message):
    text, error = broken(old, new)
    fragment = next(line for line in new.splitlines() if line not in old.splitlines())
    line = 1 + next(number for number, found in enumerate(text.splitlines()) if fragment in found)
    assert error.what == f"{OLD}.toml does not keep its contract."
    (row,) = error.rows  # one mistake is one finding
    assert row.startswith(f"{OLD}.toml:{line} {field}") and message in row


@pytest.mark.parametrize(
    ("old", "new", "header", "field"),
    [
        (TRANSPARENCY + "\n", "", "[[group]]", "max"),
        ('code = "published_on_time"\n', "", "[[group.indicator]]", "code"),
        ('units = 63\nsource = "merger-2025"\n', "units = 63\n", "[[ranked]]", "source"),
    ],
)
def test_a_missing_field_is_named_with_the_line_of_its_table(broken, old, new, header, field):
    text, error = broken(old, new)
    line = 1 + text.splitlines().index(header)
    assert error.rows == (f"{OLD}.toml:{line} {field}: is missing",)


@pytest.mark.parametrize(
    ("old", "field"),
    [(WHOLE, "max"), ('id = "2022-08_766-QD-TTg"', "id"), ('valid_from = "2022-08"', "valid_from")],
)
def test_a_field_missing_at_the_top_is_not_placed_inside_a_table(broken, old, field):
    text, error = broken(old + "\n", "")
    (row,) = error.rows
    line = int(row.removeprefix(f"{OLD}.toml:").split()[0])
    assert row.endswith(f" {field}: is missing")
    assert line <= text.splitlines().index("[[ranked]]")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'max = { value = 4, status = "legal"',
            'max = { value = 5, status = "legal"',
            "group transparency do not sum to 18",
        ),
        ("any_of = [0, 2]", "any_of = [3, 4]", "group satisfaction do not sum to 18"),
        (WHOLE, WHOLE.replace("100", "90"), "the maxima of the groups do not sum to 90"),
        ('code = "updated_on_time"', 'code = "published_on_time"', "the same code stands twice: published_on_time"),
        ('code = "online_service"', 'code = "on_time"', "the same code stands twice: on_time"),
        ('rate_from = ["partial_', 'rate_from = ["part_', "used but not defined: part_online_services"),
        ('parts = ["partial_', 'parts = ["part_', "used but not defined: part_online_services"),
        ('"online_payment"]', '"online_pay"]', "used but not defined: online_pay"),
        ('valid_to = "2025-12"', 'valid_to = "2021-12"', "valid_to is before valid_from"),
    ],
)
def test_a_rubric_that_contradicts_itself(broken, old, new, message):
    _text, error = broken(old, new)
    assert error.what == f"{OLD}.toml does not keep its contract."
    (row,) = error.rows
    assert row.startswith(f"{OLD}.toml:") and message in row


@pytest.mark.parametrize("one", [TRANSPARENCY, WHOLE])
def test_the_maximum_of_a_group_or_of_the_index_is_one_value(broken, one):
    _text, error = broken(one, re.sub(r"value = (\d+)", r"any_of = [\1, 10]", one))
    assert all(row.startswith(f"{OLD}.toml:") and " max." in row for row in error.rows)
    assert any("value: is missing" in row for row in error.rows)


def test_every_finding_is_reported(broken):
    _text, error = broken('decision = "766/QĐ-TTg"\nvalid_from = "2022-08"', 'decison = "766"\nvalid_from = 2022')
    assert [row.split(":")[1].split()[1] for row in error.rows] == ["decision", "valid_from", "decison"]


def test_rules_of_a_single_month(rubrics):
    raw = rubrics[0].model_dump(by_alias=True) | {"valid_from": "2023-01", "valid_to": "2023-01"}
    one = type(rubrics[0]).model_validate(raw | {"ranked": (), "changed": ()})
    assert [one.covers(month) for month in ("2022-12", "2023-01", "2023-02")] == [False, True, False]


@pytest.mark.parametrize("valid_to", ['valid_to = "2026-01"\n', 'valid_to = "2027-12"\n', ""])
def test_overlapping_regimes(broken, valid_to):
    _text, error = broken('valid_to = "2025-12"\n', valid_to)
    assert error.what == "Two rubrics govern the same months."
    assert [row.split(":")[0] for row in error.rows] == [OLD, NEW]
    assert "valid_to" in error.next_step


def test_two_rubrics_of_one_id(broken):
    _text, error = broken(f'id = "{OLD}"', f'id = "{NEW}"')
    assert error.what == "Two rubrics have the same id." and error.rows == (NEW, NEW)


def test_a_period_that_runs_beyond_a_regime_is_not_governed_by_it(rubrics):
    ended = rubrics[0].model_copy(update={"valid_to": "2025-06"})
    assert ended.covers("2025-Q2") and not ended.covers("2025-Q3") and not ended.covers("2025")


def test_no_rubric_file(project_copy):
    shutil.rmtree(project_copy / "data" / "rubrics")
    (project_copy / "data" / "rubrics").mkdir()
    with pytest.raises(RubricError, match="There is no rubric file in rubrics"):
        load_rubrics()


# What may be compared

MERGED = "Provinces were merged in between (63 were ranked, then 34): Mẫu may be another one."


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("2025-06", "2026-01", ["June 2025 and January 2026 are under different rules.", MERGED]),
        ("2023-04", "2024-07", []),
        ("2025-06", "2025-07", [MERGED]),
        ("2025-12", "2026-01", ["December 2025 and January 2026 are under different rules."]),
        ("2021-12", "2023-04", ["No rubric governs 2021-12."]),
        ("2023-04", "2021-12", ["No rubric governs 2021-12."]),
        ("2021-11", "2021-12", []),
    ],
)
def test_why_two_months_are_not_comparable(rubrics, before, after, why):
    assert list(not_comparable(rubrics, "Mẫu", Shown(before), Shown(after))) == why


@pytest.mark.parametrize(
    ("period", "span"),
    [("2023-04", ("2022-08", "2025-06")), ("2025-07", ("2025-07", "2025-12")), ("2026-03", ("2026-01", ""))],
)
def test_the_months_that_can_be_compared_with_one(rubrics, period, span):
    assert comparable_span(rubrics, Shown(period)) == span


CAPTURED = "One is of a notice of its time, the other as the portal showed it on 16/10/2025, by the rules of then."
RESCORED = "The portal scored otherwise from one capture to the other: Satisfaction: where there was no petition, both"


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (Shown("2022", "2025-11-05"), Shown("2025", "2025-11-05"), ""),  # one rule scored all years of a capture
        (Shown("2022", "2025-11-05"), Shown("2025", "2025-10-16"), ""),
        (Shown("2025-10", "2025-10-15"), Shown("2025-10", "2025-10-16"), RESCORED),
        (Shown("2025-10", "2025-10-16"), Shown("2025-10", "2025-10-11"), RESCORED),
        (Shown("2025-09"), Shown("2025-10", "2025-10-16"), CAPTURED),
        (
            Shown("2025", "2025-10-16"),
            Shown("2026", "2026-10-10"),
            "the year 2025 and the year 2026 are under different",
        ),
    ],
)
def test_a_capture_is_comparable_with_one_that_the_same_rule_scored(rubrics, before, after, why):
    found = list(not_comparable(rubrics, "Mẫu", before, after))
    assert (len(found), "".join(found).startswith(why)) == (bool(why), True)


def test_the_span_of_a_capture_is_that_of_the_rules_of_its_day(rubrics):
    assert Shown("2022", "2025-11-05").ruled == "2025-11" and Shown("2022-09").ruled == "2022-09"
    assert comparable_span(rubrics, Shown("2022-09", "2025-11-05")) == ("", "")

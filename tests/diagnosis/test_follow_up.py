"""Is what an earlier report weighed found, and is no more said of it than the figures say?"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError

from analysis import errors
from analysis.diagnosis.follow_up import kept
from analysis.identification.identify import identify
from analysis.report.changes import follow_up_section
from analysis.report.section import Section
from analysis.runs import run
from analysis.runs.reports import Promised, last_promised, published
from analysis.scorecards.rubric import Rubric
from pages import put_report
from shown import said
from tables import changed

LEVERS = {"levers": {"e_result": 80.0, "data_reuse": 80.0}, "target_score": 62.0}
CARD = {"a": 50.0, "b": 50.0, "c": 80.0, "d": 100.0}


# Which report


@pytest.fixture
def reports(tmp_path) -> Path:
    return tmp_path / "reports"


def found(reports: Path, period: str) -> str:
    promised = last_promised(published(reports), "Hòa Bình", period)
    return promised.month if promised else ""


def test_the_latest_report_before_the_period_counts(reports):
    for month in ("2023-04", "2023-06", "2024-07", "2025", "2025-Q4"):
        put_report(reports, f"hoa-binh/{month}", parameters=LEVERS)
    put_report(
        reports, "bac-ninh/2024-06", parameters={"levers": {"e_result": 80}, "target_score": 62}, entity="Bắc Ninh"
    )
    expected = {
        "2023-04": "",
        "2023-05": "2023-04",
        "2024-07": "2023-06",
        "2024": "2023-06",
        "2025-11": "2024-07",
        "2026-01": "2025-Q4",  # ends with the year, and is the shorter
        "2026": "2025-Q4",
    }
    assert {period: found(reports, period) for period in expected} == expected
    other = last_promised(published(reports), "Bắc Ninh", "2026-01")  # from a record of whole numbers
    assert other == Promised(month="2024-06", levers={"e_result": 80.0}, target_score=62.0)


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "{}",
        "[]",
        {"parameters": None},
        {"parameters": {}},
        {"parameters": {"levers": {"e_result": "80"}, "target_score": None}},
        {"parameters": {"levers": {"e_result": 101.0}, "target_score": None}},
        {"parameters": {"levers": {"e_result": True}, "target_score": None}},
        {"parameters": {"levers": [], "target_score": None}},
        {"parameters": {"levers": {}, "target_score": 0.0}},
        {"entity": "Other"},
    ],
    ids=str,
)
def test_a_record_that_cannot_be_read_is_passed_over(reports, broken):
    put_report(reports, "hoa-binh/2023-04", parameters=LEVERS)
    if isinstance(broken, str):
        put_report(reports, "hoa-binh/2023-05", text=broken)
    else:
        put_report(reports, "hoa-binh/2023-05", **{"parameters": LEVERS, **broken})
    assert found(reports, "2023-06") == "2023-04"


def test_prepare_finds_it_and_it_survives_the_record(project_copy):
    put_report(project_copy / "reports", "hoa-binh/2023-04", parameters=LEVERS)
    parameters = run.prepare({"month": "2024-07"})
    values = parameters.model_dump()
    assert values["promised"] == {"month": "2023-04", **LEVERS}
    again = json.loads(json.dumps(values))
    assert run.check_parameters(again) == parameters
    assert run.prepare(again) == parameters
    assert run.prepare({"month": "2023-04"}).model_dump()["promised"] == {}


@pytest.mark.parametrize(
    ("promised", "words"),
    [
        ({"month": "2023-04"}, "promised.levers"),
        ({"month": "2023-4", "levers": {}}, "promised.month"),
        ({"month": "2023-04", "levers": {"e_result": "80"}}, "promised.levers.e_result"),
        ({"month": "2023-04", "levers": {}, "target": 1.0}, "promised.target"),
        ({"month": "2023-04", "levers": {}, "target_score": float("nan")}, "promised.target_score"),
        ("2023-04", "promised"),
    ],
)
def test_what_is_given_as_promised_is_typed(promised, words):
    values = {"month": "2024-07", "levers": {"e_result": 80.0}}
    with pytest.raises(errors.ParameterError) as caught:
        run.check_parameters({**values, "promised": promised})
    assert words in str(caught.value)
    with pytest.raises(ValidationError):
        Promised.model_validate(promised)


# What happened


@pytest.fixture
def two_months(tiny_history):
    """two_months(a=62.5, …): the card of `tiny_history`, and one of February with other rates; None is not printed.

    Scores follow from the rates, unrounded ones printed with two decimals.
    """

    def make(scope: str = "month", empty: str = "", **rates: float | None) -> pd.DataFrame:
        values = {**CARD, **{code: rate for code, rate in rates.items() if code in CARD}}
        known = {code: 0.0 if rate is None or code == empty else rate for code, rate in values.items()}
        first = 0.03 * known["a"] + min(2.0, 0.04 * known["b"])
        second = 0.04 * known["c"] + 0.01 * known["d"]
        scores = {"first": round(first, 2), "second": round(second, 2), "total_score": round(first + second, 2)}
        later = tiny_history.assign(period="2023-02", as_of="2023-02-28", scope=scope)
        later["value"] = [{**scores, **values}.get(code) for code in later["code"]]
        later["decimals"] = [2 if code in scores else 0 for code in later["code"]]
        later = later[later["value"].notna()]
        if empty:
            row = later[later["code"] == empty].assign(code=f"{empty}_base", unit="count", value=0.0)
            later = pd.concat([later[later["code"] != empty], row])
        return pd.concat([tiny_history, later], ignore_index=True)

    return make


def states(
    history: pd.DataFrame, rubric: Rubric, levers: dict[str, float], target: float | None = None
) -> dict[str, str]:
    identified = identify(history, rubric, "Mẫu", "2023-02")
    promised = Promised(month="2023-01", levers=levers, target_score=target).model_dump()
    frame = kept(history, (rubric,), identified, promised)
    assert list(frame["code"]) == [*levers, *(["total_score"] if target else [])]
    assert frame["same_rules"].all() and frame["same_scope"].all()
    return dict(zip(frame["code"], frame["state"], strict=True))


@pytest.mark.parametrize(
    ("rate", "target", "expected"),
    [
        (90.0, 80.0, "kept"),
        (81.0, 80.0, "kept"),  # at least 80.5
        (80.0, 80.0, "open"),  # 79.5 to 80.5
        (80.0, 80.4, "open"),
        (80.0, 80.6, "partly"),
        (70.0, 80.0, "partly"),
        (51.0, 80.0, "missed"),  # 49.5 to 50.5 then, 50.5 to 51.5 now: perhaps no rise
        (50.0, 80.0, "missed"),
        (40.0, 80.0, "missed"),
        (None, 80.0, "not_printed"),
        (100.0, 100.0, "open"),
    ],
)
def test_a_rate_against_its_target(two_months, tiny_rubric, rate, target, expected):
    assert states(two_months(a=rate), tiny_rubric, {"a": target}) == {"a": expected}


def test_nothing_to_count_and_no_longer_scored(two_months, tiny_rubric):
    expected = {"d": "nothing_to_count", "gone": "no_longer_scored"}
    assert states(two_months(empty="d"), tiny_rubric, {"d": 80.0, "gone": 80.0}) == expected
    history = two_months(c=80.0)
    scores = {"second": 4.0, "total_score": 7.5}
    later = (history["period"] == "2023-02") & history["code"].isin(scores)
    history.loc[later, "value"] = history["code"].map(scores)
    pointless = changed(tiny_rubric, c={"max": 5.0}, d={"max": 0.0})
    assert states(history, pointless, {"d": 80.0}) == {"d": "no_longer_scored"}


@pytest.mark.parametrize(
    ("target", "expected"),
    [(8.19, "kept"), (8.195, "kept"), (8.2, "open"), (8.204, "open"), (8.206, "partly"), (9.0, "partly")],
)
def test_a_total_against_its_target(two_months, tiny_rubric, target, expected):
    """The total of February is printed as 8.20: 8.195 to 8.205."""
    history = two_months(c=92.5)
    assert states(history, tiny_rubric, {}, target) == {"total_score": expected}


def section_of(history: pd.DataFrame, rubric: Rubric, **promised: object) -> Section:
    identified = identify(history, rubric, "Mẫu", "2023-02")
    values = Promised.model_validate({"month": "2023-01", "levers": {}, **promised}).model_dump()
    return follow_up_section(kept(history, (rubric,), identified, values), values)


def test_then_and_now_are_as_printed(two_months, tiny_rubric):
    section = section_of(two_months(a=70.0), tiny_rubric, levers={"a": 80.0}, target_score=9.0)
    row = section.table.set_index("code").loc["a"]
    assert (row["before_value"], row["before_low"], row["before_high"]) == (50.0, 49.5, 50.5)
    assert (row["now_value"], row["now_low"], row["now_high"]) == (70.0, 69.5, 70.5)
    assert {name: str(figure) for name, figure in section.figures.items()} == {
        "promise.a.target": "80",
        "promise.a.before": "50",
        "promise.a.now": "70",
        "promise.total_score.target": "9",
        "promise.total_score.before": "7.7",
        "promise.total_score.now": "8.30",
    }
    assert all(figure.label and figure.rule for figure in section.figures.values())


def test_what_was_not_printed_has_no_figure(two_months, tiny_rubric):
    section = section_of(two_months(a=None), tiny_rubric, levers={"a": 80.0, "gone": 80.0})
    assert list(section.figures) == ["promise.a.target", "promise.a.before", "promise.gone.target"]


def test_the_words_say_weighed_and_which_report(two_months, tiny_rubric):
    section = section_of(two_months(a=70.0, b=None), tiny_rubric, levers={"a": 80.0, "b": 90.0}, target_score=9.0)
    assert said(section) == [
        "The report of January 2023 weighed what follows; that says what it is worth, not that anyone promised it.",
        "Indicator a: 80 % was weighed and is not reached, with 70 %; that is more than was printed then.",
        "Indicator b: 90 % was weighed; whether it is reached is open, it is not published.",
        "Total score: 9 was aimed at and is not reached, with 6.30.",
    ]
    assert section.html.count("<tr>") == 4
    assert not re.search(r"\d", re.sub(r"<data.*?</data>|<[^>]*>|January 2023", "", section.html))


@pytest.mark.parametrize("scope", ["year_to_date", "unknown"])
def test_cards_that_may_not_count_alike_are_said_not_to(two_months, tiny_rubric, scope):
    one = two_months(a=70.0, scope=scope)
    for history in (one, one.assign(scope="unknown")):
        assert "count alike" in said(section_of(history, tiny_rubric, levers={"a": 80.0}))[-1]


def test_other_rules_and_a_month_that_is_gone(two_months, tiny_rubric):
    """The rules of January were others, or its card was taken back: what is weighed is still held against February."""
    history = two_months(a=90.0)
    later = tiny_rubric.model_copy(update={"id": "later", "valid_from": "2023-02"})
    old = tiny_rubric.model_copy(update={"valid_to": "2023-01"})
    promised = Promised(month="2023-01", levers={"a": 80.0}, target_score=9.0).model_dump()
    identified = identify(history, later, "Mẫu", "2023-02")
    for rubrics, figures in (
        ((old, later), history),
        ((later,), history),
        ((old, later), history[history["period"] == "2023-02"]),
    ):
        frame = kept(figures, rubrics, identified, promised)
        assert frame["state"].iloc[0] == "kept" and not frame["same_rules"].any()
        words = said(follow_up_section(frame, promised))
        assert "Other rules are in force since, so the total is not measured as it was then." in words


def test_nothing_was_weighed(two_months, tiny_rubric):
    history = two_months()
    frame = kept(history, (tiny_rubric,), identify(history, tiny_rubric, "Mẫu", "2023-02"), {})
    section = follow_up_section(frame, {})
    assert frame.empty and not section.figures
    assert [str(words) for words in section.said] == [
        "No earlier report was made with this tool, so there is none to hold this one against."
    ]
    assert "<table" not in section.html and "<h2" not in section.html


def test_the_real_months(history, rubrics):
    rules = next(rubric for rubric in rubrics if rubric.covers("2024-07"))
    identified = identify(history, rules, "Hòa Bình", "2024-07")
    promised = Promised(month="2023-04", **LEVERS).model_dump()
    frame = kept(history, rubrics, identified, promised)
    assert list(frame["state"]) == ["not_printed", "not_printed", "kept"]
    assert list(frame["before_value"]) == [33.83, 0.0, 58.83]
    html = follow_up_section(frame, promised).html
    assert ("2023-04" not in html) and frame["name"].iloc[0] in html

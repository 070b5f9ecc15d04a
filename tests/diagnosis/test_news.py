"""Is what is new in the rules told from what is only known better?"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest
from analysis.report.news import news_section, news_words, with_news

from analysis.diagnosis.changes import period_before, rule_news
from analysis.errors import UnknownNameError
from analysis.report.figures import Figures
from analysis.scorecards.rubric import Rubric


def indicator(code: str, maximum: Any = 5, target: Any = "none", zero: Any = "no_points") -> dict[str, Any]:
    def parameter(value: Any) -> dict[str, Any]:
        form = {"any_of": value} if isinstance(value, list) else value if isinstance(value, dict) else {"value": value}
        return {"status": "assumed", "source": "tests", **form}

    names = {"name": {"vi": code, "en": code.upper()}}
    return {
        "code": code,
        "max": parameter(maximum),
        "target": parameter(target),
        "zero_denominator": parameter(zero),
        **names,
    }


def rubric(
    name: str, first: str, last: str | None, *groups: list[dict[str, Any]], maxima: tuple[float, ...] = (5, 5)
) -> Rubric:
    known = {"status": "legal", "source": "tests"}
    return Rubric.model_validate(
        {
            "id": name,
            "decision": "0/QĐ",
            "valid_from": first,
            "valid_to": last,
            "max": {"value": sum(maxima), **known},
            "group": [
                {
                    "code": f"g{number}",
                    "name": {"vi": f"g{number}", "en": f"G{number}"},
                    "max": {"value": points, **known},
                    "indicator": items,
                }
                for number, (items, points) in enumerate(zip(groups, maxima, strict=True))
            ],
        }
    )


def old(*groups: list[dict[str, Any]], **maxima: Any) -> Rubric:
    return rubric("old", "2023-01", "2023-12", *groups, **maxima)


def new(*groups: list[dict[str, Any]], **maxima: Any) -> Rubric:
    return rubric("new", "2024-01", None, *groups, **maxima)


def news(one: Rubric, other: Rubric) -> pd.DataFrame:
    return rule_news((one, other), "2023-12", "2024-01")


def test_the_same_rubric_has_no_news():
    one, other = old([indicator("a")], [indicator("b")]), new([indicator("a", target=80)], [indicator("b")])
    frame = rule_news((one, other), "2023-01", "2023-12")
    assert frame.empty
    assert [str(item) for item in news_words(Figures(), frame, "2023-01")] == [
        "The rules of this report are the same as those of January 2023."
    ]
    assert rule_news((one, other), "", "2024-01").empty
    assert "No earlier total" in str(news_words(Figures(), frame, "")[0])
    assert "<table" not in str(news_section(with_news(Figures(), frame), frame, "2023-01"))


@pytest.mark.parametrize(
    ("before", "after", "sure"),
    [
        (100, 80, True),
        ("none", 100, None),
        ("none", [100, 80], False),
        ([100, 80], [80, 100], None),
        ([100, 80], 80, False),
        ([100, 80], 50, True),
    ],
)
def test_a_target(before, after, sure):
    one, other = (
        old([indicator("a", target=before)], [indicator("b")]),
        new([indicator("a", target=after)], [indicator("b")]),
    )
    frame = news(one, other)
    assert [(row.code, row.parameter, row.sure) for row in frame.itertuples()] == (
        [] if sure is None else [("a", "target", sure)]
    )


def test_maxima_denominators_groups_and_what_is_new_or_gone():
    one = old([indicator("a", 5), indicator("q", [0, 1], zero=["full", "no_points"])], [indicator("b", 5)])
    other = new(
        [indicator("a", 3), indicator("q", [0, 1], zero="full"), indicator("b", 2)],
        [indicator("c", 4), indicator("d", [0, 4])],
        maxima=(6, 4),
    )
    one = one.model_copy(update={"groups": one.groups})
    frame = news(one, other)
    told = {(row.code, row.parameter): (row.before, row.after, row.sure) for row in frame.itertuples()}
    assert told == {
        ("g0", "max"): ((5.0,), (6.0,), True),
        ("a", "max"): ((5.0,), (3.0,), True),
        ("q", "zero_denominator"): (("full", "no_points"), ("full",), False),
        ("b", "max"): ((5.0,), (2.0,), True),
        ("g1", "max"): ((5.0,), (4.0,), True),
        ("c", "new"): ((), (4.0,), True),
        ("d", "new"): ((), (0.0, 4.0), False),
        ("b", "group"): (("G1",), ("G0",), True),
    }
    assert list(frame["sure"]) == sorted(frame["sure"], reverse=True)
    back = news(
        old([indicator("c", 5), indicator("q", [0, 2])], [indicator("b")]), new([indicator("c", 5)], [indicator("b")])
    )
    assert [(row.code, row.parameter, row.after, row.sure) for row in back.itertuples()] == [("q", "gone", (), False)]


def test_statuses_and_source():
    after = indicator("a", target=80)
    after["target"] |= {"status": "legal", "source": "law"}
    frame = news(old([indicator("a")], [indicator("b")]), new([after], [indicator("b")]))
    (row,) = frame.itertuples()
    assert (row.name, row.status_before, row.status_after, row.source) == ("A", "assumed", "legal", "law")


def test_every_number_of_the_section_is_a_figure():
    one = old([indicator("a", target=[100, 62.5])], [indicator("b", target=[50, 70])])
    other = new([indicator("a", target=[62.5, 50])], [indicator("b", target=90)])
    frame = news(one, other)
    figures = with_news(Figures(), frame)
    shown = {name: str(figure) for name, figure in figures.items()}
    assert shown == {
        "news.sure": "1",
        "news.unsure": "1",
        "news.0.before.0": "50",
        "news.0.before.1": "70",
        "news.0.after.0": "90",
        "news.1.before.0": "100",
        "news.1.before.1": "62.50",
        "news.1.after.0": "62.50",
        "news.1.after.1": "50",
    }
    html = str(news_section(figures, frame, "2023-12"))
    rest = re.sub(r"<data.*?</data>|<[^>]*>|December 2023", "", html)
    assert not re.search(r"\d", rest), rest
    assert "Surely changed: " in rest and "may be the same" in rest


def test_the_real_rubrics(rubrics):
    """Every target of 2026 was among those tried before it: none of them need have changed."""
    frame = rule_news(rubrics, "2025-12", "2026-01")
    assert len(frame) == 21 and not frame["sure"].any()
    assert list(frame[frame["parameter"] == "gone"]["code"]) == ["petition_classification"]
    assert rule_news(rubrics, "2023-04", "2024-07").empty
    with pytest.raises(UnknownNameError):
        rule_news(rubrics, "2021-01", "2024-07")


def test_the_period_before(history, rubrics):
    expected = {
        ("Hòa Bình", "2024-07"): "2023-04",
        ("Hòa Bình", "2023-04"): "",
        ("Bắc Ninh", "2026"): "2025-12",
        ("Phú Thọ", "2026"): "",
        ("Lâm Đồng", "2026"): "2025",
    }
    assert {key: period_before(history, rubrics, *key) for key in expected} == expected

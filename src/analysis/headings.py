"""What is a column of an answer called, and how are its cells written? For the explorer's tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis.comparisons.trends import model_name
from analysis.findings import effect_name
from analysis.language import _, write_period
from analysis.sentences import part_name
from analysis.tables import status_name

Heading = tuple[Callable[[], str], int, float]  # words, decimals, factor
Words = tuple[Callable[[], str], Callable[[Any], str]]  # words, how a cell is said


def _yes_or_no(fits: Any) -> str:
    return "–" if pd.isna(fits) else _("yes") if fits else _("no")


def _said(words: dict[str, str], value: Any) -> str:
    """A value in words, or as it is where there are none."""
    return words.get(value, str(value))


NUMBERS: dict[str, Heading] = {
    "score": (lambda: _("Score"), 2, 1),
    "max": (lambda: _("Maximum"), 0, 1),
    "lost": (lambda: _("Lost, points"), 2, 1),
    "share": (lambda: _("Share, %"), 1, 100),
    "achieved": (lambda: _("Of its maximum, %"), 0, 100),
    "rate": (lambda: _("Rate, %"), 2, 1),
    "target": (lambda: _("Target, %"), 2, 1),
    "gain": (lambda: _("Gain, points"), 2, 1),
    "own": (lambda: _("Own part, points"), 2, 1),
    "total": (lambda: _("New total"), 2, 1),
    "remaining": (lambda: _("Still lost"), 2, 1),
    "printed": (lambda: _("As printed"), 2, 1),
    "value": (lambda: _("Value"), 2, 1),
    "wider": (lambda: _("Range wider without it, points"), 2, 1),
    "survivors": (lambda: _("Rules that fit without it"), 0, 1),
    "added": (lambda: _("Raise by, percentage points"), 2, 1),
    "after": (lambda: _("Rate then, %"), 2, 1),
    "cost": (lambda: _("Effort, percentage points"), 2, 1),
    "rank": (lambda: _("Rank"), 0, 1),
    "ranked": (lambda: _("Of how many"), 0, 1),
    "known": (lambda: _("Totals known"), 0, 1),
    "indicators": (lambda: _("Indicators"), 0, 1),
    "conf": (lambda: _("Confidence interval"), 2, 1),
    "place": (lambda: _("Rank"), 0, 1),
    "of": (lambda: _("Of how many"), 0, 1),
    "quantile": (lambda: _("Others below or level, %"), 0, 100),
    "lower_quarter": (lambda: _("Lower quarter"), 2, 1),
    "median": (lambda: _("Median"), 2, 1),
    "upper_quarter": (lambda: _("Upper quarter"), 2, 1),
    "best": (lambda: _("Best"), 2, 1),
    "to_median": (lambda: _("To the median"), 2, 1),
    "variance_alone": (lambda: _("Its own variance, % of that of totals"), 1, 100),
    "correlation": (lambda: _("Correlation with the total"), 2, 1),
    "provinces": (lambda: _("Provinces"), 0, 1),
    "leaders": (lambda: _("Leaders"), 0, 1),
    "others": (lambda: _("Others"), 0, 1),
    "leaders_median": (lambda: _("Median of the leaders"), 2, 1),
    "others_median": (lambda: _("Median of the others"), 2, 1),
    "difference": (lambda: _("Difference"), 2, 1),
    "separation": (lambda: _("A leader has more: share of pairs"), 2, 1),
    "leaders_full": (lambda: _("Leaders nearly full"), 0, 1),
    "others_full": (lambda: _("Others nearly full"), 0, 1),
    "everyone_has": (lambda: _("Nearly full, % of all"), 0, 100),
    "estimate": (lambda: _("Estimate, points"), 2, 1),
    "expected": (lambda: _("Maximum by the rules"), 2, 1),
    "horizon": (lambda: _("Months ahead"), 0, 1),
    "origins": (lambda: _("Times tried"), 0, 1),
    "mae": (lambda: _("Mean error"), 2, 1),
    "relative": (lambda: _("Against as last month"), 2, 1),
    "covered": (lambda: _("Inside the interval, %"), 0, 100),
    "p_value": (lambda: _("p-value"), 3, 1),
    "size": (lambda: _("Size"), 2, 1),
    "": (lambda: _("Within rounding"), 2, 1),
}
WORDS: dict[str, Words] = {
    "card": (lambda: _("Card"), str),
    "name": (lambda: _("Name"), str),
    "code": (lambda: _("Code"), str),
    "lever": (lambda: _("Code"), str),
    "certainty": (lambda: _("How sure"), lambda certainty: _said({
        "published": _("published"), "assumes_one_rule": _("if one rule held"), "not_separable": _("not separable"),
    }, certainty)),
    "status": (lambda: _("How it is known"), status_name),
    "effect": (lambda: _("What it is"), effect_name),
    "why": (lambda: _("Why"), str),
    "model": (lambda: _("Carried on"), lambda model: model_name(model) if model else _("known")),
    "shown": (lambda: _("Sure enough"), _yes_or_no),
    "flag": (lambda: _("Flag"), lambda flag: _said({
        "level_break": _("another level"), "outlier": _("out of line"), "known_break": _("not comparable before"),
    }, flag)),
    "quote": (lambda: _("As the source prints it"), str),
    "source": (lambda: _("Source"), lambda source: source or "–"),
    "line": (lambda: _("Line"), str),
    "part": (lambda: _("Part"), part_name),
    "period": (lambda: _("Period"), write_period),
    "parameter": (lambda: _("Rule"), lambda name: _said({"max": _("maximum"), "target": _("target")}, name)),
    "disclosure": (lambda: _("In the notice"), lambda part: _said({
        "printed": _("printed"), "derivable": _("derivable"), "undisclosed": _("undisclosed"),
    }, part)),
    "fits": (lambda: _("Fits"), _yes_or_no),
    "agrees": (lambda: _("Agrees"), _yes_or_no),
    "possible": (lambda: _("Possible"), _yes_or_no),
    "level": (lambda: _("Level"), lambda level: _said({
        "total": _("total"), "group": _("group"), "indicator": _("indicator"), "rank": _("rank"),
    }, level)),
    "held_by": (lambda: _("Held by"), lambda who: _said({
        "most": _("most provinces"), "leaders": _("mainly leaders"), "some": _("some"), "nobody": _("nobody"), "": "–",
    }, who)),
    "unit": (lambda: _("Unit"), lambda unit: _said({
        "points": _("points"), "percent": "%", "count": _("number"), "rank": _("rank"), "days": _("days"),
    }, unit)),
    "case": (lambda: _("Case"), lambda case: _said({"today": _("today"), "after": _("afterwards")}, case)),
}  # fmt: skip

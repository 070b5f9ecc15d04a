"""Tables of made-up provinces, each scored by the rules of one's head (`tiny_rubric`), and months of one rate."""

from fractions import Fraction
from math import fsum, nan

import numpy as np
import pandas as pd
from scipy.special import expit

from analysis.language import rounded
from analysis.scorecards.history import AS_PRINTED, BASE, RANK, TOTAL, with_standing
from planted import parameter

YEAR = "2026"
CARD = {"period": YEAR, "scope": "year_to_date", "as_of": "2026-10-10"}
NAMES = [f"P{number:02d}" for number in range(40)]
RULES = {"a": 3, "b": 2, "c": 4, "d": 1}


def figures(*rows):
    """(entity, code, value), then a unit or a dictionary of what the row says otherwise → a history.

    Bases are counts, ranks are of four, and all else is points with two decimals.
    """
    levels = {TOTAL: "total", RANK: "rank", "first": "group", "second": "group"}
    made = []
    for line, (entity, code, value, *more) in enumerate(rows, start=2):
        changes = {"unit": more[0]} if more and isinstance(more[0], str) else dict(*more)
        unit = changes.get("unit") or ("rank" if code == RANK else "count" if code.endswith(BASE) else "points")
        row = {"entity": entity, **CARD, "level": levels.get(code, "indicator"), "code": code, "value": value}
        row |= {"unit": unit, "max": 4.0 if code == RANK else nan, "decimals": 2 if unit == "points" else 0}
        row |= {"kind": "synthetic", "source": "tests", "quote": "", "file": "tests.csv", "line": line}
        made.append(row | changes)
    return with_standing(pd.DataFrame(made)[[*AS_PRINTED, "file", "line"]].astype({"value": float}))


def of_points(points):
    """One row a province of {code: points} → a history; the total is the sum of the groups unless it is given."""
    rows = []
    for name, scores in zip(NAMES, points, strict=False):
        total = scores.get(TOTAL, fsum(scores.get(code, 0) for code in ("first", "second")))
        rows += [(name, code, value) for code, value in ({TOTAL: round(total, 2)} | scores).items()]
    return figures(*rows)


def of_rates(rates, maxima=RULES, hidden=()):
    """Rates in percent of a to d → a history where each scores its maximum up to its target, as the portal rounds it,
    with every count out of 10 000; codes in `hidden` count and are not published."""
    rows = []
    for name, own in zip(NAMES, rates, strict=False):
        points = {}
        for code, rate in own.items():
            exact = Fraction(str(maxima[code])) * min(Fraction(1), Fraction(str(rate)) / (50 if code == "b" else 100))
            points[code] = float(rounded(float(exact), 2))
            if code not in hidden:
                counts = [(name, code, round(rate * 100), "count"), (name, f"{code}_base", 10_000)]
                rows += [(name, code, points[code]), *counts]
        first, second = points["a"] + points["b"], points["c"] + points["d"]
        sums = {"first": first, "second": second, TOTAL: first + second}
        rows += [(name, code, round(value, 2)) for code, value in sums.items()]
    return figures(*rows)


def some_rates(count=12, seed=1, **same):
    """Rates that differ; b stays below its target of 50 %."""
    draw = np.random.default_rng(seed)
    tops = {"a": 99, "b": 49, "c": 99, "d": 99}
    return [
        {code: same.get(code, round(float(draw.uniform(5, top)), 2)) for code, top in tops.items()}
        for _province in range(count)
    ]


def only(frame, **wanted):
    (row,) = frame[(frame[list(wanted)] == pd.Series(wanted)).all(axis=1)].itertuples()
    return row


def climbing(months=30, seed=3):
    """A rate that climbs by about a tenth of a logit a month."""
    draw = np.random.default_rng(seed)
    return np.round(100 * expit(-1.5 + np.cumsum(0.1 + draw.normal(0, 0.05, months))), 2)


def changed(rubric, **indicators):
    """The rubric with other parameters: changed(rubric, a={"max": (2, 3)}); a tuple is a list of alternatives."""
    table = rubric.model_dump(by_alias=True)
    for item in (item for group in table["group"] for item in group["indicator"]):
        for name, found in indicators.get(item["code"], {}).items():
            item[name] = parameter(*(found if isinstance(found, tuple) else [found]))
    return type(rubric).model_validate(table)

"""Does a row of figures keep the contract?

One row a figure: `COLUMNS`, with the key `KEY`. A missing value is empty, never 0; numbers have a point; totals and
groups are rows as published.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date

from analysis.figures import SYNTHETIC
from analysis.files import untidy
from analysis.language import _, nearest
from analysis.rubric import PERIOD, Rubric

COLUMNS = [
    "entity",
    "period",
    "scope",
    "as_of",
    "level",
    "code",
    "value",
    "unit",
    "max",
    "decimals",
    "kind",
    "source",
    "quote",
]
KEY = ["entity", "period", "scope", "as_of", "code", "unit"]
TOTAL, RANK = "total_score", "national_rank"
SCOPES = ("month", "year_to_date", "quarter", "unknown")
UNITS_OF_LEVEL = {
    "total": ("points",),
    "rank": ("rank",),
    "group": ("points",),
    "indicator": ("points", "percent", "count", "days"),
}
SIMULATED = "Mô phỏng"  # how every simulated entity is called
KINDS = ("published", "derived", "entered", SYNTHETIC)
BASE = "_base"

_VALUE = re.compile(r"(0|[1-9][0-9]{0,11})(\.(?P<rest>[0-9]{1,9}))?", re.ASCII)


def is_synthetic(entity: str) -> bool:
    """Whether an entity is simulated: its name says so, and so every file, title, chart and slide of it."""
    return entity.startswith(f"{SIMULATED} ")


def problems(
    row: dict[str, str], rubrics: tuple[Rubric, ...], sources: Collection[str], units: Collection[str] = ()
) -> Iterator[str]:
    """Everything wrong with one row, in words; `units` are the entities that are no province."""
    yield from _word_problems(row)
    yield from _number_problems(row)
    if row["source"] not in sources:
        yield _("source “{value}” is not in sources.toml").format(value=row["source"])
    if not PERIOD.fullmatch(row["period"]):
        yield _("period is “{value}”, not YYYY, YYYY-MM or YYYY-Qn").format(value=row["period"])
        return
    length = "quarter" if "Q" in row["period"] else "month" if "-" in row["period"] else "year"
    if row["scope"] in ("month", "quarter") and row["scope"] != length:
        yield _("scope “{scope}” does not go with period {period}").format(scope=row["scope"], period=row["period"])
    rubric = next((rubric for rubric in rubrics if rubric.covers(row["period"])), None)
    if rubric is None:
        yield _("no rubric governs {period}").format(period=row["period"])
    elif row["level"] in UNITS_OF_LEVEL:
        yield from _code_problems(row, rubric, row["entity"] in units)


def _word_problems(row: dict[str, str]) -> Iterator[str]:
    if not row["entity"]:
        yield _("entity is empty")
    yield from untidy(row)
    for name, known in (("scope", SCOPES), ("level", tuple(UNITS_OF_LEVEL)), ("kind", KINDS)):
        if row[name] not in known:
            yield _("{field} is “{value}”, not one of {known}").format(
                field=name, value=row[name], known=", ".join(known)
            )
    if row["unit"] not in UNITS_OF_LEVEL.get(row["level"], (row["unit"],)):
        yield _("unit “{unit}” does not go with level “{level}”").format(unit=row["unit"], level=row["level"])
    if row["as_of"] and not _is_date(row["as_of"]):
        yield _("as_of is “{value}”, not a date such as 2023-04-24").format(value=row["as_of"])
    if row["kind"] == SYNTHETIC and not is_synthetic(row["entity"]):
        yield _("a synthetic figure must be of an entity called “{name} …”, not of “{entity}”").format(
            name=SIMULATED, entity=row["entity"]
        )
    if row["kind"] in KINDS and row["kind"] != SYNTHETIC and is_synthetic(row["entity"]):
        yield _("“{entity}” is simulated, so each of its figures must be of kind synthetic, not {kind}").format(
            entity=row["entity"], kind=row["kind"]
        )
    if row["kind"] == "published" and row["value"] and not row["quote"]:
        yield _("a published figure needs its quote: the figure as printed")


def _number_problems(row: dict[str, str]) -> Iterator[str]:
    wrong = [name for name in ("value", "max") if row[name] and not _VALUE.fullmatch(row[name])]
    wrong += [] if re.fullmatch("[0-9]", row["decimals"]) else ["decimals"]
    for name in wrong:
        yield _("{field} is “{value}”, not a plain number with a point, such as 58.83").format(
            field=name, value=row[name]
        )
    value = _VALUE.fullmatch(row["value"])
    if wrong or not value:
        return
    number = float(row["value"])
    if len(value["rest"] or "") > int(row["decimals"]):
        yield _("value {value} has more than {decimals} decimals").format(value=row["value"], decimals=row["decimals"])
    if row["max"] and number > float(row["max"]):
        yield _("{value} is more than the maximum {max}").format(value=row["value"], max=row["max"])
    if row["unit"] == "percent" and number > 100:
        yield _("{value} % is more than 100 %").format(value=row["value"])
    if row["unit"] in ("count", "rank") and (number != int(number) or row["decimals"] != "0"):
        yield _("a {unit} must be a whole number, not {value}").format(unit=row["unit"], value=row["value"])
    if row["unit"] == "rank" and number < 1:
        yield _("a rank starts at 1")


def _code_problems(row: dict[str, str], rubric: Rubric, of_unit: bool) -> Iterator[str]:
    code, level = row["code"], row["level"]
    known: Collection[str]
    expected: float | None = None
    if level == "total":
        known, expected = [TOTAL], rubric.points
    elif level == "rank":
        ranked = None if of_unit else rubric.ranked_units(row["period"])  # a unit's rank is one among its siblings
        known, expected = [RANK], None if ranked is None else float(ranked)
    elif level == "group":
        known, expected = rubric.group_points, rubric.group_points.get(code)
    else:
        known = rubric.figure_codes
    if code not in known:
        yield _("the code is not known to {rubric}; nearest: {near}").format(
            rubric=rubric.id, near=", ".join(nearest(code.replace("_", "-"), known)) or "–"
        )
    elif expected is None:
        return
    elif _VALUE.fullmatch(row["max"]) and float(row["max"]) != expected:
        yield _("max is {max}, but {rubric} says {expected:g}").format(
            max=row["max"], rubric=rubric.id, expected=expected
        )
    elif not row["max"] and _VALUE.fullmatch(row["value"]) and float(row["value"]) > expected:
        yield _("{value} is more than the maximum {max}").format(value=row["value"], max=f"{expected:g}")


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False

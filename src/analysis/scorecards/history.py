"""What was published? The figures, one a row, exactly as their sources print them.

The contract of a row is `row_problems`. Totals and groups are rows as published: a computed sum is only ever a check
(`checks`). A missing value is missing, never 0.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

import pandas as pd

from analysis import project
from analysis.errors import HistoryError, NoTotalError, UnknownNameError
from analysis.files import Stamp, read_rows, stamp_of, untidy
from analysis.language import _, nearest, slug, write_list, write_period
from analysis.scorecards import entities
from analysis.scorecards.entities import SIMULATED, SYNTHETIC, Unit, is_synthetic, with_siblings
from analysis.scorecards.periods import PERIOD, check_period, is_month, month_number, period_order
from analysis.scorecards.rubric import Rubric
from analysis.scorecards.sources import Replacement, load_replacements, load_sources

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
KINDS = ("published", "derived", "entered", SYNTHETIC)
BASE = "_base"
DOSSIERS = f"on_time{BASE}"  # how many a card counts
_VALUE = re.compile(r"(0|[1-9][0-9]{0,11})(\.(?P<rest>[0-9]{1,9}))?", re.ASCII)


def unit_name(unit: str) -> str:
    """A unit of figures in the reader's language, short enough to stand behind a number."""
    return {"points": _("points"), "percent": "%", "count": _("count"), "rank": _("rank"), "days": _("days")}[unit]


def load_history(rubrics: tuple[Rubric, ...], folder: Path | None = None) -> pd.DataFrame:
    """Every figure of the project.

    Figures that a later notice replaced (`corrections.toml`) are checked, and left out.

    Returns
    -------
    One row a figure, in the order of files and lines: `COLUMNS`, then `file` and `line`. `value` and `max` are floats
    (missing is NaN), `decimals` an integer, `as_of` an ISO date or "", everything else text. Where the project has
    units (`entities`), `siblings` too (see `with_siblings`).

    Raises
    ------
    HistoryError: with every finding in every file, each with file, line and field; from `entities.load_units`.
    """
    folder = folder or project.root() / "data"
    sources = load_sources(folder)
    rows: list[dict[str, str | float]] = []
    findings: list[str] = []
    units = entities.load_units(folder)
    for path in sorted((folder / "observations").glob("*.csv")):
        for where, row, problem in read_rows(path, COLUMNS):
            if problem:
                findings.append(f"{where} {problem}")
                continue
            found = list(row_problems(row, rubrics, sources, units))
            findings += [f"{where} {row['code'] or '?'}: {text}" for text in found]
            if not found:
                rows.append({**row})
    rows = _without_replaced(rows, load_replacements(folder))
    findings += [*_repeated(rows), *_misspelt(rows, units)]
    if not rows and not findings:
        findings.append(_("there is no figure in data/observations"))
    if findings:
        raise HistoryError(
            _("{count} findings in the figures.").format(count=len(findings)),
            findings,
            _("Correct these lines, then run `scorecard check`, which lists them all."),
        )
    frame = pd.DataFrame(rows).astype({"value": float, "max": float, "decimals": int, "line": int})
    return with_siblings(frame, units) if units else frame


def _without_replaced(
    rows: list[dict[str, str | float]], replacements: tuple[Replacement, ...]
) -> list[dict[str, str | float]]:
    """The rows that no later notice replaced. Raises HistoryError for a replacement that matches no row."""
    for entry in replacements:
        of_card = [row for row in rows if (row["entity"], row["period"]) == (entry.entity, entry.period)]
        newer = {(row["code"], row["unit"]) for row in of_card if row["source"] == entry.by}
        replaced = {id(row) for row in of_card if row["source"] == entry.source and (row["code"], row["unit"]) in newer}
        if not replaced:
            raise HistoryError(
                _("A replacement matches no figures any more."),
                [f"corrections.toml: {entry.entity} {entry.period} {entry.source} → {entry.by}"],
                _("Remove it from corrections.toml."),
            )
        rows = [row for row in rows if id(row) not in replaced]
    return rows


def data_files(folder: Path) -> list[Path]:
    """Every file that the numbers of a report are made from: figures, sources, rules, levers and units."""
    tables = [folder / "corrections.toml", folder / "sources.toml"]
    optional = ("observations/*.csv", "levers.toml", "rubrics/*.toml", "units.csv")
    return sorted([*tables, *(path for pattern in optional for path in folder.glob(pattern))])


def stamp(folder: Path) -> Stamp:
    """What changes when a file of the data does."""
    return stamp_of(path for path in data_files(folder) if path.is_file())


def data_hash(folder: Path | None = None) -> str:
    """A hash of everything the numbers of a report are made from."""
    folder = folder or project.root() / "data"
    return _data_hash(folder, stamp(folder))


@lru_cache(maxsize=8)
def _data_hash(folder: Path, _stamp: Stamp) -> str:
    digest = hashlib.sha256()
    for path in data_files(folder):
        digest.update(f"{path.relative_to(folder).as_posix()}\n".encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def periods_with_total(history: pd.DataFrame, entity: str) -> list[str]:
    """The entity's periods that have a published total, earliest first; a longer one after those inside it."""
    rows = history[(history["entity"] == entity) & (history["code"] == TOTAL) & history["value"].notna()]
    return sorted(rows["period"].unique(), key=period_order)


def latest_period(history: pd.DataFrame, entity: str) -> str:
    """The latest month with a total, or the latest longer period if no month has one. Raises NoTotalError."""
    periods = periods_with_total(history, entity)
    if not periods:
        raise NoTotalError(
            _("No total of {entity} is known.").format(entity=entity), [], _("Add one to data/observations.")
        )
    months = [period for period in periods if is_month(period)]
    return (months or periods)[-1]


def card(history: pd.DataFrame, entity: str, period: str) -> pd.DataFrame:
    """The figures of one entity and period as last published, indexed by code and unit.

    Where the same period was published more than once, the card is the one with the latest `as_of`.

    Raises
    ------
    UnknownNameError: no period, or no figure for it; the nearest periods are named.
    NoTotalError: figures, but no total.
    """
    check_period(period)
    of_entity = history[history["entity"] == entity]
    rows = of_entity[of_entity["period"] == period]
    if rows.empty:
        with_total = periods_with_total(of_entity, entity)
        near = sorted(with_total, key=lambda known: abs(month_number(known) - month_number(period)))[:3]
        raise UnknownNameError(
            _("There is no figure of {entity} for {period}.").format(entity=entity, period=write_period(period)),
            sorted(near),
            _("Choose one of these periods, or add the month to data/observations."),
        )
    totals = rows[(rows["code"] == TOTAL) & rows["value"].notna()]
    if totals.empty:
        with_total = periods_with_total(of_entity, entity)
        raise NoTotalError(
            _("{entity} has figures for {period} but no total, so its loss is unknown.").format(
                entity=entity, period=write_period(period)
            ),
            [f"{row.file}:{row.line} {row.code} {row.value:g}" for row in rows.itertuples()],
            _("Periods with a total: {periods}.").format(periods=write_list(with_total) if with_total else "–"),
        )
    if len(totals) > 1 or rows["as_of"].nunique() > 1 or rows["scope"].nunique() > 1:
        last = totals.sort_values("as_of", kind="stable").iloc[-1]
        rows = rows[(rows["as_of"] == last["as_of"]) & (rows["scope"] == last["scope"])]
    return rows.set_index(["code", "unit"], drop=False).rename_axis(["", ""])


def cards(history: pd.DataFrame) -> dict[tuple[str, str], list[int]]:
    """Where the figures of every card with a total stand: entity and period → row numbers, as `card` has them.

    Entity by entity in their order, the earliest period first. Much faster than `card` for each of many.
    """
    names = ("entity", "period", "code", "value", "as_of", "scope")
    rows = list(zip(*(history[name].tolist() for name in names), strict=True))
    last: dict[tuple[str, str], tuple[str, str]] = {}
    for entity, period, code, value, as_of, scope in rows:
        if code == TOTAL and value == value and as_of >= last.get((entity, period), ("", ""))[0]:
            last[entity, period] = as_of, scope
    found: dict[tuple[str, str], list[int]] = {key: [] for key in last}
    for number, (entity, period, _code, _value, as_of, scope) in enumerate(rows):
        if last.get((entity, period)) == (as_of, scope):
            found[entity, period].append(number)
    order = {entity: place for place, entity in enumerate(dict.fromkeys(row[0] for row in rows))}
    return dict(sorted(found.items(), key=lambda item: (order[item[0][0]], period_order(item[0][1]))))


def totals(history: pd.DataFrame, entity: str) -> pd.DataFrame:
    """The entity's published totals, one row a period as in `card`, earliest first."""
    cards = [card(history, entity, period).loc[(TOTAL, "points")] for period in periods_with_total(history, entity)]
    return pd.DataFrame(cards).reset_index(drop=True)


def _misspelt(rows: list[dict[str, str | float]], units: Mapping[str, Unit]) -> Iterator[str]:
    """Entities of the figures that differ from one of `units.csv` in accents or signs only."""
    named = {slug(name): name for name in entities.names_of(units)}
    for entity, row in {str(row["entity"]): row for row in rows}.items():
        other = named.get(slug(entity), entity)
        if other != entity:
            yield _("{file}:{line} entity: “{entity}” is “{other}” in units.csv").format(
                file=row["file"], line=row["line"], entity=entity, other=other
            )


def _repeated(rows: list[dict[str, str | float]]) -> Iterator[str]:
    seen: dict[tuple[str | float, ...], dict[str, str | float]] = {}
    for row in rows:
        first = seen.setdefault(tuple(row[name] for name in KEY), row)
        if first is not row:
            yield _("{file}:{line} {code}: the same figure stands in {other}").format(
                file=row["file"], line=row["line"], code=row["code"], other=f"{first['file']}:{first['line']}"
            )
        row.update({name: row[name] or float("nan") for name in ("value", "max")})


def row_problems(
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

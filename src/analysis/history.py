"""What was published? The figures, one a row, exactly as their sources print them.

The contract of a row is in `contract`. Totals and groups are rows as published: a computed sum is only ever a check
(`reconcile`). A missing value is missing, never 0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import pandas as pd

from analysis import contract, project, tree
from analysis.contract import COLUMNS, KEY, TOTAL, is_synthetic
from analysis.errors import HistoryError, NoTotalError, UnknownNameError
from analysis.files import read_rows
from analysis.language import _, is_month, nearest, slug, write_list, write_period
from analysis.rubric import PERIOD, Rubric, months_of
from analysis.sources import Replacement, load_replacements, load_sources
from analysis.tree import Unit

Stamp = tuple[tuple[str, int, int], ...]
SIBLINGS = "siblings"


def load_history(rubrics: tuple[Rubric, ...], folder: Path | None = None) -> pd.DataFrame:
    """Every figure of the project.

    Figures that a later notice replaced (`corrections.toml`) are checked, and left out.

    Returns
    -------
    One row a figure, in the order of files and lines: `COLUMNS`, then `file` and `line`. `value` and `max` are floats
    (missing is NaN), `decimals` an integer, `as_of` an ISO date or "", everything else text. Where the project has
    units (`tree`), `siblings` too (see `with_siblings`).

    Raises
    ------
    HistoryError: with every finding in every file, each with file, line and field; from `tree.load_units`.
    """
    folder = folder or project.root() / "data"
    sources = load_sources(folder)
    rows: list[dict[str, str | float]] = []
    findings: list[str] = []
    units = tree.load_units(folder)
    for path in sorted((folder / "observations").glob("*.csv")):
        for where, row, problem in read_rows(path, COLUMNS):
            if problem:
                findings.append(f"{where} {problem}")
                continue
            found = list(contract.problems(row, rubrics, sources, units))
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


def stamp_of(files: Iterable[Path]) -> Stamp:
    """What changes when one of these files does: name, time and size of each."""
    return tuple((str(path), (status := path.stat()).st_mtime_ns, status.st_size) for path in files)


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


def find_entity(history: pd.DataFrame, name: str) -> str:
    """The entity that the user means: `hoa-binh` is `Hòa Bình`. Raises UnknownNameError with the nearest names."""
    entities = list(history["entity"].unique())
    for entity in entities:
        if slug(entity) == slug(name):
            return str(entity)
    near = nearest(name, entities)
    raise UnknownNameError(
        _("There is no figure of “{name}”.").format(name=name),
        near,
        _("Did you mean one of these?") if near else _("Look at the entities in data/observations."),
    )


def same_world(history: pd.DataFrame, entity: str) -> pd.DataFrame:
    """The rows that may be held against the entity's: real ones for a real entity, simulated ones for a simulated."""
    same = {other: is_synthetic(other) == is_synthetic(entity) for other in history["entity"].unique()}
    return history if all(same.values()) else history[history["entity"].map(same).astype(bool)]


def with_siblings(history: pd.DataFrame, units: Mapping[str, Unit]) -> pd.DataFrame:
    """The history with a column `siblings`: "" for a province, and of a unit whose kind it is and of which entity."""
    keys = {name: f"{unit.kind}, {unit.parent}" for name, unit in units.items()}
    return history.assign(**{SIBLINGS: [keys.get(name, "") for name in history["entity"]]})


def siblings(history: pd.DataFrame, entity: str) -> pd.DataFrame:
    """The rows whose totals and ranks may be held against the entity's, of the same world (`same_world`).

    Provinces for a province; for a unit those of its kind below the same entity.
    """
    rows = same_world(history, entity)
    return rows[rows[SIBLINGS] == _siblings_of(history, entity)] if SIBLINGS in rows else rows


def is_unit(history: pd.DataFrame, entity: str) -> bool:
    """Whether an entity is a unit below another one (`tree`), and no province."""
    return bool(_siblings_of(history, entity))


def periods_with_total(history: pd.DataFrame, entity: str) -> list[str]:
    """The entity's periods that have a published total, earliest first; a longer one after those inside it."""
    rows = history[(history["entity"] == entity) & (history["code"] == TOTAL) & history["value"].notna()]
    return sorted(rows["period"].unique(), key=_when)


def latest_period(history: pd.DataFrame, entity: str) -> str:
    """The latest month with a total, or the latest longer period if no month has one. Raises NoTotalError."""
    periods = periods_with_total(history, entity)
    if not periods:
        raise NoTotalError(
            _("No total of {entity} is known.").format(entity=entity), [], _("Add one to data/observations.")
        )
    months = [period for period in periods if is_month(period)]
    return (months or periods)[-1]


def check_period(period: str) -> None:
    """Raises UnknownNameError for what is no period: `4/2023`."""
    if not PERIOD.fullmatch(period):
        raise UnknownNameError(
            _("“{period}” is not a period.").format(period=period), [], _("Write YYYY-MM, YYYY-Qn or YYYY.")
        )


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
        near = sorted(with_total, key=lambda known: abs(_ordinal(known) - _ordinal(period)))[:3]
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
    return dict(sorted(found.items(), key=lambda item: (order[item[0][0]], _when(item[0][1]))))


def totals(history: pd.DataFrame, entity: str) -> pd.DataFrame:
    """The entity's published totals, one row a period as in `card`, earliest first."""
    cards = [card(history, entity, period).loc[(TOTAL, "points")] for period in periods_with_total(history, entity)]
    return pd.DataFrame(cards).reset_index(drop=True)


def _when(period: str) -> tuple[str, int]:
    """Sorts periods: by their last month, a longer one after those inside it."""
    first, last = months_of(period)
    return last, -_ordinal(first)


def _ordinal(period: str) -> int:
    """How many months a period's last month lies after the year 0."""
    year, month = months_of(period)[1].split("-")
    return 12 * int(year) + int(month)


def _siblings_of(history: pd.DataFrame, entity: str) -> str:
    keys = history.loc[history["entity"] == entity, SIBLINGS] if SIBLINGS in history else []
    return str(next(iter(keys), ""))


def _misspelt(rows: list[dict[str, str | float]], units: Mapping[str, Unit]) -> Iterator[str]:
    """Entities of the figures that differ from one of `units.csv` in accents or signs only."""
    named = {slug(name): name for name in tree.names_of(units)}
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

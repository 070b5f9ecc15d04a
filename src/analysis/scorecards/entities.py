"""Which entity belongs to which, and which are simulated?

`data/units.csv` says what stands below a province (departments, communes, the units below those), one unit a row; a
project without the file, or with its header alone, has no units.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os.path import lexists
from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from analysis import project
from analysis.errors import HistoryError, ParameterError, UnknownNameError
from analysis.files import Toml, read_rows, untidy
from analysis.language import _, nearest, slug
from analysis.scorecards.periods import months_of

FIELDS = ["entity", "parent", "kind", "source"]
DEPARTMENT, COMMUNE = "department", "commune"
KINDS = (DEPARTMENT, COMMUNE)
Row = dict[str, str]
SIMULATED = "Mô phỏng"  # how every simulated entity is called
SYNTHETIC = "synthetic"  # the kind of simulated figures
SIBLINGS = "siblings"
MEAN_OF = "Cả nước"  # how the portal calls the mean of all provinces, or of all ministries


@dataclass(frozen=True)
class Unit:
    """A unit: its name (unique in the country), the entity it belongs to, its kind, and the source that says so."""

    entity: str
    parent: str
    kind: str
    source: str


class Mergers(BaseModel):
    """Since which month (`first`) provinces are other ones than before; `into` has the parts that are known."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    first: str = ""
    source: str = ""
    unchanged: tuple[str, ...] = ()
    into: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    def became_part_of(self, entity: str) -> str:
        """The province that one is part of now; "" where it is still one, or where that is not known."""
        return next((whole for whole, parts in self.into.items() if entity in parts and entity != whole), "")

    def in_doubt(self, entity: str, period: str) -> bool:
        """Whether figures of today's province may be those of one of its parts alone, or of all of them."""
        merged = entity in self.into or (self.first and entity not in self.unchanged)
        return bool(merged) and months_of(period)[1] < self.first and not is_synthetic(entity)


def load_mergers(folder: Path | None = None) -> Mergers:
    """Which provinces were merged, from `mergers.toml`; none where a project has no such file.

    Raises HistoryError for a file that cannot be read.
    """
    path = (folder or project.root() / "data") / "mergers.toml"
    return Toml(path).read_as(Mergers) if lexists(path) else Mergers()


def load_units(folder: Path | None = None) -> dict[str, Unit]:
    """Every unit by its name, in the order of `units.csv`; `folder` is the project's `data`.

    Raises HistoryError with every finding, each with its line.
    """
    folder = folder or project.root() / "data"
    path = folder / "units.csv"
    if not lexists(path):
        return {}
    rows: list[Row] = []
    findings = []
    for where, row, problem in read_rows(path, FIELDS):
        findings += [f"{where} {problem}"] if problem else []
        rows += [] if problem else [row]
    sources = set(Toml(folder / "sources.toml").tables) if rows else set()
    for row in rows:
        findings += [f"{path.name}:{row['line']} {text}" for text in _row_problems(row, sources)]
    findings += [f"{path.name}:{row['line']} {text}" for row, text in _tree_problems(rows)]
    if findings:
        raise HistoryError(
            _("{count} findings in units.csv.").format(count=len(findings)),
            findings,
            _("Correct these lines, then run `scorecard check`, which lists them all."),
        )
    return {row["entity"]: Unit(*(row[name] for name in FIELDS)) for row in rows}


def children_of(units: Mapping[str, Unit], entities: Iterable[str], entity: str) -> list[str]:
    """The names of the units whose parent is the entity, in the order of `units.csv`; `phu-tho` is `Phú Thọ`.

    `entities` are those that have figures.

    Raises
    ------
    UnknownNameError: nothing is known of the entity, neither figures nor units; the nearest names are given.
    ParameterError: it has no units.
    """
    names = {slug(name): name for name in [*entities, *names_of(units)]}
    found = names.get(slug(entity))
    if found is None:
        near = nearest(entity, names.values())
        raise UnknownNameError(
            _("There is neither a figure nor a unit of “{name}”.").format(name=entity),
            near,
            _("Did you mean one of these?") if near else _("Look at the entities in data/observations."),
        )
    children = [unit.entity for unit in units.values() if unit.parent == found]
    if not children:
        parents = list(dict.fromkeys(unit.parent for unit in units.values()))
        raise ParameterError(
            _("{entity} has no units.").format(entity=found),
            parents,
            _("Choose one of these, which have units, or add its units to data/units.csv.")
            if parents
            else _("Add its units to data/units.csv, one a row: {columns}.").format(columns=",".join(FIELDS)),
        )
    return children


def names_of(units: Mapping[str, Unit]) -> list[str]:
    """Every name in the tree: the units, and what they belong to."""
    return list(dict.fromkeys(name for unit in units.values() for name in (unit.parent, unit.entity)))


def kind_name(kind: str) -> str:
    """A kind of unit in the reader's language."""
    return {DEPARTMENT: _("department"), COMMUNE: _("commune")}[kind]


def _row_problems(row: Row, sources: set[str]) -> Iterator[str]:
    """What is wrong with one row by itself."""
    for name in FIELDS:
        if not row[name]:
            yield _("{field} is empty").format(field=name)
    yield from untidy(row)
    if row["kind"] and row["kind"] not in KINDS:
        yield _("{field} is “{value}”, not one of {known}").format(
            field="kind", value=row["kind"], known=", ".join(KINDS)
        )
    if row["source"] and row["source"] not in sources:
        yield _("source “{value}” is not in sources.toml").format(value=row["source"])
    if row["entity"] == row["parent"] != "":
        yield _("“{entity}” is its own parent").format(entity=row["entity"])
    if row["parent"] and is_synthetic(row["entity"]) != is_synthetic(row["parent"]):
        yield _("“{entity}” and “{parent}”: both are simulated, called “{name} …”, or neither is").format(
            entity=row["entity"], parent=row["parent"], name=SIMULATED
        )


def _tree_problems(rows: list[Row]) -> Iterator[tuple[Row, str]]:
    """What is wrong with the rows together: a unit given twice, two names that look alike, a circle."""
    units: dict[str, Row] = {}
    named: dict[str, tuple[str, str]] = {}
    for row in rows:
        first = units.setdefault(row["entity"], row)
        if first is not row:
            yield row, _("“{entity}” stands in line {line} already").format(entity=row["entity"], line=first["line"])
        for name in (row["entity"], row["parent"]):
            other, line = named.setdefault(slug(name), (name, row["line"]))
            if other != name:
                yield (
                    row,
                    _("“{entity}” and “{other}” of line {line} differ in accents or signs only").format(
                        entity=name, other=other, line=line
                    ),
                )
    for row in rows:
        above, seen = row["parent"], {row["entity"]}
        while above in units and above not in seen:
            seen.add(above)
            above = units[above]["parent"]
        if above == row["entity"] != row["parent"]:
            yield row, _("“{entity}” is below itself").format(entity=row["entity"])


def is_synthetic(entity: str) -> bool:
    """Whether an entity is simulated: its name says so, and so every file, title, chart and slide of it."""
    return entity.startswith(f"{SIMULATED} ")


def is_mean(entity: str) -> bool:
    """Whether an entity is the mean of many, which nobody scored and which has no rank."""
    return entity.startswith(MEAN_OF)


def synthetic_label() -> str:
    """What must stand on everything that is made from simulated figures."""
    return _("SYNTHETIC FIGURES – NOT REAL DATA")


def spellings(entities: Sequence[str]) -> dict[str, str]:
    """How each entity may be typed, for `find_entity`; of two that are typed alike the first."""
    return {slug(entity): entity for entity in reversed(entities)}


def find_entity(spelt: Mapping[str, str], name: str) -> str:
    """The entity that the user means: `hoa-binh` is `Hòa Bình`. Raises UnknownNameError with the nearest names."""
    if slug(name) in spelt:
        return spelt[slug(name)]
    near = nearest(name, spelt.values())
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
    """The history with a column `siblings`: "" for a province, and of a unit the entity it belongs to."""
    keys = {name: unit.parent for name, unit in units.items()}
    return history.assign(**{SIBLINGS: [keys.get(name, "") for name in history["entity"]]})


def siblings(history: pd.DataFrame, entity: str, periods: Collection[str] = ()) -> pd.DataFrame:
    """The rows whose totals and ranks may be held against the entity's, of the same world (`same_world`).

    Provinces for a province; for a unit all below the same entity, departments and communes, as the portal ranks them.
    All periods, unless some are named.
    """
    wanted = history["period"].isin(periods) if periods else pd.Series(True, history.index)
    if SIBLINGS in history:
        wanted &= history[SIBLINGS] == _siblings_of(history, entity)
    rows = same_world(history[wanted], entity)
    means = [other for other in rows["entity"].unique() if is_mean(other)]
    return rows[~rows["entity"].isin(means)] if means else rows


def is_unit(history: pd.DataFrame, entity: str) -> bool:
    """Whether an entity is a unit below another one (`load_units`), and no province."""
    return bool(_siblings_of(history, entity))


def _siblings_of(history: pd.DataFrame, entity: str) -> str:
    keys = history.loc[history["entity"] == entity, SIBLINGS] if SIBLINGS in history else []
    return str(next(iter(keys), ""))

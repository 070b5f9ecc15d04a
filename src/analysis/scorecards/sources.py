"""Where do figures come from, and what in their sources is known to be wrong? sources.toml and corrections.toml."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from analysis import project
from analysis.errors import HistoryError
from analysis.files import read_toml
from analysis.language import _, finding_in_words, write_date

M = TypeVar("M", bound=BaseModel)


class Source(BaseModel):
    """Where figures come from. `sha256` is that of the document, where it is kept in data/bulletins."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    publisher: str
    title: str
    url: str = ""
    number: str = ""
    published: date | None = None
    accessed: date
    sha256: str = ""
    note: str = ""

    @property
    def in_full(self) -> str:
        """Publisher, number, title and date, as far as they are known."""
        words = ", ".join(part for part in (self.publisher, self.number, self.title) if part)
        return f"{words} ({write_date(self.published.isoformat())})" if self.published else words


class Correction(BaseModel):
    """A known disagreement inside a source.

    `expect` is what the source prints (`total`) and what its parts give (`sum`); when it no longer holds, the
    correction has outlived its reason.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    entity: str
    period: str
    check: Literal["groups_to_total", "indicators_to_group", "shares_to_100", "count_to_percent", "whole_exists"]
    action: Literal["accept"]
    reason: str
    expect: dict[Literal["sum", "total"], float] = Field(min_length=2)


class Replacement(BaseModel):
    """Figures that a later notice corrected: both stay in the store, those of `source` are not used.

    Only the figures that the notice `by` prints are corrected. `date` is the day the correction was added.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    entity: str
    period: str
    source: str
    by: str
    date: date
    reason: str


def load_sources(folder: Path | None = None) -> dict[str, Source]:
    """Source id → publisher, title, address and dates. Raises HistoryError for a file that cannot be read."""
    path = (folder or project.root() / "data") / "sources.toml"
    return {name: _entry(Source, entry, path, f"[{name}]") for name, entry in read_toml(path).items()}


def load_corrections(folder: Path | None = None) -> tuple[Correction, ...]:
    """Disagreements known in the sources. Raises HistoryError for a file that cannot be read."""
    path, entries = _corrections(folder, "correction")
    return tuple(_entry(Correction, entry, path, "[[correction]]", number) for number, entry in enumerate(entries))


def load_replacements(folder: Path | None = None) -> tuple[Replacement, ...]:
    """Cards that a later notice corrected. Raises HistoryError for a file that cannot be read."""
    path, entries = _corrections(folder, "replacement")
    return tuple(_entry(Replacement, entry, path, "[[replacement]]", number) for number, entry in enumerate(entries))


def _corrections(folder: Path | None, kind: str) -> tuple[Path, list[object]]:
    path = (folder or project.root() / "data") / "corrections.toml"
    tables = read_toml(path)
    if set(tables) - {"correction", "replacement"} or not all(isinstance(item, list) for item in tables.values()):
        raise HistoryError(
            _("{file} does not keep its contract.").format(file=path.name),
            [f"{path.name}: {', '.join(tables)}"],
            _("Each entry is a table that begins with [[correction]] or [[replacement]]."),
        )
    return path, tables.get(kind, [])


def _entry(model: type[M], entry: object, path: Path, header: str, number: int = 0) -> M:
    """One table of a file, typed. Raises HistoryError naming file, line and field."""
    try:
        return model.model_validate(entry)
    except ValidationError as error:
        lines = path.read_text(encoding="utf-8").splitlines()
        at = [place for place, line in enumerate(lines, start=1) if line.strip() == header]
        where = f"{path.name}:{at[number]} {header}" if number < len(at) else f"{path.name} {header}"
        rows = [f"{where} {'.'.join(map(str, item['loc']))}: {finding_in_words(item)}" for item in error.errors()]
        raise HistoryError(
            _("{file} does not keep its contract.").format(file=path.name), rows, _("Correct it, then run again.")
        ) from error

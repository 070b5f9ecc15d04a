"""Where do figures come from, and what in their sources is known to be wrong? sources.toml and corrections.toml."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from analysis import project
from analysis.files import Toml
from analysis.language import _, write_date
from analysis.scorecards.rubric import Names


class Source(BaseModel):
    """Where figures come from. `sha256` is that of the document, where it is kept in data/bulletins.

    A `notice` is of its time. A `capture` is what the portal showed on the day `captured`, which scores every period,
    however old, by the rules of that day.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["notice", "capture"] = "notice"
    captured: date | None = None
    publisher: str
    title: str
    url: str = ""
    number: str = ""
    published: date | None = None
    accessed: date
    sha256: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _day_of_a_capture(self) -> Source:
        if (self.kind == "capture") != (self.captured is not None):
            raise ValueError(_("a capture has a day (captured), and nothing else has"))
        if self.captured is not None and self.captured > date.today():
            raise ValueError(_("captured is after today"))
        return self

    @property
    def day(self) -> str:
        """The day of a capture, as an ISO date; "" for a notice."""
        return "" if self.captured is None else self.captured.isoformat()

    @property
    def link(self) -> str:
        """The address, where a browser may be sent there: of the web, with a host; else "", and it is only text."""
        is_link = self.url.isprintable() and re.fullmatch(r"https?://[^\s/?#\\@]+([/?#]\S*)?", self.url, re.IGNORECASE)
        return self.url if is_link else ""

    @property
    def in_full(self) -> str:
        """Publisher, number, title and date, as far as they are known; an address that is no link is text too."""
        address = "" if self.link else self.url
        words = ", ".join(part for part in (self.publisher, self.number, self.title, address) if part)
        day = self.published or self.captured
        return f"{words} ({write_date(day.isoformat())})" if day else words


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


class Note(BaseModel):
    """What a reader of the figures of a source must know: that they were read otherwise once, or a doubt about one.

    `date` is the day of the note. The figures stay as the source prints them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    entity: str
    period: str
    source: str
    date: date
    what: Names


def load_sources(folder: Path | None = None) -> dict[str, Source]:
    """Source id → publisher, title, address and dates. Raises HistoryError for a file that cannot be read."""
    file = Toml((folder or project.root() / "data") / "sources.toml")
    return {name: file.read_as(Source, name) for name in file.tables}


def load_corrections(folder: Path | None = None) -> tuple[Correction, ...]:
    """Disagreements known in the sources. Raises HistoryError for a file that cannot be read."""
    return _corrections(folder).correction


def load_replacements(folder: Path | None = None) -> tuple[Replacement, ...]:
    """Cards that a later notice corrected. Raises HistoryError for a file that cannot be read."""
    return _corrections(folder).replacement


def load_notes(folder: Path | None = None) -> tuple[Note, ...]:
    """What must be known of figures. Raises HistoryError for a file that cannot be read."""
    return _corrections(folder).note


class _Corrections(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    note: tuple[Note, ...] = ()
    correction: tuple[Correction, ...] = ()
    replacement: tuple[Replacement, ...] = ()


def _corrections(folder: Path | None) -> _Corrections:
    return Toml((folder or project.root() / "data") / "corrections.toml").read_as(_Corrections)

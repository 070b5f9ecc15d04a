"""What is known of the rules that no parameter of a rubric can hold, and which targets are no rule's?"""

from __future__ import annotations

from datetime import date
from os.path import lexists
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from analysis import project
from analysis.errors import RubricError
from analysis.files import Toml
from analysis.scorecards.rubric import Names, Rubric, Status


class Finding(BaseModel):
    """One fact: what it says (`words`), of which indicators (`codes`), in which regime and days, and how that is known.

    `kind` is `rule` (how the portal scored), `programme` (a target of the State, which a rule may or may not use) or
    `own` (a province's target for itself, which no rule uses). `first` and `last` are the days that it was seen or set
    for, both INCLUDED.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    rubric: str
    kind: Literal["rule", "programme", "own"]
    codes: tuple[str, ...] = Field(min_length=1)
    first: date | None = None
    last: date
    status: Status
    sources: tuple[str, ...] = Field(min_length=1)
    words: Names


class _Findings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    finding: tuple[Finding, ...]


def load_findings(rubric: Rubric) -> tuple[Finding, ...]:
    """What data/findings.toml says of one regime; nothing without such a file.

    Raises RubricError for a bad one, with file, line and field.
    """
    path = project.root() / "data" / "findings.toml"
    if not lexists(path):
        return ()
    file = Toml(path, RubricError)
    entries = file.read_as(_Findings).finding
    strangers = [
        file.row(code, "finding", number, "codes")
        for number, entry in enumerate(entries)
        if entry.rubric == rubric.id
        for code in entry.codes
        if code not in rubric.named
    ]
    if strangers:
        raise file.broken(strangers)
    return tuple(entry for entry in entries if entry.rubric == rubric.id)

"""Which family of rules do independent documents agree on, and which does no published figure exclude?

The family of a rubric file has every alternative that some document gives (`documented`). Inside it lies what several
documents, written apart, agree on (`supported`); around it, any target that nobody wrote down (`opened`). A number
holds in a tier, and says in which.
"""

from __future__ import annotations

from collections.abc import Iterable
from os.path import lexists
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from analysis import project
from analysis.errors import RubricError
from analysis.files import Toml
from analysis.scorecards.rubric import Indicator, Parameter, Rubric, Rule, Target

SUPPORTED, DOCUMENTED, OPEN = TIERS = ("supported", "documented", "open")
LEAST_TARGET = 30.0  # percent; the lowest target that any document gives to any indicator


class Support(BaseModel):
    """The one reading of a parameter that independent documents give (`sources`), and what they say (`note`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    rubric: str
    code: str
    parameter: Literal["max", "target"]
    value: Target | Literal[0]
    sources: tuple[str, ...] = Field(min_length=1)
    note: str


class OpenTarget(Indicator):
    """An indicator that has full marks from a rate that nobody wrote down, `least` to `most`; no file declares one."""

    least: float = LEAST_TARGET
    most: float = 100.0

    def rules(self, maximum: float) -> tuple[Rule, ...]:
        """One rule for each thing that may happen where there is nothing to count."""
        if maximum == 0:
            return super().rules(maximum)
        zeros = dict.fromkeys(self.zero_denominator.alternatives)
        return tuple(Rule(maximum, self.most, zero, self.least) for zero in zeros)


class _Supports(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    reading: tuple[Support, ...]


def load_support(rubric: Rubric) -> tuple[Support, ...]:
    """The readings of data/support.toml of one rubric; none without such a file. Raises RubricError for a bad one.

    A simulated project has none: its rules are drawn, and no document speaks of them.
    """
    path = project.root() / "data" / "support.toml"
    entries = Toml(path, RubricError).read_as(_Supports).reading if lexists(path) else ()
    return tuple(entry for entry in entries if entry.rubric == rubric.id and entry.code in rubric.indicators)


def supported(rubric: Rubric, readings: Iterable[Support]) -> Rubric:
    """The members of a family that have every reading; parameters without one keep their alternatives."""
    changed: dict[str, Indicator] = {}
    for entry in readings:
        old = changed.get(entry.code, rubric.indicators[entry.code])
        known = getattr(old, entry.parameter)
        value: Parameter[float] = Parameter(status=known.status, source=entry.sources[0], value=float(entry.value))
        changed[entry.code] = old.model_copy(update={entry.parameter: value})
    return rubric.with_indicators(changed)


def is_open(rubric: Rubric) -> bool:
    """Whether documents disagree on a target, so that it may be one that nobody wrote down."""
    return any(len(one.target.alternatives) > 1 for one in rubric.indicators.values())


def opened(rubric: Rubric) -> Rubric:
    """The family in which every target that documents disagree on may be any from 30 % up; "none" is 100 %."""
    return rubric.with_indicators(
        {
            code: OpenTarget.model_construct(**dict(one))
            for code, one in rubric.indicators.items()
            if len(one.target.alternatives) > 1
        }
    )


def with_targets(rubric: Rubric, code: str, least: float, most: float) -> Rubric:
    """The same family where one indicator has full marks from some rate between two, in percent, both INCLUDED."""
    fields = {**dict(rubric.indicators[code]), "least": least, "most": most}
    return rubric.with_indicators({code: OpenTarget.model_construct(**fields)})


def with_target(rubric: Rubric, code: str, target: float) -> Rubric:
    """The same family where one indicator has full marks from a rate in percent on."""
    old = rubric.indicators[code]
    value: Parameter[float] = Parameter(status=old.target.status, source=old.target.source, value=target)
    return rubric.with_indicators({code: Indicator.model_construct(**{**dict(old), "target": value})})

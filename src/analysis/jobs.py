"""What is asked of whoever makes reports, and what became of it? Imports little, as workers start before all else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Literal

from analysis.errors import AnalysisError
from analysis.language import write_period

START_SECONDS, CELL_SECONDS, RUN_SECONDS = 60, 300, 900


@dataclass(frozen=True)
class Limits:
    """How long a run may take, in seconds: for the kernel to start, for one cell, for everything."""

    start: float = START_SECONDS
    cell: float = CELL_SECONDS
    run: float = RUN_SECONDS


USUAL = Limits()


@dataclass(frozen=True)
class Job:
    """One report of a batch.

    `promised` is what an earlier report weighed, as from `promises.last_promised`, and `made_from` what the published
    report was made from, as from `result.made_from`: empty where it shall be made in any case.
    """

    entity: str
    month: str
    language: str
    allow_synthetic: bool = False
    promised: Mapping[str, object] | None = None
    made_from: str = ""

    @property
    def name(self) -> str:
        return f"{self.entity}, {write_period(self.month)}"


@dataclass(frozen=True)
class Outcome:
    """What became of a job: `made`, `kept` (the published report is of the same inputs) or `failed`, and why.

    `files` are those of the report, or what a failed run left, where whoever made it could not publish it. `unrecorded`
    is a failure that no record in the reports folder tells yet.
    """

    job: Job
    state: Literal["made", "kept", "failed"]
    seconds: float
    exit_code: int = 0
    what: str = ""
    rows: tuple[str, ...] = ()
    next_step: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    unrecorded: bool = False


def failure(job: Job, error: Exception, started: float) -> Outcome:
    """The outcome of a job that failed, as its user is told it."""
    told = error if isinstance(error, AnalysisError) else AnalysisError(f"{type(error).__name__}: {error}")
    return Outcome(job, "failed", monotonic() - started, told.exit_code, told.what, told.rows, told.next_step)

"""What does a run leave behind? A result that proves that it finished, and a record; where it failed, why.

The last cell of the notebook writes the result, the runner everything else.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from analysis import project
from analysis.errors import AnalysisError
from analysis.figures import Figures
from analysis.identification.identify import Identified
from analysis.language import language
from analysis.scorecards.history import Stamp, data_hash, stamp_of
from analysis.scorecards.periods import PERIOD
from analysis.tables import weakest_kind
from analysis.workbook import FILE as WORKBOOK

PAGE, EXECUTED, FIGURES, RESULT, RECORD = "index.html", "report.ipynb", "figures.csv", "result.json", "run.json"
PDF = "report.pdf"
FAILED = "failed.json"
NOTEBOOK = "monthly_report.ipynb"
LONGEST_ROW = 300  # characters of one row of a message

Period = Annotated[str, Field(pattern=f"^{PERIOD.pattern}$")]
Language = Annotated[str, Field(pattern="^(vi|en)$")]


class Result(BaseModel):
    """What a run leaves behind to prove that it finished: written by the last cell, checked by the runner.

    `kind` is that of the weakest published figure; `change`, in points, is missing where the report has none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    run_id: str
    entity: str
    period: Period
    language: Language
    title: str
    total: float
    total_max: float
    rank: int | None
    ranked: int | None
    change: float | None = None
    kind: str = Field(pattern="^(published|derived|entered|synthetic)$")
    rubric: str
    data_hash: str
    figures: int


class Failure(BaseModel):
    """What a run that failed leaves behind: which report, when, and the error as the user was told it.

    `period` is empty where the latest was meant and the figures could not be read to find it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    run_id: str
    entity: str
    period: str = Field(pattern=f"^({PERIOD.pattern})?$")
    language: Language
    ended: AwareDatetime
    exit_code: int
    what: str
    rows: tuple[str, ...]
    next_step: str


def save_result(figures: Figures, identified: Identified, title: str, run_id: str) -> None:
    """Write `figures.csv` and `result.json` into the working folder of a run; without a run id, do nothing.

    Raises OSError when they cannot be written.
    """
    if not run_id:
        return
    frame = figures.frame(identified.entity, identified.period)
    frame.to_csv(FIGURES, index=False, encoding="utf-8", lineterminator="\n")
    rank = figures.get("rank")
    result = Result(
        run_id=run_id,
        entity=identified.entity,
        period=identified.period,
        language=language(),
        title=title,
        total=figures["total"].value or 0.0,
        total_max=identified.rubric.points,
        rank=int(rank.value) if rank and rank.value else None,
        ranked=int(figures["ranked"].value or 0) if "ranked" in figures else None,
        change=figures["change"].value if "change" in figures else None,
        kind=weakest_kind(figures),
        rubric=identified.rubric.id,
        data_hash=data_hash(),
        figures=len(frame),
    )
    _write(Path(RESULT), result.model_dump())


def save_record(work: Path, parameters: Mapping[str, Any], result: Result, started: datetime) -> None:
    """`run.json`: what was run, on what, when, and the hash of each file it made. Raises OSError."""
    record = {
        **result.model_dump(),
        "parameters": parameters,
        "made_from": made_from(parameters, result.data_hash),
        "version": project.version(),
        "commit": project.commit(),
        "python": platform.python_version(),
        "system": platform.system(),
        "started": started.isoformat(timespec="seconds"),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (work / name for name in (PAGE, EXECUTED, FIGURES, WORKBOOK, PDF))
            if path.is_file()
        },
    }
    _write(work / RECORD, record)


def made_from(parameters: Mapping[str, Any], data: str) -> str:
    """A hash of everything that a report is made from.

    That is its parameters, `data` (see `history.data_hash`), the notices kept, the notebook and this package.
    """
    root = project.root()
    given = [*(root / "data" / "bulletins").rglob("*"), root / "notebooks" / NOTEBOOK]
    files = _hash_of(stamp_of(path for path in sorted(given) if path.is_file()))
    said = json.dumps(parameters, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(f"{said}\n{data}\n{files}\n{code_hash()}".encode()).hexdigest()


def code_hash() -> str:
    """A hash of this package: every file of it that is not compiled from another."""
    package = Path(__file__).parent
    return _hash_of(stamp_of(path for path in sorted(package.rglob("*")) if path.is_file() and path.suffix != ".pyc"))


@lru_cache(maxsize=8)
def _hash_of(files: Stamp) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(Path(name).read_bytes()).digest() for name, *_s in files)).hexdigest()


def save_failure(work: Path, entity: str, period: str, error: Exception) -> None:
    """`failed.json`: which report failed, when, and what the user was told. Raises OSError, ValidationError."""
    told = error if isinstance(error, AnalysisError) else AnalysisError(f"{type(error).__name__}: {error}")
    failure = Failure(
        run_id=work.name,
        entity=entity,
        period=period,
        language=language(),
        ended=datetime.now(UTC).replace(microsecond=0),
        exit_code=told.exit_code,
        what=told.what[:LONGEST_ROW],
        rows=tuple(row[:LONGEST_ROW] for row in told.shown_rows),
        next_step=told.next_step,
    )
    _write(work / FAILED, failure.model_dump(mode="json"))


def _write(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")

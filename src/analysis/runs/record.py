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
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from analysis import project
from analysis.errors import AnalysisError
from analysis.files import Stamp, read_plain, stamp_of
from analysis.language import language
from analysis.report.result import EXECUTED, FIGURES, PAGE, RECORD, Language, Result, in_language, write_json
from analysis.report.workbook import FILE as WORKBOOK
from analysis.scorecards.periods import PERIOD

PDF = "report.pdf"
CHANGES = "changes.txt"  # it tells of what was published before too, so no record holds its hash
FAILED = "failed.json"
NOTEBOOK = "monthly_report.ipynb"
MADE = (PAGE, EXECUTED, FIGURES, WORKBOOK, PDF)
LONGEST_ROW = 300  # characters of one row of a message


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


def save_record(work: Path, parameters: Mapping[str, Any], result: Result, started: datetime) -> None:
    """`run.json`: what was run, on what, when, and the hash of each file it made, by its name. Raises OSError."""
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
            for path in (work / in_language(name, result.language) for name in MADE)
            if path.is_file()
        },
    }
    write_json(work / in_language(RECORD, result.language), record)


def made_from(parameters: Mapping[str, Any], data: str) -> str:
    """A hash of everything that a report is made from.

    That is its parameters, `data` (see `history.data_hash`), the notices kept, the notebook and this package.
    """
    root = project.root()
    given = [*(root / "data" / "bulletins").rglob("*"), root / "notebooks" / NOTEBOOK]
    files = _hash_of(stamp_of(path for path in sorted(given) if path.is_file()))
    said = json.dumps(parameters, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(f"{said}\n{data}\n{files}\n{code_hash()}".encode()).hexdigest()


def read_record(folder: Path, spoken: str) -> dict[str, Any]:
    """The record of a report in a language; {} where it is none that can be read."""
    try:
        record = json.loads(read_plain(folder / in_language(RECORD, spoken)))
    except (OSError, ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def altered(folder: Path, record: Mapping[str, Any]) -> dict[str, bool]:
    """The files that are not as the record says, and of each whether it is there. Raises TypeError, AttributeError."""
    paths = {name: (folder / Path(name).name, known) for name, known in record.get("files", {}).items()}
    return {
        name: path.is_file()
        for name, (path, known) in paths.items()
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != known
    }


def published_from(folder: Path, spoken: str) -> tuple[dict[str, Any], str, set[str]]:
    """Parameters, `made_from` and files of a published report; ({}, "", {}) where a file is not as its record says."""
    try:
        record = read_record(folder, spoken)
        if not altered(folder, record):
            return dict(record["parameters"]), str(record["made_from"]), set(record["files"])
    except (OSError, ValueError, LookupError, AttributeError, TypeError):
        pass
    return {}, "", set()


def code_hash() -> str:
    """A hash of this package: every file of it that is not compiled from another."""
    package = Path(__file__).parents[1]
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
    write_json(work / FAILED, failure.model_dump(mode="json"))

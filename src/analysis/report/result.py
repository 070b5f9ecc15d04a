"""What proves that a run finished? Its figures and its result, written by the last cell of the notebook."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from analysis.decisions.levers import Lever
from analysis.identification.identify import Identified
from analysis.language import LANGUAGES, language
from analysis.report.figures import Figures, write_figures
from analysis.report.wording import weakest_kind
from analysis.report.workbook import FILE as WORKBOOK
from analysis.report.workbook import save_workbook
from analysis.scorecards.history import data_hash
from analysis.scorecards.periods import PERIOD
from analysis.scorecards.sources import Source

PAGE, EXECUTED, FIGURES, RESULT, RECORD = "index.html", "report.ipynb", "figures.csv", "result.json", "run.json"
Period = Annotated[str, Field(pattern=f"^{PERIOD.pattern}$")]
Language = Annotated[str, Field(pattern="^(vi|en)$")]


def in_language(name: str, spoken: str) -> str:
    """A file of a report in a language: `index.html` is Vietnamese, `index.en.html` English."""
    stem, dot, suffix = name.partition(".")
    return name if spoken == LANGUAGES[0] else f"{stem}.{spoken}{dot}{suffix}"


class GroupScore(BaseModel):
    """What a group has of its points, as printed; its score is missing where it is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    code: str
    name: str
    score: float | None
    max: float = Field(gt=0)
    decimals: int = 2


class Result(BaseModel):
    """What a run leaves behind to prove that it finished: written by the last cell, checked by the runner.

    `kind` is that of the weakest published figure; `change`, in points, is missing where the report has none; `groups`
    are in the order of the rubric, and missing in a record from before they were kept.
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
    groups: tuple[GroupScore, ...] = ()


def save(
    figures: Figures,
    identified: Identified,
    by_group: pd.DataFrame,
    levers: Mapping[str, float],
    acts: Mapping[str, Lever],
    by_tier: pd.DataFrame,
    by_target: pd.DataFrame,
    sources: Mapping[str, Source],
    title: str,
    run_id: str,
) -> None:
    """Write `figures.csv`, `workbook.xlsx` and, last, `result.json` into the current folder; nothing without a run id.

    Raises OSError when they cannot be written.
    """
    if not run_id:
        return
    frame = figures.frame(identified.entity, identified.period)
    save_workbook(Path(WORKBOOK), figures, identified, by_group, levers, acts, by_tier, by_target, sources)
    write_figures(frame, Path(FIGURES))
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
        groups=_groups(by_group, identified),
    )
    write_json(Path(RESULT), result.model_dump())


def _groups(by_group: pd.DataFrame, identified: Identified) -> tuple[GroupScore, ...]:
    rows = {row.code: row for row in by_group.itertuples()}
    return tuple(
        GroupScore(
            code=code,
            name=row.name,
            score=None if math.isnan(row.score) else float(row.score),
            max=float(row.max),
            decimals=int(row.decimals),
        )
        for code in (group.code for group in identified.rubric.groups)
        if (row := rows.get(code)) is not None
    )


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")

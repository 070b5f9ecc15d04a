"""What does a run leave behind to prove that it finished? Written by the last cell, checked by the runner."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from analysis.figures import Figures
from analysis.history import data_hash
from analysis.identify import Identified
from analysis.vietnamese import language


class Result(BaseModel):
    """What a run leaves behind to prove that it finished: written by the last cell, checked by the runner."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    run_id: str
    entity: str
    period: str
    language: str
    title: str
    total: float
    total_max: float
    rank: int | None
    ranked: int | None
    kind: str
    rubric: str
    data_hash: str
    figures: int


def save_result(figures: Figures, identified: Identified, title: str, run_id: str) -> None:
    """Write `figures.csv` and `result.json` into the working folder of a run; without a run id, do nothing.

    Raises OSError when they cannot be written.
    """
    if not run_id:
        return
    frame = figures.frame(identified.entity, identified.period)
    frame.to_csv("figures.csv", index=False, encoding="utf-8", lineterminator="\n")
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
        kind=figures["total"].kind,
        rubric=identified.rubric.id,
        data_hash=data_hash(),
        figures=len(frame),
    )
    text = json.dumps(result.model_dump(), ensure_ascii=False, indent=1)
    Path("result.json").write_text(text + "\n", encoding="utf-8")

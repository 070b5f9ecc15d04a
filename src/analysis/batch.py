"""How are many reports made, each as if it were the only one?

Reports go to workers (`pool`, or a Dask cluster: `cluster`), one entity's in the order of its months. What a worker
could not publish is published here; one that fails touches no other.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from pathlib import Path
from time import monotonic

from analysis import project
from analysis.commands import Answer
from analysis.errors import ROWS_SHOWN, AnalysisError
from analysis.jobs import Job, Outcome, failure
from analysis.language import _, language, slug
from analysis.listing import published
from analysis.pool import Submit
from analysis.promises import last_promised
from analysis.rendering import load_renderer
from analysis.report import leave_failure, publish_files, write_index
from analysis.result import RECORD


def run_batch(
    chains: Sequence[Sequence[tuple[str, str]]],
    submit: Submit,
    heard: Callable[[Outcome], None],
    allow_synthetic: bool = False,
    resume: bool = False,
) -> list[Outcome]:
    """Make the reports of every chain, and renew the list of reports.

    Parameters
    ----------
    chains : from `jobs.chains`.
    submit : has a report made somewhere; from `pool.local_workers` or `cluster.dask_workers`.
    heard : told of each report as it is done.
    resume : keep what is published for the same figures, rules, parameters, notebook and package.

    Returns
    -------
    One outcome a report, in the order in which they were done. An interrupt ends the batch; what is published stays.
    """
    outcomes: list[Outcome] = []
    waiting: dict[Future[Outcome], tuple[Job, deque[tuple[str, str]]]] = {}

    def begin(chain: deque[tuple[str, str]]) -> None:
        job = _job(*chain.popleft(), allow_synthetic, resume)
        waiting[submit(job)] = job, chain

    try:
        for chain in chains:
            begin(deque(chain))
        load_renderer()  # for the list of reports at the end
        while waiting:
            for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                job, left = waiting.pop(done)
                outcomes.append(_received(_outcome_of(done, job)))
                heard(outcomes[-1])
                if left:
                    begin(left)
    finally:
        for future in waiting:
            future.cancel()
        write_index()
    return outcomes


def _outcome_of(done: Future[Outcome], job: Job) -> Outcome:
    """What a future holds; one that was lost with its machine, more often than is tried, is a failure of its job."""
    try:
        return done.result()
    except Exception as error:
        return replace(failure(job, error, monotonic()), unrecorded=True)


def summary(outcomes: Sequence[Outcome]) -> Answer:
    """How many were made, kept and failed, and of each failure what happened."""
    of_state = {state: [item for item in outcomes if item.state == state] for state in ("made", "kept", "failed")}
    failed = sorted(of_state["failed"], key=lambda item: (item.job.entity, item.job.month))
    words = _("{made} made, {kept} unchanged, {failed} failed.").format(
        **{state: len(items) for state, items in of_state.items()}
    )
    return Answer(
        data={
            **{state: len(items) for state, items in of_state.items()},
            "reports": [
                {
                    "entity": item.job.entity,
                    "period": item.job.month,
                    "state": item.state,
                    "seconds": round(item.seconds, 2),
                    "exit_code": item.exit_code,
                    "what": item.what,
                    "rows": list(item.rows),
                    "next_step": item.next_step,
                }
                for item in outcomes
            ],
        },
        text="\n".join([words, *(_failure_words(item) for item in failed)]),
        failures=[f"{item.job.name}: {item.what}" for item in failed],
    )


def _failure_words(outcome: Outcome) -> str:
    rows = "".join(f"\n    - {row}" for row in outcome.rows[:ROWS_SHOWN])
    return f"  {outcome.job.name} ({outcome.exit_code}): {outcome.what}{rows}\n    {outcome.next_step}".rstrip()


def _job(entity: str, month: str, allow_synthetic: bool, resume: bool) -> Job:
    """A job as things stand now: what the last report promised, and what the published one was made from."""
    reports = project.root() / "reports"
    promised = last_promised(published(reports, slug(entity)), entity, month)
    return Job(
        entity=entity,
        month=month,
        language=language(),
        allow_synthetic=allow_synthetic,
        promised=promised.model_dump() if promised else None,
        made_from=_made_from(reports / slug(entity) / month) if resume else "",
    )


def _made_from(folder: Path) -> str:
    """What a published report was made from, or "" where it is not whole: each of its files as its record says."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        whole = all(
            hashlib.sha256((folder / name).read_bytes()).hexdigest() == known for name, known in record["files"].items()
        )
        return str(record["made_from"]) if whole else ""
    except (OSError, ValueError, LookupError, AttributeError):
        return ""


def _received(outcome: Outcome) -> Outcome:
    """Publish what came with an outcome, or leave the record of its failure; its files are then let go."""
    job, started = outcome.job, monotonic()
    if outcome.state == "made" and outcome.files:
        try:
            publish_files(job.entity, job.month, outcome.files)
        except AnalysisError as error:
            outcome = failure(job, error, started)
    if outcome.unrecorded:
        told = AnalysisError(outcome.what, outcome.rows, outcome.next_step)
        told.exit_code = outcome.exit_code
        leave_failure(job.entity, job.month, told, outcome.files)
    return replace(outcome, files={}, unrecorded=False)

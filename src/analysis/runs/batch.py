"""How are many reports made, each as if it were the only one?

Reports go to workers (`workers`, or a Dask cluster: `cluster`), one entity's in the order of its months. What a worker
could not publish is published here; one that fails touches no other.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic

import click

from analysis import project
from analysis.errors import ROWS_SHOWN, AnalysisError, ClusterError, ParameterError, SyntheticError, UnknownNameError
from analysis.files import read_plain
from analysis.identification import regime
from analysis.language import _, language, slug, write_number
from analysis.report.section import Section, Words
from analysis.runs.page import load_renderer
from analysis.runs.publish import leave_failure, publish_files, write_index
from analysis.runs.record import published_from
from analysis.runs.reports import last_promised, published
from analysis.runs.workers import Job, Outcome, Submit, failure
from analysis.scorecards.entities import children_of, is_mean, is_synthetic
from analysis.scorecards.history import periods_with_total
from analysis.scorecards.periods import check_period, is_month, months_of

ALL = "all"


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
    chains : from `chains`.
    submit : has a report made somewhere; from `workers.local_workers` or `cluster.dask_workers`.
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
    lost: Exception
    try:
        return done.result()
    except CancelledError:
        lost = ClusterError(
            _("The Dask scheduler was lost before this report was made."),
            [],
            _("Start it and its workers again, then run the same with --resume."),
        )
    except Exception as error:
        lost = error
    return replace(failure(job, lost, monotonic()), unrecorded=True)


def summary(outcomes: Sequence[Outcome]) -> Section:
    """How many were made, kept and failed, and of each failure what happened."""
    of_state = {state: [item for item in outcomes if item.state == state] for state in ("made", "kept", "failed")}
    failed = sorted(of_state["failed"], key=lambda item: (item.job.entity, item.job.month))
    words = _("{made} made, {kept} unchanged, {failed} failed.").format(
        **{state: len(items) for state, items in of_state.items()}
    )
    return Section(
        words,
        [Words([words, *(_failure_words(item) for item in failed)])],
        facts={
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
        made_from=published_from(reports / slug(entity) / month, language())[1] if resume else "",
    )


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


def chains(
    wanted: Sequence[str], months: str, allow_synthetic: bool = False, parent: str = ""
) -> list[list[tuple[str, str]]]:
    """Entity and period of each report: a list an entity, earliest first, for a report says what became of the last.

    Parameters
    ----------
    wanted : entities; `("all",)` for all that have no parent, or with `parent` for all of its units.
    months : one period, or `FROM..TO`, both INCLUDED: then every month between.

    An entity named by the user whose totals are not known for these months has one report, of the last month, which
    will fail and say so; of `all`, those without a total there are passed over.

    Raises
    ------
    UnknownNameError: no such entity, or no period.
    SyntheticError: one of them is simulated, and that is not allowed.
    ParameterError: nothing to report on, or no units.
    """
    first, last = _ends(months)
    known = regime.load_project()
    everything = list(wanted) == [ALL]
    if everything:
        among = {one for one in set(known.entities) - set(known.units) if not is_mean(one)}
        if parent:
            among = set(children_of(known.units, known.entities, parent))
        entities = [
            one for one in known.entities if one in among and (parent or allow_synthetic or not is_synthetic(one))
        ]
    else:
        entities = list(dict.fromkeys(known.meant(one, last)[0] for one in wanted))
    if simulated := [one for one in entities if is_synthetic(one) and not allow_synthetic]:
        raise SyntheticError(
            _("{count} of these entities are simulated: their figures are not real.").format(count=len(simulated)),
            simulated,
            _("For reports that say so on every page, picture and sheet: --allow-synthetic."),
        )
    found = []
    for entity in entities:
        periods = [item for item in periods_with_total(known.own(entity), entity) if _between(item, first, last)]
        if periods or not everything:
            found.append([(entity, period) for period in periods or [last]])
    if not found:
        raise ParameterError(
            _("No total is known for {months}, so there is nothing to report on.").format(months=months),
            [],
            _("Write --months FROM..TO with months that data/observations has, or one period: 2023-04, 2026."),
        )
    return found


def names_in(file: Path) -> list[str]:
    """The entities that a file names, one a line; empty lines and those that begin with # are passed over.

    Raises ParameterError: it cannot be read, or names nobody.
    """
    try:
        lines = [line.strip() for line in read_plain(file).decode("utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        next_step = _("Give a text file (UTF-8), or `all`.")
        raise ParameterError(_("{file} cannot be read.").format(file=file), [why], next_step) from error
    names = [line for line in lines if line and not line.startswith("#")]
    if not names:
        raise ParameterError(_("{file} names nobody.").format(file=file), [], _("Write one name a line."))
    return names


def _ends(months: str) -> tuple[str, str]:
    first, dots, last = months.partition("..")
    last = last if dots else first
    for period in (first, last):
        check_period(period)
    if dots and not (is_month(first) and is_month(last) and first <= last):
        raise UnknownNameError(
            _("“{months}” does not go from a month to a later one.").format(months=months),
            [],
            _("Write FROM..TO as YYYY-MM..YYYY-MM, or one period: 2023-04, 2023-Q1, 2026."),
        )
    return first, last


def _between(period: str, first: str, last: str) -> bool:
    if first == last:
        return period == first
    return is_month(period) and months_of(first)[0] <= period <= months_of(last)[1]


@contextmanager
def progress(many: int) -> Iterator[Callable[[Outcome], None]]:
    """Whom to tell of each of so many reports as it is done; says so on standard error."""
    started, done, failed = monotonic(), 0, 0
    terminal = sys.stderr is not None and sys.stderr.isatty()

    def heard(outcome: Outcome) -> None:
        nonlocal done, failed
        done, failed = done + 1, failed + (outcome.state == "failed")
        words = {"made": _("made"), "kept": _("unchanged"), "failed": _("FAILED: {why}").format(why=outcome.what)}
        line = f"[{done}/{many}] {outcome.job.name}: {words[outcome.state]}"
        if not terminal:
            click.echo(f"{line} ({write_number(outcome.seconds, 1)} s)", err=True)
            return
        rate = (monotonic() - started) / done
        left = _("{seconds} s a report, {left} left").format(
            seconds=write_number(rate, 1), left=_duration(rate * (many - done))
        )
        click.echo("\r\x1b[K" + (f"{line}\n" if outcome.state == "failed" else ""), nl=False, err=True)
        click.echo(f"{done}/{many} · {_('{count} failed').format(count=failed)} · {left}", nl=False, err=True)

    try:
        yield heard
    finally:
        if terminal and done:
            click.echo(err=True)


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return _("{count} min").format(count=minutes) if minutes else _("{count} s").format(count=round(seconds))

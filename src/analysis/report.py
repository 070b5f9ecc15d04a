"""How does a notebook become a report? It is run (`running`), rendered (`rendering`), and its folder is published.

papermill lets misspelt parameters pass and overwrites a good report with a cut one. Here a run works in its own folder;
it succeeded only if every cell ran and the last one left a result of this very run; publishing is a rename; a failed
run changes nothing that was published, and is listed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_serializer

from analysis import project
from analysis.errors import (
    AnalysisError,
    BrowserError,
    ContradictionError,
    HistoryError,
    IncompleteRunError,
    ParameterError,
    RubricError,
    SyntheticError,
)
from analysis.files import WORK, only_one, publish, recover, replace_file, sweep, writing
from analysis.forked import prepare_environment
from analysis.jobs import USUAL, Limits
from analysis.language import _, finding_in_words, nearest, slug, use_language
from analysis.listing import failed, index_of_reports, published
from analysis.pdf import print_pdf
from analysis.project import DEFAULT_ENTITY
from analysis.promises import Promised, last_promised
from analysis.rendering import page_of
from analysis.result import EXECUTED, FIGURES, PAGE, PDF, RESULT, Result, save_failure, save_record
from analysis.running import execute, kept, one_cell, save_notebook
from analysis.scorecards.entities import SYNTHETIC, is_synthetic, synthetic_label
from analysis.scorecards.history import card

UNREAD = "unread"  # the runs whose report is not known, because the figures or the rules cannot be read


class Parameters(BaseModel):
    """The parameters of a report, strict: no unknown name, no silent change of type.

    `promised` is what an earlier report weighed and aimed at (see `promises`); in a notebook and on file `{}` for none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
    entity: str = Field(default=DEFAULT_ENTITY, min_length=1, max_length=80)
    month: str = Field(pattern=r"^[12][0-9]{3}(-(0[1-9]|1[0-2]|Q[1-4]))?$")
    language: Literal["vi", "en"] = "vi"
    levers: dict[str, float] = Field(min_length=1)
    target_score: float | None = Field(default=None, gt=0, le=100)
    promised: Promised | None = None

    @field_serializer("promised")
    def _as_table(self, promised: Promised | None) -> dict[str, Any]:
        return promised.model_dump() if promised else {}


def check_parameters(values: dict[str, Any]) -> Parameters:
    """Typed parameters. Raises ParameterError naming each misspelt or badly typed one and the nearest known name."""
    try:
        return Parameters.model_validate(values)
    except ValidationError as error:
        rows = []
        for finding in error.errors():
            name = ".".join(str(part) for part in finding["loc"])
            if finding["type"] == "extra_forbidden":
                near = ", ".join(nearest(name, Parameters.model_fields)) or ", ".join(Parameters.model_fields)
                rows.append(_("{name}: unknown parameter; did you mean {near}?").format(name=name, near=near))
            else:
                rows.append(f"{name} = {finding['input']!r}: {finding_in_words(finding)}")
        raise ParameterError(
            _("The parameters of the report are wrong."), rows, _("Correct them, then run again.")
        ) from error


def prepare(values: dict[str, Any], allow_synthetic: bool = False, listed: bool = True) -> Parameters:
    """Typed parameters for figures that exist: entity and month resolved, levers and target possible.

    What an earlier report promised is looked up among the published ones, unless it is given.

    Raises SyntheticError for simulated figures, unless they are allowed; and any AnalysisError that the notebook would
    meet, before a kernel is started: each keeps its own exit code.
    Figures or rules that cannot be used leave a failed run, for they failed the monthly job; a wrong request does not.
    The list of reports names it, unless a batch will renew the list (not `listed`).
    """
    prepare_environment()
    from analysis.decisions.levers import USUAL_LEVERS, check_levers, check_target, usual_levers
    from analysis.identification.regime import load_project as load

    given = {name: value for name, value in values.items() if value not in ("", None, {})}
    check_parameters({"month": "2000-01", "levers": USUAL_LEVERS, **given})
    try:
        known = load()
        entity, month = known.meant(given.get("entity", DEFAULT_ENTITY), given.get("month", ""))
        identified = known.identified(entity, month)
        _every_check = known.checks  # the notebook makes them too, and an outlived correction stops it
    except (HistoryError, RubricError, ContradictionError) as error:
        _leave_refusal(given, error, listed)
        raise
    if not allow_synthetic:
        _refuse_synthetic(entity, card(known.own(entity), entity, month))
    promised = last_promised(published(_reports(), slug(entity)), entity, month)
    found = {"entity": entity, "month": month}
    parameters = check_parameters({"levers": usual_levers(identified), "promised": promised, **given, **found})
    check_levers(identified, parameters.levers)
    check_target(identified, parameters.target_score)
    return parameters


def _refuse_synthetic(entity: str, figures: pd.DataFrame) -> None:
    made = figures[figures["kind"] == SYNTHETIC]
    if is_synthetic(entity) or len(made):
        raise SyntheticError(
            _("{entity} is simulated: these figures are not real.").format(entity=entity),
            [f"{row.file}:{row.line} {row.code} {row.value:g}" for row in made.itertuples()],
            _("For a report that says so on every page, picture and sheet: scorecard report --allow-synthetic."),
        )


def render(parameters: Parameters, limits: Limits = USUAL, pdf: bool = False, listed: bool = True) -> Path:
    """Run the notebook, render its page and publish both; the path of the published page.

    Publishes `reports/<entity>/<month>/` with `index.html`, `report.ipynb`, `figures.csv`, `workbook.xlsx`, `run.json`
    and, where wanted, `report.pdf`; then renews `reports/index.html`, unless a batch will (not `listed`).

    Raises
    ------
    ParameterError, NotebookError, KernelDiedError, IncompleteRunError, RunTimeoutError, WriteError, BusyError.
    After any of them the last good report is as it was, a notebook that broke is kept in `reports/.work`, and the list
    of reports names the failed run; not a busy one, nor one that was interrupted: who stopped it knows.
    BrowserError: the report is published without its PDF.
    """
    use_language(parameters.language)
    started = datetime.now(UTC)
    unprinted = None
    with _publishing(parameters.entity, parameters.month, listed) as work:
        executed = execute(parameters.model_dump(), work, limits)
        result = _result(work, parameters)
        (work / PAGE).write_text(page_of(executed, result.title, _label(result)), encoding="utf-8", newline="\n")
        save_notebook(executed, work / EXECUTED)
        (work / RESULT).unlink()
        unprinted = _unprinted(work) if pdf else None
        save_record(work, parameters.model_dump(), result, started)
    if listed:
        with writing(_("The report itself is published; only the list of reports is old.")):
            write_index()
    if unprinted:
        raise unprinted
    return _final(parameters.entity, parameters.month) / PAGE


def publish_files(entity: str, month: str, files: Mapping[str, bytes]) -> None:
    """Publish a report that was made elsewhere. Raises WriteError, BusyError; the last one is then unchanged.

    After a WriteError the failed run is kept in `reports/.work`, for a list of reports to name.
    """
    with _publishing(entity, month, listed=False) as work:
        for name, content in files.items():
            (work / name).write_bytes(content)


@contextmanager
def _publishing(entity: str, month: str, listed: bool) -> Iterator[Path]:
    """A working folder that takes the place of the last report when all inside has gone well. Raises as `render`."""
    reports, final = _reports(), _final(entity, month)
    if not final.resolve().is_relative_to(reports.resolve()):
        raise ParameterError(_("The report would be written outside the reports folder."), [str(final)])
    name = f"{final.parent.name}-{final.name}"
    with writing(_("The last report is unchanged.")), only_one(reports, name):
        recover(final)
        work = _working_folder(reports, name)
        with _failing(work, entity, month, listed), writing(_("The last report is unchanged.")):
            yield work
            publish(work, final)
        for succeeded in (name, UNREAD):
            sweep(reports, succeeded)


def _final(entity: str, month: str) -> Path:
    """Where a report is published."""
    return _reports() / slug(entity) / month


def _unprinted(work: Path) -> BrowserError | None:
    """Print the page of a run as PDF, or say why not: a report without its PDF is a report."""
    try:
        print_pdf(work / PAGE, work / PDF)
    except BrowserError as error:
        return error
    return None


def _result(work: Path, parameters: Parameters) -> Result:
    """The result that the last cell left, checked: of this run, of these parameters, with its figures."""
    try:
        result = Result.model_validate_json((work / RESULT).read_bytes())
    except (FileNotFoundError, ValidationError) as error:
        raise IncompleteRunError(
            _("The notebook ran to its end but left no valid result."),
            [str(error).splitlines()[0]],
            kept(work / EXECUTED),
        ) from error
    same = result.run_id == work.name and result.entity == parameters.entity and result.period == parameters.month
    if not same or not (work / FIGURES).is_file() or result.figures == 0:
        raise IncompleteRunError(
            _("The result is not that of this run."),
            [f"{result.run_id}: {result.entity} {result.period}"],
            kept(work / EXECUTED),
        )
    return result


def _label(result: Result) -> str:
    return synthetic_label() if result.kind == SYNTHETIC else ""


def write_index(wait: float = 60) -> None:
    """`reports/index.html`: the published reports, newest first, and the failed runs. Raises BusyError, OSError."""
    reports = _reports()
    with only_one(reports, "index", wait):
        words = index_of_reports(published(reports), failed(reports), reports)
        replace_file(reports / PAGE, page_of(one_cell(str(words)), _("Reports")))


@contextmanager
def _failing(work: Path, entity: str, period: str, listed: bool) -> Iterator[None]:
    """Have what fails inside leave a record and be listed. Its own error is the one raised, whatever happens to that.

    A record that a full disk does not take is given up; and nobody waits long to renew the list.
    """
    try:
        yield
    except Exception as error:
        with suppress(Exception):
            save_failure(work, entity, period, error)
            if listed:
                write_index(wait=5)
        raise


def leave_failure(entity: str, period: str, error: Exception, files: Mapping[str, bytes] | None = None) -> None:
    """List a report that was not made here: with what its run left elsewhere, if anything. Never raises."""
    with suppress(Exception):
        work = _working_folder(_reports(), f"{slug(entity)}-{period}")
        for name, content in (files or {}).items():
            (work / name).write_bytes(content)
        save_failure(work, entity, period, error)


def _leave_refusal(given: dict[str, Any], error: AnalysisError, listed: bool) -> None:
    """List a report that cannot even be begun, by the entity and the month that are meant if they can be told."""
    from analysis.identification.regime import load_project as load

    entity, period, name = given.get("entity", DEFAULT_ENTITY), given.get("month", ""), UNREAD
    with suppress(AnalysisError):
        entity, period = load().meant(entity, period)
        name = f"{slug(entity)}-{period}"
    with suppress(Exception), _failing(_working_folder(_reports(), name), entity, period, listed):
        raise error


def _working_folder(reports: Path, name: str) -> Path:
    work = reports / WORK / f"{name}-{uuid.uuid4().hex[:12]}"
    work.mkdir(parents=True)
    return work


def _reports() -> Path:
    return project.root() / "reports"

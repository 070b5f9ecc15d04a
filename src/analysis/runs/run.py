"""How does a notebook become a report, and what if it fails or its kernel dies?

It is run, rendered (`page`), and its folder is published (`publish`).
papermill lets misspelt parameters pass and overwrites a good report with a cut one. Here a run works in its own folder;
it succeeded only if every cell ran and the last one left a result of this very run; publishing is a rename; a failed
run changes nothing that was published, and is listed.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from math import ceil
from pathlib import Path
from time import monotonic
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
    KernelDiedError,
    NotebookError,
    ParameterError,
    RubricError,
    RunTimeoutError,
    SyntheticError,
)
from analysis.files import only_one, read_plain, writing
from analysis.language import LANGUAGES, _, finding_in_words, nearest, slug, use_language
from analysis.project import DEFAULT_ENTITY
from analysis.report.result import EXECUTED, FIGURES, PAGE, RESULT, Result, in_language
from analysis.runs.forked import prepare_environment, warm
from analysis.runs.page import load_renderer, page_of, print_pdf
from analysis.runs.publish import (
    FAILURE_SECONDS,
    UNREAD,
    failing,
    name_in_language,
    publishing,
    working_folder,
    write_index,
)
from analysis.runs.record import NOTEBOOK, PDF, made_from, published_from, save_record
from analysis.runs.reports import Promised, last_promised, published, published_folder, reports_folder
from analysis.runs.workers import USUAL, Limits
from analysis.scorecards.entities import SYNTHETIC, is_synthetic, synthetic_label
from analysis.scorecards.history import card, data_hash

OUTPUT_SECONDS = 60  # that the output of a cell may come behind its end: much of it, or a busy machine
INJECTED = "injected-parameters"  # papermill's tag
UNSHOWN = "Unexpected exception formatting exception"  # IPython's, of a traceback that it cannot write (Jinja's)


class Parameters(BaseModel):
    """The parameters of a report, strict: no unknown name, no silent change of type.

    `promised` is what an earlier report weighed and aimed at (`reports.last_promised`); in a notebook and on file
    `{}` for none.
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
    there = published(reports_folder(), slug(entity), given.get("language", LANGUAGES[0]))
    promised = last_promised(there, entity, month)
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
    and, where wanted, `report.pdf`, in English `index.en.html` and so on; then renews `reports/index.html`, unless a
    batch will (not `listed`). The report in another language stays beside it as it is.

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
    with publishing(parameters.entity, parameters.month, listed) as work:
        executed = execute(parameters.model_dump(), work, limits)
        result = _result(work, parameters)
        (work / PAGE).write_text(page_of(executed, result.title, _label(result)), encoding="utf-8", newline="\n")
        save_notebook(executed, work / EXECUTED)
        (work / RESULT).unlink()
        unprinted = _unprinted(work) if pdf else None
        name_in_language(work, result.language)
        save_record(work, parameters.model_dump(), result, started)
    if listed:
        with writing(_("The report itself is published; only the list of reports is old.")):
            write_index()
    if unprinted:
        raise unprinted
    return published_folder(parameters.entity, parameters.month) / in_language(PAGE, parameters.language)


def stands(parameters: Parameters, asked: bool = False, pdf: bool = False) -> bool:
    """Whether the published report was made from the figures, rules, notebook and package of now, and is whole.

    What it weighed counts as it is, unless improvements or a target are `asked` for; with its PDF where one is.
    """
    folder = published_folder(parameters.entity, parameters.month)
    weighed, made, files = published_from(folder, parameters.language)
    given = parameters.model_dump()
    if not asked:
        given |= {name: weighed[name] for name in ("levers", "target_score") if name in weighed}
    printed = not pdf or in_language(PDF, parameters.language) in files
    return bool(made) and printed and made == made_from(given, data_hash())


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
    own = (work.name, parameters.entity, parameters.month, parameters.language)
    same = (result.run_id, result.entity, result.period, result.language) == own
    if not same or not (work / FIGURES).is_file() or result.figures == 0:
        raise IncompleteRunError(
            _("The result is not that of this run."),
            [f"{result.run_id}: {result.entity} {result.period}"],
            kept(work / EXECUTED),
        )
    return result


def _label(result: Result) -> str:
    return synthetic_label() if result.kind == SYNTHETIC else ""


def _leave_refusal(given: dict[str, Any], error: AnalysisError, listed: bool) -> None:
    """List a report that cannot even be begun, by the entity and the month that are meant if they can be told."""
    from analysis.identification.regime import load_project as load

    entity, period, name = given.get("entity", DEFAULT_ENTITY), given.get("month", ""), UNREAD
    with suppress(AnalysisError):
        entity, period = load().meant(entity, period)
        name = f"{slug(entity)}-{period}"
    reports = reports_folder()
    with (
        suppress(Exception),
        only_one(reports, name, FAILURE_SECONDS),  # held, lest it is swept
        failing(working_folder(reports, name), entity, period, listed),
    ):
        raise error


def load_engine() -> None:
    """Import now what runs and renders notebooks, while another process reads the figures."""
    prepare_environment()
    load_renderer()
    import papermill  # noqa: F401


def execute(parameters: Mapping[str, Any], work: Path, limits: Limits) -> Any:
    """Run the notebook in a working folder; the executed notebook, every cell of which ran.

    Raises
    ------
    ParameterError: the notebook does not know a parameter.
    NotebookError, KernelDiedError, IncompleteRunError, RunTimeoutError: it did not run to its end.
    OSError: the disk is full.
    """
    prepare_environment()
    warm()  # before papermill goes into the working folder, where the server would then stay
    import nbformat
    import papermill
    from nbclient.exceptions import CellTimeoutError
    from papermill.exceptions import PapermillExecutionError

    source = project.root() / "notebooks" / NOTEBOOK
    try:
        nbformat.reads(read_plain(source).decode("utf-8"), as_version=4)
    except (OSError, ValueError, RecursionError, nbformat.ValidationError) as error:
        words = _("brackets within brackets") if isinstance(error, RecursionError) else str(error).splitlines()[0]
        raise NotebookError(
            _("The notebook {file} cannot be read.").format(file=relative(source)),
            [words],
            _("Take it again from where you cloned the project."),
        ) from error
    known = set(papermill.inspect_notebook(_plain_path(source)))
    values = {**parameters, "run_id": work.name}
    if strangers := set(values) - known:
        raise ParameterError(
            _("The notebook does not know these parameters: {names}.").format(names=", ".join(sorted(strangers))),
            [],
            _("Add them to its cell tagged “parameters”."),
        )
    output = work / EXECUTED
    deadline = monotonic() + limits.run

    def too_long() -> RunTimeoutError:
        return RunTimeoutError(
            _("The report took longer than it may ({seconds} s a cell, {all} s in all).").format(
                seconds=f"{limits.cell:g}", all=f"{limits.run:g}"
            ),
            [],
            kept(output),
        )

    def seconds_left(_cell: Any) -> float:
        left = deadline - monotonic()
        if left <= 0:
            raise too_long()
        return min(limits.cell, left)

    try:
        executed = papermill.execute_notebook(
            _plain_path(source),
            _plain_path(output),
            parameters=values,
            cwd=str(work),
            progress_bar=False,
            start_timeout=ceil(limits.start),
            iopub_timeout=OUTPUT_SECONDS,
            timeout_func=seconds_left,
            shutdown_kernel="immediate",
            kernel_manager_class="analysis.runs.kernel.ReportKernelManager",
            engine_name=_engine(),
            request_save_on_cell_execute=False,
            kept_at=output,
        )
    except PapermillExecutionError as error:
        if str(error.evalue).startswith(f"[Errno {errno.ENOSPC}]"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise NotebookError(
            _("Cell [{number}] of the notebook failed: {name}.").format(number=error.exec_count, name=error.ename),
            [str(error.source).strip().partition("\n")[0], *filter(str.strip, str(error.evalue).splitlines())],
            _("The broken notebook is kept in {path}.").format(path=relative(output)),
        ) from error
    except CellTimeoutError as error:
        raise too_long() from error
    except RuntimeError as error:  # nbclient's DeadKernelError, and what it raises when a kernel does not start
        raise KernelDiedError(
            _("The kernel of the report died: killed, or out of memory."), [], kept(output)
        ) from error
    _check_that_all_ran(executed, output)
    return executed


@lru_cache
def _engine() -> str:
    """papermill's own engine, but cells count as in JupyterLab, and a notebook that breaks is written once."""
    import nbformat
    from papermill.engines import NBClientEngine, papermill_engines

    class Keeping(NBClientEngine):
        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, kept_at: Path, **settings: Any) -> None:
            _merge_parameters(nb_man.nb)
            try:
                super().execute_managed_notebook(nb_man, kernel_name, **settings)
            except Exception:
                nbformat.write(nb_man.nb, kept_at)
                raise

    papermill_engines.register("scorecard", Keeping)
    return "scorecard"


def _merge_parameters(notebook: Any) -> None:
    """Put what papermill injected into the cell of the defaults, so that a cell has the number it has in JupyterLab."""
    for place, cell in enumerate(notebook.cells):
        if INJECTED in cell.metadata.get("tags", []) and place:
            notebook.cells[place - 1].source += f"\n\n{cell.source}"
            del notebook.cells[place]
            return


def save_notebook(executed: Any, path: Path) -> None:
    """The executed notebook without run times and random ids, so that the same inputs give the same file."""
    import nbformat

    executed.metadata.pop("papermill", None)
    for number, cell in enumerate(executed.cells):
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        cell.id = f"cell-{number:02d}"
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = "\n".join(line for line in cell.source.splitlines() if not line.startswith("run_id = "))
    nbformat.write(executed, path)


def kept(path: Path) -> str:
    """What to do next about a notebook that broke: where it is kept."""
    if not path.exists():
        return _("Run again; if it happens once more, open the notebook in JupyterLab and run it there.")
    return _("The broken notebook is kept in {path}.").format(path=relative(path))


def relative(path: Path) -> str:
    """A path as people read it, from the top of the project."""
    return path.relative_to(project.root()).as_posix()


def _check_that_all_ran(executed: Any, output: Path) -> None:
    """A kernel that ended itself (`sys.exit`) papermill takes for success; the counts of the cells do not.

    What a cell made and IPython could neither show nor say why (`UNSHOWN`) is in no reply either.
    """
    cells = [cell for cell in executed.cells if cell.cell_type == "code" and cell.source.strip()]
    skipped = [cell for cell in cells if cell.execution_count is None]
    errors = [output for cell in cells for output in cell.outputs if output.output_type == "error"]
    unshown = [cell for cell in cells if any(UNSHOWN in item.get("text", "") for item in cell.outputs)]
    if unshown:
        raise NotebookError(
            _("What cell [{number}] of the notebook made could not be shown.").format(
                number=unshown[0].execution_count
            ),
            [
                unshown[0].source.splitlines()[0],
                *[
                    item.text.partition("\n\nDuring handling")[0].strip().splitlines()[-1]
                    for item in unshown[0].outputs
                    if item.get("name") == "stderr"
                ],
            ],
            kept(output),
        )
    if not cells or skipped or errors:
        raise IncompleteRunError(
            _("The notebook ended early: {count} cells did not run.").format(count=len(skipped) + len(errors)),
            [cell.source.splitlines()[0] for cell in skipped] + [f"{item.ename}: {item.evalue}" for item in errors],
            kept(output),
        )


def _plain_path(path: Path) -> str:
    """papermill fills in braces in a path; doubled, they stay braces."""
    return str(path).replace("{", "{{").replace("}", "}}")

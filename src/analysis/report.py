"""How does a notebook become a report? papermill runs it, nbconvert renders it, and a finished folder is published.

papermill alone reports success for a killed kernel, a time-out and `sys.exit(0)`, lets misspelt parameters pass and
overwrites a good report with a cut one. Here a run works in its own folder; it succeeded only if every cell ran and the
last one left a result of this very run; publishing is a rename; a failed run changes nothing that was published.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import platform
import sys
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from time import monotonic
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from analysis import project
from analysis.errors import (
    IncompleteRunError,
    KernelDiedError,
    NotebookError,
    ParameterError,
    RunTimeoutError,
)
from analysis.publish import only_one, publish, recover, replace_file, sweep, writing
from analysis.rendering import page_of
from analysis.result import Result
from analysis.vietnamese import _, finding_in_words, nearest, slug, use_language

DEFAULT_ENTITY = "Hòa Bình"
NOTEBOOK = "monthly_report.ipynb"
PAGE, EXECUTED, FIGURES, RESULT, RECORD = "index.html", "report.ipynb", "figures.csv", "result.json", "run.json"
START_SECONDS, CELL_SECONDS, RUN_SECONDS = 60, 300, 900


class Parameters(BaseModel):
    """The parameters of a report, strict: no unknown name, no silent change of type."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
    entity: str = Field(default=DEFAULT_ENTITY, min_length=1, max_length=80)
    month: str = Field(pattern=r"^[12][0-9]{3}(-(0[1-9]|1[0-2]|Q[1-4]))?$")
    language: Literal["vi", "en"] = "vi"
    levers: dict[str, float] = Field(min_length=1)
    target_score: float | None = Field(default=None, gt=0, le=100)


@dataclass(frozen=True)
class Limits:
    """How long a run may take, in seconds: for the kernel to start, for one cell, for everything."""

    start: float = START_SECONDS
    cell: float = CELL_SECONDS
    run: float = RUN_SECONDS


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


def prepare(values: dict[str, Any]) -> Parameters:
    """Typed parameters for figures that exist: entity and month resolved, levers and target possible.

    Raises any AnalysisError that the notebook would meet, before a kernel is started: each keeps its own exit code.
    """
    _prepare_environment()
    from analysis.answers import open_month
    from analysis.whatif import USUAL_LEVERS, check_levers, check_target, usual_levers

    given = {name: value for name, value in values.items() if value not in ("", None, {})}
    check_parameters({"month": "2000-01", "levers": USUAL_LEVERS, **given})
    identified = open_month(given.get("month", ""), given.get("entity", DEFAULT_ENTITY)).identified
    found = {"entity": identified.entity, "month": identified.period}
    parameters = check_parameters({"levers": usual_levers(identified), **given, **found})
    check_levers(identified, parameters.levers)
    check_target(identified, parameters.target_score)
    return parameters


def render(parameters: Parameters, limits: Limits = Limits()) -> Path:
    """Run the notebook, render its page and publish both; the path of the published page.

    Publishes `reports/<entity>/<month>/` with `index.html`, `report.ipynb`, `figures.csv` and `run.json`, then renews
    `reports/index.html`.

    Raises
    ------
    ParameterError, NotebookError, KernelDiedError, IncompleteRunError, RunTimeoutError, WriteError, BusyError.
    After any of them the last good report is as it was, and a notebook that broke is kept in `reports/.work`.
    """
    use_language(parameters.language)
    reports = project.root() / "reports"
    final = reports / slug(parameters.entity) / parameters.month
    if not final.resolve().is_relative_to(reports.resolve()):
        raise ParameterError(_("The report would be written outside the reports folder."), [str(final)])
    started = datetime.now(UTC)
    name = f"{final.parent.name}-{final.name}"
    with writing(_("The last report is unchanged.")), only_one(reports, name):
        recover(final)
        work = reports / ".work" / f"{name}-{uuid.uuid4().hex[:12]}"
        work.mkdir(parents=True)
        executed = _execute(parameters, work, limits)
        result = _result(work, parameters)
        (work / PAGE).write_text(page_of(executed, result.title), encoding="utf-8", newline="\n")
        _save_notebook(executed, work / EXECUTED)
        (work / RESULT).unlink()
        _record(work, parameters, result, started)
        publish(work, final)
        sweep(reports, name)
    with writing(_("The report itself is published; only the list of reports is old.")):
        _write_index(reports)
    return final / PAGE


def _execute(parameters: Parameters, work: Path, limits: Limits) -> Any:
    """Run the notebook in its folder; the executed notebook, every cell of which ran."""
    _prepare_environment()
    import nbformat
    import papermill
    from nbclient.exceptions import CellTimeoutError
    from papermill.exceptions import PapermillExecutionError

    source = project.root() / "notebooks" / NOTEBOOK
    try:
        nbformat.read(source, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise NotebookError(
            _("The notebook {file} cannot be read.").format(file=_relative(source)),
            [str(error).splitlines()[0]],
            _("Take it again from where you cloned the project."),
        ) from error
    known = set(papermill.inspect_notebook(_plain_path(source)))
    values = {**parameters.model_dump(), "run_id": work.name}
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
            _kept(output),
        )

    def seconds_left(_cell: Any) -> float:
        left = deadline - monotonic()
        if left <= 0:
            raise too_long()
        return min(limits.cell, left)

    try:
        papermill.execute_notebook(
            _plain_path(source),
            _plain_path(output),
            parameters=values,
            cwd=str(work),
            progress_bar=False,
            start_timeout=ceil(limits.start),
            timeout_func=seconds_left,
            shutdown_kernel="immediate",
            kernel_manager_class="analysis.kernel.ReportKernelManager",
        )
    except PapermillExecutionError as error:
        if str(error.evalue).startswith(f"[Errno {errno.ENOSPC}]"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise NotebookError(
            _("Cell {number} of the report failed: {name}.").format(number=error.exec_count, name=error.ename),
            [line for line in str(error.evalue).splitlines() if line.strip()],
            _("The broken notebook is kept in {path}.").format(path=_relative(output)),
        ) from error
    except CellTimeoutError as error:
        raise too_long() from error
    except RuntimeError as error:  # nbclient's DeadKernelError, and what it raises when a kernel does not start
        raise KernelDiedError(
            _("The kernel of the report died: killed, or out of memory."), [], _kept(output)
        ) from error
    executed = nbformat.read(output, as_version=4)
    _check_that_all_ran(executed, output)
    return executed


def _check_that_all_ran(executed: Any, output: Path) -> None:
    """papermill reports a killed kernel or `sys.exit(0)` as success; the counts of the cells do not."""
    cells = [cell for cell in executed.cells if cell.cell_type == "code" and cell.source.strip()]
    skipped = [cell for cell in cells if cell.execution_count is None]
    errors = [output for cell in cells for output in cell.outputs if output.output_type == "error"]
    if not cells or skipped or errors:
        raise IncompleteRunError(
            _("The notebook ended early: {count} cells did not run.").format(count=len(skipped) + len(errors)),
            [cell.source.splitlines()[0] for cell in skipped] + [f"{item.ename}: {item.evalue}" for item in errors],
            _kept(output),
        )


def _result(work: Path, parameters: Parameters) -> Result:
    """The result that the last cell left, checked: of this run, of these parameters, with its figures."""
    try:
        result = Result.model_validate_json((work / RESULT).read_bytes())
    except (FileNotFoundError, ValidationError) as error:
        raise IncompleteRunError(
            _("The notebook ran to its end but left no valid result."),
            [str(error).splitlines()[0]],
            _kept(work / EXECUTED),
        ) from error
    same = result.run_id == work.name and result.entity == parameters.entity and result.period == parameters.month
    if not same or not (work / FIGURES).is_file() or result.figures == 0:
        raise IncompleteRunError(
            _("The result is not that of this run."),
            [f"{result.run_id}: {result.entity} {result.period}"],
            _kept(work / EXECUTED),
        )
    return result


def _write_index(reports: Path) -> None:
    """`reports/index.html`: the published reports, newest first."""
    from nbformat import v4

    from analysis.tables import index_of_reports

    with only_one(reports, "index", wait=60):
        folders = [path for path in sorted(reports.glob("[!.]*/*")) if (path / RECORD).is_file()]
        records = [_listed(path, reports) for path in folders if path.suffix != ".prev"]
        shown = v4.new_output("display_data", {"text/html": str(index_of_reports(records))})
        page = page_of(v4.new_notebook(cells=[v4.new_code_cell(outputs=[shown])]), _("Reports"))
        replace_file(reports / PAGE, page)


def _listed(folder: Path, reports: Path) -> dict[str, Any]:
    """What the list says of a report; only where it is, when its record is damaged."""
    href = f"{folder.relative_to(reports).as_posix()}/"
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        Result.model_validate({name: record[name] for name in Result.model_fields})
    except (OSError, ValueError, KeyError, TypeError):
        return {"href": href}
    return {**record, "href": href}


def _save_notebook(executed: Any, path: Path) -> None:
    """The executed notebook without run times and random ids, so that the same inputs give the same file."""
    import nbformat

    executed.metadata.pop("papermill", None)
    for number, cell in enumerate(executed.cells):
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        cell.id = f"cell-{number:02d}"
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.source = "\n".join(line for line in cell.source.splitlines() if not line.startswith("run_id = "))
    nbformat.write(executed, path)


def _record(work: Path, parameters: Parameters, result: Result, started: datetime) -> None:
    """`run.json`: what was run, on what, when, and the hash of each file it made."""
    record = {
        **result.model_dump(),
        "parameters": parameters.model_dump(),
        "version": project.version(),
        "commit": project.commit(),
        "python": platform.python_version(),
        "system": platform.system(),
        "started": started.isoformat(timespec="seconds"),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": {name: hashlib.sha256((work / name).read_bytes()).hexdigest() for name in (PAGE, EXECUTED, FIGURES)},
    }
    text = json.dumps(record, ensure_ascii=False, indent=1)
    (work / RECORD).write_text(text + "\n", encoding="utf-8", newline="\n")


def _prepare_environment() -> None:
    """What the kernel inherits and our own imports need.

    Fixed hashes and one time zone make two runs alike. One BLAS thread and leaving out `rfc3987_syntax` (which builds
    35 parsers for a check of addresses that no notebook needs) save time.
    """
    os.environ.update(PYTHONHASHSEED="0", OPENBLAS_NUM_THREADS="1", PYTHONUTF8="1", TZ="Asia/Ho_Chi_Minh")
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def _plain_path(path: Path) -> str:
    """papermill fills in braces in a path; doubled, they stay braces."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _kept(path: Path) -> str:
    if not path.exists():
        return _("Run again; if it happens once more, open the notebook in JupyterLab and run it there.")
    return _("The broken notebook is kept in {path}.").format(path=_relative(path))


def _relative(path: Path) -> str:
    return path.relative_to(project.root()).as_posix()

"""How is a notebook run, and did all of it run?

papermill alone reports success for a killed kernel, a time-out and `sys.exit(0)`. Here every cell must have run.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from functools import lru_cache
from math import ceil
from pathlib import Path
from time import monotonic
from typing import Any

from analysis import project
from analysis.errors import IncompleteRunError, KernelDiedError, NotebookError, ParameterError, RunTimeoutError
from analysis.forked import prepare_environment, warm
from analysis.jobs import Limits
from analysis.language import _
from analysis.rendering import load_renderer
from analysis.result import EXECUTED, NOTEBOOK


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
        nbformat.read(source, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise NotebookError(
            _("The notebook {file} cannot be read.").format(file=relative(source)),
            [str(error).splitlines()[0]],
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
            timeout_func=seconds_left,
            shutdown_kernel="immediate",
            kernel_manager_class="analysis.kernel.ReportKernelManager",
            engine_name=_engine(),
            request_save_on_cell_execute=False,
            kept_at=output,
        )
    except PapermillExecutionError as error:
        if str(error.evalue).startswith(f"[Errno {errno.ENOSPC}]"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise NotebookError(
            _("Cell {number} of the report failed: {name}.").format(number=error.exec_count, name=error.ename),
            [line for line in str(error.evalue).splitlines() if line.strip()],
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
    """papermill's own engine, but a notebook that stops half way is written once, not every one after each cell."""
    import nbformat
    from papermill.engines import NBClientEngine, papermill_engines

    class Keeping(NBClientEngine):
        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, kept_at: Path, **settings: Any) -> None:
            try:
                super().execute_managed_notebook(nb_man, kernel_name, **settings)
            except Exception:
                nbformat.write(nb_man.nb, kept_at)
                raise

    papermill_engines.register("scorecard", Keeping)
    return "scorecard"


def save_notebook(executed: Any, path: Path) -> None:
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


def one_cell(html: str) -> Any:
    """A notebook of one cell that shows this."""
    from nbformat import v4

    shown = v4.new_output("display_data", {"text/html": html})
    return v4.new_notebook(cells=[v4.new_code_cell(outputs=[shown])])


def kept(path: Path) -> str:
    """What to do next about a notebook that broke: where it is kept."""
    if not path.exists():
        return _("Run again; if it happens once more, open the notebook in JupyterLab and run it there.")
    return _("The broken notebook is kept in {path}.").format(path=relative(path))


def relative(path: Path) -> str:
    """A path as people read it, from the top of the project."""
    return path.relative_to(project.root()).as_posix()


def _check_that_all_ran(executed: Any, output: Path) -> None:
    """papermill reports a killed kernel or `sys.exit(0)` as success; the counts of the cells do not."""
    cells = [cell for cell in executed.cells if cell.cell_type == "code" and cell.source.strip()]
    skipped = [cell for cell in cells if cell.execution_count is None]
    errors = [output for cell in cells for output in cell.outputs if output.output_type == "error"]
    if not cells or skipped or errors:
        raise IncompleteRunError(
            _("The notebook ended early: {count} cells did not run.").format(count=len(skipped) + len(errors)),
            [cell.source.splitlines()[0] for cell in skipped] + [f"{item.ename}: {item.evalue}" for item in errors],
            kept(output),
        )


def _plain_path(path: Path) -> str:
    """papermill fills in braces in a path; doubled, they stay braces."""
    return str(path).replace("{", "{{").replace("}", "}}")

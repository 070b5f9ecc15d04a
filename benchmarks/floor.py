"""What would a batch cost without a notebook? The cells of the report in one process, one report after another.

    python benchmarks/floor.py MONTH ENTITY...

Run by `reports.py` inside a copy of a project. No papermill, no kernel, no messages, no isolation between reports: each
report runs the same cells in a namespace of its own, and the same template makes its page.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import CodeType
from typing import Any

from analysis.language import slug
from analysis.report.result import PAGE, RESULT, Result
from analysis.runs.forked import prepare_environment
from analysis.runs.page import page_of
from analysis.runs.record import NOTEBOOK
from analysis.scorecards.entities import SYNTHETIC, synthetic_label

prepare_environment()
import nbformat  # noqa: E402
from nbformat import v4  # noqa: E402

Cell = tuple[CodeType, CodeType | None]


def cells_of(notebook: Path) -> list[Cell]:
    """The code cells, compiled once: statements, and the last expression, which is what a cell shows."""
    return [compiled(cell.source) for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]


def compiled(source: str) -> Cell:
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    shown = compile(ast.Expression(last.value), "cell", "eval") if isinstance(last, ast.Expr) else None
    return compile(tree, "cell", "exec"), shown


def outputs_of(cells: Iterable[Cell], given: dict[str, Any]) -> list[tuple[Any, Any]]:
    """What the cells show, with its metadata; the first one holds the parameters, which `given` then replaces."""
    names: dict[str, Any] = {"__name__": "__main__"}
    shown = []
    for number, (statements, last) in enumerate(cells):
        exec(statements, names)
        value = eval(last, names) if last else None
        if hasattr(value, "_repr_mimebundle_"):
            shown.append(value._repr_mimebundle_())
        if number == 0:
            names.update(given)
    return shown


def make(cells: Iterable[Cell], root: Path, entity: str, month: str) -> None:
    """Write the page, the workbook and `figures.csv` of one report where `scorecard batch` would."""
    folder = root / "reports" / slug(entity) / month
    folder.mkdir(parents=True)
    os.chdir(folder)  # the last cell writes there
    shown = outputs_of(cells, {"entity": entity, "month": month, "run_id": "floor"})
    result = Result.model_validate_json(Path(RESULT).read_bytes())
    Path(RESULT).unlink()
    outputs = [v4.new_output("display_data", data, metadata=metadata) for data, metadata in shown]
    notebook = v4.new_notebook(cells=[v4.new_code_cell(outputs=[output]) for output in outputs])
    page = page_of(notebook, result.title, synthetic_label() if result.kind == SYNTHETIC else "")
    Path(PAGE).write_text(page, encoding="utf-8", newline="\n")


def main() -> None:
    root, (month, *entities) = Path.cwd(), sys.argv[1:]
    cells = cells_of(root / "notebooks" / NOTEBOOK)
    for entity in entities:
        make(cells, root, entity, month)


if __name__ == "__main__":
    main()

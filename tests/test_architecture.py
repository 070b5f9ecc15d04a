"""The shape of the package: who may import whom, where the heavy libraries live, and how little a notebook does."""

import ast
import json
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import analysis
from places import REPOSITORY

PACKAGE = Path(analysis.__file__).parent
NOTEBOOKS = sorted(
    path
    for path in (REPOSITORY / "notebooks").glob("**/*.ipynb")
    if path.parent.name != ".ipynb_checkpoints"  # JupyterLab's own, which git ignores
)
# Lowest first. A module imports from layers below its own and, without a cycle, from its own.
LAYERS = (
    ("__init__", "errors", "interval", "language", "project", "figures"),
    ("months", "files", "rubric", "comparable", "contract", "tree", "sources", "history", "tokens", "jobs"),
    ("documents", "extract", "forked", "kernel"),
    ("drawn", "synthetic"),
    (
        "reconcile",
        "evidence",
        "joint",
        "members",
        "identify",
        "telling",
        "bounds",
        "levers",
        "wordings",
    ),
    ("losses", "units", "whatif", "changes", "deadline", "ranks", "asking", "pieces"),
    ("series", "forecasts", "breaks", "trends"),
    ("opened",),
    ("panel",),
    ("peers", "spread", "fitted", "refit"),
    ("program", "scenarios", "solve", "regret", "plan", "proof"),
    ("usual", "improvements"),
    ("readings", "scope"),
    ("neighbours",),
    ("attribution",),
    ("about",),
    ("bulletin", "archive"),
    ("collected", "decided", "forms", "intake"),
    ("live", "cells", "typed", "ruled", "workbook"),
    ("store", "added"),
    ("sentences", "drawing"),
    ("layout",),
    ("charts", "comparisons"),
    ("tables",),
    ("advice", "findings", "trial", "news", "result", "leader", "traced", "sharing"),
    ("listing", "headings", "exploring"),
    ("promises",),
    ("answer",),
    ("answers",),
    ("decisions", "filing"),
    ("questions",),
    ("explorer",),
    ("rendering", "running", "pdf"),
    ("report", "lab"),
    ("wanted", "preloaded"),
    ("worker", "pool", "progress"),
    ("batch",),
    ("cluster",),
    ("cli",),
)
LAYER = {module: height for height, modules in enumerate(LAYERS) for module in modules}
ALONE = {"errors": set(), "interval": set(), "language": set(), "project": {"__init__", "errors", "language"}}
HOMES = {
    "seaborn": {"charts", "drawing", "preloaded"},
    "matplotlib": {"charts", "comparisons", "drawing", "exploring", "preloaded"},
    "ipywidgets": {"explorer"},
    "IPython": {"explorer", "preloaded"},
    "papermill": {"running"},
    "nbconvert": {"rendering"},
    "nbformat": {"running"},
    "nbclient": {"running"},
    "jupyterlab": {"lab"},
    "jupyterlab_server": {"lab"},
    "ipykernel": {"kernel", "preloaded"},
    "jupyter_client": {"kernel"},
    "babel": {"preloaded", "language"},
    "filelock": {"files"},
    "click": {"cli", "progress"},
    "bs4": {"extract"},
    "mammoth": {"extract"},
    "pdfplumber": {"extract"},
    "statsmodels": {"fitted", "forecasts"},
    "distributed": {"cluster"},
}
NOT_FOR_HELP = (
    "pandas", "numpy", "scipy", "matplotlib", "seaborn", "statsmodels", "ipywidgets", "papermill", "pydantic", "babel",
    "nbconvert", "nbformat",
)  # fmt: skip
LINES_IN_A_CELL = 10
NOT_IN_A_CELL = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.AsyncFor, ast.While,
    ast.comprehension, ast.BinOp, ast.AugAssign, ast.Try, ast.If,
)  # fmt: skip


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the package: name → its code."""
    return {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.glob("**/*.py"))}


@cache
def imports(tree: ast.AST) -> frozenset[str]:
    """Every module that the code imports, anywhere: dotted names; `from analysis import x` is `analysis.x`."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide who is meant"
            if node.module == "analysis":
                found |= {f"analysis.{name.name}" for name in node.names}
            else:
                found.add(node.module or "")
    return frozenset(found)


def own_imports(module: str) -> set[str]:
    """The modules of this package that a module imports."""
    named = {name.split(".")[1] for name in imports(modules()[module]) if name.startswith("analysis.")}
    return {name if name in modules() else "__init__" for name in named}


def test_every_module_has_a_layer():
    assert set(LAYER) == set(modules())
    assert len(modules()) == sum(len(layer) for layer in LAYERS)


@pytest.mark.parametrize("module", LAYER)
def test_a_module_imports_only_from_below(module):
    above = {name for name in own_imports(module) if LAYER[name] > LAYER[module]}
    assert above == set()
    assert own_imports(module) <= ALONE.get(module, set(LAYER))


def test_imports_have_no_cycle():
    order = TopologicalSorter({module: own_imports(module) for module in modules()})
    assert len(tuple(order.static_order())) == len(modules())


def test_charts_know_only_frames():
    for module in ("charts", "comparisons"):
        assert own_imports(module) == {"drawing", "figures", "language"}
    assert own_imports("drawing") == {"figures", "language"}
    assert not own_imports("tables") & {"rubric", "contract", "project", "report", "publish"}


def test_a_private_name_stays_in_its_module():
    for module, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("analysis"):
                private = [name.name for name in node.names if name.name.startswith("_") and name.name != "_"]
                assert [name for name in private if name != "__version__"] == [], module


@pytest.mark.parametrize("library", HOMES)
def test_a_heavy_library_stays_at_home(library):
    homes = {module for module, tree in modules().items() for name in imports(tree) if name.split(".")[0] == library}
    assert homes == HOMES[library]


@pytest.mark.parametrize("library", ["babel", "papermill", "nbconvert", "nbformat", "nbclient", "statsmodels"])
def test_a_slow_library_is_imported_only_when_it_is_used(library):
    for home in HOMES[library] - {"preloaded"}:
        outside = [node for node in modules()[home].body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
        assert library not in {name.split(".")[0] for name in imports(ast.Module(outside, type_ignores=[]))}


def test_the_command_starts_without_the_heavy_libraries():
    code = f"import sys, analysis.cli; print([name for name in {NOT_FOR_HELP!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_names_of_the_package_are_the_questions():
    names = [name for names in analysis.NAMES.values() for name in names]
    assert len(names) == len(set(names)) and not set(names) & set(modules())
    for module, own in analysis.NAMES.items():
        defined = {node.name for node in modules()[module].body if isinstance(node, ast.FunctionDef)}
        assert set(own) <= defined
        for name in own:
            assert getattr(analysis, name).__doc__
    with pytest.raises(ImportError):
        from analysis import where_points_come  # noqa: F401


# Notebooks


def cells(path: Path, kind: str) -> list[dict]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def code(cell: dict) -> str:
    return "".join(cell["source"])


def test_there_is_a_notebook():
    assert [path.name for path in NOTEBOOKS if path.name == "monthly_report.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_stored_without_what_a_run_leaves(path):
    assert path.parent == REPOSITORY / "notebooks"
    for cell in cells(path, "code"):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
        assert set(cell["metadata"]) <= {"tags"}
    assert "papermill" not in json.loads(path.read_text(encoding="utf-8"))["metadata"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_only_calls_the_package(path):
    """No definitions, loops or arithmetic: what a cell computes would be tested by nobody."""
    for cell in cells(path, "code"):
        source = code(cell)
        assert 1 <= len(source.splitlines()) <= LINES_IN_A_CELL, source
        for node in ast.walk(ast.parse(source)):
            assert not isinstance(node, NOT_IN_A_CELL), f"{type(node).__name__} in: {source}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_imports_only_this_package(path):
    found = {name.split(".")[0] for cell in cells(path, "code") for name in imports(ast.parse(code(cell)))}
    assert found <= {"analysis"}


def test_only_the_report_has_parameters_typed_and_with_a_word_on_each():
    tagged = [cell for path in NOTEBOOKS for cell in cells(path, "code") if "tags" in cell["metadata"]]
    (parameters,) = [
        cell for cell in cells(REPOSITORY / "notebooks" / "monthly_report.ipynb", "code") if cell in tagged
    ]
    assert tagged == [parameters] and parameters["metadata"]["tags"] == ["parameters"]
    lines = code(parameters).splitlines()
    tree = ast.parse(code(parameters))
    assert all(isinstance(node, ast.AnnAssign) for node in tree.body)
    assert len(lines) == len(tree.body)
    assert all("  # " in line for line in lines)

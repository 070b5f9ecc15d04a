"""The shape of the package: which room may import which, where the heavy libraries live, and what a notebook may do."""

import ast
import json
import re
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

import analysis
from places import REPOSITORY

PACKAGE = Path(analysis.__file__).parent
MAP = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
# Lowest first: a file imports from its own room, and from floors below.
FLOORS = (
    ("errors", "interval", "language"),
    ("files", "project"),
    ("scorecards",),
    ("identification",),
    ("notices", "diagnosis", "decisions", "comparisons"),
    ("report",),
    ("card",),
    ("commands", "completion", "filing", "sliders", "runs"),
    ("cli",),
    ("__main__",),
)
FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
HOMES = {
    "babel": {"language", "runs.preloaded"},
    "bs4": {"notices.web"},
    "click": {"cli", "completion", "runs.batch"},
    "distributed": {"runs.cluster"},
    "filelock": {"files"},
    "ipykernel": {"runs.kernel", "runs.preloaded"},
    "IPython": {"runs.preloaded", "sliders"},
    "ipywidgets": {"sliders"},
    "jinja2": {"report.section"},
    "jupyter_client": {"runs.kernel"},
    "jupyterlab": {"runs.lab"},
    "jupyterlab_server": {"runs.lab"},
    "mammoth": {"notices.letters"},
    "matplotlib": {"report.charts", "report.drawing", "report.section", "report.year_charts", "runs.preloaded"},
    "nbclient": {"runs.run"},
    "nbconvert": {"runs.page"},
    "nbformat": {"runs.page", "runs.run"},
    "nh3": {"runs.page"},
    "papermill": {"runs.run"},
    "pdfplumber": {"notices.pages"},
    "pypdfium2": {"notices.pages"},
    "tinycss2": {"notices.web"},
    "seaborn": {"report.charts", "report.drawing", "report.year_charts", "runs.preloaded"},
    "statsmodels": {"comparisons.forecasts", "comparisons.panel", "comparisons.refit"},
}
USED_ONLY = ("babel", "papermill", "nbconvert", "nbformat", "nbclient", "nh3", "statsmodels")
NOT_FOR_HELP = (
    "pandas", "numpy", "scipy", "matplotlib", "seaborn", "statsmodels", "ipywidgets", "papermill", "pydantic", "babel",
    "nbconvert", "nbformat", "jinja2",
)  # fmt: skip
LINES_OF_A_FACE = 41
LINES_OF_A_QUESTION = 10
CELLS = 22
LINES_IN_A_CELL = 10
NOT_IN_A_CELL = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.AsyncFor, ast.While,
    ast.comprehension, ast.BinOp, ast.AugAssign, ast.Try, ast.If,
)  # fmt: skip


@cache
def files() -> dict[str, ast.Module]:
    """The code of every file, by its dotted name below `analysis`; a face is `room.__init__`."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return {".".join(path.relative_to(PACKAGE).with_suffix("").parts): _parsed(path) for path in paths}


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(tree: ast.AST) -> frozenset[str]:
    """Every dotted name that the code imports, anywhere: `from analysis.files import slug` is `analysis.files.slug`."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide who is meant"
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return frozenset(found)


def own_imports(file: str) -> set[str]:
    """The files of this package that a file imports."""
    found = set()
    for name in imports(files()[file]):
        if name.startswith("analysis."):
            parts = name.split(".")[1:]
            known = [".".join(parts[:size]) for size in (1, 2) if ".".join(parts[:size]) in files()]
            found |= set(known) or {"__init__"}
    return found


def room(file: str) -> str:
    """The room of a file; a file at the root is its own."""
    return file.split(".")[0]


def test_there_are_eight_rooms_and_thirteen_files_beside_them():
    assert len(ROOMS) == 8
    assert {room(file) for file in files()} - {"__init__"} == set(FLOOR)
    assert sum(file.count(".") == 0 for file in files()) == 13
    assert not [path for path in PACKAGE.rglob("*.py") if len(path.relative_to(PACKAGE).parts) > 2]


def test_no_import_runs_upward_and_no_room_reaches_beside_itself():
    for file in files():
        if file != "__init__":
            others = {room(name) for name in own_imports(file)} - {room(file)}
            assert {other for other in others if FLOOR[other] >= FLOOR[room(file)]} == set(), file


def test_imports_have_no_cycle():
    order = TopologicalSorter({file: own_imports(file) - {"__init__"} for file in files() if file != "__init__"})
    assert set(order.static_order()) >= set(files()) - {"__init__"}


def test_pictures_know_only_frames():
    assert own_imports("report.drawing") == {"report.figures", "language"}
    of_the_index = {name for name in own_imports("report.charts") if "." in name and room(name) != "report"}
    assert of_the_index == {"scorecards.history", "scorecards.periods"}  # what units and months are called


def test_a_private_name_stays_in_its_file():
    for file, tree in files().items():
        names = [name.split(".")[-1] for name in imports(tree) if name.startswith("analysis.")]
        assert [name for name in names if name.startswith("_") and name not in ("_", "__version__")] == [], file


@pytest.mark.parametrize("library", HOMES)
def test_a_heavy_library_stays_at_home(library):
    assert {file for file, tree in files().items() if library in {x.split(".")[0] for x in imports(tree)}} == HOMES[
        library
    ]


@pytest.mark.parametrize("library", USED_ONLY)
def test_a_slow_library_is_imported_only_when_it_is_used(library):
    for home in HOMES[library] - {"runs.preloaded"}:
        outside = [node for node in files()[home].body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
        assert library not in {name.split(".")[0] for name in imports(ast.Module(outside, type_ignores=[]))}


def test_the_command_starts_without_the_heavy_libraries():
    code = f"import sys, analysis.cli; print([name for name in {NOT_FOR_HELP!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# Faces


def question(file: str) -> str:
    """What a file says first that it answers."""
    words = ast.get_docstring(files()[file]).splitlines()[0]
    return words[: words.index("?") + 1]


def used_from_outside(of: str) -> set[str]:
    """The names `file.name` of a room that files of other rooms import, or reach through an imported file."""
    found = set()
    for file, tree in files().items():
        if room(file) == of:
            continue
        for name in imports(tree):
            parts = name.split(".")
            if parts[:2] == ["analysis", of] and len(parts) == 4:
                found.add(".".join(parts[2:]))
            elif parts[:2] == ["analysis", of] and f"{of}.{parts[2]}" in files():
                found |= {f"{parts[2]}.{reached}" for reached in _reached(tree, name)}
    return found


def _reached(tree: ast.Module, name: str) -> set[str]:
    """The attributes that the code asks of an imported file."""
    called = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if f"{node.module}.{alias.name}" == name
    }
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in called
    }


@pytest.mark.parametrize("name", ROOMS)
def test_a_face_is_short_and_lazy_and_names_what_others_use(name):
    face = files()[f"{name}.__init__"]
    text = (PACKAGE / name / "__init__.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) < LINES_OF_A_FACE
    assert imports(face) == {"lazy_loader"}
    shown = import_module(f"analysis.{name}")
    (call,) = [node for node in ast.walk(face) if isinstance(node, ast.Call)]
    homes = ast.literal_eval(call.keywords[0].value)
    names = [f"{file}.{each}" for file, own in homes.items() for each in own]
    stems = {file.split(".")[1] for file in files() if room(file) == name}
    used = {each for each in used_from_outside(name) if each.split(".")[1] not in stems | {"__doc__", "__file__"}}
    assert set(names) == used and len(names) == len(set(names))
    for dotted in names:
        assert hasattr(import_module(f"analysis.{name}.{dotted.split('.')[0]}"), dotted.split(".")[1])
        assert dotted.split(".")[1] in dir(shown) and hasattr(shown, dotted.split(".")[1])
    said = dict(line.split(None, 1) for line in ast.get_docstring(face).splitlines()[2:])
    assert said == {stem: question(f"{name}.{stem}") for stem in stems - {"__init__"}}


def test_what_has_no_face_is_not_to_be_had():
    with pytest.raises(ImportError):
        from analysis import open_month  # noqa: F401


def test_the_package_shows_the_card():
    assert dir(analysis) == ["Card", "Section", "figures", "open_card"]
    assert all(getattr(analysis, name).__doc__ for name in dir(analysis))


# The card


def test_a_card_computes_nothing_and_its_answers_are_short():
    tree = files()["card"]
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.BinOp) and not _joins_types(node)]
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While)]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            assert body[-1].end_lineno - body[0].lineno < LINES_OF_A_QUESTION, node.name


def _joins_types(node: ast.BinOp) -> bool:
    """`float | None` of an annotation."""
    return isinstance(node.op, ast.BitOr)


# The map


def test_the_map_names_every_file_with_its_question():
    rows = dict(re.findall(r"^\| `([a-z_/]+\.py)` \| (.+) \|$", MAP, re.MULTILINE))
    paths = {f"{file.replace('.', '/')}.py": file for file in files() if not file.endswith("__init__")}
    assert set(rows) == set(paths)
    for path, file in paths.items():
        words = question(file) if "/" in path else ast.get_docstring(files()[file]).splitlines()[0]
        assert rows[path] == words


def test_every_path_that_the_map_names_is_there():
    named = set(re.findall(r"`([a-z_]+(?:/[a-z_.0-9-]*)+)`", MAP))
    assert len(named) > 60
    for name in named:
        assert (PACKAGE / name).exists() or (REPOSITORY / name).exists(), name


@pytest.mark.parametrize("page", sorted(path.name for path in (REPOSITORY / "docs").glob("*.md")))
def test_a_link_of_the_docs_leads_somewhere(page):
    text = (REPOSITORY / "docs" / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (REPOSITORY / "docs" / target).exists(), target


def test_what_a_docstring_refers_to_is_there():
    stems = {}
    for path in PACKAGE.rglob("*.py"):
        stems[path.stem] = stems.get(path.stem, "") + path.read_text(encoding="utf-8")
    for path in PACKAGE.rglob("*.py"):
        for stem, name in re.findall(r"`([a-z_]+)\.([A-Za-z_]+)`", path.read_text(encoding="utf-8")):
            if stem in stems and name not in ("csv", "xlsx", "json", "toml"):
                there = rf"^\s*(?:(?:def|class) {name}\b|{name}\b\s*[:=])"
                assert re.search(there, stems[stem], re.MULTILINE), f"{path.name}: {stem}.{name}"


# Notebooks


def cells(path: Path, kind: str) -> list[dict]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def code(cell: dict) -> str:
    return "".join(cell["source"])


def test_the_report_is_short_and_imports_one_name():
    path = REPOSITORY / "notebooks" / "monthly_report.ipynb"
    assert len(json.loads(path.read_text(encoding="utf-8"))["cells"]) <= CELLS
    lines = [line for cell in cells(path, "code") for line in code(cell).splitlines() if "import" in line]
    assert lines == ["from analysis import open_card"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_stored_without_what_a_run_leaves(path):
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
    found = {name.split(".")[0] for cell in cells(path, "code") for name in imports(ast.parse(code(cell)))}
    assert found == {"analysis"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_has_parameters_typed_and_with_a_word_on_each(path):
    (parameters,) = [cell for cell in cells(path, "code") if cell["metadata"].get("tags") == ["parameters"]]
    lines = code(parameters).splitlines()
    tree = ast.parse(code(parameters))
    assert all(isinstance(node, ast.AnnAssign) for node in tree.body)
    assert len(lines) == len(tree.body)
    assert all("  # " in line for line in lines)

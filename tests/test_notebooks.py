"""Does every notebook run from a fresh copy of the project, and is it stored without what a run leaves?

`monthly_report.ipynb` is run by the tests of the report; that nothing is stored in any is held by test_architecture.
"""

import nbformat
import pytest
from nbclient import NotebookClient

from places import REPOSITORY

EXPLORE = sorted((REPOSITORY / "notebooks").glob("explore_*.ipynb"))


def test_there_are_notebooks_to_explore_with():
    assert "explore_start" in [path.stem for path in EXPLORE]


QUICK = ("explore_start", "explore_peers", "explore_trends")  # the others are slow: they only add up


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=() if path.stem in QUICK else pytest.mark.slow, id=path.stem) for path in EXPLORE],
)
def test_a_notebook_runs_to_its_end(path, project_copy, monkeypatch):
    """In the folder of notebooks, as JupyterLab runs it, with nothing in the home folder."""
    for name in ("HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, str(project_copy / "home"))
    notebook = nbformat.read(project_copy / "notebooks" / path.name, as_version=4)
    before = {file: file.read_bytes() for file in (project_copy / "data").rglob("*") if file.is_file()}
    client = NotebookClient(
        notebook,
        timeout=300,
        resources={"metadata": {"path": str(project_copy / "notebooks")}},
        kernel_manager_class="analysis.runs.kernel.ReportKernelManager",
    )
    client.execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    words = [output.text for cell in cells for output in cell.outputs if output.get("name") == "stderr"]
    assert words == []
    assert any(cell.outputs for cell in cells)
    assert before == {file: file.read_bytes() for file in (project_copy / "data").rglob("*") if file.is_file()}

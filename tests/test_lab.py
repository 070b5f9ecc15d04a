"""Do the notebooks work where an analyst opens them: in a real JupyterLab, in Vietnamese, with the right kernel?"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.errors import UnknownNameError
from analysis.lab import find_notebook
from conftest import REPOSITORY

NOTEBOOKS = sorted(path.stem for path in (REPOSITORY / "notebooks").glob("*.ipynb"))
TOKEN = "a-token-of-this-test"
RUN_ALL = "runmenu:run-all"
CELLS_DONE = """() => {
  const prompts = [...document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputPrompt')];
  return prompts.every(prompt => /^\\[\\d+\\]:/.test(prompt.textContent)) ? prompts.length : 0;
}"""
KERNEL_IDLE = """async ([sessions, name]) => {
  const open = await (await fetch(sessions)).json();
  return open.some(session => session.path.endsWith(name) && session.kernel.execution_state === 'idle');
}"""
PICTURES = "[...document.querySelectorAll('.jp-Notebook figure.chart img')].map(image => image.src)"
ROGUE = {"argv": ["/bin/false", "{connection_file}"], "display_name": "Another Python 3", "language": "python"}


def server_command(*options):
    call = "from analysis.cli import main; main()"
    words = ["lab", "--", "--no-browser", "--allow-root", "--ServerApp.port=0", f"--IdentityProvider.token={TOKEN}"]
    return [sys.executable, "-c", call, *words, *options]


def home_of(folder):
    """A home of its own, with a kernel `python3` that the user installed and that is not ours."""
    kernel = folder / "data" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(json.dumps(ROGUE), encoding="utf-8")
    tracker = folder / "config" / "lab" / "user-settings" / "@jupyterlab" / "notebook-extension"
    tracker.mkdir(parents=True)  # draw every cell, also those out of sight
    (tracker / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}', encoding="utf-8")
    names = {"HOME": folder, "JUPYTER_CONFIG_DIR": folder / "config", "JUPYTER_DATA_DIR": folder / "data"}
    return {**os.environ, **{name: str(path) for name, path in names.items()}, "IPYTHONDIR": str(folder / "ipython")}


def address(running):
    """Where the server that was started listens. Fails with its words when it ends instead."""
    words = []
    for line in running.stderr:
        words.append(line)
        if found := re.search(r"http://127\.0\.0\.1:\d+/", line):
            return found[0]
    raise AssertionError("".join(words))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A JupyterLab as `scorecard lab` opens it, on a copy of the project: its address and the copy."""
    project = tmp_path_factory.mktemp("lab")
    for name in ("data", "notebooks"):
        shutil.copytree(REPOSITORY / name, project / name)
    home = home_of(tmp_path_factory.mktemp("home"))
    log = (project / "server.log").open("w", encoding="utf-8")
    running = subprocess.Popen(server_command(), cwd=project, env=home, stderr=subprocess.PIPE, stdout=log, text=True)
    where = address(running)
    drain = subprocess.Popen(["cat"], stdin=running.stderr, stdout=log)
    yield where, project
    running.send_signal(signal.SIGTERM)
    running.wait(timeout=30)
    drain.wait(timeout=10)
    log.close()


@pytest.fixture(scope="module")
def window(server, browser):
    """A browser window on the server; what it asked of the outside world is collected in `asked_outside`."""
    where, _project = server
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, locale="en-US")
    page = context.new_page()
    page.asked_outside = []
    page.on("request", lambda request: collect(page.asked_outside, request.url, where))
    yield page
    context.close()


def collect(asked, url, where):
    if not url.startswith((where, where.replace("http", "ws"), "data:", "blob:")):
        asked.append(url)


def run_all(page, where, name):
    """Open a notebook and run all its cells through the menu; how many code cells ran."""
    page.goto(f"{where}lab/tree/notebooks/{name}.ipynb?token={TOKEN}&reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    page.wait_for_function(KERNEL_IDLE, arg=[f"{where}api/sessions?token={TOKEN}", f"{name}.ipynb"], timeout=60_000)
    begun = 0
    while not begun:  # the menus are built while the page already shows
        choose_run_all(page)
        page.wait_for_timeout(500)
        begun = page.locator(".jp-InputPrompt").filter(has_text=re.compile(r"\[[*\d]")).count()
    page.wait_for_function(CELLS_DONE, timeout=120_000)
    return page.evaluate(CELLS_DONE)


def choose_run_all(page):
    for item in page.locator("#jp-MainMenu .lm-MenuBar-item").all():
        item.click()
        entry = page.locator(f".lm-Menu [data-command='{RUN_ALL}']:not(.lm-mod-disabled)")
        if entry.count():
            entry.first.click()
            return
        page.keyboard.press("Escape")


def errors(page):
    kinds = "[data-mime-type='application/vnd.jupyter.error'], [data-mime-type='application/vnd.jupyter.stderr']"
    return [shown.inner_text() for shown in page.locator(f".jp-Notebook :is({kinds})").all()]


def pictures(page):
    return page.evaluate(
        "() => [...document.querySelectorAll('.jp-Notebook figure.chart img')].map(image => image.src)"
    )


@pytest.mark.browser
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_in_jupyterlab(server, window, name):
    where, project = server
    source = json.loads((project / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    ran = run_all(window, where, name)
    assert ran == sum(cell["cell_type"] == "code" for cell in source["cells"])
    assert errors(window) == []
    assert pictures(window) or window.locator(".jp-Notebook table caption").count()
    menus = [item.inner_text() for item in window.locator("#jp-MainMenu .lm-MenuBar-item").all()]
    assert "Tệp tin" in menus or "Tệp" in menus, menus
    assert window.locator(".jp-Notebook .jp-Cell").first.inner_text().strip()
    slider = window.locator(".jp-Notebook .widget-slider .noUi-handle")
    if slider.count():
        before = pictures(window)
        slider.first.focus()
        for _press in range(3):
            window.keyboard.press("ArrowRight")
        changed = f"before => JSON.stringify({PICTURES}) !== JSON.stringify(before)"
        window.wait_for_function(changed, arg=before, timeout=20_000)
        assert errors(window) == []
    assert window.asked_outside == []


def test_some_notebook_has_a_slider():
    sources = {name: (REPOSITORY / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8") for name in NOTEBOOKS}
    assert any("try_rates(" in source for source in sources.values())


def test_a_notebook_is_found_by_its_name(project_copy):
    for name in ("explore_whatif", "explore_whatif.ipynb", "notebooks/explore_whatif.ipynb"):
        assert find_notebook(name) == project_copy / "notebooks" / "explore_whatif.ipynb"
    assert find_notebook() == project_copy / "notebooks" / "explore_start.ipynb"


def test_an_unknown_notebook_is_refused_with_the_nearest(project_copy):
    with pytest.raises(UnknownNameError) as raised:
        find_notebook("explore_whatiff")
    assert raised.value.rows[0] == "explore_whatif"


def test_the_server_ends_when_it_is_told_and_leaves_nothing(tmp_path):
    """Interrupted twice, as at a terminal: no traceback, and its folder of settings is gone."""
    project = tmp_path / "project"
    for name in ("data", "notebooks"):
        shutil.copytree(REPOSITORY / name, project / name)
    (tmp_path / "home").mkdir()
    (tmp_path / "tmp").mkdir()
    home = home_of(tmp_path / "home") | {"TMPDIR": str(tmp_path / "tmp")}
    running = subprocess.Popen(server_command(), cwd=project, env=home, stderr=subprocess.PIPE, text=True)
    address(running)
    assert [path.name for path in Path(tmp_path / "tmp").iterdir() if path.name.startswith("scorecard-lab-")]
    running.send_signal(signal.SIGINT)
    running.send_signal(signal.SIGINT)
    assert "Traceback" not in running.stderr.read()
    assert running.wait(timeout=30) in (0, 130, -signal.SIGINT)
    assert not [path.name for path in Path(tmp_path / "tmp").iterdir() if path.name.startswith("scorecard-lab-")]

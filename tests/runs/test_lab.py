"""Does `scorecard lab` open the notebooks in a real JupyterLab, with the right kernel and language? Do they work there?

One server on a copy of the project and one page for all notebooks. Around it stands what an analyst's machine may hold:
a kernel `python3` that is broken, in the folder of the user and on JUPYTER_PATH.
"""

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlparse
from urllib.request import Request, urlopen

import nbformat
import psutil
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyterlab_server import settings_utils, translations_handler
from nbformat import v4

from analysis.errors import LabError, UnknownNameError, WriteError
from analysis.language import use_language
from analysis.runs import lab
from places import REPOSITORY

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
WITH_SLIDERS = {"explore_whatif", "explore_peers"}
BROKEN = {
    "argv": [shutil.which("false") or "false", "{connection_file}"],
    "display_name": "Broken",
    "language": "python",
}
CALL = "from analysis.cli import main; main()"
OPTIONS = ("--no-browser", "--allow-root", "--LabApp.expose_app_in_browser=True")
PATIENCE = 180  # seconds: only a broken notebook takes them
LOCAL = {"localhost", "127.0.0.1", "::1", "0.0.0.0", ""}
PROBE = "import sys\nfrom analysis import project\nsys.executable, str(project.root())"
# Python runs this file when it starts: every host that the server or a kernel asks for is written down.
LISTENER = """
import os, sys
def hook(event, arguments):
    if event in ("socket.getaddrinfo", "socket.connect"):
        host = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
        host = host[0] if isinstance(host, tuple) else host
        if event == "socket.getaddrinfo" or isinstance(arguments[1], tuple):
            with open(os.environ["HOSTS_ASKED"], "a", encoding="utf-8") as file:
                file.write(f"{host or ''}\\n")
sys.addaudithook(hook)
"""
slow = pytest.mark.slow
# What the tests ask of JupyterLab's own model of the notebook in front

CELLS = """() => {
  const found = [];
  for (const cell of jupyterapp.shell.currentWidget.content.model.cells) {
    if (cell.type !== 'code') continue;
    found.push({count: cell.executionCount, source: cell.sharedModel.source, outputs: cell.outputs.toJSON()});
  }
  return found;
}"""
IN_FRONT = """(path) => {
  const panel = window.jupyterapp && jupyterapp.shell.currentWidget;
  const session = panel && panel.context && panel.context.path === path && panel.context.sessionContext.session;
  return !!session && panel.content.model.cells.length > 0 && session.kernel && session.kernel.status === 'idle';
}"""
FINISHED = """() => {
  const panel = jupyterapp.shell.currentWidget;
  const cells = [...panel.content.model.cells].filter((cell) => cell.type === 'code');
  const failed = cells.some((cell) => cell.outputs.toJSON().some((output) => output.output_type === 'error'));
  const ran = cells.every((cell) => cell.executionCount !== null && cell.executionState !== 'running');
  return (ran || failed) && panel.context.sessionContext.session.kernel.status === 'idle';
}"""
PICTURES = """() => [...document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-OutputArea-output')]
  .flatMap((output) => [...output.querySelectorAll('img, svg')]).map((picture) => picture.src || picture.outerHTML)"""
PUT_AWAY = """async () => {
  const panel = jupyterapp.shell.currentWidget;
  await panel.context.save();
  await panel.context.sessionContext.shutdown();
  panel.dispose();
}"""
MENU = ".lm-MenuBar-itemLabel"
SHOWN = ".jp-NotebookPanel:not(.lm-mod-hidden)"


class Server:
    """`scorecard lab` in a process of its own, with folders of its own."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.folder, self.project, self.home = folder, folder / "project", folder / "home"
        self.hosts = folder / "hosts.txt"
        self.settings = folder / "config" / "lab" / "user-settings" / "@jupyterlab"
        for name in ("data", "notebooks"):
            shutil.copytree(REPOSITORY / name, self.project / name)
        probe = v4.new_notebook(cells=[v4.new_code_cell(PROBE)])
        probe.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(probe, self.project / "notebooks" / "probe.ipynb")
        for place in ("data", "path"):
            (folder / place / "kernels" / "python3").mkdir(parents=True)
            (folder / place / "kernels" / "python3" / "kernel.json").write_text(json.dumps(BROKEN), encoding="utf-8")
        self.home.mkdir()
        (folder / "python").mkdir()
        (folder / "python" / "sitecustomize.py").write_text(LISTENER, encoding="utf-8")
        paths = [str(folder / "python"), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "JPY_"))},
            "HOME": str(self.home),
            "IPYTHONDIR": str(self.home / "ipython"),
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
            "JUPYTER_PATH": str(folder / "path"),
            "PYTHONPATH": os.pathsep.join(paths),
            "HOSTS_ASKED": str(self.hosts),
        }
        self.said = folder / "stderr.txt"
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-c", CALL, "lab", *words],
                cwd=self.project,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                encoding="utf-8",
            )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()

    @property
    def error(self) -> str:
        return self.said.read_text(encoding="utf-8")

    def ask(self, path: str, data: bytes | None = None):
        """What the server answers to a question of JupyterLab's, or to `data` that are posted."""
        parts = urlparse(self.address)
        token = parse_qs(parts.query)["token"][0]
        request = Request(f"http://{parts.netloc}{path}", headers={"Authorization": f"token {token}"}, data=data)
        with urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def end(self) -> int:
        """Ctrl-C; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=PATIENCE)


@contextmanager
def serving(folder: Path, *words: str):
    server = Server(folder, *words)
    try:
        yield server
    finally:
        running = server.process.poll() is None
        for process in psutil.Process(server.process.pid).children(recursive=True) if running else ():
            process.kill()
        server.process.kill()
        server.process.wait()
        server.process.stdout.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("lab"), "probe", "--", *OPTIONS) as server:
        assert server.address, server.error
        yield server


@pytest.fixture(scope="module")
def page(browser, served):
    """JupyterLab in the browser, on the notebook that the command was given."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE * 1000)
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("websocket", lambda socket: page.asked.append(socket.url))
    page.goto(served.address)
    page.wait_for_function(IN_FRONT, arg="notebooks/probe.ipynb")
    yield page
    page.close()


def shown(page) -> list[str]:
    return page.locator(MENU).all_inner_texts()[:2]


def hosts_of(addresses: list[str]) -> set[str]:
    return {urlparse(address).hostname or "" for address in addresses if not address.startswith(("data:", "blob:"))}


@contextmanager
def opened(page, name: str):
    """A notebook by a double click on its name; saved and closed with its kernel afterwards."""
    page.locator(".jp-DirListing").get_by_text(f"{name}.ipynb", exact=True).dblclick()
    page.wait_for_function(IN_FRONT, arg=f"notebooks/{name}.ipynb")
    try:
        yield
    finally:
        page.evaluate(PUT_AWAY)


def run_all(page) -> list[dict]:
    """Run All Cells from the menu Run; the code cells when all are done or one failed."""
    page.locator(MENU).nth(3).click()
    page.locator(".lm-Menu-item[data-command='runmenu:run-all']").click()
    page.wait_for_function(FINISHED)
    return page.evaluate(CELLS)


def errors_in(cells: list[dict]) -> list[str]:
    failed = [(cell, output) for cell in cells for output in cell["outputs"] if output["output_type"] == "error"]
    return [f"{output['ename']}: {output['evalue']} in\n{cell['source']}" for cell, output in failed]


def ends(server: Server) -> None:
    """Ctrl-C ends it with its kernels, and without a word of the server."""
    family = psutil.Process(server.process.pid).children(recursive=True)
    assert family
    assert server.end() == 0
    assert psutil.wait_procs(family, timeout=PATIENCE)[1] == []
    assert list((server.folder / "runtime").glob("jpserver-*")) == []
    told, *others = server.error.splitlines()
    assert "Ctrl-C" in told
    # A kernel that is told to end may stumble over its own loop.
    assert not others or ("ipykernel" in server.error and others[-1] == "RuntimeError: Event loop is closed")


# In JupyterLab


@slow
@pytest.mark.browser
def test_the_notebook_asked_for_is_open_in_vietnamese_and_nothing_pops_up(page):
    assert shown(page) == ["Tệp", "Chỉnh sửa"]
    assert page.evaluate("document.documentElement.lang") == "vi-VN"
    assert page.locator(".jp-Dialog, .Toastify__toast").count() == 0
    names = page.locator(".jp-DirListing-itemName").all_inner_texts()
    assert {path.name for path in NOTEBOOKS} | {"probe.ipynb"} == set(names)


@slow
@pytest.mark.browser
@pytest.mark.parametrize("name", [path.stem for path in NOTEBOOKS])
def test_a_notebook_runs_and_its_first_slider_moves_its_chart(page, served, name):
    with opened(page, name):
        cells = run_all(page)
        assert errors_in(cells) == []
        assert sorted(cell["count"] for cell in cells) == list(range(1, len(cells) + 1))
        assert [output["text"] for cell in cells for output in cell["outputs"] if output.get("name") == "stderr"] == []
        sliders = page.locator(f"{SHOWN} .widget-slider .noUi-handle")
        if name in WITH_SLIDERS:
            sliders.first.wait_for()
            before = page.evaluate(PICTURES)
            assert before
            sliders.first.focus()
            for key in ("ArrowRight", "ArrowRight", "PageUp"):
                page.keyboard.press(key)
            page.wait_for_function(f"(before) => String(({PICTURES})()) !== String(before)", arg=before)
            assert len(page.evaluate(PICTURES)) == len(before)
        else:
            assert sliders.count() == 0
    saved = nbformat.read(served.project / "notebooks" / f"{name}.ipynb", as_version=4)
    assert all(cell.execution_count for cell in saved.cells if cell.cell_type == "code")


@slow
@pytest.mark.browser
def test_nothing_outside_this_machine_was_asked(page, served):
    assert len(page.asked) > 50
    assert hosts_of(page.asked) == {"localhost"}
    hosts = set(served.hosts.read_text(encoding="utf-8").splitlines())
    assert "localhost" in hosts
    assert hosts <= LOCAL


@slow
@pytest.mark.browser
def test_the_language_that_the_user_chose_wins(page, served):
    chosen = served.settings / "translation-extension" / "plugin.jupyterlab-settings"
    chosen.parent.mkdir(parents=True)
    chosen.write_text('{"locale": "en"}', encoding="utf-8")
    page.reload()
    page.wait_for_selector(MENU)
    assert shown(page) == ["File", "Edit"]
    assert json.loads(chosen.read_text(encoding="utf-8")) == {"locale": "en"}
    assert [path for path in served.settings.rglob("*") if path.is_file()] == [chosen]


# Without a browser


def answer_of(connection: Path) -> tuple[str, str]:
    """What a running kernel answers to the probe."""
    client, said = BlockingKernelClient(), []
    client.load_connection_file(str(connection))
    client.start_channels()
    client.wait_for_ready(PATIENCE)
    client.execute_interactive(PROBE, output_hook=said.append)
    client.stop_channels()
    return ast.literal_eval(next(item["content"]["data"]["text/plain"] for item in said if "data" in item["content"]))


def test_it_starts_and_ctrl_c_ends_it_with_its_kernels(tmp_path):
    """In English on demand, only on this machine, with the kernel of this very Python."""
    own = "--ServerApp.log_level=CRITICAL"  # in place of ours
    with serving(tmp_path, "probe.ipynb", "--lang", "en", "--", *OPTIONS, own) as server:
        assert urlparse(server.address).path == "/lab/workspaces/scorecard/tree/notebooks/probe.ipynb"
        assert server.ask("/lab/api/translations/default")["data"] == {}
        assert list(server.ask("/api/kernelspecs")["kernelspecs"]) == ["python3"]
        itself = psutil.Process(server.process.pid)
        listening = {port.laddr.ip for port in itself.net_connections("tcp") if port.status == psutil.CONN_LISTEN}
        assert listening and listening <= {"127.0.0.1", "::1"}
        with pytest.raises(HTTPError, match="403"):
            urlopen(f"http://{urlparse(server.address).netloc}/api/contents", timeout=PATIENCE)
        number = server.ask("/api/kernels", b'{"name": "python3", "path": "notebooks/probe.ipynb"}')["id"]
        assert answer_of(server.folder / "runtime" / f"kernel-{number}.json") == (sys.executable, str(server.project))
        ends(server)


def test_what_jupyterlab_refuses_is_told(tmp_path):
    with serving(tmp_path, "probe", "--lang", "en", "--", *OPTIONS, "--port=many") as server:
        assert server.address == ""
        assert server.process.wait(timeout=PATIENCE) == LabError.exit_code
        assert "'port' trait" in server.error
        assert "Error: JupyterLab did not start" in server.error
        assert "Traceback" not in server.error


def test_a_notebook_is_found_by_its_name(project_copy):
    wanted = project_copy / "notebooks" / "monthly_report.ipynb"
    for name in ("monthly_report", "monthly_report.ipynb", "notebooks/monthly_report.ipynb"):
        assert lab.find_notebook(name) == wanted
    assert lab.find_notebook("") == project_copy / "notebooks" / "explore_start.ipynb"
    with pytest.raises(UnknownNameError) as refusal:
        lab.find_notebook("montly-report")
    assert refusal.value.rows == ("monthly_report",)


@pytest.mark.parametrize(
    ("language", "pack", "locale"), [("vi", True, "vi_VN"), ("vi", False, "en"), ("en", True, "en")]
)
def test_without_the_language_pack_it_is_english(monkeypatch, language, pack, locale):
    for module in (settings_utils, translations_handler):
        monkeypatch.setattr(module, "SYS_LOCALE", "fr_FR")
    monkeypatch.setattr(lab, "find_spec", lambda _name: pack or None)
    use_language(language)
    lab._speak()
    assert {settings_utils.SYS_LOCALE, translations_handler.SYS_LOCALE} == {locale}


def test_without_jupyterlab_it_says_what_to_install(project_copy, monkeypatch):
    monkeypatch.setattr(lab, "find_spec", lambda _name: None)
    with pytest.raises(LabError, match="not installed"):
        lab.open_lab(lab.find_notebook("monthly_report"), (), print)


def test_a_notebook_that_could_not_be_saved_is_not_opened(project_copy, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, _mode: "notebooks" not in str(path))
    with pytest.raises(WriteError, match=r"monthly_report\.ipynb"):
        lab.open_lab(lab.find_notebook("monthly_report"), (), print)


LEFT_BY_A_SERVER = """
import asyncio, logging, time
import anyio.to_thread
from analysis.runs import lab

async def asked():
    await anyio.to_thread.run_sync(time.time)
    try:
        await asyncio.sleep(600)
    finally:
        logging.error("cut short")

loop = asyncio.new_event_loop()
task = loop.create_task(asked())
loop.call_later(1, loop.stop)
loop.run_forever()
assert not task.done()
lab._end_tasks(loop)
"""


def test_no_thread_outlives_an_ended_server():
    """anyio ends a thread with the task that asked for it; JupyterLab leaves such tasks in a loop that it stopped."""
    run = subprocess.run([sys.executable, "-c", LEFT_BY_A_SERVER], capture_output=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, b"")

"""How does an executed notebook become one HTML file that needs nothing else?"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analysis.errors import BrowserError, CheckError
from analysis.language import _, language

PAGE_FOLDER = Path(__file__).parents[1] / "report" / "page"
DATA = 'id="trial-data"'
SCRIPTS = ("whatif.js", "panel.js", "sources.js", "slides.js")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge")
PLACES = {
    "win32": (
        r"Google\Chrome\Application\chrome.exe",
        r"Microsoft\Edge\Application\msedge.exe",
        r"Chromium\Application\chrome.exe",
    ),
    "darwin": (
        "Google Chrome.app/Contents/MacOS/Google Chrome",
        "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        "Chromium.app/Contents/MacOS/Chromium",
    ),
}
ROOTS = {"win32": ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"), "darwin": ()}
PRINT_SECONDS = 120


def page_of(notebook: Any, title: str, label: str = "") -> str:
    """The page of a notebook: what its cells show, in their order, with its style and nothing from outside.

    `label` is that of simulated figures: it is seen wherever the page is scrolled, on each slide and each printed page.

    Raises CheckError: a picture of simulated figures does not say that they are.
    """
    style = (PAGE_FOLDER / "page.css").read_text(encoding="utf-8")
    script = "\n".join((PAGE_FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS) if _moves(notebook) else ""
    page = {
        "language": language(),
        "title": title,
        "label": label,
        "skip": _("Skip to the content"),
        "style": style,
        "script": script,
        "style_hash": _hash(style),
        "script_hash": _hash(script) if script else "",
    }
    body = _filled(notebook, {"page": page})
    if label and (bare := sum(label not in picture for picture in _pictures(body))):
        raise CheckError(_("{count} pictures of simulated figures do not say so.").format(count=bare))
    return body


def load_renderer() -> None:
    """Import now what renders, while other processes work."""
    import nbconvert.exporters  # noqa: F401


def _filled(notebook: Any, resources: dict[str, Any]) -> str:
    """The template filled. What nbconvert does besides, before and after, is for notebooks whose code is shown."""
    from nbconvert.exporters import HTMLExporter

    exporter = HTMLExporter(
        extra_template_basedirs=[str(PAGE_FOLDER.parent)], template_name=PAGE_FOLDER.name, default_preprocessors=[]
    )
    exporter.template_file = "index.html.j2"
    body, _resources = super(HTMLExporter, exporter).from_notebook_node(notebook, resources=resources)
    return str(body)


def _pictures(page: str) -> list[str]:
    """The words of every picture inside a page, in one line."""
    found = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", page)
    return [" ".join(re.sub(r"<[^>]*>", " ", base64.b64decode(data).decode()).split()) for data in found]


def _moves(notebook: Any) -> bool:
    """Whether some cell shows what the page's scripts move."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    return any(DATA in output.get("data", {}).get("text/html", "") for output in outputs)


def _hash(text: str) -> str:
    """The sha256 by which a content security policy names a text."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def print_pdf(page: Path, target: Path) -> None:
    """Print a page of ours on A4, tagged for screen readers.

    Raises BrowserError where no browser is installed, or it did not print; then there is no target.
    """
    browser = next(_browsers(), None)
    if browser is None:
        raise BrowserError(
            _("No Chromium, Chrome or Edge was found, so no PDF was made; the page itself is made."), [], how_to_print()
        )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [
            browser,
            "--headless",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-extensions",
            f"--user-data-dir={profile}",
            "--no-pdf-header-footer",
            "--export-tagged-pdf",
            "--generate-pdf-document-outline",
            f"--print-to-pdf={target}",
            page.resolve().as_uri(),
        ]
        if sys.platform == "linux" and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")  # Chromium has no sandbox for root, and the page can load nothing
        try:
            done = subprocess.run(command, capture_output=True, timeout=PRINT_SECONDS, check=False)
            told = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        except (OSError, subprocess.TimeoutExpired) as error:
            told = [str(error)]
    if not target.is_file() or not target.stat().st_size:
        target.unlink(missing_ok=True)
        raise BrowserError(_("{browser} did not print the page.").format(browser=browser), told, how_to_print())


def how_to_print() -> str:
    """What to do without us."""
    return _("Open the page in any browser and print it (Ctrl+P), to paper or as PDF, on A4 without headers.")


def _browsers() -> Iterator[str]:
    yield from filter(None, map(shutil.which, NAMES))
    roots = [os.environ.get(name, "") for name in ROOTS.get(sys.platform, ())] or ["/Applications"]
    for place in PLACES.get(sys.platform, ()):
        yield from (str(path) for root in roots if root and (path := Path(root) / place).is_file())


def one_cell(html: str) -> Any:
    """A notebook of one cell that shows this."""
    from nbformat import v4

    shown = v4.new_output("display_data", {"text/html": html})
    return v4.new_notebook(cells=[v4.new_code_cell(outputs=[shown])])

"""How does a page become a PDF? An installed Chromium, Chrome or Edge prints it; nothing else draws what it draws."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from analysis.errors import BrowserError
from analysis.language import _

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

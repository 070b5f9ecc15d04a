"""Where does a report's kernel run? This very Python, and no port that two runs could fight for.

A kernel on TCP picks ports that another may take before it listens; sockets of its own in a folder of its own cannot
collide. Where there are no such sockets (Windows), TCP stays.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

PREFIX = "scorecard-kernel-"
DAY = 24 * 60 * 60


class ReportKernelManager(AsyncKernelManager):
    """Starts ipykernel of this Python, whatever kernels the user has installed."""

    def __init__(self, **settings: Any) -> None:
        if sys.platform != "win32":
            _sweep()
            self._sockets = Path(tempfile.mkdtemp(prefix=PREFIX))
            settings |= {"transport": "ipc", "ip": str(self._sockets / "s")}
        super().__init__(**settings)

    @property
    def kernel_spec(self) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3 (ipykernel)", language="python")

    def cleanup_resources(self, restart: bool = False) -> Any:
        if not restart and sys.platform != "win32":
            shutil.rmtree(self._sockets, ignore_errors=True)
        return super().cleanup_resources(restart=restart)


def _sweep() -> None:
    """Remove the socket folders of runs that were killed; no run lasts a day."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if time.time() - folder.stat().st_mtime > DAY:
            shutil.rmtree(folder, ignore_errors=True)

"""Where does a kernel run? In this very Python, and a report's on no port that two runs could fight for.

A kernel on TCP picks ports that another may take before it listens; sockets of its own in a folder of its own cannot
collide. Where there are no such sockets (Windows, or a temporary folder with a long name), TCP stays.
"""

import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager

PREFIX = "scorecard-kernel-"
DAY = 24 * 60 * 60
LONGEST = 60  # letters of the folder: the address of a socket holds 108 in all


class ReportKernelManager(AsyncKernelManager):
    """Starts ipykernel of this Python, whatever kernels the user has installed."""

    def __init__(self, **settings: Any) -> None:
        self._sockets: Path | None = None
        if sys.platform != "win32" and len(tempfile.gettempdir()) <= LONGEST:
            _sweep()
            self._sockets = Path(tempfile.mkdtemp(prefix=PREFIX))
            settings |= {"transport": "ipc", "ip": str(self._sockets / "s")}
        super().__init__(**settings)

    @property
    def kernel_spec(self) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3 (ipykernel)", language="python")

    def cleanup_resources(self, restart: bool = False) -> Any:
        if not restart and self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
        return super().cleanup_resources(restart=restart)


class OwnKernel(KernelSpecManager):
    """Knows one kernel, this Python, whatever kernels the user has installed."""

    def find_kernel_specs(self) -> dict[str, str]:
        return {NATIVE_KERNEL_NAME: RESOURCES}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        if kernel_name != NATIVE_KERNEL_NAME:
            raise NoSuchKernel(kernel_name)
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


def _sweep() -> None:
    """Remove the socket folders of runs that were killed; no run lasts a day."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError):  # another run may remove its own meanwhile
            if time.time() - folder.stat().st_mtime > DAY:
                shutil.rmtree(folder, ignore_errors=True)

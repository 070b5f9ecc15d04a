"""Where does a kernel run? In this very Python, and a report's on no port that two runs could fight for.

A report's kernel reads nothing that belongs to the user or the machine: no profile, no startup file, no configuration.

A kernel on TCP picks ports that another may take before it listens; sockets of its own in a folder of its own cannot
collide. Where there are no such sockets (Windows, or a temporary folder with a long name), TCP stays.
"""

import asyncio
import gc
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.util import Finalize
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from analysis.runs import forked

LOOK_AGAIN = 0.005  # seconds; in what is built upon it is ten or twenty times as long
MANY_OBJECTS = 200_000  # that may be made before circles of dead ones are looked for: a report ends soon
FORKED = "scorecard-forked"  # the provisioner, as pyproject.toml names it


class ReportKernelClient(AsyncKernelClient):
    """A client that is ready when the kernel says so; its own class then listens for 0.2 s of silence first."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # The first call comes before the kernel listens.
        self.context.setsockopt(zmq.RECONNECT_IVL, round(1000 * LOOK_AGAIN))

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Until the kernel answers, and is heard to be idle again. Raises RuntimeError where it dies or is too late."""
        limit = time.monotonic() + (float("inf") if timeout is None else timeout)
        with suppress(Empty):  # its welcome: whoever asks before is answered, but may not hear that it is idle
            await self.iopub_channel.get_msg(timeout=1)
        while True:
            asked = self.kernel_info()
            with suppress(Empty):
                await self.shell_channel.get_msg(timeout=1)
                while True:
                    heard = await self.iopub_channel.get_msg(timeout=0.2)
                    state = heard["content"].get("execution_state")
                    if state == "idle" and heard["parent_header"].get("msg_id") == asked:
                        return
            if not await self.is_alive():
                raise RuntimeError("The kernel died before it answered.")
            if time.monotonic() > limit:
                raise RuntimeError(f"The kernel did not answer within {timeout:g} s.")


class ReportKernelManager(AsyncKernelManager):
    """Starts ipykernel of this Python, whatever kernels the user has installed; forked, where that is possible."""

    def __init__(self, **settings: Any) -> None:
        self._folder = forked.temporary_folder("kernel")
        settings |= {"connection_file": str(self._folder / "connection.json")}
        if sys.platform != "win32" and len(tempfile.gettempdir()) <= forked.LONGEST:
            settings |= {"transport": "ipc", "ip": str(self._folder / "s")}
        super().__init__(client_factory=ReportKernelClient, **settings)

    @property
    def kernel_spec(self) -> KernelSpec:
        command = [sys.executable, "-P", "-m", "analysis.runs.kernel", "-f", "{connection_file}"]
        provided = {"kernel_provisioner": {"provisioner_name": FORKED}} if forked.possible() else {}
        return KernelSpec(argv=command, display_name="Python 3 (ipykernel)", language="python", metadata=provided)

    async def _async_pre_start_kernel(self, **settings: Any) -> Any:
        own = dict.fromkeys(("IPYTHONDIR", "JUPYTER_CONFIG_DIR"), str(self._folder / "profile"))
        settings["env"] = {**(settings.get("env") or os.environ), **own}
        return await super()._async_pre_start_kernel(**settings)

    async def _async_launch_kernel(self, kernel_cmd: list[str], **settings: Any) -> None:
        try:
            await super()._async_launch_kernel(kernel_cmd, **settings)
        except OSError as error:  # no Python there, no process to be had: nothing that could not be written
            raise RuntimeError(f"The kernel could not be started: {error}") from error

    async def _async_wait(self, pollinterval: float = LOOK_AGAIN) -> None:
        await super()._async_wait(pollinterval)

    def cleanup_resources(self, restart: bool = False) -> Any:
        if not restart:
            shutil.rmtree(self._folder, ignore_errors=True)
        return super().cleanup_resources(restart=restart)


class ForkedKernel(LocalProvisioner):
    """Provides kernels as forks of the server; as ordinary processes where it cannot."""

    async def launch_kernel(self, cmd: list[str], **settings: Any) -> Any:
        try:
            folder = settings.get("cwd") or os.getcwd()
            fork = _Fork(cmd[cmd.index("-f") :], settings.get("env") or dict(os.environ), folder)
        except (OSError, EOFError, ValueError):
            return await super().launch_kernel(cmd, **settings)
        self.process = fork  # type: ignore[assignment]
        self.pid = self.pgid = fork.pid
        self.cwd = Path(folder)
        return self.connection_info

    async def wait(self) -> int | None:
        """Wait for the end, looking more often than its own class does."""
        while await self.poll() is None:
            await asyncio.sleep(LOOK_AGAIN)
        return await super().wait()


class _Fork:
    """A forked kernel, with what a provisioner asks of a `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, arguments: list[str], environment: Mapping[str, str], folder: str) -> None:
        self._process = forked.start(_be_a_kernel, arguments, dict(environment), str(folder))
        self.pid = self._process.pid
        # An interrupt may come while papermill ends the kernel; Python would wait for a fork that is left.
        Finalize(self, self._process.kill, exitpriority=0)

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self) -> int | None:
        self._process.join()
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.pid is not None and self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class OwnKernel(KernelSpecManager):
    """Knows one kernel, this Python, whatever kernels the user has installed."""

    def find_kernel_specs(self) -> dict[str, str]:
        return {NATIVE_KERNEL_NAME: RESOURCES}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        if kernel_name != NATIVE_KERNEL_NAME:
            raise NoSuchKernel(kernel_name)
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


def _be_a_kernel(arguments: list[str], environment: dict[str, str], folder: str) -> None:
    """Run ipykernel in this fork until it is told to stop, or who asked for it is gone."""
    import numpy

    os.setsid()  # a group of its own, which is interrupted and killed as one
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    numpy.random.seed()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _serve(
        [*arguments, "--matplotlib=inline"], parent_handle=os.getppid()
    )  # pyplot is imported: too late for MPLBACKEND


def _serve(arguments: list[str], **settings: Any) -> None:
    """Run ipykernel without debugger, history, the user's configuration, or modules of the folder it works in."""
    sys.modules["debugpy"] = None  # type: ignore[assignment]
    gc.set_threshold(MANY_OBJECTS)
    from ipykernel.kernelapp import IPKernelApp

    class ReportKernel(IPKernelApp):
        def load_config_file(self, *_asked: Any) -> None:
            """None: the folders of the machine and of the environment may hold one."""

    kernel: Any = ReportKernel.instance(**settings)
    kernel.initialize([*arguments, "--HistoryManager.enabled=False", "--InteractiveShellApp.ignore_cwd=True"])
    kernel.start()


def _end_with_parent() -> None:
    """The server outlives who started it, as forks hold what it waits for; so each fork looks for itself."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        with suppress(ProcessLookupError):
            os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    _serve(sys.argv[1:])

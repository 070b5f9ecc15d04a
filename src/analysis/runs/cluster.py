"""How are the reports of a batch made on other machines? By a Dask cluster, whose workers get a copy of the project.

The figures, the notebook and the commit are sent once; a Dask worker unpacks them and has a `worker` of its own make
each report there, as on this machine, and sends back its files. Dask gives the reports of a lost worker to another.
"""

from __future__ import annotations

import hashlib
import io
import logging
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from analysis import project
from analysis.errors import ClusterError
from analysis.files import WORK
from analysis.language import _, slug
from analysis.runs.forked import temporary_folder
from analysis.runs.record import NOTEBOOK, code_hash
from analysis.runs.workers import USUAL, Job, Limits, Outcome, Submit, Worker

WAIT_SECONDS = 30  # for the scheduler, and for a first worker
_workers: dict[tuple[int, Path], Worker] = {}  # of this Dask worker: one a thread and project
_unpacking = threading.Lock()


@contextmanager
def dask_workers(address: str, limits: Limits = USUAL) -> Iterator[Submit]:
    """The workers of the cluster whose scheduler has this address; what they unpacked goes with the context.

    Raises ClusterError: Dask is not installed, no scheduler or no worker answers, or a worker has another version.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError(_("Dask is not installed."), [], _('Install it: pip install -e ".[dask]"')) from error
    try:
        client = Client(address, timeout=WAIT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(
            _("No Dask scheduler answers at {address}.").format(address=address),
            [str(error)],
            _("Start one: dask scheduler; then its workers: dask worker ADDRESS."),
        ) from error
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # a lost scheduler is told in our words
    with client:
        _check_workers(client)
        sent = client.scatter(_packed(), broadcast=True)
        executor = client.get_executor(pure=False)
        try:
            yield lambda job: executor.submit(make_there, job, sent, limits)
        finally:
            with suppress(Exception):
                client.run(forget)


def make_there(job: Job, packed: bytes, limits: Limits) -> Outcome:
    """Make a report on a Dask worker; its outcome with its files, or with what the failed run left."""
    folder = _unpacked(packed)
    worker = _workers.setdefault((threading.get_ident(), folder), Worker(folder, limits))
    reports = folder / "reports"
    final = reports / slug(job.entity) / job.month
    outcome = worker.make(job)
    if outcome.state == "made":
        outcome = replace(outcome, files=_files(final))
        shutil.rmtree(final)
    for left in (reports / WORK).glob(f"{slug(job.entity)}-{job.month}-*/"):
        outcome = replace(outcome, files=_files(left), unrecorded=True)
        shutil.rmtree(left)
    return outcome


def forget() -> None:
    """End the processes of this Dask worker that made reports, and remove what was unpacked for them."""
    while _workers:
        _workers.popitem()[1].close()
    for folder in _home().glob("*"):
        shutil.rmtree(folder, ignore_errors=True)


def _check_workers(client: Any) -> None:
    try:
        client.wait_for_workers(1, timeout=WAIT_SECONDS)
    except TimeoutError as error:
        raise ClusterError(
            _("The Dask cluster has no worker."), [], _("Start one or more: dask worker ADDRESS.")
        ) from error
    try:
        others = {where: found for where, found in client.run(code_hash).items() if found != code_hash()}
    except Exception as error:  # whatever a worker without this package raises
        others = {"": f"{type(error).__name__}: {error}"}
    if others:
        raise ClusterError(
            _("{count} workers of the cluster have another version of this package, or none.").format(
                count=len(others)
            ),
            [f"{where} {found[:80]}" for where, found in others.items()],
            _("Install the same version there."),
        )


def _packed() -> bytes:
    """The figures, the rules, the notices and the notebook, and the commit that they stand at."""
    root, content = project.root(), io.BytesIO()
    files = [path for path in sorted((root / "data").rglob("*")) if path.is_file()]
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in [*files, root / "notebooks" / NOTEBOOK]:
            archive.writestr(zipfile.ZipInfo(path.relative_to(root).as_posix()), path.read_bytes())
        archive.writestr(zipfile.ZipInfo(project.SENT), project.commit())
    return content.getvalue()


def _unpacked(packed: bytes) -> Path:
    """The folder of a project that was sent; unpacked whole, under one lock, when it is first needed."""
    with _unpacking:
        folder = _home() / hashlib.sha256(packed).hexdigest()[:16]
        if not folder.is_dir():
            new = Path(tempfile.mkdtemp(dir=_home()))
            with zipfile.ZipFile(io.BytesIO(packed)) as archive:
                archive.extractall(new)
            new.rename(folder)
    return folder


@lru_cache
def _home() -> Path:
    """A folder of this very process, which the next one sweeps."""
    return temporary_folder("cluster")


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}

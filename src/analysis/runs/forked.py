"""How does a report begin with everything imported and read? In a process forked from one that has done so.

Over half of a report alone is imports. A server (`multiprocessing`'s forkserver) imports what a report needs and reads
the project once (`preloaded`); each kernel, and each question asked beforehand, is a fork of it and shares nothing
with another. Where forking is not to be had or not tried (Windows, macOS) the same runs as an ordinary process.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.util import Finalize
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from analysis.errors import AnalysisError
from analysis.language import language, use_language

T = TypeVar("T")
Place = tuple[str, bytes | None]  # of a server: the address of its socket, and its key where Python has one
PRELOADED = "analysis.runs.preloaded"
LONGEST = 55  # letters of the temporary folder: the address of a socket holds 108 in all
TEMPORARY = re.compile(r"scorecard-(?P<kind>kernel|print|fork|cluster)-(?P<process>[0-9]+)-\w+")
OF_A_RUN = ("kernel", "print")  # which last no day; the others last as long as their process
DAY = 24 * 60 * 60


def prepare_environment() -> None:
    """What a kernel inherits and our own imports need.

    Fixed hashes and one time zone make two runs alike. No process that is started looks for modules in the folder it is
    started in, which may be full of what was mailed. One BLAS thread and leaving out `rfc3987_syntax` (which builds
    35 parsers for a check of addresses that no notebook needs) save time.
    """
    os.environ.update(PYTHONHASHSEED="0", PYTHONSAFEPATH="1", PYTHONUTF8="1")
    os.environ.update(OPENBLAS_NUM_THREADS="1", TZ="Asia/Ho_Chi_Minh")
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def possible() -> bool:
    """Whether forks are made here. Only Linux was tried; sockets need a short name; a daemon may have no children."""
    short = len(tempfile.gettempdir()) <= LONGEST
    return sys.platform == "linux" and short and not multiprocessing.current_process().daemon


def warm() -> None:
    """Start the server, where there can be one and none is shared; it gets ready while the caller goes on."""
    if possible() and not _sharing():
        from multiprocessing import forkserver

        prepare_environment()
        _name_sockets()
        multiprocessing.get_context("forkserver").set_forkserver_preload([PRELOADED])
        with _without_main():
            forkserver.ensure_running()


def to_share() -> Place | None:
    """Where the server is, which is started, for processes of this one that `share` it; None where there is none."""
    if not possible():
        return None
    warm()
    known = _server()
    return known._forkserver_address, getattr(known, "_forkserver_authkey", None)


def share(place: Place) -> None:
    """Have forks from the server that another process has started and keeps, not from one of our own.

    Python's own children of a server know its address, and start another all the same: they wait for no process that is
    not theirs. What is set here is what they have; the server ends with who started it.
    """
    from multiprocessing import resource_tracker

    known = _server()
    known._forkserver_address, known._forkserver_authkey = place
    known._forkserver_alive_fd = os.open(os.devnull, os.O_WRONLY)
    known.ensure_running = resource_tracker.ensure_running


def _sharing() -> bool:
    return "ensure_running" in vars(_server())


def _share_no_more() -> None:
    """Have a server of our own from now on: the one that was shared is gone."""
    known = _server()
    os.close(known._forkserver_alive_fd)
    known._forkserver_address = known._forkserver_authkey = known._forkserver_alive_fd = None
    del known.ensure_running


def _server() -> Any:
    """What multiprocessing knows of the server that forks come from."""
    from multiprocessing import forkserver

    return forkserver._forkserver


def _name_sockets() -> None:
    """Have multiprocessing keep its sockets in a folder of ours: one of its own says not whose it is."""
    settings = getattr(multiprocessing.current_process(), "_config", {"tempdir": ""})
    if "tempdir" not in settings:
        settings["tempdir"] = str(temporary_folder("fork"))
        Finalize(None, shutil.rmtree, (settings["tempdir"], True), exitpriority=-100)  # after all that uses them


def temporary_folder(kind: str) -> Path:
    """A new folder that names its process; the next one sweeps it, should that be killed."""
    sweep_temporary()
    return Path(tempfile.mkdtemp(prefix=f"scorecard-{kind}-{os.getpid()}-"))


def sweep_temporary() -> None:
    """Remove our folders whose processes are gone, and those of runs of another day; links and others' stay."""
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            name = TEMPORARY.fullmatch(entry.name)
            with suppress(FileNotFoundError):  # another run may remove its own meanwhile
                if name and entry.is_dir(follow_symlinks=False):
                    state = entry.stat(follow_symlinks=False)
                    own = sys.platform == "win32" or state.st_uid == os.getuid()
                    late = name["kind"] in OF_A_RUN and time.time() - state.st_mtime > DAY
                    if own and (late or _gone(int(name["process"]))):
                        shutil.rmtree(entry.path, ignore_errors=True)


def _gone(process: int) -> bool:
    """Whether there is surely no such process on this machine."""
    if sys.platform == "win32":  # where signal 0 ends it
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def start(task: Callable[..., None], *given: Any) -> BaseProcess:
    """A fork of the server that does a task of this package. Raises OSError, EOFError where the server is gone."""
    warm()
    fork = multiprocessing.get_context("forkserver").Process
    with _without_main():
        try:
            (child := fork(target=task, args=given)).start()
        except (OSError, EOFError):
            if not _sharing():
                raise
            _share_no_more()
            warm()
            (child := fork(target=task, args=given)).start()
    return child


def ask(question: Callable[..., T], *given: Any) -> T:
    """What a function of this package answers, where everything is read already. Raises what it raises."""
    if not possible():
        return question(*given)
    here, there = multiprocessing.Pipe(duplex=False)
    child = start(_answer, there, language(), os.getcwd(), question, given)
    there.close()
    answer: T
    try:
        answered, answer = here.recv()
    except EOFError:  # it died; here it may tell why
        return question(*given)
    finally:
        child.join()
        here.close()
    if isinstance(answer, Exception) and not answered:
        raise answer
    return answer


@contextmanager
def _without_main() -> Iterator[None]:
    """Have a fork not run the caller's script once more, as multiprocessing does: it needs nothing of it."""
    main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _answer(there: Connection, spoken: str, folder: str, question: Callable[..., Any], given: tuple[Any, ...]) -> None:
    os.chdir(folder)  # the server is where it was started
    use_language(spoken)
    try:
        answer = True, question(*given)
    except (AnalysisError, OSError) as error:
        answer = False, error
    with suppress(BrokenPipeError):  # who asked was killed
        there.send(answer)

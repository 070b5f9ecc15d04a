"""How is JupyterLab opened on the notebooks?

Nothing of the user's own JupyterLab is changed: language, kernel and silence hold for this one server, and what the
user has set wins over the language and the silence.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from analysis import project
from analysis.errors import LabError, UnknownNameError, WriteError
from analysis.language import _, language, nearest
from analysis.runs.forked import prepare_environment

START = "explore_start"
FOLDER = "notebooks"
END_SECONDS = 10
WORKSPACE = "scorecard"  # which tabs are open: kept apart from those of the user's other work
CONFIG = Path(__file__).parent / "jupyter"  # no news, no look for updates, no build: nothing that needs a network
LANGUAGE_PACK, LOCALE = "jupyterlab_language_pack_vi_VN", "vi_VN"
USUAL = (
    "--ServerApp.kernel_spec_manager_class=analysis.runs.kernel.OwnKernel",
    "--KernelManager.transport_encryption=auto",
    "--LanguageServerManager.autodetect=False",  # would run npm
    "--ServerApp.log_level=ERROR",
    "--LabApp.log_level=ERROR",
)


def find_notebook(name: str) -> Path:
    """The notebook of this name, with or without folder and `.ipynb`; without a name the one to start from.

    Raises UnknownNameError, with the names that look most like it, when there is none.
    """
    known = {path.stem: path for path in sorted((project.root() / FOLDER).glob("*.ipynb"))}
    wanted = Path(name or START).name.removesuffix(".ipynb")
    if wanted not in known:
        raise UnknownNameError(
            _("There is no notebook {name} in {folder}.").format(name=wanted, folder=FOLDER),
            nearest(wanted, known) or list(known),
            _("Choose one of the names shown."),
        )
    return known[wanted]


def open_lab(notebook: Path, options: Sequence[str], opened: Callable[[str], None]) -> None:
    """Serve the project to JupyterLab until it is stopped; `opened` is told the address as soon as it listens.

    The kernel is this very Python, whatever kernels the user has. `options` are those of `jupyter lab`; one of the same
    name takes the place of ours.

    Raises
    ------
    LabError: JupyterLab is not installed, or did not start.
    WriteError: what is changed in the notebook could not be saved.
    """
    if find_spec("jupyterlab") is None:
        raise LabError(
            _("JupyterLab is not installed here."),
            [],
            _("Install what the README names in its first command, then run again."),
        )
    if not os.access(notebook.parent, os.W_OK) or not os.access(notebook, os.W_OK):
        raise WriteError(
            _("What you change in {file} could not be saved: there is no permission to write.").format(file=notebook),
            [],
            _("Copy the project to a folder of your own, then run the command there."),
        )
    prepare_environment()
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(
        filter(None, (str(CONFIG), os.environ.get("JUPYTER_CONFIG_PATH")))
    )
    os.environ.setdefault(project.NAMED_BY, str(project.root().resolve()))  # for kernels that start elsewhere
    from jupyterlab.labapp import LabApp

    _speak()
    place = notebook.relative_to(project.root()).as_posix()
    page = f"--LabApp.default_url=/lab/workspaces/{WORKSPACE}/tree/{place}"
    named = {option.partition("=")[0] for option in options}
    ours = [
        option
        for option in (f"--ServerApp.root_dir={project.root()}", page, *USUAL)
        if option.partition("=")[0] not in named  # an option said twice is refused
    ]
    try:
        server = LabApp.initialize_server([*ours, *options])
        address = server.display_url.split()[0]
        server.log.addFilter(lambda record: address not in record.getMessage())  # `opened` tells it
        server.io_loop.add_callback(opened, address)
        # Its own handler asks first, and where nobody can be asked it leaves kernels and files behind.
        signal.signal(signal.SIGINT, lambda *_signal: server.stop(from_signal=True))
        server.start()
        _end_tasks(server.io_loop.asyncio_loop)
    except OSError as error:
        raise LabError(
            _("JupyterLab did not start: {reason}.").format(reason=error.strerror or error),
            [str(error.filename)] if error.filename else [],
            _("It writes into your own folder and listens on a port of this machine; allow both, then run again."),
        ) from error
    except SystemExit as ended:
        if not ended.code:
            raise
        raise LabError(
            _("JupyterLab did not start; its own words stand above."),
            [],
            _("If they are about the port, choose another: scorecard lab -- --port=9000"),
        ) from ended


def _end_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """End what the server left in its stopped loop: anyio's threads, for which Python waits, end with their tasks.

    Without a word: a request that is cut short here would be told as an error of the server.
    """
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        logging.disable()
        with suppress(TimeoutError):
            loop.run_until_complete(asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), END_SECONDS))
        logging.disable(logging.NOTSET)


def _speak() -> None:
    """Give JupyterLab our language where it would take that of the machine, which is where the user has chosen none.

    Its file of defaults does not do: the words of menus, which the server translates, do not follow it.
    """
    from jupyterlab_server import settings_utils, translations_handler

    locale = LOCALE if language() == "vi" and find_spec(LANGUAGE_PACK) else "en"
    for module in (settings_utils, translations_handler):
        module.SYS_LOCALE = locale  # type: ignore[attr-defined]

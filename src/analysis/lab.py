"""How is JupyterLab opened on the notebooks? With the kernel of this package, in the user's language, offline.

What we want of JupyterLab goes into a folder of this run, below everything that its administrator or the user chose:
their settings are neither changed nor overruled.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from analysis import project
from analysis.errors import UnknownNameError
from analysis.running import prepare_environment
from analysis.vietnamese import _, language, nearest

START = "explore_start.ipynb"
LOCALES = {"vi": "vi_VN", "en": "en"}
KERNEL = "python3"


def open_lab(notebook: str = "", more: Sequence[str] = ()) -> None:
    """Run JupyterLab until it is stopped; `more` are options of `jupyter lab`.

    Raises UnknownNameError for a notebook that is not there, ProjectError outside a project.
    """
    path = find_notebook(notebook)
    prepare_environment()
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # the kernel of this environment before one that a user installed
    from jupyterlab.labapp import LabApp

    with _settings() as folder:
        LabApp.launch_instance(
            [
                f"--LabApp.app_settings_dir={folder}",
                f"--ServerApp.root_dir={project.root()}",
                f"--FileContentsManager.preferred_dir={path.parent}",
                f"--LabApp.default_url=/lab/tree/{path.relative_to(project.root()).as_posix()}",
                f"--MultiKernelManager.default_kernel_name={KERNEL}",
                *more,
            ]
        )


def find_notebook(name: str = "") -> Path:
    """The notebook that the user means, with or without `.ipynb`; by default the one to start with.

    Raises UnknownNameError with the nearest names.
    """
    folder = project.root() / "notebooks"
    there = {path.stem: path for path in sorted(folder.glob("*.ipynb"))}
    stem = Path(name or START).name.removesuffix(".ipynb")
    if stem not in there:
        raise UnknownNameError(
            _("There is no notebook “{name}”.").format(name=name or START),
            nearest(stem.replace("_", "-"), there) or list(there),
            _("Choose one of these."),
        )
    return there[stem]


@contextmanager
def _settings() -> Iterator[Path]:
    """A folder of settings: those of this installation of JupyterLab, and under them ours."""
    from jupyterlab.commands import get_app_dir
    from jupyterlab_server.translation_utils import get_language_packs

    with tempfile.TemporaryDirectory(prefix="scorecard-lab-") as name:
        folder = Path(name)
        installed = Path(get_app_dir()) / "settings"
        if installed.is_dir():
            shutil.copytree(installed, folder, dirs_exist_ok=True)
        ours: dict[str, dict[str, object]] = {
            "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
        }
        packs, _problem = get_language_packs()
        if LOCALES[language()] in packs:
            ours["@jupyterlab/translation-extension:plugin"] = {"locale": LOCALES[language()]}
        (folder / "overrides.d").mkdir(exist_ok=True)
        (folder / "overrides.d" / "scorecard.json").write_text(json.dumps(ours), encoding="utf-8")
        yield folder

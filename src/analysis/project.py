"""Where are the folders of this project? The one file that knows their names.

A notebook started in `notebooks/`, a run in its working folder and a command at the top all find the same project: the
folder that SCORECARD_PROJECT names; else the nearest one, here or above, that holds `data/rubrics`; else the checkout
this package was installed from. An installed wheel carries a project to begin with (`shipped`), which is never used
where it lies: `scorecard init` copies it.
"""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from analysis.errors import ProjectError
from analysis.language import _

DISTRIBUTION = "scorecard-766"
DEFAULT_ENTITY = "Hòa Bình"
NAMED_BY = "SCORECARD_PROJECT"
PARTS = ("data", "notebooks")
SENT = "COMMIT"  # in a copy sent elsewhere: the commit it was made of


def root() -> Path:
    """The top folder of the project. Raises ProjectError when there is none, or the nearest is damaged."""
    named = os.environ.get(NAMED_BY)
    here = [Path(named)] if named else [Path.cwd(), *Path.cwd().parents, *Path(__file__).parents]
    for folder in here:
        tables = [folder / "data" / name for name in ("rubrics", "observations")]
        if all(place.is_dir() for place in tables):
            return folder
        if any(place.is_dir() for place in (*tables, folder / "notebooks")):
            _refuse_what_is_no_folder(folder / "data", *tables)
    if named:
        raise ProjectError(
            _("{name} names {folder}, which is no project: data/rubrics and data/observations are missing.").format(
                name=NAMED_BY, folder=named
            ),
            next_step=_("Name the folder of your project, or unset it."),
        )
    raise ProjectError(
        _("There is no project in this folder or above it: data/rubrics and data/observations are missing."),
        next_step=_("Go to the folder of your project, or make one: scorecard init FOLDER"),
    )


def _refuse_what_is_no_folder(*places: Path) -> None:
    """Lest another project is taken for one that is damaged. Raises ProjectError."""
    for place in places:
        if os.path.lexists(place) and not place.is_dir():
            raise ProjectError(
                _("{path} should be a folder, and is none.").format(path=place),
                next_step=_("Take it again from where you cloned the project."),
            )


def shipped() -> Path:
    """The folder whose `PARTS` a new project is copied from: inside an installed wheel, else the checkout itself.

    Raises ProjectError where the package was installed without them.
    """
    package = Path(__file__).parent
    for folder in (package / "_project", package.parents[1]):
        if all((folder / part).is_dir() for part in PARTS):
            return folder
    raise ProjectError(
        _("This package was installed without the data and notebooks of a project."),
        next_step=_("Install it from its wheel, or clone the project."),
    )


def version() -> str:
    """The version of this package."""
    from importlib.metadata import version

    return version(DISTRIBUTION)


def today() -> str:
    """Today as an ISO date; the day of SOURCE_DATE_EPOCH where it is set, so that a report can be made again alike."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    day = datetime.now() if epoch is None else datetime.fromtimestamp(int(epoch), UTC)
    return f"{day:%Y-%m-%d}"


def commit() -> str:
    """The commit the project stands at, with `+` when files were changed since; "" where git does not know.

    A copy that was sent to another machine says of which commit it is.
    """
    sent = root() / SENT
    if sent.is_file():
        return sent.read_text(encoding="utf-8")
    try:
        run = ["git", "-C", str(root()), "-c", "core.fsmonitor=false"]  # which may name a program
        head = subprocess.run([*run, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True)
        changed = subprocess.run([*run, "status", "--porcelain"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")

"""What was added, corrected and removed, and when? `data/log.csv`, one line a change, in their order."""

from __future__ import annotations

import csv
import io
from os.path import lexists
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from analysis import project
from analysis.errors import HistoryError
from analysis.files import read_rows, recover
from analysis.language import _

LOG = "log.csv"
What = Literal["added", "corrected", "kept", "removed"]


class Entry(NamedTuple):
    """One change. `kept`: only the document of known figures was added. `total` is the total that it brought or took.

    `when` is local time to the minute (ISO). Entity and period are "" where a table held several.
    """

    when: str
    what: What
    entity: str
    period: str
    source: str
    figures: str
    total: str


def read_log(folder: Path | None = None) -> list[Entry]:
    """Every change, the earliest first; none before the first. Raises HistoryError for a file that cannot be read."""
    folder = folder or project.root() / "data"
    recover(folder)
    path = folder / LOG
    entries: list[Entry] = []
    for where, row, problem in read_rows(path, list(Entry._fields)) if lexists(path) else ():
        if problem or row["what"] not in get_args(What):
            words = problem or _("{field} is “{value}”, not one of {known}").format(
                field="what", value=row["what"], known=", ".join(get_args(What))
            )
            raise HistoryError(
                _("{file} cannot be read.").format(file=LOG),
                [f"{where} {words}"],
                _("Correct that line, then run again."),
            )
        entries.append(Entry(*(row[name] for name in Entry._fields)))  # type: ignore[arg-type]
    return entries


def with_entry(folder: Path, entry: Entry) -> dict[Path, bytes]:
    """The log with one more line."""
    path = folder / LOG
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if not path.is_file():
        writer.writerow(Entry._fields)
    writer.writerow(entry)
    return {path: (path.read_bytes() if path.is_file() else b"") + text.getvalue().encode()}


def just_added(folder: Path | None = None) -> Entry | None:
    """The card with a total that was added last, if nothing was removed or added since."""
    last = next(reversed(read_log(folder)), None)
    return last if last and last.what in ("added", "corrected") and last.entity and last.total else None

"""Where is a notice kept, and which sentence of it does a figure stand in?

`data/bulletins/<source>/` holds the notice as received (`notice.docx`), the text that was read from it (`text.txt`) and
the place of every figure in that text (`places.csv`: code, unit, start, end; end EXCLUDED).
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis import project
from analysis.about import sentence_at
from analysis.language import _
from analysis.scorecards.sources import Source

NOTICE, TEXT, PLACES = "notice", "text.txt", "places.csv"
Place = tuple[str, str, int, int]


@dataclass(frozen=True)
class Passage:
    """A printed figure in its sentence: the words before it, its own and those after it."""

    before: str
    quote: str
    after: str


def bulletins(folder: Path | None = None) -> Path:
    """The folder of the kept notices; it is not there before the first."""
    return (folder or project.root() / "data") / "bulletins"


def contents(text: str, places: Iterable[Place], notice: bytes, suffix: str) -> dict[str, bytes]:
    """The files of one kept notice, by name."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerows([("code", "unit", "start", "end"), *places])
    return {NOTICE + suffix: notice, TEXT: text.encode(), PLACES: table.getvalue().encode()}


def passages(figures: pd.DataFrame, folder: Path | None = None) -> dict[str, Passage]:
    """`file:line` of a figure → the sentence it was read from, for the figures whose notice is kept.

    A figure that was changed by hand since is left out: its words are not those of the notice.
    """
    found: dict[str, Passage] = {}
    for source, rows in figures.groupby("source", sort=False):
        kept = bulletins(folder) / str(source)
        if not (kept / PLACES).is_file() or not (kept / TEXT).is_file():
            continue
        text = (kept / TEXT).read_bytes().decode("utf-8")
        with (kept / PLACES).open(encoding="utf-8", newline="") as file:
            places = {(row["code"], row["unit"]): (int(row["start"]), int(row["end"])) for row in csv.DictReader(file)}
        for row in rows.itertuples():
            start, end = places.get((row.code, row.unit), (0, 0))
            if end and " ".join(text[start:end].split()) == row.quote:
                found[f"{row.file}:{row.line}"] = passage(text, start, end)
    return found


def passage(text: str, start: int, end: int) -> Passage:
    """The sentence around a place, or the row of the table."""
    first, last = sentence_at(text, start, end)
    parts = (text[first:start], text[start:end], text[end:last])
    before, quote, after = (" ".join(part.replace("\t", " | ").split()) for part in parts)
    left = " " if text[start - 1 : start].isspace() and before else ""
    right = " " if text[end : end + 1].isspace() and after else ""
    return Passage(before + left, quote, right + after)


def faults(sources: Mapping[str, Source], folder: Path | None = None) -> list[str]:
    """Kept notices that are not those their figures were read from, in words."""
    found = []
    for name, source in sources.items():
        kept = bulletins(folder) / name
        if not source.sha256 or not kept.is_dir():
            continue
        notices = sorted(kept.glob(f"{NOTICE}.*"))
        if len(notices) != 1 or hashlib.sha256(notices[0].read_bytes()).hexdigest() != source.sha256:
            found.append(
                _("{folder}: the notice is not the one that the figures were read from").format(
                    folder=f"bulletins/{name}"
                )
            )
    return found

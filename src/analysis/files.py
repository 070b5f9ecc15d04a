"""What do the files of a project hold? The lines of a table, the entries of a TOML file, what is wrong with them."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from analysis.errors import HistoryError
from analysis.vietnamese import _, nfc


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, str], str]]:
    """Each line as (place, row, problem); a problem ends that line, and a wrong header or encoding the file."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        yield f"{path.name}:{line}", {}, _("is not UTF-8; save the file as CSV UTF-8")
        return
    done = 0
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        done = 1
        if len(header) == 1 and ";" in header[0]:
            yield f"{path.name}:1", {}, _("the columns are separated by semicolons; separate them by commas")
            return
        if header != columns:
            wrong = [name for name in header if name not in columns] + [name for name in columns if name not in header]
            yield (
                f"{path.name}:1",
                {},
                _("the columns must be {columns}; look at: {wrong}").format(
                    columns=",".join(columns), wrong=", ".join(wrong) or _("their order")
                ),
            )
            return
        for cells in reader:
            where, done = f"{path.name}:{done + 1}", reader.line_num
            if len(cells) != len(columns):
                yield (
                    where,
                    {},
                    _("has {count} fields instead of {expected}").format(count=len(cells), expected=len(columns)),
                )
                continue
            row = dict(zip(columns, cells, strict=True))
            yield where, {**row, "file": path.name, "line": where.rpartition(":")[2]}, ""
    except csv.Error:
        yield f"{path.name}:{done + 1}", {}, _("a quotation mark is not closed, or is closed too early")


def untidy(row: Mapping[str, str]) -> Iterator[str]:
    """Which fields have spaces around them, or are not composed as all others are."""
    for name, value in () if all(map(_tidy, row.values())) else row.items():
        if value != value.strip():
            yield _("{field} has spaces around it: “{value}”").format(field=name, value=value)
        if value != nfc(value):
            yield _("{field} is not in composed Unicode (NFC): “{value}”").format(field=name, value=value)


@lru_cache(maxsize=65536)
def _tidy(value: str) -> bool:
    """Whether a text is as it should be; thousands of figures share most of their texts."""
    return value == value.strip() == nfc(value)


def read_toml(path: Path) -> dict[str, Any]:
    """The entries of a TOML file. Raises HistoryError for one that cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise HistoryError(
            _("{file} cannot be read.").format(file=path.name), [str(error)], _("Correct it, then run again.")
        ) from error

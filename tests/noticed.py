"""The notices of the tests (`tests/notices/files`), what they hold, and commands that add them to a project."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from click.testing import CliRunner

from analysis.cli import app
from analysis.notices.reader import Notice

NOTICES = Path(__file__).parent / "notices" / "files"
GOLDEN, APRIL = "hoa-binh-2023-04", "2023-04"
SMALL = "Tỉnh Hòa Bình tháng 8/2024 (đến 31/8/2024): tổng điểm 81,20/100 điểm, xếp hạng 3/63."
Figures = dict[tuple[str, str], tuple[Decimal, int, Decimal | None]]  # (code, unit) → value, decimals, maximum


def names_in(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.txt"))


def text_of(name: str, folder: Path = NOTICES) -> str:
    return (folder / f"{name}.txt").read_text(encoding="utf-8")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def expected(name: str, folder: Path = NOTICES) -> Figures:
    """The figures that a notice prints."""
    return {
        (row["code"], row["unit"]): (
            Decimal(row["value"]),
            int(row["decimals"]),
            Decimal(row["max"]) if row["max"] else None,
        )
        for row in rows_of(folder / f"{name}.csv")
    }


def figures_of(notice: Notice) -> Figures:
    return {(item.code, item.unit): (item.value, item.decimals, item.max) for item in notice.figures}


def wrong(found: Figures, wanted: Figures) -> dict:
    """The figures that are not those of the notice: other values, or figures it does not have.

    A bare 0 % or 100 % has the decimals of the other percents; where those are cut away it has none, and is then wider.
    """
    same = {key: (value[0], value[2]) for key, value in wanted.items()}
    return {
        key: (value, wanted.get(key))
        for key, value in found.items()
        if (value[0], value[2]) != same.get(key) or value[1] > wanted[key][1]
    }


def edits(word: str) -> list[str]:
    """Every word that one wrong key makes of this one: a mark or digit replaced, left out, or swapped with the next."""
    made = set()
    for place in range(len(word)):
        made |= {word[:place] + key + word[place + 1 :] for key in "0123456789,. "}
        made.add(word[:place] + word[place + 1 :])
        made.add(word[:place] + word[place + 1 : place + 2] + word[place] + word[place + 2 :])
    return sorted(made - {word})


def run(*words: str, code: int = 0, given: bytes | None = None) -> tuple[str, str]:
    """What `scorecard` writes to standard output and to standard error."""
    made = CliRunner().invoke(app, list(words), input=given)
    assert made.exit_code == code, (made.exit_code, made.output, made.exception)
    return made.stdout, made.stderr


def stored(project: Path, period: str = APRIL) -> list[dict[str, str]]:
    """The figures of Hòa Bình that a project has for a period."""
    return [row for row in rows_of(project / "data" / "observations" / "hoa-binh.csv") if row["period"] == period]


def files(project: Path, without: Iterable[str] = ()) -> dict[str, bytes]:
    """Everything in the project but the locks."""
    return {
        path.relative_to(project).as_posix(): path.read_bytes()
        for path in sorted(project.rglob("*"))
        if path.is_file() and path.suffix != ".lock" and path.name not in without
    }


def letter(project: Path, text: str, name: str = "notice.txt") -> str:
    path = project / name
    path.write_text(text, encoding="utf-8")
    return str(path)

"""How are figures typed in where a notice is not to be had, and how do they go to Excel?

The form is a table with the codes of the rubric in its first column, so that reading it back needs no words. Text that
goes to a spreadsheet cannot start a formula.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import BulletinError
from analysis.files import FORMULA
from analysis.language import _, slug, write_period
from analysis.notices.identity import check_exists, scope_of
from analysis.notices.items import Candidate, Level, Unit, Unread
from analysis.notices.phrasebook import Phrasebook
from analysis.notices.reader import Notice
from analysis.notices.tokens import Token, clean, number_style, read_printed
from analysis.scorecards.history import BASE, RANK, TOTAL
from analysis.scorecards.periods import PERIOD
from analysis.scorecards.rubric import Rubric, rubric_in_force

MARK = "scorecard-766"
COLUMNS = ("points", "max", "count", "base", "percent")
FACTS = ("entity", "period", "as_of", "number", "published", "publisher", "title")


@dataclass(frozen=True)
class _Cell:
    text: str
    start: int


def form_rows(rubric: Rubric, entity: str, period: str) -> list[list[str]]:
    """The form as rows of cells: what it is about, then one row a figure of the rubric, in the order of the index."""
    names = (
        _("Province"),
        _("Period: YYYY-MM, YYYY-Qn or YYYY"),
        _("The figures run to (day/month/year)"),
        _("Number of the document"),
        _("Date of the document (day/month/year)"),
        _("Who published it"),
        _("Title"),
    )
    known = {"entity": entity, "period": period}
    heads = [_("Points"), _("Maximum"), _("Count"), _("Of how many"), _("Rate, %")]
    rows = [[MARK, _("Form for the figures of one notice; leave empty what is not printed")], [""]]
    rows += [[code, name, known.get(code, "")] for code, name in zip(FACTS, names, strict=True)]
    rows += [[""], [_("Code"), _("Figure"), *heads]]
    ranked = rubric.ranked_units(period) if PERIOD.fullmatch(period) else None
    rows.append([TOTAL, _("Total score"), "", f"{rubric.points:g}"])
    rows.append([RANK, _("Rank"), "", str(ranked or "")])
    for group in rubric.groups:
        rows.append([group.code, group.name, "", f"{group.points:g}"])
        rows += [[item.code, f"– {item.name}"] for item in group.indicators]
    rows += [[entry.code, f"– {entry.name}"] for entry in rubric.other_figures]
    return rows


def write_csv(rows: list[list[str]], path: Path) -> None:
    """A CSV file as Excel of a Vietnamese computer opens it: semicolons, UTF-8 with a mark at its start."""
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(rows)
    path.write_bytes(text.getvalue().encode("utf-8-sig"))


def write_xlsx(rows: list[list[str]], path: Path) -> None:
    """The form as a workbook. Every cell is text, so that `10,0` stays as typed and nothing is a formula."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font, PatternFill

    book = Workbook()
    sheet: Any = book.active
    sheet.title = "766"
    moment = datetime(2022, 6, 23)  # of the Decision: the same form is the same file
    book.properties.created = book.properties.modified = moment
    open_cell, bold = PatternFill("solid", fgColor="FFF6D5"), Font(bold=True)
    for number, row in enumerate(rows, start=1):
        facts = len(row) == 3
        for column in range(1, 8):
            cell = sheet.cell(number, column, row[column - 1] if column <= len(row) else None)
            cell.number_format = "@"
            cell.alignment = Alignment(
                vertical="top", wrap_text=column == 2, horizontal="right" if column > 2 and not facts else None
            )
            if column == 1:
                cell.font = Font(color="767676", size=9)
            if column > 2 and ((facts and column == 3) or (not facts and number > 11 and cell.value is None)):
                cell.fill = open_cell
            if number in (1, 11):
                cell.font = bold
    for letter, width in zip("ABCDEFG", (30, 62, 14, 12, 14, 14, 12), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "C12"
    book.save(path)


def is_form(text: str) -> bool:
    """Whether a document's text is a form of this package."""
    return text.lstrip("\ufeff").split("\n", 1)[0].split("\t")[0].strip() == MARK


def read_form(text: str, rubrics: tuple[Rubric, ...], book: Phrasebook) -> Notice:
    """The figures of a filled form.

    Raises
    ------
    BulletinError: no province or period, an unknown code, or no figure at all.
    UnknownNameError: no rubric governs the period.
    """
    body = clean(text).text
    lines = list(_lines(body))
    facts = {cells[0].text: cells for cells in lines if cells[0].text in FACTS}
    said = {code: cells[2].text if len(cells) > 2 else "" for code, cells in facts.items()}
    entity = next((name for name in book.provinces if slug(name) == slug(said.get("entity", ""))), "")
    period = said.get("period", "")
    if not entity or not PERIOD.fullmatch(period):
        raise BulletinError(
            _("The form does not say which province and period it is of."),
            [f"entity: {said.get('entity', '')}", f"period: {period}"],
            _("Write the province's name and the period as YYYY-MM in the form."),
        )
    check_exists(entity, period, book)
    rubric = rubric_in_force(rubrics, period)
    figures, problems = _read_figures(lines, rubric, period)
    if not figures and not problems:
        raise BulletinError(_("The form has no figure in it."), [], _("Fill in what the notice prints."))
    as_of, published = (_day(said.get(name, ""), facts.get(name), problems) for name in ("as_of", "published"))
    return Notice(
        text=body,
        entity=entity,
        period=period,
        scope=scope_of(period, as_of, published, since_january=False),
        as_of=as_of,
        number=said.get("number", ""),
        published=published,
        title=said.get("title") or _("Score of {entity}, {period}").format(entity=entity, period=write_period(period)),
        publisher=said.get("publisher") or _("Not named in the notice ({entity})").format(entity=entity),
        figures=tuple(figures),
        unread=(),
        problems=tuple(problems),
        missing=(),
        notes=(),
    )


def export_rows(figures: pd.DataFrame) -> list[list[str]]:
    """Figures for Excel of a Vietnamese computer: numbers with a decimal comma, text that is no formula."""
    names = ("entity", "period", "scope", "as_of", "level", "code", "value", "unit", "max", "kind", "source", "quote")
    rows = [list(names)]
    for row in figures.to_dict("records"):
        cells = {name: _safe(str(row[name])) for name in names}
        cells["value"] = "" if pd.isna(row["value"]) else _plain_number(row["value"], int(row["decimals"]))
        cells["max"] = "" if pd.isna(row["max"]) else _plain_number(row["max"], 0)
        rows.append(list(cells.values()))
    return rows


def _plain_number(value: float, decimals: int) -> str:
    """Without marks for thousands, which Excel may take for text."""
    return f"{value:.{decimals}f}".replace(".", ",")


def _safe(text: str) -> str:
    return f"'{text}" if text[:1] and text[0] in FORMULA else text


def _lines(text: str) -> Iterator[list[_Cell]]:
    at = 0
    for line in text.split("\n"):
        cells, start = [], at
        for cell in line.split("\t"):
            bare = cell.strip(" \"'")
            cells.append(_Cell(bare, start + cell.find(bare)))
            start += len(cell) + 1
        yield cells
        at += len(line) + 1


def _read_figures(lines: list[list[_Cell]], rubric: Rubric, period: str) -> tuple[list[Candidate], list[Unread]]:
    groups = {group.code: group.points for group in rubric.groups}
    groups |= {entry.code: sum(groups[part] for part in entry.groups) for entry in rubric.combined}
    maxima: dict[str, float | None] = {TOTAL: rubric.points, RANK: rubric.ranked_units(period), **groups}
    known = {*maxima, *rubric.named}
    figures: list[Candidate] = []
    problems: list[Unread] = []
    rows = [
        cells
        for cells in lines
        if cells[0].text not in FACTS and re.search(r"[0-9]", "".join(c.text for c in cells[2:]))
    ]
    texts = [cell.text.rstrip("%") for cells in rows for cell in cells[2:7] if cell.text]
    style = number_style([Token("number", text, 0, 0) for text in texts])
    seen: set[str] = set()
    for cells in rows:
        code, place = cells[0].text, (cells[0].start, cells[0].start + len(cells[0].text))
        if code in seen:
            problems.append(Unread(*place, _("this code stands twice in the form")))
            continue
        seen.add(code)
        for kind, cell in zip(COLUMNS, cells[2:7], strict=False):
            if not cell.text:
                continue
            end = cell.start + len(cell.text)
            maximum = maxima.get(code)
            try:
                value, decimals = read_printed(cell.text.rstrip("%").strip(), style)
            except ValueError:
                problems.append(Unread(cell.start, end, _("this is not a number that can be read for sure")))
                continue
            if code not in known:
                problems.append(Unread(*place, _("no figure has this code")))
            elif kind == "max" and maximum is not None and float(value) != maximum:
                words = _("the maximum printed is {printed}, the rubric says {expected}")
                problems.append(Unread(cell.start, end, words.format(printed=cell.text, expected=f"{maximum:g}")))
            elif code in maxima and kind not in ("points", "max"):
                problems.append(Unread(cell.start, end, _("only points go into this row")))
            elif kind != "max":
                name = code + BASE if kind == "base" else code
                top = None if maximum is None else Decimal(f"{maximum:g}")
                figures.append(
                    Candidate(name, _level(code, groups), _unit(code, kind), value, decimals, top, cell.start, end)
                )
    return figures, problems


def _level(code: str, groups: dict[str, float]) -> Level:
    return "total" if code == TOTAL else "rank" if code == RANK else "group" if code in groups else "indicator"


def _unit(code: str, kind: str) -> Unit:
    if kind == "points":
        return "rank" if code == RANK else "points"
    return "percent" if kind == "percent" else "count"


def _day(text: str, cells: list[_Cell] | None, problems: list[Unread]) -> str:
    """`24/5/2023` or `2023-05-24` as ISO; "" for nothing."""
    if not text:
        return ""
    for shape in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, shape).date().isoformat()
        except ValueError:
            continue
    assert cells is not None
    problems.append(Unread(cells[2].start, cells[2].start + len(text), _("this is not a date: write day/month/year")))
    return ""

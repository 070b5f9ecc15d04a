"""How do the rules that fit stand in a workbook, so that plain formulas can run over them?

The rows of `live`, with formulas that keep to what Excel has had since 2010 and LibreOffice has too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from analysis.cells import font, protect, put_heads, put_note, put_number, put_text, quoted_sheet
from analysis.decisions.whatif import TOGETHER
from analysis.identification.identify import Identified
from analysis.language import _
from analysis.live import Handle, Row, Scored, Sum, survey
from analysis.typed import FIRST, RESULTS, Spans


def write_rules(sheet: Any, identified: Identified, kept: Sequence[Handle], whatif: str) -> Spans:
    """The levers under each rule, the rows of each group, and their sums; first of all together, then of each alone."""
    from openpyxl.utils import get_column_letter

    put_text(sheet.cell(1, 1), _("Rules that fit"))
    sheet.cell(1, 1).font = font(bold=True, size=14)
    words = _(
        "The what-if takes the lowest and the highest gain over the rows of the last table: each is one way in which "
        "the rules that still fit can hold together in all months and give the printed scores."
    )
    put_note(sheet.cell(2, 1), words, to=12)
    for column in range(1, 15):
        sheet.column_dimensions[get_column_letter(column)].width = 30 if column < 3 else 13
    blocks = {TOGETHER: survey(identified, kept)}
    blocks |= {item.code: survey(identified, [item]) for item in kept}
    names = {TOGETHER: _("All together"), **{code: item.name for code, item in identified.rubric.named.items()}}
    inputs = {item.code: f"{quoted_sheet(whatif)}!$E${row}" for row, item in enumerate(kept, start=FIRST)}
    lowest = {item.code: f"{quoted_sheet(whatif)}!$D${row}" for row, item in enumerate(kept, start=FIRST)}
    scored = dict.fromkeys(one for rows, _sums in blocks.values() for row in rows for one in row.kind.levers)
    at = {one: number for number, one in enumerate(scored, start=5)}
    _write_scored(sheet, at, names, inputs, lowest)
    start = 5 + len(at) + 2
    places: dict[str, int] = {}
    row_number = start
    put_heads(sheet, start - 1, _row_heads())
    for block, (rows, _sums) in blocks.items():
        places[block] = row_number
        for row in rows:
            _write_row(sheet, row_number, names[block], names, row, at)
            row_number += 1
    put_heads(sheet, row_number + 1, _sum_heads())
    row_number += 2
    spans: Spans = {}
    for block, (_rows, sums) in blocks.items():
        for number, one in enumerate(sums, start=row_number):
            _write_sum(sheet, number, names[block], one, places[block], identified)
        last = row_number + len(sums) - 1
        name = quoted_sheet(sheet.title)
        spans[block] = {
            result: f"{name}!${letter}${row_number}:${letter}${last}"
            for result, letter in zip(RESULTS, "KLMN", strict=True)
        }
        row_number = last + 1
    sheet.freeze_panes = "C4"
    protect(sheet)
    return spans


def _write_scored(
    sheet: Any, at: Mapping[Scored, int], names: Mapping[str, str], inputs: Mapping[str, str], lowest: Mapping[str, str]
) -> None:
    """Each lever under each rule: numbers in C to G, and what its rate wanted is worth in H to L."""
    heads = (
        _("Code"),
        _("Indicator"),
        _("Maximum"),
        _("Lowest target, %"),
        _("Highest target, %"),
        _("Score today, at least"),
        _("Score today, at most"),
        _("Rate wanted, %"),
        _("Gain from the lowest score, lowest target"),
        _("Score it takes before the gain falls"),
        _("Gain from the lowest score, highest target"),
        _("By how much the score can lower that gain"),
    )
    put_heads(sheet, 4, heads)
    for one, row in at.items():
        put_text(sheet.cell(row, 1), one.code)
        put_text(sheet.cell(row, 2), names[one.code])
        numbers = (one.max, one.target_low, one.target_high, one.low, one.high)
        for column, value in enumerate(numbers, start=3):
            put_number(sheet.cell(row, column), value)
        typed = inputs[one.code]
        valid = f'IF(AND({typed}>={lowest[one.code]},{typed}<=100),{typed},"")'
        sheet[f"H{row}"] = f'=IF(ISNUMBER({typed}),{valid},"")'
        sheet[f"I{row}"] = f"=IF(ISNUMBER(H{row}),MAX(C{row}*MIN(H{row}/D{row},1)-F{row},0),0)"
        sheet[f"J{row}"] = f"=IF(ISNUMBER(H{row}),F{row},G{row})"
        sheet[f"K{row}"] = f"=IF(ISNUMBER(H{row}),MAX(C{row}*MIN(H{row}/E{row},1)-F{row},0),0)"
        sheet[f"L{row}"] = f"=MIN(K{row},G{row}-F{row})"


def _row_heads() -> tuple[str, ...]:
    return (
        _("For"),
        _("Group"),
        _("Score today, at least"),
        _("Score today, at most"),
        _("All at their lowest"),
        _("Score of the others, and of levers above their goals"),
        _("Score it takes before the gain falls"),
        _("By how much the score can lower the lowest gain"),
        _("Highest gain at the lowest score"),
        _("Score that may be added without lowering it"),
        _("Lowest gain at the lowest score"),
        _("By how much more score lowers it"),
        _("Levers above their goals today"),
    )


def _write_row(
    sheet: Any, number: int, block: str, names: Mapping[str, str], row: Row, at: Mapping[Scored, int]
) -> None:
    """A row of a group: numbers in C to F, and how the gain moves with the group's score in G to L (see `live`)."""
    kind = row.kind
    below = [at[one] for one in kind.levers if one.code not in row.above]
    everyone = [at[one] for one in kind.levers]
    put_text(sheet.cell(number, 1), block)
    put_text(sheet.cell(number, 2), names[kind.group])
    above = sum(one.high for one in kind.levers if one.code in row.above)
    for column, value in enumerate((kind.low, kind.high, kind.bottom, kind.rest_high + above), start=3):
        put_number(sheet.cell(number, column), value)
    n = number
    sheet[f"G{n}"] = f"=F{n}+{_sum('J', below)}"
    sheet[f"H{n}"] = f"={_sum('L', everyone)}"
    sheet[f"I{n}"] = f"={_sum('I', below)}-MAX(C{n}-G{n},0)"
    sheet[f"J{n}"] = f"=MIN(MAX(G{n}-C{n},0),D{n}-C{n})"
    sheet[f"K{n}"] = f"={_sum('K', everyone)}-MIN(C{n}-E{n},H{n})"
    sheet[f"L{n}"] = f"=MIN(H{n}-MIN(C{n}-E{n},H{n}),D{n}-C{n})"
    put_text(sheet.cell(number, 13), ", ".join(one.code for one in kind.levers if one.code in row.above))


def _sum_heads() -> tuple[str, ...]:
    return (
        _("For"),
        _("Total today, at least"),
        _("Total today, at most"),
        _("At least above the lowest sum"),
        _("At most above the lowest sum"),
        _("Score that groups without levers may add"),
        _("Highest gain at the lowest score"),
        _("Score that may be added without lowering it"),
        _("Lowest gain at the lowest score"),
        _("By how much more score lowers it"),
        _("Gain, at least"),
        _("Gain, at most"),
        _("New total, at least"),
        _("New total, at most"),
    )


def _write_sum(sheet: Any, number: int, block: str, one: Sum, start: int, identified: Identified) -> None:
    """The rows of all groups together, held to the printed total: numbers in B to F, sums and results in G to N."""
    first, last = max(one.low, identified.total.low), min(one.high, identified.total.high)
    rows = [start + row for row in one.rows]
    put_text(sheet.cell(number, 1), block)
    numbers = (first, last, max(first - one.low, 0.0), max(last - one.low, 0.0), one.room)
    for column, value in enumerate(numbers, start=2):
        put_number(sheet.cell(number, column), round(value, 12))
    n = number
    sheet[f"G{n}"] = f"={_sum('I', rows)}"
    sheet[f"H{n}"] = f"=F{n}+{_sum('J', rows)}"
    sheet[f"I{n}"] = f"={_sum('K', rows)}"
    sheet[f"J{n}"] = f"={_sum('L', rows)}"
    sheet[f"K{n}"] = f"=I{n}-MIN(E{n},J{n})"
    sheet[f"L{n}"] = f"=G{n}-MAX(D{n}-H{n},0)"
    sheet[f"M{n}"] = f"=B{n}+I{n}-MIN(D{n},J{n})"
    sheet[f"N{n}"] = f"=C{n}+G{n}-MAX(E{n}-H{n},0)"


def _sum(letter: str, rows: Iterable[int]) -> str:
    return "+".join(f"{letter}{row}" for row in rows) or "0"

"""How do the gains in a workbook follow the rates that are typed? The sheet that asks, and the rules it asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.decisions.levers import Lever
from analysis.decisions.whatif import TOGETHER, gains, raised_from
from analysis.identification.identify import Identified
from analysis.language import _, write_list, write_number, write_period
from analysis.report.cells import (
    Shown,
    font,
    number_format_of,
    protect,
    put_formula,
    put_heads,
    put_note,
    put_number,
    put_text,
    quoted,
    quoted_sheet,
    to_print,
)
from analysis.report.figures import Figures
from analysis.report.gain_rows import Block, Handle, Row, Scored, Sum, effects_of, hypotheses_of, survey

MOST_ROWS = 4000  # some 400 kB
HEAD, FIRST = 7, 8  # rows of the sheet that asks: the heads, and the first lever
YELLOW, GREY = "FFF2B3", "595959"
POINTS, RATE = "#,##0.00", "0.00"
RESULTS = ("gain_low", "gain_high", "total_low", "total_high", "lost")
Ends = tuple[float, float]
Spans = dict[str, dict[str, str]]  # lever or `together` → result → the cells that its end is taken over


def write_whatif(
    sheet: Any,
    identified: Identified,
    figures: Figures,
    acts: Mapping[str, Lever],
    kept: Sequence[Handle],
    left_out: Sequence[Handle],
    spans: Spans,
    shown: Shown,
) -> None:
    """One row a lever with a yellow cell for the rate wanted, then the gain of all together; points and percent."""
    names = {code: item.name for code, item in identified.rubric.indicators.items()}
    levers = {item.code: item.target for item in kept if item.target is not None}
    gained = gains(identified, levers, acts) if levers else pd.DataFrame(columns=["code", "gain_low", "gain_high"])
    put_text(sheet.cell(1, 1), title(identified))
    sheet.cell(1, 1).font = font(bold=True, size=14)
    for number, words in enumerate(_notes([names[item.code] for item in left_out]), start=2):
        put_note(sheet.cell(number, 1), words, to=8)
    heads = (
        (_("Code"), 26),
        (_("Indicator"), 58),
        (_("Rate today, %"), 13),
        (_("Lowest rate that can be typed, %"), 16),
        (_("Rate wanted, %"), 13),
        (_("Gain alone, at least"), 18),
        (_("Gain alone, at most"), 18),
        (_("Remark"), 34),
    )
    put_heads(sheet, HEAD, *zip(*heads, strict=True))
    for row, item in enumerate(kept, start=FIRST):
        put_text(sheet.cell(row, 1), item.code)
        sheet.cell(row, 1).font = font(color=GREY, size=9)
        put_text(sheet.cell(row, 2), names[item.code], wrap=True)
        _write_today(sheet.cell(row, 3), identified, figures, item.code)
        put_number(sheet.cell(row, 4), item.lowest, RATE)
        put_number(sheet.cell(row, 5), item.target, RATE)
        _write_gain(sheet, row, spans[item.code], gained[gained["code"] == item.code], shown)
    last = max(FIRST + len(kept) - 1, FIRST)
    _ask_for_rates(sheet, last)
    _write_together(sheet, last, identified, spans[TOGETHER], _together(identified, levers, gained), shown)
    sheet.freeze_panes = f"C{FIRST}"
    protect(sheet)
    to_print(sheet)


def _notes(left_out: Sequence[str]) -> list[str]:
    notes = [
        _("A gain counts what the indicator may move besides, as the report does: surely at least, perhaps at most."),
        _("Type the rate wanted, in percent, into a yellow cell, such as 80; leave it empty for what is not done."),
        _(
            "A range is over all rules that some document names and that still fit, and over rounding; it is not a "
            "confidence interval."
        ),
        _("The sheet is protected without a password; only the yellow cells are for typing."),
    ]
    if left_out:
        words = _(
            "Left out, as more than {most} rows of rules would be needed: {names}. For these use scorecard whatif."
        )
        notes.append(words.format(most=write_number(MOST_ROWS, 0), names=write_list(left_out)))
    return notes


def _write_gain(sheet: Any, row: int, spans: Mapping[str, str], gained: pd.DataFrame, shown: Shown) -> None:
    """The gain of one lever alone, and a remark where the rate typed cannot be used."""
    look, outside = quoted(_("see the remark")), quoted(_("must be a number from the lowest rate to 100"))
    for column, end in ((6, "low"), (7, "high")):
        value = "" if gained.empty else float(gained.iloc[0][f"gain_{end}"])
        words = f'=IF(E{row}="","",IF(H{row}<>"",{look},{_gain(spans, end)}))'
        put_formula(sheet.cell(row, column), words, POINTS, shown, value)
    wrong = f'IF(ISNUMBER(E{row}),IF(AND(E{row}>=D{row},E{row}<=100),"",{outside}),{outside})'
    put_formula(sheet.cell(row, 8), f'=IF(E{row}="","",{wrong})', "General", shown, "")


def _ask_for_rates(sheet: Any, last: int) -> None:
    """The cells to type into: yellow, not locked, and only for a number from the lowest rate to 100."""
    from openpyxl.styles import PatternFill, Protection
    from openpyxl.worksheet.datavalidation import DataValidation

    for row in range(FIRST, last + 1):
        cell = sheet.cell(row, 5)
        cell.fill, cell.protection = PatternFill("solid", fgColor=YELLOW), Protection(locked=False)
    rule = DataValidation(type="decimal", operator="between", formula1=f"$D{FIRST}", formula2="100", allow_blank=True)
    rule.error = rule.prompt = _("A rate from the lowest one given in this row to 100, without the sign %.")
    rule.errorTitle = rule.promptTitle = _("Rate wanted, %")
    rule.showErrorMessage = rule.showInputMessage = True
    rule.add(f"E{FIRST}:E{last}")
    sheet.add_data_validation(rule)


def _write_together(
    sheet: Any, last: int, identified: Identified, spans: Mapping[str, str], ends: Sequence[Ends], shown: Shown
) -> None:
    """The gain of all levers together, the new total and what is still lost; `ends` are what they are now."""
    block, points, look = last + 2, f"{identified.rubric.points:g}", quoted(_("see the remark"))
    put_heads(sheet, block, ["", _("All together"), "", "", "", _("At least"), _("At most")])
    gain = [_gain(spans, end) for end in ("low", "high")]
    total = [_end(spans, "total", "low"), f"MIN({_end(spans, 'total', 'high')}+{spans['unseen']},{points})"]
    left = [f"{points}-G{block + 2}", f"{points}-F{block + 2}"]
    rows = ((_("Gain of all together"), gain), (_("New total"), total), (_("Still lost"), left))
    for row, ((name, words), values) in enumerate(zip(rows, ends, strict=True), start=block + 1):
        put_text(sheet.cell(row, 2), name)
        sheet.cell(row, 2).font = font(bold=True)
        for column, formula, value in zip((6, 7), words, values, strict=True):
            checked = f'=IF(SUMPRODUCT(--(H${FIRST}:H${last}<>""))>0,{look},{formula})'
            put_formula(sheet.cell(row, column), checked, POINTS, shown, value)
            sheet.cell(row, column).font = font(bold=True)


def _together(identified: Identified, levers: Mapping[str, float], gained: pd.DataFrame) -> list[Ends]:
    """The gain, the new total and what is still lost with the report's own levers."""
    if not levers:
        whole, points = identified.scores(identified.readings), identified.rubric.points
        return [(0.0, 0.0), (whole.low, whole.high), (points - whole.high, points - whole.low)]
    row = gained.iloc[-1]
    return [(float(row[f"{name}_low"]), float(row[f"{name}_high"])) for name in ("gain", "total", "remaining")]


def _write_today(cell: Any, identified: Identified, figures: Figures, code: str) -> None:
    reading, printed = identified.readings[code], figures.get(f"printed.{code}.percent")
    if reading.rate is None:
        put_text(cell, _("not published"))
    elif printed is not None and printed.value is not None:
        put_number(cell, printed.value, number_format_of(printed.decimals))
    else:
        put_number(cell, (reading.rate.low + reading.rate.high) / 2, RATE)


def _end(spans: Mapping[str, str], name: str, end: str) -> str:
    return f"{'MIN' if end == 'low' else 'MAX'}({spans[f'{name}_{end}']})"


def _gain(spans: Mapping[str, str], end: str) -> str:
    """The gain of a block: at most it also counts what moves from an unknown rate, but no more than was lost."""
    gain = f"MAX({_end(spans, 'gain', end)},0)"
    if end == "low" or spans["unseen"] == "0":
        return gain
    return f"IF({spans['unseen']}>0,MIN({gain}+{spans['unseen']},MAX({spans['lost']})),{gain})"


def title(identified: Identified) -> str:
    """What the workbook is about."""
    return _("What-if: {entity}, {period}").format(entity=identified.entity, period=write_period(identified.period))


def write_rules(
    sheet: Any, identified: Identified, acts: Mapping[str, Lever], kept: Sequence[Handle], whatif: str
) -> Spans:
    """The rates wanted, the levers under each rule, the rows of each group, their sums; together, then each alone."""
    from openpyxl.utils import get_column_letter

    put_text(sheet.cell(1, 1), _("Rules that fit"))
    sheet.cell(1, 1).font = font(bold=True, size=14)
    words = _(
        "The what-if takes the lowest and the highest gain over the rows of the last table: each is one way in which "
        "the rules that some document names and that still fit can hold together in all months and give the printed "
        "scores."
    )
    put_note(sheet.cell(2, 1), words, to=12)
    for column in range(1, 18):
        sheet.column_dimensions[get_column_letter(column)].width = 30 if column < 3 else 13
    blocks = [Block.of(TOGETHER, kept, identified, acts)]
    blocks += [Block.of(item.code, [item], identified, acts) for item in kept]
    names = {TOGETHER: _("All together"), **{code: item.name for code, item in identified.rubric.named.items()}}
    cells = {item.code: f"{quoted_sheet(whatif)}!$E${row}" for row, item in enumerate(kept, start=FIRST)}
    rates, row_number = _write_rates(sheet, blocks, identified, acts, names, cells)
    surveyed = {block.name: survey(identified, block.handles) for block in blocks}
    places: dict[str, int] = {}
    at: dict[tuple[str, Scored], int] = {}
    put_heads(sheet, row_number, _scored_heads())
    for block, (rows, _sums) in surveyed.items():
        for one in dict.fromkeys(one for row in rows for one in row.kind.levers):
            row_number += 1
            at[block, one] = row_number
            _write_scored(sheet, row_number, one, names, rates[block, one.code])
    row_number += 2
    put_heads(sheet, row_number, _row_heads())
    for block, (rows, _sums) in surveyed.items():
        places[block] = row_number + 1
        for row in rows:
            row_number += 1
            _write_row(sheet, row_number, names[block], names, row, {one: at[block, one] for one in row.kind.levers})
    row_number += 2
    put_heads(sheet, row_number, _sum_heads())
    spans: Spans = {}
    name = quoted_sheet(sheet.title)
    for block, (_rows, sums) in surveyed.items():
        first = row_number + 1
        for one_sum in sums:
            row_number += 1
            _write_sum(sheet, row_number, names[block], one_sum, places[block], identified)
        spans[block] = {
            result: f"{name}!${letter}${first}:${letter}${row_number}"
            for result, letter in zip(RESULTS, "KLMNO", strict=True)
        }
        spans[block]["unseen"] = rates[block, ""]
    sheet.freeze_panes = "C4"
    protect(sheet)
    return spans


def _write_rates(
    sheet: Any,
    blocks: Sequence[Block],
    identified: Identified,
    acts: Mapping[str, Lever],
    names: Mapping[str, str],
    cells: Mapping[str, str],
) -> tuple[dict[tuple[str, str], str], int]:
    """What each indicator of a block is raised to, at the least and at the most; the rows by block and indicator.

    Under the code "" stands what a block may gain from unknown rates: a cell of this sheet, or `0`.
    """
    heads = (
        _("For"),
        _("Indicator"),
        _("Rate wanted, at least"),
        _("Rate wanted, at most"),
        _("Gain from unknown rates"),
        _("Weighed (1) or not (0)"),
    )
    put_heads(sheet, 4, heads)
    number, places = 4, dict[tuple[str, str], str]()
    for block in blocks:
        for code in [item.code for item in block.handles]:
            number += 1
            places[block.name, code] = str(number)
            put_text(sheet.cell(number, 1), names[block.name])
            put_text(sheet.cell(number, 2), names[code])
            own = next((item for item in block.typed if item.code == code), None)
            typed = _typed(cells[code], own.lowest) if own else '""'
            for letter, end in (("C", "low"), ("D", "high")):
                raised = _raised(block, code, end, identified, acts, cells)
                rate = identified.readings[code].rate
                if raised == "0" or rate is None:
                    sheet[f"{letter}{number}"] = f"={typed}"
                    continue
                start = rate.low if end == "low" else rate.high
                carried = f"MIN({start:.12g}+{raised},100)"
                sheet[f"{letter}{number}"] = f"=IF({raised}>0,MAX({carried},IF(ISNUMBER({typed}),{typed},0)),{typed})"
            movers = [item.code for item in block.typed if item.code == code or code in effects_of(item, acts)]
            sheet[f"F{number}"] = f"=IF(OR({','.join(f'ISNUMBER({cells[mover]})' for mover in movers)}),1,0)"
            if code in block.unseen:
                sheet[f"E{number}"] = f"={_unseen(block, code, identified, acts, cells)}"
        cells_of = [f"{quoted_sheet(sheet.title)}!$E${places[block.name, code]}" for code in block.unseen]
        places[block.name, ""] = f"({'+'.join(cells_of)})" if cells_of else "0"
    return places, number + 2


def _typed(cell: str, lowest: float) -> str:
    """The rate in a yellow cell, or "" where none is typed that can be used."""
    return f'IF(ISNUMBER({cell}),IF(AND({cell}>={lowest:.12g},{cell}<=100),{cell},""),"")'


def _raised(
    block: Block, code: str, end: str, identified: Identified, acts: Mapping[str, Lever], cells: Mapping[str, str]
) -> str:
    """By how many percentage points the levers of a block carry an indicator: the least, or the most."""
    terms = []
    for item in block.typed:
        by = effects_of(item, acts).get(code) if item.code != code else None
        factor = 0.0 if by is None else by.low if end == "low" else by.high
        if factor:
            today = raised_from(identified, item.code)
            start = today.high if end == "low" else today.low
            terms.append(f"{factor:.12g}*IF(ISNUMBER({cells[item.code]}),MAX({cells[item.code]}-{start:.12g},0),0)")
    return f"({'+'.join(terms)})" if terms else "0"


def _unseen(
    block: Block, code: str, identified: Identified, acts: Mapping[str, Lever], cells: Mapping[str, str]
) -> str:
    """What an indicator may gain that is carried from an unknown rate: by its best rule, no more than it lost."""
    raised = _raised(block, code, "high", identified, acts, cells)
    rules = {(rule.max, rule.target) for item in hypotheses_of(identified, code) for rule in item.rules[code]}
    points = ",".join(f"{most:.12g}*MIN(MIN({raised},100)/{target:.12g},1)" for most, target in sorted(rules))
    lost, rounding = identified.lost([code]).high, identified.rubric.rounding
    return f"IF({raised}>0,MIN({lost:.12g},MAX({points})+{rounding:.12g}),0)"


def _scored_heads() -> tuple[str, ...]:
    return (
        _("Code"),
        _("Indicator"),
        _("Maximum"),
        _("Lowest target, %"),
        _("Highest target, %"),
        _("Score today, at least"),
        _("Score today, at most"),
        _("Rate wanted, at least"),
        _("Gain from the lowest score, lowest target"),
        _("Score it takes before the gain falls"),
        _("Gain from the lowest score, highest target"),
        _("By how much the score can lower that gain"),
        _("Rate wanted, at most"),
        _("Points lost at the lowest score"),
        _("Score it takes before the loss falls"),
    )


def _write_scored(sheet: Any, row: int, one: Scored, names: Mapping[str, str], rates: str) -> None:
    """A lever under one rule: numbers in C to G, and what its rate wanted is worth in H to O."""
    put_text(sheet.cell(row, 1), one.code)
    put_text(sheet.cell(row, 2), names[one.code])
    for column, value in enumerate((one.max, one.target_low, one.target_high, one.low, one.high), start=3):
        put_number(sheet.cell(row, column), value)
    sheet[f"H{row}"], sheet[f"M{row}"] = f"=C{rates}", f"=D{rates}"
    sheet[f"I{row}"] = f"=IF(ISNUMBER(M{row}),MAX(C{row}*MIN(M{row}/D{row},1)-F{row},0),0)"
    sheet[f"J{row}"] = f"=IF(ISNUMBER(M{row}),F{row},G{row})"
    sheet[f"K{row}"] = f"=IF(ISNUMBER(H{row}),MAX(C{row}*MIN(H{row}/E{row},1)-F{row},0),0)"
    sheet[f"L{row}"] = f"=MIN(K{row},G{row}-F{row})"
    sheet[f"N{row}"] = f"=F{rates}*(C{row}-F{row})"
    sheet[f"O{row}"] = f"=IF(F{rates}=1,F{row},G{row})"


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
        _("Points lost at the lowest score"),
        _("Score that may be added without lowering it"),
    )


def _write_row(
    sheet: Any, number: int, block: str, names: Mapping[str, str], row: Row, at: Mapping[Scored, int]
) -> None:
    """A row of a group: numbers in C to F, and how gain and loss move with the group's score from G on."""
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
    sheet[f"N{n}"] = f"={_sum('N', below)}-MAX(C{n}-F{n}-({_sum('O', below)}),0)"
    sheet[f"O{n}"] = f"=MIN(MAX(F{n}+{_sum('O', below)}-C{n},0),D{n}-C{n})"
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
        _("Points lost, at most"),
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
    sheet[f"O{n}"] = f"={_sum('N', rows)}-MAX(D{n}-F{n}-({_sum('O', rows)}),0)"


def _sum(letter: str, rows: Iterable[int]) -> str:
    return "+".join(f"{letter}{row}" for row in rows) or "0"

"""How do the gains in a workbook follow the rates that are typed into it?

This sheet asks for them; the other (`ruled`) holds the rules that its formulas run over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.cells import (
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
    to_print,
)
from analysis.decisions.whatif import TOGETHER, gains
from analysis.figures import Figures
from analysis.identification.identify import Identified
from analysis.language import _, write_list, write_number, write_period
from analysis.live import Handle

MOST_ROWS = 4000  # some 400 kB
HEAD, FIRST = 7, 8  # rows of the sheet that asks: the heads, and the first lever
YELLOW, GREY = "FFF2B3", "595959"
POINTS, RATE = "#,##0.00", "0.00"
RESULTS = ("gain_low", "gain_high", "total_low", "total_high")

Ends = tuple[float, float]
Spans = dict[str, dict[str, str]]  # lever or `together` → result → the cells that its end is taken over


def write_whatif(
    sheet: Any,
    identified: Identified,
    figures: Figures,
    kept: Sequence[Handle],
    left_out: Sequence[Handle],
    spans: Spans,
    shown: Shown,
) -> None:
    """One row a lever with a yellow cell for the rate wanted, then the gain of all together; points and percent."""
    names = {code: item.name for code, item in identified.rubric.indicators.items()}
    levers = {item.code: item.target for item in kept if item.target is not None}
    gained = gains(identified, levers) if levers else pd.DataFrame(columns=["code", "gain_low", "gain_high"])
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
        _("The indicator's own points only; what it may move besides is in the report."),
        _("Type the rate wanted, in percent, into a yellow cell, such as 80; leave it empty for what is not done."),
        _("A range is over all rules that still fit and over rounding; it is not a confidence interval."),
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
        words = f'=IF(E{row}="","",IF(H{row}<>"",{look},MAX({_end(spans, "gain", end)},0)))'
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
    gain = [f"MAX({_end(spans, 'gain', end)},0)" for end in ("low", "high")]
    total = [_end(spans, "total", end) for end in ("low", "high")]
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
        put_text(cell, _("nothing to count") if reading.empty else _("not printed"))
    elif printed is not None and printed.value is not None:
        put_number(cell, printed.value, number_format_of(printed.decimals))
    else:
        put_number(cell, (reading.rate.low + reading.rate.high) / 2, RATE)


def _end(spans: Mapping[str, str], name: str, end: str) -> str:
    return f"{'MIN' if end == 'low' else 'MAX'}({spans[f'{name}_{end}']})"


def title(identified: Identified) -> str:
    """What the workbook is about."""
    return _("What-if: {entity}, {period}").format(entity=identified.entity, period=write_period(identified.period))

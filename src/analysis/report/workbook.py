"""How do the numbers of a report reach Excel?

Every figure of the report, the losses by group, a what-if with yellow cells, and the surviving rules that its formulas
run over (`workbook_whatif`); where documents disagree, the gains of the report's rates in each tier too. Numbers are
numbers, words can never be a formula, and the same inputs give the same bytes. The formulas keep to what Excel has had
since 2010 and LibreOffice has too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.decisions.levers import Lever, check_levers
from analysis.identification.identify import Identified
from analysis.language import _
from analysis.report.cells import (
    Shown,
    as_bytes,
    clean,
    font,
    number_format_of,
    put_formula,
    put_heads,
    put_note,
    put_number,
    put_text,
    sheet_name,
    to_print,
)
from analysis.report.figures import Figure, Figures
from analysis.report.gain_rows import handles, within
from analysis.report.wording import tier_name
from analysis.report.workbook_whatif import MOST_ROWS, title, write_rules, write_whatif
from analysis.scorecards.history import unit_name
from analysis.scorecards.periods import months_of
from analysis.scorecards.sources import Source

FILE = "workbook.xlsx"
SHARE = "0.0%"
RED = "C00000"
SUMMED = ("score", "max", "lost", "lost_low", "lost_high")


def save_workbook(
    path: Path,
    figures: Figures,
    identified: Identified,
    by_group: pd.DataFrame,
    levers: Mapping[str, float],
    acts: Mapping[str, Lever],
    by_tier: pd.DataFrame,
    by_target: pd.DataFrame,
    sources: Mapping[str, Source],
) -> None:
    """Write the workbook of one month; `by_group` is from `losses_by_group`, `levers` are the report's, in percent.

    `acts` are all levers of the month, with what they move besides; `by_tier` and `by_target` are from
    `decisions.tiers`.

    Raises
    ------
    ParameterError: from `check_levers`.
    OSError: the file cannot be written.
    """
    from openpyxl import Workbook

    check_levers(identified, levers)
    book: Any = Workbook()
    book.remove(book.active)
    sheets = [book.create_sheet(sheet_name(name)) for name in (_("Figures"), _("Losses"), _("What-if"), _("Rules"))]
    kept, left_out = within(identified, handles(identified, levers), acts, MOST_ROWS)
    shown: Shown = {}
    _write_figures(sheets[0], figures, sources)
    _write_losses(sheets[1], by_group, figures, identified, shown)
    spans = write_rules(sheets[3], identified, acts, kept, sheets[2].title)
    write_whatif(sheets[2], identified, figures, acts, kept, left_out, spans, shown)
    if by_tier["tier"].nunique() > 1:
        sheets.append(book.create_sheet(sheet_name(_("Gains by tier"))))
        _write_tiers(sheets[4], by_tier, by_target, levers, identified)
    for sheet in sheets if figures.label else []:
        _label(sheet, figures.label)
    book.active = 2
    book.calculation.fullCalcOnLoad = True
    book.properties.creator = "scorecard-766"
    book.properties.title = clean(title(identified))
    path.write_bytes(as_bytes(book, _moment(figures, identified.period), shown))


def _label(sheet: Any, label: str) -> None:
    """The label of simulated figures: in the first cell, at the head of each printed page, and a red tab."""
    put_text(sheet["A1"], f"{label} · {sheet['A1'].value}", wrap=True)
    sheet.oddHeader.center.text = label
    sheet.sheet_properties.tabColor = RED


def _write_figures(sheet: Any, figures: Figures, sources: Mapping[str, Source]) -> None:
    """One row a figure. The ends of a printed value have one decimal more, where they differ from it."""
    heads = (
        (_("Id"), 34),
        (_("Figure"), 40),
        (_("Value"), 12),
        (_("Low end"), 12),
        (_("High end"), 12),
        (_("Unit"), 10),
        (_("What it is"), 14),
        (_("How it was made"), 44),
        (_("Source"), 44),
        (_("File and line"), 24),
        (_("As printed"), 50),
        (_("In words"), 24),
    )
    put_heads(sheet, 1, *zip(*heads, strict=True))
    kinds = {
        "published": _("published"),
        "derived": _("derived"),
        "entered": _("entered by hand"),
        "synthetic": _("synthetic"),
    }
    for number, item in enumerate(figures.values(), start=2):
        ends = item.decimals + (item.value is not None and (item.low, item.high) != (item.value, item.value))
        words = {
            1: item.id,
            2: item.label,
            6: unit_name(item.unit),
            7: kinds.get(item.kind, item.kind),
            8: item.rule,
            9: _source_words(item, sources),
            10: item.where,
            11: item.quote,
            12: item.words,
        }
        for column, text in words.items():
            put_text(sheet.cell(number, column), text, wrap=True)
        for column, value, decimals in ((3, item.value, item.decimals), (4, item.low, ends), (5, item.high, ends)):
            if value is not None and math.isfinite(value):
                put_number(sheet.cell(number, column), value, number_format_of(decimals))
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = f"A1:L{max(len(figures), 1) + 1}"
    to_print(sheet)


def _write_losses(sheet: Any, by_group: pd.DataFrame, figures: Figures, identified: Identified, shown: Shown) -> None:
    """One row a group, most lost first, then their sum and the printed total."""
    heads = (
        (_("Group"), 44),
        (_("Score"), 12),
        (_("Maximum"), 12),
        (_("Lost"), 12),
        (_("Lowest loss"), 14),
        (_("Highest loss"), 14),
        (_("Share of the points lost"), 16),
    )
    put_heads(sheet, 1, *zip(*heads, strict=True))
    last = len(by_group) + 1
    summed, total = last + 1, last + 2
    printed, points = figures["total"], identified.rubric.points
    lost = points - identified.total
    assert printed.value is not None  # the losses of a month without a total are not known
    score = printed.value
    for number, row in enumerate(by_group.itertuples(), start=2):
        put_text(sheet.cell(number, 1), row.name, wrap=True)
        _write_loss(sheet, number, row.score, row.max, (row.lost_low, row.lost_high), int(row.decimals), shown)
        if not math.isnan(row.score):
            share = row.lost / (points - score) if points != score else 0.0
            put_formula(sheet.cell(number, 7), f"=IF(D${total}=0,0,D{number}/D${total})", SHARE, shown, share)
    put_text(sheet.cell(summed, 1), _("Sum of the groups"))
    decimals = int(by_group["decimals"].max())
    for letter, name, places in zip("BCDEF", SUMMED, (decimals, 0, decimals, decimals + 1, decimals + 1), strict=True):
        if by_group[name].notna().all():  # a sum without what is not printed would pass for the whole
            words, cell = f"=SUM({letter}2:{letter}{last})", sheet[f"{letter}{summed}"]
            put_formula(cell, words, number_format_of(places), shown, float(by_group[name].sum()))
    put_text(sheet.cell(total, 1), _("Published total"))
    _write_loss(sheet, total, score, points, (lost.low, lost.high), printed.decimals, shown)
    for cell in (*sheet[summed], *sheet[total]):
        cell.font = font(bold=True)
    note = _(
        "Lost = maximum − score. The lowest and the highest loss are what the rounding of the printed figures allows; "
        "their sums are wider than the loss of the printed total."
    )
    put_note(sheet.cell(total + 2, 1), note, to=7)
    sheet.freeze_panes = "B2"
    to_print(sheet)


def _write_loss(
    sheet: Any, row: int, score: float, maximum: float, ends: tuple[float, float], decimals: int, shown: Shown
) -> None:
    """A score, its maximum, what is lost and the ends of that, in points; unless it is not printed."""
    put_number(sheet.cell(row, 3), maximum, number_format_of(0 if float(maximum).is_integer() else 1))
    for column, end in zip((5, 6), ends, strict=True):
        put_number(sheet.cell(row, column), end, number_format_of(decimals + 1))
    if math.isnan(score):
        put_text(sheet.cell(row, 2), _("not published"))
    else:
        put_number(sheet.cell(row, 2), score, number_format_of(decimals))
        put_formula(sheet.cell(row, 4), f"=C{row}-B{row}", number_format_of(decimals), shown, maximum - score)


def _write_tiers(
    sheet: Any, by_tier: pd.DataFrame, by_target: pd.DataFrame, levers: Mapping[str, float], identified: Identified
) -> None:
    """One row a lever and one for all together, with both ends in each tier; then one row a target that may be."""
    put_text(sheet.cell(1, 1), _("What the gain stands on"))
    sheet.cell(1, 1).font = font(bold=True, size=14)
    note = _(
        "Points that the improvements of the report gain by their own indicators, nothing that they may move besides; "
        "these numbers do not follow the yellow cells."
    )
    tiers = list(dict.fromkeys(by_tier["tier"]))
    ends = [f"{tier_name(tier)}: {end}" for tier in tiers for end in (_("at least"), _("at most"))]
    put_note(sheet.cell(2, 1), note, to=2 + len(ends))
    put_heads(sheet, 4, [_("Improvement"), _("Rate wanted, %"), *ends], [58, 13, *[16] * len(ends)])
    number = 4
    for _code, rows in by_tier.groupby("code", sort=False):
        number, target = number + 1, rows.iloc[0]["target"]
        put_text(sheet.cell(number, 1), rows.iloc[0]["name"], wrap=True)
        put_number(sheet.cell(number, 2), None if math.isnan(target) else target, number_format_of(2))
        for column, value in enumerate(rows.set_index("tier").loc[tiers, ["gain_low", "gain_high"]].to_numpy().flat, 3):
            put_number(sheet.cell(number, column), value, number_format_of(2))
    if len(by_target):
        number += 2
        heads = [
            _("Improvement"),
            _("Rate wanted, %"),
            _("Full marks from, %"),
            _("Gain, at least"),
            _("Gain, at most"),
        ]
        put_heads(sheet, number, heads)
    for row in by_target.itertuples():
        number += 1
        put_text(sheet.cell(number, 1), identified.rubric.name_of(row.code), wrap=True)
        for column, value in enumerate((levers[row.code], row.target, row.gain_low, row.gain_high), start=2):
            put_number(sheet.cell(number, column), value, number_format_of(2))
    sheet.freeze_panes = "B5"
    to_print(sheet)


def _source_words(figure: Figure, sources: Mapping[str, Source]) -> str:
    source = sources.get(figure.source)
    if source is None:
        return figure.source
    return f"{source.in_full}\n{source.link}" if source.link else source.in_full


def _moment(figures: Figures, period: str) -> datetime:
    """The date of the file, which is not the clock's: the day that the total runs to, or the month of the period."""
    month = months_of(period)[1]
    return datetime.fromisoformat(figures["total"].as_of or f"{month}-01")

"""Does the workbook give the gains of `whatif` for any rates typed, are its words words, and are its bytes fixed?

Its formulas are computed by a small calculator here, and by LibreOffice where that is installed.
"""

from __future__ import annotations

import ast
import math
import re
import shutil
import subprocess
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from types import CodeType
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from analysis.card import open_card
from analysis.decisions.levers import Lever
from analysis.decisions.whatif import gains
from analysis.diagnosis.losses import losses_by_group
from analysis.errors import ParameterError
from analysis.identification.identify import Identified, identify_cards
from analysis.interval import Interval
from analysis.language import use_language
from analysis.report import gain_rows, workbook, workbook_whatif
from analysis.report.figures import Figure, Figures
from analysis.report.workbook import save_workbook
from analysis.scorecards.sources import Source, load_sources
from planted import plant

EXACT = 1e-9
ENDS = ["gain_low", "gain_high", "total_low", "total_high"]
MONTHS = {
    "april": ("2023-04", "Hòa Bình"),
    "july": ("2024-07", "Hòa Bình"),
    "known": ("", "Phú Thọ"),
    "linked": ("2023-04", "Hòa Bình"),
}
FAMILIES, WITH_LIBREOFFICE = 36, 4
FEW = (3, 7, 12, 29)  # seeds of families with hidden groups, wide gains, and months that forbid choices
VECTORS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", '=HYPERLINK("http://x","y")', "#N/A", "'=1")
VECTORS += ("a\x00b\x0b\x1f", "\ud800x\ufffe", "_x0041_", '=cmd|" /C calc"!A0', "<b>&amp;", "x" * 40_000, " =1")
Rates = dict[str, float]
Sources = dict[str, Source]
ONE_TIER = pd.DataFrame({"tier": ["documented"]})
GIVEN = (
    "figures",
    "identified",
    "by_group",
    "levers",
    "acts",
    "by_tier",
    "by_target",
)  # of a `Made`, in the order of `save_workbook`


@dataclass(frozen=True)
class Made:
    """A workbook with the month that it is of."""

    path: Path
    identified: Identified
    levers: Rates
    figures: Figures
    by_group: pd.DataFrame
    acts: dict[str, Lever]
    by_tier: pd.DataFrame = field(default_factory=lambda: ONE_TIER)
    by_target: pd.DataFrame = field(default_factory=pd.DataFrame)

    @cached_property
    def calculator(self) -> Calculator:
        return Calculator(self.path)

    def type(self, rates: Rates | dict[str, Any]) -> Callable[[str], Any]:
        """What the cells of the sheet that asks show with these rates."""
        self.calculator.type(rates, self.inputs)
        return lambda cell: self.calculator(self.calculator.sheets[2], cell)

    @cached_property
    def sheet(self) -> Any:
        """The sheet that asks."""
        return load_workbook(self.path).worksheets[2]

    @property
    def inputs(self) -> dict[str, int]:
        """Code → row of each lever that may be typed."""
        rows = yellow(self.sheet)
        return {str(self.sheet.cell(row, 1).value): row for row in rows if self.sheet.cell(row, 1).value}

    def saved(self, path: Path, levers: Rates | None = None, sources: Sources | None = None) -> Made:
        """The same month saved again, with other levers if wanted."""
        again = replace(self, path=path, levers=self.levers if levers is None else levers)
        save_workbook(path, *(getattr(again, name) for name in GIVEN), sources or {})
        return again

    def with_rates(self, path: Path, rates: Rates | dict[str, Any]) -> Path:
        """The workbook as it is after someone typed these rates and emptied the other cells."""
        book = load_workbook(self.path)
        for code, row in self.inputs.items():
            book.worksheets[2].cell(row, 5).value = rates.get(code)
        book.save(path)
        return path


def yellow(sheet: Any) -> list[int]:
    return [cell.row for (cell,) in sheet.iter_rows(min_col=5, max_col=5) if not cell.protection.locked]


def make(path: Path, case: Any, seed: int) -> Made:
    identified = identify_cards(case.cards_at_once(), case.rubric)
    if seed % 2:
        identified = with_a_month_that_forbids(identified, case, np.random.default_rng(seed))
    value, decimals = case.cards[0]["total_score", "points"]
    figures = Figures.of([Figure("total", "Total", value, value, value, "points", decimals, "published", "")])
    acts = links(identified, np.random.default_rng(1000 + seed))
    by_group = losses_by_group(case.history, case.rubric, *case.keys[0])
    return Made(path, identified, case.levers, figures, by_group, acts).saved(path)


def links(identified: Identified, rng: np.random.Generator) -> dict[str, Lever]:
    """Levers that move one or two other indicators besides their own; some surely, some only perhaps."""
    acts, codes = {}, list(identified.readings)
    for code in codes:
        moves = []
        for other in rng.permutation(codes)[: rng.integers(3)]:
            low = float(rng.choice([0.0, 0.0, 0.25]))
            if other != code:
                moves.append({"indicator": other, "low": low, "high": low + float(rng.choice([0.5, 1.0]))})
        every = [{**move, "status": "assumed", "source": "tests", "note": "a planted link"} for move in moves]
        acts[code] = Lever.model_validate({"code": code, "name": {"vi": code, "en": code}, "moves": every})
    return acts


def with_a_month_that_forbids(identified: Identified, case: Any, rng: np.random.Generator) -> Identified:
    """The same survivors held against one more month, in which each scores something and not all sums are right."""
    levers = gain_rows.handles(identified, case.levers)
    for _attempt in range(20):
        elsewhere = {
            code: tuple(replace(item, elsewhere=(Interval.point(float(rng.integers(3))),)) for item in items)
            for code, items in identified.hypotheses.items()
        }
        total = sum(rng.choice([item.elsewhere[0].low for item in items]) for items in elsewhere.values())
        totals = (identified.total, Interval.point(float(total)))
        changed = replace(identified, hypotheses=elsewhere, totals=totals, sums=())
        if gain_rows.survey(changed, levers)[1]:
            return changed
    return identified


@pytest.fixture(scope="module")
def month_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Made]:
    """month_of("april") gives the workbook of a real month, the same to every test."""

    @cache
    def make_month(name: str) -> Made:
        use_language("en")
        period, entity = MONTHS[name]
        levers = {"on_time": 100.0, "e_result": 80.0} if name == "linked" else {}
        it = open_card(entity, period, levers=levers).results
        path = tmp_path_factory.mktemp("months") / f"{name}.xlsx"
        tiers = it.gained_by_tier, it.gained_by_target
        made = Made(path, it.identified, it.weighed, it.figures, it.by_group, it.acts, *tiers)
        return made.saved(path, None, load_sources())

    return make_month


every_month = pytest.mark.parametrize(
    "name", ["july", "known", *(pytest.param(name, marks=pytest.mark.slow) for name in ("april", "linked"))]
)


@pytest.fixture(scope="module", params=[FEW, pytest.param(range(FAMILIES), marks=pytest.mark.slow)], ids=len)
def families(request: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Made]:
    use_language("en")
    folder = tmp_path_factory.mktemp("families")
    return [make(folder / f"family-{seed}.xlsx", plant(seed), seed) for seed in request.param]


def random_rates(made: Made, rng: np.random.Generator) -> Rates:
    """Valid rates for some of the levers: the lowest that may be typed, any, or 100."""
    rates = {}
    for code, row in made.inputs.items():
        if rng.random() < 0.6:
            lowest = float(made.sheet.cell(row, 4).value)
            between = lowest + round(rng.uniform(0, 100 - lowest), 3)
            rates[code] = float(rng.choice([lowest, min(between, 100.0), min(between, 100.0), max(lowest, 80), 100.0]))
    return rates


# The calculator


class Blank(float):
    """An empty cell: nothing in a sum, and no text."""

    def __eq__(self, other: object) -> bool:
        return other == "" or float(self) == other

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = float.__hash__


class Formula(str):
    """A formula, which Python can compute once its signs, texts and cells are written as Python's."""

    SIGNS = re.compile(
        r"""("(?:[^"]|"")*")|(?:'((?:[^']|'')+)'!)?\$?([A-Z]+)\$?(\d+)(?::\$?[A-Z]+\$?(\d+))?|(<>)|(?<![<>])="""
    )

    def compiled(self, sheet: str) -> CodeType:
        def python(sign: re.Match) -> str:
            text, other, letter, first, last, unequal = sign.groups()
            if text:
                return repr(text[1:-1].replace('""', '"'))
            if letter:
                return f"at({(other or sheet)!r}, {letter!r}, {first}, {last or 0})"
            return "!=" if unequal else "=="

        tree = Lazily().visit(ast.parse(self.SIGNS.sub(python, self.replace("--(", "1*(")), mode="eval"))
        return compile(ast.fix_missing_locations(tree), self, "eval")


class Lazily(ast.NodeTransformer):
    """IF as Python's own, which works out only what it shows."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        return ast.IfExp(*node.args) if node.func.id == "IF" else node


def is_number(value: Any) -> bool:
    return isinstance(value, float | int) and not isinstance(value, Blank | bool)


def over(reduced: Callable[[list[float]], float]) -> Callable[..., float]:
    """A function of cells and ranges, all of which must hold numbers."""

    def function(*values: Any) -> float:
        cells = [cell for value in values for cell in (value if isinstance(value, np.ndarray) else [value])]
        assert all(map(is_number, cells)), values
        return reduced(cells)

    return function


class Calculator:
    """The formulas of a workbook, with what Excel says of empty cells; nothing that the workbook does not use."""

    FUNCTIONS: ClassVar = {
        "AND": lambda *values: all(values),
        "OR": lambda *values: any(values),
        "ISNUMBER": is_number,
        "MIN": over(min),
        "MAX": over(max),
        "SUM": over(sum),
        "SUMPRODUCT": np.sum,
    }

    def __init__(self, path: Path):
        book = load_workbook(path)
        self.sheets = book.sheetnames
        self.cells: dict[tuple[str, str], Any] = {}
        for cell in (cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None):
            formula = cell.data_type == "f"
            self.cells[cell.parent.title, cell.coordinate] = Formula(cell.value[1:]) if formula else cell.value
        self.compiled = {key: it.compiled(key[0]) for key, it in self.cells.items() if isinstance(it, Formula)}
        self.known: dict[tuple[str, str], Any] = {}

    def type(self, rates: dict[str, Any], inputs: dict[str, int]) -> None:
        self.known = {}
        for code, row in inputs.items():
            self.cells[self.sheets[2], f"E{row}"] = rates.get(code)

    def __call__(self, sheet: str, cell: str) -> Any:
        key = sheet, cell
        if key not in self.compiled:
            return self.cells.get(key)
        if key not in self.known:
            self.known[key] = eval(self.compiled[key], self.FUNCTIONS | {"at": self.at})
        return self.known[key]

    def at(self, sheet: str, letter: str, first: int, last: int) -> Any:
        """A cell, or a range of cells below each other."""
        found = [self(sheet, f"{letter}{row}") for row in range(first, max(first, last) + 1)]
        found = [Blank() if value is None else value for value in found]
        return np.array(found, dtype=object) if last else found[0]


# The gains


def check_gains(made: Made, rates: Rates, read: Callable[[str], Any]) -> None:
    """What the sheet shows for some rates against `gains`; `read` gives the value of one of its cells."""
    inputs = made.inputs
    for code, row in inputs.items():
        if code not in rates:
            assert (read(f"F{row}") or "", read(f"G{row}") or "") == ("", "")
            continue
        alone = gains(made.identified, {code: rates[code]}, made.acts).iloc[0]
        assert read(f"F{row}") == pytest.approx(alone["gain_low"], abs=EXACT), (code, rates)
        assert read(f"G{row}") == pytest.approx(alone["gain_high"], abs=EXACT), (code, rates)
    whole = made.identified.scores(made.identified.readings)
    points = made.identified.rubric.points
    expected = [(0.0, 0.0), (whole.low, whole.high), (points - whole.high, points - whole.low)]
    if rates:
        row = gains(made.identified, rates, made.acts).iloc[-1]
        expected = [(row[f"{name}_low"], row[f"{name}_high"]) for name in ("gain", "total", "remaining")]
    first = max([*inputs.values(), workbook_whatif.FIRST]) + 3
    for number, (low, high) in enumerate(expected, start=first):
        assert read(f"F{number}") == pytest.approx(low, abs=EXACT), (rates, number)
        assert read(f"G{number}") == pytest.approx(high, abs=EXACT), (rates, number)


@pytest.mark.parametrize(
    ("name", "count"),
    [("known", 1), *(pytest.param(name, 4, marks=pytest.mark.slow) for name in MONTHS)],
)
def test_gains_of_real_months_follow_the_rates_typed(month_of, name, count):
    made, rng = month_of(name), np.random.default_rng(1)
    assert list(made.inputs)[: len(made.levers)] == list(made.levers)
    for rates in [made.levers, {}, *(random_rates(made, rng) for _number in range(count))]:
        check_gains(made, rates, made.type(rates))


def test_gains_of_random_families_follow_the_rates_typed(families):
    rng = np.random.default_rng(2)
    wide = forbidden = 0
    for made in families:
        for rates in [made.levers, *(random_rates(made, rng) for _number in range(3))]:
            check_gains(made, rates, made.type(rates))
        gain, without_links = (gains(made.identified, made.levers, acts) for acts in (made.acts, {}))
        wide += gain["gain_low"].iloc[-1] + 0.01 < gain["gain_high"].iloc[-1]
        known = made.identified.hypotheses
        free = {code: tuple(replace(item, elsewhere=()) for item in items) for code, items in known.items()}
        alone = gains(replace(made.identified, totals=(), sums=(), hypotheses=free), made.levers)
        forbidden += not np.allclose(*(frame.iloc[-1][ENDS].astype(float) for frame in (alone, without_links)))
    assert wide >= len(families) / 4 and forbidden >= len(families) / 8, (wide, forbidden)


@pytest.mark.parametrize(("name", "sheets"), [("july", 5), ("known", 4)])
def test_gains_stand_in_each_tier_where_documents_disagree(month_of, name, sheets):
    """Both ends in each tier, a row a lever and one for all together."""
    made = month_of(name)
    book = load_workbook(made.path)
    assert len(book.worksheets) == sheets
    if sheets == 4:
        return
    rows = [[cell.value for cell in line] for line in book.worksheets[4].iter_rows()]
    assert "yellow" in rows[1][0]
    tiers = list(dict.fromkeys(made.by_tier["tier"]))
    assert len(rows[3]) == 2 + 2 * len(tiers) and all(": at " in head for head in rows[3][2:])
    table = made.by_tier.set_index(["code", "tier"])
    for row, code in zip(rows[4:], dict.fromkeys(made.by_tier["code"]), strict=False):
        assert row[1] == made.levers.get(code)
        expected = [table.loc[(code, tier), end] for tier in tiers for end in ("gain_low", "gain_high")]
        assert row[2:] == pytest.approx(expected, abs=EXACT)


@pytest.mark.parametrize("wrong", [-1.0, 33.0, 100.01, "80 %", "tám mươi"])
def test_a_rate_that_cannot_be_is_said_to_be_wrong(month_of, wrong):
    made = month_of("known")
    read = made.type({"e_result": wrong, "data_reuse": 80.0})
    row, last = made.inputs["e_result"], max(made.inputs.values())
    assert read(f"H{row}").startswith("must be a number")
    results = [f"{letter}{number}" for number in (row, last + 3, last + 4, last + 5) for letter in "FG"]
    assert {read(cell) for cell in results} == {"see the remark"}
    alone = gains(made.identified, {"data_reuse": 80.0}, made.acts).iloc[0]
    assert read(f"G{made.inputs['data_reuse']}") == pytest.approx(alone["gain_high"])


def test_a_lever_below_todays_rate_is_refused_and_one_within_its_rounding_is_exact(month_of, tmp_path):
    known = month_of("known")
    with pytest.raises(ParameterError):
        known.saved(tmp_path / "x.xlsx", {"e_result": 20.0})
    near = known.saved(tmp_path / "near.xlsx", {"e_result": 72.23, "data_reuse": 1.71})
    check_gains(near, near.levers, near.type(near.levers))


@pytest.mark.parametrize(("most", "own"), [(30, True), (10, False)])
def test_levers_are_left_out_where_rows_would_be_too_many(month_of, tmp_path, monkeypatch, most, own):
    """Those of the report last, and only where their rates are not printed."""
    made = month_of("july")
    for module in (workbook, workbook_whatif):
        monkeypatch.setattr(module, "MOST_ROWS", most)
    few = made.saved(tmp_path / "few.xlsx")
    gone = [code for code in made.inputs if code not in few.inputs]
    assert gone and (set(made.levers) <= set(few.inputs)) == own
    note = few.sheet["A6"].value
    assert all(made.identified.rubric.indicators[code].name in note for code in gone) and str(most) in note
    rates = {code: target for code, target in made.levers.items() if code in few.inputs}
    check_gains(few, rates, few.type(rates))


@every_month
def test_only_the_yellow_cells_can_be_typed_into(month_of, name):
    made = month_of(name)
    book = load_workbook(made.path)
    sheet = book.worksheets[2]
    assert sheet.protection.sheet and book.worksheets[3].protection.sheet
    rows = yellow(sheet)
    assert {sheet.cell(row, 5).fill.fgColor.rgb for row in rows} == {"00FFF2B3"}
    unlocked = [cell for line in sheet.iter_rows() for cell in line if not cell.protection.locked]
    assert [cell.coordinate for cell in unlocked] == [f"E{row}" for row in rows]
    (rule,) = sheet.data_validations.dataValidation
    assert str(rule.sqref) == f"E{rows[0]}:E{rows[-1]}" and rule.allow_blank
    assert (rule.type, rule.operator, rule.formula1, rule.formula2) == ("decimal", "between", f"$D{rows[0]}", "100")
    for code, row in made.inputs.items():
        rate, lowest = made.identified.readings[code].rate, sheet.cell(row, 4).value
        assert lowest == 0 if rate is None else rate.high <= lowest <= 100 and round(lowest, 2) == lowest


# Numbers and words


@every_month
def test_every_number_of_the_figures_is_a_number_and_the_file_is_small(month_of, name):
    made = month_of(name)
    assert made.path.stat().st_size < 400_000
    sheet = load_workbook(made.path).worksheets[0]
    assert sheet.freeze_panes and sheet.auto_filter.ref == f"A1:L{len(made.figures) + 1}"
    for row, item in enumerate(made.figures.values(), start=2):
        assert sheet.cell(row, 1).value == item.id
        for column, value in enumerate((item.value, item.low, item.high), start=3):
            cell = sheet.cell(row, column)
            assert cell.value == (None if value is None else pytest.approx(value, rel=1e-15)) and cell.data_type == "n"
            if value is not None:
                shape = re.fullmatch(r"#,##0(?:\.(0+))?", cell.number_format)
                wider = column > 3 and item.value is not None and (item.low, item.high) != (item.value, item.value)
                assert shape and len(shape[1] or "") == item.decimals + wider


@every_month
def test_losses_are_formulas_that_give_the_losses(month_of, name):
    made = month_of(name)
    calculator = made.calculator
    sheet = calculator.sheets[1]
    count = len(made.by_group)
    for row, loss in enumerate(made.by_group.itertuples(), start=2):
        assert isinstance(calculator.cells[sheet, f"D{row}"], Formula)
        read = [calculator(sheet, f"{letter}{row}") for letter in "ABCDEFG"]
        expected = [loss.score, loss.max, loss.lost, loss.lost_low, loss.lost_high, loss.share]
        assert read[0] == loss.name and read[1:] == pytest.approx(expected, abs=EXACT)
    for row in (count + 2, count + 3):
        assert isinstance(calculator.cells[sheet, f"D{row}"], Formula)
    assert calculator(sheet, f"D{count + 2}") == pytest.approx(made.by_group["lost"].sum())
    line = load_workbook(made.path)[sheet][count + 2]
    formats = [cell.number_format for cell in line[1:6]]
    most = made.by_group["decimals"].max()
    assert [len(places.partition(".")[2]) for places in formats] == [most, 0, most, most + 1, most + 1]
    assert calculator(sheet, f"D{count + 3}") == pytest.approx(made.figures["lost"].value)


def test_a_group_that_is_not_printed_is_no_zero(families):
    hidden = 0
    for made in families:
        calculator = made.calculator
        sheet = calculator.sheets[1]
        count = len(made.identified.groups)
        missing = [row for row in range(2, count + 2) if calculator(sheet, f"B{row}") == "not published"]
        assert all(calculator(sheet, f"D{row}") is None for row in missing)
        assert (calculator(sheet, f"D{count + 2}") is None) == bool(missing)
        hidden += bool(missing)
    assert hidden >= len(families) / 8


def test_values_stand_beside_the_formulas_for_viewers_that_do_not_calculate(month_of, families):
    for made in (*map(month_of, ("july", "known")), *families[:12]):
        made.type(made.levers)
        calculator, shown = made.calculator, load_workbook(made.path, data_only=True)
        found = 0
        for sheet in (shown.worksheets[1], shown.worksheets[2]):
            for line in sheet.iter_rows():
                for cell in line:
                    if isinstance(calculator.cells.get((sheet.title, cell.coordinate)), Formula):
                        value = calculator(sheet.title, cell.coordinate)
                        same = value if isinstance(value, str) else pytest.approx(value, abs=EXACT)
                        assert (cell.value or "" if value == "" else cell.value) == same, cell
                        found += 1
        assert found >= 6
        with zipfile.ZipFile(made.path) as file:
            assert b'fullCalcOnLoad="1"' in file.read("xl/workbook.xml")


def hostile(path: Path) -> list[str]:
    """A workbook whose every name, label, quote and source is one that Excel might run; the words of its figures."""
    case = plant(3)
    for number, group in enumerate(case.toml["group"]):
        for place, item in enumerate((group, *group["indicator"])):
            item["name"] = dict.fromkeys(("vi", "en"), VECTORS[(3 * number + place) % len(VECTORS)])
    identified = replace(identify_cards(case.cards_at_once(), case.rubric), entity="=1+1")
    by_group = losses_by_group(case.history, case.rubric, *case.keys[0])
    figures = Figures()
    figures.add([Figure("total", "Total", 1.0, 1.0, 1.0, "points", 1, "published", "", as_of="2023-04-24")])
    for word in VECTORS:
        figures.add([Figure(f"={word}", word, None, None, None, "points", 1, word, word, word, word, word, "", word)])
    source = Source.model_validate({"publisher": "=1+1", "title": "t", "url": "=2", "accessed": "2023-04-24"})
    save_workbook(
        path, figures, identified, by_group, case.levers, {}, ONE_TIER, pd.DataFrame(), {"=1+1": source, "#N/A": source}
    )
    return list(VECTORS)


def same_text(word: str) -> str:
    """What is left of a word in a cell: no characters that XML cannot hold, and 32 767 at most."""
    word = word.replace("\r", "\n")
    return re.sub("[\x00\x0b\x1f\ud800\ufffe]", "\ufffd", word).replace("_x0041_", "_x005F_x0041_")[:32_767]


def test_an_address_in_a_workbook_is_text(tmp_path):
    """Excel opens what is a link of a workbook; a text it only shows."""
    hostile(tmp_path / "hostile.xlsx")
    cells = [cell for sheet in load_workbook(tmp_path / "hostile.xlsx") for line in sheet.iter_rows() for cell in line]
    assert not [cell for cell in cells if cell.hyperlink]
    with zipfile.ZipFile(tmp_path / "hostile.xlsx") as file:
        assert not [name for name in file.namelist() if b"relationships/hyperlink" in file.read(name)]


def test_no_words_become_a_formula(tmp_path):
    words = hostile(tmp_path / "hostile.xlsx")
    book = load_workbook(tmp_path / "hostile.xlsx")
    sheet = book.worksheets[0]
    for row, word in enumerate(words, start=3):
        for column in (2, 7, 8, 10, 11, 12):
            cell = sheet.cell(row, column)
            assert (cell.value, cell.data_type) == (same_text(word), "s")
            assert cell.quotePrefix == (word[0] in "=+-@\t\r＝＋－＠")
    for sheet in book.worksheets:
        for line in sheet.iter_rows():
            for cell in line:
                if cell.data_type == "f":
                    assert not re.search(r"1\+1|HYPERLINK|cmd|@", cell.value)
                assert cell.data_type != "e"
    assert book.worksheets[2]["A1"].value == "What-if: =1+1, January 2024"


def test_the_same_inputs_give_the_same_bytes(month_of, tmp_path, monkeypatch):
    made, path, now = month_of("july"), tmp_path / "later.xlsx", time.localtime
    monkeypatch.setattr(time, "localtime", lambda seconds=None: now((seconds or time.time()) + 7_000))
    made.saved(path, None, load_sources())
    assert path.read_bytes() == made.path.read_bytes()
    with zipfile.ZipFile(path) as file:
        assert {entry.date_time for entry in file.infolist()} == {(2024, 7, 1, 0, 0, 0)}
        days = re.findall(rb"\d{4}-\d\d-\d\dT[\d:]+Z", file.read("docProps/core.xml"))
        assert days == [b"2024-07-01T00:00:00Z"] * 2
    assert f"{workbook._moment(made.figures, '2024'):%Y-%m-%d}" == "2024-12-01", "the last month of a year"


def test_sheets_have_names_that_excel_takes():
    for language in ("vi", "en"):
        use_language(language)
        for words in ("Số liệu", "Nếu: A/B [x]*?\\", "'" + "x" * 40 + "'"):
            name = workbook.sheet_name(words)
            assert 0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") and name.strip("'") == name


# LibreOffice, which takes long to start


@pytest.fixture(scope="module")
def recalculated(month_of, tmp_path_factory):
    """Copies of the workbooks with rates typed in, computed by LibreOffice in one run: made, rates, file computed."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice (soffice) is not on this machine")
    folder, rng = tmp_path_factory.mktemp("libreoffice"), np.random.default_rng(4)
    typed_in = []
    planted = [make(folder / f"family-{seed}.xlsx", plant(seed), seed) for seed in range(WITH_LIBREOFFICE)]
    for made in (*map(month_of, MONTHS), *planted):
        for number in range(3 if made.path.stem in MONTHS else 1):
            rates = random_rates(made, rng)
            path = made.with_rates(folder / f"{made.path.stem}-{number}.xlsx", rates)
            typed_in.append((made, rates, folder / "out" / path.name))
    wrong = month_of("april").with_rates(folder / "wrong.xlsx", {"e_result": 20.0})
    hostile(folder / "hostile.xlsx")
    files = [*(folder / path.name for _made, _rates, path in typed_in), wrong, folder / "hostile.xlsx"]
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [
        program,
        profile,
        "--headless",
        "--convert-to",
        "xlsx",
        "--outdir",
        str(folder / "out"),
        *map(str, files),
    ]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)
    if not (folder / "out" / "wrong.xlsx").exists():
        pytest.skip(f"LibreOffice is here without Calc: {run.stdout} {run.stderr}".strip())
    return folder / "out", typed_in


@pytest.mark.slow
def test_libreoffice_computes_the_gains_and_says_that_a_rate_is_wrong(recalculated, month_of):
    folder, typed_in = recalculated
    for made, rates, path in typed_in:
        sheet = load_workbook(path, data_only=True).worksheets[2]
        check_gains(made, rates, lambda cell: sheet[cell].value)  # noqa: B023
    sheet, inputs = load_workbook(folder / "wrong.xlsx", data_only=True).worksheets[2], month_of("april").inputs
    assert sheet[f"H{inputs['e_result']}"].value.startswith("must be a number")
    assert sheet[f"F{max(inputs.values()) + 3}"].value == "see the remark"


@pytest.mark.slow
def test_no_cell_shows_an_error(recalculated):
    seen = 0
    for path in (*recalculated[0].glob("*-0.xlsx"), recalculated[0] / "wrong.xlsx", recalculated[0] / "hostile.xlsx"):
        for sheet in load_workbook(path, data_only=True).worksheets:
            for line in sheet.iter_rows():
                for cell in line:
                    assert cell.data_type != "e", (path.name, sheet.title, cell.coordinate, cell.value)
                    assert not (isinstance(cell.value, str) and cell.value.startswith("Err:"))
                    assert not (isinstance(cell.value, float) and math.isnan(cell.value))
                    seen += cell.value is not None
    assert seen > 10_000


@pytest.mark.slow
def test_words_are_still_words_after_libreoffice(recalculated):
    sheet = load_workbook(recalculated[0] / "hostile.xlsx").worksheets[0]
    for row, word in enumerate(VECTORS, start=3):
        for column in (2, 7, 8, 10, 11, 12):
            cell = sheet.cell(row, column)
            assert cell.data_type == "s" and str(cell.value).strip() in (same_text(word).strip(), word), cell

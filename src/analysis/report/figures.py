"""What is one number of a report? Its value or its ends, its unit, and where it comes from.

Every number on a page is a `Figure` with an id; the page carries the id beside the number, and `figures.csv` has one
row for each. A number that is in no figure cannot reach a page.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from analysis import project
from analysis.errors import UnknownNameError
from analysis.files import FORMULA, read_plain
from analysis.identification.regime import Project, load_project
from analysis.interval import Interval
from analysis.language import _, write_number, write_range
from analysis.scorecards.checks import interval_of
from analysis.scorecards.entities import SYNTHETIC, synthetic_label
from analysis.scorecards.periods import PERIOD

# What a spreadsheet may take for a formula, spaces before it and apostrophes of ours aside.
LIKE_A_FORMULA = re.compile(rf"'*[\s\xa0]*[{re.escape(FORMULA)}]|'*[\t\r\n]")
Ends = tuple[float | None, float | None]
PRINTED_WIDTH = 0.011  # percent; a rate printed with two decimals is this wide
# Colours of the UK Analysis Function's categorical palette: each at least 3 : 1 on white.
COLOURS = {
    "transparency": "#12436d",
    "digitisation": "#28a197",
    "satisfaction": "#801650",
    "online_service_provision": "#f46a25",
    "online_service": "#f46a25",
    "processing_progress": "#3d3d3d",
    "online_payment": "#8a6bbf",
}


@dataclass(frozen=True)
class Figure:
    """One number: a `value`, or the ends `low` and `high` of what is known about it.

    `unit` is points, percent, count or rank; `source` is an id of sources.toml, `where` the file and line, `quote` the
    words; `rule` says how the number was made.
    """

    id: str
    label: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    decimals: int
    kind: str
    rule: str
    source: str = ""
    where: str = ""
    quote: str = ""
    as_of: str = ""
    words: str = ""

    def __str__(self) -> str:
        if self.words:
            return self.words
        if self.value is not None:
            bare = self.unit == "percent" and self.value in (0, 100)  # 0 % and 100 %, as notices print them
            return write_number(self.value, 0 if bare else self.decimals)
        if self.low is None or self.high is None:
            return _("unknown")
        return write_range(self.low, self.high, self.decimals)

    def __html__(self) -> Markup:
        return Markup(f'<a class="f" href="#{self.anchor}">{self.plain}</a>')

    @property
    def anchor(self) -> str:
        """The id of its row in the page's list of figures."""
        return "f-" + re.sub(r"[^0-9A-Za-z._-]", lambda sign: f"_{ord(sign[0]):x}", self.id)

    @property
    def plain(self) -> Markup:
        """The number without a link to its row."""
        exact = self.value if self.value is not None else self.low
        number = "" if exact is None else f"{exact:.10g}"
        return Markup(f'<data value="{number}" data-figure="{escape(self.id)}">{escape(str(self))}</data>')


class Figures(dict[str, Figure]):
    """Figures by id, in the order in which they were added."""

    def add(self, items: Iterable[Figure]) -> None:
        """Add figures; what stands among simulated ones is simulated too. Raises KeyError when an id is taken."""
        new = {}
        for item in items:
            if item.id in self or item.id in new:
                raise KeyError(item.id)
            new[item.id] = item
        if self.label or any(item.kind == SYNTHETIC for item in new.values()):
            known = {} if self.label else dict(self)
            for name, item in (known | new).items():
                self[name] = item if item.kind == SYNTHETIC else replace(item, kind=SYNTHETIC)
        else:
            self.update(new)

    @classmethod
    def of(cls, *items: Iterable[Figure]) -> Figures:
        """Figures from several places, in their order. Raises KeyError when two have one id."""
        figures = cls()
        for some in items:
            figures.add(some)
        return figures

    def plus(self, *others: Iterable[Figure]) -> Figures:
        """These figures and others, in this order. Raises KeyError when two have one id."""
        return Figures.of(self.values(), *others)

    @property
    def label(self) -> str:
        """What must stand on everything that is made from these figures; "" where they are real."""
        first = next(iter(self.values()), None)  # one among them makes all of them simulated
        return synthetic_label() if first is not None and first.kind == SYNTHETIC else ""

    def frame(self, entity: str, period: str) -> pd.DataFrame:
        """One row a figure: `figures.csv`."""
        names = [field.name for field in fields(Figure) if field.name != "words"]
        rows = [{name: getattr(item, name) for name in names} for item in self.values()]
        frame = pd.DataFrame(rows, columns=names)
        frame.insert(2, "entity", entity)
        frame.insert(3, "period", period)
        return frame


def write_figures(frame: pd.DataFrame, path: Path) -> None:
    """Write `figures.csv`: for pandas and for Excel alike. Raises OSError.

    Commas and decimal points, as every library reads them; a mark at the beginning by which Excel knows UTF-8; an
    apostrophe before words that begin as a formula does, so that none is one, while numbers stay numbers.
    """
    words = frame.select_dtypes(exclude="number").columns
    safe = frame.assign(**{name: [_no_formula(item) for item in frame[name]] for name in words})
    safe.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")


def read_figures(path: Path) -> pd.DataFrame:
    """A `figures.csv` as it was before it was made safe for Excel. Raises OSError, ValueError."""
    missing = dict.fromkeys(("value", "low", "high"), "")
    frame = pd.read_csv(io.BytesIO(read_plain(path)), encoding="utf-8-sig", keep_default_na=False, na_values=missing)
    frame = frame.astype(dict.fromkeys(missing, float))
    words = frame.select_dtypes(exclude="number").columns
    return frame.assign(**{name: [_as_it_was(item) for item in frame[name]] for name in words})


def _no_formula(words: Any) -> Any:
    if not isinstance(words, str):
        return words
    words = words.replace("\r\n", "\n").replace("\r", "\n")  # which alone would end a row, unquoted
    return f"'{words}" if LIKE_A_FORMULA.match(words) else words


def _as_it_was(words: Any) -> Any:
    return words[1:] if isinstance(words, str) and words[:1] == "'" and LIKE_A_FORMULA.match(words[1:]) else words


def figures(made: bool = False) -> pd.DataFrame:
    """Every figure in one tidy frame: those that were published, or all that the published reports show.

    Parameters
    ----------
    made : of the reports in `reports/`, each number on their pages as in their `figures.csv`, with the `report` it is
        of; otherwise the figures of `data/observations` that count, with `name`, what they are called.

    Returns
    -------
    One row a figure. It is saved as Parquet by `.to_parquet(path)`, where pyarrow is installed.

    Raises ProjectError, HistoryError, RubricError.
    """
    if made:
        reports = project.root() / "reports"
        files = sorted(path for path in reports.glob("[!.]*/*/figures*.csv") if PERIOD.fullmatch(path.parent.name))
        frames = [read_figures(path).assign(report=path.relative_to(reports).as_posix()) for path in files]
        return pd.concat(frames, ignore_index=True) if frames else Figures().frame("", "").assign(report="")
    known = load_project()
    rows = known.history
    names = {
        (entity, period, code): _name(known, entity, period, code)
        for entity, period, code in rows[["entity", "period", "code"]].drop_duplicates().itertuples(index=False)
    }
    keys = zip(rows["entity"], rows["period"], rows["code"], strict=True)
    return rows.assign(name=[names[key] for key in keys]).reset_index(drop=True)


def _name(known: Project, entity: str, period: str, code: str) -> str:
    """What a figure is called by the rules of its period; its code where none are known."""
    try:
        return known.rules(entity, period).name_of(code)
    except UnknownNameError:
        return code


def exact(
    figure_id: str, label: str, value: float, unit: str, decimals: int, kind: str, rule: str, source: str = ""
) -> Figure:
    """A number known exactly."""
    return Figure(figure_id, label, value, value, value, unit, decimals, kind, rule, source)


def printed_figure(figure_id: str, label: str, of: Any) -> Figure:
    """A figure of any card as it is printed, with its words and its line; `of` is its row of the history."""
    span = interval_of(of)
    return Figure(
        id=figure_id,
        label=label,
        value=float(of["value"]),
        low=span.low,
        high=span.high,
        unit=of["unit"],
        decimals=int(of["decimals"]),
        kind=of["kind"],
        rule=_("as published"),
        source=of["source"],
        where=f"{of['file']}:{of['line']}",
        quote=of["quote"],
    )


def between(
    figure_id: str, label: str, ends: Ends, unit: str, decimals: int, rule: str, value: float | None = None
) -> Figure:
    """A number made by us and known to lie between two ends, with the value that the sources print if there is one."""
    return Figure(figure_id, label, value, *ends, unit, decimals, "derived", rule)


def ends_of(row: Any, name: str, factor: float = 1.0) -> Ends:
    """The ends `<name>_low` and `<name>_high` of a row of a frame; both None where one is missing."""
    low, high = getattr(row, f"{name}_low"), getattr(row, f"{name}_high")
    return (None, None) if math.isnan(low) or math.isnan(high) else (factor * low, factor * high)


def amount(figure_id: str, label: str, value: float, rule: str) -> Figure:
    """Percentage points, effort or cost: whole where it is."""
    return exact(figure_id, label, value, "percent", whole(value), "derived", rule)


def whole(value: float) -> int:
    """How many decimals a number that was typed or rounded needs: none or two."""
    return 0 if abs(value - round(value)) < 1e-9 else 2


def middle(span: Interval) -> float | None:
    """The one value of a rate that is printed; None where it is a range."""
    return (span.low + span.high) / 2 if span.width <= PRINTED_WIDTH else None

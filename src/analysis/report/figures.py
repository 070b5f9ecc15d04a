"""What is one number of a report? Its value or its ends, its unit, and where it comes from.

Every number on a page is a `Figure` with an id; the page carries the id beside the number, and `figures.csv` has one
row for each. A number that is in no figure cannot reach a page.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from analysis.interval import Interval
from analysis.language import _, write_number, write_range
from analysis.scorecards.entities import SYNTHETIC, synthetic_label

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
            self.update({name: replace(item, kind=SYNTHETIC) for name, item in (known | new).items()})
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


def exact(
    figure_id: str, label: str, value: float, unit: str, decimals: int, kind: str, rule: str, source: str = ""
) -> Figure:
    """A number known exactly."""
    return Figure(figure_id, label, value, value, value, unit, decimals, kind, rule, source)


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

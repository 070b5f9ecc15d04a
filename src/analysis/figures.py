"""Which numbers does a report show, and where does each come from?

Every number on a page is a `Figure` with an id; the page carries the id beside the number, and `figures.csv` has one
row for each. A number that is in no figure cannot reach a page.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict

from analysis.history import RANK, TOTAL, card, data_hash
from analysis.identify import Identified
from analysis.interval import Interval
from analysis.vietnamese import _, language, write_number, write_period, write_range
from analysis.whatif import TOGETHER

NAMED_SHARE = 0.5
FRACTIONS = {1 / 4: "a quarter", 1 / 3: "a third", 1 / 2: "half", 2 / 3: "two thirds", 3 / 4: "three quarters"}


class Html(Markup):
    """Escaped HTML that a notebook shows as such."""

    def _repr_html_(self) -> str:
        return str(self)


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
    words: str = ""

    def __str__(self) -> str:
        if self.words:
            return self.words
        if self.value is not None:
            return write_number(self.value, self.decimals)
        if self.low is None or self.high is None:
            return _("unknown")
        return write_range(self.low, self.high, self.decimals)

    def __html__(self) -> str:
        exact = self.value if self.value is not None else self.low
        number = "" if exact is None else f"{exact:.10g}"
        return Markup('<data value="{}" data-figure="{}">{}</data>').format(number, self.id, str(self))


class Figures(dict[str, Figure]):
    """Figures by id, in the order in which they were added."""

    def add(self, items: Iterable[Figure]) -> None:
        """Add figures. Raises KeyError when an id is taken."""
        for item in items:
            if item.id in self:
                raise KeyError(item.id)
            self[item.id] = item

    def frame(self, entity: str, period: str) -> pd.DataFrame:
        """One row a figure: `figures.csv`."""
        names = [field.name for field in fields(Figure) if field.name != "words"]
        rows = [{name: getattr(item, name) for name in names} for item in self.values()]
        frame = pd.DataFrame(rows, columns=names)
        frame.insert(2, "entity", entity)
        frame.insert(3, "period", period)
        return frame


def collect(
    history: pd.DataFrame,
    identified: Identified,
    checks: pd.DataFrame,
    by_group: pd.DataFrame,
    by_indicator: pd.DataFrame,
    ledger: pd.DataFrame,
    gained: pd.DataFrame,
    by_rule: pd.DataFrame,
    needed: pd.DataFrame,
    past: pd.DataFrame,
) -> Figures:
    """Every number that the monthly report shows, from the frames that the analysis returned."""
    figures = Figures()
    figures.add(_of_card(card(history, identified.entity, identified.period), identified))
    figures.add(_of_rules(identified))
    figures.add(_of_groups(by_group, figures["lost"]))
    mine = (checks["entity"] == identified.entity) & (checks["period"] == identified.period)
    figures.add(_of_checks(checks[mine], figures))
    figures.add(_of_indicators(by_indicator, identified))
    figures.add(_of_ledger(ledger, identified))
    figures.add(_of_gains(gained, by_rule, identified))
    figures.add(_of_needs(needed, identified))
    figures.add(_of_past(past))
    return figures


def named_groups(by_group: pd.DataFrame) -> pd.DataFrame:
    """The groups a headline names: the fewest that surely hold half of everything lost, or all."""
    known = by_group[by_group["lost"].notna()]
    enough = known["share_low"].cumsum() >= NAMED_SHARE
    return known.loc[: enough.idxmax()] if enough.any() else known


class Result(BaseModel):
    """What a run leaves behind to prove that it finished: written by the last cell, checked by the runner."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    run_id: str
    entity: str
    period: str
    language: str
    title: str
    total: float
    total_max: float
    rank: int | None
    ranked: int | None
    kind: str
    rubric: str
    data_hash: str
    figures: int


def save_result(figures: Figures, identified: Identified, title: str, run_id: str) -> None:
    """Write `figures.csv` and `result.json` into the working folder of a run; without a run id, do nothing.

    Raises OSError when they cannot be written.
    """
    if not run_id:
        return
    frame = figures.frame(identified.entity, identified.period)
    frame.to_csv("figures.csv", index=False, encoding="utf-8", lineterminator="\n")
    rank = figures.get("rank")
    result = Result(
        run_id=run_id,
        entity=identified.entity,
        period=identified.period,
        language=language(),
        title=title,
        total=figures["total"].value or 0.0,
        total_max=identified.rubric.points,
        rank=int(rank.value) if rank and rank.value else None,
        ranked=int(figures["ranked"].value or 0) if "ranked" in figures else None,
        kind=figures["total"].kind,
        rubric=identified.rubric.id,
        data_hash=data_hash(),
        figures=len(frame),
    )
    text = json.dumps(result.model_dump(), ensure_ascii=False, indent=1)
    Path("result.json").write_text(text + "\n", encoding="utf-8")


def _number(value: object) -> float | None:
    return None if value is None or math.isnan(float(value)) else float(value)  # type: ignore[arg-type]


def _span(low: float, high: float, factor: float = 1.0) -> tuple[float | None, float | None]:
    ends = _number(low), _number(high)
    return tuple(None if end is None else end * factor for end in ends)  # type: ignore[return-value]


def _of_card(rows: pd.DataFrame, identified: Identified) -> Iterator[Figure]:
    """The published figures, each with its words and its line; and what is lost of the total."""
    ids = {TOTAL: "total", RANK: "rank"}
    groups = {group.code for group in identified.groups}
    names = {code: entry.name for code, entry in identified.rubric.named.items()}
    names |= {TOTAL: _("Total score"), RANK: _("Rank")}
    for row in rows.itertuples():
        if pd.isna(row.value):
            continue
        figure_id = ids.get(row.code) or (f"group.{row.code}.score" if row.code in groups else "")
        yield Figure(
            id=figure_id or f"printed.{row.code}.{row.unit}",
            label=names.get(row.code, row.code),
            value=row.value,
            low=row.value if row.unit in ("rank", "count") else Interval.of_printed(row.value, row.decimals).low,
            high=row.value if row.unit in ("rank", "count") else Interval.of_printed(row.value, row.decimals).high,
            unit=row.unit,
            decimals=row.decimals,
            kind=row.kind,
            rule=_("as published"),
            source=row.source,
            where=f"{row.file}:{row.line}",
            quote=row.quote,
        )
        if row.code == RANK and not pd.isna(row.max):
            yield Figure(
                "ranked", _("Provinces ranked"), row.max, row.max, row.max, "count", 0, row.kind, _("as published"),
                row.source, f"{row.file}:{row.line}", row.quote,
            )  # fmt: skip
    total = rows.loc[(TOTAL, "points")]
    lost = identified.rubric.points - identified.total
    yield Figure(
        "lost", _("Points lost"), identified.rubric.points - total["value"], lost.low, lost.high, "points",
        int(total["decimals"]), "derived", f"{identified.rubric.points:g} − {TOTAL}", total["source"],
        f"{total['file']}:{total['line']}",
    )  # fmt: skip


def _of_rules(identified: Identified) -> Iterator[Figure]:
    rubric = identified.rubric
    rule = _("alternatives of {rubric} multiplied out").format(rubric=rubric.id)
    size, kept = float(rubric.size()), float(identified.survivors)
    yield Figure("max", _("Highest total"), rubric.points, rubric.points, rubric.points, "points", 0, "published",
                 f"{rubric.id}: {rubric.max.status}", rubric.max.source)  # fmt: skip
    yield Figure("rules.family", _("Rules tried"), size, size, size, "count", 0, "derived", rule)
    yield Figure("rules.survivors", _("Rules that fit"), kept, kept, kept, "count", 0, "derived", rule)


def _of_groups(by_group: pd.DataFrame, lost: Figure) -> Iterator[Figure]:
    for row in by_group.itertuples():
        rule = f"max − group.{row.code}.score"
        low, high = _span(row.lost_low, row.lost_high)
        share_low, share_high = _span(row.share_low, row.share_high, 100)
        known = not math.isnan(row.score)
        yield Figure(f"group.{row.code}.max", row.name, row.max, row.max, row.max, "points", 0, "published", "rubric")
        yield Figure(f"group.{row.code}.lost", row.name, row.lost if known else None, low, high, "points",
                     row.decimals, "derived", rule)  # fmt: skip
        yield Figure(f"group.{row.code}.share", row.name, 100 * row.share if known else None, share_low, share_high,
                     "percent", 0, "derived", f"group.{row.code}.lost / lost")  # fmt: skip
        if known:
            achieved = 100 * row.achieved
            yield Figure(f"group.{row.code}.achieved", row.name, achieved, achieved, achieved, "percent", 0,
                         "derived", f"group.{row.code}.score / group.{row.code}.max")  # fmt: skip
    named = named_groups(by_group)
    if lost.value:
        share = float(named["lost"].sum()) / lost.value
        low, high = float(named["share_low"].sum()), min(float(named["share_high"].sum()), 1.0)
        yield Figure("headline.share", _("Share of the loss in the groups named"), 100 * share, 100 * low, 100 * high,
                     "percent", 0, "derived", "Σ lost / lost", words=_share_words(share))  # fmt: skip


def _share_words(share: float) -> str:
    """`about two thirds` where a simple fraction is within two points of a hundred; else the percentage."""
    words = {
        "a quarter": _("about a quarter"),
        "a third": _("about a third"),
        "half": _("about half"),
        "two thirds": _("about two thirds"),
        "three quarters": _("about three quarters"),
    }
    fraction = min(FRACTIONS, key=lambda item: abs(item - share))
    if abs(fraction - share) <= 0.02:
        return words[FRACTIONS[fraction]]
    return _("{share} %").format(share=write_number(100 * share, 0))


def _of_checks(checks: pd.DataFrame, figures: Figures) -> Iterator[Figure]:
    for row in checks[checks["check"] == "groups_to_total"].itertuples():
        middle = (row.expected_low + row.expected_high) / 2
        slack = (row.expected_high - row.expected_low) / 2 + 0.5 * 10.0 ** -figures["total"].decimals
        decimals = max(figures[item.id].decimals for item in figures.values() if item.id.endswith(".score"))
        rule = "Σ group.*.score"
        yield Figure("sum", _("Sum of the groups"), middle, middle, middle, "points", decimals, "derived", rule)
        gap = row.printed - middle
        yield Figure("sum.gap", _("Total less the sum"), gap, gap, gap, "points", 2, "derived", f"total − {rule}")
        yield Figure("sum.slack", _("Gap that rounding allows"), slack, slack, slack, "points", 3, "derived",
                     "Σ ½ · 10^−decimals")  # fmt: skip


def _of_indicators(by_indicator: pd.DataFrame, identified: Identified) -> Iterator[Figure]:
    for row in by_indicator.itertuples():
        indicator = identified.rubric.indicators[row.code]
        rule = f"{identified.rubric.id}: max {indicator.max.status}, target {indicator.target.status}"
        low, high = _span(row.lost_low, row.lost_high)
        yield Figure(f"indicator.{row.code}.max", row.name, None, row.max_low, row.max_high, "points", 0, "published",
                     rule, indicator.max.source)  # fmt: skip
        yield Figure(f"indicator.{row.code}.lost", row.name, None, low, high, "points", 2, "derived",
                     f"{rule}; {row.disclosure}")  # fmt: skip
        if not math.isnan(row.rate_low):
            middle = (row.rate_low + row.rate_high) / 2
            yield Figure(f"indicator.{row.code}.rate", row.name, middle, row.rate_low, row.rate_high, "percent", 2,
                         "derived" if indicator.rate_from else "published",
                         " + ".join(indicator.rate_from) or "rate")  # fmt: skip


def _of_ledger(ledger: pd.DataFrame, identified: Identified) -> Iterator[Figure]:
    rule = _("sharp bounds over {count} rules of {rubric}").format(
        count=identified.survivors, rubric=identified.rubric.id
    )
    for row in ledger.itertuples():
        count = float(row.indicators)
        low, high = _span(row.lost_low, row.lost_high)
        share_low, share_high = _span(row.share_low, row.share_high, 100)
        label = f"{row.part}"
        yield Figure(f"ledger.{row.part}.lost", label, None, low, high, "points", 1, "derived", rule)
        yield Figure(f"ledger.{row.part}.share", label, None, share_low, share_high, "percent", 0, "derived", rule)
        yield Figure(f"ledger.{row.part}.indicators", label, count, count, count, "count", 0, "derived", rule)


def _of_gains(gained: pd.DataFrame, by_rule: pd.DataFrame, identified: Identified) -> Iterator[Figure]:
    rule = _("sharp bounds over {count} rules of {rubric}").format(
        count=identified.survivors, rubric=identified.rubric.id
    )
    for row in gained.itertuples():
        for name, decimals in (("gain", 2), ("total", 1), ("remaining", 1)):
            low, high = _span(getattr(row, f"{name}_low"), getattr(row, f"{name}_high"))
            yield Figure(f"lever.{row.code}.{name}", row.name, None, low, high, "points", decimals, "derived", rule)
        if row.code != TOGETHER:
            decimals = 0 if row.target == int(row.target) else 2
            yield Figure(f"lever.{row.code}.target", row.name, row.target, row.target, row.target, "percent",
                         decimals, "entered", _("parameter of the report"))  # fmt: skip
    for number, row in enumerate(by_rule.itertuples()):
        low, high = _span(row.gain_low, row.gain_high)
        yield Figure(f"rule.{number}.gain", row.name, None, low, high, "points", 2, "derived",
                     f"{rule}; {row.parameter} {row.code} = {row.alternative}")  # fmt: skip
        if row.parameter == "target":
            share = float(row.alternative)
            yield Figure(f"rule.{number}.target", row.name, share, share, share, "percent", 0, "published",
                         f"{identified.rubric.id}: {identified.rubric.indicators[row.code].target.status}",
                         identified.rubric.indicators[row.code].target.source)  # fmt: skip


def _of_needs(needed: pd.DataFrame, identified: Identified) -> Iterator[Figure]:
    rule = _("inverse of the score under each of {count} rules").format(count=identified.survivors)
    if not needed.empty:
        first = needed.iloc[0]
        yield Figure("target", _("Target score"), first["target"], first["target"], first["target"], "points",
                     0 if first["target"] == int(first["target"]) else 2, "entered",
                     _("parameter of the report"))  # fmt: skip
        yield Figure("target.gain", _("Points still needed"), first["gain"], first["gain"], first["gain"], "points", 2,
                     "derived", "target − total")  # fmt: skip
    for row in needed.itertuples():
        for name in ("at_best", "for_sure"):
            rate = _number(getattr(row, name))
            yield Figure(f"need.{row.code}.{name}", row.name, rate, rate, rate, "percent", 2, "derived", rule)
        most_low, most_high = _span(row.most_low, row.most_high)
        yield Figure(f"need.{row.code}.most", row.name, None, most_low, most_high, "points", 2, "derived", rule)


def _of_past(past: pd.DataFrame) -> Iterator[Figure]:
    for row in past.itertuples():
        span = Interval.of_printed(row.value, row.decimals)
        yield Figure(f"past.{row.period}.total", write_period(row.period), row.value, span.low, span.high, "points",
                     row.decimals, row.kind, _("as published"), row.source, f"{row.file}:{row.line}", row.quote)  # fmt: skip

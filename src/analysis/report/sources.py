"""Where does each number of a page come from, and do the published ones agree with each other?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from analysis.identification.identify import Identified
from analysis.language import _, write_date, write_range
from analysis.report.figures import Figure, Figures, between, ends_of, exact, printed_figure
from analysis.report.section import (
    Folded,
    Heading,
    Piece,
    Quote,
    Reference,
    Section,
    SourceList,
    Table,
    Words,
    say,
    source_words,
)
from analysis.scorecards.checks import check_name
from analysis.scorecards.entities import SYNTHETIC
from analysis.scorecards.history import RANK, TOTAL, unit_name
from analysis.scorecards.sources import Note, Source

if TYPE_CHECKING:
    from analysis.notices.tokens import Passage

NOT_OF_THE_NOTICE = (
    "past.",
    "year.",
    "restated.",
    "indicator.",
    "card.",
    "told.",
    "units.",
)  # published figures that stand elsewhere


def published_figures(rows: pd.DataFrame, identified: Identified) -> Iterator[Figure]:
    """The figures of a card, each with its words and its line; and what is lost of the total."""
    ids = {TOTAL: "total", RANK: "rank"}
    groups = {group.code for group in identified.groups}
    for _key, row in rows[rows["value"].notna()].iterrows():
        code = row["code"]
        name = ids.get(code) or (f"group.{code}.score" if code in groups else f"printed.{code}.{row['unit']}")
        yield replace(printed_figure(name, identified.rubric.name_of(code), row), as_of=row["as_of"])
        if code == RANK and not pd.isna(row["max"]):
            known = row["max"], "count", 0, row["kind"], _("as published"), row["source"]
            yield exact("ranked", _("Provinces ranked"), *known)
    total = rows.loc[(TOTAL, "points")]
    points = identified.rubric.points
    lost = points - identified.total
    yield between(
        "lost",
        _("Points lost"),
        (lost.low, lost.high),
        "points",
        int(total["decimals"]),
        _("highest total less the total"),
        points - float(total["value"]),
    )


def check_figures(checks: pd.DataFrame, figures: Figures) -> Iterator[Figure]:
    """The checks of a card, each as printed and as rounding allows; and the sum of its groups against its total."""
    for number, row in enumerate(checks.itertuples()):
        rule = f"{check_name(row.check)}: {row.where}"
        name, unit = check_name(row.check), row.codes[0][1]
        yield exact(f"check.{number}.printed", name, row.printed, unit, 2, "derived", rule)
        yield between(f"check.{number}.expected", name, ends_of(row, "expected"), unit, 3, rule)
    for row in checks[checks["check"] == "groups_to_total"].itertuples():
        middle = (row.expected_low + row.expected_high) / 2
        slack = (row.expected_high - row.expected_low) / 2 + 0.5 * 10.0 ** -figures["total"].decimals
        decimals = max(item.decimals for item in figures.values() if item.id.endswith(".score"))
        rule = _("sum of the groups' scores")
        yield exact("sum", _("Sum of the groups"), middle, "points", decimals, "derived", rule)
        yield exact(
            "sum.gap",
            _("Total less the sum"),
            row.printed - middle,
            "points",
            2,
            "derived",
            _("total less the sum of the groups' scores"),
        )
        yield exact(
            "sum.slack",
            _("Gap that rounding allows"),
            slack,
            "points",
            3,
            "derived",
            _("half of the last printed decimal, added up"),
        )


def own_checks(checks: pd.DataFrame, identified: Identified) -> pd.DataFrame:
    """The rows of checks, or of figures, that are of this card."""
    return checks[(checks["entity"] == identified.entity) & (checks["period"] == identified.period)]


def checks_section(
    figures: Figures, checks: pd.DataFrame, alone: pd.DataFrame, identified: Identified, notes: Sequence[Note] = ()
) -> Section:
    """The checks of this card, the figures that nothing checks, and what must be known of them (`notes`)."""
    known = [
        say("{date}: {words}", date=Reference(write_date(note.date.isoformat())), words=Reference(note.what.text))
        for note in notes
        if (note.entity, note.period) == (identified.entity, identified.period)
    ]
    mine, alone = own_checks(checks, identified), own_checks(alone, identified)
    rows = [
        [
            check_name(row.check),
            identified.rubric.name_of(row.codes[0][0]),
            figures[f"check.{number}.printed"],
            figures[f"check.{number}.expected"],
            _("agrees") if row.ok else _("known disagreement") if row.accepted else _("DISAGREES"),
        ]
        for number, row in enumerate(mine.itertuples())
    ]
    heads = [_("Check"), _("Figure"), _("Held against"), _("What rounding allows"), _("Result")]
    title = _("Do the figures agree with each other?")
    unchecked = [f"{identified.rubric.name_of(row.code)} ({unit_name(row.unit)})" for row in alone.itertuples()]
    return Section(
        title,
        [
            Heading(title),
            *([Table(_("Checks of this notice"), heads, rows, text_columns=(1, 4))] if rows else []),
            Words([_("Nothing cross-checks these figures; an error in one of them would not be seen:")]),
            Words(unchecked, as_list=True),
            *([Words([_("Must be known of these figures:")]), Words(known, as_list=True)] if known else []),
        ],
        tables={"checks": mine, "unchecked": alone},
    )


def sources_section(
    figures: Figures,
    sources: Mapping[str, Source],
    passages: Mapping[str, Passage],
    identified: Identified,
    data: str,
    version: str,
    commit: str,
    day: str,
) -> Section:
    """Every published figure with its words and its line, how every other number was made, and what reproduces it all.

    The words open the sentence they stand in, where the notice is kept (`passages`: file and line → sentence).
    """
    printed = [item for item in figures.values() if item.where and item.kind in ("published", "entered", SYNTHETIC)]
    published = [item for item in printed if item.id != "ranked" and not item.id.startswith(NOT_OF_THE_NOTICE)]
    others = [item for item in figures.values() if item not in published]
    rows = [
        [item.label, item.plain, _unit(item), Quote(item.quote, passages.get(item.where)), Reference(item.where)]
        for item in published
    ]
    made = [
        [
            Reference(item.label),
            item.plain,
            Reference(_ends(item)),
            _unit(item),
            Reference(item.rule),
            Reference(" ".join(filter(None, (item.source, item.where, item.quote and f"“{item.quote}”")))),
        ]
        for item in others
    ]
    made_heads = [_("Figure"), _("Value"), _("Lies between"), _("Unit"), _("How it was made"), _("Source")]
    heads = [_("Figure"), _("Value"), _("Unit"), _("As printed"), _("File and line")]
    used = {item.source for item in published}
    title = _("Where do the numbers come from?")
    words = _("Made {day} from {source}, by the rules {rubric}. scorecard {version}, commit {commit}, data {data}")
    reproduced = words.format(
        day=write_date(day),
        source=source_words(sources[figures["total"].source]),
        rubric=identified.rubric.id,
        version=version,
        commit=commit or _("unknown"),
        data=data[:12],
    )
    frame = figures.frame(identified.entity, identified.period)
    return Section(
        title,
        [
            Heading(title),
            Table(_("Published figures"), heads, rows, (2, 3, 4), [item.anchor for item in published]),
            Folded(
                _("Every other number on this page: how it was made"),
                [Table(_("Other numbers of this page"), made_heads, made, (3, 4, 5), [item.anchor for item in others])],
                style="all",
            ),
            SourceList({name: source for name, source in sources.items() if name in used}),
            Words(
                [_("figures.en.csv beside this page has every number on it, with its range, its rule and its source.")]
            ),
            Piece("footer.html.j2", {"words": reproduced}, [reproduced]),
        ],
        tables={"published": frame[frame["id"].isin([item.id for item in published])], "figures": frame},
    )


def _unit(item: Figure) -> str:
    return "" if item.unit in ("count", "rank") else unit_name(item.unit)


def _ends(item: Figure) -> str:
    """The ends of what is known of a number, finer than it is printed; nothing where it is known exactly."""
    if item.low is None or item.high is None or item.low == item.high:
        return ""
    return write_range(item.low, item.high, item.decimals + 2)

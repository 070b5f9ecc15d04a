"""How does it read which units lose the points? The numbers of the section, and the section."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pandas as pd

from analysis.diagnosis.losses import NO, UNEXPLAINED, UNKNOWN, YES, UnitLosses
from analysis.language import _, write_list
from analysis.report.figures import Figure, Figures, Html, between, exact
from analysis.report.layout import heading, items, join, paragraph, reference, table
from analysis.report.sentences import Sentence, say
from analysis.scorecards.entities import kind_name
from analysis.scorecards.history import BASE

MOST_SHOWN = 20
MOST_NAMED = 5


def with_units(figures: Figures, lost: UnitLosses) -> Figures:
    """The figures with those of the units added; the same where the entity has none.

    `units.<place>.…` of those shown, `units.rest.…` of the others, `units.unexplained.lost`, `units.whole.lost`, and
    `units.indicator.<code>.…`.
    """
    added = Figures(figures)
    if len(lost.units):
        added.add(_of_counts(lost))
        added.add(_of_units(lost))
        added.add(_of_indicators(lost))
    return added


def units_words(figures: Figures, lost: UnitLosses) -> list[Sentence]:
    """Who carries the loss, what nobody carries, and whether the units' figures give the entity's."""
    counts = {name: figures[f"units.{name}"] for name in ("all", "cards", "shared", "whole.lost", "unexplained.lost")}
    parts = {name.removesuffix(".lost"): value for name, value in counts.items()}
    said = [say(_("{cards} of the {all} units of {entity} have figures for this period."), entity=lost.entity, **parts)]
    if lost.silent:
        said.append(say(_("Without figures: {names}."), names=_few(lost.silent)))
    if len(lost.indicators):
        template = _(
            "{entity} lost {whole} points in the {shared} indicators that can be shared out; {unexplained} of them are "
            "not explained by the units: dossiers of units without figures or of nobody, or figures that disagree."
        )
        said.append(say(template, entity=lost.entity, **parts))
    first = lost.units.iloc[0]
    if first["worst"]:
        template = _("Most is carried by {unit}: {lost} points, above all in “{indicator}” ({worst}).")
        values = {name: figures[f"units.0.{name}"] for name in ("lost", "worst")}
        said.append(say(template, unit=first["unit"], indicator=first["worst_name"], **values))
    apart, open_ = (lost.indicators.loc[lost.indicators["reconciled"] == state, "name"] for state in (NO, UNKNOWN))
    if len(apart):
        template = _("The figures of the units do not add up to those of {entity} in: {names}.")
        said.append(say(template, entity=lost.entity, names=_few(apart)))
    if len(open_):
        template = _("What is published does not say whether the units add up to {entity} in: {names}.")
        said.append(say(template, entity=lost.entity, names=_few(open_)))
    if lost.unweighted:
        template = _("Not shared out, as no unit prints what its rate is a share of: {count} indicators ({names}).")
        said.append(say(template, count=figures["units.unweighted"], names=write_list(lost.unweighted)))
    return said


def units_section(figures: Figures, lost: UnitLosses) -> Html | None:
    """Which units lose the points: sentences, who carries most, whether they add up. None without units."""
    if lost.units.empty:
        return None
    heads = [_("Unit"), _("Points carried"), _("Dossiers"), _("Most in"), _("Points there"), _("Indicators"), _("Kind")]
    note = _(
        "Each unit carries points for its rate and for its number of dossiers alike: one with many dossiers at a fair "
        "rate may carry more than one with few at a poor rate. Below 0 a unit is above the target and makes up for "
        "others. This says where the points are, not how well a unit works nor why; units are not ranked by it."
    )
    checked = [_("Indicator"), _("Points lost"), _("Carried by units"), _("Not explained")]
    checked += [_("Units"), _("Base of the units' rates"), _("Base of the entity's rate"), _("Do they add up?")]
    return join(
        heading(_("Which units lose the points?")),
        items(units_words(figures, lost)),
        table(_("Points that each unit carries, most first"), heads, _unit_rows(figures, lost), text=(3, 6)),
        paragraph([say(note)], "note"),
        table(_("Do the units add up to the entity?"), checked, _indicator_rows(figures, lost), text=(7,))
        if len(lost.indicators)
        else Html(),
    )


def state_name(state: str) -> str:
    """Whether figures add up, in the reader's language."""
    return {YES: _("yes"), NO: _("NO"), UNKNOWN: _("not known")}[state]


def _unit_rows(figures: Figures, lost: UnitLosses) -> Iterator[list[object]]:
    for place, row in enumerate(_shown(lost).itertuples()):
        unit = f"units.{place}"
        yield [
            reference(row.unit),
            figures.get(f"{unit}.lost", _("unknown")),
            figures.get(f"{unit}.dossiers", _("not printed")),
            row.worst_name if row.worst else "",
            figures.get(f"{unit}.worst", ""),
            figures[f"{unit}.indicators"],
            kind_name(row.kind),
        ]
    if "units.rest" in figures:
        more = say(_("{count} more units together"), count=figures["units.rest"])
        yield [more, figures["units.rest.lost"], "", "", "", "", ""]
    shared = figures["units.shared"]
    yield [_("Not explained by the units"), figures["units.unexplained.lost"], "", "", "", shared, ""]
    yield [_("Lost in these indicators"), figures["units.whole.lost"], "", "", "", shared, ""]


def _indicator_rows(figures: Figures, lost: UnitLosses) -> Iterator[list[object]]:
    for row in lost.indicators.itertuples():
        name = f"units.indicator.{row.code}"
        amounts = [figures[f"{name}.{part}"] for part in ("lost", "carried", "unexplained", "units", "dossiers")]
        base = figures.get(f"printed.{row.code}{BASE}.count", _("not printed"))
        yield [row.name, *amounts, base, state_name(row.reconciled)]


def _shown(lost: UnitLosses) -> pd.DataFrame:
    return lost.units[lost.units["kind"] != UNEXPLAINED].head(MOST_SHOWN)


def _few(names: Iterable[str]) -> str:
    first = list(names)
    return write_list(first) if len(first) <= MOST_NAMED else "; ".join([*first[:MOST_NAMED], "…"])


def _rule() -> str:
    return _("M · n/N · (1 − q/T), summed over the indicators; bounds over every rule that fits")


def _of_counts(lost: UnitLosses) -> Iterator[Figure]:
    count = float(len(lost.units) - 1)
    tree = "units.csv"
    yield exact("units.all", _("Units of {entity}").format(entity=lost.entity), count, "count", 0, "derived", tree)
    cards = count - len(lost.silent)
    yield exact("units.cards", _("Units with figures"), cards, "count", 0, "derived", tree)
    shared = float(len(lost.indicators))
    yield exact("units.shared", _("Indicators shared out"), shared, "count", 0, "derived", _rule())
    left, named = float(len(lost.unweighted)), _("Indicators not shared out")
    yield exact("units.unweighted", named, left, "count", 0, "derived", _rule())
    whole = (lost.whole.low, lost.whole.high)
    yield between("units.whole.lost", _("Lost in these indicators"), whole, "points", 2, _rule())
    rest = lost.units.iloc[-1]
    ends = (float(rest["lost_low"]), float(rest["lost_high"]))
    rule = "units.whole.lost − Σ units.*.lost"
    yield between("units.unexplained.lost", _("Not explained by the units"), ends, "points", 2, rule)


def _of_units(lost: UnitLosses) -> Iterator[Figure]:
    shown = _shown(lost)
    for place, row in enumerate(shown.itertuples()):
        unit, label = f"units.{place}", row.unit
        yield exact(f"{unit}.indicators", label, float(row.indicators), "count", 0, "derived", _rule())
        if pd.notna(row.dossiers):
            kind, source = row.dossiers_kind, row.source
            of = exact(f"{unit}.dossiers", label, row.dossiers, "count", 0, kind, _("as published"), source)
            yield replace(of, where=row.where)
        if pd.notna(row.lost_low):
            yield between(f"{unit}.lost", label, (row.lost_low, row.lost_high), "points", 2, _rule())
        if row.worst:
            yield between(
                f"{unit}.worst", label, (row.worst_low, row.worst_high), "points", 2, f"{_rule()}: {row.worst}"
            )
    rest = lost.units.iloc[len(shown) : -1]
    if len(rest):
        label, rule = _("Units that are not shown"), "Σ units.*.lost"
        ends = (float(rest["lost_low"].sum()), float(rest["lost_high"].sum()))
        yield exact("units.rest", label, float(len(rest)), "count", 0, "derived", "units.csv")
        yield between("units.rest.lost", label, ends, "points", 2, rule)


def _of_indicators(lost: UnitLosses) -> Iterator[Figure]:
    for row in lost.indicators.itertuples():
        name = f"units.indicator.{row.code}"
        yield between(f"{name}.lost", row.name, (row.lost_low, row.lost_high), "points", 2, "M · (1 − min(r/T, 1))")
        yield between(f"{name}.carried", row.name, (row.carried_low, row.carried_high), "points", 2, _rule())
        rule = f"{name}.lost − {name}.carried"
        ends = (row.unexplained_low, row.unexplained_high)
        yield between(f"{name}.unexplained", row.name, ends, "points", 2, rule)
        yield exact(f"{name}.units", row.name, float(row.units), "count", 0, "derived", "units.csv")
        yield exact(f"{name}.dossiers", row.name, row.dossiers, "count", 0, "derived", f"Σ {row.code}_base")

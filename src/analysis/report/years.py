"""How did the province fare over the years, what made it rise, and what did the portal restate?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from analysis.diagnosis.changes import OF_A_CAPTURE
from analysis.language import _, slug, write_date, write_period
from analysis.report.figures import Figure, Figures, between, exact
from analysis.report.section import (
    Folded,
    Heading,
    Part,
    Picture,
    Section,
    Sentence,
    Table,
    Words,
    described,
    say,
)
from analysis.scorecards.entities import Mergers
from analysis.scorecards.history import TOTAL
from analysis.scorecards.sources import Source

LEAST = 2  # years, under which there is no course


def year_figures(years: pd.DataFrame) -> Iterator[Figure]:
    """`year.<period>.<code>` of every score (`years.years`), `year.<period>.place` and `.of` where they are known."""
    for row in years.itertuples():
        label = f"{write_period(row.period)}, {row.name}"
        half = 0.5 * 10.0**-row.decimals
        if row.kind == "derived":
            rule, ends = _("sum of the groups that are published apart"), (row.value - 2 * half, row.value + 2 * half)
            yield between(f"year.{row.period}.{row.code}", label, ends, "points", int(row.decimals), rule, row.value)
            continue
        yield Figure(
            f"year.{row.period}.{row.code}", label, row.value, row.value - half, row.value + half, "points",
            int(row.decimals), row.kind, _("as published"), row.source, f"{row.file}:{row.line}", row.quote,
            as_of=row.as_of or row.day,
        )  # fmt: skip
        if row.code == TOTAL and not pd.isna(row.place):
            ranked = _("published, or counted over all totals")
            name = _("{period}, rank").format(period=write_period(row.period))
            yield exact(f"year.{row.period}.place", name, row.place, "rank", 0, "derived", ranked, row.source)
            yield exact(f"year.{row.period}.of", name, row.of, "rank", 0, "derived", ranked, row.source)


def rise_figures(rises: pd.DataFrame, entity: str) -> Iterator[Figure]:
    """`rise.<code>`, its `.before`, `.after` and `.median` of all (`years.rises`); `rise.place`, `rise.of`."""
    own, totals = rises[rises["entity"] == entity], rises[rises["code"] == TOTAL].reset_index(drop=True)
    for row in own.itertuples():
        others = rises.loc[rises["code"] == row.code, "change"]
        name, rule = _("{name}, rise").format(name=row.name), _("the last year less the first")
        yield between(f"rise.{row.code}", name, (row.low, row.high), "points", 2, rule, row.change)
        for when in ("before", "after"):
            value = getattr(row, when)
            yield exact(f"rise.{row.code}.{when}", row.name, value, "points", 2, "derived", _("as published"))
        median = float(others.median())
        yield exact(f"rise.{row.code}.median", name, median, "points", 2, "derived", _("median of all that have both"))
    place = 1.0 + float((totals["change"] > float(own.loc[own["code"] == TOTAL, "change"].iloc[0])).sum())
    name = _("Place by the rise of the total")
    yield exact("rise.place", name, place, "rank", 0, "derived", _("the rises of the total, counted"))
    yield exact("rise.of", name, float(len(totals)), "rank", 0, "derived", _("the rises of the total, counted"))


def restated_figures(restated: pd.DataFrame) -> Iterator[Figure]:
    """`restated.<number>.before`, `.after` and `.change` of each total that the portal restated."""
    for number, row in enumerate(restated.itertuples()):
        label = f"{write_period(row.period)}, {row.name}"
        for side in ("before", "after"):
            day, value, decimals, source, quote, file, line = (getattr(row, f"{side}_{name}") for name in OF_A_CAPTURE)
            half = 0.5 * 10.0**-decimals
            yield Figure(
                f"restated.{number}.{side}", f"{label}, {write_date(day)}", value, value - half, value + half, "points",
                int(decimals), "published", _("as published"), source, f"{file}:{line}", quote, day,
            )  # fmt: skip
        rule = _("what was shown later less what was shown first")
        yield exact(f"restated.{number}.change", label, row.change, "points", 2, "derived", rule)


def years_section(
    years: pd.DataFrame,
    rises: pd.DataFrame,
    restated: pd.DataFrame,
    entity: str,
    span: tuple[str, str] | None,
    mergers: Mergers,
    figures: Figures,
    sources: Mapping[str, Source],
) -> Section:
    """A province over the years: total, groups and rank in each, its breaks, what made it rise, what was restated.

    `years` is from `years.years`, `rises` from `years.rises` over `span` (empty, None where it cannot be told),
    `restated` the totals of `changes.restated` that changed. `figures` are those of the card.
    """
    own = Figures.of(year_figures(years), rise_figures(rises, entity) if len(rises) else (), restated_figures(restated))
    title, parts = _("How did it go over the years?"), list[Part]()
    if whole := mergers.became_part_of(entity):
        words = _(
            "Since {month} {entity} is part of {whole}. What is known of {entity} by itself stands on this page; "
            "nothing is joined to it. The page of {whole}: scorecard report --entity {name}"
        )
        month = write_period(mergers.first)
        parts.append(Words([say(words, month=month, entity=entity, whole=whole, name=slug(whole))]))
    if years["period"].nunique() >= LEAST:
        shown = described(figures.plus(own.values()), "year", TOTAL, sources)
        picture = Picture(
            "course_of_years",
            years.assign(doubt=[mergers.in_doubt(entity, period) for period in years["period"]]),
            **shown,
        )
        parts += [picture, Words(_course(years, entity, mergers), as_list=True), _years_table(years, own)]
    if len(rises) and span:
        parts += [Words([_rise(own, rises, entity, span)]), _rise_table(own, rises, entity, span)]
    if len(restated):
        parts += _restated(restated, own)
    if not parts:
        return Section(title, (), own, {"years": years, "rises": rises, "restated": restated})
    tables = {"years": years, "rises": rises, "restated": restated}
    return Section(title, [Heading(title), *parts], own, tables)


def _course(years: pd.DataFrame, entity: str, mergers: Mergers) -> list[Sentence]:
    """What the picture cannot say: by which rules, where nothing may be compared, whose figures they are."""
    said = []
    captured = years[(years["code"] == TOTAL) & (years["day"] != "")]
    for day, rows in captured.groupby("day", sort=False):
        words = _("As the portal showed it on {day}, by the rules of that day: {periods}.")
        periods = "; ".join(write_period(period) for period in rows["period"])
        said.append(say(words, day=write_date(str(day)), periods=periods))
    breaks = years[(years["code"] == TOTAL) & (years["why"] != "")]
    said += [say(_("Not comparable: {why}"), why=why) for why in dict.fromkeys(breaks["why"])]
    if any(mergers.in_doubt(entity, period) for period in years["period"]):
        words = _(
            "{entity} was merged in {month}. Whether earlier years are those of the old province of this name or of "
            "all its parts is not known."
        )
        said.append(say(words, entity=entity, month=write_period(mergers.first)))
    return said


def _years_table(years: pd.DataFrame, own: Figures) -> Table:
    codes = {row.code: row.name for row in years.itertuples() if row.code != TOTAL}
    in_all = years.groupby("code")["period"].nunique() == years["period"].nunique()
    codes = {code: name for code, name in codes.items() if in_all[code]} or codes
    rows = []
    for period, of_year in years.groupby("period", sort=False):
        first = of_year.iloc[0]
        so_far = first["as_of"] or first["day"]
        head = write_period(str(period))
        if first["scope"] == "year_to_date" and so_far:
            head = _("{period}, to {day}").format(period=head, day=write_date(so_far))
        place = own.get(f"year.{period}.place")
        rank = say("{place}/{of}", place=place, of=own[f"year.{period}.of"]) if place else "–"
        scores = [own.get(f"year.{period}.{code}", "–") for code in codes]
        rows.append([head, own[f"year.{period}.{TOTAL}"], rank, *scores])
    heads = [_("Year"), _("Total"), _("Rank"), *codes.values()]
    return Table(_("Total, rank and groups year by year, points"), heads, rows)


def _rise(own: Figures, rises: pd.DataFrame, entity: str, span: tuple[str, str]) -> Sentence:
    """How far it rose under one rule, beside the others, and through which group most."""
    groups = rises[(rises["entity"] == entity) & (rises["code"] != TOTAL)]
    most = groups.loc[groups["change"].idxmax()]
    words = _(
        "One rule scored {first} and {last}, so that their difference is no change of rules (one may be a whole year "
        "and one a year so far, as said above): the total moved by {change} points, place {place} of {of} by its rise; "
        "most of it is {group}, with {part} points."
    )
    return say(
        words, first=write_period(span[0]), last=write_period(span[1]), change=own[f"rise.{TOTAL}"],
        place=own["rise.place"], of=own["rise.of"], group=most["name"], part=own[f"rise.{most['code']}"],
    )  # fmt: skip


def _rise_table(own: Figures, rises: pd.DataFrame, entity: str, span: tuple[str, str]) -> Table:
    rows = [
        [row.name, *(own[f"rise.{row.code}{part}"] for part in (".before", ".after", "", ".median"))]
        for row in rises[rises["entity"] == entity].itertuples()
    ]
    heads = [_("Group"), *span, _("Change"), _("Median of all")]
    return Table(_("What made the total rise, points"), heads, rows)


def _restated(restated: pd.DataFrame, own: Figures) -> list[Part]:
    said = [
        _(
            "The portal showed these periods otherwise on a later day. That is a correction, or a count that went on, "
            "and never performance."
        ),
        *(_("{what}.").format(what=why) for why in dict.fromkeys(restated["why"]) if why),
    ]
    rows = [
        [
            write_period(row.period),
            f"{write_date(row.before_day)} → {write_date(row.after_day)}",
            *(own[f"restated.{number}.{part}"] for part in ("before", "after", "change")),
            _("correction") if row.over else _("not separable"),
        ]
        for number, row in enumerate(restated.itertuples())
    ]
    heads = [_("Period"), _("Shown on"), _("Total before"), _("Total after"), _("Change"), _("What it is")]
    table = Table(_("Totals that the portal restated"), heads, rows, text_columns=(1, 5))
    return [Folded(_("What the portal restated"), [Words([say("{words}", words=" ".join(said))]), table])]

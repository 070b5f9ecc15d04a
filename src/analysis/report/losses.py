"""Where did the points go? By group, by what is disclosed, by indicator and by unit: numbers, words, tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from analysis.diagnosis.losses import NO, UNEXPLAINED, UNKNOWN, YES, UnitLosses, named_groups
from analysis.identification.identify import Identified
from analysis.language import _, write_list, write_number
from analysis.report.figures import Figure, Figures, between, ends_of, exact
from analysis.report.section import Heading, Part, Picture, Reference, Section, Sentence, Table, Words, described, say
from analysis.report.wording import disclosure_name, known_how, part_name, so_far, status_name, tier_name, tier_rule
from analysis.scorecards.entities import kind_name
from analysis.scorecards.history import BASE
from analysis.scorecards.sources import Source
from analysis.scorecards.tiers import DOCUMENTED, SUPPORTED

MOST_SHOWN = 20  # units in a table
MOST_NAMED = 5  # units and indicators in a sentence
SHOWN = 0.05  # points; less is 0.0 in a sentence
NEARLY = 0.95


# Numbers


def group_figures(by_group: pd.DataFrame, identified: Identified, lost: Figure) -> Iterator[Figure]:
    """`group.<code>.max`, `.lost`, `.rounding`, `.share`, `.achieved`, `.place`; `headline.share` of those named."""
    parameters = {group.code: group.max for group in identified.groups}
    for row in by_group.itertuples():
        group, known = f"group.{row.code}", not math.isnan(row.score)
        status = known_how(identified.rubric.id, parameters[row.code].status)
        rule, part = _("maximum of the group less its score"), _("points lost in the group / all points lost")
        value, percent = (row.lost, 100 * row.share) if known else (None, None)
        yield exact(f"{group}.max", row.name, row.max, "points", 0, "published", status, parameters[row.code].source)
        yield between(f"{group}.lost", row.name, ends_of(row, "lost"), "points", row.decimals, rule, value)
        yield between(f"{group}.rounding", row.name, ends_of(row, "lost"), "points", row.decimals + 1, rule)
        yield between(f"{group}.share", row.name, ends_of(row, "share", 100), "percent", 0, part, percent)
        if known:
            rule = _("score of the group / its maximum")
            yield exact(f"{group}.achieved", row.name, 100 * row.achieved, "percent", 0, "derived", rule)
        if not math.isnan(row.rank):
            yield exact(f"{group}.place", row.name, row.rank, "rank", 0, "derived", _("the groups by points lost"))
    named = named_groups(by_group)
    if lost.value and not named.empty:
        share = float(named["lost"].sum(skipna=False)) / lost.value
        low, high = float(named["share_low"].sum()), min(float(named["share_high"].sum()), 1.0)
        label, rule = _("Share of the loss in the groups named"), _("points lost in the groups named / all points lost")
        printed = None if math.isnan(share) else 100 * share
        item = between("headline.share", label, (100 * low, 100 * high), "percent", 0, rule, printed)
        words = _("{share} %").format(share=item) if printed is None else _share_words(share)
        yield replace(item, words=words)


def indicator_figures(by_indicator: pd.DataFrame, identified: Identified, figures: Figures) -> Iterator[Figure]:
    """`indicator.<code>.max`, `.lost` and, where it is printed, `.rate`."""
    for row in by_indicator.itertuples():
        indicator, name = identified.rubric.indicators[row.code], f"indicator.{row.code}"
        rule = _("rules {rubric}: maximum {maximum}, full marks {target}").format(
            rubric=identified.rubric.id,
            maximum=status_name(indicator.max.status),
            target=status_name(indicator.target.status),
        )
        yield between(f"{name}.max", row.name, ends_of(row, "max"), "points", 0, rule)
        yield between(
            f"{name}.lost", row.name, ends_of(row, "lost"), "points", 2, f"{rule}; {disclosure_name(row.disclosure)}"
        )
        if not math.isnan(row.rate_low):
            printed = figures.get(f"printed.{row.code}.percent")
            if printed is not None:
                yield replace(printed, id=f"{name}.rate")
                continue
            parts = (identified.rubric.name_of(code) for code in indicator.rate_from)
            rule = " + ".join(parts) or _("count / number of all")
            middle = (row.rate_low + row.rate_high) / 2
            yield between(f"{name}.rate", row.name, ends_of(row, "rate"), "percent", 2, rule, middle)


def ledger_figures(ledger: pd.DataFrame, rule: str) -> Iterator[Figure]:
    """`ledger.<part>.lost`, `.share` and `.indicators`; `rule` says how bounds are made."""
    for row in ledger.itertuples():
        part, name, count = f"ledger.{row.part}", part_name(row.part), float(row.indicators)
        yield between(f"{part}.lost", name, ends_of(row, "lost"), "points", 1, rule)
        yield between(f"{part}.share", name, ends_of(row, "share", 100), "percent", 0, rule)
        yield exact(f"{part}.indicators", name, count, "count", 0, "derived", rule)


def lost_by_tier_figures(lost_by_tier: pd.DataFrame) -> Iterator[Figure]:
    """`tier.<tier>.lost.<code>` of what is not the same in every tier, and `tier.<tier>.ledger.<part>`; none of one."""
    if lost_by_tier["tier"].nunique() < 2:
        return
    rows = _apart(lost_by_tier)
    for row in rows[rows["tier"] != DOCUMENTED].itertuples():
        rule, part = tier_rule(row.tier), not row.name
        name = f"tier.{row.tier}.{'ledger' if part else 'lost'}.{row.code}"
        yield between(name, row.name or part_name(row.code), ends_of(row, "lost"), "points", 1 if part else 2, rule)


def _apart(lost_by_tier: pd.DataFrame) -> pd.DataFrame:
    """The parts, and after them those indicators whose loss is not the same in every tier to `SHOWN`."""
    ends = lost_by_tier.groupby("code")[["lost_low", "lost_high"]]
    apart = (ends.max() - ends.min()).max(axis=1) >= SHOWN
    parts = lost_by_tier["name"] == ""
    return pd.concat([lost_by_tier[parts], lost_by_tier[~parts & lost_by_tier["code"].map(apart)]])


def empty_figures(by_indicator: pd.DataFrame, rule: str) -> Iterator[Figure]:
    """`empty.lost`: what was lost where there was nothing to count; no figure where nothing was lost there."""
    rows = by_indicator[by_indicator["empty"] & (by_indicator["lost_high"] >= SHOWN)]
    if len(rows):
        ends = (float(rows["lost_low"].sum()), float(rows["lost_high"].sum()))
        yield between("empty.lost", _("Not to be had"), ends, "points", 2, rule)


def _share_words(share: float) -> str:
    """`about two thirds` where a simple fraction is within two points of a hundred; else the percentage."""
    fractions = {
        1 / 4: _("about a quarter"),
        1 / 3: _("about a third"),
        1 / 2: _("about half"),
        2 / 3: _("about two thirds"),
        3 / 4: _("about three quarters"),
    }
    fraction = min(fractions, key=lambda item: abs(item - share))
    if abs(fraction - share) <= 0.02:
        return fractions[fraction]
    return _("{share} %").format(share=write_number(100 * share, 0))


# Sentences


def headline(figures: Figures, by_group: pd.DataFrame, identified: Identified) -> Sentence:
    """Where the points went: the loss, and the fewest groups that hold at least half of it."""
    entity, period = identified.entity, so_far(identified.period, figures["total"].as_of)
    if not figures["lost"].value:
        return say(_("{entity} lost no point in {period}."), entity=entity, period=period)
    named = list(named_groups(by_group)["name"])
    if not named or len(named) == len(by_group):
        return say(_("{entity} lost {lost} points in {period}."), entity=entity, lost=figures["lost"], period=period)
    if len(named) == 1:
        template = _("{entity} lost {lost} points in {period}; {share} of them in {groups}.")
    elif len(named) == 2:
        template = _("{entity} lost {lost} points in {period}; {share} of them in two groups: {groups}.")
    else:
        template = _("{entity} lost {lost} points in {period}; {share} of them in these groups: {groups}.")
    return say(
        template,
        entity=entity,
        lost=figures["lost"],
        period=period,
        share=figures["headline.share"],
        groups=write_list(named),
    )


def not_to_be_had(figures: Figures, by_indicator: pd.DataFrame) -> list[Sentence]:
    """What was lost although nobody could have had it, and where."""
    if "empty.lost" not in figures:
        return []
    rows = by_indicator[by_indicator["empty"] & (by_indicator["lost_high"] >= SHOWN)]
    template = _("{lost} of the points lost were not to be had: there was nothing to count for {names}.")
    return [say(template, lost=figures["empty.lost"], names=write_list(rows["name"]))]


def hidden_words(figures: Figures, ledger: pd.DataFrame, lost_by_tier: pd.DataFrame) -> Sentence:
    """In one sentence how much of the loss sits in indicators whose rates are not published."""
    parts = ledger.set_index("part")
    if parts.loc["not_printed", "indicators"] == 0:
        return say(_("The rate of every indicator that lost points is published."))
    least = lost_by_tier.loc[lost_by_tier["code"] == "not_printed", "lost_low"].min()
    share, best = least / parts.loc["total", "lost_high"], figures.get(f"tier.{SUPPORTED}.ledger.not_printed")
    template = _("Of the loss, {part} sit in {count} indicators whose rate is not published.")
    if share > NEARLY:
        template = _("Nearly all of the loss sits in {count} indicators whose rate is not published: {part}.")
    elif share > 1 / 2:
        template = _("Most of the loss sits in {count} indicators whose rate is not published: {part}.")
    words = _("{points} points")
    if best is not None:
        words = _("{points} points by the best supported reading")
    elif lost_by_tier["tier"].nunique() > 1:
        words = _("{points} points by all that some document names")
    part = say(words, points=best or figures["ledger.not_printed.lost"])
    return say(template, part=part, count=figures["ledger.not_printed.indicators"])


def disclosure(figures: Figures, ledger: pd.DataFrame, lost_by_tier: pd.DataFrame) -> list[Sentence]:
    """How much of the loss sits in indicators whose rates are not published."""
    parts = ledger.set_index("part")
    hidden = parts.loc["not_printed"]
    if hidden["indicators"] == 0:
        return [say(_("The rate of every indicator that lost points is published."))]
    least = lost_by_tier.loc[lost_by_tier["code"] == "not_printed", "lost_low"].min()
    most = least > parts.loc["total", "lost_high"] / 2
    best = {
        name: figures.get(f"tier.{SUPPORTED}.ledger.{name}") for name in ("not_printed", "derivable", "undisclosed")
    }
    documented, supported = figures["ledger.not_printed.lost"], best["not_printed"]
    count = figures["ledger.not_printed.indicators"]
    leads = supported is not None and str(supported) != str(documented)
    if leads:
        template = (
            _(
                "Most of the loss sits in {count} indicators whose rate is not published: {supported} points by the "
                "best supported reading, {documented} by all that some document names."
            )
            if most
            else _(
                "In {count} indicators whose rate is not published {supported} points were lost by the best supported "
                "reading, {documented} by all that some document names."
            )
        )
        said = [say(template, count=count, supported=supported, documented=documented)]
    elif most:
        template = _("Most of the loss, {hidden} points, sits in {count} indicators whose rate is not published.")
        said = [say(template, hidden=documented, count=count)]
    else:
        template = _("{hidden} of the points lost sit in {count} indicators whose rate is not published.")
        said = [say(template, hidden=documented, count=count)]
    if parts.loc["derivable", "lost_high"] >= SHOWN and parts.loc["undisclosed", "indicators"]:
        template = _(
            "{derivable} points of these follow from the published scores; where {undisclosed} points went "
            "cannot be worked out from what was published."
        )
        if leads:
            template = _(
                "By that reading {derivable} follow from the published scores; where {undisclosed} went is not known."
            )
        elif supported is not None:
            template = _(
                "By the best supported reading {derivable} of these follow from the published scores; where "
                "{undisclosed} went is not known."
            )
        found = {name: best[name] or figures[f"ledger.{name}.lost"] for name in ("derivable", "undisclosed")}
        said.append(say(template, **found))
    return said


def reconciliation(figures: Figures) -> Sentence:
    """Whether the groups add up to the total."""
    if "sum" not in figures:
        return say(_("Not every group is published, so the total cannot be checked against them."))
    values = {name: figures[name] for name in ("sum", "total", "sum.gap", "sum.slack")}
    parts = {name.replace(".", "_"): value for name, value in values.items()}
    if abs(figures["sum.gap"].value or 0.0) > (figures["sum.slack"].value or 0.0) + 1e-9:
        return say(
            _("The groups sum to {sum}; published {total}; the gap of {sum_gap} is more than rounding (±{sum_slack})."),
            **parts,
        )
    return say(
        _("The groups sum to {sum}; published {total}; the gap of {sum_gap} is within rounding (±{sum_slack})."),
        **parts,
    )


# The section


def losses_section(
    figures: Figures,
    by_group: pd.DataFrame,
    ledger: pd.DataFrame,
    by_indicator: pd.DataFrame,
    lost_by_tier: pd.DataFrame,
    units: UnitLosses,
    sources: Mapping[str, Source],
) -> Section:
    """Points lost by group, by disclosure, by tier, by indicator, and by unit where the entity has units."""
    title = _("Where did the points go?")
    own = Figures.of(unit_figures(units))
    shown = figures.plus(own.values())
    parts: list[Part] = [
        Heading(title),
        _group_table(figures, by_group),
        Words([say(_("Shares are of the published loss; rounded, they need not sum to 100 %."))], style="note"),
        Picture("loss_by_group", by_group, **described(figures, "group", "lost", sources)),
        Picture("achieved_against_maximum", by_group, **described(figures, "group", "score", sources)),
        Heading(_("How much of the loss can be seen?")),
        Words(disclosure(figures, ledger, lost_by_tier)),
        _ledger_table(figures, ledger),
        Words([say(_ledger_note())], style="note"),
        *_tier_parts(figures, lost_by_tier),
        Heading(_("Indicator by indicator")),
        _indicator_table(figures, by_indicator, by_group),
        *_unit_parts(shown, units),
    ]
    tables = {"groups": by_group, "indicators": by_indicator, "ledger": ledger, "by_tier": lost_by_tier}
    tables |= {"units": units.units} if len(units.units) else {}
    return Section(title, parts, own, tables)


def _group_table(figures: Figures, by_group: pd.DataFrame) -> Table:
    heads = [
        _("Group"),
        _("Score"),
        _("Maximum"),
        _("Lost"),
        _("Lost, within rounding and rules"),
        _("Share of the loss, %"),
        _("Achieved, %"),
        _("Place by loss"),
    ]
    rows = []
    for row in by_group.itertuples():
        group = f"group.{row.code}"
        lost = figures[f"{group}.lost"]
        rows.append(
            [
                row.name,
                figures.get(f"{group}.score", _("not published")),
                figures[f"{group}.max"],
                lost if lost.value is not None else "",
                figures[f"{group}.rounding"],
                figures[f"{group}.share"],
                figures.get(f"{group}.achieved", ""),
                figures.get(f"{group}.place", ""),
            ]
        )
    return Table(_("Score, maximum and loss of each group, most lost first"), heads, rows)


def _ledger_table(figures: Figures, ledger: pd.DataFrame) -> Table:
    rows = [
        [
            part_name(row.part),
            figures[f"ledger.{row.part}.indicators"],
            figures["lost"] if row.part == "total" else figures[f"ledger.{row.part}.lost"],
            figures[f"ledger.{row.part}.share"],
        ]
        for row in ledger.itertuples()
    ]
    heads = [_("Part of the loss"), _("Indicators"), _("Points lost"), _("Share of the loss, %")]
    return Table(_("Points lost by what is disclosed"), heads, rows)


def _ledger_note() -> str:
    return _(
        "Under each rule that fits, the first three rows sum to everything lost exactly; the ranges are their lowest "
        "and highest values over all those rules, so their ends do not add up."
    )


def _tier_parts(figures: Figures, lost_by_tier: pd.DataFrame) -> list[Part]:
    """What each tier of knowledge says of the parts, and of the indicators that are not alike in all; one says none."""
    tiers = list(dict.fromkeys(lost_by_tier["tier"]))
    if len(tiers) < 2:
        return []
    rows = []
    for code, name in dict(_apart(lost_by_tier)[["code", "name"]].to_numpy()).items():
        if code != "total":
            of_tier, usual = ("lost", f"indicator.{code}.lost") if name else ("ledger", f"ledger.{code}.lost")
            found = [figures[usual if tier == DOCUMENTED else f"tier.{tier}.{of_tier}.{code}"] for tier in tiers]
            rows.append([name or part_name(code), *found])
    heads = [_("Part of the loss, or indicator"), *(tier_name(tier) for tier in tiers)]
    return [
        Table(_("Points lost by what is known of the rules"), heads, rows),
        Words(
            [say(_("Indicators that are not listed lost the same by each of them, but for a few hundredths."))], "note"
        ),
    ]


def _indicator_table(figures: Figures, by_indicator: pd.DataFrame, by_group: pd.DataFrame) -> Table:
    groups_named = dict(zip(by_group["code"], by_group["name"], strict=True))
    rows = []
    for row in by_indicator.itertuples():
        indicator = f"indicator.{row.code}"
        rows.append(
            [
                row.name,
                groups_named.get(row.group, row.group),
                _("nothing to count") if row.empty else figures.get(f"{indicator}.rate", _("not published")),
                figures[f"{indicator}.max"],
                figures[f"{indicator}.lost"],
                disclosure_name(row.disclosure),
            ]
        )
    heads = [_("Indicator"), _("Group"), _("Rate, %"), _("Maximum"), _("Points lost"), _("Disclosure")]
    return Table(_("Points lost by each indicator"), heads, rows, text_columns=(1, 5))


# Units


def unit_figures(lost: UnitLosses) -> Iterator[Figure]:
    """The figures of the units; none where the entity has none.

    `units.<place>.…` of those shown, `units.rest.…` of the others, `units.unexplained.lost`, `units.whole.lost`, and
    `units.indicator.<code>.…`.
    """
    if len(lost.units):
        yield from _of_counts(lost)
        yield from _of_units(lost)
        yield from _of_indicators(lost)


def _unit_parts(figures: Figures, lost: UnitLosses) -> list[Part]:
    """Which units lose the points: sentences, who carries most, whether they add up. Nothing without units."""
    if lost.units.empty:
        return []
    heads = [_("Unit"), _("Points carried"), _("Dossiers"), _("Most in"), _("Points there"), _("Indicators"), _("Kind")]
    note = _(
        "Each unit carries points for its rate and for its number of dossiers alike: one with many dossiers at a fair "
        "rate may carry more than one with few at a poor rate. Below 0 a unit is above the target and makes up for "
        "others. This says where the points are, not how well a unit works nor why; units are not ranked by it."
    )
    checked = [_("Indicator"), _("Points lost"), _("Carried by units"), _("Not explained")]
    checked += [_("Units"), _("Base of the units' rates"), _("Base of the entity's rate"), _("Do they add up?")]
    carried = Table(_("Points that each unit carries, most first"), heads, list(_unit_rows(figures, lost)), (3, 6))
    rows = list(_indicator_rows(figures, lost))
    return [
        Heading(_("Which units lose the points?")),
        Words(_unit_words(figures, lost), as_list=True),
        carried,
        Words([say(note)], style="note"),
        *([Table(_("Do the units add up to the entity?"), checked, rows, (7,))] if rows else []),
    ]


def _unit_words(figures: Figures, lost: UnitLosses) -> list[Sentence]:
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


def _adds_up(state: str) -> str:
    return {YES: _("yes"), NO: _("NO"), UNKNOWN: _("not known")}[state]


def _unit_rows(figures: Figures, lost: UnitLosses) -> Iterator[list[Any]]:
    for place, row in enumerate(_shown(lost).itertuples()):
        unit = f"units.{place}"
        yield [
            Reference(row.unit),
            figures.get(f"{unit}.lost", _("unknown")),
            figures.get(f"{unit}.dossiers", _("not published")),
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


def _indicator_rows(figures: Figures, lost: UnitLosses) -> Iterator[list[Any]]:
    for row in lost.indicators.itertuples():
        name = f"units.indicator.{row.code}"
        amounts = [figures[f"{name}.{part}"] for part in ("lost", "carried", "unexplained", "units", "dossiers")]
        base = figures.get(f"printed.{row.code}{BASE}.count", _("not published"))
        yield [row.name, *amounts, base, _adds_up(row.reconciled)]


def _shown(lost: UnitLosses) -> pd.DataFrame:
    return lost.units[lost.units["kind"] != UNEXPLAINED].head(MOST_SHOWN)


def _few(names: Iterable[str]) -> str:
    first = list(names)
    return write_list(first) if len(first) <= MOST_NAMED else "; ".join([*first[:MOST_NAMED], "…"])


def _rule() -> str:
    return _("M · n/N · (1 − q/T), summed over the indicators; bounds over every documented rule that fits")


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
    rule = _("lost in these indicators less what the units lost")
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
                f"{unit}.worst", label, (row.worst_low, row.worst_high), "points", 2, f"{_rule()}: {row.worst_name}"
            )
    rest = lost.units.iloc[len(shown) : -1]
    if len(rest):
        label, rule = _("Units that are not shown"), _("sum of what these units lost")
        ends = (float(rest["lost_low"].sum()), float(rest["lost_high"].sum()))
        yield exact("units.rest", label, float(len(rest)), "count", 0, "derived", "units.csv")
        yield between("units.rest.lost", label, ends, "points", 2, rule)


def _of_indicators(lost: UnitLosses) -> Iterator[Figure]:
    for row in lost.indicators.itertuples():
        name = f"units.indicator.{row.code}"
        yield between(
            f"{name}.lost",
            row.name,
            (row.lost_low, row.lost_high),
            "points",
            2,
            _("maximum × (1 − rate / rate of full marks)"),
        )
        yield between(f"{name}.carried", row.name, (row.carried_low, row.carried_high), "points", 2, _rule())
        rule = _("lost in the indicator less what the units carry")
        ends = (row.unexplained_low, row.unexplained_high)
        yield between(f"{name}.unexplained", row.name, ends, "points", 2, rule)
        yield exact(f"{name}.units", row.name, float(row.units), "count", 0, "derived", "units.csv")
        yield exact(f"{name}.dossiers", row.name, row.dossiers, "count", 0, "derived", _("sum over the units"))

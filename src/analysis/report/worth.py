"""What is an improvement worth, and what does it do to the rank? Numbers, words and tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from analysis.decisions.whatif import TOGETHER, perhaps_nothing
from analysis.identification.identify import Identified
from analysis.interval import Interval
from analysis.language import _, write_list, write_number, write_range
from analysis.report.figures import Figure, Figures, between, ends_of, exact, printed_figure, whole
from analysis.report.rules import bounds_rule, caution
from analysis.report.section import (
    Heading,
    Part,
    Picture,
    Section,
    Sentence,
    Table,
    Words,
    described,
    listed,
    say,
)
from analysis.report.wording import fitting_rules, known_how, status_name, tier_name, tier_rule
from analysis.scorecards.sources import Source
from analysis.scorecards.tiers import DOCUMENTED, OPEN, SUPPORTED

ASKED_AT = (50.0, 60.0, 70.0, 90.0)  # percent; the targets whose gain is said

# Numbers


def gain_figures(gained: pd.DataFrame, by_rule: pd.DataFrame, identified: Identified) -> Iterator[Figure]:
    """`lever.<code>.gain`, `.own`, `.total`, `.remaining`, `.target`; `rule.<row>.gain`, `.target`."""
    rule = bounds_rule(identified)
    for row in gained.itertuples():
        lever = f"lever.{row.code}"
        yield between(f"{lever}.gain", row.name, ends_of(row, "gain"), "points", 2, rule)
        yield between(f"{lever}.own", row.name, (row.own_low, row.own_high), "points", 2, rule)
        yield between(f"{lever}.total", row.name, ends_of(row, "total"), "points", 1, rule)
        yield between(f"{lever}.remaining", row.name, ends_of(row, "remaining"), "points", 1, rule)
        if row.code != TOGETHER:
            source = _("parameter of the report")
            yield exact(f"{lever}.target", row.name, row.target, "percent", whole(row.target), "entered", source)
    for number, row in enumerate(by_rule.itertuples()):
        lever = identified.rubric.name_of(row.lever)
        case = f"{rule}; {lever if row.code == row.lever else f'{lever}, {row.name}'}: {row.alternative}"
        yield between(f"rule.{number}.gain", row.name, ends_of(row, "gain"), "points", 2, case)
        if row.parameter == "target":
            target = identified.rubric.indicators[row.code].target
            status = known_how(identified.rubric.id, target.status)
            share = float(row.alternative)
            kind = "published" if target.status == "legal" else "derived"
            yield exact(f"rule.{number}.target", row.name, share, "percent", 0, kind, status, target.source)


def tier_figures(by_tier: pd.DataFrame, by_target: pd.DataFrame) -> Iterator[Figure]:
    """`tier.<tier>.<code>.gain` and `.total`; `at.<code>.<target>.target` and `.gain`."""
    for row in by_tier.itertuples():
        tier = f"tier.{row.tier}.{row.code}"
        rule = tier_rule(row.tier)
        yield between(f"{tier}.gain", row.name, ends_of(row, "gain"), "points", 2, rule)
        yield between(f"{tier}.total", row.name, ends_of(row, "total"), "points", 1, rule)
    for row in by_target.itertuples():
        at = f"at.{row.code}.{row.target:g}"
        yield exact(f"{at}.target", _("Target tried"), row.target, "percent", 0, "entered", _("rule of this package"))
        yield between(
            f"{at}.gain",
            _("Gain"),
            ends_of(row, "gain"),
            "points",
            2,
            _("gain if the indicator has full marks from there"),
        )


def widest_figures(widest: pd.DataFrame) -> Iterator[Figure]:
    """`widest.<answer>.width` and `.left` of the target that widens an answer most (`tiers.widest_target`)."""
    for row in widest.itertuples():
        rule = _("every target from 30 % on, tried in steps of 10")
        yield exact(f"widest.{row.answer}.width", row.name, row.width, "points", 2, "derived", tier_rule(OPEN))
        yield exact(f"widest.{row.answer}.left", row.name, row.left, "points", 2, "derived", rule)


def threshold_figures(thresholds: Mapping[str, float]) -> Iterator[Figure]:
    """`fails.<code>`: the target below which a raise gains less than the documented rules say."""
    for code, target in thresholds.items():
        rule = _("where the gain becomes what the documented rules give")
        yield exact(f"fails.{code}", _("Target"), target, "percent", 2, "derived", rule)


def rank_figures(ranked: pd.DataFrame) -> Iterator[Figure]:
    """`outlook.<case>`, `.known` and `.ranked`."""
    for row in ranked.itertuples():
        rule = _("{known} of {ranked} totals are known").format(known=row.known, ranked=row.ranked)
        ends = (float(row.rank_best), float(row.rank_worst))
        yield between(f"outlook.{row.case}", _("Rank"), ends, "rank", 0, rule)
        yield exact(f"outlook.{row.case}.known", _("Totals known"), float(row.known), "count", 0, "derived", rule)
        yield exact(f"outlook.{row.case}.ranked", _("Provinces ranked"), float(row.ranked), "count", 0, "derived", rule)


def tier_rank_figures(by_tier: pd.DataFrame) -> Iterator[Figure]:
    """`outlook.<tier>`: the rank in a tier; none of one tier, nor where any rank is possible."""
    after = by_tier[(by_tier["case"] == "after") & ~by_tier["open"].astype(bool)]
    for row in after.itertuples() if by_tier["tier"].nunique() > 1 else ():
        ends = (float(row.rank_best), float(row.rank_worst))
        yield between(f"outlook.{row.tier}", _("Rank"), ends, "rank", 0, tier_rule(row.tier))


# Sentences


def improvement(figures: Figures, gained: pd.DataFrame, identified: Identified) -> list[Sentence]:
    """What each lever is worth, and all together."""
    said = []
    for row in gained.itertuples():
        parts = {name: figures[f"lever.{row.code}.{name}"] for name in ("gain", "total", "remaining")}
        best = f"tier.{SUPPORTED}.{row.code}"
        leads = not row.moved and f"{best}.gain" in figures and str(figures[f"{best}.gain"]) != str(parts["gain"])
        if leads:
            parts |= {f"best_{name}": figures[f"{best}.{name}"] for name in ("gain", "total")}
        if row.code == TOGETHER:
            template = _(
                "All together gain {gain} points: the total becomes {total}, and {remaining} points remain lost."
            )
            if leads:
                template = _(
                    "All together gain {best_gain} points by the best supported reading, and the total becomes "
                    "{best_total}; {gain} and {total} by all that some document names, and {remaining} points remain "
                    "lost."
                )
            said.append(say(template, **parts))
            continue
        parts |= {"name": row.name, "target": figures[f"lever.{row.code}.target"]}
        rate = figures.get(f"indicator.{row.code}.rate")
        if rate is None:
            if perhaps_nothing(identified, row.code):
                template = _(
                    "{name}: today's rate is not published; raising it to {target} % gains {gain} points, "
                    "depending on where it stands, and on whether there was anything to count."
                )
            else:
                template = _(
                    "{name}: today's rate is not published; raising it to {target} % gains {gain} points, "
                    "depending on where it stands."
                )
        else:
            parts["rate"] = rate
            template = _("{name}: from {rate} % to {target} % gains {gain} points; the total becomes {total}.")
            if leads:
                template = _(
                    "{name}: from {rate} % to {target} % gains {best_gain} points by the best supported reading, and "
                    "the total becomes {best_total}; {gain} and {total} by all that some document names."
                )
        said.append(say(template, **parts))
        if row.moved:
            own = besides(figures[f"lever.{row.code}.own"], row.moved, identified)
            said.append(Sentence("{name}: {own}", {"name": row.name, "own": own}))
    return said


def besides(own: Figure, moved: Iterable[str], identified: Identified) -> Sentence:
    """What of a gain is the lever's own, and what depends on others that it may move."""
    return say(
        _("{own} points are its own; the rest comes only where {others} gets better too."),
        own=own,
        others=write_list(identified.rubric.name_of(code) for code in moved),
    )


def reasons(figures: Figures, by_rule: pd.DataFrame) -> list[Sentence]:
    """Why a gain is a range: the gain under each target that the figures leave open."""
    said = []
    for _lever, rows in by_rule[by_rule["parameter"] == "target"].groupby("lever", sort=False):
        if len(rows) < 2:
            continue
        cases = {}
        for number, row in rows.iterrows():
            if float(row["alternative"]) == 100:
                template = _("{gain} points if every percent up to {target} % counts")
            else:
                template = _("{gain} points if {target} % already earns full marks")
            cases[f"case_{number}"] = say(
                template, gain=figures[f"rule.{number}.gain"], target=figures[f"rule.{number}.target"]
            )
        said.append(
            say(
                _("{name}: {cases}. These are the targets that some document names."),
                name=rows.iloc[0]["name"],
                cases=Sentence("; ".join(f"{{{name}}}" for name in cases), cases),
            )
        )
    return said


def in_tiers(
    figures: Figures, by_tier: pd.DataFrame, by_target: pd.DataFrame, inferred: Mapping[str, str]
) -> list[Sentence]:
    """What each raise gains in each tier, and what would change the decision; `inferred` are maxima that are no law."""
    said = []
    for code, rows in by_tier[by_tier["code"] != TOGETHER].groupby("code", sort=False):
        found = {row.tier: figures[f"tier.{row.tier}.{code}.gain"] for row in rows.itertuples()}
        name = rows.iloc[0]["name"]
        words = {tier: str(figure) for tier, figure in found.items()}
        leads = SUPPORTED in words and words[SUPPORTED] != words[DOCUMENTED]
        if words[DOCUMENTED] == words[OPEN] and not leads:
            template = _("{name}: {documented} points, whatever the rate from which it has full marks.")
        elif words[DOCUMENTED] == words[OPEN]:
            template = _(
                "{name}: {supported} points by the reading that independent documents agree on; {documented} whatever "
                "the rate from which it has full marks."
            )
        elif leads:
            template = _(
                "{name}: {supported} points by the reading that independent documents agree on; {documented} by all "
                "that some document names; {open} if it has full marks from a rate that nobody wrote down."
            )
        else:
            template = _(
                "{name}: {documented} points by all that some document names; {open} if it has full marks from a rate "
                "that nobody wrote down."
            )
        said.append(say(template, name=name, **found))
        tried = by_target[by_target["code"] == code]
        if f"fails.{code}" in figures and len(tried):
            at = [f"at.{code}.{target:g}" for target in tried["target"] if target in ASKED_AT]
            cases = [
                say(_("{gain} at {target} %"), gain=figures[f"{one}.gain"], target=figures[f"{one}.target"])
                for one in at
            ]
            said.append(
                say(
                    _("{name} gains less than that if it has full marks below {fails} %: {cases}."),
                    name=name,
                    fails=figures[f"fails.{code}"],
                    cases=listed(cases, ", "),
                )
            )
        if code in inferred:
            template = _("That {name} is worth at most {points} points is no law: it is {status}.")
            said.append(say(template, name=name, points=figures[f"indicator.{code}.max"], status=inferred[code]))
    return said


def widest_words(figures: Figures, widest: pd.DataFrame) -> list[Sentence]:
    """Which target would narrow the gain and the new total most if it were known, and how far."""
    answers = {
        "gain": _("the gain of all together is open by {left} points instead of {width}"),
        "total": _("the new total by {left} instead of {width}"),
    }
    said = []
    for _code, rows in widest.groupby("code", sort=False):
        cases = [
            say(answers[row.answer], **{end: figures[f"widest.{row.answer}.{end}"] for end in ("left", "width")})
            for row in rows.itertuples()
        ]
        words = _("What widens this most is not knowing where {name} has full marks: if that is known, {cases}.")
        said.append(say(words, name=rows.iloc[0]["name"], cases=listed(cases, ", ")))
    return said


def rank_in_tiers(figures: Figures) -> list[Sentence]:
    """The rank in each tier of knowledge; nothing where all give the same."""
    found = {tier: figures.get(f"outlook.{tier}") for tier in (SUPPORTED, DOCUMENTED, OPEN)}
    known = {tier: figure for tier, figure in found.items() if figure is not None}
    if len({str(figure) for figure in known.values()}) < 2:
        return []
    opening = say(_("Counting only what the improvements gain by their own indicators, the rank would be"))
    cases = {
        SUPPORTED: _("{rank} by the best supported reading"),
        DOCUMENTED: _("{rank} by all that some document names"),
        OPEN: _("{rank} if full marks start at a rate that nobody wrote down"),
    }
    said = [say(cases[tier], rank=figure) for tier, figure in known.items()]
    return [say("{opening} {cases}.", opening=opening, cases=listed(said, ", "))]


def rank_says_something(ranked: pd.DataFrame) -> bool:
    """Whether more is known of the rank after a gain than that it is not worse than today's."""
    if ranked.empty:
        return False
    today, after = (ranked.set_index("case").loc[case] for case in ("today", "after"))
    return not (after["open"] or (after["rank_best"] == 1 < today["rank_best"] and after["known"] == 1))


def rank_words(figures: Figures, ranked: pd.DataFrame, gain: Sentence) -> Sentence:
    """Where a gain leads, as far as other totals are known; `gain` opens it. The panel's words are in `try_it`."""
    if ranked.empty:
        return say(_("How many were ranked is not known, so nothing can be said of the rank."))
    rows = ranked.set_index("case")
    parts: dict[str, Any] = {name: figures[f"outlook.{name}"] for name in ("today", "after")}
    parts |= {"known": figures["outlook.after.known"], "ranked": figures["outlook.after.ranked"]}
    parts["gain"] = gain
    if rows.loc["after", "open"]:
        template = _("Of {ranked} totals only {known} is known: nothing can be said of the rank.")
    elif rows.loc["after", "known"] == rows.loc["after", "ranked"]:
        template = _("{gain}, and the others as they are, the rank would be {after} of {ranked} (today {today}).")
    else:
        template = _(
            "{gain} the rank would be {after} of {ranked} (today {today}), if the others stay as they are: {known} of "
            "the {ranked} totals are known, and the range holds whatever the others are."
        )
    return say(template, **parts)


def against_totals(figures: Figures, contradicted: float | None) -> list[Sentence]:
    """That the published totals give another rank than is published, if they do."""
    if contradicted is None:
        return []
    if math.isnan(contradicted):
        return [
            say(_("The ranks published for the others contradict the published totals; only the totals count here."))
        ]
    template = _("The source gives rank {published}, its own totals give {today}; only the totals count here.")
    return [say(template, published=write_number(contradicted, 0), today=figures["outlook.today"])]


# Sections


def worth_section(
    figures: Figures,
    gained: pd.DataFrame,
    by_rule: pd.DataFrame,
    by_tier: pd.DataFrame,
    by_target: pd.DataFrame,
    thresholds: Mapping[str, float],
    widest: pd.DataFrame,
    misfit: bool,
    identified: Identified,
    sources: Mapping[str, Source],
) -> Section:
    """What improvements are worth, each alone and all together, why that is a range, and on what it stands.

    `by_tier`, `by_target`, `thresholds` and `widest` are from `decisions.tiers`; `misfit` says that the reading that
    documents agree on does not fit the month.
    """
    own = Figures.of(gain_figures(gained, by_rule, identified), threshold_figures(thresholds))
    several = by_tier["tier"].nunique() > 1
    if several:
        own.add(tier_figures(by_tier, by_target))
        own.add(widest_figures(widest))
    shown = figures.plus(own.values())
    rows = []
    for row in gained.itertuples():
        lever, together = f"lever.{row.code}", row.code == TOGETHER
        rate = shown.get(f"indicator.{row.code}.rate")
        rows.append(
            [
                row.name,
                "" if together else _("not published") if rate is None else rate,
                "" if together else shown[f"{lever}.target"],
                shown[f"{lever}.gain"],
                shown[f"{lever}.total"],
                shown[f"{lever}.remaining"],
            ]
        )
    heads = [_("Improvement"), _("Rate today, %"), _("Target, %"), _("Gain, points"), _("New total"), _("Still lost")]
    why = reasons(shown, by_rule)
    title = _("What is an improvement worth?")
    parts: list[Part] = [
        Heading(title),
        Words(improvement(shown, gained, identified), as_list=True),
        Table(_("Gain of each improvement under {rules}").format(rules=fitting_rules(identified.rubric)), heads, rows),
        Words([caution(figures)], style="note"),
        Picture("gain_ranges", gained, **described(shown, "lever", "gain", sources)),
    ]
    if why:
        parts[-1:-1] = [Heading(_("Why the gain is a range"), level=3), Words(why, as_list=True)]
    if several:
        why_none = [say(_("The reading that independent documents agree on does not fit the figures of this period."))]
        stands = (why_none if misfit else []) + in_tiers(
            shown, by_tier, by_target, inferred_maxima(identified, by_tier["code"])
        )
        stands += widest_words(shown, widest)
        parts += [
            Heading(_("What the gain stands on"), level=3),
            _tier_table(shown, by_tier),
            Words(stands, as_list=True),
        ]
    tables = {"gains": gained, "by_rule": by_rule, "tiers": by_tier, "by_target": by_target, "widest": widest}
    return Section(title, parts, own, tables)


def inferred_maxima(identified: Identified, codes: Iterable[str]) -> dict[str, str]:
    """How the one maximum of an indicator is known, where that is no law."""
    known = {code: identified.rubric.indicators[code].max for code in codes if code in identified.rubric.indicators}
    return {
        code: status_name(entry.status)
        for code, entry in known.items()
        if entry.value is not None and entry.status != "legal"
    }


def _tier_table(figures: Figures, by_tier: pd.DataFrame) -> Table:
    tiers = list(dict.fromkeys(by_tier["tier"]))
    rows = [
        [rows.iloc[0]["name"], *(figures[f"tier.{tier}.{code}.gain"] for tier in tiers)]
        for code, rows in by_tier.groupby("code", sort=False)
    ]
    heads = [_("Improvement"), *(tier_name(tier) for tier in tiers)]
    return Table(_("Gain of each improvement by what is known of the rules, points"), heads, rows)


def rank_section(
    figures: Figures,
    ranked: pd.DataFrame,
    by_tier: pd.DataFrame,
    contradicted: float | None = None,
    first: pd.Series | None = None,
) -> Section:
    """The rank after the steps of the plan; `figures` hold what they gain, `contradicted` is of `Standing`.

    `by_tier` is the same in each tier of knowledge, with a column `tier`; `first` the highest total of the others.
    """
    own = Figures.of(rank_figures(ranked), tier_rank_figures(by_tier))
    if first is not None:
        own.add([printed_figure("outlook.highest", first["entity"], first)])
    title = _("What does it do to the rank?")
    if not rank_says_something(ranked):
        why = (
            say(_("How many were ranked is not known, so nothing can be said of the rank."))
            if ranked.empty
            else say(
                _("Nothing can be said of the rank: of {ranked} totals {known} is known."),
                ranked=own["outlook.after.ranked"],
                known=own["outlook.after.known"],
            )
        )
        said = [why, *against_totals(own, contradicted)]
        return Section(title, [Words(said, style="note")], own, {"outlook": ranked, "by_tier": by_tier})
    opening = say(_("With the {gain} points of the steps above"), gain=figures["plan.gain"])
    said = [rank_words(own, ranked, opening), *against_totals(own, contradicted)]
    if "outlook.highest" in own:
        highest, words = own["outlook.highest"], _("The highest total of the others today is {highest} ({name}).")
        said.append(say(words, highest=highest, name=highest.label))
    said += rank_in_tiers(own)
    if len(ranked) and not ranked["open"].any():
        said.append(
            say(_("Level totals are taken to share the better rank; the portal numbers them one after the other."))
        )
    return Section(title, [Heading(title), Words(said)], own, {"outlook": ranked, "by_tier": by_tier})


def rank_after_section(
    gain: Interval,
    ranked: pd.DataFrame,
    counted: pd.DataFrame,
    alike: pd.DataFrame,
    why: str,
    entity: str,
    contradicted: float | None = None,
) -> Section:
    """The rank after any gain in points: by what is known, by counting, and among those with as many dossiers.

    `counted` is from `ranks.rank_after_gain` (empty where totals are missing), `alike` and `why` from `ranks.alike`.
    """
    title = _("What does it do to the rank?")
    own = Figures.of(rank_figures(ranked))
    said = [rank_words(own, ranked, say(_("With {gain} points more"), gain=write_range(gain.low, gain.high, 2)))]
    said += against_totals(own, contradicted)
    for row in counted[counted["case"] == "others_drift"].itertuples() if len(counted) else []:
        words = _("If the others move by up to {drift} points either way, the rank would be {ranks}.")
        ranks = write_range(row.rank_best, row.rank_worst, 0)
        said.append(say(words, drift=write_number(row.drift, 1), ranks=ranks))
    if why:
        said.append(say(why))
    else:
        place = float(alike.loc[alike["entity"] == entity, "place"].iloc[0])
        words = _("Among {count} provinces with a like number of dossiers: place {place}.")
        said.append(say(words, count=len(alike), place=write_number(place, 0)))
    tables = {"outlook": ranked, "counted": counted, "alike": alike}
    facts = {"gain": {"low": gain.low, "high": gain.high}, "alike_reason": why}
    return Section(title, [Heading(title), Words(said)], own, tables, facts)

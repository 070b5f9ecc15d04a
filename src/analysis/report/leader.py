"""What does a leader read first? The finding, three numbers, six bars, what to do, and where his part ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from analysis.decisions.plan import CLASSES, INFERRED_CLASSES, PUBLISHED_CLASSES, class_of
from analysis.diagnosis.losses import named_groups
from analysis.identification.identify import Identified
from analysis.language import _, nfc, write_date, write_period
from analysis.report.changes import since_the_month_before
from analysis.report.figures import COLOURS, Figure, Figures, between, exact, whole
from analysis.report.losses import disclosure, headline, not_to_be_had, reconciliation
from analysis.report.plan import ask_words
from analysis.report.rules import base_words, bounds_rule
from analysis.report.section import Heading, Part, Piece, Section, Sentence, Slide, Words, say, source_words
from analysis.report.wording import class_name, kind_name, tier_rule, weakest_kind
from analysis.report.worth import besides
from analysis.scorecards.sources import Source
from analysis.scorecards.tiers import DOCUMENTED, OPEN, SUPPORTED

GREY = "#595959"


def title(figures: Figures, by_group: pd.DataFrame, identified: Identified) -> str:
    """The page's title: its finding, after the label of simulated figures."""
    finding = nfc(str(headline(figures, by_group, identified)))
    return f"{figures.label}: {finding}" if figures.label else finding


def class_figures(total: Figure, identified: Identified) -> Iterator[Figure]:
    """`class.least`, the total at which the class begins, `class.next`, where the next does, and `class.gap` to it.

    None where rounding leaves two classes; the last two only below the highest.
    """
    least = class_of(identified.total)
    if least is None or total.value is None:
        return
    source = _("classes of the index")
    yield exact("class.least", class_name(least), least, "points", 0, "derived", source)
    for following in CLASSES[CLASSES.index(least) + 1 :][:1]:
        name, gap = class_name(following), following - total.value
        yield exact("class.next", name, following, "points", 0, "derived", source)
        yield exact("class.gap", name, gap, "points", total.decimals, "derived", "class.next − total")


def class_words(figures: Figures) -> Sentence | None:
    """The class of the total, and how much is lacking to the next; the classes in the middle are inferred."""
    least = figures["class.least"].value if "class.least" in figures else None
    if least is None:
        return None
    inferred = least in INFERRED_CLASSES or least == PUBLISHED_CLASSES[0]
    name = say(_("{name} (inferred)") if inferred else "{name}", name=class_name(least))
    if "class.gap" not in figures:
        return name
    gap = figures["class.gap"]
    return say(_("{name}; {gap} points short of {next}"), name=name, gap=gap, next=gap.label)


def summary_section(
    figures: Figures,
    by_group: pd.DataFrame,
    ledger: pd.DataFrame,
    lost_by_tier: pd.DataFrame,
    by_indicator: pd.DataFrame,
    past: pd.DataFrame,
    identified: Identified,
    sources: Mapping[str, Source],
    rank_doubted: bool = False,
) -> Section:
    """What a leader reads: label, finding, three figures, six bars, and whether they add up.

    `rank_doubted` says that the published rank is not the one that the published totals give.
    """
    kind = weakest_kind(figures)
    origin = [_("Index of Decision {decision}").format(decision=identified.rubric.decision)]
    origin.append(write_period(identified.period))
    source = sources[figures["total"].source]
    if source.day:
        origin.append(_("as the portal showed it on {date}").format(date=write_date(source.day)))
    elif figures["total"].as_of:
        origin.append(_("figures to {date}").format(date=write_date(figures["total"].as_of)))
    origin.append(source_words(source))
    found, hidden = (
        headline(figures, by_group, identified),
        [*disclosure(figures, ledger, lost_by_tier), *not_to_be_had(figures, by_indicator)],
    )
    rank, ranked, total = figures.get("rank"), figures.get("ranked"), (figures["total"], figures["max"])
    change = since_the_month_before(figures, past, identified)
    of_class = class_words(figures)
    doubt = _("not the rank that the published totals give") if rank_doubted else ""
    values = {
        "kind": kind,
        "kind_name": kind_name(kind),
        "origin": " · ".join(origin),
        "headline": found,
        "disclosure": hidden,
        "numbers": [
            {"name": _("Total score"), "of": total, "note": of_class or ""},
            {"name": _("Rank"), "of": (rank, ranked), "note": doubt}
            if rank and ranked
            else {"name": _("Rank"), "words": rank or _("not published")},
            {"name": _("Since the month before"), "words": change},
        ],
        "bars_title": _("Points lost by group (score/maximum)"),
        "bars": list(_bars(figures, by_group)),
        "reconciliation": reconciliation(figures),
    }
    numbers = [say("{name}: {value}/{of}", name=_("Total score"), value=total[0], of=total[1])]
    numbers += [of_class] if of_class else []
    numbers += [say("{name}: {value}/{of}", name=_("Rank"), value=rank, of=ranked)] if rank and ranked else []
    numbers += [say(doubt)] if doubt else []
    said = [found, *hidden, *numbers, reconciliation(figures)]
    return Section(
        str(found),
        [Piece("summary.html.j2", values, said)],
        facts={"sentence": str(found)},
        tables={"groups": by_group},
    )


def act_figures(first: pd.DataFrame, by_tier: pd.DataFrame, identified: Identified) -> Iterator[Figure]:
    """`act.<code>.target`, `.own`, `.gain` of the actions that come first, and `.supported`, `.open` (see `tiers`)."""
    rule = bounds_rule(identified)
    reached = _("today's rate (its highest where it is a range) + percentage points of the plan")
    for row in first.itertuples():
        yield exact(f"act.{row.code}.target", row.name, row.target, "percent", whole(row.target), "derived", reached)
        yield between(f"act.{row.code}.own", row.name, (row.own_low, row.own_high), "points", 2, rule)
        yield between(f"act.{row.code}.gain", row.name, (row.gain_low, row.gain_high), "points", 2, rule)
    for row in by_tier[by_tier["tier"] != DOCUMENTED].itertuples():
        rule = tier_rule(row.tier)
        yield between(f"act.{row.code}.{row.tier}", row.name, (row.gain_low, row.gain_high), "points", 2, rule)


def first_steps_section(
    figures: Figures,
    first: pd.DataFrame,
    by_tier: pd.DataFrame,
    odd: pd.DataFrame,
    asked: pd.DataFrame,
    identified: Identified,
) -> Section:
    """The leader's three actions with what each is worth, and the number to ask for next.

    `by_tier` is what each of them gains in each tier (`tiers.gains_by_tier`), `odd` the rates that are not to be
    trusted (`bases.odd_bases`).

    `figures` hold those of the plan and of what may be asked for.
    """
    doubts = odd[odd["code"].isin(first["code"])]
    own = Figures.of(act_figures(first, by_tier, identified))
    acts = []
    for row in first.itertuples():
        rate = figures.get(f"step.{row.code}.rate") or figures.get(f"indicator.{row.code}.rate")
        parts = {name: own[f"act.{row.code}.{name}"] for name in ("gain", "target")}
        change = (
            say(_("to {target}\u00a0%; today's rate is not published"), **parts)
            if rate is None
            else say(_("from {rate}\u00a0% to {target}\u00a0%"), rate=rate, **parts)
        )
        notes = [besides(own[f"act.{row.code}.own"], row.moved, identified)] if row.moved else []
        notes += _stands_on(own, row.code)
        if row.code in set(doubts["code"]):
            notes.append(say(_("Today's rate is in doubt: ask before acting.")))
        best = own.get(f"act.{row.code}.{SUPPORTED}") if _differ(own, row.code) and not row.moved else None
        worth = say(_("+{gain} points"), gain=best or parts["gain"])
        acts.append({"name": row.name, "change": change, "worth": worth, "notes": notes})
    note = say(
        _("Each is counted alone. A range is what the rules that fit allow; which of them holds is not public.")
        if figures["rules.survivors"].value != 1
        else _("Each is counted alone.")
    )
    said = [say("{name}: {change}, {worth}", **{key: act[key] for key in ("name", "change", "worth")}) for act in acts]
    heading = _("What to do first?")
    steps: list[Part] = [Heading(heading), Piece("acts.html.j2", {"acts": acts}, said), Words([note], style="note")]
    asking = [*(base_words(figures, row) for row in doubts.itertuples()), *ask_words(figures, asked)[:1]]
    ask: list[Part] = [Heading(_("What to ask for next")), *(Words([sentence]) for sentence in asking)]
    return Section(heading, [Slide(steps), Slide(ask)], own, {"first_steps": first})


def _differ(own: Figures, code: str) -> bool:
    """Whether a target that nobody wrote down would change what a step gains by its own indicator."""
    return f"act.{code}.{OPEN}" in own and str(own[f"act.{code}.{OPEN}"]) != str(own[f"act.{code}.own"])


def _stands_on(own: Figures, code: str) -> list[Sentence]:
    """The gain by what some document names, and the least and the most if nobody wrote the target down."""
    if not _differ(own, code):
        return []
    parts = {"documented": own[f"act.{code}.own"], "open": own[f"act.{code}.{OPEN}"]}
    supported = own.get(f"act.{code}.{SUPPORTED}")
    if supported is None or str(supported) == str(parts["documented"]):
        return [say(_("{open} if it has full marks from a rate that no document names."), **parts)]
    template = _(
        "{supported} by the best supported reading, {documented} by all that some document names; {open} if it has "
        "full marks from a rate that no document names."
    )
    return [say(template, supported=supported, **parts)]


def analyst_section() -> Section:
    """Where the leader's part ends: on paper a new page."""
    title = _("For the analyst: how these results were reached")
    note = _("Everything above is for the leader; from here on each result is shown with its evidence.")
    return Section(title, [Heading(title, style="analyst"), Words([note], style="note")])


def _bars(figures: Figures, by_group: pd.DataFrame) -> Iterator[dict[str, Any]]:
    named = set(named_groups(by_group)["code"])
    longest = by_group["lost_high"].max() or 1.0
    for row in by_group.itertuples():
        length = 100 * (row.lost_high if pd.isna(row.lost) else row.lost) / longest
        yield {
            "code": row.code,
            "name": row.name,
            "named": "named" if row.code in named else "",
            "colour": COLOURS.get(row.code, GREY),
            "length": f"{length:.2f}",
            "lost": figures[f"group.{row.code}.lost"],
            "score": figures.get(f"group.{row.code}.score") or "?",
            "max": figures[f"group.{row.code}.max"],
        }

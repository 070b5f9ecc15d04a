"""What does a leader read first? The finding, three numbers, six bars, what to do, and where his part ends."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pandas as pd

from analysis.decisions.levers import Lever
from analysis.decisions.plan import CLASSES, INFERRED_CLASSES, PUBLISHED_CLASSES, Plan, class_of, next_target
from analysis.decisions.whatif import TOGETHER
from analysis.diagnosis.losses import named_groups
from analysis.identification.identify import Identified
from analysis.interval import Interval
from analysis.language import _, nfc, write_date, write_list, write_period
from analysis.report.changes import moved_words, since_before
from analysis.report.figures import COLOURS, Figure, Figures, exact
from analysis.report.losses import headline, hidden_words, not_to_be_had, reconciliation
from analysis.report.plan import LEAST_SAID, ask_words
from analysis.report.rules import base_question
from analysis.report.section import Heading, Part, Piece, Section, Sentence, Slide, Words, listed, say, source_words
from analysis.report.wording import class_name, fitting_rules, kind_name, weakest_kind
from analysis.report.worth import besides, rank_says_something
from analysis.scorecards.periods import is_month
from analysis.scorecards.sources import Source
from analysis.scorecards.tiers import OPEN, SUPPORTED

GREY = "#595959"
MOST_NAMED = 3  # indicators left out, in a sentence
MUCH = 1.0  # points
MATTERS = 0.1  # points of a gain that one figure leaves open


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
        yield exact(
            "class.gap", name, gap, "points", total.decimals, "derived", _("where the class begins less the total")
        )


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
    otherwise: str = "",
) -> Section:
    """What a leader reads: label, finding, three figures, six bars, and whether they add up.

    `rank_doubted` says that the published rank is not the one that the published totals give, `otherwise` the period
    before that other rules scored.
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
    found = headline(figures, by_group, identified)
    hidden = moved_words(figures, past, identified)
    hidden += [hidden_words(figures, ledger, lost_by_tier), *not_to_be_had(figures, by_indicator)]
    hidden += _published_or_not(figures, by_group, identified)
    rank, ranked, total = figures.get("rank"), figures.get("ranked"), (figures["total"], figures["max"])
    since, change, beside = since_before(figures, past, identified, otherwise)
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
            else {"name": _("Rank"), "words": rank or _("not published"), "note": doubt if rank else ""},
            {"name": since, "number": change, "note": beside[0]} if beside else {"name": since, "words": change},
        ],
        "bars_title": _("Points lost by group (score/maximum)"),
        "bars": list(_bars(figures, by_group)),
        "reconciliation": reconciliation(figures),
    }
    numbers = [say("{name}: {value}/{of}", name=_("Total score"), value=total[0], of=total[1])]
    numbers += [of_class] if of_class else []
    numbers += [say("{name}: {value}/{of}", name=_("Rank"), value=rank, of=ranked)] if rank and ranked else []
    numbers += [say(doubt)] if doubt else []
    numbers.append(say("{name}: {change}", name=since, change=change))
    numbers += beside
    said = [found, *numbers, reconciliation(figures), *hidden]
    return Section(
        str(found),
        [Piece("summary.html.j2", values, said)],
        facts={"sentence": str(found)},
        tables={"groups": by_group},
    )


def _published_or_not(figures: Figures, by_group: pd.DataFrame, identified: Identified) -> list[Sentence]:
    """Which numbers of the page are published, and by which rules all others were worked out."""
    if weakest_kind(figures) != "published":
        return []
    words = _(
        "The total and the rank are published; every other number is worked out, under {rules} unless it says "
        "otherwise."
    )
    if all(f"group.{code}.score" in figures for code in by_group["code"]):
        words = _(
            "The total, the rank and the groups' scores are published; every other number is worked out, under {rules} "
            "unless it says otherwise."
        )
    return [say(words, rules=fitting_rules(identified.rubric))]


def first_steps_section(
    figures: Figures,
    best: Plan,
    first: pd.DataFrame,
    gained: pd.DataFrame,
    by_indicator: pd.DataFrame,
    ways: pd.DataFrame,
    ranked: pd.DataFrame,
    odd: pd.DataFrame,
    asked: pd.DataFrame,
    acts: Mapping[str, Lever],
    identified: Identified,
    classed: bool,
) -> Section:
    """One goal and the steps towards it, what they give together, what was left out, and the number to ask for next.

    `first` are the steps in their order (`plan.in_order`), `gained` what the improvements weighed gain, `ways` what
    each alone can bring (`plan.rates_for`), `ranked` the rank after the steps (`ranks.outlook`), `odd` the rates that
    are not to be trusted (`bases.odd_bases`), `acts` the levers, with who answers for them. `figures` hold those of the
    plan, of the improvements and of what may be asked; `classed` says whether totals of the entity have a class.
    """
    doubted = set(odd["code"])
    steps = [_step(figures, row, acts, row.code in doubted, identified) for row in first.itertuples()]
    said = [say("{name}: {change}, {worth}", **{key: act[key] for key in ("name", "change", "worth")}) for act in steps]
    together = _together(figures, first, ranked, doubted, classed)
    heading = _("What to do first?")
    values = {"acts": steps, "together": together, "try": _("Try these rates in the panel below")}
    out = left_out(figures, first, by_indicator, ways)
    goal = goal_words(figures, best, first, identified, classed)
    parts: list[Part] = [
        Heading(heading),
        Words([*goal, *_doubt_last(first, doubted), *_of_a_span(identified)]),
        Piece("acts.html.j2", values, [*together, *said]),
        *([Words(out, style="note")] if out else []),
    ]
    only = _one_alone(figures, gained, first, classed)
    asking = [base_question(figures, row) for row in odd[odd["code"].isin(first["code"])].itertuples()]
    asking += [words for code, words in ask_words(figures, asked) if code not in doubted][:1]
    asking += _rates_to_ask_for(gained, acts, identified) if only else []
    ask: list[Part] = [Heading(_("What to ask for next")), Words(asking, as_list=True)]
    slides = [Slide(parts), *([Slide(only)] if only else []), *([Slide(ask)] if asking else [])]
    return Section(heading, slides, tables={"first_steps": first})


def goal_words(
    figures: Figures, best: Plan, first: pd.DataFrame, identified: Identified, classed: bool
) -> list[Sentence]:
    """The goal with its reason, and why these steps in this order."""
    if best.target is None or best.steps.empty:
        return [say(_("What is worth most comes first."))]
    of_class = classed and best.target == next_target(identified) and best.target in CLASSES
    rules = fitting_rules(identified.rubric)
    goal = say(_("{target} points ({name})") if of_class else _("{target} points"), target=figures["plan.target"],
        name=class_name(best.target) if of_class else "")  # fmt: skip
    if not best.feasible:
        words = _(
            "Nothing that is known surely brings {goal}. These steps add points under {rules}; what brings most comes "
            "first."
        )
        return [say(words, goal=goal, rules=rules)]
    if len(first) == 1:
        return [say(_("For {goal} one step is enough, under {rules}."), goal=goal, rules=rules)]
    words = _(
        "For {goal} under {rules} it takes {acts} steps, no fewer. These need the least raising; what brings most "
        "under these rules comes first."
    )
    if best.priced:
        words = _(
            "For {goal} under {rules} it takes these {acts} steps at the least cost; what brings most under "
            "these rules comes first."
        )
    return [say(words, goal=goal, acts=figures["plan.acts"], rules=rules)]


def _doubt_last(first: pd.DataFrame, doubted: Collection[str]) -> list[Sentence]:
    """That some steps are last for another reason than their points."""
    apart = 0 < first["code"].isin(doubted).sum() < len(first)
    return [say(_("Steps that stand on a rate in doubt come last."))] if apart else []


def _of_a_span(identified: Identified) -> list[Sentence]:
    """That the rates of a period longer than a month are those of all of it."""
    if is_month(identified.period):
        return []
    words = _(
        "These are rates of all of {period}: what was late stays late, so they are aims for a period like it. So are "
        "the total and the rank below, beside the totals that the others have now."
    )
    return [say(words, period=write_period(identified.period))]


def _step(
    figures: Figures, row: Any, acts: Mapping[str, Lever], doubted: bool, identified: Identified
) -> dict[str, Any]:
    """A step as the page shows it: its name, from where to where, what it is worth, and what else to know of it."""
    aim = f"aim.{row.code}"
    rate, target = figures.get(f"{aim}.rate"), figures[f"{aim}.target"]
    change = (
        say(_("to {target}\u00a0%; today's rate is not published"), target=target)
        if rate is None
        else say(
            _("from {rate}\u00a0% to {target}\u00a0%")
            if identified.readings[row.code].rate is not None
            else _("from {rate}\u00a0%, by its points, to {target}\u00a0%"),
            rate=rate,
            target=target,
        )
    )
    notes = [besides(figures[f"{aim}.own"], row.moved, identified)] if row.moved else []
    best = figures.get(f"{aim}.{SUPPORTED}") if _differ(figures, aim) and not row.moved else None
    notes += _stands_on(figures, aim, best is not None)
    if doubted:
        notes.append(say(_("Today's rate is in doubt: ask before acting.")))
    worth = say(_("+{gain} points"), gain=best or figures[f"{aim}.gain"])
    responsible = acts[row.code].responsible if row.code in acts else ""
    return {"name": row.name, "change": change, "worth": worth, "notes": notes, "responsible": responsible}


def _together(
    figures: Figures, first: pd.DataFrame, ranked: pd.DataFrame, doubted: Collection[str], classed: bool
) -> list[Sentence]:
    """What the steps give together: points, total, class and, where anything can be said of them, rank."""
    total = figures["plan.total"]
    words = (
        _("Then: +{gain} points, a total of {total}")
        if len(first) == 1
        else _("Together: +{gain} points, a total of {total}")
    )
    said = [say(words, gain=figures["plan.gain"], total=total)]
    if classed:
        said.append(say(_("class: {names}"), names=_classes(total)))
    if rank_says_something(ranked):
        parts = {name: figures[f"outlook.{name}"] for name in ("after", "after.ranked")}
        said.append(
            say(_("rank {after} of {ranked} if the others stay"), after=parts["after"], ranked=parts["after.ranked"])
        )
    sentences = [say("{said}.", said=listed(said, "; "))]
    least = figures.get("plan.open.least")
    if least is not None and (least.value or 0.0) < (total.low or 0.0) - LEAST_SAID:
        low = say(_("{total} ({classes})"), total=least, classes=_classes(least)) if classed else least
        template = _("Where full marks start at rates that no document names, the total may be only {least}.")
        sentences.append(say(template, least=low))
    for code in first.loc[first["code"].isin(doubted), "code"] if len(first) > 1 else ():
        words = _("Of this {gain} stand on a rate in doubt: {name}.")
        sentences.append(say(words, gain=figures[f"aim.{code}.gain"], name=figures[f"aim.{code}.gain"].label))
    return sentences


def _classes(total: Figure) -> str:
    """The classes that a total may be of: `Good or Excellent`."""
    found = [class_of(Interval.point(end)) for end in (total.low, total.high) if end is not None]
    return _(" or ").join(class_name(least) for least in dict.fromkeys(found) if least is not None)


def _one_alone(figures: Figures, gained: pd.DataFrame, first: pd.DataFrame, classed: bool) -> list[Part]:
    """What each improvement of the report brings by itself, and all of them, where they are not the steps."""
    rows = gained[gained["code"] != TOGETHER]
    if set(rows["code"]) == set(first["code"]):
        return []
    said = []
    for row in gained.itertuples():
        worth: dict[str, Any] = {name: figures[f"lever.{row.code}.{name}"] for name in ("gain", "total")}
        if classed:
            worth["total"] = say(_("{total}, class: {classes}"), total=worth["total"], classes=_classes(worth["total"]))
        what = say(_("Both of these") if len(rows) == 2 else _("All of these"))
        if row.code != TOGETHER:
            target = figures[f"lever.{row.code}.target"]
            what = say(_("{name} to {target} %"), name=row.name, target=target)
        best = figures.get(f"tier.{SUPPORTED}.{row.code}.gain")
        template = (
            _("{what}: +{gain} points, a total of {total}.")
            if best is None or str(best) == str(worth["gain"])
            else _(
                "{what}: +{best} points by the best supported reading, +{gain} by all that some document names; a "
                "total of {total}."
            )
        )
        said.append(say(template, what=what, best=best, **worth))
    return [Heading(_("One thing alone: what does it bring?")), Words(said, as_list=True)]


def _rates_to_ask_for(gained: pd.DataFrame, acts: Mapping[str, Lever], identified: Identified) -> list[Sentence]:
    """The rates of today that are not published and leave open what an improvement brings, and who is to be asked."""
    asked: dict[str, list[str]] = {}
    for code in gained.loc[gained["gain_high"] - gained["gain_low"] >= MATTERS, "code"]:
        if code != TOGETHER and identified.readings[code].rate is None:
            who = acts[code].responsible if code in acts else ""
            asked.setdefault(who or _("the unit that answers for it"), []).append(identified.rubric.name_of(code))
    words = _("Ask {who} for today's rate of {names}: it is not published, so what raising it brings is open.")
    return [say(words, names=write_list(names), who=who) for who, names in asked.items()]


def left_out(figures: Figures, first: pd.DataFrame, by_indicator: pd.DataFrame, ways: pd.DataFrame) -> list[Sentence]:
    """Where much was lost that no step raises, and why: it is not needed, or it is not sure that it brings anything."""
    rows = by_indicator[~by_indicator["code"].isin(first["code"]) & ~by_indicator["empty"]]
    rows = rows[rows["lost_high"] >= MUCH].sort_values("lost_high", ascending=False, kind="stable")
    enough = (figures["total"].value or 0.0) + MUCH
    surely = {row.lever for row in ways.itertuples() if row.most_sure >= enough}
    said = []
    for some, template in (
        (rows[rows["code"].isin(surely)], _("Not needed for this goal: {names}.")),
        (rows[~rows["code"].isin(surely)], _("Not counted on, as it is not sure that it brings points: {names}.")),
    ):
        named = [
            say(_("{name} ({lost} lost)"), name=row.name, lost=figures[f"indicator.{row.code}.lost"])
            for row in some.head(MOST_NAMED).itertuples()
        ]
        if len(some) > MOST_NAMED:
            named.append(say(_("others")))
        if named:
            said.append(say(template, names=listed(named, ", ")))
    return said


def _differ(figures: Figures, aim: str) -> bool:
    """Whether a target that nobody wrote down would change what a step gains by its own indicator."""
    return f"{aim}.{OPEN}" in figures and str(figures[f"{aim}.{OPEN}"]) != str(figures[f"{aim}.own"])


def _stands_on(figures: Figures, aim: str, leads: bool) -> list[Sentence]:
    """The gain by what some document names, and the least and the most if nobody wrote the target down.

    `leads` says that the gain shown is that of the best supported reading.
    """
    if not _differ(figures, aim):
        return []
    parts = {"documented": figures[f"{aim}.own"], "open": figures[f"{aim}.{OPEN}"]}
    supported = figures.get(f"{aim}.{SUPPORTED}")
    if supported is None or str(supported) == str(parts["documented"]):
        return [say(_("{open} if it has full marks from a rate that no document names."), **parts)]
    if leads:
        template = _(
            "By the best supported reading; {documented} by all that some document names; {open} if it has full marks "
            "from a rate that no document names."
        )
        return [say(template, **parts)]
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

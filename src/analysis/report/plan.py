"""How do decisions read? The plan, what a target needs, the end of the year, the rank, and what to ask for next.

Sentences for the terminal and the page, made from the same figures; the page adds tables.
"""

from __future__ import annotations

import math
import re
from typing import Any

import pandas as pd

from analysis.decisions.deadline import NO, YEAR_TO_DATE, YES
from analysis.decisions.plan import INFERRED_CLASSES, PUBLISHED_CLASSES, Plan
from analysis.decisions.whatif import TOGETHER
from analysis.language import _
from analysis.report.figures import Figure, Figures, Html
from analysis.report.layout import heading, items, join, paragraph, slide, table
from analysis.report.sentences import Sentence, say


def plan_words(figures: Figures, best: Plan) -> list[Sentence]:
    """The plan in sentences: what to do, what is sure of it, and what not knowing the rules costs."""
    names = ("target", "months", "cost", "sure_total", "best_total", "best_cost", "regret")
    parts = {name: figures[f"plan.{name}"] for name in names if f"plan.{name}" in figures}
    listed = Sentence(
        "; ".join(f"{{step_{number}}}" for number in range(len(best.steps))),
        {f"step_{number}": _step(figures, row) for number, row in enumerate(best.steps.itertuples())},
    )
    said = []
    if best.target is None:
        template = _("The most that {months} months and this effort surely bring is {sure_total}: {steps}.")
    elif best.feasible:
        template = _("To be sure of {target} under every rule that fits, the cheapest way takes {cost}: {steps}.")
    else:
        template = _(
            "{target} cannot be reached for sure with these improvements: together they surely bring {sure_total}, and "
            "{best_total} at best. Improvements whose rate may already be full are not counted on."
        )
    effort = say(_("{cost} percentage points of effort") if not best.priced else _("{cost} units of cost"), **parts)
    said.append(say(template, **{**parts, "cost": effort, "steps": listed}))
    if best.target in PUBLISHED_CLASSES:
        said.append(say(_("From {target} on a total is of a higher class of the index."), **parts))
    elif best.target in INFERRED_CLASSES:
        template = _(
            "From {target} on a total is of a higher class; that limit is inferred from the labels of published totals."
        )
        said.append(say(template, **parts))
    if best.feasible or best.target is None:
        said.append(say(_("With this plan the total is {sure_total} for sure and {best_total} at best."), **parts))
    if best.feasible and "regret" in parts and best.largest_regret > 0:
        said.append(
            say(
                _(
                    "If the rules were known the same target could take less: not knowing them costs up to {regret} of "
                    "the {cost}."
                )
                if best.worlds_joint
                else _(
                    "If one more rule were known the same target could take less, by up to {regret} of the {cost}; if "
                    "all were, perhaps by more."
                ),
                regret=parts["regret"],
                cost=parts["cost"],
            )
        )
    for number, row in enumerate(best.limits.itertuples()):
        price = figures.get(f"limit.{number}.price")
        if row.limit == "target" and price is not None and best.feasible:
            unit = _("percentage points of effort") if not best.priced else _("units of cost")
            said.append(say(_("One more point of total would take {price} {unit} more."), price=price, unit=unit))
    if not best.priced:
        said.append(
            say(
                _(
                    "No costs were given, so one percentage point of any improvement counts as one unit of effort; "
                    "with real costs the cheapest way may be another."
                )
            )
        )
    return said


def plan_section(figures: Figures, best: Plan) -> Html:
    """The cheapest plan: sentences, its steps, and its months where there are several."""
    rows = [
        [
            row.name,
            figures.get(f"step.{row.lever}.rate", _("not known")),
            figures[f"step.{row.lever}.added"],
            figures.get(f"step.{row.lever}.after", _("not known")),
        ]
        for row in best.steps.itertuples()
    ]
    heads = [_("Improvement"), _("Rate today, %"), _("Percentage points to add"), _("Rate then, %")]
    months = [
        [row.name, figures[f"month.{number}.month"], figures[f"month.{number}.added"], figures[f"month.{number}.total"]]
        for number, row in enumerate(best.schedule.itertuples())
    ]
    month_heads = [_("Improvement"), _("Month"), _("Percentage points to add"), _("Sure total then")]
    several = best.schedule["month"].nunique() > 1
    return join(
        heading(_("What should be done next?")),
        items(plan_words(figures, best)),
        table(_("The cheapest plan that is sure"), heads, rows) if rows else Html(),
        table(_("The plan month by month"), month_heads, months) if several else Html(),
    )


def ways_words(figures: Figures, ways: pd.DataFrame) -> list[Sentence]:
    """What each improvement alone, and all together, need for the target; in one sentence which cannot reach it."""
    said = []
    for row in ways[ways["added_best"].notna()].itertuples():
        way = f"way.{row.lever}"
        parts = {name: figures.get(f"{way}.{name}") for name in ("added_best", "added_sure", "rate_best", "rate_sure")}
        parts |= {name: figures[f"{way}.{name}"] for name in ("most_sure", "most_best")}
        parts |= {"name": row.name, "target": figures["plan.target"]}
        printed = parts["rate_best"] is not None
        if pd.isna(row.added_sure):
            template = (
                _("{name}: {target} needs at least {rate_best} %, and may not be reached: at most {most_sure} is sure.")
                if printed
                else _(
                    "{name}: {target} needs at least {added_best} percentage points more, and may not be reached: at "
                    "most {most_sure} is sure."
                )
            )
        elif printed:
            template = _("{name}: {target} needs {rate_sure} % to be sure, {rate_best} % at best.")
        elif row.lever == TOGETHER:
            template = _(
                "All together: {target} needs {added_sure} percentage points more of each to be sure, {added_best} at "
                "best."
            )
        else:
            template = _("{name}: {target} needs {added_sure} percentage points more to be sure, {added_best} at best.")
        said.append(say(template, **parts))
    never = ways[ways["added_best"].isna()]
    if len(never):
        most = never.loc[never["most_best"].idxmax()]
        template = (
            _("{target} is out of reach even with all of these together, which brings {most} at best.")
            if most["lever"] == TOGETHER
            else _("No other improvement alone can bring {target}; the furthest is {name}, with {most} at best.")
            if said
            else _("No improvement alone can bring {target}; the furthest is {name}, with {most} at best.")
        )
        values = {
            "target": figures["plan.target"],
            "name": most["name"],
            "most": figures[f"way.{most['lever']}.most_best"],
        }
        said.append(say(template, **values))
    return said


def late_words(figures: Figures, late: pd.DataFrame) -> list[Sentence]:
    """Whether the rates can still be reached by the end of the year, for both ways of counting."""
    said = []
    for row in late[late["counting"] == YEAR_TO_DATE].itertuples():
        template = {
            YES: _(
                "{name}, {target} % by the end of the year: if the score counts since its start, {needed} % is needed "
                "in each of the {left} months left; if it counts each month alone, {target} % in the last month is "
                "enough."
            ),
            NO: _(
                "{name}, {target} % by the end of the year: if the score counts since its start, {needed} % would be "
                "needed in each of the {left} months left, which is impossible; {most} % is the most. If it counts "
                "each month alone, {target} % in the last month is enough."
            ),
        }.get(
            str(row.possible),
            _(
                "{name}, {target} % by the end of the year: if the score counts since its start, {needed} % would be "
                "needed in each of the {left} months left; whether that is possible is open."
            ),
        )
        parts = {name: figures[f"late.{row.code}.{name}"] for name in ("target", "needed", "left", "most")}
        said.append(say(template, name=row.name, **parts))
    return said


def needs_section(figures: Figures, ways: pd.DataFrame, late: pd.DataFrame) -> Html:
    """Backwards: what the target needs, and what the year still allows."""
    by_then, wanted = late_words(figures, late), ways_words(figures, ways)
    note = say(
        _(
            "Months are taken to have equally many dossiers, and the rate to be that of all months so far. The notice "
            "does not say how the score counts, so both ways are shown."
        )
    )
    rows = []
    for row in ways.itertuples():
        way, kind = f"way.{row.lever}", "added" if math.isnan(row.rate_low) else "rate"
        amounts = [figures.get(f"{way}.{kind}_{end}", _("out of reach")) for end in ("sure", "best")]
        if kind == "added":
            amounts = [Html("+{}").format(amount) if isinstance(amount, Figure) else amount for amount in amounts]
        rows.append([row.name, *amounts, figures[f"{way}.most_sure"], figures[f"{way}.most_best"]])
    heads = [
        _("Improvement"),
        _("Needed to be sure, %"),
        _("Needed at best, %"),
        _("Most it surely brings"),
        _("Most it may bring"),
    ]
    return join(
        join(
            heading(_("What does the target need?")),
            items(wanted),
            table(
                _("The rate that each improvement alone needs for the target (+: percentage points more)"), heads, rows
            ),
        )
        if wanted
        else Html(),
        join(heading(_("What is still possible by the end of the year?")), items(by_then), paragraph([note], "note"))
        if by_then
        else Html(),
    )


def rank_words(figures: Figures, ranked: pd.DataFrame) -> list[Sentence]:
    """Where the gain of the report's improvements leads, as far as the totals of others are known."""
    if ranked.empty:
        return [say(_("How many were ranked is not known, so nothing can be said of the rank."))]
    rows = ranked.set_index("case")
    parts = {name: figures[f"outlook.{name}"] for name in ("today", "after")}
    parts |= {"known": figures["outlook.after.known"], "ranked": figures["outlook.after.ranked"]}
    parts["gain"] = next(item for name, item in reversed(figures.items()) if re.fullmatch(r"lever\..*\.gain", name))
    if rows.loc["after", "open"]:
        template = _("Of {ranked} totals only {known} is known: nothing can be said of the rank.")
    elif rows.loc["after", "known"] == rows.loc["after", "ranked"]:
        template = _(
            "With the {gain} points of the improvements weighed first, and the others as they are, the rank "
            "would be {after} of {ranked} (today {today})."
        )
    else:
        template = _(
            "With the {gain} points of the improvements weighed first the rank would be {after} of {ranked} (today "
            "{today}), if the others stay as they are: {known} of the {ranked} totals are known, and the "
            "range holds whatever the others are."
        )
    return [say(template, **parts)]


def rank_section(figures: Figures, ranked: pd.DataFrame) -> Html:
    """The rank after the improvements."""
    return slide(heading(_("What does it do to the rank?")), paragraph(rank_words(figures, ranked), ""))


def ask_words(figures: Figures, asked: pd.DataFrame) -> list[Sentence]:
    """Which figures to ask for, the most helpful first."""
    if asked.empty:
        return [say(_("No single figure that is not published would narrow this plan."))]
    said = []
    for number, row in enumerate(asked.head(3).itertuples()):
        parts = {name: figures[f"ask.{number}.{name}"] for name in ("now", "most", "least")}
        what = _("its points") if row.unit == "points" else _("its rate")
        template = (
            _("{name}, {what}: what is open of the plan shrinks from {now} to at most {most} points.")
            if row.sure > 0.005
            else _("{name}, {what}: what is open of the plan may shrink from {now} to {least} points.")
        )
        said.append(say(template, name=row.name, what=what, **parts))
    return said


def ask_section(figures: Figures, asked: pd.DataFrame) -> Html:
    """The next number to ask for."""
    rows = [
        [
            row.name,
            _("points of the indicator") if row.unit == "points" else _("rate, %"),
            figures[f"ask.{number}.span"],
            figures[f"ask.{number}.most"],
            figures[f"ask.{number}.least"],
        ]
        for number, row in enumerate(asked.itertuples())
    ]
    heads = [_("Figure"), _("What to ask for"), _("It may be"), _("Open then, at most"), _("Open then, at least")]
    return join(
        heading(_("Which number should be asked for next?")),
        items(ask_words(figures, asked)),
        table(_("What each undisclosed figure would leave open of the plan, in points"), heads, rows, text=(1,))
        if rows
        else Html(),
    )


def _step(figures: Figures, row: Any) -> Sentence:
    added, after = figures[f"step.{row.lever}.added"], figures.get(f"step.{row.lever}.after")
    if after is None:
        return say(_("{name} +{added} percentage points"), name=row.name, added=added)
    return say(_("{name} +{added} percentage points, to {after} %"), name=row.name, added=added, after=after)


def said_together(*parts: list[Sentence]) -> str:
    """Sentences for the terminal, one a line."""
    return "\n".join(str(sentence) for part in parts for sentence in part)

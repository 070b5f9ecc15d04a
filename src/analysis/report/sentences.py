"""What do the figures say, in words a leader understands?

Each function gives sentences made from the same figures as the tables. A sentence is a template and the figures in it,
so its text and its HTML cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from analysis.decisions.whatif import TOGETHER
from analysis.diagnosis.losses import named_groups
from analysis.identification.identify import Identified
from analysis.language import _, write_list, write_period
from analysis.report.figures import Figure, Figures
from analysis.scorecards.periods import is_month, month_before


@dataclass(frozen=True)
class Sentence:
    """A template and what goes into it."""

    template: str
    values: dict[str, Any]

    def __str__(self) -> str:
        return self.template.format(**self.values)

    def __html__(self) -> str:
        return Markup(escape(self.template)).format(**self.values)


def say(template: str, **values: Any) -> Sentence:
    return Sentence(template, values)


def headline(figures: Figures, by_group: pd.DataFrame, identified: Identified) -> Sentence:
    """Where the points went: the loss, and the fewest groups that hold at least half of it."""
    entity, period = identified.entity, write_period(identified.period)
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


def disclosure(figures: Figures, ledger: pd.DataFrame) -> list[Sentence]:
    """How much of the loss sits in indicators that the notice does not print."""
    parts = ledger.set_index("part")
    hidden = parts.loc["not_printed"]
    if hidden["indicators"] == 0:
        return [say(_("The notice prints the rate of every indicator that lost points."))]
    if hidden["share_low"] > 0.5:
        template = _(
            "Most of the loss, {hidden} points, sits in {count} indicators whose rate the notice does not print."
        )
    else:
        template = _("{hidden} of the points lost sit in {count} indicators whose rate the notice does not print.")
    said = [
        say(
            template,
            hidden=figures["ledger.not_printed.lost"],
            count=figures["ledger.not_printed.indicators"],
        )
    ]
    if parts.loc["derivable", "indicators"] and parts.loc["undisclosed", "indicators"]:
        said.append(
            say(
                _(
                    "{derivable} points of these follow from the published scores; where {undisclosed} points went "
                    "cannot be worked out from what was published."
                ),
                derivable=figures["ledger.derivable.lost"],
                undisclosed=figures["ledger.undisclosed.lost"],
            )
        )
    return said


def improvement(figures: Figures, gained: pd.DataFrame, identified: Identified) -> list[Sentence]:
    """What each lever is worth, and all together."""
    said = []
    for row in gained.itertuples():
        parts = {name: figures[f"lever.{row.code}.{name}"] for name in ("gain", "total", "remaining")}
        if row.code == TOGETHER:
            template = _(
                "All together gain {gain} points: the total becomes {total}, and {remaining} points remain lost."
            )
            said.append(say(template, **parts))
            continue
        parts |= {"name": row.name, "target": figures[f"lever.{row.code}.target"]}
        rate = figures.get(f"indicator.{row.code}.rate")
        if rate is None:
            template = _(
                "{name}: the notice does not print today's rate; raising it to {target} % gains {gain} points, "
                "depending on where it stands."
            )
        else:
            parts["rate"] = rate
            template = _("{name}: from {rate} % to {target} % gains {gain} points; the total becomes {total}.")
        said.append(say(template, **parts))
        if row.moved:
            own = besides(figures[f"lever.{row.code}.own"], row.moved, identified)
            said.append(Sentence("{name}: {own}", {"name": row.name, "own": own}))
    return said


def besides(own: Figure, moved: Iterable[str], identified: Identified) -> Sentence:
    """What of a gain is the lever's own, and what depends on others that it may move."""
    return say(
        _("{own} points are its own; the rest depends on {others}, and how much of that comes true is not known."),
        own=own,
        others=write_list(identified.rubric.name_of(code) for code in moved),
    )


def caution(figures: Figures) -> Sentence:
    """What the ranges are, and are not."""
    if figures["rules.survivors"].value == 1:
        return say(
            _("One set of rules, recovered or inferred from the portal's figures, fits; what is left open is rounding.")
        )
    return say(
        _(
            "The rules of this period are not fully public: of {family} that were tried, {survivors} fit every "
            "published figure. Each range covers all of them. It is not a confidence interval."
        ),
        family=figures["rules.family"],
        survivors=figures["rules.survivors"],
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
        listed = Sentence("; ".join(f"{{{name}}}" for name in cases), cases)
        said.append(
            say(
                _("{name}: {cases}. The published figures rule out none of these."),
                name=rows.iloc[0]["name"],
                cases=listed,
            )
        )
    return said


def reconciliation(figures: Figures) -> Sentence:
    """Whether the groups add up to the total."""
    if "sum" not in figures:
        return say(_("The notice does not print every group, so the total cannot be checked against them."))
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


def change(figures: Figures, past: pd.DataFrame, identified: Identified) -> Sentence:
    """The change since the month before, or why there is none."""
    if "change" in figures:
        return say(_("{change} points"), change=figures["change"])
    if not is_month(identified.period):
        return say(_("not a month: nothing to compare with"))
    before = month_before(identified.period)
    if before in set(past["period"]):
        return say(_("other rules were in force in {period}"), period=write_period(before))
    return say(_("the total of {period} is not known"), period=write_period(before))


def history_length(figures: Figures, past: pd.DataFrame, identified: Identified) -> Sentence:
    """Which totals are known under these rules, and whether they allow a trend."""
    few = (figures["trend.known"].value or 0.0) < (figures["trend.needed"].value or 0.0)
    return say(
        _(
            "{entity} has a published total for these periods under the rules of this report: {periods}. A trend needs "
            "at least {needed} comparable months; {known} are known, so none is shown and no gap is joined."
        )
        if few
        else _("{entity} has a published total for these periods under the rules of this report: {periods}."),
        entity=identified.entity,
        periods=write_list(write_period(period) for period in past["period"] if identified.rubric.covers(period)),
        needed=figures["trend.needed"],
        known=figures["trend.known"],
    )


def part_name(part: str) -> str:
    """A part of the ledger in the reader's language."""
    return {
        "printed": _("Printed: the notice gives the rate"),
        "derivable": _("Derivable: follows from the published scores"),
        "undisclosed": _("Undisclosed: neither printed nor derivable"),
        "not_printed": _("Not printed: derivable and undisclosed together"),
        "total": _("Everything lost"),
    }[part]

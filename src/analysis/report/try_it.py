"""What may be tried in the page itself? The surviving rules in the form that `page/whatif.js` computes with.

The script uses the definitions of `whatif` (`gains`, `group_scores_then`), `tiers.gains_by_tier` and `ranks.outlook`;
nothing is sampled or tabulated, so any rates may be tried.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pandas as pd
from markupsafe import Markup

from analysis.comparisons.ranks import RankSet, Standing
from analysis.decisions.levers import Lever
from analysis.decisions.plan import CLASSES
from analysis.decisions.whatif import may_be_nothing, raised_from
from analysis.identification.identify import Hypothesis, Identified
from analysis.identification.joint import Boxes, join
from analysis.interval import Interval
from analysis.language import _, write_list, write_number
from analysis.report.figures import COLOURS, Figures
from analysis.report.leader import GREY
from analysis.report.section import Piece, Section, Sentence, listed, say
from analysis.report.wording import class_name, fitting_rules
from analysis.scorecards.rubric import Group, Rule
from analysis.scorecards.tiers import DOCUMENTED

FULL_RATE = 100.0
STEPS_PER_POINT = 100


def rules_to_try(
    tiers: Mapping[str, Identified | None], acts: Mapping[str, Lever], by_indicator: pd.DataFrame
) -> dict[str, Any]:
    """The survivors as plain data: groups, the rules of each tier that fit, and every lever.

    `tiers` are those of `tiers.in_each_tier`, `by_indicator` is what `losses_by_indicator` found. Intervals are pairs.
    """
    identified = tiers[DOCUMENTED]
    assert identified is not None  # a month that no documented rule fits has no card
    lost = dict(zip(by_indicator["code"], by_indicator["lost_high"], strict=True))
    return {
        "points": identified.rubric.points,
        "rounding": identified.rubric.rounding,
        "total": _pair(identified.total),
        "groups": [
            {
                "code": group.code,
                "points": group.points,
                "indicators": [indicator.code for indicator in group.indicators],
                "printed": _pair(identified.hypotheses[group.code][0].printed),
            }
            for group in identified.groups
        ],
        "indicators": {
            code: {**_indicator(identified, code, acts.get(code)), "lost": lost[code]} for code in identified.readings
        },
        "tiers": {name: _tier(found) for name, found in tiers.items() if found is not None},
    }


def _tier(identified: Identified) -> dict[str, Any]:
    """The rules that fit: `[maximum, lowest target, highest target]` of each, hypotheses by group, what holds together.

    A hypothesis is its class of choices that other months treat alike, and of each indicator its score today and the
    numbers of its rules, and a 1 where there may have been nothing to count. `joins` has for each group `[state, class,
    next state]` for all choices that some other month's totals do not forbid; the first state is 0.
    """
    rules: dict[Rule, int] = {}
    classes = {
        code: list(dict.fromkeys(item.elsewhere for item in items)) for code, items in identified.hypotheses.items()
    }
    groups = [
        [
            [classes[group.code].index(item.elsewhere), _scored(identified, item, group, rules)]
            for item in identified.hypotheses[group.code]
        ]
        for group in identified.groups
    ]
    targets = [(rule.target if rule.open_from is None else rule.open_from, rule.target) for rule in rules]
    return {
        "rules": [[rule.max, *ends] for rule, ends in zip(rules, targets, strict=True)],
        "groups": groups,
        "joins": _joins(identified, classes),
    }


def _scored(identified: Identified, item: Hypothesis, group: Group, rules: dict[Rule, int]) -> list[list[Any]]:
    """What each indicator of a group may have scored under a hypothesis, and the numbers of its rules, new ones too."""
    return [
        [
            *_pair(item.scores[one.code]),
            [rules.setdefault(rule, len(rules)) for rule in item.rules[one.code]],
            *([1] if may_be_nothing(identified, item, one.code) else []),
        ]
        for one in group.indicators
    ]


def rank_steps(known: Standing | None, identified: Identified) -> dict[str, Any] | None:
    """The rank by how many hundredths of a point the total rises, the others as they are; None where any is possible.

    `best` and `worst` are lists of `[hundredths, rank]`: the rank from that many on, up to all that was lost.
    """
    if known is None:
        return None

    @cache
    def after(hundredths: int) -> RankSet:
        return known.after(Interval.point(hundredths / STEPS_PER_POINT))

    last = int((identified.rubric.points - identified.total.low) * STEPS_PER_POINT) + 1
    if after(0).says_nothing and after(last).says_nothing:
        return None
    if known.known == 1 and after(0).rank_best > 1:
        return None  # nothing but that it gets no worse

    def best(step: int) -> int:
        return after(step).rank_best

    def worst(step: int) -> int:
        return after(step).rank_worst

    return {
        "known": known.known,
        "ranked": known.ranked,
        "best": [[0, best(0)], *_changes(best, 0, last)],
        "worst": [[0, worst(0)], *_changes(worst, 0, last)],
    }


def _changes(value: Callable[[int], int], first: int, last: int) -> list[list[int]]:
    """Where a falling step function changes in (first, last]: `[step, value from there]`."""
    if value(first) == value(last):
        return []
    if last - first == 1:
        return [[last, value(last)]]
    middle = (first + last) // 2
    return _changes(value, first, middle) + _changes(value, middle, last)


def _indicator(identified: Identified, code: str, lever: Lever | None) -> dict[str, Any]:
    """What is known of an indicator: its rate, and, where it is a lever, what it moves besides and its targets.

    With `effects`, `from` is the rate that it is raised from as far as these are concerned.
    """
    reading = identified.readings[code]
    rules: set[Rule] = {
        rule for item in identified.hypotheses[identified.group_of(code).code] for rule in item.rules[code]
    }
    is_lever = lever is not None and not reading.empty and any(rule.max for rule in rules)
    effects = {} if lever is None else {moved: _pair(by) for moved, by in lever.effects.items() if moved != code}
    return {
        "rate": None if reading.rate is None else _pair(reading.rate),
        **({"from": _pair(raised_from(identified, code))} if effects and not reading.empty else {}),
        "printed": reading.printed,
        "empty": reading.empty,
        "lever": is_lever,
        "effects": effects,
        "targets": sorted({rule.target for rule in rules if rule.max and rule.target < FULL_RATE}),
    }


def _joins(identified: Identified, classes: Mapping[str, list[tuple[Interval, ...]]]) -> list[list[list[int]]]:
    """Which choices of the groups hold together in every other month, as steps from state to state."""
    if not identified.totals[1:]:
        return [[[0, 0, 0]] for _group in identified.groups]
    boxes = [
        Boxes.of(classes[group.code], [1] * len(classes[group.code]), [[]] * len(classes[group.code]))
        for group in identified.groups
    ]
    sums = [type(item)(item.month - 1, item.groups, item.printed) for item in identified.sums]
    joined = join(boxes, identified.totals[1:], sums, exact=0)
    return [
        [[int(state), int(choice), int(after)] for state, choice, after in zip(*step, strict=True)]
        for step in joined.steps
    ]


def _pair(interval: Interval) -> list[float]:
    return [interval.low, interval.high]


def try_it_section(
    figures: Figures,
    identified: Identified,
    presets: Mapping[str, Mapping[str, float]],
    by_group: pd.DataFrame,
    rules: Mapping[str, Any],
    rank: Mapping[str, Any] | None,
    classed: bool,
    data_hash: str,
) -> Section:
    """The panel: what all improvements give together, one row a lever, and the rates that a wanted total needs.

    `presets` are the rates of the `steps`, which it begins with, and those `weighed`. `rules` is what `rules_to_try`
    gave, `rank` what `rank_steps` gave; `classed` says whether totals of the entity have a class. Levers that are full
    are left out.
    """
    open_ones = [code for code, known in rules["indicators"].items() if known["lever"] and _room(known)]
    chosen = {
        name: {code: target for code, target in rates.items() if code in open_ones} for name, rates in presets.items()
    }
    first = list(dict.fromkeys(code for rates in chosen.values() for code in rates))
    rest = [code for code in open_ones if code not in first]
    data = {
        **rules,
        "rank": rank,
        "levers": [*first, *rest],
        "presets": chosen,
        "classes": [[least, class_name(least)] for least in CLASSES] if classed else [],
        "origin": {"rules": identified.rubric.id, "data": data_hash[:12]},
        "words": _words(fitting_rules(identified.rubric), classed),
        "comma": write_number(0.5, 1)[1],
    }
    title = _("Try it: what if these rates were reached?")
    values = {
        "title": title,
        "note": _(
            "Move a slider or type a rate. Each result is a range over {rules}, and over what an improvement may move "
            "besides; it is computed in this page, and nothing is sent anywhere."
        ).format(rules=fitting_rules(identified.rubric)),
        "groups": [
            {"code": row.code, "name": row.name, "colour": COLOURS.get(row.code, GREY)} for row in by_group.itertuples()
        ],
        "first": [_lever(figures, identified, code, rules["indicators"][code]) for code in first],
        "rest": [_lever(figures, identified, code, rules["indicators"][code]) for code in rest],
        "more": _("Other indicators"),
        "today": _("Back to today"),
        "presets": {"steps": _("The steps above")}
        | ({} if chosen["steps"] == chosen["weighed"] else {"weighed": _weighed_words(identified, chosen["weighed"])}),
        "goal": _("Or type a total to reach:"),
        "data": Markup(json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")),
    }
    return Section(title, [Piece("try_it.html.j2", values)])


def _weighed_words(identified: Identified, rates: Mapping[str, float]) -> Sentence:
    """The improvements weighed, as a button names them."""
    levels = set(rates.values())
    if len(levels) == 1 and len(rates) > 1:
        words = _("Only {count} rates at {level} %")
        level = write_number(levels.pop(), 0)
        return say(words, count=len(rates), level=level)
    return say(_("Only the rates of the parameters"))


def _room(known: Mapping[str, Any]) -> bool:
    return known["rate"] is None or bool(known["rate"][0] < FULL_RATE - 0.01)


def _lever(figures: Figures, identified: Identified, code: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """One lever: its name, today's rate, what may be full marks, and where its slider begins."""
    printed = figures.get(f"indicator.{code}.rate")
    rate = printed or figures.get(f"aim.{code}.rate")
    targets = [figures[f"alternative.{code}.target.{target:g}"] for target in known["targets"]]
    notes = [say(_("today {rate} %"), rate=rate) if rate else say(_("today's rate is not published"))]
    if targets:
        notes.append(say(_("full marks perhaps from {targets} %"), targets=listed(targets, _(" or "))))
    if known["effects"]:
        moved = write_list(identified.rubric.name_of(other) for other in known["effects"])
        notes.append(say(_("may also move {others}"), others=moved))
    least = round(printed.value, 2) if printed and printed.value is not None else 0.0
    return {
        "code": code,
        "name": identified.rubric.indicators[code].name,
        "notes": notes,
        "least": f"{least:g}",
        "ticks": [f"{tick:g}" for tick in (least, *known["targets"], FULL_RATE)],
    }


def _words(rules: str, classed: bool) -> dict[str, str]:
    """What the script says of these `rules`, with names in braces for its numbers; without classes none is named."""
    total = _("New total {total}/{points}: {gain} points more than today.")
    documented = _("New total {total}/{points} by any document: {gain} points more than today.")
    if classed:
        total = _("New total {total}/{points}, class {names}: {gain} points more than today.")
        documented = _("New total {total}/{points} by any document, class {names}: {gain} points more than today.")
    said = {
        "range": _("{low} to {high}"),
        "total": total,
        "total_documented": documented,
        "or": _(" or "),
        "tiers": _(
            "These indicators alone: +{supported} as best supported · +{documented} by any document · +{open} with "
            "any target."
        ),
        "tiers_misfit": _("These indicators alone: +{documented} by any document · +{open} with any target."),
        "tiers_alike": _("These indicators alone: +{documented}, whatever the rate from which they have full marks."),
        "rank": _("Rank {rank} of {ranked}, if the others stay as they are."),
        "rank_open": _("Rank {rank} of {ranked}, if the others stay as they are: only {known} of the totals is known."),
        "gain": _("this alone: +{gain} points"),
        "not_moved": _("not moved"),
        "unknown": _("today's rate is not published"),
        "bad_rate": _("Write a rate from {least} to {most}."),
        "bad_goal": _("Write a total above today's {today} and at most {points}."),
        "needs": _("{name}: {sure} % under {rules}, {best} % by the kindest."),
        "needs_open": _("{name}: {best} % by the kindest rule; not under {rules}."),
        "perhaps": _(
            "With these rates {goal} may be reached already; that depends on rules and rates that are not known."
        ),
        "makes_sure": _("{name}: from {sure} % on it is reached under {rules}."),
        "needs_never": _("The others cannot reach it alone."),
        "needs_none": _("No improvement alone, with the others as set above, reaches {goal}."),
        "needs_head": _("For {goal} points, the other improvements as set above:"),
        "reached": _("With the improvements set above {goal} is reached under {rules}."),
        "other": _("This link was made with other rules or figures; what it showed is not shown here."),
        "apply": _("Weigh its improvements under the rules of this page"),
        "strange_link": _("The link names improvements that this page does not have; they were left out."),
        "twice_link": _("The link gives a value twice; the last one counts."),
        "bad_total": _("The total that the link wants is not possible here and was left out."),
        "bad_link": _("Some improvements of this link are not possible here and were left out: {names}."),
        "slides": _("Present as slides"),
        "leave": _("Leave the slides"),
        "next": _("Next"),
        "before": _("Back"),
        "slide": _("Slide {number} of {count}"),
        "print": _("Print or save as PDF"),
        "close": _("Close"),
        "contents": _("Contents"),
        "made": _("Made when, from what"),
        "open_all": _("Open every part"),
        "close_all": _("Fold every part"),
    }
    return {name: text.replace("{rules}", rules) for name, text in said.items()}

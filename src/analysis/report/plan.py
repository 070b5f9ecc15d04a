"""What should be done next, what does the target need, and which number should be asked for? Numbers, words, tables."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pandas as pd

from analysis.decisions.deadline import NO, YEAR_TO_DATE, YES
from analysis.decisions.plan import INFERRED_CLASSES, PUBLISHED_CLASSES, Plan
from analysis.decisions.whatif import TOGETHER
from analysis.identification.bounds import rate_of
from analysis.identification.identify import Identified
from analysis.language import _, write_list
from analysis.report.figures import Figure, Figures, amount, between, exact, middle, whole
from analysis.report.rules import base_figures, base_words, bounds_rule
from analysis.report.section import Folded, Heading, Part, Section, Sentence, Table, Words, listed, rounded, say
from analysis.report.wording import fitting_rules, tier_rule
from analysis.scorecards.tiers import DOCUMENTED, OPEN, SUPPORTED

FULL_RATE = 100.0
LEAST_SAID = 0.005  # points
LEAST_ASKED = 0.1 - 1e-9  # points; a figure that tells less is not asked for


# Numbers


def plan_figures(best: Plan, identified: Identified) -> Iterator[Figure]:
    """`plan.…`, `step.<code>.…`, `month.<row>.…`, `limit.<row>.price` and `world.<row>.…`."""
    rule = (
        _("cheapest plan that holds under all {count} rules")
        if best.priced
        else _("plan that holds under all {count} rules: fewest improvements, then least to raise")
    ).format(count=identified.survivors)
    entered = _("parameter of the report")
    yield exact("plan.months", _("Months of the plan"), float(best.months), "count", 0, "entered", entered)
    yield exact("plan.acts", _("Improvements of the plan"), float(len(best.steps)), "count", 0, "derived", rule)
    for name, label, value in (
        ("cost", _("Effort of the plan"), best.cost),
        ("best_cost", _("Effort under the most favourable rules"), best.best_cost),
        ("regret", _("Most that not knowing the rules costs"), best.largest_regret),
    ):
        if not math.isnan(value):
            yield amount(f"plan.{name}", label, value, rule)
    for row in best.steps.itertuples():
        step = f"step.{row.lever}"
        yield amount(f"{step}.added", row.name, row.added, rule)
        yield amount(f"{step}.cost", row.name, row.cost, rule)
    for number, row in enumerate(best.schedule.itertuples()):
        yield exact(f"month.{number}.month", row.name, float(row.month), "count", 0, "derived", rule)
        yield amount(f"month.{number}.added", row.name, row.added, rule)
        yield exact(f"month.{number}.total", row.name, row.sure_total, "points", 2, "derived", rule)
    for number, row in enumerate(best.limits.itertuples()):
        if not math.isnan(row.shadow_price):
            yield amount(f"limit.{number}.price", _("One unit more of a limit"), abs(row.shadow_price), rule)
    for number, row in enumerate(best.regret.itertuples()):
        if not math.isnan(row.regret):
            yield exact(
                f"world.{number}.cost",
                row.world,
                row.cost_known,
                "percent",
                whole(row.cost_known),
                "derived",
                row.world,
            )
            yield exact(
                f"world.{number}.regret", row.world, row.regret, "percent", whole(row.regret), "derived", row.world
            )


def aim_figures(aimed: pd.DataFrame, by_tier: pd.DataFrame, identified: Identified, best: Plan) -> Iterator[Figure]:
    """`aim.<code>.target`, `.rate`, `.own`, `.gain` and, of each further tier, `.<tier>`; of the plan gain and total.

    `plan.<tier>` is the total by the indicators' own gains in each tier, and `plan.open.least` the least of it where
    targets may be any: what they move besides can only add to that. None of these where there is one tier.
    """
    rule, goal = bounds_rule(identified), best.target
    reached = (
        _("parameter of the report")
        if best.steps.empty
        else _("highest rate of today + percentage points of the plan, rounded up")
    )
    for row in aimed[aimed["code"] != TOGETHER].itertuples():
        aim, today = f"aim.{row.code}", rate_of(identified, row.code)
        yield exact(f"{aim}.target", row.name, row.target, "percent", whole(row.target), "derived", reached)
        yield between(f"{aim}.own", row.name, (row.own_low, row.own_high), "points", 2, rule)
        yield between(f"{aim}.gain", row.name, (row.gain_low, row.gain_high), "points", 2, rule)
        if today.width < FULL_RATE:
            printed = identified.readings[row.code].rate is not None
            decimals, origin = (
                (2, _("as published")) if printed else (1, _("sharp bounds over every documented rule that fits"))
            )
            yield between(f"{aim}.rate", row.name, (today.low, today.high), "percent", decimals, origin, middle(today))
    last = aimed.iloc[-1]
    yield between("plan.gain", _("Gain of the plan"), (last["gain_low"], last["gain_high"]), "points", 2, rule)
    ends = (last["total_low"], last["total_high"])
    yield between("plan.total", _("Total with the plan"), ends, "points", _decimals(ends[0], goal), rule)
    for row in by_tier[by_tier["tier"] != DOCUMENTED].itertuples():
        if row.code != TOGETHER:
            ends = (row.gain_low, row.gain_high)
            yield between(f"aim.{row.code}.{row.tier}", row.name, ends, "points", 2, tier_rule(row.tier))
    for row in by_tier.groupby("tier", sort=False).tail(1).itertuples() if by_tier["tier"].nunique() > 1 else ():
        ends, decimals, name = (row.total_low, row.total_high), _decimals(row.total_low, goal), _("Total with the plan")
        yield between(f"plan.{row.tier}", name, ends, "points", decimals, tier_rule(row.tier))
        if row.tier == OPEN:
            yield exact("plan.open.least", name, row.total_low, "points", decimals, "derived", tier_rule(row.tier))


def _decimals(least: float, goal: float | None) -> int:
    """One, or two where one would show a total on the other side of the goal."""
    return 1 if goal is None or (round(least, 1) >= goal) == (least >= goal - LEAST_SAID) else 2


def way_figures(ways: pd.DataFrame, target: float, identified: Identified) -> Iterator[Figure]:
    """`plan.target`, and `way.<code>.…`: what each improvement alone needs for it."""
    entered = _("parameter of the report")
    yield exact("plan.target", _("Target score"), target, "points", whole(target), "entered", entered)
    rule = _("inverse of the score under each of {count} rules").format(count=identified.survivors)
    rounded_up = _("{rule}, rounded up").format(rule=rule)
    for row in ways.itertuples():
        way = f"way.{row.lever}"
        for name in ("added_best", "added_sure", "rate_best", "rate_sure"):
            value = getattr(row, name)
            if not math.isnan(value):
                enough = math.ceil(value * 100 - 1e-7) / 100
                yield between(f"{way}.{name}", row.name, (value, value), "percent", 2, rounded_up, enough)
        yield exact(f"{way}.most_sure", row.name, row.most_sure, "points", 2, "derived", rule)
        yield exact(f"{way}.most_best", row.name, row.most_best, "points", 2, "derived", rule)


def late_figures(late: pd.DataFrame) -> Iterator[Figure]:
    """`late.<code>.…`: what a rate still needs by December."""
    for row in late.itertuples():
        if row.counting != YEAR_TO_DATE:
            yield exact(
                f"late.{row.code}.target",
                row.name,
                row.target,
                "percent",
                whole(row.target),
                "entered",
                _("parameter of the report"),
            )
            continue
        rule = _("(target × months of the year − rate × months gone) / months left, equal volumes")
        yield exact(f"late.{row.code}.left", row.name, float(row.months_left), "count", 0, "derived", rule)
        yield between(f"late.{row.code}.needed", row.name, (row.needed_low, row.needed_high), "percent", 1, rule)
        yield between(f"late.{row.code}.most", row.name, (row.most_low, row.most_high), "percent", 1, rule)


def ask_figures(asked: pd.DataFrame) -> Iterator[Figure]:
    """`ask.<row>.…`: what each figure that may be asked for would leave open."""
    rule = _("the figure tried at the values it may have")
    for number, row in enumerate(asked.itertuples()):
        decimals = 1 if row.unit == "percent" else 2
        yield between(f"ask.{number}.span", row.name, (row.low, row.high), row.unit, decimals, rule)
        yield exact(f"ask.{number}.now", row.name, row.open_now, "points", 2, "derived", rule)
        yield exact(f"ask.{number}.most", row.name, row.open_most, "points", 2, "derived", rule)
        yield exact(f"ask.{number}.least", row.name, row.open_least, "points", 2, "derived", rule)


# Sentences


def plan_words(figures: Figures, best: Plan, rules: str, classed: bool) -> list[Sentence]:
    """The plan in sentences: what to do, what is sure of it under these `rules`, and what not knowing them costs.

    `classed` says whether totals of the entity have a class.
    """
    names = ("target", "months", "cost", "acts", "total", "best_cost", "regret")
    parts = {name: figures[f"plan.{name}"] for name in names if f"plan.{name}" in figures}
    listed = Sentence(
        "; ".join(f"{{step_{number}}}" for number in range(len(best.steps))),
        {f"step_{number}": _step(figures, row) for number, row in enumerate(best.steps.itertuples())},
    )
    said = []
    if best.target is None:
        template = _(
            "What {months} months and this effort surely bring most under {rules}: {steps}. The total is then {total}."
        )
    elif best.feasible and not best.priced:
        template = _(
            "{target} is reached under {rules} with {acts} improvements, and not with fewer: {steps}. Together they "
            "take {cost} at least."
        )
    elif best.feasible:
        template = _("To reach {target} under {rules}, the cheapest way takes {cost}: {steps}.")
    else:
        template = _(
            "{target} is not reached under {rules}. What brings most under them: {steps}; the total is then {total}. "
            "Improvements whose rate may already be full, or may have nothing behind it, are not counted on."
        )
    effort = say(_("{cost} percentage points") if not best.priced else _("{cost} units of cost"), **parts)
    said.append(say(template, **{**parts, "cost": effort, "steps": listed, "rules": rules}))
    if classed and best.target in PUBLISHED_CLASSES:
        said.append(say(_("From {target} on a total is of a higher class of the index."), **parts))
    elif classed and best.target in INFERRED_CLASSES:
        template = _(
            "From {target} on a total is of a higher class; that limit is inferred from the labels of published totals."
        )
        said.append(say(template, **parts))
    if best.feasible or best.target is None:
        said.append(_brought(figures, parts))
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


def doubt_words(best: Plan, doubted: Collection[str]) -> list[Sentence]:
    """That the plan stands on a rate of today that is not to be trusted."""
    names = list(best.steps.loc[best.steps["lever"].isin(doubted), "name"])
    words = _("The plan stands on a rate of today that is in doubt ({names}): ask before acting.")
    return [say(words, names=write_list(names))] if names else []


def _brought(figures: Figures, parts: Mapping[str, Figure]) -> Sentence:
    """The total with the plan, and where there are several tiers in each of them."""
    tiers = {tier: figures[f"plan.{tier}"] for tier in (SUPPORTED, DOCUMENTED, OPEN) if f"plan.{tier}" in figures}
    if OPEN not in tiers:
        return say(_("With this plan the total is {total}."), **parts)
    if SUPPORTED not in tiers:
        template = _(
            "With this plan the total is {total} by all that some document names, with what it may move besides. By "
            "these indicators alone: {documented}; {open} if full marks start at rates that nobody wrote down."
        )
    else:
        template = _(
            "With this plan the total is {total} by all that some document names, with what it may move besides. By "
            "these indicators alone: {supported} by the best supported reading, {documented} by all that some document "
            "names; {open} if full marks start at rates that nobody wrote down."
        )
    return say(template, **parts, **tiers)


def reach_figures(reached: pd.DataFrame) -> Iterator[Figure]:
    """`reach.<code>.<target>.target` and `.total` of targets that no document names (`tiers.plan_by_target`)."""
    for row in reached.itertuples():
        at = f"reach.{row.code}.{row.target:g}"
        yield exact(f"{at}.target", row.name, row.target, "percent", 0, "entered", _("rule of this package"))
        yield exact(
            f"{at}.total",
            row.name,
            row.sure_total,
            "points",
            2,
            "derived",
            _("least total if the indicator has full marks from there"),
        )


def reach_words(figures: Figures, reached: pd.DataFrame) -> list[Sentence]:
    """How much less the plan reaches where an indicator has full marks from a rate that no document names."""
    said: list[Sentence] = []
    least = figures["plan.total"].low or 0.0
    less = reached[reached["sure_total"] < least - LEAST_SAID]
    for code in less.groupby("code", sort=False)["sure_total"].min().sort_values(kind="stable").index:
        rows = less[less["code"] == code]
        at = [f"reach.{code}.{target:g}" for target in rows["target"]]
        cases = [
            say(_("{total} at {target} %"), total=figures[f"{one}.total"], target=figures[f"{one}.target"])
            for one in at
        ]
        words = _("If {name} has full marks from a rate that no document names, the plan reaches less: {cases}.")
        if said:
            words = _("The same of {name}, which costs the plan less: {cases}.")
        said.append(say(words, name=rows.iloc[0]["name"], cases=listed(cases, ", ")))
    return said


def ways_words(figures: Figures, ways: pd.DataFrame, rules: str) -> list[Sentence]:
    """What each improvement alone, and all together, need for the target; in one sentence which cannot reach it."""
    said = []
    for row in ways[ways["added_best"].notna()].itertuples():
        way = f"way.{row.lever}"
        parts: dict[str, Any] = {"name": row.name, "target": figures["plan.target"], "rules": rules}
        parts |= {name: figures.get(f"{way}.{name}") for name in ("added_best", "added_sure", "rate_best", "rate_sure")}
        parts |= {name: figures[f"{way}.{name}"] for name in ("most_sure", "most_best")}
        printed = parts["rate_best"] is not None
        if pd.isna(row.added_sure):
            template = (
                _(
                    "{name}: {target} needs {rate_best} % or more, and may not be reached: by the harshest rule "
                    "{most_sure}."
                )
                if printed
                else _(
                    "{name}: {target} needs {added_best} percentage points more or above, and may not be reached: by "
                    "the harshest rule {most_sure}."
                )
            )
        elif printed:
            template = _("{name}: {target} needs {rate_sure} % under {rules}, {rate_best} % by the kindest.")
        elif row.lever == TOGETHER:
            template = _(
                "All together: {target} needs {added_sure} percentage points more of each under {rules}, {added_best} "
                "by the kindest."
            )
        else:
            template = _(
                "{name}: {target} needs {added_sure} percentage points more under {rules}, {added_best} by the kindest."
            )
        said.append(say(template, **parts))
    never = ways[ways["added_best"].isna()]
    if len(never):
        most = never.loc[never["most_best"].idxmax()]
        template = (
            _("{target} cannot be reached with what has room; {most} is the most.")
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


def ask_words(figures: Figures, asked: pd.DataFrame) -> list[tuple[str, Sentence]]:
    """The indicators to ask about, the most helpful first, and in what words; none that tells less than a tenth."""
    told = [row for row in enumerate(asked.itertuples()) if row[1].open_now - row[1].open_least >= LEAST_ASKED]
    said = []
    for number, row in told[:3]:
        parts = {name: figures[f"ask.{number}.{name}"] for name in ("now", "most", "least")}
        what = _("the points") if row.unit == "points" else _("the rate")
        template = (
            _(
                "Please tell {what} of {name}: the total of the plan would then be open by at most {most} points, not "
                "{now}."
            )
            if row.sure > 0.005
            else _("Please tell {what} of {name}: the total of the plan may then be open by {least} points, not {now}.")
        )
        said.append((row.code, say(template, name=row.name, what=what, **parts)))
    return said


def _step(figures: Figures, row: Any) -> Sentence:
    target = figures[f"aim.{row.lever}.target"]
    return say(_("{name} to {target} %"), name=target.label, target=target)


# Sections


def plan_section(
    identified: Identified,
    best: Plan,
    aimed: pd.DataFrame,
    by_tier: pd.DataFrame,
    ways: pd.DataFrame,
    reached: pd.DataFrame,
    doubted: Collection[str] = (),
    classed: bool = True,
) -> Section:
    """The plan: sentences, its steps, and its months where there are several; `ways` as in `needs_section`.

    `aimed` is what its rates gain (`whatif.gains`) and `by_tier` the same in each tier (`tiers.gains_by_tier`),
    `reached` is from `tiers.plan_by_target`, `doubted` are the indicators whose rate today is not to be trusted
    (`bases.odd_bases`), `classed` as in `plan_words`.
    """
    own = Figures.of(plan_figures(best, identified), aim_figures(aimed, by_tier, identified, best))
    own.add(reach_figures(reached))
    shown = own if best.target is None else own.plus(way_figures(ways, best.target, identified))
    rows = [
        [
            own[f"aim.{row.lever}.target"].label,
            own.get(f"aim.{row.lever}.rate", _("not known")),
            own[f"step.{row.lever}.added"],
            own[f"aim.{row.lever}.target"],
        ]
        for row in best.steps.itertuples()
    ]
    heads = [_("Improvement"), _("Rate today, %"), _("Percentage points to add, at least"), _("Rate to reach, %")]
    months = [
        [row.name, own[f"month.{number}.month"], own[f"month.{number}.added"], own[f"month.{number}.total"]]
        for number, row in enumerate(best.schedule.itertuples())
    ]
    month_heads = [_("Improvement"), _("Month"), _("Percentage points to add"), _("Lowest total then")]
    title = _("What should be done next?")
    rules = fitting_rules(identified.rubric)
    first, *rest = plan_words(shown, best, rules, classed)
    said = [first, *doubt_words(best, doubted), *rest, *reach_words(own, reached)]
    parts: list[Part] = [Heading(title), Words(said, as_list=True)]
    if rows:
        parts.append(Table(_("The plan that holds under {rules}").format(rules=rules), heads, rows))
    if best.schedule["month"].nunique() > 1:
        parts.append(Table(_("The plan month by month"), month_heads, months))
    tables = {
        "aims": aimed,
        "aims_by_tier": by_tier,
        "reached": reached,
        "steps": best.steps,
        "schedule": best.schedule,
        "limits": best.limits,
        "regret": best.regret,
    }
    facts = {name: getattr(best, name) for name in ("target", "budget", "months", "feasible", "priced", "worlds_joint")}
    facts |= {name: rounded(getattr(best, name)) for name in ("cost", "best_cost", "largest_regret")}
    facts |= {f"{end}_total": rounded(aimed.iloc[-1][f"total_{end}"]) for end in ("low", "high")}
    return Section(title, parts, own, tables, facts)


def needs_section(
    identified: Identified, ways: pd.DataFrame, late: pd.DataFrame | None, target: float | None
) -> Section:
    """Backwards: what the target needs, and what the year still allows; without `late` the target alone."""
    wanted = Figures() if target is None else Figures.of(way_figures(ways, target, identified))
    by_then = Figures() if late is None else Figures.of(late_figures(late))
    title = _("What does the target need?")
    parts: list[Part] = []
    if words := ways_words(wanted, ways, fitting_rules(identified.rubric)) if len(ways) else []:
        heads = [
            _("Improvement"),
            _("Needed under every rule, %"),
            _("Needed by the kindest rule, %"),
            _("Most by the harshest rule"),
            _("Most by the kindest rule"),
        ]
        caption = _("The rate that each improvement alone needs for the target (+: percentage points more)")
        table = Table(caption, heads, _way_rows(wanted, ways))
        parts += [Heading(title), Words([*words, *_beyond(identified, ways)], as_list=True)]
        parts.append(Folded(_("What each improvement alone needs"), [table]))
    if words := late_words(by_then, late) if late is not None and len(late) else []:
        note = say(
            _(
                "Months are taken to have equally many dossiers, and the rate to be that of all months so far. The "
                "way the score counts is not published, so both are shown."
            )
        )
        heading = Heading(_("What is still possible by the end of the year?"))
        parts += [heading, Words(words, as_list=True), Words([note], style="note")]
    return Section(
        title, parts, wanted.plus(by_then.values()), {"needed": ways} | ({} if late is None else {"by_december": late})
    )


def _beyond(identified: Identified, ways: pd.DataFrame) -> list[Sentence]:
    """That indicators whose rate is not published may bring more, where these do not reach the target."""
    if not ways["added_best"].isna().all():
        return []
    known = [code for code, reading in identified.readings.items() if not reading.empty]
    hidden = [code for code in known if code not in set(ways["lever"]) and identified.readings[code].rate is None]
    return [say(_("Indicators whose rate is not published may bring more."))] if hidden else []


def ask_section(asked: pd.DataFrame, odd: pd.DataFrame) -> Section:
    """The next number to ask for; `odd` are the rates that are not to be trusted (`bases.odd_bases`)."""
    own = Figures.of(ask_figures(asked), base_figures(odd))
    rows = [
        [
            row.name,
            _("points of the indicator") if row.unit == "points" else _("rate, %"),
            own[f"ask.{number}.span"],
            own[f"ask.{number}.most"],
            own[f"ask.{number}.least"],
        ]
        for number, row in enumerate(asked.itertuples())
    ]
    heads = [_("Figure"), _("What to ask for"), _("It may be"), _("Open then, at most"), _("Open then, at least")]
    title = _("Which number should be asked for next?")
    doubts = [base_words(own, row) for row in odd.itertuples()]
    said = [words for _code, words in ask_words(own, asked)] or [
        say(_("No single figure that is not published would narrow this plan by a tenth of a point."))
    ]
    parts: list[Part] = [Heading(title), Words([*said, *doubts], as_list=True)]
    if rows:
        caption = _("What each undisclosed figure would leave open of the plan, in points")
        parts.append(Table(caption, heads, rows, text_columns=(1,)))
    return Section(title, parts, own, {"ask_next": asked})


def _way_rows(figures: Figures, ways: pd.DataFrame) -> list[list[Any]]:
    rows = []
    for row in ways.itertuples():
        way, kind = f"way.{row.lever}", "added" if math.isnan(row.rate_low) else "rate"
        amounts: list[Any] = [figures.get(f"{way}.{kind}_{end}", _("out of reach")) for end in ("sure", "best")]
        if kind == "added":
            amounts = [say("+{amount}", amount=item) if isinstance(item, Figure) else item for item in amounts]
        rows.append([row.name, *amounts, figures[f"{way}.most_sure"], figures[f"{way}.most_best"]])
    return rows

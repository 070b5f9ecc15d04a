"""What is the cheapest way to a target, sure under every documented rule that fits?

A survivor turns percentage points added into points by `min(score + maximum / target × added, maximum)`, so its total
is concave in what is added, and so is the least total of all survivors. Plans are exact: a program (scipy's HiGHS) over
the few survivors met so far proposes one, `Identified.extreme` names the survivor and the scores under which it gives
least, that scenario joins the program, and so on until a proposal holds under every survivor.

An indicator that had nothing to count stays as it is. How the portal will round new scores is not foreseen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, nan

import numpy as np
import pandas as pd

from analysis.decisions.levers import Effort, Lever, check_codes, usual_levers
from analysis.decisions.optimum import least_at_best, least_for_sure, most_for_sure, regret_of, worlds_of
from analysis.decisions.whatif import TOGETHER, total_after
from analysis.decisions.worst_case import NEAR, Array, Scenario, Task, best, must, surely, task_of
from analysis.errors import ContradictionError, ParameterError
from analysis.identification.bounds import rate_of
from analysis.identification.evidence import Evidence, with_figure
from analysis.identification.identify import Identified, identify_cards
from analysis.interval import TOLERANCE, Interval, union
from analysis.language import _, write_number

# Where the classes of the index begin: below 50 is weak and from 90 excellent (published); 70 and 80 between them are
# inferred from the labels of published totals, which agree with them.
PUBLISHED_CLASSES, INFERRED_CLASSES = (50.0, 90.0), (70.0, 80.0)
CLASSES = (0.0, *sorted(PUBLISHED_CLASSES + INFERRED_CLASSES))
TRIED, PARTS = 3, 4
DECIMALS = 2
ALIKE = 10.0**-DECIMALS  # a figure printed so may have been this far off another value that prints alike


@dataclass(frozen=True, repr=False)
class Plan:
    """The cheapest whole steps to a total that is sure, and what it costs to be sure.

    Attributes
    ----------
    target, budget, months : what was asked; None for no target or no budget.
    feasible : whether the target is reached for sure. If not, the plan is the cheapest to the most that can be.
    priced : whether the user gave costs. If not, cost is percentage points of effort.
    cost, best_cost : of this plan; of the cheapest that reaches the target (or the same total) under the most
        favourable survivor and scores, NaN where none does even there.
    sure_total, best_total : the total with this plan under the least and the most favourable survivor, in points.
    largest_regret : the largest `regret`, NaN where the target is not reached.
    worlds_joint : whether a world is the rules of all moved indicators; where these are too many, of one at a time.
    steps : a row a lever used, in the order of the index: `lever`, `name`, `rate_low`, `rate_high` (percent, today;
        missing where not printed), `added` (percentage points), `after_low`, `after_high`, `cost`.
    schedule : a row a month and lever: `month` (from 1), `lever`, `name`, `added`, `sure_total` (of all rows so far).
    limits : a row a limit: `limit` (`target`, `budget`, `months`, `per_month`, `ceiling`), `lever`, `name`, `value`,
        `objective` (`cost`, or `points` where the plan is the most that can be reached), `shadow_price`: by how much
        the objective changes, exactly, when the limit is one unit larger; missing where no plan is then left.
    regret : a row a world, largest regret first: `world` (its rules in words), `cost_known` (of the cheapest plan to
        the same total if that world were known; missing where there is none), `regret` (cost − cost_known).
    """

    target: float | None
    budget: float | None
    months: int
    feasible: bool
    priced: bool
    cost: float
    best_cost: float
    sure_total: float
    best_total: float
    largest_regret: float
    worlds_joint: bool
    steps: pd.DataFrame
    schedule: pd.DataFrame
    limits: pd.DataFrame
    regret: pd.DataFrame

    def __repr__(self) -> str:
        total, cost = write_number(self.sure_total, 2), write_number(self.cost, 0)
        return "<{}>".format(
            _("plan: {total} points under every documented rule that fits, effort {cost}").format(
                total=total, cost=cost
            )
        )


def plan(
    identified: Identified,
    levers: Mapping[str, Lever],
    target: float | None = None,
    months: int = 1,
    budget: float | None = None,
) -> Plan:
    """The cheapest plan to a target total within `months` and a budget; without a target, the most the budget buys.

    Of plans of one cost the surest is taken, of equally sure ones always the same, whatever the order of the levers.

    Raises
    ------
    ParameterError: no lever, neither target nor budget, a month or budget below what makes sense, a lever that is no
    indicator, or costs of some levers only.
    """
    if not levers or (target is None and budget is None) or months < 1 or (budget is not None and budget < 0):
        raise ParameterError(_("A plan needs a lever, one month or more, and a target or a budget of 0 or more."))
    task = task_of(identified, levers.values(), months)
    pool: list[Scenario] = []
    most = most_for_sure(task, pool, budget)
    feasible = target is not None and most >= target - NEAR
    steps = _chosen(task, pool, target if target is not None and feasible else most)
    cost, wanted = task.cost(steps), most if target is None else target
    worlds, joint = worlds_of(task)
    regret = regret_of(task, pool, worlds, wanted, steps if feasible or target is None else None)
    return Plan(
        target=target,
        budget=budget,
        months=months,
        feasible=feasible,
        priced=task.levers[0].effort.cost is not None,
        cost=cost,
        best_cost=least_at_best(task, wanted, "cost"),
        sure_total=surely(task, steps),
        best_total=best(task, steps),
        largest_regret=float(regret["regret"].max()),
        worlds_joint=joint,
        steps=_steps(task, steps),
        schedule=_schedule(task, steps),
        limits=_limits(task, pool, steps, target if feasible else None, budget),
        regret=regret,
    )


def rates_for(identified: Identified, levers: Mapping[str, Lever], target_score: float) -> pd.DataFrame:
    """What brings the total to a score: each lever alone, and all by equally many percentage points.

    Months, steps and costs do not count here; ceilings do.

    Returns
    -------
    A row a lever, in the order of the index, then `together` where there are several: `lever`, `name`, `rate_low`,
    `rate_high` (percent, today), `added_best`, `added_sure` (percentage points needed at best and for sure; missing
    where none suffice), `rate_best`, `rate_sure` (the lowest rate of today with the former, the highest with the
    latter; missing where no rate is printed), `most_best`, `most_sure` (the total with all there is to add).

    Raises
    ------
    ParameterError: a lever that is no indicator, or too many unprinted rates.
    """
    order = [code for code in identified.rubric.indicators if code in levers]
    rows = []
    for name, codes in [(code, [code]) for code in order] + [(TOGETHER, order)] * (len(order) > 1):
        free = {code: Effort(ceiling=levers[code].effort.ceiling) for code in codes}
        task = task_of(
            identified, [levers[code].model_copy(update={"effort": free[code]}) for code in codes], whole=False
        )
        most_sure, most_best = surely(task, task.caps), best(task, task.caps)
        enough = least_for_sure(task, [], "equal", target_score) if most_sure >= target_score - NEAR else None
        sure = nan if enough is None else float(enough.max())
        at_best = least_at_best(task, target_score, "equal")
        rate = identified.readings[name].rate if name != TOGETHER else None
        rows.append(
            {
                "lever": name,
                "name": _("All together") if name == TOGETHER else levers[name].name,
                "rate_low": rate.low if rate else nan,
                "rate_high": rate.high if rate else nan,
                "added_best": at_best,
                "added_sure": sure,
                "rate_best": rate.low + at_best if rate else nan,
                "rate_sure": min(rate.high + sure, 100.0) if rate else nan,
                "most_best": most_best,
                "most_sure": most_sure,
            }
        )
    return pd.DataFrame(rows)


def _chosen(task: Task, pool: list[Scenario], target: float) -> Array:
    """The cheapest steps to a target within reach; of these the surest; of these the first."""
    cost = task.cost(must(least_for_sure(task, pool, "cost", target)))
    surest = surely(task, must(least_for_sure(task, pool, "points", budget=cost)))
    return must(least_for_sure(task, pool, "order", max(surest, target), cost))


def _steps(task: Task, steps: Array) -> pd.DataFrame:
    rows = []
    for lever, added, cost in zip(task.levers, steps * task.sizes, steps * task.prices, strict=True):
        if added > 0:
            rate = task.identified.readings[lever.code].rate
            low, high = (rate.low, rate.high) if rate else (nan, nan)
            rows.append(
                {
                    "lever": lever.code,
                    "name": lever.name,
                    "rate_low": low,
                    "rate_high": high,
                    "added": added,
                    "after_low": min(low + added, 100.0),
                    "after_high": min(high + added, 100.0),
                    "cost": cost + lever.effort.setup,
                }
            )
    columns = ["lever", "name", "rate_low", "rate_high", "added", "after_low", "after_high", "cost"]
    order = list(task.identified.rubric.indicators)
    return pd.DataFrame(rows, columns=columns).sort_values(
        "lever", key=lambda codes: codes.map(order.index), ignore_index=True
    )


def _schedule(task: Task, steps: Array) -> pd.DataFrame:
    """The lever that alone surely gives most per cost goes first, each as early as its limit a month lets it."""
    alone = np.diag(steps)
    today = surely(task, steps * 0.0)
    used = [int(place) for place in np.flatnonzero(steps)]
    worth = {place: (surely(task, alone[place]) - today) / task.cost(alone[place]) for place in used}
    done, rows = steps * 0.0, []
    for month in range(1, task.months + 1):
        for place in sorted(used, key=lambda place: (-round(worth[place], 9), place)):
            lever, size, left = task.levers[place], task.sizes[place], steps[place] - done[place]
            if (pace := lever.effort.per_month) is not None:
                left = min(left, floor(pace * month / size + 1e-9) - floor(pace * (month - 1) / size + 1e-9))
            if left > 0:
                done[place] += left
                row = {"month": month, "lever": lever.code, "name": lever.name, "added": left * size}
                rows.append(row | {"sure_total": surely(task, done)})
    return pd.DataFrame(rows, columns=["month", "lever", "name", "added", "sure_total"])


def _limits(task: Task, pool: list[Scenario], steps: Array, target: float | None, budget: float | None) -> pd.DataFrame:
    """Each limit, and what one unit more of it changes; without a target, of the most that is sure."""

    def objective(task: Task, target: float | None, budget: float | None, harder: bool = False) -> float:
        if target is None:
            return most_for_sure(task, pool, budget)
        found = least_for_sure(task, pool, "cost", target, budget, known=None if harder else steps)
        return nan if found is None else task.cost(found)

    def relaxed(code: str = "", months: int = task.months, **limit: float) -> Task:
        efforts = {
            lever.code: lever.effort.model_copy(update=limit if lever.code == code else {}) for lever in task.levers
        }
        levers = [lever.model_copy(update={"effort": efforts[lever.code]}) for lever in task.levers]
        return task_of(task.identified, levers, months)

    cases: list[tuple[str, str, float, tuple[Task, float | None, float | None, bool]]] = []
    if target is not None:
        cases.append(("target", "", target, (task, target + 1.0, budget, True)))
    if budget is not None:
        cases.append(("budget", "", budget, (task, target, budget + 1.0, False)))
    if any(lever.effort.per_month is not None for lever in task.levers):
        cases.append(("months", "", task.months, (relaxed(months=task.months + 1), target, budget, False)))
    for lever in task.levers:
        code, pace, ceiling = lever.code, lever.effort.per_month, lever.effort.ceiling
        if pace is not None:
            cases.append(("per_month", code, pace, (relaxed(code, per_month=pace + 1.0), target, budget, False)))
        if ceiling < 100:
            cases.append(
                ("ceiling", code, ceiling, (relaxed(code, ceiling=min(ceiling + 1.0, 100.0)), target, budget, False))
            )
    today = objective(task, target, budget)
    rows = []
    for limit, code, value, case in cases:
        same = case[1:3] == (target, budget) and np.array_equal(case[0].caps, task.caps)
        rows.append(
            {
                "limit": limit,
                "lever": code,
                "name": task.identified.rubric.name_of(code) if code else "",
                "value": value,
                "objective": "points" if target is None else "cost",
                "shadow_price": 0.0 if same else objective(*case) - today,
            }
        )
    return pd.DataFrame(rows, columns=["limit", "lever", "name", "value", "objective", "shadow_price"])


def class_of(total: Interval) -> float | None:
    """The least total of the class of a total, in points; None where its rounding lies in two."""
    low, high = (max(least for least in CLASSES if least <= max(end, 0.0)) for end in (total.low, total.high))
    return low if low == high else None


def next_target(identified: Identified) -> float:
    """The least total of the next class above today's, in points; the maximum where there is none."""
    return next((least for least in CLASSES if least > identified.total.high), identified.rubric.points)


def workable(identified: Identified, levers: Mapping[str, Lever], codes: Sequence[str] = ()) -> dict[str, Lever]:
    """The levers named, or else those whose rate is surely below 100 %: only they can add points for sure.

    Where nothing is known of any rate, the two levers of every report.

    Raises ParameterError for a code that is no lever.
    """
    check_codes(levers, codes)
    room = [
        code
        for code in levers
        if not identified.readings[code].empty and rate_of(identified, code).high < 100 - TOLERANCE
    ]
    return {code: lever for code, lever in levers.items() if code in (codes or room or usual_levers(identified))}


def fewest(
    identified: Identified, levers: Mapping[str, Lever], target: float, months: int = 1, budget: float | None = None
) -> dict[str, Lever]:
    """As few levers as surely reach the target within `months` and a budget, and of these the cheapest; else all.

    Raises ParameterError as `plan`.
    """
    task, pool = task_of(identified, levers.values(), months), list[Scenario]()
    if most_for_sure(task, pool, budget) < target - NEAR:
        return dict(levers)
    steps = must(least_for_sure(task, pool, "acts", target, budget))
    used = {lever.code for lever, many in zip(task.levers, steps, strict=True) if many > 0}
    return {code: lever for code, lever in levers.items() if code in used} or dict(levers)


def targets_of(identified: Identified, levers: Mapping[str, Lever], chosen: Plan) -> dict[str, float]:
    """The rate to set for each step of a plan, in percent: what it needs from the highest that today's rate may be.

    Rounded up to a hundredth, or to a whole percent where nobody limited effort.
    """
    paced = any(levers[code].effort.per_month is not None for code in chosen.steps["lever"])
    parts = 10**DECIMALS if chosen.budget is not None or chosen.priced or paced else 1
    targets = {}
    for row in chosen.steps.itertuples():
        needed = ceil(round((rate_of(identified, row.lever).high + row.added) * parts, 6)) / parts
        targets[row.lever] = min(needed, levers[row.lever].effort.ceiling, 100.0)
    return targets


def in_order(gained: pd.DataFrame, doubted: Collection[str] = ()) -> pd.DataFrame:
    """The levers of a frame of `whatif.gains` in the order in which to begin: the highest sure gain first.

    `doubted` are indicators whose rate of today is not to be trusted (`bases.odd_bases`): they come after all others.
    """
    rows = gained[gained["code"] != TOGETHER]
    rows = rows.assign(trusted=~rows["code"].isin(doubted))
    order = ["trusted", "gain_low", "gain_high"]
    rows = rows.sort_values(order, ascending=False, kind="stable", ignore_index=True)
    return rows.drop(columns="trusted")


def ask(
    identified: Identified, cards: Sequence[Evidence], aims: Mapping[str, float], levers: Mapping[str, Lever]
) -> pd.DataFrame:
    """Which undisclosed figures would leave least open of the total at some rates: `next_figures` for what they move.

    Open is how far apart that total may be under the rules that fit, in points.
    """
    moved = (code for aim in aims for code in levers[aim].effects)
    groups = list(dict.fromkeys(identified.group_of(code).code for code in moved))
    return next_figures(identified, cards, lambda told: points_open(told, aims, levers), groups)


def points_open(identified: Identified, aims: Mapping[str, float], levers: Mapping[str, Lever]) -> float:
    """How far apart the total may be under the rules that fit when each rate is at its aim, in points.

    A rate that is printed above its aim is not raised, and nothing is carried along with it.
    """
    today = {code: identified.readings[code].rate for code in aims}
    raised = {code: aim for code, aim in aims.items() if (rate := today[code]) is None or rate.low <= aim}
    return total_after(identified, raised, levers).width


def next_figures(
    identified: Identified,
    cards: Sequence[Evidence],
    open_now: Callable[[Identified], float],
    groups: Sequence[str] = (),
) -> pd.DataFrame:
    """What each undisclosed figure would leave open, the most helpful first.

    Parameters
    ----------
    cards : those that `identified` was made from, the one asked about first.
    open_now : how much of the plan is open, in any unit; `plan.points_open` for one.
    groups : only figures of these groups; all where none is named.

    Returns
    -------
    One row a figure that would leave less open in some case: `code`, `name`, `unit` (`percent` for a rate, `points` for
    an indicator's score), `low`, `high` (what it may be), `tried` (values), `open_now`, `open_most` (whatever its
    value), `open_least` (after the best value tried), `sure` (now − most) and `possible` (now − least).
    """
    now, (first, *rest) = open_now(identified), cards

    def left_open(told: Evidence) -> float | None:
        try:
            return open_now(identify_cards([told, *rest], identified.rubric))
        except ContradictionError:
            return None  # no survivor allows it

    rows = []
    for asked in _candidates(identified, groups):
        code, unit = asked.code, asked.unit
        printed = [Interval.of_printed(round(value, DECIMALS), DECIMALS) for value in asked.values]
        tried = [left_open(with_figure(first, code, unit, span)) for span in printed]
        left = [number for number in tried if number is not None]
        if left and now - min(left) > TOLERANCE:
            within = [left_open(with_figure(first, code, unit, part.widened(ALIKE))) for part in asked.parts]
            most = min(now, max(number for number in (*left, *within) if number is not None))
            rows.append(
                {
                    "code": code,
                    "name": identified.rubric.indicators[code].name,
                    "unit": unit,
                    "low": asked.span.low,
                    "high": asked.span.high,
                    "tried": len(left),
                    "open_now": now,
                    "open_most": most,
                    "open_least": min(left),
                    "sure": max(now - most, 0.0),
                    "possible": now - min(left),
                }
            )
    columns = [
        "code",
        "name",
        "unit",
        "low",
        "high",
        "tried",
        "open_now",
        "open_most",
        "open_least",
        "sure",
        "possible",
    ]
    frame = pd.DataFrame(rows, columns=columns)
    order = frame.assign(most=frame["open_most"].round(6), least=frame["open_least"].round(6))
    return frame.loc[order.sort_values(["most", "least"], kind="stable").index].reset_index(drop=True)


@dataclass(frozen=True)
class _Asked:
    """A figure worth asking for: what it may be, values of it to try, and parts that cover what it may be."""

    code: str
    unit: str
    span: Interval
    values: Sequence[float]
    parts: Sequence[Interval]


def _candidates(identified: Identified, groups: Sequence[str]) -> Iterator[_Asked]:
    """Every figure worth asking for.

    Of an indicator without a printed rate that is the rate; of one whose rate is printed and whose rule is open, the
    score, which would tell the rule.
    """
    for group in identified.groups:
        for indicator in group.indicators if not groups or group.code in groups else ():
            code, reading = indicator.code, identified.readings[indicator.code]
            if reading.empty:
                continue
            if reading.rate is None and reading.points is None:
                rate = rate_of(identified, code)
                if rate.width > ALIKE:
                    ends = _spread(rate, PARTS + 1)
                    parts = [Interval(*pair) for pair in pairwise(ends)]
                    yield _Asked(code, "percent", rate, _spread(rate, TRIED), parts)
            elif reading.points is None:
                scores = sorted({item.scores[code] for item in identified.hypotheses[group.code]})
                if len(scores) > 1:  # else its rate says as much
                    span = Interval(scores[0].low, max(score.high for score in scores))
                    values = [(score.low + score.high) / 2 for score in scores]
                    yield _Asked(code, "points", span, values, union(scores))


def _spread(span: Interval, many: int) -> list[float]:
    return [span.low + place * span.width / (many - 1) for place in range(many)]

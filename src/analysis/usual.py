"""Which plan does a report make where nobody says? The next class to reach, and the levers that surely have room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.asking import next_figures
from analysis.identification.bounds import rate_of
from analysis.identification.evidence import Evidence
from analysis.identification.identify import Identified
from analysis.interval import TOLERANCE
from analysis.levers import Lever, check_codes
from analysis.plan import Plan
from analysis.scenarios import best, surely, task_of
from analysis.whatif import TOGETHER, USUAL_LEVERS, gains

# Where the classes of the index begin: below 50 is weak and from 90 excellent (published); 70 and 80 between them are
# inferred from the labels of published totals, which agree with them.
PUBLISHED_CLASSES, INFERRED_CLASSES = (50.0, 90.0), (70.0, 80.0)
MOST_ACTS = 3


def next_target(identified: Identified) -> float:
    """The least total of the next class above today's, in points; the maximum where there is none."""
    return next(
        (least for least in sorted(PUBLISHED_CLASSES + INFERRED_CLASSES) if least > identified.total.high),
        identified.rubric.points,
    )


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
    return {code: lever for code, lever in levers.items() if code in (codes or room or USUAL_LEVERS)}


def first_acts(
    identified: Identified, levers: Mapping[str, Lever], chosen: Plan, weighed: pd.DataFrame
) -> pd.DataFrame:
    """The three steps of a plan that surely gain most, each alone; where it has none, the improvements weighed.

    Returns
    -------
    At most three rows of `whatif.gains`, the highest sure gain first.
    """
    targets = {}
    for row in chosen.steps.itertuples():
        today, printed = rate_of(identified, row.lever), identified.readings[row.lever].rate is not None
        start = (today.low + today.high) / 2 if printed else today.high
        targets[row.lever] = min(round(start, 2) + row.added, 100.0)
    steps = [gains(identified, {code: target}, levers) for code, target in targets.items()]
    rows = pd.concat(steps or [weighed[weighed["code"] != TOGETHER]])
    order = ["gain_low", "gain_high"]
    return rows.sort_values(order, ascending=False, kind="stable", ignore_index=True).head(MOST_ACTS)


def ask(identified: Identified, cards: Sequence[Evidence], levers: Mapping[str, Lever], chosen: Plan) -> pd.DataFrame:
    """Which undisclosed figures would leave least open of a plan: `asking.next_figures` for what the plan moves.

    Open is how far apart the total with the plan may be under the rules that fit, in points.
    """
    return next_figures(
        identified,
        cards,
        lambda told: points_open(told, levers, chosen),
        plan_groups(identified, levers, chosen),
    )


def points_open(identified: Identified, levers: Mapping[str, Lever], chosen: Plan) -> float:
    """How far apart the total with a plan may be under the rules that fit, in points."""
    task = task_of(identified, levers.values(), chosen.months)
    added = dict(zip(chosen.steps["lever"], chosen.steps["added"], strict=True))
    steps = np.array([added.get(lever.code, 0.0) for lever in task.levers]) / task.sizes
    return best(task, steps) - surely(task, steps)


def plan_groups(identified: Identified, levers: Mapping[str, Lever], chosen: Plan) -> list[str]:
    """The groups that hold what a plan moves."""
    moved = [code for lever in chosen.steps["lever"] for code in levers[lever].effects]
    return list(dict.fromkeys(identified.group_of(code).code for code in moved))

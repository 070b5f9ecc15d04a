"""Do forecasts, models shown and jumps of `trends` keep their rates of error? On drawn histories of a planted truth.

    .venv/bin/python benchmarks/coverage.py

Every history is made up: logits of a share of 100 drawn from a named course, printed with two decimals, with or without
a quarter of the months missing. ± is the standard error of a rate over that many histories.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
from scipy.special import expit

from analysis.comparisons.forecasts import (
    CANDIDATES,
    LEVEL_BREAK,
    NAIVE,
    OUTLIER,
    Floats,
    Line,
    backtest,
    bands,
    best,
    find_breaks,
)

MONTHS = (12, 24, 36)
AHEAD, LEVEL = 3, 0.8
FORECASTS, SELECTIONS, SEARCHES = 300, 60, 100  # histories a row
SIGMA = 0.15
Draw = np.random.Generator
Course = Callable[[Draw, int], Floats]


def noise(draw: Draw, months: int) -> Floats:
    return draw.normal(0, SIGMA, months)


def walk(draw: Draw, months: int) -> Floats:
    return np.cumsum(noise(draw, months))


def drifting_walk(draw: Draw, months: int) -> Floats:
    return np.cumsum(noise(draw, months) / 3 + 0.1)


def wandering(draw: Draw, months: int) -> Floats:
    """A level that wanders under noise; how much of the variance lasts is drawn too."""
    share = draw.uniform(0.05, 0.6)
    return np.sqrt(share) * walk(draw, months) + np.sqrt(1 - share) * noise(draw, months)


def climbing(draw: Draw, months: int) -> Floats:
    return wandering(draw, months) + 0.04 * np.arange(months)


def steady_climb(draw: Draw, months: int) -> Floats:
    return noise(draw, months) + 0.06 * np.arange(months)


def fading(draw: Draw, months: int) -> Floats:
    """Exponential smoothing with a slope that fades by a tenth a month."""
    level, slope, logits = 0.0, 0.15, []
    for news in noise(draw, months):
        logits.append(level + 0.9 * slope + news)
        level, slope = level + 0.9 * slope + 0.5 * news, 0.9 * slope + 0.1 * news
    return np.array(logits)


def near_the_top(draw: Draw, months: int) -> Floats:
    """Between 98 and 100 %, often printed as 100."""
    return 5.5 + 8 * noise(draw, months)


OWN: dict[str, Course] = {
    NAIVE: walk, "drift": drifting_walk, "level": wandering, "line": climbing, "ets": fading
}  # fmt: skip


def printed(logits: Floats, draw: Draw, gaps: float, keep: int = 0) -> Line:
    """Percent of two decimals; some months inside are missing, none of the last `keep`."""
    values = np.round(100 * expit(logits), 2)
    missing = draw.random(len(values)) < gaps
    missing[[0, -1]] = missing[len(values) - 1 - keep :] = False
    return Line(np.where(missing, np.nan, values), 100.0, 0.005)


def rate(hits: float, histories: int) -> str:
    share = hits / histories if histories else float("nan")
    return f"{share:6.3f} ±{np.sqrt(share * (1 - share) / histories) if histories else float('nan'):.3f}"


def coverage(model: str, months: int, gaps: float) -> str:
    """How many outcomes lie inside one forecast from the last month, on the model's own course."""
    draw, inside = np.random.default_rng([1, months]), np.zeros(AHEAD)
    for _history in range(FORECASTS):
        whole = printed(OWN[model](draw, months + AHEAD), draw, gaps, keep=AHEAD)
        made = bands(model, Line(whole.values[:months], 100.0, 0.005), np.array([months - 1]), AHEAD, LEVEL)[0]
        inside += (whole.values[months:] >= made[:, 0]) & (whole.values[months:] <= made[:, 2])
    return "  ".join(rate(inside[horizon], FORECASTS) for horizon in (0, AHEAD - 1))


def selected(course: Course, months: int, gaps: float) -> str:
    """How often a model is shown, which, and how many outcomes lie inside what is shown then (all horizons)."""
    draw, shown, inside = np.random.default_rng([2, months]), dict.fromkeys(CANDIDATES, 0), 0
    for _history in range(SELECTIONS):
        whole = printed(course(draw, months + AHEAD), draw, gaps, keep=AHEAD)
        known = Line(whole.values[:months], 100.0, 0.005)
        if len(known.valued) >= 12 and (model := best(backtest(known, AHEAD, LEVEL))):
            shown[model] += 1
            made = bands(model, known, np.array([months - 1]), AHEAD, LEVEL)[0]
            inside += int(np.sum((whole.values[months:] >= made[:, 0]) & (whole.values[months:] <= made[:, 2])))
    total = sum(shown.values())
    of = ", ".join(f"{model} {count}" for model, count in shown.items() if count)
    return f"{rate(total, SELECTIONS)}  {rate(inside / AHEAD, total) if total else '–':>13}  {of}"


def false_alarms(course: Course, months: int, gaps: float) -> str:
    draw = np.random.default_rng([3, months])
    found = sum(bool(len(find_breaks(printed(course(draw, months), draw, gaps), LEVEL))) for _ in range(SEARCHES))
    return rate(found, SEARCHES)


def found_breaks(flag: str, size: float, months: int, gaps: float) -> str:
    """How often a planted jump (one month off at most) or outlier is found, and how often more than that is."""
    draw, hits, more = np.random.default_rng([4, months]), 0, 0
    for _history in range(SEARCHES):
        logits, at = noise(draw, months), int(draw.integers(4, months - 4))
        logits[at : months if flag == LEVEL_BREAK else at + 1] += size * SIGMA * draw.choice([-1, 1])
        known = printed(logits, draw, gaps)
        known.values[at] = np.round(100 * expit(logits[at]), 2)
        found = find_breaks(known, LEVEL)
        right = (found["flag"] == flag) & ((found["month"] - at).abs() <= (flag == LEVEL_BREAK))
        hits, more = hits + bool(right.any()), more + bool(len(found) > right.sum())
    return f"{rate(hits, SEARCHES)}  {rate(more, SEARCHES)}"


def table(
    title: str, cases: list[str], measure: Callable[[str, int, float], str], shares: tuple[float, ...] = (0.0, 0.25)
) -> None:
    print(f"\n{title}\n{'case':>22}  months  gaps", flush=True)
    for case in cases:
        for months, gaps in product(MONTHS, shares):
            print(f"{case:>22}  {months:6}  {gaps:4.0%}  {measure(case, months, gaps)}", flush=True)


def main() -> None:
    courses: dict[str, Course] = {course.__name__: course for course in (walk, *NO_MODEL, *WITH_MODEL)}
    planted = {f"{flag} {size:g} σ": (flag, size) for flag, size in PLANTED}

    def showing(case: str, months: int, gaps: float) -> str:
        return selected(courses[case], months, gaps)

    def alarming(case: str, months: int, gaps: float) -> str:
        return false_alarms(courses[case], months, gaps)

    def finding(case: str, months: int, gaps: float) -> str:
        return found_breaks(*planted[case], months, gaps)

    table(f"intervals at {LEVEL:.0%} that hold the outcome, 1 and {AHEAD} months ahead", list(OWN), coverage)
    title = "a model is shown; outcomes inside its interval then; which"
    table(f"as last month is right: {title}", ["walk"], showing)
    table(f"it is not: {title}", [course.__name__ for course in (noise, *WITH_MODEL)], showing, (0.0,))
    calm = [course.__name__ for course in (walk, *NO_MODEL, steady_climb, drifting_walk)]
    table("anything is flagged where nothing jumped", calm, alarming)
    table("what was planted is found; something else is flagged", list(planted), finding)


NO_MODEL = (noise, wandering, near_the_top)
WITH_MODEL = (drifting_walk, steady_climb, fading)
PLANTED = ((LEVEL_BREAK, 3.0), (LEVEL_BREAK, 4.0), (LEVEL_BREAK, 6.0), (OUTLIER, 5.0), (OUTLIER, 7.0))

if __name__ == "__main__":
    main()

"""What holds whatever the figures are: eight properties, each tried with many drawn examples.

Twenty each here, two thousand in the matrix (`benchmarks/reliability.py`). What was ever found is a test of its own
beside the module that it is about.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.decisions.plan import plan
from analysis.decisions.whatif import gains
from analysis.diagnosis.losses import losses_by_group, losses_by_indicator
from analysis.identification.identify import Identified, identify
from analysis.interval import Interval
from analysis.language import read_number, use_language, write_number
from analysis.notices.phrasebook import load_phrasebook
from analysis.notices.reader import read
from analysis.scorecards.history import AS_PRINTED, with_standing
from analysis.scorecards.rubric import Rubric, Rule
from noticed import figures_of
from places import REPOSITORY
from planted import family, lever, parameter

NEAR = 1e-6
USUAL, EXAMPLES = 100, 20  # those of a profile that says nothing, and those of a usual run
ENTITY, MONTH = "Mẫu", "2024-01"
Tried = Callable[..., None]


@pytest.fixture
def holds(record_property) -> Tried:
    """holds(check, *strategies) tries a property and says how many examples were tried."""

    def tried(check: Callable[..., None], *strategies: st.SearchStrategy) -> None:
        count = 0
        most = EXAMPLES if settings.default.max_examples == USUAL else settings.default.max_examples

        @settings(max_examples=most, suppress_health_check=list(HealthCheck))
        @given(st.tuples(*strategies))
        def once(drawn: tuple) -> None:
            nonlocal count
            check(*drawn)
            count += 1

        once()
        record_property("cases", count)
        assert count >= most / 2

    return tried


# Numbers as people write them.


def test_a_number_that_is_written_reads_back(holds):
    """In Vietnamese, after half-up rounding, whatever its size and decimals."""
    use_language("vi")

    def check(value: Decimal, places: int) -> None:
        nearest = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        assert read_number(write_number(float(value), places)) == nearest

    holds(check, st.decimals(0, 10**7, places=4), st.integers(0, 4))


# Points of a rule.

RULES = st.builds(
    Rule,
    max=st.integers(0, 44).map(lambda halves: halves / 2),
    target=st.integers(1, 100).map(float),
    zero_denominator=st.sampled_from(["full", "no_points"]),
)
RATES = st.integers(0, 10_000).map(lambda hundredths: hundredths / 100)


def test_points_are_within_bounds_and_never_fall_with_the_rate(holds):
    def check(rule: Rule, one: float, other: float) -> None:
        low, high = sorted((one, other))
        assert 0 <= rule.points(low) <= rule.points(high) <= rule.max
        exact = min(Fraction(rule.max), Fraction(rule.max) * Fraction(low) / Fraction(rule.target))
        assert abs(rule.points(low) - float(exact)) <= NEAR

    holds(check, RULES, RATES, RATES)


# A month drawn from a hidden rule, and what is asked of it.


def history_of(rows: list[tuple[str, str, float, str, int]]) -> pd.DataFrame:
    """The figures of one card: level, code, value, unit and decimals of each."""
    frame = pd.DataFrame(
        [
            (ENTITY, MONTH, "month", "2024-01-31", level, code, value, unit, None, places, "published", "tests", "")
            for level, code, value, unit, places in rows
        ],
        columns=AS_PRINTED,
    ).assign(file="tiny.csv", line=range(2, 2 + len(rows)))
    return with_standing(frame.astype({"value": float, "max": float, "decimals": int, "line": int}))


@st.composite
def months(draw: st.DrawFn) -> tuple[Rubric, pd.DataFrame, dict[str, float]]:
    """A family of rules of three groups, what one of its members prints, and the true rates."""
    groups, rates, scores = [], {}, []
    for place in range(3):
        items, score = [], Fraction(0)
        for number in range(draw(st.integers(1, 2))):
            worth = draw(st.integers(1, 6))
            targets = draw(st.lists(st.sampled_from([100, 90, 80, 50]), min_size=1, max_size=2, unique=True))
            rate = draw(st.integers(0, 10_000))
            zero = parameter("no_points")
            shares = ["none" if target == 100 else float(target) for target in targets]
            items.append({"max": parameter(float(worth)), "target": parameter(*shares), "zero_denominator": zero})
            rates[f"indicator_{place}_{number}"] = rate / 100
            score += min(Fraction(worth), Fraction(worth * rate, 100 * targets[0]))
        groups.append((float(sum(item["max"]["value"] for item in items)), items))
        scores.append(score)
    shown = {code: rate for code, rate in rates.items() if draw(st.integers(0, 3))}
    rows = [("total", "total_score", round(float(sum(scores)), 2), "points", 2)]
    rows += [("group", f"group_{at}", round(float(score), 1), "points", 1) for at, score in enumerate(scores)]
    rows += [("indicator", code, rate, "percent", 2) for code, rate in shown.items()]
    return Rubric.model_validate(family(groups)), history_of(rows), rates


def known(month: tuple[Rubric, pd.DataFrame, dict[str, float]]) -> Identified:
    rubric, history, _rates = month
    return identify(history, rubric, ENTITY, MONTH)


def test_a_higher_rate_never_gains_less(holds):
    def check(month: Any, one: float, other: float, data: st.DataObject) -> None:
        code = data.draw(st.sampled_from(sorted(month[2])))
        low, high = sorted(max(rate, month[2][code]) for rate in (one, other))
        identified = known(month)
        less, more = (gains(identified, {code: rate}).iloc[0] for rate in (low, high))
        assert less["gain_low"] <= more["gain_low"] + NEAR and less["gain_high"] <= more["gain_high"] + NEAR
        assert 0 <= more["gain_low"] <= more["gain_high"]

    holds(check, months(), RATES, RATES, st.data())


def test_gains_are_never_more_than_what_is_lost(holds):
    """Of all indicators at 100 % together: what is lost, no more and no less; each part within its group."""

    def check(month: Any) -> None:
        rubric, history, rates = month
        identified = known(month)
        gained = gains(identified, dict.fromkeys(rates, 100.0)).iloc[-1]
        lost = identified.lost(rates)
        assert gained["gain_high"] <= lost.high + NEAR and gained["total_high"] <= rubric.points + NEAR
        by_group = losses_by_group(history, rubric, ENTITY, MONTH, identified)
        by_indicator = losses_by_indicator(identified).groupby("group")[["lost_low", "lost_high"]].sum()
        for row in by_group.itertuples():
            assert -NEAR <= row.lost_low <= row.lost_high <= row.max + NEAR
            assert by_indicator.loc[row.code, "lost_low"] <= row.lost_low + NEAR
            assert by_indicator.loc[row.code, "lost_high"] >= row.lost_high - NEAR

    holds(check, months())


def test_the_order_of_rows_changes_nothing(holds):
    def check(month: Any, seed: int) -> None:
        rubric, history, _rates = month
        shuffled = history.sample(frac=1, random_state=seed).reset_index(drop=True)
        pd.testing.assert_frame_equal(
            losses_by_indicator(known(month)), losses_by_indicator(known((rubric, shuffled, {})))
        )
        frames = [losses_by_group(some, rubric, ENTITY, MONTH) for some in (history, shuffled)]
        pd.testing.assert_frame_equal(*frames)

    holds(check, months(), st.integers(0, 2**31))


# The same words in other letters.

NAMES = {
    "transparency": ("Công khai, minh bạch", 18),
    "processing_progress": ("Tiến độ giải quyết", 20),
    "online_service_provision": ("Cung cấp dịch vụ công trực tuyến", 12),
    "online_payment": ("Thanh toán trực tuyến", 10),
    "satisfaction": ("Mức độ hài lòng", 18),
    "digitisation": ("Số hóa hồ sơ", 22),
}
WAYS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "wide digits": lambda text: text.translate({ord(d): ord(d) + 0xFEE0 for d in "0123456789"}),
    "hard spaces": lambda text: text.replace(" ", "\u00a0"),
    "narrow spaces": lambda text: text.replace(" ", "\u202f"),
    "zero-width": lambda text: "\u200b".join(text),
    "direction": lambda text: f"\u202a{text}\u202c",
    "old tones": lambda text: text.replace("òa", "oà").replace("óa", "oá"),
    "line ends": lambda text: text.replace("\n", "\r\n"),
}


def test_other_letters_for_the_same_words_give_the_same_figures(holds, rubrics):
    book = load_phrasebook(REPOSITORY / "data" / "wordings.toml")

    def check(tenths: list[int], order: list[str], one: str, other: str) -> None:
        scores = {code: Decimal(tenth % (10 * NAMES[code][1] + 1)) / 10 for code, tenth in zip(order, tenths)}  # noqa: B905
        lines = [
            f"{NAMES[code][0]}: {value:.1f}/{NAMES[code][1]} điểm".replace(".", ",") for code, value in scores.items()
        ]
        total = f"{sum(scores.values()):.1f}".replace(".", ",")
        text = "\n".join([f"Tỉnh Hòa Bình tháng 4/2023 đạt {total}/100 điểm.", *(f"- {line};" for line in lines)])
        found = figures_of(read(WAYS[other](WAYS[one](text)), rubrics, book))
        assert {code: value[0] for (code, _unit), value in found.items() if code in NAMES} == scores
        assert found["total_score", "points"][0] == sum(scores.values())

    ways = st.sampled_from(sorted(WAYS))
    holds(check, st.lists(st.integers(0, 10_000), min_size=6, max_size=6), st.permutations(sorted(NAMES)), ways, ways)


# The cheapest plan.


def test_a_plan_is_what_trying_every_choice_finds(holds):
    """At most twelve steps of four levers, the rule known: the least cost of all choices that reach the target."""

    def check(
        worths: list[int], rates: list[int], caps: list[int], costs: list[int], setups: list[int], want: int
    ) -> None:
        size = 10.0
        zero = {"zero_denominator": parameter("no_points"), "target": parameter("none")}
        rubric = Rubric.model_validate(
            family([(float(worth), [{"max": parameter(float(worth))} | zero]) for worth in worths])
        )
        codes = [f"indicator_{place}_0" for place in range(4)]
        total = sum(Fraction(worth * rate, 100) for worth, rate in zip(worths, rates, strict=True))
        rows = [("total", "total_score", float(total), "points", 2)]
        rows += [("indicator", code, float(rate), "percent", 2) for code, rate in zip(codes, rates, strict=True)]
        identified = identify(history_of(rows), rubric, ENTITY, MONTH)
        efforts = zip(codes, costs, setups, rates, caps, strict=True)
        levers = {
            code: lever(
                code, step=size, cost=cost / size, setup=float(setup), ceiling=min(rate + size * cap + 0.5, 100.0)
            )
            for code, cost, setup, rate, cap in efforts
        }
        rounding = min(Fraction(1, 200), Fraction(sum(worths), 20_000))
        goal = total + Fraction(want, 4) + Fraction(1, 8)
        best = None
        for steps in product(*(range(cap + 1) for cap in caps)):
            reached = (
                total - rounding + sum(Fraction(worth * step, 10) for worth, step in zip(worths, steps, strict=True))
            )
            if reached >= goal:
                paid = [
                    step * cost + setup * (step > 0) for step, cost, setup in zip(steps, costs, setups, strict=True)
                ]
                best = sum(paid) if best is None else min(best, sum(paid))
        found = plan(identified, levers, float(goal))
        assert found.feasible == (best is not None)
        if best is not None:
            assert abs(found.cost - best) <= NEAR and found.sure_total >= float(goal) - NEAR

    small = st.integers(1, 3)
    holds(
        check,
        st.lists(st.integers(1, 9), min_size=4, max_size=4),
        st.lists(st.integers(1, 60), min_size=4, max_size=4),
        st.lists(small, min_size=4, max_size=4),
        st.lists(st.integers(1, 9), min_size=4, max_size=4),
        st.lists(st.integers(0, 5), min_size=4, max_size=4),
        st.integers(0, 20),
    )


# Intervals.

ENDS = st.tuples(st.integers(-1000, 1000), st.integers(-1000, 1000)).map(sorted)


def test_intervals_hold_what_their_members_add_up_to(holds):
    def check(one: list[int], other: list[int], share: list[int]) -> None:
        first, second = (Interval(*(end / 8 for end in pair)) for pair in (one, other))
        inside = [span.low + span.width * part / 1000 for span, part in zip((first, second), share, strict=True)]
        assert (first + second).contains(sum(inside))
        assert (100 - first).contains(100 - inside[0])
        met = first.meet(second)
        assert (met is not None and met.contains(inside[0])) == second.contains(inside[0])
        assert first.widened(1.0).contains(inside[0] + 1) and first.widened(1.0).contains(inside[0] - 1)

    holds(check, ENDS, ENDS, st.lists(st.integers(0, 1000), min_size=2, max_size=2))

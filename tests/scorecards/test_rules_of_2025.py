"""What the portal's cards of October 2025 say of the rules of their day, held against every card that carries it.

Each test prints its rows and its largest error (`pytest -s`).
"""

import pandas as pd
import pytest

CAPTURES = {"2025-10-11": 6.0, "2025-10-15": 6.0, "2025-10-16": 12.0}
ROUNDED = 0.005  # what the second decimal of a printed score hides
DECLARED = 0.00334  # the largest error found: a third of a hundredth, less than rounding allows


def month_to_date(history: pd.DataFrame, day: str) -> pd.DataFrame:
    """The groups of the 34 provinces in October 2025, as the portal showed them on a day: a row a province."""
    rows = history[(history["day"] == day) & (history["period"] == "2025-10") & (history["siblings"] == "")]
    wide = rows[rows["unit"] == "points"].pivot(index="entity", columns="code", values="value")
    assert len(wide) == 34
    return wide


def told(what: str, error: pd.Series) -> None:
    print(f"\n{what}: {len(error)} rows, largest error {error.abs().max():.4f} ({error.abs().idxmax()})")


@pytest.mark.parametrize(("day", "petitions"), CAPTURES.items())
def test_satisfaction_is_a_share_for_petitions_and_the_on_time_rate_up_to_90_percent(history, day, petitions):
    """Petitions have 6 + 6: one of them full where there was none, from 16 October both."""
    wide = month_to_date(history, day)
    on_time = wide["processing_progress"] / 20
    error = wide["satisfaction"] - (petitions + (6 * on_time / 0.9).clip(upper=6))
    told(f"satisfaction on {day}", error)
    assert error.abs().max() <= DECLARED


def test_another_share_for_petitions_is_out(history):
    """5 + 5 + 2 give 0, 2, 5, 7, 10 or 12, and 6 in no province."""
    wide = month_to_date(history, "2025-10-15")
    rest = wide["satisfaction"] - (6 * wide["processing_progress"] / 20 / 0.9).clip(upper=6)
    assert rest.round(2).eq(6.0).all()
    assert not {round(value, 2) for value in rest} & {0.0, 2.0, 5.0, 7.0, 10.0, 12.0}


def test_the_target_of_satisfaction_lies_between_89_95_and_90_05_percent(history):
    """From every card below it: 6 × on time / (satisfaction less petitions), within the rounding of both."""
    low, high, count = 0.0, 100.0, 0
    for day, petitions in CAPTURES.items():
        wide = month_to_date(history, day)
        below = wide[wide["satisfaction"] < petitions + 6 - 0.01]
        own = below["satisfaction"] - petitions
        low = max(low, float((30 * (below["processing_progress"] - ROUNDED) / (own + ROUNDED)).max()))
        high = min(high, float((30 * (below["processing_progress"] + ROUNDED) / (own - ROUNDED)).min()))
        count += len(below)
    print(f"\ntarget of satisfaction: {count} rows, {low:.3f} to {high:.3f} %")
    assert count == 54 and 89.95 <= round(low, 2) <= 90.0 <= round(high, 2) <= 90.05


def test_april_2023_had_no_such_target(history, rubrics):
    """By 6 + 6 with one petition indicator full, 88.25 % on time give 11.88 points or more with a target of 90 %."""
    april = history[(history["entity"] == "Hòa Bình") & (history["period"] == "2023-04")].set_index("code")["value"]
    with_target, without = 6 + 6 * 0.8825 / 0.9, 6 + 6 * 0.8832
    assert with_target > april["satisfaction"] + 0.05 > without > april["satisfaction"] - 0.05


def test_a_commune_that_publishes_no_procedure_loses_nothing_there(history):
    """In 2025; in 2026 it has no points. 92 of 102 communes of An Giang have all 18 points for transparency."""
    rows = history[(history["day"] == "2025-10-16") & (history["period"] == "2025-10") & (history["siblings"] != "")]
    scores = rows[(rows["code"] == "transparency")].set_index("entity")["value"]
    communes = scores[~scores.index.str.match(r"Sở |Ban |Thanh tra|Văn phòng")]
    print(f"\ntransparency of communes: {len(communes)} rows, {int((communes == 18).sum())} with all 18 points")
    assert len(communes) == 102 and (communes == 18).sum() >= 92

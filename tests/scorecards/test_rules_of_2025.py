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


def units_of(history: pd.DataFrame, day: str) -> pd.DataFrame:
    """The groups of the departments and communes of An Giang in October 2025, by unit."""
    rows = history[(history["day"] == day) & (history["period"] == "2025-10") & (history["siblings"] != "")]
    wide = rows[rows["unit"] == "points"].pivot(index="entity", columns="code", values="value")
    assert len(wide) == 117
    return wide


def communes_of(history: pd.DataFrame, day: str) -> pd.DataFrame:
    wide = units_of(history, day)
    return wide[~wide.index.str.match(r"Sở |Ban |Thanh tra|Văn phòng")]


AN_MINH, VINH_TRACH, FINANCE = "Xã An Minh, An Giang", "Xã Vĩnh Trạch, An Giang", "Sở Tài chính, An Giang"


def test_online_submission_has_full_marks_from_a_low_rate(history):
    """Communes with most dossiers synchronised have 2 + 6 of 12 points, and a little for services with dossiers.

    Publication loses nothing there, so transparency is 18 × synchronised. Two that lack dossiers have 2 + a little +
    6 × synchronised × submitted / target: the target is at most 6 × synchronised over what they have besides 2 and the
    most that any other commune has for services with dossiers on that day.
    """
    rows, targets = 0, {}
    for day in CAPTURES:
        wide = communes_of(history, day)
        synced = wide["transparency"] / 18
        full = wide[synced > 0.65]
        assert set(wide.index) - set(full.index) == {AN_MINH, VINH_TRACH}
        used = full["online_service_provision"] - 8
        assert used.between(0, 0.25).all(), "none of them lacks any of 2 + 6"
        rows += len(wide)
        for unit in (AN_MINH, VINH_TRACH):
            least = wide.loc[unit, "online_service_provision"] - ROUNDED - 2 - used.max() - ROUNDED
            most = 100 * 6 * (wide.loc[unit, "transparency"] + ROUNDED) / 18 / least
            targets[unit] = min(targets.get(unit, 100.0), float(most))
    print(f"\nonline submission: {rows} rows, target at most {', '.join(f'{most:.1f} %' for most in targets.values())}")
    assert rows == 306 and targets == {AN_MINH: pytest.approx(57.9, abs=0.1), VINH_TRACH: pytest.approx(63.1, abs=0.5)}


def test_online_submission_is_multiplied_by_the_share_synchronised(history):
    """What two communes have for it moves with the share synchronised, capture by capture, within 2 %."""
    found = pd.DataFrame({day: communes_of(history, day).loc[[AN_MINH, VINH_TRACH]].stack() for day in CAPTURES})
    synced = found.xs("transparency", level="code") / 18
    own = found.xs("online_service_provision", level="code") - 2 - 0.1
    ratio = own / synced
    spread = ratio.max(axis=1) / ratio.min(axis=1) - 1
    print(f"\nonline submission per share synchronised: {ratio.size} rows, largest spread {spread.max():.4f}")
    assert (synced.max(axis=1) / synced.min(axis=1) - 1).min() > 0.05 > 0.02 > spread.max()


def test_the_finance_department_puts_the_target_at_52_percent_at_most(history):
    """From 11 to 16 October its share synchronised fell from 7.9 to 4.2 % and its points by 0.45: a slope of 6 × share
    submitted / target, at least 11.48 after rounding."""
    first, last = (units_of(history, day).loc[FINANCE] for day in ("2025-10-11", "2025-10-16"))
    fell = first["online_service_provision"] - last["online_service_provision"] - 2 * ROUNDED
    by = (first["transparency"] - last["transparency"] + 2 * ROUNDED) / 18
    print(f"\nfinance department: 2 rows, target at most {100 * 6 * by / fell:.2f} %")
    assert 100 * 6 * by / fell == pytest.approx(52.27, abs=0.01)


def test_dossiers_paid_online_are_not_linear(history):
    """All 10 points of payment in Bắc Ninh, year to date, on three captures and by notices; 86.15 % leave 9.17."""
    rows = history[(history["entity"] == "Bắc Ninh") & (history["code"] == "online_payment") & (history["value"] == 10)]
    linear = 6 * 0.8615 + 2 + 2
    rate = history[(history["entity"] == "Bắc Ninh") & (history["code"] == "online_payment_dossiers")]["value"]
    print(f"\npayment of Bắc Ninh: {len(rows)} rows of 10 points, linear {linear:.2f} at most")
    assert 86.15 in set(rate) and set(CAPTURES) <= set(rows["day"]) and (rows["day"] == "").sum() >= 2
    assert linear == pytest.approx(9.169) and linear < 10 - ROUNDED


def test_in_2026_who_publishes_nothing_has_no_points_for_it(history):
    """Phú Thọ, August 2026: nothing to announce or update; 7.96 of 18 are full content and synchronisation alone."""
    card = history[
        (history["entity"] == "Phú Thọ") & (history["period"] == "2026-08") & (history["day"] == "2026-09-27")
    ]
    points = card[card["unit"] == "points"].set_index("code")["value"]
    bases = card[card["unit"] == "count"].set_index("code")["value"]
    error = points["transparency"] - (points["full_content"] + points["dossier_sync"])
    print(f"\ntransparency in August 2026: 1 row, largest error {abs(error):.4f}")
    assert bases["published_on_time_base"] == bases["updated_on_time_base"] == 0
    assert abs(error) <= ROUNDED and 18 - 6 - 2 == 10

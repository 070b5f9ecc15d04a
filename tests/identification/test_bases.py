"""Which base would a derived rate need? Planted cards, and the dossiers of April 2023."""

from math import inf

import pytest
from pydantic import ValidationError

from analysis.card import open_card
from analysis.identification.bases import bases_of, odd_bases
from analysis.identification.evidence import Bases, load_bases, read_card
from analysis.identification.identify import identify
from tables import figures

TWICE = Bases(indicators=("a", "c"), times=2.0, status="assumed", source="tests")


@pytest.fixture
def planted(tiny_rubric):
    """The first group scores 0.6 to 2.6, of which b may have all 2: a, whose rate is not printed, 100 of a whole."""

    def of(count, *more, first=0.6):
        history = figures(
            ("A", "total_score", first + 4.2, {"decimals": 1, "max": 10.0}),
            ("A", "first", first, {"decimals": 1, "max": 5.0}),
            ("A", "second", 4.2, {"decimals": 1, "max": 5.0}),
            ("A", "b", 0.0, "percent"),
            ("A", "a", count, "count"),
            *more,
        ).assign(period="2023-01")
        return read_card(history, tiny_rubric, "A", "2023-01"), identify(history, tiny_rubric, "A", "2023-01")

    return of


def test_a_count_bounds_the_base_of_its_rate(planted):
    """0.55 to 0.65 points, of which b, below 0.5 %, has up to 0.02: a is 17.7 to 21.7 %, and 100 of 461 to 566."""
    (base,) = bases_of(*planted(100.0), ["a"])
    assert (base.code, base.period) == ("a", "2023-01")
    assert base.low == pytest.approx(100 / 0.65 * 3, rel=0.01) and base.high == pytest.approx(100 / 0.53 * 3, rel=0.01)
    (printed,) = bases_of(*planted(100.0, ("A", "a_base", 500.0)), ["a"])
    assert (printed.low, printed.high) == (500.0, 500.0)
    (open_above,) = bases_of(*planted(100.0, first=0.0), ["a"])  # the rate may be 0, or as much as rounding hides
    assert open_above.high == inf and open_above.low == pytest.approx(100 / 0.05 * 3, rel=0.05)
    assert not [*bases_of(*planted(0.0), ["a"])]


@pytest.mark.parametrize(("base", "odd"), [(200.0, True), (240.0, False)])
def test_a_rate_that_needs_a_base_beyond_all_others_is_named(planted, base, odd):
    """It needs at least 461: more than twice 200, less than twice 240."""
    card, rules = planted(100.0, ("A", "c_base", base), ("A", "c", 0.8 * base, "count"), ("A", "c", 80.0, "percent"))
    found = odd_bases(card, rules, [TWICE], list)
    assert len(found) == odd
    if odd:
        row = found.iloc[0]
        assert (row["code"], row["known_code"], row["known_period"], row["known_base"]) == ("a", "c", "2023-01", base)
        assert row["times"] == pytest.approx(row["base_least"] / base) and row["most"] == 2.0
        assert row["rate_high"] == pytest.approx(100 * row["count"] / row["base_least"])


def test_other_cards_are_asked_only_where_a_count_has_no_rate(planted):
    def never():
        raise AssertionError

    card, rules = planted(100.0, ("A", "a_base", 500.0), ("A", "a", 20.0, "percent"))
    assert odd_bases(card, rules, [TWICE], never).empty
    alone = planted(100.0)
    assert odd_bases(*alone, [TWICE], list).empty  # nothing to hold it against
    assert odd_bases(*alone, [TWICE], lambda: [(card, rules)]).empty
    small = planted(10.0, ("A", "a_base", 50.0), ("A", "a", 20.0, "percent"))
    assert odd_bases(*alone, [TWICE], lambda: [small, small])["known_base"].tolist() == [50.0]


def test_the_dossiers_that_april_2023_says_were_synchronised():
    """23 636 at 4.17 % would be of 567 000; July 2024 has 17 675 at 60.8 % or more: of 29 055 at most."""
    april = open_card("Hòa Bình", "2023-04", language="en")
    row = april.results.odd_bases.iloc[0]
    assert (row["code"], row["count"], row["known_period"]) == ("dossier_sync", 23636, "2024-07")
    assert row["base_least"] == pytest.approx(567_000, rel=1e-3) and row["known_base"] == pytest.approx(
        29_055, rel=1e-3
    )
    assert len(april.results.odd_bases) == 1
    assert april.results.first["code"].tolist()[-1] == "dossier_sync"
    assert "23,636 are published, and the points say 4.2 % at most" in str(april.first_steps)
    words = str(april.rules)
    assert "567,037 or more, 20 times the most that any other figure allows (29,055, July 2024)" in words


def test_where_rates_are_printed_nothing_is_odd(history):
    """All 34 cards of 2026 print their bases; the factor is twice what lies between those of one card."""
    (family,) = load_bases()
    rows = history[(history["day"] == "2026-10-10") & (history["period"] == "2026") & (history["unit"] == "count")]
    bases = rows[rows["code"].isin([f"{code}_base" for code in family.indicators])]
    between = bases.groupby("entity")["value"].agg(lambda of_one: of_one.max() / of_one.min())
    assert len(between) == 34 and 2.4 < between.max() < 2.5 and family.times == 5
    assert open_card("Phú Thọ", "2026").results.odd_bases.empty


def test_a_family_of_bases_is_two_or_more():
    with pytest.raises(ValidationError):
        Bases(indicators=("a",), times=2.0, status="assumed", source="tests")

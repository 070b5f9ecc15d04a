"""Ranks after a gain: real provinces, totals one can count in one's head, and every completion of small cases."""

from itertools import pairwise, product

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.comparisons.ranks import (
    RankSet,
    alike,
    counted,
    outlook,
    peers,
    rank_after_gain,
    rank_set,
    standing,
)
from analysis.errors import CheckError, NoTotalError, ParameterError, UnknownNameError
from analysis.interval import Interval
from analysis.scorecards.entities import SIBLINGS
from tables import figures

PROVINCES = "2026"
FULL = 10_000
NOBODY = pd.DataFrame(columns=["entity", "low", "high", "rank"])
EXAMPLES = pytest.mark.parametrize("examples", [30, pytest.param(300, marks=pytest.mark.slow)])


def holds(check, examples, *strategies):
    settings(max_examples=examples, suppress_health_check=list(HealthCheck))(given(*strategies)(check))()


def points(hundredths):
    return hundredths / 100


def frame(totals, ranks=None, ranked=None):
    """As from `peers`: entity → total, printed with two decimals."""
    rows = [
        {
            "entity": name,
            "total": total,
            "low": total - 0.005,
            "high": total + 0.005,
            "rank": (ranks or {}).get(name, float("nan")),
            "ranked": ranked or float("nan"),
        }
        for name, total in totals.items()
    ]
    return pd.DataFrame(rows, columns=["entity", "total", "low", "high", "rank", "ranked"])


def after(peers, entity, gain, drift=0.0):
    """The ranks, best and worst, and how many are passed, fewest and most, in the last case."""
    gain = Interval(*gain) if isinstance(gain, tuple) else Interval.point(gain)
    row = rank_after_gain(peers, entity, gain, drift).iloc[-1]
    assert (row["case"], row["drift"]) == ("others_drift" if drift else "others_fixed", drift)
    assert (row["gain_low"], row["gain_high"]) == (gain.low, gain.high)
    return (row["rank_best"], row["rank_worst"]), (row["passed_low"], row["passed_high"])


# Which totals are ranked together


@pytest.fixture(scope="module")
def ranking(history):
    return peers(history, "Phú Thọ", PROVINCES)


def test_all_provinces_of_a_snapshot_are_peers(ranking):
    assert list(ranking["rank"]) == list(range(1, 35))
    assert set(ranking["ranked"]) == {34}
    own = ranking.set_index("entity").loc["Phú Thọ"]
    assert (own["total"], own["rank"]) == (62.18, 19)
    assert (own["low"], own["high"]) == pytest.approx((62.175, 62.185))


def test_peers_are_of_the_same_period_scope_and_date():
    other = ({"period": "2025"}, {"scope": "month"}, {"as_of": "2026-10-11"}, {"value": float("nan")})
    history = figures(
        ("A", "total_score", 50.0),
        ("B", "total_score", 60.0),
        ("B", "national_rank", 1),
        ("B", "national_rank", 3, {"as_of": "2026-10-11"}),
        *((f"C{number}", "total_score", 70.0, change) for number, change in enumerate(other)),
        ("D", "national_rank", 2),
    )
    found = peers(history, "A", "2026")
    assert list(found["entity"]) == ["B", "A"]
    assert found["rank"].iloc[0] == 1
    assert found[["rank", "ranked"]].iloc[1].isna().all()


@pytest.mark.parametrize("unknown", [{"as_of": ""}, {"scope": "unknown"}])
def test_an_unknown_date_or_scope_is_the_same_only_in_the_same_source(unknown):
    history = figures(
        ("A", "total_score", 50.0, unknown),
        ("A", "national_rank", 2, unknown | {"source": "elsewhere"}),
        ("B", "total_score", 60.0, unknown),
        ("C", "total_score", 70.0, unknown | {"source": "elsewhere"}),
    )
    found = peers(history, "A", "2026").set_index("entity")
    assert list(found.index) == ["B", "A"]
    assert found.loc["A", "rank"] == 2


def test_two_notices_of_unknown_date_are_not_ranked_together(history):
    assert list(peers(history, "Hòa Bình", "2024-07")["entity"]) == ["Hòa Bình"]
    assert "Bắc Kạn" in set(history[(history["period"] == "2024-07") & (history["as_of"] == "")]["entity"])


def test_peers_of_a_period_without_a_total(history):
    with pytest.raises(NoTotalError):
        peers(history, "Hòa Bình", "2024-06")
    with pytest.raises(UnknownNameError):
        peers(history, "Hòa Bình", "2020-01")


# Ranks where all totals are known


@pytest.mark.parametrize(
    ("gain", "best", "worst"),
    [(3.94, 6, 6), (3.95, 5, 5), (3.9449, 5, 6), (4.04, 5, 5), (4.05, 4, 4), (0.0, 19, 19), (6.61, 2, 2), (6.62, 1, 1)],
)
def test_phu_tho_reaches_a_rank_when_it_is_level(ranking, gain, best, worst):
    """62.18 + 3.95 = 66.13 is Tây Ninh, + 4.05 = 66.23 is Gia Lai, + 6.62 = 68.80 is Đồng Tháp."""
    assert after(ranking, "Phú Thọ", gain) == ((best, worst), (19 - worst, 19 - best))
    result = rank_after_gain(ranking, "Phú Thọ", Interval.point(gain))
    assert list(result["case"]) == ["today", "others_fixed"]
    assert list(result.iloc[0])[1:] == [0, 0, 0, 19, 19, 0, 0]


def test_every_published_rank_is_the_one_counted(ranking):
    for row in ranking.itertuples():
        others = ranking.drop(index=row.Index)
        assert rank_set(others, 34, Interval(row.low, row.high)) == RankSet(row.rank, row.rank, 34)


TIED = frame({"A": 70.0, "B": 60.0, "C": 60.0, "D": 50.0})


COARSE = frame({"A": 60.2, "B": 60.0}).assign(low=[60.195, 59.5], high=[60.205, 60.5])  # B is printed as 60
OWN_COARSE = frame({"A": 60.0, "C": 60.6}).assign(low=[59.5, 60.595], high=[60.5, 60.605])  # A is


@pytest.mark.parametrize(
    ("peers", "entity", "gain", "ranks", "passed"),
    [
        # level totals share a rank and the next is left out
        *((TIED, entity, 0, (rank, rank), (0, 0)) for entity, rank in zip("ABCD", (1, 2, 2, 4), strict=True)),
        # a gain that ends level passes
        (TIED, "D", 9.99, (4, 4), (0, 0)),
        (TIED, "D", 10, (2, 2), (2, 2)),
        (TIED, "D", (10 - 1e-10, 10 + 1e-10), (2, 2), (2, 2)),
        (TIED, "D", 10 - 1e-6, (2, 4), (0, 2)),
        (TIED, "D", (9, 20), (1, 4), (0, 3)),
        (TIED, "D", (20, 30), (1, 1), (3, 3)),
        # 60.20 may be behind what is 59.50 to 60.50, and 60.50 is surely level at least
        (COARSE, "A", 0.0, (1, 2), (0, 0)),
        (COARSE, "A", 0.2, (1, 2), (0, 1)),
        (COARSE, "A", 0.3, (1, 1), (0, 1)),
        (COARSE.assign(rank=[1, 2]), "A", 0.2, (1, 1), (0, 1)),
        # after 0.1 it may be level with 60.60 at best
        (OWN_COARSE, "A", 0.1, (1, 2), (0, 1)),
        (OWN_COARSE, "A", 0.09, (2, 2), (0, 0)),
        # 100 × 0.07 is more than 7 in floats, 100 × 0.29 less than 29
        *((frame({"A": 50.0, "B": 50 + gain}), "A", gain, (1, 1), (1, 1)) for gain in (0.07, 0.29)),
        *((frame({"A": 50.0, "B": 50 + gain + 0.01}), "A", gain, (2, 2), (0, 0)) for gain in (0.07, 0.29)),
    ],
)
def test_ranks_after_a_gain_while_the_others_stay(peers, entity, gain, ranks, passed):
    assert after(peers, entity, gain) == (ranks, passed)


totals = st.integers(0, 8)


def check_drift(places, gain, drift, base):
    own, *others = [base + place for place in places]
    steps = range(min(gain), max(gain) + 1)
    ways = [range(max(other - drift, 0), min(other + drift, FULL) + 1) for other in others]
    ranks, passed = set(), set()
    for step, *moved in product(steps, *ways):
        ranks.add(1 + sum(total > min(own + step, FULL) for total in moved))
        passed.add(sum(now > own and then <= own + step for now, then in zip(others, moved, strict=True)))
    names = dict(zip("ABCD", map(points, [own, *others]), strict=True))
    found = after(frame(names), "A", tuple(map(points, sorted(gain))), points(drift))
    assert found == ((min(ranks), max(ranks)), (min(passed), max(passed)))


@EXAMPLES
def test_drift_is_every_way_the_others_can_move(examples):
    check_drift([0, 1, 1, 2], (1, 1), 1, 0)
    places, base = st.lists(totals, min_size=4, max_size=4), st.sampled_from([0, 50_00, 99_92])
    holds(check_drift, examples, places, st.tuples(totals, totals), st.integers(1, 3), base)


def test_the_rank_is_not_counted_while_totals_are_missing(ranking):
    below = ranking[ranking["entity"] != "Hà Nội"]
    with pytest.raises(CheckError, match="33 of 34"):
        rank_after_gain(below, "Phú Thọ", Interval.point(1))
    above = ranking[ranking["entity"] != "Đồng Tháp"].assign(ranked=float("nan"))
    with pytest.raises(CheckError, match="No totals agree"):
        rank_after_gain(above, "Phú Thọ", Interval.point(1))


@pytest.mark.parametrize(("gain", "drift"), [((-1, 1), 0), ((0, 101), 0), ((0, float("inf")), 0), ((1, 1), -0.5)])
def test_refuses_points_that_are_no_gain_or_drift(gain, drift):
    with pytest.raises(ParameterError):
        rank_after_gain(TIED, "D", Interval(*gain), drift)


def test_refuses_someone_who_is_not_ranked():
    with pytest.raises(UnknownNameError):
        rank_after_gain(TIED, "E", Interval.point(1))


# Ranks where totals are unseen


ONE = Interval.of_printed(92.8, 1)  # 92.75 to 92.85


@pytest.mark.parametrize(
    ("others", "ranked", "total", "rank", "gain", "best", "worst"),
    [
        (NOBODY, 63, 58.83, 24, 0, 24, 24),
        (NOBODY, 63, 58.83, 24, (0.01, 5), 1, 24),  # Hòa Bình may pass all or none of those it does not see
        (NOBODY, 63, 58.83, None, 0, 1, 63),
        (pd.DataFrame(), 63, 58.83, float("nan"), (0, 5), 1, 63),
        (frame({"B": 60.0}), 63, 58.83, None, 0, 2, 63),
        (NOBODY, 63, 90.0, 24, 10, 1, 1),  # the highest total is first whatever the rest
        (NOBODY, 63, 0.0, None, 0, 1, 63),
        (frame({"B": 92.8}), 2, ONE, None, 0, 1, 2),
        (frame({"B": 92.8}), 2, ONE, None, 0.04, 1, 2),
        (frame({"B": 92.8}), 2, ONE, None, 0.05, 1, 1),
        (frame({"B": 92.8}), 2, ONE, 2, 0, 2, 2),
        # a total of more decimals is as the portal would print it
        *((frame({"B": 60.0}), 2, total, None, 0, 1, 1) for total in (60.004, 59.996, Interval.of_printed(59.996, 3))),
        *((frame({"B": 60.01}), 2, total, None, 0, 2, 2) for total in (60.004, 59.996, Interval.of_printed(59.996, 3))),
        (frame({"B": 59.99}).assign(low=59.9955, high=59.9965), 2, 60.0, 1, 0, 1, 1),
    ],
)
def test_the_ranks_that_the_known_facts_allow(others, ranked, total, rank, gain, best, worst):
    gain = Interval(*gain) if isinstance(gain, tuple) else Interval.point(gain)
    found = rank_set(others, ranked, total, rank, gain)
    assert found == RankSet(best, worst, ranked)
    assert found.says_nothing == ((best, worst) == (1, ranked))


@pytest.mark.parametrize("tenths", [301, 419, 503, 577, 699, 811, 907, 999])
def test_floats_do_not_move_the_ends_of_a_coarse_total(tenths):
    own, end = Interval.of_printed(tenths / 10, 1), tenths / 10
    for more, best, worst in ((0.05, 1, 2), (0.06, 2, 2), (-0.04, 1, 2), (-0.05, 1, 1)):
        assert rank_set(frame({"B": end + more}), 2, own) == RankSet(best, worst, 2)


def test_a_known_rank_bounds_the_unseen():
    """Own 50, 8th; 4th has 60 and 6th 55: at 56, three or four of the seven are above; at 60, three; at 61, 0 to 3."""
    known = frame({"fourth": 60.0, "sixth": 55.0}, {"fourth": 4, "sixth": 6})
    for gain, best, worst in ((0, 8, 8), (4, 7, 8), (5, 6, 6), (6, 5, 6), (10, 4, 4), (11, 1, 4)):
        for totals_known in (NOBODY, known):
            found = rank_set(totals_known, 20, 50.0, 8, Interval.point(gain), known)
            assert found == RankSet(best, worst, 20), gain
    assert rank_set(known, 20, 50.0, 8, Interval.point(11)) == RankSet(1, 6, 20)


def test_known_totals_without_their_ranks_stay_known():
    known = frame({"B": 60.0, "C": 55.0}, {"B": 1})
    assert rank_set(NOBODY, 4, 50.0, known_ranks=known) == rank_set(known, 4, 50.0, known_ranks=known.head(1))


@pytest.mark.parametrize(
    ("known", "ranked", "rank", "known_ranks"),
    [
        ({"B": 60.0}, 5, 1, {}),  # someone is above the first
        ({}, 5, 6, {}),  # the sixth of five
        ({"B": 40.0, "C": 30.0}, 3, 2, {}),  # nobody is left to be above
        ({}, 5, 3, {"B": (60.0, 3)}),  # a rank shared by different totals
        ({}, 5, 4, {"B": (50.0, 3)}),  # a total shared by different ranks
        ({"B": 55.0}, 5, 3, {"C": (60.0, 2)}),  # B would be third, and so this one fourth
        ({}, 5, None, {"B": (100.0, 2)}),  # nobody can be above 100
        ({"B": 60.0, "C": 70.0}, 2, None, {}),  # three of two
        ({"B": 60.0}, 5, None, {"B": (61.0, 1)}),  # two totals of one
    ],
)
def test_facts_that_cannot_be_true_together(known, ranked, rank, known_ranks):
    with_rank = frame(
        {name: total for name, (total, _rank) in known_ranks.items()}, {n: r for n, (_t, r) in known_ranks.items()}
    )
    with pytest.raises(CheckError):
        rank_set(frame(known), ranked, 50.0, rank, known_ranks=with_rank)


def test_what_is_known_of_a_ranking_and_what_a_gain_brings(tiny_rubric, rubric):
    """The first has 60, so that the one of four that is not known, above the third today, is not above 61."""
    history = figures(
        ("A", "total_score", 50.0),
        ("A", "national_rank", 3),
        ("B", "total_score", 60.0),
        ("B", "national_rank", 1),
        ("C", "total_score", 40.0),
    )
    known, gain = standing(history, tiny_rubric, "A", "2026"), Interval.point(11)
    assert (known.ranked, known.known, known.rank, list(known.placed["entity"])) == (4, 3, 3, ["B"])
    assert [list(row) for row in outlook(known, gain).to_numpy()] == [
        ["today", 3, 3, 4, 3, False],
        ["after", 1, 1, 4, 3, False],
    ]
    assert counted(history, "A", "2026", gain, 0.0, known).empty and outlook(None, gain).empty
    whole = pd.concat([history, figures(("D", "total_score", 55.0))], ignore_index=True)
    known = standing(whole, tiny_rubric, "A", "2026")
    assert known.placed is None and known.after(gain) == RankSet(1, 1, 4)
    assert list(counted(whole, "A", "2026", gain, 2.0, known)["case"]) == ["today", "others_fixed", "others_drift"]
    unranked = whole[whole["code"] != "national_rank"]
    assert standing(unranked, tiny_rubric, "A", "2026") is None
    assert standing(unranked, rubric, "A", "2026").ranked == 34
    units = unranked.assign(**{SIBLINGS: "units of one province"})  # which nobody ranks among provinces
    assert standing(units, rubric, "A", "2026") is None


def test_too_many_coarse_totals_with_ranks_are_refused():
    coarse = frame({name: 60.0 for name in "ABCD"}, dict.fromkeys("ABCD", 1)).assign(low=59.95, high=60.05)
    assert rank_set(coarse, 5, 50.0) == RankSet(5, 5, 5)
    with pytest.raises(CheckError, match="Too many"):
        rank_set(coarse, 5, 50.0, known_ranks=coarse)


PLACES = 6  # hundredths that totals of the small cases lie on; one more on either side and 100 stand for all others


@st.composite
def small_cases(draw):
    """Up to three known and three unseen, some with their true ranks: (base, spans, truth, ranks, unseen, gain)."""
    base = draw(st.sampled_from([0, 50_00, FULL - PLACES]))
    count, unseen = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    truth = [base + draw(st.integers(0, PLACES)) for _number in range(1 + count + unseen)]
    spans = []
    for total in truth[: 1 + count]:
        down, up = draw(st.sampled_from([(0, 0), (0, 0), (1, 1), (2, 0)]))
        spans.append((max(total - down, base), min(total + up, base + PLACES)))
    published = [1 + sum(other > total for other in truth) for total in truth[: 1 + count]]
    ranks = [rank if draw(st.booleans()) else None for rank in published]
    gain = sorted(draw(st.integers(0, 10 * PLACES)) for _end in range(2))
    return base, spans, truth, ranks, unseen, gain


def completions(base, spans, ranks, unseen):
    """Every way the totals may be, the entity's own first, that agrees with the published ranks."""
    anywhere = sorted({*range(max(base - 1, 0), min(base + PLACES + 1, FULL) + 1), FULL})
    for whole in product(*(range(low, high + 1) for low, high in spans), *[anywhere] * unseen):
        counted = (1 + sum(other > total for other in whole) for total in whole)
        if all(rank in (None, true) for rank, true in zip(ranks, counted, strict=False)):
            yield whole


def check_ends(small):
    base, spans, _truth, ranks, unseen, gain = small
    steps = range(gain[0] // 10, -(-gain[1] // 10) + 1)  # the gain is in thousandths
    attained = {
        1 + sum(other > own + step for other in others)
        for own, *others in completions(base, spans, ranks, unseen)
        for step in steps
    }
    rows = [
        {"entity": f"P{number}", "low": points(low), "high": points(high), "rank": rank}
        for number, ((low, high), rank) in enumerate(zip(spans, ranks, strict=True))
    ]
    known = pd.DataFrame(rows[1:], columns=["entity", "low", "high", "rank"])
    found = rank_set(
        known,
        len(spans) + unseen,
        Interval(*map(points, spans[0])),
        ranks[0],
        Interval(gain[0] / 1000, gain[1] / 1000),
        known[known["rank"].notna()],
    )
    assert (found.rank_best, found.rank_worst) == (min(attained), max(attained))
    assert found.says_nothing == ({1, len(spans) + unseen} <= attained)


@EXAMPLES
def test_both_ends_are_attained_by_a_completion_and_no_completion_is_outside(examples):
    holds(check_ends, examples, small_cases())


def test_hiding_more_never_narrows(ranking):
    others = ranking[ranking["entity"] != "Phú Thọ"]
    sets = [rank_set(others.iloc[hidden:], 34, 62.18, 19, Interval(2, 4)) for hidden in range(34)]
    assert all(more.rank_best <= less.rank_best and more.rank_worst >= less.rank_worst for less, more in pairwise(sets))
    assert (sets[0], sets[-1]) == (RankSet(5, 10, 34), RankSet(1, 19, 34))  # four are above 66.18, nine above 64.18


# Like for like


def test_provinces_of_the_size_of_phu_tho(history):
    found, reason = alike(history, "Phú Thọ", PROVINCES)
    assert list(found["entity"]) == ["Đồng Nai", "Hải Phòng", "Ninh Bình", "Phú Thọ", "Nghệ An"]
    assert list(found["place"]) == [1, 2, 3, 4, 5]
    assert list(found["volume"]) == [670009, 726177, 561943, 670094, 563215]
    assert list(found["total"]) == [67.48, 67.18, 63.93, 62.18, 61.82]
    assert reason == ""


def volumes(**counts):
    totals = [(name, "total_score", 50.0 + number % 3) for number, name in enumerate(counts)]
    return figures(*totals, *((name, "on_time_base", count) for name, count in counts.items()))


@pytest.mark.parametrize(
    ("within", "counts"), [(0.2, (80, 120, 79, 121)), (0.29, (71, 129, 70, 130))]
)  # in floats 0.29 × 100 is less than 29
def test_the_share_is_taken_in_whole_numbers(within, counts):
    found, _reason = alike(volumes(A=100, **dict(zip("BCDE", counts, strict=True))), "A", "2026", within)
    assert set(found["entity"]) == {"A", "B", "C"}


def test_places_among_those_alike_are_shared():
    found, _reason = alike(volumes(A=100, B=100, C=100, D=100, E=1), "A", "2026", within=0)
    assert dict(zip(found["entity"], found["place"], strict=True)) == {"C": 1, "B": 2, "A": 3, "D": 3}


def test_a_place_that_rounding_leaves_open_is_missing():
    history = volumes(A=100, B=100, C=100)
    history.loc[(history["entity"] == "B") & (history["level"] == "total"), "decimals"] = 0  # 51 is 50.50 to 51.50
    history.loc[(history["entity"] == "A") & (history["level"] == "total"), "value"] = 51.2
    places = alike(history, "A", "2026")[0].set_index("entity")["place"]
    assert places["C"] == 1
    assert places[["A", "B"]].isna().all()


def test_without_a_published_volume_the_reason_is_told(history):
    found, reason = alike(history, "Hòa Bình", "2023-04")
    assert found.empty
    assert list(found.columns) == ["entity", "volume", "total", "place"]
    assert reason == "How many dossiers Hòa Bình had in April 2023 is not published."
    only_others = figures(("A", "total_score", 50.0), ("B", "total_score", 50.0), ("B", "on_time_base", 0))
    assert alike(only_others, "A", "2026")[0].empty
    mine, reason = alike(only_others, "B", "2026")
    assert (list(mine["entity"]), reason) == (["B"], "")


def test_a_volume_of_another_scope_unit_or_name_does_not_count():
    for other in ({"scope": "month"}, {"unit": "percent"}, {"code": "petition_on_time_base"}):
        history = figures(("A", "total_score", 50.0), ("A", "on_time_base", 100, other))
        assert alike(history, "A", "2026")[1]


@pytest.mark.parametrize("within", [-0.1, float("nan"), float("inf")])
def test_refuses_a_share_that_is_none(within):
    with pytest.raises(ParameterError):
        alike(volumes(A=100), "A", "2026", within=within)


def test_rows_that_the_portal_numbers_among_equal_totals_are_no_rank(history, rubrics):
    """Some units of An Giang have the total of another one, and the number after it."""
    day = history[(history["day"] == "2025-10-16") & (history["period"] == "2025-10")]
    totals = day[(day["code"] == "total_score") & day["entity"].str.endswith(", An Giang")].set_index("entity")["value"]
    equal = totals[totals.duplicated(keep=False)]
    assert len(totals) == 117 and len(equal) > 1
    for entity in (equal.index[0], totals.idxmax()):
        known = standing(history, rubrics[0], entity, "2025-10")
        best = 1 + int((totals > totals[entity]).sum())
        assert (known.ranked, known.after(Interval.point(0.0)).rank_best) == (117, best)
    assert standing(history, rubrics[0], equal.index[0], "2025-10").rank is None
    assert standing(history, rubrics[0], totals.idxmax(), "2025-10").rank == 1


def test_a_published_rank_that_the_published_totals_contradict_is_said_and_not_used(history, rubrics):
    """On 16 October 2025 the portal numbered An Giang's departments among themselves, beside 117 in all."""
    day = history[(history["day"] == "2025-10-16") & (history["period"] == "2025-10")]
    rows = day[day["entity"].str.endswith(", An Giang")]
    totals = rows[rows["code"] == "total_score"].set_index("entity")["value"]
    entity = "Sở Du lịch, An Giang"
    by_total = 1 + int((totals > totals[entity]).sum())
    known = standing(history, rubrics[0], entity, "2025-10")
    assert (known.contradicted, known.rank, by_total) == (3.0, None, 56)
    assert known.after(Interval.point(0.0)) == RankSet(by_total, by_total, 117)
    first = standing(history, rubrics[0], totals.idxmax(), "2025-10")
    assert first.contradicted is None and first.rank == 1


def test_ranks_of_others_that_contradict_are_not_used_either(tiny_rubric):
    """B, above A, is said to be the second of four, and so is A."""
    history = figures(
        ("A", "total_score", 50.0),
        ("A", "national_rank", 2),
        ("B", "total_score", 60.0),
        ("B", "national_rank", 2),
    )
    known = standing(history, tiny_rubric, "A", "2026")
    assert (known.contradicted, known.rank, known.placed) == (2.0, None, None)
    assert known.after(Interval.point(0.0)) == RankSet(2, 4, 4)

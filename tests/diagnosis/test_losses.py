"""Where the points went: by group, by indicator, by what is disclosed of them, and which unit carries the loss."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.card import open_card
from analysis.diagnosis import losses
from analysis.errors import CheckError
from analysis.identification.bounds import alternatives
from analysis.identification.identify import identify
from analysis.interval import Interval
from analysis.language import rounded
from analysis.report.losses import losses_section, unit_figures
from analysis.report.results import card_figures
from analysis.report.section import Picture
from analysis.scorecards.checks import CHECK_COLUMNS
from analysis.scorecards.entities import Unit
from analysis.scorecards.history import AS_PRINTED, TOTAL, card, with_standing
from analysis.scorecards.rubric import rubric_in_force
from analysis.scorecards.sources import Source
from analysis.scorecards.synthetic import synthetic_history, write_project
from shown import said, tables
from tables import changed

PROVINCE, MONTH = "Mẫu", "2023-01"
TREE = {name: Unit(name, PROVINCE, "commune", "tests") for name in ("Xã A", "Xã B", "Xã C")}
# indicator → of each unit: of how many, how many. a: 3 points, no target; b: 2 points, all of them from 50 %.
COUNTS = {
    "a": {"Xã A": (50, 20), "Xã B": (30, 25), "Xã C": (20, 15)},  # together 60 of 100
    "b": {"Xã A": (50, 10), "Xã B": (30, 15), "Xã C": (20, 15)},  # together 40 of 100
}
EXACT = 1e-9


def row(entity, level, code, value, unit, decimals=0, **other):
    cells = (entity, MONTH, "month", "2023-01-31", level, code, value, unit, np.nan, decimals, "entered", "tests", "")
    return dict(zip(AS_PRINTED, cells, strict=True)) | other


def frame(rows) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=AS_PRINTED)
    made = made.assign(file="tests.csv", line=range(2, 2 + len(made)))
    return with_standing(made.astype({"value": float, "max": float, "decimals": int, "line": int}))


def unit_rows(counts, without=()):
    """Counts and bases of the units; `without` are (unit, code) that are not printed."""
    found = []
    for code, of_code in counts.items():
        for unit, (base, count) in of_code.items():
            cells = ((f"{code}_base", base), (code, count))
            found += [
                row(unit, "indicator", name, value, "count") for name, value in cells if (unit, name) not in without
            ]
    return found


def province_rows(counts, base=True):
    """The rates of the sums, with two decimals, `c` at 80 % and `d` at 100 %; the total with one."""
    score, rows = 3.2 + 1.0, []
    for code, of_code in counts.items():
        whole, share = sum(base for base, _count in of_code.values()), sum(count for _base, count in of_code.values())
        rate = 100 * share / whole
        score += {"a": 3 * rate / 100, "b": 2 * min(rate / 50, 1)}[code]
        rows.append(row(PROVINCE, "indicator", code, float(rounded(rate, 2)), "percent", 2))
        rows += [row(PROVINCE, "indicator", f"{code}_base", whole, "count")] if base else []
    rows += [row(PROVINCE, "indicator", code, rate, "percent", 2) for code, rate in (("c", 80.0), ("d", 100.0))]
    return [row(PROVINCE, "total", TOTAL, float(rounded(score, 1)), "points", 1), *rows]


def shared(history, rubric, tree=TREE):
    return losses.unit_losses(history, tree, identify(history, rubric, PROVINCE, MONTH))


def shared_out(rubric, counts, tree=TREE, without=(), **printed):
    return shared(frame(province_rows(counts, **printed) + unit_rows(counts, without)), rubric, tree)


def section_of(history, rubric, lost):
    identified = identify(history, rubric, PROVINCE, MONTH)
    by_group = losses.losses_by_group(history, rubric, PROVINCE, MONTH)
    by_indicator = losses.losses_by_indicator(identified)
    frames = by_group, by_indicator, losses.loss_ledger(identified, by_indicator)
    by_tier = losses.losses_by_tier({"documented": identified})
    checks = pd.DataFrame(columns=CHECK_COLUMNS)
    figures = card_figures(
        card(history, PROVINCE, MONTH), identified, alternatives(identified), checks, *frames, by_tier
    )
    source = Source(publisher="tests", title="tests", accessed="2023-01-01")
    return losses_section(figures, by_group, frames[2], by_indicator, by_tier, lost, {"tests": source})


def words_of(history, rubric, lost) -> list[str]:
    """What the section says of the units, after what it says of groups, of what is disclosed, and of rules."""
    words = said(section_of(history, rubric, lost))
    last = next(place for place, sentence in enumerate(words) if sentence.startswith("Under each rule that fits"))
    return words[last + 1 :]


def carried(lost) -> dict[str, tuple[float, float]]:
    return {row.unit or row.kind: (row.lost_low, row.lost_high) for row in lost.units.itertuples()}


# Groups, indicators, and what is disclosed of them


def test_losses_of_groups_can_be_subtracted_in_the_head(tiny_rubric, tiny_history):
    """Of 3.45 to 3.55 and 4.15 to 4.25 of 5; together 2.25 to 2.35 of 10 are lost."""
    found = losses.losses_by_group(tiny_history, tiny_rubric, PROVINCE, MONTH).set_index("code")
    assert list(found.index) == ["first", "second"] and list(found["rank"]) == [1, 2]
    assert list(found["lost"]) == pytest.approx([1.5, 0.8])
    assert list(found["lost_low"]) == pytest.approx([1.45, 0.75])
    assert list(found["lost_high"]) == pytest.approx([1.55, 0.85])
    assert list(found["share"]) == pytest.approx([1.5 / 2.3, 0.8 / 2.3])
    assert list(found["share_low"]) == pytest.approx([1.45 / 2.35, 0.75 / 2.35])
    assert list(found["share_high"]) == pytest.approx([1.55 / 2.25, 0.85 / 2.25])
    assert list(found["achieved"]) == pytest.approx([0.7, 0.84])
    assert list(losses.named_groups(found.reset_index())["code"]) == ["first"]


def test_a_group_that_is_not_printed_lost_what_the_others_leave(tiny_rubric, tiny_history):
    """7.65 to 7.75 less 3.45 to 3.55 are 4.10 to 4.30: surely less is lost there than in the other group."""
    history = tiny_history[tiny_history["code"] != "second"]
    found = losses.losses_by_group(history, tiny_rubric, PROVINCE, MONTH).set_index("code")
    assert found.loc["second", ["lost_low", "lost_high"]].to_list() == pytest.approx([0.7, 0.9])
    assert found.loc["second", ["score", "lost", "share", "achieved", "rank"]].isna().all()
    assert found.loc["first", "rank"] == 1
    for total in (7.1, 6.9):  # then 1.30 to 1.50, or 1.50 to 1.70, are lost there: either may be the first
        close = history.assign(value=history["value"].mask(history["code"] == TOTAL, total))
        assert losses.losses_by_group(close, tiny_rubric, PROVINCE, MONTH)["rank"].isna().all()


def test_the_rules_that_fit_make_the_loss_of_a_group_sharper(april):
    """Of 2, 72.59 % of procedures is 1.4518 or 1.81475; dossiers paid are full, or 5.703 of 6: 9.4517 to 9.51825."""
    it = april.results
    sharp = it.by_group.set_index("code")
    plain = losses.losses_by_group(it.own, it.rubric, it.entity, it.month).set_index("code")
    assert sharp.loc["online_payment", ["lost_low", "lost_high"]].to_list() == pytest.approx([0.48175, 0.5483])
    assert plain.loc["online_payment", ["lost_low", "lost_high"]].to_list() == pytest.approx([0.45, 0.55])
    assert (sharp["lost_low"] >= plain["lost_low"] - 1e-9).all() and (
        sharp["lost_high"] <= plain["lost_high"] + 1e-9
    ).all()
    assert sharp["lost"].to_list() == plain["lost"].to_list()


def test_losses_in_each_tier_widen_from_one_to_the_next(april):
    """6 points of e-results: 33.83 % of all is 3.9702 lost; from 80 % on, 3.4628; from 33.83 % on, nothing."""
    found = april.results.lost_by_tier.set_index(["tier", "code"])[["lost_low", "lost_high"]]
    assert found.loc[("supported", "e_result")].to_list() == pytest.approx([3.9699, 3.9705])
    assert found.loc[("documented", "e_result")].to_list() == pytest.approx([3.462375, 3.9705])
    assert found.loc[("open", "e_result")].to_list() == pytest.approx([0.0, 3.9705])
    for one, other in (("supported", "documented"), ("documented", "open")):
        inner, outer = (found.loc[tier].drop(index=["derivable", "undisclosed"]) for tier in (one, other))
        assert len(inner) == 22 + 3, "parts that are split by what is known are not the same indicators in each tier"
        assert (inner["lost_low"] >= outer["lost_low"] - 1e-9).all()
        assert (inner["lost_high"] <= outer["lost_high"] + 1e-9).all()


def test_equal_losses_share_a_place_and_nothing_lost_names_no_group(tiny_rubric, tiny_history):
    points = {"first": 4.0, "second": 4.0, TOTAL: 8.0}
    equal = tiny_history.assign(value=tiny_history["code"].map(points).fillna(tiny_history["value"]))
    found = losses.losses_by_group(equal, tiny_rubric, PROVINCE, MONTH)
    assert list(found["rank"]) == [1, 1] and list(found["share"]) == [0.5, 0.5]
    assert len(losses.named_groups(found)) == 2  # neither holds half of it for sure
    points = {"first": 5.0, "second": 5.0, TOTAL: 10.0}
    full = tiny_history.assign(value=tiny_history["code"].map(points).fillna(100.0), decimals=9)
    found = losses.losses_by_group(full, tiny_rubric, PROVINCE, MONTH)
    assert (found["share"] == 0).all() and losses.named_groups(found).empty


def test_what_the_notice_discloses_of_a_loss(tiny_rubric, tiny_history):
    """Without their rates, b had 1.935 to 2 of 2, as a had 1.485 to 1.515; of c and d only the sum is known."""
    identified = identify(tiny_history[~tiny_history["code"].isin(list("bcd"))], tiny_rubric, PROVINCE, MONTH)
    table = losses.losses_by_indicator(identified)
    assert list(table["disclosure"]) == ["printed", "derivable", "undisclosed", "undisclosed"]
    rows = table.set_index("code")
    assert list(rows.loc["a", ["max_low", "max_high", "rate_low", "rate_high"]]) == [3, 3, 49.5, 50.5]
    assert rows.loc["b", ["rate_low", "rate_high"]].isna().all()
    assert list(rows["lost_low"]) == pytest.approx([1.485, 0.0, 0.0, 0.0])
    assert list(rows["lost_high"]) == pytest.approx([1.515, 0.065, 0.85, 0.85])
    ledger = losses.loss_ledger(identified, table).set_index("part")
    assert ledger["indicators"].to_dict() == {
        "printed": 1, "derivable": 1, "undisclosed": 2, "not_printed": 3, "total": 4,
    }  # fmt: skip
    assert list(ledger["lost_low"]) == pytest.approx([1.485, 0.0, 0.75, 0.75, 2.25])
    assert list(ledger["lost_high"]) == pytest.approx([1.515, 0.065, 0.85, 0.865, 2.35])
    assert list(ledger["share_high"]) == pytest.approx([1.515 / 2.3, 0.065 / 2.3, 0.85 / 2.3, 0.865 / 2.3, 1])
    assert list(ledger["share_low"]) == pytest.approx([1.485 / 2.3, 0, 0.75 / 2.3, 0.75 / 2.3, 2.25 / 2.3])
    alone = identify(tiny_history[tiny_history["code"] != "c"], tiny_rubric, PROVINCE, MONTH)
    row = losses.losses_by_indicator(alone).set_index("code").loc["c"]  # 3.15 to 3.255: wider than 0.1 of its group
    assert (row["lost_low"], row["lost_high"]) == pytest.approx((0.745, 0.85)) and row["disclosure"] == "undisclosed"


# Who carries the loss


def test_what_each_unit_carries_can_be_added_in_the_head(tiny_rubric):
    """a: 3 × (0.5 × 0.6, 0.3 × 1/6, 0.2 × 0.25) = 0.9, 0.15, 0.15; b: 2 × (0.5 × 0.6, 0, −0.2 × 0.5) = 0.6, 0, −0.2."""
    lost = shared_out(tiny_rubric, COUNTS)
    frame = lost.units.set_index("unit")
    assert list(lost.units["unit"]) == ["Xã A", "Xã B", "Xã C", ""]
    assert list(lost.units["kind"]) == ["commune"] * 3 + ["unexplained"]
    for name, points in {"Xã A": 1.5, "Xã B": 0.15, "Xã C": -0.05}.items():
        assert tuple(frame.loc[name, ["lost_low", "lost_high"]]) == pytest.approx((points, points))
    assert tuple(frame.loc["Xã A", ["worst", "worst_name", "indicators"]]) == ("a", "Indicator a", 2)
    assert frame.loc["Xã A", "worst_high"] == pytest.approx(0.9)
    assert frame["dossiers"].isna().all()
    found = lost.indicators.set_index("code")
    assert list(found.index) == ["a", "b"]
    assert found.loc["a", "lost_low"] == pytest.approx(1.2 - 3 * 0.00005)  # 60.00 % is 59.995 to 60.005
    assert found.loc["b", "lost_high"] == pytest.approx(0.4 + 2 * 0.0001)
    assert found[["carried_low", "carried_high"]].to_numpy().ravel() == pytest.approx([1.2, 1.2, 0.4, 0.4])
    assert (found["dossiers"] == 100).all() and (found["base"] == 100).all() and (found["units"] == 3).all()
    assert (found[["bases_agree", "counts_agree", "reconciled"]] == "yes").all(axis=None)
    assert lost.whole.contains(1.6) and lost.whole.width == pytest.approx(2 * (0.00015 + 0.0002))
    assert carried(lost)["unexplained"] == pytest.approx((-0.00035, 0.00035))
    assert lost.unweighted == ("Indicator c",)  # d loses nothing, so nothing of it is left to share out
    assert lost.silent == ()


def test_without_a_base_of_the_province_the_units_are_the_whole_and_it_is_not_known_to_be_so(tiny_rubric):
    lost = shared_out(tiny_rubric, COUNTS, base=False)
    assert carried(lost)["Xã A"] == pytest.approx((1.5, 1.5))
    assert lost.indicators["base"].isna().all()
    assert (lost.indicators["bases_agree"] == "unknown").all() and (lost.indicators["counts_agree"] == "yes").all()
    assert (lost.indicators["reconciled"] == "unknown").all()


@pytest.mark.parametrize("without", [[("Xã A", "a_base"), ("Xã A", "b_base")], [("Xã A", "a"), ("Xã A", "b")]])
def test_what_a_unit_without_base_or_rate_would_carry_is_not_explained(tiny_rubric, without):
    lost = shared_out(tiny_rubric, COUNTS, without=without)
    assert carried(lost)["Xã B"] == pytest.approx((0.15, 0.15))
    assert carried(lost)["unexplained"] == pytest.approx((1.5 - 0.00035, 1.5 + 0.00035))
    assert np.isnan(carried(lost)["Xã A"]).all()
    assert list(lost.units["unit"])[-2:] == ["Xã A", ""]
    bases = "no" if "a_base" in without[0] else "yes"
    assert (lost.indicators["bases_agree"] == bases).all() and (lost.indicators["counts_agree"] == "unknown").all()


def test_a_unit_without_a_card_is_named_and_its_part_is_not_explained(tiny_rubric):
    lost = shared_out(tiny_rubric, COUNTS, tree=TREE | {"Xã D": Unit("Xã D", PROVINCE, "commune", "tests")})
    assert lost.silent == ("Xã D",)
    words = words_of(frame(province_rows(COUNTS) + unit_rows(COUNTS)), tiny_rubric, lost)
    assert words[:2] == ["3 of the 4 units of Mẫu have figures for this period.", "Without figures: Xã D."]
    everyone = {code: of_code | {"Xã D": (100, 0)} for code, of_code in COUNTS.items()}  # nobody counts these
    history = frame(province_rows(everyone) + unit_rows(COUNTS))
    lost = shared(history, tiny_rubric)
    assert carried(lost)["Xã A"] == pytest.approx((0.75, 0.75))
    assert carried(lost)["unexplained"] == pytest.approx((2.5 - 0.00035, 2.5 + 0.00035))  # 200 / 200 × (3 + 2) / 2
    assert (lost.indicators["bases_agree"] == "no").all()
    words = " ".join(words_of(history, tiny_rubric, lost))
    assert "2.50 of them are not explained by the units" in words
    assert "The figures of the units do not add up to those of Mẫu in: Indicator a and Indicator b." in words


def test_the_card_of_a_unit_is_the_last_with_a_total_that_counts_as_the_province_does(tiny_rubric):
    rows = province_rows(COUNTS) + unit_rows(COUNTS)
    total = row("Xã A", "total", TOTAL, 50.0, "points", 1)
    older, later, year = ({"as_of": "2023-01-01"}, {"as_of": "2023-02-28"}, {"as_of": "2023-03-01", "scope": "quarter"})
    others = [row("Xã A", "indicator", "a", 49, "count"), row("Xã A", "indicator", "a_base", 50, "count")]
    changed = {
        "an older one": [item | older for item in [total, *others]],
        "a later one without a total": [total, *(item | later for item in others)],
        "a later one of another scope": [total, *(item | year for item in [total, *others])],
    }
    for why, more in changed.items():
        history = frame(rows + ([total] if why == "an older one" else []) + more)
        assert carried(shared(history, tiny_rubric))["Xã A"] == pytest.approx((1.5, 1.5)), why
    last = frame(rows + [item | later for item in others])  # neither has a total
    assert carried(shared(last, tiny_rubric))["Xã A"] == pytest.approx((0.03, 0.03))


def test_counts_that_do_not_give_the_rate_are_shown_as_such(tiny_rubric):
    """One dossier more than the province's 60 %: the bases agree, the counts do not."""
    history = frame(province_rows(COUNTS) + unit_rows({**COUNTS, "a": {**COUNTS["a"], "Xã A": (50, 21)}}))
    lost = shared(history, tiny_rubric)
    assert list(lost.indicators["counts_agree"]) == list(lost.indicators["reconciled"]) == ["no", "yes"]
    assert carried(lost)["unexplained"] == pytest.approx((0.03 - 0.00035, 0.03 + 0.00035))
    checked = tables(section_of(history, tiny_rubric, lost))["Do the units add up to the entity?"]
    assert [row[-1] for row in checked] == ["NO", "yes"]


def test_a_full_rate_shares_nothing_out_and_one_that_may_be_full_both_ways(tiny_rubric):
    """50 of 100 is all of b. Printed as 50 % with no decimals it may be 49.5 %, of which 0.5/50 × 2 is lost."""
    counts = {"b": {"Xã A": (50, 15), "Xã B": (50, 35)}}
    tree = dict(list(TREE.items())[:2])
    full = shared_out(tiny_rubric, {"b": {"Xã A": (50, 16), "Xã B": (50, 35)}}, tree)
    assert full.whole == Interval(0.0, 0.0)
    assert set(carried(full).values()) == {(0.0, 0.0)}
    assert (full.units["worst"] == "").all()
    rows = province_rows(counts)
    rows[1] |= {"value": 50.0, "decimals": 0}
    lost = shared(frame(rows + unit_rows(counts)), tiny_rubric, tree)
    assert (lost.whole.low, lost.whole.high) == pytest.approx((0.0, 0.02))
    assert carried(lost)["Xã A"] == pytest.approx((0.0, 0.4))  # nothing, or 2 × 0.5 × (1 − 30/50)
    assert carried(lost)["Xã B"] == pytest.approx((-0.4, 0.0))


def test_parts_that_do_not_add_up_are_refused(tiny_rubric, monkeypatch):
    """As if a unit without a rate were taken for known."""
    monkeypatch.setattr(losses._Weights, "known", property(lambda item: ~np.isnan(item.bases)))
    assert len(shared_out(tiny_rubric, COUNTS).units) == 4
    with pytest.raises(CheckError, match="do not add up to the loss"):
        shared_out(tiny_rubric, COUNTS, without=[("Xã A", "a")])


def test_every_rule_that_fits_is_in_the_bounds(tiny_rubric):
    """b may be worth all from 50 % or from 80 %: at 40 % it loses 0.4 or 1.0; no score of the group tells which."""
    rubric = changed(tiny_rubric, b={"target": (50.0, 80.0)})
    rows = [item for item in province_rows(COUNTS) if item["code"] != "c"]  # which may have any rate
    lost = shared(frame(rows + unit_rows(COUNTS)), rubric)
    assert carried(lost)["Xã A"] == pytest.approx((0.9 + 0.6, 0.9 + 0.75))  # 2 × 0.5 × (1 − 20/80)
    assert carried(lost)["Xã C"] == pytest.approx((0.15 - 0.2, 0.15 + 0.025))  # 2 × 0.2 × (1 − 75/80)
    assert (lost.whole.low, lost.whole.high) == pytest.approx((1.6, 2.2), abs=0.001)


DRAWN = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)).map(sorted), min_size=1, max_size=6)


@pytest.mark.parametrize("examples", [15, pytest.param(200, marks=pytest.mark.slow)])
def test_the_parts_sum_to_the_loss_whatever_the_counts(tiny_rubric, examples):
    """Held against the formula in exact fractions."""
    settings(max_examples=examples)(given(DRAWN)(lambda drawn: check_parts(tiny_rubric, drawn)))()


def check_parts(tiny_rubric, drawn):
    counts = {f"Xã {number}": (base, count) for number, (count, base) in enumerate(drawn)}
    tree = {name: Unit(name, PROVINCE, "commune", "tests") for name in counts}
    whole, share = (sum(pair[end] for pair in counts.values()) for end in (0, 1))
    if not whole:
        return
    lost = shared_out(tiny_rubric, {"a": counts, "b": counts}, tree)
    parts = carried(lost)
    rates = {"a": (3, 100), "b": (2, 50)}
    true = sum(points * (1 - min(Fraction(100 * share, whole) / target, 1)) for points, target in rates.values())
    assert lost.whole.contains(float(true))
    assert sum(low for low, _high in parts.values()) <= lost.whole.low + EXACT
    assert sum(high for _low, high in parts.values()) >= lost.whole.high - EXACT
    if 2 * share + whole / 50 < whole:  # surely below 50 %
        for name, (base, count) in counts.items():
            own = Fraction(100 * count, base) if base else 0
            exact = sum(points * Fraction(base, whole) * (1 - own / target) for points, target in rates.values())
            assert parts[name] == pytest.approx((float(exact), float(exact)), abs=1e-7)
        units_only = sum(low for name, (low, _high) in parts.items() if name != "unexplained")
        assert (units_only + parts["unexplained"][0], units_only + parts["unexplained"][1]) == pytest.approx(
            (lost.whole.low, lost.whole.high), abs=1e-7
        )


def test_the_truth_that_was_planted_comes_back(rubrics):
    """The sum is the province's true loss; a commune that leaves 100 000 more dossiers undone comes first."""
    made = synthetic_history(rubrics, first="2026-09", last="2026-09", units=30, seed=4)
    rubric, entity = rubric_in_force(rubrics, "2026-09"), "Mô phỏng 01"
    identified = identify(made.figures, rubric, entity, "2026-09")
    lost = losses.unit_losses(made.figures, made.units, identified)
    assert len(lost.units) == 31 and (lost.indicators["reconciled"] == "yes").all()
    assert len(lost.indicators) == len(rubric.indicators)
    rules = made.rules[rubric.id]
    of_entity = made.rates[made.rates["entity"] == entity].set_index("code")["rate"]
    true = sum(rule.max - rule.points(of_entity[code]) for code, rule in rules.items())
    assert lost.whole.contains(true)
    alone = lost.units[lost.units["kind"] == "commune"]
    assert alone["lost_low"].sum() == pytest.approx(true, abs=1e-6)
    assert alone["lost_low"].is_monotonic_decreasing
    assert carried(lost)["unexplained"] == pytest.approx((0, 0), abs=0.02)
    planted = "Mô phỏng 01, xã 007"
    worse = made.figures.copy()
    bases = worse["code"].str.endswith("_base") & worse["entity"].isin([planted, entity])
    worse.loc[bases, "value"] += 100_000  # of the province's bases, too
    found = losses.unit_losses(worse, made.units, identified).units
    assert found["unit"].iloc[0] == planted and lost.units["unit"].iloc[0] != planted


# The section


def test_an_entity_without_units_has_no_section_and_no_figure(tiny_rubric, tiny_history):
    lost = shared(tiny_history, tiny_rubric, {})
    assert lost.units.empty and lost.indicators.empty
    section = section_of(tiny_history, tiny_rubric, lost)
    assert not section.figures and len(tables(section)) == 3 and not words_of(tiny_history, tiny_rubric, lost)
    assert "units" not in section.tables and not list(unit_figures(lost))


def test_at_most_twenty_units_are_shown_and_the_rest_together(rubrics, tmp_path, monkeypatch):
    made = synthetic_history(rubrics, first="2026-09", last="2026-09", units=23)
    monkeypatch.chdir(write_project(made, tmp_path / "simulated"))
    opened = open_card("mo-phong-01")
    figures, lost = opened.results.figures.plus(opened.losses.figures.values()), opened.results.units
    undrawn = [part for part in opened.losses.parts if not isinstance(part, Picture)]
    page = BeautifulSoup(replace(opened.losses, parts=undrawn).html, "html.parser")
    (section,) = [item for item in page.find_all("section") if item.h2 and "Which units" in item.h2.get_text()]
    lines = section.find("table").tbody.find_all("tr")
    assert [line.th.get_text() for line in lines[:20]] == list(lost.units["unit"].head(20))
    assert [line.th.get_text() for line in lines[20:]] == [
        "3 more units together",
        "Not explained by the units",
        "Lost in these indicators",
    ]
    rest = lost.units.iloc[20:23]["lost_low"].sum()
    assert figures["units.rest.lost"].low == pytest.approx(rest) and figures["units.rest"].value == 3
    assert figures["units.all"].value == 23 and figures["units.0.dossiers"].where.startswith("mo-phong-01.units.csv:")
    shown = [tag["data-figure"] for tag in section.select("[data-figure]")]
    assert len(shown) > 150 and set(shown) <= set(figures)


def test_the_words_of_the_section(tiny_rubric):
    history = frame(province_rows(COUNTS) + unit_rows(COUNTS))
    words = words_of(history, tiny_rubric, shared(history, tiny_rubric))
    assert words[0] == "3 of the 3 units of Mẫu have figures for this period."
    assert words[1].startswith("Mẫu lost 1.60 points in the 2 indicators that can be shared out; 0.00 of them are not")
    assert words[2] == "Most is carried by Xã A: 1.50 points, above all in “Indicator a” (0.90)."
    assert words[3].endswith("1 indicators (Indicator c).")
    assert "not how well a unit works" in words[4] and len(words) == 5

"""Where did the points go? By group, by indicator, and by what is disclosed of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import CheckError
from analysis.identification.evidence import read
from analysis.identification.identify import Identified
from analysis.interval import TOLERANCE, Interval, hull, total
from analysis.language import _
from analysis.scorecards.checks import Printed, figure
from analysis.scorecards.entities import Unit
from analysis.scorecards.history import BASE, DOSSIERS, TOTAL, card
from analysis.scorecards.rubric import Indicator, Rubric, Rule

NAMED_SHARE = 0.5
PRINTED, DERIVABLE, UNDISCLOSED = "printed", "derivable", "undisclosed"
YES, NO, UNKNOWN = "yes", "no", "unknown"
UNEXPLAINED = "unexplained"
UNITS = ["unit", "kind", "dossiers", "indicators", "lost_low", "lost_high"]
UNITS += ["worst", "worst_name", "worst_low", "worst_high", "where", "source", "dossiers_kind"]
INDICATORS = ["code", "name", "lost_low", "lost_high", "carried_low", "carried_high"]
INDICATORS += ["unexplained_low", "unexplained_high", "units", "dossiers", "base", "bases_agree", "counts_agree"]
INDICATORS += ["reconciled"]
BY_TIER = ["tier", "code", "name", "lost_low", "lost_high"]
Matrix = NDArray[np.float64]


def losses_by_group(
    history: pd.DataFrame, rubric: Rubric, entity: str, period: str, identified: Identified | None = None
) -> pd.DataFrame:
    """Points lost by each group: from the published scores alone, or under the rules that fit (`identified`).

    Returns
    -------
    One row a group as the notice shows them, sorted by `lost_low` falling: `code`, `name`, `score` and `max` in points
    (`score` is missing where it is not printed), `decimals`, `lost` (max − score), `lost_low` and `lost_high` (what
    the printed decimals of the group, of the total with the other groups, and the rules allow), `share`, `share_low`,
    `share_high` (of everything lost, 0 to 1), `achieved` (score / max), `rank` (1 lost most; ties
    share a rank; missing where a group that is not printed may stand on either side).

    Raises
    ------
    NoTotalError, UnknownNameError: from `history.card`.
    """
    figures = card(history, entity, period)
    groups = rubric.groups_as_printed(set(figures["code"]))
    whole = figure(figures, TOTAL, "points")
    assert whole is not None  # card() guarantees a total
    printed = {group.code: figure(figures, group.code, "points") for group in groups}
    spans = {group.code: _within(printed[group.code], group.points) for group in groups}
    all_lost = rubric.points - whole
    all_lost_value = rubric.points - figures.loc[(TOTAL, "points"), "value"]
    rows = []
    for group in groups:
        others = total(span for code, span in spans.items() if code != group.code)
        score = spans[group.code].meet(Interval(whole.low - others.high, whole.high - others.low)) or spans[group.code]
        if identified is not None:
            score = identified.scores(indicator.code for indicator in group.indicators)
        lost = group.points - score
        known = printed[group.code] is not None
        value = figures.loc[(group.code, "points"), "value"] if known else float("nan")
        rows.append(
            {
                "code": group.code,
                "name": group.name,
                "score": value,
                "max": group.points,
                "decimals": figures.loc[(group.code, "points"), "decimals"] if known else 1,
                "lost": group.points - value,
                "lost_low": lost.low,
                "lost_high": lost.high,
                "share": (group.points - value) / all_lost_value if all_lost_value else 0.0,
                "share_low": lost.low / all_lost.high if all_lost.high else 0.0,
                "share_high": min(lost.high / all_lost.low, 1.0) if all_lost.low > 0 else 1.0,
                "achieved": value / group.points,
            }
        )
    frame = pd.DataFrame(rows)
    frame["rank"] = [_place(row, frame) for row in frame.itertuples()]
    return frame.sort_values("lost_low", ascending=False, kind="stable", ignore_index=True)


def named_groups(by_group: pd.DataFrame) -> pd.DataFrame:
    """The groups a headline names: the fewest that surely hold half of everything lost; none if that cannot be said."""
    enough = by_group["share_low"].cumsum() >= NAMED_SHARE
    return by_group.loc[: enough.idxmax()] if enough.any() else by_group.head(0)


def losses_by_indicator(identified: Identified) -> pd.DataFrame:
    """Points lost by each indicator under every surviving rule.

    Returns
    -------
    One row an indicator, in the order of the index: `group`, `code`, `name`, `max_low`, `max_high` (points),
    `rate_low`, `rate_high` (percent, as printed; missing where it is not), `lost_low`, `lost_high` (sharp bounds, in
    points), `disclosure`: `printed` (its rate or points are published), `derivable` (not published, yet its loss is
    known as exactly as the rounding of its group's score allows, whatever the rule) or `undisclosed`; `empty`: there
    was nothing to count, so what is lost was not to be had.
    """
    rows = []
    for group in identified.groups:
        hypotheses = identified.hypotheses[group.code]
        rounding = hypotheses[0].printed.width + 2 * len(group.indicators) * identified.rubric.rounding
        for indicator in group.indicators:
            reading = identified.readings[indicator.code]
            lost = identified.lost([indicator.code])
            maxima = hull(Interval.point(item.allotment[indicator.code]) for item in hypotheses)
            if reading.printed:
                disclosure = PRINTED
            elif lost.width <= rounding + TOLERANCE and rounding < group.points:
                disclosure = DERIVABLE
            else:
                disclosure = UNDISCLOSED
            rows.append(
                {
                    "group": group.code,
                    "code": indicator.code,
                    "name": indicator.name,
                    "max_low": maxima.low,
                    "max_high": maxima.high,
                    "rate_low": reading.rate.low if reading.rate else float("nan"),
                    "rate_high": reading.rate.high if reading.rate else float("nan"),
                    "lost_low": lost.low,
                    "lost_high": lost.high,
                    "disclosure": disclosure,
                    "empty": reading.empty,
                }
            )
    return pd.DataFrame(rows)


def loss_ledger(identified: Identified, by_indicator: pd.DataFrame) -> pd.DataFrame:
    """Everything lost, split by what is disclosed of it.

    Under each surviving rule the parts sum to the loss exactly; each part's bounds are sharp over all of them.

    Returns
    -------
    One row for `printed`, `derivable`, `undisclosed`, `not_printed` (the last two together) and `total`: `part`,
    `indicators` (how many), `lost_low`, `lost_high` (points), `share_low`, `share_high` (of the loss, 0 to 1).
    """
    codes = {part: list(rows["code"]) for part, rows in by_indicator.groupby("disclosure")}
    parts = {part: codes.get(part, []) for part in (PRINTED, DERIVABLE, UNDISCLOSED)}
    parts["not_printed"] = parts[DERIVABLE] + parts[UNDISCLOSED]
    whole = _within(identified.rubric.points - identified.total, identified.rubric.points)
    rows = []
    for part, members in parts.items():
        lost = identified.lost(members)
        rows.append({"part": part, "indicators": len(members), "lost_low": lost.low, "lost_high": lost.high})
    rows.append({"part": "total", "indicators": len(by_indicator), "lost_low": whole.low, "lost_high": whole.high})
    frame = pd.DataFrame(rows)
    middle = (whole.low + whole.high) / 2 or 1.0
    frame["share_low"] = frame["lost_low"] / middle
    frame["share_high"] = (frame["lost_high"] / middle).clip(upper=1.0)
    return frame


def losses_by_tier(tiers: Mapping[str, Identified | None]) -> pd.DataFrame:
    """Points lost in each tier of knowledge that fits (see `scorecards.tiers`).

    Returns
    -------
    For each tier a row an indicator, in the order of the index, then one a part of `loss_ledger`: `tier`, `code` (of
    the indicator, or the part), `name` (of the indicator; "" for a part), `lost_low`, `lost_high` (points, sharp).
    """
    frames = []
    for tier, identified in tiers.items():
        if identified is not None:
            found = losses_by_indicator(identified)
            parts = loss_ledger(identified, found).rename(columns={"part": "code"}).assign(name="")
            frames.append(pd.concat([found, parts])[BY_TIER[1:]].assign(tier=tier)[BY_TIER])
    return pd.concat(frames, ignore_index=True)


def _place(row: Any, frame: pd.DataFrame) -> float:
    if math.isnan(row.lost):
        return float("nan")
    hidden = frame[frame["lost"].isna()]
    above, below = hidden["lost_low"] >= row.lost_high, hidden["lost_high"] <= row.lost_low
    if not (above | below).all():
        return float("nan")
    return float(1 + (frame["lost"] > row.lost + TOLERANCE).sum() + above.sum())


def _within(score: Interval | None, maximum: float) -> Interval:
    span = Interval(0.0, maximum)
    return span if score is None else score.meet(span) or span


@dataclass(frozen=True)
class UnitLosses:
    """Who carries the loss of an entity in one period. Points are bounds over every rule that survives.

    `units` : one row a unit, most points first, those of which nothing is known last: `unit`, `kind`, `dossiers` (the
    base of its on-time rate; missing where it is not printed), `indicators` (in how many its part is known),
    `lost_low`, `lost_high` (points of the entity that it carries; missing where no part is known), `worst` (code of the
    indicator in which it carries most; "" where it carries none), `worst_name`, `worst_low`, `worst_high`; `where`
    (file:line), `source` and `dossiers_kind` of its dossiers. The last row, of kind `unexplained`, is what no unit
    carries. Under each rule that survives, the column sums to `whole`.

    `indicators` : one row an indicator that was shared out: `code`, `name`, `lost_low`, `lost_high` (of the entity),
    `carried_low`, `carried_high` (by the units together), `unexplained_low`, `unexplained_high`; `units` (whose part is
    known), `dossiers` (of the units together), `base` (of the entity; missing where not printed), `bases_agree`
    (whether these two are equal), `counts_agree` (whether the units' counts give the entity's rate within rounding),
    `reconciled` (both); each `yes`, `no` or `unknown`.

    `unweighted` names the indicators that cost the entity points by a known rate, and of which no unit prints what its
    own rate is a share of; `silent` the units without a card of the period that counts what the entity's counts. All
    is empty where the entity has no units.
    """

    entity: str
    units: pd.DataFrame
    indicators: pd.DataFrame
    whole: Interval
    unweighted: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Weights:
    """One indicator: the entity's rate and base; of each unit its base and the ends of its rate (NaN is not known)."""

    rate: Interval
    base: float
    bases: Matrix
    low: Matrix
    high: Matrix

    @property
    def known(self) -> Any:
        """Whose part is known; a unit with nothing to count carries nothing."""
        return (self.bases == 0) | (~np.isnan(self.bases) & ~np.isnan(self.low))

    @property
    def counted(self) -> float:
        return float(np.nansum(self.bases))

    @property
    def shares(self) -> Matrix:
        """The share of each unit in the entity's dossiers; 0 where its part is not known."""
        whole = self.counted if np.isnan(self.base) else self.base
        return np.where(self.known, np.nan_to_num(self.bases), 0.0) / whole


def unit_losses(history: pd.DataFrame, units: Mapping[str, Unit], identified: Identified) -> UnitLosses:
    """Which units of the identified entity lose its points, weighted by dossiers (see the formula above).

    `units` is the tree (`entities.load_units`). A unit's card is the last one of the entity's period and scope.

    Raises CheckError: the parts do not add up.
    """
    children = [unit for unit in units.values() if unit.parent == identified.entity]
    if not children:
        nobody, nothing = pd.DataFrame(columns=UNITS), pd.DataFrame(columns=INDICATORS)
        return UnitLosses(identified.entity, nobody, nothing, Interval.point(0.0))
    own = card(history, identified.entity, identified.period)
    cards = _cards(history, [unit.entity for unit in children], identified.period, own["scope"].iloc[0])
    of_units = [cards.get(unit.entity, Printed()) for unit in children]
    volumes = history[(history["code"] == DOSSIERS) & (history["period"] == identified.period)]
    origins = {f"{row.file}:{row.line}": (str(row.source), str(row.kind)) for row in volumes.itertuples()}
    weights, unweighted = {}, []
    for indicator in (item for group in identified.groups for item in group.indicators):
        rate = identified.readings[indicator.code].rate
        if rate is not None:
            found = _weights(indicator, rate, figure(own, f"{indicator.code}{BASE}", "count"), of_units)
            if found.counted > 0:
                weights[indicator.code] = found
            elif any(rate.high < rule.target for rule in _rules(identified, indicator.code) if rule.max):
                unweighted.append(indicator.name)
    carried = {
        code: {rule: _carried(rule, item, code) for rule in _rules(identified, code)} for code, item in weights.items()
    }
    parts = {code: _bounds(identified, carried, [code]) for code in carried}
    sums = _bounds(identified, carried, list(carried)) if carried else np.zeros((len(children) + 3, 2))
    return UnitLosses(
        entity=identified.entity,
        units=_by_unit(children, of_units, weights, parts, sums, identified.rubric, origins),
        indicators=_by_indicator(identified, weights, parts),
        whole=Interval(*sums[-1].tolist()),
        unweighted=tuple(unweighted),
        silent=tuple(unit.entity for unit in children if unit.entity not in cards),
    )


def _cards(history: pd.DataFrame, names: Sequence[str], period: str, scope: str) -> dict[str, Printed]:
    """The cards of units, each as last published: with a total, if there is one with a total."""
    rows = history[history["entity"].isin(names) & (history["period"] == period) & (history["scope"] == scope)]
    rows = rows[rows["value"].notna()]
    dated: dict[str, list[tuple[bool, str, Printed]]] = {}
    for (entity, as_of), figures in rows.groupby(["entity", "as_of"], sort=False):
        told = Printed.of(figures)
        dated.setdefault(str(entity), []).append(((TOTAL, "points") in told, str(as_of), told))
    return {entity: max(cards, key=lambda item: item[:2])[2] for entity, cards in dated.items()}


def _weights(indicator: Indicator, rate: Interval, base: Interval | None, cards: Sequence[Printed]) -> _Weights:
    bases = [item.get((f"{indicator.code}{BASE}", "count")) for item in cards]
    rates = [read(item, indicator).rate for item in cards]
    return _Weights(
        rate,
        base=np.nan if base is None else base.low,
        bases=np.array([np.nan if item is None else item.low for item in bases]),
        low=np.array([np.nan if item is None else item.low for item in rates]),
        high=np.array([np.nan if item is None else item.high for item in rates]),
    )


def _rules(identified: Identified, code: str) -> list[Rule]:
    """Every rule of an indicator that survives."""
    hypotheses = identified.hypotheses[identified.group_of(code).code]
    return list(dict.fromkeys(rule for item in hypotheses for rule in item.rules[code]))


def _carried(rule: Rule, item: _Weights, code: str) -> Matrix:
    """Low and high under a rule, in points: (units + 3, 2).

    The rows are the units, all of them together, what is not explained, and the entity's loss.

    Raises CheckError: the parts do not add up to the loss.
    """
    if rule.max == 0 or item.rate.low >= rule.target:
        return np.zeros((len(item.bases) + 3, 2))
    shares, top = item.shares, min(item.rate.high, rule.target)
    rates = [np.where(shares > 0, end, 0.0) for end in (item.high, item.low)]
    parts = np.stack([rule.max * shares * (1 - rate / rule.target) for rate in rates], axis=1)
    loss = np.array([rule.max * (1 - rate / rule.target) for rate in (top, item.rate.low)])
    nobody = rule.max * (1 - shares.sum())
    apart = np.array([top - shares @ rates[1], item.rate.low - shares @ rates[0]]) / rule.target
    left, together = nobody - rule.max * apart, parts.sum(axis=0)
    gap = np.abs(together[::-1] + left - loss).max()
    if not gap <= TOLERANCE * max(1.0, float(np.abs(parts).sum())):
        raise CheckError(_("The parts of the units do not add up to the loss."), [f"{code}: {gap:g}"])
    found = np.vstack([parts, together, left, loss])
    if item.rate.high >= rule.target:  # the rate may be full: then nothing is shared out
        found = np.stack([np.minimum(found[:, 0], 0.0), np.maximum(found[:, 1], 0.0)], axis=1)
    return found


def _bounds(identified: Identified, carried: Mapping[str, Mapping[Rule, Matrix]], codes: Sequence[str]) -> Matrix:
    """`_carried`, summed over some indicators: its bounds over all rules that survive."""
    found: Matrix = np.zeros_like(next(iter(carried[codes[0]].values())))
    for group in identified.groups:
        inside = [item.code for item in group.indicators if item.code in codes]
        cases = {tuple((code, item.rules[code]) for code in inside) for item in identified.hypotheses[group.code]}
        if inside:
            hulls = {
                (code, rules): _hull([carried[code][rule] for rule in rules]) for case in cases for code, rules in case
            }
            found = found + _hull([np.sum([hulls[own] for own in case], axis=0) for case in cases])
    return found


def _hull(spans: Sequence[Matrix]) -> Matrix:
    """The smallest intervals that hold those of every matrix."""
    ends = np.stack(spans)
    return np.stack([ends[:, :, 0].min(axis=0), ends[:, :, 1].max(axis=0)], axis=1)


def _by_unit(
    children: Sequence[Unit],
    cards: Sequence[Printed],
    weights: Mapping[str, _Weights],
    parts: Mapping[str, Matrix],
    sums: Matrix,
    rubric: Rubric,
    origins: Mapping[str, tuple[str, str]],
) -> pd.DataFrame:
    known = np.array([item.known for item in weights.values()]).reshape(-1, len(children)).sum(axis=0)
    codes = list(parts)
    rows = []
    for place, (unit, of_card) in enumerate(zip(children, cards, strict=True)):
        volume = of_card.get((DOSSIERS, "count"))
        row: dict[str, Any] = {"unit": unit.entity, "kind": unit.kind, "indicators": int(known[place])}
        row |= {"worst": "", "worst_name": "", "where": of_card.places.get((DOSSIERS, "count"), "")}
        row["dossiers"] = np.nan if volume is None else volume.low
        row["lost_low"], row["lost_high"] = sums[place] if known[place] else (np.nan, np.nan)
        most = max(codes, key=lambda code: parts[code][place].sum(), default="")
        if most and parts[most][place].sum() > TOLERANCE:
            row |= {"worst": most, "worst_name": rubric.name_of(most)}
            row |= {"worst_low": parts[most][place, 0], "worst_high": parts[most][place, 1]}
        rows.append(row)
    frame = pd.DataFrame(rows, columns=UNITS)
    frame["source"], frame["dossiers_kind"] = (
        [origins.get(where, ("", ""))[end] for where in frame["where"]] for end in (0, 1)
    )
    frame = frame.sort_values(["lost_low", "lost_high"], ascending=False, kind="stable", ignore_index=True)
    rest: dict[str, Any] = {"unit": "", "kind": UNEXPLAINED, "indicators": len(codes)}
    rest |= {"worst": "", "worst_name": "", "where": "", "source": "", "dossiers_kind": ""}
    rest |= {"lost_low": sums[-2, 0], "lost_high": sums[-2, 1]}
    return pd.concat([frame, pd.DataFrame([rest], columns=UNITS).astype(frame.dtypes)], ignore_index=True)


def _by_indicator(identified: Identified, weights: Mapping[str, _Weights], parts: Mapping[str, Matrix]) -> pd.DataFrame:
    rows = []
    for code, item in weights.items():
        bases, counts = _bases_agree(item), _counts_agree(item)
        together, left, lost = parts[code][-3:]
        both = NO if NO in (bases, counts) else UNKNOWN if UNKNOWN in (bases, counts) else YES
        points = (*lost, *together, *left)
        known, name = int(item.known.sum()), identified.rubric.name_of(code)
        rows.append((code, name, *points, known, item.counted, item.base, bases, counts, both))
    return pd.DataFrame(rows, columns=INDICATORS)


def _bases_agree(item: _Weights) -> str:
    if np.isnan(item.base):
        return UNKNOWN
    return YES if abs(item.counted - item.base) < 0.5 else NO  # both are counts


def _counts_agree(item: _Weights) -> str:
    """Whether the units' counts give the entity's rate; unknown where a unit that may have dossiers says nothing."""
    silent = np.isnan(item.bases).any() and _bases_agree(item) != YES
    if silent or not (item.known | np.isnan(item.bases)).all():
        return UNKNOWN
    low, high = (float(np.nansum(item.bases * np.nan_to_num(end))) / item.counted for end in (item.low, item.high))
    return YES if Interval(low, high).meet(item.rate) is not None else NO

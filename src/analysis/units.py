"""Which units below an entity lose the points?

Under a rule with M points and full marks from T percent (100 where there is no target), an entity with the rate r loses
M · (1 − min(r/T, 1)) points by an indicator. Where r < T, a unit that handled n of the entity's N dossiers at a rate q
carries

    M · n/N · (1 − q/T)

of them: below 0 where the unit is above the target, and so makes up for others. If the units' dossiers and counts add
up to the entity's, their parts add up to its loss. What is left is not explained by the units: dossiers of units
without figures, dossiers of nobody, figures that disagree. Where r ≥ T nothing is lost and nothing is shared out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import CheckError
from analysis.identification.evidence import read
from analysis.identification.identify import Identified
from analysis.interval import TOLERANCE, Interval
from analysis.language import _
from analysis.scorecards.checks import Printed, figure
from analysis.scorecards.entities import Unit
from analysis.scorecards.history import BASE, TOTAL, card
from analysis.scorecards.rubric import Indicator, Rubric, Rule

YES, NO, UNKNOWN = "yes", "no", "unknown"
UNEXPLAINED = "unexplained"
DOSSIERS = f"on_time{BASE}"
UNITS = ["unit", "kind", "dossiers", "indicators", "lost_low", "lost_high"]
UNITS += ["worst", "worst_name", "worst_low", "worst_high", "where", "source", "dossiers_kind"]
INDICATORS = ["code", "name", "lost_low", "lost_high", "carried_low", "carried_high"]
INDICATORS += ["unexplained_low", "unexplained_high", "units", "dossiers", "base", "bases_agree", "counts_agree"]
INDICATORS += ["reconciled"]
Matrix = NDArray[np.float64]


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

    `units` is the tree (`tree.load_units`). A unit's card is the last one of the entity's period and scope.

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

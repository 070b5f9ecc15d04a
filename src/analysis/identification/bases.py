"""Which base would a derived rate need, and does any other figure of the entity allow one as large?

A printed count bounds the base of its rate: at 4 % of it, 100 dossiers are of 2 500. The bases of one card, and of the
other months of the entity, are counts of the same dossiers. Where a rate that follows from points would need a base far
above all of them, it is not to be trusted: either another rule scored, or the points were lost for another reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import inf

import pandas as pd

from analysis.identification.bounds import rate_of
from analysis.identification.evidence import Bases, Evidence
from analysis.identification.identify import Identified
from analysis.scorecards.history import BASE

ODD = ["code", "name", "count", "rate_high", "base_least", "times", "known_code", "known_period", "known_base", "most"]


@dataclass(frozen=True)
class Base:
    """The least and the most dossiers that a rate may be a share of, by what one card prints."""

    code: str
    period: str
    low: float
    high: float


def bases_of(card: Evidence, identified: Identified, codes: Iterable[str]) -> Iterator[Base]:
    """The base of each indicator whose card prints it, or a count; `identified` is of the same card."""
    for code in codes:
        printed, count = card.told.get((f"{code}{BASE}", "count")), card.told.get((code, "count"))
        if printed is not None:
            yield Base(code, card.period, printed.low, printed.high)
        elif count is not None and count.high > 0:
            rate = rate_of(identified, code)
            low = 100 * count.low / rate.high if rate.high > 0 else inf
            yield Base(code, card.period, low, 100 * count.high / rate.low if rate.low > 0 else inf)


def odd_bases(
    card: Evidence,
    identified: Identified,
    families: Iterable[Bases],
    others: Callable[[], Iterable[tuple[Evidence, Identified]]],
) -> pd.DataFrame:
    """The rates that are not printed and would need a base beyond `times` the largest that other figures allow.

    Parameters
    ----------
    card, identified : the card, and the rules that fit it.
    families : which bases belong together (`evidence.load_bases`).
    others : the entity's other cards with the rules that fit each; asked for only where a count is printed without its
        rate.

    Returns
    -------
    One row a rate: `code`, `name`, `count` (as printed), `rate_high` (percent, the most that the points allow),
    `base_least` (a count), `times` (of the largest base that others allow, which is `known_base`, of `known_code` in
    `known_period`), `most` (the times that are plausible).
    """
    rows = []
    for family in families:
        codes = [code for code in family.indicators if code in identified.readings]
        own = list(bases_of(card, identified, codes))
        asked = [base for base in own if not identified.readings[base.code].printed]
        if not asked:
            continue
        known = [base for base in own if identified.readings[base.code].printed and base.high < inf]
        for other, rules in others():
            known += [base for base in bases_of(other, rules, codes) if base.high < inf]
        if not known:
            continue
        largest = max(known, key=lambda base: base.high)
        for base in asked:
            if family.times * largest.high < base.low < inf:
                name, count = identified.rubric.name_of(base.code), card.told[(base.code, "count")].low
                times = base.low / largest.high
                of = largest.code, largest.period, largest.high
                rows.append((base.code, name, count, 100 * count / base.low, base.low, times, *of, family.times))
    return pd.DataFrame(rows, columns=ODD)

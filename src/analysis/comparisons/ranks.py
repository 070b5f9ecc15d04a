"""Which rank would a gain bring, and which ranks do the known facts allow?

Ranks are competition ranks (1, 2, 2, 4): one more than how many stand above, so that level totals share the better one.

The portal ranks the totals that it prints, so printed totals are compared as printed, in whole hundredths of a point:
those that print equal are level, and less than 1e-9 points is no difference. (Each total of 2026-10-10 is exactly the
sum of its printed groups: nothing is hidden behind the second decimal. That level totals share a rank is assumed: the
portal numbers them one after the other.) Rounding matters where a source prints fewer decimals, as any hundredth of
that interval may be the total that was ranked; and for a gain, which is not rounded while the total after it will be:
it moves the printed total by the gain rounded down or up to a hundredth, as the hidden digits fall.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, product

import pandas as pd

from analysis.errors import CheckError, ParameterError, UnknownNameError
from analysis.interval import TOLERANCE, Interval
from analysis.language import _, nearest, write_period
from analysis.scorecards.entities import is_unit, siblings
from analysis.scorecards.history import DOSSIERS, RANK, TOTAL, card, shown
from analysis.scorecards.rubric import Rubric

NO_GAIN = Interval.point(0.0)
FULL = 100_00  # hundredths of a point
MOST_WAYS = 2000
EXACT = 0.011  # points; a total printed with two decimals is this wide
ONE_CARD = ["period", "scope", "as_of", "day"]
OWN = ""
CASES = ["case", "drift", "gain_low", "gain_high", "rank_best", "rank_worst", "passed_low", "passed_high"]
OUTLOOK = ["case", "rank_best", "rank_worst", "ranked", "known", "open"]
Span = tuple[int, int]  # the lowest and the highest of some totals in hundredths, both included


class RanksError(CheckError):
    """No totals agree with the ranks published beside them."""


@dataclass(frozen=True)
class RankSet:
    """The best and the worst of the ranks 1 to `ranked` that the known facts allow; both are attained."""

    rank_best: int
    rank_worst: int
    ranked: int

    @property
    def says_nothing(self) -> bool:
        return (self.rank_best, self.rank_worst) == (1, self.ranked)


def peers(history: pd.DataFrame, entity: str, period: str) -> pd.DataFrame:
    """The totals ranked together with the entity's: same period, scope and `as_of` as its card.

    Where the scope or the date is unknown, only figures of the same source are the same.

    Returns
    -------
    One row an entity with a total, the entity among them, highest total first: `entity`; `total`, `low`, `high` (what
    the printed decimals allow) in points; `rank` as published and `ranked` (of how many), missing where not published.
    Raises NoTotalError or UnknownNameError, from `history.card`.
    """
    same = same_card(history, entity, period)
    ranks = same[same["code"] == RANK].set_index("entity")
    rows = []
    for row in same[(same["code"] == TOTAL) & same["value"].notna()].itertuples():
        span = Interval.of_printed(row.value, row.decimals)
        rows.append({"entity": row.entity, "total": row.value, "low": span.low, "high": span.high})
    frame = pd.DataFrame(rows).sort_values("total", ascending=False, kind="stable", ignore_index=True)
    return frame.assign(rank=frame["entity"].map(ranks["value"]), ranked=frame["entity"].map(ranks["max"]))


def rank_after_gain(peers: pd.DataFrame, entity: str, gain: Interval, drift: float = 0.0) -> pd.DataFrame:
    """The entity's rank before and after a gain, where `peers` holds the totals of all that are ranked.

    `gain` is in points, 0 to 100; the rounding of several indicators may add up to more than a hundredth, then widen
    it. `drift` is by how many points each other total may move up or down, each on its own, rounded up to hundredths.

    Returns
    -------
    One row each for `today`, `others_fixed` and, if drift > 0, `others_drift`: `case`; `drift`, `gain_low`, `gain_high`
    in points; `rank_best`, `rank_worst` as in `rank_set` (with ties, not every rank between them is attained);
    `passed_low`, `passed_high`: how many are passed surely, and at most (above today, and level or below afterwards).

    Raises
    ------
    UnknownNameError: the entity is not among the peers.
    ParameterError: a gain or a drift outside 0 to 100 points.
    CheckError: someone is missing from `peers` (then see `rank_set`), or the entity's rank does not follow from them.
    """
    if entity not in set(peers["entity"]):
        raise UnknownNameError(_("{entity} has no rank.").format(entity=entity), nearest(entity, peers["entity"]))
    own, rest = peers[peers["entity"] == entity].iloc[0], peers[peers["entity"] != entity]
    if not math.isnan(own["ranked"]) and own["ranked"] != len(peers):
        words = _("The totals of {known} of {ranked:g} are known: the rank after a gain cannot be counted.")
        raise CheckError(words.format(known=len(peers), ranked=own["ranked"]))
    by, total = _steps(Interval.point(drift))[1], Interval(own["low"], own["high"])
    cases = [("today", 0.0, 0, NO_GAIN, own["rank"]), ("others_fixed", 0.0, 0, gain, own["rank"])]
    cases += [("others_drift", drift, by, gain, None)] if drift > 0 else []
    rows = []
    for case, stated, moved, added, published in cases:
        after = rest.assign(low=rest["low"] - moved / 100, high=rest["high"] + moved / 100)
        ranks = rank_set(after, len(peers), total, published, added)
        passed = _passed(_hundredths(total), _spans(rest), _spans(after), _steps(added), moved)
        rows.append((case, stated, added.low, added.high, ranks.rank_best, ranks.rank_worst, *passed))
    return pd.DataFrame(rows, columns=CASES)


def counted(
    history: pd.DataFrame, entity: str, period: str, gain: Interval, drift: float, known: Standing | None
) -> pd.DataFrame:
    """`rank_after_gain` where the totals of all that are ranked are known; no row where one is missing."""
    others = peers(history, entity, period)
    if known is None or len(others) != known.ranked:
        return pd.DataFrame(columns=CASES)
    own = others["entity"] == entity
    return rank_after_gain(others.assign(rank=others["rank"].mask(own, known.rank)), entity, gain, drift)


@dataclass(frozen=True)
class Standing:
    """What is known of a ranking: the entity's total and rank, and the totals of some or all of the others.

    `known` is how many totals are known, the entity's among them; `placed` holds others whose rank counts as a fact.
    `contradicted` is the entity's published rank where no totals agree with the ranks published beside them: then no
    rank counts as a fact, and NaN where it is another's.
    """

    others: pd.DataFrame
    ranked: int
    known: int
    total: Interval
    rank: float | None
    placed: pd.DataFrame | None
    contradicted: float | None = None

    def after(self, gain: Interval) -> RankSet:
        """The ranks that a gain may bring, the others as they are. Raises as `rank_set`."""
        return rank_set(self.others, self.ranked, self.total, self.rank, gain, self.placed)


def standing(history: pd.DataFrame, rubric: Rubric, entity: str, period: str) -> Standing | None:
    """What is known of the ranking of a period; None where nobody knows how many are ranked. Raises as `peers`."""
    totals = peers(history, entity, period)
    own, others = totals[totals["entity"] == entity].iloc[0], totals[totals["entity"] != entity]
    ruled = shown(history, entity, period).ruled
    provinces = None if is_unit(history, entity) else rubric.ranked_units(ruled)
    ranked = int(own["ranked"]) if pd.notna(own["ranked"]) else provinces
    if not ranked:
        return None
    placed = None if len(totals) == ranked else others[others["rank"].notna()]  # all known: the totals say it
    tied = set(totals.loc[_tied(totals), "entity"])
    if placed is not None:
        placed = placed[~placed["entity"].isin(tied)]
    rank = None if entity in tied else own["rank"]
    known = Standing(others, max(ranked, len(totals)), len(totals), Interval(own["low"], own["high"]), rank, placed)
    try:
        known.after(NO_GAIN)
    except RanksError:
        return replace(known, rank=None, placed=None, contradicted=float(own["rank"]))
    return known


def _tied(totals: pd.DataFrame) -> pd.Series:
    """Whose total others have too, to the hundredth: the portal numbers such rows one by one, which is no rank."""
    exact = totals["high"] - totals["low"] < EXACT
    return exact & totals.duplicated(["low", "high"], keep=False)


def outlook(known: Standing | None, gain: Interval) -> pd.DataFrame:
    """The rank today and after a gain, the others as they are: counted where all are known, else what the facts allow.

    Returns
    -------
    Two rows, `today` and `after`: `case`; `rank_best`, `rank_worst`; `ranked` (of how many) and `known` (how many
    totals are known, the entity's among them); `open` (any rank is possible). No row where nobody knows how many are
    ranked. Raises as `rank_set`.
    """
    if known is None:
        return pd.DataFrame(columns=OUTLOOK)
    rows = []
    for case, added in (("today", NO_GAIN), ("after", gain)):
        found = known.after(added)
        rows.append((case, found.rank_best, found.rank_worst, found.ranked, known.known, found.says_nothing))
    return pd.DataFrame(rows, columns=OUTLOOK)


def rank_set(
    known: pd.DataFrame,
    ranked: int,
    entity_total: Interval | float,
    published_rank: float | None = None,
    gain: Interval = NO_GAIN,
    known_ranks: pd.DataFrame | None = None,
) -> RankSet:
    """The ranks after a gain that the known facts allow, where totals of others may be unseen; the others stay.

    Sharp: each end is attained by some hundredths, 0 to 100 points for unseen totals and within what is printed for the
    others, that agree with every published rank.

    Parameters
    ----------
    known : known totals of others, never of the entity itself: `entity`, `low`, `high` as in `peers`; may be empty.
    ranked : how many are ranked in all, the entity among them.
    entity_total, gain : points; the total is an interval where fewer than two decimals are printed.
    published_rank : the entity's own rank today; None or NaN where it is unknown.
    known_ranks : others whose published `rank` is known too: the columns of `known` and `rank`; in `known` or not.

    Raises
    ------
    ParameterError: a gain outside 0 to 100 points.
    RanksError: no totals agree with these facts.
    CheckError: more totals than are ranked, or too many ranks belong to totals of fewer than two decimals.
    """
    steps = _steps(gain)
    total = entity_total if isinstance(entity_total, Interval) else Interval.point(entity_total)
    spans = {OWN: _hundredths(total)} | _spans(known, *([] if known_ranks is None else [known_ranks]))
    listed = [] if known_ranks is None else [(row.entity, row.rank) for row in known_ranks.itertuples()]
    ranks = {name: int(rank) for name, rank in [(OWN, published_rank), *listed] if pd.notna(rank)}
    if len(spans) > ranked:
        raise CheckError(_("More totals are known than entities are ranked."), [f"{len(spans)} > {ranked}"])
    exact = {name: range(spans[name][0], spans[name][1] + 1) for name in (OWN, *ranks)}
    loose = [span for name, span in spans.items() if name not in exact] + [(0, FULL)] * (ranked - len(spans))
    if math.prod(map(len, exact.values())) > MOST_WAYS:
        raise CheckError(_("Too many ranks are known of totals with fewer than two decimals."), list(ranks))
    found = []
    for values in product(*exact.values()):
        everyone = [*((value, value) for value in values), *loose]
        placed = dict(zip(exact, values, strict=True))
        marks = _marks(everyone, [(placed[name], rank) for name, rank in ranks.items()])
        if marks:
            found.append(1 + _above(everyone, marks, placed[OWN] + steps[1])[0])
            found.append(1 + _above(everyone, marks, placed[OWN] + steps[0])[1])
    if not found:
        facts = [f"{name} {exact[name][0] / 100:g}: {rank}".strip() for name, rank in ranks.items()]
        raise RanksError(_("No totals agree with these ranks."), facts, _("Check them against their sources."))
    return RankSet(min(found), max(found), ranked)


def alike(history: pd.DataFrame, entity: str, period: str, within: float = 0.2) -> tuple[pd.DataFrame, str]:
    """Those of `peers` whose volume differs from the entity's by at most the share `within` of its own.

    In whole numbers: with 0.2, which is exactly a fifth, 80 and 120 are like 100; 79 and 121 are not.

    Returns
    -------
    (frame, reason). One row an entity, the entity among them, highest total first: `entity`, `volume` (dossiers,
    a count), `total` (points), `place` (competition rank among them; missing where rounding leaves it open). If the
    entity's volume is not published, no row, and the reason in words; else "". Others without a volume are left out.
    Raises as `peers`, and ParameterError for a share that is below 0 or not finite.
    """
    if not 0 <= within < math.inf:
        raise ParameterError(_("A share must be 0 or more, not {share:g}.").format(share=within))
    rows, frame = same_card(history, entity, period), peers(history, entity, period)
    rows = rows[(rows["code"] == DOSSIERS) & (rows["unit"] == "count") & rows["value"].notna()]
    volumes = {row.entity: int(row.value) for row in rows.itertuples()}
    share, own = Fraction(str(within)), volumes.get(entity, 0)
    near = [name for name, volume in volumes.items() if share.denominator * abs(volume - own) <= share.numerator * own]
    frame = frame[frame["entity"].isin(near if entity in volumes else [])].reset_index(drop=True)
    sets = [rank_set(frame.drop(row.Index), len(frame), Interval(row.low, row.high)) for row in frame.itertuples()]
    places = [item.rank_best if item.rank_best == item.rank_worst else math.nan for item in sets]
    frame = frame.assign(volume=frame["entity"].map(volumes), place=places)[["entity", "volume", "total", "place"]]
    reason = "" if entity in volumes else _("How many dossiers {entity} had in {period} is not published.")
    return frame, reason.format(entity=entity, period=write_period(period))


def same_card(history: pd.DataFrame, entity: str, period: str) -> pd.DataFrame:
    """The figures of the entity and its `entities.siblings` that are of the same day, capture and scope as its card."""
    total = card(history, entity, period).loc[(TOTAL, "points")]
    history = siblings(history, entity, [period])
    rows = history[(history[ONE_CARD] == total[ONE_CARD]).all(axis=1)]
    known = total["as_of"] and total["scope"] != "unknown"
    return rows if known else rows[(rows["entity"] == entity) | (rows["source"] == total["source"])]


def _hundredths(total: Interval) -> Span:
    """The hundredths of 0 to 100 points in an interval, or the nearest one if there is none."""
    low, high = math.ceil(100 * (total.low - TOLERANCE)), math.floor(100 * (total.high + TOLERANCE))
    low, high = (low, high) if low <= high else (round(50 * (total.low + total.high)),) * 2
    return min(max(low, 0), FULL), min(max(high, 0), FULL)


def _steps(gain: Interval) -> Span:
    """The fewest and the most hundredths by which points move a printed total."""
    if not (gain.low >= -TOLERANCE and gain.high <= FULL / 100):
        raise ParameterError(_("A gain or a drift must be 0 to 100 points."), [f"{gain.low:g}–{gain.high:g}"])
    return math.floor(100 * (gain.low + TOLERANCE)), math.ceil(100 * (gain.high - TOLERANCE))


def _spans(*frames: pd.DataFrame) -> dict[str, Span]:
    """Entity → its total."""
    spans: dict[str, Span] = {}
    for row in (row for frame in frames for row in frame.itertuples()):
        span = _hundredths(Interval(row.low, row.high))
        if spans.setdefault(row.entity, span) != span:
            raise CheckError(_("{entity} has two totals for the same period.").format(entity=row.entity))
    return spans


def _passed(own: Span, now: Mapping[str, Span], then: Mapping[str, Span], steps: Span, moved: int) -> Span:
    """How many are above `own` now and not above it `steps` later: surely, and at most."""
    surely = sum(now[name][0] > own[1] and then[name][1] <= own[0] + steps[0] for name in now)
    possibly = sum(now[name][1] > own[0] and then[name][0] <= own[1] + steps[1] for name in now)
    return surely, possibly if steps[1] + moved else 0


def _marks(everyone: Sequence[Span], ranks: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Total → how many are above it, by the (total, rank) known; empty if no totals in the spans agree.

    A known number lies between two marks, and those that can lie nowhere else must fit in; as spans are unbroken, that
    is enough (Hall's theorem).
    """
    marks = {-1: len(everyone), FULL: 0}
    agree = all(marks.setdefault(total, rank - 1) == rank - 1 for total, rank in ranks)
    pairs = combinations(sorted(marks.items()), 2)
    agree = agree and all(_inside(everyone, low, high) <= most - least for (low, most), (high, least) in pairs)
    return marks if agree else {}


def _above(everyone: Sequence[Span], marks: Mapping[int, int], total: int) -> Span:
    """The fewest and the most that may be above a total."""
    total = min(total, FULL)
    fewest = max(above + _inside(everyone, total, mark) for mark, above in marks.items() if mark >= total)
    most = min(above - _inside(everyone, mark, total) for mark, above in marks.items() if mark <= total)
    return fewest, most


def _inside(everyone: Sequence[Span], low: int, high: int) -> int:
    """How many are surely above `low` and not above `high`."""
    return sum(low < span[0] and span[1] <= high for span in everyone)

"""Do the published figures agree with each other?

Parts against whole, count against percent, within the rounding that the printed decimals allow. No rule of scoring is
used here: whether any rule explains the figures is the question of `identify`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from math import isnan

import pandas as pd

from analysis.errors import HistoryError
from analysis.interval import Interval, total
from analysis.language import _, write_number, write_period, write_range
from analysis.scorecards.history import BASE, TOTAL, cards, shown_cards
from analysis.scorecards.rubric import Rubric, rubric_in_force
from analysis.scorecards.sources import Correction

SAME = 1e-6
CHECK_COLUMNS = [
    "entity",
    "period",
    "check",
    "codes",
    "printed",
    "expected_low",
    "expected_high",
    "ok",
    "where",
    "words",
]


def interval_of(row: pd.Series) -> Interval:
    """What a printed figure may have been before rounding: 36,09 % is 36,085 to 36,095; a count or a rank is exact."""
    return _of_printed(float(row["value"]), int(row["decimals"]), row["unit"])


def figure(figures: pd.DataFrame, code: str, unit: str) -> Interval | None:
    """What one figure of a card may be, or None where the card does not print it."""
    try:
        place = figures.index.get_loc((code, unit))
    except KeyError:
        return None
    value = float(figures["value"].iat[place])
    if isnan(value):
        return None
    return _of_printed(value, int(figures["decimals"].iat[place]), unit)


def _of_printed(value: float, decimals: int, unit: str) -> Interval:
    return Interval.point(value) if unit in ("count", "rank") else Interval.of_printed(value, decimals)


class Printed(dict[tuple[str, str], Interval]):
    """What each figure of a card may be, by code and unit, in its order; read once, as frames are slow to ask.

    `places` says where each figure stands, missing ones too: file:line. `decimals` are those that are printed.
    """

    places: Mapping[tuple[str, str], str] = {}
    decimals: Mapping[tuple[str, str], int] = {}

    @classmethod
    def of(cls, figures: pd.DataFrame) -> Printed:
        return cls._read(_rows_of(figures))

    @classmethod
    def _read(cls, rows: Iterable[tuple[str, str, float, int, str, int]]) -> Printed:
        rows = list(rows)
        told = cls({row[:2]: _of_printed(row[2], row[3], row[1]) for row in rows if not isnan(row[2])})
        told.places = {row[:2]: f"{row[4]}:{row[5]}" for row in rows}
        told.decimals = {row[:2]: row[3] for row in rows}
        return told

    def written(self, *items: tuple[str, str]) -> str:
        """Figures as they are printed, one after another: `72,95%`."""
        shown = [write_number((self[item].low + self[item].high) / 2, self.decimals[item]) for item in items]
        return " + ".join(f"{text}%" if item[1] == "percent" else text for text, item in zip(shown, items, strict=True))

    @classmethod
    def of_all(cls, history: pd.DataFrame) -> Iterator[tuple[str, str, Printed]]:
        """Entity, period and figures of every card with a total."""
        rows = _rows_of(history)
        for (entity, period), numbers in cards(history).items():
            yield entity, period, cls._read(rows[number] for number in numbers)

    @property
    def codes(self) -> tuple[str, ...]:
        """Of every figure, missing ones too."""
        return tuple(dict.fromkeys(code for code, _unit in self.places))


def reconcile(
    history: pd.DataFrame, rubrics: tuple[Rubric, ...], corrections: tuple[Correction, ...] = ()
) -> pd.DataFrame:
    """Every check that the figures allow, for every card with a total; no row where no two depend on each other.

    Returns
    -------
    One row a check: `entity`, `period`, `check`, `codes` (the figures in it), `printed` (the value held against the
    interval `expected_low` … `expected_high`), `ok`, `where` (file:line of each figure), `words` (what is wrong, ""
    where nothing is), `accepted` (a known disagreement).

    Raises
    ------
    HistoryError: a correction that matches no failing check, or whose `expect` no longer holds.
    """
    rows: list[dict[str, object]] = []
    known = shown_cards(history)
    for entity, period, printed in Printed.of_all(history):
        for row in card_checks(printed, rubric_in_force(rubrics, known[entity, period].ruled)):
            rows.append({"entity": entity, "period": period, **row})
    checks = pd.DataFrame(rows, columns=CHECK_COLUMNS).astype({"ok": bool}).assign(accepted=False)
    for correction in corrections:
        _accept(checks, correction)
    return checks


def unchecked(history: pd.DataFrame, checks: pd.DataFrame) -> pd.DataFrame:
    """The figures that no check touches, one row each as in `history`: an error in one of them would not be seen."""
    touched = {(row.entity, row.period, item) for row in checks.itertuples() for item in row.codes}
    rows = _rows_of(history)
    alone = [
        number
        for key, numbers in cards(history).items()
        for number in numbers
        if not isnan(rows[number][2]) and (*key, rows[number][:2]) not in touched
    ]
    return history.iloc[alone].reset_index(drop=True)


def _rows_of(figures: pd.DataFrame) -> list[tuple[str, str, float, int, str, int]]:
    """Code, unit, value, decimals, file and line of each figure."""
    names = ("code", "unit", "value", "decimals", "file", "line")
    return list(zip(*(figures[name].tolist() for name in names), strict=True))


def failures(checks: pd.DataFrame) -> list[str]:
    """The failed checks that no correction accepts, in words, with the file and line of each figure."""
    return [
        f"{row.entity}, {write_period(row.period)}, {check_name(row.check)}: {row.words} ({row.where})"
        for row in checks[~checks["ok"] & ~checks["accepted"]].itertuples()
    ]


def check_name(check: str) -> str:
    """The check in the reader's language."""
    return {
        "groups_to_total": _("groups against total"),
        "indicators_to_group": _("indicators against group"),
        "shares_to_100": _("shares against 100 %"),
        "count_to_percent": _("count against percent"),
        "whole_exists": _("a whole that gives this percent"),
    }[check]


def card_checks(printed: Printed, rubric: Rubric) -> Iterator[dict[str, object]]:
    """The checks of one card (see `reconcile` for the columns)."""
    yield from _groups_to_total(printed, rubric)
    yield from _indicators_to_group(printed, rubric)
    yield from _shares(printed, rubric)
    yield from _count_to_percent(printed, rubric)


def _row(
    check: str,
    items: list[tuple[str, str]],
    held: Interval,
    expected: Interval,
    printed: Printed,
    words: Callable[[], str],
) -> dict[str, object]:
    """One check; `words` say what is wrong if it fails, and are not asked of the thousands that hold."""
    ok = held.meet(expected) is not None
    return {
        "check": check,
        "codes": tuple(items),
        "printed": (held.low + held.high) / 2,
        "expected_low": expected.low,
        "expected_high": expected.high,
        "ok": ok,
        "where": " ".join(printed.places[item] for item in items),
        "words": "" if ok else words(),
    }


def _sum_words(words: str, items: list[tuple[str, str]], expected: Interval, printed: Printed, name: str) -> str:
    whole, *parts = items
    decimals = max(printed.decimals[part] for part in parts)
    return words.format(
        name=name,
        parts=printed.written(*parts),
        sum=write_number((expected.low + expected.high) / 2, decimals),
        printed=printed.written(whole),
        expected=write_range(expected.low, expected.high, decimals + 2),
    )


def _share_words(rubric: Rubric, code: str, count: float, whole: float, printed: Printed, words: str = "") -> str:
    """That a count and a whole do not give the percent that is printed."""
    words = words or _("{name}: {count} of {whole} is {exact}%, not {printed}")
    return words.format(
        name=rubric.name_of(code),
        count=write_number(count, 0),
        whole=write_number(whole, 0),
        exact=write_number(100 * count / whole if whole else 0.0, printed.decimals[code, "percent"]),
        printed=printed.written((code, "percent")),
    )


def _whole_words(rubric: Rubric, items: list[tuple[str, str]], known: Interval, printed: Printed) -> str:
    """That parts do not make a whole."""
    return _("{shares} of {names} sum to {sum}%, not to 100%").format(
        shares=printed.written(*items),
        names="; ".join(rubric.name_of(code) for code, _unit in items),
        sum=write_number((known.low + known.high) / 2, max(printed.decimals[item] for item in items)),
    )


def _groups_to_total(printed: Printed, rubric: Rubric) -> Iterator[dict[str, object]]:
    groups = rubric.groups_as_printed(set(printed.codes))
    scores = {group.code: printed.get((group.code, "points")) for group in groups}
    whole = printed.get((TOTAL, "points"))
    if whole is None or any(score is None for score in scores.values()):
        return
    items = [(TOTAL, "points"), *((code, "points") for code in scores)]
    expected = total(score for score in scores.values() if score)
    words = _("the groups {parts} sum to {sum}, and the total is printed as {printed}; rounding allows {expected}")
    told = partial(_sum_words, words, items, expected, printed, "")
    yield _row("groups_to_total", items, whole, expected, printed, told)


def _indicators_to_group(printed: Printed, rubric: Rubric) -> Iterator[dict[str, object]]:
    for group in rubric.groups_as_printed(set(printed.codes)):
        scores = {item.code: printed.get((item.code, "points")) for item in group.indicators}
        whole = printed.get((group.code, "points"))
        empty = {code for code in scores if printed.get((f"{code}{BASE}", "count")) == Interval.point(0)}
        known = [score for score in scores.values() if score is not None]
        if whole is None or len(known) + len(empty - {c for c, s in scores.items() if s}) < len(scores) or not known:
            continue
        items = [(group.code, "points"), *((code, "points") for code, score in scores.items() if score is not None)]
        words = _("{name}: the indicators {parts} sum to {sum}, and the group is printed as {printed}")
        told = partial(_sum_words, words, items, total(known), printed, group.name)
        yield _row("indicators_to_group", items, whole, total(known), printed, told)


def _shares(printed: Printed, rubric: Rubric) -> Iterator[dict[str, object]]:
    for breakdown in rubric.breakdowns:
        shares = {code: printed.get((code, "percent")) for code in breakdown.parts}
        counts = {code: printed.get((code, "count")) for code in breakdown.parts}
        if sum(share.low for share in shares.values() if share is not None) > 100:  # too much without the missing ones
            shares = {code: share for code, share in shares.items() if share is not None}
        if all(share is not None for share in shares.values()):
            items = [(code, "percent") for code in shares]
            known = total(share for share in shares.values() if share is not None)
            words = partial(_whole_words, rubric, items, known, printed)
            yield _row("shares_to_100", items, Interval.point(100), known, printed, words)
        if all(count is not None for count in counts.values()):
            whole = sum(count.low for count in counts.values() if count is not None)
            for code, share in shares.items():
                count = counts[code]
                if share is not None and count is not None and whole:
                    items = [(code, "percent"), *((part, "count") for part in counts)]
                    exact = Interval.point(100 * count.low / whole)
                    words = partial(_share_words, rubric, code, count.low, whole, printed)
                    yield _row("count_to_percent", items, exact, share, printed, words)


def _count_to_percent(printed: Printed, rubric: Rubric) -> Iterator[dict[str, object]]:
    """A count over its base; without a base, some whole number must be the base that gives the printed percent."""
    complete = [item for item in rubric.breakdowns if all(printed.get((part, "count")) for part in item.parts)]
    parts_of_whole = {code for breakdown in complete for code in breakdown.parts}
    for code in printed.codes:
        share, count = printed.get((code, "percent")), printed.get((code, "count"))
        if share is None or count is None:
            continue
        base = printed.get((f"{code}{BASE}", "count"))
        items = [(code, "percent"), (code, "count")]
        if base is not None and base.low > 0:
            exact = Interval.point(100 * count.low / base.low)
            words = partial(_share_words, rubric, code, count.low, base.low, printed)
            yield _row("count_to_percent", [*items, (f"{code}{BASE}", "count")], exact, share, printed, words)
        elif base is None and code not in parts_of_whole and count.low == 0:
            words = partial(_share_words, rubric, code, 0, 0, printed, _("{name}: {count} is {exact}%, not {printed}"))
            yield _row("count_to_percent", items, Interval.point(0), share, printed, words)
        elif base is None and code not in parts_of_whole and share.low > 0:
            bases = Interval(100 * count.low / share.high, 100 * count.low / share.low)
            if bases.width >= 1:
                continue  # some whole number always fits, so nothing would be checked
            nearest = round((bases.low + bases.high) / 2)  # the one that may fit, as they are less than 1 apart
            exact = Interval.point(100 * count.low / nearest)
            said = _("{name}: {count} cannot be {printed} of anything; nearest is {exact}% ({count}/{whole})")
            words = partial(_share_words, rubric, code, count.low, nearest, printed, said)
            yield _row("whole_exists", items, exact, share, printed, words)


def _accept(checks: pd.DataFrame, correction: Correction) -> None:
    same = (checks["entity"] == correction.entity) & (checks["period"] == correction.period)
    failing = checks[same & (checks["check"] == correction.check) & ~checks["ok"]]
    place = f"corrections.toml: {correction.entity} {correction.period} {correction.check}"
    if failing.empty:
        raise HistoryError(
            _("A correction matches no disagreement any more: the source may have been mended."),
            [place],
            _("Remove it from corrections.toml."),
        )
    found = failing[
        (((failing["expected_low"] + failing["expected_high"]) / 2 - correction.expect["sum"]).abs() < SAME)
        & ((failing["printed"] - correction.expect["total"]).abs() < SAME)
    ]
    if found.empty:
        row = failing.iloc[0]
        raise HistoryError(
            _("A correction expects other figures than the data hold."),
            [f"{place}: sum {(row['expected_low'] + row['expected_high']) / 2:g}, total {row['printed']:g}"],
            _("Look at the source again and write the correction anew."),
        )
    checks.loc[found.index, "accepted"] = True

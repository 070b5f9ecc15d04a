"""What was published? The figures, one a row, exactly as their sources print them.

The contract of a row is `row_problems`. Totals and groups are rows as published: a computed sum is only ever a check
(`checks`). A missing value is missing, never 0.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from math import nan
from operator import itemgetter
from pathlib import Path
from typing import Any

import pandas as pd

from analysis import project
from analysis.errors import HistoryError, NoTotalError, UnknownNameError
from analysis.files import Stamp, read_rows, recover, stamp_of, untidy
from analysis.language import _, nearest, rounded, slug, write_list, write_period
from analysis.scorecards import entities
from analysis.scorecards.entities import SIMULATED, SYNTHETIC, Unit, is_synthetic, with_siblings
from analysis.scorecards.periods import PERIOD, check_period, is_month, month_number, months_of, period_order
from analysis.scorecards.rubric import Rubric, Shown, ruling
from analysis.scorecards.sources import Replacement, Source, load_replacements, load_sources

AS_PRINTED = [
    "entity",
    "period",
    "scope",
    "as_of",
    "level",
    "code",
    "value",
    "unit",
    "max",
    "decimals",
    "kind",
    "source",
    "quote",
]
COLUMNS = [*AS_PRINTED, "superseded_by"]
KEY = ["entity", "period", "scope", "as_of", "code", "unit"]
TOTAL, RANK = "total_score", "national_rank"
SCOPES = ("month", "quarter", "year", "year_to_date", "unknown")
UNITS_OF_LEVEL = {
    "total": ("points",),
    "rank": ("rank",),
    "group": ("points",),
    "indicator": ("points", "percent", "count", "days"),
}
KINDS = ("published", "derived", "entered", SYNTHETIC)
BASE = "_base"
DOSSIERS = f"on_time{BASE}"  # how many a card counts
_DECIMALS = frozenset("0123456789")
_OF_CARD = itemgetter("entity", "period", "scope", "as_of", "kind", "source")
_OF_CODE = itemgetter("level", "code", "unit", "max")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*", re.ASCII)
_VALUE = re.compile(r"(0|[1-9][0-9]{0,11})(\.(?P<rest>[0-9]{1,9}))?", re.ASCII)


def unit_name(unit: str) -> str:
    """A unit of figures in the reader's language, short enough to stand behind a number."""
    return {"points": _("points"), "percent": "%", "count": _("count"), "rank": _("rank"), "days": _("days")}[unit]


def load_history(rubrics: tuple[Rubric, ...], folder: Path | None = None) -> pd.DataFrame:
    """Every figure of the project.

    Figures that a later notice replaced (`corrections.toml`) are checked, and left out.

    Returns
    -------
    One row a figure, in the order of files and lines: `COLUMNS`, then `file`, `line`, and `day`: of a capture of the
    portal its day, else "". `value` and `max` are floats (missing is NaN), `decimals` an integer, `as_of` an ISO date
    or "", everything else text. `superseded_by` is the source of the card that stands instead, "" for what stands.
    Where the project has units (`entities`), `siblings` too (see `with_siblings`).

    Raises
    ------
    HistoryError: with every finding in every file, each with file, line and field; from `entities.load_units`.
    BusyError, WriteError: from `files.recover`.
    """
    folder = folder or project.root() / "data"
    recover(folder)
    sources = load_sources(folder)
    rows: list[dict[str, Any]] = []
    findings: list[str] = []
    units = entities.load_units(folder)
    days = {name: source.day for name, source in sources.items()}
    contract = _Contract(rubrics, sources, units)
    for path in sorted((folder / "observations").glob("*.csv")):
        for where, row, problem in read_rows(path, COLUMNS):
            if problem:
                findings.append(f"{where} {problem}")
                continue
            found = contract.problems(row)
            findings += [f"{where} {row['code'] or '?'}: {text}" for text in found]
            if not found:
                row["day"] = days[row["source"]]
                rows.append(row)
    replacements = load_replacements(folder)
    replaced = _replaced(rows, replacements, every=not findings)
    left = [row for row in rows if id(row) not in replaced]
    findings += [*_repeated(left), *_misspelt(left, units)]
    if not findings:  # what another mistake left out would make every row of its card wrong
        findings += _wrongly_standing(rows, superseded(rows, replacements))
    rows = left
    if not rows and not findings:
        findings.append(_("there is no figure in data/observations"))
    if findings:
        raise HistoryError(
            _("{count} findings in the figures.").format(count=len(findings)),
            findings,
            _("Correct these lines, then run `scorecard check`, which lists them all."),
        )
    frame = pd.DataFrame(rows).astype({"value": float, "max": float, "decimals": int, "line": int})
    return with_siblings(frame, units) if units else frame


def _replaced(
    rows: Sequence[Mapping[str, Any]], replacements: tuple[Replacement, ...], every: bool = True
) -> dict[int, str]:
    """`id` of each row that a later notice replaced → that notice.

    Raises HistoryError where one matches no row, if `every` row could be read.
    """
    found: dict[int, str] = {}
    for entry in replacements:
        of_card = [row for row in rows if (row["entity"], row["period"]) == (entry.entity, entry.period)]
        of_card = [row for row in of_card if id(row) not in found]
        newer = {(row["code"], row["unit"]) for row in of_card if row["source"] == entry.by}
        replaced = [row for row in of_card if row["source"] == entry.source and (row["code"], row["unit"]) in newer]
        if not replaced and every:
            raise HistoryError(
                _("A replacement matches no figures any more."),
                [f"corrections.toml: {entry.entity} {entry.period} {entry.source} → {entry.by}"],
                _("Remove it from corrections.toml."),
            )
        found |= {id(row): entry.by for row in replaced}
    return found


def data_files(folder: Path) -> list[Path]:
    """Every file that the numbers of a report are made from: figures, sources, rules, levers and units."""
    tables = [folder / "corrections.toml", folder / "sources.toml"]
    named = ("changes", "findings", "levers", "mergers", "relations", "support")
    optional = ("observations/*.csv", *(f"{name}.toml" for name in named), "rubrics/*.toml", "units.csv")
    return sorted([*tables, *(path for pattern in optional for path in folder.glob(pattern))])


def stamp(folder: Path) -> Stamp:
    """What changes when a file of the data does."""
    return stamp_of(path for path in data_files(folder) if path.is_file())


def data_hash(folder: Path | None = None) -> str:
    """A hash of everything the numbers of a report are made from."""
    folder = folder or project.root() / "data"
    return _data_hash(folder, stamp(folder))


@lru_cache(maxsize=8)
def _data_hash(folder: Path, _stamp: Stamp) -> str:
    digest = hashlib.sha256()
    for path in data_files(folder):
        digest.update(f"{path.relative_to(folder).as_posix()}\n".encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def periods_with_total(history: pd.DataFrame, entity: str) -> list[str]:
    """The entity's periods that have a published total, earliest first; a longer one after those inside it."""
    rows = history[(history["entity"] == entity) & (history["code"] == TOTAL) & history["value"].notna()]
    return sorted(rows["period"].unique(), key=period_order)


def latest_period(history: pd.DataFrame, entity: str) -> str:
    """The latest month with a total, or a longer period where no month of its year has one. Raises NoTotalError."""
    periods = periods_with_total(history, entity)
    if not periods:
        raise NoTotalError(
            _("No total of {entity} is known.").format(entity=entity), [], _("Add one to data/observations.")
        )
    year = max(period[:4] for period in periods)
    latest = [period for period in periods if period[:4] == year]
    return ([period for period in latest if is_month(period)] or latest)[-1]


def card(history: pd.DataFrame, entity: str, period: str) -> pd.DataFrame:
    """The figures of one entity and period as last published, indexed by code and unit.

    Where the same period was published more than once, the card is the one with the latest `as_of`.

    Raises
    ------
    UnknownNameError: no period, or no figure for it; the nearest periods are named.
    NoTotalError: figures, but no total.
    """
    check_period(period)
    of_entity = history[history["entity"] == entity]
    rows = of_entity[of_entity["period"] == period]
    if rows.empty:
        with_total = periods_with_total(of_entity, entity)
        near = sorted(with_total, key=lambda known: abs(month_number(known) - month_number(period)))[:3]
        raise UnknownNameError(
            _("There is no figure of {entity} for {period}.").format(entity=entity, period=write_period(period)),
            sorted(near),
            _("Choose one of these periods, or add the month to data/observations."),
        )
    if rows[(rows["code"] == TOTAL) & rows["value"].notna()].empty:
        with_total = periods_with_total(of_entity, entity)
        raise NoTotalError(
            _("{entity} has figures for {period} but no total, so its loss is unknown.").format(
                entity=entity, period=write_period(period)
            ),
            [f"{row.file}:{row.line} {row.code} {row.value:g}" for row in rows.itertuples()],
            _("Periods with a total: {periods}.").format(periods=write_list(with_total) if with_total else "–"),
        )
    rows = rows[rows["superseded_by"] == ""]
    return rows.set_index(["code", "unit"], drop=False).rename_axis(["", ""])


def of_cards(history: pd.DataFrame, keys: Collection[tuple[str, str]]) -> pd.DataFrame:
    """The figures of some cards (entity and period), in their order."""
    named = zip(history["entity"].tolist(), history["period"].tolist(), strict=True)
    return history.take([number for number, key in enumerate(named) if key in keys])


def shown(history: pd.DataFrame, entity: str, period: str) -> Shown:
    """The period, and the day of the capture whose card stands; "" where it is of notices, or nothing is known."""
    rows = history[(history["entity"] == entity) & (history["period"] == period) & (history["superseded_by"] == "")]
    return Shown(period, str(next(iter(rows["day"]), "")))


def shown_cards(history: pd.DataFrame) -> dict[tuple[str, str], Shown]:
    """`shown` of every entity and period."""
    rows = history[history["superseded_by"] == ""]
    keys = dict.fromkeys(zip(*(rows[name].tolist() for name in ("entity", "period", "day")), strict=True))
    return {(entity, period): Shown(period, day) for entity, period, day in keys}


def standing(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Of each row the source of the card that stands instead of it; "" for the rows of the card that stands.

    Rows are as in the files, with `day`. A notice and a capture, days (`as_of`) and scopes make different cards of a
    period. That one stands whose total is of the latest `as_of`, or, where no total is known, what is of the latest; of
    the same day a capture, then the one that comes last.
    """
    last: dict[tuple[str, str], tuple[Any, ...]] = {}
    for row in rows:
        key = row["entity"], row["period"]
        has_total = row["code"] == TOTAL and row["value"] != "" and row["value"] == row["value"]
        found = (has_total, row["as_of"], row["day"], row["scope"], row["source"])
        if found[:3] >= last.get(key, (False, "", "", "", ""))[:3]:
            last[key] = found
    stand = (last[row["entity"], row["period"]] for row in rows)
    return [
        "" if (row["as_of"], row["day"], row["scope"]) == found[1:4] else found[4]
        for row, found in zip(rows, stand, strict=True)
    ]


def superseded(rows: Sequence[Mapping[str, Any]], replacements: tuple[Replacement, ...]) -> list[str]:
    """What `superseded_by` must say in each row: what replaced it, or the source of the card that stands, or ""."""
    replaced = _replaced(rows, replacements)
    left = [row for row in rows if id(row) not in replaced]
    stands = replaced | {id(row): by for row, by in zip(left, standing(left), strict=True)}
    return [stands[id(row)] for row in rows]


def as_known_on(history: pd.DataFrame, sources: Mapping[str, Source], day: str) -> pd.DataFrame:
    """The history without what was counted, published or captured after a day (an ISO date), and what stood then.

    A figure of which no day is known counts as known from the end of its period.
    """
    first = [
        max(as_of, captured, str(sources[source].published or "")) or f"{months_of(period)[1]}-31"
        for as_of, captured, source, period in zip(
            history["as_of"], history["day"], history["source"], history["period"], strict=True
        )
    ]
    return with_standing(history[[known <= day for known in first]])


def with_standing(history: pd.DataFrame) -> pd.DataFrame:
    """The figures with `superseded_by` as it follows from them, and `day`, "" where they have no such column."""
    frame = history if "day" in history else history.assign(day="")
    names = ("entity", "period", "code", "value", "as_of", "day", "scope", "source")
    rows = [dict(zip(names, row, strict=True)) for row in zip(*(frame[name].tolist() for name in names), strict=True)]
    place = COLUMNS.index("superseded_by") if set(AS_PRINTED) <= set(frame) else len(frame.columns)
    made = frame.drop(columns="superseded_by", errors="ignore")
    made.insert(place, "superseded_by", standing(rows))
    return made


def cards(history: pd.DataFrame) -> dict[tuple[str, str], list[int]]:
    """Where the figures of every card with a total stand: entity and period → row numbers, as `card` has them.

    Entity by entity in their order, the earliest period first. Much faster than `card` for each of many.
    """
    names = ("entity", "period", "code", "value", "superseded_by")
    rows = list(zip(*(history[name].tolist() for name in names), strict=True))
    standing = [(number, row) for number, row in enumerate(rows) if not row[4]]
    found = {row[:2]: list[int]() for _number, row in standing if row[2] == TOTAL and row[3] == row[3]}
    for number, row in standing:
        if row[:2] in found:
            found[row[:2]].append(number)
    order = {entity: place for place, entity in enumerate(dict.fromkeys(row[0] for row in rows))}
    return dict(sorted(found.items(), key=lambda item: (order[item[0][0]], period_order(item[0][1]))))


def totals(history: pd.DataFrame, entity: str) -> pd.DataFrame:
    """The entity's published totals, one row a period as in `card`, earliest first."""
    cards = [card(history, entity, period).loc[(TOTAL, "points")] for period in periods_with_total(history, entity)]
    return pd.DataFrame(cards).reset_index(drop=True)


def _misspelt(rows: list[dict[str, str | float]], units: Mapping[str, Unit]) -> Iterator[str]:
    """Entities that differ in accents or signs only: from one of `units.csv`, or from one of more figures."""
    named = {slug(name): name for name in entities.names_of(units)}
    written = Counter(str(row["entity"]) for row in rows)
    usual: dict[str, str] = {}
    for entity, _many in written.most_common():
        usual.setdefault(slug(entity), entity)
    for entity, row in {str(row["entity"]): row for row in rows}.items():
        other = named.get(slug(entity), entity)
        if other != entity:
            yield _("{file}:{line} entity: “{entity}” is “{other}” in units.csv").format(
                file=row["file"], line=row["line"], entity=entity, other=other
            )
        elif usual[slug(entity)] != entity:
            yield _("{file}:{line} entity: “{entity}” is “{other}” in other lines").format(
                file=row["file"], line=row["line"], entity=entity, other=usual[slug(entity)]
            )


def _wrongly_standing(rows: Sequence[Mapping[str, Any]], superseded: Sequence[str]) -> Iterator[str]:
    """Rows whose `superseded_by` does not say what stands."""
    for row, stands in zip(rows, superseded, strict=True):
        if row["superseded_by"] != stands:
            words = (
                _("{file}:{line} superseded_by: is “{value}”, but the card of {source} stands")
                if stands
                else _("{file}:{line} superseded_by: is “{value}”, but this card stands: leave it empty")
            )
            yield words.format(file=row["file"], line=row["line"], value=row["superseded_by"], source=stands)


def _repeated(rows: list[dict[str, str | float]]) -> Iterator[str]:
    seen: dict[tuple[str | float, ...], dict[str, str | float]] = {}
    key = itemgetter(*KEY, "day")
    for row in rows:
        first = seen.setdefault(key(row), row)
        if first is not row:
            yield _("{file}:{line} {code}: the same figure stands in {other}").format(
                file=row["file"], line=row["line"], code=row["code"], other=f"{first['file']}:{first['line']}"
            )
        row["value"], row["max"] = row["value"] or nan, row["max"] or nan


def row_problems(
    row: dict[str, str], rubrics: tuple[Rubric, ...], sources: Mapping[str, Source], units: Collection[str] = ()
) -> list[str]:
    """Everything wrong with one row, in words; `units` are the entities that are no province."""
    return _Contract(rubrics, sources, units).problems(row)


class _Contract:
    """What every row must keep. What its card decides, and what its code, is asked once for all rows of the same."""

    def __init__(self, rubrics: tuple[Rubric, ...], sources: Mapping[str, Source], units: Collection[str]) -> None:
        self._rubrics, self._sources, self._units = rubrics, sources, units
        self._today = date.today().isoformat()
        self._cards: dict[tuple[str, ...], tuple[list[str], Rubric | None, str]] = {}
        self._codes: dict[tuple[str, ...], tuple[list[str], float | None]] = {}

    def problems(self, row: Mapping[str, str]) -> list[str]:
        """Everything wrong with a row, in words."""
        of_card = _OF_CARD(row)
        if of_card not in self._cards:
            found, rubric, ruled = _governed(row, self._rubrics, self._sources)
            self._cards[of_card] = [*_card_problems(row, self._today), *found], rubric, ruled
        first, rubric, ruled = self._cards[of_card]
        of_unit = row["entity"] in self._units
        of_code = (*_OF_CODE(row), ruled, of_unit)
        if of_code not in self._codes:
            code = _code_problems(row, rubric, ruled, of_unit)
            self._codes[of_code] = [*_level_problems(row), *code[0]], code[1]
        then, most = self._codes[of_code]
        return [*first, *then, *_word_problems(row), *_number_problems(row, most)]


def _card_problems(row: Mapping[str, str], today: str) -> Iterator[str]:
    if not row["entity"]:
        yield _("entity is empty")
    elif not slug(row["entity"]):
        yield _("entity is “{value}”: a name has letters").format(value=row["entity"])
    yield from _unknown(row, "scope", SCOPES)
    yield from _unknown(row, "kind", KINDS)
    if row["as_of"] and not _is_date(row["as_of"]):
        yield _("as_of is “{value}”, not a date such as 2023-04-24").format(value=row["as_of"])
    elif row["as_of"] > today:
        yield _("as_of {as_of} is after today").format(as_of=row["as_of"])
    if row["kind"] == SYNTHETIC and not is_synthetic(row["entity"]):
        words = _("a synthetic figure must be of an entity called “{name} …”, not of “{entity}”")
        yield words.format(name=SIMULATED, entity=row["entity"])
    if row["kind"] in KINDS and row["kind"] != SYNTHETIC and is_synthetic(row["entity"]):
        words = _("“{entity}” is simulated, so each of its figures must be of kind synthetic, not {kind}")
        yield words.format(entity=row["entity"], kind=row["kind"])


def _level_problems(row: Mapping[str, str]) -> Iterator[str]:
    yield from _unknown(row, "level", UNITS_OF_LEVEL)
    if row["unit"] not in UNITS_OF_LEVEL.get(row["level"], (row["unit"],)):
        words = _("unit “{unit}” does not go with level “{level}”")
        yield words.format(unit=row["unit"], level=row["level"])


def _unknown(row: Mapping[str, str], name: str, known: Collection[str]) -> Iterator[str]:
    if row[name] not in known:
        words = _("{field} is “{value}”, not one of {known}")
        yield words.format(field=name, value=row[name], known=", ".join(known))


def _word_problems(row: Mapping[str, str]) -> list[str]:
    """What is wrong with the texts of a row, and whether its words print its value."""
    found = list(untidy(row))
    value, quote = row["value"], row["quote"]
    if row["kind"] == "published" and value and not quote:
        found.append(_("a published figure needs its quote: the figure as printed"))
    alike = quote.rstrip("%").replace(",", ".") == value  # most are, and thousands are asked
    if quote and not alike and _VALUE.fullmatch(value) and not printed_in(quote, float(value)):
        words = _("{value} is not what its words print: “{quote}”")
        found.append(words.format(value=value, quote=quote))
    return found


def _number_problems(row: Mapping[str, str], most: float | None) -> list[str]:
    """What is wrong with the numbers of a row; `most` is the maximum where the row itself gives none."""
    value, top, decimals, unit = row["value"], row["max"], row["decimals"], row["unit"]
    read = _VALUE.fullmatch(value)
    wrong = ["value"] if value and not read else []
    wrong += ["max"] if top and not _VALUE.fullmatch(top) else []
    wrong += ["decimals"] if decimals not in _DECIMALS else []
    words = _("{field} is “{value}”, not a plain number with a point, such as 58.83") if wrong else ""
    found = [words.format(field=name, value=row[name]) for name in wrong]
    number = float(value) if read else 0.0
    if read and not wrong:
        if len(read["rest"] or "") > int(decimals):
            words = _("value {value} has more than {decimals} decimals")
            found.append(words.format(value=value, decimals=decimals))
        if top and number > float(top):
            found.append(_("{value} is more than the maximum {max}").format(value=value, max=top))
        if unit == "percent" and number > 100:
            found.append(_("{value} % is more than 100 %").format(value=value))
        if unit in ("count", "rank") and (number != int(number) or decimals != "0"):
            found.append(_("a {unit} must be a whole number, not {value}").format(unit=unit, value=value))
        if unit == "rank" and number < 1:
            found.append(_("a rank starts at 1"))
    if most is not None and number > most:
        found.append(_("{value} is more than the maximum {max}").format(value=value, max=f"{most:g}"))
    return found


def _governed(
    row: Mapping[str, str], rubrics: tuple[Rubric, ...], sources: Mapping[str, Source]
) -> tuple[list[str], Rubric | None, str]:
    """What is wrong with the source and the period of a row; its rules, and the period that says which they are."""
    found: list[str] = []
    source, period, scope = sources.get(row["source"]), row["period"], row["scope"]
    if source is None:
        found.append(_("source “{value}” is not in sources.toml").format(value=row["source"]))
    if not PERIOD.fullmatch(period):
        found.append(_("period is “{value}”, not YYYY, YYYY-MM or YYYY-Qn").format(value=period))
        return found, None, ""
    length = "quarter" if "Q" in period else "month" if "-" in period else "year"
    if scope in ("month", "quarter", "year") and scope != length:
        words = _("scope “{scope}” does not go with period {period}")
        found.append(words.format(scope=scope, period=period))
    day = source.day if source else ""
    if day and row["as_of"] > day:
        words = _("as_of {as_of} is after {day}, the day of the capture")
        found.append(words.format(as_of=row["as_of"], day=day))
    ruled = ruling(period, day)
    rubric = next((rubric for rubric in rubrics if rubric.covers(ruled)), None)
    if rubric is None:
        found.append(_("no rubric governs {period}").format(period=ruled))
    return found, rubric, ruled


def _code_problems(
    row: Mapping[str, str], rubric: Rubric | None, ruled: str, of_unit: bool
) -> tuple[list[str], float | None]:
    """What is wrong with the code and the maximum of a row; and the maximum where the row itself gives none."""
    code, level = row["code"], row["level"]
    known: Collection[str]
    expected: float | None = None
    if rubric is None or level not in UNITS_OF_LEVEL:
        return [], None
    if level == "total":
        known, expected = [TOTAL], rubric.points
    elif level == "rank":
        ranked = None if of_unit else rubric.ranked_units(ruled)  # a unit's rank is one among its siblings
        known, expected = [RANK], None if ranked is None else float(ranked)
    elif level == "group":
        known, expected = rubric.group_points, rubric.group_points.get(code)
    else:
        known = rubric.figure_codes
    if code not in known:
        near = ", ".join(nearest(code.replace("_", "-"), known)) or "–"
        words = _("the code is not known to {rubric}; nearest: {near}")
        return [words.format(rubric=rubric.id, near=near)], None
    if expected is not None and _VALUE.fullmatch(row["max"]) and float(row["max"]) != expected:
        words = _("max is {max}, but {rubric} says {expected:g}")
        return [words.format(max=row["max"], rubric=rubric.id, expected=expected)], None
    return [], None if row["max"] else expected


def printed_in(words: str, value: float, decimals: int | None = None) -> bool:
    """Whether the first number in these words is this value: `33,83%`, `2,2/18`, `23.636` (which may be 23.636, too).

    Where the `decimals` of the value are given, the words may print it with more or fewer. Words without a number say
    nothing against it.
    """
    found = _NUMBER.search(words)
    if not found:
        return True
    whole, _point, rest = found[0].replace(",", ".").rpartition(".")
    readings = [(float(re.sub("[.,]", "", found[0])), 0)]
    readings += [(float(f"{whole.replace('.', '')}.{rest}"), len(rest))] if whole else []
    if decimals is None:
        return value in [read for read, _own in readings]
    return any(rounded(read, min(own, decimals)) == rounded(value, min(own, decimals)) for read, own in readings)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False

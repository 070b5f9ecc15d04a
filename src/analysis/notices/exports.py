"""Which cards does a whole table hold?

An export of the portal, an answer of its API, or the long form of our own. A row is an entity, and a column one of its
scores; what the columns are called stands in `data/wordings.toml`. The table is a capture: it shows every period by
the rules of the day on which the portal was looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from analysis.errors import BulletinError, UsageError
from analysis.language import _, nearest, slug, write_list
from analysis.notices.documents import Document, read_sheets
from analysis.notices.phrasebook import Phrasebook
from analysis.scorecards.entities import COMMUNE, DEPARTMENT, MEAN_OF, Unit
from analysis.scorecards.history import BASE, RANK, TOTAL, UNITS_OF_LEVEL
from analysis.scorecards.periods import PERIOD
from analysis.scorecards.rubric import Rubric, rubric_in_force, ruling

LONG = ("entity", "period", "scope", "as_of", "level", "code", "value", "unit", "max", "source", "quote")
NEEDED = {"entity", "period", "code", "value", "unit"}
LEAST_COLUMNS = 3  # an entity and two figures, under which a line is no head of a table
FEW_ROWS = 10  # of the neighbours of a province, in a notice of it
PRINTED = 2  # decimals of points and percents on the portal, which shows 10 for 10.00
MOST_LIKENED = 20  # names that are not known, of which the nearest are looked for
MEAN = f"{MEAN_OF} (tỉnh)"
METRIC = ("ratio", "numerator", "denominator", "score")
Row = dict[str, str]
_NUMBER = re.compile(r"(\d+)(?:[.,](\d+))?")
_DAY = re.compile(r"(20\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)")
_OFFICE = re.compile(r"^(?:UBND|Ủy ban nhân dân)\s+", re.IGNORECASE)
_PROVINCE = re.compile(r"^(?:tỉnh|thành phố|TP\.?)\s*", re.IGNORECASE)
_OF_PROVINCE = re.compile(r"(?<![\s,–-])[\s,–-]*\b(?:tỉnh|thành phố|TP\.?)\s+(\S.*)$", re.IGNORECASE)


@dataclass(frozen=True)
class Problem:
    """What is wrong, in words, and of which card; None where no card could be made of it."""

    words: str
    card: tuple[str, str] | None = None


@dataclass(frozen=True)
class Export:
    """The cards of a table: the rows of the store (`history.COLUMNS`), each with `where` it stands.

    `units` are new ones that the table names; `left` says what was not understood. `day` is that of the capture, "" for
    our own long form, whose rows know theirs.
    """

    rows: list[Row]
    units: dict[str, Unit]
    left: list[str]
    problems: list[Problem]
    day: str


@dataclass
class _Sheet:
    title: str
    rows: list[list[str]]
    columns: dict[int, tuple[str, str]] = field(default_factory=dict)  # place → code or fact, unit

    @cached_property
    def named(self) -> str:
        return _("sheet “{title}”, ").format(title=self.title) if self.title else ""


def is_export(document: Document, book: Phrasebook) -> bool:
    """Whether a document is a table of many cards, and no notice."""
    if document.form == "json":
        return True
    if document.form not in ("csv", "xlsx", "text"):
        return False
    lines = [line.split("\t") for line in document.text.split("\n")[:200]]
    head = next((number for number, cells in enumerate(lines) if _is_head(cells, book)), None)
    return head is not None and not (document.form == "text" and _is_of_one(lines, head, book))


def _is_of_one(lines: Sequence[Sequence[str]], head: int, book: Phrasebook) -> bool:
    """Whether a text is the notice of one province with a table behind it.

    Above the table stand scores, or the name of a province that a row of a short table has, too.
    """
    above = "\n".join(" ".join(cells) for cells in lines[:head])
    rows = [cells for cells in lines[head + 1 :] if len(cells) > 1]
    named = {name for cells in rows for cell in cells[:2] if (name := book.province_named(_PROVINCE.sub("", cell)))}
    short = len(rows) <= FEW_ROWS and any(name in above for name in named)
    return short or bool(re.search(r"[0-9]\s?/\s?(?:100|63|34)\b|[0-9],[0-9]+\s?(?:điểm|%)", above))


def read_export(
    document: Document,
    rubrics: tuple[Rubric, ...],
    book: Phrasebook,
    units: Mapping[str, Unit],
    month: str = "",
    as_of: str = "",
) -> Export:
    """The cards of a table.

    `month` is the period where the table names none, `as_of` the day of the capture (an ISO date).

    Raises
    ------
    UsageError: the day, or the period of a sheet, is not known; the likely one is named.
    BulletinError: no column of any sheet is understood.
    UnknownNameError: no rubric governs a period.
    """
    if document.form == "json":
        sheets, told = _of_json(document, book)
    else:
        sheets, told = [_Sheet(title, rows) for title, rows in read_sheets(document)], {}
    reader = _Reader(document.name, rubrics, book, units, month, as_of or told.get("as_of", ""), told)
    reader.left += document.left
    for sheet in sheets:
        reader.read(sheet)
    reader.rank_units()
    if not reader.rows and not reader.problems:
        raise BulletinError(
            _("No table of cards was found in {file}.").format(file=document.name),
            reader.left,
            _("A row is a province or a unit, its columns are its name, its groups and its total."),
        )
    return Export(reader.rows, reader.new, reader.left, reader.problems, reader.day)


@dataclass
class _Reader:
    """What is read so far of the sheets of one file."""

    file: str
    rubrics: tuple[Rubric, ...]
    book: Phrasebook
    units: Mapping[str, Unit]
    month: str
    day: str
    told: Mapping[str, str]
    rows: list[Row] = field(default_factory=list)
    new: dict[str, Unit] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    seen: dict[tuple[str, str], str] = field(default_factory=dict)

    def read(self, sheet: _Sheet) -> None:
        """Take the cards of a sheet; what is not understood is said."""
        head = next((number for number, row in enumerate(sheet.rows) if _is_head(row, self.book)), None)
        if head is None:
            if any(any(row) for row in sheet.rows):
                self.left.append(_("{sheet}no line names an entity and its scores").format(sheet=sheet.named))
            return
        if {slug(cell) for cell in sheet.rows[head]} >= {slug(name) for name in NEEDED}:
            self._read_long(sheet, head)
            return
        sheet.columns = self._columns(sheet, sheet.rows[head])
        if not self.day:
            raise self._day_is_missing()
        read = [
            (f"{sheet.named}{_('line {line}').format(line=number + 1)}", row)
            for number, row in enumerate(sheet.rows[head + 1 :], head + 1)
            if any(cell.strip() for cell in row)
        ]
        for where, row in read:
            self._read_card(sheet, where, row)

    def _columns(self, sheet: _Sheet, head: Sequence[str]) -> dict[int, tuple[str, str]]:
        known, columns = self.book.export_columns, dict[int, tuple[str, str]]()
        for place, name in enumerate(head):
            meaning = known.get(slug(name))
            if meaning and meaning in columns.values() and meaning[0] == "entity":
                continue  # the portal writes the name twice
            if meaning and meaning in columns.values():
                words = _("{sheet}two columns are {code}: “{name}” is the second")
                self.problems.append(Problem(words.format(sheet=sheet.named, code=meaning[0], name=name)))
            elif meaning and meaning[0]:
                columns[place] = meaning
            elif meaning is None and name.strip() and known.get(slug(name.split()[0])) != ("", ""):
                near = write_list([f"“{word}”" for word in self._like(name)])
                words = _("{sheet}column “{name}” was not understood") + (_("; like {near}") if near else "")
                self.left.append(words.format(sheet=sheet.named, name=name, near=near))
        return columns

    def _like(self, name: str) -> list[str]:
        return nearest(name, [word for words in self.book.exports.figures.values() for word in words], 2)

    def _read_card(self, sheet: _Sheet, where: str, cells: Sequence[str]) -> None:
        known = {meaning: cells[place].strip() for place, meaning in sheet.columns.items() if place < len(cells)}
        name = known.pop(("entity", ""), "")
        year = known.pop(("year", ""), "")
        numbers = {meaning: text for meaning, text in known.items() if text and not meaning[0].startswith("max ")}
        if not any(character.isdigit() for character in "".join(numbers.values())):
            return
        entity = self._entity(name)
        if not entity:
            few = len(self.problems) < MOST_LIKENED
            near = nearest(name, [*self.book.provinces, *self.units]) if few else []
            words = _("{where}: “{name}” is no province and no unit that is known") + (
                _("; like {near}") if near else ""
            )
            self.problems.append(Problem(words.format(where=where, name=name, near=write_list(near))))
            return
        period, scope = self._period(sheet, year)
        if (first := self.seen.setdefault((entity, period), where)) is not where:
            words = _("{where}: {entity} stands twice, first in {first}")
            self.problems.append(Problem(words.format(where=where, entity=entity, first=first), (entity, period)))
            return
        ruled = ruling(period, self.day)
        rubric = rubric_in_force(self.rubrics, ruled)
        ranked = rubric.ranked_units(ruled) if entity in self.book.provinces else None
        about = {"entity": entity, "period": period, "scope": scope, "as_of": "" if scope == "year" else self.day}
        for (code, unit), text in sorted(numbers.items(), key=lambda item: _order(item[0], rubric)):
            printed_max = known.get((f"max {code}", unit), "")
            if (row := _row(code, unit, text, rubric, ranked, printed_max)) is None:
                words = _("{where}: “{text}” is not a number that can be read for sure ({code})")
                self.problems.append(Problem(words.format(where=where, text=text, code=code), (entity, period)))
            else:
                self.rows.append({**about, **row, "where": where})

    def rank_units(self) -> None:
        """Say of each rank of a unit out of how many it is, where the file holds all of them."""
        of: dict[tuple[str, str], list[Row]] = {}
        for row in self.rows:
            if row["code"] == RANK and (unit := self.units.get(row["entity"]) or self.new.get(row["entity"])):
                of.setdefault((unit.parent, row["period"]), []).append(row)
        for (parent, _period), rows in of.items():
            every = {name for name, unit in {**self.units, **self.new}.items() if unit.parent == parent}
            ranks = [int(row["value"]) for row in rows]
            if every == {row["entity"] for row in rows} and min(ranks) == 1 and max(ranks) <= len(rows):
                for row in rows:
                    row["max"] = str(len(rows))

    def _entity(self, name: str) -> str:
        """The entity by the name that the portal gives it; "" where it is not known."""
        bare = _OFFICE.sub("", name).strip()
        province = self.book.province_named(_PROVINCE.sub("", bare))
        if province:
            return province
        if slug(bare) == slug(MEAN_OF):
            return MEAN
        by_name = self._units_by_name
        found = _OF_PROVINCE.search(bare)
        parent = self.book.province_named(found[1]) if found else ""
        if not found or not parent:
            return by_name.get(slug(name)) or by_name.get(slug(bare)) or ""
        short = bare[: found.start()].strip(" -–,")
        if not re.search(r"[-–,]\s*$", bare[: found.start(1)].rsplit(maxsplit=1)[0]):
            short = bare[: found.start(1)].strip()  # “Thanh tra tỉnh An Giang” is called so
        own = f"{short[:1].upper()}{short[1:]}, {parent}"
        if slug(own) in by_name:
            return by_name[slug(own)]
        kind = COMMUNE if re.match(r"(?:xã|phường|đặc khu|thị trấn)\b", short, re.IGNORECASE) else DEPARTMENT
        self.new[own] = Unit(own, parent, kind, "")
        self._units_by_name[slug(own)] = own
        return own

    @cached_property
    def _units_by_name(self) -> dict[str, str]:
        return {slug(name): name for name in self.units}

    def _period(self, sheet: _Sheet, year: str) -> tuple[str, str]:
        """The period and the scope of a card: of its year, the table's own, or what its sheet and the user say."""
        words = set(slug(sheet.title).split("-"))
        period = year or self.told.get("period", "")
        if not period and words & {"nam", "year"}:
            period = (self.month or self.day)[:4]
        if not period and words & {"thang", "month"} and not self.month:
            period = self.day[:7]
        period = period or self.month
        if not PERIOD.fullmatch(period):
            likely = self.day[:7]
            raise UsageError(
                _("{file}: {sheet}it is not said of which period the scores are.").format(
                    file=self.file, sheet=sheet.named
                ),
                [],
                _("Say it, perhaps: scorecard add {file} --month {month} --as-of {day}").format(
                    file=self.file, month=likely, day=self.day
                ),
            )
        if len(period) > 4:
            return period, "quarter" if "Q" in period else "month"
        return period, "year" if self.day[:4] > period else "year_to_date"

    def _day_is_missing(self) -> UsageError:
        found = _DAY.search(self.file)
        likely = "-".join(found.groups()) if found else "YYYY-MM-DD"
        return UsageError(
            _("{file} does not say on which day the portal showed these scores.").format(file=self.file),
            [_("The portal restates every period, so a capture without its day says little.")],
            _("Say it, perhaps: scorecard add {file} --as-of {day}").format(file=self.file, day=likely),
        )

    def _read_long(self, sheet: _Sheet, head: int) -> None:
        """Take the rows of our own `export`, each as it stands there."""
        names = [slug(cell).replace("-", "_") for cell in sheet.rows[head]]
        for number, cells in enumerate(sheet.rows[head + 1 :], head + 2):
            if not any(cells):
                continue
            where = f"{sheet.named}{_('line {line}').format(line=number)}"
            given = {name: cell.strip().lstrip("'") for name, cell in zip(names, cells, strict=False)}
            row = {name: given.get(name, "") for name in LONG}
            found = _NUMBER.fullmatch(row["value"])
            if row["value"] and found is None:
                words = _("{where}: “{text}” is not a number that can be read for sure ({code})")
                card = row["entity"], row["period"]
                self.problems.append(Problem(words.format(where=where, text=row["value"], code=row["code"]), card))
                continue
            if not row["value"]:
                self.left.append(_("{where}: {code} has no value").format(where=where, code=row["code"]))
                continue
            whole, rest = found.groups() if found else ("", None)
            row["value"] = f"{int(whole)}.{rest}" if rest else str(int(whole))
            row["max"] = row["max"].replace(",", ".").removesuffix(".0")
            row |= {"decimals": given.get("decimals") or str(len(rest or "")), "kind": given.get("kind") or "published"}
            row["scope"] = row["scope"] or "unknown"
            row["level"] = row["level"] or _level_of(row, self.rubrics)
            self.rows.append({**row, "where": where})


def _is_head(cells: Sequence[str], book: Phrasebook) -> bool:
    names = {slug(cell) for cell in cells if cell.strip()}
    if names >= {slug(name) for name in NEEDED}:
        return True
    known = {book.export_columns.get(name, ("",))[0] for name in names} - {"", "year"}
    return "entity" in known and len(known) >= LEAST_COLUMNS


def _order(meaning: tuple[str, str], rubric: Rubric) -> tuple[int, ...]:
    """Total, rank, groups and their indicators in the order of the index; percent, count, base and points of each."""
    code, unit = meaning
    codes = [TOTAL, RANK, *rubric.group_points, *(item.code for group in rubric.groups for item in group.indicators)]
    parts = {item.code: item.groups[0] for item in rubric.combined}
    bare = parts.get(code, code).removesuffix(BASE)
    place = codes.index(bare) if bare in codes else len(codes)
    return place, ("percent", "count", "points", "days", "rank").index(unit), code.endswith(BASE)


def _row(code: str, unit: str, text: str, rubric: Rubric, ranked: int | None, printed_max: str) -> Row | None:
    """One figure of a card; None where its text is no number."""
    found = _NUMBER.fullmatch(text.removesuffix("%").strip())
    if found is None:
        return None
    whole, rest = found.groups()
    level = (
        "total" if code == TOTAL else "rank" if code == RANK else "group" if code in _groups(rubric) else "indicator"
    )
    tops = {TOTAL: rubric.points, RANK: ranked, **_groups(rubric)}
    top = "" if tops.get(code) is None else f"{tops[code]:g}"
    decimals = max(PRINTED, len(rest or "")) if unit in ("points", "percent", "days") else len(rest or "")
    return {
        "level": level,
        "code": code,
        "value": f"{int(whole)}.{rest}" if rest else str(int(whole)),
        "unit": unit,
        "max": top or (printed_max if unit == "points" and printed_max not in ("0", "") else ""),
        "decimals": str(decimals),
        "kind": "published",
        "quote": text,
    }


def _groups(rubric: Rubric) -> dict[str, float]:
    points = dict(rubric.group_points)
    return points | {item.code: sum(points[part] for part in item.groups) for item in rubric.combined}


def _level_of(row: Row, rubrics: tuple[Rubric, ...]) -> str:
    if row["code"] in (TOTAL, RANK):
        return "total" if row["code"] == TOTAL else "rank"
    groups = {code for rubric in rubrics for code in _groups(rubric)}
    level = "group" if row["code"] in groups else "indicator"
    return level if row["unit"] in UNITS_OF_LEVEL[level] else "indicator"


def _of_json(document: Document, book: Phrasebook) -> tuple[list[_Sheet], dict[str, str]]:
    """The answers of the portal's API as a sheet, and what they say of themselves: `period`, `as_of`."""
    try:
        data = json.loads(document.text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        detail = str(error) if isinstance(error, ValueError) else _("brackets within brackets")
        raise BulletinError(
            _("{file} is not valid JSON.").format(file=document.name), [detail], _("Save it again, then run again.")
        ) from error
    cards = list(_cards_in(data))
    about = data if isinstance(data, dict) else {}
    about = {**about, **(about.get("metadata") or {})}
    found = _DAY.search(str(about.get("extractedAt") or about.get("date") or about.get("updatedAt") or ""))
    told = {"as_of": "-".join(found.groups())} if found else {}
    year, part = str(about.get("year") or ""), str(about.get("period") or "")
    if year:
        kind = str(about.get("timeType") or "year")
        told["period"] = {"month": f"{year}-{part:0>2}", "quarter": f"{year}-Q{part}"}.get(kind, year)
    names = list(dict.fromkeys(name for card in cards for name in card))
    return [_Sheet("", [names, *([card.get(name, "") for name in names] for card in cards)])], told


def _cards_in(data: Any) -> Iterator[dict[str, str]]:
    """Every object that is a card, its figures side by side; null is missing."""
    if isinstance(data, list):
        for item in data:
            yield from _cards_in(item)
    elif isinstance(data, dict) and "departmentName" in data:
        yield {name: text for name, text in _flat(data) if text}
    elif isinstance(data, dict):
        for item in data.values():
            yield from _cards_in(item)


def _flat(card: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The figures of a card by column: of a metric its code and what of it, such as `DOSSIER_SYNC ratio`."""
    for name, value in card.items():
        if name in ("scores", "groupScores"):
            yield from _scalars(value)
        elif name == "componentIndicators":
            for part, inner in value.items():
                yield from _scalars(inner, f"{part} ")
                for item in inner.get("metrics") or ():
                    yield from _scalars({key: item.get(key) for key in (*METRIC, "maxScore")}, f"{item['code']} ")
        else:
            yield from _scalars({name: value})


def _scalars(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if value is not None and not isinstance(value, (dict, list)):
            yield f"{before}{name}", str(value)

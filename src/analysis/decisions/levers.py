"""What does an act move? Each lever raises its own indicator and, where a source says so, others with it.

A link is an interval: percentage points that an indicator rises per percentage point of the lever's own. Its low end is
what is sure, its high end what is possible. Costs are never shipped; a user brings their own file.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from analysis import project
from analysis.errors import ParameterError, RubricError
from analysis.files import Toml, replace_all, writing
from analysis.identification.identify import Identified
from analysis.identification.regime import load_project
from analysis.interval import Interval
from analysis.language import _, language, nearest, slug, write_number, write_period
from analysis.scorecards.history import data_hash
from analysis.scorecards.periods import MONTH, months_of
from analysis.scorecards.rubric import Names, Rubric, Status
from analysis.scorecards.sources import load_sources

FILE = "levers.toml"
ALWAYS = ("0000-00", "9999-99")
Code = Field(pattern=r"^[a-z][a-z0-9_]*$")
LARGEST = 64 * 1024
FOLDER = "scenarios"
USUAL_LEVERS = {"e_result": 80.0, "data_reuse": 80.0}


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Move(_Entry):
    """By how many percentage points an indicator rises per percentage point of the lever, between two months.

    `valid_from` and `valid_to` are both INCLUDED; a missing one is open.
    """

    indicator: str = Code
    low: float = Field(ge=0)
    high: float = Field(ge=0)
    valid_from: str = Field(default=ALWAYS[0], pattern=MONTH)
    valid_to: str = Field(default=ALWAYS[1], pattern=MONTH)
    status: Literal[Status, "documented"]
    source: str
    note: str = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Move:
        if self.low > self.high:
            raise ValueError(_("low is more than high"))
        if self.valid_to < self.valid_from:
            raise ValueError(_("valid_to is before valid_from"))
        return self

    def meets(self, first: str, last: str) -> bool:
        """Whether it is valid in any month from `first` to `last`, both included."""
        return self.valid_from <= last and first <= self.valid_to


class Effort(_Entry):
    """What a user knows of the work behind one lever, all of it optional.

    `cost` per percentage point and `setup` once, in one unit for all levers; `step` in percentage points, the least
    that is planned; `per_month`, percentage points at most in a month; `ceiling`, the rate in percent within reach.
    """

    cost: float | None = Field(default=None, gt=0)
    setup: float = Field(default=0.0, ge=0)
    step: float = Field(default=1.0, gt=0, le=100)
    per_month: float | None = Field(default=None, gt=0)
    ceiling: float = Field(default=100.0, gt=0, le=100)

    @model_validator(mode="after")
    def _one_unit(self) -> Effort:
        if self.setup and self.cost is None:
            raise ValueError(_("setup needs a cost, in the same unit"))
        return self


class Lever(_Entry):
    """An act, called after its main indicator: what else it moves, who answers for it, what is known of the work."""

    code: str = Code
    names: Names = Field(alias="name")
    moves: tuple[Move, ...] = ()
    responsible: str = ""
    effort: Effort = Effort()

    @property
    def name(self) -> str:
        """The name in the current language."""
        return str(getattr(self.names, language()))

    @property
    def effects(self) -> dict[str, Interval]:
        """Indicator → percentage points per percentage point of the lever, its own first: 1."""
        return {self.code: Interval.point(1.0)} | {move.indicator: Interval(move.low, move.high) for move in self.moves}


class _File(_Entry):
    levers: tuple[Lever, ...] = Field(alias="lever")

    @model_validator(mode="after")
    def _no_costs(self) -> _File:
        if priced := [lever.code for lever in self.levers if "effort" in lever.model_fields_set]:
            raise ValueError(_("costs belong to a user's own file: {codes}").format(codes=", ".join(priced)))
        return self


def load_levers(rubric: Rubric, period: str, folder: Path | None = None) -> dict[str, Lever]:
    """Every lever of a period: one for each indicator that can score, with the links valid then, in the index's order.

    `folder` holds `levers.toml` and `sources.toml`; without it they are the project's.

    Raises
    ------
    RubricError: a file that cannot be read, or a code, source or link that cannot be right (file, line and field are
    named).
    HistoryError: from `sources.load_sources`.
    """
    folder = folder or project.root() / "data"
    file = Toml(folder / FILE, RubricError)
    written = file.read_as(_File).levers
    if wrong := list(_wrong(written, file, rubric, load_sources(folder))):
        raise file.broken(wrong)
    links = {lever.code: lever for lever in written}
    first, last = months_of(period)
    levers = {}
    for code, indicator in rubric.indicators.items():
        lever = links.get(code) or Lever(code=code, name=indicator.names)
        if any(indicator.max.alternatives):
            valid = tuple(move for move in lever.moves if move.valid_from <= first and last <= move.valid_to)
            levers[code] = lever.model_copy(update={"moves": valid})
    return levers


def load_costs(path: Path) -> dict[str, Effort]:
    """A user's costs and limits: a TOML file with a table for each lever, such as `[e_result]` with `cost = 3.5`.

    Raises ParameterError for a file that cannot be read (file, line and field are named).
    """
    file = Toml(path, ParameterError)
    return {code: file.read_as(Effort, code) for code in file.tables}


def with_costs(levers: Mapping[str, Lever], costs: Mapping[str, Effort]) -> dict[str, Lever]:
    """The levers with what a user knows of them. Raises ParameterError for a code that is no lever."""
    check_codes(levers, costs)
    return {code: lever.model_copy(update={"effort": costs.get(code, lever.effort)}) for code, lever in levers.items()}


def check_codes(levers: Mapping[str, Lever], codes: Collection[str]) -> None:
    """Raises ParameterError for a code that is no lever; the nearest are named."""
    for code in codes:
        if code not in levers:
            raise ParameterError(
                _("“{code}” is not a lever.").format(code=code),
                nearest(code.replace("_", "-"), levers),
                _("Levers: {codes}.").format(codes=", ".join(levers)),
            )


def _wrong(levers: tuple[Lever, ...], file: Toml, rubric: Rubric, sources: Collection[str]) -> Iterator[str]:
    """What is wrong between the levers, the rubric and the sources: file, line, field and words."""
    row = file.row
    regime = rubric.valid_from, rubric.valid_to or ALWAYS[1]
    unknown = _("“{code}” is not an indicator of {rubric}.")
    for number, lever in enumerate(levers):
        if lever.code in [other.code for other in levers[:number]]:
            yield row(_("the same code stands twice: {codes}").format(codes=lever.code), "lever", number, "code")
        if lever.code not in rubric.indicators and (
            not lever.moves or any(move.meets(*regime) for move in lever.moves)
        ):
            yield row(unknown.format(code=lever.code, rubric=rubric.id), "lever", number, "code")
        for at, move in enumerate(lever.moves):
            place = "lever", number, "moves", at
            if move.indicator not in rubric.indicators and move.meets(*regime):
                yield row(unknown.format(code=move.indicator, rubric=rubric.id), *place, "indicator")
            if move.indicator == lever.code:
                yield row(_("a lever moves its own indicator 1 to 1"), *place, "indicator")
            earlier = [other for other in lever.moves[:at] if other.indicator == move.indicator]
            if any(other.meets(move.valid_from, move.valid_to) for other in earlier):
                yield row(_("{code} is moved twice in one month").format(code=move.indicator), *place, "indicator")
            if move.source not in sources:
                yield row(_("source “{value}” is not in sources.toml").format(value=move.source), *place, "source")


class Improvements(BaseModel):
    """Rates to reach in percent, by indicator; a target total in points; and what the file was made from.

    `entity` and `month` are empty where the file does not say for whom it is; `rubric` and `data_hash` where it was
    written by hand.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
    entity: str = ""
    month: str = ""
    target_score: float | None = Field(default=None, gt=0, le=100)
    rubric: str = ""
    data_hash: str = ""
    levers: dict[str, float] = Field(min_length=1)


def save_improvements(
    identified: Identified, levers: Mapping[str, float], target_score: float | None = None, path: Path | None = None
) -> Path:
    """Write improvements of a month down; the file, by default `reports/scenarios/<entity>-<month>.toml`.

    Raises
    ------
    ParameterError: a lever or a target that cannot be weighed (see `whatif`).
    WriteError: the file cannot be written; one that was there is unchanged.
    """
    if not levers:
        raise ParameterError(_("There is no improvement to write down."), [], _("Raise at least one rate first."))
    check_levers(identified, levers)
    check_target(identified, target_score)
    name = f"{slug(identified.entity)}-{identified.period}.toml"
    path = path or project.root() / "reports" / FOLDER / name
    lines = [
        f"entity = {_quoted(identified.entity)}",
        f"month = {_quoted(identified.period)}",
        *([] if target_score is None else [f"target_score = {float(target_score)!r}"]),
        f"rubric = {_quoted(identified.rubric.id)}",
        f"data_hash = {_quoted(data_hash())}",
        "",
        "[levers]",
        *(f"{code} = {float(rate)!r}" for code, rate in levers.items()),
        "",
    ]
    with writing(_("No file was written.")):
        replace_all({path: "\n".join(lines).encode()})
    return path


def load_improvements(path: Path) -> Improvements:
    """Read improvements. Raises ParameterError naming file, line and field."""
    return Toml(path, ParameterError, LARGEST).read_as(Improvements)


def out_of_date(written: Improvements, entity: str, month: str) -> list[str]:
    """What is another now than when the file was made: sentences, none where it is as it was."""
    known, said = load_project(), []
    if written.rubric and written.rubric != (rules := known.rules(*known.meant(entity, month)).id):
        words = _("The file was made under the rules {old}; they are weighed under {new} now.")
        said.append(words.format(old=written.rubric, new=rules))
    elif written.data_hash and written.data_hash != data_hash():
        said.append(_("Figures or rules changed since the file was made; they are weighed on those of today."))
    return said


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def usual_levers(identified: Identified) -> dict[str, float]:
    """The two levers of every report: e-results and data reuse at 80 %, or at 100 % where 80 % is already reached.

    Where there was nothing to count for both, all others that had a rate, at 100 %.
    """
    levers = {}
    for code, target in USUAL_LEVERS.items():
        reading = identified.readings[code]
        if not reading.empty:
            levers[code] = 100.0 if reading.rate is not None and reading.rate.low >= target else target
    return levers or {code: 100.0 for code, reading in identified.readings.items() if not reading.empty}


def as_rates(levers: Mapping[str, Any]) -> dict[str, float]:
    """Improvements as numbers. Raises ParameterError for a rate that is none."""
    try:
        return {code: float(rate) for code, rate in levers.items()}
    except (TypeError, ValueError) as error:
        words = _("A rate is written as a number, without a sign: e_result=80.")
        raise ParameterError(words, [str(rate) for rate in levers.values()]) from error


def check_target(identified: Identified, target_score: float | None) -> None:
    """Raises ParameterError for a target score that is already reached, or above the highest total."""
    today = round((identified.total.low + identified.total.high) / 2, 6)
    if target_score is not None and not today < target_score <= identified.rubric.points:
        raise ParameterError(
            _("The target score must be above today's {today} and at most {most}.").format(
                today=write_number(today, 2), most=write_number(identified.rubric.points, 0)
            )
        )


def check_indicator(rubric: Rubric, code: str) -> None:
    """Raises ParameterError, with the nearest ones, for a code that is no indicator."""
    if code not in rubric.indicators:
        raise ParameterError(
            _("“{code}” is not an indicator of {rubric}.").format(code=code, rubric=rubric.id),
            nearest(code.replace("_", "-"), rubric.indicators),
            _("Indicators: {codes}.").format(codes=", ".join(rubric.indicators)),
        )


def check_levers(identified: Identified, levers: Mapping[str, float]) -> None:
    """Raises ParameterError unless every lever is a scored indicator with a rate, and its target at least today's."""
    for code, target in levers.items():
        check_indicator(identified.rubric, code)
        if not 0 <= target <= 100:
            raise ParameterError(
                _("The target of {code} must be a rate from 0 to 100 %, not {target:g}.").format(
                    code=code, target=target
                )
            )
        if identified.readings[code].empty:
            raise ParameterError(
                _("{name}: in {period} there was nothing to count, so there is no rate to raise.").format(
                    name=identified.rubric.name_of(code), period=write_period(identified.period)
                ),
                [],
                _("Leave it out: its points were not to be had."),
            )
        rate = identified.readings[code].rate
        if rate is not None and target < rate.low:
            raise ParameterError(
                _("{name} already stands at {rate} %, above the target of {target} %.").format(
                    name=identified.rubric.indicators[code].name,
                    rate=write_number((rate.low + rate.high) / 2, 2),
                    target=write_number(target, 2),
                ),
                [],
                _("Give a target above today's rate, or leave this lever out."),
            )

"""Which rules turned rates into points, and which periods may be compared?

One file per regime, and each file a family of possible rules.
A maximum, a target or the worth of a denominator of zero is a known value or a list of alternatives, and carries its
status and source. Scoring is `min(max, max × rate / target)` (Decision 766/QĐ-TTg of 23 June 2022; targets
of Resolution 76/NQ-CP); everything else about a rule is read from the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain, pairwise, product
from math import isclose, prod
from os.path import lexists
from pathlib import Path
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from analysis import project
from analysis.errors import RubricError, UnknownNameError
from analysis.files import Toml
from analysis.language import _, language, write_date, write_period
from analysis.scorecards.periods import MONTH, PERIOD, months_of

Status = Literal["legal", "reverse_engineered", "inferred", "assumed", "unknown"]
Zero = Literal["no_points", "full"]
Target = Annotated[float, BeforeValidator(lambda target: 100.0 if target == "none" else target), Field(gt=0, le=100)]
T = TypeVar("T")
RULE, CAPTURE = "rule", "capture"
LEAST_FOR_TREND = 6  # comparable months with a figure, under which nothing is said of where it is heading


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Known(_Entry):
    """A number with one value, and what is known about it."""

    status: Status
    source: str
    value: float = Field(gt=0)


class Parameter(_Entry, Generic[T]):
    """A value or alternatives (`any_of`), with what is known about it."""

    status: Status
    source: str
    value: T | None = None
    any_of: tuple[T, ...] = ()

    @model_validator(mode="after")
    def _exactly_one_form(self) -> Parameter[T]:
        if (self.value is not None) + bool(self.any_of) != 1:
            raise ValueError(_("give exactly one of: value; any_of"))
        return self

    @property
    def alternatives(self) -> tuple[T, ...]:
        """Every value it may have, as written."""
        return self.any_of if self.value is None else (self.value,)


class Names(_Entry):
    vi: str = Field(min_length=1)
    en: str = Field(min_length=1)

    @property
    def text(self) -> str:
        """What is said in the current language."""
        return str(getattr(self, language()))


class _Named(_Entry):
    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    names: Names = Field(alias="name")

    @property
    def name(self) -> str:
        """The name in the current language."""
        return self.names.text


@dataclass(frozen=True)
class Rule:
    """How one indicator scores under one member of the family: `max` in points, `target` in percent.

    With `open_from` the target may be any from there to `target`.
    """

    max: float
    target: float
    zero_denominator: Zero
    open_from: float | None = None

    def points(self, rate: float) -> float:
        """Points for a rate in percent, 0 to 100; all of them from the target on. The least, where it is open."""
        return self.max if rate >= self.target else self.max * rate / self.target

    def most_points(self, rate: float) -> float:
        """The most that a rate may give."""
        least = self.target if self.open_from is None else self.open_from
        return self.max if rate >= least else self.max * rate / least

    def points_when_empty(self) -> float:
        """Points when there was nothing to count: a denominator of zero."""
        return self.max if self.zero_denominator == "full" else 0.0

    def rate_for(self, points: float) -> float | None:
        """The lowest rate in percent that gives these points, or None if no rate does."""
        if points > self.max + 1e-9:
            return None
        return self.target * max(points, 0.0) / self.max if self.max else 0.0


class Indicator(_Named):
    """One scored rate. `rate_from` names the figures whose sum is the rate, when it is not printed itself.

    `over_time` are the targets that it had one after the other inside the regime (see `Change`); none where it had one.
    """

    max: Parameter[Annotated[float, Field(ge=0)]]
    target: Parameter[Target]
    zero_denominator: Parameter[Zero]
    rate_from: tuple[str, ...] = ()
    over_time: tuple[Target, ...] = ()

    def rules(self, maximum: float) -> tuple[Rule, ...]:
        """Every rule it may have with this maximum, in the file's order, without repeats."""
        if maximum == 0:
            return (Rule(0.0, 100.0, "no_points"),)
        pairs = product(self.target.alternatives, self.zero_denominator.alternatives)
        return tuple(dict.fromkeys(Rule(maximum, target, zero) for target, zero in pairs))


class Group(_Named):
    """Indicators whose maxima sum to the group's. `max` in points; `parts` are the groups that were taken together."""

    max: Known
    indicators: tuple[Indicator, ...] = Field(alias="indicator")
    parts: tuple[Group, ...] = ()

    def allotments(self) -> Iterator[tuple[float, ...]]:
        """Each way to share the group's points among its indicators, in their order."""
        if self.parts:
            for shares in product(*(part.allotments() for part in self.parts)):
                yield tuple(chain.from_iterable(shares))
            return
        for maxima in product(*(indicator.max.alternatives for indicator in self.indicators)):
            if isclose(sum(maxima), self.points):
                yield tuple(float(maximum) for maximum in maxima)

    def size(self) -> int:
        """How many members the family has in this group alone."""
        return sum(
            prod(len(item.rules(maximum)) for item, maximum in zip(self.indicators, allotment, strict=True))
            for allotment in self.allotments()
        )

    @property
    def points(self) -> float:
        """The group's maximum."""
        return self.max.value


class Combined(_Named):
    """Two groups of the portal that the Decision, and some notices, show as one."""

    groups: tuple[str, ...] = Field(min_length=2)


class Breakdown(_Entry):
    """Figures that are the shares of one whole."""

    parts: tuple[str, ...] = Field(min_length=2)


class Ranked(_Entry):
    """How many provinces were ranked, and when."""

    valid_from: str = Field(pattern=MONTH)
    valid_to: str | None = Field(default=None, pattern=MONTH)
    units: int
    source: str


class Changed(_Entry):
    """A day from which the portal is known to have scored otherwise, every period that it shows."""

    day: date
    what: Names
    status: Status
    source: str


class Change(_Entry):
    """Targets of an indicator that were in force one after the other inside a regime (`readings`, the earliest first).

    In which months each of them began is not declared: the figures tell (`identification.dates`).
    """

    rubric: str
    code: str
    parameter: Literal["target"]
    readings: tuple[Target, ...] = Field(min_length=2)
    status: Status
    sources: tuple[str, ...] = Field(min_length=1)
    note: str


class _Changes(_Entry):
    change: tuple[Change, ...]


class OtherFigure(_Named):
    """A figure that notices print and that scores nothing."""


class Rubric(_Entry):
    """The family of rules of one regime, for the months from `valid_from` to `valid_to`, both INCLUDED."""

    id: str
    decision: str
    valid_from: str = Field(pattern=MONTH)
    valid_to: str | None = Field(default=None, pattern=MONTH)
    max: Known
    indicator_decimals: int | None = None
    ranked: tuple[Ranked, ...] = ()
    changed: tuple[Changed, ...] = ()
    combined: tuple[Combined, ...] = ()
    groups: tuple[Group, ...] = Field(alias="group")
    breakdowns: tuple[Breakdown, ...] = Field(default=(), alias="breakdown")
    other_figures: tuple[OtherFigure, ...] = Field(default=(), alias="figure")

    @cached_property
    def points(self) -> float:
        """The maximum of the whole index."""
        return self.max.value

    @cached_property
    def named(self) -> dict[str, _Named]:
        """Everything with a code, by code, in the order of the index."""
        entries: list[_Named] = [*self.combined]
        for group in self.groups:
            entries += [group, *group.indicators]
        return {entry.code: entry for entry in [*entries, *self.other_figures]}

    def name_of(self, code: str) -> str:
        """What a figure is called in the current language; `<code>_base` is what the rate of `<code>` is a share of."""
        names = {"total_score": _("Total score"), "national_rank": _("Rank")}
        names |= {name: entry.name for name, entry in self.named.items()}
        of = code.removesuffix("_base")
        return names.get(code) or _("{name}: whole").format(name=names.get(of, of))

    @cached_property
    def indicators(self) -> dict[str, Indicator]:
        return {indicator.code: indicator for group in self.groups for indicator in group.indicators}

    @cached_property
    def group_points(self) -> dict[str, float]:
        """The maximum of each group, and of those that some notices print as one."""
        points = {group.code: group.points for group in self.groups}
        return points | {entry.code: sum(points[part] for part in entry.groups) for entry in self.combined}

    @cached_property
    def figure_codes(self) -> dict[str, None]:
        """Every code that a figure of the level `indicator` may have, in the order of the index."""
        own = [*self.indicators, *(entry.code for entry in self.other_figures)]
        return dict.fromkeys([*own, *(f"{code}_base" for code in own)])

    @property
    def rounding(self) -> float:
        """How far, in points, the portal's rounding may move an indicator's score before it is added."""
        return 0.0 if self.indicator_decimals is None else float(0.5 * 10.0**-self.indicator_decimals)

    def covers(self, period: str) -> bool:
        """Whether the whole period (YYYY, YYYY-Qn or YYYY-MM) lies in this regime."""
        if not PERIOD.fullmatch(period):
            return False
        first, last = months_of(period)
        return self.valid_from <= first and (self.valid_to is None or last <= self.valid_to)

    def ranked_units(self, period: str) -> int | None:
        """How many provinces are ranked in the last month of the period, or None if the file does not say."""
        last = months_of(period)[1]
        for entry in self.ranked:
            if entry.valid_from <= last and (entry.valid_to is None or last <= entry.valid_to):
                return entry.units
        return None

    def changes_between(self, one: str, other: str) -> list[Changed]:
        """What is known to have changed between two days of capture, in any order."""
        first, last = sorted((one, other))
        return [item for item in self.changed if first < item.day.isoformat() <= last]

    def groups_as_printed(self, printed: set[str]) -> tuple[Group, ...]:
        """The groups as a notice shows them: the five of the Decision where it prints a combined one."""
        groups = {group.code: group for group in self.groups}
        for combined in self.combined:
            if combined.code in printed and not printed & set(combined.groups):
                parts = [groups[code] for code in combined.groups]
                groups[parts[0].code] = Group(
                    code=combined.code,
                    name=combined.names,
                    max=parts[0].max.model_copy(update={"value": sum(part.points for part in parts)}),
                    indicator=tuple(indicator for part in parts for indicator in part.indicators),
                    parts=tuple(parts),
                )
                for part in parts[1:]:
                    del groups[part.code]
        return tuple(groups.values())

    def size(self) -> int:
        """How many members the family has."""
        return prod(group.size() for group in self.groups)

    def with_indicators(self, changed: Mapping[str, Indicator]) -> Rubric:
        """The same family with other indicators in place of some."""

        def group(old: Group) -> Group:
            return old.model_copy(update={"indicators": tuple(changed.get(one.code, one) for one in old.indicators)})

        fresh = {name: value for name, value in self if name != "groups"}
        return Rubric.model_construct(**fresh, groups=tuple(map(group, self.groups)))

    @model_validator(mode="after")
    def _adds_up(self) -> Rubric:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError(_("valid_to is before valid_from"))
        codes = [entry.code for group in self.groups for entry in (group, *group.indicators)]
        codes += [entry.code for entry in (*self.combined, *self.other_figures)]
        if repeated := sorted({code for code in codes if codes.count(code) > 1}):
            raise ValueError(_("the same code stands twice: {codes}").format(codes=", ".join(repeated)))
        for group in self.groups:
            if not any(True for _allotment in group.allotments()):
                raise ValueError(
                    _("the maxima of group {group} do not sum to {points:g}").format(
                        group=group.code, points=group.points
                    )
                )
        if not isclose(sum(group.points for group in self.groups), self.points):
            raise ValueError(_("the maxima of the groups do not sum to {points:g}").format(points=self.points))
        known = set(codes)
        referred = [code for indicator in self.indicators.values() for code in indicator.rate_from]
        referred += [code for entry in self.breakdowns for code in entry.parts]
        referred += [code for entry in self.combined for code in entry.groups]
        if strangers := [code for code in referred if code not in known]:
            raise ValueError(_("these codes are used but not defined: {codes}").format(codes=", ".join(strangers)))
        return self


def load_rubrics(folder: Path | None = None) -> tuple[Rubric, ...]:
    """Every rubric of the project, by date, with what changed inside it (`changes.toml` beside the folder).

    Raises
    ------
    RubricError: no file, a file that cannot be read (file, line and field are named), or regimes that overlap.
    """
    folder = folder or project.root() / "data" / "rubrics"
    rubrics = sorted(
        (Toml(path, RubricError).read_as(Rubric) for path in sorted(folder.glob("*.toml"))),
        key=lambda rubric: rubric.valid_from,
    )
    if not rubrics:
        raise RubricError(_("There is no rubric file in {folder}.").format(folder=folder.name))
    if len({rubric.id for rubric in rubrics}) < len(rubrics):
        raise RubricError(_("Two rubrics have the same id."), [rubric.id for rubric in rubrics])
    for earlier, later in pairwise(rubrics):
        if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
            raise RubricError(
                _("Two rubrics govern the same months."),
                [f"{rubric.id}: {rubric.valid_from} – {rubric.valid_to or '…'}" for rubric in (earlier, later)],
                _("Give the earlier one a valid_to before the later one begins."),
            )
    return _with_changes(rubrics, folder.parent / "changes.toml")


def load_changes(rubric: Rubric, folder: Path | None = None) -> tuple[Change, ...]:
    """What changed inside a regime by `changes.toml`; nothing without such a file. Raises RubricError for a bad one."""
    path = (folder or project.root() / "data") / "changes.toml"
    entries = Toml(path, RubricError).read_as(_Changes).change if lexists(path) else ()
    return tuple(entry for entry in entries if entry.rubric == rubric.id)


def _with_changes(rubrics: list[Rubric], path: Path) -> tuple[Rubric, ...]:
    if not lexists(path):
        return tuple(rubrics)
    known, strangers = {rubric.id: rubric for rubric in rubrics}, []
    file = Toml(path, RubricError)
    for number, entry in enumerate(file.read_as(_Changes).change):
        rubric = known.get(entry.rubric)
        old = rubric.indicators.get(entry.code) if rubric else None
        if rubric is None or old is None or not set(entry.readings) <= {*old.target.alternatives}:
            words = _("this is no indicator of the rubric, or a target that the rubric does not know")
            strangers.append(file.row(words, "change", number, "code"))
            continue
        changed = old.model_copy(update={"over_time": entry.readings})
        known[rubric.id] = rubric.with_indicators({entry.code: changed})
    if strangers:
        raise file.broken(strangers)
    return tuple(known.values())


def rubric_in_force(rubrics: tuple[Rubric, ...], period: str) -> Rubric:
    """The rubric that governs the whole period. Raises UnknownNameError when none does."""
    for rubric in rubrics:
        if rubric.covers(period):
            return rubric
    raise UnknownNameError(
        _("No rubric governs {period}.").format(period=period),
        [f"{rubric.id}: {rubric.valid_from} – {rubric.valid_to or '…'}" for rubric in rubrics],
        _("Choose a period inside one of these, or add a rubric file to data/rubrics."),
    )


def ruling(period: str, day: str) -> str:
    """The period whose rules scored a card: its own, or the month of the day on which the portal was captured."""
    return day[:7] or period


@dataclass(frozen=True)
class Shown:
    """A period and how it is known: from notices of the time, or as the portal showed it on a `day` (an ISO date)."""

    period: str
    day: str = ""

    @property
    def ruled(self) -> str:
        return ruling(self.period, self.day)


def apart(before: tuple[Rubric, Shown], after: tuple[Rubric, Shown], entity: str) -> dict[str, str]:
    """Why two periods, each with its rules, are not comparable: `rule`, `capture`, `merger` → a sentence.

    Empty where nothing is known against it: one rule may have scored both.
    """
    (old, first), (new, second) = before, after
    names = {"before": write_period(first.period), "after": write_period(second.period)}
    found = {}
    if old.id != new.id:
        words = _("{before} and {after} are under different rules.")
        found[RULE] = words.format(**names)
    elif bool(first.day) != bool(second.day):
        words = _("One is of a notice of its time, the other as the portal showed it on {day}, by the rules of then.")
        found[CAPTURE] = words.format(day=write_date(first.day or second.day))
    elif changes := old.changes_between(first.day, second.day):
        words = _("The portal scored otherwise from one capture to the other: {what}.")
        found[CAPTURE] = words.format(what="; ".join(item.what.text for item in changes))
    units = old.ranked_units(first.ruled), new.ranked_units(second.ruled)
    if None not in units and units[0] != units[1]:
        words = _("Provinces were merged in between ({old} were ranked, then {new}): {entity} may be another one.")
        found["merger"] = words.format(old=units[0], new=units[1], entity=entity)
    return found


def not_comparable(rubrics: tuple[Rubric, ...], entity: str, before: Shown, after: Shown) -> Iterator[str]:
    """Why figures of two months are not comparable, a sentence for each reason; none where they are."""
    old, new = governing(rubrics, before.ruled), governing(rubrics, after.ruled)
    if old is None or new is None:
        if old is not new:
            yield _("No rubric governs {period}.").format(period=before.ruled if old is None else after.ruled)
        return
    yield from apart((old, before), (new, after), entity).values()


def governing(rubrics: tuple[Rubric, ...], period: str) -> Rubric | None:
    """The rubric in force, or None where none is."""
    return next((rubric for rubric in rubrics if rubric.covers(period)), None)


def comparable_span(rubrics: tuple[Rubric, ...], shown: Shown) -> tuple[str, str]:
    """First and last month, both INCLUDED, that can be compared with one; the last is "" where no end is known.

    A capture scores every month alike, so its span has no end. Raises UnknownNameError where no rubric governs.
    """
    rubric = rubric_in_force(rubrics, shown.ruled)
    if shown.day:
        return "", ""
    first, last = rubric.valid_from, rubric.valid_to or ""
    period = months_of(shown.period)[1]
    for entry in rubric.ranked:
        if entry.valid_from <= period and (entry.valid_to is None or period <= entry.valid_to):
            first = max(first, entry.valid_from)
            last = min(filter(None, (last, entry.valid_to or "")), default="")
    return first, last

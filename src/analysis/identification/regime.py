"""Which cards of a regime tell something of its rules, and what do they leave of them?

Thousands of cards may be governed by the same rules, and a few of them leave no more members of the family than all of
them do. Held against these few, a month has the survivors that it has when held against all: so the work that all
months share is done once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache
from itertools import product
from pathlib import Path

import pandas as pd

from analysis import files, project
from analysis.errors import ContradictionError, ParameterError, UnknownNameError
from analysis.identification import evidence
from analysis.identification.dates import change_dates
from analysis.identification.evidence import Evidence, assume, blank_card, load_relations, read_cards
from analysis.identification.identify import Hypothesis, Identified, Key, explained, identify_cards
from analysis.identification.proof import conflict
from analysis.interval import TOLERANCE
from analysis.language import _, read_period, write_date, write_period
from analysis.scorecards import entities, history, periods
from analysis.scorecards.checks import reconcile, unchecked
from analysis.scorecards.entities import Mergers, Unit, is_mean, is_synthetic, load_mergers, load_units, same_world
from analysis.scorecards.history import card, load_history, shown
from analysis.scorecards.rubric import Rubric, Shown, load_rubrics, rubric_in_force, ruling
from analysis.scorecards.sources import Correction, Note, Source, load_corrections, load_notes, load_sources
from analysis.scorecards.tiers import load_support, supported

MOST_OUTLIERS = 2


def telling(cards: Sequence[Evidence], rubric: Rubric) -> tuple[list[Evidence], list[Evidence]]:
    """The cards, in their order, of which each may leave fewer joint survivors than those kept before it.

    A month that these cards and its own figures explain is explained by all cards, and by the same members of the
    family. A card that no member explains even by itself is wrong in some figure: it is evidence of nothing, and is
    returned as the second list. Where cards conflict with each other all are kept: who asks is told of the conflict.
    """
    kept, wrong, clash = _walked(cards, rubric)
    return ([one for one in cards if explained([one], rubric)] if clash else kept), wrong


def _walked(cards: Sequence[Evidence], rubric: Rubric) -> tuple[list[Evidence], list[Evidence], Evidence | None]:
    """The cards that tell, those that no member explains, and the first that does not hold with those before it."""
    blank, kept, wrong = blank_card(rubric), list[Evidence](), list[Evidence]()
    timeless = not any(one.over_time for one in rubric.indicators.values())
    known: dict[tuple[str, str], Identified] = {}  # by the months of a card: what those kept leave of the rules of then
    for item in cards:
        of_then = blank if timeless else replace(blank, period=item.period, day=item.day)
        if of_then.months not in known:
            known[of_then.months] = identify_cards([of_then, *kept], rubric)
        if _says_nothing(item, known[of_then.months]):
            continue
        try:
            known = {of_then.months: identify_cards([of_then, *kept, item], rubric)}
        except ContradictionError:
            if explained([item], rubric):
                return kept, wrong, item
            wrong.append(item)
        else:
            kept.append(item)
    return kept, wrong, None


def outliers(cards: Sequence[Evidence], rubric: Rubric, most: int = MOST_OUTLIERS) -> list[Evidence]:
    """As few cards as possible, at most `most`, without which all others hold together; none where all do.

    Cards that no rule explains by themselves are passed over. Where several would do, the last in the order given: what
    was added last is the first to be doubted. None, too, where more would have to be left out: then these are not odd.
    """
    core = _conflicting(cards, rubric)
    for number in range(1, most + 1) if core else ():
        if found := _without(list(cards), core, rubric, number):
            return found
    return []


def _without(cards: list[Evidence], core: list[Evidence], rubric: Rubric, number: int) -> list[Evidence]:
    """Exactly so many cards without which the others hold together; one of `core` must be among them."""
    for item in reversed([item for item in cards if any(item is other for other in core)]):
        left = [other for other in cards if other is not item]
        still = _conflicting(left, rubric)
        if not still:
            return [item]
        if number > 1 and (more := _without(left, still, rubric, number - 1)):
            return [item, *more]
    return []


def _conflicting(cards: Sequence[Evidence], rubric: Rubric) -> list[Evidence]:
    """Some cards that do not hold together, though each does by itself, so that one must go; none where all do."""
    kept, _wrong, clash = _walked(cards, rubric)
    return [*kept, clash] if clash else []


def _says_nothing(item: Evidence, known: Identified) -> bool:
    """Whether every survivor gives every sum that the card prints, and every joint choice of them its total."""
    lowest = highest = 0.0
    for group in item.groups:
        inside = {indicator.code for indicator in group.indicators}
        low = high = 0.0
        for own in known.groups:
            if own.indicators[0].code in inside:
                ends = [_ends(item, hypothesis) for hypothesis in known.hypotheses[own.code]]
                if None in ends:
                    return False
                low += max(end[0] for end in ends if end)
                high += min(end[1] for end in ends if end)
        printed = item.printed[group.code]
        if low > printed.high + TOLERANCE or high < printed.low - TOLERANCE:
            return False
        lowest += max(low, printed.low)
        highest += min(high, printed.high)
    return lowest <= item.total.high + TOLERANCE and highest >= item.total.low - TOLERANCE


def _ends(item: Evidence, hypothesis: Hypothesis) -> tuple[float, float] | None:
    """The highest low end and the lowest high end of the group's sum over the members of a hypothesis.

    None where the printed points of an indicator rule out one of its rules.
    """
    low = high = 0.0
    for code, rules in hypothesis.rules.items():
        scores = [item.readings[code].score(rule, item.rounding) for rule in rules]
        if None in scores:
            return None
        low += max(score.low for score in scores if score)
        high += min(score.high for score in scores if score)
    return low, high


def cards_of(
    history: pd.DataFrame, rubric: Rubric, entity: str, period: str, corrections: Iterable[Correction] = ()
) -> list[Evidence]:
    """The card of a month, and after it every other card that the same rules must explain (see `governed`).

    Real cards are never evidence for a simulated one, nor the reverse.

    Raises NoTotalError, UnknownNameError: from `history.card`.
    """
    card(history, entity, period)
    day = shown(history, entity, period).day
    keys = dict.fromkeys([(entity, period), *governed(same_world(history, entity), rubric, day, corrections)])
    return read_cards(history, rubric, keys)


def governed(
    history: pd.DataFrame, rubric: Rubric, day: str, corrections: Iterable[Correction] = ()
) -> list[tuple[str, str]]:
    """Entity and period of every card that one rule must explain: those with a score of a total or a group.

    Notices (`day` is "") tell of the rules of their time. What the portal showed on a day tells of the rules of that
    day, whatever the period; the two are never held against each other. Means of many provinces, which no rule scored,
    and cards whose figures are known to disagree with each other (`corrections`) are left out.
    """
    known = {(item.entity, item.period) for item in corrections}
    scored = history[history["level"].isin(("total", "group")) & history["value"].notna()]
    scored = scored[(scored["superseded_by"] == "") & (scored["day"] == day)]
    cards = dict.fromkeys(zip(scored["entity"], scored["period"], strict=True))
    return [key for key in cards if key not in known and rubric.covers(ruling(key[1], day)) and not is_mean(key[0])]


@dataclass(frozen=True, eq=False, repr=False)
class Project:
    """The figures and the rules of the project, and what all months share of the work on them."""

    rubrics: tuple[Rubric, ...]
    history: pd.DataFrame
    sources: Mapping[str, Source]
    corrections: tuple[Correction, ...]
    units: Mapping[str, Unit]
    mergers: Mergers
    notes: tuple[Note, ...] = ()

    @cached_property
    def checks(self) -> pd.DataFrame:
        """Every check of the history (see `checks.reconcile`); made when it is asked for."""
        return reconcile(self.history, self.rubrics, self.corrections)

    @cached_property
    def unchecked(self) -> pd.DataFrame:
        """The figures that no check touches."""
        return unchecked(self.history, self.checks)

    @cached_property
    def superseded(self) -> list[Project]:
        """The cards that no longer count, the latest of each period first, each layer as if it did."""
        layers, rows = list[Project](), self.history[self.history["superseded_by"] != ""]
        while len(rows):
            rows = history.with_standing(rows)
            layers.append(replace(self, history=rows[rows["superseded_by"] == ""], corrections=()))
            rows = rows[rows["superseded_by"] != ""]
        return layers

    def checks_of(self, entity: str, period: str) -> pd.DataFrame:
        """The checks of one card, and of those that corrections are of, which raise what `checks` raises."""
        asked = {(entity, period), *((item.entity, item.period) for item in self.corrections)}
        rows = self.history[self.history["entity"].isin([one for one, _period in asked])]
        return reconcile(history.of_cards(rows, asked), self.rubrics, self.corrections)

    @cached_property
    def _rows_of(self) -> Mapping[str, list[int]]:
        """Where the figures of each entity stand."""
        found = dict[str, list[int]]()
        for number, entity in enumerate(self.history["entity"].tolist()):
            found.setdefault(entity, []).append(number)
        return found

    @cached_property
    def _spelt(self) -> Mapping[str, str]:
        return entities.spellings(self.entities)

    @cached_property
    def _owned(self) -> dict[str, pd.DataFrame]:
        return {}

    def share(self) -> None:
        """Do now the work that all months share: of the notices, and of the latest capture, which most reports are of.

        Raises AnalysisError where the figures disagree with a correction.
        """
        _every_figure, _every_name = self.unchecked, self._spelt
        known = {(item.ruled, item.day, is_synthetic(entity)) for (entity, _period), item in self._shown.items()}
        latest = max((day for _ruled, day, _synthetic in known), default="")
        known = {item for item in known if item[1] in ("", latest)}
        for rubric, (ruled, day, synthetic) in product(self.rubrics, known):
            if rubric.covers(ruled):
                _sifted(self, rubric.id, day, synthetic)
                self.change_dates(rubric)

    @property
    def entities(self) -> list[str]:
        """Every entity that has figures, in their order."""
        return list(self._rows_of)

    def own(self, entity: str) -> pd.DataFrame:
        """The figures of one entity, in their order."""
        if entity not in self._owned:
            self._owned[entity] = self.history.take(self._rows_of[entity])
        return self._owned[entity]

    def as_of(self, day: str) -> Project:
        """The project as it was known on a day (an ISO date): no later notice, no later capture.

        Raises ParameterError for what is no date, UnknownNameError where nothing was known yet.
        """
        try:
            date.fromisoformat(day)
        except ValueError as error:
            raise ParameterError(_("“{day}” is no date.").format(day=day), [], _("Write YYYY-MM-DD.")) from error
        known = history.as_known_on(self.history, self.sources, day)
        if known.empty:
            first = min(filter(None, [*self.history["as_of"], *self.history["day"]]), default="")
            words = _("Nothing was known on {day}; the first figures are of {first}.")
            raise UnknownNameError(words.format(day=write_date(day), first=write_date(first)))
        return replace(self, history=known)

    @property
    def stale_notes(self) -> list[Note]:
        """Notes on figures that are not there any more."""
        known = set(zip(self.history["entity"], self.history["period"], self.history["source"], strict=True))
        return [note for note in self.notes if (note.entity, note.period, note.source) not in known]

    def meant(self, entity: str, month: str) -> tuple[str, str]:
        """The entity and the period that the user means; an empty period is the latest with a total.

        Raises UnknownNameError, NoTotalError, and ParameterError for the mean of many.
        """
        entity = entities.find_entity(self._spelt, entity)
        if is_mean(entity):
            raise ParameterError(
                _("“{entity}” is a mean of many: nobody scored it, so no rule explains its figures.").format(
                    entity=entity
                ),
                [],
                _("Name a province or a unit."),
            )
        month = read_period(month) or history.latest_period(self.own(entity), entity)
        periods.check_period(month)
        return entity, month

    @cached_property
    def _shown(self) -> Mapping[Key, Shown]:
        return history.shown_cards(self.history)

    def shown(self, entity: str, month: str) -> Shown:
        """How the card of a period is known: from a notice, or a capture of the portal on some day."""
        return self._shown.get((entity, month), Shown(month))

    def rules(self, entity: str, month: str) -> Rubric:
        """The family of rules that scored a card. Raises UnknownNameError where none is known."""
        return rubric_in_force(self.rubrics, self.shown(entity, month).ruled)

    def cards(self, entity: str, month: str) -> list[Evidence]:
        """The card of a month, and after it those others of its regime that tell something of the rules.

        Raises NoTotalError, UnknownNameError: from `history.card`.
        """
        return list(_cards(self, entity, month))

    def left_out(self, entity: str, month: str) -> list[Key]:
        """Cards of the month's regime that no rule explains, alone or with the others: they are evidence of nothing."""
        asked = self.rules(entity, month).id, self.shown(entity, month).day, is_synthetic(entity)
        odd, _kept, wrong = _sifted(self, *asked)
        out = [(item.entity, item.period) for item in (*odd, *wrong)]
        return [key for key in out if key != (entity, month)]

    def against_others(self, item: Evidence, rubric: Rubric, day: str) -> list[str]:
        """Figures of a card and of others that no rule explains together, in words; as few as do not hold together.

        None where a rule explains all, and where no rule explains the card by itself.
        """
        others = _others(self, rubric, day, is_synthetic(item.entity), (item.entity, item.period))
        if explained([item, *others], rubric) or not explained([item], rubric):
            return []
        shown = {(one.entity, one.period): one.figures for one in (item, *others)}
        words = []
        for entity, period, code, unit in conflict([item, *others], rubric):
            figure = _quoted(shown[entity, period].loc[(code, unit)])
            words.append(f"{entity}, {write_period(period)}: {rubric.name_of(code)} {figure}")
        return words

    @cached_property
    def outliers(self) -> list[tuple[Evidence, Rubric, str]]:
        """Every card that its rules explain alone but not with the others; with its rules and the day of a capture."""
        asked = {(item.ruled, item.day, is_synthetic(entity)) for (entity, _period), item in self._shown.items()}
        found = dict[Key, tuple[Evidence, Rubric, str]]()
        for rubric, (ruled, day, synthetic) in product(self.rubrics, sorted(asked)):
            for item in _sifted(self, rubric.id, day, synthetic)[0] if rubric.covers(ruled) else ():
                found[item.entity, item.period] = item, rubric, day
        return list(found.values())

    def change_dates(self, rubric: Rubric) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Between which months the targets of a regime changed (`dates.change_dates`), by all real cards of it.

        By what documents agree on (`tiers.supported`), and with the relations of data/relations.toml.
        """
        return _change_dates(self, rubric.id)

    def identified(self, entity: str, month: str) -> Identified:
        """The rules that fit a month and every other card of its regime. Raises as `identify.identify`."""
        rubric, day = self.rules(entity, month), self.shown(entity, month).day
        governed, wrong = _governed(self, rubric.id, day, is_synthetic(entity)), self.left_out(entity, month)
        others = tuple(key for key in governed if key != (entity, month) and key not in wrong)
        if any(
            (item.entity, item.period) == (entity, month)
            for item in _sifted(self, rubric.id, day, is_synthetic(entity))[0]
        ):
            raise ContradictionError(
                outlier_words(entity, month),
                self.against_others(self.cards(entity, month)[0], rubric, day),
                _("One of these figures is wrong, or the rules in force were others. Held alone: --alone."),
            )
        return replace(identify_cards(self.cards(entity, month), rubric), others=others)


@lru_cache(maxsize=16)
def _governed(project: Project, rubric_id: str, day: str, synthetic: bool) -> Mapping[Key, Evidence]:
    """Every card that one rule must explain, of real entities or of simulated ones."""
    rubric = next(rubric for rubric in project.rubrics if rubric.id == rubric_id)
    entities = {entity for entity in project.entities if is_synthetic(entity) == synthetic}
    keys = [key for key in governed(project.history, rubric, day, project.corrections) if key[0] in entities]
    return dict(zip(keys, evidence.read_cards(project.history, rubric, keys), strict=True))


@lru_cache(maxsize=16)
def _sifted(
    project: Project, rubric_id: str, day: str, synthetic: bool
) -> tuple[list[Evidence], list[Evidence], list[Evidence]]:
    """The cards that do not go with the others (`outliers`); of the rest those that tell, and those that are wrong."""
    rubric = next(rubric for rubric in project.rubrics if rubric.id == rubric_id)
    cards = _governed(project, rubric_id, day, synthetic)
    kept, wrong, clash = _walked(list(cards.values()), rubric)
    if not clash:  # in whatever order they are asked, they hold together
        return [], kept, wrong
    added = {source: place for place, source in enumerate(project.sources)}
    standing = project.history[project.history["superseded_by"] == ""]
    last = dict(
        zip(zip(standing["entity"], standing["period"], strict=True), standing["source"].map(added), strict=True)
    )
    out = outliers([cards[key] for key in sorted(cards, key=lambda key: last[key])], rubric)
    return out, *telling([item for item in cards.values() if item not in out], rubric)


@lru_cache(maxsize=4)
def _change_dates(project: Project, rubric_id: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    rubric = next(rubric for rubric in project.rubrics if rubric.id == rubric_id)
    family, relations = supported(rubric, load_support(rubric)), load_relations(rubric)
    days = {item.day for item in project._shown.values() if rubric.covers(item.ruled)}
    cards = [
        assume(item, relations)
        for day in sorted(days if any(one.over_time for one in rubric.indicators.values()) else ())
        for item in _governed(project, rubric.id, day, False).values()
    ]
    return change_dates(cards, family)


@lru_cache(maxsize=8)
def _cards(project: Project, entity: str, month: str) -> tuple[Evidence, ...]:
    rubric, own, synthetic = project.rules(entity, month), project.own(entity), is_synthetic(entity)
    day = project.shown(entity, month).day
    history.card(own, entity, month)
    first = evidence.read_card(own, rubric, entity, month)
    return first, *_others(project, rubric, day, synthetic, (entity, month))


def _others(project: Project, rubric: Rubric, day: str, synthetic: bool, key: Key) -> list[Evidence]:
    """The cards that tell something of the rules besides one, which need not be known."""
    odd, shared, _wrong = _sifted(project, rubric.id, day, synthetic)
    if any((item.entity, item.period) == key for item in shared):  # what it tells, others may tell too
        out = [key, *((item.entity, item.period) for item in odd)]
        cards = _governed(project, rubric.id, day, synthetic)
        shared, _wrong = telling([item for other, item in cards.items() if other not in out], rubric)
    return shared


def _quoted(figure: pd.Series) -> str:
    return str(figure["quote"]) or f"{figure['value']:g}"


def outlier_words(entity: str, period: str) -> str:
    """That a card fits by itself but not with the others."""
    return _(
        "{entity}, {period}: its figures agree with a rule, but with none that explains the other cards too."
    ).format(entity=entity, period=write_period(period))


def load_project() -> Project:
    """Everything that the project holds; what was read before where no file of its data has changed since.

    Raises RubricError, HistoryError.
    """
    folder = project.root() / "data"
    files.recover(folder)
    return _load_project(folder, history.stamp(folder))


@lru_cache(maxsize=1)
def _load_project(folder: Path, _stamp: files.Stamp) -> Project:
    rubrics = load_rubrics(folder / "rubrics")
    figures = load_history(rubrics, folder)
    of_files = load_sources(folder), load_corrections(folder), load_units(folder), load_mergers(folder)
    return Project(rubrics, figures, *of_files, load_notes(folder))

"""What is known before anything is asked of a month? Figures, rules and checks, read once while the files are the same.

Reading and checking thousands of figures, and finding which cards tell something of the rules, costs the same for one
report and for all: whoever asks again in this process, or in one forked from it, is given what was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

import pandas as pd

from analysis import evidence, project
from analysis import losses as lost
from analysis.evidence import Card
from analysis.identify import Identified, Key, identify_cards
from analysis.language import write_number, write_period, write_range
from analysis.scorecards import entities, history, periods
from analysis.scorecards.checks import reconcile, unchecked
from analysis.scorecards.entities import Unit, is_synthetic, load_units
from analysis.scorecards.history import load_history
from analysis.scorecards.rubric import Rubric, load_rubrics, rubric_in_force
from analysis.scorecards.sources import Correction, Source, load_corrections, load_sources
from analysis.telling import telling


@dataclass(frozen=True, eq=False, repr=False)
class Loaded:
    """The figures and the rules of the project, and what all months share of the work on them."""

    rubrics: tuple[Rubric, ...]
    history: pd.DataFrame
    sources: Mapping[str, Source]
    corrections: tuple[Correction, ...]
    units: Mapping[str, Unit]

    @cached_property
    def checks(self) -> pd.DataFrame:
        """Every check of the history (see `reconcile`); made when it is asked for."""
        return reconcile(self.history, self.rubrics, self.corrections)

    @cached_property
    def unchecked(self) -> pd.DataFrame:
        """The figures that no check touches."""
        return unchecked(self.history, self.checks)

    @cached_property
    def _by_entity(self) -> Mapping[str, pd.DataFrame]:
        return {str(entity): rows for entity, rows in self.history.groupby("entity", sort=False)}

    def share(self) -> None:
        """Do now the work that all months share. Raises AnalysisError where the figures disagree with a correction."""
        _every_figure = self.unchecked
        for rubric in self.rubrics:
            for synthetic in {is_synthetic(entity) for entity in self.entities}:
                _telling(self, rubric.id, synthetic)

    @property
    def entities(self) -> list[str]:
        """Every entity that has figures, in their order."""
        return list(self._by_entity)

    def own(self, entity: str) -> pd.DataFrame:
        """The figures of one entity, in their order."""
        return self._by_entity[entity]

    def meant(self, entity: str, month: str) -> tuple[str, str]:
        """The entity and the period that the user means; an empty period is the latest with a total.

        Raises UnknownNameError, NoTotalError.
        """
        entity = entities.find_entity(self.history, entity)
        month = month or history.latest_period(self.own(entity), entity)
        periods.check_period(month)
        return entity, month

    def rules(self, month: str) -> Rubric:
        """The family of rules in force. Raises RubricError where there is none."""
        return rubric_in_force(self.rubrics, month)

    def cards(self, entity: str, month: str) -> list[Card]:
        """The card of a month, and after it those others of its regime that tell something of the rules.

        Raises NoTotalError, UnknownNameError: from `history.card`.
        """
        return list(_cards(self, entity, month))

    def left_out(self, entity: str, month: str) -> list[Key]:
        """Cards of the month's regime that no rule explains by itself, so that they are evidence of nothing."""
        _kept, wrong = _telling(self, self.rules(month).id, is_synthetic(entity))
        return [(item.entity, item.period) for item in wrong if (item.entity, item.period) != (entity, month)]

    def identified(self, entity: str, month: str) -> Identified:
        """The rules that fit a month and every other card of its regime. Raises as `identify.identify`."""
        rubric = self.rules(month)
        governed, wrong = _governed(self, rubric.id, is_synthetic(entity)), self.left_out(entity, month)
        others = tuple(key for key in governed if key != (entity, month) and key not in wrong)
        return replace(identify_cards(self.cards(entity, month), rubric), others=others)


@lru_cache(maxsize=8)
def _governed(loaded: Loaded, rubric_id: str, synthetic: bool) -> Mapping[Key, Card]:
    """Every card that one regime must explain, of real entities or of simulated ones."""
    rubric = next(rubric for rubric in loaded.rubrics if rubric.id == rubric_id)
    entities = {entity for entity in loaded.entities if is_synthetic(entity) == synthetic}
    keys = [key for key in evidence.governed(loaded.history, rubric, loaded.corrections) if key[0] in entities]
    return dict(zip(keys, evidence.read_cards(loaded.history, rubric, keys), strict=True))


@lru_cache(maxsize=8)
def _telling(loaded: Loaded, rubric_id: str, synthetic: bool) -> tuple[list[Card], list[Card]]:
    rubric = next(rubric for rubric in loaded.rubrics if rubric.id == rubric_id)
    return telling(list(_governed(loaded, rubric_id, synthetic).values()), rubric)


@lru_cache(maxsize=8)
def _cards(loaded: Loaded, entity: str, month: str) -> tuple[Card, ...]:
    rubric, own, synthetic = loaded.rules(month), loaded.own(entity), is_synthetic(entity)
    history.card(own, entity, month)
    first = evidence.read_card(own, rubric, entity, month)
    shared, _wrong = _telling(loaded, rubric.id, synthetic)
    if any((item.entity, item.period) == (entity, month) for item in shared):  # what it tells, others may tell too
        others = [item for key, item in _governed(loaded, rubric.id, synthetic).items() if key != (entity, month)]
        shared, _wrong = telling(others, rubric)
    return first, *shared


def load() -> Loaded:
    """Everything that the project holds; what was read before where no file of its data has changed since.

    Raises RubricError, HistoryError.
    """
    folder = project.root() / "data"
    return _load(folder, history.stamp(folder))


@lru_cache(maxsize=1)
def _load(folder: Path, _stamp: history.Stamp) -> Loaded:
    rubrics = load_rubrics(folder / "rubrics")
    figures = load_history(rubrics, folder)
    return Loaded(rubrics, figures, load_sources(folder), load_corrections(folder), load_units(folder))


@dataclass(frozen=True, repr=False)
class Month:
    """One month of one entity, identified, with everything that the answers are made from.

    `cards` are the month's own and those that tell something of its rules; `loaded` is everything else that is known.
    """

    loaded: Loaded
    cards: tuple[Card, ...]
    identified: Identified
    by_group: pd.DataFrame
    by_indicator: pd.DataFrame
    ledger: pd.DataFrame

    @property
    def history(self) -> pd.DataFrame:
        """Every figure of the project, one a row (see `history.load_history`)."""
        return self.loaded.history

    def __repr__(self) -> str:
        total = write_range(self.identified.total.low, self.identified.total.high, 2)
        when = write_period(self.identified.period)
        return f"<{self.identified.entity}, {when}: {total}/{write_number(self.identified.rubric.points, 0)}>"


def open_month(month: str, entity: str) -> Month:
    """Read everything and identify one month; `month` may be empty for the latest.

    Raises any AnalysisError that the figures, the rules or the names deserve.
    """
    loaded = load()
    entity, month = loaded.meant(entity, month)
    identified = loaded.identified(entity, month)
    by_indicator = lost.losses_by_indicator(identified)
    return Month(
        loaded=loaded,
        cards=tuple(loaded.cards(entity, month)),
        identified=identified,
        by_group=lost.losses_by_group(loaded.own(entity), identified.rubric, entity, month),
        by_indicator=by_indicator,
        ledger=lost.loss_ledger(identified, by_indicator),
    )

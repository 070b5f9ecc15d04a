"""What is known before anything is asked of a month? Figures, rules and checks, read once while the files are the same.

Reading and checking thousands of figures, and finding which cards tell something of the rules, costs the same for one
report and for all: whoever asks again in this process, or in one forked from it, is given what was read.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.diagnosis import losses as lost
from analysis.identification.evidence import Evidence
from analysis.identification.identify import Identified
from analysis.identification.regime import Project, load_project
from analysis.language import write_number, write_period, write_range


@dataclass(frozen=True, repr=False)
class Month:
    """One month of one entity, identified, with everything that the answers are made from.

    `cards` are the month's own and those that tell something of its rules; `loaded` is everything else that is known.
    """

    loaded: Project
    cards: tuple[Evidence, ...]
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
    loaded = load_project()
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

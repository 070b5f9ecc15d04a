"""How does an answer follow a slider? Controls of ipywidgets beside an answer that is drawn anew when one moves.

The answer is an output of its cell, not a widget: a notebook that ran without a screen shows it too, for the values
that the controls begin with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import ipywidgets
from IPython.display import display

from analysis import project
from analysis.card import Card
from analysis.decisions.levers import USUAL_LEVERS, save_improvements, usual_levers
from analysis.errors import AnalysisError
from analysis.identification.bounds import rate_of
from analysis.language import _, write_number, write_range
from analysis.report.explore import table_of
from analysis.report.section import Section, Words

FULL = ipywidgets.Layout(width="97%", max_width="60em")
LABEL = {"description_width": "32em"}
TARGETS = (100.0, 95.0, 90.0, 85.0, 80.0, 70.0, 60.0, 50.0, 40.0, 30.0)


@dataclass(frozen=True)
class Trial:
    """Sliders for the rates of a month, in percent, by indicator."""

    card: Card
    sliders: Mapping[str, ipywidgets.FloatSlider]

    @property
    def levers(self) -> dict[str, float]:
        """The rates that were raised above today's."""
        return {code: round(slider.value, 1) for code, slider in self.sliders.items() if slider.value > slider.min}

    def save(self, target_score: float | None = None) -> str:
        """Write the rates down for `scorecard report --levers FILE`; the file (see `levers.Improvements`)."""
        path = save_improvements(self.card.results.identified, self.levers, target_score)
        return path.relative_to(project.root()).as_posix()


def try_rates(card: Card, *indicators: str) -> Trial:
    """Sliders from today's rates up, with what they are worth; without names the two levers of every report.

    A rate that is not printed starts at the least that the published figures allow.
    """
    identified = card.results.identified
    begin, sliders = usual_levers(identified), {}
    for code in indicators or USUAL_LEVERS:
        today = rate_of(identified, code)
        least = min(ceil(today.low * 10 - 1e-6) / 10, 100.0)
        name = identified.rubric.indicators[code].name
        printed = identified.readings[code].rate is not None
        rate = write_number((today.low + today.high) / 2, 2) if printed else write_range(today.low, today.high, 0)
        sliders[code] = ipywidgets.FloatSlider(
            value=max(begin.get(code, least), least),
            min=least,
            max=100.0,
            step=0.1,
            readout_format=".1f",
            description=_("{name} (today {rate} %)").format(name=name, rate=rate),
            continuous_update=False,
            style=LABEL,
            layout=FULL,
        )
    trial = Trial(card, sliders)
    _follow(list(sliders.values()), lambda: _worth(trial))
    return trial


def try_rules(card: Card, indicator: str) -> None:
    """Targets to choose for an indicator, with what then survives of the whole family, or which figures forbid it."""
    known = card.results.rubric.indicators[indicator]
    choices = sorted({*TARGETS, *known.target.alternatives}, reverse=True)
    box = ipywidgets.SelectMultiple(
        options=[(_("no target") if target == 100 else f"{target:g} %", target) for target in choices],
        value=sorted(known.target.alternatives, reverse=True),
        rows=len(choices),
        description=known.name,
        style=LABEL,
        layout=FULL,
    )
    _follow([box], lambda: _surviving(card, indicator, box.value))


def try_leaders(card: Card) -> None:
    """A slider for the share of provinces that are called leaders, with what they have and the others have not."""
    slider = ipywidgets.IntSlider(
        value=25,
        min=10,
        max=50,
        step=5,
        description=_("Leaders, % of the provinces"),
        continuous_update=False,
        style=LABEL,
        layout=FULL,
    )
    _follow([slider], lambda: card.leaders(slider.value / 100))


def _worth(trial: Trial) -> Section:
    if not trial.levers:
        return _say(_("Every rate stands where it is today: move a slider to the right."))
    weighed = trial.card.weighing(trial.levers)
    return Section.together(weighed.what_if(), weighed.rank)


def _surviving(card: Card, indicator: str, targets: tuple[float, ...]) -> Section:
    if not targets:
        return _say(_("Choose one target or more."))
    found = card.suppose(indicator, targets).results
    words = _("{fit} of {tried} rules fit every published figure.").format(
        fit=write_number(found.identified.survivors, 0), tried=write_number(found.rubric.size(), 0)
    )
    own = found.open_rules[found.open_rules["code"] == indicator]
    return Section(words, [Words([words]), table_of(own, _("What is left of this indicator's rule"))])


def _say(words: str) -> Section:
    return Section(words, [Words([words])])


def _follow(controls: list[Any], answer: Callable[[], Section]) -> None:
    """Show the controls and the answer, and the answer anew when one of them moves."""

    def shown() -> Section:
        try:
            return answer()
        except AnalysisError as error:
            parts = Words([error.what]), Words(error.shown_rows, as_list=True), Words([error.next_step])
            return Section(error.what, [part for part in parts if any(part.said)])

    display(ipywidgets.VBox(controls))
    handle = display(shown(), display_id=True)
    for control in controls:
        control.observe(lambda _change: handle.update(shown()), names="value")

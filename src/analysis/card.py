"""What may be asked of one card? Open it, then ask: one name a question, and each answer shows itself.

    card = open_card("Hòa Bình", "2023-04")
    card.losses                         # where the points went
    card.what_if({"e_result": 80})      # what a raise is worth
    card.plan(70)                       # the cheapest way to 70 points that is sure

An answer is a `Section`: HTML in a notebook and on the page, text when it is printed, pandas frames in `.table` and
`.tables`, files by `.save("name")`. Nothing is worked out before it is asked for, and nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from analysis import project
from analysis.decisions.levers import Effort, check_target
from analysis.decisions.whatif import gain_of
from analysis.diagnosis.changes import bridge_between
from analysis.identification.regime import load_project
from analysis.interval import Interval
from analysis.language import use_language, write_number, write_period
from analysis.report import changes as moves
from analysis.report import leader, losses, plan, rules, sources, tiers, worth
from analysis.report.figures import Figures
from analysis.report.results import Results
from analysis.report.section import Picture, Section, source_line
from analysis.scorecards.findings import load_findings
from analysis.scorecards.history import TOTAL, data_hash
from analysis.scorecards.rubric import Rubric, load_changes
from analysis.scorecards.sources import Source


def open_card(
    entity: str = project.DEFAULT_ENTITY,
    month: str | int = "",
    *,
    levers: Mapping[str, float] | None = None,
    target_score: float | None = None,
    promised: Mapping[str, Any] | None = None,
    as_of: str = "",
    figures: pd.DataFrame | None = None,
    language: str = "",
) -> Card:
    """The card of an entity and a period (YYYY-MM, YYYY-Qn or YYYY); without one the latest month with a total.

    Parameters
    ----------
    levers, target_score : the improvements to weigh (indicator → rate in percent) and the total to reach, by default
        the usual ones.
    promised : what an earlier report weighed, as `scorecard report` gives it.
    as_of : a day (YYYY-MM-DD): what is known is what was published or captured until then.
    figures : a history to look into in place of the project's, such as that of `synthetic.example`.
    language : `vi` or `en`, from here on; by default the one in use.

    Raises
    ------
    UnknownNameError, NoTotalError, ParameterError, RubricError, HistoryError: as the names, figures and rules deserve.
    """
    if language:
        use_language(language)
    known = load_project() if figures is None else replace(load_project(), history=figures)
    known = known.as_of(as_of) if as_of else known
    entity, period = known.meant(entity, str(month))
    known.rules(entity, period)
    card = Card(Results(known, entity, period, levers or {}, target_score, promised or {}))
    _published = card.results.card  # a card without a total is refused here, not when it is first asked
    return card


@dataclass(frozen=True, eq=False, repr=False)
class Card:
    """One scorecard of one entity with the rules that fit it (`results`: the frames that its answers are made from)."""

    results: Results

    def __repr__(self) -> str:
        total = self.results.card.loc[(TOTAL, "points")]
        printed, of = write_number(total["value"], total["decimals"]), write_number(self.results.rubric.points, 0)
        return f"<{self.entity}, {write_period(self.month)}: {printed}/{of}>"

    @property
    def entity(self) -> str:
        return self.results.entity

    @property
    def month(self) -> str:
        return self.results.month

    @property
    def history(self) -> pd.DataFrame:
        """Every figure of the project, one a row (see `history.load_history`)."""
        return self.results.project.history

    # For the leader

    @cached_property
    def summary(self) -> Section:
        """The finding, the total, the rank and the change, the points lost by group, and whether they add up."""
        it = self.results
        doubted = it.standing is not None and it.standing.contradicted is not None
        lost = it.by_group, it.ledger, it.lost_by_tier, it.by_indicator
        return self._answer(
            leader.summary_section(it.figures, *lost, it.past, it.identified, self._sources, doubted, it.otherwise)
        )

    @cached_property
    def first_steps(self) -> Section:
        """The steps towards the goal, what each and all bring, and the number to ask for. Table: `plan.in_order`."""
        it = self.results
        parts = self._worth, self._plan, self._needs, self.rank, self._ask
        figures = it.figures.plus(*(part.figures.values() for part in parts))
        frames = it.first, it.gained, it.by_indicator, it.ways, it.rank_then, it.odd_bases, it.asked
        return self._answer(leader.first_steps_section(figures, it.best, *frames, it.acts, it.identified, it.classed))

    @cached_property
    def try_it(self) -> Section:
        """The panel of the page, which computes what other rates would bring."""
        from analysis.report import try_it

        it = self.results
        rules = try_it.rules_to_try(it.tiers, it.acts, it.by_indicator)
        ranks = try_it.rank_steps(it.standing, it.identified)
        presets = {"steps": {code: it.aims[code] for code in it.first["code"]}, "weighed": it.weighed}
        figures = it.figures.plus(self._plan.figures.values())
        known = rules, ranks, it.classed, data_hash()
        return try_it.try_it_section(figures, it.identified, presets, it.by_group, *known)

    @cached_property
    def rank(self) -> Section:
        """The rank that the steps would bring, as far as other totals are known. Table: `ranks.outlook`."""
        it = self.results
        contradicted = it.standing.contradicted if it.standing else None
        ranked = it.rank_then, it.rank_by_tier, contradicted, it.first_of_others
        return self._answer(worth.rank_section(self._plan.figures, *ranked))

    @cached_property
    def change(self) -> Section:
        """What of the change since the last card is performance. Table: `changes.change_bridge`."""
        return self._answer(moves.change_section(self.results.moved, self.results.before))

    @cached_property
    def follow_up(self) -> Section:
        """What became of what an earlier report weighed. Table: `follow_up.kept`."""
        return self._answer(moves.follow_up_section(self.results.kept, self.results.promised))

    # For the analyst

    @cached_property
    def for_the_analyst(self) -> Section:
        """Where the leader's part of the page ends."""
        return leader.analyst_section()

    def what_if(self, levers: Mapping[str, float] | None = None, target_score: float | None = None) -> Section:
        """What raising rates is worth: indicator → rate in percent; without any, the improvements of the card.

        With a total, what each of them needs for it too. Tables: `gains` (`whatif.gains`; points, both ends), `by_rule`
        (`whatif.gains_by_rule`), `needed` (`plan.rates_for`). Raises ParameterError for what cannot be weighed.
        """
        other = self if levers is None else self.weighing(levers)
        if target_score is None:
            return other._answer(other._worth)
        check_target(other.results.identified, target_score)
        aimed = replace(other.results, codes=list(other.results.weighed), target_score=target_score)
        needs = plan.needs_section(aimed.identified, aimed.ways, None, target_score)
        return other._answer(Section.together(other._worth, needs))

    def plan(
        self,
        target_score: float | None = None,
        codes: Sequence[str] = (),
        months: int | None = None,
        budget: float | None = None,
        costs: Mapping[str, Effort] | None = None,
    ) -> Section:
        """The cheapest way to a total under every documented rule that fits, and which number to ask for next.

        Without a total the next class above today's; `codes` are the levers to use, by default all that have room;
        `budget` is in percentage points, or in units of `costs`. Tables: `steps`, `schedule`, `limits`, `regret`
        (`plan.Plan`), `needed` (`plan.rates_for`), `by_december`, `ask_next`. Raises ParameterError for a total that
        is reached today or above the highest.
        """
        check_target(self.results.identified, target_score)
        aimed = replace(
            self.results, target_score=target_score, codes=codes, months=months, budget=budget, costs=costs or {}
        )
        usual = not codes and all(given is None for given in (target_score, months, budget, costs))
        other = self if usual else Card(aimed)
        return other._answer(Section.together(other._plan, other._needs, other._ask))

    @cached_property
    def losses(self) -> Section:
        """Where the points went. Tables: `groups`, `indicators`, `ledger` (what is disclosed), `by_tier`, `units`."""
        it = self.results
        frames = it.by_group, it.ledger, it.by_indicator, it.lost_by_tier
        found = losses.losses_section(it.figures, *frames, it.units, self._sources)
        return self._answer(found)

    @cached_property
    def indicators(self) -> Section:
        """Points lost by each indicator as a picture, with its table (`losses.losses_by_indicator`)."""
        from analysis.report.explore import indicators_section

        return self._answer(indicators_section(self.results.by_indicator, self._source, self.results.label))

    @cached_property
    def rules(self) -> Section:
        """Which rules fit, what is new in them, and what follows. Tables: `alternatives`, `news`, `ruled_out`, …"""
        it = self.results
        return self._answer(
            Section.together(
                rules.rules_section(it.figures, it.identified, it.open_rules, self._sources, it.relations),
                self._tiers,
                self._news,
                self._proof,
            )
        )

    @cached_property
    def months(self) -> Section:
        """The totals known so far, whether they allow a trend, and the `years`. Table: `history.totals`."""
        it = self.results
        known = moves.months_section(it.of_past, it.figures, it.past, it.identified, self._sources)
        return self._answer(Section.together(known, self.years))

    @cached_property
    def years(self) -> Section:
        """Total, groups and rank year by year, what made it rise, and what the portal restated.

        Tables: `years` (`years.years`), `rises` (`years.rises`, all that are ranked with it), `restated`.
        """
        from analysis.report.years import years_section

        it, known = self.results, self.results.project
        frames = it.years, it.rises, it.totals_restated
        found = years_section(*frames, self.entity, it.span, known.mergers, it.figures, self._sources)
        return self._answer(found)

    @cached_property
    def checks(self) -> Section:
        """Whether the figures agree with each other. Tables: `checks`, and `unchecked`, which nothing cross-checks."""
        it = self.results
        return self._answer(
            sources.checks_section(it.figures, it.project.checks, it.project.unchecked, it.identified, it.project.notes)
        )

    @cached_property
    def sources(self) -> Section:
        """Where each number comes from. Tables: `published`, as printed, and `figures`, every number of the page."""
        from analysis.notices.store import passages

        it = self.results
        kept, made = passages(it.card), (data_hash(), project.version(), project.commit(), project.today())
        return self._answer(sources.sources_section(self.figures, self._sources, kept, it.identified, *made))

    @cached_property
    def published(self) -> Section:
        """The figures as the notice prints them, one a row: `name`, `code`, `value`, `unit`, `quote`, `source`, …"""
        from analysis.report.explore import published_section

        return self._answer(published_section(self.results.card, self.results.rubric, self._source, self.results.label))

    # Beside other cards

    def of(self, month: str) -> Card:
        """The card of another period of the same entity, with the usual improvements."""
        return Card(Results(self.results.project, *self.results.project.meant(self.entity, month)))

    def change_from(self, other: Card) -> Section:
        """What of the change between two cards of one entity is performance. Table: `changes.change_bridge`."""
        it, source = self.results, source_line(pd.concat([other.results.card, self.results.card]), self._sources)
        ends = (other.entity, other.month), (self.entity, self.month)
        moved = bridge_between(self.history, it.project.rubrics, *ends)
        facts = {"entity": self.entity, "before": other.month, "after": self.month}
        picture = Picture("change_steps", moved, source, label=it.label)
        return replace(moves.change_section(moved, other.month, picture, facts), source=source, label=it.label)

    def beside(self, *others: Card) -> Section:
        """The losses by group of this card and others, side by side. Table: `groups`, with `card` naming each."""
        from analysis.report.explore import beside_section

        cards = (self, *others)
        source = source_line(pd.concat([card.results.card for card in cards]), self._sources)
        lost = [(card.entity, card.month, card.results.by_group) for card in cards]
        return beside_section(lost, source, self.results.label)

    def rank_after(self, gain: float | None = None, drift: float = 1.0) -> Section:
        """The rank after a gain in points, by default that of the improvements; others may move by `drift` points.

        Tables: `outlook` (`ranks.outlook`), `counted` (`ranks.rank_after_gain`, where every total is known), `alike`.
        """
        from analysis.comparisons import ranks

        it = self.results
        added = gain_of(it.gained) if gain is None else Interval.point(gain)
        ranked = ranks.outlook(it.standing, added)
        counted = ranks.counted(self.history, self.entity, self.month, added, drift, it.standing)
        alike, why = ranks.alike(self.history, self.entity, self.month)
        contradicted = it.standing.contradicted if it.standing else None
        return self._answer(worth.rank_after_section(added, ranked, counted, alike, why, self.entity, contradicted))

    @cached_property
    def peers(self) -> Section:
        """Where it stands among all that are ranked, and among those of like volume. Tables: `positions`, `alike`."""
        from analysis.comparisons import peers
        from analysis.report.explore import standing_section

        alike, why = peers.against_alike(*self._asked)
        found = standing_section(peers.positions(*self._asked), alike, why, self._source, self.results.label)
        return self._answer(found)

    @cached_property
    def spread(self) -> Section:
        """Which groups and indicators go with the differences between totals. Table: `peers.spread`."""
        from analysis.comparisons.peers import spread
        from analysis.report.explore import spread_section

        return self._answer(spread_section(spread(*self._asked), self._source, self.results.label))

    def leaders(self, top: float = 0.25) -> Section:
        """In which indicators the leading share `top` of all differs most from the others. Table: `peers.leaders`."""
        from analysis.comparisons.peers import leaders
        from analysis.report.explore import LEVEL, leaders_section

        return self._answer(leaders_section(leaders(*self._asked, top, LEVEL), self._source, self.results.label))

    @cached_property
    def rises(self) -> Section:
        """What made the totals of all that are ranked with it rise, in years of one rule. Table: `years.rises`.

        Raises CheckError where no two years can be compared.
        """
        from analysis.comparisons.years import rise_sentence
        from analysis.report.explore import rises_section

        found, source = self.results.rises, self._source_of_years
        words = rise_sentence(found, self.entity, *self.results.span_known)
        return self._answer(rises_section(found, words, source, self.results.label), source)

    @cached_property
    def panel(self) -> Section:
        """Whether places stay and leaders slow down over these years, and through which groups totals differ.

        Tables: `persistence`, `slowing`, `spread`, `places` (`comparisons.panel`). Raises CheckError as `rises`.
        """
        from analysis.comparisons import panel
        from analysis.report.explore import LEVEL, panel_section

        it, source = self.results, self._source_of_years
        of = self.history, it.project.rubrics, self.entity, *it.span_known
        spread = panel.spread_by_year(self.history, it.rubric_of_years, self.entity, it.years_between)
        found = panel.persistence(*of, LEVEL), panel.slowing(*of, LEVEL)
        places = panel.places(self.history, self.entity, it.years_between)
        return self._answer(panel_section(*found, spread, places, source, self.results.label), source)

    def revisions(self, code: str = "on_time", unit: str = "percent") -> Section:
        """One figure of each month as the portal showed it first and last, in all provinces and the country's mean.

        Table: `revisions` (`panel.revisions`).
        """
        from analysis.comparisons import panel
        from analysis.report.explore import revisions_section

        rows = panel.after_their_end(self.history, self.entity, code, unit)
        source, name = source_line(rows, self._sources), self.results.rubric.name_of(code)
        return self._answer(revisions_section(panel.revisions(rows), name, source, self.results.label), source)

    @cached_property
    def regression(self) -> Section:
        """The maxima of the rules, estimated from all scores of the period. Table: `refit.rules_regression`."""
        from analysis.comparisons import refit
        from analysis.report.explore import LEVEL, regression_section

        found = refit.rules_regression(*self._asked, LEVEL)
        checks = refit.rules_misfit(*self._asked), refit.implied_missing(*self._asked)
        return self._answer(regression_section(found, *checks, self._source, self.results.label))

    def trend(self, code: str = TOTAL, unit: str = "", ahead: int = 3) -> Section:
        """Where a figure of the entity is heading, as far as its own months can say, or why nothing can be said.

        `unit` is points or percent; by default that of a rate for an indicator. Tables: `months`, `flags`, `backtest`
        (`trends.trend`).
        """
        from analysis.report.explore import trend_of

        it = self.results
        return trend_of(it.project.history, it.project.rubrics, self.entity, code, unit, ahead, self._sources)

    # Other improvements, rules and evidence: a card with them, to be asked as any other

    def weighing(self, levers: Mapping[str, float]) -> Card:
        """The card with other improvements: indicator → rate in percent."""
        return Card(replace(self.results, levers=levers))

    def suppose(self, code: str, targets: Sequence[float] = (), maxima: Sequence[float] = ()) -> Card:
        """The card if an indicator's target is one of `targets` (percent), or its maximum one of `maxima` (points).

        Raises ParameterError for an unknown indicator, RubricError where no maxima sum to the group's, and, when it is
        asked, ContradictionError with the figures in conflict where no rule fits.
        """
        return Card(self.results.supposing(code, tuple(targets), tuple(maxima)))

    @property
    def alone(self) -> Card:
        """The card by itself, not held against the others of its regime."""
        return Card(self.results.alone())

    @property
    def assuming(self) -> Card:
        """The card where the relations between rates of data/relations.toml hold."""
        return Card(self.results.assuming())

    # What a report leaves behind

    @cached_property
    def figures(self) -> Figures:
        """Every number of the page by id, as in `figures.csv`."""
        own = [self._worth, self.months, self._plan, self._needs, self.rank, self._ask, self._proof]
        own += [self.change, self._tiers, self._news, self.follow_up, self.losses]
        return self.results.of_card.plus(*(section.figures.values() for section in own))

    def save(self, run_id: str) -> None:
        """Write `figures.csv`, `workbook.xlsx` and `result.json` into the current folder; nothing without a run id.

        Raises OSError where they cannot be written.
        """
        from analysis.report import result

        it = self.results
        title = leader.title(it.figures, it.by_group, it.identified)
        weighed = it.weighed, it.acts, it.gained_by_tier, it.gained_by_target
        result.save(self.figures, it.identified, it.by_group, *weighed, self._sources, title, run_id)

    # Parts of several answers, each made once

    @cached_property
    def _worth(self) -> Section:
        it = self.results
        tiers = it.gained_by_tier, it.gained_by_target, it.failing_targets, it.widest, it.no_supported_rules
        return worth.worth_section(it.figures, it.gained, it.by_rule, *tiers, it.identified, self._sources)

    @cached_property
    def _plan(self) -> Section:
        it = self.results
        frames = it.aimed, it.aimed_by_tier, it.ways, it.reached
        return plan.plan_section(it.identified, it.best, *frames, set(it.odd_bases["code"]), it.classed)

    @cached_property
    def _needs(self) -> Section:
        it = self.results
        return plan.needs_section(it.identified, it.ways, it.late, it.goal)

    @cached_property
    def _ask(self) -> Section:
        return plan.ask_section(self.results.asked, self.results.odd_bases)

    @cached_property
    def _tiers(self) -> Section:
        it = self.results
        rubric = it.project.rules(it.entity, it.month)
        known = load_changes(rubric), load_findings(rubric)
        found = it.tiers, it.ruled_out_best, it.open_targets, it.targets_ruled_out, *it.change_dates
        return tiers.tiers_section(it.figures, it.identified, it.cards[0], *found, *known, self._sources)

    @cached_property
    def _news(self) -> Section:
        it = self.results
        return rules.news_section(it.figures, it.news, it.rules_before)

    @cached_property
    def _proof(self) -> Section:
        it = self.results
        found = it.scores, it.hidden, it.odd_bases, it.ruled_out, it.helped
        return rules.proof_section(it.figures, it.identified, it.cards, *found, it.left_out)

    @property
    def _asked(self) -> tuple[pd.DataFrame, Rubric, str, str]:
        return self.history, self.results.rubric, self.entity, self.month

    @property
    def _sources(self) -> Mapping[str, Source]:
        return self.results.project.sources

    @property
    def _source(self) -> str:
        return source_line(self.results.card, self._sources)

    @property
    def _source_of_years(self) -> str:
        """Where the years of all that are ranked with it come from."""
        return source_line(self.results.cards_of_years, self._sources)

    def _answer(self, section: Section, source: str = "") -> Section:
        """The section with what every answer says first, its source line, and the label of simulated figures."""
        it = self.results
        return replace(section, facts={**it.about, **section.facts}, source=source or self._source, label=it.label)

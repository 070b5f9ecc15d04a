"""What is worked out of one card? Every frame that its sections show, made when it is first asked for, and once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.decisions import deadline, whatif
from analysis.decisions import plan as planning
from analysis.decisions import tiers as by_tier
from analysis.decisions.levers import Effort, Lever, as_rates, check_indicator, load_levers, usual_levers, with_costs
from analysis.diagnosis import changes, follow_up, losses
from analysis.errors import AnalysisError, CheckError, RubricError
from analysis.identification import bases, bounds, proof
from analysis.identification.evidence import Evidence, Relation, assume, load_bases, load_relations, read_card
from analysis.identification.identify import Identified, Key
from analysis.identification.regime import Project, cards_of
from analysis.interval import Interval
from analysis.language import _
from analysis.report.changes import change_since_figures, counted_on, total_figures
from analysis.report.figures import Figures
from analysis.report.leader import class_figures
from analysis.report.losses import empty_figures, group_figures, indicator_figures, ledger_figures, lost_by_tier_figures
from analysis.report.rules import alternative_figures, bounds_rule, rule_figures
from analysis.report.sources import check_figures, own_checks, published_figures
from analysis.scorecards import history
from analysis.scorecards.entities import is_synthetic, siblings, synthetic_label
from analysis.scorecards.history import TOTAL
from analysis.scorecards.periods import is_month, months_left
from analysis.scorecards.rubric import RULE, Rubric, Shown, apart, rubric_in_force
from analysis.scorecards.tiers import OPEN, SUPPORTED, load_support

if TYPE_CHECKING:
    from analysis.comparisons.ranks import Standing


@dataclass(frozen=True, eq=False)
class Results:
    """The frames of one card of one entity.

    `levers` are the improvements that are weighed (indicator → rate in percent), `target_score` the total aimed at and
    `codes`, `months`, `budget`, `costs` what a plan is limited to; empty and None for the usual ones. `promised` is
    what an earlier report weighed. `family` and `evidence` replace the rubric in force and the regime's cards.
    """

    project: Project
    entity: str
    month: str
    levers: Mapping[str, float] = field(default_factory=dict)
    target_score: float | None = None
    promised: Mapping[str, Any] = field(default_factory=dict)
    codes: Sequence[str] = ()
    months: int | None = None
    budget: float | None = None
    costs: Mapping[str, Effort] = field(default_factory=dict)
    family: Rubric | None = None
    evidence: tuple[Evidence, ...] = ()
    relations: tuple[Relation, ...] = ()

    # What was published, and the rules that fit it

    @cached_property
    def own(self) -> pd.DataFrame:
        """The figures of the entity."""
        return self.project.own(self.entity)

    @cached_property
    def card(self) -> pd.DataFrame:
        """The figures of the card, by code and unit (`history.card`)."""
        return history.card(self.own, self.entity, self.month)

    @cached_property
    def past(self) -> pd.DataFrame:
        return history.totals(self.own, self.entity)

    @cached_property
    def rubric(self) -> Rubric:
        return self.family or self.project.rules(self.entity, self.month)

    @cached_property
    def cards(self) -> Sequence[Evidence]:
        """The card as evidence, and after it those others that tell something of the rules."""
        return self.evidence or self.project.cards(self.entity, self.month)

    @cached_property
    def identified(self) -> Identified:
        """The rules that fit. Raises ContradictionError with the figures in conflict where none does."""
        if self.family or self.evidence:
            return proof.explained_by(self.cards, self.rubric)
        return self.project.identified(self.entity, self.month)

    @property
    def left_out(self) -> list[Key]:
        """Cards of the regime that no rule explains by itself, so that they are evidence of nothing."""
        return self.project.left_out(self.entity, self.month)

    @cached_property
    def open_rules(self) -> pd.DataFrame:
        return bounds.alternatives(self.identified)

    @cached_property
    def scores(self) -> pd.DataFrame:
        return bounds.group_scores(self.identified)

    @cached_property
    def odd_bases(self) -> pd.DataFrame:
        """The derived rates that would need more dossiers than any other figure of the entity allows."""
        return bases.odd_bases(self.cards[0], self.identified, load_bases(), self._other_months)

    def _other_months(self) -> Iterator[tuple[Evidence, Identified]]:
        with_count = self.own[(self.own["unit"] == "count") & self.own["period"].map(is_month)]["period"]
        for period in sorted(set(with_count) - {self.month} if is_month(self.month) else ()):
            with suppress(AnalysisError):  # a month without a total, or one that no rule explains
                yield self.project.cards(self.entity, period)[0], self.project.identified(self.entity, period)

    @cached_property
    def hidden(self) -> pd.DataFrame:
        return bounds.unprinted_rates(self.identified)

    @cached_property
    def ruled_out(self) -> pd.DataFrame:
        return proof.ruled_out(self.identified, self.cards, self.open_rules)

    @cached_property
    def helped(self) -> pd.DataFrame:
        return proof.contributions(self.identified, self.cards, whatif.gain_width(self.weighed))

    @cached_property
    def ruled_out_best(self) -> pd.DataFrame:
        """What the card's own figures rule out by the reading that documents agree on (`proof.ruled_out`)."""
        best = self.tiers.get(SUPPORTED)
        if best is None:
            return self.ruled_out.head(0)
        return proof.ruled_out(best, [self._read_by(best.rubric)], bounds.alternatives(best))

    @cached_property
    def open_targets(self) -> pd.DataFrame:
        """The targets that the card's own figures leave where they may be any (`bounds.open_targets`)."""
        return bounds.open_targets(self.tiers.get(OPEN) or self.identified)

    @cached_property
    def targets_ruled_out(self) -> pd.DataFrame:
        found = self.tiers.get(OPEN) or self.identified
        return proof.targets_ruled_out(found, self._read_by(found.rubric), self.open_targets)

    def _read_by(self, rubric: Rubric) -> Evidence:
        return assume(read_card(self.own, rubric, self.entity, self.month), self.relations)

    @cached_property
    def change_dates(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Between which months targets of the regime changed, and which figures say so (`dates.change_dates`)."""
        dates, dated_by = self.project.change_dates(self.project.rules(self.entity, self.month))
        return (dates.head(0), dated_by.head(0)) if is_synthetic(self.entity) else (dates, dated_by)

    # Where the points went

    @cached_property
    def by_group(self) -> pd.DataFrame:
        return losses.losses_by_group(self.own, self.rubric, self.entity, self.month, self.identified)

    @cached_property
    def by_indicator(self) -> pd.DataFrame:
        return losses.losses_by_indicator(self.identified)

    @cached_property
    def ledger(self) -> pd.DataFrame:
        return losses.loss_ledger(self.identified, self.by_indicator)

    @cached_property
    def lost_by_tier(self) -> pd.DataFrame:
        return losses.losses_by_tier(self.tiers)

    @cached_property
    def units(self) -> losses.UnitLosses:
        return losses.unit_losses(self.project.history, self.project.units, self.identified)

    @cached_property
    def of_card(self) -> Figures:
        """The figures of the notice, its rules, its losses and its checks, and a province's class."""
        found = card_figures(
            self.card,
            self.identified,
            self.open_rules,
            self.project.checks_of(self.entity, self.month),
            self.by_group,
            self.by_indicator,
            self.ledger,
            self.lost_by_tier,
        )
        if self.classed:
            found.add(class_figures(found["total"], self.identified))
        return found

    @property
    def classed(self) -> bool:
        """Whether the index puts the entity into a class: it does a province; of its units no document says so."""
        return self.entity not in self.project.units

    @cached_property
    def of_past(self) -> Figures:
        """The totals known so far, and the change since the last that can be compared."""
        return past_figures(self.past, self.ranks, self.identified, self.of_card, self.otherwise)

    @cached_property
    def ranks(self) -> dict[str, float]:
        """The published ranks of the entity by period."""
        cards = {period: history.card(self.own, self.entity, period) for period in self.past["period"]}
        return {
            period: float(rows.loc[(history.RANK, "rank"), "value"])
            for period, rows in cards.items()
            if (history.RANK, "rank") in rows.index
        }

    @cached_property
    def figures(self) -> Figures:
        """The figures that every section may show."""
        return self.of_card.plus(self.of_past.values())

    # What changed

    @cached_property
    def before(self) -> str:
        """The last period that a change can be told from; "" where there is none."""
        return changes.card_before(self.own, self.project.rubrics, self.entity, self.month)

    @cached_property
    def otherwise(self) -> str:
        """`before`, where other rules scored it and nothing else keeps the two apart; "" else."""
        if not self.before or counted_on(self.past, self.identified):
            return ""
        then, now = (history.shown(self.own, self.entity, period) for period in (self.before, self.month))
        why = apart((rubric_in_force(self.project.rubrics, then.ruled), then), (self.rubric, now), self.entity)
        return self.before if set(why) == {RULE} else ""

    @cached_property
    def moved(self) -> pd.DataFrame:
        return changes.since(self.own, self.project.rubrics, self.entity, self.before, self.month)

    @cached_property
    def rules_before(self) -> str:
        return changes.period_before(self.own, self.project.rubrics, self.entity, self.month)

    @cached_property
    def news(self) -> pd.DataFrame:
        old = self.project.rules(self.entity, self.rules_before) if self.rules_before else None
        return changes.rule_news(old, self.rubric)

    @cached_property
    def kept(self) -> pd.DataFrame:
        return follow_up.kept(self.own, self.project.rubrics, self.identified, self.promised)

    @cached_property
    def ranked_with(self) -> pd.DataFrame:
        """What is known of this period and of all years of all that are ranked with the entity."""
        years = (period for period in self.project.history["period"].unique() if len(period) == len("2026"))
        return siblings(self.project.history, self.entity, [self.month, *years])

    # Over the years

    @cached_property
    def years(self) -> pd.DataFrame:
        from analysis.comparisons.years import years

        return years(self.ranked_with, self.project.rubrics, self.entity)

    @cached_property
    def span(self) -> tuple[str, str] | None:
        """The years furthest apart that one rule scored for most of those ranked with the entity."""
        from analysis.comparisons.years import span_of

        return span_of(self.ranked_with, self.project.rubrics, self.entity)

    @cached_property
    def rises(self) -> pd.DataFrame:
        from analysis.comparisons.years import RISES, rises

        if self.span is None:
            return pd.DataFrame(columns=RISES)
        return rises(self.ranked_with, self.project.rubrics, self.entity, *self.span)

    @property
    def span_known(self) -> tuple[str, str]:
        """`span`. Raises CheckError where there is none."""
        if self.span is None:
            words = _("No two years of {entity} are known that one rule scored for most of those ranked with it.")
            raise CheckError(words.format(entity=self.entity), [], _("Choose a province, such as Phú Thọ."))
        return self.span

    @cached_property
    def years_between(self) -> list[str]:
        """The years from the first to the last of `span_known`, both INCLUDED."""
        first, last = map(int, self.span_known)
        return [str(year) for year in range(first, last + 1)]

    @cached_property
    def cards_of_years(self) -> pd.DataFrame:
        """The figures of these years of all that are ranked with the entity, on the cards that most of them have."""
        from analysis.comparisons.years import common_card

        return pd.concat([common_card(self.ranked_with, self.entity, year) for year in self.years_between])

    @property
    def rubric_of_years(self) -> Rubric:
        ruled = Shown(self.span_known[1], str(self.cards_of_years["day"].iloc[-1])).ruled
        return rubric_in_force(self.project.rubrics, ruled)

    @cached_property
    def restated(self) -> pd.DataFrame:
        """What the portal showed otherwise on a later day (`changes.restated`)."""
        return changes.restated(self.own, self.project.rubrics, self.entity)

    @property
    def totals_restated(self) -> pd.DataFrame:
        rows = self.restated
        return rows[(rows["code"] == TOTAL) & (rows["change"] != 0)]

    # What a raise is worth, and the plan

    @cached_property
    def acts(self) -> dict[str, Lever]:
        """Every indicator that can be raised, with what it moves besides and what it costs."""
        known = load_levers(self.rubric, self.project.shown(self.entity, self.month).ruled)
        return with_costs(known, self.costs) if self.costs else known

    @cached_property
    def weighed(self) -> dict[str, float]:
        return as_rates(self.levers) or usual_levers(self.identified)

    @cached_property
    def gained(self) -> pd.DataFrame:
        return whatif.gains(self.identified, self.weighed, self.acts)

    @cached_property
    def by_rule(self) -> pd.DataFrame:
        return whatif.gains_by_rule(self.identified, self.weighed)

    @cached_property
    def tiers(self) -> dict[str, Identified | None]:
        """The rules that fit by what is best supported, by what is documented, and where targets may be any."""
        return by_tier.in_each_tier(self.cards, self.identified, load_support(self.rubric))

    @property
    def no_supported_rules(self) -> bool:
        """Whether the reading that documents agree on does not fit the month."""
        return SUPPORTED in self.tiers and self.tiers[SUPPORTED] is None

    @cached_property
    def gained_by_tier(self) -> pd.DataFrame:
        return by_tier.gains_by_tier(self.tiers, self.weighed)

    @cached_property
    def gained_by_target(self) -> pd.DataFrame:
        """What each improvement with a published rate and an open target gains under other targets."""
        asked = [
            by_tier.gains_by_target(self.own, self.identified, code, rate)
            for code, rate in self.weighed.items()
            if len(self.rubric.indicators[code].target.alternatives) > 1
            and (reading := self.identified.readings[code].rate) is not None
            and reading.low > 0
        ]
        return pd.concat(asked, ignore_index=True) if asked else pd.DataFrame(columns=by_tier.BY_TARGET)

    @cached_property
    def widest(self) -> pd.DataFrame:
        """Which target that is not known widens the gain and the total most; no row where no target is open."""
        if len(self.tiers) < 2:
            return pd.DataFrame(columns=by_tier.WIDEST)
        return by_tier.widest_target(self.own, self.identified, self.weighed)

    @property
    def failing_targets(self) -> dict[str, float]:
        """Of each of these, the target below which it gains less than the documented rules say."""
        found = {
            code: by_tier.failing_target(self.own, self.identified, code, self.weighed[code])
            for code in self.gained_by_target["code"].unique()
        }
        return {code: target for code, target in found.items() if target is not None}

    @cached_property
    def standing(self) -> Standing | None:
        from analysis.comparisons.ranks import standing

        return standing(self.ranked_with, self.rubric, self.entity, self.month)

    @cached_property
    def first_of_others(self) -> pd.Series | None:
        """The figure of the highest total among the others; None where not all are known."""
        from analysis.comparisons.ranks import same_card

        known = self.standing
        if known is None or known.known < known.ranked or known.others.empty:
            return None
        rows = same_card(self.ranked_with, self.entity, self.month)
        return rows[(rows["entity"] == known.others["entity"].iloc[0]) & (rows["code"] == TOTAL)].iloc[0]

    @cached_property
    def rank_then(self) -> pd.DataFrame:
        """The rank today and with the aims reached (`ranks.outlook`)."""
        from analysis.comparisons.ranks import outlook

        return outlook(self.standing, whatif.gain_of(self.aimed))

    @cached_property
    def rank_by_tier(self) -> pd.DataFrame:
        """The rank that the aims bring by their own indicators in each tier: `ranks.outlook`, and `tier`."""
        from analysis.comparisons.ranks import outlook

        last = self.aimed_by_tier.groupby("tier", sort=False).tail(1)
        found = [
            outlook(self.standing, Interval(row.gain_low, row.gain_high)).assign(tier=row.tier)
            for row in last.itertuples()
        ]
        return pd.concat(found, ignore_index=True)

    @cached_property
    def goal(self) -> float | None:
        """The total aimed at; None where only a budget is given."""
        usual = None if self.budget is not None else planning.next_target(self.identified)
        return usual if self.target_score is None else self.target_score

    @cached_property
    def workable(self) -> dict[str, Lever]:
        return planning.workable(self.identified, self.acts, self.codes)

    @cached_property
    def best(self) -> planning.Plan:
        """The plan: of as few improvements as reach the total for sure; where costs are known, the cheapest of all.

        A plan adds percentage points; that its rates surely give the total, whatever rounding hides of today's scores,
        is asked of `whatif`: what lacks, some thousandths, is planned besides.
        """
        found = self._plan(self.goal)
        if self.goal is None or not found.feasible:
            return found
        rates = planning.targets_of(self.identified, self.workable, found)
        lacks = self.goal - whatif.total_after(self.identified, rates, self.acts).low if rates else 0.0
        surer = self._plan(self.goal + lacks) if lacks > 0 else found
        if not surer.feasible:
            return found
        asked = surer.limits["value"].mask(surer.limits["limit"] == "target", self.goal)
        return replace(surer, target=self.goal, limits=surer.limits.assign(value=asked))

    def _plan(self, goal: float | None) -> planning.Plan:
        months, levers = self.months or months_left(self.month), self.workable
        if goal is not None and all(lever.effort.cost is None for lever in levers.values()):
            levers = planning.fewest(self.identified, levers, goal, months, self.budget)
        return planning.plan(self.identified, levers, goal, months, self.budget)

    @cached_property
    def aims(self) -> dict[str, float]:
        """The rates to reach, in percent: those of the plan, or of the improvements weighed where it has no step."""
        return planning.targets_of(self.identified, self.workable, self.best) or self.weighed

    @cached_property
    def reached(self) -> pd.DataFrame:
        """What the aims still reach together where full marks start at rates that no document names."""
        return by_tier.plan_by_target(self.cards, self.identified, self.aims)

    @cached_property
    def aimed(self) -> pd.DataFrame:
        """What the aims gain, each alone and all together, with what they move besides (`whatif.gains`)."""
        return whatif.gains(self.identified, self.aims, self.acts)

    @cached_property
    def aimed_by_tier(self) -> pd.DataFrame:
        """The same by their own indicators in each tier (`tiers.gains_by_tier`)."""
        return by_tier.gains_by_tier(self.tiers, self.aims)

    @cached_property
    def ways(self) -> pd.DataFrame:
        """What each improvement needs for the total; no row without one."""
        return pd.DataFrame() if self.goal is None else planning.rates_for(self.identified, self.workable, self.goal)

    @cached_property
    def late(self) -> pd.DataFrame:
        return deadline.by_december(self.identified, self.weighed)

    @cached_property
    def asked(self) -> pd.DataFrame:
        return planning.ask(self.identified, self.cards, self.aims, self.acts)

    @property
    def first(self) -> pd.DataFrame:
        """The aims in the order in which to begin (`plan.in_order`)."""
        return planning.in_order(self.aimed, set(self.odd_bases["code"]))

    # What stands with every answer

    @cached_property
    def about(self) -> dict[str, Any]:
        """What every answer says first as data."""
        found = self.identified
        return {
            "entity": self.entity,
            "period": self.month,
            "rubric": found.rubric.id,
            "rules_tried": found.rubric.size(),
            "rules_that_fit": found.survivors,
            "total": {"low": found.total.low, "high": found.total.high, "max": found.rubric.points},
        }

    @property
    def label(self) -> str:
        return synthetic_label() if is_synthetic(self.entity) else ""

    # Other rules, other evidence

    def supposing(self, code: str, targets: Sequence[float], maxima: Sequence[float]) -> Results:
        """The same card under an edited family: a target of the indicator is one of `targets`, its maximum of `maxima`.

        Raises ParameterError for an unknown indicator, RubricError where no maxima sum to the group's.
        """
        rubric = self.rubric
        check_indicator(rubric, code)
        for parameter, values in (("target", targets), ("max", maxima)):
            if values:
                rubric = proof.fixed(rubric, code, parameter, *values)
        group = next(group for group in rubric.groups if code in {item.code for item in group.indicators})
        if not any(True for _allotment in group.allotments()):
            words = _("the maxima of group {group} do not sum to {points:g}")
            raise RubricError(words.format(group=group.code, points=group.points))
        return replace(self, family=rubric, evidence=tuple(self._every_card(rubric)))

    def alone(self) -> Results:
        """The same card, not held against the others of its regime."""
        return replace(self, evidence=tuple(self._every_card(self.rubric)[:1]))

    def assuming(self) -> Results:
        """The same card where the relations of data/relations.toml hold, in all cards of its regime."""
        relations = load_relations(self.rubric)
        cards = self.evidence or self._every_card(self.rubric)
        return replace(self, evidence=tuple(assume(item, relations) for item in cards), relations=relations)

    def _every_card(self, rubric: Rubric) -> list[Evidence]:
        return cards_of(self.project.history, rubric, self.entity, self.month, self.project.corrections)


def card_figures(
    card: pd.DataFrame,
    identified: Identified,
    open_rules: pd.DataFrame,
    checks: pd.DataFrame,
    by_group: pd.DataFrame,
    by_indicator: pd.DataFrame,
    ledger: pd.DataFrame,
    lost_by_tier: pd.DataFrame,
) -> Figures:
    """The figures that every section may show: of the notice, its rules, its losses and its checks.

    `card` is the published card as from `history.card`; the other frames are those of `identification` and `diagnosis`.
    """
    figures = Figures.of(
        published_figures(card, identified), rule_figures(identified), alternative_figures(open_rules, identified)
    )
    figures.add(group_figures(by_group, identified, figures["lost"]))
    figures.add(check_figures(own_checks(checks, identified), figures))
    figures.add(indicator_figures(by_indicator, identified, figures))
    figures.add(ledger_figures(ledger, bounds_rule(identified)))
    figures.add(lost_by_tier_figures(lost_by_tier))
    figures.add(empty_figures(by_indicator, bounds_rule(identified)))
    return figures


def past_figures(
    past: pd.DataFrame, ranks: Mapping[str, float], identified: Identified, figures: Figures, otherwise: str = ""
) -> Figures:
    """The totals known so far, and the change since the last that can be compared; `figures` are those of the card.

    `otherwise` is the period before that other rules scored, for where none can be compared.
    """
    known = Figures.of(total_figures(past, identified))
    return known.plus(change_since_figures(figures, past, ranks, identified, otherwise))

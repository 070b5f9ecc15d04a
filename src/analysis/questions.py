"""What may an analyst ask? Each question is one function; each answer a frame that knows its source and its picture.

These are the names that `from analysis import …` gives. The frames are those of the modules that answer, described
there; every `_low` and `_high` is a range over the rules that fit and over rounding, never a confidence interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from analysis import opened
from analysis.comparisons import peers, ranks, refit, trends
from analysis.decisions import plan as planning
from analysis.decisions import whatif
from analysis.decisions.levers import Lever, check_indicator, check_target, load_levers, usual_levers
from analysis.decisions.plan import workable
from analysis.diagnosis import changes, losses
from analysis.errors import ParameterError, RubricError
from analysis.identification import proof
from analysis.identification.bounds import alternatives, rate_of
from analysis.identification.proof import explained_by
from analysis.identification.regime import cards_of
from analysis.interval import Interval
from analysis.language import _, write_number, write_period
from analysis.opened import Month
from analysis.project import DEFAULT_ENTITY
from analysis.scorecards import entities, sources
from analysis.scorecards.entities import SYNTHETIC, synthetic_label
from analysis.scorecards.history import TOTAL
from analysis.scorecards.periods import months_left
from analysis.scorecards.rubric import Rubric, load_rubrics

LEVEL, FORECAST_LEVEL = 0.95, 0.8  # of the confidence intervals


@dataclass(frozen=True)
class Course:
    """Where a figure is heading: `months` known and, by each model shown, to come; what tells the models apart.

    `months` is one row a month and line: `period`, `model` (empty for what is known), `said` (the model in words),
    `value` (the median, of months to come), `conf_low`, `conf_high`, `run` (comparable months), `flag`, `top`.
    `backtest` and `flags` as from `trends.trend`; `said` what it means and does not mean, or why nothing is said.
    """

    months: pd.DataFrame
    backtest: pd.DataFrame
    flags: pd.DataFrame
    said: str


def open_month(month: str = "", entity: str = DEFAULT_ENTITY) -> Month:
    """A month with its figures and the rules that fit it; without a month the latest one with a total.

    Raises any AnalysisError that the figures, the rules or the names deserve.
    """
    return opened.open_month(month, entity)


def what_was_published(month: Month) -> pd.DataFrame:
    """The figures of a month as printed, one a row: `name`, `code`, `value`, `unit`, `max`, `decimals`, `quote`, …

    Everything that is known of every province is `month.history`, one row a figure (see `history.load_history`).
    """
    rubric, rows = month.identified.rubric, month.cards[0].figures.reset_index(drop=True)
    names = pd.Series([rubric.name_of(code) for code in rows["code"]], index=rows.index, name="name")
    columns = ["code", "value", "unit", "max", "decimals", "quote", "as_of", "kind", "source", "file", "line"]
    return _answer(pd.concat([names, rows[columns]], axis=1), (month,))


def where_points_went(*months: Month, by: str = "group") -> pd.DataFrame:
    """Points lost by `group`, by `indicator`, or by what the notice says of it: `disclosure` (see `losses`).

    Of several months, also of several provinces, the frames stand below each other, with `card` naming each.
    """
    pictures = {"group": "loss_by_group", "indicator": "lost_by_indicator", "disclosure": ""}
    if by not in pictures or not months:
        raise ParameterError(_("Ask for one month or more, by “group”, “indicator” or “disclosure”."), [f"by = {by}"])
    parts = {"group": "by_group", "indicator": "by_indicator", "disclosure": "ledger"}
    frames = [getattr(month, parts[by]) for month in months]
    if len(months) == 1:
        return _answer(frames[0], months, pictures[by])
    named = [frame.assign(card=card_name(month)) for frame, month in zip(frames, months, strict=True)]
    together = pd.concat(named, ignore_index=True)
    return _answer(together, months, "cards_side_by_side" if by == "group" else "")


def what_changed(before: Month, after: Month) -> pd.DataFrame:
    """What of the change between two months is performance, and what cannot be told apart (`changes.change_bridge`)."""
    entities = {before.identified.entity, after.identified.entity}
    if len(entities) > 1:
        raise ParameterError(_("A change is that of one province; these are two."), sorted(entities))
    periods = [month.identified.period for month in (before, after)]
    moved = changes.change_bridge(after.history, after.loaded.rubrics, after.identified.entity, *periods)
    return _answer(moved, (before, after), "change_steps")


def which_rules_fit(month: Month) -> pd.DataFrame:
    """Every alternative of a rule, and whether some member of the family with it fits (`bounds.alternatives`)."""
    return _answer(alternatives(month.identified), (month,))


def suppose(month: Month, indicator: str, targets: Iterable[float] = (), maxima: Iterable[float] = ()) -> Month:
    """The month under an edited family: an indicator's target is one of `targets` (percent), its maximum of `maxima`.

    Raises ParameterError for an unknown indicator, RubricError where no maxima sum to the group's, and
    ContradictionError, naming the figures in conflict, where no rule of the edited family fits.
    """
    rubric = month.identified.rubric
    check_indicator(rubric, indicator)
    for parameter, values in (("target", tuple(targets)), ("max", tuple(maxima))):
        if values:
            rubric = proof.fixed(rubric, indicator, parameter, *values)
    group = next(group for group in rubric.groups if indicator in {item.code for item in group.indicators})
    if not any(True for _allotment in group.allotments()):
        raise RubricError(
            _("the maxima of group {group} do not sum to {points:g}").format(group=group.code, points=group.points)
        )
    identified = month.identified
    cards = cards_of(month.history, rubric, identified.entity, identified.period, month.loaded.corrections)
    found = explained_by(cards, rubric)
    by_indicator = losses.losses_by_indicator(found)
    return replace(
        month,
        cards=tuple(cards),
        identified=found,
        by_indicator=by_indicator,
        ledger=losses.loss_ledger(found, by_indicator),
    )


def what_each_figure_told(month: Month, **levers: float) -> pd.DataFrame:
    """What each published figure contributed: how much wider the gain were without it (`proof.contributions`)."""
    weighed = _weighed(month, levers)
    told = proof.contributions(month.identified, month.cards, whatif.gain_width(weighed))
    names = [month.identified.rubric.name_of(code) for code in told["code"]]
    return _answer(told.assign(name=names), (month,))


def what_it_is_worth(month: Month, **levers: float) -> pd.DataFrame:
    """The gain of raising rates, in percent: `what_it_is_worth(month, e_result=80)` (`whatif.gains`)."""
    return _answer(whatif.gains(month.identified, _weighed(month, levers), _acts(month)), (month,), "gain_ranges")


def how_to_reach(month: Month, total: float, levers: Sequence[str] = ()) -> planning.Plan:
    """The cheapest plan to a total that is sure under every rule that fits (`plan.plan`)."""
    check_target(month.identified, total)
    chosen = workable(month.identified, _acts(month), levers)
    found = planning.plan(month.identified, chosen, total, months_left(month.identified.period))
    today = [rate_of(month.identified, lever) for lever in found.steps["lever"]]
    after = [rate + Interval.point(added) for rate, added in zip(today, found.steps["added"], strict=True)]
    steps = found.steps.assign(
        rate_low=[rate.low for rate in today],
        rate_high=[rate.high for rate in today],
        after_low=[min(rate.low, 100.0) for rate in after],
        after_high=[min(rate.high, 100.0) for rate in after],
    )
    return replace(found, steps=_answer(steps, (month,), said=_plan_words(found)))


def _plan_words(found: planning.Plan) -> str:
    words = _("From today's rates this surely brings {total} points, for an effort of {cost} percentage points.")
    said = [words.format(total=write_number(found.sure_total, 2), cost=write_number(found.cost, 0))]
    if not found.feasible:
        said.append(_("The target itself cannot be reached for sure."))
    elif found.best_cost < found.cost:
        words = _("Under the most favourable rules {cost} would do.")
        said.append(words.format(cost=write_number(found.best_cost, 0)))
    return " ".join(said)


def which_rank(month: Month, **levers: float) -> pd.DataFrame:
    """The rank today and after improvements, as far as the totals of others are known (`ranks.outlook`)."""
    identified = month.identified
    gain = whatif.gain_of(what_it_is_worth(month, **levers))
    known = ranks.standing(month.history, identified.rubric, identified.entity, identified.period)
    return _answer(ranks.outlook(known, gain), (month,))


def where_one_stands(month: Month) -> pd.DataFrame:
    """The place of a province in the total, each group and each indicator, among all ranked (`peers.positions`)."""
    return _answer(peers.positions(*_asked(month)), (month,), "standing")


def what_sets_apart(month: Month) -> pd.DataFrame:
    """Which groups and indicators go with the differences between the totals of provinces (`spread.spread`)."""
    found = peers.spread(*_asked(month))
    return _answer(found, (month,), "shares_of_spread", peers.spread_sentence(found))


def what_leaders_have(month: Month, top: float = 0.25) -> pd.DataFrame:
    """In which indicators the leading provinces differ most from the others (`peers.leaders`)."""
    found = peers.leaders(*_asked(month), top, LEVEL)
    said = f"{peers.leaders_sentence(found)} {_confidence(LEVEL)}"
    return _answer(found, (month,), "leaders_and_others", said)


def do_scores_give_the_rules(month: Month) -> pd.DataFrame:
    """The maxima of the rules, estimated by regression from the scores of all provinces (`refit.rules_regression`)."""
    asked = _asked(month)
    found = refit.rules_regression(*asked, LEVEL)
    said = refit.regression_sentence(found, refit.rules_misfit(*asked), refit.implied_missing(*asked))
    return _answer(found, (month,), said=f"{said} {_confidence(LEVEL)} {_('They hold for all rows together.')}")


def where_it_is_heading(
    figures: pd.DataFrame, entity: str = DEFAULT_ENTITY, code: str = TOTAL, unit: str = "points", ahead: int = 3
) -> Course:
    """The course of one figure of a province, in points or percent, as far as its own months can say (`trends.trend`).

    `figures` is a history such as `month.history`.
    """
    entity = entities.find_entity(figures, entity)
    found = trends.trend(figures, load_rubrics(), entity, code, unit, ahead, FORECAST_LEVEL)
    said = trends.sentence(found)
    flags = found.flags.drop_duplicates("period").set_index("period")["flag"].to_dict()
    past = found.series.rename(columns={"part": "run"}).assign(
        model="", said=_("known"), flag=[flags.get(period, "") for period in found.series["period"]]
    )
    coming = found.forecast.rename(columns={"middle": "value"}).assign(
        said=[trends.model_name(model) for model in found.forecast["model"]],
        run=found.series["part"].max(),
        top=found.series["top"].max(),
        flag="",
    )
    months = pd.concat([frame for frame in (past, coming) if len(frame)], ignore_index=True)
    columns = ["period", "model", "said", "value", "conf_low", "conf_high", "run", "flag", "top"]
    rows = figures[(figures["entity"] == entity) & (figures["code"] == code) & (figures["unit"] == unit)]
    shown = _from(months.reindex(columns=columns), rows, "course_of_months", said)
    shown.attrs["name"] = found.name
    return Course(
        months=shown,
        backtest=_from(found.backtest, rows, said=_how_shown()),
        flags=_from(found.flags, rows, said=_confidence(FORECAST_LEVEL)),
        said=said,
    )


def _confidence(level: float) -> str:
    return _("Confidence intervals are meant to hold {level} times in 100.").format(level=write_number(100 * level, 0))


def _how_shown() -> str:
    return _(
        "A model is sure enough where it errs less than “as last month” by more than chance; of several the one that "
        "errs least is drawn."
    )


def card_name(month: Month) -> str:
    """What a month of a province is called beside others."""
    return f"{month.identified.entity}, {write_period(month.identified.period)}"


def source_line(figures: pd.DataFrame) -> str:
    """Where figures come from; of simulated ones that no file holds, that they were made here."""
    known = sources.load_sources()
    names = dict.fromkeys(figures["source"])
    words = [known[name].in_full if name in known else _("simulated by this program") for name in names]
    return _("Source: {source}.").format(source="; ".join(words))


def _asked(month: Month) -> tuple[pd.DataFrame, Rubric, str, str]:
    return month.history, month.identified.rubric, month.identified.entity, month.identified.period


def _weighed(month: Month, levers: Mapping[str, float]) -> dict[str, float]:
    try:
        return {code: float(rate) for code, rate in levers.items()} or usual_levers(month.identified)
    except ValueError as error:
        raise ParameterError(
            _("A rate is written as a number, without a sign: e_result=80."), [str(rate) for rate in levers.values()]
        ) from error


def _acts(month: Month) -> dict[str, Lever]:
    return load_levers(month.identified.rubric, month.identified.period)


def _answer(frame: pd.DataFrame, months: Sequence[Month], picture: str = "", said: str = "") -> pd.DataFrame:
    return _from(frame, pd.concat([month.cards[0].figures for month in months]), picture, said)


def _from(frame: pd.DataFrame, figures: pd.DataFrame, picture: str = "", said: str = "") -> pd.DataFrame:
    """An answer with what it carries: the figures it is made from say its source and whether they are simulated."""
    answer, simulated = frame.copy(), (figures["kind"] == SYNTHETIC).any()
    label = synthetic_label() if simulated else ""
    answer.attrs = {"source": source_line(figures), "label": label, "picture": picture, "said": said}
    return answer

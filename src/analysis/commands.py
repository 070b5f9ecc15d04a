"""What does each command print? The same numbers twice: as data for programs and as words for people."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.comparisons import ranks
from analysis.decisions import deadline
from analysis.decisions.levers import check_target, load_costs, load_levers, usual_levers, with_costs
from analysis.decisions.plan import ask, next_target, plan, rates_for, workable
from analysis.decisions.whatif import gain_width, gains, gains_by_rule
from analysis.diagnosis import changes
from analysis.errors import ContradictionError, UnknownNameError, UsageError, WriteError
from analysis.files import writing
from analysis.identification.bounds import alternatives, group_scores, unprinted_rates
from analysis.identification.evidence import Evidence, assume, load_relations
from analysis.identification.identify import Identified, identify
from analysis.identification.proof import contributions, explained_by, ruled_out
from analysis.identification.regime import cards_of, load_project
from analysis.interval import Interval
from analysis.language import _, nearest, slug, write_list, write_number, write_period, write_range
from analysis.notices import documents, examine, forms, store
from analysis.notices.phrasebook import load_phrasebook
from analysis.notices.reader import read
from analysis.opened import Month, open_month
from analysis.report import findings, sentences
from analysis.report import plan as advice
from analysis.report.collected import collect
from analysis.report.decided import decide, with_ways
from analysis.report.figures import Figures
from analysis.scorecards import entities, history
from analysis.scorecards.checks import check_name, failures
from analysis.scorecards.entities import SYNTHETIC, is_synthetic, synthetic_label
from analysis.scorecards.history import card, load_history
from analysis.scorecards.periods import PERIOD, months_left
from analysis.scorecards.rubric import Rubric, load_rubrics, rubric_in_force

NOTHING = pd.DataFrame()


@dataclass(frozen=True)
class Answer:
    """`data` for `--json`, `text` for people, and what makes the command fail.

    An answer about simulated figures says so by itself: as `kind`, and in its first line.
    """

    data: dict[str, Any]
    text: str
    failures: Sequence[str] = ()

    def __post_init__(self) -> None:
        if is_synthetic(self.data.get("entity", "")):
            object.__setattr__(self, "data", {**self.data, "kind": SYNTHETIC})
            object.__setattr__(self, "text", f"{synthetic_label()}\n{self.text}")


def figures_of(opened: Month, levers: Mapping[str, float]) -> Figures:
    """The figures of a report that weighs these improvements."""
    identified, own = opened.identified, opened.loaded.own(opened.identified.entity)
    return collect(
        own,
        identified,
        alternatives(identified),
        opened.loaded.checks,
        opened.by_group,
        opened.by_indicator,
        opened.ledger,
        gains(identified, levers, load_levers(identified.rubric, identified.period)),
        gains_by_rule(identified, levers),
        history.totals(own, identified.entity),
    )


def losses(month: str, entity: str) -> Answer:
    """Where the points went."""
    opened = open_month(month, entity)
    identified = opened.identified
    figures = figures_of(opened, {})
    said = [sentences.headline(figures, opened.by_group, identified)]
    said += sentences.disclosure(figures, opened.ledger)
    said += [sentences.reconciliation(figures)]
    rows = [
        f"  {row.name}: {figures[f'group.{row.code}.lost']} ({figures.get(f'group.{row.code}.score', '?')}/"
        f"{write_number(row.max, 0)})"
        for row in opened.by_group.itertuples()
    ]
    return Answer(
        data={
            **about(identified),
            "sentence": str(said[0]),
            "groups": records(opened.by_group),
            "indicators": records(opened.by_indicator),
            "ledger": records(opened.ledger),
        },
        text="\n".join([str(said[0]), *rows, *(str(sentence) for sentence in said[1:])]),
    )


def whatif(month: str, entity: str, levers: Mapping[str, float], target: float | None) -> Answer:
    """What some improvements are worth."""
    opened = open_month(month, entity)
    identified = opened.identified
    levers = levers or usual_levers(identified)
    gained = gains(identified, levers, load_levers(identified.rubric, identified.period))
    by_rule = gains_by_rule(identified, levers)
    check_target(identified, target)
    figures = figures_of(opened, levers)
    said = [
        *sentences.improvement(figures, gained, identified),
        sentences.caution(figures),
        *sentences.reasons(figures, by_rule),
    ]
    ways = pd.DataFrame()
    if target is not None:
        acts = load_levers(identified.rubric, identified.period)
        ways = rates_for(identified, {code: acts[code] for code in levers if code in acts}, target)
        said += advice.ways_words(with_ways(figures, identified, ways, target), ways)
    return Answer(
        data={
            **about(identified),
            "gains": records(gained),
            "by_rule": records(by_rule),
            "target": records(ways),
        },
        text="\n".join(str(sentence) for sentence in said),
    )


def check() -> Answer:
    """Whether the figures keep their contract, agree with each other, and can be explained by a rule."""
    loaded = load_project()
    rubrics, checks, alone = loaded.rubrics, loaded.checks, loaded.unchecked
    failed = failures(checks)
    failed += store.faults(loaded.sources)
    accepted = {(row.entity, row.period) for row in checks[checks["accepted"]].itertuples()}
    explained = 0
    for entity in loaded.entities:
        for period in history.periods_with_total(loaded.own(entity), entity):
            if (entity, period) in accepted:
                continue
            problem = _unexplained(loaded.own(entity), rubric_in_force(rubrics, period), entity, period)
            failed += [problem] if problem else []
            explained += not problem
    words = [
        _("{count} figures keep their contract.").format(count=write_number(len(loaded.history), 0)),
        _("{count} checks of figures against each other: {failed} failed, {accepted} known disagreements.").format(
            count=write_number(len(checks), 0),
            failed=int((~checks["ok"] & ~checks["accepted"]).sum()),
            accepted=int(checks["accepted"].sum()),
        ),
        _("{count} cards can be explained by a rule.").format(count=explained),
        _("Figures that nothing cross-checks ({count}):").format(count=write_number(len(alone), 0)),
        *_alone_in_words(alone),
    ]
    return Answer(
        data={
            "figures": len(loaded.history),
            "checks": records(checks.assign(check=[check_name(name) for name in checks["check"]])),
            "explained": explained,
            "failures": failed,
            "unchecked": records(alone[["entity", "period", "code", "unit", "value", "file", "line"]]),
        },
        text="\n".join(words),
        failures=failed,
    )


def _unexplained(own: pd.DataFrame, rubric: Rubric, entity: str, period: str) -> str:
    try:
        identify(own, rubric, entity, period)
    except ContradictionError as error:
        return f"{entity} {period}: {error.what} {'; '.join(error.rows)}"
    return ""


def _alone_in_words(alone: pd.DataFrame) -> list[str]:
    lines = []
    for (entity, period), rows in alone.groupby(["entity", "period"], sort=False):
        codes = ", ".join(f"{row.code} ({row.unit})" for row in rows.itertuples())
        lines.append(f"  {entity}, {write_period(period)}: {codes}")
    return lines


def about(identified: Identified) -> dict[str, Any]:
    """What every answer about a month says first."""
    return {
        "entity": identified.entity,
        "period": identified.period,
        "rubric": identified.rubric.id,
        "rules_tried": identified.rubric.size(),
        "rules_that_fit": identified.survivors,
        "total": {"low": identified.total.low, "high": identified.total.high, "max": identified.rubric.points},
    }


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON: missing is null, and the noise of floats is cut at ten decimals."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def rounded(value: float | None) -> float | None:
    """A number for JSON: missing is null."""
    return None if value is None or math.isnan(value) else round(value, 10)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return rounded(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.item() if hasattr(value, "item") else value


def which_rules(month: str, entity: str, alone: bool, assumed: bool) -> Answer:
    """Which rules fit the month and all others of the regime, and which figures say so."""
    loaded = load_project()
    entity, month = loaded.meant(entity, month)
    rubric = loaded.rules(month)
    cards = cards_of(loaded.history, rubric, entity, month, loaded.corrections)[: 1 if alone else None]
    relations = load_relations(rubric) if assumed else ()
    if relations:
        cards = [assume(item, relations) for item in cards]
    identified = explained_by(cards, rubric)
    open_rules = alternatives(identified)
    ruled, scores, hidden = (
        ruled_out(identified, cards, open_rules),
        group_scores(identified),
        unprinted_rates(identified),
    )
    helped = contributions(identified, cards, gain_width(usual_levers(identified)))
    return Answer(
        data={
            **about(identified),
            "together_with": [list(key) for key in identified.others],
            "assumed": [relation.model_dump() for relation in relations],
            "alternatives": records(open_rules),
            "ruled_out": records(ruled),
            "groups": records(scores),
            "rates": records(hidden),
            "contributions": records(helped),
        },
        text="\n".join(_identified_in_words(identified, cards, ruled, scores, hidden, len(relations))),
    )


def make_plan(
    month: str,
    entity: str,
    codes: tuple[str, ...],
    target: float | None,
    months: int | None,
    budget: float | None,
    costs: Path | None,
) -> Answer:
    """The cheapest way to a target that is sure, what it needs, and which number to ask for next."""
    opened = open_month(month, entity)
    identified = opened.identified
    known = load_levers(identified.rubric, identified.period)
    if costs is not None:
        known = with_costs(known, load_costs(costs))
    acts = workable(identified, known, codes)
    if target is None and budget is None:
        target = next_target(identified)
    best = plan(identified, acts, target, months or months_left(identified.period), budget)
    ways = NOTHING if target is None else rates_for(identified, acts, target)
    late = deadline.by_december(identified, usual_levers(identified))
    asked = ask(identified, opened.cards, acts, best)
    figures = decide(Figures(), identified, best, ways, late, NOTHING, asked, NOTHING)
    return Answer(
        data={
            **about(identified),
            **{
                name: getattr(best, name)
                for name in ("target", "budget", "months", "feasible", "priced", "worlds_joint")
            },
            **{
                name: rounded(getattr(best, name))
                for name in ("cost", "best_cost", "sure_total", "best_total", "largest_regret")
            },
            "steps": records(best.steps),
            "schedule": records(best.schedule),
            "limits": records(best.limits),
            "regret": records(best.regret),
            "needed": records(ways),
            "by_december": records(late),
            "ask_next": records(asked),
        },
        text=advice.said_together(
            advice.plan_words(figures, best),
            advice.ways_words(figures, ways) if len(ways) else [],
            advice.late_words(figures, late) if len(late) else [],
            advice.ask_words(figures, asked),
        ),
    )


def change(before: str, after: str, entity: str) -> Answer:
    """What of the change between two months is performance."""
    loaded = load_project()
    entity, after = loaded.meant(entity, after)
    before = before or changes.card_before(loaded.own(entity), loaded.rubrics, entity, after) or after
    moved = changes.change_bridge(loaded.history, loaded.rubrics, entity, before, after)
    figures = findings.with_bridge(Figures(), moved)
    lines = []
    for number, row in enumerate(moved.itertuples()):
        effect, span = findings.effect_name(row.effect), write_range(row.low, row.high, 2)
        lines.append(f"  {row.name}: {figures[f'bridge.{number}']} ({span}) – {effect}")
    said = [str(sentence) for sentence in findings.change_words(figures, moved, before)]
    return Answer(
        data={
            "entity": entity,
            "before": before,
            "after": after,
            "total": float(moved["value"].sum()),
            "parts": records(moved),
        },
        text="\n".join([said[0], *lines, *said[1:]]),
    )


def rank(month: str, entity: str, levers: Mapping[str, float], gain: float | None, drift: float) -> Answer:
    """The rank after a gain, as far as the totals of others are known."""
    opened = open_month(month, entity)
    identified = opened.identified
    levers = levers or usual_levers(identified)
    worth = gains(identified, levers, load_levers(identified.rubric, identified.period)).iloc[-1]
    added = Interval(worth["gain_low"], worth["gain_high"]) if gain is None else Interval.point(gain)
    known = ranks.standing(opened.history, identified.rubric, identified.entity, identified.period)
    seen = ranks.outlook(known, added)
    others = ranks.peers(opened.history, identified.entity, identified.period)
    complete = len(seen) > 0 and len(others) == int(seen["ranked"].iloc[0])
    counted = ranks.rank_after_gain(others, identified.entity, added, drift) if complete else NOTHING
    alike, why = ranks.alike(opened.history, identified.entity, identified.period)
    lines = [_("A gain of {gain} points:").format(gain=write_range(added.low, added.high, 2))]
    lines += [_rank_line(row) for row in seen.itertuples() if row.case == "after"]
    lines += [
        "  "
        + _("if the others move by up to {drift} points either way: {ranks}").format(
            drift=write_number(row.drift, 1), ranks=write_range(row.rank_best, row.rank_worst, 0)
        )
        for row in counted.itertuples()
        if row.case == "others_drift"
    ]
    own = alike[alike["entity"] == identified.entity]
    lines += (
        [why]
        if why
        else [
            _("Among {count} provinces with a like number of dossiers: place {place}.").format(
                count=len(alike), place=write_number(float(own["place"].iloc[0]), 0)
            )
        ]
    )
    return Answer(
        data={
            **about(identified),
            "gain": {"low": added.low, "high": added.high},
            "outlook": records(seen),
            "counted": records(counted),
            "alike": records(alike),
            "alike_reason": why,
        },
        text="\n".join(lines),
    )


def _rank_line(row: Any) -> str:
    if row.open:
        return "  " + _("of {ranked} totals {known} are known: nothing can be said of the rank").format(
            ranked=row.ranked, known=row.known
        )
    words = (
        _("rank {ranks} of {ranked}, if the others stay as they are")
        if row.known == row.ranked
        else _("rank {ranks} of {ranked}, if the others stay as they are, whatever the {unseen} unseen totals are")
    )
    return "  " + words.format(
        ranks=write_range(row.rank_best, row.rank_worst, 0), ranked=row.ranked, unseen=row.ranked - row.known
    )


def _identified_in_words(
    identified: Identified,
    cards: Sequence[Evidence],
    ruled: pd.DataFrame,
    scores: pd.DataFrame,
    hidden: pd.DataFrame,
    assumed: int,
) -> list[str]:
    rubric = identified.rubric
    words = [
        _("{entity}, {period}: of {family} rules {survivors} fit, together with {others} other cards.").format(
            entity=identified.entity,
            period=write_period(identified.period),
            family=write_number(rubric.size(), 0),
            survivors=write_number(identified.survivors, 0),
            others=len(identified.others),
        )
    ]
    if assumed:
        words.append(
            _("Assumed besides: satisfaction with handling is at most the rate on time (formula 5.4 of 2026).")
        )
    printed = {(item.entity, item.period): item.figures for item in cards}
    killers: dict[str, list[str]] = {}
    for (code, parameter, value), rows in ruled.groupby(["code", "parameter", "value"], sort=False):
        figures = []
        for row in rows.itertuples():
            of = printed[row.entity, row.period].loc[(row.figure, row.unit)]
            amount = write_number(of["value"], int(of["decimals"])) + (" %" if row.unit == "percent" else "")
            when = "" if row.period == identified.period else f" ({write_period(row.period)})"
            figures.append(f"{rubric.name_of(row.figure)} {amount}{when}")
        what = f"{rubric.name_of(str(code))}, {rule_words(str(parameter), value)}"
        killers.setdefault(write_list(figures), []).append(what)
    words += [
        _("Ruled out: {rules} – by {figures}.").format(rules=write_list(rules), figures=figures)
        for figures, rules in killers.items()
    ]
    words.append(_("Scores before rounding:"))
    words += [f"  {row.name}: {write_range(row.low, row.high, 3)}" for row in scores.itertuples()]
    narrow = hidden[hidden["high"] - hidden["low"] < 100 - 1e-9]
    if len(narrow):
        words.append(_("Rates that are not printed must be (%):"))
        words += [f"  {row.name}: {write_range(row.low, row.high, 1)}" for row in narrow.itertuples()]
    if len(hidden) > len(narrow):
        words.append(_("Of {count} more rates nothing is known.").format(count=len(hidden) - len(narrow)))
    return words


def rule_words(parameter: str, value: float) -> str:
    """An alternative of the family in words."""
    if parameter == "max":
        return _("a maximum of {value} points").format(value=write_number(value, 0))
    if value == 100:
        return _("points for every percent up to 100 %")
    return _("full marks from {value} %").format(value=write_number(value, 0))


def add(file: Path, content: bytes | None, entity: str, month: str) -> tuple[Answer, Callable[[bool], list[Path]]]:
    """What a notice says and whether it adds up; and how to store it (`correct` → the files that changed).

    `content` is the notice itself where it comes from no file. Raises any AnalysisError that it deserves.
    """
    rubrics = load_rubrics()
    book = load_phrasebook()
    document = documents.read_file(file) if content is None else documents.read_bytes(content, _("standard input"))
    if month and not PERIOD.fullmatch(month):
        raise UsageError(
            _("“{period}” is not a period.").format(period=month), [], _("Write YYYY-MM, YYYY-Qn or YYYY.")
        )
    typed = forms.is_form(document.text)
    notice = (
        forms.read_form(document.text, rubrics, book) if typed else read(document.text, rubrics, book, entity, month)
    )
    examined = examine.examine(notice, document, rubrics, date.today(), "entered" if typed else "published")
    rubric = rubric_in_force(rubrics, notice.period)
    answer = Answer(
        data={**examine.as_data(examined, stored=False), "keeps": store.keeps(examined)},
        text=examine.in_words(examined, rubric),
        failures=examined.failures,
    )
    return answer, lambda correct: store.store(examined, document, rubrics, correct)


def template(month: str, entity: str) -> list[Path]:
    """Write the form of a month into this folder; the files. Raises WriteError when one is there already."""
    rubrics = load_rubrics()
    names = list(load_phrasebook().provinces)
    known = next((name for name in names if slug(name) == slug(entity)), None)
    if known is None:
        near = nearest(entity, names)
        raise UnknownNameError(
            _("“{name}” is not a province.").format(name=entity), near, _("Did you mean one of these?")
        )
    rubric = rubric_in_force(rubrics, month) if month else rubrics[-1]
    rows = forms.form_rows(rubric, known, month)
    base = Path.cwd() / "-".join(part for part in ("scorecard", slug(known), month.lower()) if part)
    paths = [base.with_name(f"{base.name}{suffix}") for suffix in (".xlsx", ".csv")]
    if there := [path.name for path in paths if path.exists()]:
        raise WriteError(
            _("A form is there already; it is not written over."),
            there,
            _("Move it away or fill it in: scorecard add FILE."),
        )
    with writing(_("No form was written.")):
        forms.write_xlsx(rows, paths[0])
        forms.write_csv(rows, paths[1])
    return paths


def export(month: str, entity: str) -> Path:
    """Write an entity's figures, of one period or all, for Excel; the file."""
    history = load_history(load_rubrics())
    entity = entities.find_entity(history, entity)
    rows = history[history["entity"] == entity]
    if month:
        rows = rows[rows["period"] == month]
    if rows.empty:
        card(history, entity, month)
    path = Path.cwd() / ("-".join(part for part in ("figures", slug(entity), month.lower()) if part) + ".csv")
    with writing(_("No file was written.")):
        forms.write_csv(forms.export_rows(rows), path)
    return path

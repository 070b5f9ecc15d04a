"""Which rules fit, what is new in them, and what follows from the published figures? Numbers, words and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.diagnosis.changes import GONE, GROUP, MAX, NEW, TARGET, ZERO, Value
from analysis.errors import ROWS_SHOWN
from analysis.identification.evidence import Evidence, Relation
from analysis.identification.identify import Identified
from analysis.language import _, write_period
from analysis.report.figures import Figure, Figures, between, exact, printed_figure
from analysis.report.section import Heading, Part, Reference, Section, Sentence, SourceList, Table, Words, listed, say
from analysis.report.wording import known_how, status_name
from analysis.scorecards.rubric import Rubric
from analysis.scorecards.sources import Source

# Numbers


def rule_figures(identified: Identified) -> Iterator[Figure]:
    """`max`, `rules.family` and `rules.survivors`."""
    rubric = identified.rubric
    rule = _("alternatives of {rubric} multiplied out").format(rubric=rubric.id)
    status = known_how(rubric.id, rubric.max.status)
    yield exact("max", _("Highest total"), rubric.points, "points", 0, "published", status, rubric.max.source)
    yield exact("rules.family", _("Rules tried"), float(rubric.size()), "count", 0, "derived", rule)
    yield exact("rules.survivors", _("Rules that fit"), float(identified.survivors), "count", 0, "derived", rule)


def alternative_figures(open_rules: pd.DataFrame, identified: Identified) -> Iterator[Figure]:
    """`alternative.<code>.<parameter>.<value>` of each alternative."""
    units = {"max": "points", "target": "percent"}
    for row in open_rules.itertuples():
        fits = _("fits") if row.fits else _("ruled out")
        rule = f"{known_how(identified.rubric.id, row.status)}; {fits}"
        name = f"alternative.{row.code}.{row.parameter}.{row.value:g}"
        kind = "published" if row.status == "legal" else "derived"
        yield exact(name, row.name, row.value, units[row.parameter], 0, kind, rule, row.source)


def proof_figures(
    identified: Identified,
    cards: Sequence[Evidence],
    scores: pd.DataFrame,
    hidden: pd.DataFrame,
    ruled: pd.DataFrame,
    helped: pd.DataFrame,
) -> Iterator[Figure]:
    """`exact.<group>`, `hidden.<code>`, `without.<row>.…`, and `card.…` of each figure that ruled something out."""
    rule = _("sharp bounds over every documented rule that fits")
    for row in scores.itertuples():
        yield between(f"exact.{row.code}", row.name, (row.low, row.high), "points", 3, rule)
    for row in hidden.itertuples():
        yield between(f"hidden.{row.code}", row.name, (row.low, row.high), "percent", 1, rule)
    formula = _("the figure left out")
    for number, row in enumerate(helped.itertuples()):
        count, label = float(row.survivors), identified.rubric.name_of(row.code)
        yield exact(f"without.{number}.rules", label, count, "count", 0, "derived", formula)
        yield exact(f"without.{number}.wider", label, row.wider, "points", 2, "derived", formula)
    printed = {(item.entity, item.period): item.figures for item in cards}
    for row in ruled.drop_duplicates(["entity", "period", "figure", "unit"]).itertuples():
        of = printed[row.entity, row.period].loc[(row.figure, row.unit)]
        yield printed_figure(killer_id(row), identified.rubric.name_of(row.figure), of)


def news_figures(news: pd.DataFrame) -> Iterator[Figure]:
    """`news.sure`, `news.unsure` and `news.<row>.before.<number>`, `.after.<number>` of what is said differently."""
    if len(news):
        for name, label, count in (
            ("sure", _("Parameters of the rules that changed"), int(news["sure"].sum())),
            ("unsure", _("Parameters of the rules that may have changed"), int((~news["sure"]).sum())),
        ):
            yield exact(f"news.{name}", label, float(count), "count", 0, "derived", _("the parameters, counted"))
    for number, row in enumerate(news.itertuples()):
        unit = "percent" if row.parameter == TARGET else "points"
        for when, status in (("before", row.status_before), ("after", row.status_after)):
            for place, value in enumerate(getattr(row, when)):
                if not isinstance(value, str):
                    decimals = 0 if value == int(value) else 2
                    rule, name = status_name(status), f"news.{number}.{when}.{place}"
                    yield exact(name, row.name, value, unit, decimals, "derived", rule)


def bounds_rule(identified: Identified) -> str:
    """How a range over all rules that fit was made."""
    return _("sharp bounds over {count} rules of {rubric}").format(
        count=identified.survivors, rubric=identified.rubric.id
    )


# Sentences


def caution(figures: Figures) -> Sentence:
    """What the ranges are, and are not."""
    if figures["rules.survivors"].value == 1:
        return say(
            _(
                "One set of rules, recovered or inferred from the portal's figures, fits; what is left open is "
                "rounding, and how much of what an improvement may move besides comes true."
            )
        )
    return say(
        _(
            "The rules of this period are not fully public: of {family} that documents name, {survivors} fit every "
            "published figure. Each range covers all of them. It is not a confidence interval."
        ),
        family=figures["rules.family"],
        survivors=figures["rules.survivors"],
    )


def news_words(figures: Figures, news: pd.DataFrame, before: str) -> list[Sentence]:
    """Whether the rules are those of an earlier month."""
    if not before:
        return [say(_("No earlier total of this entity is known, so there are no rules to compare these with."))]
    period = write_period(before)
    if news.empty:
        return [say(_("The rules of this report are the same as those of {period}."), period=period)]
    parts = {name: figures[f"news.{name}"] for name in ("sure", "unsure")}
    return [
        say(_("Other rules are in force than in {period}."), period=period),
        say(
            _(
                "Surely changed: {sure}. Known differently: {unsure}; these may have changed, or may be the same rule "
                "of which more is known now."
            ),
            **parts,
        ),
    ]


# Sections


def rules_section(
    figures: Figures,
    identified: Identified,
    open_rules: pd.DataFrame,
    sources: Mapping[str, Source],
    assumed: Sequence[Relation] = (),
) -> Section:
    """Which rules were tried, which survive, and how sure each parameter is; `assumed` are relations taken to hold."""
    rows = []
    every = list(open_rules.itertuples())
    for code in dict.fromkeys(row.code for row in every):
        maxima, targets = (
            [row for row in every if (row.code, row.parameter) == (code, name)] for name in ("max", "target")
        )
        rows.append(
            [
                maxima[0].name,
                _alternatives(figures, maxima, fits=True),
                status_name(maxima[0].status),
                _alternatives(figures, targets, fits=True),
                _alternatives(figures, targets, fits=False),
                status_name(targets[0].status),
            ]
        )
    heads = [
        _("Indicator"),
        _("Maximum"),
        _("Status of the maximum"),
        _("Full marks from, %"),
        _("Ruled out, %"),
        _("Status of the target"),
    ]
    used = set(open_rules["source"])
    title = _("Which rules fit?")
    parts: list[Part] = [
        Heading(title),
        Words([caution(figures), *(_assumption(relation, identified.rubric) for relation in assumed)]),
        Table(_("What is known of each rule, and what the published figures leave of it"), heads, rows, (2, 5)),
        SourceList({name: source for name, source in sources.items() if name in used}),
    ]
    facts = {
        "together_with": [list(key) for key in identified.others],
        "assumed": [relation.model_dump() for relation in assumed],
    }
    return Section(title, parts, tables={"alternatives": open_rules}, facts=facts)


def news_section(figures: Figures, news: pd.DataFrame, before: str) -> Section:
    """What is new in the rules since the last card of another period: sentences and a table."""
    own = Figures.of(news_figures(news))
    shown = figures.plus(own.values())
    rows = [
        [
            row.name,
            parameter_name(row.parameter),
            _values(shown, row.before, f"news.{number}.before"),
            _values(shown, row.after, f"news.{number}.after"),
            _("changed") if row.sure else _("may be the same"),
        ]
        for number, row in enumerate(news.itertuples())
    ]
    heads = [_("Group or indicator"), _("Parameter"), _("Before"), _("Now"), _("Changed?")]
    title = _("What is new in the rules?")
    parts: list[Part] = [Heading(title), Words(news_words(shown, news, before), as_list=True)]
    if rows:
        parts.append(Table(_("What the rules say differently"), heads, rows, (1, 4)))
    return Section(title, parts, own, {"news": news})


def base_figures(odd: pd.DataFrame) -> Iterator[Figure]:
    """`base.<code>.count`, `.rate`, `.least`, `.known` and `.times` of each rate that is not to be trusted."""
    for row in odd.itertuples():
        base, least = f"base.{row.code}", _("published number / highest rate that the points allow")
        known = _("largest whole that another figure gives ({period})").format(period=write_period(row.known_period))
        times, rate = _("that whole / the largest known"), _("highest rate that the points allow")
        yield exact(f"{base}.count", row.name, row.count, "count", 0, "derived", _("as published"))
        yield exact(f"{base}.rate", row.name, row.rate_high, "percent", 1, "derived", rate)
        yield exact(f"{base}.least", row.name, row.base_least, "count", 0, "derived", least)
        yield exact(f"{base}.known", row.name, row.known_base, "count", 0, "derived", known)
        yield exact(f"{base}.times", row.name, row.times, "count", 0, "derived", times)


def base_words(figures: Figures, row: Any) -> Sentence:
    """Why a derived rate is not to be trusted: the base that it would need, beside what other figures allow."""
    template = _(
        "{name}: {count} are published. If they were at most {rate} % of the whole, the whole would be {least} or "
        "more, {times} times the most that any other figure allows ({known}, {period}). So either another rule scored, "
        "or the points were lost for another reason: ask for the whole before acting."
    )
    parts = {key: figures[f"base.{row.code}.{key}"] for key in ("count", "rate", "least", "times", "known")}
    return say(template, name=row.name, period=write_period(row.known_period), **parts)


def base_question(figures: Figures, row: Any) -> Sentence:
    """What to ask where a derived rate is not to be trusted."""
    template = _(
        "{name}: ask who published it how many there were in all. {count} are published, and the points say {rate} % "
        "at most."
    )
    return say(template, name=row.name, **{key: figures[f"base.{row.code}.{key}"] for key in ("count", "rate")})


def proof_section(
    figures: Figures,
    identified: Identified,
    cards: Sequence[Evidence],
    scores: pd.DataFrame,
    hidden: pd.DataFrame,
    odd: pd.DataFrame,
    ruled: pd.DataFrame,
    helped: pd.DataFrame,
    left_out: Sequence[tuple[str, str]] = (),
) -> Section:
    """What follows from the published figures: hidden rates, what was ruled out by what, what each figure did.

    `left_out` are cards that no rule explains, alone or with the others (`regime.Project.left_out`).
    """
    own = Figures.of(proof_figures(identified, cards, scores, hidden, ruled, helped))
    shown = figures.plus(own.values(), base_figures(odd))
    rubric = identified.rubric
    exactly = [[row.name, shown[f"exact.{row.code}"]] for row in scores.itertuples()]
    rates = [[row.name, shown[f"hidden.{row.code}"]] for row in hidden.itertuples() if row.high - row.low < 100 - 1e-9]
    useful = [
        [rubric.name_of(row.code), shown[f"without.{number}.rules"], shown[f"without.{number}.wider"]]
        for number, row in enumerate(helped.itertuples())
        if row.wider > 0.005 or row.survivors != identified.survivors
    ]
    title = _("What follows from the published figures?")
    tables = [
        Table(_("Scores before rounding, as far as all figures together tell"), [_("Group"), _("Score")], exactly),
        Table(_("Rates that are not published, and what they must be"), [_("Indicator"), _("Rate, %")], rates),
        Table(
            _("What was ruled out, and by which figures: a smallest set of them"),
            [_("Indicator"), _("What was tried"), _("Value"), _("Ruled out by")],
            ruled_out_rows(shown, identified, ruled),
            (1, 3),
        ),
        Table(
            _("What each figure contributed: without it more rules fit, or the gain is wider"),
            [_("Figure left out"), _("Rules that fit then"), _("Gain wider by, points")],
            useful,
        ),
    ]
    doubts: list[Part] = [Words([base_words(shown, row) for row in odd.itertuples()], as_list=True)] if len(odd) else []
    told = [table for table in tables if table.rows]
    parts: list[Part] = [Heading(title), *_left_out(left_out), *told[:2], *doubts, *told[2:]]
    frames = {"ruled_out": ruled, "groups": scores, "rates": hidden, "odd_bases": odd, "contributions": helped}
    return Section(title, parts, own, frames)


def parameter_name(parameter: str) -> str:
    """A parameter of a rule, by its name in `diagnosis.changes.rule_news`."""
    return {
        MAX: _("maximum, points"),
        TARGET: _("full marks from, %"),
        ZERO: _("where there was nothing to count"),
        GROUP: _("group"),
        NEW: _("new; its maximum, points"),
        GONE: _("no longer scored; its maximum, points"),
    }[parameter]


def _assumption(relation: Relation, rubric: Rubric) -> Sentence:
    words = _("Assumed besides: “{name}” is at most “{other}”.")
    return say(words, name=rubric.name_of(relation.code), other=rubric.name_of(relation.at_most))


def _alternatives(figures: Figures, rows: Sequence[Any], fits: bool) -> Any:
    shown = [figures[f"alternative.{row.code}.{row.parameter}.{row.value:g}"] for row in rows if row.fits == fits]
    return listed(shown, _(" or ")) if shown else "–"


def _values(figures: Figures, values: tuple[Value, ...], prefix: str) -> Any:
    words = {"no_points": _("no points"), "full": _("full marks")}
    shown = [
        words.get(value, value) if isinstance(value, str) else figures[f"{prefix}.{number}"]
        for number, value in enumerate(values)
    ]
    return listed(shown, _(" or ")) if shown else "–"


def _left_out(cards: Sequence[tuple[str, str]]) -> list[Part]:
    """That some cards were not held against the rules; nothing where all were."""
    if not cards:
        return []
    names = [f"{entity}, {write_period(period)}" for entity, period in cards[:ROWS_SHOWN]]
    more = [f"… +{len(cards) - ROWS_SHOWN}"] if len(cards) > ROWS_SHOWN else []
    words = _(
        "These cards were left out of the evidence: no rule explains them, alone or with the others; look at them:"
    )
    return [Words([words, Reference("; ".join([*names, *more]))])]


def ruled_out_rows(
    figures: Figures, identified: Identified, ruled: pd.DataFrame, prefix: str = "card"
) -> list[list[Any]]:
    """Indicator, parameter, value, and the figures that rule it out: a row an alternative of `proof.ruled_out`."""
    rows = []
    for (code, parameter, value), killers in ruled.groupby(["code", "parameter", "value"], sort=False):
        linear = parameter == "target" and value == 100
        what = _("maximum, points") if parameter == "max" else _("points up to") if linear else _("full marks from, %")
        by = [killer(figures, identified.rubric, row, identified.period, prefix) for row in killers.itertuples()]
        figure = figures[f"alternative.{code}.{parameter}.{value:g}"]
        rows.append([identified.rubric.name_of(str(code)), what, figure, listed(by, "; ")])
    return rows


def killer_id(row: Any, prefix: str = "card") -> str:
    """The id of a figure of any card that helped to rule something out; `row` is one of `proof.ruled_out`."""
    return f"{prefix}.{row.entity}.{row.period}.{row.figure}.{row.unit}"


def killer(figures: Figures, rubric: Rubric, row: Any, period: str, prefix: str = "card") -> Sentence:
    """A figure that helped to rule something out, with its card where that is not the one of `period`."""
    values = {"name": rubric.name_of(row.figure), "figure": figures[killer_id(row, prefix)]}
    template = "{name} {figure} %" if row.unit == "percent" else "{name} {figure}"
    if row.period != period:
        return say(f"{template} ({{entity}}, {{period}})", entity=row.entity, period=write_period(row.period), **values)
    return say(template, **values)

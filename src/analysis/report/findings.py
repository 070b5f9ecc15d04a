"""How do findings read? What follows from the published figures, and what of a change is performance.

The numbers of these sections, and the sections made from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from analysis.errors import ROWS_SHOWN
from analysis.identification.evidence import Evidence
from analysis.identification.identify import Identified
from analysis.language import _, write_period
from analysis.report.figures import Figure, Figures, Html, between, exact
from analysis.report.layout import heading, items, join, reference, slide, table
from analysis.report.sentences import Sentence, say
from analysis.scorecards.checks import interval_of
from analysis.scorecards.rubric import Rubric


def with_bridge(figures: Figures, moved: pd.DataFrame) -> Figures:
    """The figures with those of a change added."""
    bridged = Figures(figures)
    bridged.add(_of_moves(moved))
    return bridged


def prove(
    figures: Figures,
    identified: Identified,
    cards: Sequence[Evidence],
    scores: pd.DataFrame,
    hidden: pd.DataFrame,
    ruled: pd.DataFrame,
    helped: pd.DataFrame,
) -> Figures:
    """The figures of a report with those of its proof: unrounded scores, hidden rates, what ruled what out."""
    proved = Figures(figures)
    rule = _("sharp bounds over every rule that fits")
    proved.add(
        between(f"exact.{row.code}", row.name, (row.low, row.high), "points", 3, rule) for row in scores.itertuples()
    )
    proved.add(
        between(f"hidden.{row.code}", row.name, (row.low, row.high), "percent", 1, rule) for row in hidden.itertuples()
    )
    formula = _("the figure left out")
    for number, row in enumerate(helped.itertuples()):
        count, label = float(row.survivors), identified.rubric.name_of(row.code)
        proved.add([exact(f"without.{number}.rules", label, count, "count", 0, "derived", formula)])
        proved.add([exact(f"without.{number}.wider", label, row.wider, "points", 2, "derived", formula)])
    proved.add(_of_killers(identified, cards, ruled))
    return proved


def _left_out(cards: Sequence[tuple[str, str]]) -> Html:
    """That some cards were not held against the rules; nothing where all were."""
    if not cards:
        return Html()
    names = [f"{entity}, {write_period(period)}" for entity, period in cards[:ROWS_SHOWN]]
    more = [f"… +{len(cards) - ROWS_SHOWN}"] if len(cards) > ROWS_SHOWN else []
    return Html("<p>{} {}</p>").format(
        _("These cards were left out of the evidence, for no rule explains them even by themselves; look at them:"),
        reference("; ".join([*names, *more])),
    )


def killer_id(row: Any) -> str:
    """The id of a figure of any card that helped to rule something out; `row` is one of `proof.ruled_out`."""
    return f"card.{row.entity}.{row.period}.{row.figure}.{row.unit}"


def _of_killers(identified: Identified, cards: Sequence[Evidence], ruled: pd.DataFrame) -> Iterator[Figure]:
    printed = {(item.entity, item.period): item.figures for item in cards}
    for row in ruled.drop_duplicates(["entity", "period", "figure", "unit"]).itertuples():
        of = printed[row.entity, row.period].loc[(row.figure, row.unit)]
        span = interval_of(of)
        yield Figure(
            id=killer_id(row),
            label=identified.rubric.name_of(row.figure),
            value=float(of["value"]),
            low=span.low,
            high=span.high,
            unit=row.unit,
            decimals=int(of["decimals"]),
            kind=of["kind"],
            rule=_("as published"),
            source=of["source"],
            where=f"{of['file']}:{of['line']}",
            quote=of["quote"],
        )


def change_words(figures: Figures, moved: pd.DataFrame, before: str) -> list[Sentence]:
    """What of the change since an earlier month is performance, and what cannot be told apart."""
    if moved.empty:
        return [say(_("No earlier month of this entity has a total and every group under these figures."))]
    period = write_period(before)
    said = [say(_direction(figures["bridge.total"].value or 0.0), period=period, change=figures["bridge.size"])]
    if (moved["certainty"] == "assumes_one_rule").any():
        said.append(
            say(
                _(
                    "Rules exist that explain both months, so the changes marked as performance may be that. It is an "
                    "assumption: no figure proves that the same rules held."
                )
            )
        )
    reasons = list(dict.fromkeys(row.why for row in moved.itertuples() if row.certainty == "not_separable"))
    return said + [say("{why}", why=why) for why in reasons]


def _direction(change: float) -> str:
    if change > 0:
        return _("Since {period} the total rose by {change} points.")
    if change < 0:
        return _("Since {period} the total fell by {change} points.")
    return _("Since {period} the total stayed the same ({change} points).")


def effect_name(effect: str) -> str:
    """An effect of the bridge in the reader's language."""
    return {
        "performance": _("performance"),
        "rule": _("other rules"),
        "counting": _("something else is counted"),
        "not_separable": _("cannot be told apart"),
        "rounding": _("rounding"),
    }[effect]


def change_section(figures: Figures, moved: pd.DataFrame, before: str) -> Html:
    """The bridge of the change: every part with what it is, adding up to the published change."""
    rows = [
        [row.name, effect_name(row.effect), figures[f"bridge.{number}"], figures[f"bridge.{number}.span"]]
        for number, row in enumerate(moved.itertuples())
    ]
    heads = [_("Part"), _("What it is"), _("Change, points"), _("Change, within rounding")]
    return (slide if rows else join)(
        heading(_("What of the change is performance?")),
        items(change_words(figures, moved, before)),
        table(_("The change of the total by part; the parts sum to it"), heads, rows, text=(1,)) if rows else Html(),
    )


def proof_section(
    figures: Figures,
    identified: Identified,
    scores: pd.DataFrame,
    hidden: pd.DataFrame,
    ruled: pd.DataFrame,
    helped: pd.DataFrame,
    left_out: Sequence[tuple[str, str]] = (),
) -> Html:
    """What follows from the published figures: hidden rates, what was ruled out by what, what each figure did.

    `left_out` are cards that no rule explains (`opened.Loaded.left_out`).
    """
    rates = [
        [row.name, figures[f"hidden.{row.code}"]] for row in hidden.itertuples() if row.high - row.low < 100 - 1e-9
    ]
    rubric, killed = identified.rubric, []
    for key, rows in ruled.groupby(["code", "parameter", "value"], sort=False):
        code, parameter, value = key
        figure = figures[f"alternative.{code}.{parameter}.{value:g}"]
        linear = parameter == "target" and value == 100
        what = _("maximum, points") if parameter == "max" else _("points up to") if linear else _("full marks from, %")
        by = [_killer(figures, identified.rubric, row, identified.period) for row in rows.itertuples()]
        killed.append([rubric.name_of(code), what, figure, Html("; ").join(by)])
    exact = [[row.name, figures[f"exact.{row.code}"]] for row in scores.itertuples()]
    useful = [
        [rubric.name_of(row.code), figures[f"without.{number}.rules"], figures[f"without.{number}.wider"]]
        for number, row in enumerate(helped.itertuples())
        if row.wider > 0.005 or row.survivors != identified.survivors
    ]
    return join(
        heading(_("What follows from the published figures?")),
        _left_out(left_out),
        table(_("Scores before rounding, as far as all figures together tell"), [_("Group"), _("Score")], exact),
        table(
            _("Rates that the notice does not print, and what they must be"),
            [_("Indicator"), _("Rate, %")],
            rates,
        )
        if rates
        else Html(),
        table(
            _("What was ruled out, and by which figures: a smallest set of them"),
            [_("Indicator"), _("What was tried"), _("Value"), _("Ruled out by")],
            killed,
            text=(1, 3),
        )
        if killed
        else Html(),
        table(
            _("What each figure contributed: without it more rules fit, or the gain is wider"),
            [_("Figure left out"), _("Rules that fit then"), _("Gain wider by, points")],
            useful,
        )
        if useful
        else Html(),
    )


def _killer(figures: Figures, rubric: Rubric, row: Any, period: str) -> Sentence:
    values = {"name": rubric.name_of(row.figure), "figure": figures[killer_id(row)]}
    template = "{name} {figure} %" if row.unit == "percent" else "{name} {figure}"
    if row.period != period:
        return say(f"{template} ({{entity}}, {{period}})", entity=row.entity, period=write_period(row.period), **values)
    return say(template, **values)


def _of_moves(moved: pd.DataFrame) -> Iterator[Figure]:
    if len(moved):
        change, name = float(moved["value"].sum()), _("Change of the total")
        yield exact("bridge.total", name, change, "points", 2, "derived", "Σ bridge.*")
        yield exact("bridge.size", name, abs(change), "points", 2, "derived", "|bridge.total|")
    for number, row in enumerate(moved.itertuples()):
        rule = f"{row.effect}: {row.certainty}"
        yield between(f"bridge.{number}", row.name, (row.low, row.high), "points", 2, rule, row.value)
        yield between(f"bridge.{number}.span", row.name, (row.low, row.high), "points", 2, rule)

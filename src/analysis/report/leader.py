"""What does a leader read first? The finding, three numbers, six bars, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.diagnosis.losses import named_groups
from analysis.identification.identify import Identified
from analysis.language import _, write_date, write_period
from analysis.report import sentences
from analysis.report.figures import COLOURS, Figures, Html
from analysis.report.layout import heading, join, paragraph, slide, source_words
from analysis.report.plan import ask_words
from analysis.report.sentences import besides, say
from analysis.report.tables import KIND_NAMES, weakest_kind
from analysis.scorecards.sources import Source


def first_screen(
    figures: Figures,
    by_group: pd.DataFrame,
    ledger: pd.DataFrame,
    past: pd.DataFrame,
    identified: Identified,
    sources: Mapping[str, Source],
) -> Html:
    """What a leader reads: label, finding, three figures, six bars, and whether they add up."""
    kind = weakest_kind(figures)
    origin = [_("Index of Decision {decision}").format(decision=identified.rubric.decision)]
    origin.append(write_period(identified.period))
    if figures["total"].as_of:
        origin.append(_("figures to {date}").format(date=write_date(figures["total"].as_of)))
    origin.append(source_words(sources[figures["total"].source]))
    rank, ranked = figures.get("rank"), figures.get("ranked")
    of = Html("{}<small>/{}</small>")
    numbers = [
        _number_of_three(_("Total score"), of.format(figures["total"], figures["max"])),
        _number_of_three(_("Rank"), of.format(rank, ranked))
        if rank and ranked
        else _words_of_three(_("Rank"), rank or _("not published")),
        _words_of_three(_("Since the month before"), sentences.change(figures, past, identified)),
    ]
    return join(
        Html('<header><p class="origin"><strong class="chip {}">{}</strong> <span class="ref">{}</span></p>').format(
            kind, KIND_NAMES[kind](), " · ".join(origin)
        ),
        slide(
            Html("<h1>{}</h1>").format(sentences.headline(figures, by_group, identified)),
            paragraph(sentences.disclosure(figures, ledger), "lead"),
            Html('<dl class="numbers">{}</dl>').format(join(*numbers)),
        ),
        slide(_bars(figures, by_group), paragraph([sentences.reconciliation(figures)], "note")),
        Html("</header>"),
    )


def acts_section(figures: Figures, first: pd.DataFrame, asked: pd.DataFrame, identified: Identified) -> Html:
    """The leader's three actions with what each is worth, and the number to ask for next."""
    rows = []
    for row in first.itertuples():
        rate = figures.get(f"step.{row.code}.rate") or figures.get(f"indicator.{row.code}.rate")
        parts = {name: figures[f"act.{row.code}.{name}"] for name in ("gain", "target")}
        change = (
            say(_("to {target}\u00a0%; today's rate is not printed"), **parts)
            if rate is None
            else say(_("from {rate}\u00a0% to {target}\u00a0%"), rate=rate, **parts)
        )
        worth = say(_("+{gain} points"), **parts)
        own = besides(figures[f"act.{row.code}.own"], row.moved, identified) if row.moved else ""
        rows.append(
            Html('<li><strong>{}</strong> <span>{}</span> <b class="worth">{}</b>{}</li>').format(
                row.name, change, worth, Html(' <span class="besides">{}</span>').format(own) if own else ""
            )
        )
    note = say(
        _("Each is counted alone. A range is what the rules that fit allow; which of them holds is not public.")
        if figures["rules.survivors"].value != 1
        else _("Each is counted alone.")
    )
    return join(
        slide(
            heading(_("What to do first?")),
            Html('<ol class="acts">{}</ol>').format(join(*rows)),
            paragraph([note], "note"),
        ),
        slide(heading(_("What to ask for next")), paragraph(ask_words(figures, asked)[:1], "")),
    )


def analyst_part() -> Html:
    """Where the leader's part ends: on paper a new page."""
    return Html('<h2 class="analyst">{}</h2><p class="note">{}</p>').format(
        _("For the analyst: how these results were reached"),
        _("Everything above is for the leader; from here on each result is shown with its evidence."),
    )


def _bars(figures: Figures, by_group: pd.DataFrame) -> Html:
    named = set(named_groups(by_group)["code"])
    longest = by_group["lost_high"].max() or 1.0
    bars = []
    for row in by_group.itertuples():
        lost, score = figures[f"group.{row.code}.lost"], figures.get(f"group.{row.code}.score")
        length = 100 * (row.lost_high if pd.isna(row.lost) else row.lost) / longest
        label = Html("<b>{}</b> <small>({}/{})</small>").format(lost, score or "?", figures[f"group.{row.code}.max"])
        bars.append(
            Html(
                '<li class="{}"><span class="name">{}</span>'
                '<svg width="100%" height="20" viewBox="0 0 100 2" preserveAspectRatio="none" '
                'aria-hidden="true" focusable="false"><rect class="g-{}" fill="{}" width="{}" height="2"></rect></svg>'
                '<span class="label">{}</span></li>'
            ).format(
                "named" if row.code in named else "",
                row.name,
                row.code,
                COLOURS.get(row.code, "#595959"),
                f"{length:.2f}",
                label,
            )
        )
    return Html('<h2 class="bars-title">{}</h2><ul class="bars">{}</ul>').format(
        _("Points lost by group (score/maximum)"), join(*bars)
    )


def _number_of_three(name: str, value: Any) -> Html:
    return Html('<div><dt>{}</dt><dd class="number">{}</dd></div>').format(name, value)


def _words_of_three(name: str, value: Any) -> Html:
    return Html('<div><dt>{}</dt><dd class="words">{}</dd></div>').format(name, value)

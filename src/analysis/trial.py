"""How does a reader try an improvement in the page? The controls; `page/panel.js` moves them.

Hidden until a script runs; then everything in it is computed from the surviving rules (see `panel`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from analysis.figures import COLOURS, Figures, Html
from analysis.identification.identify import Identified
from analysis.language import _, write_list, write_number
from analysis.layout import heading, join, paragraph
from analysis.sentences import say

FULL_RATE = 100.0


def trial_section(
    figures: Figures,
    identified: Identified,
    levers: Mapping[str, float],
    by_group: pd.DataFrame,
    rules: Mapping[str, Any],
    rank: Mapping[str, Any] | None,
    data_hash: str,
) -> Html:
    """The panel: what all improvements give together, one row a lever, and the rates that a wanted total needs.

    `rules` is what `panel.rules_to_try` gave, `rank` what `panel.rank_steps` gave. Levers that are full are left out.
    """
    open_ones = [code for code, known in rules["indicators"].items() if known["lever"] and _room(known)]
    chosen = {code: target for code, target in levers.items() if code in open_ones}
    first = [*chosen, *(code for code in open_ones if code not in chosen and rules["indicators"][code]["rate"])]
    rest = [code for code in open_ones if code not in first]
    more = Html('<details class="more"><summary>{}</summary>{}</details>').format(
        _("Improvements whose rate today is not printed"),
        join(*(_row(figures, identified, code, rules["indicators"][code]) for code in rest)),
    )
    data = {
        **rules,
        "rank": rank,
        "levers": [*first, *rest],
        "chosen": chosen,
        "origin": {"rules": identified.rubric.id, "data": data_hash[:12]},
        "words": _words(),
        "comma": write_number(0.5, 1)[1],
    }
    return join(
        Html('<div id="trial" class="slide" hidden>'),
        heading(_("Try it: what if these rates were reached?")),
        paragraph(
            [
                say(
                    _(
                        "Move a slider or type a rate. Each result is a range over every rule that fits, and over what "
                        "an improvement may move besides; it is computed in this page, and nothing is sent anywhere."
                    )
                )
            ],
            "note",
        ),
        Html('<div id="trial-other" class="warning" hidden></div><div class="trial"><div class="trial-out">'),
        Html('<output id="trial-total" class="result" aria-live="polite"></output>'),
        Html('<ul class="bars" id="trial-groups">{}</ul></div><div class="trial-in">').format(
            join(*(_bar(row) for row in by_group.itertuples()))
        ),
        join(*(_row(figures, identified, code, rules["indicators"][code]) for code in first)),
        more if rest else Html(),
        Html('<p class="buttons"><button type="button" id="trial-today">{}</button>').format(_("Back to today")),
        Html(' <button type="button" id="trial-report">{}</button></p>').format(_("As in this report")),
        Html('<p class="goal"><label for="trial-goal">{}</label> ').format(_("Or type a total to reach:")),
        Html('<input id="trial-goal" type="text" inputmode="decimal" autocomplete="off"></p>'),
        Html('<div id="trial-needed" class="note" aria-live="polite"></div></div></div></div>'),
        Html('<script type="application/json" id="trial-data">{}</script>').format(
            Markup(json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"))
        ),
    )


def _room(known: Mapping[str, Any]) -> bool:
    return known["rate"] is None or bool(known["rate"][0] < FULL_RATE - 0.01)


def _row(figures: Figures, identified: Identified, code: str, known: Mapping[str, Any]) -> Html:
    """One lever: its name, today's rate, what may be full marks, the slider, the typed rate, and its gain alone."""
    rate = figures.get(f"indicator.{code}.rate")
    targets = [figures[f"alternative.{code}.target.{target:g}"] for target in known["targets"]]
    notes = [say(_("today {rate} %"), rate=rate) if rate else _("today's rate is not printed")]
    if targets:
        listed = Html(_(" or ")).join(targets)
        notes.append(say(_("full marks perhaps from {targets} %"), targets=listed))
    if known["effects"]:
        moved = write_list(identified.rubric.name_of(other) for other in known["effects"])
        notes.append(say(_("may also move {others}"), others=moved))
    least = round(rate.value, 2) if rate and rate.value is not None else 0.0
    ticks = join(*(Html('<option value="{:g}"></option>').format(tick) for tick in (least, *known["targets"], 100)))
    return Html(
        '<div class="lever" data-code="{code}"><label for="rate-{code}">{name}</label>'
        '<span class="note" id="note-{code}">{notes}</span>'
        '<input type="range" id="slide-{code}" list="ticks-{code}" min="{least:g}" max="100" step="any" '
        'value="{least:g}" aria-label="{name}" aria-describedby="note-{code}"><datalist id="ticks-{code}">{ticks}'
        '</datalist><input type="text" id="rate-{code}" inputmode="decimal" autocomplete="off" '
        'aria-describedby="note-{code} gain-{code}"><span class="unit">%</span>'
        '<output id="gain-{code}" for="slide-{code} rate-{code}"></output></div>'
    ).format(
        code=code,
        name=identified.rubric.indicators[code].name,
        notes=Html("; ").join(notes),
        least=least,
        ticks=ticks,
    )


def _bar(row: Any) -> Html:
    return Html(
        '<li data-group="{code}"><span class="name">{name}</span>'
        '<svg width="100%" height="20" viewBox="0 0 100 2" preserveAspectRatio="none" aria-hidden="true" '
        'focusable="false"><rect class="left" width="100" height="2"></rect>'
        '<rect class="open g-{code}" fill="{colour}" width="0" height="2"></rect>'
        '<rect class="sure g-{code}" fill="{colour}" width="0" height="2"></rect></svg>'
        '<span class="label"></span></li>'
    ).format(code=row.code, name=row.name, colour=COLOURS.get(row.code, "#595959"))


def _words() -> dict[str, str]:
    """What the script says, with names in braces for its numbers."""
    return {
        "range": _("{low} to {high}"),
        "total": _("New total {total} of {points}; {gain} points more than today; {remaining} still lost."),
        "rank": _("Rank {rank} of {ranked}, if the others stay as they are."),
        "rank_open": _("Rank {rank} of {ranked}, if the others stay as they are: only {known} of the totals is known."),
        "rank_unknown": _("Nothing can be said of the rank: the totals of the others are not known."),
        "gain": _("this alone: +{gain} points"),
        "not_moved": _("not moved"),
        "bad_rate": _("Write a rate from {least} to {most}."),
        "bad_goal": _("Write a total above today's {today} and at most {points}."),
        "too_many": _("At most {most} improvements without a printed rate can be weighed together."),
        "needs": _("{name}: {sure} % to be sure, {best} % at best."),
        "needs_open": _("{name}: {best} % at best; not for sure."),
        "needs_never": _("The others cannot reach it alone."),
        "needs_none": _("No improvement alone, with the others as set above, reaches {goal}."),
        "needs_head": _("For {goal} points, the other improvements as set above:"),
        "reached": _("With the improvements set above {goal} is already sure."),
        "other": _(
            "This link was made with other rules or figures ({rules}, data {data}); what it showed is not shown here."
        ),
        "apply": _("Weigh its improvements under the rules of this page"),
        "bad_link": _("Some improvements of this link are not possible here and were left out: {names}."),
        "slides": _("Present as slides"),
        "leave": _("Leave the slides"),
        "next": _("Next"),
        "before": _("Back"),
        "slide": _("Slide {number} of {count}"),
        "print": _("Print or save as PDF"),
        "close": _("Close"),
    }

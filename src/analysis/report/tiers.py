"""How many rules fit in each tier, when did a rule change, and what else is known of the rules?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.identification.evidence import Evidence
from analysis.identification.identify import Identified
from analysis.language import _, write_date, write_period
from analysis.report.figures import Figure, Figures, exact, printed_figure
from analysis.report.rules import killer, killer_id, ruled_out_rows
from analysis.report.section import (
    Heading,
    Part,
    Reference,
    Section,
    Sentence,
    SourceList,
    Table,
    Words,
    listed,
    say,
)
from analysis.report.wording import status_name, tier_name
from analysis.scorecards.findings import Finding
from analysis.scorecards.rubric import Change, Rubric
from analysis.scorecards.sources import Source
from analysis.scorecards.tiers import LEAST_TARGET, OPEN

COUNTS = ["tier", "tried", "fit", "other_cards"]
TOLD = "told"  # what begins the id of a figure that rules something out in this section
NEAR = 0.005  # percent; a target nearer to an end than this is shown as the end

# Numbers


def counted(tiers: Mapping[str, Identified | None], documented: Identified) -> pd.DataFrame:
    """How many rules fit in each tier.

    Returns
    -------
    One row a tier: `tier`, `tried` and `fit` (members of the family; missing where targets are continuous, `fit` 0
    where the card contradicts what is best supported), `other_cards` (how many were held against the rules besides).
    """
    rows = []
    for tier, found in tiers.items():
        tried = None if tier == OPEN or found is None else float(found.rubric.size())
        fit = None if tier == OPEN else 0.0 if found is None else float(found.survivors)
        rows.append((tier, tried, fit, 0 if tier == OPEN else len(documented.others)))
    return pd.DataFrame(rows, columns=COUNTS)


def tier_figures(
    rubric: Rubric, counts: pd.DataFrame, left: pd.DataFrame, dates: pd.DataFrame, killers: Mapping[str, Any]
) -> Iterator[Figure]:
    """`rules.<tier>.tried`, `.fit`, `.other_cards`; `open.<code>.low`, `.high`; `changed.<number>.before`, `.after`.

    `killers` are the printed figures that rule something out here, by the id that each is to have.
    """
    rule = _("alternatives multiplied out")
    for row in counts.itertuples():
        labels = {"tried": _("Rules tried"), "fit": _("Rules that fit"), "other_cards": _("Other cards")}
        for name, label in labels.items():
            if pd.notna(value := getattr(row, name)):
                yield exact(f"rules.{row.tier}.{name}", label, float(value), "count", 0, "derived", rule)
    bounds = _("sharp bounds over every target that no figure excludes")
    if len(left):
        yield exact("open.least", _("Lowest target tried"), LEAST_TARGET, "percent", 0, "derived", "tiers")
    for row in left.itertuples():
        yield exact(f"open.{row.code}.low", row.name, row.low, "percent", 2, "derived", bounds)
        yield exact(f"open.{row.code}.high", row.name, row.high, "percent", 2, "derived", bounds)
    for number, row in enumerate(dates.itertuples()):
        for name in ("before", "after"):
            value = getattr(row, name)
            yield exact(
                f"changed.{number}.{name}", row.name, value, "percent", 0, "derived", _("as data/changes.toml says")
            )
    for name, of in killers.items():
        yield printed_figure(name, rubric.name_of(of["code"]), of)


# Sentences


def change_words(figures: Figures, dates: pd.DataFrame, changes: Sequence[Change]) -> list[Sentence]:
    """Which target changed, in which months that may have been, and what that stands on."""
    found, stands_on = [], {entry.code: entry for entry in changes}
    for number, row in enumerate(dates.itertuples()):
        before, after = (_target(figures[f"changed.{number}.{name}"]) for name in ("before", "after"))
        if not row.first and not row.last:
            words = _("“{name}”: the target changed from {before} to {after}; no card tells when.")
        elif not row.first:
            words = _("“{name}”: the target changed from {before} to {after}, in {last} at the latest.")
        elif not row.last:
            words = _("“{name}”: the target changed from {before} to {after}, in {first} at the earliest.")
        elif row.first > row.last:
            words = _("“{name}”: the target changed from {before} to {after}; but the cards contradict each other.")
        else:
            words = _("“{name}”: the target changed from {before} to {after}, in some month from {first} to {last}.")
        first, last = (write_period(month) if month else "" for month in (row.first, row.last))
        told = say(words, name=row.name, before=before, after=after, first=first, last=last)
        entry = stands_on[row.code]
        found.append(say("{told} ({status}; {sources})", told=told, **_stands_on(entry.status, entry.sources)))
    return found


def open_words(figures: Figures, left: pd.DataFrame) -> Sentence:
    """What is left of targets that no document names, besides those of the table."""
    narrowed = sum(_is_narrowed(row) for row in left.itertuples())
    if not narrowed:
        words = _("If any target from {least} % may hold, the figures of this card rule none out.")
    elif narrowed < len(left):
        words = _(
            "If any target from {least} % may hold, the figures of this card leave these; of the other published rates "
            "they rule none out."
        )
    else:
        words = _("If any target from {least} % may hold, the figures of this card leave these.")
    return say(words, least=figures["open.least"])


# Sections


def tiers_section(
    figures: Figures,
    identified: Identified,
    card: Evidence,
    tiers: Mapping[str, Identified | None],
    ruled_out: pd.DataFrame,
    left: pd.DataFrame,
    targets_out: pd.DataFrame,
    dates: pd.DataFrame,
    dated_by: pd.DataFrame,
    changes: Sequence[Change],
    findings: Sequence[Finding],
    sources: Mapping[str, Source],
) -> Section:
    """How many rules fit by what they stand on, what figures rule out there, what changed when, and what else is known.

    `ruled_out` is that of the best supported tier (`proof.ruled_out`), `left` and `targets_out` those of the open one
    (`bounds.open_targets`, `proof.targets_ruled_out`); `dates` and `dated_by` from `dates.change_dates`, and
    `changes` what was declared.
    """
    counts = counted(tiers, identified) if len(tiers) > 1 else pd.DataFrame(columns=COUNTS)
    killers = {
        killer_id(row, TOLD): {**card.figures.loc[(row.figure, row.unit)]}
        for frame in (ruled_out, targets_out)
        for row in frame.itertuples()
    }
    killers |= {killer_id(row, TOLD): {**row._asdict(), "code": row.figure} for row in dated_by.itertuples()}
    rubric = identified.rubric
    own = Figures.of(tier_figures(rubric, counts, left, dates, killers))
    shown = figures.plus(own.values())
    several = len(counts) > 0
    title = _("How many rules fit, by what they stand on?") if several else _("What else is known of these rules?")
    parts: list[Part] = []
    if several:
        heads = [_("By"), _("Rules tried"), _("Rules that fit"), _("What it was held against")]
        parts.append(Table(_("Rules that fit in each tier"), heads, _count_rows(shown, counts), (3,)))
        parts.append(Words([_legend()]))
    if len(ruled_out):
        heads = [_("Indicator"), _("What was tried"), _("Value"), _("Ruled out by")]
        rows = ruled_out_rows(shown, identified, ruled_out, TOLD)
        parts.append(Table(_("What the card rules out by what is best supported"), heads, rows, (1, 3)))
    if len(left):
        parts.append(Words([open_words(shown, left)]))
        rows = _open_rows(shown, identified, left, targets_out)
        if rows:
            heads = [_("Indicator"), _("Full marks from, %"), _("Ruled out by")]
            parts.append(Table(_("Targets that are left where any may hold"), heads, rows, (2,)))
    if len(dates):
        parts.append(Words([*change_words(shown, dates, changes), _basis_of_dates()]))
        if len(dated_by):
            heads = [_("Card"), _("What it says"), _("By")]
            parts.append(Table(_("Which cards tell when"), heads, _dated_rows(shown, rubric, dates, dated_by), (1, 2)))
    if findings:
        if several:
            parts.append(Words([_("What else is known of these rules, besides maxima and targets:")]))
        parts.append(Words([_finding(entry) for entry in findings], as_list=True))
    named = [source for change in changes for source in change.sources]
    named += [source for finding in findings for source in finding.sources]
    if named:
        parts.append(SourceList({name: sources[name] for name in dict.fromkeys(named) if name in sources}))
    if parts:
        parts.insert(0, Heading(title))
    facts = {
        "changes": [entry.model_dump(mode="json") for entry in changes],
        "findings": [entry.model_dump(mode="json") for entry in findings],
    }
    tables = {
        "rules_by_tier": counts,
        "ruled_out_best_supported": ruled_out,
        "open_targets": left,
        "open_targets_ruled_out": targets_out,
        "changes_in_time": dates,
        "changes_dated_by": dated_by,
    }
    return Section(title, parts, own, tables, facts)


def _count_rows(figures: Figures, counts: pd.DataFrame) -> list[list[Any]]:
    rows = []
    for row in counts.itertuples():
        numbers = [figures.get(f"rules.{row.tier}.{name}") or "–" for name in ("tried", "fit")]
        if row.tier == OPEN:
            numbers = [_("countless"), _("countless")]
        others = figures[f"rules.{row.tier}.other_cards"]
        against = say(_("this card and {count} others"), count=others) if row.other_cards else _("this card")
        rows.append([tier_name(row.tier), *numbers, against])
    return rows


def _legend() -> str:
    return _(
        "Best supported: the reading that independent documents agree on. By any document: every reading that some "
        "document names. Any target: full marks from any rate, named or not."
    )


def _is_narrowed(row: Any) -> bool:
    return bool(row.low > row.least + NEAR or row.high < row.most - NEAR)


def _open_rows(
    figures: Figures, identified: Identified, left: pd.DataFrame, targets_out: pd.DataFrame
) -> list[list[Any]]:
    rows = []
    for row in left.itertuples():
        if not _is_narrowed(row):
            continue
        low, high = figures[f"open.{row.code}.low"], figures[f"open.{row.code}.high"]
        if row.low <= row.least + NEAR:
            span = say(_("at most {high}"), high=high)
        elif row.high >= row.most - NEAR:
            span = say(_("at least {low}"), low=low)
        else:
            span = say(_("{low} to {high}"), low=low, high=high)
        named = targets_out[targets_out["code"] == row.code].drop_duplicates(["figure", "unit"])
        by = [killer(figures, identified.rubric, one, identified.period, TOLD) for one in named.itertuples()]
        rows.append([row.name, span, listed(by, "; ")])
    return rows


def _target(figure: Figure) -> Sentence:
    """A target as a share; 100 is none."""
    return say("{target} %" if figure.value != 100 else "{target} % ({none})", target=figure, none=_("no target"))


def _basis_of_dates() -> str:
    return _(
        "This is what the cards say one by one, by the reading that is best supported, and if satisfaction with "
        "handling is never above the on-time rate. A notice speaks for its month; what the portal showed, for that day."
    )


def _dated_rows(figures: Figures, rubric: Rubric, dates: pd.DataFrame, dated_by: pd.DataFrame) -> list[list[Any]]:
    rows = []
    for (code, step, side), named in dated_by.groupby(["code", "step", "side"], sort=False):
        of_code = dates.index[dates["code"] == code]
        number = int(of_code[step])
        first = next(named.itertuples())
        day = _(" (shown on {day})").format(day=write_date(first.day)) if first.day else ""
        still = side == "before"
        words = _("not yet {after}: the last card that says so") if still else _("no longer {before}: the first card")
        ends = {name: _target(figures[f"changed.{number}.{name}"]) for name in ("before", "after")}
        by = [killer(figures, rubric, one, one.period, TOLD) for one in named.itertuples()]
        card = f"{first.entity}, {write_period(first.period)}{day}"
        rows.append([card, say(words, **ends), listed(by, "; ")])
    return rows


def _finding(entry: Finding) -> Sentence:
    """A finding with what it stands on; a target that no rule is known to use says so first."""
    kinds = {
        "rule": "{words} ({status}; {sources})",
        "programme": _("A target of the State, not known to be one of the index: {words} ({status}; {sources})"),
        "own": _("A province's own aim, not a target of the index: {words} ({sources})"),
    }
    return say(kinds[entry.kind], words=Reference(entry.words.text), **_stands_on(entry.status, entry.sources))


def _stands_on(status: str, sources: Sequence[str]) -> dict[str, Any]:
    """How something is known, and by which sources."""
    return {"status": status_name(status), "sources": Reference(", ".join(f"[{source}]" for source in sources))}

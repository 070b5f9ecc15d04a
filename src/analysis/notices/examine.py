"""Does a notice add up, and is it new?

What was read is held against itself, the rubric, the rules and the months known. Nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

import pandas as pd

from analysis.errors import ContradictionError
from analysis.identification.evidence import read_card
from analysis.identification.identify import identify
from analysis.identification.regime import Project, outlier_words
from analysis.language import _, slug, write_date, write_number, write_period
from analysis.notices.documents import Document
from analysis.notices.items import Candidate
from analysis.notices.reader import Notice
from analysis.notices.tokens import passage
from analysis.scorecards.checks import Printed, card_checks, check_name, failures, interval_of
from analysis.scorecards.history import (
    AS_PRINTED,
    RANK,
    TOTAL,
    load_history,
    periods_with_total,
    row_problems,
    with_standing,
)
from analysis.scorecards.rubric import Rubric, rubric_in_force
from analysis.scorecards.sources import Correction, Source, load_sources

State = Literal["new", "same", "more", "other"]
JUMP = {"total": 10.0, "rank": 20.0, "group": 0.25}  # points, places, share of the maximum: named, not refused
ODD_RATE, LAST_CARDS, ENOUGH_OTHERS = 10.0, 4, 8  # percentage points, cards, values: named, not refused
NAME_WIDTH, QUOTE_WIDTH, AROUND = 44, 12, 44
SENTENCES = 12


@dataclass(frozen=True)
class Examined:
    """A notice held against itself and against what is known.

    `rows` are those of the store (`history.COLUMNS`). `checks` are as in `checks.reconcile`; `failures` forbid
    storing, `warnings` are named. `state` says what storing would do, `differences` are the known figures with other
    values, and `replaces` is the source whose figures these would take the place of. `accepts` are the disagreements
    inside the notice that are to be known from then on.
    """

    notice: Notice
    rows: list[dict[str, str]]
    source_id: str
    source: Source
    checks: pd.DataFrame
    failures: list[str]
    warnings: list[str]
    state: State
    differences: list[str]
    replaces: str
    accepts: tuple[Correction, ...] = ()


def examine(
    notice: Notice,
    document: Document,
    rubrics: tuple[Rubric, ...],
    today: date,
    kind: str = "published",
    as_printed: str = "",
) -> Examined:
    """Hold what was read against itself, the rubric, the rules and the figures known. Changes nothing.

    `as_printed` is why figures of the notice that do not add up are kept as it prints them; "" where they are not.

    Raises HistoryError when the store itself is broken.
    """
    history, sources = load_history(rubrics), load_sources()
    rubric = rubric_in_force(rubrics, notice.period)
    if notice.scope == "year" and today.isoformat() <= f"{notice.period}-12-31":
        notice = replace(notice, scope="unknown")  # a year that is not over
    source_id, source = _source(notice, document, sources, today)
    rows = [_row(notice, number, kind, source_id) for number in range(len(notice.figures))]
    problems = [f"{notice.quote(item)}: {item.why} — “{notice.sentence(item)}”" for item in notice.problems]
    for row, item in zip(rows, notice.figures, strict=True):
        found = row_problems(row, rubrics, {**sources, source_id: source})
        problems += [f"{row['quote']}: {words} — “{notice.sentence(item)}”" for words in found]
    if notice.as_of > today.isoformat():
        problems.append(_("the figures run to {date}, which is yet to come").format(date=write_date(notice.as_of)))
    card = _frame(rows, notice, document.name)
    if problems:  # a figure that is not sure makes every check of it worthless
        card = card.iloc[:0]
    checks = pd.DataFrame(
        [{"entity": notice.entity, "period": notice.period, **row} for row in card_checks(Printed.of(card), rubric)]
    )
    failed, accepts = (_failed(checks, notice), tuple(_accepted(checks, as_printed))) if len(checks) else ([], ())
    problems += [] if accepts else failed
    state, differences, replaces, rows, of_source = _against_known(notice, rows, history, rubric)
    if state == "same" and _is_document_of(sources.get(of_source), notice):
        source_id, source = of_source, sources[of_source].model_copy(update={"sha256": document.sha256})
    return Examined(
        notice=notice,
        rows=rows,
        source_id=source_id,
        source=source,
        checks=checks,
        failures=problems,
        warnings=[
            *_gaps({item.code for item in notice.figures} | _known_codes(history, notice), rubric),
            *_unexplained(card, rubric, notice),
            *_jumps(card, history, rubric, notice),
            *_odd_rates(card, history, rubric, notice),
            *(failed if accepts else []),
        ],
        state=state,
        differences=differences,
        replaces=replaces,
        accepts=accepts,
    )


def _row(notice: Notice, number: int, kind: str, source_id: str) -> dict[str, str]:
    item = notice.figures[number]
    return {
        "entity": notice.entity,
        "period": notice.period,
        "scope": notice.scope,
        "as_of": notice.as_of,
        "level": item.level,
        "code": item.code,
        "value": f"{item.value:f}",
        "unit": item.unit,
        "max": "" if item.max is None else f"{item.max.normalize():f}",
        "decimals": str(item.decimals),
        "kind": kind,
        "source": source_id,
        "quote": notice.quote(item),
    }


def _frame(rows: list[dict[str, str]], notice: Notice, name: str) -> pd.DataFrame:
    """The rows as a card (see `history.card`), each with its line in the text."""
    lines = [notice.text.count("\n", 0, item.start) + 1 for item in notice.figures]
    frame = pd.DataFrame(rows, columns=AS_PRINTED).assign(file=name, line=lines)
    frame["max"] = frame["max"].replace("", "nan")
    frame = with_standing(frame.astype({"value": float, "max": float, "decimals": int, "line": int}))
    return frame.set_index(["code", "unit"], drop=False).rename_axis(["", ""])


def _failed(checks: pd.DataFrame, notice: Notice) -> list[str]:
    """The checks that fail, each with the sentences of the figures in it."""
    sentences = {(item.code, item.unit): notice.sentence(item) for item in notice.figures}
    failed = checks[~checks["ok"]]
    words = failures(checks.assign(accepted=False))
    return [f"{text} — “{sentences[row.codes[0]]}”" for text, row in zip(words, failed.itertuples(), strict=True)]


def _accepted(checks: pd.DataFrame, reason: str) -> Iterator[Correction]:
    """A record of each check that fails, by which it is known from then on; none without a reason."""
    for row in checks[~checks["ok"]].itertuples() if reason else ():
        expect = {"sum": (row.expected_low + row.expected_high) / 2, "total": row.printed}
        yield Correction(
            entity=row.entity,
            period=row.period,
            check=row.check,
            action="accept",
            reason=reason,
            expect={name: round(float(value), 6) for name, value in expect.items()},
        )


def _source(notice: Notice, document: Document, sources: dict[str, Source], today: date) -> tuple[str, Source]:
    """The record of this notice and its id: that of the same document if it is known, else a new one."""
    for name, known in sources.items():
        if known.sha256 == document.sha256:
            return name, known
    base = f"{slug(notice.entity)}-{notice.period.lower()}"
    name, number = base, 1
    while name in sources:
        number += 1
        name = f"{base}-{number}"
    published = date.fromisoformat(notice.published) if notice.published else None
    return name, Source(
        publisher=notice.publisher,
        title=notice.title,
        number=notice.number,
        published=published,
        accessed=today,
        sha256=document.sha256,
    )


def _is_document_of(source: Source | None, notice: Notice) -> bool:
    """Whether known figures were typed from this very notice, whose document is yet to be kept."""
    return source is not None and not source.sha256 and notice.number in ("", source.number)


def _against_known(
    notice: Notice, rows: list[dict[str, str]], history: pd.DataFrame, rubric: Rubric
) -> tuple[State, list[str], str, list[dict[str, str]], str]:
    """What storing would do, which known figures differ, which source it would replace, the rows to store.

    Last, the one source of the known figures, or "" where they have several.
    """
    same_card = (history["entity"] == notice.entity) & (history["period"] == notice.period)
    of_notices = (history["day"] == "") & (history["kind"] != "derived")
    known = history[same_card & of_notices & (history["scope"] == notice.scope)]
    if known.empty:
        return "new", [], "", rows, ""
    days = sorted(known["as_of"].unique())
    card = known[known["as_of"] == (notice.as_of if notice.as_of in days else days[-1])].set_index(["code", "unit"])
    differences, fresh = [], []
    for row in rows:
        key = (row["code"], row["unit"])
        if key not in card.index or pd.isna(card.loc[key, "value"]):
            fresh.append(row)
        elif float(row["value"]) != card.loc[key, "value"] and not _agree(row, card.loc[key]):
            was = card.loc[key]
            before = f"{was['quote'] or was['value']} ({was['file']}:{was['line']})"
            differences.append(f"{_name(row['code'], rubric)}: {row['quote']} ≠ {before}")
    day, of = str(card["as_of"].iloc[0]), sorted(set(card["source"]))
    one = of[0] if len(of) == 1 else ""
    if differences:
        rows = [{**row, "as_of": notice.as_of or day} for row in rows]
        return "other", differences, "" if notice.as_of > day else one or of[0], rows, one
    if not fresh:
        return "same", [], "", [], one
    if day and notice.as_of and day != notice.as_of:
        where = _("known to {known}, this one runs to {new}").format(
            known=write_date(day), new=write_date(notice.as_of)
        )
        return "other", [where], "", rows, one
    return "more", [], "", [{**row, "as_of": day} for row in fresh], one


def _name(code: str, rubric: Rubric) -> str:
    return rubric.name_of(code) if code != RANK else _("Rank")


def _agree(row: dict[str, str], known: pd.Series) -> bool:
    """Whether two prints of one figure with other decimals may be the same number."""
    new = pd.Series({"unit": row["unit"], "value": float(row["value"]), "decimals": int(row["decimals"])})
    old = pd.Series({"unit": row["unit"], "value": known["value"], "decimals": known["decimals"]})
    return new["decimals"] != old["decimals"] and interval_of(new).meet(interval_of(old)) is not None


def _known_codes(history: pd.DataFrame, notice: Notice) -> set[str]:
    rows = history[(history["entity"] == notice.entity) & (history["period"] == notice.period)]
    return set(rows.loc[rows["value"].notna(), "code"])


def _gaps(printed: set[str], rubric: Rubric) -> list[str]:
    """What neither the notice prints nor the store knows, so that it cannot be checked or reported."""
    if TOTAL not in printed:
        return [_("no total is printed: no report of this month can be made")]
    absent = [group.name for group in rubric.groups_as_printed(printed) if group.code not in printed]
    return [_("the total was not checked: no score of {groups}").format(groups="; ".join(absent))] if absent else []


def _unexplained(card: pd.DataFrame, rubric: Rubric, notice: Notice) -> list[str]:
    if TOTAL not in set(card["code"]):
        return []
    try:
        identify(card.reset_index(drop=True), rubric, notice.entity, notice.period)
    except ContradictionError as error:
        return [f"{error.what} {'; '.join(error.rows)}"]
    return []


def against_others(examined: Examined, known: Project) -> list[str]:
    """That a card fits by itself but not with the others of its regime, in words; nothing where it fits or is known."""
    notice = examined.notice
    if examined.failures or examined.state == "same":
        return []
    rubric = rubric_in_force(known.rubrics, notice.period)
    rows = [_row(notice, number, "published", examined.source_id) for number in range(len(notice.figures))]
    card = _frame(rows, notice, "").reset_index(drop=True)
    if TOTAL not in set(card["code"]):
        return []
    conflict = known.against_others(read_card(card, rubric, notice.entity, notice.period), rubric, "")
    return [f"{outlier_words(notice.entity, notice.period)} {'; '.join(conflict)}"] if conflict else []


def _jumps(card: pd.DataFrame, history: pd.DataFrame, rubric: Rubric, notice: Notice) -> list[str]:
    """Large changes since the last period known under the same rules."""
    earlier = [
        period
        for period in periods_with_total(history, notice.entity)
        if period < notice.period and rubric.covers(period)
    ]
    if not earlier:
        return []
    before = history[(history["entity"] == notice.entity) & (history["period"] == earlier[-1])]
    before = before[before["superseded_by"] == ""].set_index(["code", "unit"])
    found = []
    for key, row in card.iterrows():
        if row["level"] not in JUMP or key not in before.index:
            continue
        limit = JUMP[row["level"]] * (row["max"] if row["level"] == "group" else 1)
        was = float(before.loc[key, "value"])
        if abs(row["value"] - was) >= limit:
            decimals = int(max(row["decimals"], before.loc[key, "decimals"]))
            found.append(
                _("{name}: {before} in {period}, now {now}: a jump").format(
                    name=_name(row["code"], rubric),
                    before=write_number(was, decimals),
                    period=write_period(earlier[-1]),
                    now=write_number(row["value"], decimals),
                )
            )
    return found


def _odd_rates(card: pd.DataFrame, history: pd.DataFrame, rubric: Rubric, notice: Notice) -> list[str]:
    """Rates beyond those of the entity's last cards under these rules, or, where it has none, of all other provinces.

    A rate drives every gain and little checks it: a slipped digit (5,24 for 52,40) shows only here. Where there is
    nothing to hold it against, that is said.
    """
    known = history[(history["unit"] == "percent") & (history["superseded_by"] == "") & history["value"].notna()]
    known = known[known["period"].map(rubric.covers).astype(bool)]
    found, alone = [], []
    for row in card[(card["unit"] == "percent") & (card["level"] == "indicator")].itertuples():
        same = known[known["code"] == row.code]
        own = same[(same["entity"] == notice.entity) & (same["period"] < notice.period)].sort_values("period")
        own, others = own["value"].tail(LAST_CARDS), same.loc[same["entity"] != notice.entity, "value"]
        template = _("{name}: {now}%, in the last cards {low}% to {high}%: look again at the source")
        values = own if len(own) or len(others) < ENOUGH_OTHERS else others
        if values is others:
            template = _("{name}: {now}%, in other provinces {low}% to {high}%: look again at the source")
        if not len(values):
            alone.append(rubric.name_of(row.code))
        slack = max(ODD_RATE, float(own.max() - own.min())) if len(own) else 0.0
        beyond = max(values.min() - row.value, row.value - values.max()) if len(values) else 0.0
        if round(beyond, 6) > slack:
            low, high, now = (write_number(float(value), 2) for value in (values.min(), values.max(), row.value))
            found.append(template.format(name=rubric.name_of(row.code), now=now, low=low, high=high))
    if alone:
        words = _("no card of before and too few of other provinces to hold these rates against: {names}")
        found.append(words.format(names="; ".join(alone)))
    return found


def in_words(examined: Examined, rubric: Rubric, keeps: bool = False) -> str:
    """For people: about the notice, its figures beside their words, what was left, the checks, what is known.

    With `keeps` the notice of known figures is yet to be kept.
    """
    notice = examined.notice
    about = [_("{entity}, {period}").format(entity=notice.entity, period=write_period(notice.period))]
    about += [_("figures to {date}").format(date=write_date(notice.as_of))] if notice.as_of else []
    about += [_("document {number}").format(number=notice.number)] if notice.number else []
    about += [_("of {date}").format(date=write_date(notice.published))] if notice.published else []
    lines = ["; ".join(about), notice.title, ""]
    lines.append(_("{count} figures were read:").format(count=len(notice.figures)))
    lines += [_figure_line(examined, item, rubric) for item in notice.figures]
    if notice.missing:
        names = "; ".join(rubric.name_of(code) for code in notice.missing)
        lines += ["", _("Named without a figure, so missing (not 0): {names}").format(names=names)]
    if notice.unread:
        left: dict[tuple[str, str], list[str]] = {}
        for item in notice.unread:
            left.setdefault((notice.sentence(item), item.why), []).append(notice.quote(item))
        lines += ["", _("Not stored ({count}):").format(count=len(notice.unread))]
        shown = list(left.items())[:SENTENCES]
        lines += [f"  - {'; '.join(quotes)} ({why}): “{_short(words)}”" for (words, why), quotes in shown]
        if len(left) > SENTENCES:
            lines.append("  - " + _("… and {count} more; --json lists all").format(count=len(left) - SENTENCES))
    lines += ["", *_checks(examined)]
    lines += [_("Note: {note}.").format(note=note) for note in notice.notes]
    lines += [_("Look at this: {warning}.").format(warning=words.rstrip(".")) for words in examined.warnings]
    lines.append(_("Every figure is known; the notice itself is not kept yet.") if keeps else _known(examined))
    return "\n".join(lines)


def as_data(examined: Examined, stored: bool) -> dict[str, Any]:
    """For programs; places are those of `text`, end EXCLUDED."""
    notice = examined.notice
    return {
        "entity": notice.entity,
        "period": notice.period,
        "scope": notice.scope,
        "as_of": notice.as_of,
        "source": {"id": examined.source_id, **examined.source.model_dump(mode="json")},
        "figures": [
            {
                "code": item.code,
                "level": item.level,
                "value": float(item.value),
                "unit": item.unit,
                "decimals": item.decimals,
                "max": None if item.max is None else float(item.max),
                "start": item.start,
                "end": item.end,
                "quote": notice.quote(item),
                "sentence": notice.sentence(item),
            }
            for item in notice.figures
        ],
        "missing": list(notice.missing),
        "unread": [
            {
                "quote": notice.quote(item),
                "sentence": notice.sentence(item),
                "why": item.why,
                "start": item.start,
                "end": item.end,
            }
            for item in notice.unread
        ],
        "checks": [
            {"check": row.check, "codes": [list(pair) for pair in row.codes], "ok": bool(row.ok)}
            for row in examined.checks.itertuples()
        ],
        "failures": examined.failures,
        "warnings": examined.warnings,
        "notes": list(notice.notes),
        "state": examined.state,
        "differences": examined.differences,
        "stored": stored,
        "text": notice.text,
    }


def _figure_line(examined: Examined, item: Candidate, rubric: Rubric) -> str:
    found = passage(examined.notice.text, item.start, item.end)
    before, after = found.before[-AROUND:], found.after[:AROUND]
    before = f"…{before}" if len(found.before) > AROUND else before
    after = f"{after}…" if len(found.after) > AROUND else after
    units = {"points": "", "percent": "%", "count": "", "rank": ""}
    bare = item.unit == "percent" and item.value in (0, 100)  # 0 % and 100 %, as notices print them
    value = write_number(float(item.value), 0 if bare else item.decimals) + units[item.unit]
    value += "" if item.max is None else f"/{item.max.normalize():f}"
    name = rubric.name_of(item.code)
    name = name if len(name) <= NAME_WIDTH else name[: NAME_WIDTH - 1] + "…"
    return f"  {name:<{NAME_WIDTH}} {value:>{QUOTE_WIDTH}}   {before}«{found.quote}»{after}"


def _checks(examined: Examined) -> list[str]:
    checks = examined.checks
    if checks.empty:
        return [_("No two figures depend on each other, so nothing could be checked.")]
    lines = []
    for check, rows in checks.groupby("check", sort=False):
        lines.append(
            _("{check}: {agree} of {count} agree").format(
                check=check_name(str(check)), agree=int(rows["ok"].sum()), count=len(rows)
            )
        )
    return [_("Checks: {checks}.").format(checks="; ".join(lines))]


def _known(examined: Examined) -> str:
    states = {
        "new": _("This period is new."),
        "same": _("Every figure is known already."),
        "more": _("The known figures agree; {count} are new.").format(count=len(examined.rows)),
        "other": _("The period is known with other values: {differences}").format(
            differences="; ".join(examined.differences[:5])
        ),
    }
    return states[examined.state]


def _short(words: str) -> str:
    return words if len(words) <= 150 else words[:149] + "…"

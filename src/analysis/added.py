"""What does `scorecard add` say of a notice? What was read beside its words, what was not, and whether it adds up."""

from __future__ import annotations

from typing import Any

from analysis.archive import passage
from analysis.intake import Examined
from analysis.language import _, write_date, write_number, write_period
from analysis.readings import Reading
from analysis.scorecards.checks import check_name
from analysis.scorecards.rubric import Rubric

NAME_WIDTH, QUOTE_WIDTH, AROUND = 44, 12, 44
SENTENCES = 12


def in_words(examined: Examined, rubric: Rubric) -> str:
    """For people: about the notice, its figures beside their words, what was left, the checks, what is known."""
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
    lines.append(_known(examined))
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


def _figure_line(examined: Examined, item: Reading, rubric: Rubric) -> str:
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

"""What moved since the last report, in three plain lines that fit a mail or a chat?

The last report is the one that this one replaces where its numbers were others, else that of the period before. Points
are compared under one set of rules and between periods of one kind only, ranks among equally many.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis.files import read_plain
from analysis.language import _, language, use_language, write_number, write_period
from analysis.report.result import Result, in_language
from analysis.runs.board import finding
from analysis.runs.record import CHANGES
from analysis.runs.reports import Published, record_in
from analysis.scorecards.entities import SYNTHETIC, synthetic_label
from analysis.scorecards.periods import months_in, months_of


def lines(new: Result, there: Sequence[Published]) -> list[str]:
    """Three lines, in the current language: where it stands, what moved, what the page says first.

    `there` are the published reports of the entity; the one of the same period is the one that `new` replaces.
    """
    stands = _("{entity}, {period}: {total}/{max} points").format(
        entity=new.entity,
        period=write_period(new.period),
        total=write_number(new.total, 2),
        max=write_number(new.total_max, 0),
    )
    if new.rank is not None:
        stands += _("; rank {rank}").format(rank=new.rank) + (f"/{new.ranked}" if new.ranked else "")
    label = f"{synthetic_label()}: " if new.kind == SYNTHETIC else ""
    return [f"{label}{stands}.", f"{label}{_moved(new, there)}", f"{label}{finding(new).rstrip('.')}."]


def _moved(new: Result, there: Sequence[Published]) -> str:
    known = [item.record for item in there if item.record and item.record.entity == new.entity]
    replaced = next((item for item in known if item.period == new.period), None)
    if replaced and _numbers(replaced) != _numbers(new):
        return _compared(new, replaced, _("The figures of this period are others than in its last report"))
    earlier = [item for item in known if months_of(item.period)[1] < months_of(new.period)[0]]
    if not earlier:
        return _("It is the first report of this entity here: there is none to compare with.")
    last = max(earlier, key=lambda item: months_of(item.period)[::-1])
    words = _("Since the last report ({period})").format(period=write_period(last.period))
    if _is_other(new, last):
        return _("{since}: not comparable, other rules or another kind of period.").format(since=words)
    return _compared(new, last, words)


def _is_other(new: Result, last: Result) -> bool:
    return new.rubric != last.rubric or months_in(new.period) != months_in(last.period)


def _numbers(record: Result) -> tuple[object, ...]:
    return record.total, record.rank, record.ranked, tuple((group.code, group.score) for group in record.groups)


def _compared(new: Result, last: Result, words: str) -> str:
    """The change of the total and the rank, and the groups that rose and fell most."""
    parts = [_change(new.total - last.total)]
    if new.rank is not None and last.rank is not None and new.ranked == last.ranked:
        same = new.rank == last.rank
        parts.append(
            _("rank unchanged") if same else _("rank {before} → {after}").format(before=last.rank, after=new.rank)
        )
    before = {group.code: group for group in last.groups if group.score is not None}
    moved = [
        (group.score - old.score, group.name, min(group.decimals, old.decimals))
        for group in new.groups
        if group.score is not None and (old := before.get(group.code)) is not None and old.score is not None
    ]
    rise, fall = max(moved, default=(0.0, "", 2)), min(moved, default=(0.0, "", 2))
    if rise[0] > _least(rise[2]):
        parts.append(_("most up: {name} (+{points})").format(name=rise[1], points=write_number(rise[0], rise[2])))
    if fall[0] < -_least(fall[2]):
        parts.append(_("most down: {name} ({points})").format(name=fall[1], points=write_number(fall[0], fall[2])))
    return f"{words}: {'; '.join(parts)}."


def _least(decimals: int) -> float:
    """The change in points below which a number that is printed so is the same."""
    return 0.5 * 10.0**-decimals


def _change(points: float) -> str:
    if abs(points) < _least(2):
        return _("total unchanged")
    words = _("up {points} points") if points > 0 else _("down {points} points")
    return words.format(points=write_number(abs(points), 2))


def write_changes(work: Path, spoken: str, there: Sequence[Published]) -> None:
    """Write the lines of the report in a working folder beside it; nothing where its record says too little.

    Raises OSError.
    """
    new, before = record_in(work, spoken), language()
    if new is None:
        return
    use_language(spoken)
    try:
        words = lines(new, there)
    finally:
        use_language(before)
    place = work / in_language(CHANGES, spoken)
    place.write_text("\n".join([*words, ""]), encoding="utf-8", newline="\n")


def changes_beside(page: Path) -> list[str]:
    """The lines beside a page that was just made, in the current language; none where they cannot be read."""
    try:
        return read_plain(page.with_name(in_language(CHANGES, language()))).decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []

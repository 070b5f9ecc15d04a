"""What does the list of reports show?

A row a report, those of one entity together, the newest first; and apart from them the runs that failed. Sorted and
filtered by a script inside the page (`report/page/board.js`); without it every row stands there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from analysis.language import _, slug, write_date, write_number, write_period
from analysis.report.result import EXECUTED, FIGURES, Result, in_language
from analysis.report.section import Piece, Section
from analysis.report.wording import kind_name
from analysis.report.workbook import FILE as WORKBOOK
from analysis.runs.record import CHANGES, PDF
from analysis.runs.reports import Failed, Published
from analysis.scorecards.entities import SYNTHETIC
from analysis.scorecards.periods import months_of

FILES: dict[str, Callable[[], str]] = {
    CHANGES: lambda: _("what moved"),
    FIGURES: lambda: "CSV",
    WORKBOOK: lambda: _("workbook"),
    PDF: lambda: "PDF",
    EXECUTED: lambda: _("notebook"),
}
LANGUAGE_NAMES = {"vi": "Tiếng Việt", "en": "English"}
PUBLISHED = "published"
NONE = "–"


def index_of_reports(there: Sequence[Published], broken: Sequence[Failed], reports: Path) -> Section:
    """The page that lists the published reports, and below them what failed.

    An entity whose newest period is the newest comes first, and among those of one period the one with most points.
    """
    title = _("Reports on the index of Decision 766/QĐ-TTg")
    rows = [_row_of_report(item, reports) for item in there]
    values = {
        "title": title,
        "caption": _("Published reports, those of one entity together"),
        "heads": _heads(),
        "entities": _by_entity(rows),
        "periods": list({row["period_key"]: row["period"] for row in rows}.items()),
        "legend": _legend(there),
        "words": _control_words(),
        "note": _note(rows),
        "none": _("No report was published yet."),
        "failures_title": _("Which runs failed?"),
        "failures_note": _("These runs published nothing; a report above is of an earlier run that succeeded."),
        "failures_caption": _("Reports whose last run failed, newest first"),
        "failures_heads": [
            _("Report"),
            _("When (Vietnam time)"),
            _("Exit code"),
            _("What happened"),
            _("Broken notebook"),
        ],
        "failures": [_row_of_failure(item, reports) for item in broken],
    }
    return Section(title, [Piece("reports.html.j2", values)])


def _heads() -> dict[str, str]:
    return {
        "name": _("Province or unit"),
        "period": _("Period"),
        "total": _("Total score"),
        "rank": _("Rank"),
        "change": _("Change, points"),
        "groups": _("Groups"),
        "more": _("More"),
    }


def _control_words() -> dict[str, str]:
    return {
        "entity": _("Province or unit"),
        "period": _("Period"),
        "newest": _("The newest of each"),
        "every": _("Every period"),
        "sort": _("Sort by"),
        "order": _("as listed"),
        "count": _("{count} of {all} reports"),
        "more": _("{count} more periods of {name}"),
    }


def _note(rows: Sequence[dict[str, Any]]) -> str:
    """What the signs of the table mean, as far as they stand in it."""
    parts = []
    if any(row["groups"] for row in rows):
        parts.append(_("A bar is a group: how much of its points it has."))
    if any(NONE in (row["rank"], row["change"]) for row in rows):
        words = _("{sign}: no rank was published, or there is no period before to compare with under the same rules.")
        parts.append(words.format(sign=NONE))
    if rows and all(not row["kind_name"] for row in rows):
        parts.append(_("All figures are published ones."))
    elif any(not row["kind_name"] for row in rows):
        parts.append(_("Figures are published ones where nothing else is said."))
    return " ".join(parts)


def _by_entity(rows: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The rows, newest period first, of each entity together; see `index_of_reports` for the order of entities."""
    of_entity = [list(own) for _key, own in groupby(sorted(rows, key=lambda row: row["key"]), lambda row: row["key"])]
    of_entity.sort(key=lambda own: -(own[0]["total_value"] or 0.0))
    return sorted(of_entity, key=lambda own: own[0]["ends"], reverse=True)


def _legend(there: Sequence[Published]) -> list[tuple[str, str]]:
    """Code and name of each group, as the newest report that knows them calls them."""
    names: dict[str, str] = {}
    for item in there:
        for group in item.record.groups if item.record else ():
            names.setdefault(group.code, group.name)
    return list(names.items())


def _row_of_report(item: Published, reports: Path) -> dict[str, Any]:
    where = quote(item.folder.relative_to(reports).as_posix())
    record = item.record
    row = {
        "key": item.folder.parent.name,
        "name": item.entity,
        "slug": slug(item.entity).replace("-", " "),
        "period": write_period(item.period),
        "period_key": item.period,
        "ends": months_of(item.period)[1],
        "page": f"{where}/{item.page.name}" if item.page.is_file() else "",
        "others": [(f"{where}/{page.name}", spoken, LANGUAGE_NAMES[spoken]) for spoken, page in item.other_pages()],
        "files": [
            (f"{where}/{name}", words())
            for plain, words in FILES.items()
            if (item.folder / (name := in_language(plain, item.language))).is_file()
        ],
    }
    if record is None:
        words = _("its run.json cannot be read; make this report again")
        damaged = {"kind": "damaged", "kind_name": _("Damaged record"), "finding": words, "language": ""}
        unknown = {"total": "", "rank": "", "change": "", "groups": [], "groups_words": ""}
        return {**row, **damaged, **unknown, "total_value": None, "rank_value": None, "change_value": None}
    rank = NONE if record.rank is None else str(record.rank)
    return {
        **row,
        "total": f"{write_number(record.total, 2)}/{write_number(record.total_max, 0)}",
        "total_value": record.total,
        "rank": f"{rank}/{record.ranked}" if record.rank and record.ranked else rank,
        "rank_value": record.rank,
        "change": _change_words(record),
        "change_value": record.change,
        "groups": [_bar(group) for group in record.groups],
        "groups_words": "; ".join(_group_words(group) for group in record.groups),
        "kind": record.kind,
        "kind_name": "" if record.kind == PUBLISHED else kind_name(record.kind),
        "finding": finding(record),
        "language": record.language,
    }


def _bar(group: Any) -> dict[str, Any]:
    """A bar of at most 20 units, to a tenth; no bar where the score is not known."""
    share = 0.0 if group.score is None else min(max(group.score / group.max, 0.0), 1.0)
    known = group.score is not None
    return {"code": group.code, "height": f"{20 * share:.1f}", "top": f"{20 - 20 * share:.1f}", "known": known}


def _group_words(group: Any) -> str:
    score = _("not known") if group.score is None else write_number(group.score, group.decimals)
    return f"{group.name}: {score}/{write_number(group.max, 0)}"


def finding(record: Result) -> str:
    """The title without the label of simulated figures, in whichever language: it stands beside it."""
    label, _colon, finding = record.title.partition(": ")
    return finding if record.kind == SYNTHETIC and label.isupper() else record.title


def _change_words(record: Result) -> str:
    """The change since the month before, with its sign; a dash where there is none."""
    if record.change is None:
        return NONE
    sign = "+" if record.change > 0.005 else ""
    return f"{sign}{write_number(record.change, 2)}"


def _row_of_failure(item: Failed, reports: Path) -> dict[str, Any]:
    words = f"{item.ended:%H:%M} {write_date(f'{item.ended:%Y-%m-%d}')}"
    if item.count > 1:
        words = _("{when}, the last of {count} failures").format(when=words, count=item.count)
    notebook, failure = item.folder / EXECUTED, item.failure
    row = {
        "when": words,
        "notebook": notebook.relative_to(reports.parent).as_posix() if notebook.is_file() else "",
        "no_notebook": _("no notebook was kept"),
        "failure": failure,
    }
    if failure is None:
        return {**row, "name": item.folder.name, "unread": _("its failed.json cannot be read")}
    period = write_period(failure.period) if failure.period else _("the latest month")
    return {**row, "name": f"{failure.entity}, {period}"}

"""Is what was published still what was made? Every file against its hash, every number against the figures of today."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import AnalysisError, NoReportError
from analysis.files import read_plain
from analysis.language import _, language, slug, use_language, write_list
from analysis.report.figures import Figures, read_figures
from analysis.report.result import EXECUTED, FIGURES, PAGE, RECORD, in_language
from analysis.report.section import Section, Words
from analysis.runs.record import altered, made_from, read_record
from analysis.runs.reports import published, reports_folder
from analysis.scorecards.history import data_hash

NUMBER = re.compile(r'<data value="([^"]*)" data-figure="([^"]*)">([^<]*)</data>')
VERIFIED = ["entity", "period", "language", "files", "numbers", "wrong"]
NOISE = 1e-9  # of sums in another order
MOST_SHOWN = 5  # numbers of one report that differ


def verify_reports(entity: str = "", month: str = "") -> Section:
    """Each published report, or those of an entity or a period: the hash of each file, and each number worked out anew.

    Numbers are worked out where data and program are those that the report was made from; else that is said. Table: a
    row a report and language: `files` and `numbers` that are as they were made (missing where none could be worked
    out), `wrong`. Its `failures` name each file and number that is not. Raises NoReportError where there is no report.
    """
    reports, spoken = reports_folder(), language()
    there = [item for item in published(reports, slug(entity) or "[!.]*") if not month or item.period == month]
    if not there:
        raise NoReportError(_("There is no published report to verify."), [], _("Make one: scorecard report"))
    rows, failures = [], list[str]()
    for item in there:
        for one in [item.language, *(other for other, _page in item.other_pages())]:
            record = read_record(item.folder, one)
            wrong = list(_files(item.folder, one, record))
            numbers, differ = None, list[str]()
            if record and record.get("made_from") == made_from(record.get("parameters") or {}, data_hash()):
                try:
                    use_language(one)
                    numbers, differ = _numbers(item.folder, one, record)
                except AnalysisError as error:
                    differ = [str(error)]
                except (LookupError, TypeError, ValueError):  # of a record that was written by another
                    differ = [_("{file} cannot be read").format(file=in_language(RECORD, one))]
                finally:
                    use_language(spoken)
            place = item.folder.relative_to(reports.parent).as_posix()
            wrong += differ[:MOST_SHOWN]
            if len(differ) > MOST_SHOWN:
                wrong.append(_("{count} more numbers differ").format(count=len(differ) - MOST_SHOWN))
            failures += [f"{place}: {words}" for words in wrong]
            whole = len(record.get("files", ())) if record and not wrong else 0
            rows.append((item.entity, item.period, one, whole, numbers, len(wrong)))
    frame = pd.DataFrame(rows, columns=VERIFIED)
    said = [
        _("{report} ({language}): {files} files as made; {numbers}").format(
            report=f"{row.entity}, {row.period}", language=row.language, files=row.files, numbers=_told(row.numbers)
        )
        for row in frame.itertuples()
    ]
    words = _("{count} reports verified; {wrong} are not as they were made.")
    said.append(words.format(count=len(frame), wrong=int((frame["wrong"] > 0).sum())))
    parts = [Words(said, as_list=True)]
    return Section(_("Is what was published still what was made?"), parts, tables={"reports": frame}, failures=failures)


def _told(numbers: Any) -> str:
    if pd.isna(numbers):
        return _("numbers not worked out: data or program have changed since")
    return _("{count} numbers worked out alike").format(count=int(numbers))


def _files(folder: Path, spoken: str, record: Mapping[str, Any]) -> Iterator[str]:
    """What is not as the record of a report says."""
    if not isinstance(record.get("files"), dict):
        yield _("{file} cannot be read").format(file=in_language(RECORD, spoken))
        return
    for name, there in altered(folder, record).items():
        words = _("{file} is not the file that was made") if there else _("{file} is gone")
        yield words.format(file=name)
    plain = (in_language(name, spoken) for name in (PAGE, EXECUTED, FIGURES))
    if missing := [name for name in plain if name not in record["files"]]:
        yield _("the record does not name {files}").format(files=write_list(missing))


def _numbers(folder: Path, spoken: str, record: Mapping[str, Any]) -> tuple[int, list[str]]:
    """How many rows of the file of figures are what the card gives today, and which of them and of the page are not."""
    from analysis.card import open_card

    asked = dict(record["parameters"])
    asked.pop("language", None)
    figures = open_card(asked.pop("entity"), asked.pop("month"), **asked).figures
    expected = {name: f"{item}" for name, item in figures.items()}
    differ = list(_of_table(folder / in_language(FIGURES, spoken), figures, record))
    alike = int(record["figures"]) - len(differ)
    try:
        page = read_plain(folder / in_language(PAGE, spoken)).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return alike, [*differ, _("{file} cannot be read").format(file=in_language(PAGE, spoken))]
    found = [(unescape(name), unescape(words)) for _value, name, words in NUMBER.findall(page)]
    differ += [
        _("{file}: {name} is {words}, and should be {expected}").format(
            file=in_language(PAGE, spoken), name=name, words=words, expected=expected.get(name, _("none"))
        )
        for name, words in dict.fromkeys(found)
        if expected.get(name) != words
    ]
    return alike, differ


def _of_table(path: Path, figures: Figures, record: Mapping[str, Any]) -> Iterator[str]:
    """The rows of a file of figures whose value or ends are not what they are today."""
    ends = ["value", "low", "high"]
    try:
        kept = read_figures(path).set_index("id")[ends]
    except (OSError, ValueError, KeyError) as error:
        yield f"{path.name}: {error}"
        return
    today = figures.frame(record["entity"], record["period"]).set_index("id")[ends].astype(float)
    if len(kept) != record["figures"]:
        yield _("{file}: {count} rows, and {made} were made").format(
            file=path.name, count=len(kept), made=record["figures"]
        )
    for name in kept.index:
        known = name in today.index
        if not known or not np.allclose(kept.loc[name], today.loc[name], rtol=0, atol=NOISE, equal_nan=True):
            yield _("{file}: {name} is not what it is worked out to be").format(file=path.name, name=name)

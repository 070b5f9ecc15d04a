"""What is new in the rules since an earlier month?

A parameter of which the two rubrics allow no common value has changed. Where they share one it may be the same rule,
better known: that is said, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from analysis.figures import Figure, Figures, Html, exact
from analysis.language import _, write_period
from analysis.layout import heading, items, join, table
from analysis.scorecards.history import periods_with_total
from analysis.scorecards.periods import months_of
from analysis.scorecards.rubric import Group, Indicator, Known, Parameter, Rubric, rubric_in_force
from analysis.sentences import Sentence, say

MAX, TARGET, ZERO, GROUP, NEW, GONE = "max", "target", "zero_denominator", "group", "new", "gone"
COLUMNS = ["code", "name", "parameter", "before", "after", "status_before", "status_after", "sure", "source"]
Value = float | str
Row = dict[str, Any]


def period_before(history: pd.DataFrame, rubrics: tuple[Rubric, ...], entity: str, period: str) -> str:
    """The entity's last period before one that has a total and one rubric; "" where there is none."""
    for before in reversed(periods_with_total(history, entity)):
        if months_of(before)[1] < months_of(period)[0] and any(rubric.covers(before) for rubric in rubrics):
            return before
    return ""


def rule_news(rubrics: tuple[Rubric, ...], before: str, after: str) -> pd.DataFrame:
    """What the rules in force in two periods say differently; nothing where one rubric governs both, or `before` is "".

    Returns
    -------
    One row a parameter, what surely changed first, else in the order of the later rubric and then what it no longer
    has: `code`, `name` (of a group or an indicator), `parameter` (`max` in points, `target` in percent,
    `zero_denominator`, the `group` of an indicator; `new` or `gone` with its maximum), `before` and `after` (tuples of
    alternatives, each a number or a word; empty where there is none), `status_before`, `status_after`, `sure` (no
    alternative is common to both), `source`.

    Raises UnknownNameError when no rubric governs a period.
    """
    if not before:
        return pd.DataFrame(columns=COLUMNS)
    old, new = rubric_in_force(rubrics, before), rubric_in_force(rubrics, after)
    if old.id == new.id:
        return pd.DataFrame(columns=COLUMNS)
    earlier, later = _entries(old), _entries(new)
    rows = [row for code, entry in later.items() for row in _rows(earlier.get(code), entry)]
    rows += [row for code, entry in earlier.items() if code not in later for row in _rows(entry, None)]
    rows += _moved(old, new)
    frame = pd.DataFrame(rows, columns=COLUMNS).astype({"sure": bool})
    return frame.sort_values("sure", ascending=False, kind="stable", ignore_index=True)


def with_news(figures: Figures, frame: pd.DataFrame) -> Figures:
    """The figures with those of changed rules added: `news.sure`, `news.unsure`, `news.<row>.before.<number>`, …"""
    added = Figures(figures)
    added.add(_of_news(frame))
    return added


def news_words(figures: Figures, frame: pd.DataFrame, before: str) -> list[Sentence]:
    """Whether the rules are those of an earlier month."""
    if not before:
        return [say(_("No earlier total of this entity is known, so there are no rules to compare these with."))]
    period = write_period(before)
    if frame.empty:
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


def news_section(figures: Figures, frame: pd.DataFrame, before: str) -> Html:
    """What is new in the rules: sentences and a table."""
    rows = [
        [
            row.name,
            parameter_name(row.parameter),
            _cell(figures, row.before, f"news.{number}.before"),
            _cell(figures, row.after, f"news.{number}.after"),
            _("changed") if row.sure else _("may be the same"),
        ]
        for number, row in enumerate(frame.itertuples())
    ]
    heads = [_("Group or indicator"), _("Parameter"), _("Before"), _("Now"), _("Changed?")]
    return join(
        heading(_("What is new in the rules?")),
        items(news_words(figures, frame, before)),
        table(_("What the rules say differently"), heads, rows, text=(1, 4)) if rows else Html(),
    )


def parameter_name(parameter: str) -> str:
    """A parameter of a rule in the reader's language."""
    return {
        MAX: _("maximum, points"),
        TARGET: _("full marks from, %"),
        ZERO: _("where there was nothing to count"),
        GROUP: _("group"),
        NEW: _("new; its maximum, points"),
        GONE: _("no longer scored; its maximum, points"),
    }[parameter]


def _entries(rubric: Rubric) -> dict[str, Group | Indicator]:
    """Groups, each before its indicators."""
    entries: list[Group | Indicator] = []
    for group in rubric.groups:
        entries += [group, *group.indicators]
    return {entry.code: entry for entry in entries}


def _rows(old: Group | Indicator | None, new: Group | Indicator | None) -> Iterator[Row]:
    """What two rubrics say differently of one group or indicator; None where one does not have it."""
    entry = new or old
    assert entry is not None
    if old is None or new is None:
        yield {
            **{"code": entry.code, "name": entry.name, "parameter": NEW if old is None else GONE},
            **{"before": _values(old.max) if old else (), "after": _values(new.max) if new else ()},
            **{"status_before": old.max.status if old else "", "status_after": new.max.status if new else ""},
            **{"sure": 0.0 not in _values(entry.max), "source": entry.max.source},
        }
        return
    names = (MAX, TARGET, ZERO) if isinstance(old, Indicator) and isinstance(new, Indicator) else (MAX,)
    for name in names:
        one, other = getattr(old, name), getattr(new, name)
        before, after = _values(one), _values(other)
        if set(before) != set(after):
            yield {
                **{"code": new.code, "name": new.name, "parameter": name, "before": before, "after": after},
                **{"status_before": one.status, "status_after": other.status, "source": other.source},
                "sure": not set(before) & set(after),
            }


def _moved(old: Rubric, new: Rubric) -> Iterator[Row]:
    """Indicators that stand in another group."""
    homes = [{item.code: group for group in rubric.groups for item in group.indicators} for rubric in (old, new)]
    for code, group in homes[1].items():
        if code in homes[0] and homes[0][code].code != group.code:
            yield {
                **{"code": code, "name": new.name_of(code), "parameter": GROUP, "sure": True},
                **{"before": (homes[0][code].name,), "after": (group.name,)},
                **{"status_before": homes[0][code].max.status, "status_after": group.max.status},
                "source": group.max.source,
            }


def _values(parameter: Known | Parameter) -> tuple[Value, ...]:
    """The alternatives of a parameter."""
    if isinstance(parameter, Known):
        return (parameter.value,)
    return tuple(value if isinstance(value, str) else float(value) for value in parameter.alternatives)


def _cell(figures: Figures, values: tuple[Value, ...], prefix: str) -> Html:
    words = {"no_points": _("no points"), "full": _("full marks")}
    shown = [
        words.get(value, value) if isinstance(value, str) else figures[f"{prefix}.{number}"]
        for number, value in enumerate(values)
    ]
    return Html(_(" or ")).join(shown) if shown else Html("–")


def _of_news(frame: pd.DataFrame) -> Iterator[Figure]:
    if len(frame):
        for name, label, count in (
            ("sure", _("Parameters of the rules that changed"), int(frame["sure"].sum())),
            ("unsure", _("Parameters of the rules that may have changed"), int((~frame["sure"]).sum())),
        ):
            yield exact(f"news.{name}", label, float(count), "count", 0, "derived", "news.*")
    for number, row in enumerate(frame.itertuples()):
        unit = "percent" if row.parameter == TARGET else "points"
        for when, status in (("before", row.status_before), ("after", row.status_after)):
            for place, value in enumerate(getattr(row, when)):
                if not isinstance(value, str):
                    decimals = 0 if value == int(value) else 2
                    rule, name = f"{row.parameter} {status}", f"news.{number}.{when}.{place}"
                    yield exact(name, row.name, value, unit, decimals, "derived", rule)

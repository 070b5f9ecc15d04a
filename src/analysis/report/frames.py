"""How does an answer look in a notebook? A frame as a table that can be read aloud, and a picture with its table.

Every answer of `questions` is a frame that carries its source line and the picture it is drawn as (`attrs`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes

from analysis import project
from analysis.comparisons.trends import model_name
from analysis.errors import ParameterError
from analysis.files import replace_all, writing
from analysis.language import _, nearest, nfc, slug, write_number, write_period, write_range
from analysis.report import charts
from analysis.report.drawing import as_files, finding, picture
from analysis.report.figures import Html
from analysis.report.findings import effect_name
from analysis.report.layout import join, table
from analysis.report.sentences import part_name
from analysis.report.tables import status_name

FOLDER = "pictures"
PICTURES: dict[str, Callable[[pd.DataFrame], Axes]] = {
    "loss_by_group": charts.loss_by_group,
    "lost_by_indicator": charts.lost_by_indicator,
    "cards_side_by_side": charts.cards_side_by_side,
    "change_steps": charts.change_steps,
    "gain_ranges": charts.gain_ranges,
    "standing": charts.standing,
    "shares_of_spread": charts.shares_of_spread,
    "leaders_and_others": charts.leaders_and_others,
    "course_of_months": charts.course_of_months,
}
STYLE = Markup(
    "<style>.scorecard th, .scorecard td {text-align: left !important} .scorecard .n {text-align: right !important}"
    " .scorecard caption {text-align: left; font-weight: bold}</style>"
)
FIRST = {"_low": "_high", "_best": "_worst", "low": "high"}
LAST = tuple(FIRST.values())
AS_PRINTED = ("rate", "after")
HIDDEN = ("decimals", "group", "moved", "open", "run", "top", "said")
Heading = tuple[Callable[[], str], int, float]  # words, decimals, factor
Words = tuple[Callable[[], str], Callable[[Any], str]]  # words, how a cell is said


@dataclass(frozen=True)
class Seen:
    """A picture with its table: shown in a notebook, and saved with its source line.

    `label` is that of simulated figures; it stands in the picture and, as a column, in the saved table.
    """

    draw: Callable[[pd.DataFrame], Axes]
    frame: pd.DataFrame
    source: str
    label: str = ""

    def _repr_html_(self) -> str:
        ax = self.draw(self.frame)
        title = finding(ax)
        folded = Html("<details><summary>{}</summary>{}</details>")
        shown = picture(ax, title, self.source, self.label)
        said = Html("<p>{}</p>").format(self.frame.attrs["said"]) if self.frame.attrs.get("said") else Html()
        return str(join(shown, said, folded.format(_("The same as a table"), _table(self.frame, title))))

    def __repr__(self) -> str:
        return f"<{finding(self.draw(self.frame))}>"

    def save(self, name: str) -> list[str]:
        """Write `reports/pictures/<name>` as SVG and PNG with its source line, and as CSV; the files.

        Raises ParameterError for a name without a letter, WriteError where a file cannot be written.
        """
        if not slug(name):
            raise ParameterError(_("A picture needs a name of letters or digits."), [name])
        frame = self.frame.assign(label=self.label) if self.label else self.frame
        content = as_files(self.draw(self.frame), self.source, self.label)
        content["csv"] = frame.to_csv(index=False, lineterminator="\n", float_format="%.10g").encode()
        folder = project.root() / "reports" / FOLDER
        files = {folder / f"{slug(name)}.{form}": data for form, data in content.items()}
        with writing(_("No picture was written.")):
            replace_all(files)
        return [file.relative_to(project.root()).as_posix() for file in files]


def chart(answer: pd.DataFrame) -> Seen:
    """The picture of an answer, with its table folded under it. Raises ParameterError for a frame without a picture."""
    _check_frame(answer)
    name = answer.attrs.get("picture", "")
    if name not in PICTURES:
        raise ParameterError(
            _("This frame is not drawn as a picture."), nearest(name, PICTURES), _("Show it as a table: show(frame).")
        )
    return Seen(PICTURES[name], answer, answer.attrs["source"], answer.attrs["label"])


def show(answer: pd.DataFrame, caption: str = "") -> Html:
    """A frame as a table with headings in the reader's language; two ends of a range are one column.

    Columns that only programs need (decimals, the order) are left out; unknown ones are shown under their own names.
    """
    _check_frame(answer)
    under = [answer.attrs.get(name, "") for name in ("label", "said", "source")]
    notes = [Html("<p>{}</p>").format(words) for words in under if words]
    return join(_table(answer, caption or _("Table")), *notes)


def _check_frame(answer: object) -> None:
    if not isinstance(answer, pd.DataFrame):
        raise ParameterError(
            _("Only a frame can be shown, not this: {kind}.").format(kind=type(answer).__name__),
            [],
            _("Of a plan show its steps, of a course its months: show(plan.steps), chart(course.months)."),
        )


def _table(frame: pd.DataFrame, caption: str) -> Html:
    heads: list[str] = []
    columns: list[list[str]] = []
    text: list[int] = []
    for head, cells, is_text in _columns(frame):
        text += [len(heads)] if is_text else []
        heads.append(head)
        columns.append(cells)
    rows = [list(row) for row in zip(*columns, strict=True)]
    return Html('<div class="scorecard">{}{}</div>').format(STYLE, table(caption, heads, rows, text=text))


def _columns(frame: pd.DataFrame) -> Iterator[tuple[str, list[str], bool]]:
    """Each column that is shown: heading, cells, and whether they are words; what names a row comes first."""
    names = [str(name) for name in frame.columns]
    first = [name for name in ("card", "period", "name") if name in names]
    for name in dict.fromkeys([*first, *names]):
        stem, end = _stem(name)
        if name in HIDDEN or end in LAST or any(f"{name}{end}" in names for end in FIRST):
            continue
        if end in FIRST:
            yield _heading(stem), _ranges(frame[name], frame[f"{stem}{FIRST[end]}"], stem), False
        elif name == "value" and "decimals" in names:
            yield _heading(name), [_printed(*cell) for cell in zip(frame[name], frame["decimals"], strict=True)], False
        elif name == "value":
            yield _heading(name), [_printed(cell, _needed(cell)) for cell in frame[name]], False
        elif name in WORDS:
            heading, say = WORDS[name]
            yield heading(), [nfc(say(value)) for value in frame[name]], True
        elif pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_bool_dtype(frame[name]):
            yield _heading(name), _ranges(frame[name], frame[name], name), False
        else:
            yield _heading(name), [str(value) for value in frame[name]], True


def _stem(name: str) -> tuple[str, str]:
    """`lost_low` is (`lost`, `_low`); `low` is (``, `low`)."""
    return next(((name.removesuffix(end), end) for end in (*FIRST, *LAST) if name.endswith(end)), (name, ""))


def _heading(stem: str) -> str:
    return NUMBERS[stem][0]() if stem in NUMBERS else stem


def _printed(value: float, decimals: int) -> str:
    return "–" if pd.isna(value) else write_number(value, decimals)


def _needed(value: float) -> int:
    """How many decimals a number needs, at most two: none that its source did not print are added."""
    return next((places for places in (0, 1) if abs(round(value, places) - value) < 1e-9), 2)


def _ranges(low: pd.Series, high: pd.Series, stem: str) -> list[str]:
    if stem in AS_PRINTED:  # a printed rate may have been half a hundredth less or more, and is shown as printed
        pairs = zip(low, high, strict=True)
        ends = [((least + most) / 2,) * 2 if most - least < 0.0101 else (least, most) for least, most in pairs]
        low, high = pd.Series([end[0] for end in ends]), pd.Series([end[1] for end in ends])
    whole = pd.api.types.is_integer_dtype(low) and pd.api.types.is_integer_dtype(high)
    _words, decimals, factor = NUMBERS.get(stem, (str, 0 if whole else 2, 1))
    return [
        "–" if pd.isna(least) or pd.isna(most) else write_range(factor * least, factor * most, decimals)
        for least, most in zip(low, high, strict=True)
    ]


def _yes_or_no(fits: Any) -> str:
    return "–" if pd.isna(fits) else _("yes") if fits else _("no")


def _said(words: dict[str, str], value: Any) -> str:
    """A value in words, or as it is where there are none."""
    return words.get(value, str(value))


NUMBERS: dict[str, Heading] = {
    "score": (lambda: _("Score"), 2, 1),
    "max": (lambda: _("Maximum"), 0, 1),
    "lost": (lambda: _("Lost, points"), 2, 1),
    "share": (lambda: _("Share, %"), 1, 100),
    "achieved": (lambda: _("Of its maximum, %"), 0, 100),
    "rate": (lambda: _("Rate, %"), 2, 1),
    "target": (lambda: _("Target, %"), 2, 1),
    "gain": (lambda: _("Gain, points"), 2, 1),
    "own": (lambda: _("Own part, points"), 2, 1),
    "total": (lambda: _("New total"), 2, 1),
    "remaining": (lambda: _("Still lost"), 2, 1),
    "printed": (lambda: _("As printed"), 2, 1),
    "value": (lambda: _("Value"), 2, 1),
    "wider": (lambda: _("Range wider without it, points"), 2, 1),
    "survivors": (lambda: _("Rules that fit without it"), 0, 1),
    "added": (lambda: _("Raise by, percentage points"), 2, 1),
    "after": (lambda: _("Rate then, %"), 2, 1),
    "cost": (lambda: _("Effort, percentage points"), 2, 1),
    "rank": (lambda: _("Rank"), 0, 1),
    "ranked": (lambda: _("Of how many"), 0, 1),
    "known": (lambda: _("Totals known"), 0, 1),
    "indicators": (lambda: _("Indicators"), 0, 1),
    "conf": (lambda: _("Confidence interval"), 2, 1),
    "place": (lambda: _("Rank"), 0, 1),
    "of": (lambda: _("Of how many"), 0, 1),
    "quantile": (lambda: _("Others below or level, %"), 0, 100),
    "lower_quarter": (lambda: _("Lower quarter"), 2, 1),
    "median": (lambda: _("Median"), 2, 1),
    "upper_quarter": (lambda: _("Upper quarter"), 2, 1),
    "best": (lambda: _("Best"), 2, 1),
    "to_median": (lambda: _("To the median"), 2, 1),
    "variance_alone": (lambda: _("Its own variance, % of that of totals"), 1, 100),
    "correlation": (lambda: _("Correlation with the total"), 2, 1),
    "provinces": (lambda: _("Provinces"), 0, 1),
    "leaders": (lambda: _("Leaders"), 0, 1),
    "others": (lambda: _("Others"), 0, 1),
    "leaders_median": (lambda: _("Median of the leaders"), 2, 1),
    "others_median": (lambda: _("Median of the others"), 2, 1),
    "difference": (lambda: _("Difference"), 2, 1),
    "separation": (lambda: _("A leader has more: share of pairs"), 2, 1),
    "leaders_full": (lambda: _("Leaders nearly full"), 0, 1),
    "others_full": (lambda: _("Others nearly full"), 0, 1),
    "everyone_has": (lambda: _("Nearly full, % of all"), 0, 100),
    "estimate": (lambda: _("Estimate, points"), 2, 1),
    "expected": (lambda: _("Maximum by the rules"), 2, 1),
    "horizon": (lambda: _("Months ahead"), 0, 1),
    "origins": (lambda: _("Times tried"), 0, 1),
    "mae": (lambda: _("Mean error"), 2, 1),
    "relative": (lambda: _("Against as last month"), 2, 1),
    "covered": (lambda: _("Inside the interval, %"), 0, 100),
    "p_value": (lambda: _("p-value"), 3, 1),
    "size": (lambda: _("Size"), 2, 1),
    "": (lambda: _("Within rounding"), 2, 1),
}


WORDS: dict[str, Words] = {
    "card": (lambda: _("Card"), str),
    "name": (lambda: _("Name"), str),
    "code": (lambda: _("Code"), str),
    "lever": (lambda: _("Code"), str),
    "certainty": (lambda: _("How sure"), lambda certainty: _said({
        "published": _("published"), "assumes_one_rule": _("if one rule held"), "not_separable": _("not separable"),
    }, certainty)),
    "status": (lambda: _("How it is known"), status_name),
    "effect": (lambda: _("What it is"), effect_name),
    "why": (lambda: _("Why"), str),
    "model": (lambda: _("Carried on"), lambda model: model_name(model) if model else _("known")),
    "shown": (lambda: _("Sure enough"), _yes_or_no),
    "flag": (lambda: _("Flag"), lambda flag: _said({
        "level_break": _("another level"), "outlier": _("out of line"), "known_break": _("not comparable before"),
    }, flag)),
    "quote": (lambda: _("As the source prints it"), str),
    "source": (lambda: _("Source"), lambda source: source or "–"),
    "line": (lambda: _("Line"), str),
    "part": (lambda: _("Part"), part_name),
    "period": (lambda: _("Period"), write_period),
    "parameter": (lambda: _("Rule"), lambda name: _said({"max": _("maximum"), "target": _("target")}, name)),
    "disclosure": (lambda: _("In the notice"), lambda part: _said({
        "printed": _("printed"), "derivable": _("derivable"), "undisclosed": _("undisclosed"),
    }, part)),
    "fits": (lambda: _("Fits"), _yes_or_no),
    "agrees": (lambda: _("Agrees"), _yes_or_no),
    "possible": (lambda: _("Possible"), _yes_or_no),
    "level": (lambda: _("Level"), lambda level: _said({
        "total": _("total"), "group": _("group"), "indicator": _("indicator"), "rank": _("rank"),
    }, level)),
    "held_by": (lambda: _("Held by"), lambda who: _said({
        "most": _("most provinces"), "leaders": _("mainly leaders"), "some": _("some"), "nobody": _("nobody"), "": "–",
    }, who)),
    "unit": (lambda: _("Unit"), lambda unit: _said({
        "points": _("points"), "percent": "%", "count": _("number"), "rank": _("rank"), "days": _("days"),
    }, unit)),
    "case": (lambda: _("Case"), lambda case: _said({"today": _("today"), "after": _("afterwards")}, case)),
}  # fmt: skip

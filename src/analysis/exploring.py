"""How does an answer look in a notebook? A frame as a table that can be read aloud, and a picture with its table.

Every answer of `questions` is a frame that carries its source line and the picture it is drawn as (`attrs`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes

from analysis import charts, comparisons, project
from analysis.drawing import as_files, finding, picture
from analysis.errors import ParameterError
from analysis.figures import Html
from analysis.files import replace_all, writing
from analysis.headings import NUMBERS, WORDS
from analysis.language import _, nearest, nfc, slug, write_number, write_range
from analysis.layout import join, table

FOLDER = "pictures"

PICTURES: dict[str, Callable[[pd.DataFrame], Axes]] = {
    "loss_by_group": charts.loss_by_group,
    "lost_by_indicator": comparisons.lost_by_indicator,
    "cards_side_by_side": comparisons.cards_side_by_side,
    "change_steps": comparisons.change_steps,
    "gain_ranges": charts.gain_ranges,
    "standing": comparisons.standing,
    "shares_of_spread": comparisons.shares_of_spread,
    "leaders_and_others": comparisons.leaders_and_others,
    "course_of_months": comparisons.course_of_months,
}


STYLE = Markup(
    "<style>.scorecard th, .scorecard td {text-align: left !important} .scorecard .n {text-align: right !important}"
    " .scorecard caption {text-align: left; font-weight: bold}</style>"
)
FIRST = {"_low": "_high", "_best": "_worst", "low": "high"}
LAST = tuple(FIRST.values())
AS_PRINTED = ("rate", "after")
HIDDEN = ("decimals", "group", "moved", "open", "run", "top", "said")


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

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

from analysis import charts, comparisons, project
from analysis.drawing import finding, picture, save_picture
from analysis.errors import ParameterError
from analysis.figures import Html
from analysis.findings import effect_name
from analysis.losses import part_name
from analysis.publish import replace_all, writing
from analysis.tables import join, status_name, table
from analysis.trends import model_name
from analysis.vietnamese import _, nearest, nfc, slug, write_number, write_period, write_range

FOLDER = "pictures"
Heading = tuple[Callable[[], str], int, float]  # words, decimals, factor

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


def _yes_or_no(fits: Any) -> str:
    return "–" if pd.isna(fits) else _("yes") if fits else _("no")


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
WORDS: dict[str, tuple[Callable[[], str], Callable[[Any], str]]] = {
    "card": (lambda: _("Card"), str),
    "name": (lambda: _("Name"), str),
    "code": (lambda: _("Code"), str),
    "lever": (lambda: _("Code"), str),
    "certainty": (lambda: _("How sure"), lambda certainty: {
        "published": _("published"), "assumes_one_rule": _("if one rule held"), "not_separable": _("not separable"),
    }.get(certainty, certainty)),
    "status": (lambda: _("How it is known"), status_name),
    "effect": (lambda: _("What it is"), effect_name),
    "why": (lambda: _("Why"), str),
    "model": (lambda: _("Carried on"), lambda model: model_name(model) if model else _("known")),
    "shown": (lambda: _("Shown"), _yes_or_no),
    "flag": (lambda: _("Flag"), lambda flag: {
        "level_break": _("another level"), "outlier": _("out of line"), "known_break": _("not comparable before"),
    }.get(flag, flag)),
    "quote": (lambda: _("As the source prints it"), str),
    "source": (lambda: _("Source"), str),
    "line": (lambda: _("Line"), str),
    "part": (lambda: _("Part"), part_name),
    "period": (lambda: _("Period"), write_period),
    "parameter": (lambda: _("Rule"), lambda name: {"max": _("maximum"), "target": _("target")}.get(name, name)),
    "disclosure": (lambda: _("In the notice"), lambda part: {
        "printed": _("printed"), "derivable": _("derivable"), "undisclosed": _("undisclosed"),
    }.get(part, part)),
    "fits": (lambda: _("Fits"), _yes_or_no),
    "agrees": (lambda: _("Agrees"), _yes_or_no),
    "possible": (lambda: _("Possible"), _yes_or_no),
    "level": (lambda: _("Level"), lambda level: {
        "total": _("total"), "group": _("group"), "indicator": _("indicator"), "rank": _("rank"),
    }.get(level, level)),
    "held_by": (lambda: _("Held by"), lambda who: {
        "most": _("most provinces"), "leaders": _("mainly leaders"), "some": _("some"), "nobody": _("nobody"), "": "–",
    }.get(who, who)),
    "unit": (lambda: _("Unit"), lambda unit: {
        "points": _("points"), "percent": "%", "count": _("number"), "rank": _("rank"), "days": _("days"),
    }.get(unit, unit)),
    "case": (lambda: _("Case"), lambda case: {"today": _("today"), "after": _("afterwards")}.get(case, case)),
}  # fmt: skip
STYLE = Markup(
    "<style>.scorecard th, .scorecard td {text-align: left !important} .scorecard .n {text-align: right !important}"
    " .scorecard caption {text-align: left; font-weight: bold}</style>"
)
FIRST = {"_low": "_high", "_best": "_worst", "low": "high"}
LAST = tuple(FIRST.values())
HIDDEN = ("decimals", "group", "moved", "open", "part", "top", "said")


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
        path = project.root() / "reports" / FOLDER / slug(name)
        table_file = path.with_suffix(".csv")
        frame = self.frame.assign(label=self.label) if self.label else self.frame
        with writing(_("No picture was written.")):
            replace_all({table_file: frame.to_csv(index=False, lineterminator="\n").encode()})
        files = [*save_picture(self.draw(self.frame), path, self.source, self.label), table_file]
        return [file.relative_to(project.root()).as_posix() for file in files]


def chart(answer: pd.DataFrame) -> Seen:
    """The picture of an answer, with its table folded under it. Raises ParameterError for a frame without a picture."""
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
    under = [answer.attrs.get(name, "") for name in ("label", "said", "source")]
    notes = [Html("<p>{}</p>").format(words) for words in under if words]
    return join(_table(answer, caption or _("Table")), *notes)


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


def _ranges(low: pd.Series, high: pd.Series, stem: str) -> list[str]:
    whole = pd.api.types.is_integer_dtype(low) and pd.api.types.is_integer_dtype(high)
    _words, decimals, factor = NUMBERS.get(stem, (str, 0 if whole else 2, 1))
    return [
        "–" if pd.isna(least) or pd.isna(most) else write_range(factor * least, factor * most, decimals)
        for least, most in zip(low, high, strict=True)
    ]

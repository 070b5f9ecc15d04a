"""What is an answer, wherever it is shown? Numbers, sentences, tables and pictures in one object.

A section is written once. The page and a notebook show it as HTML (`page/section.html.j2`, escaped by default), a
command prints `str(section)` and its `--json` is `section.data`.
"""

from __future__ import annotations

import math
import shutil
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd
from markupsafe import Markup, escape

from analysis import project
from analysis.errors import ParameterError
from analysis.files import replace_all, writing
from analysis.language import _, nfc, slug
from analysis.report.figures import Figures
from analysis.scorecards.entities import SYNTHETIC
from analysis.scorecards.sources import Source

if TYPE_CHECKING:
    from jinja2 import Environment
    from matplotlib.axes import Axes

    from analysis.notices.tokens import Passage

TEMPLATES = Path(__file__).parent / "page"
PICTURES = "pictures"
OF_PAGES = ("index.html.j2", "reports.html.j2")  # what nbconvert fills
# What JupyterLab needs beside the HTML of the page, whose own style sheet has it.
LAB_STYLE = Markup(
    "<style>.scorecard th, .scorecard td {text-align: left !important} .scorecard .n {text-align: right !important}"
    " .scorecard caption {text-align: left; font-weight: bold}</style>"
)
NARROWEST, USUAL_WIDTH = 80, 110  # characters of a terminal: at least, and where there is none
NAME_WIDTH = 44  # characters of a column of words in a table


@dataclass(frozen=True)
class Sentence:
    """A template and what goes into it, so that its text and its HTML cannot disagree."""

    template: str
    values: dict[str, Any]

    def __str__(self) -> str:
        return self.template.format(**self.values)

    def __html__(self) -> str:
        return Markup(escape(self.template)).format(**self.values)


def say(template: str, **values: Any) -> Sentence:
    return Sentence(template, values)


def listed(parts: Iterable[Any], between: str) -> Sentence:
    """Several figures or sentences as one, with words between them."""
    named = {f"part_{number}": part for number, part in enumerate(parts)}
    return Sentence(between.join(f"{{{name}}}" for name in named), named)


@dataclass(frozen=True)
class Reference:
    """Words that refer to a file or a rule: no figure of the page."""

    words: str

    def __str__(self) -> str:
        return self.words

    def __html__(self) -> str:
        return Markup('<span class="ref">{}</span>').format(self.words) if self.words else ""


@dataclass(frozen=True)
class Quote:
    """The words of a source; where its sentence is known, a click opens it."""

    words: str
    passage: Passage | None = None

    def __str__(self) -> str:
        return f"“{self.words}”" if self.words else ""

    def __html__(self) -> str:
        short = Markup('<q class="ref">{}</q>').format(self.words)
        if self.passage is None:
            return short
        sentence = Markup("<p>{}<mark>{}</mark>{}</p>").format(
            self.passage.before, self.passage.quote, self.passage.after
        )
        return Markup('<details class="ref"><summary>{}</summary>{}</details>').format(short, sentence)


# What a section is made of: each part is shown by `page/section.html.j2`, and says itself as text.


@dataclass(frozen=True)
class Heading:
    """The heading of a part; `style` is a class of the page's style sheet."""

    words: str
    level: int = 2
    style: str = ""

    def text(self, _width: int) -> str:
        return self.words


@dataclass(frozen=True)
class Words:
    """Sentences as one paragraph, or each as an item of a list; `style` is a class of the page's style sheet."""

    said: Sequence[Any]
    style: str = ""
    as_list: bool = False

    def text(self, _width: int) -> str:
        return "\n".join(f"- {words}" if self.as_list else str(words) for words in self.said)


@dataclass(frozen=True)
class Table:
    """A table with a caption; the first column names the row, `text` columns are words, the rest numbers.

    `anchors` are the ids of the rows, if they are to be linked to.
    """

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Any]]
    text_columns: Sequence[int] = ()
    anchors: Sequence[str] = ()

    def numeric(self, column: int) -> bool:
        return column not in (0, *self.text_columns)

    def text(self, width: int) -> str:
        """The table in aligned columns; headings and names are wrapped, the last columns too where there is no room."""
        cells = [[nfc(str(cell)) for cell in row] for row in self.rows]
        widths, least = list[int](), list[int]()
        for column, head in enumerate(self.heads):
            longest = max((len(row[column]) for row in cells), default=0)
            words = [head, *(row[column] for row in cells)]
            least.append(max((len(word) for text in words for word in text.split()), default=0))
            most = longest if self.numeric(column) else NAME_WIDTH
            widths.append(max(min(longest, most), least[column], min(len(head), 12)))
        over = sum(widths) + 2 * len(widths) - width
        for column in (column for column in reversed(range(len(widths))) if not self.numeric(column)):
            given = min(max(over, 0), widths[column] - max(least[column], 16) if widths[column] > 16 else 0)
            widths[column], over = widths[column] - max(given, 0), over - max(given, 0)
        lines = [self.caption]
        for row in (list(self.heads), *cells):
            wrapped = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row, widths, strict=True)]
            for number in range(max(map(len, wrapped))):
                shown = [part[number] if number < len(part) else "" for part in wrapped]
                aligned = [
                    words.rjust(width) if self.numeric(column) else words.ljust(width)
                    for column, (words, width) in enumerate(zip(shown, widths, strict=True))
                ]
                lines.append("  " + "  ".join(aligned).rstrip())
        return "\n".join(lines)


@dataclass(frozen=True)
class Picture:
    """A chart of `report.charts` or `year_charts` over a frame, drawn when it is shown.

    `words` say it to those who do not see it; without them its title does. `label` is that of simulated figures.
    """

    chart: str
    frame: pd.DataFrame
    source: str
    words: str = ""
    label: str = ""

    def draw(self) -> Axes:
        from analysis.report import charts, year_charts

        axes: Axes = getattr(year_charts if hasattr(year_charts, self.chart) else charts, self.chart)(self.frame)
        return axes

    @property
    def drawn(self) -> dict[str, Any]:
        """What the page shows of it: `data` (SVG, base64), `width`, `height` and `alt`."""
        from analysis.report import drawing

        ax = self.draw()
        return {**drawing.svg(ax, self.label), "alt": self.words or drawing.finding(ax)}

    def text(self, _width: int) -> str:
        return ""


@dataclass(frozen=True)
class Folded:
    """Parts under a summary that opens; `style` is a class of the page's style sheet."""

    summary: str
    parts: Sequence[Part]
    style: str = ""

    def text(self, width: int) -> str:
        return _text_of(self.parts, width)


@dataclass(frozen=True)
class Slide:
    """Parts that are a slide of their own when the page is presented."""

    parts: Sequence[Part]

    def text(self, width: int) -> str:
        return _text_of(self.parts, width)


@dataclass(frozen=True)
class SourceList:
    """Sources in full, folded."""

    sources: Mapping[str, Source]

    @property
    def summary(self) -> str:
        return _("Sources")

    def in_full(self, source: Source) -> str:
        """A source with the beginning of the hash of its document, where that is kept."""
        return f"{source.in_full} [sha256 {source.sha256[:12]}…]" if source.sha256 else source.in_full

    def text(self, _width: int) -> str:
        return "\n".join(f"[{name}] {self.in_full(source)}" for name, source in self.sources.items())


@dataclass(frozen=True)
class Piece:
    """A part with a template of its own in `page/`, and what it says as text."""

    template: str
    values: Mapping[str, Any]
    said: Sequence[Any] = ()

    def text(self, _width: int) -> str:
        return "\n".join(str(words) for words in self.said)


Part = Heading | Words | Table | Picture | Folded | Slide | SourceList | Piece


@dataclass(frozen=True, eq=False, repr=False)
class Section:
    """What one question is answered with.

    `figures` are its own numbers by id, `parts` what is shown, in order. `tables` are the same results as frames, by
    name; `facts` what `--json` says besides. `source` is the source line and `label` that of simulated figures;
    `failures` are what makes a command fail.
    """

    title: str
    parts: Sequence[Part] = ()
    figures: Figures = field(default_factory=Figures)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    label: str = ""
    failures: Sequence[str] = ()
    ENDS: ClassVar[int] = 10  # decimals at which the noise of floats is cut

    @classmethod
    def together(cls, *sections: Section) -> Section:
        """Several sections as one, in their order; title, source and label are those of the first."""
        figures = Figures()
        for section in sections:
            figures.add(section.figures.values())
        return cls(
            sections[0].title,
            [part for section in sections for part in section.parts],
            figures,
            {name: table for section in sections for name, table in section.tables.items()},
            {name: fact for section in sections for name, fact in section.facts.items()},
            sections[0].source,
            sections[0].label,
        )

    @property
    def said(self) -> list[Any]:
        """Its sentences, in order."""
        return list(_said(self.parts))

    @property
    def table(self) -> pd.DataFrame:
        """Its first table. Raises ParameterError where it has none."""
        if not self.tables:
            raise ParameterError(_("“{title}” has no table.").format(title=self.title), [])
        return next(iter(self.tables.values()))

    @property
    def pictures(self) -> list[Callable[[], Axes]]:
        """Its pictures; each draws itself anew and returns the Axes."""
        return [part.draw for part in self.parts if isinstance(part, Picture)]

    @property
    def data(self) -> dict[str, Any]:
        """The same for programs: facts and rows; missing is null."""
        kind = {"kind": SYNTHETIC} if self.label else {}
        return {**self.facts, **{name: records(frame) for name, frame in self.tables.items()}, **kind}

    def __str__(self) -> str:
        width = max(shutil.get_terminal_size((USUAL_WIDTH, 24)).columns, NARROWEST)
        return nfc("\n".join(filter(None, (self.label, _text_of(self.parts, width)))))

    def __repr__(self) -> str:
        return f"<{self.title}>"

    @property
    def html(self) -> Markup:
        """What the page shows: each heading begins a `<section>`, and each picture is one."""
        return Markup(nfc(_templates().get_template("section.html.j2").render(blocks=_blocks(self.parts))))

    def _repr_mimebundle_(self, **_wanted: Any) -> tuple[dict[str, str], dict[str, Any]]:
        """The HTML for a notebook, and how much of it is for JupyterLab alone (`runs.page` leaves that out)."""
        label = Markup("<p><strong>{}</strong></p>").format(self.label) if self.label else ""
        head = f'{LAB_STYLE}<div class="scorecard">{label}'
        html = f"{head}{self.html}</div>"
        return {"text/html": html, "text/plain": repr(self)}, {"text/html": {"scorecard": [len(head), len("</div>")]}}

    def save(self, name: str) -> list[str]:
        """Write `reports/pictures/<name>`: the first picture as SVG and PNG with its source, the first table as CSV.

        Returns the files, from the top of the project. Raises ParameterError for a name without a letter, WriteError
        where a file cannot be written.
        """
        if not slug(name):
            raise ParameterError(_("A picture needs a name of letters or digits."), [name])
        content: dict[str, bytes] = {}
        for draw in self.pictures[:1]:
            from analysis.report import drawing

            content |= drawing.as_files(draw(), self.source, self.label)
        for frame in list(self.tables.values())[:1]:
            kept = frame.assign(label=self.label) if self.label else frame
            content["csv"] = kept.to_csv(index=False, lineterminator="\n", float_format="%.10g").encode()
        folder = project.root() / "reports" / PICTURES
        files = {folder / f"{slug(name)}.{form}": data for form, data in content.items()}
        with writing(_("No picture was written.")):
            replace_all(files)
        return [file.relative_to(project.root()).as_posix() for file in files]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON: missing is null, and the noise of floats is cut at ten decimals."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def rounded(value: float | None) -> float | None:
    """A number for JSON: missing is null."""
    return None if value is None or math.isnan(value) else round(value, Section.ENDS)


def source_words(source: Source) -> str:
    """Who published a source, and its number."""
    return ", ".join(part for part in (source.publisher, source.number) if part)


def described(figures: Figures, prefix: str, measure: str, sources: Mapping[str, Source]) -> dict[str, str]:
    """What stands with a picture of the figures `prefix.*.measure`: `words`, `source` line, label of simulated ones."""
    shown = [item for item in figures.values() if item.id.startswith(f"{prefix}.") and item.id.endswith(f".{measure}")]
    words = "; ".join(f"{item.label}: {item}" for item in shown) or _("Nothing to show was published")
    used = dict.fromkeys(item.source for item in shown if item.source) or [figures["total"].source]
    named = dict.fromkeys(source_words(sources[name]) for name in used)
    source = _("Source: {source}.").format(source="; ".join(named))
    return {"words": f"{words}.", "source": source, "label": figures.label}


def source_line(rows: pd.DataFrame, sources: Mapping[str, Source]) -> str:
    """Where rows of figures come from; of simulated ones that no file holds, that they were made here."""
    names = dict.fromkeys(rows["source"])
    words = [sources[name].in_full if name in sources else _("simulated by this program") for name in names]
    return _("Source: {source}.").format(source="; ".join(words))


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return rounded(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.item() if hasattr(value, "item") else value


def _text_of(parts: Sequence[Part], width: int) -> str:
    """Parts as text, with an empty line before each heading and around each table."""
    lines: list[str] = []
    for part in parts:
        words = part.text(width)
        apart = lines and isinstance(part, Heading | Table | Slide) and lines[-1] != ""
        lines += [""] * bool(apart and words) + ([words] if words else [])
        lines += [""] * bool(words and isinstance(part, Table))
    return "\n".join(lines).strip("\n")


def _said(parts: Sequence[Part]) -> Iterator[Any]:
    for part in parts:
        if isinstance(part, Words | Piece):
            yield from part.said
        elif isinstance(part, Folded | Slide):
            yield from _said(part.parts)


def _blocks(parts: Sequence[Part]) -> list[list[Part]]:
    """The parts of each `<section>`: a picture by itself, and what stands from one main heading to the next."""
    blocks: list[list[Part]] = []
    for part in parts:
        alone = isinstance(part, Picture)
        begins = isinstance(part, Heading) and part.level == 2
        if alone or begins or not blocks or isinstance(blocks[-1][0], Picture):
            blocks.append([])
        blocks[-1].append(part)
    return blocks


def load_templates() -> None:
    """Compile now what sections are shown with, once for all processes that are forked from this one."""
    for name in _templates().list_templates(filter_func=lambda name: name.endswith(".j2")):
        if name not in OF_PAGES:
            _templates().get_template(name)


@lru_cache(maxsize=1)
def _templates() -> Environment:
    """The templates of the page's parts; whatever goes into them is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["kind"] = lambda part: type(part).__name__
    return environment

"""How is a piece of a page written? Headings, sentences, tables and sources as HTML; everything in them is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import escape

from analysis.language import _, nfc
from analysis.report.figures import Html
from analysis.report.sentences import Sentence
from analysis.scorecards.sources import Source


def table(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[Any]],
    text: Sequence[int] = (),
    anchors: Sequence[str] = (),
) -> Html:
    """A table with a caption; the first column names the row, `text` columns are words, the rest numbers.

    `anchors` are the ids of the rows, if they are to be linked to.
    """
    numeric = ["" if place in (0, *text) else ' class="n"' for place in range(len(heads))]
    head = "".join(f'<th scope="col"{look}>{escape(name)}</th>' for look, name in zip(numeric, heads, strict=True))
    body = []
    for number, (first, *rest) in enumerate(rows):
        anchor = f' id="{escape(anchors[number])}"' if anchors else ""
        cells = "".join(f"<td{look}>{escape(cell)}</td>" for look, cell in zip(numeric[1:], rest, strict=True))
        body.append(f'<tr{anchor}><th scope="row">{escape(first)}</th>{cells}</tr>')
    return Html(
        '<div class="scroll" role="region" tabindex="0" aria-label="{}"><table><caption><span>{}</span></caption>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(caption, caption, Html(nfc(head)), Html(nfc("".join(body))))


def reference(words: str) -> Html:
    """Words that refer to a file or a rule: no figure of the page."""
    return Html(f'<span class="ref">{escape(words)}</span>' if words else "")


def source_words(source: Source) -> str:
    """Who published a source, and its number."""
    return ", ".join(part for part in (source.publisher, source.number) if part)


def source_list(sources: Mapping[str, Source]) -> Html:
    """Sources in full, folded."""
    entries = []
    for name, source in sources.items():
        words = source.in_full
        if source.sha256:
            words += f" [sha256 {source.sha256[:12]}…]"
        link = Html('<a href="{}" rel="noreferrer">{}</a>').format(source.url, words) if source.url else words
        entries.append(Html("<li><code>{}</code>: {}</li>").format(name, link))
    return Html('<details class="ref"><summary>{}</summary><ul>{}</ul></details>').format(_("Sources"), join(*entries))


def slide(*parts: Any) -> Html:
    """A piece of the page that is a slide of its own when it is presented."""
    return Html('<div class="slide">{}</div>').format(join(*parts))


def heading(words: str) -> Html:
    """The heading of a section."""
    return Html("<h2>{}</h2>").format(words)


def paragraph(said: Sequence[Sentence], style: str) -> Html:
    """Sentences as one paragraph."""
    attribute = Html(' class="{}"').format(style) if style else Html()
    return Html("<p{}>{}</p>").format(attribute, Html(" ").join(said))


def items(said: Sequence[Sentence]) -> Html:
    """Sentences as a list."""
    return Html("<ul>{}</ul>").format(join(*(Html("<li>{}</li>").format(item) for item in said)))


def join(*parts: Any) -> Html:
    """Pieces of a page, one after another, in composed Unicode."""
    return Html(nfc(str(Html("").join(parts))))

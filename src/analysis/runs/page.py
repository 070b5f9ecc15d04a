"""How does an executed notebook become one HTML file that needs nothing else?"""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import Any

from markupsafe import escape

from analysis import project
from analysis.errors import BrowserError, CheckError
from analysis.language import _, language, nfc
from analysis.report.section import Section
from analysis.runs.forked import temporary_folder

PAGE_FOLDER = Path(__file__).parents[1] / "report" / "page"
DATA = 'id="trial-data"'
SCRIPTS = ("whatif.js", "panel.js", "sources.js", "contents.js", "slides.js")
BOARD = 'class="board"'  # the list of reports, which has a script and a style of its own
NOTEBOOK_ONLY = "notebook-only"  # the tag of cells that stay in the notebook
WIDGET = "application/vnd.jupyter.widget-view+json"
PICTURES = ("image/svg+xml", "image/png", "image/jpeg", "image/gif")
ALLOWED = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "pre", "code", "div", "span"),
    *("strong", "b", "em", "i", "u", "s", "del", "sub", "sup", "mark", "small", "a", "img", "ul", "ol", "li"),
    *("dl", "dt", "dd", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "figure", "figcaption"),
}
ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
CELL = re.compile(r"<(t[dh])\b([^>]*)>(.*?)</\1>", re.DOTALL)
NUMBER = re.compile(r"[−+-]?[\d.,\s]*\d(e[+-]?\d+)?\s*%?")
MISSING = ("", "–", "-", "NaN", "None", "nan", "<NA>", "NaT")
PRINTED = ((100, "usual"), (122, "small"), (145, "smaller"))  # letters that fit beside each other on A4
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge")
PLACES = {
    "win32": (
        r"Google\Chrome\Application\chrome.exe",
        r"Microsoft\Edge\Application\msedge.exe",
        r"Chromium\Application\chrome.exe",
    ),
    "darwin": (
        "Google Chrome.app/Contents/MacOS/Google Chrome",
        "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        "Chromium.app/Contents/MacOS/Chromium",
    ),
}
ROOTS = {"win32": ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"), "darwin": ()}
PRINT_SECONDS = 120


def page_of(notebook: Any, title: str, label: str = "") -> str:
    """The page of a notebook: what its cells show, in their order, with its style and nothing from outside.

    `label` is that of simulated figures: it is seen wherever the page is scrolled, on each slide and each printed page.

    Raises CheckError: a picture of simulated figures does not say that they are.
    """
    board = _shows(notebook, BOARD)
    style = _texts("page.css", "board.css") if board else _texts("page.css")
    script = _texts(*SCRIPTS) if _shows(notebook, DATA) else _texts("board.js") if board else ""
    page = {
        "language": language(),
        "title": title,
        "label": label,
        "skip": _("Skip to the content"),
        "style": style,
        "script": script,
        "style_hash": _hash(style),
        "script_hash": _hash(script) if script else "",
    }
    body = _filled(notebook, {"page": page})
    if label and (bare := sum(label not in picture for picture in _pictures(body))):
        raise CheckError(_("{count} pictures of simulated figures do not say so.").format(count=bare))
    return body


def load_renderer() -> None:
    """Import now what renders, while other processes work."""
    import nbconvert.exporters  # noqa: F401


def shown_on_page(cell: Any) -> Iterator[str]:
    """What a cell shows on the page, as HTML: our own sections as they are, what an analyst added cleaned.

    Of what was added, text, tables and pictures stand on the page; scripts and styles are left out, and so is a picture
    that is not in the notebook or in its folder. Cells tagged `notebook-only` stay in the notebook.
    """
    if cell.cell_type == "markdown" and NOTEBOOK_ONLY not in cell.metadata.get("tags", []):
        yield _added(_markdown(cell.source, cell.get("attachments")))
    for number, output in enumerate(cell.get("outputs", []), start=1):
        if ours := output.get("metadata", {}).get("text/html", {}).get("scorecard"):
            html = output.data["text/html"]
            yield html[ours[0] : len(html) - ours[1]]
        elif html := _of_output(output, f"{cell.execution_count}.{number}"):
            yield _added(html)


def _of_output(output: Any, place: str) -> str:
    """An output that an analyst's cell shows, the richest form that a page can show; "" where there is none."""
    if output.output_type == "stream":
        return _text(output.text) if output.name == "stdout" else ""
    data = output.get("data", {})
    if "text/html" in data and WIDGET not in data:
        return str(data["text/html"])
    for kind in PICTURES:
        if kind in data:
            content = data[kind] if kind != "image/svg+xml" else base64.b64encode(data[kind].encode()).decode()
            words = escape(_("Picture of cell {place}").format(place=place))
            return f'<img src="data:{kind};base64,{"".join(content.split())}" alt="{words}">'
    if "text/markdown" in data:
        return _markdown(data["text/markdown"])
    text = data.get("text/plain", "")
    return "" if WIDGET in data or re.fullmatch(r"<[^\n]*>", text) else _text(text)  # `<Axes: …>` tells nobody anything


def _text(words: str) -> str:
    return f"<pre>{escape(words.rstrip())}</pre>" if words.strip() else ""


def _markdown(source: str, attachments: Any = None) -> str:
    """Markdown as HTML; pictures that lie in the notebook, or in its folder, are put into it."""
    folder = str(project.root() / "notebooks")
    kept = {name: dict(item) for name, item in (attachments or {}).items()}
    made, renderer = _renderer()
    drawn = renderer(escape=False, attachments=kept, embed_images=True, path=folder, exclude_anchor_links=True)
    return str(made(renderer=drawn).render(source))


@lru_cache
def _renderer() -> tuple[Any, Any]:
    """nbconvert's, but a tag among words is not closed at once, and an attachment that is gone stops no report."""
    from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath

    class Renderer(IPythonRenderer):
        def _html_embed_images(self, html: str) -> str:
            return str(super()._html_embed_images(html)) if "<img" in html.lower() else html

        def _embed_image_or_attachment(self, src: str) -> str:
            with suppress(InvalidNotebook):
                return str(super()._embed_image_or_attachment(src))
            return ""

    return MarkdownWithMath, Renderer


def _added(html: str) -> str:
    """HTML of others, cleaned: no script, no style, nothing that is fetched; tables can be scrolled by keyboard."""
    import nh3

    clean = nh3.clean(
        nfc(html),
        tags=ALLOWED,
        attributes={"*": {"title", "lang"}, "a": {"href"}, "img": {"src", "alt", "width", "height"}}
        | {cell: {"colspan", "rowspan", "scope"} for cell in ("th", "td")}
        | {"ol": {"start"}},
        attribute_filter=_harmless,
        url_schemes={"http", "https", "mailto", "data"},
    )
    clean = re.sub(r"<img(?![^>]* src=)[^>]*>", escape(_("(a picture that is not in the notebook)")), clean)
    clean = re.sub(r"<(/?)h1\b", r"<\1h2", clean)  # the page has one heading of the first level
    clean = re.sub(r"<th>\s*</th>", "<td></td>", clean)
    tables = itertools.count(1)
    digest = hashlib.sha256(clean.encode()).hexdigest()[:8]

    def scrolled(found: re.Match[str]) -> str:
        name = escape(_("Added table {name}").format(name=f"{digest}-{next(tables)}"))
        table, size = _as_ours(found.group())
        return f'<div class="scroll {size}" role="region" tabindex="0" aria-label="{name}">{table}</div>'

    clean = re.sub(r"<table\b.*?</table>", scrolled, clean, flags=re.DOTALL)
    return f'<section class="added">{clean}</section>'


def _as_ours(table: str) -> tuple[str, str]:
    """A table whose numbers stand to the right and whose heads say what they are of, and how small it is printed."""
    columns: dict[int, list[str]] = {}  # from the right: a head of several rows stands in the first of them only
    heads, widths = table.find("</thead>"), dict[int, int]()
    for row in ROW.finditer(table):
        cells = CELL.findall(row.group())
        for place, (kind, _given, html) in enumerate(cells):
            text, right = unescape(re.sub(r"<[^<>]*>", "", html)).strip(), len(cells) - place
            if row.start() > heads and (heads > 0 or kind == "td"):
                columns.setdefault(right, []).append(text)
            longest = len(text) if NUMBER.fullmatch(text) else max(map(len, text.split()), default=0)
            widths[right] = max(widths.get(right, 0), longest)
    known = {place: [word for word in words if word not in MISSING] for place, words in columns.items()}
    numbers = {place for place, words in known.items() if words and all(map(NUMBER.fullmatch, words))}

    def marked(found: re.Match[str]) -> str:
        scope = "col" if found.start() < heads else "row"
        right = itertools.count(len(CELL.findall(found.group())), -1)

        def cell(one: re.Match[str]) -> str:
            kind, given, html = one.groups()
            given += f' scope="{scope}"' if kind == "th" and "scope=" not in given else ""
            given += ' class="n"' if next(right) in numbers else ""
            return f"<{kind}{given}>{html}</{kind}>"

        return CELL.sub(cell, found.group())

    letters = sum(widths.values()) + 2 * len(widths)
    size = next((name for most, name in PRINTED if letters <= most), "smallest")
    return ROW.sub(marked, table), size


def _harmless(_tag: str, name: str, value: str) -> str | None:
    """A picture must be inside the page, and a link may not be a page of its own."""
    inside = re.sub(r"[\x00-\x20]", "", value).lower().startswith("data:")
    picture = value.startswith("data:image/")
    return None if (name == "src" and not picture) or (name == "href" and inside) else value


def _filled(notebook: Any, resources: dict[str, Any]) -> str:
    """The template filled. What nbconvert does besides, before and after, is for notebooks whose code is shown."""
    from nbconvert.exporters import HTMLExporter

    exporter = HTMLExporter(
        extra_template_basedirs=[str(PAGE_FOLDER.parent)], template_name=PAGE_FOLDER.name, default_preprocessors=[]
    )
    exporter.template_file = "index.html.j2"
    exporter.register_filter("shown", shown_on_page)
    body, _resources = super(HTMLExporter, exporter).from_notebook_node(notebook, resources=resources)
    return str(body)


def _pictures(page: str) -> list[str]:
    """The words of every picture inside a page, in one line."""
    found = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", page)
    return [" ".join(re.sub(r"<[^<>]*>", " ", base64.b64decode(data).decode()).split()) for data in found]


def _texts(*names: str) -> str:
    return "\n".join((PAGE_FOLDER / name).read_text(encoding="utf-8") for name in names)


def _shows(notebook: Any, mark: str) -> bool:
    """Whether some cell shows what scripts of ours move."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    return any(mark in output.get("data", {}).get("text/html", "") for output in outputs)


def _hash(text: str) -> str:
    """The sha256 by which a content security policy names a text."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def print_pdf(page: Path, target: Path) -> None:
    """Print a page of ours on A4, tagged for screen readers.

    Raises BrowserError where no browser is installed, or it did not print; then there is no target.
    """
    browser = next(_browsers(), None)
    if browser is None:
        raise BrowserError(
            _("No Chromium, Chrome or Edge was found, so no PDF was made; the page itself is made."), [], how_to_print()
        )
    profile = temporary_folder("print")
    try:
        command = [
            browser,
            "--headless",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-extensions",
            f"--user-data-dir={profile}",
            "--no-pdf-header-footer",
            "--export-tagged-pdf",
            "--generate-pdf-document-outline",
            f"--print-to-pdf={target}",
            page.resolve().as_uri(),
        ]
        if sys.platform == "linux" and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")  # Chromium has no sandbox for root, and the page can load nothing
        done = subprocess.run(command, capture_output=True, timeout=PRINT_SECONDS, check=False)
        told = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    except (OSError, subprocess.TimeoutExpired) as error:
        told = [str(error)]
    finally:
        shutil.rmtree(profile, ignore_errors=True)
    if not target.is_file() or not target.stat().st_size:
        target.unlink(missing_ok=True)
        raise BrowserError(_("{browser} did not print the page.").format(browser=browser), told, how_to_print())


def how_to_print() -> str:
    """What to do without us."""
    return _("Open the page in any browser and print it (Ctrl+P), to paper or as PDF, on A4 without headers.")


def _browsers() -> Iterator[str]:
    yield from filter(None, map(shutil.which, NAMES))
    roots = [os.environ.get(name, "") for name in ROOTS.get(sys.platform, ())] or ["/Applications"]
    for place in PLACES.get(sys.platform, ()):
        yield from (str(path) for root in roots if root and (path := Path(root) / place).is_file())


def one_cell(section: Section) -> Any:
    """A notebook of one cell that shows this."""
    from nbformat import v4

    data, metadata = section._repr_mimebundle_()
    return v4.new_notebook(cells=[v4.new_code_cell(outputs=[v4.new_output("display_data", data, metadata=metadata)])])

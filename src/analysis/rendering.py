"""How does an executed notebook become one HTML file that needs nothing else?"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from analysis.errors import CheckError
from analysis.language import _, language

PAGE_FOLDER = Path(__file__).parent / "page"
DATA = 'id="trial-data"'
SCRIPTS = ("whatif.js", "panel.js", "sources.js", "slides.js")


def page_of(notebook: Any, title: str, label: str = "") -> str:
    """The page of a notebook: what its cells show, in their order, with its style and nothing from outside.

    `label` is that of simulated figures: it is seen wherever the page is scrolled, on each slide and each printed page.

    Raises CheckError: a picture of simulated figures does not say that they are.
    """
    style = (PAGE_FOLDER / "page.css").read_text(encoding="utf-8")
    script = "\n".join((PAGE_FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS) if _moves(notebook) else ""
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


def _filled(notebook: Any, resources: dict[str, Any]) -> str:
    """The template filled. What nbconvert does besides, before and after, is for notebooks whose code is shown."""
    from nbconvert.exporters import HTMLExporter

    exporter = HTMLExporter(
        extra_template_basedirs=[str(PAGE_FOLDER.parent)], template_name=PAGE_FOLDER.name, default_preprocessors=[]
    )
    exporter.template_file = "index.html.j2"
    body, _resources = super(HTMLExporter, exporter).from_notebook_node(notebook, resources=resources)
    return str(body)


def _pictures(page: str) -> list[str]:
    """The words of every picture inside a page, in one line."""
    found = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", page)
    return [" ".join(re.sub(r"<[^>]*>", " ", base64.b64decode(data).decode()).split()) for data in found]


def _moves(notebook: Any) -> bool:
    """Whether some cell shows what the page's scripts move."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    return any(DATA in output.get("data", {}).get("text/html", "") for output in outputs)


def _hash(text: str) -> str:
    """The sha256 by which a content security policy names a text."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

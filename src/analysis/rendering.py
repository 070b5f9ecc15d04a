"""How does an executed notebook become one HTML file that needs nothing else?"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from analysis.vietnamese import _, language

PAGE_FOLDER = Path(__file__).parent / "page"
DATA = 'id="trial-data"'
SCRIPTS = ("whatif.js", "panel.js", "sources.js", "slides.js")


def page_of(notebook: Any, title: str) -> str:
    """The page of a notebook: what its cells show, in their order, with its style and nothing from outside."""
    from nbconvert.exporters import HTMLExporter

    style = (PAGE_FOLDER / "page.css").read_text(encoding="utf-8")
    script = "\n".join((PAGE_FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS) if _moves(notebook) else ""
    exporter = HTMLExporter(extra_template_basedirs=[str(PAGE_FOLDER.parent)], template_name=PAGE_FOLDER.name)
    exporter.template_file = "index.html.j2"
    page = {
        "language": language(),
        "title": title,
        "skip": _("Skip to the content"),
        "style": style,
        "script": script,
        "style_hash": _hash(style),
        "script_hash": _hash(script) if script else "",
    }
    body, _resources = exporter.from_notebook_node(notebook, resources={"page": page})
    return str(body)


def _moves(notebook: Any) -> bool:
    """Whether some cell shows what the page's scripts move."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    return any(DATA in output.get("data", {}).get("text/html", "") for output in outputs)


def _hash(text: str) -> str:
    """The sha256 by which a content security policy names a text."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

"""How does an executed notebook become one HTML file that needs nothing else?"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from analysis.vietnamese import _, language

PAGE_FOLDER = Path(__file__).parent / "page"


def page_of(notebook: Any, title: str) -> str:
    """The page of a notebook: what its cells show, in their order, with its style and nothing from outside."""
    from nbconvert.exporters import HTMLExporter

    style = (PAGE_FOLDER / "page.css").read_text(encoding="utf-8")
    exporter = HTMLExporter(extra_template_basedirs=[str(PAGE_FOLDER.parent)], template_name=PAGE_FOLDER.name)
    exporter.template_file = "index.html.j2"
    page = {
        "language": language(),
        "title": title,
        "skip": _("Skip to the content"),
        "style": style,
        "style_hash": base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    }
    body, _resources = exporter.from_notebook_node(notebook, resources={"page": page})
    return str(body)

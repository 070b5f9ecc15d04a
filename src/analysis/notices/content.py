"""What does a file show, and what of it could not be read? The answer that every form of a notice gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

UNREAD = "▯"  # stands in a text where something is seen that could not be read
MOST_LEFT = 200
FEW = 200  # letters on a page that make no text: a stamp, a number
_STRICT = {  # how Strict Open XML calls what letters and workbooks usually call otherwise
    b"http://purl.oclc.org/ooxml/wordprocessingml/main": (
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    ),
    b"http://purl.oclc.org/ooxml/spreadsheetml/main": b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    b"http://purl.oclc.org/ooxml/drawingml/": b"http://schemas.openxmlformats.org/drawingml/2006/",
    b"http://purl.oclc.org/ooxml/officeDocument/": b"http://schemas.openxmlformats.org/officeDocument/2006/",
}


class TooMuch(Exception):
    """More pages, sheets or cells than a notice has; at which place, if it is one."""


class Locked(Exception):
    """A file that needs a password."""


@dataclass
class Content:
    """The text that is seen, with tabs between cells; `left` is what was not read: a kind, and words."""

    text: str = ""
    left: list[tuple[str, ...]] = field(default_factory=list)

    def leave(self, kind: str, *words: str) -> None:
        """Name what was not read; once."""
        if (kind, *words) not in self.left[-MOST_LEFT:] and len(self.left) < MOST_LEFT:
            self.left.append((kind, *words))


def plain_part(part: bytes) -> bytes:
    """A part of a letter or workbook in the names that mammoth and openpyxl know."""
    if b"http://purl.oclc.org/ooxml/" in part:
        for strict, name in _STRICT.items():
            part = part.replace(strict, name)
    return part


def parsed_part(part: bytes) -> Any:
    """The elements of a part, nothing fetched for it."""
    from lxml import etree

    return etree.fromstring(part, etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True))

"""What does a file show, and what of it could not be read? The answer that every form of a notice gives."""

from __future__ import annotations

from dataclasses import dataclass, field

UNREAD = "▯"  # stands in a text where something is seen that could not be read
MOST_LEFT = 200
FEW = 200  # letters on a page that make no text: a stamp, a number


class TooMuch(Exception):
    """More pages, sheets or cells than a notice has; at which place, if it is one."""


class Locked(Exception):
    """A file that needs a password."""


@dataclass
class Shown:
    """The text that is seen, with tabs between cells; `left` is what was not read: a kind, and words."""

    text: str = ""
    left: list[tuple[str, ...]] = field(default_factory=list)

    def leave(self, kind: str, *words: str) -> None:
        """Name what was not read; once."""
        if (kind, *words) not in self.left[-MOST_LEFT:] and len(self.left) < MOST_LEFT:
            self.left.append((kind, *words))

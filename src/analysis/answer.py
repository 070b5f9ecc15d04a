"""What does a command say? The same numbers twice: as data for programs and as words for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analysis.scorecards.entities import SYNTHETIC, is_synthetic, synthetic_label


@dataclass(frozen=True)
class Answer:
    """`data` for `--json`, `text` for people, and what makes the command fail.

    An answer about simulated figures says so by itself: as `kind`, and in its first line.
    """

    data: dict[str, Any]
    text: str
    failures: Sequence[str] = ()

    def __post_init__(self) -> None:
        if is_synthetic(self.data.get("entity", "")):
            object.__setattr__(self, "data", {**self.data, "kind": SYNTHETIC})
            object.__setattr__(self, "text", f"{synthetic_label()}\n{self.text}")

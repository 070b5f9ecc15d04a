"""Where a province's points on the index of Decision 766/QĐ-TTg went, and what an improvement is worth.

`from analysis import open_card` opens a scorecard; what may be asked of it are its names (`dir(card)`). Everything is
imported when it is first asked for, so that the command stays quick.
"""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.card import Card as Card
    from analysis.card import open_card as open_card
    from analysis.report.section import Section as Section

__version__ = "0.1.0"


def face(package: str, names: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a package that shows `file.name …`, and imports a file when it must."""
    homes = {name: file for file, name in (dotted.rsplit(".", 1) for dotted in names.split())}

    def found(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return found, lambda: sorted(homes)


NAMES = "card.Card card.open_card report.section.Section"
__getattr__, __dir__ = face(__name__, NAMES)

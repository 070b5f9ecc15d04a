"""Where a province's points on the index of Decision 766/QĐ-TTg went, and what an improvement is worth.

`from analysis import open_card` opens a scorecard; what may be asked of it are its names (`dir(card)`); `figures()` is
every figure in one frame. Everything is imported when it is first asked for, so that the command stays quick.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from analysis.card import Card as Card
    from analysis.card import open_card as open_card
    from analysis.report.figures import figures as figures
    from analysis.report.section import Section as Section

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={"card": ["Card", "open_card"], "report.figures": ["figures"], "report.section": ["Section"]},
)

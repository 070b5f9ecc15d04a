"""What does a report need before it starts? Imported and read here, in the process that reports are forked from.

Errors in the files are left to the reports, which tell them. Nothing here may start a thread: forks would lack it.
"""

# ruff: noqa: E402, F401, I001

import gc
import signal
import sys
from contextlib import suppress
from types import TracebackType

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # which forks are given too
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # interrupted, they end without a word: who asked speaks


def _without_a_word(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A fork whose task never came ends silently: who was to send it was interrupted, and says so."""
    if kind is not EOFError:
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _without_a_word
gc.disable()  # nothing that is imported goes away
import babel.dates
import babel.numbers
import IPython.core.completerlib
import IPython.core.debugger
import IPython.core.logger
import IPython.core.magics.ast_mod
import IPython.core.magics.execution
import IPython.core.oinspect
import IPython.core.pylabtools
import IPython.extensions.storemagic
import ipykernel.kernelapp
import lxml.etree
import matplotlib.backends.backend_svg
import matplotlib.pyplot
import matplotlib_inline.backend_inline
import openpyxl
import openpyxl.writer.excel
import tornado.platform.asyncio
import tornado.queues

# Half of seaborn's import is what estimates densities and clusters and moves sliders, which no chart of a report does.
UNUSED = ("scipy.stats", "scipy.cluster", "ipywidgets")
sys.modules.update(dict.fromkeys(UNUSED))  # type: ignore[arg-type]
import seaborn

for name in UNUSED:
    del sys.modules[name]
import scipy.optimize  # what the proof and the plan import when they first ask it

from matplotlib.backends.registry import backend_registry

import analysis.card
from analysis.comparisons import ranks, years
from analysis.errors import AnalysisError
from analysis.identification import regime
from analysis.notices import store
from analysis.report import drawing, result, section, try_it, workbook, year_charts
from analysis.report import years as years_of_the_page
from analysis.runs import kernel, run

backend_registry.list_all()  # type: ignore[no-untyped-call]  # looks through the packages that are installed, once
section.load_templates()
drawing.svg(drawing.finished(drawing.axes(1), "", ""))  # the first one looks for the fonts
with suppress(AnalysisError, OSError):
    regime.load_project().share()
gc.freeze()
gc.enable()

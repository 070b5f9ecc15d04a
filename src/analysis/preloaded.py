"""What does a report need before it starts? Imported and read here, in the process that reports are forked from.

Errors in the files are left to the reports, which tell them. Nothing here may start a thread: forks would lack it.
"""

# ruff: noqa: F401, I001

import gc
from contextlib import suppress

import ipykernel.kernelapp
import matplotlib.pyplot
import seaborn

from analysis import advice, bounds, changes, charts, collected, deadline, decided, drawing, findings, history, leader
from analysis import levers, losses, news, opened, panel, plan, project, promises, proof, ranks, report, result, rubric
from analysis import sharing, tables, traced, trial, units, usual, vietnamese, whatif, workbook
from analysis.errors import AnalysisError

with suppress(AnalysisError, OSError):
    opened.load().share()
gc.freeze()

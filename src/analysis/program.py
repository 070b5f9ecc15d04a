"""A mixed-integer program, built column by column and row by row (scipy's HiGHS)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf

import numpy as np
from numpy.typing import NDArray

from analysis.interval import Interval

NEAR = 1e-7  # points by which a total may miss its target
FINE = 10.0  # programs count in tenths of a point: finer, HiGHS rejects its own solutions; coarser, it misses NEAR
Array = NDArray[np.float64]
Terms = dict[int, float]


@contextmanager
def _silent() -> Iterator[None]:
    """Keep what HiGHS prints past every option (its own `transformNewIntegerFeasibleSolution`) out of our output."""
    try:
        ours = os.dup(1)
    except OSError:  # there is no output
        yield
        return
    try:
        with open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), 1)
        yield
    finally:
        os.dup2(ours, 1)
        os.close(ours)


@dataclass
class Program:
    """A mixed-integer program, built column by column and row by row."""

    bounds: list[tuple[float, float]] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    rows: list[tuple[Terms, float, float]] = field(default_factory=list)

    def column(self, high: float = inf, low: float = 0.0, whole: bool = False) -> int:
        self.bounds.append((low, high))
        self.whole.append(whole)
        return len(self.whole) - 1

    def row(self, terms: Terms, low: float = -inf, high: float = inf) -> None:
        self.rows.append((terms, low, high))

    def least(self, aim: Terms, relaxed: bool = False) -> Array | None:
        """Where the aim is least, or None where nothing meets every row; `relaxed`, whole columns need not be whole.

        HiGHS may reject its own solution for missing a row by its tolerance after presolve; then it solves without.
        """
        from scipy.optimize import Bounds, LinearConstraint, milp  # most questions solve none: half a second
        from scipy.sparse import csr_array

        cells = [(row, *cell) for row, (terms, _low, _high) in enumerate(self.rows) for cell in terms.items()]
        rows, columns, values = (np.array(part) for part in zip(*cells, strict=True))
        matrix = csr_array((values, (rows, columns)), shape=(len(self.rows), len(self.whole)))
        for presolve in (True, False):
            with _silent():
                found = milp(
                    c=[aim.get(column, 0.0) for column in range(len(self.whole))],
                    integrality=np.array(self.whole) & (not relaxed),
                    bounds=Bounds(*np.array(self.bounds).T),
                    constraints=LinearConstraint(matrix, *np.array([ends for _terms, *ends in self.rows]).T),
                    options={"mip_rel_gap": 0.0, "presolve": presolve},
                )
            if found.status in (0, 2):
                return None if found.status == 2 else np.asarray(found.x)
        raise RuntimeError(found.message)


def must(steps: Array | None) -> Array:
    """Steps that must exist, because others with the same cost or total were found before."""
    if steps is None:
        raise RuntimeError("a program lost a plan that it had found")
    return steps


def ends_of(interval: Interval, factor: float = 1.0) -> tuple[float, float]:
    return factor * interval.low, factor * interval.high

"""What went wrong, where, and what to do next: the errors that a user of the package may meet.

Every error has its own exit code, so that a scheduler can tell a busy month from a bad file.
"""

from collections.abc import Sequence

ROWS_SHOWN = 5


class AnalysisError(Exception):
    """A failure told in the user's language.

    Parameters
    ----------
    what : the failure, one sentence.
    rows : the places and words concerned, one string each; at most five are shown.
    next_step : what the user can do about it.
    """

    exit_code = 1

    def __init__(self, what: str, rows: Sequence[str] = (), next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.rows = tuple(rows)
        self.next_step = next_step

    @property
    def shown_rows(self) -> list[str]:
        """The rows that are shown: at most five, and then how many more there are."""
        more = len(self.rows) - ROWS_SHOWN
        return [*self.rows[:ROWS_SHOWN], *([f"… +{more}"] if more > 0 else [])]

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows of it: the message, for where in our code it was raised helps nobody there."""
        return str(self).splitlines()

    def __str__(self) -> str:
        shown = [f"  - {row}" for row in self.shown_rows]
        return "\n".join(part for part in (self.what, *shown, self.next_step) if part)


class UsageError(AnalysisError):
    """An option of a command that cannot be read."""

    exit_code = 2


class ProjectError(AnalysisError):
    """No project folder here or above."""

    exit_code = 3


class UnknownNameError(AnalysisError):
    """An entity, month, indicator or other name that the data do not have."""

    exit_code = 10


class ParameterError(AnalysisError):
    """A parameter of a report that is misspelt or of the wrong type."""

    exit_code = 11


class NoTotalError(AnalysisError):
    """A month whose total was never published: nothing can be said about its loss."""

    exit_code = 12


class HistoryError(AnalysisError):
    """Figures, sources or corrections that break the contract of the history."""

    exit_code = 13


class RubricError(AnalysisError):
    """A rubric file that cannot be read, or whose maxima do not sum."""

    exit_code = 14


class ContradictionError(AnalysisError):
    """Published figures that no rule of the family can explain together."""

    exit_code = 15


class CheckError(AnalysisError):
    """Figures that do not reconcile with each other."""

    exit_code = 16


class SyntheticError(AnalysisError):
    """Simulated figures where nobody said that they may be used."""

    exit_code = 17


class DocumentError(AnalysisError):
    """A file that no text can be taken from: its form, its size, its letters, or what it may do."""

    exit_code = 30


class BulletinError(AnalysisError):
    """A notice that cannot be read for sure, or whose figures contradict each other."""

    exit_code = 31


class KnownMonthError(AnalysisError):
    """A month that is already known with other values."""

    exit_code = 32


class NotebookError(AnalysisError):
    """A cell of the report raised."""

    exit_code = 20


class KernelDiedError(AnalysisError):
    """The kernel of the report was killed or died."""

    exit_code = 21


class IncompleteRunError(AnalysisError):
    """The notebook ended without running every cell or without its result."""

    exit_code = 22


class RunTimeoutError(AnalysisError):
    """The notebook took longer than it may."""

    exit_code = 23


class WriteError(AnalysisError):
    """A file could not be written: full disk, no permission, or open elsewhere."""

    exit_code = 24


class BusyError(AnalysisError):
    """The same report is being made by another run."""

    exit_code = 25


class BrowserError(AnalysisError):
    """No browser is there to print a page, or it did not print; the page itself is made."""

    exit_code = 26


class NoReportError(AnalysisError):
    """A report that was not made yet."""

    exit_code = 27


class LabError(AnalysisError):
    """JupyterLab is not installed, or did not start."""

    exit_code = 28


class BatchError(AnalysisError):
    """Some reports of a batch failed; the others are published."""

    exit_code = 29


class ClusterError(AnalysisError):
    """A Dask cluster that is not there, or whose workers have another version of this package."""

    exit_code = 33

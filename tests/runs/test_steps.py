"""Each write, sync, rename and new folder of a run fails in turn: does the last report stand, and a rerun succeed?"""

from __future__ import annotations

import builtins
import errno
import io
import os
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from analysis.errors import AnalysisError, WriteError
from analysis.runs.run import render
from made import left_behind, whole
from noticed import files as files_of

IN_USE = PermissionError(errno.EACCES, "The process cannot access the file because it is being used by another process")
FAULTS = {
    "a full disk": OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    "no permission": PermissionError(errno.EACCES, os.strerror(errno.EACCES)),
    "a broken disk": OSError(errno.EIO, os.strerror(errno.EIO)),
    "a file open elsewhere": IN_USE,  # WinError 32
}
CALLS = ("open", "fsync", "rename", "replace", "mkdir")
RENAMES = ("rename", "replace")
QUICK = 9  # every so many steps without `slow`


class Stopped:
    """The n-th call of a run that changes something below a folder fails; `reached` says whether there was one."""

    def __init__(self, folder: Path, number: int, fault: OSError, names: tuple[str, ...]) -> None:
        self.folder, self.number, self.fault, self.names = str(folder), number, fault, names
        self.calls, self.reached = count(1), False

    def set(self, patch: pytest.MonkeyPatch) -> None:
        for name in self.names:
            if name == "open":
                patch.setattr(builtins, "open", self.opening(builtins.open))
                patch.setattr(io, "open", self.opening(io.open))
            else:
                patch.setattr(os, name, self.calling(getattr(os, name), name))

    def due(self) -> bool:
        if next(self.calls) == self.number:
            self.reached = True
            return True
        return False

    def opening(self, real: Callable) -> Callable:
        def opened(file, mode="r", *values, **names):
            if {"w", "x", "a", "+"} & set(mode) and str(file).startswith(self.folder) and self.due():
                raise self.fault
            return real(file, mode, *values, **names)

        return opened

    def calling(self, real: Callable, name: str) -> Callable:
        def called(*values, **names):
            mine = name == "fsync" or str(values[0]).startswith(self.folder)
            if mine and self.due():
                raise self.fault
            return real(*values, **names)

        return called


def steps_of(project, parameters, fault: OSError, names: tuple[str, ...], every: int, check: Callable) -> int:
    """Have each n-th step fail; how many did."""
    tried = 0
    for number in count(1, every):
        stopped = Stopped(project / "reports", number, fault, names)
        before = files_of(project / "reports" / "hoa-binh")
        with pytest.MonkeyPatch.context() as patch:
            stopped.set(patch)
            try:
                render(parameters)
                error = None
            except AnalysisError as raised:
                error = raised
        if not stopped.reached:
            return tried
        tried += 1
        check(before, error, number)
    return tried


@pytest.fixture
def asked(project, stand_in):
    from analysis.runs.run import Parameters

    stand_in()
    return Parameters(entity="Hòa Bình", month="2023-04", language="en", levers={"e_result": 80.0})


@pytest.mark.parametrize("every", [QUICK, pytest.param(1, marks=pytest.mark.slow)], ids=["sample", "every"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_step_that_fails_with(project, asked, record_property, fault, every):
    final = project / "reports" / "hoa-binh" / "2023-04"
    unpublished = 0

    def check(before: dict, error: AnalysisError | None, number: int) -> None:
        nonlocal unpublished
        if error is not None:
            assert type(error) is WriteError and error.exit_code == 24 and error.next_step, (number, error)
            assert "Traceback" not in str(error)
        if final.exists():
            assert whole(final), number
        else:
            assert whole(final.with_name("2023-04.prev")), number
        if error is not None and "only the list" not in error.next_step:
            now = files_of(project / "reports" / "hoa-binh")
            same = {name.replace(".prev", ""): content for name, content in now.items()} == before
            unpublished += same
            assert same or whole(final), number

    tried = steps_of(project, asked, FAULTS[fault], CALLS, every, check)
    page = render(asked)
    assert whole(page.parent) and left_behind(project) == set()
    assert {path.name for path in page.parent.parent.iterdir()} == {"2023-04"}
    record_property("cases", tried)
    record_property("told", f"{fault}: {tried} steps, {unpublished} left the report before as it was")
    assert unpublished and (tried > 20 or every > 1)

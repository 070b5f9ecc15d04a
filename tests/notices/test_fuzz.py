"""Our own notices changed at random: does anything break what reads them? Longer runs: benchmarks/fuzz.py."""

from __future__ import annotations

import os
import runpy

import pytest

from places import REPOSITORY

SECONDS = float(os.environ.get("SCORECARD_FUZZ_SECONDS", "3"))


@pytest.fixture(scope="module")
def fuzz():
    return runpy.run_path(str(REPOSITORY / "benchmarks" / "fuzz.py"))


def test_no_changed_notice_breaks_a_reader(fuzz, record_property):
    found = fuzz["run"](SECONDS)
    record_property("cases", sum(found["tried"].values()))
    record_property("told", f"{found['how']}, {SECONDS:g} s: {found['tried']}")
    assert found["broken"] == {}
    assert all(found["tried"].values())


def test_a_reader_that_breaks_is_seen(fuzz):
    def broken(_data: bytes) -> None:
        raise KeyError("planted")

    fuzz["TARGETS"]["text"] = broken
    assert any("planted" in fault for fault in fuzz["run"](0.5)["broken"])

"""A reader of notices, a judge of what they say, and a project to which April 2023 is yet to be added."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from analysis.errors import BulletinError, UnknownNameError
from analysis.notices import examine
from analysis.notices.documents import Document
from analysis.notices.phrasebook import load_phrasebook
from analysis.notices.reader import read
from analysis.scorecards.sources import load_sources
from noticed import APRIL, Figures, figures_of
from places import REPOSITORY

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="session")
def book():
    return load_phrasebook(REPOSITORY / "data" / "wordings.toml")


@pytest.fixture(scope="session")
def reader(rubrics, book):
    return lambda text, **about: read(text, rubrics, book, **about)


@pytest.fixture(scope="session")
def examined(rubrics, reader, history):
    """examined(text) → the notice held against itself and the rubric, as if no figure were known yet."""
    sources = load_sources(REPOSITORY / "data")

    def held(text: str) -> examine.Examined:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(examine, "load_history", lambda _rubrics: history[history["kind"] == "none"])
            patch.setattr(examine, "load_sources", lambda: sources)
            patch.setattr(examine, "identify", lambda *_asked: None)  # it only warns
            return examine.examine(reader(text), Document("x.txt", b"x", "text", text), rubrics, TODAY)

    return held


@pytest.fixture(scope="session")
def judge(examined):
    """judge(text) → the figures of a notice that adds up, or None for a refusal."""

    def verdict(text: str) -> Figures | None:
        try:
            found = examined(text)
        except (BulletinError, UnknownNameError):
            return None
        return None if found.failures else figures_of(found.notice)

    return verdict


@pytest.fixture
def without_april(project_copy) -> Path:
    """A project where April 2023 is yet to be added, with few other figures, to be quick."""
    folder = project_copy / "data" / "observations"
    for path in folder.glob("*.csv"):
        if path.name not in ("hoa-binh.csv", "bac-kan.csv"):
            path.unlink()
    lines = (folder / "hoa-binh.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "hoa-binh.csv").write_text("".join(line for line in lines if f",{APRIL}," not in line), encoding="utf-8")
    (project_copy / "reports").mkdir()
    return project_copy

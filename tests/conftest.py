"""What the tests share: English messages, a copy of the project to break, an index one can add in one's head, and what
is slow to make and made once."""

import csv
import io
import shutil
import sys

import pandas as pd
import pytest
from hypothesis import settings

from analysis.card import Card, open_card
from analysis.language import use_language
from analysis.scorecards.history import AS_PRINTED, COLUMNS, load_history, with_standing
from analysis.scorecards.rubric import Rubric, load_rubrics
from places import REPOSITORY

sys.modules.setdefault("rfc3987_syntax", None)  # two seconds of every process (see `forked.prepare_environment`)
settings.register_profile("unhurried", deadline=None)  # a slow machine is no fault
settings.register_profile("matrix", deadline=None, max_examples=2000)  # see benchmarks/reliability.py
settings.load_profile("unhurried")


@pytest.fixture(scope="session", autouse=True)
def english_from_the_start():
    """What is made once is made in English too, whichever test asks for it first."""
    use_language("en")


@pytest.fixture(autouse=True)
def english(english_from_the_start):
    use_language("en")
    yield
    use_language("en")


@pytest.fixture(scope="session")
def rubrics():
    """The rubrics of the repository. To read, not to change."""
    return load_rubrics(REPOSITORY / "data" / "rubrics")


@pytest.fixture(scope="session")
def history(rubrics):
    """The figures of the repository. To read, not to change."""
    return load_history(rubrics, REPOSITORY / "data")


@pytest.fixture(scope="session")
def card_of():
    """card_of("Hòa Bình", "2023-04") gives a card in English, the same to every test: to ask, not to change."""
    cards: dict[tuple[str, str], Card] = {}

    def opened(entity: str, month: str) -> Card:
        if (entity, month) not in cards:
            use_language("en")
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(REPOSITORY)
                cards[entity, month] = open_card(entity, month)
        return cards[entity, month]

    return opened


@pytest.fixture
def april(card_of):
    return card_of("Hòa Bình", "2023-04")


@pytest.fixture
def july(card_of):
    return card_of("Hòa Bình", "2024-07")


@pytest.fixture
def year(card_of):
    return card_of("Phú Thọ", "2026")


@pytest.fixture(scope="session")
def browser():
    """A Chromium of this worker; the test is skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is missing: see requirements-dev.lock")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


@pytest.fixture
def project_copy(tmp_path, monkeypatch):
    """A copy of the project's data and notebooks, which is the current folder and so the one that the package finds."""
    for name in ("data", "notebooks"):
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def change(project_copy):
    """change("hoa-binh.csv", 4, value="2.7") edits one line of the copy's figures; every other byte stays."""

    def edit(file, line, **fields):
        path = project_copy / "data" / "observations" / file
        lines = path.read_bytes().decode("utf-8").splitlines(keepends=True)
        row = dict(zip(COLUMNS, next(csv.reader([lines[line - 1]])), strict=True))
        assert row.keys() >= fields.keys()
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow({**row, **fields}.values())
        lines[line - 1] = text.getvalue()
        path.write_bytes("".join(lines).encode("utf-8"))

    return edit


@pytest.fixture
def rewrite(project_copy):
    """rewrite("data/sources.toml", old, new) replaces the first `old`, which must be there. Returns the new text."""

    def edit(file, old, new):
        path = project_copy / file
        text = path.read_bytes().decode("utf-8")
        assert old in text
        text = text.replace(old, new, 1)
        path.write_bytes(text.encode("utf-8"))
        return text

    return edit


@pytest.fixture
def tiny_rubric():
    """10 points: group `first` has a (3) and b (2, full from 50 %), group `second` has c (4) and d (1)."""

    def known(value):
        return {"value": value, "status": "assumed", "source": "tests"}

    def indicator(code, points, target="none"):
        name = {"vi": f"Chỉ số {code}", "en": f"Indicator {code}"}
        return {
            "code": code,
            "name": name,
            "max": known(points),
            "target": known(target),
            "zero_denominator": known("no_points"),
        }

    def group(code, *indicators):
        name = {"vi": f"Nhóm {code}", "en": f"Group {code}"}
        return {"code": code, "name": name, "max": known(5), "indicator": indicators}

    return Rubric.model_validate(
        {
            "id": "tiny",
            "decision": "0/QĐ",
            "valid_from": "2023-01",
            "max": known(10),
            "group": [
                group("first", indicator("a", 3), indicator("b", 2, 50)),
                group("second", indicator("c", 4), indicator("d", 1)),
            ],
        }
    )


@pytest.fixture
def tiny_history():
    """One card of `tiny_rubric`: 3 × 50 % + all 2 = 3.5; 4 × 80 % + all 1 = 4.2; together 7.7."""
    figures = [
        ("total", "total_score", 7.7, "points", 10, 1),
        ("group", "first", 3.5, "points", 5, 1),
        ("group", "second", 4.2, "points", 5, 1),
        ("indicator", "a", 50.0, "percent", None, 0),
        ("indicator", "b", 50.0, "percent", None, 0),
        ("indicator", "c", 80.0, "percent", None, 0),
        ("indicator", "d", 100.0, "percent", None, 0),
    ]
    rows = [
        ("Mẫu", "2023-01", "month", "2023-01-31", level, code, value, unit, points, decimals, "synthetic", "tests", "")
        for level, code, value, unit, points, decimals in figures
    ]
    frame = pd.DataFrame(rows, columns=AS_PRINTED)
    frame = frame.assign(file="tiny.csv", line=range(2, 2 + len(frame)))
    return with_standing(frame.astype({"value": float, "max": float, "decimals": int, "line": int}))

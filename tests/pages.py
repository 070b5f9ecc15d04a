"""Published reports as readers find them."""

from __future__ import annotations

import csv
import json
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from analysis import filing
from analysis.language import use_language, write_date
from analysis.notices import documents
from analysis.report.result import in_language
from analysis.runs import run
from places import REPOSITORY, made_once

WANTED = {
    "april": {"entity": "Hòa Bình", "month": "2023-04", "language": "vi", "target_score": 62.0},
    "july": {"entity": "Hòa Bình", "month": "2024-07", "language": "vi"},
    "year": {"entity": "Phú Thọ", "month": "2026", "language": "vi"},
    "english": {"entity": "Hòa Bình", "month": "2023-04", "language": "en"},
}
ADDRESS = {
    "april": "hoa-binh/2023-04",
    "july": "hoa-binh/2024-07",
    "year": "phu-tho/2026",
    "english": "hoa-binh/2023-04",
}
NOTICE = REPOSITORY / "tests" / "notices" / "files" / "hoa-binh-2023-04.docx"
QUICK = ("april", "year")  # the reports that are made for tests that are not slow
every_report = pytest.mark.parametrize(
    "name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in WANTED if name not in QUICK)]
)
RESULT = {
    "run_id": "x",
    "entity": "Hòa Bình",
    "period": "2023-04",
    "language": "vi",
    "title": "Hòa Bình mất 41,17 điểm",
    "total": 58.83,
    "total_max": 100.0,
    "rank": 24,
    "ranked": 63,
    "change": None,
    "kind": "published",
    "rubric": "r",
    "data_hash": "0",
    "figures": 9,
}
FAILURE = {
    "run_id": "x",
    "entity": "Hòa Bình",
    "period": "2023-04",
    "language": "vi",
    "ended": "2026-11-20T20:30:00Z",
    "exit_code": 20,
    "what": "Ô 5 bị lỗi.",
    "rows": ["một", "hai"],
    "next_step": "Mở sổ tay.",
}
GROUPS = [
    {"code": "transparency", "name": "Công khai", "score": 4.5, "max": 18.0, "decimals": 2},
    {"code": "digitisation", "name": "Số hóa", "score": None, "max": 22.0, "decimals": 1},
]


@dataclass(frozen=True)
class Report:
    """One published report as a reader finds it."""

    folder: Path
    language: str

    def file(self, name: str) -> Path:
        return self.folder / in_language(name, self.language)

    @cached_property
    def html(self) -> str:
        return self.file("index.html").read_text(encoding="utf-8")

    @cached_property
    def soup(self) -> BeautifulSoup:
        return parsed(self.html)

    @cached_property
    def rows(self) -> dict[str, dict[str, str]]:
        """The rows of figures.csv, by id."""
        with self.file("figures.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len({row["id"] for row in rows}) == len(rows)
        return {row["id"]: row for row in rows}

    @cached_property
    def record(self) -> dict:
        return json.loads(self.file("run.json").read_text(encoding="utf-8"))

    @cached_property
    def sources(self) -> dict[str, dict]:
        return tomllib.loads((self.data / "sources.toml").read_text(encoding="utf-8"))

    @cached_property
    def listed_sources(self) -> list[str]:
        """Each source as a list of sources must show it."""
        listed = []
        for name, source in self.sources.items():
            day = source.get("published") or source.get("captured")
            date = f" ({write_date(day.isoformat())})" if day else ""
            digest = f" [sha256 {source['sha256'][:12]}…]" if "sha256" in source else ""
            listed.append(f"{name}: {source_words(source, 'publisher', 'number', 'title')}{date}{digest}")
        return listed

    @cached_property
    def kept(self) -> str:
        """The words of the notice that is kept with the project, in one line."""
        return " ".join(documents.read_file(NOTICE).text.split())

    @property
    def data(self) -> Path:
        return self.folder.parents[2] / "data"

    def observation(self, where: str) -> dict[str, str]:
        """The line of data/observations that `file:line` points at."""
        name, line = where.rsplit(":", 1)
        lines = (self.data / "observations" / name).read_text(encoding="utf-8").splitlines()
        return next(csv.DictReader([lines[0], lines[int(line) - 1]]))


def parsed(html: str) -> BeautifulSoup:
    return BeautifulSoup(html, "html.parser")


def make_report(factory: pytest.TempPathFactory, name: str) -> Report:
    """A report of `WANTED`, in a project of its own, made once per session. That of April has its notice kept."""

    def make(folder: Path) -> None:
        for part in ("data", "notebooks"):
            shutil.copytree(REPOSITORY / part, folder / part)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            if name == "april":
                _answer, store = filing.add(NOTICE, None, "", "")
                assert store(False)
            page = run.render(run.prepare(WANTED[name]))
        assert page == folder / "reports" / ADDRESS[name] / in_language("index.html", WANTED[name]["language"])
        use_language("en")

    return Report(made_once(factory, name, make) / "reports" / ADDRESS[name], WANTED[name]["language"])


@pytest.fixture(scope="session")
def report_of(tmp_path_factory) -> Callable[[str], Report]:
    """report_of("april") gives a report, the same to every test."""
    return cache(lambda name: make_report(tmp_path_factory, name))


def source_words(source: dict, *names: str) -> str:
    return ", ".join(str(source[name]) for name in names if source.get(name))


@pytest.fixture
def reports(tmp_path) -> Path:
    (tmp_path / "reports" / ".work").mkdir(parents=True)
    return tmp_path / "reports"


def put_report(
    reports: Path, name: str, text: str | None = None, files: tuple[str, ...] = (), **changed: object
) -> Path:
    """A published report as a run leaves it, its `run.json` with some values changed or replaced by a text."""
    folder = reports / name
    folder.mkdir(parents=True, exist_ok=True)
    values = {**RESULT, "period": folder.name, "files": {}, "parameters": {}, **changed}
    names = ("run.json", "index.html", "report.ipynb", "figures.csv", *files)
    record, *others = (folder / in_language(name, str(values["language"])) for name in names)
    record.write_text(json.dumps(values) if text is None else text, encoding="utf-8")
    for file in others:
        file.write_text("…", encoding="utf-8")
    return folder


def put_failure(reports: Path, name: str, text: str | None = None, notebook: bool = False, **changed: object) -> Path:
    folder = reports / ".work" / name
    folder.mkdir(parents=True)
    values = {**FAILURE, "run_id": name, **changed}
    (folder / "failed.json").write_text(json.dumps(values) if text is None else text, encoding="utf-8")
    if notebook:
        (folder / "report.ipynb").write_text("{}", encoding="utf-8")
    return folder

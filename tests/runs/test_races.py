"""Two to eight runs of one report at once, readers meanwhile: one wins, the others say so, and nobody sees a part."""

from __future__ import annotations

import json
import multiprocessing
import random
import sys
import time

import pytest

from analysis.errors import BusyError
from analysis.report.result import in_language
from analysis.runs import publish as publishing
from analysis.runs.reports import find_report, reports_folder
from made import whole

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks processes")
FEW, MANY = 4, 60
BUSY = BusyError.exit_code


def publish_a_copy(project, number: int, pause: float, entity: str) -> None:
    """What a run does from its lock on, with the files of the good report; ends with the exit code of the command."""
    good = project / "good"
    try:
        with publishing.publishing(entity, "2023-04", listed=False) as work:
            for path in good.iterdir():
                (work / path.name).write_bytes(path.read_bytes())
            record = json.loads((work / "run.en.json").read_bytes())
            (work / "run.en.json").write_text(json.dumps({**record, "run_id": f"run {number}"}), encoding="utf-8")
            time.sleep(pause)
    except BusyError as error:
        sys.exit(error.exit_code)
    if number % 3 == 0:
        publishing.write_index()


def race(project, runs: int, chance: random.Random) -> tuple[int, int]:
    """How many won and how many times readers looked."""
    fork = multiprocessing.get_context("fork")
    others = "Lâm Đồng" if runs % 2 else "Hòa Bình"  # half of the races have a run of another report too
    entities = ["Hòa Bình"] * (runs - 1) + [others]
    started = [
        fork.Process(target=publish_a_copy, args=(project, number, chance.choice((0, 0.01, 0.05)), entity))
        for number, entity in enumerate(entities)
    ]
    for process in started:
        process.start()
    looks, final = 0, project / "reports" / "hoa-binh" / "2023-04"
    while any(process.is_alive() for process in started):
        page = find_report(reports_folder(), "hoa-binh", "2023-04")
        assert page.parent == final
        looks += 1
    for process in started:
        process.join()
    codes = [process.exitcode for process in started]
    assert set(codes) <= {0, BUSY}, codes
    own = [code for code, entity in zip(codes, entities, strict=True) if entity == "Hòa Bình"]
    assert own.count(0) >= 1
    assert whole_but_the_record(final) and not final.with_name("2023-04.prev").exists()
    return codes.count(0), looks


def whole_but_the_record(folder) -> bool:
    return whole(folder) and json.loads((folder / "run.en.json").read_bytes())["run_id"].startswith("run ")


@pytest.mark.parametrize("races", [FEW, pytest.param(MANY, marks=pytest.mark.slow)], ids=["sample", "every"])
def test_races_have_winners_and_whole_reports(project, good, record_property, races):
    copy = project / "good"
    copy.mkdir()
    for path in (good / "hoa-binh" / "2023-04").iterdir():
        if path.name != in_language("changes.txt", "en"):
            (copy / path.name).write_bytes(path.read_bytes())
    chance, looks, won = random.Random(766), 0, 0
    for number in range(races):
        wins, looked = race(project, 2 + number % 7, chance)
        looks, won = looks + looked, won + wins
    record_property("cases", races)
    record_property(
        "told", f"{races} races, {won} reports published, {looks} looks of a reader that found a report each"
    )
    assert looks > races

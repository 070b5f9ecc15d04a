"""Is each report of a batch as good as if it were the only one, whatever happens to the others?

The provinces are simulated, and most runs use the small notebook of `made`.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

from analysis import errors
from analysis.language import slug
from analysis.runs import worker
from analysis.runs.batch import chains, names_in, progress, run_batch, summary
from analysis.runs.workers import USUAL, Job, Outcome, Submit
from analysis.scorecards.history import COLUMNS
from made import (
    ALL_MONTHS,
    GONE_SECONDS,
    LONG,
    MONTHS,
    ONE,
    THREE,
    TWO,
    alive,
    all_whole,
    ask,
    begin,
    counts,
    cut_notebook,
    finish,
    hear_interrupts,
    kernels,
    left_behind,
    listed,
    names,
    plant,
    same_files,
    simulate,
    sockets,
    start,
    times,
    wait_for,
    work_folders,
)

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
slow = pytest.mark.slow


def redone(before: dict[str, int], project: Path) -> set[str]:
    return {name for name, when in times(project).items() if before.get(name) != when}


def edit(project: Path, entity: str, period: str, code: str, **fields: str | None) -> None:
    """Change fields of the rows of one figure; `value=None` takes the rows away."""
    path = next((project / "data" / "observations").glob(f"{entity}.csv"))
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    same = [row for row in rows if (row["entity"], row["period"], row["code"]) == (rows[0]["entity"], period, code)]
    assert same
    for row in same:
        if fields.get("value", "") is None:
            rows.remove(row)
        row.update(fields)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def contradict(project: Path, entity: str, period: str) -> None:
    """Move a point from one group to another: the sum still holds, so only the rules can tell."""
    path = project / "data" / "observations" / f"{entity}.csv"
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    first, second = [row for row in rows if row["period"] == period and row["level"] == "group"][:2]
    edit(project, entity, period, first["code"], value=f"{float(first['value']) - 1:.1f}")
    edit(project, entity, period, second["code"], value=f"{float(second['value']) + 1:.1f}")


# 1. Which reports, in which order.


def alone(*entities: str, months: tuple[str, ...] = (MONTHS[0],)) -> list[list[tuple[str, str]]]:
    return [[(entity, month) for month in months] for entity in entities]


PROVINCES, UNITS = (ONE, TWO, THREE), (f"{TWO}, xã 001", f"{TWO}, xã 002")


@pytest.mark.parametrize(
    ("months", "parent", "expected"),
    [
        (ALL_MONTHS, "", alone(*PROVINCES, months=MONTHS)),
        (MONTHS[1], "", alone(*PROVINCES, months=MONTHS[1:2])),
        (f"{MONTHS[1]}..{MONTHS[1]}", "", alone(*PROVINCES, months=MONTHS[1:2])),
        ("2020-01..2024-05", "", alone(*PROVINCES)),
        (MONTHS[0], TWO, alone(*UNITS)),
        (MONTHS[0], "mo-phong-02", alone(*UNITS)),
    ],
)
def test_all_are_those_without_a_parent_or_the_units_of_one(simulated, months, parent, expected):
    assert chains(["all"], months, True, parent) == expected
    with pytest.raises(errors.ParameterError, match="has no units"):
        chains(["all"], MONTHS[0], True, UNITS[0])


def test_simulated_entities_must_be_allowed(simulated):
    with pytest.raises(errors.SyntheticError) as caught:
        chains([ONE], MONTHS[0])
    assert caught.value.rows == (ONE,) and "--allow-synthetic" in caught.value.next_step
    with pytest.raises(errors.SyntheticError):
        chains(["all"], MONTHS[0], parent=ONE)
    with pytest.raises(errors.ParameterError):  # `all` without them is nobody
        chains(["all"], MONTHS[0])


def test_real_entities_and_years_which_are_not_inside_a_range_of_months(project_copy):
    """Lâm Đồng has totals of 2025 and 2026, and of one month of 2025: of another a report that will fail."""
    found = chains(["all"], "2023-04..2024-07")
    assert [("Hòa Bình", "2023-04"), ("Hòa Bình", "2024-07")] in found
    assert [("Bắc Kạn", "2023-08"), ("Bắc Kạn", "2024-07")] in found
    assert {entity for chain in found for entity, _month in chain} == {"Hòa Bình", "Bắc Kạn", "Bình Dương", "Hà Nội"}
    assert [("Lâm Đồng", "2025")] in chains(["all"], "2025")
    assert chains(["lam-dong"], "2026-01..2026-12") == [[("Lâm Đồng", "2026-12")]]


def test_the_mean_of_all_provinces_has_no_report(project_copy):
    """It has a total in 2023, and so have the 34 of today and one of then."""
    assert len(chains(["all"], "2022")) == 34
    assert [len(chain) for chain in chains(["all"], "2023")] == [1] * 35
    with pytest.raises(errors.ParameterError, match="a mean of many"):
        chains(["Cả nước (tỉnh)"], "2023")


def test_entity_without_a_total(simulated):
    """Named by the user it has a report, of the last month, which will fail; among `all` it is passed over."""
    for month in MONTHS:
        edit(simulated, "mo-phong-02", month, "total_score", value=None)
    assert chains([TWO, ONE], ALL_MONTHS, True) == [[(TWO, MONTHS[-1])], *alone(ONE, months=MONTHS)]
    assert [chain[0][0] for chain in chains(["all"], ALL_MONTHS, True)] == [ONE, THREE]


def test_names_of_a_file(simulated):
    file = simulated / "names.txt"
    file.write_text(f"\ufeff# wanted\n\n{TWO}\r\n  mo-phong-01  \n# {THREE}\n{ONE}\n", encoding="utf-8")
    assert names_in(file) == [TWO, "mo-phong-01", ONE]
    assert [chain[0][0] for chain in chains(names_in(file), MONTHS[0], True)] == [TWO, ONE]  # once each
    with pytest.raises(errors.UnknownNameError) as caught:
        chains(["Mô phong 04"], MONTHS[0], True)
    assert ONE in caught.value.rows


@pytest.mark.parametrize(
    ("content", "words"), [(b"# nobody\n\n", "names nobody"), (b"\xff\xfe\xff", "cannot be read"), (None, "cannot")]
)
def test_file_that_names_nobody(tmp_path, content, words):
    if content is not None:
        (tmp_path / "names.txt").write_bytes(content)
    with pytest.raises(errors.ParameterError, match=words) as caught:
        names_in(tmp_path / "names.txt")
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        ("2024-07..2024-05", errors.UnknownNameError),
        ("2024-Q1..2024-Q2", errors.UnknownNameError),
        ("2024..2025", errors.UnknownNameError),
        ("2024-05..", errors.UnknownNameError),
        ("..2024-05", errors.UnknownNameError),
        ("2024-05..2024-06..2024-07", errors.UnknownNameError),
        ("2024-13", errors.UnknownNameError),
        ("", errors.UnknownNameError),
        ("1999-01..1999-12", errors.ParameterError),
    ],
)
def test_months_that_are_none(simulated, months, expected):
    with pytest.raises(expected) as caught:
        chains(["all"], months, True)
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("words", "exit_code", "named"),
    [
        (["--entities", "all", "--children-of", ONE, "--months", ALL_MONTHS], 2, "exclude each other"),
        (["--entities", "all"], 2, "--months"),
        (["--entities", "nobody.txt", "--months", ALL_MONTHS], 11, "nobody.txt"),
        (["--months", ALL_MONTHS, "--jobs", "0"], 2, "--jobs"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else None,
)
def test_request_that_cannot_be_met(simulated, words, exit_code, named):
    code, said = ask("batch", *words)
    assert code == exit_code
    assert named in said
    assert not (simulated / "reports").exists()


# 2. What becomes of each.


def given(outcome: Outcome) -> Future[Outcome]:
    future: Future[Outcome] = Future()
    future.set_result(outcome)
    return future


def at_once(job: Job) -> Future[Outcome]:
    """A worker without a process of its own."""
    return given(worker.make(job, USUAL))


def batch(*entities: str, submit: Submit = at_once, heard=lambda outcome: None, resume: bool = False) -> list[Outcome]:
    outcomes = run_batch(chains(entities, MONTHS[0], True), submit, heard, allow_synthetic=True, resume=resume)
    return sorted(outcomes, key=lambda item: item.job.entity)


def of(outcomes: Iterable[Outcome], state: str) -> set[str]:
    return {f"{slug(item.job.entity)}/{item.job.month}" for item in outcomes if item.state == state}


@linux
def test_a_batch_by_the_command_line_one_of_which_fails(project, good, stand_in, monkeypatch):
    """A report is as if it were alone, and --resume keeps it. Of Lâm Đồng no month is known."""
    shutil.rmtree(project / "reports")
    wanted = ["--entities", names(project, "hoa-binh", "lam-dong"), "--months", "2023-04..2024-03", "--jobs", "1"]
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        run = finish(start(project, "batch", *wanted, TMPDIR=folder))
        wait_for(lambda: not alive(Path(folder)), GONE_SECONDS)
        assert sockets(Path(folder)) == []
    assert run.code == 29, run.err
    first, *told = run.err.splitlines()
    assert first == "2 reports; jobs: 1." and "Traceback" not in run.err
    made, failed = sorted(line[6:] for line in told if line.startswith(("[1/2] ", "[2/2] ")))  # in either order
    assert re.fullmatch(r"Hòa Bình, April 2023: made \(\d+\.\d s\)", made)
    assert failed.startswith("Lâm Đồng, March 2024: FAILED: There is no figure of Lâm Đồng for March 2024.")
    assert "1 of 2 reports failed" in run.err and "--resume" in run.err
    assert run.out.startswith("1 made, 0 unchanged, 1 failed.\n  Lâm Đồng, March 2024 (10): There is no figure")
    assert listed(project) == ["hoa-binh/2023-04/"]
    assert same_files(project / "reports" / "hoa-binh" / "2023-04", good / "hoa-binh" / "2023-04")
    (record,) = [json.loads((folder / "failed.json").read_bytes()) for folder in work_folders(project)]
    assert (record["entity"], record["period"], record["exit_code"]) == ("Lâm Đồng", "2024-03", 10)

    stand_in()
    monkeypatch.setattr("analysis.runs.workers.local_workers", lambda _jobs: nullcontext(at_once))
    code, said = ask("batch", *wanted, "--resume")
    assert code == 29 and "Hòa Bình, April 2023: unchanged" in said


@pytest.mark.slow
def test_resume_makes_what_has_changed(simulated, stand_in):
    """What has been read already must not hide a change."""
    stand_in()
    reports, one, two = simulated / "reports", f"mo-phong-01/{MONTHS[0]}", f"mo-phong-02/{MONTHS[0]}"

    def again() -> set[str]:
        before, outcomes = times(simulated), batch(ONE, TWO, resume=True)
        assert all_whole(simulated) and len(listed(simulated)) == 2
        made = of(outcomes, "made")
        assert made | of(outcomes, "kept") == {one, two}
        assert made == redone(before, simulated)
        return made

    assert again() == {one, two}
    assert again() == set()
    (reports / one / "index.en.html").write_text("tampered", encoding="utf-8")
    assert again() == {one}
    (reports / two / "run.en.json").write_text("{", encoding="utf-8")
    plant(simulated, "last", "pass  # another notebook, the same figures")
    assert again() == {one, two}
    # One figure of a third province changes the hash of the data, which every page shows: all are made again.
    edit(simulated, "mo-phong-03", MONTHS[2], "total_score", quote="as printed")
    assert again() == {one, two}


def test_a_report_says_what_became_of_the_last_one(simulated, stand_in):
    """So an entity's reports follow each other; without --resume each is made again."""
    stand_in()
    wanted = chains([TWO], f"{MONTHS[0]}..{MONTHS[1]}", True)
    for _time in range(2):
        heard: list[Outcome] = []
        outcomes = run_batch(wanted, at_once, heard.append, allow_synthetic=True)
        assert heard == outcomes and of(outcomes, "made") == set(times(simulated)) and len(outcomes) == 2
    record = json.loads((simulated / "reports" / "mo-phong-02" / MONTHS[1] / "run.en.json").read_bytes())
    assert record["parameters"]["promised"]["month"] == MONTHS[0]


def test_a_batch_whose_figures_are_at_fault(simulated, stand_in):
    stand_in()
    edit(simulated, "mo-phong-02", MONTHS[0], "total_score", value=None)
    contradict(simulated, "mo-phong-03", MONTHS[0])
    outcomes = batch(ONE, TWO, THREE)
    assert [(item.job.entity, item.exit_code) for item in outcomes] == [(ONE, 0), (TWO, 12), (THREE, 15)]
    assert not any(item.unrecorded for item in outcomes)
    records = [json.loads((folder / "failed.json").read_bytes()) for folder in work_folders(simulated)]
    assert {(record["entity"], record["exit_code"]) for record in records} == {(TWO, 12), (THREE, 15)}
    page = (simulated / "reports" / "index.en.html").read_text(encoding="utf-8")
    assert TWO in page and THREE in page and listed(simulated) == [f"mo-phong-01/{MONTHS[0]}/"]
    answer = summary(outcomes)
    assert answer.said[0] == "1 made, 0 unchanged, 2 failed."
    assert [name.partition(",")[0] for name in answer.failures] == [TWO, THREE]
    assert [(item["state"], item["exit_code"]) for item in answer.data["reports"][:2]] == [("made", 0), ("failed", 12)]


def test_failures_are_told_by_entity_and_month():
    found = ((TWO, MONTHS[0], 12), (ONE, MONTHS[1], 10), (ONE, MONTHS[0], 20))
    outcomes = [Outcome(Job(entity, month, "en"), "failed", 1.0, code, "why") for entity, month, code in found]
    names = [f"{ONE}, May 2024", f"{ONE}, June 2024", f"{TWO}, May 2024"]
    assert summary(outcomes).failures == [f"{name}: why" for name in names]


def test_a_worker_that_is_lost_with_its_machine_fails_its_report_alone(simulated, stand_in):
    def submit(job: Job) -> Future[Outcome]:
        lost: Future[Outcome] = Future()
        lost.set_exception(OSError("gone"))
        return lost if job.entity == ONE else at_once(job)

    stand_in()
    outcomes = batch(ONE, TWO, submit=submit)
    assert [(item.state, item.what) for item in outcomes] == [("failed", "OSError: gone"), ("made", "")]
    assert len(work_folders(simulated)) == len(listed(simulated)) == 1


def test_files_that_come_with_an_outcome_are_published(simulated, good):
    files = {path.name: path.read_bytes() for path in (good / "hoa-binh" / "2023-04").iterdir()}
    come = {ONE: files, TWO: {"no/folder": b""}}
    outcomes = batch(ONE, TWO, submit=lambda job: given(Outcome(job, "made", 1.0, files=come[job.entity])))
    assert [(item.state, item.exit_code, item.files) for item in outcomes] == [("made", 0, {}), ("failed", 24, {})]
    assert listed(simulated) == [f"mo-phong-01/{MONTHS[0]}/"] and all_whole(simulated)


def test_an_interrupted_batch_lists_what_is_published(simulated, stand_in):
    waits: list[Future[Outcome]] = []

    def submit(job: Job) -> Future[Outcome]:
        waits.append(at_once(job) if job.entity == ONE else Future())
        return waits[-1]

    def interrupt(outcome: Outcome) -> None:
        raise KeyboardInterrupt

    stand_in()
    with pytest.raises(KeyboardInterrupt):
        batch(ONE, TWO, THREE, submit=submit, heard=interrupt)
    assert len(listed(simulated)) == 1
    assert [future.cancelled() for future in waits] == [False, True, True]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_one_line_and_the_failures_above_it(monkeypatch):
    monkeypatch.setattr("sys.stderr", screen := Terminal())
    monkeypatch.setattr("analysis.runs.batch.monotonic", iter((0, 60, 120, 180)).__next__)
    with progress(3) as heard:
        for number, state in enumerate(("made", "failed", "kept"), start=1):
            heard(Outcome(Job(f"Mô phỏng 0{number}", MONTHS[0], "en"), state, 1.0, what="planted"))
    told = screen.getvalue().split("\r\x1b[K")
    assert told[1] == "1/3 · 0 failed · 60.0 s a report, 2 min left"
    failure = "[2/3] Mô phỏng 02, May 2024: FAILED: planted"
    assert told[2] == f"{failure}\n2/3 · 1 failed · 60.0 s a report, 1 min left"
    assert told[3] == "3/3 · 1 failed · 60.0 s a report, 0 s left\n"
    assert len(told) == 4


# 3. Sixty reports, ten of which fail.

# The notebook runs what a file outside of it says: so a fault can be mended with the notebook and the data unchanged.
READS_FAULTS = """
import json, pathlib
faults = pathlib.Path("../../../faults.json")
exec(json.loads(faults.read_text(encoding="utf-8")).get(f"{entity} {month}", ""))
"""
RAISE = 'raise ValueError("planted")'
KILL = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
HANG = "import time\ntime.sleep(600)"
DISK = 'import errno\nraise OSError(errno.ENOSPC, "No space left on device", "figures.csv")'
SHORT_CELLS = """
import functools
from analysis import cli
from analysis.runs import workers
workers.local_workers = functools.partial(workers.local_workers, limits=workers.Limits(cell=8))
cli.main()
"""
PLANTED = {
    (3, "2024-05"): (RAISE, 20),
    (8, "2024-08"): (RAISE, 20),
    (9, "2024-08"): (RAISE, 20),
    (1, "2024-08"): (KILL, 21),
    (12, "2024-08"): (KILL, 21),
    (5, "2024-08"): (HANG, 23),
    (6, "2024-08"): (HANG, 23),
    (10, "2024-08"): (DISK, 24),
}
BAD_DATA = {(14, "2024-06"): 15, (16, "2024-08"): 12}


def entity(number: int) -> str:
    return f"Mô phỏng {number:02d}"


@pytest.fixture
def sixteen(tmp_path, rubrics) -> Path:
    """Four months of sixteen simulated provinces, of which 15 lacks one total, 16 all; and 14 contradicts itself."""
    project = simulate(tmp_path / "project", rubrics, entities=16, first="2024-05", last="2024-08")
    cut_notebook(project)
    plant(project, "middle", READS_FAULTS)
    faults = {f"{entity(number)} {month}": code for (number, month), (code, _exit) in PLANTED.items()}
    (project / "faults.json").write_text(json.dumps(faults), encoding="utf-8")
    names(project, *map(entity, range(1, 17)))
    for number, month in [(15, "2024-06"), *((16, f"2024-0{month}") for month in (5, 6, 7, 8))]:
        edit(project, f"mo-phong-{number}", month, "total_score", value=None)
    contradict(project, "mo-phong-14", "2024-06")
    return project


def run_sixteen(project: Path, *words: str):
    words = ("--entities", "names.txt", "--months", "2024-05..2024-08", "--allow-synthetic", "--json", *words)
    command = [sys.executable, "-c", SHORT_CELLS, "batch", "--jobs", "2", "--lang", "en", *words]
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, cwd=project, stdout=pipe, stderr=pipe, text=True, encoding="utf-8", preexec_fn=hear_interrupts
    )
    return finish(process, 10 * LONG)


@slow
@linux
def test_sixty_reports_ten_of_which_fail(sixteen, apart):
    run = run_sixteen(sixteen)
    assert run.code == 29, run.err
    assert counts(run) == (50, 0, 10)
    expected = {key: code for key, (_fault, code) in PLANTED.items()} | BAD_DATA
    failed = [item for item in json.loads(run.out)["reports"] if item["state"] == "failed"]
    assert {(item["entity"], item["period"]): item["exit_code"] for item in failed} == {
        (entity(number), month): code for (number, month), code in expected.items()
    }
    assert len(re.findall(r"(?m)^\[\d+/60\] Mô phỏng", run.err)) == 60
    assert "10 of 60 reports failed" in run.err and "--resume" in run.err and "Traceback" not in run.err
    assert len(times(sixteen)) == len(listed(sixteen)) == 50 and all_whole(sixteen)
    records_of_failures(sixteen, expected)
    wait_for(lambda: not alive(apart), GONE_SECONDS)
    assert sockets(apart) == []

    # Mended, but for the data, which every page shows the hash of: with other data all would be made again. These ten
    # are made: the eight; the month after one of them, which now says what became of it; a page changed by hand.
    (sixteen / "faults.json").write_text("{}", encoding="utf-8")
    (sixteen / "reports" / "mo-phong-02" / "2024-05" / "index.en.html").write_text("x", encoding="utf-8")
    before = times(sixteen)
    run = run_sixteen(sixteen, "--resume")
    assert (run.code, counts(run)) == (29, (10, 48, 2)), run.err
    mended = {f"mo-phong-{number:02d}/{month}" for number, month in PLANTED}
    assert redone(before, sixteen) == mended | {"mo-phong-03/2024-06", "mo-phong-02/2024-05"}
    assert len(times(sixteen)) == len(listed(sixteen)) == 58 and all_whole(sixteen)
    records_of_failures(sixteen, BAD_DATA)

    before = times(sixteen)
    run = run_sixteen(sixteen, "--resume")
    assert (run.code, counts(run)) == (29, (0, 58, 2)), run.err
    assert redone(before, sixteen) == set()


def records_of_failures(project: Path, expected: dict[tuple[int, str], int]) -> None:
    """Of each failed report the working folder and a line in the list of reports; and no other working folder."""
    records = [json.loads((folder / "failed.json").read_bytes()) for folder in work_folders(project)]
    found = {(record["entity"], record["period"], record["exit_code"]) for record in records}
    assert found == {(entity(number), month, code) for (number, month), code in expected.items()}
    page = (project / "reports" / "index.en.html").read_text(encoding="utf-8")
    assert page[page.index("Which runs failed?") :].count("<tr>") == len(expected) + 1


# 4. Interrupts and kills.


def running(project: Path, *words: str) -> subprocess.Popen[str]:
    """A batch of nine reports that has published one and is making another."""
    process = begin(project, *words)
    wait_for(lambda: times(project) and kernels(project))
    return process


@slow
@linux
@pytest.mark.parametrize("how", ["command", "terminal", "kill"])
def test_a_batch_that_is_interrupted_or_killed(simulated, apart, how):
    """Ctrl-C on a terminal goes to each process of the command, `kill -INT` to the command alone."""
    process = running(simulated)
    assert len(alive(apart)) > 3
    for number in in_group_of(process.pid) if how == "terminal" else [process.pid]:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL if how == "kill" else signal.SIGINT)
    run = finish(process)
    if how != "kill":
        assert (run.code, run.out) == (130, ""), run.err
        assert "Interrupted. Every report is whole" in run.err and "Traceback" not in run.err
    wait_for(lambda: not alive(apart), GONE_SECONDS)
    before = times(simulated)
    assert 1 <= len(before) < 9 and all_whole(simulated)
    assert how == "kill" or len(listed(simulated)) == len(before)
    if how == "command":
        run = finish(begin(simulated, "--resume", "--json"))
        assert (run.code, counts(run)) == (0, (9 - len(before), len(before), 0)), run.err
        assert before.items() <= times(simulated).items()
        assert all_whole(simulated) and left_behind(simulated) == set()


def in_group_of(leader: int) -> list[int]:
    """What a terminal would interrupt together with a command: the processes below it that left no group."""
    found, group = [leader], os.getpgid(leader)
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            number = int(process.name)
            own = int((process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            if own in found and os.getpgid(number) == group and number not in found:
                found.append(number)
    return found

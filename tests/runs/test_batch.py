"""Is each report of a batch as good as if it were the only one, whatever happens to the others?

Real faults in a batch of sixty; real interrupts and kills; the files of a batch against those of single reports. The
provinces are simulated, and most runs use the small notebook of `test_report_faults`.
"""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from analysis import errors
from analysis.language import slug
from analysis.runs.batch import chains, names_in, run_batch
from analysis.runs.workers import local_workers
from analysis.scorecards.history import COLUMNS
from made import (
    ALL_MONTHS,
    COMMAND,
    FIVE,
    FOUR,
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


# 1. Which reports, in which order.


def test_all_that_have_no_parent_month_by_month(simulated):
    assert chains(["all"], ALL_MONTHS, True) == [[(entity, month) for month in MONTHS] for entity in (ONE, TWO, THREE)]
    assert chains(["all"], MONTHS[1], True) == [[(entity, MONTHS[1])] for entity in (ONE, TWO, THREE)]
    assert chains(["all"], "2020-01..2024-05", True) == [[(entity, MONTHS[0])] for entity in (ONE, TWO, THREE)]


def test_units_of_a_province(simulated):
    units = [f"{TWO}, xã 001", f"{TWO}, xã 002"]
    assert chains(["all"], MONTHS[0], True, TWO) == [[(unit, MONTHS[0])] for unit in units]
    assert chains(["all"], MONTHS[0], True, "mo-phong-02") == [[(unit, MONTHS[0])] for unit in units]
    with pytest.raises(errors.ParameterError, match="has no units"):
        chains(["all"], MONTHS[0], True, units[0])


def test_simulated_entities_must_be_allowed(simulated):
    with pytest.raises(errors.SyntheticError) as caught:
        chains([ONE], MONTHS[0])
    assert caught.value.rows == (ONE,) and "--allow-synthetic" in caught.value.next_step
    with pytest.raises(errors.SyntheticError):
        chains(["all"], MONTHS[0], parent=ONE)
    with pytest.raises(errors.ParameterError):  # `all` without them is nobody
        chains(["all"], MONTHS[0])


def test_real_entities_only(project_copy):
    found = chains(["all"], "2023-04..2024-07")
    assert [("Hòa Bình", "2023-04"), ("Hòa Bình", "2024-07")] in found
    assert [("Bắc Kạn", "2023-08"), ("Bắc Kạn", "2024-07")] in found
    assert {entity for chain in found for entity, _month in chain} == {"Hòa Bình", "Bắc Kạn", "Bình Dương"}


def test_years_are_not_inside_a_range_of_months(project_copy):
    """Lâm Đồng has totals of 2025 and 2026, and of no month."""
    assert [("Lâm Đồng", "2025")] in chains(["all"], "2025")
    assert all(("Lâm Đồng", "2025") not in chain for chain in chains(["all"], "2025-01..2025-12"))
    assert chains(["lam-dong"], "2025-01..2025-12") == [[("Lâm Đồng", "2025-12")]]  # one report, which will fail


def test_entity_without_a_total(simulated):
    """Named by the user it has a report, of the last month, which will fail; among `all` it is passed over."""
    for month in MONTHS:
        edit(simulated, "mo-phong-02", month, "total_score", value=None)
    assert chains([TWO, ONE], ALL_MONTHS, True) == [[(TWO, MONTHS[-1])], [(ONE, month) for month in MONTHS]]
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


# 2. Sixty reports, ten of which fail.

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
from analysis import cli, jobs, pool
pool.local_workers = functools.partial(pool.local_workers, limits=jobs.Limits(cell=8))
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


CAUSES = {
    20: "failed: ValueError",
    21: "died",
    23: "longer than it may",
    24: "No space left on device",
    15: "",
    12: "total",
}


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
    path = project / "data" / "observations" / "mo-phong-14.csv"
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    first, second = [row for row in rows if row["period"] == "2024-06" and row["level"] == "group"][:2]
    edit(project, "mo-phong-14", "2024-06", first["code"], value=f"{float(first['value']) - 1:.1f}")
    edit(project, "mo-phong-14", "2024-06", second["code"], value=f"{float(second['value']) + 1:.1f}")
    return project


def run_sixteen(project: Path, *words: str):
    command = [sys.executable, "-c", SHORT_CELLS, "batch", "--entities", "names.txt", "--months", "2024-05..2024-08"]
    process = subprocess.Popen(
        [*command, "--jobs", "2", "--allow-synthetic", "--json", "--lang", "en", *words],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        preexec_fn=hear_interrupts,
    )
    return finish(process, 10 * LONG)


@linux
def test_sixty_reports_ten_of_which_fail(sixteen, apart):
    run = run_sixteen(sixteen)
    assert run.code == 29, run.err
    assert counts(run) == (50, 0, 10)
    failed = {
        (item["entity"], item["period"]): item for item in json.loads(run.out)["reports"] if item["state"] == "failed"
    }
    expected = {key: code for key, (_fault, code) in PLANTED.items()} | BAD_DATA
    assert {key: item["exit_code"] for key, item in failed.items()} == {
        (entity(number), month): code for (number, month), code in expected.items()
    }
    for item in failed.values():
        assert CAUSES[item["exit_code"]] in item["what"]
        assert item["next_step"]
    assert len(re.findall(r"(?m)^\[\d+/60\] Mô phỏng", run.err)) == 60
    assert "10 of 60 reports failed" in run.err and "--resume" in run.err and "Traceback" not in run.err
    assert len(times(sixteen)) == len(listed(sixteen)) == 50 and all_whole(sixteen)
    records_of_failures(sixteen, expected)
    wait_for(lambda: not alive(apart), GONE_SECONDS)
    assert sockets(apart) == []

    # Mended, but for the data, which every page shows the hash of: with other data all would be made again. These ten
    # are made: the eight; the month after one of them, which now says what became of it; a page changed by hand.
    (sixteen / "faults.json").write_text("{}", encoding="utf-8")
    (sixteen / "reports" / "mo-phong-02" / "2024-05" / "index.html").write_text("x", encoding="utf-8")
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
    found = Counter((record["entity"], record["period"], record["exit_code"]) for record in records)
    assert set(found) == {(entity(number), month, code) for (number, month), code in expected.items()}
    page = (project / "reports" / "index.html").read_text(encoding="utf-8")
    names_of_failures = page[page.index("Which runs failed?") :]
    for number, _month in expected:
        assert entity(number) in names_of_failures
    assert len(re.findall(r"<tr>", names_of_failures)) == len(expected) + 1


# 3. What --resume makes again.


@linux
def test_resume_makes_what_has_changed(simulated, apart):
    """One worker goes through all of it: what it has read already must not hide a change."""
    reports, months = simulated / "reports", MONTHS[0]
    one, two = f"mo-phong-01/{months}", f"mo-phong-02/{months}"
    with local_workers(1) as submit:

        def again() -> set[str]:
            before, wanted = times(simulated), chains([ONE, TWO], months, True)
            outcomes = run_batch(wanted, submit, lambda outcome: None, allow_synthetic=True, resume=True)
            assert all_whole(simulated) and len(listed(simulated)) == 2
            made = {f"{slug(item.job.entity)}/{item.job.month}" for item in outcomes if item.state == "made"}
            assert {item.state for item in outcomes} <= {"made", "kept"}
            assert made == redone(before, simulated)
            return made

        assert again() == {one, two}
        assert again() == set()
        (reports / one / "index.html").write_text("tampered", encoding="utf-8")
        assert again() == {one}
        (reports / two / "run.json").write_text("{", encoding="utf-8")
        assert again() == {two}
        plant(simulated, "last", "pass  # another notebook, the same figures")
        assert again() == {one, two}
        # One figure of a third province changes the hash of the data, which every page shows: all are made again.
        edit(simulated, "mo-phong-03", MONTHS[2], "total_score", quote="as printed")
        assert again() == {one, two}
        assert again() == set()


# 4. The same files as one at a time.


@linux
@pytest.mark.parametrize(
    ("made", "months", "files"),
    [
        (
            [("mo-phong-01", MONTHS[0]), ("mo-phong-01", MONTHS[1]), ("mo-phong-02", MONTHS[0])],
            f"{MONTHS[0]}..{MONTHS[1]}",
            FOUR,
        ),
        ([("mo-phong-02", MONTHS[1])], MONTHS[1], FIVE),
    ],
    ids=["small notebook", "whole notebook"],
)
def test_files_of_a_batch_are_those_of_single_reports(three, tmp_path, apart, made, months, files):
    """The second month of the first province says what became of the first."""
    alone, together = tmp_path / "alone", tmp_path / "together"
    for folder in (alone, together):
        shutil.copytree(three, folder)
        if files == FOUR:
            cut_notebook(folder)
    for name, month in made:
        run = finish(start(alone, "report", month, "-e", name, "--allow-synthetic"))
        assert run.code == 0, run.err
    wanted = names(together, *dict.fromkeys(name for name, _month in made))
    run = finish(begin(together, "--entities", wanted, months=months))
    assert run.code == 0, run.err
    for name, month in made:
        assert same_files(*(folder / "reports" / name / month for folder in (alone, together)), files)


# 5. Interrupts and kills.


def running(project: Path, *words: str) -> subprocess.Popen[str]:
    """A batch of nine reports that has published one and is making another."""
    process = begin(project, *words)
    wait_for(lambda: times(project) and kernels(project))
    return process


@linux
@pytest.mark.parametrize("whom", ["command", "terminal"])
def test_interrupted_batch(simulated, apart, whom):
    """Ctrl-C on a terminal goes to each process of the command, `kill -INT` to the command alone."""
    process = running(simulated)
    if whom == "terminal":
        for number in in_group_of(process.pid):
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGINT)
    else:
        process.send_signal(signal.SIGINT)
    run = finish(process)
    assert (run.code, run.out) == (130, ""), run.err
    assert "Interrupted. Every report is whole" in run.err and "Traceback" not in run.err
    wait_for(lambda: not alive(apart), GONE_SECONDS)
    before = times(simulated)
    assert 1 <= len(before) < 9 and all_whole(simulated)
    assert len(listed(simulated)) == len(before)
    if whom == "command":
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


@linux
def test_killed_batch_leaves_no_process(simulated, apart):
    process = running(simulated)
    assert len(alive(apart)) > 3
    process.kill()
    process.communicate()
    wait_for(lambda: not alive(apart), GONE_SECONDS)
    assert times(simulated) and all_whole(simulated)


@linux
def test_killed_worker_fails_its_report_alone(simulated, apart):
    process = running(simulated, "--json", "--entities", names(simulated, ONE, TWO))
    os.kill(alive(apart, "-m analysis.runs.worker")[0], signal.SIGKILL)
    run = finish(process)
    assert (run.code, counts(run)) == (29, (5, 0, 1)), run.err
    failed = next(item for item in json.loads(run.out)["reports"] if item["state"] == "failed")
    assert failed["exit_code"] == 21 and "died" in failed["what"]
    assert len(times(simulated)) == len(listed(simulated)) == 5 and all_whole(simulated)
    records = [json.loads(path.read_bytes()) for path in (simulated / "reports" / ".work").glob("*/failed.json")]
    assert [(record["entity"], record["period"]) for record in records] == [(failed["entity"], failed["period"])]


# 6. How many at a time, and what is told on the way.

TOGETHER = """
import pathlib, time
place = pathlib.Path("../../../together")
place.mkdir(exist_ok=True)
(place / run_id).touch()
until = time.monotonic() + 60
while len([*place.iterdir()]) < 2:
    assert time.monotonic() < until, "nobody else runs"
    time.sleep(0.05)
"""


@linux
def test_two_jobs_run_two_at_a_time(simulated, apart):
    """Each report waits for another one that runs. In a log a line tells of each."""
    plant(simulated, "middle", TOGETHER)
    run = finish(begin(simulated, "--entities", names(simulated, ONE, TWO), months=MONTHS[0]))
    assert run.code == 0, run.err
    first, *told = run.err.splitlines()
    assert first == "2 reports; jobs: 2."
    told = [re.sub(r"\(\d+\.\d s\)", "(s)", line) for line in told]
    assert sorted(line[6:] for line in told) == [f"{entity}, May 2024: made (s)" for entity in (ONE, TWO)]
    assert [line[:6] for line in told] == ["[1/2] ", "[2/2] "]
    assert run.out == "2 made, 0 unchanged, 0 failed.\n"


@linux
def test_one_job_runs_one_at_a_time_and_a_terminal_shows_one_line(simulated, apart):
    """No report may find that another one runs. The line has the time left; a failure stays above it."""
    plant(simulated, "first", 'import os\nos.mkdir("../../../alone")')
    plant(simulated, "last", 'os.rmdir("../../../alone")')
    failing = 'if entity == "Mô phỏng 02":\n    os.rmdir("../../../alone")\n    raise ValueError("planted")'
    plant(simulated, "middle", failing)
    words = ["--entities", names(simulated, ONE, TWO, THREE), "--months", MONTHS[0], "--jobs", "1"]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "batch", *words, "--allow-synthetic", "--lang", "en"],
        cwd=simulated,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    with suppress(OSError):  # the end of a terminal
        while new := os.read(ours, 4096):
            said += new
    os.close(ours)
    assert process.wait() == 29
    text = said.decode()
    told = text.split("\r\x1b[K")
    assert re.fullmatch(r"1/3 · 0 failed · \d+\.\d s a report, \d+ (s|min) left", told[1])
    assert re.fullmatch(
        r"\[2/3\] Mô phỏng 02, May 2024: FAILED: [^\n]+\n2/3 · 1 failed · .+ left", told[2].replace("\r", "")
    )
    assert told[3].startswith("3/3 · 1 failed · ")
    assert len(told) == 4

"""Does the last good report survive everything that can happen to a run, and does the run say what to do next?

Real faults: killed kernels and runners, a full disk, a full memory, two runs at once. To be quick, most runs use a
small copy of the project: three files of figures, and of the notebook its first screen and its last cell with what
these need. The whole notebook with all the figures runs where a test says so.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

from analysis import errors, files
from analysis.runs import reports
from analysis.runs.run import Parameters, check_parameters, prepare, render
from analysis.runs.workers import Limits
from analysis.scorecards.history import COLUMNS
from made import (
    FIVE,
    FOUR,
    NOTEBOOK,
    Run,
    ask,
    copy_project,
    finish,
    hear_interrupts,
    kernels,
    left_behind,
    listed,
    plant,
    start,
    wait_for,
    whole,
)

HOA_BINH = Parameters(entity="Hòa Bình", month="2023-04", language="en", levers={"e_result": 80.0})
KERNEL_SECONDS = 10
USUAL_LIMITS = Limits()
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc and mounts a disk")


def hashes(folder: Path, without: str = files.WORK) -> dict[str, str]:
    """Each file below a folder with its hash; not those below `without`, nor the list of reports: it tells failures."""
    return {
        name.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and without not in (name := path.relative_to(folder)).parts
        if path != folder / "index.html" or folder.name != "reports"
    }


def no_kernel_left(project: Path) -> None:
    wait_for(lambda: not kernels(project), KERNEL_SECONDS)


def finish_all(*processes: subprocess.Popen[str]) -> list[Run]:
    with ThreadPoolExecutor(len(processes)) as pool:
        return list(pool.map(finish, processes))


def fails(project: Path, expected: type[errors.AnalysisError], limits: Limits = USUAL_LIMITS) -> errors.AnalysisError:
    """Make a report that must fail: nothing published changes, no kernel stays, and the error says what to do."""
    reports = project / "reports"
    before = hashes(reports)
    with pytest.raises(errors.AnalysisError) as caught:
        render(HOA_BINH, limits)
    error = caught.value
    assert type(error) is expected, str(error)
    assert error.next_step
    assert hashes(reports) == before
    assert Path.cwd() == project
    for kept in re.findall(r"reports/\.work/\S+\.ipynb", str(error)):
        nbformat.validate(nbformat.read(project / kept, as_version=4))
    no_kernel_left(project)
    return error


def succeeds(project: Path, files: set[str] = FOUR) -> None:
    """A plain run: a whole report, listed, and nothing left of the runs before it."""
    page = render(HOA_BINH)
    assert whole(page.parent, files)
    assert listed(project).count(f"{page.parent.relative_to(project / 'reports').as_posix()}/") == 1
    assert left_behind(project) == set()
    assert {path.name for path in page.parent.parent.iterdir()} == {page.parent.name}
    no_kernel_left(project)


# 1. Faults in the notebook.

FAULTS = {
    "raise": ('raise ValueError("planted")', errors.NotebookError, 20),
    "kill": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", errors.KernelDiedError, 21),
    "exit": ("import sys\nsys.exit(0)", errors.IncompleteRunError, 22),
    "hang": (
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(100)",
        errors.RunTimeoutError,
        23,
    ),
    "memory": (
        "import resource\n"
        'pages = int(open("/proc/self/statm", encoding="ascii").read().split()[0])\n'
        "room = pages * resource.getpagesize() + (64 << 20)\n"
        "resource.setrlimit(resource.RLIMIT_AS, (room, room))\n"
        "hoard = [bytearray(1 << 20) for _ in range(1 << 20)]",
        errors.NotebookError,
        20,
    ),
    "disk": (
        'import errno\nraise OSError(errno.ENOSPC, "No space left on device", "figures.csv")',
        errors.WriteError,
        24,
    ),
}


def test_faults_in_the_whole_notebook(project_copy, good):
    """With all the data: a failing cell half way, a killed one, and then a run to the end."""
    shutil.copytree(good, project_copy / "reports")
    notebook = (project_copy / NOTEBOOK).read_bytes()
    for fault in ("raise", "kill"):
        code, expected, exit_code = FAULTS[fault]
        plant(project_copy, "middle", code)
        assert fails(project_copy, expected).exit_code == exit_code
        (project_copy / NOTEBOOK).write_bytes(notebook)
    succeeds(project_copy, FIVE)


@pytest.mark.parametrize("place", ["first", "middle", "last"])
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_in_a_cell(project, fault, place):
    code, expected, exit_code = FAULTS[fault]
    notebook = (project / NOTEBOOK).read_bytes()
    plant(project, place, code)
    error = fails(project, expected, Limits(cell=1) if fault == "hang" else USUAL_LIMITS)
    assert error.exit_code == exit_code
    if fault in ("raise", "exit"):
        assert "is kept in reports/.work/hoa-binh-2023-04-" in str(error)
    if fault == "raise":
        assert "ValueError" in str(error) and "planted" in str(error)
    (project / NOTEBOOK).write_bytes(notebook)
    succeeds(project)


LEFT = """
import json, pathlib
path = pathlib.Path("result.json")
result = json.loads(path.read_text(encoding="utf-8"))
result.update({change})
path.write_text(json.dumps(result), encoding="utf-8")
"""


RESULTS = {
    "of another run": LEFT.format(change='run_id="hoa-binh-2023-04-000000000000"'),
    "of another month": LEFT.format(change='period="2024-07"'),
    "of another entity": LEFT.format(change='entity="Bắc Kạn"'),
    "with no figure": LEFT.format(change="figures=0"),
    "with an unknown field": LEFT.format(change="more=1"),
    "that is no number": LEFT.format(change='total=float("nan")'),
    "cut short": 'import os\nos.truncate("result.json", 40)',
    "without its figures": 'import os\nos.remove("figures.csv")',
}


@pytest.mark.parametrize("result", ["missing", *RESULTS])
def test_result_that_is_not_of_this_run(project, result):
    good_notebook = (project / NOTEBOOK).read_bytes()
    if result == "missing":
        notebook = nbformat.read(project / NOTEBOOK, as_version=4)
        notebook.cells.pop()
        nbformat.write(notebook, project / NOTEBOOK)
    else:
        plant(project, "last", RESULTS[result])
    error = fails(project, errors.IncompleteRunError)
    assert error.exit_code == 22
    assert "is kept in reports/.work/hoa-binh-2023-04-" in str(error)
    (project / NOTEBOOK).write_bytes(good_notebook)
    if result == "missing":
        succeeds(project)


@pytest.mark.parametrize(("fault", "exit_code"), [("raise", 20), ("kill", 21), ("exit", 22)])
def test_exit_code_of_the_command(project, fault, exit_code):
    plant(project, "first", FAULTS[fault][0])
    before = hashes(project / "reports")
    run = finish(start(project, "report", "2023-04"))
    assert (run.code, run.out) == (exit_code, "")
    assert "Error: " in run.err and "Traceback (most recent call last)" not in run.err
    assert hashes(project / "reports") == before
    no_kernel_left(project)


def test_limit_of_the_whole_run(project):
    """Cells that each keep to their limit may still take too long together."""
    notebook = nbformat.read(project / NOTEBOOK, as_version=4)
    notebook.cells[-1:-1] = [nbformat.v4.new_code_cell("import time; time.sleep(0.6)") for _ in range(12)]
    nbformat.write(notebook, project / NOTEBOOK)
    assert fails(project, errors.RunTimeoutError, Limits(run=4)).exit_code == 23


@pytest.mark.parametrize("limits", [Limits(cell=0.5), Limits(run=0.5)], ids=["cell", "run"])
def test_limits_may_be_fractions(project, limits):
    plant(project, "first", "import time; time.sleep(30)")
    began = time.monotonic()
    fails(project, errors.RunTimeoutError, limits)
    assert time.monotonic() - began < 15


def test_kernel_that_does_not_start(project, monkeypatch, tmp_path):
    """No folder for its sockets, or one whose name is too long for a socket: an error in words, not a traceback."""
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    before = hashes(project / "reports")
    run = finish(start(project, "report", "2023-04", TMPDIR=str(folder)))
    assert "Traceback (most recent call last)" not in run.err
    assert run.code in (0, 21, 24)  # it may well find another folder
    if run.code:
        assert hashes(project / "reports") == before
    no_kernel_left(project)


def test_socket_folder_of_another_run_that_goes_away(project):
    """Another run may remove its folder while this one looks through them: here, a link that leads nowhere."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        (Path(folder) / "scorecard-kernel-gone").symlink_to("nowhere")
        run = finish(start(project, "report", "2023-04", TMPDIR=folder))
        assert run.code == 0, run.err
        assert [path.name for path in Path(folder).glob("scorecard-kernel-*")] in ([], ["scorecard-kernel-gone"])


@pytest.mark.parametrize("content", [b"", b"not JSON", b"{}", None], ids=["empty", "text", "no cells", "missing"])
def test_notebook_that_cannot_be_read(project, content):
    before = hashes(project / "reports")
    (project / NOTEBOOK).unlink()
    if content is not None:
        (project / NOTEBOOK).write_bytes(content)
    code, words = ask("report", "2023-04")
    assert code not in (0, 1)
    assert "monthly_report.ipynb" in words
    assert hashes(project / "reports") == before


# 2. A full disk.


@pytest.fixture
def small_disk(small) -> Iterator[Path]:
    """The reports folder of the project on a disk of its own of 4 MB."""
    reports = small / "reports"
    reports.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(reports)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount a small disk: {mounted.stderr.decode(errors='replace').strip()}")
    yield reports
    subprocess.run(["umount", "-l", str(reports)], check=True)


def fill(disk: Path, free: int) -> Path:
    """A file that leaves only so many bytes free."""
    state = os.statvfs(disk)
    path = disk / "filler"
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, state.f_bavail * state.f_frsize - free)
    return path


@pytest.mark.parametrize("stage", ["at once", "figures", "notebook", "page", "record"])
def test_full_disk(small_disk, good, stage):
    project = small_disk.parent
    shutil.copytree(good, small_disk, dirs_exist_ok=True)
    size = {path.name: path.stat().st_size for path in (good / "hoa-binh" / "2023-04").iterdir()}
    free = {
        "at once": 0,
        "figures": size["figures.csv"] // 2,
        "notebook": size["figures.csv"] + size["report.ipynb"] // 2,
        "page": size["figures.csv"] + size["report.ipynb"] + size["index.html"] // 2,
        "record": size["figures.csv"] + size["report.ipynb"] + size["index.html"] + 4096,
    }[stage]
    filler = fill(small_disk, free)
    error = fails(project, errors.WriteError)
    assert error.exit_code == 24
    assert "No space left on device" in error.what
    assert "Free some space" in error.next_step
    filler.unlink()
    succeeds(project)


def test_full_disk_from_the_command_line(small_disk, good):
    shutil.copytree(good, small_disk, dirs_exist_ok=True)
    fill(small_disk, 16_384)
    before = hashes(small_disk)
    run = finish(start(small_disk.parent, "report", "2023-04"))
    assert (run.code, run.out) == (24, "")
    assert "Free some space" in run.err and "Traceback (most recent call last)" not in run.err
    assert hashes(small_disk) == before


def test_index_that_cannot_be_written(project):
    """The report itself may be new by then; but then nobody may be told that it is unchanged."""
    index = project / "reports" / "index.html"
    index.unlink()
    (index / "in the way").mkdir(parents=True)
    final = project / "reports" / "hoa-binh" / "2023-04"
    before = hashes(final)
    with pytest.raises(errors.WriteError) as caught:
        render(HOA_BINH)
    assert whole(final)
    assert hashes(final) == before or "unchanged" not in str(caught.value)
    shutil.rmtree(index)
    succeeds(project)


# 3. Two runs at once.


@pytest.mark.parametrize("together", [True, False])
def test_two_runs_of_the_same_month(project, together):
    """The one that makes the report waits in its notebook until the other has met it, however slow the machine."""
    go, working = project / "go", project / "reports" / ".work"
    plant(project, "first", f"import os, time\nwhile not os.path.exists({str(go)!r}):\n    time.sleep(0.02)")
    first = start(project, "report", "2023-04", "--set", "e_result=81")
    if not together:
        wait_for(lambda: any(path.is_dir() for path in working.glob("*")))
    second = start(project, "report", "2023-04", "--set", "e_result=82")
    wait_for(lambda: first.poll() is not None or second.poll() is not None)
    go.touch()
    loser, winner = sorted(finish_all(first, second), key=lambda run: run.code, reverse=True)
    assert (loser.code, loser.out) == (25, "")
    assert "Another run is making the report" in loser.err and "run again" in loser.err
    assert winner.code == 0, winner.err
    assert together or winner.process is first
    final = project / "reports" / "hoa-binh" / "2023-04"
    assert whole(final)
    rate = json.loads((final / "run.json").read_bytes())["parameters"]["levers"]["e_result"]
    assert rate == (81 if winner.process is first else 82)
    assert left_behind(project) == set()


def test_busy_report_fails_at_once(project):
    before = hashes(project / "reports")
    with files.only_one(project / "reports", "hoa-binh-2023-04"):
        began = time.monotonic()
        with pytest.raises(errors.BusyError) as caught:
            render(HOA_BINH)
        assert time.monotonic() - began < 1
    assert caught.value.exit_code == 25 and caught.value.next_step
    assert hashes(project / "reports") == before
    assert left_behind(project) == set()


def test_two_runs_of_different_months(small):
    for _attempt in range(2):
        for run in finish_all(start(small, "report", "2023-04"), start(small, "report", "2024-07")):
            assert run.code == 0, run.err
        assert listed(small) == ["hoa-binh/2024-07/", "hoa-binh/2023-04/"]
        assert all(whole(small / "reports" / name) for name in listed(small))
        assert left_behind(small) == set()
        shutil.rmtree(small / "reports")


def test_index_waits_for_the_one_that_another_run_writes(project):
    """Or the later of two would be the one that read the reports first, and miss one."""
    index, entity = project / "reports" / "index.html", project / "reports" / "hoa-binh"
    written, folder = index.stat().st_mtime_ns, (entity / "2023-04").stat().st_ino
    with files.only_one(project / "reports", "index"):
        process = start(project, "report", "2023-04")
        wait_for(
            lambda: [entry.inode() for entry in os.scandir(entity) if entry.name == "2023-04"] not in ([], [folder])
        )
        time.sleep(1)
        assert process.poll() is None
        assert index.stat().st_mtime_ns == written
    assert finish(process).code == 0
    assert index.stat().st_mtime_ns != written


def test_index_lists_published_reports_only(project):
    """Not what another run has ready in its working folder, nor the report before the one it is publishing."""
    reports = project / "reports"
    working, before = reports / ".work" / "hoa-binh-2024-07-0123456789ab", reports / "hoa-binh" / "2024-07.prev"
    for folder in (working, before):
        shutil.copytree(reports / "hoa-binh" / "2023-04", folder)
    render(HOA_BINH)
    assert listed(project) == ["hoa-binh/2023-04/"]
    assert whole(working) and whole(before)


def test_damaged_record_of_another_report(project):
    """A run must not break down, after it has published, over a file of another report."""
    other = project / "reports" / "hoa-binh" / "2022-12"
    shutil.copytree(project / "reports" / "hoa-binh" / "2023-04", other)
    for text in ("", "{}"):
        (other / "run.json").write_text(text, encoding="utf-8")
        code, words = ask("report", "2023-04")
        assert code == 0 or ("2022-12" in words and code != 1)


def test_year_does_not_clean_up_the_runs_of_its_months(project):
    working = project / "reports" / ".work" / "lam-dong-2025-12-0123456789ab"
    working.mkdir()
    (working / "figures.csv").write_text("half of it", encoding="utf-8")
    render(prepare({"entity": "lam-dong", "month": "2025", "language": "en"}))
    assert (working / "figures.csv").is_file()


# 4. A runner that is killed.


def old_or_new(final: Path) -> bool:
    """A whole report, or for the moment between two renames none, and then the last one beside it."""
    return whole(final) if final.exists() else whole(final.with_name(f"{final.name}.prev"))


def kill_at_random(project: Path, moments: list[float]) -> None:
    for number, moment in enumerate(moments):
        process = start(project, "report", "2023-04", "--set", f"e_result={50 + number}")
        time.sleep(moment)
        process.kill()
        process.communicate()
        assert old_or_new(project / "reports" / "hoa-binh" / "2023-04"), f"killed after {moment:.2f} s"


def test_runner_killed_at_random_moments(small, good):
    places = [small / "one", small / "two"]
    for place in places:
        place.mkdir()
        for name in ("data", "notebooks"):
            shutil.copytree(small / name, place / name)
        shutil.copytree(good, place / "reports")
    began = time.monotonic()
    runs = finish_all(*(start(place, "report", "2023-04") for place in places))
    takes = time.monotonic() - began
    assert [run.code for run in runs] == [0, 0]
    chance = random.Random(766)
    moments = [takes * (number + chance.random()) / 6 for number in range(6)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(kill_at_random, places, (moments[::2], moments[1::2])))
    for place in places:
        no_kernel_left(place)
        os.chdir(place)
        succeeds(place)


STOPPED_AT = """
import os, signal, sys
from pathlib import Path
from analysis.runs import reports
step = int(sys.argv[1])
def count(event, arguments):
    global step
    if event in ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir"):
        step -= 1
        if step == 0:
            os.kill(os.getpid(), getattr(signal, sys.argv[4]))
sys.addaudithook(count)
reports.publish(Path(sys.argv[2]), Path(sys.argv[3]))
"""


def publish_killed(folder: Path, good: Path, step: int, signal_name: str) -> int:
    """Publish a copy of a good report over it, and send a signal at one step; the exit code."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(good, folder)
    final, work = folder / "hoa-binh" / "2023-04", folder / ".work" / "run"
    shutil.copytree(final, work)
    record = json.loads((work / "run.json").read_bytes())
    (work / "run.json").write_text(json.dumps({**record, "run_id": "new"}), encoding="utf-8")
    command = [sys.executable, "-c", STOPPED_AT, str(step), str(work), str(final), signal_name]
    return subprocess.run(command, capture_output=True, preexec_fn=hear_interrupts).returncode


def test_runner_killed_at_each_step_of_publishing(tmp_path, good):
    folder, found = tmp_path / "reports", []
    final = folder / "hoa-binh" / "2023-04"
    for step in range(1, 100):
        code = publish_killed(folder, good, step, "SIGKILL")
        if code != -signal.SIGKILL:
            break
        assert old_or_new(final), step
        found.append((final.exists(), final.with_name("2023-04.prev").exists()))
        reports.recover(final)
        assert whole(final), step
        assert {path.name for path in final.parent.iterdir()} == {"2023-04"}
    assert code == 0
    assert {(True, False), (False, True), (True, True)} <= set(found)
    assert json.loads((final / "run.json").read_bytes())["run_id"] == "new"


@pytest.mark.parametrize("planted", ["", "raise ValueError"], ids=["good run", "failing run"])
def test_next_run_after_a_kill_between_the_two_renames(project, planted):
    final = project / "reports" / "hoa-binh" / "2023-04"
    before = hashes(final)
    final.rename(final.with_name("2023-04.prev"))
    if planted:
        plant(project, "first", planted)
        with pytest.raises(errors.NotebookError):
            render(HOA_BINH)
        assert hashes(final) == before
        assert {path.name for path in final.parent.iterdir()} == {"2023-04"}
    else:
        succeeds(project)
        assert hashes(final) != before


def test_next_run_after_a_kill_that_left_the_last_report_in_part(project):
    final = project / "reports" / "hoa-binh" / "2023-04"
    shutil.copytree(final, final.with_name("2023-04.prev"))
    (final.with_name("2023-04.prev") / "index.html").unlink()
    for name in ("hoa-binh-2023-04-0123456789ab", "hoa-binh-2023-04-ba9876543210"):
        shutil.copytree(final, final.parents[1] / ".work" / name)
    succeeds(project)


# 5. A runner that is interrupted.

MOMENTS: dict[str, Callable[[Path], object]] = {
    "work folder": lambda project: left_behind(project),
    "kernel": kernels,
    "figures": lambda project: list((project / "reports" / ".work").glob("*/figures.csv")),
    "notebook": lambda project: list((project / "reports" / ".work").glob("*/report.ipynb")),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_interrupted_run(project, moment):
    before = hashes(project / "reports")
    process = start(project, "report", "2023-04")
    wait_for(lambda: MOMENTS[moment](project))
    process.send_signal(signal.SIGINT)
    run = finish(process)
    assert (run.code, run.out) == (130, ""), run.err
    assert "Interrupted. Every report is whole" in run.err
    assert "Traceback (most recent call last)" not in run.err
    assert hashes(project / "reports") == before
    no_kernel_left(project)


def test_runner_interrupted_at_each_step_of_publishing(tmp_path, good):
    """An interrupted run goes on to its end, or puts back what it moved: it can still act, unlike a killed one."""
    folder, gone = tmp_path / "reports", []
    final = folder / "hoa-binh" / "2023-04"
    for step in range(1, 100):
        code = publish_killed(folder, good, step, "SIGINT")
        if code == 0:
            break
        if not final.exists() or not whole(final):
            gone.append(step)
    assert code == 0 and step > 5
    assert gone == []


INTERRUPTED_AT_THE_INDEX = """
import signal, sys
def interrupt(event, arguments):
    if event == "open" and "index.html-" in str(arguments[0]):
        signal.raise_signal(signal.SIGINT)
from analysis.cli import main
sys.addaudithook(interrupt)
main()
"""


def test_interrupted_after_publishing(project):
    """Too late to say that nothing was published."""
    before = hashes(project / "reports" / "hoa-binh")
    command = [sys.executable, "-c", INTERRUPTED_AT_THE_INDEX, "report", "2023-04", "--lang", "en"]
    run = subprocess.run(
        command, cwd=project, capture_output=True, text=True, encoding="utf-8", preexec_fn=hear_interrupts
    )
    assert whole(project / "reports" / "hoa-binh" / "2023-04")
    if run.returncode:
        assert run.returncode == 130
        assert hashes(project / "reports" / "hoa-binh") == before or "Nothing was published" not in run.stderr
    succeeds(project)


# 6. Parameters.

USUAL = {"month": "2023-04", "levers": {"e_result": 80.0}}


@pytest.mark.parametrize("check", [check_parameters, prepare])
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"entiti": "Hòa Bình"}, "did you mean entity?"),
        ({"lever": {"e_result": 80.0}}, "did you mean levers?"),
        ({"Month": "2023-04"}, "did you mean month?"),
        ({"zzzzzz": 1}, "target_score"),
        ({"month": 202304}, "month = 202304"),
        ({"month": "2023-4"}, "month = '2023-4'"),
        ({"month": "04/2023"}, "month = "),
        ({"month": "2023-13"}, "month = "),
        ({"month": "2023-04\n"}, "month = "),
        ({"month": "２０２３-04"}, "month = "),
        ({"month": "../../x"}, "month = "),
        ({"month": "2023-04/.."}, "month = "),
        ({"month": "CON"}, "month = "),
        ({"month": "2" * 5000}, "month = "),
        ({"entity": "x" * 81}, "entity = "),
        ({"entity": 1}, "entity = 1"),
        ({"language": "fr"}, "language = 'fr'"),
        ({"language": "VI"}, "language = 'VI'"),
        ({"levers": {"e_result": "80"}}, "levers.e_result = '80'"),
        ({"levers": {"e_result": float("nan")}}, "levers.e_result = nan"),
        ({"levers": {"e_result": float("inf")}}, "levers.e_result = inf"),
        ({"levers": {"e_result": True}}, "levers.e_result = True"),
        ({"levers": {"e_result": None}}, "levers.e_result = None"),
        ({"levers": {1: 80.0}}, "levers"),
        ({"levers": ["e_result"]}, "levers"),
        ({"target_score": "70"}, "target_score = '70'"),
        ({"target_score": True}, "target_score = True"),
        ({"target_score": float("nan")}, "target_score = nan"),
        ({"target_score": 0.0}, "target_score = 0.0"),
        ({"target_score": 100.01}, "target_score = 100.01"),
    ],
)
def test_wrong_parameter(small, check, changed, words):
    with pytest.raises(errors.ParameterError) as caught:
        check({**USUAL, **changed})
    assert caught.value.exit_code == 11
    assert words in str(caught.value)
    assert caught.value.next_step == "Correct them, then run again."
    assert not (small / "reports").exists()


def test_empty_parameters(small):
    """None is a choice of its own; left out or empty they are the usual ones."""
    with pytest.raises(errors.ParameterError):
        check_parameters({**USUAL, "levers": {}})
    assert prepare({"month": "", "levers": {}, "entity": "", "target_score": None}).model_dump() == {
        "entity": "Hòa Bình",
        "month": "2024-07",
        "language": "vi",
        "levers": {"e_result": 80.0, "data_reuse": 80.0},
        "target_score": None,
        "promised": {},
    }


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"levers": {"e_rsult": 80.0}}, errors.ParameterError),
        ({"levers": {"e_result": 101.0}}, errors.ParameterError),
        ({"levers": {"e_result": -1.0}}, errors.ParameterError),
        ({"levers": {"e_result": 10.0}}, errors.ParameterError),
        ({"target_score": 50.0}, errors.ParameterError),
        ({"entity": "../../x"}, errors.UnknownNameError),
        ({"entity": "/etc/passwd"}, errors.UnknownNameError),
        ({"entity": "CON"}, errors.UnknownNameError),
        ({"entity": "nul.txt"}, errors.UnknownNameError),
        ({"entity": "x" * 80}, errors.UnknownNameError),
        ({"entity": "Hòa Bình\0"}, None),
        ({"month": "2023-05"}, errors.UnknownNameError),
        ({"month": "1999"}, errors.UnknownNameError),
    ],
)
def test_impossible_parameter(small, changed, expected):
    if expected:
        with pytest.raises(expected) as caught:
            prepare({**USUAL, **changed})
        assert caught.value.next_step or caught.value.what
    else:
        assert prepare({**USUAL, **changed}).entity == "Hòa Bình"
    assert not (small / "reports").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["../../x"],
        ["/etc/x"],
        ["2023-04", "-e", "../../x"],
        ["2023-04", "-e", "../" * 40],
        ["2023-04", "-e", "CON"],
        ["2023-04", "-e", "x" * 5000],
        ["2" * 5000],
    ],
    ids=lambda words: " ".join(words)[:20],
)
def test_nothing_is_written_for_a_name_that_is_a_path(small, words):
    before = hashes(small, without="reports"), set(os.listdir(small.parent)), set(os.listdir(small.parents[1]))
    code, said = ask("report", *words)
    assert code in (10, 11)
    assert "Error: " in said
    after = hashes(small, without="reports"), set(os.listdir(small.parent)), set(os.listdir(small.parents[1]))
    assert after == before
    assert not (small / "reports").exists()


def test_entity_that_is_a_path_past_the_checks(project):
    """Even if `prepare` was left out: the run stays inside its folder, fails, and publishes nothing."""
    before = hashes(project, without="reports"), hashes(project / "reports"), set(os.listdir(project.parent))
    with pytest.raises(errors.AnalysisError):
        render(HOA_BINH.model_copy(update={"entity": "../../../x"}))
    assert (hashes(project, without="reports"), hashes(project / "reports"), set(os.listdir(project.parent))) == before


def test_month_that_is_a_path_past_the_checks(project):
    before = hashes(project, without="reports"), hashes(project / "reports"), set(os.listdir(project.parent))
    with pytest.raises(errors.ParameterError):
        render(HOA_BINH.model_copy(update={"month": "../../../x"}))
    assert (hashes(project, without="reports"), hashes(project / "reports"), set(os.listdir(project.parent))) == before


def test_entity_folder_that_leads_outside(project, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    shutil.rmtree(project / "reports" / "hoa-binh")
    (project / "reports" / "hoa-binh").symlink_to(outside)
    with pytest.raises(errors.ParameterError):
        render(HOA_BINH)
    assert os.listdir(outside) == []


# 7. Bad data.


def line_of(project: Path, code: str, period: str = "2023-04") -> int:
    lines = (project / "data" / "observations" / "hoa-binh.csv").read_text(encoding="utf-8").splitlines()
    at = COLUMNS.index("period"), COLUMNS.index("code")
    return next(
        number for number, line in enumerate(lines, 1) if [line.split(",")[column] for column in at] == [period, code]
    )


def refused(project: Path, *words: str) -> tuple[int, str]:
    """A report that must be refused before anything runs; only where figures or rules are at fault it is listed."""
    before = hashes(project / "reports")
    code, said = ask("report", *(words or ["2023-04"]))
    assert hashes(project / "reports") == before
    assert bool(left_behind(project)) == (code in (13, 14, 15))
    return code, said


@pytest.mark.parametrize(
    "fields",
    [
        {"value": "2,2"},
        {"value": "two"},
        {"value": "18.5"},
        {"period": "2023-4"},
        {"code": "transparancy"},
        {"source": "nowhere"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_broken_line_of_figures(project, change, fields):
    line = line_of(project, "transparency")
    change("hoa-binh.csv", line, **fields)
    code, said = refused(project)
    assert code == 13
    assert f"hoa-binh.csv:{line}" in said


@pytest.mark.parametrize("broken", ["quote", "field", "latin", "header"])
def test_broken_file_of_figures(project, broken):
    path = project / "data" / "observations" / "hoa-binh.csv"
    lines = path.read_bytes().splitlines(keepends=True)
    line = {"header": 1}.get(broken, 4)
    lines[line - 1] = {
        "quote": lines[3].replace(b'"2,2/18"', b'"2,2/18" x'),
        "field": b"one,two\n",
        "latin": lines[3].replace("Hòa Bình".encode(), "Hòa Bình".encode("cp1252")),
        "header": lines[0].replace(b"value", b"Value"),
    }[broken]
    path.write_bytes(b"".join(lines))
    code, said = refused(project)
    assert code == 13
    assert f"hoa-binh.csv:{line}" in said


RUBRIC = "data/rubrics/2022-08_766-QD-TTg.toml"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("max = {", "max = [", "2022-08_766-QD-TTg.toml"),
        ("max = { value = 18,", "max = { value = 19,", "2022-08_766-QD-TTg.toml"),
        ("max = { value = 6,", "max = { value = 7,", "transparency"),
        ('code = "transparency"', 'cod = "transparency"', "2022-08_766-QD-TTg.toml"),
    ],
    ids=["syntax", "groups do not sum", "indicators do not sum", "misspelt"],
)
def test_broken_rubric(project, rewrite, old, new, named):
    rewrite(RUBRIC, old, new)
    code, said = refused(project)
    assert code == 14
    assert named in said


def test_contradictory_figures(project, change):
    """100 % of an indicator of 2 points cannot give its group 1,7; the sum still holds, so only the rules can tell."""
    change("hoa-binh.csv", line_of(project, "transparency"), value="1.7", quote="1,7/18")
    change("hoa-binh.csv", line_of(project, "processing_progress"), value="18.2", quote="18,2/20")
    code, said = refused(project)
    assert code == 15
    assert "transparency" in said and f"hoa-binh.csv:{line_of(project, 'transparency')}" in said


def test_groups_that_do_not_sum(project, change):
    change("hoa-binh.csv", line_of(project, "transparency"), value="2.7")
    code, said = refused(project)
    assert code == 15
    assert "total_score" in said and "58.8" in said


@pytest.mark.parametrize(
    ("words", "exit_code", "named"),
    [
        (["2024-06"], 12, "Periods with a total: 2023-04 and 2024-07."),
        (["2023-05"], 10, "2023-04"),
        (["2023-04", "-e", "hoa-bin"], 10, "Hòa Bình"),
        (["2023-04", "-e", "zzz"], 10, "data/observations"),
        (["2023-04", "--set", "e_rsult=80"], 11, "e_result"),
        (["2023-04", "--set", "e_result=10"], 11, "33.83"),
        (["2023-04", "--set", "e_result=abc"], 2, "e_result=abc"),
        (["2023-04", "--set", "e_result"], 2, "indicator=rate"),
        (["2023-04", "--set", "e_result=80", "--set", "e_result=90"], 2, "once each"),
        (["2023-04", "--set", "e_result=80", "--set", " e_result=90"], 2, "once each"),
        (["2023-04", "--target", "50"], 11, "58.83"),
        (["2023-04", "--target", "abc"], 2, "--target"),
    ],
    ids=str,
)
def test_request_that_cannot_be_met(project, words, exit_code, named):
    code, said = refused(project, *words)
    assert code == exit_code
    assert named in said


# 8. The same report from the same figures.


def test_same_figures_give_the_same_files(tmp_path):
    """With all the data and the whole notebook; the folders have names as people give them."""
    one, two = tmp_path / "one", tmp_path / "Báo cáo tháng 4 của tỉnh"
    places = {one: one, two: two / "notebooks"}
    here = {"TZ": "America/Los_Angeles", "LANG": "C", "LC_ALL": "", "PYTHONHASHSEED": "1", "COLUMNS": "40"}
    there = {"TZ": "Asia/Tokyo", "LANG": "vi_VN.UTF-8", "PYTHONHASHSEED": "4242", "NO_COLOR": "1"}
    for folder in places:
        copy_project(folder)
    runs = finish_all(
        start(one, "report", "2023-04", language="vi", **here),
        start(places[two], "report", "2023-04", language="vi", **there),
    )
    published = []
    for (folder, place), run in zip(places.items(), runs, strict=True):
        final = folder / "reports" / "hoa-binh" / "2023-04"
        assert run.code == 0, run.err
        page = final / "index.html"
        assert run.out == f"{page.relative_to(place) if page.is_relative_to(place) else page}\n"
        assert "Traceback" not in run.err and "Warning" not in run.err and "WARNING" not in run.err
        assert whole(final, FIVE)
        published.append(final)
    for name in sorted(FIVE - {"run.json"}):
        first, second = ((final / name).read_bytes() for final in published)
        assert first == second, name
        assert str(tmp_path).encode() not in first
    records = [json.loads((final / "run.json").read_bytes()) for final in published]
    different = {"run_id", "started", "ended"}
    assert records[0].keys() == records[1].keys()
    assert {name for name in records[0] if records[0][name] != records[1][name]} <= different
    assert records[0]["commit"] == ""


@pytest.mark.parametrize("name", ["{month}", "a {brace", "100% #1 & so", "it's"])
def test_project_folder_with_any_name(small, good, name):
    folder = small / name
    folder.mkdir()
    for part in ("data", "notebooks"):
        (small / part).rename(folder / part)
    os.chdir(folder)
    succeeds(folder)


# 9. Parameters are data.

MARKER = "ran.txt"


CODE = f'open("{MARKER}", "w")'


@pytest.mark.parametrize(
    "words",
    [
        f'x"; {CODE} #',
        f"x'; {CODE} #",
        f'x"""\n{CODE}\n"""',
        f"x\\'; {CODE} #",
        f'x\\"; {CODE} #',
        f'"}}\n{CODE}\n#',
        f"{{{{ {CODE} }}}}",
        f"x\r{CODE}",
        f"x\u2028{CODE}",
        f"%run x\n!touch {MARKER}\n",
        f"x\nrun_id = {CODE}",
    ],
    ids=range(11),
)
def test_parameter_never_runs_as_code(project, words):
    """Past the checks that would refuse such a name, and into the notebook both as entity and as lever."""
    before = hashes(project, without="reports"), hashes(project / "reports")
    with pytest.raises(errors.AnalysisError):
        render(HOA_BINH.model_copy(update={"entity": words, "levers": {words: 80.0}}))
    kept = next((project / "reports" / ".work").glob("*/report.ipynb"))
    injected = next(
        cell
        for cell in nbformat.read(kept, as_version=4).cells
        if "injected-parameters" in cell.metadata.get("tags", [])
    )
    values: dict[str, object] = {}
    exec(injected.source, values)
    assert values["entity"] == words
    assert values["levers"] == {words: 80.0}
    assert (hashes(project, without="reports"), hashes(project / "reports")) == before
    assert not list(project.rglob(MARKER))


def test_entity_with_every_sign_is_reported_as_it_is(small):
    """A name from the figures, not from an attacker: it goes through code, HTML, JSON and file names unharmed."""
    name = "Tỉnh \"A\" 'B' {month} {{7*7}} {} %s $x_$ \\n <b>&amp;</b> </script> #"
    path = small / "data" / "observations" / "hoa-binh.csv"
    text = path.read_text(encoding="utf-8")
    quoted = '"{}"'.format(name.replace('"', '""'))
    path.write_text(text.replace("Hòa Bình,", f"{quoted},"), encoding="utf-8", newline="\n")
    parameters = prepare({"entity": name, "month": "2023-04", "language": "en"})
    assert parameters.entity == name
    page = render(parameters)
    assert page.parent.is_relative_to(small / "reports")
    assert whole(page.parent)
    assert json.loads((page.parent / "run.json").read_bytes())["entity"] == name
    for html in (page, small / "reports" / "index.html"):
        words = html.read_text(encoding="utf-8")
        assert "<b>&amp;</b>" not in words
        assert "&lt;b&gt;&amp;amp;&lt;/b&gt;" in words
        assert "{{7*7}}" in words

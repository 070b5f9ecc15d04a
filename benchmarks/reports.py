"""What does a report cost, alone and in a batch, and how does that grow? Ratios of one run, against two other routes.

    .venv/bin/python benchmarks/reports.py [--short] [--write]
    .venv/bin/python benchmarks/reports.py --everyone

Variants alternate (A B C, A B C, …); each ratio is that of two neighbours in one round, in seconds a report. What a run
made is checked before it is counted. `--write` renews docs/performance.md. Exit code 1: a goal was missed.
`--everyone` makes one batch of 3 300 reports instead, in an hour or two, and prints its minutes, memory and size.
"""

from __future__ import annotations

import argparse
import csv
import ctypes
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import monotonic, perf_counter, sleep, strftime

from analysis.language import slug

HOME = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
REAL, REAL_MONTH = "Hòa Bình", "2023-04"
ONE_RULE = "Phú Thọ", "2026"  # a card whose figures leave one rule
QUESTIONS = ("losses", "whatif", "rank", "plan", "identify")
PARENT, MONTH = "Mô phỏng 01", "2026-06"
COUNTRY = 33, 100  # provinces and communes of each: about what the country has since July 2025
PACKAGES = ["papermill", "nbclient", "nbconvert", "jupyterlab", "ipykernel", "distributed"]
PACKAGES += ["pandas", "numpy", "scipy", "matplotlib", "seaborn"]
MIB = 1024
UNFORKED = "from analysis.runs import forked; forked.possible = lambda: False; from analysis.cli import main; main()"
SUBREAPER = 36  # prctl: whoever loses its parent below becomes our child, so that its CPU time is counted
GOALS = {"one report / plain": 0.35, "batch / plain": 0.15, "batch / floor": 1.2, "memory, MiB": 1024.0}


@dataclass(frozen=True)
class Sizes:
    """How many rounds (`sides`: of what has no goal) and reports; of `growth` all but the first are run once."""

    single: int
    rounds: int
    sides: int
    reports: int
    plain: int
    growth: tuple[int, ...]
    data: tuple[int, int]
    months: int


FULL = Sizes(single=5, rounds=3, sides=1, reports=20, plain=6, growth=(20, 100, 400), data=(20, 400), months=6)
SHORT = Sizes(single=1, rounds=1, sides=1, reports=4, plain=2, growth=(4, 8), data=(4, 40), months=2)


Times = dict[str, list[tuple[float, float]]]  # of each variant, round by round: wall and CPU seconds a report
figures_seen: dict[tuple[Path, str], bytes] = {}
pages_seen: dict[tuple[Path, str], str] = {}


def communes(many: int) -> list[str]:
    return [f"{PARENT}, xã {number:03d}" for number in range(1, many + 1)]


def run(folder: Path, *command: object) -> None:
    """Run a command to its end; what it says goes unseen unless it fails, which ends the benchmark."""
    done = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        raise SystemExit(f"{command}: exit code {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")


def checked(project: Path, many: int, ours: bool = True) -> int:
    """That so many whole reports are there, with the figures of every other route, and the page of the floor if ours.

    Compared are `figures.csv` of every report, and what is between <main> and </main>, pictures too, of the first two.
    """
    folders = sorted(page.parent for page in project.glob("reports/*/*/index.html"))
    if len(folders) != many:
        raise SystemExit(f"{project}: {len(folders)} reports instead of {many}")
    for number, folder in enumerate(folders):
        key = project, folder.parent.name
        figures = (folder / "figures.csv").read_bytes()
        if not (folder / "workbook.xlsx").stat().st_size or figures != figures_seen.setdefault(key, figures):
            raise SystemExit(f"{folder}: other figures than those of another route")
        if ours and number < 2:
            page = (folder / "index.html").read_text(encoding="utf-8")
            words = page[page.index("<main") : page.index("</main>")]
            if words.count("<img ") < 3 or words != pages_seen.setdefault(key, words):
                raise SystemExit(f"{folder}: another page than that of another route")
    return many


def single(project: Path, forked: bool = True, entity: str = REAL, month: str = REAL_MONTH) -> int:
    """`scorecard report`; without forks its kernel is an ordinary process, as on other systems than Linux."""
    command = [BIN / "scorecard"] if forked else [sys.executable, "-c", UNFORKED]
    run(project, *command, "report", month, "--entity", entity)
    return checked(project, 1)


def question(project: Path, command: str, entity: str = REAL, month: str = REAL_MONTH) -> int:
    """A command that answers at once, from the start of Python to its end."""
    run(project, BIN / "scorecard", command, month, "--entity", entity)
    return 1


def pandas_alone(project: Path) -> int:
    """What no answer can be quicker than: Python that has imported pandas."""
    run(project, sys.executable, "-c", "import pandas")
    return 1


def plain(project: Path, entities: Sequence[str], month: str, at_a_time: int = 2) -> int:
    """papermill, then nbconvert, each as a command with its default settings."""

    def one(number: int) -> None:
        folder = project / "reports" / f"{number:03d}" / month
        folder.mkdir(parents=True)
        source, made = project / "notebooks" / "monthly_report.ipynb", folder / "report.ipynb"
        given = ["-p", "entity", entities[number], "-p", "month", month, "-p", "run_id", "x"]
        run(folder, BIN / "papermill", source, made, *given, "--cwd", folder)
        run(folder, BIN / "jupyter", "nbconvert", "--to", "html", "--no-input", made, "--output", "index.html")

    with ThreadPoolExecutor(at_a_time) as pool:
        list(pool.map(one, range(len(entities))))
    for number, entity in enumerate(entities):
        os.rename(project / "reports" / f"{number:03d}", project / "reports" / slug(entity))
    return checked(project, len(entities), ours=False)


def batch(project: Path, many: int, jobs: int = 2, scheduler: str = "") -> int:
    names = project / "names.txt"
    names.write_text("\n".join(communes(many)), encoding="utf-8")
    listed = len((project / "data" / "units.csv").read_text(encoding="utf-8").splitlines()) - 1
    wanted = ["--children-of", PARENT] if many == listed else ["--entities", names]
    where = ["--scheduler", scheduler] if scheduler else ["--jobs", jobs]
    run(project, BIN / "scorecard", "batch", *wanted, "--months", MONTH, "--allow-synthetic", *where)
    return checked(project, many)


def floor(project: Path, entities: Sequence[str], month: str) -> int:
    """The cells of the notebook without the notebook (see `floor.py`), in two processes; one report in one."""
    script, halves = HOME / "benchmarks" / "floor.py", filter(None, (entities[::2], entities[1::2]))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda own: run(project, sys.executable, script, month, *own), halves))
    return checked(project, len(entities))


def alternate(variants: Mapping[str, tuple[Path, Callable[[], int]]], rounds: int, once: Sequence[str] = ()) -> Times:
    """Wall and CPU seconds a report of each variant, round by round; those named in `once` in the first only."""
    times: Times = {name: [] for name in variants}
    for number in range(rounds):
        for name, (project, task) in variants.items():
            if number and name in once:
                continue
            shutil.rmtree(project / "reports", ignore_errors=True)
            known, before, start = children(os.getpid()), resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
            many = task()
            wall = perf_counter() - start
            reap(known)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            times[name].append((wall / many, cpu / many))
            print(f"  {strftime('%X')} round {number + 1}, {name}: done", file=sys.stderr)
    return times


def children(parent: int) -> set[int]:
    """The processes whose parent is this one."""
    found: set[int] = set()
    for file in Path(f"/proc/{parent}/task").glob("*/children"):
        with suppress(OSError):
            found |= {int(pid) for pid in file.read_text(encoding="ascii").split()}
    return found


def descendants(parent: int) -> set[int]:
    own = children(parent)
    return own.union(*(descendants(pid) for pid in own))


def reap(known: set[int]) -> None:
    """Wait for what a run left behind; a process or a folder of sockets that stays ends the benchmark."""
    limit = monotonic() + 20
    while left := children(os.getpid()) - known:
        for pid in left:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        if monotonic() > limit:
            raise SystemExit(f"Processes were left: {left}")
        sleep(0.02)
    if folders := list(Path(tempfile.gettempdir()).glob("scorecard-kernel-*")):
        raise SystemExit(f"Folders were left: {folders}")


@contextmanager
def memory(every: float = 0.2) -> Iterator[list[float]]:
    """What all processes that were started hold at once, in MiB, again and again: PSS counts a page of n as 1/n."""
    seen, ended = list[float](), threading.Event()

    def watch() -> None:
        while not ended.wait(every):
            held = 0
            for pid in descendants(os.getpid()):
                with suppress(OSError):
                    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
                    held += sum(int(size) for size in re.findall(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE))
            seen.append(held / MIB)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


def everyone(work: Path) -> str:
    """One batch of a report for each commune of a simulated country, of one month: what it took, in words."""
    (provinces, each), project, names = COUNTRY, work / "everyone", work / "names.txt"
    size = ["--entities", provinces, "--units", each]
    run(HOME, BIN / "scorecard", "synthetic", project, *size, "--from", MONTH, "--to", MONTH)
    with (project / "data" / "units.csv").open(encoding="utf-8", newline="") as file:
        names.write_text("\n".join(row["entity"] for row in csv.DictReader(file)), encoding="utf-8")
    wanted = ["--entities", names, "--months", MONTH, "--allow-synthetic", "--jobs", 2]
    with memory(every=2) as held:
        task = {"everyone": (project, lambda: run(project, BIN / "scorecard", "batch", *wanted) or provinces * each)}
        [(wall, cpu)] = alternate(task, 1)["everyone"]
    many = checked(project, provinces * each)
    tenth = max(1, len(held) // 10)
    early, late = median(held[tenth : 2 * tenth]), median(held[-2 * tenth : -tenth])
    files = [file for file in project.glob("reports/**/*") if file.is_file()]
    ended = sorted(file.stat().st_mtime for file in files if file.name == "run.json")
    half = (ended[-1] - ended[many // 2]) / (ended[many // 2] - ended[0])
    return (
        f"{many} reports: {wall * many / 60:.0f} minutes, {cpu * many / 60:.0f} of CPU time, the second half in "
        f"{half:.2f} of the first; memory {early:.0f} MiB in the second tenth, {late:.0f} in the last but one, "
        f"{max(held):.0f} at the most; {sum(file.stat().st_size for file in files) / 1e6 / many:.1f} MB a report"
    )


@contextmanager
def dask_cluster(folder: Path) -> Iterator[str]:
    """A scheduler and two workers of one thread on this machine; its address."""
    file, started = folder / "scheduler.json", list[subprocess.Popen[bytes]]()

    def start(*command: object) -> None:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        started.append(subprocess.Popen([BIN / "dask", *map(str, command)], cwd=folder, **quiet))

    try:
        start("scheduler", "--host", "127.0.0.1", "--port", 0, "--no-dashboard", "--scheduler-file", file)
        limit = monotonic() + 60
        while not (file.exists() and (found := re.search(r"tcp://[\d.:]+", file.read_text(encoding="utf-8")))):
            if monotonic() > limit:
                raise SystemExit("The Dask scheduler did not start.")
            sleep(0.1)
        for _number in range(2):
            start("worker", found[0], "--nthreads", 1, "--no-dashboard")
        wait = f"from distributed import Client; Client({found[0]!r}).wait_for_workers(2, timeout=60)"
        run(folder, sys.executable, "-c", wait)
        yield found[0]
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(30)


class Told(list[str]):
    """Rows of the table, each printed as soon as it is known: a run that is stopped has told something."""

    def __iadd__(self, rows: Iterable[str]) -> Told:
        for text in rows:
            print(text, flush=True)
            self.append(text)
        return self


def ratios(times: Times, name: str, base: str, place: int) -> list[float]:
    return [one[place] / other[place] for one, other in zip(times[name], times[base], strict=False)]


def row(title: str, times: Times, name: str, base: str, cpu: bool = True) -> str:
    """A row of the table: the ratio of two variants in wall and CPU time, the seconds that it is of, and its goal."""
    shown = [
        f"{median(found):.2f} ({min(found):.2f}–{max(found):.2f})" if place == 0 or cpu else "–"
        for place in (0, 1)
        for found in [ratios(times, name, base, place)]
    ]
    seconds = " / ".join(f"{median(wall for wall, _cpu in times[item]):.2f}" for item in (name, base))
    goal = f"≤ {GOALS[title]:g}" if title in GOALS else ""
    return f"| {title} | {shown[0]} | {shown[1]} | {seconds} | {len(ratios(times, name, base, 0))} | {goal} |"


def copied(folder: Path) -> Path:
    for name in ("data", "notebooks"):
        shutil.copytree(HOME / name, folder / name)
    return folder


def simulated(folder: Path, units: int, months: int = 1) -> Path:
    first = f"{MONTH[:5]}{int(MONTH[5:]) - months + 1:02d}"
    run(HOME, BIN / "scorecard", "synthetic", folder, "--units", units, "--from", first, "--to", MONTH)
    return folder


def measure(sizes: Sizes, work: Path) -> tuple[list[str], dict[str, float]]:
    """The rows of the table, and for each goal what was found."""
    n, (fewest, most) = sizes.reports, sizes.data
    ours, theirs = copied(work / "ours"), copied(work / "theirs")
    small, large = simulated(work / "small", fewest), simulated(work / "large", most)
    long = simulated(work / "long", fewest, sizes.months)
    one = {
        "ours": (ours, partial(single, ours)),
        "not forked": (ours, partial(single, ours, forked=False)),
        "floor": (ours, partial(floor, ours, [REAL], REAL_MONTH)),
        "plain": (theirs, partial(plain, theirs, [REAL], REAL_MONTH)),
    }
    many = {
        "ours": (small, partial(batch, small, n)),
        "floor": (small, partial(floor, small, communes(n), MONTH)),
        "plain": (small, partial(plain, small, communes(sizes.plain), MONTH)),
    }
    alternate(one, 1)  # the warm-up
    figures = [ours / "reports", theirs / "reports"]
    if len({next(folder.glob("*/*/figures.csv")).read_bytes() for folder in figures}) != 1:
        raise SystemExit("The two routes give other figures of one report.")
    alone, times = alternate(one, sizes.single), alternate(many, sizes.rounds)
    judged = {f"one report / {base}": alone for base in ("plain", "not forked", "floor")}
    judged |= {"batch / plain": times, "batch / floor": times}
    rows = Told()
    rows += [row(title, of, "ours", title.split(" / ")[1]) for title, of in judged.items()]
    found = {title: median(ratios(of, "ours", title.split(" / ")[1], 0)) for title, of in judged.items()}
    open_rules = {"open": one["ours"], "one rule": (ours, partial(single, ours, True, *ONE_RULE))}
    rows += [row("open rules / one rule", alternate(open_rules, sizes.sides), "open", "one rule")]
    asked = {"pandas": (ours, partial(pandas_alone, ours))}
    asked |= {name: (ours, partial(question, ours, name)) for name in QUESTIONS}
    answers = alternate(asked, sizes.single)
    rows += [row(f"{name} / import pandas", answers, name, "pandas") for name in QUESTIONS]
    of_history = {
        name: (folder, partial(question, folder, "losses", communes(1)[0], MONTH))
        for name, folder in {"small": small, "large": large}.items()
    }
    rows += [row(f"losses among {most} communes / {fewest}", alternate(of_history, sizes.single), "large", "small")]
    first, *others = sizes.growth
    of_size = {str(size): (large, partial(batch, large, size)) for size in sizes.growth}
    grown = alternate(of_size, sizes.sides, once=[str(size) for size in others])
    rows += [row(f"{size} reports / {first} reports", grown, str(size), str(first)) for size in others]
    data = {
        "small": many["ours"],
        "long": (long, partial(batch, long, n)),
        "large": (large, partial(batch, large, n)),
        "one job": (small, partial(batch, small, n, jobs=1)),
    }
    times = alternate(data, sizes.sides)
    rows += [row(f"{sizes.months} months of figures / 1 month", times, "long", "small")]
    rows += [row(f"{most} communes in the figures / {fewest}", times, "large", "small")]
    rows += [row("1 job / 2 jobs", times, "one job", "small")]
    known = children(os.getpid())
    with dask_cluster(work) as address:
        places = {"dask": (small, partial(batch, small, n, scheduler=address)), "local": many["ours"]}
        rows += [row("Dask, 2 workers / 2 jobs", alternate(places, sizes.sides), "dask", "local", cpu=False)]
    reap(known)
    with memory() as held:
        alternate({"memory": many["ours"]}, 1)
    found["memory, MiB"] = max(held)
    rows += [f"| peak memory of a batch: {found['memory, MiB']:.0f} MiB | | | | 1 | ≤ {GOALS['memory, MiB']:g} MiB |"]
    return rows, found


def machine() -> str:
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    total = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text(encoding="utf-8"))
    memory = f"{int(total[1]) / MIB**2:.0f} GiB" if total else "unknown memory"
    load = " ".join(f"{number:.2f}" for number in os.getloadavg())
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{date.today().isoformat()}; {len(os.sched_getaffinity(0))} cores ({cpu[1] if cpu else 'unknown'}), {memory}; "
        f"load at the start {load}.\nPython {sys.version.split()[0]}, {versions}."
    )


DOCUMENT = """# How long reports take

`python benchmarks/reports.py --write` writes this file. Every row is the ratio of two variants that took turns in the
same run; seconds stand beside it only to say what it is a ratio of, and are worth nothing on another machine.

{machine}

| compared | wall time a report, median (least–most) | CPU time a report | seconds a report | rounds | goal |
|---|---|---|---|---|---|
{rows}

## How it was measured

* One report: {REAL}, {REAL_MONTH}, `scorecard report` against `papermill` and then `jupyter nbconvert --to html
  --no-input`, as they are installed, on the same notebook; each in its own copy of the project, JupyterLab installed.
  *Not forked* is `scorecard report` with a kernel that is an ordinary process ([why it is not](kernels.md)), the
  *floor* (`benchmarks/floor.py`) one process that runs the cells itself and fills the same template.
* Batch: {sizes.reports} communes of one simulated province, {MONTH}, two at a time, from the command to its end.
  *Plain* is those two commands, {sizes.plain} reports, two at a time. The *floor* is two processes that read the
  figures once and make half of the reports each: no kernel, no messages, nothing that keeps one report from another.
* Open rules: {REAL}, {REAL_MONTH}, whose figures leave thousands of rules and three tiers, against {ONE_RULE[0]},
  {ONE_RULE[1]}, whose figures leave one.
* Questions: `scorecard losses`, `whatif`, `rank`, `plan` and `identify` of {REAL}, {REAL_MONTH}, each against a bare
  `python -c "import pandas"`, which is what no answer can be quicker than; and `losses` of one commune, by how many
  communes the figures hold.
* Growth: reports of communes out of {sizes.data[1]} that the figures hold; all but the first number were run
  once. The rows on months and communes make the same {sizes.reports} reports with more figures around them.
* Dask: a scheduler and two workers of one thread on this machine, started before the clock.
* A ratio is taken inside each round, between neighbours; the table gives its median and its ends. A first round of one
  report is not counted. Bytecode is compiled before.
* CPU time is that of every process that a run started, also of those that outlived their parent. Memory is the sum of
  PSS of all of them every 0.2 s, in a run that is not timed.
* A run counts only if each command ended well, every report is there, `figures.csv` of each is the same byte for byte
  by every route, and the first two pages of batch and floor are the same between `<main>` and `</main>`. Processes or
  folders of sockets that are left end the benchmark.

## What stands in the way of a goal that is missed

Profiled once, on 2026-11-30; shares, not times of another machine.

* One report: ours is quicker than its floor, one process that imports, reads and runs the cells and takes 0.48 of
  plain, because two processes import side by side. Of ours, a third is what the kernel has to import one after the
  other, an eighth reading the figures and what all months tell of the rules, half the cells (a third of them the
  first steps, a fifth the workbook), a twentieth all the rest: starting, messages, publishing. 0.35 would need half a
  second less of 3.7, of what plain would be spared too: more than a third of the imports, or nearly a third of the
  cells.
* Batch: the floor takes 0.14 of plain, so 0.15 would leave eight hundredths of the floor for all that it leaves out:
  a kernel of its own, messages, checking, publishing. What is left of that is two forks and about a hundredth of a
  second a cell for its messages. The floor looks for dead objects as often as Python does by itself; with our setting
  a report of it took 0.93 of that. Until 2026-11-30 a fifth of each report was waiting by the clock ([what
  for](kernels.md#savings-that-are-not-forks)): a batch now takes 0.79 of what it took, in two alternating rounds.
* Figures: reading is linear. 394 326 and 1 283 703 simulated figures took 8 and 34 times what 36 470 take, with 373,
  1 005 and 112 MiB at the most.
* History: with the figures of 400 communes and twelve months (190 000) a batch takes 14 s more to begin, 1.6 GiB, and
  then 1.4 of what a report takes among 20 communes and one month, measured once with 20 and 60 reports; 60 held 1 672
  MiB at the most, 20 held 1 609.
* Everyone: one batch with a report for each of 3 300 simulated communes (33 provinces, {MONTH}), really run once at
  7c2ee7f by `benchmarks/reports.py --everyone`, two at a time: 41 minutes from the command to the list of reports, 77
  of CPU time, the second half in 0.86 of the time of the first. Memory stayed flat: 1 284 MiB in the second tenth of
  the time, 1 314 in the last but one, 1 497 at the most; 1.1 MB a report. Before, each report had looked through the
  figures of everyone, which took a quarter of it, and finding 3 300 names in 3 300 took most of a minute.
* Questions: importing numpy and pandas is nearly half of an answer, pydantic and this package's own files a fifth;
  reading and checking every figure of the project, and finding the rules that fit, are the rest. Only answers kept on
  disk would be much quicker, and none are kept.

## What it does not say

* Simulated communes are of the regime of 2026, where their figures leave one rule. Under rules that are open a report
  costs what finding the conflicts costs, which depends on the figures and can be far more.
* Copies are no git repositories: asking for the commit, some hundredths of a second, is in no variant.
* Only Linux was measured; elsewhere kernels are ordinary processes and not forks.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="few rounds of few reports: whether it runs, not how fast")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    parser.add_argument("--everyone", action="store_true", help="one batch of 3 300 reports instead")
    asked = parser.parse_args()
    sizes = SHORT if asked.short else FULL
    about = machine()
    print(about, flush=True)
    ctypes.CDLL(None).prctl(SUBREAPER, 1)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        work = Path(name)
        for folder in ("tmp", "ipython"):
            (work / folder).mkdir()
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ.update(
            PYTHONPATH=str(HOME / "src"), PYTHONHASHSEED="0", TMPDIR=str(work / "tmp"), IPYTHONDIR=str(work / "ipython")
        )
        tempfile.tempdir = str(work / "tmp")
        run(HOME, sys.executable, "-m", "compileall", "-q", "src")
        if asked.everyone:
            print(everyone(work))
            return
        print("| compared | wall | CPU | seconds a report | rounds | goal |", flush=True)
        rows, found = measure(sizes, work)
        reap(set())
    if asked.write:
        constants = {"REAL": REAL, "REAL_MONTH": REAL_MONTH, "MONTH": MONTH}
        constants["ONE_RULE"] = ONE_RULE
        words = DOCUMENT.format(machine=about, rows="\n".join(rows), sizes=sizes, **constants)
        (HOME / "docs" / "performance.md").write_text(words, encoding="utf-8", newline="\n")
    if missed := [f"{goal}: {found[goal]:.2f}, not ≤ {most:g}" for goal, most in GOALS.items() if found[goal] > most]:
        raise SystemExit("Goals that were missed: " + "; ".join(missed))


if __name__ == "__main__":
    main()

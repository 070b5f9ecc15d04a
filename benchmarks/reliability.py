"""Does what the package promises hold when everything goes wrong? The matrix of 24 rows, run and counted.

    python benchmarks/reliability.py                        every row, one after the other (some hours on two cores)
    python benchmarks/reliability.py --rows 3,6             some rows
    python benchmarks/reliability.py --rows 3 --markdown    the table as docs/reliability.md has it

A row is a selection of the tests of this repository, quick and slow ones. A case is a test, or as many as a test says
itself that it tried (`record_property("cases", n)`). A test that fails is one case that failed, whatever it had tried
before; one that is skipped is none and is named. Properties are tried with 2 000 examples each (hypothesis profile
`matrix` of tests/conftest.py), and the fuzzer for as long as SCORECARD_FUZZ_SECONDS says.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as tree
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
FUZZ_SECONDS, MUTANT_SECONDS = "120", "600"
HEADS = ("row", "area", "cases", "pass", "fail", "seconds", "notes")


@dataclass(frozen=True)
class Row:
    """One row: its tests (files or nodes, from `tests/`), the names among them that count, and what it does not do."""

    area: str
    tests: tuple[str, ...] = ()
    named: str = ""
    note: str = ""


@dataclass
class Result:
    """What became of one row."""

    passed: int = 0
    failed: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)


ROWS = {
    1: Row(
        "crash safety",
        ("runs/test_crashes.py", "runs/test_run.py", "runs/test_reports.py", "runs/test_batch.py",
         "runs/test_kernel.py", "notices/test_store.py"),
        "killed or a_kill or after_a_kill or outlives_its_runner or interrupted",
    ),
    2: Row(
        "a fault at every step",
        ("runs/test_steps.py", "runs/test_run.py", "runs/test_reports.py", "notices/test_store.py", "test_files.py",
         "test_init.py"),
        "fails_with or full_disk or cannot_be_written or fault_at_any or replaced_whole or all_or_none"
        " or several_files or half_a_project or a_full_disk or first_error",
    ),
    3: Row("failures of the notebook", ("runs/test_failures.py",)),
    4: Row(
        "concurrency",
        ("runs/test_races.py", "runs/test_run.py", "runs/test_reports.py", "notices/test_store.py", "test_files.py"),
        "races or another_beside or waits_for or two_at_once or another_run or only_one_at_a_time",
    ),
    5: Row(
        "parameters",
        ("runs/test_run.py", "runs/test_reports.py", "runs/test_batch.py", "test_cli.py", "test_language.py",
         "decisions/test_levers.py"),
        "parameter or path or cannot_be_met or refuses or typed or reads or a_month_that_is_none"
        " or months_that_are_none or names_nobody or every_sign or any_name or rate_that_is_none or given_once"
        " or leaves_standard_output",
    ),
    6: Row("mutants of notices", ("notices/test_mutants.py", "notices/test_reader.py"), "edits"),
    7: Row(
        "variants of notices",
        ("notices/test_mutants.py", "notices/test_reader.py", "notices/test_documents.py"),
        "variant or altered or harmless or encodings or cp1258 or cut_or_doubled or damaged or lost_or_of_an_old_font",
    ),
    8: Row("properties", ("test_properties.py",)),
    9: Row("fuzzing from seeds", ("notices/test_fuzz.py",)),
    10: Row("time of every pattern", ("test_patterns.py", "notices/test_reader.py"), "pattern or mass_of_one_piece"),
    11: Row(
        "scripts in what others wrote",
        ("report/test_added.py", "report/test_page.py", "runs/test_reports.py", "report/test_workbook.py"),
        "added or run or nothing_on_the_page or markup or payload or script or hostile",
    ),
    12: Row(
        "offline",
        ("report/test_browser.py", "report/test_page.py", "runs/test_lab.py", "report/test_added.py"),
        "loads_nothing or can_run_or_load or nothing_outside",
    ),
    13: Row(
        "accessibility",
        ("report/test_browser.py", "runs/test_board.py", "report/test_added.py"),
        "axe or keyboard or stand_out or text_may_be_spaced or phone or forced_colours or skip_link or fits",
    ),
    14: Row(
        "paper and slides",
        ("report/test_paper.py", "report/test_browser.py", "runs/test_board.py"),
        "test_paper or prints or paper or slides",
    ),
    15: Row("pictures of the pages", note="not run: needs a person who looks at 20 screens"),
    16: Row(
        "the same bytes",
        ("runs/test_surroundings.py", "runs/test_run.py", "runs/test_isolation.py", "report/test_workbook.py",
         "runs/test_kernel.py"),
        "same_bytes or same_figures or made_again_alike or profile or ordinary_kernels or surroundings",
        "two versions of Python: .ci/same-figures",
    ),
    17: Row(
        "encodings of the terminal",
        ("test_encodings.py", "test_cli.py"),
        "encoding or utf8 or not_utf_8 or closed_stream",
    ),
    18: Row(
        "hostile documents and cells",
        ("notices/test_hostile.py", "notices/test_extract.py", "notices/test_documents.py", "notices/test_forms.py",
         "report/test_workbook.py", "test_files.py"),
        "test_hostile or refused or formula or limits or hidden or far_cell or more_than_a_notice or no_words"
        " or hostile or stands_in_the_place",
    ),
    19: Row(
        "labels of what is not real",
        ("scorecards/test_synthetic_reports.py", "scorecards/test_synthetic.py", "runs/test_run.py",
         "runs/test_batch.py", "report/test_page.py", "runs/test_digest.py"),
        "test_synthetic or simulated",
    ),
    20: Row("numbers by a second implementation", ("test_second.py",)),
    21: Row("mutants of the code", note="a sample of each module: benchmarks/mutants.py"),
    22: Row("supply chain", ("test_supply.py",), note="known weaknesses: not audited (no database here)"),
    23: Row(
        "speed",
        ("test_cli.py", "test_completion.py", "report/test_page.py", "test_architecture.py"),
        "quick or page_is_small or starts_without",
        "times of whole reports: benchmarks/reports.py",
    ),
    24: Row(
        "Windows, as far as Linux can pretend",
        ("test_windows.py",),
        note="not run on Windows",
    ),
}  # fmt: skip


def run(row: Row, jobs: str = "0") -> Result:
    """Run the tests of a row and count them by what they report."""
    found = Result(notes=[row.note] if row.note else [])
    paths = [path for path in row.tests if (REPOSITORY / "tests" / path.partition("::")[0]).exists()]
    if missing := sorted(set(row.tests) - set(paths)):
        found.notes.append(f"no such tests: {', '.join(missing)}")
    if not paths:
        return found
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        report = Path(place) / "junit.xml"
        words = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n",
            jobs,
            "-m",
            "slow or not slow",
            f"--junitxml={report}",
            "-o",
            "junit_family=xunit1",
        ]
        words += [
            "-p",
            "no:cacheprovider",
            "--hypothesis-profile=matrix",
            "-k",
            f"({row.named}) and not sample" if row.named else "not sample",
        ]
        environment = {"SCORECARD_FUZZ_SECONDS": FUZZ_SECONDS} | os.environ | {"SCORECARD_MATRIX": "1"}
        done = subprocess.run(
            [*words, *(f"tests/{path}" for path in paths)],
            cwd=REPOSITORY,
            env=environment,
            capture_output=True,
            text=True,
        )
        found.seconds = time.monotonic() - started
        if not report.exists():
            found.failed += 1
            found.notes.append(done.stdout.strip().rpartition("\n")[2] or f"exit {done.returncode}")
            return found
        count(report, found)
    if not found.passed + found.failed:
        found.notes.append("no test was run")
    return found


def run_mutants() -> Result:
    """Run the sample of `benchmarks/mutants.py`: each change that no test notices fails."""
    found, started = Result(notes=[ROWS[21].note]), time.monotonic()
    command = [sys.executable, str(REPOSITORY / "benchmarks" / "mutants.py"), "--seconds", MUTANT_SECONDS]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    for caught, tried in re.findall(r"(\d+) of (\d+) caught", done.stdout):
        found.passed, found.failed = found.passed + int(caught), found.failed + int(tried) - int(caught)
    found.notes += [line.strip() for line in done.stdout.splitlines() if "lives:" in line]
    found.seconds = time.monotonic() - started
    return found


def count(report: Path, found: Result) -> None:
    """Add up the cases of a JUnit file; failures, skipped tests and what tests say of themselves become notes."""
    skipped = 0
    for case in tree.parse(report).getroot().iter("testcase"):
        said = {item.get("name"): item.get("value", "") for item in case.iter("property")}
        if case.find("skipped") is not None:
            skipped += 1
        elif case.find("failure") is not None or case.find("error") is not None:
            found.failed += 1
            found.notes.append(f"failed: {case.get('name')}")
        else:
            found.passed += int(said.get("cases", 1))
        if "told" in said:
            found.notes.append(said["told"])
    if skipped:
        found.notes.append(f"{skipped} skipped")


def table(results: dict[int, Result], markdown: bool) -> str:
    """The rows as a table, in Markdown or to read in a terminal."""
    lines = [[*HEADS]]
    for number, found in sorted(results.items()):
        tried = found.passed + found.failed
        counts = (
            [f"{tried:,}", f"{found.passed:,}", f"{found.failed:,}", f"{found.seconds:.0f}"] if tried else ["–"] * 4
        )
        lines.append([str(number), ROWS[number].area, *counts, "; ".join(found.notes)])
    if markdown:
        lines.insert(1, ["--:", "---", "--:", "--:", "--:", "--:", "---"])
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEADS))]
    numbers = (0, 2, 3, 4, 5)
    return "\n".join(
        "  ".join(
            f"{word:>{width}}" if at in numbers else f"{word:<{width}}"
            for at, (word, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def commit() -> str:
    """The commit of this checkout, with a + where files differ from it."""
    asked = ["git", "-C", str(REPOSITORY)]
    head = subprocess.run([*asked, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    changed = subprocess.run([*asked, "status", "--porcelain", "-uno"], capture_output=True, text=True).stdout
    return f"{head}{'+' if changed.strip() else ''}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rows that are asked for and print the table; 1 where a case failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join(map(str, ROWS)), help="numbers with commas between")
    parser.add_argument("--markdown", action="store_true", help="print the table in Markdown")
    parser.add_argument("--jobs", default="0", help="processes of pytest-xdist; 0 for none")
    asked = parser.parse_args(arguments)
    results, made = {}, commit()
    for number in map(int, asked.rows.split(",")):
        results[number] = found = run_mutants() if number == 21 else run(ROWS[number], asked.jobs)
        print(
            f"{number} {ROWS[number].area}: {found.passed} passed, {found.failed} failed", file=sys.stderr, flush=True
        )
    print(f"{time.strftime('%Y-%m-%d')}, commit {made}\n\n{table(results, asked.markdown)}")
    return int(any(found.failed for found in results.values()))


if __name__ == "__main__":
    sys.exit(main())

"""Do the tests notice when the code is wrong? Small changes of the functions that matter most, each against its tests.

    python benchmarks/mutants.py                        a seeded sample of every module below
    python benchmarks/mutants.py --module gains --most 40 --seed 19
    python benchmarks/mutants.py --list                 what would be changed, without running a test

A change is one of: a comparison turned (`<` to `<=`, `==` to `!=`), an operation swapped (`+` to `-`), a constant moved
by one, `and` for `or`, a condition negated, `None` returned. It works in a copy of the checkout, in forks of a process
that has the libraries loaded; a change that makes its tests fail, or run longer than they may, is caught. What lives is
listed: some change nothing that can be seen (docs/reliability.md says which), others want a test.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
SOURCES = "src/analysis"
SLOWEST = 240  # seconds that the tests of one change may take


@dataclass(frozen=True)
class Module:
    """A file, the functions of it that are changed, and its tests with the names that are run."""

    file: str
    functions: tuple[str, ...]
    tests: tuple[str, ...]
    named: str = ""


MODULES = {
    "numbers": Module(
        "notices/tokens.py",
        ("number_style", "read_printed", "_style", "_date", "_merged", "is_broken", "_runs_on", "_number_at",
         "_one_number"),
        ("tests/notices/test_tokens.py", "tests/notices/test_attribution.py", "tests/notices/test_reader.py"),
        "test_tokens or test_attribution or gives_its_figures or short_notice",
    ),
    "reader": Module(
        "notices/items.py",
        (),
        ("tests/notices/test_attribution.py", "tests/notices/test_reader.py"),
        "test_attribution or gives_its_figures or hard_notice or short_notice or harmless",
    ),
    "scoring": Module(
        "scorecards/rubric.py",
        ("points", "most_points", "points_when_empty", "rate_for", "rules", "allotments", "size", "covers",
         "ranked_units", "groups_as_printed", "_adds_up", "rounding"),
        ("tests/scorecards/test_rubric.py", "tests/test_second.py"),
    ),
    "losses": Module(
        "diagnosis/losses.py",
        ("losses_by_group", "named_groups", "losses_by_indicator", "loss_ledger", "losses_by_tier", "_place",
         "_within"),
        ("tests/diagnosis/test_losses.py", "tests/test_second.py", "tests/test_card.py", "tests/report/test_losses.py"),
    ),
    "gains": Module(
        "decisions/whatif.py",
        (),
        ("tests/decisions/test_whatif.py", "tests/decisions/test_levers.py", "tests/test_second.py"),
    ),
    "runner": Module(
        "runs/publish.py",
        (),
        ("tests/runs/test_reports.py",),
        "at_each_step or next_run_after or made_elsewhere or sweeps or goes_with or is_listed or busy or first_error"
        " or index or damaged or contradict or waits or renames or beside",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change: where it is, and the text that takes the place of a piece of the file."""

    file: str
    line: int
    start: int
    end: int
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.old!r} → {self.new!r}"


COMPARISONS = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
OPERATIONS = {ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.BitAnd: "|", ast.BitOr: "&"}


class Text:
    """A file of code and the pieces of its syntax, by bytes."""

    def __init__(self, source: str) -> None:
        self.data, self.tree = source.encode(), ast.parse(source)
        self.starts = [0]
        for line in source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line.encode()))

    def piece(self, node: ast.AST) -> tuple[int, int]:
        return self.starts[node.lineno - 1] + node.col_offset, self.starts[node.end_lineno - 1] + node.end_col_offset

    def of(self, node: ast.AST) -> str:
        start, end = self.piece(node)
        return self.data[start:end].decode()


def changes(node: ast.AST, text: Text) -> Iterator[str]:
    """What may stand in the place of one piece."""
    match node:
        case ast.Compare(left=left, ops=ops, comparators=values):
            terms = [text.of(value) for value in (left, *values)]
            for at, op in enumerate(ops):
                signs = [COMPARISONS[type(one)] if place == at else _sign(one) for place, one in enumerate(ops)]
                if type(op) in COMPARISONS:
                    yield " ".join([terms[0], *(part for pair in zip(signs, terms[1:], strict=True) for part in pair)])
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATIONS and not _is_text(left):
            yield f"{text.of(left)} {OPERATIONS[type(op)]} {text.of(right)}"
        case ast.BoolOp(op=op, values=[left, *rest]):
            word, other = ("or", "and") if isinstance(op, ast.And) else ("and", "or")
            yield f"{text.of(left)} {word} ({f' {other} '.join(map(text.of, rest))})"
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            yield f"({text.of(inner)})"
        case ast.Constant(value=bool(value)):
            yield str(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield repr(value + 1)
        case ast.Return(value=value) if value is not None and not isinstance(value, ast.Constant):
            yield "return None"


def mutants_of(module: Module, source: str) -> list[Mutant]:
    """Every change of the functions of a file, in the order of the text."""
    text, found = Text(source), []
    for function in ast.walk(text.tree):
        if not isinstance(function, ast.FunctionDef) or (module.functions and function.name not in module.functions):
            continue
        for node in _computing(function):
            start, end = text.piece(node)
            pieces = [(text.of(node), new) for new in changes(node, text)]
            found += [Mutant(module.file, node.lineno, start, end, old, new) for old, new in pieces]
    return sorted(dict.fromkeys(found), key=lambda mutant: (mutant.start, mutant.end, mutant.new))


def _computing(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """The pieces of a function that compute: no types, no words about it."""
    types = {
        id(part) for node in ast.walk(function) if isinstance(node, ast.AnnAssign) for part in ast.walk(node.annotation)
    }
    for statement in function.body[ast.get_docstring(function) is not None :]:
        yield from (node for node in ast.walk(statement) if hasattr(node, "lineno") and id(node) not in types)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, (ast.JoinedStr, ast.List, ast.Dict, ast.Set)) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _sign(op: ast.AST) -> str:
    signs = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
    return signs.get(type(op)) or {ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in"}[type(op)]


def applied(mutant: Mutant, source: str) -> str | None:
    """The file with the change; None where the text is no Python then."""
    data = source.encode()
    changed = (data[: mutant.start] + mutant.new.encode() + data[mutant.end :]).decode()
    try:
        compile(changed, mutant.file, "exec")
    except SyntaxError:
        return None
    return changed


def copy_checkout(folder: Path) -> None:
    left_out = shutil.ignore_patterns(
        ".venv", ".git", "node_modules", "reports", "__pycache__", ".hypothesis", ".*_cache"
    )
    for name in ("src", "tests", "data", "notebooks", "docs", "benchmarks"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=left_out)
    for name in ("pyproject.toml", "README.md", "README.vi.md"):
        shutil.copy(REPOSITORY / name, folder / name)


def begin(folder: Path) -> None:
    """Load what every test needs, from elsewhere than the package: each fork then imports the changed package anew."""
    os.chdir(folder)
    os.environ["PYTHONPATH"] = str(folder / "src")
    sys.dont_write_bytecode = True
    sys.path[:0] = [str(folder / "src"), str(folder / "tests")]
    import bs4  # noqa: F401
    import click  # noqa: F401
    import hypothesis  # noqa: F401
    import nbformat  # noqa: F401
    import numpy  # noqa: F401
    import pandas  # noqa: F401
    import pydantic  # noqa: F401
    import pytest  # noqa: F401
    import scipy.optimize  # noqa: F401
    import scipy.sparse  # noqa: F401
    import scipy.stats  # noqa: F401


def caught(module: Module) -> bool:
    """Whether the tests of a module fail now, in a fork; those that hang count as failing."""
    child = os.fork()
    if not child:
        import pytest

        os.setsid()
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = tempfile.mkdtemp(dir=".")
        words = ["-x", "-q", "-n0", "-m", "not slow", "-p", "no:cacheprovider", *module.tests]
        os._exit(int(pytest.main([*words, *(["-k", module.named] if module.named else [])])))
    ends = time.monotonic() + SLOWEST
    while time.monotonic() < ends:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) != 0
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def sample(name: str, most: int, seed: int) -> list[Mutant]:
    """A seeded sample of the changes of one module, in the order of the text."""
    module = MODULES[name]
    source = (REPOSITORY / SOURCES / module.file).read_text(encoding="utf-8")
    every = [mutant for mutant in mutants_of(module, source) if applied(mutant, source) is not None]
    chosen = random.Random(f"{name} {seed}").sample(every, min(most, len(every)))
    return sorted(chosen, key=lambda mutant: (mutant.start, mutant.new))


def run(name: str, most: int, seed: int, seconds: float = float("inf")) -> tuple[list[Mutant], list[Mutant]]:
    """Those caught and those that live, of a sample of a module. Raises SystemExit where its tests fail unchanged."""
    module, killed, alive = MODULES[name], [], []
    path = Path(SOURCES, module.file)
    source = path.read_text(encoding="utf-8")
    if caught(module):
        raise SystemExit(f"{name}: its tests fail without any change")
    ends = time.monotonic() + seconds
    for mutant in sample(name, most, seed):
        if time.monotonic() > ends:
            break
        changed = applied(mutant, source)
        assert changed is not None
        path.write_text(changed, encoding="utf-8")
        (killed if caught(module) else alive).append(mutant)
        path.write_text(source, encoding="utf-8")
        print(f"{name}: {len(killed)} caught, {len(alive)} live; {mutant}", file=sys.stderr, flush=True)
    return killed, alive


def main() -> int:
    """Print how many were caught of each module and what lives; 1 where fewer than 95 % were caught."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", choices=MODULES, action="append")
    parser.add_argument("--most", type=int, default=40, help="changes of each module")
    parser.add_argument("--seed", type=int, default=19)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="for each module")
    parser.add_argument("--list", action="store_true")
    asked = parser.parse_args()
    names = asked.module or list(MODULES)
    if asked.list:
        for name in names:
            print(*(f"{name} {mutant}" for mutant in sample(name, asked.most, asked.seed)), sep="\n")
        return 0
    tried = left = 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        copy_checkout(Path(place))
        begin(Path(place))
        for name in names:
            killed, alive = run(name, asked.most, asked.seed, asked.seconds)
            tried, left = tried + len(killed) + len(alive), left + len(alive)
            print(f"{name}: {len(killed)} of {len(killed) + len(alive)} caught", flush=True)
            print(*(f"  lives: {mutant}" for mutant in alive), sep="\n", flush=True)
        os.chdir("/")
    return int(tried == 0 or (tried - left) / tried < 0.95)


if __name__ == "__main__":
    sys.exit(main())

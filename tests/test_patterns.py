"""Does any pattern take long on a text that is made to be hard? Every one of the package, found by itself."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import signal
import time
from pathlib import Path

import pytest

import analysis
from places import REPOSITORY

HEAD = "Hòa Bình tháng 4/2023 đạt 58,83/100 điểm. "
TEXTS = {
    "digits": "1",
    "words": "hồ sơ nộp trực tuyến ",
    "marks": "1.,/% ",
    "spaces": " \t",
    "lines": "\n",
    "open": "((<[{\"'",
}
SIZE, LESS = 1_000_000, 50_000  # letters
ALLOWED, LIMIT = 0.5, 3.0  # seconds for SIZE, and those after which a pattern is given up


# Where time has a limit of its own (the process of `notices.extract`), or the text is ours (the wordings).
BOUNDED = ("web", "sheets", "letters", "pages", "content", "phrasebook")
METHODS = {"search": "search", "match": "match", "fullmatch": "fullmatch"} | dict.fromkeys(
    ("finditer", "findall", "split", "sub"), "search"
)


def used() -> tuple[dict[str, tuple[re.Pattern[str], set[str]]], dict[tuple[str, str], set[str]]]:
    """The patterns that calls of `re` hold as text, with their method; the methods called on each name of a module."""
    found: dict[str, tuple[re.Pattern[str], set[str]]] = {}
    methods: dict[tuple[str, str], set[str]] = {}
    for path in sorted((REPOSITORY / "src" / "analysis").rglob("*.py")):
        if path.stem in BOUNDED:
            continue
        module = ".".join(path.relative_to(REPOSITORY / "src").with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS):
                continue
            of, method = node.func.value, METHODS[node.func.attr]
            name = of.id if isinstance(of, ast.Name) else of.attr if isinstance(of, ast.Attribute) else ""
            methods.setdefault((module, name), set()).add(method)
            first = node.args[0] if node.args else None
            if name == "re" and isinstance(first, ast.Constant) and isinstance(first.value, str):
                place = f"{path.relative_to(REPOSITORY / 'src' / 'analysis').as_posix()}:{node.lineno}"
                found[place] = re.compile(first.value), {method}
    return found, methods


def patterns() -> dict[str, tuple[re.Pattern[str], set[str]]]:
    """Every pattern with the methods that are called on it: those in calls, and those that modules keep."""
    found, methods = used()
    for item in pkgutil.walk_packages(analysis.__path__, "analysis."):
        left_out = ("analysis.__main__", "analysis.runs.cluster", "analysis.runs.preloaded")
        if item.name in left_out or item.name.rpartition(".")[2] in BOUNDED:
            continue
        for name, value in vars(importlib.import_module(item.name)).items():
            several = (
                value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else [value]
            )
            for at, one in enumerate(several):
                if isinstance(one, re.Pattern) and isinstance(one.pattern, str):
                    found[f"{item.name}.{name}.{at}"] = one, methods.get((item.name, name), {"match", "fullmatch"})
    return found


PATTERNS = patterns()


def seconds(pattern: re.Pattern[str], methods: set[str], piece: str, size: int) -> float:
    """Processor time of each method on a text of one piece over and over; LIMIT where it takes longer."""
    text = HEAD + piece * (size // len(piece)) + "!"
    started = time.process_time()
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)
    try:
        for method in methods:
            if method == "search":
                for _match in pattern.finditer(text):
                    pass
            else:
                getattr(pattern, method)(text)
                getattr(pattern, method)(text.removeprefix(HEAD))
    except TimeoutError:
        return LIMIT
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return time.process_time() - started


@pytest.fixture
def limited(monkeypatch):
    def too_long(*_asked):
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, too_long)
    yield
    signal.signal(signal.SIGVTALRM, before)


def test_there_are_many_patterns():
    assert len(PATTERNS) > 50 and Path(analysis.__file__).is_relative_to(REPOSITORY)


def test_each_pattern_takes_no_longer_than_its_text(limited, record_property):
    """Half a second for a million letters; where it takes longer, twice the text must not take four times as long.

    Tried is what the package does with it: a pattern that is only matched from a place on is not searched for.
    """
    slow = {}
    for place, (pattern, methods) in PATTERNS.items():
        for name, piece in TEXTS.items():
            if (taken := seconds(pattern, methods, piece, LESS)) > ALLOWED * LESS / SIZE:
                grown = seconds(pattern, methods, piece, 2 * LESS) / taken
                if taken >= LIMIT or grown > 3:
                    slow[place, name] = round(taken, 2), round(grown, 1)
    record_property("cases", len(PATTERNS) * len(TEXTS))
    assert slow == {}


def test_a_pattern_that_grows_with_the_square_of_its_text_is_seen(limited):
    assert seconds(re.compile(r"[\s,]*\btỉnh"), {"search"}, " ", LESS) == LIMIT

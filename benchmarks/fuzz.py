"""Does any text or file break what reads notices? Seeds are our own notices; how many inputs were tried, what broke.

    python benchmarks/fuzz.py SECONDS [SEED]    seeds changed at random, for so many seconds; the same for one SEED
    python benchmarks/fuzz.py --atheris SECONDS guided by coverage, where atheris is installed

An input breaks a reader where it raises anything but a refusal, or takes longer than LONGEST.
"""

from __future__ import annotations

import json
import random
import runpy
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from analysis.errors import AnalysisError
from analysis.language import read_amount, read_number, read_period, read_rate
from analysis.notices.content import Locked, TooMuch
from analysis.notices.extract import FORMS
from analysis.notices.phrasebook import load_phrasebook
from analysis.notices.reader import read
from analysis.notices.tokens import clean, number_style, read_printed, tokenise
from analysis.scorecards.rubric import load_rubrics

REPOSITORY = Path(__file__).parents[1]
NOTICES = REPOSITORY / "tests" / "notices" / "files"
LONGEST = 5.0  # seconds of processor time for one input
PIECES = [
    *"0123456789,./%()-–:;|\t\n ²½\u00a0\u200b\u0301",
    "điểm",
    "tỉnh",
    "Hòa Bình",
    "tháng 4/2023",
    "58,83/100",
    "24/63",
]
PIECES += ["\x00", "９", "٣", "đạt", "hồ sơ", "<td>", "&amp;", "PK\x03\x04"]

RUBRICS, BOOK = load_rubrics(REPOSITORY / "data" / "rubrics"), load_phrasebook(REPOSITORY / "data" / "wordings.toml")


def try_text(data: bytes) -> None:
    """A notice as text: its figures stand where they say, each once."""
    text = data.decode("utf-8", "replace")[:8_000]
    with suppress(AnalysisError):
        notice = read(text, RUBRICS, BOOK)
        keys = [(item.code, item.unit) for item in notice.figures]
        if len(set(keys)) != len(keys) or any(
            not 0 <= item.start < item.end <= len(notice.text) for item in notice.figures
        ):
            raise AssertionError("a figure twice, or nowhere")


def try_numbers(data: bytes) -> None:
    """Numbers and periods as people type them, and the numbers of a text."""
    text = data.decode("utf-8", "replace")[:2_000]
    for reads in (read_number, read_rate, read_amount, read_period):
        with suppress(ValueError, AnalysisError):
            reads(text[:60])
    tokens, _dates = tokenise(clean(text).text)
    for token in tokens:
        if token.kind == "number":
            with suppress(ValueError):
                read_printed(token.text, number_style(tokens))


def try_form(form: str) -> Callable[[bytes], None]:
    """A file of one form; a library may refuse it in its own way, as in the process of its own where this is done."""

    def tried(data: bytes) -> None:
        try:
            FORMS[form](data)
        except (TooMuch, Locked, MemoryError, AnalysisError):
            return
        except RecursionError:
            raise
        except Exception:
            return

    return tried


TARGETS: dict[str, Callable[[bytes], None]] = {
    "text": try_text,
    "numbers": try_numbers,
    **{form: try_form(form) for form in ("html", "docx", "xlsx")},
}


def seeds(target: str) -> list[bytes]:
    """Our notices in the form that a target reads."""
    suffix = {"text": "txt", "numbers": "txt"}.get(target, target)
    return [path.read_bytes() for path in sorted(NOTICES.rglob(f"*.{suffix}"))]


def changed(chance: random.Random, corpus: list[bytes]) -> bytes:
    """A seed with some pieces left out, doubled, put in, moved from another seed, or single bytes replaced."""
    data = bytearray(chance.choice(corpus))
    for _change in range(chance.randint(1, 8)):
        at = chance.randrange(len(data) + 1)
        length = min(chance.choice((1, 2, 5, 20, 100, 500)), max(len(data) - at, 0))
        match chance.randrange(6):
            case 0:
                del data[at : at + length]
            case 1:
                data[at:at] = data[at : at + length] * chance.choice((1, 1, 2, 30))
            case 2:
                data[at:at] = chance.choice(PIECES).encode()
            case 3:
                other = chance.choice(corpus)
                start = chance.randrange(len(other) + 1)
                data[at : at + length] = other[start : start + length]
            case 4 if at < len(data):
                data[at] ^= 1 << chance.randrange(8)
            case _:
                data[at : at + length] = bytes(chance.randrange(256) for _byte in range(min(length, 4)))
    return bytes(data)


def attempt(target: str, data: bytes) -> str:
    """What one input broke, or ""."""
    started = time.process_time()
    try:
        TARGETS[target](data)
    except Exception as error:
        return f"{target}: {type(error).__name__}: {error}"[:200]
    taken = time.process_time() - started
    return f"{target}: {taken:.1f} s for {len(data)} bytes" if taken > LONGEST else ""


def run(seconds: float, seed: int = 766) -> dict[str, object]:
    """Try changed seeds of every target in turn for so long: how many of each, and the first input of each fault."""
    chance, tried, broken = random.Random(seed), dict.fromkeys(TARGETS, 0), {}
    corpora = {target: seeds(target) for target in TARGETS}
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for target, corpus in corpora.items():
            data = changed(chance, corpus)
            tried[target] += 1
            if fault := attempt(target, data):
                broken.setdefault(fault, data.decode("latin-1")[:2_000])
    return {"how": "seeds changed at random", "tried": tried, "broken": broken}


def run_atheris(seconds: float) -> None:
    """Text and numbers guided by coverage, from the same seeds; atheris ends the process itself.

    Without its hook for patterns, which breaks on those of the standard library that are compiled already (3.1.0).
    """
    import atheris

    for name in [name for name in sys.modules if name.partition(".")[0] == "analysis"]:
        del sys.modules[name]
    with atheris.instrument_imports(include=["analysis"]):
        again = runpy.run_path(__file__)
    with tempfile.TemporaryDirectory() as corpus:
        for number, data in enumerate(seeds("text")):
            (Path(corpus) / str(number)).write_bytes(data)

        def one(data: bytes) -> None:
            again["try_text"](data)
            again["try_numbers"](data)

        atheris.Setup([sys.argv[0], f"-max_total_time={seconds:g}", f"-timeout={LONGEST:g}", corpus], one)
        atheris.Fuzz()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--atheris", asked]:
            run_atheris(float(asked))
        case [asked, *more]:
            print(json.dumps(run(float(asked), *map(int, more)), ensure_ascii=False, indent=1))
        case _:
            sys.exit(__doc__)

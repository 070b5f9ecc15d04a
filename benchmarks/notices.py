"""How does the time to read a notice grow with its text? Ratios of one run, for texts made to be hard.

    .venv/bin/python benchmarks/notices.py

Each text is a sentence with a score and then one piece over and over. Ten times the text should take some ten times as
long, not a hundred; one that is too long for a notice is refused sooner than a long one is read.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from statistics import median
from time import process_time

from analysis.errors import AnalysisError
from analysis.notices.phrasebook import load_phrasebook
from analysis.notices.reader import read
from analysis.scorecards.rubric import load_rubrics

HEAD = "Hòa Bình tháng 4/2023 đạt 58,83/100 điểm. "
PIECES = {
    "words": "hồ sơ nộp trực tuyến đạt ",
    "names": "công khai, minh bạch và tiến độ giải quyết ",
    "numbers": "58,83% ",
    "pairs": "2,2/18; ",
    "digits": "1",
    "dates": "24/4/2023 ",
    "open": "((((",
    "tabs": "\t",
    "lines": "\n",
    "marks": ". ",
    "before": "hồ sơ đang xử lý … đúng hạn ",
    "letters": "ạ",
    "phrases": "thủ tục hành chính có yêu cầu nghĩa vụ tài chính được ",
    "documents": "Số: 1/A-",
    "leaders": "...... : ",
}
SHORT, LONG, TOO_LONG = 9_000, 90_000, 1_000_000  # letters
RUNS = 5


def seconds(reads: Callable[[str], object], text: str) -> float:
    taken = []
    for _run in range(RUNS):
        started = process_time()
        with suppress(AnalysisError):
            reads(text)
        taken.append(process_time() - started)
    return median(taken)


def main() -> None:
    rubrics, book = load_rubrics(), load_phrasebook()
    print(f"{'piece':>10} {f'{LONG // SHORT} times as long':>18} {'refused / long':>15}")
    for name, piece in PIECES.items():
        short, long, refused = (
            seconds(lambda text: read(text, rubrics, book), HEAD + piece * (size // len(piece)))
            for size in (SHORT, LONG, TOO_LONG)
        )
        print(f"{name:>10} {long / short:>18.1f} {refused / long:>15.2f}")


if __name__ == "__main__":
    main()

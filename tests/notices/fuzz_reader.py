"""Coverage-guided fuzzing of the reader, with the notices as corpus. Needs atheris (Linux), which is in no lock.

    python -m pip install atheris && PYTHONPATH=tests python tests/notices/fuzz_reader.py -max_total_time=600

Any error that is not one of ours is a crash, and so is a text that takes longer than it may.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["analysis"]):
    from analysis.errors import AnalysisError
    from analysis.notices.phrasebook import load_phrasebook
    from analysis.notices.reader import read
    from analysis.scorecards.rubric import load_rubrics

from noticed import NOTICES
from places import REPOSITORY

RUBRICS = load_rubrics(REPOSITORY / "data" / "rubrics")
BOOK = load_phrasebook(REPOSITORY / "data" / "wordings.toml")
LONGEST = 2.0  # seconds, under instrumentation


def one(data: bytes) -> None:
    started = time.process_time()
    try:
        notice = read(data.decode("utf-8", "replace").replace("\ufffd", "?"), RUBRICS, BOOK)
    except AnalysisError:
        return
    finally:
        assert time.process_time() - started < LONGEST
    for item in notice.figures:
        assert 0 <= item.start < item.end <= len(notice.text)
        assert notice.quote(item) in notice.sentence(item)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for number, path in enumerate(sorted(NOTICES.glob("**/*.txt"))):
            shutil.copyfile(path, Path(folder) / f"{number:03d}")
        atheris.Setup([*sys.argv, folder], one)
        atheris.Fuzz()

"""Is a report whole when whoever publishes it is killed at any moment? Files of megabytes, kills at random times."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from analysis.runs import publish as publishing

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills a fork")
FILES, SIZE = 4, 2 << 20  # 8 MB a report
FEW, MANY = 12, 200


def write(folder: Path, number: int) -> None:
    """A report whose record has the hash of each file."""
    folder.mkdir(parents=True)
    hashes = {}
    for at in range(FILES):
        content = (f"{number}.{at} " * SIZE)[:SIZE].encode()
        (folder / f"file-{at}.bin").write_bytes(content)
        hashes[f"file-{at}.bin"] = hashlib.sha256(content).hexdigest()
    (folder / "run.json").write_text(json.dumps({"number": number, "files": hashes}), encoding="utf-8")


def number_of(folder: Path) -> int:
    """The number of a report that is whole; fails where it is torn."""
    record = json.loads((folder / "run.json").read_bytes())
    assert {path.name for path in folder.iterdir()} == {*record["files"], "run.json"}
    for name, digest in record["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
    return record["number"]


@pytest.mark.parametrize("kills", [FEW, pytest.param(MANY, marks=pytest.mark.slow)], ids=["sample", "every"])
def test_a_runner_killed_at_any_moment_leaves_a_whole_report(tmp_path, record_property, kills):
    final, chance = tmp_path / "reports" / "hoa-binh" / "2023-04", random.Random(766)
    write(final, 0)
    began = time.monotonic()
    write(tmp_path / "reports" / ".work" / "timed", 1)
    publishing.publish(tmp_path / "reports" / ".work" / "timed", final)
    takes = 1.2 * (time.monotonic() - began)
    newest, before, new = 1, 0, 0
    for number in range(2, kills + 2):
        work = tmp_path / "reports" / ".work" / f"run-{number}"
        child = os.fork()
        if not child:
            try:
                publishing.recover(final)
                write(work, number)
                publishing.publish(work, final)
            finally:
                os._exit(0)
        time.sleep(takes * chance.random())
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        stands = final if final.exists() else final.with_name("2023-04.prev")
        found = number_of(stands)
        assert found in (newest, number)
        before, new = before + (found == newest), new + (found == number)
        newest = found
        publishing.recover(final)
        assert number_of(final) == newest
        shutil.rmtree(work, ignore_errors=True)
    assert before and (new or kills == FEW)
    record_property("cases", kills)
    record_property("told", f"of {kills} kills {before} left the report before and {new} the new one, none a part")

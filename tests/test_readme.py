"""What the READMEs show is what the commands say."""

import re
import subprocess
import sys

import pytest

from analysis.language import use_language
from places import REPOSITORY


def blocks(name: str) -> list[str]:
    return re.findall(
        r"^```[a-z]*\n(.*?)^```", (REPOSITORY / name).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


@pytest.mark.parametrize(
    ("name", "language"), [pytest.param("README.md", "en", marks=pytest.mark.slow), ("README.vi.md", "vi")]
)
def test_the_output_shown_is_the_output(project_copy, name, language):
    """Every line shown stands in the output, in this order; `…` is what was left out. The notice is not known yet."""
    (letter,) = re.findall(r"scorecard add (tests/\S+)", "".join(blocks(name)))
    call = "from analysis.cli import main; main()"
    words = ["add", str(REPOSITORY / letter), "--dry-run", "--lang", language]
    out = subprocess.run([sys.executable, "-c", call, *words], cwd=project_copy, capture_output=True, check=True).stdout
    (shown,) = [block for block in blocks(name) if "«76,39»" in block]
    printed = iter(out.decode("utf-8").split("\n"))
    wanted = [line for line in shown.rstrip("\n").split("\n") if line != "…"]
    assert len(wanted) >= 7
    for line in wanted[:-1]:  # the last is the question, which a dry run does not ask
        assert line in printed, line
    assert "34" in wanted[-1] and "[" in wanted[-1]


def test_the_first_two_blocks_are_the_two_commands():
    for name in ("README.md", "README.vi.md"):
        first, second = blocks(name)[:2]
        assert first.rstrip().endswith("scorecard report") and "requirements.lock" in first
        assert second.rstrip().endswith("-m pytest") and len(second.splitlines()) == 1


def test_every_command_of_the_readmes_exists():
    from analysis.cli import app

    for name in ("README.md", "README.vi.md", "docs/notices.md"):
        text = (REPOSITORY / name).read_text(encoding="utf-8")
        commands = set(re.findall(r"scorecard (add|report|[a-z]+)\b", text)) - {"of", "phu", "xlsx"}
        assert commands <= set(app.commands), commands - set(app.commands)


@pytest.mark.parametrize("name", ["README.md", pytest.param("README.vi.md", marks=pytest.mark.slow)])
def test_the_lines_for_a_notebook_do_what_they_say(project_copy, monkeypatch, name):
    monkeypatch.chdir(project_copy)
    use_language("vi")
    (lines,) = [block for block in blocks(name) if "open_card" in block]
    shown = {}
    exec(lines, shown)  # as an analyst copies them
    assert shown["card"].losses.table["lost"].sum() == pytest.approx(41.3)
    assert "2,77" in str(eval("card.what_if({'e_result': 80})", shown))
    assert {path.suffix for path in (project_copy / "reports" / "pictures").iterdir()} == {".svg", ".png", ".csv"}

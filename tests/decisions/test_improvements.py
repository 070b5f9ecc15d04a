"""Are improvements that were written down weighed as they were meant, and is a bad file refused?"""

import subprocess
import sys

import pytest
from analysis.opened import open_month
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.decisions.levers import load_improvements, out_of_date, save_improvements
from analysis.errors import ParameterError, WriteError

LEVERS = {"e_result": 80.0, "data_reuse": 62.5}


@pytest.fixture
def april(project_copy):
    return open_month("2023-04", "hoa-binh").identified


def test_what_is_written_is_read(project_copy, april):
    path = save_improvements(april, LEVERS, 62)
    assert path == project_copy / "reports" / "scenarios" / "hoa-binh-2023-04.toml"
    written = load_improvements(path)
    assert (written.entity, written.month, written.target_score) == ("Hòa Bình", "2023-04", 62)
    assert written.levers == LEVERS
    assert out_of_date(written, "2023-04") == []
    assert [item.name for item in path.parent.iterdir()] == [path.name]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rate=st.floats(33.84, 100))
def test_a_rate_is_kept_to_its_last_digit(april, tmp_path, rate):
    path = save_improvements(april, {"e_result": rate}, path=tmp_path / "one.toml")
    assert load_improvements(path).levers == {"e_result": rate}


def test_by_hand_only_the_levers_are_needed(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[levers]\ne_result = 80\n", encoding="utf-8")
    written = load_improvements(path)
    assert written.levers == {"e_result": 80.0}
    assert (written.entity, written.month, written.target_score, written.rubric) == ("", "", None, "")
    assert out_of_date(written, "2023-04") == []


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "levers: is missing"),
        (b"[levers]\n", "levers"),
        (b"[levers]\ne_result = '80'\n", "levers.e_result: is not a number"),
        (b"[levers]\ne_result = true\n", "levers.e_result: is not a number"),
        (b"[levers]\ne_result = nan\n", "levers.e_result: is not a finite number"),
        (b"target_score = 101\n[levers]\ne_result = 80\n", "target_score"),
        (b"lever = 3\n[levers]\ne_result = 80\n", "lever: is not a field known here"),
        (b"levers = [\n", "Invalid value"),
        (b"\xff\xfe", "utf-8"),
        (b"#" * 70_000, "larger than 64 kB"),
    ],
)
def test_a_bad_file_is_refused_with_its_field(tmp_path, content, word):
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(ParameterError) as raised:
        load_improvements(path)
    assert "bad.toml" in raised.value.what and word in "\n".join(raised.value.rows)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ParameterError, match=r"none\.toml"):
        load_improvements(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("levers", "target"), [({}, None), ({"e_result": 20.0}, None), ({"no_such": 80.0}, None), (LEVERS, 50.0)]
)
def test_what_cannot_be_weighed_is_not_written(project_copy, april, levers, target):
    with pytest.raises(ParameterError):
        save_improvements(april, levers, target)
    assert not (project_copy / "reports").exists()


def test_a_file_that_cannot_be_written_leaves_the_old_one(project_copy, april, tmp_path):
    path = save_improvements(april, LEVERS)
    before = path.read_bytes()
    with pytest.raises(WriteError):
        save_improvements(april, {"e_result": 90.0}, path=path / "inside-a-file.toml")
    assert path.read_bytes() == before


def test_other_figures_or_rules_are_told(change, april):
    written = load_improvements(save_improvements(april, LEVERS))
    assert out_of_date(written, "2026") == [
        "The file was made under the rules 2022-08_766-QD-TTg; they are weighed under 2026-01_766-QD-TTg now."
    ]
    change("hoa-binh.csv", 4, value="2.3")
    assert out_of_date(written, "2023-04") == [
        "Figures or rules changed since the file was made; they are weighed on those of today."
    ]


def parameters_of(monkeypatch, *words):
    """What `scorecard report` would run with; the report itself is not made."""
    from analysis import cli
    from analysis.runs import forked, run

    seen = {}

    def prepare(values, allow_synthetic):
        seen.update(values)
        raise ParameterError("enough")

    monkeypatch.setattr(forked, "possible", lambda: False)  # a fork would not see what is patched here
    monkeypatch.setattr(run, "prepare", prepare)
    monkeypatch.setattr(sys, "argv", ["scorecard", "report", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == ParameterError.exit_code
    return seen


def test_the_command_takes_the_file_and_its_own_words_first(project_copy, april, monkeypatch, capsys):
    path = str(save_improvements(april, LEVERS, 62))
    taken = parameters_of(monkeypatch, "--levers", path)
    assert (taken["entity"], taken["month"], taken["levers"], taken["target_score"]) == (
        "Hòa Bình", "2023-04", LEVERS, 62,
    )  # fmt: skip
    told = ["2024-07", "--entity", "phu-tho", "--levers", path, "--set", "e_result=90", "--target", "70"]
    taken = parameters_of(monkeypatch, *told)
    assert (taken["entity"], taken["month"], taken["target_score"]) == ("phu-tho", "2024-07", 70)
    assert taken["levers"] == {"e_result": 90.0, "data_reuse": 62.5}


def test_without_a_file_nothing_changed(project_copy, monkeypatch, capsys):
    taken = parameters_of(monkeypatch, "2023-04")
    assert (taken["entity"], taken["month"], taken["levers"], taken["target_score"]) == (
        "Hòa Bình",
        "2023-04",
        {},
        None,
    )


def test_a_bad_file_ends_the_command_before_anything_is_made(project_copy):
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "from analysis.cli import main; main()",
            "report",
            "--levers",
            "none.toml",
            "--lang",
            "en",
        ],
        capture_output=True,
        text=True,
    )
    assert run.returncode == ParameterError.exit_code
    assert "none.toml" in run.stderr and "Traceback" not in run.stderr
    assert not (project_copy / "reports").exists()
    assert run.stdout == ""

"""Does the record of a report change with everything that the report is made from, and with nothing else?"""

import pytest

from analysis.runs.record import code_hash, made_from

MADE = {"entity": "Hòa Bình", "levers": {"e_result": 80.0}}


@pytest.mark.parametrize("changed", ["notebooks/monthly_report.ipynb", "data/bulletins/hoa-binh/2023-04/new.txt"])
def test_a_notebook_or_a_notice_that_is_changed(small, changed):
    before, path = made_from(MADE, "data"), small / changed
    assert before == made_from(dict(reversed(MADE.items())), "data")
    assert before not in (made_from({**MADE, "entity": "Bắc Kạn"}, "data"), made_from(MADE, "other"))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write("\n")
    assert made_from(MADE, "data") != before


def test_the_program_that_made_it(small, monkeypatch):
    package = small / "analysis"
    (package / "runs" / "__pycache__").mkdir(parents=True)
    monkeypatch.setattr("analysis.runs.record.__file__", str(package / "runs" / "record.py"))
    (package / "page.css").write_text("1", encoding="utf-8")
    before, report = code_hash(), made_from(MADE, "data")
    (package / "runs" / "__pycache__" / "x.pyc").write_text("1", encoding="utf-8")
    assert code_hash() == before
    (package / "page.css").write_text("22", encoding="utf-8")
    assert code_hash() != before and made_from(MADE, "data") != report

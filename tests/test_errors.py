"""Does an error tell what, where and what to do next, and is its exit code its own?"""

import pytest

from analysis import errors
from analysis.errors import AnalysisError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, AnalysisError)]


def test_every_error_has_an_exit_code_of_its_own():
    codes = [kind.exit_code for kind in KINDS]
    assert len(set(codes)) == len(codes) >= 25
    assert not {0, 130} & set(codes) and max(codes) < 126  # from there on they are the shell's


@pytest.mark.parametrize(("count", "shown"), [(0, []), (5, list("abcde")), (6, [*"abcde", "… +1"])])
def test_five_rows_are_shown_and_how_many_more_there_are(count, shown):
    error = AnalysisError("What.", "abcdefg"[:count], "Next.")
    assert error.rows == tuple("abcdefg"[:count]) and error.shown_rows == shown
    assert str(error) == "\n".join(["What.", *(f"  - {row}" for row in shown), "Next."])
    assert error._render_traceback_() == str(error).splitlines()


def test_an_error_may_be_one_sentence():
    assert str(AnalysisError("What.")) == "What."

"""The table of all provinces as the portal published it, and the rules to hold it against."""

import pytest

from analysis.scorecards.rubric import rubric_in_force
from tables import YEAR


@pytest.fixture
def tiny(tiny_rubric):
    """The rubric of one's head, with indicators rounded to two decimals before they are added."""
    return tiny_rubric.model_copy(update={"indicator_decimals": 2})


@pytest.fixture(scope="session")
def rubric(rubrics):
    return rubric_in_force(rubrics, YEAR)


@pytest.fixture(scope="session")
def provinces(history):
    """Only the figures of the table of all provinces. To read, not to change."""
    return history[history["source"] == "portal-2026-10-10"]

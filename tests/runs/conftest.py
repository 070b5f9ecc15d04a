"""The fixtures of `made` and `pages`, for every test of this room."""

from made import apart, at_once, good, project, same_environment, simulated, small, stand_in, three
from pages import reports

__all__ = [
    "apart",
    "at_once",
    "good",
    "project",
    "reports",
    "same_environment",
    "simulated",
    "small",
    "stand_in",
    "three",
]

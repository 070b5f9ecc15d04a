"""The fixtures of `made` and `pages`, for every test of this room."""

from made import apart, at_once, good, project, same_environment, simulated, small, stand_in, three
from pages import reports

OF_MADE = ["apart", "at_once", "good", "project", "same_environment", "simulated", "small", "stand_in", "three"]
__all__ = [*OF_MADE, "reports"]

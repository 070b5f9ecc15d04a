"""The fixtures of `made` and `pages`, for every test of this room."""

from made import apart, good, project, same_environment, simulated, small, stand_in, three
from pages import reports

__all__ = ["apart", "good", "project", "reports", "same_environment", "simulated", "small", "stand_in", "three"]

"""The fixtures of `made`, for every test of this room."""

from made import apart, good, project, same_environment, simulated, small, three, whole

__all__ = ["apart", "good", "project", "same_environment", "simulated", "small", "three", "whole"]

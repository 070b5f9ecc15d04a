"""The fixtures of `pages`, for every test of this room."""

from pages import report_of

__all__ = ["report_of"]

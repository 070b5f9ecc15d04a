"""Where a province's points on the index of Decision 766/QĐ-TTg went, and what an improvement is worth.

`from analysis import open_month, where_points_went, …` gives the questions an analyst asks, with `show` and `chart`.
They are imported when they are first asked for, so that the command stays quick.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

NAMES = {
    "questions": (
        "open_month",
        "what_was_published",
        "where_points_went",
        "what_changed",
        "which_rules_fit",
        "suppose",
        "what_each_figure_told",
        "what_it_is_worth",
        "how_to_reach",
        "which_rank",
        "where_one_stands",
        "what_sets_apart",
        "what_leaders_have",
        "do_scores_give_the_rules",
        "where_it_is_heading",
    ),
    "exploring": ("show", "chart"),
}


def __getattr__(name: str) -> Any:
    for module, names in NAMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

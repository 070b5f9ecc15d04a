"""Ranks, peers and trends.

ranks      Which rank would a gain bring, and which ranks do the known facts allow?
peers      What sets provinces apart, and where does one stand among them?
refit      Do the published scores of all provinces give back the maxima of the rules?
trends     Where is a score or a rate heading, as far as its own months can say?
forecasts  What may the next values of one line of months be, and which way of guessing has earned its place?
years      How did an entity fare over the years, and what made it rise?
panel      How far do years tell of later years, over all siblings?
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={
    "ranks": ["RankSet", "Standing", "alike", "counted", "outlook", "same_card", "standing"],
    "peers": ["against_alike", "leaders", "leaders_sentence", "positions", "spread", "spread_sentence"],
    "refit": ["implied_missing", "regression_sentence", "rules_misfit", "rules_regression"],
    "trends": ["Trend", "model_name", "sentence", "trend"],
    "years": ["RISES", "common_card", "rise_sentence", "rises", "span_of"],
    "panel": ["after_their_end", "persistence", "persistence_sentence", "places", "revisions", "revisions_sentence",
        "slowing", "slowing_sentence", "spread_by_year", "spread_by_year_sentence"],
})  # fmt: skip

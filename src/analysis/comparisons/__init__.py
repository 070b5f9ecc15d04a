"""Ranks, peers and trends.

ranks      Which rank would a gain bring, and which ranks do the known facts allow?
peers      What sets provinces apart, and where does one stand among them?
refit      Do the published scores of all provinces give back the maxima of the rules?
trends     Where is a score or a rate heading, as far as its own months can say?
forecasts  What may the next values of one line of months be, and which way of guessing has earned its place?
"""

from analysis import face

NAMES = (
    "ranks.RankSet ranks.Standing ranks.alike ranks.counted ranks.outlook ranks.standing peers.against_alike "
    "peers.leaders peers.leaders_sentence peers.positions peers.spread peers.spread_sentence refit.implied_missing "
    "refit.regression_sentence refit.rules_misfit refit.rules_regression trends.Trend trends.model_name "
    "trends.sentence trends.trend"
)
__getattr__, __dir__ = face(__name__, NAMES)

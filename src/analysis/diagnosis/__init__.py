"""Where the points went, and what changed.

losses     Where did the points go?
changes    What of a change between two months is performance, and what is not?
follow_up  What became of the rates and the total that an earlier report weighed?
"""

from analysis import face

NAMES = (
    "losses.NO losses.UNEXPLAINED losses.UNKNOWN losses.UnitLosses losses.YES losses.loss_ledger "
    "losses.losses_by_group losses.losses_by_indicator losses.named_groups losses.unit_losses changes.GONE "
    "changes.GROUP changes.MAX changes.NEW changes.TARGET changes.Value changes.ZERO changes.bridge_between "
    "changes.card_before changes.period_before changes.rule_news changes.since follow_up.KEPT follow_up.MISSED "
    "follow_up.NAMES follow_up.NOTHING_TO_COUNT follow_up.NOT_PRINTED follow_up.NO_LONGER_SCORED follow_up.OPEN "
    "follow_up.PARTLY follow_up.kept"
)
__getattr__, __dir__ = face(__name__, NAMES)

"""Where the points went, and what changed.

losses     Where did the points go?
changes    What of a change between two months is performance, and what is not?
follow_up  What became of the rates and the total that an earlier report weighed?
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={
    "losses": ["NO", "UNEXPLAINED", "UNKNOWN", "UnitLosses", "YES", "loss_ledger", "losses_by_group",
        "losses_by_indicator", "losses_by_tier", "named_groups", "unit_losses"],
    "changes": ["GONE", "GROUP", "MAX", "NEW", "OF_A_CAPTURE", "ROUNDING", "TARGET", "Value", "ZERO",
        "bridge_between", "card_before", "period_before", "restated", "rule_news", "since"],
    "follow_up": ["KEPT", "MISSED", "NAMES", "NOTHING_TO_COUNT", "NOT_PRINTED", "NO_LONGER_SCORED", "OPEN", "PARTLY",
        "kept"],
})  # fmt: skip

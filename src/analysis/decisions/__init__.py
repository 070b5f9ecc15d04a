"""What a raise is worth, and the plan.

levers      What does an act move?
whatif      What is an improvement worth?
tiers       What is a raise worth by what is best supported, by what is documented, and if targets may be any?
worst_case  Under which survivor, and which scores of today, do some steps bring least, and most?
optimum     Which steps are cheapest, or bring most, for sure or at best?
plan        What is the cheapest way to a target, sure under every documented rule that fits?
deadline    Can a rate still reach its target by the end of the year?
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={
    "levers": ["Effort", "Lever", "USUAL_LEVERS", "as_rates", "check_indicator", "check_levers",
        "check_target", "load_costs", "load_improvements", "load_levers", "out_of_date", "save_improvements",
        "usual_levers", "with_costs"],
    "whatif": ["TOGETHER", "gain_of", "gain_width", "gains", "gains_by_rule", "may_be_nothing",
        "perhaps_nothing", "raised_from", "total_after"],
    "tiers": ["BY_TARGET", "WIDEST", "failing_target", "gains_by_target", "gains_by_tier", "in_each_tier",
        "plan_by_target", "widest_target"],
    "plan": ["CLASSES", "INFERRED_CLASSES", "PUBLISHED_CLASSES", "Plan", "ask", "class_of", "fewest",
        "in_order", "next_target", "rates_for", "targets_of", "workable"],
    "deadline": ["NO", "YEAR_TO_DATE", "YES", "by_december"],
})  # fmt: skip

"""What a raise is worth, and the plan.

levers      What does an act move?
whatif      What is an improvement worth?
worst_case  Under which survivor, and which scores of today, do some steps bring least, and most?
optimum     Which steps are cheapest, or bring most, for sure or at best?
plan        What is the cheapest way to a target, sure under every rule that fits?
deadline    Can a rate still reach its target by the end of the year?
"""

from analysis import face

NAMES = (
    "levers.Effort levers.Lever levers.MOST_UNKNOWN levers.USUAL_LEVERS levers.as_rates levers.check_indicator "
    "levers.check_levers levers.check_target levers.load_costs levers.load_improvements levers.load_levers "
    "levers.out_of_date levers.save_improvements levers.usual_levers levers.with_costs whatif.TOGETHER whatif.gain_of "
    "whatif.gain_width whatif.gains whatif.gains_by_rule plan.INFERRED_CLASSES plan.PUBLISHED_CLASSES plan.Plan "
    "plan.ask plan.first_acts plan.next_target plan.rates_for plan.workable deadline.NO deadline.YEAR_TO_DATE "
    "deadline.YES deadline.by_december"
)
__getattr__, __dir__ = face(__name__, NAMES)

"""What was published, and the rules as written.

periods    Which months does a period hold, and which comes before another?
rubric     Which rules turned rates into points, and which periods may be compared?
entities   Which entity belongs to which, and which are simulated?
history    What was published?
sources    Where do figures come from, and what in their sources is known to be wrong?
checks     Do the published figures agree with each other?
synthetic  What would a history look like whose truth we know?
"""

from analysis import face

NAMES = (
    "periods.MONTH periods.PERIOD periods.check_period periods.is_month periods.month_after periods.month_before "
    "periods.months_between periods.months_left periods.months_of rubric.Group rubric.Indicator rubric.Known "
    "rubric.LEAST_FOR_TREND rubric.Names rubric.Parameter rubric.RULE rubric.Rubric rubric.Rule rubric.Status "
    "rubric.apart rubric.comparable_span rubric.governing rubric.load_rubrics rubric.not_comparable "
    "rubric.rubric_in_force entities.SYNTHETIC entities.Unit entities.children_of entities.find_entity "
    "entities.is_synthetic entities.is_unit entities.kind_name entities.load_units entities.same_world "
    "entities.siblings entities.synthetic_label history.BASE history.COLUMNS history.DOSSIERS history.RANK "
    "history.TOTAL history.card history.data_hash history.latest_period history.load_history "
    "history.periods_with_total history.row_problems history.stamp history.totals history.unit_name "
    "sources.Correction sources.Replacement sources.Source sources.load_corrections sources.load_sources "
    "checks.Printed checks.card_checks checks.check_name checks.failures checks.figure checks.interval_of "
    "checks.reconcile checks.unchecked synthetic.example synthetic.write_project"
)
__getattr__, __dir__ = face(__name__, NAMES)

"""What was published, and the rules as written.

periods    Which months does a period hold, and which comes before another?
rubric     Which rules turned rates into points, and which periods may be compared?
tiers      Which family of rules do independent documents agree on, and which does no published figure exclude?
findings   What is known of the rules that no parameter of a rubric can hold, and which targets are no rule's?
entities   Which entity belongs to which, and which are simulated?
history    What was published?
sources    Where do figures come from, and what in their sources is known to be wrong?
log        What was added, corrected and removed, and when?
checks     Do the published figures agree with each other?
synthetic  What would a history look like whose truth we know?
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={
    "periods": ["MONTH", "PERIOD", "check_period", "is_month", "month_after", "month_before", "months_in",
        "months_between", "months_left", "months_of"],
    "rubric": ["Change", "Group", "Indicator", "Known", "LEAST_FOR_TREND", "Names", "Parameter", "RULE", "Rubric",
        "Rule", "Shown", "Status", "apart", "comparable_span", "governing", "load_changes", "load_rubrics",
        "not_comparable", "rubric_in_force", "ruling"],
    "findings": ["Finding", "load_findings"],
    "entities": ["COMMUNE", "DEPARTMENT", "FIELDS", "MEAN_OF", "Mergers", "SIBLINGS", "SYNTHETIC", "Unit",
        "children_of", "find_entity", "is_mean", "is_synthetic", "is_unit", "kind_name", "load_mergers", "load_units",
        "same_world", "siblings", "spellings", "synthetic_label"],
    "history": ["AS_PRINTED", "BASE", "COLUMNS", "DOSSIERS", "RANK", "TOTAL", "UNITS_OF_LEVEL", "as_known_on", "card",
        "cards", "data_hash", "latest_period", "load_history", "of_cards", "periods_with_total", "printed_in",
        "row_problems", "shown", "shown_cards", "stamp", "superseded", "totals", "unit_name", "with_standing"],
    "sources": ["Correction", "Note", "Replacement", "Source", "load_corrections", "load_notes", "load_replacements",
        "load_sources"],
    "log": ["Entry", "What", "just_added", "read_log", "with_entry"],
    "checks": ["Printed", "card_checks", "check_name", "failures", "figure", "interval_of", "reconcile", "unchecked"],
    "tiers": ["DOCUMENTED", "LEAST_TARGET", "OPEN", "SUPPORTED", "Support", "is_open", "load_support", "opened",
        "supported", "with_target", "with_targets"], "synthetic": ["example", "write_project"],
})  # fmt: skip

"""What are the codes of the results called in the reader's language?"""

from __future__ import annotations

from calendar import monthrange

from analysis.language import _, write_date, write_period
from analysis.report.figures import Figures
from analysis.scorecards.entities import SYNTHETIC, synthetic_label
from analysis.scorecards.periods import months_of
from analysis.scorecards.rubric import Rubric
from analysis.scorecards.tiers import DOCUMENTED, OPEN, SUPPORTED, is_open

WEAKEST_FIRST = (SYNTHETIC, "entered", "derived", "published")


def kind_name(kind: str) -> str:
    """What the label of a page says of the figures it was made from."""
    return {
        "published": _("Published figures"),
        "derived": _("Figures derived from a publication"),
        "entered": _("Figures entered by hand"),
        SYNTHETIC: synthetic_label(),
    }[kind]


def weakest_kind(figures: Figures) -> str:
    """The weakest kind among the figures that were read, not made."""
    read = ("total", "rank", "group.", "printed.")
    kinds = {item.kind for item in figures.values() if item.where and item.id.startswith(read)}
    return next(kind for kind in WEAKEST_FIRST if kind in kinds)


def status_name(status: str) -> str:
    """How a rule is known."""
    return {
        "legal": _("legal"),
        "reverse_engineered": _("reverse engineered"),
        "inferred": _("inferred"),
        "assumed": _("assumed"),
        "unknown": _("unknown"),
    }[status]


def known_how(rubric: str, status: str) -> str:
    """Of a parameter of the rules, whose rules they are and how it is known."""
    return _("rules {rubric}: {status}").format(rubric=rubric, status=status_name(status))


def so_far(period: str, as_of: str) -> str:
    """A period in words; one longer than a month that was not over, with the day to which it counts."""
    first, last = months_of(period)
    if first == last or not as_of or not f"{first}-01" <= as_of < f"{last}-{monthrange(*map(int, last.split('-')))[1]}":
        return write_period(period)
    return _("{period} (to {date})").format(period=write_period(period), date=write_date(as_of))


def fitting_rules(rubric: Rubric) -> str:
    """Under which rules a result holds, within a sentence: all that documents leave open, or those recovered."""
    return _("every documented rule that fits") if is_open(rubric) else _("the rules recovered from published figures")


def class_name(least: float) -> str:
    """The class of the index that begins at a total."""
    return {90.0: _("Excellent"), 80.0: _("Good"), 70.0: _("Fair"), 50.0: _("Average"), 0.0: _("Weak")}[least]


def tier_name(tier: str) -> str:
    """A tier of knowledge in the reader's language."""
    return {
        SUPPORTED: _("Best supported"),
        DOCUMENTED: _("By any document"),
        OPEN: _("Any target"),
    }[tier]


def tier_rule(tier: str) -> str:
    """How the numbers of a tier were made."""
    return _("bounds over the rules of the tier: {tier}").format(tier=tier_name(tier))


def part_name(part: str) -> str:
    """A part of the ledger in the reader's language."""
    return {
        "printed": _("Published: the rate is known"),
        "derivable": _("Derivable: follows from the published scores"),
        "undisclosed": _("Undisclosed: neither published nor derivable"),
        "not_printed": _("Not published: derivable and undisclosed together"),
        "total": _("Everything lost"),
    }[part]


def disclosure_name(disclosure: str) -> str:
    """What the notice tells of the rate of an indicator."""
    return {"printed": _("printed"), "derivable": _("derivable"), "undisclosed": _("undisclosed")}[disclosure]


def effect_name(effect: str) -> str:
    """What a part of a change is."""
    return {
        "performance": _("performance"),
        "rule": _("other rules"),
        "counting": _("something else is counted"),
        "not_separable": _("cannot be told apart"),
        "rounding": _("rounding"),
    }[effect]

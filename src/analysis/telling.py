"""Which cards say something of the rules that the others do not say?

Thousands of cards may be governed by the same rules, and a few of them leave no more members of the family than all of
them do. Held against these few, a month has the survivors that it has when held against all: so the work that all
months share is done once.
"""

from __future__ import annotations

from collections.abc import Sequence

from analysis.errors import ContradictionError
from analysis.evidence import Card, blank_card
from analysis.identify import Identified, explained, identify_cards
from analysis.interval import TOLERANCE
from analysis.members import Hypothesis
from analysis.scorecards.rubric import Rubric


def telling(cards: Sequence[Card], rubric: Rubric) -> tuple[list[Card], list[Card]]:
    """The cards, in their order, of which each may leave fewer joint survivors than those kept before it.

    A month that these cards and its own figures explain is explained by all cards, and by the same members of the
    family. A card that no member explains even by itself is wrong in some figure: it is evidence of nothing, and is
    returned as the second list. Where cards conflict with each other all are kept: who asks is told of the conflict.
    """
    blank, kept, wrong = blank_card(rubric), list[Card](), list[Card]()
    known = identify_cards([blank], rubric)
    for item in cards:
        if _says_nothing(item, known):
            continue
        try:
            known = identify_cards([blank, *kept, item], rubric)
        except ContradictionError:
            if explained([item], rubric):
                return [one for one in cards if explained([one], rubric)], wrong
            wrong.append(item)
        else:
            kept.append(item)
    return kept, wrong


def _says_nothing(item: Card, known: Identified) -> bool:
    """Whether every survivor gives every sum that the card prints, and every joint choice of them its total."""
    lowest = highest = 0.0
    for group in item.groups:
        inside = {indicator.code for indicator in group.indicators}
        low = high = 0.0
        for own in known.groups:
            if own.indicators[0].code in inside:
                ends = [_ends(item, hypothesis) for hypothesis in known.hypotheses[own.code]]
                if None in ends:
                    return False
                low += max(end[0] for end in ends if end)
                high += min(end[1] for end in ends if end)
        printed = item.printed[group.code]
        if low > printed.high + TOLERANCE or high < printed.low - TOLERANCE:
            return False
        lowest += max(low, printed.low)
        highest += min(high, printed.high)
    return lowest <= item.total.high + TOLERANCE and highest >= item.total.low - TOLERANCE


def _ends(item: Card, hypothesis: Hypothesis) -> tuple[float, float] | None:
    """The highest low end and the lowest high end of the group's sum over the members of a hypothesis.

    None where the printed points of an indicator rule out one of its rules.
    """
    low = high = 0.0
    for code, rules in hypothesis.rules.items():
        scores = [item.readings[code].score(rule, item.rounding) for rule in rules]
        if None in scores:
            return None
        low += max(score.low for score in scores if score)
        high += min(score.high for score in scores if score)
    return low, high

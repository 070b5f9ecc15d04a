"""Which rules fit what was published.

evidence  What does a card say of each indicator, each group and the total?
identify  Which rules fit what was published, and what do they leave open?
joint     Which choices, one of each group, hold in every month together?
bounds    What did identification leave of each parameter, each group score and each rate that is not printed?
proof     Which figures rule an alternative out, which cannot hold together, and what did each figure contribute?
regime    Which cards of a regime tell something of its rules, and what do they leave of them?
"""

from analysis import face

NAMES = (
    "evidence.Evidence evidence.Reading evidence.Relation evidence.assume evidence.load_relations evidence.read "
    "evidence.read_card evidence.with_figure identify.Hypothesis identify.Identified identify.Key identify.Part "
    "identify.identify_cards joint.Boxes joint.join bounds.alternatives bounds.group_scores bounds.rate_of "
    "bounds.unprinted_rates proof.contributions proof.explained_by proof.fixed proof.ruled_out regime.Project "
    "regime.cards_of regime.load_project"
)
__getattr__, __dir__ = face(__name__, NAMES)

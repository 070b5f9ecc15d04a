"""Which rules fit what was published.

evidence  What does a card say of each indicator, each group and the total?
identify  Which rules fit what was published, and what do they leave open?
joint     Which choices, one of each group, hold in every month together?
bounds    What did identification leave of each parameter, each group score and each rate that is not printed?
dates     In which months did a target change, as far as each card by itself tells?
bases     Which base would a derived rate need, and does any other figure of the entity allow one as large?
proof     Which figures rule an alternative out, which cannot hold together, and what did each figure contribute?
regime    Which cards of a regime tell something of its rules, and what do they leave of them?
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={
    "evidence": ["Evidence", "Reading", "Relation", "assume", "load_bases", "load_relations", "read", "read_card",
        "read_cards", "with_figure"], "bases": ["odd_bases"],
    "identify": ["Hypothesis", "Identified", "Key", "Part", "explained", "identify_cards"], "joint": ["Boxes", "join"],
    "bounds": ["alternatives", "group_scores", "open_targets", "rate_of", "unprinted_rates"],
    "proof": ["contributions", "explained_by", "fixed", "regrouped", "ruled_out", "targets_ruled_out"],
    "regime": ["Project", "cards_of", "load_project", "outlier_words"],
})  # fmt: skip

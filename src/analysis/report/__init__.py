"""The sections of the page: their numbers, sentences, tables and pictures.

figures          What is one number of a report?
section          What is an answer, wherever it is shown?
wording          What are the codes of the results called in the reader's language?
leader           What does a leader read first?
try_it           What may be tried in the page itself?
losses           Where did the points go?
worth            What is an improvement worth, and what does it do to the rank?
plan             What should be done next, what does the target need, and which number should be asked for?
rules            Which rules fit, what is new in them, and what follows from the published figures?
tiers            How many rules fit in each tier, when did a rule change, and what else is known of the rules?
changes          What moved since the last card, what became of what was weighed then, and which totals are known?
years            How did the province fare over the years, what made it rise, and what did the portal restate?
sources          Where does each number of a page come from, and do the published ones agree with each other?
explore          What do the notebooks ask besides the page?
results          What is worked out of one card?
charts           How does each result look as a picture?
year_charts      How do the years look as a picture?
drawing          What do all our pictures have in common?
workbook         How do the numbers of a report reach Excel?
workbook_whatif  How do the gains in a workbook follow the rates that are typed?
gain_rows        Which few rows must a sheet keep so that plain formulas give the gain of any rates that are typed?
cells            How is one cell written, so that no words become a formula and no file depends on the clock?
result           What proves that a run finished?
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={"figures": ["Figures", "read_figures"],
 "workbook": ["FILE"], "section": ["Picture", "Piece", "Section", "Words", "load_templates", "source_line"], "results":
 ["Results"], "wording": ["kind_name"], "leader": ["analyst_section", "first_steps_section", "summary_section",
 "title"], "try_it": ["rank_steps", "rules_to_try", "try_it_section"], "losses": ["losses_section"], "worth":
 ["rank_after_section", "rank_section", "worth_section"], "years": ["years_section"], "plan": ["ask_section",
 "needs_section", "plan_section"], "sources": ["checks_section", "sources_section"], "rules": ["news_section",
 "proof_section", "rules_section"], "drawing": ["axes", "finished", "svg"], "tiers": ["tiers_section"], "changes":
 ["change_section", "follow_up_section", "months_section"], "explore": ["LEVEL", "beside_section", "indicators_section",
 "leaders_section", "panel_section", "published_section", "table_of", "regression_section", "revisions_section",
 "rises_section", "spread_section", "standing_section", "trend_of"], "result": ["EXECUTED", "FIGURES", "Language",
 "PAGE", "Period", "RECORD", "RESULT", "Result", "in_language", "save", "write_json"]})  # fmt: skip

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
changes          What moved since the last card, what became of what was weighed then, and which totals are known?
sources          Where does each number of a page come from, and do the published ones agree with each other?
explore          What do the notebooks ask besides the page?
results          What is worked out of one card?
charts           How does each result look as a picture?
drawing          What do all our pictures have in common?
workbook         How do the numbers of a report reach Excel?
workbook_whatif  How do the gains in a workbook follow the rates that are typed?
gain_rows        Which few rows must a sheet keep so that plain formulas give the gain of any rates that are typed?
cells            How is one cell written, so that no words become a formula and no file depends on the clock?
result           What proves that a run finished?
"""

from analysis import face

NAMES = (
    "figures.Figures section.Picture section.Piece section.Section section.Words section.source_line "
    "wording.kind_name leader.analyst_section leader.first_steps_section leader.summary_section leader.title "
    "try_it.rank_steps try_it.rules_to_try try_it.try_it_section losses.losses_section worth.rank_after_section "
    "worth.rank_section worth.worth_section plan.ask_section plan.needs_section plan.plan_section rules.news_section "
    "rules.proof_section rules.rules_section changes.change_section changes.follow_up_section changes.months_section "
    "sources.checks_section sources.sources_section explore.LEVEL explore.beside_section explore.indicators_section "
    "explore.leaders_section explore.published_section explore.regression_section explore.spread_section "
    "explore.standing_section explore.table_of explore.trend_of results.Results drawing.axes drawing.finished "
    "drawing.svg workbook.FILE result.EXECUTED result.FIGURES result.Language result.PAGE result.Period result.RECORD "
    "result.RESULT result.Result result.save result.write_json"
)
__getattr__, __dir__ = face(__name__, NAMES)

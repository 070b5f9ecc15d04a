"""Text to figures: what a notice says, and how it is stored.

documents       What text does a file hold, in whatever form it arrived?
extract         What text does a file hold that is no plain text?
content         What does a file show, and what of it could not be read?
web             What text does a web page show?
letters         What text does a Word letter show?
sheets          Which cells does a workbook show?
pages           Which lines do the pages of a PDF show?
tokens          Which words, numbers and dates does a text hold, and where?
phrasebook      By which words do notices call the figures?
items           Of which pieces is a notice made?
doubts          Is a number in a sentence one of this notice, or is it a change, a target, of another month or place?
attribution     Which number of a notice belongs to which name?
identity        Whose notice is it, of which month, drawn on which day, and who published it?
reader          What does a notice say?
forms           How are figures typed in where a notice is not to be had, and how do they go to Excel?
examine         Does a notice add up, and is it new?
exports         Which cards does a whole table hold?
examine_export  Do the cards of a whole table add up, and what do they restate?
store           How is an examined notice stored, whole or not at all?
removal         What goes when an added notice is taken back, and what counts again?
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={
    "documents": ["Document", "LARGEST", "read_bytes", "read_file"], "tokens": ["Passage"], "reader": ["read"],
    "phrasebook": ["load_phrasebook"], "examine": ["Examined", "against_others", "as_data",
        "in_words"], "examine_export": ["against_others", "as_data", "in_words"],
    "forms": ["export_rows", "form_rows", "is_form", "read_form", "write_csv", "write_xlsx"],
    "exports": ["Export", "is_export", "read_export"], "store": ["faults", "keeps", "passages", "store_export"],
    "removal": ["as_data", "find_removal", "in_words", "remove"],
})  # fmt: skip

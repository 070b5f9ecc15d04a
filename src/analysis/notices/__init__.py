"""Text to figures: what a notice says, and how it is stored.

documents    What text does a file hold, in whatever form it arrived?
extract      What text does a web page, a letter or a workbook hold?
tokens       Which words, numbers and dates does a text hold, and where?
phrasebook   By which words do notices call the figures?
items        Of which pieces is a notice made?
doubts       Is a number in a sentence one of this notice, or is it a change, a target, of another month or place?
attribution  Which number of a notice belongs to which name?
identity     Whose notice is it, of which month, drawn on which day, and who published it?
reader       What does a notice say?
forms        How are figures typed in where a notice is not to be had, and how do they go to Excel?
examine      Does a notice add up, and is it new?
store        How is an examined notice stored, whole or not at all?
"""

from analysis import face

NAMES = (
    "documents.LARGEST documents.read_bytes documents.read_file tokens.Passage phrasebook.load_phrasebook reader.read "
    "forms.FORMULA forms.export_rows forms.form_rows forms.is_form forms.read_form forms.write_csv forms.write_xlsx "
    "examine.as_data examine.in_words store.faults store.keeps store.passages"
)
__getattr__, __dir__ = face(__name__, NAMES)

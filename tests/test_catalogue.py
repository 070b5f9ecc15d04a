"""The catalogues: every message of the code has its Vietnamese words, and the compiled files are those of the text."""

import ast
import gettext
import re
import unicodedata
from pathlib import Path
from string import Formatter

import click
import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from analysis.language import LOCALE_FOLDER, use_language

PACKAGE = LOCALE_FOLDER.parent
CATALOGUES = ("analysis", "messages")
LEFT_OUT = {"{value!r} is not a valid {number_type}.": {"number_type"}}  # click's own word, which stays English
both = pytest.mark.parametrize("domain", CATALOGUES)


def read(domain: str) -> Catalog:
    with (LOCALE_FOLDER / "vi" / "LC_MESSAGES" / f"{domain}.po").open("rb") as file:
        return read_po(file, locale="vi", domain=domain, abort_invalid=True)


def messages(domain: str) -> dict[str | tuple[str, ...], str | tuple[str, ...]]:
    return plain(read(domain))


def plain(catalogue: Catalog) -> dict[str | tuple[str, ...], str | tuple[str, ...]]:
    """Message → translation; both are tuples where there is a plural."""
    return {hashable(message.id): hashable(message.string) for message in catalogue if message.id}


def hashable(words: str | list[str] | tuple[str, ...]) -> str | tuple[str, ...]:
    return words if isinstance(words, str) else tuple(words)


def forms(words: str | tuple[str, ...]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)


def extracted(folder: Path, keywords: dict) -> set[str | tuple[str, ...]]:
    found = extract_from_dir(folder, method_map=[("**.py", "python")], keywords=keywords)
    return {message for _file, _line, message, _comments, _context in found}


def placeholders(words: str) -> set[str]:
    """The names in braces, with their attributes and indexes but without format and conversion."""
    return {name for _text, name, _format, _conversion in Formatter().parse(words) if name is not None}


def test_the_catalogue_has_exactly_the_messages_of_the_code():
    code = extracted(PACKAGE, {"_": None})
    assert len(code) > 200
    known = set(messages("analysis"))
    assert code - known == set(), "not in analysis.po"
    assert known - code == set(), "no longer in the code"


def test_every_message_in_the_code_is_a_plain_string():
    """Extraction passes over `_(name)` and `_(f"…")` without a word, and the reader gets English."""
    for path in sorted(PACKAGE.glob("**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                (message,) = node.args
                place = f"{path.name}:{node.lineno}"
                assert isinstance(message, ast.Constant) and isinstance(message.value, str), place
                assert node.keywords == []


def test_no_message_is_translated_before_the_language_is_known():
    """A message at the top of a module, or in a default, would be in the language of the moment of import.

    The command line is the exception: click wants its help texts when it is defined, and shows them in Vietnamese.
    """
    for path in sorted(PACKAGE.glob("**/*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside = {
            id(node)
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef | ast.Lambda)
            for part in (function.body if isinstance(function.body, list) else [function.body])
            for node in ast.walk(part)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                assert id(node) in inside or path.name == "cli.py", f"{path.name}:{node.lineno}"


@both
def test_every_message_is_translated(domain):
    found = read(domain)
    assert not found.obsolete
    for message in found:
        if message.id:
            assert not message.fuzzy, message.id
            assert all(forms(message.string)), message.id
            assert len(forms(message.string)) == 1, message.id  # Vietnamese has one form
            if re.search("[a-z]", re.sub(r"\{.*?\}", "", forms(message.id)[0])):
                assert forms(message.string)[0] not in forms(message.id), message.id


@both
def test_a_translation_has_the_placeholders_of_its_message(domain):
    with_some = 0
    for message, words in messages(domain).items():
        wanted = [placeholders(form) for form in forms(message)]
        (shown,) = (placeholders(form) for form in forms(words))
        with_some += bool(shown)
        if len(wanted) == 1:
            assert shown == wanted[0] - LEFT_OUT.get(message, set()), message
        else:  # click fills in the names of both forms whichever it prints
            assert shown <= set.union(*wanted), message
    assert with_some > 10


@both
def test_a_translation_is_written_like_its_message(domain):
    for message, words in messages(domain).items():
        for first, second in zip(forms(message)[:1], forms(words), strict=True):
            assert unicodedata.is_normalized("NFC", second), first
            assert (first[0].isspace(), first[-1].isspace()) == (second[0].isspace(), second[-1].isspace()), first
            assert (first[-1] in ".:…") == (second[-1] in ".:…"), first
            assert "  " not in second and "\t" not in second
            assert not re.search(r" [,.;?!]", second), second


@both
def test_the_compiled_catalogue_is_that_of_the_text(domain):
    with (LOCALE_FOLDER / "vi" / "LC_MESSAGES" / f"{domain}.mo").open("rb") as file:
        compiled = plain(read_mo(file))
    text = messages(domain)
    assert {key: forms(words) for key, words in compiled.items()} == {key: forms(words) for key, words in text.items()}


@both
def test_what_python_reads_is_what_the_text_says(domain):
    found = gettext.translation(domain, LOCALE_FOLDER, ["vi"])
    assert found.info()["language"] == "vi"
    for message, words in messages(domain).items():
        if isinstance(message, tuple):
            for count in (1, 2):
                assert found.ngettext(*message, count) == forms(words)[0]
        else:
            assert found.gettext(message) == words


def test_both_languages_are_reached(monkeypatch):
    from analysis.language import _

    use_language("vi")
    assert _("Total score") == messages("analysis")["Total score"]
    use_language("en")
    assert _("Total score") == "Total score"


def test_the_words_of_click_are_words_of_this_click():
    """A message that click no longer says, or says otherwise, is never looked up."""
    code = extracted(Path(click.__file__).parent, {"_": None, "gettext": None, "ngettext": (1, 2)})
    assert len(code) > 50
    assert set(messages("messages")) - code == set()


def test_the_list_of_terms_has_the_words_that_are_used():
    """Each Vietnamese term of docs/terms.md is how the catalogue translates a message with the English one."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (PACKAGE.parents[1] / "docs" / "terms.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and not line.startswith("| Term")
    ]
    terms = [
        pair for term, _meaning, english in rows for pair in zip(term.split(", "), english.split(", "), strict=False)
    ]
    used = [(str(ours).lower(), str(theirs).lower()) for ours, theirs in messages("analysis").items()]
    wrong = [
        (term, english)
        for term, english in terms
        if not any(english.lower() in ours and term.lower() in theirs for ours, theirs in used)
    ]
    assert len(terms) > 25 and not wrong

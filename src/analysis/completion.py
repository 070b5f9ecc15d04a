"""Which words may come next on the command line? Months, provinces and indicators, read from the files without pandas.

bash, zsh and fish are click's own; PowerShell is here. A project that is missing or broken offers nothing and says
nothing: nobody has pressed Enter yet.
"""

from __future__ import annotations

import csv
import os
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from click import Context, Parameter
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class, split_arg_string

from analysis import project
from analysis.errors import AnalysisError
from analysis.language import language, slug

TOTAL = "total_score"
OFFERED = 80, 100  # percent, for an indicator that is meant already
POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($word, $ast, $position)
    [Console]::OutputEncoding = [Text.Encoding]::UTF8
    $env:%(complete_var)s = "powershell_complete"
    $env:COMP_WORDS = $ast.ToString().Substring(0, [Math]::Min($position, $ast.ToString().Length))
    $env:COMP_WORD = $word
    try {
        %(prog_name)s | Where-Object { $_ } | ForEach-Object {
            $value, $help = $_ -split "`t", 2
            if (-not $help) { $help = $value }
            [Management.Automation.CompletionResult]::new($value, $value, "ParameterValue", $help)
        }
    } finally {
        Remove-Item Env:%(complete_var)s, Env:COMP_WORDS, Env:COMP_WORD
    }
}
"""


class PowerShell(ShellComplete):
    """PowerShell 5.1 and 7: a line a word, its help after a tab."""

    name = "powershell"
    source_template = POWERSHELL

    def get_completion_args(self) -> tuple[list[str], str]:
        """What stands before the word at the cursor, and that word."""
        words, word = split_arg_string(os.environ["COMP_WORDS"])[1:], os.environ["COMP_WORD"]
        return (words[:-1] if word and words and words[-1] == word else words), word

    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.value}\t{item.help}" if item.help else str(item.value)


add_completion_class(PowerShell)


def periods(context: Context, _parameter: Parameter, word: str) -> list[CompletionItem]:
    """The periods of the entity that is named that have a total, newest first."""
    entity = slug(context.params.get("entity") or project.DEFAULT_ENTITY)
    return _beginning({period: "" for name, period in _totals() if slug(name) == entity}, word, newest_first=True)


def all_periods(_context: Context, _parameter: Parameter, word: str) -> list[CompletionItem]:
    """The periods of which any total is known, newest first; also after `FROM..`."""
    first, dots, last = word.rpartition("..")
    found = _beginning({period: "" for _name, period in _totals()}, last, newest_first=True)
    return [CompletionItem(f"{first}{dots}{item.value}") for item in found]


def entities(_context: Context, _parameter: Parameter, word: str) -> list[CompletionItem]:
    """The provinces and units that have a total, without marks, each with its name."""
    return _beginning({slug(name): name for name, _period in _totals()}, slug(word))


def indicators(_context: Context, _parameter: Parameter, word: str) -> list[CompletionItem]:
    """The indicators of the rules, each with its name."""
    return _beginning(_indicators(), word)


def improvements(_context: Context, _parameter: Parameter, word: str) -> list[CompletionItem]:
    """`indicator=`; with rates to choose from where one indicator is meant, which no shell then ends with a space."""
    code, sign, rate = word.partition("=")
    found = {name: help for name, help in _indicators().items() if name == code or (not sign and name.startswith(code))}
    if len(found) != 1:
        return [CompletionItem(f"{name}=", help=help) for name, help in found.items()]
    ((name, help),) = found.items()
    return [CompletionItem(f"{name}={item}", help=help) for item in OFFERED if str(item).startswith(rate)]


def _beginning(known: dict[str, str], word: str, newest_first: bool = False) -> list[CompletionItem]:
    found = sorted((name for name in known if name.startswith(word)), reverse=newest_first)
    return [CompletionItem(name, help=known[name] or None) for name in found]


def _totals() -> Iterator[tuple[str, str]]:
    """Entity and period of each total that is in the files of figures."""
    for path in _files("observations", "*.csv"):
        with suppress(OSError, UnicodeDecodeError, csv.Error), path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                if row.get("code") == TOTAL and row.get("entity") and row.get("period"):
                    yield row["entity"], row["period"]


def _indicators() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in _files("rubrics", "*.toml"):
        with suppress(OSError, ValueError, LookupError, AttributeError, TypeError):
            for group in tomllib.loads(path.read_text(encoding="utf-8"))["group"]:
                found |= {item["code"]: item["name"][language()] for item in group.get("indicator", ())}
    return found


def _files(folder: str, pattern: str) -> list[Path]:
    try:
        return sorted((project.root() / "data" / folder).glob(pattern))
    except (AnalysisError, OSError):
        return []

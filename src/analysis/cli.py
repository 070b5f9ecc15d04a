"""The command `scorecard`: parse, call, print. Data go to standard output, everything else to standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from analysis.errors import AnalysisError, CheckError, UsageError
from analysis.vietnamese import LANGUAGES, _, read_rate, use_language

DEFAULT_ENTITY = "Hòa Bình"
INTERRUPTED = 130

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=_("Where a province's points on the index of Decision 766/QĐ-TTg went, and what an improvement is worth."),
)

Month = Annotated[str, typer.Argument(help=_("Period: YYYY-MM, YYYY-Qn or YYYY; by default the latest month."))]
Entity = Annotated[str, typer.Option("--entity", "-e", help=_("Province, with or without marks: hoa-binh."))]
Language = Annotated[str, typer.Option("--lang", help=_("Language of the report and of messages: vi or en."))]
AsJson = Annotated[bool, typer.Option("--json", help=_("Print JSON instead of words."))]
Levers = Annotated[
    list[str] | None, typer.Option("--set", help=_("An improvement: indicator=rate in percent. May be repeated."))
]
Target = Annotated[float | None, typer.Option("--target", help=_("A total score to reach."))]


@app.command(help=_("Make the report of a month: one HTML file, with its notebook and its figures beside it."))
def report(
    month: Month = "",
    entity: Entity = DEFAULT_ENTITY,
    lang: Language = "vi",
    levers: Levers = None,
    target: Target = None,
) -> None:
    with _speaking(lang):
        _say(_("Reading the figures and the rules…"))
        values: dict[str, Any] = {"entity": entity, "month": month, "language": lang, "target_score": target}
        if levers:
            values["levers"] = _levers(levers)
        from analysis.report import prepare, render

        parameters = prepare(values)
        _say(_("Running and rendering the notebook: {entity}, {month}…").format(**parameters.model_dump()))
        page = render(parameters)
        _say(_("Done. Open this file in a browser:"))
        typer.echo(str(_short(page)))


@app.command(help=_("Where the points went: by group, by indicator, and by what the notice discloses."))
def losses(month: Month = "", entity: Entity = DEFAULT_ENTITY, lang: Language = "vi", as_json: AsJson = False) -> None:
    with _speaking(lang):
        from analysis import answers

        _answer(answers.losses(month, entity), as_json)


@app.command(help=_("What raising some rates is worth, over every rule that fits the published figures."))
def whatif(
    month: Month = "",
    entity: Entity = DEFAULT_ENTITY,
    lang: Language = "vi",
    levers: Levers = None,
    target: Target = None,
    as_json: AsJson = False,
) -> None:
    with _speaking(lang):
        from analysis import answers

        chosen = _levers(levers or ["e_result=80", "data_reuse=80"])
        _answer(answers.whatif(month, entity, chosen, target), as_json)


@app.command(help=_("Check every figure: contract, parts against whole, counts against percent, and the rules."))
def check(lang: Language = "vi", as_json: AsJson = False) -> None:
    with _speaking(lang):
        from analysis import answers

        answer = answers.check()
        _answer(answer, as_json)
        if answer.failures:
            raise CheckError(
                _("{count} checks failed.").format(count=len(answer.failures)),
                answer.failures,
                _("Look at these figures in their source, then correct the file or add to corrections.toml."),
            )


def main() -> None:
    """Run the command; the exit code is that of the error (see docs/exit-codes.md), 130 when interrupted."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    os.environ.setdefault("PYTHONUTF8", "1")
    app()


@contextmanager
def _speaking(lang: str) -> Iterator[None]:
    """Speak the user's language, and turn an error into its message and exit code."""
    try:
        if lang not in LANGUAGES:
            raise UsageError(_("--lang is vi or en, not {value}.").format(value=lang))
        use_language(lang)
        yield
    except AnalysisError as error:
        _say(_("Error: {message}").format(message=error))
        raise typer.Exit(error.exit_code) from error
    except KeyboardInterrupt as error:
        _say(_("Interrupted. Nothing was published."))
        raise typer.Exit(INTERRUPTED) from error


def _levers(texts: list[str]) -> dict[str, float]:
    levers = {}
    for text in texts:
        code, sep, rate = text.partition("=")
        try:
            if not sep or code in levers:
                raise ValueError(text)
            levers[code.strip()] = read_rate(rate)
        except ValueError as error:
            raise UsageError(
                _("--set {text} cannot be read.").format(text=text),
                [],
                _("Write indicator=rate, once each, with a rate from 0 to 100, such as e_result=80."),
            ) from error
    return levers


def _answer(answer: Any, as_json: bool) -> None:
    typer.echo(json.dumps(answer.data, ensure_ascii=False, indent=2) if as_json else answer.text)


def _say(words: str) -> None:
    typer.echo(words, err=True)


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path

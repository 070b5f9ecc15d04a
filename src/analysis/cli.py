"""The command `scorecard`: parse, call, print. Data go to standard output, everything else to standard error."""

from __future__ import annotations

import _thread
import atexit
import gc
import gettext
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from analysis import completion
from analysis.errors import AnalysisError, BatchError, BulletinError, CheckError, UsageError
from analysis.language import LANGUAGES, LOCALE_FOLDER, _, read_amount, read_period, read_rate, slug, use_language
from analysis.project import DEFAULT_ENTITY, DISTRIBUTION

INTERRUPTED = 130
MANY_OBJECTS = 200_000  # that may be made before circles of dead ones are looked for: a command ends soon
LONGEST_LINE = 4095  # bytes of one line that a terminal takes; it drops the rest


def speaking(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--lang`, and turn an error into its message and exit code."""

    @click.option("--lang", default="vi", type=click.Choice(LANGUAGES), help=_("Language of reports and messages."))
    @wraps(command)
    def spoken(lang: str, **values: Any) -> None:
        use_language(lang)
        try:
            command(**values)
        except AnalysisError as error:
            _say(_("Error: {message}").format(message=error))
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            _say(_("Interrupted. Every report is whole: the last one, or the new one."))
            sys.exit(INTERRUPTED)

    return spoken


def _as_period(_context: click.Context, _option: click.Parameter, value: str) -> str:
    """A period as people write it; two of them as FROM..TO."""
    return "..".join(read_period(part) for part in value.split("..")) if ".." in value else read_period(value)


class Amount(click.ParamType):
    """A number with a decimal comma or point, as the rates of `--set`."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> float:
        try:
            return value if isinstance(value, float) else read_amount(value)
        except ValueError:
            self.fail(_("“{text}” is not a number such as 62,5.").format(text=value), param, context)


class OnceEach(click.Command):
    """A command whose options are given once, but for those that are lists: no first value is dropped in silence."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:
            given = self.make_parser(ctx).parse_args(args=list(args))[2]
            for option in given:
                one = isinstance(option, click.Option) and not option.multiple and not option.is_flag
                if one and given.count(option) > 1:
                    raise click.BadParameter(_("It is given more than once; once is meant."), ctx, option)
        return super().parse_args(ctx, args)


class Commands(click.Group):
    command_class = OnceEach


month_argument = click.argument("month", default="", callback=_as_period, shell_complete=completion.periods)
entity_option = click.option(
    "--entity",
    "-e",
    default=DEFAULT_ENTITY,
    show_default=True,
    shell_complete=completion.entities,
    help=_("Province, with or without marks: hoa-binh."),
)
as_of_option = click.option(
    "--as-of", default="", metavar=_("DATE"), help=_("What was known on a day: nothing published or captured later.")
)
levers_option = click.option(
    "--set",
    "levers",
    multiple=True,
    metavar=_("INDICATOR=RATE"),
    shell_complete=completion.improvements,
    help=_(
        "An improvement: an indicator and its rate in percent. May be repeated; by default e_result=80 and "
        "data_reuse=80, or 100 where 80 is already reached."
    ),
)
target_option = click.option("--target", type=Amount(), metavar=_("SCORE"), help=_("A total score to reach."))
json_option = click.option("--json", "as_json", is_flag=True, help=_("Print JSON instead of words."))


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=_("Where a province's points on the index of Decision 766/QĐ-TTg went, and what an improvement is worth."),
    epilog=_("MONTH is YYYY-MM, YYYY-Qn or YYYY; by default the latest month that has a total."),
)
@click.version_option(package_name=DISTRIBUTION, message="%(prog)s %(version)s", help=_("Show the version and end."))
def app() -> None:
    """Hold the commands."""


@app.command(help=_("Make the report of a month: one HTML file, with its notebook and its figures beside it."))
@month_argument
@entity_option
@levers_option
@click.option(
    "--levers",
    "file",
    type=click.Path(path_type=Path),
    help=_("Improvements that were written down, as explore_whatif does; what the command line says comes first."),
)
@target_option
@click.option(
    "--if-new",
    is_flag=True,
    help=_("Make nothing where the report stands, made from the same figures, rules, notebook and program."),
)
@click.option("--pdf", is_flag=True, help=_("Print it as PDF too, with an installed Chromium, Chrome or Edge."))
@click.option("--allow-synthetic", is_flag=True, help=_("Allow simulated figures; everything made says that they are."))
@speaking
def report(
    month: str,
    entity: str,
    levers: tuple[str, ...],
    file: Path | None,
    target: float | None,
    if_new: bool,
    pdf: bool,
    allow_synthetic: bool,
) -> None:
    from analysis.runs import forked

    _say(_("Reading the figures and the rules…"))
    forked.warm()
    from analysis.language import language, write_period
    from analysis.runs.digest import changes_beside
    from analysis.runs.run import load_engine, prepare, render, stands
    from analysis.scorecards.entities import is_synthetic, synthetic_label

    if not month and file is None:
        entity, month = _just_added(entity)
    given = {"entity": entity, "month": month, "levers": _levers(levers), "target_score": target}
    if file is not None:
        given = _written_down(file, given)
    load_engine()
    parameters = forked.ask(prepare, {**given, "language": language()}, allow_synthetic)
    asked = bool(levers or file is not None or target is not None)
    if if_new and forked.ask(stands, parameters, asked, pdf):
        words = _("Nothing is new: the report of {entity}, {period} stands as it is.")
        _say(words.format(entity=parameters.entity, period=write_period(parameters.month)))
        return
    if is_synthetic(parameters.entity):
        _say(synthetic_label())
    _say(
        _("Running and rendering the notebook: {entity}, {period}…").format(
            entity=parameters.entity, period=write_period(parameters.month)
        )
    )
    page = render(parameters, pdf=pdf)
    if is_synthetic(parameters.entity):
        _say(synthetic_label())
    for line in changes_beside(page):
        _say(line)
    _say(_("Done. Open this file in a browser:"))
    click.echo(_near(page))


@app.command(
    help=_("Make the reports of many provinces or units and months, several at a time; with the list of all reports.")
)
@click.option(
    "--entities",
    metavar=_("all|FILE"),
    help=_("`all` that have a total there, or a file with one name a line. By default all."),
)
@click.option(
    "--children-of",
    "parent",
    metavar=_("ENTITY"),
    shell_complete=completion.entities,
    help=_("The units below a province (data/units.csv)."),
)
@click.option(
    "--months",
    required=True,
    callback=_as_period,
    shell_complete=completion.all_periods,
    metavar=_("FROM..TO"),
    help=_("YYYY-MM..YYYY-MM, or one period such as 2026."),
)
@click.option(
    "--jobs", type=click.IntRange(1, 256), help=_("How many at a time; by default as many as there are processors.")
)
@click.option("--scheduler", metavar=_("ADDRESS"), help=_("Make them on a Dask cluster: tcp://host:8786."))
@click.option("--resume", is_flag=True, help=_("Keep what is published for the same figures, rules and program."))
@click.option("--allow-synthetic", is_flag=True, help=_("Allow simulated figures; everything made says that they are."))
@json_option
@speaking
def batch(
    entities: str | None,
    parent: str | None,
    months: str,
    jobs: int | None,
    scheduler: str | None,
    resume: bool,
    allow_synthetic: bool,
    as_json: bool,
) -> None:
    if entities and parent:
        raise UsageError(_("--entities and --children-of exclude each other."), [], _("Give one of them."))
    if scheduler:
        from analysis.runs.cluster import dask_workers

        place = dask_workers(scheduler)
    else:
        from analysis.runs.workers import local_workers

        place = local_workers(jobs or _processors())
    with place as submit:  # they get ready while this process goes on
        from analysis.runs.batch import ALL, chains, names_in, progress, run_batch, summary

        wanted = [ALL] if entities is None or entities == ALL else names_in(Path(entities))
        found = chains(wanted, months, allow_synthetic, parent or "")
        many = sum(len(chain) for chain in found)
        _say(_("{count} reports; jobs: {jobs}.").format(count=many, jobs=scheduler or jobs or _processors()))
        with progress(many) as heard:
            outcomes = run_batch(found, submit, heard, allow_synthetic, resume)
    answer = summary(outcomes)
    _answer(answer, as_json)
    if answer.failures:
        raise BatchError(
            _("{failed} of {count} reports failed; the others are published.").format(
                failed=len(answer.failures), count=many
            ),
            answer.failures,
            _("Mend these, then run the same with --resume: it makes only what is missing or has changed."),
        )


@app.command("open", help=_("Show the report of a month in the browser; without MONTH the newest one of the province."))
@month_argument
@entity_option
@speaking
def open_report(month: str, entity: str) -> None:
    from analysis.project import root
    from analysis.runs.reports import browse, find_report

    page = find_report(root() / "reports", entity, month)
    click.echo(_near(page))
    if not browse(page):
        _say(_("No browser was found here. Open this file in one."))


@app.command(
    help=_(
        "Open JupyterLab on the notebooks, until Ctrl-C; options of `jupyter lab` go after --, such as -- --no-browser."
    )
)
@click.argument("notebook", default="", metavar=_("[NOTEBOOK]"))
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar=_("[-- OPTIONS]"))
@speaking
def lab(notebook: str, options: tuple[str, ...]) -> None:
    from analysis.runs.lab import find_notebook, open_lab

    if notebook.startswith("-"):
        notebook, options = "", (notebook, *options)

    def opened(address: str) -> None:
        _say(_("JupyterLab is open in the browser, or at this address; Ctrl-C here ends it:"))
        click.echo(address)

    open_lab(find_notebook(notebook), options, opened)


@app.command(help=_("Where the points went: by group, by indicator, and by what is disclosed."))
@month_argument
@entity_option
@as_of_option
@json_option
@speaking
def losses(month: str, entity: str, as_of: str, as_json: bool) -> None:
    from analysis import commands

    _answer(commands.losses(month, entity, as_of), as_json)


@app.command(help=_("What raising some rates is worth, over every documented rule that fits the published figures."))
@month_argument
@entity_option
@as_of_option
@levers_option
@target_option
@json_option
@speaking
def whatif(month: str, entity: str, levers: tuple[str, ...], target: float | None, as_of: str, as_json: bool) -> None:
    from analysis import commands

    _answer(commands.whatif(month, entity, _levers(levers), target, as_of), as_json)


@app.command(
    help=_("Which rules fit every published figure of the regime, what ruled the others out, and what follows.")
)
@month_argument
@entity_option
@as_of_option
@click.option("--alone", is_flag=True, help=_("This month by itself, not held against the other cards of the regime."))
@click.option("--assume", "assumed", is_flag=True, help=_("Assume the relations of data/relations.toml as well."))
@json_option
@speaking
def identify(month: str, entity: str, alone: bool, assumed: bool, as_of: str, as_json: bool) -> None:
    from analysis import commands

    _answer(commands.rules(month, entity, alone, assumed, as_of), as_json)


@app.command(
    help=_("The cheapest way to a total under every documented rule that fits; and which number to ask for next.")
)
@month_argument
@entity_option
@as_of_option
@target_option
@click.option(
    "--lever",
    "codes",
    multiple=True,
    metavar=_("INDICATOR"),
    shell_complete=completion.indicators,
    help=_("Only these levers. May be repeated."),
)
@click.option("--months", type=click.IntRange(1, 120), help=_("Months to work; by default those left in the year."))
@click.option(
    "--budget",
    type=Amount(),
    metavar=_("NUMBER"),
    help=_("Most effort or cost; without --target, what it buys under every documented rule that fits."),
)
@click.option("--costs", type=click.Path(path_type=Path), help=_("Your costs and limits: a TOML file (docs/plan.md)."))
@json_option
@speaking
def plan(
    month: str,
    entity: str,
    target: float | None,
    codes: tuple[str, ...],
    months: int | None,
    budget: float | None,
    costs: Path | None,
    as_of: str,
    as_json: bool,
) -> None:
    from analysis import commands

    _answer(commands.plan(month, entity, codes, target, months, budget, costs, as_of), as_json)


@app.command(help=_("What of the change between two months is performance, and what cannot be told apart."))
@click.argument("before", default="", callback=_as_period, shell_complete=completion.periods)
@click.argument("after", default="", callback=_as_period, shell_complete=completion.periods)
@entity_option
@as_of_option
@json_option
@speaking
def change(before: str, after: str, entity: str, as_of: str, as_json: bool) -> None:
    from analysis import commands

    _answer(commands.change(before, after, entity, as_of), as_json)


@app.command(help=_("The rank that a gain would bring, as far as the totals of others are known."))
@month_argument
@entity_option
@as_of_option
@levers_option
@click.option("--gain", type=Amount(), metavar=_("POINTS"), help=_("A gain in points, instead of improvements."))
@click.option(
    "--drift",
    type=Amount(),
    metavar=_("NUMBER"),
    default=1.0,
    show_default=True,
    help=_("How far other totals may move, in points."),
)
@json_option
@speaking
def rank(
    month: str, entity: str, levers: tuple[str, ...], gain: float | None, drift: float, as_of: str, as_json: bool
) -> None:
    from analysis import commands

    _answer(commands.rank(month, entity, _levers(levers), gain, drift, as_of), as_json)


@app.command(help=_("Whether the published reports are still the files that were made, and their numbers right."))
@month_argument
@click.option("--entity", "-e", default="", help=_("Of this entity only."), shell_complete=completion.entities)
@json_option
@speaking
def verify(month: str, entity: str, as_json: bool) -> None:
    from analysis.runs.verify import verify_reports

    words = _("{count} published files or numbers are not as they were made.")
    _verdict(verify_reports(entity, month), as_json, words, _("Make these reports again: scorecard report"))


@app.command(help=_("Check every figure: contract, parts against whole, counts against percent, and the rules."))
@json_option
@speaking
def check(as_json: bool) -> None:
    from analysis import commands

    then = _("Look at these figures in their source; correct the file, take them back, or add to corrections.toml.")
    _verdict(commands.check(), as_json, _("{count} checks failed."), then)


@app.command(help=_("Read a notice, show what was read beside its words, and store it when it adds up."))
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), metavar=_("FILE"))
@click.option("--entity", "-e", default="", help=_("Province, where the notice names none or several."))
@click.option(
    "--month", default="", callback=_as_period, help=_("Period, where the notice names none or several: YYYY-MM.")
)
@click.option("--as-of", default="", metavar=_("DATE"), help=_("Of a table: the day on which the portal showed it."))
@click.option("--only-sound", is_flag=True, help=_("Of a table: store the cards that add up, leave the others out."))
@click.option("--yes", "-y", is_flag=True, help=_("Store without asking."))
@click.option("--dry-run", is_flag=True, help=_("Show, and store nothing."))
@click.option(
    "--as-printed", default="", metavar=_("REASON"), help=_("Store figures that disagree as they are printed, and why.")
)
@click.option("--correct", is_flag=True, help=_("Store a month that is known with other values; both are kept, dated."))
@json_option
@speaking
def add(
    file: Path,
    entity: str,
    month: str,
    as_of: str,
    only_sound: bool,
    yes: bool,
    dry_run: bool,
    as_printed: str,
    correct: bool,
    as_json: bool,
) -> None:
    from analysis import filing

    content = _standard_input() if str(file) == "-" else None
    answer, store = filing.add(file, content, entity, month, as_of, only_sound, as_printed.strip())
    if not as_json:
        click.echo(str(answer))
    if answer.failures:
        if as_json:
            _answer(answer, as_json)
        next_step = _("Look at these cards. Run again with --only-sound to store the others without them.")
        if "figures" in answer.data:
            next_step = _(
                "Look at these words in the notice. Correct them there if they were copied wrongly, then run again."
            )
        if answer.data.get("only_disagrees"):
            next_step = _(
                "Look at these words in the notice. Correct them there if they were copied wrongly, then run again. If "
                "the source prints them so, --as-printed REASON stores them, and the disagreement in corrections.toml."
            )
        raise BulletinError(_("What was read does not add up; nothing was stored."), answer.failures, next_step)
    changed: list[Path] = []
    if not dry_run and ((yes and not answer.data["recognised"]) or _confirmed(answer)):
        changed = store(correct)
    if as_json:
        click.echo(json.dumps({**answer.data, "stored": bool(changed)}, ensure_ascii=False, indent=2))
    if changed:
        kept = dict.fromkeys(_near(path.parent) + "/" if "bulletins" in path.parts else _near(path) for path in changed)
        _say(_("Stored: {files}.").format(files=", ".join(kept)))
        _say(_("To take it back: scorecard remove {source}").format(source=answer.data["source"]["id"]))
        if answer.data["next"]:
            _say(_("Next: {command}").format(command=answer.data["next"]))
    else:
        _say(_("Nothing was stored."))


@app.command(help=_("Take back what was added: of a province and a period what came last, or a source; a copy stays."))
@click.argument("name", metavar=_("ENTITY|SOURCE"), shell_complete=completion.entities)
@click.argument("month", default="", metavar=_("[MONTH]"), callback=_as_period)
@click.option("--yes", "-y", is_flag=True, help=_("Remove without asking."))
@click.option("--dry-run", is_flag=True, help=_("Show, and remove nothing."))
@json_option
@speaking
def remove(name: str, month: str, yes: bool, dry_run: bool, as_json: bool) -> None:
    from analysis import filing

    answer, take_back = filing.remove(name, month)
    if not as_json:
        click.echo(str(answer))
    changed: list[Path] = []
    if not dry_run and (
        yes or _agreed(_("Remove these? [y/N]"), _("Run again with --yes to remove, or --dry-run to look."))
    ):
        changed = take_back()
    if as_json:
        click.echo(json.dumps({**answer.data, "removed": bool(changed)}, ensure_ascii=False, indent=2))
    copies = [_near(path.parent) for path in changed if "removed" in path.parts]
    _say(_("Removed; a copy is in {folder}.").format(folder=copies[0]) if copies else _("Nothing was removed."))


@app.command(help=_("What was added, corrected and removed, and when."))
@json_option
@speaking
def log(as_json: bool) -> None:
    from analysis import filing

    _answer(filing.log(), as_json)


@app.command(
    help=_("Write a form to fill in where a notice is not to be had, as .xlsx and as .csv; `add` reads it back.")
)
@month_argument
@entity_option
@speaking
def template(month: str, entity: str) -> None:
    from analysis import filing

    for path in filing.template(month, entity):
        click.echo(_near(path))
    _say(_("Fill in one of them, then run: scorecard add FILE"))


@app.command(help=_("Write figures for Excel of a Vietnamese computer: semicolons, decimal commas."))
@month_argument
@entity_option
@speaking
def export(month: str, entity: str) -> None:
    from analysis import filing

    click.echo(_near(filing.export(month, entity)))


@app.command(help=_("Make a project of your own in a new or empty FOLDER: data, notebooks, and a place for reports."))
@click.argument("folder", type=click.Path(path_type=Path), metavar=_("FOLDER"))
@speaking
def init(folder: Path) -> None:
    from analysis import filing

    click.echo(_near(filing.init(folder)))
    _say(_("Next, in that folder: {command}").format(command="scorecard report"))


@app.command(help=_("Simulate provinces whose truth is known, as a little project of its own in a new FOLDER."))
@click.argument("folder", type=click.Path(path_type=Path), metavar=_("FOLDER"))
@click.option("--entities", type=int, default=1, show_default=True, help=_("How many provinces."))
@click.option("--from", "first", default="2023-01", show_default=True, metavar=_("MONTH"), help=_("First month."))
@click.option("--to", "last", default="2025-06", show_default=True, metavar=_("MONTH"), help=_("Last month."))
@click.option("--units", type=int, default=0, show_default=True, help=_("How many communes below each province."))
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help=_("The same seed, the same figures.")
)
@speaking
def synthetic(folder: Path, entities: int, first: str, last: str, units: int, seed: int) -> None:
    from analysis.scorecards.entities import synthetic_label
    from analysis.scorecards.rubric import load_rubrics
    from analysis.scorecards.synthetic import example, write_project

    made = example(load_rubrics(), entities, first, last, seed, units)
    click.echo(_near(write_project(made, folder)))
    _say(synthetic_label())
    _say(
        _("Next, in that folder: scorecard report --entity {entity} --allow-synthetic").format(
            entity=slug(made.figures["entity"].iloc[0])
        )
    )


def main() -> None:
    """Run the command; the exit code is that of the error (see docs/exit-codes.md), 130 when interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # it is when the caller closed it
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    os.environ["LANGUAGE"] = "vi"
    gettext.bindtextdomain("messages", str(LOCALE_FOLDER))  # click's own words
    sys.unraisablehook = _interrupt_again
    gc.set_threshold(MANY_OBJECTS)
    atexit.register(gc.freeze)  # at the end all goes: to look for cycles first takes a quarter of a second
    app(prog_name="scorecard")


def _interrupt_again(dropped: Any) -> None:
    """Python drops what is raised in a callback, as those of imports: an interrupt that met one comes once more."""
    if dropped.exc_type is KeyboardInterrupt:
        again = threading.Timer(0.02, _interrupt)
        again.daemon = True  # a command that ends before it has ended
        again.start()
    else:
        sys.__unraisablehook__(dropped)


def _interrupt() -> None:
    if hasattr(signal, "pthread_kill"):  # wakes what waits, where `interrupt_main` would not
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _levers(texts: tuple[str, ...]) -> dict[str, float]:
    levers: dict[str, float] = {}
    for text in texts:
        name, sep, rate = text.partition("=")
        code = name.strip()
        try:
            if not sep or code in levers:
                raise ValueError(text)
            levers[code] = read_rate(rate)
        except ValueError as error:
            raise UsageError(
                _("--set {text} cannot be read.").format(text=text),
                [],
                _("Write indicator=rate, once each, with a rate from 0 to 100, such as e_result=80."),
            ) from error
    return levers


def _written_down(file: Path, given: dict[str, Any]) -> dict[str, Any]:
    """What a file of improvements says, where the command line says nothing; with a word where it is out of date."""
    from analysis.decisions.levers import load_improvements, out_of_date

    written = load_improvements(file)
    asked = click.get_current_context().get_parameter_source("entity")
    month: str = given["month"] or written.month
    entity: str = given["entity"] if asked is not ParameterSource.DEFAULT or not written.entity else written.entity
    chosen = {
        "entity": entity,
        "month": month,
        "levers": {**written.levers, **given["levers"]},
        "target_score": written.target_score if given["target_score"] is None else given["target_score"],
    }
    for words in out_of_date(written, entity, month):
        _say(words)
    return chosen


def _just_added(entity: str) -> tuple[str, str]:
    """The card that was added last, said; or what was asked for, where another entity was or nothing was added."""
    from analysis.language import write_period
    from analysis.scorecards.log import just_added

    added = just_added()
    asked = click.get_current_context().get_parameter_source("entity") is not ParameterSource.DEFAULT
    if added is None or (asked and slug(entity) != slug(added.entity)):
        return entity, ""
    _say(_("What was added last: {entity}, {period}.").format(entity=added.entity, period=write_period(added.period)))
    return added.entity, added.period


def _confirmed(answer: Any) -> bool:
    """Whether the user wants it stored. Nobody is asked where nothing is new.

    The letters of a scan are a machine's guess: a person says that each figure was held against it.
    """
    if answer.data["state"] == "same" and not answer.data["keeps"]:
        return False
    question = _("Store these {count} figures? [y/N]").format(count=answer.data["to_store"])
    question = _("Keep the notice beside its figures? [y/N]") if answer.data["keeps"] else question
    if answer.data["recognised"]:
        question = _("Has each of these {count} figures been held against the scan? Then store them? [y/N]")
        why = _("Figures of a scan are stored only by somebody who has held each against it: run it in a terminal.")
        return _agreed(question.format(count=answer.data["to_store"]), why)
    return _agreed(question, _("Run again with --yes to store, or --dry-run to look."))


def _agreed(question: str, otherwise: str) -> bool:
    """Whether the user says yes. Raises UsageError where nobody is there to answer."""
    if not sys.stdin or not sys.stdin.isatty():
        raise UsageError(_("Nobody can be asked here, so nothing was changed."), [], otherwise)
    _say(question)
    return sys.stdin.readline().strip().lower() in ("y", "yes", "c", "có", "co")


def _standard_input() -> bytes:
    """What was piped in or pasted, as far as a notice may go; nothing where the caller closed it.

    Raises UsageError for a pasted line so long that the terminal may have cut it.
    """
    from analysis.notices.documents import LARGEST

    if not sys.stdin:
        return b""
    if not sys.stdin.isatty():
        return sys.stdin.buffer.read(LARGEST + 1)
    keys = _("Ctrl-Z and Enter") if sys.platform == "win32" else "Ctrl-D"
    _say(_("Paste the text of the notice, then press Enter and {keys}.").format(keys=keys))
    pasted = sys.stdin.buffer.read(LARGEST + 1)
    if max(map(len, pasted.splitlines()), default=0) >= LONGEST_LINE:
        raise UsageError(
            _("A pasted line is so long that the terminal may have cut it; nothing was stored."),
            [],
            _("Save the text in a file, then run: scorecard add FILE"),
        )
    return pasted


def _near(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _verdict(answer: Any, as_json: bool, words: str, then: str) -> None:
    """Print an answer. Raises CheckError with its failures, counted in `words`, where it has some."""
    _answer(answer, as_json)
    if answer.failures:
        raise CheckError(words.format(count=len(answer.failures)), answer.failures, then)


def _answer(answer: Any, as_json: bool) -> None:
    click.echo(json.dumps(answer.data, ensure_ascii=False, indent=2) if as_json else str(answer))


def _say(words: str) -> None:
    click.echo(words, err=True)

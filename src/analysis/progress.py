"""How far is a batch? On a terminal a line with rate and time left, in a log a line each report."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import click

from analysis.jobs import Outcome
from analysis.language import _, write_number


@contextmanager
def progress(many: int) -> Iterator[Callable[[Outcome], None]]:
    """Whom to tell of each of so many reports as it is done; says so on standard error."""
    started, done, failed = monotonic(), 0, 0
    terminal = sys.stderr is not None and sys.stderr.isatty()

    def heard(outcome: Outcome) -> None:
        nonlocal done, failed
        done, failed = done + 1, failed + (outcome.state == "failed")
        words = {"made": _("made"), "kept": _("unchanged"), "failed": _("FAILED: {why}").format(why=outcome.what)}
        line = f"[{done}/{many}] {outcome.job.name}: {words[outcome.state]}"
        if not terminal:
            click.echo(f"{line} ({write_number(outcome.seconds, 1)} s)", err=True)
            return
        rate = (monotonic() - started) / done
        left = _("{seconds} s a report, {left} left").format(
            seconds=write_number(rate, 1), left=_duration(rate * (many - done))
        )
        click.echo("\r\x1b[K" + (f"{line}\n" if outcome.state == "failed" else ""), nl=False, err=True)
        click.echo(f"{done}/{many} · {_('{count} failed').format(count=failed)} · {left}", nl=False, err=True)

    try:
        yield heard
    finally:
        if terminal and done:
            click.echo(err=True)


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return _("{count} min").format(count=minutes) if minutes else _("{count} s").format(count=round(seconds))

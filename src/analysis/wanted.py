"""Which reports shall a batch make, and in which order?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis.errors import ParameterError, SyntheticError, UnknownNameError
from analysis.identification import regime
from analysis.language import _
from analysis.scorecards.entities import children_of, is_synthetic
from analysis.scorecards.history import periods_with_total
from analysis.scorecards.periods import check_period, is_month, months_of

ALL = "all"


def chains(
    wanted: Sequence[str], months: str, allow_synthetic: bool = False, parent: str = ""
) -> list[list[tuple[str, str]]]:
    """Entity and period of each report: a list an entity, earliest first, for a report says what became of the last.

    Parameters
    ----------
    wanted : entities; `("all",)` for all that have no parent, or with `parent` for all of its units.
    months : one period, or `FROM..TO`, both INCLUDED: then every month between.

    An entity named by the user whose totals are not known for these months has one report, of the last month, which
    will fail and say so; of `all`, those without a total there are passed over.

    Raises
    ------
    UnknownNameError: no such entity, or no period.
    SyntheticError: one of them is simulated, and that is not allowed.
    ParameterError: nothing to report on, or no units.
    """
    first, last = _ends(months)
    known = regime.load_project()
    everything = list(wanted) == [ALL]
    if everything:
        among = set(known.entities) - set(known.units)
        if parent:
            among = set(children_of(known.units, known.entities, parent))
        entities = [
            one for one in known.entities if one in among and (parent or allow_synthetic or not is_synthetic(one))
        ]
    else:
        entities = list(dict.fromkeys(known.meant(one, last)[0] for one in wanted))
    if simulated := [one for one in entities if is_synthetic(one) and not allow_synthetic]:
        raise SyntheticError(
            _("{count} of these entities are simulated: their figures are not real.").format(count=len(simulated)),
            simulated,
            _("For reports that say so on every page, picture and sheet: --allow-synthetic."),
        )
    found = []
    for entity in entities:
        periods = [item for item in periods_with_total(known.own(entity), entity) if _between(item, first, last)]
        if periods or not everything:
            found.append([(entity, period) for period in periods or [last]])
    if not found:
        raise ParameterError(
            _("No total is known for {months}, so there is nothing to report on.").format(months=months),
            [],
            _("Write --months FROM..TO with months that data/observations has, or one period: 2023-04, 2026."),
        )
    return found


def names_in(file: Path) -> list[str]:
    """The entities that a file names, one a line; empty lines and those that begin with # are passed over.

    Raises ParameterError: it cannot be read, or names nobody.
    """
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(
            _("{file} cannot be read.").format(file=file), [str(error)], _("Give a text file (UTF-8), or `all`.")
        ) from error
    names = [line for line in lines if line and not line.startswith("#")]
    if not names:
        raise ParameterError(_("{file} names nobody.").format(file=file), [], _("Write one name a line."))
    return names


def _ends(months: str) -> tuple[str, str]:
    first, dots, last = months.partition("..")
    last = last if dots else first
    for period in (first, last):
        check_period(period)
    if dots and not (is_month(first) and is_month(last) and first <= last):
        raise UnknownNameError(
            _("“{months}” does not go from a month to a later one.").format(months=months),
            [],
            _("Write FROM..TO as YYYY-MM..YYYY-MM, or one period: 2023-04, 2023-Q1, 2026."),
        )
    return first, last


def _between(period: str, first: str, last: str) -> bool:
    if first == last:
        return period == first
    return is_month(period) and months_of(first)[0] <= period <= months_of(last)[1]

"""What would a history look like whose truth we know?

Rates of provinces that do not exist, drawn from a seed, scored by one member of a rubric's own family of rules and
printed as notices print: what analysis says of them can be held against what was planted. No figure here is real, and
none can pass for real: its entity is called `Mô phỏng …` and its `kind` is `synthetic` (see `history.row_problems`).
"""

from __future__ import annotations

import math
import re
from calendar import monthrange
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis import project
from analysis.errors import ParameterError, UnknownNameError, WriteError
from analysis.files import replace_all, writing
from analysis.language import _, nearest, rounded, slug
from analysis.scorecards.entities import COMMUNE, FIELDS, SIMULATED, SYNTHETIC, Unit, with_siblings
from analysis.scorecards.history import AS_PRINTED, BASE, COLUMNS, RANK, TOTAL, with_standing
from analysis.scorecards.periods import is_month, months_between
from analysis.scorecards.rubric import Rubric, Rule, rubric_in_force

SOURCE = "synthetic"
MOST_ENTITIES = 99
MOST_UNITS = 999  # of one entity
RATE_DECIMALS, GROUP_DECIMALS, TOTAL_DECIMALS = 2, 1, 2
START = (30.0, 95.0)  # percent, between which a rate starts where no start is given
RULES, RATES, PUBLISHED, UNITS = range(4)  # the purposes of random numbers
Matrix = np.ndarray[Any, np.dtype[np.float64]]
DOSSIERS = 300  # of the unit in the middle, in a month
SPREAD = 1.0  # of the logarithm of volumes: one unit in forty has more than seven times as many
APART = 0.7  # standard deviation of units around their province, in logits
LEAST = 5  # of what a rate of a unit is a share of
Cells = tuple[str, str, float, str, float, int]  # level, code, value, unit, max, decimals


@dataclass(frozen=True)
class Synthetic:
    """A history and its truth.

    `figures` is like what `load_history` gives; `rates` has one row an entity, month and indicator, months without
    a publication too: `entity`, `period`, `code`, `rate` (percent, not rounded). `rules` are the rules that scored it,
    by regime (id of the rubric) and indicator; `trend` is in logits a month, by indicator (0 where none is named).
    `units` is the tree of the units (see `entities`); figures and rates are theirs, too.
    """

    figures: pd.DataFrame
    rates: pd.DataFrame
    rules: Mapping[str, Mapping[str, Rule]]
    breaks: tuple[Break, ...]
    trend: Mapping[str, float]
    seed: int
    units: Mapping[str, Unit] = field(default_factory=dict)


def synthetic_history(
    rubrics: tuple[Rubric, ...],
    *,
    entities: int = 1,
    first: str = "2023-01",
    last: str = "2025-06",
    seed: int = 0,
    start: Mapping[str, float] | None = None,
    trend: Mapping[str, float] | None = None,
    breaks: Sequence[Break] = (),
    noise: float = 0.1,
    missing: float = 0.0,
    printed: Collection[str] | None = None,
    units: int = 0,
) -> Synthetic:
    """Monthly cards of simulated provinces from `first` to `last`, both INCLUDED; the same arguments give the same.

    The rate of an indicator in month t (0, 1, …) is, in logits, `start + trend × t + Σ shifts of its breaks so far
    + noise × e`, with e of a standard normal distribution, independent between entities, months and indicators: between
    0 and 100 %, and known. The draws of an entity do not depend on how many there are, nor those of a month on `last`.

    Scores are those of the rubric's own rules (`Rule.points`), one member of the family for all entities of a regime,
    drawn from the seed. They are printed as notices print them: rates with 2 decimals, groups with 1, totals with 2;
    under a regime whose portal rounds the scores of indicators, these with its decimals, groups and totals being sums
    of what is rounded. A rank is printed only where as many are simulated as were ranked.

    With `units`, each entity has so many communes, `Mô phỏng 01, xã 001`, …, each with a card that prints the count and
    the base of every rate too (`draw_counts`). The entity's true rates are then those of its units' sums, near
    those drawn as above; its card prints them rounded, with their bases. Units are scored by the same rules.

    Parameters
    ----------
    entities : how many, 1 to 99; called `Mô phỏng 01`, `Mô phỏng 02`, …
    start, trend : by indicator: the rate at the beginning in percent, above 0 and below 100, by default drawn between
        30 and 95 for each entity; the trend in logits a month, by default 0.
    noise : standard deviation in logits, 0 or more.
    missing : the share of months, 0 or more and below 1, that an entity does not publish; the last is always published.
    printed : the indicators whose rates (and points) are printed; by default all.
    units : how many communes each entity has, 0 to 999.

    Raises
    ------
    ParameterError: a number out of its bounds, or months that are none or end before they begin.
    UnknownNameError: a code that no rubric of these months has, or a month that no rubric governs.
    """
    months = _months(first, last)
    regimes = {month: rubric_in_force(rubrics, month) for month in months}
    used = list({rubric.id: rubric for rubric in regimes.values()}.values())
    codes = list(dict.fromkeys(code for rubric in rubrics for code in rubric.indicators))
    known = [code for code in codes if any(code in rubric.indicators for rubric in used)]
    start, trend = dict(start or {}), dict(trend or {})
    _check_bounds(entities, units, start, [*trend.values(), *(item.shift for item in breaks)], noise, missing)
    _check_codes(known, [*start, *trend, *(item.code for item in breaks), *(printed or ())])
    names = [f"{SIMULATED} {number:02d}" for number in range(1, entities + 1)]
    rules = {rubric.id: draw_rules(rubric, seed, rubrics.index(rubric)) for rubric in used}
    added = planted(months, codes, trend, breaks)
    drawn = {name: draw_rates(seed, number, codes, added, start, noise) for number, name in enumerate(names)}
    published = {name: draw_published(seed, number, len(months), missing) for number, name in enumerate(names)}
    communes = {name: [f"{name}, xã {number:03d}" for number in range(1, units + 1)] for name in names}
    counted = {name: draw_counts(seed, number, drawn[name], units) for number, name in enumerate(names) if units}
    drawn |= {name: 100 * counts.sum(axis=1) / bases.sum(axis=1) for name, (counts, bases) in counted.items()}
    shown = set(codes if printed is None else printed)
    parents = {unit: name for name, own in communes.items() for unit in own}
    tree = {unit: Unit(unit, name, COMMUNE, SOURCE) for unit, name in parents.items()}
    truth, rows = [], []
    for at, month in enumerate(months):
        rubric = regimes[month]
        of_month = {name: dict(zip(codes, drawn[name][at].tolist(), strict=True)) for name in names}
        cards = {name: list(card_of(rubric, rules[rubric.id], rates, shown)) for name, rates in of_month.items()}
        if rubric.ranked_units(month) == entities:
            add_ranks(cards, entities)
        for name, (counts, bases) in counted.items():
            cards[name] = list(with_counts(cards[name], {}, _by_code(codes, bases[at].sum(axis=0))))
            for place, unit in enumerate(communes[name]):
                of_month[unit] = _by_code(codes, 100 * counts[at, place] / bases[at, place])
                card = card_of(rubric, rules[rubric.id], of_month[unit], shown)
                of_unit = (_by_code(codes, numbers[at, place]) for numbers in (counts, bases))
                cards[unit] = list(with_counts(card, *of_unit))
        for name in (one for entity in names for one in (entity, *communes[entity])):
            truth += [(name, month, code, of_month[name][code]) for code in rubric.indicators]
            if published[parents.get(name, name)][at]:
                as_of = f"{month}-{monthrange(int(month[:4]), int(month[5:]))[1]}"
                last_cells = (SYNTHETIC, SOURCE, "")
                rows += [(name, month, "month", as_of, *cells, *last_cells) for cells in cards[name]]
    return Synthetic(
        figures=_as_history(rows, tree),
        rates=pd.DataFrame(truth, columns=["entity", "period", "code", "rate"]),
        rules=rules,
        breaks=tuple(breaks),
        trend={code: float(trend.get(code, 0.0)) for code in known},
        seed=seed,
        units=tree,
    )


def example(rubrics: tuple[Rubric, ...], entities: int, first: str, last: str, seed: int, units: int = 0) -> Synthetic:
    """A simulation with something to find: two rates that rise, and one that falls at once halfway.

    Raises as `synthetic_history`.
    """
    months = _months(first, last)
    return synthetic_history(
        rubrics,
        entities=entities,
        first=first,
        last=last,
        seed=seed,
        units=units,
        trend={"e_result": 0.05, "data_reuse": 0.05},
        breaks=[Break(months[len(months) // 2], "on_time", -0.8)],
    )


def write_project(synthetic: Synthetic, folder: Path) -> Path:
    """A whole little project around a simulated history, in a new folder; that folder.

    Figures (`data/observations`), their source, what was planted (`data/TRUTH.md`, and every rate in `data/truth.csv`),
    and copies of this project's rules, levers, relations, wordings and notebooks, with the sources that these name.
    Written whole or not at all.

    Raises WriteError: the folder lies in this project's data, holds something, or cannot be written.
    """
    home, folder = project.root(), folder.resolve()
    if folder.is_relative_to((home / "data").resolve()) or folder == home.resolve():
        raise WriteError(
            _("Simulated figures are never written among real ones."), [str(folder)], _("Choose a folder elsewhere.")
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WriteError(
            _("There is something in this folder already."), [str(folder)], _("Choose a new or an empty folder.")
        )
    with writing(_("Nothing was written.")):
        replace_all({folder / name: content for name, content in _files(synthetic, home).items()})
    return folder


def _files(synthetic: Synthetic, home: Path) -> dict[str, bytes]:
    """Every file of a simulated project: path → bytes."""
    copied = [*(home / "data").glob("rubrics/*.toml"), *(home / "notebooks").glob("*.ipynb")]
    copied += [home / "data" / f"{name}.toml" for name in ("levers", "relations", "wordings")]
    files = {path.relative_to(home).as_posix(): path.read_bytes() for path in sorted(copied)}
    words = b"".join(content for name, content in files.items() if name.endswith(".toml")).decode()
    known = re.split(r"(?m)^(?=\[)", (home / "data" / "sources.toml").read_text(encoding="utf-8"))[1:]
    named = [entry for entry in known if f'"{entry[1 : entry.index("]")]}"' in words]
    texts = {"data/sources.toml": "".join([*named, "\n", _source(synthetic)])}
    texts["data/corrections.toml"] = "# A simulation needs no corrections.\n"
    texts["data/TRUTH.md"] = _truth_in_words(synthetic)
    if synthetic.units:
        listed = pd.DataFrame([vars(unit) for unit in synthetic.units.values()], columns=FIELDS)
        texts["data/units.csv"] = listed.to_csv(index=False, lineterminator="\n")
    texts["data/truth.csv"] = synthetic.rates.to_csv(index=False, lineterminator="\n")
    for name, rows in synthetic.figures.groupby("file"):
        cells = rows[COLUMNS].astype(object)
        cells["value"] = [f"{row.value:.{row.decimals}f}" for row in rows.itertuples()]
        cells["max"] = ["" if math.isnan(number) else f"{number:g}" for number in rows["max"]]
        texts[f"data/observations/{name}"] = cells.to_csv(index=False, lineterminator="\n")
    return files | {name: text.encode() for name, text in texts.items()}


def _source(synthetic: Synthetic) -> str:
    """The entry of `sources.toml`, in Vietnamese as the others are."""
    return (
        f"[{SOURCE}]\n"
        'publisher = "Số liệu mô phỏng của chương trình scorecard-766, không phải số thật"\n'
        f'title = "Mô phỏng với hạt giống {synthetic.seed}; sự thật đã gieo nằm trong data/TRUTH.md"\n'
        f"accessed = {date.today().isoformat()}\n"
        'note = "Không có tỉnh nào, thông báo nào hay con số nào ở đây là thật."\n'
    )


def _truth_in_words(synthetic: Synthetic) -> str:
    units = ["The rates of an entity with units are those of its units' sums.", ""] if synthetic.units else []
    lines = [
        "# What was planted",
        "",
        f"Every figure of this folder is simulated (seed {synthetic.seed}). No province, notice or number is real.",
        "The true rate of each entity, month and indicator, in percent and not rounded, is in `truth.csv`.",
        "",
        *units,
        "Trends, in logits a month (the others have none):",
        "",
        *[f"* `{code}`: {slope:g}" for code, slope in synthetic.trend.items() if slope],
        "",
        "Breaks, in logits, from that month on:",
        "",
        *[f"* {item.period}, `{item.code}`: {item.shift:g}" for item in synthetic.breaks],
    ]
    for regime, rules in synthetic.rules.items():
        lines += [
            "",
            f"Rules of `{regime}`:",
            "",
            "| indicator | maximum, points | full marks from, % |",
            "|---|---|---|",
        ]
        lines += [f"| `{code}` | {rule.max:g} | {rule.target:g} |" for code, rule in rules.items()]
    return "\n".join(lines) + "\n"


def _months(first: str, last: str) -> list[str]:
    if not (is_month(first) and is_month(last) and first <= last):
        raise ParameterError(
            _("“{first}” to “{last}” are no months.").format(first=first, last=last), [], _("Write YYYY-MM, twice.")
        )
    return months_between(first, last)


def _check_bounds(
    entities: int, units: int, start: Mapping[str, float], shifts: Iterable[float], noise: float, missing: float
) -> None:
    wrong = [] if 1 <= entities <= MOST_ENTITIES else [f"entities = {entities}: 1 … {MOST_ENTITIES}"]
    wrong += [] if 0 <= units <= MOST_UNITS else [f"units = {units}: 0 … {MOST_UNITS}"]
    wrong += [f"start {code} = {rate:g}: 0 < … < 100" for code, rate in start.items() if not 0 < rate < 100]
    wrong += [f"trend, breaks: {shift:g}" for shift in shifts if not math.isfinite(shift)]
    wrong += [] if 0 <= noise < math.inf else [f"noise = {noise:g}: 0 ≤ …"]
    wrong += [] if 0 <= missing < 1 else [f"missing = {missing:g}: 0 ≤ … < 1"]
    if wrong:
        raise ParameterError(_("This cannot be simulated."), wrong, _("Correct these, then run again."))


def _check_codes(codes: Sequence[str], named: Iterable[str]) -> None:
    for code in named:
        if code not in codes:
            raise UnknownNameError(
                _("“{name}” is no indicator of these months.").format(name=code),
                nearest(code.replace("_", "-"), codes),
                _("Look at the indicators in data/rubrics."),
            )


def _by_code(codes: Sequence[str], numbers: Matrix) -> dict[str, float]:
    return dict(zip(codes, numbers.tolist(), strict=True))


def _as_history(rows: Sequence[tuple[Any, ...]], units: Mapping[str, Unit]) -> pd.DataFrame:
    """In the order of `load_history`: entity by entity, with the file and line that `write_project` gives each.

    The units of an entity are in one file.
    """
    frame = pd.DataFrame(rows, columns=AS_PRINTED).sort_values("entity", kind="stable", ignore_index=True)
    files = {name: f"{slug(name)}.csv" for name in frame["entity"].unique()}
    files |= {name: f"{slug(unit.parent)}.units.csv" for name, unit in units.items()}
    frame["file"] = frame["entity"].map(files)
    frame["line"] = frame.groupby("file").cumcount() + 2
    frame = with_standing(frame.astype({"value": float, "max": float, "decimals": int, "line": int}))
    return with_siblings(frame, units) if units else frame


@dataclass(frozen=True)
class Break:
    """A lasting jump of one rate, of every entity: `shift` in logits from the month `period` on, that month INCLUDED.

    A shift of 0.5 moves 50 % to 62.2 %, and 90 % to 93.7 %.
    """

    period: str
    code: str
    shift: float


def draw_rules(rubric: Rubric, seed: int, place: int) -> dict[str, Rule]:
    """One member of the family: maxima that sum, and a target and a worth of nothing to count for each indicator."""
    rng = np.random.default_rng([seed, RULES, place])
    chosen: dict[str, Rule] = {}
    for group in rubric.groups:
        allotments = list(group.allotments())
        allotment = allotments[rng.integers(len(allotments))]
        for indicator, maximum in zip(group.indicators, allotment, strict=True):
            rules = indicator.rules(maximum)
            chosen[indicator.code] = rules[rng.integers(len(rules))]
    return chosen


def planted(months: Sequence[str], codes: Sequence[str], trend: Mapping[str, float], breaks: Sequence[Break]) -> Matrix:
    """What trends and breaks add in logits: a row a month, a column a code."""
    added = np.outer(np.arange(len(months)), [trend.get(code, 0.0) for code in codes])
    for item in breaks:
        if not is_month(item.period):
            raise ParameterError(_("“{period}” is not a month.").format(period=item.period), [], _("Write YYYY-MM."))
        added[[month >= item.period for month in months], codes.index(item.code)] += item.shift
    return added


def draw_rates(
    seed: int,
    number: int,
    codes: Sequence[str],
    planted: Matrix,
    start: Mapping[str, float],
    noise: float,
) -> Matrix:
    """The rates of one entity in percent: a row a month, a column a code."""
    rng = np.random.default_rng([seed, RATES, number])
    begun = rng.uniform(*START, len(codes))
    begun = np.array([start.get(code, rate) for code, rate in zip(codes, begun, strict=True)]) / 100
    logits = np.log(begun / (1 - begun)) + planted + noise * rng.standard_normal(planted.shape)
    return 100 / (1 + np.exp(-logits))


def draw_published(seed: int, number: int, months: int, missing: float) -> list[bool]:
    kept = np.random.default_rng([seed, PUBLISHED, number]).random(months) >= missing
    return [*kept[:-1].tolist(), True]


def draw_counts(seed: int, number: int, rates: Matrix, units: int) -> tuple[Matrix, Matrix]:
    """Counts and bases of an entity's units, whole numbers: months × units × codes; `rates` are months × codes.

    Volumes are skewed. A unit stays as far from its province's rate, in logits, as it is drawn once for each code.
    """
    months, codes = rates.shape
    rng = np.random.default_rng([seed, UNITS, number])
    volumes = np.exp(math.log(DOSSIERS) + SPREAD * rng.standard_normal((units, 1))) * rng.uniform(0.2, 1.0, codes)
    apart = APART * rng.standard_normal((units, codes))
    counts, bases = [], []
    for month in range(months):
        of_month = np.random.default_rng([seed, UNITS, number, month])
        base = np.maximum(volumes * np.exp(0.1 * of_month.standard_normal((units, codes))), LEAST).round()
        logits = np.log(rates[month] / (100 - rates[month])) + apart
        counts.append(of_month.binomial(base.astype(int), 1 / (1 + np.exp(-logits))))
        bases.append(base)
    return np.array(counts, dtype=float), np.array(bases)


def with_counts(card: Iterable[Cells], counts: Mapping[str, float], bases: Mapping[str, float]) -> Iterator[Cells]:
    """A card with the count and the base of each rate that it prints, as far as they are given."""
    for cells in card:
        yield cells
        if cells[3] == "percent":
            for code, value in ((cells[1], counts.get(cells[1])), (f"{cells[1]}{BASE}", bases.get(cells[1]))):
                if value is not None:
                    yield "indicator", code, value, "count", math.nan, 0


def card_of(
    rubric: Rubric, rules: Mapping[str, Rule], rates: Mapping[str, float], printed: Collection[str]
) -> Iterator[Cells]:
    """The figures of one card, the total first: level, code, value, unit, max, decimals."""
    places = rubric.indicator_decimals
    scores = {code: rule.points(rates[code]) for code, rule in rules.items()}
    if places is not None:
        scores = {code: float(rounded(score, places)) for code, score in scores.items()}
    groups = {group.code: sum(scores[item.code] for item in group.indicators) for group in rubric.groups}
    of_group = GROUP_DECIMALS if places is None else places
    yield "total", TOTAL, _printed(sum(groups.values()), TOTAL_DECIMALS), "points", rubric.points, TOTAL_DECIMALS
    for group in rubric.groups:
        yield "group", group.code, _printed(groups[group.code], of_group), "points", group.points, of_group
        for item in group.indicators:
            if item.code in printed:
                rate = _printed(rates[item.code], RATE_DECIMALS)
                yield "indicator", item.code, rate, "percent", math.nan, RATE_DECIMALS
                if places is not None:
                    yield "indicator", item.code, scores[item.code], "points", rules[item.code].max, places


def add_ranks(cards: Mapping[str, list[Cells]], ranked: int) -> None:
    """Add the competition ranks of the printed totals, below each total; of months not published too."""
    totals = {name: card[0][2] for name, card in cards.items()}
    for name, card in cards.items():
        rank = 1 + sum(total > totals[name] for total in totals.values())
        card.insert(1, ("rank", RANK, float(rank), "rank", float(ranked), 0))


def _printed(value: float, decimals: int) -> float:
    return float(rounded(value, decimals))

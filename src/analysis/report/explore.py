"""What do the notebooks ask besides the page? The notice as printed, cards side by side, all provinces, the months."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.comparisons import panel, peers, refit, trends
from analysis.language import _, nfc, write_date, write_number, write_period, write_range
from analysis.report.section import Folded, Heading, Part, Picture, Section, Table, Words, source_line
from analysis.report.wording import disclosure_name, effect_name, part_name, status_name
from analysis.scorecards.entities import is_synthetic, synthetic_label
from analysis.scorecards.history import unit_name
from analysis.scorecards.rubric import Rubric
from analysis.scorecards.sources import Source

LEVEL, FORECAST_LEVEL = 0.95, 0.8  # of confidence: of one question about provinces, of a forecast
FIRST = {"_low": "_high", "_best": "_worst", "low": "high"}
LAST = tuple(FIRST.values())
AS_PRINTED = ("rate", "after")
HIDDEN = ("decimals", "group", "moved", "open", "run", "top", "said", "figure")
NumberColumn = tuple[Callable[[], str], int, float]  # heading, decimals, factor
WordColumn = tuple[Callable[[], str], Callable[[Any], str]]  # heading, how a cell is said


def compared(
    title: str, frame: pd.DataFrame, name: str, source: str, label: str, said: Sequence[str] = (), chart: str = ""
) -> Section:
    """A frame as a section: its picture where it has one, with the sentences under it and the table folded."""
    table = table_of(frame, title)
    words: list[Part] = [Words([each]) for each in said]
    if chart:
        folded = Folded(_("The same as a table"), [table])
        parts = [Picture(chart, frame, source, label=label), *words, folded]
    else:
        parts = [table, *words, Words([source])]
    return Section(title, parts, tables={name: frame}, source=source, label=label)


def published_section(card: pd.DataFrame, rubric: Rubric, source: str, label: str) -> Section:
    """The figures of a card as the notice prints them."""
    rows = card.reset_index(drop=True)
    names = pd.Series([rubric.name_of(code) for code in rows["code"]], index=rows.index, name="name")
    columns = ["code", "value", "unit", "max", "decimals", "quote", "as_of", "kind", "source", "file", "line"]
    title = _("Published figures")
    return compared(title, pd.concat([names, rows[columns]], axis=1), "published", source, label)


def indicators_section(by_indicator: pd.DataFrame, source: str, label: str) -> Section:
    """Points lost by each indicator (`losses.losses_by_indicator`): what is sure, and what depends on the rules."""
    return compared(_("Indicator by indicator"), by_indicator, "indicators", source, label, chart="lost_by_indicator")


def beside_section(cards: Sequence[tuple[str, str, pd.DataFrame]], source: str, label: str) -> Section:
    """The losses by group of several cards: (entity, period, frame of `losses_by_group`) of each."""
    frames = [frame.assign(card=f"{entity}, {write_period(period)}") for entity, period, frame in cards]
    together = pd.concat(frames, ignore_index=True)
    return compared(_("Points lost by group"), together, "groups", source, label, chart="cards_side_by_side")


def standing_section(positions: pd.DataFrame, alike: pd.DataFrame, why: str, source: str, label: str) -> Section:
    """The place in the total, each group and indicator among all ranked, and beside those of like volume.

    `positions` is from `peers.positions`, `alike` and `why` from `peers.against_alike`.
    """
    among = compared(_("Where it stands among all"), positions, "positions", source, label, chart="standing")
    title = _("Beside those with about as many dossiers")
    if alike.empty:
        near = Section(title, [Heading(title), Words([why])], tables={"alike": alike})
    else:
        near = compared(title, alike, "alike", source, label, chart="beside_alike")
    return Section.together(among, near)


def spread_section(spread: pd.DataFrame, source: str, label: str) -> Section:
    """Which groups and indicators go with the differences between the totals (`peers.spread`)."""
    title, said = _("What goes with the differences between the totals"), [peers.spread_sentence(spread)]
    return compared(title, spread, "spread", source, label, said, "shares_of_spread")


def leaders_section(apart: pd.DataFrame, source: str, label: str) -> Section:
    """In which indicators the leading provinces differ most from the others (`peers.leaders`)."""
    title, said = _("What the leaders have and the others have not"), [peers.leaders_sentence(apart), _sure(LEVEL)]
    return compared(title, apart, "leaders", source, label, said, "leaders_and_others")


def rises_section(found: pd.DataFrame, said: str, source: str, label: str) -> Section:
    """What made the totals of all rise from one year to another (`years.rises`), side by side."""
    title = _("What made the totals rise")
    wide = found.pivot(index="entity", columns="name", values="change")
    wide = wide.loc[list(dict.fromkeys(found["entity"])), list(dict.fromkeys(found["name"]))].reset_index()
    folded = Folded(_("The same as a table"), [table_of(wide, title)])
    parts: list[Part] = [Picture("rises_side_by_side", found, source, label=label), Words([said]), folded]
    return Section(title, parts, tables={"rises": found}, source=source, label=label)


def panel_section(
    persistence: pd.DataFrame,
    slowing: pd.DataFrame,
    spread: pd.DataFrame,
    places: pd.DataFrame,
    source: str,
    label: str,
) -> Section:
    """What the years tell of each other over all (`panel`): places that stay, leads that shrink, spread that moves."""
    title = _("Do places stay, do leaders slow down?")
    said = [panel.persistence_sentence(persistence), panel.slowing_sentence(slowing), _sure(LEVEL)]
    said.append(_("It is what goes together over the provinces, not what a step would bring."))
    through = panel.spread_by_year_sentence(spread)
    moved = compared(
        _("Through which groups they differ"), spread, "spread", source, label, [through], "spread_by_year"
    )
    paths: list[Part] = [
        Picture("rank_paths", places, source, label=label),
        Folded(_("The same as a table"), [_places_table(places)]),
    ]
    words: list[Part] = [Heading(title), Words(said, as_list=True)]
    tables = {"persistence": persistence, "slowing": slowing, **moved.tables, "places": places}
    return Section(title, [*words, *paths, *moved.parts], tables=tables, source=source, label=label)


def _places_table(places: pd.DataFrame) -> Table:
    """A row an entity, a column a year."""
    wide = places.pivot(index="entity", columns="period", values="place")[list(dict.fromkeys(places["period"]))]
    rows = [
        [entity, *("" if pd.isna(place) else write_number(place, 0) for place in row)]
        for entity, row in wide.sort_values(wide.columns[-1], kind="stable").iterrows()
    ]
    heads = [_("Scored"), *(write_period(period) for period in wide.columns)]
    return Table(_("Ranks by year"), heads, rows)


def revisions_section(found: pd.DataFrame, name: str, source: str, label: str) -> Section:
    """What the portal changed of months that were over (`panel.revisions`)."""
    title = _("What the portal changed afterwards: {name}").format(name=name)
    return compared(title, found, "revisions", source, label, [panel.revisions_sentence(found)])


def regression_section(
    coefficients: pd.DataFrame, misfits: pd.DataFrame, implied: pd.DataFrame, source: str, label: str
) -> Section:
    """The maxima of the rules, estimated by regression from the scores of all provinces (`refit`)."""
    said = [refit.regression_sentence(coefficients, misfits, implied), _sure(LEVEL)]
    said.append(_("They hold for all rows together."))
    title = _("Do the scores give back the rules?")
    return compared(title, coefficients, "coefficients", source, label, said)


def trend_of(
    figures: pd.DataFrame,
    rubrics: tuple[Rubric, ...],
    entity: str,
    code: str,
    unit: str,
    ahead: int,
    sources: Mapping[str, Source],
) -> Section:
    """`trend_section` of one figure of an entity; without a unit that of a rate for an indicator, else points."""
    rate = any(code in rubric.indicators for rubric in rubrics)
    found = trends.trend(
        figures, rubrics, entity, code, unit or ("percent" if rate else "points"), ahead, FORECAST_LEVEL
    )
    rows = figures[(figures["entity"] == entity) & (figures["code"] == code) & (figures["unit"] == found.unit)]
    label = synthetic_label() if is_synthetic(entity) else ""
    return trend_section(found, source_line(rows, sources), label)


def trend_section(found: trends.Trend, source: str, label: str) -> Section:
    """Where one figure is heading, as far as its own months can say (`trends.trend`), or why nothing can be said."""
    flags = found.flags.drop_duplicates("period").set_index("period")["flag"].to_dict()
    past = found.series.rename(columns={"part": "run"}).assign(
        model="", said=_("known"), flag=[flags.get(period, "") for period in found.series["period"]]
    )
    coming = found.forecast.rename(columns={"middle": "value"}).assign(
        said=[trends.model_name(model) for model in found.forecast["model"]],
        run=found.series["part"].max(),
        top=found.series["top"].max(),
        flag="",
    )
    months = pd.concat([frame for frame in (past, coming) if len(frame)], ignore_index=True)
    columns = ["period", "model", "said", "value", "conf_low", "conf_high", "run", "flag", "top"]
    months = months.reindex(columns=columns).assign(figure=found.name)
    title = _("Where {name} is heading").format(name=found.name)
    said = [trends.sentence(found)]
    course = compared(title, months, "months", source, label, said, "course_of_months")
    parts: list[Part] = list(course.parts)
    if len(found.flags):
        parts += [table_of(found.flags, _("Months that stand out")), Words([_sure(FORECAST_LEVEL)])]
    if len(found.backtest):
        how = _(
            "A model is sure enough where it errs less than “as last month” by more than chance; of several the one "
            "that errs least is drawn."
        )
        parts += [table_of(found.backtest, _("Tried again on the known months")), Words([how])]
    tables = {"months": months, "flags": found.flags, "backtest": found.backtest}
    return Section(title, parts, tables=tables, source=source, label=label)


def _sure(level: float) -> str:
    return _("Confidence intervals are meant to hold {level} times in 100.").format(level=write_number(100 * level, 0))


def table_of(frame: pd.DataFrame, caption: str) -> Table:
    """A frame as a table with headings in the reader's language; two ends of a range are one column.

    Columns that only programs need (decimals, the order) are left out; unknown ones are shown under their own names.
    """
    heads: list[str] = []
    columns: list[list[str]] = []
    text: list[int] = []
    for head, cells, is_text in _columns(frame):
        text += [len(heads)] if is_text else []
        heads.append(head)
        columns.append(cells)
    rows = [list(row) for row in zip(*columns, strict=True)]
    return Table(caption, heads, rows, text)


def _columns(frame: pd.DataFrame) -> Iterator[tuple[str, list[str], bool]]:
    """Each column that is shown: heading, cells, and whether they are words; what names a row comes first."""
    names = [str(name) for name in frame.columns]
    first = [name for name in ("card", "period", "name") if name in names]
    for name in dict.fromkeys([*first, *names]):
        stem, end = _stem(name)
        if name in HIDDEN or end in LAST or any(f"{name}{end}" in names for end in FIRST):
            continue
        if end in FIRST:
            yield _heading(stem), _ranges(frame[name], frame[f"{stem}{FIRST[end]}"], stem), False
        elif name == "value" and "decimals" in names:
            yield _heading(name), [_printed(*cell) for cell in zip(frame[name], frame["decimals"], strict=True)], False
        elif name == "value":
            yield _heading(name), [_printed(cell, _needed(cell)) for cell in frame[name]], False
        elif name in WORDS:
            heading, say = WORDS[name]
            yield heading(), [nfc(say(value)) for value in frame[name]], True
        elif pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_bool_dtype(frame[name]):
            yield _heading(name), _ranges(frame[name], frame[name], name), False
        else:
            yield _heading(name), [str(value) for value in frame[name]], True


def _stem(name: str) -> tuple[str, str]:
    """`lost_low` is (`lost`, `_low`); `low` is (``, `low`)."""
    return next(((name.removesuffix(end), end) for end in (*FIRST, *LAST) if name.endswith(end)), (name, ""))


def _heading(stem: str) -> str:
    return NUMBERS[stem][0]() if stem in NUMBERS else stem


def _printed(value: float, decimals: int) -> str:
    return "–" if pd.isna(value) else write_number(value, decimals)


def _needed(value: float) -> int:
    """How many decimals a number needs, at most two: none that its source did not print are added."""
    return next((places for places in (0, 1) if abs(round(value, places) - value) < 1e-9), 2)


def _ranges(low: pd.Series, high: pd.Series, stem: str) -> list[str]:
    if stem in AS_PRINTED:  # a printed rate may have been half a hundredth less or more, and is shown as printed
        pairs = zip(low, high, strict=True)
        ends = [((least + most) / 2,) * 2 if most - least < 0.0101 else (least, most) for least, most in pairs]
        low, high = pd.Series([end[0] for end in ends]), pd.Series([end[1] for end in ends])
    whole = pd.api.types.is_integer_dtype(low) and pd.api.types.is_integer_dtype(high)
    _words, decimals, factor = NUMBERS.get(stem, (str, 0 if whole else 2, 1))
    return [
        "–" if pd.isna(least) or pd.isna(most) else write_range(factor * least, factor * most, decimals)
        for least, most in zip(low, high, strict=True)
    ]


def _yes_or_no(fits: Any) -> str:
    return "–" if pd.isna(fits) else _("yes") if fits else _("no")


def _model_name(model: str) -> str:
    from analysis.comparisons.trends import model_name

    return model_name(model) if model else _("known")


def _said(words: dict[str, str], value: Any) -> str:
    """A value in words, or as it is where there are none."""
    return words.get(value, str(value))


NUMBERS: dict[str, NumberColumn] = {
    "score": (lambda: _("Score"), 2, 1),
    "max": (lambda: _("Maximum"), 0, 1),
    "lost": (lambda: _("Lost, points"), 2, 1),
    "share": (lambda: _("Share, %"), 1, 100),
    "achieved": (lambda: _("Of its maximum, %"), 0, 100),
    "rate": (lambda: _("Rate, %"), 2, 1),
    "target": (lambda: _("Target, %"), 2, 1),
    "gain": (lambda: _("Gain, points"), 2, 1),
    "own": (lambda: _("Own part, points"), 2, 1),
    "total": (lambda: _("New total"), 2, 1),
    "remaining": (lambda: _("Still lost"), 2, 1),
    "printed": (lambda: _("As printed"), 2, 1),
    "value": (lambda: _("Value"), 2, 1),
    "wider": (lambda: _("Range wider without it, points"), 2, 1),
    "survivors": (lambda: _("Rules that fit without it"), 0, 1),
    "added": (lambda: _("Raise by, percentage points"), 2, 1),
    "after": (lambda: _("Rate then, %"), 2, 1),
    "cost": (lambda: _("Effort, percentage points"), 2, 1),
    "rank": (lambda: _("Rank"), 0, 1),
    "ranked": (lambda: _("Of how many"), 0, 1),
    "known": (lambda: _("Totals known"), 0, 1),
    "indicators": (lambda: _("Indicators"), 0, 1),
    "conf": (lambda: _("Confidence interval"), 2, 1),
    "place": (lambda: _("Rank"), 0, 1),
    "of": (lambda: _("Of how many"), 0, 1),
    "quantile": (lambda: _("Others below or level, %"), 0, 100),
    "lower_quarter": (lambda: _("Lower quarter"), 2, 1),
    "median": (lambda: _("Median"), 2, 1),
    "alike_median": (lambda: _("Median of the others alike"), 2, 1),
    "alike_lowest": (lambda: _("Lowest of them"), 2, 1),
    "alike_highest": (lambda: _("Highest of them"), 2, 1),
    "upper_quarter": (lambda: _("Upper quarter"), 2, 1),
    "best": (lambda: _("Best"), 2, 1),
    "to_median": (lambda: _("To the median"), 2, 1),
    "variance_alone": (lambda: _("Its own variance, % of that of totals"), 1, 100),
    "correlation": (lambda: _("Correlation with the total"), 2, 1),
    "provinces": (lambda: _("Provinces"), 0, 1),
    "leaders": (lambda: _("Leaders"), 0, 1),
    "others": (lambda: _("Others"), 0, 1),
    "leaders_median": (lambda: _("Median of the leaders"), 2, 1),
    "others_median": (lambda: _("Median of the others"), 2, 1),
    "difference": (lambda: _("Difference"), 2, 1),
    "separation": (lambda: _("A leader has more: share of pairs"), 2, 1),
    "leaders_full": (lambda: _("Leaders nearly full"), 0, 1),
    "others_full": (lambda: _("Others nearly full"), 0, 1),
    "everyone_has": (lambda: _("Nearly full, % of all"), 0, 100),
    "estimate": (lambda: _("Estimate, points"), 2, 1),
    "expected": (lambda: _("Maximum by the rules"), 2, 1),
    "horizon": (lambda: _("Months ahead"), 0, 1),
    "origins": (lambda: _("Times tried"), 0, 1),
    "mae": (lambda: _("Mean error"), 2, 1),
    "relative": (lambda: _("Against as last month"), 2, 1),
    "covered": (lambda: _("Inside the interval, %"), 0, 100),
    "p_value": (lambda: _("p-value"), 3, 1),
    "size": (lambda: _("Size"), 2, 1),
    "first_value": (lambda: _("First shown"), 2, 1),
    "last_value": (lambda: _("Last shown"), 2, 1),
    "revised": (lambda: _("Revised by"), 2, 1),
    "captures": (lambda: _("Captures"), 0, 1),
    "deviation": (lambda: _("Standard deviation of totals"), 2, 1),
    "": (lambda: _("Within rounding"), 2, 1),
}


WORDS: dict[str, WordColumn] = {
    "card": (lambda: _("Card"), str),
    "entity": (lambda: _("Entity"), str),
    "name": (lambda: _("Name"), str),
    "code": (lambda: _("Code"), str),
    "lever": (lambda: _("Code"), str),
    "certainty": (lambda: _("How sure"), lambda certainty: _said({
        "published": _("published"), "assumes_one_rule": _("if one rule held"), "not_separable": _("not separable"),
    }, certainty)),
    "status": (lambda: _("How it is known"), status_name),
    "effect": (lambda: _("What it is"), effect_name),
    "why": (lambda: _("Why"), str),
    "model": (lambda: _("Carried on"), _model_name),
    "shown": (lambda: _("Sure enough"), _yes_or_no),
    "flag": (lambda: _("Flag"), lambda flag: _said({
        "level_break": _("another level"), "outlier": _("out of line"), "known_break": _("not comparable before"),
    }, flag)),
    "quote": (lambda: _("As the source prints it"), str),
    "source": (lambda: _("Source"), lambda source: source or "–"),
    "line": (lambda: _("Line"), str),
    "part": (lambda: _("Part"), part_name),
    "period": (lambda: _("Period"), write_period),
    "first_day": (lambda: _("First shown on"), write_date),
    "last_day": (lambda: _("Last shown on"), write_date),
    "parameter": (lambda: _("Rule"), lambda name: _said({"max": _("maximum"), "target": _("target")}, name)),
    "disclosure": (lambda: _("Disclosure"), disclosure_name),
    "fits": (lambda: _("Fits"), _yes_or_no),
    "agrees": (lambda: _("Agrees"), _yes_or_no),
    "possible": (lambda: _("Possible"), _yes_or_no),
    "level": (lambda: _("Level"), lambda level: _said({
        "total": _("total"), "group": _("group"), "indicator": _("indicator"), "rank": _("rank"),
    }, level)),
    "held_by": (lambda: _("Held by"), lambda who: _said({
        "most": _("most provinces"), "leaders": _("mainly leaders"), "some": _("some"), "nobody": _("nobody"), "": "–",
    }, who)),
    "unit": (lambda: _("Unit"), unit_name),
    "case": (lambda: _("Case"), lambda case: _said({"today": _("today"), "after": _("afterwards")}, case)),
}  # fmt: skip

"""The reader of notices: the right figures with the right places, or a refusal; never other figures.

The notices are ours (`files`, figures invented but for Hòa Bình, April 2023, which are the public ones).
`hard` are notices written by someone who did not know the reader.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import re
import runpy
import tomllib
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.errors import AnalysisError, BulletinError
from analysis.notices.reader import unwrap
from analysis.notices.tokens import sentence_at
from noticed import GOLDEN, NOTICES, Figures, edits, expected, figures_of, names_in, rows_of, text_of, wrong
from places import REPOSITORY

HARD_FOLDER = NOTICES / "hard"
OURS, HARD = names_in(NOTICES), names_in(HARD_FOLDER)
MANNERS = tomllib.loads((NOTICES / "manners.toml").read_text(encoding="utf-8"))["notice"]
HEAD = "Hòa Bình tháng 4/2023 đạt 58,83/100 điểm."


@pytest.fixture(scope="session")
def ours(reader):
    """Our notices, read: name → notice."""
    return {name: reader(text_of(name)) for name in OURS}


# The golden notice.


def test_the_golden_notice_gives_exactly_the_known_figures(ours, history):
    notice = ours[GOLDEN]
    known = history[(history["entity"] == "Hòa Bình") & (history["period"] == "2023-04")]
    assert len(known) == 36
    assert figures_of(notice) == {
        (row.code, row.unit): (Decimal(repr(row.value)), row.decimals, None if row.max != row.max else Decimal(row.max))
        for row in known.itertuples()
    }
    assert {(item.code, item.unit): notice.quote(item) for item in notice.figures} == {
        (row.code, row.unit): row.quote for row in known.itertuples()
    }
    assert not notice.problems
    assert (notice.entity, notice.period, notice.scope, notice.as_of) == ("Hòa Bình", "2023-04", "month", "2023-04-24")
    assert (notice.number, notice.published) == ("3220/VPUBND-NVK", "2023-04-25")
    assert "certified_e_copy" in notice.missing


# Notices in many styles.


@pytest.mark.parametrize("name", OURS)
def test_a_notice_gives_its_figures_and_no_others(ours, name):
    notice, wanted = ours[name], expected(name)
    assert wrong(figures_of(notice), wanted) == {}
    assert not notice.problems
    about = json.loads((NOTICES / f"{name}.json").read_text(encoding="utf-8"))
    assert (notice.entity, notice.period, notice.scope) == (about["entity"], about["period"], about["scope"])
    assert (notice.as_of, notice.number) == (about["as_of"], about["number"])
    assert notice.published in (about["published"], "")
    assert len(wanted) - len(notice.figures) <= 2
    quotes = {(row["code"], row["unit"]): " ".join(row["quote"].split()) for row in rows_of(NOTICES / f"{name}.csv")}
    for item in notice.figures:
        assert item.unit == "rank" or notice.quote(item) == quotes[item.code, item.unit]


@pytest.mark.parametrize("name", HARD)
def test_a_hard_notice_gives_no_other_figures(judge, name):
    found = judge(text_of(name, HARD_FOLDER))
    assert found is None or wrong(found, expected(name, HARD_FOLDER)) == {}


def test_most_figures_are_read(ours, reader):
    """Nearly all of our notices."""
    found = sum(len(notice.figures) for notice in ours.values())
    assert len(OURS) >= 30 and found > 0.99 * sum(len(expected(name)) for name in OURS) > 600
    found = 0
    for name in HARD:
        with contextlib.suppress(BulletinError):
            found += len(reader(text_of(name, HARD_FOLDER)).figures)
    assert len(HARD) >= 15 and found > 0.75 * sum(len(expected(name, HARD_FOLDER)) for name in HARD) > 525


# Short notices in the manners of offices.


def typed(entry: dict) -> Figures:
    """The figures that a clerk typed from a short notice: (code, unit) → value, decimals, no maximum."""
    cells = {
        (code, unit): value for unit in ("points", "percent", "count") for code, value in entry.get(unit, {}).items()
    }
    cells |= {("national_rank", "rank"): str(entry["rank"])} if "rank" in entry else {}
    return {key: (Decimal(value), -int(Decimal(value).as_tuple().exponent), None) for key, value in cells.items()}


def refusal(reader, text: str) -> str:
    """The words by which a notice is refused, or "" if it is not."""
    try:
        notice = reader(text)
    except BulletinError as error:
        return f"{error.what} {'; '.join(error.rows)}"
    return "; ".join(f"{notice.quote(item)}: {item.why}" for item in notice.problems)


@pytest.mark.parametrize("entry", MANNERS, ids=[entry["name"] for entry in MANNERS])
def test_a_short_notice_gives_what_a_clerk_types_from_it(reader, entry):
    assert ("refused" in entry) == bool(told := refusal(reader, entry["text"])) and entry.get("refused", "") in told
    if not (wanted := typed(entry)):
        return
    notice = reader(entry["text"], period=entry.get("month", ""))
    found = {key: value[:2] for key, value in figures_of(notice).items()}
    assert {key: value for key, value in found.items() if value != wanted.get(key, ())[:2]} == {}
    assert {code for code, _unit in wanted.keys() - found.keys()} == set(entry.get("unread", []))
    assert (notice.entity, notice.period, notice.scope) == (entry["entity"], entry["period"], entry["scope"])
    assert (notice.as_of, notice.publisher) == (entry.get("as_of", ""), entry.get("publisher", notice.publisher))
    assert not notice.problems


# One notice altered.


@pytest.mark.parametrize(
    ("step", "tries"), [(13, 33), pytest.param(1, 355, marks=pytest.mark.slow)], ids=["some edits", "all edits"]
)
def test_single_character_edits_of_the_seven_scores(ours, judge, record_property, step, tries):
    """At least 85 % are caught by the notice alone; none that passes moves a score by more than 0,4."""
    text, notice = text_of(GOLDEN), ours[GOLDEN]
    wanted = figures_of(notice)
    scores = [item for item in notice.figures if item.level in ("total", "group")]
    assert len(scores) == 7
    tried = caught = 0
    worst = Decimal(0)
    for item in scores:
        printed = text[item.start : item.end].partition("/")[0]
        for edited in edits(printed)[::step]:
            found = judge(text[: item.start] + edited + text[item.start + len(printed) :])
            tried += 1
            if found is None:
                caught += 1
                continue
            key = (item.code, item.unit)
            assert key in found, edited
            assert {**found, key: None} == {**wanted, key: None}, edited
            worst = max(worst, abs(found[key][0] - item.value))
    record_property("edits", f"{caught} of {tried} caught; the worst that passes moves a score by {worst}")
    assert tried == tries
    assert caught / tried >= 0.85
    assert worst <= Decimal("0.4")


PARTS = [part for part in re.split(r"\n+", text_of(GOLDEN)) if part.strip()]
SCORES = {"2,2/18": 18, "17,7/20": 20, "8,0/12": 12, "9,5/10": 10, "11,3/18": 18, "10,0/22": 22}


def harmless() -> dict[str, str]:
    """The golden notice as other programs save it."""
    text = text_of(GOLDEN)
    return {
        "in NFD": unicodedata.normalize("NFD", text),
        "half in NFD": text[: len(text) // 2] + unicodedata.normalize("NFD", text[len(text) // 2 :]),
        "with wide digits": text.translate({ord(d): ord(d) + 0xFEE0 for d in "0123456789"}),
        "with wide marks": text.translate({ord(","): 0xFF0C, ord("/"): 0xFF0F, ord("%"): 0xFF05}),
        "with hard spaces": text.replace(" ", "\u00a0"),
        "with narrow spaces": text.replace(" ", "\u202f"),
        "with zero-width spaces": "\u200b".join(text),
        "with soft hyphens": text.replace("điểm", "đi\u00adểm"),
        "with marks of direction": f"\u202a{text}\u202c",
        "with a byte order mark": "\ufeff" + text,
        "with line ends of Windows": text.replace("\n", "\r\n"),
        "in capitals": text.upper(),
        "old tones": text.replace("òa", "oà").replace("óa", "oá").replace("ủy", "uỷ"),
        "reversed paragraphs": "\n".join(reversed(PARTS)),
    }


def altered() -> dict[str, str]:
    """The golden notice altered in every other way that a copy may be."""
    text, numbers = text_of(GOLDEN), range(len(PARTS))
    made = {f"cut after paragraph {number}": "\n".join(PARTS[:number]) for number in numbers}
    made |= {f"without paragraph {number}": "\n".join(PARTS[:number] + PARTS[number + 1 :]) for number in numbers}
    made |= {f"paragraph {number} twice": "\n".join(PARTS[: number + 1] + PARTS[number:]) for number in numbers}
    made |= {
        "in small letters": text.lower(),
        "tabs for spaces after colons": text.replace(": ", ":  "),
        "one long line": re.sub(r"\n+", ". ", text),
        "other province in the total": text.replace("tỉnh đạt", "tỉnh Hà Nam đạt", 1),
        "rank beyond the last": text.replace("24/63", "64/63"),
        "percent above 100": text.replace("97,05%", "197,05%"),
        "points for commas": text.replace(",", "."),
        "empty": "",
        "spaces": " \n\t ",
        "binary": "".join(chr(code) for code in range(1, 500)) * 3,
        "another text": "Nhân dân tỉnh Hòa Bình chào mừng ngày 30 tháng 4 năm 2023. Có 25 tiết mục và 300 người.",
        "a line of 5 MB": text + "\n" + "Hòa Bình đạt 58,83/100 điểm " * 180_000,
        "a 5 MB word": "a" * 5_000_000,
    }
    for group, top in SCORES.items():
        made[f"{group} of another maximum"] = text.replace(group, group.replace(f"/{top}", f"/{top + 2}"))
        made[f"{group} with another score besides"] = text + f"\n{group_name(text, group)}: 1,1/{top} điểm"
        made[f"{group} more than its maximum"] = text.replace(group, f"{top},5/{top}")
    shuffler = random.Random(1)
    for number in range(6):
        made[f"shuffled {number}"] = "\n".join(shuffler.sample(PARTS, len(PARTS)))
    return made


def group_name(text: str, score: str) -> str:
    line = next(line for line in text.split("\n") if score in line)
    return re.sub(r"^[^\w]*[\w.]*\)?\s*", "", line[: line.index(score)]).strip(" :,-")


HARMLESS, ALTERED = harmless(), altered()


def is_slow(how: str) -> bool:
    """Whether a way is one of many alike: of paragraphs every ninth is quick."""
    number = re.search(r"paragraph ([0-9]+)", how)
    return bool(number and int(number[1]) % 9)


@pytest.mark.parametrize("how", [pytest.param(how, marks=[pytest.mark.slow] * is_slow(how)) for how in ALTERED])
def test_an_altered_notice_gives_right_figures_or_a_refusal(judge, how):
    found = judge(ALTERED[how])
    assert found is None or wrong(found, expected(GOLDEN)) == {}


@pytest.mark.parametrize("how", HARMLESS)
def test_a_harmless_change_changes_nothing(judge, how):
    found = judge(HARMLESS[how])
    assert found is not None
    assert len(found) >= 34
    assert wrong(found, expected(GOLDEN)) == {}


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        (HEAD, []),
        (f"{HEAD} Hồ sơ nộp trực tuyến: 91.80%.", ["decimals are printed with commas and with points"]),
        (unicodedata.normalize("NFD", HEAD), ["letters and marks written apart were joined"]),
        (HEAD.replace(" ", "\u00a0"), ["wide digits or unusual spaces were made plain"]),
        (f"\u200b{HEAD}", ["1 invisible characters were left out"]),
    ],
)
def test_what_was_done_to_a_text_is_noted(reader, text, notes):
    assert list(reader(text).notes) == notes


def test_broken_lines_are_joined_and_lists_are_not():
    wrapped = (
        "một hai ba bốn năm sáu bảy tám chín mười mười một mười hai\n"
        "mười ba mười bốn mười lăm mười sáu mười bảy mười tám ngày\nhết."
    )
    assert "\n" not in unwrap(wrapped)
    numbered = wrapped.replace("mười ba", "1) mười ba")
    assert "\n1) mười ba" in unwrap(numbered) and unwrap(f"một\n{wrapped}").startswith("một\n")
    listed = "- một hai ba bốn năm sáu bảy tám chín mười mười một mười hai;\n- hai\n- ba"
    assert unwrap(listed) == listed
    assert len(unwrap(wrapped)) == len(wrapped)


# Hostile texts.

WORDS = [line for name in OURS[:12] for line in text_of(name).split("\n") if line.strip()]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=30)), max_size=25),
    st.sampled_from(["\n", " ", "\t", ". "]),
)
def test_no_text_breaks_the_reader(reader, lines, mark):
    try:
        notice = reader(mark.join(lines))
    except AnalysisError:
        return
    assert all(0 <= item.start < item.end <= len(notice.text) for item in notice.figures)
    assert len({(item.code, item.unit) for item in notice.figures}) == len(notice.figures)


def test_a_cut_or_doubled_piece_changes_only_its_own_sentences(ours, judge):
    text, known = text_of(GOLDEN), ours[GOLDEN].figures
    sentences = {item: sentence_at(text, item.start, item.end) for item in known}

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, len(text)), st.integers(0, 400), st.booleans())
    def alter(start, length, doubled):
        end = min(len(text), start + length)
        made = text[:start] + text[start:end] * 2 * doubled + text[end:]
        touched = [item for item, (first, last) in sentences.items() if first <= end + 1 and start <= last + 1]
        keys, values = {(item.code, item.unit) for item in touched}, {item.value for item in touched}
        for key, (figure, _wanted) in wrong(judge(made) or {}, expected(GOLDEN)).items():
            assert key in keys or figure[0] in values, (made[start - 80 : start + 80], key, figure)

    alter()


MASSES = runpy.run_path(str(REPOSITORY / "benchmarks" / "notices.py"))["PIECES"]


@pytest.mark.parametrize("piece", MASSES.values(), ids=MASSES)
def test_a_mass_of_one_piece_moves_no_score(reader, piece):
    """How the time grows with it: benchmarks/notices.py."""
    with contextlib.suppress(AnalysisError):
        assert figures_of(reader(f"{HEAD} " + piece * (9_000 // len(piece)))).get(("total_score", "points")) in (
            None,
            (Decimal("58.83"), 2, Decimal(100)),
        )
    with pytest.raises(BulletinError):
        reader(f"{HEAD} " + piece * (200_000 // len(piece)))


def test_pairs_of_lines_keep_their_figures(reader):
    """Two lines of a notice one after the other give the figures that each gives, or fewer."""
    lines = [line for line in PARTS if re.search(r"\d", line)][6:14]
    alone = {line: figures_of(reader(f"{HEAD}\n{line}")) for line in lines}
    for first, second in itertools.permutations(lines, 2):
        both = figures_of(reader(f"{HEAD}\n{first}\n{second}"))
        either = {**alone[first], **alone[second]}
        assert {key: value for key, value in both.items() if value[0] != either.get(key, value)[0]} == {}

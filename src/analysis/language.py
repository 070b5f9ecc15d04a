"""How are numbers, months and words read and written in the reader's language?

Vietnamese is the default; English is the other. Numbers are written by Babel after half-up rounding and read only by
`read_number`: Babel and pandas read `58.83` as 5883 in Vietnamese without an error.
"""

from __future__ import annotations

import gettext
import re
import unicodedata
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from decimal import ROUND_HALF_UP, Decimal
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

LANGUAGES = ("vi", "en")
LOCALE_FOLDER = Path(__file__).parent / "locale"
_BABEL = {"vi": "vi_VN", "en": "en_GB"}
_language: ContextVar[str] = ContextVar("language", default="vi")
_catalogues: dict[str, gettext.NullTranslations] = {}
_WHOLE = re.compile(r"0|[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[1-9][0-9]*", re.ASCII)
_DECIMAL = re.compile(r"(?P<whole>0|[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[1-9][0-9]*),(?P<rest>[0-9]+)", re.ASCII)
_YEAR, _MONTH, _QUARTER = "(?P<year>[12][0-9]{3})", "(?P<month>0?[1-9]|1[0-2])", "(?P<quarter>[1-4]|i{1,3}|iv)"
_TYPED_PERIODS = [
    re.compile(pattern)
    for pattern in (
        f"(?:thang-?|t)?{_MONTH}-(?:nam-)?{_YEAR}",
        f"{_YEAR}-{_MONTH}",
        f"(?:quy-?|q){_QUARTER}-(?:nam-)?{_YEAR}",
        f"{_YEAR}-(?:quy-?|q){_QUARTER}",
        f"(?:nam-)?{_YEAR}",
    )
]
DEVICES = re.compile(r"con|prn|aux|nul|(?:com|lpt)[0-9]")  # no file of Windows may have these names
_AMOUNT = re.compile(r"(?P<sign>[-+−]?)(?P<whole>[0-9]{1,9})(?:[.,](?P<rest>[0-9]{1,2}))?", re.ASCII)
_RATE = re.compile(r"(?P<whole>[0-9]{1,3})(?:[.,](?P<rest>[0-9]{1,2}))?", re.ASCII)


def use_language(language: str) -> None:
    """Write messages and reports in `language` (`vi` or `en`) from here on. Raises ValueError for another."""
    if language not in LANGUAGES:
        raise ValueError(language)
    _language.set(language)


def language() -> str:
    return _language.get()


def _(message: str) -> str:
    """The message in the current language. Messages are written in English in the code."""
    current = language()
    if current not in _catalogues:
        _catalogues[current] = gettext.translation("analysis", LOCALE_FOLDER, [current], fallback=current == "en")
    return _catalogues[current].gettext(message)


def nfc(text: str) -> str:
    """The text with composed letters. Never NFKC: it would turn a footnote mark into a digit."""
    return unicodedata.normalize("NFC", text)


@lru_cache(maxsize=4096)
def slug(name: str) -> str:
    """A name for files and addresses: `Hòa Bình` is `hoa-binh`; never one that Windows keeps for itself, as `con`."""
    plain = unicodedata.normalize("NFD", name.lower().replace("đ", "d"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    found = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return f"{found}-" if DEVICES.fullmatch(found) else found


def nearest(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known words that look most like `word`, accents and case ignored; best first."""
    by_slug = {slug(item): item for item in known}
    return [by_slug[match] for match in get_close_matches(slug(word), by_slug, n=count, cutoff=0.5)]


def read_number(text: str) -> Decimal:
    """A number as Vietnamese documents print it: `58,83` is 58.83 and `23.636` is 23636.

    Raises
    ------
    ValueError: anything else, such as `58.83`, which is neither a decimal nor thousands.
    """
    if _WHOLE.fullmatch(text):
        return Decimal(text.replace(".", ""))
    if match := _DECIMAL.fullmatch(text):
        return Decimal(f"{match['whole'].replace('.', '')}.{match['rest']}")
    raise ValueError(text)


def read_rate(text: str) -> float:
    """A rate typed by a user, in percent, 0 to 100: `80`, `33,83` or `33.83`.

    Raises
    ------
    ValueError: not a number, out of range, or three decimals, which could be thousands.
    """
    match = _RATE.fullmatch(text.strip().removesuffix("%").rstrip())
    if not match:
        raise ValueError(text)
    rate = float(f"{match['whole']}.{match['rest'] or 0}")
    if rate > 100:
        raise ValueError(text)
    return rate


def read_amount(text: str) -> float:
    """A score, points or an effort typed by a user: `62,5`, `62.5` or `-1`.

    Raises
    ------
    ValueError: not a number, or three decimals, which could be thousands.
    """
    match = _AMOUNT.fullmatch(text.strip())
    if not match:
        raise ValueError(text)
    return float(f"{match['sign'].replace('−', '-')}{match['whole']}.{match['rest'] or 0}")


def rounded(value: float, decimals: int) -> Decimal:
    """Half up, as the notices round; the noise of floats is removed first (2,25 is 2,3, not 2,2)."""
    return Decimal(f"{value:.10f}").quantize(Decimal(1).scaleb(-int(decimals)), ROUND_HALF_UP)


def read_period(text: str) -> str:
    """A period as people write it: `8/2024`, `2024-8`, `tháng 8/2024`, `T8/2024`, `quý IV/2025`, `năm 2024`.

    Returns YYYY-MM, YYYY-Qn or YYYY; the text as it is where it is none of these.
    """
    for pattern in _TYPED_PERIODS:
        if match := pattern.fullmatch(slug(text)):
            found = match.groupdict()
            month, quarter = found.get("month"), found.get("quarter", "")
            quarter = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}.get(quarter, quarter)
            return found["year"] + (f"-{int(month):02d}" if month else f"-Q{quarter}" if quarter else "")
    return text


def write_number(value: float, decimals: int) -> str:
    """A number for people: `58,83`, `23.636`, `−0,5`; never `−0`."""
    return _written(float(value), int(decimals), language())


@lru_cache(maxsize=4096)
def _written(value: float, decimals: int, spoken: str) -> str:
    from babel.numbers import format_decimal

    exact = rounded(value, decimals)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    text = format_decimal(abs(exact), pattern, locale=_BABEL[spoken], decimal_quantization=False)
    return f"−{text}" if exact < 0 else text


def write_range(low: float, high: float, decimals: int) -> str:
    """`2,77 đến 3,46`; one number where both ends print alike."""
    first, last = write_number(low, decimals), write_number(high, decimals)
    return first if first == last else _("{low} to {high}").format(low=first, high=last)


def write_period(period: str) -> str:
    """`2023-04` is `tháng 4/2023`; `2026` is `năm 2026`; `2025-Q4` is `quý 4/2025`."""
    year, _sep, part = period.partition("-")
    if not part:
        return _("the year {year}").format(year=year)
    if part.startswith("Q"):
        return _("quarter {quarter}/{year}").format(quarter=part[1:], year=year)
    if language() == "vi":
        return f"tháng {int(part)}/{year}"
    from babel.dates import get_month_names

    return f"{get_month_names('wide', locale=_BABEL[language()])[int(part)]} {year}"


def write_date(iso_date: str) -> str:
    """`2023-04-24` is `24/4/2023`."""
    year, month, day = iso_date.split("-")
    return f"{int(day)}/{int(month)}/{year}"


def write_list(words: Iterable[str]) -> str:
    """`a; b và c`; nothing for no word."""
    items = list(words)
    if len(items) < 2:
        return "".join(items)
    return _("{first} and {last}").format(first="; ".join(items[:-1]), last=items[-1])


def finding_in_words(finding: Mapping[str, Any]) -> str:
    """What pydantic found, in the user's language; in pydantic's own words where it is a rare finding."""
    context = finding.get("ctx", {})
    known = {
        "missing": _("is missing"),
        "extra_forbidden": _("is not a field known here"),
        "float_parsing": _("is not a number"),
        "float_type": _("is not a number"),
        "finite_number": _("is not a finite number"),
        "int_parsing": _("is not a whole number"),
        "string_type": _("is not text"),
        "dict_type": _("is not a table"),
        "model_type": _("is not a table"),
        "tuple_type": _("is not a list"),
        "string_pattern_mismatch": _("does not have the form {pattern}"),
        "literal_error": _("is not one of {expected}"),
        "greater_than": _("must be more than {gt}"),
        "greater_than_equal": _("must be at least {ge}"),
        "less_than_equal": _("must be at most {le}"),
        "too_short": _("has too few entries"),
        "string_too_short": _("is empty"),
        "string_too_long": _("is too long"),
    }
    template = known.get(finding["type"])
    return template.format(**context) if template else str(finding["msg"]).removeprefix("Value error, ")

"""Where figures come from, and what in their sources is wrong: what breaks its contract is named with its line."""

import pytest

from analysis.errors import HistoryError
from analysis.scorecards.sources import Source, load_corrections, load_sources
from places import REPOSITORY


@pytest.mark.parametrize(
    ("edit", "what", "row"),
    [
        (None, "There is no file ", ""),
        (lambda data: data.replace(b" = ", b" ", 1), "sources.toml is not valid TOML.", "line {line},"),
        (lambda data: b"# \xf2\n" + data, "sources.toml is not valid TOML.", "utf-8"),
    ],
    ids=["missing", "syntax", "encoding"],
)
def test_a_file_that_cannot_be_read(project_copy, edit, what, row):
    path = project_copy / "data" / "sources.toml"
    data = path.read_bytes()
    path.unlink() if edit is None else path.write_bytes(edit(data))
    with pytest.raises(HistoryError) as caught:
        load_sources()
    assert caught.value.what.startswith(what) and "sources.toml" in caught.value.what
    assert row.format(line=1 + data.split(b" = ")[0].count(b"\n")) in "".join(caught.value.rows)


SOURCE, NO_DATE, ENTRY = 'publisher = "Báo Hòa Bình"', 'published = "7/24"', "[[correction]]"


@pytest.mark.parametrize(
    ("load", "old", "new", "at", "row"),
    [
        (load_sources, f"{SOURCE}\n", "", "[bao-hoa-binh-2024-07]", "publisher: is missing"),
        (load_sources, SOURCE, SOURCE.replace("er =", "r ="), "publishr", "publishr: is not a field known"),
        (load_sources, SOURCE, f"{SOURCE}\n{NO_DATE}", NO_DATE, "published: Input should be a valid"),
        (load_corrections, "reason = ", "why = ", ENTRY, "reason: is missing"),
        (load_corrections, "reason = ", "why = ", "why = ", "why: is not a field known"),
        (load_corrections, '"accept"', '"ignore"', "action", "action: is not one of 'accept'"),
        (load_corrections, "82.1,", '"82,1",', "expect", "expect.sum: is not a number"),
        (load_corrections, "82.1, total", "82.1, totl", "expect", "expect.totl"),
        (load_corrections, ", total = 82.88", "", "expect", "expect:"),
        (load_corrections, ENTRY, "[[other]]", "[[other]]", "other: is not a field known"),
        (load_corrections, ENTRY, 'correction = ["A"]\n[[other]]', "correction", "correction: is not a table"),
        (load_corrections, ENTRY, "correction = 5\n[[other]]", "correction =", "correction: is not a list"),
    ],
)
def test_a_bad_field_is_named_with_its_line(rewrite, load, old, new, at, row):
    name = "sources.toml" if load is load_sources else "corrections.toml"
    text = rewrite(f"data/{name}", old, new)
    with pytest.raises(HistoryError, match=f"{name} does not keep its contract") as caught:
        load()
    line = 1 + text[: text.index(f"\n{at}") + 1].count("\n")
    assert any(found.startswith(f"{name}:{line} {row}") for found in caught.value.rows), caught.value.rows


def test_the_second_correction_is_told_from_the_first(rewrite):
    good = '[[correction]]\nentity = "A"\nperiod = "2023"\ncheck = "groups_to_total"\naction = "accept"\nreason = "r"\n'
    rewrite("data/corrections.toml", "[[correction]]", f"{good}expect = {{ sum = 1, total = 2 }}\n\n[[correction]]")
    text = rewrite("data/corrections.toml", 'reason = "The', 'why = "The')
    with pytest.raises(HistoryError) as caught:
        load_corrections()
    first, second = (at for at, line in enumerate(text.splitlines(), 1) if line == "[[correction]]")
    places = [int(row.removeprefix("corrections.toml:").split()[0]) for row in caught.value.rows]
    assert len(places) == 2 and all(place >= second > first for place in places)


def test_shipped_sources_and_corrections(history):
    sources = load_sources(REPOSITORY / "data")
    assert sources["hoa-binh-2023-04"].number == "3220/VPUBND-NVK"
    assert sources["hoa-binh-2023-04"].in_full.split(", ")[1] == "3220/VPUBND-NVK"
    assert sources["hoa-binh-2023-04"].in_full.endswith(" (25/4/2023)")
    (correction,) = load_corrections(REPOSITORY / "data")
    assert (correction.entity, correction.expect) == ("Bắc Kạn", {"sum": 82.1, "total": 82.88})
    dated = [source for source in sources.values() if source.published]
    assert dated and all(source.published <= source.accessed for source in dated)
    assert set(history["source"]) <= sources.keys()


def test_no_correction_is_no_error(project_copy):
    (project_copy / "data" / "corrections.toml").write_text("", encoding="utf-8")
    assert load_corrections() == ()


LINKS = (
    "http://a.vn",
    "https://a.vn/b?c=1#d",
    "HTTPS://A.VN:8443/",
    "https://vi.wikipedia.org/wiki/Hòa_Bình",
    "https://a.vn?b",
)
NO_LINKS = (
    "javascript:alert(1)", "JaVaScRiPt://a.vn/%0aalert(1)", "java\nscript:alert(1)", "\x01javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>", "file:///etc/passwd", "vbscript:x", "ftp://a.vn/", "mailto:a@b.vn",
    "//a.vn/b", "a.vn/b", "/etc/passwd", "https:", "https:///a", "https:a.vn", "http:\\\\a.vn",
    " https://a.vn", "https://a.vn/ b", "https://a.vn/\n", "https://a.vn\\@b.vn", "https://a.vn@b.vn/", "https://a.vn/\u202egpj",
)  # fmt: skip


@pytest.mark.parametrize("address", [*LINKS, *NO_LINKS, ""])
def test_an_address_is_a_link_of_the_web_or_it_is_text(address):
    source = Source.model_validate({"publisher": "P", "title": "T", "url": address, "accessed": "2023-04-24"})
    assert source.link == (address if address in LINKS else "")
    assert source.in_full == ("P, T" if address in ("", *LINKS) else f"P, T, {address}")

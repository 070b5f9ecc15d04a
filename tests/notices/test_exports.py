"""Whole tables go in by `add`: exports of the portal, answers of its API, our own long form; whole or not at all."""

import json
import shutil

import pandas as pd
import pytest
from openpyxl import Workbook

from analysis import filing
from analysis.errors import BulletinError, DocumentError, UsageError
from analysis.identification.regime import load_project
from analysis.notices import exports, store
from analysis.notices.documents import read_bytes
from analysis.notices.phrasebook import load_phrasebook
from analysis.scorecards.history import load_history
from analysis.scorecards.rubric import load_rubrics
from analysis.scorecards.sources import load_sources
from noticed import run
from places import REPOSITORY

HEAD = ["ID", "TEN", "TEN_COQUAN", "TDGQ", "MDHL", "MDSH", "TTTT", "CLGQ", "CKMB", "TONG_SCORE", "ROW_STT"]
COLUMN_OF = {
    "processing_progress": "TDGQ",
    "satisfaction": "MDHL",
    "digitisation": "MDSH",
    "online_payment": "TTTT",
    "online_service_provision": "CLGQ",
    "transparency": "CKMB",
    "total_score": "TONG_SCORE",
    "national_rank": "ROW_STT",
}
CAPTURES = ("2025-10-11", "2025-10-15", "2025-10-16", "2026-09-17")
AS_STORED = ["entity", "period", "scope", "as_of", "level", "code", "value", "unit", "max", "decimals"]
YEARS = {"TinhThanh": "", "TongDiem_DVC": "total_score", "CongKhaiMinhBach": "transparency"}
YEARS |= {"TienDoGiaiQuyet": "processing_progress", "DichVuTrucTuyen": "online_service"}
YEARS |= {"MucDoHaiLong": "satisfaction", "SoHoaHoSo": "digitisation"}


def raw(*days: str) -> pd.DataFrame:
    """The rows of the shipped files of some captures, as text."""
    files = [path for day in days for path in (REPOSITORY / "data/observations").glob(f"*-{day}.csv")]
    return pd.concat([pd.read_csv(path, dtype=str, keep_default_na=False) for path in files], ignore_index=True)


def office(entity: str) -> str:
    """The name by which the portal calls an entity."""
    unit, _comma, parent = entity.rpartition(", ")
    if not unit:
        city = entity in ("Hà Nội", "Huế", "Đà Nẵng", "Cần Thơ", "Hải Phòng", "Hồ Chí Minh")
        return f"UBND {'Thành phố' if city else 'tỉnh'} {entity}"
    own = unit if unit.startswith(("Sở", "Ban", "Thanh tra")) else f"UBND {unit[0].lower()}{unit[1:]}"
    return f"{own} {parent}" if unit == "Thanh tra tỉnh" else f"{own} - tỉnh {parent}"


def lines_of(rows: pd.DataFrame) -> list[list[str]]:
    wide = rows.pivot(index="entity", columns="code", values="value")
    named = {column: code for code, column in COLUMN_OF.items()}
    cells = [{"ID": "1", "TEN": office(name), "TEN_COQUAN": office(name)} for name in wide.index]
    return [
        [own.get(column) or str(wide.loc[name, named[column]]) for column in HEAD]
        for name, own in zip(wide.index, cells, strict=True)
    ]


def workbook(path, sheets):
    book = Workbook()
    book.remove(book.active)
    for title, lines in sheets.items():
        sheet = book.create_sheet(title)
        for line in [HEAD, *lines]:
            sheet.append(line)
    book.create_sheet("Xu hướng").append(["month", "year", "score"])
    book["Xu hướng"].append([9, "2025", 80.8])
    book.save(path)
    return path


@pytest.fixture
def bare(project_copy):
    """The project without its captures and its units."""
    for day in (*CAPTURES, "2025-11-05", "2026-09-30", "2026-10-10"):
        for path in (project_copy / "data/observations").glob(f"*-{day}.csv"):
            path.unlink()
    (project_copy / "data/units.csv").write_text("entity,parent,kind,source\n", encoding="utf-8")
    data, sources = project_copy / "data", load_sources()
    for path in (data / "observations").glob("*.csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        table[[sources[name].day == "" for name in table["source"]]].to_csv(path, index=False)
    for path, content in store.standing_anew({}, data, sources, ()).items():
        path.write_bytes(content)
    return project_copy


def stored(project, *days: str) -> pd.DataFrame:
    history = load_history(load_rubrics(), project / "data")
    rows = history[history["day"].isin(days)]
    return rows.assign(max=[f"{most:g}" if most == most else "" for most in rows["max"]])


def alike(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    def text(rows: pd.DataFrame) -> list[tuple[str, ...]]:
        rows = rows.assign(
            value=[f"{float(value):g}" for value in rows["value"]], decimals=rows["decimals"].astype(str)
        )
        return sorted(rows[AS_STORED].itertuples(index=False, name=None))

    assert text(found) == text(wanted)


@pytest.mark.parametrize(
    "day", ["2025-10-16", *(pytest.param(day, marks=pytest.mark.slow) for day in ("2025-10-11", "2025-10-15"))]
)
def test_a_workbook_of_the_portal_gives_the_rows_that_are_stored_of_it(bare, tmp_path, day):
    rows = raw(day)
    rows = rows[rows["period"].isin(("2025", "2025-10"))]
    sheets = {"Điểm năm": rows[rows["period"] == "2025"], "Điểm tháng": rows[rows["period"] == "2025-10"]}
    of_units = rows["entity"].str.contains(", An Giang")
    units = rows[of_units & (rows["period"] == "2025-10")]
    departments = units["entity"].str.startswith(("Sở", "Ban", "Thanh tra"))
    sheets |= {"Sở Ban": units[departments], "Xã Phường": units[~departments]}
    sheets["Điểm tháng"] = rows[(rows["period"] == "2025-10") & ~of_units]
    path = workbook(tmp_path / "x.xlsx", {title: lines_of(frame) for title, frame in sheets.items()})
    text = run("add", str(path), "--as-of", day, "--month", "2025-10", "--yes", "--lang", "en")[0]
    assert "185 of the 185" in text and "15 departments of An Giang" in text and "102 communes" in text
    assert "sheet “Xu hướng”, no line names an entity" in text
    alike(stored(bare, day), rows)
    assert len(load_project().units) == 117


def test_years_of_a_capture_are_whole_and_have_no_day_of_their_own(bare, tmp_path):
    rows = raw("2025-11-05")
    wide = rows.pivot(index=["entity", "period"], columns="code", values="value").reset_index()
    lines = ["\ufeff" + ",".join([*YEARS, "Nam"])]
    for row in wide.to_dict("records"):
        cells = [office(row["entity"]), *(row[code] for code in YEARS.values() if code), row["period"]]
        lines.append(",".join(cells))
    path = tmp_path / "years.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    run("add", str(path), "--as-of", "2025-11-05", "--yes")
    alike(stored(bare, "2025-11-05"), rows)
    dashed = tmp_path / "excel.csv"  # as Excel of a Vietnamese computer saves it
    dashed.write_text("\n".join(lines).replace(",", ";").replace(".", ","), encoding="utf-8")
    data = json.loads(run("add", str(dashed), "--as-of", "2025-11-05", "--dry-run", "--json")[0])
    assert {card["state"] for card in data["cards"]} == {"same"} and len(data["cards"]) == 102


def answer(scores: str, **more: object) -> dict[str, object]:
    """One province of the API: Đồng Tháp on 10 October 2026, in either of the shapes in which tools keep it."""
    groups = {"CKMB": 11.46, "TDGQ": 17.69, "CLGQ": 8.84, "MDSH": 9.72, "MDHL": 14.67, "TTTT": 6.42}
    if scores == "groupScores":
        groups = {{"CLGQ": "ONLINE"}.get(name, name): value for name, value in groups.items()}
    card = {"departmentName": "UBND tỉnh Đồng Tháp", "departmentCode": "H20", "totalScore": 68.8, "rank": 1}
    return {**card, scores: groups, **more}


def test_both_shapes_of_the_api_give_what_is_stored(project_copy, tmp_path):
    metrics = [{"code": "REUSED_DIGITIZED_DATA", "numerator": 119406, "denominator": 405424, "ratio": 29.45}]
    metrics[0] |= {"score": 0.74, "maxScore": 2}
    metrics.append({"code": "PETITION_CLASSIFICATION_STAFF", "numerator": 40, "denominator": 286, "ratio": 13.99})
    detail = answer("groupScores", componentIndicators={"MDSH_SoHoaHoSo": {"score": 9.72, "metrics": metrics}})
    about = {"timeType": "year", "year": 2026, "period": None, "extractedAt": "2026-10-10T07:00:40Z"}
    shapes = [
        {"year": 2026, "date": "2026-10-10", "provinces": [answer("scores")]},
        {"metadata": about, "provinces": [detail]},
    ]
    for number, shape in enumerate(shapes):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(shape), encoding="utf-8")
        data = json.loads(run("add", str(path), "--dry-run", "--json")[0])
        (card,) = data["cards"]
        assert (card["state"], card["period"], card["scope"], card["total"]) == ("same", "2026", "year_to_date", 68.8)
        assert data["not_understood"] == [] and len(card["figures"]) == (8, 12)[number]


# What cannot be stored


def table(*lines: str) -> bytes:
    return "\n".join(["TEN,TDGQ,MDHL,MDSH,TTTT,CLGQ,CKMB,TONG_SCORE", *lines]).encode()


SOUND = "UBND tỉnh Sơn La,19,17,15,8,9,12,80"


def added(content: bytes, name: str = "t.csv", **more: object):
    path = REPOSITORY / name
    return filing.add(path, content, "", str(more.pop("month", "2025-11")), "2025-11-20", **more)[0]


@pytest.fixture
def asked(project_copy, monkeypatch):
    """asked(content) is what `add` says of a CSV table of November 2025."""
    real = read_bytes
    monkeypatch.setattr("analysis.notices.documents.read_bytes", lambda data, _name: real(data, "t.csv"))
    return added


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("UBND tỉnh Sơn Tây,19,17,15,8,9,12,80", "“UBND tỉnh Sơn Tây” is no province and no unit that is known"),
        (SOUND, "Sơn La stands twice, first in line 2"),
        (
            "UBND tỉnh Lai Châu,19,17,15,8,9,12,81",
            "sum to 80.00, and the total is printed as 81.00; rounding allows 79.970",
        ),
        ("UBND tỉnh Lai Châu,19,17,15,8,9,1x,80", "“1x” is not a number that can be read for sure (transparency)"),
        ("UBND tỉnh Lai Châu,21,15,15,8,9,12,80", "21 is more than the maximum 20"),
    ],
)
def test_what_is_not_sound_is_named_and_nothing_or_only_the_rest_is_stored(asked, line, words):
    found = asked(table(SOUND, line))
    assert any(words in failure for failure in found.failures), found.failures
    rest = asked(table(SOUND, line), only_sound=True)
    twice = line == SOUND
    assert rest.failures == [] and [card["entity"] for card in rest.data["cards"]] == ["Sơn La"][twice:]
    assert any(words in reason for reason in rest.data["unsound"])


def test_a_column_that_is_not_understood_is_named_with_the_nearest(asked):
    content = table(SOUND).replace(b"TONG_SCORE", b"TONG_SCORES")
    (left,) = asked(content).data["not_understood"]
    assert left == "column “TONG_SCORES” was not understood; like “TONG_SCORE” and “tổng số điểm”"


def test_the_period_and_the_day_are_asked_for_with_the_likely_ones(project_copy):
    book, rubrics = load_phrasebook(), load_rubrics()
    document = read_bytes(table(SOUND), "portal-2025-11-20.csv")
    assert exports.is_export(document, book)
    with pytest.raises(UsageError) as told:
        exports.read_export(document, rubrics, book, {})
    assert told.value.next_step.endswith("scorecard add portal-2025-11-20.csv --as-of 2025-11-20")
    with pytest.raises(UsageError) as told:
        exports.read_export(document, rubrics, book, {}, as_of="2025-11-20")
    assert "--month 2025-11 --as-of 2025-11-20" in told.value.next_step


def test_what_is_no_table_is_refused(project_copy):
    book, rubrics = load_phrasebook(), load_rubrics()
    for content, error in ((b'{"a": 1}', BulletinError), (b'{"a": ', BulletinError)):
        with pytest.raises(error):
            exports.read_export(read_bytes(content, "x.json"), rubrics, book, {}, "2025-11", "2025-11-20")
    with pytest.raises(DocumentError):
        read_bytes(b"PK\x03\x04", "x.xlsx")
    letter = read_bytes("Tổng điểm của tỉnh Hòa Bình đạt 58,83/100 điểm".encode(), "x.txt")
    assert not exports.is_export(letter, book)


@pytest.mark.parametrize(
    ("above", "table"),
    [
        ("Kết quả tháng 9/2025", True),
        ("Bảng điểm các địa phương tháng 9/2025, trích từ Cổng Dịch vụ công quốc gia", True),
        ("Hà Tĩnh xếp thứ 5 tháng 9/2025", False),
        ("Tháng 9/2025 tỉnh đạt 80,11/100 điểm. Các tỉnh lân cận:", False),
        ("Tháng 9/2025 có 2 tỉnh trên 80,0 điểm", False),
    ],
)
def test_a_notice_with_a_table_behind_it_is_no_export(above, table):
    rows = "Địa phương\tTổng điểm\tXếp hạng\nHà Tĩnh\t80,11\t5\nNghệ An\t79,02\t8\n"
    document = read_bytes(f"{above}\n{rows}".encode(), "x.txt")
    assert exports.is_export(document, load_phrasebook()) == table


def test_no_day_is_proposed_where_none_is_known():
    document = read_bytes("Địa phương\tTổng điểm\tXếp hạng\nHà Tĩnh\t80,11\t5\n".encode(), "x.txt")
    with pytest.raises(UsageError) as told:
        exports.read_export(document, load_rubrics(), load_phrasebook(), {})
    assert told.value.next_step.endswith("--as-of YYYY-MM-DD")


def test_an_older_capture_is_kept_and_does_not_count_and_a_newer_one_does(project_copy, tmp_path):
    path = tmp_path / "t.csv"
    line = "UBND tỉnh Sơn La,19,17,15,8,9,12,80"
    path.write_bytes(table(line))
    text = run("add", str(path), "--month", "2025-10", "--as-of", "2025-10-05", "--yes", "--lang", "en")[0]
    assert "kept without counting: 1." in text
    assert load_project().shown("Sơn La", "2025-10").day == "2025-10-16"
    path.write_bytes(table(line.replace("12,80", "12.5,80.5")))
    text = run("add", str(path), "--month", "2025-10", "--as-of", "2025-11-20", "--yes", "--lang", "en")[0]
    assert "a correction and no performance: 1." in text and "→ 80.50" in text
    assert load_project().shown("Sơn La", "2025-10").day == "2025-11-20"
    assert load_project().as_of("2025-10-06").shown("Sơn La", "2025-10").day == "2025-10-05"


def test_our_own_long_form_goes_back_as_it_was(project_copy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = filing.export("2024-07", "Hòa Bình")
    before = load_history(load_rubrics())
    own = project_copy / "data/observations/hoa-binh.csv"
    rows = pd.read_csv(own, dtype=str, keep_default_na=False)
    rows[rows["period"] != "2024-07"].to_csv(own, index=False)
    shutil.rmtree(project_copy / "data/bulletins", ignore_errors=True)
    run("add", str(path), "--yes")
    after = load_history(load_rubrics())
    of = [frame[(frame["entity"] == "Hòa Bình") & (frame["period"] == "2024-07")] for frame in (before, after)]
    columns = [*AS_STORED[:7], "unit", "kind", "source", "quote"]
    alike_rows = [sorted(map(tuple, frame[columns].astype(str).to_numpy())) for frame in of]
    assert alike_rows[0] == alike_rows[1] and len(alike_rows[0]) == 15


def test_a_hundred_thousand_rows_are_named_not_drowned_in(asked):
    found = asked(table(*(f"UBND tỉnh X{number},19,17,15,8,9,12,80" for number in range(20_000))))
    assert len(found.failures) == 20_000 and str(found).count("\n") < 20

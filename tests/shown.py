"""What a section says and shows, as plain words; and frames as results have them."""

import pandas as pd

from analysis.report.section import Section, Table


def frame(columns: str, *rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns.split())


def said(section: Section) -> list[str]:
    return [str(words) for words in section.said]


def tables(section: Section) -> dict[str, list[list[str]]]:
    """Caption → rows of each table that stands by itself."""
    shown = [part for part in section.parts if isinstance(part, Table)]
    return {part.caption: [[str(cell) for cell in row] for row in part.rows] for part in shown}

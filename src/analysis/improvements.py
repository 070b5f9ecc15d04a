"""Which improvements did someone write down, to weigh them in a report?

A small TOML file: for which province and period, which rates, which target, and under which rules and figures it was
made. The explorer writes it, `scorecard report --levers FILE` takes it; it can be written by hand too, and then only
the table `levers` is needed.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from analysis import project
from analysis.errors import ParameterError
from analysis.files import replace_all, writing
from analysis.identification.identify import Identified
from analysis.language import _, finding_in_words, slug
from analysis.scorecards.history import data_hash
from analysis.scorecards.rubric import load_rubrics, rubric_in_force
from analysis.whatif import check_levers, check_target

LARGEST = 64 * 1024
FOLDER = "scenarios"


class Improvements(BaseModel):
    """Rates to reach in percent, by indicator; a target total in points; and what the file was made from.

    `entity` and `month` are empty where the file does not say for whom it is; `rubric` and `data_hash` where it was
    written by hand.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
    entity: str = ""
    month: str = ""
    target_score: float | None = Field(default=None, gt=0, le=100)
    rubric: str = ""
    data_hash: str = ""
    levers: dict[str, float] = Field(min_length=1)


def save_improvements(
    identified: Identified, levers: Mapping[str, float], target_score: float | None = None, path: Path | None = None
) -> Path:
    """Write improvements of a month down; the file, by default `reports/scenarios/<entity>-<month>.toml`.

    Raises
    ------
    ParameterError: a lever or a target that cannot be weighed (see `whatif`).
    WriteError: the file cannot be written; one that was there is unchanged.
    """
    if not levers:
        raise ParameterError(_("There is no improvement to write down."), [], _("Raise at least one rate first."))
    check_levers(identified, levers)
    check_target(identified, target_score)
    name = f"{slug(identified.entity)}-{identified.period}.toml"
    path = path or project.root() / "reports" / FOLDER / name
    lines = [
        f"entity = {_quoted(identified.entity)}",
        f"month = {_quoted(identified.period)}",
        *([] if target_score is None else [f"target_score = {float(target_score)!r}"]),
        f"rubric = {_quoted(identified.rubric.id)}",
        f"data_hash = {_quoted(data_hash())}",
        "",
        "[levers]",
        *(f"{code} = {float(rate)!r}" for code, rate in levers.items()),
        "",
    ]
    with writing(_("No file was written.")):
        replace_all({path: "\n".join(lines).encode()})
    return path


def load_improvements(path: Path) -> Improvements:
    """Read improvements. Raises ParameterError naming the file and the field."""
    try:
        content = path.read_bytes()[: LARGEST + 1]
        if len(content) > LARGEST:
            raise ValueError(_("it is larger than {size} kB").format(size=LARGEST // 1024))
        return Improvements.model_validate(tomllib.loads(content.decode("utf-8")))
    except ValidationError as error:
        rows = [f"{'.'.join(map(str, item['loc']))}: {finding_in_words(item)}" for item in error.errors()]
    except FileNotFoundError:
        rows = [_("{path}: there is no such file").format(path=path)]
    except OSError as error:
        rows = [error.strerror or str(error)]
    except ValueError as error:  # not UTF-8, not TOML
        rows = [str(error)]
    raise ParameterError(
        _("The improvements in {file} cannot be read.").format(file=path.name),
        rows,
        _("Write it as the explorer does: a table [levers] with a line such as e_result = 80."),
    )


def out_of_date(written: Improvements, month: str) -> list[str]:
    """What is another now than when the file was made: sentences, none where it is as it was."""
    said = []
    if month and written.rubric and written.rubric != (rules := rubric_in_force(load_rubrics(), month).id):
        words = _("The file was made under the rules {old}; they are weighed under {new} now.")
        said.append(words.format(old=written.rubric, new=rules))
    elif written.data_hash and written.data_hash != data_hash():
        said.append(_("Figures or rules changed since the file was made; they are weighed on those of today."))
    return said


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

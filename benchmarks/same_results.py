"""Does the package still say the same? What it makes of five cards, kept before a change and compared after it.

    python benchmarks/same_results.py keep FOLDER      what the code of this checkout says now
    python benchmarks/same_results.py compare OLD NEW  every difference between two such folders; exit 1 where one is

Kept are, for Hòa Bình 2023-04 and 2024-07, Phú Thọ 2026, a province of a synthetic project that has communes and one
of these: `figures.csv`, every cell of the workbook and the `<main>` of the page, in the language of the office and
once in English; what every command prints as JSON; and how a notice is read. Left out is what is meant to differ: the
commit.
"""

from __future__ import annotations

import difflib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
SCORECARD = Path(sys.executable).with_name("scorecard")
CARDS = (("hoa-binh", "2023-04", 70), ("hoa-binh", "2024-07", 90), ("phu-tho", "2026", 70))  # with a total to reach
SIMULATED = (("mo-phong-01", "2023-03", 80), ("mo-phong-01-xa-002", "2023-03", 90))
NOTICES = ("hoa-binh-2023-04.docx", "05-dong-nai.txt", "25-dak-lak-2026.txt")
MOST_LINES = 12  # of one difference that is shown


def run(project: Path, *command: str) -> str:
    """What a command prints; of one that fails, its exit code and its message."""
    done = subprocess.run([SCORECARD, *command], cwd=project, capture_output=True, text=True, encoding="utf-8")
    return done.stdout if done.returncode == 0 else f"exit {done.returncode}\n{done.stderr}"


def keep_report(project: Path, entity: str, month: str, kept: Path, *options: str) -> None:
    """The figures, the workbook's cells and the page of one report."""
    from openpyxl import load_workbook

    said = run(project, "report", month, "-e", entity, *options)
    folder = project / "reports" / entity / month
    if not folder.is_dir():
        raise SystemExit(f"{entity} {month}: {said}")
    kept.mkdir(parents=True)
    shutil.copy(folder / "figures.csv", kept)
    page = (folder / "index.html").read_text(encoding="utf-8")
    main = re.search(r"<main.*</main>", page, flags=re.DOTALL)
    if main is None:
        raise SystemExit(f"{entity} {month}: the page has no <main>")
    shown = re.sub(r"(commit )[0-9a-f]+\+?|(commit )\w+ \w+", r"\1", main.group()).replace("><", ">\n<")
    (kept / "main.html").write_text(shown, encoding="utf-8")
    cells = [
        f"{sheet.title}!{cell.coordinate}: {cell.value!r}"
        for sheet in load_workbook(folder / "workbook.xlsx")
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    ]
    (kept / "workbook.txt").write_text("\n".join(cells), encoding="utf-8")


def commands_of(entity: str, month: str, target: int) -> dict[str, tuple[str, ...]]:
    """Every command that answers as JSON, about the card of one entity and month."""
    of = ("-e", entity)
    return {
        "losses": ("losses", month, *of),
        "whatif": ("whatif", month, *of, "--target", str(target)),
        "whatif-one": ("whatif", month, *of, "--set", "on_time=100"),
        "identify": ("identify", month, *of),
        "identify-alone": ("identify", month, *of, "--alone"),
        "plan": ("plan", month, *of, "--target", str(target)),
        "plan-budget": ("plan", month, *of, "--budget", "50"),
        "rank": ("rank", month, *of),
        "rank-gain": ("rank", month, *of, "--gain", "3.97"),
    }


def keep(folder: Path) -> None:
    """Everything that is compared, in a new folder."""
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as place:
        real, made = Path(place) / "real", Path(place) / "made"
        real.mkdir()
        for name in ("data", "notebooks"):
            shutil.copytree(REPOSITORY / name, real / name)
        run(Path(place), "synthetic", str(made), "--units", "6", "--from", "2023-01", "--to", "2023-03")
        for project, cards, options in ((real, CARDS, ()), (made, SIMULATED, ("--allow-synthetic",))):
            for entity, month, target in cards:
                keep_report(project, entity, month, folder / f"{entity}-{month}", *options)
                for name, command in commands_of(entity, month, target).items():
                    for kind, option in (("json", ("--json",)), ("txt", ())):
                        said = run(project, *command, *option)
                        (folder / f"{entity}-{month}" / f"{name}.{kind}").write_text(said, encoding="utf-8")
        keep_report(real, "hoa-binh", "2023-04", folder / "english", "--lang", "en")
        others = {
            "change": ("change", "2023-04", "2024-07"),
            "check": ("check",),
            "assume": ("identify", "2023-04", "--assume"),
        }
        notices = REPOSITORY / "tests" / "notices" / "files"
        others |= {f"add-{name}": ("add", str(notices / name), "--dry-run") for name in NOTICES}
        for name, command in others.items():
            for kind, option in (("json", ("--json",)), ("txt", ())):
                (folder / f"{name}.{kind}").write_text(run(real, *command, *option), encoding="utf-8")
    print(sum(path.is_file() for path in folder.rglob("*")), "files are kept in", folder)


def compare(old: Path, new: Path) -> int:
    """Print every file that differs, and how; how many do."""
    names = sorted({path.relative_to(root) for root in (old, new) for path in root.rglob("*") if path.is_file()})
    if not names:
        raise SystemExit("nothing is kept in these folders")
    differing = 0
    for name in names:
        texts = [_plain(root / name) if (root / name).is_file() else "" for root in (old, new)]
        if texts[0] != texts[1]:
            differing += 1
            lines = [text.splitlines() for text in texts]
            changed = [
                line for line in difflib.unified_diff(*lines, n=0, lineterm="") if line[:3] not in ("---", "+++")
            ]
            print(f"{name}: {sum(line[0] in '+-' for line in changed)} lines differ")
            print(*(f"  {line[:240]}" for line in changed[:MOST_LINES]), sep="\n")
    print(f"{len(names)} files compared, {differing} differ")
    return differing


def _plain(path: Path) -> str:
    """A kept file without what says nothing: the order of keys in JSON, empty lines of a page."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json" and not text.startswith("exit"):
        return json.dumps(json.loads(text), ensure_ascii=False, indent=1, sort_keys=True)
    return "\n".join(filter(None, text.splitlines())) if path.suffix == ".html" else text


def main(arguments: list[str]) -> None:
    """Keep or compare, as the words above say."""
    match arguments:
        case ["keep", folder]:
            keep(Path(folder).resolve())
        case ["compare", old, new]:
            sys.exit(compare(Path(old), Path(new)) > 0)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])

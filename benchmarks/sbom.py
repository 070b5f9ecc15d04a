"""What is installed with the package, from which files, under which licences? A CycloneDX list made from the lock.

    python benchmarks/sbom.py [FILE]    to a file, or to standard output

Nothing is asked of a network: names, versions and hashes are those of requirements.lock, licences those that the
installed packages state of themselves; of a package that is not installed here (another system, another Python) the
licence is not known. Known weaknesses are not audited, and the list says so: an empty audit is no clean one.
"""

from __future__ import annotations

import hashlib
import importlib.metadata as metadata
import json
import re
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[1]
LOCK = REPOSITORY / "requirements.lock"
NOT_AUDITED = "not audited: no database of weaknesses was asked"
LINE = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)(?:\s*;\s*(?P<marker>[^\\]+))?")


@dataclass(frozen=True)
class Locked:
    """One line of the lock; `marker` says where it is installed, "" everywhere."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def locked(text: str) -> Iterator[Locked]:
    """The packages of a lock. Raises ValueError for a line that is none."""
    for entry in re.split(r"\n(?=\S)", text.strip()):
        found = LINE.match(entry)
        if found is None:
            raise ValueError(entry.partition("\n")[0])
        hashes = tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", entry))
        yield Locked(found["name"].lower(), found["version"], (found["marker"] or "").strip(), hashes)


def licence_of(name: str, version: str) -> str:
    """What an installed package of this very version says of its licence; "" where it is not here or says nothing."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    if about["Version"] != version:
        return ""
    if expression := about.get("License-Expression"):
        return expression
    classes = [
        line.rpartition(" :: ")[2] for line in about.get_all("Classifier") or [] if line.startswith("License ::")
    ]
    stated = [one for one in classes if one not in ("OSI Approved",)]
    return ", ".join(stated) or (about.get("License") or "").strip().partition("\n")[0][:120]


def bill() -> dict[str, Any]:
    """The list: the same lock and the same installation give the same list."""
    lock = LOCK.read_bytes()
    digest = hashlib.sha256(lock).hexdigest()
    components = []
    for item in locked(lock.decode("utf-8")):
        licence = licence_of(item.name, item.version)
        components.append(
            {
                "type": "library",
                "bom-ref": f"pkg:pypi/{item.name}@{item.version}",
                "name": item.name,
                "version": item.version,
                "purl": f"pkg:pypi/{item.name}@{item.version}",
                "hashes": [{"alg": "SHA-256", "content": content} for content in item.hashes],
                **({"licenses": [{"license": {"name": licence}}]} if licence else {}),
                **({"properties": [{"name": "marker", "value": item.marker}]} if item.marker else {}),
            }
        )
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, digest)}",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "bom-ref": "scorecard-766", "name": "scorecard-766"},
            "properties": [
                {"name": "lock:sha256", "value": digest},
                {"name": "vulnerabilities", "value": NOT_AUDITED},
            ],
        },
        "components": components,
    }


def main(arguments: list[str]) -> None:
    """Write the list, and say on standard error what it does not know."""
    made = bill()
    text = json.dumps(made, ensure_ascii=False, indent=1) + "\n"
    if arguments:
        Path(arguments[0]).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    unknown = sum("licenses" not in item for item in made["components"])
    print(f"{len(made['components'])} packages, {unknown} without a known licence; {NOT_AUDITED}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])

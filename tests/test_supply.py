"""Is everything that is installed locked by its hash, new enough, under a licence that we may use, and listed?"""

from __future__ import annotations

import importlib.metadata as metadata
import json
import re
import runpy
import subprocess
import sys
import tomllib

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.version import Version

from places import REPOSITORY

SBOM = runpy.run_path(str(REPOSITORY / "benchmarks" / "sbom.py"))
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKED = list(SBOM["locked"]((REPOSITORY / "requirements.lock").read_text(encoding="utf-8")))
HERE = [item for item in LOCKED if not item.marker or Marker(item.marker).evaluate()]
# Below these: CVE-2026-44727 (a notebook's page ran code), five advisories, CVE-2026-39377 and -39378 (paths outside).
FLOORS = {"jupyter-server": "2.20.0", "jupyterlab": "4.6.2", "nbconvert": "7.17.1"}
REFUSED = re.compile(r"\b(AGPL|Affero|GPL-3|GPLv3|GPL-2|GPLv2|SSPL|BUSL)\b", re.IGNORECASE)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_package_is_locked_by_version_and_hash(record_property):
    record_property("cases", len(LOCKED))
    assert len(LOCKED) > 100
    assert [item.name for item in LOCKED if not item.hashes] == []
    assert len({(item.name, item.marker) for item in LOCKED}) == len(LOCKED)


@pytest.mark.parametrize("line", PROJECT["dependencies"])
def test_what_is_asked_for_is_what_is_locked(line):
    asked = Requirement(line)
    found = [item for item in HERE if canonical(item.name) == canonical(asked.name)]
    assert len(found) == 1 and asked.specifier.contains(found[0].version)


def test_what_is_installed_here_is_what_is_locked(record_property):
    """Development tools lie beside them; of what is locked nothing may be missing or another."""
    record_property("cases", len(HERE))
    different = {}
    for item in HERE:
        try:
            installed = metadata.version(item.name)
        except metadata.PackageNotFoundError:
            installed = "missing"
        if installed != item.version:
            different[item.name] = (installed, item.version)
    assert different == {}


@pytest.mark.parametrize("name", FLOORS)
def test_what_had_weaknesses_is_new_enough(name):
    (version,) = {item.version for item in HERE if canonical(item.name) == name}
    assert Version(version) >= Version(FLOORS[name])


def test_licences_are_stated_and_allow_what_we_do(record_property):
    licences = {item.name: SBOM["licence_of"](item.name, item.version) for item in HERE}
    record_property("cases", len(licences))
    assert [name for name, licence in licences.items() if not licence] == []
    refused = {name: licence for name, licence in licences.items() if REFUSED.search(licence)}
    assert refused == {}


def test_the_list_has_every_locked_package_and_says_that_nothing_was_audited():
    command = [sys.executable, str(REPOSITORY / "benchmarks" / "sbom.py")]
    one, two = (subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True) for _ in range(2))
    assert one.stdout == two.stdout and "not audited" in one.stderr
    made = json.loads(one.stdout)
    assert (made["bomFormat"], made["specVersion"], made["version"]) == ("CycloneDX", "1.6", 1)
    assert [(item["name"], item["version"]) for item in made["components"]] == [
        (item.name, item.version) for item in LOCKED
    ]
    assert {"name": "vulnerabilities", "value": SBOM["NOT_AUDITED"]} in made["metadata"]["properties"]
    for item in made["components"]:
        assert item["purl"] == f"pkg:pypi/{item['name']}@{item['version']}" == item["bom-ref"]
        assert all(re.fullmatch(r"[0-9a-f]{64}", one["content"]) for one in item["hashes"])


def test_a_line_that_locks_nothing_is_refused():
    with pytest.raises(ValueError, match="numpy>=2"):
        list(SBOM["locked"]("numpy>=2\nscipy==1.17.1 \\\n    --hash=sha256:" + "0" * 64))

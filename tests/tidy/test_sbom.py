"""The bill of materials: what the lock pins and nothing else, in CycloneDX, the same bytes each time."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from tests.helpers.source_tree import ROOT, read
from workstation import __version__

LOCK = ROOT / "packaging" / "lock" / "run.txt"
PINNED = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)", re.MULTILINE)


def written(file: Path) -> bytes:
    command = [sys.executable, str(ROOT / "packaging" / "sbom.py"), str(file)]
    subprocess.run(command, check=True, cwd=file.parent)
    return file.read_bytes()


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return dict(json.loads(written(tmp_path_factory.mktemp("bill") / "sbom.json")))


def test_it_names_what_the_lock_pins_and_nothing_else(bill: dict[str, Any]) -> None:
    pinned = sorted((canonicalize_name(pin["name"]), pin["version"]) for pin in PINNED.finditer(read(LOCK)))
    assert sorted((row["name"], row["version"]) for row in bill["components"]) == pinned
    assert all(row["purl"] == f"pkg:pypi/{row['name']}@{row['version']}" for row in bill["components"])


def test_each_component_carries_every_hash_of_its_pin_and_its_condition(bill: dict[str, Any]) -> None:
    told = [digest["content"] for row in bill["components"] for digest in row["hashes"]]
    assert sorted(told) == sorted(re.findall(r"--hash=sha256:([0-9a-f]{64})", read(LOCK)))
    assert all(row["hashes"] for row in bill["components"])
    conditions = [part["value"] for row in bill["components"] for part in row.get("properties", ())]
    assert sorted(conditions) == sorted(re.findall(r"^\S+==\S+ ; (.+?) \\$", read(LOCK), re.MULTILINE))


def test_it_is_a_cyclonedx_document_whose_references_are_its_own(bill: dict[str, Any]) -> None:
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.5", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bill["serialNumber"])
    about = bill["metadata"]["component"]
    assert (about["type"], about["name"], about["version"]) == ("application", "workstation", __version__)
    references = [row["bom-ref"] for row in bill["components"]]
    assert len({about["bom-ref"], *references}) == len(references) + 1
    assert bill["dependencies"] == [{"ref": about["bom-ref"], "dependsOn": references}]


def test_the_same_lock_gives_the_same_bytes(tmp_path: Path) -> None:
    assert written(tmp_path / "one.json") == written(tmp_path / "two.json")


def test_without_a_file_it_says_how_it_is_called(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "packaging" / "sbom.py")]
    told = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True)
    assert (told.returncode, told.stderr) == (2, "usage: python3 packaging/sbom.py FILE\n")

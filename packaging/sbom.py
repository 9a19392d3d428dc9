"""Write the bill of materials of the program, CycloneDX 1.5 as JSON: `python3 packaging/sbom.py FILE`.

Its components are the pins of the lock that `bootstrap.py` installs, each with the hashes that its files must have and,
where it is for some systems alone, the condition. The same lock gives the same bytes: no time and no chance is in it.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any

import bootstrap

SPEC_VERSION = "1.5"
PIN = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?: ; (?P<condition>[^\\\n]+?))? \\\n(?P<hashes>(?: +--hash=.*\n)+)",
    re.MULTILINE,
)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
VERSION = re.compile(r'^__version__ = "(?P<version>[^"]+)"$', re.MULTILINE)


def bill() -> dict[str, Any]:
    """Return the bill of materials as plain values.

    Raises:
        ValueError: a line of the lock, or the program's version, cannot be read.
    """
    lock = bootstrap.LOCKS["run"].read_text(encoding="utf-8")
    rest = PIN.sub("", lock).strip()
    program = VERSION.search((bootstrap.ROOT / "workstation" / "__init__.py").read_text(encoding="utf-8"))
    if rest or program is None:
        raise ValueError(f"not read: {rest[:100] or 'the version of the program'}")
    components = [_component(pin) for pin in PIN.finditer(lock)]
    name, version = "workstation", program["version"]
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([name, version, components], sort_keys=True))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "bom-ref": name, "name": name, "version": version},
        },
        "components": components,
        "dependencies": [{"ref": name, "dependsOn": [component["bom-ref"] for component in components]}],
    }


def _component(pin: re.Match[str]) -> dict[str, Any]:
    name, version, condition = pin["name"].lower().replace("_", "-"), pin["version"], pin["condition"]
    url = f"pkg:pypi/{name}@{version.replace('+', '%2B')}"
    found = {
        "type": "library",
        "bom-ref": url if condition is None else f"{url}#{uuid.uuid5(uuid.NAMESPACE_URL, condition)}",
        "name": name,
        "version": version,
        "purl": url,
        "scope": "required",
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in HASH.findall(pin["hashes"])],
    }
    return found if condition is None else {**found, "properties": [{"name": "python:marker", "value": condition}]}


def main(arguments: list[str]) -> int:
    """Write the bill to the file that is named; returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python3 packaging/sbom.py FILE\n")
        return 2
    text = json.dumps(bill(), indent=2, ensure_ascii=False) + "\n"
    Path(arguments[0]).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

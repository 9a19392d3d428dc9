"""The import contracts of pyproject.toml hold, and each would be noticed if it were broken.

A violation of each contract is planted in a copy of the package; import-linter must name the planted import. Otherwise
a contract could be misspelt into one that is always kept. Imports inside functions are planted as well.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.helpers.source_tree import ROOT, read

CONTRACTS = tomllib.loads(read(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]
LAYERS = [re.findall(r"\w+", layer) for layer in CONTRACTS[0]["layers"]]
PACKAGES = [name for layer in LAYERS for name in layer if name != "__main__"]
SECONDS_MAX = 120  # one run of the linter takes less than one

# Contract, the importing module below `workstation`, what it imports.
PLANTED = [
    # Each layer reaches for the one above it.
    *[("layers", f"{low}.planted", f"workstation.{high}") for (high, *_), (low, *_) in itertools.pairwise(LAYERS[1:])],
    # Siblings reach for each other, in a ring.
    ("layers", "desktop.planted", "workstation.api"),
    ("layers", "api.planted", "workstation.brokers"),
    ("layers", "brokers.planted", "workstation.storage"),
    ("layers", "storage.planted", "workstation.desktop"),
    ("layers", "commands.planted", "workstation.viewmodels"),
    # The core reads settings.
    ("layers", "orders.planted_settings", "workstation.config"),
    ("rim", "brokers.sim.planted", "workstation.orders"),
    ("rim", "brokers.planted", "workstation.marketdata"),
    ("rim", "storage.planted", "workstation.viewmodels"),
    ("rim", "storage.planted_late", "workstation.portfolio"),
    ("layers", "client.planted", "workstation.storage"),
    ("client", "client.planted_config", "workstation.config"),
    ("client", "client.planted_deep", "workstation.domain.orders"),
    ("client", "client.planted_late", "structlog"),
    ("examples", "strategies.examples.planted", "workstation.strategies.planted_runner"),
    ("examples", "strategies.examples.planted_late", "workstation.orders"),
    ("examples", "strategies.examples.planted_deep", "workstation.domain"),
    ("qt", "viewmodels.planted", "PySide6.QtCore"),
    ("qt", "app.planted", "qasync"),
    ("qt", "commands.planted", "PySide6QtAds"),
    ("qt", "api.planted", "pyqtgraph"),
    ("charts", "desktop.panels.planted", "pyqtgraph"),
    ("sql", "app.planted", "sqlalchemy.engine"),
    ("sql", "api.planted", "psycopg"),
    ("sql", "brokers.planted", "pysqlite3"),
    ("sql", "config.planted", "alembic"),
    ("web", "app.planted", "uvicorn"),
    ("web", "brokers.planted", "starlette.responses"),
    ("web", "desktop.planted", "fastapi"),
    ("pydantic", "domain.planted", "pydantic"),
    ("pydantic", "strategies.planted_runner", "pydantic"),
    ("pydantic", "viewmodels.planted", "pydantic_settings"),
    ("io", "orders.planted", "socket"),
    ("io", "marketdata.planted", "httpx"),
    ("io", "kernel.planted", "subprocess"),
]  # fmt: skip


def lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the linter on the copy of the package in `folder`."""
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    wide = {**os.environ, "COLUMNS": "400"}  # so that no planted import is broken over two lines
    command = [sys.executable, "-c", program, "--no-cache", "--no-logo", *arguments]
    return subprocess.run(
        command, cwd=folder, env=wide, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )


def plant(folder: Path, module: str, imported: str) -> None:
    """Write a module that imports something, in a function when its name says late."""
    path = folder / "workstation" / Path(*module.split(".")).with_suffix(".py")
    for package in [path.parent, *path.parents]:
        if package == folder:
            break
        package.mkdir(exist_ok=True)
        (package / "__init__.py").touch()
    late = module.endswith("late")
    with path.open("a", encoding="utf-8") as file:
        file.write(f"def late():\n    import {imported}\n" if late else f"import {imported}\n")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the package, with every package of the architecture in it, empty where it is not written yet."""
    shutil.copytree(ROOT / "workstation", tmp_path / "workstation", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        (tmp_path / "workstation" / package).mkdir(exist_ok=True)
        (tmp_path / "workstation" / package / "__init__.py").touch()
    return tmp_path


def test_every_contract_holds_in_the_tree() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_violation_is_planted_for_every_contract() -> None:
    assert {contract["id"] for contract in CONTRACTS} == {contract for contract, *_ in PLANTED}


@pytest.mark.parametrize("contract", [contract["id"] for contract in CONTRACTS])
def test_a_planted_violation_of_the_contract_is_caught(contract: str, copy: Path) -> None:
    planted = [(module, imported) for identity, module, imported in PLANTED if identity == contract]
    for module, imported in planted:
        plant(copy, module, imported)
    plant(copy, "strategies.planted_runner", "workstation.domain")
    done = lint(copy, "--contract", contract)
    assert done.returncode == 1, done.stdout + done.stderr
    caught = {tuple(pair) for pair in re.findall(r"(workstation\S+) -> (\S+)", done.stdout)}
    for module, imported in planted:
        name = imported if imported.startswith("workstation") else imported.partition(".")[0]
        assert (f"workstation.{module}", name) in caught, done.stdout


def test_a_package_outside_the_architecture_is_caught(copy: Path) -> None:
    plant(copy, "analytics.planted", "workstation.domain")
    done = lint(copy, "--contract", "layers")
    assert done.returncode == 1
    assert "workstation.analytics" in done.stdout

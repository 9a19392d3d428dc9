"""The set-up script and its lock: pinned by hash, complete, without a host, and readable by an old Python."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.helpers.source_tree import ROOT, read

SCRIPT = ROOT / "packaging" / "bootstrap.py"
PROJECT = tomllib.loads(read(ROOT / "pyproject.toml"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
OWN = f"{PROJECT['name']}["
DEPENDENCIES = {
    "run": PROJECT["dependencies"],
    "test": PROJECT["dependencies"] + [line for extra in EXTRAS.values() for line in extra if not line.startswith(OWN)],
}
PIN = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?P<rest>(?:.*\\\n)(?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)",
    re.MULTILINE,
)


@pytest.fixture(scope="module")
def bootstrap() -> ModuleType:
    """Load the script as a module, by its path since its folder is no package."""
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pins(group: str) -> dict[str, set[str]]:
    """Return the pinned versions of each package of a lock; more than one where systems differ."""
    found: dict[str, set[str]] = {}
    for pin in PIN.finditer(read(ROOT / "packaging" / "lock" / f"{group}.txt")):
        found.setdefault(canonicalize_name(pin["name"]), set()).add(pin["version"])
    return found


@pytest.mark.parametrize("group", ["run", "test"])
def test_every_line_of_a_lock_is_a_pin_with_its_hashes(group: str) -> None:
    assert PIN.sub("", read(ROOT / "packaging" / "lock" / f"{group}.txt")).strip() == ""


@pytest.mark.parametrize("group", ["run", "test"])
def test_a_lock_pins_every_dependency_within_its_bounds(group: str) -> None:
    locked = pins(group)
    for requirement in map(Requirement, DEPENDENCIES[group]):
        versions = locked.get(canonicalize_name(requirement.name), set())
        assert versions, f"{requirement.name} is not locked: python3 packaging/bootstrap.py lock"
        assert all(requirement.specifier.contains(Version(version)) for version in versions), requirement


def test_the_lock_for_tests_holds_the_lock_for_running() -> None:
    assert pins("run").items() <= pins("test").items()


def test_the_script_parses_on_a_python_that_it_refuses() -> None:
    ast.parse(read(SCRIPT), feature_version=(3, 8))


@pytest.mark.parametrize("version", [(3, 8, 18), (3, 10, 13), (3, 14, 0)])
def test_another_python_is_refused_in_one_line(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int]
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(SystemExit) as stopped:
        bootstrap.main(["run"])
    text = str(stopped.value.code)
    assert "\n" not in text
    assert f"3.11, 3.12 or 3.13 is needed; this is {version[0]}.{version[1]}" in text


@pytest.mark.parametrize(
    ("soname", "package"),
    [
        ("libxcb-icccm.so.4", "libxcb-icccm4"),
        ("libxcb-render-util.so.0", "libxcb-render-util0"),
        ("libEGL.so.1", "libegl1"),
        ("libgthread-2.0.so.0", "libglib2.0-0"),
        ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
        ("libwayland-client.so.0", "libwayland-client0"),
    ],
)
def test_a_missing_library_leads_to_its_package(bootstrap: ModuleType, soname: str, package: str) -> None:
    assert bootstrap.debian_package(soname) == package


@pytest.mark.parametrize("user", [0, 1_000])
def test_a_program_that_tests_start_is_installed_by_root_and_named_to_everybody_else(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], user: int
) -> None:
    installed: list[list[str]] = []
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: user)
    monkeypatch.setattr(bootstrap, "install_packages", lambda packages, _reason: installed.append(packages))
    monkeypatch.setattr(bootstrap.sys, "platform", "linux")
    bootstrap.find_test_programs()
    told = capsys.readouterr().out
    assert "the tests miss programs: dbus-daemon" in told
    assert (installed, "sudo apt-get install -y dbus" in told) == (([["dbus"]], False) if user == 0 else ([], True))


def test_the_tests_run_without_a_program_that_cannot_be_installed(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 0)
    monkeypatch.setattr(bootstrap, "install_packages", lambda *_: bootstrap.stop("no network"))
    monkeypatch.setattr(bootstrap.sys, "platform", "linux")
    bootstrap.find_test_programs()
    assert "no network" in capsys.readouterr().out


def test_the_lock_installed_for_tests_satisfies_running(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stamp = tmp_path / "installed.txt"
    stamp.write_text(bootstrap.stamp_of(bootstrap.LOCKS["test"]), encoding="utf-8")
    (tmp_path / "libraries.txt").touch()
    monkeypatch.setattr(bootstrap, "STAMP", stamp)
    monkeypatch.setattr(bootstrap, "LIBRARIES_STAMP", tmp_path / "libraries.txt")
    monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))
    assert bootstrap.prepare("run")


@pytest.fixture
def planted(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], int]:
    """Return the command for tests with planted checks, over one small file of tests."""

    def command(style: str, types: str) -> int:
        monkeypatch.setattr(bootstrap, "prepare", lambda _group: True)
        monkeypatch.setattr(bootstrap, "find_test_programs", lambda: None)
        monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))
        monkeypatch.setattr(bootstrap, "WORKERS_MAX", 0)
        monkeypatch.setattr(bootstrap, "CHECKS", (("style", (sys.executable, "-c", style)),))
        monkeypatch.setattr(bootstrap, "TYPES", ("types", (sys.executable, "-c", types)))
        code: int = bootstrap.test(["-q", "--collect-only", "tests/tidy/test_leaks.py"])
        return code

    return command


def test_the_tests_run_beside_checks_that_pass_and_end_the_output(
    planted: Callable[[str, str], int], capfd: pytest.CaptureFixture[str]
) -> None:
    assert planted("print('all is well')", "print('all is typed')") == 0
    told = capfd.readouterr().out
    assert "style: ok" in told
    assert "all is" not in told
    assert re.search(r"tests? collected in [^\n]+\n\Z", told)


@pytest.mark.parametrize("wrong", ["style", "types"])
def test_a_check_that_fails_stops_no_test_and_is_the_last_that_is_said(
    planted: Callable[[str, str], int], capfd: pytest.CaptureFixture[str], wrong: str
) -> None:
    fail = "print('a wrong line' + '.' * 100_000); raise SystemExit(3)"
    assert planted(*(fail if name == wrong else "" for name in ("style", "types"))) == 1
    told = capfd.readouterr().out
    assert "a wrong line" in told
    assert "collected in" in told
    assert told.endswith(f"==> FAILED beside the tests: {wrong}\n")

"""What things are called and where they stand: the top level, modules, tests."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

from tests.helpers.source_tree import ROOT, files, listing, modules

TOP_LEVEL = {"workstation", "resources", "tests", "packaging", "pyproject.toml", "README.md"}
LEFT_BY_TOOLS = {"build", "dist", "__pycache__"}
EMPTY_NAMES = re.compile(r"(^|_)(utils?|misc|common|helpers?|managers?)$")
Function = ast.FunctionDef | ast.AsyncFunctionDef
FACT = re.compile(r"^test_[a-z0-9]+(_[a-z0-9]+){2,}$")


def test_the_top_level_holds_six_entries_and_nothing_else() -> None:
    visible = {entry.name for entry in ROOT.iterdir() if not entry.name.startswith(".")} - LEFT_BY_TOOLS
    strange = sorted(name for name in visible - TOP_LEVEL if not name.endswith(".egg-info"))
    assert not strange, "documents go to resources/docs/, scripts to packaging/:" + listing(strange)


A_SECOND = re.compile(r"^_?(NS|NS_PER_S|NS_PER_SECOND|SECOND|SECOND_NS) = (1_000_000_000|10\*\*9)$", re.MULTILINE)


def test_the_nanoseconds_of_a_second_have_one_home() -> None:
    package = ROOT / "workstation"
    found = {str(path.relative_to(package)) for path in package.rglob("*.py") if A_SECOND.search(path.read_text())}
    home = str(Path("domain", "times.py"))
    assert found == {home}, f"import NS_PER_S of {home}:" + listing(sorted(found - {home}))


def test_packaging_is_a_folder_and_no_package() -> None:
    found = [path for path in files() if path.name == "__init__.py" and path.relative_to(ROOT).parts[0] == "packaging"]
    assert not found, "it would shadow the library `packaging`"


def test_every_folder_of_the_package_is_a_package() -> None:
    folders = {
        path.parent for path in files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] == "workstation"
    }
    problems = sorted(f"{folder.relative_to(ROOT)}" for folder in folders if not (folder / "__init__.py").exists())
    assert not problems, "an __init__.py with a docstring is missing:" + listing(problems)


def test_module_names_say_what_is_inside() -> None:
    paths = [Path(module.path) for module in modules("workstation")]
    problems = sorted({str(path) for path in paths for part in path.with_suffix("").parts if EMPTY_NAMES.search(part)})
    assert not problems, "name the thing, or the collection of things, that is inside:" + listing(problems)


def test_names_of_tests_state_facts() -> None:
    found = [(module, node) for module in modules("tests") for node in ast.walk(module.tree)]
    tests = [(module, node) for module, node in found if isinstance(node, Function) and node.name.startswith("test")]
    problems = [f"{module.at(node)}: {node.name}" for module, node in tests if not FACT.match(node.name)]
    assert not problems, "say in three words or more what holds: test_a_late_fill_reopens_nothing" + listing(problems)


def test_names_of_test_modules_are_unique() -> None:
    names = Counter(Path(module.path).name for module in modules("tests") if Path(module.path).name.startswith("test_"))
    problems = sorted(name for name, count in names.items() if count > 1)
    assert not problems, "a failure names the module alone, so one name means one file:" + listing(problems)

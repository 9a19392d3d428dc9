"""What the package never does, each with what it does instead."""

from __future__ import annotations

import ast

import pytest

from tests.helpers.source_tree import Module, dotted, listing, modules

CORE = {
    "domain", "ports", "marketdata", "portfolio", "risk", "orders", "strategies", "backtest", "commands", "viewmodels",
}  # fmt: skip
CLOCK = "take a clock from workstation.kernel.clock as an argument"
RNG = "take a stream as an argument: sub_stream(seed, name) of workstation.kernel.ids makes it"
RIM = "IO is done at the rim: brokers, storage, api, config, desktop, app"

CORE_IMPORTS = {
    "time": CLOCK,
    "random": RNG,
    "secrets": "take ids from workstation.kernel.ids as an argument",
    "uuid": "take ids from workstation.kernel.ids as an argument",
}
TYPES_ALONE = {"random.Random"}  # may be imported to name the type of an argument; calling it is banned below
CORE_CALLS = {
    "Random": RNG,
    "asyncio.sleep": CLOCK,
    "date.today": CLOCK,
    "datetime.now": CLOCK,
    "datetime.today": CLOCK,
    "datetime.utcnow": CLOCK,
    "input": RIM,
    "np.random": RNG,
    "numpy.random": RNG,
    "open": RIM,
    "os.urandom": RNG,
    "read_bytes": RIM,
    "read_text": RIM,
    "write_bytes": RIM,
    "write_text": RIM,
}
PACKAGE_IMPORTS = {
    "marshal": "encode with msgspec",
    "pickle": "encode with msgspec: unpickling runs code",
    "shelve": "encode with msgspec: unpickling runs code",
    "sqlite3": "use SQLAlchemy with the module pysqlite3, which has the fix of the WAL-reset corruption",
}
PACKAGE_CALLS = {
    "eval": "parse what you expect, with msgspec or pydantic",
    "exec": "import a module by its path with importlib",
    "print": "log with structlog; only the command line in __main__ and app prints",
}
PRINTING = ("workstation/__main__.py", "workstation/app/")
SQL_DOORS = {"execute", "executemany", "exec_driver_sql", "executescript", "text"}
TEST_IMPORTS = {"mock": "write a fake in tests/helpers", "unittest.mock": "write a fake in tests/helpers"}
TEST_CALLS = {"time.sleep": "advance the fake clock, or wait for the event with a time limit"}


def banned_imports(module: Module, banned: dict[str, str]) -> list[str]:
    """Return a problem for each import of a banned module, at any depth of the file."""
    problems = []
    for node in ast.walk(module.tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name for name in names if name not in TYPES_ALONE]
        hits = {key for name in names for key in banned if name == key or name.startswith(key + ".")}
        problems += [f"{module.at(node)}: import of {hit}: {banned[hit]}" for hit in sorted(hits)]
    return problems


def banned_calls(module: Module, banned: dict[str, str]) -> list[str]:
    """Return a problem for each call whose dotted name is banned, ends in a banned one or goes through one."""
    problems = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and (name := called(node)):
            hits = [key for key in banned if matches(name, key)]
            problems += [f"{module.at(node)}: {name}(): {banned[key]}" for key in hits]
    return problems


def called(node: ast.Call) -> str:
    """Return the name a call goes by; of a call on an expression only the method's name, with a leading dot."""
    return dotted(node.func) or (f".{node.func.attr}" if isinstance(node.func, ast.Attribute) else "")


def matches(name: str, key: str) -> bool:
    """Tell whether the called `name` is the banned `key`: built-ins exactly, dotted names and methods by their end."""
    if key in {"eval", "exec", "input", "open", "print"}:
        return name == key
    return name == key or name.endswith("." + key) or name.startswith(key + ".")


def built_sql(module: Module) -> list[str]:
    """Return a problem for each statement put together from text where it is executed.

    SQLite's pragmas are left out: they take no parameters, and their names and values are constants of storage.
    """
    problems = []
    for node in ast.walk(module.tree):
        if not (isinstance(node, ast.Call) and node.args and called(node).rpartition(".")[2] in SQL_DOORS):
            continue
        if is_built(node.args[0]):
            problems.append(f"{module.at(node)}: SQL built from text: bind parameters, or use a SQLAlchemy construct")
    return problems


def is_built(node: ast.expr) -> bool:
    """Tell whether an expression formats or joins text."""
    if isinstance(node, ast.JoinedStr):
        head = node.values[0]
        pragma = isinstance(head, ast.Constant) and str(head.value).startswith("PRAGMA ")
        return not pragma and any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp):
        sides = (node.left, node.right)
        return isinstance(node.op, ast.Mod | ast.Add) and any(is_text(side) or is_built(side) for side in sides)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"


def is_text(node: ast.expr) -> bool:
    """Tell whether an expression is a literal string, formatted or not."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_the_core_takes_time_chance_and_ids_from_the_kernel() -> None:
    core = [module for module in modules("workstation") if module.package in CORE]
    problems = [problem for module in core for problem in banned_imports(module, CORE_IMPORTS)]
    problems += [problem for module in core for problem in banned_calls(module, CORE_CALLS)]
    assert not problems, listing(problems)


def test_the_package_neither_unpickles_nor_evaluates_nor_prints() -> None:
    problems = [problem for module in modules("workstation") for problem in banned_imports(module, PACKAGE_IMPORTS)]
    for module in modules("workstation"):
        silent = dict(PACKAGE_CALLS)
        if module.path.startswith(PRINTING):
            del silent["print"]
        problems += banned_calls(module, silent)
    assert not problems, listing(problems)


def test_no_sql_is_built_from_text_where_sql_may_be() -> None:
    storage = [module for module in modules("workstation") if module.package == "storage"]
    problems = [problem for module in storage for problem in built_sql(module)]
    assert not problems, listing(problems)


def test_tests_use_fakes_and_fake_time() -> None:
    problems = [problem for module in modules("tests") for problem in banned_imports(module, TEST_IMPORTS)]
    problems += [problem for module in modules("tests") for problem in banned_calls(module, TEST_CALLS)]
    assert not problems, listing(problems)


def parsed(source: str) -> Module:
    """Return a module of the core with this source."""
    return Module("workstation/orders/planted.py", source, ast.parse(source))


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "def f():\n    import time as t",
        "from time import monotonic_ns",
        "from random import randint",
        "from random import Random\nx = Random(1)",
        "import uuid",
        "import datetime\nx = datetime.datetime.now()",
        "from datetime import datetime\nx = datetime.utcnow()",
        "import asyncio\nasync def f():\n    await asyncio.sleep(1)",
        "import numpy as np\nx = np.random.default_rng(1)",
        "x = open('a')",
        "from pathlib import Path\nx = Path('a').read_text()",
    ],
)
def test_a_planted_reach_for_time_chance_or_files_is_caught(source: str) -> None:
    module = parsed(source)
    assert banned_imports(module, CORE_IMPORTS) + banned_calls(module, CORE_CALLS)


@pytest.mark.parametrize(
    "statement",
    ["f'SELECT {x}'", "'SELECT %s' % x", "'SELECT ' + x", "'SELECT {}'.format(x)", "'SELECT ' + x + ' FROM t'"],
)
def test_planted_sql_from_text_is_caught_behind_every_door(statement: str) -> None:
    assert built_sql(parsed(f"connection.execute({statement})"))
    assert built_sql(parsed(f"connection.execute(text({statement}))"))


@pytest.mark.parametrize(
    "source", ["execute('SELECT 1')", "execute(select(t))", "execute(f'PRAGMA {a}={b}')", "f('a' + x)"]
)
def test_plain_statements_and_constructs_are_no_built_sql(source: str) -> None:
    assert not built_sql(parsed(source))

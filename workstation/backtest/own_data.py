"""What a strategy's code holds or reads by itself: data that no cut of a check reaches.

Beside `examination.py`, after its runs. It looks at what the code of the classes, the strategy's and its own
indicators', names (globals, closures, class attributes) and counts the values in it; it runs nothing. Parameters and
what they keep of their own callbacks on themselves are no data of their own: they begin anew with each run.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from types import CodeType, FunctionType, ModuleType
from typing import Any

LEAST = 64
"""Values from which on something is taken for data; a table of settings is shorter."""

DEPTH_MAX = 3
COUNTED_MAX = 100_000
READERS = frozenset(
    {"open", "read_csv", "read_parquet", "read_text", "read_bytes", "loadtxt", "genfromtxt", "fromfile", "memmap",
     "urlopen"}
)  # fmt: skip
_KNOWN = frozenset(sys.stdlib_module_names) | {"workstation", "numpy", "pandas", "pydantic", "msgspec"}
"""Packages whose functions and classes are not looked into when the code names them."""

_BASES = frozenset({"workstation.strategies.api", "workstation.marketdata.indicators.own", "builtins"})


def own_data(*kinds: type) -> tuple[str, ...]:
    """Return what the code of classes holds, with its number of values, and the readers that it calls; sorted."""
    found: dict[str, str] = {}
    seen: set[object] = set()
    for kind in (part for made in kinds for part in made.__mro__):
        if kind.__module__ not in _BASES:
            _look_at_class(kind, found, seen)
    return tuple(text for _name, text in sorted(found.items()))


def _look_at_class(kind: type, found: dict[str, str], seen: set[object]) -> None:
    if kind in seen:
        return
    seen.add(kind)
    for name, value in vars(kind).items():
        function = getattr(value, "__func__", None) or getattr(value, "fget", None) or value
        if isinstance(function, FunctionType):
            _look_at_function(function, found, seen)
        elif not name.startswith("__"):
            _note(f"{kind.__name__}.{name}", value, found)


def _look_at_function(function: FunctionType, found: dict[str, str], seen: set[object]) -> None:
    if function in seen:
        return
    seen.add(function)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            _look_at(name, cell.cell_contents, found, seen)
        except ValueError:  # an empty cell: its name is not bound yet
            continue
    for name in _names(function.__code__):
        if name in READERS:
            found[f"{name}()"] = f"{name}()"
        if name in function.__globals__:
            _look_at(name, function.__globals__[name], found, seen)


def _look_at(name: str, value: Any, found: dict[str, str], seen: set[object]) -> None:
    if isinstance(value, FunctionType | type):
        if value.__module__.partition(".")[0] in _KNOWN:
            return
        if isinstance(value, FunctionType):
            _look_at_function(value, found, seen)
        else:
            _look_at_class(value, found, seen)
    elif not isinstance(value, ModuleType):
        _note(name, value, found)


def _note(name: str, value: Any, found: dict[str, str]) -> None:
    count = _count(value, DEPTH_MAX)
    if count >= LEAST:
        found[name] = f"{name} ({count:,} values)"


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _names(part)


def _count(value: Any, depth: int) -> int:
    """Return how many values something holds, its own parts included, up to COUNTED_MAX."""
    size = getattr(value, "size", None)
    if hasattr(value, "shape") and isinstance(size, int):
        return size
    if depth == 0 or isinstance(value, str | bytes | bytearray | type):
        return 1
    if isinstance(value, Mapping):
        parts: Iterator[Any] = iter(value.values())
    elif isinstance(value, Sequence | AbstractSet) or type(value).__name__ == "deque":
        parts = iter(value)
    elif fields := getattr(value, "__struct_fields__", None):
        parts = (getattr(value, field) for field in fields)
    elif vars_of := getattr(value, "__dict__", None):
        parts = iter(vars_of.values())
    else:
        return 1
    total = 0
    for part in parts:
        total += _count(part, depth - 1)
        if total >= COUNTED_MAX:
            break
    return total

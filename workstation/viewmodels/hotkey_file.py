"""The file of keys: a text becomes typed binds, all or nothing, or one error with its line and column.

Reads TOML by the table of verbs in `hotkey_binds`. It opens no file and knows no screen: the rim hands over the text.
The parser of the standard library gives values without places, so places are found again in the text's lines.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from workstation.domain.errors import ValidationError
from workstation.domain.expressions.evaluation import Expression, compiled
from workstation.domain.expressions.tokens import ExpressionError
from workstation.domain.expressions.vocabulary import Kind
from workstation.domain.orders import TimeInForce
from workstation.viewmodels.hotkey_binds import (
    ATTACHED,
    NEEDED,
    ORDER_VERBS,
    VERBS,
    Attached,
    Bind,
    Field,
    Plain,
    Press,
    parse_keys,
    parse_press,
    parse_verb,
)

VERSION = 1
FILE_BYTES_MAX = 256 * 1024
BINDS_MAX = 500
ATTACHED_MAX = 4
AGE_MS_MAX = 60_000
STEP_MAX = 10

_TABLE = re.compile(r"\s*\[\[?\s*([\w.]+)\s*\]\]?")
_KEY = re.compile(r"\s*([\w-]+)\s*=\s*")
_DEEP = re.compile(r"[\[{]{2}|[\[{]\s*\w+\s*=\s*[\[{]")
_LONG = re.compile(r"[\d_]{300}", re.ASCII)
_PLACE_OF_TOML = re.compile(r"\(at line (\d+), column (\d+)\)")
_TOP = frozenset({"version", "profile", "defaults", "bind"})
_COMMON = frozenset({"id", "keys", "when", "do", "press", "enabled"})
_DEFAULTS: Mapping[str, Kind | Field] = {
    "qty": Kind.QTY, "tif": Field.TIF, "collar": Kind.DISTANCE, "max_age_ms": Field.MILLISECONDS,
    "risk_cash": Kind.MONEY,
}  # fmt: skip


class HotkeyFileError(ValueError):
    """A file that is refused whole. line, column: of what is wrong, from 1."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(f"line {line}, column {column}: {message}")
        self.line, self.column, self.message = line, column, message


class HotkeyFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was read: a profile's name, the fields that orders get where a bind is silent, and the binds."""

    profile: str
    expressions: Mapping[str, Expression]
    plain: Mapping[str, Plain]
    binds: tuple[Bind, ...]


def read_hotkeys(text: str, commands: Sequence[str] = ()) -> HotkeyFile:
    """Return the binds of a file. commands: ids that `run` may name; every one when empty.

    Raises:
        HotkeyFileError: at the first thing that is wrong.
    """
    if len(text.encode("utf-8", "surrogatepass")) > FILE_BYTES_MAX:
        raise HotkeyFileError(1, 1, f"the file is larger than {FILE_BYTES_MAX // 1024} KiB")
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE_OF_TOML.search(str(error))
        line, column = (int(place.group(1)), int(place.group(2))) if place else (text.count("\n") + 1, 1)
        raise HotkeyFileError(line, column, str(error).partition(" (at")[0]) from None
    except (RecursionError, ValueError) as error:
        raise _unparsed(text, error) from None
    return _Reader(text, frozenset(commands)).read(found)


def hotkey_text(data: bytes) -> str:
    """Return a file's bytes as text, as UTF-8.

    Raises:
        HotkeyFileError: at the first byte that is none.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        raise HotkeyFileError(line, column, "this is not UTF-8 text") from None


def _unparsed(text: str, error: Exception) -> HotkeyFileError:
    """Return what to say where the parser of TOML gave up for want of stack or digits, at the likeliest place."""
    pattern, message = (_DEEP, "nested too deep") if isinstance(error, RecursionError) else (_LONG, "a number too long")
    found = pattern.search(text)
    at = 0 if found is None else found.start()
    return HotkeyFileError(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at), message)


class _Reader:
    """Turns the values of one file into binds."""

    def __init__(self, text: str, commands: frozenset[str]) -> None:
        self._places = _places(text)
        self._commands = commands

    def read(self, found: Mapping[str, Any]) -> HotkeyFile:
        for name in found:
            if name not in _TOP:
                raise self._error(("", 0, name), f"{name!r} is not known here; there are {', '.join(sorted(_TOP))}")
        if found.get("version") != VERSION:
            raise self._error(("", 0, "version"), f"this program reads version {VERSION}")
        profile = found.get("profile", "fn")
        if not isinstance(profile, str) or not profile.strip():
            raise self._error(("", 0, "profile"), "a profile is a name")
        binds = found.get("bind", [])
        if not isinstance(binds, list) or not all(isinstance(bind, dict) for bind in binds):
            raise self._error(("bind", 0, ""), "binds are written as [[bind]] blocks")
        if len(binds) > BINDS_MAX:
            raise self._error(("bind", BINDS_MAX, ""), f"more than {BINDS_MAX} binds")
        expressions, plain = self._fields(("defaults", 0), found.get("defaults", {}), _DEFAULTS, frozenset())
        read = tuple(self._bind(index, bind) for index, bind in enumerate(binds))
        self._check_unique(read)
        return HotkeyFile(profile=profile, expressions=expressions, plain=plain, binds=read)

    def _bind(self, index: int, found: Mapping[str, Any]) -> Bind:
        table = ("bind", index)
        for name in ("id", "keys", "do"):
            if not isinstance(found.get(name), str):
                raise self._error((*table, name), f"a bind needs {name!r} as a text")
        keys = self._parsed((*table, "keys"), parse_keys, found["keys"])
        do, command = self._parsed((*table, "do"), parse_verb, found["do"])
        if command and self._commands and command not in self._commands:
            raise self._error((*table, "do"), f"there is no command {command!r}")
        press, hold_ms = self._parsed((*table, "press"), parse_press, found.get("press", Press.ONCE.value))
        for name in NEEDED.get(do, ()):
            if name not in found:
                raise self._error((*table, "do"), f"{do} needs {name!r}")
        if do == "size" and ("to" in found) == ("step" in found):
            raise self._error((*table, "do"), "size needs either 'to' or 'step'")
        enabled = found.get("enabled", True)
        if not isinstance(enabled, bool):
            raise self._error((*table, "enabled"), "expected true or false")
        when = self._expression((*table, "when"), found["when"], Kind.BOOL) if "when" in found else None
        expressions, plain = self._fields(table, found, VERBS[do], _COMMON)
        return Bind(
            id=found["id"],
            keys=keys,
            do=do,
            press=press,
            hold_ms=hold_ms,
            when=when,
            expressions=expressions,
            plain=plain,
            attach=self._attached((*table, "attach"), found.get("attach", ()), do),
            command=command,
            enabled=enabled,
            line=self._place((*table, ""))[0],
        )

    def _fields(
        self, table: tuple[str, int], found: Any, known: Mapping[str, Kind | Field], common: frozenset[str]
    ) -> tuple[dict[str, Expression], dict[str, Plain]]:
        """Return a table's fields: those that are expressions, and the plain ones."""
        if not isinstance(found, dict):
            raise self._error((*table, ""), f"[{table[0]}] is a table")
        expressions: dict[str, Expression] = {}
        plain: dict[str, Plain] = {}
        for name, value in found.items():
            place = (*table, name)
            if name in common or (name == "attach" and name in known):
                continue
            kind = known.get(name)
            if kind is None:
                owner = found.get("do", table[0])
                raise self._error(place, f"{owner} takes no {name!r}; it takes {', '.join(known) or 'no fields'}")
            if isinstance(kind, Kind):
                expressions[name] = self._expression(place, value, kind)
            else:
                plain[name] = self._plain(place, value, kind)
        return expressions, plain

    def _attached(self, place: tuple[str, int, str], found: Any, do: str) -> tuple[Attached, ...]:
        if found == ():
            return ()
        if do not in ORDER_VERBS or not isinstance(found, list) or len(found) > ATTACHED_MAX:
            raise self._error(place, f"attach is a list of at most {ATTACHED_MAX} orders")
        attached = []
        for item in found:
            if not isinstance(item, dict) or item.keys() != {"do", "price"} or item["do"] not in ATTACHED:
                raise self._error(place, 'an attached order is { do = "stop" or "target", price = … }')
            attached.append(Attached(item["do"], self._expression(place, item["price"], Kind.PRICE, inner=True)))
        return tuple(attached)

    def _expression(self, place: tuple[str, int, str], value: Any, kind: Kind, *, inner: bool = False) -> Expression:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self._error(place, f"expected a {kind} as a number or a text")
        try:
            return compiled(value if isinstance(value, str) else f"{value}", kind)
        except ExpressionError as error:
            line, column = self._place(place)
            shift = error.column if isinstance(value, str) and not inner else 0
            inside = f"in {value!r}, {error}" if inner else error.message
            raise HotkeyFileError(line, column + shift, inside) from None

    def _plain(self, place: tuple[str, int, str], value: Any, kind: Field) -> Plain:
        whole = isinstance(value, int) and not isinstance(value, bool)
        said = value if isinstance(value, str) else ""
        if kind is Field.TIF and said in TimeInForce.__members__ and said != TimeInForce.GTD:
            return said
        if kind is Field.MILLISECONDS and whole and 0 < value <= AGE_MS_MAX:
            return int(value)
        if kind is Field.FLAG and isinstance(value, bool):
            return value
        if kind is Field.STEP and whole and 0 < abs(value) <= STEP_MAX:
            return int(value)
        if kind is Field.SIDE and said in {"buy", "sell"}:
            return said
        raise self._error(place, f"expected {_ALLOWED.get(kind, kind)}, found {value!r}")

    def _parsed(self, place: tuple[str, int, str], parse: Any, value: Any) -> Any:
        if not isinstance(value, str):
            raise self._error(place, "expected a text")
        try:
            return parse(value)
        except ValidationError as error:
            raise self._error(place, f"{error.message}; allowed: {error.allowed}") from None

    def _check_unique(self, binds: Sequence[Bind]) -> None:
        ids: set[str] = set()
        always: dict[tuple[tuple[str, ...], Press], str] = {}
        for index, bind in enumerate(binds):
            if bind.id in ids:
                raise self._error(("bind", index, "id"), f"{bind.id!r} is the id of another bind")
            ids.add(bind.id)
            if bind.when is not None or not bind.enabled:
                continue
            other = always.setdefault((bind.keys, bind.press), bind.id)
            if other != bind.id:
                keys = " ".join(bind.keys)
                raise self._error(("bind", index, "keys"), f"{keys} is bound to {other!r} already, with no 'when'")

    def _place(self, place: tuple[str, int, str]) -> tuple[int, int]:
        table, index, _ = place
        return self._places.get(place) or self._places.get((table, index, "")) or (1, 1)

    def _error(self, place: tuple[str, int, str], message: str) -> HotkeyFileError:
        return HotkeyFileError(*self._place(place), message)


_ALLOWED: Mapping[Field, str] = {
    Field.TIF: f"one of {', '.join(life for life in TimeInForce.__members__ if life != 'GTD')}",
    Field.MILLISECONDS: f"milliseconds from 1 to {AGE_MS_MAX}",
    Field.STEP: f"a whole number of presets up to {STEP_MAX}, but not 0",
}


def _places(text: str) -> dict[tuple[str, int, str], tuple[int, int]]:
    """Return where each key's value stands, by (table, number of the table of that name, key); "" is the header."""
    places: dict[tuple[str, int, str], tuple[int, int]] = {}
    seen: dict[str, int] = {}
    table, index = "", 0
    for number, line in enumerate(text.split("\n"), start=1):
        header, key = _TABLE.match(line), _KEY.match(line)
        if header and "=" not in line[: header.end()]:
            table = header.group(1)
            index = seen.get(table, -1) + 1
            seen[table] = index
            places[table, index, ""] = (number, 1)
        elif key:
            places.setdefault((table, index, key.group(1)), (number, key.end() + 1))
    return places

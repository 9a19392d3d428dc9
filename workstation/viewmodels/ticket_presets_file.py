"""The file of the ticket's presets as text: read whole or refused with its line, changed with comments and order kept.

One table a scope: `[all]`, `[class.STOCK]`, `[symbol.AAPL]`. Texts in, texts out; the desktop has the file.
"""

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from workstation.domain.errors import UserError
from workstation.domain.instruments import AssetClass
from workstation.viewmodels.ticket_presets import EVERY, Preset, problem

FILE_BYTES_MAX = 256 * 1024
_GROUPS = ("class", "symbol")


def read_presets(text: str) -> dict[str, Preset]:
    """Return the presets of a file by scope.

    Raises:
        UserError: no TOML, with line and column; or a table, a name or a value that is none of a preset, by its name.
    """
    if len(text.encode()) > FILE_BYTES_MAX:
        raise UserError(f"the file is larger than {FILE_BYTES_MAX // 1024} KiB")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(str(error)) from error
    return {scope: _preset(scope, table) for scope, table in _tables(document)}


def changed_text(text: str, scope: str, field: str, value: str) -> str:
    """Return the text with one value of a scope set, or taken out where it is "".

    Raises:
        UserError: the text is damaged.
    """
    import tomlkit  # noqa: PLC0415  a start without edits does without
    from tomlkit.exceptions import ParseError  # noqa: PLC0415  as above

    try:
        document = tomlkit.parse(text)
    except ParseError as error:
        raise UserError(f"line {error.line}, column {error.col}: {error}") from error
    table: Any = document
    group, _, name = scope.partition(".")
    for key in (group, name) if name else (group,):
        if key not in table:
            table[key] = tomlkit.table(is_super_table=bool(name) and key == group)
        table = table[key]
    if value:
        table[field] = value
    else:
        table.pop(field, None)
    return tomlkit.dumps(document)


def _tables(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, table in document.items():
        if key == EVERY:
            yield EVERY, table
        elif key in _GROUPS and isinstance(table, Mapping):
            yield from ((f"{key}.{name}", values) for name, values in table.items())
        else:
            raise UserError(f"[{key}] is no layer; layers are [all], [class.STOCK] and [symbol.AAPL]")


def _preset(scope: str, table: Any) -> Preset:
    group, _, name = scope.partition(".")
    if group == "class" and name not in {kind.value for kind in AssetClass}:
        raise UserError(f"[{scope}] is no class; classes are {', '.join(AssetClass)}")
    try:
        found = msgspec.convert(table, Preset)
    except msgspec.ValidationError as error:
        raise UserError(f"[{scope}]: {error}") from error
    for field in Preset.__struct_fields__:
        wrong = problem(field, getattr(found, field))
        if wrong:
            raise UserError(f"[{scope}] {field}: {getattr(found, field)!r} is not {wrong}")
    return found

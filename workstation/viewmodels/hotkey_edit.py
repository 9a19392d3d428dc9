"""Changes to the text of a key file, comments and order kept: a field set, a bind added or taken out.

Behind the hotkeys panel. Texts in, texts out; whether the result is a key file is for `hotkey_file` to say.
"""

import tomllib
from collections.abc import Mapping
from typing import Any

from workstation.domain.errors import ValidationError
from workstation.viewmodels.hotkey_binds import Bind, Press

OWN_COLUMNS = ("enabled", "id", "keys", "press", "when", "do")
"""Fields of a bind that stand alone; the rest is edited together as one line."""


def set_fields(text: str, index: int, fields: Mapping[str, Any]) -> str:
    """Return the text with fields of the bind at `index` set; a field that is None goes."""
    import tomlkit  # noqa: PLC0415  a start without edits does without

    document = tomlkit.parse(text)
    bind = document["bind"][index]
    for name, value in fields.items():
        if value is None:
            bind.pop(name, None)
        else:
            bind[name] = value
    return tomlkit.dumps(document)


def add_bind(text: str, fields: Mapping[str, Any]) -> str:
    """Return the text with one more bind at its end."""
    import tomlkit  # noqa: PLC0415  as above

    block = tomlkit.document()
    for name, value in fields.items():
        block[name] = value
    return f"{text.rstrip()}\n\n[[bind]]\n{tomlkit.dumps(block)}"


def remove_bind(text: str, index: int) -> str:
    """Return the text without the bind at `index`."""
    import tomlkit  # noqa: PLC0415  as above

    document = tomlkit.parse(text)
    del document["bind"][index]
    return tomlkit.dumps(document)


def rest_of(text: str, index: int) -> str:
    """Return the fields of a bind that have no column, as one line such as `price = "ask + 2t", qty = 5`."""
    bind = tomllib.loads(text)["bind"][index]
    return ", ".join(f"{name} = {_toml(value)}" for name, value in bind.items() if name not in OWN_COLUMNS)


def parse_rest(line: str, before: str) -> dict[str, Any]:
    """Return the fields of one edited line, those of `before` that are gone as None.

    Raises:
        ValidationError: the line is no list of `name = value`.
    """
    try:
        new: dict[str, Any] = tomllib.loads(f"x = {{ {line} }}")["x"]
        old: dict[str, Any] = tomllib.loads(f"x = {{ {before} }}")["x"]
    except tomllib.TOMLDecodeError as error:
        allowed = 'fields as name = value, such as price = "ask + 2t"'
        raise ValidationError("fields", str(error).partition(" (at")[0], allowed=allowed) from None
    return {**dict.fromkeys(old), **new}


def column_value(name: str, text: str) -> Any:
    """Return what a column's text stands for in the file; None takes the field out."""
    plain = text.strip()
    if name == "enabled":
        return None if plain == "true" else False
    return None if name in ("when", "press") and plain in ("", Press.ONCE.value) else plain


def press_text(bind: Bind) -> str:
    """Return how a bind acts, as the file says it."""
    return f"hold({bind.hold_ms})" if bind.press is Press.HOLD else bind.press.value


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}"'
    if isinstance(value, list):
        return f"[{', '.join(_toml(part) for part in value)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {_toml(part)}' for name, part in value.items())} }}"
    return str(value)

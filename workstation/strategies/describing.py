"""What a strategy's code offers, as plain values: its parameters with types, defaults and bounds, and what it says.

For forms and lists, which know neither the code nor how its parameters are declared.
"""

import inspect
from collections.abc import Mapping
from typing import Any

import msgspec

from workstation.strategies.loading import Code
from workstation.strategies.views import Policy

TEXT_MAX = 500

_BOUNDS = {"minimum": "≥ {}", "exclusiveMinimum": "> {}", "maximum": "≤ {}", "exclusiveMaximum": "< {}"}


class ParameterField(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter. kind: integer, number, string, boolean or another JSON type; allowed: its bounds in words.

    choices: the only values that it may have, empty for no such list. default: as JSON, None where one must be given.
    """

    name: str
    kind: str
    default: Any
    allowed: str
    meaning: str
    choices: tuple[str, ...] = ()


class CodeShape(msgspec.Struct, frozen=True, kw_only=True):
    """What `module:Class` offers. says: first paragraph of its docstring; policy: what its end does to its orders."""

    entry_point: str
    says: str
    policy: Policy
    parameters: tuple[ParameterField, ...]


def describe(code: Code) -> CodeShape:
    """Return what a strategy offers."""
    kind = code.strategy
    schema = kind.Parameters.model_json_schema()
    defined = schema.get("$defs", {})
    fields = tuple(_field(name, _resolved(entry, defined)) for name, entry in schema.get("properties", {}).items())
    says = (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ")
    return CodeShape(entry_point=code.entry_point, says=says[:TEXT_MAX], policy=kind.policy, parameters=fields)


def _resolved(entry: Mapping[str, Any], defined: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a property with what it refers to, and the first kind of an optional one."""
    for option in (*entry.get("anyOf", ()), *entry.get("allOf", ())):
        if option.get("type") != "null":
            entry = {**option, **entry}
            break
    name = str(entry.get("$ref", "")).rpartition("/")[2]
    return {**defined.get(name, {}), **entry}


def _field(name: str, entry: Mapping[str, Any]) -> ParameterField:
    bounds = [words.format(entry[key]) for key, words in _BOUNDS.items() if key in entry]
    choices = tuple(str(choice) for choice in entry.get("enum", ()))
    return ParameterField(
        name=name,
        kind=str(entry.get("type", "string")),
        default=entry.get("default"),
        allowed=", ".join(choices) or " and ".join(bounds),
        meaning=str(entry.get("description", "")),
        choices=choices,
    )

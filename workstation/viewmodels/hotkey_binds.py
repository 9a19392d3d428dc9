"""What a key is bound to: verbs, the fields that each takes, and a bind with its expressions typed.

The table of verbs is the language's other half: `hotkey_file` reads a file by it, the editor shows fields by it, and
`hotkey_actions` turns a bind and one snapshot into a request. Values only.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from workstation.domain.errors import ValidationError
from workstation.domain.expressions.evaluation import Expression
from workstation.domain.expressions.vocabulary import Kind

MODIFIERS = ("Ctrl", "Shift", "Meta")
KEYS = frozenset(
    [
        *(f"F{n}" for n in range(1, 36)), *"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789[];',./\\-=`",
        "Up", "Down", "Left", "Right", "Esc", "Backspace", "Space", "Tab", "Return", "Enter", "Ins", "Del", "Home",
        "End", "PgUp", "PgDown",
    ]
)  # fmt: skip
CHORDS_MAX = 2
"""Chords of a leader sequence."""

HOLD_MS_MAX = 5_000

_HOLD = re.compile(r"hold\((\d{1,4})\)")
_RUN = re.compile(r"run\(([a-z][a-z0-9_.]{0,63})\)")


class Press(StrEnum):
    """How a key acts: at its press, at the second of two, when held, or at a click on a price while it is held."""

    ONCE = "once"
    DOUBLE = "double"
    HOLD = "hold"
    CLICK = "click"


class Field(StrEnum):
    """What a verb's field holds, beyond a typed expression."""

    TIF = "time in force"
    MILLISECONDS = "milliseconds"
    FLAG = "true or false"
    STEP = "whole number"
    SIDE = "buy or sell"
    ATTACH = "list of attached orders"


_ORDER: Mapping[str, Kind | Field] = {
    "price": Kind.PRICE, "qty": Kind.QTY, "tif": Field.TIF, "collar": Kind.DISTANCE,
    "max_age_ms": Field.MILLISECONDS, "attach": Field.ATTACH,
}  # fmt: skip
_CANCEL: Mapping[str, Kind | Field] = {"include_protective": Field.FLAG}

VERBS: Mapping[str, Mapping[str, Kind | Field]] = {
    "buy_limit": _ORDER,
    "sell_limit": _ORDER,
    "buy_stop": _ORDER,
    "sell_stop": _ORDER,
    "stage": {**_ORDER, "side": Field.SIDE},
    "flatten": {"through": Kind.DISTANCE},
    "exit": {"through": Kind.DISTANCE, "portion": Kind.RATIO},
    "reverse": {"through": Kind.DISTANCE},
    "breakeven": {"offset": Kind.DISTANCE},
    "cancel_focus": _CANCEL,
    "cancel_last": _CANCEL,
    "cancel_all": _CANCEL,
    "nudge": {"by": Kind.DISTANCE},
    "size": {"to": Kind.QTY, "step": Field.STEP},
    "arm": {},
    "disarm": {},
    "kill": {},
    "run": {},
}
"""verb: its fields and what each holds. A field that a verb lacks is an error of the file."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "buy_limit": ("price",), "sell_limit": ("price",), "buy_stop": ("price",), "sell_stop": ("price",),
    "stage": ("side",), "nudge": ("by",),
}  # fmt: skip
ORDER_VERBS = frozenset({"buy_limit", "sell_limit", "buy_stop", "sell_stop", "stage"})
ATTACHED = ("stop", "target")
REDUCES = frozenset(
    {"flatten", "exit", "breakeven", "cancel_focus", "cancel_last", "cancel_all", "disarm", "kill"}
)  # fmt: skip
"""Verbs that only take risk away: on function keys they pass text fields, menus and dialogs."""
UNGUARDED = frozenset({"cancel_all", "kill", "arm", "disarm", "size"})
"""Verbs that a change of the trade focus does not hold back: they do not act on it."""

Plain = str | int | bool


class Attached(msgspec.Struct, frozen=True):
    """An order that waits for its parent's fill: a stop or a target, and its price."""

    do: str
    price: Expression


class Bind(msgspec.Struct, frozen=True, kw_only=True):
    """One key's meaning. keys: one chord, or a leader and its chord; line: where the bind begins in its file, from 1.

    command: what `run` runs; hold_ms: how long a held key is held; plain: fields that are no expressions.
    """

    id: str
    keys: tuple[str, ...]
    do: str
    press: Press = Press.ONCE
    hold_ms: int = 0
    when: Expression | None = None
    expressions: Mapping[str, Expression] = {}
    plain: Mapping[str, Plain] = {}
    attach: tuple[Attached, ...] = ()
    command: str = ""
    enabled: bool = True
    line: int = 0


def parse_keys(text: str) -> tuple[str, ...]:
    """Return the chords of a text such as `Ctrl+J B`, modifiers in one order.

    Raises:
        ValidationError: naming the part that is no chord.
    """
    chords = tuple(_chord(part) for part in text.split())
    if not 1 <= len(chords) <= CHORDS_MAX:
        raise ValidationError("keys", f"{text!r} is no chord", allowed="one chord, or a leader and a chord")
    return chords


def _chord(text: str) -> str:
    *held, key = ("+" if part == "" else part for part in text.split("+")) if text != "+" else ("+",)
    found = {modifier.lower(): modifier for modifier in MODIFIERS}
    if "alt" in (part.lower() for part in held):
        raise ValidationError("keys", f"{text!r} uses Alt, which menus and window managers take", allowed=_allowed())
    modifiers = [found.get(part.lower(), "") for part in held]
    name = next((known for known in KEYS if known.lower() == key.lower()), "")
    if not name or not all(modifiers) or len(set(modifiers)) < len(modifiers):
        raise ValidationError("keys", f"{text!r} is no chord", allowed=_allowed())
    return "+".join([*(modifier for modifier in MODIFIERS if modifier in modifiers), name])


def _allowed() -> str:
    return "Ctrl, Shift or Meta with F1 to F35, a letter, a digit, an arrow, Esc, Backspace, Space, Del …"


def parse_press(text: str) -> tuple[Press, int]:
    """Return how a key acts, and how many milliseconds it is held.

    Raises:
        ValidationError: none of once, double, click, hold(ms).
    """
    held = _HOLD.fullmatch(text)
    if held and 0 < int(held.group(1)) <= HOLD_MS_MAX:
        return Press.HOLD, int(held.group(1))
    if text in {Press.ONCE, Press.DOUBLE, Press.CLICK}:
        return Press(text), 0
    raise ValidationError(
        "press", f"{text!r} is no way to press", allowed=f"once, double, click, hold(1 to {HOLD_MS_MAX})"
    )


def parse_verb(text: str) -> tuple[str, str]:
    """Return the verb, and the command that `run(…)` names.

    Raises:
        ValidationError: no such verb.
    """
    ran = _RUN.fullmatch(text)
    if ran:
        return "run", ran.group(1)
    if text in VERBS and text != "run":
        return text, ""
    raise ValidationError(
        "do", f"{text!r} is no verb", allowed=f"{', '.join(verb for verb in VERBS if verb != 'run')}, run(command)"
    )

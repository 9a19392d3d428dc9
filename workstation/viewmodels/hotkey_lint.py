"""What is wrong with a key file that reads well: keys that clash, are taken elsewhere, or do not do what they seem to.

Beside the loader. It judges a typed file and never changes it; a finding names its line.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import product

import msgspec

from workstation.domain.expressions.evaluation import Expression, Snapshot, Value, compiled
from workstation.domain.expressions.tree import (
    Arithmetic,
    Both,
    Comparison,
    Function,
    If,
    Name,
    Negative,
    Node,
    Not,
    text_of,
)
from workstation.domain.expressions.vocabulary import TRADING, Kind
from workstation.viewmodels.hotkey_binds import ORDER_VERBS, REDUCES, Bind
from workstation.viewmodels.hotkey_file import HotkeyFile

SHADOWS: Mapping[str, str] = {
    **dict.fromkeys(("Ctrl+C", "Ctrl+V", "Ctrl+X", "Ctrl+A"), "copy and paste in every field"),
    **dict.fromkeys(("Ctrl+Return", "Ctrl+Enter"), "Send in the ticket"),
    **dict.fromkeys(("Tab", "Shift+Tab", "Space", "Return", "Enter"), "moving and pressing by keyboard"),
    **dict.fromkeys((f"Ctrl+{n}" for n in range(1, 10)), "switching workspaces"),
    "Ctrl+F": "the filter row", "Ctrl+Shift+T": "reopening a panel", "Ctrl+Shift+A": "acknowledging notes",
    **dict.fromkeys(("Ctrl+Tab", "Ctrl+Shift+Tab", "Ctrl+PgDown", "Ctrl+PgUp", "Ctrl+W"), "panels by keyboard"),
    "F10": "the menu", "F11": "full screen", "Shift+F10": "a row's menu",
    "Ctrl+Q": "quitting, in most desktops", "Meta+L": "locking the screen", "Meta+D": "showing the desktop",
    "Ctrl+Shift+Esc": "the task manager", "Ctrl+Shift+M": "mute, in chat programs", "Del": "cancelling a selection",
}  # fmt: skip
"""Chords that a toolkit, a system, a menu or chat programs use, and for what."""
_NEEDS_ALTGR = frozenset("[]\\`")
_ALTGR_LAYOUTS = frozenset({"de", "fr", "es", "it", "pt", "sv", "da", "nb", "fi", "pl", "cs"})
_F_KEYS_COMMON = 12
_MONEY = frozenset({"risk_cash", "bp", "equity", "open_risk"})
_QUOTES = frozenset({"bid", "ask", "mid", "last", "spread", "hod", "lod", "vwap", "fresh", "synced"})
_FLAGS = frozenset(name for name, kind in TRADING.items() if kind is Kind.BOOL)
_SAMPLES = ((Fraction(100), Fraction(98)), (Fraction(250), Fraction(262)))
"""(ask, cursor) of the markets that risk distances are compared on; the bid stands four ticks below the ask."""


class Finding(msgspec.Struct, frozen=True):
    """One thing to look at. line: of the bind, from 1."""

    line: int
    bind: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.bind}: {self.text}"


def lint(file: HotkeyFile, layout: str = "us") -> list[Finding]:
    """Return what is wrong, in the order of the file. layout: of the keyboard, as a two-letter language or `us`."""
    enabled = [bind for bind in file.binds if bind.enabled]
    found = []
    for bind in enabled:
        texts = (
            *_clashes(bind, enabled), *_taken(bind), *_unreachable(bind, layout), *_never(bind), *_sized(bind),
            *_distance(bind), *_exit_reads_quotes(bind),
        )  # fmt: skip
        found += [Finding(bind.line, bind.id, text) for text in texts]
    return found


def _clashes(bind: Bind, enabled: list[Bind]) -> Iterator[str]:
    for other in enabled:
        if other is bind:
            return
        keys = " ".join(bind.keys)
        if other.keys == bind.keys and other.when is None:
            yield f"never reached: {other.id!r} has {keys} without a 'when'"
        elif other.keys != bind.keys and other.keys[0] == bind.keys[0] and len(other.keys) != len(bind.keys):
            yield f"{bind.keys[0]} is a key of its own and a leader ({other.id!r})"


def _taken(bind: Bind) -> Iterator[str]:
    chord = bind.keys[0]
    if chord in SHADOWS:
        yield f"{chord} shadows {SHADOWS[chord]}"
    elif len(chord) == 1 and chord.isalpha():
        yield f"{chord} shadows typing outside of fields, such as an interval or a symbol"


def _unreachable(bind: Bind, layout: str) -> Iterator[str]:
    for chord in bind.keys:
        key = chord.rpartition("+")[2]
        if key in _NEEDS_ALTGR and layout in _ALTGR_LAYOUTS:
            yield f"{key} needs AltGr on a {layout} keyboard, which is no modifier here"
        if key.startswith("F") and key[1:].isdigit() and int(key[1:]) > _F_KEYS_COMMON:
            yield f"{key} is not on most keyboards"


def _never(bind: Bind) -> Iterator[str]:
    """Find a condition that no state fulfils: of flags alone, or of plain numbers."""
    when = bind.when
    if when is None or not when.names <= _FLAGS:
        return
    names = sorted(when.names)
    if not any(when.value(_snapshot(dict(zip(names, state, strict=True)))) is True for state in _states(names)):
        yield f"'when' is never true: {when}"


def _states(names: list[str]) -> Iterator[tuple[bool, ...]]:
    """Return each state of the flags that can be: one of flat, long, short; one of live, sim."""
    for state in product((False, True), repeat=len(names)):
        on = {name for name, is_on in zip(names, state, strict=True) if is_on}
        if len(on & {"flat", "long", "short"}) <= 1 and len(on & {"live", "sim"}) <= 1:
            yield state


def _sized(bind: Bind) -> Iterator[str]:
    qty = bind.expressions.get("qty")
    if bind.do in ORDER_VERBS and qty is not None and qty.names & _MONEY and "max_qty" not in qty.names:
        yield f"'qty' is sized by {', '.join(sorted(qty.names & _MONEY))} without max_qty"


def _distance(bind: Bind) -> Iterator[str]:
    """Compare what the money at risk is divided by with the distance from entry to stop."""
    qty, price = bind.expressions.get("qty"), bind.expressions.get("price")
    stop = next((leg.price for leg in bind.attach if leg.do == "stop"), None)
    if qty is None or price is None or stop is None:
        return
    for divisor in _divisors(qty.tree):
        distance = compiled(text_of(divisor))
        sign = 1 if bind.do.startswith("buy") else -1
        if distance.kind is Kind.DISTANCE and not all(_agree((distance, price, stop), sign, at) for at in _SAMPLES):
            yield f"risk is divided by {distance}, which is not the distance from entry {price} to stop {stop}"


def _divisors(node: Node) -> Iterator[Node]:
    if (
        isinstance(node, Arithmetic)
        and node.op == "/"
        and isinstance(node.left, Name)
        and node.left.name == "risk_cash"
    ):
        yield node.right
    for part in _parts(node):
        yield from _divisors(part)


def _parts(node: Node) -> tuple[Node, ...]:
    match node:
        case Arithmetic() | Comparison() | Both():
            return node.left, node.right
        case Negative() | Not():
            return (node.part,)
        case If():
            return node.condition, node.then, node.otherwise
        case Function():
            return tuple(node.arguments)
    return ()


def _agree(expressions: tuple[Expression, Expression, Expression], sign: int, at: tuple[Fraction, Fraction]) -> bool:
    """Tell whether a distance is that from entry to stop in one market; a market that it does not fit agrees."""
    ask, cursor = at
    tick = Fraction(1, 100)
    values: dict[str, Value] = {"ask": ask, "bid": ask - 4 * tick, "cursor": cursor, "tick": tick, "spread": 4 * tick}
    snapshot = _snapshot(values)
    read = [part.value(snapshot) for part in expressions]
    if not all(isinstance(value, Fraction) for value in read):
        return True
    wanted, entry, level = (Fraction(value) for value in read if isinstance(value, Fraction))
    return wanted <= 0 or (entry - level) * sign == wanted


def _exit_reads_quotes(bind: Bind) -> Iterator[str]:
    if bind.do in REDUCES and bind.when is not None and bind.when.names & _QUOTES:
        read = ", ".join(sorted(bind.when.names & _QUOTES))
        yield f"an exit must not wait for quotes: its 'when' reads {read}"


def _snapshot(values: Mapping[str, Value]) -> Snapshot:
    return Snapshot(values=values, tick=Fraction(1, 100), lot=Fraction(1), point_value=Fraction(1))

"""Trade focus, size and link groups: what keys and clicks act on.

The focus changes only by an explicit act, never by hover or window activation; each change starts a guard of 300 ms in
which keys are refused. Link groups A to H carry the chosen instrument between panels.
"""

from collections.abc import Callable
from typing import TypeVar

FOCUS_GUARD_NS = 300_000_000
LINK_GROUPS = ("A", "B", "C", "D", "E", "F", "G", "H")

Listener = TypeVar("Listener")


class TradeFocus:
    """The one (account, symbol) pair that keys act on."""

    def __init__(self, account: str, symbol: str, mono_ns: Callable[[], int]) -> None:
        self.account = account
        self.symbol = symbol
        self._mono_ns = mono_ns
        self._changed_at = mono_ns() - FOCUS_GUARD_NS
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each change; returns the call that ends it."""
        return _added(self._listeners, listener)

    def move(self, *, account: str | None = None, symbol: str | None = None) -> None:
        """Change the focus and start the guard; the same pair again changes nothing."""
        pair = (account or self.account, symbol or self.symbol)
        if pair == (self.account, self.symbol):
            return
        self.account, self.symbol = pair
        self._changed_at = self._mono_ns()
        for listener in tuple(self._listeners):
            listener()

    @property
    def guarded(self) -> bool:
        """True within 300 ms of a change: keys and clicks aimed at the focus are refused."""
        return self._mono_ns() - self._changed_at < FOCUS_GUARD_NS


class LinkGroups:
    """What each link group shows: an instrument, or an interval. A panel listens to its own group only."""

    def __init__(self) -> None:
        self._chosen: dict[str, str] = {}
        self._listeners: list[Callable[[str, str], None]] = []

    def listen(self, listener: Callable[[str, str], None]) -> Callable[[], None]:
        """Call `listener(group, chosen)` after each change; returns the call that ends it."""
        return _added(self._listeners, listener)

    def chosen(self, group: str) -> str | None:
        """Return the group's instrument or interval."""
        return self._chosen.get(group)

    def choose(self, group: str, chosen: str) -> None:
        """Move a whole group to an instrument or interval."""
        if self._chosen.get(group) == chosen:
            return
        self._chosen[group] = chosen
        for listener in tuple(self._listeners):
            listener(group, chosen)

    def forget(self) -> None:
        """Let every group begin anew with what its next member shows."""
        self._chosen.clear()


class PriceCursor:
    """The price that a ladder or a chart points at, for stops at the cursor. Known for one instrument at a time."""

    def __init__(self) -> None:
        self._symbol = ""
        self._price: int | None = None

    def point(self, symbol: str, price: int | None) -> None:
        """Take the pointed price on the instrument's grid; None once the pointer has left."""
        if price is not None or symbol == self._symbol:
            self._symbol, self._price = symbol, price

    def price(self, symbol: str) -> int | None:
        """Return the price pointed at in an instrument, None where there is none."""
        return self._price if symbol == self._symbol else None


class SizePresets:
    """Order sizes on keys 1 to 5, in whole units of the instrument; the chosen one is shown beside the arm chip."""

    def __init__(self, sizes: tuple[int, ...] = (1, 5, 10, 100, 500), chosen: int = 0) -> None:
        self.sizes = sizes
        self.chosen = chosen
        self._typed: int | None = None
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each change; returns the call that ends it."""
        return _added(self._listeners, listener)

    @property
    def size(self) -> int:
        """The chosen size in whole units: a preset, or one that was named."""
        return self.sizes[self.chosen] if self._typed is None else self._typed

    def take(self, size: int) -> None:
        """Use a size that is no preset, in whole units above 0, until a preset is chosen again."""
        self._typed = size
        for listener in tuple(self._listeners):
            listener()

    def choose(self, index: int) -> None:
        """Pick a preset; beyond either end stays at the end."""
        self.chosen, self._typed = min(max(index, 0), len(self.sizes) - 1), None
        for listener in tuple(self._listeners):
            listener()


def _added(listeners: list[Listener], listener: Listener) -> Callable[[], None]:
    listeners.append(listener)
    return lambda: listeners.remove(listener) if listener in listeners else None

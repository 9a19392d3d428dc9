"""Panels of a layout that still wait to be made: one a moment, those in sight first, any of them at once on demand.

Beside the walks. A load that made all of them at once would keep keys and frames waiting for half a second. Whoever
looks for a panel, points at it or brings it to the front has it made first, so nobody meets an empty dock. The keyboard
stays where a person has put it, and keys find a quote of the instrument in focus, whatever panel asked for it before.
"""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from workstation.commands.params import Watch
from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.keyboard_back import give_back
from workstation.desktop.shell.layouts import PanelEntry

BEHIND_MS = 50
"""From one panel behind another tab to the next."""


class WaitingPanels:
    """The entries of one window that have a dock and no panel yet. fill: makes the panel of an entry in its dock."""

    def __init__(
        self,
        window: QWidget,
        context: DesktopContext,
        is_front: Callable[[str], bool],
        fill: Callable[[PanelEntry], object],
    ) -> None:
        self._window, self._context = window, context
        self._is_front, self._fill = is_front, fill
        self._entries: dict[str, PanelEntry] = {}
        self._watches = False
        self.timer = QTimer(window)
        self.timer.timeout.connect(self._make_next)

    def __contains__(self, panel_id: str) -> bool:
        """Tell whether a panel waits."""
        return panel_id in self._entries

    @property
    def entries(self) -> tuple[PanelEntry, ...]:
        """What waits, in the order of the layout."""
        return tuple(self._entries.values())

    def prepare(self) -> None:
        """Ask for the quote in focus, before panels that asked for it end; what waited until now waits no more."""
        self._entries.clear()
        self._watch(watched=True)

    def begin(self, entries: Iterable[PanelEntry]) -> None:
        """Let panels wait, in place of those that waited."""
        self._entries = {entry.id: entry for entry in entries}
        self.timer.start(0)

    def make(self, panel_id: str) -> None:
        """Make a panel now if it waits."""
        entry = self._entries.pop(panel_id, None)
        if entry is None:
            return
        held = self._window.focusWidget()
        self._fill(entry)
        if held is not None and held is not self._window.focusWidget():
            give_back(held, self._window)

    def forget(self, panel_id: str) -> None:
        """Let a panel that is closed wait no more."""
        self._entries.pop(panel_id, None)

    def end(self) -> None:
        """Forget all."""
        self._entries.clear()
        self.timer.stop()
        self._watch(watched=False)

    def _make_next(self) -> None:
        """Make one panel, those in sight first, those behind other tabs with longer pauses."""
        if not self._entries:
            self.end()
            return
        self.make(self._next())
        is_seen = bool(self._entries) and self._is_front(self._next())
        self.timer.setInterval(0 if is_seen else BEHIND_MS)

    def _next(self) -> str:
        return next(filter(self._is_front, self._entries), next(iter(self._entries)))

    def _watch(self, *, watched: bool) -> None:
        """Ask for the quote of the instrument in focus while panels are made; afterwards theirs is enough."""
        if watched or self._watches:
            quotes = frozenset({self._context.focus.symbol} if watched else ())
            self._context.bridge.watch(Watch(consumer=self._window.objectName(), quotes=quotes))
        self._watches = watched

"""A held key and a click: the key stages an order at the pointer's price, each click on a price sends it.

Beside the filter, for binds with `press = "click"` as in the profile `modal`. The order is read anew at the click, from
the price under the pointer then; letting the key go, or leaving the window, ends it. It sends through the filter alone.
"""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QMouseEvent

from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.staging import find_ticket, stage
from workstation.viewmodels.hotkey_binds import Bind
from workstation.viewmodels.hotkeys import Place, Request, Stage

_CLICKS = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)
_ENDS = (QEvent.Type.WindowDeactivate, QEvent.Type.ApplicationDeactivate)


class HeldClick:
    """The key that is held for a click, if any. read: what a bind asks for now; send: acts as its key press would."""

    def __init__(
        self, context: DesktopContext, read: Callable[[Bind], Request], send: Callable[[Bind, str], None]
    ) -> None:
        self._context = context
        self._read = read
        self._send = send
        self._held: tuple[int, Bind, str] | None = None

    @property
    def waits(self) -> bool:
        """Tell whether a click would send."""
        return self._held is not None

    def begin(self, key: int, bind: Bind, chord: str) -> None:
        """Stage the order at the pointer's price; nothing is sent."""
        self._held = (key, bind, chord)
        request = self._read(bind)
        say = self._context.announcer.say
        if not isinstance(request, Place):
            say("info", f"{chord} is held: point at a price of a ladder or chart, a click sends.")
            return
        reason = f"{chord} is held, not sent: {request.words}. A click sends it."
        if find_ticket() is None:
            say("info", reason)
        else:
            legs = request.stop_loss_px, request.take_profit_px
            stage(self._context, Stage(request.terms, request.words, *legs, reason=reason))

    def release(self, key: int) -> None:
        """End when the held key is let go."""
        if self._held is not None and self._held[0] == key:
            self._held = None

    def take(self, watched: QObject, event: QEvent) -> bool:
        """Return whether an event was a click that this mode took; a double click sends once."""
        if self._held is None:
            return False
        if event.type() in _ENDS:
            self._held = None
            return False
        if event.type() not in _CLICKS or not isinstance(event, QMouseEvent) or not watched.isWidgetType():
            return False
        if event.button() is not Qt.MouseButton.LeftButton or not self._points():
            return False
        if event.type() is QEvent.Type.MouseButtonPress:
            _, bind, chord = self._held
            self._send(bind, f"{chord}+click")
        return True

    def _points(self) -> bool:
        """Tell whether the pointer is on a price of the trade focus."""
        return self._context.cursor.price(self._context.focus.symbol) is not None

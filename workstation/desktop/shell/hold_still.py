"""Holding a ladder or a table still for reading: one key for the panel that has the keyboard, again to go on.

Beside the tick walk. What is shown stands; the state that keys, clicks and orders act on goes on. Own orders and the
position in a held ladder stay current. It sends nothing.
"""

from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.desktop.shell.panel import Panel
from workstation.desktop.shell.spoken_line import SpokenLine
from workstation.desktop.shell.staging import panel_with_keyboard, panels
from workstation.domain.orders import Origin

COMMAND = "view.hold_still"


class HoldStill:
    """Answers the command of one window."""

    def __init__(self, context: DesktopContext, keys: HotkeyFilter, spoken: SpokenLine) -> None:
        self._context, self._spoken = context, spoken
        keys.runs[COMMAND] = self._toggle

    def _toggle(self, _origin: Origin) -> None:
        panel = panel_with_keyboard() or self._ladder_of_focus()
        if panel is None or not panel.holdable:
            self._context.announcer.say("warning", "Put the keyboard in a ladder or a table to hold it still.")
        elif panel.is_held:
            panel.let_go()
            self._spoken.speak(f"{panel.title} goes on.")
        else:
            panel.hold_still()
            self._spoken.speak(f"{panel.title} is held still for reading. Orders and keys act on the present.")

    def _ladder_of_focus(self) -> Panel | None:
        """Return a ladder in sight of the instrument that keys act on."""
        ladders = (panel for panel in panels(lambda kind: kind.kind == "ladder") if panel.isVisible())
        symbol = self._context.focus.symbol
        return next((ladder for ladder in ladders if ladder.symbol == symbol), None)

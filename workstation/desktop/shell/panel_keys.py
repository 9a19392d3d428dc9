"""Panels by keyboard: to the next panel, to the next tab of an area, out of its place, closed. Mouse gestures alike.

Beside the walks. Each acts on the panel that has the keyboard in the window in front and moves the keyboard with it; it
never moves the trade focus.
"""

from collections.abc import Callable

from PySide6.QtWidgets import QApplication

from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.main_window import MainWindow
from workstation.desktop.shell.workspaces import Workspaces


class PanelKeys:
    """What the commands of panels run, by command."""

    def __init__(self, context: DesktopContext, workspaces: Workspaces) -> None:
        self._context, self._workspaces = context, workspaces
        self.runs: dict[str, Callable[[], object]] = {
            "panel.next": lambda: self._step(1),
            "panel.previous": lambda: self._step(-1),
            "panel.next_tab": lambda: self._turn(1),
            "panel.previous_tab": lambda: self._turn(-1),
            "panel.float": self._float,
            "panel.close": self._close,
        }

    def _step(self, by: int) -> None:
        """Move the keyboard to the next panel in sight, round at the end; to the first where none has it."""
        window, now = self._here()
        order = window.in_sight()
        if order:
            window.go_to(order[(order.index(now) + by) % len(order)] if now in order else order[0])

    def _turn(self, by: int) -> None:
        window, now = self._here()
        if now is None:
            self._say_none()
            return
        tabs = window.tabs_with(now)
        window.go_to(tabs[(tabs.index(now) + by) % len(tabs)])

    def _float(self) -> None:
        window, now = self._here()
        if now is None:
            self._say_none()
        elif window.locked:
            self._say_locked()
        else:
            window.float_or_dock(now)
            window.go_to(now)

    def _close(self) -> None:
        window, now = self._here()
        if now is None:
            self._say_none()
        elif window.locked:
            self._say_locked()
        else:
            tabs = window.tabs_with(now)
            window.close_by_hand(now)
            at = tabs.index(now)
            beside = (tabs[at + 1 :] + tabs[:at][::-1])[:1]
            if beside:
                window.go_to(beside[0])
            else:
                self._step(1)

    def _here(self) -> tuple[MainWindow, str | None]:
        """Return the window in front and the id of its panel with the keyboard."""
        window = self._workspaces.front
        panel = window.panel_of(QApplication.focusWidget())
        return window, None if panel is None else panel.panel_id

    def _say_none(self) -> None:
        self._context.announcer.say("info", "No panel has the keyboard. Next panel gives it to the first.")

    def _say_locked(self) -> None:
        self._context.announcer.say("info", "Panels are locked: Lock panels sets them free.")

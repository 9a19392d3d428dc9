"""Hotkeys: the event filter between the keyboard and the order path.

Where the walk of an order by key begins. It acts on the key-down edge alone, drops auto-repeat, leaves keys to text
fields, menus and dialogs (but for Esc, F12 and the keys that take risk away), refuses within the guard after a focus
change, reads one snapshot a press, and hands one command to the engine. It touches no table, no chart and no database.
Menu entries of the same commands run through the same door.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from workstation.commands.keymap import KEY_COMMANDS, declare_keys
from workstation.commands.params import (
    Disarm,
)
from workstation.commands.registry import Command, NoParams
from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.hotkeys_requests import FocusRequests, windows
from workstation.domain.orders import Origin, OriginKind
from workstation.viewmodels import hotkeys as keys

ESCAPE_LAYER = "escape_layer"
"""Property of a widget that has something of its own to undo by Esc, a drag or a staged item: it gets the key first."""

_FREE_OF_GUARD = frozenset({"trade.flatten_account", "trade.cancel_account", "trade.kill", "trade.arm", "trade.disarm"})
_NEVER_SENT_TWICE = "Press {key} again within 450 ms: {title}."


class HotkeyFilter(QObject):
    """Turns key presses into commands on the trade focus. Installed on the application by the workspace."""

    def __init__(self, context: DesktopContext) -> None:
        super().__init__()
        self.setObjectName("hotkey_filter")
        self._context = context
        self._double = keys.DoublePress()
        self._requests = FocusRequests(context)
        declare_keys(context.bridge.commands)
        self._by_chord: dict[str, Command[NoParams]] = {}
        for declared in KEY_COMMANDS:
            command = context.bridge.commands.get(declared.id)
            for key in command.keys:
                self._by_chord[key.partition(",")[0]] = command
        self._own: dict[str, Callable[[Origin], None]] = {
            "trade.arm": self._requests.arm,
            "trade.disarm": lambda origin: context.call("risk.disarm", Disarm(), origin),
            "trade.kill": self._requests.kill,
            "trade.choose_symbol": self._choose_symbol,
            "size.smaller": lambda _: context.sizes.choose(context.sizes.chosen - 1),
            "size.larger": lambda _: context.sizes.choose(context.sizes.chosen + 1),
        }
        for index in range(len(context.sizes.sizes)):
            self._own[f"size.preset_{index + 1}"] = partial(self._choose_size, index)

    def actions(self, parent: QObject) -> dict[str, QAction]:
        """Return a menu action for each command on a key, by id.

        The key stands in the text alone, so that the keyboard has one way in; a chosen entry runs like a press, and
        one that a key needs twice for runs at once, since choosing it from a menu takes two acts already.
        """
        made = {}
        for command in KEY_COMMANDS:
            key = command.keys[0] if command.keys else ""
            shown = f"{key.partition(',')[0]} ×2" if "," in key else key
            action = QAction(f"{command.title}\t{shown}", parent)
            action.setToolTip(command.help or command.title)
            action.triggered.connect(lambda _checked=False, command=command: self._run_from_menu(command))
            made[command.id] = action
        return made

    def press(self, command: Command[NoParams], chord: str) -> None:
        """Act on a key-down edge: guard, double press, then one request from one snapshot."""
        context = self._context
        origin = context.origin(OriginKind.HOTKEY, chord)
        if context.focus.guarded and command.id not in _FREE_OF_GUARD and not command.id.startswith("size."):
            QApplication.beep()
            context.announcer.say("warning", f"Refused: the focus moved to {context.focus.symbol} under 300 ms ago.")
            return
        if any("," in key for key in command.keys):
            if self._double.press(command.id, origin.ts_gesture) == "first":
                context.announcer.say("info", _NEVER_SENT_TWICE.format(key=chord, title=command.title))
                return
        else:
            self._double.clear()
        self._run(command, origin)

    def _run_from_menu(self, command: Command[NoParams]) -> None:
        self._run(command, self._context.origin(OriginKind.PALETTE, command.id))

    def _run(self, command: Command[NoParams], origin: Origin) -> None:
        own = self._own.get(command.id)
        if own is not None:
            own(origin)
            return
        self._requests.send(keys.decide(command.id, self._requests.snapshot()), origin)

    def _choose_size(self, index: int, _origin: Origin) -> None:
        self._context.sizes.choose(index)

    def _choose_symbol(self, _origin: Origin) -> None:
        """Put the cursor into the nearest symbol box: of the active window, else of any."""
        boxes = [box for top in windows() for box in top.findChildren(QLineEdit) if box.property("role") == "symbol"]
        visible = [box for box in boxes if box.isVisible()]
        if not visible:
            self._context.announcer.say("info", "No panel with a symbol box is open.")
            return
        visible[0].setFocus(Qt.FocusReason.ShortcutFocusReason)
        visible[0].selectAll()

    def _on_key(self, event: QKeyEvent) -> bool:
        """Return whether the press is consumed."""
        combination = event.keyCombination()
        modifiers = combination.keyboardModifiers() & ~Qt.KeyboardModifier.KeypadModifier
        chord = QKeySequence(int(modifiers.value) | int(event.key())).toString(QKeySequence.SequenceFormat.PortableText)
        command = self._by_chord.get(chord)
        if command is None or not self._may_act(command, event):
            return False
        if not event.isAutoRepeat():
            self.press(command, chord)
        return True

    def _may_act(self, command: Command[NoParams], event: QKeyEvent) -> bool:
        """Tell whether a key belongs to this filter now, or to a field, menu, dialog or drag."""
        focused = QApplication.focusWidget()
        covered = QApplication.activePopupWidget() is not None or QApplication.activeModalWidget() is not None
        typing = is_text_field(focused)
        if event.key() == Qt.Key.Key_Escape and not event.modifiers():
            if typing and focused is not None:
                QTimer.singleShot(0, focused, lambda: focused.clearFocus() if focused.hasFocus() else None)
            return not (covered or typing or _has_escape_layer(focused))
        if not (covered or typing):
            return True
        is_function_key = Qt.Key.Key_F1 <= event.key() <= Qt.Key.Key_F35
        return command.urgent and is_function_key

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the key presses that belong to a command; everything else goes on."""
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._on_key(event)
        return False


def is_text_field(widget: QWidget | None) -> bool:
    """Tell whether keys typed now are text: in a line, number or text field that can be edited."""
    if isinstance(widget, QLineEdit | QTextEdit | QPlainTextEdit | QAbstractSpinBox):
        return not widget.isReadOnly()
    return False


def _has_escape_layer(widget: QWidget | None) -> bool:
    while widget is not None:
        if widget.property(ESCAPE_LAYER):
            return True
        widget = widget.parentWidget()
    return False

"""Hotkeys: the event filter between the keyboard and the order path.

Where the walk of an order by key begins. It acts on the key-down edge alone, drops auto-repeat, leaves keys to text
fields, menus and dialogs (but for Esc, F12 and the keys that take risk away), refuses within the guard after a focus
change, reads one snapshot a press, and hands one request on. What a key means stands in the key file; menu entries of
the same commands run through the same door. It touches no table, no chart and no database.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QDialog,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from workstation.commands.keymap import KEY_COMMANDS, declare_keys
from workstation.commands.registry import Command, NoParams
from workstation.desktop.context import DesktopContext
from workstation.desktop.hold_to_confirm import hold_to_confirm
from workstation.desktop.shell.hotkeys_click import HeldClick
from workstation.desktop.shell.hotkeys_requests import FocusRequests
from workstation.desktop.shell.leader import Leader
from workstation.desktop.shell.staging import complete, put_staged_away, windows
from workstation.domain.orders import Origin, OriginKind
from workstation.viewmodels import hotkeys as keys
from workstation.viewmodels.hotkey_actions import at_half, first_that_holds, increases, request_of
from workstation.viewmodels.hotkey_binds import REDUCES, UNGUARDED, Bind, Press
from workstation.viewmodels.hotkey_dry_run import words_of

ESCAPE_LAYER = "escape_layer"
"""Property of a widget that has something of its own to undo by Esc, a drag or a staged item: it gets the key first."""
ESCAPE = "Esc"
"""The chord that acts one layer a press: a staged order is put away before orders are cancelled."""
KEY_TEST = "key_test"
"""Property of a field in which keys are tried: while it has the keyboard, no key acts."""

_NEVER_SENT_TWICE = "Press {key} again within 450 ms{hold}: {title}."
_GUARDED_COMMANDS = frozenset({"trade.undo"})
_MODIFIER_KEYS = frozenset(
    {Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr, Qt.Key.Key_CapsLock}
)
_LEAVING = (QEvent.Type.WindowDeactivate, QEvent.Type.ApplicationDeactivate)
_PARTS = (
    (Qt.KeyboardModifier.ControlModifier, "Ctrl"),
    (Qt.KeyboardModifier.ShiftModifier, "Shift"),
    (Qt.KeyboardModifier.MetaModifier, "Meta"),
    (Qt.KeyboardModifier.AltModifier, "Alt"),
)


class HotkeyFilter(QObject):
    """Turns key presses into requests on the trade focus. Installed on the application by the workspace."""

    def __init__(self, context: DesktopContext, path: Path | None = None) -> None:
        super().__init__()
        self.setObjectName("hotkey_filter")
        self._context = context
        self._double = keys.DoublePress()
        self.requests = FocusRequests(context)
        commands = context.bridge.commands
        declare_keys(commands)
        self.store = context.keys
        self.store.path = path
        self.store.commands = lambda: [command.id for command in commands.all()]
        self.leader = Leader()
        self._by_keys: dict[tuple[str, ...], tuple[Bind, ...]] = {}
        self._actions: dict[str, QAction] = {}
        self._held: tuple[int, Bind, str] | None = None
        self._left: QWidget | None = None  # a field that Esc has left: the next key is no text, however soon it comes
        self._hold = QTimer(self, singleShot=True)
        self._hold.timeout.connect(self._held_long_enough)
        self.click = HeldClick(
            context,
            lambda bind: request_of(bind, self.store.file, self.requests.snapshot()),
            self._send_held,
        )
        self.runs: dict[str, Callable[[Origin], None]] = {
            "trade.flatten_account": self.requests.flatten_account,
            "trade.undo": self.requests.undo,
            "trade.choose_symbol": self._choose_symbol,
        }
        for index in range(len(context.sizes.sizes)):
            self.runs[f"size.preset_{index + 1}"] = partial(self._choose_size, index)
        self.store.changed.connect(self._take_binds)
        context.focus.listen(self._follow_focus)
        self._take_binds()

    def actions(self, parent: QObject) -> dict[str, QAction]:
        """Return a menu action for each command on a key, by id.

        The key stands in the text alone, so that the keyboard has one way in; a chosen entry runs like a press, and
        one that a key needs twice for runs at once, since choosing it from a menu takes two acts already.
        """
        for command in KEY_COMMANDS:
            action = self._actions[command.id] = QAction(parent)
            action.setToolTip(command.help or command.title)
            action.triggered.connect(lambda _checked=False, command_id=command.id: self.run_command(command_id))
        self._name_actions()
        return dict(self._actions)

    def _name_actions(self) -> None:
        for command_id, action in self._actions.items():
            command: Command[NoParams] = self._context.bridge.commands.get(command_id)
            action.setText(f"{command.title}\t{self.store.keys_of(bind_name(command_id))}")

    def _take_binds(self) -> None:
        self.leader.end()
        grouped: dict[tuple[str, ...], list[Bind]] = {}
        for bind in self.store.file.binds:
            if bind.enabled:
                grouped.setdefault(bind.keys, []).append(bind)
        self._by_keys = {chords: tuple(binds) for chords, binds in grouped.items()}
        self._name_actions()

    def press(self, binds: tuple[Bind, ...], chord: str, *, held: bool = False) -> bool:
        """Act on a key-down edge: guard, press mode, then one request from one snapshot.

        held: it was held for as long as stands for a second press. Returns False where a second press is waited for.
        """
        context = self._context
        bind = first_that_holds(binds, self.store.file, self.requests.snapshot()) if len(binds) > 1 else binds[0]
        origin = context.origin(OriginKind.HOTKEY, chord)
        if context.focus.guarded and _acts_on_focus(bind):
            QApplication.beep()
            context.announcer.say("warning", f"Refused: the focus moved to {context.focus.symbol} under 300 ms ago.")
            return True
        if bind.press is Press.DOUBLE and not held:
            if self._double.press(self._aim(bind), origin.ts_gesture) == "first":
                hold = hold_to_confirm().words
                context.announcer.say("info", _NEVER_SENT_TWICE.format(key=chord, hold=hold, title=self.title(bind)))
                return False
        else:
            self._double.clear()
        self._run(bind, origin)
        return True

    def _aim(self, bind: Bind) -> str:
        """Return a bind with what it acts on: two presses are one request only where both meant the same."""
        focus = self._context.focus
        return f"{bind.id} {focus.account} {focus.symbol if _acts_on_focus(bind) else '*'}"

    def title(self, bind: Bind) -> str:
        """Return what a bind is called: its command's title, else its id."""
        return next((command.title for command in KEY_COMMANDS if bind_name(command.id) == bind.id), bind.id)

    def run_command(self, command_id: str) -> None:
        """Run a command of the registry that needs no parameters, as its key would, without guard and press mode."""
        origin = self._context.origin(OriginKind.PALETTE, command_id)
        bind = self.store.bind(bind_name(command_id))
        if command_id in self.runs or bind is None:
            self._run_named(command_id, origin)
        else:
            self._run(bind, origin)

    def _run(self, bind: Bind, origin: Origin) -> None:
        focus = self.requests.snapshot()
        request = request_of(bind, self.store.file, focus)
        self._carry_out(request, focus, origin)
        self.store.note_use(origin.detail, bind.id, words_of(request, bind))  # what was asked for is on its way by now

    def _carry_out(self, request: keys.Request, focus: keys.FocusSnapshot, origin: Origin) -> None:
        if isinstance(request, keys.Run):
            self._run_named(request.command, origin)
            return
        if self.store.cautious and isinstance(request, keys.Place) and increases(focus, request.terms):
            left = self.store.cautious
            self._context.announcer.say("info", f"Half size: {left} more orders after the key file's change.")
            request = at_half(request, focus.instrument)
            QTimer.singleShot(0, self.store, self.store.used_cautiously)
        self.requests.send(request, origin)

    def _run_named(self, command_id: str, origin: Origin) -> None:
        run = self.runs.get(command_id)
        if run is None:
            self._context.announcer.say("warning", f"Nothing here runs {command_id}: it needs its own panel.")
        else:
            run(origin)

    def _choose_size(self, index: int, _origin: Origin) -> None:
        self._context.sizes.choose(index)

    def _choose_symbol(self, _origin: Origin) -> None:
        """Put the cursor into the nearest symbol box: of the active window, else of any."""
        complete(lambda kind: kind.linked)
        boxes = [box for top in windows() for box in top.findChildren(QLineEdit) if box.property("role") == "symbol"]
        visible = [box for box in boxes if box.isVisible()]
        if not visible:
            self._context.announcer.say("info", "No panel with a symbol box is open.")
            return
        visible[0].setFocus(Qt.FocusReason.ShortcutFocusReason)
        visible[0].selectAll()

    def _on_key(self, event: QKeyEvent, watched: QObject) -> bool:
        """Return whether the press is consumed."""
        focused = keyboard_widget(watched)
        if focused is not None and focused.property(KEY_TEST):
            return False
        chord = chord_of(event)
        waits = self.leader.waits and event.key() not in _MODIFIER_KEYS
        if waits and self._continues(chord, event, watched):
            return True
        binds = self._by_keys.get((chord,), ())
        following = {chords[1]: found for chords, found in self._by_keys.items() if chords[0] == chord and chords[1:]}
        if not binds and not following:
            return False
        if not self._may_act(binds, event, watched):
            return False
        if event.isAutoRepeat():
            return True
        if chord == ESCAPE and put_staged_away(self._context):
            return True
        if following:
            self.leader.begin(chord, following)
        elif binds[0].press is Press.CLICK:
            self.click.begin(event.key(), binds[0], chord)
        elif binds[0].press is Press.HOLD:
            self._begin_hold(event.key(), binds[0], chord, binds[0].hold_ms)
            say = f"Hold {chord} for {binds[0].hold_ms} ms: {self.title(binds[0])}."
            self._context.announcer.say("info", say)
        else:
            self._end_hold()
            if not self.press(binds, chord) and hold_to_confirm().ms:
                self._begin_hold(event.key(), binds[0], chord, hold_to_confirm().ms)
        return True

    def _continues(self, chord: str, event: QKeyEvent, watched: QObject) -> bool:
        """Take the second key of a sequence; returns False for a key that acts as if no sequence had begun.

        That is a panic key, since nothing may hold up an exit, and one typed into a field or a dialog that has got the
        keyboard meanwhile.
        """
        if event.isAutoRepeat():
            return True
        binds = self.leader.take(chord)
        if not self._may_act(binds, event, watched):
            return False
        if binds:
            self.press(binds, " ".join(binds[0].keys))
            return True
        if _is_panic(self._by_keys.get((chord,), ()), event):
            return False
        self._context.announcer.say("info", f"{chord} continues no sequence.")
        return True

    def _send_held(self, bind: Bind, chord: str) -> None:
        self.press((bind,), chord)

    def _follow_focus(self) -> None:
        """Let no key go on being held for an instrument that the focus has left."""
        if self._held is not None and _acts_on_focus(self._held[1]):
            self._end_hold()

    @property
    def holds(self) -> bool:
        """Tell whether a key is held that acts when it is let go, held on or clicked with."""
        return self._held is not None or self.click.waits

    def _begin_hold(self, key: int, bind: Bind, chord: str, hold_ms: int) -> None:
        self._held = (key, bind, chord)
        self._hold.start(hold_ms)

    def _end_hold(self) -> None:
        self._held = None
        self._hold.stop()

    def _held_long_enough(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self.press((held[1],), held[2], held=True)

    def _on_release(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat():
            self.click.release(event.key())
        is_part = self._held is not None and event.key() in (self._held[0], *_MODIFIER_KEYS)
        if is_part and not event.isAutoRepeat():
            self._end_hold()

    def _may_act(self, binds: tuple[Bind, ...], event: QKeyEvent, watched: QObject) -> bool:
        """Tell whether a key belongs to this filter now, or to a field, menu, dialog or drag."""
        focused = keyboard_widget(watched)
        covered = (
            QApplication.activePopupWidget() is not None
            or QApplication.activeModalWidget() is not None
            or isinstance(QApplication.activeWindow() if focused is None else focused.window(), QDialog)
        )
        typing = is_text_field(focused)
        if event.key() == Qt.Key.Key_Escape and not event.modifiers():
            if typing and focused is not None:
                self._left = focused
                QTimer.singleShot(0, focused, lambda: self._leave(focused))
            return not (covered or typing or _has_escape_layer(focused))
        if not covered and (not typing or focused is self._left):
            return True
        return _is_panic(binds, event)

    def _leave(self, field: QWidget) -> None:
        """Take the keyboard from a field that Esc left, once it has had that press itself."""
        self._left = None
        if field.hasFocus():
            field.clearFocus()

    def takes(self, watched: QObject, event: QEvent) -> bool:
        """Take the key presses that belong to a bind; everything else goes on. It sees each event of the program."""
        if self._held is not None and event.type() in _LEAVING:
            self._end_hold()
        if isinstance(event, QKeyEvent):
            if event.type() is QEvent.Type.KeyPress:
                return self._on_key(event, watched)
            if event.type() is QEvent.Type.KeyRelease:
                self._on_release(event)
        return self.click.take(watched, event)

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See `takes`."""
        return self.takes(watched, event)


def bind_name(command_id: str) -> str:
    """Return the id of the bind that is a command's key: `flatten` for `trade.flatten`."""
    return command_id.rpartition(".")[2]


def chord_of(event: QKeyEvent) -> str:
    """Return a press in the words of the key file."""
    held = event.modifiers()
    key = QKeySequence(event.key()).toString(QKeySequence.SequenceFormat.PortableText)
    return "+".join([*(name for modifier, name in _PARTS if held & modifier), key])


def _acts_on_focus(bind: Bind) -> bool:
    if bind.do == "run":
        return bind.command in _GUARDED_COMMANDS
    return bind.do not in UNGUARDED


def _reduces(bind: Bind) -> bool:
    return bind.do in REDUCES or bind.command == "trade.flatten_account"


def _is_panic(binds: tuple[Bind, ...], event: QKeyEvent) -> bool:
    """Tell whether a press is a function key that only takes risk away."""
    is_function_key = Qt.Key.Key_F1 <= event.key() <= Qt.Key.Key_F35
    return is_function_key and bool(binds) and all(_reduces(bind) for bind in binds)


def keyboard_widget(watched: QObject) -> QWidget | None:
    """Return the widget that a key goes to, also where no window manager says which window is active.

    watched: what the press was sent to, a window or a widget.
    """
    focused = QApplication.focusWidget()
    if focused is not None:
        return focused
    if isinstance(watched, QWidget):
        return watched.window().focusWidget()
    tops = (top for top in QApplication.topLevelWidgets() if top.windowHandle() is watched)
    return next((top.focusWidget() for top in tops), None)


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

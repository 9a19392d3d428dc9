"""What panels of engine answers share: they ask again while they are seen, and say what is wrong when no answer comes.

Last stage of both walks for what no frame carries. A gesture becomes one command; its refusal stays in the panel until
the next gesture. Answers are held weakly, so that a closed panel is let go while the engine still thinks.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar
from weakref import WeakMethod, ref

import msgspec
from PySide6.QtCore import QRect, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.desktop.flow_bar import FlowBar
from workstation.desktop.hold_to_confirm import hold_to_confirm
from workstation.desktop.shell.note_line import NoteLine
from workstation.desktop.shell.panel import Panel
from workstation.desktop.theme import current_theme
from workstation.domain.orders import OriginKind
from workstation.viewmodels.asking import Asking
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.panel_notes import ConnectionWatch, PanelNote

ASK_EVERY_MS = 1_000
DOUBLE_PRESS_MS = 1_500
BESIDE_FROM_PX = 560
SIDE_WIDTH_MIN_PX, SIDE_WIDTH_MAX_PX = 280, 340
SIDE_SHARE = 0.42
REST_STRETCH = 100
"""Against the empty room below: what takes the rest has nearly all of it."""

QWIDGETSIZE_MAX = 16_777_215

Heard = Callable[[CommandResult], None]
Question = tuple[str, msgspec.Struct, Heard]
"""A reading command, its parameters and the bound method that takes the answer."""


class AskingPanel(Panel):
    """Base of the risk, connections, fault, script and webhook panels.

    `what`: what it waits for, in words. `link_means`: what a lost venue means here, "" for what it means to orders.
    """

    what = "an answer"
    link_means: ClassVar[str] = ""
    scrolls = True

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self.released = False
        self.connection = ConnectionWatch()
        if context.state.status is not None:
            self.connection.take(context.state.status)
        self.asking = Asking(self.what, context.bridge.session.mono_ns)
        self.refusal = ""
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        self._build_state_line()
        self._timer = QTimer(self, interval=ASK_EVERY_MS)
        self._timer.timeout.connect(self._on_timer)
        self._timer.start()

    def questions(self) -> Sequence[Question]:
        """Return what is asked again and again while the panel is seen."""
        return ()

    def trouble(self) -> PanelNote:
        """Return what the panel itself has to say of its content; heard last."""
        return PanelNote()

    def ask(self) -> None:
        """Ask now."""
        questions = self.questions()
        if questions:
            self.asking.begin()
        for command_id, params, heard in questions:
            self._send(command_id, params, "ask", heard)
        self.show_state()

    def act(self, command_id: str, params: msgspec.Struct, detail: str, then: Heard | None = None) -> None:
        """Run a command for a gesture; what it answers is announced, a refusal stays here, and the panel asks again."""
        self.refusal = ""
        self._send(command_id, params, detail, self._on_done if then is None else then)

    def on_frame(self, frame: Frame) -> None:
        """Take the link's state."""
        if frame.status is not None:
            self.connection.take(frame.status)
            self.show_state()

    def show_state(self) -> None:
        """Show the one line that matters most: a refusal, no answer, a link that is down, or the panel's own."""
        if self.released:
            return
        note = PanelNote("warning", self.refusal) if self.refusal else self.asking.note()
        if not note.text and not self.connection.venue_up:
            means = self.link_means
            note = self.connection.note(means) if means else self.connection.orders_note()
        self.note.show_note(note if note.text else self.trouble())
        self.retry.setVisible(self.asking.is_late)
        self.copy.setVisible(bool(self.asking.details))

    def take(self, result: CommandResult, kind: type) -> bool:
        """Note an answer; True when it is of the kind that was asked for."""
        good = result.ok and isinstance(result.data, kind)
        status = self.context.state.status
        self.asking.heard(result.text, result.code, good=good, at=0 if status is None else status.now_ns)
        self.show_state()
        return good

    def refuse(self, text: str) -> None:
        """Keep a refusal in the panel until the next gesture."""
        self.refusal = text
        self.show_state()

    def release(self) -> None:
        """End; answers that come later find nobody."""
        self.released = True
        self._timer.stop()
        super().release()

    def _send(self, command_id: str, params: msgspec.Struct, detail: str, heard: Heard) -> None:
        hold, panel = WeakMethod(heard), ref(self)

        def answered(result: CommandResult) -> None:
            asks, hears = panel(), hold()
            if asks is not None and hears is not None and not asks.released:
                hears(result)

        origin = self.context.origin(OriginKind.PALETTE, f"{self.kind}:{detail}")
        self.context.bridge.call(command_id, params, origin, answered)

    def _on_done(self, result: CommandResult) -> None:
        self.context.announcer.say("info" if result.ok else "warning", result.text)
        self.refusal = "" if result.ok else result.text
        self.ask()

    def _on_timer(self) -> None:
        if self.isVisible():
            self.ask()

    def _build_state_line(self) -> None:
        self.note = NoteLine(f"{self.panel_id}_note")
        self.retry = self.button("retry", "Retry", f"Ask for {self.what} again", self.ask)
        self.copy = self.button("copy_details", "Copy details", "Copy what went wrong", self._copy)
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 8, 0)
        line.addWidget(self.note, 1)
        line.addWidget(self.retry)
        line.addWidget(self.copy)
        self.retry.hide()
        self.copy.hide()
        self.column.addLayout(line)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.asking.details)

    def button(self, name: str, text: str, meaning: str, run: Callable[[], object], role: str = "quiet") -> QPushButton:
        """Return a button of this panel; it has its name, its meaning and its place in the tab order."""
        return named(QPushButton(text), f"{self.panel_id}_{name}", meaning, role, run)


class Beside(QBoxLayout):
    """A table with what acts on it: beside the table where the panel is wide, below it where it is narrow.

    rest: the control that takes what is left beside the table, and below it is as low as it was made.
    """

    def __init__(
        self,
        panel: QWidget,
        table: QWidget,
        *controls: QWidget,
        share: float = SIDE_SHARE,
        rest: QWidget | None = None,
    ) -> None:
        super().__init__(QBoxLayout.Direction.LeftToRight)
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(0)
        self._side, self._share = QWidget(panel), share
        self._rest, self._rest_px = rest, 0 if rest is None else rest.maximumHeight()
        column = QVBoxLayout(self._side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for control in controls:
            column.addWidget(control, REST_STRETCH if control is rest else 0)
        column.addStretch(1)
        self.addWidget(table, 1)
        self.addWidget(self._side)

    def show_side(self, *, shown: bool) -> None:
        """Show what acts on the table, or leave the table all the room."""
        self._side.setVisible(shown)

    # Qt overrides

    def setGeometry(self, rect: QRect) -> None:
        """Turn when the room is another."""
        scale = current_theme().text_scale
        is_wide = rect.width() >= BESIDE_FROM_PX * scale
        wanted = QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom
        if wanted is not self.direction():
            self.setDirection(wanted)
            self.update()  # what it needs below another is not what it needs beside it
        least, most = round(SIDE_WIDTH_MIN_PX * scale), round(SIDE_WIDTH_MAX_PX * scale)
        side = min(max(round(rect.width() * self._share), least), most)
        self._side.setMaximumWidth(side if is_wide else QWIDGETSIZE_MAX)
        self._side.setMinimumWidth(side if is_wide else 0)
        if self._rest is not None:
            self._rest.setMaximumHeight(QWIDGETSIZE_MAX if is_wide else self._rest_px)
        super().setGeometry(rect)


class PressTwice(QPushButton):
    """A button for what cannot be taken back: it acts on the second press within DOUBLE_PRESS_MS, or held long enough.

    It calls `run` once a pair; the first press changes its words. Emits: waiting(True) with the first, waiting(False)
    when it acts or gives up.
    """

    waiting = Signal(bool)

    def __init__(self, text: str, run: Callable[[], object]) -> None:
        super().__init__(text)
        self._words, self._run = text, run
        self._waits = QTimer(self, interval=DOUBLE_PRESS_MS, singleShot=True)
        self._waits.timeout.connect(self._calm)
        self._held = QTimer(self, singleShot=True)
        self._held.timeout.connect(self._held_long_enough)
        self._acted = False
        self.pressed.connect(self._begin_hold)
        self.released.connect(self._held.stop)
        self.clicked.connect(self._pressed)

    def _begin_hold(self) -> None:
        self._acted = False
        if hold_to_confirm().ms:
            self._held.start(hold_to_confirm().ms)

    def _held_long_enough(self) -> None:
        if self.isDown():
            self._acted = True
            self._waits.stop()
            self._calm()
            self._run()

    def _pressed(self) -> None:
        if self._acted:
            self._acted = False
        elif self._waits.isActive():
            self._waits.stop()
            self._calm()
            self._run()
        else:
            self.setText(f"Press again: {self._words.lower()}")
            self._waits.start()
            self.waiting.emit(self._waits.isActive())

    def _calm(self) -> None:
        self.setText(self._words)
        self.waiting.emit(self._waits.isActive())


def named(
    button: QPushButton, name: str, meaning: str, role: str, run: Callable[[], object] | None = None
) -> QPushButton:
    """Give a button its object name, accessible name, hover and role; returns it."""
    button.setObjectName(name)
    button.setAccessibleName(meaning)
    button.setToolTip(meaning)
    button.setProperty("role", role)
    if run is not None:
        button.clicked.connect(lambda *_: run())
    return button


def bar_of(*widgets: QWidget, stretch: int = -1) -> FlowBar:
    """Return a row of widgets with the panel's margins; the one at place `stretch` takes what is left."""
    row = FlowBar(6)
    row.set_margins(8, 3)
    for place, widget in enumerate(widgets):
        row.add(widget, 1 if place == stretch else 0)
    return row

"""The strip above a panel: what the panel cannot say of itself, and the way out.

It tells that the engine is silent, that the panel met a fault, and, for a panel that does not say so itself, that a
link is down or nothing has come yet. While all is well it is not there.
"""

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from workstation.desktop.shell.note_line import NoteLine
from workstation.desktop.shell.panel import Panel
from workstation.viewmodels.formats import time_of_day
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.panel_notes import NOTHING, WAITING, ConnectionWatch, EngineWatch, PanelNote, held_note


class PanelStrip(QWidget):
    """The strip of one panel; it ends with the panel."""

    def __init__(self, panel: Panel) -> None:
        super().__init__()
        self._panel = panel
        bridge = panel.context.bridge
        self._mono_ns = bridge.session.mono_ns
        self._held_at = ""
        self._engine, self._links = EngineWatch(self._mono_ns()), ConnectionWatch()
        if bridge.state.status is not None:
            self._links.take(bridge.state.status)
            self._engine.take(bridge.state.status, self._mono_ns())
        self.setObjectName(f"{panel.panel_id}_strip")
        self.note = NoteLine(f"{panel.panel_id}_strip_note")
        self.retry = self._button("retry", "Retry", f"Open {panel.title.lower()} anew")
        self.retry.clicked.connect(panel.retry_asked)
        self.copy = self._button("copy", "Copy details", "Copy what went wrong")
        self.copy.clicked.connect(self._copy)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.addWidget(self.note, 1)
        row.addWidget(self.retry)
        row.addWidget(self.copy)
        bridge.frame_taken.connect(self._on_frame)
        panel.until_released(self._stop_listening)
        panel.fault_met.connect(self.show_state)
        panel.held_changed.connect(self._on_held)
        self.show_state()

    def show_state(self) -> None:
        """Show what matters most: a fault, a silent engine, a link that is down."""
        note = self._note()
        faulty = bool(self._panel.fault)
        self.note.show_note(note)
        self.retry.setVisible(faulty)
        self.copy.setVisible(faulty)
        self.setVisible(bool(note.text))

    def _note(self) -> PanelNote:
        if self._panel.fault:
            return PanelNote("danger", self._panel.fault)
        trouble = self._trouble()
        return held_note(self._held_at, self._panel.rows_waiting, trouble) if self._panel.is_held else trouble

    def _trouble(self) -> PanelNote:
        silence, words = self._engine.note(self._mono_ns()), self._panel.link_down_words
        if self._panel.is_held and not silence.text:
            return self._links.note(words or "What stands here is older still.")
        if not words:
            return NOTHING if silence is WAITING else silence
        return silence if silence.text else self._links.note(words)

    def _button(self, name: str, text: str, meaning: str) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(f"{self._panel.panel_id}_strip_{name}")
        button.setAccessibleName(meaning)
        button.setToolTip(meaning)
        button.setProperty("role", "quiet")
        return button

    def _on_held(self) -> None:
        status = self._panel.context.state.status
        self._held_at = "" if status is None else time_of_day(status.now_ns)[:8]
        self.show_state()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._panel.fault_details)

    def _stop_listening(self) -> None:
        self._panel.context.bridge.frame_taken.disconnect(self._on_frame)

    def _on_frame(self, frame: Frame) -> None:
        if frame.status is not None:
            self._links.take(frame.status)
            self._engine.take(frame.status, self._mono_ns())
        self.show_state()

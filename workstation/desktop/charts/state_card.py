"""The card over a chart that has nothing to draw, or cannot go on: one sentence, and the gesture that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from workstation.desktop.icons import icon
from workstation.viewmodels.chart_window import PanelState

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

ICON_PX: Final = 20
TEXT_WIDTH_MAX_PX: Final = 480
_LOOKS: Final[dict[PanelState, tuple[str, str, str]]] = {  # icon, colour role, words when none are given
    PanelState.EMPTY: ("chart", "text_muted", "No instrument. Drop one here, or type a symbol."),
    PanelState.LOADING: ("clock", "text_muted", "Loading bars…"),
    PanelState.STALE: ("stale", "warning", "Prices are stale."),
    PanelState.DISCONNECTED: ("disconnected", "warning", "Disconnected."),
    PanelState.ERROR: ("alert", "danger", "The chart cannot be shown."),
}


class StateCard(QFrame):
    """Shows one state in words. Emits: retry_requested, fetch_requested, copy_requested(text)."""

    retry_requested = Signal()
    fetch_requested = Signal()
    copy_requested = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("chart-state")
        self.setProperty("role", "raised")
        self._icon = QLabel(self)
        self._text = QLabel(self)
        self._text.setObjectName("chart-state-text")
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._retry = self._button("Retry", "chart-state-retry")
        self._fetch = self._button("Fetch history", "chart-state-fetch")
        self._fetch.clicked.connect(self.fetch_requested)
        self._copy = self._button("Copy details", "chart-state-copy")
        self._retry.clicked.connect(self.retry_requested)
        self._copy.clicked.connect(self._on_copy_clicked)
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        first.addWidget(self._text, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch()
        buttons.addWidget(self._retry)
        buttons.addWidget(self._fetch)
        buttons.addWidget(self._copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        layout.addLayout(first)
        layout.addLayout(buttons)
        self.hide()

    def show_state(self, state: PanelState, text: str, *, offers: bool = False) -> None:
        """Show a state, or hide the card when the chart speaks for itself. offers: an empty one can be filled."""
        look = _LOOKS.get(state)
        if look is None:
            self.hide()
            return
        name, role, words = look
        self._icon.setPixmap(icon(name, role).pixmap(ICON_PX, ICON_PX))
        self._text.setText(text or words)
        self._text.setMinimumWidth(
            min(self._text.fontMetrics().horizontalAdvance(text or words) + 4, TEXT_WIDTH_MAX_PX)
        )
        self.setAccessibleName(f"{state.value}: {text or words}")
        self._retry.setVisible(state in {PanelState.ERROR, PanelState.LOADING} and bool(text))
        self._fetch.setVisible(offers and state is PanelState.EMPTY)
        self._copy.setVisible(state is PanelState.ERROR)
        self.adjustSize()
        self.show()
        self.raise_()

    def _button(self, text: str, name: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.setAccessibleName(text)
        return button

    def _on_copy_clicked(self) -> None:
        self.copy_requested.emit(self._text.text())

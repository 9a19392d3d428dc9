"""The strategies panel's part of what the chosen run says: its code, its own values, what it has open, and its log.

A run that failed shows its traceback behind its lines. It asks for nothing.
"""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from workstation.commands.strategies import RunTail
from workstation.domain.records import StrategyRun
from workstation.viewmodels.formats import Formats
from workstation.viewmodels.strategies_view import (
    capital_text,
    code_text,
    line_text,
    memory_text,
    open_text,
    values_text,
)

LOG_LINES_MAX = 500
LOG_HEIGHT_MIN_PX = 70


class RunTold(QWidget):
    """What one run says."""

    def __init__(self, panel_id: str, formats: Formats) -> None:
        super().__init__()
        self._formats = formats
        self.own = caption(f"{panel_id}_own")
        self.own.setAccessibleName("What the selected run shows of its own, and what it has open")
        self.own.hide()
        self.log = QPlainTextEdit()
        self.log.setObjectName(f"{panel_id}_log")
        self.log.setAccessibleName("Log of the selected run")
        self.log.setReadOnly(True)
        self.log.setPlaceholderText("What the selected run says appears here.")
        self.log.setMaximumBlockCount(LOG_LINES_MAX)
        self.log.setMinimumHeight(LOG_HEIGHT_MIN_PX)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.own)
        column.addWidget(self.log)

    def clear(self) -> None:
        """Show nothing: another run was chosen."""
        self.log.clear()
        self.own.hide()

    def show_tail(self, run: StrategyRun, tail: RunTail) -> None:
        """Show what a run says now; the end of the log stays in sight when it grew."""
        opened = open_text(self._formats, tail.positions, tail.orders)
        parts = (code_text(run), capital_text(tail.pace), memory_text(tail.pace), values_text(tail.values), opened)
        self.own.setText("\n".join(part for part in parts if part))
        self.own.setVisible(any(parts))
        self._fit_own()
        text = "\n".join(line_text(line) for line in tail.lines)
        if run.error_traceback:
            text = f"{text}\n{run.error_traceback}".strip()
        if text != self.log.toPlainText():
            self.log.setPlainText(text)
            bar = self.log.verticalScrollBar()
            bar.setValue(bar.maximum())

    def _fit_own(self) -> None:
        """Keep all lines of what the run shows whole: a splitter asks nobody for a height at a width."""
        self.own.setMinimumHeight(max(self.own.heightForWidth(self.width()), 0))

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap anew."""
        super().resizeEvent(event)
        self._fit_own()


def caption(name: str) -> QLabel:
    """Return a line of small print that wraps."""
    made = QLabel()
    made.setObjectName(name)
    made.setProperty("role", "caption")
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(True)
    made.setContentsMargins(8, 3, 8, 3)
    return made

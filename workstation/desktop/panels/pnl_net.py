"""The P&L panel's large figure: the day's net, or open profit in ticks or R, or nothing; a click goes on to the next.

Part of the P&L panel. It shows texts, and computes none.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QLabel

from workstation.viewmodels.formats import MISSING
from workstation.viewmodels.ladder_settings import PnlUnit, unit_after

_TIP = "A click shows the day's net in money, open profit in ticks or in R, or nothing."


class NetFigure(QLabel):
    """The figure and its unit. Emits: unit_chosen(PnlUnit) on a click."""

    unit_chosen = Signal(PnlUnit)

    def __init__(self, name: str) -> None:
        super().__init__(MISSING)
        self.unit = PnlUnit.MONEY
        self.setObjectName(name)
        self.setToolTip(_TIP)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_figure(self, text: str, mark: str = "") -> None:
        """Show a figure in its unit, or the panel's name where figures are hidden. mark: what is read out after it."""
        meaning = "Net" if self.unit is PnlUnit.MONEY else "Open profit"
        is_hidden = self.unit is PnlUnit.HIDDEN
        self.setText("P&L" if is_hidden else text)
        words = "Profit and loss hidden" if is_hidden else f"{meaning} {text}"
        self.setAccessibleName(f"{words}, {mark}" if mark else words)

    # Qt overrides

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Go on to the next unit."""
        super().mouseReleaseEvent(event)
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.unit_chosen.emit(unit_after(self.unit))

"""The card over an item of the status bar: its figures, one a line. Leaves on Esc or a click beside it."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

from workstation.desktop.theme import current_theme, ui_font, use_figure_font
from workstation.viewmodels.status_detail import Line

GAP_PX = 4


class DetailCard(QFrame):
    """One item told at length."""

    def __init__(self, name: str, title: str, lines: Sequence[Line], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName(name)
        self.setProperty("role", "raised")
        self.setAccessibleName(f"{title}. " + ". ".join(f"{label}: {value}" for label, value in lines))
        grid = QGridLayout(self)
        metrics = current_theme().metrics
        grid.setContentsMargins(metrics.grid * 2, metrics.grid, metrics.grid * 2, metrics.grid)
        grid.setHorizontalSpacing(metrics.grid * 4)
        grid.setVerticalSpacing(metrics.grid // 2)
        head = QLabel(title)
        head.setFont(ui_font("emphasis"))
        grid.addWidget(head, 0, 0, 1, 2)
        for row, (label, value) in enumerate(lines, start=1):
            left, right = QLabel(label), QLabel(value)
            left.setProperty("role", "muted")
            use_figure_font(right, "body")
            right.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(left, row, 0)
            grid.addWidget(right, row, 1)

    def stand_above(self, widget: QWidget) -> None:
        """Show it above a widget, within the widget's screen."""
        self.adjustSize()
        corner, room = widget.mapToGlobal(QPoint(0, 0)), widget.screen().availableGeometry()
        left = min(max(corner.x(), room.left()), room.right() - self.width())
        self.move(left, max(corner.y() - self.height() - GAP_PX, room.top()))
        self.show()

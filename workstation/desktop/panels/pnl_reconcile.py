"""The reconcile rows of the P&L panel, and the fills behind one of them or behind a stretch of the day.

Last stage of the order walk. A click or Enter on a row opens the fills that made our figure; it sends nothing.
"""

from collections.abc import Iterable
from math import ceil

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QDialog, QFrame, QLabel, QVBoxLayout, QWidget

from workstation.desktop.cell_painting import PADDING_PX
from workstation.desktop.context import DesktopContext
from workstation.desktop.table_view import ColumnView
from workstation.desktop.tables import ColumnModel
from workstation.desktop.theme import figure_font
from workstation.domain.executions import Execution
from workstation.viewmodels.fills_table import FillBlotter
from workstation.viewmodels.formats import Formats
from workstation.viewmodels.reconciled import ReconcileRow, reconcile_style, reconcile_table

ROWS_SHOWN = 3
DIALOG_PX = (760, 320)
NO_FILL = "No fill of today is behind it: the gap is older, or a fee, transfer or correction at the broker."


class ReconcileStrip(ColumnView):
    """Our figures beside the broker's. Emits: chosen(ReconcileRow) on a click or Enter."""

    chosen = Signal(object)

    def __init__(self, panel_id: str) -> None:
        self._model: ColumnModel[ReconcileRow] = ColumnModel(reconcile_table())
        self._has_room, self._differs = True, False
        super().__init__(self._model, reconcile_style, name=f"{panel_id}_reconcile", meaning="Ours beside the broker's")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.set_flexible("what")
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)
        self.hide()

    def show_rows(self, rows: list[ReconcileRow]) -> None:
        """Show these rows and no others."""
        table = self._model.table
        kept = {row.what for row in rows}
        gone = [table.row(int(number)).what for number in table.view]
        self.reorder(lambda: table.remove([what for what in gone if what not in kept]))
        self.upsert(rows)
        self._differs = any(row.differs for row in rows)
        self._show()
        self._fit()
        row, header = self.verticalHeader().defaultSectionSize(), self.horizontalHeader().sizeHint().height()
        self.setFixedHeight(header + min(len(rows), ROWS_SHOWN) * row + 2)

    def set_room(self, *, has_room: bool) -> None:
        """Show rows that agree only where there is room for them; a difference is always shown."""
        self._has_room = has_room
        self._show()

    def _show(self) -> None:
        self.setVisible(bool(len(self._model.table)) and (self._has_room or self._differs))

    def _fit(self) -> None:
        """Give each figure the room that it needs, so that all four stand in a narrow panel too."""
        metrics = QFontMetricsF(figure_font("body"))
        table = self._model.table
        for place, column in enumerate(table.columns[1:], 1):
            texts = [column.text(table.row(int(number))) for number in table.view]
            room = max((metrics.horizontalAdvance(text) for text in (*texts, column.title)), default=0.0)
            self.horizontalHeader().resizeSection(place, ceil(room) + 2 * PADDING_PX)

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(self._model.row_at(index.row()))


class FillsBehind(QDialog):
    """The fills that a figure was counted from, newest first, with the figure in words above. what: its name."""

    def __init__(
        self, context: DesktopContext, what: str, words: str, fills: Iterable[Execution], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setObjectName(f"{parent.objectName()}_fills_behind")
        self.setWindowTitle(f"Fills behind {what}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        instruments = context.bridge.session.instruments
        blotter = FillBlotter(Formats(instruments))
        self.words = QLabel(words, self, wordWrap=True)
        self.words.setObjectName(f"{self.objectName()}_words")
        self.view = ColumnView(
            ColumnModel(blotter.table), blotter.style, name=f"{self.objectName()}_table", meaning="Fills behind it"
        )
        self.view.set_flexible("symbol", overflow="order")
        self.view.set_empty_text("No fills today", NO_FILL)
        self.view.apply(lambda: blotter.take(list(fills)))
        column = QVBoxLayout(self)
        column.addWidget(self.words)
        column.addWidget(self.view, 1)
        self.resize(*DIALOG_PX)


def is_behind(context: DesktopContext, row: ReconcileRow, fill: Execution) -> bool:
    """Tell whether a fill is one that a figure was counted from."""
    if row.symbol:
        return fill.symbol == row.symbol
    instrument = context.bridge.session.instruments.get(fill.symbol)
    return instrument is not None and row.currency in (instrument.currency, fill.fee_currency)

"""The strategies panel's list of orders that no run watches: cancel them, or take them on as one's own.

Hidden while there are none. It knows orders, no command.
"""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from workstation.desktop.panels.asking_panel import bar_of, named
from workstation.desktop.table_view import ColumnView
from workstation.desktop.tables import ColumnModel
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState
from workstation.viewmodels.columns import RowStyle
from workstation.viewmodels.orphan_orders import OrphanOrders

HEIGHT_PX = 150


class OrphanList(QWidget):
    """Emits: cancel_asked(order) and adopt_asked(order) for each chosen order."""

    cancel_asked = Signal(object)
    adopt_asked = Signal(object)

    def __init__(self, panel_id: str, instruments: Mapping[str, Instrument]) -> None:
        super().__init__()
        self.setObjectName(f"{panel_id}_orphan_list")
        self.rows = OrphanOrders(instruments)
        self.view = ColumnView(
            ColumnModel(self.rows.table), lambda _order: RowStyle(), name=f"{panel_id}_orphans", meaning="Orphan orders"
        )
        self.view.set_flexible("order")
        title = QLabel("Orders that no run watches any more")
        title.setObjectName(f"{panel_id}_orphans_title")
        title.setProperty("role", "caption")
        title.setWordWrap(True)
        title.setContentsMargins(8, 3, 8, 3)
        adopt_words = "Watch the selected orders yourself from now on; they stay as they are"
        self.adopt = named(QPushButton("Adopt"), f"{panel_id}_adopt", adopt_words, "quiet", self._adopt)
        self.cancel = named(QPushButton("Cancel"), f"{panel_id}_cancel", "Cancel these orders", "quiet", self._cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(title)
        column.addWidget(self.view, 1)
        column.addWidget(bar_of(self.adopt, self.cancel))
        self.setFixedHeight(HEIGHT_PX)
        self.view.rows_chosen.connect(self._show_buttons)
        self._show_buttons()
        self.hide()

    def take(self, orders: Sequence[OrderState], run_names: Mapping[str, str]) -> None:
        """Show these orders; run_names: by the id of a run."""
        self.view.reorder(lambda: self.rows.take(orders, run_names))
        self.setVisible(bool(orders))
        self._show_buttons()

    def _chosen(self) -> list[OrderState]:
        return list(self.view.selected_rows())

    def _show_buttons(self) -> None:
        for button in (self.adopt, self.cancel):
            button.setEnabled(bool(self._chosen()))

    def _adopt(self) -> None:
        for order in self._chosen():
            self.adopt_asked.emit(order)

    def _cancel(self) -> None:
        for order in self._chosen():
            self.cancel_asked.emit(order)

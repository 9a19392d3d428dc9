"""The strip of subtotals below the orders, there while orders are grouped.

Last stage of the order walk. Summed anew at most once a second, for what the filter shows; it sends nothing.
"""

from PySide6.QtWidgets import QFrame

from workstation.desktop.table_view import ColumnView
from workstation.desktop.tables import ColumnModel
from workstation.viewmodels.order_totals import OrderTotal, order_totals, total_style, totals_table
from workstation.viewmodels.orders_table import OrderBlotter

ROWS_SHOWN = 4


class OrderTotals(ColumnView):
    """Subtotals of a blotter's groups."""

    def __init__(self, blotter: OrderBlotter, panel_id: str) -> None:
        self._blotter = blotter
        self._model: ColumnModel[OrderTotal] = ColumnModel(totals_table(blotter))
        super().__init__(self._model, total_style, name=f"{panel_id}_totals", meaning="Subtotals of the groups")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.set_flexible("group")
        self.by = ""
        self.hide()

    def show_groups(self, by: str) -> None:
        """Sum by another grouping, "" for none."""
        self.by = by
        self.sum_up()

    def sum_up(self) -> None:
        """Sum the rows that are shown now."""
        found = order_totals(self._blotter, self.by) if self.by else []
        table = self._model.table
        kept = {total.group for total in found}
        gone = [table.row(number).group for number in map(int, table.view)]
        self.reorder(lambda: table.remove([group for group in gone if group not in kept]))
        self.upsert(found)
        self.setVisible(bool(found))
        rows = min(len(found), ROWS_SHOWN)
        row, header = self.verticalHeader().defaultSectionSize(), self.horizontalHeader().sizeHint().height()
        self.setFixedHeight(header + rows * row + 2)

"""The small editor of a working cell: quantity left, price and time in force; Enter sends the change, Esc leaves.

It shows one order or all orders of a cell as one total, and says beforehand what would lose its place in the queue.
What a typed total means for each order is the view model's business; it sends nothing itself.
"""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QFrame, QLabel, QLineEdit, QWidget

from workstation.desktop.theme import use_figure_font
from workstation.domain.errors import UserError
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState, TimeInForce
from workstation.viewmodels.ladder_amend import line_price
from workstation.viewmodels.ladder_edits import EDITED_TIMES, Edit, Typed, edits, total_left

HINT = "Enter changes, Esc leaves"
LOSES = "Enter changes; loses queue place"


class OrderEditor(QFrame):
    """A popup over the orders of one cell, newest first. Emits: submitted(list of Edit), never an empty one."""

    submitted = Signal(object)

    def __init__(self, orders: tuple[OrderState, ...], instrument: Instrument, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._orders, self._instrument = orders, instrument
        self.setObjectName("ladder_editor")
        self.setProperty("role", "raised")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        terms = orders[0].terms
        price = line_price(terms)
        self.qty = self._field("ladder_editor_qty", "Quantity left", instrument.qty_text(total_left(orders)))
        self.price = self._field("ladder_editor_price", "Price", "" if price is None else instrument.price_text(price))
        self.tif = QComboBox()
        self.tif.setObjectName("ladder_editor_tif")
        self.tif.setAccessibleName("Time in force")
        for time_in_force in dict.fromkeys((terms.time_in_force, *EDITED_TIMES)):
            self.tif.addItem(time_in_force.value, time_in_force)
        self.tif.currentIndexChanged.connect(self._forewarn)
        self.remark = QLabel(HINT)
        self.remark.setObjectName("ladder_editor_remark")
        self.remark.setProperty("role", "caption")
        form = QFormLayout(self)
        form.setContentsMargins(8, 8, 8, 8)
        form.setSpacing(4)
        if len(orders) > 1:
            form.addRow(QLabel(f"{len(orders)} orders; a smaller total ends the newest first"))
        form.addRow("Quantity left", self.qty)
        form.addRow("Price", self.price)
        form.addRow("Time in force", self.tif)
        form.addRow(self.remark)

    def open_at(self, point: QPoint) -> None:
        """Show beside a point of the screen, with the quantity selected."""
        self.move(point)
        self.show()
        self.qty.setFocus()
        self.qty.selectAll()

    def _field(self, name: str, accessible: str, text: str) -> QLineEdit:
        field = QLineEdit(text)
        field.setObjectName(name)
        field.setAccessibleName(accessible)
        use_figure_font(field, "body")
        field.returnPressed.connect(self._submit)
        field.textEdited.connect(self._forewarn)
        return field

    def _edits(self) -> list[Edit]:
        time_in_force = TimeInForce(self.tif.currentData())  # Qt keeps the text of it alone
        return edits(self._orders, Typed(self.qty.text(), self.price.text(), time_in_force), self._instrument)

    def _forewarn(self) -> None:
        """Say before Enter what a change costs."""
        try:
            loses = any(edit.loses_place for edit in self._edits())
        except UserError:
            loses = False
        self._remark(LOSES if loses else HINT, "warning" if loses else "caption")

    def _submit(self) -> None:
        try:
            asked = self._edits()
        except UserError as error:
            self._remark(str(error), "danger")
            return
        if asked:
            self.submitted.emit(asked)
        self.close()

    def _remark(self, text: str, role: str) -> None:
        self.remark.setText(text)
        if self.remark.property("role") != role:
            self.remark.setProperty("role", role)
            self.remark.style().unpolish(self.remark)
            self.remark.style().polish(self.remark)

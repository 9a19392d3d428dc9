"""The small editor of one working order on the ladder: quantity and price, Enter sends the change, Esc leaves."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFormLayout, QFrame, QLabel, QLineEdit, QWidget

from workstation.desktop.theme import figure_font
from workstation.domain.errors import UserError
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState
from workstation.viewmodels.ladder_amend import line_price
from workstation.viewmodels.ticket_fields import parse_price, parse_quantity


class OrderEditor(QFrame):
    """A popup over one order. Emits: submitted(order, order_qty or None, price or None), None for what stays."""

    submitted = Signal(object, object, object)

    def __init__(self, order: OrderState, instrument: Instrument, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._order, self._instrument = order, instrument
        self.setObjectName("ladder_editor")
        self.setProperty("role", "raised")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        price = line_price(order.terms)
        self.qty = self._field("ladder_editor_qty", "Quantity", instrument.qty_text(order.terms.order_qty))
        self.price = self._field("ladder_editor_price", "Price", "" if price is None else instrument.price_text(price))
        self._remark = QLabel("Enter changes, Esc leaves")
        self._remark.setProperty("role", "caption")
        form = QFormLayout(self)
        form.setContentsMargins(8, 8, 8, 8)
        form.setSpacing(4)
        form.addRow("Quantity", self.qty)
        form.addRow("Price", self.price)
        form.addRow(self._remark)

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
        field.setFont(figure_font("body"))
        field.returnPressed.connect(self._submit)
        return field

    def _submit(self) -> None:
        terms = self._order.terms
        try:
            qty = parse_quantity(self.qty.text(), self._instrument)
            price = parse_price(self.price.text(), self._instrument) if self.price.text() else None
        except UserError as error:
            self._refuse(str(error))
            return
        if price is not None and not self._instrument.on_tick(price):
            near = [self._instrument.price_text(self._instrument.round_to_tick(price, way)) for way in ("down", "up")]
            self._refuse(f"not on the tick: {near[0]} or {near[1]}")
            return
        self.submitted.emit(
            self._order,
            None if qty == terms.order_qty else qty,
            None if price == line_price(terms) else price,
        )
        self.close()

    def _refuse(self, text: str) -> None:
        self._remark.setProperty("role", "danger")
        self._remark.style().unpolish(self._remark)
        self._remark.style().polish(self._remark)
        self._remark.setText(text)

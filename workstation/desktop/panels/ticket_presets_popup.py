"""The presets of a ticket as a small popup: one layer at a time, each field with what a wider layer would give.

A value is kept as it is committed; one that cannot be a preset stays typed, is marked and changes nothing.
"""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QFormLayout, QFrame, QLabel, QWidget

from workstation.desktop.panels.ticket_fields import TicketField
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrdType, TimeInForce
from workstation.viewmodels.ticket_presets import Preset, Presets, problem, scopes, value

_FIELDS = (
    ("qty", "Open with", "Quantity to open a position"),
    ("add_to", "Add up to", "Target size when adding to a position"),
    ("close", "Close", "Share of the position when closing, in percent"),
    ("stop_loss", "Stop-loss", "Distance of the stop-loss: 20t, 0.5% or 100 USD"),
    ("take_profit", "Target", "Distance of the take-profit: 40t, 1% or 200 USD"),
)
_CHOICES = (
    ("ord_type", "Type", "Order type", OrdType),
    ("tif", "Time in force", "Time in force", TimeInForce),
)
_WIDER = "as it stands"
_EXAMPLES = {"qty": "300", "add_to": "1k", "close": "50%", "stop_loss": "20t", "take_profit": "40t"}


class PresetsPopup(QFrame):
    """A popup of one ticket. presets: of every scope now; keep(scope, field, text): returns why not, "" when kept."""

    def __init__(
        self,
        parent: QWidget,
        instrument: Instrument | None,
        presets: Callable[[], Presets],
        keep: Callable[[str, str, str], str],
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._instrument, self._presets, self._keep = instrument, presets, keep
        self.setObjectName(f"{parent.objectName()}_presets_popup")
        self.setAccessibleName("Presets of the ticket")
        self.setProperty("role", "raised")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.layer = QComboBox()
        self._named(self.layer, "layer", "Layer", "The nearer layer wins: ticket, symbol, class, every ticket")
        for scope, words in scopes(instrument).items():
            self.layer.addItem(words, scope)
        self.layer.setCurrentIndex(self.layer.count() - 2)
        self.fields = {name: self._field(name, meaning) for name, _word, meaning in _FIELDS}
        self.choices = {name: self._choice(name, meaning, kinds) for name, _word, meaning, kinds in _CHOICES}
        self.note = QLabel()
        self.note.setObjectName(f"{self.objectName()}_note")
        self.note.setWordWrap(True)
        self.note.setProperty("role", "danger")
        form = QFormLayout(self)
        form.setContentsMargins(8, 8, 8, 8)
        form.setSpacing(4)
        form.addRow("Presets of", self.layer)
        for name, word, _meaning in _FIELDS[:3]:
            form.addRow(word, self.fields[name])
        for name, word, _meaning, _kinds in _CHOICES:
            form.addRow(word, self.choices[name])
        for name, word, _meaning in _FIELDS[3:]:
            form.addRow(word, self.fields[name])
        form.addRow(self.note)
        self.layer.currentIndexChanged.connect(self._show)
        self._show()

    def open_under(self, widget: QWidget) -> None:
        """Show below a widget, its right edge under the widget's."""
        self.adjustSize()
        self.move(widget.mapToGlobal(QPoint(widget.width() - self.width(), widget.height())))
        self.show()

    @property
    def _scope(self) -> str:
        return str(self.layer.currentData())

    def _show(self, *_: object) -> None:
        """Show the layer's own values; what a field inherits stands in it as its hint."""
        presets = self._presets()
        own = presets.get(self._scope, Preset())
        for name, field in self.fields.items():
            field.setText(getattr(own, name))
            field.setPlaceholderText(self._inherited(presets, name) or f"e.g. {_EXAMPLES[name]}")
            field.mark("")
        for name, box in self.choices.items():
            with QSignalBlocker(box):
                box.setItemText(0, self._inherited(presets, name) or _WIDER)
                box.setCurrentIndex(max(box.findData(getattr(own, name)), 0))
        self._say("")

    def _inherited(self, presets: Presets, name: str) -> str:
        names = list(scopes(self._instrument))
        wider = {scope: presets[scope] for scope in names[: names.index(self._scope)] if scope in presets}
        found = value(wider, self._instrument, name)
        return f"{found.text} ({found.layer})" if found.text else ""

    def _commit(self, name: str, text: str) -> None:
        if text.strip() == getattr(self._presets().get(self._scope, Preset()), name):
            return
        wrong = problem(name, text)
        trouble = f"{text.strip()!r} is not {wrong}." if wrong else self._keep(self._scope, name, text.strip())
        if name in self.fields:
            self.fields[name].mark(trouble)
        self._say(trouble)

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))
        self.adjustSize()

    def _field(self, name: str, meaning: str) -> TicketField:
        field = TicketField(f"{self.objectName()}_{name}", meaning)
        field.setMinimumWidth(160)
        field.editingFinished.connect(lambda: self._commit(name, field.text()))
        field.escaped.connect(self.close)
        return field

    def _choice(self, name: str, meaning: str, kinds: type[OrdType] | type[TimeInForce]) -> QComboBox:
        box = QComboBox()
        self._named(box, name, meaning, meaning)
        box.addItem(_WIDER, "")
        for kind in kinds:
            box.addItem(kind.value.replace("_", " ").capitalize() if kinds is OrdType else kind.value, kind.value)
        box.currentIndexChanged.connect(lambda _index: self._commit(name, str(box.currentData())))
        return box

    def _named(self, widget: QWidget, name: str, words: str, tip: str) -> None:
        widget.setObjectName(f"{self.objectName()}_{name}")
        widget.setAccessibleName(words)
        widget.setToolTip(tip)

"""The ladder's settings as a small popup: each change acts at once and is kept per asset class in the layout file.

It shows and returns values; what they mean is the business of the view models.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QFrame, QSpinBox, QWidget

from workstation.desktop.bracket_key import bracket_key
from workstation.viewmodels.ladder_settings import LABEL_UNITS, UNIT_WORDS, LadderSettings, OwnClick, Scheme

_SCHEMES = {
    Scheme.CLASSIC: "left limit, right stop",
    Scheme.AUTO: "by side of market",
}
_LABEL = {unit: UNIT_WORDS[unit] for unit in LABEL_UNITS}
_OWN = {OwnClick.CANCEL: "cancels it", OwnClick.OPEN: "opens it"}
_SWITCHES = (
    ("dynamic", "Follow the market", "Rows move with the market; a working order under the pointer is held in place"),
    ("centre_on_last", "Centre when last is at the edge", "Flashes for half a second before rows move"),
    ("centre_on_inside", "Centre when bid or ask is at the edge", "Flashes for half a second before rows move"),
    ("marketable", "Allow limits through the market", "The price collar bounds them"),
    ("reset_qty", "Quantity goes to 0 after each order", "The quantity has to be given again for the next order"),
    ("keep_size", "Keep the quantity per symbol", "Without it a restart returns to the preset"),
    ("pin_pointer", "Pointer stays on its price", "The pointer moves with its row while the wheel scrolls"),
)
_NUMBERS = (
    ("centre_every_s", "Centre every", 3_600, " s"),
    ("edge_rows", "Rows that count as the edge", 50, ""),
    ("strong_digits", "Last digits that stand out", 3, ""),
    ("second_qty", "Quantity with Shift", 1_000_000, ""),
    ("stop_ticks", "Stop with {key}", 10_000, " t"),
    ("target_ticks", "Target with {key}", 10_000, " t"),
    ("pulled_s", "Pulled and stacked over", 3_600, " s"),
    ("large_size", "Sizes of this symbol that stand out from", 1_000_000, ""),
)
OFF = "off"


class LadderOptions(QFrame):
    """A popup over a ladder. Emits: changed(LadderSettings)."""

    changed = Signal(object)

    def __init__(self, settings: LadderSettings, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._settings = settings
        self.setObjectName(f"{parent.objectName()}_options_popup")
        self.setProperty("role", "raised")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        form = QFormLayout(self)
        form.setContentsMargins(8, 8, 8, 8)
        form.setSpacing(4)
        self.scheme = self._choice("scheme", "Limit or stop", _SCHEMES)
        self.pnl = self._choice("pnl", "P&L column shows", UNIT_WORDS)
        self.pnl_label = self._choice("pnl_label", "P&L label shows", _LABEL)
        form.addRow("Limit or stop", self.scheme)
        self.own_click = self._choice("own_click", "A click on my order", _OWN)
        form.addRow("A click on my order", self.own_click)
        form.addRow("P&&L column shows", self.pnl)
        form.addRow("P&&L label shows", self.pnl_label)
        for name, words, tip in _SWITCHES:
            form.addRow(self._switch(name, words, tip))
        for name, words, most, unit in _NUMBERS:
            said = words.format(key=bracket_key().word)
            form.addRow(said, self._number(name, said, most, unit))

    def open_under(self, widget: QWidget) -> None:
        """Show below a widget, its right edge under the widget's."""
        self.adjustSize()
        self.move(widget.mapToGlobal(QPoint(widget.width() - self.width(), widget.height())))
        self.show()

    def _choice(self, name: str, words: str, entries: Mapping[Any, str]) -> QComboBox:
        box = QComboBox()
        self._named(box, name, words, words)
        for value, text in entries.items():
            box.addItem(text, value)
        box.setCurrentIndex(box.findData(getattr(self._settings, name)))
        kind = type(getattr(self._settings, name))  # Qt keeps the text of a value alone
        box.currentIndexChanged.connect(lambda _index: self._set(**{name: kind(box.currentData())}))
        return box

    def _switch(self, name: str, words: str, tip: str) -> QCheckBox:
        box = QCheckBox(words)
        self._named(box, name, words, tip)
        box.setChecked(getattr(self._settings, name))
        box.toggled.connect(lambda on: self._set(**{name: on}))
        return box

    def _number(self, name: str, words: str, most: int, unit: str) -> QSpinBox:
        box = QSpinBox()
        self._named(box, name, words, f"{words}; 0 is off")
        box.setRange(0, most)
        box.setSuffix(unit)
        box.setSpecialValueText(OFF)
        box.setGroupSeparatorShown(True)
        box.setValue(getattr(self._settings, name))
        box.valueChanged.connect(lambda value: self._set(**{name: value}))
        return box

    def _named(self, widget: QWidget, name: str, words: str, tip: str) -> None:
        widget.setObjectName(f"{self.objectName()}_{name}")
        widget.setAccessibleName(words)
        widget.setToolTip(tip)

    def _set(self, **values: object) -> None:
        self._settings = msgspec.structs.replace(self._settings, **values)
        self.changed.emit(self._settings)

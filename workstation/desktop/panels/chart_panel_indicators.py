"""The dialog that adds, edits and removes a chart's indicators: each valid change acts on the chart at once.

Left the catalogue with a line that filters it, right what the chart shows and the figures of the selected one. A figure
that is impossible is told of under its field and changes nothing. It shows and returns values; formulas and bounds
are the catalogue's.
"""

from collections.abc import Iterable
from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.desktop.charts.indicator_layers import series_color
from workstation.desktop.theme import current_theme
from workstation.desktop.whole_rows import WholeRows
from workstation.domain.errors import ValidationError
from workstation.marketdata.indicators.catalogue import INDICATORS, Indicator, Parameter
from workstation.marketdata.indicators.own import OwnFile
from workstation.viewmodels.chart_indicators import COLORS, INDICATORS_MAX, ChosenIndicator, chosen_of, read_figure
from workstation.viewmodels.chart_larger_bars import LARGER

SWATCH_PX = 12
ID_ROLE = Qt.ItemDataRole.UserRole
SIZE_PX = (560, 420)
"""Width and height at text size 1."""


class IndicatorsDialog(QDialog):
    """Indicators of one chart. Emits: changed(list of ChosenIndicator) after each valid change."""

    changed = Signal(object)

    def __init__(self, chosen: list[ChosenIndicator], parent: QWidget, own: Iterable[OwnFile] | None = ()) -> None:
        super().__init__(parent)
        self._chosen = list(chosen)
        self._own = tuple(own or ())
        self._catalogue = self._on_offer()
        name = parent.objectName()
        self.setObjectName(f"{name}_indicators_dialog")
        self.setWindowTitle("Indicators")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.filter = QLineEdit(self, placeholderText="Filter, such as band or RSI", clearButtonEnabled=True)
        self.known = QListWidget(self)
        self.add = QPushButton("Add", self)
        self.shown = QListWidget(self)
        self.remove = QPushButton("Remove", self)
        self.note = QLabel(self, wordWrap=True)
        self.form = QWidget(self)
        self.fields: dict[str, QLineEdit] = {}
        self.errors: dict[str, QLabel] = {}
        self._name_parts(name)
        self._lay_out()
        self._fill_known("")
        self._fill_shown(len(self._chosen) - 1)
        self.filter.textChanged.connect(self._fill_known)
        self.filter.returnPressed.connect(self.add_current)
        self.known.itemActivated.connect(self.add_current)
        self.add.clicked.connect(self.add_current)
        self.remove.clicked.connect(self.remove_current)
        self.shown.currentRowChanged.connect(self._fill_form)

    def show_own(self, own: Iterable[OwnFile], chosen: list[ChosenIndicator]) -> None:
        """Offer a user's own indicators as their files stand now, and show the chosen ones as they are then."""
        row = self.shown.currentRow()
        self._own, self._chosen = tuple(own), list(chosen)
        self._catalogue = self._on_offer()
        self._fill_known(self.filter.text())
        self._fill_shown(row)

    def _on_offer(self) -> dict[str, Indicator]:
        return {**INDICATORS, **{found.id: found for file in self._own for found in file.indicators}}

    def add_current(self) -> None:
        """Add the indicator selected in the catalogue, with its defaults and the next colour."""
        item = self.known.currentItem()
        if item is None or item.data(ID_ROLE) not in self._catalogue:
            return
        if len(self._chosen) >= INDICATORS_MAX:
            self.note.setText(f"A chart shows at most {INDICATORS_MAX} indicators. Remove one first.")
            return
        self._chosen.append(chosen_of(self._catalogue[item.data(ID_ROLE)], color=len(self._chosen)))
        self._fill_shown(len(self._chosen) - 1)
        self.changed.emit(list(self._chosen))

    def remove_current(self) -> None:
        """Remove the indicator selected on the right."""
        row = self.shown.currentRow()
        if row >= 0:
            del self._chosen[row]
            self._fill_shown(min(row, len(self._chosen) - 1))
            self.changed.emit(list(self._chosen))

    def _fill_known(self, text: str) -> None:
        self.known.clear()
        wanted = text.strip().lower()
        for found in self._catalogue.values():
            if wanted in f"{found.id} {found.title} {found.group}".lower():
                item = QListWidgetItem(f"{found.title}   {found.group.lower()}", self.known)
                item.setData(ID_ROLE, found.id)
        for file in self._own:
            if file.error and wanted in f"{file.error} own".lower():
                item = QListWidgetItem(file.error, self.known)
                item.setFlags(Qt.ItemFlag.NoItemFlags)
                item.setToolTip(file.error)
        self.known.setCurrentRow(0)

    def _fill_shown(self, row: int) -> None:
        self.shown.blockSignals(True)  # noqa: FBT003  Qt's own signature
        self.shown.clear()
        for chosen in self._chosen:
            QListWidgetItem(_swatch(chosen.color), chosen.label, self.shown)
        self.shown.setCurrentRow(row)
        self.shown.blockSignals(False)  # noqa: FBT003  Qt's own signature
        self.note.setText("" if self._chosen else "The chart shows no indicator. Choose one on the left.")
        self.remove.setEnabled(bool(self._chosen))
        self._fill_form(row)

    def _fill_form(self, row: int) -> None:
        """Show a field for each figure of an indicator."""
        fresh = QWidget(self)
        form = QFormLayout(fresh)
        form.setContentsMargins(0, 0, 0, 0)
        self.fields, self.errors = {}, {}
        if 0 <= row < len(self._chosen):
            chosen = self._chosen[row]
            for parameter, (_, value) in zip(chosen.indicator.parameters, chosen.settings, strict=True):
                form.addRow(parameter.name.replace("_", " ").capitalize(), self._field(fresh, parameter, value))
                form.addRow("", self.errors[parameter.name])
            form.addRow("Bars of", self._length_choice(fresh, chosen))
            form.addRow("Colour", self._color_choice(fresh, chosen))
        self._right.replaceWidget(self.form, fresh)
        self.form.deleteLater()
        self.form = fresh

    def _field(self, parent: QWidget, parameter: Parameter, value: float) -> QLineEdit:
        field = QLineEdit(f"{value:g}", parent)
        field.setObjectName(f"{self.objectName()}_{parameter.name}")
        bounds = f"{parameter.low:g} to {parameter.high:g}" + (", whole" if parameter.whole else "")
        field.setAccessibleName(f"{parameter.name}, {bounds}")
        field.setToolTip(bounds)
        error = QLabel(parent, wordWrap=True)
        error.setProperty("role", "danger")
        error.hide()
        field.textEdited.connect(lambda text, name=parameter.name: self._on_edited(name, text))
        self.fields[parameter.name], self.errors[parameter.name] = field, error
        return field

    def _length_choice(self, parent: QWidget, chosen: ChosenIndicator) -> QComboBox:
        combo = QComboBox(parent)
        combo.setObjectName(f"{self.objectName()}_over")
        combo.setAccessibleName("Length of the bars that it is read from")
        for minutes, name in LARGER.items():
            combo.addItem(name, minutes)
        combo.setCurrentIndex(combo.findData(chosen.minutes))
        combo.currentIndexChanged.connect(lambda _index: self._on_length(int(combo.currentData())))
        return combo

    def _color_choice(self, parent: QWidget, chosen: ChosenIndicator) -> QComboBox:
        combo = QComboBox(parent)
        combo.setObjectName(f"{self.objectName()}_color")
        combo.setAccessibleName("Colour of the first line")
        combo.setIconSize(QSize(SWATCH_PX, SWATCH_PX))
        for number in range(COLORS):
            combo.addItem(_swatch(number), f"Series {number + 1}")
        combo.setCurrentIndex(chosen.color)
        combo.currentIndexChanged.connect(self._on_color)
        return combo

    def _on_edited(self, name: str, text: str) -> None:
        row = self.shown.currentRow()
        chosen, error = self._chosen[row], self.errors[name]
        try:
            value = read_figure(chosen.indicator, name, text)
        except ValidationError as problem:
            error.setText(problem.message + (f"; allowed {problem.allowed}" if problem.allowed else ""))
            error.show()
            return
        error.hide()
        settings = {**dict(chosen.settings), name: value}
        self._change(row, chosen_of(chosen.indicator, settings, chosen.color, minutes=chosen.minutes))

    def _on_color(self, color: int) -> None:
        row = self.shown.currentRow()
        self._change(row, replace(self._chosen[row], color=color))

    def _on_length(self, minutes: int) -> None:
        row = self.shown.currentRow()
        self._change(row, replace(self._chosen[row], minutes=minutes))

    def _change(self, row: int, chosen: ChosenIndicator) -> None:
        self._chosen[row] = chosen
        item = self.shown.item(row)
        item.setText(chosen.label)
        item.setIcon(_swatch(chosen.color))
        self.changed.emit(list(self._chosen))

    def _name_parts(self, name: str) -> None:
        parts = (
            (self.filter, "filter", "Filter of the catalogue"),
            (self.known, "known", "Known indicators"),
            (self.add, "add", "Add the selected indicator"),
            (self.shown, "shown", "Indicators of this chart"),
            (self.remove, "remove", "Remove the selected indicator"),
        )
        for widget, part, meaning in parts:
            widget.setObjectName(f"{name}_indicators_{part}")
            widget.setAccessibleName(meaning)

    def _lay_out(self) -> None:
        close = QPushButton("Close", self)
        close.setObjectName(f"{self.objectName()}_close")
        close.clicked.connect(self.accept)
        for button in (self.add, self.remove, close):
            button.setAutoDefault(False)
        left, self._right, row = QVBoxLayout(), QVBoxLayout(), QHBoxLayout(self)
        for widget in (self.filter, self.known, self.add):
            left.addWidget(widget)
        self._right.addWidget(self.shown, 1)
        self._right.addWidget(self.note)
        self._right.addWidget(self.form)
        buttons = QHBoxLayout()
        buttons.addWidget(self.remove)
        buttons.addStretch()
        buttons.addWidget(close)
        self._right.addLayout(buttons)
        row.addLayout(left, 1)
        row.addLayout(self._right, 1)
        for view in (self.known, self.shown):
            view.setItemDelegate(WholeRows(view))
        self.resize(QSize(*SIZE_PX) * current_theme().text_scale)


def _swatch(color: int) -> QIcon:
    picture = QPixmap(SWATCH_PX, SWATCH_PX)
    picture.fill(series_color(color))
    return QIcon(picture)

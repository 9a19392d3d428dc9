"""The dialog of an import: what the file does not say itself. Left empty, the file is taken for what it says.

Opened by the stored-data panel for a file that was chosen or dropped; it reads and sends nothing.
"""

from pathlib import Path

from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLabel, QLineEdit, QWidget

from workstation.commands.data import ImportFile

CLASSES = ("", "stock", "etf", "future", "forex", "crypto", "bond")
DECIMALS_MAX = 9
STAMPS = ("", "open", "close")
CALENDARS = ("", "ALWAYS", "XNYS", "FX")


FIELD_CHARACTERS = 38
"""Room of a field in digits, so that what it says while it is empty is read whole."""


class ImportDialog(QDialog):
    """Asks for what only a person can know of `path`."""

    def __init__(self, path: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self._path = path
        self.setObjectName("import_dialog")
        self.setWindowTitle(f"Import {path.name}")
        hint = QLabel("LEAN files and exchange captures need nothing. Rows of CSV and Parquet need a symbol.")
        hint.setWordWrap(True)
        self.symbol, self.interval, self.zone, self.market = QLineEdit(), QLineEdit(), QLineEdit(), QLineEdit()
        self.price_decimals, self.qty_decimals = QLineEdit(), QLineEdit()
        self.stamp, self.new, self.calendar = QComboBox(), QComboBox(), QComboBox()
        self.stamp.addItems(STAMPS)
        self.new.addItems(CLASSES)
        self.calendar.addItems(CALENDARS)
        other = QLineEdit()
        other.setPlaceholderText("as listed, or ALWAYS")
        self.calendar.setLineEdit(other)
        form = QFormLayout(self)
        form.addRow(hint)
        self.interval.setPlaceholderText("1m, 1h, 1d")
        self.zone.setPlaceholderText("UTC, America/New_York")
        self.market.setPlaceholderText("where several list it: cbot")
        self.price_decimals.setPlaceholderText("2")
        self.qty_decimals.setPlaceholderText("0")
        for decimals in (self.price_decimals, self.qty_decimals):
            decimals.setValidator(QIntValidator(0, DECIMALS_MAX, decimals))
        for name, title, field in (
            ("symbol", "Symbol", self.symbol),
            ("interval", "Interval of bars", self.interval),
            ("stamp", "A bar's time is its", self.stamp),
            ("zone", "Zone of times", self.zone),
            ("new", "New instrument", self.new),
            ("market", "Its market", self.market),
            ("price_decimals", "Decimals of prices", self.price_decimals),
            ("qty_decimals", "Decimals of sizes", self.qty_decimals),
            ("calendar", "Its sessions", self.calendar),
        ):
            field.setObjectName(f"import_{name}")
            field.setAccessibleName(title)
            field.setMinimumWidth(FIELD_CHARACTERS * field.fontMetrics().horizontalAdvance("0"))
            form.addRow(title, field)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)

    def wish(self) -> ImportFile:
        """Return what was entered."""
        return ImportFile(
            path=str(self._path),
            symbol=self.symbol.text().strip(),
            interval=self.interval.text().strip(),
            stamp=self.stamp.currentText(),
            zone=self.zone.text().strip(),
            new=self.new.currentText(),
            market=self.market.text().strip(),
            price_decimals=_number(self.price_decimals),
            qty_decimals=_number(self.qty_decimals),
            calendar=self.calendar.currentText().strip(),
        )


def _number(field: QLineEdit) -> int | None:
    text = field.text().strip()
    return int(text) if text else None

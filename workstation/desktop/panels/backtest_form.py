"""The form of a backtest: code, market, parameters, what trading costs and how orders fill.

Part of the backtests panel. It knows fields and texts, no command.
"""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QWidget

from workstation.commands.backtests import StartBacktest
from workstation.domain.errors import ValidationError
from workstation.strategies.describing import CodeShape

PARAMETERS_PX = 72
EXAMPLE = "fast=10\nslow=30\nsymbol=AAPL"
FILLS = {"next open": "next_open", "this close": "this_close"}


class BacktestForm(QWidget):
    """What a backtest is asked for. Emits: code_chosen(str) when another piece of code is chosen."""

    code_chosen = Signal(str)

    def __init__(self, panel_id: str) -> None:
        super().__init__()
        self._panel_id = panel_id
        self.setObjectName(f"{panel_id}_form")
        self.code, self.fill = QComboBox(), QComboBox()
        self.code.currentTextChanged.connect(self.code_chosen)
        self.fill.addItems(list(FILLS))
        self.symbols, self.interval, self.fees = QLineEdit(), QLineEdit("1d"), QLineEdit()
        self.symbols.setPlaceholderText("AAPL, MSFT")
        self.fees.setPlaceholderText("zero, per-unit:0.005, bps:1:2")
        self.start, self.end = QLineEdit(), QLineEdit()
        self.start.setPlaceholderText("the first bar")
        self.end.setPlaceholderText("the last bar")
        self.parameters = QPlainTextEdit()
        self.parameters.setPlaceholderText(EXAMPLE)
        self.parameters.setFixedHeight(PARAMETERS_PX)
        self.parameters.setTabChangesFocus(True)
        self.slippage, self.cash, self.seed = QLineEdit("half-tick"), QLineEdit("1000000"), QLineEdit("1")
        self.any_size = QCheckBox("any size")
        self._lay_out()

    def show_shape(self, shape: CodeShape) -> None:
        """Offer the parameters of a piece of code with their defaults."""
        self.parameters.setPlainText(
            "\n".join(f"{field.name}={field.default}" for field in shape.parameters if field.default is not None)
        )

    def wish(self) -> StartBacktest:
        """Return what was entered.

        Raises:
            ValidationError: a seed that is no number; the rest is the engine's to judge.
        """
        lines = (line.strip() for line in self.parameters.toPlainText().splitlines())
        if not self.seed.text().strip().isdecimal():
            raise ValidationError("seed", f"{self.seed.text()!r} is no whole number")
        return StartBacktest(
            entry_point=self.code.currentText(),
            symbols=tuple(filter(None, (part.strip().upper() for part in self.symbols.text().split(",")))),
            parameters=tuple(line for line in lines if line),
            interval=self.interval.text().strip(),
            start=self.start.text().strip(),
            end=self.end.text().strip(),
            fees=self.fees.text().strip(),
            fill=FILLS[self.fill.currentText()],
            slippage=self.slippage.text().strip(),
            cash=self.cash.text().strip(),
            seed=int(self.seed.text()),
            any_size=self.any_size.isChecked(),
        )

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(8, 3, 8, 3)
        form.setSpacing(4)
        rows: tuple[tuple[str, str, QWidget, str], ...] = (
            ("code", "Strategy", self.code, "Code that is run: an example, or a file of the strategies folder"),
            ("symbols", "Symbols", self.symbols, "Instruments with stored bars, by commas"),
            ("interval", "Interval", self.interval, "Length of the bars, such as 1m or 1d; several by commas"),
            ("start", "From", self.start, "Time that the run begins at, such as 2024-01-02T00:00Z; empty for all"),
            ("end", "To", self.end, "Time that the run ends before; empty for all"),
            ("parameters", "Parameters", self.parameters, "One a line, NAME=VALUE; those left out keep their default"),
            ("fees", "Fees", self.fees, "What trading costs; a run without fees flatters frequent trading"),
            ("fill", "Fills at", self.fill, "Where a market order fills: this close is the price that the signal used"),
        )
        for name, title, field, meaning in rows:
            form.addRow(title, self._named(name, title, field, meaning))
        slips = ("slippage", "Slippage", self.slippage, "none, half-tick, ticks:N, bps:N or volume:BPS")
        seed = ("seed", "Seed", self.seed, "Of everything that is drawn; the same seed gives the same run")
        cash = ("cash", "Cash", self.cash, "What the account begins with")
        for pair in ((slips, seed), (cash,)):
            line = QHBoxLayout()
            for name, title, field, meaning in pair:
                if line.count():
                    line.addWidget(QLabel(title))
                line.addWidget(self._named(name, title, field, meaning), 1)
            if len(pair) == 1:
                line.addWidget(self.any_size)
            form.addRow(pair[0][1], line)
        self.any_size.setObjectName(f"{self._panel_id}_any_size")
        self.any_size.setAccessibleName("Orders take any size, whatever a bar's volume")
        self.any_size.setToolTip(self.any_size.accessibleName())

    def _named(self, name: str, title: str, field: QWidget, meaning: str) -> QWidget:
        field.setObjectName(f"{self._panel_id}_{name}")
        field.setAccessibleName(f"{title}: {meaning}")
        field.setToolTip(meaning)
        return field

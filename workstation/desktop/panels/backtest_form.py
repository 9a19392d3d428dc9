"""The form of a backtest: code, market, parameters, what trading costs and how orders fill.

Part of the backtests panel. It knows fields and texts, no command.
"""

from typing import Any

from PySide6.QtWidgets import QComboBox, QLineEdit

from workstation.commands.backtests import StartBacktest, options_beside
from workstation.desktop.panels.study_form import OPTIONS_MEANING, LinesEdit, StudyForm
from workstation.domain.errors import ValidationError

EXAMPLE = "fast=10\nslow=30\nsymbol=AAPL"
OPTIONS = "latency=order=5\nlimit-fill=touch\nclose-at-end"
OPTION_LINES = 3
FILLS = {"next open": "next_open", "this close": "this_close"}


class BacktestForm(StudyForm):
    """What a backtest is asked for."""

    def __init__(self, panel_id: str) -> None:
        super().__init__(panel_id, EXAMPLE)
        self.fill = QComboBox()
        self.fill.addItems(list(FILLS))
        self.start, self.end, self.slippage = QLineEdit(), QLineEdit(), QLineEdit("half-tick")
        self.start.setPlaceholderText("the first bar")
        self.end.setPlaceholderText("the last bar")
        self.options = LinesEdit(OPTION_LINES, OPTIONS)
        slips = ("slippage", "Slippage", self.slippage, "none, half-tick, ticks:N, bps:N or volume:BPS")
        seed = ("seed", "Seed", self.seed, "Of everything that is drawn; the same seed gives the same run")
        cash = ("cash", "Cash", self.cash, "What the account begins with")
        self._lay_out(
            (
                ("code", "Strategy", self.code, "Code that is run: an example, or a file of the strategies folder"),
                ("symbols", "Symbols", self.symbols, "Instruments with stored bars, by commas"),
                ("interval", "Interval", self.interval, "Length of the bars, such as 1m or 1d; several by commas"),
                ("start", "From", self.start, "Time that the run begins at, such as 2024-01-02T00:00Z; empty for all"),
                ("end", "To", self.end, "Time that the run ends before; empty for all"),
                (
                    "parameters",
                    "Parameters",
                    self.parameters,
                    "One a line, NAME=VALUE; the rest is as declared",
                ),
                ("fees", "Fees", self.fees, "What trading costs; a run without fees flatters frequent trading"),
                ("fill", "Fills at", self.fill, "Where a market order fills; this close is what the signal used"),
                ("options", "Options", self.options, OPTIONS_MEANING),
            ),
            ((slips, seed), (cash,)),
        )

    def wish(self) -> StartBacktest:
        """Return what was entered.

        Raises:
            ValidationError: a seed that is no number, or an option that is none; the rest is the engine's to judge.
        """
        if not self.seed.text().strip().isdecimal():
            raise ValidationError("seed", f"{self.seed.text()!r} is no whole number")
        return StartBacktest(**self._own(), **self._others())

    def _own(self) -> dict[str, Any]:
        return {
            "entry_point": self.code.currentText(),
            "symbols": self.symbols_named,
            "parameters": self.parameter_lines,
            "interval": self.interval.text().strip(),
            "start": self.start.text().strip(),
            "end": self.end.text().strip(),
            "fees": self.fees.text().strip(),
            "fill": FILLS[self.fill.currentText()],
            "slippage": self.slippage.text().strip(),
            "cash": self.cash.text().strip(),
            "seed": int(self.seed.text()),
            "any_size": self.any_size.isChecked(),
        }

    def _others(self) -> dict[str, Any]:
        return options_beside(self.options.written, self._own())

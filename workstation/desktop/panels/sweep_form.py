"""The form of a new sweep: code, market, parameters with their ranges, how it searches and what it holds back.

Part of the sweeps panel. It knows fields and texts, no command.
"""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QWidget

from workstation.commands.sweeps import StartSweep
from workstation.domain.errors import ValidationError
from workstation.ports.sweeps import Method, Metric
from workstation.strategies.describing import CodeShape

PARAMETERS_PX = 72
RANGES = "fast=5:50:5\nslow=20,50,100\nsymbol=AAPL"


class SweepForm(QWidget):
    """What a sweep is asked for. Emits: code_chosen(str) when another piece of code is chosen."""

    code_chosen = Signal(str)

    def __init__(self, panel_id: str) -> None:
        super().__init__()
        self._panel_id = panel_id
        self.setObjectName(f"{panel_id}_form")
        self.code = QComboBox()
        self.code.currentTextChanged.connect(self.code_chosen)
        self.symbols, self.interval, self.fees = QLineEdit(), QLineEdit("1d"), QLineEdit()
        self.symbols.setPlaceholderText("AAPL, MSFT")
        self.fees.setPlaceholderText("zero, per-unit:0.005, bps:1:2")
        self.parameters = QPlainTextEdit()
        self.parameters.setPlaceholderText(RANGES)
        self.parameters.setFixedHeight(PARAMETERS_PX)
        self.parameters.setTabChangesFocus(True)
        self.search, self.best = QComboBox(), QComboBox()
        self.search.addItems([method.value for method in Method])
        self.best.addItems([metric.value for metric in Metric])
        self.trials, self.out_of_sample, self.folds = QLineEdit("100"), QLineEdit("0.3"), QLineEdit("1")
        self.cash, self.seed, self.cluster = QLineEdit("1000000"), QLineEdit("1"), QLineEdit()
        self.cluster.setPlaceholderText("this machine")
        self.any_size = QCheckBox("any size")
        self._lay_out()
        self.search.currentTextChanged.connect(self._on_search)
        self._on_search(self.search.currentText())

    def show_shape(self, shape: CodeShape) -> None:
        """Offer the parameters of a piece of code with their defaults, to be made ranges of."""
        self.parameters.setPlainText(
            "\n".join(f"{field.name}={field.default}" for field in shape.parameters if field.default is not None)
        )

    def wish(self) -> StartSweep:
        """Return what was entered.

        Raises:
            ValidationError: a number that is none; the rest is the engine's to judge.
        """
        lines = (line.strip() for line in self.parameters.toPlainText().splitlines())
        return StartSweep(
            entry_point=self.code.currentText(),
            symbols=tuple(filter(None, (part.strip().upper() for part in self.symbols.text().split(",")))),
            parameters=tuple(line for line in lines if line),
            interval=self.interval.text().strip(),
            fees=self.fees.text().strip(),
            cash=self.cash.text().strip(),
            search=self.search.currentText(),
            trials=int(_number("trials", self.trials)),
            metric=self.best.currentText(),
            out_of_sample=_number("out of sample", self.out_of_sample),
            folds=int(_number("folds", self.folds)),
            seed=int(_number("seed", self.seed)),
            any_size=self.any_size.isChecked(),
            cluster=self.cluster.text().strip(),
        )

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(8, 3, 8, 3)
        form.setSpacing(4)
        rows: tuple[tuple[str, str, QWidget, str], ...] = (
            ("code", "Strategy", self.code, "Code that is swept: an example, or a file of the strategies folder"),
            ("symbols", "Symbols", self.symbols, "Instruments with stored bars, by commas"),
            ("interval", "Interval", self.interval, "Length of the bars, such as 1m or 1d"),
            ("parameters", "Parameters", self.parameters, "One a line: a range FROM:TO:STEP, a list A,B,C, or a value"),
            ("fees", "Fees", self.fees, "What trading costs; a sweep without fees flatters frequent trading"),
            ("search", "Search", self.search, "Every combination, a seeded draw, or by what earlier trials found"),
            ("best", "Best is", self.best, "What trials are ranked by, in-sample"),
            ("cluster", "Cluster", self.cluster, "Address of a Dask scheduler; empty for this machine's cores"),
        )
        for name, title, field, meaning in rows:
            form.addRow(title, self._named(name, title, field, meaning))
        held = (
            "out_of_sample",
            "Held back",
            self.out_of_sample,
            "Share at the end of each fold that judges the choice",
        )
        folds = ("folds", "Folds", self.folds, "Walk forward in so many steps; 1 is a single split")
        trials = ("trials", "Trials", self.trials, "How many a draw or a learning search makes, each fold")
        seed = ("seed", "Seed", self.seed, "The same seed gives the same trials and figures")
        cash = ("cash", "Cash", self.cash, "What each trial begins with")
        for pair in ((held, folds), (trials, seed), (cash,)):
            line = QHBoxLayout()
            for name, title, number, meaning in pair:
                if line.count():
                    line.addWidget(QLabel(title))
                line.addWidget(self._named(name, title, number, meaning), 1)
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

    def _on_search(self, method: str) -> None:
        self.trials.setEnabled(method != Method.GRID.value)


def _number(name: str, field: QLineEdit) -> float:
    try:
        return float(field.text())
    except ValueError:
        raise ValidationError(name, f"{field.text()!r} is no number") from None

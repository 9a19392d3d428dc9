"""The form of a new sweep: code, market, parameters with their ranges, how it searches and what it holds back.

Part of the sweeps panel. It knows fields and texts, no command.
"""

from PySide6.QtWidgets import QComboBox, QLineEdit

from workstation.commands.sweeps import StartSweep
from workstation.desktop.panels.study_form import OPTIONS_MEANING, LinesEdit, StudyForm
from workstation.domain.errors import ValidationError
from workstation.ports.sweeps import Method, Metric

OPTIONS = "slippage=bps:1\nfunding-file=BTCUSDT=rates.csv"
OPTION_LINES = 2
RANGES = "fast=5:50:5\nslow=20,50,100\nsymbol=AAPL"


class SweepForm(StudyForm):
    """What a sweep is asked for."""

    def __init__(self, panel_id: str) -> None:
        super().__init__(panel_id, RANGES)
        self.search, self.best = QComboBox(), QComboBox()
        self.search.addItems([method.value for method in Method])
        self.best.addItems([metric.value for metric in Metric])
        self.trials, self.out_of_sample, self.folds = QLineEdit("100"), QLineEdit("0.3"), QLineEdit("1")
        self.cluster = QLineEdit()
        self.cluster.setPlaceholderText("this machine")
        self.options = LinesEdit(OPTION_LINES, OPTIONS)
        share = "Share at the end of each fold that judges the choice"
        held = ("out_of_sample", "Held back", self.out_of_sample, share)
        folds = ("folds", "Folds", self.folds, "Walk forward in so many steps; 1 is a single split")
        trials = ("trials", "Trials", self.trials, "How many a draw or a learning search makes, each fold")
        seed = ("seed", "Seed", self.seed, "The same seed gives the same trials and figures")
        cash = ("cash", "Cash", self.cash, "What each trial begins with")
        ranges = "One a line: a range FROM:TO:STEP, a list A,B,C, or a value"
        self._lay_out(
            (
                ("code", "Strategy", self.code, "Code that is swept: an example, or a file of the strategies folder"),
                ("symbols", "Symbols", self.symbols, "Instruments with stored bars, by commas"),
                ("interval", "Interval", self.interval, "Length of the bars, such as 1m or 1d"),
                ("parameters", "Parameters", self.parameters, ranges),
                ("fees", "Fees", self.fees, "What trading costs; a sweep without fees flatters frequent trading"),
                ("search", "Search", self.search, "Every combination, a seeded draw, or by what earlier trials found"),
                ("best", "Best is", self.best, "What trials are ranked by, in-sample"),
                ("cluster", "Cluster", self.cluster, "Address of a Dask scheduler; empty for this machine's cores"),
                ("options", "Options", self.options, OPTIONS_MEANING),
            ),
            ((held, folds), (trials, seed), (cash,)),
        )
        self.search.currentTextChanged.connect(self._on_search)
        self._on_search(self.search.currentText())

    def wish(self) -> StartSweep:
        """Return what was entered.

        Raises:
            ValidationError: a number that is none; the rest is the engine's to judge.
        """
        return StartSweep(
            entry_point=self.code.currentText(),
            symbols=self.symbols_named,
            parameters=self.parameter_lines,
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
            cluster=self.cluster_named,
            options=self.options.written,
        )

    @property
    def cluster_named(self) -> str:
        """The address of the cluster that was entered, "" for this machine."""
        return self.cluster.text().strip()

    def _on_search(self, method: str) -> None:
        self.trials.setEnabled(method != Method.GRID.value)


def _number(name: str, field: QLineEdit) -> float:
    try:
        return float(field.text())
    except ValueError:
        raise ValidationError(name, f"{field.text()!r} is no number") from None

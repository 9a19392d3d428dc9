"""What the forms of studies share: code, market, parameters, costs and cash; each kind of study adds its own fields.

Base of the forms of backtests and sweeps. It knows fields and texts, no command.
"""

from abc import abstractmethod
from collections.abc import Sequence
from math import ceil

import msgspec
from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from workstation.strategies.describing import CodeShape

PARAMETER_LINES = 4
OPTIONS_MEANING = "All others of the command line, one a line, NAME=VALUE or NAME; files lie in the folder funding"
EDGE_PX = 2
_OF_LOOK = (QEvent.Type.FontChange, QEvent.Type.StyleChange, QEvent.Type.Polish)

Field = tuple[str, str, QWidget, str]
"""Name, title, field, and what it means."""


class LinesEdit(QPlainTextEdit):
    """A field of so many whole lines, none of them cut in any look."""

    def __init__(self, lines: int, example: str) -> None:
        super().__init__()
        self._lines = lines
        self.document().setDocumentMargin(EDGE_PX)  # so narrow that below the last line no next one begins to show
        self.setViewportMargins(EDGE_PX, EDGE_PX, EDGE_PX, 0)
        self.setPlaceholderText(example)
        self.setTabChangesFocus(True)

    @property
    def written(self) -> tuple[str, ...]:
        """The lines that were entered."""
        return tuple(filter(None, map(str.strip, self.toPlainText().splitlines())))

    # Qt overrides

    def event(self, event: QEvent) -> bool:
        """Take the height that the lines have in a new look."""
        taken = super().event(event)
        if event.type() in _OF_LOOK:
            line_px = ceil(QFontMetricsF(self.font()).lineSpacing())
            edges_px = 2 * self.frameWidth() + 3 * EDGE_PX
            self.setFixedHeight(self._lines * line_px + edges_px + 1)
        return taken


class StudyForm(QWidget):
    """What a study is asked for. example: parameters as they are written. Emits: code_chosen(str) for other code."""

    code_chosen = Signal(str)

    def __init__(self, panel_id: str, example: str) -> None:
        super().__init__()
        self._panel_id = panel_id
        self.setObjectName(f"{panel_id}_form")
        self.code = QComboBox()
        self.code.currentTextChanged.connect(self.code_chosen)
        self.symbols, self.interval, self.fees = QLineEdit(), QLineEdit("1d"), QLineEdit()
        self.symbols.setPlaceholderText("AAPL, MSFT")
        self.fees.setPlaceholderText("zero, per-unit:0.005, bps:1:2")
        self.parameters = LinesEdit(PARAMETER_LINES, example)
        self.cash, self.seed = QLineEdit("1000000"), QLineEdit("1")
        self.any_size = QCheckBox("any size")

    @abstractmethod
    def wish(self) -> msgspec.Struct:
        """Return what was entered.

        Raises:
            ValidationError: a number that is none; the rest is the engine's to judge.
        """

    def show_shape(self, shape: CodeShape) -> None:
        """Offer the parameters of a piece of code with their defaults."""
        self.parameters.setPlainText(
            "\n".join(f"{field.name}={field.default}" for field in shape.parameters if field.default is not None)
        )

    @property
    def symbols_named(self) -> tuple[str, ...]:
        """The instruments that were entered."""
        return tuple(filter(None, (part.strip().upper() for part in self.symbols.text().split(","))))

    @property
    def parameter_lines(self) -> tuple[str, ...]:
        """The parameters that were entered, one a line."""
        return self.parameters.written

    def _lay_out(self, rows: Sequence[Field], lines: Sequence[Sequence[Field]]) -> None:
        """Put fields below each other. lines: fields that share one; a field alone stands before `any size`."""
        form = QFormLayout(self)
        form.setContentsMargins(8, 3, 8, 3)
        form.setSpacing(4)
        for name, title, field, meaning in rows:
            form.addRow(title, self._named(name, title, field, meaning))
        for fields in lines:
            line = QHBoxLayout()
            for name, title, field, meaning in fields:
                if line.count():
                    line.addWidget(QLabel(title))
                line.addWidget(self._named(name, title, field, meaning), 1)
            if len(fields) == 1:
                line.addWidget(self.any_size)
            form.addRow(fields[0][1], line)
        self.any_size.setObjectName(f"{self._panel_id}_any_size")
        self.any_size.setAccessibleName("Orders take any size, whatever a bar's volume")
        self.any_size.setToolTip(self.any_size.accessibleName())

    def _named(self, name: str, title: str, field: QWidget, meaning: str) -> QWidget:
        field.setObjectName(f"{self._panel_id}_{name}")
        field.setAccessibleName(f"{title}: {meaning}")
        field.setToolTip(meaning)
        return field

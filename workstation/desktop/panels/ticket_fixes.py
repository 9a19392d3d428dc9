"""One-click fixes under a ticket: the texts that would pass in place of the one that is wrong.

Beside the form; it offers and changes nothing by itself.
"""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from workstation.viewmodels.ticket import Finding


class FixButtons(QWidget):
    """One-click fixes of the first finding. Emits: chosen(field, text)."""

    chosen = Signal(str, str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(f"{name}_fixes")
        self._name = name
        self._shown: Finding | None = None
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        self._buttons: list[QPushButton] = []
        self._row.addStretch(1)

    def show_finding(self, finding: Finding | None) -> None:
        """Offer the fixes of a finding, or nothing."""
        if finding == self._shown:
            return
        self._shown = finding
        for button in self._buttons:
            button.hide()
            button.deleteLater()
        fixes = () if finding is None else finding.fixes
        self._buttons = [self._button(finding.field, text) for text in fixes] if finding is not None else []
        for index, button in enumerate(self._buttons):
            self._row.insertWidget(index, button)
        self.setVisible(bool(self._buttons))

    def _button(self, field: str, text: str) -> QPushButton:
        button = QPushButton(f"Use {text}")
        button.setObjectName(f"{self._name}_fix_{text}")
        button.setAccessibleName(f"Use {text} as {field}")
        button.clicked.connect(lambda: self.chosen.emit(field, text))
        return button

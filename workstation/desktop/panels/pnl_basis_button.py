"""The button that says by which method and mark the P&L panel counts, with a menu of other views and of units.

Part of the P&L panel. It changes what is shown, never the books.
"""

from typing import TypeVar

from PySide6.QtCore import Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QPushButton

from workstation.desktop.shell.panel import PanelSettings
from workstation.domain.executions import CostMethod
from workstation.portfolio.pnl import MarkKind
from workstation.viewmodels.ladder_settings import LABEL_UNITS, UNIT_WORDS, PnlUnit
from workstation.viewmodels.pnl_basis import BOOKS, MARK_WORDS, METHOD_WORDS, Basis

Choice = TypeVar("Choice", CostMethod, MarkKind, PnlUnit)
SHORT = {CostMethod.AVERAGE: "Average", CostMethod.FIFO: "FIFO"}


class BasisButton(QPushButton):
    """Method and mark. Emits: chosen() when another one was chosen; unit_chosen(PnlUnit) for another unit."""

    chosen = Signal()
    unit_chosen = Signal(PnlUnit)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.basis = BOOKS
        self.setObjectName(name)
        self.setProperty("role", "quiet")
        self._menu = QMenu(self)
        self._menu.setObjectName(f"{name}_menu")
        self._methods = self._add(METHOD_WORDS)
        self._menu.addSeparator()
        self._marks = self._add(MARK_WORDS)
        self._menu.addSeparator()
        self._units = self._add({unit: UNIT_WORDS[unit] for unit in LABEL_UNITS})
        self.setMenu(self._menu)
        self.show_unit(PnlUnit.MONEY)
        self._show()

    def choose(self, basis: Basis) -> None:
        """Count by another method or mark."""
        if basis != self.basis:
            self.basis = basis
            self._show()
            self.chosen.emit()

    def show_unit(self, unit: PnlUnit) -> None:
        """Tick what the panel's figures are shown in."""
        for action in self._units.actions():
            action.setChecked(action.data() == unit.value)

    def save_settings(self) -> PanelSettings:
        """Return method and mark."""
        return {"method": self.basis.method.value, "mark": self.basis.mark.value}

    def restore_settings(self, settings: PanelSettings) -> None:
        """Take them back; what is not known leaves the books' own."""
        method, mark = settings.get("method"), settings.get("mark")
        self.choose(
            Basis(
                CostMethod(method) if method in list(CostMethod) else BOOKS.method,
                MarkKind(mark) if mark in list(MarkKind) else BOOKS.mark,
            )
        )

    def _add(self, words: dict[Choice, str]) -> QActionGroup:
        group = QActionGroup(self)
        for choice, text in words.items():
            before = {MarkKind: "Marked at ", PnlUnit: "Show "}.get(type(choice), "")
            action = self._menu.addAction(before + text if before else text[0].upper() + text[1:])
            action.setObjectName(f"{self.objectName()}_{choice.value.lower()}_action")
            action.setCheckable(True)
            action.setData(choice.value)
            group.addAction(action)
        group.triggered.connect(lambda _action: self._on_choice())
        return group

    def _on_choice(self) -> None:
        method, mark = self._methods.checkedAction(), self._marks.checkedAction()
        self.unit_chosen.emit(PnlUnit(str(self._units.checkedAction().data())))
        self.choose(Basis(CostMethod(str(method.data())), MarkKind(str(mark.data()))))

    def _show(self) -> None:
        for group, value in ((self._methods, self.basis.method.value), (self._marks, self.basis.mark.value)):
            for action in group.actions():
                action.setChecked(action.data() == value)
        self.setText(f"{SHORT[self.basis.method]} · {MARK_WORDS[self.basis.mark]}")
        meaning = f"Counted by {self.basis.words}"
        self.setAccessibleName(meaning)
        self.setToolTip(f"{meaning}. Another choice is a view; the books are {BOOKS.words}.")

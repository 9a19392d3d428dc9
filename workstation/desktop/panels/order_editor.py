"""Editing an order's price, stop or quantity in its cell: Enter commits, Esc drops, leaving drops.

A bar below says what Enter would do and has a step down and up; Up and Down move by a tick or a lot, with Shift by ten.
A refused entry keeps the typed text, is marked and says the rule. The editor remembers the version that it opened on;
when the order changed meanwhile, the conflict bar asks. This module sends nothing: the panel does.
"""

from collections.abc import Callable

import msgspec
from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from workstation.desktop.panels.amend_bar import AmendBar
from workstation.desktop.tables import ColumnModel
from workstation.desktop.theme import use_figure_font
from workstation.domain.orders import OrderState
from workstation.viewmodels.order_edits import LIFE, Amendment, aimed

Check = Callable[[Amendment], str]
Step = Callable[[Amendment, int], str]
STEPS = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
STEPS_WITH_SHIFT = 10
Index = QModelIndex | QPersistentModelIndex


class OrderCellEditor(QStyledItemDelegate):
    """Opens a line in the cell. `check(amendment)` returns why a typed text is refused, "" when it stands.

    `tell(amendment)` words what Enter would do; `step(amendment, steps)` returns the text moved by ticks or lots.
    Emits: committed(Amendment).
    """

    committed = Signal(object)

    def __init__(
        self, parent: QWidget, model: ColumnModel[OrderState], check: Check, *, tell: Check, step: Step
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._check, self._tell, self._step = check, tell, step
        self._open: dict[int, Amendment] = {}
        self._bars: dict[int, AmendBar] = {}

    def _commit(self, line: QLineEdit) -> None:
        opened, amendment = self._open.get(id(line)), self._typed(line)
        if opened is None or amendment is None:
            return
        refusal = self._check(amendment)
        if refusal:
            line.setProperty("invalid", "true")
            line.style().polish(line)
            self._tell_below(line, refusal, refused=True)
            return
        self._close(line)
        if amendment.typed != opened.typed:
            self.committed.emit(amendment)

    def _typed(self, line: QLineEdit) -> Amendment | None:
        opened = self._open.get(id(line))
        return None if opened is None else msgspec.structs.replace(opened, typed=line.text())

    def _say(self, line: QLineEdit) -> None:
        """Say below the line what Enter would do."""
        amendment = self._typed(line)
        if amendment is not None:
            words = self._tell(amendment)
            self._tell_below(line, words, refused=words.startswith("Refused"))

    def _tell_below(self, line: QLineEdit, words: str, *, refused: bool) -> None:
        line.setToolTip(words)
        line.setAccessibleDescription(words)
        self._bars[id(line)].say(words, refused=refused)

    def _move(self, line: QLineEdit, steps: int) -> None:
        amendment = self._typed(line)
        if amendment is not None:
            line.setText(self._step(amendment, steps))
            self._say(line)

    def _close(self, line: QLineEdit) -> None:
        self._open.pop(id(line), None)
        bar = self._bars.pop(id(line), None)
        if bar is not None:
            bar.hide()
            bar.deleteLater()
        self.closeEditor.emit(line, QAbstractItemDelegate.EndEditHint.NoHint)

    # Qt overrides

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """Open a line that knows the order's id and version."""
        order = self._model.row_at(index.row())
        column = self._model.table.columns[index.column()]
        line = QLineEdit(parent)
        line.setObjectName("order_edit")
        line.setAccessibleName(f"New {column.title.lower()}")
        use_figure_font(line, "body")
        line.setAlignment(Qt.AlignmentFlag.AlignRight)
        line.setFrame(False)
        line.setStyleSheet("min-height: 0; padding: 0 3px;")
        typed = str(self._model.data(index, Qt.ItemDataRole.EditRole))
        self._open[id(line)] = Amendment(order.cl_ord_id, order.version, column.name, typed, aimed(order))
        line.textEdited.connect(lambda _text: self._say(line))
        bar = AmendBar(parent, line, lambda steps: self._move(line, steps), has_steps=column.name != LIFE)
        self._bars[id(line)] = bar
        return line

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Fill the line once, selected; what is typed is never replaced by an update."""
        if isinstance(editor, QLineEdit) and not editor.text():
            editor.setText(str(self._model.data(index, Qt.ItemDataRole.EditRole)))
            editor.selectAll()
            self._say(editor)

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        """Write nothing: the row changes when the engine says so."""

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """Fill the cell, with the bar beside it."""
        editor.setGeometry(option.rect)
        bar = self._bars.get(id(editor))
        if bar is not None:
            bar.stand_under(option.rect)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter commits; Esc and leaving drop."""
        if isinstance(watched, QLineEdit):
            if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
                if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                    self._commit(watched)
                    return True
                if event.key() == Qt.Key.Key_Escape:
                    self._close(watched)
                    return True
                if event.key() in STEPS:
                    shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
                    self._move(watched, STEPS[Qt.Key(event.key())] * (STEPS_WITH_SHIFT if shift else 1))
                    return True
            elif event.type() == QEvent.Type.FocusOut:
                self._close(watched)
        return False


def on_enter(table: QWidget, act: Callable[[], None]) -> None:
    """Run something on Enter, of either key, while a table has the keyboard."""
    enter = QShortcut(table)
    enter.setKeys([QKeySequence(Qt.Key.Key_Return), QKeySequence(Qt.Key.Key_Enter)])
    enter.setContext(Qt.ShortcutContext.WidgetShortcut)
    enter.activated.connect(act)


class ConflictBar(QWidget):
    """Asks what to do with an edit whose order has changed: apply again on the new version, or drop."""

    reapplied = Signal(object)

    def __init__(self, panel_id: str) -> None:
        super().__init__()
        self.setObjectName(f"{panel_id}_conflict")
        self._amendment: Amendment | None = None
        self.text = QLabel()
        self.text.setObjectName(f"{panel_id}_conflict_text")
        self.text.setProperty("role", "warning")
        self.text.setWordWrap(True)
        self.again = self._button("Re-apply", f"{panel_id}_reapply")
        self.drop = self._button("Drop", f"{panel_id}_drop")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 8, 2)
        row.addWidget(self.text, 1)
        row.addWidget(self.again)
        row.addWidget(self.drop)
        self.again.clicked.connect(self._reapply)
        self.drop.clicked.connect(self.hide)
        self.hide()

    def ask(self, amendment: Amendment, text: str) -> None:
        """Show the question; `amendment` carries the order's version of now."""
        self._amendment = amendment
        self.text.setText(text)
        self.show()
        self.again.setFocus()

    def _reapply(self) -> None:
        self.hide()
        if self._amendment is not None:
            self.reapplied.emit(self._amendment)

    def _button(self, text: str, name: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.setAccessibleName(f"{text} the edit")
        return button

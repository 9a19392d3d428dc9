"""The form of the risk panel: which limit, whose, how much and why. Says while one types what setting it would do.

Nothing is clamped or rounded: a value that cannot be set stays as typed, with the rule beside it. Sends nothing itself.
"""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from workstation.commands.params import SetLimit
from workstation.desktop.panels.asking_panel import bar_of, named
from workstation.desktop.panels.ticket_fields import set_role
from workstation.risk.board import LimitLine
from workstation.risk.limits import UNLIMITED, LimitScope, LimitType
from workstation.viewmodels.risk_view import SCOPES, TITLES, LimitEdit

TIGHTENED = "tightened by hand"
Judge = Callable[[LimitType, LimitScope, str, str], LimitEdit]


class LimitForm(QWidget):
    """The fields of one limit. keys: the names that a scope offers. judge: what a typed value would do.

    Emits: asked(SetLimit) when a complete limit shall be set.
    """

    asked = Signal(object)

    def __init__(self, panel_id: str, keys: Callable[[LimitScope], list[str]], judge: Judge) -> None:
        super().__init__()
        self.setObjectName(f"{panel_id}_form")
        self._keys, self._judge = keys, judge
        self._armed = False
        self.limit = _choice(f"{panel_id}_limit", "Limit")
        for limit in LimitType:
            self.limit.addItem(TITLES[limit], limit)
        self.scope = _choice(f"{panel_id}_scope", "Whom the limit binds")
        for scope in LimitScope:
            self.scope.addItem(SCOPES[scope], scope)
        self.key = _choice(f"{panel_id}_key", "Account, instrument or strategy")
        self.key.setEditable(True)
        self.value = _field(f"{panel_id}_value", "New value", "Value", "A number, or unlimited")
        self.reason = _field(f"{panel_id}_reason", "Reason of the change", "Reason", "Needed to loosen a limit")
        self.set_button = named(QPushButton("Set limit"), f"{panel_id}_set", "Set the limit", "primary", self.send)
        self.hint = QLabel()
        self.hint.setObjectName(f"{panel_id}_hint")
        self.hint.setProperty("role", "caption")
        self.hint.setContentsMargins(8, 0, 8, 3)
        self.hint.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar_of(self.limit, self.scope, self.key, stretch=2))
        column.addWidget(bar_of(self.value, self.reason, self.set_button, stretch=1))
        column.addWidget(self.hint)
        self.scope.currentIndexChanged.connect(self._offer_keys)
        for choice in (self.limit, self.scope):
            choice.currentIndexChanged.connect(self.show_hint)
        self.key.currentTextChanged.connect(self.show_hint)
        self.value.textChanged.connect(self.show_hint)
        self.reason.textChanged.connect(self.show_hint)
        for field in (self.value, self.reason):
            field.returnPressed.connect(self.send)
        self._offer_keys()
        self.show_hint()

    def show_line(self, line: LimitLine) -> None:
        """Fill the form from a limit; its value stands selected, to be typed over."""
        self.limit.setCurrentIndex(self.limit.findData(line.limit))
        self.scope.setCurrentIndex(self.scope.findData(line.scope))
        self.key.setCurrentText(line.key)
        self.value.setText("unlimited" if line.text == UNLIMITED else line.text)
        self.value.selectAll()
        self.reason.clear()

    def show_armed(self, *, armed: bool) -> None:
        """Take over whether entry by hand is armed."""
        if armed != self._armed:
            self._armed = armed
            self.show_hint()

    def send(self) -> None:
        """Ask for the limit, or say in place why it cannot be set."""
        edit = self._edit()
        self.show_hint()
        if self._objection(edit):
            target = self.reason if not edit.error else self.value
            target.setFocus()
            return
        reason = self.reason.text().strip() or TIGHTENED
        limit, scope, key = self._place()
        self.asked.emit(SetLimit(limit=limit, value=edit.text, reason=reason, scope=scope, key=key))

    def show_hint(self, *_: object) -> None:
        """Say what setting the value would do."""
        edit = self._edit()
        set_role(self.value, "invalid", "true" if edit.error and self.value.text() else "false")
        objection = self._objection(edit) if self.value.text() else ""
        if not objection and self.value.text():
            objection = "Loosens it: journaled with the reason." if edit.loosens else "Tightens it: acts at once."
        self.hint.setText(objection or "Choose a limit above, or fill in a new one. Tightening acts at once.")
        set_role(self.hint, "role", "warning" if self._objection(edit) and self.value.text() else "caption")

    def _edit(self) -> LimitEdit:
        return self._judge(*self._place(), self.value.text())

    def _objection(self, edit: LimitEdit) -> str:
        if edit.error:
            return edit.error
        if not self.key.isHidden() and not self.key.currentText().strip():
            return f"Name the {self.scope.currentText().lower()} that it binds."
        if edit.loosens and self._armed:
            return "Loosens it: disarm first (F12)."
        return "Loosens it: a reason is needed." if edit.loosens and not self.reason.text().strip() else ""

    def _place(self) -> tuple[LimitType, LimitScope, str]:
        limit, scope = LimitType(self.limit.currentData()), LimitScope(self.scope.currentData())
        return limit, scope, self.key.currentText().strip() if scope is not LimitScope.TENANT else ""

    def _offer_keys(self, *_: object) -> None:
        keys = self._keys(LimitScope(self.scope.currentData()))
        self.key.clear()
        self.key.addItems(keys)
        self.key.setVisible(LimitScope(self.scope.currentData()) is not LimitScope.TENANT)


def _choice(name: str, meaning: str) -> QComboBox:
    choice = QComboBox()
    choice.setObjectName(name)
    choice.setAccessibleName(meaning)
    choice.setToolTip(meaning)
    choice.setMinimumContentsLength(10)
    choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return choice


def _field(name: str, meaning: str, placeholder: str, hover: str) -> QLineEdit:
    field = QLineEdit()
    field.setObjectName(name)
    field.setAccessibleName(meaning)
    field.setPlaceholderText(placeholder)
    field.setToolTip(hover)
    return field

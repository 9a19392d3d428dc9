"""The strategies panel's part about live accounts: for paper alone, approved, and the permit to add risk for a time.

Each is one change of the chosen strategy, made by a person here alone. It knows a strategy, no command.
"""

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from workstation.desktop.panels.asking_panel import PressTwice, bar_of, named
from workstation.desktop.panels.strategies_told import caption
from workstation.desktop.panels.ticket_fields import set_role
from workstation.domain.errors import ValidationError
from workstation.domain.records import LivePermit, StrategyDefinition
from workstation.risk.permits import PermitUse
from workstation.viewmodels.permits import CAP_WORDS, PERMIT_HOURS, cap_meaning, caps_of, is_in_force, permit_words

HOUR_NS = 3_600 * 1_000_000_000


class LiveForm(QWidget):
    """Emits: approved(), paper_changed(bool), permit_changed(LivePermit or None), and refused(text)."""

    approved = Signal()
    paper_changed = Signal(bool)
    permit_changed = Signal(object)
    refused = Signal(str)

    def __init__(self, panel_id: str) -> None:
        super().__init__()
        self.setObjectName(f"{panel_id}_live")
        self._now_ns, self._uses = 0, dict[str, PermitUse]()
        self.paper = QCheckBox("Paper only")
        self.paper.setObjectName(f"{panel_id}_paper")
        self.paper.setAccessibleName("This strategy may run on paper accounts only")
        self.paper.setToolTip("Without this, an approved strategy may run on live accounts too")
        self.paper.clicked.connect(self.paper_changed)
        self.approve = PressTwice("Approve for live", self.approved.emit)
        named(self.approve, f"{panel_id}_approve", "Let this strategy run on live accounts; press twice", "quiet")
        self.hours = QComboBox()
        self.hours.setObjectName(f"{panel_id}_permit_hours")
        self.hours.setAccessibleName("How long the permit for live accounts lasts")
        self.hours.setToolTip("How long the permit for live accounts lasts")
        self.hours.addItems(list(PERMIT_HOURS))
        self.caps = {name: self._cap(panel_id, name) for name in CAP_WORDS}
        self.permit = PressTwice("Live permit", self._grant)
        named(self.permit, f"{panel_id}_permit", "Let its runs add risk on live accounts so long; press twice", "quiet")
        words = "Let its runs add no more risk on live accounts; exits still go out"
        self.end = named(QPushButton("End permit"), f"{panel_id}_permit_end", words, "quiet", self._end)
        self.left = caption(f"{panel_id}_permit_left")
        self.left.setAccessibleName("What the permit lets its runs do, and what is left of it")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar_of(self.paper, self.approve))
        caps = QHBoxLayout()
        caps.setContentsMargins(8, 3, 8, 3)
        caps.setSpacing(6)
        for field in self.caps.values():
            caps.addWidget(field, 1)
        column.addLayout(caps)
        column.addLayout(bar_of(self.hours, self.permit, self.end))
        column.addWidget(self.left)
        self.show_strategy(None, 0)

    def take(self, uses: Mapping[str, PermitUse]) -> None:
        """Note what is used of the permits in force, by the id of who has one."""
        self._uses = dict(uses)

    def show_strategy(self, strategy: StrategyDefinition | None, now_ns: int) -> None:
        """Show how a strategy stands with live accounts; now_ns: UTC ns."""
        self._now_ns = now_ns
        permit = None if strategy is None else strategy.live_permit
        may_run_live = strategy is not None and strategy.is_approved and not strategy.paper_trading_only
        self.paper.setEnabled(strategy is not None)
        self.paper.setChecked(strategy is not None and strategy.paper_trading_only)
        self.approve.setEnabled(strategy is not None and not strategy.is_approved)
        for part in (*self.caps.values(), self.hours, self.permit, self.end):
            part.setVisible(may_run_live)
        self.end.setEnabled(is_in_force(permit, now_ns))
        self.left.setText(permit_words(permit, None if strategy is None else self._uses.get(strategy.id), now_ns))
        self.left.setVisible(may_run_live and bool(self.left.text()))

    def _cap(self, panel_id: str, name: str) -> QLineEdit:
        field = QLineEdit()
        field.setObjectName(f"{panel_id}_permit_{name}")
        field.setAccessibleName(cap_meaning(name))
        field.setToolTip(cap_meaning(name))
        field.setPlaceholderText(f"{CAP_WORDS[name]} ≤")
        return field

    def _grant(self) -> None:
        for field in self.caps.values():
            set_role(field, "invalid", "false")
        try:
            caps = caps_of({name: field.text() for name, field in self.caps.items()})
        except ValidationError as error:
            wrong = self.caps[error.field]
            set_role(wrong, "invalid", "true")
            wrong.setFocus()
            self.refused.emit(f"No permit was given. {CAP_WORDS[error.field]}: {error.message}; {error.allowed}.")
            return
        lasts_ns = PERMIT_HOURS[self.hours.currentText()] * HOUR_NS
        self.permit_changed.emit(LivePermit(expires_at=self._now_ns + lasts_ns, caps=caps))

    def _end(self) -> None:
        self.permit_changed.emit(None)

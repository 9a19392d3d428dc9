"""The strategies panel's part about live accounts: for paper alone, approved, and the permit to add risk for a time.

Each is one change of the chosen strategy, made by a person here alone. It knows a strategy, no command.
"""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QPushButton, QVBoxLayout, QWidget

from workstation.desktop.panels.asking_panel import PressTwice, bar_of, named
from workstation.domain.records import LivePermit, StrategyDefinition
from workstation.viewmodels.strategies_view import PERMIT_HOURS, has_permit

HOUR_NS = 3_600 * 1_000_000_000


class LiveForm(QWidget):
    """Emits: approved(), paper_changed(bool), and permit_changed(LivePermit or None)."""

    approved = Signal()
    paper_changed = Signal(bool)
    permit_changed = Signal(object)

    def __init__(self, panel_id: str) -> None:
        super().__init__()
        self.setObjectName(f"{panel_id}_live")
        self._now_ns, self._is_permitted = 0, False
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
        self.permit = PressTwice("Live permit", self._grant)
        named(self.permit, f"{panel_id}_permit", "Let its runs add risk on live accounts so long; press twice", "quiet")
        words = "Let its runs add no more risk on live accounts; exits still go out"
        self.end = named(QPushButton("End permit"), f"{panel_id}_permit_end", words, "quiet", self._end)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar_of(self.paper, self.approve))
        column.addLayout(bar_of(self.hours, self.permit, self.end))
        self.show_strategy(None, 0)

    def show_strategy(self, strategy: StrategyDefinition | None, now_ns: int) -> None:
        """Show how a strategy stands with live accounts; now_ns: UTC ns."""
        self._now_ns = now_ns
        self._is_permitted = strategy is not None and has_permit(strategy, now_ns)
        may_run_live = strategy is not None and strategy.is_approved and not strategy.paper_trading_only
        self.paper.setEnabled(strategy is not None)
        self.paper.setChecked(strategy is not None and strategy.paper_trading_only)
        self.approve.setEnabled(strategy is not None and not strategy.is_approved)
        for part in (self.hours, self.permit, self.end):
            part.setVisible(may_run_live)
        self.end.setEnabled(self._is_permitted)

    def _grant(self) -> None:
        lasts_ns = PERMIT_HOURS[self.hours.currentText()] * HOUR_NS
        self.permit_changed.emit(LivePermit(expires_at=self._now_ns + lasts_ns))

    def _end(self) -> None:
        self.permit_changed.emit(None)

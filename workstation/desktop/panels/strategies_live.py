"""The strategies panel's part about live accounts: for paper alone, approved, and the permit to add risk for a time.

Each is one change of the chosen strategy, made by a person here alone. It knows a strategy, no command.
"""

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from workstation.desktop.panels.asking_panel import PressTwice, bar_of, named
from workstation.desktop.panels.permit_form import PermitForm
from workstation.domain.records import StrategyDefinition
from workstation.risk.permits import PermitUse
from workstation.viewmodels.permits import PermitHolder


class LiveForm(QWidget):
    """Emits: approved() and paper_changed(bool). `terms` is the permit's own form, with signals of its own."""

    approved = Signal()
    paper_changed = Signal(bool)

    def __init__(self, panel_id: str) -> None:
        super().__init__()
        self.setObjectName(f"{panel_id}_live")
        self._uses = dict[str, PermitUse]()
        self.paper = QCheckBox("Paper only")
        self.paper.setObjectName(f"{panel_id}_paper")
        self.paper.setAccessibleName("This strategy may run on paper accounts only")
        self.paper.setToolTip("Without this, an approved strategy may run on live accounts too")
        self.paper.clicked.connect(self.paper_changed)
        self.approve = PressTwice("Approve for live", self.approved.emit)
        named(self.approve, f"{panel_id}_approve", "Let this strategy run on live accounts; press twice", "quiet")
        self.terms = PermitForm(panel_id, "its runs")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar_of(self.paper, self.approve))
        column.addWidget(self.terms)
        self.show_strategy(None, 0)

    def take(self, uses: Mapping[str, PermitUse]) -> None:
        """Note what is used of the permits in force, by the id of who has one."""
        self._uses = dict(uses)

    def show_strategy(self, strategy: StrategyDefinition | None, now_ns: int) -> None:
        """Show how a strategy stands with live accounts; now_ns: UTC ns."""
        may_run_live = strategy is not None and strategy.is_approved and not strategy.paper_trading_only
        self.paper.setEnabled(strategy is not None)
        self.paper.setChecked(strategy is not None and strategy.paper_trading_only)
        self.approve.setEnabled(strategy is not None and not strategy.is_approved)
        self.terms.setVisible(may_run_live)
        found = () if strategy is None else (strategy,)
        holders = [PermitHolder(row.name, row.live_permit, self._uses.get(row.id)) for row in found]
        self.terms.show_holders(holders, now_ns)

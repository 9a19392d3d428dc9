"""Risk panel: each limit with its use and who set it, what is locked, the kill switch, the last refusals.

Last stage of both walks, and a door of safety commands. Tightening and stopping act at once and armed or not; loosening
needs the disarmed state and a reason, which the engine checks again.
"""

from collections.abc import Sequence

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QListWidget

from workstation.commands.params import SetLimit
from workstation.commands.registry import CommandResult, NoParams
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.asking_panel import AskingPanel, Beside, Question
from workstation.desktop.panels.risk_panel_form import LimitForm
from workstation.desktop.panels.risk_panel_stops import Stops
from workstation.desktop.table_view import ColumnView
from workstation.desktop.tables import ColumnModel
from workstation.desktop.theme import theme_notifier, use_figure_font
from workstation.domain.orders import OrderState
from workstation.risk.board import RiskBoard
from workstation.risk.limits import LimitScope
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.panel_notes import PanelNote
from workstation.viewmodels.risk_view import (
    TITLES,
    RiskView,
    lockout_policy,
    refusal_text,
    refusals,
    stale_text,
    switches_text,
)

REFUSALS_HEIGHT_PX = 76


class RiskPanel(AskingPanel):
    """Risk of all accounts."""

    kind = "risk"
    title = "Risk"
    icon = "risk"
    what = "the limits"

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self.risk = RiskView()
        self.stops = Stops(context, panel_id)
        self.until_released(self.stops.end)
        self.stops.asked.connect(self._on_stop)
        self.switches = QLabel()
        self.switches.setObjectName(f"{panel_id}_switches")
        self.switches.setProperty("role", "warning")
        self.switches.setContentsMargins(8, 2, 8, 2)
        self.switches.setWordWrap(True)
        self.orders = QLabel()
        self.orders.setObjectName(f"{panel_id}_orders_today")
        self.orders.setAccessibleName("Orders of the trading day")
        self.orders.setProperty("role", "caption")
        self.orders.setContentsMargins(8, 2, 8, 2)
        self.orders.hide()
        self.columns = ColumnModel(self.risk.table)
        self.view = ColumnView(self.columns, self.risk.style, name=f"{panel_id}_table", meaning="Limits")
        self.view.set_flexible("reason")
        self.view.set_empty_text(*self.asking.waits)
        self.view.set_default_sort([("order", False)])
        self.view.rows_chosen.connect(self._on_chosen)
        self.form = LimitForm(panel_id, self._keys, self.risk.edit)
        self.form.asked.connect(self._on_limit)
        self.refused = QListWidget()
        self.refused.setObjectName(f"{panel_id}_refusals")
        self.refused.setAccessibleName("Last refusals")
        self.refused.setWordWrap(True)
        self.refused.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.refused.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.refused.setMaximumHeight(REFUSALS_HEIGHT_PX)
        self.refusals_title = QLabel()
        self.refusals_title.setProperty("role", "caption")
        self.refusals_title.setContentsMargins(8, 3, 8, 2)
        self.column.addWidget(self.switches)
        self.column.addWidget(self.orders)
        beside = Beside(self, self.view, self.stops, self.form, self.refusals_title, self.refused, rest=self.refused)
        self.column.addLayout(beside, 1)
        self.setFocusProxy(self.view)
        theme_notifier().changed.connect(self._on_theme)
        self._on_theme()
        self._show_status()
        self._show_refusals()
        self.ask()

    def questions(self) -> Sequence[Question]:
        """Return the board."""
        return (("risk.board", NoParams(), self._on_board),)

    def trouble(self) -> PanelNote:
        """Say which limits are used up, or that exposure is measured on old prices."""
        breached = self.risk.breached()
        if breached:
            names = ", ".join(TITLES[line.limit] + (f" {line.key}" if line.key else "") for line in breached)
            return PanelNote("danger", f"Breached: {names}. New risk is refused; cancels and exits stay open.")
        return PanelNote("warning", stale_text(self.context.state.status))

    def on_frame(self, frame: Frame) -> None:
        """Take switches, arm state and refusals."""
        super().on_frame(frame)
        if frame.status is not None:
            self._show_status()
        if frame.accounts:
            self._show_switches()
        if any(isinstance(row, OrderState) for row in frame.rows):
            self._show_refusals()
            self._show_status()

    def _on_board(self, result: CommandResult) -> None:
        if self.take(result, RiskBoard):
            self.view.apply(lambda: self.risk.take(result.data))
            self.view.redress()
            self.stops.show_restrictions(self.risk.restrictions)
            self.orders.setText("\n".join(part for part in (self.risk.orders, self.risk.caps, self._policy()) if part))
            self.orders.setVisible(bool(self.orders.text()))
            self._show_switches()
            self.show_state()
        none = ("No limits", "Without limits every order is refused.")
        self.view.set_empty_text(*(none if self.asking.has_answer else self.asking.waits))

    def _policy(self) -> str:
        store = self.context.settings
        return "" if store is None else lockout_policy(flattens=store.settings.risk.flatten_at_lockout)

    def _on_chosen(self) -> None:
        chosen = self.view.selected_rows()
        if len(chosen) == 1:
            self.form.show_line(chosen[0])

    def _on_limit(self, wish: SetLimit) -> None:
        self.act("risk.limit", wish, "limit")

    def _on_stop(self, command_id: str, params: msgspec.Struct) -> None:
        self.act(command_id, params, command_id)

    def _keys(self, scope: LimitScope) -> list[str]:
        """Return the names that a scope offers; a strategy is typed."""
        session = self.context.bridge.session
        match scope:
            case LimitScope.ACCOUNT:
                return [account.account for account in session.accounts]
            case LimitScope.INSTRUMENT:
                return list(session.instruments)
            case _:
                return []

    def _show_status(self) -> None:
        status = self.context.state.status
        if status is not None:
            self.stops.show_kills(status.kills)
            self.form.show_armed(armed=status.armed is not None)

    def _show_switches(self) -> None:
        text = switches_text(self.risk.restrictions, self.context.state.accounts.values())
        self.switches.setText(text)
        self.switches.setVisible(bool(text))

    def _show_refusals(self) -> None:
        found = refusals(self.context.state.orders.values())
        self.refusals_title.setText(f"Last refusals ({len(found)})" if found else "No refusals: every order passed.")
        self.refused.clear()
        self.refused.addItems([refusal_text(order) for order in found])
        self.refused.setVisible(bool(found))

    def _on_theme(self, *_: object) -> None:
        use_figure_font(self.refused, "caption")

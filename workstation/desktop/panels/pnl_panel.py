"""P&L panel: what the day has made, for the account and by instrument, strategy or currency; limit and curve.

Last stage of both walks. The caption says method, mark, fees and currency, always; the
reconcile rows say what the broker has instead. Sends nothing.
"""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout

from workstation.desktop.context import DesktopContext
from workstation.desktop.fonts import Weight
from workstation.desktop.panels.pnl_gauges import CurveView, LimitBar
from workstation.desktop.panels.pnl_reconcile import FillsBehind, ReconcileStrip
from workstation.desktop.panels.table_panel import TablePanel
from workstation.desktop.shell.panel import PanelSettings
from workstation.desktop.table_view import ColumnView
from workstation.desktop.tables import ColumnModel
from workstation.desktop.theme import figure_font, theme_notifier
from workstation.viewmodels.formats import MISSING, Formats, age, money
from workstation.viewmodels.frames import AccountSnap, Frame
from workstation.viewmodels.panel_notes import PanelNote
from workstation.viewmodels.pnl_view import GroupBy, LimitGauge, PnlRow, PnlView, ink, limit_gauge
from workstation.viewmodels.positions_table import is_stale
from workstation.viewmodels.reconciled import ReconcileRow, reconcile_rows

FIGURES = (
    *(("realised", "Realised"), ("open", "Open"), ("fees", "Fees"), ("equity", "Equity")),
    *(("high", "High"), ("drawdown", "Drawdown")),
)
CURVE_FROM_PX = 240
"""Height of the panel from which the curve is shown; below, figures and table have the room."""


class PnlPanel(TablePanel):
    """Profit and loss of the account in focus."""

    kind = "pnl"
    title = "P&L"
    icon = "pnl"

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self.pnl = PnlView(context.focus.account)
        self._formats = Formats(context.bridge.session.instruments)
        self._build_summary()
        self.columns: ColumnModel[PnlRow] = ColumnModel(self.pnl.table)
        self.show_view(ColumnView(self.columns, self.pnl.style, name=f"{panel_id}_table", meaning="P&L by part"))
        self.view.set_default_sort([("net", True)])
        self.until_released(context.focus.listen(self._on_focus))
        theme_notifier().changed.connect(self._on_theme)
        self._refill()

    def on_frame(self, frame: Frame) -> None:
        """Take new positions and account figures."""
        if frame.status is not None:
            self.connection.take(frame.status)
        if frame.positions:
            self.view.apply(lambda: self.pnl.take(frame.positions.values()))
        account = frame.accounts.get(self.pnl.account)
        status = self.context.state.status
        if account is not None and status is not None and self.pnl.curve.add(status.now_ns, account.net):
            self.curve.update()
        if account is not None or frame.positions or frame.status is not None:
            self._show_account()

    def show_fills_behind(self, row: ReconcileRow) -> None:
        """Show the fills that one of our figures was counted from."""
        fills = [fill for fill in self.context.state.executions if fill.account == self.pnl.account]
        FillsBehind(self.context, row, fills, self).show()

    def _build_summary(self) -> None:
        panel_id = self.panel_id
        self.net = QLabel(MISSING)
        self.net.setObjectName(f"{panel_id}_net")
        self.caption = QLabel()
        self.caption.setObjectName(f"{panel_id}_caption")
        self.caption.setProperty("role", "caption")
        self.caption.setWordWrap(True)
        self.caption.setContentsMargins(8, 0, 8, 2)
        self.curve = CurveView(self.pnl.curve, f"{panel_id}_curve")
        self.limit = LimitBar(f"{panel_id}_limit")
        self.reconcile = ReconcileStrip(panel_id)
        self.reconcile.chosen.connect(self.show_fills_behind)
        self.figures: dict[str, QLabel] = {}
        grid = QGridLayout()
        grid.setContentsMargins(8, 0, 8, 2)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(0)
        for place, (name, text) in enumerate(FIGURES):
            title, figure = QLabel(text), QLabel(MISSING)
            for label in (title, figure):
                label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            title.setProperty("role", "caption")
            figure.setObjectName(f"{panel_id}_{name}")
            figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.figures[name] = figure
            grid.addWidget(title, place // 2, (place % 2) * 2)
            grid.addWidget(figure, place // 2, (place % 2) * 2 + 1)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        top = QHBoxLayout()
        top.setContentsMargins(8, 4, 8, 0)
        top.addWidget(self.net, 1)
        top.addWidget(self._build_choice())
        summary = QVBoxLayout()
        summary.setSpacing(2)
        summary.addLayout(top)
        summary.addWidget(self.caption)
        summary.addLayout(grid)
        summary.addWidget(self.limit)
        summary.addWidget(self.reconcile)
        summary.addWidget(self.curve)
        self.column.insertLayout(0, summary)
        self.tools.hide()
        self._on_theme()

    def _build_choice(self) -> QComboBox:
        self.by = QComboBox()
        self.by.setObjectName(f"{self.panel_id}_by")
        self.by.setAccessibleName("Sum P&L by")
        self.by.setToolTip("Sum P&L by")
        for choice in GroupBy:
            self.by.addItem(f"by {choice.value}", choice.value)
        self.by.currentIndexChanged.connect(self._on_choice)
        return self.by

    def _on_choice(self) -> None:
        by = GroupBy(str(self.by.currentData()))
        self.view.reorder(lambda: self.pnl.group_by(by))

    def save_settings(self) -> PanelSettings:
        """Return columns, sort and what is summed by."""
        return super().save_settings() | {"by": self.pnl.by.value}

    def restore_settings(self, settings: PanelSettings) -> None:
        """Take them back."""
        super().restore_settings(settings)
        self.by.setCurrentIndex(max(self.by.findData(settings.get("by")), 0))

    def _refill(self) -> None:
        self.view.apply(lambda: self.pnl.take(self.context.state.positions.values()))
        self._show_account()

    def _show_account(self) -> None:
        account = self.context.state.accounts.get(self.pnl.account)
        self.note.show_note(self._note(account))
        if self.connection.heard:
            self.view.set_empty_text("Nothing traded today", "Profit and loss begin with the first fill.")
        else:
            self.view.set_empty_text("Loading figures…", "Waiting for the engine.")
        if account is None:
            self._show_nothing()
            return
        self.caption.setText(f"{account.account}: {self.pnl.caption(account.currency)}")
        self.net.setText(f"{money(account.net, signed=True)} {account.currency}")
        self.net.setAccessibleName(f"Net {self.net.text()}")
        self._tint(self.net, account.net)
        for name, amount in (
            ("realised", account.realised),
            ("open", account.unrealised),
            ("fees", account.fees),
            ("drawdown", account.drawdown),
            ("equity", account.equity),
            ("high", account.net + account.drawdown),
        ):
            label = self.figures[name]
            label.setText(money(amount, signed=name in ("realised", "open", "high")))
            label.setAccessibleName(f"{name} {label.text()}")
            if name in ("realised", "open"):
                self._tint(label, amount)
        self.limit.show_gauge(limit_gauge(account))
        self.reconcile.show_rows(reconcile_rows(self._formats, account, self.context.state.positions.values()))

    def _show_nothing(self) -> None:
        self.caption.setText(f"{self.pnl.account}: no figures yet")
        self.limit.show_gauge(LimitGauge(0.0, "ok", ""))
        self.reconcile.show_rows([])
        for label in (self.net, *self.figures.values()):
            label.setText(MISSING)
            self._tint(label, 0)

    def _note(self, account: AccountSnap | None) -> PanelNote:
        note = self.connection.prices_note()
        if not note.text and account is not None and account.unpriced:
            names = ", ".join(account.unpriced)
            return PanelNote("warning", f"{len(account.unpriced)} unmarked, left out of open: {names}.")
        held = self.context.state.positions.items()
        stale = [snap for key, snap in held if key[0] == self.pnl.account and key[2] == "*" and is_stale(snap)]
        if not note.text and stale:
            marks = ", ".join(f"{snap.position.symbol} {age(snap.mark_age_ms * 1_000_000)}" for snap in stale)
            return PanelNote("warning", f"Stale marks: {marks}. Open and net are of that age.")
        return note

    def _on_focus(self) -> None:
        account = self.context.focus.account
        if self.released or account == self.pnl.account:
            return
        self.view.reorder(lambda: self.pnl.show_account(account))
        self._refill()

    def _tint(self, label: QLabel, amount: int) -> None:
        role = {"text": "figure", "rise": "rise", "fall": "sell"}[ink(amount)]
        if label.property("role") != role:
            label.setProperty("role", role)
            label.style().polish(label)

    def _on_theme(self, *_: object) -> None:
        self.net.setFont(figure_font("title", Weight.DemiBold))
        for figure in self.figures.values():
            figure.setFont(figure_font("body"))

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the curve up where it would squeeze the figures."""
        super().resizeEvent(event)
        self.curve.setVisible(event.size().height() >= CURVE_FROM_PX)

"""P&L panel: what the day has made, for the account and by instrument, strategy or currency; limit and curve.

Last stage of both walks. The caption says method, mark, fees and currency, always; the
reconcile rows say what the broker has instead. Sends nothing.
"""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from workstation.desktop.colors import with_alpha
from workstation.desktop.context import DesktopContext
from workstation.desktop.fonts import Weight
from workstation.desktop.panels.pnl_reconcile import FillsBehind, ReconcileStrip
from workstation.desktop.panels.table_panel import TablePanel
from workstation.desktop.shell.panel import PanelSettings
from workstation.desktop.table_view import ColumnView
from workstation.desktop.tables import ColumnModel
from workstation.desktop.theme import current_theme, figure_font, theme_notifier, ui_font
from workstation.viewmodels.formats import MISSING, Formats, age, money
from workstation.viewmodels.frames import AccountSnap, Frame
from workstation.viewmodels.panel_notes import PanelNote
from workstation.viewmodels.pnl_view import GroupBy, LimitGauge, NetCurve, PnlRow, PnlView, ink, limit_gauge
from workstation.viewmodels.positions_table import is_stale
from workstation.viewmodels.reconciled import ReconcileRow, reconcile_rows

FIGURES = (("realised", "Realised"), ("open", "Open"), ("fees", "Fees"), ("drawdown", "Drawdown"), ("equity", "Equity"))
CURVE_FROM_PX = 240
"""Height of the panel from which the curve is shown; below, figures and table have the room."""


class CurveView(QWidget):
    """The day's net as a line around zero, its extremes written out."""

    def __init__(self, curve: NetCurve, name: str) -> None:
        super().__init__()
        self._curve = curve
        self.setObjectName(name)
        self.setAccessibleName("Net P&L over the day")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme_notifier().changed.connect(self.update)

    # Qt overrides

    def sizeHint(self) -> QSize:
        """Return a height at which a day's shape is legible."""
        return QSize(160, 52)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the curve over its zero line."""
        painter = QPainter(self)
        self._draw(painter)
        painter.end()

    def _draw(self, painter: QPainter) -> None:
        colors = current_theme().colors
        points = self._curve.points
        low, high = self._curve.extremes()
        low, high = min(low, 0), max(high, 0)
        font = figure_font("caption")
        painter.setFont(font)
        if len(points) < 2 or low == high:
            painter.setPen(colors.text_muted)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "The day's curve begins with the first change.")
            return
        labels = (money(high, signed=True, places=0), money(low, signed=True, places=0))
        room = max(painter.fontMetrics().horizontalAdvance(label) for label in labels) + 6
        box = QRectF(self.rect()).adjusted(8, 5, -room - 6, -5)
        start, span = points[0][0], points[-1][0] - points[0][0] or 1

        def y_of(net: int) -> float:
            return box.bottom() - (net - low) / (high - low) * box.height()

        line = [QPointF(box.left() + (ts - start) / span * box.width(), y_of(net)) for ts, net in points]
        zero = y_of(0)
        color = colors.rise if points[-1][1] >= 0 else colors.fall
        painter.setPen(QPen(colors.line_strong, 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(box.left(), zero), QPointF(box.right(), zero))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(with_alpha(color, 0.16))
        painter.drawPolygon(QPolygonF([QPointF(box.left(), zero), *line, QPointF(box.right(), zero)]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(color, 1.4))
        painter.drawPolyline(QPolygonF(line))
        painter.setPen(colors.text_muted)
        side = QRectF(box.right() + 4, 0, room, self.height())
        painter.drawText(side, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, labels[0])
        painter.drawText(side, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, labels[1])


class LimitBar(QWidget):
    """How much of the day's loss limit is used, as a bar and in words."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._gauge = LimitGauge(0.0, "ok", "")
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme_notifier().changed.connect(self.update)

    def show_gauge(self, gauge: LimitGauge) -> None:
        """Show a distance; equal ones cost nothing."""
        if gauge != self._gauge:
            self._gauge = gauge
            self.setAccessibleName(f"Day loss limit: {gauge.text}")
            self.setToolTip(gauge.text)
            self.update()

    # Qt overrides

    def sizeHint(self) -> QSize:
        """Return a bar with a line of words."""
        return QSize(160, 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the words over a thin bar."""
        colors = current_theme().colors
        painter = QPainter(self)
        level = {"ok": colors.accent, "amber": colors.warning, "red": colors.danger}[self._gauge.level]
        box = self.rect().adjusted(8, 0, -8, -2)
        painter.setFont(ui_font("caption"))
        painter.setPen(colors.text_muted if self._gauge.level == "ok" else level)
        text = painter.fontMetrics().elidedText(self._gauge.text, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box.adjusted(0, 0, 0, -6), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        track = QRectF(box.left(), box.bottom() - 4, box.width(), 4)
        painter.fillRect(track, colors.line)
        painter.fillRect(QRectF(track.left(), track.top(), track.width() * self._gauge.share, 4), level)
        painter.end()


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
        ):
            label = self.figures[name]
            label.setText(money(amount, signed=name in ("realised", "open")))
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

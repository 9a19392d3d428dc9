"""P&L panel: what the day has made, for the account and by part or round trip; limits and curve.

Last stage of both walks. The caption says method, mark, fees and currency, always; the reconcile rows say what the
broker has instead. Another method or mark is a view of the same fills; a stretch of the curve opens its fills, or
filters the blotter. Sends nothing.
"""

from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from workstation.desktop.context import DesktopContext
from workstation.desktop.flow_bar import FlowBar
from workstation.desktop.fonts import Weight
from workstation.desktop.panels.pnl_basis_button import BasisButton
from workstation.desktop.panels.pnl_gauges import CurveView, LimitBar
from workstation.desktop.panels.pnl_net import NetFigure
from workstation.desktop.panels.pnl_reconcile import FillsBehind, ReconcileStrip, is_behind
from workstation.desktop.panels.pnl_stretch import StretchLine, filter_blotters
from workstation.desktop.panels.table_panel import TablePanel
from workstation.desktop.shell.panel import PanelSettings
from workstation.desktop.table_view import ColumnView
from workstation.desktop.tables import ColumnModel
from workstation.desktop.theme import current_theme, theme_notifier, use_figure_font
from workstation.domain.executions import Execution
from workstation.portfolio.pnl import MarkKind
from workstation.viewmodels.coming_back import agreement_mark
from workstation.viewmodels.formats import MISSING, Formats, age, money
from workstation.viewmodels.frames import AccountSnap, Frame
from workstation.viewmodels.ladder_settings import LABEL_UNITS, PnlUnit
from workstation.viewmodels.loss_limits import LimitGauge, limit_gauge
from workstation.viewmodels.panel_notes import PanelNote
from workstation.viewmodels.pnl_curve import Stretch
from workstation.viewmodels.pnl_view import GroupBy, PnlRow, PnlView, ink
from workstation.viewmodels.positions_table import is_stale
from workstation.viewmodels.reconciled import ReconcileRow, reconcile_rows

FIGURES = (
    *(("realised", "Realised"), ("open", "Open"), ("fees", "Fees"), ("equity", "Equity")),
    *(("high", "High"), ("drawdown", "Drawdown")),
)
CURVE_SHARE, CURVE_HEIGHT_MIN = 5, 52
"""Part of the panel's height that the curve has, and its least height."""

CURVE_FROM_PX, RECONCILE_FROM_PX = 240, 320
"""Heights of the panel from which the curve, and a reconcile row that agrees, are shown; below, the table has it."""
LOW_PX = 400
"""Height, at text size 1, from which the curve has its part and a brushed stretch is told in full."""

DETAILS_FROM_PX = 190
"""Height, at text size 1, from which basis and loss limit have their lines; below, the figures keep theirs."""
LINK_DOWN = "Fills since then are not in these figures, nor is the broker's side of the gap."
FIGURES_ACROSS = ((900, 6), (480, 3), (250, 2), (0, 1))
"""From which width, at text size 1, how many figures stand side by side."""


class PnlPanel(TablePanel):
    """Profit and loss of the account in focus."""

    kind = "pnl"
    title = "P&L"
    icon = "pnl"
    scrolls = True

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        session = context.bridge.session
        self.pnl = PnlView(context.focus.account, session.instruments, session.origin_names)
        self._formats = Formats(session.instruments)
        self._build_summary()
        self.columns: ColumnModel[PnlRow] = ColumnModel(self.pnl.table)
        self.show_view(ColumnView(self.columns, self.pnl.style, name=f"{panel_id}_table", meaning="P&L by part"))
        self.view.set_flexible("symbol", overflow="worst")
        self.view.set_default_sort([("net", True)])
        stops = (self.basis, self.by, self.reconcile, self.curve, self.view)
        for before, after in pairwise(stops):
            self.setTabOrder(before, after)
        self._show_extremes()
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
        if account is not None:
            self.view.apply(lambda: self.pnl.take_trips(account.trips))
            if status is not None and not account.missing_rates and self.pnl.curve.add(status.now_ns, account.net):
                self.curve.update()
                self._show_stretch()
        if account is not None or frame.positions or frame.status is not None:
            self._show_account()

    def show_fills_behind(self, row: ReconcileRow) -> None:
        """Show the fills that one of our figures was counted from."""
        fills = [fill for fill in self._fills() if is_behind(self.context, row, fill)]
        FillsBehind(self.context, row.what, row.words, fills, self).show()

    def show_stretch(self, stretch: Stretch) -> None:
        """Show the fills within a stretch of the day."""
        fills = [fill for fill in self._fills() if stretch.start <= fill.ts_event <= stretch.end]
        FillsBehind(self.context, "a stretch of the day", f"{stretch.words}.", fills, self).show()

    def _fills(self) -> list[Execution]:
        return [fill for fill in self.context.state.executions if fill.account == self.pnl.account]

    def _build_summary(self) -> None:
        panel_id = self.panel_id
        self.net = NetFigure(f"{panel_id}_net")
        self.net.unit_chosen.connect(self.show_in)
        self.mark = QLabel(wordWrap=True)
        self.mark.setObjectName(f"{panel_id}_mark")
        self.mark.setProperty("role", "warning")
        self.mark.setContentsMargins(8, 0, 8, 0)
        self.mark.hide()
        self.caption = QLabel()
        self.caption.setObjectName(f"{panel_id}_caption")
        self.caption.setProperty("role", "caption")
        self.caption.setWordWrap(True)
        self.caption.setContentsMargins(8, 0, 8, 2)
        self.curve = CurveView(self.pnl.curve, f"{panel_id}_curve")
        self.curve.brushed.connect(self._show_stretch)
        self.curve.stretch_opened.connect(self.show_stretch)
        self.stretch = StretchLine(f"{panel_id}_stretch")
        self.stretch.filter_asked.connect(self._filter_blotters)
        self.limit = LimitBar(f"{panel_id}_limit")
        self.reconcile = ReconcileStrip(panel_id)
        self.reconcile.chosen.connect(self.show_fills_behind)
        self.figures: dict[str, QLabel] = {}
        grid = QGridLayout()
        grid.setContentsMargins(8, 0, 8, 2)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(0)
        self._titles: list[QLabel] = []
        for name, text in FIGURES:
            title, figure = QLabel(text), QLabel(MISSING)
            self._titles.append(title)
            for label in (title, figure):
                label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            title.setProperty("role", "caption")
            figure.setObjectName(f"{panel_id}_{name}")
            self.figures[name] = figure
        self._grid, self._across = grid, 0
        self._lay_out_figures()
        top = FlowBar(4)
        top.set_margins(8, 2)
        top.add(self.net, 1)
        top.add(self._build_basis())
        top.add(self._build_choice())
        summary = QVBoxLayout()
        summary.setSpacing(2)
        summary.addWidget(top)
        summary.addWidget(self.mark)
        summary.addWidget(self.caption)
        summary.addLayout(grid)
        summary.addWidget(self.limit)
        summary.addWidget(self.reconcile)
        summary.addWidget(self.curve)
        summary.addWidget(self.stretch)
        self.column.insertLayout(0, summary)
        self.bar.hide()
        self._on_theme()

    def _lay_out_figures(self) -> None:
        """Put the figures into as few rows as the width takes."""
        across = next(count for width, count in FIGURES_ACROSS if self.width() >= width * current_theme().text_scale)
        if across == self._across:
            return
        self._across = across
        for place, (title, figure) in enumerate(zip(self._titles, self.figures.values(), strict=True)):
            row, column = divmod(place, across)
            self._grid.addWidget(title, row, 2 * column)
            self._grid.addWidget(figure, row, 2 * column + 1)
        in_line = across == len(FIGURES)
        for figure in self.figures.values():  # above each other they end at one edge; in a line each follows its title
            side = Qt.AlignmentFlag.AlignLeft if in_line else Qt.AlignmentFlag.AlignRight
            figure.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        for column in range(2 * len(FIGURES)):
            self._grid.setColumnStretch(column, column % 2 if column < 2 * across else 0)

    def _build_basis(self) -> QWidget:
        self.basis = BasisButton(f"{self.panel_id}_basis")
        self.basis.chosen.connect(self._on_basis)
        self.basis.unit_chosen.connect(self.show_in)
        return self.basis

    def show_in(self, unit: PnlUnit) -> None:
        """Show open profit in another unit, or hide what was made; limits and the reconcile row always stay."""
        if unit is self.pnl.unit:
            return
        self.view.reorder(lambda: self.pnl.show_in(unit))
        self.net.unit = unit
        self.basis.show_unit(unit)
        for label in (*self._titles, *self.figures.values()):
            label.setHidden(unit is PnlUnit.HIDDEN)
        self._show_curve()
        self._show_account()

    def _show_curve(self) -> None:
        """Show the curve where there is room, and figures are shown at all."""
        self.curve.setVisible(self.height() >= CURVE_FROM_PX and self.pnl.unit is not PnlUnit.HIDDEN)
        self._show_stretch()

    def _on_basis(self) -> None:
        self.view.reorder(lambda: self.pnl.count_by(self.basis.basis))
        self._show_account()

    def _show_stretch(self) -> None:
        self.stretch.show_stretch(self.curve.stretch, is_shown=self.curve.isVisibleTo(self), is_brief=self._is_low)

    @property
    def _is_low(self) -> bool:
        return self.height() < LOW_PX * current_theme().text_scale

    def _filter_blotters(self) -> None:
        found = self.curve.stretch
        if found is not None and not filter_blotters(found):
            self.context.announcer.say("info", "Nothing filtered: no orders or fills panel is to be seen.")

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
        self._show_extremes()

    def _show_extremes(self) -> None:
        """Show best and worst where they mean something: of round trips."""
        for name in ("best", "worst"):
            self.view.setColumnHidden(self.columns.column_named(name), self.pnl.by is not GroupBy.TRADE)

    def save_settings(self) -> PanelSettings:
        """Return columns, sort, what is summed by, by which method and mark, and in which unit."""
        chosen = {"by": self.pnl.by.value, "unit": self.pnl.unit.value}
        return super().save_settings() | chosen | self.basis.save_settings()

    def restore_settings(self, settings: PanelSettings) -> None:
        """Take them back."""
        super().restore_settings(settings)
        self.by.setCurrentIndex(max(self.by.findData(settings.get("by")), 0))
        self._show_extremes()
        self.basis.restore_settings(settings)
        unit = settings.get("unit")
        self.show_in(PnlUnit(str(unit)) if unit in LABEL_UNITS else PnlUnit.MONEY)

    def _refill(self) -> None:
        self.view.apply(lambda: self.pnl.take(self.context.state.positions.values()))
        account = self.context.state.accounts.get(self.pnl.account)
        if account is not None:
            self.view.apply(lambda: self.pnl.take_trips(account.trips))
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
        unsaid = self.pnl.unit_words()
        parts = (self.pnl.caption(account.currency), *((unsaid,) if unsaid else ()))
        self.caption.setText(f"{account.account}: {' · '.join(parts)}")
        self.net.setToolTip(self.caption.text())
        self._show_figures(account)
        self.limit.show_gauge(limit_gauge(account))
        self._shed_details()
        self.reconcile.show_rows(reconcile_rows(self._formats, account, self.context.state.positions.values()))

    def _show_figures(self, account: AccountSnap) -> None:
        """Show the account's sums; by another method or mark shifted as its positions are, a missing rate as a dash."""
        shift = self.pnl.shift(account)
        known, is_mid = not account.missing_rates, self.pnl.basis.mark is MarkKind.MID
        net = account.net + shift.realised + shift.open
        text, sign = f"{money(net if known else None, signed=True)} {account.currency}", net if known else 0
        in_unit = self.pnl.unit in (PnlUnit.TICKS, PnlUnit.RISK)
        if in_unit:
            profit = self.pnl.open_profit()
            text, sign = (MISSING, 0) if profit is None else (self.pnl.open_text(profit), profit.open or 0)
        self.net.show_figure(text, mark := agreement_mark(account))
        self.mark.setText(mark)
        self.mark.setVisible(bool(mark))
        self._tint(self.net, 0 if self.pnl.unit is PnlUnit.HIDDEN else sign)
        for name, amount in (
            ("realised", account.realised + shift.realised if known else None),
            ("open", account.unrealised + shift.open if known else None),
            ("fees", account.fees if known else None),
            ("drawdown", account.drawdown if known and is_mid else None),
            ("equity", account.equity + shift.realised + shift.open if known else None),
            ("high", account.net + account.drawdown if known and is_mid else None),
        ):
            label = self.figures[name]
            is_said = in_unit and name == "open"
            label.setText(text if is_said else money(amount, signed=name in ("realised", "open", "high")))
            label.setAccessibleName(f"{name} {label.text()}")
            if name in ("realised", "open"):
                self._tint(label, amount or 0)

    def _show_nothing(self) -> None:
        self.caption.setText(f"{self.pnl.account}: no figures yet")
        self.limit.show_gauge(LimitGauge(0.0, "ok", ""))
        self.reconcile.show_rows([])
        self.net.show_figure(MISSING)
        self.mark.hide()
        for label in self.figures.values():
            label.setText(MISSING)
        for label in (self.net, *self.figures.values()):
            self._tint(label, 0)

    def _note(self, account: AccountSnap | None) -> PanelNote:
        note = self.connection.prices_note(LINK_DOWN)
        if not note.text and account is not None and account.unpriced:
            names = ", ".join(account.unpriced)
            return PanelNote("warning", f"{len(account.unpriced)} unmarked, left out of open: {names}.")
        if not note.text and account is not None and account.missing_rates:
            names = ", ".join(account.missing_rates)
            return PanelNote("warning", f"No rate of {names} in {account.currency}: no sum, only sums by currency.")
        left_out = () if account is None else self.pnl.shift(account).left_out
        if not note.text and left_out:
            names, known = ", ".join(left_out), self.pnl.basis
            words = "unmarked, left out of open" if known.is_books else f"left out, not known by {known.words}"
            return PanelNote("warning", f"{len(left_out)} {words}: {names}.")
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
        use_figure_font(self.net, "title", Weight.DemiBold)
        for figure in self.figures.values():
            use_figure_font(figure, "body")
        self._lay_out_figures()
        self._shed_details()

    def _shed_details(self) -> None:
        """Give up, in a low panel, what stands elsewhere too: the basis, and a loss limit that does not warn."""
        has_room = self.height() >= DETAILS_FROM_PX * current_theme().text_scale
        self.caption.setVisible(has_room)
        self.limit.setVisible(has_room or self.limit.warns)

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the curve up where it would squeeze the figures."""
        super().resizeEvent(event)
        height = event.size().height()
        self.curve.setFixedHeight(CURVE_HEIGHT_MIN if self._is_low else height // CURVE_SHARE)
        self.reconcile.set_room(has_room=height >= RECONCILE_FROM_PX)
        self._shed_details()
        self._lay_out_figures()
        self._show_curve()

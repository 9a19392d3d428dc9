"""The chart as a widget: bars, volume, averages, orders, fills and position, with its gestures.

The panel around it feeds bars and marks and turns the signals into commands; the widget itself sends nothing and
reads no feed. Last stage of the tick walk. Changes are gathered and painted at most once per frame of the event loop.
Long because it is the chart's one face: what a panel may ask of it stands here, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workstation.desktop.charts.bars import ChartBars
from workstation.desktop.charts.canvas import ChartCanvas
from workstation.desktop.charts.gestures import ChartGestures
from workstation.desktop.charts.model import ChartModel, Pointer
from workstation.desktop.charts.state_card import StateCard
from workstation.desktop.charts.tools_text import DrawingText
from workstation.desktop.charts.trade_tag import OrderWords, TradeLabels, TradeTag
from workstation.desktop.focus_frame import FocusFrame
from workstation.desktop.spoken_value import offer_values
from workstation.desktop.theme import theme_notifier
from workstation.viewmodels.chart_indicators import ChosenIndicator, IndicatorLines
from workstation.viewmodels.chart_marks import LastPrice, PositionLine
from workstation.viewmodels.chart_window import ChartType, PanelState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import tzinfo

    from numpy.typing import ArrayLike, NDArray
    from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent

    from workstation.marketdata.calendar import SessionCalendar
    from workstation.viewmodels.chart_comparison import Comparison
    from workstation.viewmodels.chart_gaps import ChartGap
    from workstation.viewmodels.chart_marks import AlertLine, BracketZone, FillMark, OrderLine, SignalMark
    from workstation.viewmodels.chart_older import OlderState
    from workstation.viewmodels.chart_renko import BrickSize
    from workstation.viewmodels.drawings import Drawing, DrawingBook, DrawingKind

CARD_BOTTOM_PX: Final = 32
_COVERED: Final = frozenset({PanelState.EMPTY, PanelState.LOADING, PanelState.ERROR})


class ChartView(QWidget):
    """A price chart.

    Emits: `crosshair_moved(time_ns | None, price | None)` as the pointer moves over bars or leaves;
    `view_changed(first, span)` in bars; `following_changed(bool)`; `order_line_dragged(cl_ord_id, price)` on release
    at another price; `order_cancel_requested(cl_ord_id)`; `position_line_dragged(price)` for a stop or target pulled
    from the position; `alert_line_dragged(alert_id, price)` and `alert_delete_requested(alert_id)`;
    `menu_asked(global position, price, alert_id)` with the alert under the pointer or ""; `retry_requested` from the
    error and loading cards and from a hole in the bars, `fetch_requested` from an empty one; `older_wanted` on Home and
    where older bars that did not come are asked for again;
    `tool_put_down` after a drawing was made.
    """

    spoken_role = QAccessible.Role.Chart

    crosshair_moved = Signal(object, object)
    view_changed = Signal(float, float)
    following_changed = Signal(bool)
    order_line_dragged = Signal(str, float)
    order_cancel_requested = Signal(str)
    position_line_dragged = Signal(float)
    alert_line_dragged = Signal(str, float)
    alert_delete_requested = Signal(str)
    menu_asked = Signal(QPoint, float, str)
    order_chosen = Signal(object, float, str, bool)
    retry_requested = Signal()
    fetch_requested = Signal()
    older_wanted = Signal()
    tool_put_down = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chart-view")
        self.setAccessibleName("Price chart")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._model = ChartModel()
        self._canvas = ChartCanvas(self._model)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._canvas.view)
        self._card = StateCard(self)
        self._card.retry_requested.connect(self.retry_requested)
        self._card.fetch_requested.connect(self.fetch_requested)
        self._card.copy_requested.connect(self._on_copy_requested)
        self._trade_tag = TradeTag(self)
        self._trade_tag.chosen.connect(self.order_chosen)
        self._gestures = ChartGestures(self._canvas, self)
        self._gestures.window_changed.connect(self._on_window_changed)
        self._gestures.pointer_moved.connect(self._on_pointer_moved)
        self._gestures.line_moved.connect(self._on_line_moved)
        self._gestures.order_dropped.connect(self.order_line_dragged)
        self._gestures.cancel_pressed.connect(self.order_cancel_requested)
        self._gestures.position_pulled.connect(self.position_line_dragged)
        self._gestures.alert_dropped.connect(self.alert_line_dragged)
        self._gestures.alert_deleted.connect(self.alert_delete_requested)
        self._gestures.gap_pressed.connect(self.retry_requested)
        self._gestures.older_wanted.connect(self.older_wanted)
        self._gestures.touched.connect(self._on_touched)
        self._gestures.tools.changed.connect(self._canvas.drawings.update)
        self._gestures.tools.text_wanted.connect(self._ask_text)
        self._gestures.tools.tool_put_down.connect(self.tool_put_down)
        self._leave_book = self._model.book.listen(self._canvas.drawings.update)
        self._frame = QTimer(self, singleShot=True, interval=0)
        self._frame.timeout.connect(self._refresh)
        self._bars = ChartBars(self._model, self)
        self._bars.changed.connect(self._schedule)
        self._bars.last_changed.connect(self._canvas.refresh_last_bar)
        self._bars.window_moved.connect(self._tell_view)
        self._bars.calculations.finished.connect(self._on_calculated)
        self._was_following = True
        theme_notifier().changed.connect(self._on_theme_changed)
        FocusFrame(self)
        offer_values()
        self.set_state(PanelState.EMPTY)

    @property
    def model(self) -> ChartModel:
        """Return the shared state, for reading."""
        return self._model

    def set_bars(
        self,
        times_ns: ArrayLike,
        *,
        open: ArrayLike,  # noqa: A002 - the field's standard term
        high: ArrayLike,
        low: ArrayLike,
        close: ArrayLike,
        volume: ArrayLike,
        keep_view: bool = False,
    ) -> None:
        """Show a new series from its live end. Times are UTC ns, rising; prices and volumes float64, all of one length.

        keep_view: they are the bars of before in other prices, and those in view stay there.
        Raises: ValidationError for columns that do not fit together or values that are not finite.
        """
        model = self._model
        columns = {"open": open, "high": high, "low": low, "close": close, "volume": volume}
        self._bars.take(times_ns, columns, keep_view=keep_view)
        self._trade_tag.dismiss()
        if not keep_view:
            self.set_state(PanelState.READY if len(model.bars) else PanelState.EMPTY)

    def append_or_update_last(
        self,
        time_ns: int,
        *,
        open: float,  # noqa: A002 - the field's standard term
        high: float,
        low: float,
        close: float,
        volume: float,
    ) -> None:
        """Change the last bar, or append one that opened later. Constant time; nothing repaints while out of sight."""
        self._bars.put(time_ns, (open, high, low, close, volume))

    def prepend_bars(
        self, times_ns: NDArray[np.int64], columns: NDArray[np.float64], *, counted_anew: bool = False
    ) -> None:
        """Put older bars before those shown, (n,) UTC ns and (5, n) open high low close volume, in constant view.

        counted_anew: bars that trades close, which the later ones do not go on from; a line says so.
        """
        fed = self._model.fed
        if counted_anew and len(fed) and len(times_ns):
            self._model.counted_anew.append(int(fed.times_ns[0]))
        self._bars.prepend(times_ns, columns)

    def set_older(self, state: OlderState) -> None:
        """Say what is known of bars before the first: that they are loading, end here, or did not come."""
        self._model.older = state
        self._canvas.older.update()

    @property
    def laying(self) -> bool:
        """Return whether bricks of older bars are still being laid; `view_changed` tells when they are."""
        return self._bars.laying

    def revise_bar(self, time_ns: int, bar: tuple[float, float, float, float, float]) -> None:
        """Change an earlier bar, open high low close volume; indicators and bricks keep what they had."""
        self._bars.revise(time_ns, bar)

    def set_indicators(self, chosen: Sequence[ChosenIndicator]) -> None:
        """Show these indicators; each shows its name alone until it is computed, then it is kept up with each tick."""
        model = self._model
        model.indicators = [IndicatorLines(each) for each in chosen]
        self._bars.calculations.start(model.indicators)
        self._on_calculated()

    @property
    def computing(self) -> bool:
        """Return whether an indicator still waits for its values."""
        return self._bars.calculations.busy

    def set_chart_type(self, chart_type: ChartType) -> None:
        """Draw candles, hollow or averaged candles, bricks, bars, a line or an area."""
        self._bars.set_type(chart_type)

    def set_brick_size(self, size: BrickSize) -> None:
        """Choose how tall the bricks of a Renko chart are."""
        self._model.brick_size = size
        self._bars.lay_again()

    def set_logarithmic(self, wanted: bool) -> bool:
        """Choose the price scale; return whether it is as wanted. Prices of 0 or less keep it linear."""
        model = self._model
        found = model.bars.extremes(0, len(model.bars))
        done = model.window.set_logarithmic(wanted, found[0] if found is not None else 1.0)
        self._schedule()
        return done

    def set_profile_shown(self, shown: bool) -> None:
        """Show the volume by price of what is in view."""
        self._model.profile_shown = shown
        self._canvas.profile.update()

    def set_calendar(self, calendar: SessionCalendar | None) -> None:
        """Shade bars outside these trading hours; None shades nothing."""
        self._model.calendar = calendar
        self._canvas.sessions.update()

    def set_gaps(self, gaps: Sequence[ChartGap]) -> None:
        """Mark these holes in the bars that were fed; bricks show none."""
        if gaps != self._model.gaps:
            self._model.gaps = list(gaps)
            self._canvas.gaps.update()

    def set_comparison(self, comparison: Comparison | None) -> None:
        """Draw another instrument in percent; call it again when its bars changed."""
        self._model.comparison = comparison
        self._schedule()

    def set_fills(self, fills: Sequence[FillMark]) -> None:
        """Mark these executions."""
        self._model.fills = list(fills)
        self._model.hovered_fill = None
        self._bars.number_marks()
        self._canvas.fills.update()

    def set_mark_factors(self, factors: Callable[[NDArray[np.int64]], NDArray[np.float64]]) -> None:
        """Draw fills and signals where their bars are: at their price times the factor of their time, UTC ns."""
        self._model.mark_factors = factors
        self._bars.number_marks()

    def set_signals(self, signals: Sequence[SignalMark]) -> None:
        """Mark what strategies said."""
        self._model.signals = list(signals)
        self._model.hovered_signal = None
        self._bars.number_marks()
        self._canvas.signals.update()

    def set_signals_shown(self, shown: bool) -> None:
        """Show the marks of strategies' signals or hide them."""
        self._model.signals_shown = shown
        self._canvas.signals.update()

    def set_order_lines(self, orders: Sequence[OrderLine]) -> None:
        """Draw these working orders. A drag of an order that changed or left ends, and its line returns."""
        model = self._model
        drag = model.drag
        before = model.order(drag.line_id) if drag is not None and drag.line_id else None
        model.orders = list(orders)
        if before is not None and model.order(before.cl_ord_id) != before:
            self._gestures.end_drag_of(before.cl_ord_id)
        self._on_line_moved()

    def set_bracket_zones(self, zones: Sequence[BracketZone]) -> None:
        """Shade the prices between entries and the legs of their brackets."""
        self._model.zones = list(zones)
        self._canvas.orders.update()

    def set_alert_lines(self, alerts: Sequence[AlertLine]) -> None:
        """Draw these price alerts. A drag of one that changed or left ends, and its line returns."""
        model = self._model
        drag = model.alert_drag
        before = model.alert(drag.line_id) if drag is not None else None
        model.alerts = list(alerts)
        if before is not None and model.alert(before.alert_id) != before:
            self._gestures.end_alert_drag()
        self._canvas.alerts.update()

    def set_position(self, average: float | None, quantity: float = 0.0, text: str = "") -> None:
        """Draw the position at its average price; None or 0 removes it. `quantity` is signed, + long."""
        model = self._model
        if average is None or not quantity:
            model.position = None
            if model.drag is not None and not model.drag.line_id:
                self._gestures.end_drag_of("")
        else:
            model.position = PositionLine(average, quantity, text or ("Long" if quantity > 0 else "Short"))
        self._on_line_moved()

    def set_last(self, price: float | None, age_s: float = 0.0, stale: bool = False) -> None:
        """Show the last price with its age in seconds; a stale one greys the tag and hatches the right edge."""
        model = self._model
        before = model.last
        model.last = None if price is None else LastPrice(price, age_s, stale)
        if model.last == before:
            return
        if (before is not None and before.stale) != stale:
            self._canvas.last_price.update()
        self._canvas.refresh_last_price(before.price if before is not None else None)

    def set_price_format(self, format_price: Callable[[float], str], tick_size: float = 0.01) -> None:
        """Show prices through `format_price`; marks and dragged lines fall on multiples of `tick_size`."""
        self._model.format_price = format_price
        self._model.tick_size = tick_size
        self._schedule()

    def set_volume_format(self, format_volume: Callable[[float], str]) -> None:
        """Show volumes through `format_volume`."""
        self._model.format_volume = format_volume
        self._schedule()

    def set_zone(self, zone: tzinfo) -> None:
        """Show times in this zone."""
        self._model.zone = zone
        self._schedule()

    def set_trading_enabled(self, enabled: bool) -> None:
        """Open or close the chart's padlock: whether order lines can be dragged. Cancels and exits always work."""
        self._model.trading = enabled
        if not enabled:
            self._gestures.give_back()
            self._trade_tag.dismiss()

    def set_volume_shown(self, shown: bool) -> None:
        """Show volume under the prices, or give its room to them."""
        self._model.volume_shown = shown
        self._schedule()

    def set_drag_words(self, words: Callable[[str, float], str]) -> None:
        """Word what letting a dragged line go at a price would do, by order id, "" for the position's."""
        self._model.drag_words = words

    def set_trade_labels(
        self, labels: TradeLabels | None, words: OrderWords | None = None, *, bracket: Callable[[], str] = str
    ) -> None:
        """Offer two orders beside the pointer while trading is unlocked; None offers nothing.

        `labels(price)` returns what the buy and the sell button say, or None; `words(side, price)` the whole order of
        a button; `bracket()` what the bracket key adds to them.
        """
        self._trade_tag.offer(labels, words, bracket)

    def set_drawings(self, book: DrawingBook) -> None:
        """Show the drawings of a book, and let the tools work on it."""
        model = self._model
        self._leave_book()
        model.book, model.selected = book, None
        self._leave_book = book.listen(self._canvas.drawings.update)
        self._gestures.tools.take(None)
        self.tool_put_down.emit()

    def take_tool(self, tool: DrawingKind | None) -> None:
        """Take a drawing tool in hand; it is put down after one drawing."""
        self._gestures.tools.take(tool)
        self.setFocus()

    def edit_drawings(self, edit: str) -> bool:
        """Undo, redo or clear drawings, lock the chosen one, copy it (or all), paste; False where nothing was done."""
        model, tools = self._model, self._gestures.tools
        chosen = model.book.drawing(model.selected)
        edits: dict[str, Callable[[], bool | None]] = {
            "undo": model.book.undo,
            "redo": model.book.redo,
            "clear": model.book.clear,
            "lock": tools.toggle_lock,
            "copy": lambda: tools.copy(model.book.drawings if chosen is None else (chosen,)),
            "paste": tools.paste,
        }
        return edits[edit]() is not False

    def set_drawings_shown(self, shown: bool) -> None:
        """Show drawings or hide them; hidden ones are kept."""
        self._model.drawings_shown = shown
        self._canvas.drawings.update()

    def set_magnet(self, on: bool) -> None:
        """Let points of drawings snap to the bar's prices."""
        self._model.magnet = on

    def release(self) -> None:
        """Let go of what outlives the chart."""
        self._leave_book()

    def set_state(self, state: PanelState, text: str = "", *, offers: bool = False) -> None:
        """Say in which state the data is; `text` names cause and age (`depth stream silent for 12 s`).

        offers: an empty chart offers to fetch a past.
        """
        model = self._model
        model.state, model.state_text, model.offers_history = state, text, offers
        self._card.show_state(state, text, offers=offers)
        self._canvas.view.setVisible(state not in _COVERED or len(model.bars) > 0)
        self._canvas.last_price.update()
        self._canvas.refresh_tags()
        self._place_card()

    def set_linked_crosshair(self, time_ns: int | None) -> None:
        """Show where another chart's pointer is in time; None hides it. Emits nothing."""
        model = self._model
        bar = model.bars.index_at(time_ns) if time_ns is not None else -1
        model.pointer = Pointer(bar + 0.5, 0.0, linked=True) if bar >= 0 else None
        self._canvas.refresh_crosshair()

    def go_live(self) -> None:
        """Return to the last bar and follow it."""
        self._model.window.follow()
        self._on_window_changed()

    def show_range(self, first: float, span: float) -> None:
        """Show `span` bars from bar number `first`, as `view_changed` announces them."""
        self._model.window.show(first, span)
        self._on_window_changed()

    def spoken_value(self) -> str:
        """Return the bar that is read, and what the card says, as a screen reader tells it."""
        card = self._card.accessibleName() if self._card.isVisible() else ""
        return ". ".join(part for part in (self.readout_text(), card) if part)

    def readout_text(self) -> str:
        """Return the read-out of the bar under the pointer, or of the last, as text."""
        return self._canvas.readout.text()

    def _on_calculated(self) -> None:
        self._model.indicator_revision += 1
        self._schedule()

    def _ask_text(self, drawing: Drawing) -> None:
        """Let the words of a text be typed where it stands; Enter or leaving keeps them, Esc gives up."""
        x, y = self._model.ground(self._canvas.price_pane()).place(drawing.points[0])
        line = DrawingText(drawing.text, self)
        line.move(round(x), round(y) - line.sizeHint().height() // 2)
        line.typed.connect(lambda text: self._gestures.tools.put_text(drawing, text))
        line.show()
        line.setFocus()

    def _schedule(self) -> None:
        if not self._frame.isActive():
            self._frame.start()

    def _refresh(self) -> None:
        self._canvas.refresh()
        self._gestures.point_again()
        following = self._model.window.following
        if following != self._was_following:
            self._was_following = following
            self.following_changed.emit(following)

    def _on_window_changed(self) -> None:
        self._trade_tag.dismiss()
        self._schedule()
        self._tell_view()

    def _tell_view(self) -> None:
        window = self._model.window
        self.view_changed.emit(window.first, window.span)

    def _on_pointer_moved(self) -> None:
        model, pointer = self._model, self._model.pointer
        self._canvas.refresh_crosshair()
        self._offer_orders()
        bar = int(pointer.bar // 1) if pointer is not None else -1
        if pointer is None or not 0 <= bar < len(model.bars):
            self.crosshair_moved.emit(None, None)
        else:
            price = None if pointer.below_price else model.to_tick(pointer.price)
            self.crosshair_moved.emit(int(model.bars.times_ns[bar]), price)

    def _offer_orders(self) -> None:
        model, pointer = self._model, self._model.pointer
        busy = any(
            one is not None
            for one in (model.drag, model.alert_drag, model.measure, model.hovered_order, model.hovered_alert)
        )
        if pointer is None and self._trade_tag.underMouse():
            return
        if pointer is None or pointer.below_price or busy or not model.trading:
            self._trade_tag.dismiss()
            return
        pane = self._canvas.price_pane()
        at = QPoint(round(pane.x(pointer.bar)), round(pane.y(pointer.price)))
        self._trade_tag.follow(at, model.to_tick(pointer.price))

    def _on_touched(self) -> None:
        self._trade_tag.dismiss()
        self.setFocus()

    def _on_line_moved(self) -> None:
        self._canvas.alerts.update()
        self._canvas.signals.update()
        self._canvas.orders.update()
        self._canvas.fills.update()
        self._canvas.refresh_tags()

    def _on_theme_changed(self) -> None:
        self._canvas.apply_theme()
        model = self._model
        self._card.show_state(model.state, model.state_text, offers=model.offers_history)
        self._place_card()
        self._schedule()

    def _on_copy_requested(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)

    def _place_card(self) -> None:
        """Put the card in the middle of an empty chart, or over the volume where there are bars to read."""
        size = self._card.sizeHint()
        width, height = min(size.width(), self.width() - 16), size.height()
        covered = self._model.state in _COVERED
        top = (self.height() - height) // 2 if covered else self.height() - height - CARD_BOTTOM_PX
        self._card.setGeometry((self.width() - width) // 2, max(8, top), width, height)

    # --- Qt overrides ---

    def sizeHint(self) -> QSize:
        """Return a size at which two hours of minutes are legible."""
        return QSize(640, 400)

    def minimumSizeHint(self) -> QSize:
        """Return the size below which nothing can be read."""
        return QSize(160, 100)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let the gestures act first; what they do not know goes on to the panel."""
        if not self._gestures.on_key(event):
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Announce a menu for the price under the pointer; the menu key asks for the price last pointed at."""
        model, at = self._model, QPointF(event.pos())
        keyed = event.reason() is QContextMenuEvent.Reason.Keyboard
        pane, pointer = self._canvas.price_pane(), model.pointer
        if keyed and pointer is not None and not pointer.below_price and not pointer.linked:
            at = QPointF(pane.x(pointer.bar), pane.y(pointer.price))
        if len(model.bars) and self._canvas.price_rect.contains(at):
            grip = self._canvas.alerts.grip_at(at)
            place = self._canvas.view.viewport().mapToGlobal(at.toPoint())
            self._trade_tag.dismiss()
            self.menu_asked.emit(place, model.to_tick(pane.price(at.y())), "" if grip is None else grip.alert_id)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out anew in the next frame."""
        super().resizeEvent(event)
        self._model.window.on_resized(float(event.size().width()))
        self._place_card()
        self._schedule()

    def showEvent(self, event: QShowEvent) -> None:
        """Lay out for the real size."""
        super().showEvent(event)
        self._schedule()

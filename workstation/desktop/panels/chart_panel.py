"""Chart panel: bars of the linked instrument at a chosen interval, with orders, fills and position on them.

Last stage of the tick walk, and a door of the order walk. Trading from the chart is off until its padlock is opened,
and off again after each change of instrument; cancels work always. A dragged line amends by id and version.
"""

from contextlib import suppress

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workstation.commands.params import BarsRequest
from workstation.commands.registry import CommandResult
from workstation.desktop.chart_links import PaintTurn
from workstation.desktop.charts.view import ChartView
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.chart_alerts import ChartAlerts
from workstation.desktop.panels.chart_panel_choice import ask_brick, ask_interval, interval_begun
from workstation.desktop.panels.chart_panel_compare import ComparedBars, ask_comparison
from workstation.desktop.panels.chart_panel_marks import ChartMarks, state_of, venue_note
from workstation.desktop.panels.chart_panel_older import ChartOlder
from workstation.desktop.panels.chart_panel_past import ChartPast
from workstation.desktop.panels.chart_panel_prices import CALENDARS, chart_prices
from workstation.desktop.panels.chart_panel_studies import ChartStudies
from workstation.desktop.panels.chart_panel_tools import ChartTools
from workstation.desktop.panels.chart_panel_tools_words import REFUSED_EDITS
from workstation.desktop.panels.chart_panel_views import ChartViews
from workstation.desktop.panels.chart_signals import ChartSignals
from workstation.desktop.panels.chart_trading import DRAG_ENDED, ChartTrading, bracket_hint
from workstation.desktop.shell.note_line import NoteLine
from workstation.desktop.shell.panel import Panel, PanelSettings
from workstation.domain.errors import ValidationError
from workstation.domain.executions import Execution
from workstation.domain.market import BarType
from workstation.domain.orders import OrderState, OriginKind
from workstation.viewmodels.asking import LATE_NS
from workstation.viewmodels.bars import BarSeries
from workstation.viewmodels.chart_adjustment import PriceKind
from workstation.viewmodels.chart_feed import (
    DEFAULT_INTERVAL,
    bars_asked,
    interval_bars,
    price_units,
    read_interval,
    whole_price,
)
from workstation.viewmodels.chart_gaps import gaps_of
from workstation.viewmodels.chart_indicators import ChosenIndicator
from workstation.viewmodels.chart_renko import read_brick_size
from workstation.viewmodels.chart_window import ChartType, PanelState
from workstation.viewmodels.frames import Frame, QuoteSnap
from workstation.viewmodels.panel_notes import ConnectionWatch


class ChartPanel(Panel):
    """One chart."""

    kind = "chart"
    title = "Chart"
    icon = "chart"
    linked = True

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self._connection = ConnectionWatch()
        self._interval = DEFAULT_INTERVAL
        self._asked = self._asked_ns = 0
        self._status_came = self._positions_came = self._loaded = self._released = False
        self._turn = PaintTurn(context.charts, context.bridge.session.mono_ns)
        self.chart, self.note = ChartView(), NoteLine(f"{panel_id}_note")
        self._marks = ChartMarks(context, self.chart)
        self.chart.setObjectName(f"{panel_id}_chart")
        self.compared = ComparedBars(context, panel_id, self.chart.set_comparison)
        trading = self.trading = ChartTrading(context, panel_id, self._show_marks)
        self.studies = ChartStudies(context, self, self.chart)
        self.alerts = ChartAlerts(context, panel_id, self.chart)
        self.signals = ChartSignals(context, panel_id, self.chart)
        self.chart.order_line_dragged.connect(trading.amend)
        self.chart.position_line_dragged.connect(trading.pull)
        self.chart.order_cancel_requested.connect(trading.cancel)
        self.chart.order_chosen.connect(trading.place)
        self.past = ChartPast(context, panel_id, self.chart, self._show_laid, self._show_past)
        self.chart.retry_requested.connect(self.load)
        self.chart.set_trade_labels(trading.labels, trading.words, bracket=bracket_hint)
        self.chart.set_drag_words(trading.dragged)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.note)
        column.addWidget(self.chart, 1)
        self.setFocusProxy(self.chart)
        self._build_tools()
        self.chart.crosshair_moved.connect(self._on_pointer)
        self.until_released(context.focus.listen(self._show_marks))
        self.until_released(context.charts.listen(self._on_linked_pointer))
        if context.state.status is not None:
            self._connection.take(context.state.status)

    @property
    def interval(self) -> str:
        """Name of the interval shown."""
        return self._interval

    def on_frame(self, frame: Frame) -> None:
        """Take live bars, the last price, and what trading changed."""
        if frame.status is not None:
            self._status_came = True
            self._connection.take(frame.status)
            self.note.show_note(venue_note(self._connection))
            if self.symbol and self._loaded:
                self._set_state(*self._state_of(self.context.state.quotes.get(self.symbol)))
        self.trading.settle(self.context.state.open_orders)
        if self.isVisible():
            self.alerts.look()
            self.signals.look()
            self.studies.look()
        self._positions_came |= bool(frame.positions)
        news = bool(frame.rows) or any(update.closed for update in frame.bars)
        if not self.symbol or not self._turn.take(news=news, seen=self.isVisible()):
            return
        self._take_bars(frame)
        self.compared.take(frame.bars)
        if any(isinstance(row, OrderState | Execution) for row in frame.rows) or self._positions_came:
            self._positions_came = False
            self._show_marks()
        if self.symbol in frame.quotes or self._status_came:
            self._status_came = False
            self._show_last(self.context.state.quotes.get(self.symbol))

    def on_symbol(self, symbol: str) -> None:
        """Show another instrument; the padlock closes."""
        self.trading.symbol = symbol
        self.tools.padlock.setChecked(False)
        quote = self.context.state.quotes.get(symbol)
        self.chart.set_drawings(self.context.charts.book(symbol))
        self.views.set_tick(self.context.instrument(symbol), quote.last if quote is not None else None)
        self.load()
        self.alerts.show_symbol(symbol)
        self.signals.show_symbol(symbol)

    def load(self) -> None:
        """Ask for the bars of the instrument and interval; an answer that is overtaken is dropped."""
        if not self.symbol:
            return
        self._show_hours()
        self.chart.setAccessibleName(f"Price chart of {self.symbol}, {self._interval}")
        self._asked += 1
        self._asked_ns = self.context.bridge.session.mono_ns()
        self._loaded = False
        self.past.forget()
        self.older.forget()
        self.prices.forget()
        self.chart.set_gaps([])
        self.chart.set_bars([], open=[], high=[], low=[], close=[], volume=[])
        self.chart.set_state(PanelState.LOADING)
        number = self._asked
        origin = self.context.origin(OriginKind.SYSTEM, self.panel_id)
        self.context.call("market.bars", self._request(), origin, lambda result: self._on_bars(number, result))
        self.prices.ask(self._request())
        self.compare_with(self.compared.symbol)

    def _request(self) -> BarsRequest:
        bar_type = self._bar_type()
        return BarsRequest(symbol=self.symbol, bar_type=bar_type, count=bars_asked(bar_type))

    def compare_with(self, symbol: str) -> None:
        """Draw another instrument over this one in percent, "" for none."""
        count = bars_asked(self._bar_type()) if self.symbol else 0
        self.compared.compare(symbol if symbol != self.symbol else "", self._interval, count)
        self.compared.older.reach(self.prices.oldest_ns if self._loaded else None)
        self._watch()

    def _watch(self) -> None:
        quotes = frozenset({self.symbol} - {""})
        own = ((self.symbol, self._bar_type()),) if self.symbol else ()
        self.watch(quotes=quotes, bars=own + self.compared.series)

    def show_interval(self, interval: str) -> None:
        """Show another interval: one on offer, or any number of ticks or of volume; an unknown one is said."""
        try:
            interval = read_interval(interval)
        except ValidationError as error:
            self.context.announcer.say("warning", str(error))
            interval = self._interval
        self.tools.show_interval(interval)
        if interval != self._interval:
            self._interval = interval
            self.load()
        self.move_interval_group()

    def _bar_type(self) -> BarType:
        return interval_bars(self._interval, self.context.instrument(self.symbol))

    def show_indicators(self, chosen: list[ChosenIndicator]) -> None:
        """Show these indicators."""
        self.studies.show(chosen)

    def header_widget(self) -> QWidget:
        """Return intervals, chart type, indicators, view and padlock."""
        self.tools.show()
        return self.tools

    def save_settings(self) -> PanelSettings:
        """Return interval, chart type, indicators, view and, when not linked, the instrument."""
        own = {} if self.link_group or not self.symbol else {"symbol": self.symbol}
        indicators: list[str | int] = [chosen.text() for chosen in self.studies.chosen]
        if self.compared.symbol:
            own["compared"] = self.compared.symbol
        shown = {"interval": self._interval, "type": self.tools.chart_type, "brick": self.chart.model.brick_size.text}
        shown["prices"] = self.prices.series.kind.value
        views = {name: action.isChecked() for name, action in self.tools.views.items()}
        return {**shown, "indicators": indicators, **views, **own}

    def restore_settings(self, settings: PanelSettings) -> None:
        """Take them back."""
        self.show_interval(str(settings.get("interval", DEFAULT_INTERVAL)))
        with suppress(ValidationError):
            self.chart.set_brick_size(read_brick_size(str(settings.get("brick", ""))))
        action = self.tools.types.get(str(settings.get("type", "")))
        if action is not None:
            action.trigger()
        with suppress(ValueError):
            self._choose_prices(PriceKind(settings.get("prices")))
        indicators = settings.get("indicators")
        if isinstance(indicators, list):
            self.studies.restore(indicators)
        for name, switch in self.tools.views.items():
            switch.setChecked(settings.get(name, switch.isChecked()) is True)
        self.show_symbol(str(settings.get("symbol", "")))
        self.compare_with(str(settings.get("compared", "")))

    def release(self) -> None:
        """End; listeners that cannot be taken back find the panel released."""
        self._released = True
        self.past.forget()
        self.older.forget()
        self.prices.release()
        self.compared.release()
        self.studies.release()
        self._on_pointer(None, None)
        self.chart.release()
        self.alerts.release()
        self.signals.release()
        super().release()

    def _build_tools(self) -> None:
        tools = self.tools = ChartTools(self, self._interval)
        tools.interval_chosen.connect(self.show_interval)
        self.prices = chart_prices(self.context, self.panel_id, self.chart, tools.show_prices)
        self.older = ChartOlder(self.context, self.panel_id, self.chart, self.prices, self._on_older)
        tools.prices_chosen.connect(self._choose_prices)
        tools.type_chosen.connect(self.chart.set_chart_type)
        tools.other_interval_asked.connect(lambda: ask_interval(self, self._interval, self.show_interval))
        tools.brick_size_asked.connect(lambda: ask_brick(self, self.chart.model.brick_size.text, self._take_brick_size))
        tools.indicators_asked.connect(self.studies.edit)
        tools.comparison_asked.connect(lambda: ask_comparison(self, self.compared, self.compare_with))
        self.views = ChartViews(self.context, self.chart, tools)
        tools.view_switched.connect(self._on_view)
        tools.padlock_toggled.connect(self.chart.set_trading_enabled)
        tools.tool_taken.connect(self.chart.take_tool)
        self.chart.tool_put_down.connect(lambda: tools.show_tool(None))
        tools.book_edit_asked.connect(self._on_book_edit)

    def _take_brick_size(self, text: str) -> None:
        """Take the size of bricks, and show them: whoever sets their size wants to see them."""
        self.chart.set_brick_size(read_brick_size(text))
        self.tools.types[ChartType.RENKO.value].trigger()

    def _on_book_edit(self, edit: str) -> None:
        if not self.chart.edit_drawings(edit) and edit in REFUSED_EDITS:
            self.context.announcer.say("info", REFUSED_EDITS[edit])

    def _on_pointer(self, time_ns: int | None, price: float | None) -> None:
        """Tell the charts of the link group where the pointer is, and keys for stops its price."""
        if self.link_group:
            self.context.charts.point(self.panel_id, self.link_group, time_ns)
        if self.symbol:
            units = None if price is None else price_units(self.context.instrument(self.symbol), price)
            self.context.cursor.point(self.symbol, units)

    def _on_linked_pointer(self, panel_id: str, group: str, time_ns: int | None) -> None:
        if group == self.link_group and panel_id != self.panel_id:
            self.chart.set_linked_crosshair(time_ns)

    def _on_view(self, name: str, on: bool) -> None:
        if name == "hours":
            self._show_hours()
        else:
            self.views.switch(name, on)

    def _show_hours(self) -> None:
        self.views.show_hours(self.symbol, self._bar_type() if self.symbol else None)

    def _on_bars(self, number: int, result: CommandResult) -> None:
        if number != self._asked or self._released:
            return
        self._show_bars(result)
        if isinstance(result.data, BarSeries):
            self.past.look(self._request(), len(result.data.ts_open))

    def _show_laid(self, result: CommandResult) -> None:
        """Show bars that were laid from what is stored: real ones, which splits and dividends have changed."""
        self._show_bars(result)
        self.prices.ask(self._request())

    def _show_past(self) -> None:
        if self._loaded:
            self._set_state(*self._state_of(self.context.state.quotes.get(self.symbol)))

    def _show_bars(self, result: CommandResult) -> None:
        series = result.data
        if not result.ok or not isinstance(series, BarSeries):
            self.chart.set_state(PanelState.ERROR, result.text or "The engine answered no bars.")
            return
        if len(series.ohlcv):
            instrument = self.context.instrument(self.symbol)
            self.views.set_tick(instrument, price_units(instrument, float(series.ohlcv[-1, 3])))
        self.prices.begin(series)
        self._loaded = True
        self.older.begin(self.symbol, self._bar_type(), self._interval)
        self._show_gaps()
        self._show_marks()
        self._show_last(self.context.state.quotes.get(self.symbol))

    def _take_bars(self, frame: Frame) -> None:
        if not self._loaded:
            self._say_when_late()
            return
        shown, before = (self.symbol, self.compared.symbol), len(self.chart.model.fed)
        for update in [one for one in frame.bars if one.bar_type == self._bar_type() and one.symbol in shown]:
            if update.anew:
                self.load()
            elif update.split and update.symbol == self.symbol:
                self.prices.put(update.bar)
                self.prices.ask_again()
            elif update.symbol == self.symbol:
                self.prices.put(update.bar)
        if len(self.chart.model.fed) != before:
            self._show_gaps()
            self.older.look()
        if self.chart.model.state is PanelState.EMPTY:
            self._set_state(*self._state_of(self.context.state.quotes.get(self.symbol)))

    def _on_older(self, first_ns: int) -> None:
        """Older bars have come: holes have other numbers, and what is compared reaches as far back."""
        self._show_gaps()
        self.compared.older.reach(first_ns)

    def _choose_prices(self, kind: PriceKind) -> None:
        """Show raw or adjusted prices, of what is compared too."""
        self.prices.choose(kind)
        self.compared.prices.choose(kind)

    def _show_gaps(self) -> None:
        calendar = CALENDARS[self.context.instrument(self.symbol).calendar]
        self.chart.set_gaps(gaps_of(self.chart.model.fed.times_ns, self._bar_type(), calendar))

    def _say_when_late(self) -> None:
        late = self.context.bridge.session.mono_ns() - self._asked_ns > LATE_NS
        if late and self.chart.model.state is PanelState.LOADING:
            self._set_state(PanelState.LOADING, f"Still waiting for {self._interval} bars of {self.symbol}.")

    def _show_last(self, quote: QuoteSnap | None) -> None:
        instrument = self.context.instrument(self.symbol)
        fresh = quote is not None and quote.freshness == "FRESH"
        if quote is not None and quote.last is not None:
            price = whole_price(instrument, quote.last)
            self.chart.set_last(price, quote.age_ms / 1000, stale=not fresh or not self._connection.feed_up)
        else:
            self.chart.set_last(None)
        if self._loaded:
            self._set_state(*self._state_of(quote))

    def _state_of(self, quote: QuoteSnap | None) -> tuple[PanelState, str]:
        return state_of(self.chart, self._connection, quote, self.past.words(f"{self._interval} bars of {self.symbol}"))

    def _set_state(self, state: PanelState, text: str) -> None:
        model = self.chart.model
        if (model.state, model.state_text, model.offers_history) != (state, text, self.past.offers):
            self.chart.set_state(state, text, offers=self.past.offers)

    def _show_marks(self) -> None:
        if not self.symbol or self._released:
            return
        dragging = self.chart.model.drag is not None
        self._marks.show(self.symbol, connected=self._connection.venue_up)
        if dragging and self.chart.model.drag is None:
            self.context.announcer.say("warning", DRAG_ENDED)

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ask for an interval on a comma, or on a digit that no order key took, which begins it."""
        typed = interval_begun(event)
        if typed is None:
            super().keyPressEvent(event)
        else:
            ask_interval(self, typed or self._interval, self.show_interval, begun=bool(typed))

"""What a chart panel puts on its bars from the screen's state: orders, exits, fills, position, and the state in words.

Last stage of both walks, beside the chart panel. It reads and draws; no orders here.
"""

from workstation.desktop.charts.view import ChartView
from workstation.desktop.context import DesktopContext
from workstation.domain.orders import OrderState
from workstation.viewmodels.chart_exits import Exits, position_words
from workstation.viewmodels.chart_feed import KnownLines, average_price, fill_marks, order_lines
from workstation.viewmodels.chart_window import PanelState
from workstation.viewmodels.formats import age
from workstation.viewmodels.frames import QuoteSnap
from workstation.viewmodels.panel_notes import NOTHING, ConnectionWatch, PanelNote

VENUE_LEFT = "Order lines read UNKNOWN; nothing can be sent until the venue answers."
STANDS_STILL = "The last bar stands still; bars go on by themselves when prices come again."


class ChartMarks:
    """The marks of one chart. What has not changed since it was shown is not worked out again."""

    def __init__(self, context: DesktopContext, chart: ChartView) -> None:
        self._context, self._chart = context, chart
        self._worded_for: tuple[object, ...] = ()
        self._orders: tuple[OrderState, ...] | None = None
        self._lines: KnownLines = {}
        self._fills_of: tuple[object, ...] = ()

    def show(self, symbol: str, *, connected: bool) -> None:
        """Draw orders, bracket zones, fills and position of the account in focus."""
        context, chart = self._context, self._chart
        state, account, instrument = context.state, context.focus.account, context.instrument(symbol)
        orders, snap = state.working(account, symbol), state.position(account, symbol)
        held = None if snap is None else (snap.position.qty, snap.position.cost, snap.risk)
        if self._worded_for != (instrument, held, connected):
            self._worded_for, self._orders = (instrument, held, connected), None
            self._lines.clear()
        if self._orders is not orders:
            self._orders, exits = orders, Exits(instrument, orders, snap)
            chart.set_order_lines(order_lines(instrument, orders, exits, connected=connected, known=self._lines))
            chart.set_bracket_zones(exits.zones())
        fills_of = (account, instrument, state.executions_seen)
        if fills_of != self._fills_of:
            self._fills_of = fills_of
            chart.set_fills(fill_marks(instrument, [fill for fill in state.executions if fill.account == account]))
        average = average_price(instrument, snap) if snap is not None else None
        if snap is None or average is None:
            chart.set_position(None)
        else:
            chart.set_position(average, float(snap.position.qty), position_words(instrument, snap))


def venue_note(connection: ConnectionWatch) -> PanelNote:
    """Return what a lost venue means for a chart whose prices go on; where those are lost too, its card says both."""
    return connection.note(VENUE_LEFT) if connection.feed_up else NOTHING


def state_of(
    chart: ChartView, connection: ConnectionWatch, quote: QuoteSnap | None, empty: str
) -> tuple[PanelState, str]:
    """Return the state of loaded bars, with its cause in words. empty: what is said where there are none."""
    if not connection.feed_up:
        return PanelState.DISCONNECTED, connection.prices_note(VENUE_LEFT, STANDS_STILL).text
    if not len(chart.model.bars):
        return PanelState.EMPTY, empty
    if quote is not None and quote.freshness == "STALE":
        cause = quote.reason or "the quote stream is silent"
        return PanelState.STALE, f"{quote.symbol} is stale, {age(quote.age_ms * 1_000_000)}: {cause}"
    return PanelState.READY, ""

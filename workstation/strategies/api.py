"""All that a strategy imports: the class to derive from, its parameters, and the values that it is handed.

    class Cross(Strategy):
        class Parameters(StrategyParameters):
            symbol: str = "AAPL"
            fast: int = Field(10, ge=2, le=200)

        def on_start(self) -> None:
            self.average = self.indicator(self.parameters.symbol, "1m", "sma", bars=self.parameters.fast)

        def on_bar(self, bar: Bar) -> None:
            if self.average.ready and bar.close > self.average.value and not self.position(bar.symbol):
                self.buy(bar.symbol, 100)

Callbacks run one at a time and must return soon; nothing in here tells whether the run is live, paper or a backtest.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic import ValidationError as WrongParameter

from workstation.domain.errors import ValidationError
from workstation.domain.orders import OrdStatus, OrdType, Side, TimeInForce
from workstation.strategies.door import Door, IndicatorValue, Leg, Number
from workstation.strategies.views import Bar, Book, Fill, Order, Policy, Quote, Trade

__all__ = [
    "Bar",
    "Book",
    "Decimal",
    "Field",
    "Fill",
    "IndicatorValue",
    "Leg",
    "Number",
    "OrdStatus",
    "OrdType",
    "Order",
    "Policy",
    "Quote",
    "Side",
    "Strategy",
    "StrategyParameters",
    "TimeInForce",
    "Trade",
]


class StrategyParameters(BaseModel):
    """Base of a strategy's parameters: typed fields with defaults and bounds; unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def parameters_of(strategy: "type[Strategy]", values: dict[str, Any]) -> StrategyParameters:
    """Return a strategy's parameters made of plain values.

    Raises:
        ValidationError: one of them is unknown or out of its bounds.
    """
    try:
        return strategy.Parameters(**values)
    except WrongParameter as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "parameters"
        raise ValidationError("parameters", f"{name}: {first['msg']}") from error


class Strategy:
    """Base of every strategy. Override the callbacks that are wanted; the rest is there to be called.

    policy: what becomes of its orders and positions when the run ends, unless whoever stops it says otherwise.
    """

    Parameters: ClassVar[type[StrategyParameters]] = StrategyParameters
    policy: ClassVar[Policy] = Policy.CANCEL

    def __init__(self, door: Door, parameters: Any) -> None:
        self._door = door
        self.parameters: Any = parameters

    # Callbacks

    def on_start(self) -> None:
        """Begin: ask for bars, quotes, indicators and timers here. Positions and open orders are known already."""

    def on_history(self, bars: Sequence[Bar]) -> None:
        """Take the closed bars before the first live one, oldest first."""

    def on_bar(self, bar: Bar) -> None:
        """Take a bar that has just closed; its indicators are up to date."""

    def on_bar_revised(self, bar: Bar) -> None:
        """Take a bar in place of one that `on_bar` brought before: a trade came late or was taken back.

        Indicators keep what they had.
        """

    def on_quote(self, quote: Quote) -> None:
        """Take the newest quote; older ones that were waiting are left out."""

    def on_trade(self, trade: Trade) -> None:
        """Take a print of the market."""

    def on_book(self, book: Book) -> None:
        """Take the newest book; older ones that were waiting are left out."""

    def on_order(self, order: Order) -> None:
        """Take a change of an own order.

        `order.taken_by` names the person who has taken it over: from then on the run changes and cancels it no more,
        until on_order comes with "" there. Its fills still come and count.
        """

    def on_fill(self, fill: Fill) -> None:
        """Take an execution of an own order; `position` counts it already. None is ever left out."""

    def on_timer(self, name: str) -> None:
        """Take a timer asked for by `every`."""

    def on_stop(self) -> None:
        """End. Orders and positions are treated by the policy afterwards."""

    def state(self) -> dict[str, Any]:
        """Return what a restarted run should be given back: plain values that fit into JSON."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `state` returned, before `on_start`."""

    # Market

    def bars(self, symbol: str, interval: str, *, history: int = 0) -> None:
        """Ask for bars after `history` past ones: of time (`250ms` to `1y`) or of trades.

        Trades close bars of ticks `500t`, volume `10kv`, value `1mn`, their imbalance `100ti` `10kvi` `1mni`, their
        runs `20tr` `10kvr` `1mnr`, a range `20r` or renko bricks `10b` of so many ticks. `30m@open` counts from the
        session's open, `1h@open+15m` from later. Further words: `:bid` `:ask` `:mid` for prices of quotes, `:every`
        for a bar where nothing traded too, `:of-1m` for bars that are composed of smaller ones.

        Raises:
            ValidationError: it names no interval.
        """
        self._door.want_bars(symbol, interval, history)

    def quotes(self, symbol: str) -> None:
        """Ask for quotes."""
        self._door.want_quotes(symbol)

    def trades(self, symbol: str) -> None:
        """Ask for prints."""
        self._door.want_trades(symbol)

    def book(self, symbol: str) -> None:
        """Ask for the book."""
        self._door.want_book(symbol)

    def indicator(
        self, symbol: str, interval: str, name: str, *, line: str = "", history: int = 0, **parameters: float
    ) -> IndicatorValue:
        """Return an indicator that follows a bar series; `line` where it has several.

        Raises:
            NotFound: no such indicator or line.
            ValidationError: a parameter is unknown or out of range.
        """
        return self._door.indicator(symbol, interval, f"{name}.{line}" if line else name, history, parameters)

    @property
    def now(self) -> int:
        """Time of what is being handled, UTC ns."""
        return self._door.now_ns

    def every(self, seconds: float, name: str = "timer") -> None:
        """Call `on_timer(name)` every so many seconds; 0 ends it."""
        self._door.every(seconds, name)

    def tick(self, symbol: str) -> Decimal:
        """Return the smallest price step at the last price."""
        return self._door.tick(symbol)

    # Trading

    def buy(self, symbol: str, quantity: Number, **terms: Any) -> str:
        """Buy; see `order`."""
        return self._door.order(symbol, Side.BUY, quantity, **terms)

    def sell(self, symbol: str, quantity: Number, **terms: Any) -> str:
        """Sell; see `order`."""
        return self._door.order(symbol, Side.SELL, quantity, **terms)

    def order(self, symbol: str, side: Side, quantity: Number, **terms: Any) -> str:
        """Place an order and return its id. What becomes of it comes by `on_order` and `on_fill`.

        terms: limit, stop, trail (a distance in price), trail_ticks or trail_percent, activation (the price from which
        on it trails), trigger (what a stop watches: LAST, BID_ASK or MID), tif, expire, post_only, reduce_only,
        display, stop_loss and take_profit (a bracket), notes. Without a price it is a market order. Prices are
        Decimals, or floats, which are rounded to the grid on the passive side.

        Raises:
            ValidationError: a term is wrong in itself, naming it.
        """
        return self._door.order(symbol, side, quantity, **terms)

    def oco(self, symbol: str, first: Leg, second: Leg) -> tuple[str, str]:
        """Place two orders of which any fill of one cancels the other, and return their ids.

            self.oco("AAPL", Leg(Side.SELL, 100, limit=190), Leg(Side.SELL, 100, stop=180))

        Both are accepted or neither: `on_order` tells of the one that was refused. Terms are those of `order`; what
        trades at once or has legs of its own is no part of a pair.

        Raises:
            ValidationError: a term is wrong in itself, or an order is no part of a pair, naming it.
        """
        return self._door.oco(symbol, first, second)

    def replace(
        self,
        order_id: str,
        *,
        quantity: Number | None = None,
        limit: Number | None = None,
        stop: Number | None = None,
        **trail: Number,
    ) -> None:
        """Change an open order; what is not named stays.

        trail: of a trailing stop its distance, as trail, trail_ticks or trail_percent, and activation, the price from
        which it trails, while that is not reached. A new distance counts from the best price that it has seen.

        Raises:
            ValidationError: a term is wrong in itself, naming it.
        """
        self._door.replace(order_id, quantity, limit, stop, **trail)

    def cancel(self, order_id: str) -> None:
        """Cancel an open order; one that has ended is left alone."""
        self._door.cancel(order_id)

    def cancel_all(self, symbol: str | None = None) -> None:
        """Cancel the run's orders, in one instrument or all."""
        self._door.cancel_all(symbol)

    def flatten(self, symbol: str) -> None:
        """Cancel the run's orders in an instrument and exit its position."""
        self._door.flatten(symbol)

    def position(self, symbol: str) -> Decimal:
        """Return the run's own position, signed, + long."""
        return self._door.position(symbol)

    def orders(self, symbol: str | None = None) -> list[Order]:
        """Return the run's open orders, oldest first."""
        return self._door.open_orders(symbol)

    # Telling

    def signal(self, symbol: str, action: str, confidence: float, **details: Any) -> None:
        """Record an opinion: BUY, SELL or HOLD, confidence 0 to 1.

        details: reason, quantity, order_id, the prices target, stop and take_profit, and the dicts market_conditions
        and metadata, which hold plain values.

        Raises:
            ValidationError: an action, a confidence or a detail that is none.
        """
        self._door.signal(symbol, action, confidence, **details)

    def show(self, **values: object) -> None:
        """Show values of one's own in the run's row."""
        self._door.show(values)

    def log(self, text: str, level: str = "INFO", *, event: str = "", **data: object) -> None:
        """Write a line to the run's log: DEBUG, INFO, WARNING, ERROR or CRITICAL.

        event: a word that lists of lines are filtered by; data: plain values beside the text.
        """
        self._door.log(text, level, event, data)

    def done(self) -> None:
        """End the run by itself: it is COMPLETED."""
        self._door.done()

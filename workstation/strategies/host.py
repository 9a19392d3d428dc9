"""The host: one strategy's world. News come in and become callbacks; the strategy's calls go out as intents.

Runs wherever its driver runs it: on a run's own thread, or inside a backtest. It keeps what a strategy asks about
(positions, open orders, indicators) from the news alone, so that a callback never waits for the engine. An exception in
a callback ends the run with its traceback; nothing is swallowed.

Long because everything that a strategy may ask for ends here, each in a few lines.
"""

import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from workstation.domain.errors import NotFound, ValidationError
from workstation.domain.instruments import Instrument
from workstation.domain.market import Quote as MarketQuote
from workstation.domain.market import StreamKind
from workstation.domain.market import Trade as MarketTrade
from workstation.domain.numbers import MONEY_DECIMALS, to_decimal
from workstation.domain.orders import OrderState, OrderTerms, OrdType, Side
from workstation.marketdata.indicators.catalogue import Indicator
from workstation.marketdata.intervals import series_of
from workstation.risk.validity import validate
from workstation.strategies import messages as m
from workstation.strategies.bar_batch import BarBatch
from workstation.strategies.door import IndicatorValue, Leg, Number
from workstation.strategies.importing import struck_at
from workstation.strategies.indicators import NONE_OWN, SeriesIndicators
from workstation.strategies.plain import plain
from workstation.strategies.terms import leg_price, order_terms, price_units, qty_units, trail_change
from workstation.strategies.views import Bar, Fill, Order, Scales

if TYPE_CHECKING:
    from workstation.strategies.api import Strategy

ORDERS_OPEN_MAX = 1_000
SERIES_MAX = 200
TIMERS_MAX = 50
PLAIN_MAX = 1_000
"""Sizes of plain orders whose terms are kept, with their side and symbol."""

_NUMBERS = frozenset({int, float, Decimal})

SHOWN_MAX = 50
TEXT_MAX = 2_000
EVENT_MAX = 40
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
ACTIONS = ("BUY", "SELL", "HOLD")
DETAILS = frozenset(
    {"reason", "target", "stop", "take_profit", "quantity", "order_id", "market_conditions", "metadata"}
)
TIMER_NS_MIN = 10_000_000


class Host:
    """Holds one strategy. run_id: prefix of its order ids; send: takes its intents, in order.

    own: the own indicators that it names, by id. spoke: the strategy asked for something since the flag was taken down.
    """

    def __init__(
        self,
        make: "Callable[[Host], Strategy]",
        *,
        run_id: str,
        account: str,
        instruments: Mapping[str, Instrument],
        send: Callable[[m.Intent], None],
        own: Mapping[str, Indicator] = NONE_OWN,
    ) -> None:
        self.now_ns = 0
        self.over = False
        self.spoke = False
        self._run_id, self._account, self._instruments, self._out = run_id, account, instruments, send
        self._own = own
        self._scales: dict[str, Scales] = {}
        self._positions: dict[str, int] = {}
        self._open: dict[str, OrderState] = {}
        self._last_px: dict[str, int] = {}
        self._series: dict[tuple[str, str], SeriesIndicators] = {}
        self._timers: set[str] = set()
        self._plain: dict[tuple[str, Side, Number, type], tuple[Instrument, OrderTerms]] = {}
        self.orders_made = 0
        self._made_under = ""
        self._begun = False
        self.strategy = self._made(make)
        self._hears_orders, self._hears_fills = (_hears(self.strategy, name) for name in ("on_order", "on_fill"))
        self._handlers: Mapping[type, Callable[[Any], None]] = {
            m.BarClosed: self._on_bar,
            MarketQuote: self._on_quote,
            MarketTrade: self._on_trade,
            m.BookNews: self._on_book,
            m.OrderNews: self._on_order,
            m.FillNews: self._on_fill,
            m.TimerNews: self._on_timer,
            m.Keep: self._on_keep,
            m.PastBars: self._on_history,
            m.Started: self._on_start,
            m.Stop: self._on_stop,
            m.Leave: self._on_leave,
        }

    def _made(self, make: "Callable[[Host], Strategy]") -> "Strategy":
        try:
            return make(self)
        except Exception as error:
            self._tell_fault("__init__", error)
            raise

    def open(self) -> None:
        """Begin: the strategy is made already."""

    def close(self) -> None:
        """Let go: nothing is held."""

    def interrupt(self) -> bool:
        """Tell that the thread itself has to be interrupted."""
        return False

    def abandon(self) -> None:
        """End what runs: a callback on this program's own thread cannot be ended from outside."""

    def memory(self) -> tuple[int, int] | None:
        """Tell that it has no memory of its own: every run of the program's process shares that."""
        return None

    def deliver(self, news: m.News) -> None:
        """Hand one piece of news to the strategy. After the run is over nothing more is delivered.

        Emits: intents, `Faulted` among them when a callback raises.

        Raises:
            Exception: whatever a callback raised, after it was told of.
        """
        if self.over:
            return
        handler = self._handlers.get(type(news))
        if handler is None:
            return
        try:
            handler(news)
        except Exception as error:
            self._tell_fault(type(news).__name__, error)
            raise

    def deliver_bars(self, batch: BarBatch, first: int, stop: int) -> int:
        """Hand bars `first` to `stop` of a batch to the strategy, as `deliver` would one by one.

        Returns where it ended and the next call begins: behind the bar at which it asked for anything, else `stop`.

        Raises:
            Exception: whatever the callback raised, after it was told of.
        """
        symbol, interval, last_px = batch.symbol, batch.interval, self._last_px
        series = self._series[symbol, interval]
        lines = series.values_over(batch.columns, batch.known, first)
        on_bar, has_own, self.spoke = self.strategy.on_bar, series.has_own, False
        bars, closes, at = batch.bars, batch.closes, first
        try:
            for at in range(first, stop):
                bar = bars[at]
                self.now_ns, last_px[symbol] = bar.ts_close, closes[at]
                for line, values in lines:
                    line.previous, line.value = line.value, values[at]
                if has_own:
                    series.close_own(batch.columns, at)
                on_bar(bar)
                if self.spoke:
                    break
        except Exception as error:
            self._tell_fault(m.BarClosed.__name__, error)
            raise
        return at + 1

    def _send(self, intent: m.Intent) -> None:
        self.spoke = True
        self._out(intent)

    def _tell_fault(self, callback: str, error: Exception) -> None:
        self.over = True
        if self.now_ns:
            error.add_note(f"at {datetime.fromtimestamp(self.now_ns // 10**9, UTC):%Y-%m-%dT%H:%M:%SZ} of the market")
        where = struck_at(error)
        words = f"{type(error).__name__}: {error}" + (f" ({where})" if where else "")
        self._send(m.Faulted(callback, words, traceback.format_exc()))

    # News

    def _on_start(self, news: m.Started) -> None:
        self.now_ns = news.now_ns
        self._begun = True
        self._made_under = f"{news.generation}." if news.generation else ""
        self._positions.update(news.positions)
        self._open.update((order.cl_ord_id, order) for order in news.orders)
        if news.state:
            self.strategy.restore(news.state)
        self.strategy.on_start()

    def _on_history(self, news: m.PastBars) -> None:
        bars = [self._scale(bar.symbol).bar(bar, news.interval) for bar in news.bars]
        for bar, read in zip_longest(bars, news.read):
            self._series[bar.symbol, bar.interval].close(bar, read)
        if bars:
            self.now_ns = max(self.now_ns, bars[-1].ts_close)
            self.strategy.on_history(bars)

    def _on_bar(self, news: m.BarClosed) -> None:
        market = news.bar
        bar: Bar = self._scale(market.symbol).bar(market, news.interval)
        if market.revised:
            self.strategy.on_bar_revised(bar)
            return
        self.now_ns, self._last_px[market.symbol] = market.ts_close, market.close
        self._series[market.symbol, news.interval].close(bar)
        self.strategy.on_bar(bar)

    def _on_quote(self, news: MarketQuote) -> None:
        self.now_ns = news.ts_event
        self._last_px[news.symbol] = news.bid or news.ask or self._last_px.get(news.symbol, 0)
        self.strategy.on_quote(self._scale(news.symbol).quote(news))

    def _on_trade(self, news: MarketTrade) -> None:
        self.now_ns, self._last_px[news.symbol] = news.ts_event, news.price
        self.strategy.on_trade(self._scale(news.symbol).trade(news))

    def _on_book(self, news: m.BookNews) -> None:
        self.now_ns = news.book.ts_event
        self.strategy.on_book(self._scale(news.book.symbol).book(news.book))

    def _on_order(self, news: m.OrderNews) -> None:
        order = news.order
        self.now_ns = max(self.now_ns, order.updated_at)
        if order.status.is_final:
            self._open.pop(order.cl_ord_id, None)
        else:
            self._open[order.cl_ord_id] = order
        if self._hears_orders:
            self.strategy.on_order(self._scale(order.terms.symbol).order(order))

    def _on_fill(self, news: m.FillNews) -> None:
        fill = news.execution
        self.now_ns = max(self.now_ns, fill.ts_event)
        self._positions[fill.symbol] = news.position
        if not self._hears_fills:
            return
        scale = self._scale(fill.symbol)
        quantity, price = scale.quantity(fill.last_qty), scale.exact_price(fill.last_px)
        fee = to_decimal(fill.fee, MONEY_DECIMALS)
        self.strategy.on_fill(Fill(fill.cl_ord_id, fill.symbol, fill.side, quantity, price, fee, fill.ts_event))

    def _on_timer(self, news: m.TimerNews) -> None:
        self.now_ns = news.now_ns
        self.strategy.on_timer(news.name)

    def _on_keep(self, _news: m.Keep) -> None:
        if self._begun:
            self._send(m.Kept(self.strategy.state()))

    def _on_stop(self, _news: m.Stop) -> None:
        if not self._begun:  # the stop overtook the start: the strategy knows of neither
            self.over = True
            self._send(m.Done({}))
            return
        self.strategy.on_stop()
        self.done()

    def _on_leave(self, _news: m.Leave) -> None:
        self.over = True
        self._send(m.Done(self.strategy.state() if self._begun else {}, left=True))

    # The door

    def want_bars(self, symbol: str, interval: str, history: int) -> None:
        """Ask for a bar series; asked for twice it is one."""
        self._want(symbol, interval, history)

    def _want(self, symbol: str, interval: str, history: int) -> SeriesIndicators:
        bar_type = series_of(interval, self._instrument(symbol))
        series = self._series.get((symbol, interval))
        if series is None:
            if len(self._series) >= SERIES_MAX:
                raise ValidationError("bars", f"a run has at most {SERIES_MAX} bar series")
            series = self._series[symbol, interval] = SeriesIndicators(self._own)
            self._send(m.WantBars(symbol, interval, bar_type, history))
        return series

    def want_quotes(self, symbol: str) -> None:
        """Ask for quotes."""
        self._send(m.WantStream(self._instrument(symbol).symbol, StreamKind.QUOTES))

    def want_trades(self, symbol: str) -> None:
        """Ask for prints."""
        self._send(m.WantStream(self._instrument(symbol).symbol, StreamKind.TRADES))

    def want_book(self, symbol: str) -> None:
        """Ask for the book."""
        self._send(m.WantStream(self._instrument(symbol).symbol, StreamKind.DEPTH))

    def indicator(
        self, symbol: str, interval: str, name: str, history: int, parameters: Mapping[str, float]
    ) -> IndicatorValue:
        """Return an indicator on a bar series, which is asked for with it."""
        self.spoke = True
        return self._want(symbol, interval, history).follow(name, parameters)

    def every(self, seconds: float, name: str) -> None:
        """Set, change or end a timer."""
        every_ns = round(seconds * 1e9)
        if every_ns and every_ns < TIMER_NS_MIN:
            raise ValidationError("seconds", f"{seconds} is too often", allowed=f"0, or at least {TIMER_NS_MIN / 1e9}")
        if every_ns and len(self._timers | {name}) > TIMERS_MAX:
            raise ValidationError("name", f"a run has at most {TIMERS_MAX} timers")
        (self._timers.add if every_ns else self._timers.discard)(name)
        self._send(m.SetTimer(name, every_ns))

    def tick(self, symbol: str) -> Decimal:
        """Return the price step at the last price or quote, else the smallest."""
        found, price = self._instrument(symbol), self._last_px.get(symbol, 0)
        return to_decimal(found.tick_at(price), found.price_decimals)

    def order(self, symbol: str, side: Side, quantity: Number, **terms: Any) -> str:
        """Place an order and return its id.

        Raises:
            ValidationError: a term is wrong in itself, or the run has too many open orders.
        """
        instrument = self._instrument(symbol)
        made = self._terms(instrument, side, quantity, terms)
        cl_ord_id = self._order_id()
        if not terms:
            self._send(m.Submit(cl_ord_id, made))
            return cl_ord_id
        stop = leg_price(instrument, side, terms.get("stop_loss"), stop=True)
        target = leg_price(instrument, side, terms.get("take_profit"), stop=False)
        self._send(m.Submit(cl_ord_id, made, stop, target, str(terms.get("notes", ""))[:TEXT_MAX]))
        return cl_ord_id

    def oco(self, symbol: str, first: Leg, second: Leg) -> tuple[str, str]:
        """Place two orders of which any fill of one cancels the other; returns their ids.

        Raises:
            ValidationError: a term is wrong in itself, an order is no part of a pair, or there are too many open.
        """
        instrument = self._instrument(symbol)
        made = []
        for leg in (first, second):
            if not leg.terms.keys().isdisjoint(("stop_loss", "take_profit")):
                raise ValidationError("oco", "an order of a pair has no stop-loss or take-profit of its own")
            terms = self._terms(instrument, leg.side, leg.quantity, leg.terms)
            if terms.ord_type is OrdType.MARKET:
                raise ValidationError("oco", "an order at the market leaves nothing for its partner")
            made.append((terms, str(leg.terms.get("notes", ""))[:TEXT_MAX]))
        one, other = (m.Submit(self._order_id(), terms, notes=notes) for terms, notes in made)
        self._send(m.SubmitPair(one, other))
        return one.cl_ord_id, other.cl_ord_id

    def _order_id(self) -> str:
        if len(self._open) >= ORDERS_OPEN_MAX:
            raise ValidationError("order", f"a run has at most {ORDERS_OPEN_MAX} open orders")
        self.orders_made += 1
        return f"{self._run_id}-{self._made_under}{self.orders_made}"

    def _terms(self, instrument: Instrument, side: Side, quantity: Number, terms: Mapping[str, Any]) -> OrderTerms:
        """Return the terms of an order. Those without any wish but a size are the same each time, and kept."""
        is_plain = not terms and type(quantity) in _NUMBERS
        key = instrument.symbol, side, quantity, type(quantity)
        if is_plain and (known := self._plain.get(key)) is not None and known[0] is instrument:
            return known[1]
        made = order_terms(instrument, self._account, side, quantity, terms)
        for broken in validate(made, instrument, self.now_ns):
            raise ValidationError(broken.field, broken.text, allowed=broken.allowed)
        if is_plain and (len(self._plain) < PLAIN_MAX or key in self._plain):
            self._plain[key] = instrument, made
        return made

    def replace(
        self, order_id: str, quantity: Number | None, limit: Number | None, stop: Number | None, **trail: Number
    ) -> None:
        """Change an open order of the run; what `trail` may name, `terms.trail_change` says.

        Raises:
            NotFound: the run has no such open order.
            ValidationError: a term is wrong in itself.
        """
        order = self._open.get(order_id)
        if order is None:
            raise NotFound("open order", order_id)
        instrument, buys = self._instrument(order.terms.symbol), order.terms.side.sign > 0
        self._send(
            m.Replace(
                order_id,
                None if quantity is None else qty_units(instrument, quantity, "quantity"),
                None if limit is None else price_units(instrument, limit, "down" if buys else "up", "limit"),
                None if stop is None else price_units(instrument, stop, "up" if buys else "down", "stop"),
                *trail_change(instrument, order.terms, trail),
            )
        )

    def cancel(self, order_id: str) -> None:
        """Cancel an order of the run, one that somebody placed for it included."""
        if order_id not in self._open and not order_id.startswith(f"{self._run_id}-"):
            raise NotFound("order of this run", order_id)
        self._send(m.Cancel(order_id))

    def cancel_all(self, symbol: str | None) -> None:
        """Cancel the run's orders."""
        self._send(m.CancelAll(symbol))

    def flatten(self, symbol: str) -> None:
        """Exit the run's position."""
        self._send(m.Flatten(self._instrument(symbol).symbol))

    def position(self, symbol: str) -> Decimal:
        """Return the run's position, signed, + long."""
        held = self._positions.get(symbol)
        return self._scale(symbol).quantity(held) if held else _NONE

    def open_orders(self, symbol: str | None) -> list[Order]:
        """Return the run's open orders, oldest first."""
        return [
            self._scale(order.terms.symbol).order(order)
            for order in self._open.values()
            if symbol is None or order.terms.symbol == symbol
        ]

    def signal(self, symbol: str, action: str, confidence: float, **details: Any) -> None:
        """Record an opinion.

        Raises:
            ValidationError: an action, confidence or detail that is none.
        """
        instrument = self._instrument(symbol)
        if action not in ACTIONS:
            raise ValidationError("action", f"{action!r} is none", allowed=", ".join(ACTIONS))
        if not 0 <= confidence <= 1:
            raise ValidationError("confidence", f"{confidence} is none", allowed="0 to 1")
        unknown = set(details) - DETAILS
        if unknown:
            raise ValidationError(min(unknown), "is no detail of a signal", allowed=", ".join(sorted(DETAILS)))
        quantity = details.get("quantity")
        target, stop, profit = (
            None if (value := details.get(name)) is None else price_units(instrument, value, "down", name)
            for name in ("target", "stop", "take_profit")
        )
        self._send(
            m.Signal(
                symbol=symbol,
                action=action,
                confidence=confidence,
                reason=str(details.get("reason", ""))[:TEXT_MAX],
                target_px=target,
                stop_px=stop,
                take_profit_px=profit,
                target=None if quantity is None else qty_units(instrument, quantity, "quantity"),
                cl_ord_id=str(details.get("order_id", "")),
                market_conditions=plain(details.get("market_conditions", {}), "market_conditions"),
                metadata=plain(details.get("metadata", {}), "metadata"),
            )
        )

    def show(self, values: Mapping[str, object]) -> None:
        """Show values of the run's own."""
        if len(values) > SHOWN_MAX:
            raise ValidationError("show", f"at most {SHOWN_MAX} values are shown")
        self._send(m.Show({name: str(value)[:100] for name, value in values.items()}))

    def log(self, text: str, level: str, event: str, data: Mapping[str, object]) -> None:
        """Write a log line."""
        if level not in LEVELS:
            raise ValidationError("level", f"{level!r} is none", allowed=", ".join(LEVELS))
        self._send(m.Log(level, str(text)[:TEXT_MAX], str(event)[:EVENT_MAX], plain(dict(data), "data")))

    def done(self) -> None:
        """End the run."""
        if not self.over:
            self.over = True
            self._send(m.Done(self.strategy.state()))

    def _instrument(self, symbol: str) -> Instrument:
        found = self._instruments.get(symbol)
        if found is None:
            raise NotFound("instrument", symbol)
        return found

    def _scale(self, symbol: str) -> Scales:
        if symbol not in self._scales:
            self._scales[symbol] = Scales(self._instrument(symbol))
        return self._scales[symbol]


_NONE = Decimal(0)


def _hears(strategy: "Strategy", callback: str) -> bool:
    """Tell whether a strategy has a callback of its own; what nobody hears need not be put into words."""
    return str(getattr(type(strategy), callback).__module__) != "workstation.strategies.api"

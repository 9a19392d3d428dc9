"""One instrument's market in a backtest: who works an order there, whatever the fills come from.

Base of `fill_bars`, `fill_levels` and `fill_trades`. It keeps the working orders by arrival, ends and changes them, and
books what trades. It never fills by itself.
"""

from abc import abstractmethod
from random import Random

from workstation.backtest.agenda import FOREVER
from workstation.backtest.faults import PartialFills
from workstation.backtest.options import BacktestOptions, SlippageKind
from workstation.backtest.slippage import Slip
from workstation.backtest.working import IMMEDIATE, Floor, Working
from workstation.domain.executions import Liquidity
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderTerms, TimeInForce
from workstation.marketdata.calendar import Session, SessionCalendar

_DAY = TimeInForce.DAY
BEYOND = "the price is beyond the protection band"


class Surroundings:
    """What every market of a run works with. fills, slips, parts: streams of chance of this instrument alone."""

    def __init__(
        self,
        *,
        floor: Floor,
        options: BacktestOptions,
        calendar: SessionCalendar,
        fills: Random,
        slips: Random,
        parts: Random,
    ) -> None:
        self.floor, self.options, self.calendar = floor, options, calendar
        self.fills, self.slips, self.parts = fills, slips, parts


class Market:
    """Working orders of one instrument. last: last price seen, None before any. bar_number: of the bar it stands at."""

    bar_number = -1

    def __init__(self, instrument: Instrument, around: Surroundings) -> None:
        self.instrument = instrument
        self.orders: dict[str, Working] = {}
        self.last: int | None = None
        self.last_ts = 0
        self._floor, self._options, self._calendar = around.floor, around.options, around.calendar
        self._chance = around.fills
        self._session: Session | None = None
        self._slip = Slip(around.options.slippage, instrument, around.slips)
        self._parts, self._cuts = PartialFills(around.options.faults, around.parts), around.options.faults.partial_bps
        self._halts = [halt for halt in around.options.halts if halt.symbol in ("", instrument.symbol)]
        self._slips = around.options.slippage.kind is not SlippageKind.NONE
        self._protects = around.options.protection_ticks is not None
        self._expires_next = FOREVER

    # Requests

    def arrive(self, order: Working) -> None:
        """Take an order that has just come to the venue."""
        tif = order.terms.time_in_force
        if tif is _DAY:
            session = self._session_at(order.arrived)
            order.expires = session.close if session is not None else self._calendar.close_after(order.arrived)
        elif tif is TimeInForce.GTD:
            order.expires = order.terms.expire_time
        elif tif is TimeInForce.CLS:
            order.closing = self._calendar.close_after(order.arrived)
        if order.expires is not None and order.expires < self._expires_next:
            self._expires_next = order.expires
        if self._protects and not order.is_stop:
            self._protect(order, self.last)
        self.orders[order.cl_ord_id] = order
        self._work(order)

    def cancel(self, cl_ord_id: str, reason: str) -> bool:
        """End an order; False when it is not here any more."""
        order = self.orders.pop(cl_ord_id, None)
        if order is None:
            return False
        self._floor.on_ended(order, reason)
        return True

    def replace(self, order: Working, terms: OrderTerms, now: int) -> None:
        """Give a working order new terms; only a smaller quantity keeps its place in the queue.

        A trigger and a limit that have trailed stay, unless the change is about them; a trail of another distance goes
        on from the best price that it has seen.
        """
        old, order.terms = order.terms, terms
        order.leaves += terms.order_qty - old.order_qty
        same = terms.price == old.price and terms.stop_px == old.stop_px and terms.trail == old.trail
        if same and terms.order_qty <= old.order_qty and order.leaves > 0:
            return
        del self.orders[order.cl_ord_id]
        if terms.trail is None or terms.price != old.price:
            order.limit = terms.price
        if terms.trail is None or terms.stop_px != old.stop_px:
            order.stop = terms.stop_px if order.is_stop else None
        else:
            order.retrail(old, self.instrument)
        order.arrived, order.fresh, order.traded = now, True, 0
        if order.leaves > 0:
            self.orders[order.cl_ord_id] = order
            self._work(order)

    @abstractmethod
    def _work(self, order: Working) -> None:
        """Hold an order that has just arrived against the market as it stands."""

    # For the models

    def _protect(self, order: Working, price: int | None) -> None:
        """Let an order without a limit take no price much worse than `price`; exits that the venue makes go through."""
        ticks = self._options.protection_ticks
        if ticks is not None and price is not None and order.limit is None and order.label in ("", "stop"):
            order.worst = self.instrument.step(price, ticks * order.sign)

    def _is_open(self, ts: int) -> bool:
        """Tell whether anything trades at `ts`."""
        return (not self._options.sessions or self._session_at(ts) is not None) and not self._halted(ts, ts + 1)

    def _halted(self, start: int, end: int) -> bool:
        """Tell whether a halt lies in a span of time."""
        return bool(self._halts) and any(halt.start < end and start < halt.end for halt in self._halts)

    def _session_at(self, ts: int) -> Session | None:
        """Return the session that is open at `ts`; the last one is remembered."""
        known = self._session
        if known is None or known.pauses or not known.open <= ts < known.close:
            known = self._session = self._calendar.session_at(ts)
        return known

    def _expire(self, now: int) -> None:
        if now < self._expires_next:
            return
        self._expires_next = min((order.expires or FOREVER for order in self.orders.values()), default=FOREVER)
        for order in tuple(self.orders.values()):
            if order.expires is not None and order.expires <= now:
                del self.orders[order.cl_ord_id]
                self._floor.on_ended(order, "time in force ended", expired=True)

    def _end(self, order: Working, reason: str) -> None:
        self.orders.pop(order.cl_ord_id, None)
        self._floor.on_ended(order, reason)

    def _trade(self, order: Working, qty: int, price: int, liquidity: Liquidity, *, sensitive: bool = False) -> int:
        """Fill what of `qty` the account and the lot allow; return it. An order without any room ends.

        So does one that would take a price beyond what it is protected from.
        """
        if order.worst is not None and (price - order.worst) * order.sign > 0:
            self._end(order, BEYOND)
            return 0
        room, reason = self._floor.room(order, price)
        if room <= 0:
            self._end(order, reason)
            return 0
        if qty > room or qty > order.leaves:
            qty = min(order.leaves, room)
        if qty < order.leaves:
            qty -= qty % self.instrument.lot
        if self._cuts and order.terms.time_in_force is not TimeInForce.FOK:
            qty = self._parts.cut(qty, self.instrument.lot)
        if qty <= 0:
            return 0
        order.leaves -= qty
        order.fresh = False
        if not order.leaves:
            self.orders.pop(order.cl_ord_id, None)
        self._floor.on_fill(order, qty, price, liquidity, sensitive=sensitive)
        return qty

    def _fire(self, order: Working, price: int) -> None:
        order.fire()
        self._protect(order, price)
        self._floor.on_triggered(order, price)

    def _end_immediate(self, order: Working) -> None:
        if order.leaves and order.cl_ord_id in self.orders:
            if order.terms.time_in_force in IMMEDIATE:
                self._end(order, "the rest of an immediate order")
            elif order.terms.time_in_force is TimeInForce.OPG:
                self._end(order, "the opening is over")

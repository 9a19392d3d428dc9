"""Drives one strategy by hand: news in, intents out, and fills for its orders when the test says so."""

import msgspec

from tests.helpers.market import MINUTE, T0, instrument, quote, trade
from workstation.domain.executions import Execution
from workstation.domain.market import Bar, BarKind, BarType
from workstation.domain.orders import OrderState, OrdStatus, Origin, OriginKind, Residence
from workstation.strategies import messages as m
from workstation.strategies.host import Host

TYPE = BarType(BarKind.MINUTE, 1)


class StrategyRig:
    """One run of a strategy class on instruments with cents and whole shares."""

    def __init__(self, kind, *, symbols=("ABC",), **parameters):
        self.sent = []
        self.orders = {}
        self.positions = {}
        self.minute = 0
        self.host = Host(
            lambda host: kind(host, kind.Parameters(**parameters)),
            run_id="R1",
            account="SIM",
            instruments={symbol: instrument(symbol) for symbol in symbols},
            send=self._take,
        )
        self.strategy = self.host.strategy

    def _take(self, intent):
        self.sent.append(intent)

    def start(self, *, positions=None, orders=(), state=None):
        self.positions.update(positions or {})
        self.host.deliver(m.Started(T0, dict(self.positions), tuple(orders), state or {}))
        return self

    def take(self, kind):
        """Return and forget the intents of a kind."""
        found = [intent for intent in self.sent if isinstance(intent, kind)]
        self.sent = [intent for intent in self.sent if not isinstance(intent, kind)]
        return found

    def market_bar(self, close, symbol="ABC", *, high=None, low=None, volume=100):
        at = T0 + self.minute * MINUTE
        high, low = high or close, low or close
        return Bar(symbol, TYPE, close, high, low, close, volume, 1, at, at + MINUTE)

    def bar(self, close, symbol="ABC", *, interval="1m", last=True, **parts):
        bar = self.market_bar(close, symbol, **parts)
        self.minute += last
        self.host.deliver(m.BarClosed(interval, bar))

    def quote(self, bid, ask, symbol="ABC"):
        self.host.deliver(quote(bid, ask, self.minute * MINUTE, symbol=symbol))

    def trade(self, price, size, symbol="ABC"):
        self.host.deliver(trade(price, size, self.minute * MINUTE, symbol=symbol))

    def accept(self, submit):
        """Let the venue take an order."""
        order = OrderState(
            cl_ord_id=submit.cl_ord_id, uid=submit.cl_ord_id, order_id="V1", terms=submit.terms,
            status=OrdStatus.SUBMITTED, origin=Origin(OriginKind.STRATEGY, "R1"), link=None, strategy_id="R1",
            cum_qty=0, leaves_qty=submit.terms.order_qty, cost=0, fees={}, residence=Residence.EXCHANGE, created_at=T0,
            updated_at=T0, version=1,
        )  # fmt: skip
        self._tell(order)
        return order

    def fill(self, submit, qty=None, px=None):
        """Fill an order, whole or in part."""
        order = self.orders.get(submit.cl_ord_id) or self.accept(submit)
        terms = order.terms
        qty, px = qty or order.leaves_qty, px or terms.price or 10_000
        held = self.positions.get(terms.symbol, 0) + terms.side.sign * qty
        self.positions[terms.symbol] = held
        execution = Execution(
            exec_key=f"E{len(self.sent)}", exec_id="E", uid="E", cl_ord_id=order.cl_ord_id, order_id="V1",
            account="SIM", symbol=terms.symbol, side=terms.side, last_qty=qty, last_px=px, fee=0, fee_currency="USD",
            ts_event=T0, ts_init=T0, venue_seq=1,
        )  # fmt: skip
        left = order.leaves_qty - qty
        status = OrdStatus.PARTIALLY_FILLED if left else OrdStatus.FILLED
        self.host.deliver(m.FillNews(execution, held))
        self._tell(msgspec.structs.replace(order, cum_qty=order.cum_qty + qty, leaves_qty=left, status=status))

    def end(self, submit, status, text=""):
        """End an order unfilled."""
        order = self.orders.get(submit.cl_ord_id) or self.accept(submit)
        self._tell(msgspec.structs.replace(order, status=status, leaves_qty=0, text=text))

    def _tell(self, order):
        self.orders[order.cl_ord_id] = order
        self.host.deliver(m.OrderNews(order))

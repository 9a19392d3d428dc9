"""Fills from prints alone: a print spends its size once over all own orders.

A resting limit fills by a print of the opposite aggressor at or through its price. An aggressive order trades at the
last price made worse by the slippage, which stands for half the spread, and takes no more than what was printed.
"""

from workstation.backtest.row_market import RowMarket
from workstation.backtest.working import AUCTIONS, Working
from workstation.domain.executions import Liquidity
from workstation.domain.orders import TimeInForce


class TradeMarket(RowMarket):
    """Matches against prints."""

    _left = 0
    _seen: int | None = None

    def on_trade(self, price: int, size: int, aggressor: int, ts: int) -> None:
        """Take a print: resting limits by price and arrival, then stops, then orders that waited for a price."""
        self.last, self.last_ts, self._seen, self._left = price, ts, ts, size
        if not self.orders:
            return
        self._expire(ts)
        if not self._is_open(ts):
            self._left = 0
            return
        resting = [order for order in self.orders.values() if self._fills_by(order, price, aggressor)]
        for order in sorted(resting, key=lambda order: (-(order.limit or 0) * order.sign, order.sequence)):
            self._left -= self._trade(order, self._left, order.limit or 0, Liquidity.MAKER) if self._left else 0
        for order in tuple(self.orders.values()):
            if order.is_stop:
                order.trail_to(price, self.instrument)
                if order.stop is None or (price - order.stop) * order.sign < 0:
                    continue
                self._fire(order, price)
            elif (not order.fresh and order.limit is not None) or self._waits(order, ts):
                continue
            self._aggress(order)

    def _fills_by(self, order: Working, price: int, aggressor: int) -> bool:
        if order.limit is None or order.fresh or order.is_stop or aggressor == order.sign:
            return False
        return (order.limit - price) * order.sign >= 0

    def _work(self, order: Working) -> None:
        if order.terms.time_in_force in AUCTIONS:
            self._await_auction(order)
        elif not order.is_stop and self._is_fresh(order.arrived) and self._is_open(order.arrived):
            self._aggress(order)

    def _is_fresh(self, now: int) -> bool:
        return self._seen is not None and now - self._seen <= self._options.price_age_max

    def _aggress(self, order: Working) -> None:
        order.fresh = False
        price = self._slip.worse(self.last or 0, order.sign)
        reached = order.limit is None or (order.limit - price) * order.sign >= 0
        if reached and order.terms.post_only:
            self._end(order, "post-only would have taken")
            return
        if order.terms.time_in_force is TimeInForce.FOK and (not reached or self._left < order.leaves):
            self._end(order, "cannot be filled whole")
            return
        if reached and self._left:
            self._left -= self._trade(order, self._left, price, Liquidity.TAKER)
        self._end_immediate(order)

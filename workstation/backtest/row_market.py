"""Markets of single prices, from quotes, books or prints: what they share is the auctions.

Base of `fill_levels` and `fill_trades`. The opening auction is the first price of a session; the closing one is held
when the session ends, at the last price that it left.
"""

from abc import abstractmethod

from workstation.backtest.market import Market
from workstation.backtest.working import AUCTIONS, Working


class RowMarket(Market):
    """Keeps orders for an auction until it is held."""

    def _await_auction(self, order: Working) -> None:
        """Note from which session on an order for the opening takes part: one that has had a price has opened."""
        session = self._session_at(order.arrived)
        begun = session is None or self.last_ts >= session.open
        order.opening = order.arrived + 1 if begun or session is None else session.open

    def close_session(self, now: int) -> None:
        """Hold the auction of the sessions that have closed by `now`, at the last price there was."""
        for order in tuple(self.orders.values()):
            if order.closing is None or order.closing > now or order.cl_ord_id not in self.orders:
                continue
            if self._has_closing_price(order.closing):
                self._aggress(order)
            if order.cl_ord_id in self.orders:
                self._end(order, "the close is over")

    def _has_closing_price(self, close: int) -> bool:
        """Tell whether the session that ends at `close` has left a price to trade at, and was not halted."""
        session = self._session_at(close - 1)
        if session is None or self.last is None or self._halted(close - 1, close):
            return False
        return session.open <= self.last_ts < close

    @abstractmethod
    def _aggress(self, order: Working) -> None:
        """Let an order take what it can of the market as it stands."""

    def _waits(self, order: Working, ts: int) -> bool:
        """Tell whether an order is for an auction that is not held at `ts`: the opening is a session's first price."""
        if order.terms.time_in_force not in AUCTIONS:
            return False
        session = self._session_at(ts)
        return order.closing is not None or session is None or session.open < order.opening

"""Closed round trips of one instrument: from flat to flat, or to where the position turned.

Fed by the engine with each fill and with the prices in between. Profit is the ledger's, at average cost; a fill that
turns the position ends one trip and begins the next, its fee divided by quantity.
"""

from collections.abc import Sequence

from workstation.backtest.result import TradeRow
from workstation.domain.instruments import Instrument
from workstation.domain.numbers import MONEY_ONE, div_half_even
from workstation.domain.orders import Side
from workstation.portfolio.contracts import Contract


class RoundTrip:
    """The open trip of one instrument; a row for each that has closed is returned."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument, self._contract = instrument, Contract(instrument)
        self._point = 10**instrument.price_decimals
        self._qty = 0
        self._begin(0, 0)

    def _begin(self, ts: int, bar: int) -> None:
        self._entry_ts, self._entry_bar = ts, bar
        self._in_qty = self._in_cost = self._out_qty = self._out_cost = self._most = 0
        self._pnl = self._fees = self._paid = 0
        self._mae = self._mfe = 0.0

    def mark(self, prices: Sequence[int]) -> None:
        """Take the prices seen since the last call: their lowest and their highest tell how far the trip went."""
        if not self._qty:
            return
        low, high = min(prices), max(prices)
        self._note(low)
        if high != low:
            self._note(high)

    def _note(self, price: int) -> None:
        contract = self._contract
        profit = (self._pnl + contract.sense * (contract.worth(price, self._qty) - self._paid)) / MONEY_ONE
        if profit < self._mae:
            self._mae = profit
        elif profit > self._mfe:
            self._mfe = profit

    def fill(self, ts: int, bar: int, qty: int, price: int, *, fee: int, realised: int) -> TradeRow | None:
        """Take a fill, qty signed; return the trip that it closed. realised: what it earned, by the ledger."""
        held, sign, size = self._qty, 1 if qty > 0 else -1, abs(qty)
        closing = min(size, abs(held)) if held * qty < 0 else 0
        opening = size - closing
        fee_out = div_half_even(fee * closing, size) if fee else 0
        row = None
        if closing:
            self._note(price)
            self._out_qty += closing
            self._out_cost += closing * price
            self._pnl += realised
            self._fees += fee_out
            self._qty = rest = held + closing * sign
            if rest:
                self._paid -= div_half_even(self._paid * closing, abs(held))
            else:
                self._paid = 0
                row = self._closed(ts, bar)
        if opening:
            if not self._qty:
                self._begin(ts, bar)
            self._in_qty += opening
            self._in_cost += opening * price
            self._paid += self._contract.worth(price, opening * sign)
            self._fees += fee - fee_out
            self._qty += opening * sign
            self._most = max(self._most, abs(self._qty))
            self._side = Side.BUY if sign > 0 else Side.SELL
        return row

    def split(self, qty: int, numerator: int, denominator: int) -> None:
        """Take a split: the position becomes `qty`, sizes of the trip are multiplied by the ratio."""
        self._in_qty, self._out_qty, self._most = (
            size * numerator // denominator for size in (self._in_qty, self._out_qty, self._most)
        )
        self._qty = qty

    def _closed(self, ts: int, bar: int) -> TradeRow:
        return TradeRow(
            symbol=self._instrument.symbol,
            side=self._side,
            qty=self._most,
            entry_ts=self._entry_ts,
            entry_px=self._in_cost / self._in_qty / self._point,
            exit_ts=ts,
            exit_px=self._out_cost / self._out_qty / self._point,
            pnl=self._pnl,
            fees=self._fees,
            mae=self._mae,
            mfe=self._mfe,
            bars=bar - self._entry_bar,
        )

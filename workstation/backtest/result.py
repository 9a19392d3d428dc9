"""What a backtest found: fills, closed round trips, orders, the curve of equity, and everything needed to repeat it.

Last stage of a run; metrics and reports read it and nothing else. Values only, it computes nothing. Prices and
quantities are on the instrument's scales, money is exact (MONEY_DECIMALS), times UTC ns; the curve alone is floating.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from workstation.backtest.options import BacktestOptions
from workstation.backtest.rows import SplitRow
from workstation.domain.executions import Liquidity
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrdStatus, OrdType, Side

Times = NDArray[np.int64]
Amounts = NDArray[np.float64]


class FillRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One fill. bar: number of the matching bar of its instrument from 0, -1 where no bar matched it.

    fee: money of fee_currency, + paid. label: "" or why it came about (`close_at_end`, `stop`, `liquidation`).
    path_sensitive: another order of the extremes inside the bar would have changed it.
    """

    ts: int
    bar: int
    cl_ord_id: str
    symbol: str
    side: Side
    qty: int
    price: int
    fee: int
    fee_currency: str
    liquidity: Liquidity
    label: str = ""
    path_sensitive: bool = False


class TradeRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One closed round trip, flat to flat, or to where the position turned.

    side: of its entry; qty: largest size held. entry_px, exit_px: averages in whole price points. pnl: money, before
    fees; fees in the instrument's currency. mae, mfe: worst and best profit seen at bar closes, prices of quotes or
    trades, and exits, before fees, 0 at its entry, in whole units of the instrument's currency. bars: closed bars held.
    """

    symbol: str
    side: Side
    qty: int
    entry_ts: int
    entry_px: float
    exit_ts: int
    exit_px: float
    pnl: int
    fees: int
    mae: float
    mfe: float
    bars: int


class OrderRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How an order ended, or stands at the end of data. price, stop_px: as asked, None without."""

    cl_ord_id: str
    symbol: str
    side: Side
    ord_type: OrdType
    qty: int
    price: int | None
    stop_px: int | None
    status: OrdStatus
    cum_qty: int
    created_at: int
    updated_at: int
    text: str = ""


class SignalRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An opinion that the strategy recorded; see `strategies.messages.Signal`."""

    ts: int
    symbol: str
    action: str
    confidence: float
    reason: str = ""
    cl_ord_id: str = ""


class CashRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Money that moved without a trade: dividend, interest, funding, borrow; + received."""

    ts: int
    symbol: str
    currency: str
    kind: str
    amount: int


class EquityCurve(msgspec.Struct, frozen=True, kw_only=True):
    """The account over time, each (n,), in whole units of its currency. exposure: signed market value of all positions.

    stride: observations that one point stands for; older points were thinned to keep the curve within its bound.
    drawdown_max, drawdown_share: largest fall from a peak, in money and as a fraction of that peak, each over every
    observation and not over the points alone.
    """

    ts: Times
    equity: Amounts
    exposure: Amounts
    cash: Amounts
    stride: int
    drawdown_max: float
    drawdown_share: float


class BacktestResult(msgspec.Struct, frozen=True, kw_only=True):
    """One run. digest: SHA-256 of everything that was decided, hex; equal plans have equal digests.

    data_digests: SHA-256 by source. initial_cash, final_cash, net_profit: money of `currency`; net_profit counts open
    positions at the last price. capital: what the run might hold, 0 where its account alone bound it. bars, events: of
    all sources. cancelled: the run was ended before its data. path_sensitive_fills: fills that another path inside the
    bar would change. splits: those that were played, for the charts of raw prices.
    """

    strategy: str
    parameters: Mapping[str, Any]
    options: BacktestOptions
    seed: int
    program_version: str
    data_digests: Mapping[str, str]
    instruments: tuple[Instrument, ...]
    currency: str
    initial_cash: int
    final_cash: int
    net_profit: int
    curve: EquityCurve
    fills: tuple[FillRow, ...]
    trades: tuple[TradeRow, ...]
    orders: tuple[OrderRow, ...]
    signals: tuple[SignalRow, ...]
    cash_rows: tuple[CashRow, ...]
    warnings: tuple[str, ...]
    logs: tuple[str, ...]
    positions: Mapping[str, int]
    first_ts: int
    last_ts: int
    bars: int
    events: int
    path_sensitive_fills: int
    cancelled: bool
    digest: str
    splits: tuple[SplitRow, ...] = ()
    capital: int = 0

"""The venue of a run: one market for each instrument, fed by the finest source that there is.

Between feeds and the desk: it chooses what matches, and hands rows to it. With books, quotes or prints no bar matches,
and of bars only the shortest that came from outside.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from workstation.backtest.columns import BookRows, QuoteColumns
from workstation.backtest.feeds import BarFeed, Feed, RowFeed, fineness
from workstation.backtest.fill_bars import BarMarket
from workstation.backtest.fill_levels import LevelMarket
from workstation.backtest.fill_trades import TradeMarket
from workstation.backtest.market import Market, Surroundings
from workstation.backtest.options import BacktestOptions
from workstation.backtest.working import Floor
from workstation.domain.market import Aggressor, BookSnapshot, Quote, Trade
from workstation.kernel.ids import sub_stream
from workstation.marketdata.calendar import Calendars

AGGRESSORS = {1: Aggressor.BUY, -1: Aggressor.SELL, 0: Aggressor.UNKNOWN}


class Position:
    """Says what the account holds of one instrument."""

    def __init__(self, qty_of: Any, symbol: str) -> None:
        self._qty_of, self._symbol = qty_of, symbol

    def __call__(self) -> int:
        """Return the signed quantity."""
        held: int = self._qty_of(self._symbol)
        return held


def finest(feeds: Iterable[Feed]) -> dict[str, Feed]:
    """Return for each instrument the source that matches; bars of this program's own making never do."""
    found: dict[str, Feed] = {}
    for feed in feeds:
        if isinstance(feed, BarFeed) and feed.internal:
            continue
        best = found.get(feed.symbol)
        if best is None or fineness(feed) < fineness(best):
            found[feed.symbol] = feed
    return found


def make_market(
    feed: Feed, floor: Floor, options: BacktestOptions, seed: int, qty_of: Any, *, calendars: Calendars
) -> Market:
    """Return the market of a source; its chance is its own, so that another instrument changes nothing here."""
    around = Surroundings(
        floor=floor,
        options=options,
        calendar=calendars[feed.instrument.calendar],
        fills=sub_stream(seed, f"fills {feed.symbol}"),
        slips=sub_stream(seed, f"slippage {feed.symbol}"),
        parts=sub_stream(seed, f"partial fills {feed.symbol}"),
    )
    if isinstance(feed, BarFeed):
        held = Position(qty_of, feed.symbol)
        return BarMarket(feed.instrument, around, long_bars=feed.spans_sessions, held=held)
    kind = feed.kind if isinstance(feed, RowFeed) else None
    return LevelMarket(feed.instrument, around) if kind in (QuoteColumns, BookRows) else TradeMarket(
        feed.instrument, around
    )  # fmt: skip


def match_row(market: Market, row: Quote | Trade | Any) -> None:
    """Hand a row to the market of its instrument, which may have no use for it."""
    if isinstance(row, Trade):
        if isinstance(market, LevelMarket | TradeMarket):
            aggressor = _SIGNS[row.aggressor]
            market.on_trade(row.price, row.size, aggressor, row.ts_event)
    elif isinstance(market, LevelMarket):
        if isinstance(row, Quote):
            market.on_quote(row)
        else:
            market.on_book(row)


_SIGNS = {aggressor: sign for sign, aggressor in AGGRESSORS.items()}


def row_of(feed: RowFeed) -> Any:
    """Return the row that comes next as a market event."""
    row, symbol = feed.row, feed.symbol
    if feed.kind is BookRows:
        return row[1]
    if feed.kind is QuoteColumns:
        ts, bid, bid_size, ask, ask_size = row
        return Quote(symbol, bid if bid_size else None, bid_size, ask if ask_size else None, ask_size, ts, ts)
    ts, price, size, aggressor, _may_be_last = row
    return Trade(symbol, price, size, AGGRESSORS[aggressor], "", ts, ts)


def snapshot_of(market: Market, event: Any) -> BookSnapshot | None:
    """Return the book after an event, None where it is not whole."""
    return market.snapshot(event.ts_event) if isinstance(market, LevelMarket) else None


def last_prices(markets: Mapping[str, Market]) -> dict[str, int]:
    """Return the newest price of each instrument that has one."""
    return {symbol: market.last for symbol, market in markets.items() if market.last is not None}

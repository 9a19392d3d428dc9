"""What screens may ask of the market: streams for a panel, and bars that go on from the venue's history.

Engine thread only, behind the market's commands. It knows no widget and sends nothing.
"""

from collections.abc import Mapping

import numpy as np

from workstation.app.venues import Venue
from workstation.commands.params import BarsRequest, Watch
from workstation.domain.errors import NotFound
from workstation.domain.instruments import Instrument
from workstation.domain.market import BarType
from workstation.marketdata.history import BarHistory
from workstation.marketdata.service import MarketData
from workstation.viewmodels.bars import BarSeries
from workstation.viewmodels.market_view import MarketView, Wish

BARS_BEFORE = 1_500
"""Bars of the past that a series begins with at least."""


class EngineScreens:
    """The screens' side of market data."""

    def __init__(
        self, market: MarketData, instruments: Mapping[str, Instrument], venue: Venue, view: MarketView
    ) -> None:
        self._market, self._instruments, self._venue, self._view = market, instruments, venue, view

    def watch(self, wish: Watch) -> None:
        """Take one panel's wish for streams; unknown symbols are refused by name."""
        unknown = sorted((wish.quotes | wish.depths | wish.tapes) - self._instruments.keys())
        if unknown:
            raise NotFound("instrument", ", ".join(unknown))
        for symbol, bar_type in wish.bars:
            self.open_series(symbol, bar_type, BARS_BEFORE)
        shown = Wish(quotes=wish.quotes, depths=wish.depths, bars=wish.bars, tapes=wish.tapes)
        self._view.watch(wish.consumer, shown)

    def bars(self, request: BarsRequest) -> BarSeries:
        """Return the newest bars of a series, from the venue's history and what was built since."""
        history = self.open_series(request.symbol, request.bar_type, max(request.count, BARS_BEFORE))
        start = max(len(history) - request.count, 0)
        return BarSeries(
            symbol=request.symbol,
            bar_type=request.bar_type,
            ts_open=np.array(history.ts_open[start:], dtype=np.int64),
            ohlcv=history.ohlcv(start),
        )

    def open_series(self, symbol: str, bar_type: BarType, count: int) -> BarHistory:
        """Return a series that goes on from the venue's history."""
        series = self._market.series
        past = () if series.is_open(symbol, bar_type) else self._venue.history(symbol, bar_type, count)
        return series.seed(symbol, bar_type, past)

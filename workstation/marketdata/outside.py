"""Market data that a script brings from outside: quotes, trades and bars of instruments that the venue does not price.

Beside the feed, engine's thread. Nothing from outside touches an instrument that the venue lists, since risk and marks
rest on the venue's prices. A message is taken whole or refused with the reason: the feed's border would only count it.
"""

from collections.abc import Sequence

from workstation.domain.market import Bar, Quote, Trade
from workstation.marketdata.listings import Listings
from workstation.marketdata.quality import Border, Quality
from workstation.marketdata.recording import stored_bars
from workstation.marketdata.service import MarketData
from workstation.ports.market_store import MarketRecorder


class OutsideMarket:
    """The way in. Ticks go the way of the feed's; bars that came built are kept with history."""

    def __init__(self, market: MarketData, listings: Listings, recorder: MarketRecorder) -> None:
        self._market, self._listings, self._recorder = market, listings, recorder

    def why_closed(self, symbol: str) -> str:
        """Return why nothing from outside may price an instrument, "" where it may."""
        if symbol not in self._market.instruments:
            return "is no instrument"
        return "has its prices from the venue" if self._listings.is_venues(symbol) else ""

    def refusal(self, events: Sequence[Quote | Trade | Bar]) -> str:
        """Return why the first of these that cannot be true is refused, "" when all can be."""
        quality = Quality()
        Border(self._market.instruments, quality).admit(list(events))
        return quality.refused[0].reason if quality.refused else ""

    def take(self, ticks: Sequence[Quote | Trade], bars: Sequence[Bar], source: str) -> None:
        """Let ticks in, and keep bars. source: who brought them, as history names it."""
        if ticks:
            self._market.on_feed(list(ticks))
        if bars:
            self._recorder.put_bars(stored_bars(bars, self._market.instruments, source))

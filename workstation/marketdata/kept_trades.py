"""The newest trades, kept as the feed delivered them, so that one that the venue takes back is found again.

Beside the second and the third step of `service.on_feed`: one call for each delivery, none for each tick. What is no
longer among the newest deliveries is kept as trades alone, as many of an instrument as stored prints are searched.
"""

from collections import deque
from collections.abc import Iterator, Sequence

from workstation.domain.market import MarketEvent, Quote, Trade

EVENTS_KEPT_MAX = 50_000
"""Events of all instruments whose deliveries are kept whole."""

TRADES_KEPT_MAX = 200_000
"""Trades of all instruments that are kept behind those, some 30 MB; an older one cannot be found any more."""

BUSTS_KEPT_MAX = 1_000


class KeptTrades:
    """Deliveries, oldest first, the trades before them, and which of all these were taken back."""

    def __init__(self) -> None:
        self._slices: deque[list[MarketEvent]] = deque()
        self._events = 0
        self._older: deque[list[Trade]] = deque()
        self._trades = 0
        self._known_from: int | None = None
        self._busted: deque[tuple[str, str]] = deque(maxlen=BUSTS_KEPT_MAX)

    def add(self, events: list[MarketEvent]) -> None:
        """Keep a delivery; of what is beyond the bound the trades are kept, of those the newest."""
        if self._known_from is None:
            self._known_from = next((event.ts_event for event in events if isinstance(event, Trade | Quote)), None)
        self._slices.append(events)
        self._events += len(events)
        while self._events > EVENTS_KEPT_MAX and len(self._slices) > 1:
            oldest = self._slices.popleft()
            self._events -= len(oldest)
            self._put_away([event for event in oldest if type(event) is Trade])

    @property
    def known_from(self) -> int | None:
        """Since when every trade is known, UTC ns by the venue's clock; None where nothing has come."""
        return None if self._known_from is None else self._known_from + 1

    def take_back(self, symbol: str, trade_id: str, newest: Sequence[MarketEvent] = ()) -> Trade | None:
        """Return a trade that is kept, or among the newest, and stands; it does so no more. None for any other."""
        if not trade_id or (symbol, trade_id) in self._busted:
            return None
        found = next((trade for trade in self._of(symbol, newest) if trade.trade_id == trade_id), None)
        if found is not None:
            self._busted.append((symbol, trade_id))
        return found

    def standing(self, symbol: str, newest: Sequence[MarketEvent] = ()) -> list[Trade]:
        """Return the kept trades of an instrument that stand, in order of arrival."""
        busted = {trade_id for name, trade_id in self._busted if name == symbol}
        return [trade for trade in self._of(symbol, newest) if trade.trade_id not in busted]

    def behind(self, trade: Trade, newest: Sequence[MarketEvent] = ()) -> list[Trade]:
        """Return the kept trades of an instrument that stand and came after this very one, in order of arrival."""
        rows = self._of(trade.symbol, newest)
        any(row is trade for row in rows)
        busted = {trade_id for name, trade_id in self._busted if name == trade.symbol}
        return [row for row in rows if row.trade_id not in busted]

    def _of(self, symbol: str, newest: Sequence[MarketEvent]) -> Iterator[Trade]:
        for trades in tuple(self._older):
            yield from (trade for trade in trades if trade.symbol == symbol)
        for events in (*self._slices, newest):
            for event in events:
                if type(event) is Trade and event.symbol == symbol:
                    yield event

    def _put_away(self, trades: list[Trade]) -> None:
        """Keep the trades of a delivery that goes, and let the oldest go."""
        if trades:
            self._older.append(trades)
            self._trades += len(trades)
        while self._trades > TRADES_KEPT_MAX:
            gone = self._older.popleft()
            self._trades -= len(gone)
            self._known_from = max(self._known_from or 0, *(trade.ts_event for trade in gone))

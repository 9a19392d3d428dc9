"""The newest trades, kept as the feed delivered them, so that one that the venue takes back is found again.

Beside the second and the third step of `service.on_feed`: one call for each delivery, none for each tick.
"""

from collections import deque
from collections.abc import Iterator, Sequence

from workstation.domain.market import MarketEvent, Trade

EVENTS_KEPT_MAX = 50_000
"""Events of all instruments that are kept; a trade that is older cannot be found any more."""

BUSTS_KEPT_MAX = 1_000


class KeptTrades:
    """Deliveries, oldest first, and which of their trades were taken back."""

    def __init__(self) -> None:
        self._slices: deque[list[MarketEvent]] = deque()
        self._events = 0
        self._busted: deque[tuple[str, str]] = deque(maxlen=BUSTS_KEPT_MAX)

    def add(self, events: list[MarketEvent]) -> None:
        """Keep a delivery; what is beyond the bound goes."""
        self._slices.append(events)
        self._events += len(events)
        while self._events > EVENTS_KEPT_MAX and len(self._slices) > 1:
            self._events -= len(self._slices.popleft())

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
        for events in (*self._slices, newest):
            for event in events:
                if type(event) is Trade and event.symbol == symbol:
                    yield event

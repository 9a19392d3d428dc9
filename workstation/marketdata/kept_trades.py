"""The newest trades, kept as the feed delivered them, so that one that the venue takes back is found again.

Beside the second and the third step of `service.on_feed`: one call for each delivery, none for each tick. What is no
longer among the newest deliveries is kept as trades alone. One that is not kept is looked for by `app.stored_busts`.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import takewhile

from workstation.domain.market import BUST_REACH, MarketEvent, Quote, Trade

EVENTS_KEPT_MAX = 50_000
"""Events of all instruments whose deliveries are kept whole."""

TRADES_KEPT_MAX = 200_000
"""Trades of all instruments that are kept behind those, some 30 MB; an older one is looked for in the store."""

BUSTS_KEPT_MAX = 10_000
"""Newest busts whose trades are known to have been taken back."""


class KeptTrades:
    """Deliveries, oldest first, the trades before them, and which of all these were taken back."""

    def __init__(self) -> None:
        self._slices: deque[list[MarketEvent]] = deque()
        self._events = 0
        self._older: deque[list[Trade]] = deque()
        self._trades = 0
        self._known_from: int | None = None
        self._busted: dict[tuple[str, str], tuple[Trade, ...]] = {}

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
        """Return a trade that is kept, or among the newest, and stands; it does so no more. None for any other.

        Of one name the newest is meant, if it is among the newest BUST_REACH of its instrument.
        """
        if not trade_id:
            return None
        rows = list(self._of(symbol, newest))
        for trade in reversed(rows[-BUST_REACH:]):
            if trade.trade_id == trade_id:
                return self._note(trade) if self._stands(trade) else None
        return None

    def take_back_stored(self, trade: Trade) -> bool:
        """Note that a trade which is not kept was taken back; returns False where one of its name was before."""
        is_new = not self.was_taken_back(trade.symbol, trade.trade_id)
        if is_new:
            self._note(trade)
        return is_new

    def joined(self, stored: Sequence[Trade]) -> list[Trade]:
        """Return stored trades of one instrument, then those kept, that stand; in order of arrival, none twice."""
        kept = self.standing(stored[0].symbol) if stored else []
        first = kept[0] if kept else None
        older = takewhile(lambda row: first is None or (row != first and row.ts_init <= first.ts_init), stored)
        return [row for row in older if not self.was_taken_back(row.symbol, row.trade_id)] + kept

    def was_taken_back(self, symbol: str, trade_id: str) -> bool:
        """Tell whether a trade of that name was taken back."""
        return (symbol, trade_id) in self._busted

    def standing(self, symbol: str, newest: Sequence[MarketEvent] = ()) -> list[Trade]:
        """Return the kept trades of an instrument that stand, in order of arrival."""
        return list(filter(self._stands, self._of(symbol, newest)))

    def behind(self, trade: Trade, newest: Sequence[MarketEvent] = ()) -> list[Trade]:
        """Return the kept trades of an instrument that stand and came after this very one, in order of arrival."""
        rows = self._of(trade.symbol, newest)
        any(row is trade for row in rows)
        return list(filter(self._stands, rows))

    def _note(self, trade: Trade) -> Trade:
        key = (trade.symbol, trade.trade_id)
        self._busted[key] = (*self._busted.pop(key, ()), trade)
        if len(self._busted) > BUSTS_KEPT_MAX:
            del self._busted[next(iter(self._busted))]
        return trade

    def _stands(self, trade: Trade) -> bool:
        return not any(gone is trade for gone in self._busted.get((trade.symbol, trade.trade_id), ()))

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

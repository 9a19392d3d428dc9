"""What a replay has played so far, kept so that a chart opened in its middle begins with the past.

A side branch of the tick walk, on the engine's thread: it hears every event before the core does. Bars are built from
kept events as the live series are, when somebody asks. It never reads ahead of the replay's present.
"""

from collections import deque
from collections.abc import Iterable, Sequence

import msgspec

from workstation.domain.instruments import Instrument
from workstation.domain.market import Bar, BarSource, BarType, MarketEvent, Quote, Trade
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.quality import Quality
from workstation.marketdata.series import BarSeriesSet

PLAYED_MAX = 100_000
"""Trades, and as many quotes, that are kept of each instrument; a longer past begins with the newest of them."""


class PlayedEvents:
    """The newest trades, bars and quotes of a replay, by instrument."""

    def __init__(self, instruments: Iterable[Instrument], calendars: Calendars) -> None:
        self._instruments = {instrument.symbol: instrument for instrument in instruments}
        self._calendars = calendars
        self._traded: dict[str, deque[MarketEvent]] = {name: deque(maxlen=PLAYED_MAX) for name in self._instruments}
        self._quoted: dict[str, deque[MarketEvent]] = {name: deque(maxlen=PLAYED_MAX) for name in self._instruments}

    def on_market(self, events: list[MarketEvent]) -> None:
        """Keep what bars are made of."""
        for event in events:
            if type(event) is Quote:
                self._quoted[event.symbol].append(event)
            elif type(event) is Trade or type(event) is Bar:
                self._traded[event.symbol].append(event)

    def bars(self, symbol: str, bar_type: BarType, count: int, before: int | None = None) -> Sequence[Bar]:
        """Return the newest bars up to now, oldest first; the last one is partial while it forms. From any thread.

        before: only those that opened before a moment, UTC ns.
        """
        kept = self._traded if bar_type.source is BarSource.LAST else self._quoted
        series = BarSeriesSet(self._instruments, self._calendars, Quality())
        series.open(symbol, bar_type)
        found: list[Bar] = []

        def take(bar: Bar) -> None:
            if bar.bar_type != bar_type:
                return
            if bar.revised:
                found[:] = [old for old in found if old.ts_open != bar.ts_open]
            found.append(bar)

        series.listen(take)
        series.apply(list(kept[symbol]))
        found.sort(key=lambda bar: bar.ts_open)
        forming = series.current(symbol, bar_type)
        if forming is not None:
            found.append(msgspec.structs.replace(forming, partial=True))
        if before is not None:
            found = [bar for bar in found if bar.ts_open < before]
        return found[-count:]

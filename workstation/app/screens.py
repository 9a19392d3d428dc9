"""What screens may ask of the market: streams for a panel, and bars that go on from the venue's history.

Engine thread only, behind the market's commands. Series of intervals that are recorded stay; others that a panel
typed end some time after it. It knows no widget and sends nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

import msgspec
import numpy as np

from workstation.app.venue_past import Post, VenuePast
from workstation.app.venues import Venue
from workstation.commands.params import BarsRequest, OlderBars, Watch
from workstation.domain.errors import NotFound, UserError
from workstation.domain.instruments import Instrument
from workstation.domain.market import Anchor, Bar, BarKind, BarType
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.composites import BarAggregator
from workstation.marketdata.history import BarHistory
from workstation.marketdata.intervals import interval_of, shortest_ns
from workstation.marketdata.service import MarketData
from workstation.ports.market_data import CorporateAction
from workstation.viewmodels.bars import BarSeries
from workstation.viewmodels.market_view import MarketView, NoRoom, Series, Wish

BARS_BEFORE = 1_500
"""Bars of the past that a series begins with at least."""

PARTS_READ_MAX = 20_000
"""Smaller bars that the past of larger ones is laid from."""

ASIDE_NS = 10 * 86_400 * 10**9
"""How long a past is before it is read aside: the simulated venue makes one of ten days in some five milliseconds."""

IDLE_SERIES_MAX = 16
"""Series of unusual intervals that are built on though no panel shows them; one that is shown again has lost nothing.
The ones given up first end."""


class EngineScreens:
    """The screens' side of market data."""

    def __init__(
        self, market: MarketData, instruments: Mapping[str, Instrument], venue: Venue, view: MarketView, post: Post
    ) -> None:
        self._market, self._instruments, self._venue, self._view = market, instruments, venue, view
        self._calendars = Calendars()
        self._wanted: dict[str, frozenset[Series]] = {}
        self._idle: dict[Series, None] = {}
        self._aside = VenuePast(self._past, post)

    def close(self) -> None:
        """End what reads aside."""
        self._aside.close()

    def when_read(
        self, wanted: Iterable[tuple[str, BarType, int]], then: Callable[[], None], *, at_leisure: bool = False
    ) -> None:
        """Call `then` once the past of series that are not open is at hand: at once, unless one is long.

        at_leisure: a short one is read aside too, since the engine would keep orders waiting for it.
        """
        aside: dict[Series, int] = {}
        for symbol, bar_type, count in wanted:
            if symbol not in self._instruments or self._market.series.is_open(symbol, bar_type):
                continue
            least = count + 1 if at_leisure else max(count, BARS_BEFORE)
            if at_leisure or shortest_ns(bar_type) * least > ASIDE_NS:
                aside[symbol, bar_type] = least
        self._aside.seek(aside, then)

    def watch(self, wish: Watch) -> NoRoom:
        """Take one panel's wish for streams; unknown symbols are refused by name. Returns what has no room."""
        unknown = sorted((wish.quotes | wish.depths | wish.tapes) - self._instruments.keys())
        if unknown:
            raise NotFound("instrument", ", ".join(unknown))
        for symbol, bar_type in wish.bars:
            self.open_series(symbol, bar_type, BARS_BEFORE)
        shown = Wish(quotes=wish.quotes, depths=wish.depths, bars=wish.bars, tapes=wish.tapes)
        left_out = self._view.watch(wish.consumer, shown)
        self._let_go(wish.consumer, frozenset(wish.bars))
        return left_out

    def bars(self, request: BarsRequest) -> BarSeries:
        """Return the newest bars of a series, from the venue's history and what was built since."""
        symbol, bar_type = request.symbol, request.bar_type
        if request.goes_on or self._market.series.is_open(symbol, bar_type):
            history = self.open_series(symbol, bar_type, max(request.count, BARS_BEFORE))
        else:
            past = self._aside.take(symbol, bar_type) or self._past(symbol, bar_type, request.count + 1)
            history = self._market.series.laid(symbol, bar_type, past)
        return _series(history, max(len(history) - request.count, 0), None)

    def kept_before(self, request: OlderBars) -> BarSeries | None:
        """Return the newest bars before a moment of a series that goes on; None where it keeps none of then."""
        if not self._market.series.is_open(request.symbol, request.bar_type):
            return None
        history = self.open_series(request.symbol, request.bar_type, BARS_BEFORE)
        stop = history.index_at(request.before - 1) + 1
        return _series(history, max(stop - request.count, 0), stop) if stop else None

    def venue_before(self, request: OlderBars) -> BarSeries:
        """Return the venue's newest bars before a moment, which may be none. From any thread."""
        past = self._past(request.symbol, request.bar_type, request.count, request.before)
        return _series(self._market.series.laid(request.symbol, request.bar_type, past), 0, None)

    def is_known_to_venue(self, symbol: str, bar_type: BarType) -> bool:
        """Tell whether the venue has bars of a series at all. From any thread."""
        return bool(self._past(symbol, bar_type, 1))

    def forming_since(self, symbol: str, bar_type: BarType) -> int | None:
        """Return when the bar that forms was opened, UTC ns; None between bars."""
        forming = self._market.current_bar(symbol, bar_type)
        return None if forming is None else forming.ts_open

    def expect_splits(self, symbol: str, splits: Iterable[tuple[int, float]]) -> None:
        """Know when splits take force, UTC ns, and what prices of before are multiplied by."""
        self._market.splits.expect(symbol, splits)

    def splits_done(self, symbol: str, bar_type: BarType, known: Iterable[int]) -> list[CorporateAction]:
        """Return the splits that the venue did since the start, for the bars of a series. known: as of `LiveSplits`."""
        return self._market.splits.done(symbol, bar_type, known)

    def on_split(self, symbol: str, numerator: int, denominator: int, ts: int) -> None:
        """Take a split that the venue has just done, and tell whoever shows bars of the instrument."""
        self._market.splits.on_split(symbol, numerator, denominator, ts)
        self._view.split(symbol)

    def resubscribe(self) -> int:
        """Ask the feed again for every stream that is open; returns how many there are."""
        self._market.subscriptions.renew()
        return len(self._market.subscriptions)

    def open_series(self, symbol: str, bar_type: BarType, count: int) -> BarHistory:
        """Return a series that goes on from the venue's history."""
        series = self._market.series
        if not series.is_open(symbol, bar_type):
            history = series.seed(symbol, bar_type, self._beginning(symbol, bar_type, count))
            if interval_of(bar_type) is None:
                self._idle[symbol, bar_type] = None
            return history
        return series.seed(symbol, bar_type, ())

    def recut(self) -> int:
        """Lay every open series anew that the trading hours of now cut otherwise; returns how many there are."""
        series, count = self._market.series, 0
        for symbol, bar_type in series.miscut():
            least = max(len(series.open(symbol, bar_type)), BARS_BEFORE)
            newest = series.recut(symbol, bar_type, self._past(symbol, bar_type, least))
            if newest is not None:
                self._view.recut(newest)
                count += 1
        return count

    def open_past(self, symbol: str, bar_type: BarType, count: int, then: Callable[[], None]) -> None:
        """Open a series with at least so many bars before it, then call `then`: at once, unless its past is long."""
        wanted = max(count, BARS_BEFORE)

        def opened() -> None:
            with suppress(UserError):  # whoever asks for the series next hears why there is none
                self.open_series(symbol, bar_type, wanted)
            then()

        self.when_read([(symbol, bar_type, wanted)], opened)

    def _beginning(self, symbol: str, bar_type: BarType, count: int) -> Sequence[Bar]:
        """Return what a series begins with. Of what was read aside the last bars are read again: trades came since.

        Two, because the one that formed then may have closed meanwhile.
        """
        read = self._aside.take(symbol, bar_type)
        if not read:
            return self._past(symbol, bar_type, count)
        newest = self._past(symbol, bar_type, 2)
        return [*(bar for bar in read if not newest or bar.ts_open < newest[0].ts_open), *newest]

    def _past(self, symbol: str, bar_type: BarType, count: int, before: int | None = None) -> Sequence[Bar]:
        """Return the venue's bars; what it has none of is laid from its smaller ones, on the exchange's own day.

        before: only those that ended by then, UTC ns, at which a bar of the type begins.
        """
        smaller = _smaller(bar_type)
        if smaller is None:
            return self._venue.history(symbol, bar_type, count, before)
        least = min(count * shortest_ns(bar_type) // shortest_ns(smaller), PARTS_READ_MAX)
        larger = BarAggregator(symbol, bar_type, self._calendars[self._instruments[symbol].calendar])
        past = self._venue.history(symbol, smaller, least, before)
        made = [bar for part in past for bar in larger.on_bar(part)][1:]  # the first lacks what came before
        last = larger.flush() if made or before is None else ()
        return [*made, *(msgspec.structs.replace(bar, partial=before is None) for bar in last)]

    def _let_go(self, consumer: str, wanted: frozenset[Series]) -> None:
        """End the series that screens opened and no panel shows any more, beyond IDLE_SERIES_MAX of them."""
        for given_up in self._wanted.pop(consumer, frozenset()) - wanted:
            if given_up in self._idle:
                self._idle[given_up] = self._idle.pop(given_up)
        if wanted:
            self._wanted[consumer] = wanted
        shown: frozenset[Series] = frozenset().union(*self._wanted.values())
        idle = [series for series in self._idle if series not in shown]
        for symbol, bar_type in idle[: max(len(idle) - IDLE_SERIES_MAX, 0)]:
            del self._idle[symbol, bar_type]
            self._market.give_up(symbol, bar_type)


def _series(history: BarHistory, start: int, stop: int | None) -> BarSeries:
    """Return rows [start, stop) of a history, copied."""
    return BarSeries(
        symbol=history.symbol,
        bar_type=history.bar_type,
        ts_open=np.array(history.ts_open[start:stop], dtype=np.int64),
        ohlcv=history.ohlcv(start, stop),
    )


def _smaller(bar_type: BarType) -> BarType | None:
    """Return the venue's bars that those of a type are laid from; None where it is asked for the type itself."""
    if bar_type.parts is not None:
        return bar_type.parts
    kind = bar_type.kind
    if kind is BarKind.YEAR:
        return msgspec.structs.replace(bar_type, kind=BarKind.MONTH, step=1)
    if bar_type.anchor is Anchor.SESSION or bar_type.offset_ns:
        part = {BarKind.HOUR: BarKind.MINUTE}.get(kind, kind)
        return BarType(part, 1, bar_type.source)
    return BarType(kind, 1, bar_type.source) if kind is BarKind.HOUR and bar_type.step > 1 else None

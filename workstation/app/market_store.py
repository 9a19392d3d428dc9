"""What stands around the market of a run: what is kept of it, what is on offer, and the venue's bars from before now.

Past bars are fetched on a thread of their own when somebody asks, and kept in the market store. What was fetched once
is not fetched again in this run, but for the bars that have closed since.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec

from workstation.app.core import Core
from workstation.app.venues import Venue
from workstation.commands.market_params import FetchBars
from workstation.domain.errors import WorkstationError
from workstation.domain.events import RecordSaved
from workstation.domain.market import BarType
from workstation.domain.records import InstrumentEntry, MarketSubscription
from workstation.kernel.logs import get_logger
from workstation.marketdata.held_streams import HeldStreams
from workstation.marketdata.inquiry import MarketInquiry
from workstation.marketdata.intervals import shortest_ns
from workstation.marketdata.listings import Listings
from workstation.marketdata.outside import OutsideMarket
from workstation.marketdata.recording import Recording
from workstation.ports.market_store import MarketRecorder, Retention

BARS_FETCHED_MAX = 50_000
"""Bars that one fetch asks the venue for; older ones it is not asked for."""

_DAY_NS = 86_400 * 10**9

Post = Callable[[Callable[[], None]], None]

_log = get_logger("past_bars")


class KeepingOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Values of the `marketdata` settings that a run keeps data by. snapshot_s: from one feed quality to the next."""

    store_ticks: bool = False
    snapshot_s: float = 300.0
    retention: Retention = Retention()


class MarketDesk:
    """What stands around the market of a core: recording, past bars, listings, held streams, and the way to ask.

    Engine's thread. post: runs a call there, from any thread.
    """

    def __init__(
        self, core: Core, venue: Venue, recorder: MarketRecorder, options: KeepingOptions, *, post: "Post"
    ) -> None:
        self._core, self._venue, self._recorder, self._options = core, venue, recorder, options
        self.recording = Recording(
            core.market,
            recorder,
            source=venue.feed.name,
            now_ns=venue.now_ns,
            store_ticks=options.store_ticks,
        )
        self.inquiry = MarketInquiry(core.market, venue.feed.name)
        self.past_bars = VenueBars(venue, self.recording, post)
        self.listings = Listings(venue.instruments(), core.instruments, core.market.on_instrument)
        self.outside = OutsideMarket(core.market, self.listings, recorder)
        self._held_streams = HeldStreams(core.market)
        for follower in (self.listings, self._held_streams):
            core.bus.subscribe(RecordSaved, follower.on_saved)

    @property
    def snapshot_ns(self) -> int:
        """Time from one snapshot of the feed's quality to the next."""
        return int(self._options.snapshot_s * 1e9)

    def begin(self) -> None:
        """Take over what recovery has brought back, and begin to keep."""
        records = self._core.state.records
        self.listings.begin(records.every(InstrumentEntry))
        self._held_streams.begin(records.every(MarketSubscription))
        self._recorder.start(self._options.retention, self._venue.now_ns)


class VenueBars:
    """Implements `commands.context.PastBars`. post: runs a call on the engine's thread."""

    def __init__(self, venue: Venue, recording: Recording, post: Post) -> None:
        self._venue, self._recording, self._post = venue, recording, post
        self._pool = ThreadPoolExecutor(1, "past-bars")
        self._covered: dict[tuple[str, BarType], tuple[int, int]] = {}

    def fetch(self, wanted: FetchBars, done: Callable[[bool], None]) -> None:
        """Have bars stored, as far as the venue has them."""
        symbol, bar_type, now = wanted.symbol, wanted.bar_type, self._venue.now_ns()
        start_ns = now - wanted.count * shortest_ns(bar_type) if wanted.start_ns is None else wanted.start_ns
        count = self._missing(symbol, bar_type, start_ns, now)
        if not count:
            done(True)  # noqa: FBT003  the port's callback takes the outcome alone
            return

        def settle(stored: bool) -> None:
            if stored:
                earlier = self._covered.get((symbol, bar_type), (start_ns, now))
                self._covered[symbol, bar_type] = (min(earlier[0], start_ns), now)
            done(stored)

        def work() -> None:
            try:
                bars = self._venue.history(symbol, bar_type, count)
            except (WorkstationError, OSError) as error:
                _log.warning("past_bars_not_read", symbol=symbol, reason=str(error))
                self._post(lambda: done(False))  # noqa: FBT003  the same
            else:
                self._recording.keep(bars, lambda stored: self._post(lambda: settle(stored)))

        self._pool.submit(work)

    def close(self) -> None:
        """End the thread; what it has begun it finishes."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _missing(self, symbol: str, bar_type: BarType, start_ns: int, now: int) -> int:
        """Return how many bars lack at the newer end; all from `start_ns` on where the older end lacks any."""
        first, upto = self._covered.get((symbol, bar_type), (now, now))
        since = upto if first <= start_ns else start_ns
        step = shortest_ns(bar_type)
        grid = min(step, _DAY_NS)
        if now // grid <= since // grid:
            return 0
        return min((now - since) // step + 2, BARS_FETCHED_MAX)

"""The way out of the engine: one outbox a consumer, written on the engine's thread, taken on the consumer's.

Rows are lossless within a bound; snapshots are conflated, newest wins. A consumer that falls behind by more than
ROWS_MAX rows is told so and starts afresh; the engine never waits for it.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable

from workstation.domain.market import BarType, Trade
from workstation.viewmodels.frames import (
    AccountSnap,
    BarUpdate,
    DepthSnap,
    Frame,
    PositionSnap,
    QuoteSnap,
    ScreenRow,
    StatusSnap,
)

ROWS_MAX = 50_000
BARS_MAX = 20_000
PRINTS_MAX = 50_000
"""Prints that wait for a screen; beyond, the oldest are left out."""


class Outbox:
    """Conflating mailbox to one screen. `wake` is called from the engine's thread once per idle-to-full change."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._wake = wake
        self._awake = False
        self._rows: list[ScreenRow] = []
        self._bars: list[BarUpdate] = []
        self._live_bars: dict[tuple[str, BarType], BarUpdate] = {}
        self._prints: deque[Trade] = deque(maxlen=PRINTS_MAX)
        self._quotes: dict[str, QuoteSnap] = {}
        self._depths: dict[str, DepthSnap] = {}
        self._positions: dict[tuple[str, str, str], PositionSnap] = {}
        self._accounts: dict[str, AccountSnap] = {}
        self._status: StatusSnap | None = None
        self._overflowed = False

    def put_rows(self, rows: Iterable[ScreenRow]) -> None:
        """Append rows in order and wake the consumer."""
        with self._lock:
            self._rows.extend(rows)
            if len(self._rows) > ROWS_MAX:
                self._rows.clear()
                self._overflowed = True
            wake, self._awake = not self._awake, True
        if wake:
            self._wake()

    def put_snapshots(
        self,
        *,
        quotes: Iterable[QuoteSnap] = (),
        depths: Iterable[DepthSnap] = (),
        bars: Iterable[BarUpdate] = (),
        positions: Iterable[PositionSnap] = (),
        accounts: Iterable[AccountSnap] = (),
        status: StatusSnap | None = None,
        prints: Iterable[Trade] = (),
    ) -> None:
        """Keep the newest of each key; closed bars are kept in order, the live one is replaced."""
        with self._lock:
            self._quotes.update((snap.symbol, snap) for snap in quotes)
            self._depths.update((snap.symbol, snap) for snap in depths)
            self._positions.update(
                ((s.position.account, s.position.symbol, s.position.strategy_id), s) for s in positions
            )
            self._accounts.update((snap.account, snap) for snap in accounts)
            self._status = status or self._status
            self._prints.extend(prints)
            for update in bars:
                self._keep_bar(update)

    def _keep_bar(self, update: BarUpdate) -> None:
        key = (update.symbol, update.bar_type)
        if not update.closed:
            self._live_bars[key] = update
            return
        self._live_bars.pop(key, None)
        self._bars.append(update)
        if len(self._bars) > BARS_MAX:
            self._bars.clear()
            self._overflowed = True

    def take(self) -> Frame:
        """Return everything new and leave the box empty. Call it at the frame rate and when woken."""
        with self._lock:
            frame = Frame(
                rows=self._rows,
                quotes=self._quotes,
                depths=self._depths,
                bars=self._bars + list(self._live_bars.values()),
                positions=self._positions,
                accounts=self._accounts,
                status=self._status,
                overflowed=self._overflowed,
                prints=list(self._prints),
            )
            self._rows, self._bars, self._live_bars = [], [], {}
            self._quotes, self._depths, self._positions, self._accounts = {}, {}, {}, {}
            self._prints.clear()
            self._status, self._overflowed, self._awake = None, False, False
        return frame

"""Gives the sparklines of a watchlist their past: one instrument at a time, so that the engine keeps its time.

Last stage of the tick walk. Asks for bars only; what has no past begins with its first price.
"""

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtCore import QObject, QTimer

from workstation.commands.params import BarsRequest
from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.domain.market import BarKind, BarType
from workstation.domain.orders import OriginKind
from workstation.viewmodels.bars import BarSeries
from workstation.viewmodels.watchlist_trend import BARS_SEEDED, Trends

NEXT_MS = 250
SEEDED_MAX = 100
"""Instruments of one list that get a past; further ones begin with their first price."""

MINUTE = BarType(BarKind.MINUTE, 1)


class TrendSeeding(QObject):
    """Seeds the lines of whatever `trends` returns."""

    def __init__(self, context: DesktopContext, consumer: str, trends: Callable[[], Trends], parent: QObject) -> None:
        super().__init__(parent)
        self._context, self._consumer, self._trends = context, consumer, trends
        self._waiting: deque[str] = deque(maxlen=SEEDED_MAX)
        self._asked: set[str] = set()
        self._stopped = False
        self.timer = QTimer(self, interval=NEXT_MS)
        self.timer.timeout.connect(self._ask_next)

    def want(self, symbols: Iterable[str]) -> None:
        """Seed these instruments; those that were asked for before are left out."""
        self._waiting = deque([symbol for symbol in symbols if symbol not in self._asked][:SEEDED_MAX])
        if self._waiting:
            self.timer.start()

    def stop(self) -> None:
        """End; an answer that comes later changes nothing."""
        self._stopped = True
        self.timer.stop()

    def _ask_next(self) -> None:
        if not self._waiting:
            self.timer.stop()
            return
        symbol = self._waiting.popleft()
        self._asked.add(symbol)
        request = BarsRequest(symbol=symbol, bar_type=MINUTE, count=BARS_SEEDED, goes_on=False)
        origin = self._context.origin(OriginKind.SYSTEM, self._consumer)
        self._context.call("market.bars", request, origin, partial(self._seed, symbol))

    def _seed(self, symbol: str, result: CommandResult) -> None:
        if not self._stopped and isinstance(result.data, BarSeries):
            scale = 10 ** self._context.instrument(symbol).price_decimals
            self._trends().seed(symbol, (result.data.ohlcv[:, 3] * scale).tolist())

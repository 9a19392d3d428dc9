"""Prints that the venue takes back and this run does not know: looked up in the store, beside the tick walk.

A print from before a restart is one, or one that memory had no room for. The engine hears of what a thread of its own
has found, so that the market it goes on with is the one that the next start reads from the store.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from workstation.app.view_only import Storage
from workstation.domain.errors import WorkstationError
from workstation.domain.market import TradeBust
from workstation.kernel.logs import get_logger
from workstation.marketdata.service import MarketData
from workstation.ports.market_data import Scales, TakenBack
from workstation.storage import StoreView
from workstation.storage.market_history import SqlMarketHistory

WAITING_MAX = 1_000
"""Busts that wait to be looked up; beyond, one is left and said so."""

Post = Callable[[Callable[[], None]], None]
_log = get_logger("stored_busts")


class StoredBusts:
    """Looks up from its construction on. post: runs a call on the engine's thread."""

    def __init__(self, store: Storage, market: MarketData, post: Post) -> None:
        self._market, self._post, self._waiting = market, post, 0
        self._pool = ThreadPoolExecutor(1, "stored-busts")
        if isinstance(store, StoreView):
            history = store.history
            market.on_unknown_bust(lambda bust: self._look(history, bust))

    def close(self) -> None:
        """End the thread; what it has begun it finishes."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _look(self, history: SqlMarketHistory, bust: TradeBust) -> None:
        instrument = self._market.instruments[bust.symbol]
        scales = Scales(instrument.price_decimals, instrument.qty_decimals)
        if self._waiting >= WAITING_MAX:
            _log.warning("bust_not_looked_up", symbol=bust.symbol, trade_id=bust.trade_id, reason="too many wait")
            return
        self._waiting += 1

        def work() -> None:
            found = None
            try:
                found = history.taken_back(bust, scales)
            except (WorkstationError, OSError) as error:
                _log.warning("bust_not_looked_up", symbol=bust.symbol, trade_id=bust.trade_id, reason=str(error))
            self._post(lambda: self._looked(bust, found))

        try:
            self._pool.submit(work)
        except RuntimeError:  # its thread has ended with the program
            self._waiting -= 1

    def _looked(self, bust: TradeBust, found: TakenBack | None) -> None:
        self._waiting -= 1
        if found is None:
            _log.info("bust_of_no_known_print", symbol=bust.symbol, trade_id=bust.trade_id)
        else:
            self._market.take_back(found)

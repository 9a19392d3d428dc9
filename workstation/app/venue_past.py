"""A long past of the venue's, worked out aside: years of days may take a second, and the engine keeps its time.

Beside the tick walk: what a series begins with is asked for here before the engine opens it. One thread, begun when it
is first needed; answers are given on the engine's.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from workstation.domain.errors import WorkstationError
from workstation.domain.market import Bar, BarType
from workstation.kernel.logs import get_logger

_log = get_logger("venue_past")

Series = tuple[str, BarType]
"""Symbol and type."""

Read = Callable[[str, BarType, int], Sequence[Bar]]
Heard = Callable[[Series, Sequence[Bar]], None]
Post = Callable[[Callable[[], None]], None]


class VenuePast:
    """Bars of series on their way. read: gives up to so many bars, oldest first, on any thread; post: to the engine.

    Engine thread only, but for what its own thread runs.
    """

    def __init__(self, read: Read, post: Post) -> None:
        self._read, self._post = read, post
        self._sought: dict[tuple[Series, int], list[Heard]] = {}
        self._found: dict[Series, Sequence[Bar]] = {}
        self._pool = ThreadPoolExecutor(1, "venue-past")
        self._is_open = True

    def close(self) -> None:
        """End the thread; whoever still waits is not answered."""
        self._is_open = False
        self._pool.shutdown(wait=True, cancel_futures=True)

    def seek(self, wanted: Mapping[Series, int], then: Callable[[], None]) -> None:
        """Read so many bars of each series aside, then call `then`, in which `take` returns them; at once for none.

        Who asks for as many meanwhile waits for the same reading.
        """
        read: dict[Series, Sequence[Bar]] = {}

        def heard(series: Series, bars: Sequence[Bar]) -> None:
            read[series] = bars
            if len(read) == len(wanted):
                self._found = read
                try:
                    then()
                finally:
                    self._found = {}

        if not wanted or not self._is_open:
            then()
            return
        for sought in wanted.items():
            waiting = self._sought.setdefault(sought, [])
            waiting.append(heard)
            if len(waiting) == 1:
                self._pool.submit(self._work, *sought)

    def take(self, symbol: str, bar_type: BarType) -> Sequence[Bar]:
        """Return what was read of a series, once; empty for what was not."""
        return self._found.pop((symbol, bar_type), ())

    def _work(self, series: Series, count: int) -> None:
        """Read, and answer in any case: the engine reads itself what could not be read here, and meets the fault."""
        bars: Sequence[Bar] = ()
        try:
            bars = self._read(*series, count)
        except (WorkstationError, OSError) as error:
            _log.warning("venue_past_not_read", symbol=series[0], error=repr(error))
        finally:
            self._post(partial(self._arrived, series, count, bars))

    def _arrived(self, series: Series, count: int, bars: Sequence[Bar]) -> None:
        for heard in self._sought.pop((series, count)):
            self._post(partial(heard, series, bars))  # one that fails holds up no other

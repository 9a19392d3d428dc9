"""The past of a chart whose venue has none: says what is stored of it, offers to fetch that, and fetches.

Part of the chart panel. Bars that ticks, volume or a range close are laid from stored prints by themselves, for no
venue has them; anything else is offered. Sends nothing to a venue.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject

from workstation.commands.params import BarsRequest
from workstation.commands.registry import CommandResult
from workstation.desktop.charts.view import ChartView
from workstation.desktop.context import DesktopContext
from workstation.domain.market import COUNTED_KINDS
from workstation.domain.orders import OriginKind
from workstation.marketdata.stored_bars import StoredPast
from workstation.viewmodels.reports_days import day_of

NO_PAST = StoredPast()


class ChartPast(QObject):
    """What is stored of the series shown. loaded: takes the bars that were laid; changed: there is news to show."""

    def __init__(
        self,
        context: DesktopContext,
        panel_id: str,
        chart: ChartView,
        loaded: Callable[[CommandResult], None],
        changed: Callable[[], None],
    ) -> None:
        super().__init__(chart)
        chart.fetch_requested.connect(self.fetch)
        self._context, self._panel_id, self._loaded, self._changed = context, panel_id, loaded, changed
        self._request: BarsRequest | None = None
        self._past = NO_PAST
        self._fetching = False

    @property
    def offers(self) -> bool:
        """Whether something is stored that can be fetched, and is not being fetched."""
        return self._past.rows > 0 and not self._fetching

    def look(self, request: BarsRequest, bars: int) -> None:
        """Ask what is stored where the engine answered so few bars that a past would help; called as they come."""
        self._request, self._past, self._fetching = request, NO_PAST, False
        if not bars or (request.bar_type.kind in COUNTED_KINDS and bars < request.count):
            self._ask("market.stored", self._told)

    def fetch(self) -> None:
        """Have bars laid from what is stored."""
        if self.offers:
            self._fetching = True
            self._ask("market.build_bars", self._laid)
            self._changed()

    def words(self, bars: str) -> str:
        """Return why there are no bars and what would bring some. bars: which ones, such as `1m bars of AAPL`."""
        past = self._past
        if not past.rows:
            return f"No {bars} yet. The first appears with a trade."
        what = "stored bars" if past.is_bars else "stored prints"
        size = "" if past.size is None else f" ({past.size / 1e6:,.1f} MB)"
        if self._fetching:
            return f"Laying {bars} from {past.rows:,} {what}{size}…"
        span = f"from {day_of(past.first)} to {day_of(past.last)}"
        return f"No {bars} yet. {past.rows:,} {what}{size} {span} can fill it."

    def _ask(self, command_id: str, heard: Callable[[CommandResult], None]) -> None:
        request = self._request
        if request is not None:
            origin = self._context.origin(OriginKind.SYSTEM, self._panel_id)
            self._context.call(command_id, request, origin, lambda r: heard(r) if request is self._request else None)

    def forget(self) -> None:
        """Know of nothing: another series is asked for; answers about this one find nobody."""
        self._request, self._past, self._fetching = None, NO_PAST, False

    def _told(self, result: CommandResult) -> None:
        past, request = result.data, self._request
        if isinstance(past, StoredPast) and past.rows and request is not None:
            self._past = past
            if request.bar_type.kind in COUNTED_KINDS:
                self.fetch()
            else:
                self._changed()

    def _laid(self, result: CommandResult) -> None:
        self._past, self._fetching = NO_PAST, False
        if result.ok:
            self._loaded(result)
        else:
            self._context.announcer.say("warning", result.text)
        self._changed()

"""When a ladder recentres by itself: a reason has to hold for the length of a flash before rows move.

The reasons are separate opt-ins of the settings. It only says so; the view waits for a quiet pointer and moves the
rows. Last stage of the tick walk, Qt-free.
"""

from enum import Enum

from workstation.domain.times import NS_PER_S
from workstation.viewmodels.ladder_prices import PriceMap
from workstation.viewmodels.ladder_settings import LadderSettings

FLASH_NS = 500_000_000


class Centring(Enum):
    """What the ladder has to do now."""

    REST = "rest"
    FLASH = "flash"
    MOVE = "move"


class AutoCentre:
    """Follows one price map. Times are monotonic ns of the screen."""

    def __init__(self, mono_ns: int) -> None:
        self._centred_at = mono_ns
        self._flash_from: int | None = None

    def centred(self, mono_ns: int) -> None:
        """Note that the rows were centred, by hand or by a rule."""
        self._centred_at, self._flash_from = mono_ns, None

    def step(
        self, settings: LadderSettings, prices: PriceMap, inside: tuple[int, int] | None, last: int | None, mono_ns: int
    ) -> Centring:
        """Return what to do: flash while a reason holds, move once it has held for FLASH_NS.

        inside: best bid and ask, None while a side is empty.
        """
        if not self._is_due(settings, prices, inside, last, mono_ns):
            self._flash_from = None
            return Centring.REST
        if self._flash_from is None:
            self._flash_from = mono_ns
        return Centring.MOVE if mono_ns - self._flash_from >= FLASH_NS else Centring.FLASH

    def _is_due(
        self, settings: LadderSettings, prices: PriceMap, inside: tuple[int, int] | None, last: int | None, mono_ns: int
    ) -> bool:
        if inside is None or not prices.is_placed:
            return False
        every = settings.centre_every_s * NS_PER_S
        if every and mono_ns - self._centred_at >= every:
            return prices.row_of(sum(inside) // 2) != prices.rows // 2
        if settings.centre_on_inside and any(at_edge(prices, price, settings.edge_rows) for price in inside):
            return True
        return settings.centre_on_last and last is not None and at_edge(prices, last, settings.edge_rows)


def at_edge(prices: PriceMap, price: int, rows: int) -> bool:
    """Tell whether a price lies within so many rows of an edge, or out of view."""
    row = prices.row_of(price)
    return row is None or not rows <= row < prices.rows - rows

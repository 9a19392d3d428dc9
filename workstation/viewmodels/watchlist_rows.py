"""What a row of a watchlist holds: an instrument with its quote, or a heading. Values only, no order and no look."""

import msgspec

from workstation.viewmodels.frames import QuoteSnap

HEADING = "# "


class WatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row. flash: +1 the last price rose just now, -1 it fell; trend: the last price over time, as blocks."""

    entry: str
    rank: int
    quote: QuoteSnap | None = None
    position: int = 0
    flash: int = 0
    focused: bool = False
    trend: str = ""

    @property
    def is_heading(self) -> bool:
        """True for a section row."""
        return self.entry.startswith(HEADING)

"""What instruments are on offer: those that the venue lists, and those that users keep beside it.

Beside the tick walk, engine's thread. The core's own table keeps everything that was ever known, since history names
it; here stands what screens and scripts choose from. It follows the saves of entries.
"""

from collections.abc import Callable, Iterable, Mapping

from workstation.domain.events import RecordSaved
from workstation.domain.instruments import Instrument
from workstation.domain.listing import InstrumentTable
from workstation.domain.records import InstrumentEntry


class Listings:
    """`offered` by symbol. known: the core's table; on_change: told the symbol of an instrument that has changed."""

    def __init__(
        self, venue: Iterable[Instrument], known: Mapping[str, Instrument], on_change: Callable[[str], None]
    ) -> None:
        self.offered = InstrumentTable({row.symbol: row for row in venue})
        self._venue = frozenset(self.offered)
        self._known = known
        self._on_change = on_change

    def begin(self, entries: Iterable[InstrumentEntry]) -> None:
        """Take the entries of a start."""
        for entry in entries:
            self._take(entry)

    def is_venues(self, symbol: str) -> bool:
        """Tell whether the venue lists an instrument, and so prices it."""
        return symbol in self._venue

    def on_saved(self, event: RecordSaved) -> None:
        """Follow a save; those of other records are not of interest."""
        if isinstance(event.record, InstrumentEntry):
            self._take(event.record)

    def _take(self, entry: InstrumentEntry) -> None:
        instrument = self._known.get(entry.symbol)
        if entry.deleted_at is not None and entry.symbol not in self._venue:
            self.offered.pop(entry.symbol, None)
        elif instrument is not None:
            self.offered[entry.symbol] = instrument
        self._on_change(entry.symbol)

"""What every decoder of recorded data offers: rows in order of time, read lazily, with a record of what was unreadable.

Start of the tick walk in replay. A bad row is counted, sampled and left out; nothing is repaired or guessed.
"""

import heapq
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import msgspec

from workstation.domain.instruments import Instrument
from workstation.domain.market import MarketEvent

FAULT_SAMPLES_MAX = 50
RAW_SHOWN_MAX = 200
"""Characters of a bad row that are kept."""


REPEATED = "the same row again"
OTHER_VALUES = "same time as the row above it, other values"
"""Why a bar is left out whose time was played already."""


class Row(NamedTuple):
    """What one recorded row says: events to be played at `ts`, our time of receipt, UTC ns."""

    ts: int
    events: tuple[MarketEvent, ...]


class BadRow(msgspec.Struct, frozen=True):
    """One unreadable row: its line number from 1, why, and its beginning."""

    line: int
    reason: str
    raw: str


class DecodeFaults:
    """Bad rows of one file: counted by reason, the first FAULT_SAMPLES_MAX kept."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.samples: deque[BadRow] = deque(maxlen=FAULT_SAMPLES_MAX)

    @property
    def total(self) -> int:
        """Number of bad rows."""
        return self.counts.total()

    def add(self, line: int, reason: str, raw: bytes | str) -> None:
        """Count a bad row."""
        self.counts[reason] += 1
        text = raw if isinstance(raw, str) else raw[: RAW_SHOWN_MAX * 4].decode("utf-8", "backslashreplace")
        if len(self.samples) < FAULT_SAMPLES_MAX:
            self.samples.append(BadRow(line, reason, text[:RAW_SHOWN_MAX].rstrip()))

    def clear(self) -> None:
        """Begin a new pass."""
        self.counts.clear()
        self.samples.clear()


class ReplaySource(Protocol):
    """One recording."""

    @property
    def name(self) -> str:
        """Name shown as the source."""

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """Instruments that the recording speaks of."""

    @property
    def faults(self) -> DecodeFaults:
        """Bad rows met in the present pass."""

    @property
    def bytes_done(self) -> int:
        """Bytes of the recording read in the present pass."""

    @property
    def bytes_total(self) -> int:
        """Bytes of the recording."""

    @property
    def clock_offset_ns(self) -> int | None:
        """Recorder's clock less the venue's, as far as measured: the smallest difference seen. None: not recorded."""

    def rows(self) -> Iterator[Row]:
        """Begin a pass from the start; rows ascend by ts. Memory does not grow with the recording."""


class MergedSource:
    """Several recordings played as one, by time; at one instant in the order given."""

    def __init__(self, sources: Sequence[ReplaySource]) -> None:
        self._sources = tuple(sources)
        self.name = " + ".join(source.name for source in sources)
        found = {instrument.symbol: instrument for source in sources for instrument in source.instruments}
        self.instruments = tuple(found.values())

    @property
    def faults(self) -> DecodeFaults:
        """Bad rows of all recordings."""
        merged = DecodeFaults()
        for source in self._sources:
            merged.counts.update(source.faults.counts)
            merged.samples.extend(source.faults.samples)
        return merged

    @property
    def bytes_done(self) -> int:
        """Bytes read of all recordings."""
        return sum(source.bytes_done for source in self._sources)

    @property
    def bytes_total(self) -> int:
        """Bytes of all recordings."""
        return sum(source.bytes_total for source in self._sources)

    @property
    def clock_offset_ns(self) -> int | None:
        """Offset of the first recording that has one."""
        return next((found for source in self._sources if (found := source.clock_offset_ns) is not None), None)

    def rows(self) -> Iterator[Row]:
        """Begin a pass over all recordings, merged by time."""
        return heapq.merge(*(source.rows() for source in self._sources), key=lambda row: row.ts)

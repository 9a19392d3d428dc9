"""What a click on an item of the status bar tells: its figures one a line, and when it turns amber and red. Qt-free."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from workstation.domain.market import StreamKind
from workstation.viewmodels.formats import MISSING, time_of_day
from workstation.viewmodels.frames import StatusSnap
from workstation.viewmodels.status_line import (
    LAG_AMBER_MS,
    LAG_RED_MS,
    MEMORY_AMBER_MB,
    MEMORY_GROWTH_AMBER_MB,
    OFFSET_AMBER_MS,
    OFFSET_RED_MS,
    STALE_AMBER_MS,
    STALE_RED_MS,
    STALL_AMBER_MS,
    STALL_RED_MS,
    sparkline,
)

SERIES_TOLD = 5
STALLS_TOLD = 12

Line = tuple[str, str]
"""Name and value."""


class StatusFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the bar knows at this moment.

    screen_ms: from the engine's report to this screen; used_mb, growth_mb: memory and its slope in an hour; series:
    (name, bytes), the largest first; stalls: marked minutes, (UTC ns, ms), newest first.
    """

    status: StatusSnap
    screen_ms: float | None = None
    used_mb: float = 0.0
    growth_mb: float | None = None
    series: Sequence[tuple[str, int]] = ()
    stalls: Sequence[tuple[int, float]] = ()
    version: str = ""


def detail_of(item: str, facts: StatusFacts) -> list[Line]:
    """Return the lines of an item, by the name of its chip; none for an item without figures of its own."""
    kind = item.removeprefix("stream_").removesuffix("_chip")
    if item.startswith("stream_"):
        return list(_stream(StreamKind(kind.upper()), facts.status))
    return list(_DETAILS[kind](facts)) if kind in _DETAILS else []


def _stream(kind: StreamKind, status: StatusSnap) -> Iterator[Line]:
    found = next((stream for stream in status.streams if stream.stream is kind), None)
    if found is None or not found.state:
        yield "State", "no data"
        return
    yield "State", found.state
    yield "Oldest", found.worst_symbol or MISSING
    yield "Its age", f"{found.worst_age_ms:,} ms"
    yield "All streams", f"{found.updates_per_s:,.0f} updates/s"
    yield _bounds(STALE_AMBER_MS, STALE_RED_MS, "ms")


def _latency(facts: StatusFacts) -> Iterator[Line]:
    latency = facts.status.latency
    yield "Gateway", facts.status.venue or facts.status.feed
    newest = (*latency.last, None, None, None, None)
    stages = (latency.key_to_journal, latency.journal_to_sent, latency.sent_to_ack, latency.ack_to_fill)
    names = ("Key to journal", "Journal to sent", "Sent to ack", "Ack to fill")
    for name, pair, last in zip(names, stages, newest, strict=False):
        if pair is None:
            yield name, "no data"
        else:
            mine = MISSING if last is None else f"{last / 1e3:,.2f}"
            yield name, f"{mine} ms, p50 {pair[0] / 1e3:,.2f}, p99 {pair[1] / 1e3:,.2f}"
    if len(latency.acks) > 1:
        yield "Acks, oldest first", sparkline(latency.acks)
    yield "Orders measured", f"{latency.count:,}"


def _lag(facts: StatusFacts) -> Iterator[Line]:
    yield "Engine's timers", f"{facts.status.engine_lag_ms:,.1f} ms late"
    yield "Engine to screen", MISSING if facts.screen_ms is None else f"{facts.screen_ms:,.0f} ms"
    yield _bounds(LAG_AMBER_MS, LAG_RED_MS, "ms")


def _stall(facts: StatusFacts) -> Iterator[Line]:
    yield from ((f"{time_of_day(at)[:5]} UTC", f"{worst:,.0f} ms") for at, worst in facts.stalls[:STALLS_TOLD])
    if not facts.stalls:
        yield "Last hour", "no stall"
    yield "Where it stood", "in the log: stall"
    yield _bounds(STALL_AMBER_MS, STALL_RED_MS, "ms")


def _memory(facts: StatusFacts) -> Iterator[Line]:
    yield "In use", f"{facts.used_mb:,.0f} MB"
    yield "Slope", "told after ten minutes" if facts.growth_mb is None else f"{facts.growth_mb:+,.1f} MB an hour"
    yield from ((name, f"{size / 1e6:,.1f} MB") for name, size in facts.series[:SERIES_TOLD])
    yield "Amber from", f"{MEMORY_AMBER_MB:,} MB, or {MEMORY_GROWTH_AMBER_MB} MB an hour"


def _storage(facts: StatusFacts) -> Iterator[Line]:
    status = facts.status
    yield "State", status.storage_trouble or "durable"
    yield "Newest line", f"{status.journal_seq:,}"
    yield "Queue", f"{status.journal_fill:.0%} full"


def _offset(facts: StatusFacts) -> Iterator[Line]:
    offset = facts.status.clock_offset_ns
    yield "Feed", facts.status.feed
    yield "Feed less here", "no data" if offset is None else f"{offset / 1e6:+,.1f} ms".replace("-", "−")
    yield "Measured", "on arrival, less the shortest way"
    yield _bounds(OFFSET_AMBER_MS, OFFSET_RED_MS, "ms")


def _venue(facts: StatusFacts) -> Iterator[Line]:
    status = facts.status
    yield "Environment", status.environment
    yield "Gateway", f"{status.venue or MISSING} {status.venue_state}"
    yield "Feed", f"{status.feed} {status.feed_state}"
    if status.faults:
        yield "Faults on", ", ".join(status.faults)


def _orders(facts: StatusFacts) -> Iterator[Line]:
    yield "Open", f"{facts.status.open_orders:,}"
    yield "UNKNOWN", f"{facts.status.unknown_orders:,}"


def _rate(facts: StatusFacts) -> Iterator[Line]:
    yield "Updates", f"{facts.status.updates_per_s:,.0f} a second"
    yield "Feed", facts.status.feed


def _api(facts: StatusFacts) -> Iterable[Line]:
    return (("Address", facts.status.api_url or "off"),)


def _version(facts: StatusFacts) -> Iterable[Line]:
    return (("Program", facts.version),)


def _bounds(amber: int, red: int, unit: str) -> Line:
    return "Amber, red from", f"{amber:,}, {red:,} {unit}"


_DETAILS: Mapping[str, Callable[[StatusFacts], Iterable[Line]]] = {
    "venue": _venue,
    "latency": _latency,
    "lag": _lag,
    "offset": _offset,
    "stall": _stall,
    "rate": _rate,
    "open_orders": _orders,
    "storage": _storage,
    "memory": _memory,
    "api": _api,
    "version": _version,
}

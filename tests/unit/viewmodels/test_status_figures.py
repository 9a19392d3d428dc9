"""Figures of the status bar: latency of orders, memory, the feed's clock, stalls, and the hours of a market."""

from __future__ import annotations

import msgspec
import pytest

from tests.helpers.desktop_rig import SECOND, START_NS, order, status
from workstation.domain.market import Aggressor, Bar, BarKind, BarType, StreamKind, Trade
from workstation.domain.orders import OrderState, Origin, OriginKind
from workstation.kernel.clock import VirtualClock
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.history import BarHistory
from workstation.viewmodels.clock_offset import ClockOffset
from workstation.viewmodels.frames import StreamSnap
from workstation.viewmodels.latency import LatencyMeter
from workstation.viewmodels.memory_trend import MemoryTrend, largest, with_rows
from workstation.viewmodels.stall_minutes import StallMinutes
from workstation.viewmodels.status_detail import StatusFacts, detail_of
from workstation.viewmodels.status_line import clock_chip, latency_chip, memory_chip, offset_chip, stall_chip
from workstation.viewmodels.trading_hours import next_event, span


def acked(cl_ord_id: str, *, filled_after_us: int | None = None) -> OrderState:
    ms = 1_000_000
    changes = {"ts_durable": START_NS + 2 * ms, "ts_sent": START_NS + 3 * ms, "ts_acked": START_NS + 7 * ms}
    if filled_after_us is None:
        return order(cl_ord_id, **changes)
    return order(cl_ord_id, cum_qty=100, updated_at=START_NS + 7 * ms + filled_after_us * 1_000, **changes)


def test_latency_tells_the_newest_order_to_its_fill_and_counts_no_waiting_order() -> None:
    meter = LatencyMeter(VirtualClock(START_NS))
    meter.on_order(acked("A"))
    meter.on_order(acked("A", filled_after_us=60_000_000))
    assert meter.snap().ack_to_fill is None
    meter.on_order(acked("B"))
    meter.on_order(acked("B", filled_after_us=1_500))
    meter.on_order(acked("B", filled_after_us=9_000))
    snap = meter.snap()
    assert snap.last == (2_000, 1_000, 4_000, 1_500)
    assert (snap.ack_to_fill, snap.acks, snap.count) == ((1_500, 1_500), (4_000, 4_000), 2)
    chip = latency_chip(status(latency=snap))
    assert chip.text == "key→journal 2.0 →sent 1.0 →ack 4.0 →fill 1.5 ms ██"
    assert "→ack p50 4.00 ms, p99 4.00 ms" in chip.hover


def test_the_first_stage_begins_at_the_key_itself_and_never_at_one_of_another_session() -> None:
    clock = VirtualClock(START_NS - SECOND)
    clock.advance(SECOND)
    for pressed_ns, journal_us in (
        (SECOND - 3_000_000, 5_000),
        (0, 2_000),
        (SECOND + 1, 2_000),
        (SECOND - 61 * SECOND, 2_000),
    ):
        meter = LatencyMeter(clock)
        meter.on_order(msgspec.structs.replace(acked("A"), origin=Origin(OriginKind.HOTKEY, ts_gesture=pressed_ns)))
        assert meter.snap().key_to_journal == (journal_us, journal_us), pressed_ns


def test_a_slope_of_memory_is_told_after_ten_minutes_and_forgets_what_is_older_than_an_hour() -> None:
    trend, minute = MemoryTrend(), 60_000_000_000
    told = [trend.take(300.0 + number, number * minute) for number in range(12)]
    assert told[8] is None
    assert told[9] == pytest.approx(60.0)
    assert trend.take(9_000.0, 11 * minute + 1) == pytest.approx(60.0), "within the minute nothing is added"
    for number in range(12, 80):
        last = trend.take(311.0, number * minute)
    assert last == pytest.approx(0.0)


def history(symbol: str, bars: int) -> BarHistory:
    bar_type = BarType(BarKind.MINUTE, 1)
    made = BarHistory(symbol, bar_type, capacity=100_000)
    for number in range(bars):
        at = START_NS + number * 60 * SECOND
        made.append(Bar(symbol, bar_type, 1, 1, 1, 1, 1, 1, at, at + 60 * SECOND))
    return made


def test_memory_over_its_bound_names_the_largest_series_and_within_it_none() -> None:
    series = largest([history("AAPL", 10), history("MSFT", 5_000), history("EMPTY", 0)])
    assert [name for name, _ in series] == ["bars MSFT 1 minute", "bars AAPL 1 minute"]
    assert memory_chip(999.0, None, series).text == "mem 999 MB"
    over = memory_chip(1_200.0, None, series)
    assert (over.text, over.level) == ("mem 1200 MB · bars MSFT 1 minute OVER", "amber")
    assert "the largest series is bars MSFT 1 minute" in over.hover
    assert with_rows(series, 1_000_000, 3)[0] == ("1,000,000 orders", 2_000_000_000)
    lines = detail_of("memory_chip", StatusFacts(status=status(), used_mb=1_200.0, series=series))
    assert ("bars AAPL 1 minute", f"{history('AAPL', 10).nbytes / 1e6:,.1f} MB") in lines


def tick(at_s: float, ahead_ms: float) -> Trade:
    arrived = START_NS + int(at_s * 1e9)
    return Trade("AAPL", 18_700, 1, Aggressor.BUY, "t", arrived + int(ahead_ms * 1e6), arrived)


def test_the_feeds_clock_is_told_by_the_tick_with_the_shortest_way_of_a_minute() -> None:
    clock = ClockOffset()
    assert offset_chip(status(clock_offset_ns=clock.offset_ns())).text == "clock no data"
    for at_s, ahead_ms in ((0, -40), (1, -3), (2, -90), (30, -7)):
        clock.on_batch([tick(0, 999), tick(at_s, ahead_ms)])
    assert clock.offset_ns() == -3_000_000
    for step in range(1, 13):
        clock.on_batch([tick(30 + 5 * step, -2_500)])
    assert clock.offset_ns() == -2_500_000_000, "what is older than a minute is forgotten"
    chip = offset_chip(status(clock_offset_ns=clock.offset_ns()))
    assert (chip.text, chip.level) == ("clock −2,500 ms OFF", "red")
    assert offset_chip(status(clock_offset_ns=600_000_000)).text == "clock +600 ms apart"


def test_a_stall_marks_its_minute_once_and_the_hour_forgets_it() -> None:
    marks, minute = StallMinutes(), 60 * SECOND
    stalls = [(100.0, 0.3), (101.0, 0.5), (170.0, 0.2)]
    marks.take(stalls[:1], 100.0, START_NS)
    marks.take(stalls[:2], 101.0, START_NS + SECOND)
    marks.take(stalls, 170.0, START_NS + 70 * SECOND)
    assert marks.marked(START_NS + 70 * SECOND) == [(START_NS + minute, 200.0), (START_NS, 500.0)]
    assert marks.marked(START_NS + 60 * minute) == [(START_NS + minute, 200.0)]
    told = detail_of("stall_chip", StatusFacts(status=status(), stalls=marks.marked(START_NS)))
    assert told[0] == ("15:01 UTC", "200 ms")
    assert [(chip.text, chip.level) for chip in map(stall_chip, (9.0, 20.0, 441.0))] == [
        ("gui 9 ms", "ok"), ("gui 20 ms late", "amber"), ("gui 441 ms SLOW", "red"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("calendar", "after_s", "text", "level"),
    [
        ("ALWAYS", 0, "24 h", "muted"),
        ("XNYS", 0, "closes in 6 h 00 m", "muted"),
        ("XNYS", 5 * 3_600 + 3_360, "closes in 4 m", "amber"),
        ("XNYS", 6 * 3_600, "opens in 17 h 30 m", "muted"),
        ("MOON", 0, "no hours", "muted"),
    ],
)
def test_the_clock_tells_what_trading_hours_bring_next(calendar: str, after_s: int, text: str, level: str) -> None:
    now = START_NS + after_s * SECOND
    chip = clock_chip(now, next_event(Calendars(), calendar, now))
    assert chip.text.endswith(f" UTC · {text}")
    assert chip.level == level


def test_a_weekend_is_counted_in_days_and_a_begun_minute_counts() -> None:
    assert [span(ns * SECOND) for ns in (1, 61, 3_600, 2 * 86_400 + 3 * 3_600)] == ["1 m", "2 m", "1 h 00 m", "2 d 3 h"]


def test_every_item_tells_its_figures_and_when_it_turns() -> None:
    stream = StreamSnap(
        stream=StreamKind.QUOTES, state="STALE", worst_age_ms=6_000, worst_symbol="MSFT", updates_per_s=9.0
    )
    facts = StatusFacts(status=status(streams=(stream,), venue="SIM", faults=("freeze",)), version="1.2")
    lines = dict(detail_of("stream_quotes_chip", facts))
    assert (lines["Oldest"], lines["Its age"], lines["Amber, red from"]) == ("MSFT", "6,000 ms", "1,500, 5,000 ms")
    assert detail_of("stream_depth_chip", facts) == [("State", "no data")]
    assert dict(detail_of("venue_chip", facts))["Faults on"] == "freeze"
    meter = LatencyMeter(VirtualClock(START_NS))
    meter.on_order(acked("A"))
    told = dict(detail_of("latency_chip", StatusFacts(status=status(latency=meter.snap(), venue="SIM"))))
    assert (told["Gateway"], told["Sent to ack"]) == ("SIM", "4.00 ms, p50 4.00, p99 4.00")
    assert told["Ack to fill"] == "no data"

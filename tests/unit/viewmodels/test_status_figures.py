"""Figures of the status bar: latency of orders to their fill, and how fast memory grows."""

from __future__ import annotations

import pytest

from tests.helpers.desktop_rig import START_NS, order, status
from workstation.domain.orders import OrderState
from workstation.viewmodels.latency import LatencyMeter
from workstation.viewmodels.memory_trend import MemoryTrend
from workstation.viewmodels.status_line import latency_chip


def acked(cl_ord_id: str, *, filled_after_us: int | None = None) -> OrderState:
    ms = 1_000_000
    changes = {"ts_durable": START_NS + 2 * ms, "ts_sent": START_NS + 3 * ms, "ts_acked": START_NS + 7 * ms}
    if filled_after_us is None:
        return order(cl_ord_id, **changes)
    return order(cl_ord_id, cum_qty=100, updated_at=START_NS + 7 * ms + filled_after_us * 1_000, **changes)


def test_latency_tells_the_newest_order_to_its_fill_and_counts_no_waiting_order() -> None:
    meter = LatencyMeter()
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


def test_a_slope_of_memory_is_told_after_ten_minutes_and_forgets_what_is_older_than_an_hour() -> None:
    trend, minute = MemoryTrend(), 60_000_000_000
    told = [trend.take(300.0 + number, number * minute) for number in range(12)]
    assert told[8] is None
    assert told[9] == pytest.approx(60.0)
    assert trend.take(9_000.0, 11 * minute + 1) == pytest.approx(60.0), "within the minute nothing is added"
    for number in range(12, 80):
        last = trend.take(311.0, number * minute)
    assert last == pytest.approx(0.0)

"""Order latency, stage by stage: gesture to journal, journal to sent, sent to acknowledged. Bounded and exact."""

from collections import deque

from workstation.domain.orders import OrderState
from workstation.viewmodels.frames import LatencySnap

SAMPLES_KEPT = 500


class LatencyMeter:
    """Keeps the stages of the newest orders, in microseconds. Gesture times are monotonic, others wall time."""

    def __init__(self) -> None:
        self._stages: tuple[deque[int], ...] = tuple(deque(maxlen=SAMPLES_KEPT) for _ in range(3))
        self._seen: deque[str] = deque(maxlen=SAMPLES_KEPT)
        self.count = 0

    def on_order(self, order: OrderState) -> None:
        """Take an order's stages once, when it is first acknowledged."""
        if not order.ts_acked or not order.ts_sent or order.cl_ord_id in self._seen:
            return
        self._seen.append(order.cl_ord_id)
        self.count += 1
        journal, sent, acked = self._stages
        if order.ts_durable:
            journal.append(max(order.ts_durable - order.created_at, 0) // 1_000)
            sent.append(max(order.ts_sent - order.ts_durable, 0) // 1_000)
        acked.append(max(order.ts_acked - order.ts_sent, 0) // 1_000)

    def snap(self) -> LatencySnap:
        """Return (p50, p99) of each stage."""
        journal, sent, acked = (_percentiles(stage) for stage in self._stages)
        return LatencySnap(key_to_journal=journal, journal_to_sent=sent, sent_to_ack=acked, count=self.count)


def _percentiles(samples: deque[int]) -> tuple[int, int] | None:
    if not samples:
        return None
    ranked = sorted(samples)
    return ranked[len(ranked) // 2], ranked[min(len(ranked) * 99 // 100, len(ranked) - 1)]

"""Order latency, stage by stage: gesture to journal, to sent, to acknowledged, to filled. Bounded and exact.

The last stage counts orders that fill at once alone: how long a resting order waits is no latency.
"""

from collections import deque

from workstation.domain.orders import OrderState
from workstation.kernel.clock import Clock
from workstation.viewmodels.frames import LatencySnap

SAMPLES_KEPT = 500
ACKS_SHOWN = 12
AT_ONCE_US = 1_000_000
"""A fill within this of the acknowledgement belongs to the order's way out."""
GESTURE_AGE_MAX_NS = 60_000_000_000
"""A gesture that seems older when its order is made is none of this session's clock."""


class LatencyMeter:
    """Keeps the stages of the newest orders, in microseconds. Gesture times are monotonic, others wall time.

    The first stage begins at the key or click; for an order without one, from a script say, where the desk made it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stages: tuple[deque[int], ...] = tuple(deque(maxlen=SAMPLES_KEPT) for _ in range(4))
        self._seen: deque[str] = deque(maxlen=SAMPLES_KEPT)
        self._filled: deque[str] = deque(maxlen=SAMPLES_KEPT)
        self._last: dict[str, tuple[int | None, ...]] = {}
        self.count = 0

    def on_order(self, order: OrderState) -> None:
        """Take an order's stages once each: when it is first acknowledged, and when it first fills."""
        if not order.ts_acked or not order.ts_sent:
            return
        if order.cl_ord_id not in self._seen:
            self._take(order)
        if order.cum_qty and order.cl_ord_id not in self._filled:
            self._filled.append(order.cl_ord_id)
            waited = max(order.updated_at - order.ts_acked, 0) // 1_000
            if waited <= AT_ONCE_US:
                self._stages[3].append(waited)
                if order.cl_ord_id in self._last:
                    self._last[order.cl_ord_id] = (*self._last[order.cl_ord_id][:3], waited)

    def _take(self, order: OrderState) -> None:
        self._seen.append(order.cl_ord_id)
        self.count += 1
        journal, sent, acked, _ = self._stages
        way: tuple[int | None, ...] = (None, None)
        if order.ts_durable:
            journal.append(max(order.ts_durable - self._began(order), 0) // 1_000)
            sent.append(max(order.ts_sent - order.ts_durable, 0) // 1_000)
            way = (journal[-1], sent[-1])
        acked.append(max(order.ts_acked - order.ts_sent, 0) // 1_000)
        self._last = {order.cl_ord_id: (*way, acked[-1], None)}

    def _began(self, order: OrderState) -> int:
        pressed = order.origin.ts_gesture + self._clock.now_ns() - self._clock.mono_ns()
        held = order.origin.ts_gesture and 0 <= order.created_at - pressed <= GESTURE_AGE_MAX_NS
        return pressed if held else order.created_at

    def snap(self) -> LatencySnap:
        """Return (p50, p99) of each stage, the newest order's own, and the newest acknowledgements."""
        journal, sent, acked, filled = (_percentiles(stage) for stage in self._stages)
        return LatencySnap(
            key_to_journal=journal,
            journal_to_sent=sent,
            sent_to_ack=acked,
            ack_to_fill=filled,
            count=self.count,
            last=next(iter(self._last.values()), ()),
            acks=tuple(self._stages[2])[-ACKS_SHOWN:],
        )


def _percentiles(samples: deque[int]) -> tuple[int, int] | None:
    if not samples:
        return None
    ranked = sorted(samples)
    return ranked[len(ranked) // 2], ranked[min(len(ranked) * 99 // 100, len(ranked) - 1)]

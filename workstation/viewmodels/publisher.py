"""The publisher: turns what happens in the core into frames for every screen, at a fixed rate, on the engine's thread.

Last stage of both walks before a screen. Rows go out as they happen, snapshots at the frame rate, figures and status a
few times a second; a quiet instrument is sent again twice a second, so that its age stays true. Reads the core only.
"""

from collections.abc import Callable, Iterable

import msgspec

from workstation.domain.events import BreakFound, LockChanged, RecordSaved, SessionChanged
from workstation.domain.executions import BalanceState, Execution, PositionState
from workstation.domain.market import MarketEvent
from workstation.domain.orders import OrderState
from workstation.domain.times import NS_PER_S
from workstation.kernel.bus import Bus
from workstation.kernel.clock import Clock
from workstation.kernel.logs import LogLine
from workstation.marketdata.service import MarketData
from workstation.orders.results import ExitProgress, OrderAlert
from workstation.strategies.runs import RunStatus, RunView
from workstation.strategies.views import Policy
from workstation.viewmodels.figures import Figures
from workstation.viewmodels.frames import LogRow, Notice, ScreenRow, StatusSnap
from workstation.viewmodels.latency import LatencyMeter
from workstation.viewmodels.market_view import MarketView
from workstation.viewmodels.outbox import Outbox

FRAME_HZ = 30
"""Frames a second where nobody says otherwise."""

QUIET_HZ, FIGURES_HZ, STATUS_HZ = 2.0, 7.5, 3.75
"""How often a second a quiet instrument, figures and status are sent, whatever the frame rate."""


_ROWS: tuple[type, ...] = (OrderState, Execution, PositionState, BalanceState)


class Consumer(msgspec.Struct):
    """One outbox and whether it takes snapshots beside rows."""

    outbox: Outbox
    snapshots: bool


class Publisher:
    """Feeds every outbox. `status` composes the status figures when due; frame_hz: calls of `tick` a second."""

    def __init__(
        self,
        *,
        bus: Bus,
        clock: Clock,
        market: MarketData,
        view: MarketView,
        figures: Figures,
        status: Callable[["Publisher"], StatusSnap],
        first_rows: Callable[[], Iterable[ScreenRow]],
        frame_hz: int = FRAME_HZ,
    ) -> None:
        self.frame_ns = NS_PER_S // frame_hz
        self._every_quiet, self._every_figures, self._every_status = (
            max(1, round(frame_hz / hz)) for hz in (QUIET_HZ, FIGURES_HZ, STATUS_HZ)
        )
        self.latency = LatencyMeter(clock)
        self.updates = 0
        self.rate_per_s = 0.0
        self._clock, self._view, self._figures = clock, view, figures
        self._status, self._first_rows = status, first_rows
        self._consumers: list[Consumer] = []
        self._pending: list[ScreenRow] = []
        self._frame = 0
        self._counted_at = clock.mono_ns()
        self._counted = 0
        for kind in _ROWS:
            bus.subscribe(kind, self._pending.append)
        bus.subscribe(OrderState, self.latency.on_order)
        bus.subscribe(OrderState, view.queue.on_order)
        bus.subscribe(PositionState, figures.on_position)
        bus.subscribe(OrderState, figures.on_order)
        bus.subscribe(ExitProgress, figures.on_exit)
        bus.subscribe(BreakFound, figures.on_break)
        bus.subscribe(OrderAlert, self._on_alert)
        bus.subscribe(LockChanged, self._on_lock)
        bus.subscribe(RecordSaved, lambda saved: self._pending.append(saved.record))
        bus.subscribe(SessionChanged, self._on_session)
        bus.subscribe(RunView, self._on_run)
        market.listen(self._on_batch)

    def open(self, wake: Callable[[], None], *, snapshots: bool) -> Outbox:
        """Return a new outbox; one with snapshots begins with everything open and today's executions."""
        outbox = Outbox(wake)
        self._consumers.append(Consumer(outbox, snapshots))
        if snapshots:
            outbox.put_rows(self._first_rows())
            self._figures.refresh_all()
            self._view.refresh_all()
            self._send_figures()
            outbox.put_snapshots(status=self._status(self))
        return outbox

    def close(self, outbox: Outbox) -> None:
        """Forget an outbox."""
        self._consumers = [consumer for consumer in self._consumers if consumer.outbox is not outbox]

    def flush_rows(self) -> None:
        """Send the rows that have happened since the last call; cheap when there are none."""
        if self._pending:
            rows, self._pending[:] = list(self._pending), []
            for consumer in self._consumers:
                consumer.outbox.put_rows(rows)

    def on_log(self, line: LogLine) -> None:
        """Send one log line; engine thread only."""
        self._pending.append(LogRow(line.at, line.level, line.event, line.fields))

    def notice(self, level: str, text: str, *, cl_ord_id: str = "", line: str = "") -> None:
        """Send one notice."""
        ts = self._clock.now_ns()
        self._pending.append(Notice(level=level, text=text, ts=ts, cl_ord_id=cl_ord_id, line=line))

    def tick(self) -> None:
        """Send one frame's snapshots; called at the frame rate."""
        self._frame += 1
        self.flush_rows()
        if not any(consumer.snapshots for consumer in self._consumers):
            return
        if self._frame % self._every_quiet == 0:
            self._view.refresh_all()
        quotes, depths, bars = self._view.take()
        prints = self._view.take_prints()
        for outbox in self._screens():
            outbox.put_snapshots(quotes=quotes, depths=depths, bars=bars, prints=prints)
        if self._frame % self._every_figures == 0 or self._figures.urgent:
            self._send_figures()
        if self._frame % self._every_status == 0:
            self._measure_rate()
            status = self._status(self)
            for outbox in self._screens():
                outbox.put_snapshots(status=status)

    def _screens(self) -> list[Outbox]:
        return [consumer.outbox for consumer in self._consumers if consumer.snapshots]

    def _send_figures(self) -> None:
        positions, accounts = self._figures.take()
        for outbox in self._screens():
            outbox.put_snapshots(positions=positions, accounts=accounts)

    def _measure_rate(self) -> None:
        now = self._clock.mono_ns()
        span = now - self._counted_at
        if span > 0:
            self.rate_per_s = (self.updates - self._counted) * 1e9 / span
        self._counted, self._counted_at = self.updates, now

    def _on_batch(self, events: list[MarketEvent]) -> None:
        self.updates += len(events)
        self._view.on_batch(events)

    def _on_alert(self, alert: OrderAlert) -> None:
        level = "critical" if alert.severity == "CRITICAL" else "warning"
        self.notice(level, alert.text, cl_ord_id=alert.cl_ord_id)

    def _on_lock(self, change: LockChanged) -> None:
        level = "info" if change.state == "UNLOCKED" else "warning"
        breaks = f" Differences: {'; '.join(change.breaks)}." if change.breaks else ""
        self.notice(level, f"{change.account} {change.state}: {change.reason}.{breaks}")

    def _on_session(self, change: SessionChanged) -> None:
        level = "info" if change.state == "UP" else "warning"
        self.notice(level, f"Venue {change.venue} is {change.state}. {change.reason}".strip())

    def _on_run(self, run: RunView) -> None:
        """Say aloud that a run has failed: nobody may be looking at its panel."""
        if run.status in (RunStatus.FAULTED, RunStatus.STUCK):
            does = {
                Policy.KEEP: "kept",
                Policy.CANCEL: "cancelled",
                Policy.FLATTEN: "cancelled and its positions exited",
            }
            self.notice("critical", f"Run {run.name} has failed: {run.reason}. Its orders are {does[run.policy]}.")


def first_rows(orders: Iterable[OrderState], executions: Iterable[Execution]) -> Iterable[ScreenRow]:
    """Return what a new screen begins with, oldest first."""
    yield from sorted(orders, key=lambda order: order.created_at)
    yield from executions

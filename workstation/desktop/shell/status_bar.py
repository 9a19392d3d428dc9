"""The status bar: age of each stream, order latency, GUI stalls, updates, memory, journal, version.

Freshness and environment stand first and cannot be hidden. The version, which never changes, gives way when the window
is too narrow for all.
"""

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStatusBar

from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.chips import ChipLabel
from workstation.domain.market import StreamKind
from workstation.viewmodels.frames import Frame, StatusSnap
from workstation.viewmodels.status_line import Chip, latency_chip, storage_chip, stream_chip

MEMORY_INTERVAL_MS = 2_000
MEMORY_AMBER_MB = 1_000
STALL_AMBER_MS = 16
STALL_RED_MS = 100


class StatusBar(QStatusBar):
    """Shows each frame's status; memory is read every two seconds."""

    def __init__(self, context: DesktopContext) -> None:
        super().__init__()
        self.setObjectName("status_bar")
        self.setSizeGripEnabled(False)
        self._streams = {kind: ChipLabel(f"stream_{kind.lower()}_chip", f"{kind} age") for kind in StreamKind}
        self._venue = ChipLabel("venue_chip", "Venue link")
        self._latency = ChipLabel("latency_chip", "Order latency")
        self._lag = ChipLabel("lag_chip", "Engine lag")
        self._stall = ChipLabel("stall_chip", "Longest GUI stall of the last minute")
        self._rate = ChipLabel("rate_chip", "Updates a second")
        self._orders = ChipLabel("open_orders_chip", "Open orders")
        self._storage = ChipLabel("storage_chip", "Journal")
        self._memory = ChipLabel("memory_chip", "Memory")
        self._api = ChipLabel("api_chip", "Local REST interface")
        self._version = ChipLabel("version_chip", "Version")
        first = (*self._streams.values(), self._venue, self._latency, self._lag)
        last = (self._orders, self._rate, self._stall, self._storage, self._memory, self._api, self._version)
        self._chips = first + last
        for chip in first:
            self.addWidget(chip)
        for chip in last:
            self.addPermanentWidget(chip)
        self._version.show_chip(Chip(context.bridge.session.version, "muted", "Program version"))
        context.bridge.frame_taken.connect(self._on_frame)
        timer = QTimer(self, interval=MEMORY_INTERVAL_MS)
        timer.timeout.connect(self._show_memory)
        timer.start()

    def show_stall(self, worst_ms: float) -> None:
        """Show the longest time the GUI thread was blocked within the last minute."""
        level = "red" if worst_ms >= STALL_RED_MS else "amber" if worst_ms >= STALL_AMBER_MS else "ok"
        word = " SLOW" if level == "red" else ""
        self._stall.show_chip(Chip(f"gui {worst_ms:.0f} ms{word}", level, "Longest GUI stall of the last minute"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show the version where there is room for it."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        layout = self.layout()
        gap = layout.spacing() if layout is not None else 0
        needed = sum(chip.sizeHint().width() + gap for chip in self._chips)
        self._version.setVisible(needed <= self.width())

    def _on_frame(self, frame: Frame) -> None:
        status = frame.status
        if status is None:
            return
        for stream in status.streams:
            self._streams[stream.stream].show_chip(stream_chip(stream))
        self._show_venue(status)
        self._latency.show_chip(latency_chip(status))
        self._lag.show_chip(Chip(f"lag {status.engine_lag_ms:.0f} ms", "ok", "How late the engine's timers run"))
        self._rate.show_chip(Chip(f"{status.updates_per_s:,.0f} upd/s", "ok", f"From {status.feed}"))
        self._storage.show_chip(storage_chip(status))
        unknown = f", {status.unknown_orders} UNKNOWN" if status.unknown_orders else ""
        level = "red" if status.unknown_orders else "ok"
        self._orders.show_chip(Chip(f"{status.open_orders} open{unknown}", level, "Open orders of all accounts"))
        if status.api_url:
            self._api.show_chip(
                Chip(f"REST {status.api_url.rsplit(':', 1)[-1]}", "ok", f"Local REST: {status.api_url}")
            )
        else:
            self._api.show_chip(Chip("REST off", "muted", "The local REST interface is switched off"))

    def _show_venue(self, status: StatusSnap) -> None:
        up = status.venue_state == "UP"
        hover = f"Feed {status.feed} is {status.feed_state}; venue link is {status.venue_state}"
        if status.faults:
            hover += f"; simulator faults on: {', '.join(status.faults)}"
        text = f"venue {status.venue_state}" + (" · FAULTS ON" if status.faults else "")
        self._venue.show_chip(Chip(text, "red" if not up else "amber" if status.faults else "ok", hover))

    def _show_memory(self) -> None:
        from psutil import Process  # noqa: PLC0415  the window shows first

        used_mb = Process().memory_info().rss / 1e6
        level = "amber" if used_mb >= MEMORY_AMBER_MB else "ok"
        self._memory.show_chip(Chip(f"mem {used_mb:.0f} MB", level, "Resident memory of this process"))
        self._fit()

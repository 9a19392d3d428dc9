"""The status bar: age of each stream, order latency, lag of engine and screen, GUI stalls, memory, journal, version.

Freshness and environment stand first and cannot be hidden. Where the window is too narrow for all, what matters least
gives way, so that nothing is cut. A click tells the detail, a right click hides an item or brings hidden ones back.
"""

from functools import partial

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMenu, QStatusBar, QToolTip

from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.chips import ChipLabel
from workstation.domain.market import StreamKind
from workstation.viewmodels.frames import Frame, StatusSnap
from workstation.viewmodels.memory_trend import MemoryTrend
from workstation.viewmodels.status_line import Chip, lag_chip, latency_chip, memory_chip, storage_chip, stream_chip

MEMORY_INTERVAL_MS = 2_000
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
        self._lag = ChipLabel("lag_chip", "Lag of engine and screen")
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
        self._hidden: set[str] = set()
        self._trend = MemoryTrend()
        self._mono_ns = context.bridge.session.mono_ns
        self._yielding = (
            self._version, self._rate, self._api, self._storage, self._memory, self._lag, self._orders, self._stall,
            self._latency,
        )  # fmt: skip
        for chip in self._chips:
            self.addWidget(chip) if chip in first else self.addPermanentWidget(chip)
            chip.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            chip.customContextMenuRequested.connect(partial(self._offer, chip))
            chip.clicked.connect(partial(self._tell, chip))
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

    @property
    def hidden(self) -> list[str]:
        """Names of the items that a person has hidden."""
        return sorted(self._hidden)

    def hide_items(self, names: list[str]) -> None:
        """Hide these items and no others; freshness and environment stay whatever is asked."""
        self._hidden = set(names) & {chip.objectName() for chip in self._yielding}
        self._fit()

    def menu(self, chip: ChipLabel) -> QMenu:
        """Return what a right click on an item offers."""
        menu = QMenu(self)
        menu.setObjectName("status_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        hide = menu.addAction(
            f"Hide {chip.meaning.lower()}", lambda: self.hide_items([*self._hidden, chip.objectName()])
        )
        hide.setEnabled(chip in self._yielding)
        for hidden in (found for found in self._yielding if found.objectName() in self._hidden):
            kept = [name for name in self._hidden if name != hidden.objectName()]
            menu.addAction(f"Show {hidden.meaning.lower()}", partial(self.hide_items, kept))
        return menu

    def _offer(self, chip: ChipLabel, place: QPoint) -> None:
        self.menu(chip).popup(chip.mapToGlobal(place))

    def _tell(self, chip: ChipLabel) -> None:
        QToolTip.showText(chip.mapToGlobal(QPoint(0, -2 * chip.height())), f"{chip.meaning}: {chip.toolTip()}", chip)

    def _fit(self) -> None:
        """Show what is wanted and has room; what matters least gives way first."""
        layout = self.layout()
        gap = layout.spacing() if layout is not None else 0
        wanted = [chip for chip in self._chips if chip.objectName() not in self._hidden]
        needed = sum(chip.sizeHint().width() + gap for chip in wanted)
        for chip in self._yielding:
            if chip in wanted and needed > self.width():
                wanted.remove(chip)
                needed -= chip.sizeHint().width() + gap
        for chip in self._chips:
            if chip.isHidden() == (chip in wanted):
                chip.setVisible(chip in wanted)

    def _on_frame(self, frame: Frame) -> None:
        status = frame.status
        if status is None:
            return
        for stream in status.streams:
            self._streams[stream.stream].show_chip(stream_chip(stream))
        self._show_venue(status)
        self._latency.show_chip(latency_chip(status))
        screen_ms = max(self._mono_ns() - status.mono_ns, 0) / 1e6 if status.mono_ns else None
        self._lag.show_chip(lag_chip(status, screen_ms))
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
        self._memory.show_chip(memory_chip(used_mb, self._trend.take(used_mb, self._mono_ns())))

    # Qt overrides

    def event(self, event: QEvent) -> bool:
        """Fit the items again when one of them has become longer or shorter."""
        if event.type() is QEvent.Type.LayoutRequest:
            self._fit()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show what there is room for."""
        super().resizeEvent(event)
        self._fit()

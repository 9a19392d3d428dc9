"""The status bar: age of each stream, order latency, lag, clock offset, GUI stalls, memory, journal, version.

Freshness and environment stand first and cannot be hidden. Where the window is too narrow for all, items give way in
the order of YIELDS, those that warn after all others, so that nothing is cut; a last item counts and lists them. A
click tells the detail, a right click hides an item or brings hidden ones back.
"""

import time
from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMenu, QStatusBar

from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.chips import ChipLabel
from workstation.desktop.shell.status_detail import DetailCard
from workstation.desktop.spelt import spelt
from workstation.domain.market import StreamKind
from workstation.viewmodels.frames import Frame, StatusSnap
from workstation.viewmodels.memory_trend import MemoryTrend, with_rows
from workstation.viewmodels.stall_minutes import StallMinutes
from workstation.viewmodels.status_detail import StatusFacts, detail_of
from workstation.viewmodels.status_line import (
    Chip,
    lag_chip,
    latency_chip,
    memory_chip,
    offset_chip,
    stall_chip,
    storage_chip,
    stream_chip,
)

MEMORY_INTERVAL_MS = 2_000
GAP_PX = 6
"""What the toolkit leaves between two items of a status bar."""

YIELDS = (
    "version_chip",
    "rate_chip",
    "api_chip",
    "storage_chip",
    "offset_chip",
    "memory_chip",
    "lag_chip",
    "open_orders_chip",
    "stall_chip",
    "latency_chip",
)
"""What gives way first. What never changes and can be read elsewhere goes before a figure that tells how the machine
does, and that before what a trader decides by. Ages of streams and the venue's link are not here: they stay."""


class StatusBar(QStatusBar):
    """Shows each frame's status; memory is read every two seconds."""

    _fit_due = Signal()

    def __init__(self, context: DesktopContext) -> None:
        super().__init__()
        self.setObjectName("status_bar")
        self.setSizeGripEnabled(False)
        self._streams = {kind: _item(f"stream_{kind.lower()}_chip", f"{kind} age") for kind in StreamKind}
        self._venue = _item("venue_chip", "Venue link")
        self._latency = _item("latency_chip", "Order latency")
        self._lag = _item("lag_chip", "Lag of engine and screen")
        self._offset = _item("offset_chip", "Clock offset")
        self._stall = _item("stall_chip", "Longest GUI stall of the last minute")
        self._rate = _item("rate_chip", "Updates a second")
        self._orders = _item("open_orders_chip", "Open orders")
        self._storage = _item("storage_chip", "Journal")
        self._memory = _item("memory_chip", "Memory")
        self._api = _item("api_chip", "Local REST interface")
        self._version = _item("version_chip", "Version")
        first = (*self._streams.values(), self._venue, self._latency, self._lag, self._offset)
        last = (self._orders, self._rate, self._stall, self._storage, self._memory, self._api, self._version)
        self._more = _item("more_chip", "Items without room")
        self._chips = first + last
        self._hidden: set[str] = set()
        self._context = context
        self._trend, self._stalls = MemoryTrend(), StallMinutes()
        self._used_mb = 0.0
        self._growth_mb: float | None = None
        self._screen_ms: float | None = None
        self._mono_ns = context.bridge.session.mono_ns
        named = {chip.objectName(): chip for chip in self._chips}
        self._yielding = tuple(named[name] for name in YIELDS)
        self._squeezed: list[ChipLabel] = []
        self._is_fit_due = False
        self._fit_due.connect(self._fit, Qt.ConnectionType.QueuedConnection)
        for chip in self._chips:
            self.addWidget(chip) if chip in first else self.addPermanentWidget(chip)
            chip.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            chip.customContextMenuRequested.connect(partial(self._offer, chip))
            chip.clicked.connect(partial(self._tell, chip))
        self._more.hide()
        self.addPermanentWidget(self._more)
        self._more.clicked.connect(self._offer_squeezed)
        self._version.show_chip(Chip(context.bridge.session.version, "muted", "Program version"))
        context.bridge.frame_taken.connect(self._on_frame)
        timer = QTimer(self, interval=MEMORY_INTERVAL_MS)
        timer.timeout.connect(self._show_memory)
        timer.start()

    def show_stall(self, worst_ms: float, stalls: Iterable[tuple[float, float]] = ()) -> None:
        """Show the longest time the GUI thread was blocked within the last minute, and mark the minutes of stalls.

        stalls: (monotonic end, length) in seconds.
        """
        self._stall.show_chip(stall_chip(worst_ms))
        self._stalls.take(stalls, time.monotonic(), time.time_ns())

    @property
    def hidden(self) -> list[str]:
        """Names of the items that a person has hidden."""
        return sorted(self._hidden)

    def hide_items(self, names: list[str]) -> None:
        """Hide these items and no others; freshness and environment stay whatever is asked."""
        self._hidden = set(names) & {chip.objectName() for chip in self._yielding}
        self._fit_soon()

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

    def card(self, chip: ChipLabel) -> DetailCard:
        """Return the card with an item's figures of now."""
        state = self._context.state
        lines = [] if state.status is None else detail_of(chip.objectName(), self._facts(state.status))
        return DetailCard("status_detail", chip.meaning, lines or [("Now", "no data")], self)

    def _facts(self, status: StatusSnap) -> StatusFacts:
        return StatusFacts(
            status=status,
            screen_ms=self._screen_ms,
            used_mb=self._used_mb,
            growth_mb=self._growth_mb,
            series=self._series(),
            stalls=self._stalls.marked(time.time_ns()),
            version=self._context.bridge.session.version,
        )

    def _series(self) -> list[tuple[str, int]]:
        state = self._context.state
        engine = () if state.status is None else state.status.largest
        return with_rows(engine, len(state.orders), len(state.executions))

    def _tell(self, chip: ChipLabel) -> None:
        self.card(chip).stand_above(chip if chip.isVisible() else self._more)

    def squeezed_menu(self) -> QMenu:
        """Return the items that have no room, as they stand; one that is chosen tells its detail."""
        menu = QMenu(self)
        menu.setObjectName("squeezed_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for chip in self._squeezed:
            entry = menu.addAction(spelt(f"{chip.meaning}: {chip.text()}"), partial(self._tell, chip))
            entry.setObjectName(chip.objectName())
        return menu

    def _offer_squeezed(self) -> None:
        menu = self.squeezed_menu()
        menu.popup(self._more.mapToGlobal(QPoint(0, -menu.sizeHint().height())))

    def _fit_soon(self) -> None:
        """Fit the items once the event that asks for it is over, and before anything is painted.

        Showing an item lays the bar and its window out. Within an event of a layout, or while a theme is put on, that
        would begin anew what is under way, and touch items that are about to end.
        """
        if not self._is_fit_due:
            self._is_fit_due = True
            self._fit_due.emit()

    def _fit(self) -> None:
        """Show what is wanted and has room; what matters least gives way first, and what warns last."""
        self._is_fit_due = False
        wanted = [chip for chip in self._chips if chip.objectName() not in self._hidden]
        needed = sum(chip.sizeHint().width() + GAP_PX for chip in wanted)
        squeezed: list[ChipLabel] = []
        if needed > self.width():
            needed += self._more.width_of(f"+{len(self._yielding)}") + GAP_PX
            for chip in sorted(self._yielding, key=lambda chip: chip.warns):
                if chip in wanted and needed > self.width():
                    wanted.remove(chip)
                    squeezed.append(chip)
                    needed -= chip.sizeHint().width() + GAP_PX
        self._squeezed = squeezed
        if squeezed:
            texts = ", ".join(chip.text() for chip in squeezed)
            self._more.show_chip(Chip(f"+{len(squeezed)}", "muted", f"No room for: {texts}. Click to read them."))
        for chip in (*self._chips, self._more):
            seen = bool(squeezed) if chip is self._more else chip in wanted
            if chip.isHidden() == seen:
                chip.setVisible(seen)

    def _on_frame(self, frame: Frame) -> None:
        status = frame.status
        if status is None:
            return
        for stream in status.streams:
            self._streams[stream.stream].show_chip(stream_chip(stream))
        self._show_venue(status)
        self._latency.show_chip(latency_chip(status))
        self._screen_ms = max(self._mono_ns() - status.mono_ns, 0) / 1e6 if status.mono_ns else None
        self._lag.show_chip(lag_chip(status, self._screen_ms))
        self._offset.show_chip(offset_chip(status))
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

        self._used_mb = Process().memory_info().rss / 1e6
        self._growth_mb = self._trend.take(self._used_mb, self._mono_ns())
        self._memory.show_chip(memory_chip(self._used_mb, self._growth_mb, self._series()))

    # Qt overrides

    def event(self, event: QEvent) -> bool:
        """Fit the items again when one of them has become longer or shorter."""
        if event.type() is QEvent.Type.LayoutRequest:
            self._fit_soon()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show what there is room for."""
        super().resizeEvent(event)
        self._fit_soon()


def _item(name: str, meaning: str) -> ChipLabel:
    """Return an item: a click or Return tells its detail, so it is reached by Tab."""
    return ChipLabel(name, meaning, clickable=True)

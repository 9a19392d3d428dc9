"""How long an order takes from a key: until the journal holds it, until its bytes leave, until its row is on screen.

Real key events go to the real window, which trades at the simulated exchange. Times are those that the order itself
keeps; its row is there when the frame that brought it has been folded and shown. The caller starts the desktop and ends
what stands behind it.
"""

import math
import os
import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent

from workstation.commands.params import SetLimit
from workstation.commands.registry import CommandResult
from workstation.desktop.eventloop import Desktop
from workstation.domain.orders import OrderState, OrdStatus, OriginKind
from workstation.viewmodels.frames import Frame

SIDES = ((Qt.Key.Key_F1, "buys joining the bid"), (Qt.Key.Key_F4, "sells joining the ask"))
CLEAR_EVERY = 10
PRESS_MS = 250
"""Each side's turn comes after twice this, beyond the window in which an order is a double."""
FSYNCS = 100
BUDGETS = {"over_fsync_ms_p50": 2.0, "key_to_sent_ms_p99": 10.0, "row_seen_ms_p99": 33.0}
"""Most that a figure may be, in ms, as the architecture has it."""


class KeyMeter(QObject):
    """Presses keys in turn and keeps each order that comes of them, with the ms until its row was shown."""

    def __init__(self, desktop: Desktop, presses: int) -> None:
        super().__init__()
        self._desktop = desktop
        self._left = presses
        self.orders: dict[str, OrderState] = {}
        self.seen_ms: dict[str, float] = {}
        self._timer = QTimer(self, interval=PRESS_MS)
        self._timer.timeout.connect(self._next)
        desktop.bridge.frame_taken.connect(self._take)

    def begin(self, result: CommandResult) -> None:
        """Arm, then press; `result` is the answer to what made room for so many orders."""
        if not result.ok:
            raise RuntimeError(f"{result.code}: {result.text}")
        self._press(Qt.Key.Key_F12, Qt.KeyboardModifier.ControlModifier)
        self._timer.start()

    def _next(self) -> None:
        if not self._left:
            self._desktop.app.exit(0)
        elif self._left % CLEAR_EVERY:
            self._press(SIDES[self._left % len(SIDES)][0])
        else:
            self._press(Qt.Key.Key_Escape)
        self._left -= 1

    def _press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        window = self._desktop.workspace.window
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QCoreApplication.postEvent(window, QKeyEvent(kind, key, modifiers))

    def _take(self, frame: Frame) -> None:
        now = time.monotonic_ns()
        for row in frame.rows:
            if isinstance(row, OrderState) and row.origin.kind is OriginKind.HOTKEY:
                self.seen_ms.setdefault(row.cl_ord_id, (now - row.origin.ts_gesture) / 1e6)
                self.orders[row.cl_ord_id] = row


def measure_keys(desktop: Desktop, folder: Path, *, warm_s: float, presses: int) -> dict[str, float]:
    """Run a desktop that has started, press keys, and return ms at p50 and p99 of each stage.

    folder: on the disk that holds the journal; what one write of 4 KB costs there until it is durable stands beside.
    """
    meter = KeyMeter(desktop, presses)
    room = SetLimit(limit="ORDERS_PER_MINUTE", value="UNLIMITED", reason="benchmark", scope="TENANT", key="")
    context = desktop.context
    QTimer.singleShot(
        round(warm_s * 1e3),
        lambda: desktop.bridge.call("risk.limit", room, context.origin(OriginKind.TICKET), meter.begin),
    )
    desktop.run()
    return keyed(list(meter.orders.values()), list(meter.seen_ms.values()), fsyncs_ms(folder))


def keyed(orders: Sequence[OrderState], seen_ms: Sequence[float], fsync_ms: Sequence[float]) -> dict[str, float]:
    """Return the stages of orders in ms, and `…_in_budget` beside each that has a budget: 1 when it is kept."""
    sent = [order for order in orders if order.ts_sent and order.ts_durable]
    offset = time.time_ns() - time.monotonic_ns()
    began = {order.cl_ord_id: order.origin.ts_gesture + offset for order in sent}
    figures = {
        "orders": float(len(sent)),
        "refused": float(sum(order.status is OrdStatus.REJECTED for order in orders)),
        **spread("fsync_ms", fsync_ms),
        **spread("key_to_journal_ms", [(order.ts_durable - began[order.cl_ord_id]) / 1e6 for order in sent]),
        **spread("key_to_sent_ms", [(order.ts_sent - began[order.cl_ord_id]) / 1e6 for order in sent]),
        **spread("row_seen_ms", seen_ms),
    }
    figures["over_fsync_ms_p50"] = figures["key_to_sent_ms_p50"] - figures["fsync_ms_p50"]
    return figures | {f"{name}_in_budget": float(figures[name] <= most) for name, most in BUDGETS.items()}


def spread(name: str, values: Sequence[float]) -> dict[str, float]:
    """Return median and 99th percentile by nearest rank; of nothing, NaN, which keeps no budget."""
    ranked = sorted(values) or [math.nan]
    return {f"{name}_p{part}": ranked[(len(ranked) * part + 99) // 100 - 1] for part in (50, 99)}


def fsyncs_ms(folder: Path) -> list[float]:
    """Return ms of each of FSYNCS writes of 4 KB that are made durable."""
    took_ms = []
    path = folder / "fsync.bench"
    with path.open("wb", buffering=0) as file:
        for _ in range(FSYNCS):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            took_ms.append((time.perf_counter() - began) * 1e3)
    path.unlink()
    return took_ms

"""Pictures of the running desktop, made by a command: wait for what is to be seen, paint, save, leave.

A picture is saved with a palette of its own colours, a third of the size that full colour takes.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QItemSelectionModel, QPoint, QTimer
from PySide6.QtGui import QImage, QImageWriter, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractButton, QTableView, QWidget

from workstation.desktop.eventloop import Desktop

SETTLE_MS = 3_500
GIVE_UP_MS = 60_000
LOOK_MS, LOOKS_MAX = 100, 200
"""How often, and how many times, a table is looked at for a row that has not come yet."""
PALETTE_COLORS = 256
COLOR_BITS = 5
"""Bits of each channel by which colours count as one while the palette is chosen."""


def take_picture(
    desktop: Desktop,
    file: Path,
    size: tuple[int, int],
    *,
    ready: Callable[[], bool],
    workspace: str = "",
    front: str = "",
    press: str = "",
    first: Sequence[str] = (),
    last: Sequence[str] = (),
    chosen: Sequence[tuple[str, int]] = (),
    alone: bool = False,
    priced: bool = True,
) -> None:
    """Save a picture of the window once it shows live data and `ready` holds, then end the application.

    priced: False where no live data comes.

    workspace: the one that is shown, "" for that of the start. front: panel brought before its tabs, by id, or a
    kind of which one is opened; alone: nothing else is shown. first: buttons, by
    name, clicked at once. press, last: key command and buttons before the picture is taken; chosen: tables, by name,
    and the row that is then selected, from 0.
    Exit code 1 when nothing to be seen came within GIVE_UP_MS.
    """
    if workspace:
        desktop.workspace.workspaces.open(workspace)
    window = desktop.workspace.window
    window.showNormal()
    window.resize(*size)
    if front:
        panel_id = front if front in window.panel_ids else window.shown(front).panel_id
        window.show_panel(panel_id)
        if alone:
            window.toggle_maximised(panel_id)
    waited = QTimer(window, interval=LOOK_MS)

    def look() -> None:
        quotes = desktop.bridge.state.quotes
        if ready() and (not priced or any(quote.bid is not None for quote in quotes.values())):
            waited.stop()
            QTimer.singleShot(SETTLE_MS // 2, act)

    def act() -> None:
        if press:
            desktop.workspace.hotkeys.run_command(press)
        _click(window, last)
        choose(window, chosen, lambda: QTimer.singleShot(SETTLE_MS // 2, save))

    def save() -> None:
        writer = QImageWriter(str(file), b"png")
        writer.setCompression(100)
        desktop.app.exit(0 if writer.write(with_palette(painted(window))) else 1)

    window.complete()
    _click(window, first)
    waited.timeout.connect(look)
    waited.start()
    QTimer.singleShot(GIVE_UP_MS, lambda: desktop.app.exit(1))


def _click(window: QWidget, names: Sequence[str]) -> None:
    for name in names:
        button = window.findChild(QAbstractButton, name)
        if isinstance(button, QAbstractButton):
            button.click()


def choose(
    window: QWidget, rows: Sequence[tuple[str, int]], then: Callable[[], object], looks: int = LOOKS_MAX
) -> None:
    """Select rows of tables once they are there, then call `then`; after so many looks without those that are not."""
    tables = [(window.findChild(QTableView, name), row) for name, row in rows]
    found = [(table, row) for table, row in tables if isinstance(table, QTableView)]
    if looks and any(row >= table.model().rowCount() for table, row in found):
        QTimer.singleShot(LOOK_MS, window, lambda: choose(window, rows, then, looks - 1))
        return
    alone = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
    for table, row in found:
        table.selectionModel().setCurrentIndex(table.model().index(row, 0), alone)
    then()


def painted(window: QWidget) -> QImage:
    """Return the window as an image in device pixels."""
    ratio = window.devicePixelRatio()
    pixmap = QPixmap(window.size() * ratio)
    pixmap.setDevicePixelRatio(ratio)
    painter = QPainter(pixmap)
    window.render(painter, QPoint())
    painter.end()
    return pixmap.toImage()


def with_palette(image: QImage) -> QImage:
    """Return an image in its own commonest colours, each pixel in the nearest of them."""
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    width, height, stride = plain.width(), plain.height(), plain.bytesPerLine()
    flat = np.frombuffer(plain.constBits(), dtype=np.uint8).reshape(height, stride)[:, : width * 3]
    pixels = flat.reshape(-1, 3).astype(np.int32)
    codes = _packed(pixels)
    exact, places, counts = np.unique(codes, return_inverse=True, return_counts=True)
    palette = exact[_commonest(exact, counts)]
    nearest = _nearest(_unpacked(exact), _unpacked(palette))
    indexes = np.zeros((height, (width + 3) // 4 * 4), dtype=np.uint8)
    indexes[:, :width] = nearest[places.reshape(-1)].reshape(height, width)
    result = QImage(indexes.tobytes(), width, height, indexes.shape[1], QImage.Format.Format_Indexed8)
    result.setColorTable([int(color) | 0xFF000000 for color in palette])
    return result.copy()


def _commonest(exact: npt.NDArray[np.int32], counts: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Return where the commonest colours stand, at most one of a shade before the palette is full."""
    order = np.argsort(counts)[::-1]
    shades = _packed(_unpacked(exact[order]) >> (8 - COLOR_BITS))
    _, first = np.unique(shades, return_index=True)
    leaders = order[np.sort(first)][:PALETTE_COLORS]
    rest = order[~np.isin(order, leaders)]
    return np.concatenate([leaders, rest])[:PALETTE_COLORS]


def _packed(rgb: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    return rgb[:, 0] << 16 | rgb[:, 1] << 8 | rgb[:, 2]


def _unpacked(codes: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    return np.stack([codes >> 16, codes >> 8 & 0xFF, codes & 0xFF], axis=1)


def _nearest(colors: npt.NDArray[np.int32], palette: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
    """Return the number of the nearest palette colour for each colour, both (n, 3) of 0 to 255."""
    found = np.empty(len(colors), dtype=np.uint8)
    for start in range(0, len(colors), 4096):
        part = colors[start : start + 4096]
        distance = ((part[:, None, :] - palette[None, :, :]) ** 2).sum(axis=2)
        found[start : start + 4096] = distance.argmin(axis=1)
    return found

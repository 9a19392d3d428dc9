"""Where windows stand: boxes as shares of a screen and back, and whatever no screen shows moved into view."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

SEEN_PX_MIN = 48
"""Width and height of a window that must be on a screen for it to be within reach."""


def box_of(shares: Sequence[float], screen: QRect, least: QSize) -> QRect:
    """Return the box of x, y, width and height as shares of a screen, no smaller than `least`, moved into it."""
    x, y, width, height = shares if len(shares) == 4 else (0.0, 0.0, 1.0, 1.0)
    wanted = QRect(
        screen.x() + round(x * screen.width()),
        screen.y() + round(y * screen.height()),
        max(round(width * screen.width()), least.width()),
        max(round(height * screen.height()), least.height()),
    )
    return within(wanted, screen)


def shares_of(box: QRect, screen: QRect) -> list[float]:
    """Return x, y, width and height of a box as shares of a screen."""
    return [
        round((box.x() - screen.x()) / screen.width(), 4),
        round((box.y() - screen.y()) / screen.height(), 4),
        round(box.width() / screen.width(), 4),
        round(box.height() / screen.height(), 4),
    ]


def within(box: QRect, screen: QRect) -> QRect:
    """Return a box moved, and cut where it is larger, into a screen."""
    width, height = min(box.width(), screen.width()), min(box.height(), screen.height())
    left = min(max(box.x(), screen.x()), screen.x() + screen.width() - width)
    top = min(max(box.y(), screen.y()), screen.y() + screen.height() - height)
    return QRect(left, top, width, height)


def is_seen(box: QRect) -> bool:
    """Tell whether any screen shows so much of a box that a pointer can take hold of it."""
    shown = (screen.availableGeometry().intersected(box) for screen in QGuiApplication.screens())
    return any(part.width() >= SEEN_PX_MIN and part.height() >= SEEN_PX_MIN for part in shown)


def saved_geometry(box: QRect) -> str:
    """Return a box in the toolkit's own saved form, hexadecimal, as the docking library reads it."""
    probe = QWidget()
    probe.setGeometry(box)
    return bytes(probe.saveGeometry().toHex().data()).decode("ascii")

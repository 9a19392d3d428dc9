"""One icon family, drawn as 16-unit outlines and tinted by the active theme.

Each file in `resources/icons` strokes with `currentColor`; the engine below puts a theme role in its place when the
icon is painted, so an icon handed out once follows every later theme, scale and disabled state by itself. `app` keeps
its own colours.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import cache
from typing import Final

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from workstation.config.resources import resource_path, resource_text
from workstation.desktop.theme import current_theme
from workstation.domain.errors import NotFound

RENDERED_MAX: Final = 512  # pixmaps kept: about 50 icons, a few colours, two scales
_DIMMED_MODES: Final = frozenset({QIcon.Mode.Disabled})


@cache
def icon_names() -> frozenset[str]:
    """Return the names that `icon` accepts."""
    return frozenset(file.stem for file in resource_path("icons").glob("*.svg"))


def icon(name: str, role: str = "text") -> QIcon:
    """Return an icon tinted by a colour role of whatever theme is active when it is painted.

    Raises: NotFound for a name without a file; AttributeError for a role that no theme has.
    """
    if name not in icon_names():
        raise NotFound("icon", name)
    getattr(current_theme().colors, role)
    return QIcon(_TintedEngine(name, role))


class _Pixmaps:
    """Rendered pixmaps by (name, colour, size in device pixels), least recently used dropped first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str, int, int], QPixmap] = OrderedDict()

    def rendered(self, name: str, color: QColor, size: QSize) -> QPixmap:
        key = (name, color.name(), size.width(), size.height())
        pixmap = self._kept.get(key)
        if pixmap is None:
            pixmap = self._kept[key] = _drawn(name, color, size)
            if len(self._kept) > RENDERED_MAX:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return pixmap


_pixmaps = _Pixmaps()


def _drawn(name: str, color: QColor, size: QSize) -> QPixmap:
    if size.isEmpty():  # a tab without room asks too
        return QPixmap()
    pixmap = QPixmap(size)
    pixmap.fill(Qt.GlobalColor.transparent)
    drawing = resource_text("icons", f"{name}.svg").replace("currentColor", color.name())
    renderer = QSvgRenderer(QByteArray(drawing.encode()))
    painter = QPainter(pixmap)
    side = min(size.width(), size.height())
    renderer.render(painter, QRectF((size.width() - side) / 2, (size.height() - side) / 2, side, side))
    painter.end()
    return pixmap


class _TintedEngine(QIconEngine):
    """Paints one drawing in the role's colour of the theme active at that moment."""

    def __init__(self, name: str, role: str) -> None:
        super().__init__()
        self._name = name
        self._role = role

    def _pixmap(self, size: QSize, mode: QIcon.Mode) -> QPixmap:
        colors = current_theme().colors
        color: QColor = colors.text_disabled if mode in _DIMMED_MODES else getattr(colors, self._role)
        return _pixmaps.rendered(self._name, color, size)

    # --- Qt overrides ---

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        ratio = painter.device().devicePixelRatio()
        painter.drawPixmap(rect, self._pixmap(rect.size() * ratio, mode))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self._pixmap(size, mode)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        pixmap = QPixmap(self._pixmap(size, mode))
        pixmap.setDevicePixelRatio(scale)
        return pixmap

    def actualSize(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QSize:
        return size

    def isNull(self) -> bool:
        return False

    def clone(self) -> QIconEngine:
        return _TintedEngine(self._name, self._role)

"""What stands above a panel: its link group, chosen by a click, shown by letter and colour, and its strip."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from workstation.desktop.shell.panel import Panel
from workstation.desktop.shell.panel_strip import PanelStrip
from workstation.desktop.theme import current_theme, theme_notifier
from workstation.viewmodels.focus import LINK_GROUPS

CHIP_PX = 16


class PanelHeader(QToolButton):
    """The link chip of one panel."""

    def __init__(self, panel: Panel) -> None:
        super().__init__()
        self._panel = panel
        self.setObjectName(f"{panel.panel_id}_link")
        self.setAutoRaise(True)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setMenu(self._build_menu())
        panel.link_changed.connect(self._show)
        theme_notifier().changed.connect(self._show)
        self._show()

    @staticmethod
    def wrap(panel: Panel) -> QWidget:
        """Return the panel under its strip, with its link chip in the corner when it has an instrument."""
        holder = QWidget()
        holder.setObjectName(f"{panel.panel_id}_holder")
        holder.setFocusProxy(panel)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        if panel.linked:
            column.addLayout(_linked_bar(panel))
        column.addWidget(PanelStrip(panel))
        column.addWidget(panel, 1)
        return holder

    def _build_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setObjectName(f"{self._panel.panel_id}_link_menu")
        for group in ("", *LINK_GROUPS):
            action = QAction(group or "Not linked", menu)
            action.setObjectName(f"{self._panel.panel_id}_link_{group or 'none'}")
            action.triggered.connect(lambda _checked=False, group=group: self._panel.set_link_group(group))
            menu.addAction(action)
        menu.aboutToShow.connect(lambda: self._paint_menu(menu))
        return menu

    def _paint_menu(self, menu: QMenu) -> None:
        for action in menu.actions():
            group = action.text()
            if group in LINK_GROUPS:
                action.setIcon(_chip(group))

    def _show(self, *_: object) -> None:
        group = self._panel.link_group
        self.setIcon(_chip(group))
        self.setToolTip(f"Link group {group}" if group else "Not linked: click to join a link group")
        self.setAccessibleName(f"{self._panel.title} link group {group or 'none'}")


def _linked_bar(panel: Panel) -> QHBoxLayout:
    bar = QHBoxLayout()
    bar.setContentsMargins(4, 2, 4, 2)
    bar.setSpacing(4)
    bar.addWidget(PanelHeader(panel))
    header = panel.header_widget()
    if header is None:
        bar.addStretch(1)
    else:
        bar.addWidget(header, 1)
    return bar


def _chip(group: str) -> QIcon:
    theme = current_theme()
    pixmap = QPixmap(CHIP_PX * 2, CHIP_PX * 2)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if group:
        painter.setBrush(getattr(theme.colors, f"link_{group.lower()}"))
        painter.setPen(Qt.PenStyle.NoPen)
    else:
        painter.setPen(theme.colors.text_muted)
    painter.drawRoundedRect(1, 1, CHIP_PX - 2, CHIP_PX - 2, 3, 3)
    if group:
        font = painter.font()
        font.setPixelSize(CHIP_PX - 6)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor("#10141a"))
        painter.drawText(0, 0, CHIP_PX, CHIP_PX, Qt.AlignmentFlag.AlignCenter, group)
    painter.end()
    return QIcon(pixmap)

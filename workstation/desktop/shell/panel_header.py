"""What stands above a panel: its links of instrument and interval, by letter, colour and shape, and its strip."""

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QAction, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from workstation.desktop.shell.low_scroll import LowScroll
from workstation.desktop.shell.panel import Panel
from workstation.desktop.shell.panel_strip import PanelStrip
from workstation.desktop.shell.tab_order import step_focus
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
        menu = group_menu(self, f"{panel.panel_id}_link", panel.set_link_group)
        if panel.interval:
            menu.addSeparator()
            menu.addMenu(interval_menu(menu, panel))
        self.setMenu(menu)
        panel.link_changed.connect(self._show)
        theme_notifier().changed.connect(self._show)
        self._show()

    @staticmethod
    def wrap(panel: Panel, holder: "PanelHolder | None" = None) -> QWidget:
        """Return the panel under its strip, with its link chips in the corner when it has an instrument.

        holder: an empty one, which stands in its place already: what moves is styled anew with all that it holds.
        """
        holder = holder or PanelHolder()
        holder.setObjectName(f"{panel.panel_id}_holder")
        holder.setFocusProxy(panel)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        if panel.linked:
            column.addLayout(_linked_bar(panel))
        column.addWidget(PanelStrip(panel))
        column.addWidget(LowScroll(panel, holder) if panel.scrolls else panel, 1)
        return holder

    def _show(self, *_: object) -> None:
        group = self._panel.link_group
        self.setIcon(_chip(group))
        self.setToolTip(f"Link group {group}" if group else "Not linked: click to join a link group")
        self.setAccessibleName(f"{self._panel.title} link group {group or 'none'}")


class PanelHolder(QWidget):
    """A panel under its strip and its chips: Tab goes through them, then on to the rest of the window."""

    # Qt overrides

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002  the toolkit's signature
        """Move the keyboard to the next control as it stands in the window, a floating one too."""
        return step_focus(self.window(), forward=next)


class IntervalChip(QToolButton):
    """The interval link of one panel; it is there while the panel is in one."""

    def __init__(self, panel: Panel) -> None:
        super().__init__()
        self._panel = panel
        self.setObjectName(f"{panel.panel_id}_interval_link")
        self.setAutoRaise(True)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setMenu(interval_menu(self, panel))
        panel.link_changed.connect(self._show)
        theme_notifier().changed.connect(self._show)
        self._show()

    def _show(self, *_: object) -> None:
        group = self._panel.interval_group
        self.setIcon(_chip(group, clock=True))
        self.setToolTip(f"Interval link {group}: charts in it show one interval")
        self.setAccessibleName(f"{self._panel.title} interval link {group or 'none'}")
        self.setVisible(bool(group))


def interval_menu(parent: QWidget, panel: Panel) -> QMenu:
    """Return the menu that puts a panel into an interval link."""
    menu = group_menu(parent, f"{panel.panel_id}_interval_link", panel.set_interval_group, clock=True)
    menu.setTitle("Interval link")
    return menu


def group_menu(parent: QWidget, name: str, join: Callable[[str], None], *, clock: bool = False) -> QMenu:
    """Return a menu of no group and of each group, by letter and colour."""
    menu = QMenu(parent)
    menu.setObjectName(f"{name}_menu")
    for group in ("", *LINK_GROUPS):
        action = QAction(group or "Not linked", menu)
        action.setObjectName(f"{name}_{group or 'none'}")
        action.triggered.connect(lambda _checked=False, group=group: join(group))
        menu.addAction(action)
    menu.aboutToShow.connect(lambda: _paint_menu(menu, clock=clock))
    return menu


def _paint_menu(menu: QMenu, *, clock: bool) -> None:
    for action in menu.actions():
        group = action.text()
        if group in LINK_GROUPS:
            action.setIcon(_chip(group, clock=clock))


def _linked_bar(panel: Panel) -> QHBoxLayout:
    bar = QHBoxLayout()
    bar.setContentsMargins(4, 2, 4, 2)
    bar.setSpacing(4)
    bar.addWidget(PanelHeader(panel))
    if panel.interval:
        bar.addWidget(IntervalChip(panel))
    header = panel.header_widget()
    if header is None:
        bar.addStretch(1)
    else:
        bar.addWidget(header, 1)
    return bar


def _chip(group: str, *, clock: bool = False) -> QIcon:
    """Return a group's letter on its colour: a square for instruments, a disc for intervals, like a clock's face."""
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
    corner = CHIP_PX / 2 if clock else 3
    painter.drawRoundedRect(QRectF(1, 1, CHIP_PX - 2, CHIP_PX - 2), corner, corner)
    if group:
        font = painter.font()
        font.setPixelSize(CHIP_PX - 6)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(theme.colors.surface)
        painter.drawText(0, 0, CHIP_PX, CHIP_PX, Qt.AlignmentFlag.AlignCenter, group)
    painter.end()
    return QIcon(pixmap)

"""The docks of one window by panel id: where each stands, read from a layout's tree and told as one.

The only place that speaks with the docking library about panels; what stands in a dock is the window's business.
"""

from collections.abc import Collection, Container, Iterator, Mapping
from contextlib import contextmanager

import PySide6QtAds as QtAds
from PySide6.QtCore import QByteArray, QEvent, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QAbstractButton, QWidget
from shiboken6 import delete

from workstation.desktop.shell.drop_marks import DropMarks
from workstation.desktop.shell.layouts import FloatEntry, Layout, Node
from workstation.desktop.shell.layouts_xml import FLOATING, from_xml, to_xml
from workstation.desktop.shell.maximised import Maximised
from workstation.desktop.shell.window_place import box_of, saved_geometry, shares_of

FLOAT_WIDTH, FLOAT_HEIGHT = 240, 160
"""Least size of panels that float."""

_FLAGS = QtAds.CDockManager.eConfigFlag


def configure_docking() -> None:
    """Set the docking library's options; once, before the first window."""
    flags = _FLAGS.DefaultOpaqueConfig | _FLAGS.FocusHighlighting | _FLAGS.AllTabsHaveCloseButton
    flags &= ~(_FLAGS.XmlCompressionEnabled | _FLAGS.DockAreaHasUndockButton | _FLAGS.DockAreaHasCloseButton)
    flags &= ~_FLAGS.DoubleClickUndocksWidget
    flags |= _FLAGS.DisableTabTextEliding  # a bar without room scrolls, and its menu names every tab
    QtAds.CDockManager.setConfigFlags(flags | _FLAGS.MiddleMouseButtonClosesTab)


class Docks(QObject):
    """Every dock of a window. `docking` is the library's widget that holds them.

    Emits: closed(panel id) when a person closed a dock.
    """

    closed = Signal(str)

    def __init__(self, holder: QWidget) -> None:
        super().__init__(holder)
        self.setObjectName("docks")
        self.docking = QtAds.CDockManager(holder)
        self.docking.setObjectName("docking")
        self.docking.setStyleSheet("")
        self.docking.dockAreaCreated.connect(self._on_area)
        self.maximised = Maximised(self.docking)
        self._marks = DropMarks(self.docking, framed=QGuiApplication.platformName() == "xcb")
        self._docks: dict[str, QtAds.CDockWidget] = {}
        self._leaving: list[QtAds.CDockWidget] = []

    @property
    def ids(self) -> Collection[str]:
        """The id of every panel that has a dock, in the order of the layout."""
        return self._docks.keys()

    def add(self, panel_id: str, title: str) -> None:
        """Make an empty dock at the right."""
        self.maximised.end()
        self._docks[panel_id] = self._made(panel_id, title)
        self._stand(self._docks[panel_id], None)

    def _made(self, panel_id: str, title: str) -> QtAds.CDockWidget:
        dock = QtAds.CDockWidget(self.docking, title)
        dock.setObjectName(panel_id)
        dock.setFeature(QtAds.CDockWidget.DockWidgetDeleteOnClose, False)  # noqa: FBT003  the library's signature
        dock.setMinimumSizeHintMode(QtAds.CDockWidget.MinimumSizeHintFromDockWidget)
        dock.closed.connect(lambda: self.closed.emit(panel_id))
        dock.tabWidget().installEventFilter(self)
        dock.setWidget(QWidget(), QtAds.CDockWidget.ForceNoScrollArea)
        _name_tab(dock, title)
        return dock

    def _stand(self, dock: QtAds.CDockWidget, beside: QtAds.CDockWidget | None) -> None:
        """Place a new dock at the right, or among the tabs of another one, which moves nothing else."""
        if beside is None:
            self.docking.addDockWidget(QtAds.DockWidgetArea.RightDockWidgetArea, dock)
        else:
            self.docking.addDockWidget(QtAds.DockWidgetArea.CenterDockWidgetArea, dock, beside.dockAreaWidget())

    def fill(self, panel_id: str, widget: QWidget) -> None:
        """Put a widget into a dock, in place of what was there."""
        dock = self._docks[panel_id]
        dock.takeWidget().deleteLater()
        dock.setWidget(widget, QtAds.CDockWidget.ForceNoScrollArea)

    def settle(self, panel_id: str) -> None:
        """Give what a dock holds its place now, so that a press finds it."""
        layout = self._docks[panel_id].layout()
        if layout is not None:
            layout.activate()

    def retitle(self, panel_id: str, title: str) -> None:
        """Give a dock another title."""
        self._docks[panel_id].setWindowTitle(title)
        _name_tab(self._docks[panel_id], title)

    def remove(self, panel_id: str) -> bool:
        """End a dock; returns whether there was one."""
        dock = self._docks.pop(panel_id, None)
        if dock is None:
            return False
        self.maximised.end()
        self._end(dock)
        return True

    def _end(self, dock: QtAds.CDockWidget) -> None:
        self.docking.removeDockWidget(dock)
        dock.deleteLater()

    @contextmanager
    def unseen(self) -> Iterator[None]:
        """Hide all docks while many go and come: each one that goes would bring the next of its tabs to the front."""
        was_hidden = self.docking.isHidden()
        self.docking.hide()
        try:
            yield
        finally:
            self.docking.setHidden(was_hidden)

    def empty(self) -> None:
        """End what every dock holds, before any of them moves: one that does is styled anew with all that it holds."""
        self.maximised.end()
        for dock in self._docks.values():
            for part in dock.widget().findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
                delete(part)
            delete(dock.takeWidget())
            dock.setWidget(QWidget(), QtAds.CDockWidget.ForceNoScrollArea)

    def clear(self) -> None:
        """End every dock and what it holds."""
        self.empty()
        for panel_id in tuple(self._docks):
            self.remove(panel_id)

    def renew(self, titles: Mapping[str, str]) -> None:
        """Have an empty dock of each id, in this order. One that is there stays; others go when a layout is arranged.

        A window that floats goes with all its docks: what stood in it is made anew.
        """
        self.empty()
        for panel_id in [panel_id for panel_id, dock in self._docks.items() if dock.isInFloatingContainer()]:
            self.remove(panel_id)
        before, self._docks = self._docks, {}
        self._leaving = [dock for panel_id, dock in before.items() if panel_id not in titles]
        standing = next(iter(before.values()), None)
        for panel_id, title in titles.items():
            if panel_id in before:
                self._docks[panel_id] = before[panel_id]
                self.retitle(panel_id, title)
                continue
            self._docks[panel_id] = self._made(panel_id, title)
            self._stand(self._docks[panel_id], standing)
            standing = standing or self._docks[panel_id]

    def show(self, panel_id: str) -> None:
        """Bring a dock to the front of its tabs, and out from behind one that is shown alone."""
        if not self._docks[panel_id].dockAreaWidget().isVisible():
            self.maximised.end()
        self._docks[panel_id].setAsCurrentTab()

    def is_front(self, panel_id: str) -> bool:
        """Tell whether a dock is the one that its area shows."""
        return bool(self._docks[panel_id].isCurrentTab())

    def front_at(self, at: QPoint) -> str:
        """Return the dock in front of its tabs that is seen at a point of the screen, "" for none."""
        seen = (name for name, dock in self._docks.items() if dock.isVisible() and dock.isCurrentTab())
        here = (name for name in seen if self._docks[name].rect().contains(self._docks[name].mapFromGlobal(at)))
        return next(here, "")

    def fronts(self) -> list[str]:
        """Return the docks in front of their tabs that are in sight, from the left and the top, floating ones last."""
        found = {
            panel_id: (dock.isInFloatingContainer(), dock.mapToGlobal(dock.rect().topLeft()))
            for panel_id, dock in self._docks.items()
            if dock.isVisible() and dock.isCurrentTab()
        }
        return sorted(found, key=lambda panel_id: (found[panel_id][0], found[panel_id][1].x(), found[panel_id][1].y()))

    def tabs_with(self, panel_id: str) -> list[str]:
        """Return the docks of an area in the order of its tabs."""
        return [dock.objectName() for dock in self._docks[panel_id].dockAreaWidget().openedDockWidgets()]

    def float_or_dock(self, panel_id: str) -> None:
        """Let a dock float, or one that floats stand at the right again."""
        self.maximised.end()
        dock = self._docks[panel_id]
        if dock.isInFloatingContainer():
            self.docking.addDockWidget(QtAds.DockWidgetArea.RightDockWidgetArea, dock)
        else:
            dock.setFloating()

    def join(self, panel_id: str, other: str) -> None:
        """Move a dock among the tabs of another one."""
        area = self._docks[other].dockAreaWidget()
        self.docking.addDockWidget(QtAds.DockWidgetArea.CenterDockWidgetArea, self._docks[panel_id], area)

    def toggle_maximised(self, panel_id: str) -> None:
        """Show the area of a dock alone, or all again."""
        self.maximised.toggle(self._docks[panel_id])

    def lock(self, *, locked: bool) -> None:
        """Freeze where docks stand and that they are open, or set them free."""
        features = QtAds.CDockWidget.DockWidgetFeature
        frozen = features.DockWidgetMovable | features.DockWidgetClosable | features.DockWidgetFloatable
        self.docking.lockDockWidgetFeaturesGlobally(frozen if locked else features.NoDockWidgetFeatures)

    def arrange(self, layout: Layout, screen: QRect) -> bool:
        """Put the docks where a layout says; returns whether the docking library took it. screen: the room there is."""
        known = {name: _only(node, self._docks) for name, node in layout.dock.items()}
        least = QSize(FLOAT_WIDTH, FLOAT_HEIGHT)
        boxes = {
            over.root: saved_geometry(box_of(over.geometry, screen, least))
            for over in layout.floating
            if tabs_below(known, over.root)
        }
        state = to_xml(Layout(name=layout.name, panel=layout.panel, dock=known), boxes)
        taken = bool(self.docking.restoreState(QByteArray(state), layout.version))
        leaving, self._leaving = self._leaving, []
        for dock in leaving:
            self._end(dock)
        return taken

    def show_placeless(self) -> list[str]:
        """Dock at the right what a layout gave no place; returns those panels."""
        placeless = [(panel_id, dock) for panel_id, dock in self._docks.items() if dock.isClosed()]
        for _, dock in placeless:
            self.docking.addDockWidget(QtAds.DockWidgetArea.RightDockWidgetArea, dock)
            dock.toggleView(True)  # noqa: FBT003  the library's signature
        return [panel_id for panel_id, _ in placeless]

    def trees(self, screen: QRect, closed: str = "") -> tuple[dict[str, Node], list[FloatEntry]]:
        """Return where docks stand and what floats, as shares of a screen; `closed` as if still open."""
        dock = from_xml(self.maximised.state or bytes(self.docking.saveState(1).data()), closed=closed)
        floating = []
        for root in (name for name in dock if name.startswith(FLOATING) and name.count("-") == 1):
            top = self._docks[tabs_below(dock, root)[0]].window()
            floating.append(FloatEntry(root, shares_of(top.geometry(), screen)))
        return dock, floating

    def _on_area(self, area: QtAds.CDockAreaWidget) -> None:
        _name_buttons(area)
        area.titleBar().tabBar().horizontalScrollBar().rangeChanged.connect(self._keep_tabs)

    def _keep_tabs(self, *_: object) -> None:
        """Keep the tab of each shown panel in view where a bar of tabs has less room than before."""
        for dock in self._docks.values():
            if dock.dockAreaWidget() is not None and dock.isCurrentTab():
                dock.dockAreaWidget().titleBar().tabBar().ensureWidgetVisible(dock.tabWidget(), 0, 0)

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Show a panel alone, or all again, by a double click on its tab; let one that is dropped with Ctrl float."""
        if isinstance(watched, QtAds.CDockWidgetTab) and isinstance(event, QMouseEvent):
            if event.type() is QEvent.Type.MouseButtonDblClick:
                self.maximised.toggle(watched.dockWidget())
                return True
            dropped = event.type() is QEvent.Type.MouseButtonRelease
            if dropped and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self._marks.refuse()
        return super().eventFilter(watched, event)


def _name_tab(dock: QtAds.CDockWidget, title: str) -> None:
    """Let a screen reader say what a tab and its cross are of, and hovering say the title where it is elided."""
    dock.setTabToolTip(title)
    tab = dock.tabWidget()
    tab.setAccessibleName(title)
    for cross in tab.findChildren(QAbstractButton):
        cross.setAccessibleName(f"Close {title}")


def _name_buttons(area: QtAds.CDockAreaWidget) -> None:
    """Name the buttons of an area by what hovering says of them."""
    for button in area.titleBar().findChildren(QAbstractButton):
        if button.toolTip() and not button.accessibleName():
            button.setAccessibleName(button.toolTip())


def _only(node: Node, panels: Container[str]) -> Node:
    tabs = [tab for tab in node.tabs if tab in panels]
    current = node.current if node.current in tabs else ""
    return Node(split=node.split, sizes=node.sizes, parts=node.parts, tabs=tabs, current=current)


def tabs_below(dock: Mapping[str, Node], root: str) -> list[str]:
    """Return the panels of a node and of all below it."""
    node = dock[root]
    return [*node.tabs, *(tab for part in node.parts for tab in tabs_below(dock, part))]

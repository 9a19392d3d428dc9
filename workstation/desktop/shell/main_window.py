"""A top-level window: top bar, docked panels, status bar. Layouts come from text and go back to text.

The window knows panels only by their kind; what they show is their own affair. Closing it stops nothing in the engine.
"""

from collections.abc import Container, Mapping, Sequence

import PySide6QtAds as QtAds
from PySide6.QtCore import QByteArray, QRect, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent
from PySide6.QtWidgets import QFrame, QMainWindow, QMenu, QVBoxLayout, QWidget

from workstation.desktop.context import DesktopContext
from workstation.desktop.icons import icon
from workstation.desktop.shell.layouts import Layout, Node, PanelEntry, from_xml, to_xml
from workstation.desktop.shell.panel import Panel
from workstation.desktop.shell.panel_header import PanelHeader
from workstation.desktop.shell.status_bar import StatusBar
from workstation.desktop.shell.top_bar import TopBar

MINIMUM_WIDTH, MINIMUM_HEIGHT = 960, 600
BEHIND_MS = 50
"""From one panel behind another tab to the next, while they are made after the window shows."""

_FLAGS = QtAds.CDockManager.eConfigFlag


def configure_docking() -> None:
    """Set the docking library's options; once, before the first window."""
    flags = _FLAGS.DefaultOpaqueConfig | _FLAGS.FocusHighlighting | _FLAGS.AllTabsHaveCloseButton
    flags &= ~(_FLAGS.XmlCompressionEnabled | _FLAGS.DockAreaHasUndockButton | _FLAGS.DockAreaHasCloseButton)
    QtAds.CDockManager.setConfigFlags(flags | _FLAGS.MiddleMouseButtonClosesTab)


class MainWindow(QMainWindow):
    """One window of the desktop.

    Emits: closing() before the last state is lost, so that the layout can be saved.
    """

    closing = Signal()

    def __init__(self, context: DesktopContext, kinds: Mapping[str, type[Panel]]) -> None:
        super().__init__()
        self._context = context
        self._kinds = kinds
        self._panels: dict[str, Panel] = {}
        self._behind: dict[str, PanelEntry] = {}
        self._behind_timer = QTimer(self, interval=BEHIND_MS)
        self._behind_timer.timeout.connect(self._fill_next)
        self._docks: dict[str, QtAds.CDockWidget] = {}
        self.layout_name = ""
        self.setObjectName("main_window")
        self.setMinimumSize(MINIMUM_WIDTH, MINIMUM_HEIGHT)
        self.setWindowIcon(icon("app"))
        self.top_bar = TopBar(context)
        self.status_bar = StatusBar(context)
        holder = QFrame()
        holder.setObjectName("dock_holder")
        holder.setProperty("environment", context.bridge.session.environment.lower())
        column = self._column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top_bar)
        self.docking = QtAds.CDockManager(holder)
        self.docking.setObjectName("docking")
        column.addWidget(self.docking, 1)
        self.docking.setStyleSheet("")
        self.setCentralWidget(holder)
        self.setStatusBar(self.status_bar)
        self.setWindowTitle(f"Workstation · {context.bridge.session.environment}")

    def add_banner(self, banner: QWidget) -> None:
        """Put a line across the window, under the top bar."""
        self._column.insertWidget(1, banner)

    @property
    def panels(self) -> dict[str, Panel]:
        """Every panel by id, in the order of the layout; one that waits behind another tab is made now."""
        while self._behind:
            self._fill_next()
        return {panel_id: self._panels[panel_id] for panel_id in self._docks if panel_id in self._panels}

    def load_layout(self, layout: Layout) -> None:
        """Replace every panel by those of a layout. A panel of unknown kind is left out and announced.

        What can be seen is made at once; what stands behind another tab follows, one panel a moment.
        """
        self.release()
        self.layout_name = layout.name
        entries = []
        for entry in layout.panel:
            if entry.kind in self._kinds:
                entries.append(entry)
            else:
                self._context.announcer.say("warning", f"Layout {layout.name}: panel kind {entry.kind!r} is not known.")
        self._dock(entries, layout)
        for entry in entries:
            if self._docks[entry.id].isCurrentTab():
                self._fill(entry)
            else:
                self._behind[entry.id] = entry
        self._behind_timer.start()

    def _fill_next(self) -> None:
        if self._behind:
            self._fill(self._behind.pop(next(iter(self._behind))))
        else:
            self._behind_timer.stop()

    def _dock(self, entries: Sequence[PanelEntry], layout: Layout) -> None:
        """Arrange docks while they are empty: whatever moves is styled anew with all that it holds."""
        for entry in entries:
            self._add_dock(entry)
        known = {name: _only(node, self._docks) for name, node in layout.dock.items()}
        state = to_xml(Layout(name=layout.name, panel=layout.panel, dock=known))
        if not self.docking.restoreState(QByteArray(state), layout.version):
            self._context.announcer.say("warning", f"Layout {layout.name}: the dock tree could not be restored.")
        for panel_id, dock in self._docks.items():
            if dock.isClosed():
                dock.toggleView(True)  # noqa: FBT003  the library's signature
                self._context.announcer.say("info", f"Layout {layout.name}: {panel_id} had no place; it is shown.")

    def place(self, layout: Layout) -> None:
        """Move the window to the layout's fractions of the present screen, clamped into view."""
        screen = self.screen().availableGeometry()
        x, y, width, height = layout.geometry if len(layout.geometry) == 4 else (0.0, 0.0, 1.0, 1.0)
        width_px = min(max(round(width * screen.width()), MINIMUM_WIDTH), screen.width())
        height_px = min(max(round(height * screen.height()), MINIMUM_HEIGHT), screen.height())
        left = min(max(round(x * screen.width()), 0), screen.width() - width_px)
        top = min(max(round(y * screen.height()), 0), screen.height() - height_px)
        self.setGeometry(QRect(screen.x() + left, screen.y() + top, width_px, height_px))

    def current_layout(self) -> Layout:
        """Return what is shown now as a layout."""
        screen = self.screen().availableGeometry()
        box = self.normalGeometry() if self.isMaximized() else self.geometry()
        fractions = [
            round((box.x() - screen.x()) / screen.width(), 4),
            round((box.y() - screen.y()) / screen.height(), 4),
            round(box.width() / screen.width(), 4),
            round(box.height() / screen.height(), 4),
        ]
        return Layout(
            name=self.layout_name,
            geometry=fractions,
            maximized=self.isMaximized(),
            panel=[
                PanelEntry(id=panel.panel_id, kind=panel.kind, link=panel.link_group, settings=panel.save_settings())
                for panel in self.panels.values()
            ],
            dock=from_xml(bytes(self.docking.saveState(1).data())),
        )

    def open_panel(self, entry: PanelEntry) -> Panel:
        """Create a panel and dock it at the right; returns it."""
        self._add_dock(entry)
        return self._fill(entry)

    def _add_dock(self, entry: PanelEntry) -> None:
        dock = QtAds.CDockWidget(self.docking, self._kinds[entry.kind].title)
        dock.setObjectName(entry.id)
        dock.setFeature(QtAds.CDockWidget.DockWidgetDeleteOnClose, False)  # noqa: FBT003  the library's signature
        dock.setMinimumSizeHintMode(QtAds.CDockWidget.MinimumSizeHintFromDockWidget)
        dock.closed.connect(lambda: self._on_dock_closed(entry.id))
        dock.setWidget(QWidget(), QtAds.CDockWidget.ForceNoScrollArea)
        self.docking.addDockWidget(QtAds.DockWidgetArea.RightDockWidgetArea, dock)
        self._docks[entry.id] = dock

    def _fill(self, entry: PanelEntry) -> Panel:
        panel = self._kinds[entry.kind](self._context, entry.id)
        panel.restore_settings(dict(entry.settings))
        dock = self._docks[entry.id]
        panel.title_changed.connect(dock.setWindowTitle)
        panel.provenance_asked.connect(self.show_provenance)
        dock.takeWidget().deleteLater()
        dock.setWidget(PanelHeader.wrap(panel), QtAds.CDockWidget.ForceNoScrollArea)
        self._panels[entry.id] = panel
        if entry.link:
            panel.set_link_group(entry.link)
        return panel

    def add_panel(self, kind: str) -> Panel:
        """Open one more panel of a kind under the first free id."""
        number = next(n for n in range(1, len(self._docks) + 2) if f"{kind}-{n}" not in self._docks)
        link = "A" if self._kinds[kind].linked else ""
        return self.open_panel(PanelEntry(id=f"{kind}-{number}", kind=kind, link=link))

    def close_panel(self, panel_id: str) -> None:
        """End a panel and give its streams up."""
        self._behind.pop(panel_id, None)
        panel = self._panels.pop(panel_id, None)
        dock = self._docks.pop(panel_id, None)
        if dock is None:
            return
        if panel is not None:
            panel.release()
        self.docking.removeDockWidget(dock)
        dock.deleteLater()

    def show_panel(self, panel_id: str) -> None:
        """Bring a panel to the front of its tabs."""
        self._docks[panel_id].setAsCurrentTab()

    def panel_of(self, widget: QWidget | None) -> Panel | None:
        """Return the panel that a widget is part of."""
        while widget is not None and not isinstance(widget, Panel):
            widget = widget.parentWidget()
        return widget

    def shown(self, kind: str) -> Panel:
        """Return the first panel of a kind, brought before its tabs; opens one where there is none."""
        panel = next((panel for panel in self.panels.values() if panel.kind == kind), None) or self.add_panel(kind)
        self.show_panel(panel.panel_id)
        return panel

    def show_provenance(self, cl_ord_id: str) -> None:
        """Show where an order came from."""
        self.shown("provenance").show_order(cl_ord_id)

    def panel_menu(self) -> QMenu:
        """Return the menu that opens one more panel of each kind."""
        menu = QMenu("Add panel", self)
        menu.setObjectName("add_panel_menu")
        for kind, panel in sorted(self._kinds.items(), key=lambda pair: pair[1].title):
            action = QAction(icon(panel.icon), panel.title, menu)
            action.setObjectName(f"add_panel_{kind}")
            action.triggered.connect(lambda _checked=False, kind=kind: self.add_panel(kind))
            menu.addAction(action)
        return menu

    def release(self) -> None:
        """End every panel; the window shows nothing afterwards."""
        for panel_id in tuple(self._docks):
            self.close_panel(panel_id)

    def _on_dock_closed(self, panel_id: str) -> None:
        if panel_id in self._panels or panel_id in self._behind:
            self.close_panel(panel_id)

    # Qt overrides

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let the layout be saved, then close."""
        self.closing.emit()
        event.accept()


def _only(node: Node, panels: Container[str]) -> Node:
    tabs = [tab for tab in node.tabs if tab in panels]
    current = node.current if node.current in tabs else ""
    return Node(split=node.split, sizes=node.sizes, parts=node.parts, tabs=tabs, current=current)

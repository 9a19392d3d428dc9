"""A top-level window: top bar, docked panels, status bar. Layouts come from text and go back to text.

The window knows panels only by their kind; what they show is their own affair. Closing it stops nothing in the engine.
"""

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import msgspec
from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QScreen
from PySide6.QtWidgets import QFrame, QMainWindow, QVBoxLayout, QWidget

from workstation.desktop.context import DesktopContext
from workstation.desktop.icons import icon
from workstation.desktop.shell.docks import Docks
from workstation.desktop.shell.layouts import FloatEntry, Layout, Node, PanelEntry
from workstation.desktop.shell.panel import Panel
from workstation.desktop.shell.panel_header import PanelHolder
from workstation.desktop.shell.panel_making import Survived, make_panel, release_panel
from workstation.desktop.shell.panels_waiting import WaitingPanels
from workstation.desktop.shell.status_bar import StatusBar
from workstation.desktop.shell.tab_order import leave_hidden, step_focus
from workstation.desktop.shell.top_bar import TopBar
from workstation.desktop.shell.window_place import box_of, is_seen, shares_of, within
from workstation.desktop.shell.workspace_placeholder import PlaceholderPanel
from workstation.domain.accounts import Environment

MINIMUM_WIDTH, MINIMUM_HEIGHT = 960, 600

CLOSED_MAX = 20
"""Closed panels that can be opened again, the newest first."""


class MainWindow(QMainWindow):
    """One window of the desktop.

    Emits: closing() before the last state is lost, so that the layout can be saved; command_asked(id) by a panel.
    """

    closing = Signal()
    command_asked = Signal(str)

    def __init__(self, context: DesktopContext, kinds: Mapping[str, type[Panel]], name: str = "main_window") -> None:
        super().__init__()
        self._context = context
        self._kinds = kinds
        self._panels: dict[str, Panel] = {}
        self._entries: dict[str, PanelEntry] = {}
        self._mute: set[str] = set()
        self._closed: deque[tuple[PanelEntry, dict[str, Node], list[FloatEntry]]] = deque(maxlen=CLOSED_MAX)
        self.layout_name = ""
        self.locked = False
        self.taken: Callable[[], Collection[str]] = lambda: self.panel_ids
        self.may_close: Callable[[], bool] = lambda: True
        self.unheard: Callable[[], AbstractContextManager[None]] = nullcontext
        self.setObjectName(name)
        self.setMinimumSize(MINIMUM_WIDTH, MINIMUM_HEIGHT)
        self.setWindowIcon(icon("app"))
        self.top_bar = TopBar(context)
        self.top_bar.command_asked.connect(self.command_asked)
        self.status_bar = StatusBar(context)
        holder = QFrame()
        holder.setObjectName("dock_holder")
        holder.setProperty("environment", context.bridge.session.environment.lower())
        column = self._column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top_bar)
        self._docks = Docks(holder)
        self._docks.closed.connect(self._on_dock_closed)
        self._waiting = WaitingPanels(self, context, self._docks.is_front, self._fill)
        self.docking, self.maximised = self._docks.docking, self._docks.maximised
        column.addWidget(self.docking, 1)
        self.setCentralWidget(holder)
        self.setStatusBar(self.status_bar)
        self.setWindowTitle(f"Workstation · {context.bridge.session.environment}")
        self.top_bar.notice.setFocus()

    def add_banner(self, banner: QWidget) -> None:
        """Put a line across the window, under the top bar."""
        self._column.insertWidget(1, banner)

    @property
    def panels(self) -> dict[str, Panel]:
        """Every panel by id, in the order of the layout; one that waits to be made is made now."""
        self.complete()
        return {panel_id: self._panels[panel_id] for panel_id in self.panel_ids if panel_id in self._panels}

    def complete(self, wanted: Callable[[type[Panel]], bool] = lambda _kind: True) -> None:
        """Make the panels of the wanted kinds that still wait, so that whoever looks for one finds it."""
        for entry in self._waiting.entries:
            if wanted(self._kinds.get(entry.kind, PlaceholderPanel)):
                self._waiting.make(entry.id)

    def complete_at(self, at: QPoint) -> None:
        """Make the panel that is seen at a point of the screen, where it still waits: what is pressed there is its."""
        seen = self._docks.front_at(at) if self._waiting.entries else ""
        if seen in self._waiting:
            self._waiting.make(seen)
            self._docks.settle(seen)

    @property
    def panel_ids(self) -> Collection[str]:
        """The id of every panel, made or not yet."""
        return self._docks.ids

    def load_layout(self, layout: Layout) -> None:
        """Replace every panel by those of a layout. One of unknown kind is announced, and a placeholder keeps it.

        Empty docks stand at once; panels follow, one a moment and those that can be seen first, so that none of them
        keeps keys and frames waiting for the others. Whoever needs one sooner has it made: see `complete`.
        """
        self._waiting.prepare()
        with self.unheard(), self._docks.unseen():
            self._dock_anew(layout)
        self._waiting.begin(layout.panel)
        self.lock(locked=layout.locked)
        self.status_bar.hide_items(layout.hidden)

    def _dock_anew(self, layout: Layout) -> None:
        self._end_panels()
        self.layout_name = layout.name
        self._context.layout.take(layout)
        for entry in layout.panel:
            if entry.kind not in self._kinds:
                self._context.announcer.say("warning", f"Layout {layout.name}: panel kind {entry.kind!r} is not known.")
        self._dock(layout.panel, layout)

    def lock(self, *, locked: bool) -> None:
        """Freeze where panels stand and that they are open, or set them free; what they hold stays usable."""
        self.locked = locked
        self._docks.lock(locked=locked)

    def _dock(self, entries: Sequence[PanelEntry], layout: Layout) -> None:
        """Arrange docks while they are empty: whatever moves is styled anew with all that it holds."""
        self._entries = {entry.id: entry for entry in entries}
        self._docks.renew({entry.id: self._title_of(entry) for entry in entries})
        if not self._arrange(layout):
            self._context.announcer.say("warning", f"Layout {layout.name}: the dock tree could not be restored.")
        for panel_id in self._docks.show_placeless():
            self._context.announcer.say("info", f"Layout {layout.name}: {panel_id} had no place; it is shown.")

    def _arrange(self, layout: Layout) -> bool:
        return self._docks.arrange(layout, self._screen_of(layout).availableGeometry())

    def place(self, layout: Layout) -> None:
        """Move the window to the layout's fractions of its screen, clamped into view; the first where it is gone."""
        screen = self._screen_of(layout)
        if layout.screen and screen.name() != layout.screen:
            self._context.announcer.say(
                "warning", f"Screen {layout.screen} is not there; the window is on another one."
            )
        least = QSize(MINIMUM_WIDTH, MINIMUM_HEIGHT)
        self.setGeometry(box_of(layout.geometry, screen.availableGeometry(), least))

    def _screen_of(self, layout: Layout) -> QScreen:
        named = (screen for screen in QGuiApplication.screens() if screen.name() == layout.screen)
        return next(named, None) or self.screen()

    def gather(self) -> bool:
        """Move a window, and what floats over it, into view where no screen shows them; returns whether it had to."""
        lost = [top for top in (self, *self.docking.floatingWidgets()) if not is_seen(top.geometry())]
        for top in lost:
            top.setGeometry(within(top.geometry(), self.screen().availableGeometry()))
        return bool(lost)

    def current_layout(self) -> Layout:
        """Return what is shown now as a layout."""
        screen = self.screen().availableGeometry()
        panels = [
            self._kept(name, self._panels[name]) if name in self._panels else self._entries[name]
            for name in self.panel_ids
        ]
        dock, floating = self._docks.trees(screen)
        return Layout(
            name=self.layout_name,
            geometry=shares_of(self.geometry() if self._is_plain else self.normalGeometry(), screen),
            maximized=self.isMaximized(),
            screen=self.screen().name() if len(QGuiApplication.screens()) > 1 else "",
            locked=self.locked,
            hidden=self.status_bar.hidden,
            panel=panels,
            floating=floating,
            dock=dock,
        )

    def toggle_full_screen(self) -> None:
        """Fill the screen without a frame, or stand again as before, maximised where it was."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    @property
    def _is_plain(self) -> bool:
        """True for a window that has the size that a person gave it."""
        return not (self.isMaximized() or self.isFullScreen())

    def _kept(self, panel_id: str, panel: Panel) -> PanelEntry:
        """Return a panel as it stands now, which is also how it would be opened anew; as before where it cannot say."""
        if panel_id not in self._mute:
            with Survived() as step:
                kind, links = self._entries[panel_id].kind, (panel.link_group, panel.interval_group)
                self._entries[panel_id] = PanelEntry(panel_id, kind, links[0], panel.save_settings(), links[1])
            if step.trace is not None:
                self._mute.add(panel_id)
        return self._entries[panel_id]

    def open_panel(self, entry: PanelEntry) -> Panel:
        """Create a panel and dock it at the right; returns it."""
        self._docks.add(entry.id, self._title_of(entry))
        self._entries[entry.id] = entry
        return self._fill(entry)

    def _title_of(self, entry: PanelEntry) -> str:
        return self._titled(self._kinds.get(entry.kind, PlaceholderPanel).title)

    def _fill(self, entry: PanelEntry) -> Panel:
        with self.unheard():
            return self._made(entry)

    def _made(self, entry: PanelEntry) -> Panel:
        room = PanelHolder()
        room.hide()
        self._docks.fill(entry.id, room)
        panel, holder = make_panel(self._kinds, self._context, entry, room)
        panel.title_changed.connect(lambda title: self._docks.retitle(entry.id, self._titled(title)))
        panel.retry_asked.connect(lambda: self.rebuild(entry.id))
        panel.provenance_asked.connect(self.show_provenance)
        panel.command_asked.connect(self.command_asked)
        self._mute.discard(entry.id)
        with Survived():  # before it shows: a ticket that has no instrument then takes the keyboard to have one typed
            if entry.interval_link:
                panel.set_interval_group(entry.interval_link)
            if entry.link:
                panel.set_link_group(entry.link)
        if holder is not room:
            self._docks.fill(entry.id, holder)
        holder.show()  # the library would have the event loop do it
        self._panels[entry.id] = panel
        return panel

    def rebuild(self, panel_id: str) -> None:
        """Open a panel anew in its place, with the settings that were last kept of it."""
        panel = self._panels.pop(panel_id)
        release_panel(panel)
        links = {"link": panel.link_group, "interval_link": panel.interval_group}
        self._fill(msgspec.structs.replace(self._entries[panel_id], **links))

    def _titled(self, title: str) -> str:
        """Return a panel's title, marked where what it shows is not of now."""
        environment = self._context.bridge.session.environment
        return f"{title} · {environment}" if environment is Environment.REPLAY else title

    def add_panel(self, kind: str) -> Panel:
        """Open one more panel of a kind under the first free id."""
        taken = self.taken()
        number = next(n for n in range(1, len(taken) + 2) if f"{kind}-{n}" not in taken)
        link = "A" if self._kinds[kind].linked else ""
        panel = self.open_panel(PanelEntry(id=f"{kind}-{number}", kind=kind, link=link))
        if not panel.linked:
            self._tab_with_lists(panel.panel_id)
        return panel

    def _tab_with_lists(self, panel_id: str) -> None:
        """Move a panel without an instrument of its own among the tabs of such panels, where there is room for it."""
        other = next((name for name in self.panel_ids if name != panel_id and not self._is_linked(name)), None)
        if other is not None:
            self._docks.join(panel_id, other)

    def _is_linked(self, panel_id: str) -> bool:
        return self._kinds.get(self._entries[panel_id].kind, PlaceholderPanel).linked

    def close_panel(self, panel_id: str) -> None:
        """End a panel and give its streams up."""
        self._waiting.forget(panel_id)
        panel = self._panels.pop(panel_id, None)
        self._entries.pop(panel_id, None)
        if panel is not None:
            self.maximised.end()
            release_panel(panel)
        self._docks.remove(panel_id)

    def show_panel(self, panel_id: str) -> None:
        """Bring a panel to the front of its tabs, and out from behind one that is shown alone."""
        self._waiting.make(panel_id)
        self._docks.show(panel_id)

    def in_sight(self) -> list[str]:
        """Return the panels in front of their tabs, from the left and the top, those that float after them."""
        return self._docks.fronts()

    def tabs_with(self, panel_id: str) -> list[str]:
        """Return the panels of an area in the order of its tabs."""
        return self._docks.tabs_with(panel_id)

    def go_to(self, panel_id: str) -> None:
        """Show a panel and give it the keyboard."""
        self.show_panel(panel_id)
        panel = self._panels[panel_id]
        panel.window().activateWindow()
        panel.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def float_or_dock(self, panel_id: str) -> None:
        """Take a panel out of its place into a window of its own, or dock one that floats at the right."""
        self._docks.float_or_dock(panel_id)

    def close_by_hand(self, panel_id: str) -> None:
        """Close a panel as the cross of its tab does: it can be reopened where it stood."""
        self._on_dock_closed(panel_id)

    def panel_of(self, widget: QWidget | None) -> Panel | None:
        """Return the panel that a widget is part of."""
        while widget is not None and not isinstance(widget, Panel):
            widget = widget.parentWidget()
        return widget

    def shown(self, kind: str) -> Panel:
        """Return the first panel of a kind, brought before its tabs; opens one where there is none."""
        self.complete(lambda other: other.kind == kind)
        made = (self._panels[name] for name in self.panel_ids if name in self._panels)
        panel = next((panel for panel in made if panel.kind == kind), None) or self.add_panel(kind)
        self.show_panel(panel.panel_id)
        return panel

    def show_provenance(self, cl_ord_id: str) -> None:
        """Show where an order came from."""
        self.shown("provenance").show_order(cl_ord_id)

    def release(self) -> None:
        """End every panel; the window shows nothing afterwards."""
        self._waiting.end()
        self._end_panels()
        self._docks.clear()

    def _end_panels(self) -> None:
        self._entries.clear()
        panels, self._panels = self._panels, {}
        self._docks.maximised.end()
        for panel in panels.values():
            release_panel(panel)

    def _on_dock_closed(self, panel_id: str) -> None:
        if panel_id not in self._panels and panel_id not in self._waiting:
            return
        panel = self._panels.get(panel_id)
        entry = self._entries[panel_id] if panel is None else self._kept(panel_id, panel)
        self._closed.append((entry, *self._docks.trees(self.screen().availableGeometry(), panel_id)))
        self.close_panel(panel_id)

    def reopen(self) -> Panel | None:
        """Open the panel that was closed last, where it stood while its neighbours still stand; None for none."""
        if not self._closed:
            self._context.announcer.say("info", "No closed panel to open again.")
            return None
        entry, before, floating = self._closed.pop()
        if entry.id in self.taken():
            return self.add_panel(entry.kind) if entry.kind in self._kinds else self.reopen()
        panel = self.open_panel(entry)
        now = self.current_layout()
        if {tab for node in before.values() for tab in node.tabs} == set(self.panel_ids):
            self._arrange(msgspec.structs.replace(now, dock=before, floating=floating))
        self.show_panel(entry.id)
        return panel

    def toggle_maximised(self, panel_id: str) -> None:
        """Show the area of a panel alone, or all again."""
        self._docks.toggle_maximised(panel_id)

    # Qt overrides

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002  the toolkit's signature
        """Move the keyboard to the next control as it stands: top bar, panels, status bar, and round."""
        if leave_hidden(self):
            return True
        self.complete()
        return step_focus(self, forward=next)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let the layout be saved, then close; a person who closes the window may be asked first."""
        if event.spontaneous() and not self.may_close():
            event.ignore()
            return
        self.closing.emit()
        event.accept()

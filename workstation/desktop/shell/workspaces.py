"""Named workspaces: shown, saved, renamed by saving under another name, taken back, locked, imported and exported.

A workspace is one layout file and may have several windows. Loading one disarms, and can be taken back for 30 s; a file
that cannot be read is refused with line and column while what is shown stays. Trading goes on whatever happens here.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.hotkeys_disarm import disarm
from workstation.desktop.shell.layouts import Layout, difference_text, layout_text, parse_layout, shipped_layout
from workstation.desktop.shell.layouts_store import NAME, LayoutStore
from workstation.desktop.shell.layouts_windows import WINDOWS_MAX, joined, windows_of
from workstation.desktop.shell.main_window import MainWindow
from workstation.desktop.shell.panel import Panel
from workstation.domain.errors import UserError
from workstation.viewmodels.focus import LINK_GROUPS

SHIPPED = ("trading", "ladders", "charts", "strategies")
"""Workspaces to start from, in the order of Ctrl+1 to Ctrl+4; the first is shown on a first start."""

UNDO_MS = 30_000

Build = Callable[[str], MainWindow]


class Workspaces(QObject):
    """Owns which workspace is shown. `window` is its first window; further ones come and go.

    unheard: keeps events of one step from whoever listens to all of the application. Emits: loaded(name) when another
    layout is shown, undo_ended() when it can no longer be taken back, changed() when the list of workspaces or the lock
    is another.
    """

    loaded = Signal(str)
    undo_ended = Signal()
    changed = Signal()

    def __init__(
        self,
        context: DesktopContext,
        kinds: Mapping[str, type[Panel]],
        store: LayoutStore,
        unheard: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        super().__init__()
        self._context, self._kinds, self._store, self._unheard = context, kinds, store, unheard
        self.window = self._built("main_window")
        self.window.closing.connect(self._on_first_closing)
        self._others: list[MainWindow] = []
        self._is_settled = False
        self._before: Layout | None = None
        self._undo = QTimer(self, interval=UNDO_MS, singleShot=True)
        self._undo.timeout.connect(self._end_undo)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.screenRemoved.connect(self._gather)
            app.screenAdded.connect(self._follow_screen)
            for screen in app.screens():
                self._follow_screen(screen)

    @property
    def name(self) -> str:
        """The workspace that is shown."""
        return self.window.layout_name

    @property
    def windows(self) -> list[MainWindow]:
        """Every window, the first one first."""
        return [self.window, *self._others]

    @property
    def front(self) -> MainWindow:
        """The window that a key is meant for: the active one, or the one that the active one floats over."""
        active = QApplication.activeWindow()
        return next((w for w in self.windows if active is w or (active and w.isAncestorOf(active))), self.window)

    @property
    def locked(self) -> bool:
        """True while panels cannot be moved or closed."""
        return self.window.locked

    @property
    def can_undo(self) -> bool:
        """True for 30 s after a load."""
        return self._before is not None

    def names(self) -> list[str]:
        """Return every workspace in the order of Ctrl+1 to Ctrl+9: the shipped ones, then the saved ones by name."""
        return [*SHIPPED, *(name for name in self._store.names() if name not in SHIPPED)]

    def begin(self) -> Layout:
        """Show the workspace that was shown last; a damaged file is set aside and the shipped layout shown instead."""
        name = self._store.active()
        name = name if name in self.names() else SHIPPED[0]
        try:
            layout = self._read(name)
        except UserError as error:
            self._say("warning", f"{error}. The file is kept as it is; the shipped layout is shown.")
            damaged = self._store.set_aside(name)
            self._say("warning", f"The damaged layout is kept as {damaged.name}.")
            layout = shipped_layout(name if name in SHIPPED else SHIPPED[0])
        self._show(layout)
        return layout

    @property
    def is_first(self) -> bool:
        """True before anything was ever kept: a first start."""
        return self._store.is_new

    def save(self) -> bool:
        """Write what is shown when it changed; a folder that cannot be written is announced, nothing is lost.

        Returns whether the file says what is shown.
        """
        if self._is_settled or not self.window.panel_ids:
            return False
        try:
            self._store.save(self.current())
            self._store.set_active(self.name)
        except OSError as error:
            self._say("warning", f"Layout not saved: {error.strerror}.")
            return False
        return True

    def settle(self) -> None:
        """Save for the last time, before the program's end closes windows one by one: what floats is kept."""
        self.save()
        self._is_settled = True

    def current(self) -> Layout:
        """Return what is shown now, all windows of it."""
        layout = joined([window.current_layout() for window in self.windows])
        links = {group: self._context.links.chosen(group) for group in LINK_GROUPS}
        return msgspec.structs.replace(layout, links={group: symbol for group, symbol in links.items() if symbol})

    def open(self, name: str) -> bool:
        """Show a workspace; returns False, with what is shown unchanged, where its file cannot be read."""
        if name not in self.names():
            self._say("warning", f"There is no workspace {name!r}; there are {', '.join(self.names())}.")
            return False
        try:
            layout = self._read(name)
        except UserError as error:
            self._say("warning", f"Refused: {error}. {self.name} stays, and the file is as it was.")
            return False
        self.save()
        self._load(layout, f"workspace {name}")
        return True

    def open_number(self, number: int) -> bool:
        """Show the workspace at a place of the list, counted from 1; returns False where there is none."""
        names = self.names()
        if number > len(names):
            self._say("info", f"There is no workspace {number}: there are {len(names)}.")
            return False
        return self.open(names[number - 1])

    def save_now(self) -> None:
        """Write what is shown, and say so."""
        if self.save():
            self._say("info", f"Workspace {self.name} is saved.")

    def save_as(self, name: str) -> str:
        """Give what is shown a name of its own; returns why not, "" when done."""
        trouble = self._why_not(name)
        if not trouble:
            self.save()
            self.window.layout_name = name
            self.save()
            self.changed.emit()
        return trouble

    def rename(self, name: str) -> str:
        """Call what is shown otherwise, its file and kept versions too; returns why not, "" when done."""
        if self.name in SHIPPED:
            return f"{self.name} is there from the start and keeps its name; save it under another one."
        trouble = self._why_not(name)
        if trouble or not self.save():
            return trouble or "The folder of layouts cannot be written."
        try:
            self._store.rename(self.name, name)
        except OSError as error:
            return f"Not renamed: {error.strerror}."
        for window in self.windows:
            window.layout_name = name
        self.save()
        self.changed.emit()
        return ""

    def _why_not(self, name: str) -> str:
        """Return why a workspace cannot be called so, "" where it can."""
        if not NAME.fullmatch(name):
            return "A name has 1 to 40 letters, digits, blanks, - or _."
        if name.lower() in (known.lower() for known in self.names()):
            return f"There is a workspace {name} already."
        return ""

    def undo_load(self) -> None:
        """Show again what stood before the last load, within 30 s of it."""
        before, self._before = self._before, None
        if before is None:
            self._say("info", "There is no load to take back: it can be undone for 30 s.")
            return
        self._undo.stop()
        self.save()
        self._replace(before, "layout load undone")
        self.undo_ended.emit()

    def reset(self) -> None:
        """Show the shipped layout again; the present one stays among the kept versions."""
        name = self.name
        shipped = shipped_layout(name if name in SHIPPED else SHIPPED[0])
        self.save()
        self._load(msgspec.structs.replace(shipped, name=name), "layout reset")

    def restore_yesterday(self) -> None:
        """Show the workspace as it stood at the end of the last earlier day of use."""
        try:
            layout = self._store.yesterday(self.name)
        except UserError as error:
            self._say("warning", f"Refused: {error}.")
            return
        if layout is None:
            self._say("info", f"Nothing of an earlier day is kept of {self.name}.")
            return
        self.save()
        self._load(layout, "layout of an earlier day")

    def versions(self) -> list[Path]:
        """Return the kept versions of what is shown, the newest first."""
        return self._store.versions(self.name)[::-1]

    def difference(self, version: Path) -> str:
        """Return what showing a kept version would change: lines that go begin with -, those that come with +."""
        try:
            then = self._store.version_text(version)
        except OSError as error:
            return f"{version.name} cannot be read: {error.strerror}."
        return difference_text(self.current(), then, version.name)

    def restore_version(self, version: Path) -> bool:
        """Show a kept version; returns False, with what is shown unchanged, where it cannot be read."""
        try:
            layout = parse_layout(self._store.version_text(version), source=version.name)
        except (OSError, UserError) as error:
            self._say("warning", f"Refused: {error}. {self.name} stays.")
            return False
        name = self.name
        self.save()
        self._load(msgspec.structs.replace(layout, name=name), "an earlier layout")
        return True

    def export_to(self, path: Path) -> None:
        """Write what is shown to a file of its own."""
        try:
            path.write_text(layout_text(self.current()), encoding="utf-8", newline="\n")
        except OSError as error:
            self._say("warning", f"Not exported: {path.name}: {error.strerror}.")
            return
        self._say("info", f"Workspace {self.name} exported to {path.name}.")

    def import_from(self, path: Path) -> bool:
        """Show the workspace of a file and keep it; a name that is taken, or a damaged text, changes nothing."""
        try:
            layout = parse_layout(path.read_text(encoding="utf-8", errors="replace"), source=path.name)
        except (OSError, UserError) as error:
            self._say("warning", f"Refused: {error}. {self.name} stays.")
            return False
        if not NAME.fullmatch(layout.name) or layout.name.lower() in (known.lower() for known in self.names()):
            self._say("warning", f"Refused: {path.name} is called {layout.name!r}, which is taken or is no name.")
            return False
        if not layout.panel:
            self._say("warning", f"Refused: {path.name} lists no panel. {self.name} stays.")
            return False
        self.save()
        self._load(layout, f"workspace {layout.name}")
        self.save()
        self.changed.emit()
        return True

    def lock(self, *, locked: bool) -> None:
        """Freeze or free the panels of every window."""
        for window in self.windows:
            window.lock(locked=locked)
        self.changed.emit()

    def new_window(self) -> MainWindow | None:
        """Open one more window of this workspace; None beyond WINDOWS_MAX."""
        if len(self.windows) >= WINDOWS_MAX:
            self._say("warning", f"A workspace has at most {WINDOWS_MAX} windows.")
            return None
        window = self._other()
        window.layout_name = self.name
        window.place(Layout(name=self.name, geometry=[0.2, 0.2, 0.6, 0.6]))
        window.add_panel("orders")
        window.lock(locked=self.locked)
        window.show()
        return window

    def end(self) -> None:
        """Save and close every window."""
        self.settle()
        self._close_others()
        self.window.release()
        self.window.close()

    def _read(self, name: str) -> Layout:
        found = self._store.load(name)
        if found is None:
            return shipped_layout(name)
        return msgspec.structs.replace(found, name=name)

    def _load(self, layout: Layout, reason: str) -> None:
        self._before = self.current()
        self._replace(layout, reason)
        self._undo.start()
        self.loaded.emit(layout.name)

    def _replace(self, layout: Layout, reason: str) -> None:
        disarm(self._context, reason)
        self._show(layout)
        self.changed.emit()

    def _show(self, layout: Layout) -> None:
        parts = windows_of(layout)
        self._close_others()
        self._context.intervals.forget()
        for group, symbol in layout.links.items():
            if group in LINK_GROUPS and group != "A" and symbol in self._context.bridge.session.instruments:
                self._context.links.choose(group, symbol)
        self._context.links.choose("A", self._context.focus.symbol)
        self.window.load_layout(parts[0])
        for part in parts[1:]:
            window = self._other()
            window.place(part)
            window.load_layout(part)
            window.showMaximized() if part.maximized else window.show()

    def _built(self, name: str) -> MainWindow:
        window = MainWindow(self._context, self._kinds, name)
        window.taken = self._taken
        window.unheard = self._unheard
        return window

    def _other(self) -> MainWindow:
        number = next(
            n for n in range(2, WINDOWS_MAX + 1) if f"window_{n}" not in [w.objectName() for w in self._others]
        )
        window = self._built(f"window_{number}")
        window.closing.connect(lambda: self._on_closed(window))
        window.command_asked.connect(self.window.command_asked)
        self._others.append(window)
        return window

    def _on_first_closing(self) -> None:
        """Save, and let no other window keep the program open; they end with it."""
        self.settle()
        for window in self._others:
            window.hide()

    def _on_closed(self, window: MainWindow) -> None:
        """Forget a window that a person closed; its panels end with it."""
        if window in self._others:
            self._others.remove(window)
            window.release()
            window.deleteLater()

    def _close_others(self) -> None:
        for window in tuple(self._others):
            window.close()

    def _taken(self) -> set[str]:
        return {name for window in self.windows if isValid(window) for name in window.panel_ids}

    def _follow_screen(self, screen: QScreen) -> None:
        """See that windows stay within reach when a screen becomes smaller, too."""
        screen.availableGeometryChanged.connect(self._gather)

    def _gather(self, _change: object) -> None:
        moved = [window for window in self.windows if isValid(window) and window.gather()]
        if moved:
            self._say("warning", "The screens have changed: windows that none of them showed have moved into view.")

    def _end_undo(self) -> None:
        self._before = None
        self.undo_ended.emit()

    def _say(self, level: str, text: str) -> None:
        self._context.announcer.say(level, text)

"""Toasts: notes in the free part of the menu bar, which never take the keyboard; their history and counter in a menu.

Last stage of both walks. A critical one stays until it is acknowledged, others leave by themselves. A click opens the
order that a note is about; a right click mutes its kind. While another program has the screen, the desktop tells it.
"""

from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QMainWindow, QMenu, QSystemTrayIcon, QWidget

from workstation.desktop.context import DesktopContext
from workstation.desktop.icons import icon
from workstation.desktop.shell.sounds import Bell
from workstation.desktop.shell.speech import Voice
from workstation.desktop.spelt import spelt
from workstation.desktop.theme import current_theme, theme_notifier
from workstation.viewmodels.alerts_notes import COALESCE_NS, NoteBoard
from workstation.viewmodels.formats import Formats, time_of_day
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.notes import Note

SHOWN_MAX = 2
STAYS_MS = {"info": 4_000, "warning": 8_000}
FLASH_MS = 350
WIDTH_PX = 560
"""Most that one toast is wide; two share what is free beside the menus."""
GAP_PX, LETTERS_LEAST = 8, 6
"""Between two parts of a toast; and letters of its text for which its time of day gives way."""

HISTORY_SHOWN = 25
_ROLES = {"info": "info", "warning": "warning", "critical": "danger"}


class Toast(QFrame):
    """One note. Emits: clicked(), muted()."""

    clicked = Signal()
    muted = Signal()

    def __init__(self, note: Note, parent: QWidget) -> None:
        super().__init__(parent)
        self.note = note
        self.setObjectName(f"toast_{note.kind.value}")
        self.setProperty("role", "raised")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(f"{note.level}: {note.text}")
        hint = "Click: acknowledge and open. Right click: mute this kind for 15 minutes."
        self.setToolTip(f"<p>{time_of_day(note.ts)[:8]} {escape(note.text)}</p><p>{hint}</p>")
        self._heads = (f"{note.kind.words.upper()} · {time_of_day(note.ts)[:8]}", note.kind.words.upper())
        self._head = QLabel(self._heads[0])
        self._head.setProperty("role", _ROLES[note.level])
        self.text = QLabel(note.text)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP_PX, 0, GAP_PX, 0)
        row.setSpacing(GAP_PX)
        row.addWidget(self._head)
        row.addWidget(self.text, 1)

    def fit(self, box: QRect) -> None:
        """Stand in a box; where that is narrow the time goes, a text that is too long ends in dots. All is on hover."""
        few = self.text.fontMetrics().averageCharWidth() * LETTERS_LEAST + 4 * GAP_PX
        reach = self._head.fontMetrics().horizontalAdvance
        self._head.setText(next((head for head in self._heads if reach(head) + few <= box.width()), self._heads[-1]))
        wanted = self._head.sizeHint().width() + self.text.fontMetrics().horizontalAdvance(self.note.text) + 4 * GAP_PX
        self.setGeometry(
            QRect(max(box.right() - wanted, box.left()), box.top(), min(wanted, box.width()), box.height())
        )
        room = self.width() - self._head.sizeHint().width() - 3 * GAP_PX - 2
        shown = self.text.fontMetrics().elidedText(self.note.text, Qt.TextElideMode.ElideRight, room)
        self.text.setText(shown)

    # Qt overrides

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Report a click."""
        (self.muted if event.button() == Qt.MouseButton.RightButton else self.clicked).emit()


def _left_over(notes: list[Note]) -> list[Note]:
    """Return those of notes that came at once which are still seen when all have come: the newest, and critical ones.

    The others are in the history: made only to be put away, a hundred refusals of a script would cost many frames.
    """
    critical = [note for note in notes if note.level == "critical"]
    left = {id(note) for note in (*critical[-SHOWN_MAX:], *notes[-SHOWN_MAX:])}
    return [note for note in notes if id(note) in left]


class ToastStack(QObject):
    """The notes of one window. Emits: opened(client order id) when a note about an order is clicked."""

    opened = Signal(str)

    def __init__(self, context: DesktopContext, window: QMainWindow) -> None:
        super().__init__(window)
        self.setObjectName("toast_stack")
        self._context, self._window = context, window
        self._mono_ns = context.bridge.session.mono_ns
        self.board = NoteBoard(Formats(context.bridge.session.instruments))
        self.bell, self.voice = Bell(context.bridge.session.environment), Voice()
        self.bell.own = self._own_sounds
        self.bell.troubled.connect(self._on_troubled)
        self.voice.troubled.connect(lambda text: self._on_troubled("info", text))
        self.toasts: list[Toast] = []
        self.menu = NotesMenu(self, window)
        self._tray: QSystemTrayIcon | None = None
        self._flash = QFrame(window)
        self._flash.setObjectName("bell_flash")
        self._flash.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._flash.hide()
        self._fills = QTimer(self, interval=COALESCE_NS // 1_000_000 // 2)
        self._fills.timeout.connect(self._look_for_fills)
        self.bell.rung.connect(lambda _kind: self._show_flash())
        context.bridge.frame_taken.connect(self._on_frame)
        context.announcer.spoken.connect(self._on_spoken)
        theme_notifier().changed.connect(self._arrange)
        window.installEventFilter(self)

    def show(self, notes: list[Note]) -> None:
        """Show and sound what is loud."""
        store = self._context.settings
        if notes and store is not None:
            self.bell.enabled, self.voice.enabled = store.settings.desktop.sound, store.settings.desktop.speech
        for kind in dict.fromkeys(note.kind for note in notes if note.rings):
            self.bell.ring(kind)
        for note in _left_over([note for note in notes if note.loud]):
            self._pop(note)
            self.voice.say(note.text)
            self._tell_desktop(note)
        if notes:
            self._count(self.board.unseen)

    def acknowledge(self) -> None:
        """Put every toast away and count every note as seen."""
        for toast in tuple(self.toasts):
            self._remove(toast)
        self.board.seen()
        self._count(0)

    def acknowledge_one(self, note: Note) -> None:
        """Put a note's toast away and count it as seen."""
        for toast in [toast for toast in self.toasts if toast.note == note]:
            self._remove(toast)
        self.board.seen_one(note)
        self._count(self.board.unseen)

    def end(self) -> None:
        """Be silent: what still sounds is broken off."""
        self.bell.stop()
        self.voice.stop()

    def _own_sounds(self) -> dict[str, Path]:
        """Return a person's own sound files by kind."""
        store = self._context.settings
        if store is None:
            return {}
        named = (entry.partition("=") for entry in store.settings.desktop.sound_files)
        return {kind: store.folder / "sounds" / file for kind, _, file in named}

    def _on_troubled(self, level: str, text: str) -> None:
        self.show(self.board.noted(level, text, self._mono_ns()))

    def _on_frame(self, frame: Frame) -> None:
        if frame.rows or frame.status is not None or frame.accounts or frame.positions:
            self.show(self.board.take(frame, self._mono_ns()))
        if self.board.waits and not self._fills.isActive():
            self._fills.start()

    def _look_for_fills(self) -> None:
        self.show(self.board.due(self._mono_ns()))
        if not self.board.waits:
            self._fills.stop()

    def _on_spoken(self, level: str, text: str, _cl_ord_id: str) -> None:
        self.show(self.board.refused(level, text, self._mono_ns()))

    def _pop(self, note: Note) -> None:
        toast = Toast(note, self._window)
        toast.clicked.connect(partial(self._open, toast))
        toast.muted.connect(partial(self._mute, toast))
        self.toasts.append(toast)
        leaving = sorted(self.toasts[:-1], key=lambda shown: shown.note.level == "critical")
        for old in leaving[: max(len(self.toasts) - SHOWN_MAX, 0)]:
            self._remove(old)
        if note.level in STAYS_MS:
            QTimer.singleShot(STAYS_MS[note.level], toast, partial(self._remove, toast))
        self._arrange()

    def _open(self, toast: Toast) -> None:
        self._remove(toast)
        if toast.note.cl_ord_id:
            self.opened.emit(toast.note.cl_ord_id)

    def _mute(self, toast: Toast) -> None:
        self.board.mute(toast.note.kind, self._mono_ns())
        self._context.announcer.say("info", f"Notes of kind {toast.note.kind.words} are muted for 15 minutes.")
        self._remove(toast)

    def _remove(self, toast: Toast) -> None:
        if toast in self.toasts:
            self.toasts.remove(toast)
            toast.hide()
            toast.deleteLater()
            self._arrange()

    def _count(self, unseen: int) -> None:
        """Show how many notes are unseen; the menus take more or less room with that."""
        self.menu.show_count(unseen)
        self._arrange()

    def _arrange(self, *_: object) -> None:
        """Put the toasts beside the menus, the newest at the right end: nothing that trades or tells is covered."""
        room = self._free()
        share = min((room.width() - GAP_PX * (SHOWN_MAX - 1)) // SHOWN_MAX, WIDTH_PX)
        right = room.right()
        for toast in reversed(self.toasts):
            width = min(room.width(), 2 * WIDTH_PX) if len(self.toasts) == 1 else share
            toast.fit(QRect(right - width, room.top(), width, room.height()))
            right = toast.x() - GAP_PX
            toast.show()
            toast.raise_()

    def _free(self) -> QRect:
        """Return where the menu bar has no menus; without one in the window, the window's top edge."""
        bar = self._window.menuBar()
        if bar.isNativeMenuBar() or not bar.actions():
            return QRect(0, 0, self._window.width(), self._window.fontMetrics().height() + GAP_PX)
        menus = max(bar.actionGeometry(action).right() for action in bar.actions()) + 2 * GAP_PX
        return QRect(menus, 1, self._window.width() - menus - GAP_PX, bar.height() - 2)

    def _show_flash(self) -> None:
        if not current_theme().flashing:
            return
        self._flash.setStyleSheet(f"background: {current_theme().colors.warning.name()};")
        self._flash.setGeometry(0, 0, self._window.width(), 4)
        self._flash.show()
        self._flash.raise_()
        QTimer.singleShot(FLASH_MS, self._flash, self._flash.hide)

    def _tell_desktop(self, note: Note) -> None:
        app = QApplication.instance()
        active = isinstance(app, QApplication) and app.applicationState() == Qt.ApplicationState.ApplicationActive
        if active or not QSystemTrayIcon.isSystemTrayAvailable():
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(icon("app"), self)
            self._tray.show()
        self._tray.showMessage(f"Workstation: {note.kind.words}", note.text, icon("app"), STAYS_MS["warning"])

    # Qt overrides

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the toasts in their place when the window is resized; consumes nothing."""
        if event.type() is QEvent.Type.Resize and self.toasts:
            self._arrange()
        return False


class NotesMenu(QMenu):
    """The counter of notes that nobody has seen, their history, and do-not-disturb."""

    def __init__(self, stack: ToastStack, parent: QWidget) -> None:
        super().__init__("N&otes", parent)
        self.setObjectName("notes_menu")
        self._stack = stack
        self._head: tuple[QAction, ...] = ()
        self.aboutToShow.connect(self._fill)
        self._fill()

    def begin_with(self, *head: QAction) -> None:
        """Put entries before the notes; the last one, do-not-disturb, is ticked while it is on."""
        self._head = head
        self._fill()

    def toggle_quiet(self) -> None:
        """Let notes come up, or only keep them."""
        self._stack.board.quiet = not self._stack.board.quiet
        self._fill()

    def show_count(self, count: int) -> None:
        """Show how many notes are unseen."""
        self.setTitle(f"N&otes ({count})" if count else "N&otes")

    def _fill(self) -> None:
        self.clear()
        stack = self._stack
        for action in self._head:
            self.addAction(action)
        if self._head:
            self._head[-1].setCheckable(True)
            self._head[-1].setChecked(stack.board.quiet)
        self.addSeparator()
        notes = list(stack.board.history)[: -HISTORY_SHOWN - 1 : -1]
        for note in notes:
            text = spelt(f"{time_of_day(note.ts)[:8]}  {note.kind.words}: {note.text}")
            self._add("note", text, partial(self._choose, note)).setData(note)
        if not notes:
            self._add("no_notes", "No notes yet", stack.acknowledge).setEnabled(False)

    def _choose(self, note: Note) -> None:
        """Count a note as seen, and open its order where it is about one."""
        self._stack.acknowledge_one(note)
        if note.cl_ord_id:
            self._stack.opened.emit(note.cl_ord_id)

    def _add(self, name: str, text: str, run: Callable[[], object]) -> QAction:
        action = QAction(text, self)
        action.setObjectName(name)
        action.triggered.connect(lambda _checked=False: run())
        self.addAction(action)
        return action

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Acknowledge the chosen note with Del; the menu stays open."""
        chosen = self.activeAction()
        note = chosen.data() if chosen is not None else None
        if event.key() == Qt.Key.Key_Delete and isinstance(note, Note):
            self._stack.acknowledge_one(note)
        else:
            super().keyPressEvent(event)

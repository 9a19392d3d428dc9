"""The hotkeys panel: every bind with what it would do now, edited in place, tried without sending, and its last uses.

A view of the key file in force. An edit is written at once, comments kept, when the whole file still reads; else the
typed text stays with its error. It sends nothing: the test field is the dry run of the command line.
"""

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QColor, QDesktopServices, QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QSplitter,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workstation.desktop.context import DesktopContext
from workstation.desktop.entry_table import EntryTable
from workstation.desktop.panels.ticket_fields import set_role
from workstation.desktop.shell.hotkeys import KEY_TEST, chord_of
from workstation.desktop.shell.hotkeys_requests import focus_snapshot
from workstation.desktop.shell.panel import Panel
from workstation.desktop.theme import current_theme, use_figure_font
from workstation.domain.errors import ValidationError
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.hotkey_binds import Bind
from workstation.viewmodels.hotkey_dry_run import DryRun, dry_run
from workstation.viewmodels.hotkey_edit import (
    add_bind,
    column_value,
    parse_rest,
    press_text,
    remove_bind,
    rest_of,
    set_fields,
)
from workstation.viewmodels.hotkey_file import HotkeyFileError
from workstation.viewmodels.hotkey_lint import lint

COLUMNS = ("On", "Id", "Keys", "Press", "When", "Do", "Fields", "Class", "Now", "Look at")
_FILE_FIELDS = ("enabled", "id", "keys", "press", "when", "do", "fields")
_KEYS, _CLASS, _NOW, _FINDING = 2, 7, 8, 9
_SHARES = {"When": 3, "Fields": 4, "Now": 6, "Look at": 4}
_USES_HEIGHT = 110
NOW_AGAIN_NS = 1_000_000_000
"""How often the present values are read anew while the panel is seen."""


class KeyTestField(QLineEdit):
    """A field that takes key presses as keys, not as text. Emits: tried(chords)."""

    tried = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Test a key; nothing is sent")
        self.setPlaceholderText("Test: press a key here, nothing is sent")
        self.setProperty(KEY_TEST, True)  # noqa: FBT003  the toolkit's signature
        self.setReadOnly(True)

    # Qt overrides

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Show the chord and have it tried; Tab and auto-repeat are left alone."""
        modifiers = (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta)
        if event.isAutoRepeat() or event.key() in modifiers:
            return
        self.setText(chord_of(event))
        self.tried.emit(self.text())


class HotkeysPanel(Panel):
    """The key file as a table."""

    kind = "hotkeys"
    title = "Hotkeys"
    icon = "edit"
    scrolls = True
    link_down_words = "Keys that send are refused as not sent until the venue answers."

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self._store = context.keys
        self._filling = False
        self._read_at = 0
        self._led = ""
        self.message = self._label("message")
        self.told = self._label("told")
        use_figure_font(self.told, "caption")
        self.test = KeyTestField(f"{panel_id}_test")
        self.test.tried.connect(self.try_key)
        self.table = self._make_table()
        self.uses = QListWidget()
        self.uses.setObjectName(f"{panel_id}_uses")
        self.uses.setAccessibleName("Last uses and refusals")
        use_figure_font(self.uses, "caption")
        self._lay_out()
        self.table.itemChanged.connect(self._on_edited)
        self._store.changed.connect(self.fill)
        self._store.failed.connect(self._show_error)
        self._store.used.connect(self._show_uses)
        self.until_released(self._stop_listening)
        self.fill()
        self._show_uses()
        if self._store.error:
            self._show_error(self._store.error)

    def on_frame(self, frame: Frame) -> None:
        """Read what each bind would do now, once a second while it is seen."""
        now = self.context.bridge.session.mono_ns()
        if self.isVisible() and now - self._read_at >= NOW_AGAIN_NS:
            self._read_at = now
            self._show_now()

    def _stop_listening(self) -> None:
        self._store.changed.disconnect(self.fill)
        self._store.failed.disconnect(self._show_error)
        self._store.used.disconnect(self._show_uses)

    def fill(self) -> None:
        """Show the binds in force, with what lint finds."""
        self._filling = True
        file, text = self._store.file, self._store.text
        found: dict[str, list[str]] = {}
        for finding in lint(file):
            found.setdefault(finding.bind, []).append(finding.text)
        self.table.setRowCount(len(file.binds))
        for row, bind in enumerate(file.binds):
            when = "" if bind.when is None else str(bind.when)
            verb = f"run({bind.command})" if bind.command else bind.do
            texts = ("", bind.id, " ".join(bind.keys), press_text(bind), when, verb, rest_of(text, row), "", "")
            for column, shown in enumerate((*texts, "; ".join(found.get(bind.id, ())))):
                self.table.setItem(row, column, _item(shown, editable=0 < column < _CLASS))
            self.table.setItem(row, 0, _check(bind))
            self._tint(row, bind, doubtful=bind.id in found)
        self._filling = False
        self._show_now()
        self.table.setColumnHidden(_FINDING, not found)
        self.table.fit()
        name = "the default keys" if self._store.is_default else "hotkeys.toml"
        doubtful = f", {len(found)} to look at" if found else ""
        self._say(f"{len(file.binds)} binds of {name}{doubtful}. A change is written at once and disarms.", "muted")

    def _tint(self, row: int, bind: Bind, *, doubtful: bool) -> None:
        """Grey a disabled bind; mark the keys of one to look at."""
        colors = current_theme().colors
        items = [self.table.item(row, column) for column in range(len(COLUMNS))]
        for column, item in enumerate(items):
            if item is not None and not bind.enabled:
                item.setForeground(QColor(colors.text_muted))
            elif item is not None and doubtful and column in (_KEYS, _FINDING):
                item.setForeground(QColor(colors.warning))

    def try_key(self, chord: str) -> None:
        """Show what a key, or the second of a sequence, would do now; nothing is sent."""
        file = self._store.file
        binds = [bind for bind in file.binds if bind.keys == (self._led, chord)]
        if binds:
            self.test.setText(" ".join(binds[0].keys))
        else:
            binds = [bind for bind in file.binds if bind.keys == (chord,)]
        leaders = [bind for bind in file.binds if bind.keys[0] == chord and len(bind.keys) > 1]
        self._led = chord if leaders else ""
        if not binds:
            words = (
                f"{chord} leads to {', '.join(bind.keys[1] for bind in leaders)}" if leaders else f"{chord}: no bind"
            )
            self._tell(words)
            return
        self._tell(str(dry_run(binds, file, focus_snapshot(self.context))))

    def add(self) -> None:
        """Add a disabled bind and edit its keys."""
        taken = {bind.id for bind in self._store.file.binds}
        name = next(f"new_{n}" for n in range(1, len(taken) + 2) if f"new_{n}" not in taken)
        fields = {"id": name, "keys": "Ctrl+Shift+F1", "enabled": False, "do": "stage", "side": "buy"}
        if self._save(add_bind(self._store.text, fields)):
            row = self.table.rowCount() - 1
            self.table.setCurrentCell(row, 2)
            self.table.scrollToBottom()

    def remove(self) -> None:
        """Take the chosen bind out of the file."""
        row = self.table.currentRow()
        if row >= 0:
            self._save(remove_bind(self._store.text, row))

    def open_file(self) -> None:
        """Open the file in the user's editor; the default keys are written first."""
        if self._store.path is None or (not self._store.path.exists() and not self._save(self._store.text)):
            return
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._store.path)))

    def _on_edited(self, item: QTableWidgetItem) -> None:
        if self._filling:
            return
        row, name = item.row(), _FILE_FIELDS[item.column()]
        text = self._store.text
        try:
            if name == "fields":
                fields = parse_rest(item.text(), rest_of(text, row))
            elif name == "enabled":
                fields = {name: column_value(name, "true" if item.checkState() is Qt.CheckState.Checked else "false")}
            else:
                fields = {name: column_value(name, item.text())}
        except ValidationError as error:
            self._mark(item, str(error))
            return
        if not self._save(set_fields(text, row, fields)):
            self._mark(item, self.message.text())

    def _save(self, text: str) -> bool:
        """Write a text; say why it is refused."""
        try:
            self._store.save(text)
        except HotkeyFileError as error:
            self._say(f"Not saved: {error}", "danger")
            return False
        except OSError as error:
            self._say(f"Not saved: {error}", "danger")
            return False
        return True

    def _mark(self, item: QTableWidgetItem, error: str) -> None:
        """Keep what was typed, marked, with its error in place."""
        self._filling = True
        item.setForeground(QColor(current_theme().colors.danger))
        item.setToolTip(error)
        self._filling = False
        self._say(error, "danger")

    def _show_now(self) -> None:
        self._filling = True
        file, focus = self._store.file, focus_snapshot(self.context)
        for row, bind in enumerate(file.binds):
            told: DryRun = dry_run([bind], file, focus)
            for column, shown in ((_CLASS, told.risk_class), (_NOW, told.intent)):
                item = self.table.item(row, column)
                if item is not None and item.text() != shown:
                    item.setText(shown)
                    item.setToolTip(f"{shown}\n{', '.join(f'{name} {value}' for name, value in told.values)}")
        self._filling = False

    def _show_uses(self) -> None:
        self.uses.setVisible(bool(self._store.uses))
        self.uses.clear()
        self.uses.addItems([f"{keys:<14} {bind:<16} {words}" for keys, bind, words in reversed(self._store.uses)])

    def _show_error(self, text: str) -> None:
        self._say(text, "danger")

    def _say(self, text: str, role: str) -> None:
        self.message.setText(text)
        set_role(self.message, "role", role)

    def _tell(self, text: str) -> None:
        self.told.setText(text)
        self.told.setVisible(bool(text))

    # Building

    def _label(self, name: str) -> QLabel:
        label = QLabel()
        label.setObjectName(f"{self.panel_id}_{name}")
        label.setWordWrap(name == "message")
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label

    def _make_table(self) -> EntryTable:
        return EntryTable(f"{self.panel_id}_binds", "Binds", COLUMNS, _SHARES)

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(4, 4, 4, 4)
        bar.addWidget(self.test, 1)
        for name, tip, act in (
            ("Add", "Add a bind, disabled", self.add),
            ("Remove", "Take the chosen bind out of the file", self.remove),
            ("Reload", "Read the file again; disarms", self._store.load),
            ("Open file", "Open the file in an editor", self.open_file),
        ):
            button = QPushButton(name)
            button.setObjectName(f"{self.panel_id}_{name.lower().replace(' ', '_')}")
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            button.clicked.connect(lambda _checked=False, act=act: act())
            bar.addWidget(button)
        self.told.hide()
        top = QWidget()
        column = QVBoxLayout(top)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(bar)
        self.told.setContentsMargins(8, 2, 8, 2)
        self.message.setContentsMargins(8, 2, 8, 2)
        column.addWidget(self.message)
        column.addWidget(self.told)
        column.addWidget(self.table, 1)
        halves = QSplitter(Qt.Orientation.Vertical)
        halves.addWidget(top)
        halves.addWidget(self.uses)
        halves.setStretchFactor(0, 1)
        halves.setSizes([10 * _USES_HEIGHT, _USES_HEIGHT])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(halves)


def _item(text: str, *, editable: bool) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
    item.setFlags(flags | Qt.ItemFlag.ItemIsEditable if editable else flags)
    item.setToolTip(text)
    return item


def _check(bind: Bind) -> QTableWidgetItem:
    item = QTableWidgetItem("on" if bind.enabled else "off")
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
    item.setCheckState(Qt.CheckState.Checked if bind.enabled else Qt.CheckState.Unchecked)
    return item

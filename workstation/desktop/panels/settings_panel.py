"""The settings panel: every setting of the one schema, searched by words, edited in place, taken back.

Belongs to no walk. An edit acts at once where it can and says where it needs a restart; one that touches trading
disarms hand entry first. What is refused keeps the typed text and says the range.
"""

from collections.abc import Callable

import msgspec
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
)

from workstation.config.settings_file import TRADING, SettingRow
from workstation.desktop.context import DesktopContext
from workstation.desktop.entry_table import EntryTable
from workstation.desktop.shell.hotkeys_disarm import disarm
from workstation.desktop.shell.note_line import NoteLine
from workstation.desktop.shell.panel import Panel, PanelSettings
from workstation.desktop.theme import current_theme, theme_notifier
from workstation.viewmodels.panel_notes import NOTHING, PanelNote

COLUMNS = ("Setting", "Value", "Meaning", "Default", "From", "Allowed", "Applies")
VALUE, MEANING = 1, 2
NARROW_PX = 1_000
"""Below this width only what a setting is, its value and its meaning are columns; the line below tells the rest."""
LOOK_MS = 2_000
"""How often the file is looked at for a change from outside."""


class SettingsPanel(Panel):
    """Settings of this desktop's home."""

    kind = "settings"
    title = "Settings"
    icon = "settings"
    scrolls = True
    link_down_words = "Settings are read and written here as ever."

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self.store = context.settings
        self._rows: list[SettingRow] = []
        self._trouble = ""
        self.search = QLineEdit()
        self.search.setObjectName(f"{panel_id}_search")
        self.search.setAccessibleName("Search settings")
        self.search.setPlaceholderText("Search: words of name, value or meaning; default, file or restart")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.undo = self._button("undo", "Undo", "Take the last change back", self._undo)
        self.default = self._button("default", "Default", "Give the chosen setting its default", self._reset)
        self.reload = self._button("reload", "Reload", "Take the file as it is now", self._reload)
        self.note = NoteLine(f"{panel_id}_note")
        self.table = self._build_table()
        self.chosen = NoteLine(f"{panel_id}_chosen")
        self.table.currentCellChanged.connect(self._show_chosen)
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(self.search, 1)
        for button in (self.undo, self.default, self.reload):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.note)
        column.addWidget(self.table, 1)
        column.addWidget(self.chosen)
        self.setFocusProxy(self.search)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self.search.setFocus)
        theme_notifier().changed.connect(self._on_theme)
        timer = QTimer(self, interval=LOOK_MS)
        timer.timeout.connect(self._look)
        timer.start()
        self._fill()

    def _button(self, name: str, text: str, meaning: str, run: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(f"{self.panel_id}_{name}")
        button.setAccessibleName(meaning)
        button.setToolTip(meaning)
        button.setProperty("role", "quiet")
        button.clicked.connect(run)
        return button

    def _build_table(self) -> EntryTable:
        table = EntryTable(f"{self.panel_id}_table", "Settings", COLUMNS, {"Meaning": 1})
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.itemChanged.connect(self._on_edited)
        return table

    def save_settings(self) -> PanelSettings:
        """Return the search."""
        return {"search": self.search.text()}

    def restore_settings(self, settings: PanelSettings) -> None:
        """Take the search back."""
        self.search.setText(str(settings.get("search", "")))

    def change(self, name: str, text: str) -> None:
        """Change one setting; one that touches trading disarms first."""
        if self.store is None:
            return
        if name.startswith(TRADING):
            disarm(self.context, f"setting {name}")
        self._trouble = self.store.set(name, text)
        if not self._trouble:
            later = next((row.restart for row in self.store.rows() if row.name == name), False)
            self.context.announcer.say("info", f"{name} is {text}{', from the next start' if later else ''}.")
            self._fill()
        self._show_state()

    def _undo(self) -> None:
        if self.store is not None:
            if self.store.undo_touches_trading:
                disarm(self.context, "settings undone")
            self._trouble = self.store.undo()
            self._fill()

    def _reset(self) -> None:
        place = self.table.currentRow()
        if self.store is not None and 0 <= place < len(self._rows):
            name = self._rows[place].name
            if name.startswith(TRADING):
                disarm(self.context, f"setting {name}")
            self._trouble = self.store.reset(name)
            self._fill()

    def _reload(self) -> None:
        if self.store is not None:
            disarm(self.context, "settings reloaded")
            self._trouble = self.store.reload()
            self._fill()

    def _look(self) -> None:
        if self.isVisible():
            self._show_state()

    def _on_theme(self, *_: object) -> None:
        self._fill()

    def _on_edited(self, item: QTableWidgetItem) -> None:
        row = self._rows[item.row()]
        if item.column() == VALUE and item.text() != shown(row.value):
            self.change(row.name, item.text().strip())

    def _fill(self) -> None:
        self._rows = [] if self.store is None else self.store.rows()
        colors, editable = current_theme().colors, self.store is not None and self.store.writable
        self.table.blockSignals(True)  # noqa: FBT003  the toolkit's signature
        self.table.setRowCount(len(self._rows))
        for place, row in enumerate(self._rows):
            applies = "restart" if row.restart else "at once"
            default = shown(row.default)
            texts = (row.name, shown(row.value), row.meaning, default, row.layer, row.allowed, applies)
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
                item.setFlags(flags | Qt.ItemFlag.ItemIsEditable if column == VALUE and editable else flags)
                item.setForeground(colors.text if column <= MEANING else colors.text_muted)
                if column == VALUE and row.layer != "default":
                    item.setForeground(colors.accent)
                self.table.setItem(place, column, item)
        self.table.blockSignals(False)  # noqa: FBT003  the toolkit's signature
        self.table.fit()
        self._filter()
        self._show_chosen()

    def _filter(self, *_: object) -> None:
        words = self.search.text().lower().split()
        for place, row in enumerate(self._rows):
            cells = (row.name, shown(row.value), row.layer, row.meaning, "restart" if row.restart else "at once")
            text = " ".join(cells).lower()
            self.table.setRowHidden(place, not all(word in text for word in words))
        self._show_state()

    def _show_chosen(self, *_: object) -> None:
        place, text = self.table.currentRow(), ""
        if 0 <= place < len(self._rows):
            row = self._rows[place]
            applies = "holds from the next start" if row.restart else "holds at once"
            text = f"{row.name}: {row.meaning}; {row.allowed}; default {shown(row.default)}; {applies}."
        self.chosen.show_note(PanelNote("info", text))

    def _show_state(self) -> None:
        self.undo.setEnabled(self.store is not None and self.store.can_undo)
        self.note.show_note(self._note())

    def _note(self) -> PanelNote:
        self.reload.hide()
        if self.store is None:
            return PanelNote("info", "This desktop runs without a settings file.")
        if self._trouble:
            return PanelNote("warning", f"Refused: {self._trouble}")
        trouble, changes = self.store.outside()
        if trouble:
            if trouble == self.store.trouble:
                return PanelNote("warning", trouble)
            return PanelNote("danger", f"{trouble}. The settings before stay in force; the file stays as it is.")
        if changes:
            self.reload.show()
            return PanelNote("warning", f"Changed outside: {'; '.join(changes[:4])}. Reload takes them over.")
        if not self.store.writable:
            return PanelNote("info", "The folder cannot be written: settings are for reading.")
        if self._rows and all(self.table.isRowHidden(place) for place in range(len(self._rows))):
            return PanelNote("info", "No setting has these words.")
        return NOTHING

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave columns out where they would push the meaning off the edge."""
        super().resizeEvent(event)
        for column in range(MEANING + 1, len(COLUMNS)):
            self.table.setColumnHidden(column, event.size().width() < NARROW_PX * current_theme().text_scale)
        self.table.fit()


def shown(value: object) -> str:
    """Return a value as the file would write it, text bare."""
    if value is None:
        return "—"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()

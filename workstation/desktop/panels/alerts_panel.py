"""The alerts panel: every alert with its state and last firing, and the line that makes one.

Beside the tick walk: alerts are judged in the engine and act with this window closed. Double click edits; Del deletes,
Space switches on and off, a right click puts off. An alert never sends an order.
"""

from collections.abc import Callable
from functools import partial

import msgspec
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QMenu,
    QStackedLayout,
    QTableWidget,
    QTableWidgetItem,
)

from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.alerts_form import AlertForm, time_text
from workstation.desktop.panels.asking_panel import AskingPanel, Question
from workstation.desktop.theme import current_theme
from workstation.domain.alerts import (
    HOLDS_ALREADY,
    Alert,
    AlertHook,
    AlertRow,
    AlertState,
    DeleteAlert,
    ListAlertHooks,
    ListAlerts,
    SaveAlert,
)
from workstation.domain.errors import ValidationError
from workstation.domain.times import NS_PER_S
from workstation.viewmodels.alert_lines import line_deed
from workstation.viewmodels.alerts import checked, deeds_of, words_of

COLUMNS = ("State", "Instrument", "Alert", "Now", "Fired", "Times", "Does", "Remark")
WIDTHS = {"State": 10, "Instrument": 9, "Now": 12, "Fired": 14, "Times": 6, "Does": 12, "Remark": 12}
"""Digits that columns have room for; the alert's words take what is left, and no less than ALERT_DIGITS_MIN."""

ALERT_DIGITS_MIN = 17
SPARE_PERCENT = {"Alert": 40, "Now": 15, "Does": 20}
"""Of the width to spare; the last column takes what is left."""

SNOOZES = (("15 minutes", 15 * 60), ("an hour", 3_600), ("a day", 86_400))
_EMPTY = "No alerts yet. Type a condition such as  last > 187.50  or  rsi_14 < 30  below, and press Enter."
_STATE_COLORS = {
    AlertState.FIRED: "accent",
    AlertState.SUSPENDED: "stale",
    AlertState.SNOOZED: "warning",
    AlertState.ARMED: "text",
}


class AlertsPanel(AskingPanel):
    """Alerts of the engine."""

    kind = "alerts"
    title = "Alerts"
    icon = "bell"
    what = "the alerts"

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self.rows: tuple[AlertRow, ...] = ()
        self.hooks: tuple[AlertHook, ...] = ()
        self.table = self._build_table()
        self.empty = QLabel()
        self.empty.setObjectName(f"{panel_id}_empty")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "muted")
        self._stack = QStackedLayout()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.table)
        self.column.addLayout(self._stack, 1)
        self.form = AlertForm(panel_id, context.focus.symbol)
        self.form.asked.connect(self.keep_form)
        self.column.addWidget(self.form)
        self.setFocusProxy(self.form.condition)
        for key, run in ((Qt.Key.Key_Delete, self.delete_chosen), (Qt.Key.Key_Space, self.toggle_chosen)):
            shortcut = QShortcut(QKeySequence(key), self.table)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(run)
        self.ask()

    def _build_table(self) -> QTableWidget:
        table = QTableWidget(0, len(COLUMNS))
        table.setObjectName(f"{self.panel_id}_table")
        table.setAccessibleName("Alerts")
        table.setHorizontalHeaderLabels(list(COLUMNS))
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setWordWrap(False)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setStretchLastSection(True)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._open_context_menu)
        table.itemDoubleClicked.connect(lambda _item: self.edit_chosen())
        return table

    def _fit_columns(self) -> None:
        """Give each column its room; what a wide panel has to spare goes to those with words."""
        digit = self.table.fontMetrics().horizontalAdvance("0")
        spare = max(self.width() - (sum(WIDTHS.values()) + ALERT_DIGITS_MIN) * digit, 0)  # as wide as the table will be
        for place, name in enumerate(COLUMNS[:-1]):
            least = WIDTHS.get(name, ALERT_DIGITS_MIN) * digit
            self.table.setColumnWidth(place, least + spare * SPARE_PERCENT.get(name, 0) // 100)
        self.table.verticalHeader().setDefaultSectionSize(current_theme().metrics.row_compact)

    def questions(self) -> tuple[Question, ...]:
        """Ask for the list, and for the webhooks that one may call."""
        return (
            ("alert.list", ListAlerts(), self._heard),
            ("alert.hooks", ListAlertHooks(), self._heard_hooks),
        )

    def form_alert(self) -> Alert:
        """Return what the form says.

        Raises:
            ValidationError: a field of it cannot be read.
        """
        status = self.context.state.status
        return self.form.alert(0 if status is None else status.now_ns)

    def keep_form(self, fire_now: bool | None = None) -> None:
        """Keep what the form says; what is wrong is said here, and the typed text stays.

        fire_now: whether a condition that holds already fires; None asks. While one is being kept, whose bars may have
        to be read first, another press does nothing.
        """
        if not self.form.keep.isEnabled():
            return
        try:
            alert = self.form_alert()
            checked(alert)
        except ValidationError as error:
            self.refuse(str(error))
            return
        self.form.keep.setEnabled(False)
        self.act("alert.save", SaveAlert(alert=alert, fire_now=fire_now), "keep", self._kept)

    def chosen(self) -> AlertRow | None:
        """Return the selected alert."""
        place = self.table.currentRow()
        return self.rows[place] if 0 <= place < len(self.rows) else None

    def delete_chosen(self) -> None:
        """Forget the selected alert."""
        row = self.chosen()
        if row is not None:
            self.act("alert.delete", DeleteAlert(id=row.alert.id), "delete")

    def toggle_chosen(self) -> None:
        """Switch the selected alert on or off; one that has fired is armed again."""
        row = self.chosen()
        if row is not None:
            on = row.state in (AlertState.OFF, AlertState.FIRED)
            changed = msgspec.structs.replace(row.alert, is_on=on, holds=None, fired_count=0, snoozed_until=None)
            self.act("alert.save", SaveAlert(alert=changed), "toggle")

    def snooze_chosen(self, seconds: int) -> None:
        """Put the selected alert off for a time; 0 ends that."""
        row, status = self.chosen(), self.context.state.status
        if row is not None and status is not None:
            until = status.now_ns + seconds * NS_PER_S if seconds else None
            changed = msgspec.structs.replace(row.alert, snoozed_until=until, holds=None)
            self.act("alert.save", SaveAlert(alert=changed), "snooze")

    def duplicate_chosen(self) -> None:
        """Put a copy of the selected alert into the form, to be changed and kept as a new one."""
        row = self.chosen()
        if row is not None:
            self.form.edit(row.alert, as_new=True)

    def context_menu(self) -> QMenu:
        """Return the commands on the selected alert."""
        menu, row = QMenu(self), self.chosen()
        menu.setObjectName(f"{self.panel_id}_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        snoozed = row is not None and row.state is AlertState.SNOOZED
        on = row is not None and row.state not in (AlertState.OFF, AlertState.FIRED)
        entries: list[tuple[str, str, Callable[[], None]]] = [
            ("edit", "Edit", self.edit_chosen),
            ("duplicate", "Duplicate", self.duplicate_chosen),
            ("toggle", "Switch off\tSpace" if on else "Arm\tSpace", self.toggle_chosen),
            *((f"snooze_{s}", f"Snooze for {words}", partial(self.snooze_chosen, s)) for words, s in SNOOZES),
            *([("wake", "End the snooze", partial(self.snooze_chosen, 0))] if snoozed else []),
            ("delete", "Delete\tDel", self.delete_chosen),
        ]
        for name, text, run in entries:
            action = menu.addAction(text)
            action.setObjectName(f"{self.panel_id}_{name}_action")
            action.setEnabled(row is not None and (on or not name.startswith("snooze")))
            action.triggered.connect(lambda _checked=False, run=run: run())
        return menu

    def _open_context_menu(self, point: QPoint) -> None:
        row = self.table.rowAt(point.y())
        if row >= 0:
            self.table.selectRow(row)
        self.context_menu().popup(self.table.viewport().mapToGlobal(point))

    def edit_chosen(self) -> None:
        """Put the selected alert into the form."""
        row = self.chosen()
        if row is None:
            return
        self.form.edit(row.alert)

    def _heard(self, result: CommandResult) -> None:
        if self.take(result, tuple):
            self.empty.setText(_EMPTY)
            self._show(result.data)

    def _heard_hooks(self, result: CommandResult) -> None:
        if result.ok and isinstance(result.data, tuple) and result.data != self.hooks:
            self.hooks = result.data
            self.form.offer_hooks(self.hooks)
            rows, self.rows = self.rows, ()
            self._show(rows)

    def _show(self, rows: tuple[AlertRow, ...]) -> None:
        if rows == self.rows and self.table.rowCount() == len(rows):
            return
        self.rows = rows
        self._stack.setCurrentWidget(self.table if rows else self.empty)
        self.table.setRowCount(len(rows))
        colors = current_theme().colors
        for place, row in enumerate(rows):
            alert = row.alert
            texts = (
                row.state,
                alert.symbol,
                words_of(alert),
                row.reading,
                time_text(alert.fired_at),
                str(alert.fired_count),
                deeds_of(alert, self.hooks, line_deed(alert.line))
                + ("" if alert.expires_at is None else f", until {time_text(alert.expires_at)}"),
                row.remark or (f"until {time_text(alert.snoozed_until)}" if row.state is AlertState.SNOOZED else ""),
            )
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(_history(alert) if COLUMNS[column] in ("Fired", "Times") else text)
                item.setForeground(getattr(colors, _STATE_COLORS.get(row.state, "text_muted")))
                self.table.setItem(place, column, item)

    def _kept(self, result: CommandResult) -> None:
        self.form.keep.setEnabled(True)
        if not result.ok:
            self.refuse(result.text)
            if result.code == HOLDS_ALREADY:
                self.form.ask_when()
            return
        self.form.clear()
        self.context.announcer.say("info", result.text)
        self.ask()

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the columns into the new width."""
        super().resizeEvent(event)
        self._fit_columns()

    def changeEvent(self, event: QEvent) -> None:
        """Fit the columns to another size of type."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit_columns()


def _history(alert: Alert) -> str:
    times = "\n".join(time_text(ts) for ts in reversed(alert.history))
    return f"Fired, newest first, UTC:\n{times}" if times else "It has not fired."

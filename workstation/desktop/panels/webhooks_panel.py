"""Webhooks panel: who is told of events, what became of each delivery, and one more try for what was given up.

Beside both walks, and a door of the commands about scripts. Endpoints are made over the REST interface, which seals
their secrets; here they are switched off and on, deleted and watched.
"""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSplitter, QVBoxLayout, QWidget

from workstation.commands.records import ChangeRecord, DeleteRecord
from workstation.commands.registry import CommandResult, NoParams
from workstation.commands.scripts import Redeliver
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.asking_panel import AskingPanel, Beside, PressTwice, Question, bar_of, named
from workstation.desktop.table_view import ColumnView
from workstation.desktop.tables import ColumnModel
from workstation.ports.scripts import HookBoard
from workstation.viewmodels.panel_notes import PanelNote
from workstation.viewmodels.webhooks_view import (
    DeliveryRow,
    HookRow,
    WebhooksView,
    answer_text,
    delivery_style,
    hook_style,
    is_dead,
)

DEAD = "DEAD"


class WebhooksPanel(AskingPanel):
    """Webhooks of this installation."""

    kind = "webhooks"
    title = "Webhooks"
    icon = "bell"
    what = "webhooks"

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self.rows = WebhooksView()
        self.hooks = ColumnView(ColumnModel(self.rows.hooks), hook_style, name=f"{panel_id}_hooks", meaning="Webhooks")
        self.deliveries = ColumnView(
            ColumnModel(self.rows.deliveries), delivery_style, name=f"{panel_id}_deliveries", meaning="Deliveries"
        )
        self.hooks.set_flexible("url")
        self.deliveries.set_flexible("answer")
        self.deliveries.set_default_sort([("made", True)])
        for view in (self.hooks, self.deliveries):
            view.rows_chosen.connect(self._show_buttons)
        tables = QSplitter(Qt.Orientation.Vertical)
        tables.setObjectName(f"{panel_id}_tables")
        tables.setChildrenCollapsible(False)
        tables.addWidget(self.hooks)
        tables.addWidget(self.deliveries)
        self.column.addLayout(Beside(self, tables, self._actions()), 1)
        self.setFocusProxy(self.hooks)
        self._show_all()
        self.ask()

    def questions(self) -> Sequence[Question]:
        """Return webhooks and deliveries."""
        return (("script.hooks", NoParams(), self._on_board),)

    def trouble(self) -> PanelNote:
        """Say that deliveries were given up, or that the door that delivers is closed."""
        status = self.context.state.status
        if len(self.rows.hooks) and status is not None and not status.api_url:
            return PanelNote("warning", "The REST interface is off: nothing is delivered until it is on again.")
        dead = self.rows.dead()
        return PanelNote("danger", f"{dead} deliveries were given up. Select them and try again." if dead else "")

    def _actions(self) -> QWidget:
        side = QWidget()
        self.redeliver = self.button(
            "redeliver", "Try again", "Try the selected dead deliveries again under their ids", self._redeliver, role=""
        )
        self.only_dead = self.button("only_dead", "Dead only", "Show only deliveries that were given up", self._filter)
        self.only_dead.setCheckable(True)
        self.toggle = self.button("toggle", "Switch off", "Switch the selected webhooks off or on", self._toggle, "")
        self.delete = PressTwice("Delete", self._delete)
        named(self.delete, f"{self.panel_id}_delete", "Delete the selected webhooks; press twice", "quiet")
        self.detail = QLabel()
        self.detail.setObjectName(f"{self.panel_id}_detail")
        self.detail.setProperty("role", "caption")
        self.detail.setTextFormat(Qt.TextFormat.PlainText)
        self.detail.setWordWrap(True)
        self.detail.setContentsMargins(8, 3, 8, 3)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar_of(self.redeliver, self.only_dead))
        column.addLayout(bar_of(self.toggle, self.delete))
        column.addWidget(self.detail)
        return side

    def _on_board(self, result: CommandResult) -> None:
        if self.take(result, HookBoard):
            self.hooks.reorder(lambda: self.rows.take(result.data))
            self.deliveries.reorder(self.rows.deliveries.refresh)
            self.hooks.redress()
            self.deliveries.redress()
            self.show_state()
        self._show_all()

    def _show_all(self) -> None:
        waits = ("Loading webhooks…", "Waiting for the engine.")
        none = ("No webhooks", "A script makes one with POST /api/v1/webhooks/out.")
        nothing = ("Nothing delivered yet", "Each event that a webhook wants appears here.")
        if self.only_dead.isChecked():
            nothing = ("No dead deliveries", "Everything was taken, or is still being tried.")
        self.hooks.set_empty_text(*(none if self.rows.has_board else waits))
        self.deliveries.set_empty_text(*(nothing if self.rows.has_board else waits))
        self._show_buttons()

    def _chosen_hooks(self) -> list[HookRow]:
        return list(self.hooks.selected_rows())

    def _chosen_deliveries(self) -> list[DeliveryRow]:
        return list(self.deliveries.selected_rows())

    def _show_buttons(self, *_: object) -> None:
        hooks, deliveries = self._chosen_hooks(), self._chosen_deliveries()
        self.redeliver.setEnabled(any(is_dead(row) for row in deliveries))
        self.toggle.setEnabled(bool(hooks))
        self.delete.setEnabled(bool(hooks))
        self.toggle.setText("Switch on" if hooks and not hooks[0].hook.is_active else "Switch off")
        words = ""
        if len(deliveries) == 1:
            chosen = deliveries[0].delivery
            parts = (
                f"{chosen.event_type}, {chosen.message_id}",
                f"Answer: {answer_text(chosen)}",
                chosen.response_body,
            )
            words = "\n".join(part for part in parts if part)
        self.detail.setText(words)

    def _filter(self) -> None:
        table = self.rows.deliveries
        only = self.only_dead.isChecked()
        self.deliveries.filter_by((lambda rows: table.matching("state", rows, DEAD.__eq__)) if only else None)
        self._show_all()

    def _redeliver(self) -> None:
        for row in self._chosen_deliveries():
            if is_dead(row):
                wish = Redeliver(webhook_id=row.delivery.webhook_id, delivery_id=row.delivery.id)
                self.act("script.redeliver", wish, "redeliver")

    def _toggle(self) -> None:
        for row in self._chosen_hooks():
            changes = {"is_active": not row.hook.is_active, "disabled_reason": ""}
            self.act("webhook.update", ChangeRecord(id=row.hook.id, changes=changes), "toggle")

    def _delete(self) -> None:
        for row in self._chosen_hooks():
            self.act("webhook.delete", DeleteRecord(id=row.hook.id), "delete")

"""Webhooks panel: who is told of events, what became of each delivery, and one more try for what was given up.

Beside both walks, and a door of the commands about scripts. Endpoints are made, changed, held and deleted here as over
the REST interface. A new secret lives in its field alone, until it is hidden or the panel closes.
"""

from collections.abc import Sequence

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QSplitter, QVBoxLayout, QWidget

from workstation.commands.outcomes import Refusal
from workstation.commands.records import ChangeRecord, DeleteRecord
from workstation.commands.registry import CommandResult, NoParams
from workstation.commands.scripts import Redeliver
from workstation.commands.webhooks import HookSecret, RotateHook, SaveHook
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.asking_panel import AskingPanel, Beside, PressTwice, Question, bar_of, named
from workstation.desktop.panels.webhooks_form import HookForm
from workstation.desktop.spare_columns import SpareColumnView
from workstation.desktop.table_view import ColumnView
from workstation.desktop.tables import ColumnModel
from workstation.ports.scripts import HookBoard
from workstation.viewmodels.panel_notes import PanelNote
from workstation.viewmodels.webhooks_form import HookInputs, inputs_of, read_hook
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
        self._edited = ""
        self.hooks = SpareColumnView(
            ColumnModel(self.rows.hooks), hook_style, name=f"{panel_id}_hooks", meaning="Webhooks"
        )
        self.deliveries = SpareColumnView(
            ColumnModel(self.rows.deliveries), delivery_style, name=f"{panel_id}_deliveries", meaning="Deliveries"
        )
        self.hooks.set_flexible("url")
        self.hooks.set_spare("types")
        self.deliveries.set_flexible("answer")
        self.deliveries.set_spare("next", "attempts", "hook")
        self.deliveries.set_default_sort([("made", True)])
        for view in (self.hooks, self.deliveries):
            view.rows_chosen.connect(self._show_buttons)
        self._buttons()
        tables = QSplitter(Qt.Orientation.Vertical)
        tables.setObjectName(f"{panel_id}_tables")
        tables.setChildrenCollapsible(False)
        tables.addWidget(_below(self.hooks, self.new, self.edit, self.toggle, self.rotate, self.delete))
        tables.addWidget(_below(self.deliveries, self.redeliver, self.only_dead))
        self._beside = Beside(self, tables, self._side())
        self.column.addLayout(self._beside, 1)
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

    def _buttons(self) -> None:
        self.redeliver = self.button(
            "redeliver", "Try again", "Try the selected dead deliveries again under their ids", self._redeliver, role=""
        )
        self.only_dead = self.button("only_dead", "Dead only", "Show only deliveries that were given up", self._filter)
        self.only_dead.setCheckable(True)
        self.new = self.button("new", "New", "Make a webhook", self._begin_new, role="")
        self.edit = self.button("edit", "Edit", "Change the selected webhook", self._begin_edit, role="")
        self.toggle = self.button("toggle", "Pause", "Hold the selected webhooks back, or let them go on", self._toggle)
        self.rotate = PressTwice("New secret", self._rotate)
        meaning = "Give the selected webhook a new secret, good with the old one for a day; press twice"
        named(self.rotate, f"{self.panel_id}_rotate", meaning, "quiet")
        self.delete = PressTwice("Delete", self._delete)
        named(self.delete, f"{self.panel_id}_delete", "Delete the selected webhooks; press twice", "quiet")

    def _side(self) -> QWidget:
        """Return what stands beside the tables while there is something to fill in or to read."""
        side = QWidget()
        self.form = HookForm(self.panel_id)
        self.form.saved.connect(self._save)
        self.form.closed.connect(self._end_form)
        self.form.hide()
        self.detail = QLabel()
        self.detail.setObjectName(f"{self.panel_id}_detail")
        self.detail.setProperty("role", "caption")
        self.detail.setTextFormat(Qt.TextFormat.PlainText)
        self.detail.setWordWrap(True)
        self.detail.setContentsMargins(8, 3, 8, 3)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.form)
        column.addWidget(self._once())
        column.addWidget(self.detail)
        return side

    def _once(self) -> QWidget:
        """Return the place of a new secret, hidden until there is one."""
        self.secret = QLineEdit()
        self.secret.setObjectName(f"{self.panel_id}_secret")
        self.secret.setAccessibleName("The new secret, shown once")
        self.secret.setReadOnly(True)
        self.copy_secret = self.button("copy_secret", "Copy", "Copy the new secret", self._copy_secret, role="")
        self.hide_secret = self.button("hide_secret", "Hide", "Forget the new secret", self._forget_secret)
        caption = QLabel("The secret that signs; it is shown this once.")
        caption.setProperty("role", "caption")
        caption.setContentsMargins(8, 3, 8, 0)
        self.made = QWidget()
        column = QVBoxLayout(self.made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(caption)
        column.addWidget(bar_of(self.secret, self.copy_secret, self.hide_secret, stretch=0))
        self.made.hide()
        return self.made

    def _on_board(self, result: CommandResult) -> None:
        if self.take(result, HookBoard):
            self.hooks.reorder(lambda: self.rows.take(result.data))
            self.deliveries.reorder(self.rows.deliveries.refresh)
            self.hooks.redress()
            self.deliveries.redress()
            self.show_state()
        self._show_all()

    def _show_all(self) -> None:
        waits = self.asking.waits
        none = ("No webhooks", "New makes one; so does a script over REST.")
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
        for button in (self.toggle, self.delete):
            button.setEnabled(bool(hooks))
        for button in (self.edit, self.rotate):
            button.setEnabled(len(hooks) == 1)
        self.toggle.setText("Resume" if hooks and not hooks[0].hook.is_active else "Pause")
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
        self._show_side()

    def _show_side(self) -> None:
        is_filling = not self.form.isHidden()
        self.detail.setVisible(bool(self.detail.text()) and not is_filling)
        self._beside.show_side(shown=is_filling or not self.made.isHidden() or bool(self.detail.text()))

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

    def _begin_new(self) -> None:
        self._edited = ""
        self._begin(HookInputs())

    def _begin_edit(self) -> None:
        for row in self._chosen_hooks():
            self._edited = row.hook.id
            self._begin(inputs_of(row.hook))

    def _begin(self, inputs: HookInputs) -> None:
        self.form.show()
        self._show_side()
        self.form.show_inputs(inputs, is_new=not self._edited)

    def _end_form(self) -> None:
        self.form.hide()
        self._show_side()
        self.hooks.setFocus()

    def _save(self, typed: HookInputs) -> None:
        fields, troubles = read_hook(typed)
        self.form.show_troubles(troubles)
        if fields is not None:
            wish = SaveHook(id=self._edited, **msgspec.structs.asdict(fields))
            self.act("script.save_hook", wish, "save", self._on_saved)

    def _on_saved(self, result: CommandResult) -> None:
        refusal = result.data if isinstance(result.data, Refusal) else Refusal()
        if result.ok:
            self._end_form()
        elif refusal.field in self.form.fields:
            self.form.show_troubles({refusal.field: result.text})
        self._show_once(result)

    def _rotate(self) -> None:
        for row in self._chosen_hooks():
            self.act("script.rotate_hook", RotateHook(id=row.hook.id), "rotate", self._show_once)

    def _show_once(self, result: CommandResult) -> None:
        if isinstance(result.data, HookSecret):
            self.secret.setText(result.data.secret)
            self.made.show()
            self._show_side()
        self._on_done(result)

    def _copy_secret(self) -> None:
        QGuiApplication.clipboard().setText(self.secret.text())
        self.context.announcer.say("info", "The secret is copied. It is not shown again.")

    def _forget_secret(self) -> None:
        self.secret.clear()
        self.made.hide()
        self._show_side()

    def _toggle(self) -> None:
        for row in self._chosen_hooks():
            changes = {"is_active": not row.hook.is_active, "disabled_reason": ""}
            self.act("webhook.update", ChangeRecord(id=row.hook.id, changes=changes), "toggle")

    def _delete(self) -> None:
        for row in self._chosen_hooks():
            self.act("webhook.delete", DeleteRecord(id=row.hook.id), "delete")


def _below(view: ColumnView, *buttons: QPushButton) -> QWidget:
    """Return a table below the buttons that act on it."""
    part = QWidget()
    column = QVBoxLayout(part)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(bar_of(*buttons))
    column.addWidget(view, 1)
    return part

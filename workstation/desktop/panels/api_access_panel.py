"""Scripts panel: the REST interface on or off, its keys, each request as it comes; a new key is shown once.

Beside both walks, and a door of the commands about scripts. Revoking takes one click and acts at once. A key's text
lives in its field alone, until it is hidden or the panel closes.
"""

import secrets
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QSplitter, QVBoxLayout, QWidget

from workstation.commands.limits import RiskStanding
from workstation.commands.records import ChangeRecord, CreateRecord, DeleteRecord
from workstation.commands.registry import CommandResult, NoParams
from workstation.commands.scripts import SwitchDoor
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.asking_panel import AskingPanel, Question, bar_of
from workstation.desktop.panels.permit_form import PermitForm
from workstation.desktop.panels.ticket_fields import set_role
from workstation.desktop.spare_columns import SpareColumnView
from workstation.desktop.tables import ColumnModel
from workstation.desktop.theme import current_theme, theme_notifier
from workstation.domain.errors import UserError
from workstation.domain.records import LivePermit
from workstation.domain.scopes import PRESETS
from workstation.ports.scripts import ScriptBoard
from workstation.viewmodels.api_view import (
    KEY_START,
    ApiView,
    KeyInputs,
    KeyRow,
    key_style,
    new_record,
    request_style,
)
from workstation.viewmodels.panel_notes import PanelNote

KEY_BYTES = 32
DAYS_WIDTH_PX = 64
KEYS_SPARE = ("orders", "used", "prefix")
"""Columns of the keys that give way in a narrow panel, the first of these first."""


class ApiAccessPanel(AskingPanel):
    """The REST interface of this program."""

    kind = "api_access"
    title = "Scripts"
    icon = "strategy"
    what = "the REST interface"

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self.scripts = ApiView(context.bridge.session.origin_names)
        self._made = ""
        self.switch = self.button("switch", "Turn on", "Open or close the REST interface", self._switch, role="")
        self.address = QLabel()
        self.address.setObjectName(f"{panel_id}_address")
        self.address.setProperty("role", "figure")
        self.address.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.copy_address = self.button("copy_address", "Copy address", "Copy the address", self._copy_address)
        self.column.addWidget(bar_of(self.switch, self.address, self.copy_address, stretch=1))
        self.keys = SpareColumnView(
            ColumnModel(self.scripts.keys), key_style, name=f"{panel_id}_keys", meaning="Keys of scripts"
        )
        self.keys.set_flexible("name")
        self.keys.set_spare(*KEYS_SPARE)
        self.requests = SpareColumnView(
            ColumnModel(self.scripts.requests), request_style, name=f"{panel_id}_requests", meaning="Requests"
        )
        self.requests.set_flexible("path")
        self.requests.set_spare("ms")
        self.keys.rows_chosen.connect(self._show_buttons)
        tables = QSplitter(Qt.Orientation.Vertical)
        tables.setObjectName(f"{panel_id}_tables")
        tables.setChildrenCollapsible(False)
        tables.addWidget(self._with_actions(self.keys))
        tables.addWidget(self.requests)
        self.column.addWidget(tables, 1)
        self.setFocusProxy(self.keys)
        self._show_door()
        self.ask()

    def questions(self) -> Sequence[Question]:
        """Return what is used of live permits, and the door and its keys."""
        return (("risk.standing", NoParams(), self._on_standing), ("script.board", NoParams(), self._on_board))

    def trouble(self) -> PanelNote:
        """Say why the door did not open."""
        board = self.scripts.board
        if board is None or not board.door.trouble:
            return PanelNote()
        words = "Free that port and turn it on, or start with --api-port 0 for any free one."
        return PanelNote("danger", f"The REST interface is closed: {board.door.trouble}. {words}")

    def _with_actions(self, keys: QWidget) -> QWidget:
        """Return the keys over what acts on them and what makes a new one, so that each table has the whole width."""
        holder = QWidget()
        self.name = self._field("name", "Name of the key", "Name of a new key")
        self.preset = QComboBox()
        self.preset.setObjectName(f"{self.panel_id}_preset")
        self.preset.setAccessibleName("What the key may do")
        self.preset.setToolTip("What the key may do")
        self.preset.addItems(list(PRESETS))
        self.cap = self._field("cap", "Largest notional of one order", "Order cap")
        self.days = self._field("days", "Days until it expires", "Days")
        theme_notifier().changed.connect(self._fit_days)
        self._fit_days()
        self.create_button = self.button(
            "create", "Create key", "Make a key; it is shown once", self._create, role="primary"
        )
        self.revoke = self.button("revoke", "Revoke", "Revoke the selected keys at once", self._revoke, role="danger")
        self.permits = PermitForm(self.panel_id, "the selected keys", self.revoke)
        self.permits.permit_changed.connect(self._permit)
        self.permits.refused.connect(self.refuse)
        self.secret = self._field("secret", "The new key, shown once", "")
        self.secret.setReadOnly(True)
        self.copy_key = self.button("copy_key", "Copy", "Copy the new key", self._copy_key, role="")
        self.hide_key = self.button("hide_key", "Hide", "Forget the new key", self._forget_key)
        self.made = bar_of(self.secret, self.copy_key, self.hide_key, stretch=0)
        self.made.hide()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(keys, 1)
        column.addWidget(self.permits)
        column.addWidget(bar_of(self.name, self.preset, self.cap, self.days, self.create_button, stretch=0))
        column.addWidget(self.made)
        for field in (self.name, self.cap, self.days):
            field.returnPressed.connect(self._create)
        return holder

    def _fit_days(self, *_: object) -> None:
        """Give the short field the width that its words take at the size of the text."""
        self.days.setFixedWidth(round(DAYS_WIDTH_PX * max(current_theme().text_scale, 1.0)))

    def _field(self, name: str, meaning: str, placeholder: str) -> QLineEdit:
        field = QLineEdit()
        field.setObjectName(f"{self.panel_id}_{name}")
        field.setAccessibleName(meaning)
        field.setPlaceholderText(placeholder)
        return field

    def _on_standing(self, result: CommandResult) -> None:
        if isinstance(result.data, RiskStanding):
            self.scripts.take_uses(result.data.permits)
            self._show_buttons()

    def _on_board(self, result: CommandResult) -> None:
        if self.take(result, ScriptBoard):
            orders = self.context.state.orders.values()
            self.keys.apply(lambda: self.scripts.take(result.data, orders))
            self.requests.apply(lambda: None)
            self.keys.redress()
            self.show_state()
        self._show_door()

    def _show_door(self) -> None:
        board = self.scripts.board
        url = "" if board is None else board.door.url
        self.switch.setText("Turn off" if url else "Turn on")
        self.switch.setEnabled(board is not None)
        self.copy_address.setEnabled(bool(url))
        state = f"ON  {url}" if url else "OFF: scripts are not answered" if board is not None else ""
        self.address.setText(state)
        self.address.setAccessibleName(f"REST interface {state}")
        self.address.setToolTip("" if board is None else f"Token file: {board.door.token_file}")
        waits = self.asking.waits
        self.keys.set_empty_text(*(("No keys", "Name one below and create it.") if board else waits))
        self.requests.set_empty_text(*(("No requests yet", "Each one appears here.") if board else waits))
        self._show_buttons()

    def _chosen(self) -> list[KeyRow]:
        return list(self.keys.selected_rows())

    def _show_buttons(self, *_: object) -> None:
        chosen = self._chosen()
        self.revoke.setEnabled(bool(chosen))
        now_ns = 0 if self.scripts.board is None else self.scripts.board.now_ns
        self.permits.show_holders([self.scripts.holder(row.key) for row in chosen], now_ns)

    def _switch(self) -> None:
        board = self.scripts.board
        if board is not None:
            self.act("script.switch", SwitchDoor(on=not board.door.url), "switch")

    def _create(self) -> None:
        board = self.scripts.board
        if board is None:
            return
        fields = {"name": self.name, "cap": self.cap, "days": self.days}
        for field in fields.values():
            set_role(field, "invalid", "false")
        typed = {name: field.text() for name, field in fields.items()}
        key = KEY_START + secrets.token_hex(KEY_BYTES)
        try:
            draft = new_record(key, KeyInputs(preset=self.preset.currentText(), **typed), board.now_ns)
        except UserError as error:
            wrong = fields.get(getattr(error, "field", ""), self.name)
            set_role(wrong, "invalid", "true")
            wrong.setFocus()
            self.refuse(str(error))
            return
        self._made = key
        self.act("api_key.create", CreateRecord(record=draft), "create", self._on_created)

    def _on_created(self, result: CommandResult) -> None:
        if result.ok:
            self.secret.setText(self._made)
            self.made.show()
            for field in (self.name, self.cap, self.days):
                field.clear()
        self._made = ""
        self._on_done(result)

    def _revoke(self) -> None:
        for row in self._chosen():
            self.act("api_key.delete", DeleteRecord(id=row.key.id), "revoke")

    def _permit(self, given: LivePermit | None) -> None:
        for row in self._chosen():
            self.act("api_key.update", ChangeRecord(id=row.key.id, changes={"live_permit": given}), "permit")

    def _copy_address(self) -> None:
        if self.scripts.board is not None:
            QGuiApplication.clipboard().setText(self.scripts.board.door.url)

    def _copy_key(self) -> None:
        QGuiApplication.clipboard().setText(self.secret.text())
        self.context.announcer.say("info", "The key is copied. It is not shown again.")

    def _forget_key(self) -> None:
        self.secret.clear()
        self.made.hide()

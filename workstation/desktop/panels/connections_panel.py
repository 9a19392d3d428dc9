"""Connections panel: venues and streams with their age, accounts, differences, and what a person can do about them.

Last stage of both walks, and a door of the commands of venues and accounts. Disconnecting says its effects first;
adopting and overriding need typed words, which the journal keeps.
"""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QSplitter, QVBoxLayout, QWidget

from workstation.commands.params import AdoptPosition, OverrideLock, ReconcileAccount, WithdrawCancel
from workstation.commands.registry import CommandResult, NoParams
from workstation.commands.venues import VenueName
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.asking_panel import AskingPanel, Beside, PressTwice, Question, bar_of, named
from workstation.desktop.shell.vault_dialog import ask_for_passphrase
from workstation.desktop.table_view import ColumnView
from workstation.desktop.tables import ColumnModel
from workstation.domain.accounts import LockState
from workstation.ports.venue_board import VenueBoard
from workstation.viewmodels.connections_view import (
    KEPT_CANCEL,
    POSITION,
    ConnectionsView,
    account_style,
    diagnostics,
    difference_style,
    link_style,
)
from workstation.viewmodels.formats import Formats
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.panel_notes import PanelNote
from workstation.viewmodels.venue_standing import disconnect_effects

LINKS_SHARE, ACCOUNTS_SHARE, DIFFERENCES_SHARE = 5, 3, 3


class ConnectionsPanel(AskingPanel):
    """Links, accounts and differences of all venues."""

    kind = "connections"
    title = "Connections"
    icon = "connected"
    what = "links and accounts"

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__(context, panel_id)
        self.rows = ConnectionsView(Formats(context.bridge.session.instruments))
        self.links = self._table("links", "Links and streams", self.rows.links, link_style, "detail")
        self.accounts = self._table("accounts", "Accounts", self.rows.accounts, account_style, "account")
        self.differences = self._table(
            "differences", "Differences with venues", self.rows.differences, difference_style, "owner"
        )
        tables = QSplitter(Qt.Orientation.Vertical)
        tables.setObjectName(f"{panel_id}_tables")
        tables.setChildrenCollapsible(False)
        for place, (table, share) in enumerate(
            (
                (self.links, LINKS_SHARE),
                (self.accounts, ACCOUNTS_SHARE),
                (self.differences, DIFFERENCES_SHARE),
            )
        ):
            tables.addWidget(table)
            tables.setStretchFactor(place, share)
        self.column.addLayout(Beside(self, tables, self._actions()), 1)
        self.setFocusProxy(self.links)
        for view in (self.accounts, self.differences):
            view.rows_chosen.connect(self._show_buttons)
        self.reason.textChanged.connect(self._show_buttons)
        self._show_buttons()
        self._refill()
        self._follow_secrets()
        self.ask()

    def questions(self) -> Sequence[Question]:
        """Return the board of venues."""
        return (("venue.board", NoParams(), self._on_board),)

    def trouble(self) -> PanelNote:
        """Say which accounts take no new risk."""
        locked = self.rows.locked()
        if not locked:
            return PanelNote()
        names = "; ".join(f"{line.account.account} {line.lock}: {line.reason}" for line in locked)
        return PanelNote("warning", f"{names}. New risk is refused there; cancels and exits stay open.")

    def on_frame(self, frame: Frame) -> None:
        """Take link states, figures and kept cancels."""
        super().on_frame(frame)
        if frame.status is not None or frame.accounts or frame.rows:
            self._refill()

    def _table(self, name: str, meaning: str, table: Any, style: Any, flexible: str) -> ColumnView:
        view = ColumnView(ColumnModel(table), style, name=f"{self.panel_id}_{name}", meaning=meaning)
        view.set_flexible(flexible)
        return view

    def _actions(self) -> QWidget:
        side = QWidget()
        self.connect_button = self.button("connect", "Connect", "Connect the venue", self._connect)
        self.disconnect_button = PressTwice("Disconnect", self._disconnect)
        named(self.disconnect_button, f"{self.panel_id}_disconnect", "Disconnect the venue; press twice", "quiet")
        self.reconcile = self.button(
            "reconcile", "Reconcile now", "Compare the selected accounts, or all, with their venue", self._reconcile
        )
        self.renew = self.button("renew", "Resubscribe", "Ask the feed again for every stream", self._renew)
        self.diagnose = self.button("diagnostics", "Copy diagnostics", "Copy these tables as text", self._copy_tables)
        self.reason = QLineEdit()
        self.reason.setObjectName(f"{self.panel_id}_reason")
        self.reason.setAccessibleName("Reason")
        self.reason.setPlaceholderText("Reason; needed to adopt or override")
        self.adopt = self._deciding("adopt", "Adopt", "Make our position the venue's", self._adopt)
        self.override = self._deciding("override", "Override lock", "Unlock in spite of differences", self._override)
        self.withdraw = self._deciding("withdraw", "Withdraw", "Take a kept cancel back", self._withdraw)
        self.effects = QLabel()
        self.effects.setObjectName(f"{self.panel_id}_effects")
        self.effects.setProperty("role", "caption")
        self.effects.setWordWrap(True)
        self.effects.setContentsMargins(8, 2, 8, 2)
        self.effects.hide()
        self.disconnect_button.waiting.connect(self.effects.setVisible)
        self.secrets = QLabel()
        self.secrets.setObjectName(f"{self.panel_id}_secrets")
        self.secrets.setProperty("role", "caption")
        self.secrets.setWordWrap(True)
        self.secrets.setContentsMargins(8, 2, 8, 2)
        self.secrets.hide()
        self.unlock = self.button("unlock", "Unlock vault…", "Open the vault of passwords", self._unlock)
        self.unlocking = bar_of(self.unlock)
        self.unlocking.hide()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar_of(self.connect_button, self.disconnect_button, self.diagnose))
        column.addWidget(bar_of(self.reconcile, self.renew))
        column.addWidget(self.effects)
        column.addWidget(bar_of(self.reason, stretch=0))
        column.addWidget(bar_of(self.adopt, self.override, self.withdraw))
        column.addWidget(self.secrets)
        column.addWidget(self.unlocking)
        return side

    def _follow_secrets(self) -> None:
        """Say which key store is in use, and let a vault that is locked be opened."""
        watch = self.context.secrets
        if watch is not None:
            watch.changed.connect(self._show_secrets)
            self.until_released(self._leave_secrets)
            watch.look()

    def _leave_secrets(self) -> None:
        if self.context.secrets is not None:
            self.context.secrets.changed.disconnect(self._show_secrets)

    def _show_secrets(self) -> None:
        watch = self.context.secrets
        if watch is not None:
            self.secrets.setText(watch.words)
            self.secrets.setVisible(bool(watch.words))
            self.unlocking.setVisible(watch.is_locked)

    def _unlock(self) -> None:
        if self.context.secrets is not None:
            ask_for_passphrase(self.context.secrets, self.window())

    def _deciding(self, name: str, text: str, meaning: str, run: Any) -> QPushButton:
        return self.button(name, text, meaning, run, role="")

    def _on_board(self, result: CommandResult) -> None:
        if self.take(result, VenueBoard):
            self.rows.board = result.data
        self._refill()
        self.show_state()

    def _refill(self) -> None:
        state = self.context.state
        status, orders = state.status, list(state.open_orders.values())
        if status is not None:
            self.links.apply(lambda: self.rows.take_links(status, orders))
        self.accounts.apply(lambda: self.rows.take_accounts(state.accounts))
        self.differences.apply(lambda: self.rows.take_differences(orders))
        for view in (self.links, self.accounts, self.differences):
            view.redress()
        waiting = ("", "") if self.asking.has_answer else self.asking.waits
        self.links.set_empty_text(*waiting)
        none = ("No account yet", "It appears when its venue is connected.")
        self.accounts.set_empty_text(*(none if self.asking.has_answer else waiting))
        venues = () if self.rows.board is None else self.rows.board.venues
        agrees = ("Book and venue agree", "Differences and kept cancels appear here.")
        if away := ", ".join(f"{venue.venue} is {venue.session}" for venue in venues if venue.session != "UP"):
            agrees = (f"Not compared: {away}", "Differences appear once it answers; kept cancels appear here.")
        self.differences.set_empty_text(*(agrees if self.asking.has_answer else waiting))
        self.effects.setText(disconnect_effects(venues, orders))
        self._show_buttons()

    def _show_buttons(self, *_: object) -> None:
        venues = () if self.rows.board is None else self.rows.board.venues
        chosen, has_words = self._chosen_differences(), bool(self._words())
        self.connect_button.setEnabled(any(venue.session != "UP" for venue in venues))
        self.disconnect_button.setEnabled(any(venue.session == "UP" for venue in venues))
        self.adopt.setEnabled(has_words and any(row.what == POSITION for row in chosen))
        self.withdraw.setEnabled(any(row.what == KEPT_CANCEL for row in chosen))
        self.override.setEnabled(has_words and bool(self._locked_accounts()))

    def _words(self) -> str:
        return self.reason.text().strip()

    def _chosen_differences(self) -> list[Any]:
        return self.differences.selected_rows()

    def _locked_accounts(self) -> list[str]:
        """Return the selected accounts that are locked, or the only locked one."""
        locked = [line.account.account for line in self.rows.locked() if line.lock is LockState.LOCKED]
        chosen = {row.line.account.account for row in self.accounts.selected_rows()}
        return [name for name in locked if name in chosen] or (locked if len(locked) == 1 else [])

    def _connect(self) -> None:
        for venue in () if self.rows.board is None else self.rows.board.venues:
            self.act("venue.connect", VenueName(venue=venue.venue), "connect")

    def _disconnect(self) -> None:
        for venue in () if self.rows.board is None else self.rows.board.venues:
            self.act("venue.disconnect", VenueName(venue=venue.venue), "disconnect")

    def _renew(self) -> None:
        self.act("market.resubscribe", NoParams(), "renew")

    def _reconcile(self) -> None:
        chosen = self.accounts.selected_rows() or [
            self.rows.accounts.row_at(position) for position in range(len(self.rows.accounts))
        ]
        for row in chosen:
            self.act("account.reconcile", ReconcileAccount(account=row.line.account.account), "reconcile")

    def _adopt(self) -> None:
        for row in self._chosen_differences():
            if row.what == POSITION:
                wish = AdoptPosition(account=row.account, symbol=row.symbol, reason=self._words())
                self.act("position.adopt", wish, "adopt")
        self.reason.clear()

    def _override(self) -> None:
        for account in self._locked_accounts():
            self.act("account.unlock", OverrideLock(account=account, reason=self._words()), "override")
        self.reason.clear()

    def _withdraw(self) -> None:
        for row in self._chosen_differences():
            if row.what == KEPT_CANCEL:
                self.act("order.withdraw_cancel", WithdrawCancel(cl_ord_id=row.cl_ord_id), "withdraw")

    def _copy_tables(self) -> None:
        QGuiApplication.clipboard().setText(diagnostics(self.rows))
        self.context.announcer.say("info", "Links, accounts and differences are copied; no secrets are in it.")

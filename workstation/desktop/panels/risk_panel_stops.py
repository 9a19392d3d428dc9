"""The stops of the risk panel: kill switch, its release, lockout and close-only, for everything or one scope.

Kill and lockout act on the second press, since neither is taken back lightly; a release needs typed words. Stopping
works in every state of the program; the engine refuses what may not be. Sends nothing itself.
"""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from workstation.commands.params import ExitAccount, ExitPosition, Kill, LiftKill
from workstation.commands.risk_board import LockOut, SetCloseOnly
from workstation.desktop.context import DesktopContext
from workstation.desktop.panels.asking_panel import PressTwice, bar_of, named
from workstation.domain.accounts import KillScope, KillState
from workstation.domain.events import LimitChanged
from workstation.risk.limits import LimitScope
from workstation.risk.restrictions import Restriction
from workstation.viewmodels.risk_view import kill_text, unconfirmed_text

LOCK_TIMES = (
    ("until the next trading day", 0), ("for 30 minutes", 1_800), ("for an hour", 3_600), ("for 2 hours", 7_200),
    ("for 4 hours", 14_400),
)  # fmt: skip
"""How long one may lock oneself out, in seconds; 0 until the account's next trading day."""

_KILL_SCOPES = {
    LimitScope.TENANT: KillScope.ALL,
    LimitScope.ACCOUNT: KillScope.ACCOUNT,
    LimitScope.INSTRUMENT: KillScope.SYMBOL,
}


class Stops(QWidget):
    """Buttons that stop trading. Emits: asked(command id, parameters)."""

    asked = Signal(str, object)

    def __init__(self, context: DesktopContext, panel_id: str) -> None:
        super().__init__()
        self.setObjectName(f"{panel_id}_stops")
        self._context = context
        self._kills: tuple[KillState, ...] = ()
        self._close_only: frozenset[tuple[str, str]] = frozenset()
        self._locked_out: frozenset[str] = frozenset()
        self._places: list[tuple[LimitScope, str]] = []
        self.scope = QComboBox()
        self.scope.setObjectName(f"{panel_id}_stop_scope")
        self.scope.setAccessibleName("What the stops bind")
        self.scope.setToolTip("What the stops bind")
        self._offer_scopes()
        self.reason = QLineEdit()
        self.reason.setObjectName(f"{panel_id}_stop_reason")
        self.reason.setAccessibleName("Reason")
        self.reason.setPlaceholderText("Reason")
        self.reason.setToolTip("Needed to lock out, for close-only and to lift a kill switch")
        self.kill = PressTwice("Kill switch", self._ask_kill)
        named(self.kill, f"{panel_id}_kill", "Kill switch: stop all trading of the scope; press twice", "danger")
        self.lift = named(QPushButton("Lift"), f"{panel_id}_lift", "Lift the kill switch; needs a reason", "quiet")
        self.lift.clicked.connect(self._ask_lift)
        self.close_only = named(QPushButton("Close-only"), f"{panel_id}_close_only", "Let the scope only reduce", "")
        self.close_only.clicked.connect(self._ask_close_only)
        self.flatten = PressTwice("Flatten", self._ask_flatten)
        meaning = "Exit every position of the scope: the second step, which no kill switch takes; press twice"
        named(self.flatten, f"{panel_id}_flatten", meaning, "")
        self.lock_for = QComboBox()
        self.lock_for.setObjectName(f"{panel_id}_lock_for")
        self.lock_for.setAccessibleName("How long to lock out")
        self.lock_for.setToolTip("How long to lock out")
        for words, seconds in LOCK_TIMES:
            self.lock_for.addItem(words, seconds)
        self.lock_out = PressTwice("Lock out", self._ask_lock_out)
        meaning = "Lock the account out for that time; nothing takes it back. Cancels and exits stay open; press twice"
        named(self.lock_out, f"{panel_id}_lock_out", meaning, "")
        self.kills = QLabel()
        self.kills.setObjectName(f"{panel_id}_kills")
        self.kills.setProperty("role", "danger")
        self.kills.setContentsMargins(8, 2, 8, 2)
        self.kills.setWordWrap(True)
        self.kills.setTextFormat(Qt.TextFormat.PlainText)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.kills)
        column.addWidget(bar_of(self.scope, self.reason, stretch=1))
        column.addWidget(bar_of(self.kill, self.flatten, self.lift, self.close_only))
        column.addWidget(bar_of(self.lock_out, self.lock_for))
        self.scope.currentIndexChanged.connect(self._show_buttons)
        self.reason.textChanged.connect(self._show_buttons)
        self.end = context.focus.listen(self._offer_scopes)
        context.bridge.accounts_changed.connect(self._offer_scopes)
        self.show_kills(())

    def show_kills(self, kills: tuple[KillState, ...]) -> None:
        """Show which kill switches are on, and which of their cancels the venue has not confirmed."""
        self._kills = kills
        unconfirmed = unconfirmed_text(self._context.state.open_orders.values()) if kills else ""
        text = "\n".join(part for part in (kill_text(kills), unconfirmed) if part)
        if text != self.kills.text():
            self.kills.setText(text)
            self.kills.setVisible(bool(kills))
        self._show_buttons()

    def show_restrictions(self, restrictions: tuple[LimitChanged, ...]) -> None:
        """Take over what is close-only and who is locked out."""
        self._close_only = frozenset((r.scope, r.key) for r in restrictions if r.limit == Restriction.CLOSE_ONLY)
        self._locked_out = frozenset(row.key for row in restrictions if row.limit == Restriction.LOCKOUT)
        self._show_buttons()

    def _offer_scopes(self) -> None:
        chosen = self._places[max(self.scope.currentIndex(), 0)] if self._places else None
        accounts = [account.account for account in self._context.bridge.session.accounts]
        symbol = self._context.focus.symbol
        self._places = [(LimitScope.TENANT, ""), *((LimitScope.ACCOUNT, account) for account in accounts)]
        self._places.append((LimitScope.INSTRUMENT, symbol))
        with QSignalBlocker(self.scope):
            self.scope.clear()
            self.scope.addItems(["Everything", *(f"Account {account}" for account in accounts), f"Instrument {symbol}"])
            kept = [index for index, place in enumerate(self._places) if place == chosen]
            was_instrument = chosen is not None and chosen[0] is LimitScope.INSTRUMENT
            self.scope.setCurrentIndex(kept[0] if kept else len(self._places) - 1 if was_instrument else 0)

    def _place(self) -> tuple[LimitScope, str]:
        return self._places[self.scope.currentIndex()]

    def _words(self) -> str:
        return self.reason.text().strip()

    def _show_buttons(self, *_: object) -> None:
        scope, key = self._place()
        has_words = bool(self._words())
        self.lift.setVisible(bool(self._kills))
        self.lift.setEnabled(has_words and self._chosen_kill() is not None)
        self.close_only.setText("End close-only" if (scope, key) in self._close_only else "Close-only")
        self.close_only.setEnabled(has_words)
        self.lock_for.setEnabled(scope is LimitScope.ACCOUNT)
        self.lock_out.setEnabled(has_words and scope is LimitScope.ACCOUNT and key not in self._locked_out)

    def _chosen_kill(self) -> KillState | None:
        """Return the kill switch of the scope, or the only one there is."""
        scope, key = self._place()
        place = (_KILL_SCOPES[scope], key)
        found = next((kill for kill in self._kills if (kill.scope, kill.key) == place), None)
        return self._kills[0] if found is None and len(self._kills) == 1 else found

    def _ask_kill(self) -> None:
        scope, key = self._place()
        self.asked.emit("risk.kill", Kill(scope=_KILL_SCOPES[scope], key=key, reason=self._words() or "risk panel"))

    def _ask_lift(self) -> None:
        kill = self._chosen_kill()
        if kill is not None:
            self.asked.emit("risk.unkill", LiftKill(reason=self._words(), scope=kill.scope, key=kill.key))
            self.reason.clear()

    def _ask_close_only(self) -> None:
        scope, key = self._place()
        on = (scope, key) not in self._close_only
        self.asked.emit("risk.close_only", SetCloseOnly(on=on, reason=self._words(), scope=scope, key=key))
        self.reason.clear()

    def _ask_flatten(self) -> None:
        scope, key = self._place()
        if scope is LimitScope.INSTRUMENT:
            self.asked.emit("position.flatten", ExitPosition(account=self._context.focus.account, symbol=key))
            return
        accounts = [account.account for account in self._context.bridge.session.accounts]
        for account in [key] if scope is LimitScope.ACCOUNT else accounts:
            self.asked.emit("position.flatten_account", ExitAccount(account=account))

    def _ask_lock_out(self) -> None:
        seconds = int(self.lock_for.currentData())
        wish = LockOut(account=self._place()[1], reason=self._words(), seconds=seconds)
        self.asked.emit("risk.lock_out", wish)
        self.reason.clear()

"""Requests of the trade focus: what a key asked for becomes one command to the engine, with its words shown at once.

Second step of an order by key. It reads one snapshot of the screen's state, draws the client order id at the gesture,
and shows the engine's answer; it decides nothing that the gate decides.
"""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QInputDialog, QWidget

from workstation.commands.params import (
    Arm,
    CancelMany,
    ChangeOrder,
    ExitAccount,
    ExitPosition,
    Focus,
    Kill,
    PlaceOrder,
)
from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.top_bar import TopBar
from workstation.domain.accounts import Environment
from workstation.domain.orders import Origin, OriginKind
from workstation.viewmodels import hotkeys as keys
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.ladder_amend import AmendQueue, Move, nudged
from workstation.viewmodels.preview import PREVIEW_KEY

LIVE_SUFFIX_CHARS = 3


class FocusRequests:
    """Sends what keys ask for on the trade focus."""

    def __init__(self, context: DesktopContext) -> None:
        self._context = context
        self._amends = AmendQueue()
        self._live_confirmed = False
        self._dialog: QInputDialog | None = None
        context.bridge.frame_taken.connect(self._on_frame)

    def snapshot(self) -> keys.FocusSnapshot:
        """Read the trade focus once."""
        context, focus = self._context, self._context.focus
        return keys.FocusSnapshot(
            account=focus.account,
            instrument=context.instrument(focus.symbol),
            quote=context.state.quotes.get(focus.symbol),
            working=context.state.working(focus.account, focus.symbol),
            position=context.state.position(focus.account, focus.symbol),
            size=context.sizes.size,
        )

    def send(self, request: keys.Request, origin: Origin) -> None:
        """Hand one request to the engine and say what is pending, or why nothing is."""
        context, focus = self._context, self._context.focus
        say, call = context.announcer.say, context.call
        match request:
            case keys.Refused(text):
                say("warning", text)
            case keys.Place(terms, words):
                cl_ord_id = context.bridge.session.new_cl_ord_id()
                say("info", f"Pending: {words}", cl_ord_id)
                order = PlaceOrder(terms=terms, cl_ord_id=cl_ord_id, metadata={PREVIEW_KEY: words})
                call("order.submit", order, origin, partial(self._answered, cl_ord_id))
            case keys.Nudge():
                self._nudge(request, origin)
            case keys.CancelWorking(whole_account, include_protective, words):
                scope = CancelMany(
                    account=focus.account,
                    symbol=None if whole_account else focus.symbol,
                    include_protective=include_protective,
                )
                say("info", f"Pending: {words}")
                call("order.cancel_scope", scope, origin, partial(self._answered, ""))
            case keys.CancelNewest(words):
                say("info", f"Pending: {words}")
                pair = Focus(account=focus.account, symbol=focus.symbol)
                call("order.cancel_last", pair, origin, partial(self._answered, ""))
            case keys.Exit(portion_bps, words):
                say("info", f"Pending: {words}")
                exit_ = ExitPosition(account=focus.account, symbol=focus.symbol, portion_bps=portion_bps)
                call("position.flatten", exit_, origin, partial(self._answered, ""))
            case keys.ExitAll(words):
                say("info", f"Pending: {words}")
                call(
                    "position.flatten_account", ExitAccount(account=focus.account), origin, partial(self._answered, "")
                )

    def _answered(self, cl_ord_id: str, result: CommandResult) -> None:
        if result.ok:
            self._context.announcer.say("info", result.text, cl_ord_id)
            return
        if result.code == "NOT_ARMED":
            pulse_arm_chip()
        self._context.announcer.say("warning", result.text, cl_ord_id)

    def _nudge(self, request: keys.Nudge, origin: Origin) -> None:
        target = self._amends.target(request.order)
        if target is None:
            self._context.announcer.say("warning", "Refused: this order has no price to move.")
            return
        instrument = self._context.instrument(request.order.terms.symbol)
        price = nudged(target, request.ticks, instrument)
        self._context.announcer.say("info", f"Pending: move to {instrument.price_text(price)}", request.order.cl_ord_id)
        move = self._amends.ask(request.order, price)
        if move is not None:
            self._change(move, origin)

    def _change(self, move: Move, origin: Origin) -> None:
        change = ChangeOrder(cl_ord_id=move.cl_ord_id, price=move.price, stop_px=move.stop_px, version=move.version)
        self._context.call("order.replace", change, origin, partial(self._changed, move.cl_ord_id))

    def _changed(self, cl_ord_id: str, result: CommandResult) -> None:
        self._amends.answered(cl_ord_id, ok=result.ok)
        self._answered(cl_ord_id, result)

    def _on_frame(self, _frame: Frame) -> None:
        for move in self._amends.settle(self._context.state.open_orders):
            self._change(move, self._context.origin(OriginKind.HOTKEY, "nudge"))

    def kill(self, origin: Origin) -> None:
        """Switch all trading off."""
        self._context.announcer.say("critical", "Pending: kill switch, all trading off")
        self._context.call("risk.kill", Kill(reason="by key"), origin, partial(self._answered, ""))

    def arm(self, origin: Origin) -> None:
        """Arm hand entry for this session's environment; LIVE asks for the account's end once per start."""
        environment = self._context.bridge.session.environment
        if environment is Environment.LIVE and not self._live_confirmed:
            self._ask_suffix(origin)
            return
        self._context.call("risk.arm", Arm(environment=environment), origin, partial(self._answered, ""))

    def _ask_suffix(self, origin: Origin) -> None:
        """Ask for the last characters of the account once per start, before LIVE is armed the first time."""
        account = self._context.focus.account
        dialog = QInputDialog(QApplication.activeWindow())
        dialog.setObjectName("arm_live_dialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Arm LIVE")
        dialog.setLabelText(f"Orders will be real. Type the last {LIVE_SUFFIX_CHARS} characters of {account}:")
        dialog.textValueSelected.connect(lambda text: self._confirm_live(text, account, origin))
        dialog.finished.connect(self._forget_dialog)
        self._dialog = dialog
        dialog.open()

    def _forget_dialog(self, _result: int) -> None:
        self._dialog = None

    def _confirm_live(self, text: str, account: str, origin: Origin) -> None:
        if text.strip() != account[-LIVE_SUFFIX_CHARS:]:
            self._context.announcer.say("warning", f"Not armed: {text!r} is not the end of {account}.")
            return
        self._live_confirmed = True
        self.arm(origin)


def pulse_arm_chip() -> None:
    """Draw the eye to the arm chip of every window: an entry was refused because hand entry is disarmed."""
    for widget in QApplication.allWidgets():
        if isinstance(widget, TopBar):
            widget.pulse_arm()


def windows() -> list[QWidget]:
    """Return the top-level windows, the active one first."""
    active = QApplication.activeWindow()
    others = [window for window in QApplication.topLevelWidgets() if window is not active]
    return others if active is None else [active, *others]

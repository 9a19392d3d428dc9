"""Requests of the trade focus: what a key asked for becomes one command to the engine, with its words shown at once.

Second step of an order by key. It reads one snapshot of the screen's state, draws the client order id at the gesture,
and shows the engine's answer; it decides nothing that the gate decides.
"""

from functools import partial

from msgspec import Struct
from PySide6.QtWidgets import QApplication

from workstation.commands.params import (
    Arm,
    CancelMany,
    CancelOne,
    ChangeOrder,
    Disarm,
    ExitAccount,
    ExitPosition,
    Focus,
    Kill,
    PlaceOrder,
)
from workstation.commands.positions import ReverseFocus
from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.desktop.line_dialog import LineDialog, LineQuestion
from workstation.desktop.shell.staging import panel_with_keyboard, stage
from workstation.desktop.shell.top_bar import TopBar
from workstation.domain.accounts import Environment
from workstation.domain.errors import InvariantError
from workstation.domain.orders import OrderState, Origin, OriginKind
from workstation.viewmodels import hotkeys as keys
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.hotkeys_undo import AmendBack, CancelPlaced
from workstation.viewmodels.ladder_amend import AmendQueue, Move, nudged
from workstation.viewmodels.preview import PREVIEW_KEY, order_words

LIVE_SUFFIX_CHARS = 3


class FocusRequests:
    """Sends what keys ask for on the trade focus."""

    def __init__(self, context: DesktopContext) -> None:
        self._context = context
        self._amends = AmendQueue()
        self._live_confirmed = False
        self._dialog: LineDialog | None = None
        context.bridge.frame_taken.connect(self._on_frame)

    def snapshot(self, symbol: str = "") -> keys.FocusSnapshot:
        """Read the trade focus once; with a symbol, that instrument in the account of the focus."""
        return focus_snapshot(self._context, symbol)

    def send(self, request: keys.Request, origin: Origin) -> None:
        """Hand one request to the engine and say what is pending, or why nothing is."""
        match request:
            case keys.Refused(text):
                self._context.announcer.say("warning", text)
            case keys.Place():
                self._place(request, origin)
            case keys.Nudge():
                self._nudge(request, origin)
            case keys.Reverse(words=words, through_ticks=ticks):
                focus = self._context.focus
                turn = ReverseFocus(account=focus.account, symbol=focus.symbol, through_ticks=ticks)
                self._ask("position.reverse", turn, words, origin)
            case keys.Stage():
                stage(self._context, request)
            case keys.SetSize():
                self._resize(request)
            case keys.Control(do):
                {"arm": self.arm, "disarm": self._disarm, "kill": self.kill}[do](origin)
            case keys.Run(command):
                raise InvariantError(f"{command} is run by the filter")
            case _:
                self._reduce(request, origin)

    def _reduce(
        self, request: keys.CancelWorking | keys.CancelNewest | keys.Exit | keys.ExitAll | keys.Protect, origin: Origin
    ) -> None:
        """Send what takes risk away."""
        account, symbol = self._context.focus.account, self._context.focus.symbol
        match request:
            case keys.CancelWorking(whole_account, include_protective, words):
                where = None if whole_account else symbol
                scope = CancelMany(account=account, symbol=where, include_protective=include_protective)
                self._ask("order.cancel_scope", scope, words, origin)
            case keys.CancelNewest(words):
                self._ask("order.cancel_last", Focus(account=account, symbol=symbol), words, origin)
            case keys.Exit(portion_bps, words, ticks):
                exit_ = ExitPosition(account=account, symbol=symbol, portion_bps=portion_bps, through_ticks=ticks)
                self._ask("position.flatten", exit_, words, origin)
            case keys.ExitAll(words):
                self._ask("position.flatten_account", ExitAccount(account=account), words, origin)
            case keys.Protect(order, stop_px, words):
                change = ChangeOrder(cl_ord_id=order.cl_ord_id, stop_px=stop_px, version=order.version)
                self._ask("order.replace", change, words, origin, order.cl_ord_id)

    def flatten_account(self, origin: Origin) -> None:
        """Flatten every position of the account in focus."""
        self.send(keys.ExitAll(f"Flattening every position of {self._context.focus.account}"), origin)

    def undo(self, origin: Origin) -> None:
        """Take the newest order action back, and say what that means first; what undoes is not remembered itself."""
        undo = self._context.actions.take(self._context.state)
        match undo:
            case CancelPlaced(cl_ord_id):
                order = self._context.state.orders.get(cl_ord_id)
                name = cl_ord_id if order is None else self._words(order)
                self._take_back("order.cancel", CancelOne(cl_ord_id=cl_ord_id, reason="undo"), f"cancel {name}", origin)
            case AmendBack(order, terms):
                change = ChangeOrder(
                    cl_ord_id=order.cl_ord_id,
                    order_qty=terms.order_qty,
                    price=terms.price,
                    stop_px=terms.stop_px,
                    version=order.version,
                )
                words = f"amend back to {order_words(terms, self._context.instrument(terms.symbol))}"
                self._take_back("order.replace", change, words, origin)
            case _:
                self.send(undo, origin)

    def _take_back(self, command: str, params: CancelOne | ChangeOrder, words: str, origin: Origin) -> None:
        left = len(self._context.actions)
        more = f"; {left} more to undo" if left else ""
        self._context.bridge.call(command, params, origin, partial(self._taken_back, params.cl_ord_id))
        self._context.announcer.say("info", f"Pending: undo, {words}{more}", params.cl_ord_id)

    def _taken_back(self, cl_ord_id: str, result: CommandResult) -> None:
        if not result.ok:
            self._context.actions.put_back()
        self._answered(cl_ord_id, result)

    def _words(self, order: OrderState) -> str:
        return order_words(order.terms, self._context.instrument(order.terms.symbol))

    def _place(self, request: keys.Place, origin: Origin) -> None:
        cl_ord_id = self._context.bridge.session.new_cl_ord_id()
        order = PlaceOrder(
            terms=request.terms,
            cl_ord_id=cl_ord_id,
            metadata={PREVIEW_KEY: request.words},
            stop_loss_px=request.stop_loss_px,
            take_profit_px=request.take_profit_px,
        )
        self._ask("order.submit", order, request.words, origin, cl_ord_id)

    def _ask(self, command: str, params: Struct, words: str, origin: Origin, cl_ord_id: str = "") -> None:
        self._context.call(command, params, origin, partial(self._answered, cl_ord_id))
        self._context.announcer.say("info", f"Pending: {words}", cl_ord_id)  # its answer is heard later in any case

    def _resize(self, request: keys.SetSize) -> None:
        sizes = self._context.sizes
        if request.size is None:
            sizes.choose(sizes.chosen + request.step)
        else:
            sizes.take(request.size)

    def _disarm(self, origin: Origin) -> None:
        self._context.call("risk.disarm", Disarm(), origin)

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
        asked = LineQuestion(
            "arm_live",
            "Arm LIVE",
            f"Last {LIVE_SUFFIX_CHARS} characters of {account}",
            "Arm LIVE",
            words=f"Orders of {account} will be real.",
            role="danger",
        )
        self._dialog = LineDialog(
            asked, lambda text: self._confirm_live(text, account, origin), QApplication.activeWindow()
        )
        self._dialog.finished.connect(self._forget_dialog)
        self._dialog.open()

    def _forget_dialog(self, _result: int) -> None:
        self._dialog = None

    def _confirm_live(self, text: str, account: str, origin: Origin) -> str:
        """Arm where a text is the account's end; returns why not, which is announced too."""
        if text != account[-LIVE_SUFFIX_CHARS:]:
            refusal = f"Not armed: {text!r} is not the end of {account}."
            self._context.announcer.say("warning", refusal)
            return refusal
        self._live_confirmed = True
        self.arm(origin)
        return ""


def focus_snapshot(context: DesktopContext, symbol: str = "") -> keys.FocusSnapshot:
    """Return the trade focus as it stands; with a symbol, that instrument in the account of the focus."""
    focus, state = context.focus, context.state
    symbol = symbol or focus.symbol
    panel = panel_with_keyboard()
    return keys.FocusSnapshot(
        account=focus.account,
        instrument=context.instrument(symbol),
        quote=state.quotes.get(symbol),
        working=state.working(focus.account, symbol),
        position=state.position(focus.account, symbol),
        size=context.sizes.size,
        cursor=context.cursor.price(symbol),
        funds=state.accounts.get(focus.account),
        armed=None if state.status is None else state.status.armed,
        environment=context.bridge.session.environment,
        chosen="" if panel is None else panel.chosen_order(),
        held=state.held(focus.account),
    )


def pulse_arm_chip() -> None:
    """Draw the eye to the arm chip of every window: an entry was refused because hand entry is disarmed."""
    for widget in QApplication.allWidgets():
        if isinstance(widget, TopBar):
            widget.pulse_arm()

"""Trading from a chart: what its gestures mean as orders, worded before they are made and sent as they were worded.

First stage of an order by chart. The widget announces prices, this module turns them into commands; the gate decides.
Cancels and exits go out whether the padlock is open or not. It draws nothing.
"""

from collections.abc import Callable, Mapping

import msgspec
from PySide6.QtGui import QGuiApplication

from workstation.commands.params import CancelOne, ChangeOrder, PlaceOrder
from workstation.commands.registry import CommandResult
from workstation.desktop.bracket_key import bracket_key
from workstation.desktop.context import DesktopContext
from workstation.desktop.shell.hotkeys_requests import pulse_arm_chip
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState, OrderTerms, Origin, OriginKind
from workstation.viewmodels.chart_exits import line_price
from workstation.viewmodels.chart_feed import exit_at, order_at, order_label, price_units
from workstation.viewmodels.chart_marks import MarkSide
from workstation.viewmodels.hotkeys import Place
from workstation.viewmodels.ladder_amend import AmendQueue, Move
from workstation.viewmodels.ladder_clicks import Drag, EntryRules, legs_of, only_reduces, with_legs
from workstation.viewmodels.ladder_settings import LadderSettings
from workstation.viewmodels.open_profit import open_risk
from workstation.viewmodels.preview import PREVIEW_KEY

BRACKET = LadderSettings()
"""The template that the bracket key attaches: the ladder's distances."""

DRAG_ENDED = "Drag ended: the order or the position changed under it; nothing was moved."


def bracket_hint() -> str:
    """Return what the bracket key adds to an entry."""
    return f"{bracket_key().word}: stop {BRACKET.stop_ticks}t, target {BRACKET.target_ticks}t"


class ChartTrading:
    """Orders, amends and cancels of one chart. `answered` is called after each answer to an amend."""

    def __init__(self, context: DesktopContext, panel_id: str, answered: Callable[[], None]) -> None:
        self._context = context
        self._panel_id = panel_id
        self._answered = answered
        self._amends = AmendQueue()
        self.symbol = ""

    def settle(self, open_orders: Mapping[str, OrderState]) -> None:
        """Send amends that waited for an earlier one; call it after each frame."""
        for move in self._amends.settle(open_orders):
            self._send(move)

    def amend(self, cl_ord_id: str, price: float) -> None:
        """Move an order's line, with the bracket key all legs too; one amend is in flight, the last wish follows it."""
        order = self._context.state.open_orders.get(cl_ord_id)
        if order is None:
            return
        units = price_units(self._context.instrument(order.terms.symbol), price)
        if order.triggered:
            self._send(Move(cl_ord_id, order.version, units, None))
            return
        drag = self._drag(order, units)
        moves = [] if drag is None else drag.moves(self._context.instrument(order.terms.symbol))
        for moved, to in moves or [(order, units)]:
            move = self._amends.ask(moved, to)
            if move is not None:
                self._send(move)

    def cancel(self, cl_ord_id: str) -> None:
        """Cancel an order."""
        self._context.call("order.cancel", CancelOne(cl_ord_id=cl_ord_id), self._origin())

    def pull(self, price: float) -> None:
        """Place the stop or target that was pulled from the position; it can only reduce, so it works disarmed."""
        terms = self._exit(price)
        if terms is not None:
            self._submit(Place(terms, self.dragged("", price)))

    def place(self, side: MarkSide, price: float, label: str, with_bracket: bool) -> None:
        """Place the order that a button said, with the bracket template where its key was held."""
        terms = self._entry(side, price)
        instrument = self._instrument
        if terms is None or instrument is None or order_label(instrument, terms) != label:
            self._context.announcer.say("warning", f"Not sent: the market moved and “{label}” would be another order.")
            return
        held = self._context.state.position(terms.account, self.symbol)
        working = self._context.state.working(terms.account, self.symbol)
        reduces = only_reduces(terms, 0 if held is None else held.position.qty, working)
        if not reduces and not self._context.is_armed:
            pulse_arm_chip()
            return
        self._submit(self._request(instrument, terms, price, with_bracket=with_bracket))

    def words(self, side: MarkSide, price: float) -> str:
        """Return the whole order of a button, below it that with a bracket: what travels with it, word for word."""
        terms, instrument = self._entry(side, price), self._instrument
        if terms is None or instrument is None:
            return ""
        plain, bracket = (self._request(instrument, terms, price, with_bracket=alt).words for alt in (False, True))
        return f"{plain}\n{bracket_key().word}: {bracket}"

    def labels(self, price: float) -> tuple[str, str] | None:
        """Return the buy and the sell order at a price in words; None where there is no fresh price."""
        instrument = self._instrument
        buy, sell = self._entry(MarkSide.BUY, price), self._entry(MarkSide.SELL, price)
        if instrument is None or buy is None or sell is None:
            return None
        return order_label(instrument, buy), order_label(instrument, sell)

    def dragged(self, cl_ord_id: str, price: float) -> str:
        """Return what letting a line go at a price would do: an order's amend, or "" an exit from the position."""
        instrument = self._instrument
        if instrument is None:
            return ""
        if not cl_ord_id:
            terms = self._exit(price)
            return "" if terms is None else f"{order_label(instrument, terms)}, reduces only"
        order = self._context.state.open_orders.get(cl_ord_id)
        if order is None:
            return ""
        drag = self._drag(order, price_units(instrument, price))
        if drag is None:
            return ""
        stop = order.terms.stop_px is not None and not order.triggered
        terms = msgspec.structs.replace(order.terms, **{"stop_px" if stop else "price": drag.price})
        ticks = instrument.ticks_between(drag.start_price, drag.price)
        legs = f", {len(drag.legs) + 1} legs" if drag.legs else ""
        lost = "" if stop or not ticks else ", loses queue place"
        label = order_label(instrument, terms, quantity=order.leaves_qty)
        return f"{label}  {ticks:+d}t{drag.outcome(instrument)}{legs}{lost}"

    @property
    def _instrument(self) -> Instrument | None:
        return self._context.bridge.session.instruments.get(self.symbol)

    def _entry(self, side: MarkSide, price: float) -> OrderTerms | None:
        quote, instrument = self._context.state.quotes.get(self.symbol), self._instrument
        if quote is None or instrument is None:
            return None
        account, quantity = self._context.focus.account, self._context.sizes.size * 10**instrument.qty_decimals
        return order_at(instrument, quote, account=account, side=side, price=price, quantity=quantity)

    def _drag(self, order: OrderState, units: int) -> Drag | None:
        """Return an order's way from its line to a price, with the legs that the bracket key takes along."""
        before, state = line_price(order), self._context.state
        if before is None:
            return None
        account, symbol = order.terms.account, order.terms.symbol
        working, held = state.working(account, symbol), state.position(account, symbol)
        together = bracket_key().held(QGuiApplication.keyboardModifiers())
        legs = legs_of(order, working) if together else ()
        risk = open_risk(held, working, self._context.instrument(symbol))
        return Drag(order, order.version, before, units, legs, held, risk)

    def _request(self, instrument: Instrument, terms: OrderTerms, price: float, *, with_bracket: bool) -> Place:
        rules = EntryRules(
            account=terms.account,
            order_qty=terms.order_qty,
            stop_ticks=BRACKET.stop_ticks if with_bracket else 0,
            target_ticks=BRACKET.target_ticks if with_bracket else 0,
        )
        return with_legs(terms, price_units(instrument, price), instrument, rules)

    def _submit(self, request: Place) -> None:
        """Send an order with the words that were read, and say its answer."""
        cl_ord_id = self._context.bridge.session.new_cl_ord_id()
        order = PlaceOrder(
            terms=request.terms,
            cl_ord_id=cl_ord_id,
            metadata={PREVIEW_KEY: request.words},
            stop_loss_px=request.stop_loss_px,
            take_profit_px=request.take_profit_px,
        )
        self._context.announcer.say("info", f"Pending: {request.words}", cl_ord_id)
        self._context.call("order.submit", order, self._origin(), lambda result: self._placed(cl_ord_id, result))

    def _placed(self, cl_ord_id: str, result: CommandResult) -> None:
        if result.code == "NOT_ARMED":
            pulse_arm_chip()
        self._context.announcer.say("info" if result.ok else "warning", result.text, cl_ord_id)

    def _exit(self, price: float) -> OrderTerms | None:
        instrument, account = self._instrument, self._context.focus.account
        held = self._context.state.position(account, self.symbol)
        return None if instrument is None or held is None else exit_at(instrument, held.position, price)

    def _send(self, move: Move) -> None:
        change = ChangeOrder(cl_ord_id=move.cl_ord_id, version=move.version, price=move.price, stop_px=move.stop_px)
        self._context.call("order.replace", change, self._origin(), lambda result: self._moved(move, result))

    def _moved(self, move: Move, result: CommandResult) -> None:
        self._amends.answered(move.cl_ord_id, ok=result.ok)
        if not result.ok:
            self._context.announcer.say("warning", result.text)
        self._answered()

    def _origin(self) -> Origin:
        return self._context.origin(OriginKind.CHART, self._panel_id)

"""Trading from a chart: what its gestures mean as orders, worded before they are made and sent as they were worded.

First stage of an order by chart. The widget announces prices, this module turns them into commands; the gate decides.
Cancels and exits go out whether the padlock is open or not. It draws nothing.
"""

from collections.abc import Callable, Mapping

import msgspec

from workstation.commands.params import CancelOne, ChangeOrder, PlaceOrder
from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OrderState, OrderTerms, Origin, OriginKind
from workstation.viewmodels.chart_exits import line_price
from workstation.viewmodels.chart_feed import exit_at, order_at, order_label, price_units
from workstation.viewmodels.chart_marks import MarkSide
from workstation.viewmodels.ladder_amend import AmendQueue, Move
from workstation.viewmodels.ladder_settings import LadderSettings

BRACKET = LadderSettings()
"""The template that Alt attaches: the ladder's distances."""

BRACKET_HINT = f"Alt: stop {BRACKET.stop_ticks}t, target {BRACKET.target_ticks}t"


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
        """Move an order's line to a price; one amend is in flight, the last wish follows it."""
        order = self._context.state.open_orders.get(cl_ord_id)
        if order is None:
            return
        units = price_units(self._context.instrument(order.terms.symbol), price)
        if order.triggered:
            self._send(Move(cl_ord_id, order.version, units, None))
            return
        move = self._amends.ask(order, units)
        if move is not None:
            self._send(move)

    def cancel(self, cl_ord_id: str) -> None:
        """Cancel an order."""
        self._context.call("order.cancel", CancelOne(cl_ord_id=cl_ord_id), self._origin())

    def pull(self, price: float) -> None:
        """Place the stop or target that was pulled from the position; it can only reduce, so it works disarmed."""
        terms = self._exit(price)
        if terms is not None:
            order = PlaceOrder(terms=terms, cl_ord_id=self._context.bridge.session.new_cl_ord_id())
            self._context.announcer.say("info", f"Pending: {self.dragged('', price)}", order.cl_ord_id)
            self._context.call("order.submit", order, self._origin())

    def place(self, side: MarkSide, price: float, label: str, with_bracket: bool) -> None:
        """Place the order that a button said, with the bracket template where Alt was held."""
        terms = self._entry(side, price)
        instrument = self._instrument
        if terms is None or instrument is None or order_label(instrument, terms) != label:
            self._context.announcer.say("warning", f"Not sent: the market moved and “{label}” would be another order.")
            return
        order = PlaceOrder(terms=terms, cl_ord_id=self._context.bridge.session.new_cl_ord_id())
        if with_bracket:
            at, sign = price_units(instrument, price), terms.side.sign
            order = msgspec.structs.replace(
                order,
                stop_loss_px=instrument.step(at, -BRACKET.stop_ticks * sign),
                take_profit_px=instrument.step(at, BRACKET.target_ticks * sign),
            )
        self._context.call("order.submit", order, self._origin())

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
        before = None if order is None else line_price(order)
        if order is None or before is None:
            return ""
        units = price_units(instrument, price)
        stop = order.terms.stop_px is not None and not order.triggered
        terms = msgspec.structs.replace(order.terms, **{"stop_px" if stop else "price": units})
        ticks = instrument.ticks_between(before, units)
        lost = "" if stop or not ticks else ", loses queue place"
        return f"{order_label(instrument, terms, quantity=order.leaves_qty)}  {ticks:+d}t{lost}"

    @property
    def _instrument(self) -> Instrument | None:
        return self._context.bridge.session.instruments.get(self.symbol)

    def _entry(self, side: MarkSide, price: float) -> OrderTerms | None:
        quote, instrument = self._context.state.quotes.get(self.symbol), self._instrument
        if quote is None or instrument is None:
            return None
        account, quantity = self._context.focus.account, self._context.sizes.size * 10**instrument.qty_decimals
        return order_at(instrument, quote, account=account, side=side, price=price, quantity=quantity)

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

"""What a scene acts on: commands with their answers, and the state that frames tell.

A scene speaks to the engine as a person would, through the gateway, from a thread of its own, and waits on frames for
what it asked. It belongs to no walk and knows no widget.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec

from workstation.commands.params import CancelOne, PlaceOrder, Watch
from workstation.commands.registry import CommandResult, Gateway, NoParams
from workstation.domain.errors import WorkstationError
from workstation.domain.orders import OrderState, OrderTerms, OrdType, Origin, OriginKind, Side
from workstation.kernel.mailbox import MailboxFull
from workstation.viewmodels.frames import QuoteSnap
from workstation.viewmodels.screen_state import ScreenState
from workstation.viewmodels.session import Session

STEP_TIMEOUT_S = 20.0
LOOK_S = 0.02
STUDY_TIMEOUT_S = 45.0
ASK_S = 0.2
"""A study is waited for longer than a step, and asked for more seldom."""

CONSUMER = "scene"


class SceneFailed(WorkstationError):
    """A step of a scene did not come about in time."""


class Stage:
    """What a scene acts on: commands with their answers, and the state that frames tell."""

    def __init__(self, session: Session, gateway: Gateway) -> None:
        self.session = session
        self.account = session.accounts[0].account
        self._gateway = gateway
        self._state = ScreenState()
        self._outbox = session.open_outbox(lambda: None)

    def enter(self) -> None:
        """Ask for every quote."""
        self.ask("market.watch", Watch(consumer=CONSUMER, quotes=frozenset(self.session.instruments)))

    def leave(self) -> None:
        """End; the engine forgets this consumer."""
        self.ask("market.watch", Watch(consumer=CONSUMER))
        self.session.close_outbox(self._outbox)

    def until(self, fact: Callable[[ScreenState], bool], what: str) -> ScreenState:
        """Return the state once a fact holds.

        Raises:
            SceneFailed: it does not within STEP_TIMEOUT_S.
        """
        end = time.monotonic() + STEP_TIMEOUT_S
        while time.monotonic() < end:
            self._state.apply(self._outbox.take())
            if fact(self._state):
                return self._state
            time.sleep(LOOK_S)
        raise SceneFailed(f"never: {what}")

    def ask(self, command_id: str, params: msgspec.Struct, kind: OriginKind = OriginKind.TICKET) -> CommandResult:
        """Run a command and return its answer.

        Raises:
            SceneFailed: no answer within STEP_TIMEOUT_S.
        """
        answered = threading.Event()
        answers: list[CommandResult] = []

        def reply(result: CommandResult) -> None:
            answers.append(result)
            answered.set()

        origin = Origin(kind=kind, detail="scene", user="local", ts_gesture=self.session.mono_ns())
        try:
            self._gateway.call(command_id, params, origin, reply)
        except MailboxFull as error:
            raise SceneFailed(f"{command_id}: the engine is behind") from error
        if not answered.wait(STEP_TIMEOUT_S):
            raise SceneFailed(f"no answer to {command_id}")
        return answers[0]

    def asked(self, command_id: str, fact: Callable[[Any], bool], what: str) -> Any:
        """Ask a question without parameters until a fact holds of what it answers, and return that.

        Raises:
            SceneFailed: it does not within STUDY_TIMEOUT_S.
        """
        end = time.monotonic() + STUDY_TIMEOUT_S
        while time.monotonic() < end:
            answer = self.ask(command_id, NoParams())
            if answer.ok and fact(answer.data):
                return answer.data
            time.sleep(ASK_S)
        raise SceneFailed(f"never: {what}")

    def quote(self, symbol: str) -> tuple[int, int]:
        """Return bid and ask of a fresh quote."""

        def fresh(state: ScreenState) -> bool:
            quote = state.quotes.get(symbol)
            return quote is not None and quote.freshness == "FRESH" and None not in (quote.bid, quote.ask)

        quote: QuoteSnap = self.until(fresh, f"a quote of {symbol}").quotes[symbol]
        return quote.bid or 0, quote.ask or 0

    def order(self, symbol: str, qty: int, ticks: int, kind: OriginKind = OriginKind.TICKET, **legs: int) -> OrderState:
        """Place a limit order `ticks` through the near side: negative rests behind it. qty: signed, + buys.

        legs: stop_loss and take_profit, ticks away from the order's price.

        Raises:
            SceneFailed: it was refused; with the refusal's own words.
        """
        answer = self._placed(symbol, qty, ticks, kind, **legs)
        if not answer.ok or not isinstance(answer.data, OrderState):
            raise SceneFailed(f"order of {qty:+,} {symbol}: {answer.text}")
        return answer.data

    def refused(self, symbol: str, qty: int, ticks: int) -> None:
        """Place a limit order that is more than the limits allow.

        Raises:
            SceneFailed: it was taken.
        """
        if self._placed(symbol, qty, ticks, OriginKind.TICKET).ok:
            raise SceneFailed(f"order of {qty:+,} {symbol}: taken where a refusal was to be seen")

    def clear(self) -> None:
        """Cancel every order of the account that still works: one left by another scene may stand in the way."""
        left = [order for order in self._state.orders.values() if order.is_open and order.terms.account == self.account]
        for order in left:
            self.ask("order.cancel", CancelOne(cl_ord_id=order.cl_ord_id))
            self.known(order, lambda known: not known.is_open, f"{order.terms.symbol} cancelled")

    def _placed(self, symbol: str, qty: int, ticks: int, kind: OriginKind, **legs: int) -> CommandResult:
        bid, ask = self.quote(symbol)
        side = Side.BUY if qty > 0 else Side.SELL
        instrument = self.session.instruments[symbol]
        price = instrument.step(bid if qty > 0 else ask, ticks * side.sign)
        terms = OrderTerms(
            symbol=symbol,
            account=self.account,
            side=side,
            ord_type=OrdType.LIMIT,
            order_qty=abs(qty) * instrument.lot,
            price=price,
        )
        stop, target = legs.get("stop_loss"), legs.get("take_profit")
        return self.ask(
            "order.submit",
            PlaceOrder(
                terms=terms,
                allow_duplicate=True,
                stop_loss_px=None if stop is None else instrument.step(price, -stop * side.sign),
                take_profit_px=None if target is None else instrument.step(price, target * side.sign),
            ),
            kind,
        )

    def known(self, order: OrderState, fact: Callable[[OrderState], bool], what: str) -> None:
        """Wait until a fact holds of an order."""
        self.until(lambda state: order.cl_ord_id in state.orders and fact(state.orders[order.cl_ord_id]), what)

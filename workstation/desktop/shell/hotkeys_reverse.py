"""A reversal: exit the whole position, and once it is flat enter the other way. Two orders, never one of double size.

Between the key's request and the engine. The second order goes out by itself when the position has become flat within
REVERSE_WAIT_NS; if it is refused, the exit stands. It decides no price but the opposite side plus ticks.
"""

from collections.abc import Callable

import msgspec

from workstation.commands.params import ExitPosition
from workstation.commands.registry import CommandResult
from workstation.desktop.context import DesktopContext
from workstation.domain.orders import OrderTerms, OrdType, Origin
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.hotkeys import Place, Refused, Request, Reverse, not_armed
from workstation.viewmodels.preview import order_words

REVERSE_WAIT_NS = 10_000_000_000
"""How long the exit may take before the second order is given up."""


class _Waiting(msgspec.Struct, frozen=True):
    account: str
    symbol: str
    request: Reverse
    origin: Origin
    since: int


class Reversals:
    """At most one reversal under way; another press while one waits is refused."""

    def __init__(self, context: DesktopContext, send: Callable[[Request, Origin], None]) -> None:
        self._context = context
        self._send = send
        self._waiting: _Waiting | None = None
        context.bridge.frame_taken.connect(self._on_frame)

    def start(self, request: Reverse, origin: Origin) -> None:
        """Send the exit now; entry by hand must be armed for the whole of it."""
        context, focus = self._context, self._context.focus
        environment = context.bridge.session.environment
        status = context.state.status
        if status is None or status.armed is not environment:
            self._send(Refused(not_armed(environment.value)), origin)
            return
        if self._waiting is not None:
            self._send(Refused(f"Refused: reverse. {self._waiting.symbol} is being reversed; wait for it."), origin)
            return
        self._waiting = _Waiting(focus.account, focus.symbol, request, origin, context.bridge.session.mono_ns())
        context.announcer.say("info", f"Pending: {request.words}")
        exit_ = ExitPosition(account=focus.account, symbol=focus.symbol, through_ticks=request.through_ticks)
        context.call("position.flatten", exit_, origin, self._exit_answered)

    def _exit_answered(self, result: CommandResult) -> None:
        self._context.announcer.say("info" if result.ok else "warning", result.text)
        if not result.ok:
            self._waiting = None

    def _on_frame(self, frame: Frame) -> None:
        waiting = self._waiting
        if waiting is None:
            return
        position = self._context.state.position(waiting.account, waiting.symbol)
        if position is None or position.position.qty == 0:
            self._waiting = None
            self._send(self._entry(waiting), waiting.origin)
        elif self._context.bridge.session.mono_ns() - waiting.since > REVERSE_WAIT_NS:
            self._waiting = None
            seconds = REVERSE_WAIT_NS // 1_000_000_000
            text = f"Reverse given up: {waiting.symbol} was not flat within {seconds} s. The exit stands."
            self._context.announcer.say("warning", text)

    def _entry(self, waiting: _Waiting) -> Request:
        request, instrument = waiting.request, self._context.instrument(waiting.symbol)
        quote = self._context.state.quotes.get(waiting.symbol)
        name = "ask" if request.side.sign > 0 else "bid"
        opposite = None if quote is None or quote.freshness == "ABSENT" else getattr(quote, name)
        if opposite is None:
            return Refused(f"Refused: {name} is absent. The exit of {waiting.symbol} stands; no second order was sent.")
        terms = OrderTerms(
            symbol=waiting.symbol,
            account=waiting.account,
            side=request.side,
            ord_type=OrdType.LIMIT,
            order_qty=request.qty,
            price=instrument.step(opposite, request.side.sign * request.through_ticks),
        )
        return Place(terms, order_words(terms, instrument))

"""Exits: flatten and partial exits, one outstanding at most for each (account, symbol), never more than can be closed.

Order walk, the way down. CANCELLING (the instrument's orders) -> SETTLED -> EXITING (one capped marketable limit) ->
VERIFYING -> FLAT, said only with the venue's word. Pressing again reprices the same exit and never makes a second one.
A cancel that stays unconfirmed makes the desk ask the venue; what still lives then keeps its room. Nothing is queued:
without a session an exit is NOT SENT, and the text says so. The one exception to all of this is a person who types
OVERRIDE_TEXT: where an exit hangs, another one for the whole position goes out beside it.
"""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from workstation.domain.errors import NotFound, StateConflict, ValidationError
from workstation.domain.orders import (
    OVERRIDE_TEXT,
    FlattenPosition,
    OrderState,
    OrderTerms,
    OrdStatus,
    OrdType,
    Side,
    SubmitOrder,
    TimeInForce,
)
from workstation.kernel.fault_points import fault_point
from workstation.orders.amendment import Amendment
from workstation.orders.book import Change
from workstation.orders.cancels import Cancels
from workstation.orders.context import DeskContext
from workstation.orders.results import ExitProgress, ExitStage, flat_words
from workstation.orders.submission import Submission

EXIT_MARK = "exit"
"""Metadata key by which an exit order is known again, after a restart too."""

OVERRIDE_HINT = f"Type {OVERRIDE_TEXT} to send another exit anyway; both may fill."

WHOLE_BPS = 10_000
VERIFY_TRIES_MAX = 10
"""Looks at the venue before a flat position is handed to a person as not verified."""

_S = OrdStatus
Key = tuple[str, str]


class _Exit(msgspec.Struct):
    """An exit under way. planned: quantity kept free for it before it is sent, unsigned."""

    command: FlattenPosition
    stage: ExitStage
    began_at: int
    planned: int = 0
    cl_ord_id: str = ""
    qty: int = 0
    blind: bool = False
    text: str = ""
    presses: int = 1
    looks: int = 0

    @property
    def key(self) -> Key:
        return self.command.account, self.command.symbol

    @property
    def whole(self) -> bool:
        return self.command.portion_bps >= WHOLE_BPS

    @property
    def overrides(self) -> bool:
        return self.command.override == OVERRIDE_TEXT


class Exits:
    """Exits by (account, symbol); those that are over are forgotten. under_way: read only for others."""

    def __init__(
        self,
        context: DeskContext,
        submission: Submission,
        amendment: Amendment,
        cancels: Cancels,
        *,
        look: Callable[[str, str], None],
        make_room: Callable[[str, str], None],
        unknown_for_ns: Callable[[str], int | None],
    ) -> None:
        self._c = context
        self._submission = submission
        self._amendment = amendment
        self._cancels = cancels
        self._look = look
        self._make_room = make_room
        self._unknown_for_ns = unknown_for_ns
        self.under_way: dict[Key, _Exit] = {}

    def flatten(self, command: FlattenPosition) -> ExitProgress:
        """Begin an exit, or reprice the one under way; answers where it stands.

        Raises:
            NotFound: unknown account or symbol.
            ValidationError: an override that is not OVERRIDE_TEXT.
            StateConflict: an override while nothing about the exit is in doubt.
        """
        c = self._c
        if command.override and command.override != OVERRIDE_TEXT:
            raise ValidationError("override", f"{command.override!r} sends nothing", allowed=OVERRIDE_TEXT)
        if command.account not in c.state.accounts:
            raise NotFound("account", command.account)
        if command.symbol not in c.instruments:
            raise NotFound("instrument", command.symbol)
        key = (command.account, command.symbol)
        under_way = self.under_way.get(key) or self._resumed(command)
        if command.override:
            return self._send_another(command, under_way)
        if under_way is not None:
            under_way.presses += 1
            self._advance(under_way)
            return self._progress(under_way)
        exit_ = _Exit(command, ExitStage.CANCELLING, c.clock.mono_ns())
        refused = c.session_refusal(command.account)
        if refused is not None:
            live = ", ".join(order.order_id or order.cl_ord_id for order in c.book.open_orders(*key))
            return self._close(exit_, ExitStage.FAILED, f"{refused.text} Live orders: {live or 'none'}.")
        exit_.planned = self._wanted(exit_)
        self.under_way[key] = exit_
        self._tell(exit_)
        fault_point("orders.exit.before_cancels")
        if exit_.whole:
            self._cancels.cancel_orders(c.book.open_orders(*key), command.origin, "flatten")
        else:
            self._make_room(*key)
        self._advance(exit_)
        self._schedule(exit_)
        return self._progress(exit_)

    def _send_another(self, command: FlattenPosition, under_way: _Exit | None) -> ExitProgress:
        """Send an exit for the whole position beside one that hangs, on a person's typed word."""
        exit_ = _Exit(command, ExitStage.SETTLED, self._c.clock.mono_ns())
        if under_way is not None and not self._hangs(under_way):
            text = f"the exit is {under_way.stage} and not in doubt: press again to reprice it"
            raise StateConflict(text, state=under_way.stage, allowed=(ExitStage.HELD,))
        refused = self._c.session_refusal(command.account)
        if refused is not None:
            return self._close(exit_, ExitStage.FAILED, refused.text)
        self.under_way[exit_.key] = exit_
        fault_point("orders.exit.before_override")
        self._cancels.cancel_orders(self._c.book.open_orders(*exit_.key), command.origin, "typed override")
        self._send(exit_)
        if self.under_way.get(exit_.key) is exit_:
            self._schedule(exit_)
        return self._progress(exit_)

    def _hangs(self, exit_: _Exit) -> bool:
        """Tell whether the exit's outcome has been unknown for so long that a person may send another."""
        unknown_ns = self._unknown_for_ns(exit_.cl_ord_id)
        return unknown_ns is not None and unknown_ns >= self._c.settings.exit_unknown_ns

    def reserved(self, account: str, symbol: str) -> int:
        """Return the quantity that an exit under way will close, so that protective legs leave room for it."""
        exit_ = self.under_way.get((account, symbol))
        if exit_ is None:
            return 0
        order = self._c.book.get(exit_.cl_ord_id)
        return exit_.planned if order is None else order.leaves_qty

    def progress(self) -> tuple[ExitProgress, ...]:
        """Return every exit under way."""
        return tuple(self._progress(exit_) for exit_ in self.under_way.values())

    def on_change(self, change: Change) -> None:
        """Go on when an order of the instrument moved."""
        if change.after is not None:
            terms = change.after.terms
            exit_ = self.under_way.get((terms.account, terms.symbol))
            if exit_ is not None:
                self._advance(exit_, pressed=False)

    def on_agreed(self, account: str) -> None:
        """Take the venue's word: book and venue agree now."""
        for exit_ in tuple(self.under_way.values()):
            if exit_.command.account == account:
                if exit_.stage is ExitStage.VERIFYING:
                    self._verified(exit_)
                else:
                    self._advance(exit_, pressed=False)

    # The way of one exit

    def _advance(self, exit_: _Exit, *, pressed: bool = True) -> None:
        if exit_.stage is ExitStage.CANCELLING and not self._blockers(exit_):
            self._move(exit_, ExitStage.SETTLED)
            self._send(exit_)
        elif exit_.stage is ExitStage.EXITING:
            order = self._c.book.get(exit_.cl_ord_id)
            if order is None or order.status.is_final:
                self._on_end(exit_, order)
            elif pressed:
                self._reprice(exit_, order)

    def _blockers(self, exit_: _Exit) -> list[OrderState]:
        """Return what must end or shrink before the exit can be sized."""
        live = [order for order in self._c.book.open_orders(*exit_.key) if order.status is not _S.NEW]
        if exit_.whole:
            return live
        position = self._position(exit_)
        free = abs(position) - self._c.state.exposure.exits(*exit_.key, position)
        return [] if free >= exit_.planned else [order for order in live if order.terms.side.sign * position < 0]

    def _send(self, exit_: _Exit) -> None:
        c = self._c
        position = self._position(exit_)
        if position == 0:
            self._verify(exit_)
            return
        instrument = c.instruments[exit_.command.symbol]
        taken = 0 if exit_.overrides else c.state.exposure.exits(*exit_.key, position)
        qty = min(self._wanted(exit_), abs(position) - taken) // instrument.lot * instrument.lot
        if qty <= 0:
            live = ", ".join(order.order_id or order.cl_ord_id for order in self._blockers(exit_))
            text = f"Orders that could close it are still live: {live or 'none'}. {OVERRIDE_HINT}"
            self._close(exit_, ExitStage.HELD, text)
            return
        terms = self._terms(exit_, position, qty)
        if terms is None:
            self._close(exit_, ExitStage.HELD, "No price and no market orders at the venue: enter a price.")
            return
        command = SubmitOrder(
            cl_ord_id=c.ids.cl_ord_id(),
            uid=c.ids.uid(),
            terms=terms,
            origin=exit_.command.origin,
            notes="blind exit" if exit_.blind else "exit",
            metadata={**exit_.command.metadata, EXIT_MARK: "flatten" if exit_.whole else "partial"},
            allow_duplicate=True,
        )
        exit_.cl_ord_id = command.cl_ord_id
        exit_.qty = terms.side.sign * qty
        self._move(exit_, ExitStage.EXITING)
        fault_point("orders.exit.before_submit")
        result = self._submission.submit(command, uncapped=exit_.overrides)
        fault_point("orders.exit.after_submit")
        if result.denial is not None:
            self._close(exit_, ExitStage.FAILED, result.denial.text)

    def _on_end(self, exit_: _Exit, order: OrderState | None) -> None:
        if order is None or order.status is not _S.FILLED:
            text = "The exit order is gone." if order is None else f"Exit {order.status}: {order.text}"
            self._close(exit_, ExitStage.FAILED, text)
        elif exit_.whole:
            self._verify(exit_)
        else:
            self._close(exit_, ExitStage.DONE, "")

    def _verify(self, exit_: _Exit) -> None:
        self._move(exit_, ExitStage.VERIFYING)
        fault_point("orders.exit.before_verify")
        self._look(exit_.command.account, "verify flat")

    def _verified(self, exit_: _Exit) -> None:
        known = self._c.state.breaks.find(*exit_.key)
        position = self._position(exit_) if known is None else known.theirs
        if position == 0:
            self._close(exit_, ExitStage.FLAT, flat_words(self._c.clock.now_ns()))
        else:
            self._close(exit_, ExitStage.FAILED, f"The venue shows a position of {position}.")

    def _reprice(self, exit_: _Exit, order: OrderState) -> None:
        """Follow the market with the same order, one amend for each acknowledgement."""
        if not order.status.is_working or order.unknown is not None or order.terms.price is None:
            return
        terms = self._terms(exit_, self._position(exit_), order.terms.order_qty)
        if terms is None or terms.price is None or terms.price == order.terms.price:
            return
        fault_point("orders.exit.before_reprice")
        self._amendment.amend(order, replace(order.terms, price=terms.price), exit_.command.origin)

    def _terms(self, exit_: _Exit, position: int, qty: int) -> OrderTerms | None:
        """Return a marketable limit through the opposite side; a market order where there is no price at all."""
        command = exit_.command
        side = Side.SELL if position > 0 else Side.BUY_TO_COVER
        instrument = self._c.instruments[command.symbol]
        reference = self._c.prices.reference(command.symbol)
        opposite = reference.bid if position > 0 else reference.ask
        exit_.blind = opposite is None or not reference.fresh
        base = opposite if opposite is not None else reference.last
        ticks = self._c.settings.blind_through_ticks if exit_.blind else command.through_ticks
        price: int | None = None
        if base is not None:
            price = instrument.step(base, side.sign * ticks)
            price = instrument.round_to_tick(price, "up" if side.sign > 0 else "down")
            if price <= 0 and not instrument.price_may_be_negative:
                price = instrument.tick_at(0)
        kind = OrdType.MARKET if price is None else OrdType.LIMIT
        broker = self._c.routes.broker(command.account)
        if broker is None or kind not in broker.capabilities.ord_types:
            return None
        return OrderTerms(
            symbol=command.symbol,
            account=command.account,
            side=side,
            ord_type=kind,
            order_qty=qty,
            price=price,
            time_in_force=TimeInForce.DAY,
            reduce_only=True,
        )

    # Time

    def _schedule(self, exit_: _Exit) -> None:
        delay = self._c.settings.settle_limit_ns if exit_.stage is ExitStage.CANCELLING else self._c.settings.reprice_ns
        self._c.scheduler.call_later(delay, lambda: self._tick(exit_))

    def _tick(self, exit_: _Exit) -> None:
        if self.under_way.get(exit_.key) is not exit_:
            return
        if exit_.stage is ExitStage.CANCELLING:
            self._unsettled(exit_)
        elif exit_.stage is ExitStage.EXITING:
            self._watch_exit(exit_)
        elif exit_.stage is ExitStage.VERIFYING:
            exit_.looks += 1
            if exit_.looks >= VERIFY_TRIES_MAX:
                self._close(exit_, ExitStage.HELD, "Not verified: the venue does not answer.")
            else:
                self._look(exit_.command.account, "verify flat")
        if self.under_way.get(exit_.key) is exit_:
            self._schedule(exit_)

    def _unsettled(self, exit_: _Exit) -> None:
        """Ask the venue once; if that brings no end either, size the exit around what still lives."""
        exit_.looks += 1
        if exit_.looks == 1:
            exit_.text = "cancels are not confirmed: asking the venue"
            self._tell(exit_)
            self._look(exit_.command.account, "cancels not confirmed")
        else:
            exit_.looks = 0
            self._move(exit_, ExitStage.SETTLED)
            self._send(exit_)

    def _watch_exit(self, exit_: _Exit) -> None:
        order = self._c.book.get(exit_.cl_ord_id)
        if order is None or order.unknown is None:
            self._advance(exit_)
            return
        if self._hangs(exit_):
            by_voice = self._c.routes.by_voice(exit_.command.account)
            exit_.text = f"What became of the exit {exit_.cl_ord_id} is not known. {OVERRIDE_HINT}{by_voice}"
            self._tell(exit_)
            self._look(exit_.command.account, "exit outcome unknown")

    # Telling

    def _resumed(self, command: FlattenPosition) -> _Exit | None:
        """Return the exit whose order survived a restart."""
        for order in self._c.book.open_orders(command.account, command.symbol):
            if order.metadata.get(EXIT_MARK):
                exit_ = _Exit(command, ExitStage.EXITING, self._c.clock.mono_ns(), cl_ord_id=order.cl_ord_id, presses=0)
                exit_.qty = order.terms.side.sign * order.terms.order_qty
                self.under_way[exit_.key] = exit_
                self._schedule(exit_)
                return exit_
        return None

    def _position(self, exit_: _Exit) -> int:
        return self._c.state.ledger.qty(*exit_.key)

    def _wanted(self, exit_: _Exit) -> int:
        return abs(self._position(exit_)) * min(exit_.command.portion_bps, WHOLE_BPS) // WHOLE_BPS

    def _move(self, exit_: _Exit, stage: ExitStage) -> None:
        exit_.stage = stage
        exit_.text = ""
        self._tell(exit_)

    def _close(self, exit_: _Exit, stage: ExitStage, text: str) -> ExitProgress:
        by_voice = self._c.routes.by_voice(exit_.command.account) if text else ""
        exit_.stage, exit_.text = stage, f"{text}{by_voice}"
        self.under_way.pop(exit_.key, None)
        self._tell(exit_)
        return self._progress(exit_)

    def _tell(self, exit_: _Exit) -> None:
        self._c.bus.publish(self._progress(exit_))

    def _progress(self, exit_: _Exit) -> ExitProgress:
        return ExitProgress(
            account=exit_.command.account,
            symbol=exit_.command.symbol,
            stage=exit_.stage,
            ts=self._c.clock.now_ns(),
            qty=exit_.qty,
            cl_ord_id=exit_.cl_ord_id,
            blind=exit_.blind,
            text=exit_.text,
            presses=exit_.presses,
        )

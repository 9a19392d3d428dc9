"""Reversals: exit the whole position, then enter as much the other way. Two linked orders, never one of double size.

Order walk, the way down. The exit is an exit like any other and carries the client order id that its entry will have,
so that a restart finds the pair again and can never send the entry twice. The entry goes out only when the exit has
filled and the venue agrees that the position is flat; it passes the gate like every order, and if it is refused the
exit stands. What is not flat within REVERSE_WAIT_NS enters nowhere. `exits.py` alone prices and sizes the exit.
"""

from collections.abc import Callable

import msgspec

from workstation.domain.errors import NotFound, StateConflict
from workstation.domain.orders import (
    FlattenPosition,
    OrderState,
    OrderTerms,
    OrdStatus,
    OrdType,
    ReversePosition,
    Side,
    SubmitOrder,
    TimeInForce,
)
from workstation.domain.verdicts import DenialKind, RuleResult
from workstation.kernel.fault_points import fault_point
from workstation.orders.book import Change
from workstation.orders.context import DeskContext
from workstation.orders.exits import EXIT_MARK, Exits
from workstation.orders.results import ExitProgress, Severity
from workstation.orders.submission import Submission

ENTRY_MARK = "reversed_by"
"""Metadata key of the exit: the client order id of its entry."""
REVERSES_MARK = "reverses"
"""Metadata key of the entry: the client order id of the exit that it follows."""
REVERSE_WAIT_NS = 10_000_000_000
"""How long after its exit was sent an entry may still go out; a restart does not begin this anew."""

_TICKS_MARK = "reverse_ticks"
_WHOLE_LOCKS = (DenialKind.LOCK, DenialKind.KILL)
Key = tuple[str, str]


class ReverseResult(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to a reversal: where its exit stands, or why nothing was sent. entry_id: the entry's client order id."""

    progress: ExitProgress | None = None
    denial: RuleResult | None = None
    entry_id: str = ""


class Reversals:
    """Reversals by (account, symbol), one at most for each. under_way: entry ids, read only for others."""

    def __init__(
        self, context: DeskContext, submission: Submission, exits: Exits, *, look: Callable[[str, str], None]
    ) -> None:
        self._c = context
        self._submission = submission
        self._exits = exits
        self._look = look
        self._sent: dict[Key, str] = {}
        self.under_way: dict[Key, str] = {}

    def reverse(self, command: ReversePosition) -> ReverseResult:
        """Begin a reversal with its exit.

        Raises:
            NotFound: unknown account or symbol.
            StateConflict: flat, an order unknown, or an exit or reversal under way.
        """
        c, key = self._c, (command.account, command.symbol)
        self._refuse(key)
        denial = self._locked(command)
        if denial is not None:
            return ReverseResult(denial=denial)
        entry_id = self.under_way[key] = c.ids.cl_ord_id()
        progress = self._exits.flatten(
            FlattenPosition(
                account=command.account,
                symbol=command.symbol,
                origin=command.origin,
                through_ticks=command.through_ticks,
                metadata={ENTRY_MARK: entry_id, _TICKS_MARK: str(command.through_ticks)},
            )
        )
        if progress.is_over:
            self._forget(key)
        else:
            self._expire_later(key, entry_id, REVERSE_WAIT_NS)
        return ReverseResult(progress=progress, entry_id=entry_id)

    def withdraw(self, account: str, symbol: str, why: str) -> None:
        """Give the entry of a reversal up; its exit goes on."""
        key = (account, symbol)
        exit_ = self._exit(key)
        if self._forget(key) and exit_ is not None:
            self._c.alert("REVERSE_GIVEN_UP", exit_, _given_up(symbol, why), severity=Severity.WARNING)

    def on_change(self, change: Change) -> None:
        """Follow the exit: know it when it appears, give up when it ends without a fill, ask the venue when filled."""
        after = change.after
        if after is None:
            return
        key = (after.terms.account, after.terms.symbol)
        entry_id = self.under_way.get(key)
        if entry_id is None or after.metadata.get(ENTRY_MARK) != entry_id or not after.metadata.get(EXIT_MARK):
            return
        self._sent[key] = after.cl_ord_id
        if after.status is OrdStatus.FILLED:
            if key not in self._exits.under_way:
                self._look(after.terms.account, "reversal: verify flat")
        elif after.status.is_final:
            self.withdraw(*key, f"its exit is {after.status}")

    def on_agreed(self, account: str) -> None:
        """Send each entry whose exit has filled, now that book and venue agree that the position is flat."""
        for key in tuple(self.under_way):
            exit_ = self._exit(key)
            if key[0] == account and exit_ is not None and exit_.status is OrdStatus.FILLED and self._is_flat(key):
                entry_id = self.under_way[key]
                self._forget(key)
                self._enter(exit_, entry_id)

    def resume(self) -> None:
        """After a restart: find the exits whose entry has not gone out and is not too late."""
        for order in self._c.book.recent():
            entry_id = order.metadata.get(ENTRY_MARK, "")
            left = order.created_at + REVERSE_WAIT_NS - self._c.clock.now_ns()
            waits = order.is_open or order.status is OrdStatus.FILLED
            if entry_id and order.metadata.get(EXIT_MARK) and waits and left > 0 and not self._c.book.knows(entry_id):
                key = (order.terms.account, order.terms.symbol)
                self.under_way[key], self._sent[key] = entry_id, order.cl_ord_id
                self._expire_later(key, entry_id, left)

    def _refuse(self, key: Key) -> None:
        c, (account, symbol) = self._c, key
        if account not in c.state.accounts:
            raise NotFound("account", account)
        if symbol not in c.instruments:
            raise NotFound("instrument", symbol)
        if key in self.under_way or key in self._exits.under_way:
            text = f"Refused: reverse. {symbol} is being left already; wait until it is flat."
            raise StateConflict(text, state="EXITING", allowed=("IDLE",))
        if c.state.ledger.qty(*key) == 0:
            text = f"Refused: reverse. {symbol} is flat; there is nothing to reverse."
            raise StateConflict(text, state="FLAT", allowed=("LONG", "SHORT"))
        if any(order.unknown is not None for order in c.book.open_orders(*key)):
            text = f"Refused: reverse. An order in {symbol} is UNKNOWN; wait until it is known."
            raise StateConflict(text, state="UNKNOWN", allowed=("KNOWN",))

    def _locked(self, command: ReversePosition) -> RuleResult | None:
        """Return what keeps every entry out: disarmed, no permit, a lock, a kill. Such a reversal is refused whole.

        The question is an order of double size, which is how the gate sees that risk is added; nothing of it is sent.
        """
        position = self._c.state.ledger.qty(command.account, command.symbol)
        terms = OrderTerms(
            symbol=command.symbol,
            account=command.account,
            side=_entry_side(-position),
            ord_type=OrdType.MARKET,
            order_qty=2 * abs(position),
        )
        verdict = self._c.gate.explain(self._c.intent(terms, command.origin))
        return next((rule for rule in verdict.results if not rule.passed and rule.kind in _WHOLE_LOCKS), None)

    def _enter(self, exit_: OrderState, entry_id: str) -> None:
        c, symbol = self._c, exit_.terms.symbol
        reference, sign = c.prices.reference(symbol), exit_.terms.side.sign
        opposite = reference.ask if sign > 0 else reference.bid
        if opposite is None:
            self._c.alert("REVERSE_GIVEN_UP", exit_, _given_up(symbol, "there is no quote to price it by"))
            return
        price = c.instruments[symbol].step(opposite, sign * int(exit_.metadata.get(_TICKS_MARK, "0")))
        terms = OrderTerms(
            symbol=symbol,
            account=exit_.terms.account,
            side=_entry_side(sign),
            ord_type=OrdType.LIMIT,
            order_qty=exit_.terms.order_qty,
            price=price,
            time_in_force=TimeInForce.DAY,
        )
        command = SubmitOrder(
            cl_ord_id=entry_id,
            uid=c.ids.uid(),
            terms=terms,
            origin=exit_.origin,
            notes="reversal",
            metadata={REVERSES_MARK: exit_.cl_ord_id},
        )
        fault_point("orders.reversal.before_entry")
        denial = self._submission.submit(command).denial
        if denial is not None:
            self._c.alert("REVERSE_GIVEN_UP", exit_, _given_up(symbol, denial.text), severity=Severity.WARNING)

    def _is_flat(self, key: Key) -> bool:
        return self._c.state.ledger.qty(*key) == 0 and self._c.state.breaks.find(*key) is None

    def _exit(self, key: Key) -> OrderState | None:
        return self._c.book.get(self._sent.get(key, ""))

    def _forget(self, key: Key) -> bool:
        self._sent.pop(key, None)
        return self.under_way.pop(key, None) is not None

    def _expire_later(self, key: Key, entry_id: str, delay_ns: int) -> None:
        self._c.scheduler.call_later(delay_ns, lambda: self._expire(key, entry_id))

    def _expire(self, key: Key, entry_id: str) -> None:
        if self.under_way.get(key) == entry_id:
            self.withdraw(*key, f"it was not flat within {REVERSE_WAIT_NS // 1_000_000_000} s")


def _entry_side(sign: int) -> Side:
    """Return the side of an entry; from flat a sale is a short sale."""
    return Side.BUY if sign > 0 else Side.SELL_SHORT


def _given_up(symbol: str, why: str) -> str:
    return f"{symbol}: the reversal's entry was not sent, the exit stands: {why}"

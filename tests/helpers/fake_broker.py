"""A venue in a test's hand: it takes requests, and says what the test tells it to say, when the test tells it."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from workstation.domain.executions import ExecKind, Execution
from workstation.domain.orders import OrderTerms, OrdStatus, OrdType, RequestKind, TimeInForce
from workstation.kernel.clock import Clock
from workstation.ports.broker import (
    BrokerReport,
    BrokerSink,
    CapabilityCard,
    ExecType,
    FillReport,
    OrderReport,
    QueryAnswer,
    ReplaceKind,
    SendOutcome,
    SendReport,
    SessionReport,
    SessionState,
    VenueBalance,
    VenueOrder,
    VenuePosition,
    VenueStanding,
)

CARD = CapabilityCard(
    venue="FAKE",
    dated="2026-01-01",
    ord_types=frozenset(OrdType),
    times_in_force=frozenset(TimeInForce),
    post_only=True,
    reduce_only=True,
    display_qty=True,
    native_groups=False,
    replace=ReplaceKind.IN_PLACE,
    cl_ord_id_length_max=36,
    query_complete=True,
    exec_key_scope="account",
    lookback_ns=10**15,
    cancel_on_disconnect=False,
    busts_reported=True,
)


class Call(msgspec.Struct, frozen=True):
    """One request as it reached the venue."""

    kind: str
    cl_ord_id: str
    terms: OrderTerms | None = None
    order_id: str = ""


class Ask(msgspec.Struct, frozen=True):
    """One question as it reached the venue."""

    request_id: int
    account: str
    cl_ord_ids: tuple[str, ...]
    since_ns: int


class FakeBroker:
    """`auto`: acknowledge requests at once. `answering`: answer questions at once. `frozen`: hold back all reports."""

    def __init__(self, clock: Clock, *, venue: str = "FAKE", card: CapabilityCard = CARD) -> None:
        self.venue = venue
        self.capabilities = replace(card, venue=venue)
        self.auto = True
        self.answering = True
        self.frozen = False
        self.held: list[BrokerReport] = []
        self.calls: list[Call] = []
        self.asks: list[Ask] = []
        self.orders: dict[str, VenueOrder] = {}
        self.executions: list[Execution] = []
        self.positions: dict[tuple[str, str], int] = {}
        self.balances: dict[str, int] = {}
        self.forget: set[str] = set()
        self.error = ""
        self._clock = clock
        self._sink: BrokerSink | None = None
        self._serial = 0

    # The port

    def standing(self) -> VenueStanding:
        return VenueStanding()

    def connect(self, sink: BrokerSink) -> None:
        self._sink = sink
        self.session(SessionState.UP)

    def disconnect(self) -> None:
        self.session(SessionState.DOWN)

    def submit(self, cl_ord_id: str, terms: OrderTerms) -> None:
        self.calls.append(Call("submit", cl_ord_id, terms))
        assert cl_ord_id not in self.orders, "one command, one order"
        self._serial += 1
        self.orders[cl_ord_id] = VenueOrder(
            cl_ord_id=cl_ord_id,
            order_id=f"V{self._serial}",
            account=terms.account,
            terms=terms,
            status=OrdStatus.SUBMITTED,
            cum_qty=0,
            ts_event=self._clock.now_ns(),
            cost=0,
        )
        if self.auto:
            self.sent(cl_ord_id)
            self.accept(cl_ord_id)

    def replace(self, cl_ord_id: str, order_id: str, terms: OrderTerms) -> None:
        self.calls.append(Call("replace", cl_ord_id, terms, order_id))
        if self.auto:
            self.replaced(cl_ord_id, terms)

    def cancel(self, cl_ord_id: str, order_id: str) -> None:
        self.calls.append(Call("cancel", cl_ord_id, None, order_id))
        if self.auto:
            self.cancelled(cl_ord_id)

    def ask(self, request_id: int, account: str, cl_ord_ids: tuple[str, ...], since_ns: int) -> None:
        self.asks.append(Ask(request_id, account, cl_ord_ids, since_ns))
        if self.answering:
            self.answer()

    # What the test makes the venue say

    def of(self, kind: str) -> list[Call]:
        """Return the requests of one kind, in order."""
        return [call for call in self.calls if call.kind == kind]

    def say(self, *reports: BrokerReport) -> None:
        """Deliver reports now, or hold them back while frozen."""
        if self.frozen:
            self.held.extend(reports)
        elif self._sink is not None:
            self._sink(list(reports))

    def thaw(self) -> None:
        """Deliver everything that was held back."""
        self.frozen = False
        held, self.held = self.held, []
        if held:
            self.say(*held)

    def session(self, state: SessionState, reason: str = "") -> None:
        self.say(SessionReport(venue=self.venue, state=state, reason=reason))

    def sent(
        self,
        cl_ord_id: str,
        request: RequestKind = RequestKind.SUBMIT,
        outcome: SendOutcome = SendOutcome.SENT,
        code: str = "",
        text: str = "",
    ) -> None:
        self.say(SendReport(cl_ord_id=cl_ord_id, request=request, outcome=outcome, code=code, text=text))

    def report(self, cl_ord_id: str, exec_type: ExecType, **fields: Any) -> None:
        self._serial += 1
        found = self.orders[cl_ord_id]
        values = {
            "exec_type": exec_type,
            "cl_ord_id": cl_ord_id,
            "order_id": found.order_id,
            "account": found.account,
            "ts_event": self._clock.now_ns(),
            "venue_seq": self._serial,
        }
        self.say(OrderReport(**(values | fields)))

    def accept(self, cl_ord_id: str) -> None:
        self.report(cl_ord_id, ExecType.ACCEPTED)

    def route(self, cl_ord_id: str) -> None:
        self.report(cl_ord_id, ExecType.ROUTED)

    def reject(self, cl_ord_id: str, code: str = "", text: str = "no") -> None:
        self._end(cl_ord_id, OrdStatus.REJECTED)
        self.report(cl_ord_id, ExecType.REJECTED, code=code, text=text)

    def cancelled(self, cl_ord_id: str, text: str = "cancelled") -> None:
        self._end(cl_ord_id, OrdStatus.CANCELLED)
        self.report(cl_ord_id, ExecType.CANCELLED, text=text)

    def expired(self, cl_ord_id: str) -> None:
        self._end(cl_ord_id, OrdStatus.EXPIRED)
        self.report(cl_ord_id, ExecType.EXPIRED)

    def refuse_cancel(self, cl_ord_id: str, text: str = "too late") -> None:
        self.report(cl_ord_id, ExecType.CANCEL_REJECTED, text=text)

    def replaced(self, cl_ord_id: str, terms: OrderTerms, **fields: Any) -> None:
        found = self.orders[cl_ord_id]
        status = OrdStatus.FILLED if found.cum_qty and terms.order_qty <= found.cum_qty else found.status
        self.orders[cl_ord_id] = replace(found, terms=terms, status=status)
        self.report(cl_ord_id, ExecType.REPLACED, terms=terms, **fields)

    def refuse_replace(self, cl_ord_id: str, text: str = "too late") -> None:
        self.report(cl_ord_id, ExecType.REPLACE_REJECTED, text=text)

    def fill(self, cl_ord_id: str, qty: int, px: int, **fields: Any) -> Execution:
        """Trade: the venue's order and position move, and the report goes out."""
        execution = self.trade(cl_ord_id, qty, px, **fields)
        self.say(FillReport(execution=execution))
        return execution

    def trade(self, cl_ord_id: str, qty: int, px: int, **fields: Any) -> Execution:
        """Trade without a word: what a query will find."""
        found = self.orders[cl_ord_id]
        self._serial += 1
        values = {
            "exec_key": f"X{self._serial}",
            "exec_id": f"X{self._serial}",
            "uid": "",
            "cl_ord_id": cl_ord_id,
            "order_id": found.order_id,
            "account": found.account,
            "symbol": found.terms.symbol,
            "side": found.terms.side,
            "last_qty": qty,
            "last_px": px,
            "fee": 0,
            "fee_currency": "USD",
            "ts_event": self._clock.now_ns(),
            "ts_init": self._clock.now_ns(),
            "venue_seq": self._serial,
            "venue": self.venue,
        }
        execution = Execution(**(values | fields))
        self.executions.append(execution)
        cum = found.cum_qty + qty
        done = cum >= found.terms.order_qty
        status = found.status if found.status.is_final else OrdStatus.FILLED if done else OrdStatus.PARTIALLY_FILLED
        self.orders[cl_ord_id] = replace(found, cum_qty=cum, status=status, cost=(found.cost or 0) + qty * px)
        place = (found.account, found.terms.symbol)
        self.positions[place] = self.positions.get(place, 0) + execution.signed_qty
        return execution

    def bust(self, original: Execution) -> Execution:
        self._serial += 1
        key = f"B{self._serial}"
        bust = replace(
            original,
            exec_key=key,
            exec_id=key,
            kind=ExecKind.BUST,
            corrects=original.exec_key,
            venue_seq=self._serial,
            ts_event=self._clock.now_ns(),
        )
        self.executions.append(bust)
        found = self.orders[original.cl_ord_id]
        cost = (found.cost or 0) - original.last_qty * original.last_px
        self.orders[original.cl_ord_id] = replace(found, cum_qty=found.cum_qty - original.last_qty, cost=cost)
        place = (original.account, original.symbol)
        self.positions[place] = self.positions.get(place, 0) - original.signed_qty
        self.say(FillReport(execution=bust))
        return bust

    def answer(self, ask: Ask | None = None) -> None:
        """Answer the newest question from what the venue holds."""
        asked = ask or self.asks[-1]
        mine = [row for key, row in self.orders.items() if row.account == asked.account and key not in self.forget]
        known = {row.cl_ord_id for row in mine}
        self.say(
            QueryAnswer(
                request_id=asked.request_id,
                account=asked.account,
                ts_event=self._clock.now_ns(),
                open_orders=tuple(row for row in mine if not row.status.is_final),
                closed_orders=tuple(row for row in mine if row.status.is_final and row.ts_event >= asked.since_ns),
                absent=tuple(key for key in asked.cl_ord_ids if key not in known),
                executions=tuple(
                    fill
                    for fill in self.executions
                    if fill.account == asked.account and fill.ts_event >= asked.since_ns
                ),
                positions=tuple(
                    VenuePosition(account=account, symbol=symbol, qty=qty)
                    for (account, symbol), qty in self.positions.items()
                    if account == asked.account
                ),
                balances=tuple(
                    VenueBalance(account=asked.account, currency=currency, cash=cash)
                    for currency, cash in self.balances.items()
                ),
                error=self.error,
            )
        )

    def _end(self, cl_ord_id: str, status: OrdStatus) -> None:
        self.orders[cl_ord_id] = replace(self.orders[cl_ord_id], status=status)

"""Orders against a naive oracle: reports delayed, repeated and out of order, while everybody cancels and changes."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.helpers.core_rig import ACCOUNT, HAND, SECOND, SYMBOL, CoreRig, instrument
from tests.helpers.life_cycle import PAIRS
from tests.helpers.order_oracle import OrderOracle
from workstation.domain.events import InvariantViolated
from workstation.domain.orders import CancelOrder, OrdStatus, ReplaceOrder, Side
from workstation.orders.exits import EXIT_MARK
from workstation.orders.fold import CoreState
from workstation.ports.broker import FillReport, QueryAnswer, SendOutcome
from workstation.ports.store import OrderTransition
from workstation.risk.exposure import worst_qty

S = OrdStatus
pick = st.integers(min_value=0, max_value=10_000)


class OrdersMachine(RuleBasedStateMachine):
    """The venue acts at once and speaks late: its reports are held until a rule delivers one of them."""

    @initialize()
    def start(self) -> None:
        self.rig = CoreRig()
        self.rig.broker.auto = False
        self.rig.broker.frozen = True
        self.oracle = OrderOracle()
        self.busted: set[str] = set()

    # What people do

    @rule(qty=st.integers(1, 50), buys=st.booleans(), price=st.integers(9_900, 10_000))
    def submit(self, qty: int, buys: bool, price: int) -> None:
        side, at = (Side.BUY, price) if buys else (Side.SELL_SHORT, price + 200)
        self.rig.desk.submit(self.rig.command(self.rig.terms(side, qty, at)))

    @precondition(lambda self: self.open())
    @rule(n=pick)
    def cancel(self, n: int) -> None:
        order = self.one(self.open(), n)
        self.rig.desk.cancel(CancelOrder(cl_ord_id=order.cl_ord_id, origin=HAND))

    @precondition(lambda self: self.working())
    @rule(n=pick, qty=st.integers(1, 60))
    def replace(self, n: int, qty: int) -> None:
        order = self.one(self.working(), n)
        if qty >= order.cum_qty:
            self.rig.desk.replace(ReplaceOrder(cl_ord_id=order.cl_ord_id, origin=HAND, order_qty=qty))

    @rule()
    def flatten(self) -> None:
        self.rig.flatten()

    @rule(tenths=st.integers(1, 30))
    def wait(self, tenths: int) -> None:
        self.rig.broker.answering = False
        self.rig.clock.advance(tenths * SECOND // 10)

    # What the venue does

    @precondition(lambda self: self.at_venue())
    @rule(n=pick)
    def accept(self, n: int) -> None:
        self.rig.broker.accept(self.one(self.at_venue(), n))

    @precondition(lambda self: self.at_venue())
    @rule(n=pick, qty=st.integers(1, 40), price=st.integers(9_900, 10_100))
    def fill(self, n: int, qty: int, price: int) -> None:
        self.rig.broker.fill(self.one(self.at_venue(), n), qty, price)

    @precondition(lambda self: self.rig.broker.executions)
    @rule(n=pick)
    def repeat_a_fill(self, n: int) -> None:
        self.rig.broker.say(FillReport(execution=self.one(self.rig.broker.executions, n)))

    @precondition(lambda self: self.bustable())
    @rule(n=pick)
    def bust(self, n: int) -> None:
        fill = self.one(self.bustable(), n)
        self.busted.add(fill.exec_key)
        self.rig.broker.bust(fill)

    @precondition(lambda self: self.at_venue())
    @rule(n=pick, how=st.sampled_from(["cancelled", "expired", "reject"]))
    def end(self, n: int, how: str) -> None:
        getattr(self.rig.broker, how)(self.one(self.at_venue(), n))

    @precondition(lambda self: self.pending(S.PENDING_REPLACE))
    @rule(n=pick, agrees=st.booleans())
    def answer_replace(self, n: int, agrees: bool) -> None:
        order = self.one(self.pending(S.PENDING_REPLACE), n)
        if agrees:
            self.rig.broker.replaced(order.cl_ord_id, order.pending_terms)
        else:
            self.rig.broker.refuse_replace(order.cl_ord_id)

    @precondition(lambda self: self.pending(S.PENDING_CANCEL))
    @rule(n=pick)
    def refuse_cancel(self, n: int) -> None:
        self.rig.broker.refuse_cancel(self.one(self.pending(S.PENDING_CANCEL), n).cl_ord_id)

    @precondition(lambda self: self.open())
    @rule(n=pick, outcome=st.sampled_from([SendOutcome.SENT, SendOutcome.UNKNOWN]))
    def tell_outcome(self, n: int, outcome: SendOutcome) -> None:
        self.rig.broker.sent(self.one(self.open(), n).cl_ord_id, outcome=outcome)

    @precondition(lambda self: self.rig.broker.held)
    @rule(n=pick)
    def deliver_any(self, n: int) -> None:
        held = self.rig.broker.held
        report = held.pop(n % len(held))
        if isinstance(report, FillReport):
            self.oracle.deliver(report.execution)
        if not isinstance(report, QueryAnswer):
            self.rig.desk.on_reports([report])

    # What must hold

    @invariant()
    def orders_are_what_was_delivered(self) -> None:
        for order in self.rig.state.book.recent():
            self.oracle.check(order)
        assert self.rig.state.ledger.qty(ACCOUNT, SYMBOL) == self.oracle.position()

    @invariant()
    def exposure_is_the_sum_of_the_open_orders(self) -> None:
        working = self.rig.state.exposure.working(ACCOUNT, SYMBOL)
        for side, sign in ((working.buy, 1), (working.sell, -1)):
            live = [order for order in self.open() if order.terms.side.sign == sign]
            assert side.qty == sum(worst_qty(order) for order in live)

    @invariant()
    def nothing_is_sent_twice(self) -> None:
        sent = [call.cl_ord_id for call in self.rig.broker.of("submit")]
        assert len(sent) == len(set(sent))

    @invariant()
    def at_most_one_exit_is_outstanding(self) -> None:
        assert sum(EXIT_MARK in order.metadata for order in self.open()) <= 1

    @invariant()
    def nothing_was_violated(self) -> None:
        assert not self.rig.faults
        assert not [event for event in self.rig.journal.events if isinstance(event, InvariantViolated)]

    def teardown(self) -> None:
        if not hasattr(self, "rig"):
            return
        for row in self.rig.journal.rows:
            if isinstance(row, OrderTransition) and row.from_status is not None:
                assert row.to_status in PAIRS[row.from_status]
        replayed = CoreState({symbol: instrument(symbol) for symbol in (SYMBOL, "XYZ")})
        for event in self.rig.journal.replayed():
            replayed.apply(event)
        assert replayed.state() == self.rig.state.state()
        self.settle()

    def settle(self) -> None:
        """Let the venue speak: after a reconciliation, book and venue agree on quantities."""
        broker = self.rig.broker
        broker.held.clear()
        broker.frozen, broker.answering = False, True
        self.rig.desk.reconcile(ACCOUNT, "end")
        self.rig.clock.advance(150 * SECOND)
        assert self.rig.state.ledger.qty(ACCOUNT, SYMBOL) == broker.positions.get((ACCOUNT, SYMBOL), 0)
        for order in self.open():
            there = [row for row in broker.orders.values() if row.order_id == order.order_id]
            assert all(not row.status.is_final for row in there)
            assert order.cum_qty == sum(fill.last_qty for fill in self.rig.state.book.fills(order.cl_ord_id))

    # Choices

    @staticmethod
    def one(rows, n):
        rows = list(rows)
        return rows[n % len(rows)]

    def open(self):
        return list(self.rig.state.book.open_orders(ACCOUNT, SYMBOL))

    def working(self):
        return [order for order in self.open() if order.status.is_working]

    def pending(self, status):
        return [order for order in self.open() if order.status is status]

    def at_venue(self):
        return [key for key, row in self.rig.broker.orders.items() if not row.status.is_final]

    def bustable(self):
        fills = [fill for fill in self.rig.broker.executions if fill.kind == "TRADE"]
        return [fill for fill in fills if fill.exec_key not in self.busted]


OrdersMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestOrders = OrdersMachine.TestCase

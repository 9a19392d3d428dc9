"""The simulated exchange: accounts, order ids, acknowledgements, executions, sessions, and a memory.

Turning point of the order walk at the simulated venue. It does what a venue does and knows nothing of links:
requests arrive here after their latency, and every word goes out through one `emit`. Each accepted order, execution
and end is written to the log before it is reported. Everything runs on the engine's thread. Long because every word of
the venue is said in one place.
"""

from collections.abc import Callable, Iterable

from msgspec.structs import replace as _with

from workstation.brokers.sim.endings import END_REPORTS, ENDINGS
from workstation.brokers.sim.executions import Executions
from workstation.brokers.sim.fees import FeeSchedule, FillFacts
from workstation.brokers.sim.funds import Funds
from workstation.brokers.sim.holdings import Holdings
from workstation.brokers.sim.matching import EndReason, MarketOrder, Matcher
from workstation.brokers.sim.orders import VenueOrderBook, VenueOrderState
from workstation.brokers.sim.records import (
    AccountListed,
    Executed,
    OrderClosed,
    OrderTaken,
    SplitDone,
    TermsChanged,
    Trailed,
    TriggerFired,
    VenueRecord,
    split_report,
)
from workstation.brokers.sim.trail_reports import TrailReports
from workstation.brokers.sim.universe import Listing
from workstation.brokers.sim.validation import Refusal, refusal, room_refusal
from workstation.brokers.sim.venue_log import LAID_ASIDE
from workstation.domain.accounts import Account
from workstation.domain.executions import ExecKind, Execution, Liquidity
from workstation.domain.market import SessionPhase
from workstation.domain.orders import OrderTerms, OrdStatus, TimeInForce
from workstation.domain.trailing import begins_elsewhere
from workstation.kernel.clock import Scheduler, Timer
from workstation.ports.broker import (
    BrokerReport,
    ExecType,
    FillReport,
    OrderReport,
)

DAY_NS = 86_400 * 10**9
"""The venue's trading day is the UTC day."""

Emit = Callable[[BrokerReport], None]


class Exchange:
    """The venue behind any number of links. now_ns: venue time, which may be skewed. room: bytes left for its log."""

    def __init__(
        self,
        listings: Iterable[Listing],
        *,
        now_ns: Callable[[], int],
        scheduler: Scheduler,
        fees: FeeSchedule,
        write: Callable[[VenueRecord], None],
    ) -> None:
        self.now_ns = now_ns
        self.instruments = {entry.instrument.symbol: entry.instrument for entry in listings}
        self.matchers = {symbol: Matcher(instrument, self, now_ns) for symbol, instrument in self.instruments.items()}
        self.accounts: dict[str, Account] = {}
        self.holdings = Holdings(self.instruments)
        self.orders = VenueOrderBook()
        self.executions = Executions(self.instruments, self.holdings, now_ns)
        self.splits: list[SplitDone] = []
        self.emit: Emit = lambda _report: None
        self.room: Callable[[], int] = lambda: LAID_ASIDE
        self.on_customer_trade: Callable[[str, int, int], None] = lambda _symbol, _sign, _qty: None
        self.rule_bound: Callable[[VenueOrderState], bool] = lambda _state: False
        self._funds = Funds(self)
        self._fees = fees
        self._write = write
        self._scheduler = scheduler
        self._expiries: dict[str, Timer] = {}
        self._trail_reports = TrailReports(scheduler, now_ns, self._tell_trigger)

    def open_account(self, account: Account) -> None:
        """Open an account with its initial cash; opening it again changes nothing."""
        if account.account not in self.accounts:
            self._write(AccountListed(account=account, ts=self.now_ns()))
            self.list_account(account)

    def list_account(self, account: Account) -> None:
        """Take an account up without writing it down."""
        self.accounts[account.account] = account
        self.holdings.deposit(account.account, account.currency, account.initial_cash)

    def submit(self, cl_ord_id: str, terms: OrderTerms, *, silent: bool = False) -> None:
        """Take a new order. A client order id that is known is answered with that order's state, never doubled.

        silent: no report leaves before somebody asks.
        """
        known = self.orders.by_client.get(cl_ord_id)
        if known is not None:
            self._report(known, ExecType.STATUS, text="duplicate client order id")
            return
        why = self._refusal(terms)
        if why is not None:
            self.refuse(cl_ord_id, terms, *why)
            return
        state = self.accept(cl_ord_id, terms, silent=silent)
        if not self.rule_bound(state):
            self.matchers[terms.symbol].enter(state.order)

    def accept(self, cl_ord_id: str, terms: OrderTerms, *, silent: bool = False) -> VenueOrderState:
        """Give an order its id, write it down and acknowledge it."""
        state = self.orders.open(cl_ord_id, terms, self.now_ns())
        state.silent = silent
        self._write(OrderTaken(order_id=state.order_id, cl_ord_id=cl_ord_id, terms=terms, ts=state.ts_event))
        self._report(state, ExecType.ACCEPTED)
        self._watch_expiry(state)
        return state

    def speak(self, state: VenueOrderState) -> None:
        """End an order's silence: acknowledge it, or say how it ended."""
        if state.silent:
            state.silent = False
            self._report(state, END_REPORTS.get(state.status, ExecType.ACCEPTED), text=state.text)

    def refuse(self, cl_ord_id: str, terms: OrderTerms, code: str, text: str) -> None:
        """Reject a new order; nothing of it is kept."""
        report = OrderReport(
            exec_type=ExecType.REJECTED,
            cl_ord_id=cl_ord_id,
            order_id="",
            account=terms.account,
            ts_event=self.now_ns(),
            venue_seq=self.executions.next_seq(),
            status=OrdStatus.REJECTED,
            code=code,
            text=text,
        )
        self.emit(report)

    def cancel(self, cl_ord_id: str, order_id: str) -> None:
        """Take a cancel."""
        state = self.orders.find(cl_ord_id, order_id)
        if state is None:
            self._deny(ExecType.CANCEL_REJECTED, cl_ord_id, order_id, "UNKNOWN_ORDER", "no such order")
        elif not state.is_open:
            self._report(state, ExecType.CANCEL_REJECTED, code="TOO_LATE", text=f"order is {state.status}")
        else:
            self.matchers[state.terms.symbol].cancel(state.order)

    def cancel_all(self, account: str, symbol: str | None = None) -> int:
        """Cancel an account's open orders, of one symbol or all; returns how many."""
        found = [state for state in self.orders.open_of(account) if symbol is None or state.terms.symbol == symbol]
        for state in found:
            self.matchers[state.terms.symbol].cancel(state.order)
        return len(found)

    def replace(self, cl_ord_id: str, order_id: str, terms: OrderTerms) -> None:
        """Take a change of terms. A quantity at or below what is filled leaves the order filled."""
        state = self.orders.find(cl_ord_id, order_id)
        if state is None:
            self._deny(ExecType.REPLACE_REJECTED, cl_ord_id, order_id, "UNKNOWN_ORDER", "no such order")
            return
        if not state.is_open:
            self._report(state, ExecType.REPLACE_REJECTED, code="TOO_LATE", text=f"order is {state.status}")
            return
        terms = _with_limit(state, terms)
        why = self._change_refusal(state, terms)
        if why is not None:
            self._report(state, ExecType.REPLACE_REJECTED, code=why[0], text=why[1])
            return
        self._write(TermsChanged(order_id=state.order_id, terms=terms, ts=self.now_ns()))
        state.ts_event = self.now_ns()
        if terms.order_qty <= state.cum_qty:
            self.matchers[terms.symbol].replace(state.order, terms, self.orders.next_arrival())
            self._report(state, ExecType.REPLACED)
            self._close(state, OrdStatus.FILLED, "quantity changed to what was filled")
            return
        # The confirmation goes out before what the new terms may trade at once.
        state.confirmed_terms = self._with_trigger(state, terms)
        self._report(state, ExecType.REPLACED)
        self.matchers[terms.symbol].replace(state.order, terms, self.orders.next_arrival())
        state.order.tell_limit()
        if state.is_open:
            self.orders.index(state)
            self._watch_expiry(state)

    def refuse_change(self, cl_ord_id: str, order_id: str, code: str, *, replace: bool) -> None:
        """Refuse a cancel or replace; the order stays as it is."""
        kind = ExecType.REPLACE_REJECTED if replace else ExecType.CANCEL_REJECTED
        state = self.orders.find(cl_ord_id, order_id)
        if state is None:
            self._deny(kind, cl_ord_id, order_id, "UNKNOWN_ORDER", "no such order")
        else:
            self._report(state, kind, code=code, text="refused by the venue")

    def set_phase(self, symbol: str, phase: SessionPhase) -> None:
        """Open, close or halt one market; a close runs the closing orders and ends DAY orders."""
        matcher = self.matchers[symbol]
        if phase is SessionPhase.CLOSED and matcher.phase is SessionPhase.OPEN:
            matcher.close_auction()
            self._expire_day(symbol)
        opened = phase is SessionPhase.OPEN and matcher.phase is SessionPhase.CLOSED
        matcher.set_phase(phase)
        if opened:
            matcher.open_auction()

    def roll_day(self) -> None:
        """End the trading day of every open market and begin the next at the same instant."""
        for symbol, matcher in self.matchers.items():
            if matcher.phase is SessionPhase.OPEN:
                matcher.close_auction()
                self._expire_day(symbol)
                matcher.open_auction()

    def on_fill(self, order: MarketOrder, qty: int, price: int, *, maker: bool) -> None:
        """Book a fill of the matcher: execution, fee, position, report."""
        state = self.orders.by_id[order.order_id]
        self.execute(state, qty, price, Liquidity.MAKER if maker else Liquidity.TAKER)
        if not maker:
            self.on_customer_trade(state.terms.symbol, state.terms.side.sign, qty)

    def on_triggered(self, order: MarketOrder) -> None:
        """Report that a conditional order fired."""
        state = self.orders.by_id[order.order_id]
        self._trail_reports.forget(order.order_id)
        self._write(TriggerFired(order_id=order.order_id, stop_px=order.stop_px, ts=self.now_ns()))
        self._report(state, ExecType.TRIGGERED)

    def on_trailed(self, order: MarketOrder) -> None:
        """Write down how far a trigger has followed, so that a restarted venue goes on from there, and tell of it.

        What is laid aside on a full disk is kept for cancels and fills.
        """
        if self.room() < LAID_ASIDE:
            return
        self._write(
            Trailed(
                order_id=order.order_id,
                stop_px=order.stop_px,
                limit_px=order.limit_px,
                activated=order.activated,
                ts=self.now_ns(),
            )
        )
        self._trail_reports.moved(order.order_id)

    def _tell_trigger(self, order_id: str) -> None:
        state = self.orders.by_id.get(order_id)
        if state is not None and state.is_open:
            self._report(state, ExecType.STATUS)

    def on_ended(self, order: MarketOrder, reason: EndReason) -> None:
        """Close an order that left the market; what is closed already stays as it is."""
        state = self.orders.by_id[order.order_id]
        if state.is_open:
            status, text = ENDINGS[reason]
            if status is OrdStatus.REJECTED and state.cum_qty:
                status = OrdStatus.CANCELLED
            self._close(state, status, text, code=reason.name if status is OrdStatus.REJECTED else "")

    def reducible(self, order: MarketOrder) -> int:
        """Return how much of the account's position an order on the other side may close."""
        qty = self.holdings.qty(order.terms.account, order.terms.symbol)
        return max(-order.terms.side.sign * qty, 0)

    def execute(
        self, state: VenueOrderState, qty: int, price: int, liquidity: Liquidity, *, booked_qty: bool = True
    ) -> Execution:
        """Make an execution, write it down, book and report it.

        booked_qty: the order's cum_qty contains `qty` already, as the matcher leaves it.
        """
        if not booked_qty:
            state.order.cum_qty += qty
        instrument = self.instruments[state.terms.symbol]
        facts = FillFacts(qty, price, liquidity, state.reported_qty, state.fee)
        execution = self.executions.make(state, qty, price, self._fees.fee(instrument, facts), liquidity)
        state.reported_qty += qty
        state.fee += execution.fee
        state.cost += qty * price
        self._write(Executed(execution=execution))
        self.executions.remember(execution)
        if not state.silent:
            self.emit(FillReport(execution=execution))
        if state.is_open:
            done = state.reported_qty >= state.terms.order_qty
            state.status = OrdStatus.PARTIALLY_FILLED
            state.ts_event = execution.ts_event
            if done:
                self._close(state, OrdStatus.FILLED, "", tell=False)
        self._trim_reduce_only(execution.account, execution.symbol)
        return execution

    def amend_execution(self, original: Execution, *, kind: ExecKind, price: int | None = None) -> None:
        """Take an execution back (BUST), or take it back and book it at another price (CORRECTION)."""
        self.book(self.executions.amended(original, kind, price))

    def book(self, execution: Execution) -> None:
        """Write down, book and report an execution that no order in the market led to."""
        self._write(Executed(execution=execution))
        self.count_amended(execution)
        self.executions.remember(execution)
        self.emit(FillReport(execution=execution))

    def split(self, record: SplitDone) -> None:
        """Write a share split down, do it and tell of it."""
        self._write(record)
        self.apply_split(record)
        self.emit(split_report(record))

    def apply_split(self, record: SplitDone) -> None:
        """Do a share split without a word."""
        self.splits.append(record)
        self.holdings.split(record.symbol, record.numerator, record.denominator, record.price)

    def count_amended(self, execution: Execution) -> None:
        """Carry a bust or correction to the order whose fill it names; fills are counted where they are made."""
        state, original = self.orders.by_id.get(execution.order_id), self.executions.get(execution.corrects)
        if state is not None and original is not None:
            state.amend(original, execution)

    def resume(self, state: VenueOrderState) -> None:
        """Put an order of the log back to work, or end it when its time has passed meanwhile."""
        terms = state.terms
        if (terms.time_in_force is TimeInForce.DAY and _day(state.ts_taken) < _day(self.now_ns())) or (
            terms.expire_time is not None and terms.expire_time <= self.now_ns()
        ):
            self._close(state, *ENDINGS[EndReason.TIME])
        elif not self.rule_bound(state):
            self._watch_expiry(state)
            self.matchers[terms.symbol].enter(state.order)

    def end(self, state: VenueOrderState, reason: EndReason) -> None:
        """Take an open order out of its market for `reason`."""
        if state.is_open:
            self.matchers[state.terms.symbol].cancel(state.order, reason)

    def withdraw(self, state: VenueOrderState) -> None:
        """Take an order out of its market without ending it, for fills that come from outside the book."""
        self.matchers[state.terms.symbol].withdraw(state.order)

    def _refusal(self, terms: OrderTerms) -> Refusal | None:
        if terms.account not in self.accounts:
            return "UNKNOWN_ACCOUNT", f"{terms.account} has no account here"
        instrument = self.instruments.get(terms.symbol)
        phase = self.matchers[terms.symbol].phase if instrument is not None else SessionPhase.CLOSED
        return (
            refusal(terms, instrument, phase, self.now_ns())
            or room_refusal(self.room(), reduces=self.holdings.only_reduces(terms, 0))
            or self._reduce_refusal(terms)
            or self._funds.refusal(terms, 0)
        )

    def _reduce_refusal(self, terms: OrderTerms) -> Refusal | None:
        if (
            terms.reduce_only
            and self.holdings.qty(terms.account, terms.symbol) * terms.side.sign >= 0
            and terms.price is None
            and terms.stop_px is None
        ):
            return "REDUCE_ONLY", "no position to reduce"
        return None

    def _change_refusal(self, state: VenueOrderState, terms: OrderTerms) -> Refusal | None:
        old = state.terms
        if (old.symbol, old.account, old.side, old.ord_type) != (
            terms.symbol,
            terms.account,
            terms.side,
            terms.ord_type,
        ):
            return "BAD_REPLACE", "symbol, account, side and type cannot change"
        matcher = self.matchers[terms.symbol]
        if begins_elsewhere(old, terms) and state.order.activated:
            return "ACTIVATION_PASSED", "it trails already"
        if terms.post_only and terms.price is not None and matcher.book.crosses(terms.side.sign, terms.price):
            return "POST_ONLY", ENDINGS[EndReason.POST_ONLY][1]
        return (
            refusal(terms, self.instruments[terms.symbol], matcher.phase, self.now_ns())
            or room_refusal(self.room(), reduces=self.holdings.only_reduces(terms, old.order_qty))
            or self._funds.refusal(terms, old.order_qty)
        )

    def _with_trigger(self, state: VenueOrderState, terms: OrderTerms) -> OrderTerms:
        """Return new terms of a trailing order with the trigger and the limit that it will have under them."""
        if terms.trail is None:
            return terms
        stop_px = state.order.trigger_under(terms, self.instruments[terms.symbol])
        return _with(terms, stop_px=stop_px, price=state.order.limit_under(terms, stop_px))

    def _trim_reduce_only(self, account: str, symbol: str) -> None:
        for state in self.orders.reduce_only_of(account, symbol):
            self.matchers[symbol].trim(state.order)

    def _watch_expiry(self, state: VenueOrderState) -> None:
        timer = self._expiries.pop(state.order_id, None)
        if timer is not None:
            timer.cancel()
        if state.is_open and state.terms.expire_time is not None:
            delay = state.terms.expire_time - self.now_ns()
            self._expiries[state.order_id] = self._scheduler.call_later(delay, lambda: self.end(state, EndReason.TIME))

    def _expire_day(self, symbol: str) -> None:
        for state in self.orders.day_orders_of(symbol):
            self.end(state, EndReason.TIME)

    def _close(
        self, state: VenueOrderState, status: OrdStatus, text: str, *, code: str = "", tell: bool = True
    ) -> None:
        self.orders.close(state, status, text, self.now_ns())
        self._write(OrderClosed(order_id=state.order_id, status=status, text=text, ts=state.ts_event))
        self._trail_reports.forget(state.order_id)
        timer = self._expiries.pop(state.order_id, None)
        if timer is not None:
            timer.cancel()
        if tell and status in END_REPORTS:
            self._report(state, END_REPORTS[status], code=code, text=text)

    def _report(self, state: VenueOrderState, kind: ExecType, *, code: str = "", text: str = "") -> None:
        if state.silent:
            return
        terms = state.confirmed_terms or state.terms
        if terms.trail is not None and state.confirmed_terms is None:
            terms = _with(terms, stop_px=state.order.stop_px, price=state.order.tell_limit())
        elif kind is ExecType.TRIGGERED:
            terms = _with(terms, stop_px=state.order.stop_px)
        report = OrderReport(
            exec_type=kind,
            cl_ord_id=state.cl_ord_id,
            order_id=state.order_id,
            account=terms.account,
            ts_event=self.now_ns(),
            venue_seq=self.executions.next_seq(),
            status=state.status,
            terms=terms,
            cum_qty=state.reported_qty - state.voided_qty,
            code=code,
            text=text,
        )
        state.confirmed_terms = None
        self.emit(report)

    def _deny(self, kind: ExecType, cl_ord_id: str, order_id: str, code: str, text: str) -> None:
        now, seq = self.now_ns(), self.executions.next_seq()
        self.emit(
            OrderReport(
                exec_type=kind,
                cl_ord_id=cl_ord_id,
                order_id=order_id,
                account="",
                ts_event=now,
                venue_seq=seq,
                code=code,
                text=text,
            )
        )


def _with_limit(state: VenueOrderState, terms: OrderTerms) -> OrderTerms:
    """Return a trail's new terms with its limit as it stands where they leave it: none, or the one told last."""
    order = state.order
    if terms.trail is None or order.limit_px is None or terms.price not in (None, order.known_px):
        return terms
    return _with(terms, price=order.tell_limit())


def _day(ts: int) -> int:
    return ts // DAY_NS

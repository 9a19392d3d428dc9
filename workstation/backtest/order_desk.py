"""The desk of a backtest: a strategy's intents become orders, travel to the venue, and reports travel back.

Order walk: `engine` hands over intents, the markets fill, `booking` keeps the truth. Requests and reports take the
latencies of the options; at none they arrive within the same instant, after all that was due before them.
"""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import msgspec

from workstation.backtest.agenda import Agenda, Due, Rank
from workstation.backtest.booking import ACCOUNT, ORIGIN, RUN, Booking
from workstation.backtest.checks import OrderChecks
from workstation.backtest.faults import Faults, Troubles
from workstation.backtest.market import Market
from workstation.backtest.order_groups import OrderGroups
from workstation.backtest.row_market import RowMarket
from workstation.backtest.working import Working
from workstation.domain.events import (
    CancelRejected,
    CancelRequested,
    OrderAccepted,
    OrderCancelled,
    OrderCreated,
    OrderDenied,
    OrderExpired,
    OrderIntended,
    OrderRejected,
    OrderReplaced,
    OrderTriggered,
    ReplaceRejected,
    ReplaceRequested,
)
from workstation.domain.executions import Liquidity
from workstation.domain.orders import (
    OrderState,
    OrderTerms,
    OrdStatus,
    OrdType,
    ReplaceOrder,
    Side,
    SubmitOrder,
    TimeInForce,
)
from workstation.domain.trailing import begins_elsewhere
from workstation.domain.verdicts import RuleResult, Verdict
from workstation.kernel.ids import IdSource
from workstation.orders.amendment import changed_terms
from workstation.orders.brackets import bracket
from workstation.orders.effects import DENIALS
from workstation.orders.pairs import paired
from workstation.strategies import messages as m

NO_CONNECTION = "the connection to the venue is down"
UNWILLING = "the venue refuses it: a fault of the run's plan"
FAULT, NOT_SENT = "FAULT", "NOT_SENT"


class OrderDesk:
    """Orders of one run, and the floor on which markets report; see `working.Floor`."""

    def __init__(
        self,
        booking: Booking,
        agenda: Agenda,
        markets: Mapping[str, Market],
        *,
        deliver: Callable[[list[m.News]], None],
        ways: Random,
        ids: IdSource,
    ) -> None:
        self._booking, self._agenda, self._markets, self._deliver = booking, agenda, markets, deliver
        self._options, self._latency = booking.plan.options, booking.plan.options.latency
        self._jitter, self._response = self._latency.jitter, self._latency.response
        self._at_once = self._options.fast and not booking.gated
        self._fold_order = booking.fold_order
        self._ways, self._ids = ways, ids
        faults = self._options.faults
        self.troubles = Troubles(faults, booking.plan.seed) if faults != Faults() else None
        self._is_near = self._at_once and self.troubles is None and not any(msgspec.structs.astuple(self._latency))
        self.checks = OrderChecks(booking, agenda, markets)
        self.refused, self.room = self.checks.refused, self.checks.room
        self._groups = OrderGroups(self, booking, agenda, markets)
        self._arrivals = self._exits = 0
        self._labels: dict[str, str] = {}
        self._unwanted: set[str] = set()
        self._said: list[m.News] = []
        self._said_at: Due | None = None
        self._takers: dict[type, Callable[[Any], None]] = {
            m.Submit: self._submit,
            m.SubmitPair: self._submit_pair,
            m.Cancel: lambda intent: self._cancel(intent.cl_ord_id),
            m.CancelAll: lambda intent: self._cancel_all(intent.symbol),
            m.Replace: self._replace,
            m.Flatten: lambda intent: self.flatten(intent.symbol),
        }

    def take(self, intent: m.Intent, *, alone: bool = False) -> bool:
        """Act on what the strategy wants of its orders; False where that is about none.

        alone: nothing else is wanted or due at this instant, so that an order without a way to go is there at once.
        """
        taker = self._takers.get(type(intent))
        if taker is None:
            return False
        if alone and self._is_near and isinstance(intent, m.Submit):
            self._submit(intent, there=True)
        else:
            taker(intent)
        return True

    # To the venue

    def _submit(self, intent: m.Submit, *, there: bool = False) -> None:
        entry = self._command(intent.cl_ord_id, intent.terms, notes=intent.notes)
        if intent.stop_px is None and intent.target_px is None:
            self._open(entry, there=there)
            return
        group = bracket(entry, stop_px=intent.stop_px, target_px=intent.target_px, ids=self._ids)
        for leg in group.orders[1:]:
            self._create(leg)
        self._open(group.orders[0])

    def _submit_pair(self, intent: m.SubmitPair) -> None:
        """Place both orders of a pair, or tell of the one that was refused; the other is never made."""
        commands = [self._command(one.cl_ord_id, one.terms, notes=one.notes) for one in (intent.first, intent.second)]
        orders = paired(*commands, ids=self._ids).orders
        verdicts = self.checks.pair(*orders)
        for order, verdict in zip(orders, verdicts, strict=False):  # those of the first alone where it was refused
            if verdict.denial is not None:
                self._create(order)
                self._deny(order.cl_ord_id, verdict.denial)
                return
        for order in orders:
            self._create(order)
        for order, verdict in zip(orders, verdicts, strict=True):
            self._send(order.cl_ord_id, verdict, self._latency.order)

    def flatten(self, symbol: str, label: str = "") -> None:
        """Cancel the instrument's orders and exit its position at the market."""
        self._cancel_all(symbol)
        held = self._booking.qty(symbol)
        if not held:
            return
        self._exits += 1
        terms = OrderTerms(
            symbol=symbol, account=ACCOUNT, side=Side.SELL if held > 0 else Side.BUY, ord_type=OrdType.MARKET,
            order_qty=abs(held), time_in_force=TimeInForce.GTC, reduce_only=True,
        )  # fmt: skip
        cl_ord_id = f"{RUN}-X{self._exits}"
        if label:
            self._labels[cl_ord_id] = label
        self._open(self._command(cl_ord_id, terms))

    def close_out(self, symbol: str, price: int, label: str) -> None:
        """Exit a position at `price` at once, whatever trades: the end of the data."""
        self.flatten(symbol, label)
        cl_ord_id = f"{RUN}-X{self._exits}"
        order = self._working(self._booking.order(cl_ord_id))
        self._accept(order)
        qty, order.leaves = order.leaves, 0
        self.on_fill(order, qty, price, Liquidity.TAKER)

    def _command(self, cl_ord_id: str, terms: OrderTerms, notes: str = "") -> SubmitOrder:
        return SubmitOrder(cl_ord_id=cl_ord_id, uid=cl_ord_id, terms=terms, origin=ORIGIN, strategy_id=RUN, notes=notes)

    def _open(self, command: SubmitOrder, *, there: bool = False) -> None:
        """Create an order and send it, or refuse it; in one step where no gate asks between. there: see `take`."""
        cl_ord_id = command.cl_ord_id
        created = OrderCreated(cl_ord_id=cl_ord_id, ts=self._agenda.ts, command=command)
        if not self._at_once:
            self._fold_order(created)
        verdict = self.checks.verdict(command.terms, cl_ord_id)
        if self._at_once and verdict.passed:
            intended = self._intended(cl_ord_id, verdict)
            if there:
                self._begin_there(created, intended)
            else:
                self._booking.begin(created, intended)
                self._dispatch(cl_ord_id, self._latency.order)
            return
        if self._at_once:
            self._fold_order(created)
        if verdict.denial is None:
            self._send(cl_ord_id, verdict, self._latency.order)
        else:
            self._deny(cl_ord_id, verdict.denial)

    def _begin_there(self, created: OrderCreated, intended: OrderIntended) -> None:
        """Create, send, take and report an order in one step: what comes of it when nothing else is between."""
        agenda, cl_ord_id, now = self._agenda, created.cl_ord_id, created.ts
        agenda.step_to(Rank.ARRIVAL)
        accepted = OrderAccepted(cl_ord_id=cl_ord_id, ts=now, order_id=cl_ord_id, ts_event=now)
        state = self._booking.begin(created, intended, accepted)
        self._said_at, self._said = agenda.now, [m.OrderNews(state)]
        self._enter(self._working(state))
        agenda.step_to(Rank.REPORT)
        self._deliver(self._said)

    def _create(self, command: SubmitOrder) -> None:
        self._fold_order(OrderCreated(cl_ord_id=command.cl_ord_id, ts=self._agenda.ts, command=command))

    def _intended(self, cl_ord_id: str, verdict: Verdict) -> OrderIntended:
        return OrderIntended(cl_ord_id=cl_ord_id, ts=self._agenda.ts, verdict=verdict, qty=verdict.qty, epoch=1)

    def _deny(self, cl_ord_id: str, denial: RuleResult) -> None:
        self.refused[denial.code] = self.refused.get(denial.code, 0) + 1
        kind = denial.kind if denial.kind in DENIALS else next(iter(DENIALS))
        self.end(OrderDenied(cl_ord_id=cl_ord_id, ts=self._agenda.ts, kind=kind, rule=denial))

    def _send(self, cl_ord_id: str, verdict: Verdict, delay: int) -> None:
        self._fold_order(self._intended(cl_ord_id, verdict))
        self._dispatch(cl_ord_id, delay)

    def _dispatch(self, cl_ord_id: str, delay: int) -> None:
        if self.troubles is not None and cl_ord_id not in self._labels and self._is_cut_off():
            self.end(OrderRejected(cl_ord_id=cl_ord_id, ts=self._agenda.ts, code=NOT_SENT, text=NO_CONNECTION))
            return
        self._travel(delay, self.arrive, cl_ord_id)

    def _travel(self, delay: int, call: Callable[[str], None], cl_ord_id: str) -> None:
        way = delay + (self._ways.randint(0, self._jitter) if self._jitter else 0)
        if self.troubles is not None:
            way += self.troubles.held_up()
        self._agenda.add(self._agenda.ts + way, Rank.ARRIVAL, call, cl_ord_id)

    def _is_cut_off(self) -> bool:
        return self.troubles is not None and self.troubles.is_cut_off(self._agenda.ts)

    def _cancel(self, cl_ord_id: str) -> None:
        order = self._booking.state.book.get(cl_ord_id)
        if order is None or not order.is_open:
            return
        if order.status is OrdStatus.NEW:
            self.end(OrderCancelled(cl_ord_id=cl_ord_id, ts=self._agenda.ts, reason="cancelled before it was sent"))
            return
        self._fold_order(CancelRequested(cl_ord_id=cl_ord_id, ts=self._agenda.ts, origin=ORIGIN))
        if self._is_cut_off():
            self._turn_down(CancelRejected, cl_ord_id, NOT_SENT, NO_CONNECTION)
            return
        self._travel(self._latency.cancel, self._cancel_arrives, cl_ord_id)

    def _cancel_all(self, symbol: str | None) -> None:
        for order in tuple(self._booking.state.book.open_orders(ACCOUNT, symbol)):
            self._cancel(order.cl_ord_id)

    def _replace(self, intent: m.Replace) -> None:
        order = self._booking.state.book.get(intent.cl_ord_id)
        if order is None or not order.status.is_working:
            return
        changed = changed_terms(order.terms, ReplaceOrder(origin=ORIGIN, **msgspec.structs.asdict(intent)))
        verdict = self.checks.verdict(changed, order.cl_ord_id, replaces=order)
        if verdict.denial is not None:
            self.refused[verdict.denial.code] = self.refused.get(verdict.denial.code, 0) + 1
            return
        self._fold_order(ReplaceRequested(cl_ord_id=order.cl_ord_id, ts=self._agenda.ts, terms=changed, origin=ORIGIN))
        if self._is_cut_off():
            self._turn_down(ReplaceRejected, order.cl_ord_id, NOT_SENT, NO_CONNECTION)
            return
        self._travel(self._latency.replace, self._replace_arrives, order.cl_ord_id)

    # At the venue

    def drop(self, order: OrderState, reason: str) -> None:
        """End an order at the venue at once, one that is still on its way as it comes there."""
        if order.status is OrdStatus.PENDING_SUBMIT:
            self._unwanted.add(order.cl_ord_id)
        else:
            self._markets[order.terms.symbol].cancel(order.cl_ord_id, reason)

    def arrive(self, cl_ord_id: str) -> None:
        """Take an order at the venue, or reject it by the plan of faults; what the venue sends itself it takes."""
        state = self._booking.order(cl_ord_id)
        order, troubles = self._working(state), self.troubles
        may_fail = not order.label and state.status is OrdStatus.PENDING_SUBMIT
        if troubles is not None and may_fail and troubles.rejects():
            self._unwanted.discard(cl_ord_id)
            self.end(OrderRejected(cl_ord_id=cl_ord_id, ts=self._agenda.ts, code=FAULT, text=UNWILLING))
            return
        self._accept(order)
        if cl_ord_id in self._unwanted:
            self._unwanted.discard(cl_ord_id)
            self.on_ended(order, "cancelled on its way")
            return
        self._enter(order)

    def _enter(self, order: Working) -> None:
        market = self._markets[order.terms.symbol]
        market.arrive(order)
        if order.closing is not None and isinstance(market, RowMarket):
            self._agenda.add(order.closing, Rank.MATCH, market.close_session, order.closing)

    def _turn_down(self, kind: type[CancelRejected | ReplaceRejected], cl_ord_id: str, code: str, text: str) -> None:
        """Book that a cancel or a change came to nothing, and tell of it."""
        event = kind(cl_ord_id=cl_ord_id, ts=self._agenda.ts, code=code, text=text)
        self._report(m.OrderNews(self._fold_order(event)), here=code == NOT_SENT)

    def _working(self, order: OrderState) -> Working:
        now, self._arrivals = self._agenda.ts, self._arrivals + 1
        working = Working(order.cl_ord_id, order.terms, leaves=order.leaves_qty, arrived=now, sequence=self._arrivals)
        if self._labels:
            working.label = self._labels.pop(order.cl_ord_id, "")
        return working

    def _accept(self, order: Working) -> None:
        cl_ord_id, now = order.cl_ord_id, self._agenda.ts
        accepted = self._fold_order(OrderAccepted(cl_ord_id=cl_ord_id, ts=now, order_id=cl_ord_id, ts_event=now))
        self._report(m.OrderNews(accepted))

    def _cancel_arrives(self, cl_ord_id: str) -> None:
        order = self._booking.state.book.get(cl_ord_id)
        if order is None or not order.is_open:
            return
        if order.status is OrdStatus.PENDING_SUBMIT:
            self._unwanted.add(cl_ord_id)
        elif self.troubles is not None and self.troubles.refuses():
            self._turn_down(CancelRejected, cl_ord_id, FAULT, UNWILLING)
        else:
            self._markets[order.terms.symbol].cancel(cl_ord_id, "cancelled")

    def _replace_arrives(self, cl_ord_id: str) -> None:
        order = self._booking.state.book.get(cl_ord_id)
        if order is None or order.status is not OrdStatus.PENDING_REPLACE or order.pending_terms is None:
            return
        market = self._markets[order.terms.symbol]
        working, terms = market.orders.get(cl_ord_id), order.pending_terms
        if working is None:
            self._turn_down(ReplaceRejected, cl_ord_id, "TOO_LATE", "the order is not at the venue any more")
            return
        if begins_elsewhere(working.terms, terms) and working.activated:
            self._turn_down(ReplaceRejected, cl_ord_id, "ACTIVATION_PASSED", "it trails already")
            return
        if self.troubles is not None and self.troubles.refuses():
            self._turn_down(ReplaceRejected, cl_ord_id, FAULT, UNWILLING)
            return
        self.change(market, working, terms)

    def change(self, market: Market, working: Working, terms: OrderTerms) -> None:
        """Give a working order new terms, and tell of it."""
        cl_ord_id, now = working.cl_ord_id, self._agenda.ts
        event = OrderReplaced(cl_ord_id=cl_ord_id, ts=now, terms=terms, order_id=cl_ord_id, ts_event=now)
        self._report(m.OrderNews(self._fold_order(event)))
        market.replace(working, terms, now)

    # The floor

    def on_fill(self, order: Working, qty: int, price: int, liquidity: Liquidity, *, sensitive: bool = False) -> None:
        """Book a fill, tell of it, and let the group follow."""
        self._booking.now, symbol = self._agenda.ts, order.terms.symbol
        bar = self._markets[symbol].bar_number
        execution, state = self._booking.fill(order, qty, price, liquidity, bar=bar, sensitive=sensitive)
        if not order.leaves:
            self.checks.release(order.cl_ord_id)
        self._report(m.OrderNews(state), m.FillNews(execution, self._booking.qty(symbol)))
        if state.link is not None:
            self._groups.follow_fill(state, state.link, qty)

    def on_ended(self, order: Working, reason: str, *, expired: bool = False) -> None:
        """Book the end of an order."""
        cl_ord_id, now = order.cl_ord_id, self._agenda.ts
        if expired:
            self.end(OrderExpired(cl_ord_id=cl_ord_id, ts=now, reason=reason, ts_event=order.expires or now))
        else:
            self.end(OrderCancelled(cl_ord_id=cl_ord_id, ts=now, reason=reason, ts_event=now))

    def on_triggered(self, order: Working, price: int) -> None:
        """Book that a stop fired."""
        now = self._agenda.ts
        self._fold_order(OrderTriggered(cl_ord_id=order.cl_ord_id, ts=now, stop_px=price, ts_event=now))

    # Back

    def end(self, event: OrderCancelled | OrderExpired | OrderDenied | OrderRejected) -> None:
        """Book the end of an order, and tell of it."""
        after = self._fold_order(event)
        self.checks.release(event.cl_ord_id)
        self._report(m.OrderNews(after), here=isinstance(event, OrderRejected) and event.code == NOT_SENT)
        if after.link is not None:
            self._groups.follow_end(after, after.link)

    def _report(self, *told: m.News, here: bool = False) -> None:
        """Send news on its way; what is said at one step of the run is due together, and goes as one entry.

        here: nothing has gone out, so that the word of it has no way to go.
        """
        agenda = self._agenda
        if self.troubles is not None:
            for news in told:
                due = agenda.ts if here else self.troubles.report_due(agenda.ts + self._response)
                agenda.add(due, Rank.REPORT, self._deliver, [news])
            return
        if self._said_at is agenda.now:
            self._said += told
            return
        self._said_at, self._said = agenda.now, [*told]
        agenda.add(agenda.ts + self._response, Rank.REPORT, self._deliver, self._said)

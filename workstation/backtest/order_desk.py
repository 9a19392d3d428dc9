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
from workstation.backtest.fill_bars import BarMarket
from workstation.backtest.market import Market
from workstation.backtest.working import Working
from workstation.domain.events import (
    CancelRequested,
    OrderAccepted,
    OrderCancelled,
    OrderChanged,
    OrderCreated,
    OrderDenied,
    OrderExpired,
    OrderIntended,
    OrderReplaced,
    OrderTriggered,
    ReplaceRejected,
    ReplaceRequested,
)
from workstation.domain.executions import Liquidity
from workstation.domain.orders import (
    GroupLink,
    OrderState,
    OrderTerms,
    OrdStatus,
    OrdType,
    RiskClass,
    Side,
    SubmitOrder,
    TimeInForce,
)
from workstation.domain.verdicts import Verdict
from workstation.kernel.ids import IdSource
from workstation.orders.brackets import bracket
from workstation.orders.effects import DENIALS
from workstation.strategies import messages as m

NO_ROOM = "reduce-only: there is no position to reduce"


class OrderDesk:
    """Orders of one run, and the floor on which markets report; see `working.Floor`."""

    def __init__(
        self,
        booking: Booking,
        agenda: Agenda,
        markets: Mapping[str, Market],
        *,
        deliver: Callable[[m.News], None],
        ways: Random,
        ids: IdSource,
    ) -> None:
        self._booking, self._agenda, self._markets, self._deliver = booking, agenda, markets, deliver
        self._options, self._latency = booking.plan.options, booking.plan.options.latency
        self._fold_order = booking.fold_order
        self._ways, self._ids = ways, ids
        self.checks = OrderChecks(booking, agenda, self._last)
        self.refused: dict[str, int] = {}
        self._arrivals = self._exits = 0
        self._labels: dict[str, str] = {}
        self._unwanted: set[str] = set()
        self._said: list[m.News] = []
        self._said_at: Due | None = None
        self._takers: dict[type, Callable[[Any], None]] = {
            m.Submit: self._submit,
            m.Cancel: lambda intent: self._cancel(intent.cl_ord_id),
            m.CancelAll: lambda intent: self._cancel_all(intent.symbol),
            m.Replace: self._replace,
            m.Flatten: lambda intent: self.flatten(intent.symbol),
        }

    def take(self, intent: m.Intent) -> bool:
        """Act on what the strategy wants of its orders; False where that is about none."""
        taker = self._takers.get(type(intent))
        if taker is None:
            return False
        taker(intent)
        return True

    # To the venue

    def _submit(self, intent: m.Submit) -> None:
        entry = self._command(intent.cl_ord_id, intent.terms, notes=intent.notes)
        if intent.stop_px is None and intent.target_px is None:
            self._open(entry)
            return
        group = bracket(entry, stop_px=intent.stop_px, target_px=intent.target_px, ids=self._ids)
        for leg in group.orders[1:]:
            self._fold_order(OrderCreated(cl_ord_id=leg.cl_ord_id, ts=self._agenda.ts, command=leg))
        self._open(group.orders[0])

    def flatten(self, symbol: str, label: str = "") -> None:
        """Cancel the instrument's orders and exit its position at the market."""
        self._cancel_all(symbol)
        held = self._booking.qty(symbol)
        if not held:
            return
        self._exits += 1
        terms = OrderTerms(
            symbol=symbol,
            account=ACCOUNT,
            side=Side.SELL if held > 0 else Side.BUY,
            ord_type=OrdType.MARKET,
            order_qty=abs(held),
            time_in_force=TimeInForce.GTC,
            reduce_only=True,
        )
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

    def _open(self, command: SubmitOrder) -> None:
        cl_ord_id, now = command.cl_ord_id, self._agenda.ts
        self._fold_order(OrderCreated(cl_ord_id=cl_ord_id, ts=now, command=command))
        verdict = self.checks.verdict(command.terms, cl_ord_id)
        denial = verdict.denial
        if denial is not None:
            self.refused[denial.code] = self.refused.get(denial.code, 0) + 1
            kind = denial.kind if denial.kind in DENIALS else next(iter(DENIALS))
            self._end(OrderDenied(cl_ord_id=cl_ord_id, ts=now, kind=kind, rule=denial))
            return
        self._send(cl_ord_id, verdict, self._latency.order)

    def _send(self, cl_ord_id: str, verdict: Verdict, delay: int) -> None:
        self._fold_order(
            OrderIntended(cl_ord_id=cl_ord_id, ts=self._agenda.ts, verdict=verdict, qty=verdict.qty, epoch=1)
        )
        self._travel(delay, self._arrive, cl_ord_id)

    def _travel(self, delay: int, call: Callable[[str], None], cl_ord_id: str) -> None:
        jitter = self._latency.jitter
        way = delay + (self._ways.randint(0, jitter) if jitter else 0)
        self._agenda.add(self._agenda.ts + way, Rank.ARRIVAL, call, cl_ord_id)

    def _cancel(self, cl_ord_id: str) -> None:
        order = self._booking.state.book.get(cl_ord_id)
        if order is None or not order.is_open:
            return
        if order.status is OrdStatus.NEW:
            self._end(OrderCancelled(cl_ord_id=cl_ord_id, ts=self._agenda.ts, reason="cancelled before it was sent"))
            return
        self._fold_order(CancelRequested(cl_ord_id=cl_ord_id, ts=self._agenda.ts, origin=ORIGIN))
        self._travel(self._latency.cancel, self._cancel_arrives, cl_ord_id)

    def _cancel_all(self, symbol: str | None) -> None:
        for order in tuple(self._booking.state.book.open_orders(ACCOUNT, symbol)):
            self._cancel(order.cl_ord_id)

    def _replace(self, intent: m.Replace) -> None:
        order = self._booking.state.book.get(intent.cl_ord_id)
        if order is None or not order.status.is_working:
            return
        terms = order.terms
        changed = msgspec.structs.replace(
            terms,
            order_qty=terms.order_qty if intent.order_qty is None else intent.order_qty,
            price=terms.price if intent.price is None else intent.price,
            stop_px=terms.stop_px if intent.stop_px is None else intent.stop_px,
        )
        verdict = self.checks.verdict(changed, order.cl_ord_id, replaces=order)
        if verdict.denial is not None:
            self.refused[verdict.denial.code] = self.refused.get(verdict.denial.code, 0) + 1
            return
        self._fold_order(ReplaceRequested(cl_ord_id=order.cl_ord_id, ts=self._agenda.ts, terms=changed, origin=ORIGIN))
        self._travel(self._latency.replace, self._replace_arrives, order.cl_ord_id)

    # At the venue

    def _arrive(self, cl_ord_id: str) -> None:
        order = self._working(self._booking.order(cl_ord_id))
        self._accept(order)
        if cl_ord_id in self._unwanted:
            self._unwanted.discard(cl_ord_id)
            self.on_ended(order, "cancelled on its way")
            return
        self._markets[order.terms.symbol].arrive(order)

    def _working(self, order: OrderState) -> Working:
        self._arrivals += 1
        working = Working(
            order.cl_ord_id, order.terms, leaves=order.leaves_qty, arrived=self._agenda.ts, sequence=self._arrivals
        )
        working.label = self._labels.pop(order.cl_ord_id, "")
        return working

    def _accept(self, order: Working) -> None:
        cl_ord_id = order.cl_ord_id
        now = self._agenda.ts
        accepted = self._fold_order(OrderAccepted(cl_ord_id=cl_ord_id, ts=now, order_id=cl_ord_id, ts_event=now))
        self._report(m.OrderNews(accepted))

    def _cancel_arrives(self, cl_ord_id: str) -> None:
        order = self._booking.state.book.get(cl_ord_id)
        if order is None or not order.is_open:
            return
        if order.status is OrdStatus.PENDING_SUBMIT:
            self._unwanted.add(cl_ord_id)
        else:
            self._markets[order.terms.symbol].cancel(cl_ord_id, "cancelled")

    def _replace_arrives(self, cl_ord_id: str) -> None:
        order = self._booking.state.book.get(cl_ord_id)
        if order is None or order.status is not OrdStatus.PENDING_REPLACE or order.pending_terms is None:
            return
        market = self._markets[order.terms.symbol]
        working, terms = market.orders.get(cl_ord_id), order.pending_terms
        if working is None:
            event = ReplaceRejected(
                cl_ord_id=cl_ord_id, ts=self._agenda.ts, code="TOO_LATE", text="the order is not at the venue any more"
            )
            self._report(m.OrderNews(self._fold_order(event)))
            return
        self._change(market, working, terms)

    def _change(self, market: Market, working: Working, terms: OrderTerms) -> None:
        cl_ord_id = working.cl_ord_id
        now = self._agenda.ts
        event = OrderReplaced(cl_ord_id=cl_ord_id, ts=now, terms=terms, order_id=cl_ord_id, ts_event=now)
        self._report(m.OrderNews(self._fold_order(event)))
        market.replace(working, terms, now)

    # The floor

    def on_fill(self, order: Working, qty: int, price: int, liquidity: Liquidity, *, sensitive: bool = False) -> None:
        """Book a fill, tell of it, and let the group follow."""
        self._booking.now = self._agenda.ts
        symbol = order.terms.symbol
        market = self._markets[symbol]
        bar = market.bar.number if isinstance(market, BarMarket) and market.bar is not None else -1
        execution, state = self._booking.fill(order, qty, price, liquidity, bar=bar, sensitive=sensitive)
        if not order.leaves:
            self.checks.release(order.cl_ord_id)
        self._report(m.OrderNews(state))
        self._report(m.FillNews(execution, self._booking.qty(symbol)))
        if state.link is not None:
            self._follow_fill(state, state.link, qty)

    def on_ended(self, order: Working, reason: str, *, expired: bool = False) -> None:
        """Book the end of an order."""
        cl_ord_id, now = order.cl_ord_id, self._agenda.ts
        if expired:
            self._end(OrderExpired(cl_ord_id=cl_ord_id, ts=now, reason=reason, ts_event=order.expires or now))
        else:
            self._end(OrderCancelled(cl_ord_id=cl_ord_id, ts=now, reason=reason, ts_event=now))

    def on_triggered(self, order: Working, price: int) -> None:
        """Book that a stop fired."""
        self._fold_order(
            OrderTriggered(cl_ord_id=order.cl_ord_id, ts=self._agenda.ts, stop_px=price, ts_event=self._agenda.ts)
        )

    def room(self, order: Working, price: int) -> tuple[int, str]:
        """Return how much of the order may trade at `price` and, where it is nothing, why the order ends."""
        held = self._booking.qty(order.terms.symbol)
        reducible = abs(held) if held * order.sign < 0 else 0
        if order.terms.reduce_only:
            return min(order.leaves, reducible), NO_ROOM
        if reducible >= order.leaves or not self._options.check_funds:
            return order.leaves, ""
        after, margin = held + order.sign * order.leaves, self._options.margin_bps
        if abs(after) <= abs(held) or self._booking.valuation.carries(
            order.terms.symbol, after, price, margin_bps=margin
        ):
            return order.leaves, ""
        self.refused["BUYING_POWER"] = self.refused.get("BUYING_POWER", 0) + 1
        return 0, "the account's money does not carry it"

    # Groups

    def _follow_fill(self, order: OrderState, link: GroupLink, qty: int) -> None:
        """Let legs grow with their entry's fills, and shrink with each other's."""
        for other in self._booking.state.book.group(link.group_id):
            if other.cl_ord_id == order.cl_ord_id or not other.is_open:
                continue
            if not link.parent:
                self._grow(other, qty)
            elif other.link is not None and other.link.parent:
                self._shrink(other, qty)

    def _grow(self, leg: OrderState, qty: int) -> None:
        if leg.status is OrdStatus.NEW:
            terms = msgspec.structs.replace(leg.terms, order_qty=qty)
            self._fold_order(
                OrderChanged(cl_ord_id=leg.cl_ord_id, ts=self._agenda.ts, terms=terms, reason="entry filled")
            )
            verdict = msgspec.structs.replace(_PASSED, qty=qty)
            self._fold_order(
                OrderIntended(cl_ord_id=leg.cl_ord_id, ts=self._agenda.ts, verdict=verdict, qty=qty, epoch=1)
            )
            self._arrive(leg.cl_ord_id)
        else:
            self._resize(leg, leg.terms.order_qty + qty)

    def _shrink(self, leg: OrderState, qty: int) -> None:
        left = leg.terms.order_qty - qty
        if leg.status is OrdStatus.NEW or left <= leg.cum_qty:
            self._markets[leg.terms.symbol].cancel(leg.cl_ord_id, "the other leg filled")
        else:
            self._resize(leg, left)

    def _resize(self, leg: OrderState, qty: int) -> None:
        market = self._markets[leg.terms.symbol]
        working = market.orders.get(leg.cl_ord_id)
        if working is None or not leg.status.is_working:
            return
        terms = msgspec.structs.replace(leg.terms, order_qty=qty)
        self._fold_order(ReplaceRequested(cl_ord_id=leg.cl_ord_id, ts=self._agenda.ts, terms=terms, origin=ORIGIN))
        self._change(market, working, terms)

    def _follow_end(self, order: OrderState, link: GroupLink) -> None:
        """Let the legs of an entry that ended without a fill end too."""
        if link.parent or order.cum_qty:
            return
        for leg in self._booking.state.book.group(link.group_id):
            if leg.status is OrdStatus.NEW:
                self._end(
                    OrderCancelled(cl_ord_id=leg.cl_ord_id, ts=self._agenda.ts, reason="its entry ended unfilled")
                )

    # Back

    def _last(self, symbol: str) -> int | None:
        market = self._markets.get(symbol)
        return None if market is None else market.last

    def _end(self, event: OrderCancelled | OrderExpired | OrderDenied) -> None:
        after = self._fold_order(event)
        self.checks.release(event.cl_ord_id)
        self._report(m.OrderNews(after))
        if after.link is not None:
            self._follow_end(after, after.link)

    def _report(self, news: m.News) -> None:
        """Send news on its way; what is said at one step of the run is due together, and goes as one entry."""
        agenda = self._agenda
        if self._said_at is agenda.now:
            self._said.append(news)
            return
        self._said_at, self._said = agenda.now, [news]
        agenda.add(agenda.ts + self._latency.response, Rank.REPORT, self._deliver_all, self._said)

    def _deliver_all(self, reports: list[m.News]) -> None:
        for news in reports:
            self._deliver(news)


_PASSED = Verdict(risk_class=RiskClass.REDUCE, passed=True, qty=0, results=())

"""Inbound: what a venue says becomes events, one report one transaction.

Order walk, the way up: broker port -> here -> recorder. Replays, late and out-of-order reports move nothing; a report
about an order that is not known, or about one that is final here and alive there, starts a look at the venue, and so
does a filled quantity that is another there than here. Nothing is guessed and nothing is sent from here except the
cancel that waited for an acknowledgement.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from workstation.domain.events import (
    Event,
    OrderAccepted,
    OrderCancelled,
    OrderCreated,
    OrderHandedOver,
    OrderIntended,
    OrderReplaced,
    OutcomeUnknown,
    SessionChanged,
)
from workstation.domain.orders import OrderState, OrderTerms, OrdStatus, RequestKind, RiskClass, SubmitOrder
from workstation.domain.verdicts import Verdict
from workstation.kernel.fault_points import fault_point
from workstation.kernel.ids import stable_uid
from workstation.orders.context import DeskContext
from workstation.orders.effects import resized
from workstation.orders.fills import TIME_END, Fills
from workstation.orders.reports import BY_SYSTEM, NOT_SENT, order_events, sent_events
from workstation.orders.results import Severity
from workstation.orders.routing import read_back
from workstation.orders.session_log import SessionLog
from workstation.orders.submission import Submission
from workstation.ports.broker import (
    RATE_LIMITED,
    BrokerReport,
    ExecType,
    FillReport,
    OrderReport,
    QueryAnswer,
    SendOutcome,
    SendReport,
    SessionReport,
    SessionState,
    SplitReport,
    UnreadableReport,
)
from workstation.ports.store import Row

_REFUSED, _SUBMIT, _REPLACED = SendOutcome.REJECTED, RequestKind.SUBMIT, ExecType.REPLACED
LIVE_REPORTS = frozenset({ExecType.ACCEPTED, ExecType.ROUTED, ExecType.REPLACED, ExecType.TRIGGERED})
REFUSALS = frozenset({ExecType.CANCEL_REJECTED, ExecType.REPLACE_REJECTED})
SUSPECTS_KEPT_MAX = 1_000
"""Orders of which it is remembered how much of them was told as perhaps filled twice."""

DUPLICATE_ID = "DUPLICATE_CL_ORD_ID"
"""Code by which an adapter says that the venue has seen the client order id before: it may be ours."""


class Inbound:
    """Handles reports in the order received. `counts`: reports by what became of them."""

    def __init__(
        self,
        context: DeskContext,
        submission: Submission,
        *,
        look: Callable[[str, str], None],
        on_answer: Callable[[QueryAnswer], None],
        on_session: Callable[[str, SessionState], None],
        on_split: Callable[[SplitReport], None],
    ) -> None:
        self._c = context
        self._submission = submission
        self._look = look
        self._on_answer = on_answer
        self._on_session = on_session
        self.fills = Fills(context)
        self.counts: Counter[str] = Counter()
        self._suspects: dict[str, int] = {}
        self._log = SessionLog(context.state)
        self._handlers: dict[type, Callable[[Any], None]] = {
            FillReport: self._on_fill,
            OrderReport: self._on_order,
            SendReport: self._on_send,
            SessionReport: self._on_session_report,
            QueryAnswer: self._on_query_answer,
            UnreadableReport: self._on_unreadable,
            SplitReport: on_split,
        }

    def on_reports(self, reports: Sequence[BrokerReport]) -> None:
        """Book what a venue reported; each report is one transaction."""
        for report in reports:
            fault_point("orders.inbound.before_report")
            self._handlers[type(report)](report)
            fault_point("orders.inbound.after_report")

    def _on_fill(self, report: FillReport) -> None:
        execution = report.execution
        before = self._c.book.find(execution.account, execution.cl_ord_id, execution.order_id)
        self._record(self.fills.events(execution), "fill")
        after = None if before is None else self._c.book.get(before.cl_ord_id)
        if before is not None and after is not None and after.overfill_qty > before.overfill_qty:
            self._look(execution.account, f"order {after.cl_ord_id} filled beyond its quantity")

    def _on_query_answer(self, report: QueryAnswer) -> None:
        fault_point("orders.inbound.answer")
        self._on_answer(report)

    def _record(self, events: list[Event], what: str, causation: str = "", rows: Sequence[Row] = ()) -> None:
        if not events:
            self.counts[f"{what}.nothing_new"] += 1
            return
        self.counts[what] += 1
        fault_point("orders.inbound.before_record")
        self._c.recorder.record(events, actor="venue", causation=causation, rows=rows)
        fault_point("orders.inbound.after_record")

    def _on_send(self, report: SendReport) -> None:
        order = self._c.book.get(report.cl_ord_id)
        if order is None:
            self.counts["send.unknown_order"] += 1
            return
        refused = report.code if report.outcome is _REFUSED else ""
        if refused == RATE_LIMITED:
            self._c.pacing.refused(order.terms.account)
        durable_at = self._submission.durable_at(order.cl_ord_id) if report.request is _SUBMIT else 0
        if refused == DUPLICATE_ID:
            cause = "the venue has seen this client order id before"
            unknown = OutcomeUnknown(
                cl_ord_id=order.cl_ord_id, ts=self._c.clock.now_ns(), request=report.request, cause=cause
            )
            self._record([unknown] if order.is_open else [], "send", order.cl_ord_id)
            return
        self._record(sent_events(order, report, self._c.clock.now_ns(), durable_at), "send", order.cl_ord_id)

    def _on_order(self, report: OrderReport) -> None:
        order = self._c.book.find(report.account, report.cl_ord_id, report.order_id)
        if order is None:
            self.counts["order.unknown_order"] += 1
            if report.exec_type in LIVE_REPORTS:
                self._look(report.account, f"the venue reports order {report.order_id}, which is not known here")
            return
        if order.status.is_final and report.exec_type in LIVE_REPORTS and self._revived(order, report):
            self._c.alert("ALIVE_AT_VENUE", order, f"{order.status} here, but the venue reports it {report.exec_type}.")
            self._look(report.account, f"order {order.cl_ord_id} is final here and alive at the venue")
            return
        if wrong := _impossible(order, report):
            self._doubt(order, wrong, str(report))
            return
        if report.terms is not None:
            ours, card = order.pending_terms or order.terms, self._c.routes.card(report.account)
            report = replace(report, terms=read_back(report.terms, ours, card))
        if report.exec_type is _REPLACED and report.new_cl_ord_id not in ("", order.cl_ord_id):
            self._record(self._chain(order, report), "order", order.cl_ord_id)
            return
        self._record(order_events(order, report, self._c.clock.now_ns()), "order", order.cl_ord_id)
        if report.exec_type in REFUSALS and self._contradicted(order, report):
            self._look(report.account or order.terms.account, f"a request for {order.cl_ord_id} came too late")
        if report.cum_qty is not None:
            self._compare_filled(order.cl_ord_id, report, report.cum_qty)

    def _compare_filled(self, cl_ord_id: str, report: OrderReport, theirs: int) -> None:
        """Look at the venue where it counts another filled quantity: a fill was missed here, or told twice.

        A report that is older than the newest fill here says nothing of what is too much. The same excess is told once.
        """
        order = self._c.book.get(cl_ord_id)
        if order is None or order.status is OrdStatus.NEW or theirs in self._counts(order):
            return
        counted = f"{order.cum_qty} of order {cl_ord_id} filled here, {theirs} at the venue"
        if theirs < order.cum_qty:
            excess = order.cum_qty - theirs
            if self._suspects.get(cl_ord_id) == excess or self._is_overtaken(cl_ord_id, report):
                return
            if len(self._suspects) >= SUSPECTS_KEPT_MAX:
                del self._suspects[next(iter(self._suspects))]
            self._suspects[cl_ord_id] = excess
            self._c.alert("FILL_SUSPECT", order, f"Perhaps a fill told twice: {counted}.", severity=Severity.WARNING)
        self._look(order.terms.account, counted)

    def _counts(self, order: OrderState) -> tuple[int, ...]:
        """Return the filled quantities that agree with ours: venues differ in whether a new order counts the old on."""
        total, before = order.cum_qty, self._c.book.get(order.replaces)
        while before is not None:
            total, before = total + before.cum_qty, self._c.book.get(before.replaces)
        return order.cum_qty, total

    def _is_overtaken(self, cl_ord_id: str, report: OrderReport) -> bool:
        """Tell whether a fill here is newer than a report, by the venue's time or, where it numbers both, by number."""
        return any(
            fill.ts_event > report.ts_event or (report.venue_seq and fill.venue_seq > report.venue_seq)
            for fill in self._c.book.fills(cl_ord_id)
        )

    def _contradicted(self, order: OrderState, report: OrderReport) -> bool:
        """Tell whether a refusal says that an order which lives here has ended there, or that it is not known there."""
        now = self._c.book.get(order.cl_ord_id)
        if now is None or now.status.is_final:
            return False
        return order.unknown is None if report.status is None else report.status.is_final

    @staticmethod
    def _revived(order: OrderState, report: OrderReport) -> bool:
        """Tell a venue's surprise from a report that was merely overtaken by the end of the order."""
        refused_here = order.status is OrdStatus.REJECTED and order.reject_code == NOT_SENT
        never_there = refused_here or (order.status is OrdStatus.CANCELLED and not order.submitted_at)
        grown = report.terms is not None and report.terms.order_qty > order.cum_qty > 0
        return never_there or (report.exec_type is ExecType.REPLACED and order.status is OrdStatus.FILLED and grown)

    def _chain(self, order: OrderState, report: OrderReport) -> list[Event]:
        """Return the events of a replace that the venue did by a new order: the old one ends, the new one goes on.

        The new order is for what is left: the requested quantity less what the old one filled.
        """
        terms = report.terms or order.pending_terms
        if terms is None or order.status.is_final or self._c.book.knows(report.new_cl_ord_id):
            return []
        now, new_id = self._c.clock.now_ns(), report.new_cl_ord_id
        left = max(terms.order_qty - order.cum_qty, 0)
        ended: list[Event]
        if order.status is OrdStatus.PENDING_REPLACE:
            ended = [
                OrderReplaced(
                    cl_ord_id=order.cl_ord_id, ts=now, terms=terms, order_id=report.order_id,
                    ts_event=report.ts_event, new_cl_ord_id=new_id,
                )
            ]  # fmt: skip
        else:
            reason = f"replaced by {new_id}"
            ended = [OrderCancelled(cl_ord_id=order.cl_ord_id, ts=now, reason=reason, ts_event=report.ts_event)]
        if left == 0:
            return ended
        return [*ended, *self._successor(order, terms, left, report)]

    def _successor(self, order: OrderState, terms: OrderTerms, left: int, report: OrderReport) -> list[Event]:
        now, new_id = self._c.clock.now_ns(), report.new_cl_ord_id
        command = SubmitOrder(
            cl_ord_id=new_id,
            uid=stable_uid("order", new_id),
            terms=resized(terms, left),
            origin=order.origin,
            link=order.link,
            strategy_id=order.strategy_id,
            notes=order.notes,
            metadata=order.metadata,
        )
        verdict = Verdict(risk_class=RiskClass.INCREASE, passed=True, qty=left, results=())
        return [
            OrderCreated(cl_ord_id=new_id, ts=now, command=command, replaces=order.cl_ord_id),
            OrderIntended(cl_ord_id=new_id, ts=now, verdict=verdict, qty=left, epoch=self._c.journal.epoch),
            OrderAccepted(cl_ord_id=new_id, ts=now, order_id=report.order_id, ts_event=report.ts_event),
            *self._still_taken(order, new_id, now),
        ]

    def _still_taken(self, order: OrderState, new_id: str, now: int) -> list[Event]:
        """Return that the successor is the person's too who took the order over."""
        if not order.taken_by:
            return []
        return [OrderHandedOver(cl_ord_id=new_id, ts=now, owner=order.taken_by, origin=BY_SYSTEM)]

    def _on_session_report(self, report: SessionReport) -> None:
        c = self._c
        before = c.routes.session(report.venue)
        c.routes.set_session(report.venue, report.state, c.clock.mono_ns())
        now, again = c.clock.now_ns(), self._log.is_again(report) or msgspec.UNSET
        changed = SessionChanged(venue=report.venue, state=report.state, reason=report.reason, ts=now, again=again)
        lines = self._log.lines(report, changed.ts, c.journal.last_seq + 1)
        self._record([changed], "session", rows=lines)
        if before is not report.state:
            self._on_session(report.venue, report.state)

    def _on_unreadable(self, report: UnreadableReport) -> None:
        self._doubt(self._c.book.get(report.cl_ord_id), report.reason, report.raw)

    def _doubt(self, order: OrderState | None, reason: str, raw: str) -> None:
        """Mark an order whose report cannot be taken as it stands: it keeps its state, and the venue is asked."""
        if order is None or order.status.is_final or order.status is OrdStatus.NEW:
            self.counts["unreadable"] += 1
            return
        cause = f"unreadable report: {reason}"
        self._c.alert("UNREADABLE_REPORT", order, f"{cause}: {raw[:200]}")
        unknown = OutcomeUnknown(
            cl_ord_id=order.cl_ord_id, ts=self._c.clock.now_ns(), request=RequestKind.STATUS, cause=cause
        )
        self._record([unknown], "unreadable", order.cl_ord_id)


def _impossible(order: OrderState, report: OrderReport) -> str:
    """Return why a report cannot be about an order as it says, "" where it can."""
    if not 0 <= report.ts_event < TIME_END:
        return f"its time is {report.ts_event}"
    ours, terms = order.terms, report.terms
    if terms is None:
        return ""
    if (terms.symbol, terms.account, terms.side.sign) != (ours.symbol, ours.account, ours.side.sign):
        return f"its terms are of {terms.side} {terms.symbol} in {terms.account}"
    return "" if terms.order_qty > 0 else f"its quantity is {terms.order_qty}"

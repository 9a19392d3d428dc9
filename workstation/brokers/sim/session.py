"""The broker port of the simulated venue: a link with latency, and everything that goes wrong on it.

Down: `submit`, `replace`, `cancel` and `ask` become arrivals at the exchange after the entry latency, in the order
in which they were sent. Up: what the exchange says leaves after the response latency in lists, in order. All on the
engine's thread.
"""

import random
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from workstation.brokers.sim.answers import account_rights, answer
from workstation.brokers.sim.delay_line import DelayLine
from workstation.brokers.sim.exchange import DAY_NS, Exchange
from workstation.brokers.sim.faults import FaultKind, FaultSwitch, PlannedFault
from workstation.brokers.sim.fees import usual_fees
from workstation.brokers.sim.outgoing import OutgoingFaults
from workstation.brokers.sim.request_count import RequestCount
from workstation.brokers.sim.specials import is_slow
from workstation.brokers.sim.universe import SIM_DOWN, SIM_REJECT, VENUE
from workstation.domain.orders import OrderTerms, OrdType, RequestKind, TimeInForce
from workstation.kernel.clock import Clock, Scheduler, Timer
from workstation.kernel.fault_points import fault_point
from workstation.ports.broker import (
    RATE_LIMITED,
    BrokerReport,
    BrokerSink,
    CapabilityCard,
    QueryAnswer,
    ReplaceKind,
    SendOutcome,
    SendReport,
    SessionReport,
    SessionState,
    VenueStanding,
)

CARD = CapabilityCard(
    venue=VENUE,
    dated="2026-11-25",
    ord_types=frozenset(OrdType),
    times_in_force=frozenset(TimeInForce),
    post_only=True,
    reduce_only=True,
    display_qty=True,
    native_groups=False,
    replace=ReplaceKind.IN_PLACE,
    cl_ord_id_length_max=64,
    query_complete=True,
    exec_key_scope="venue",
    lookback_ns=30 * 86_400 * 10**9,
    cancel_on_disconnect=False,
    busts_reported=True,
    fees=usual_fees().terms,
    phone="+1 555 0100",
)

TOO_MANY = "too many requests (429)"
REPORT_SLICE_MAX = 500
"""Largest number of reports in one delivery."""

_REQUEST_FAULTS: dict[RequestKind, frozenset[FaultKind]] = {
    RequestKind.SUBMIT: frozenset(
        {
            FaultKind.REJECT,
            FaultKind.REJECT_STORM,
            FaultKind.RATE_LIMIT,
            FaultKind.TIMEOUT_AFTER_ACCEPT,
            FaultKind.LOST_REQUEST,
        }
    ),
    RequestKind.CANCEL: frozenset({FaultKind.REJECT_CANCEL, FaultKind.RATE_LIMIT}),
    RequestKind.REPLACE: frozenset({FaultKind.REJECT_REPLACE, FaultKind.RATE_LIMIT}),
}


class Arrival(NamedTuple):
    """A call under way to the venue; kind is None for a question."""

    call: Callable[[], None]
    kind: RequestKind | None
    cl_ord_id: str


def _unknown(kind: RequestKind, cl_ord_id: str, cause: str) -> SendReport:
    return SendReport(cl_ord_id=cl_ord_id, request=kind, outcome=SendOutcome.UNKNOWN, text=cause)


class SimBroker:
    """One session with the simulated exchange."""

    venue = VENUE

    def __init__(
        self,
        exchange: Exchange,
        clock: Clock,
        scheduler: Scheduler,
        faults: FaultSwitch,
        *,
        latency_ns: int,
        rng: random.Random,
        requests: RequestCount | None = None,
    ) -> None:
        self.card = CARD
        self.requests = requests or RequestCount(clock, faults)
        self._exchange = exchange
        self._clock = clock
        self._scheduler = scheduler
        self._faults = faults
        self._outgoing = OutgoingFaults(faults, exchange, scheduler)
        self._latency_ns = latency_ns
        self._rng = rng
        self._sink: BrokerSink | None = None
        self._state = SessionState.DOWN
        self._deaf = False
        self._down: DelayLine[Arrival] = DelayLine(clock, scheduler, self._arrived, REPORT_SLICE_MAX)
        self._up: DelayLine[BrokerReport] = DelayLine(clock, scheduler, self._received, REPORT_SLICE_MAX)
        self._back: Timer | None = None
        self._back_at: int | None = None
        exchange.emit = self._on_report

    @property
    def capabilities(self) -> CapabilityCard:
        """What the venue can do, and the limit of requests that it states now."""
        limit = self.requests.limit()
        return self.card if limit is None else replace(self.card, request_limit=limit)

    def standing(self) -> VenueStanding:
        """Return what the venue says of itself: no limit of requests but its plan's or a fault's, a day to UTC 0."""
        day_left = DAY_NS - self._exchange.now_ns() % DAY_NS
        told = (self._faults.passing(FaultKind.RATE_LIMIT), self.requests.left())
        left = min((figure for figure in told if figure is not None), default=None)
        return VenueStanding(
            limits_requests=left is not None,
            requests_left=left,
            request_limit=self.requests.limit(),
            next_reset=self._clock.now_ns() + day_left,
            reset="its day ends, DAY orders expire; the link stays up",
            back_at=None if self.is_up else self._back_at,
            rights=account_rights(self._exchange),
        )

    def connect(self, sink: BrokerSink) -> None:
        """Bring the session up."""
        fault_point("sim.connect")
        self._sink = sink
        self._change(SessionState.UP, "")

    def disconnect(self) -> None:
        """Leave; open orders stay at the venue, requests in flight end as unknown, what the venue has said is heard."""
        if self._sink is None:
            return
        heard = self._up.take_all() if self._state is SessionState.UP else []
        if heard:
            self._received(heard)
        self.drop("disconnected", SessionState.DOWN)
        last_words = self._up.take_all()
        if last_words:
            self._sink(last_words)
        self._sink = None
        if self._back is not None:
            self._back.cancel()

    def submit(self, cl_ord_id: str, terms: OrderTerms) -> None:
        """Send a new order."""
        fault_point("sim.submit.before_send")
        goes, fault = self._meet(RequestKind.SUBMIT, cl_ord_id, terms.symbol)
        if not goes:
            return
        if terms.symbol == SIM_REJECT:
            self._send(
                RequestKind.SUBMIT,
                cl_ord_id,
                lambda: self._exchange.refuse(cl_ord_id, terms, "VENUE_REJECT", "the venue refuses this symbol"),
            )
        elif terms.symbol == SIM_DOWN:
            self._send(
                RequestKind.SUBMIT,
                cl_ord_id,
                lambda: self._submit_silently(cl_ord_id, terms),
                known=False,
            )
        elif fault is None:
            silent = is_slow(terms)
            self._send(RequestKind.SUBMIT, cl_ord_id, lambda: self._exchange.submit(cl_ord_id, terms, silent=silent))
        else:
            self._submit_faulty(fault, cl_ord_id, terms)
        fault_point("sim.submit.after_send")

    def replace(self, cl_ord_id: str, order_id: str, terms: OrderTerms) -> None:
        """Ask for new terms."""
        fault_point("sim.replace.before_send")
        goes, fault = self._meet(RequestKind.REPLACE, cl_ord_id, terms.symbol)
        if not goes:
            return
        if fault is None:
            self._send(RequestKind.REPLACE, cl_ord_id, lambda: self._exchange.replace(cl_ord_id, order_id, terms))
        else:
            code = fault.code or "REPLACE_REFUSED"
            self._send(
                RequestKind.REPLACE,
                cl_ord_id,
                lambda: self._exchange.refuse_change(cl_ord_id, order_id, code, replace=True),
            )

    def cancel(self, cl_ord_id: str, order_id: str) -> None:
        """Ask for the end of an order."""
        fault_point("sim.cancel.before_send")
        state = self._exchange.orders.find(cl_ord_id, order_id)
        goes, fault = self._meet(RequestKind.CANCEL, cl_ord_id, state.terms.symbol if state is not None else "")
        if not goes:
            return
        if fault is None:
            self._send(RequestKind.CANCEL, cl_ord_id, lambda: self._exchange.cancel(cl_ord_id, order_id))
        else:
            code = fault.code or "CANCEL_REFUSED"
            self._send(
                RequestKind.CANCEL,
                cl_ord_id,
                lambda: self._exchange.refuse_change(cl_ord_id, order_id, code, replace=False),
            )

    def ask(self, request_id: int, account: str, cl_ord_ids: tuple[str, ...], since_ns: int) -> None:
        """Ask for everything; while the session is down, or beyond the limit of requests, the answer is an error."""
        up = self._state is SessionState.UP
        if not up or not self.requests.takes():
            refused = QueryAnswer(
                request_id=request_id,
                account=account,
                ts_event=self._exchange.now_ns(),
                error=TOO_MANY if up else f"session is {self._state}",
            )
            self._deliver(refused, 0)
            return
        self._down.put(
            Arrival(
                lambda: self._on_report(answer(self._exchange, request_id, account, cl_ord_ids, since_ns)), None, ""
            ),
            self._latency(),
        )

    def drop(self, reason: str, state: SessionState, back_after_ns: int = 0) -> None:
        """Cut the link: requests in flight end as unknown, some of them at the venue; unread reports are lost.

        back_after_ns: the session comes up again by itself after this long, 0 for never.
        """
        if self._state is not SessionState.UP:
            return
        for report in self._up.take_all():
            if isinstance(report, SendReport):
                self._up.put(report, 0)
        for arrival in self._down.take_all():
            if self._rng.random() < 0.5:
                arrival.call()
            if arrival.kind is not None:
                self._deliver(_unknown(arrival.kind, arrival.cl_ord_id, reason), 0)
        self._change(state, reason)
        self._back_at = self._clock.now_ns() + back_after_ns if back_after_ns else None
        if back_after_ns:
            self._back = self._scheduler.call_later(
                back_after_ns, lambda: self._change(SessionState.UP, "session restored")
            )

    def go_deaf(self, for_ns: int) -> None:
        """Half-open: the link looks up and carries nothing, until the heartbeat notices after `for_ns`."""
        self._deaf = True
        self._scheduler.call_later(for_ns, self._hear_again)

    @property
    def is_up(self) -> bool:
        """True while the session is up."""
        return self._state is SessionState.UP

    def _hear_again(self) -> None:
        self._deaf = False
        self.drop("heartbeat missed", SessionState.DOWN, back_after_ns=self._latency_ns + 1)

    def _meet(self, kind: RequestKind, cl_ord_id: str, symbol: str) -> tuple[bool, PlannedFault | None]:
        """Return whether a request goes to the venue (else it was answered here), and the fault that it meets."""
        if self._sink is None or self._state is not SessionState.UP:
            self._deliver(
                SendReport(
                    cl_ord_id=cl_ord_id,
                    request=kind,
                    outcome=SendOutcome.NOT_SENT,
                    code="NOT_SENT",
                    text=f"session is {self._state}",
                ),
                0,
            )
            return False, None
        fault = self._faults.take(_REQUEST_FAULTS[kind], symbol)
        if (fault is not None and fault.kind is FaultKind.RATE_LIMIT) or not self.requests.takes():
            self._deliver(
                SendReport(
                    cl_ord_id=cl_ord_id,
                    request=kind,
                    outcome=SendOutcome.REJECTED,
                    code=RATE_LIMITED,
                    text=TOO_MANY,
                ),
                0,
            )
            return False, None
        return True, fault

    def _submit_faulty(self, fault: PlannedFault, cl_ord_id: str, terms: OrderTerms) -> None:
        kind = RequestKind.SUBMIT
        if fault.kind is FaultKind.LOST_REQUEST:
            self._deliver(_unknown(kind, cl_ord_id, "connection reset"), 0)
        elif fault.kind is FaultKind.TIMEOUT_AFTER_ACCEPT:
            self._send(kind, cl_ord_id, lambda: self._submit_silently(cl_ord_id, terms), known=False)
        else:
            code = fault.code or ("VENUE_BUSY" if fault.kind is FaultKind.REJECT_STORM else "VENUE_REJECT")
            self._send(
                kind, cl_ord_id, lambda: self._exchange.refuse(cl_ord_id, terms, code, "rejected by the fault plan")
            )

    def _submit_silently(self, cl_ord_id: str, terms: OrderTerms) -> None:
        """Accept an order without a word until somebody asks."""
        self._exchange.submit(cl_ord_id, terms, silent=True)

    def _send(self, kind: RequestKind, cl_ord_id: str, call: Callable[[], None], *, known: bool = True) -> None:
        """Put a request on the line; `known` False: its outcome will not be."""
        self._down.put(Arrival(call, kind, cl_ord_id), self._latency())
        sent = SendReport(cl_ord_id=cl_ord_id, request=kind, outcome=SendOutcome.SENT)
        self._deliver(sent if known else _unknown(kind, cl_ord_id, "no answer in time"), 0)

    @staticmethod
    def _arrived(arrivals: list[Arrival]) -> None:
        for arrival in arrivals:
            arrival.call()

    def _latency(self) -> int:
        """Draw one way's latency: half of the mean is fixed, the rest exponential."""
        half = self._latency_ns // 2
        return half + int(self._rng.expovariate(1.0) * half) if half else 0

    def _on_report(self, report: BrokerReport) -> None:
        if self._state is not SessionState.UP or self._deaf:
            return
        fault_point("sim.report.before_receive")
        for delay_ns, outgoing in self._outgoing.send(report):
            if delay_ns:
                self._scheduler.call_later(delay_ns, partial(self._deliver, outgoing, 0))
            else:
                self._deliver(outgoing, self._latency())

    def _deliver(self, report: BrokerReport, latency_ns: int) -> None:
        self._up.put(report, latency_ns)

    def _received(self, reports: list[BrokerReport]) -> None:
        if self._sink is not None:
            fault_point("sim.report.received")
            self._sink(reports)

    def _change(self, state: SessionState, reason: str) -> None:
        self._state = state
        self._deliver(SessionReport(venue=VENUE, state=state, reason=reason, ts_venue=self._exchange.now_ns()), 0)

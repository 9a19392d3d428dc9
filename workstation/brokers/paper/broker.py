"""The paper broker: the broker port over a paper exchange, with latency in market time.

Down: a request arrives after the entry latency and meets the market as it is then. Up: reports leave after the response
latency, in lists, in order. Market time is that of the feed (`now_ns`), so that a replay at any speed gives the same
fills. Environments SIM and REPLAY only; nothing here can reach a live session.
"""

from collections.abc import Callable, Iterable

from workstation.brokers.paper.exchange import PaperExchange, SessionClose
from workstation.brokers.paper.options import PaperOptions
from workstation.brokers.sim.answers import account_rights, answer
from workstation.brokers.sim.fees import FeeSchedule
from workstation.brokers.sim.records import VenueRecord
from workstation.domain.accounts import Account, Environment
from workstation.domain.errors import ValidationError
from workstation.domain.instruments import Instrument
from workstation.domain.market import Bar, MarketEvent
from workstation.domain.orders import OrderTerms, OrdType, RequestKind, TimeInForce
from workstation.kernel.clock import Scheduler, Timer, VirtualClock
from workstation.ports.broker import (
    BrokerReport,
    BrokerSink,
    CapabilityCard,
    ReplaceKind,
    SendOutcome,
    SendReport,
    SessionReport,
    SessionState,
    VenueStanding,
)

POLL_MIN_NS = 1_000_000
POLL_MAX_NS = 1_000_000_000
"""Waits before market time is looked at again while something is due that it has not reached."""

REPORTS_MAX = 500
"""Most reports in one delivery."""


def _no_close(_instrument: Instrument, _ts: int) -> int | None:
    """Let DAY orders stand until the venue closes the instrument."""
    return None


class PaperBroker:
    """One session with a paper venue.

    venue: its name. run: prefix of all ids, different for each run. now_ns: market time. fees: the model in force.
    write: durable record of the venue, where wanted. session_close: end of DAY orders.

    Raises:
        ValidationError: an account of environment LIVE.
    """

    def __init__(
        self,
        venue: str,
        run: str,
        instruments: Iterable[Instrument],
        accounts: Iterable[Account],
        *,
        now_ns: Callable[[], int],
        scheduler: Scheduler,
        fees: FeeSchedule,
        options: PaperOptions | None = None,
        write: Callable[[VenueRecord], None] = lambda _record: None,
        session_close: SessionClose = _no_close,
    ) -> None:
        self.venue = venue
        self.options = options or PaperOptions()
        self.fees = fees.name
        self.capabilities = _card(venue, fees)
        self._now_ns = now_ns
        self._scheduler = scheduler
        self._time = VirtualClock(now_ns())
        self._sink: BrokerSink | None = None
        self._outbox: list[BrokerReport] = []
        self._flushing = False
        self._poll: Timer | None = None
        self._poll_due = 0
        self.exchange = PaperExchange(
            venue,
            run,
            instruments,
            now_ns=self._time.now_ns,
            scheduler=self._time,
            fees=fees,
            options=self.options,
            write=write,
            session_close=session_close,
        )
        self.exchange.emit = self._on_report
        for account in accounts:
            if account.environment is Environment.LIVE:
                raise ValidationError("account", f"{account.account} is live", allowed="SIM or REPLAY on paper")
            self.exchange.open_account(account)

    def standing(self) -> VenueStanding:
        """Return what the venue says of itself: it limits no requests and never resets."""
        return VenueStanding(
            limits_requests=False, reset="never; instruments close by their hours", rights=account_rights(self.exchange)
        )

    def connect(self, sink: BrokerSink) -> None:
        """Bring the session up."""
        self._sink = sink
        self._deliver(SessionReport(venue=self.venue, state=SessionState.UP, ts_venue=self._time.now_ns()))

    def disconnect(self) -> None:
        """Leave; orders stay at the venue and go on to fill. What it said is heard, the rest is learned by asking."""
        sink, heard = self._sink, self._outbox
        self._sink, self._outbox = None, []
        if sink is not None and heard:
            sink(heard)
        if self._poll is not None:
            self._poll.cancel()
            self._poll = None

    def submit(self, cl_ord_id: str, terms: OrderTerms) -> None:
        """Send a new order."""
        self._send(RequestKind.SUBMIT, cl_ord_id, lambda: self.exchange.submit(cl_ord_id, terms))

    def replace(self, cl_ord_id: str, order_id: str, terms: OrderTerms) -> None:
        """Ask for new terms."""
        self._send(RequestKind.REPLACE, cl_ord_id, lambda: self.exchange.replace(cl_ord_id, order_id, terms))

    def cancel(self, cl_ord_id: str, order_id: str) -> None:
        """Ask for the end of an order."""
        self._send(RequestKind.CANCEL, cl_ord_id, lambda: self.exchange.cancel(cl_ord_id, order_id))

    def ask(self, request_id: int, account: str, cl_ord_ids: tuple[str, ...], since_ns: int) -> None:
        """Ask for everything the venue holds."""
        self._arrive(lambda: self._on_report(answer(self.exchange, request_id, account, cl_ord_ids, since_ns)))

    def on_market(self, events: list[MarketEvent]) -> None:
        """Take a delivery of the feed before anyone else does; each event at its own time of receipt."""
        advance, exchange = self._advance_to, self.exchange
        for event in events:
            advance(event.ts_close if isinstance(event, Bar) else event.ts_init)
            exchange.on_event(event)

    def _send(self, kind: RequestKind, cl_ord_id: str, arrival: Callable[[], None]) -> None:
        if self._sink is None:
            return
        self._deliver(SendReport(cl_ord_id=cl_ord_id, request=kind, outcome=SendOutcome.SENT))
        self._arrive(arrival)

    def _arrive(self, call: Callable[[], None]) -> None:
        self._advance_to(self._now_ns())
        self._time.call_later(self.options.entry_latency, call)
        self._watch()

    def _advance_to(self, ts: int) -> None:
        """Move market time on, never back; what was due on the way happens on the way."""
        ahead = ts - self._time.now_ns()
        if ahead > 0:
            self._time.advance(ahead)

    def _watch(self) -> None:
        """See to it that what is due happens although no market event comes."""
        due = self._time.next_due
        if due is None or (self._poll is not None and self._poll_due <= due):
            return
        if self._poll is not None:
            self._poll.cancel()
        left = due - self._time.mono_ns()
        self._poll_due = due
        self._poll = self._scheduler.call_later(min(max(left, POLL_MIN_NS), POLL_MAX_NS) if left else 0, self._on_poll)

    def _on_poll(self) -> None:
        self._poll = None
        before = self._time.mono_ns()
        self._advance_to(self._now_ns())
        due = self._time.next_due
        stands = due is not None and self._time.mono_ns() == before
        if stands and due is not None and due - before <= self.options.entry_latency + self.options.response_latency:
            self._time.advance(due - before)  # a paused or ended recording still answers
        self._watch()

    def _on_report(self, report: BrokerReport) -> None:
        if self.options.response_latency:
            self._time.call_later(self.options.response_latency, lambda: self._deliver(report))
            self._watch()
        else:
            self._deliver(report)

    def _deliver(self, report: BrokerReport) -> None:
        if self._sink is None:
            return
        self._outbox.append(report)
        if not self._flushing:
            self._flushing = True
            self._scheduler.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        reports, self._outbox = self._outbox[:REPORTS_MAX], self._outbox[REPORTS_MAX:]
        if self._outbox:
            self._flushing = True
            self._scheduler.call_soon(self._flush)
        if self._sink is not None and reports:
            self._sink(reports)


def _card(venue: str, fees: FeeSchedule) -> CapabilityCard:
    return CapabilityCard(
        venue=venue,
        dated="2026-11-25",
        ord_types=frozenset(OrdType),
        times_in_force=frozenset(TimeInForce),
        post_only=True,
        reduce_only=True,
        display_qty=False,
        native_groups=False,
        replace=ReplaceKind.IN_PLACE,
        cl_ord_id_length_max=64,
        query_complete=True,
        exec_key_scope="venue",
        lookback_ns=365 * 86_400 * 10**9,
        cancel_on_disconnect=False,
        busts_reported=False,
        fees=fees.terms,
    )

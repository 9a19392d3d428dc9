"""Broker port to a simulated venue in another process, over a Unix socket or loopback TCP.

Turning point of the order walk when the venue must outlive the program. Runs on the engine's event loop and never
blocks; reconnects by itself with bounded back-off, also when the venue gives no sign of life (a half-open link). A
request whose outcome has not come when the link is lost, or within OUTCOME_WAIT_S, is reported UNKNOWN once; what comes
later about it is dropped. It never sends anything twice. The venue states its limit of requests over the link.
"""

import asyncio
import contextlib

from msgspec.structs import replace

from workstation.brokers.sim.session import CARD
from workstation.brokers.sim.universe import VENUE
from workstation.brokers.sim.wire import (
    Ask,
    Beat,
    Cancel,
    Hello,
    Message,
    Replace,
    Reported,
    Stated,
    Submit,
    frame,
    read_message,
    unwrap,
)
from workstation.domain.errors import VenueProtocolError
from workstation.domain.orders import OrderTerms, RequestKind
from workstation.kernel.fault_points import fault_point
from workstation.ports.broker import (
    BrokerReport,
    BrokerSink,
    CapabilityCard,
    QueryAnswer,
    SendOutcome,
    SendReport,
    SessionReport,
    SessionState,
    UnreadableReport,
    VenueStanding,
)

RECONNECT_FIRST_S = 0.05
RECONNECT_MAX_S = 2.0
"""Waits between attempts to connect double from the first to the largest."""

OUTCOME_WAIT_S = 5.0
"""A request without an outcome after this long is UNKNOWN; a question without an answer, an error."""

HEARTBEAT_S = 5.0
SILENT_BEATS_MAX = 2
"""A link on which nothing is heard for so many heartbeats carries nothing more and is given up."""

UNSENT_BYTES_MAX = 4 << 20
"""Bytes that may wait for the socket before requests are refused as not sent."""

Pending = tuple[RequestKind, str]
"""A request whose outcome is awaited: kind and client order id."""


class RemoteSimBroker:
    """One session with a venue at `address`: a path of a Unix socket, or host:port."""

    venue = VENUE

    def __init__(self, address: str) -> None:
        self._address = address
        self._sink: BrokerSink | None = None
        self._task: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._pending: dict[Pending, list[asyncio.TimerHandle]] = {}
        self._questions: dict[int, tuple[str, asyncio.TimerHandle]] = {}
        self._silent = 0
        self._reason = ""
        self._card = CARD

    @property
    def capabilities(self) -> CapabilityCard:
        """What the venue can do, with the limit of requests that it stated last; it states it anew on each link."""
        return self._card

    def standing(self) -> VenueStanding:
        """Return its limit of requests alone: the venue is in another process, and the link carries no more."""
        limit = self._card.request_limit
        return VenueStanding() if limit is None else VenueStanding(limits_requests=True, request_limit=limit)

    def connect(self, sink: BrokerSink) -> None:
        """Begin to connect, and to reconnect whenever the link is lost. Needs a running event loop."""
        self._sink = sink
        self._task = asyncio.get_running_loop().create_task(self._keep_linked(), name="sim-venue-link")

    def disconnect(self) -> None:
        """Leave; requests without an outcome end as unknown."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._writer is not None:
            self._writer.close()
        self._lose("disconnected")
        self._sink = None

    def submit(self, cl_ord_id: str, terms: OrderTerms) -> None:
        """Send a new order."""
        fault_point("sim.submit.before_send")
        self._request(RequestKind.SUBMIT, cl_ord_id, Submit(cl_ord_id=cl_ord_id, terms=terms))
        fault_point("sim.submit.after_send")

    def replace(self, cl_ord_id: str, order_id: str, terms: OrderTerms) -> None:
        """Ask for new terms."""
        fault_point("sim.replace.before_send")
        self._request(RequestKind.REPLACE, cl_ord_id, Replace(cl_ord_id=cl_ord_id, order_id=order_id, terms=terms))

    def cancel(self, cl_ord_id: str, order_id: str) -> None:
        """Ask for the end of an order."""
        fault_point("sim.cancel.before_send")
        self._request(RequestKind.CANCEL, cl_ord_id, Cancel(cl_ord_id=cl_ord_id, order_id=order_id))

    def ask(self, request_id: int, account: str, cl_ord_ids: tuple[str, ...], since_ns: int) -> None:
        """Ask for everything; without a link, or without an answer in time, the answer is an error."""
        loop = asyncio.get_running_loop()
        if self._writer is None:
            loop.call_soon(self._report, _no_answer(request_id, account, "session is DOWN"))
            return
        timer = loop.call_later(OUTCOME_WAIT_S, self._no_answer_in_time, request_id)
        self._questions[request_id] = (account, timer)
        self._writer.write(frame(Ask(request_id=request_id, account=account, cl_ord_ids=cl_ord_ids, since_ns=since_ns)))

    def _request(self, kind: RequestKind, cl_ord_id: str, message: Message) -> None:
        loop, writer = asyncio.get_running_loop(), self._writer
        if writer is None or writer.transport.get_write_buffer_size() > UNSENT_BYTES_MAX:
            text = "session is DOWN" if writer is None else "link is congested"
            report = SendReport(
                cl_ord_id=cl_ord_id, request=kind, outcome=SendOutcome.NOT_SENT, code="NOT_SENT", text=text
            )
            loop.call_soon(self._report, report)
            return
        timer = loop.call_later(OUTCOME_WAIT_S, self._settle, kind, cl_ord_id, "no answer in time")
        self._pending.setdefault((kind, cl_ord_id), []).append(timer)
        writer.write(frame(message))

    async def _keep_linked(self) -> None:
        wait_s = RECONNECT_FIRST_S
        while True:
            try:
                reader, writer = await self._open()
            except OSError:
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, RECONNECT_MAX_S)
                continue
            wait_s = RECONNECT_FIRST_S
            writer.write(frame(Hello(role="broker")))
            self._writer, self._silent, self._reason, self._card = writer, 0, "link lost", CARD
            beating = asyncio.get_running_loop().create_task(self._beat(writer), name="sim-venue-heartbeat")
            try:
                await self._listen(reader)
            finally:
                beating.cancel()
                self._writer = None
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
            self._lose(self._reason)
            self._report(SessionReport(venue=VENUE, state=SessionState.DOWN, reason=self._reason))

    async def _beat(self, writer: asyncio.StreamWriter) -> None:
        """Ask for a sign of life again and again; cut a link that gives none, as one that is half open does."""
        while self._silent < SILENT_BEATS_MAX:
            self._silent += 1
            writer.write(frame(Beat()))
            await asyncio.sleep(HEARTBEAT_S)
        self._reason = f"heartbeat missed: nothing heard for {SILENT_BEATS_MAX * HEARTBEAT_S:g} s"
        writer.transport.abort()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, _, port = self._address.rpartition(":")
        if host and port.isdigit():
            return await asyncio.open_connection(host, int(port))
        return await asyncio.open_unix_connection(self._address)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                message = await read_message(reader)
            except VenueProtocolError as error:
                self._report(UnreadableReport(venue=VENUE, raw=error.raw, reason=str(error)))
                return
            if message is None:
                return
            self._silent = 0
            if isinstance(message, Stated):
                self._card = replace(CARD, request_limit=message.request_limit)
            elif isinstance(message, Reported):
                fault_point("sim.report.received")
                self._take(unwrap(message))

    def _take(self, report: BrokerReport) -> None:
        if isinstance(report, SendReport):
            timers = self._pending.get((report.request, report.cl_ord_id))
            if not timers:
                return
            self._forget((report.request, report.cl_ord_id), timers)
        elif isinstance(report, QueryAnswer):
            question = self._questions.pop(report.request_id, None)
            if question is None:
                return
            question[1].cancel()
        self._report(report)

    def _forget(self, key: Pending, timers: list[asyncio.TimerHandle]) -> None:
        timers.pop(0).cancel()
        if not timers:
            del self._pending[key]

    def _settle(self, kind: RequestKind, cl_ord_id: str, cause: str) -> None:
        """End one request as unknown."""
        timers = self._pending.get((kind, cl_ord_id))
        if timers:
            self._forget((kind, cl_ord_id), timers)
            self._report(SendReport(cl_ord_id=cl_ord_id, request=kind, outcome=SendOutcome.UNKNOWN, text=cause))

    def _no_answer_in_time(self, request_id: int) -> None:
        account, _ = self._questions.pop(request_id)
        self._report(_no_answer(request_id, account, "no answer in time"))

    def _lose(self, reason: str) -> None:
        for kind, cl_ord_id in [key for key, timers in self._pending.items() for _ in timers]:
            self._settle(kind, cl_ord_id, reason)
        for request_id, (account, timer) in list(self._questions.items()):
            timer.cancel()
            self._report(_no_answer(request_id, account, reason))
        self._questions.clear()

    def _report(self, report: BrokerReport) -> None:
        if self._sink is not None:
            self._sink([report])


def _no_answer(request_id: int, account: str, error: str) -> QueryAnswer:
    return QueryAnswer(request_id=request_id, account=account, ts_event=0, error=error)

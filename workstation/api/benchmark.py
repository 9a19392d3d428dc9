"""Benchmark of the REST interface: CPU of the serving process for a list of 100 orders and for one order placed.

The real server on loopback, its guard, routes and JSON included. Listed again are rows as a blotter polls them, listed
first are rows that nobody has read yet. Rows are decoded from JSON as the database keeps them,
the engine answers at once: what storage and desk cost, their own benchmarks say. The caller is a bare socket on another
thread, whose CPU is left out.
"""

import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import msgspec

from workstation.api.options import ApiOptions
from workstation.api.server import ApiServer
from workstation.api.token_file import TokenFile
from workstation.commands.params import PlaceOrder
from workstation.commands.registry import Attach, CommandResult, Reply
from workstation.domain.accounts import Account, Environment
from workstation.domain.events import OrderAccepted
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.numbers import MONEY_ONE
from workstation.domain.orders import OrderState, OrderTerms, OrdStatus, OrdType, Origin, OriginKind, Residence, Side
from workstation.domain.records import Record
from workstation.kernel.giving_way import ScreenTurn
from workstation.kernel.ids import IdSource, stable_uid
from workstation.ports.key_uses import KeyUse
from workstation.ports.store import OrderPage, OrderQuery, Reader, RecordPage, RecordQuery
from workstation.viewmodels.outbox import Outbox
from workstation.viewmodels.session import Session

LISTS, POSTS = 200, 400
ROWS = 100
PAGES = 48
"""Pages of the walk over rows that nobody has read: more than the service keeps the texts of."""

TIMEOUT_S = 10.0
_START_NS = 1_760_000_000_000_000_000
_ACCOUNT_ID = stable_uid("account", "BENCH")
_ABC = Instrument(
    symbol="ABC",
    asset_class=AssetClass.STOCK,
    currency="USD",
    price_decimals=2,
    qty_decimals=0,
    ticks=(TickBand(0, 1),),
)


class _Engine:
    """Answers a submission at once with the order as it would stand; no desk, no disk."""

    def __init__(self, ids: IdSource) -> None:
        self._ids = ids

    def call(
        self, command_id: str, params: msgspec.Struct, origin: Origin, reply: Reply, attach: Attach | None = None
    ) -> None:
        """Answer one command; what is attached to it, the audit's entry, is made and not stored."""
        if not isinstance(params, PlaceOrder):
            reply(CommandResult(ok=False, code="NOT_FOUND", text=f"no {command_id} here"))
            return
        order = _order(self._ids, params.terms, origin, params.cl_ord_id)
        if attach is not None:
            attach(order, OrderAccepted(cl_ord_id=order.cl_ord_id, ts=_START_NS, order_id="V-1", ts_event=_START_NS))
        reply(CommandResult(ok=True, text="Accepted.", data=order))


def _order(ids: IdSource, terms: OrderTerms, origin: Origin, cl_ord_id: str) -> OrderState:
    return OrderState(
        cl_ord_id=cl_ord_id,
        uid=ids.uid(),
        order_id="V-1",
        terms=terms,
        status=OrdStatus.SUBMITTED,
        origin=origin,
        link=None,
        strategy_id="",
        cum_qty=0,
        leaves_qty=terms.order_qty,
        cost=0,
        fees={},
        residence=Residence.EXCHANGE,
        created_at=_START_NS,
        updated_at=_START_NS,
        version=3,
        submitted_at=_START_NS,
        ts_intent=_START_NS,
    )


class _NoDeliveries:
    """Nobody is told of anything while it is measured."""

    is_writable = False


class _NoUses:
    """Nothing is kept of keys while it is measured."""

    def add(self, _uses: Sequence[KeyUse]) -> bool:
        """Keep nothing."""
        return True

    def every(self) -> tuple[KeyUse, ...]:
        """Return nothing."""
        return ()


class _Listing:
    """Stored rows in the form that the database keeps them: JSON, decoded at each reading."""

    deliveries = _NoDeliveries()
    key_uses = _NoUses()

    def __init__(self, orders: Sequence[OrderState]) -> None:
        self._blobs = [msgspec.json.encode(order) for order in orders]
        self._decode = msgspec.json.Decoder(OrderState).decode

    def orders(self, query: OrderQuery) -> OrderPage:
        """Return a page of the rows."""
        rows = tuple(self._decode(blob) for blob in self._blobs[query.offset : query.offset + query.limit])
        return OrderPage(rows, len(self._blobs), has_next=query.offset + query.limit < len(self._blobs))

    def records(self, _kind: type[Record], _query: RecordQuery) -> RecordPage:
        """Return no record: nothing is kept here."""
        return RecordPage((), 0, has_next=False)

    def newest_seq(self) -> int:
        """Return a sequence above 0."""
        return 1


class _Caller:
    """A client that costs next to nothing: one kept connection and prepared bytes."""

    def __init__(self, port: int, token: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        self._head = f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n".encode()

    def prepare(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Return a request's bytes."""
        kind = b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body) if body else b""
        return f"{method} {path} HTTP/1.1\r\n".encode() + self._head + kind + b"\r\n" + body

    def send(self, request: bytes) -> bytes:
        """Send a request and return the whole answer."""
        self._socket.sendall(request)
        answer = self._socket.recv(1_048_576)
        head, _, _ = answer.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(answer) < len(head) + 4 + length:
            answer += self._socket.recv(1_048_576)
        return answer

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


def run() -> dict[str, float]:
    """Return CPU milliseconds for 100 orders listed again and first, and for a POST; budgets: 2.6 and 1.5."""
    ids = IdSource(seed=1)
    origin = Origin(kind=OriginKind.REST)
    terms = OrderTerms(symbol="ABC", account="BENCH", side=Side.BUY, ord_type=OrdType.LIMIT, order_qty=10, price=10_000)
    listing = _Listing([_order(ids, terms, origin, ids.cl_ord_id()) for _ in range(ROWS * PAGES)])
    with _served(_as_reader(listing), _ABC, ids) as caller:
        return {**_list_figures(caller), "post_order_cpu_ms": _cpu_ms(_posts(caller), POSTS)}


def run_lists(reader: Reader, instrument: Instrument) -> dict[str, float]:
    """Return CPU milliseconds for 100 orders that a reader of a database holds, listed again and first; budget: 2.6."""
    with _served(reader, instrument, IdSource(seed=1)) as caller:
        return _list_figures(caller)


@contextmanager
def _served(reader: Reader, instrument: Instrument, ids: IdSource) -> Iterator[_Caller]:
    """Serve what a reader holds for the length of a block, and give a caller."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "token.json"
        server = ApiServer(
            session=_session(ids, instrument),
            gateway=_Engine(ids),
            reader=reader,
            token_file=file,
            options=ApiOptions(rate_limit=1_000_000, share=1),
            readiness=dict,
            version="bench",
        )
        server.start()
        known = msgspec.json.decode(file.read_bytes(), type=TokenFile)
        caller = _Caller(known.port, known.token)
        try:
            yield caller
        finally:
            caller.close()
            server.stop()


def _list_figures(caller: _Caller) -> dict[str, float]:
    return {
        "list_100_orders_cpu_ms": _cpu_ms(_lists(caller, pages=1), LISTS),
        "list_100_new_orders_cpu_ms": _cpu_ms(_lists(caller, pages=PAGES), LISTS),
    }


def _lists(caller: _Caller, *, pages: int) -> Callable[[], None]:
    path = f"/api/v1/oms/orders?side=BUY&limit={ROWS}&offset="
    requests = cycle([caller.prepare("GET", f"{path}{page * ROWS}") for page in range(pages)])
    return lambda: _expect(caller.send(next(requests)), b"HTTP/1.1 200")


def _posts(caller: _Caller) -> Callable[[], None]:
    body = msgspec.json.encode(
        {
            "instrument_symbol": "ABC",
            "broker_account_id": _ACCOUNT_ID,
            "order_type": "LIMIT",
            "side": "BUY",
            "quantity": "10",
            "price": "100.00",
        }
    )
    request = caller.prepare("POST", "/api/v1/oms/orders", body)
    return lambda: _expect(caller.send(request), b"HTTP/1.1 201")


def _expect(answer: bytes, status: bytes) -> None:
    if not answer.startswith(status):
        raise RuntimeError(f"unexpected answer: {answer[:200]!r}")


def _cpu_ms(call: Callable[[], None], times: int) -> float:
    """Return the CPU per call of every thread but the caller's own, warmed up."""
    for _ in range(times // 10):
        call()
    begin = time.process_time() - time.thread_time()
    for _ in range(times):
        call()
    return (time.process_time() - time.thread_time() - begin) * 1_000 / times


def _session(ids: IdSource, instrument: Instrument) -> Session:
    account = Account(
        account="BENCH",
        uid=_ACCOUNT_ID,
        venue="BENCH",
        environment=Environment.SIM,
        currency="USD",
        initial_cash=MONEY_ONE,
    )
    return Session(
        instruments={instrument.symbol: instrument},
        accounts=(account,),
        environment=Environment.SIM,
        version="bench",
        open_outbox=Outbox,
        open_rows=Outbox,
        close_outbox=lambda _: None,
        new_cl_ord_id=ids.cl_ord_id,
        mono_ns=time.monotonic_ns,
        screen=ScreenTurn(time.monotonic_ns),
    )


def _as_reader(listing: _Listing) -> Reader:
    """Return the listing as the reader that the two measured calls use; they ask nothing else of it."""
    reader: Reader = listing  # type: ignore[assignment]  # only `orders` is read by what is measured
    return reader

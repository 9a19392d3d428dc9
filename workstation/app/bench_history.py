"""A past to recover from: a home with many closed orders and some thousand open ones, written in bulk.

The closed orders come in pairs that cancel out, a buy and a sell at one price and without fees, so that the simulated
venue agrees with a past it never saw. Their rows, journal lines and chain are written straight into the tables; the
newest go through the core's own fold, so that the snapshot behind them is what a running program would have kept. The
open orders are then placed through the program itself, and the venue has them too.
"""

import hashlib
import itertools
import queue
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from workstation import __version__
from workstation.app.bootstrap import Program
from workstation.brokers.sim.universe import VENUE
from workstation.brokers.sim.venue import MARGIN_ACCOUNT, default_accounts
from workstation.commands.params import PlaceOrder, SetLimit
from workstation.commands.registry import CommandResult
from workstation.domain.accounts import Account, LockState
from workstation.domain.events import AccountOpened, Event, OrderCreated, OrderFilled, OrderIntended, encode_event
from workstation.domain.executions import Execution
from workstation.domain.instruments import AssetClass, Instrument
from workstation.domain.orders import (
    OrderState,
    OrderTerms,
    OrdStatus,
    OrdType,
    Origin,
    OriginKind,
    RiskClass,
    Side,
    SubmitOrder,
    TimeInForce,
)
from workstation.domain.verdicts import Verdict
from workstation.orders.fold import CoreState
from workstation.orders.id_set import IdSet
from workstation.storage.backend import SqliteBackend
from workstation.storage.chain import EVENT_SCHEMA_VERSION, GENESIS, line_hash
from workstation.storage.fixed_point import Scales
from workstation.storage.projections import INSERT_LINE, STATEMENTS, Projector

SYMBOLS_USED = 16
FOLDED_ORDERS = 200_000
"""Newest closed orders that go through the fold: enough to fill every bounded memory of book and ledger."""

START_NS = 1_700_000_000_000_000_000
STEP_NS = 1_000_000
CHUNK = 20_000
PRICE = 100
OPEN_BATCH = 250
WAIT_S = 120.0
LOOK_S = 0.05

SAMPLE, SAMPLE_NS, SAMPLE_SEQ = "H-SAMPLE!", 1_600_000_000_123_456_789, 1_234_567_890
_SAMPLE_TIME = str(SAMPLE_NS).encode()
_LISTED = (OrderState, Execution, Account)
"""Rows that are written; transitions of closed orders play no part in a start."""

_ORIGIN = Origin(OriginKind.SYSTEM)
_VERDICT = Verdict(risk_class=RiskClass.INCREASE, passed=True, qty=1, results=())


def write_closed_orders(database: Path, instruments: tuple[Instrument, ...], orders: int) -> None:
    """Write a new database with `orders` filled orders, their executions, journal and snapshot."""
    backend = SqliteBackend(database)
    backend.migrate(__version__)
    connection = backend.library.connect(str(database), isolation_level=None)
    try:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-262144"):
            connection.execute(f"PRAGMA {pragma}")
        with _without_indexes(connection):
            connection.execute("BEGIN")
            seq = _Writer(connection, instruments, orders).write()
            connection.execute("UPDATE writer_lease SET epoch = 1 WHERE id = 1")
            connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()
    if seq < orders:
        raise RuntimeError(f"{seq} lines for {orders} orders")


@contextmanager
def _without_indexes(connection: Any) -> Iterator[None]:
    """Drop the indexes of long tables and build them anew, sorted, at the end."""
    texts = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        " AND tbl_name IN ('orders', 'executions')"
    ).fetchall()
    for name, _ in texts:
        connection.execute(f"DROP INDEX {name}")
    yield
    for _, text in texts:
        connection.execute(text)


class _Sample(NamedTuple):
    """One filled order as lines and rows, under SAMPLE's name and time, to be copied under others."""

    lines: tuple[tuple[str, bytes], ...]
    rows: tuple[tuple[str, tuple[Any, ...]], ...]


class _Writer:
    """Writes closed orders in chunks and the snapshot behind them."""

    def __init__(self, connection: Any, instruments: tuple[Instrument, ...], orders: int) -> None:
        self._connection = connection
        self._orders = orders
        self._instruments = {row.symbol: row for row in instruments}
        self._symbols = _traded(instruments)
        self._state = CoreState(self._instruments)
        self._projector = Projector(Scales(self._instruments))
        self._hash, self._seq = GENESIS, 0
        self._lines: list[tuple[Any, ...]] = []
        self._rows: dict[str, list[tuple[Any, ...]]] = {}

    def write(self) -> int:
        """Write everything; returns the newest sequence."""
        for account in default_accounts():
            self._record(AccountOpened(account=account, ts=START_NS))
        ids, exec_keys = IdSet(), IdSet()
        folded_from = max(self._orders - FOLDED_ORDERS, 0) // 2 * 2
        samples = self._samples()
        for number in range(folded_from):
            cl_ord_id = _name(number)
            self._copy(samples[number % len(samples)], cl_ord_id)
            ids.add(cl_ord_id)
            exec_keys.add(f"{MARGIN_ACCOUNT}\x1fK-{cl_ord_id}")
            self._flush_at(number)
        for number in range(folded_from, self._orders):
            for event in _events(_name(number), self._symbol(number), number % 2, START_NS + number * STEP_NS):
                self._record(event)
            self._flush_at(number)
        self._flush()
        self._save_snapshot(ids, exec_keys)
        return self._seq

    def _symbol(self, number: int) -> Instrument:
        return self._symbols[number // 2 % len(self._symbols)]

    def _samples(self) -> list[_Sample]:
        """Return one sample a symbol and side, in the order in which orders take turns."""
        samples = []
        for number in range(2 * len(self._symbols)):
            state = CoreState(self._instruments)
            lines, rows = [], []
            for event in _events(SAMPLE, self._symbol(number), number % 2, SAMPLE_NS):
                change = state.fold(event)
                lines.append((type(event).__name__, encode_event(event)))
                if change.after is not None and change.after.status.is_final:
                    rows += [self._projector.encode(SAMPLE_SEQ, row) for row in change.rows if type(row) in _LISTED]
            samples.append(_Sample(tuple(lines), tuple((table.partition("/")[0], row) for table, row in rows)))
        return samples

    def _copy(self, sample: _Sample, name: str) -> None:
        """Add a sample's lines and rows under another name and time."""
        ts = START_NS + self._seq * STEP_NS
        for kind, payload in sample.lines:
            self._add_line(kind, _renamed(payload, name, ts, 0), name)
        for table, row in sample.rows:
            copied = tuple([_renamed(value, name, ts, self._seq) for value in row])
            self._rows.setdefault(table, []).append(copied)

    def _record(self, event: Event) -> None:
        change = self._state.fold(event)
        self._add_line(type(event).__name__, encode_event(event), getattr(event, "cl_ord_id", ""))
        if change.after is None or change.after.status.is_final:
            for row in change.rows:
                if type(row) in _LISTED:
                    table, parameters = self._projector.encode(self._seq, row)
                    self._rows.setdefault(table.partition("/")[0], []).append(parameters)

    def _add_line(self, kind: str, payload: bytes, causation: str) -> None:
        self._seq += 1
        ts = START_NS + self._seq * STEP_NS
        numbers = (self._seq, 1, ts, ts, EVENT_SCHEMA_VERSION)
        own = line_hash(self._hash, numbers, (kind, "", causation, "engine"), payload)
        line = (*numbers[:4], kind, EVENT_SCHEMA_VERSION, "", causation, "engine", payload, self._hash, own)
        self._lines.append(line)
        self._hash = own

    def _flush_at(self, number: int) -> None:
        if number % CHUNK == 0:
            self._flush()

    def _flush(self) -> None:
        self._connection.executemany(INSERT_LINE.text, self._lines)
        for table, rows in self._rows.items():
            plain_insert = STATEMENTS[table].text.partition(" ON CONFLICT")[0]
            self._connection.executemany(plain_insert, rows)
        self._lines, self._rows = [], {}

    def _save_snapshot(self, ids: IdSet, exec_keys: IdSet) -> None:
        """Save the folded state with the ids of the older orders merged in."""
        parts = msgspec.json.decode(self._state.state())
        book = self._state.book.state()
        parts["book"]["ids"] = _merged(ids.state(), book["ids"])
        parts["book"]["exec_keys"] = _merged(exec_keys.state(), book["exec_keys"])
        state = msgspec.json.Encoder(order="deterministic").encode(parts)
        row = (self._seq, START_NS, state, hashlib.sha256(state).digest())
        self._connection.execute("INSERT INTO snapshots (seq, ts, state, state_hash) VALUES (?, ?, ?, ?)", row)


def _traded(instruments: Iterable[Instrument]) -> list[Instrument]:
    """Return the shares that the past was in; the venue's special symbols fill whatever the price."""
    shares = (row for row in instruments if row.asset_class is AssetClass.STOCK and not row.symbol.startswith("SIM-"))
    return list(itertools.islice(shares, SYMBOLS_USED))


def _name(number: int) -> str:
    return f"H-{number:07d}"


def _renamed(value: Any, name: str, ts: int, seq: int) -> Any:
    """Return a sample's value under another name, time and sequence."""
    if isinstance(value, str):
        return value.replace(SAMPLE, name)
    if isinstance(value, bytes):
        return value.replace(SAMPLE.encode(), name.encode()).replace(_SAMPLE_TIME, str(ts).encode())
    return ts if value == SAMPLE_NS else seq if value == SAMPLE_SEQ else value


def _merged(older: bytes, newer: bytes) -> bytes:
    """Return the union of two states of an IdSet."""
    digests = {state[at : at + 8] for state in (older, newer) for at in range(0, len(state), 8)}
    return b"".join(sorted(digests))


def _events(name: str, instrument: Instrument, side: int, ts: int) -> tuple[Event, ...]:
    """Return what makes one filled order. side: 0 buys, 1 sells."""
    direction = Side.SELL if side else Side.BUY
    price = PRICE * 10**instrument.price_decimals
    terms = OrderTerms(
        symbol=instrument.symbol,
        account=MARGIN_ACCOUNT,
        side=direction,
        ord_type=OrdType.LIMIT,
        order_qty=1,
        price=price,
    )
    execution = Execution(
        exec_key=f"K-{name}",
        exec_id=f"X-{name}",
        uid=f"E-{name}",
        cl_ord_id=name,
        order_id=f"V-{name}",
        account=MARGIN_ACCOUNT,
        symbol=instrument.symbol,
        side=direction,
        last_qty=1,
        last_px=price,
        fee=0,
        fee_currency="USD",
        ts_event=ts,
        ts_init=ts,
        venue_seq=1,
        venue=VENUE,
    )
    command = SubmitOrder(cl_ord_id=name, uid=f"U-{name}", terms=terms, origin=_ORIGIN)
    return (
        OrderCreated(cl_ord_id=name, ts=ts, command=command),
        OrderIntended(cl_ord_id=name, ts=ts, verdict=_VERDICT, qty=1, epoch=1),
        OrderFilled(cl_ord_id=name, ts=ts, execution=execution),
    )


def place_open_orders(program: Program, count: int) -> None:
    """Rest `count` bids below the market through a running program.

    Raises:
        RuntimeError: one of them was refused.
    """
    _wait(lambda: _unlocked(program))
    lifted = SetLimit(limit="ORDERS_PER_MINUTE", value="UNLIMITED", reason="benchmark", scope="TENANT")
    _call(program, "risk.limit", [lifted])
    core = program.engine.core
    symbols = _traded(program.venue.instruments())
    _wait(lambda: all(core.market.cache.quote(row.symbol) for row in symbols))
    for start in range(0, count, OPEN_BATCH):
        wishes = [
            _bid(program, symbols[number % len(symbols)]) for number in range(start, min(start + OPEN_BATCH, count))
        ]
        _call(program, "order.submit", wishes)
    _wait(lambda: sum(order.status is OrdStatus.SUBMITTED for order in tuple(core.state.book.recent())) >= count)


def _bid(program: Program, instrument: Instrument) -> PlaceOrder:
    quote = program.engine.core.market.cache.quote(instrument.symbol)
    if quote is None or quote.bid is None:
        raise RuntimeError(f"no quote of {instrument.symbol}")
    terms = OrderTerms(
        symbol=instrument.symbol,
        account=MARGIN_ACCOUNT,
        side=Side.BUY,
        ord_type=OrdType.LIMIT,
        order_qty=1,
        price=instrument.round_to_tick(quote.bid * 96 // 100, "down"),
        time_in_force=TimeInForce.GTC,
    )
    return PlaceOrder(terms=terms, allow_duplicate=True)


def _call(program: Program, command_id: str, wishes: Sequence[msgspec.Struct]) -> None:
    """Run one command for each wish and wait for every answer.

    Raises:
        RuntimeError: one was refused.
    """
    answers: queue.SimpleQueue[CommandResult] = queue.SimpleQueue()
    for wish in wishes:
        program.engine.call(command_id, wish, Origin(OriginKind.REST, user="benchmark"), answers.put)
    for _ in wishes:
        result = answers.get(timeout=WAIT_S)
        if not result.ok:
            raise RuntimeError(f"{command_id}: {result.text}")


def _unlocked(program: Program) -> bool:
    return program.engine.core.state.controls.locks.state(MARGIN_ACCOUNT) is LockState.UNLOCKED


def _wait(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not fact():
        if time.monotonic() > deadline:
            raise RuntimeError("the program did not get ready for the benchmark")
        time.sleep(LOOK_S)

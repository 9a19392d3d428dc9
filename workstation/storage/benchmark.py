"""Measure storage on this machine, for `workstation bench`: a durable burst, one durable order, a list of 100.

Uses a store of its own in the folder it is given. An order is what the desk writes: creation and intent in one append,
then the venue's acknowledgement, each with its order row and transition.
"""

import queue
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from workstation.domain.events import OrderAccepted, OrderCreated, OrderIntended
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
from workstation.kernel.clock import SystemClock
from workstation.kernel.ids import IdSource
from workstation.ports.store import Entry, OrderQuery, OrderTransition
from workstation.storage.open import Store, open_store

BURST_ORDERS = 5_000
SINGLE_ORDERS = 200
LISTED_ORDERS, WRITTEN_AT_ONCE = 100_000, 500
LIST_ROUNDS = 50
LIST_ROWS = 100
SEED = 1
_WAIT_S = 60.0

INSTRUMENT = Instrument(
    symbol="BENCH",
    asset_class=AssetClass.STOCK,
    currency="USD",
    price_decimals=2,
    qty_decimals=0,
    ticks=(TickBand(0, 1),),
)
_ORIGIN = Origin(OriginKind.SYSTEM)
_VERDICT = Verdict(risk_class=RiskClass.INCREASE, passed=True, qty=100, results=())


class Inbox:
    """Stands for the engine's loop: runs what the journal thread posts."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.post = self._calls.put

    def run_until(self, condition: Callable[[], bool]) -> None:
        """Run posted calls until `condition` holds.

        Raises:
            queue.Empty: nothing was posted for _WAIT_S.
        """
        while not condition():
            self._calls.get(timeout=_WAIT_S)()


def run(home: Path) -> dict[str, Any]:
    """Return the figures: orders per second, milliseconds, and what they were measured on."""
    inbox, clock = Inbox(), SystemClock()
    store = open_store("", home, instruments={INSTRUMENT.symbol: INSTRUMENT}, clock=clock, post=inbox.post)
    try:
        orders = _orders(BURST_ORDERS + SINGLE_ORDERS, clock.now_ns())
        burst = _burst(store, inbox, orders[:BURST_ORDERS])
        return {
            **burst,
            "durable_order_ms_p50": _single(store, inbox, orders[BURST_ORDERS:]),
            "list_100_cpu_ms": _list(store),
            "orders": BURST_ORDERS + SINGLE_ORDERS,
        }
    finally:
        store.close()


def open_full(home: Path, url: str = "", orders: int = LISTED_ORDERS) -> Store:
    """Return an open store with that many accepted orders of `INSTRUMENT`. url: "" for a file in `home`."""
    inbox, clock = Inbox(), SystemClock()
    store = open_store(url, home, instruments={INSTRUMENT.symbol: INSTRUMENT}, clock=clock, post=inbox.post)
    durable: list[bool] = []
    made = _orders(orders, clock.now_ns())
    for first in range(0, orders, WRITTEN_AT_ONCE):
        chunk = made[first : first + WRITTEN_AT_ONCE]
        entries = [entry for order in chunk for entry in (*_intended(order), _accepted(order))]
        written = len(durable)
        store.journal.when_durable(store.journal.append(entries), durable.append)
        inbox.run_until(lambda written=written: len(durable) > written)  # type: ignore[misc]  # the default binds it
    store.statistics.renew()
    return store


def _burst(store: Store, inbox: Inbox, orders: list[OrderState]) -> dict[str, float]:
    """Append every intent at once, acknowledge each as soon as it is durable, and wait for the last."""
    journal = store.journal
    acknowledged = 0

    def on_durable(order: OrderState, durable: bool) -> None:
        nonlocal acknowledged
        if durable:
            last = journal.append([_accepted(order)])
            acknowledged += 1
            if acknowledged == len(orders):
                journal.when_durable(last, lambda _: finished.append(time.perf_counter()))

    finished: list[float] = []
    began, cpu = time.perf_counter(), time.process_time()
    for order in orders:
        journal.when_durable(journal.append(_intended(order)), partial(on_durable, order))
    inbox.run_until(lambda: bool(finished))
    wall, spent = finished[0] - began, time.process_time() - cpu
    return {"durable_orders_per_s": len(orders) / wall, "durable_orders_per_cpu_s": len(orders) / spent}


def _single(store: Store, inbox: Inbox, orders: list[OrderState]) -> float:
    """Return the median time from append to durable of one order at a time, ms."""
    times = []
    for order in orders:
        done: list[bool] = []
        began = time.perf_counter()
        store.journal.when_durable(store.journal.append(_intended(order)), done.append)
        inbox.run_until(lambda done=done: bool(done))  # type: ignore[misc]  # the default binds the loop variable
        times.append(time.perf_counter() - began)
    return sorted(times)[len(times) // 2] * 1_000


def _list(store: Store) -> float:
    """Return the CPU time of one list of LIST_ROWS orders with filter and total, ms."""
    query = OrderQuery(symbol=INSTRUMENT.symbol, side="BUY", limit=LIST_ROWS)
    store.reader.orders(query)
    began = time.thread_time()
    for _ in range(LIST_ROUNDS):
        store.reader.orders(query)
    return (time.thread_time() - began) / LIST_ROUNDS * 1_000


def _orders(count: int, now_ns: int) -> list[OrderState]:
    ids = IdSource(SEED)
    return [_order(ids, now_ns + index) for index in range(count)]


def _order(ids: IdSource, ts: int) -> OrderState:
    terms = OrderTerms(
        symbol=INSTRUMENT.symbol, account="BENCH", side=Side.BUY, ord_type=OrdType.LIMIT, order_qty=100, price=1_000
    )
    return OrderState(
        cl_ord_id=ids.cl_ord_id(),
        uid=ids.uid(),
        order_id="",
        terms=terms,
        status=OrdStatus.PENDING_SUBMIT,
        origin=_ORIGIN,
        link=None,
        strategy_id="",
        cum_qty=0,
        leaves_qty=terms.order_qty,
        cost=0,
        fees={},
        residence=Residence.EXCHANGE,
        created_at=ts,
        updated_at=ts,
        version=2,
    )


def _intended(order: OrderState) -> list[Entry]:
    new = msgspec.structs.replace(order, status=OrdStatus.NEW, version=1)
    command = SubmitOrder(cl_ord_id=order.cl_ord_id, uid=order.uid, terms=order.terms, origin=order.origin)
    created = OrderCreated(cl_ord_id=order.cl_ord_id, ts=order.created_at, command=command)
    intended = OrderIntended(cl_ord_id=order.cl_ord_id, ts=order.created_at, verdict=_VERDICT, qty=100, epoch=1)
    return [
        Entry(created, (new, _transition(order, None, OrdStatus.NEW))),
        Entry(intended, (order, _transition(order, OrdStatus.NEW, OrdStatus.PENDING_SUBMIT))),
    ]


def _accepted(order: OrderState) -> Entry:
    after = msgspec.structs.replace(
        order, status=OrdStatus.SUBMITTED, order_id=f"V-{order.uid}", submitted_at=order.updated_at, version=3
    )
    event = OrderAccepted(
        cl_ord_id=order.cl_ord_id, ts=order.updated_at, order_id=after.order_id, ts_event=order.updated_at
    )
    return Entry(event, (after, _transition(order, order.status, after.status)))


def _transition(order: OrderState, before: OrdStatus | None, after: OrdStatus) -> OrderTransition:
    return OrderTransition(
        cl_ord_id=order.cl_ord_id,
        from_status=before,
        to_status=after,
        trigger="bench",
        actor="engine",
        reason="",
        ts=order.updated_at,
    )

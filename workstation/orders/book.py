"""The book: every order as it stands, folded from events, with the indexes that the order path reads.

Order walk: the desk and the inbound side record events, and this is the one place that applies them to orders, live and
in recovery alike. It decides nothing. Open orders stay in memory; of the closed ones the newest CLOSED_KEPT_MAX do, the
database has all, and every client order id and execution key is remembered for ever in eight bytes.
"""

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import msgspec
from msgspec.structs import replace

from workstation.domain.events import (
    Event,
    OrderAccepted,
    OrderCreated,
    OrderDenied,
    OrderEvent,
    OrderFilled,
    OrderIntended,
)
from workstation.domain.executions import ExecKind, Execution
from workstation.domain.orders import FINAL_STATES, OrderState, OrdStatus
from workstation.orders.effects import DENIALS, EFFECTS, Effect, begun, born, correction, denied, filled
from workstation.orders.id_set import IdSet
from workstation.orders.transitions import TransitionRefused, enter, history_of
from workstation.ports.store import OrderTransition, Row

_NEW, _TRADE = OrdStatus.NEW, ExecKind.TRADE
_effect_of = EFFECTS.get
_NUMBERS = ("last_qty", "last_px", "side", "symbol", "kind")

CLOSED_KEPT_MAX = 10_000
"""Closed orders that stay in memory, newest first to stay."""


class Change(msgspec.Struct, frozen=True, gc=False):
    """What one event did. `before` is None for a new order; both are None when no order is concerned.

    rows: what is to be stored with the event: its execution, the order's history, the order, then what else it moved.
    """

    event: Event
    before: OrderState | None = None
    after: OrderState | None = None
    rows: tuple[Row, ...] = ()
    execution: Execution | None = None


class BookState(msgspec.Struct, frozen=True, kw_only=True):
    """What a snapshot keeps of the book; see `OrderBook.state`."""

    orders: list[OrderState]
    closed: list[str]
    asked: dict[str, dict[str, int]]
    fills: dict[str, list[Execution]]
    keys: list[tuple[str, str, str]]
    ids: bytes
    exec_keys: bytes


class Booking(Enum):
    """What an execution report is, seen from the book."""

    FRESH = "fresh"
    REPLAY = "replay"
    CONFLICT = "conflict"


def group_of(order: OrderState) -> str:
    """Return the id of an order's group: its own, or the one that legs attached to a plain order form."""
    return f"GRP-{order.uid.replace('-', '')}" if order.link is None else order.link.group_id


class OrderBook:
    """Orders by client id, with indexes. Reading is O(1) or O(answer); applying is O(1) in the number of orders.

    keeps_rows: changes carry what is to be stored with them; without a store, as in a backtest, nobody reads it.
    """

    def __init__(self, closed_kept_max: int = CLOSED_KEPT_MAX, *, keeps_rows: bool = True) -> None:
        self._closed_kept_max, self._keeps_rows = closed_kept_max, keeps_rows
        self._orders: dict[str, OrderState] = {}
        self._closed: dict[str, None] = {}
        self._by_uid: dict[str, str] = {}
        self._by_order_id: dict[tuple[str, str], str] = {}
        self._open: dict[str, dict[str, dict[str, None]]] = {}
        self._groups: dict[str, dict[str, int]] = {}
        self._fills: dict[str, dict[str, Execution]] = {}
        self._keys: dict[tuple[str, str], str] = {}
        self._ids = IdSet()
        self._exec_keys = IdSet()
        self._handlers: dict[type, Callable[[Any], Change]] = {
            OrderCreated: self._create,
            OrderDenied: self._deny,
        }

    # Reading

    def get(self, cl_ord_id: str) -> OrderState | None:
        """Return an order that is in memory."""
        return self._orders.get(cl_ord_id)

    def knows(self, cl_ord_id: str) -> bool:
        """Tell whether the client order id was ever used, in memory or not."""
        return cl_ord_id in self._orders or cl_ord_id in self._ids

    def by_uid(self, uid: str) -> OrderState | None:
        """Return the order with this id of scripts, if it is in memory."""
        return self._orders.get(self._by_uid.get(uid, ""))

    def by_order_id(self, account: str, order_id: str) -> OrderState | None:
        """Return the order that the venue calls `order_id`, if it is in memory."""
        return self._orders.get(self._by_order_id.get((account, order_id), ""))

    def find(self, account: str, cl_ord_id: str, order_id: str) -> OrderState | None:
        """Return the order that a report is about; one adopted in place of a final order of ours goes before it."""
        ours = self._orders.get(cl_ord_id)
        if ours is not None and not ours.status.is_final:
            return ours
        theirs = self.by_order_id(account, order_id)
        return theirs if theirs is not None and (ours is None or theirs.is_open) else ours

    def open_orders(self, account: str | None = None, symbol: str | None = None) -> Iterator[OrderState]:
        """Yield the orders that are not final, oldest first within each (account, symbol)."""
        for name in (account,) if account is not None else tuple(self._open):
            symbols = self._open.get(name, {})
            for key in (symbol,) if symbol is not None else tuple(symbols):
                for cl_ord_id in tuple(symbols.get(key, ())):
                    yield self._orders[cl_ord_id]

    def recent(self) -> Iterator[OrderState]:
        """Yield every order in memory, in the order of creation or loading."""
        yield from tuple(self._orders.values())

    def group(self, group_id: str) -> list[OrderState]:
        """Return the orders of a group, parent first; empty once the group has left memory.

        Legs that were attached to a plain order have it as their parent, although it carries no link itself.
        """
        asked = self._groups.get(group_id, {})
        orders = [self._orders[cl_ord_id] for cl_ord_id in asked]
        link = orders[0].link if orders else None
        if link is not None and link.parent and link.parent not in asked and link.parent in self._orders:
            orders.insert(0, self._orders[link.parent])
        return orders

    def asked_qty(self, order: OrderState) -> int:
        """Return the quantity that a group's order was created with, before its parent's fills sized it."""
        group = self._groups.get(order.link.group_id, {}) if order.link else {}
        return group.get(order.cl_ord_id, order.terms.order_qty)

    def fills(self, cl_ord_id: str) -> tuple[Execution, ...]:
        """Return the executions of an order that stand, in the order of booking."""
        return tuple(self._fills.get(cl_ord_id, {}).values())

    def booking(self, execution: Execution) -> Booking:
        """Say whether an execution is new, an exact replay, or contradicts what was booked under its key."""
        account, key = execution.account, execution.exec_key
        owner = self._keys.get((account, key))
        if owner is not None:
            booked = self._fills.get(owner, {}).get(key)
            return Booking.REPLAY if booked is None or _same_numbers(booked, execution) else Booking.CONFLICT
        if f"{account}\x1f{key}" in self._exec_keys:
            return Booking.REPLAY
        if execution.kind is ExecKind.TRADE:
            return Booking.FRESH
        owner = self._keys.get((account, execution.corrects), "")
        return Booking.FRESH if execution.corrects in self._fills.get(owner, {}) else Booking.CONFLICT

    # Applying

    def apply(self, event: Any) -> Change:
        """Apply one `Event` and return what it changed; events of other stages change nothing.

        Raises:
            TransitionRefused: the life cycle forbids it; the book is as it was.
        """
        kind = type(event)
        if kind is OrderFilled:
            return self._fill(event)
        effect = _effect_of(kind)
        if effect is None:
            handler = self._handlers.get(kind)
            return Change(event) if handler is None else handler(event)
        try:
            order = self._orders[event.cl_ord_id]
        except KeyError:
            raise _unknown(event) from None
        return self._move(order, event, effect(order, event))

    def _create(self, event: OrderCreated) -> Change:
        if self.knows(event.cl_ord_id):
            raise TransitionRefused(f"client order id {event.cl_ord_id} was used before")
        after = born(event)
        self._insert(after)
        if not self._keeps_rows:
            return Change(event, None, after)
        created = OrderTransition(
            cl_ord_id=after.cl_ord_id,
            from_status=None,
            to_status=_NEW,
            trigger="create",
            actor=after.origin.actor,
            reason="",
            ts=event.ts,
        )
        return Change(event, None, after, (created, after))

    def begin(
        self, created: OrderCreated, intended: OrderIntended, accepted: OrderAccepted | None = None
    ) -> OrderState:
        """Apply an order's first events, which follow at once, and return it: what as many `apply` come to.

        For a book that keeps no rows, as each event has its own.

        Raises:
            TransitionRefused: the client order id was used before.
        """
        if self.knows(created.cl_ord_id):
            raise TransitionRefused(f"client order id {created.cl_ord_id} was used before")
        after = begun(created, intended, accepted)
        self._insert(after)
        return after

    def _deny(self, event: OrderDenied) -> Change:
        order = self._orders.get(event.cl_ord_id)
        if order is None or event.kind not in DENIALS:
            return Change(event)
        return self._move(order, event, denied(event))

    def _fill(self, event: OrderFilled) -> Change:
        order, execution = self._orders.get(event.cl_ord_id), event.execution
        if order is None:
            raise _unknown(event)
        fills = self._fills.get(order.cl_ord_id)
        if fills is None:
            fills = self._fills[order.cl_ord_id] = {}
        qty, cost, fee = execution.last_qty, execution.last_qty * execution.last_px, execution.fee
        if execution.kind is not _TRADE:
            original = fills.get(execution.corrects)
            if original is None:
                raise TransitionRefused(f"{execution.kind} names {execution.corrects}, which does not stand")
            qty, cost, fee = correction(original, execution if execution.kind is ExecKind.CORRECTION else None)
        step = filled(order, qty=qty, cost=cost, fee=fee, currency=execution.fee_currency, ts_event=execution.ts_event)
        if execution.order_id and not order.order_id:
            step.changes["order_id"] = execution.order_id
        change = self._move(order, event, step, execution)
        if execution.corrects:
            fills.pop(execution.corrects, None)
        if execution.kind is not ExecKind.BUST:
            fills[execution.exec_key] = execution
        self._keys[execution.account, execution.exec_key] = order.cl_ord_id
        return change

    def _move(self, order: OrderState, event: Event, step: Effect, execution: Execution | None = None) -> Change:
        changes, trigger, ts = step.changes, step.trigger, event.ts
        is_final = was_final = order.status in FINAL_STATES
        entered: tuple[OrdStatus, ...] = ()
        if trigger is not None:
            if was_final:
                return Change(event, order, order)  # only fills still speak, and they pull no trigger
            entered = enter(order, trigger, changes, ts)
            if entered:
                is_final = entered[-1] in FINAL_STATES
        if is_final:
            changes["leaves_qty"] = 0
        if order.unknown is not None and (is_final or order.unknown in step.settles):
            changes |= {"unknown": None, "unknown_since": None, "unknown_cause": ""}
        changes["version"], changes["updated_at"] = order.version + 1, ts
        self._orders[order.cl_ord_id] = after = replace(order, **changes)
        if "order_id" in changes and after.order_id != order.order_id:
            self._by_order_id[after.terms.account, after.order_id] = after.cl_ord_id
        if is_final and not was_final:
            self._close(after)
        if not self._keeps_rows:
            return Change(event, order, after, (), execution)
        rows: tuple[Row, ...] = (*history_of(order, entered, step, ts), after) if entered else (after,)
        if execution is not None:
            rows = (execution, *rows)
        return Change(event, order, after, rows, execution)

    # Indexes

    def _insert(self, order: OrderState) -> None:
        cl_ord_id = order.cl_ord_id
        self._orders[cl_ord_id] = order
        self._by_uid[order.uid] = cl_ord_id
        if order.order_id:
            self._by_order_id[(order.terms.account, order.order_id)] = cl_ord_id
        if order.link is not None:
            self._groups.setdefault(order.link.group_id, {})[cl_ord_id] = order.terms.order_qty
        if order.status.is_final:
            self._closed[cl_ord_id] = None
            return
        terms = order.terms
        try:
            self._open[terms.account][terms.symbol][cl_ord_id] = None
        except KeyError:
            self._open.setdefault(terms.account, {}).setdefault(terms.symbol, {})[cl_ord_id] = None

    def _close(self, order: OrderState) -> None:
        terms = order.terms
        self._open[terms.account][terms.symbol].pop(order.cl_ord_id, None)
        self._closed[order.cl_ord_id] = None
        if len(self._closed) > self._closed_kept_max:
            self._retire()

    def _retire(self) -> None:
        """Let the oldest closed order leave memory; groups leave as a whole, with their last order."""
        cl_ord_id = next(iter(self._closed))
        del self._closed[cl_ord_id]
        order = self._orders[cl_ord_id]
        if any(other.is_open for other in self.group(group_of(order))):
            self._closed[cl_ord_id] = None
            return
        del self._orders[cl_ord_id]
        self._ids.add(cl_ord_id)
        self._by_uid.pop(order.uid, None)
        place = order.terms.account, order.order_id
        if self._by_order_id.get(place) == cl_ord_id:  # else an order that was adopted in its place has that id
            del self._by_order_id[place]
        if order.link is not None:
            group = self._groups[order.link.group_id]
            del group[cl_ord_id]
            if not group:
                del self._groups[order.link.group_id]
        for key in self._fills.pop(cl_ord_id, {}):
            self._keys.pop((order.terms.account, key), None)
            self._exec_keys.add(f"{order.terms.account}\x1f{key}")

    # Snapshots

    def state(self) -> dict[str, Any]:
        """Return everything the book holds, as values that msgspec encodes."""
        return {
            "orders": list(self._orders.values()),
            "closed": list(self._closed),
            "asked": {group_id: dict(group) for group_id, group in self._groups.items()},
            "fills": {cl_ord_id: list(fills.values()) for cl_ord_id, fills in self._fills.items() if fills},
            "keys": [[account, key, cl_ord_id] for (account, key), cl_ord_id in self._keys.items()],
            "ids": self._ids.state(),
            "exec_keys": self._exec_keys.state(),
        }

    def load(self, state: BookState | dict[str, Any]) -> None:
        """Take a state, as `state()` gave it or as decoded from its JSON, in place of what is held."""
        if not isinstance(state, BookState):
            state = msgspec.convert(state, BookState)
        self.__init__(self._closed_kept_max, keeps_rows=self._keeps_rows)  # type: ignore[misc]  # empty, then filled
        for order in state.orders:
            self._insert(order)
        self._closed = dict.fromkeys(state.closed)
        self._groups.update(state.asked)
        for cl_ord_id, fills in state.fills.items():
            self._fills[cl_ord_id] = {fill.exec_key: fill for fill in fills}
        self._keys = {(account, key): cl_ord_id for account, key, cl_ord_id in state.keys}
        self._ids.load(state.ids)
        self._exec_keys.load(state.exec_keys)


def _unknown(event: OrderEvent) -> TransitionRefused:
    return TransitionRefused(f"{type(event).__name__} for unknown order {event.cl_ord_id}")


def _same_numbers(booked: Execution, again: Execution) -> bool:
    return all(getattr(booked, name) == getattr(again, name) for name in _NUMBERS)

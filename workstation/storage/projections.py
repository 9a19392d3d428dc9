"""Rows as parameters: what each row that travels with an event becomes in its table.

Runs on the journal thread, off the engine. State rows (orders, positions, balances …) keep the last version within one
transaction; facts (executions, transitions) keep every row.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from workstation.domain.accounts import Account, KillState
from workstation.domain.audit import AuditEntry
from workstation.domain.connection_log import ConnectionLog
from workstation.domain.executions import BalanceState, Execution, PositionState
from workstation.domain.instruments import Instrument
from workstation.domain.orders import FINAL_STATES, OrderState, OrderTerms, OrdStatus, OrdType, Side, TimeInForce
from workstation.ports.store import IdempotencyRecord, OrderTransition, Row
from workstation.storage import connection_log, tables
from workstation.storage.audit import AUDIT_COLUMNS, AuditChain, audit_row
from workstation.storage.driver import Statement, insert, upsert
from workstation.storage.fixed_point import Scales, money
from workstation.storage.record_tables import TABLES, RecordTable
from workstation.storage.run_tables import RUN_ROWS, RUN_STATEMENTS

_encode = msgspec.json.Encoder().encode

_ORDER = (
    "cl_ord_id", "uid", "order_id", "symbol", "account", "side", "ord_type", "time_in_force", "status", "is_open",
    "strategy_id", "user_id", "notes", "order_qty", "price", "stop_px", "cum_qty", "created_at", "updated_at",
    "submitted_at", "version", "seq", "state",
)  # fmt: skip
_ORDER_KEY = ("tenant_id", "cl_ord_id")
_ORDER_TERMS = ("time_in_force", "order_qty", "price", "stop_px")
_ORDER_FROZEN = (
    "cl_ord_id", "uid", "symbol", "account", "side", "ord_type", "strategy_id", "user_id", "created_at",
)  # fmt: skip
_TRANSITION = ("seq", "cl_ord_id", "from_status", "to_status", "trigger", "actor", "reason", "ts", "ts_event")
_EXECUTION = (
    "uid", "account", "venue", "exec_key", "exec_id", "cl_ord_id", "symbol", "side", "kind", "liquidity",
    "strategy_id", "last_qty", "last_px", "ts_event", "seq", "state",
)  # fmt: skip
_POSITION = ("account", "symbol", "strategy_id", "qty", "is_flat", "realised", "updated_at", "seq", "state")
_BALANCE = ("account", "currency", "cash", "updated_at", "seq", "state")
_ACCOUNT = ("account", "uid", "seq", "state")
_INSTRUMENT = ("symbol", "seq", "state")
_KILL_SWITCH = ("scope", "key", "is_on", "seq", "state")
_IDEMPOTENCY = ("credential", "method", "route", "key", "expires_at", "state")
_LINE = (
    "seq", "epoch", "ts_wall", "ts_mono", "kind", "schema_version", "correlation", "causation", "actor", "payload",
    "prev_hash", "hash",
)  # fmt: skip

ORDERS_OF_SAME_TERMS = "orders/same terms"
"""Orders whose terms stand in the database already: leaving those columns out spares their indexes."""

ORDERS_TO_SEARCH = "order_backlog"
"""Final orders as they are written, which the index of searches takes up later; open ones it looks at themselves."""

TERMS_KNOWN_MAX = 20_000

INSERT_LINE = insert(tables.journal, _LINE)

STATEMENTS: dict[str, Statement] = {
    "orders": upsert(tables.orders, _ORDER, _ORDER_KEY, frozen=_ORDER_FROZEN),
    ORDERS_OF_SAME_TERMS: upsert(tables.orders, _ORDER, _ORDER_KEY, frozen=(*_ORDER_FROZEN, *_ORDER_TERMS)),
    ORDERS_TO_SEARCH: insert(tables.order_backlog, ("cl_ord_id",)),
    "order_transitions": insert(tables.order_transitions, _TRANSITION),
    "executions": insert(tables.executions, _EXECUTION),
    "positions": upsert(
        tables.positions,
        _POSITION,
        ("tenant_id", "account", "symbol", "strategy_id"),
        frozen=("account", "symbol", "strategy_id"),
    ),
    "balances": upsert(tables.balances, _BALANCE, ("tenant_id", "account", "currency"), frozen=("account", "currency")),
    "accounts": upsert(tables.accounts, _ACCOUNT, ("tenant_id", "account"), frozen=("account",)),
    "instruments": upsert(tables.instruments, _INSTRUMENT, ("tenant_id", "symbol"), frozen=("symbol",)),
    "kill_switches": upsert(tables.kill_switches, _KILL_SWITCH, ("tenant_id", "scope", "key"), frozen=("scope", "key")),
    "idempotency": upsert(
        tables.idempotency,
        _IDEMPOTENCY,
        ("tenant_id", "credential", "method", "route", "key"),
        frozen=("credential", "method", "route", "key"),
    ),
    "audit_entries": insert(tables.audit_entries, AUDIT_COLUMNS),
    "connection_logs": connection_log.INSERT,
    **RUN_STATEMENTS,
    **{declared.table.name: declared.statement for declared in TABLES.values()},
}
"""Statements, each run once a transaction with all its rows."""

FORGET_EXPIRED = Statement("DELETE FROM idempotency WHERE expires_at <= ?")

_PLAIN: dict[str, str] = {
    member: str(member.value) for kind in (Side, OrdType, TimeInForce, OrdStatus) for member in kind
}
"""Plain texts of what an order's columns hold: a driver adapts subclasses of str one by one, which takes its time."""

TableRows = dict[str, list[tuple[Any, ...]]]


def _order(scales: Scales, seq: int, row: OrderState) -> tuple[Any, ...]:
    terms = row.terms
    symbol = terms.symbol
    return (
        row.cl_ord_id,
        row.uid,
        row.order_id,
        symbol,
        terms.account,
        _PLAIN[terms.side],
        _PLAIN[terms.ord_type],
        _PLAIN[terms.time_in_force],
        _PLAIN[row.status],
        row.status not in FINAL_STATES,
        row.strategy_id,
        row.origin.user,
        row.notes,
        scales.qty(symbol, terms.order_qty),
        scales.price(symbol, terms.price),
        scales.price(symbol, terms.stop_px),
        scales.qty(symbol, row.cum_qty),
        row.created_at,
        row.updated_at,
        row.submitted_at,
        row.version,
        seq,
        _encode(row),
    )


def _transition(_scales: Scales, seq: int, row: OrderTransition) -> tuple[Any, ...]:
    before = None if row.from_status is None else _PLAIN[row.from_status]
    after = _PLAIN[row.to_status]
    return (seq, row.cl_ord_id, before, after, str(row.trigger), row.actor, row.reason, row.ts, row.ts_event)


def _execution(scales: Scales, seq: int, row: Execution) -> tuple[Any, ...]:
    return (
        row.uid,
        row.account,
        row.venue,
        row.exec_key,
        row.exec_id,
        row.cl_ord_id,
        row.symbol,
        row.side.value,
        row.kind.value,
        row.liquidity.value,
        row.strategy_id,
        scales.qty(row.symbol, row.last_qty),
        scales.price(row.symbol, row.last_px) or 0,
        row.ts_event,
        seq,
        _encode(row),
    )


def _position(scales: Scales, seq: int, row: PositionState) -> tuple[Any, ...]:
    qty = scales.qty(row.symbol, row.qty)
    return (
        row.account,
        row.symbol,
        row.strategy_id,
        qty,
        row.qty == 0,
        money(row.realised),
        row.updated_at,
        seq,
        _encode(row),
    )


def _balance(_scales: Scales, seq: int, row: BalanceState) -> tuple[Any, ...]:
    return (row.account, row.currency, money(row.cash), row.updated_at, seq, _encode(row))


def _account(_scales: Scales, seq: int, row: Account) -> tuple[Any, ...]:
    return (row.account, row.uid, seq, _encode(row))


def _instrument(scales: Scales, seq: int, row: Instrument) -> tuple[Any, ...]:
    scales.learn(row)
    return (row.symbol, seq, _encode(row))


def _kill_switch(_scales: Scales, seq: int, row: KillState) -> tuple[Any, ...]:
    return (row.scope.value, row.key, row.on, seq, _encode(row))


def answer_row(row: IdempotencyRecord) -> tuple[Any, ...]:
    """Return the parameters of the statement that keeps a call's answer."""
    return (row.credential, row.method, row.route, row.key, row.expires_at, _encode(row))


def _record(declared: RecordTable) -> "_Projection":
    """Return the projection of a kind of records; each version is written, so that a name is freed before its reuse."""
    return _Projection(declared.table.name, lambda _scales, seq, row: declared.parameters(seq, row), None)


class _Projection(NamedTuple):
    """How a type of row is stored; `key` names what one row of the table is about, None where each row is a fact."""

    table: str
    encode: Callable[[Scales, int, Any], tuple[Any, ...]]
    key: Callable[[Any], Any] | None


_PROJECTIONS: dict[type, _Projection] = {
    Instrument: _Projection("instruments", _instrument, lambda row: row.symbol),
    Account: _Projection("accounts", _account, lambda row: row.account),
    OrderState: _Projection("orders", _order, lambda row: row.cl_ord_id),
    OrderTransition: _Projection("order_transitions", _transition, None),
    Execution: _Projection("executions", _execution, None),
    PositionState: _Projection("positions", _position, lambda row: (row.account, row.symbol, row.strategy_id)),
    BalanceState: _Projection("balances", _balance, lambda row: (row.account, row.currency)),
    KillState: _Projection("kill_switches", _kill_switch, lambda row: (row.scope, row.key)),
    IdempotencyRecord: _Projection("idempotency", lambda _scales, _seq, row: answer_row(row), None),
    AuditEntry: _Projection("audit_entries", lambda _scales, seq, row: audit_row(seq, row), None),
    ConnectionLog: _Projection("connection_logs", connection_log.log_row, None),
    **{kind: _Projection(name, encode, None) for kind, (name, encode) in RUN_ROWS.items()},
    **{kind: _record(declared) for kind, declared in TABLES.items()},
}


class Projector:
    """Turns rows into parameters for one writer, one batch a transaction."""

    def __init__(self, scales: Scales, audit: AuditChain | None = None) -> None:
        self._scales = scales
        self._audit = audit or AuditChain()
        self._terms: dict[str, OrderTerms] = {}

    def batch(self) -> "RowBatch":
        """Return an empty batch for one transaction."""
        return RowBatch(self)

    def encode(self, seq: int, row: Row) -> tuple[str, tuple[Any, ...]]:
        """Return the key of the row's statement and its parameters."""
        table, encode, _ = _PROJECTIONS[type(row)]
        if isinstance(row, AuditEntry):
            row = self._audit.link(row)
        elif isinstance(row, OrderState) and self._has_stored_terms(row):
            table = ORDERS_OF_SAME_TERMS
        return table, encode(self._scales, seq, row)

    def _has_stored_terms(self, row: OrderState) -> bool:
        """Tell whether the order was last written with these terms; what was forgotten is written in full."""
        stored = self._terms.get(row.cl_ord_id)
        if stored is row.terms or stored == row.terms:
            return True
        if len(self._terms) >= TERMS_KNOWN_MAX:
            self._terms.clear()
        self._terms[row.cl_ord_id] = row.terms
        return False


class RowBatch:
    """Collects the rows of one transaction and turns them into parameters at its end."""

    def __init__(self, projector: Projector) -> None:
        self._projector = projector
        self._states: dict[tuple[type, Any], tuple[int, Row]] = {}
        self._facts: list[tuple[int, Row]] = []

    def add(self, seq: int, rows: Sequence[Row]) -> None:
        """Take the rows of the event with sequence `seq`."""
        for row in rows:
            kind = type(row)
            key = _PROJECTIONS[kind].key
            if key is None:
                self._facts.append((seq, row))
            else:
                self._states[kind, key(row)] = (seq, row)

    def encoded(self) -> TableRows:
        """Return the parameters by statement; instruments first, since the others' decimals come from them."""
        by_statement: TableRows = {}
        states = sorted(self._states.values(), key=lambda item: not isinstance(item[1], Instrument))
        encode = self._projector.encode
        for seq, row in (*states, *self._facts):
            statement, parameters = encode(seq, row)
            by_statement.setdefault(statement, []).append(parameters)
            if isinstance(row, OrderState) and row.status in FINAL_STATES:
                by_statement.setdefault(ORDERS_TO_SEARCH, []).append((row.cl_ord_id,))
        return by_statement

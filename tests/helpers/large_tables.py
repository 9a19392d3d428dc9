"""Many rows in every table that grows by itself, made by the database out of a row of numbers; no row means anything.

Filters meet what they meet in use: a few symbols and accounts, states that are common and states that are rare. The
stored texts are as long as real ones, so that a planner weighs an index against a table of real width.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from workstation.storage.backend import SqliteBackend, backend_for
from workstation.storage.market_tables import TIME_COLUMNS
from workstation.storage.search_index import SEARCHED, Searched
from workstation.storage.tables import OPEN_STATES, TENANT

START_NS = 1_700_000_000_000_000_000
STEP_NS = 1_000_000_000
WIDTH = 600
"""Bytes of a row's own text."""

OWNERS = 200
"""Webhooks, runs and connections that the rows belong to."""

_TIME = f"{START_NS} + i * {STEP_NS}"
_OPEN = " OR ".join(f"status = '{state}'" for state in OPEN_STATES)
_SYMBOL = "'S' || i % 100"
_OWNER = f"'w' || i % {OWNERS}"
_STATUS = (
    "CASE WHEN i % 500 = 0 THEN 'SUBMITTED' WHEN i % 501 = 0 THEN 'REJECTED' WHEN i % 3 = 0 THEN 'CANCELLED'"
    " ELSE 'FILLED' END"
)

# What a column holds, in the number of the row; a table's own entries come before those of all.
SHARED: Mapping[str, str] = {
    "tenant_id": f"'{TENANT}'",
    "id": "'r' || i",
    "uid": "'u' || i",
    "seq": "i + 1000",
    "created_at": _TIME,
    "updated_at": _TIME,
    "symbol": _SYMBOL,
    "account": "'A' || i % 20",
    "run_id": _OWNER,
    "row_version": "1",
    "version": "1",
    "venue": "'SIM'",
    "price_decimals": "2",
    "qty_decimals": "0",
    "source": "'SIM'",
    "cl_ord_id": "'OMS-' || i",
    "strategy_id": f"CASE WHEN i % 50 = 0 THEN {_OWNER} ELSE '' END",
}
TABLES: Mapping[str, Mapping[str, str]] = {
    "journal": {
        "epoch": "1",
        "ts_wall": _TIME,
        "ts_mono": "i",
        "kind": "'OrderNoted'",
        "schema_version": "1",
        "correlation": "''",
        "causation": "''",
        "actor": "'local'",
        "payload": "WIDE",
        "prev_hash": "HASH",
        "hash": "HASH",
    },
    "orders": {
        "id": "i",
        "order_id": "'V' || i",
        "side": "CASE WHEN i % 5 = 0 THEN 'SELL' ELSE 'BUY' END",
        "ord_type": "CASE WHEN i % 4 = 0 THEN 'MARKET' ELSE 'LIMIT' END",
        "time_in_force": "CASE WHEN i % 9 = 0 THEN 'GTC' ELSE 'DAY' END",
        "status": _STATUS,
        "is_open": f"({_OPEN.replace('status', f'({_STATUS})')})",
        "user_id": "'user' || i % 7",
        "notes": "''",
        "order_qty": "i % 1000",
        "price": "i % 5000",
        "cum_qty": "0",
        "submitted_at": _TIME,
        "state": "WIDE",
    },
    "order_transitions": {
        "id": "i",
        "to_status": "'FILLED'",
        "trigger": "'fill'",
        "actor": "'venue'",
        "reason": "''",
        "ts": _TIME,
    },
    "executions": {
        "id": "i",
        "exec_key": "'k' || i",
        "exec_id": "'e' || i",
        "side": "'BUY'",
        "kind": "'TRADE'",
        "liquidity": "'TAKER'",
        "last_qty": "i % 1000",
        "last_px": "i % 5000",
        "ts_event": _TIME,
        "state": "WIDE",
    },
    "audit_entries": {
        "sequence": "i + 1000",
        "user_id": "'user' || i % 7",
        "action": "CASE WHEN i % 900 = 0 THEN 'LOGIN' ELSE 'ORDER_PLACE' END",
        "resource_type": "CASE WHEN i % 901 = 0 THEN 'webhook' ELSE 'order' END",
        "resource_id": "'u' || i",
        "request_id": "'q' || i",
        "actor_kind": "'USER'",
        "outcome": "'SUCCESS'",
        "state": "WIDE",
    },
    "deliveries": {
        "webhook_id": _OWNER,
        "event_id": "i",
        "message_id": "'m' || i",
        "event_type": "CASE WHEN i % 40 = 0 THEN 'order.filled' ELSE 'order.created' END",
        "status": "CASE WHEN i % 300 = 0 THEN 'DEAD' ELSE 'DELIVERED' END",
        "attempt_count": "1",
        "delivered_at": _TIME,
        "state": "WIDE",
    },
    "market_bars": {
        "data_type": "'OHLC'",
        "interval": "'1_MINUTE'",
        "start_time": _TIME,
        "end_time": f"{_TIME} + {STEP_NS}",
        "open": "100",
        "high": "101",
        "low": "99",
        "close": "100",
        "volume": "5",
    },
    "tick_chunks": {
        "first_ts": _TIME,
        "file": "'f' || i % 100",
        "place": "i",
        "last_ts": f"{_TIME} + {STEP_NS}",
        "size": "1",
        "ticks": "500",
    },
    "market_snapshots": {
        "data_source": "CASE WHEN i % 90 = 0 THEN 'REPLAY' ELSE 'SIM' END",
        "snapshot_time": _TIME,
        "total_instruments": "i % 100",
        "active_instruments": "1",
        "state": "WIDE",
    },
    "run_logs": {
        "level": "CASE WHEN i % 700 = 0 THEN 'ERROR' ELSE 'INFO' END",
        "event_type": "CASE WHEN i % 60 = 0 THEN 'SIGNAL' ELSE 'ORDER' END",
        "state": "WIDE",
    },
    "run_signals": {
        "signal_time": _TIME,
        "signal_type": "CASE WHEN i % 9 = 0 THEN 'EXIT' ELSE 'BUY' END",
        "confidence": "i % 10000",
        "is_executed": "i % 2",
        "state": "WIDE",
    },
    "run_performances": {
        "period_type": "'DAILY'",
        "period_end": "'2026-01-' || i",
        "period_return": "i % 1000",
        "state": "WIDE",
    },
    "strategy_runs": {
        "state": "WIDE",
        "strategy_id": _OWNER,
        "account": "'A' || i % 20",
        "user_id": "'user' || i % 7",
        "status": "CASE WHEN i % 5000 = 0 THEN 'RUNNING' WHEN i % 90 = 0 THEN 'ERROR' ELSE 'COMPLETED' END",
        "started_at": _TIME,
        "pnl_order": "i % 5000",
        "capital_order": "i % 3000",
    },
    "pnl_snapshots": {
        "state": "WIDE",
        "account": "'A' || i % 20",
        "day": "'day ' || (100000000 + i)",
        "net_order": "i % 5000",
    },
    "connection_logs": {
        "connection_id": _OWNER,
        "event_type": "CASE WHEN i % 200 = 0 THEN 'CONNECT' ELSE 'HEARTBEAT' END",
        "level": "CASE WHEN i % 800 = 0 THEN 'ERROR' ELSE 'INFO' END",
        "state": "WIDE",
    },
}


def fill(url: str, home: Path, rows: int) -> None:
    """Fill the tables of a database that nobody has open; a server's planner looks at them, as it does by itself."""
    backend = backend_for(url, home)
    if isinstance(backend, SqliteBackend):
        numbers = f"WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {rows})"
        with closing(backend.library.connect(str(backend.path))) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            columns = {table: _columns(connection.execute(f"SELECT * FROM {table} LIMIT 0")) for table in TABLES}
            for table in TABLES:
                wide, word = f"zeroblob({WIDTH})", "zeroblob(32)"
                connection.execute(f"{_insert(table, columns[table], wide, word, numbers)} FROM numbers")
                connection.commit()
            for searched in SEARCHED:
                texts = f"SELECT id, {_texts(searched)} FROM {searched.table.name}"
                connection.execute(f"INSERT INTO {searched.text_table} (rowid, texts) {texts}")
            connection.execute(f"UPDATE search_marks SET last_id = {rows}")
            connection.commit()
        return
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("SET synchronous_commit = off")
        for table in TIME_COLUMNS:
            session.execute(f"CREATE TABLE {table}_rest PARTITION OF {table} DEFAULT".encode())
        for table in TABLES:
            names = _columns(session.execute(f"SELECT * FROM {table} LIMIT 0".encode()))
            wide, word = f"decode(repeat('00', {WIDTH}), 'hex')", "decode(repeat('00', 32), 'hex')"
            statement = (
                f"{_insert(table, names, wide, word, '')} FROM generate_series(CAST(1 AS BIGINT), {rows}) AS numbers(i)"
            )
            session.execute(statement.encode())
        for kept, searched in ((searched.piece_table, searched) for searched in SEARCHED):
            session.execute(f"DROP INDEX ix_{kept}_pieces".encode())  # a whole index is made faster than by rows
            pieces = f"SELECT id, search_pieces(tenant_id, {_texts(searched)}) FROM {searched.table.name}"
            session.execute(f"INSERT INTO {kept} (id, pieces) {pieces}".encode())
            session.execute(f"CREATE INDEX ix_{kept}_pieces ON {kept} USING gin (pieces)".encode())
        session.execute(f"UPDATE search_marks SET last_id = {rows}".encode())
        session.execute("VACUUM ANALYZE")


def _texts(searched: Searched) -> str:
    return " || '\n' || ".join(column.name for column in searched.texts)


def _columns(cursor: Any) -> list[str]:
    return [column[0] for column in cursor.description]


def _insert(table: str, columns: list[str], wide: str, word: str, numbers: str) -> str:
    known = {**SHARED, **TABLES[table]}
    given = {name: known[name] for name in columns if name in known}
    values = ", ".join({"WIDE": wide, "HASH": word}.get(value, value) for value in given.values())
    return f"INSERT INTO {table} ({', '.join(given)}) {numbers} SELECT {values}"
